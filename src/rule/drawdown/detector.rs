//! Drawdown: how far equity has fallen from its peak.
//!
//! ```text
//! value = (peak - equity) / peak
//! limit:       (peak - equity) * 1e9 >= limit * peak                            in integers, exactly
//! speed:       (dd[n] - dd[n-4]) / 4 > limit / 20                               dd[n]: value at the n-th sample's close
//! underwater:  (peak - equity) * 1e9 > underwater_limit * peak, and off the peak for at least `underwater_for`
//! ```
//!
//! Equity is raw `Money` (1e-4), ratios raw `Ratio` (1e-9). All limits come from the plan; the shares of the speed test
//! (a twentieth of the limit a sample, over four samples) and the three marks that must agree are the catalogue's.
//!
//! * **Baselines.** The peak since the start, since the session's open, the session's first mark, or of a rolling window
//!   (see [`Maximum`] for its error). The last mark before an open is the session's first, so a gap is seen. The open
//!   takes effect with the first mark at or after it; marks after the close still count to the session before.
//! * **Steps.** A mark more than `max_step` of the last good one away from it is held: [`observe`](Detect::observe)
//!   answers `None`, and it is not good. The third in a row is taken, if all three are falls, however far each goes, or agree
//!   with the first of them within `max_step`. One that is near the last good mark ends the doubt.
//! * **Samples** lie on the grid of `sample` from the Unix epoch on; one covers `(k * s, (k + 1) * s]`, so a mark exactly
//!   on its right edge completes it. An empty sample repeats the last value.
//! * **Underwater** begins with the first mark below the peak and ends with one that is not.
//!
//! The peak, the begin of the time underwater and the session live in the memory words. A rolling window is not kept
//! there, only its peak: who starts anew keeps that peak for its time.
//!
//! Cost of a call: O(1); with a rolling window O(1) amortised; with sessions a binary search. No allocation. Memory: 248 bytes, and
//! 4 112 for a rolling window.

use super::{Baseline, Drawdown as Spec};
use crate::model::observation::{Channel, Observation};
use crate::model::policy::Policy;
use crate::model::reading::{Level, Pending, Reading};
use crate::model::reason::Reason;
use crate::model::state::Step;
use crate::model::time::{Nanos, nanos_of};
use crate::model::units::{Money, Ratio};
use crate::rule::opening::Openings;
use crate::rule::{Answer, BadInput, Band, Context, Detect, Linear, Mark, Memory, NEAR_MISS};
use crate::window::extrema::Maximum;
use core::time::Duration;

/// The words of its memory: the peak (raw; 0 is none), since when equity is off it (0 is not),
const PEAK: usize = 0;
const OFF_SINCE: usize = 1;
/// the date of the session that the peak belongs to (0 is before the first), and since when a rolling peak stands.
const SESSION: usize = 2;
const PEAK_AT: usize = 3;

/// Marks beyond `max_step` that must agree.
const AGREE: u8 = 3;
/// The closes that the speed test looks at: four samples apart are five closes.
const CLOSES: usize = 5;
/// The part of the limit that a drawdown may deepen in a sample.
const SPEED_PART: f64 = 20.0;
const TICK: Duration = Duration::from_nanos(1);

/// The rule of one drawdown on one feed.
#[derive(Debug)]
pub(crate) struct Detector {
    spec: Spec,
    openings: Openings,
    rolling: Option<Maximum>,
    held: Option<Held>,
    speed: Speed,
}

/// Marks that went too far, and how many agree.
#[derive(Clone, Copy, Debug)]
struct Held {
    first: i64,
    count: u8,
}

impl Detect for Detector {
    type Spec = Spec;
    const HAS_BASELINE: bool = true;

