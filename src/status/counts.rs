//! What one breaker has counted.

use core::time::Duration;

use super::keeper::times_of;
use crate::circuit::Circuit;
use crate::model::status::Status;
use crate::snapshot::Entry;

/// What one breaker, or all of them, have counted since the start. Kept as it happens: nothing is gathered.
///
/// ```
/// # use haltline::*;
/// # let desk = BreakerSpec::new("desk", ScopePath::root(), RuleSpec::Manual);
/// # let system = System::manual(Plan { breakers: vec![desk], ..Plan::default() }, Nanos::from_secs(0))?;
/// # let (id, ann) = (system.breaker("desk")?, By::new("ann", Authority::RiskDesk, ""));
/// system.trip(id, ann)?;
/// system.advance(Nanos::from_secs(60));
/// let counts = system.breaker_counts(id)?;
/// assert_eq!((counts.trips, counts.time_in(Status::Tripped).as_secs()), (1, 60));
/// assert_eq!(system.statistics().counts.trips, 1);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Transitions into Tripped, EmergencyHalt or Liquidating.
    pub trips: u64,
    /// Ways back to Active or Warning.
    pub resets: u64,
    /// Warnings.
    pub warnings: u64,
    /// Observations that were refused.
    pub bad_inputs: u64,
    /// Values that came within 5 % of the limit and went away again.
    pub near_misses: u64,
    pub(crate) times: [u64; Status::COUNT],
}

impl Counts {
    /// How long the breaker has been in a status, until now; of all breakers that are in service, together.
    pub fn time_in(&self, status: Status) -> Duration {
        Duration::from_micros(self.times[status as usize])
    }

    pub(crate) fn of(circuit: &Circuit, entry: &Entry) -> Self {
        let line = circuit.board.breaker(entry.id.index());
        let heard = entry.lines().map(|line| circuit.board.listener(line).counts());
        let (bad_inputs, near_misses) = heard.fold((0, 0), |sum, each| (sum.0 + each.0, sum.1 + each.1));
        Self {
            trips: line.trips(),
            resets: line.resets(),
            warnings: line.warnings(),
            bad_inputs,
            near_misses,
            times: times_of(circuit, entry),
        }
    }
}
