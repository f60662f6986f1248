//! Bad input is refused with an error that helps, nothing is lost, and nothing is ever allowed by it.
#![allow(clippy::unwrap_used)]

mod support;
use std::time::Duration;

use haltline::*;
use support::*;

#[test]
fn an_unknown_or_malformed_scope_is_refused_by_gate_feed_and_stop() {
    let system = system(vec![manual("desk", "XNAS")]);
    for (name, kind) in [
        ("XNYS", ErrorKind::Unknown),
        ("XNAS/AAPL", ErrorKind::Unknown),
        ("XNAS//", ErrorKind::BadScope),
        (" ", ErrorKind::BadScope),
    ] {
        assert_eq!(system.gate(&[name]).unwrap_err().kind(), kind, "{name}");
        assert_eq!(system.feed(name).unwrap_err().kind(), kind, "{name}");
        let stop = system.emergency_stop(name, EmergencySource::Manual, admin());
        assert_eq!(stop.unwrap_err().kind(), kind, "{name}");
    }
}

#[test]
fn a_feed_has_one_claimant_at_a_time_and_keeps_its_past() {
    let system = system(vec![drawdown("dd", "acct/a", 0.08)]);
    let mut feed = system.feed("acct/a").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    assert_eq!(system.feed("acct/a").unwrap_err().kind(), ErrorKind::Claimed);
    drop(feed);
    let mut feed = system.feed("acct/a").unwrap();
    assert_eq!(status(&system, "dd").status, Status::Active);
    feed.equity(money(92.0), at(1)).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Tripped, "the peak was not forgotten");
}

#[test]
fn another_claimant_may_be_another_thread() {
    let system = system(vec![drawdown("dd", "acct/a", 0.08)]);
    let mut feed = system.feed("acct/a").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    std::thread::spawn(move || feed.equity(money(92.0), at(1)).unwrap()).join().unwrap();
    assert_eq!(status(&system, "dd").status, Status::Tripped);
}

#[test]
fn what_no_float_can_mean_does_not_become_a_price_or_an_amount() {
    for bad in [f64::NAN, f64::INFINITY, -f64::INFINITY, 1e200] {
        assert_eq!(Price::from_f64(bad).unwrap_err().kind(), ErrorKind::BadInput);
        assert_eq!(Money::from_f64(bad).unwrap_err().kind(), ErrorKind::BadInput);
        assert_eq!(Ratio::from_f64(bad).unwrap_err().kind(), ErrorKind::BadInput);
    }
}

#[test]
fn a_level_that_is_no_number_is_refused_counted_and_allows_nothing() {
    let rule = Volatility {
        limits: Limits::of(ratio(40.0)),
        source: VolatilitySource::Level,
        sample: Some(std::time::Duration::from_secs(60)),
        returns: 30,
        annualise: None,
        rise: false,
        breakout: false,
    };
    let policy = Policy { on_stale: OnStale::Ignore, ..Kind::Volatility.default_policy() };
    let system = system(vec![spec("vix", "XNYS", RuleSpec::Volatility(rule), policy)]);
    let gate = system.gate(&["XNYS"]).unwrap();
    let id = system.breaker("vix").unwrap();
    let mut feed = system.feed("XNYS").unwrap();
    for bad in [f64::NAN, f64::INFINITY, -1.0] {
        let error = feed.reading(id, bad, at(0)).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::BadInput, "reading"));
        assert!(!gate.permits(Intent::Increase), "still unready");
    }
    assert_eq!(status(&system, "vix").refused, 3);
    feed.reading(id, 39.999, at(1)).unwrap();
    assert!(gate.permits(Intent::Increase));
    system.advance(at(2));
    feed.reading(id, 40.0, at(2)).unwrap();
    assert!(!gate.permits(Intent::Increase));
    let other = system.breaker("kill:").unwrap();
    assert_eq!(feed.reading(other, 1.0, at(3)).unwrap_err().kind(), ErrorKind::Unknown);
}