    fn new(spec: &Spec, policy: &Policy) -> Self {
        let mut spec = spec.clone();
        if policy.sessions.is_none() && matches!(spec.baseline, Baseline::Session | Baseline::SessionOpen) {
            spec.baseline = Baseline::Peak;
        }
        let rolling = match spec.baseline {
            Baseline::Rolling(window) => Some(Maximum::new(window)),
            _ => None,
        };
        let speed = Speed::new(spec.sample);
        Self { spec, openings: Openings::new(policy.sessions.clone()), rolling, held: None, speed }
    }

    fn channel(&self) -> Channel {
        Channel::Equity
    }

    /// Any number is a possible mark. `None` for one that is held.
    fn observe(
        &mut self,
        observation: &Observation,
        at: Nanos,
        context: Context<'_>,
    ) -> Result<Option<Answer>, BadInput> {
        Ok(match *observation {
            Observation::Value(Channel::Equity, value) => self.mark(Mark { value, at }, context.last, context.memory),
            Observation::Flow(amount) => Some(self.flow(amount.raw(), at, context.last, context.memory)),
            Observation::Heartbeat => self.heartbeat(at, context.last, context.memory),
            _ => None,
        })
    }

    fn evaluate(&mut self, at: Nanos, context: Context<'_>) -> Answer {
        let last = context.last.map(|last| last.value);
        self.settle(at, last, context.memory);
        self.answer(at, last, context.memory)
    }

    /// Deep enough, and not so far that the mark would be held.
    fn sure_breach(&self, _at: Nanos, Context { last, memory, .. }: Context<'_>) -> Band {
        let (Some(Mark { value: equity, .. }), peak, None) = (last, peak(memory), self.held) else {
            return Band::EMPTY;
        };
        if peak == 0 {
            return Band::EMPTY;
        }
        let room = self.step_room(equity);
        let hi = self.spec.limits.limit.fall_level(peak).min(equity.saturating_add(room));
        Band { lo: equity.saturating_sub(room), hi, until: self.until(memory) }
    }

    /// A new peak, whatever the baseline. What was underwater or too fast under the old one is so no longer.
    fn rebase(&mut self, peak: Money, memory: &mut Memory) {
        set_peak(memory, peak.raw());
        memory.0[OFF_SINCE] = 0;
        memory.0[PEAK_AT] = 0;
        self.speed.clear();
        if let Some(rolling) = &mut self.rolling {
            rolling.clear();
        }
    }

    /// Takes over held marks, and rolling window and samples if they mean the same.
    fn inherit(&mut self, old: &mut Self) {
        core::mem::swap(&mut self.held, &mut old.held);
        if self.spec.baseline == old.spec.baseline {
            core::mem::swap(&mut self.rolling, &mut old.rolling);
            if self.spec.sample == old.spec.sample && self.spec.speed == old.spec.speed {
                core::mem::swap(&mut self.speed, &mut old.speed);
            }
        }
    }
}

impl Detector {
    fn mark(&mut self, now: Mark, last: Option<Mark>, memory: &mut Memory) -> Option<Answer> {
        if let Some(last) = last
            && peak(memory) > 0
        {
            if !self.accepts(last.value, now.value) {
                return None;
            }
            self.sample(now.at - TICK, last.value, memory);
        }
        self.raise(now, last, memory);
        self.settle(now.at, Some(now.value), memory);
        if peak(memory) > 0 {
            self.speed.begin(now.at - TICK);
            self.sample(now.at, now.value, memory);
        }
        Some(self.answer(now.at, Some(now.value), memory))
    }

    /// A deposit or withdrawal is no gain or loss: equity and all that it is compared with move together.
    fn flow(&mut self, amount: i64, at: Nanos, last: Option<Mark>, memory: &mut Memory) -> Answer {
        if let Some(last) = last {
            self.sample(at, last.value, memory);
        }
        let moved = last.map(|last| last.value.saturating_add(amount));
        if peak(memory) > 0 {
            set_peak(memory, peak(memory).saturating_add(amount));
        }
        if let Some(rolling) = &mut self.rolling {
            rolling.shift(amount);
            memory.0[PEAK_AT] = rolling.greatest().map_or(memory.0[PEAK_AT], |(since, _)| since.0);
        }
        if let Some(held) = &mut self.held {
            held.first = held.first.saturating_add(amount);
        }
        self.settle(at, moved, memory);
        Answer { moved_last: moved, ..self.answer(at, moved, memory) }
    }

