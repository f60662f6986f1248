// Made orders for the engine: always the same ones, and a book that stays about as deep. Of a hundred, 50 limit orders around the
// middle, 10 market orders, 30 cancels and 10 replaces of orders that came a while before.
#pragma once

#include <cstdint>
#include <vector>

#include "engine.hpp"

namespace flow {

constexpr engine::Instrument instruments = 4;
constexpr engine::Account accounts = 8;
constexpr engine::Price middle = 100'000'000'000, tick = 10'000'000;  // 100.00 and 0.01

enum class What : std::uint8_t { Submit, Cancel, Replace };

struct Step {
    What what;
    engine::NewOrder order;
};

inline std::vector<Step> steps(std::size_t n) {
    std::uint64_t state = 0x2545f4914f6cdd1d;
    const auto below = [&](std::uint64_t limit) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return (state >> 11) % limit;
    };
    std::vector<Step> made;
    std::vector<engine::NewOrder> resting;
    made.reserve(n);
    for (engine::OrderId id = 1; made.size() < n; ++id) {
        const std::uint64_t kind = below(100);
        if (kind < 60 || resting.size() < 2'000) {
            engine::NewOrder order{};
            order.id = id;
            order.account = static_cast<engine::Account>(below(accounts));
            order.instrument = static_cast<engine::Instrument>(below(instruments));
            order.side = below(2) == 0 ? engine::Side::Buy : engine::Side::Sell;
            order.quantity = static_cast<engine::Quantity>(1 + below(50));
            order.market = kind >= 50 && kind < 60;
            // Up to 40 ticks behind the middle, and up to 3 beyond it.
            const auto away = static_cast<engine::Price>(below(44)) - 3;
            order.price = middle + (order.side == engine::Side::Buy ? -away : away) * tick;
            if (order.market) order.price = 0;
            if (!order.market) resting.push_back(order);
            made.push_back({What::Submit, order});
        } else {
            const std::size_t at = below(resting.size());
            engine::NewOrder order = resting[at];
            if (kind < 90) {
                resting[at] = resting.back();
                resting.pop_back();
                made.push_back({What::Cancel, order});
            } else {
                order.quantity = static_cast<engine::Quantity>(1 + below(50));
                order.price += (static_cast<engine::Price>(below(5)) - 2) * tick;
                resting[at] = order;
                made.push_back({What::Replace, order});
            }
        }
    }
    return made;
}

/// Hears everything and adds it up, so that nothing is optimised away.
struct Count {
    std::uint64_t sum = 0;
    void accepted(const engine::NewOrder& order) { sum += order.id; }
    void filled(const engine::NewOrder&, const engine::Order&, engine::Price, engine::Quantity lots) { sum += static_cast<std::uint64_t>(lots); }
    void expired(const engine::NewOrder&, engine::Quantity left) { sum += static_cast<std::uint64_t>(left); }
    void cancelled(const engine::Order& order, engine::Instrument) { sum += order.id; }
    void replaced(const engine::NewOrder& order) { sum += order.id; }
    template <class Intent, class Verdict>
    void denied(const engine::NewOrder&, Intent, Verdict) { ++denials; }
    void refused(const engine::NewOrder&, engine::Refusal) { ++sum; }
    void unknown(engine::OrderId, engine::Account, engine::Refusal) { ++sum; }
    std::uint64_t denials = 0;
};

template <class Engine>
void run(Engine& engine, const std::vector<Step>& steps, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
        const engine::NewOrder& order = steps[i].order;
        switch (steps[i].what) {
            case What::Submit: engine.submit(order); break;
            case What::Cancel: engine.cancel(order.id, order.account); break;
            case What::Replace: engine.replace(order.id, order.account, order.quantity, order.price); break;
        }
    }
}

}  // namespace flow
