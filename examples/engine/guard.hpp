// Haltline in the engine: what is asked before an order, and what is told after a trade.
//
// One gate for each instrument and one for each account, asked together: n + m gates, not n * m. One feed for each, all of them
// this thread's. The System is manual: it owns no thread, and time is what the engine says, so that the same orders give the
// same halts.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "book.hpp"
#include "haltline.hpp"

namespace engine {

class Guard {
public:
    static constexpr haltline::Intent cancel = haltline::Intent::Cancel;

    explicit Guard(haltline::System system) : system_(std::move(system)) {}
    haltline::System& system() { return system_; }

    // The order path. Wait-free: loads and branches, no call while nothing denies or warns.

    haltline::Verdict check(Instrument instrument, Account account) const {
        return instruments_[instrument].gate.check_with(accounts_[account].gate);
    }
    bool admits_price(Instrument instrument, Price price, Side side) const {
        return instruments_[instrument].gate.admits_price(price, static_cast<haltline::Side>(side));
    }

    // Asked when something denies or warns, and so beside it.

    haltline::Intent intent(Account account, Quantity position, Quantity in_flight, Quantity order) const {
        return accounts_[account].gate.reduces(position, in_flight, order) ? haltline::Intent::Reduce : haltline::Intent::Increase;
    }
    /// The verdict was of both gates, and the one that denies says why.
    haltline::Denial explain(Instrument instrument, Account account, haltline::Verdict verdict, haltline::Intent intent) const {
        return instruments_[instrument].gate.explain_with(accounts_[account].gate, verdict.only(intent));
    }

    // What is traded and quoted, and what it makes of the accounts.

    void traded(Instrument instrument, Price price, Quantity lots) { heard(instruments_[instrument].feed.trade(price, lots, now_)); }

    template <class Engine>
    void settled(const Engine& engine, Instrument instrument) {
        quote(engine, instrument);
        mark(engine, instrument);
    }

    /// The time before an order, and each second without one: it ends what ends by time. Book and marks are told anew, for a source that
    /// falls silent is doubt, and doubt denies.
    template <class Engine>
    void tick(const Engine& engine, std::uint64_t now) {
        now_ = now;
        heard(system_.advance(now));
        for (Instrument instrument = 0; instrument < instruments_.size(); ++instrument) quote(engine, instrument);
        for (Account account = 0; account < accounts_.size(); ++account) {
            heard(accounts_[account].feed.equity(engine.equity(account), now));
        }
    }

    haltline::Result<void> add_instrument(const std::string& name, Price close, std::uint32_t session) {
        return add(instruments_, "XNAS/" + name, [&](haltline::Feed& feed) { return feed.reference(close, session, now_); });
    }
    haltline::Result<void> add_account(const std::string& name, Money cash) {
        return add(accounts_, "acct/" + name, [&](haltline::Feed& feed) { return feed.equity(cash, now_); });
    }

    /// Observations that were refused. None should be; a source that is refused again and again is stale, and that denies.
    std::uint64_t refused() const { return refused_; }

private:
    void heard(haltline::Code code) { refused_ += haltline::succeeded(code) ? 0 : 1; }

    struct Listed {
        haltline::Gate gate;
        haltline::Feed feed;
    };

    template <class Tell>
    haltline::Result<void> add(std::vector<Listed>& list, const std::string& scope, Tell tell) {
        auto gate = system_.gate({scope.c_str()});
        if (!gate) return gate.error();
        auto feed = system_.feed(scope.c_str());
        if (!feed) return feed.error();
        list.push_back({std::move(*gate), std::move(*feed)});
        return tell(list.back().feed);
    }

    /// The best prices; where nothing rests there is none.
    template <class Engine>
    void quote(const Engine& engine, Instrument instrument) {
        const auto best = [&](Side side) {
            const auto& ladder = engine.book(instrument).ladder(side);
            return ladder.empty() ? haltline::no_price : ladder.price(ladder.best());
        };
        heard(instruments_[instrument].feed.quote(best(Side::Buy), best(Side::Sell), now_));
    }

    /// Positions at the last price, and what they leave of each account.
    template <class Engine>
    void mark(const Engine& engine, Instrument instrument) {
        for (Account account = 0; account < accounts_.size(); ++account) {
            haltline::Position position;
            position.instrument = instrument;
            position.quantity = engine.holding(account, instrument).position;
            position.value = engine.value(account, instrument);
            heard(accounts_[account].feed.position(position, now_));
            heard(accounts_[account].feed.equity(engine.equity(account), now_));
        }
    }

    haltline::System system_;
    std::vector<Listed> instruments_, accounts_;
    std::uint64_t now_ = 0, refused_ = 0;
};

}  // namespace engine
