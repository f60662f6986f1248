//! `technical` through a System: it trips, time ends it, and what was admitted before a trip decides nothing after it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;
use std::time::Duration;

use haltline::Outcome::{Failure, Ignored, Success};
use haltline::*;
use proptest::prelude::*;
use support::*;

const TOOK: Duration = Duration::from_millis(1);
const NANO: Duration = Duration::from_nanos(1);

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Half of the last 10; halts for 30 s.
fn gateway() -> BreakerSpec {
    let rule = Technical { window: CallWindow::Last(10), ..Technical::default() };
    spec("gw", "gw/a", RuleSpec::Technical(rule), Kind::Technical.default_policy())
}

fn rule_of(spec: &mut BreakerSpec) -> &mut Technical {
    match &mut spec.rule {
        RuleSpec::Technical(rule) => rule,
        rule => panic!("{rule:?}"),
    }
}

/// The same over the calls of 64 s, at least 10 of them.
fn gateway_by_time() -> BreakerSpec {
    let mut spec = gateway();
    rule_of(&mut spec).window = CallWindow::Time(secs(64));
    spec
}

struct Desk {
    system: System,
    gate: Gate,
    feed: Feed,
}

impl Desk {
    fn new(spec: BreakerSpec) -> Self {
        let system = system(vec![spec]);
        let (gate, feed) = (system.gate(&["gw/a"]).unwrap(), system.feed("gw/a").unwrap());
        Self { system, gate, feed }
    }

    /// So many calls end now.
    fn calls(&mut self, outcome: Outcome, count: usize, now: Nanos) -> Status {
        self.late(outcome, count, TOOK, now)
    }

    /// So many calls end now that began `took` ago.
    fn late(&mut self, outcome: Outcome, count: usize, took: Duration, now: Nanos) -> Status {
        self.system.advance(now);
        for _ in 0..count {
            self.feed.outcome(outcome, took, now).unwrap();
        }
        self.status().status
    }

    fn wait(&self, until: Nanos) -> Status {
        self.system.advance(until);
        self.status().status
    }

    fn status(&self) -> BreakerStatus {
        status(&self.system, "gw")
    }

    fn admits(&self) -> bool {
        self.gate.permits(Intent::Increase)
    }

    /// Trips it at `now`.
    fn trip(&mut self, now: Nanos) {
        assert_eq!(self.calls(Failure, 10, now), Status::Tripped);
    }

    fn trip_by_hand(&self) {
        self.system.trip(self.system.breaker("gw").unwrap(), desk()).unwrap();
    }

    fn reset(&self) {
        self.system.reset(self.system.breaker("gw").unwrap(), self.status().stamp, desk()).unwrap();
    }

    /// Whether it is empty: nine failures are no rate, the tenth makes one.
    fn begins_anew(&mut self, now: Nanos) {
        assert_eq!(self.calls(Failure, 9, now), Status::Active, "a window that is not empty");
        assert_eq!(self.calls(Failure, 1, now), Status::Tripped, "a window that forgets");
    }
}

#[test]
fn the_first_calls_are_admitted_and_the_first_outcome_makes_it_ready() {
    let mut desk = Desk::new(gateway());
    assert!(desk.admits() && desk.status().unready);
    assert_eq!(desk.calls(Failure, 1, at(1)), Status::Active);
    assert!(desk.admits() && !desk.status().unready, "fewer than min_calls are normal, not doubt");
    let mut spec = gateway();
    spec.policy.on_unready = OnUnready::Deny;
    let mut desk = Desk::new(spec);
    assert!(!desk.admits(), "until the session has answered its logon");
    desk.calls(Ignored, 1, at(1));
    assert!(desk.admits() && !desk.status().unready);
}

