//! What is asked often is kept, not gathered; what is checked is checked once.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use haltline::*;

use crate::alone;
use crate::counting::{bytes_of, calls_of};
use crate::support::*;

fn trip(system: &System, name: &str) {
    system.trip(system.breaker(name).unwrap(), desk()).unwrap();
}

fn switches(count: usize) -> Vec<BreakerSpec> {
    (0..count).map(|i| manual(&format!("m{i}"), &format!("X/I{i}"))).collect()
}

#[test]
fn finding_2809_one_call_evaluates_all_fifteen_kinds_and_waits_for_none() {
    alone(|| {
        let mut specs = polled_kinds("a");
        // Else some kinds ask for a second bad number.
        specs.iter_mut().for_each(|spec| spec.policy.confirm = 1);
        let system = system(specs);
        let of = |loss: f64, vix: f64, equity: f64| {
            let metrics = Metrics {
                portfolio_value: Some(money(equity)),
                peak: Some(money(100.0)),
                loss_rate: Some(loss),
                position_count: Some(if loss > 0.0 { 1_000 } else { 1 }),
                anomaly_score: Some(vix / 4.0),
                ..Metrics::default()
            };
            (metrics, MarketConditions { vix_level: Some(vix), ..MarketConditions::default() })
        };
        let (calm, market) = of(0.0, 1.0, 100.0);
        let first = system.evaluate(&calm, &market);
        assert_eq!((first.tripped.len(), first.active.len()), (0, KINDS.len()));
        // Nothing is fetched, scheduled or awaited: the heap is asked for the answer, and for no breaker.
        assert!(calls_of(|| drop(system.evaluate(&calm, &market))) < 5);
        // The answer of the very call in which the limits are reached says so, and the gates do.
        let (wild, market) = of(1.0, 1_000.0, 1.0);
        let last = system.evaluate(&wild, &market);
        assert_eq!(last.tripped.len(), KINDS.iter().filter(|row| row.has_readings).count());
        assert!(!system.gate(&["a"]).unwrap().permits(Intent::Increase));
    });
}

#[test]
fn finding_2815_the_message_is_made_once_a_change_and_says_the_same_in_whatever_order_it_came() {
    let said = |order: &[usize]| {
        let system = system(switches(100));
        order.iter().for_each(|i| trip(&system, &format!("m{i}")));
        let status = system.status();
        assert!(Arc::ptr_eq(&status, &system.status()), "the same until something changes");
        trip(&system, "m99");
        assert!(!Arc::ptr_eq(&status, &system.status()) && system.status().tripped.len() == order.len() + 1);
        (status.message.clone(), status.tripped.clone())
    };
    let forth: Vec<_> = (0..90).collect();
    let back: Vec<_> = forth.iter().rev().copied().collect();
    let mixed: Vec<_> = forth.iter().map(|i| i * 37 % 90).collect();
    assert_eq!(said(&forth), said(&back));
    assert_eq!(said(&forth), said(&mixed));
    assert_eq!(said(&mixed).0, "trading elsewhere, but denied by m0 (manual on X/I0): manual, and 89 more");
}

#[test]
fn finding_2816_who_asks_often_has_a_number_or_a_gate_and_names_are_looked_up_once() {
    alone(|| {
        let system = system(switches(10_000));
        let gates: Vec<_> = (0..10_000).map(|i| system.gate(&[&format!("X/I{i}")]).unwrap()).collect();
        let ids: Vec<_> = (0..10_000).map(|i| system.breaker(&format!("m{i}")).unwrap()).collect();
        // A number finds its breaker and no other, and nothing is made to find it.
        system.trip(ids[7_777], desk()).unwrap();
        let mut denied = Vec::with_capacity(8);
        let asked = calls_of(|| denied.extend((0..10_000).filter(|i| !gates[*i].permits(Intent::Increase))));
        assert_eq!((denied.as_slice(), asked), (&[7_777][..], 0));
        assert_eq!(calls_of(|| ids.iter().for_each(|id| assert!(system.breaker_counts(*id).is_ok()))), 0);
        // A number of one that is gone is refused, although another one of that name is there.
        system.reload(&plan(switches(7_777))).unwrap();
        system.reload(&plan(switches(10_000))).unwrap();
        assert_eq!(system.trip(ids[7_777], desk()).unwrap_err().kind(), ErrorKind::Stale);
        assert_ne!(system.breaker("m7777").unwrap(), ids[7_777]);
    });
    // What an order asks has the addresses, and nothing else at hand.
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gate.rs")).unwrap();
    for name in ["check", "check_with", "permits", "admits_price"] {
        let body = text.split_once(&format!("pub fn {name}(&self")).unwrap().1.split("\n    }\n").next().unwrap();
        assert!(["kept", "snapshot", "circuit"].iter().all(|other| !body.contains(other)), "{name}: {body}");
    }
}

