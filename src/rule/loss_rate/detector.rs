//! Loss rate: how much of the equity a window has lost.
//!
//! ```text
//! value = (start - now) / start
//! limit:         (start - now) * 1e9 >= limit * start                             in integers, exactly
//! certain:       (start - now) * 1e9 >= 2 * limit * start                         needs no confirmation
//! half:          (start - now) * 1e9 >= limit / 2 * start                         opens the next two
//! streak:        five closes of samples in a row, each below the one before; three warn
//! acceleration:  last > 0  and  2 * last > 3 * max(first, 0)                      losses of the window's thirds
//! ```
//!
//! Equity is raw `Money` (1e-4), ratios raw `Ratio` (1e-9). All limits come from the plan; the five and three closes, the
//! half of the limit and the 1.5 are the catalogue's.
//!
//! * **Start** is the equity at the left edge of the window, which [`Past`] knows to a bucket of 1/240 of it: the
//!   greatest of what may have stood there, so that no loss seems smaller than it is. Before a mark is as old as the
//!   window there is none: unready; so is a start that is not positive.
//! * **Now** is the last mark. Between marks the window moves with heartbeats and deposits, too; in plain silence the
//!   last reading stands, until the silence itself counts.
//! * The window takes no notice of sessions: the first marks of a day are compared with the last before it, so a gap is
//!   seen.
//! * **P&L**: the equity is the capital and the sum of the deltas. Before the first delta it was the capital, so the
//!   first makes the rule ready. A delta of zero says that nothing was lost.
//! * **Thirds**: at the close of a sample `first = start - a`, `last = b - now`, with `a` and `b` what stood two thirds
//!   and one third of the window before, as `start` is known. A first third that has gained counts as zero. What a
//!   close has found stands until the next one; the half of the limit is that of the present value.
//!
//! Start and last equity live in the memory words: who starts anew measures from that start until his own window is full,
//! over at most two windows. The closes in a row are counted anew.
//!
//! Cost of a call: O(1) amortised, and a binary search over the buckets. Memory: 280 bytes and 5 784 for the buckets,
//! reserved once.

use core::time::Duration;

use super::closes::{Closes, Rush};
use super::{LossRate as Spec, LossSource};
use crate::model::observation::{Channel, Observation};
use crate::model::policy::Policy;
use crate::model::reading::{Level, Pending, Reading};
use crate::model::reason::Reason;
use crate::model::state::Step;
use crate::model::time::Nanos;
use crate::model::units::Ratio;
use crate::rule::{Answer, BadInput, Band, Context, Detect, Linear, Mark, Memory, NEAR_MISS};
use crate::window::past::{BUCKETS, Past};

/// The words of its memory: the start and since when it stood (0: there is none),
const START: usize = 0;
const START_AT: usize = 1;
/// and the same of the last equity.
const LAST: usize = 2;
const LAST_AT: usize = 3;

/// Losing closes in a row that are a breach, that warn.
const STREAK: u32 = 5;
const STREAK_WARNS: u32 = 3;
/// Streak and acceleration count from this part of the limit on.
const HALF: Ratio = Ratio::from_raw(500_000_000);
const TICK: Duration = Duration::from_nanos(1);

/// The rule of one loss rate on one feed.
#[derive(Debug)]
pub(crate) struct Detector {
    spec: Spec,
    past: Past,
    closes: Closes,
    /// The last equity, if it is booked here,
    booked: Option<Mark>,
    /// and what it was before the first delta.
    capital: i64,
    is_certain: bool,
}

impl Detect for Detector {
    type Spec = Spec;

    fn new(spec: &Spec, _policy: &Policy) -> Self {
        let (past, closes) = (Past::new(spec.window), Closes::new(spec.sample));
        let capital = match spec.source {
            LossSource::Marks => 0,
            LossSource::Pnl { capital } => capital.raw(),
        };
        Self { spec: spec.clone(), past, closes, booked: None, capital, is_certain: false }
    }

    fn channel(&self) -> Channel {
        match self.spec.source {
            LossSource::Marks => Channel::Equity,
            LossSource::Pnl { .. } => Channel::None,
        }
    }

    /// Any number is a possible mark.
    fn observe(
        &mut self,
        observation: &Observation,
        at: Nanos,
        context: Context<'_>,
    ) -> Result<Option<Answer>, BadInput> {
        let last = self.last(&context);
        Ok(match (*observation, self.spec.source) {
            (Observation::Value(Channel::Equity, value), LossSource::Marks) => {
                Some(self.mark(Mark { value, at }, last, context.memory))
            }
            (Observation::Pnl(delta), LossSource::Pnl { .. }) => {
                let before = self.begin_books(last, context.memory);
                let now = Mark { value: before.saturating_add(delta.raw()), at };
                self.booked = Some(now);
                Some(self.mark(now, last, context.memory))
            }
            (Observation::Flow(amount), _) => Some(self.flow(amount.raw(), at, last, context.memory)),
            (Observation::Heartbeat, _) => last.map(|last| self.pass(at, last, context.memory)),
            _ => None,
        })
    }

