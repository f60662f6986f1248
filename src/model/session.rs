//! Trading sessions as a sorted list of UTC boundaries: the core needs no time zones.
//!
//! `crates/config` compiles calendars with a real time-zone library; days of 23 and 25 hours are its business.

use core::fmt;

use super::error::{Error, ErrorKind};
use super::time::Nanos;

/// A calendar date as the number `yyyymmdd`: the name of a session.
///
/// ```
/// use haltline::Date;
/// let (friday, monday) = (Date::new(2020, 3, 6), Date::new(2020, 3, 9));
/// // The name of a session, not a moment. It sorts by day; whether there was trading, a calendar knows.
/// assert!(friday < monday);
/// assert_eq!((monday.0, monday.to_string().as_str()), (20_200_309, "2020-03-09"));
/// assert!(monday.exists() && !Date::new(2021, 2, 29).exists());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub u32);

impl Date {
    /// From year, month and day. Not checked: what takes a date refuses those that do not [exist](Self::exists).
    pub const fn new(year: u16, month: u8, day: u8) -> Self {
        Self(year as u32 * 10_000 + month as u32 * 100 + day as u32)
    }

    /// Whether the Gregorian calendar has it, in the years from 1 to 9999.
    #[must_use]
    pub const fn exists(self) -> bool {
        let (year, month, day) = (self.0 / 10_000, self.0 / 100 % 100, self.0 % 100);
        let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if is_leap => 29,
            2 => 28,
            _ => 0,
        };
        year >= 1 && year <= 9_999 && day >= 1 && day <= days
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0 / 10_000, self.0 / 100 % 100, self.0 % 100)
    }
}

/// One trading session.
///
/// ```
/// use haltline::{Date, Nanos, Place, Session, Sessions};
/// let utc_9_march = |hour: u64| Nanos::from_secs(1_583_712_000 + 3_600 * hour);
/// // A futures session opens the evening before: at 22:00 UTC on the 9th it is the 10th's already.
/// let session = Session { date: Date::new(2020, 3, 10), open: utc_9_march(22), close: utc_9_march(45) };
/// let sessions = Sessions::new(vec![session])?;
/// assert_eq!(sessions.place(utc_9_march(22)), Place::In(0));
/// assert_eq!(sessions.get(0).map(|session| session.date), Some(Date::new(2020, 3, 10)));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its date where the market is.
    pub date: Date,
    /// The opening bell.
    pub open: Nanos,
    /// The closing bell.
    pub close: Nanos,
}

/// Where a time lies among the sessions.
///
/// ```
/// use haltline::{Date, Nanos, Place, Session, Sessions};
/// let day = |d, open| Session { date: Date::new(2020, 3, d), open: Nanos(open), close: Nanos(open + 10) };
/// let sessions = Sessions::new(vec![day(9, 100), day(10, 200)])?;
/// // Both bells belong to the session; a nanosecond after the close it is the next one's turn.
/// assert_eq!((sessions.place(Nanos(100)), sessions.place(Nanos(110))), (Place::In(0), Place::In(0)));
/// assert_eq!(sessions.place(Nanos(111)), Place::Before(1));
/// // The calendar has run out: not "closed" but unknown.
/// assert_eq!(sessions.place(Nanos(211)), Place::Beyond);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// From the open to the close of the session of this index, both included.
    In(usize),
    /// Outside; the session of this index is the next.
    Before(usize),
    /// After the last session, or no sessions at all: the calendar says nothing of this time.
    Beyond,
}

/// The sessions of a market, in order, without overlap.
///
/// ```
/// use haltline::{Date, Nanos, Place, Session, Sessions};
/// let day = |d, open| Session { date: Date::new(2020, 3, d), open: Nanos::from_secs(open), close: Nanos::from_secs(open + 10) };
/// let sessions = Sessions::new(vec![day(9, 100), day(10, 200)])?;
/// assert_eq!(sessions.place(Nanos::from_secs(110)), Place::In(0));
/// assert_eq!(sessions.place(Nanos::from_secs(150)), Place::Before(1));
/// assert_eq!(sessions.place(Nanos::from_secs(211)), Place::Beyond);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sessions(Vec<Session>);

