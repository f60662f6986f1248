//! What an event says, in words and in full: for journals, pagers and people.

use core::time::Duration;
use std::sync::Arc;

use crate::circuit::Circuit;
use crate::model::event::{Event, EventType};
use crate::model::intent::Lanes;
use crate::model::policy::{Policy, Release};
use crate::model::state::Step;
use crate::model::status::Status;
use crate::model::time::Nanos;
use crate::notes::Notes;
use crate::snapshot::Entry;

/// An event with everything that its numbers stand for. Made when somebody asks: names may have changed since, and of a
/// breaker that is gone, and whose line is used again, nothing is known.
///
/// ```
/// # use haltline::*;
/// # let rule = RuleSpec::Drawdown(Drawdown::with_limit(Ratio::from_f64(0.08)?));
/// # let dd = BreakerSpec::new("dd", ScopePath::new("acct/alpha")?, rule);
/// # let system = System::manual(Plan { breakers: vec![dd], ..Plan::default() }, Nanos::from_secs(0))?;
/// # let mut marks = system.feed("acct/alpha")?;
/// marks.equity(Money::from_f64(100.0)?, system.now())?;
/// marks.equity(Money::from_f64(90.0)?, system.now())?;
/// let mut trip = None;
/// system.drain(|event| trip = Some(*event));
/// let said = system.details(&trip.expect("it has tripped"));
/// assert_eq!((said.breaker.as_deref(), said.scope.as_str(), said.actor.as_str()), (Some("dd"), "acct/alpha", "auto"));
/// assert_eq!(said.breach_percent, Some(25.0), "10 % against 8 %");
/// assert!(!said.resets_by_itself && said.effect == Lanes::NO_NEW);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EventDetails {
    /// The event itself.
    pub event: Event,
    /// When it happened.
    pub at: Nanos,
    /// The name of its breaker.
    pub breaker: Option<Arc<str>>,
    /// The path of its scope; empty for everything.
    pub scope: String,
    /// Who did it, "auto" for the machine.
    pub actor: String,
    /// What he said, if the status that he has brought about stands, or is among the last 4 096 that ended of which somebody has said
    /// something.
    pub note: Option<String>,
    /// What is denied from then on.
    pub effect: Lanes,
    /// Of a trip: by how much the value was beyond its limit, in percent of it.
    pub breach_percent: Option<f64>,
    /// Of a warning: when the value would reach its limit if it went on as it came; `None` if it goes away from it.
    pub breach_expected: Option<Nanos>,
    /// Of a trip: how long the cooldown is that follows, if one does.
    pub cooldown: Option<Duration>,
    /// Of a trip: whether it ends without a person.
    pub resets_by_itself: bool,
    /// Of the end of a trip, an emergency stop or a liquidation: how long it has lasted.
    pub lasted: Option<Duration>,
}

impl EventDetails {
    pub(crate) fn of(circuit: &Circuit, notes: &Notes, event: &Event) -> Self {
        let snapshot = circuit.snapshot();
        let entry = snapshot.named(event.breaker);
        let moved = event.event_type().has_words();
        let trip = entry.filter(|_| event.event_type() == EventType::Tripped);
        let over =
            |entry: &&Arc<Entry>| event.limit > 0.0 && entry.rule.share_of_limit(event.value, event.limit) >= 1.0;
        Self {
            event: *event,
            at: event.at(circuit.epoch()),
            breaker: entry.map(|entry| entry.name.clone()),
            scope: snapshot.path(event.scope).to_owned(),
            actor: notes.actor(event.actor),
            note: Some(event).filter(|_| moved).and_then(|event| notes.of_past(event.breaker, event.after)),
            effect: if moved { event.after().denies } else { Lanes::NONE },
            breach_percent: trip
                .filter(over)
                .map(|entry| 100.0 * (entry.rule.share_of_limit(event.value, event.limit) - 1.0)),
            breach_expected: Some(event.until)
                .filter(|until| event.event_type() == EventType::Warning && *until < Nanos::NEVER),
            cooldown: trip.map(|entry| entry.policy.cooldown_for).filter(|time| !time.is_zero()),
            resets_by_itself: trip.is_some_and(|entry| resets_by_itself(&entry.policy, event)),
            lasted: moved.then(|| lasted(event)).flatten(),
        }
    }
}

/// Says what events say, for whoever must not own the System to know it: a journal hears of the shutdown while the System is
/// being dropped. Made by [`System::describer`](crate::System::describer); O(1) to clone.
///
/// ```
/// # use haltline::*;
/// # let desk = BreakerSpec::new("desk", ScopePath::root(), RuleSpec::Manual);
/// let system = System::manual(Plan { breakers: vec![desk], ..Plan::default() }, Nanos::from_secs(0))?;
/// let describer = system.describer();
/// system.trip(system.breaker("desk")?, By::new("ann", Authority::Trader, "wild router"))?;
/// let mut trip = None;
/// system.drain(|event| trip = Some(*event));
/// drop(system);
/// assert_eq!(describer.details(&trip.expect("it has tripped")).actor, "ann");
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Describer {
    circuit: Arc<Circuit>,
    notes: Arc<Notes>,
}

impl Describer {
    pub(crate) fn new(circuit: Arc<Circuit>, notes: Arc<Notes>) -> Self {
        Self { circuit, notes }
    }

    /// What an event of its System says, in full. Allocates; not for the order path.
    pub fn details(&self, event: &Event) -> EventDetails {
        EventDetails::of(&self.circuit, &self.notes, event)
    }
}

fn resets_by_itself(policy: &Policy, event: &Event) -> bool {
    policy.release != Release::Latched && event.after().step != Step::LATCHED
}

/// How long the status has stood that the event ends.
fn lasted(event: &Event) -> Option<Duration> {
    let (before, after) = (event.before(), event.after());
    let stood = matches!(before.status, Status::Tripped | Status::EmergencyHalt | Status::Liquidating);
    let ends = stood && after.status != before.status;
    ends.then(|| Duration::from_micros(after.since.0.saturating_sub(before.since.0)))
}
