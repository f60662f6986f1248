//! Observations in: one thread pushes what it hears of one scope, and breakers that watch the scope react at once.
//!
//! A feed is claimed by one thread at a time, so its windows are plain memory and an observation that changes nothing
//! costs a few loads and two stores for each breaker that hears it: no locked instruction, no allocation, no clock.
//! When something does change, the feed itself runs the transition; there is no thread in between.

mod account;
mod market;
mod panel;
#[cfg(all(test, not(loom)))]
mod reload_tests;
pub(crate) mod shared;

use core::time::Duration;
use std::sync::Arc;

pub(crate) use self::panel::{FeedCell, Panel};
use self::panel::{Parked, adopt};
use crate::circuit::Circuit;
use crate::listener::{Heard, Listener};
use crate::memory::sync::lock;
use crate::model::error::{ErrorKind, FeedError};
use crate::model::event::BreakerId;
use crate::model::metrics::{MarketConditions, Metrics};
use crate::model::observation::{Channel, CheckId, Observation, Outcome};
use crate::model::status::Status;
use crate::model::time::Nanos;

/// A claimed feed. `Send`, not `Sync`, and every method takes `&mut self`: one thread at a time, without a lock.
///
/// Times are those of the observation, in nanoseconds since 1970, and must not run backwards by more than
/// `max_backstep`, nor be ahead of the System's time by more than `max_ahead`, nor behind it by more than a year, as times of another unit
/// are. What means nothing is refused with an
/// error, changes nothing, and is counted; it does not refresh the feed.
///
/// Dropping a feed lets another thread claim it, windows and all.
///
/// ```
/// use haltline::{By, Drawdown, Authority, Money, Nanos, Plan, System};
/// # use haltline::*;
/// let plan = Plan {
///     breakers: vec![BreakerSpec {
///         name: "drawdown".into(),
///         scope: ScopePath::new("acct/alpha")?,
///         watch: vec![],
///         rule: RuleSpec::Drawdown(Drawdown::with_limit(Ratio::from_f64(0.08)?)),
///         policy: Kind::Drawdown.default_policy(),
///     }],
///     ..Plan::default()
/// };
/// let system = System::manual(plan, Nanos::from_secs(1))?;
/// let gate = system.gate(&["acct/alpha"])?;
/// let mut marks = system.feed("acct/alpha")?;
/// assert!(!gate.permits(Intent::Increase), "no mark yet: doubt denies");
/// marks.equity(Money::from_f64(1_000_000.0)?, Nanos::from_secs(1))?;
/// assert!(gate.permits(Intent::Increase));
/// marks.equity(Money::from_f64(919_999.0)?, Nanos::from_secs(2))?;
/// assert!(!gate.permits(Intent::Increase), "8 % below its peak");
/// assert!(gate.permits(Intent::Reduce), "reducing is the cure");
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Debug)]
pub struct Feed {
    circuit: Arc<Circuit>,
    cell: Arc<FeedCell>,
    panel: Box<Panel>,
    last_at: Nanos,
    /// No time below this is too far ahead.
    horizon: Nanos,
    /// `Send` but not `Sync`.
    _one_thread: core::marker::PhantomData<core::cell::Cell<()>>,
}

impl Feed {
    /// `None` if somebody holds it.
    pub(crate) fn claim(circuit: Arc<Circuit>, cell: Arc<FeedCell>) -> Option<Self> {
        let (panel, last_at) = {
            let mut parked = lock(&cell.parked);
            (parked.panel.take()?, parked.last_at)
        };
        // A thread's first look at the registry allocates; not later, on an order's way.
        drop(circuit.snapshot());
        let mut feed =
            Self { circuit, cell, panel, last_at, horizon: Nanos(0), _one_thread: core::marker::PhantomData };
        let Self { circuit, cell, panel, .. } = &mut feed;
        let generation = panel.generation;
        let outdated = || cell.generation() > generation;
        panel.listeners.iter_mut().for_each(|listener| listener.resume(circuit, &outdated));
        Some(feed)
    }

