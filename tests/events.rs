//! Events: one a transition, in order, and never lost in silence.
#![allow(clippy::unwrap_used)]

mod support;
use haltline::*;
use support::*;

#[test]
fn a_transition_tells_all_there_is_to_know_of_it() {
    let system = system(vec![drawdown("dd", "acct/a", 0.08)]);
    events(&system);
    let mut feed = system.feed("acct/a").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    feed.equity(money(92.0), at(1)).unwrap();
    let all = events(&system);
    assert_eq!(all.iter().map(Event::event_type).collect::<Vec<_>>(), [EventType::Ready, EventType::Tripped]);
    let trip = all[1];
    assert_eq!(system.breaker_name(trip.breaker).as_deref(), Some("dd"));
    assert_eq!(system.scope_path(trip.scope), Some(scope("acct/a")));
    assert_eq!((trip.kind(), trip.reason()), (Some(Kind::Drawdown), Reason::Limit));
    assert_eq!((trip.before().status, trip.after().status), (Status::Active, Status::Tripped));
    assert_eq!((trip.at(system.epoch()), trip.until), (at(1), Nanos::NEVER));
    assert_eq!((trip.limit, system.actor(trip.actor).as_str()), (0.08, "auto"));
    system.force_reset(trip.breaker, stamp(&system, "dd"), admin()).unwrap();
    let reset = events(&system)[0];
    assert_eq!((reset.event_type(), system.actor(reset.actor).as_str()), (EventType::Reset, "root"));
}

#[test]
fn a_drill_is_told_like_a_trip_and_leaves_the_word_and_the_gates_alone() {
    let system = system(vec![drawdown("dd", "acct/a", 0.08)]);
    let (gate, mut feed) = (system.gate(&["acct/a"]).unwrap(), system.feed("acct/a").unwrap());
    feed.equity(money(100.0), at(0)).unwrap();
    events(&system);
    let (id, before) = (system.breaker("dd").unwrap(), status(&system, "dd"));
    system.drill(id, desk()).unwrap();
    assert_eq!((status(&system, "dd"), gate.check().denies_any()), (before, false));
    let [drill] = events(&system)[..] else { panic!("one event") };
    assert_eq!((drill.event_type(), drill.breaker), (EventType::Drill, id));
    assert_eq!(system.scope_path(drill.scope), Some(scope("acct/a")));
    assert_eq!(system.actor(drill.actor), desk().actor);
    // A real trip after it is as real as ever.
    feed.equity(money(92.0), at(0)).unwrap();
    assert_eq!(event_types(&system), [EventType::Tripped]);
    system.drill(id, desk()).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Tripped, "nor does a drill lift a halt");
    assert!(!EventType::Drill.has_words() && EventType::Drill.is_urgent());
}

#[test]
fn a_warning_says_when_the_value_would_breach_if_it_went_on() {
    let system = system(vec![drawdown("dd", "acct/a", 0.1)]);
    let mut feed = system.feed("acct/a").unwrap();
    let mut mark = |secs, value: f64| {
        system.advance(at(secs));
        feed.equity(money(value), at(secs)).unwrap();
        events(&system).into_iter().find(|event| event.event_type() == EventType::Warning)
    };
    mark(0, 100.0);
    // 2 % after ten seconds, 8 % after twenty: the last 2 % would take a third of ten.
    assert!(mark(10, 98.0).is_none());
    let warning = mark(20, 92.0).unwrap();
    let expected = system.details(&warning).breach_expected.unwrap();
    assert!(((expected - at(20)).as_secs_f64() - 10.0 / 3.0).abs() < 1e-6, "{expected:?}");
    assert_eq!(status(&system, "dd").until, None, "the warning itself has no end");
}

#[test]
fn the_words_of_one_breaker_form_a_chain() {
    let system = system(vec![manual("desk", "XNAS")]);
    let id = system.breaker("desk").unwrap();
    for _ in 0..100 {
        system.trip(id, desk()).unwrap();
        system.reset(id, stamp(&system, "desk"), desk()).unwrap();
    }
    let chain: Vec<_> = events(&system).into_iter().filter(|e| e.breaker == id).collect();
    assert_eq!(chain.len(), 201);
    assert!(chain.windows(2).all(|pair| pair[0].after == pair[1].before && pair[0].sequence < pair[1].sequence));
}