impl Sessions {
    /// Takes a list of sessions.
    ///
    /// # Errors
    /// [`ErrorKind::BadPlan`] if the date of one does not exist, if it closes before it opens, or opens before the one before
    /// it has closed, or is not of a later date.
    pub fn new(list: Vec<Session>) -> Result<Self, Error> {
        let bad = |s: &Session, why| Err(Error::new(ErrorKind::BadPlan, format!("session {}: {why}", s.date)));
        for session in &list {
            if !session.date.exists() {
                return bad(session, "its date does not exist");
            }
            if session.close <= session.open {
                return bad(session, "closes at or before its open");
            }
        }
        for pair in list.windows(2) {
            if pair[1].open <= pair[0].close {
                return bad(&pair[1], "opens before the session before it has closed");
            }
            if pair[1].date <= pair[0].date {
                return bad(&pair[1], "is not of a later date than the session before it");
            }
        }
        Ok(Self(list))
    }

    /// All of them.
    pub fn as_slice(&self) -> &[Session] {
        &self.0
    }

    /// The session of an index that [`place`](Self::place) returned.
    pub fn get(&self, index: usize) -> Option<&Session> {
        self.0.get(index)
    }

    /// Where `at` lies; O(log n).
    pub fn place(&self, at: Nanos) -> Place {
        let next = self.0.partition_point(|s| s.close < at);
        match self.0.get(next) {
            Some(s) if s.open <= at => Place::In(next),
            Some(_) => Place::Before(next),
            None => Place::Beyond,
        }
    }

    /// The session that `at` lies in, or the next one.
    pub fn current_or_next(&self, at: Nanos) -> Option<usize> {
        match self.place(at) {
            Place::In(i) | Place::Before(i) => Some(i),
            Place::Beyond => None,
        }
    }

    /// The first open after `at`.
    pub fn next_open(&self, at: Nanos) -> Option<Nanos> {
        self.0.get(self.0.partition_point(|s| s.open <= at)).map(|s| s.open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(date: u8, open: u64, close: u64) -> Session {
        Session { date: Date::new(2020, 3, date), open: Nanos(open), close: Nanos(close) }
    }

    #[test]
    fn both_bells_belong_to_the_session() {
        let sessions = Sessions::new(vec![day(9, 10, 20), day(10, 30, 40)]).unwrap();
        for (at, place) in [
            (9, Place::Before(0)),
            (10, Place::In(0)),
            (20, Place::In(0)),
            (21, Place::Before(1)),
            (29, Place::Before(1)),
            (40, Place::In(1)),
            (41, Place::Beyond),
        ] {
            assert_eq!(sessions.place(Nanos(at)), place, "{at}");
        }
        assert_eq!(sessions.next_open(Nanos(10)), Some(Nanos(30)));
        assert_eq!(sessions.next_open(Nanos(30)), None);
    }

    #[test]
    fn the_calendar_has_365_days_and_366_in_leap_years() {
        let days_of = |year: u32| (0..10_000).filter(|day| Date(year * 10_000 + day).exists()).count();
        let years = [0, 1, 1900, 2000, 2023, 2024, 9_999, 10_000];
        assert_eq!(years.map(days_of), [0, 365, 365, 366, 365, 366, 365, 0]);
        assert!(Date(20_240_229).exists() && !Date(20_230_229).exists());
        assert!(!Date(0).exists() && !Date(u32::MAX).exists());
    }

    #[test]
    fn overlapping_or_disordered_sessions_are_refused() {
        let overlapping = vec![day(9, 10, 20), day(10, 20, 30)];
        let disordered = vec![day(10, 10, 20), day(9, 30, 40)];
        for list in [vec![day(9, 10, 10)], overlapping, disordered, vec![day(32, 10, 20)]] {
            assert!(Sessions::new(list).is_err());
        }
    }
}
