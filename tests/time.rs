//! What time alone does: halts that end, causes that stand, silence.
#![allow(clippy::unwrap_used)]

mod support;
use std::time::Duration;

use haltline::*;
use support::*;

/// A drawdown of 10 % that halts for 60 s and is never stale.
fn timed() -> BreakerSpec {
    let mut spec = drawdown("dd", "X", 0.10);
    spec.policy.release = Release::Timed;
    spec.policy.halt = Halt::Timed { base: Duration::from_secs(60), backoff: 2.0, max: Duration::from_secs(200) };
    spec
}

struct Desk {
    system: System,
    feed: Feed,
}

impl Desk {
    fn new(spec: BreakerSpec) -> Self {
        let system = system(vec![spec]);
        let mut feed = system.feed("X").unwrap();
        feed.equity(money(100.0), at(0)).unwrap();
        Self { system, feed }
    }

    fn mark(&mut self, value: f64, secs: u64) -> Status {
        self.system.advance(at(secs));
        self.feed.equity(money(value), at(secs)).unwrap();
        self.status()
    }

    fn wait(&self, until: Nanos) -> Status {
        self.system.advance(until);
        self.status()
    }

    fn status(&self) -> Status {
        status(&self.system, "dd").status
    }
}

#[test]
fn a_halt_ends_at_its_nanosecond_and_not_before() {
    let mut desk = Desk::new(timed());
    assert_eq!(desk.mark(90.0, 1), Status::Tripped);
    assert_eq!(status(&desk.system, "dd").until, Some(at(61)));
    assert_eq!(desk.mark(99.0, 2), Status::Tripped, "a good reading does not shorten it");
    assert_eq!(desk.wait(Nanos(at(61).0 - 1)), Status::Tripped);
    assert_eq!(desk.wait(at(61)), Status::Active);
    assert_eq!(status(&desk.system, "dd").since, at(61));
}

#[test]
fn a_halt_whose_cause_stands_ends_with_the_first_good_reading() {
    let mut desk = Desk::new(timed());
    desk.mark(90.0, 1);
    assert_eq!(desk.wait(at(1_000)), Status::Tripped);
    assert_eq!(desk.mark(90.0, 1_001), Status::Tripped);
    assert_eq!(desk.mark(90.01, 1_002), Status::Warning, "below the limit, above the clear level");
    assert_eq!(desk.mark(99.0, 1_003), Status::Active);
}

#[test]
fn a_halt_whose_feed_is_silent_stands() {
    let mut spec = timed();
    spec.policy.on_stale = OnStale::Warn;
    let mut desk = Desk::new(spec);
    desk.mark(90.0, 1);
    desk.mark(99.0, 2);
    assert_eq!(desk.wait(at(61)), Status::Tripped, "nothing heard for 59 seconds, 30 are fresh");
    assert_eq!(desk.mark(99.0, 62), Status::Active);
}

#[test]
fn a_breach_in_cooldown_trips_again_for_longer_and_active_forgets_it() {
    let mut spec = timed();
    spec.policy.cooldown_for = Duration::from_secs(10);
    let mut desk = Desk::new(spec);
    desk.mark(90.0, 1);
    desk.mark(99.0, 2);
    assert_eq!(desk.wait(at(61)), Status::Cooldown);
    assert_eq!(desk.mark(90.0, 65), Status::Tripped);
    assert_eq!(status(&desk.system, "dd").until, Some(at(65 + 120)), "twice as long");
    desk.mark(99.0, 66);
    assert_eq!(desk.wait(at(185)), Status::Cooldown);
    assert_eq!(desk.mark(90.0, 190), Status::Tripped);
    assert_eq!(status(&desk.system, "dd").until, Some(at(190 + 200)), "the longest");
    desk.mark(99.0, 191);
    assert_eq!(desk.wait(at(390)), Status::Cooldown);
    assert_eq!(desk.wait(Nanos(at(400).0 - 1)), Status::Cooldown);
    assert_eq!(desk.wait(at(400)), Status::Active);
    desk.mark(90.0, 401);
    assert_eq!(status(&desk.system, "dd").until, Some(at(401 + 60)), "the base again");
}

