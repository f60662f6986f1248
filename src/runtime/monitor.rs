//! What happens by time alone: halts that end, breaches that have lasted, references that are spent, feeds gone stale,
//! markets that open and close.
//!
//! No deadline is stored on the Board that the words can yield. The monitor keeps one entry for each breaker with
//! something due, in a heap that is its own; a breaker that moves is marked, and looked at anew. So a million trips
//! leave the heap as large as before, and a late timer finds another word and does nothing.

use core::time::Duration;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use priority_queue::PriorityQueue;

use crate::circuit::{Circuit, is_unready};
use crate::model::machine::Input;
use crate::model::status::Signed;
use crate::model::status::Status;
use crate::model::time::Nanos;
use crate::probe;
use crate::runtime::grid::OnGrid;
use crate::snapshot::Entry;

#[derive(Debug, Default)]
pub(crate) struct Monitor {
    /// By line of the breaker.
    due: PriorityQueue<usize, Reverse<Nanos>>,
    /// By line of the breaker, those whose feeds are read together.
    grids: HashMap<usize, OnGrid>,
}

impl Monitor {
    /// Takes up what has moved and returns when the next thing is due; [`Nanos::NEVER`] if nothing is.
    pub(crate) fn next_due(&mut self, circuit: &Circuit) -> Nanos {
        let Self { due: heap, grids } = self;
        circuit.dirty.take(|index| {
            // After the mark is taken: a reload publishes first and marks then.
            let snapshot = circuit.snapshot();
            let entry = snapshot.on_line(index);
            let sample = on_grid(grids, circuit, index, entry).map_or(Nanos::NEVER, |grid| grid.next());
            let due = entry.map_or(Nanos::NEVER, |entry| due(circuit, entry, Nanos(0)));
            set(heap, index, due.min(sample));
        });
        self.due.peek().map_or(Nanos::NEVER, |(_, Reverse(due))| *due)
    }

    /// Does the one thing that is due first, if it is due at `now`.
    pub(crate) fn run_one(&mut self, circuit: &Circuit, now: Nanos) -> bool {
        if self.next_due(circuit) > now {
            return false;
        }
        let Some((index, _)) = self.due.pop() else { return false };
        let snapshot = circuit.snapshot();
        let entry = snapshot.on_line(index);
        let mut grid = on_grid(&mut self.grids, circuit, index, entry);
        if let Some(entry) = entry {
            // A reading of this moment comes before what ends at it.
            if let Some(grid) = grid.as_mut().filter(|grid| grid.next() <= now) {
                grid.advance(circuit, now);
            }
            run(circuit, entry, now);
            let sample = grid.map_or(Nanos::NEVER, |grid| grid.next());
            // What is due and still stands waits for a reading, not for time.
            set(&mut self.due, index, due(circuit, entry, now).min(sample));
        }
        true
    }
}

/// The grid of a breaker, made anew if a reload has changed it, gone with it.
fn on_grid<'a>(
    grids: &'a mut HashMap<usize, OnGrid>,
    circuit: &Circuit,
    index: usize,
    entry: Option<&Arc<Entry>>,
) -> Option<&'a mut OnGrid> {
    let Some(entry) = entry.filter(|entry| entry.grid.is_some() && entry.policy.enabled) else {
        grids.remove(&index);
        return None;
    };
    if !grids.get(&index).is_some_and(|grid| grid.is_of(entry)) {
        let before = grids.remove(&index);
        grids.insert(index, OnGrid::new(circuit, entry, before)?);
    }
    grids.get_mut(&index)
}

fn set(heap: &mut PriorityQueue<usize, Reverse<Nanos>>, index: usize, due: Nanos) {
    if due == Nanos::NEVER {
        heap.remove(&index);
    } else {
        heap.push(index, Reverse(due));
    }
}

/// The first time after `done` at which something may happen to the breaker by time alone.
fn due(circuit: &Circuit, entry: &Entry, done: Nanos) -> Nanos {
    let word = circuit.board.word(entry.id.index());
    let state = crate::model::state::State::unpack(word);
    let policy = &entry.policy;
    if !policy.enabled {
        return Nanos::NEVER;
    }
    let is_out = circuit.board.breaker(entry.id.index()).permits.counts(word).0 > 0;
    let end = policy.deadline(state, circuit.epoch()).or(policy.probe_deadline(state).filter(|_| is_out));
    let end = end.map(|due| circuit.epoch().nanos(due));
    let lines = || entry.watch.iter().map(|watch| circuit.board.listener(watch.line));
    let readings = entry.readings().map(|line| circuit.board.listener(line));
    let pending = readings.filter_map(|line| circuit.pending(entry, line, word)).map(|p| p.due);
    let since = circuit.epoch().nanos(state.since);
    // From the word on, whose time may be up to a microsecond later than the boundary at which it was entered.
    let clock = entry.rule.by_clock(done.max(since - Duration::from_nanos(999))).map(|hour| hour.until);
    let watched = can_go_stale(state);
    // A feed that has never spoken counts from the installation (where it makes the breaker deny, that is enough).
    let stale = lines().filter(|_| watched).filter_map(|line| policy.stale_at(line.heard(), since));
    end.into_iter().chain(clock).chain(pending).chain(stale).filter(|due| *due > done).min().unwrap_or(Nanos::NEVER)
}

fn can_go_stale(state: crate::model::state::State) -> bool {
    matches!(state.status, Status::Active | Status::Warning) && !is_unready(state)
}

fn run(circuit: &Circuit, entry: &Entry, now: Nanos) {
    let index = entry.id.index();
    for line in entry.readings() {
        let line = circuit.board.listener(line);
        if let Some(p) = circuit.pending(entry, line, circuit.board.word(index)).filter(|p| p.due <= now) {
            circuit.come_true(entry, p, now);
        }
    }
    circuit.keep_time(entry);
    let _ = circuit.put(entry.id, Input::Elapsed, now, Signed::AUTO);
    probe::expire(circuit, entry.id, now);
    let state = circuit.board.state(index);
    let since = circuit.epoch().nanos(state.since);
    let lines = entry.watch.iter().map(|watch| circuit.board.listener(watch.line));
    let stale = lines.filter_map(|line| entry.policy.stale_at(line.heard(), since)).any(|at| at <= now);
    if stale && can_go_stale(state) {
        circuit.go_stale(entry, now);
    }
}
