//! The kept status against one that is gathered anew each time.
#![allow(clippy::unwrap_used)]

use core::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::model::status::Authority;
use crate::model::time::Nanos;
use crate::model::units::{Money, Ratio};
use crate::notes::By;
use crate::plan::{BreakerSpec, Plan};
use crate::rule::RuleSpec;
use crate::rule::drawdown::Drawdown;
use crate::rule::operator::EmergencySource;
use crate::{OnStale, Policy, ScopePath, System};

/// The slow twin: gathered from all breakers.
fn gathered(circuit: &Circuit) -> SystemStatus {
    let snapshot = &*circuit.snapshot();
    let arm = circuit.board.arm();
    let killed = arm.reason(arm.seen());
    let room = snapshot.by_name.len().saturating_sub(snapshot.kill_switches.len());
    let (mut active, mut warning, mut tripped) = (Vec::with_capacity(room), vec![], vec![]);
    let (mut score, mut root) = (0.0_f64, None);
    for entry in snapshot.in_service() {
        let state = circuit.board.state(entry.id.index());
        // Most of them: the kill switch of a scope that nobody has pulled.
        if entry.implicit && state.denies.is_empty() {
            continue;
        }
        score = score.max(risk_score(entry, state, value_of(circuit, entry)));
        match state.status {
            _ if state.denies.denies_any() => {
                // What stops everything is said first.
                root = root.or((entry.scope == ScopeId::ROOT).then_some(entry));
                tripped.push(entry.id);
            }
            _ if entry.policy.shadow || !entry.policy.enabled => {}
            Status::Warning => warning.push(entry.id),
            _ => active.push(entry.id),
        }
    }
    let can_trade = killed.is_none() && !circuit.board.lanes(ScopeId::ROOT).denies(Intent::Increase);
    let first = root.or_else(|| snapshot.entry(*tripped.first()?));
    let message = match (killed, first) {
        (Some(reason), _) => format!("denied: {reason}").into(),
        (None, Some(entry)) => denied_by(circuit, snapshot, entry, can_trade, tripped.len() - 1).into(),
        (None, None) if warning.is_empty() => "trading".into(),
        (None, None) => format!("trading, {} of {} warn", warning.len(), warning.len() + active.len()).into(),
    };
    let last_update = circuit.now();
    SystemStatus { can_trade, killed, active, warning, tripped, overall_risk_score: score, message, last_update }
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// Two drawdowns, one of them in shadow if `shadow`, and two switches; without the last `less`.
fn plan(shadow: bool, less: usize) -> Plan {
    let rule = || {
        RuleSpec::Drawdown(Drawdown {
            speed: false,
            underwater_for: None,
            ..Drawdown::with_limit(Ratio::from_f64(0.1).unwrap())
        })
    };
    let specs = NAMES.iter().enumerate().map(|(i, name)| {
        let scope = ScopePath::new(["", "X", "X/Y", "Z"][i]).unwrap();
        let spec = BreakerSpec::new(name, scope, if i % 2 == 0 { RuleSpec::Manual } else { rule() });
        let policy = Policy {
            severity: [1.0, 0.5, 0.9, 0.7][i],
            on_stale: OnStale::Ignore,
            shadow: shadow && i == 3,
            ..spec.policy.clone()
        };
        spec.with_policy(policy)
    });
    Plan { breakers: specs.take(4 - less).collect(), ..Plan::default() }
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Trip(usize),
    Reset(usize),
    Mark(bool, f64),
    Stop(bool),
    Reload(bool, usize),
    Declare(u8),
    Kill,
    Rearm,
    Time,
    Count,
    Look,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0usize..4).prop_map(Act::Trip),
        4 => (0usize..4).prop_map(Act::Reset),
        // Few values, so that some come back.
        8 => (any::<bool>(), 85u32..110).prop_map(|(x, value)| Act::Mark(x, value.into())),
        1 => any::<bool>().prop_map(Act::Stop),
        2 => (any::<bool>(), 0usize..3).prop_map(|(shadow, less)| Act::Reload(shadow, less)),
        1 => any::<u8>().prop_map(Act::Declare),
        1 => Just(Act::Kill),
        1 => Just(Act::Rearm),
        2 => Just(Act::Time),
        2 => Just(Act::Count),
        8 => Just(Act::Look),
    ]
}

