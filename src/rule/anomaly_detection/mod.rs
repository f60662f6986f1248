//! `anomaly_detection`: its parameters. The detector is in [`detector`].

mod detector;

use core::fmt;

use crate::model::error::Error;
use crate::model::limits::Limits;
use crate::model::policy::Policy;
use crate::model::status::named;
use crate::model::units::Ratio;
use crate::rule::check::{Check, bad, check_limits};

pub(crate) use detector::Detector;

/// The most values that the baseline of an anomaly holds.
pub const MAX_VALUES: usize = 65_536;

/// The anomaly rule: how many deviations a value lies away from those before it.
///
/// ```
/// # use haltline::*;
/// let rule = AnomalyDetection { min_values: 20, ..AnomalyDetection::with_source(AnomalySource::Volume) };
/// # let spec = BreakerSpec::new("prints", ScopePath::root(), RuleSpec::AnomalyDetection(rule));
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
/// # let (gate, mut tape) = (system.gate(&[])?, system.feed("")?);
/// let mut may_go_after = |lots| -> Result<bool, Error> {
///     tape.trade(Price::from_f64(189.5)?, Qty(lots), system.now())?;
///     Ok(gate.permits(Intent::Increase))
/// };
/// for lots in 100..121 {
///     may_go_after(lots)?;
/// }
/// // One block, and another: nothing unheard of. At the third in a row somebody is in a hurry.
/// assert!(may_go_after(5_000)? && may_go_after(5_000)? && !may_go_after(5_000)?);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct AnomalyDetection {
    /// Levels of the distance from the middle, in deviations.
    pub limits: Limits,
    /// What is looked at.
    pub source: AnomalySource,
    /// What it is measured against.
    pub baseline: AnomalyBaseline,
    /// How many values the baseline is made of; of one that fades, its span.
    pub window: usize,
    /// How many there must be before there is a reading.
    pub min_values: usize,
    /// No deviation counts as less than this, in the unit of the source.
    pub min_scale: Ratio,
}

impl AnomalyDetection {
    /// The catalogue's defaults: three deviations of a robust baseline. Over 120 values, at least 30; no deviation counts as less than a
    /// basis point (of a return), a lot (of a volume), a cent (of a spread), 1 (of a level, which should be given its own).
    pub fn with_source(source: AnomalySource) -> Self {
        let min_scale = match source {
            AnomalySource::Return => 100_000,
            AnomalySource::Spread => 10_000_000,
            AnomalySource::Volume | AnomalySource::Level => Ratio::SCALE,
        };
        Self {
            limits: Limits::of(Ratio::from_raw(3 * Ratio::SCALE)),
            source,
            baseline: AnomalyBaseline::Median,
            window: 120,
            min_values: 30,
            min_scale: Ratio::from_raw(min_scale),
        }
    }
}

named! {
    /// What an anomaly rule looks at.
    ///
    /// ```
    /// # use haltline::*;
    /// // A spread is in the unit of prices, and no deviation of it counts as less than a cent.
    /// let spread = AnomalyDetection::with_source(AnomalySource::Spread);
    /// assert_eq!(spread.min_scale, Ratio::from_f64(0.01)?);
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    AnomalySource: "source" {
        /// The log return from one trade to the next.
        Return = 0, "return";
        /// The quantity of a trade, in lots.
        Volume = 1, "volume";
        /// Ask minus bid, in the unit of prices.
        Spread = 2, "spread";
        /// Values made elsewhere.
        Level = 3, "level";
    }
}

named! {
    /// What an anomaly is measured against.
    ///
    /// ```
    /// # use haltline::*;
    /// // Half of a window may be nonsense before a median moves; a mean follows each value, the more the shorter its span.
    /// let robust = AnomalyDetection::with_source(AnomalySource::Return);
    /// assert_eq!(robust.baseline, AnomalyBaseline::Median);
    /// let quick = AnomalyDetection { baseline: AnomalyBaseline::Ewma, window: 20, min_values: 20, ..robust };
    /// # let spec = BreakerSpec::new("returns", ScopePath::root(), RuleSpec::AnomalyDetection(quick));
    /// # System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    AnomalyBaseline: "baseline" {
        /// The median and 1.4826 times the median of the distances from it, over the window.
        Median = 0, "median";
        /// Mean and deviation that fade, with the span of the window.
        Ewma = 1, "ewma";
    }
}

impl Check for AnomalyDetection {
    fn check(&self, _policy: &Policy) -> Result<(), Error> {
        check_limits(&self.limits)?;
        if !(2..=MAX_VALUES).contains(&self.window) {
            return bad(format!("window: {} values, allowed are 2 to {MAX_VALUES}", self.window));
        }
        if !(2..=self.window).contains(&self.min_values) {
            return bad(format!("min_values: found {}, allowed are 2 to window ({})", self.min_values, self.window));
        }
        if self.min_scale <= Ratio::ZERO {
            return bad(format!("min_scale: found {}, allowed are numbers above 0", self.min_scale));
        }
        Ok(())
    }
}
