//! Every mistake says what was found and what is allowed.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{calendar, mistakes, of_breaker};
use haltline_config::parse;

#[test]
fn unknown_keys_come_with_the_allowed_ones_and_the_nearest() {
    assert_eq!(
        of_breaker("kill_switch", "sorces = [\"manual\"]"),
        [
            "5:1: breaker \"b\": unknown key \"sorces\", allowed are name, pack, kind, scope, effect, reset_authority, severity, \
             sources; did you mean \"sources\"?"
        ]
    );
    assert_eq!(
        of_breaker("manual", "leverage = 3"),
        [
            "5:1: breaker \"b\": unknown key \"leverage\", allowed are name, pack, kind, scope, effect, reset_authority, \
             severity, enabled, shadow, cooldown_for"
        ]
    );
}

#[test]
fn the_wrong_type_says_which_it_is() {
    for (value, found) in [
        ("\"abc\"", "a string \"abc\""),
        ("true", "a boolean true"),
        ("2020-01-01", "a date or time 2020-01-01"),
        ("[0.1]", "an array"),
        ("{ at = 0.1 }", "a table"),
    ] {
        assert_eq!(
            of_breaker("drawdown", &format!("limit = {value}")),
            [format!("5:9: breaker \"b\": limit: found {found}, allowed are fractions above 0 and at most 1")]
        );
    }
    assert_eq!(
        of_breaker("drawdown", "confirm = 1.0"),
        ["5:11: breaker \"b\": confirm: found a float 1.0, allowed are whole numbers from 1 to 1000000"]
    );
    assert_eq!(
        of_breaker("drawdown", "speed = 1"),
        ["5:9: breaker \"b\": speed: found an integer 1, allowed are true and false"]
    );
}

#[test]
fn fractions_out_of_range_are_refused() {
    for value in ["0", "0.0", "-0.1", "1.000000001", "1.5", "inf", "nan", "1e400", "99999999999999999999", "0x1"] {
        let found = of_breaker("drawdown", &format!("limit = {value}"));
        assert_eq!(found.len(), 1);
        let start = format!("5:9: breaker \"b\": limit: found {value}, allowed are fractions above 0 and at most 1");
        assert!(found[0].starts_with(&start), "{found:?}");
    }
    assert_eq!(
        of_breaker("drawdown", "limit = 0.0000000001"),
        ["5:9: breaker \"b\": limit: found 0.0000000001, allowed are fractions above 0 and at most 1 in steps of \
             0.000000001"]
    );
}

#[test]
fn levels_out_of_order_are_refused() {
    for (keys, expected) in [
        ("warn = 0.09", "5:8: breaker \"b\": warn: found 0.09, allowed are numbers above 0 and at most limit (0.08)"),
        ("clear = 0.07", "5:9: breaker \"b\": clear: found 0.07, allowed are numbers above 0 and at most warn (0.064)"),
        (
            "limit = 0.5\nwarn = 0.2\nclear = 0.3",
            "7:9: breaker \"b\": clear: found 0.3, allowed are numbers above 0 and at most warn (0.2)",
        ),
        ("clear = 0", "5:9: breaker \"b\": clear: found 0, allowed are fractions above 0 and at most 1"),
    ] {
        assert_eq!(of_breaker("drawdown", keys), [expected]);
    }
}

