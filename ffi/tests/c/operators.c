/* What people do: each request, who may make it, and what is refused. */
#include "check.h"

static hl_system system_;
static hl_breaker desk;
static hl_gate *gate;

static void begin(void) {
    system_ = open_manual(DESK);
    desk = breaker_of(system_, "desk");
    gate = gate_on(system_, "XNAS");
}

static void end(void) {
    hl_gate_close(&gate);
    OK(hl_system_close(system_, 0));
}

static uint32_t status(void) {
    return info_of(system_, "desk").status;
}

static uint64_t stamp(void) {
    return info_of(system_, "desk").stamp;
}

static void a_trip_is_reset_by_who_has_seen_it(void) {
    begin();
    GIVES(HL_ERR_AUTHORITY, hl_trip(system_, desk, "", "machine", HL_AUTHORITY_AUTO));
    GIVES(HL_ERR_ARGUMENT, hl_trip(system_, desk, "", "tom", 4));
    GIVES(HL_ERR_BAD_INPUT, hl_maintain(system_, desk, "a\nb", "ann", HL_AUTHORITY_RISK_DESK));
    SAME(permitted(gate), ALL);
    /* A halt is not refused for its words. */
    OK(hl_trip(system_, desk, "a\nb \xe4", "", HL_AUTHORITY_TRADER));
    SAME(permitted(gate), MAY_CANCEL);
    OK(hl_reset(system_, desk, stamp(), "", "ann", HL_AUTHORITY_RISK_DESK));
    OK(hl_emergency_stop(system_, "XNAS", HL_SOURCE_MANUAL, "a\nb \xe4", "", HL_AUTHORITY_AUTO));
    SAME(permitted(gate), MAY_CANCEL);
    OK(hl_clear_emergency_stop(system_, "XNAS", "", "root", HL_AUTHORITY_ADMIN));
    OK(hl_trip(system_, desk, "wild router", "tom", HL_AUTHORITY_TRADER));
    SAME(permitted(gate), MAY_CANCEL);
    uint64_t first = stamp();
    OK(hl_reset(system_, desk, first, "replaced", "ann", HL_AUTHORITY_RISK_DESK));
    GIVES(HL_ERR_WRONG_STATUS, hl_reset(system_, desk, first, "", "ann", HL_AUTHORITY_RISK_DESK));
    OK(hl_trip(system_, desk, "again", "tom", HL_AUTHORITY_TRADER));
    GIVES(HL_ERR_NEWER_TRIP, hl_reset(system_, desk, first, "", "ann", HL_AUTHORITY_RISK_DESK));
    GIVES(HL_ERR_NEWER_TRIP, hl_force_reset(system_, desk, first, "", "root", HL_AUTHORITY_ADMIN));
    GIVES(HL_ERR_AUTHORITY, hl_force_reset(system_, desk, stamp(), "", "ann", HL_AUTHORITY_RISK_DESK));
    OK(hl_force_reset(system_, desk, stamp(), "", "root", HL_AUTHORITY_ADMIN));
    SAME(permitted(gate), ALL);
    end();
}

static void a_breaker_is_taken_out_of_service_and_out_of_force(void) {
    begin();
    OK(hl_maintain(system_, desk, "new router", "ann", HL_AUTHORITY_RISK_DESK));
    SAME(status(), HL_STATUS_MAINTENANCE);
    SAME(permitted(gate), MAY_CANCEL);
    GIVES(HL_ERR_WRONG_STATUS, hl_trip(system_, desk, "", "tom", HL_AUTHORITY_TRADER));
    OK(hl_reset(system_, desk, stamp(), "done", "ann", HL_AUTHORITY_RISK_DESK));
    OK(hl_enable(system_, desk, false, "", "ann", HL_AUTHORITY_RISK_DESK));
    SAME(info_of(system_, "desk").is_disabled, 1);
    GIVES(HL_ERR_NOT_ALLOWED, hl_trip(system_, desk, "", "tom", HL_AUTHORITY_TRADER));
    SAME(permitted(gate), ALL);
    OK(hl_enable(system_, desk, true, "", "ann", HL_AUTHORITY_RISK_DESK));
    OK(hl_drill(system_, desk, "the first of a month", "ann", HL_AUTHORITY_RISK_DESK));
    SAME(permitted(gate), ALL);
    end();
}

static void a_kill_switch_is_maintained_and_not_tripped(void) {
    begin();
    hl_breaker kill = breaker_of(system_, "kill:XNAS");
    GIVES(HL_ERR_NOT_ALLOWED, hl_trip(system_, kill, "", "root", HL_AUTHORITY_ADMIN));
    GIVES(HL_ERR_NOT_ALLOWED, hl_liquidate(system_, kill, "", "root", HL_AUTHORITY_ADMIN));
    OK(hl_maintain(system_, kill, "", "root", HL_AUTHORITY_ADMIN));
    SAME(permitted(gate), MAY_CANCEL);
    OK(hl_reset(system_, kill, info_of(system_, "kill:XNAS").stamp, "", "root", HL_AUTHORITY_ADMIN));
    SAME(permitted(gate), ALL);
    OK(hl_enable(system_, desk, false, "", "ann", HL_AUTHORITY_RISK_DESK));
    GIVES(HL_ERR_NOT_ALLOWED, hl_maintain(system_, desk, "", "ann", HL_AUTHORITY_RISK_DESK));
    end();
}

