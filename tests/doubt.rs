//! Doubt ends nothing and allows nothing: what is no observation, what comes late, what nobody has renewed.
#![allow(clippy::unwrap_used)]

mod support;
use std::sync::Arc;
use std::time::Duration;

use haltline::*;
use support::*;

/// A drawdown of 10 % that trips after 30 s of silence and comes back with the first good mark.
fn stale(name: &str, path: &str) -> BreakerSpec {
    let mut spec = drawdown(name, path, 0.10);
    (spec.policy.on_stale, spec.policy.release) = (OnStale::Trip, Release::Level);
    spec
}

fn silent_trip(spec: BreakerSpec) -> (System, Feed) {
    let system = system(vec![spec]);
    let mut feed = system.feed("X").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    system.advance(at(30));
    assert_eq!(status(&system, "dd").reason, Reason::Stale);
    (system, feed)
}

#[test]
fn what_is_no_observation_of_the_source_ends_no_trip_for_its_silence() {
    let (system, mut feed) = silent_trip(stale("dd", "X"));
    let tripped = || assert_eq!(status(&system, "dd").status, Status::Tripped);
    feed.heartbeat(at(30)).unwrap();
    tripped();
    feed.flow(money(1.0), at(30)).unwrap();
    tripped();
    feed.venue(VenueStatus::Open, at(30)).unwrap();
    tripped();
    drop(feed);
    let mut feed = system.feed("X").unwrap();
    tripped();
    let mut changed = stale("dd", "X");
    changed.policy.severity = 0.5;
    system.reload(&plan(vec![changed])).unwrap();
    tripped();
    feed.heartbeat(at(30)).unwrap();
    tripped();
    feed.equity(money(101.0), at(30)).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Active);
}

#[test]
fn one_feed_does_not_speak_for_a_silent_other() {
    let spec = stale("dd", "X").watching(vec![scope("A"), scope("B")]);
    let system = system(vec![spec]);
    let (mut a, mut b) = (system.feed("A").unwrap(), system.feed("B").unwrap());
    b.equity(money(100.0), at(0)).unwrap();
    for second in 0..100 {
        system.advance(at(second));
        a.equity(money(100.0), at(second)).unwrap();
        let expected = if second < 30 { Status::Active } else { Status::Tripped };
        assert_eq!(status(&system, "dd").status, expected, "{second}");
    }
    b.equity(money(100.0), at(99)).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Active);
}

/// A stopped cache that is asked at the start says something, but of long ago.
#[test]
fn a_first_value_that_is_stale_already_opens_nothing() {
    let mut spec = stale("dd", "X");
    spec.policy.stale_after = Duration::from_secs(30);
    let system = system(vec![spec]);
    system.advance(at(1_000));
    let (mut feed, gate) = (system.feed("X").unwrap(), system.gate(&["X"]).unwrap());
    let is_open = || gate.permits(Intent::Increase);
    assert!(!is_open());
    for old in [1, 960, 970] {
        feed.equity(money(100.0), at(old)).unwrap();
        assert!(!is_open(), "{old}");
        assert_eq!(status(&system, "dd").reason, Reason::NotReady);
    }
    feed.equity(money(100.0), Nanos(at(970).0 + 1)).unwrap();
    assert!(is_open(), "the same value, a moment younger than the patience");
    assert_eq!(status(&system, "dd").status, Status::Active);
}

#[test]
fn a_fresh_value_of_one_feed_opens_nothing_for_a_stale_one_of_another() {
    for fresh_comes_first in [false, true] {
        let system = system(vec![stale("dd", "X").watching(vec![scope("A"), scope("B")])]);
        system.advance(at(1_000));
        let (mut fresh, mut old) = (system.feed("A").unwrap(), system.feed("B").unwrap());
        let gate = system.gate(&["X"]).unwrap();
        if fresh_comes_first {
            fresh.equity(money(100.0), at(1_000)).unwrap();
        }
        old.equity(money(100.0), at(1)).unwrap();
        for second in 1_000..1_060 {
            system.advance(at(second));
            fresh.equity(money(100.0), at(second)).unwrap();
            assert!(!gate.permits(Intent::Increase), "{fresh_comes_first} {second}");
        }
        old.equity(money(100.0), at(1_059)).unwrap();
        assert!(gate.permits(Intent::Increase), "{fresh_comes_first}");
    }
}

