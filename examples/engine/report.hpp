// What the example prints: what becomes of each order, and each change of a breaker between them. Colours only on a terminal, and
// not if NO_COLOR is set (https://no-color.org).
#pragma once

#include <unistd.h>

#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "engine.hpp"
#include "guard.hpp"
#include "orders.hpp"

namespace engine {

class Report {
public:
    struct Totals {
        std::uint64_t accepted = 0, fills = 0, lots = 0, cancelled = 0, denied = 0, refused = 0;
    };

    Report(const Guard& guard, const Orders& names) : guard_(guard), names_(names) {
        const char* no_colour = std::getenv("NO_COLOR");
        colours_ = isatty(STDOUT_FILENO) != 0 && (no_colour == nullptr || *no_colour == '\0');
    }

    void at(std::uint64_t now) { now_ = now; }
    const Totals& totals() const { return totals_; }

    void accepted(const NewOrder& order) {
        ++totals_.accepted;
        line(now_, plain, "accept", describe(order));
    }
    void filled(const NewOrder& order, const Order& resting, Price price, Quantity lots) {
        ++totals_.fills;
        totals_.lots += static_cast<std::uint64_t>(lots);
        line(now_, green, "fill", text("#%" PRIu64 " %s %s %" PRId64 " %s @ %s with #%" PRIu64 " %s", order.id, account(order.account),
                                 order.side == Side::Buy ? "buys" : "sells", lots, instrument(order.instrument),
                                 decimal(price).c_str(), resting.id, account(resting.account)));
    }
    void expired(const NewOrder& order, Quantity left) {
        line(now_, plain, "expire", text("#%" PRIu64 " %" PRId64 " of %" PRId64 " find no price", order.id, left, order.quantity));
    }
    void cancelled(const Order& order, Instrument at) {
        ++totals_.cancelled;
        line(now_, plain, "cancel", text("#%" PRIu64 " %s %" PRId64 " %s @ %s", order.id, account(order.account), order.open, instrument(at),
                                   decimal(order.price).c_str()));
    }
    void replaced(const NewOrder& order) { line(now_, plain, "replace", describe(order)); }

    /// The text is what goes into tag 58 of a FIX reject.
    void denied(const NewOrder& order, haltline::Intent intent, haltline::Verdict verdict) {
        ++totals_.denied;
        const auto denial = guard_.explain(order.instrument, order.account, verdict, intent);
        line(now_, red, "DENY", describe(order) + " (" + haltline::name(intent) + "): " + std::string(denial.text()));
    }
    void refused(const NewOrder& order, Refusal why) {
        ++totals_.refused;
        line(now_, yellow, "reject", describe(order) + ": " + reason(why));
    }
    void unknown(OrderId id, Account of, Refusal why) {
        ++totals_.refused;
        line(now_, yellow, "reject", text("#%" PRIu64 " %s: %s", id, account(of), reason(why)));
    }

    /// A change of a breaker, at its own time.
    void event(const haltline::Event& event, const haltline::System& system) {
        const auto details = system.details(event);
        const bool trips = haltline::type(event) == haltline::EventType::Tripped;
        std::string what = (details ? details->breaker : "") + (": " + haltline::name(haltline::before(event)));
        what += " -> " + haltline::name(haltline::after(event)) + ", " + haltline::name(haltline::reason(event));
        if (trips && event.limit > 0 && event.value >= event.limit) what += text(", %g against %g", event.value, event.limit);
        if (trips && event.until_ns != haltline::never) what += ", until " + clock(event.until_ns);
        line(event.at_ns, bold, "*****", what);
    }

    /// An amount or a price without the zeros that say nothing beyond its cents: 99.95, 0.0125.
    static std::string decimal(std::int64_t value, std::int64_t unit = HL_PRICE_SCALE) {
        const std::int64_t tenthousandths = value / (unit / 10'000);
        const std::uint64_t amount = static_cast<std::uint64_t>(tenthousandths < 0 ? -tenthousandths : tenthousandths);
        std::string shown = text("%s%" PRIu64 ".%04" PRIu64, tenthousandths < 0 ? "-" : "", amount / 10'000, amount % 10'000);
        for (int i = 0; i < 2 && shown.back() == '0'; ++i) shown.pop_back();
        return shown;
    }

    __attribute__((format(printf, 1, 2))) static std::string text(const char* form, ...) {
        char room[256];
        va_list rest;
        va_start(rest, form);
        std::vsnprintf(room, sizeof room, form, rest);
        va_end(rest);
        return room;
    }

private:
    static constexpr const char *plain = "", *green = "\033[32m", *yellow = "\033[33m", *red = "\033[31m", *bold = "\033[1m";

    const char* account(Account which) const { return names_.account(which).c_str(); }
    const char* instrument(Instrument which) const { return names_.instrument(which).c_str(); }

    std::string describe(const NewOrder& order) const {
        return text("#%" PRIu64 " %s %s %" PRId64 " %s %s%s", order.id, account(order.account),
                    order.side == Side::Buy ? "buy" : "sell", order.quantity, instrument(order.instrument), order.market ? "" : "@ ",
                    order.market ? "at market" : decimal(order.price).c_str());
    }

    static const char* reason(Refusal why) {
        switch (why) {
            case Refusal::UnknownOrder: return "no order of that number rests";
            case Refusal::NotYours: return "another account's order";
            case Refusal::DuplicateOrder: return "an order of that number rests already";
            case Refusal::PriceBand: return "the price lies outside of the bands, or there are none now";
        }
        return "";
    }

    /// Time of day in UTC.
    static std::string clock(std::uint64_t when) {
        const auto millis = when / 1'000'000, seconds = millis / 1'000;
        return text("%02d:%02d:%02d.%03d", static_cast<int>(seconds / 3'600 % 24), static_cast<int>(seconds / 60 % 60),
                    static_cast<int>(seconds % 60), static_cast<int>(millis % 1'000));
    }

    void line(std::uint64_t when, const char* colour, const char* word, const std::string& what) const {
        const bool coloured = colours_ && *colour != '\0';
        std::printf("%s%s  %-8s %s%s\n", coloured ? colour : "", clock(when).c_str(), word, what.c_str(), coloured ? "\033[0m" : "");
    }

    const Guard& guard_;
    const Orders& names_;
    Totals totals_;
    std::uint64_t now_ = 0;
    bool colours_ = false;
};

}  // namespace engine