#[test]
fn cooldown_denies_what_its_policy_says() {
    let mut spec = timed();
    spec.policy.effect = Lanes::HALT;
    spec.policy.cooldown_for = Duration::from_secs(10);
    spec.policy.cooldown_effect = CooldownEffect::Denies(Lanes::NO_NEW);
    let mut desk = Desk::new(spec);
    let gate = desk.system.gate(&["X"]).unwrap();
    desk.mark(90.0, 1);
    assert!(!gate.permits(Intent::Reduce));
    desk.mark(99.0, 2);
    desk.wait(at(61));
    assert!(gate.permits(Intent::Reduce) && !gate.permits(Intent::Increase));
}

#[test]
fn after_the_last_automatic_reset_of_the_window_a_trip_latches() {
    let mut spec = timed();
    spec.policy.max_auto_resets = Some(2);
    spec.policy.auto_reset_window = Duration::from_secs(1_000);
    let mut desk = Desk::new(spec);
    for start in [0, 100] {
        assert_eq!(desk.mark(90.0, start + 1), Status::Tripped);
        desk.mark(99.0, start + 2);
        assert_eq!(desk.wait(at(start + 61)), Status::Active);
    }
    assert_eq!(desk.mark(90.0, 201), Status::Tripped);
    assert_eq!(status(&desk.system, "dd").step, Step::LATCHED);
    desk.mark(99.0, 202);
    assert_eq!(desk.wait(at(5_000)), Status::Tripped);
    let id = desk.system.breaker("dd").unwrap();
    desk.system.reset(id, stamp(&desk.system, "dd"), desk_()).unwrap();
    // The window has passed: automatic again.
    assert_eq!(desk.mark(90.0, 5_001), Status::Tripped);
    assert_eq!(status(&desk.system, "dd").step, Step::FIRST);
}

fn desk_() -> By<'static> {
    support::desk()
}

#[test]
fn a_breach_is_confirmed_by_time_in_silence() {
    let mut spec = timed();
    spec.policy.confirm_for = Duration::from_secs(5);
    let mut desk = Desk::new(spec);
    assert_eq!(desk.mark(90.0, 1), Status::Warning);
    assert_eq!(desk.wait(Nanos(at(6).0 - 1)), Status::Warning);
    assert_eq!(desk.wait(at(6)), Status::Tripped);
    assert_eq!(status(&desk.system, "dd").reason, Reason::Limit);
}

#[test]
fn a_breach_that_ends_before_it_is_confirmed_trips_nothing() {
    let mut spec = timed();
    spec.policy.confirm_for = Duration::from_secs(5);
    let mut desk = Desk::new(spec);
    desk.mark(90.0, 1);
    desk.mark(99.0, 3);
    assert_eq!(desk.wait(at(100)), Status::Active);
    desk.mark(90.0, 101);
    assert_eq!(desk.wait(at(105)), Status::Warning, "it starts anew");
    assert_eq!(desk.wait(at(106)), Status::Tripped);
}

#[test]
fn so_many_breaches_in_a_row_and_not_one_less() {
    let mut spec = timed();
    spec.policy.confirm = 3;
    let mut desk = Desk::new(spec);
    desk.mark(90.0, 1);
    desk.mark(90.0, 2);
    desk.mark(95.0, 3);
    desk.mark(90.0, 4);
    assert_eq!(desk.mark(90.0, 5), Status::Warning);
    assert_eq!(desk.wait(at(1_000)), Status::Warning, "time alone does not count breaches");
    assert_eq!(desk.mark(90.0, 1_001), Status::Tripped);
}

#[test]
fn an_unconfirmed_breach_releases_no_trip() {
    let mut spec = timed();
    spec.policy.confirm = 3;
    spec.policy.release = Release::Level;
    let mut desk = Desk::new(spec);
    for t in 1..=3 {
        desk.mark(90.0, t);
    }
    assert_eq!(desk.status(), Status::Tripped);
    // A new version of the word starts the count anew; the breach is still a breach.
    let mut plan = plan(vec![timed()]);
    plan.breakers[0].policy.confirm = 5;
    plan.breakers[0].policy.release = Release::Level;
    desk.system.reload(&plan).unwrap();
    assert_eq!(desk.mark(90.0, 4), Status::Tripped);
    assert_eq!(desk.mark(99.0, 5), Status::Active);
}

#[test]
fn silence_trips_after_its_patience_and_the_first_good_value_after_the_halt_ends_it() {
    let mut spec = timed();
    spec.policy.on_stale = OnStale::Trip;
    let mut desk = Desk::new(spec);
    desk.mark(99.0, 10);
    assert_eq!(desk.wait(Nanos(at(40).0 - 1)), Status::Active);
    assert_eq!(desk.wait(at(40)), Status::Tripped);
    assert_eq!(status(&desk.system, "dd").reason, Reason::Stale);
    assert_eq!(desk.mark(99.0, 50), Status::Tripped, "halt_for has not passed");
    assert_eq!(desk.mark(99.0, 100), Status::Active);
}