#[test]
fn a_first_value_that_is_stale_already_trips_if_it_is_a_breach() {
    let system = system(vec![BreakerSpec::new("desk", scope("X"), technical_of_one())]);
    system.advance(at(1_000));
    let mut feed = system.feed("X").unwrap();
    feed.outcome(Outcome::Failure, Duration::ZERO, at(1)).unwrap();
    assert_eq!(status(&system, "desk").status, Status::Tripped);
}

fn technical_of_one() -> RuleSpec {
    RuleSpec::Technical(Technical { consecutive: Some(1), ..Technical::default() })
}

#[test]
fn what_is_no_reading_confirms_no_breach() {
    let mut spec = drawdown("dd", "X", 0.10);
    spec.policy.confirm = 3;
    let system = system(vec![spec.clone()]);
    let mut feed = system.feed("X").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    feed.equity(money(90.0), at(0)).unwrap();
    for severity in [0.1, 0.2, 0.3, 0.4] {
        let mut changed = spec.clone();
        changed.policy.severity = severity;
        system.reload(&plan(vec![changed])).unwrap();
        feed.heartbeat(at(0)).unwrap();
        drop(feed);
        feed = system.feed("X").unwrap();
    }
    assert_eq!(status(&system, "dd").status, Status::Warning);
    feed.equity(money(90.0), at(0)).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Warning);
    feed.equity(money(90.0), at(0)).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Tripped);
}

#[test]
fn a_reload_of_something_else_does_not_forget_a_breach_that_must_last() {
    let mut spec = drawdown("dd", "X", 0.10);
    spec.policy.confirm_for = Duration::from_secs(10);
    let system = system(vec![spec.clone()]);
    let mut feed = system.feed("X").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    feed.equity(money(90.0), at(0)).unwrap();
    for second in 1..10 {
        system.advance(at(second));
        spec.policy.severity = second as f64 / 100.0;
        system.reload(&plan(vec![spec.clone()])).unwrap();
    }
    assert_eq!(status(&system, "dd").status, Status::Warning);
    system.advance(at(10));
    assert_eq!(status(&system, "dd").status, Status::Tripped);
}

#[test]
fn a_breach_in_cooldown_is_confirmed_like_any_other() {
    let mut spec = drawdown("dd", "X", 0.10);
    spec.policy.confirm = 2;
    spec.policy.release = Release::Timed;
    spec.policy.cooldown_for = Duration::from_secs(10_000);
    let system = system(vec![spec]);
    let mut feed = system.feed("X").unwrap();
    let mut mark = |value, second| {
        system.advance(at(second));
        feed.equity(money(value), at(second)).unwrap();
        status(&system, "dd").status
    };
    mark(100.0, 0);
    mark(90.0, 0);
    assert_eq!(mark(90.0, 0), Status::Tripped);
    assert_eq!(mark(99.0, 900), Status::Cooldown);
    assert_eq!(mark(90.0, 901), Status::Cooldown);
    assert_eq!(mark(90.0, 902), Status::Tripped);
}

#[test]
fn a_breaker_that_may_trade_unready_still_notices_that_nobody_speaks() {
    let mut spec = stale("dd", "X");
    spec.policy.on_unready = OnUnready::Allow;
    let system = system(vec![spec]);
    let gate = system.gate(&["X"]).unwrap();
    assert!(gate.permits(Intent::Increase) && status(&system, "dd").unready);
    system.advance(at(29));
    assert!(gate.permits(Intent::Increase));
    system.advance(at(30));
    assert!(!gate.permits(Intent::Increase));
}

#[test]
fn a_calendar_that_nobody_has_renewed_is_no_reason_to_trust_a_number() {
    let last = *sessions().as_slice().last().unwrap();
    let mut spec = stale("dd", "X");
    spec.policy.sessions = Some(sessions());
    let system = System::manual(plan(vec![spec]), last.close - Duration::from_secs(10)).unwrap();
    let gate = system.gate(&["X"]).unwrap();
    let mut feed = system.feed("X").unwrap();
    feed.equity(money(100.0), last.close - Duration::from_secs(10)).unwrap();
    system.advance(last.close - Duration::from_nanos(1_000));
    assert!(gate.permits(Intent::Increase));
    system.advance(last.close);
    assert!(!gate.permits(Intent::Increase));
    let later = last.close + Duration::from_secs(1);
    system.advance(later);
    feed.equity(money(100.0), later).unwrap();
    assert!(!gate.permits(Intent::Increase), "a mark of a day that the calendar does not know");
}

