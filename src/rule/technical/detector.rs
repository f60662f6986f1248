//! Technical: how the calls of a dependency go.
//!
//! ```text
//! failure rate:  failed * 1e9 >= limit * calls        in integers, exactly
//! slow rate:     slow   * 1e9 >= limit * calls        slow: duration >= `after`, failed or not
//! in a row:      failures since the last success >= consecutive
//! ```
//!
//! Rates are raw `Ratio` (1e-9), over the calls of the window (see [`calls`](crate::window::calls) for its error in time). All
//! limits come from the plan; the defaults are the catalogue's.
//!
//! * **Each outcome is a test**, also a success: the one that completes `min_calls` may find a rate beyond its limit. With
//!   fewer calls no rate is tested, and it shows as zero; the row is tested always. Nothing is tested in silence, so a rate
//!   that rises because successes grow old is seen with the next call.
//! * **Ignored** outcomes are in no count and break no row.
//! * **A row** of failures lasts until a success. It is forgotten with the window when that has been idle for longer than
//!   itself.
//! * **The value** shown is that of the test that says the worst, among equals the one closest to its limit: a rate, or the
//!   length of the row.
//! * **A warning** over a window of time ends in silence when the window is empty.
//! * **After a trip** it begins anew, and while the breaker is tripped nothing counts. So its level is then that of no calls,
//!   normal, and the trip ends by time. Nor does what began before the return count after it: a call that was admitted before
//!   the trip and hung until its timeout says what was, not what is. A call's begin is the time of its outcome less its
//!   duration; one that is heard late counts when it is heard, and has begun when it has.
//!
//! Cost of a call: O(1), over a window of time amortised, at worst 65 steps. Memory: 184 bytes, and 8 for each 32 calls of the
//! window, or 1 560 for one of time. No allocation.

use core::time::Duration;

use super::{CallWindow, Technical as Spec};
use crate::model::limits::Limits;
use crate::model::observation::{Channel, Observation, Outcome};
use crate::model::policy::Policy;
use crate::model::reading::{Level, Pending, Reading};
use crate::model::reason::Reason;
use crate::model::state::Step;
use crate::model::time::{Nanos, nanos_of};
use crate::model::units::Ratio;
use crate::rule::{Answer, BadInput, Band, Context, Detect, Linear, Mark};
use crate::window::calls::{Call, Counts, LastCalls, RecentCalls};

/// The rule of one dependency on one feed.
#[derive(Debug)]
pub(crate) struct Detector {
    spec: Spec,
    window: Window,
    /// Failures since the last success.
    row: u32,
    /// Calls that began before this count nowhere.
    from: Nanos,
}

#[derive(Debug)]
enum Window {
    Last(LastCalls),
    Recent(RecentCalls),
}

impl Detect for Detector {
    type Spec = Spec;
    const GOES_STALE: bool = false;
    const JUDGES_CALLS: bool = true;

    fn new(spec: &Spec, _policy: &Policy) -> Self {
        let window = match spec.window {
            CallWindow::Last(calls) => Window::Last(LastCalls::new(calls as usize)),
            CallWindow::Time(window) => Window::Recent(RecentCalls::new(window)),
        };
        Self { spec: spec.clone(), window, row: 0, from: Nanos(0) }
    }

    fn channel(&self) -> Channel {
        Channel::None
    }

    fn observe(
        &mut self,
        observation: &Observation,
        at: Nanos,
        _context: Context<'_>,
    ) -> Result<Option<Answer>, BadInput> {
        let Observation::Outcome { duration, .. } = *observation else { return Ok(None) };
        if self.read(observation, at, None).is_none() {
            let found = duration.as_secs_f64();
            return Err(BadInput { field: "duration", found, allowed: "durations of calls that began after 1970" });
        }
        Ok(Some(self.answer(at)))
    }

    fn read(&mut self, observation: &Observation, at: Nanos, _last: Option<Mark>) -> Option<Reading> {
        let Observation::Outcome { outcome, duration, late } = *observation else { return None };
        let end = at - late;
        if nanos_of(duration) > end.0 {
            return None;
        }
        // While it is tripped, `from` is never.
        if outcome != Outcome::Ignored && end - duration >= self.from {
            self.count(outcome == Outcome::Failure, duration, at);
        }
        Some(self.reading(at))
    }

    fn evaluate(&mut self, at: Nanos, _context: Context<'_>) -> Answer {
        self.answer(at)
    }

