//! What people do. Each names a reason (at most 128 bytes), an actor (1 to 64) and his authority; what is refused is an event, too.

use core::ffi::c_char;

use haltline::{BreakerId, By, EmergencySource, Error, Money, System};

use crate::boundary::{Refused, place};
use crate::handle::{self, hl_breaker, hl_system};
use crate::status::*;
use crate::system::with;
use crate::{systems, text, words};

/// Who, why, with what authority.
///
/// # Safety
/// Both texts are NULL or end with a NUL.
pub(crate) unsafe fn by<'a>(reason: *const c_char, actor: *const c_char, authority: u32) -> Result<By<'a>, Refused> {
    // SAFETY: as the caller says.
    let (reason, actor) = unsafe { (text::text(reason, "reason")?, text::text(actor, "actor")?) };
    Ok(By::new(actor, words::authority(authority)?, reason))
}

/// Acts on a breaker.
///
/// # Safety
/// As [`by`].
unsafe fn act(
    system: hl_system,
    breaker: hl_breaker,
    (reason, actor, authority): (*const c_char, *const c_char, u32),
    what: impl FnOnce(&System, BreakerId, By<'_>) -> Result<(), Error>,
) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let by = unsafe { by(reason, actor, authority) }?;
        Ok(what(&held.system, handle::breaker_id(held.bits, breaker)?, by)?)
    })
}

/// Trips a breaker by hand; it stays tripped until somebody resets it. When this has returned every check on any thread denies. One that is
/// tripped already is tripped anew: who has seen only the trip before does not reset this one. A halt is not refused for its words: what
/// is too long is cut, what cannot be is replaced.
///
/// `HL_ERR_NOT_ALLOWED` for a kill switch, which `hl_emergency_stop` pulls, and for one that is disabled or a shadow: it would deny nothing.
/// And, as all that follow: `HL_ERR_AUTHORITY`, `HL_ERR_WRONG_STATUS`, `HL_ERR_STALE`, `HL_ERR_ARGUMENT`, `HL_ERR_CLOSED`, `HL_ERR_NULL`.
/// Those that follow also `HL_ERR_BAD_INPUT` for texts that are too long or hold control characters, `HL_ERR_UTF8`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
///
/// # Safety
/// The texts end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_trip(
    system: hl_system,
    breaker: hl_breaker,
    reason: *const c_char,
    actor: *const c_char,
    authority: u32,
) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let (reason, actor) = unsafe { (text::lossy(reason, "reason")?, text::lossy(actor, "actor")?) };
        let by = By::new(&actor, words::authority(authority)?, &reason);
        Ok(held.system.trip(handle::breaker_id(held.bits, breaker)?, by)?)
    })
}

/// Resets the trip that the operator saw: `seen` is the `stamp` of its `hl_breaker_info`, or `after` of its event. Permits restarting,
/// does not restart; goes to Cooldown where the policy has one.
///
/// `HL_ERR_NEWER_TRIP`, `HL_ERR_CAUSE_STANDS`, and as `hl_trip`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
///
/// # Safety
/// The texts end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_reset(
    system: hl_system,
    breaker: hl_breaker,
    seen: u64,
    reason: *const c_char,
    actor: *const c_char,
    authority: u32,
) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { act(system, breaker, (reason, actor, authority), |system, id, by| system.reset(id, seen, by)) }
}

/// As `hl_reset`, also on a standing cause; asks one authority more.
///
/// `HL_ERR_NEWER_TRIP`, and as `hl_trip`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
///
/// # Safety
/// The texts end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_force_reset(
    system: hl_system,
    breaker: hl_breaker,
    seen: u64,
    reason: *const c_char,
    actor: *const c_char,
    authority: u32,
) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { act(system, breaker, (reason, actor, authority), |system, id, by| system.force_reset(id, seen, by)) }
}

/// Sets the baseline of a drawdown, or the opening of a liquidation, anew, in units of 1e-4. It counts from the feed's next mark on. Asks
/// `HL_AUTHORITY_RISK_DESK`.
///
/// `HL_ERR_NOT_ALLOWED` for a kind without a baseline, `HL_ERR_BAD_INPUT` for one that is not positive, and as `hl_trip`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks beside other control calls.
///
/// # Safety
/// The texts end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_rebase(
    system: hl_system,
    breaker: hl_breaker,
    baseline: i64,
    reason: *const c_char,
    actor: *const c_char,
    authority: u32,
) -> hl_status {
    let baseline = Money::from_raw(baseline);
    // SAFETY: as the caller says.
    unsafe { act(system, breaker, (reason, actor, authority), |system, id, by| system.rebase(id, baseline, by)) }
}

/// Has the book reduced: until `hl_liquidated` orders that reduce it pass, and no others. Asks `HL_AUTHORITY_RISK_DESK`.
///
/// `HL_ERR_NOT_ALLOWED` for a kill switch, which reduces nothing, and as `hl_trip`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
///
/// # Safety
/// The texts end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_liquidate(
    system: hl_system,
    breaker: hl_breaker,
    reason: *const c_char,
    actor: *const c_char,
    authority: u32,
) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { act(system, breaker, (reason, actor, authority), System::liquidate) }
}

/// The book has been reduced: the breaker is tripped from now on, and latched, until somebody resets it. Asks
/// `HL_AUTHORITY_RISK_DESK`.
///
/// `HL_ERR_WRONG_STATUS` unless it is liquidating, and as `hl_trip`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
///
/// # Safety
/// The texts end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_liquidated(
    system: hl_system,
    breaker: hl_breaker,
    reason: *const c_char,
    actor: *const c_char,
    authority: u32,
) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { act(system, breaker, (reason, actor, authority), System::liquidated) }
}