#[test]
fn values_out_of_their_range_are_refused() {
    let time = "such as \"250ms\", \"30s\", \"1h30m\" or \"1d\"";
    let calls = "whole numbers of calls from 1 to 65536 and durations from \"1ms\" to \"366d\", such as 100 or \"30s\"";
    for (kind, key, value, allowed) in [
        ("drawdown", "halt_for", "\"15\"", format!("durations from \"0s\" to \"3650d\", {time}")),
        ("drawdown", "halt_for", "\"3651d\"", format!("durations from \"0s\" to \"3650d\", {time}")),
        ("drawdown", "stale_after", "\"0s\"", format!("durations above \"0s\" and at most \"3650d\", {time}")),
        ("drawdown", "confirm", "0", "whole numbers from 1 to 1000000".into()),
        ("drawdown", "max_auto_resets", "8", "whole numbers from 1 to 7".into()),
        ("drawdown", "backoff", "0.5", "numbers from 1 to 1000".into()),
        ("drawdown", "backoff_max", "\"1m\"", "durations from halt_for (15m) on".into()),
        ("drawdown", "severity", "1.1", "numbers from 0 to 1".into()),
        ("drawdown", "severity", "nan", "numbers from 0 to 1".into()),
        ("drawdown", "effect", "\"pause\"", "\"halt\", \"no_new\", \"close\"".into()),
        (
            "drawdown",
            "cooldown_effect",
            "\"probe\"",
            "\"as_tripped\", \"halt\", \"no_new\", \"close\", { probe = n }".into(),
        ),
        ("drawdown", "reset_authority", "\"auto\"", "\"trader\", \"risk_desk\", \"admin\"".into()),
        ("drawdown", "on_stale", "\"deny\"", "\"trip\", \"warn\", \"ignore\"".into()),
        (
            "drawdown",
            "sample",
            "\"1ns\"",
            "durations from \"1ms\" to \"366d\", such as \"1s\", \"1m\" or \"1d\"".into(),
        ),
        ("volatility", "window", "\"90s\"", "multiples of sample (1m) from 2 to 4096 times it".into()),
        ("volatility", "window", "\"1m\"", "multiples of sample (1m) from 2 to 4096 times it".into()),
        ("volatility", "window", "\"4097m\"", "multiples of sample (1m) from 2 to 4096 times it".into()),
        ("volatility", "source", "\"last\"", "\"trade\", \"mid\", \"level\"".into()),
        ("technical", "window", "0", calls.into()),
        ("technical", "window", "65537", calls.into()),
        ("technical", "window", "\"100\"", calls.into()),
        ("technical", "window", "\"367d\"", calls.into()),
        ("technical", "min_calls", "0", "whole numbers from 1 to 1000000".into()),
        ("technical", "min_calls", "101", "whole numbers from 1 to the window (100)".into()),
        ("technical", "failure_rate", "50", "fractions above 0 and at most 1".into()),
        ("technical", "consecutive", "0", "whole numbers from 1 to 1000000".into()),
        (
            "technical",
            "release",
            "\"level\"",
            "\"timed\", \"latched\": a call that is denied cannot show that all is well".into(),
        ),
    ] {
        // Whatever one of the keys needs beside it, so that it is allowed at all.
        let beside = match (kind, key) {
            ("volatility" | "technical", _) => "",
            (_, "backoff" | "backoff_max" | "cooldown_effect") => "release = \"timed\"\ncooldown_for = \"1m\"\n",
            _ => "release = \"timed\"\n",
        };
        let line = 5 + beside.lines().count();
        let expected = format!("{line}:{}: breaker \"b\": {key}: found {value}, allowed are {allowed}", key.len() + 4);
        assert_eq!(of_breaker(kind, &format!("{beside}{key} = {value}\n")), [expected]);
    }
}

#[test]
fn the_probes_of_a_cooldown_are_counted_and_nothing_else_stands_there() {
    let of = |effect: &str| {
        let keys = format!("release = \"timed\"\ncooldown_for = \"1m\"\ncooldown_effect = {effect}\n");
        of_breaker("drawdown", &keys)
    };
    let label = "breaker \"b\": cooldown_effect";
    for found in ["0", "31", "-1"] {
        let expected = format!("7:29: {label}: probe: found {found}, allowed are whole numbers from 1 to 30");
        assert_eq!(of(&format!("{{ probe = {found} }}")), [expected]);
    }
    assert_eq!(of("{}"), [format!("7:19: {label}: probe is missing, allowed are whole numbers from 1 to 30")]);
    assert_eq!(of("{ probe = 3, halt = 1 }"), [format!("7:32: {label}: unknown key \"halt\", allowed are probe")]);
}

