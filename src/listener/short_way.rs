//! The way of an observation in: most of a window's change a number and nothing else, and need not go the whole way.

use super::{Heard, Listener};
use crate::circuit::{Circuit, DenyOnUnwind, is_unready};
use crate::model::observation::Observation;
use crate::model::reading::{Level, Reading};
use crate::model::state::State;
use crate::model::status::Status;
use crate::model::time::Nanos;
use crate::rule::{Linear, Mark};

impl Listener {
    /// Hears an observation that may change something. A panic on the way denies everything: what has been heard of it is
    /// half a truth.
    #[inline(never)]
    pub(crate) fn hear(
        &mut self,
        circuit: &Circuit,
        outdated: &impl Fn() -> bool,
        observation: &Observation,
        at: Nanos,
    ) -> Heard {
        let guard = DenyOnUnwind::new(circuit);
        let read = if self.is_undisturbed(circuit, at) { self.rule.read(observation, at, self.last) } else { None };
        let heard = match read {
            Some(reading) if self.reading.says_the_same_as(&reading) => {
                self.note_number(circuit, observation, &reading, at);
                Heard::Good
            }
            _ => self.hear_all(circuit, outdated, observation, at, read.is_some()),
        };
        guard.done();
        heard
    }

    /// Whether nothing has happened since the last observation, and nothing is due: then a reading that says the same
    /// again has no consequence.
    #[inline]
    fn is_undisturbed(&self, circuit: &Circuit, at: Nanos) -> bool {
        let line = circuit.board.breaker(self.entry.id.index());
        at < self.reading.pending.due
            && self.is_settled(circuit)
            && line.rebase_asked().0 == self.rebases
            && self.is_same_stretch(circuit)
    }

    /// Whether the present reading decides nothing: its level is the one that was decided on last, the word has not moved
    /// since, and its status goes with the level. (Where it does not, doubt may have kept it.) Spares the look at the clock.
    pub(super) fn is_settled(&self, circuit: &Circuit) -> bool {
        let (state, level) = (State::unpack(self.seen), self.reading.level);
        let goes_together = match state.status {
            Status::Active => matches!(level, Level::Normal | Level::Elevated) && !is_unready(state),
            Status::Warning => matches!(level, Level::Elevated | Level::Warn),
            _ => false,
        };
        let decided = level == self.decided && self.streak.count == 0;
        goes_together && decided && circuit.board.word(self.entry.id.index()) == self.seen
    }

    /// Publishes the new value, which is all that has changed.
    #[inline]
    fn note_number(&mut self, circuit: &Circuit, observation: &Observation, reading: &Reading, at: Nanos) {
        let line = circuit.board.listener(self.line);
        if let Observation::Value(_, value) = *observation {
            self.last = Some(Mark { value, at });
            line.note_last(value);
        }
        self.refusals_in_a_row = 0;
        line.refresh(at);
        self.count_near_miss(circuit, reading);
        let value = Linear::constant(reading.value);
        line.publish_numbers(value, reading.limit);
        self.note_change(circuit, value, reading.limit);
        (self.reading.value, self.reading.limit) = (reading.value, reading.limit);
    }
}