#[test]
fn a_reference_of_zero_is_refused_and_the_ladder_stays_unready() {
    let open = sessions().as_slice()[1].open;
    let system = System::manual(plan(vec![mwcb(us_ladder())]), open).unwrap();
    let gate = system.gate(&[]).unwrap();
    let mut feed = system.feed("index/SPX").unwrap();
    for bad in [0, -1, i64::MIN] {
        let error = feed.reference(Price::from_raw(bad), Date::new(2020, 3, 6), open).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::BadInput, "reference"));
    }
    assert!(!gate.permits(Intent::Increase));
    feed.reference(price(2972.37), Date::new(2020, 3, 6), open).unwrap();
    assert!(gate.permits(Intent::Increase));
}

#[test]
fn a_reference_of_a_date_that_does_not_exist_is_refused_and_counted() {
    let system = System::manual(plan(vec![mwcb(us_ladder())]), sessions().as_slice()[1].open).unwrap();
    let mut feed = system.feed("index/SPX").unwrap();
    for bad in [Date(0), Date::new(2020, 2, 30), Date::new(2020, 13, 1), Date(u32::MAX)] {
        let error = feed.reference(price(2972.37), bad, system.now()).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::BadInput, "session"));
    }
    assert_eq!(status(&system, "mwcb").refused, 4);
}

#[test]
fn a_reference_of_another_session_leaves_the_ladder_unready() {
    let open = sessions().as_slice()[1].open;
    let system = System::manual(plan(vec![mwcb(us_ladder())]), open).unwrap();
    let gate = system.gate(&[]).unwrap();
    let mut feed = system.feed("index/SPX").unwrap();
    feed.reference(price(2972.37), Date::new(2020, 3, 5), open).unwrap();
    assert!(!gate.permits(Intent::Increase));
    assert_eq!(gate.explain(gate.check()).reason, Reason::NotReady);
}

#[test]
fn prices_that_are_not_positive_are_refused_and_do_not_refresh() {
    let open = sessions().as_slice()[1].open;
    let system = System::manual(plan(vec![mwcb(us_ladder())]), open).unwrap();
    let mut feed = system.feed("index/SPX").unwrap();
    feed.reference(price(2972.37), Date::new(2020, 3, 6), open).unwrap();
    for bad in [0, -1, i64::MIN] {
        assert_eq!(feed.trade(Price::from_raw(bad), Qty(1), open).unwrap_err().kind(), ErrorKind::BadInput);
    }
    assert_eq!(feed.quote(price(1.0), Price::ZERO, open).unwrap_err().field(), "ask");
    assert_eq!(status(&system, "mwcb").refused, 4);
    assert_eq!(event_types(&system).iter().filter(|e| **e == EventType::BadInput).count(), 1, "one event a run");
    feed.trade(price(2900.0), Qty(1), open).unwrap();
    assert_eq!(status(&system, "mwcb").status, Status::Active);
}

#[test]
fn ten_refusals_in_a_row_count_as_silence() {
    let open = sessions().as_slice()[1].open;
    let system = System::manual(plan(vec![mwcb(us_ladder())]), open).unwrap();
    let gate = system.gate(&[]).unwrap();
    let mut feed = system.feed("index/SPX").unwrap();
    feed.reference(price(2972.37), Date::new(2020, 3, 6), open).unwrap();
    for i in 0..10 {
        assert!(gate.permits(Intent::Increase), "{i}");
        let _ = feed.trade(Price::ZERO, Qty(1), open);
    }
    assert!(!gate.permits(Intent::Increase));
    assert_eq!(gate.explain(gate.check()).reason, Reason::Stale);
    // The feed is well again: the first good price ends it.
    let later = open + std::time::Duration::from_secs(1);
    feed.trade(price(2900.0), Qty(1), later).unwrap();
    assert!(gate.permits(Intent::Increase));
}

