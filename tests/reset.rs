//! What a reset must not open, and what becomes of a trip for doubt when the doubt was right.
#![allow(clippy::unwrap_used)]

mod support;
use std::time::Duration;

use haltline::*;
use support::*;

/// An index of fear, limit 40, that may be silent for ten seconds; a trip lasts a minute.
fn index(release: Release) -> BreakerSpec {
    let rule = RuleSpec::Volatility(Volatility {
        limits: Limits::of(ratio(40.0)),
        source: VolatilitySource::Level,
        sample: Some(Duration::from_secs(60)),
        returns: 2,
        annualise: None,
        rise: false,
        breakout: false,
    });
    let halt = Halt::Timed { base: Duration::from_secs(60), backoff: 1.0, max: Duration::from_secs(60) };
    let policy = Policy { stale_after: Duration::from_secs(10), halt, release, ..Kind::Volatility.default_policy() };
    spec("vix", "X", rule, policy)
}

#[test]
fn a_reset_waits_for_a_source_that_is_silent() {
    let system = system(vec![index(Release::Latched)]);
    let (gate, mut feed, id) =
        (system.gate(&["X"]).unwrap(), system.feed("X").unwrap(), system.breaker("vix").unwrap());
    feed.reading(id, 15.0, at(0)).unwrap();
    system.advance(at(10));
    assert_eq!(status(&system, "vix").reason, Reason::Stale);
    let refused = system.reset(id, stamp(&system, "vix"), desk()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::CauseStands, "nobody knows where the index is");
    assert!(refused.to_string().contains("its source is silent;"), "{refused}");
    feed.reading(id, 90.0, at(10)).unwrap();
    let refused = system.reset(id, stamp(&system, "vix"), desk()).unwrap_err().to_string();
    assert!(refused.contains("its last reading still breaches, 90 against 40;"), "{refused}");
    feed.reading(id, 15.0, at(10)).unwrap();
    system.reset(id, stamp(&system, "vix"), desk()).unwrap();
    assert!(gate.permits(Intent::Increase));
    system.advance(at(20));
    system.force_reset(id, stamp(&system, "vix"), admin()).unwrap();
}

#[test]
fn a_breach_after_a_trip_for_silence_is_a_trip_of_its_own() {
    let system = system(vec![index(Release::Timed)]);
    let (mut feed, id) = (system.feed("X").unwrap(), system.breaker("vix").unwrap());
    feed.reading(id, 15.0, at(0)).unwrap();
    system.advance(at(65));
    events(&system);
    assert_eq!(status(&system, "vix").until, Some(at(70)));
    feed.reading(id, 90.0, at(65)).unwrap();
    let now = status(&system, "vix");
    assert_eq!((now.reason, now.until, now.trips), (Reason::Limit, Some(at(125)), 2));
    assert_eq!(event_types(&system), [EventType::Tripped]);
    // What was said says nothing new.
    feed.reading(id, 91.0, at(66)).unwrap();
    assert_eq!((status(&system, "vix").until, event_types(&system)), (Some(at(125)), vec![]));
    system.advance(at(125));
    feed.reading(id, 15.0, at(125)).unwrap();
    assert_eq!(status(&system, "vix").status, Status::Active);
}

#[test]
fn a_breach_after_a_trip_for_silence_waits_for_its_confirmations() {
    let mut spec = index(Release::Timed);
    spec.policy.confirm = 2;
    let system = system(vec![spec]);
    let (mut feed, id) = (system.feed("X").unwrap(), system.breaker("vix").unwrap());
    feed.reading(id, 15.0, at(0)).unwrap();
    system.advance(at(20));
    feed.reading(id, 90.0, at(20)).unwrap();
    assert_eq!(status(&system, "vix").reason, Reason::Stale);
    feed.reading(id, 90.0, at(21)).unwrap();
    assert_eq!((status(&system, "vix").reason, status(&system, "vix").since), (Reason::Limit, at(21)));
}