    fn is_new(&self, observation: &Observation) -> bool {
        matches!(observation, Observation::Outcome { outcome: Outcome::Success | Outcome::Failure, .. })
    }

    fn begin_anew(&mut self, from: Nanos) {
        match &mut self.window {
            Window::Last(window) => window.clear(),
            Window::Recent(window) => window.clear(),
        }
        self.row = 0;
        self.from = from;
    }

    /// Takes over what it has counted, if that means the same.
    fn inherit(&mut self, old: &mut Self) {
        let shape = |rule: &Self| (rule.spec.window, rule.spec.slow.map(|slow| slow.after));
        if shape(self) == shape(old) {
            core::mem::swap(&mut self.window, &mut old.window);
            self.row = old.row;
        }
        self.from = old.from;
    }
}

impl Detector {
    fn count(&mut self, failed: bool, duration: Duration, at: Nanos) {
        let slow = self.spec.slow.is_some_and(|slow| duration >= slow.after);
        let call = Call { failed, slow };
        match &mut self.window {
            Window::Last(window) => window.push(call),
            Window::Recent(window) => {
                if window.is_idle(at) {
                    self.row = 0;
                }
                window.push(at, call);
            }
        }
        self.row = if failed { self.row.saturating_add(1) } else { 0 };
    }

    /// What counts by `at`, and the row.
    fn counted(&self, at: Nanos) -> (Counts, u32) {
        match &self.window {
            Window::Last(window) => (window.counts(), self.row),
            Window::Recent(window) if window.is_idle(at) => Default::default(),
            Window::Recent(window) => (window.counts(), self.row),
        }
    }

    fn answer(&self, at: Nanos) -> Answer {
        let reading = self.reading(at);
        let linear = Linear::constant(reading.value);
        Answer { reading, band: Band::EMPTY, linear, moved_last: None, is_new: false }
    }

    fn reading(&self, at: Nanos) -> Reading {
        let (counts, row) = self.counted(at);
        let rates = if counts.calls < u64::from(self.spec.min_calls) { Counts::default() } else { counts };
        let failures = rate(rates.failed, rates.calls, &self.spec.failure_rate, Reason::Limit);
        let slow = self.spec.slow.map(|slow| rate(rates.slow, rates.calls, &slow.rate, Reason::SlowRate));
        let row = self.spec.consecutive.map(|most| in_a_row(row, most));
        let worst = [slow, row].into_iter().flatten().fold(failures, worse);
        Reading { pending: self.pending(worst.level), ..worst }
    }

    /// In silence a window of time runs empty.
    fn pending(&self, level: Level) -> Pending {
        match &self.window {
            Window::Recent(window) if matches!(level, Level::Elevated | Level::Warn) => {
                Pending { due: window.end(), level: Level::Normal, reason: Reason::ClearLevel, ..Pending::NONE }
            }
            _ => Pending::NONE,
        }
    }
}

/// The test of a rate. Of no calls it is zero.
fn rate(part: u64, calls: u64, limits: &Limits, breach: Reason) -> Reading {
    let reaches = |ratio: Ratio| {
        calls > 0 && i128::from(part) * i128::from(Ratio::SCALE) >= i128::from(ratio.raw()) * i128::from(calls)
    };
    let (level, reason) = match () {
        () if reaches(limits.limit) => (Level::Breach, breach),
        () if reaches(limits.warn) => (Level::Warn, Reason::WarnLevel),
        () if reaches(limits.clear) => (Level::Elevated, Reason::None),
        () => (Level::Normal, Reason::None),
    };
    let value = part as f64 / calls.max(1) as f64;
    Reading { level, step: Step::FIRST, reason, value, limit: limits.limit.to_f64(), pending: Pending::NONE }
}

/// The test of a row of failures. It warns of nothing: the next call decides.
fn in_a_row(row: u32, most: u32) -> Reading {
    let (level, reason) =
        if row >= most { (Level::Breach, Reason::Consecutive) } else { (Level::Normal, Reason::None) };
    let (value, limit) = (f64::from(row), f64::from(most));
    Reading { level, step: Step::FIRST, reason, value, limit, pending: Pending::NONE }
}

/// The one that says the worst; among equals the one closer to its limit, or else the first.
fn worse(one: Reading, other: Reading) -> Reading {
    let share = |reading: &Reading| reading.value / reading.limit;
    let closer = one.level == other.level && share(&other) > share(&one);
    if closer || one.level.worst(other.level) != one.level { other } else { one }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
