// What the C interface costs, beside floors of the same run; then the same matching engine without a check and with checks of every
// sort.
//
//   make -C benches/ffi run            times; on a quiet machine
//   ci/ffi_instructions.sh             instructions, exactly and repeatably
//
// Times of a call are those of the fastest of many slices. The engines run in turn, block by block, each on the same orders and a new
// book; a block is compared with the one without a check beside it, and the median of these ratios is told. Two that both have no check,
// compiled apart, tell how much of that is noise.
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "engine.hpp"
#include "flow.hpp"
#include "guards.hpp"

namespace {

using Clock = std::chrono::steady_clock;

constexpr haltline::Nanos start = 1'700'000'000'000'000'000;
constexpr int calls = 1'024, slices = 2'000;
constexpr std::size_t warm_up = 20'000, block = 40'000;
constexpr int blocks = 151;

template <class T>
void keep(T& value) {
    asm volatile("" : "+r"(value) : : "memory");
}

double nanos(Clock::duration time) {
    return static_cast<double>(std::chrono::duration_cast<std::chrono::nanoseconds>(time).count());
}

/// Nanoseconds a call in the fastest slice.
template <class Call>
double fastest(Call&& call) {
    double best = 1e9;
    for (int slice = 0; slice < slices; ++slice) {
        const auto begin = Clock::now();
        for (int i = 0; i < calls; ++i) call();
        best = std::min(best, nanos(Clock::now() - begin) / calls);
    }
    return best;
}

std::string goal(double found, double most, const char* unit) {
    char text[96];
    std::snprintf(text, sizeof text, "<= %g %s: %s", most, unit, found <= most ? "held" : "MISSED");
    return text;
}

void row(const char* what, double time, const std::string& note) {
    std::printf("%-40s %8.2f ns  %s\n", what, time, note.c_str());
}

template <class Engine>
void fill(Engine& engine) {
    for (engine::Instrument i = 0; i < flow::instruments; ++i) engine.add_instrument(flow::middle);
    for (engine::Account a = 0; a < flow::accounts; ++a) engine.add_account(1'000'000 * haltline::money_scale);
}

/// Nanoseconds an order of the block that follows the warm-up.
template <class Guard>
double time_block(Guard guard, const std::vector<flow::Step>& steps) {
    flow::Count count;
    engine::Engine<Guard, flow::Count> engine(guard, count);
    fill(engine);
    flow::run(engine, steps, 0, warm_up);
    const auto begin = Clock::now();
    flow::run(engine, steps, warm_up, warm_up + block);
    const auto end = Clock::now();
    keep(count.sum);
    if (count.denials != 0) std::abort();
    return nanos(end - begin) / static_cast<double>(block);
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// The sorts of checks, in the order of `time_arm`.
constexpr const char* arms[] = {"no check", "no check again", "inline check", "exported check", "two gates, inline",
                                "two gates and the price, inline"};
constexpr std::size_t arm_count = sizeof arms / sizeof *arms, inline_check = 2;

double time_arm(std::size_t arm, const bench::Gates& gates, const std::vector<flow::Step>& steps) {
    switch (arm) {
        case 1: return time_block(bench::NoCheckAgain{}, steps);
        case 2: return time_block(bench::InlineCheck{gates}, steps);
        case 3: return time_block(bench::CalledCheck{gates}, steps);
        case 4: return time_block(bench::TwoGates{gates}, steps);
        case 5: return time_block(bench::TwoGatesAndPrice{gates}, steps);
        default: return time_block(bench::NoCheck{}, steps);
    }
}

void engines(const bench::Gates& gates) {
    const auto steps = flow::steps(warm_up + block);
    std::vector<double> times[arm_count], ratios[arm_count];
    for (std::size_t b = 0; b < blocks; ++b) {
        double time[arm_count];
        // Another one begins each block, so that none is always the one after a certain other.
        for (std::size_t i = 0; i < arm_count; ++i) time[(b + i) % arm_count] = time_arm((b + i) % arm_count, gates, steps);
        for (std::size_t arm = 0; arm < arm_count; ++arm) {
            times[arm].push_back(time[arm]);
            ratios[arm].push_back(time[arm] / time[0]);
        }
    }
    std::printf("the engine, an order, in %zu blocks of %zu orders each:\n", static_cast<std::size_t>(blocks), block);
    for (std::size_t arm = 0; arm < arm_count; ++arm) {
        const double ratio = median(ratios[arm]);
        char note[96];
        std::snprintf(note, sizeof note, "%.4f of the first%s", ratio, arm == 1 ? ": the noise" : "");
        row(arms[arm], median(times[arm]), arm == inline_check ? note + ("; " + goal(ratio, 1.02, "of it")) : arm > 0 ? note : "");
    }
}

void single_calls(haltline::System& system, const bench::Gates& gates) {
    const hl_gate *instrument = gates.instruments[0].get(), *account = gates.accounts[0].get();
    std::uint64_t word = 0;
    const auto load = fastest([&] {
        std::uint64_t* at = &word;
        keep(at);
        auto value = __atomic_load_n(at, __ATOMIC_ACQUIRE);
        keep(value);
    });
    const auto empty = fastest([] {
        auto value = hl_abi_version();
        keep(value);
    });
    const auto check = fastest([&] {
        keep(instrument);
        auto bits = hl_gate_check(instrument).bits;
        keep(bits);
    });
    const auto check2 = fastest([&] {
        keep(instrument);
        keep(account);
        auto bits = hl_gate_check2(instrument, account).bits;
        keep(bits);
    });
    const auto call = fastest([&] {
        auto bits = hl_gate_check_call(instrument).bits;
        keep(bits);
    });
    auto feed = system.feed("I0");
    haltline::Nanos now = start;
    const auto trade = fastest([&] {
        auto code = feed->trade(flow::middle, 1, ++now);
        keep(code);
    });
    row("load of a word in L1", load, "");
    row("an exported call that does nothing", empty, "");
    const auto of = [](double time, double floor, const char* what) {
        char text[64];
        std::snprintf(text, sizeof text, "%.2f %s", time / floor, what);
        return std::string(text);
    };
    row("hl_gate_check, inline", check, of(check, load, "loads"));
    row("hl_gate_check2, inline", check2, of(check2, load, "loads"));
    row("hl_gate_check_call, exported", call, of(call, empty, "empty calls; ") + goal(call / empty, 1.2, "of it"));
    row("hl_feed_trade, nobody listens", trade, of(trade, empty, "empty calls"));
}

/// For callgrind: the same loop with `n` and with 2n, or the same orders with and without a check; the difference counts.
int count(haltline::System& system, const bench::Gates& gates, const char* what, std::size_t n) {
    const hl_gate *instrument = gates.instruments[0].get(), *account = gates.accounts[0].get();
    const std::string name = what;
    const auto loop = [n](auto&& call) {
        for (std::size_t i = 0; i < n; ++i) call();
        return 0;
    };
    std::uint64_t bits = 0;
    if (name == "loop") return loop([&] { keep(instrument), keep(bits); });
    if (name == "check") return loop([&] { keep(instrument), bits = hl_gate_check(instrument).bits, keep(bits); });
    if (name == "check2") return loop([&] { keep(instrument), bits = hl_gate_check2(instrument, account).bits, keep(bits); });
    if (name == "permits") return loop([&] { keep(instrument), bits = hl_gate_permits(instrument, HL_INCREASE), keep(bits); });
    if (name == "admits-price") {
        std::int64_t price = 5;
        std::uint32_t side = HL_BUY;
        return loop([&] { keep(price), keep(side), bits = hl_gate_admits_price(instrument, price, side), keep(bits); });
    }
    if (name == "call") return loop([&] { keep(instrument), bits = hl_gate_check_call(instrument).bits, keep(bits); });
    if (name == "empty-call") return loop([&] { keep(instrument), bits = hl_abi_version(), keep(bits); });
    if (name == "trade") {
        auto feed = system.feed("I0");
        haltline::Nanos now = start;
        return loop([&] { keep(instrument), bits = static_cast<std::uint64_t>(feed->trade(100, 1, ++now)), keep(bits); });
    }
    const auto orders = [&](auto guard) {
        flow::Count sum;
        engine::Engine<decltype(guard), flow::Count> engine(guard, sum);
        fill(engine);
        flow::run(engine, flow::steps(n), 0, n);
        keep(sum.sum);
        return 0;
    };
    if (name == "engine-none") return orders(bench::NoCheck{});
    if (name == "engine-inline") return orders(bench::InlineCheck{gates});
    if (name == "engine-call") return orders(bench::CalledCheck{gates});
    if (name == "engine-two") return orders(bench::TwoGates{gates});
    if (name == "engine-two-price") return orders(bench::TwoGatesAndPrice{gates});
    std::fprintf(stderr, "found %s, allowed are loop, check, check2, permits, admits-price, call, empty-call, trade, engine-none, "
                 "engine-inline, engine-call, engine-two, engine-two-price\n", what);
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    auto system = haltline::System::open(haltline::Options::text(bench::Gates::config()).manual(start));
    if (!system) return std::fprintf(stderr, "%s\n", system.error().text.c_str()), 1;
    const bench::Gates gates(*system);
    if (argc == 4 && std::strcmp(argv[1], "--count") == 0) {
        return count(*system, gates, argv[2], static_cast<std::size_t>(std::strtoull(argv[3], nullptr, 10)));
    }
    single_calls(*system, gates);
    engines(gates);
    return 0;
}