#[test]
fn after_a_loss_the_reader_knows_how_much_and_where_everything_stands() {
    let mut plan = plan(vec![manual("a", "A"), manual("b", "B"), manual("c", "C")]);
    plan.caps.ring = 4;
    let system = System::manual(plan, at(0)).unwrap();
    events(&system);
    let id = |name| system.breaker(name).unwrap();
    for _ in 0..10 {
        system.trip(id("a"), desk()).unwrap();
        system.reset(id("a"), stamp(&system, "a"), desk()).unwrap();
    }
    system.trip(id("b"), desk()).unwrap();
    let all = events(&system);
    let gap = all.iter().find(|e| e.event_type() == EventType::Gap).unwrap();
    assert_eq!(gap.value, 17.0, "21 events, 4 of them fitted");
    let levels: Vec<_> = all.iter().filter(|e| e.event_type() == EventType::Level).collect();
    assert_eq!(levels.iter().map(|e| e.breaker).collect::<Vec<_>>(), [id("a"), id("b")], "c has not moved");
    assert_eq!(levels[1].after().status, Status::Tripped);
    assert_eq!(levels[1].reason(), Reason::Manual);
    assert!(events(&system).is_empty(), "told once");
    system.reset(id("b"), stamp(&system, "b"), desk()).unwrap();
    assert_eq!(event_types(&system), [EventType::Reset]);
}

#[test]
fn a_storm_of_warnings_pushes_out_no_trip() {
    let mut plan = plan(vec![drawdown("noisy", "A", 0.10), manual("desk", "B")]);
    plan.caps.ring = 8;
    let system = System::manual(plan, at(0)).unwrap();
    events(&system);
    let mut feed = system.feed("A").unwrap();
    for i in 0..100 {
        feed.equity(money(if i % 2 == 0 { 100.0 } else { 91.0 }), at(0)).unwrap();
        if i == 50 {
            system.trip(system.breaker("desk").unwrap(), desk()).unwrap();
        }
    }
    let types = event_types(&system);
    assert!(types.contains(&EventType::Tripped), "{types:?}");
    assert!(types.contains(&EventType::Gap), "{types:?}");
}

#[test]
fn threads_that_cross_a_threshold_together_make_one_trip() {
    let specs = |i| {
        let mut spec = drawdown("dd", "X", 0.10);
        spec.watch = (0..4).map(|feed| scope(&format!("F/{feed}"))).collect();
        spec.name = format!("dd{i}");
        spec
    };
    for round in 0..200 {
        let system = system(vec![specs(round)]);
        let feeds: Vec<_> = (0..4).map(|i| system.feed(&format!("F/{i}")).unwrap()).collect();
        let start = std::sync::Barrier::new(4);
        std::thread::scope(|threads| {
            for mut feed in feeds {
                threads.spawn(|| {
                    feed.equity(money(100.0), at(0)).unwrap();
                    start.wait();
                    feed.equity(money(85.0), at(0)).unwrap();
                    drop(feed);
                });
            }
        });
        let trips = event_types(&system).iter().filter(|e| **e == EventType::Tripped).count();
        assert_eq!(trips, 1);
    }
}

#[test]
fn a_trip_is_seen_by_every_check_after_it_has_returned() {
    let system = system(vec![manual("desk", "XNAS")]);
    let gate = system.gate(&["XNAS"]).unwrap();
    let id = system.breaker("desk").unwrap();
    let (to_checker, trips) = std::sync::mpsc::sync_channel(0);
    let (to_desk, seen) = std::sync::mpsc::sync_channel(0);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for () in trips {
                to_desk.send(gate.permits(Intent::Increase)).unwrap();
            }
        });
        for _ in 0..1_000 {
            system.trip(id, desk()).unwrap();
            to_checker.send(()).unwrap();
            assert!(!seen.recv().unwrap());
            system.reset(id, stamp(&system, "desk"), desk()).unwrap();
        }
        drop(to_checker);
    });
}

#[test]
fn an_update_keeps_the_time_of_the_trip_and_carries_its_own() {
    let before = plan(vec![manual("desk", "X")]);
    let system = System::manual(before.clone(), at(0)).unwrap();
    system.trip(system.breaker("desk").unwrap(), desk()).unwrap();
    events(&system);
    system.advance(at(100));
    let mut after = before;
    after.breakers[0].policy.effect = Lanes::CLOSE;
    system.reload(&after).unwrap();
    let update = events(&system)[0];
    assert_eq!((update.event_type(), update.at(system.epoch())), (EventType::Updated, at(100)));
    assert_eq!(status(&system, "desk").since, at(0));
}

#[test]
fn what_people_said_stays_with_what_they_did() {
    let system = system(vec![manual("desk", "X")]);
    let id = system.breaker("desk").unwrap();
    // All in one microsecond, so that the words differ by their version alone.
    system.trip(id, By::new("tom", Authority::Trader, "wild router")).unwrap();
    system.reset(id, stamp(&system, "desk"), By::new("ann", Authority::RiskDesk, "replaced")).unwrap();
    let mut all = vec![];
    system.drain(|event| all.extend((event.breaker == id).then_some(*event)));
    system.reload(&plan(vec![])).unwrap();
    let said: Vec<_> = all.iter().map(|event| (event.event_type(), system.details(event).note)).collect();
    let wanted = [
        (EventType::Installed, None),
        (EventType::Tripped, Some("tom: wild router".to_owned())),
        (EventType::Reset, Some("ann: replaced".to_owned())),
    ];
    assert_eq!(said, wanted, "also when the breaker is no more");
}
