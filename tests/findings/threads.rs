//! Nobody waits for anybody: not for the control plane, not for a neighbour.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use haltline::*;

use crate::counting::at_each_call;
use crate::support::*;
use crate::{LONG, alone};

/// So many breakers, one of them a drawdown; a reload changes the policy of them all.
fn many(count: usize, severity: f64) -> Plan {
    let of = |mut spec: BreakerSpec| {
        spec.policy.severity = severity;
        spec
    };
    let manuals = (1..count).map(|i| manual(&format!("m{i}"), &format!("X/I{}", i % 100)));
    plan(manuals.chain([drawdown("dd", "acct/a", 0.5)]).map(of).collect())
}

#[test]
fn finding_2807_checks_and_observations_go_on_while_ten_thousand_breakers_are_reloaded() {
    alone(|| {
        let (system, other) = (System::manual(many(10_000, 1.0), at(0)).unwrap(), many(10_000, 0.5));
        let (gate, mut feed) = (system.gate(&["X/I1"]).unwrap(), system.feed("acct/a").unwrap());
        let reload = || assert_eq!(system.reload(&other).unwrap().changed, 10_000);
        let stops = at_each_call(reload, || {
            assert!(gate.permits(Intent::Increase));
            feed.equity(money(100.0), at(0)).unwrap();
        });
        assert!(stops > 10_000, "{stops}");
    });
}

/// What everybody sees of a breaker that stands tripped, and of one that somebody trips and resets meanwhile.
fn look(system: &System, stands: BreakerId, flips: BreakerId) {
    assert_eq!(system.breaker_status(stands).unwrap().status, Status::Tripped);
    let seen = system.breaker_status(flips).unwrap();
    let word = State::unpack(seen.stamp);
    assert_eq!((seen.status, seen.denies, seen.step), (word.status, word.denies, word.step));
    assert_eq!(seen.status == Status::Tripped, seen.denies.denies(Intent::Increase), "{seen:?}");
}

#[test]
fn finding_2808_whoever_reads_beside_a_reload_sees_a_tripped_breaker_tripped_and_no_half_state() {
    alone(|| {
        let (system, other) = (System::manual(many(10_000, 1.0), at(0)).unwrap(), many(10_000, 0.5));
        let gate = system.gate(&["X/I1"]).unwrap();
        let (stands, flips) = (system.breaker("m1").unwrap(), system.breaker("m2").unwrap());
        system.trip(stands, desk()).unwrap();
        let reload = || assert_eq!(system.reload(&other).unwrap().changed, 10_000);
        at_each_call(reload, || {
            assert!(!gate.permits(Intent::Increase), "open while tripped");
            look(&system, stands, flips);
        });
        // Between two calls of the heap: as often as one gets to it, beside reloads of little that follow each other.
        read_beside_many_reloads();
    });
}

fn read_beside_many_reloads() {
    let plans = [many(3, 0.5), many(3, 0.6)];
    let system = System::manual(plans[1].clone(), at(0)).unwrap();
    let gate = system.gate(&["X/I1"]).unwrap();
    let (stands, flips) = (system.breaker("m1").unwrap(), system.breaker("m2").unwrap());
    system.trip(stands, desk()).unwrap();
    let done = AtomicBool::new(false);
    let is_done = || done.load(Ordering::Acquire);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !is_done() {
                (0..100).for_each(|_| assert!(!gate.permits(Intent::Increase), "open while tripped"));
                look(&system, stands, flips);
            }
        });
        threads.spawn(|| {
            while !is_done() {
                system.trip(flips, desk()).unwrap();
                // A reload gives it another word, so the reset may be refused: then it goes on with what stands.
                let _ = system.reset(flips, stamp(&system, "m2"), desk());
            }
        });
        (0..20_000).for_each(|n| assert_eq!(system.reload(&plans[n % 2]).unwrap().changed, 3));
        done.store(true, Ordering::Release);
    });
}

#[test]
fn finding_2810_no_thread_sleeps_for_a_time_but_until_something_is_due() {
    // That nobody wakes up while nothing happens is counted by tests/idle.rs, which has to wait for that. Here: two places
    // sleep for a time at all: the monitor's, which is told until when, and that of who asks with patience of his own.
    let mut places = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let own = text.split("\nmod tests {").next().unwrap();
            let code = own.lines().filter(|line| !line.trim_start().starts_with("//"));
            let sleeps = ["thread::sleep(", "park_timeout(", "wait_timeout", "recv_timeout("];
            let count = code.filter(|line| sleeps.iter().any(|call| line.contains(call))).count();
            places.extend((count > 0).then(|| (path.file_name().unwrap().to_owned(), count)));
        }
    }
    places.sort();
    assert_eq!(places, [("doorbell.rs".into(), 1), ("queue.rs".into(), 1)]);
    // Who sleeps at a doorbell: one without an end, one until something is due, if anything is.
    let code = ["src/circuit.rs", "src/runtime/threads.rs"]
        .map(|file| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap())
        .concat();
    let of = |what: &str| -> Vec<_> { code.lines().map(str::trim).filter(|line| line.contains(what)).collect() };
    let (due, sleeps) = (
        "let longest = (due != Nanos::NEVER).then(|| due - self.now());",
        "self.monitor_bell.sleep(longest, has_work);",
    );
    assert_eq!(of("longest"), [due, sleeps]);
    assert_eq!(of(".sleep("), [sleeps, "circuit.dispatch_bell.sleep(None, has_work);"]);
    assert_eq!(of(".sleep_until(").len(), 1, "the monitor's");
    let waits = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/idle.rs")).unwrap();
    assert!(waits.contains("fn a_system_with_breakers_and_subscribers_does_not_wake_up_while_nothing_happens()"));
}

#[test]
fn finding_2821_a_thread_that_stands_still_delays_no_other_and_is_missed_at_its_own_time() {
    let silent_after = |mut spec: BreakerSpec, secs| {
        spec.policy.on_stale = OnStale::Trip;
        spec.policy.stale_after = Duration::from_secs(secs);
        spec
    };
    let system = system(vec![
        silent_after(drawdown("stuck", "acct/a", 0.1), 5),
        silent_after(drawdown("lives", "acct/b", 0.1), 10),
    ]);
    let (mut one, mut other) = (system.feed("acct/a").unwrap(), system.feed("acct/b").unwrap());
    let (gate_a, gate_b) = (system.gate(&["acct/a"]).unwrap(), system.gate(&["acct/b"]).unwrap());
    let (entered, is_in) = channel();
    let (release, stands) = channel::<()>();
    std::thread::scope(|threads| {
        threads.spawn(move || {
            one.equity(money(100.0), at(0)).unwrap();
            entered.send(()).unwrap();
            // It holds its feed and stands still until everything below is over.
            let _ = stands.recv();
        });
        is_in.recv_timeout(LONG).unwrap();
        let lives = threads.spawn(|| {
            for second in 0..5 {
                system.advance(at(second));
                other.equity(money(100.0), at(second)).unwrap();
                assert!(gate_a.permits(Intent::Increase) && gate_b.permits(Intent::Increase), "{second}");
            }
            // Its time is up, and the other's is not.
            system.advance(at(5));
            assert!(!gate_a.permits(Intent::Increase) && gate_b.permits(Intent::Increase));
            assert_eq!(status(&system, "stuck").reason, Reason::Stale);
            other.equity(money(90.0), at(5)).unwrap();
            assert!(!gate_b.permits(Intent::Increase));
        });
        lives.join().unwrap();
        drop(release);
    });
}
