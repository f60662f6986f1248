/* The loop that ffi/benches/check.rs compares with its own: a check of the inline header, `n` times, each of the next of 16 gates. */
#include "haltline_gate.h"

#define KEEP(value) __asm__ volatile("" : "+r"(value) : : "memory")

uint64_t check_loop(const hl_gate *const *gates, uint64_t n);

uint64_t check_loop(const hl_gate *const *gates, uint64_t n) {
    uint64_t denied = 0;
    for (uint64_t i = 0; i < n; ++i) {
        uint64_t bits = hl_gate_check(gates[i % 16]).bits;
        KEEP(bits);
        denied |= bits;
    }
    return denied;
}
