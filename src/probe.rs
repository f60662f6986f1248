//! Orders that are let through while a breaker is half open, to find out whether it works again.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::circuit::Circuit;
use crate::memory::gate::{Verdict, Words};
use crate::model::event::{BreakerId, Event, EventType};
use crate::model::intent::Intent;
use crate::model::machine::Input;
use crate::model::reason::Reason;
use crate::model::scope::{GATE_SCOPES, ScopeId};
use crate::model::state::State;
use crate::model::status::Signed;
use crate::model::time::Nanos;
use crate::snapshot::Entry;

/// So many breakers may be half open before one order without an allocation.
const NEAR: usize = 4;

/// The right to send one order while what denies it is half open. Say what came of the order with
/// [`passed`](Self::passed) or [`failed`](Self::failed); dropped, it is given back as if it had never been taken.
///
/// It counts once: both take it away. Whatever comes after the breaker has moved on, or after `cooldown_for`, counts for
/// nothing. Lock-free; allocates nothing with up to four breakers half open.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// # let policy = Policy {
/// #     release: Release::Timed, cooldown_for: Duration::from_secs(10), cooldown_effect: CooldownEffect::Probe(1),
/// #     ..Kind::Manual.default_policy()
/// # };
/// # let gateway = BreakerSpec::new("gateway", ScopePath::new("XNAS")?, RuleSpec::Manual).with_policy(policy);
/// # let system = System::manual(Plan { breakers: vec![gateway], ..Plan::default() }, Nanos::from_secs(1))?;
/// # let (gate, id) = (system.gate(&["XNAS"])?, system.breaker("gateway")?);
/// # system.trip(id, By::new("ann", Authority::RiskDesk, ""))?;
/// # system.reset(id, system.breaker_status(id)?.stamp, By::new("ann", Authority::RiskDesk, ""))?;
/// // Half open with one permit: orders are denied, one may try.
/// assert!(!gate.permits(Intent::Increase));
/// let probe = gate.try_probe(Intent::Increase).ok_or("no permit")?;
/// assert!(gate.try_probe(Intent::Increase).is_none(), "one at a time");
/// probe.passed();
/// assert!(gate.permits(Intent::Increase));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a permit that is dropped at once is given back"]
pub struct Permit {
    circuit: Arc<Circuit>,
    held: SmallVec<[Held; NEAR]>,
}

/// A permit of one breaker, and the word under which it was given.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Held {
    breaker: BreakerId,
    scope: ScopeId,
    word: u64,
}

impl Permit {
    /// The order went through as it should. The last probe that a breaker asks for ends its Cooldown.
    pub fn passed(mut self) {
        let now = self.circuit.now();
        for held in core::mem::take(&mut self.held) {
            if !expire(&self.circuit, held.breaker, now) {
                self.pass(held, now);
            }
        }
    }

    fn pass(&self, Held { breaker, word, .. }: Held, now: Nanos) {
        let passed = self.circuit.board.breaker(breaker.index()).permits.pass(word);
        let snapshot = self.circuit.snapshot();
        let needed = snapshot.entry(breaker).and_then(|entry| entry.policy.probes());
        if let (Some(passed), Some(needed)) = (passed, needed)
            && passed >= needed
        {
            // What is void is no refusal.
            let _ = self.circuit.put(breaker, Input::ProbePassed { seen: word }, now, Signed::AUTO);
        }
    }

    /// The order failed in the way that the breaker guards against: it trips again.
    pub fn failed(mut self) {
        let now = self.circuit.now();
        for Held { breaker, word, .. } in core::mem::take(&mut self.held) {
            let input = Input::ProbeFailed { seen: word, why: Reason::ProbeFailed };
            // As above.
            let _ = self.circuit.put(breaker, input, now, Signed::AUTO);
        }
    }
}

impl Permit {
    /// An order that goes although something denies it is told of.
    fn tell(&self) {
        let (circuit, snapshot) = (&self.circuit, self.circuit.snapshot());
        for held in &self.held {
            let Some(entry) = snapshot.entry(held.breaker) else { continue };
            let (out, _) = circuit.board.breaker(held.breaker.index()).permits.counts(held.word);
            let note = circuit.note(Some(entry), EventType::Probe, Reason::None, Signed::AUTO);
            let (value, limit) = (f64::from(out), entry.policy.probes().map_or(0.0, f64::from));
            circuit.publish(Event { value, limit, ..note });
        }
    }
}

