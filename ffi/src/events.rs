//! Events, in numbers and in words.

use core::ffi::c_char;

use haltline::{BreakerId, Epoch, Event, Nanos, ScopeId, State};

use crate::boundary::{Refused, place};
use crate::handle::{self, hl_breaker, hl_system};
use crate::status::hl_status;
use crate::system::with;
use crate::text::{HL_NAME_BYTES, HL_SENTENCE_BYTES, chars};
use crate::words::bits;

/// One event: what has happened, in numbers.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct hl_event {
    /// Its number; numbers rise.
    pub sequence: u64,
    /// When it happened, in nanoseconds since 1970.
    pub at_ns: u64,
    /// When the status ends by time; of a warning, when the value would reach its limit if it went on as it came. UINT64_MAX: never.
    pub until_ns: u64,
    /// The value that was tested; in `HL_EVENT_GAP` the number of lost events.
    pub value: f64,
    /// The limit that it was tested against.
    pub limit: f64,
    /// Which breaker; zero if none.
    pub breaker: hl_breaker,
    /// The library's word before.
    pub before: u64,
    /// The library's word after: of a trip, what `hl_reset` is to be given as `seen`.
    pub after: u64,
    /// `HL_EVENT_...`.
    pub event_type: u32,
    /// `HL_REASON_...`.
    pub reason: u32,
    /// `HL_KIND_...` of its breaker, 0 if none.
    pub kind: u32,
    /// The number of the scope, for `hl_name`.
    pub scope: u32,
    /// The number of who did it, for `hl_name`; 0 for the machine itself.
    pub actor: u32,
    /// `HL_AUTHORITY_...` of who did it.
    pub authority: u32,
    /// `HL_STATUS_...` before and after; 0 both, if nothing has moved.
    pub before_status: u32,
    /// See `before_status`.
    pub after_status: u32,
    /// What the breaker denied before and denies after, `HL_DENY_...` bits; 0 both, if nothing has moved.
    pub before_denies: u32,
    /// See `before_denies`.
    pub after_denies: u32,
    /// The rung of a ladder's trip, 0 if it is none.
    pub rung: u32,
    /// 1 for trips, resets and stops, which a storm of others does not push out.
    pub is_urgent: u32,
}

/// What is behind the numbers of an event.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hl_event_text {
    /// Of a warning: when the value would reach its limit if it went on as it came; UINT64_MAX if it goes away from it.
    pub breach_expected_ns: u64,
    /// Of a trip: how long the cooldown is that follows; 0 if none does.
    pub cooldown_ns: u64,
    /// Of the end of a trip, a stop or a liquidation: how long it has lasted; 0 of others.
    pub lasted_ns: u64,
    /// Of a trip: by how much the value was beyond its limit, in percent of it; negative if that is not known.
    pub breach_percent: f64,
    /// Of a trip: 1 if it ends without a person.
    pub resets_by_itself: u32,
    /// Zero.
    pub reserved: u32,
    /// The name of the breaker; empty without one.
    pub breaker: [c_char; HL_NAME_BYTES],
    /// The path of the scope; empty for everything.
    pub scope: [c_char; HL_NAME_BYTES],
    /// Who did it; "auto" for the machine.
    pub actor: [c_char; HL_NAME_BYTES],
    /// What he said, if the status that he has brought about stands, or is among the last 4096 that ended of which somebody has said something.
    pub note: [c_char; HL_SENTENCE_BYTES],
}

/// An event of the System with these bits.
pub(crate) fn event(system: u64, epoch: Epoch, from: &Event) -> hl_event {
    let moved = from.event_type().has_words();
    let (before, after) = if moved { (from.before(), from.after()) } else { (State::RETIRED, State::RETIRED) };
    hl_event {
        sequence: from.sequence,
        at_ns: from.at(epoch).0,
        until_ns: from.until.0,
        value: from.value,
        limit: from.limit,
        breaker: handle::breaker(system, from.breaker),
        before: from.before,
        after: from.after,
        event_type: from.event_type.into(),
        reason: from.reason.into(),
        kind: from.kind.into(),
        scope: from.scope.raw(),
        actor: from.actor,
        authority: from.authority.into(),
        before_status: before.status as u32,
        after_status: after.status as u32,
        before_denies: bits(before.denies),
        after_denies: bits(after.denies),
        rung: from.rung().map_or(0, u32::from),
        is_urgent: from.event_type().is_urgent().into(),
    }
}

/// The way back, for who asks what an event says.
fn core_event(system: u64, from: &hl_event) -> Result<Event, Refused> {
    let byte = |of, number: u32| {
        u8::try_from(number).map_err(|_| Refused::number(of, number.into(), "numbers that an event was given with"))
    };
    Ok(Event {
        sequence: from.sequence,
        before: from.before,
        after: from.after,
        value: from.value,
        limit: from.limit,
        until: Nanos(from.until_ns),
        breaker: if from.breaker == hl_breaker::default() {
            BreakerId::NONE
        } else {
            handle::breaker_id(system, from.breaker)?
        },
        scope: ScopeId::from_raw(from.scope),
        kind: byte("hl_event.kind", from.kind)?,
        event_type: byte("hl_event.event_type", from.event_type)?,
        reason: byte("hl_event.reason", from.reason)?,
        authority: byte("hl_event.authority", from.authority)?,
        actor: from.actor,
    })
}

/// What is behind the numbers of an event: names as they are now. Of a breaker that is gone, and whose line is used again, nothing is
/// known.
///
/// `HL_ERR_STALE` also for an event of another System; `HL_ERR_ARGUMENT` for numbers that no event has, `HL_ERR_NULL`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant.
///
/// # Safety
/// `event` can be read; `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_event_details(
    system: hl_system,
    event: *const hl_event,
    out: *mut hl_event_text,
) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let (event, out) = unsafe { (event.as_ref().ok_or(Refused::null("event"))?, place(out, "out")?) };
        let said = held.system.details(&core_event(held.bits, event)?);
        let nanos = |time: Option<core::time::Duration>| time.map_or(0, |time| time.as_nanos() as u64);
        out.write(hl_event_text {
            breach_expected_ns: said.breach_expected.unwrap_or(Nanos::NEVER).0,
            cooldown_ns: nanos(said.cooldown),
            lasted_ns: nanos(said.lasted),
            breach_percent: said.breach_percent.unwrap_or(-1.0),
            resets_by_itself: said.resets_by_itself.into(),
            reserved: 0,
            breaker: chars(&said.breaker.as_deref().unwrap_or_default()),
            scope: chars(&said.scope),
            actor: chars(&said.actor),
            note: chars(&said.note.as_deref().unwrap_or_default()),
        });
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use haltline::EventType;

    #[test]
    fn an_event_survives_the_way_to_c_and_back() {
        for event_type in EventType::ALL {
            let core = Event {
                sequence: 1,
                before: 2 << 61 | 7,
                after: 3 << 61 | 3 << 57 | 9,
                value: 0.5,
                limit: 0.25,
                until: Nanos::NEVER,
                breaker: BreakerId::from_raw(4),
                scope: ScopeId::from_raw(5),
                kind: 2,
                event_type: *event_type as u8,
                reason: 1,
                authority: 2,
                actor: 6,
            };
            let told = event(8, Epoch(Nanos(1_000)), &core);
            assert_eq!(core_event(8, &told).unwrap(), core);
            let moved = if event_type.has_words() { (2, 3, 3) } else { (0, 0, 0) };
            assert_eq!((told.before_status, told.after_status, told.after_denies), moved, "{event_type}");
            assert!(core_event(9, &told).is_err(), "of another System");
        }
    }
}
