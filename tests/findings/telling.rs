//! Who is told of what: bounded, apart from each other, with one time and no text.

use std::sync::Arc;
use std::sync::mpsc::{Receiver as Heard, channel};

use haltline::*;

use crate::counting::calls_of;
use crate::support::*;
use crate::{LONG, alone, leaves_nothing};

fn trip_and_reset(system: &System, name: &str) {
    let id = system.breaker(name).unwrap();
    system.trip(id, desk()).unwrap();
    system.reset(id, stamp(system, name), desk()).unwrap();
}

#[test]
fn finding_2800_subscribers_are_bounded_and_gone_when_dropped() {
    alone(|| {
        let system = System::start(plan(vec![manual("desk", "X")])).unwrap();
        let shared = Arc::new(());
        // The dispatcher has made room for what it was told at the start.
        let settled = || system.statistics().dispatch.events == system.statistics().events;
        while !settled() {
            std::thread::yield_now();
        }
        leaves_nothing(20, || {
            let one_more = || {
                let held = shared.clone();
                system.subscribe(Subscriber::new("one"), move |_| drop(held.clone()))
            };
            let all: Vec<_> = (0..64).map(|_| one_more().unwrap()).collect();
            assert_eq!(one_more().unwrap_err().kind(), ErrorKind::Full);
            assert_eq!(system.receive(Subscriber::new("one")).unwrap_err().kind(), ErrorKind::Full);
            drop(all);
            assert_eq!((system.subscribers().len(), Arc::strong_count(&shared)), (0, 1));
        });
    });
}

#[test]
fn finding_2804_ten_stuck_subscribers_delay_neither_a_trip_nor_the_one_that_listens() {
    let system = System::start(plan(vec![manual("desk", "X")])).unwrap();
    let gate = system.gate(&["X"]).unwrap();
    let (entered, is_in) = channel();
    let stuck = |_| {
        let (release, hangs) = channel::<()>();
        let entered = entered.clone();
        let hang = move |_: &[Event]| {
            entered.send(()).unwrap_or_default();
            let _ = hangs.recv();
        };
        (system.subscribe(Subscriber { capacity: 8, ..Subscriber::new("stuck") }, hang).unwrap(), release)
    };
    let (stuck, releases): (Vec<_>, Vec<_>) = (0..10).map(stuck).unzip();
    trip_and_reset(&system, "desk");
    stuck.iter().for_each(|_| is_in.recv_timeout(LONG).unwrap());
    // All ten hang in their calls from here to the end.
    let (sender, heard) = channel();
    let tell = move |batch: &[Event]| batch.iter().for_each(|event| sender.send(*event).unwrap_or_default());
    let _listens = system.subscribe(Subscriber::new("listens"), tell).unwrap();
    // Let go before anything else, also when something below fails.
    let _released_first = releases;
    for _ in 0..100 {
        let id = system.breaker("desk").unwrap();
        system.trip(id, desk()).unwrap();
        assert!(!gate.permits(Intent::Increase));
        assert_eq!(next(&heard), EventType::Tripped);
        system.reset(id, stamp(&system, "desk"), desk()).unwrap();
        assert_eq!(next(&heard), EventType::Reset);
    }
    let statuses = system.subscribers();
    assert!(statuses[..10].iter().all(|one| one.queued == 8 && one.dropped > 0 && one.delivered == 0), "{statuses:?}");
}

fn next(heard: &Heard<Event>) -> EventType {
    heard.recv_timeout(LONG).unwrap().event_type()
}

#[test]
fn finding_2805_a_trip_has_one_time_that_of_its_observation_wherever_one_looks() {
    let system = system(vec![drawdown("dd", "acct/a", 0.1)]);
    let (id, gate, mut feed) =
        (system.breaker("dd").unwrap(), system.gate(&["acct/a"]).unwrap(), system.feed("acct/a").unwrap());
    feed.equity(money(100.0), at(0)).unwrap();
    system.advance(at(7));
    // A little ahead of the System's clock, as a stamp of another machine may be.
    let then = at(7) + std::time::Duration::from_millis(500);
    feed.equity(money(90.0), then).unwrap();
    // Whoever looked at a clock again would find another time.
    system.advance(at(1_000));
    let mut told = Vec::new();
    system.drain(|event| told.push(*event));
    let trip = told.iter().find(|event| event.event_type() == EventType::Tripped).unwrap();
    let kept = system.history(&Past { breaker: Some(id), from: then, until: then, ..Past::default() });
    assert_eq!(kept, [*trip]);
    assert_eq!(trip.at(system.epoch()), then);
    assert_eq!(system.details(trip).at, then);
    assert_eq!(system.breaker_status(id).unwrap().since, then);
    assert_eq!(gate.explain(gate.check()).since, Some(then));
}

#[test]
fn finding_2806_events_are_read_kept_and_filtered_without_a_text_until_one_asks_for_details() {
    alone(|| {
        let system = system(vec![manual("desk", "XNAS/AAPL"), manual("other", "XNYS")]);
        let filter =
            Filter { scope: scope("XNAS"), types: vec![EventType::Tripped, EventType::Reset], ..Filter::default() };
        let mut ears = system.receive(Subscriber { filter, batch: 10_000, ..Subscriber::new("ears") }).unwrap();
        let mut last = None;
        let mut read = 0;
        let mut storm = || {
            for name in ["desk", "other"].into_iter().cycle().take(1_000) {
                trip_and_reset(&system, name);
            }
            let handing_on = calls_of(|| {
                system.drain(|event| {
                    let words = (event.before(), event.after(), event.at(system.epoch()), event.rung());
                    std::hint::black_box((words, event.event_type(), event.reason(), event.kind()));
                    (last, read) = (Some(*event), read + 1);
                });
            });
            let hearing = calls_of(|| assert!(ears.receive(LONG).unwrap().len() <= 1_024));
            (handing_on, hearing)
        };
        storm();
        // Two thousand events: the heap is asked for the order of the batch, and never for one of them.
        let (handing_on, hearing) = storm();
        assert!(handing_on + hearing < 50, "{handing_on} and {hearing}");
        assert!(read >= 4_000, "{read}");
        let event = last.unwrap();
        let asked = calls_of(|| {
            let said = system.details(&event);
            assert_eq!((said.breaker.as_deref(), said.scope.as_str()), (Some("other"), "XNYS"));
            assert_eq!(said.actor, desk().actor);
        });
        assert!(asked > 0, "texts are made here");
    });
}
