/* The loop that ffi/benches/check.rs compares with its own: a check of the inline header, `n` times. */
#include "haltline_gate.h"

#define KEEP(value) __asm__ volatile("" : "+r"(value) : : "memory")

uint64_t check_loop(const hl_gate *gate, uint64_t n);

uint64_t check_loop(const hl_gate *gate, uint64_t n) {
    uint64_t denied = 0;
    for (uint64_t i = 0; i < n; ++i) {
        KEEP(gate);
        uint64_t bits = hl_gate_check(gate).bits;
        KEEP(bits);
        denied |= bits;
    }
    return denied;
}