#[test]
fn silence_warns_where_the_policy_says_so() {
    let mut spec = timed();
    spec.policy.on_stale = OnStale::Warn;
    let mut desk = Desk::new(spec);
    assert_eq!(desk.wait(at(30)), Status::Warning);
    assert_eq!(desk.mark(100.0, 31), Status::Active);
}

#[test]
fn a_leap_of_time_does_everything_in_order_each_at_its_own_time() {
    let mut spec = timed();
    spec.policy.cooldown_for = Duration::from_secs(10);
    let mut desk = Desk::new(spec);
    desk.mark(90.0, 1);
    desk.mark(99.0, 2);
    events(&desk.system);
    assert_eq!(desk.wait(at(100_000)), Status::Active);
    let seen: Vec<_> = events(&desk.system).iter().map(|e| (e.event_type(), e.at(desk.system.epoch()))).collect();
    assert_eq!(seen, [(EventType::CooldownStarted, at(61)), (EventType::Reset, at(71))]);
}

#[test]
fn a_hundred_breakers_end_in_the_order_of_their_times_each_once() {
    let specs = (0..100).map(|i| {
        let mut spec = timed();
        (spec.name, spec.scope) = (format!("dd{i}"), scope(&format!("S/{i}")));
        spec.policy.halt = Halt::Timed { base: Duration::from_secs(1_000 - i * 7), backoff: 1.0, max: Duration::MAX };
        spec
    });
    let system = system(specs.collect());
    for i in 0..100 {
        let mut feed = system.feed(&format!("S/{i}")).unwrap();
        for value in [100.0, 90.0, 99.0] {
            feed.equity(money(value), at(0)).unwrap();
        }
    }
    events(&system);
    system.advance(at(2_000));
    let names: Vec<_> = events(&system).iter().map(|e| system.breaker_name(e.breaker).unwrap().to_string()).collect();
    let expected: Vec<_> = (0..100).rev().map(|i| format!("dd{i}")).collect();
    assert_eq!(names, expected);
}

#[test]
fn a_breaker_of_several_feeds_follows_the_worst_of_them() {
    let mut spec = timed();
    spec.watch = vec![scope("A"), scope("B")];
    spec.policy.release = Release::Level;
    let system = system(vec![spec]);
    let gate = system.gate(&["X"]).unwrap();
    let (mut a, mut b) = (system.feed("A").unwrap(), system.feed("B").unwrap());
    a.equity(money(100.0), at(0)).unwrap();
    assert!(!gate.permits(Intent::Increase), "B has no value yet");
    b.equity(money(100.0), at(0)).unwrap();
    assert!(gate.permits(Intent::Increase));
    a.equity(money(91.5), at(1)).unwrap();
    b.equity(money(99.0), at(1)).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Warning, "A still warns");
    b.equity(money(90.0), at(1)).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Tripped);
    a.equity(money(100.0), at(1)).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Tripped, "B still breaches");
    b.equity(money(99.0), at(1)).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Active);
}

#[test]
fn a_rebase_frees_the_way_for_a_reset_from_the_next_mark_on() {
    let mut desk = Desk::new(drawdown("dd", "X", 0.10));
    desk.mark(90.0, 1);
    let id = desk.system.breaker("dd").unwrap();
    let error = desk.system.reset(id, stamp(&desk.system, "dd"), desk_()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CauseStands);
    let trader = By::new("bob", Authority::Trader, "");
    assert_eq!(desk.system.rebase(id, money(90.0), trader).unwrap_err().kind(), ErrorKind::Authority);
    assert_eq!(desk.system.rebase(id, Money::ZERO, desk_()).unwrap_err().kind(), ErrorKind::BadInput);
    desk.system.rebase(id, money(90.0), desk_()).unwrap();
    assert_eq!(desk.mark(90.0, 2), Status::Tripped, "latched: a rebase permits, it does not reset");
    desk.system.reset(id, stamp(&desk.system, "dd"), desk_()).unwrap();
    assert_eq!(desk.status(), Status::Active);
    assert_eq!(desk.mark(81.0, 3), Status::Tripped, "10 % below the new peak");
    let ladderless = desk.system.breaker("kill:X").unwrap();
    assert_eq!(desk.system.rebase(ladderless, money(1.0), admin()).unwrap_err().kind(), ErrorKind::NotAllowed);
}