    /// Which reload its panel is of, for the models.
    #[cfg(all(test, loom))]
    pub(crate) fn panel_generation(&self) -> u64 {
        self.panel.generation
    }

    /// How a call ended that began `duration` before `at`; who does not measure gives zero. An ignored one counts nowhere, and
    /// says all the same that the source is there.
    ///
    /// # Errors
    /// As [`trade`](Self::trade), also for a call that would have begun before 1970.
    pub fn outcome(&mut self, outcome: Outcome, duration: Duration, at: Nanos) -> Result<(), FeedError> {
        self.observe(&Observation::Outcome { outcome, duration, late: Duration::ZERO }, at)
    }

    /// Whether a prediction of the model has come true, told when that is known.
    ///
    /// # Errors
    /// As [`trade`](Self::trade).
    pub fn prediction(&mut self, right: bool, at: Nanos) -> Result<(), FeedError> {
        self.observe(&Observation::Prediction(right), at)
    }

    /// A check before the open has passed or failed; [`System::check_id`](crate::System::check_id) gives its number.
    ///
    /// # Errors
    /// As [`trade`](Self::trade); [`ErrorKind::Unknown`] if no breaker that listens to this feed asks for it.
    pub fn check(&mut self, check: CheckId, passed: bool, at: Nanos) -> Result<(), FeedError> {
        self.admit(at)?;
        if !self.panel.listeners.iter().any(|listener| listener.expects(check)) {
            let allowed = "checks of the breakers that watch this feed";
            return Err(FeedError::unknown("check", f64::from(check.raw()), allowed));
        }
        self.observe(&Observation::Check { check, passed }, at)
    }

    /// Time passes; nothing else is new. Closes samples; does not count as hearing from the source.
    ///
    /// # Errors
    /// As [`trade`](Self::trade).
    pub fn heartbeat(&mut self, at: Nanos) -> Result<(), FeedError> {
        self.observe(&Observation::Heartbeat, at)
    }

    /// A value made elsewhere, for one breaker that takes such.
    ///
    /// # Errors
    /// As [`trade`](Self::trade); [`ErrorKind::Unknown`] if the breaker does not listen to this feed.
    pub fn reading(&mut self, breaker: BreakerId, value: f64, at: Nanos) -> Result<(), FeedError> {
        self.admit(at)?;
        let Self { panel, circuit, cell, .. } = self;
        let takes = |listener: &&mut Listener| listener.id() == breaker && listener.takes_levels();
        let Some(listener) = panel.listeners.iter_mut().find(takes) else {
            let allowed = "breakers that watch this feed and take readings made elsewhere";
            return Err(FeedError::unknown("breaker", f64::from(breaker.raw()), allowed));
        };
        let outdated = || cell.generation() > panel.generation;
        match listener.hear(circuit, &outdated, &Observation::Level(value), at) {
            Heard::Good => {}
            Heard::Refused(error) => return Err(error),
            Heard::Outdated => self.adopt_news(),
        }
        self.last_at = self.last_at.max(at);
        Ok(())
    }

    /// The breaker of this name, if it hears this feed now: a reload that moves a breaker to another scope gives it another number.
    /// Takes no lock; O(listeners).
    ///
    /// ```
    /// # use haltline::*;
    /// let spec = BreakerSpec::new("calls", ScopePath::new("ext/vix")?, RuleSpec::Technical(Technical::default()));
    /// let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(1))?;
    /// let mut feed = system.feed("ext/vix")?;
    /// assert_eq!(feed.breaker("calls"), Some(system.breaker("calls")?));
    /// assert_eq!(feed.breaker("another"), None);
    /// # Ok::<(), haltline::Error>(())
    /// ```
    pub fn breaker(&mut self, name: &str) -> Option<BreakerId> {
        self.keep_up();
        self.panel.listeners.iter().find(|listener| listener.name() == name).map(Listener::id)
    }

    /// Takes over what a reload has changed.
    fn keep_up(&mut self) {
        if self.cell.generation() > self.panel.generation {
            self.adopt_news();
        }
    }

