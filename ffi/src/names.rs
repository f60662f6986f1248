//! The names of what numbers stand for.

use core::ffi::c_char;

use haltline::{Authority, EventType, Kind, Reason, ScopeId, Status};

use crate::boundary::{Refused, call};
use crate::handle::{self, hl_breaker, hl_system};
use crate::status::{HL_ERR_UNKNOWN, hl_status};
use crate::{systems, text};

/// The name of a breaker: `id` is its handle's `bits`.
pub const HL_NAME_BREAKER: u32 = 1;
/// The path of a scope: `id` is `scope` of an event.
pub const HL_NAME_SCOPE: u32 = 2;
/// Who did it: `id` is `actor` of an event.
pub const HL_NAME_ACTOR: u32 = 3;
/// The word for an `HL_KIND_...`.
pub const HL_NAME_KIND: u32 = 4;
/// The word for an `HL_STATUS_...`.
pub const HL_NAME_STATUS: u32 = 5;
/// The word for an `HL_REASON_...`.
pub const HL_NAME_REASON: u32 = 6;
/// The word for an `HL_EVENT_...`.
pub const HL_NAME_EVENT: u32 = 7;
/// The word for an `HL_AUTHORITY_...`.
pub const HL_NAME_AUTHORITY: u32 = 8;

/// The name of what a number stands for: `what` is `HL_NAME_...`. It fits into `HL_NAME_BYTES`; `HL_TRUNCATED` if it does not fit into
/// `len`. For words, from `HL_NAME_KIND` on, no System is asked, and any handle will do.
///
/// `HL_ERR_UNKNOWN` if there is nothing of that number; `HL_ERR_ARGUMENT` for another `what`, `HL_ERR_STALE`, `HL_ERR_NULL`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
///
/// # Safety
/// `buf` has room for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_name(system: hl_system, what: u32, id: u64, buf: *mut c_char, len: usize) -> hl_status {
    call(0, || {
        let name = name(system, what, id)?.ok_or_else(|| {
            Refused::new(
                HL_ERR_UNKNOWN,
                format!("hl_name: found {id} for what = {what}, and there is nothing of that number"),
            )
        })?;
        // SAFETY: as the caller says.
        unsafe { text::give(buf, len, &name) }
    })
}

fn name(system: hl_system, what: u32, id: u64) -> Result<Option<String>, Refused> {
    let word = |name: fn(u8) -> Option<&'static str>| u8::try_from(id).ok().and_then(name).map(str::to_owned);
    let small = u32::try_from(id).ok();
    Ok(match what {
        HL_NAME_BREAKER => {
            let held = systems::get(system)?;
            let id = handle::breaker_id(held.bits, hl_breaker { bits: id })?;
            held.system.breaker_name(id).map(|name| name.to_string())
        }
        HL_NAME_SCOPE => {
            let held = systems::get(system)?;
            small.and_then(|id| held.system.scope_path(ScopeId::from_raw(id))).map(|path| path.to_string())
        }
        HL_NAME_ACTOR => {
            let held = systems::get(system)?;
            small.map(|id| held.system.actor(id))
        }
        HL_NAME_KIND => word(|raw| Kind::from_raw(raw).map(Kind::name)),
        HL_NAME_STATUS => word(|raw| Status::from_raw(raw).map(Status::name)),
        HL_NAME_REASON => word(|raw| Reason::from_raw(raw).map(Reason::name)),
        HL_NAME_EVENT => word(|raw| EventType::from_raw(raw).map(EventType::name)),
        HL_NAME_AUTHORITY => word(|raw| Authority::from_raw(raw).map(Authority::name)),
        other => return Err(Refused::number("what", other.into(), "HL_NAME_BREAKER (1) to HL_NAME_AUTHORITY (8)")),
    })
}
