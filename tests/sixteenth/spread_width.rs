//! `spread_width`: ask minus bid as a share of the limit, in ticks of a price. The worked example of a new kind.
//!
//! ```text
//! value = ask - bid        limit, warn and clear in the same unit
//! ```
//!
//! Cost of a call: a few comparisons, and none while the spread stays between two levels. Memory: 24 bytes.

use crate::model::error::Error;
use crate::model::observation::{Channel, Observation};
use crate::model::policy::Policy;
use crate::model::reading::{Level, Reading};
use crate::model::time::Nanos;
use crate::model::units::Price;
use crate::rule::check::{Check, bad};
use crate::rule::{Answer, BadInput, Band, Context, Detect, Linear};

/// The spread width rule: trips at a spread of `limit`, warns at `warn`, calms down below `clear`.
#[derive(Clone, Debug, PartialEq)]
pub struct SpreadWidth {
    /// Trip.
    pub limit: Price,
    /// Warn.
    pub warn: Price,
    /// Leave the warning.
    pub clear: Price,
}

impl Check for SpreadWidth {
    fn check(&self, _policy: &Policy) -> Result<(), Error> {
        if Price::ZERO < self.clear && self.clear <= self.warn && self.warn <= self.limit {
            return Ok(());
        }
        let Self { limit, warn, clear } = self;
        bad(format!("limit {limit}, warn {warn}, clear {clear}: allowed is 0 < clear <= warn <= limit"))
    }
}

#[derive(Debug)]
pub(crate) struct Detector {
    limit: i64,
    warn: i64,
    clear: i64,
}

impl Detect for Detector {
    type Spec = SpreadWidth;

    fn new(spec: &SpreadWidth, _policy: &Policy) -> Self {
        Self { limit: spec.limit.raw(), warn: spec.warn.raw(), clear: spec.clear.raw() }
    }

    fn channel(&self) -> Channel {
        Channel::Spread
    }

    fn observe(&mut self, heard: &Observation, _: Nanos, _: Context<'_>) -> Result<Option<Answer>, BadInput> {
        match *heard {
            Observation::Value(Channel::Spread, spread) => Ok(Some(self.answer(spread))),
            _ => Ok(None),
        }
    }

    fn evaluate(&mut self, _: Nanos, context: Context<'_>) -> Answer {
        let unready = || Answer {
            reading: Reading::UNREADY,
            band: Band::EMPTY,
            linear: Linear::default(),
            moved_last: None,
            is_new: false,
        };
        context.last.map_or_else(unready, |last| self.answer(last.value))
    }

    fn inherit(&mut self, _old: &mut Self) {}
}

impl Detector {
    fn answer(&self, spread: i64) -> Answer {
        let level = match spread {
            _ if spread >= self.limit => Level::Breach,
            _ if spread >= self.warn => Level::Warn,
            _ if spread >= self.clear => Level::Elevated,
            _ => Level::Normal,
        };
        let linear = Linear { offset: 0.0, slope: 1.0 / Price::SCALE as f64 };
        let reading = Reading::of(level, linear.at(spread), Price::from_raw(self.limit).to_f64());
        let band = Band::around(spread, &[self.limit, self.warn, self.clear], Nanos::NEVER);
        Answer { reading, band, linear, moved_last: None, is_new: false }
    }
}
