/* Haltline: the order path, inline. Included by haltline.h; needs nothing but this file and the library. MIT OR Apache-2.0
 *
 * A check reads four words and a number. It calls nothing while nothing denies or warns, takes no lock, writes
 * nothing, asks no clock. Everything else is hl_gate_slow's business, so what the words hold is no part of the interface.
 */
#ifndef HALTLINE_GATE_H
#define HALTLINE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if !defined(__GNUC__)
#error "haltline_gate.h needs gcc or clang: its loads are their __atomic_load_n"
#endif
#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || UINTPTR_MAX != UINT64_MAX
#error "Haltline needs a 64-bit little-endian machine"
#endif

#if defined(__cplusplus)
#define HL_STATIC_ASSERT(condition, name) static_assert(condition, #name)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define HL_STATIC_ASSERT(condition, name) _Static_assert(condition, #name)
#else
#define HL_STATIC_ASSERT(condition, name) typedef char hl_assert_##name[(condition) ? 1 : -1]
#endif

/* Conversions that neither -Wconversion nor -Wold-style-cast finds fault with. */
#if defined(__cplusplus)
#define HL_U32(number) static_cast<uint32_t>(number)
#define HL_U64(number) static_cast<uint64_t>(number)
#else
#define HL_U32(number) ((uint32_t)(number))
#define HL_U64(number) ((uint64_t)(number))
#endif

/* A plain static inline is not inlined into code that the compiler believes to be cold. */
#define HL_INLINE static inline __attribute__((always_inline))

/* What an order does to the exposure of its owner; the caller classifies. One that goes through zero is an increase. */
#define HL_INCREASE 0
#define HL_REDUCE 1
#define HL_CANCEL 2

/* The side of an order. */
#define HL_BUY 0
#define HL_SELL 1

/* A price of 1, in the units of prices, 1e-9, and an amount of 1 in those of money, 1e-4. */
#define HL_PRICE_SCALE INT64_C(1000000000)
#define HL_MONEY_SCALE INT64_C(10000)

/* An absent price. */
#define HL_NO_PRICE INT64_MIN

/* The bits of a verdict, and of what a breaker denies: one an intent, then the warning, then the kill word. */
#define HL_DENY_INCREASE 1
#define HL_DENY_REDUCE 2
#define HL_DENY_CANCEL 4
#define HL_WARNS 8
#define HL_DISARMED 16

/* The answer of a gate. Zero: everything may go, and nothing warns. A warning is no denial, so ask hl_verdict_permits. */
typedef struct hl_verdict {
    uint64_t bits;
} hl_verdict;

/* A gate, made by hl_gate_open alone, and used through the pointer that it gives: one cache line. */
typedef struct hl_gate {
    /* Two scopes below the root. Where there are more these are words that are never zero, and each check is a call. */
    const uint64_t *near[2];
    /* The word that a kill changes, and after it that of the root. */
    const uint64_t *arm;
    /* What the first of these is while orders may pass. */
    uint64_t armed;
    /* The price band of the first scope that has one, turned so that words that are zero admit nothing. */
    const uint64_t *upper;
    const uint64_t *floor;
    /* The library's. */
    const void *own[2];
} __attribute__((aligned(64))) hl_gate;

HL_STATIC_ASSERT(sizeof(hl_verdict) == 8, verdict_size);
HL_STATIC_ASSERT(sizeof(hl_gate) == 64, gate_size);
HL_STATIC_ASSERT(offsetof(hl_gate, arm) == 16, gate_arm);
HL_STATIC_ASSERT(offsetof(hl_gate, armed) == 24, gate_armed);
HL_STATIC_ASSERT(offsetof(hl_gate, upper) == 32, gate_upper);
HL_STATIC_ASSERT(offsetof(hl_gate, floor) == 40, gate_floor);
HL_STATIC_ASSERT(offsetof(hl_gate, own) == 48, gate_own);

#ifdef __cplusplus
extern "C" {
#endif

/* The long look, for a check that has not seen zero at once. They are described in haltline.h. */
hl_verdict hl_gate_slow(const hl_gate *gate);
hl_verdict hl_gate_slow2(const hl_gate *instrument, const hl_gate *account);

#ifdef __cplusplus
}
#endif

/* Whether an order of this intent may go by this verdict; an intent that is none may not. */
HL_INLINE bool hl_verdict_permits(hl_verdict verdict, uint32_t intent) {
    return intent <= HL_CANCEL && ((verdict.bits >> intent) & 1) == 0;
}