    /// The status of a breaker that hears this feed, so that whoever pushes outcomes can spare himself the calls while their
    /// breaker is tripped. `None` for a breaker that does not hear it. Takes no lock; O(listeners).
    ///
    /// ```
    /// # use haltline::*;
    /// # use std::time::Duration;
    /// let rule = Technical { consecutive: Some(1), ..Technical::default() };
    /// let spec = BreakerSpec::new("calls", ScopePath::new("ext/vix")?, RuleSpec::Technical(rule));
    /// let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(1))?;
    /// let (calls, mut feed) = (system.breaker("calls")?, system.feed("ext/vix")?);
    /// assert_eq!(feed.status(calls), Some(Status::Active));
    /// feed.outcome(Outcome::Failure, Duration::ZERO, system.now())?;
    /// assert_eq!(feed.status(calls), Some(Status::Tripped));
    /// assert_eq!(feed.status(system.breaker("kill:")?), None);
    /// # Ok::<(), haltline::Error>(())
    /// ```
    pub fn status(&mut self, breaker: BreakerId) -> Option<Status> {
        self.keep_up();
        let hears = self.panel.listeners.iter().any(|listener| listener.id() == breaker);
        hears.then(|| self.circuit.board.state(breaker.index()).status)
    }

    /// All that is known at one moment, each number for the breakers that are polled for it.
    pub(crate) fn poll(&mut self, metrics: &Metrics, market: &MarketConditions, at: Nanos) -> Result<(), FeedError> {
        self.values(at, |channel| match channel {
            Channel::Metric(metric) => metric.raw(metrics, market),
            _ => None,
        })
    }

    /// The order path of observations: plain numbers, the same one for all rules of a channel.
    #[inline]
    fn values(&mut self, at: Nanos, of: impl Fn(Channel) -> Option<i64>) -> Result<(), FeedError> {
        if !self.is_admitted(at) {
            self.admit(at)?;
        }
        let mut outcome = Heard::Good;
        let Self { panel, circuit, cell, .. } = self;
        for listener in &mut panel.listeners {
            let channel = listener.channel();
            let Some(value) = of(channel) else { continue };
            if !listener.stays_quiet(circuit, value, at) {
                let hold = listener.hold(circuit, value, at);
                let outdated = || cell.generation() > panel.generation;
                let heard = listener.hear(circuit, &outdated, &Observation::Value(channel, value), at);
                drop(hold);
                outcome = outcome.and(heard);
            }
        }
        self.conclude(outcome, at)
    }

    /// Everything that is no plain number, for all who listen.
    fn observe(&mut self, observation: &Observation, at: Nanos) -> Result<(), FeedError> {
        self.tell(observation, at, |_| true)
    }

    #[inline(never)]
    fn tell(
        &mut self,
        observation: &Observation,
        at: Nanos,
        concerns: impl Fn(&Listener) -> bool,
    ) -> Result<(), FeedError> {
        if !self.is_admitted(at) {
            self.admit(at)?;
        }
        let mut outcome = Heard::Good;
        let Self { panel, circuit, cell, .. } = self;
        for listener in panel.listeners.iter_mut().filter(|listener| concerns(listener)) {
            let outdated = || cell.generation() > panel.generation;
            outcome = outcome.and(listener.hear(circuit, &outdated, observation, at));
        }
        self.conclude(outcome, at)
    }

    #[inline]
    fn conclude(&mut self, outcome: Heard, at: Nanos) -> Result<(), FeedError> {
        match outcome {
            Heard::Good => {}
            Heard::Outdated => self.adopt_news(),
            Heard::Refused(error) => {
                // Another listener may have left its decision to the new panel: that must not wait for the next observation.
                if self.cell.generation() > self.panel.generation {
                    self.adopt_news();
                }
                return Err(error);
            }
        }
        self.last_at = self.last_at.max(at);
        Ok(())
    }

    /// Whether an observation of this time may come in, and there is no news of the control plane: a shutdown is some.
    #[inline]
    fn is_admitted(&self, at: Nanos) -> bool {
        at >= self.last_at && at < self.horizon && self.cell.generation() <= self.panel.generation
    }

