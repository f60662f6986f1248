//! Breakers that are polled for one number, from TOML.

#![allow(clippy::unwrap_used, clippy::panic)]

use haltline::{BreakerSpec, Kind, Limits, Metric, OnUnready, Polled, Ratio, Release, RuleSpec, ScopePath};
use haltline_config::parse;

fn text(kind: &str, keys: &str) -> String {
    format!("[[breaker]]\nname = \"b\"\nscope = \"acct/main\"\nkind = {kind:?}\n{keys}")
}

fn breaker(kind: &str, keys: &str) -> BreakerSpec {
    let config = parse(&text(kind, keys), "f").unwrap_or_else(|mistakes| panic!("{mistakes}"));
    config.plan.breakers.into_iter().next().unwrap()
}

fn mistakes(kind: &str, keys: &str) -> String {
    parse(&text(kind, keys), "f").unwrap_err().to_string()
}

fn limits(limit: f64, warn: f64, clear: f64) -> Limits {
    let ratio = |value| Ratio::from_f64(value).unwrap();
    Limits { limit: ratio(limit), warn: ratio(warn), clear: ratio(clear) }
}

#[test]
fn a_metric_makes_a_breaker_of_any_kind_that_is_polled() {
    let of = |metric| {
        RuleSpec::Polled(Polled { kind: Kind::Volatility, metric, limits: Polled::default_limits(metric).unwrap() })
    };
    for &metric in Metric::ALL.iter().filter(|metric| Polled::default_limits(**metric).is_some()) {
        let spec = breaker("volatility", &format!("metric = {:?}", metric.name()));
        assert_eq!(spec.rule, of(metric));
        // As BreakerSpec::new has it: who polls and stops is in doubt.
        assert_eq!(spec.policy, BreakerSpec::new("b", ScopePath::root(), of(metric)).policy);
    }
    let keys = "metric = \"data_feed_latency_ms\"\nlimit = 500\nwarn = 200\nrelease = \"level\"";
    let spec = breaker("technical", keys);
    let limits = limits(500.0, 200.0, 180.0);
    assert_eq!(
        spec.rule,
        RuleSpec::Polled(Polled { kind: Kind::Technical, metric: Metric::DataFeedLatencyMs, limits })
    );
    assert_eq!((spec.policy.release, spec.policy.on_unready), (Release::Level, OnUnready::Deny));
}

#[test]
fn where_lower_is_worse_the_levels_are_lower_ends() {
    let spec = breaker("data_feed_integrity", "metric = \"data_quality_score\"\nlimit = 90");
    let RuleSpec::Polled(rule) = spec.rule else { panic!() };
    assert_eq!(rule.limits, limits(90.0, 92.0, 96.0));
    let found = mistakes("model_performance", "metric = \"model_accuracy\"\nlimit = 0.7\nwarn = 0.6");
    assert_eq!(found, "f:7:8: breaker \"b\": warn: found 0.6, allowed are numbers from limit (0.7) to 1");
}

#[test]
fn a_limit_of_another_unit_is_refused() {
    let of = |metric: Metric, limit: &str| {
        let keys = format!("metric = {:?}\nlimit = {limit}", metric.name());
        parse(&text("volatility", &keys), "f").err().map(|mistakes| mistakes.to_string())
    };
    for (metric, limit) in [
        (Metric::Drawdown, "8"),
        (Metric::LossRate, "1.01"),
        (Metric::Volatility, "8"),
        (Metric::MarketStatus, "8"),
        (Metric::DataQualityScore, "0.95"),
        (Metric::MissingDataPct, "101"),
    ] {
        let found = of(metric, limit).unwrap_or_default();
        assert!(found.starts_with("f:6:9: breaker \"b\": limit: found"), "{metric} {limit}: {found}");
        assert_eq!(of(metric, "1"), None, "{metric}");
    }
}

#[test]
fn what_means_nothing_for_a_polled_breaker_is_refused() {
    let found = mistakes("drawdown", "metric = \"drawdwn\"");
    assert!(found.contains("5:10") && found.contains("did you mean \"drawdown\""), "{found}");
    let found = mistakes("drawdown", "metric = \"drawdown\"\nwatch = \"acct\"\nspeed = true");
    assert!(found.contains("watch is not allowed: a metric comes from evaluate, not from a feed"), "{found}");
    assert!(found.contains("unknown key \"speed\""), "{found}");
    let found = mistakes("anomaly_detection", "metric = \"volume_ratio\"");
    assert!(found.contains("limit is missing"), "{found}");
    let found = mistakes("market_circuit_breaker", "metric = \"venue_halts\"\ncooldown_for = \"1m\"");
    assert!(found.contains("cooldown_for is not allowed"), "{found}");
    let found = mistakes("manual", "metric = \"vix_level\"");
    assert!(found.contains("unknown key \"metric\""), "nobody polls a person: {found}");
}
