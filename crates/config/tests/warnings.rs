//! What is allowed but unusual is said, with its place, and keeps nobody from trading.

#![allow(clippy::unwrap_used, clippy::panic)]

use haltline_config::parse;

/// A latched breaker without a calendar would be one more thing to warn of.
fn warnings(kind: &str, keys: &str) -> Vec<String> {
    let calm = if kind == "drawdown" && !keys.contains("on_stale") { "\non_stale = \"warn\"" } else { "" };
    let keys = format!("{}{calm}", keys.trim_end());
    let text = format!("[[breaker]]\nname = \"b\"\nscope = \"x\"\nkind = {kind:?}\n{keys}");
    let config = parse(&text, "f").unwrap_or_else(|mistakes| panic!("{mistakes}"));
    config.warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn each_unusual_value_is_named_at_its_place() {
    for (kind, keys, expected) in [
        ("drawdown", "limit = 0.25", "f:5:9: breaker \"b\": limit: 0.25 is above 0.2, unusual for a drawdown"),
        (
            "volatility",
            "limit = 0.11",
            "f:5:9: breaker \"b\": limit: 0.11 is above 0.1, unusual for the move of one window",
        ),
        ("technical", "min_calls = 2", "f:5:13: breaker \"b\": min_calls: one failure among 2 calls trips it"),
        ("technical", "failure_rate = 0.1", "f:5:16: breaker \"b\": failure_rate: one failure among 10 calls trips it"),
        ("technical", "window = 1", "f:1:1: breaker \"b\": one failure among 1 calls trips it"),
        ("technical", "consecutive = 1", "f:5:15: breaker \"b\": consecutive: a single failure trips it"),
        (
            "model_performance",
            "limit = 0.49",
            "f:5:9: breaker \"b\": limit: 0.49 is below 0.5, what a coin would reach",
        ),
        ("drawdown", "shadow = true", "f:5:10: breaker \"b\": shadow: this breaker denies nothing"),
        ("manual", "enabled = false", "f:5:11: breaker \"b\": enabled: this breaker takes no part at all"),
        (
            "position_limit",
            "max_sector_share = 30",
            "f:5:20: breaker \"b\": max_sector_share: 30 is 30 times the portfolio; 30 % is 0.3",
        ),
        ("drawdown", "severity = 0", "f:5:12: breaker \"b\": severity: it adds nothing to the risk score"),
        (
            "volatility",
            "on_unready = \"allow\"",
            "f:5:14: breaker \"b\": on_unready: orders pass before the first usable value",
        ),
        (
            "drawdown",
            "on_stale = \"ignore\"",
            "f:5:12: breaker \"b\": on_stale: a source that falls silent is not noticed",
        ),
    ] {
        assert_eq!(warnings(kind, keys), [expected]);
    }
}

#[test]
fn usual_values_are_not_worth_a_word() {
    for (kind, keys) in [
        (
            "drawdown",
            "limit = 0.2\nshadow = false\nenabled = true\nseverity = 0.1\non_unready = \"deny\"\non_stale = \"warn\"",
        ),
        ("volatility", "limit = 0.1"),
        ("volatility", "source = \"level\"\nlimit = 80"),
        ("volatility", "annualise = 252\nlimit = 0.8"),
        // What the kind does by itself; a single failure among ten is below 0.11, and two in a row are no single one.
        ("technical", "on_unready = \"allow\"\non_stale = \"ignore\""),
        ("technical", "failure_rate = 0.11\nconsecutive = 2"),
        ("technical", "min_calls = 3\nslow_rate = 0.1\nslow_after = \"1s\""),
        ("model_performance", "limit = 0.5\non_stale = \"ignore\""),
        ("manual", ""),
        ("kill_switch", ""),
    ] {
        assert_eq!(warnings(kind, keys), [""; 0], "{kind} {keys}");
    }
}

#[test]
fn several_come_in_the_order_of_the_file() {
    let found = warnings("drawdown", "severity = 0\nlimit = 0.5\nenabled = false\nshadow = true\n");
    let lines: Vec<&str> = found.iter().map(|w| w.split(':').nth(1).unwrap()).collect();
    assert_eq!(lines, ["5", "6", "7", "8"]);
}

#[test]
fn a_breaker_that_would_latch_every_night_is_named() {
    let text = "[[breaker]]\nname = \"b\"\nscope = \"x\"\nkind = \"drawdown\"\n";
    let found = parse(text, "f").unwrap().warnings;
    assert_eq!(found.len(), 1);
    assert!(found[0].to_string().starts_with("f:1:1: breaker \"b\": without a calendar"), "{}", found[0]);
}
