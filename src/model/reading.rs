//! What a rule says of its last observations.

use super::reason::Reason;
use super::state::Step;
use super::time::Nanos;

/// How bad the last value is. Zeroed memory is `Unready`.
///
/// ```
/// use haltline::Level;
/// // Below the limit the cause of a trip is gone, also while the value still warns. Doubt shows nothing.
/// assert!(Level::Warn.is_good() && !Level::Unready.is_good());
/// // Of two feeds the worse counts: a breach before doubt, doubt before a warning.
/// assert_eq!(Level::Warn.worst(Level::Unready), Level::Unready);
/// assert_eq!(Level::Unready.worst(Level::Breach), Level::Breach);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Level {
    /// No usable value yet.
    #[default]
    Unready = 0,
    /// Below the clear level.
    Normal = 1,
    /// Between the clear and the warn level: a warning stays, none begins.
    Elevated = 2,
    /// At or above the warn level.
    Warn = 3,
    /// At or above the limit.
    Breach = 4,
}

impl Level {
    pub(crate) const fn from_bits(bits: u64) -> Self {
        match bits {
            1 => Self::Normal,
            2 => Self::Elevated,
            3 => Self::Warn,
            4 => Self::Breach,
            _ => Self::Unready,
        }
    }

    /// Whether this reading shows that the cause of a trip is gone.
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Normal | Self::Elevated | Self::Warn)
    }

    /// The worse of two: a breach before doubt, doubt before a warning.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Normal => 0,
            Self::Elevated => 1,
            Self::Warn => 2,
            Self::Unready => 3,
            Self::Breach => 4,
        }
    }
}

/// A rule's answer to an observation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading {
    /// How bad it is.
    pub(crate) level: Level,
    /// The rung that was reached, for a ladder.
    pub(crate) step: Step,
    /// Why.
    pub(crate) reason: Reason,
    /// The value that was tested: a fraction of the reference or peak, or in the unit of the kind.
    pub(crate) value: f64,
    /// The limit that it was tested against.
    pub(crate) limit: f64,
    /// What comes by time alone if no further observation does.
    pub(crate) pending: Pending,
}

impl Reading {
    /// No usable value yet.
    pub(crate) const UNREADY: Self = Self {
        level: Level::Unready,
        step: Step::FIRST,
        reason: Reason::NotReady,
        value: 0.0,
        limit: 0.0,
        pending: Pending::NONE,
    };

    /// Whether another reading differs in nothing but its value and the limit that it is closest to.
    pub(crate) fn says_the_same_as(&self, other: &Self) -> bool {
        (self.level, self.step, self.reason) == (other.level, other.step, other.reason) && self.pending == other.pending
    }

    /// A value that has been tested against its three levels, and nothing else.
    pub(crate) fn of(level: Level, value: f64, limit: f64) -> Self {
        let reason = match level {
            Level::Unready => return Self::UNREADY,
            Level::Normal | Level::Elevated => Reason::None,
            Level::Warn => Reason::WarnLevel,
            Level::Breach => Reason::Limit,
        };
        Self { level, step: Step::FIRST, reason, value, limit, pending: Pending::NONE }
    }
}

/// A reading that comes true at `due` in silence: a breach that has lasted long enough, a reference that is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    /// When.
    pub(crate) due: Nanos,
    /// What the level is then.
    pub(crate) level: Level,
    /// The rung, for a ladder.
    pub(crate) step: Step,
    /// Why.
    pub(crate) reason: Reason,
}

impl Pending {
    /// Nothing comes by time alone.
    pub(crate) const NONE: Self =
        Self { due: Nanos::NEVER, level: Level::Normal, step: Step::FIRST, reason: Reason::None };

    /// The one that comes first.
    #[must_use]
    pub(crate) fn earlier(self, other: Self) -> Self {
        if other.due < self.due { other } else { self }
    }
}

/// What is known of a breaker's cause when time or a person would bring it back.
///
/// ```
/// use haltline::machine::{Decision, Input, Moment, step};
/// # use haltline::*;
/// # let halted = State { status: Status::Tripped, denies: Lanes::HALT, ..State::RETIRED };
/// let ends = |standing| {
///     // The 15 minutes of the halt are over.
///     let moment = Moment { now: Nanos::from_secs(900), epoch: Epoch::default(), standing, auto_resets: 0, in_doubt: false };
///     step(halted, Input::Elapsed, &Policy::default(), &moment) != Decision::Stay
/// };
/// assert!(ends(Standing::Last(Level::Warn)) && ends(Standing::NoReadings));
/// // A standing cause keeps it; so does a feed that has nothing fresh to say.
/// assert!(!ends(Standing::Last(Level::Breach)) && !ends(Standing::Silent));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// The kind has no readings; its cause is a person's word.
    NoReadings,
    /// The last good observation is too old to say that the cause is gone.
    Silent,
    /// The worst last reading.
    Last(Level),
}

impl Standing {
    /// Whether it shows a breach.
    pub const fn breaches(self) -> bool {
        matches!(self, Self::Last(Level::Breach))
    }
}