    fn evaluate(&mut self, _at: Nanos, context: Context<'_>) -> Answer {
        let last = self.last(&context);
        self.answer(last.map(|last| last.value))
    }

    fn is_new(&self, observation: &Observation) -> bool {
        matches!(observation, Observation::Value(..) | Observation::Pnl(_))
    }

    fn is_certain(&self) -> bool {
        self.is_certain
    }

    /// Takes over the window and the closes if they mean the same.
    fn inherit(&mut self, old: &mut Self) {
        if self.spec.source != old.spec.source {
            return;
        }
        (self.booked, self.capital) = (old.booked, old.capital);
        if self.spec.window == old.spec.window {
            core::mem::swap(&mut self.past, &mut old.past);
            if self.spec.sample == old.spec.sample && self.samples() == old.samples() {
                self.closes = old.closes;
            }
        }
    }
}

impl Detector {
    fn last(&self, context: &Context<'_>) -> Option<Mark> {
        match self.spec.source {
            LossSource::Marks => context.last,
            LossSource::Pnl { .. } => self.booked,
        }
    }

    /// The equity before a delta: what was booked last, what the memory says, or the capital.
    fn begin_books(&mut self, last: Option<Mark>, memory: &Memory) -> i64 {
        if let Some(last) = last {
            return last.value;
        }
        if memory.0[LAST_AT] == 0 {
            self.past.begin_with(self.capital);
            return self.capital;
        }
        memory.0[LAST] as i64
    }

    fn mark(&mut self, now: Mark, last: Option<Mark>, memory: &mut Memory) -> Answer {
        self.recall(memory);
        if let Some(last) = last {
            self.hear(last);
            self.sample(now.at - TICK, last.value);
        }
        self.past.push(now.at, now.value);
        self.closes.begin(now.at - TICK);
        self.sample(now.at, now.value);
        self.remember(memory);
        self.answer(Some(now.value))
    }

    /// A deposit or withdrawal is no gain or loss: all that is kept moves with the equity.
    fn flow(&mut self, amount: i64, at: Nanos, last: Option<Mark>, memory: &mut Memory) -> Answer {
        let Some(last) = last else {
            self.capital = self.capital.saturating_add(amount);
            for (value, since) in [(START, START_AT), (LAST, LAST_AT)] {
                if memory.0[since] != 0 {
                    memory.0[value] = (memory.0[value] as i64).saturating_add(amount) as u64;
                }
            }
            return self.answer(None);
        };
        self.pass(at, last, memory);
        self.past.shift(amount);
        self.closes.shift(amount);
        let moved = last.value.saturating_add(amount);
        self.booked = self.booked.map(|booked| Mark { value: moved, ..booked });
        self.remember(memory);
        Answer { moved_last: Some(moved), ..self.answer(Some(moved)) }
    }

    /// Time passes: samples close, the window moves.
    fn pass(&mut self, at: Nanos, last: Mark, memory: &mut Memory) -> Answer {
        self.hear(last);
        self.sample(at, last.value);
        self.past.advance(at);
        self.remember(memory);
        self.answer(Some(last.value))
    }

    /// The last mark, which may have stayed inside the band.
    fn hear(&mut self, last: Mark) {
        self.past.push(last.at, last.value);
    }

    /// Closes the samples whose edge is at or before `at`.
    fn sample(&mut self, at: Nanos, equity: i64) {
        if self.samples()
            && let Some(edge) = self.closes.close_until(at, equity)
        {
            self.past.advance(edge);
            self.closes.rush = self.rush(equity);
        }
    }

    fn samples(&self) -> bool {
        self.spec.streak || self.spec.acceleration
    }

    /// Whether the last third of the window loses more than 1.5 times what its first third did.
    fn rush(&self, now: i64) -> Option<Rush> {
        let start = self.start()?;
        let lost = |from: i64, to: i64| i128::from(from) - i128::from(to);
        let first = lost(start, self.past.stood(2 * BUCKETS / 3)?).max(0);
        let last = lost(self.past.stood(BUCKETS / 3)?, now);
        let share = |loss: i128| loss as f64 / start as f64;
        (last > 0 && 2 * last > 3 * first).then(|| Rush { loss: share(last), limit: 1.5 * share(first) })
    }

