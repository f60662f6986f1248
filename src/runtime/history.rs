//! The last events, for who asks later. A ring: it never holds more than it was made for.

use std::collections::VecDeque;
use std::sync::Mutex;

use crate::circuit::Circuit;
use crate::memory::sync::lock;
use crate::model::event::{BreakerId, Event};
use crate::model::time::Nanos;
use crate::runtime::filter::Filter;

/// Which events of the history somebody wants.
///
/// ```
/// # use haltline::*;
/// # let desk = BreakerSpec::new("desk", ScopePath::root(), RuleSpec::Manual);
/// # let system = System::manual(Plan { breakers: vec![desk], ..Plan::default() }, Nanos::from_secs(0))?;
/// # let id = system.breaker("desk")?;
/// system.trip(id, By::new("ann", Authority::Trader, "wild router"))?;
/// system.drain(|_| {});
/// let trips = Filter { types: vec![EventType::Tripped], ..Filter::default() };
/// let found = system.history(&Past { filter: trips, breaker: Some(id), ..Past::default() });
/// assert_eq!(found.len(), 1);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// Of which kinds, scopes and types.
    pub filter: Filter,
    /// Of one breaker only.
    pub breaker: Option<BreakerId>,
    /// Not before.
    pub from: Nanos,
    /// Not after.
    pub until: Nanos,
}

impl Default for Past {
    fn default() -> Self {
        Self { filter: Filter::default(), breaker: None, from: Nanos(0), until: Nanos::NEVER }
    }
}

#[derive(Debug)]
pub(crate) struct History {
    most: usize,
    events: Mutex<VecDeque<Event>>,
}

impl History {
    pub(crate) fn new(most: u32) -> Self {
        let most = most as usize;
        Self { most, events: Mutex::new(VecDeque::with_capacity(most)) }
    }

    /// Takes up a batch; the oldest go.
    pub(crate) fn record(&self, batch: &[Event]) {
        let mut events = lock(&self.events);
        for event in &batch[batch.len().saturating_sub(self.most)..] {
            if events.len() == self.most {
                events.pop_front();
            }
            events.push_back(*event);
        }
    }

    /// What is wanted of it, the oldest first.
    pub(crate) fn find(&self, circuit: &Circuit, past: &Past) -> Vec<Event> {
        let (snapshot, epoch) = (circuit.snapshot(), circuit.epoch());
        let is_wanted = |event: &&Event| {
            past.breaker.is_none_or(|breaker| breaker == event.breaker)
                && (past.from..=past.until).contains(&event.at(epoch))
                && past.filter.wants(event, &snapshot)
        };
        lock(&self.events).iter().filter(is_wanted).copied().collect()
    }
}
