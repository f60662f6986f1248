//! What [`SystemStatus`] and [`Statistics`](crate::Statistics) say, kept instead of gathered.
//!
//! Whoever moves a breaker's word or publishes a value of it sets its bit; who asks takes the bits and looks at those
//! breakers alone. While no bit is set the answer of before is given again, the same allocation. So a question costs
//! O(1) while nothing has changed, and O(changed * log n), with a copy of the lists, when something has.
//!
//! A transition sets its bit by read-modify-write behind its swap, so none is missed. A value that changes nothing else looks
//! at the bit first, without a fence: one that is told in the instant at which somebody takes the bit may be shown by the next
//! change only. That is a score for people that lags; a breach is a transition.

use std::sync::Arc;

use super::maximum::Maximum;
use super::{SystemStatus, denied_by, risk_score, value_of};
use crate::circuit::Circuit;
use crate::memory::dirty::for_each_bit;
use crate::model::event::BreakerId;
use crate::model::intent::Intent;
use crate::model::scope::ScopeId;
use crate::model::status::Status;
use crate::model::time::Micros;
use crate::snapshot::{Entry, Snapshot};

/// Which list a breaker is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Active,
    Warning,
    Tripped,
}

/// A breaker as it was looked at last.
#[derive(Clone, Copy, Debug)]
struct Record {
    id: BreakerId,
    list: Option<List>,
    status: Status,
    since: Micros,
    score: f64,
    /// Stretches that are over, in microseconds, by status.
    past: [u64; Status::COUNT],
}

#[derive(Debug, Default)]
pub(crate) struct Keeper {
    /// By line.
    records: Vec<Option<Record>>,
    active: Vec<BreakerId>,
    warning: Vec<BreakerId>,
    tripped: Vec<BreakerId>,
    scores: Maximum,
    times: Times,
    /// The arm word's stamp, and whether the root denies: a transition that loses its swap raises that for a moment.
    everything: (u64, bool),
    /// `None` when something has changed since.
    status: Option<Arc<SystemStatus>>,
}

/// How long all breakers together have been in each status.
#[derive(Debug, Default)]
struct Times {
    past: [u64; Status::COUNT],
    /// Of those that are in it now: how many, and the sum of since when.
    now: [(u64, u128); Status::COUNT],
}

impl Keeper {
    /// The status of now.
    pub(crate) fn status(&mut self, circuit: &Circuit) -> Arc<SystemStatus> {
        self.catch_up(circuit);
        let everything = (circuit.board.arm().stamp(), denies_all(circuit));
        match &self.status {
            Some(status) if everything == self.everything => status.clone(),
            _ => {
                self.everything = everything;
                let status = Arc::new(self.build(circuit));
                self.status = Some(status.clone());
                status
            }
        }
    }

    /// How long the breakers in service have been in each status, in microseconds, and how many they are.
    pub(crate) fn times(&mut self, circuit: &Circuit) -> ([u64; Status::COUNT], u64) {
        self.catch_up(circuit);
        let now = circuit.epoch().floor(circuit.now()).0;
        let Times { past, now: stand } = &self.times;
        // A status begins on the next whole microsecond, so it may be that it has not yet.
        let lasting = |(count, since): (u64, u128)| (u128::from(count) * u128::from(now)).saturating_sub(since) as u64;
        let sum = |i: usize| past[i] + lasting(stand[i]);
        (core::array::from_fn(sum), stand.iter().map(|(count, _)| count).sum())
    }

    /// Looks at everything that has moved.
    fn catch_up(&mut self, circuit: &Circuit) {
        circuit.changed.take_words(|first, bits| {
            self.status = None;
            // After these bits are taken, each time anew: a reload publishes first and marks then.
            let snapshot = circuit.snapshot();
            for_each_bit(bits, |bit| self.look(circuit, &snapshot, first + bit));
        });
    }

    fn look(&mut self, circuit: &Circuit, snapshot: &Snapshot, index: usize) {
        let new = snapshot.on_line(index).map(|entry| Record::of(circuit, entry));
        if self.records.len() <= index {
            self.records.resize(index + 1, None);
        }
        let old = core::mem::replace(&mut self.records[index], new);
        self.scores.put(index, new.map_or(0.0, |record| record.score));
        // Most of the time a value alone has changed.
        if let (Some(old), Some(new)) = (&old, &new)
            && old.stands_as(new)
        {
            return;
        }
        if let Some(old) = &old {
            self.times.leave(old);
        }
        if let Some(new) = &new {
            self.times.enter(new);
        }
        let place = |record: Option<Record>| record.and_then(|record| Some((record.list?, record.id)));
        let (old, new) = (place(old), place(new));
        if old == new {
            return;
        }
        if let Some((list, id)) = old {
            let list = self.list(list);
            if let Ok(place) = list.binary_search_by_key(&id.index(), |id| id.index()) {
                list.remove(place);
            }
        }
        if let Some((list, id)) = new {
            let list = self.list(list);
            if let Err(place) = list.binary_search_by_key(&id.index(), |id| id.index()) {
                list.insert(place, id);
            }
        }
    }

