// The book against a slow, obvious twin: a list of orders that is searched anew for each fill. Random orders from a fixed
// seed; every fill, what is left, and the best prices must agree. Exit status 1 if not.
//
// make -C examples/engine check
#include <cstdio>
#include <cstdlib>
#include <list>
#include <random>
#include <vector>

#include "book.hpp"
#include "order_index.hpp"

using namespace engine;

namespace {

struct Fill {
    OrderId id;
    Price price;
    Quantity lots;
    bool operator==(const Fill& other) const { return id == other.id && price == other.price && lots == other.lots; }
};

/// In the order in which they came.
struct Twin {
    std::list<Order> orders;

    std::list<Order>::iterator best(Side side) {
        auto found = orders.end();
        for (auto it = orders.begin(); it != orders.end(); ++it) {
            if (it->side != side) continue;
            const bool better = found == orders.end() || (side == Side::Buy ? it->price > found->price : it->price < found->price);
            if (better) found = it;
        }
        return found;
    }

    Quantity match(Side side, Price limit, Quantity quantity, std::vector<Fill>& fills) {
        while (quantity > 0) {
            const auto it = best(opposite(side));
            if (it == orders.end() || (side == Side::Buy ? it->price > limit : it->price < limit)) break;
            const Quantity lots = std::min(quantity, it->open);
            fills.push_back({it->id, it->price, lots});
            quantity -= lots;
            if ((it->open -= lots) == 0) orders.erase(it);
        }
        return quantity;
    }

    std::list<Order>::iterator find(OrderId id) {
        auto it = orders.begin();
        while (it != orders.end() && it->id != id) ++it;
        return it;
    }
};

void require(bool holds, const char* what, int step) {
    if (holds) return;
    std::printf("step %d: %s\n", step, what);
    std::exit(1);
}

}  // namespace

int main() {
    constexpr int steps = 200'000;
    Book book;
    OrderIndex index(8);
    Twin twin;
    std::vector<OrderId> ids;
    std::mt19937_64 random(42);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    int fills_seen = 0, cancels = 0;

    for (int step = 0; step < steps; ++step) {
        const bool cancels_one = !ids.empty() && below(5) < 2;
        if (cancels_one) {
            const std::size_t at = below(ids.size());
            const OrderId id = ids[at];
            ids[at] = ids.back();
            ids.pop_back();
            const auto* place = index.find(id);
            const auto it = twin.find(id);
            require((place != nullptr) == (it != twin.orders.end()), "only one of the two knows the order", step);
            if (place == nullptr) continue;
            require(book.order(place->slot).open == it->open, "an order's open quantity", step);
            if (it->open > 1 && below(3) == 0) {
                book.shrink(place->slot, --it->open);
                ids.push_back(id);
                continue;
            }
            book.remove(place->slot);
            index.erase(id);
            twin.orders.erase(it);
            ++cancels;
        } else {
            const OrderId id = static_cast<OrderId>(step) * 7 + 1;
            const Side side = below(2) == 0 ? Side::Buy : Side::Sell;
            const Price price = static_cast<Price>(1'000 + below(21)) * 10;
            const Quantity quantity = static_cast<Quantity>(1 + below(9));
            std::vector<Fill> found, wanted;
            const auto filled = [&](const Order& resting, Price at, Quantity lots) {
                found.push_back({resting.id, at, lots});
                if (resting.open == 0) index.erase(resting.id);
            };
            const Quantity left = book.match(side, price, quantity, [](Price) { return true; }, filled);
            require(twin.match(side, price, quantity, wanted) == left && found == wanted, "the fills", step);
            fills_seen += static_cast<int>(found.size());
            if (left > 0) {
                index.insert(id, {0, book.rest(id, 0, side, price, left)});
                twin.orders.push_back(Order{id, price, left, 0, side, 0, 0});
                ids.push_back(id);
            }
        }
        for (const Side side : {Side::Buy, Side::Sell}) {
            const auto it = twin.best(side);
            const Ladder& ladder = book.ladder(side);
            require(ladder.empty() == (it == twin.orders.end()), "whether a side is empty", step);
            require(ladder.empty() || ladder.price(ladder.best()) == it->price, "the best price", step);
        }
    }
    require(fills_seen > steps / 10 && cancels > steps / 10, "too few fills and cancels to say anything", steps);
    std::printf("book: %d orders, %d fills, %d cancels as the slow twin has them\n", steps, fills_seen, cancels);
    return 0;
}