#[test]
fn yesterdays_late_price_halts_now_and_leaves_todays_rungs() {
    let (friday, monday) = (sessions().as_slice()[0], sessions().as_slice()[1]);
    let later = |session: Session, secs| session.open + Duration::from_secs(secs);
    let ladder = Ladder { effective_from: None, ..us_ladder() };
    let day_before = Session { date: Date::new(2020, 3, 5), open: Nanos(1_000), close: Nanos(2_000) };
    let mut all = vec![day_before];
    all.extend(ladder.sessions.as_slice());
    let ladder = Ladder { sessions: Sessions::new(all).unwrap().into(), ..ladder };
    let system = System::manual(plan(vec![mwcb(ladder)]), later(monday, 10)).unwrap();
    let mut feed = system.feed("index/SPX").unwrap();
    feed.reference(price(3000.0), Date::new(2020, 3, 5), later(friday, 1)).unwrap();
    feed.trade(price(2760.0), Qty(1), later(friday, 100)).unwrap();
    assert_eq!(status(&system, "mwcb").status, Status::Tripped, "late or not, it is through the level");
    system.advance(later(monday, 10 + 900));
    feed.reference(price(2972.37), friday.date, later(monday, 910)).unwrap();
    feed.trade(price(2900.0), Qty(1), later(monday, 911)).unwrap();
    assert_eq!(status(&system, "mwcb").status, Status::Active);
    system.advance(later(monday, 912));
    feed.trade(price(2750.0), Qty(1), later(monday, 912)).unwrap();
    assert_eq!(status(&system, "mwcb").status, Status::Tripped, "today's level 1 had not been used");
}

#[test]
fn a_reference_told_at_the_close_to_one_feed_does_not_speak_for_another() {
    let (friday, monday) = (sessions().as_slice()[0], sessions().as_slice()[1]);
    for (told, permits) in [(vec!["A"], false), (vec!["B"], false), (vec!["A", "B"], true)] {
        let spec = mwcb(us_ladder()).watching(vec![scope("A"), scope("B")]);
        let system = System::manual(plan(vec![spec]), monday.close).unwrap();
        let gate = system.gate(&[]).unwrap();
        let mut feeds = ["A", "B"].map(|name| (name, system.feed(name).unwrap()));
        for (_, feed) in &mut feeds {
            feed.reference(price(2972.37), friday.date, monday.close).unwrap();
            feed.trade(price(2900.0), Qty(1), monday.close).unwrap();
        }
        assert!(gate.permits(Intent::Increase));
        for (_, feed) in feeds.iter_mut().filter(|(name, _)| told.contains(name)) {
            feed.reference(price(2900.0), monday.date, monday.close).unwrap();
        }
        assert!(!gate.permits(Intent::Increase), "{told:?}: good for tomorrow, not for today");
        system.advance(monday.close + Duration::from_micros(1));
        assert_eq!(gate.permits(Intent::Increase), permits, "{told:?}");
    }
}

#[test]
fn the_venues_last_word_counts_not_its_first() {
    let session = sessions().as_slice()[1];
    let after = |secs| session.open + Duration::from_secs(secs);
    let system =
        System::manual(plan(vec![mwcb(Ladder { reopen: Reopen::OnMessage, ..us_ladder() })]), session.open).unwrap();
    let mut feed = system.feed("index/SPX").unwrap();
    feed.reference(price(2972.37), Date::new(2020, 3, 6), session.open).unwrap();
    system.advance(after(10));
    feed.trade(price(2700.0), Qty(1), after(10)).unwrap();
    feed.venue(VenueStatus::Open, after(10)).unwrap();
    feed.venue(VenueStatus::Halted, after(11)).unwrap();
    system.advance(after(2_000));
    assert_eq!(status(&system, "mwcb").status, Status::Tripped);
    feed.venue(VenueStatus::Open, after(2_000)).unwrap();
    assert_eq!(status(&system, "mwcb").status, Status::Active);
}

#[test]
fn a_latch_outlives_a_reload_to_another_release() {
    let latched = plan(vec![drawdown("dd", "X", 0.10)]);
    let mut timed = latched.clone();
    timed.breakers[0].policy.release = Release::Timed;
    let system = System::manual(latched, at(0)).unwrap();
    let mut feed = system.feed("X").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    feed.equity(money(90.0), at(0)).unwrap();
    system.reload(&timed).unwrap();
    system.advance(at(100_000));
    feed.equity(money(100.0), at(100_000)).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Tripped);
}

