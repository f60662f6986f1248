//! One number against three levels.
//!
//! ```text
//! breach:  value >= limit      (value < limit where lower is worse)
//! ```
//!
//! In billionths, in integers, exactly; a float is rounded to the nearest. Each number counts by itself: there is no
//! window, and nothing to forget. What is not a number, or has no place in 63 bits of billionths, is refused.
//!
//! Cost of a call: none while the value stays between two levels, a dozen comparisons when it does not. Memory: 40 bytes.

use super::Polled as Spec;
use crate::model::metrics::Metric;
use crate::model::observation::{Channel, Observation};
use crate::model::policy::Policy;
use crate::model::reading::{Level, Reading};
use crate::model::reason::Reason;
use crate::model::time::Nanos;
use crate::model::units::Ratio;
use crate::rule::{Answer, BadInput, Band, Context, Detect, Linear, NEAR_MISS};

/// The rule of one number.
#[derive(Debug)]
pub(crate) struct Detector {
    metric: Metric,
    /// Where values part, from the lowest: they are worse above an edge, or below it if lower is worse.
    limit: i64,
    warn: i64,
    clear: i64,
    near: i64,
}

impl Detect for Detector {
    type Spec = Spec;

    fn new(spec: &Spec, _policy: &Policy) -> Self {
        let Spec { metric, limits, .. } = spec;
        let [limit, warn, clear] = [limits.limit, limits.warn, limits.clear].map(Ratio::raw);
        Self { metric: *metric, limit, warn, clear, near: near(*metric, limits.limit) }
    }

    fn channel(&self) -> Channel {
        Channel::Metric(self.metric)
    }

    fn observe(&mut self, heard: &Observation, _: Nanos, _: Context<'_>) -> Result<Option<Answer>, BadInput> {
        match *heard {
            Observation::Value(Channel::Metric(_), Metric::NO_NUMBER) => {
                Err(BadInput { field: self.metric.name(), found: f64::NAN, allowed: "finite numbers up to 9.2e9" })
            }
            Observation::Value(Channel::Metric(metric), value) if metric == self.metric => Ok(Some(self.answer(value))),
            _ => Ok(None),
        }
    }

    fn evaluate(&mut self, _: Nanos, context: Context<'_>) -> Answer {
        match context.last {
            Some(last) => self.answer(last.value),
            None => Answer {
                reading: Reading::UNREADY,
                band: Band::EMPTY,
                linear: Linear::default(),
                moved_last: None,
                is_new: false,
            },
        }
    }

    fn sure_breach(&self, _: Nanos, _: Context<'_>) -> Band {
        let (lo, hi) =
            if self.lower_is_worse() { (Metric::NO_NUMBER + 1, self.limit - 1) } else { (self.limit, i64::MAX) };
        Band { lo, hi, until: Nanos::NEVER }
    }

    fn inherit(&mut self, _old: &mut Self) {}
}

impl Detector {
    fn lower_is_worse(&self) -> bool {
        self.metric.best().is_some()
    }

    fn answer(&self, value: i64) -> Answer {
        let linear = Linear { offset: 0.0, slope: 1.0 / Ratio::SCALE as f64 };
        let level = self.level(value);
        let reason = match level {
            Level::Breach => Reason::Limit,
            Level::Warn => Reason::WarnLevel,
            _ => Reason::None,
        };
        let limit = Ratio::from_raw(self.limit).to_f64();
        let reading = Reading { level, reason, value: linear.at(value), limit, ..Reading::UNREADY };
        let mut band = Band::around(value, &[self.limit, self.warn, self.clear, self.near], Nanos::NEVER);
        // What is no number is asked about.
        band.lo = band.lo.max(Metric::NO_NUMBER + 1);
        Answer { reading, band, linear, moved_last: None, is_new: false }
    }

    fn level(&self, value: i64) -> Level {
        let reaches = |level: i64| if self.lower_is_worse() { value < level } else { value >= level };
        match () {
            () if reaches(self.limit) => Level::Breach,
            () if reaches(self.warn) => Level::Warn,
            () if reaches(self.clear) => Level::Elevated,
            () => Level::Normal,
        }
    }
}

/// From where on a value that goes away again was a near miss.
fn near(metric: Metric, limit: Ratio) -> i64 {
    match metric.best().map(Ratio::from_f64) {
        Some(Ok(best)) => {
            let way = Ratio::from_raw(best.raw().saturating_sub(limit.raw()));
            best.raw().saturating_sub(way.times(NEAR_MISS).raw())
        }
        _ => limit.times(NEAR_MISS).raw(),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
