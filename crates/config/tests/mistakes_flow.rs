//! Mistakes and warnings of the kinds that judge what flows in.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
use common::of_breaker;
use haltline_config::parse;

#[test]
fn values_out_of_their_range_are_refused() {
    let time = "such as \"250ms\", \"30s\", \"1h30m\" or \"1d\"";
    for (kind, key, value, allowed) in [
        ("correlation", "limit", "1.1", "fractions above 0 and at most 1".to_owned()),
        ("correlation", "mode", "\"fall\"", "\"rise\", \"break\"".into()),
        (
            "correlation",
            "sample",
            "\"2d\"",
            "durations from \"1ms\" to \"1d\", such as \"1s\", \"1m\" or \"1d\"".into(),
        ),
        ("correlation", "window", "1", "whole numbers from 2 to 4096".into()),
        ("correlation", "window", "4097", "whole numbers from 2 to 4096".into()),
        ("anomaly_detection", "limit", "0", "numbers above 0 and at most 9000000000".into()),
        ("anomaly_detection", "warn", "3.1", "numbers above 0 and at most limit (3)".into()),
        ("anomaly_detection", "source", "\"price\"", "\"return\", \"volume\", \"spread\", \"level\"".into()),
        ("anomaly_detection", "baseline", "\"mean\"", "\"median\", \"ewma\"".into()),
        ("anomaly_detection", "window", "1", "whole numbers from 2 to 65536".into()),
        ("anomaly_detection", "window", "65537", "whole numbers from 2 to 65536".into()),
        ("anomaly_detection", "min_values", "1", "whole numbers from 2 to 65536".into()),
        ("anomaly_detection", "min_values", "121", "whole numbers from 2 to window (120)".into()),
        ("anomaly_detection", "min_scale", "0", "numbers above 0 and at most 9000000000".into()),
        ("data_feed_integrity", "limit", "0", "scores above 0 and at most 100".to_owned()),
        ("data_feed_integrity", "limit", "100.1", "scores above 0 and at most 100".into()),
        ("data_feed_integrity", "warn", "94.9", "numbers from limit (95) to 100".into()),
        ("data_feed_integrity", "clear", "95.9", "numbers from warn (96) to 100".into()),
        ("data_feed_integrity", "clear", "101", "scores above 0 and at most 100".into()),
        ("data_feed_integrity", "source", "\"quotes\"", "\"heard\", \"level\"".into()),
        ("data_feed_integrity", "window", "0", "whole numbers from 1 to 65536".into()),
        ("data_feed_integrity", "window", "65537", "whole numbers from 1 to 65536".into()),
        ("data_feed_integrity", "missing_limit", "0", "fractions above 0 and at most 1".into()),
        ("data_feed_integrity", "missing_limit", "1.5", "fractions above 0 and at most 1".into()),
        (
            "data_feed_integrity",
            "max_latency",
            "\"0s\"",
            format!("durations above \"0s\" and at most \"3650d\", {time}"),
        ),
    ] {
        let expected = format!("5:{}: breaker \"b\": {key}: found {value}, allowed are {allowed}", key.len() + 4);
        assert_eq!(of_breaker(kind, &format!("{key} = {value}\n{}", instruments(kind))), [expected]);
    }
}

/// What a correlation must have beside anything else.
fn instruments(kind: &str) -> &'static str {
    if kind == "correlation" { "watch = [\"a\", \"b\"]\n" } else { "" }
}

#[test]
fn a_correlation_is_of_two_or_more() {
    let several = "allowed are arrays of two scope paths or more: those of the instruments";
    assert_eq!(of_breaker("correlation", ""), [format!("1:1: breaker \"b\": watch is missing, {several}")]);
    for one in ["\"a\"", "[\"a\"]"] {
        let found = of_breaker("correlation", &format!("watch = {one}"));
        assert_eq!(found, [format!("5:9: breaker \"b\": watch: found one, {several}")]);
    }
}

