//! `time_based`: trading inside sessions only, and not in blackouts. No detector: the level is a function of time.
//!
//! ```text
//! breach:  at lies in no session of the calendar, both bells included
//!     or:  from <= at < to for a blackout
//! ```
//!
//! Times are nanoseconds since 1970; whoever makes the plan compiles local hours to them (`crates/config` does). A bell
//! belongs to its session, as everywhere; a blackout begins with its first instant and has ended at `to`, so that what is
//! blacked out until 10:00 trades at 10:00.
//!
//! * **The calendar's end.** After the last session, and before the first, nobody knows whether the market is open: denied.
//! * Outside of a session that is the reason, whether there is a blackout or not.
//! * The monitor sleeps until the next boundary, which is exact to the nanosecond in a System that is told its time, and as
//!   good as the machine's timers in one on the wall clock. Boundaries that it sleeps through are not needed: the level is
//!   that of the moment at which it looks.
//!
//! Cost: two binary searches, when the breaker moves and at its boundaries; nothing for a check. Memory: 16 bytes a
//! session's bells and 8 for its date, shared by all that go by the calendar; 40 bytes and its reason a blackout.

use core::time::Duration;
use std::sync::Arc;

use crate::model::error::Error;
use crate::model::policy::{Policy, Release};
use crate::model::reading::Level;
use crate::model::reason::Reason;
use crate::model::session::{Place, Sessions};
use crate::model::time::Nanos;
use crate::rule::RuleSpec;
use crate::rule::check::{Check, bad};

/// The longest reason of a blackout, in bytes: that of a person's note.
const REASON_BYTES: usize = 128;
const TICK: Duration = Duration::from_nanos(1);

/// The time based rule: trading only inside the sessions of a calendar, and outside of blackouts.
///
/// ```
/// # use haltline::*;
/// # use std::sync::Arc;
/// # use std::time::Duration;
/// let (tick, hours) = (Duration::from_nanos(1), |n: u64| Nanos::from_secs(3_600 * n));
/// let day = |d, open| Session { date: Date::new(2020, 3, d), open: hours(open), close: hours(open + 7) };
/// let rule = TimeBased::within(Arc::new(Sessions::new(vec![day(9, 10), day(10, 34)])?));
/// # let spec = BreakerSpec::new("hours", ScopePath::root(), RuleSpec::TimeBased(rule));
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, hours(9))?;
/// # let gate = system.gate(&[])?;
/// let may_go_at = |at| {
///     system.advance(at);
///     gate.permits(Intent::Increase)
/// };
/// // Both bells belong to the session, to the nanosecond.
/// assert!(!may_go_at(hours(10) - tick) && may_go_at(hours(10)));
/// assert!(may_go_at(hours(17)) && !may_go_at(hours(17) + tick));
/// let denial = gate.explain(gate.check());
/// assert_eq!((denial.reason, denial.until), (Reason::OutOfSession, Some(hours(34))));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeBased {
    /// When there is trading.
    pub sessions: Arc<Sessions>,
    /// When there is none all the same; in order, without overlap.
    pub blackouts: Vec<Blackout>,
}

impl TimeBased {
    /// In these sessions, without blackouts.
    pub fn within(sessions: Arc<Sessions>) -> Self {
        Self { sessions, blackouts: Vec::new() }
    }
}

/// A time without trading, from `from` up to `to`; at `to` it has ended.
///
/// ```
/// # use haltline::*;
/// # use std::sync::Arc;
/// # let hours = |n: u64| Nanos::from_secs(3_600 * n);
/// # let day = |d, open| Session { date: Date::new(2020, 3, d), open: hours(open), close: hours(open + 7) };
/// # let sessions = Arc::new(Sessions::new(vec![day(9, 10), day(10, 34)])?);
/// let fed = Blackout { from: hours(13), to: hours(14), reason: "rate decision".into() };
/// let rule = TimeBased { blackouts: vec![fed], ..TimeBased::within(sessions) };
/// # let spec = BreakerSpec::new("hours", ScopePath::root(), RuleSpec::TimeBased(rule));
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, hours(13))?;
/// # let gate = system.gate(&[])?;
/// let denial = gate.explain(gate.check());
/// let text = "tripped by hours (time_based) on everything: blackout, until 1970-01-01T14:00:00Z, rate decision";
/// assert_eq!(denial.to_string(), text);
/// system.advance(hours(14));
/// assert!(gate.permits(Intent::Increase));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blackout {
    /// Its first instant.
    pub from: Nanos,
    /// The first instant after it.
    pub to: Nanos,
    /// What it is for, at most 128 bytes; denials show it.
    pub reason: String,
}

