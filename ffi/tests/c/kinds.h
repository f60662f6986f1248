/* What the programs of the kinds share: a System whose events are counted, and how a breaker and its gate stand. */
#ifndef KINDS_H
#define KINDS_H

#include "check.h"

/* How many events of each type were heard. */
static unsigned heard[64];
static uint64_t started;

static inline void hear(const hl_event *events, size_t n, void *user) {
    (void)user;
    for (size_t i = 0; i < n; i++) {
        CHECK(events[i].event_type < COUNT(heard));
        heard[events[i].event_type]++;
    }
}

static inline hl_system begin(const char *toml, uint64_t start) {
    hl_options options = manual(toml);
    options.start_ns = started = start;
    hl_system system = open_with(options);
    hl_subscribe_options all = subscriber(hear, NULL);
    hl_subscription subscription;
    OK(hl_subscribe(system, &all, &subscription));
    memset(heard, 0, sizeof heard);
    return system;
}

/* So long after the start. */
static inline uint64_t at(hl_system system, uint64_t after) {
    OK(hl_advance(system, started + after));
    OK(hl_drain(system, NULL));
    return started + after;
}

static inline void end(hl_system system) {
    OK(hl_drain(system, NULL));
    OK(hl_system_close(system, 0));
}

static inline void stands(const char *file, int line, hl_system system, const char *name, uint32_t status, uint32_t denies) {
    hl_breaker_info info = info_of(system, name);
    same(file, line, "its status", info.status, status);
    same(file, line, "what it denies", info.denies & ALL, denies);
    hl_gate *gate = gate_on(system, info.scope);
    same(file, line, "what its gate permits", permitted(gate), ALL & ~denies);
    same(file, line, "whether its gate warns", hl_verdict_warns(hl_gate_check(gate)), status == HL_STATUS_WARNING);
    hl_gate_close(&gate);
}

static inline void for_a_reason(const char *file, int line, hl_system system, const char *name, uint32_t reason) {
    hl_breaker_info info = info_of(system, name);
    same(file, line, "its reason", info.reason, reason);
    hl_gate *gate = gate_on(system, info.scope);
    same(file, line, "the reason of its gate", why(gate), reason);
    hl_gate_close(&gate);
}

#define STANDS(system, name, status, denies) stands(__FILE__, __LINE__, system, name, status, denies)
#define BECAUSE(system, name, reason) for_a_reason(__FILE__, __LINE__, system, name, reason)
#define HEARD(type, least) CHECK(heard[type] >= (least))

#define US                                                                                                             \
    "[[calendar]]\nname = \"us\"\ntimezone = \"America/New_York\"\nfrom = 2020-03-02\nto = 2020-03-31\n"               \
    "sessions = { mon-fri = [\"09:30\", \"16:00\"] }\n"

#endif