#[test]
fn a_key_that_could_have_no_effect_is_refused_with_the_reason() {
    for (kind, keys, key, why) in [
        ("drawdown", "halt_for = \"5m\"", "halt_for", "only release = \"timed\" ends by time, and it is \"latched\""),
        ("drawdown", "max_auto_resets = 3", "max_auto_resets", "release is \"latched\", so nothing resets by itself"),
        (
            "volatility",
            "auto_reset_window = \"1h\"",
            "auto_reset_window",
            "without max_auto_resets nothing is counted in it",
        ),
        (
            "volatility",
            "backoff = 2",
            "backoff",
            "only a trip out of Cooldown lasts longer, and cooldown_for is not above 0s",
        ),
        (
            "volatility",
            "cooldown_effect = \"halt\"",
            "cooldown_effect",
            "there is no Cooldown, for cooldown_for is not above 0s",
        ),
        ("drawdown", "window = \"5m\"", "window", "only baseline = \"rolling\" has one"),
        ("drawdown", "sample = \"5m\"\nspeed = false", "sample", "speed is false, so nothing is sampled"),
        ("drawdown", "underwater_for = \"5m\"\nunderwater = false", "underwater_for", "underwater is false"),
        (
            "drawdown",
            "stale_after = \"5m\"\non_stale = \"ignore\"",
            "stale_after",
            "on_stale is \"ignore\", so nothing becomes stale",
        ),
        (
            "volatility",
            "annualise = 252\nsource = \"level\"",
            "annualise",
            "with source = \"level\" the readings are made elsewhere",
        ),
        ("technical", "limit = 0.5", "limit", "a technical breaker has failure_rate and slow_rate"),
        ("technical", "confirm = 2", "confirm", "min_calls and consecutive say how many calls make a trip"),
        (
            "technical",
            "confirm_for = \"1s\"",
            "confirm_for",
            "min_calls and consecutive say how many calls make a trip",
        ),
        ("technical", "slow_after = \"1s\"", "slow_after", "without slow_rate nobody asks which calls are slow"),
        (
            "technical",
            "stale_after = \"5m\"\non_stale = \"ignore\"",
            "stale_after",
            "on_stale is \"ignore\", so nothing becomes stale",
        ),
        ("manual", "limit = 1", "limit", "a manual breaker has no readings"),
        ("manual", "watch = \"x\"", "watch", "a manual breaker has no readings"),
        ("manual", "halt_for = \"1m\"", "halt_for", "a manual breaker is held until a person ends it"),
        ("kill_switch", "on_unready = \"deny\"", "on_unready", "a kill switch has no readings"),
        ("kill_switch", "release = \"timed\"", "release", "a kill switch is held until a person ends it"),
        (
            "kill_switch",
            "cooldown_for = \"1m\"",
            "cooldown_for",
            "an emergency stop ends as a whole when it is cleared",
        ),
        ("kill_switch", "shadow = true", "shadow", "an emergency stop that denies nothing is none"),
        ("kill_switch", "enabled = false", "enabled", "an emergency stop that denies nothing is none"),
    ] {
        assert_eq!(of_breaker(kind, keys), [format!("5:1: breaker \"b\": {key} is not allowed: {why}")]);
    }
}

#[test]
fn a_slow_rate_needs_to_know_what_is_slow() {
    assert_eq!(
        of_breaker("technical", "slow_rate = 0.5"),
        [
            "1:1: breaker \"b\": slow_after is missing, allowed are durations above \"0s\" and at most \"3650d\", such as \
             \"250ms\", \"30s\", \"1h30m\" or \"1d\""
        ]
    );
    assert_eq!(
        of_breaker("technical", "slow_rate = 0.5\nslow_after = \"0s\"\nwindow = 1.5"),
        [
            "6:14: breaker \"b\": slow_after: found \"0s\", allowed are durations above \"0s\" and at most \"3650d\", such as \
             \"250ms\", \"30s\", \"1h30m\" or \"1d\"",
            "7:10: breaker \"b\": window: found a float 1.5, allowed are whole numbers of calls from 1 to 65536 and \
             durations from \"1ms\" to \"366d\", such as 100 or \"30s\"",
        ]
    );
}

#[test]
fn names_are_given_once_and_both_places_are_told() {
    let two = "[[breaker]]\nname = \"b\"\nkind = \"manual\"\nscope = \"\"\n".repeat(2);
    assert_eq!(mistakes(&two), ["6:8: breaker 2: name: \"b\" is already the name of the breaker at line 2, column 8"]);
    let calendars = of_breaker("manual", &calendar("").repeat(2));
    assert_eq!(calendars, ["13:8: calendar 2: name: \"us\" is already the name of the calendar at line 6, column 8"]);
    for name in ["", "a b", "ä", "a/b", &"x".repeat(65)] {
        let found = mistakes(&format!("[[breaker]]\nname = {name:?}\nkind = \"manual\"\nscope = \"\"\n"));
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("2:8: breaker 1: name: found "), "{found:?}");
        assert!(found[0].ends_with("allowed are names of 1 to 64 letters, digits and . _ : -"), "{found:?}");
    }
}

#[test]
fn names_of_the_switches_that_scopes_have_by_themselves_are_reserved() {
    assert_eq!(
        mistakes("[[breaker]]\nname = \"kill:x\"\nkind = \"manual\"\nscope = \"\"\n"),
        ["2:8: breaker 1: name: found \"kill:x\", allowed are names of 1 to 64 letters, digits and . _ : -, not \
             beginning with \"kill:\""]
    );
}