#[test]
fn bad_input_trips_where_the_policy_says_so() {
    let mut spec = drawdown("dd", "acct/a", 0.08);
    spec.policy.on_bad_input = OnBadInput::Trip;
    let system = system(vec![spec]);
    let mut feed = system.feed("acct/a").unwrap();
    feed.equity(money(100.0), at(1)).unwrap();
    assert!(feed.equity(money(100.0), at(0)).is_err());
    assert_eq!(status(&system, "dd").status, Status::Tripped);
    assert_eq!(status(&system, "dd").reason, Reason::BadInput);
}

#[test]
fn time_running_backwards_or_too_far_ahead_is_refused_and_forgotten() {
    let system = system(vec![drawdown("dd", "acct/a", 0.08)]);
    let mut feed = system.feed("acct/a").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    assert!(feed.equity(money(100.0), Nanos(at(0).0 - 1)).is_err(), "one nanosecond back");
    assert!(feed.equity(money(100.0), Nanos(at(1).0 + 1)).is_err(), "one nanosecond more than a second ahead");
    assert!(feed.equity(money(100.0), Nanos::NEVER).is_err());
    // What was refused did not become "the last".
    feed.equity(money(92.0), at(1)).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Tripped);
    assert_eq!(status(&system, "dd").since, at(1));
}

#[test]
fn times_of_another_unit_are_refused_by_feeds_and_by_handles() {
    let system = System::manual(plan(vec![drawdown("dd", "a", 0.08), drawdown("ee", "b", 0.08)]), at(0)).unwrap();
    let (mut feed, shared) = (system.feed("a").unwrap(), system.feed("b").unwrap().share(1, 16).unwrap());
    let mut handle = shared.handle().unwrap();
    let year_ago = system.now() - Duration::from_secs(365 * 86_400);
    let [seconds, millis, micros] = [1_000_000_000, 1_000_000, 1_000].map(|unit| Nanos(system.now().0 / unit));
    for bad in [Nanos(0), seconds, millis, micros, Nanos(year_ago.0 - 1)] {
        let error = feed.equity(money(100.0), bad).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::BadInput, "seconds behind the System"));
        assert_eq!(handle.pnl(money(1.0), bad).unwrap_err().kind(), ErrorKind::BadInput);
    }
    feed.equity(money(100.0), year_ago).unwrap();
    handle.pnl(money(1.0), year_ago).unwrap();
    assert_eq!((status(&system, "dd").refused, status(&system, "ee").refused), (5, 5));
}

#[test]
fn a_configured_backstep_is_allowed_to_the_nanosecond() {
    let mut plan = plan(vec![drawdown("dd", "acct/a", 0.08)]);
    plan.skew.max_backstep = std::time::Duration::from_nanos(10);
    let system = System::manual(plan, at(0)).unwrap();
    let mut feed = system.feed("acct/a").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    assert!(feed.equity(money(100.0), Nanos(at(0).0 - 11)).is_err());
    assert!(feed.equity(money(100.0), Nanos(at(0).0 - 10)).is_ok());
}

#[test]
fn two_breakers_of_one_name_are_refused() {
    let error = System::manual(plan(vec![manual("desk", "XNAS"), manual("desk", "XNYS")]), at(0)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadPlan);
    assert!(error.to_string().contains("desk"), "{error}");
}

#[test]
fn a_scope_takes_32_767_breakers_and_not_one_more() {
    // Its kill switch is one of them.
    let many = |n: usize| (0..n).map(|i| manual(&format!("m{i}"), "X")).collect::<Vec<_>>();
    let system = System::manual(plan(many(32_766)), at(0)).unwrap();
    let error = system.reload(&plan(many(32_767))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full);
    assert!(error.to_string().contains("32767"), "{error}");
    let gate = system.gate(&["X"]).unwrap();
    assert!(gate.permits(Intent::Increase), "the plan before still stands");
    for i in 0..32_766 {
        system.trip(system.breaker(&format!("m{i}")).unwrap(), desk()).unwrap();
    }
    assert!(!gate.permits(Intent::Increase));
}