    /// The equity at the left edge of the window, if it is known and means something.
    fn start(&self) -> Option<i64> {
        self.past.stood(BUCKETS).filter(|start| self.past.is_full() && *start > 0)
    }

    /// Goes on from what the memory has.
    fn recall(&mut self, memory: &Memory) {
        if !self.past.is_empty() {
            return;
        }
        for (value, since) in [(START, START_AT), (LAST, LAST_AT)] {
            if memory.0[since] != 0 {
                self.past.push(Nanos(memory.0[since]), memory.0[value] as i64);
            }
        }
    }

    fn remember(&self, memory: &mut Memory) {
        let mut note = |at: usize, value: Option<(Nanos, i64)>| {
            let (since, value) = value.map_or((0, 0), |(since, value)| (since.0.max(1), value as u64));
            (memory.0[at], memory.0[at + 1]) = (value, since);
        };
        note(START, self.start().map(|start| (self.past.edge_begin(), start)));
        // Marks that stay inside the band are not heard of, so of those the last of the bucket before; of deltas all.
        note(LAST, self.booked.map(|booked| (booked.at, booked.value)).or_else(|| self.past.settled()));
    }

    fn answer(&mut self, now: Option<i64>) -> Answer {
        self.is_certain = false;
        let Some(now) = now else {
            let (reading, linear) = (Reading::UNREADY, Linear::constant(0.0));
            return Answer { reading, band: Band::EMPTY, linear, moved_last: None, is_new: false };
        };
        let start = self.start();
        let (reading, linear) = match start {
            Some(start) => self.reading(start, now),
            None => (Reading::UNREADY, Linear::constant(0.0)),
        };
        self.is_certain =
            reading.reason == Reason::Limit && start.is_some_and(|start| self.twice().reached_by_fall(start, now));
        Answer { reading, band: self.band(start, now), linear, moved_last: None, is_new: false }
    }

    fn reading(&self, start: i64, now: i64) -> (Reading, Linear) {
        let Spec { limits, streak, .. } = self.spec;
        let share = (i128::from(start) - i128::from(now)) as f64 / start as f64;
        let say = |level, reason, value: f64, limit| Reading {
            level,
            step: Step::FIRST,
            reason,
            value: value.max(0.0),
            limit,
            pending: Pending::NONE,
        };
        let plain = |level, reason| {
            let linear = match self.spec.source {
                LossSource::Marks => Linear { offset: 1.0, slope: -1.0 / start as f64 },
                LossSource::Pnl { .. } => Linear::constant(share),
            };
            (say(level, reason, share, limits.limit.to_f64()), linear)
        };
        let other = |reason, value, limit| (say(Level::Breach, reason, value, limit), Linear::constant(value));
        if limits.limit.reached_by_fall(start, now) {
            return plain(Level::Breach, Reason::Limit);
        }
        let losing = if streak && self.half().reached_by_fall(start, now) { self.closes.losing } else { 0 };
        if losing >= STREAK {
            return other(Reason::Streak, f64::from(losing), f64::from(STREAK));
        }
        if let Some(Rush { loss, limit }) = self.closes.rush.filter(|_| self.accelerates(start, now)) {
            return other(Reason::Acceleration, loss, limit);
        }
        if limits.warn.reached_by_fall(start, now) || losing >= STREAK_WARNS {
            plain(Level::Warn, Reason::WarnLevel)
        } else if limits.clear.reached_by_fall(start, now) {
            plain(Level::Elevated, Reason::None)
        } else {
            plain(Level::Normal, Reason::None)
        }
    }

    fn accelerates(&self, start: i64, now: i64) -> bool {
        self.spec.acceleration && self.half().reached_by_fall(start, now)
    }

    fn half(&self) -> Ratio {
        self.spec.limits.limit.times(HALF)
    }

    fn twice(&self) -> Ratio {
        Ratio::from_raw(self.spec.limits.limit.raw().saturating_mul(2))
    }

    /// Marks that change nothing: between two levels, in this bucket of time, and none that would be its greatest.
    fn band(&self, start: Option<i64>, now: i64) -> Band {
        let until = if self.samples() { self.past.until().min(self.closes.next_edge()) } else { self.past.until() };
        let band = match start {
            Some(start) => {
                let reached = |ratio: Ratio| ratio.fall_level(start).saturating_add(1);
                let Spec { limits, .. } = self.spec;
                let near = limits.limit.times(NEAR_MISS);
                let levels = [limits.limit, near, limits.warn, limits.clear, self.half(), self.twice()];
                Band::around(now, &levels.map(reached), until)
            }
            None => Band { lo: i64::MIN, hi: i64::MAX, until },
        };
        Band { hi: band.hi.min(self.past.present().unwrap_or(i64::MIN)), ..band }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