#[test]
fn a_baseline_is_of_a_break_and_a_window_fits_a_session() {
    let watch = instruments("correlation");
    assert_eq!(
        of_breaker("correlation", &format!("baseline_window = 5\n{watch}")),
        ["5:1: breaker \"b\": baseline_window is not allowed: only mode = \"break\" looks back"]
    );
    assert_eq!(
        of_breaker("correlation", &format!("baseline_window = 0\nmode = \"break\"\n{watch}")),
        ["5:19: breaker \"b\": baseline_window: found 0, allowed are whole numbers from 1 to 4096"]
    );
    assert_eq!(
        of_breaker("correlation", &format!("limit = 2.1\nmode = \"break\"\n{watch}")),
        ["5:9: breaker \"b\": limit: found 2.1, allowed are numbers above 0 and at most 2"]
    );
    let found = common::of_breaker_with_calendar("correlation", &format!("sample = \"1m\"\nwindow = 390\n{watch}"));
    assert_eq!(
        found,
        ["7:10: breaker \"b\": window: 390 returns on samples of 1m are never full, for the longest session lasts \
             6h30m; allowed are windows with fewer returns than a session has samples, or sample = \"1d\""]
    );
}

#[test]
fn what_the_instruments_say_together_takes_a_line_too() {
    let text = "[system]\nmax_listeners = 2\n[[breaker]]\nname = \"b\"\nscope = \"x\"\nkind = \"correlation\"\n";
    assert_eq!(
        common::mistakes(&format!("{text}{}", instruments("correlation"))),
        ["3:1: breaker \"b\": found 3 pairs of a breaker and a watched scope, allowed are 2 (max_listeners)"]
    );
}

#[test]
fn values_of_the_wrong_type_are_refused() {
    for (kind, key, value, found) in [
        ("data_feed_integrity", "window", "\"5m\"", "a string \"5m\", allowed are whole numbers from 1 to 65536"),
        ("data_feed_integrity", "crossed", "1", "an integer 1, allowed are true and false"),
        ("data_feed_integrity", "locked", "\"no\"", "a string \"no\", allowed are true and false"),
    ] {
        let expected = format!("5:{}: breaker \"b\": {key}: found {found}", key.len() + 4);
        assert_eq!(of_breaker(kind, &format!("{key} = {value}\n")), [expected]);
    }
}

#[test]
fn the_best_score_is_no_limit() {
    assert_eq!(
        of_breaker("data_feed_integrity", "limit = 100"),
        ["5:9: breaker \"b\": limit: found 100, allowed are scores above 0 and below 100"]
    );
}

#[test]
fn a_level_has_no_least_deviation_but_its_own() {
    assert_eq!(
        of_breaker("anomaly_detection", "source = \"level\""),
        ["1:1: breaker \"b\": min_scale is missing, allowed are numbers above 0 and at most 9000000000"]
    );
}

#[test]
fn what_is_heard_has_no_place_beside_scores_made_elsewhere() {
    for key in ["window = 5", "missing_limit = 0.1", "max_latency = \"1s\"", "crossed = true", "locked = true"] {
        let name = key.split(' ').next().unwrap();
        assert_eq!(
            of_breaker("data_feed_integrity", &format!("{key}\nsource = \"level\"")),
            [format!(
                "5:1: breaker \"b\": {name} is not allowed: with source = \"level\" the scores are made elsewhere"
            )]
        );
    }
}

#[test]
fn what_depends_on_something_unreadable_is_no_second_mistake() {
    for (kind, keys, key) in [
        ("data_feed_integrity", "source = \"x\"\nwindow = 0\ncrossed = 1", "source"),
        ("data_feed_integrity", "limit = \"x\"\nwarn = 1\nclear = 2", "limit"),
        ("correlation", "mode = \"x\"\nlimit = 2\nwarn = 5\nbaseline_window = 0\nwatch = [\"a\", \"b\"]", "mode"),
        ("correlation", "window = 0\nsample = \"1m\"\nwatch = [\"a\", \"b\"]", "window"),
        ("anomaly_detection", "source = \"x\"\nmin_scale = 0", "source"),
        ("anomaly_detection", "window = 0\nmin_values = 5000\nbaseline = \"ewma\"\nmin_scale = 1", "window"),
        ("anomaly_detection", "limit = \"x\"\nmin_values = 5\nmin_scale = 1", "limit"),
        ("data_feed_integrity", "warn = \"x\"\nclear = 2", "warn"),
        ("data_feed_integrity", "limit = 100\nwindow = 5\nlocked = true", "limit"),
        ("data_feed_integrity", "window = 0\nlocked = true", "window"),
    ] {
        let found = of_breaker(kind, keys);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains(&format!("breaker \"b\": {key}: found ")), "{found:?}");
    }
}