impl Drop for Permit {
    /// Nothing came of the order that says anything: an outcome to be ignored.
    fn drop(&mut self) {
        for &Held { breaker, word, .. } in &self.held {
            self.circuit.board.breaker(breaker.index()).permits.release(word);
        }
    }
}

/// A permit for an order of this intent through these gates, if everything that denies it is half open and has one left.
/// If nothing denies it any more, a permit that costs nothing.
pub(crate) fn admit<K>(circuit: &Arc<Circuit>, gates: &[&Words<K>], intent: Intent) -> Option<Permit> {
    if gates.iter().any(|gate| gate.look().is_disarmed()) {
        return None;
    }
    let mut scopes: SmallVec<[ScopeId; 2 * GATE_SCOPES]> =
        gates.iter().flat_map(|gate| gate.scopes()).copied().collect();
    scopes.sort_unstable();
    scopes.dedup();
    let denying = half_open(circuit, &scopes, intent)?;
    let mut permit = Permit { circuit: circuit.clone(), held: SmallVec::new() };
    for id in denying {
        match reserve(circuit, id, intent) {
            Some(held) => permit.held.push(held),
            None if denies(circuit, id, intent).is_some() => return None,
            // It denies no longer: its last probe has passed.
            None => {}
        }
    }
    // Whatever else denies by now, known or not, stands in the lanes; each of ours counts for one as long as it stands.
    let ours = |scope: ScopeId| permit.held.iter().filter(|held| held.scope == scope).count();
    let alone = scopes.iter().all(|scope| usize::from(circuit.board.denials(*scope, intent)) == ours(*scope));
    let stands = permit.held.iter().all(|held| circuit.board.word(held.breaker.index()) == held.word);
    let armed = !gates.iter().map(|gate| gate.look()).fold(Verdict::CLEAR, Verdict::and).is_disarmed();
    (alone && stands && armed).then(|| {
        permit.tell();
        permit
    })
}

/// The breakers that deny this intent in these scopes, if all of them are half open. Looked at before a permit is taken: an
/// order that something else denies must not use up the time of a round.
fn half_open(circuit: &Circuit, scopes: &[ScopeId], intent: Intent) -> Option<SmallVec<[BreakerId; NEAR]>> {
    let snapshot = circuit.snapshot();
    let mut all = SmallVec::new();
    for scope in scopes {
        let before = all.len();
        for id in snapshot.guards.get(scope.0 as usize)? {
            let Some(state) = denies(circuit, *id, intent) else { continue };
            snapshot.entry(*id)?.policy.probe_deadline(state)?;
            all.push(*id);
        }
        if usize::from(circuit.board.denials(*scope, intent)) != all.len() - before {
            return None;
        }
    }
    Some(all)
}

/// The state of a breaker, if it denies this intent.
fn denies(circuit: &Circuit, id: BreakerId, intent: Intent) -> Option<State> {
    Some(circuit.board.state(id.index())).filter(|state| state.denies.denies(intent))
}

/// Takes a permit of one breaker. Its word is looked at first, then its policy: a reload moves words last.
fn reserve(circuit: &Circuit, id: BreakerId, intent: Intent) -> Option<Held> {
    let now = circuit.now();
    let mut word = circuit.board.word(id.index());
    let snapshot = circuit.snapshot();
    let entry = snapshot.entry(id)?;
    if is_over(circuit, entry, word, now) {
        renew(circuit, entry, word, now);
        word = circuit.board.word(id.index());
    }
    let permits = entry.policy.probes().filter(|_| entry.policy.probe_deadline(State::unpack(word)).is_some())?;
    if !State::unpack(word).denies.denies(intent) {
        return None; // it has moved: the next look sees where to
    }
    if !circuit.board.breaker(id.index()).permits.reserve(word, permits) {
        return None;
    }
    // Its time is to be watched from now on.
    circuit.mark(id);
    Some(Held { breaker: id, scope: entry.scope, word })
}

/// Whether the time of the probes of `word` is over.
fn is_over(circuit: &Circuit, entry: &Entry, word: u64, now: Nanos) -> bool {
    let deadline = entry.policy.probe_deadline(State::unpack(word));
    deadline.is_some_and(|due| circuit.epoch().floor(now) >= due)
}

