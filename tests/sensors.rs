//! Sensors: asked at their interval, isolated from each other, told of when they are late.
#![allow(clippy::unwrap_used)]

mod support;
use std::sync::mpsc::channel;
use std::time::Duration;

use haltline::*;
use support::*;

/// Longer than anything here takes; nothing waits so long unless it is broken.
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(1);

fn sensor(name: &str, path: &str) -> Sensor {
    Sensor { interval: SHORT, ..Sensor::new(name, scope(path)) }
}

/// One event at a time, so that none that comes beside another is passed over.
fn ears(system: &System) -> Receiver {
    system.receive(Subscriber { batch: 1, ..Subscriber::new("ears") }).unwrap()
}

/// The next event of a type.
fn next(ears: &mut Receiver, what: EventType) -> Event {
    loop {
        let found = ears.receive(LONG).unwrap().iter().find(|event| event.event_type() == what).copied();
        if let Some(event) = found {
            return event;
        }
    }
}

#[test]
fn what_a_sensor_finds_drives_a_breaker() {
    let system = System::start(plan(vec![drawdown("dd", "acct/a", 0.1)])).unwrap();
    let mut ears = ears(&system);
    let mut equity = 101.0;
    let _books = system
        .sense(sensor("books", "acct/a"), move |feed, now| {
            equity -= 1.0;
            feed.equity(money(equity), now)
        })
        .unwrap();
    assert_eq!(next(&mut ears, EventType::Tripped).limit, 0.1);
    assert!(!system.gate(&["acct/a"]).unwrap().permits(Intent::Increase));
}

#[test]
fn one_that_hangs_is_told_of_and_delays_no_other() {
    let mut stale = drawdown("dd", "acct/a", 0.1);
    stale.policy.on_stale = OnStale::Trip;
    stale.policy.stale_after = Duration::from_millis(20);
    let system = System::start(plan(vec![stale, drawdown("other", "acct/b", 0.1)])).unwrap();
    let mut ears = ears(&system);
    let (release, held) = channel::<()>();
    let (hangs, is_hanging) = channel();
    let mut calls = 0;
    let hang = Sensor { deadline: SHORT, ..sensor("hang", "acct/a") };
    let hanging = system
        .sense(hang, move |feed, now| {
            calls += 1;
            if calls > 1 {
                hangs.send(()).unwrap_or_default();
                let _ = held.recv();
            }
            feed.equity(money(100.0), now)
        })
        .unwrap();
    let late = next(&mut ears, EventType::SensorLate);
    assert_eq!((late.value, late.reason()), (1.0, Reason::Overrun));
    // What its silence means, its breaker's policy says.
    while status(&system, "dd").status != Status::Tripped {
        ears.receive(LONG).unwrap();
    }
    assert_eq!(status(&system, "dd").reason, Reason::Stale);
    is_hanging.recv_timeout(LONG).unwrap();
    assert!(system.sensors()[0].running_since.is_some());
    // And another one is asked meanwhile, again and again.
    let (asked, calls) = channel();
    let _other = system
        .sense(sensor("other", "acct/b"), move |feed, now| {
            asked.send(()).unwrap_or_default();
            feed.equity(money(100.0), now)
        })
        .unwrap();
    (0..5).for_each(|_| calls.recv_timeout(LONG).unwrap());
    drop(release);
    drop(hanging);
}

#[test]
fn the_first_failure_of_a_run_is_told_and_all_are_counted() {
    let system = System::start(plan(vec![drawdown("dd", "acct/a", 0.1)])).unwrap();
    let mut ears = ears(&system);
    let (asked, calls) = channel();
    let mut count = 0;
    let wild = system
        .sense(sensor("wild", "acct/a"), move |feed, now| {
            count += 1;
            asked.send(count).unwrap_or_default();
            match count {
                1 | 2 => feed.equity(money(100.0), now - LONG * count + LONG),
                3 => feed.equity(money(100.0), now),
                4 => panic!("of a sensor, on purpose"),
                _ => feed.heartbeat(now),
            }
        })
        .unwrap();
    // The second runs backwards, the fourth panics; what is told of the second is the first of its run.
    assert_eq!(next(&mut ears, EventType::SensorFailed).reason(), Reason::BadInput);
    assert_eq!(next(&mut ears, EventType::SensorFailed).reason(), Reason::Panicked);
    while calls.recv_timeout(LONG).unwrap() < 6 {}
    let status = &system.sensors()[0];
    assert!(status.calls >= 5 && status.failures == 2, "{status:?}");
    drop(wild);
    assert!(system.feed("acct/a").is_ok(), "its feed is free again");
    assert!(system.sensors().is_empty());
}

#[test]
fn what_cannot_be_is_refused() {
    let system = System::start(plan(vec![manual("desk", "X")])).unwrap();
    let ask = |_: &mut Feed, _: Nanos| Ok(());
    let refused = |sensor| system.sense(sensor, ask).unwrap_err().kind();
    assert_eq!(refused(sensor("s", "Y")), ErrorKind::Unknown);
    assert_eq!(refused(Sensor { interval: Duration::ZERO, ..sensor("s", "X") }), ErrorKind::BadInput);
    assert_eq!(refused(Sensor { deadline: Duration::ZERO, ..sensor("s", "X") }), ErrorKind::BadInput);
    let _one = system.sense(sensor("s", "X"), ask).unwrap();
    assert_eq!(refused(sensor("s", "X")), ErrorKind::Claimed);
    let manual = support::system(vec![]);
    assert_eq!(manual.sense(sensor("s", ""), ask).unwrap_err().kind(), ErrorKind::NotAllowed);
    system.shutdown(LONG).unwrap();
    assert_eq!(refused(sensor("s", "")), ErrorKind::Closed);
}

#[test]
fn a_shutdown_ends_them_and_names_the_one_that_hangs() {
    let system = System::start(plan(vec![manual("desk", "X")])).unwrap();
    let (release, held) = channel::<()>();
    let (entered, is_in) = channel();
    let hang = move |_: &mut Feed, _: Nanos| {
        entered.send(()).unwrap_or_default();
        let _ = held.recv();
        Ok(())
    };
    system.sense(sensor("hang", "X"), hang).unwrap().stay();
    system.sense(sensor("beat", ""), |feed, now| feed.heartbeat(now)).unwrap().stay();
    is_in.recv_timeout(LONG).unwrap();
    // So long that the others end on a busy machine, too.
    let report = system.shutdown(Duration::from_secs(2)).unwrap();
    assert_eq!(report.abandoned, ["haltline-sensor-1"]);
    assert!(report.joined.contains(&"haltline-sensor-2".to_owned()));
    drop(release);
}
