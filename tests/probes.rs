//! Half open: exactly so many orders may try, each counts once, and none decides late.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use haltline::*;
use proptest::prelude::*;
use support::*;

const RISK: Intent = Intent::Increase;

/// Halts for a minute, then lets so many orders try, each for ten seconds.
fn probing(name: &str, path: &str, permits: u8) -> BreakerSpec {
    let mut spec = drawdown(name, path, 0.10);
    spec.policy = Policy {
        release: Release::Timed,
        halt: Halt::Timed { base: Duration::from_secs(60), backoff: 2.0, max: Duration::from_secs(600) },
        cooldown_for: Duration::from_secs(10),
        cooldown_effect: CooldownEffect::Probe(permits),
        ..spec.policy
    };
    spec
}

/// Trips the breaker `b` on `X` in the first second; a minute later it is half open.
fn half_open(specs: Vec<BreakerSpec>) -> (System, Gate) {
    let system = system(specs);
    let gate = system.gate(&["X"]).unwrap();
    let mut feed = system.feed("X").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    feed.equity(money(90.0), at(1)).unwrap();
    feed.equity(money(99.0), at(1)).unwrap();
    system.advance(at(61));
    assert_eq!(status(&system, "b").status, Status::Cooldown);
    (system, gate)
}

fn is(system: &System) -> Status {
    status(system, "b").status
}

#[test]
fn as_many_probes_as_asked_for_are_out_at_once_and_no_more() {
    let (system, gate) = half_open(vec![probing("b", "X", 3)]);
    assert!(!gate.permits(RISK));
    let probes: Vec<_> = (0..10).filter_map(|_| gate.try_probe(RISK)).collect();
    assert_eq!((probes.len(), status(&system, "b").probes), (3, (3, 0)));
    for (n, probe) in probes.into_iter().enumerate() {
        assert_eq!(is(&system), Status::Cooldown, "after {n}");
        probe.passed();
    }
    assert_eq!(is(&system), Status::Active);
    assert!(gate.permits(RISK));
}

#[test]
fn a_probe_that_fails_trips_again_for_longer() {
    let (system, gate) = half_open(vec![probing("b", "X", 3)]);
    let (first, second) = (gate.try_probe(RISK).unwrap(), gate.try_probe(RISK).unwrap());
    first.failed();
    let now = status(&system, "b");
    assert_eq!((now.status, now.reason, now.until), (Status::Tripped, Reason::ProbeFailed, Some(at(61 + 120))));
    second.passed();
    assert_eq!(is(&system), Status::Tripped, "what was admitted before decides nothing any more");
    assert_eq!(status(&system, "b").probes, (0, 0));
}

#[test]
fn each_permit_that_is_taken_is_told_of_with_how_many_are_out() {
    let (system, gate) = half_open(vec![probing("b", "X", 2)]);
    system.drain(|_| {});
    let taken = (gate.try_probe(RISK).unwrap(), gate.try_probe(RISK).unwrap());
    assert!(gate.try_probe(RISK).is_none());
    let told = events(&system);
    let told: Vec<_> =
        told.iter().map(|e| (e.event_type(), e.breaker, e.value, e.limit, e.at(system.epoch()))).collect();
    let id = system.breaker("b").unwrap();
    assert_eq!(told, [1.0, 2.0].map(|out| (EventType::Probe, id, out, 2.0, system.now())));
    drop(taken);
    assert!(events(&system).is_empty());
}

#[test]
fn a_permit_that_is_given_back_counts_for_nothing_and_can_be_taken_again() {
    let (system, gate) = half_open(vec![probing("b", "X", 1)]);
    for _ in 0..100 {
        drop(gate.try_probe(RISK).unwrap());
    }
    let probe = gate.try_probe(RISK).unwrap();
    assert!(gate.try_probe(RISK).is_none());
    probe.passed();
    assert_eq!(is(&system), Status::Active);
}

#[test]
fn a_probe_that_is_not_back_in_time_trips_again_at_its_time() {
    let (system, gate) = half_open(vec![probing("b", "X", 2)]);
    system.advance(at(65));
    let probe = gate.try_probe(RISK).unwrap();
    system.advance(Nanos(at(71).0 - 1));
    assert_eq!(is(&system), Status::Cooldown);
    system.drain(|_| {});
    system.advance(at(500));
    let told: Vec<_> = events(&system).iter().map(|e| (e.event_type(), e.reason(), e.at(system.epoch()))).collect();
    assert_eq!(told[0], (EventType::Tripped, Reason::ProbeExpired, at(71)));
    probe.passed();
    assert_ne!(is(&system), Status::Active, "late");
}

