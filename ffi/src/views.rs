//! What people look at: how everything stands, and what has been counted.

use core::ffi::c_char;

use haltline::{BreakerStatus, Counts, Nanos, Status, SystemStatus};

use crate::boundary::{Refused, place, places};
use crate::handle::{self, hl_breaker, hl_system};
use crate::status::{HL_OK, HL_TRUNCATED, hl_status};
use crate::system::with;
use crate::systems::Held;
use crate::text::{self, HL_NAME_BYTES, HL_SENTENCE_BYTES, chars};
use crate::words::bits;

/// Everything at a glance.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hl_system_status {
    /// 1 if an order that increases exposure may go somewhere: the System is armed and the root denies nothing.
    pub can_trade: u32,
    /// `HL_REASON_...` for which the kill word denies; 0 while it does not.
    pub killed: u32,
    /// The kill word, for `hl_rearm`.
    pub kill_word: u64,
    /// Breakers that neither deny nor warn; the kill switches that scopes have by themselves are not counted.
    pub active: u64,
    /// Breakers that warn.
    pub warning: u64,
    /// Breakers that deny something.
    pub tripped: u64,
    /// The highest risk score, 0 to 100.
    pub risk_score: f64,
    /// The System time at which this was found; while nothing changes it stays what it is.
    pub last_update_ns: u64,
    /// One line for people.
    pub message: [c_char; HL_SENTENCE_BYTES],
}

/// One breaker, as it is now.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hl_breaker_info {
    /// Its handle.
    pub breaker: hl_breaker,
    /// Names exactly this status of this breaker: what `hl_reset` must be given as `seen`.
    pub stamp: u64,
    /// Since when, in nanoseconds since 1970.
    pub since_ns: u64,
    /// Until when, if time ends it; else UINT64_MAX.
    pub until_ns: u64,
    /// The value of now.
    pub value: f64,
    /// The limit that it is tested against.
    pub limit: f64,
    /// 0 to 100.
    pub risk_score: f64,
    /// Trips since the start.
    pub trips: u64,
    /// Observations refused since the start.
    pub refused: u64,
    /// Values that came within 5 % of the limit and went away again.
    pub near_misses: u64,
    /// `HL_KIND_...`.
    pub kind: u32,
    /// `HL_STATUS_...`.
    pub status: u32,
    /// `HL_REASON_...`.
    pub reason: u32,
    /// What it denies now, `HL_DENY_...` bits.
    pub denies: u32,
    /// The retry, the rung, or 7 for a latch.
    pub step: u32,
    /// Whether `value` and `limit` are known.
    pub has_value: u32,
    /// 1 if it is the kill switch that a scope has by itself.
    pub is_implicit: u32,
    /// 1 if it has no usable value, and so denies if its policy says so.
    pub is_unready: u32,
    /// 1 if it is disabled by its policy.
    pub is_disabled: u32,
    /// Zero.
    pub reserved: u32,
    /// Probes that are out, while it is half open.
    pub probes_out: u32,
    /// Probes that have passed.
    pub probes_passed: u32,
    /// Its name.
    pub name: [c_char; HL_NAME_BYTES],
    /// The scope that it guards; empty for everything.
    pub scope: [c_char; HL_NAME_BYTES],
}

/// What one breaker, or all of them, have counted.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hl_breaker_counts {
    /// Transitions into Tripped, EmergencyHalt or Liquidating.
    pub trips: u64,
    /// Ways back to Active or Warning.
    pub resets: u64,
    /// Warnings.
    pub warnings: u64,
    /// Observations that were refused.
    pub bad_inputs: u64,
    /// Values that came within 5 % of the limit and went away again.
    pub near_misses: u64,
    /// How long in each `HL_STATUS_...`, in nanoseconds.
    pub time_in_ns: [u64; 8],
}

/// What a System has counted since its start.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hl_system_statistics {
    /// Of all breakers; times of those in service.
    pub counts: hl_breaker_counts,
    /// Breakers in service, the kill switches of the scopes included.
    pub breakers: u64,
    /// Requests of people that were refused.
    pub refusals: u64,
    /// Numbers that events have taken.
    pub events: u64,
    /// Events that were lost before they could be handed out.
    pub lost: u64,
    /// How many events were measured from their time to the queues of the subscribers; none in a manual System.
    pub dispatched: u64,
    /// Half of them took at most this, in nanoseconds.
    pub dispatch_p50_ns: u64,
    /// 90 of a hundred.
    pub dispatch_p90_ns: u64,
    /// 99 of a hundred.
    pub dispatch_p99_ns: u64,
    /// 999 of a thousand.
    pub dispatch_p999_ns: u64,
    /// The slowest.
    pub dispatch_max_ns: u64,
}

/// Writes a list into the room of a caller, and how many there are.
///
/// # Safety
/// `list` has room for `cap`; `n` can be written.
pub(crate) unsafe fn fill<T>(
    list: *mut T,
    cap: usize,
    n: *mut usize,
    all: impl ExactSizeIterator<Item = T>,
) -> Result<hl_status, Refused> {
    // SAFETY: as the caller says.
    let (room, n) = unsafe { (places(list, cap, "buf")?, place(n, "n")?) };
    let count = all.len();
    for (place, each) in room.iter_mut().zip(all) {
        place.write(each);
    }
    n.write(count);
    Ok(if count > cap { HL_TRUNCATED } else { HL_OK })
}

