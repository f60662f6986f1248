//! Liquidation required: the session has lost too much of what it opened with, or too much margin is in use.
//!
//! ```text
//! loss:    (opening - equity) * 1e9 >= limit * opening             in integers, exactly
//! margin:  used * 1e9 > margin_limit * (used + available)          more than the limit; in integers, exactly
//! ```
//!
//! Money is raw `Money` (1e-4), ratios raw `Ratio` (1e-9). All limits come from the plan.
//!
//! * **Opening** is the session's first mark: the last one before its open, so that a gap is seen. It takes effect with
//!   the first mark at or after the open; marks after the close still count to the session before. Without a calendar it
//!   is the first mark of all. One that is not positive is none: unready. `rebase` sets it anew.
//! * **Margin** use warns at `used * 1e9 >= warn * (used + available)`. What is available may be negative. Where nothing
//!   is left, `used + available <= 0`, any use is a breach, and so is a deficit without any. With a margin limit, there
//!   is no value before the first report of margin.
//! * **Silence** of one source is not covered up by the other: with a margin limit each must be heard within
//!   `stale_after`, else `on_stale` says what the reading is, by time alone, too. (Silence of both is the policy's.)
//! * The worse of the two is the reading; of two equally bad ones the loss.
//!
//! What a breach does, Liquidating instead of Tripped, is the policy's and the machine's. Silence and nonsense only trip:
//! doubt sells nothing.
//!
//! Opening and session live in the memory words.
//!
//! Cost of a call: O(1), with sessions a binary search. No allocation. Memory: 240 bytes.

use super::LiquidationRequired as Spec;
use crate::model::limits::Limits;
use crate::model::observation::{Channel, Observation};
use crate::model::policy::{OnStale, Policy};
use crate::model::reading::{Level, Pending, Reading};
use crate::model::reason::Reason;
use crate::model::state::Step;
use crate::model::time::Nanos;
use crate::model::units::{Money, Ratio};
use crate::rule::opening::Openings;
use crate::rule::{Answer, BadInput, Band, Context, Detect, Linear, Mark, Memory, NEAR_MISS};

/// The words of its memory: the opening mark (raw; 0 is none), and the date of its session.
const OPENING: usize = 0;
const SESSION: usize = 1;

/// The rule of one liquidation on one feed.
#[derive(Debug)]
pub(crate) struct Detector {
    spec: Spec,
    policy: Policy,
    openings: Openings,
    margin: Option<Margin>,
}

/// The last report of margin.
#[derive(Clone, Copy, Debug)]
struct Margin {
    used: i64,
    available: i64,
    at: Nanos,
}

impl Detect for Detector {
    type Spec = Spec;
    const HAS_BASELINE: bool = true;

    fn new(spec: &Spec, policy: &Policy) -> Self {
        let openings = Openings::new(policy.sessions.clone());
        Self { spec: spec.clone(), policy: policy.clone(), openings, margin: None }
    }

    fn channel(&self) -> Channel {
        Channel::Equity
    }

    /// Any number is a possible mark.
    fn observe(
        &mut self,
        observation: &Observation,
        at: Nanos,
        context: Context<'_>,
    ) -> Result<Option<Answer>, BadInput> {
        let Context { last, memory, .. } = context;
        Ok(match *observation {
            Observation::Value(Channel::Equity, value) => {
                self.open(Mark { value, at }, last, memory);
                Some(self.answer(at, Some(Mark { value, at }), memory))
            }
            Observation::Margin { used, available } if self.spec.margin.is_some() => {
                self.margin = Some(Margin { used: used.raw(), available: available.raw(), at });
                Some(self.answer(at, last, memory))
            }
            Observation::Flow(amount) => Some(self.flow(amount.raw(), at, last, memory)),
            _ => None,
        })
    }

    fn evaluate(&mut self, at: Nanos, context: Context<'_>) -> Answer {
        self.answer(at, context.last, context.memory)
    }

    fn is_new(&self, observation: &Observation) -> bool {
        matches!(observation, Observation::Value(..) | Observation::Margin { .. })
    }

    fn rebase(&mut self, opening: Money, memory: &mut Memory) {
        set_opening(memory, opening.raw());
    }

    fn inherit(&mut self, old: &mut Self) {
        self.margin = old.margin;
    }
}

impl Detector {
    /// The first mark of a session brings the one before it along.
    fn open(&self, now: Mark, last: Option<Mark>, memory: &mut Memory) {
        let date = self.openings.date(now.at);
        // Not back again: a late mark from before the open belongs to the session that it came in.
        if date > memory.0[SESSION] {
            memory.0[SESSION] = date;
            set_opening(memory, last.map_or(0, |last| last.value));
        }
        if opening(memory).is_none() {
            set_opening(memory, now.value);
        }
    }

    /// A deposit or withdrawal is no gain or loss.
    fn flow(&self, amount: i64, at: Nanos, last: Option<Mark>, memory: &mut Memory) -> Answer {
        if let Some(opening) = opening(memory) {
            set_opening(memory, opening.saturating_add(amount));
        }
        let moved = last.map(|last| Mark { value: last.value.saturating_add(amount), ..last });
        Answer { moved_last: moved.map(|moved| moved.value), ..self.answer(at, moved, memory) }
    }