#[test]
fn it_warns_trips_and_comes_back_to_the_nanosecond() {
    let mut desk = Desk::new(gateway());
    desk.calls(Success, 6, at(1));
    assert_eq!(desk.calls(Failure, 4, at(2)), Status::Warning);
    assert!(desk.admits());
    assert_eq!(desk.status().value, Some((0.4, 0.5)));
    assert_eq!(desk.calls(Failure, 1, at(3)), Status::Tripped, "a success has left: 5 of 10");
    assert!(!desk.admits() && !desk.gate.permits(Intent::Reduce) && desk.gate.permits(Intent::Cancel));
    let denial = desk.gate.explain(desk.gate.check());
    assert_eq!((denial.reason, denial.value, denial.limit), (Reason::Limit, Some(0.5), Some(0.5)));
    assert_eq!(denial.until, Some(at(33)));
    assert_eq!(desk.wait(at(33) - NANO), Status::Tripped);
    assert_eq!(desk.wait(at(33)), Status::Active, "by time alone: no call could show that the cause is gone");
    assert!(desk.admits());
    let told: Vec<_> = event_types(&desk.system).into_iter().filter(|event| *event != EventType::Installed).collect();
    assert_eq!(told, [EventType::Warning, EventType::Tripped, EventType::Reset]);
    desk.begins_anew(at(40));
}

#[test]
fn a_success_can_be_the_call_that_trips() {
    let mut desk = Desk::new(gateway());
    assert_eq!(desk.calls(Failure, 5, at(1)), Status::Active);
    assert_eq!(desk.calls(Success, 4, at(2)), Status::Active);
    assert_eq!(desk.calls(Success, 1, at(3)), Status::Tripped);
}

#[test]
fn slow_calls_and_failures_in_a_row_say_so() {
    let mut spec = gateway();
    rule_of(&mut spec).slow = Some(SlowCalls { rate: Limits::of(ratio(0.8)), after: secs(1) });
    rule_of(&mut spec).consecutive = Some(4);
    let mut desk = Desk::new(spec);
    desk.calls(Success, 2, at(1));
    assert_eq!(desk.late(Success, 7, secs(1), at(2)), Status::Active, "nine calls");
    assert_eq!(desk.late(Success, 1, secs(1), at(3)), Status::Tripped);
    let denial = desk.gate.explain(desk.gate.check());
    assert_eq!((denial.reason, denial.value, denial.limit), (Reason::SlowRate, Some(0.8), Some(0.8)));
    desk.wait(at(33));
    assert_eq!(desk.calls(Failure, 3, at(34)), Status::Active);
    assert_eq!(desk.calls(Failure, 1, at(35)), Status::Tripped);
    let denial = desk.gate.explain(desk.gate.check());
    assert_eq!((denial.reason, denial.value, denial.limit), (Reason::Consecutive, Some(4.0), Some(4.0)));
}

#[test]
fn what_ends_while_it_is_tripped_neither_brings_it_back_nor_trips_it_again() {
    for spec in [gateway(), gateway_by_time()] {
        let mut desk = Desk::new(spec);
        desk.trip(at(1));
        let stamp = desk.status().stamp;
        assert_eq!(desk.late(Success, 1_000, secs(1), at(2)), Status::Tripped, "late successes");
        assert_eq!(desk.late(Failure, 1_000, secs(2), at(3)), Status::Tripped);
        assert_eq!(desk.calls(Success, 1_000, at(4)), Status::Tripped, "a cancel, which passes, says nothing either");
        assert_eq!((desk.status().stamp, desk.status().trips), (stamp, 1), "one trip, one event");
        assert_eq!(desk.wait(at(31)), Status::Active, "30 s after the trip, not after the last outcome");
        desk.begins_anew(at(32));
    }
}

#[test]
fn calls_that_hung_through_the_trip_and_time_out_together_do_not_trip_it_again() {
    let mut desk = Desk::new(gateway());
    desk.trip(at(10));
    desk.wait(at(40));
    // Admitted at 9 s, with a timeout of a minute.
    assert_eq!(desk.late(Failure, 1_000, secs(60), at(69)), Status::Active);
    assert_eq!(desk.late(Failure, 1_000, secs(29) + NANO, at(69)), Status::Active, "a nanosecond before the return");
    assert_eq!(desk.late(Failure, 9, secs(29), at(69)), Status::Active);
    assert_eq!(desk.late(Failure, 1, secs(29), at(69)), Status::Tripped, "ten of after it");
}

#[test]
fn a_late_success_does_not_hide_that_the_new_calls_fail() {
    let mut desk = Desk::new(gateway());
    desk.trip(at(10));
    desk.wait(at(40));
    desk.late(Success, 1_000, secs(60), at(69));
    desk.begins_anew(at(69));
}

#[test]
fn an_outcome_may_find_the_time_up_before_the_monitor_does() {
    let mut desk = Desk::new(gateway());
    desk.trip(at(1));
    // The feed runs ahead of the System.
    desk.system.advance(at(30));
    desk.feed.outcome(Failure, secs(10), at(31)).unwrap();
    assert_eq!(desk.status().status, Status::Active);
    desk.begins_anew(at(32));
}

