//! Values in the feeds: with the time of the source, and only those that can be.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, its helpers too")]

mod common;

use std::time::Duration;

use common::server::{Answer, Server};
use common::{Rig, SECOND, START, file, index};
use haltline::{
    BreakerSpec, Intent, Kind, Limits, MarketCircuitBreaker, Nanos, Plan, Policy, Ratio, Reason, RuleSpec, ScopePath,
    Status, Volatility, VolatilitySource,
};
use haltline_sources::Value;

fn vix_spec(stale_after: Duration) -> BreakerSpec {
    let limits = Limits::of(Ratio::from_raw(40 * Ratio::SCALE));
    let (source, annualise) = (VolatilitySource::Level, None);
    let rule =
        Volatility { limits, source, sample: Some(SECOND), returns: 20, annualise, rise: false, breakout: false };
    let scope = ScopePath::new("XNYS").unwrap();
    let policy = Policy { stale_after, ..Kind::Volatility.default_policy() };
    BreakerSpec::new("wild", scope, RuleSpec::Volatility(rule))
        .watching(vec![ScopePath::new("ext/vix").unwrap()])
        .with_policy(policy)
}

fn vix() -> String {
    index("time = \"/time\"\ntime_format = \"seconds\"\nbreaker = \"wild\"")
        .replace("index_level", "volatility_index")
        .replace("spx", "vix")
}

fn said(value: f64, at: Nanos) -> Answer {
    Answer::json(format!("{{\"value\": {value}, \"time\": {}}}", at.0 / 1_000_000_000))
}

#[test]
fn silence_counts_from_the_time_of_the_source_not_from_that_of_the_poll() {
    for (lag, is_silent) in [(28, false), (29, true)] {
        let server = Server::new(|_, _| said(17.0, START));
        let plan = Plan { breakers: vec![vix_spec(Duration::from_secs(30))], ..Plan::default() };
        let mut rig = Rig::with(&file(&vix(), &[("URL", &server.url())]), plan);
        let gate = rig.system.gate(&["XNYS"]).unwrap();
        assert!(!gate.permits(Intent::Increase), "no value yet");
        for second in 1..=60 {
            // Each answer is news, and as old as the last.
            server.answer(move |_, _| said(17.0 + f64::from(second % 9), START + second * SECOND - lag * SECOND));
            assert_eq!(rig.pull().counts.told, u64::from(second));
            // Its patience begins with the first one.
            assert_eq!(gate.permits(Intent::Increase), !is_silent || second < 31, "{lag} {second}");
        }
        assert!(!is_silent || gate.explain(gate.check()).reason == Reason::Stale);
    }
}

#[test]
fn the_same_answer_again_is_no_news() {
    let server = Server::new(|_, _| said(17.0, START));
    let plan = Plan { breakers: vec![vix_spec(Duration::from_secs(30))], ..Plan::default() };
    let mut rig = Rig::with(&file(&vix(), &[("URL", &server.url())]), plan);
    for second in 1..=31 {
        assert_ne!(rig.status("wild"), Status::Tripped, "{second}");
        assert_eq!(rig.pull().counts.repeated, second - 1);
    }
    assert_eq!(rig.status("wild"), Status::Tripped);
}

#[test]
fn a_value_out_of_range_from_the_future_or_older_than_the_last_is_refused_and_its_breaker_hears_of_it() {
    let server = Server::new(|_, _| said(17.0, START));
    let plan = Plan { breakers: vec![vix_spec(Duration::from_secs(3_600))], ..Plan::default() };
    let mut rig = Rig::with(&file(&vix(), &[("URL", &server.url())]), plan);
    for second in 1..=20 {
        server.answer(move |_, _| said(17.0, START + second * SECOND));
        rig.pull();
    }
    assert_eq!((rig.status("data:vix"), rig.source.status().counts.told), (Status::Active, 20));
    let last = START + 20 * SECOND;
    type Lie = (f64, Nanos, fn(haltline_sources::Counts) -> u64);
    let lies: [Lie; 3] = [
        (300.5, last, |counts| counts.implausible),
        (99.0, last + Duration::from_secs(3_600), |counts| counts.ahead),
        (99.0, START, |counts| counts.backwards),
    ];
    for (n, (value, at, count)) in lies.into_iter().enumerate() {
        // 18 of 20 are 90: not below the limit; 17 are.
        assert_eq!(rig.status("data:vix") == Status::Tripped, n > 2);
        server.answer(move |_, _| said(value, at));
        let status = rig.pull();
        assert_eq!((count(status.counts), status.value), (1, Some((Value::Number(17.0), last))));
        assert!(status.failure.is_some() && status.failures == 0, "the endpoint itself works");
    }
    assert_eq!((rig.status("data:vix"), rig.status("calls:vix")), (Status::Tripped, Status::Active));
    assert_eq!(rig.status("wild"), Status::Active, "99 was never heard");
    // Good ones again, until the bad ones are few enough.
    for second in 21..=41 {
        server.answer(move |_, _| said(17.0, START + second * SECOND));
        rig.pull_after(2 * SECOND);
    }
    assert_eq!(rig.status("data:vix"), Status::Active);
}

#[test]
fn a_level_at_its_limit_trips_with_the_time_of_the_source() {
    let server = Server::new(|_, _| said(40.0, START));
    let plan = Plan { breakers: vec![vix_spec(Duration::from_secs(3_600))], ..Plan::default() };
    let mut rig = Rig::with(&file(&vix(), &[("URL", &server.url())]), plan);
    rig.pull();
    assert_eq!(rig.status("wild"), Status::Tripped);
    let denial = rig.system.gate(&["XNYS"]).unwrap();
    let denial = denial.explain(denial.check());
    assert_eq!((denial.value, denial.limit), (Some(40.0), Some(40.0)));
}

#[test]
fn a_venue_speaks_for_itself_and_an_unknown_word_denies() {
    let server = Server::new(|_, _| Answer::json("{\"status\": \"open\"}"));
    let text = index("").replace("index_level", "venue_status").replace("spx", "nyse");
    let watch = vec![ScopePath::new("ext/nyse").unwrap()];
    let rule = RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Venue);
    let venue = BreakerSpec::new("nyse", ScopePath::new("XNYS").unwrap(), rule).watching(watch);
    let plan = Plan { breakers: vec![venue], ..Plan::default() };
    let mut rig = Rig::with(&file(&text, &[("URL", &server.url())]), plan);
    let gate = rig.system.gate(&["XNYS"]).unwrap();
    for (word, reason) in [
        ("open", None),
        ("halted", Some(Reason::VenueHalted)),
        ("open", None),
        ("lunch", Some(Reason::VenueUnknown)),
        ("trading", None),
        ("closed", Some(Reason::VenueClosed)),
    ] {
        server.answer(move |_, _| Answer::json(format!("{{\"status\": \"{word}\"}}")));
        rig.pull();
        let denied = (!gate.permits(Intent::Increase)).then(|| gate.explain(gate.check()).reason);
        assert_eq!(denied, reason, "{word}");
    }
}

#[test]
fn comma_separated_values_are_as_good() {
    let server = Server::new(|_, _| {
        Answer::json("time,close\n2020-03-06T21:00:00Z,2972.37\n2020-03-09T13:34:13Z,2746.56\n")
            .with("content-type", "text/csv")
    });
    let text = index("format = \"csv\"\nvalue = \"close\"\ntime = \"time\"");
    let mut rig = Rig::new(&file(&text, &[("URL", &server.url())]));
    assert_eq!(rig.pull().value, Some((Value::Number(2746.56), START)));
}
