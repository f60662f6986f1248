/* Handles: old ones, closed ones, those of another type, and 100 000 numbers that are none. */
#include "check.h"

static uint64_t next_random(void) {
    static uint64_t state = 0x9E3779B97F4A7C15;
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}

static void no_system(const char *file, int line, hl_system none) {
    hl_breaker breaker = {0};
    hl_gate *gate = NULL;
    hl_feed *feed = NULL;
    hl_tally *tally = NULL;
    hl_subscription subscription = {0};
    hl_subscribe_options options = subscriber(NULL, NULL);
    hl_system_status status;
    hl_breaker_info info;
    hl_system_statistics statistics;
    const char *scope = "XNAS";
    char text[8];
    uint64_t number;
    uint32_t check;
    size_t n;
#define STALE(call) gives(file, line, #call, call, HL_ERR_STALE)
    STALE(hl_system_close(none, 0));
    STALE(hl_system_reload(none, DESK, strlen(DESK)));
    STALE(hl_system_reload_file(none, "risk.toml"));
    STALE(hl_config_warnings(none, text, sizeof text));
    STALE(hl_declare(none, &scope, 1));
    STALE(hl_advance(none, START));
    STALE(hl_drain(none, NULL));
    STALE(hl_now(none, &number));
    STALE(hl_gate_open(none, &scope, 1, &gate));
    STALE(hl_feed_open(none, scope, &feed));
    STALE(hl_tally_open(none, scope, &tally));
    STALE(hl_check_find(none, "prices", &check));
    STALE(hl_kill(none));
    STALE(hl_kill_word(none, &number));
    STALE(hl_rearm(none, 0, "", "root", HL_AUTHORITY_ADMIN));
    STALE(hl_trip(none, breaker, "", "tom", HL_AUTHORITY_ADMIN));
    STALE(hl_emergency_stop(none, scope, HL_SOURCE_MANUAL, "", "tom", HL_AUTHORITY_ADMIN));
    STALE(hl_clear_emergency_stop(none, scope, "", "tom", HL_AUTHORITY_ADMIN));
    STALE(hl_subscribe(none, &options, &subscription));
    STALE(hl_subscribers(none, NULL, 0, &n));
    STALE(hl_status_get(none, &status));
    STALE(hl_breaker_find(none, "desk", &breaker));
    STALE(hl_breakers(none, NULL, 0, &n));
    STALE(hl_breaker_status(none, breaker, &info));
    STALE(hl_statistics(none, &statistics));
    CHECK(gate == NULL && feed == NULL && tally == NULL && subscription.bits == 0 && breaker.bits == 0);
}

static void no_breaker(const char *file, int line, hl_system system, hl_breaker none) {
    hl_breaker_info info;
    hl_breaker_counts counts;
    hl_policy policy;
    memset(&policy, 0, sizeof policy);
    policy.struct_size = sizeof policy;
    STALE(hl_breaker_status(system, none, &info));
    STALE(hl_breaker_stats(system, none, &counts));
    STALE(hl_policy_get(system, none, &policy));
    STALE(hl_policy_update(system, none, &policy, "", "root", HL_AUTHORITY_ADMIN));
    STALE(hl_trip(system, none, "", "root", HL_AUTHORITY_ADMIN));
    STALE(hl_reset(system, none, 0, "", "root", HL_AUTHORITY_ADMIN));
    STALE(hl_force_reset(system, none, 0, "", "root", HL_AUTHORITY_ADMIN));
    STALE(hl_rebase(system, none, 1, "", "root", HL_AUTHORITY_ADMIN));
    STALE(hl_liquidate(system, none, "", "root", HL_AUTHORITY_ADMIN));
    STALE(hl_liquidated(system, none, "", "root", HL_AUTHORITY_ADMIN));
    STALE(hl_maintain(system, none, "", "root", HL_AUTHORITY_ADMIN));
    STALE(hl_enable(system, none, true, "", "root", HL_AUTHORITY_ADMIN));
    STALE(hl_drill(system, none, "", "root", HL_AUTHORITY_ADMIN));
}

static void no_subscription(const char *file, int line, hl_subscription none) {
    size_t n;
    STALE(hl_unsubscribe(none, 0));
    STALE(hl_poll_events(none, NULL, 0, &n));
    STALE(hl_wait_events(none, NULL, 0, 0, &n));
}

static void no_permit(const char *file, int line, uint64_t bits) {
    hl_permit permit = {bits};
    STALE(hl_permit_passed(&permit));
    permit.bits = bits;
    STALE(hl_permit_failed(&permit));
    permit.bits = bits;
    STALE(hl_permit_release(&permit));
}