#[test]
fn a_reset_by_hand_on_another_thread_begins_anew() {
    for spec in [gateway(), gateway_by_time()] {
        let mut desk = Desk::new(spec);
        assert_eq!(desk.calls(Failure, 9, at(1)), Status::Active);
        // The feed hears nothing between the trip and the reset.
        let system = &desk.system;
        std::thread::scope(|threads| {
            threads.spawn(|| {
                let id = system.breaker("gw").unwrap();
                system.trip(id, support::desk()).unwrap();
                system.advance(at(2));
                system.reset(id, stamp(system, "gw"), support::desk()).unwrap();
            });
        });
        assert_eq!(desk.status().status, Status::Active);
        desk.begins_anew(at(3));
        desk.reset();
        desk.begins_anew(at(4));
    }
}

#[test]
fn a_trip_by_hand_waits_for_a_hand_whatever_the_calls() {
    let mut desk = Desk::new(gateway());
    desk.calls(Success, 5, at(1));
    desk.trip_by_hand();
    desk.calls(Success, 100, at(2));
    desk.calls(Failure, 100, at(3));
    assert_eq!(desk.wait(at(1_000_000)), Status::Tripped);
    desk.reset();
    assert_eq!(desk.status().status, Status::Active);
    desk.begins_anew(at(1_000_001));
}

#[test]
fn a_trip_by_hand_on_a_warning_goes_back_to_it_until_a_call_is_heard() {
    let mut desk = Desk::new(gateway());
    desk.calls(Success, 6, at(1));
    assert_eq!(desk.calls(Failure, 4, at(1)), Status::Warning);
    desk.trip_by_hand();
    desk.reset();
    assert_eq!(desk.status().status, Status::Warning, "nobody has said anything since");
    assert_eq!(desk.calls(Failure, 1, at(2)), Status::Active, "the first of a new window");
}

#[test]
fn out_of_maintenance_it_begins_anew() {
    let mut desk = Desk::new(gateway());
    desk.calls(Failure, 9, at(1));
    desk.system.maintain(desk.system.breaker("gw").unwrap(), admin()).unwrap();
    desk.reset();
    desk.begins_anew(at(2));
    desk.reset();
    desk.system.maintain(desk.system.breaker("gw").unwrap(), admin()).unwrap();
    assert_eq!(desk.calls(Failure, 100, at(3)), Status::Maintenance);
    desk.reset();
    desk.begins_anew(at(4));
}

#[test]
fn a_feed_that_changes_hands_keeps_its_window_and_notices_a_trip_meanwhile() {
    let mut desk = Desk::new(gateway());
    desk.calls(Failure, 9, at(1));
    let Desk { system, gate, feed } = desk;
    drop(feed);
    let feed = system.feed("gw/a").unwrap();
    let mut desk = Desk { system, gate, feed };
    assert_eq!(desk.calls(Failure, 1, at(2)), Status::Tripped, "the nine were not forgotten");
    desk.wait(at(32));
    desk.calls(Failure, 9, at(33));
    let Desk { system, gate, feed } = desk;
    drop(feed);
    system.trip(system.breaker("gw").unwrap(), support::desk()).unwrap();
    system.reset(system.breaker("gw").unwrap(), stamp(&system, "gw"), support::desk()).unwrap();
    let feed = system.feed("gw/a").unwrap();
    Desk { system, gate, feed }.begins_anew(at(34));
}

/// Cooldown of 60 s in which orders that reduce may go.
fn graded() -> BreakerSpec {
    let mut spec = gateway();
    spec.policy.halt = Halt::Timed { base: secs(30), backoff: 2.0, max: secs(1_000) };
    (spec.policy.cooldown_for, spec.policy.cooldown_effect) = (secs(60), CooldownEffect::Denies(Lanes::NO_NEW));
    spec
}

