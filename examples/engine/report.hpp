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
        const char* plain = std::getenv("NO_COLOR");
        colours_ = isatty(STDOUT_FILENO) != 0 && (plain == nullptr || *plain == '\0');
    }

    void at(std::uint64_t now) { now_ = now; }
    const Totals& totals() const { return totals_; }

    void accepted(const NewOrder& order) {
        ++totals_.accepted;
        line(plain, "accept", describe(order));
    }
    void filled(const NewOrder& order, const Order& resting, Price price, Quantity lots) {
        ++totals_.fills;
        totals_.lots += static_cast<std::uint64_t>(lots);
        line(green, "fill", text("#%" PRIu64 " %s %s %" PRId64 " %s @ %s with #%" PRIu64 " %s", order.id, account(order.account),
                                 order.side == Side::Buy ? "buys" : "sells", lots, instrument(order.instrument),
                                 decimal(price).c_str(), resting.id, account(resting.account)));
    }
    void expired(const NewOrder& order, Quantity left) {
        line(plain, "expire", text("#%" PRIu64 " %" PRId64 " of %" PRId64 " find no price", order.id, left, order.quantity));
    }
    void cancelled(const Order& order, Instrument at) {
        ++totals_.cancelled;
        line(plain, "cancel", text("#%" PRIu64 " %s %" PRId64 " %s @ %s", order.id, account(order.account), order.open, instrument(at),
                                   decimal(order.price).c_str()));
    }
    void replaced(const NewOrder& order) { line(plain, "replace", describe(order)); }

    /// The text is what goes into tag 58 of a FIX reject.
    void denied(const NewOrder& order, haltline::Intent intent, haltline::Verdict verdict) {
        ++totals_.denied;
        const auto denial = guard_.explain(order.instrument, order.account, verdict, intent);
        line(red, "DENY", describe(order) + " (" + haltline::name(intent) + "): " + std::string(denial.text()));
    }
    void refused(const NewOrder& order, Refusal why) {
        ++totals_.refused;
        line(yellow, "reject", describe(order) + ": " + reason(why));
    }
    void unknown(OrderId id, Account of, Refusal why) {
        ++totals_.refused;
        line(yellow, "reject", text("#%" PRIu64 " %s: %s", id, account(of), reason(why)));
    }

    /// A change of a breaker, at its own time.
    void event(std::uint64_t when, const std::string& what) {
        const std::uint64_t now = now_;
        now_ = when;
        line(bold, "*****", what);
        now_ = now;
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

    /// Time of day in UTC, a word, and what there is to say.
    void line(const char* colour, const char* word, const std::string& what) const {
        const auto millis = now_ / 1'000'000, seconds = millis / 1'000;
        std::printf("%s%02d:%02d:%02d.%03d  %-8s %s%s\n", colours_ ? colour : "", static_cast<int>(seconds / 3'600 % 24),
                    static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60), static_cast<int>(millis % 1'000), word,
                    what.c_str(), colours_ && *colour != '\0' ? "\033[0m" : "");
    }

    const Guard& guard_;
    const Orders& names_;
    Totals totals_;
    std::uint64_t now_ = 0;
    bool colours_ = false;
};

}  // namespace engine
