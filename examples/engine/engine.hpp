// A matching engine: price-time priority, several instruments, accounts with positions and cash.
//
// The Guard is asked before every order and told of every trade; the Listener hears what becomes of orders. Both are
// template parameters, so that a check is inlined into the order path. What an engine for a market has beyond this one:
// auctions, self-trade prevention, a log to recover from.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "book.hpp"
#include "order_index.hpp"

namespace engine {

/// A new order. A market order names no price: it fills what it can and rests never.
struct NewOrder {
    OrderId id;
    Account account;
    Instrument instrument;
    Side side;
    Quantity quantity;
    Price price;
    bool market;
};

enum class Refusal : std::uint8_t { UnknownOrder, NotYours, DuplicateOrder, PriceBand };

/// What an account holds of one instrument.
struct Holding {
    Quantity position = 0;
    Quantity open[2] = {0, 0};  // what rests on either side
};

template <class Guard, class Listener>
class Engine {
public:
    Engine(Guard& guard, Listener& listener) : guard_(guard), listener_(listener) {}

    Instrument add_instrument(Price last) {
        books_.emplace_back();
        last_.push_back(last);
        for (auto& holdings : holdings_) holdings.resize(books_.size());
        return static_cast<Instrument>(books_.size() - 1);
    }

    Account add_account(Money cash) {
        cash_.push_back(cash);
        holdings_.emplace_back(books_.size());
        return static_cast<Account>(cash_.size() - 1);
    }

    void submit(const NewOrder& order) {
        if (index_.find(order.id) != nullptr) return static_cast<void>(refuse(order, Refusal::DuplicateOrder));
        if (!may_trade(order)) return;
        listener_.accepted(order);
        trade_or_rest(order);
    }

    /// Cancels always pass, unless somebody has closed the scope to them, too.
    void cancel(OrderId id, Account account) {
        const auto* place = find(id, account);
        if (place == nullptr) return;
        const Order order = books_[place->instrument].order(place->slot);
        const Instrument instrument = place->instrument;
        if (!may_cancel(described(order, instrument, order.open))) return;
        take_out(order, *place);
        listener_.cancelled(order, instrument);
        settle(instrument);
    }

    /// Less at the same price keeps its place in the queue, and is a cancel of the rest. Anything else is a cancel and a
    /// new order under the same number.
    void replace(OrderId id, Account account, Quantity quantity, Price price) {
        const auto* place = find(id, account);
        if (place == nullptr) return;
        const Instrument instrument = place->instrument;
        Book& book = books_[instrument];
        const Order order = book.order(place->slot);
        const NewOrder wanted{id, account, instrument, order.side, quantity, price, false};
        if (price == order.price && quantity <= order.open) {
            if (!may_cancel(wanted)) return;
            holding(account, instrument).open[side_of(order.side)] -= order.open - quantity;
            book.shrink(place->slot, quantity);
            listener_.replaced(wanted);
            return settle(instrument);
        }
        // The old one no longer counts against the new one; if that is denied, the old one stays where it is.
        Quantity& resting = holding(account, instrument).open[side_of(order.side)];
        resting -= order.open;
        const bool may = may_trade(wanted);
        resting += order.open;
        if (!may) return;
        take_out(order, *place);
        listener_.replaced(wanted);
        trade_or_rest(wanted);
    }

    const Book& book(Instrument instrument) const { return books_[instrument]; }
    const Holding& holding(Account account, Instrument instrument) const { return holdings_[account][instrument]; }
    Price last(Instrument instrument) const { return last_[instrument]; }
    std::size_t accounts() const { return cash_.size(); }
    std::size_t instruments() const { return books_.size(); }

    /// What a position is worth at the last price.
    Money value(Account account, Instrument instrument) const {
        return worth(last_[instrument], holdings_[account][instrument].position);
    }
    Money equity(Account account) const {
        Money sum = cash_[account];
        for (Instrument i = 0; i < books_.size(); ++i) sum += value(account, i);
        return sum;
    }

private:
    using Place = OrderIndex::Place;

    static constexpr std::size_t side_of(Side side) { return static_cast<std::size_t>(side); }
    Holding& holding(Account account, Instrument instrument) { return holdings_[account][instrument]; }

    /// The order path: one look at the words of the instrument and of the account, and one at the price band.
    bool may_trade(const NewOrder& order) {
        const auto verdict = guard_.check(order.instrument, order.account);
        if (!verdict.is_clear() && !permitted(order, verdict)) return false;
        if (order.market || guard_.admits_price(order.instrument, order.price, order.side)) return true;
        return refuse(order, Refusal::PriceBand);
    }

    bool may_cancel(const NewOrder& order) {
        const auto verdict = guard_.check(order.instrument, order.account);
        return verdict.is_clear() || permitted(order, Guard::cancel, verdict);
    }

