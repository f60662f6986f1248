//! The kinds that guard an account: every key lands where it belongs, mistakes are told, the unusual is warned of.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::of_breaker;
use haltline::{
    BreakerSpec, Kind, Limits, LiquidationRequired, LossRate, LossSource, Money, OnStale, Policy, PositionLimit, Qty,
    Ratio, RuleSpec,
};
use haltline_config::{Config, parse};

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn ratio(value: f64) -> Ratio {
    Ratio::from_f64(value).unwrap()
}

fn money(value: f64) -> Money {
    Money::from_f64(value).unwrap()
}

fn limits(limit: f64, warn: f64, clear: f64) -> Limits {
    Limits { limit: ratio(limit), warn: ratio(warn), clear: ratio(clear) }
}

fn config(kind: &str, keys: &str) -> Config {
    let head = format!("[[breaker]]\nname = \"b\"\nscope = \"acct/main\"\nkind = {kind:?}\non_stale = \"warn\"\n");
    parse(&format!("{head}{keys}"), "f").unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// The one breaker of a file.
fn breaker(kind: &str, keys: &str) -> BreakerSpec {
    config(kind, keys).plan.breakers.remove(0)
}

fn rule(kind: &str, keys: &str) -> RuleSpec {
    breaker(kind, keys).rule
}

/// The policy of a kind that warns when its source is silent, which a file without a calendar is well advised to.
fn policy(kind: Kind) -> Policy {
    Policy { on_stale: OnStale::Warn, ..kind.default_policy() }
}

fn warnings(kind: &str, keys: &str) -> Vec<String> {
    config(kind, keys).warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_loss_rate_without_keys_has_the_defaults_of_the_catalogue() {
    let expected = LossRate {
        limits: limits(0.03, 0.0225, 0.020_25),
        source: LossSource::Marks,
        window: secs(300),
        sample: secs(60),
        streak: true,
        acceleration: true,
    };
    let spec = breaker("loss_rate", "");
    assert_eq!((spec.rule, spec.policy), (RuleSpec::LossRate(expected), policy(Kind::LossRate)));
}

#[test]
fn every_key_of_a_loss_rate_is_mapped() {
    let keys = "limit = 0.04\nwarn = 0.02\nclear = 0.01\nsource = \"pnl\"\ncapital = 250_000.5\nwindow = \"10m\"\n\
                sample = \"30s\"\nstreak = true\nacceleration = false\n";
    let expected = LossRate {
        limits: limits(0.04, 0.02, 0.01),
        source: LossSource::Pnl { capital: money(250_000.5) },
        window: secs(600),
        sample: secs(30),
        streak: true,
        acceleration: false,
    };
    assert_eq!(rule("loss_rate", keys), RuleSpec::LossRate(expected.clone()));
    let off = rule("loss_rate", &keys.replace("sample = \"30s\"\nstreak = true", "streak = false"));
    assert_eq!(off, RuleSpec::LossRate(LossRate { streak: false, sample: secs(60), ..expected }));
}

#[test]
fn mistakes_of_a_loss_rate_say_what_is_allowed() {
    let money = "amounts above 0 and at most 922000000000000, in steps of 0.0001";
    for (keys, expected) in [
        ("limit = 1.5", "5:9: breaker \"b\": limit: found 1.5, allowed are fractions above 0 and at most 1".into()),
        ("source = \"equity\"", "5:10: breaker \"b\": source: found \"equity\", allowed are \"marks\", \"pnl\"".into()),
        ("source = \"pnl\"", format!("1:1: breaker \"b\": capital is missing, allowed are {money}")),
        ("source = \"pnl\"\ncapital = 0", format!("6:11: breaker \"b\": capital: found 0, allowed are {money}")),
        ("source = \"pnl\"\ncapital = 0.00001", format!("6:11: breaker \"b\": capital: found 0.00001, allowed are {money}")),
        ("source = \"pnl\"\ncapital = \"1\"", format!("6:11: breaker \"b\": capital: found a string \"1\", allowed are {money}")),
        ("capital = 5", "5:1: breaker \"b\": capital is not allowed: only source = \"pnl\" has one".into()),
        (
            "streak = false\nacceleration = false\nsample = \"1m\"",
            "7:1: breaker \"b\": sample is not allowed: streak and acceleration are false, so nothing is sampled".into(),
        ),
        (
            "window = \"0s\"",
            "5:10: breaker \"b\": window: found \"0s\", allowed are durations from \"1ms\" to \"366d\", such as \"1s\", \
             \"1m\" or \"1d\""
                .into(),
        ),
    ] {
        assert_eq!(of_breaker("loss_rate", keys), [expected]);
    }
    let unknown = of_breaker("loss_rate", "streaks = true");
    assert!(unknown[0].ends_with("did you mean \"streak\"?"), "{unknown:?}");
    let once = of_breaker("loss_rate", "source = 1\ncapital = 5");
    assert_eq!(once.len(), 1, "what depends on something unreadable is no second mistake: {once:?}");
}

#[test]
fn a_loss_rate_above_five_per_cent_is_unusual() {
    assert_eq!(warnings("loss_rate", "limit = 0.05"), [""; 0]);
    assert_eq!(
        warnings("loss_rate", "limit = 0.051"),
        ["f:6:9: breaker \"b\": limit: 0.051 is above 0.05, unusual for a loss rate"]
    );
}

#[test]
fn a_liquidation_without_keys_has_the_defaults_of_the_catalogue() {
    let expected = LiquidationRequired { limits: limits(0.15, 0.12, 0.108), margin: None };
    let spec = breaker("liquidation_required", "");
    assert_eq!(spec.rule, RuleSpec::LiquidationRequired(expected));
    assert_eq!(spec.policy, policy(Kind::LiquidationRequired));
    assert!(spec.policy.liquidates);
}

#[test]
fn every_key_of_a_liquidation_is_mapped() {
    let found = rule("liquidation_required", "limit = 0.2\nwarn = 0.1\nclear = 0.05\nmargin_limit = 0.9\n");
    let expected = LiquidationRequired { limits: limits(0.2, 0.1, 0.05), margin: Some(limits(0.9, 0.72, 0.648)) };
    assert_eq!(found, RuleSpec::LiquidationRequired(expected));
}

#[test]
fn mistakes_of_a_liquidation_say_what_is_allowed() {
    for value in ["0", "1.1", "-0.5"] {
        assert_eq!(
            of_breaker("liquidation_required", &format!("margin_limit = {value}")),
            [format!("5:16: breaker \"b\": margin_limit: found {value}, allowed are fractions above 0 and at most 1")]
        );
    }
    let unknown = of_breaker("liquidation_required", "margin_limt = 0.9");
    assert!(unknown[0].ends_with("did you mean \"margin_limit\"?"), "{unknown:?}");
}

#[test]
fn a_liquidation_above_thirty_per_cent_is_unusual() {
    assert_eq!(warnings("liquidation_required", "limit = 0.3"), [""; 0]);
    assert_eq!(
        warnings("liquidation_required", "limit = 0.31"),
        ["f:6:9: breaker \"b\": limit: 0.31 is above 0.3, unusual for a liquidation"]
    );
}

#[test]
fn a_position_limit_without_keys_has_the_defaults_of_the_catalogue() {
    let expected = PositionLimit {
        max_positions: Some(20),
        max_position_share: Some(ratio(0.1)),
        max_sector_share: Some(ratio(0.3)),
        max_long: Some(ratio(1.0)),
        max_short: Some(ratio(0.5)),
        max_gross: None,
        max_net: None,
        max_quantity: None,
        max_notional: None,
        capacity: 16_384,
    };
    let spec = breaker("position_limit", "");
    assert_eq!((spec.rule, spec.policy), (RuleSpec::PositionLimit(expected), policy(Kind::PositionLimit)));
}

#[test]
fn every_key_of_a_position_limit_is_mapped() {
    let keys = "max_positions = 50\nmax_position_share = 0.05\nmax_sector_share = 0.2\nmax_long = 2\nmax_short = 1.5\n\
                max_gross = 3\nmax_net = 0.5\nmax_quantity = 10_000\nmax_notional = 2_500_000.25\ncapacity = 100\n";
    let expected = PositionLimit {
        max_positions: Some(50),
        max_position_share: Some(ratio(0.05)),
        max_sector_share: Some(ratio(0.2)),
        max_long: Some(ratio(2.0)),
        max_short: Some(ratio(1.5)),
        max_gross: Some(ratio(3.0)),
        max_net: Some(ratio(0.5)),
        max_quantity: Some(Qty(10_000)),
        max_notional: Some(money(2_500_000.25)),
        capacity: 100,
    };
    assert_eq!(rule("position_limit", keys), RuleSpec::PositionLimit(expected));
}

#[test]
fn mistakes_of_a_position_limit_say_what_is_allowed() {
    let part = "fractions above 0 and at most 1000";
    let named = "a position limit has several, each with a name of its own";
    for (key, value, expected) in [
        ("max_long", "0", format!("max_long: found 0, allowed are {part}")),
        ("max_net", "1000.1", format!("max_net: found 1000.1, allowed are {part}")),
        ("max_gross", "true", format!("max_gross: found a boolean true, allowed are {part}")),
        ("max_quantity", "0", "max_quantity: found 0, allowed are whole numbers from 1 on".into()),
        (
            "max_notional",
            "-5",
            "max_notional: found -5, allowed are amounts above 0 and at most 922000000000000, in steps of 0.0001"
                .into(),
        ),
        ("max_positions", "0", "max_positions: found 0, allowed are whole numbers from 1 to 1048576".into()),
        ("max_positions", "20000", "max_positions: found 20000, allowed are numbers below capacity (16384)".into()),
        ("capacity", "20", "max_positions: found 20, allowed are numbers below capacity (20)".into()),
        ("limit", "0.1", format!("limit is not allowed: {named}")),
        ("warn", "0.1", format!("warn is not allowed: {named}")),
    ] {
        let column = if expected.contains("not allowed") { 1 } else { key.len() + 4 };
        assert_eq!(
            of_breaker("position_limit", &format!("{key} = {value}")),
            [format!("5:{column}: breaker \"b\": {expected}")]
        );
    }
    let unknown = of_breaker("position_limit", "max_position = 5");
    assert!(unknown[0].ends_with("did you mean \"max_positions\"?"), "{unknown:?}");
}

#[test]
fn a_mistake_in_one_limit_of_positions_makes_no_other_unknown() {
    let others = ["max_position_share = 0.05", "max_sector_share = 0.2", "max_long = 2", "max_short = 1.5"]
        .into_iter()
        .chain(["max_gross = 3", "max_net = 0.5", "max_quantity = 100", "max_notional = 5", "capacity = 100"]);
    for other in others {
        let found = of_breaker("position_limit", &format!("max_positions = 0\n{other}"));
        assert!(found.len() == 1 && found[0].contains("max_positions: found 0, allowed are"), "{other}: {found:?}");
    }
    let both = of_breaker("position_limit", "max_long = 0\nmax_net = 0");
    assert!(both.len() == 2 && both.iter().all(|text| text.contains(": found 0, allowed are")), "{both:?}");
}

#[test]
fn a_position_above_a_fifth_is_unusual() {
    assert_eq!(warnings("position_limit", "max_position_share = 0.2"), [""; 0]);
    assert_eq!(
        warnings("position_limit", "max_position_share = 0.21"),
        ["f:6:22: breaker \"b\": max_position_share: 0.21 is above 0.2, unusual for one position"]
    );
}