#[test]
fn a_halted_ladder_keeps_its_rungs() {
    let session = sessions().as_slice()[1];
    let system = System::manual(plan(vec![mwcb(us_ladder())]), session.open).unwrap();
    let mut feed = system.feed("index/SPX").unwrap();
    feed.reference(price(2972.37), Date::new(2020, 3, 6), session.open).unwrap();
    let mut lower = us_ladder();
    lower.rungs.remove(0);
    feed.trade(price(2300.0), Qty(1), session.open + Duration::from_secs(1)).unwrap();
    let error = system.reload(&plan(vec![mwcb(lower.clone())])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongStatus);
    // Nor does a venue's word, or a number that is polled, take the halt's place: "open" would end it.
    let kind = Kind::MarketCircuitBreaker;
    let limits = Polled::default_limits(Metric::MarketStatus).unwrap();
    let polled = RuleSpec::Polled(Polled { kind, metric: Metric::MarketStatus, limits });
    for rule in [RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Venue), polled] {
        let policy = BreakerSpec::new("x", ScopePath::root(), rule.clone()).policy;
        let mut other = BreakerSpec { rule, policy, ..mwcb(us_ladder()) };
        if other.rule.metric().is_some() {
            other.watch.clear();
        }
        assert_eq!(system.reload(&plan(vec![other])).unwrap_err().kind(), ErrorKind::WrongStatus);
    }
    system.advance(sessions().as_slice()[2].open);
    system.reload(&plan(vec![mwcb(lower)])).unwrap();
}

#[test]
fn a_reload_says_whom_it_has_let_go() {
    let system = system(vec![manual("a", "X"), manual("b", "X")]);
    system.trip(system.breaker("a").unwrap(), desk()).unwrap();
    let done = system.reload(&plan(vec![manual("b", "X"), manual("c", "X")])).unwrap();
    assert_eq!((done.added, done.changed, done.removed), (1, 0, 1));
    assert_eq!(done.released.iter().map(|name| &**name).collect::<Vec<_>>(), ["a"]);
}

#[test]
fn a_new_baseline_is_not_for_a_feed_that_came_later() {
    let system = system(vec![drawdown("dd", "X", 0.10)]);
    let mut feed = system.feed("X").unwrap();
    feed.equity(money(1_000.0), at(0)).unwrap();
    system.rebase(system.breaker("dd").unwrap(), money(2_000.0), desk()).unwrap();
    system.reload(&plan(vec![drawdown("dd", "X", 0.10).watching(vec![scope("Y")])])).unwrap();
    let mut other = system.feed("Y").unwrap();
    other.equity(money(100.0), at(0)).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Active);
}

#[test]
fn limits_in_per_cent_and_switches_that_stop_nothing_are_refused() {
    let ladder = |change: fn(&mut Ladder)| {
        let mut ladder = us_ladder();
        change(&mut ladder);
        mwcb(ladder)
    };
    let with = |change: fn(&mut BreakerSpec)| {
        let mut spec =
            spec("stop", "X", RuleSpec::KillSwitch(KillSwitch::default()), Kind::KillSwitch.default_policy());
        change(&mut spec);
        spec
    };
    let rolling = |change: fn(&mut RollingMove)| {
        let limits = Limits::of(ratio(0.035));
        let (window, pause) = (Duration::from_secs(3_600), Duration::from_secs(120));
        let mut rolling = RollingMove { sessions: sessions(), direction: Direction::Both, window, limits, pause };
        change(&mut rolling);
        BreakerSpec::new("dcb", scope("X"), RuleSpec::MarketCircuitBreaker(Arc::new(rolling).into()))
    };
    let rolling_with = |change: fn(&mut Policy)| {
        let mut spec = rolling(|_| ());
        change(&mut spec.policy);
        spec
    };
    assert!(System::manual(plan(vec![rolling(|_| ())]), at(0)).is_ok());
    let mut level = mwcb(us_ladder());
    level.policy.release = Release::Level;
    let mut elsewhere = mwcb(us_ladder());
    elsewhere.policy.sessions = None;
    for spec in [
        drawdown("dd", "X", 8.0),
        ladder(|l| l.rungs[2].limits = Limits::of(Ratio::from_raw(20_000_000_000))),
        ladder(|l| l.rungs[0].windows[0].end = HaltEnd::After(Duration::ZERO)),
        ladder(|l| l.rungs[0].windows[0].until = Bell::AfterOpen(Duration::ZERO)),
        ladder(|l| (l.effective_from, l.effective_to) = (Some(Date::new(2021, 1, 1)), Some(Date::new(2020, 1, 1)))),
        level,
        elsewhere,
        rolling(|r| r.limits = Limits::of(Ratio::from_raw(3_500_000_000))),
        rolling(|r| r.window = Duration::from_millis(999)),
        rolling(|r| r.window = Duration::from_secs(86_401)),
        rolling(|r| r.pause = Duration::ZERO),
        rolling(|r| r.sessions = Sessions::new(vec![]).unwrap().into()),
        rolling_with(|policy| policy.sessions = None),
        rolling_with(|policy| policy.release = Release::Level),
        rolling_with(|policy| policy.confirm = 2),
        rolling_with(|policy| policy.halt = Kind::MarketCircuitBreaker.default_policy().halt),
        with(|s| s.rule = RuleSpec::KillSwitch(KillSwitch { allows: [false; 3] })),
        with(|s| s.policy.effect = Lanes::NO_NEW),
        with(|s| s.policy.reset_authority = Authority::Trader),
        with(|s| s.policy.shadow = true),
    ] {
        let name = spec.name.clone();
        let error = System::manual(plan(vec![spec]), at(0)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadPlan);
        assert!(error.to_string().contains(&name), "{error}");
    }
}

