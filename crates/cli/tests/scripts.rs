//! Scripts of steps: one for each kind in `scenarios/kinds`, and broken ones.

#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

mod common;

use std::path::Path;

use common::{haltline, scenarios, scratch, stderr, stdout};
use haltline::{KINDS, Kind};
use serde_json::Value;

/// Exit status, transitions and summary of a script.
fn replayed(file: &Path) -> (Option<i32>, Vec<Value>) {
    let output = haltline(["replay".as_ref(), "--json".as_ref(), file.as_os_str()]);
    let lines = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code(), lines)
}

/// The statuses that a script expects of the breakers of a kind, in its order.
fn expected(file: &Path, kind: Kind) -> Vec<String> {
    let script: toml::Table = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let breakers = script["config"]["breaker"].as_array().unwrap();
    let of_kind = breakers.iter().filter(|b| b["kind"].as_str() == Some(kind.name()));
    let names: Vec<_> = of_kind.map(|b| b["name"].as_str().unwrap()).collect();
    let steps = script["step"].as_array().unwrap();
    let expects = steps.iter().filter_map(|step| step.get("expect")?.as_table());
    let each = expects.flatten().filter(|(name, _)| names.contains(&name.as_str()));
    each.filter_map(|(_, seen)| Some(seen.as_str().or_else(|| seen.get("status")?.as_str())?.to_owned())).collect()
}

#[test]
fn each_kind_has_a_script_that_finds_what_it_expects() {
    let dir = scenarios().join("kinds");
    let mut files: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.sort();
    let mut names: Vec<std::ffi::OsString> =
        KINDS.iter().map(|row| format!("{}.toml", row.kind.name()).into()).collect();
    names.sort();
    assert_eq!(files, names);
    for row in KINDS {
        let (code, lines) = replayed(&dir.join(format!("{}.toml", row.kind.name())));
        let summary = lines.last().unwrap();
        assert_eq!(code, Some(0), "{} {summary:#}", row.kind);
        assert_eq!((&summary["type"], &summary["as_expected"]), (&"summary".into(), &true.into()));
        assert_eq!(&lines[0]["steps"], &summary["steps"]);
        let moved = lines.iter().filter(|line| line["type"] == "transition");
        assert!(moved.clone().any(|line| line["kind"] == row.kind.name()), "{}", row.kind);
    }
}

#[test]
fn each_script_expects_a_warning_a_trip_and_a_way_back() {
    for row in KINDS {
        let kind = row.kind;
        let statuses = expected(&scenarios().join(format!("kinds/{}.toml", kind.name())), kind);
        let first = |word: &str| statuses.iter().position(|status| status == word);
        let stop = match kind {
            Kind::KillSwitch => "emergency_halt",
            Kind::LiquidationRequired => "liquidating",
            _ => "tripped",
        };
        let tripped = first(stop).unwrap_or_else(|| panic!("{kind}: no trip"));
        // A check is good or it is not, so there is nothing to warn of.
        if row.has_readings && kind != Kind::PremarketValidation {
            assert!(first("warning").is_some_and(|warning| warning < tripped), "{kind}: no warning before the trip");
        }
        assert!(statuses[tripped..].iter().any(|status| status == "active"), "{kind}: no way back");
    }
}

const SCRIPT: &str = r#"title = "a desk"
start = 2020-03-09T13:30:00Z
[[config.breaker]]
name = "desk"
kind = "manual"
scope = "XNAS"
[[config.breaker]]
name = "vix"
kind = "volatility"
scope = "XNAS"
watch = ["index/VIX", "index/VIX9D"]
source = "level"
limit = 40
[[step]]
at = "1s"
reading = { scope = "index/VIX", breaker = "vix", value = [20, 21] }
every = "1s"
expect = { desk = "active" }
[[step]]
at = "3s"
trip = { breaker = "desk", by = "ann", authority = "trader" }
expect = { desk = { status = "tripped", denies = ["increase", "reduce"] } }
permits = { XNAS = ["cancel"] }
"#;

/// The script with one part replaced: exit status, stdout, stderr.
fn with(dir: &Path, from: &str, to: &str) -> (Option<i32>, String, String) {
    assert!(SCRIPT.contains(from), "{from}");
    std::fs::write(dir.join("s.toml"), SCRIPT.replacen(from, to, 1)).unwrap();
    let output = haltline(["replay".as_ref(), dir.join("s.toml").as_os_str()]);
    (output.status.code(), stdout(&output), stderr(&output))
}