proptest! {
    #[test]
    fn what_is_kept_is_what_is_gathered(acts in prop::collection::vec(act(), 1..80)) {
        let system = System::manual(plan(false, 0), Nanos::from_secs(1_000)).unwrap();
        let by = By::new("ann", Authority::Admin, "");
        let mut feeds = [system.feed("X").unwrap(), system.feed("Z").unwrap()];
        for act in acts {
            let id = |i: usize| system.breaker(NAMES[i]);
            // What is refused changes nothing.
            let _ = match act {
                Act::Trip(i) => id(i).and_then(|id| system.trip(id, by)),
                Act::Reset(i) => id(i).and_then(|id| system.force_reset(id, system.breaker_status(id)?.stamp, by)),
                Act::Mark(x, value) => feeds[usize::from(x)]
                    .equity(Money::from_f64(value).unwrap(), system.now())
                    .map_err(crate::Error::from),
                Act::Stop(true) => system.emergency_stop("X", EmergencySource::Manual, by),
                Act::Stop(false) => system.clear_emergency_stop("X", by),
                Act::Reload(shadow, less) => system.reload(&plan(shadow, less)).map(drop),
                Act::Declare(n) => system.declare(&[ScopePath::new(&format!("X/{n}")).unwrap()]).map(drop),
                Act::Kill => {
                    system.kill();
                    Ok(())
                }
                Act::Rearm => system.rearm(system.kill_word(), by),
                Act::Time => {
                    system.advance(system.now() + Duration::from_secs(7));
                    Ok(())
                }
                Act::Count => {
                    let _ = system.statistics();
                    Ok(())
                }
                Act::Look => {
                    let kept = system.status();
                    let gathered = gathered(system.circuit());
                    prop_assert_eq!(&SystemStatus { last_update: gathered.last_update, ..(*kept).clone() }, &gathered);
                    prop_assert!(Arc::ptr_eq(&kept, &system.status()), "nothing has changed since");
                    let counts = system.statistics();
                    let of = |entry: &Arc<Entry>| system.breaker_counts(entry.id).unwrap();
                    let each: Vec<_> = system.circuit().snapshot().in_service().map(of).collect();
                    prop_assert_eq!(counts.breakers, each.len() as u64);
                    for status in Status::ALL {
                        let sum: Duration = each.iter().map(|counts| counts.time_in(*status)).sum();
                        prop_assert_eq!(counts.counts.time_in(*status), sum, "{}", status);
                    }
                    Ok(())
                }
            };
        }
    }
}

#[test]
fn a_breaker_that_lasted_counts_what_it_did_and_how_long() {
    let system = System::manual(plan(false, 0), Nanos::from_secs(0)).unwrap();
    let by = By::new("ann", Authority::Admin, "");
    let id = system.breaker("a").unwrap();
    let after = |secs| system.advance(system.now() + Duration::from_secs(secs));
    for _ in 0..3 {
        after(10);
        system.trip(id, by).unwrap();
        after(5);
        system.force_reset(id, system.breaker_status(id).unwrap().stamp, by).unwrap();
    }
    after(1);
    let counts = system.breaker_counts(id).unwrap();
    let secs = |status| counts.time_in(status).as_secs();
    assert_eq!((counts.trips, counts.resets, secs(Status::Tripped), secs(Status::Active)), (3, 3, 15, 31));
    let all = system.statistics().counts;
    assert_eq!((all.trips, all.resets), (3, 3));
}