#[test]
fn a_kill_after_a_rearm_is_told_and_is_not_the_one_before() {
    let system = system(vec![]);
    system.kill();
    let first = system.kill_word();
    assert!(event_types(&system).contains(&EventType::Killed));
    system.rearm(first, admin()).unwrap();
    system.kill();
    let told = event_types(&system);
    assert!(told.contains(&EventType::Rearmed) && told.contains(&EventType::Killed), "{told:?}");
    assert_eq!(system.rearm(first, admin()).unwrap_err().kind(), ErrorKind::NewerTrip);
    assert!(system.killed().is_some());
}

#[test]
fn an_emergency_stop_during_a_reload_is_not_lost() {
    let own = spec("stop", "X", RuleSpec::KillSwitch(KillSwitch::default()), Kind::KillSwitch.default_policy());
    let (with, without) = (plan(vec![own]), Plan { scopes: vec![scope("X")], ..Plan::default() });
    let system = System::manual(with.clone(), at(0)).unwrap();
    let gate = system.gate(&["X"]).unwrap();
    std::thread::scope(|threads| {
        let reloads = threads.spawn(|| {
            for i in 0..400 {
                // Refused while the switch that it would remove is pulled.
                let _ = system.reload(if i % 2 == 0 { &without } else { &with });
            }
        });
        while !reloads.is_finished() {
            system.emergency_stop("X", EmergencySource::Manual, desk()).unwrap();
            assert!(!gate.permits(Intent::Increase));
            system.clear_emergency_stop("X", admin()).unwrap();
        }
    });
}

#[test]
fn the_end_of_time_is_reached() {
    let (system, _feed) = silent_trip(stale("dd", "X"));
    system.advance(Nanos::NEVER);
    system.trip(system.breaker("dd").unwrap(), desk()).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Tripped);
}

proptest::proptest! {
    /// Two feeds that speak, with values of now or of long ago, in any order.
    #[test]
    fn no_gate_is_open_on_what_is_old_and_none_stays_shut_on_what_is_fresh(
        steps in proptest::collection::vec((0_u64..40, proptest::bool::ANY, 0_u64..120), 1..40),
    ) {
        let system = system(vec![stale("dd", "X").watching(vec![scope("A"), scope("B")])]);
        let mut feeds = ["A", "B"].map(|path| system.feed(path).unwrap());
        let gate = system.gate(&["X"]).unwrap();
        let (mut now, mut heard) = (1_000, [None::<u64>; 2]);
        for (later, second, lag) in steps {
            now += later;
            system.advance(at(now));
            let feed = usize::from(second);
            // The times of a feed do not run backwards.
            let time = (now - lag).max(heard[feed].unwrap_or(0));
            feeds[feed].equity(money(100.0), at(time)).unwrap();
            heard[feed] = Some(time);
            // Younger than its patience when it opened, and than another one since.
            let oldest = heard.into_iter().flatten().min().unwrap();
            proptest::prop_assert!(!gate.permits(Intent::Increase) || now - oldest < 60, "{} {heard:?}", now);
        }
        for feed in [0, 1, 0] {
            feeds[feed].equity(money(100.0), at(now)).unwrap();
        }
        proptest::prop_assert!(gate.permits(Intent::Increase));
    }
}