#[test]
fn paths_are_well_formed_and_listed_once() {
    assert_eq!(
        of_breaker("drawdown", "watch = [\"a\", \"a//b\", \"a\", \"XNAS/*\"]"),
        [
            "5:15: breaker \"b\": watch: scope path \"a//b\": an empty segment; paths look like \"XNAS/AAPL\", the root \
             is \"\"",
            "5:23: breaker \"b\": watch: \"a\" is already in the list, at line 5, column 10",
            "5:28: breaker \"b\": watch: scope path \"XNAS/*\": '*' in segment \"*\"; allowed are letters, digits and . _ \
             : -"
        ]
    );
    assert_eq!(
        of_breaker("drawdown", "watch = []"),
        ["5:9: breaker \"b\": watch: found an empty list, allowed are scope paths and lists of them"]
    );
    assert_eq!(
        mistakes("scopes = [\"a\", \"a\"]\n[[breaker]]\nname = \"b\"\nkind = \"manual\"\nscope = \"\""),
        ["1:16: scopes: \"a\" is already in the list, at line 1, column 11"]
    );
}

#[test]
fn a_scope_has_one_kill_switch() {
    let second = "[[breaker]]\nname = \"c\"\nkind = \"kill_switch\"\nscope = \"x\"\n";
    assert_eq!(
        of_breaker("kill_switch", second),
        ["8:9: breaker \"c\": scope: scope \"x\" has a kill switch already, at line 3, column 9"]
    );
    assert_eq!(
        of_breaker("kill_switch", "sources = []"),
        ["5:11: breaker \"b\": sources: found none, allowed are arrays with at least one of \"manual\", \"anomaly\", \
             \"external\""]
    );
}

#[test]
fn what_a_system_cannot_hold_is_a_mistake_at_the_first_breaker_that_does_not_fit() {
    let system = |keys: &str| {
        let two = "[[breaker]]\nname = \"b\"\nkind = \"manual\"\nscope = \"x/y\"\n\
            [[breaker]]\nname = \"c\"\nkind = \"drawdown\"\nscope = \"\"\nwatch = [\"p\", \"q\"]\n";
        mistakes(&format!("[system]\n{keys}\n{two}"))
    };
    assert_eq!(
        system("max_scopes = 3"),
        ["7:1: breaker \"c\": found 5 scopes, ancestors included, allowed are 3 (max_scopes)"]
    );
    assert_eq!(
        system("max_breakers = 6"),
        [
            "7:1: breaker \"c\": found 7 breakers, the kill switches of all scopes included, allowed are 6 (max_breakers)"
        ]
    );
    assert_eq!(
        system("max_listeners = 1"),
        ["7:1: breaker \"c\": found 2 pairs of a breaker and a watched scope, allowed are 1 (max_listeners)"]
    );
    assert_eq!(system("ring = 1000"), ["2:8: system: ring: found 1000, allowed are powers of two from 2 to 1048576"]);
}

#[test]
fn a_scope_takes_no_more_breakers_than_its_word_counts() {
    let breakers = |n: usize| -> String {
        (0..n).map(|i| format!("[[breaker]]\nname='{i}'\nkind='manual'\nscope=''\n")).collect()
    };
    assert!(parse(&breakers(32_766), "f").is_ok());
    assert_eq!(
        mistakes(&breakers(32_767)),
        ["131065:1: breaker \"32766\": found 32768 breakers on one scope, its kill switch included, allowed are 32767"]
    );
}

#[test]
fn what_depends_on_something_unreadable_is_no_second_mistake() {
    for (kind, keys, key) in [
        (
            "drawdown",
            "release = \"soon\"\nhalt_for = \"5m\"\nmax_auto_resets = 3\nauto_reset_window = \"1h\"",
            "release",
        ),
        (
            "volatility",
            "cooldown_for = 5\ncooldown_effect = \"no_new\"\nbackoff = 2\nbackoff_max = \"1h\"",
            "cooldown_for",
        ),
        ("volatility", "source = \"x\"\nlimit = 40\nwarn = 30\nclear = 20\nsample = \"1m\"\nannualise = 5", "source"),
        ("drawdown", "baseline = \"x\"\nwindow = \"5m\"", "baseline"),
        ("drawdown", "limit = \"x\"\nwarn = 0.9\nclear = 0.95", "limit"),
        ("drawdown", "underwater = 1\nunderwater_for = \"5m\"", "underwater"),
        ("drawdown", "on_stale = 1\nstale_after = \"5m\"", "on_stale"),
        ("volatility", "halt_for = 1\ncooldown_for = \"1m\"\nbackoff_max = \"1m\"", "halt_for"),
        ("volatility", "max_auto_resets = 0\nauto_reset_window = \"5m\"", "max_auto_resets"),
        ("technical", "window = \"x\"\nmin_calls = 500", "window"),
        ("technical", "failure_rate = \"x\"\nwarn = 0.9\nmin_calls = 1", "failure_rate"),
        ("technical", "slow_rate = 2\nslow_after = \"1s\"", "slow_rate"),
    ] {
        let found = of_breaker(kind, keys);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains(&format!("breaker \"b\": {key}: found ")), "{found:?}");
    }
}