    /// Something denies or warns. Only now it is found out what the order means for its account; out of line, so that the order path
    /// stays short.
    template <class Verdict>
    [[gnu::noinline, gnu::cold]] bool permitted(const NewOrder& order, Verdict verdict) {
        const Holding& held = holding(order.account, order.instrument);
        const auto intent = guard_.intent(order.account, held.position, signed_quantity(order.side, held.open[side_of(order.side)]),
                                          signed_quantity(order.side, order.quantity));
        return permitted(order, intent, verdict);
    }

    template <class Intent, class Verdict>
    [[gnu::noinline, gnu::cold]] bool permitted(const NewOrder& order, Intent intent, Verdict verdict) {
        if (verdict.permits(intent)) return true;
        listener_.denied(order, intent, verdict);
        return false;
    }

    [[gnu::noinline, gnu::cold]] bool refuse(const NewOrder& order, Refusal why) {
        listener_.refused(order, why);
        return false;
    }

    const Place* find(OrderId id, Account account) {
        const Place* place = index_.find(id);
        if (place == nullptr) return listener_.unknown(id, account, Refusal::UnknownOrder), nullptr;
        if (books_[place->instrument].order(place->slot).account != account) {
            return listener_.unknown(id, account, Refusal::NotYours), nullptr;
        }
        return place;
    }

    void trade_or_rest(const NewOrder& order) {
        const Fill done = fill(order);
        if (done.left > 0 && (order.market || done.stopped)) {
            listener_.expired(order, done.left);
        } else if (done.left > 0) {
            rest(order, done.left);
        }
        settle(order.instrument);
    }

    struct Fill {
        Quantity left;
        bool stopped;  // by a breaker or a band: what is left would cross the book, so it does not rest
    };

    /// Each price that is traded at must lie within the bands, for either side; and what an order's own fills have tripped stops it before
    /// it goes to a worse one.
    Fill fill(const NewOrder& order) {
        Quantity left = order.quantity;
        bool stopped = false;
        const Price to = !order.market               ? order.price
                         : order.side == Side::Buy ? std::numeric_limits<Price>::max()
                                                   : -std::numeric_limits<Price>::max();
        const auto admits = [&](Price price) {
            stopped = !(left == order.quantity || goes_on(order, left)) ||
                      !guard_.admits_price(order.instrument, price, Side::Buy) ||
                      !guard_.admits_price(order.instrument, price, Side::Sell);
            return !stopped;
        };
        const auto filled = [&](const Order& resting, Price price, Quantity lots) {
            left -= lots;
            trade(order, price, lots);
            Holding& held = holding(resting.account, order.instrument);
            held.open[side_of(resting.side)] -= lots;
            held.position += signed_quantity(resting.side, lots);
            cash_[resting.account] -= worth(price, signed_quantity(resting.side, lots));
            listener_.filled(order, resting, price, lots);
            if (resting.open == 0) index_.erase(resting.id);
        };
        books_[order.instrument].match(order.side, to, order.quantity, admits, filled);
        return {left, stopped};
    }

    /// Asked again between two prices of one order; out of line, as most orders need one price.
    [[gnu::noinline, gnu::cold]] bool goes_on(const NewOrder& order, Quantity left) {
        const auto verdict = guard_.check(order.instrument, order.account);
        if (verdict.is_clear()) return true;
        const Holding& held = holding(order.account, order.instrument);
        return verdict.permits(guard_.intent(order.account, held.position, signed_quantity(order.side, held.open[side_of(order.side)]),
                                             signed_quantity(order.side, left)));
    }

    void trade(const NewOrder& order, Price price, Quantity lots) {
        last_[order.instrument] = price;
        holding(order.account, order.instrument).position += signed_quantity(order.side, lots);
        cash_[order.account] -= worth(price, signed_quantity(order.side, lots));
        guard_.traded(order.instrument, price, lots);
    }

    void rest(const NewOrder& order, Quantity left) {
        const Slot slot = books_[order.instrument].rest(order.id, order.account, order.side, order.price, left);
        index_.insert(order.id, Place{order.instrument, slot});
        holding(order.account, order.instrument).open[side_of(order.side)] += left;
    }

    void take_out(const Order& order, Place place) {
        holding(order.account, place.instrument).open[side_of(order.side)] -= order.open;
        books_[place.instrument].remove(place.slot);
        index_.erase(order.id);
    }

    /// The book and the accounts stand as they are until the next order: whoever watches them may look.
    void settle(Instrument instrument) { guard_.settled(*this, instrument); }

    static NewOrder described(const Order& order, Instrument instrument, Quantity quantity) {
        return NewOrder{order.id, order.account, instrument, order.side, quantity, order.price, false};
    }

    Guard& guard_;
    Listener& listener_;
    std::vector<Book> books_;
    std::vector<Price> last_;
    std::vector<Money> cash_;
    std::vector<std::vector<Holding>> holdings_;
    OrderIndex index_;
};

}  // namespace engine
