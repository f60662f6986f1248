//! `haltline check` and `haltline kinds`.

#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

mod common;

use common::{haltline, scenarios, scratch, stderr, stdout};
use serde_json::Value;

#[test]
fn a_configuration_without_mistakes_is_told() {
    let file = scenarios().join("us-equities.toml");
    let output = haltline([file.as_os_str(), "check".as_ref()].iter().rev());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    for part in ["mwcb", "market_circuit_breaker", "13 %, open to close-35m, for 15m", "2015 sessions", "warning: "] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "no colours into a pipe");
}

#[test]
fn the_same_as_json() {
    let file = scenarios().join("us-equities.toml");
    let output = haltline(["check".as_ref(), "--json".as_ref(), file.as_os_str()]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["ok"], true);
    assert_eq!(told["breakers"][0]["levels"][2]["limit"], 0.2);
    assert_eq!(told["breakers"][1]["effect"], serde_json::json!(["increase"]));
}

#[test]
fn the_limits_of_an_account_are_told_in_their_units() {
    let file = scratch("account").join("account.toml");
    let head = |kind: &str| {
        format!("[[breaker]]\nname = {kind:?}\nkind = {kind:?}\nscope = \"acct/main\"\non_stale = \"warn\"\n")
    };
    let text = format!(
        "{}{}margin_limit = 0.9\n{}max_quantity = 500\nmax_notional = 250000\n",
        head("loss_rate"),
        head("liquidation_required"),
        head("position_limit")
    );
    std::fs::write(&file, text).unwrap();
    let output = haltline(["check".as_ref(), file.as_os_str()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = stdout(&output);
    let parts = ["3 % (warns at 2.25 %)", "in 5m", "15 % (warns at 12 %)", "margin use above 90 % (warns at 72 %)"];
    let limits = [
        "positions above 20",
        "a position above 10 %",
        "short above 50 %",
        "a quantity above 500",
        "a notional above 250000.00",
    ];
    for part in parts.iter().chain(&limits) {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let output = haltline(["check".as_ref(), "--json".as_ref(), file.as_os_str()]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["breakers"][1]["levels"][1]["limit"], 0.9);
    assert_eq!(told["breakers"][2]["levels"][0], serde_json::json!({ "name": "max_positions", "limit": 20.0 }));
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let file = scratch("mistakes").join("bad.toml");
    let text = "[[breaker]]\nname = \"dd\"\nkind = \"drawdown\"\nscope = \"acct/main\"\nlimit = 1.5\nlimt = 2\n";
    std::fs::write(&file, text).unwrap();
    let output = haltline(["check".as_ref(), file.as_os_str()]);
    assert_eq!(output.status.code(), Some(1));
    let told = stderr(&output);
    assert!(told.contains("bad.toml:5:9: breaker \"dd\": limit: found 1.5"), "{told}");
    assert!(told.contains("bad.toml:6:1: "), "{told}");
    assert!(told.contains("2 mistakes"), "{told}");

    let output = haltline(["check".as_ref(), "--json".as_ref(), file.as_os_str()]);
    assert_eq!(output.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["ok"], &told["mistakes"][0]["line"]), (&Value::from(false), &Value::from(5)));
}

#[test]
fn what_only_registration_refuses_is_seen() {
    let file = scratch("full").join("full.toml");
    let breakers: String =
        (0..3).map(|n| format!("[[breaker]]\nname = \"b{n}\"\nkind = \"manual\"\nscope = \"\"\n")).collect();
    std::fs::write(&file, format!("[capacity]\nbreakers = 2\n{breakers}")).unwrap();
    let output = haltline(["check".as_ref(), file.as_os_str()]);
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn what_cannot_be_read_or_understood_is_another_status() {
    assert_eq!(haltline(["check", "/no/such/file.toml"]).status.code(), Some(2));
    assert_eq!(haltline(["check"]).status.code(), Some(2));
    assert_eq!(haltline(["chek", "x"]).status.code(), Some(2));
    assert_eq!(haltline(["--help"]).status.code(), Some(0));
    assert!(stdout(&haltline(["replay", "--help"])).contains("Exit status:"));
}

#[test]
fn all_kinds_are_listed() {
    let text = stdout(&haltline(["kinds"]));
    let told: Value = serde_json::from_slice(&haltline(["kinds", "--json"]).stdout).unwrap();
    assert_eq!(told.as_array().unwrap().len(), haltline::KINDS.len());
    for row in haltline::KINDS {
        assert!(text.contains(row.kind.name()) && text.contains(row.summary));
    }
}