#[test]
fn capacities_are_refused_at_load_and_nothing_changes() {
    let caps = Caps { scopes: 4, breakers: 6, listeners: 2, ring: 8, ..Caps::default() };
    let base = Plan { caps, ..plan(vec![manual("a", "A"), drawdown("d", "A/B", 0.1)]) };
    let system = System::manual(base.clone(), at(0)).unwrap();
    system.trip(system.breaker("a").unwrap(), desk()).unwrap();
    let mut scopes = base.clone();
    scopes.scopes = vec![scope("C"), scope("D")];
    let mut breakers = base.clone();
    breakers.breakers.extend([manual("b", "A"), manual("c", "A")]);
    let mut listeners = base.clone();
    listeners.breakers[1].watch = vec![scope("A"), scope("A/B"), scope("")];
    for plan in [scopes, breakers, listeners] {
        assert_eq!(system.reload(&plan).unwrap_err().kind(), ErrorKind::Full);
        assert_eq!(status(&system, "a").status, Status::Tripped);
        assert!(system.breaker("b").is_err());
    }
    system.reload(&base).unwrap();
}

#[test]
fn texts_that_are_too_long_or_hold_control_characters_are_refused() {
    let system = system(vec![manual("desk", "XNAS")]);
    let id = system.breaker("desk").unwrap();
    let long = "x".repeat(REASON_BYTES + 1);
    for by in [
        By::new("ann", Authority::Admin, &long),
        By::new("ann", Authority::Admin, "a\nb"),
        By::new("", Authority::Admin, "ok"),
        By::new("a\u{7}", Authority::Admin, "ok"),
    ] {
        assert_eq!(system.maintain(id, by).unwrap_err().kind(), ErrorKind::BadInput);
    }
    assert_eq!(status(&system, "desk").status, Status::Active);
    system.maintain(id, By::new("ann", Authority::Admin, &long[..REASON_BYTES])).unwrap();
}

#[test]
fn a_halt_is_not_refused_for_its_words() {
    let system = system(vec![manual("desk", "XNAS")]);
    let (gate, id) = (system.gate(&["XNAS"]).unwrap(), system.breaker("desk").unwrap());
    // The last byte that fits is in the middle of a character.
    let (name, long) = ("ä".repeat(40), format!("{}ä", "x".repeat(REASON_BYTES - 1)));
    for (by, note) in [
        (By::new("ann", Authority::Trader, &long), format!("ann: {}", &long[..REASON_BYTES - 1])),
        (By::new("", Authority::Trader, "a\nb"), "unknown: a b".to_owned()),
        (By::new(&name, Authority::Trader, ""), format!("{}: ", &name[..ACTOR_BYTES])),
    ] {
        system.trip(id, by).unwrap();
        assert_eq!(gate.explain(gate.check()).note.as_deref(), Some(note.as_str()));
        system.force_reset(id, stamp(&system, "desk"), admin()).unwrap();
        system.emergency_stop("XNAS", EmergencySource::Manual, by).unwrap();
        assert_eq!(gate.explain(gate.check()).note.as_deref(), Some(note.as_str()));
        system.clear_emergency_stop("XNAS", admin()).unwrap();
    }
}

#[test]
fn a_refused_request_is_an_error_and_an_event_and_changes_nothing() {
    let system = system(vec![manual("desk", "XNAS")]);
    let id = system.breaker("desk").unwrap();
    system.trip(id, desk()).unwrap();
    let seen = stamp(&system, "desk");
    events(&system);
    type Ask<'a> = &'a dyn Fn() -> Result<(), Error>;
    let asks: [(Ask, ErrorKind); 3] = [
        (&|| system.reset(id, seen, By::new("bob", Authority::Trader, "please")), ErrorKind::Authority),
        (&|| system.reset(id, seen ^ 1, desk()), ErrorKind::NewerTrip),
        (&|| system.trip(id, By::new("x", Authority::Auto, "")), ErrorKind::Authority),
    ];
    for (ask, kind) in asks {
        assert_eq!(ask().unwrap_err().kind(), kind);
        assert_eq!(event_types(&system), [EventType::Refused]);
        assert_eq!(stamp(&system, "desk"), seen);
    }
}