/// What the clock says at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hour {
    pub(crate) level: Level,
    pub(crate) reason: Reason,
    /// The first time after it at which the clock may say something else.
    pub(crate) until: Nanos,
}

impl TimeBased {
    fn hour(&self, at: Nanos) -> Hour {
        let (outside, bell) = match self.sessions.place(at) {
            Place::In(i) => (None, self.sessions.get(i).map_or(Nanos::NEVER, |session| session.close + TICK)),
            Place::Before(i) => {
                (Some(Reason::OutOfSession), self.sessions.get(i).map_or(Nanos::NEVER, |session| session.open))
            }
            Place::Beyond => (Some(Reason::CalendarEnded), Nanos::NEVER),
        };
        let (blackout, edge) = match self.blackouts.get(self.blackouts.partition_point(|b| b.to <= at)) {
            Some(next) if next.from <= at => (Some(Reason::Blackout), next.to),
            Some(next) => (None, next.from),
            None => (None, Nanos::NEVER),
        };
        let (level, reason) = match outside.or(blackout) {
            Some(reason) => (Level::Breach, reason),
            None => (Level::Normal, Reason::None),
        };
        Hour { level, reason, until: bell.min(edge) }
    }

    /// When there is trading, from `at` on; `None` if the calendar has no such time.
    fn opens(&self, mut at: Nanos) -> Option<Nanos> {
        loop {
            match self.hour(at) {
                Hour { level: Level::Normal, .. } => return Some(at),
                Hour { until, .. } if at < until && until < Nanos::NEVER => at = until,
                _ => return None,
            }
        }
    }

    /// What the blackout of `at` is for.
    pub(super) fn remark(&self, at: Nanos) -> Option<String> {
        if self.hour(at).reason != Reason::Blackout {
            return None;
        }
        let blackout = self.blackouts.iter().find(|blackout| at < blackout.to)?;
        Some(blackout.reason.clone()).filter(|reason| !reason.is_empty())
    }
}

impl RuleSpec {
    /// What the clock alone says, for the kind whose level is a function of time.
    pub(crate) fn by_clock(&self, at: Nanos) -> Option<Hour> {
        match self {
            Self::TimeBased(rule) => Some(rule.hour(at)),
            _ => None,
        }
    }

    /// When the clock lets trade again, from `at` on.
    pub(crate) fn opens_by_clock(&self, at: Nanos) -> Option<Nanos> {
        match self {
            Self::TimeBased(rule) => rule.opens(at),
            _ => None,
        }
    }
}

impl Check for TimeBased {
    fn check(&self, policy: &Policy) -> Result<(), Error> {
        if self.sessions.as_slice().is_empty() {
            return bad("sessions: found none, and outside of sessions nothing is traded");
        }
        for Blackout { from, to, reason } in &self.blackouts {
            if from >= to {
                return bad(format!("blackout: found {from} to {to}, allowed are ends after the begin"));
            }
            if reason.len() > REASON_BYTES || reason.chars().any(char::is_control) {
                let allowed = format!("at most {REASON_BYTES} bytes without control characters");
                return bad(format!("blackout: found the reason {reason:?}, allowed are {allowed}"));
            }
        }
        if let Some(pair) = self.blackouts.windows(2).find(|pair| pair[1].from < pair[0].to) {
            let text = "allowed are blackouts in order, without overlap";
            return bad(format!("blackout: one begins at {} before {}, {text}", pair[1].from, pair[0].to));
        }
        if policy.release == Release::Timed {
            return bad("release: found timed, which would not end with the bell; allowed are level and latched");
        }
        if policy.confirm > 1 || !policy.confirm_for.is_zero() {
            return bad("confirm, confirm_for: the clock is right the first time");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
