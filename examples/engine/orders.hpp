// Reads a file of orders. Comma-separated, UTF-8, the first line names the columns; lines that begin with # and empty ones
// are skipped:
//
//   time,action,account,order,instrument,side,quantity,price
//   2026-03-02T21:00:00Z,instrument,,,ACME,,,100.00        an instrument, with the official close of the session before
//   2026-03-03T14:29:00Z,account,alpha,,,,,1000000         an account, with its cash as the price
//   2026-03-03T14:30:00Z,limit,alpha,1,ACME,buy,100,99.95
//   2026-03-03T14:30:01.250Z,market,alpha,2,ACME,sell,50,
//   2026-03-03T14:30:02Z,replace,alpha,1,,,80,99.95        quantity and price of an order that rests
//   2026-03-03T14:30:03Z,cancel,alpha,1,,,,
//
//   time        UTC, to the millisecond; never earlier than that of the line before
//   account     letters, digits and . _ -, 1 to 32 of them; instruments likewise. Each is named once before it is used
//   order       1 to 18446744073709551615, chosen by the client
//   side        buy, sell
//   quantity    1 to 100000
//   price       0.0001 to 100000, in steps of 0.0001; cash up to 100000000000
//
// What a line does not need must be empty. A wrong line ends the reading with FILE:LINE, what was found and what is allowed.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "book.hpp"

namespace engine {

enum class Action : std::uint8_t { AddInstrument, AddAccount, Limit, Market, Cancel, Replace };

struct Row {
    std::uint64_t time = 0;  // nanoseconds since 1970
    Action action{};
    Account account = 0;
    Instrument instrument = 0;
    OrderId order = 0;
    Side side{};
    Quantity quantity = 0;
    Price price = 0;
    Money cash = 0;
    std::uint32_t day = 0;  // of the time, as 20260303
};

class Orders {
public:
    /// `text` is the whole file; `name` stands before each mistake.
    Orders(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)), rest_(text_) {
        if (line() != header) fail("found \"" + std::string(field_) + "\", allowed is the header \"" + std::string(header) + "\"");
    }
    Orders(const Orders&) = delete;
    Orders& operator=(const Orders&) = delete;

    /// The next row; false at the end, and at a mistake.
    bool next(Row& row) {
        while (mistake_.empty() && !rest_.empty()) {
            if (const auto text = line(); !text.empty() && text.front() != '#') return parse(text, row);
        }
        return false;
    }

    /// Empty, or what is wrong and where.
    const std::string& mistake() const { return mistake_; }
    /// Where the last row stands: FILE:LINE.
    std::string where() const { return name_ + ":" + std::to_string(line_); }
    const std::string& account(Account account) const { return accounts_[account]; }
    const std::string& instrument(Instrument instrument) const { return instruments_[instrument]; }

private:
    static constexpr std::string_view header = "time,action,account,order,instrument,side,quantity,price";
    enum Column : std::size_t { time, action, account_, order, instrument_, side, quantity, price, columns };
    using Fields = std::array<std::string_view, columns>;
    using Names = std::vector<std::string>;

    std::string_view line() {
        const auto end = rest_.find('\n');
        auto text = rest_.substr(0, end);
        rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
        ++line_;
        if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
        return field_ = text;
    }

    bool fail(const std::string& what) {
        if (mistake_.empty()) mistake_ = where() + ": " + what;
        return false;
    }
    bool refuse(Column column, std::string_view found, std::string_view allowed) {
        auto names = header;
        for (std::size_t i = 0; i < column; ++i) names.remove_prefix(names.find(',') + 1);
        const auto name = names.substr(0, names.find(','));
        return fail(std::string(name) + ": found \"" + std::string(found) + "\", allowed " + std::string(allowed));
    }

    bool parse(std::string_view text, Row& row) {
        Fields fields;
        std::size_t found = 0;
        for (auto rest = text;; rest.remove_prefix(rest.find(',') + 1)) {
            if (found < columns) fields[found] = rest.substr(0, rest.find(','));
            ++found;
            if (rest.find(',') == std::string_view::npos) break;
        }
        if (found != columns) return fail("found " + std::to_string(found) + " fields, allowed are 8: " + std::string(header));
        row = Row{};
        return parse_time(fields[time], row) && parse_action(fields, row);
    }

