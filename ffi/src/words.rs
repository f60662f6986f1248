//! The numbers of small sets of words: statuses, authorities, sources, policies. They never change.

use haltline::{Authority, Intent, Lanes, Outcome};

use crate::boundary::Refused;

/// Removed by a reload, or not yet in use.
pub const HL_STATUS_RETIRED: u32 = 0;
/// Nothing to report; while it is unready it may deny all the same.
pub const HL_STATUS_ACTIVE: u32 = 1;
/// At or above the warn level.
pub const HL_STATUS_WARNING: u32 = 2;
/// Denies what its policy says.
pub const HL_STATUS_TRIPPED: u32 = 3;
/// On the way back; denies what its policy says for this time.
pub const HL_STATUS_COOLDOWN: u32 = 4;
/// Stopped by a person or an emergency source; only `clear_emergency_stop` leaves it.
pub const HL_STATUS_EMERGENCY_HALT: u32 = 5;
/// The book is being reduced: orders that reduce pass.
pub const HL_STATUS_LIQUIDATING: u32 = 6;
/// Out of service by an operator's word: denies like Tripped, left by a reset.
pub const HL_STATUS_MAINTENANCE: u32 = 7;

/// The machine itself.
pub const HL_AUTHORITY_AUTO: u32 = 0;
/// A trader.
pub const HL_AUTHORITY_TRADER: u32 = 1;
/// The risk desk.
pub const HL_AUTHORITY_RISK_DESK: u32 = 2;
/// An administrator.
pub const HL_AUTHORITY_ADMIN: u32 = 3;

/// Nothing known.
pub const HL_VENUE_UNKNOWN: u32 = 0;
/// It trades.
pub const HL_VENUE_OPEN: u32 = 1;
/// It has halted.
pub const HL_VENUE_HALTED: u32 = 2;
/// It is closed.
pub const HL_VENUE_CLOSED: u32 = 3;

/// It did what it should.
pub const HL_OUTCOME_SUCCESS: u32 = 0;
/// It did not, and that is the dependency's fault.
pub const HL_OUTCOME_FAILURE: u32 = 1;
/// Says nothing of the dependency but that it is there: a cancelled call, the caller's own mistake, a heartbeat.
pub const HL_OUTCOME_IGNORED: u32 = 2;

/// A person.
pub const HL_SOURCE_MANUAL: u32 = 0;
/// A detector.
pub const HL_SOURCE_ANOMALY: u32 = 1;
/// Another system.
pub const HL_SOURCE_EXTERNAL: u32 = 2;

/// After its time, if the last reading is fresh and no breach; else with the first good reading after it.
pub const HL_RELEASE_TIMED: u32 = 0;
/// With the first good reading.
pub const HL_RELEASE_LEVEL: u32 = 1;
/// By hand.
pub const HL_RELEASE_LATCHED: u32 = 2;

/// Deny, as if tripped.
pub const HL_ON_UNREADY_DENY: u32 = 0;
/// Allow.
pub const HL_ON_UNREADY_ALLOW: u32 = 1;

/// Trip.
pub const HL_ON_STALE_TRIP: u32 = 0;
/// Warn.
pub const HL_ON_STALE_WARN: u32 = 1;
/// Nothing; the last reading stands for ever.
pub const HL_ON_STALE_IGNORE: u32 = 2;

/// Keep its state.
pub const HL_ON_BAD_INPUT_REFUSE: u32 = 0;
/// Trip.
pub const HL_ON_BAD_INPUT_TRIP: u32 = 1;

/// Denies orders that increase exposure.
pub const HL_NO_NEW: u32 = 1;
/// Denies new orders of either kind; resting ones can be pulled.
pub const HL_HALT: u32 = 3;
/// Denies everything, cancels too.
pub const HL_CLOSE: u32 = 7;

/// Of the events that wait for a subscriber, the one that has waited longest goes when they are too many.
pub const HL_OVERFLOW_DROP_OLDEST: u32 = 0;
/// The one that comes goes.
pub const HL_OVERFLOW_DROP_NEWEST: u32 = 1;

/// A word by its number.
pub(crate) fn word<T>(
    of: &'static str,
    number: u32,
    from_raw: impl FnOnce(u8) -> Option<T>,
    allowed: &'static str,
) -> Result<T, Refused> {
    let word = u8::try_from(number).ok().and_then(from_raw);
    word.ok_or(Refused::number(of, number.into(), allowed))
}

pub(crate) fn intent(number: u32) -> Result<Intent, Refused> {
    let intent = Intent::ALL.into_iter().find(|intent| *intent as u32 == number);
    intent.ok_or(Refused::number("intent", number.into(), "HL_INCREASE (0), HL_REDUCE (1), HL_CANCEL (2)"))
}

pub(crate) fn authority(number: u32) -> Result<Authority, Refused> {
    word("authority", number, Authority::from_raw, "HL_AUTHORITY_AUTO (0) to HL_AUTHORITY_ADMIN (3)")
}

pub(crate) fn outcome(number: u32) -> Result<Outcome, Refused> {
    word("outcome", number, Outcome::from_raw, "HL_OUTCOME_SUCCESS (0), _FAILURE (1), _IGNORED (2)")
}

/// Lanes as `HL_DENY_` and `HL_WARNS` bits.
pub(crate) fn bits(lanes: Lanes) -> u32 {
    let denied = Intent::ALL.into_iter().filter(|intent| lanes.denies(*intent));
    denied.fold(u32::from(lanes.warns()) << 3, |bits, intent| bits | 1 << intent as u32)
}

/// What a policy may deny.
pub(crate) fn effect(of: &'static str, bits: u32) -> Result<Lanes, Refused> {
    match bits {
        HL_NO_NEW => Ok(Lanes::NO_NEW),
        HL_HALT => Ok(Lanes::HALT),
        HL_CLOSE => Ok(Lanes::CLOSE),
        other => Err(Refused::number(of, other.into(), "HL_NO_NEW (1), HL_HALT (3), HL_CLOSE (7)")),
    }
}
