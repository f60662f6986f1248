//! `loss_rate`: its parameters. The detector is in [`detector`].

mod closes;
mod detector;

use core::time::Duration;

use crate::model::error::Error;
use crate::model::limits::Limits;
use crate::model::policy::Policy;
use crate::model::units::{Money, Ratio};
use crate::rule::check::{Check, bad, check_share};

pub(crate) use detector::Detector;

/// The loss rate rule: how much of the equity a window has lost.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// // 3 % in 5 minutes.
/// let rule = RuleSpec::LossRate(LossRate::with_limit(Ratio::from_f64(0.03)?));
/// # let policy = Policy { on_stale: OnStale::Ignore, ..Kind::LossRate.default_policy() };
/// # let spec = BreakerSpec { name: "speed".into(), scope: ScopePath::root(), watch: vec![], rule, policy };
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
/// # let (gate, mut marks) = (system.gate(&[])?, system.feed("")?);
/// let mut may_go_after = |equity, second| -> Result<bool, Error> {
///     let at = Nanos::from_secs(second);
/// #   system.advance(at);
///     marks.equity(Money::from_f64(equity)?, at)?;
///     Ok(gate.permits(Intent::Increase))
/// };
/// // Nobody knows yet where the window began, so doubt denies.
/// assert!(!may_go_after(1_000_000.0, 0)? && !may_go_after(1_000_000.0, 299)?);
/// assert!(may_go_after(1_000_000.0, 300)? && may_go_after(970_001.0, 400)?);
/// assert!(!may_go_after(970_000.0, 401)?);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LossRate {
    /// Levels of `(start - now) / start`. At twice the limit a breach needs no confirmation.
    pub limits: Limits,
    /// What is heard.
    pub source: LossSource,
    /// The time between `start` and `now`.
    pub window: Duration,
    /// Samples for the next two tests.
    pub sample: Duration,
    /// Whether five losing samples in a row are a breach once the window has lost half of the limit. Three warn.
    pub streak: bool,
    /// Whether it is a breach then that the window's last third loses more than 1.5 times what its first third did.
    pub acceleration: bool,
}

impl LossRate {
    /// The catalogue's defaults with this limit: marks, 5 minutes, samples of a minute, both tests, a warning at three
    /// quarters of the limit.
    pub fn with_limit(limit: Ratio) -> Self {
        let warn = limit.times(Ratio::from_raw(750_000_000));
        Self {
            limits: Limits { limit, warn, clear: warn.times(Ratio::from_raw(900_000_000)) },
            source: LossSource::Marks,
            window: Duration::from_secs(300),
            sample: Duration::from_secs(60),
            streak: true,
            acceleration: true,
        }
    }
}

/// What a loss rate hears.
///
/// ```
/// # use haltline::*;
/// // The P&L of one strategy, against the 500 000 that it was given.
/// let source = LossSource::Pnl { capital: Money::from_f64(500_000.0)? };
/// let rule = RuleSpec::LossRate(LossRate { source, ..LossRate::with_limit(Ratio::from_f64(0.03)?) });
/// # let policy = Kind::LossRate.default_policy();
/// # let spec = BreakerSpec { name: "speed".into(), scope: ScopePath::root(), watch: vec![], rule, policy };
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
/// # let (gate, mut books) = (system.gate(&[])?, system.feed("")?);
/// books.pnl(Money::from_f64(-14_999.99)?, system.now())?;
/// assert!(gate.permits(Intent::Increase), "before the first delta nothing was lost");
/// books.pnl(Money::from_f64(-0.01)?, system.now())?;
/// assert!(!gate.permits(Intent::Increase));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossSource {
    /// Marks of the equity.
    Marks,
    /// Gains and losses as they are booked. The equity is the capital and their sum.
    Pnl {
        /// What there was before the first of them.
        capital: Money,
    },
}

impl Check for LossRate {
    fn check(&self, _policy: &Policy) -> Result<(), Error> {
        check_share(&self.limits, 1.0)?;
        if self.window.is_zero() || self.sample.is_zero() {
            return bad("window, sample: must be above 0");
        }
        match self.source {
            LossSource::Pnl { capital } if capital <= Money::ZERO => {
                bad(format!("capital: found {capital}, allowed are amounts above 0"))
            }
            _ => Ok(()),
        }
    }
}
