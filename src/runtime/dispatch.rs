//! Takes events out of the rings, puts them in order, and says what was lost.
//!
//! In order: for one breaker by the version of its word (two winners may take their numbers the other way round),
//! across breakers by number within a batch. A hole is not waited for. After a loss a `Gap` says exactly how many, and a
//! walk over the Board tells of every breaker whose state the reader has not seen, so nothing trips silently.

use crate::circuit::Circuit;
use crate::memory::ring::Ring;
use crate::model::event::{Event, EventType};
use crate::model::reason::Reason;
use crate::model::state::State;
use crate::model::status::Signed;

#[derive(Debug, Default)]
pub(crate) struct Dispatcher {
    batch: Vec<Event>,
    /// By line: the last word that the reader has been told of.
    told: Vec<u64>,
    /// By line: the version up to which a walk has made events superfluous.
    walked: Vec<u64>,
    lost: u64,
    arm_seen: Option<u64>,
}

impl Dispatcher {
    /// The arm word's stamp that the reader has been told of.
    pub(crate) fn arm_seen(&self) -> Option<u64> {
        self.arm_seen
    }

    /// Hands everything that lies in the rings to `f`, in batches; returns how many events that was.
    pub(crate) fn drain(&mut self, circuit: &Circuit, mut f: impl FnMut(&[Event])) -> usize {
        self.batch.clear();
        self.note_arm_word(circuit);
        // The losses first: what is lost after this look is told next time.
        let lost = circuit.urgent.lost() + circuit.routine.lost();
        self.take(&circuit.urgent);
        self.take(&circuit.routine);
        self.put_in_order();
        self.drop_superfluous();
        if lost > self.lost {
            self.tell_gap(circuit, lost - self.lost);
            self.lost = lost;
        }
        if !self.batch.is_empty() {
            f(&self.batch);
        }
        self.batch.len()
    }

    /// At most a ring's fill, so that producers without end cannot hold the reader.
    fn take(&mut self, ring: &Ring) {
        let room = ring.capacity();
        self.batch.extend(core::iter::from_fn(|| ring.pop()).take(room));
    }

    fn put_in_order(&mut self) {
        self.batch.sort_by_key(|event| event.sequence);
        // For each breaker: its transitions, in the order of their words, in the places that they hold.
        let is_move = |event: &Event| event.event_type().has_words();
        let mut places: Vec<_> = (0..self.batch.len()).filter(|i| is_move(&self.batch[*i])).collect();
        places.sort_by_key(|i| (self.batch[*i].breaker, *i));
        let mut events: Vec<_> = places.iter().map(|i| self.batch[*i]).collect();
        events.sort_by_key(|event| (event.breaker, event.after().version()));
        for (place, event) in places.into_iter().zip(events) {
            self.batch[place] = event;
        }
    }

    /// What a walk has told of already is not told again.
    fn drop_superfluous(&mut self) {
        let (told, walked) = (&mut self.told, &self.walked);
        self.batch.retain(|event| {
            if !event.event_type().has_words() {
                return true;
            }
            let index = event.breaker.index();
            let version = event.after().version();
            if walked.get(index).is_some_and(|upto| version <= *upto) {
                return false;
            }
            if told.len() <= index {
                told.resize(index + 1, 0);
            }
            if version > State::version_of(told[index]) {
                told[index] = event.after;
            }
            true
        });
    }

    fn tell_gap(&mut self, circuit: &Circuit, lost: u64) {
        let gap = circuit.note(None, EventType::Gap, Reason::None, Signed::AUTO);
        self.batch.push(Event { sequence: circuit.next_sequence(), value: lost as f64, ..gap });
        let snapshot = circuit.snapshot();
        self.told.resize(self.told.len().max(snapshot.entries.len()), 0);
        self.walked.resize(self.told.len(), 0);
        for entry in snapshot.entries.iter().flatten() {
            let index = entry.id.index();
            let word = circuit.board.word(index);
            self.walked[index] = State::version_of(word);
            if self.told[index] == word {
                continue;
            }
            let level = circuit.note(Some(entry), EventType::Level, Reason::None, Signed::AUTO);
            let cause = circuit.board.breaker(index).cause(word);
            self.batch.push(Event {
                sequence: circuit.next_sequence(),
                before: self.told[index],
                after: word,
                value: cause.map_or(0.0, |c| c.value),
                limit: cause.map_or(0.0, |c| c.limit),
                reason: cause.map_or(Reason::None, |c| c.reason) as u8,
                ..level
            });
            self.told[index] = word;
        }
    }

    /// A kill may come from where no event can be put into a ring: the arm word itself tells.
    fn note_arm_word(&mut self, circuit: &Circuit) {
        let arm = circuit.board.arm();
        // The stamp first: a kill that comes in between is told next time.
        let stamp = arm.stamp();
        let word = arm.seen();
        let before = self.arm_seen.replace(stamp);
        if before == Some(stamp) || (before.is_none() && word == arm.armed()) {
            return;
        }
        let (event_type, reason) = match arm.reason(word) {
            // Whoever rearmed has told of it.
            None => return,
            Some(Reason::ShutDown) => (EventType::Shutdown, Reason::ShutDown),
            Some(reason) => (EventType::Killed, reason),
        };
        let note = circuit.note(None, event_type, reason, Signed::AUTO);
        self.batch.push(Event { sequence: circuit.next_sequence(), ..note });
    }
}