    /// Samples close by time too.
    fn heartbeat(&mut self, at: Nanos, last: Option<Mark>, memory: &mut Memory) -> Option<Answer> {
        let last = last.filter(|_| self.spec.speed && peak(memory) > 0)?;
        self.sample(at, last.value, memory);
        Some(self.answer(at, Some(last.value), memory))
    }

    /// Whether a mark is near enough to the last good one, or the third that agrees. Falls agree however far they go: a crash
    /// goes on. A rise that goes on might be anything, and would make a peak.
    fn accepts(&mut self, last: i64, now: i64) -> bool {
        let max_step = i128::from(self.spec.max_step.raw().max(0));
        let near = |from: i64| {
            let step = (i128::from(now) - i128::from(from)).abs();
            step * i128::from(Ratio::SCALE) <= max_step * i128::from(from).abs()
        };
        self.held = match self.held {
            _ if near(last) => None,
            Some(held) if near(held.first) || (now < last && held.first < last) => {
                Some(Held { count: held.count + 1, ..held }).filter(|h| h.count < AGREE)
            }
            _ => Some(Held { first: now, count: 1 }),
        };
        self.held.is_none()
    }

    /// Lets the baseline take notice of a mark.
    fn raise(&mut self, now: Mark, last: Option<Mark>, memory: &mut Memory) {
        let higher = peak(memory).max(now.value);
        match (self.spec.baseline, &mut self.rolling) {
            (Baseline::Rolling(_), Some(rolling)) => roll(rolling, now, memory),
            (Baseline::Peak | Baseline::Rolling(_), _) => set_peak(memory, higher),
            (Baseline::Session | Baseline::SessionOpen, _) => {
                let date = self.openings.date(now.at);
                // Not back again: a late mark from before the open belongs to the session that it came in.
                if date > memory.0[SESSION] {
                    memory.0[SESSION] = date;
                    memory.0[OFF_SINCE] = 0;
                    set_peak(memory, last.map_or(0, |last| last.value));
                }
                if self.spec.baseline == Baseline::Session || peak(memory) == 0 {
                    set_peak(memory, peak(memory).max(now.value));
                }
            }
        }
    }

    /// Begins and ends the time off the peak. Without a peak there is nothing to remember.
    fn settle(&mut self, at: Nanos, equity: Option<i64>, memory: &mut Memory) {
        let peak = peak(memory);
        if peak == 0 {
            self.held = None;
            self.speed.clear();
            if let Some(rolling) = &mut self.rolling {
                rolling.clear();
            }
            memory.0[OFF_SINCE] = 0;
            memory.0[PEAK_AT] = 0;
        } else if let Some(equity) = equity {
            memory.0[OFF_SINCE] = match memory.0[OFF_SINCE] {
                _ if equity >= peak => 0,
                0 => at.0.max(1),
                since => since,
            };
        }
    }

    /// Closes the samples whose edge is at or before `at`.
    fn sample(&mut self, at: Nanos, equity: i64, memory: &Memory) {
        if self.spec.speed && peak(memory) > 0 {
            self.speed.close_until(at, share(peak(memory), equity));
        }
    }

    fn answer(&self, at: Nanos, equity: Option<i64>, memory: &Memory) -> Answer {
        let peak = peak(memory);
        let Some(equity) = equity.filter(|_| peak > 0) else {
            // Without a peak nothing begins before a positive mark, but the session of the baseline.
            let band = if peak > 0 { Band::EMPTY } else { Band { lo: i64::MIN, hi: 0, until: self.next_open(memory) } };
            return Answer {
                reading: Reading::UNREADY,
                band,
                linear: Linear::constant(0.0),
                moved_last: None,
                is_new: false,
            };
        };
        let (reading, linear) = self.reading(at, peak, equity, memory);
        let until = self.until(memory).min(reading.pending.due);
        Answer { reading, band: self.band(peak, equity, until), linear, moved_last: None, is_new: false }
    }