/// The time of the probes is over: with one still out it trips again; with none, the next ones get their own time.
///
/// Whoever has counted the last pass, in time, may not have told the breaker yet: then it is told here.
fn renew(circuit: &Circuit, entry: &Entry, word: u64, now: Nanos) {
    let permits = &circuit.board.breaker(entry.id.index()).permits;
    let all_passed = || entry.policy.probes().is_some_and(|needed| permits.counts(word).1 >= needed);
    let sealed = permits.seal(word);
    // After the seal nothing is counted any more.
    if sealed && all_passed() {
        let passed = circuit.put(entry.id, Input::ProbePassed { seen: word }, now, Signed::AUTO);
        if matches!(passed, Ok(Some(_))) {
            return;
        }
    }
    let input = if sealed {
        Input::ProbeRound { seen: word }
    } else {
        Input::ProbeFailed { seen: word, why: Reason::ProbeExpired }
    };
    // What is void is no refusal.
    let _ = circuit.put(entry.id, input, now, Signed::AUTO);
}

/// Trips a breaker again that has waited too long for a probe. True if the time of its probes is over.
pub(crate) fn expire(circuit: &Circuit, id: BreakerId, now: Nanos) -> bool {
    let word = circuit.board.word(id.index());
    let snapshot = circuit.snapshot();
    let Some(entry) = snapshot.entry(id) else { return true };
    let over = is_over(circuit, entry, word, now);
    if over && circuit.board.breaker(id.index()).permits.counts(word).0 > 0 {
        let input = Input::ProbeFailed { seen: word, why: Reason::ProbeExpired };
        // As above.
        let _ = circuit.put(id, input, now, Signed::AUTO);
    }
    over
}

#[cfg(all(test, not(loom)))]
#[allow(clippy::unwrap_used)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::model::policy::{CooldownEffect, Policy};
    use crate::model::scope::ScopePath;
    use crate::model::status::{Authority, Status};
    use crate::{BreakerSpec, BreakerStatus, By, Kind, Plan, RuleSpec, System};

    /// A breaker of one permit, half open, and that permit.
    fn half_open() -> (System, Permit) {
        let policy = Policy {
            cooldown_for: Duration::from_secs(10),
            cooldown_effect: CooldownEffect::Probe(1),
            ..Kind::Manual.default_policy()
        };
        let spec = BreakerSpec::new("b", ScopePath::root(), RuleSpec::Manual).with_policy(policy);
        let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(1)).unwrap();
        let (id, ann) = (system.breaker("b").unwrap(), By::new("ann", Authority::Admin, ""));
        system.trip(id, ann).unwrap();
        system.reset(id, status(&system).stamp, ann).unwrap();
        let probe = system.gate(&[]).unwrap().try_probe(Intent::Increase).unwrap();
        (system, probe)
    }

    fn status(system: &System) -> BreakerStatus {
        system.breaker_status(system.breaker("b").unwrap()).unwrap()
    }

    #[test]
    fn who_comes_back_at_the_end_of_the_time_is_late_although_the_monitor_has_not_looked() {
        for (late, expected) in [(0, Status::Tripped), (1, Status::Active)] {
            let (system, probe) = half_open();
            let end = status(&system).since + Duration::from_secs(10);
            // Time moves; the monitor would run in `advance`.
            probe.circuit.board.advance(Nanos(end.0 - late));
            probe.passed();
            assert_eq!(status(&system).status, expected);
        }
    }

    #[test]
    fn a_pass_in_time_is_not_lost_to_whoever_begins_the_next_round() {
        let (system, mut probe) = half_open();
        // It has counted the last pass, and has not told the breaker yet, when the time is over and another order comes.
        let [Held { breaker, word, .. }] = probe.held.drain(..).collect::<Vec<_>>()[..] else { unreachable!() };
        assert_eq!(probe.circuit.board.breaker(breaker.index()).permits.pass(word), Some(1));
        probe.circuit.board.advance(status(&system).since + Duration::from_secs(10));
        drop(system.gate(&[]).unwrap().try_probe(Intent::Increase));
        assert_eq!(status(&system).status, Status::Active);
    }
}
