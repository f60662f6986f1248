/* Haltline: a trading circuit breaker. Generated from ffi/src by cbindgen; do not edit. MIT OR Apache-2.0 */

#ifndef HALTLINE_H
#define HALTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 Realised volatility of an instrument or index.
 */
#define HL_KIND_VOLATILITY 1

/*
 Fall of equity from a peak.
 */
#define HL_KIND_DRAWDOWN 2

/*
 Speed of losing.
 */
#define HL_KIND_LOSS_RATE 3

/*
 Number and size of positions.
 */
#define HL_KIND_POSITION_LIMIT 4

/*
 Instruments that move as one, or no longer together.
 */
#define HL_KIND_CORRELATION 5

/*
 The classic circuit breaker around a dependency.
 */
#define HL_KIND_TECHNICAL 6

/*
 Tripped and reset by people.
 */
#define HL_KIND_MANUAL 7

/*
 Trading inside sessions only.
 */
#define HL_KIND_TIME_BASED 8

/*
 The emergency stop of a scope.
 */
#define HL_KIND_KILL_SWITCH 9

/*
 A ladder of market-wide halts, or the halts of a venue.
 */
#define HL_KIND_MARKET_CIRCUIT_BREAKER 10

/*
 A return, volume or spread that is far from those before it.
 */
#define HL_KIND_ANOMALY_DETECTION 11

/*
 The book must be reduced.
 */
#define HL_KIND_LIQUIDATION_REQUIRED 12

/*
 Checks that must have passed before a session.
 */
#define HL_KIND_PREMARKET_VALIDATION 13

/*
 What is heard of a market: all of it, in order, in time, and a book that can be.
 */
#define HL_KIND_DATA_FEED_INTEGRITY 14

/*
 Share of right predictions of a model.
 */
#define HL_KIND_MODEL_PERFORMANCE 15

/*
 The number of this interface; it changes when a program built against an older header must not be linked.
 */
#define HL_ABI_VERSION 1

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 The interface that the linked library has: compare it with `HL_ABI_VERSION`.

 Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
 */
uint32_t hl_abi_version(void);

/*
 Denies every order but cancels in every System of this process, at once. The way back is an administrator's rearm.

 Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
 */
void hl_kill_all(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* HALTLINE_H */
