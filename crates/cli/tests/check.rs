//! `haltline check` and `haltline kinds`.

#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

mod common;

use std::path::PathBuf;
use std::process::Command;

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

/// A file with a calendar that ends so many days from today, and what is told of it.
fn ending_in(days: i64, name: &str) -> (String, Value) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let end = jiff::Timestamp::from_second(now.as_secs() as i64 + days * 86_400).unwrap();
    let end = end.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    let file = scratch(name).join("hours.toml");
    let text = format!(
        "[[calendar]]\nname = \"us\"\ntimezone = \"America/New_York\"\nfrom = 2020-01-01\nto = {end}\n\
         sessions = {{ mon-sun = [\"09:30\", \"16:00\"] }}\n\
         [[breaker]]\nname = \"hours\"\nkind = \"time_based\"\nscope = \"\"\ncalendar = \"us\"\n\
         [[breaker.blackout]]\nfrom = 2020-03-18T13:55:00\nto = 2020-03-18T14:35:00\nreason = \"x\"\n"
    );
    std::fs::write(&file, text).unwrap();
    let told = stdout(&haltline(["check".as_ref(), file.as_os_str()]));
    let json = haltline(["check".as_ref(), "--json".as_ref(), file.as_os_str()]);
    (told, serde_json::from_slice(&json.stdout).unwrap())
}

#[test]
fn a_calendar_that_ends_within_a_month_or_has_ended_is_named() {
    for (days, words) in [(-10, "its last session was on"), (10, "its last session is on")] {
        let (text, json) = ending_in(days, "ending");
        assert!(text.contains(&format!("hours.toml:5:6: calendar \"us\": {words}")), "{text}");
        assert!(json["warnings"][0]["message"].as_str().unwrap().contains(words), "{json}");
        assert_eq!(json["warnings"][0]["line"], 5);
    }
    let (text, json) = ending_in(60, "not-ending");
    assert!(!text.contains("last session") && json["warnings"] == serde_json::json!([]), "{text}");
}