    /// Whether an observation of this time may come in; also takes over what a reload has prepared.
    #[cold]
    fn admit(&mut self, at: Nanos) -> Result<(), FeedError> {
        if self.circuit.closed.is_raised() {
            return Err(FeedError::CLOSED);
        }
        if self.cell.generation() > self.panel.generation {
            self.adopt_news();
        }
        let admitted = self.circuit.admit(at, self.last_at, &mut self.horizon);
        admitted.or_else(|error| self.refuse(error))
    }

    /// Counts a refusal on every breaker that listens.
    #[cold]
    fn refuse(&mut self, error: FeedError) -> Result<(), FeedError> {
        let Self { panel, circuit, .. } = self;
        panel.listeners.iter_mut().for_each(|listener| listener.refused(circuit, 1));
        Err(error)
    }

    /// Takes a new panel over. The old one goes back to the control plane, which frees it.
    #[cold]
    fn adopt_news(&mut self) {
        while let Some(mut panel) = self.cell.mailbox.take() {
            let (cell, generation) = (&self.cell, panel.generation);
            adopt(&mut self.panel, &mut panel, &self.circuit, &|| cell.generation() > generation);
            let old = core::mem::replace(&mut self.panel, panel);
            drop(self.cell.returned.leave(old));
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        let cell = self.cell.clone();
        let mut parked = lock(&cell.parked);
        self.adopt_news();
        let empty = Box::new(Panel::new(0, Vec::new()));
        let panel = Some(core::mem::replace(&mut self.panel, empty));
        *parked = Parked { panel, last_at: self.last_at };
    }
}

impl Heard {
    /// What two listeners say together: a refusal is told, news are taken over.
    fn and(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Refused(error), _) | (_, Self::Refused(error)) if error.kind() == ErrorKind::BadInput => {
                Self::Refused(*error)
            }
            (Self::Good, _) => other,
            _ => self,
        }
    }
}

#[cfg(all(test, not(loom)))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{BreakerSpec, Drawdown, Kind, Money, Plan, Policy, Ratio, Release, RuleSpec, ScopePath, System};

    /// Whether a mark is denied before the rule is asked, after one of `equity` under this policy.
    fn holds(policy: Policy, equity: i64, mark: i64) -> bool {
        let rule = Drawdown { speed: false, ..Drawdown::with_limit(Ratio::from_f64(0.08).unwrap()) };
        let spec = BreakerSpec::new("b", ScopePath::root(), RuleSpec::Drawdown(rule)).with_policy(policy);
        let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(1)).unwrap();
        let mut feed = system.feed("").unwrap();
        let at = system.now();
        feed.equity(Money::from_raw(1_000_000), at).unwrap();
        feed.equity(Money::from_raw(equity), at).unwrap();
        let hold = feed.panel.listeners[0].hold(&feed.circuit, mark, at);
        assert!(hold.is_none() || system.gate(&[]).unwrap().check().denies_any());
        hold.is_some()
    }

    #[test]
    fn a_mark_that_is_sure_to_trip_is_denied_before_the_rule_is_asked_and_no_other() {
        let policy = || Kind::Drawdown.default_policy();
        assert!(holds(policy(), 1_000_000, 920_000), "eight per cent");
        assert!(!holds(policy(), 1_000_000, 920_001));
        assert!(!holds(policy(), 1_000_000, 500_000), "too far to be believed at once");
        assert!(!holds(policy(), 920_000, 919_000), "it has tripped");
        assert!(!holds(Policy { confirm: 2, ..policy() }, 1_000_000, 920_000));
        assert!(!holds(Policy { enabled: false, ..policy() }, 1_000_000, 920_000));
        assert!(!holds(Policy { liquidates: true, ..policy() }, 1_000_000, 920_000), "that denies something else");
        let timed = Policy { release: Release::Timed, ..policy() };
        assert!(holds(timed, 930_000, 915_000));
    }
}