#[test]
fn people_get_a_timeline_and_a_verdict() {
    let (code, text, _) = with(&scratch("script"), "", "");
    assert_eq!(code, Some(0), "{text}");
    for part in [
        "a desk\n  breakers  desk, vix\n  path      made: ",
        "2020-03-09 13:30:03 +00:00  XNAS   desk ",
        "2 steps, all as expected\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn what_is_not_as_expected_is_told_with_its_place() {
    let dir = scratch("script-differs");
    for (from, to, why) in [
        (
            "desk = \"active\"",
            "desk = \"warning\"",
            "s.toml:18:19: at 2020-03-09 13:30:02 +00:00: desk: expected warning, found active",
        ),
        (
            "\"increase\", \"reduce\"",
            "\"cancel\"",
            "s.toml:22:19: at 2020-03-09 13:30:03 +00:00: desk: expected to deny cancel, found increase, reduce",
        ),
        ("denies = [\"increase\", \"reduce\"]", "reason = \"limit\"", "expected the reason limit, found manual"),
        (
            "denies = [\"increase\", \"reduce\"]",
            "until = \"1m\"",
            "expected until 2020-03-09 13:31:00 +00:00, found no end",
        ),
        ("denies = [\"increase\", \"reduce\"]", "rung = 2", "expected rung 2, found none"),
        ("denies = [\"increase\", \"reduce\"]", "unready = true", "expected to be not ready, found ready"),
        (
            "[\"cancel\"]",
            "[]",
            "s.toml:23:20: at 2020-03-09 13:30:03 +00:00: \"XNAS\": expected to permit nothing, permits cancel",
        ),
        (
            "permits = { XNAS = [\"cancel\"] }",
            "admits = { XNAS = { buy = 105.5, sell = 95 } }",
            "s.toml:23:19: at 2020-03-09 13:30:03 +00:00: \"XNAS\": expected to admit purchases up to 105.5000 and sales from \
             95.0000 on, admits every price",
        ),
        (
            "permits = { XNAS = [\"cancel\"] }",
            "admits = { XNAS = \"none\" }",
            "expected to admit no price, admits every price",
        ),
        (
            "authority = \"trader\"",
            "authority = \"auto\"",
            "s.toml:21:8: at 2020-03-09 13:30:03 +00:00: trip: refused as authority: breaker \"desk\"",
        ),
        (
            "at = \"3s\"",
            "at = \"3s\"\nrefused = \"authority\"",
            "s.toml:21:11: at 2020-03-09 13:30:03 +00:00: trip: expected to be refused as authority, was not",
        ),
        (
            "value = [20, 21]",
            "value = [20, nan]",
            "s.toml:16:11: at 2020-03-09 13:30:02 +00:00: reading: refused as bad_input",
        ),
    ] {
        let (code, text, error) = with(&dir, from, to);
        assert_eq!(code, Some(1), "{to}: {text}{error}");
        assert!(text.contains(why), "{to}: {text}");
        assert!(text.contains("2 steps, "), "{text}");
    }
    let (_, lines) = replayed(&dir.join("s.toml"));
    let summary = lines.last().unwrap();
    assert_eq!((&summary["as_expected"], summary["differences"].as_array().unwrap().len()), (&false.into(), 1));
}

#[test]
fn what_is_wrong_with_a_script_is_told_with_its_place() {
    let dir = scratch("script-wrong");
    for (from, to, why) in [
        ("title", "titel", "s.toml:1:1: unknown field `titel`"),
        ("reading =", "raeding =", "s.toml:16:1: unknown field `raeding`"),
        ("by = \"ann\"", "bye = \"ann\"", "s.toml:21:28: unknown field `bye`"),
        ("value = [20, 21]", "value = [20, \"x\"]", "s.toml:16:64: invalid type: string \"x\", expected f64"),
        ("value = [20, 21]", "value = []", "found an empty array"),
        ("[20, 21] }", "[20, 21] }\ntimes = 0", "s.toml:17:9: times: found 0, allowed are numbers from 1 to 500000"),
        ("at = \"3s\"", "at = \"3s\"\ntimes = 2", "times: there is no observation in this step"),
        ("at = \"3s\"", "at = \"3s\"\nevery = \"1s\"", "s.toml:21:9: every: this step has one instant only"),
        (
            "at = \"3s\"",
            "at = \"1s\"",
            "s.toml:20:6: at: found 2020-03-09T13:30:01+00:00, allowed are times from 2020-03-09T13:30:02+00:00 on",
        ),
        ("at = \"3s\"", "at = \"3x\"", "s.toml:20:6: found \"3x\", allowed are durations such as"),
        ("at = \"3s\"", "at = 2020-03-09", "s.toml:20:6: found 2020-03-09, allowed are"),
        ("at = \"3s\"", "at = \"3651d\"", "more than 3650d after the start"),
        (
            "at = \"3s\"",
            "at = \"3s\"\nheartbeat = { scope = \"XNAS\" }",
            "found trip beside heartbeat, allowed is one of them in a step",
        ),
        (
            "start = 2020-03-09T13:30:00Z",
            "start = 2020-03-09",
            "s.toml:2:9: found 2020-03-09, allowed are times with their offset",
        ),
        ("desk = \"active\"", "dusk = \"active\"", "s.toml:18:12: the configuration has no breaker \"dusk\""),
        ("desk = \"active\"", "desk = \"actve\"", "s.toml:18:19: found \"actve\", allowed are retired, active"),
        ("breaker = \"desk\"", "breaker = \"dusk\"", "s.toml:21:20: the configuration has no breaker \"dusk\""),
        ("breaker = \"vix\"", "breaker = \"vixen\"", "the configuration has no breaker \"vixen\""),
        (
            "scope = \"index/VIX\"",
            "scope = \"index/VXX\"",
            "s.toml:16:21: no breaker of the configuration hears \"index/VXX\"",
        ),
        (
            "authority = \"trader\"",
            "authority = \"boss\"",
            "found \"boss\", allowed are auto, trader, risk_desk, admin",
        ),
        ("[\"cancel\"]", "[\"cancle\"]", "found \"cancle\", allowed are increase, reduce, cancel"),
        ("{ XNAS =", "{ \"XNAS//A\" =", "s.toml:23:13: "),
        ("permits = { XNAS =", "admits = { \"XNAS//A\" = \"all\" }\npermits = { XNAS =", "s.toml:23:12: "),
        (
            "permits = { XNAS = [\"cancel\"] }",
            "admits = { XNAS = \"alle\" }",
            "s.toml:23:19: found \"alle\", allowed are \"none\", \"all\" and a table of buy and sell",
        ),
        ("permits = { XNAS = [\"cancel\"] }", "admits = { XNAS = { buy = 5 } }", "s.toml:23:19: missing field `sell`"),
        (
            "permits = { XNAS = [\"cancel\"] }",
            "admits = { XNAS = { buy = 5, sell = -1 } }",
            "sell: found -1, allowed are prices from 0 on",
        ),
        (
            "trip = { breaker = \"desk\", by = \"ann\", authority = \"trader\" }",
            "passed = { order = \"a\" }",
            "no step before has a probe with the order \"a\"",
        ),
        (
            "trip = { breaker = \"desk\", by = \"ann\", authority = \"trader\" }",
            "refused = \"authority\"",
            "refused: nothing happens in this step",
        ),
        (
            "trip = { breaker = \"desk\", by = \"ann\", authority = \"trader\" }",
            "refused = \"no\"",
            "found \"no\", allowed are bad_input",
        ),
        // The configuration, with the lines of the script.
        ("limit = 40", "limit = -1", "s.toml:13:9: breaker \"vix\": limit: found -1"),
        ("kind = \"manual\"", "kind = \"manul\"", "s.toml:5:8: breaker \"desk\": kind: found \"manul\""),
        ("start", "calendar = \"us\"\nstart", "s.toml:2:12: found calendar \"us\", the configuration has none"),
    ] {
        let (code, text, error) = with(&dir, from, to);
        assert_eq!(code, Some(2), "{to}: {text}");
        assert!(error.contains(why), "{to}: {error}");
    }
}

/// What the scripts of the kinds have no use for.
#[test]
fn the_other_words_are_understood_too() {
    let dir = scratch("script-words");
    let text = r#"
title = "words"
config = "c.toml"
start = 2020-03-09T13:30:00Z
[[step]]
heartbeat = { scope = "acct/a" }
[[step]]
pnl = { scope = "acct/a", value = [0, -10_000, 5_000] }
every = "1s"
[[step]]
flow = { scope = "acct/a", value = 100_000 }
expect = { rate = "active", "kill:XNAS" = "active" }
[[step]]
trade = [{ scope = "XNAS", price = [100, 100], qty = [1, 2] }]
times = 2
[[step]]
venue = { scope = "XNAS", status = "halted" }
[[step]]
trade = { scope = "XNAS", price = -1 }
refused = "bad_input"
[[step]]
at = "10s"
liquidate = { breaker = "rate", by = "ann", authority = "risk_desk" }
expect = { rate = "liquidating" }
[[step]]
liquidated = { breaker = "rate", by = "ann", authority = "risk_desk" }
[[step]]
force_reset = { breaker = "rate", by = "root", authority = "admin" }
expect = { rate = "active" }
"#;
    let config = "[[breaker]]\nname = 'rate'\nkind = 'loss_rate'\nscope = 'acct/a'\nsource = 'pnl'\ncapital = 1_000_000\n\
                  [[breaker]]\nname = 'vol'\nkind = 'volatility'\nscope = 'XNAS'\n";
    std::fs::write(dir.join("s.toml"), text).unwrap();
    std::fs::write(dir.join("c.toml"), config).unwrap();
    let (code, lines) = replayed(&dir.join("s.toml"));
    assert_eq!(code, Some(0), "{:#}", lines.last().unwrap());
    assert_eq!(lines[0]["config"], "c.toml");
    std::fs::write(dir.join("c.toml"), config.replace("capital", "capitol")).unwrap();
    let output = haltline(["replay".as_ref(), dir.join("s.toml").as_os_str()]);
    assert_eq!(output.status.code(), Some(2));
    let error = stderr(&output);
    assert!(
        error.contains("s.toml:3:10: the configuration has mistakes:\n") && error.contains("c.toml:6:1: "),
        "{error}"
    );
}

/// Days of markets, each through the pack of its rule.
const DAYS: [&str; 4] = ["luld-tier-1", "luld-tier-2", "krx-day", "nse-day"];

/// The names of all breakers of a script that has its configuration in it.
fn breakers(file: &Path) -> Vec<String> {
    let script: toml::Table = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    script["config"]["breaker"].as_array().unwrap().iter().map(|b| b["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_day_finds_what_it_expects_and_says_that_it_is_made() {
    for day in DAYS {
        let file = scenarios().join(format!("{day}.toml"));
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.split("\n\n").next().unwrap().contains("The path is made"), "{day}");
        assert!(text.contains("a made day: ") || text.contains("made days: "), "{day}: its title");
        let (code, lines) = replayed(&file);
        assert_eq!(code, Some(0), "{day} {:#}", lines.last().unwrap());
        assert_eq!(lines[0]["path"], "made");
        assert!(lines.iter().any(|line| line["to"] == "tripped"), "{day}");
    }
}

#[test]
fn a_picture_names_the_breakers_that_moved_and_says_that_the_path_is_made() {
    let dir = scratch("script-picture");
    let kinds = KINDS.iter().map(|row| format!("kinds/{}.toml", row.kind.name()));
    for name in DAYS.map(|day| format!("{day}.toml")).into_iter().chain(kinds) {
        let (file, picture) = (scenarios().join(&name), dir.join("s.svg"));
        let arguments =
            ["replay".as_ref(), "--json".as_ref(), file.as_os_str(), "--plot".as_ref(), picture.as_os_str()];
        let output = haltline(arguments);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        assert_eq!(stdout(&output), stdout(&haltline(&arguments[..3])), "{name}: a picture changes nothing");
        let svg = std::fs::read_to_string(&picture).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("Made path:"), "{name}");
        for breaker in breakers(&file) {
            assert!(svg.contains(&format!("\n{breaker}\n")), "{name}: {breaker}");
        }
    }
}

#[test]
fn a_picture_tells_prices_bands_and_what_denied_when() {
    let dir = scratch("script-picture-words");
    let words = |day: &str| {
        let (file, picture) = (scenarios().join(day), dir.join("s.svg"));
        haltline(["replay".as_ref(), file.as_os_str(), "--plot".as_ref(), picture.as_os_str()]);
        std::fs::read_to_string(picture).unwrap()
    };
    let luld = words("luld-tier-1.toml");
    for part in [
        "Price of XNAS/ONE",
        "limit state 09:41:35 to 09:41:49",
        "trading pause 09:42:45 to 09:47:45",
        "95.38",
        "107.78",
    ] {
        assert!(luld.contains(part), "{part}");
    }
    let krx = words("krx-day.toml");
    for part in [
        "rung 1 1987.20 −8 %",
        "rung 2 1836.00 −15 %, 1 % further",
        "reference 2160.00",
        "rung 3 13:31 to 2024-03-06 09:00",
    ] {
        assert!(krx.contains(part), "{part}");
    }
}

#[test]
fn a_picture_that_cannot_be_written_is_told() {
    let file = scenarios().join("kinds/drawdown.toml");
    let output = haltline(["replay".as_ref(), file.as_os_str(), "--plot".as_ref(), "/no/such/dir/x.svg".as_ref()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("cannot be written"), "{}", stderr(&output));
}

/// The words that the parser itself lists when it meets an unknown one.
#[test]
fn every_word_is_described() {
    let (_, _, error) = with(&scratch("script-described"), "reading =", "raeding =");
    let words: Vec<_> = error.split("expected one of ").nth(1).unwrap().trim().split(", ").collect();
    assert!(words.len() > 30, "{error}");
    let readme = std::fs::read_to_string(scenarios().join("README.md")).unwrap();
    for word in words {
        assert!(readme.contains(word), "{word} is not described");
    }
    let example = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let file = scratch("script-example").join("s.toml");
    std::fs::write(&file, example).unwrap();
    assert_eq!(replayed(&file).0, Some(0), "the example");
}