/* Whether any intent is denied. */
HL_INLINE bool hl_verdict_denies_any(hl_verdict verdict) {
    return (verdict.bits & (HL_DENY_INCREASE | HL_DENY_REDUCE | HL_DENY_CANCEL)) != 0;
}

/* Whether a breaker warns. That denies nothing. */
HL_INLINE bool hl_verdict_warns(hl_verdict verdict) {
    return (verdict.bits & HL_WARNS) != 0;
}

/* Whether the System itself denies: it was killed, has shut down, or this is a forked child. */
HL_INLINE bool hl_verdict_is_disarmed(hl_verdict verdict) {
    return (verdict.bits & HL_DISARMED) != 0;
}

/* The same verdict for this intent alone, so that hl_gate_explain explains its denial and no other. */
HL_INLINE hl_verdict hl_verdict_only(hl_verdict verdict, uint32_t intent) {
    hl_verdict only;
    only.bits = verdict.bits & (HL_DISARMED | (intent <= HL_CANCEL ? HL_U64(1) << intent : 0));
    return only;
}

/* Zero: trade. Anything else, NULL among it: ask hl_gate_slow. The loads acquire, from the leaf to the root and
 * then the arm word, so that a halt that moves up is seen in one of them. */
HL_INLINE uint64_t hl_gate_quick(const hl_gate *gate) {
    const uint64_t *leaf, *arm;
    uint64_t denied;
    if (!gate) {
        return 1;
    }
    /* Read here, since a compiler reads it again after each load that acquires. */
    leaf = gate->near[0];
    arm = gate->arm;
    denied = __atomic_load_n(leaf, __ATOMIC_ACQUIRE);
    denied |= __atomic_load_n(gate->near[1], __ATOMIC_ACQUIRE);
    denied |= __atomic_load_n(arm + 1, __ATOMIC_ACQUIRE);
    return denied | (__atomic_load_n(arm, __ATOMIC_ACQUIRE) ^ gate->armed);
}

/* What is denied now. A NULL gate denies everything.
 *
 * Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free. */
HL_INLINE hl_verdict hl_gate_check(const hl_gate *gate) {
    hl_verdict clear = {0};
    return hl_gate_quick(gate) == 0 ? clear : hl_gate_slow(gate);
}

/* What two gates deny together: an instrument and an account, say, so that nobody needs a gate for every pair.
 *
 * Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free. */
HL_INLINE hl_verdict hl_gate_check2(const hl_gate *instrument, const hl_gate *account) {
    hl_verdict clear = {0};
    return (hl_gate_quick(instrument) | hl_gate_quick(account)) == 0 ? clear : hl_gate_slow2(instrument, account);
}

/* Whether an order of this intent (HL_INCREASE, HL_REDUCE, HL_CANCEL) may go now. No other number may, and nothing by NULL.
 *
 * Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free. */
HL_INLINE bool hl_gate_permits(const hl_gate *gate, uint32_t intent) {
    return intent <= HL_CANCEL && (hl_gate_quick(gate) == 0 || hl_verdict_permits(hl_gate_slow(gate), intent));
}

/* Whether an order of this side (HL_BUY, HL_SELL) may name this price, in units of 1e-9, by the price band of the first scope of
 * the gate that had one when it was opened: a purchase up to the upper band, a sale from the lower one on. Without a band there, every price may be named. HL_NO_PRICE
 * is none and is not admitted. It judges the price of an order as it comes in; a price that is traded at must be admitted for both
 * sides. Ask for an order that names no price at the price of its match. Beside hl_gate_check, not in its place:
 * what is killed, tripped or forked is told by that. No other side may name any price, and nobody by NULL.
 *
 * Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free. */
HL_INLINE bool hl_gate_admits_price(const hl_gate *gate, int64_t price, uint32_t side) {
    const uint64_t turn = HL_U64(1) << 63;
    if (!gate || side > HL_SELL || price == HL_NO_PRICE) {
        return false;
    }
    /* Beyond this no price lies that anybody names, and its negative is a number. */
    price = price > INT64_MAX - 1 ? INT64_MAX - 1 : price < -(INT64_MAX - 1) ? -(INT64_MAX - 1) : price;
    if (side == HL_BUY) {
        return (HL_U64(price) ^ turn) <= __atomic_load_n(gate->upper, __ATOMIC_RELAXED);
    }
    return (HL_U64(-price) ^ turn) <= __atomic_load_n(gate->floor, __ATOMIC_RELAXED);
}

#endif /* HALTLINE_GATE_H */