#[test]
fn the_ladder_halts_and_reopens_to_the_nanosecond_and_each_rung_once_a_day() {
    let open = sessions().as_slice()[1].open;
    let system = System::manual(plan(vec![mwcb(us_ladder())]), open).unwrap();
    let gate = system.gate(&[]).unwrap();
    let mut feed = system.feed("index/SPX").unwrap();
    feed.reference(price(2972.37), Date::new(2020, 3, 6), open).unwrap();
    let mut print = |level: f64, secs: u64| {
        let at = open + Duration::from_secs(secs);
        system.advance(at);
        feed.trade(price(level), Qty(1), at).unwrap();
        status(&system, "mwcb")
    };
    assert_eq!(print(2863.89, 1).status, Status::Active);
    assert_eq!(print(2764.3042, 252).status, Status::Warning);
    let halted = print(2764.3041, 253);
    assert_eq!((halted.status, halted.step.number()), (Status::Tripped, 1));
    let end = open + Duration::from_secs(253 + 900);
    assert_eq!(halted.until, Some(end));
    system.advance(end - Duration::from_nanos(1));
    assert!(!gate.permits(Intent::Increase));
    system.advance(end);
    assert!(gate.permits(Intent::Increase));
    assert_eq!(print(2700.0, 1_200).status, Status::Active, "level 1 is used up, level 2 is far");
    // Level 2 is 2585.9619; a higher rung while halted is a transition of its own.
    let halted = print(2585.9619, 2_000);
    assert_eq!((halted.status, halted.step.number()), (Status::Tripped, 2));
    let halted = print(2377.896, 2_100);
    assert_eq!((halted.status, halted.step.number()), (Status::Tripped, 3));
    assert_eq!(halted.until, Some(sessions().as_slice()[2].open), "until the next session");
    let close = sessions().as_slice()[1].close;
    system.advance(close + Duration::from_secs(3_600));
    assert!(!gate.permits(Intent::Increase));
    // The next session opens without a reference: unready, so it denies still.
    system.advance(sessions().as_slice()[2].open);
    assert_eq!(status(&system, "mwcb").status, Status::Active);
    assert!(!gate.permits(Intent::Increase));
    assert_eq!(gate.explain(gate.check()).reason, Reason::NotReady);
}

#[test]
fn a_reference_is_spent_at_the_close() {
    let session = sessions().as_slice()[1];
    let system = System::manual(plan(vec![mwcb(us_ladder())]), session.open).unwrap();
    let gate = system.gate(&[]).unwrap();
    let mut feed = system.feed("index/SPX").unwrap();
    feed.reference(price(2972.37), Date::new(2020, 3, 6), session.open).unwrap();
    let before = session.close - Duration::from_secs(1);
    system.advance(before);
    feed.trade(price(2900.0), Qty(1), before).unwrap();
    system.advance(session.close);
    assert!(gate.permits(Intent::Increase));
    system.advance(session.close + Duration::from_secs(1));
    assert!(!gate.permits(Intent::Increase));
    let after = session.close + Duration::from_secs(1);
    feed.reference(price(2900.0), session.date, after).unwrap();
    assert!(gate.permits(Intent::Increase));
}

#[test]
fn a_rung_is_reached_by_time_alone_when_its_window_opens_on_a_price_that_stands() {
    let session = sessions().as_slice()[1];
    let after = |secs| session.open + Duration::from_secs(secs);
    // At the opening bell itself, and before a window that begins later.
    for (from, heard) in [(0, 0), (600, 30)] {
        let mut ladder = us_ladder();
        for rung in &mut ladder.rungs {
            rung.windows[0].from = Bell::AfterOpen(Duration::from_secs(from));
        }
        let mut spec = mwcb(ladder);
        spec.policy.on_stale = OnStale::Ignore;
        let system = System::manual(plan(vec![spec]), session.open).unwrap();
        let gate = system.gate(&[]).unwrap();
        let mut feed = system.feed("index/SPX").unwrap();
        feed.reference(price(2972.37), Date::new(2020, 3, 6), session.open).unwrap();
        system.advance(after(heard));
        feed.trade(price(2700.0), Qty(1), after(heard)).unwrap();
        assert!(gate.permits(Intent::Increase));
        system.advance(after(from) - Duration::from_micros(1));
        assert!(gate.permits(Intent::Increase));
        // After the bell, which does not belong to the window.
        system.advance(after(from) + Duration::from_micros(1));
        assert!(!gate.permits(Intent::Increase), "nobody has said anything since");
        system.advance(after(from + 899));
        assert!(!gate.permits(Intent::Increase));
        system.advance(after(from + 901));
        assert!(gate.permits(Intent::Increase), "a halt of fifteen minutes");
    }
}

