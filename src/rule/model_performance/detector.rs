//! Model performance: how often a model has been right lately; or an accuracy measured elsewhere.
//!
//! ```text
//! value = right / count                     over the last `window` outcomes, from `min_outcomes` on
//! limit:  right * 1e9 < limit * count       in integers, exactly; warn and clear in the same way
//! ```
//!
//! A share from 0 to 1, best 1, so the limits are lower ends: a value that is exactly the limit is not below it. All
//! numbers come from the plan.
//!
//! * **Window.** The last `window` outcomes by their number, not by time: a model that predicts seldom is judged by older
//!   outcomes, and a window of 10 is full with the 10th. Each outcome is a reading.
//! * **Unready** below `min_outcomes`. After that it never is again, for a window forgets by outcomes alone.
//! * `source = level` takes each accuracy as it comes; what is not a number from 0 to 1 is refused.
//! * A reload keeps the newest outcomes that fit, also into a window of another length.
//!
//! Cost of a call: O(1), one word of the window. Memory: 112 bytes, and a bit an outcome in words of 8 bytes: 32 bytes for
//! 200 outcomes, 8 KiB for the longest window.

use super::{MAX_OUTCOMES, ModelPerformance as Spec, PerformanceSource};
use crate::model::observation::{Channel, Observation};
use crate::model::policy::Policy;
use crate::model::reading::{Level, Reading};
use crate::model::time::Nanos;
use crate::model::units::Ratio;
use crate::rule::{Answer, BadInput, Band, Context, Detect, Linear, Mark};
use crate::window::hits::Hits;

/// The rule of one model on one feed.
#[derive(Debug)]
pub(crate) struct Detector {
    spec: Spec,
    outcomes: Hits,
    /// The last accuracy measured elsewhere.
    accuracy: Option<f64>,
}

impl Detect for Detector {
    type Spec = Spec;
    /// How often outcomes come is the model's business: a daily one would be silent all day.
    const GOES_STALE: bool = false;

    fn new(spec: &Spec, _policy: &Policy) -> Self {
        let window = if spec.source == PerformanceSource::Level { 0 } else { spec.window.min(MAX_OUTCOMES) };
        Self { spec: spec.clone(), outcomes: Hits::new(window), accuracy: None }
    }

    fn channel(&self) -> Channel {
        Channel::None
    }

    fn takes_levels(&self) -> bool {
        self.spec.source == PerformanceSource::Level
    }

    fn observe(&mut self, observation: &Observation, _: Nanos, _: Context<'_>) -> Result<Option<Answer>, BadInput> {
        match (self.spec.source, *observation) {
            (PerformanceSource::Outcomes, Observation::Prediction(right)) => self.outcomes.push(right),
            (PerformanceSource::Level, Observation::Level(accuracy)) => self.accuracy = Some(share(accuracy)?),
            _ => return Ok(None),
        }
        Ok(Some(self.answer()))
    }

    fn read(&mut self, observation: &Observation, _: Nanos, _: Option<Mark>) -> Option<Reading> {
        match (self.spec.source, *observation) {
            (PerformanceSource::Outcomes, Observation::Prediction(right)) => self.outcomes.push(right),
            _ => return None,
        }
        Some(self.reading())
    }

    fn evaluate(&mut self, _: Nanos, _: Context<'_>) -> Answer {
        self.answer()
    }

    /// Every outcome and every accuracy is one.
    fn is_new(&self, observation: &Observation) -> bool {
        matches!(observation, Observation::Prediction(_) | Observation::Level(_))
    }

    fn inherit(&mut self, old: &mut Self) {
        if self.spec.source != old.spec.source {
            return;
        }
        self.accuracy = old.accuracy;
        if self.outcomes.window() == old.outcomes.window() {
            core::mem::swap(&mut self.outcomes, &mut old.outcomes);
        } else {
            old.outcomes.iter().for_each(|right| self.outcomes.push(right));
        }
    }
}

impl Detector {
    fn answer(&self) -> Answer {
        let reading = self.reading();
        let linear = Linear::constant(reading.value);
        Answer { reading, band: Band::EMPTY, linear, moved_last: None, is_new: false }
    }

    /// The share of right outcomes and its level, once there are enough.
    fn counted(&self) -> Option<(f64, Level)> {
        let (right, count) = (self.outcomes.hits(), self.outcomes.count());
        if count == 0 || count < self.spec.min_outcomes {
            return None;
        }
        let reaches =
            |level: Ratio| right as i128 * i128::from(Ratio::SCALE) >= i128::from(level.raw()) * count as i128;
        let level = match self.spec.limits {
            limits if reaches(limits.clear) => Level::Normal,
            limits if reaches(limits.warn) => Level::Elevated,
            limits if reaches(limits.limit) => Level::Warn,
            _ => Level::Breach,
        };
        Some((right as f64 / count as f64, level))
    }

    fn reading(&self) -> Reading {
        let limits = &self.spec.limits;
        let reading = match self.spec.source {
            PerformanceSource::Level => self.accuracy.map(|value| (value, limits.level_below(value))),
            PerformanceSource::Outcomes => self.counted(),
        };
        reading.map_or(Reading::UNREADY, |(value, level)| Reading::of(level, value, limits.limit.to_f64()))
    }
}

fn share(accuracy: f64) -> Result<f64, BadInput> {
    if (0.0..=1.0).contains(&accuracy) {
        return Ok(accuracy);
    }
    Err(BadInput { field: "reading", found: accuracy, allowed: "shares from 0 to 1 (60 % is 0.6)" })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
