//! Which events somebody wants.

use core::ffi::c_char;

use haltline::{EventType, Filter, Kind, ScopePath};

use crate::boundary::Refused;
use crate::text;

/// Which events are wanted: all of what is given must hold; a zeroed one wants everything. What concerns no breaker (a kill, a shutdown)
/// is asked for its type alone, and a gap goes to everybody.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hl_filter {
    /// Breakers of these kinds: bit `HL_KIND_...` of each; 0 is all.
    pub kinds: u64,
    /// Events of these types: bit `HL_EVENT_...` of each; 0 is all.
    pub types: u64,
    /// This scope and those below it, ended by a NUL; NULL or empty is all. Who subscribes names one that is declared.
    pub scope: *const c_char,
    /// 1: only trips, resets and stops.
    pub urgent: u32,
    /// Zero.
    pub reserved: u32,
}

/// What a filter of C asks for.
///
/// # Safety
/// The scope is NULL or ends with a NUL.
pub(crate) unsafe fn filter(from: &hl_filter) -> Result<Filter, Refused> {
    // SAFETY: as the caller says.
    let scope = unsafe { text::optional(from.scope, "hl_filter.scope") }?;
    if from.urgent > 1 {
        return Err(Refused::number("hl_filter.urgent", from.urgent.into(), "0 and 1"));
    }
    let kinds = haltline::KINDS.iter().map(|row| row.kind);
    Ok(Filter {
        kinds: of_bits("hl_filter.kinds", from.kinds, kinds, |kind: &Kind| *kind as u8)?,
        scope: ScopePath::new(scope.unwrap_or_default())?,
        types: of_bits("hl_filter.types", from.types, EventType::ALL.iter().copied(), |what| *what as u8)?,
        urgent: from.urgent == 1,
    })
}

fn of_bits<T>(
    what: &'static str,
    bits: u64,
    all: impl Iterator<Item = T>,
    number: impl Fn(&T) -> u8,
) -> Result<Vec<T>, Refused> {
    let (mut found, mut known) = (Vec::new(), 0);
    for each in all {
        let bit = 1 << number(&each);
        known |= bit;
        if bits & bit != 0 {
            found.push(each);
        }
    }
    if bits & !known == 0 { Ok(found) } else { Err(Refused::number(what, bits, "the bits of numbers that there are")) }
}
