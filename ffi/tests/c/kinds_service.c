/* Kinds of people, clocks and dependencies: each trips and comes back, and warns where it can. */
#include "kinds.h"

static void outcomes(hl_system system, hl_feed *feed, uint64_t first, const char *good) {
    for (uint64_t i = 0; good[i]; i++) {
        uint32_t outcome = good[i] == '+' ? HL_OUTCOME_SUCCESS : HL_OUTCOME_FAILURE;
        OK(hl_feed_outcome(feed, outcome, 5000000, at(system, (first + i) * SECOND)));
    }
}

static void technical(void) {
    hl_system system = begin("[[breaker]]\nname = \"gateway\"\nkind = \"technical\"\nscope = \"XNAS\"\nfailure_rate = 0.5\nwindow = 10\n"
        "min_calls = 5\nhalt_for = \"30s\"\ncooldown_for = \"20s\"\ncooldown_effect = { probe = 2 }\nbackoff = 2\n", START);
    hl_feed *feed = feed_on(system, "XNAS");
    hl_gate *gate = gate_on(system, "XNAS");
    hl_permit one, two, three;
    STANDS(system, "gateway", HL_STATUS_ACTIVE, 0);
    GIVES(HL_ERR_BAD_INPUT, hl_feed_outcome(feed, HL_OUTCOME_SUCCESS, START + 1, START));
    outcomes(system, feed, 1, "+++--");
    STANDS(system, "gateway", HL_STATUS_WARNING, 0);
    outcomes(system, feed, 6, "-");
    STANDS(system, "gateway", HL_STATUS_TRIPPED, HL_HALT);
    BECAUSE(system, "gateway", HL_REASON_LIMIT);
    GIVES(HL_ERR_DENIED, hl_gate_try_probe(gate, &one));
    at(system, 36 * SECOND);
    STANDS(system, "gateway", HL_STATUS_COOLDOWN, HL_HALT);
    OK(hl_gate_try_probe(gate, &one));
    OK(hl_gate_try_probe2(gate, gate, HL_INCREASE, &two));
    GIVES(HL_ERR_DENIED, hl_gate_try_probe(gate, &three));
    SAME(info_of(system, "gateway").probes_out, 2);
    OK(hl_permit_passed(&one));
    SAME(one.bits, 0);
    SAME(info_of(system, "gateway").probes_passed, 1);
    at(system, 42 * SECOND);
    OK(hl_permit_failed(&two));
    STANDS(system, "gateway", HL_STATUS_TRIPPED, HL_HALT);
    BECAUSE(system, "gateway", HL_REASON_PROBE_FAILED);
    /* Twice as long. */
    SAME(info_of(system, "gateway").until_ns, START + 102 * SECOND);
    at(system, 102 * SECOND);
    OK(hl_gate_try_probe(gate, &one));
    OK(hl_permit_release(&one));
    OK(hl_gate_try_probe(gate, &one));
    OK(hl_gate_try_probe(gate, &two));
    OK(hl_permit_passed(&one));
    OK(hl_permit_passed(&two));
    STANDS(system, "gateway", HL_STATUS_ACTIVE, 0);
    hl_gate_close(&gate);
    hl_feed_close(&feed);
    end(system);
    HEARD(HL_EVENT_WARNING, 1), HEARD(HL_EVENT_TRIPPED, 2), HEARD(HL_EVENT_COOLDOWN_STARTED, 2), HEARD(HL_EVENT_RESET, 1);
}

/* It has no level, and so no warning. */
static void manual_kind(void) {
    hl_system system = begin(DESK, START);
    hl_breaker desk = breaker_of(system, "desk");
    STANDS(system, "desk", HL_STATUS_ACTIVE, 0);
    OK(hl_trip(system, desk, "wild router", "tom", HL_AUTHORITY_TRADER));
    STANDS(system, "desk", HL_STATUS_TRIPPED, HL_HALT);
    BECAUSE(system, "desk", HL_REASON_MANUAL);
    hl_breaker_info info = info_of(system, "desk");
    GIVES(HL_ERR_AUTHORITY, hl_reset(system, desk, info.stamp, "", "tom", HL_AUTHORITY_TRADER));
    OK(hl_reset(system, desk, info.stamp, "", "ann", HL_AUTHORITY_RISK_DESK));
    STANDS(system, "desk", HL_STATUS_ACTIVE, 0);
    end(system);
    HEARD(HL_EVENT_TRIPPED, 1), HEARD(HL_EVENT_RESET, 1), HEARD(HL_EVENT_REFUSED, 1);
}

