// A matching engine that asks Haltline before every order. Reads a file of orders, prints what becomes of them.
//
//   engine risk.toml orders.csv        exit status 2 if a file has a mistake, with file and line
#include <cinttypes>
#include <cstdio>
#include <string>
#include <utility>

#include "engine.hpp"
#include "guard.hpp"
#include "orders.hpp"
#include "report.hpp"

using namespace engine;

namespace {

constexpr std::uint64_t second = 1'000'000'000;
using Exchange = Engine<Guard, Report>;

int fail(const std::string& what) {
    std::fflush(stdout);
    std::fprintf(stderr, "%s\n", what.c_str());
    return 2;
}

bool read(const char* path, std::string& text) {
    std::FILE* file = std::fopen(path, "rb");
    if (file == nullptr) return false;
    char part[65536];
    for (std::size_t n = 0; (n = std::fread(part, 1, sizeof part, file)) > 0;) text.append(part, n);
    // A folder opens and cannot be read.
    const bool good = std::ferror(file) == 0;
    std::fclose(file);
    return good;
}

haltline::Filter interesting() {
    using haltline::EventType;
    return haltline::Filter().type(EventType::Tripped).type(EventType::Reset).type(EventType::Warning).type(EventType::Calm);
}

/// What breakers have done since the last look, each at its own time; not where they were when we came.
void tell(Guard& guard, haltline::Inbox& events, Report& report) {
    // It is manual, and open: nothing else can go wrong.
    static_cast<void>(guard.system().drain());
    for (const haltline::Event& event : events.poll()) {
        if (haltline::type(event) != haltline::EventType::Level) report.event(event, guard.system());
    }
}

/// Time goes by second by second, so that what ends by time ends between two orders, too.
void pass_time(std::uint64_t& now, std::uint64_t until, Exchange& exchange, Guard& guard, haltline::Inbox& events, Report& report) {
    while (now < until) {
        now = now + second < until ? now + second : until;
        guard.tick(exchange, now);
        tell(guard, events, report);
    }
    report.at(now);
}

haltline::Result<void> apply(const Row& row, const Orders& orders, Exchange& exchange, Guard& guard) {
    switch (row.action) {
        case Action::AddInstrument:
            exchange.add_instrument(row.price);
            return guard.add_instrument(orders.instrument(row.instrument), row.price, row.day);
        case Action::AddAccount:
            exchange.add_account(row.cash);
            return guard.add_account(orders.account(row.account), row.cash);
        case Action::Limit:
        case Action::Market:
            exchange.submit({row.order, row.account, row.instrument, row.side, row.quantity, row.price, row.action == Action::Market});
            break;
        case Action::Cancel: exchange.cancel(row.order, row.account); break;
        case Action::Replace: exchange.replace(row.order, row.account, row.quantity, row.price); break;
    }
    return {};
}

void summary(const Report& report, const Exchange& exchange, const Orders& orders, Guard& guard) {
    std::printf("\n%-8s %12s", "account", "equity");
    for (Instrument i = 0; i < exchange.instruments(); ++i) std::printf(" %10s", orders.instrument(i).c_str());
    for (Account a = 0; a < exchange.accounts(); ++a) {
        std::printf("\n%-8s %12s", orders.account(a).c_str(), Report::decimal(exchange.equity(a), haltline::money_scale).c_str());
        for (Instrument i = 0; i < exchange.instruments(); ++i) std::printf(" %10" PRId64, exchange.holding(a, i).position);
    }
    const auto& totals = report.totals();
    std::printf("\n\norders:   %" PRIu64 " accepted, %" PRIu64 " denied by a breaker, %" PRIu64 " rejected; %" PRIu64 " fills of %" PRIu64
                " lots, %" PRIu64 " cancelled\n",
                totals.accepted, totals.denied, totals.refused, totals.fills, totals.lots, totals.cancelled);
    if (const auto statistics = guard.system().statistics()) {
        const auto& counts = statistics->counts;
        std::printf("breakers: %" PRIu64 " trips, %" PRIu64 " resets, %" PRIu64 " warnings; %" PRIu64 " observations refused\n",
                    counts.trips, counts.resets, counts.warnings, guard.refused());
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return fail("usage: engine RISK.toml ORDERS.csv");
    std::string text;
    if (!read(argv[2], text)) return fail(std::string(argv[2]) + ": cannot be read");
    Orders orders(argv[2], std::move(text));
    Row row;
    if (!orders.next(row)) return fail(orders.mistake().empty() ? std::string(argv[2]) + ": no orders" : orders.mistake());

    auto system = haltline::System::open(haltline::Options::file(argv[1]).manual(row.time));
    if (!system) return fail(system.error().text);
    auto events = system->receive({"report", interesting()});
    if (!events) return fail(events.error().text);
    Guard guard(std::move(*system));
    Report report(guard, orders);
    Exchange exchange(guard, report);

    std::uint64_t now = row.time;
    bool open = false;
    do {
        // Before the first order there is nobody whose time could pass.
        open = open || (row.action != Action::AddInstrument && row.action != Action::AddAccount);
        if (!open) now = row.time;
        guard.tick(exchange, now);
        pass_time(now, row.time, exchange, guard, *events, report);
        if (auto done = apply(row, orders, exchange, guard); !done) return fail(orders.where() + ": " + done.error().text);
        tell(guard, *events, report);
    } while (orders.next(row));
    if (!orders.mistake().empty()) return fail(orders.mistake());
    summary(report, exchange, orders, guard);
    return 0;
}
