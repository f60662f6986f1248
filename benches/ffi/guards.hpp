// What stands in the engine's order path: nothing, or a check of some sort. Nothing denies, so all of them do the same.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "flow.hpp"
#include "haltline.hpp"

namespace bench {

using engine::Account;
using engine::Instrument;
using engine::Price;
using engine::Quantity;
using engine::Side;

struct NoCheck {
    struct Verdict {
        constexpr bool is_clear() const { return true; }
        constexpr bool permits(haltline::Intent) const { return true; }
    };
    static constexpr haltline::Intent cancel = haltline::Intent::Cancel;
    static haltline::Intent intent(Account, Quantity, Quantity, Quantity) { return haltline::Intent::Increase; }

    Verdict check(Instrument, Account) const { return {}; }
    bool admits_price(Instrument, Price, Side) const { return true; }
    void traded(Instrument, Price, Quantity) {}
    template <class Engine>
    void settled(const Engine&, Instrument) {}
};

/// The same, compiled once more: where the compiler and the linker put code is a part of the noise.
struct NoCheckAgain : NoCheck {};

/// A gate for each instrument, one for each account, and one for each pair of them.
struct Gates {
    explicit Gates(haltline::System& system) {
        for (Instrument i = 0; i < flow::instruments; ++i) instruments.push_back(std::move(*system.gate({of("I", i).c_str()})));
        for (Account a = 0; a < flow::accounts; ++a) accounts.push_back(std::move(*system.gate({of("A", a).c_str()})));
        for (Instrument i = 0; i < flow::instruments; ++i) {
            for (Account a = 0; a < flow::accounts; ++a) {
                pairs.push_back(std::move(*system.gate({of("I", i).c_str(), of("A", a).c_str()})));
            }
        }
    }
    static std::string of(const char* kind, std::uint32_t number) { return kind + std::to_string(number); }
    static std::string config() {
        std::string scopes;
        for (Instrument i = 0; i < flow::instruments; ++i) scopes += "\"" + of("I", i) + "\", ";
        for (Account a = 0; a < flow::accounts; ++a) scopes += "\"" + of("A", a) + "\", ";
        return "scopes = [" + scopes + "]\n[[breaker]]\nname = \"desk\"\nkind = \"manual\"\nscope = \"\"\n";
    }

    std::vector<haltline::Gate> instruments, accounts, pairs;
};

/// One gate for each pair.
struct InlineCheck : NoCheck {
    explicit InlineCheck(const Gates& gates)
        : pairs(gates.pairs.data()), instruments(gates.instruments.data()), accounts(gates.accounts.data()) {}
    haltline::Verdict check(Instrument instrument, Account account) const {
        return pairs[instrument * flow::accounts + account].check();
    }
    const haltline::Gate *pairs, *instruments, *accounts;
};

/// The same, called, as by a language that cannot inline.
struct CalledCheck : InlineCheck {
    using InlineCheck::InlineCheck;
    haltline::Verdict check(Instrument instrument, Account account) const {
        return haltline::Verdict(hl_gate_check_call(pairs[instrument * flow::accounts + account].get()));
    }
};

/// Instrument and account, asked together.
struct TwoGates : InlineCheck {
    using InlineCheck::InlineCheck;
    haltline::Verdict check(Instrument instrument, Account account) const {
        return instruments[instrument].check_with(accounts[account]);
    }
};

/// And the price band, as the example does.
struct TwoGatesAndPrice : TwoGates {
    using TwoGates::TwoGates;
    bool admits_price(Instrument instrument, Price price, Side side) const {
        return instruments[instrument].admits_price(price, static_cast<haltline::Side>(side));
    }
};

}  // namespace bench