#[test]
fn without_orders_it_waits_without_a_timer_and_the_next_order_has_its_full_time() {
    let (system, gate) = half_open(vec![probing("b", "X", 2)]);
    system.drain(|_| {});
    system.advance(at(100_000));
    assert_eq!((is(&system), events(&system).len()), (Status::Cooldown, 0));
    let probe = gate.try_probe(RISK).unwrap();
    assert_eq!(event_types(&system), [EventType::Probing, EventType::Probe]);
    system.advance(Nanos(at(100_010).0 - 1));
    probe.passed();
    assert_eq!(status(&system, "b").probes, (0, 1));
    // Too few orders to be through in one round: what has passed goes on counting, so it is not stuck.
    system.advance(at(200_000));
    gate.try_probe(RISK).unwrap().passed();
    assert_eq!(is(&system), Status::Active);
}

#[test]
fn a_probe_goes_only_where_everything_that_denies_is_half_open() {
    let (system, gate) = half_open(vec![probing("b", "X", 3), manual("desk", "X")]);
    let desk = system.breaker("desk").unwrap();
    system.trip(desk, support::desk()).unwrap();
    assert!(gate.try_probe(RISK).is_none());
    assert_eq!(status(&system, "b").probes, (0, 0), "what it had taken is back");
    system.reset(desk, stamp(&system, "desk"), support::desk()).unwrap();
    assert!(gate.try_probe(RISK).is_some());
    system.kill();
    assert!(gate.try_probe(RISK).is_none());
}

#[test]
fn two_half_open_breakers_ask_for_a_permit_each() {
    let (system, gate) = half_open(vec![probing("b", "X", 2), probing("root", "", 1).watching(vec![scope("X")])]);
    let probe = gate.try_probe(RISK).unwrap();
    assert!(gate.try_probe(RISK).is_none(), "the root has none left");
    assert_eq!((status(&system, "b").probes, status(&system, "root").probes), ((1, 0), (1, 0)));
    probe.passed();
    assert_eq!((is(&system), status(&system, "root").status), (Status::Cooldown, Status::Active));
    let account = system.gate(&[]).unwrap();
    gate.try_probe_with(&account, RISK).unwrap().passed();
    assert_eq!(is(&system), Status::Active);
}

#[test]
fn what_is_not_denied_needs_no_permit() {
    let (system, gate) = half_open(vec![probing("b", "X", 1)]);
    let cancel = gate.try_probe(Intent::Cancel).unwrap();
    assert_eq!(status(&system, "b").probes, (0, 0));
    cancel.failed();
    assert_eq!(is(&system), Status::Cooldown, "it has said nothing of this breaker");
}

#[test]
fn a_breach_while_half_open_trips_again() {
    let (system, gate) = half_open(vec![probing("b", "X", 1)]);
    let probe = gate.try_probe(RISK).unwrap();
    system.feed("X").unwrap().equity(money(90.0), at(62)).unwrap();
    probe.passed();
    assert_eq!(is(&system), Status::Tripped);
}

#[test]
fn probes_that_pass_do_not_end_what_doubt_holds() {
    let mut spec = probing("b", "X", 1);
    spec.policy.on_stale = OnStale::Warn;
    let system = system(vec![spec]);
    let gate = system.gate(&["X"]).unwrap();
    let mut feed = system.feed("X").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    feed.equity(money(90.0), at(1)).unwrap();
    system.advance(at(61));
    feed.equity(money(99.0), at(61)).unwrap();
    assert_eq!(is(&system), Status::Cooldown);
    system.advance(at(91));
    gate.try_probe(RISK).unwrap().passed();
    assert_eq!(is(&system), Status::Cooldown, "no mark for thirty seconds");
    feed.equity(money(99.0), at(91)).unwrap();
    system.advance(at(101));
    // The probe has passed and the doubt is over: the next order finds that out, and needs no permit any more.
    drop(gate.try_probe(RISK).unwrap());
    assert_eq!(is(&system), Status::Active);
}

