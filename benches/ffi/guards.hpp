// What stands in the engine's order path: nothing, the inline check, or the exported one. Nothing denies, so all three do the same.
#pragma once

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

/// A System with a gate for each instrument and each account of the flow.
struct Gates {
    explicit Gates(haltline::System& system) {
        const auto open = [&](const std::string& scope) { return std::move(*system.gate({scope.c_str()})); };
        for (Instrument i = 0; i < flow::instruments; ++i) instruments.push_back(open("XNAS/I" + std::to_string(i)));
        for (Account a = 0; a < flow::accounts; ++a) accounts.push_back(open("acct/A" + std::to_string(a)));
    }
    static std::string config() {
        std::string scopes;
        for (Instrument i = 0; i < flow::instruments; ++i) scopes += "\"XNAS/I" + std::to_string(i) + "\", ";
        for (Account a = 0; a < flow::accounts; ++a) scopes += "\"acct/A" + std::to_string(a) + "\", ";
        return "scopes = [" + scopes + "]\n[[breaker]]\nname = \"desk\"\nkind = \"manual\"\nscope = \"\"\n";
    }

    std::vector<haltline::Gate> instruments, accounts;
};

struct InlineCheck : NoCheck {
    explicit InlineCheck(const Gates& gates) : gates(gates) {}
    haltline::Verdict check(Instrument instrument, Account account) const {
        return gates.instruments[instrument].check_with(gates.accounts[account]);
    }
    bool admits_price(Instrument instrument, Price price, Side side) const {
        return gates.instruments[instrument].admits_price(price, static_cast<haltline::Side>(side));
    }
    const Gates& gates;
};

/// As a language does that cannot inline.
struct CalledCheck : InlineCheck {
    using InlineCheck::InlineCheck;
    haltline::Verdict check(Instrument instrument, Account account) const {
        const hl_verdict one = hl_gate_check_call(gates.instruments[instrument].get());
        const hl_verdict other = hl_gate_check_call(gates.accounts[account].get());
        return haltline::Verdict(hl_verdict{one.bits | other.bits});
    }
};

}  // namespace bench
