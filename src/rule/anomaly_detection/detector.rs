//! Anomaly detection: how far a value lies from those before it.
//!
//! ```text
//! x       = ln(price / price before), quantity, ask - bid, or a level
//! z       = |x - middle| / max(scale, min_scale)
//! median:   middle = median, scale = 1.4826 * median(|x - median|)          of the last `window` values before x
//! ewma:     middle and scale = mean and deviation, alpha = 2 / (window + 1)   of all values before x, fading
//! limit:    z >= limit                                                        not a number is a breach
//! ```
//!
//! Prices are raw `Price` (1e-9), returns fractions, quantities lots, spreads in the unit of prices. The limit of 3 and the factor,
//! which makes the scale that of a normal distribution, are the catalogue's; it confirms three times by default, so one bad tick,
//! which is two returns out of line, trips nothing.
//!
//! * **The present value is no part of what it is measured against**, and becomes part of it after that, whatever it was: up to half of a
//!   window of nonsense does not move a median, and what lasts is no anomaly any more.
//! * **The floor** `min_scale` keeps a market that has not moved for a while from calling its first tick a crisis.
//! * Without `min_values` values before it a value has no reading: unready.
//! * A return needs a trade before it; with a calendar, one of the same session: the night is no return.
//! * A level beyond 1e150, or not finite, is refused.
//!
//! Cost of a call: each value is one, none stays quiet. The median's two binary searches and a move of at most 1 KB, up to 128
//! values; EWMA O(1). No allocation. Memory: 240 bytes, and for a median what [`Median`] says: about 41 bytes a value.

use std::sync::Arc;

use super::{AnomalyBaseline, AnomalyDetection as Spec, AnomalySource};
use crate::model::observation::{Channel, Observation};
use crate::model::policy::Policy;
use crate::model::reading::Reading;
use crate::model::session::Sessions;
use crate::model::time::Nanos;
use crate::model::units::Price;
use crate::rule::{Answer, BadInput, Band, Context, Detect, Linear, Mark, positive_price};
use crate::window::ewma::Ewma;
use crate::window::float::is_usable;
use crate::window::median::Median;

/// The rule of one anomaly on one feed.
#[derive(Debug)]
pub(crate) struct Detector {
    spec: Spec,
    sessions: Option<Arc<Sessions>>,
    baseline: Baseline,
    /// The last reading.
    z: Option<f64>,
    /// Whether the last observation has made it.
    has_new_reading: bool,
}

/// The values so far.
#[derive(Debug)]
enum Baseline {
    Median(Median),
    Ewma(Ewma),
}

impl Detect for Detector {
    type Spec = Spec;
    const CONFIRM: u32 = 3;

    fn new(spec: &Spec, policy: &Policy) -> Self {
        let baseline = match spec.baseline {
            AnomalyBaseline::Median => Baseline::Median(Median::new(spec.window)),
            AnomalyBaseline::Ewma => Baseline::Ewma(Ewma::new(2.0 / (spec.window as f64 + 1.0))),
        };
        Self { spec: spec.clone(), sessions: policy.sessions.clone(), baseline, z: None, has_new_reading: false }
    }

    fn channel(&self) -> Channel {
        match self.spec.source {
            AnomalySource::Return => Channel::Trade,
            AnomalySource::Volume => Channel::Size,
            AnomalySource::Spread => Channel::Spread,
            AnomalySource::Level => Channel::None,
        }
    }

    fn takes_levels(&self) -> bool {
        self.spec.source == AnomalySource::Level
    }

    fn observe(
        &mut self,
        observation: &Observation,
        at: Nanos,
        context: Context<'_>,
    ) -> Result<Option<Answer>, BadInput> {
        let value = match (self.spec.source, *observation) {
            (AnomalySource::Level, Observation::Level(level)) => usable(level)?,
            (AnomalySource::Return, Observation::Value(Channel::Trade, price)) => {
                positive_price(price)?;
                return Ok(self.read(observation, at, context.last).map(|_| self.answer()));
            }
            _ => return Ok(self.read(observation, at, context.last).map(|_| self.answer())),
        };
        self.has_new_reading = false;
        self.measure(value);
        Ok(Some(self.answer()))
    }

    fn read(&mut self, observation: &Observation, at: Nanos, last: Option<Mark>) -> Option<Reading> {
        let Observation::Value(channel, value) = *observation else { return None };
        if channel != self.channel() || (channel == Channel::Trade && value <= 0) {
            return None;
        }
        self.has_new_reading = false;
        let value = match self.spec.source {
            AnomalySource::Return => last.and_then(|last| self.log_return(last, Mark { value, at })),
            AnomalySource::Spread => Some(value as f64 / Price::SCALE as f64),
            _ => Some(value as f64),
        };
        if let Some(value) = value {
            self.measure(value);
        }
        Some(self.reading())
    }

    fn evaluate(&mut self, _at: Nanos, _context: Context<'_>) -> Answer {
        self.answer()
    }

    fn is_new(&self, _observation: &Observation) -> bool {
        self.has_new_reading
    }

    /// Takes over the baseline if it means the same.
    fn inherit(&mut self, old: &mut Self) {
        let shape = |rule: &Self| (rule.spec.source, rule.spec.baseline, rule.spec.window);
        if shape(self) == shape(old) {
            core::mem::swap(&mut self.baseline, &mut old.baseline);
            self.z = old.z;
        }
    }
}

impl Detector {
    /// `None` from one session to another.
    fn log_return(&self, before: Mark, now: Mark) -> Option<f64> {
        let sessions = self.sessions.as_deref().map_or(&[][..], Sessions::as_slice);
        let begun = |at: Nanos| sessions.partition_point(|session| session.open <= at);
        let is_usable = before.value > 0 && begun(before.at) == begun(now.at);
        is_usable.then(|| (now.value as f64 / before.value as f64).ln())
    }

    /// Measures a value against those before it, and lets it be one of them.
    fn measure(&mut self, value: f64) {
        if let Some((middle, scale)) = self.baseline.of(self.spec.min_values) {
            self.z = Some((value - middle).abs() / scale.max(self.spec.min_scale.to_f64()));
            self.has_new_reading = true;
        }
        self.baseline.push(value);
    }

    fn reading(&self) -> Reading {
        let limits = &self.spec.limits;
        let of = |z| Reading::of(limits.level(z), z, limits.limit.to_f64());
        self.z.map_or(Reading::UNREADY, of)
    }

    fn answer(&self) -> Answer {
        let reading = self.reading();
        let linear = Linear::constant(reading.value);
        Answer { reading, band: Band::EMPTY, linear, moved_last: None, is_new: false }
    }
}

impl Baseline {
    /// Middle and scale, if there are values enough.
    fn of(&mut self, least: usize) -> Option<(f64, f64)> {
        match self {
            Self::Median(values) if values.len() >= least => Some((values.median()?, values.deviation()?)),
            Self::Ewma(values) if values.count() >= least as u64 => Some((values.mean()?, values.variance()?.sqrt())),
            _ => None,
        }
    }

    /// What a window refuses has been refused before.
    fn push(&mut self, value: f64) {
        match self {
            Self::Median(values) => values.push(value),
            Self::Ewma(values) => values.push(value),
        };
    }
}

fn usable(level: f64) -> Result<f64, BadInput> {
    if is_usable(level) {
        return Ok(level);
    }
    Err(BadInput { field: "reading", found: level, allowed: "numbers from -1e150 to 1e150" })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
