//! Observations that add up, of many threads: outcomes of the calls of one gateway, gains and losses of the fills of one account.

use core::ffi::c_char;
use core::ptr::null_mut;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use haltline::{Intent, Money, Nanos, Outcome, SharedFeed, SharedHandle};

use crate::boundary::{Refused, call, place, quietly};
use crate::gate::Behind;
use crate::handle::{hl_permit, hl_system, lock};
use crate::status::{HL_ERR_FULL, hl_status};
use crate::system::with;
use crate::systems::{self, Held};
use crate::{permit, probe, text, words};

/// How many tallies of a scope can be open at once.
pub const HL_TALLY_HANDLES: u32 = 32;
/// How many observations of each may wait while another thread is stopped amid hearing.
pub const HL_TALLY_QUEUE: u32 = 256;

/// What the tallies of a scope share.
pub(crate) struct Shared {
    feed: SharedFeed,
    /// Asked by those who want to be admitted.
    gate: Behind,
}

/// The scopes that have tallies.
pub(crate) type Tallies = HashMap<String, Weak<Shared>>;

/// One thread's hand on what is told of a scope by many.
pub struct hl_tally {
    handle: SharedHandle,
    shared: Arc<Shared>,
    all: Arc<Mutex<Tallies>>,
    system: u64,
}

/// Says something to a tally.
///
/// # Safety
/// `tally` is NULL or not closed, and no other thread uses it.
unsafe fn tell<E: Into<Refused>>(tally: *mut hl_tally, say: impl FnOnce(&mut hl_tally) -> Result<(), E>) -> hl_status {
    // SAFETY: as the caller says.
    match unsafe { tally.as_mut() } {
        Some(tally) => call(tally.system, || say(tally).map_err(Into::into)),
        None => call(0, || Err::<(), _>(Refused::null("tally"))),
    }
}

/// The shared feed of a scope: the first who asks claims it.
fn shared(held: &Held, tallies: &mut Tallies, scope: &str) -> Result<Arc<Shared>, Refused> {
    if let Some(shared) = tallies.get(scope).and_then(Weak::upgrade) {
        return Ok(shared);
    }
    let gate = Behind { gate: held.system.gate(&[scope])?, system: held.bits };
    let feed = held.system.feed(scope)?.share(HL_TALLY_HANDLES, HL_TALLY_QUEUE)?;
    let shared = Arc::new(Shared { feed, gate });
    tallies.insert(scope.to_owned(), Arc::downgrade(&shared));
    Ok(shared)
}

/// Opens a tally on a scope, one for each thread that tells. The first one claims the scope's feed, and the last one that is closed
/// gives it back: a scope has either a feed or tallies. What they tell is heard as one feed hears it, in the order of time; nothing that
/// was accepted is lost. If another thread is at it, that one hears, and perhaps only after the call has returned.
///
/// `HL_ERR_FULL` beyond `HL_TALLY_HANDLES` of a scope; else as `hl_feed_open`.
///
/// Threads: any, at once. Signals: no. Allocates: yes, 300 KB for the first of a scope. Progress: blocks beside other control calls.
///
/// # Safety
/// `scope` ends with a NUL; `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_tally_open(system: hl_system, scope: *const c_char, out: *mut *mut hl_tally) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let (scope, out) = unsafe { (text::text(scope, "scope")?, place(out, "out")?) };
        let all = held.tallies.clone();
        let mut tallies = lock(&all);
        let shared = shared(held, &mut tallies, scope)?;
        let Some(handle) = shared.feed.handle() else {
            let text = format!("tallies of {scope:?}: {HL_TALLY_HANDLES} are open; no more are allowed");
            return Err(Refused::new(HL_ERR_FULL, text));
        };
        let made = hl_tally { handle, shared, all: held.tallies.clone(), system: held.bits };
        out.write(Box::into_raw(Box::new(made)));
        Ok(())
    })
}

/// Closes a tally and sets the pointer to NULL; NULL and a pointer to NULL are left as they are. What it has told is heard all the
/// same. Copies of the pointer must not be used any more.
///
/// Threads: one. Signals: no. Allocates: no. Progress: blocks for an instant beside another opening or closing.
///
/// # Safety
/// `*tally` is NULL or a tally that is not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_tally_close(tally: *mut *mut hl_tally) {
    let mut system = 0;
    let done = quietly(false, || {
        // SAFETY: as the caller says.
        let taken = unsafe { tally.as_mut() }.map_or(null_mut(), |place| core::mem::replace(place, null_mut()));
        // In a forked child the lock may be held for ever; what is left goes with the process.
        if !taken.is_null() && systems::check_process().is_ok() {
            // SAFETY: made by `hl_tally_open`, and taken once.
            let tally = unsafe { Box::from_raw(taken) };
            system = tally.shared.gate.system;
            // Under the lock, so that who opens the next one finds the feed shared or free, and never amid it.
            let all = tally.all.clone();
            let mut tallies = lock(&all);
            drop(tally);
            tallies.retain(|_, shared| shared.strong_count() > 0);
        }
        true
    });
    if !done {
        systems::disarm(system);
    }
}