#[test]
fn finding_2817_the_highest_score_is_kept_and_one_change_costs_the_same_among_ten_and_ten_thousand() {
    alone(|| {
        let asked_after_a_change = |count| {
            let system = system(switches(count));
            system.status();
            trip(&system, "m3");
            system.status();
            trip(&system, "m5");
            let (mut bytes, mut status) = (0, None);
            let calls = calls_of(|| bytes = bytes_of(|| status = Some(system.status())));
            let status = status.unwrap();
            assert_eq!(status.overall_risk_score, 100.0);
            // A copy of the lists, and no list of scores.
            let lists = size_of_val(&*status.active) + size_of_val(&*status.tripped);
            (calls, bytes - lists as u64)
        };
        assert_eq!(asked_after_a_change(10), asked_after_a_change(10_000));
        // And it is the maximum, whatever rises and falls.
        let weighted = (0..20).map(|i| {
            let mut spec = manual(&format!("m{i}"), "X");
            spec.policy.severity = f64::from(i + 1) / 20.0;
            spec
        });
        let system = system(weighted.collect());
        for n in 0..400 {
            let (name, id) = (format!("m{}", n * 7 % 20), system.breaker(&format!("m{}", n * 7 % 20)).unwrap());
            let _ =
                if n * n % 11 < 5 { system.trip(id, desk()) } else { system.reset(id, stamp(&system, &name), desk()) };
            let highest = system.breakers().iter().map(|breaker| breaker.risk_score).fold(0.0, f64::max);
            assert_eq!(system.status().overall_risk_score, highest, "{n}");
        }
    });
}

#[test]
fn finding_2820_a_policy_is_checked_once_at_the_edge_and_never_on_an_observation() {
    alone(|| {
        let bad = Policy { confirm: 0, ..drawdown("dd", "acct/a", 0.1).policy };
        let refused = System::manual(plan(vec![drawdown("dd", "acct/a", 0.1).with_policy(bad.clone())]), at(0));
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::BadPlan);
        let system = system(vec![drawdown("dd", "acct/a", 0.1)]);
        let (id, mut feed) = (system.breaker("dd").unwrap(), system.feed("acct/a").unwrap());
        feed.equity(money(100.0), at(0)).unwrap();
        let stood = stamp(&system, "dd");
        assert_eq!(system.update_policy(id, bad, desk()).unwrap_err().kind(), ErrorKind::BadPlan);
        let rule = RuleSpec::Drawdown(Drawdown::with_limit(Ratio::ZERO));
        assert_eq!(system.update_rule(id, rule, desk()).unwrap_err().kind(), ErrorKind::BadPlan);
        assert_eq!(stamp(&system, "dd"), stood, "nothing has changed");
        let heard = calls_of(|| (0..10_000).for_each(|n| feed.equity(Money::from_raw(900_000 + n), at(0)).unwrap()));
        assert_eq!(heard, 0);
    });
    // Who can ask for the check at all: the facade when it is made, and the registry when it loads.
    let source = |file: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file)).unwrap();
    for file in ["feed.rs", "listener.rs", "circuit.rs", "gate.rs", "feed/shared.rs", "listener/short_way.rs"] {
        let asks = ["plan_check", "rule.check("].iter().any(|check| source(file).contains(check));
        assert!(!asks, "{file}");
    }
    assert!(source("registry.rs").contains("plan_check::check(plan)?"));
}

#[test]
fn finding_2822_statistics_are_kept_and_asking_allocates_nothing() {
    alone(|| {
        let system = system(switches(10_000));
        let fifty = || (0..50).for_each(|n| trip(&system, &format!("m{n}")));
        fifty();
        system.statistics();
        (0..50).for_each(|n| {
            let name = format!("m{n}");
            system.reset(system.breaker(&name).unwrap(), stamp(&system, &name), desk()).unwrap();
        });
        fifty();
        let id = system.breaker("m0").unwrap();
        let asked = calls_of(|| {
            let (all, one) = (system.statistics(), system.breaker_counts(id).unwrap());
            assert_eq!((all.counts.trips, one.trips, all.breakers), (100, 2, 20_002));
        });
        assert_eq!(asked, 0);
        // Kept, not gathered: the trips of breakers that are no more are in the sum.
        system.reload(&plan(switches(10))).unwrap();
        assert_eq!(system.statistics().counts.trips, 100);
    });
}

#[test]
fn finding_2824_the_plan_is_held_in_the_snapshot_and_what_has_not_changed_is_not_made_again() {
    alone(|| {
        let before = plan(switches(1_000));
        let system = System::manual(before.clone(), at(0)).unwrap();
        let id = system.breaker("m7").unwrap();
        let (name, word, status) = (system.breaker_name(id).unwrap(), stamp(&system, "m7"), system.status());
        let asked = calls_of(|| {
            for _ in 0..1_000 {
                assert!(Arc::ptr_eq(&system.breaker_name(id).unwrap(), &name));
                assert!(Arc::ptr_eq(&system.status(), &status));
            }
        });
        assert_eq!(asked, 0);
        // The same plan again is no change, and one that changes one breaker leaves the others as they are.
        assert_eq!(system.reload(&before).unwrap(), Reloaded::default());
        let mut after = before;
        after.breakers[3].policy.severity = 0.5;
        assert_eq!(system.reload(&after).unwrap(), Reloaded { changed: 1, ..Reloaded::default() });
        assert_eq!(stamp(&system, "m7"), word);
        assert!(Arc::ptr_eq(&system.breaker_name(id).unwrap(), &name));
    });
}