static void a_book_is_reduced(void) {
    begin();
    GIVES(HL_ERR_WRONG_STATUS, hl_liquidated(system_, desk, "", "ann", HL_AUTHORITY_RISK_DESK));
    OK(hl_liquidate(system_, desk, "margin call", "ann", HL_AUTHORITY_RISK_DESK));
    SAME(status(), HL_STATUS_LIQUIDATING);
    SAME(permitted(gate), MAY_REDUCE | MAY_CANCEL);
    OK(hl_liquidated(system_, desk, "flat", "ann", HL_AUTHORITY_RISK_DESK));
    SAME(status(), HL_STATUS_TRIPPED);
    GIVES(HL_ERR_NOT_ALLOWED, hl_rebase(system_, desk, MONEY(1), "", "ann", HL_AUTHORITY_RISK_DESK));
    end();
}

static void a_scope_is_stopped(void) {
    begin();
    hl_breaker_info all[8];
    size_t n;
    GIVES(HL_ERR_UNKNOWN, hl_emergency_stop(system_, "XLON", HL_SOURCE_MANUAL, "", "tom", HL_AUTHORITY_AUTO));
    GIVES(HL_ERR_ARGUMENT, hl_emergency_stop(system_, "XNAS", 3, "", "tom", HL_AUTHORITY_AUTO));
    SAME(permitted(gate), ALL);
    OK(hl_emergency_stop(system_, "XNAS", HL_SOURCE_EXTERNAL, "member default", "clearing", HL_AUTHORITY_AUTO));
    SAME(permitted(gate), MAY_CANCEL);
    OK(hl_breakers(system_, all, COUNT(all), &n));
    bool found = false;
    for (size_t i = 0; i < n; i++) {
        found |= all[i].is_implicit && all[i].status == HL_STATUS_EMERGENCY_HALT && !strcmp(all[i].scope, "XNAS");
    }
    CHECK(found);
    /* A reload must not remove it. */
    GIVES(HL_ERR_AUTHORITY, hl_clear_emergency_stop(system_, "XNAS", "", "ann", HL_AUTHORITY_RISK_DESK));
    OK(hl_clear_emergency_stop(system_, "XNAS", "false alarm", "root", HL_AUTHORITY_ADMIN));
    SAME(permitted(gate), ALL);
    end();
}

static void a_kill_is_ended_by_who_has_seen_it(void) {
    begin();
    hl_system other = open_manual(DESK);
    hl_gate *there = gate_on(other, "XNAS");
    uint64_t first, second;
    OK(hl_kill(system_));
    SAME(permitted(gate), MAY_CANCEL);
    SAME(permitted(there), ALL);
    SAME(why(gate), HL_REASON_KILLED);
    OK(hl_kill_word(system_, &first));
    OK(hl_kill_all());
    SAME(permitted(there), MAY_CANCEL);
    OK(hl_kill_word(system_, &second));
    CHECK(first != second);
    GIVES(HL_ERR_NEWER_TRIP, hl_rearm(system_, first, "", "root", HL_AUTHORITY_ADMIN));
    GIVES(HL_ERR_AUTHORITY, hl_rearm(system_, second, "", "ann", HL_AUTHORITY_RISK_DESK));
    SAME(permitted(gate), MAY_CANCEL);
    OK(hl_rearm(system_, second, "drill", "root", HL_AUTHORITY_ADMIN));
    SAME(permitted(gate), ALL);
    SAME(permitted(there), MAY_CANCEL);
    hl_gate_close(&there);
    OK(hl_system_close(other, 0));
    end();
}

static void a_part_of_a_policy_is_changed(void) {
    begin();
    hl_policy before, after, part;
    OK(hl_policy_get(system_, desk, &before));
    SAME(before.effect, HL_HALT);
    memset(&part, 0, sizeof part);
    part.struct_size = sizeof part;
    part.fields = HL_POLICY_EFFECT;
    part.effect = HL_NO_NEW;
    GIVES(HL_ERR_AUTHORITY, hl_policy_update(system_, desk, &part, "", "tom", HL_AUTHORITY_TRADER));
    OK(hl_policy_update(system_, desk, &part, "softer", "ann", HL_AUTHORITY_RISK_DESK));
    OK(hl_policy_get(system_, desk, &after));
    before.effect = HL_NO_NEW;
    SAME(memcmp(&before, &after, sizeof before), 0);
    OK(hl_trip(system_, desk, "", "tom", HL_AUTHORITY_TRADER));
    SAME(permitted(gate), MAY_REDUCE | MAY_CANCEL);
    part.effect = 2;
    GIVES(HL_ERR_ARGUMENT, hl_policy_update(system_, desk, &part, "", "ann", HL_AUTHORITY_RISK_DESK));
    part.fields = 1u << 14;
    GIVES(HL_ERR_ARGUMENT, hl_policy_update(system_, desk, &part, "", "ann", HL_AUTHORITY_RISK_DESK));
    part.fields = HL_POLICY_SEVERITY, part.severity = 2;
    GIVES(HL_ERR_BAD_PLAN, hl_policy_update(system_, desk, &part, "", "ann", HL_AUTHORITY_RISK_DESK));
    end();
}

int main(void) {
    a_trip_is_reset_by_who_has_seen_it();
    a_breaker_is_taken_out_of_service_and_out_of_force();
    a_kill_switch_is_maintained_and_not_tripped();
    a_book_is_reduced();
    a_scope_is_stopped();
    a_kill_is_ended_by_who_has_seen_it();
    a_part_of_a_policy_is_changed();
}
