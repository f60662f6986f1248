//! Data feed integrity: whether what is heard can be trusted.
//!
//! ```text
//! score     = 100 * good / window           good: of the last `window` expected messages those that came once, in order, in time
//! limit:      100 * good < limit * window                                     in integers, exactly
//! missing:    missing >= missing_limit * window                               in integers, exactly
//! latency:    received - sent > max_latency        of the last message; sent after it was received is no latency
//! book:       bid > ask (crossed), bid = ask (locked), while it stands
//! ```
//!
//! The score is 0 to 100, a message costs `100 / window` points, for whatever it has done wrong, once. Limits come from the plan;
//! 95 and a warning at 96 are the catalogue's, which gives no window: of a thousand messages 51 trip.
//!
//! * **Numbers** follow each other by one. What was sent before the first that is heard counts as good, so each fault costs
//!   the same from the first message on. See [`Arrivals`] for gaps, repeats, and a source that counts anew.
//! * **A message that is held** ([`observe`](Detect::observe) answers `None`) is not good: it does not refresh the feed.
//! * **Quotes** say nothing of the score. A feed that gives no numbers is judged by its book alone.
//! * The value shown is the score; for `missing` it is the share that came, in the same unit.
//! * `source = level` takes each score as it comes, and hears nothing else.
//!
//! Cost of a call: O(1), and a step for each number missing, at most `window`; a quote of a sound book inside its band none. No
//! allocation. Memory: 184 bytes and `window` bytes.

use core::time::Duration;

use super::arrivals::Arrivals;
use super::{DataFeedIntegrity as Spec, IntegritySource};
use crate::model::limits::Limits;
use crate::model::observation::{Channel, Observation};
use crate::model::policy::Policy;
use crate::model::reading::{Level, Reading};
use crate::model::reason::Reason;
use crate::model::time::Nanos;
use crate::model::units::Ratio;
use crate::rule::{Answer, BadInput, Band, Context, Detect, Linear, Mark};

/// The best score.
const BEST: f64 = 100.0;

/// The rule of one data feed.
#[derive(Debug)]
pub(crate) struct Detector {
    spec: Spec,
    arrivals: Arrivals,
    /// Of the last message.
    latency: Duration,
    /// The last score made elsewhere.
    told: Option<f64>,
}

impl Detect for Detector {
    type Spec = Spec;

    fn new(spec: &Spec, _policy: &Policy) -> Self {
        let room = if spec.source == IntegritySource::Level { 0 } else { spec.window };
        Self { spec: spec.clone(), arrivals: Arrivals::new(room), latency: Duration::ZERO, told: None }
    }

    /// The numbers that it tests are spreads: a book is crossed below zero, locked at it.
    fn channel(&self) -> Channel {
        match self.spec.source {
            IntegritySource::Heard => Channel::Spread,
            IntegritySource::Level => Channel::None,
        }
    }

    fn takes_levels(&self) -> bool {
        self.spec.source == IntegritySource::Level
    }

    fn takes_sequences(&self) -> bool {
        self.spec.source == IntegritySource::Heard
    }

    fn observe(
        &mut self,
        observation: &Observation,
        at: Nanos,
        context: Context<'_>,
    ) -> Result<Option<Answer>, BadInput> {
        let spread = context.last.map(|last| last.value);
        Ok(match (self.spec.source, *observation) {
            (IntegritySource::Level, Observation::Level(score)) => {
                if !(0.0..=BEST).contains(&score) {
                    return Err(BadInput { field: "reading", found: score, allowed: "scores from 0 to 100" });
                }
                self.told = Some(score);
                Some(self.answer(None))
            }
            (IntegritySource::Heard, Observation::Sequence { number, sent }) => {
                let latency = at - sent;
                if self.arrivals.hear(number, !self.is_late(latency)) {
                    self.latency = latency;
                    Some(self.answer(spread))
                } else {
                    None
                }
            }
            (IntegritySource::Heard, Observation::Value(Channel::Spread, spread)) => Some(self.answer(Some(spread))),
            _ => None,
        })
    }