#[test]
fn an_order_that_something_else_denies_takes_no_permit_and_begins_no_round() {
    let (system, gate) = half_open(vec![probing("b", "X", 1), manual("desk", "X")]);
    system.trip(system.breaker("desk").unwrap(), support::desk()).unwrap();
    // The time of the first round is over: whoever may go begins the next one.
    system.advance(at(200));
    system.drain(|_| {});
    for _ in 0..100 {
        assert!(gate.try_probe(RISK).is_none());
    }
    assert_eq!((events(&system).len(), status(&system, "b").probes), (0, (0, 0)));
}

#[test]
fn a_breach_that_is_not_confirmed_yet_goes_on_being_counted_and_begins_no_round() {
    let mut spec = probing("b", "X", 1);
    spec.policy.confirm = 2;
    let system = system(vec![spec]);
    let (gate, mut feed) = (system.gate(&["X"]).unwrap(), system.feed("X").unwrap());
    let mut mark = |equity: f64, second: u64| {
        system.advance(at(second));
        feed.equity(money(equity), at(second)).unwrap();
    };
    mark(100.0, 0);
    mark(90.0, 1);
    mark(90.0, 1);
    mark(99.0, 1);
    system.advance(at(61));
    assert_eq!(is(&system), Status::Cooldown);
    mark(90.0, 62);
    system.advance(at(80));
    assert!(gate.try_probe(RISK).is_none(), "its last reading breaches");
    mark(90.0, 80);
    assert_eq!(is(&system), Status::Tripped, "the second in a row, whatever rounds there were");
}

#[test]
fn who_forces_a_reset_into_half_open_is_not_overruled_without_a_new_reading() {
    let (system, gate) = half_open(vec![probing("b", "X", 1)]);
    let mut feed = system.feed("X").unwrap();
    feed.equity(money(90.0), at(62)).unwrap();
    let b = system.breaker("b").unwrap();
    system.force_reset(b, stamp(&system, "b"), admin()).unwrap();
    assert_eq!(is(&system), Status::Cooldown);
    system.advance(at(100));
    assert!(gate.try_probe(RISK).is_none());
    assert_eq!(is(&system), Status::Cooldown);
    feed.equity(money(99.0), at(100)).unwrap();
    gate.try_probe(RISK).unwrap().passed();
    assert_eq!(is(&system), Status::Active);
}

#[test]
fn what_a_rule_counts_while_half_open_goes_on_from_round_to_round() {
    let rule = Technical { window: CallWindow::Last(10), min_calls: 2, ..Technical::default() };
    let policy = Policy {
        cooldown_for: Duration::from_secs(10),
        cooldown_effect: CooldownEffect::Probe(1),
        ..Kind::Technical.default_policy()
    };
    let system = system(vec![spec("b", "X", RuleSpec::Technical(rule), policy)]);
    let (gate, mut calls) = (system.gate(&["X"]).unwrap(), system.feed("X").unwrap());
    let b = system.breaker("b").unwrap();
    system.trip(b, support::desk()).unwrap();
    system.reset(b, stamp(&system, "b"), support::desk()).unwrap();
    let mut fails_at = |second: u64| {
        system.advance(at(second));
        calls.outcome(Outcome::Failure, Duration::ZERO, at(second)).unwrap();
    };
    fails_at(5);
    system.advance(at(20));
    drop(gate.try_probe(RISK).unwrap());
    fails_at(25);
    assert_eq!(is(&system), Status::Tripped, "two of two have failed since the reset");
}

#[test]
fn a_reload_voids_the_permits_that_are_out() {
    let spec = probing("b", "X", 1);
    let (system, gate) = half_open(vec![spec.clone()]);
    let probe = gate.try_probe(RISK).unwrap();
    let policy = Policy { severity: 0.5, ..spec.policy.clone() };
    system.reload(&plan(vec![spec.with_policy(policy)])).unwrap();
    probe.passed();
    assert_eq!(is(&system), Status::Cooldown);
    gate.try_probe(RISK).unwrap().passed();
    assert_eq!(is(&system), Status::Active);
}

