//! `premarket_validation`: its parameters. The detector is in [`detector`].

mod detector;

use core::time::Duration;
use std::collections::HashSet;

use crate::model::error::Error;
use crate::model::policy::{OnUnready, Policy};
use crate::model::reason::Reason;
use crate::model::session::{Session, Sessions};
use crate::model::time::Nanos;
use crate::rule::check::{Check, bad};
use crate::rule::{Detect, Memory, RuleSpec};

pub(crate) use detector::Detector;

/// The most checks of one breaker.
pub const MAX_CHECKS: usize = 64;

/// The premarket validation rule: named checks that must have passed since the last session's end.
///
/// ```
/// # use haltline::*;
/// # use std::sync::Arc;
/// # let hours = |n: u64| Nanos::from_secs(3_600 * n);
/// # let day = |d, open| Session { date: Date::new(2020, 3, d), open: hours(open), close: hours(open + 7) };
/// # let sessions = Some(Arc::new(Sessions::new(vec![day(9, 10), day(10, 34)])?));
/// let rule = RuleSpec::PremarketValidation(PremarketValidation::of(&["prices", "limits"]));
/// # let policy = Policy { sessions, ..Kind::PremarketValidation.default_policy() };
/// # let spec = BreakerSpec::new("ready", ScopePath::root(), rule).with_policy(policy);
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, hours(8))?;
/// # let (gate, mut desk) = (system.gate(&[])?, system.feed("")?);
/// let (prices, limits) = (system.check_id("prices")?, system.check_id("limits")?);
/// assert_eq!(gate.explain(gate.check()).reason, Reason::CheckMissing);
/// desk.check(prices, true, system.now())?;
/// desk.check(limits, false, system.now())?;
/// assert_eq!(gate.explain(gate.check()).note.as_deref(), Some("failed: limits"));
/// desk.check(limits, true, system.now())?;
/// assert!(gate.permits(Intent::Increase));
/// // The session from 10:00 to 17:00 is over: tomorrow's checks are tomorrow's.
/// system.advance(hours(18));
/// assert!(!gate.permits(Intent::Increase));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PremarketValidation {
    /// The checks, at most [`MAX_CHECKS`].
    pub checks: Vec<PremarketCheck>,
}

impl PremarketValidation {
    /// These checks, without deadlines.
    pub fn of(names: &[&str]) -> Self {
        let check = |name: &&str| PremarketCheck { name: (*name).to_owned(), deadline: None };
        Self { checks: names.iter().map(check).collect() }
    }
}

/// One of the checks.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// # use std::sync::Arc;
/// # let hours = |n: u64| Nanos::from_secs(3_600 * n);
/// # let day = |d, open| Session { date: Date::new(2020, 3, d), open: hours(open), close: hours(open + 7) };
/// # let sessions = Some(Arc::new(Sessions::new(vec![day(9, 10), day(10, 34)])?));
/// let deadline = Some(Deadline::BeforeOpen(Duration::from_secs(1_800)));
/// let prices = PremarketCheck { name: "prices".into(), deadline };
/// # let rule = RuleSpec::PremarketValidation(PremarketValidation { checks: vec![prices] });
/// # let policy = Policy { sessions, ..Kind::PremarketValidation.default_policy() };
/// # let spec = BreakerSpec::new("ready", ScopePath::root(), rule).with_policy(policy);
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, hours(8))?;
/// # let (gate, mut desk) = (system.gate(&[])?, system.feed("")?);
/// // The session opens at 10:00; the check comes at 09:45 and is late for today.
/// let at = hours(9) + Duration::from_secs(2_700);
/// system.advance(at);
/// desk.check(system.check_id("prices")?, true, at)?;
/// assert_eq!(gate.explain(gate.check()).reason, Reason::CheckLate);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PremarketCheck {
    /// Its name.
    pub name: String,
    /// By when it must have passed for the first time; `None`: whenever it does.
    pub deadline: Option<Deadline>,
}

