//! Takes events out of the rings, puts them in order, says what was lost, and hands them on.
//!
//! In order: for one breaker by the version of its word (two winners may take their numbers the other way round),
//! across breakers by number within a batch. A hole is not waited for. After a loss a `Gap` says exactly how many; what
//! stands then each [reader](super::reader) looks up by itself.
//!
//! Nothing here waits for a subscriber: each has a queue of its own, and what does not fit is counted.

use crate::circuit::Circuit;
use crate::memory::ring::Ring;
use crate::model::event::{Event, EventType};
use crate::model::reason::Reason;
use crate::model::status::Signed;
use crate::runtime::filter::Filter;
use crate::runtime::history::History;
use crate::runtime::latency::Latencies;
use crate::runtime::reader::Reader;
use crate::runtime::subscribers::Subscribers;

/// Where events go.
#[derive(Debug)]
pub(crate) struct Outlets {
    pub(crate) history: History,
    pub(crate) latencies: Latencies,
    pub(crate) subscribers: Subscribers,
}

#[derive(Debug, Default)]
pub(crate) struct Dispatcher {
    batch: Vec<Event>,
    lost: u64,
    arm_seen: Option<u64>,
    /// Of who drains a manual System.
    reader: Reader,
    told: Vec<Event>,
    /// Nobody has been given `told` yet.
    is_kept: bool,
}

impl Dispatcher {
    /// What has been told of: the arm word's stamp, and how many events were lost.
    pub(crate) fn shown(&self) -> (Option<u64>, u64) {
        (self.arm_seen, self.lost)
    }

    /// Hands on what is left, and keeps it for whoever drains later.
    pub(crate) fn dispatch_last(&mut self, circuit: &Circuit, outlets: &Outlets) {
        if !self.is_kept {
            self.told.clear();
        }
        self.dispatch(circuit, outlets);
        self.tell(circuit);
        self.is_kept = true;
    }

    fn tell(&mut self, circuit: &Circuit) {
        let Self { batch, reader, told, .. } = self;
        batch.iter().for_each(|event| reader.take(circuit, &Filter::default(), event, told));
    }

    /// Hands on everything that lies in the rings; returns how many events that was.
    pub(crate) fn dispatch(&mut self, circuit: &Circuit, outlets: &Outlets) -> usize {
        self.collect(circuit);
        if !self.batch.is_empty() {
            outlets.history.record(&self.batch);
            outlets.latencies.record(circuit, &self.batch);
            outlets.subscribers.offer(circuit, &self.batch);
        }
        self.batch.len()
    }

    /// The same, and gives back what whoever drains has not been told of yet.
    pub(crate) fn drain(&mut self, circuit: &Circuit, outlets: &Outlets) -> &[Event] {
        if !core::mem::take(&mut self.is_kept) {
            self.told.clear();
        }
        self.dispatch(circuit, outlets);
        self.tell(circuit);
        &self.told
    }

    fn collect(&mut self, circuit: &Circuit) {
        self.batch.clear();
        self.note_arm_word(circuit);
        // The losses first: what is lost after this look is told next time.
        let lost = circuit.lost();
        self.take(&circuit.urgent);
        self.take(&circuit.routine);
        self.put_in_order();
        self.deny_again(circuit);
        if lost > self.lost {
            let gap = circuit.numbered(circuit.note(None, EventType::Gap, Reason::None, Signed::AUTO));
            self.batch.push(Event { value: (lost - self.lost) as f64, ..gap });
            self.lost = lost;
        }
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
        self.batch.push(circuit.numbered(circuit.note(None, event_type, reason, Signed::AUTO)));
    }

    /// Whoever rearms tells of it after the fact, and a kill that came in between has been told before: then it is told again, so
    /// that the last word is the one that stands.
    fn deny_again(&mut self, circuit: &Circuit) {
        let arm = circuit.board.arm();
        let is_of_arm = |what| matches!(what, EventType::Killed | EventType::Rearmed | EventType::Shutdown);
        let last = self.batch.iter().rev().map(Event::event_type).find(|what| is_of_arm(*what));
        let rearmed = last == Some(EventType::Rearmed);
        if let Some(reason) = arm.reason(arm.seen()).filter(|_| rearmed) {
            self.batch.push(circuit.numbered(circuit.note(None, EventType::Killed, reason, Signed::AUTO)));
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::model::status::Authority;
    use crate::model::time::Nanos;
    use crate::{By, Plan, System};

    fn told(system: &System) -> Vec<EventType> {
        let mut told = Vec::new();
        system.drain(|event| told.push(event.event_type()));
        told
    }

    #[test]
    fn a_kill_between_a_rearm_and_its_telling_has_the_last_word() {
        let system = System::manual(Plan::default(), Nanos::from_secs(1)).unwrap();
        let circuit = system.circuit();
        told(&system);
        system.kill();
        assert_eq!(told(&system), [EventType::Killed]);
        // As `rearm` does, halfway.
        circuit.board.arm().rearm(system.kill_word()).unwrap();
        system.kill();
        assert_eq!(told(&system), [EventType::Killed]);
        circuit.publish(circuit.note(None, EventType::Rearmed, Reason::Reset, Signed::AUTO));
        assert_eq!(told(&system), [EventType::Rearmed, EventType::Killed]);
        system.rearm(system.kill_word(), By::new("ann", Authority::Admin, "")).unwrap();
        assert_eq!(told(&system), [EventType::Rearmed]);
    }
}
