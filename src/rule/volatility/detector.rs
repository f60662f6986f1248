//! Realised volatility: how far the price moves, measured on samples; or a reading made elsewhere.
//!
//! ```text
//! r[i]     = ln(close[i] / close[i-1])                        the last `returns` of them
//! value    = std(r, n-1) * sqrt(returns)                      the move that one window expects
//!            std(r, n-1) * sqrt(annualise)                    per year, `annualise` being the samples in a year
//! limit:     value >= limit                                   not a number is a breach
//! rise:      value - (value nine readings before) >= limit / 2
//! breakout:  (value - mean) / std > 3 over the up to 100 readings before, at least 20;  and value >= limit / 2
//! ```
//!
//! Prices are raw `Price` (1e-9). All limits come from the plan; the lengths of the readings' history, the half of the
//! limit and the z-score of 3 are the catalogue's.
//!
//! * **Samples** lie on a grid: from each session's open on (samples under a day), from the Unix epoch on (without
//!   sessions), or one a session, at its close. A sample covers `(left, right]`, so a price exactly on its right edge
//!   completes it; a later one closes it with the last price before. An empty sample repeats the last price.
//! * Under a day the window starts anew each session, with the first sample that has a price of that session, and the
//!   last reading stands until it is full; a sample
//!   that the close cuts off is dropped. One a session: it goes on over the sessions.
//! * While the venue is halted or closed no sample is taken. The edge of the moment at which it says so still counts.
//! * The readings' history survives sessions. `source = level` takes each reading as it comes.
//!
//! Cost of a call: O(1) and a binary search in the calendar; at the close of a sample O(returns), two passes over a fixed
//! ring, so that no error creeps. A gap costs at most `returns + 1` closes, however long it was. No allocation. Memory: 208 bytes,
//! 8 for each return of the window, and 808 for the readings before.

use core::time::Duration;
use std::collections::VecDeque;

use super::{Volatility as Spec, VolatilitySource};
use crate::model::observation::{Channel, Observation, VenueStatus};
use crate::model::policy::Policy;
use crate::model::reading::{Level, Reading};
use crate::model::reason::Reason;
use crate::model::time::Nanos;
use crate::rule::grid::Grid;
use crate::rule::{Answer, BadInput, Band, Context, Detect, Linear, Mark, positive_price};

/// Readings of the rise, the present one included.
const RISE: usize = 10;
/// Readings before the present one that a breakout is measured against: at most, at least.
const BREAKOUT_MOST: usize = 100;
const BREAKOUT_LEAST: usize = 20;
/// The z-score of a breakout.
const BREAKOUT_Z: f64 = 3.0;
/// Rise and breakout begin at this part of the limit.
const PART: f64 = 0.5;
const TICK: Duration = Duration::from_nanos(1);

/// The rule of one volatility on one feed.
#[derive(Debug)]
pub(crate) struct Detector {
    spec: Spec,
    grid: Grid,
    window: Window,
    /// Whether the last observation has made a reading.
    has_new_reading: bool,
}

/// All that it has heard.
#[derive(Debug)]
struct Window {
    /// Edges up to here have been dealt with.
    upto: Option<Nanos>,
    suspended: bool,
    /// The close of the last sample.
    close: Option<i64>,
    returns: VecDeque<f64>,
    /// Readings, the present one last.
    readings: VecDeque<f64>,
}

impl Detect for Detector {
    type Spec = Spec;

    fn new(spec: &Spec, policy: &Policy) -> Self {
        let (spec, sessions) = (spec.clone(), policy.sessions.clone());
        let room = if spec.source == VolatilitySource::Level { 0 } else { spec.returns };
        let window = Window {
            upto: None,
            suspended: false,
            close: None,
            returns: VecDeque::with_capacity(room),
            readings: VecDeque::with_capacity(BREAKOUT_MOST + 1),
        };
        Self { grid: Grid::new(spec.sample, sessions), spec, window, has_new_reading: false }
    }