/// The latest time at which a check may pass, that time included.
///
/// ```
/// use haltline::{Date, Deadline, Nanos, Session};
/// use std::time::Duration;
/// let utc = |hour: u64, minute: u64| Nanos::from_secs(1_583_712_000 + 3_600 * hour + 60 * minute);
/// // New York, 9 March 2020: 09:00 on the wall is 30 minutes before the open, in summer and in winter.
/// let session = Session { date: Date::new(2020, 3, 9), open: utc(13, 30), close: utc(20, 0) };
/// assert_eq!(Deadline::BeforeOpen(Duration::from_secs(1_800)).at(&session), utc(13, 0));
/// assert_eq!(Deadline::AfterOpen(Duration::from_secs(300)).at(&session), utc(13, 35));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// So long before the open.
    BeforeOpen(Duration),
    /// So long after the open.
    AfterOpen(Duration),
}

impl Deadline {
    /// When that is for `session`.
    pub fn at(self, session: &Session) -> Nanos {
        match self {
            Self::BeforeOpen(d) => session.open - d,
            Self::AfterOpen(d) => session.open + d,
        }
    }

    /// Whether a check could meet it in every session: not before the end of the session before, and by the close of at
    /// least one.
    fn can_be_met(self, sessions: &Sessions) -> bool {
        let list = sessions.as_slice();
        let early = list.windows(2).any(|pair| self.at(&pair[1]) <= pair[0].close);
        !early && list.iter().any(|session| self.at(session) <= session.close)
    }
}

/// Which checks are not good, by name; `None` if all are, or if the calendar has ended.
pub(crate) fn remark(spec: &PremarketValidation, policy: &Policy, memory: Memory, at: Nanos) -> Option<String> {
    let states = Detector::new(spec, policy).states(memory, at)?;
    let named = |state: Reason, word: &str| {
        let names: Vec<_> =
            spec.checks.iter().zip(&states).filter(|(_, s)| **s == state).map(|(c, _)| &*c.name).collect();
        (!names.is_empty()).then(|| format!("{word}: {}", names.join(", ")))
    };
    let failed = named(Reason::CheckFailed, "failed");
    let parts =
        failed.into_iter().chain(named(Reason::CheckLate, "late")).chain(named(Reason::CheckMissing, "missing"));
    Some(parts.collect::<Vec<_>>().join("; ")).filter(|text| !text.is_empty())
}

impl RuleSpec {
    /// The checks that it asks for.
    pub(crate) fn checks(&self) -> &[PremarketCheck] {
        match self {
            Self::PremarketValidation(rule) => &rule.checks,
            _ => &[],
        }
    }
}

impl Check for PremarketValidation {
    /// Names are looked at with those of the whole plan.
    fn check(&self, policy: &Policy) -> Result<(), Error> {
        if !(1..=MAX_CHECKS).contains(&self.checks.len()) {
            return bad(format!("checks: found {}, allowed are 1 to {MAX_CHECKS}", self.checks.len()));
        }
        let Some(sessions) = &policy.sessions else {
            return bad("checks: they hold until a session's end, but there is no calendar");
        };
        let mut names = HashSet::new();
        for PremarketCheck { name, deadline } in &self.checks {
            if !names.insert(name) {
                return bad(format!("checks: {name:?} is there twice"));
            }
            if deadline.is_some_and(|deadline| !deadline.can_be_met(sessions)) {
                let text = "its deadline lies before the end of the session before, or after the close";
                return bad(format!("checks: {name:?} can never pass, for {text}"));
            }
        }
        if policy.on_unready == OnUnready::Allow {
            return bad("on_unready: found allow, allowed is deny: a check that is missing is no lack of a value");
        }
        if policy.confirm > 1 || !policy.confirm_for.is_zero() {
            return bad("confirm, confirm_for: a check has passed or has not");
        }
        Ok(())
    }
}