    /// In the order of their lines.
    fn list(&mut self, list: List) -> &mut Vec<BreakerId> {
        match list {
            List::Active => &mut self.active,
            List::Warning => &mut self.warning,
            List::Tripped => &mut self.tripped,
        }
    }

    fn build(&self, circuit: &Circuit) -> SystemStatus {
        let snapshot = circuit.snapshot();
        let arm = circuit.board.arm();
        let killed = arm.reason(arm.seen());
        let can_trade = killed.is_none() && !self.everything.1;
        let Self { active, warning, tripped, .. } = self;
        // What stops everything is said first.
        let on_root = |id: &&BreakerId| snapshot.entry(**id).is_some_and(|entry| entry.scope == ScopeId::ROOT);
        let first = tripped.iter().find(on_root).or(tripped.first()).and_then(|id| snapshot.entry(*id));
        let message = match (killed, first) {
            (Some(reason), _) => format!("denied: {reason}").into(),
            (None, Some(entry)) => denied_by(circuit, &snapshot, entry, can_trade, tripped.len() - 1).into(),
            (None, None) if warning.is_empty() => "trading".into(),
            (None, None) => format!("trading, {} of {} warn", warning.len(), warning.len() + active.len()).into(),
        };
        SystemStatus {
            can_trade,
            killed,
            active: active.clone(),
            warning: warning.clone(),
            tripped: tripped.clone(),
            overall_risk_score: self.scores.get(),
            message,
            last_update: circuit.now(),
        }
    }
}

fn denies_all(circuit: &Circuit) -> bool {
    circuit.board.lanes(ScopeId::ROOT).denies(Intent::Increase)
}

impl Record {
    fn of(circuit: &Circuit, entry: &Entry) -> Self {
        let line = circuit.board.breaker(entry.id.index());
        // Before the word: a stretch that ends meanwhile marks the breaker anew.
        let past = line.times();
        let state = circuit.board.state(entry.id.index());
        let list = match state.status {
            _ if state.denies.denies_any() => Some(List::Tripped),
            // Most of them: the kill switch of a scope that nobody has pulled.
            _ if entry.implicit || entry.policy.shadow || !entry.policy.enabled => None,
            Status::Warning => Some(List::Warning),
            _ => Some(List::Active),
        };
        let score = if entry.implicit && state.denies.is_empty() {
            0.0
        } else {
            risk_score(entry, state, value_of(circuit, entry))
        };
        Self { id: entry.id, list, status: state.status, since: state.since, score, past }
    }

    /// Whether all but the score is the same.
    fn stands_as(&self, other: &Self) -> bool {
        let of = |record: &Self| (record.id, record.list, record.status, record.since, record.past);
        of(self) == of(other)
    }

    fn times(circuit: &Circuit, entry: &Entry) -> [u64; Status::COUNT] {
        let Self { mut past, status, since, .. } = Self::of(circuit, entry);
        past[status as usize] += circuit.epoch().floor(circuit.now()).0.saturating_sub(since.0);
        past
    }
}

/// How long one breaker has been in each status, in microseconds.
pub(super) fn times_of(circuit: &Circuit, entry: &Entry) -> [u64; Status::COUNT] {
    Record::times(circuit, entry)
}

impl Times {
    fn enter(&mut self, record: &Record) {
        let now = &mut self.now[record.status as usize];
        (now.0, now.1) = (now.0 + 1, now.1 + u128::from(record.since.0));
        self.past.iter_mut().zip(record.past).for_each(|(sum, past)| *sum += past);
    }

    fn leave(&mut self, record: &Record) {
        let now = &mut self.now[record.status as usize];
        (now.0, now.1) = (now.0 - 1, now.1 - u128::from(record.since.0));
        self.past.iter_mut().zip(record.past).for_each(|(sum, past)| *sum -= past);
    }
}

#[cfg(all(test, not(loom)))]
#[path = "keeper_tests.rs"]
mod tests;
