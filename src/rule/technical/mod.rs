//! `technical`: its parameters. The detector is in [`detector`].

mod detector;

use core::time::Duration;

use crate::model::error::Error;
use crate::model::limits::Limits;
use crate::model::policy::{Policy, Release};
use crate::model::units::Ratio;
use crate::rule::check::{Check, bad, check_share};

pub(crate) use detector::Detector;

/// The most calls that a window of the last calls holds.
pub const MAX_CALLS: u32 = 65_536;

/// The circuit breaker around a dependency: a gateway, a venue session, a pricing service. Fed by
/// [`Feed::outcome`](crate::Feed::outcome), one for each call.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// let rule = Technical { window: CallWindow::Last(10), ..Technical::default() };
/// # let (scope, policy) = (ScopePath::new("gw/fix-1")?, Kind::Technical.default_policy());
/// # let spec = BreakerSpec { name: "gw".into(), scope, watch: vec![], rule: RuleSpec::Technical(rule), policy };
/// # let start = Nanos::from_secs(1_000);
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, start)?;
/// let (gate, mut calls) = (system.gate(&["gw/fix-1"])?, system.feed("gw/fix-1")?);
/// let took = Duration::from_millis(3);
/// assert!(gate.permits(Intent::Increase), "nothing can have failed before the first call");
/// for _ in 0..5 {
///     calls.outcome(Outcome::Success, took, system.now())?;
///     calls.outcome(Outcome::Failure, took, system.now())?;
/// }
/// assert!(!gate.permits(Intent::Increase), "5 of the last 10 have failed");
/// // No call is admitted that could show that all is well again, so time alone ends it, and it begins anew.
/// system.advance(start + Duration::from_secs(30));
/// assert!(gate.permits(Intent::Increase));
/// calls.outcome(Outcome::Failure, took, system.now())?;
/// assert!(gate.permits(Intent::Increase));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Technical {
    /// Levels of the failure rate: failed calls among all.
    pub failure_rate: Limits,
    /// Which calls the rates are taken over.
    pub window: CallWindow,
    /// No rate is tested over fewer calls; at most as many as the window holds.
    pub min_calls: u32,
    /// When slow calls are too many; `None` switches it off.
    pub slow: Option<SlowCalls>,
    /// So many failures in a row are a breach, whatever the rates; `None` switches it off.
    pub consecutive: Option<u32>,
}

impl Default for Technical {
    /// The catalogue's: half of the last 100 calls, at least 10 of them.
    fn default() -> Self {
        Self {
            failure_rate: Limits::of(Ratio::from_raw(500_000_000)),
            window: CallWindow::Last(100),
            min_calls: 10,
            slow: None,
            consecutive: None,
        }
    }
}

/// Which calls count.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// # let may_go = |window| -> Result<bool, Error> {
/// #     let rule = RuleSpec::Technical(Technical { window, min_calls: 2, ..Technical::default() });
/// #     let (scope, policy) = (ScopePath::root(), Kind::Technical.default_policy());
/// #     let spec = BreakerSpec { name: "gw".into(), scope, watch: vec![], rule, policy };
/// #     let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
/// #     let (gate, mut calls) = (system.gate(&[])?, system.feed("")?);
/// #     for second in [100, 200] {
/// #         system.advance(Nanos::from_secs(second));
/// #         calls.outcome(Outcome::Failure, Duration::ZERO, system.now())?;
/// #     }
/// #     Ok(gate.permits(Intent::Increase))
/// # };
/// // Two failures, 100 s apart, and two calls are enough for a rate.
/// assert!(!may_go(CallWindow::Last(10))?, "both are among the last 10");
/// assert!(may_go(CallWindow::Time(Duration::from_secs(30)))?, "the first is forgotten");
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallWindow {
    /// The last so many, from 1 to [`MAX_CALLS`], however old they are.
    Last(u32),
    /// Those of so much time, however many they are.
    Time(Duration),
}

/// When slow calls are too many.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// let slow = SlowCalls { rate: Limits::of(Ratio::from_f64(0.5)?), after: Duration::from_secs(2) };
/// let rule = Technical { slow: Some(slow), min_calls: 2, ..Technical::default() };
/// # let (scope, policy) = (ScopePath::root(), Kind::Technical.default_policy());
/// # let spec = BreakerSpec { name: "gw".into(), scope, watch: vec![], rule: RuleSpec::Technical(rule), policy };
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(9))?;
/// # let (gate, mut calls) = (system.gate(&[])?, system.feed("")?);
/// calls.outcome(Outcome::Success, Duration::from_secs(1), system.now())?;
/// calls.outcome(Outcome::Success, Duration::from_secs(2), system.now())?;
/// assert_eq!(gate.explain(gate.check()).reason, Reason::SlowRate);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlowCalls {
    /// Levels of the slow rate: slow calls, failed or not, among all.
    pub rate: Limits,
    /// A call that takes so long is slow.
    pub after: Duration,
}

impl Check for Technical {
    fn check(&self, policy: &Policy) -> Result<(), Error> {
        check_share(&self.failure_rate, 1.0)?;
        match self.window {
            CallWindow::Last(calls) if !(1..=MAX_CALLS).contains(&calls) => {
                return bad(format!("window: found {calls} calls, allowed are 1 to {MAX_CALLS}"));
            }
            CallWindow::Last(calls) if self.min_calls > calls => {
                return bad(format!("min_calls: found {}, allowed are 1 to the window, {calls}", self.min_calls));
            }
            CallWindow::Time(Duration::ZERO) => return bad("window: must be above 0"),
            _ => {}
        }
        if self.min_calls == 0 || self.consecutive == Some(0) {
            return bad("min_calls, consecutive: found 0, allowed are numbers from 1");
        }
        if let Some(slow) = &self.slow {
            check_share(&slow.rate, 1.0)?;
            if slow.after.is_zero() {
                return bad("slow_after: must be above 0");
            }
        }
        check_policy(policy)
    }
}

/// What cannot be with a rule that judges the very calls that the breaker admits.
fn check_policy(policy: &Policy) -> Result<(), Error> {
    if policy.release == Release::Level {
        return bad("release: found level, allowed are timed and latched: after a trip no call shows that it is over");
    }
    if policy.confirm > 1 || !policy.confirm_for.is_zero() {
        return bad("confirm, confirm_for: a technical breaker has `min_calls` and `consecutive` instead");
    }
    Ok(())
}
