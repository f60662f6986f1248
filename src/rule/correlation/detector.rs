//! Correlation: what its breaker says of the values that are made on its grid.
//!
//! ```text
//! limit:  value >= limit             the mean pairwise correlation, or its distance from what it was; see `basket`
//! ```
//!
//! One rule does two jobs. On the feed of each instrument it only takes prices in, good for themselves, so that the last one lies
//! on the Board for the grid: nothing changes at a positive price, whatever it is. On the grid's own line it tests the values,
//! which come as levels; one that is not a number says that there is no value.
//!
//! Cost of a price: that of any value that changes nothing. Memory: 80 bytes.

use super::Correlation as Spec;
use crate::model::observation::{Channel, Observation};
use crate::model::policy::Policy;
use crate::model::reading::{Level, Reading};
use crate::model::time::Nanos;
use crate::rule::{Answer, BadInput, Band, Context, Detect, Linear, positive_price};

/// The rule of one correlation, on a feed or on its grid.
#[derive(Debug)]
pub(crate) struct Detector {
    spec: Spec,
    /// What was said on the grid last; `None` on a feed.
    sampled: Option<f64>,
}

impl Detect for Detector {
    type Spec = Spec;
    const ON_GRID: bool = true;

    fn new(spec: &Spec, _policy: &Policy) -> Self {
        Self { spec: spec.clone(), sampled: None }
    }

    fn channel(&self) -> Channel {
        Channel::Trade
    }

    fn observe(
        &mut self,
        observation: &Observation,
        _at: Nanos,
        _context: Context<'_>,
    ) -> Result<Option<Answer>, BadInput> {
        match *observation {
            Observation::Value(Channel::Trade, price) => {
                positive_price(price)?;
                Ok(Some(price_is_good()))
            }
            Observation::Level(value) => {
                self.sampled = Some(value);
                Ok(Some(self.sampled(value)))
            }
            _ => Ok(None),
        }
    }

    fn evaluate(&mut self, _at: Nanos, context: Context<'_>) -> Answer {
        match (self.sampled, context.last) {
            (Some(value), _) => self.sampled(value),
            (None, Some(_)) => price_is_good(),
            (None, None) => answer(Reading::UNREADY, Band::EMPTY),
        }
    }

    /// A reading is made on the grid.
    fn is_new(&self, observation: &Observation) -> bool {
        matches!(observation, Observation::Level(_))
    }

    /// Takes over the last value if it means the same.
    fn inherit(&mut self, old: &mut Self) {
        let shape = |rule: &Self| (rule.spec.mode, rule.spec.sample, rule.spec.returns, rule.spec.baseline);
        if shape(self) == shape(old) {
            self.sampled = old.sampled;
        }
    }
}

impl Detector {
    fn sampled(&self, value: f64) -> Answer {
        let limits = self.spec.limits;
        let level = if value.is_nan() { Level::Unready } else { limits.level(value) };
        answer(Reading::of(level, value, limits.limit.to_f64()), Band::EMPTY)
    }
}

/// What is said on a feed: it speaks. The numbers are the grid's.
fn price_is_good() -> Answer {
    answer(Reading::of(Level::Normal, 0.0, 0.0), Band { lo: 1, hi: i64::MAX, until: Nanos::NEVER })
}

fn answer(reading: Reading, band: Band) -> Answer {
    Answer { reading, band, linear: Linear::constant(reading.value), moved_last: None, is_new: false }
}

#[cfg(test)]
#[path = "detector_tests.rs"]
mod tests;