pub(crate) fn system_status(held: &Held, found: &SystemStatus) -> hl_system_status {
    hl_system_status {
        can_trade: found.can_trade.into(),
        killed: found.killed.map_or(0, |reason| reason as u32),
        kill_word: held.system.kill_word(),
        active: found.active.len() as u64,
        warning: found.warning.len() as u64,
        tripped: found.tripped.len() as u64,
        risk_score: found.overall_risk_score,
        last_update_ns: found.last_update.0,
        message: chars(&found.message),
    }
}

fn info(system: u64, found: &BreakerStatus) -> hl_breaker_info {
    let (value, limit) = found.value.unwrap_or_default();
    hl_breaker_info {
        breaker: handle::breaker(system, found.id),
        stamp: found.stamp,
        since_ns: found.since.0,
        until_ns: found.until.unwrap_or(Nanos::NEVER).0,
        value,
        limit,
        risk_score: found.risk_score,
        trips: found.trips,
        refused: found.refused,
        near_misses: found.near_misses,
        kind: found.kind as u32,
        status: found.status as u32,
        reason: found.reason as u32,
        denies: bits(found.denies),
        step: found.step.number().into(),
        has_value: found.value.is_some().into(),
        is_implicit: found.implicit.into(),
        is_unready: found.unready.into(),
        is_disabled: found.disabled.into(),
        reserved: 0,
        probes_out: found.probes.0.into(),
        probes_passed: found.probes.1.into(),
        name: chars(&found.name),
        scope: chars(&found.scope),
    }
}

fn counts(found: &Counts) -> hl_breaker_counts {
    let mut time_in_ns = [0; 8];
    for status in Status::ALL {
        time_in_ns[*status as usize] = found.time_in(*status).as_nanos() as u64;
    }
    let Counts { trips, resets, warnings, bad_inputs, near_misses, .. } = *found;
    hl_breaker_counts { trips, resets, warnings, bad_inputs, near_misses, time_in_ns }
}

/// How everything stands.
///
/// `HL_ERR_STALE`, `HL_ERR_NULL`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks while another one asks; not for the order path.
///
/// # Safety
/// `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_status_get(system: hl_system, out: *mut hl_system_status) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        unsafe { place(out, "out") }?.write(system_status(held, &held.system.status()));
        Ok(())
    })
}

/// The handle of a breaker. It names this one for ever: after a reload that removes it, it is stale.
///
/// `HL_ERR_UNKNOWN` if there is none of that name; `HL_ERR_STALE`, `HL_ERR_NULL`, `HL_ERR_UTF8`.
///
/// Threads: any, at once. Signals: no. Allocates: seldom, and on failure. Progress: lock-free.
///
/// # Safety
/// `name` ends with a NUL; `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_breaker_find(system: hl_system, name: *const c_char, out: *mut hl_breaker) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let (name, out) = unsafe { (text::text(name, "name")?, place(out, "out")?) };
        out.write(handle::breaker(held.bits, held.system.breaker(name)?));
        Ok(())
    })
}

/// All breakers, by number, the kill switches of the scopes included. At most `cap` are written, `n` is how many there are;
/// `HL_TRUNCATED` if they are more.
///
/// `HL_ERR_STALE`, `HL_ERR_NULL`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: lock-free; O(breakers).
///
/// # Safety
/// `buf` has room for `cap`; `n` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_breakers(
    system: hl_system,
    buf: *mut hl_breaker_info,
    cap: usize,
    n: *mut usize,
) -> hl_status {
    with(system, |held| {
        let all = held.system.breakers();
        // SAFETY: as the caller says.
        unsafe { fill(buf, cap, n, all.iter().map(|found| info(held.bits, found))) }
    })
}

/// One breaker, as it is now.
///
/// `HL_ERR_STALE`, `HL_ERR_NULL`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: lock-free.
///
/// # Safety
/// `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_breaker_status(
    system: hl_system,
    breaker: hl_breaker,
    out: *mut hl_breaker_info,
) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let out = unsafe { place(out, "out") }?;
        out.write(info(held.bits, &held.system.breaker_status(handle::breaker_id(held.bits, breaker)?)?));
        Ok(())
    })
}

/// What one breaker has counted since it was put into service.
///
/// `HL_ERR_STALE`, `HL_ERR_NULL`.
///
/// Threads: any, at once. Signals: no. Allocates: seldom, and on failure. Progress: lock-free.
///
/// # Safety
/// `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_breaker_stats(
    system: hl_system,
    breaker: hl_breaker,
    out: *mut hl_breaker_counts,
) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let out = unsafe { place(out, "out") }?;
        out.write(counts(&held.system.breaker_counts(handle::breaker_id(held.bits, breaker)?)?));
        Ok(())
    })
}

/// What has been counted since the start.
///
/// `HL_ERR_STALE`, `HL_ERR_NULL`.
///
/// Threads: any, at once. Signals: no. Allocates: seldom. Progress: blocks while another one asks.
///
/// # Safety
/// `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_statistics(system: hl_system, out: *mut hl_system_statistics) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let out = unsafe { place(out, "out") }?;
        let found = held.system.statistics();
        let nanos = |time: core::time::Duration| time.as_nanos() as u64;
        out.write(hl_system_statistics {
            counts: counts(&found.counts),
            breakers: found.breakers,
            refusals: found.refusals,
            events: found.events,
            lost: found.lost,
            dispatched: found.dispatch.events,
            dispatch_p50_ns: nanos(found.dispatch.p50),
            dispatch_p90_ns: nanos(found.dispatch.p90),
            dispatch_p99_ns: nanos(found.dispatch.p99),
            dispatch_p999_ns: nanos(found.dispatch.p999),
            dispatch_max_ns: nanos(found.dispatch.max),
        });
        Ok(())
    })
}