    fn reading(&self, at: Nanos, peak: i64, equity: i64, memory: &Memory) -> (Reading, Linear) {
        let limits = self.spec.limits;
        let limit = limits.limit.to_f64();
        let slope = Linear { offset: 1.0, slope: -1.0 / peak as f64 };
        let plain = |level, reason| {
            let (value, pending) = (share(peak, equity).max(0.0), Pending::NONE);
            Reading { level, step: Step::FIRST, reason, value, limit, pending }
        };
        if limits.limit.reached_by_fall(peak, equity) {
            return (plain(Level::Breach, Reason::Limit), slope);
        }
        if let Some(value) = self.speed.beyond(limit / SPEED_PART) {
            let reading = Reading { value, limit: limit / SPEED_PART, ..plain(Level::Breach, Reason::Speed) };
            return (reading, Linear::constant(value));
        }
        let due = self.underwater_due(peak, equity, memory);
        if due.is_some_and(|due| due <= at) {
            let limit = self.spec.underwater_limit.to_f64();
            return (Reading { limit, ..plain(Level::Breach, Reason::Underwater) }, slope);
        }
        let mut reading = if limits.warn.reached_by_fall(peak, equity) {
            plain(Level::Warn, Reason::WarnLevel)
        } else if limits.clear.reached_by_fall(peak, equity) {
            plain(Level::Elevated, Reason::None)
        } else {
            plain(Level::Normal, Reason::None)
        };
        if let Some(due) = due {
            reading.pending = Pending { due, level: Level::Breach, step: Step::FIRST, reason: Reason::Underwater };
        }
        (reading, slope)
    }

    /// When being this deep has lasted too long; `None` if it is not so deep.
    fn underwater_due(&self, peak: i64, equity: i64, memory: &Memory) -> Option<Nanos> {
        let patience = self.spec.underwater_for?;
        let fall = (i128::from(peak) - i128::from(equity)) * i128::from(Ratio::SCALE);
        let deep = fall > i128::from(self.spec.underwater_limit.raw()) * i128::from(peak);
        (deep && memory.0[OFF_SINCE] > 0).then(|| Nanos(memory.0[OFF_SINCE]) + patience)
    }

    /// When something changes by time: a session opens, a bucket or a sample ends.
    fn until(&self, memory: &Memory) -> Nanos {
        let baseline = self.rolling.as_ref().map_or(self.next_open(memory), Maximum::bucket_end);
        if self.spec.speed { baseline.min(self.speed.next_edge()) } else { baseline }
    }

    /// The open of the session after that of the baseline; never, if the baseline has none.
    fn next_open(&self, memory: &Memory) -> Nanos {
        if !matches!(self.spec.baseline, Baseline::Session | Baseline::SessionOpen) {
            return Nanos::NEVER;
        }
        self.openings.after(memory.0[SESSION])
    }

    fn band(&self, peak: i64, equity: i64, until: Nanos) -> Band {
        if self.held.is_some() {
            return Band::EMPTY;
        }
        let limits = self.spec.limits;
        let reached = |ratio: Ratio| ratio.fall_level(peak).saturating_add(1);
        // Deeper than the limit is the contrary of a rise by minus the limit.
        let deep = Ratio::from_raw(self.spec.underwater_limit.raw().saturating_neg()).rise_level(peak);
        let near = reached(limits.limit.times(NEAR_MISS));
        let edges = [peak, reached(limits.limit), near, reached(limits.warn), reached(limits.clear), deep];
        let band = Band::around(equity, &edges, until);
        let room = self.step_room(equity);
        let lo = band.lo.max(equity.saturating_sub(room));
        let hi = band.hi.min(equity.saturating_add(room)).min(self.ceiling(peak, equity));
        Band { lo, hi, until }
    }

