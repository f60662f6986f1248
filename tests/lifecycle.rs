//! Starting, stopping, forking: what outlives a System denies.
#![allow(clippy::unwrap_used)]

mod support;
use std::sync::mpsc;
use std::time::Duration;

use haltline::*;
use support::*;

#[test]
fn gates_and_feeds_that_outlive_their_system_deny_and_refuse() {
    let system = system(vec![drawdown("dd", "acct/a", 0.08)]);
    let gate = system.gate(&["acct/a"]).unwrap();
    let mut feed = system.feed("acct/a").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    assert!(gate.permits(Intent::Increase));
    drop(system);
    let verdict = gate.check();
    assert!(!verdict.permits(Intent::Increase) && verdict.permits(Intent::Cancel));
    assert_eq!(gate.explain(verdict).reason, Reason::ShutDown);
    assert_eq!(feed.equity(money(100.0), at(0)).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn shutdown_is_idempotent_and_final() {
    let system = system(vec![manual("desk", "XNAS")]);
    let gate = system.gate(&["XNAS"]).unwrap();
    let report = system.shutdown(Duration::ZERO).unwrap();
    assert_eq!(system.shutdown(Duration::ZERO).unwrap(), report);
    assert_eq!(system.rearm(system.kill_word(), admin()).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(system.gate(&["XNAS"]).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(system.reload(&Plan::default()).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(system.trip(system.breaker("desk").unwrap(), desk()).unwrap_err().kind(), ErrorKind::Closed);
    assert!(!gate.permits(Intent::Increase));
}

#[test]
fn threads_tell_of_a_trip_end_what_ends_by_time_and_are_joined() {
    let mut timed = spec(
        "m",
        "acct/a",
        RuleSpec::Drawdown(Drawdown { speed: false, underwater_for: None, ..Drawdown::with_limit(ratio(0.1)) }),
        Policy::default(),
    );
    timed.policy.halt = Halt::Timed { base: Duration::from_millis(5), backoff: 1.0, max: Duration::from_secs(1) };
    timed.policy.release = Release::Timed;
    let (sender, receiver) = mpsc::channel();
    let system = System::start(plan(vec![timed])).unwrap();
    let tell = move |batch: &[Event]| batch.iter().for_each(|event| sender.send(event.event_type()).unwrap());
    system.subscribe(Subscriber::new("tell"), tell).unwrap().stay();
    let mut feed = system.feed("acct/a").unwrap();
    let now = || system.now();
    feed.equity(money(100.0), now()).unwrap();
    feed.equity(money(89.0), now()).unwrap();
    feed.equity(money(100.0), now()).unwrap();
    // The monitor ends it; nobody sleeps here, the channel waits.
    let mut seen = Vec::new();
    while seen.last() != Some(&EventType::Reset) {
        seen.push(receiver.recv().unwrap());
    }
    assert!(seen.contains(&EventType::Tripped), "{seen:?}");
    drop(system);
    let rest: Vec<_> = receiver.iter().collect();
    assert_eq!(rest.last(), Some(&EventType::Shutdown));
}

#[test]
fn a_kill_reaches_a_sleeping_subscriber() {
    let (sender, receiver) = mpsc::channel();
    let system = System::start(Plan::default()).unwrap();
    let tell = move |batch: &[Event]| batch.iter().for_each(|e| sender.send((e.event_type(), e.reason())).unwrap());
    let _tell = system.subscribe(Subscriber::new("tell"), tell).unwrap();
    system.kill();
    assert_eq!(receiver.recv().unwrap(), (EventType::Killed, Reason::Killed));
}

#[test]
fn a_thousand_systems_one_after_the_other_leave_nothing() {
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let maps = || std::fs::read_to_string("/proc/self/maps").unwrap().lines().count();
    let once = || drop(System::start(plan(vec![manual("desk", "XNAS")])).unwrap());
    once();
    let (threads_before, maps_before) = (threads(), maps());
    (0..1_000).for_each(|_| once());
    // Other tests of this file may run beside; a leak would be a thousand.
    assert!(threads() < threads_before + 50);
    assert!(maps() < maps_before + 200);
}

#[test]
fn a_forked_child_denies_everything() {
    let system = system(vec![manual("desk", "XNAS")]);
    let gate = system.gate(&["XNAS"]).unwrap();
    assert!(gate.permits(Intent::Increase));
    // SAFETY: the child only checks the gate and leaves; it takes no lock and allocates nothing.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let denied = Intent::ALL.iter().all(|intent| !gate.permits(*intent));
        // SAFETY: ends the child without running anything else of the test.
        unsafe { libc::_exit(if denied { 0 } else { 1 }) };
    }
    let mut status = 0;
    // SAFETY: waits for the child just made.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0, "the child was allowed to trade");
    assert!(gate.permits(Intent::Increase), "the parent goes on");
}

#[test]
fn the_sixty_fifth_system_of_a_process_is_refused() {
    // In a process of its own: the other tests of this file make Systems, too.
    if std::env::var_os("HALTLINE_SYSTEMS").is_none() {
        let me = std::env::current_exe().unwrap();
        let name = "the_sixty_fifth_system_of_a_process_is_refused";
        let run = std::process::Command::new(me).args(["--exact", name]).env("HALTLINE_SYSTEMS", "1").status().unwrap();
        assert!(run.success());
        return;
    }
    let systems: Vec<_> = (0..64).map(|_| system(vec![])).collect();
    let error = System::manual(Plan::default(), at(0)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full);
    kill_all();
    assert!(systems.iter().all(|system| system.killed() == Some(Reason::Killed)));
    drop(systems);
    assert!(System::manual(Plan::default(), at(0)).is_ok());
}

#[test]
fn draining_inside_a_drain_does_nothing() {
    let system = system(vec![manual("desk", "XNAS")]);
    let inner = std::cell::Cell::new(0);
    assert!(system.drain(|_| inner.set(inner.get() + system.drain(|_| {}))) > 0);
    assert_eq!(inner.get(), 0);
}

#[test]
fn a_shutdown_inside_a_drain_ends_and_what_was_not_drained_can_be_drained_after_it() {
    let inside = system(vec![manual("desk", "XNAS")]);
    inside.drain(|_| {
        inside.shutdown(Duration::ZERO).unwrap();
    });
    assert_eq!(event_types(&inside), [EventType::Shutdown]);
    let after = system(vec![manual("desk", "XNAS")]);
    events(&after);
    after.trip(after.breaker("desk").unwrap(), desk()).unwrap();
    after.shutdown(Duration::ZERO).unwrap();
    assert_eq!(event_types(&after), [EventType::Tripped, EventType::Shutdown]);
    assert_eq!(event_types(&after), []);
}

#[test]
fn on_the_wall_clock_a_lagging_stamp_does_not_shorten_a_halt() {
    let mut spec = drawdown("dd", "X", 0.1);
    spec.policy.release = Release::Timed;
    let system = System::start(plan(vec![spec])).unwrap();
    let mut feed = system.feed("X").unwrap();
    let start = system.now();
    let lagging = start - Duration::from_secs(3_600);
    feed.equity(money(100.0), lagging).unwrap();
    feed.equity(money(90.0), lagging).unwrap();
    let tripped = status(&system, "dd");
    assert_eq!(tripped.status, Status::Tripped);
    assert!(tripped.since >= start);
}