#[test]
fn in_cooldown_only_calls_count_that_began_in_it() {
    let mut desk = Desk::new(graded());
    desk.trip(at(1));
    assert_eq!(desk.wait(at(31)), Status::Cooldown);
    assert!(!desk.admits() && desk.gate.permits(Intent::Reduce));
    assert_eq!(desk.late(Failure, 1_000, secs(1) + NANO, at(32)), Status::Cooldown);
    assert_eq!(desk.late(Success, 1_000, secs(20), at(32)), Status::Cooldown, "nor does a late success end it");
    assert_eq!(desk.calls(Failure, 9, at(33)), Status::Cooldown);
    assert_eq!(desk.calls(Failure, 1, at(34)), Status::Tripped);
    assert_eq!(desk.status().until, Some(at(34 + 60)), "twice as long");
    assert_eq!(desk.wait(at(94)), Status::Cooldown);
    assert_eq!(desk.calls(Failure, 9, at(95)), Status::Cooldown);
    assert_eq!(desk.wait(at(94 + 60)), Status::Active);
    desk.begins_anew(at(155));
}

#[test]
fn cooldown_ends_by_time_without_a_call() {
    let mut desk = Desk::new(graded());
    desk.trip(at(1));
    assert_eq!(desk.wait(at(91) - NANO), Status::Cooldown);
    assert_eq!(desk.wait(at(91)), Status::Active);
    desk.begins_anew(at(92));
}

#[test]
fn after_so_many_resets_by_itself_it_latches() {
    let mut spec = gateway();
    spec.policy.max_auto_resets = Some(2);
    let mut desk = Desk::new(spec);
    for second in [1, 101] {
        desk.trip(at(second));
        assert_eq!(desk.wait(at(second + 30)), Status::Active);
    }
    desk.trip(at(201));
    assert_eq!(desk.wait(at(10_000)), Status::Tripped);
    desk.reset();
    assert!(desk.admits());
}

#[test]
fn silence_is_no_fault_by_default() {
    let mut desk = Desk::new(gateway());
    desk.calls(Success, 20, at(1));
    assert_eq!(desk.wait(at(1_000_000)), Status::Active);
    desk.trip(at(1_000_001));
    assert_eq!(desk.wait(at(1_000_031)), Status::Active);
}

/// Its session sends a heartbeat at least each 10 s.
fn session() -> BreakerSpec {
    let mut spec = gateway();
    (spec.policy.on_stale, spec.policy.stale_after) = (OnStale::Trip, secs(10));
    spec
}

#[test]
fn a_session_that_owes_heartbeats_trips_when_they_stop_and_comes_back_when_it_speaks() {
    let mut desk = Desk::new(session());
    for second in [1, 9, 18] {
        assert_eq!(desk.calls(Ignored, 1, at(second)), Status::Active);
    }
    assert_eq!(desk.wait(at(28) - NANO), Status::Active);
    assert_eq!(desk.wait(at(28)), Status::Tripped);
    assert_eq!(desk.status().reason, Reason::Stale);
    assert_eq!(desk.wait(at(1_000)), Status::Tripped, "a session that is silent is down");
    assert_eq!(desk.calls(Ignored, 1, at(1_001)), Status::Active);
    desk.begins_anew(at(1_002));
}

#[test]
fn heartbeats_that_go_on_while_it_is_tripped_let_time_end_it() {
    let mut desk = Desk::new(session());
    desk.trip(at(1));
    for second in [5, 14, 23] {
        assert_eq!(desk.calls(Ignored, 1, at(second)), Status::Tripped);
    }
    assert_eq!(desk.wait(at(31)), Status::Active);
    let mut desk = Desk::new(session());
    desk.trip(at(1));
    assert_eq!(desk.wait(at(31)), Status::Tripped, "silent for 30 s");
    assert_eq!(desk.calls(Ignored, 1, at(40)), Status::Active, "and with its first word back");
}

#[test]
fn a_warning_for_silence_ends_when_all_feeds_have_spoken_and_not_before() {
    let mut spec = gateway().watching(vec![scope("A"), scope("B")]);
    (spec.policy.on_stale, spec.policy.stale_after) = (OnStale::Warn, secs(10));
    let system = system(vec![spec]);
    let (mut a, mut b) = (system.feed("A").unwrap(), system.feed("B").unwrap());
    let speaks = |feed: &mut Feed, second| {
        system.advance(at(second));
        feed.outcome(Ignored, TOOK, at(second)).unwrap();
        status(&system, "gw").status
    };
    speaks(&mut a, 1);
    assert_eq!(speaks(&mut b, 1), Status::Active);
    system.advance(at(11));
    assert_eq!(status(&system, "gw").status, Status::Warning);
    assert_eq!(speaks(&mut b, 12), Status::Warning, "A is silent");
    assert_eq!(speaks(&mut a, 22), Status::Warning, "now B is");
    assert_eq!(speaks(&mut b, 23), Status::Active, "under the same word as 11 s before");
}

