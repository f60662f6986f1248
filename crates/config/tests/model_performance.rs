//! `model_performance` in a file: every key, every mistake.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::of_breaker;
use haltline::{
    BreakerSpec, Kind, Limits, ModelPerformance, OnStale, PerformanceSource, Policy, Ratio, RuleSpec, ScopePath,
};
use haltline_config::parse;

fn breaker(keys: &str) -> BreakerSpec {
    let text = format!("[[breaker]]\nname = \"b\"\nscope = \"acct/main\"\nkind = \"model_performance\"\n{keys}");
    parse(&text, "f").unwrap_or_else(|mistakes| panic!("{mistakes}")).plan.breakers.remove(0)
}

fn rule(keys: &str) -> ModelPerformance {
    match breaker(keys).rule {
        RuleSpec::ModelPerformance(rule) => rule,
        rule => panic!("{rule:?}"),
    }
}

fn limits(limit: f64, warn: f64, clear: f64) -> Limits {
    let ratio = |value| Ratio::from_f64(value).unwrap();
    Limits { limit: ratio(limit), warn: ratio(warn), clear: ratio(clear) }
}

#[test]
fn without_keys_it_has_the_defaults_of_the_catalogue() {
    let expected = BreakerSpec {
        name: "b".into(),
        scope: ScopePath::new("acct/main").unwrap(),
        watch: vec![],
        rule: RuleSpec::ModelPerformance(ModelPerformance {
            limits: limits(0.60, 0.68, 0.84),
            source: PerformanceSource::Outcomes,
            window: 200,
            min_outcomes: 50,
        }),
        policy: Policy { on_stale: OnStale::Ignore, ..Kind::ModelPerformance.default_policy() },
    };
    assert_eq!(breaker(""), expected);
}

#[test]
fn every_key_is_mapped() {
    let keys = "limit = 0.55\nwarn = 0.57\nclear = 0.6\nwindow = 1000\nmin_outcomes = 1000\n";
    let expected = ModelPerformance {
        limits: limits(0.55, 0.57, 0.6),
        source: PerformanceSource::Outcomes,
        window: 1_000,
        min_outcomes: 1_000,
    };
    assert_eq!(rule(&format!("{keys}source = \"outcomes\"\n")), expected);
    assert_eq!(rule("source = \"level\"\n").source, PerformanceSource::Level);
    let policy = breaker("on_stale = \"trip\"\nstale_after = \"1h\"\n").policy;
    assert_eq!((policy.on_stale, policy.stale_after.as_secs()), (OnStale::Trip, 3_600));
}

#[test]
fn what_is_left_out_follows_what_is_given() {
    assert_eq!(rule("limit = 0.5\n").limits, limits(0.5, 0.6, 0.8));
    assert_eq!(rule("limit = 0.5\nwarn = 0.5\n").limits, limits(0.5, 0.5, 0.75));
    assert_eq!(rule("limit = 0.5\nclear = 0.6\n").limits, limits(0.5, 0.6, 0.6));
    assert_eq!(rule("limit = 1\n").limits, limits(1.0, 1.0, 1.0));
    assert_eq!((rule("window = 10\n").window, rule("window = 10\n").min_outcomes), (10, 10));
    assert_eq!(rule("window = 65536\n").min_outcomes, 50);
}

#[test]
fn mistakes_say_what_was_found_and_what_is_allowed() {
    let outcomes = "whole numbers of outcomes from 1 to 65536";
    for (keys, expected) in [
        ("limit = 0", "5:9: breaker \"b\": limit: found 0, allowed are fractions above 0 and at most 1".to_owned()),
        ("limit = 60", "5:9: breaker \"b\": limit: found 60, allowed are fractions above 0 and at most 1".to_owned()),
        ("warn = 0.59", "5:8: breaker \"b\": warn: found 0.59, allowed are numbers from limit (0.6) to 1".to_owned()),
        ("clear = 0.67", "5:9: breaker \"b\": clear: found 0.67, allowed are numbers from warn (0.68) to 1".to_owned()),
        ("window = 0", format!("5:10: breaker \"b\": window: found 0, allowed are {outcomes}")),
        ("window = 65537", format!("5:10: breaker \"b\": window: found 65537, allowed are {outcomes}")),
        ("min_outcomes = 0", format!("5:16: breaker \"b\": min_outcomes: found 0, allowed are {outcomes}")),
        (
            "min_outcomes = 201",
            "5:16: breaker \"b\": min_outcomes: found 201, allowed are whole numbers of outcomes from 1 to the window's \
             200"
                .to_owned(),
        ),
        ("source = \"x\"\nwindow = 0", "5:10: breaker \"b\": source: found \"x\", allowed are \"outcomes\", \"level\"".to_owned()),
        (
            "source = \"level\"\nwindow = 10\nmin_outcomes = 5",
            "6:1: breaker \"b\": window is not allowed: with source = \"level\" the accuracy is measured elsewhere\n\
             7:1: breaker \"b\": min_outcomes is not allowed: with source = \"level\" the accuracy is measured elsewhere"
                .to_owned(),
        ),
        (
            "stale_after = \"1h\"",
            "5:1: breaker \"b\": stale_after is not allowed: on_stale is \"ignore\", so nothing becomes stale".to_owned(),
        ),
    ] {
        assert_eq!(of_breaker("model_performance", keys).join("\n"), expected);
    }
    assert!(of_breaker("model_performance", "outcomes = 5")[0].contains("unknown key \"outcomes\""));
}
