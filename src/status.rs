//! What people look at: the state of the System, which is kept, and that of each breaker, gathered when somebody asks.

pub(crate) mod counts;
pub(crate) mod details;
pub(crate) mod keeper;
mod maximum;

use std::borrow::Cow;
use std::sync::Arc;

use crate::circuit::{Circuit, reason_of};
use crate::model::event::BreakerId;
use crate::model::intent::Lanes;
use crate::model::kind::Kind;
use crate::model::reading::{Level, Standing};
use crate::model::reason::Reason;
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
    let share = |numbers: &(f64, f64)| entry.rule.share_of_limit(numbers.0, numbers.1);
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
        Some((value, limit)) if limit > 0.0 => entry.rule.share_of_limit(value, limit).clamp(0.0, 1.0),
        _ => 0.0,
    };
    100.0 * entry.policy.severity * share
}

/// Everything at a glance. Breakers are numbers here; [`System::breaker_status`](crate::System::breaker_status) and
/// [`System::breaker_name`](crate::System::breaker_name) say more of one.
///
/// A breaker that is disabled or shadow is in no list, and neither is the kill switch that a scope has by itself, unless it is
/// pulled.
///
/// ```
/// # use haltline::*;
/// let desk = BreakerSpec::new("desk", ScopePath::root(), RuleSpec::Manual);
/// let system = System::manual(Plan { breakers: vec![desk], ..Plan::default() }, Nanos::from_secs(0))?;
/// let (desk, status) = (system.breaker("desk")?, system.status());
/// assert!(status.can_trade && status.active == [desk] && status.message == "trading");
/// system.trip(desk, By::new("ann", Authority::Trader, "wild router"))?;
/// let status = system.status();
/// assert!(!status.can_trade && status.tripped == [desk] && status.overall_risk_score == 100.0);
/// assert_eq!(status.message, "denied by desk (manual on everything): manual");
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SystemStatus {
    /// Whether an order that increases exposure may go somewhere: the System is armed and the root denies nothing.
    pub can_trade: bool,
    /// Why the kill word denies, if it does.
    pub killed: Option<Reason>,
    /// Breakers that neither deny nor warn, by number.
    pub active: Vec<BreakerId>,
    /// Breakers that warn.
    pub warning: Vec<BreakerId>,
    /// Breakers that deny something now: tripped, stopped, liquidating, in maintenance, cooling down, or without a usable
    /// value.
    pub tripped: Vec<BreakerId>,
    /// The highest risk score, 0 to 100.
    pub overall_risk_score: f64,
    /// One line for people: whether orders pass, and what stands in the way.
    pub message: Cow<'static, str>,
    /// The System time at which this was found. While nothing changes it stays what it is.
    pub last_update: Nanos,
}

/// Who denies, and why.
fn denied_by(circuit: &Circuit, snapshot: &Snapshot, entry: &Entry, can_trade: bool, others: usize) -> String {
    let word = circuit.board.word(entry.id.index());
    let reason = reason_of(State::unpack(word), circuit.why(entry, word).map(|cause| cause.reason));
    let scope = match snapshot.path(entry.scope) {
        "" => "everything",
        path => path,
    };
    let head = if can_trade { "trading elsewhere, but denied" } else { "denied" };
    let more = if others > 0 { format!(", and {others} more") } else { String::new() };
    format!("{head} by {} ({} on {scope}): {reason}{more}", entry.name, entry.kind)
}
