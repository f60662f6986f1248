//! An anomaly through its whole life: unready, warned, confirmed, tripped, back by time, silent, reloaded.
#![allow(clippy::unwrap_used)]

mod support;
use std::time::Duration;

use haltline::*;
use support::*;

/// Of volumes, with a deviation of ten lots at least.
fn rule() -> AnomalyDetection {
    AnomalyDetection {
        window: 20,
        min_values: 10,
        min_scale: ratio(10.0),
        ..AnomalyDetection::with_source(AnomalySource::Volume)
    }
}

fn prints(rule: AnomalyDetection) -> BreakerSpec {
    spec("prints", "XNAS/AAPL", RuleSpec::AnomalyDetection(rule), Kind::AnomalyDetection.default_policy())
}

fn trade(system: &System, feed: &mut Feed, lots: i64, secs: u64) -> Status {
    system.advance(at(secs));
    feed.trade(price(100.0), Qty(lots), at(secs)).unwrap();
    status(system, "prints").status
}

/// A System whose baseline has its values, by second 9.
fn ready() -> (System, Feed) {
    let system = system(vec![prints(rule())]);
    let mut feed = system.feed("XNAS/AAPL").unwrap();
    (0..10).for_each(|secs| assert_eq!(trade(&system, &mut feed, 100, secs), Status::Active));
    (system, feed)
}

#[test]
fn it_denies_new_exposure_until_the_baseline_has_its_values() {
    let (system, mut feed) = ready();
    let gate = system.gate(&["XNAS/AAPL"]).unwrap();
    assert!(!gate.permits(Intent::Increase) && gate.permits(Intent::Reduce), "ten before it, and none measured");
    assert_eq!(gate.explain(gate.check()).reason, Reason::NotReady);
    assert_eq!(trade(&system, &mut feed, 100, 10), Status::Active);
    assert!(gate.permits(Intent::Increase));
}

#[test]
fn three_in_a_row_trip_and_two_only_warn() {
    let (system, mut feed) = ready();
    let gate = system.gate(&["XNAS/AAPL"]).unwrap();
    assert_eq!(trade(&system, &mut feed, 130, 10), Status::Warning, "3 deviations, the first");
    assert_eq!(trade(&system, &mut feed, 130, 11), Status::Warning);
    assert_eq!(trade(&system, &mut feed, 129, 12), Status::Warning, "2.9 is no breach: counted anew");
    assert_eq!(trade(&system, &mut feed, 130, 13), Status::Warning);
    assert_eq!(trade(&system, &mut feed, 70, 14), Status::Warning, "down counts as up");
    assert_eq!(trade(&system, &mut feed, 130, 15), Status::Tripped);
    assert!(!gate.permits(Intent::Increase) && gate.permits(Intent::Reduce));
    let now = status(&system, "prints");
    assert_eq!((now.reason, now.value, now.since), (Reason::Limit, Some((3.0, 3.0)), at(15)));
    assert_eq!(now.until, Some(at(15) + Duration::from_secs(900)));
}

#[test]
fn it_comes_back_by_time_if_the_last_reading_is_fresh_and_good() {
    let (system, mut feed) = ready();
    (10..13).for_each(|secs| {
        trade(&system, &mut feed, 200, secs);
    });
    assert_eq!(status(&system, "prints").status, Status::Tripped);
    assert_eq!(trade(&system, &mut feed, 100, 12 + 899), Status::Tripped);
    system.advance(at(12 + 900) - Duration::from_nanos(1));
    assert_eq!(status(&system, "prints").status, Status::Tripped);
    system.advance(at(12 + 900));
    assert_eq!(status(&system, "prints").status, Status::Active);
}

#[test]
fn a_breach_that_stands_at_the_end_of_its_time_ends_with_the_first_good_value() {
    let (system, mut feed) = ready();
    (10..13).for_each(|secs| {
        trade(&system, &mut feed, 200, secs);
    });
    system.advance(at(12 + 900));
    assert_eq!(status(&system, "prints").status, Status::Tripped, "the last value breaches, and is old");
    assert_eq!(trade(&system, &mut feed, 100, 12 + 901), Status::Active);
}

