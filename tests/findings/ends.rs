//! Everything that begins ends, and is accounted for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use haltline::*;

use crate::support::*;
use crate::{LONG, alone, leaves_nothing};

fn started() -> System {
    System::start(plan(vec![manual("desk", "X"), drawdown("dd", "acct/a", 0.1)])).unwrap()
}

#[test]
fn finding_2811_whatever_is_dropped_has_ended() {
    alone(|| {
        leaves_nothing(100, || {
            let system = started();
            let shared = Arc::new(());
            let held = shared.clone();
            let subscription = system.subscribe(Subscriber::new("calls"), move |_| drop(held.clone())).unwrap();
            let ears = system.receive(Subscriber::new("ears")).unwrap();
            let feed = system.feed("acct/a").unwrap();
            let gate = system.gate(&["X"]).unwrap();
            assert_eq!((system.subscribers().len(), Arc::strong_count(&shared)), (2, 2));
            drop((subscription, ears));
            assert_eq!((system.subscribers().len(), Arc::strong_count(&shared)), (0, 1));
            assert_eq!(system.feed("acct/a").unwrap_err().kind(), ErrorKind::Claimed);
            drop(feed);
            let mut feed = system.feed("acct/a").unwrap();
            assert!(gate.permits(Intent::Increase));
            let now = system.now();
            drop(system);
            // What outlives it denies and refuses, and goes with its owner.
            assert!(!gate.permits(Intent::Increase));
            assert_eq!(feed.equity(money(100.0), now).unwrap_err().kind(), ErrorKind::Closed);
        });
    });
}

#[test]
fn finding_2812_a_shutdown_says_what_has_ended_and_what_has_not() {
    let system = started();
    let (release, hangs) = channel::<()>();
    let (entered, is_in) = channel();
    let hang = move |_: &[Event]| {
        entered.send(()).unwrap_or_default();
        let _ = hangs.recv();
    };
    let wild = system.subscribe(Subscriber::new("wild"), |_| panic!("of a subscriber, on purpose")).unwrap();
    let (panics, hang) = (wild.number(), system.subscribe(Subscriber::new("hangs"), hang).unwrap());
    let stuck = format!("haltline-sub-{}", hang.number());
    wild.stay();
    hang.stay();
    system.trip(system.breaker("desk").unwrap(), desk()).unwrap();
    is_in.recv_timeout(LONG).unwrap();
    let report = system.shutdown(Duration::from_millis(50)).unwrap();
    // Slow ones may be among them on a busy machine; the one that hangs is, and nobody is forgotten.
    assert!(report.abandoned.contains(&stuck) && !report.joined.contains(&stuck), "{report:?}");
    let named: BTreeSet<_> = report.joined.iter().chain(&report.abandoned).cloned().collect();
    let all = ["haltline-monitor", "haltline-dispatch", &format!("haltline-sub-{panics}"), &stuck];
    assert_eq!(named, all.map(str::to_owned).into());
    assert_eq!(system.shutdown(LONG).unwrap(), report, "and says the same to whoever asks again");
    drop(release);
}

/// Pages of the address space that are in use.
fn mapped() -> usize {
    let sizes = std::fs::read_to_string("/proc/self/statm").unwrap();
    sizes.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn finding_2818_a_thousand_starts_and_shutdowns_leave_nothing() {
    alone(|| {
        let round = || {
            let system = started();
            let _log = system.subscribe(Subscriber::new("log"), |_| {}).unwrap();
            system.trip(system.breaker("desk").unwrap(), desk()).unwrap();
            let report = system.shutdown(LONG).unwrap();
            assert_eq!((report.joined.len(), report.abandoned), (3, vec![]));
        };
        leaves_nothing(1, round);
        // The heap and cached stacks come and go; a Board that stays would be a thousand.
        let before = mapped();
        let board = {
            let _system = system(vec![]);
            mapped() - before
        };
        leaves_nothing(1_000, round);
        assert!(board > 0 && mapped() < before + 100 * board, "{before}, {board}, {}", mapped());
    });
}

/// What each call says that could begin or change something.
fn every_door(system: &System) -> [(&'static str, Result<(), Error>); 22] {
    let (desk, dd) = (system.breaker("desk").unwrap(), system.breaker("dd").unwrap());
    let (seen, late) = (stamp(system, "desk"), || Subscriber::new("late"));
    [
        ("reload", system.reload(&Plan::default()).map(drop)),
        ("declare", system.declare(&[scope("Y")]).map(drop)),
        ("gate", system.gate(&["X"]).map(drop)),
        ("feed", system.feed("X").map(drop)),
        ("sense", system.sense(Sensor::new("late", scope("X")), |_, _| Ok(())).map(drop)),
        ("subscribe", system.subscribe(late(), |_| {}).map(drop)),
        ("receive", system.receive(late()).map(drop)),
        ("trip", system.trip(desk, admin())),
        ("reset", system.reset(desk, seen, admin())),
        ("force_reset", system.force_reset(desk, seen, admin())),
        ("maintain", system.maintain(desk, admin())),
        ("liquidate", system.liquidate(desk, admin())),
        ("liquidated", system.liquidated(desk, admin())),
        ("drill", system.drill(desk, admin())),
        ("rebase", system.rebase(dd, money(1.0), admin())),
        ("update_policy", system.update_policy(desk, Kind::Manual.default_policy(), admin())),
        ("update_rule", system.update_rule(desk, RuleSpec::Manual, admin())),
        ("emergency_stop", system.emergency_stop("X", EmergencySource::Manual, admin())),
        ("clear_emergency_stop", system.clear_emergency_stop("X", admin())),
        ("rearm", system.rearm(system.kill_word(), admin())),
        ("config_reloaded", system.config_reloaded(&Reloaded::default())),
        ("config_refused", system.config_refused(1)),
    ]
}

#[test]
fn finding_2819_a_shutdown_joins_every_thread_and_closes_every_door() {
    alone(|| {
        leaves_nothing(5, || {
            let system = started();
            (0..63).for_each(|_| system.subscribe(Subscriber::new("one"), |_| {}).unwrap().stay());
            let mut ears = system.receive(Subscriber::new("ears")).unwrap();
            let (gate, mut feed) = (system.gate(&["X"]).unwrap(), system.feed("acct/a").unwrap());
            let report = system.shutdown(LONG).unwrap();
            let mut joined: Vec<_> = (1..=63).map(|number| format!("haltline-sub-{number}")).collect();
            joined.splice(0..0, ["haltline-monitor", "haltline-dispatch"].map(str::to_owned));
            assert_eq!((report.joined, report.abandoned), (joined, vec![]));
            let is_closed = |refused: Result<(), Error>| refused.is_err_and(|error| error.kind() == ErrorKind::Closed);
            for (name, refused) in every_door(&system) {
                assert!(is_closed(refused), "{name}");
            }
            assert_eq!(feed.equity(money(1.0), system.now()).unwrap_err().kind(), ErrorKind::Closed);
            assert!(!gate.permits(Intent::Increase));
            while ears.receive(LONG).is_ok() {}
        });
    });
}
