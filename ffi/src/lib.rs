//! The C interface of Haltline: prefix `hl_`, header `include/haltline.h`.
//!
//! Only what a C program needs to know that it has the right library, and to stop all trading of its process, is here
//! yet. The header is generated from this file and committed; a test holds the two together.

mod kinds;

pub use kinds::*;

/// The number of this interface; it changes when a program built against an older header must not be linked.
pub const HL_ABI_VERSION: u32 = 1;

/// The interface that the linked library has: compare it with `HL_ABI_VERSION`.
///
/// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
#[unsafe(no_mangle)]
pub extern "C" fn hl_abi_version() -> u32 {
    HL_ABI_VERSION
}

/// Denies every order but cancels in every System of this process, at once. The way back is an administrator's rearm.
///
/// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
#[unsafe(no_mangle)]
pub extern "C" fn hl_kill_all() {
    haltline::kill_all();
}
