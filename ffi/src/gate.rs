//! The order path. What C checks inline stands in `include/haltline_gate.h`; this is what it cannot say by itself.

use core::ffi::{c_char, c_void};
use core::mem::offset_of;
use core::ptr::{null, null_mut};

use haltline::{Gate, GateWords, Intent, Qty, Verdict};

use crate::boundary::{Refused, call, place, quietly};
use crate::handle::{hl_permit, hl_system};
use crate::status::{HL_ERR_DENIED, hl_status};
use crate::system::with;
use crate::{permit, systems, text, words};

/// A verdict; its bits are in `haltline_gate.h`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct hl_verdict {
    /// Zero: everything may go, nothing warns.
    pub bits: u64,
}

impl hl_verdict {
    /// Everything is denied, cancels too: who asks has no gate, and nobody knows what he holds.
    pub(crate) const NOTHING_KNOWN: Self = Self { bits: 0b1_0111 };
}

/// What `haltline_gate.h` says of a gate.
#[repr(C, align(64))]
#[derive(Debug)]
pub struct hl_gate {
    word: [*const u64; 3],
    arm: *const u64,
    armed: u64,
    upper: *const u64,
    floor: *const u64,
    more: u64,
    rest: [*const u64; 4],
    /// What is behind it, and its own address, by which a copy is known.
    own: [*const c_void; 4],
}

const _: () = assert!(size_of::<hl_gate>() == 128 && align_of::<hl_gate>() == 64 && size_of::<hl_verdict>() == 8);
const _: () = assert!(offset_of!(hl_gate, arm) == 24 && offset_of!(hl_gate, armed) == 32);
const _: () = assert!(offset_of!(hl_gate, upper) == 40 && offset_of!(hl_gate, floor) == 48);
const _: () = assert!(offset_of!(hl_gate, more) == 56 && offset_of!(hl_gate, rest) == 64);
const _: () = assert!(offset_of!(hl_gate, own) == 96);

/// What is behind a gate.
#[derive(Debug)]
pub(crate) struct Behind {
    pub(crate) gate: Gate,
    /// The handle of its System.
    pub(crate) system: u64,
}

impl hl_gate {
    fn make(gate: Gate, system: u64) -> *mut Self {
        let GateWords { scopes: word, arm, armed, upper, floor, rest, more } = gate.words();
        let behind = Box::into_raw(Box::new(Behind { gate, system }));
        let made = Self { word, arm, armed, upper, floor, more, rest, own: [behind.cast(), null(), null(), null()] };
        let gate = Box::into_raw(Box::new(made));
        // SAFETY: just made, and nobody else has it.
        unsafe { (*gate).own[1] = gate.cast() };
        gate
    }
}

/// What is behind a gate; `None` for NULL and for zeroed memory.
///
/// # Safety
/// `gate` is NULL, zeroed, or of [`hl_gate_open`] and not closed, for as long as the call lasts.
pub(crate) unsafe fn behind<'a>(gate: *const hl_gate) -> Option<&'a Behind> {
    if gate.is_null() {
        return None;
    }
    // SAFETY: as the caller says.
    unsafe { (*gate).own[0].cast::<Behind>().as_ref() }
}

/// The same for a call that returns a status.
///
/// # Safety
/// As [`behind`].
pub(crate) unsafe fn open<'a>(gate: *const hl_gate, what: &'static str) -> Result<&'a Behind, Refused> {
    // SAFETY: as the caller says.
    match unsafe { behind(gate) } {
        Some(behind) => Ok(behind),
        None if gate.is_null() => Err(Refused::null(what)),
        None => Err(Refused::stale(what, 0)),
    }
}

/// Checks; a panic inside denies, and disarms.
fn look(gates: [Option<&Behind>; 2], check: impl FnOnce() -> Option<Verdict>) -> hl_verdict {
    let otherwise = || {
        gates.into_iter().flatten().for_each(|gate| systems::disarm(gate.system));
        hl_verdict::NOTHING_KNOWN
    };
    match quietly(None, || Some(check().map_or(hl_verdict::NOTHING_KNOWN, |seen| hl_verdict { bits: seen.bits() }))) {
        Some(verdict) => verdict,
        None => otherwise(),
    }
}

/// Opens a gate on these scopes and all their ancestors, at most seven together, the root among them; with none, on the root. The first
/// one is that whose price band it asks. It is used by any number of threads, stays valid through every reload, and denies once its
/// System has closed, when cancels still pass.
///
/// `HL_ERR_BAD_SCOPE`, `HL_ERR_UNKNOWN` for a scope that is not declared, `HL_ERR_FULL` for more than seven, `HL_ERR_CLOSED`,
/// `HL_ERR_STALE`, `HL_ERR_NULL`, `HL_ERR_UTF8`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: lock-free.
///
/// # Safety
/// `scopes` are `n` texts, each ended by a NUL; `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_gate_open(
    system: hl_system,
    scopes: *const *const c_char,
    n: usize,
    out: *mut *mut hl_gate,
) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let (scopes, out) = unsafe { (text::list(scopes, n, "scopes")?, place(out, "out")?) };
        out.write(hl_gate::make(held.system.gate(&scopes)?, held.bits));
        Ok(())
    })
}

