//! Premarket validation: checks that must have passed since the last session's end.
//!
//! ```text
//! good(check)  = its last report was a pass, and it has passed by its deadline at least once
//! value        = how many checks are not good
//! limit:         value >= 1
//! ```
//!
//! The value is a number of checks; a breach says why: one has failed, else one was late, else one is missing.
//!
//! * **The session** of a report is the one in which it falls, both bells included, or else the next. So from the first
//!   nanosecond after a close on reports count for the next session, and those of the last one are forgotten: by time
//!   alone, a microsecond after the close at the latest. A report that comes late from before that close says nothing.
//! * **Before the first report** all are missing: a breach, also if nobody ever claims the feed.
//! * **Deadlines** belong to the first pass of a session, that time included. A check that met its deadline may fail and
//!   pass again later; one that did not cannot be good before the next session.
//! * **After the calendar's last session** nothing is good any more.
//! * A reload that changes the list keeps what has been reported of the checks that stay, in whatever order.
//!
//! All that it knows lies in the memory words: another claimant goes on from there.
//!
//! Cost of a call: a look for the check among at most 64, a binary search in the calendar. Memory: 48 bytes, and 32 a
//! check; 2 KiB for 64.

use core::time::Duration;
use std::sync::Arc;

use super::{Deadline, MAX_CHECKS, PremarketValidation as Spec};
use crate::model::observation::{Channel, CheckId, Observation};
use crate::model::policy::Policy;
use crate::model::reading::{Level, Pending, Reading};
use crate::model::reason::Reason;
use crate::model::session::Sessions;
use crate::model::state::Step;
use crate::model::time::Nanos;
use crate::rule::{Answer, BadInput, Band, Context, Detect, Linear, Memory};

/// The words of its memory: which list its bits are of (0 is none yet), the date of their session (0 is none yet),
const LIST: usize = 0;
const SESSION: usize = 1;
/// and a bit a check: reported, last reported as passed, passed by its deadline.
const HEARD: usize = 2;
const PASSED: usize = 3;
const MET: usize = 4;

const TICK: Duration = Duration::from_nanos(1);

/// The checks of one breaker on one feed.
#[derive(Debug)]
pub(crate) struct Detector {
    checks: Box<[Expected]>,
    /// The list before the last reload, which the memory may still be of.
    before: Box<[Expected]>,
    sessions: Option<Arc<Sessions>>,
    list: u64,
}

#[derive(Clone, Copy, Debug)]
struct Expected {
    id: CheckId,
    deadline: Option<Deadline>,
}

impl Detect for Detector {
    type Spec = Spec;
    /// What has passed holds until the session's end.
    const GOES_STALE: bool = false;
    const SPEAKS_FIRST: bool = true;

    fn new(spec: &Spec, policy: &Policy) -> Self {
        let checks = spec.checks.iter().take(MAX_CHECKS);
        let checks: Box<[_]> = checks.map(|c| Expected { id: CheckId::of(&c.name), deadline: c.deadline }).collect();
        Self { list: fingerprint(&checks), checks, before: Box::default(), sessions: policy.sessions.clone() }
    }

    fn channel(&self) -> Channel {
        Channel::None
    }

    fn expects(&self, check: CheckId) -> bool {
        self.index(check).is_some()
    }

    fn observe(
        &mut self,
        observation: &Observation,
        at: Nanos,
        context: Context<'_>,
    ) -> Result<Option<Answer>, BadInput> {
        let Observation::Check { check, passed } = *observation else { return Ok(None) };
        let Some(index) = self.index(check) else { return Ok(None) };
        let memory = context.memory;
        self.adapt(memory);
        let Some(session) = self.begin(at, memory) else { return Ok(Some(self.answer(None, memory))) };
        // From before the close of a session that is over by what was heard since: it is not of this one.
        if session.date < memory.0[SESSION] {
            return Ok(None);
        }
        let bit = 1 << index;
        memory.0[HEARD] |= bit;
        memory.0[PASSED] = if passed { memory.0[PASSED] | bit } else { memory.0[PASSED] & !bit };
        if passed && self.in_time(index, session, at) {
            memory.0[MET] |= bit;
        }
        Ok(Some(self.answer(Some(session), memory)))
    }

    fn evaluate(&mut self, at: Nanos, context: Context<'_>) -> Answer {
        self.adapt(context.memory);
        let session = self.begin(at, context.memory);
        self.answer(session, context.memory)
    }

    /// Every report is one.
    fn is_new(&self, observation: &Observation) -> bool {
        matches!(observation, Observation::Check { .. })
    }

