// The resting orders of one instrument, by price and then by time.
//
// Orders lie in a pool and are linked into a queue for each price. The prices of a side are a sorted array with the best
// one at its end, where nearly everything happens. Nothing allocates while there are fewer orders and prices than were
// reserved. A match takes O(orders filled), a rest or a removal O(log prices), and O(prices better than it) for a new one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace engine {

using Price = std::int64_t;     // 1e-9 of the currency, as in haltline.h
using Money = std::int64_t;     // 1e-4 of the currency, likewise
using Quantity = std::int64_t;  // lots of one
using OrderId = std::uint64_t;
using Account = std::uint32_t;     // its place in the order in which they were opened
using Instrument = std::uint32_t;  // likewise
using Slot = std::uint32_t;        // where in the pool an order lies

enum class Side : std::uint8_t { Buy, Sell };

constexpr Side opposite(Side side) { return side == Side::Buy ? Side::Sell : Side::Buy; }
/// Purchases count up, sales down.
constexpr Quantity signed_quantity(Side side, Quantity quantity) { return side == Side::Buy ? quantity : -quantity; }

/// Exact where prices are multiples of 1e-4, which the reader of orders sees to.
constexpr Money worth(Price price, Quantity quantity) { return price / 100'000 * quantity; }

struct Order {
    OrderId id;
    Price price;
    Quantity open;  // what is not filled yet
    Account account;
    Side side;
    Slot before, after;  // its neighbours in the queue of its price
};

/// The prices of one side, each with its queue.
class Ladder {
public:
    static constexpr Slot none = UINT32_MAX;
    struct Level {
        Price rank;  // rises with how good the price is: the price of a purchase, its negative of a sale
        Quantity total;
        Slot first, last;
    };

    Ladder(Side side, std::size_t prices) : sign_(side == Side::Buy ? 1 : -1) { levels_.reserve(prices); }

    bool empty() const { return levels_.empty(); }
    Level& best() { return levels_.back(); }
    const Level& best() const { return levels_.back(); }
    Price price(const Level& level) const { return sign_ * level.rank; }
    /// Whether an order of the other side that goes to `limit` meets the best price here.
    bool reaches(Price limit) const { return sign_ * limit <= levels_.back().rank; }
    void drop_best() { levels_.pop_back(); }

    Level& at(Price price) {
        const auto place = find(price);
        return place != levels_.end() && place->rank == sign_ * price
                   ? *place
                   : *levels_.insert(place, Level{sign_ * price, 0, none, none});
    }
    void drop(Price price) { levels_.erase(find(price)); }

private:
    std::vector<Level>::iterator find(Price price) {
        return std::lower_bound(levels_.begin(), levels_.end(), sign_ * price,
                                [](const Level& level, Price rank) { return level.rank < rank; });
    }

    Price sign_;
    std::vector<Level> levels_;
};

class Book {
public:
    explicit Book(std::size_t orders = 1024, std::size_t prices = 256) : bids_(Side::Buy, prices), asks_(Side::Sell, prices) {
        pool_.reserve(orders);
    }

    const Ladder& ladder(Side side) const { return side == Side::Buy ? bids_ : asks_; }
    const Order& order(Slot slot) const { return pool_[slot]; }

    /// Fills up to `quantity` at prices as good as `limit` or better, the oldest order of the best price first, as long as
    /// `admits(price)`. Calls `filled(resting, price, lots)` for each fill; an order that has nothing left is gone after
    /// that. Returns what is left to fill.
    template <class Admits, class Filled>
    Quantity match(Side side, Price limit, Quantity quantity, Admits&& admits, Filled&& filled) {
        Ladder& other = of(opposite(side));
        while (quantity > 0 && !other.empty() && other.reaches(limit)) {
            Ladder::Level& level = other.best();
            const Price price = other.price(level);
            if (!admits(price)) break;
            while (quantity > 0 && level.first != Ladder::none) {
                Order& resting = pool_[level.first];
                const Quantity lots = std::min(quantity, resting.open);
                quantity -= lots;
                resting.open -= lots;
                level.total -= lots;
                filled(static_cast<const Order&>(resting), price, lots);
                if (resting.open == 0) unlink(level, level.first);
            }
            if (level.first == Ladder::none) other.drop_best();
        }
        return quantity;
    }

    /// Puts an order at the end of the queue of its price. The slot is its own until it is gone.
    Slot rest(OrderId id, Account account, Side side, Price price, Quantity open) {
        const Slot slot = take();
        Ladder::Level& level = of(side).at(price);
        pool_[slot] = Order{id, price, open, account, side, level.last, Ladder::none};
        (level.last == Ladder::none ? level.first : pool_[level.last].after) = slot;
        level.last = slot;
        level.total += open;
        return slot;
    }

    void remove(Slot slot) {
        const Order order = pool_[slot];
        Ladder& side = of(order.side);
        Ladder::Level& level = side.at(order.price);
        level.total -= order.open;
        unlink(level, slot);
        if (level.first == Ladder::none) side.drop(order.price);
    }

    /// Less of an order; it keeps its place in the queue.
    void shrink(Slot slot, Quantity open) {
        Order& order = pool_[slot];
        of(order.side).at(order.price).total -= order.open - open;
        order.open = open;
    }

private:
    Ladder& of(Side side) { return side == Side::Buy ? bids_ : asks_; }

    Slot take() {
        if (free_ == Ladder::none) {
            pool_.emplace_back();
            return static_cast<Slot>(pool_.size() - 1);
        }
        const Slot slot = free_;
        free_ = pool_[slot].after;
        return slot;
    }

    void unlink(Ladder::Level& level, Slot slot) {
        Order& order = pool_[slot];
        (order.before == Ladder::none ? level.first : pool_[order.before].after) = order.after;
        (order.after == Ladder::none ? level.last : pool_[order.after].before) = order.before;
        order.after = free_;
        free_ = slot;
    }

    Ladder bids_, asks_;
    std::vector<Order> pool_;
    Slot free_ = Ladder::none;  // the first of a list through `after`
};

}  // namespace engine