    /// The highest mark that raises no baseline. In a rolling window also one below the peak may be the peak of later.
    fn ceiling(&self, peak: i64, equity: i64) -> i64 {
        match (self.spec.baseline, &self.rolling) {
            (Baseline::SessionOpen, _) => i64::MAX,
            _ if equity > peak => i64::MIN,
            (_, Some(rolling)) => rolling.present().map_or(i64::MIN, |present| present.min(peak)),
            _ => peak,
        }
    }

    /// How far marks may be from this one so that of any two of them none is too far from the other: with `w` for the
    /// room and `s` for `max_step`, `2 w <= s * (|equity| - w)`.
    fn step_room(&self, equity: i64) -> i64 {
        let step = i128::from(self.spec.max_step.raw().max(0));
        let room = step * i128::from(equity).abs() / (2 * i128::from(Ratio::SCALE) + step);
        i64::try_from(room).unwrap_or(i64::MAX)
    }
}

/// A mark enters the rolling window. A window that begins takes over the peak that the memory has.
fn roll(rolling: &mut Maximum, now: Mark, memory: &mut Memory) {
    if rolling.is_empty() && peak(memory) > 0 {
        let since = Nanos(memory.0[PEAK_AT]);
        rolling.push(if since.0 == 0 { now.at } else { since.min(now.at) }, peak(memory));
    }
    if now.value > 0 || !rolling.is_empty() {
        rolling.push(now.at, now.value);
    }
    let (since, greatest) = rolling.greatest().unwrap_or_default();
    set_peak(memory, greatest);
    memory.0[PEAK_AT] = since.0;
}

fn peak(memory: &Memory) -> i64 {
    (memory.0[PEAK] as i64).max(0)
}

fn set_peak(memory: &mut Memory, peak: i64) {
    memory.0[PEAK] = peak.max(0) as u64;
}

/// The drawdown, for statistics and for people; negative above the peak.
fn share(peak: i64, equity: i64) -> f64 {
    (i128::from(peak) - i128::from(equity)) as f64 / peak as f64
}

/// The drawdowns at the last closes of samples.
#[derive(Clone, Copy, Debug)]
struct Speed {
    sample: u64,
    /// Edges up to here have been dealt with.
    upto: Option<Nanos>,
    closes: [f64; CLOSES],
    count: usize,
}

impl Speed {
    fn new(sample: Duration) -> Self {
        Self { sample: nanos_of(sample).max(1), upto: None, closes: [0.0; CLOSES], count: 0 }
    }

    fn clear(&mut self) {
        self.upto = None;
        self.count = 0;
    }

    /// The first sample is that of the time after `at`, if none has begun.
    fn begin(&mut self, at: Nanos) {
        self.upto = self.upto.or(Some(at));
    }

    fn close_until(&mut self, at: Nanos, value: f64) {
        let upto = self.upto.unwrap_or(at);
        let edges = (at.0 / self.sample).saturating_sub(upto.0 / self.sample);
        // More closes of the same value than the test looks at change nothing.
        for _ in 0..edges.min(CLOSES as u64) {
            self.closes.rotate_left(1);
            self.closes[CLOSES - 1] = value;
            self.count = (self.count + 1).min(CLOSES);
        }
        self.upto = Some(upto.max(at));
    }

    fn next_edge(&self) -> Nanos {
        let next = |upto: Nanos| Nanos((upto.0 / self.sample).saturating_add(1).saturating_mul(self.sample));
        self.upto.map_or(Nanos(0), next)
    }

    /// By how much the drawdown deepens a sample, if that is more than `limit`.
    fn beyond(&self, limit: f64) -> Option<f64> {
        let speed = (self.closes[CLOSES - 1] - self.closes[0]) / (CLOSES - 1) as f64;
        let calm = speed <= limit; // false if it is not a number
        (self.count == CLOSES && !calm).then_some(speed)
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
