//! Where a rule that judges calls begins anew.
//!
//! Such a rule hears only of calls that the breaker has admitted. So a breach that has tripped cannot be found gone by a later
//! reading, and what was counted before a trip says nothing of the time after it. The detectors know nothing of statuses; the
//! listener sees them in the word, whoever has moved it: this feed, another, a person, the monitor.

use super::Listener;
use crate::circuit::Circuit;
use crate::model::reason::Reason;
use crate::model::state::State;
use crate::model::status::Status;
use crate::model::time::Nanos;

/// From one trip, cooldown or return of the breaker to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    /// The word that it was seen under last.
    word: u64,
    /// Active stands for Warning too, Tripped for all that readings do not end.
    status: Status,
    /// The trips before it.
    trips: u64,
}

impl Default for Stretch {
    fn default() -> Self {
        Self::of(State { status: Status::Active, ..State::RETIRED }.pack(), 0)
    }
}

impl Stretch {
    fn of(word: u64, trips: u64) -> Self {
        let status = match State::unpack(word).status {
            Status::Active | Status::Warning => Status::Active,
            Status::Cooldown => Status::Cooldown,
            _ => Status::Tripped,
        };
        Self { word, status, trips }
    }
}

impl Listener {
    /// Whether the breaker is where it was when a rule that judges calls was last asked to begin anew.
    #[inline]
    pub(super) fn is_same_stretch(&self, circuit: &Circuit) -> bool {
        let index = self.entry.id.index();
        let now = || (circuit.board.word(index), circuit.board.breaker(index).trips());
        !self.rule.judges_calls() || (self.stretch.word, self.stretch.trips) == now()
    }

    /// Lets a rule that judges calls begin anew where the breaker has: what it counted before says nothing of what comes
    /// after. In particular a breach that has tripped is over with the trip, since no call could ever show that.
    ///
    /// A trip is counted just after its swap. A return that comes in between is noticed one observation late.
    pub(super) fn begin_anew(&mut self, circuit: &Circuit, at: Nanos) {
        if self.is_same_stretch(circuit) {
            return;
        }
        let line = circuit.board.breaker(self.entry.id.index());
        let word = circuit.board.word(self.entry.id.index());
        let trips = line.trips();
        let now = Stretch::of(word, trips);
        let before = core::mem::replace(&mut self.stretch, now);
        // Out of Maintenance there is no trip to count.
        let reset = || line.cause(word).is_some_and(|cause| cause.reason == Reason::Reset);
        let same = before.status == now.status && before.trips == now.trips;
        // Half open, another word of the same Cooldown is another round of its probes.
        let half_open = now.status == Status::Cooldown;
        if same && (half_open || State::same_entry(before.word, word) || !reset()) {
            return;
        }
        self.rule.begin_anew(match now.status {
            Status::Tripped => Nanos::NEVER,
            _ => circuit.epoch().nanos(State::unpack(word).since),
        });
        self.evaluate(circuit, at);
    }
}