    fn channel(&self) -> Channel {
        match self.spec.source {
            VolatilitySource::Trade => Channel::Trade,
            VolatilitySource::Mid => Channel::Mid,
            VolatilitySource::Level => Channel::None,
        }
    }

    fn takes_levels(&self) -> bool {
        self.spec.source == VolatilitySource::Level
    }

    fn observe(
        &mut self,
        observation: &Observation,
        at: Nanos,
        context: Context<'_>,
    ) -> Result<Option<Answer>, BadInput> {
        self.has_new_reading = false;
        match *observation {
            Observation::Level(reading) if self.spec.source == VolatilitySource::Level => self.level(reading)?,
            _ if self.spec.source == VolatilitySource::Level => return Ok(None),
            Observation::Value(channel, price) if channel == self.channel() => {
                positive_price(price)?;
                self.begin(at);
                self.advance(at - TICK, context.last);
                self.advance(at, Some(Mark { value: price, at }));
            }
            Observation::Heartbeat => {
                self.begin(at);
                self.advance(at, context.last);
            }
            Observation::Venue(status) => {
                self.begin(at);
                self.advance(at, context.last);
                self.window.suspended = match status {
                    VenueStatus::Halted | VenueStatus::Closed => true,
                    VenueStatus::Open => false,
                    VenueStatus::Unknown => self.window.suspended,
                };
            }
            _ => return Ok(None),
        }
        Ok(Some(self.answer()))
    }

    fn evaluate(&mut self, _at: Nanos, _context: Context<'_>) -> Answer {
        self.answer()
    }

    /// Takes over the window if it means the same.
    fn inherit(&mut self, old: &mut Self) {
        let shape = |rule: &Self| (rule.spec.source, rule.spec.sample, rule.spec.returns, rule.spec.annualise);
        if shape(self) == shape(old) && self.grid.same_kind(&old.grid) {
            core::mem::swap(&mut self.window, &mut old.window);
        }
    }

    /// A reading is made at the close of a sample, or elsewhere.
    fn is_new(&self, _observation: &Observation) -> bool {
        self.has_new_reading
    }
}

impl Detector {
    fn level(&mut self, reading: f64) -> Result<(), BadInput> {
        if !(reading.is_finite() && reading >= 0.0) {
            return Err(BadInput { field: "reading", found: reading, allowed: "finite numbers from zero on" });
        }
        self.read(reading);
        Ok(())
    }

    /// The first moment heard of: it may be an edge itself, earlier ones are none of its business.
    fn begin(&mut self, at: Nanos) {
        self.window.upto = self.window.upto.or(Some(at - TICK));
    }

    /// Closes the samples whose edge lies after those dealt with and not after `at`, with the last price.
    fn advance(&mut self, at: Nanos, last: Option<Mark>) {
        let Some(upto) = self.window.upto.filter(|upto| *upto < at) else { return };
        let edges = self.grid.edges(upto, at);
        if let Some(last) = last
            && !self.window.suspended
            && last.at >= self.grid.begin(upto)
        {
            self.close(edges, last.value);
        }
        if self.grid.begin(at) != self.grid.begin(upto) {
            self.window.close = None;
            self.window.returns.clear();
            // Whoever closed yesterday and has not said that it opened: the calendar says so.
            self.window.suspended = false;
        }
        self.window.upto = Some(at);
    }

    /// So many samples close with the same price.
    fn close(&mut self, samples: u64, price: i64) {
        // After the first, returns are zero; when the window is full of them, so are readings.
        let steps = samples.min((self.spec.returns as u64).saturating_add(1));
        for _ in 0..steps {
            if let Some(before) = self.window.close.replace(price) {
                push(&mut self.window.returns, (price as f64 / before as f64).ln(), self.spec.returns);
                if let Some(reading) = self.realised() {
                    self.read(reading);
                }
            }
        }
        for _ in 0..(samples - steps).min(BREAKOUT_MOST as u64 + 1) {
            if let Some(reading) = self.realised() {
                self.read(reading);
            }
        }
    }

