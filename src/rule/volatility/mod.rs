//! `volatility`: its parameters. The detector is in [`detector`].

mod detector;

use core::fmt;
use core::time::Duration;

use crate::model::error::Error;
use crate::model::limits::Limits;
use crate::model::policy::Policy;
use crate::model::status::named;
use crate::rule::check::{Check, bad, check_limits, check_share};

pub(crate) use detector::Detector;

/// The most returns that a volatility window holds.
pub const MAX_RETURNS: usize = 4_096;

/// The volatility rule: realised volatility over a window of samples, or a reading made elsewhere.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// let rule = Volatility {
///     limits: Limits::of(Ratio::from_f64(0.02)?), source: VolatilitySource::Trade,
///     sample: Some(Duration::from_secs(1)), returns: 2, annualise: None, rise: false, breakout: false,
/// };
/// # let (scope, policy) = (ScopePath::root(), Kind::Volatility.default_policy());
/// # let spec = BreakerSpec { name: "vol".into(), scope, watch: vec![], rule: RuleSpec::Volatility(rule), policy };
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
/// # let (gate, mut tape) = (system.gate(&[])?, system.feed("")?);
/// let mut may_go_after = |price, second| -> Result<bool, Error> {
///     let at = Nanos::from_secs(second);
/// #   system.advance(at);
///     tape.trade(Price::from_f64(price)?, Qty(100), at)?;
///     Ok(gate.permits(Intent::Increase))
/// };
/// // Two returns need three closes; until then doubt denies. 1 % up and down in 2 s is calm, 2 % more is not.
/// assert!(!may_go_after(100.0, 1)? && !may_go_after(101.0, 2)? && may_go_after(100.0, 3)?);
/// assert!(!may_go_after(102.0, 4)?);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Volatility {
    /// Levels of the value: the move that one window expects, or per year if annualised.
    pub limits: Limits,
    /// What is sampled.
    pub source: VolatilitySource,
    /// The length of a sample; `None` is a session (`"1d"` with a calendar).
    pub sample: Option<Duration>,
    /// How many returns a window holds.
    pub returns: usize,
    /// Samples in a year, if the value shall be per year.
    pub annualise: Option<f64>,
    /// Whether a rise of half the limit over the last ten readings is a breach.
    pub rise: bool,
    /// Whether a z-score above 3 against the hundred readings before is a breach, from half the limit on.
    pub breakout: bool,
}

named! {
    /// What a volatility rule samples.
    ///
    /// ```
    /// # use haltline::*;
    /// # use std::time::Duration;
    /// # let rule = Volatility {
    /// #     limits: Limits::of(Ratio::from_f64(40.0)?), source: VolatilitySource::Level,
    /// #     sample: Some(Duration::from_secs(1)), returns: 2, annualise: None, rise: false, breakout: false,
    /// # };
    /// # let (scope, policy) = (ScopePath::root(), Kind::Volatility.default_policy());
    /// # let spec = BreakerSpec { name: "vix".into(), scope, watch: vec![], rule: RuleSpec::Volatility(rule), policy };
    /// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
    /// # let (gate, mut index) = (system.gate(&[])?, system.feed("")?);
    /// // `VolatilitySource::Level` with a limit of 40: the limit is in the index's own points, nothing is sampled.
    /// let vix = system.breaker("vix")?;
    /// index.reading(vix, 39.99, system.now())?;
    /// assert!(gate.permits(Intent::Increase));
    /// index.reading(vix, 40.0, system.now())?;
    /// assert!(!gate.permits(Intent::Increase));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    VolatilitySource: "source" {
        /// Trade prices.
        Trade = 0, "trade";
        /// The middle of bid and ask.
        Mid = 1, "mid";
        /// Readings made elsewhere, a volatility index for example.
        Level = 2, "level";
    }
}

impl Check for Volatility {
    fn check(&self, policy: &Policy) -> Result<(), Error> {
        match (self.source, self.annualise) {
            (VolatilitySource::Level, _) => check_limits(&self.limits)?,
            (_, None) => check_share(&self.limits, 1.0)?,
            (_, Some(_)) => check_share(&self.limits, 100.0)?,
        }
        if !(2..=MAX_RETURNS).contains(&self.returns) {
            return bad(format!("window: {} samples, allowed are 2 to {MAX_RETURNS}", self.returns));
        }
        if self.sample.is_some_and(|s| s.is_zero()) {
            return bad("sample: must be above 0");
        }
        if self.sample.is_none() && policy.sessions.is_none() {
            return bad("sample: one a session, but there is no calendar");
        }
        if self.annualise.is_some_and(|n| !(n > 0.0 && n.is_finite())) {
            return bad("annualise: must be a number above 0");
        }
        Ok(())
    }
}