#[test]
fn silence_trips_after_half_a_minute() {
    let (system, mut feed) = ready();
    trade(&system, &mut feed, 100, 10);
    system.advance(at(40) - Duration::from_nanos(1));
    assert_eq!(status(&system, "prints").status, Status::Active);
    system.advance(at(40));
    let stale = status(&system, "prints");
    assert_eq!((stale.status, stale.reason, stale.since), (Status::Tripped, Reason::Stale, at(40)));
}

#[test]
fn a_negative_quantity_is_refused_and_is_no_value() {
    let (system, mut feed) = ready();
    let error = feed.trade(price(100.0), Qty(-1), at(9)).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::BadInput, "qty"));
    assert_eq!(status(&system, "prints").refused, 1);
    assert_eq!(trade(&system, &mut feed, 100, 10), Status::Active);
    assert_eq!(status(&system, "prints").value, Some((0.0, 3.0)));
}

#[test]
fn a_reload_and_another_claimant_keep_the_baseline() {
    let (system, mut feed) = ready();
    trade(&system, &mut feed, 100, 10);
    let strict = AnomalyDetection { limits: Limits::of(ratio(2.0)), ..rule() };
    system.reload(&plan(vec![prints(strict)])).unwrap();
    drop(feed);
    let mut feed = system.feed("XNAS/AAPL").unwrap();
    (11..14).for_each(|secs| {
        trade(&system, &mut feed, 120, secs);
    });
    assert_eq!(status(&system, "prints").status, Status::Tripped, "no word of unready in between");
    assert_eq!(status(&system, "prints").value, Some((2.0, 2.0)));
}

#[test]
fn returns_and_spreads_have_their_own_streams() {
    let of = |source, min_scale| {
        let rule = AnomalyDetection { source, min_scale: ratio(min_scale), ..rule() };
        let policy = Policy { confirm: 1, ..Kind::AnomalyDetection.default_policy() };
        spec(source.name(), "XNAS/AAPL", RuleSpec::AnomalyDetection(rule), policy)
    };
    let system = system(vec![of(AnomalySource::Return, 0.01), of(AnomalySource::Spread, 0.01)]);
    let mut feed = system.feed("XNAS/AAPL").unwrap();
    for _ in 0..12 {
        feed.trade(price(100.0), Qty(1), at(0)).unwrap();
        feed.quote(price(99.99), price(100.01), at(0)).unwrap();
    }
    let both = || (status(&system, "return").status, status(&system, "spread").status);
    assert_eq!(both(), (Status::Active, Status::Active));
    feed.quote(price(99.90), price(100.01), at(0)).unwrap();
    assert_eq!(both(), (Status::Active, Status::Tripped));
    feed.trade(price(104.0), Qty(1), at(0)).unwrap();
    assert_eq!(both(), (Status::Tripped, Status::Tripped));
}

#[test]
fn parameters_that_cannot_be_are_refused_with_what_is_allowed() {
    let zero = Limits { limit: Ratio::ZERO, warn: Ratio::ZERO, clear: Ratio::ZERO };
    for (bad, field) in [
        (AnomalyDetection { window: 1, min_values: 1, ..rule() }, "window"),
        (AnomalyDetection { window: MAX_VALUES + 1, ..rule() }, "window"),
        (AnomalyDetection { min_values: 1, ..rule() }, "min_values"),
        (AnomalyDetection { min_values: 21, ..rule() }, "min_values"),
        (AnomalyDetection { min_scale: Ratio::ZERO, ..rule() }, "min_scale"),
        (AnomalyDetection { limits: zero, ..rule() }, "limit"),
    ] {
        let error = System::manual(plan(vec![prints(bad)]), at(0)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadPlan);
        assert!(error.to_string().contains(field), "{error}");
    }
}