    fn read(&mut self, reading: f64) {
        push(&mut self.window.readings, reading, BREAKOUT_MOST + 1);
        self.has_new_reading = true;
    }

    /// The value of a full window.
    fn realised(&self) -> Option<f64> {
        if self.spec.returns < 2 || self.window.returns.len() < self.spec.returns {
            return None;
        }
        let (_, std) = moments(self.window.returns.iter().copied());
        Some(std * self.spec.annualise.unwrap_or(self.spec.returns as f64).sqrt())
    }

    /// The last reading. It stands while a new session's window fills: half an hour of doubt every morning would be an
    /// hour's trading lost to nothing that anybody has seen.
    fn present(&self) -> Option<f64> {
        self.window.readings.back().copied()
    }

    fn answer(&self) -> Answer {
        let reading = self.present().map_or(Reading::UNREADY, |value| self.reading(value));
        let until = self.window.upto.map_or(Nanos(0), |upto| self.grid.next(upto, self.window.suspended));
        let band = match self.channel() {
            Channel::None => Band::EMPTY,
            _ => Band { lo: 1, hi: i64::MAX, until },
        };
        Answer { reading, band, linear: Linear::constant(reading.value), moved_last: None, is_new: false }
    }

    fn reading(&self, value: f64) -> Reading {
        let limits = self.spec.limits;
        let limit = limits.limit.to_f64();
        let below = |level: f64| value < level; // false if it is not a number
        let plain = Reading { level: Level::Normal, reason: Reason::None, value, limit, ..Reading::UNREADY };
        if !below(limit) {
            return Reading { level: Level::Breach, reason: Reason::Limit, ..plain };
        }
        if let Some(rise) = self.rise(value, limit) {
            return Reading { level: Level::Breach, reason: Reason::Rise, value: rise, limit: PART * limit, ..plain };
        }
        if let Some(z) = self.breakout(value, limit) {
            return Reading { level: Level::Breach, reason: Reason::Breakout, value: z, limit: BREAKOUT_Z, ..plain };
        }
        if !below(limits.warn.to_f64()) {
            return Reading { level: Level::Warn, reason: Reason::WarnLevel, ..plain };
        }
        Reading { level: if below(limits.clear.to_f64()) { Level::Normal } else { Level::Elevated }, ..plain }
    }

    fn rise(&self, value: f64, limit: f64) -> Option<f64> {
        let oldest = self.window.readings.len().checked_sub(RISE)?;
        let rise = value - self.window.readings.get(oldest)?;
        let small = rise < PART * limit; // false if it is not a number
        (self.spec.rise && !small).then_some(rise)
    }

    fn breakout(&self, value: f64, limit: f64) -> Option<f64> {
        let before = self.window.readings.len().checked_sub(1).filter(|before| *before >= BREAKOUT_LEAST)?;
        if !self.spec.breakout || value < PART * limit {
            return None;
        }
        let (mean, std) = moments(self.window.readings.iter().copied().take(before));
        let z = (value - mean) / std;
        let usual = z <= BREAKOUT_Z; // false if it is not a number
        (std != 0.0 && !usual).then_some(z)
    }
}

/// Mean and standard deviation (n-1), in two passes.
fn moments(values: impl ExactSizeIterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let squares = values.map(|value| (value - mean) * (value - mean)).sum::<f64>();
    (mean, (squares / (count - 1.0)).sqrt())
}

/// Adds to a ring that holds `most`.
fn push(ring: &mut VecDeque<f64>, value: f64, most: usize) {
    while ring.len() >= most.max(1) {
        ring.pop_front();
    }
    if ring.len() < most {
        ring.push_back(value);
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
