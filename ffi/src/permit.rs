//! Permits of half-open breakers. Each is good once.

use haltline::Permit;

use crate::boundary::{Refused, call};
use crate::handle::{Table, Type, hl_permit};
use crate::status::{HL_ERR_CLOSED, hl_status};
use crate::systems;

static PERMITS: Table<(u64, Permit)> = Table::new(Type::Permit);

/// One that costs nothing and counts for nothing.
pub(crate) const NOTHING: hl_permit = hl_permit { bits: Type::Permit.bits(0) };

/// The handle of a permit of the System with these bits.
pub(crate) fn put(system: u64, permit: Permit) -> Result<hl_permit, Refused> {
    let bits = PERMITS.put((system, permit))?;
    // A close that has looked already does not find it.
    if !systems::is_open(system) && PERMITS.take(bits).is_some() {
        return Err(Refused::new(HL_ERR_CLOSED, "the System has shut down"));
    }
    Ok(hl_permit { bits })
}

/// The permits of a System that is closed.
pub(crate) fn forget(system: u64) -> impl Sized {
    PERMITS.take_all(|(owner, _)| *owner == system)
}

/// Takes a permit: `None` for one of nothing.
///
/// # Errors
/// `HL_ERR_STALE` the second time.
pub(crate) fn take(permit: hl_permit) -> Result<Option<(u64, Permit)>, Refused> {
    if permit == NOTHING {
        return Ok(None);
    }
    systems::check_process()?;
    PERMITS.take(permit.bits).map(Some).ok_or_else(|| Refused::stale("permit", permit.bits))
}

/// # Safety
/// `permit` is NULL or can be read and written.
unsafe fn end(permit: *mut hl_permit, how: impl FnOnce(Permit)) -> hl_status {
    call(0, || {
        // SAFETY: as the caller says.
        let place = unsafe { permit.as_mut() }.ok_or(Refused::null("permit"))?;
        let taken = take(core::mem::take(place))?;
        let Some((system, permit)) = taken else { return Ok(()) };
        match call(system, || {
            how(permit);
            Ok(())
        }) {
            0 => Ok(()),
            status => Err(Refused::new(status, "a panic inside was caught, and its System denies from now on")),
        }
    })
}

/// The order went through as it should; the last probe that a breaker asks for ends its Cooldown. Takes the permit, and zeroes it.
///
/// `HL_ERR_STALE` the second time and after its System has closed, `HL_ERR_NULL`.
///
/// Threads: any, at once. Signals: no. Allocates: seldom. Progress: blocks for an instant beside another permit.
///
/// # Safety
/// `permit` is NULL or can be read and written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_permit_passed(permit: *mut hl_permit) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { end(permit, Permit::passed) }
}

/// The order failed in the way that the breaker guards against: it trips again. Takes the permit, and zeroes it.
///
/// As `hl_permit_passed`.
///
/// Threads: any, at once. Signals: no. Allocates: seldom. Progress: blocks for an instant beside another permit.
///
/// # Safety
/// `permit` is NULL or can be read and written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_permit_failed(permit: *mut hl_permit) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { end(permit, Permit::failed) }
}

/// Nothing came of the order that says anything: gives the permit back as if it had never been taken, and zeroes it.
///
/// As `hl_permit_passed`.
///
/// Threads: any, at once. Signals: no. Allocates: seldom. Progress: blocks for an instant beside another permit.
///
/// # Safety
/// `permit` is NULL or can be read and written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_permit_release(permit: *mut hl_permit) -> hl_status {
    // SAFETY: as the caller says.
    unsafe { end(permit, drop) }
}
