//! A data feed through its whole life: unready, warned, tripped, recovered, silent, reloaded.
#![allow(clippy::unwrap_used)]

mod support;
use std::time::Duration;

use haltline::*;
use support::*;

fn tape(rule: DataFeedIntegrity) -> BreakerSpec {
    spec("tape", "XNAS/AAPL", RuleSpec::DataFeedIntegrity(rule), Kind::DataFeedIntegrity.default_policy())
}

fn rule(window: usize) -> DataFeedIntegrity {
    DataFeedIntegrity { window, ..DataFeedIntegrity::with_limit(ratio(95.0)) }
}

/// A message that took a millisecond, `secs` after the start.
fn message(system: &System, feed: &mut Feed, number: u64, secs: u64) -> Status {
    system.advance(at(secs));
    feed.sequence(number, at(secs) - Duration::from_millis(1), at(secs)).unwrap();
    status(system, "tape").status
}

#[test]
fn lost_messages_warn_then_halt_and_as_many_good_ones_bring_it_back() {
    let system = system(vec![tape(rule(100))]);
    let gate = system.gate(&["XNAS/AAPL"]).unwrap();
    let mut feed = system.feed("XNAS/AAPL").unwrap();
    assert!(!gate.permits(Intent::Increase) && !gate.permits(Intent::Reduce), "nothing heard yet");
    assert_eq!(gate.explain(gate.check()).reason, Reason::NotReady);
    assert_eq!(message(&system, &mut feed, 1, 0), Status::Active);
    assert!(gate.permits(Intent::Increase));
    assert_eq!(message(&system, &mut feed, 6, 1), Status::Active, "4 of 100 lost: 96, not below the warn level");
    assert_eq!(message(&system, &mut feed, 8, 2), Status::Warning, "5 lost: 95");
    assert_eq!(message(&system, &mut feed, 10, 3), Status::Tripped, "6 lost: 94");
    assert!(!gate.permits(Intent::Reduce) && gate.permits(Intent::Cancel));
    let now = status(&system, "tape");
    assert_eq!((now.reason, now.value, now.since), (Reason::Limit, Some((94.0, 95.0)), at(3)));
    // 2 leaves the window with 102, the hundredth message after it.
    let last = (11..=101).map(|number| message(&system, &mut feed, number, 4)).last();
    assert_eq!(last, Some(Status::Tripped));
    assert_eq!(message(&system, &mut feed, 102, 5), Status::Warning, "95 again: no halt, but a warning");
    assert!(gate.permits(Intent::Increase));
    assert_eq!(message(&system, &mut feed, 104, 6), Status::Warning, "3 leaves, 103 is missing");
    // 3, 4, 5, 7, 9 and 103 were the faults; below three of a hundred the warning ends.
    let until = (105..).find(|number| message(&system, &mut feed, *number, 7) == Status::Active);
    assert_eq!(until, Some(107), "7, 9 and 103 are left: 97, and 7 leaves with 107");
}

#[test]
fn a_crossed_book_halts_from_its_quote_to_the_next_sound_one() {
    let system = system(vec![tape(rule(100))]);
    let gate = system.gate(&["XNAS/AAPL"]).unwrap();
    let mut feed = system.feed("XNAS/AAPL").unwrap();
    let mut quote = |secs, bid, ask| {
        system.advance(at(secs));
        feed.quote(price(bid), price(ask), at(secs)).unwrap();
        (gate.permits(Intent::Reduce), gate.explain(gate.check()).reason)
    };
    assert!(quote(0, 10.0, 10.01).0);
    assert!(quote(1, 10.01, 10.01).0, "locked is allowed by default");
    assert_eq!(quote(2, 10.02, 10.01), (false, Reason::Crossed));
    assert_eq!(quote(3, 10.02, 10.01), (false, Reason::Crossed));
    assert!(quote(4, 10.0, 10.01).0);
}

#[test]
fn a_late_message_halts_and_one_in_time_ends_it() {
    let late = DataFeedIntegrity { max_latency: Some(Duration::from_millis(50)), ..rule(1_000) };
    let system = system(vec![tape(late)]);
    let gate = system.gate(&["XNAS/AAPL"]).unwrap();
    let mut feed = system.feed("XNAS/AAPL").unwrap();
    let mut message = |number, micros| {
        system.advance(at(number));
        feed.sequence(number, at(number) - Duration::from_micros(micros), at(number)).unwrap();
        gate.explain(gate.check()).reason
    };
    assert_eq!(message(1, 50_000), Reason::Cleared);
    assert_eq!(message(2, 50_001), Reason::Latency);
    assert_eq!(message(3, 50_000), Reason::Cleared);
}

#[test]
fn silence_is_told_to_the_nanosecond_and_old_messages_do_not_break_it() {
    let system = system(vec![tape(rule(100))]);
    let mut feed = system.feed("XNAS/AAPL").unwrap();
    assert_eq!(message(&system, &mut feed, 1_000, 0), Status::Active);
    // Someone replays what nobody has asked for: that says nothing of now.
    for (number, secs) in [(7, 10), (3, 20), (5, 29)] {
        assert_eq!(message(&system, &mut feed, number, secs), Status::Active);
    }
    system.advance(at(30) - Duration::from_nanos(1));
    assert_eq!(status(&system, "tape").status, Status::Active);
    system.advance(at(30));
    let stale = status(&system, "tape");
    assert_eq!((stale.status, stale.reason, stale.since), (Status::Tripped, Reason::Stale, at(30)));
    assert_eq!(message(&system, &mut feed, 1_001, 31), Status::Active, "the first good message ends it");
}