#[test]
fn a_breaker_that_goes_by_the_clock_says_so() {
    let (text, _) = ending_in(60, "clock");
    for part in ["goes by the clock", "out of session", "in 1 blackout", "with the bell"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn price_bands_are_told_row_by_row() {
    let file = scratch("bands").join("bands.toml");
    let text = "[[calendar]]\nname = \"us\"\ntimezone = \"America/New_York\"\nfrom = 2020-03-01\nto = 2020-03-31\n\
                sessions = { mon-fri = [\"09:30\", \"16:00\"] }\n[[breaker]]\nname = \"bands\"\nscope = \"XNAS/AAPL\"\n\
                kind = \"market_circuit_breaker\"\nsource = \"band\"\ncalendar = \"us\"\ntier = 2\n";
    std::fs::write(&file, text).unwrap();
    let output = haltline(["check".as_ref(), file.as_os_str()]);
    let told = stdout(&output);
    let rows = [
        "closes to 0.749999999: bands at 75 %, at most 0.15",
        "closes to 3.00: bands at 20 %",
        "above: bands at 10 %",
        "of the mean of 5m, a new one at 1 % and after 30s",
        "2 times as far close-25m to close, closes to 3.00, from 2020-02-24",
        "2 times as far open to open+15m, to 2020-02-23",
        "5m more if the venue has halted",
        "no reopening from close-10m",
    ];
    for part in rows.iter().chain(&["a limit state of 15s", "after 5m"]) {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let output = haltline(["check".as_ref(), "--json".as_ref(), file.as_os_str()]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let level = serde_json::json!({ "close_up_to": 3.0, "limit": 0.2, "most": null });
    assert_eq!(told["breakers"][0]["levels"][1], level);
}

#[test]
fn instruments_are_counted_and_a_breaker_names_its_list() {
    let folder = scratch("instruments");
    let text = "[[instruments]]\nname = \"tier-1\"\nfile = \"nasdaq.csv\"\nscope = \"XNAS\"\ncolumn = \"symbol\"\n\
                where = { tier = \"1\" }\n[[breaker]]\nname = \"desk\"\nkind = \"manual\"\n\
                scope = { instruments = \"tier-1\" }\n";
    let rows: String = (0..3_000).map(|n| format!("S{n},{}\n", n % 2)).collect();
    std::fs::write(folder.join("nasdaq.csv"), format!("symbol,tier\n{rows}")).unwrap();
    let file = folder.join("instruments.toml");
    std::fs::write(&file, text).unwrap();
    let output = haltline(["check".as_ref(), file.as_os_str()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = stdout(&output);
    for part in ["instruments tier-1: 1 500 of XNAS, ", "nasdaq.csv", "XNAS/* of tier-1"] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let output = haltline(["check".as_ref(), "--json".as_ref(), file.as_os_str()]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["instruments"][0]["name"], &told["instruments"][0]["count"]), (&"tier-1".into(), &1_500.into()));
    std::fs::write(folder.join("nasdaq.csv"), format!("symbol,tier\nA\n{rows}")).unwrap();
    let output = haltline(["check".as_ref(), file.as_os_str()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("nasdaq.csv:2:1: found 1 fields"), "{}", stderr(&output));
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
fn each_test_of_a_technical_breaker_is_told() {
    let file = scratch("technical").join("gw.toml");
    let text = "[[breaker]]\nname = \"gw\"\nkind = \"technical\"\nscope = \"gw\"\nwindow = \"30s\"\nmin_calls = 20\n\
        slow_rate = 0.8\nslow_after = \"2s\"\nconsecutive = 5\n";
    std::fs::write(&file, text).unwrap();
    let told = stdout(&haltline(["check".as_ref(), file.as_os_str()]));
    for part in [
        "50 % fail (warns at 40 %)",
        "80 % take 2s or more (warns at 64 %)",
        "of the calls of 30s, at least 20",
        "5 failures in a row",
        "after 30s",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let output = haltline(["check".as_ref(), "--json".as_ref(), file.as_os_str()]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&told["breakers"][0]["levels"][0]["limit"], &told["breakers"][0]["levels"][1]["limit"]),
        (&Value::from(0.5), &Value::from(0.8))
    );
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
    for command in [&["check"][..], &["check", "--json"], &["sources", "check"], &["replay"]] {
        for path in [PathBuf::from("/no/such/file.toml"), scratch("folder")] {
            let output = haltline(command.iter().map(|word| word.as_ref()).chain([path.as_os_str()]));
            assert_eq!(output.status.code(), Some(2), "{command:?} {path:?}");
            let told = stderr(&output);
            assert!(told.contains("cannot be read: ") && told.lines().count() == 1, "{told}");
        }
    }
    assert_eq!(haltline(["check"]).status.code(), Some(2));
    assert_eq!(haltline(["chek", "x"]).status.code(), Some(2));
    assert_eq!(haltline(["--help"]).status.code(), Some(0));
    assert!(stdout(&haltline(["replay", "--help"])).contains("Exit status:"));
}

#[test]
fn the_exit_statuses_keep_their_indentation_on_80_columns() {
    for command in [&[][..], &["check"], &["replay"], &["packs"], &["sources", "check"]] {
        let arguments = command.iter().chain(&["--help"]);
        let output =
            Command::new(env!("CARGO_BIN_EXE_haltline")).args(arguments).env("COLUMNS", "80").output().unwrap();
        let told = stdout(&output);
        let (_, exits) = told.split_once("Exit status:\n").unwrap();
        for line in exits.lines() {
            let begins = ["  0  ", "  1  ", "  2  ", "     "].iter().any(|begin| line.starts_with(begin));
            assert!(begins && line.len() <= 80, "{line:?} of\n{told}");
        }
    }
}

#[test]
fn a_file_of_sources_is_sent_to_its_own_command() {
    let folder = scratch("other");
    let sources = "[[source]]\nname = \"vix\"\npreset = \"volatility_index\"\nscope = \"index/vix\"\n";
    let told = |name: &str, text: &str| {
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        let output = haltline(["check".as_ref(), file.as_os_str()]);
        assert_eq!(output.status.code(), Some(1));
        (stderr(&output), format!("it has [[source]] tables: haltline sources check {}", file.display()))
    };
    let (text, hint) = told("sources.toml", sources);
    assert!(text.ends_with(&format!("{hint}\n")), "{text}");
    let (text, hint) = told("broken.toml", &format!("{sources}url =\n"));
    assert!(text.contains(&hint), "{text}");
    let (text, _) = told("risk.toml", "# [[source]]\n[[breaker]]\nname = \"source\"\n");
    assert!(!text.contains("sources check"), "{text}");
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

#[test]
fn a_cooldown_with_probes_says_how_many() {
    let file = scratch("probes").join("probes.toml");
    let text = "[[breaker]]\nname = \"gw\"\nkind = \"technical\"\nscope = \"gw/a\"\n\
                cooldown_for = \"10s\"\ncooldown_effect = { probe = 3 }\n";
    std::fs::write(&file, text).unwrap();
    let told = stdout(&haltline(["check".as_ref(), file.as_os_str()]));
    assert!(told.contains("cooldown 10s, 3 probes"), "{told}");
    let json = haltline(["check".as_ref(), "--json".as_ref(), file.as_os_str()]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["breakers"][0]["probes"], 3);
}
