//! A model's share of right predictions, from a plan to the gate.
#![allow(clippy::unwrap_used)]

mod support;
use std::time::Duration;

use haltline::*;
use support::*;

/// Trips below 6 of 10, warns below 7 of 10, leaves at 8 of 10; halts for a minute.
fn model() -> BreakerSpec {
    let limits = Limits { limit: ratio(0.6), warn: ratio(0.7), clear: ratio(0.8) };
    let rule = ModelPerformance { window: 10, min_outcomes: 10, ..ModelPerformance::with_limits(limits) };
    let halt = Halt::Timed { base: Duration::from_secs(60), backoff: 1.0, max: Duration::from_secs(60) };
    let policy = Policy { halt, ..Kind::ModelPerformance.default_policy() };
    spec("model", "strategy/mean", RuleSpec::ModelPerformance(rule), policy)
}

struct Desk {
    system: System,
    gate: Gate,
    feed: Feed,
}

impl Desk {
    fn new(spec: BreakerSpec) -> Self {
        let system = system(vec![spec]);
        let (gate, feed) = (system.gate(&["strategy/mean"]).unwrap(), system.feed("strategy/mean").unwrap());
        Self { system, gate, feed }
    }

    fn score(&mut self, rights: &[bool], secs: u64) -> Status {
        self.system.advance(at(secs));
        for right in rights {
            self.feed.prediction(*right, at(secs)).unwrap();
        }
        self.status()
    }

    fn status(&self) -> Status {
        status(&self.system, "model").status
    }
}

#[test]
fn it_is_unready_warns_trips_and_comes_back_when_its_time_is_up_and_it_is_right_again() {
    let mut desk = Desk::new(model());
    assert_eq!(desk.score(&[true; 9], 1), Status::Active);
    assert!(status(&desk.system, "model").unready && !desk.gate.permits(Intent::Increase));
    assert_eq!(desk.gate.explain(desk.gate.check()).reason, Reason::NotReady);
    desk.score(&[true], 2);
    assert!(!status(&desk.system, "model").unready && desk.gate.permits(Intent::Increase));

    assert_eq!(desk.score(&[false; 3], 3), Status::Active, "7 of 10");
    assert_eq!(desk.score(&[false], 4), Status::Warning, "6 of 10");
    assert!(desk.gate.permits(Intent::Increase));
    assert_eq!(desk.score(&[false], 5), Status::Tripped, "5 of 10");
    assert!(!desk.gate.permits(Intent::Increase) && desk.gate.permits(Intent::Reduce), "the way out stays open");
    let denial = desk.gate.explain(desk.gate.check());
    assert_eq!((denial.reason, denial.value, denial.limit), (Reason::Limit, Some(0.5), Some(0.6)));
    assert_eq!((denial.since, denial.until), (Some(at(5)), Some(at(65))));

    desk.system.advance(at(100));
    assert_eq!(desk.status(), Status::Tripped, "its time is up, and it is as wrong as before");
    assert_eq!(desk.score(&[true; 5], 101), Status::Tripped, "five right ones for five right ones");
    assert_eq!(desk.score(&[true], 102), Status::Warning, "6 of 10: no breach, still below the warn level");
    assert_eq!(desk.score(&[true; 4], 103), Status::Active);
    assert_eq!(status(&desk.system, "model").trips, 1);
}

#[test]
fn a_model_that_is_right_again_waits_for_the_end_of_its_halt() {
    let mut desk = Desk::new(model());
    desk.score(&[true; 10], 1);
    assert_eq!(desk.score(&[false; 5], 5), Status::Tripped);
    desk.score(&[true; 10], 6);
    desk.system.advance(Nanos(at(65).0 - 1));
    assert_eq!(desk.status(), Status::Tripped);
    desk.system.advance(at(65));
    assert_eq!((desk.status(), status(&desk.system, "model").since), (Status::Active, at(65)));
}

#[test]
fn silence_is_a_fault_only_where_the_policy_says_so() {
    let mut desk = Desk::new(model());
    desk.score(&[true; 10], 1);
    desk.system.advance(at(1_000_000));
    assert_eq!(desk.status(), Status::Active);

    let mut spec = model();
    (spec.policy.on_stale, spec.policy.stale_after) = (OnStale::Trip, Duration::from_secs(3_600));
    let mut desk = Desk::new(spec);
    desk.score(&[true; 10], 1);
    desk.system.advance(Nanos(at(3_601).0 - 1));
    assert_eq!(desk.status(), Status::Active);
    desk.system.advance(at(3_601));
    assert_eq!((desk.status(), status(&desk.system, "model").reason), (Status::Tripped, Reason::Stale));
}

#[test]
fn a_reload_and_another_claimant_keep_the_outcomes() {
    let mut desk = Desk::new(model());
    desk.score(&[true, true, true, true, true, true, false, false, false, false], 1);
    assert_eq!(desk.status(), Status::Warning);
    let mut stricter = model();
    if let RuleSpec::ModelPerformance(rule) = &mut stricter.rule {
        rule.limits = Limits { limit: ratio(0.61), ..rule.limits };
    }
    desk.system.reload(&plan(vec![stricter])).unwrap();
    drop(desk.feed);
    desk.feed = desk.system.feed("strategy/mean").unwrap();
    assert_eq!(desk.status(), Status::Tripped, "6 of 10 are below 61 %, with no outcome more");
}

#[test]
fn an_accuracy_made_elsewhere_is_heard_by_its_breaker_alone() {
    let mut other = model();
    (other.name, other.rule) = (
        "scored".into(),
        RuleSpec::ModelPerformance(ModelPerformance {
            source: PerformanceSource::Level,
            ..ModelPerformance::default()
        }),
    );
    let system = system(vec![model(), other]);
    let mut feed = system.feed("strategy/mean").unwrap();
    let (scored, counted) = (system.breaker("scored").unwrap(), system.breaker("model").unwrap());
    feed.reading(scored, 0.599, at(0)).unwrap();
    assert_eq!(status(&system, "scored").status, Status::Tripped);
    assert_eq!(feed.reading(counted, 0.9, at(0)).unwrap_err().kind(), ErrorKind::Unknown);
    let refused = feed.reading(scored, 60.0, at(0)).unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::BadInput, "reading"));
    assert!(refused.to_string().contains("60 % is 0.6"), "{refused}");
    assert_eq!((status(&system, "scored").refused, status(&system, "scored").value), (1, Some((0.599, 0.6))));
    feed.prediction(true, at(0)).unwrap();
    assert_eq!(status(&system, "scored").value, Some((0.599, 0.6)), "an outcome is not for it");
}

#[test]
fn the_score_and_the_near_misses_count_the_way_down_to_the_limit() {
    let mut desk = Desk::new(model());
    desk.score(&[true; 10], 1);
    assert_eq!(status(&desk.system, "model").risk_score, 0.0);
    desk.score(&[false, false], 2);
    assert!((status(&desk.system, "model").risk_score - 50.0).abs() < 1e-9, "8 of 10 is half of the way");
    desk.score(&[false, false], 3);
    assert!((status(&desk.system, "model").risk_score - 100.0).abs() < 1e-9, "6 of 10 is all of it");
    desk.score(&[true; 10], 4);
    assert_eq!(status(&desk.system, "model").near_misses, 1);
}
