//! The last events, for who asks later.

use core::mem::offset_of;

use haltline::{Nanos, Past};

use crate::events::{event, hl_event};
use crate::filter::{filter, hl_filter};
use crate::handle::{self, hl_breaker, hl_system};
use crate::status::{HL_OK, HL_TRUNCATED, hl_status};
use crate::structs::{self, Sized32};
use crate::system::with;
use crate::views::fill;

/// Which events of the history are wanted. Zero it and set `struct_size`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hl_past {
    /// `sizeof(hl_past)`.
    pub struct_size: u32,
    /// Zero.
    pub reserved: u32,
    /// Of which kinds, scopes and types.
    pub filter: hl_filter,
    /// Of one breaker; zero is all.
    pub breaker: hl_breaker,
    /// Not before, in nanoseconds since 1970.
    pub from_ns: u64,
    /// Not after; 0 is without an end.
    pub until_ns: u64,
}

// SAFETY: `repr(C)`, begins with its size; numbers and a pointer.
unsafe impl Sized32 for hl_past {
    const NAME: &'static str = "hl_past";
    const LEAST: usize = 64;
    const RESERVED: &'static [(usize, &'static str)] = &[
        (offset_of!(hl_past, reserved), "hl_past.reserved"),
        (offset_of!(hl_past, filter.reserved), "hl_filter.reserved"),
    ];
}

/// The last events that are wanted, the oldest first: the newest `cap` of them are written. `n` is how many are held that are wanted;
/// `HL_TRUNCATED` if that is more than `cap`. In a manual System what has been drained.
///
/// `HL_ERR_STRUCT_SIZE`, `HL_ERR_ARGUMENT`, `HL_ERR_BAD_SCOPE`, `HL_ERR_STALE`, `HL_ERR_NULL`, `HL_ERR_UTF8`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant; O(history).
///
/// # Safety
/// `past` is as long as it says, its scope ends with a NUL; `buf` has room for `cap`; `n` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_history(
    system: hl_system,
    past: *const hl_past,
    buf: *mut hl_event,
    cap: usize,
    n: *mut usize,
) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let past = unsafe { structs::read(past, "past") }?;
        let is_one = past.breaker != hl_breaker::default();
        let past = Past {
            // SAFETY: as the caller says.
            filter: unsafe { filter(&past.filter) }?,
            breaker: is_one.then(|| handle::breaker_id(held.bits, past.breaker)).transpose()?,
            from: Nanos(past.from_ns),
            until: if past.until_ns == 0 { Nanos::NEVER } else { Nanos(past.until_ns) },
        };
        let (epoch, found) = (held.system.epoch(), held.system.history(&past));
        let newest = &found[found.len().saturating_sub(cap)..];
        // SAFETY: as the caller says.
        unsafe {
            fill(buf, cap, n, newest.iter().map(|each| event(held.bits, epoch, each)))?;
            n.write(found.len());
        }
        Ok(if found.len() > cap { HL_TRUNCATED } else { HL_OK })
    })
}
