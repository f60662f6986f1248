//! Time is an argument. Nobody below `system.rs` reads a clock.

use core::fmt;
use core::ops::{Add, Sub};
use core::time::Duration;

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z. Arithmetic saturates, so nothing expires early and
/// nothing panics.
///
/// ```
/// use haltline::Nanos;
/// use std::time::Duration;
/// assert_eq!(Nanos::from_secs(1) + Duration::from_millis(5), Nanos(1_005_000_000));
/// assert_eq!(Nanos(3) - Nanos(5), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub u64);

impl Nanos {
    /// Later than anything.
    pub const NEVER: Self = Self(u64::MAX);

    /// Whole seconds since 1970.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }
}

impl Add<Duration> for Nanos {
    type Output = Self;
    fn add(self, d: Duration) -> Self {
        Self(self.0.saturating_add(nanos_of(d)))
    }
}

impl Sub<Duration> for Nanos {
    type Output = Self;
    fn sub(self, d: Duration) -> Self {
        Self(self.0.saturating_sub(nanos_of(d)))
    }
}

impl Sub for Nanos {
    type Output = Duration;
    fn sub(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
    }
}

/// A time as people write it, in UTC and to the second: `2020-03-09T14:01:00Z`. Rounded up, so that what is over by then is.
pub(crate) struct Utc(pub(crate) Nanos);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.0.0.div_ceil(1_000_000_000);
        let time = secs % 86_400;
        // Days since 0000-03-01: counted from March, a leap day is the last of its year, and of its 400 years.
        let days = secs / 86_400 + 719_468;
        let (era, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        // March to January are blocks of 153 days for each five months.
        let month = (5 * day + 2) / 153;
        let (day, is_next_year) = (day - (153 * month + 2) / 5 + 1, month >= 10);
        let month = if is_next_year { month - 9 } else { month + 3 };
        let year = 400 * era + year + u64::from(is_next_year);
        write!(f, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", time / 3_600, time / 60 % 60, time % 60)
    }
}

/// A duration in nanoseconds, capped at 584 years.
pub(crate) const fn nanos_of(d: Duration) -> u64 {
    let wide = d.as_nanos();
    if wide > u64::MAX as u128 { u64::MAX } else { wide as u64 }
}

/// Microseconds after a Board's epoch: the time that fits into a breaker's word.
///
/// ```
/// use haltline::Micros;
/// use std::time::Duration;
/// // Rounded up: a halt of 1.5 microseconds that begins in microsecond 10 is not over in 11.
/// assert_eq!(Micros(10).after(Duration::from_nanos(1_500)), Micros(12));
/// // The end of the word's time, 35 years on, is a wall, not a wrap.
/// assert_eq!(Micros(10).after(Duration::MAX), Micros::MAX);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u64);

impl Micros {
    /// The last microsecond that a word can hold, 35 years after the epoch.
    pub const MAX: Self = Self((1 << 50) - 1);

    /// After `d`, rounded up so that what lasts at least `d` does.
    #[must_use]
    pub fn after(self, d: Duration) -> Self {
        let micros = d.as_nanos().div_ceil(1_000).min(Self::MAX.0 as u128) as u64;
        Self(self.0.saturating_add(micros).min(Self::MAX.0))
    }
}

/// The epoch of a Board: what its microseconds count from. Fixed when a System is made.
///
/// ```
/// use haltline::{Epoch, Micros, Nanos};
/// let epoch = Epoch(Nanos::from_secs(1_700_000_000));
/// let at = Nanos(1_700_000_000_000_001_001); // 1.001 microseconds later
/// // A status begins late, a deadline comes due late: a halt is never too short.
/// assert_eq!((epoch.ceil(at), epoch.floor(at)), (Micros(2), Micros(1)));
/// assert_eq!(epoch.nanos(Micros(2)), Nanos(1_700_000_000_000_002_000));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Epoch(pub Nanos);

impl Epoch {
    /// The first microsecond that is not before `at`: a status that begins then never began too early, so a halt
    /// counted from it is never too short.
    #[inline]
    pub fn ceil(self, at: Nanos) -> Micros {
        Micros(at.0.saturating_sub(self.0.0).div_ceil(1_000).min(Micros::MAX.0))
    }

    /// The last microsecond that has begun by `at`: a deadline is due when this has reached it.
    #[inline]
    pub fn floor(self, at: Nanos) -> Micros {
        Micros((at.0.saturating_sub(self.0.0) / 1_000).min(Micros::MAX.0))
    }

    /// Back to the calendar's time.
    #[inline]
    pub fn nanos(self, at: Micros) -> Nanos {
        Nanos(self.0.0.saturating_add(at.0.saturating_mul(1_000)))
    }

    /// The last time that a System of this epoch knows, 35 years on: there its clock stands still. The versions of words may
    /// rise for 18 minutes more.
    pub fn last(self) -> Nanos {
        self.nanos(Micros(Micros::MAX.0 - (1 << 30)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::session::Date;

    #[test]
    fn a_time_is_written_as_the_calendar_has_it() {
        let known = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_583_762_460, "2020-03-09T14:01:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ];
        for (secs, wanted) in known {
            assert_eq!(Utc(Nanos::from_secs(secs)).to_string(), wanted);
        }
        assert_eq!(Utc(Nanos(1)).to_string(), "1970-01-01T00:00:01Z", "rounded up");
        assert_eq!(Utc(Nanos::NEVER).to_string(), "2554-07-21T23:34:34Z");
    }

    #[test]
    fn every_day_that_exists_is_written_in_its_turn() {
        let all =
            (1970..2554).flat_map(|year| (1..=12).flat_map(move |month| (1..=31).map(move |day| (year, month, day))));
        let dates = all.map(|(year, month, day)| Date::new(year, month, day)).filter(|date| date.exists());
        for (day, date) in (0..).zip(dates) {
            assert_eq!(Utc(Nanos::from_secs(86_400 * day)).to_string(), format!("{date}T00:00:00Z"));
        }
    }

    #[test]
    fn a_status_begins_late_and_a_deadline_comes_late_never_early() {
        let epoch = Epoch(Nanos(500));
        assert_eq!(epoch.ceil(Nanos(500)), Micros(0));
        assert_eq!(epoch.ceil(Nanos(501)), Micros(1));
        assert_eq!(epoch.floor(Nanos(1_499)), Micros(0));
        assert_eq!(epoch.floor(Nanos(1_500)), Micros(1));
        assert_eq!(epoch.nanos(Micros(1)), Nanos(1_500));
    }

    #[test]
    fn time_before_the_epoch_saturates() {
        assert_eq!(Epoch(Nanos(500)).ceil(Nanos(1)), Micros(0));
    }

    #[test]
    fn durations_round_up() {
        assert_eq!(Micros(5).after(Duration::from_nanos(1)), Micros(6));
        assert_eq!(Micros(5).after(Duration::MAX), Micros::MAX);
    }
}
