/* Haltline: a trading circuit breaker. Generated from ffi/src by cbindgen; do not edit. MIT OR Apache-2.0 */

#ifndef HALTLINE_H
#define HALTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