#[test]
fn a_warning_over_a_window_of_time_ends_when_nothing_is_left_in_it() {
    let mut desk = Desk::new(gateway_by_time());
    desk.calls(Success, 6, at(0));
    assert_eq!(desk.calls(Failure, 4, at(0)), Status::Warning);
    let bucket = 1; // second
    assert_eq!(desk.wait(at(64)), Status::Warning);
    assert_eq!(desk.wait(at(64 + bucket)), Status::Active);
    assert!(desk.admits());
}

#[test]
fn a_reload_keeps_the_window_and_a_trip() {
    let mut desk = Desk::new(gateway());
    desk.calls(Failure, 9, at(1));
    let mut lower = gateway();
    rule_of(&mut lower).failure_rate = Limits::of(ratio(0.9));
    desk.system.reload(&plan(vec![lower.clone()])).unwrap();
    assert_eq!(desk.calls(Success, 1, at(2)), Status::Tripped, "9 of 10");
    lower.policy.severity = 0.5;
    desk.system.reload(&plan(vec![lower.clone()])).unwrap();
    assert_eq!(desk.calls(Failure, 100, at(3)), Status::Tripped, "and still nothing counts");
    assert_eq!(desk.status().trips, 1);
    assert_eq!(desk.wait(at(32)), Status::Active, "no halt is prolonged");
    desk.calls(Failure, 9, at(33));
    lower.policy.severity = 0.6;
    desk.system.reload(&plan(vec![lower])).unwrap();
    assert_eq!(desk.calls(Failure, 1, at(34)), Status::Tripped, "nor has the return forgotten the nine after it");
}

#[test]
fn a_reload_to_a_lower_limit_trips_on_what_was_counted() {
    let mut desk = Desk::new(gateway());
    desk.calls(Success, 7, at(1));
    assert_eq!(desk.calls(Failure, 3, at(1)), Status::Active);
    let mut lower = gateway();
    rule_of(&mut lower).failure_rate = Limits::of(ratio(0.3));
    desk.system.reload(&plan(vec![lower])).unwrap();
    assert_eq!(desk.calls(Ignored, 1, at(2)), Status::Tripped);
}

#[test]
fn a_trip_by_one_feed_begins_all_windows_anew() {
    let spec = gateway().watching(vec![scope("A"), scope("B")]);
    let system = system(vec![spec]);
    let (mut a, mut b) = (system.feed("A").unwrap(), system.feed("B").unwrap());
    let mut now = 0;
    let mut fail = |feed: &mut Feed, count| {
        now += 1;
        system.advance(at(now));
        (0..count).for_each(|_| feed.outcome(Failure, TOOK, at(now)).unwrap());
        status(&system, "gw").status
    };
    fail(&mut a, 9);
    assert_eq!(fail(&mut b, 9), Status::Active, "each has its own window");
    assert_eq!(fail(&mut a, 1), Status::Tripped);
    system.advance(at(33));
    assert_eq!(status(&system, "gw").status, Status::Active, "the other feed's window does not hold it");
    now = 33;
    let mut fail = |feed: &mut Feed, count| {
        now += 1;
        system.advance(at(now));
        (0..count).for_each(|_| feed.outcome(Failure, TOOK, at(now)).unwrap());
        status(&system, "gw").status
    };
    assert_eq!(fail(&mut b, 9), Status::Active);
    assert_eq!(fail(&mut b, 1), Status::Tripped);
}

#[test]
fn a_shadow_goes_through_its_statuses_and_admits() {
    let mut spec = gateway();
    spec.policy.shadow = true;
    let mut desk = Desk::new(spec);
    desk.trip(at(1));
    assert!(desk.admits());
    assert_eq!(desk.calls(Failure, 100, at(2)), Status::Tripped);
    assert_eq!(desk.wait(at(31)), Status::Active);
    desk.begins_anew(at(32));
}

