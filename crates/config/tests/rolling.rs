//! `source = "rolling"` in a file: every key, every mistake.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{calendar, of_breaker_with_calendar};
use haltline::{BreakerSpec, Direction, Limits, Ratio, Release, RollingMove, RuleSpec, ScopePath};
use haltline_config::parse;

const KEYS: &str = "source = \"rolling\"\nwindow = \"60m\"\nlimit = 0.035\npause = \"2m\"";

/// What a file with these keys says, and what a Rust caller would.
fn read(keys: &str, change: impl Fn(&mut RollingMove)) -> (BreakerSpec, BreakerSpec) {
    let head = "[[breaker]]\nname = \"b\"\nscope = \"X\"\nkind = \"market_circuit_breaker\"\ncalendar = \"us\"\n";
    let config = parse(&format!("{head}{keys}\n{}", calendar("")), "f").unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let mut rolling = RollingMove {
        sessions: config.calendars["us"].sessions.clone(),
        direction: Direction::Down,
        window: Duration::from_secs(3_600),
        limits: Limits::of(Ratio::from_f64(0.035).unwrap()),
        pause: Duration::from_secs(120),
    };
    change(&mut rolling);
    let rule = RuleSpec::MarketCircuitBreaker(std::sync::Arc::new(rolling).into());
    (config.plan.breakers[0].clone(), BreakerSpec::new("b", ScopePath::new("X").unwrap(), rule))
}

#[test]
fn a_window_a_limit_and_a_pause_are_enough() {
    let (read, made) = read(KEYS, |_| ());
    assert_eq!(read, made);
}

#[test]
fn every_key_is_mapped() {
    let keys = format!("{KEYS}\ndirection = \"both\"\nwarn = 0.02\nclear = 0.01\nrelease = \"latched\"");
    let (read, mut made) = read(&keys, |rolling| {
        rolling.direction = Direction::Both;
        rolling.limits.warn = Ratio::from_f64(0.02).unwrap();
        rolling.limits.clear = Ratio::from_f64(0.01).unwrap();
    });
    made.policy.release = Release::Latched;
    assert_eq!(read, made);
}

#[test]
fn mistakes_say_what_was_found_and_what_is_allowed() {
    let mistakes = |keys: &str| of_breaker_with_calendar("market_circuit_breaker", keys).join("\n");
    let times = "such as \"250ms\", \"30s\", \"1h30m\" or \"1d\"";
    for (from, to, expected) in [
        (
            "window = \"60m\"\n",
            "",
            "1:1: breaker \"b\": window is missing, allowed are durations from \"1s\" to \"1d\"".to_owned(),
        ),
        (
            "60m",
            "999ms",
            "7:10: breaker \"b\": window: found \"999ms\", allowed are durations from \"1s\" to \"1d\"".into(),
        ),
        (
            "60m",
            "1d1ns",
            "7:10: breaker \"b\": window: found \"1d1ns\", allowed are durations from \"1s\" to \"1d\"".into(),
        ),
        (
            "limit = 0.035\n",
            "",
            "1:1: breaker \"b\": limit is missing, allowed are fractions above 0 and at most 1".into(),
        ),
        ("0.035", "3.5", "8:9: breaker \"b\": limit: found 3.5, allowed are fractions above 0 and at most 1".into()),
        (
            "2m",
            "0s",
            format!(
                "9:9: breaker \"b\": pause: found \"0s\", allowed are durations above \"0s\" and at most \"3650d\", {times}"
            ),
        ),
        ("\npause = \"2m\"", "\nhalt_for = \"2m\"", String::new()),
    ] {
        let found = mistakes(&KEYS.replace(from, to));
        if expected.is_empty() {
            assert!(found.contains("9:1: breaker \"b\": halt_for is not allowed: a pause has its time"), "{found}");
            assert!(found.contains("pause is missing"), "{found}");
        } else {
            assert_eq!(found, expected);
        }
    }
    for (key, why) in [
        ("lasting = \"1s\"", "lasting is not allowed: with source = \"rolling\" there is no ladder"),
        ("tier = 1", "tier is not allowed: only source = \"band\" has it"),
        ("confirm = 2", "confirm is not allowed: the first price that is far enough pauses"),
        ("cooldown_for = \"1m\"", "cooldown_for is not allowed: a rolling move has none"),
        ("release = \"level\"", "found \"level\", allowed are \"timed\", \"latched\""),
    ] {
        let found = mistakes(&format!("{KEYS}\n{key}"));
        assert!(found.starts_with("10:") && found.contains(why) && found.lines().count() == 1, "{found}");
    }
    for other in ["source = \"venue\"", "source = \"band\"\ntier = 1", "source = \"price\""] {
        let rung = "rung = [{ limit = 0.07, windows = [{ from = \"open\", until = \"close\", halt_for = \"15m\" }] }]";
        let rung = if other.contains("price") { rung } else { "" };
        let found = mistakes(&format!("{other}\npause = \"2m\"\n{rung}"));
        assert!(found.contains("pause is not allowed: ") && found.lines().count() == 1, "{found}");
    }
}
