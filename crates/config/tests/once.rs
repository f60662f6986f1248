//! What a System refuses because it is there twice is a mistake of the file, with both places; all of them at once.

mod common;

use common::{Folder, HOURS, calendar, mistakes, of_breaker_with_calendar};
use haltline::{Nanos, System};
use haltline_config::parse;

/// Tables of one line for the name, one for the scope, one for the rest.
fn breaker(name: &str, scope: &str, keys: &str) -> String {
    format!("[[breaker]]\nname = {name:?}\nscope = {scope:?}\n{keys}\n")
}

const MANUAL: &str = "kind = \"manual\"";
const SWITCH: &str = "kind = \"kill_switch\"";
const BAND: &str = "kind = \"market_circuit_breaker\"\nsource = \"band\"\ntier = 1\ncalendar = \"us\"";

#[test]
fn an_instance_has_a_name_of_its_own() {
    let own = breaker("v:A", "", MANUAL);
    for text in [breaker("v", "XNAS/*", MANUAL) + &own, own.clone() + &breaker("v", "XNAS/*", MANUAL)] {
        assert!(parse(&text, "f").is_ok(), "no instrument yet\n{text}");
    }
    let scopes = "scopes = [\"XNAS/A\", \"XNAS/B\"]\n";
    assert_eq!(
        mistakes(&format!("{scopes}{}{own}", breaker("v", "XNAS/*", MANUAL))),
        ["3:8: breaker \"v\": name: its instance \"v:A\" has the name of the breaker at line 7, column 8"]
    );
    let nested = "scopes = [\"XNAS/B:A\", \"XNYS/A\"]\n";
    assert_eq!(
        mistakes(&format!("{nested}{}{}", breaker("v", "XNAS/*", MANUAL), breaker("v:B", "XNYS/*", MANUAL))),
        ["7:8: breaker \"v:B\": name: its instance \"v:B:A\" has the name of the breaker at line 3, column 8"]
    );
    // A template is no breaker: only its instances have names.
    let text = format!(
        "scopes = [\"XNAS/A\", \"XNYS/B\"]\n{}{}",
        breaker("v", "XNAS/*", MANUAL),
        breaker("v:A", "XNYS/*", MANUAL)
    );
    assert!(System::manual(parse(&text, "f").unwrap().plan, Nanos(0)).is_ok());
}

#[test]
fn a_scope_has_one_switch_and_one_band_whoever_brings_them() {
    for (what, keys) in [("kill switch", SWITCH), ("price band", BAND)] {
        let head = "scopes = [\"XNAS/B\"]\n";
        let (star, one) = (breaker("each", "XNAS/*", keys), breaker("one", "XNAS/A", keys));
        let lines = keys.lines().count();
        let (first, second) = (4, 4 + 3 + lines);
        for (text, at, other) in [
            (format!("{head}{star}{one}{}", calendar("")), first, second),
            (format!("{head}{one}{star}{}", calendar("")), second, first),
        ] {
            assert_eq!(
                mistakes(&text),
                [format!(
                    "{at}:9: breaker \"each\": scope: scope \"XNAS/A\" has a {what} already, at line {other}, column 9"
                )],
                "{text}"
            );
        }
        // Also before the first instrument is listed: each would have two.
        let text = format!("{head}{star}{}{}", breaker("more", "XNAS/*", keys), calendar(""))
            .replace("scopes = [\"XNAS/B\"]", "");
        assert_eq!(
            mistakes(&text),
            [format!(
                "{second}:9: breaker \"more\": scope: scope \"XNAS/*\" has a {what} already, at line {first}, column 9"
            )]
        );
    }
}

#[test]
fn a_star_and_a_list_meet() {
    let text = format!(
        "{}[[breaker]]\nname = \"listed\"\nscope = {{ instruments = \"all\" }}\n{SWITCH}\n[[instruments]]\nname = \"all\"\n\
         file = \"all.csv\"\nscope = \"XNAS\"\ncolumn = \"symbol\"\n",
        breaker("each", "XNAS/*", SWITCH)
    );
    let folder = Folder::new("once-list", &[("main.toml", &text), ("all.csv", "symbol\nA\nB\n")]);
    assert_eq!(
        folder.mistakes(),
        ["main.toml:3:9: breaker \"each\": scope: scope \"XNAS/A\" has a kill switch already, at line 7, column 9"]
    );
}

#[test]
fn all_of_them_come_at_once_also_beside_other_mistakes() {
    let text = format!(
        "scopes = [\"X/A\"]\n{}{}{}{}{}",
        breaker("v", "X/*", MANUAL),
        breaker("v:A", "", "kind = \"drawdown\"\nlimit = 8"),
        breaker("k1", "X/*", SWITCH),
        breaker("k2", "X/A", SWITCH),
        breaker("k3", "X/A", SWITCH),
    );
    let found = mistakes(&text);
    let places: Vec<_> = found.iter().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["3:8", "10:9", "13:9", "21:9"], "{found:?}");
}

#[test]
fn two_checks_of_one_number_are_a_mistake() {
    // FNV-1a of 32 bits makes the same number of both.
    let check = |name: &str, check: &str| {
        let keys = format!("kind = \"premarket_validation\"\ncalendar = \"us\"\nchecks = [\"other\", {check:?}]");
        breaker(name, "", &keys)
    };
    let (one, two) = ("glbvs", "yacxa");
    assert_eq!(
        mistakes(&format!("{}{}{}", check("a", one), check("b", two), calendar(""))),
        [format!(
            "12:20: breaker \"b\": checks: {two:?} has the same number as {one:?} at line 6, column 20; rename one of them"
        )]
    );
    assert!(parse(&format!("{}{}{}", check("a", one), check("b", one), calendar("")), "f").is_ok(), "one check of two");
}

#[test]
fn a_window_that_no_session_has_is_a_mistake() {
    let head = "[[calendar]]\nname = \"us\"\ntimezone = \"America/New_York\"\nfrom = 2020-11-27\nto = 2020-11-27\n";
    let early = "early_closes = [{ date = 2020-11-27, close = \"13:00\" }]\n";
    let rung =
        "[[breaker.rung]]\nlimit = 0.07\nwindows = [{ from = \"open+4h\", until = \"close\", halt_for = \"15m\" }]\n";
    let text = format!(
        "{}{rung}{head}{HOURS}\n{early}",
        breaker("l", "x", "kind = \"market_circuit_breaker\"\ncalendar = \"us\"")
    );
    assert_eq!(
        mistakes(&text),
        [
            "8:11: breaker \"l\": rung 1: windows: window 1 is empty in every session; allowed are windows between open and close"
        ]
    );
}

#[test]
fn the_smallest_limit_of_margin_is_one_that_a_system_takes() {
    let text = breaker("l", "acct", "kind = \"liquidation_required\"\nmargin_limit = 0.000000001");
    let system = System::manual(parse(&text, "f").unwrap().plan, Nanos(0));
    assert!(system.is_ok(), "{:?}", system.err());
    assert!(!of_breaker_with_calendar("liquidation_required", "margin_limit = 0").is_empty());
}
