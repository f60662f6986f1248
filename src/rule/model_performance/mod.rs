//! `model_performance`: its parameters. The detector is in [`detector`].

mod detector;

use core::fmt;

use crate::model::error::Error;
use crate::model::limits::Limits;
use crate::model::policy::Policy;
use crate::model::status::named;
use crate::model::units::Ratio;
use crate::rule::check::{Check, bad, check_limits_below};

pub(crate) use detector::Detector;

/// The most outcomes that a window of predictions holds.
pub const MAX_OUTCOMES: usize = 65_536;

/// The model performance rule: the share of right predictions over the last outcomes, or an accuracy measured elsewhere.
/// Lower is worse.
///
/// ```
/// # use haltline::*;
/// let limits = Limits::below(Ratio::from_f64(0.60)?, Ratio::from_f64(1.0)?);
/// let rule = ModelPerformance { window: 10, min_outcomes: 5, ..ModelPerformance::with_limits(limits) };
/// # let (scope, policy) = (ScopePath::root(), Kind::ModelPerformance.default_policy());
/// # let rule = RuleSpec::ModelPerformance(rule);
/// # let spec = BreakerSpec { name: "model".into(), scope, watch: vec![], rule, policy };
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
/// # let (gate, mut outcomes, now) = (system.gate(&[])?, system.feed("")?, system.now());
/// for right in [true, true, true, true] {
///     outcomes.prediction(right, now)?;
/// }
/// assert!(!gate.permits(Intent::Increase), "four outcomes say nothing yet");
/// outcomes.prediction(false, now)?;
/// assert!(gate.permits(Intent::Increase), "4 of 5 are right");
/// for right in [true, true, false, false, false] {
///     outcomes.prediction(right, now)?;
/// }
/// assert!(gate.permits(Intent::Increase), "6 of 10 is the limit, not below it");
/// outcomes.prediction(false, now)?;
/// assert!(!gate.permits(Intent::Increase), "a right one has left the window: 5 of 10");
/// assert!(gate.permits(Intent::Reduce), "the way out of the model's positions stays open");
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ModelPerformance {
    /// Levels of the share of right predictions: trip below `limit`, warn below `warn`, leave at `clear`.
    pub limits: Limits,
    /// What is heard.
    pub source: PerformanceSource,
    /// How many outcomes the share is of, at most.
    pub window: usize,
    /// How many it must be of before it counts.
    pub min_outcomes: usize,
}

impl ModelPerformance {
    /// The catalogue's defaults with these levels: the last 200 outcomes, at least 50.
    pub fn with_limits(limits: Limits) -> Self {
        Self { limits, source: PerformanceSource::Outcomes, window: 200, min_outcomes: 50 }
    }
}

impl Default for ModelPerformance {
    /// The catalogue's: trip below 60 %, warn below 68 %, leave at 84 %.
    fn default() -> Self {
        Self::with_limits(Limits::below(Ratio::from_raw(600_000_000), BEST))
    }
}

/// All predictions right.
const BEST: Ratio = Ratio::from_raw(Ratio::SCALE);

named! {
    /// What a model performance rule hears.
    ///
    /// ```
    /// # use haltline::*;
    /// let rule = ModelPerformance { source: PerformanceSource::Level, ..ModelPerformance::default() };
    /// # let (scope, policy) = (ScopePath::root(), Kind::ModelPerformance.default_policy());
    /// # let rule = RuleSpec::ModelPerformance(rule);
    /// # let spec = BreakerSpec { name: "model".into(), scope, watch: vec![], rule, policy };
    /// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
    /// # let (gate, mut scores, now) = (system.gate(&[])?, system.feed("")?, system.now());
    /// // The research desk scores the model and pushes the accuracy; each number counts at once.
    /// let model = system.breaker("model")?;
    /// scores.reading(model, 0.60, now)?;
    /// assert!(gate.permits(Intent::Increase));
    /// scores.reading(model, 0.5999, now)?;
    /// assert!(!gate.permits(Intent::Increase));
    /// // 60 is no accuracy: somebody has sent per cent.
    /// assert!(scores.reading(model, 60.0, now).is_err());
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    PerformanceSource: "source" {
        /// Outcomes of predictions, one by one.
        Outcomes = 0, "outcomes";
        /// An accuracy from 0 to 1, measured elsewhere.
        Level = 1, "level";
    }
}

impl Check for ModelPerformance {
    fn check(&self, _policy: &Policy) -> Result<(), Error> {
        check_limits_below(&self.limits, BEST)?;
        if !(1..=MAX_OUTCOMES).contains(&self.window) {
            return bad(format!("window: found {} outcomes, allowed are 1 to {MAX_OUTCOMES}", self.window));
        }
        if !(1..=self.window).contains(&self.min_outcomes) {
            let (found, most) = (self.min_outcomes, self.window);
            return bad(format!("min_outcomes: found {found}, allowed are 1 to the window's {most}"));
        }
        Ok(())
    }
}
