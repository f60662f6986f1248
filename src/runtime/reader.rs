//! What one reader of events has been told, and what brings it level with the Board.
//!
//! Events may be lost, states may not. After a loss the reader walks over the Board and is told of every breaker whose
//! word it has not seen. What a walk has told of already is not told again, so a walk cannot be overtaken by an event
//! that was older than it.
//!
//! Memory: 16 bytes for each breaker in use. A walk is O(breakers).

use crate::circuit::Circuit;
use crate::model::event::{Event, EventType};
use crate::model::reason::Reason;
use crate::model::state::State;
use crate::model::status::{Signed, Status};
use crate::model::time::Nanos;
use crate::runtime::filter::Filter;
use crate::snapshot::Entry;

#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// By line: the last word that the reader has been told of.
    told: Vec<u64>,
    /// By line: the version up to which a walk has made events superfluous.
    walked: Vec<u64>,
    /// Whether it was told last that everything is denied.
    killed: bool,
}

impl Reader {
    /// Puts an event behind `out` unless a walk has told of it; after a gap also where every breaker is.
    pub(crate) fn take(&mut self, circuit: &Circuit, filter: &Filter, event: &Event, out: &mut Vec<Event>) {
        match event.event_type() {
            EventType::Gap => {
                out.push(*event);
                self.walk(circuit, filter, out);
            }
            moved if moved.has_words() => self.take_move(circuit, event, out),
            other => {
                match other {
                    EventType::Killed | EventType::Shutdown => self.killed = true,
                    EventType::Rearmed => self.killed = false,
                    _ => {}
                }
                out.push(*event);
            }
        }
    }

    /// A loss of its own: says how much, and walks.
    pub(crate) fn tell_gap(&mut self, circuit: &Circuit, filter: &Filter, lost: u64, out: &mut Vec<Event>) {
        let gap = circuit.numbered(circuit.note(None, EventType::Gap, Reason::None, Signed::AUTO));
        out.push(Event { value: lost as f64, ..gap });
        self.walk(circuit, filter, out);
    }

    /// Whoever comes is told what stands: every breaker that is not at rest.
    pub(crate) fn arrive(&mut self, circuit: &Circuit, filter: &Filter, out: &mut Vec<Event>) {
        for entry in circuit.snapshot().in_service() {
            let (index, word) = (entry.id.index(), circuit.board.word(entry.id.index()));
            let state = State::unpack(word);
            self.make_room(index);
            if state.status == Status::Active && state.denies.is_empty() {
                self.told[index] = word;
            }
        }
        self.walk(circuit, filter, out);
    }

    fn take_move(&mut self, circuit: &Circuit, event: &Event, out: &mut Vec<Event>) {
        let (index, version) = (event.breaker.index(), event.after().version());
        self.make_room(index);
        if version <= self.walked[index] {
            return;
        }
        out.push(*event);
        let told = self.told[index];
        if version > State::version_of(told) {
            self.told[index] = event.after;
        } else if let Some(entry) = circuit.snapshot().named(event.breaker) {
            // Its winner was slow, and a later one has been told already: that has the last word.
            out.push(level(circuit, entry, event.after, told));
        }
    }

    /// Whether everything is denied, if it was told otherwise.
    fn tell_arm(&mut self, circuit: &Circuit, out: &mut Vec<Event>) {
        let arm = circuit.board.arm();
        let reason = arm.reason(arm.seen());
        let what = match reason {
            Some(Reason::ShutDown) => EventType::Shutdown,
            Some(_) => EventType::Killed,
            None => EventType::Rearmed,
        };
        if core::mem::replace(&mut self.killed, reason.is_some()) != reason.is_some() {
            let note = circuit.note(None, what, reason.unwrap_or(Reason::Reset), Signed::AUTO);
            out.push(circuit.numbered(note));
        }
    }

    fn walk(&mut self, circuit: &Circuit, filter: &Filter, out: &mut Vec<Event>) {
        self.tell_arm(circuit, out);
        let snapshot = circuit.snapshot();
        for entry in snapshot.entries.iter().flatten() {
            let index = entry.id.index();
            let word = circuit.board.word(index);
            self.make_room(index);
            let before = core::mem::replace(&mut self.told[index], word);
            // Removed, and never heard of.
            if entry.retired && before == 0 {
                continue;
            }
            // Whoever has moved it may not have said why yet: then his event is told, too.
            let is_explained = circuit.board.breaker(index).cause(word).is_some();
            self.walked[index] = State::version_of(word) - u64::from(!is_explained && word != 0);
            if before != word && filter.wants_breaker(entry.kind, snapshot.path(entry.scope)) {
                out.push(level(circuit, entry, before, word));
            }
        }
    }

    fn make_room(&mut self, index: usize) {
        if self.told.len() <= index {
            self.told.resize(index + 1, 0);
            self.walked.resize(index + 1, 0);
        }
    }
}

/// Where a breaker is.
fn level(circuit: &Circuit, entry: &Entry, before: u64, after: u64) -> Event {
    let cause = circuit.board.breaker(entry.id.index()).cause(after);
    let level = circuit.numbered(circuit.note(Some(entry), EventType::Level, Reason::None, Signed::AUTO));
    Event {
        before,
        after,
        until: circuit.until(entry, State::unpack(after)).unwrap_or(Nanos::NEVER),
        value: cause.map_or(0.0, |c| c.value),
        limit: cause.map_or(0.0, |c| c.limit),
        reason: cause.map_or(Reason::None, |c| c.reason) as u8,
        ..level
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::model::kind::Kind;
    use crate::model::scope::ScopePath;
    use crate::model::status::Authority;
    use crate::{BreakerSpec, By, Plan, RuleSpec, System};

    /// The dispatcher puts the events of one batch in the order of their words; those of two batches it cannot.
    #[test]
    fn a_winner_who_tells_late_does_not_have_the_last_word() {
        let desk =
            BreakerSpec::new("desk", ScopePath::root(), RuleSpec::Manual).with_policy(Kind::Manual.default_policy());
        let system = System::manual(Plan { breakers: vec![desk], ..Plan::default() }, Nanos::from_secs(1)).unwrap();
        let (id, ann) = (system.breaker("desk").unwrap(), By::new("ann", Authority::Admin, ""));
        system.drain(|_| {});
        system.trip(id, ann).unwrap();
        system.reset(id, system.breaker_status(id).unwrap().stamp, ann).unwrap();
        let mut moves = Vec::new();
        system.drain(|event| moves.push(*event));
        let (mut reader, mut out) = (Reader::default(), Vec::new());
        for late_or_not in moves.iter().rev() {
            reader.take(system.circuit(), &Filter::default(), late_or_not, &mut out);
        }
        let told: Vec<_> = out.iter().map(|event| (event.event_type(), event.after)).collect();
        let stands = system.circuit().board.word(id.index());
        let tripped = (EventType::Tripped, moves[0].after);
        assert_eq!(told, [(EventType::Reset, stands), tripped, (EventType::Level, stands)]);
    }
}
