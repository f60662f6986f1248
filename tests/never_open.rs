//! The heart, with real threads: a gate is never open while a breaker that denies is tripped, whatever the others do.
#![allow(clippy::unwrap_used)]

mod support;
use std::sync::atomic::{AtomicBool, Ordering};

use haltline::*;
use support::*;

#[test]
fn never_open_while_tripped_whatever_the_neighbours_do() {
    let names: Vec<_> = (0..4).map(|i| format!("m{i}")).collect();
    let mut breakers: Vec<_> = names.iter().map(|name| manual(name, "X")).collect();
    breakers.push(manual("stands", "X"));
    let system = system(breakers);
    let gate = system.gate(&["X"]).unwrap();
    system.trip(system.breaker("stands").unwrap(), desk()).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        // Two threads trip and reset the same four breakers against each other.
        let flips: Vec<_> = (0..2)
            .map(|_| {
                threads.spawn(|| {
                    for round in 0..20_000 {
                        let name = &names[round % 4];
                        let id = system.breaker(name).unwrap();
                        let _ = system.trip(id, desk());
                        let _ = system.reset(id, stamp(&system, name), desk());
                    }
                })
            })
            .collect();
        threads.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                assert!(!gate.permits(Intent::Increase), "open while tripped");
            }
        });
        flips.into_iter().for_each(|t| t.join().unwrap());
        done.store(true, Ordering::Relaxed);
    });
    // Exact at rest: with the last one gone nothing is left over.
    for name in names.iter().map(String::as_str).chain(["stands"]) {
        let _ = system.reset(system.breaker(name).unwrap(), stamp(&system, name), desk());
    }
    assert_eq!(gate.check(), Verdict::CLEAR);
}

#[test]
fn reloads_and_observations_beside_each_other_leave_exact_counts() {
    let one = plan(vec![drawdown("dd", "X", 0.10), manual("a", "X"), manual("b", "X")]);
    let mut two = plan(vec![drawdown("dd", "X", 0.12), manual("b", "X"), manual("c", "X")]);
    two.breakers[0].policy.effect = Lanes::CLOSE;
    let system = System::manual(one.clone(), at(0)).unwrap();
    let gate = system.gate(&["X"]).unwrap();
    let mut feed = system.feed("X").unwrap();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for i in 0..50_000 {
                feed.equity(money(if i % 7 == 0 { 85.0 } else { 100.0 }), at(0)).unwrap();
            }
            drop(feed);
        });
        threads.spawn(|| {
            for _ in 0..2_000 {
                for name in ["dd", "b"] {
                    let id = system.breaker(name).unwrap();
                    let _ = system.trip(id, desk());
                    let _ = system.force_reset(id, stamp(&system, name), admin());
                }
            }
        });
        for i in 0..500 {
            system.reload(if i % 2 == 0 { &two } else { &one }).unwrap();
        }
    });
    system.reload(&Plan { scopes: vec![scope("X")], ..Plan::default() }).unwrap();
    assert_eq!(gate.check(), Verdict::CLEAR);
}