    /// The memory outlives the list that it is of.
    fn inherit(&mut self, old: &mut Self) {
        core::mem::swap(&mut self.before, &mut old.checks);
    }
}

/// The session that a time counts for.
#[derive(Clone, Copy, Debug)]
struct Current {
    index: usize,
    date: u64,
}

impl Detector {
    fn index(&self, check: CheckId) -> Option<usize> {
        self.checks.iter().position(|expected| expected.id == check)
    }

    /// Lets the memory speak of the present list.
    fn adapt(&self, memory: &mut Memory) {
        let of = memory.0[LIST];
        if of == self.list {
            return;
        }
        let known = of == fingerprint(&self.before);
        for word in [HEARD, PASSED, MET] {
            let bits = memory.0[word];
            let kept = self.before.iter().enumerate().filter(|(old, _)| known && bits >> old & 1 == 1);
            let moved = kept.filter_map(|(_, expected)| self.index(expected.id));
            memory.0[word] = moved.fold(0, |bits, new| bits | 1 << new);
        }
        memory.0[LIST] = self.list;
    }

    /// The session that `at` counts for; when it is a later one, what was reported before is forgotten.
    fn begin(&self, at: Nanos, memory: &mut Memory) -> Option<Current> {
        let sessions = self.sessions.as_deref()?;
        let index = sessions.current_or_next(at)?;
        let date = u64::from(sessions.get(index)?.date.0);
        if date > memory.0[SESSION] {
            memory.0 = [memory.0[LIST], date, 0, 0, 0, 0];
        }
        Some(Current { index, date })
    }

    fn in_time(&self, check: usize, session: Current, at: Nanos) -> bool {
        let deadline = self.checks.get(check).and_then(|expected| expected.deadline);
        let session = self.sessions.as_deref().and_then(|sessions| sessions.get(session.index));
        deadline.is_none_or(|deadline| session.is_some_and(|session| at <= deadline.at(session)))
    }

    /// Each check as it stands at `at`, in the order of the plan: the reason why it is not good, or none. `None` after the
    /// calendar's end.
    pub(super) fn states(&self, mut memory: Memory, at: Nanos) -> Option<Vec<Reason>> {
        self.adapt(&mut memory);
        self.begin(at, &mut memory)?;
        let [_, _, heard, passed, met, _] = memory.0;
        let state = |index: usize| match [heard, passed, met].map(|word| word >> index & 1 == 1) {
            [false, ..] => Reason::CheckMissing,
            [_, false, _] => Reason::CheckFailed,
            [.., false] => Reason::CheckLate,
            _ => Reason::None,
        };
        Some((0..self.checks.len()).map(state).collect())
    }

    fn answer(&self, session: Option<Current>, memory: &Memory) -> Answer {
        let all = u64::MAX.checked_shr(64 - self.checks.len() as u32).unwrap_or(0);
        let [_, _, heard, passed, met, _] = memory.0;
        let reading = match session {
            None => breach(all, Reason::CalendarEnded),
            Some(_) if heard & !passed & all != 0 => breach(all & !(passed & met), Reason::CheckFailed),
            Some(_) if passed & !met & all != 0 => breach(all & !(passed & met), Reason::CheckLate),
            Some(_) if !passed & all != 0 => breach(all & !passed, Reason::CheckMissing),
            Some(session) => Reading { level: Level::Normal, reason: Reason::None, pending: self.end(session), ..NONE },
        };
        let linear = Linear::constant(reading.value);
        Answer { reading, band: Band::EMPTY, linear, moved_last: None, is_new: false }
    }

    /// The session's end, at which all passes are forgotten.
    fn end(&self, session: Current) -> Pending {
        let Some(sessions) = self.sessions.as_deref() else { return Pending::NONE };
        let Some(close) = sessions.get(session.index).map(|session| session.close) else { return Pending::NONE };
        let is_last = sessions.get(session.index + 1).is_none();
        let reason = if is_last { Reason::CalendarEnded } else { Reason::CheckMissing };
        Pending { due: close + TICK, level: Level::Breach, step: Step::FIRST, reason }
    }
}

/// No check is open.
const NONE: Reading = Reading { limit: 1.0, ..Reading::UNREADY };

fn breach(open: u64, reason: Reason) -> Reading {
    Reading { level: Level::Breach, reason, value: f64::from(open.count_ones()), ..NONE }
}

/// A number for a list of checks in its order; never 0, which stands for none.
fn fingerprint(checks: &[Expected]) -> u64 {
    let mix = |hash: u64, check: &Expected| (hash ^ u64::from(check.id.raw())).wrapping_mul(0x0000_0100_0000_01b3);
    checks.iter().fold(0xcbf2_9ce4_8422_2325, mix) | 1
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