/* Nor has a clock. From a Friday, 08:00 in New York. */
static void time_based(void) {
    hl_system system = begin(US "[[breaker]]\nname = \"hours\"\nkind = \"time_based\"\nscope = \"XNYS\"\ncalendar = \"us\"\n"
        "[[breaker.blackout]]\nfrom = 2020-03-20T13:55:00\nto = 2020-03-20T14:30:00\nreason = \"the central bank speaks\"\n",
        1584705600 * SECOND);
    STANDS(system, "hours", HL_STATUS_TRIPPED, HL_HALT);
    BECAUSE(system, "hours", HL_REASON_OUT_OF_SESSION);
    SAME(info_of(system, "hours").until_ns, started + 90 * MINUTE);
    at(system, 90 * MINUTE - 1);
    STANDS(system, "hours", HL_STATUS_TRIPPED, HL_HALT);
    at(system, 90 * MINUTE);
    STANDS(system, "hours", HL_STATUS_ACTIVE, 0);
    at(system, 355 * MINUTE);
    BECAUSE(system, "hours", HL_REASON_BLACKOUT);
    at(system, 390 * MINUTE);
    STANDS(system, "hours", HL_STATUS_ACTIVE, 0);
    at(system, 480 * MINUTE);
    STANDS(system, "hours", HL_STATUS_ACTIVE, 0);
    at(system, 480 * MINUTE + 1);
    STANDS(system, "hours", HL_STATUS_TRIPPED, HL_HALT);
    SAME(info_of(system, "hours").until_ns, started + 90 * MINUTE + 3 * 86400 * SECOND);
    at(system, 90 * MINUTE + 3 * 86400 * SECOND);
    STANDS(system, "hours", HL_STATUS_ACTIVE, 0);
    end(system);
    HEARD(HL_EVENT_TRIPPED, 2), HEARD(HL_EVENT_RESET, 3);
}

/* Nor has a switch. */
static void kill_switch(void) {
    hl_system system = begin("[[breaker]]\nname = \"stop\"\nkind = \"kill_switch\"\nscope = \"XNAS\"\n"
        "sources = [\"manual\", \"anomaly\"]\n", START);
    GIVES(HL_ERR_NOT_ALLOWED, hl_emergency_stop(system, "XNAS", HL_SOURCE_EXTERNAL, "", "clearing", HL_AUTHORITY_AUTO));
    STANDS(system, "stop", HL_STATUS_ACTIVE, 0);
    OK(hl_emergency_stop(system, "XNAS", HL_SOURCE_ANOMALY, "score 0.93", "detector", HL_AUTHORITY_AUTO));
    STANDS(system, "stop", HL_STATUS_EMERGENCY_HALT, HL_HALT);
    BECAUSE(system, "stop", HL_REASON_EMERGENCY);
    GIVES(HL_ERR_AUTHORITY, hl_clear_emergency_stop(system, "XNAS", "", "ann", HL_AUTHORITY_RISK_DESK));
    OK(hl_clear_emergency_stop(system, "XNAS", "false alarm", "root", HL_AUTHORITY_ADMIN));
    STANDS(system, "stop", HL_STATUS_ACTIVE, 0);
    GIVES(HL_ERR_WRONG_STATUS, hl_clear_emergency_stop(system, "XNAS", "", "root", HL_AUTHORITY_ADMIN));
    end(system);
    HEARD(HL_EVENT_EMERGENCY, 1), HEARD(HL_EVENT_RESET, 1), HEARD(HL_EVENT_REFUSED, 3);
}

/* A check is good or it is not. From a Monday, 08:00 in New York. */
static void premarket_validation(void) {
    hl_system system = begin(US "[[breaker]]\nname = \"ready\"\nkind = \"premarket_validation\"\n"
        "scope = \"acct/alpha\"\ncalendar = \"us\"\n"
        "checks = [\"prices\", { name = \"limits\", deadline = \"open-30m\" }]\n", START - 90 * MINUTE);
    hl_feed *feed = feed_on(system, "acct/alpha");
    uint32_t prices, limits, none;
    OK(hl_check_find(system, "prices", &prices));
    OK(hl_check_find(system, "limits", &limits));
    GIVES(HL_ERR_UNKNOWN, hl_check_find(system, "weather", &none));
    STANDS(system, "ready", HL_STATUS_TRIPPED, HL_HALT);
    BECAUSE(system, "ready", HL_REASON_CHECK_MISSING);
    OK(hl_feed_check(feed, prices, false, at(system, 30 * MINUTE)));
    BECAUSE(system, "ready", HL_REASON_CHECK_FAILED);
    OK(hl_feed_check(feed, limits, true, at(system, 60 * MINUTE)));
    OK(hl_feed_check(feed, prices, true, at(system, 70 * MINUTE)));
    STANDS(system, "ready", HL_STATUS_ACTIVE, 0);
    GIVES(HL_ERR_UNKNOWN, hl_feed_check(feed, UINT32_MAX, true, started + 70 * MINUTE));
    at(system, 480 * MINUTE + SECOND);
    BECAUSE(system, "ready", HL_REASON_CHECK_MISSING);
    uint64_t late = at(system, 1440 * MINUTE + 60 * MINUTE + SECOND);
    OK(hl_feed_check(feed, prices, true, late));
    OK(hl_feed_check(feed, limits, true, late));
    STANDS(system, "ready", HL_STATUS_TRIPPED, HL_HALT);
    BECAUSE(system, "ready", HL_REASON_CHECK_LATE);
    hl_feed_close(&feed);
    end(system);
    HEARD(HL_EVENT_TRIPPED, 1), HEARD(HL_EVENT_RESET, 1);
}

int main(void) {
    technical();
    manual_kind();
    time_based();
    kill_switch();
    premarket_validation();
}
