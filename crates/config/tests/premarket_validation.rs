//! `premarket_validation` in a file: every key, every mistake.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{calendar, of_breaker, of_breaker_with_calendar};
use haltline::{
    BreakerSpec, Deadline, Kind, Lanes, OnStale, Policy, PremarketCheck, PremarketValidation, Release, RuleSpec,
    ScopePath,
};
use haltline_config::{Config, parse};

fn config(keys: &str) -> Config {
    let head = "[[breaker]]\nname = \"b\"\nscope = \"X\"\nkind = \"premarket_validation\"\ncalendar = \"us\"\n";
    parse(&format!("{head}{keys}\n{}", calendar("")), "f").unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn checks(list: &str) -> Vec<PremarketCheck> {
    match config(&format!("checks = {list}")).plan.breakers.remove(0).rule {
        RuleSpec::PremarketValidation(rule) => rule.checks,
        rule => panic!("{rule:?}"),
    }
}

#[test]
fn names_are_enough() {
    let config = config("checks = [\"prices\", \"limits\"]");
    let expected = BreakerSpec {
        name: "b".into(),
        scope: ScopePath::new("X").unwrap(),
        watch: vec![],
        rule: RuleSpec::PremarketValidation(PremarketValidation::of(&["prices", "limits"])),
        policy: Policy {
            sessions: Some(config.calendars["us"].sessions.clone()),
            ..Kind::PremarketValidation.default_policy()
        },
    };
    assert_eq!(config.plan.breakers, [expected]);
    let policy = Kind::PremarketValidation.default_policy();
    assert_eq!((policy.release, policy.effect, policy.on_stale), (Release::Level, Lanes::HALT, OnStale::Ignore));
}

#[test]
fn a_deadline_counts_from_the_open_however_it_is_written() {
    let deadline = |text: &str| checks(&format!("[{{ name = \"a\", deadline = {text:?} }}]"))[0].deadline;
    let minutes = |n: u64| Duration::from_secs(60 * n);
    for (text, expected) in [
        ("open", Deadline::AfterOpen(Duration::ZERO)),
        ("09:30", Deadline::AfterOpen(Duration::ZERO)),
        ("open-30m", Deadline::BeforeOpen(minutes(30))),
        // Through March and November, on both sides of the changes of the clocks.
        ("09:00", Deadline::BeforeOpen(minutes(30))),
        ("00:15:00", Deadline::BeforeOpen(minutes(9 * 60 + 15))),
        ("open+5m", Deadline::AfterOpen(minutes(5))),
        ("16:00", Deadline::AfterOpen(minutes(390))),
        ("open-17h29m59s", Deadline::BeforeOpen(Duration::from_secs(17 * 3_600 + 29 * 60 + 59))),
    ] {
        assert_eq!(deadline(text), Some(expected), "{text}");
    }
    let mixed = checks("[\"b\", { name = \"a\" }, { name = \"c\", deadline = \"open\" }]");
    let names: Vec<_> = mixed.iter().map(|check| (check.name.as_str(), check.deadline.is_some())).collect();
    assert_eq!(names, [("b", false), ("a", false), ("c", true)]);
}

#[test]
fn policy_keys_that_mean_something_are_mapped() {
    let keys =
        "checks = [\"a\"]\neffect = \"no_new\"\nrelease = \"latched\"\non_stale = \"warn\"\nstale_after = \"1h\"";
    let policy = config(keys).plan.breakers.remove(0).policy;
    assert_eq!((policy.effect, policy.release, policy.on_stale), (Lanes::NO_NEW, Release::Latched, OnStale::Warn));
    assert_eq!(policy.stale_after, Duration::from_secs(3_600));
    assert_eq!(config("checks = [\"a\"]\non_stale = \"ignore\"").warnings, []);
}

#[test]
fn mistakes_say_what_was_found_and_what_is_allowed() {
    let names = "names of 1 to 64 letters, digits and . _ : -";
    let list = "arrays of 1 to 64 names, or tables such as { name = \"prices\", deadline = \"09:00\" }";
    let deadlines = "\"open\", \"open-30m\", \"open+5m\" and local times such as \"09:00\"";
    let at = "6:34: breaker \"b\": checks 1: deadline:";
    for (keys, expected) in [
        ("checks = []", format!("6:10: breaker \"b\": checks: found 0 checks, allowed are {list}")),
        ("checks = \"a\"", format!("6:10: breaker \"b\": checks: found a string \"a\", allowed are {list}")),
        ("checks = [1]", format!("6:11: breaker \"b\": checks: found an integer 1, allowed are {list}")),
        ("checks = [\"a b\"]", format!("6:11: breaker \"b\": checks: found \"a b\", allowed are {names}")),
        (
            "checks = [\"a\", { name = \"a\" }]",
            "6:25: breaker \"b\": checks 2: name: \"a\" is already in the list, at line 6, column 11".into(),
        ),
        ("checks = [{ }]", format!("6:11: breaker \"b\": checks 1: name is missing, allowed are {names}")),
        (
            "checks = [{ name = \"a\", due = 1 }]",
            "6:25: breaker \"b\": checks 1: unknown key \"due\", allowed are name, deadline".into(),
        ),
        ("checks = [{name = \"a\",deadline = \"close\"}]", format!("{at} found \"close\", allowed are {deadlines}")),
        (
            "checks = [{name = \"a\",deadline = \"open30m\"}]",
            format!("{at} found \"open30m\", allowed are {deadlines}"),
        ),
        (
            "checks = [{name = \"a\",deadline = \"open-18h\"}]",
            format!(
                "{at} it lies before the end of the session before, on 2020-03-03 for one; allowed are times after that"
            ),
        ),
        (
            "checks = [{name = \"a\",deadline = \"16:01\"}]",
            format!("{at} it lies after the close of every session; allowed are times before that"),
        ),
        (
            "checks = [\"a\"]\nlimit = 1\nconfirm = 2\non_unready = \"allow\"",
            "7:1: breaker \"b\": limit is not allowed: one check that is missing, has failed or was late is enough\n\
             8:1: breaker \"b\": confirm is not allowed: a check has passed or has not\n\
             9:1: breaker \"b\": on_unready is not allowed: a check that nobody has reported is missing, and denies"
                .into(),
        ),
    ] {
        assert_eq!(of_breaker_with_calendar("premarket_validation", keys).join("\n"), expected, "{keys}");
    }
    let many: Vec<String> = (0..65).map(|n| n.to_string()).collect();
    let found = of_breaker_with_calendar("premarket_validation", &format!("checks = {many:?}"));
    assert_eq!(found, [format!("6:10: breaker \"b\": checks: found 65 checks, allowed are {list}")]);
    let found = of_breaker("premarket_validation", "checks = [\"a\"]");
    assert_eq!(found, ["1:1: breaker \"b\": calendar is missing, allowed are names of a [[calendar]]"]);
}

#[test]
fn a_time_of_day_that_lies_elsewhere_in_some_session_is_no_deadline() {
    let hours = "sessions = { mon-thu = [\"09:30\", \"16:00\"], fri = [\"10:00\", \"16:00\"] }";
    let head = "[[breaker]]\nname = \"b\"\nscope = \"x\"\nkind = \"premarket_validation\"\ncalendar = \"us\"\n";
    let calendar = calendar("").replace(common::HOURS, hours);
    let found = common::mistakes(&format!("{head}checks = [{{ name = \"a\", deadline = \"09:00\" }}]\n{calendar}"));
    assert_eq!(
        found,
        ["6:36: breaker \"b\": checks 1: deadline: found \"09:00\", allowed are local times that lie as far from the \
             open in every session (not so on 2020-03-06)"]
    );
}
