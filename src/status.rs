//! What people look at: the state of the System and of each breaker, gathered when somebody asks.

use std::sync::Arc;

use crate::circuit::{Circuit, reason_of};
use crate::model::event::BreakerId;
use crate::model::intent::{Intent, Lanes};
use crate::model::kind::Kind;
use crate::model::reading::{Level, Standing};
use crate::model::reason::Reason;
use crate::model::scope::ScopeId;
use crate::model::state::{State, Step};
use crate::model::status::Status;
use crate::model::time::Nanos;
use crate::snapshot::{Entry, Snapshot};

/// One breaker, as it is now.
///
/// ```
/// # use haltline::*;
/// # let system = System::manual(Plan::default(), Nanos::from_secs(0))?;
/// let status = system.breaker_status(system.breaker("kill:")?)?;
/// assert_eq!((status.status, status.kind), (Status::Active, Kind::KillSwitch));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BreakerStatus {
    /// Its number.
    pub id: BreakerId,
    /// Its name.
    pub name: Arc<str>,
    /// Its kind.
    pub kind: Kind,
    /// The scope that it guards.
    pub scope: String,
    /// Not in the plan: the kill switch that every scope has.
    pub implicit: bool,
    /// Its status.
    pub status: Status,
    /// Whether it has no usable value, and so denies if its policy says so.
    pub unready: bool,
    /// Whether it is disabled by its policy.
    pub disabled: bool,
    /// What it denies now.
    pub denies: Lanes,
    /// Names exactly this status of this breaker: what a reset must be given.
    pub stamp: u64,
    /// The retry, the rung, or the latch.
    pub step: Step,
    /// Since when.
    pub since: Nanos,
    /// Until when, if time ends it.
    pub until: Option<Nanos>,
    /// Why, if it is known.
    pub reason: Reason,
    /// The value of now, and the limit it is tested against; `None` for a kind without readings.
    pub value: Option<(f64, f64)>,
    /// 0 to 100, see the catalogue.
    pub risk_score: f64,
    /// Probes that are out, and those that have passed, while it is half open.
    pub probes: (u8, u8),
    /// Trips since the start.
    pub trips: u64,
    /// Observations refused since the start.
    pub refused: u64,
    /// Values that came within 5 % of the limit and went away again.
    pub near_misses: u64,
}

impl BreakerStatus {
    pub(crate) fn of(circuit: &Circuit, snapshot: &Snapshot, entry: &Entry) -> Self {
        let line = circuit.board.breaker(entry.id.index());
        let word = circuit.board.word(entry.id.index());
        let state = State::unpack(word);
        let value = value_of(circuit, entry);
        let counts = entry.lines().map(|line| circuit.board.listener(line).counts());
        let (refused, near_misses) = counts.fold((0, 0), |sum, each| (sum.0 + each.0, sum.1 + each.1));
        Self {
            id: entry.id,
            name: entry.name.clone(),
            kind: entry.kind,
            scope: snapshot.path(entry.scope).to_owned(),
            implicit: entry.implicit,
            status: state.status,
            unready: circuit.standing(entry, word, circuit.now()) == Standing::Last(Level::Unready),
            disabled: !entry.policy.enabled,
            denies: state.denies,
            stamp: word,
            step: state.step,
            since: circuit.epoch().nanos(state.since),
            until: circuit.until(entry, state),
            reason: reason_of(state, circuit.why(entry, word).map(|cause| cause.reason)),
            value,
            risk_score: risk_score(entry, state, value),
            probes: line.permits.counts(word),
            trips: line.trips(),
            refused,
            near_misses,
        }
    }
}

/// The value closest to its limit among the feeds. A value that changes under the reader's eyes is looked at a few times.
fn value_of(circuit: &Circuit, entry: &Entry) -> Option<(f64, f64)> {
    let each = entry.readings().filter_map(|line| {
        let line = circuit.board.listener(line);
        // Without a usable value there is no limit that it was tested against.
        (0..4).find_map(|_| line.numbers()).filter(|(_, limit)| *limit > 0.0)
    });
    let share = |numbers: &(f64, f64)| entry.kind.share_of_limit(numbers.0, numbers.1);
    each.max_by(|a, b| share(a).total_cmp(&share(b)))
}

/// `100 * severity`, by how much of the way to its limit the value has gone; the full weight while it denies, 100 in an emergency stop.
fn risk_score(entry: &Entry, state: State, value: Option<(f64, f64)>) -> f64 {
    if state.status == Status::EmergencyHalt {
        return 100.0;
    }
    if entry.policy.shadow || !entry.policy.enabled {
        return 0.0;
    }
    let share = match value {
        _ if state.denies.denies_any() => 1.0,
        Some((value, limit)) if limit > 0.0 => entry.kind.share_of_limit(value, limit).clamp(0.0, 1.0),
        _ => 0.0,
    };
    100.0 * entry.policy.severity * share
}

/// Everything at a glance.
///
/// ```
/// # use haltline::*;
/// let system = System::manual(Plan::default(), Nanos::from_secs(0))?;
/// assert!(system.status().can_trade);
/// system.kill();
/// assert!(!system.status().can_trade);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SystemStatus {
    /// Whether an order that increases exposure may go somewhere: the System is armed and the root denies nothing.
    pub can_trade: bool,
    /// Why the kill word denies, if it does.
    pub killed: Option<Reason>,
    /// The highest risk score, 0 to 100.
    pub risk_score: f64,
    /// Breakers that deny something now, by number.
    pub denying: Vec<BreakerStatus>,
    /// Breakers that warn.
    pub warning: Vec<BreakerStatus>,
    /// How many breakers there are, the kill switches of the scopes included.
    pub breakers: usize,
    /// System time.
    pub now: Nanos,
}

impl SystemStatus {
    pub(crate) fn of(circuit: &Circuit, snapshot: &Snapshot) -> Self {
        let arm = circuit.board.arm();
        let killed = arm.reason(arm.seen());
        let (mut denying, mut warning, mut risk_score, mut breakers) = (vec![], vec![], 0.0_f64, 0);
        for entry in snapshot.in_service() {
            breakers += 1;
            let state = circuit.board.state(entry.id.index());
            risk_score = risk_score.max(risk_score_of(circuit, entry, state));
            let list = match state.status {
                _ if state.denies.denies_any() => &mut denying,
                Status::Warning => &mut warning,
                _ => continue,
            };
            list.push(BreakerStatus::of(circuit, snapshot, entry));
        }
        let root_denies = circuit.board.lanes(ScopeId::ROOT).denies(Intent::Increase);
        Self {
            can_trade: killed.is_none() && !root_denies,
            killed,
            risk_score,
            denying,
            warning,
            breakers,
            now: circuit.now(),
        }
    }
}

fn risk_score_of(circuit: &Circuit, entry: &Entry, state: State) -> f64 {
    risk_score(entry, state, value_of(circuit, entry))
}
