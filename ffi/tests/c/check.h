/* What the programs of the suite share: checks that say where, what, and the library's last word. */
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "haltline.h"

/* 2020-03-09 13:30 UTC, a Monday, when New York opens. */
#define START (1583760600 * SECOND)
#define SECOND ((uint64_t)1000000000)
#define MINUTE (60 * SECOND)
#define PRICE(x) ((int64_t)((x) * 1e9 + 0.5))
#define MONEY(x) ((int64_t)((x) * 1e4 + 0.5))
#define COUNT(array) (sizeof(array) / sizeof *(array))

static inline void fail(const char *file, int line, const char *what) {
    static char error[HL_ERROR_BYTES];
    hl_last_error(error, sizeof error);
    fprintf(stderr, "%s:%d: %s\n  last error: %s\n", file, line, what, error);
    fflush(stderr);
    abort();
}

static inline void same(const char *file, int line, const char *what, long long found, long long expected) {
    if (found != expected) {
        fprintf(stderr, "found %lld, expected %lld\n", found, expected);
        fail(file, line, what);
    }
}

static inline void gives(const char *file, int line, const char *call, hl_status found, hl_status expected) {
    if (found != expected) {
        fprintf(stderr, "found %d: %s; expected %d\n", found, hl_status_str(found), expected);
        fail(file, line, call);
    }
}

#define CHECK(expr) ((expr) ? (void)0 : fail(__FILE__, __LINE__, #expr))
#define SAME(found, expected) same(__FILE__, __LINE__, #found, (long long)(found), (long long)(expected))
#define GIVES(expected, call) gives(__FILE__, __LINE__, #call, call, expected)
#define OK(call) GIVES(HL_OK, call)

/* Options of a manual System at START. */
static inline hl_options manual(const char *toml) {
    hl_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.mode = HL_MANUAL;
    options.config = toml;
    options.config_len = strlen(toml);
    options.start_ns = START;
    return options;
}

static inline hl_system open_with(hl_options options) {
    hl_system system;
    OK(hl_system_open(&options, &system));
    return system;
}

static inline hl_system open_manual(const char *toml) {
    return open_with(manual(toml));
}

static inline hl_system open_threaded(const char *toml) {
    hl_options options = manual(toml);
    options.mode = HL_THREADED;
    options.start_ns = 0;
    return open_with(options);
}

/* A gate on a scope, which the configuration need not name. */
static inline hl_gate *gate_on(hl_system system, const char *scope) {
    hl_gate *gate;
    OK(hl_declare(system, &scope, 1));
    OK(hl_gate_open(system, &scope, 1, &gate));
    return gate;
}

static inline hl_feed *feed_on(hl_system system, const char *scope) {
    hl_feed *feed;
    OK(hl_feed_open(system, scope, &feed));
    return feed;
}

static inline hl_breaker breaker_of(hl_system system, const char *name) {
    hl_breaker breaker;
    OK(hl_breaker_find(system, name, &breaker));
    return breaker;
}

static inline hl_breaker_info info_of(hl_system system, const char *name) {
    hl_breaker_info info;
    OK(hl_breaker_status(system, breaker_of(system, name), &info));
    return info;
}

static inline hl_subscribe_options subscriber(hl_events_fn function, void *user) {
    hl_subscribe_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.function = function;
    options.user = user;
    return options;
}

/* The intents that may go, one bit each. */
static inline unsigned permitted(const hl_gate *gate) {
    unsigned bits = 0;
    for (uint32_t intent = HL_INCREASE; intent <= HL_CANCEL; intent++) {
        bits |= (unsigned)hl_gate_permits(gate, intent) << intent;
    }
    return bits;
}

#define ALL 7u
#define MAY_INCREASE (1u << HL_INCREASE)
#define MAY_REDUCE (1u << HL_REDUCE)
#define MAY_CANCEL (1u << HL_CANCEL)

/* The reason for which a gate denies now. */
static inline uint32_t why(const hl_gate *gate) {
    hl_denial denial;
    OK(hl_gate_explain(gate, hl_gate_check(gate), &denial));
    return denial.reason;
}

/* Fewer rounds of what is repeated, for a run in a slow machine: the first argument. */
static inline unsigned long rounds(int argc, char **argv, unsigned long usual) {
    unsigned long divisor = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    unsigned long few = usual / (divisor ? divisor : 1);
    return few ? few : 1;
}

/* A switch for people. */
#define DESK "[[breaker]]\nname = \"desk\"\nkind = \"manual\"\nscope = \"XNAS\"\n"
/* What an account may lose from its peak. */
#define DRAWDOWN                                                                                                       \
    "[[breaker]]\nname = \"drawdown\"\nkind = \"drawdown\"\nscope = \"acct/alpha\"\nlimit = 0.08\nspeed = false\n"     \
    "stale_after = \"10m\"\n"

#endif
