//! The slow, obvious twin of the order path: a map of flags and a walk over all of it at every question.
#![allow(clippy::unwrap_used)]

mod support;
use std::collections::{BTreeMap, BTreeSet};

use haltline::*;
use proptest::prelude::*;
use support::*;

const SCOPES: [&str; 5] = ["", "A", "A/x", "A/y", "B"];
const NAMES: [&str; 8] = ["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7"];

fn home(i: usize) -> &'static str {
    SCOPES[i % SCOPES.len()]
}

/// Every third manual breaker closes, every third denies new exposure only.
fn effect(i: usize) -> Lanes {
    [Lanes::HALT, Lanes::NO_NEW, Lanes::CLOSE][i % 3]
}

fn plan_of(present: &BTreeSet<usize>) -> Plan {
    let breakers = present.iter().map(|&i| {
        let mut spec = manual(NAMES[i], home(i));
        spec.policy.effect = effect(i);
        spec
    });
    Plan { scopes: SCOPES.map(scope).into(), breakers: breakers.collect(), ..Plan::default() }
}

#[derive(Clone, Debug)]
enum Act {
    Trip(usize),
    Reset(usize),
    Stop(usize),
    Clear(usize),
    Kill,
    Rearm,
    Toggle(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => (0..NAMES.len()).prop_map(Act::Trip),
        5 => (0..NAMES.len()).prop_map(Act::Reset),
        1 => (0..SCOPES.len()).prop_map(Act::Stop),
        1 => (0..SCOPES.len()).prop_map(Act::Clear),
        1 => Just(Act::Kill),
        2 => Just(Act::Rearm),
        2 => (0..NAMES.len()).prop_map(Act::Toggle),
    ];
    proptest::collection::vec(act, 1..60)
}

#[derive(Default)]
struct Oracle {
    present: BTreeSet<usize>,
    tripped: BTreeSet<usize>,
    stopped: BTreeSet<usize>,
    killed: bool,
}

impl Oracle {
    fn denies(&self, place: &str, intent: Intent) -> bool {
        let covers = |guard: &str| guard.is_empty() || place == guard || place.starts_with(&format!("{guard}/"));
        let by_hand = self.tripped.iter().any(|&i| covers(home(i)) && effect(i).denies(intent));
        let stop = self.stopped.iter().any(|&s| covers(SCOPES[s])) && Lanes::HALT.denies(intent);
        by_hand || stop || (self.killed && Lanes::HALT.denies(intent))
    }
}

fn act(system: &System, oracle: &mut Oracle, act: &Act) {
    match *act {
        Act::Trip(i) => {
            let done = system.breaker(NAMES[i]).and_then(|id| system.trip(id, desk()));
            assert_eq!(done.is_ok(), oracle.present.contains(&i));
            if done.is_ok() {
                oracle.tripped.insert(i);
            }
        }
        Act::Reset(i) => {
            let done =
                system.breaker(NAMES[i]).and_then(|id| system.reset(id, system.breaker_status(id)?.stamp, desk()));
            assert_eq!(done.is_ok(), oracle.tripped.remove(&i));
        }
        Act::Stop(s) => {
            system.emergency_stop(SCOPES[s], EmergencySource::Manual, desk()).unwrap();
            oracle.stopped.insert(s);
        }
        Act::Clear(s) => {
            let done = system.clear_emergency_stop(SCOPES[s], admin());
            assert_eq!(done.is_ok(), oracle.stopped.remove(&s));
        }
        Act::Kill => {
            system.kill();
            oracle.killed = true;
        }
        Act::Rearm => {
            system.rearm(system.kill_word(), admin()).unwrap();
            oracle.killed = false;
        }
        Act::Toggle(i) => {
            if !oracle.present.remove(&i) {
                oracle.present.insert(i);
            }
            oracle.tripped.retain(|i| oracle.present.contains(i));
            system.reload(&plan_of(&oracle.present)).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_gates_say_what_a_walk_over_everything_says(sequence in acts()) {
        let mut oracle = Oracle { present: (0..NAMES.len()).collect(), ..Oracle::default() };
        let caps = Caps { scopes: 16, breakers: 32, listeners: 4, ring: 1_024, ..Caps::default() };
        let system = System::manual(Plan { caps, ..plan_of(&oracle.present) }, at(0)).unwrap();
        let gates: BTreeMap<_, _> = SCOPES.iter().map(|s| (*s, system.gate(&[s]).unwrap())).collect();
        // What events tell, put together, is what stands.
        let mut told: BTreeMap<BreakerId, State> = BTreeMap::new();
        for step in &sequence {
            act(&system, &mut oracle, step);
            for (place, gate) in &gates {
                for intent in Intent::ALL {
                    prop_assert_eq!(!gate.permits(intent), oracle.denies(place, intent), "{} {:?}", place, intent);
                }
                let verdict = gate.check();
                prop_assert_eq!(gate.explain(verdict).reason == Reason::Cleared, !verdict.denies_any() && !verdict.warns());
            }
            system.drain(|event| {
                if event.event_type().has_words() {
                    told.insert(event.breaker, event.after());
                }
            });
        }
        for &i in &oracle.present {
            let status = system.breaker_status(system.breaker(NAMES[i]).unwrap()).unwrap();
            prop_assert_eq!(told[&status.id].status, status.status);
            prop_assert_eq!(status.status == Status::Tripped, oracle.tripped.contains(&i));
        }
    }
}