#[test]
fn quotes_refresh_too_and_bad_ones_do_not() {
    let system = system(vec![tape(rule(100))]);
    let mut feed = system.feed("XNAS/AAPL").unwrap();
    feed.quote(price(10.0), price(10.01), at(0)).unwrap();
    system.advance(at(20));
    feed.quote(price(10.0), price(10.01), at(20)).unwrap();
    system.advance(at(40));
    assert_eq!(status(&system, "tape").status, Status::Active);
    let error = feed.quote(price(10.0), Price::ZERO, at(40)).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::BadInput, "ask"));
    assert_eq!(status(&system, "tape").refused, 1);
    system.advance(at(50));
    assert_eq!(status(&system, "tape").reason, Reason::Stale);
}

#[test]
fn a_message_of_the_past_or_of_the_future_is_refused_and_changes_nothing() {
    let system = system(vec![tape(rule(100))]);
    let mut feed = system.feed("XNAS/AAPL").unwrap();
    message(&system, &mut feed, 1, 5);
    for received in [at(4), at(7)] {
        assert_eq!(feed.sequence(90, at(0), received).unwrap_err().kind(), ErrorKind::BadInput);
    }
    assert_eq!(status(&system, "tape").value, Some((100.0, 95.0)));
    assert_eq!(message(&system, &mut feed, 2, 6), Status::Active);
    assert_eq!(status(&system, "tape").value, Some((100.0, 95.0)));
}

#[test]
fn a_reload_and_another_claimant_keep_the_window() {
    let system = system(vec![tape(rule(100))]);
    let mut feed = system.feed("XNAS/AAPL").unwrap();
    message(&system, &mut feed, 1, 0);
    assert_eq!(message(&system, &mut feed, 6, 1), Status::Active);
    let strict = DataFeedIntegrity { window: 100, ..DataFeedIntegrity::with_limit(ratio(97.0)) };
    system.reload(&plan(vec![tape(strict.clone())])).unwrap();
    assert_eq!(message(&system, &mut feed, 7, 2), Status::Tripped, "96 is below 97");
    drop(feed);
    let mut feed = system.feed("XNAS/AAPL").unwrap();
    assert_eq!(message(&system, &mut feed, 8, 3), Status::Tripped);
    assert_eq!(status(&system, "tape").value, Some((96.0, 97.0)));
}

#[test]
fn the_score_of_risk_rises_as_the_score_of_the_feed_falls() {
    let system = system(vec![tape(rule(1_000))]);
    let mut feed = system.feed("XNAS/AAPL").unwrap();
    message(&system, &mut feed, 1, 0);
    assert_eq!(status(&system, "tape").risk_score, 0.0);
    message(&system, &mut feed, 27, 1);
    assert_eq!(status(&system, "tape").value, Some((97.5, 95.0)));
    assert_eq!(status(&system, "tape").risk_score, 50.0);
}

#[test]
fn scores_made_elsewhere_drive_it_too() {
    let level = DataFeedIntegrity { source: IntegritySource::Level, ..rule(1_000) };
    let system = system(vec![tape(level)]);
    let gate = system.gate(&["XNAS/AAPL"]).unwrap();
    let id = system.breaker("tape").unwrap();
    let mut feed = system.feed("XNAS/AAPL").unwrap();
    feed.reading(id, 95.0, at(0)).unwrap();
    assert!(gate.permits(Intent::Increase));
    feed.reading(id, 94.999, at(0)).unwrap();
    assert!(!gate.permits(Intent::Increase));
    let error = feed.reading(id, 100.5, at(0)).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::BadInput, "reading"));
    assert!(!gate.permits(Intent::Increase));
    feed.reading(id, 100.0, at(0)).unwrap();
    assert!(gate.permits(Intent::Increase));
}

#[test]
fn parameters_that_cannot_be_are_refused_with_what_is_allowed() {
    let base = rule(100);
    for (bad, field) in [
        (rule(0), "window"),
        (rule(MAX_MESSAGES + 1), "window"),
        (DataFeedIntegrity { missing_limit: Some(Ratio::ZERO), ..base.clone() }, "missing_limit"),
        (DataFeedIntegrity { missing_limit: Some(ratio(1.000_000_001)), ..base.clone() }, "missing_limit"),
        (DataFeedIntegrity { max_latency: Some(Duration::ZERO), ..base.clone() }, "max_latency"),
        (DataFeedIntegrity::with_limit(ratio(100.0)), "limit"),
        (DataFeedIntegrity { limits: Limits::of(ratio(95.0)), ..base }, "limit"),
    ] {
        let error = System::manual(plan(vec![tape(bad)]), at(0)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadPlan);
        assert!(error.to_string().contains(field), "{error}");
    }
    System::manual(plan(vec![tape(rule(MAX_MESSAGES))]), at(0)).unwrap();
}