    /// The next message, in time.
    fn read(&mut self, observation: &Observation, at: Nanos, last: Option<Mark>) -> Option<Reading> {
        let Observation::Sequence { number, sent } = *observation else { return None };
        let latency = at - sent;
        if self.spec.source != IntegritySource::Heard || self.is_late(latency) || !self.arrivals.expects(number) {
            return None;
        }
        self.arrivals.hear(number, true);
        self.latency = latency;
        Some(self.heard(last.map(|last| last.value)))
    }

    fn evaluate(&mut self, _at: Nanos, context: Context<'_>) -> Answer {
        self.answer(context.last.map(|last| last.value))
    }

    /// Each message, quote and score is one.
    fn is_new(&self, observation: &Observation) -> bool {
        matches!(observation, Observation::Value(..) | Observation::Sequence { .. } | Observation::Level(_))
    }

    /// Takes over the window if it means the same.
    fn inherit(&mut self, old: &mut Self) {
        if (self.spec.source, self.spec.window) == (old.spec.source, old.spec.window) {
            core::mem::swap(&mut self.arrivals, &mut old.arrivals);
            (self.latency, self.told) = (old.latency, old.told);
        }
    }
}

impl Detector {
    fn is_late(&self, latency: Duration) -> bool {
        self.spec.max_latency.is_some_and(|most| latency > most)
    }

    fn answer(&self, spread: Option<i64>) -> Answer {
        let limits = &self.spec.limits;
        let reading = match self.spec.source {
            IntegritySource::Level => {
                self.told.map(|score| Reading::of(limits.level_below(score), score, limits.limit.to_f64()))
            }
            IntegritySource::Heard => (self.arrivals.has_begun() || spread.is_some()).then(|| self.heard(spread)),
        };
        let reading = reading.unwrap_or(Reading::UNREADY);
        let band = spread.map_or(Band::EMPTY, |spread| self.band(spread));
        Answer { reading, band, linear: Linear::constant(reading.value), moved_last: None, is_new: false }
    }

    fn heard(&self, spread: Option<i64>) -> Reading {
        let score = BEST * self.arrivals.good() as f64 / self.arrivals.len() as f64;
        let limit = self.spec.limits.limit.to_f64();
        let breach = |reason| Reading { reason, ..Reading::of(Level::Breach, score, limit) };
        let level = self.level();
        if level == Level::Breach {
            return breach(Reason::Limit);
        }
        let missing = self.arrivals.missing();
        if let Some(most) = self.spec.missing_limit.filter(|most| self.is_share(missing, *most)) {
            let came = BEST * (self.arrivals.len() - missing) as f64 / self.arrivals.len() as f64;
            return Reading { value: came, limit: BEST * (1.0 - most.to_f64()), ..breach(Reason::Missing) };
        }
        if self.is_late(self.latency) {
            return breach(Reason::Latency);
        }
        match spread {
            Some(..0) if self.spec.crossed => breach(Reason::Crossed),
            Some(0) if self.spec.locked => breach(Reason::Locked),
            _ => Reading::of(level, score, limit),
        }
    }

    /// That of the score.
    fn level(&self) -> Level {
        let reaches = |level: Ratio| {
            let score = 100 * self.arrivals.good() as i128 * i128::from(Ratio::SCALE);
            score >= i128::from(level.raw()) * self.arrivals.len() as i128
        };
        let Limits { limit, warn, clear } = self.spec.limits;
        match () {
            () if !reaches(limit) => Level::Breach,
            () if !reaches(warn) => Level::Warn,
            () if !reaches(clear) => Level::Elevated,
            () => Level::Normal,
        }
    }

    /// Whether so many are at least this share of the window.
    fn is_share(&self, messages: usize, share: Ratio) -> bool {
        messages as i128 * i128::from(Ratio::SCALE) >= i128::from(share.raw()) * self.arrivals.len() as i128
    }

    /// Spreads that are as good, or as bad, as this one.
    fn band(&self, spread: i64) -> Band {
        match (self.spec.crossed, self.spec.locked) {
            (true, false) => Band::around(spread, &[0], Nanos::NEVER),
            (true, true) | (false, true) => Band::around(spread, &[0, 1], Nanos::NEVER),
            (false, false) => Band::around(spread, &[], Nanos::NEVER),
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