    bool parse_action(const Fields& f, Row& row) {
        // In the order of Action; which columns each one needs.
        static constexpr std::array<std::pair<std::string_view, std::uint32_t>, 6> actions{{
            {"instrument", 1u << instrument_ | 1u << price},
            {"account", 1u << account_ | 1u << price},
            {"limit", 1u << account_ | 1u << order | 1u << instrument_ | 1u << side | 1u << quantity | 1u << price},
            {"market", 1u << account_ | 1u << order | 1u << instrument_ | 1u << side | 1u << quantity},
            {"cancel", 1u << account_ | 1u << order},
            {"replace", 1u << account_ | 1u << order | 1u << quantity | 1u << price},
        }};
        std::size_t i = 0;
        while (i < actions.size() && actions[i].first != f[action]) ++i;
        if (i == actions.size()) return refuse(action, f[action], "are instrument, account, limit, market, cancel, replace");
        row.action = static_cast<Action>(i);
        const auto needs = [&](Column column) { return (actions[i].second >> column & 1u) != 0; };
        for (std::size_t column = account_; column < columns; ++column) {
            const auto at = static_cast<Column>(column);
            if (!needs(at) && !f[at].empty()) return refuse(at, f[at], "is nothing for \"" + std::string(f[action]) + "\"");
        }
        if (row.action == Action::AddInstrument && !add(instruments_, instrument_, f, row.instrument)) return false;
        if (row.action == Action::AddAccount) {
            return add(accounts_, account_, f, row.account) && parse_amount(f[price], 100'000'000'000, row.cash);
        }
        return (row.action == Action::AddInstrument || !needs(instrument_) || find(instruments_, instrument_, f, row.instrument)) &&
               (!needs(account_) || find(accounts_, account_, f, row.account)) &&
               (!needs(order) || parse_order(f[order], row.order)) && (!needs(side) || parse_side(f[side], row.side)) &&
               (!needs(quantity) || parse_quantity(f[quantity], row.quantity)) &&
               (!needs(price) || parse_price(f[price], row.price));
    }

    bool add(Names& names, Column column, const Fields& f, std::uint32_t& place) {
        const auto name = f[column];
        constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
        if (name.empty() || name.size() > 32 || name.find_first_not_of(letters) != std::string_view::npos) {
            return refuse(column, name, "are 1 to 32 letters, digits and . _ -");
        }
        for (const auto& known : names)
            if (known == name) return refuse(column, name, "is each name once");
        place = static_cast<std::uint32_t>(names.size());
        names.emplace_back(name);
        return true;
    }

    bool find(const Names& names, Column column, const Fields& f, std::uint32_t& place) {
        std::string known;
        for (place = 0; place < names.size(); ++place) {
            if (names[place] == f[column]) return true;
            known += (known.empty() ? "" : ", ") + names[place];
        }
        return refuse(column, f[column], known.empty() ? "is none before one is named" : "are " + known);
    }

    /// All of `text` is a number.
    template <class Number>
    static bool number(std::string_view text, Number& value) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        return error == std::errc() && end == text.data() + text.size();
    }

    bool parse_order(std::string_view text, OrderId& value) {
        return (number(text, value) && value > 0) || refuse(order, text, "are 1 to 18446744073709551615");
    }
    bool parse_side(std::string_view text, Side& value) {
        value = text == "sell" ? Side::Sell : Side::Buy;
        return text == "buy" || text == "sell" || refuse(side, text, "are buy, sell");
    }
    bool parse_quantity(std::string_view text, Quantity& value) {
        return (number(text, value) && value >= 1 && value <= 100'000) || refuse(quantity, text, "are 1 to 100000");
    }
    bool parse_price(std::string_view text, Price& value) {
        Money steps = 0;
        const bool ok = parse_amount(text, 100'000, steps);
        value = steps * 100'000;
        return ok;
    }

    /// An amount above 0 in ten-thousandths, exactly.
    bool parse_amount(std::string_view text, Money most, Money& value) {
        const auto point = text.find('.');
        const auto whole = text.substr(0, point);
        auto part = point == std::string_view::npos ? std::string("0") : std::string(text.substr(point + 1));
        const auto digits = part.size();
        part.resize(4, '0');
        std::uint32_t parts = 0;
        std::uint64_t large = 0;
        if (number(whole, large) && digits >= 1 && digits <= 4 && number(std::string_view(part), parts)) {
            value = large <= static_cast<std::uint64_t>(most) ? static_cast<Money>(large) * 10'000 + parts : 0;
        }
        return (value > 0 && value <= most * 10'000) ||
               refuse(price, text, "are 0.0001 to " + std::to_string(most) + " in steps of 0.0001");
    }

    bool parse_time(std::string_view text, Row& row) {
        constexpr std::string_view form = "0000-00-00T00:00:00";
        std::uint32_t part[7] = {};
        auto rest = text;
        bool ok = rest.size() > form.size() && rest.back() == 'Z';
        if (ok) rest.remove_suffix(1);
        // Year, month, day, hour, minute, second: where each begins in the form and how long it is.
        constexpr std::pair<std::size_t, std::size_t> places[] = {{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}};
        for (std::size_t i = 0; ok && i < form.size(); ++i) ok = form[i] == '0' || form[i] == text[i];
        for (std::size_t i = 0; ok && i < 6; ++i) ok = number(rest.substr(places[i].first, places[i].second), part[i]);
        if (ok && rest.size() > form.size()) {
            ok = rest.size() == form.size() + 4 && rest[form.size()] == '.' && number(rest.substr(form.size() + 1), part[6]);
        }
        const auto [year, month, day, hour, minute, second, milli] = part;
        ok = ok && year >= 1970 && year < 2200 && month >= 1 && month <= 12 && day >= 1 && day <= month_days(year, month) &&
             hour < 24 && minute < 60 && second < 60;
        if (!ok) return refuse(time, text, "is a UTC time such as 2026-03-03T14:30:00Z or 2026-03-03T14:30:00.250Z");
        const std::uint64_t seconds = ((days_before(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
        row.time = (seconds * 1'000 + milli) * 1'000'000;
        row.day = (year * 100 + month) * 100 + day;
        if (row.time < last_time_) return refuse(time, text, "is no time before that of the line above");
        last_time_ = row.time;
        return true;
    }

    static std::uint32_t month_days(std::uint32_t year, std::uint32_t month) {
        constexpr std::uint32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        return days[month - 1] + (leap && month == 2 ? 1 : 0);
    }
    static std::uint64_t days_before(std::uint32_t year, std::uint32_t month, std::uint32_t day) {
        std::uint64_t days = day - 1;
        for (std::uint32_t y = 1970; y < year; ++y) days += month_days(y, 2) == 29 ? 366 : 365;
        for (std::uint32_t m = 1; m < month; ++m) days += month_days(year, m);
        return days;
    }

    std::string name_, text_, mistake_;
    std::string_view rest_, field_;
    Names accounts_, instruments_;
    std::uint64_t last_time_ = 0;
    std::size_t line_ = 0;
};

}  // namespace engine