/// Closes a gate and sets the pointer to NULL; NULL, a pointer to NULL, and one to a copy of a gate are left as they are. Nobody may be
/// using it, and other copies of the pointer must not be used any more.
///
/// Threads: one. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `*gate` is NULL or a gate that is not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_gate_close(gate: *mut *mut hl_gate) {
    quietly((), || {
        // SAFETY: as the caller says. What was not made by `make` does not hold its own address, and is not freed.
        unsafe {
            let Some(place) = gate.as_mut().filter(|gate| !gate.is_null()) else { return };
            let gate = *place;
            if (*gate).own[1] == gate.cast_const().cast() {
                *place = null_mut();
                let gate = Box::from_raw(gate);
                drop(Box::from_raw(gate.own[0].cast::<Behind>().cast_mut()));
            }
        }
    });
}

/// The long look of a check that has not seen zero at once: what is denied. NULL denies everything.
///
/// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
///
/// # Safety
/// `gate` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_gate_slow(gate: *const hl_gate) -> hl_verdict {
    // SAFETY: as the caller says.
    let behind = unsafe { behind(gate) };
    look([behind, None], || behind.map(|behind| behind.gate.check()))
}

/// The same for two gates together. If either is NULL everything is denied.
///
/// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
///
/// # Safety
/// Each is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_gate_slow2(instrument: *const hl_gate, account: *const hl_gate) -> hl_verdict {
    // SAFETY: as the caller says.
    let (one, other) = unsafe { (behind(instrument), behind(account)) };
    look([one, other], || Some(one?.gate.check_with(&other?.gate)))
}

/// `hl_gate_check` as a function, for languages that cannot inline it.
///
/// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
///
/// # Safety
/// `gate` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_gate_check_call(gate: *const hl_gate) -> hl_verdict {
    // SAFETY: as the caller says.
    unsafe { hl_gate_slow(gate) }
}

/// Whether an order takes exposure away whatever becomes of what is in flight: then it is `HL_REDUCE`. Buys are positive, sells negative,
/// all in lots. `in_flight` is the sum of the resting orders on the order's own side. An order of nothing reduces nothing. Pure.
///
/// `HL_ERR_NULL`, `HL_ERR_STALE`.
///
/// Threads: any, at once. Signals: no. Allocates: no. Progress: wait-free.
///
/// # Safety
/// `gate` is NULL or not closed; `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_gate_reduces(
    gate: *const hl_gate,
    position: i64,
    in_flight: i64,
    order_qty: i64,
    out: *mut bool,
) -> hl_status {
    call(0, || {
        // SAFETY: as the caller says.
        let out = unsafe {
            open(gate, "gate")?;
            place(out, "out")?
        };
        out.write(Gate::reduces(Qty(position), Qty(in_flight), Qty(order_qty)));
        Ok(())
    })
}

/// A permit to send one order that increases exposure although it is denied, if everything that denies it is half open and has a
/// permit left; if nothing denies it, one that costs nothing. The order may go; then say what came of it by `hl_permit_passed` or
/// `hl_permit_failed`, or give it back by `hl_permit_release`.
///
/// `HL_ERR_DENIED` if there is none, `HL_ERR_NULL`, `HL_ERR_STALE`.
///
/// Threads: any, at once. Signals: no. Allocates: seldom, a few bytes. Progress: blocks for an instant beside another permit.
///
/// # Safety
/// `gate` is NULL or not closed; `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_gate_try_probe(gate: *const hl_gate, out: *mut hl_permit) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { hl_gate_try_probe2(gate, gate, Intent::Increase as u32, out) }
}

/// The same through two gates together, which may be the same one, and for any intent.
///
/// As `hl_gate_try_probe`; `HL_ERR_ARGUMENT` for an intent that is none.
///
/// Threads: any, at once. Signals: no. Allocates: seldom, a few bytes. Progress: blocks for an instant beside another permit.
///
/// # Safety
/// Each gate is NULL or not closed; `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_gate_try_probe2(
    instrument: *const hl_gate,
    account: *const hl_gate,
    intent: u32,
    out: *mut hl_permit,
) -> hl_status {
    // SAFETY: as the caller says.
    let behind = unsafe { behind(instrument) };
    call(behind.map_or(0, |behind| behind.system), || {
        // SAFETY: as the caller says.
        let (one, other, out) =
            unsafe { (open(instrument, "instrument")?, open(account, "account")?, place(out, "out")?) };
        let intent = words::intent(intent)?;
        out.write(probe(one, other, intent)?);
        Ok(())
    })
}

/// A permit; one of nothing where nothing denies.
pub(crate) fn probe(one: &Behind, other: &Behind, intent: Intent) -> Result<hl_permit, Refused> {
    if one.gate.check_with(&other.gate).permits(intent) {
        return Ok(permit::NOTHING);
    }
    match one.gate.try_probe_with(&other.gate, intent) {
        Some(permit) => permit::put(one.system, permit),
        None => Err(Refused::new(
            HL_ERR_DENIED,
            "the order is denied, and not by half-open breakers with a permit left alone",
        )),
    }
}
