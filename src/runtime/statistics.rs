//! What a System has counted.

use crate::circuit::Circuit;
use crate::runtime::latency::Latency;
use crate::status::counts::Counts;
use crate::status::keeper::Keeper;

/// What a System has counted since its start.
///
/// ```
/// # use haltline::*;
/// let system = System::manual(Plan::default(), Nanos::from_secs(0))?;
/// let statistics = system.statistics();
/// assert_eq!((statistics.breakers, statistics.events), (1, 1), "the kill switch of the root, and its installation");
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Of all breakers. Times are of those in service, the rest also of those that were removed.
    pub counts: Counts,
    /// Breakers in service, the kill switches of the scopes included.
    pub breakers: u64,
    /// Requests of people that were refused.
    pub refusals: u64,
    /// Numbers that events have taken: those that were published, and the gaps and levels that readers were told for themselves.
    pub events: u64,
    /// Events that were lost before they could be handed out; what a subscriber missed is in its own status.
    pub lost: u64,
    /// From the time of an event to the queues of the subscribers.
    pub dispatch: Latency,
}

impl Statistics {
    pub(crate) fn of(circuit: &Circuit, keeper: &mut Keeper, dispatch: Latency) -> Self {
        let totals = &circuit.totals;
        let (times, breakers) = keeper.times(circuit);
        let counts = Counts {
            trips: totals.trips.get(),
            resets: totals.resets.get(),
            warnings: totals.warnings.get(),
            bad_inputs: totals.bad_inputs.get(),
            near_misses: totals.near_misses.get(),
            times,
        };
        let lost = circuit.lost();
        let (refusals, events) = (totals.refusals.get(), circuit.numbers.next());
        Self { counts, breakers, refusals, events, lost, dispatch }
    }
}