    fn answer(&self, at: Nanos, last: Option<Mark>, memory: &Memory) -> Answer {
        let (loss, linear) = self.loss(last, memory);
        let mut answer =
            Answer { reading: loss, band: self.band(last, memory), linear, moved_last: None, is_new: false };
        let Some(limits) = self.spec.margin else { return answer };
        // The doubt about each source begins with what was heard of it last, so every mark counts.
        answer.band = Band::EMPTY;
        answer.worsen(self.use_of_margin(&limits));
        // What has no value yet is in doubt already.
        if answer.reading.level != Level::Unready {
            answer.worsen(self.silence(at, last));
            answer.reading.pending = self.doubt(at, last, answer.reading.level);
        }
        answer
    }

    fn loss(&self, last: Option<Mark>, memory: &Memory) -> (Reading, Linear) {
        let (Some(last), Some(opening)) = (last, opening(memory)) else {
            return (Reading::UNREADY, Linear::constant(0.0));
        };
        let limits = self.spec.limits;
        let reached = |ratio: Ratio| ratio.reached_by_fall(opening, last.value);
        let level = level(reached(limits.limit), reached(limits.warn), reached(limits.clear));
        let share = (i128::from(opening) - i128::from(last.value)) as f64 / opening as f64;
        let slope = Linear { offset: 1.0, slope: -1.0 / opening as f64 };
        (reading(level, Reason::Limit, share.max(0.0), limits.limit), slope)
    }

    fn use_of_margin(&self, limits: &Limits) -> Reading {
        let Some(Margin { used, available, .. }) = self.margin else { return Reading::UNREADY };
        let all = i128::from(used) + i128::from(available);
        let scaled = i128::from(used) * i128::from(Ratio::SCALE);
        let part = |ratio: Ratio| i128::from(ratio.raw()).saturating_mul(all);
        let reached = |ratio| used > 0 && scaled >= part(ratio);
        let level = level(scaled > part(limits.limit), reached(limits.warn), reached(limits.clear));
        // Where nothing is left, all is in use.
        let share = if all > 0 { used as f64 / all as f64 } else { f64::from(used > 0 || all < 0) };
        reading(level, Reason::Margin, share.max(0.0), limits.limit)
    }

    /// When each source has been silent for too long.
    fn silent_at(&self, last: Option<Mark>) -> impl Iterator<Item = Nanos> {
        let heard = [last.map(|last| last.at), self.margin.map(|margin| margin.at)];
        heard.into_iter().flatten().filter_map(|heard| self.policy.stale_at(heard, Nanos(0)))
    }

    /// What is said of a source that is silent; nothing bad if none is.
    fn silence(&self, at: Nanos, last: Option<Mark>) -> Reading {
        let is_silent = self.silent_at(last).any(|due| due <= at);
        let level = if is_silent { self.silent_level() } else { Level::Normal };
        Reading { reason: Reason::Stale, ..reading(level, Reason::Stale, 0.0, Ratio::ZERO) }
    }

    /// The silence that comes next, if it is worse than what is said already.
    fn doubt(&self, at: Nanos, last: Option<Mark>, level: Level) -> Pending {
        let due = self.silent_at(last).filter(|due| *due > at).min();
        let comes = Pending {
            due: due.unwrap_or(Nanos::NEVER),
            level: self.silent_level(),
            step: Step::FIRST,
            reason: Reason::Stale,
        };
        if due.is_some() && level.worst(comes.level) != level { comes } else { Pending::NONE }
    }

    fn silent_level(&self) -> Level {
        match self.policy.on_stale {
            OnStale::Trip => Level::Breach,
            OnStale::Warn => Level::Warn,
            OnStale::Ignore => Level::Normal,
        }
    }

    /// Marks between two levels of the loss change nothing, until the next session opens.
    fn band(&self, last: Option<Mark>, memory: &Memory) -> Band {
        let (Some(last), Some(opening)) = (last, opening(memory)) else { return Band::EMPTY };
        let Limits { limit, warn, clear } = self.spec.limits;
        let reached = |ratio: Ratio| ratio.fall_level(opening).saturating_add(1);
        let levels = [limit, limit.times(NEAR_MISS), warn, clear];
        Band::around(last.value, &levels.map(reached), self.openings.after(memory.0[SESSION]))
    }
}

impl Answer {
    /// Takes another reading instead if it is worse.
    fn worsen(&mut self, other: Reading) {
        if self.reading.level.worst(other.level) != self.reading.level {
            (self.reading, self.linear) = (other, Linear::constant(other.value));
        }
    }
}

fn level(limit: bool, warn: bool, clear: bool) -> Level {
    match (limit, warn, clear) {
        (true, ..) => Level::Breach,
        (_, true, _) => Level::Warn,
        (.., true) => Level::Elevated,
        _ => Level::Normal,
    }
}

/// A reading at a level; `reason` is that of a breach.
fn reading(level: Level, reason: Reason, value: f64, limit: Ratio) -> Reading {
    let reason = match level {
        Level::Breach => reason,
        Level::Warn => Reason::WarnLevel,
        _ => Reason::None,
    };
    Reading { level, step: Step::FIRST, reason, value, limit: limit.to_f64(), pending: Pending::NONE }
}

fn opening(memory: &Memory) -> Option<i64> {
    Some(memory.0[OPENING] as i64).filter(|opening| *opening > 0)
}

fn set_opening(memory: &mut Memory, opening: i64) {
    memory.0[OPENING] = opening.max(0) as u64;
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
