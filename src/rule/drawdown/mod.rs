//! `drawdown`: its parameters. The detector is in [`detector`].

mod detector;

use core::time::Duration;

use crate::model::error::Error;
use crate::model::limits::Limits;
use crate::model::policy::Policy;
use crate::model::units::Ratio;
use crate::rule::check::{Check, bad, check_share};

pub(crate) use detector::Detector;

/// The drawdown rule: fall of equity from a peak.
///
/// ```
/// # use haltline::*;
/// # let (scope, policy) = (ScopePath::root(), Kind::Drawdown.default_policy());
/// let rule = RuleSpec::Drawdown(Drawdown::with_limit(Ratio::from_f64(0.08)?));
/// # let spec = BreakerSpec { name: "drawdown".into(), scope, watch: vec![], rule, policy };
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
/// # let (gate, mut marks) = (system.gate(&[])?, system.feed("")?);
/// # let now = system.now();
/// marks.equity(Money::from_f64(1_000_000.0)?, now)?;
/// // A mark of half the book is more than `max_step` away, so it is held: one bad mark trips nothing.
/// marks.equity(Money::from_f64(500_000.0)?, now)?;
/// assert!(gate.permits(Intent::Increase));
/// marks.equity(Money::from_f64(500_000.0)?, now)?;
/// marks.equity(Money::from_f64(500_000.0)?, now)?;
/// assert!(!gate.permits(Intent::Increase), "three that agree are the truth");
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Drawdown {
    /// Levels of `(peak - equity) / peak`.
    pub limits: Limits,
    /// The peak that is meant.
    pub baseline: Baseline,
    /// A mark that moves more than this share is held until three agree.
    pub max_step: Ratio,
    /// Samples for the speed test.
    pub sample: Duration,
    /// Whether a fall of more than `limit / 20` a sample, over four samples, is a breach.
    pub speed: bool,
    /// Under the peak for longer than this with more than `underwater_limit` is a breach; `None` switches it off.
    pub underwater_for: Option<Duration>,
    /// How deep that must be.
    pub underwater_limit: Ratio,
}

impl Drawdown {
    /// The catalogue's defaults with this limit: since the start, with the speed test, and 24 hours under water by more
    /// than 5 %.
    pub fn with_limit(limit: Ratio) -> Self {
        Self {
            limits: Limits::of(limit),
            baseline: Baseline::Peak,
            max_step: Ratio::from_raw(200_000_000),
            sample: Duration::from_secs(60),
            speed: true,
            underwater_for: Some(Duration::from_secs(24 * 3600)),
            underwater_limit: Ratio::from_raw(50_000_000),
        }
    }
}

/// From which peak a drawdown is measured.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// # let bleeds_into = |baseline| -> Result<Status, Error> {
/// #     let rule = Drawdown { baseline, speed: false, ..Drawdown::with_limit(Ratio::from_f64(0.08)?) };
/// #     let policy = Policy { on_stale: OnStale::Ignore, ..Kind::Drawdown.default_policy() };
/// #     let rule = RuleSpec::Drawdown(rule);
/// #     let spec = BreakerSpec { name: "drawdown".into(), scope: ScopePath::root(), watch: vec![], rule, policy };
/// #     let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
/// #     let mut marks = system.feed("")?;
/// #     for hour in 0..=9 {
/// #         let at = Nanos::from_secs(hour * 3_600);
/// #         system.advance(at);
/// #         marks.equity(Money::from_f64(1_000_000.0 - 10_000.0 * hour as f64)?, at)?;
/// #     }
/// #     Ok(system.breaker_status(system.breaker("drawdown")?)?.status)
/// # };
/// // Equity bleeds by 1 % of the start each hour, for nine hours; the limit is 8 %.
/// assert_eq!(bleeds_into(Baseline::Peak)?, Status::Tripped);
/// // A window of three hours forgets the old peak: it sees a crash, not a slow leak.
/// assert_eq!(bleeds_into(Baseline::Rolling(Duration::from_secs(3 * 3_600)))?, Status::Active);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// Since the start.
    Peak,
    /// Since the session's start; its first mark is the last one before it, so that a gap is seen.
    Session,
    /// The session's first mark.
    SessionOpen,
    /// Of a rolling window.
    Rolling(Duration),
}

impl Check for Drawdown {
    fn check(&self, policy: &Policy) -> Result<(), Error> {
        check_share(&self.limits, 1.0)?;
        if self.sample.is_zero() || self.max_step <= Ratio::ZERO {
            return bad("sample, max_step: must be above 0");
        }
        let by_session = matches!(self.baseline, Baseline::Session | Baseline::SessionOpen);
        if by_session && policy.sessions.is_none() {
            return bad("baseline: by session, but there is no calendar");
        }
        if self.baseline == Baseline::Rolling(Duration::ZERO) {
            return bad("window: must be above 0");
        }
        Ok(())
    }
}