#[test]
fn a_price_beyond_stages_that_come_in_turn_halts_for_the_lowest_or_at_once_for_the_highest() {
    let session = sessions().as_slice()[1];
    let after = |secs| session.open + Duration::from_secs(secs);
    for (further, number) in [(0.01, 1), (0.0, 3)] {
        let mut ladder = Ladder { in_turn: true, ..us_ladder() };
        for rung in &mut ladder.rungs {
            rung.further = ratio(further);
        }
        let system = System::manual(plan(vec![mwcb(ladder)]), session.open).unwrap();
        let mut feed = system.feed("index/SPX").unwrap();
        feed.reference(price(2972.37), Date::new(2020, 3, 6), session.open).unwrap();
        system.advance(after(10));
        feed.trade(price(2000.0), Qty(1), after(10)).unwrap();
        let told = events(&system);
        let step = State::unpack(told.last().unwrap().after).step;
        assert_eq!((status(&system, "mwcb").status, Some(step)), (Status::Tripped, Step::rung(number)));
    }
}

#[test]
fn a_market_that_reopens_on_message_waits_for_it() {
    let session = sessions().as_slice()[1];
    let ladder = Ladder { reopen: Reopen::OnMessage, ..us_ladder() };
    let system = System::manual(plan(vec![mwcb(ladder)]), session.open).unwrap();
    let gate = system.gate(&[]).unwrap();
    let mut feed = system.feed("index/SPX").unwrap();
    feed.reference(price(2972.37), Date::new(2020, 3, 6), session.open).unwrap();
    let after = |secs| session.open + Duration::from_secs(secs);
    system.advance(after(10));
    feed.trade(price(2700.0), Qty(1), after(10)).unwrap();
    system.advance(after(2_000));
    assert!(!gate.permits(Intent::Increase), "fifteen minutes are the least");
    feed.venue(VenueStatus::Open, after(2_000)).unwrap();
    assert!(gate.permits(Intent::Increase));
}

#[test]
fn a_hundred_thousand_cooldowns_at_once_end_in_order_and_each_once() {
    const COUNT: usize = 100_000;
    // In an order of their own: of two neighbours either may end first.
    let lasts = |i: usize| Duration::from_secs(1 + (i * 7_919 % 997) as u64);
    let spec = |i: usize| {
        let spec = manual(&format!("b{i}"), &format!("X/{}", i % 8));
        let policy = Policy { cooldown_for: lasts(i), ..spec.policy.clone() };
        spec.with_policy(policy)
    };
    let caps = Caps { ring: 1 << 18, ..Caps::default() };
    let system =
        System::manual(Plan { breakers: (0..COUNT).map(spec).collect(), caps, ..Plan::default() }, at(0)).unwrap();
    events(&system);
    let ids: Vec<_> = (0..COUNT).map(|i| system.breaker(&format!("b{i}")).unwrap()).collect();
    ids.iter().for_each(|id| system.trip(*id, desk()).unwrap());
    events(&system);
    ids.iter().for_each(|id| system.reset(*id, system.breaker_status(*id).unwrap().stamp, desk()).unwrap());
    assert!(events(&system).iter().all(|event| event.event_type() == EventType::CooldownStarted));
    // One leap over all of them.
    system.advance(at(5_000));
    let ended = events(&system);
    assert_eq!(ended.len(), COUNT, "each once, none lost");
    let times: Vec<_> = ended.iter().map(|event| event.at(system.epoch())).collect();
    assert!(times.is_sorted());
    let mut by_breaker: Vec<_> = ended.iter().map(|event| (event.breaker, event.at(system.epoch()))).collect();
    by_breaker.sort_unstable();
    let mut due: Vec<_> = ids.iter().enumerate().map(|(i, id)| (*id, at(0) + lasts(i))).collect();
    due.sort_unstable();
    assert!(by_breaker == due, "each at its own time");
    assert!(system.gate(&["X/0"]).unwrap().permits(Intent::Increase));
}