/// Asks before a call whether it may be made, as the gate of the scope does: `HL_OK` and a permit. While nothing denies an order that
/// increases exposure there, it is one of nothing, which costs nothing; while what denies it is half open, it is a probe's. Give
/// it to `hl_tally_outcome` when the call has ended.
///
/// `HL_ERR_DENIED` if the call is not to be made; `HL_ERR_NULL`.
///
/// Threads: one at a time. Signals: no. Allocates: no; for a probe a few bytes. Progress: wait-free while nothing denies.
///
/// # Safety
/// `tally` is NULL or not closed; `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_tally_admit(tally: *mut hl_tally, out: *mut hl_permit) -> hl_status {
    // SAFETY: as the caller says.
    unsafe {
        tell(tally, |tally| {
            let out = place(out, "out")?;
            let gate = &tally.shared.gate;
            out.write(probe::probe(gate, gate, Intent::Increase)?);
            Ok::<_, Refused>(())
        })
    }
}

/// How the call ended that was admitted by this permit (a zeroed one is none): `HL_OUTCOME_...`, and how long it took. A success
/// that is accepted passes a probe, a failure fails it, anything else gives it back. The permit is used up, whatever comes back.
///
/// `HL_ERR_STALE` for a permit that was used before or is of another System, and then nothing is told; `HL_ERR_FULL` if another thread has been stopped amid hearing
/// for too long, `HL_ERR_BAD_INPUT`, `HL_ERR_ARGUMENT`, `HL_ERR_CLOSED`, `HL_ERR_NULL` as for a feed.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: wait-free beside another thread that hears; for a probe it blocks for
/// an instant.
///
/// # Safety
/// `tally` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_tally_outcome(
    tally: *mut hl_tally,
    permit: hl_permit,
    outcome: u32,
    duration_ns: u64,
    ts_ns: u64,
) -> hl_status {
    // SAFETY: as the caller says.
    unsafe {
        tell(tally, |tally| {
            let taken = if permit == hl_permit::default() { None } else { permit::take(permit)? };
            // Dropped on the way out, a permit is given back.
            if taken.as_ref().is_some_and(|(owner, _)| *owner != tally.shared.gate.system) {
                return Err(Refused::stale("permit", permit.bits));
            }
            let outcome = words::outcome(outcome)?;
            let told = tally.handle.outcome(outcome, Duration::from_nanos(duration_ns), Nanos(ts_ns));
            match (taken, outcome) {
                (Some((_, permit)), Outcome::Failure) => permit.failed(),
                // What nobody has accepted opens nothing.
                (Some((_, permit)), Outcome::Success) if told.is_ok() => permit.passed(),
                _ => {}
            }
            told.map_err(Refused::from)
        })
    }
}

/// A gain (positive) or a loss that has been booked, in units of 1e-4.
///
/// `HL_ERR_FULL`, `HL_ERR_BAD_INPUT`, `HL_ERR_CLOSED`, `HL_ERR_NULL`, as `hl_tally_outcome`.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: wait-free beside another thread that hears.
///
/// # Safety
/// `tally` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_tally_pnl(tally: *mut hl_tally, delta: i64, ts_ns: u64) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { tell(tally, |tally| tally.handle.pnl(Money::from_raw(delta), Nanos(ts_ns))) }
}

/// A deposit (positive) or a withdrawal, in units of 1e-4.
///
/// `HL_ERR_FULL`, `HL_ERR_BAD_INPUT`, `HL_ERR_CLOSED`, `HL_ERR_NULL`, as `hl_tally_outcome`.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: wait-free beside another thread that hears.
///
/// # Safety
/// `tally` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_tally_flow(tally: *mut hl_tally, amount: i64, ts_ns: u64) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { tell(tally, |tally| tally.handle.flow(Money::from_raw(amount), Nanos(ts_ns))) }
}

/// Whether a prediction of the model has come true.
///
/// `HL_ERR_FULL`, `HL_ERR_BAD_INPUT`, `HL_ERR_CLOSED`, `HL_ERR_NULL`, as `hl_tally_outcome`.
///
/// Threads: one at a time. Signals: no. Allocates: no. Progress: wait-free beside another thread that hears.
///
/// # Safety
/// `tally` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_tally_prediction(tally: *mut hl_tally, right: bool, ts_ns: u64) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { tell(tally, |tally| tally.handle.prediction(right, Nanos(ts_ns))) }
}