#[test]
fn a_shadow_ends_its_cooldown_by_time_for_it_denies_nobody_who_could_probe() {
    let mut spec = probing("b", "X", 1);
    spec.policy.shadow = true;
    let (system, _gate) = half_open(vec![spec]);
    system.advance(at(71));
    assert_eq!(is(&system), Status::Active);
}

#[test]
fn a_policy_of_no_probes_or_of_more_than_the_most_is_refused() {
    for (permits, cooldown) in [(0, 10), (MAX_PROBES + 1, 10), (1, 0)] {
        let mut spec = probing("b", "X", permits);
        spec.policy.cooldown_for = Duration::from_secs(cooldown);
        assert_eq!(System::manual(plan(vec![spec]), at(0)).unwrap_err().kind(), ErrorKind::BadPlan);
    }
}

#[test]
fn many_threads_have_no_more_probes_out_than_one() {
    let (system, gate) = half_open(vec![probing("b", "X", 5)]);
    let (out, most, start) = (AtomicUsize::new(0), AtomicUsize::new(0), Barrier::new(4));
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                start.wait();
                for _ in 0..2_000 {
                    let Some(probe) = gate.try_probe(RISK) else { continue };
                    let now = out.fetch_add(1, Ordering::SeqCst) + 1;
                    most.fetch_max(now, Ordering::SeqCst);
                    out.fetch_sub(1, Ordering::SeqCst);
                    drop(probe);
                }
            });
        }
    });
    assert!(most.into_inner() <= 5);
    assert_eq!(status(&system, "b").probes, (0, 0), "each came back once");
}

/// What a caller may do with probes, and time.
#[derive(Clone, Copy, Debug)]
enum Act {
    Take,
    Pass(usize),
    Fail(usize),
    Drop(usize),
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Act::Take),
        3 => (0usize..4).prop_map(Act::Pass),
        1 => (0usize..4).prop_map(Act::Fail),
        2 => (0usize..4).prop_map(Act::Drop),
        2 => (1u64..15).prop_map(Act::Wait),
    ]
}

/// The slow twin: a list of what is out, and nothing packed.
#[derive(Debug)]
struct Twin {
    now: u64,
    /// When the round began, while half open.
    round: Option<u64>,
    out: usize,
    passed: usize,
}

impl Twin {
    const PERMITS: usize = 2;

    fn take(&mut self) -> bool {
        let Some(round) = self.round else { return false };
        if self.now >= round + 10 {
            self.round = Some(self.now);
        }
        let free = self.out + self.passed < Self::PERMITS;
        self.out += usize::from(free);
        free
    }

    fn wait(&mut self, secs: u64) {
        self.now += secs;
        if self.out > 0 && self.round.is_some_and(|round| self.now >= round + 10) {
            self.round = None;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn any_sequence_is_what_the_slow_twin_says(acts in prop::collection::vec(act(), 1..40)) {
        let (system, gate) = half_open(vec![probing("b", "X", Twin::PERMITS as u8)]);
        let mut twin = Twin { now: 61, round: Some(61), out: 0, passed: 0 };
        let mut held: Vec<Permit> = Vec::new();
        for act in acts {
            match act {
                Act::Take => {
                    let probe = gate.try_probe(RISK);
                    prop_assert_eq!(probe.is_some(), twin.take());
                    held.extend(probe);
                }
                Act::Pass(i) if i < held.len() => {
                    held.swap_remove(i).passed();
                    (twin.out, twin.passed) = (twin.out - 1, twin.passed + 1);
                }
                Act::Fail(i) if i < held.len() => {
                    held.swap_remove(i).failed();
                    twin.round = None;
                }
                Act::Drop(i) if i < held.len() => {
                    drop(held.swap_remove(i));
                    twin.out -= 1;
                }
                Act::Wait(secs) => {
                    twin.wait(secs);
                    system.advance(at(twin.now));
                }
                _ => {}
            }
            let expected = match twin.round {
                None => Status::Tripped,
                Some(_) if twin.passed >= Twin::PERMITS => Status::Active,
                Some(_) => Status::Cooldown,
            };
            prop_assert_eq!(is(&system), expected, "{:?}", &twin);
            // What follows a trip or a return is another round; the twin is of one.
            if expected != Status::Cooldown {
                return Ok(());
            }
            prop_assert_eq!(status(&system, "b").probes, (twin.out as u8, twin.passed as u8));
        }
    }
}