#[test]
fn a_hand_s_trip_stays_a_hand_s_whatever_comes_true() {
    let system = system(vec![index(Release::Timed)]);
    let (mut feed, id) = (system.feed("X").unwrap(), system.breaker("vix").unwrap());
    feed.reading(id, 15.0, at(0)).unwrap();
    system.advance(at(10));
    system.trip(id, desk()).unwrap();
    let before = status(&system, "vix");
    feed.reading(id, 90.0, at(10)).unwrap();
    assert_eq!((status(&system, "vix").stamp, before.reason), (before.stamp, Reason::Manual));
}

#[test]
fn a_person_s_halt_on_top_of_a_trip_is_told_and_is_reset_by_nobody_who_has_not_seen_it() {
    let system = system(vec![drawdown("dd", "acct/a", 0.08)]);
    let (mut feed, id) = (system.feed("acct/a").unwrap(), system.breaker("dd").unwrap());
    feed.equity(money(100.0), at(0)).unwrap();
    feed.equity(money(92.0), at(1)).unwrap();
    system.advance(at(2));
    feed.equity(money(100.0), at(2)).unwrap();
    let seen_by_ann = stamp(&system, "dd");
    system.advance(at(3));
    let bob = By::new("bob", Authority::Admin, "reconciliation is broken");
    // It was latched already; his is a trip of its own all the same.
    system.trip(id, bob).unwrap();
    let stands = status(&system, "dd");
    assert_eq!((stands.since, stands.reason, stands.trips), (at(3), Reason::Manual, 2));
    let gate = system.gate(&["acct/a"]).unwrap();
    assert_eq!(gate.explain(gate.check()).note.as_deref(), Some("bob: reconciliation is broken"));
    assert_eq!(system.reset(id, seen_by_ann, admin()).unwrap_err().kind(), ErrorKind::NewerTrip);
    let mut told = vec![];
    system.drain(|event| told.push((event.event_type(), event.reason())));
    assert!(
        told.contains(&(EventType::Tripped, Reason::Limit)) && told.contains(&(EventType::Tripped, Reason::Manual))
    );
    system.reset(id, stands.stamp, admin()).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Active);
}

#[test]
fn a_second_emergency_stop_is_told_and_takes_nothing_from_the_first() {
    let system = system(vec![manual("desk", "X")]);
    for (secs, name) in [(1, "ann"), (2, "bob")] {
        system.advance(at(secs));
        system.emergency_stop("X", EmergencySource::Manual, By::new(name, Authority::Trader, "wild")).unwrap();
        let denial = system.gate(&["X"]).unwrap();
        let denial = denial.explain(denial.check());
        assert_eq!((denial.since, denial.note), (Some(at(secs)), Some(format!("{name}: wild"))));
    }
    let mut told = vec![];
    system.drain(|event| told.extend((event.event_type() == EventType::Emergency).then(|| event.at(system.epoch()))));
    assert_eq!(told, [at(1), at(2)]);
}

#[test]
fn a_rung_is_reset_by_force_only_while_its_time_runs() {
    let open = sessions().as_slice()[1].open;
    let system = System::manual(plan(vec![mwcb(us_ladder())]), open).unwrap();
    let (gate, mut feed) = (system.gate(&[]).unwrap(), system.feed("index/SPX").unwrap());
    let (id, minute) = (system.breaker("mwcb").unwrap(), Duration::from_secs(60));
    let price = |value| Price::from_f64(value).unwrap();
    feed.reference(price(1_000.0), Date::new(2020, 3, 6), open).unwrap();
    system.advance(open + minute);
    feed.trade(price(790.0), Qty(1), open + minute).unwrap();
    assert_eq!(status(&system, "mwcb").step.number(), 3);
    let refused = system.reset(id, stamp(&system, "mwcb"), admin()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::CauseStands, "the ladder says no more of a rung that has fired");
    assert!(refused.to_string().contains("the time of its rung runs until 2020-03-10T"), "{refused}");
    assert!(!gate.permits(Intent::Increase));
    system.force_reset(id, stamp(&system, "mwcb"), admin()).unwrap();
    assert!(gate.permits(Intent::Increase));
}
