//! Permits to try whether what denies is over.

use haltline::Intent;

use crate::boundary::{Refused, call, place};
use crate::gate::{Behind, behind, hl_gate, open};
use crate::handle::hl_permit;
use crate::status::{HL_ERR_DENIED, HL_ERR_NOT_ALLOWED, hl_status};
use crate::{permit, words};

/// A permit to send one order that increases exposure although it is denied, if everything that denies it is half open and has a
/// permit left; if nothing denies it, one that costs nothing. The order may go; then say what came of it by `hl_permit_passed` or
/// `hl_permit_failed`, or give it back by `hl_permit_release`.
///
/// `HL_ERR_DENIED` if there is none, `HL_ERR_NULL`.
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
/// As `hl_gate_try_probe`; `HL_ERR_ARGUMENT` for an intent that is none, `HL_ERR_NOT_ALLOWED` for gates of two Systems.
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
    if one.system != other.system {
        let text = "hl_gate_try_probe2: found gates of two Systems, allowed are those of one";
        return Err(Refused::new(HL_ERR_NOT_ALLOWED, text));
    }
    if one.gate.check_with(&other.gate).permits(intent) {
        return Ok(permit::NOTHING);
    }
    match one.gate.try_probe_with(&other.gate, intent) {
        Some(permit) => permit::put(one.system, permit),
        None => Err(Refused::new(
            HL_ERR_DENIED,
            "the order is denied, and there is no permit to try: not all that denies it is half open, or no permit is left",
        )),
    }
}
