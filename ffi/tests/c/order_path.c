/* What is asked before every order: inline and as a function, one gate and two. */
#include "check.h"

static const char config[] = DESK
    "[[breaker]]\nname = \"account\"\nkind = \"manual\"\nscope = \"acct/alpha\"\neffect = \"no_new\"\n"
    "[[breaker]]\nname = \"all\"\nkind = \"manual\"\nscope = \"XNYS/SPY\"\neffect = \"close\"\n" DRAWDOWN;

/* All ways to ask say the same. */
static void agree(const char *file, int line, const hl_gate *gate) {
    hl_verdict inlined = hl_gate_check(gate);
    unsigned denied = 0;
    for (uint32_t intent = 0; intent <= HL_CANCEL; intent++) {
        bool permits = hl_verdict_permits(inlined, intent);
        same(file, line, "hl_gate_permits and its verdict", hl_gate_permits(gate, intent), permits);
        denied |= (unsigned)!permits << intent;
    }
    same(file, line, "the bits of denials", inlined.bits & (HL_DENY_INCREASE | HL_DENY_REDUCE | HL_DENY_CANCEL), denied);
    same(file, line, "hl_verdict_denies_any", hl_verdict_denies_any(inlined), denied != 0);
    same(file, line, "hl_verdict_warns", hl_verdict_warns(inlined), (inlined.bits & HL_WARNS) != 0);
    same(file, line, "hl_verdict_is_disarmed", hl_verdict_is_disarmed(inlined), (inlined.bits & HL_DISARMED) != 0);
    same(file, line, "inline and exported", (long long)hl_gate_check_call(gate).bits, (long long)inlined.bits);
    same(file, line, "inline and slow", (long long)hl_gate_slow(gate).bits, (long long)inlined.bits);
    if (hl_gate_quick(gate) == 0) same(file, line, "a quick look that sees nothing", (long long)inlined.bits, 0);
    same(file, line, "a gate and itself", (long long)hl_gate_check2(gate, gate).bits, (long long)inlined.bits);
    same(file, line, "a gate and itself, slow", (long long)hl_gate_slow2(gate, gate).bits, (long long)inlined.bits);
}
#define AGREE(gate) agree(__FILE__, __LINE__, gate)

static void no_number_but_an_intent_may_go(const hl_gate *open) {
    const uint32_t none[] = {HL_CANCEL + 1, 31, 32, 63, 64, 256, UINT32_MAX};
    hl_verdict clear = {0}, full = {UINT64_MAX};
    for (size_t i = 0; i < COUNT(none); i++) {
        CHECK(!hl_gate_permits(open, none[i]) && !hl_verdict_permits(clear, none[i]));
        SAME(hl_verdict_only(full, none[i]).bits, HL_DISARMED);
    }
    SAME(hl_verdict_only(full, HL_REDUCE).bits, HL_DISARMED | HL_DENY_REDUCE);
}