#[test]
fn unknown_keys_are_refused() {
    let found = of_breaker("data_feed_integrity", "max_latenc = \"1s\"");
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("5:1: breaker \"b\": unknown key \"max_latenc\""), "{found:?}");
    assert!(found[0].ends_with("did you mean \"max_latency\"?"), "{found:?}");
}

fn warnings(kind: &str, keys: &str) -> Vec<String> {
    let text = format!("[[breaker]]\nname = \"b\"\nscope = \"x\"\nkind = {kind:?}\n{keys}");
    let config = parse(&text, "f").unwrap_or_else(|mistakes| panic!("{mistakes}"));
    config.warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn unusual_limits_are_worth_a_word_and_usual_ones_are_not() {
    assert_eq!(
        warnings("data_feed_integrity", "limit = 89.9"),
        ["f:5:9: breaker \"b\": limit: 89.9 is below 90, unusual for the score of a data feed"]
    );
    assert_eq!(
        warnings("anomaly_detection", "limit = 1.9"),
        ["f:5:9: breaker \"b\": limit: 1.9 is below 2, where calm markets have anomalies"]
    );
    let watch = instruments("correlation");
    assert_eq!(
        warnings("correlation", &format!("limit = 0.29\n{watch}")),
        ["f:5:9: breaker \"b\": limit: 0.29 is below 0.3, which instruments of one market reach on any day"]
    );
    let usual = [format!("limit = 0.3\n{watch}"), format!("mode = \"break\"\nlimit = 0.1\n{watch}")];
    usual.iter().for_each(|keys| assert_eq!(warnings("correlation", keys), [""; 0], "{keys}"));
    for (kind, keys) in
        [("anomaly_detection", "limit = 2"), ("data_feed_integrity", ""), ("data_feed_integrity", "limit = 90")]
    {
        assert_eq!(warnings(kind, keys), [""; 0], "{kind} {keys}");
    }
}

#[test]
fn mistakes_of_price_bands_are_told() {
    let calendar = "[[calendar]]\nname = \"us\"\ntimezone = \"America/New_York\"\nfrom = 2020-03-01\nto = 2020-03-31\n\
                    sessions = { mon-fri = [\"09:30\", \"16:00\"] }\n";
    let band = |name: &str, keys: &str| {
        format!(
            "[[breaker]]\nname = {name:?}\nscope = \"X\"\nkind = \"market_circuit_breaker\"\ncalendar = \"us\"\n{keys}\n"
        )
    };
    let told = |text: String| parse(&format!("{calendar}{text}"), "f").unwrap_err().to_string();
    for (keys, text) in [
        ("source = \"band\"", "tier is missing, allowed are 1 and 2"),
        ("source = \"band\"\ntier = 3", "found 3, allowed are 1 and 2"),
        ("source = \"band\"\ntier = 1\ntick = 0", "found 0, allowed are prices above 0"),
        ("source = \"band\"\ntier = 1\nrounding = \"up\"", "\"nearest\", \"outward\", \"truncate\""),
        ("source = \"band\"\ntier = 1\nlimit = 0.1", "limit is not allowed: the tier"),
        ("source = \"band\"\ntier = 1\nconfirm = 2", "confirm is not allowed: a price band has its limit state"),
        ("source = \"band\"\ntier = 1\nhalt_for = \"1m\"", "halt_for is not allowed: a pause has its time"),
        ("source = \"band\"\ntier = 1\nlasting = \"1m\"", "lasting is not allowed: with source = \"band\""),
        ("source = \"band\"\ntier = 1\nwatch = [\"X\", \"Y\"]", "hears one, that of its instrument"),
        ("tier = 1", "tier is not allowed: only source = \"band\" has it"),
    ] {
        let found = told(band("b", keys));
        assert!(found.contains(text), "{keys}: {found}");
    }
    let good = "source = \"band\"\ntier = 1";
    let twice = told(format!("{}{}", band("a", good), band("b", good)));
    assert!(twice.contains("scope \"X\" has a price band already, at"), "{twice}");
}