#[test]
fn a_call_from_before_1970_is_refused_counted_and_changes_nothing() {
    let mut desk = Desk::new(gateway());
    desk.calls(Failure, 9, at(1));
    let error = desk.feed.outcome(Failure, Duration::MAX, at(1)).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::BadInput, "duration"));
    assert_eq!((desk.status().refused, desk.status().status), (1, Status::Active));
    assert_eq!(desk.feed.outcome(Failure, TOOK, at(0)).unwrap_err().kind(), ErrorKind::BadInput, "time runs backwards");
    assert_eq!(desk.status().status, Status::Active);
    assert_eq!(desk.calls(Failure, 1, at(1)), Status::Tripped);
}

#[test]
fn what_cannot_be_is_refused_by_the_plan() {
    for change in [
        |spec: &mut BreakerSpec| spec.policy.release = Release::Level,
        |spec: &mut BreakerSpec| spec.policy.confirm = 2,
        |spec: &mut BreakerSpec| spec.policy.confirm_for = NANO,
        |spec: &mut BreakerSpec| rule_of(spec).min_calls = 11,
    ] {
        let mut spec = gateway();
        change(&mut spec);
        assert_eq!(System::manual(plan(vec![spec]), at(0)).unwrap_err().kind(), ErrorKind::BadPlan);
    }
}

#[derive(Clone, Copy, Debug)]
enum Happens {
    Calls(Outcome, usize, u64),
    Hand,
    Reset,
    Reload,
    Claim,
    Nothing,
}

fn happens() -> impl Strategy<Value = (u64, Happens)> {
    let outcome = prop::sample::select(vec![Success, Failure, Failure, Ignored]);
    let what = prop_oneof![
        8 => (outcome, 1usize..12, 0u64..100).prop_map(|(outcome, count, took)| Happens::Calls(outcome, count, took)),
        1 => Just(Happens::Hand),
        1 => Just(Happens::Reset),
        1 => Just(Happens::Reload),
        1 => Just(Happens::Claim),
        1 => Just(Happens::Nothing),
    ];
    (0u64..40, what)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    /// Whatever has happened: a trip that no person has made ends after its time and its cooldown, without a call.
    #[test]
    fn it_is_never_stuck(
        by_time: bool,
        cooldown in prop::sample::select(vec![0u64, 20]),
        list in prop::collection::vec(happens(), 1..40),
    ) {
        let mut spec = if by_time { gateway_by_time() } else { gateway() };
        rule_of(&mut spec).consecutive = Some(7);
        (spec.policy.cooldown_for, spec.policy.cooldown_effect) = (secs(cooldown), CooldownEffect::Denies(Lanes::NO_NEW));
        let caps = Caps { scopes: 4, breakers: 8, listeners: 8, ring: 64, ..Caps::default() };
        let system = System::manual(Plan { caps, ..plan(vec![spec.clone()]) }, at(1_000)).unwrap();
        let (gate, feed) = (system.gate(&["gw/a"]).unwrap(), system.feed("gw/a").unwrap());
        let mut desk = Desk { system, gate, feed };
        let mut now = 1_000;
        for (wait, what) in list {
            now += wait;
            desk.system.advance(at(now));
            match what {
                Happens::Calls(outcome, count, took) => {
                    let before = desk.status();
                    desk.late(outcome, count, secs(took), at(now));
                    if before.status == Status::Tripped {
                        prop_assert_eq!(desk.status().stamp, before.stamp, "an outcome moved a trip");
                    }
                }
                Happens::Hand => desk.trip_by_hand(),
                Happens::Reset if matches!(desk.status().status, Status::Tripped | Status::Cooldown) => desk.reset(),
                Happens::Reload => {
                    spec.policy.severity = 1.0 - spec.policy.severity;
                    desk.system.reload(&Plan { caps, ..plan(vec![spec.clone()]) }).unwrap();
                }
                Happens::Claim => {
                    let Desk { system, gate, feed } = desk;
                    drop(feed);
                    let feed = system.feed("gw/a").unwrap();
                    desk = Desk { system, gate, feed };
                }
                Happens::Reset | Happens::Nothing => {}
            }
        }
        let latched = desk.status().status == Status::Tripped && desk.status().step == Step::LATCHED;
        desk.wait(at(now + 30 + cooldown));
        prop_assert_eq!(desk.admits(), !latched, "{:?}", desk.status());
        if latched {
            // Nor does an old breach keep a person from ending it.
            desk.reset();
            desk.wait(at(now + 30 + 2 * cooldown));
            prop_assert!(desk.admits(), "{:?}", desk.status());
        }
    }
}