static void every_way_to_ask_says_the_same(void) {
    hl_system system = open_manual(config);
    hl_gate *gate = gate_on(system, "XNAS/AAPL"), *other = gate_on(system, "acct/alpha"), *all = gate_on(system, "XNYS/SPY");
    hl_feed *feed = feed_on(system, "acct/alpha");
    SAME(hl_gate_check(gate).bits, 0);
    AGREE(gate);
    no_number_but_an_intent_may_go(gate);
    /* Unready. */
    SAME(permitted(other), MAY_REDUCE | MAY_CANCEL);
    AGREE(other);
    OK(hl_feed_equity(feed, MONEY(1000000), START));
    SAME(permitted(other), ALL);
    AGREE(other);
    /* A warning denies nothing. */
    OK(hl_feed_equity(feed, MONEY(930000), START));
    SAME(hl_gate_check(other).bits, HL_WARNS);
    AGREE(other);
    OK(hl_feed_equity(feed, MONEY(900000), START));
    SAME(hl_gate_check(other).bits & 7, HL_DENY_INCREASE);
    AGREE(other);
    OK(hl_trip(system, breaker_of(system, "desk"), "", "tom", HL_AUTHORITY_TRADER));
    SAME(hl_gate_check(gate).bits, HL_DENY_INCREASE | HL_DENY_REDUCE);
    AGREE(gate);
    OK(hl_trip(system, breaker_of(system, "all"), "", "tom", HL_AUTHORITY_TRADER));
    SAME(hl_gate_check(all).bits, HL_DENY_INCREASE | HL_DENY_REDUCE | HL_DENY_CANCEL);
    AGREE(all);
    OK(hl_kill(system));
    CHECK(hl_verdict_is_disarmed(hl_gate_check(gate)));
    SAME(permitted(gate), MAY_CANCEL);
    AGREE(gate);
    OK(hl_system_close(system, 0));
    SAME(permitted(gate), MAY_CANCEL);
    AGREE(gate);
    hl_feed_close(&feed);
    CHECK(feed == NULL);
    hl_gate_close(&gate), hl_gate_close(&other), hl_gate_close(&all);
}

static void two_gates_deny_what_either_denies(void) {
    hl_system system = open_manual(config);
    hl_gate *instrument = gate_on(system, "XNAS/AAPL"), *account = gate_on(system, "XNAS/MSFT");
    hl_gate *alpha = gate_on(system, "acct/alpha"), *beta = gate_on(system, "acct");
    SAME(hl_gate_check2(instrument, account).bits, 0);
    SAME(hl_gate_slow2(instrument, account).bits, 0);
    SAME(hl_gate_check2(instrument, alpha).bits & 7, HL_DENY_INCREASE);
    SAME(hl_gate_check2(alpha, instrument).bits & 7, HL_DENY_INCREASE);
    SAME(hl_gate_check2(instrument, beta).bits, 0);
    OK(hl_trip(system, breaker_of(system, "desk"), "", "tom", HL_AUTHORITY_TRADER));
    SAME(hl_gate_check2(beta, instrument).bits & 7, HL_DENY_INCREASE | HL_DENY_REDUCE);
    SAME(hl_gate_check2(NULL, instrument).bits & 7, ALL);
    SAME(hl_gate_check2(beta, NULL).bits & 7, ALL);
    /* Of two Systems either can be killed. */
    hl_system second = open_manual(DESK);
    hl_gate *there = gate_on(second, "XNAS");
    SAME(hl_gate_check2(beta, there).bits, 0);
    OK(hl_kill(second));
    SAME(hl_gate_check2(beta, there).bits, hl_gate_check(there).bits);
    SAME(hl_gate_check2(there, beta).bits & 7, HL_DENY_INCREASE | HL_DENY_REDUCE);
    hl_gate_close(&instrument), hl_gate_close(&account), hl_gate_close(&alpha), hl_gate_close(&beta), hl_gate_close(&there);
    OK(hl_system_close(second, 0));
    OK(hl_system_close(system, 0));
}

static void a_gate_has_seven_scopes_at_most_and_hears_of_each(void) {
    const char *deep = "a/b/c/d/e/f", *both[] = {"a/b/c/d/e/f", "x"};
    hl_system system = open_manual("scopes = [\"a/b/c/d/e/f\", \"x\"]\n" DESK);
    hl_gate *gate, *root;
    GIVES(HL_ERR_FULL, hl_gate_open(system, both, 2, &gate));
    OK(hl_gate_open(system, NULL, 0, &root));
    OK(hl_gate_open(system, &deep, 1, &gate));
    AGREE(gate);
    SAME(permitted(gate), ALL);
    const char *levels[] = {"", "a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/e", "a/b/c/d/e/f"};
    for (size_t i = 0; i < COUNT(levels); i++) {
        OK(hl_emergency_stop(system, levels[i], HL_SOURCE_MANUAL, "", "tom", HL_AUTHORITY_AUTO));
        SAME(permitted(gate), MAY_CANCEL);
        AGREE(gate);
        SAME(permitted(root), i == 0 ? MAY_CANCEL : ALL);
        OK(hl_clear_emergency_stop(system, levels[i], "", "root", HL_AUTHORITY_ADMIN));
        SAME(permitted(gate), ALL);
    }
    hl_gate_close(&gate), hl_gate_close(&root);
    OK(hl_system_close(system, 0));
}