#define NO_SYSTEM(bits) no_system(__FILE__, __LINE__, (hl_system){bits})
#define NO_BREAKER(system, bits) no_breaker(__FILE__, __LINE__, system, (hl_breaker){bits})
#define NO_SUBSCRIPTION(bits) no_subscription(__FILE__, __LINE__, (hl_subscription){bits})
#define NO_PERMIT(bits) no_permit(__FILE__, __LINE__, bits)

static const char probing[] = "[[breaker]]\nname = \"desk\"\nkind = \"manual\"\nscope = \"XNAS\"\ncooldown_for = \"1m\"\n"
    "cooldown_effect = { probe = 1 }\n";

/* A permit of a probe: the desk is tripped, and reset. */
static hl_permit probe_of(hl_system system) {
    hl_permit permit;
    hl_gate *gate = gate_on(system, "XNAS");
    OK(hl_trip(system, breaker_of(system, "desk"), "", "tom", HL_AUTHORITY_TRADER));
    hl_breaker_info info = info_of(system, "desk");
    OK(hl_reset(system, info.breaker, info.stamp, "", "ann", HL_AUTHORITY_RISK_DESK));
    OK(hl_gate_try_probe(gate, &permit));
    hl_gate_close(&gate);
    return permit;
}

static void what_is_closed_is_stale_however_often(void) {
    hl_system system = open_manual(probing);
    hl_subscribe_options options = subscriber(NULL, NULL);
    hl_subscription subscription;
    hl_breaker breaker = breaker_of(system, "desk");
    OK(hl_subscribe(system, &options, &subscription));
    OK(hl_unsubscribe(subscription, 0));
    NO_SUBSCRIPTION(subscription.bits);
    hl_permit permit = probe_of(system), copy = permit;
    OK(hl_permit_release(&permit));
    NO_PERMIT(copy.bits);
    hl_gate *gate = gate_on(system, "XNAS");
    OK(hl_gate_try_probe(gate, &permit));
    hl_gate_close(&gate);
    OK(hl_system_close(system, 0));
    /* A permit ends with its System. */
    NO_PERMIT(permit.bits);
    /* The slot is another one's now, and the old handles are none of it. */
    hl_system second = open_manual(DESK);
    for (int i = 0; i < 2; i++) {
        NO_SYSTEM(system.bits);
        NO_BREAKER(system, breaker.bits);
        NO_BREAKER(second, breaker.bits);
        OK(hl_system_close(second, 0));
        second = open_manual(DESK);
    }
    OK(hl_system_close(second, 0));
}

static void a_handle_of_another_type_is_none(void) {
    hl_system system = open_manual(probing);
    hl_subscribe_options options = subscriber(NULL, NULL);
    hl_subscription subscription;
    OK(hl_subscribe(system, &options, &subscription));
    hl_permit permit = probe_of(system);
    const uint64_t bits[] = {system.bits, breaker_of(system, "desk").bits, subscription.bits, permit.bits, 0, UINT64_MAX};
    for (size_t i = 0; i < COUNT(bits); i++) {
        if (i != 0) NO_SYSTEM(bits[i]);
        if (i != 1) NO_BREAKER(system, bits[i]);
        if (i != 2) NO_SUBSCRIPTION(bits[i]);
        if (i != 3) NO_PERMIT(bits[i]);
    }
    OK(hl_system_close(system, 0));
    /* What waits for one who asks may still be taken. */
    hl_event events[64];
    size_t n;
    OK(hl_poll_events(subscription, events, COUNT(events), &n));
    CHECK(n > 0);
    GIVES(HL_ERR_CLOSED, hl_poll_events(subscription, events, COUNT(events), &n));
    OK(hl_unsubscribe(subscription, 0));
    NO_SUBSCRIPTION(subscription.bits);
}

/* Any numbers, and any behind the type of each handle. */
static void numbers_that_are_none_do_nothing(unsigned long count) {
    hl_system system = open_manual(DESK);
    hl_gate *gate = gate_on(system, "XNAS");
    const uint64_t types = ~(uint64_t)0 << 56;
    uint64_t breaker = breaker_of(system, "desk").bits;
    for (unsigned long i = 0; i < count; i++) {
        uint64_t random = next_random();
        NO_SYSTEM(random);
        NO_BREAKER(system, random);
        NO_SUBSCRIPTION(random);
        NO_PERMIT(random);
        NO_SYSTEM((system.bits & types) | (random & ~types));
        NO_BREAKER(system, (breaker & types) | (random & ~types));
        NO_BREAKER(system, (breaker & ~(uint64_t)UINT32_MAX) | (random >> 32));
    }
    SAME(permitted(gate), ALL);
    hl_gate_close(&gate);
    OK(hl_system_close(system, 0));
}

int main(int argc, char **argv) {
    what_is_closed_is_stale_however_often();
    a_handle_of_another_type_is_none();
    numbers_that_are_none_do_nothing(rounds(argc, argv, 100000));
}