/// Takes a breaker out of service: it denies like tripped, its readings decide nothing, a reset ends it. Asks
/// `HL_AUTHORITY_RISK_DESK`.
///
/// `HL_ERR_NOT_ALLOWED` for a disabled one alone: a kill switch may be maintained, too. Otherwise as `hl_trip`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
///
/// # Safety
/// The texts end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_maintain(
    system: hl_system,
    breaker: hl_breaker,
    reason: *const c_char,
    actor: *const c_char,
    authority: u32,
) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { act(system, breaker, (reason, actor, authority), System::maintain) }
}

/// Puts a breaker into force, or out of it: one that is disabled denies nothing. A change of its policy, until the next reload says
/// otherwise. Asks `HL_AUTHORITY_RISK_DESK`, and what its policy asks of a reset.
///
/// As `hl_policy_update`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks other control calls, never a check or a feed.
///
/// # Safety
/// The texts end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_enable(
    system: hl_system,
    breaker: hl_breaker,
    enabled: bool,
    reason: *const c_char,
    actor: *const c_char,
    authority: u32,
) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let by = unsafe { by(reason, actor, authority) }?;
        let id = handle::breaker_id(held.bits, breaker)?;
        let _one_at_a_time = handle::lock(&held.policies);
        let policy = haltline::Policy { enabled, ..held.system.policy(id)? };
        Ok(held.system.update_policy(id, policy, by)?)
    })
}

/// A drill: everybody who hears of trips hears of this one, and nothing is denied.
///
/// As `hl_trip`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
///
/// # Safety
/// The texts end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_drill(
    system: hl_system,
    breaker: hl_breaker,
    reason: *const c_char,
    actor: *const c_char,
    authority: u32,
) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { act(system, breaker, (reason, actor, authority), System::drill) }
}

/// Pulls the kill switch of a scope: everything in it is denied but cancels, until an administrator clears it. `source` is
/// `HL_SOURCE_...`; no authority is too low, and it is not refused for its words. One that is pulled already is pulled anew; clearing ends
/// all of them.
///
/// `HL_ERR_UNKNOWN` for a scope that is not declared, `HL_ERR_NOT_ALLOWED` if its kill switch does not allow this source, and as
/// `hl_trip`: then nothing was stopped.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant; beside a reload that replaces the switch, for it.
///
/// # Safety
/// The texts end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_emergency_stop(
    system: hl_system,
    scope: *const c_char,
    source: u32,
    reason: *const c_char,
    actor: *const c_char,
    authority: u32,
) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let (scope, reason, actor) =
            unsafe { (text::text(scope, "scope")?, text::lossy(reason, "reason")?, text::lossy(actor, "actor")?) };
        let by = By::new(&actor, words::authority(authority)?, &reason);
        let allowed = "HL_SOURCE_MANUAL (0), _ANOMALY (1), _EXTERNAL (2)";
        let source = words::word("source", source, EmergencySource::from_raw, allowed)?;
        Ok(held.system.emergency_stop(scope, source, by)?)
    })
}

/// Ends an emergency stop. The other breakers have kept their own state and show it. Asks `HL_AUTHORITY_ADMIN`.
///
/// `HL_ERR_WRONG_STATUS` if there is none, and as `hl_trip`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
///
/// # Safety
/// The texts end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_clear_emergency_stop(
    system: hl_system,
    scope: *const c_char,
    reason: *const c_char,
    actor: *const c_char,
    authority: u32,
) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let (scope, by) = unsafe { (text::text(scope, "scope")?, by(reason, actor, authority)?) };
        Ok(held.system.clear_emergency_stop(scope, by)?)
    })
}

/// Denies every order but cancels in a System, at once. Needs no authority; the way back is `hl_rearm`. It wakes the thread that hands
/// on events, which tells of it; a manual System tells of it in the next `hl_drain`. Leaves `hl_last_error` as it is.
///
/// `HL_ERR_STALE`.
///
/// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
#[unsafe(no_mangle)]
pub extern "C" fn hl_kill(system: hl_system) -> hl_status {
    // No boundary and no last error: an add and a wake-up, which cannot panic, and nothing of a thread's own.
    if systems::kill(system) { HL_OK } else { HL_ERR_STALE }
}

/// The same in every System of this process, those that were not opened here included; the latter tell of it with their next event.
///
/// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
#[unsafe(no_mangle)]
pub extern "C" fn hl_kill_all() -> hl_status {
    systems::kill_all();
    HL_OK
}

/// The kill word as an operator sees it, for `hl_rearm`.
///
/// `HL_ERR_NULL`, `HL_ERR_STALE`.
///
/// Threads: any, at once. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_kill_word(system: hl_system, out: *mut u64) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        unsafe { place(out, "out") }?.write(held.system.kill_word());
        Ok(())
    })
}

/// Ends a kill, if the kill word is still the one that the operator saw. Asks `HL_AUTHORITY_ADMIN`.
///
/// `HL_ERR_NEWER_TRIP` if it was killed again, `HL_ERR_CLOSED` after the shutdown, and as `hl_trip`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
///
/// # Safety
/// The texts end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_rearm(
    system: hl_system,
    seen: u64,
    reason: *const c_char,
    actor: *const c_char,
    authority: u32,
) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        Ok(held.system.rearm(seen, unsafe { by(reason, actor, authority) }?)?)
    })
}