static void no_gate_denies_everything(void) {
    AGREE(NULL);
    SAME(permitted(NULL), 0);
    CHECK(!hl_gate_admits_price(NULL, PRICE(1), HL_BUY) && !hl_gate_admits_price(NULL, HL_NO_PRICE, HL_SELL));
}

static void a_copy_of_a_gate_is_not_closed(void) {
    hl_system system = open_manual(DESK);
    hl_gate *gate = gate_on(system, "XNAS"), copy = *gate, *place = &copy;
    hl_gate_close(&place);
    CHECK(place == &copy);
    SAME(permitted(gate), ALL);
    hl_gate_close(&gate);
    CHECK(gate == NULL);
    hl_gate_close(&gate);
    hl_gate_close(NULL);
    OK(hl_system_close(system, 0));
}

static void what_reduces_is_what_cannot_turn_a_position(void) {
    hl_system system = open_manual(DESK);
    hl_gate *gate = gate_on(system, "XNAS");
    const struct { int64_t position, in_flight, order; bool reduces; } cases[] = {
        {10, 0, -10, true}, {10, 0, -11, false}, {10, -5, -5, true}, {10, -5, -6, false}, {10, 0, 1, false},
        {-10, 0, 10, true}, {-10, 1, 10, false}, {0, 0, 1, false},   {10, 0, 0, false},   {INT64_MIN, 0, INT64_MAX, true},
        {INT64_MAX, INT64_MIN, INT64_MIN, false}, {INT64_MIN, INT64_MAX, INT64_MAX, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool reduces;
        OK(hl_gate_reduces(gate, cases[i].position, cases[i].in_flight, cases[i].order, &reduces));
        SAME(reduces, cases[i].reduces);
    }
    hl_gate_close(&gate);
    OK(hl_system_close(system, 0));
}

static void a_denial_says_who_why_and_until_when(void) {
    hl_system system = open_manual(config);
    hl_gate *gate = gate_on(system, "XNAS/AAPL");
    hl_denial denial;
    OK(hl_trip(system, breaker_of(system, "desk"), "wild router", "tom", HL_AUTHORITY_TRADER));
    hl_verdict seen = hl_gate_check(gate);
    OK(hl_gate_explain(gate, hl_verdict_only(seen, HL_INCREASE), &denial));
    SAME(denial.breaker.bits, breaker_of(system, "desk").bits);
    SAME(denial.reason, HL_REASON_MANUAL);
    SAME(denial.kind, HL_KIND_MANUAL);
    SAME(denial.status, HL_STATUS_TRIPPED);
    SAME(denial.denies, HL_HALT);
    SAME(denial.ord_rej_reason, hl_fix_ord_rej_reason(HL_REASON_MANUAL));
    SAME(denial.since_ns, START);
    SAME(denial.until_ns, UINT64_MAX);
    CHECK(!strcmp(denial.name, "desk") && !strcmp(denial.scope, "XNAS"));
    CHECK(strstr(denial.text, "desk") && strstr(denial.note, "wild router"));
    hl_breaker_info info = info_of(system, "desk");
    OK(hl_reset(system, info.breaker, info.stamp, "", "ann", HL_AUTHORITY_RISK_DESK));
    OK(hl_gate_explain(gate, seen, &denial));
    SAME(denial.reason, HL_REASON_CLEARED);
    OK(hl_kill(system));
    SAME(why(gate), HL_REASON_KILLED);
    OK(hl_system_close(system, 0));
    SAME(why(gate), HL_REASON_SHUT_DOWN);
    hl_gate_close(&gate);
    SAME(hl_fix_ord_rej_reason(HL_REASON_KILLED), 0);
    SAME(hl_fix_ord_rej_reason(HL_REASON_RUNG), 2);
    SAME(hl_fix_ord_rej_reason(HL_REASON_LIMIT), 3);
    SAME(hl_fix_ord_rej_reason(UINT32_MAX), 99);
}

/* The name of the breaker that is explained for two gates, whichever is the first. */
static void explains(const char *file, int line, const hl_gate *one, const hl_gate *other, const char *name) {
    const hl_gate *gates[] = {one, other};
    for (size_t i = 0; i < 2; i++) {
        const hl_gate *first = gates[i], *second = gates[1 - i];
        hl_denial denial;
        hl_verdict seen = hl_verdict_only(hl_gate_check2(first, second), HL_INCREASE);
        OK(hl_gate_explain2(first, second, seen, &denial));
        same(file, line, "the breaker that is explained", strcmp(denial.name, name), 0);
    }
}
#define EXPLAINS(...) explains(__FILE__, __LINE__, __VA_ARGS__)

static void the_gate_that_denies_is_explained(void) {
    hl_system system = open_manual(config), second = open_manual(config);
    hl_gate *instrument = gate_on(system, "XNAS/AAPL"), *account = gate_on(system, "acct/alpha"), *there = gate_on(second, "XNAS");
    hl_gate *open = gate_on(system, "XNYS");
    hl_feed *feed = feed_on(system, "acct/alpha");
    hl_denial denial;
    OK(hl_feed_equity(feed, MONEY(1000000), START));
    OK(hl_gate_explain2(instrument, account, hl_gate_check2(instrument, account), &denial));
    SAME(denial.reason, HL_REASON_CLEARED);
    OK(hl_advance(system, START + SECOND));
    OK(hl_trip(system, breaker_of(system, "desk"), "", "tom", HL_AUTHORITY_TRADER));
    EXPLAINS(instrument, account, "desk");
    EXPLAINS(instrument, instrument, "desk");
    OK(hl_advance(system, START + 2 * SECOND));
    OK(hl_trip(system, breaker_of(system, "account"), "", "tom", HL_AUTHORITY_TRADER));
    EXPLAINS(instrument, account, "desk");
    OK(hl_emergency_stop(system, "acct/alpha", HL_SOURCE_MANUAL, "", "tom", HL_AUTHORITY_AUTO));
    EXPLAINS(instrument, account, "kill:acct/alpha");
    /* The handles are those of the System that denies. */
    OK(hl_trip(second, breaker_of(second, "desk"), "", "tom", HL_AUTHORITY_TRADER));
    hl_verdict seen = hl_gate_check2(open, there);
    OK(hl_gate_explain2(open, there, seen, &denial));
    SAME(denial.breaker.bits, breaker_of(second, "desk").bits);
    OK(hl_gate_explain2(there, open, seen, &denial));
    SAME(denial.breaker.bits, breaker_of(second, "desk").bits);
    OK(hl_kill(system));
    OK(hl_gate_explain2(there, open, hl_gate_check2(there, open), &denial));
    SAME(denial.reason, HL_REASON_KILLED);
    hl_gate_close(&instrument), hl_gate_close(&account), hl_gate_close(&there), hl_gate_close(&open);
    hl_feed_close(&feed);
    OK(hl_system_close(second, 0));
    OK(hl_system_close(system, 0));
}

int main(void) {
    every_way_to_ask_says_the_same();
    two_gates_deny_what_either_denies();
    a_gate_has_seven_scopes_at_most_and_hears_of_each();
    no_gate_denies_everything();
    a_copy_of_a_gate_is_not_closed();
    what_reduces_is_what_cannot_turn_a_position();
    a_denial_says_who_why_and_until_when();
    the_gate_that_denies_is_explained();
}
