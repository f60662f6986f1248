//! Price bands that are written row by row: what a tier stands for, other venues' bands, and every mistake with its place.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Folder, mistakes};
use haltline::{
    BandRow, Bell, Date, Intent, Nanos, Price, PriceBand, Ratio, Rounding, Sessions, System, Tier, WideWindow,
};
use haltline_config::{Config, parse};
use proptest::prelude::*;

/// Line 1 to 6.
const CALENDAR: &str = "[[calendar]]\nname = \"us\"\ntimezone = \"America/New_York\"\nfrom = 2020-02-01\nto = 2020-03-31\n\
                        sessions = { mon-fri = [\"09:30\", \"16:00\"] }\n";
/// Line 7 to 12.
const BREAKER: &str = "[[breaker]]\nname = \"b\"\nkind = \"market_circuit_breaker\"\nscope = \"X\"\nsource = \"band\"\n\
                       calendar = \"us\"\n";
const NUMBERS: &str =
    "mean_of = \"5m\"\nstep = 0.01\nhold = \"30s\"\nlimit_state = \"15s\"\npause = \"5m\"\ntick = 0.01\n";
const LULD: &str = "extension = \"5m\"\nno_reopen = \"close-10m\"\n\
    [[breaker.row]]\nup_to = 0.749999999\nshare = 0.75\nmost = 0.15\nwidens_lower = false\n\
    [[breaker.row]]\nup_to = 3.00\nshare = 0.2\n\
    [[breaker.row]]\nshare = 0.05\n\
    [[breaker.wide]]\nfrom = \"close-25m\"\nuntil = \"close\"\ntimes = 2\neffective_from = 2020-02-24\n\
    [[breaker.wide]]\nfrom = \"open\"\nuntil = \"open+15m\"\ntimes = 2\neffective_to = 2020-02-23\n\
    [[breaker.wide]]\nfrom = \"close-25m\"\nuntil = \"close\"\ntimes = 2\neffective_to = 2020-02-23\n";

fn of_tier_2(text: &str) -> String {
    text.replace("share = 0.05", "share = 0.1").replacen("times = 2", "times = 2\nhighest_close = 3", 1)
}

/// A file with one breaker, whose keys begin on line 13.
fn file(keys: &str) -> String {
    format!("{CALENDAR}{BREAKER}{keys}")
}

fn read(keys: &str) -> Config {
    parse(&file(keys), "f").unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn band(config: &Config) -> &Arc<PriceBand> {
    config.plan.breakers[0].rule.band().unwrap()
}

#[test]
fn the_us_tiers_written_out_are_the_us_tiers() {
    for (tier, text) in [(Tier::One, LULD.to_owned()), (Tier::Two, of_tier_2(LULD))] {
        let config = read(&format!("{NUMBERS}{text}"));
        let short = read(&format!("tier = {}\n", if tier == Tier::One { 1 } else { 2 }));
        assert_eq!(**band(&config), PriceBand::luld(tier, config.calendars["us"].sessions.clone()));
        assert_eq!(config.plan, short.plan);
    }
}

#[test]
fn a_template_has_rows_of_its_own() {
    let pack = "[pack]\nname = \"venue\"\ntitle = \"\"\nversion = \"1\"\neffective_from = 2020-01-01\nsource = \"\"\n\
                summary = \"\"\n[template]\nkind = \"market_circuit_breaker\"\nsource = \"band\"\ncalendar = \"us\"\n";
    let template = |keys: &str| format!("{pack}{NUMBERS}{}", keys.replace("[[breaker.", "[[template."));
    let main =
        format!("include = [\"venue.toml\"]\n{CALENDAR}[[breaker]]\nname = \"b\"\npack = \"venue\"\nscope = \"X\"\n");
    let folder = |test, keys: &str| Folder::new(test, &[("main.toml", &main), ("venue.toml", &template(keys))]);
    assert_eq!(folder("bands-template", LULD).load().plan, read("tier = 1\n").plan);
    let bad = LULD.replace("share = 0.2", "share = 2");
    let found = folder("bands-bad-template", &bad).mistakes();
    assert_eq!(
        found,
        ["venue.toml:27:9: breaker \"b\": row 2: share: found 2, allowed are fractions above 0 and at most 1"]
    );
}

#[test]
fn what_may_be_left_out_is_no_extension_no_window_and_reopening_until_the_close() {
    let config = read(&format!("{NUMBERS}[[breaker.row]]\nshare = 1\n"));
    let minutes = |n: u64| Duration::from_secs(60 * n);
    let expected = PriceBand {
        sessions: config.calendars["us"].sessions.clone(),
        rows: vec![BandRow { up_to: None, share: Ratio::from_raw(Ratio::SCALE), most: None, widens_lower: true }],
        wide: vec![],
        mean_of: minutes(5),
        step: Ratio::from_raw(10_000_000),
        hold: Duration::from_secs(30),
        limit_state: Duration::from_secs(15),
        pause: minutes(5),
        extension: Duration::ZERO,
        no_reopen: Bell::BeforeClose(Duration::ZERO),
        rounding: Rounding::Nearest,
        tick: Price::from_raw(10_000_000),
    };
    assert_eq!(**band(&config), expected);
}

#[test]
fn a_limit_state_of_no_time_is_a_pause_at_once() {
    let keys = format!("{}[[breaker.row]]\nshare = 0.05\n", NUMBERS.replace("15s", "0s"));
    let config = read(&keys);
    let days = config.calendars["us"].sessions.clone();
    let [before, today] = [days.as_slice()[9], days.as_slice()[10]];
    let system = System::manual(config.plan, today.open).unwrap();
    let (gate, mut feed) = (system.gate(&["X"]).unwrap(), system.feed("X").unwrap());
    let price = |cents: i64| Price::from_raw(cents * 10_000_000);
    let at = |secs: u64| today.open + Duration::from_secs(secs);
    feed.reference(price(10_000), before.date, at(0)).unwrap();
    system.advance(at(1));
    feed.quote(price(10_400), price(10_499), at(1)).unwrap();
    assert!(gate.permits(Intent::Reduce));
    feed.quote(price(10_500), price(10_501), at(1)).unwrap();
    system.advance(at(1));
    assert!(!gate.permits(Intent::Reduce));
    system.advance(at(301));
    feed.heartbeat(at(301)).unwrap();
    assert!(gate.permits(Intent::Reduce));
}

#[test]
fn a_row_beside_a_tier_and_no_row_are_mistakes() {
    let found = mistakes(&file("tier = 1\nhold = \"1s\"\n[[breaker.row]]\nshare = 0.1\n"));
    let why = "is not allowed: the tier says it; without a tier the rows and all numbers are your own";
    assert_eq!(found, [format!("14:1: breaker \"b\": hold {why}"), format!("15:11: breaker \"b\": row {why}")]);
    let found = mistakes(&file("tick = 0.01\n"));
    let tables = "1 to 16 tables [[breaker.row]]";
    assert_eq!(found, [format!("7:1: breaker \"b\": tier is missing, allowed are 1 and 2, or in its place {tables}")]);
    assert_eq!(mistakes(&file(NUMBERS)), [format!("7:1: breaker \"b\": row is missing, allowed are {tables}")]);
    assert_eq!(
        mistakes(&file(&format!("{NUMBERS}row = []\n"))),
        [format!("19:7: breaker \"b\": row: found 0 rows, allowed are {tables}")]
    );
    let many = "[[breaker.row]]\nshare = 0.1\n".repeat(17);
    assert!(mistakes(&file(&format!("{NUMBERS}{many}")))[0].contains("found 17 rows, allowed are 1 to 16"));
}

#[test]
fn each_number_that_is_missing_is_told() {
    for key in ["mean_of", "step", "hold", "limit_state", "pause", "tick"] {
        let rest: String = NUMBERS.lines().filter(|line| !line.starts_with(key)).map(|l| format!("{l}\n")).collect();
        let found = mistakes(&file(&format!("{rest}[[breaker.row]]\nshare = 0.1\n")));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(&format!("7:1: breaker \"b\": {key} is missing, allowed are ")), "{found:?}");
    }
}

#[test]
fn numbers_at_the_ends_of_what_is_allowed_are_read_and_beyond_them_refused() {
    let told = |key: &str, value: &str| {
        let lines =
            NUMBERS.lines().filter(|line| !line.starts_with(&format!("{key} ="))).map(|line| format!("{line}\n"));
        let text = file(&format!("{key} = {value}\n{}[[breaker.row]]\nshare = 0.1\n", lines.collect::<String>()));
        match parse(&text, "f") {
            Ok(config) => System::manual(config.plan, Nanos(0)).map(|_| String::new()).unwrap(),
            Err(mistakes) => mistakes.to_string(),
        }
    };
    for (key, good, bad) in [
        ("mean_of", ["\"1s\"", "\"1h\""], ["\"999ms\"", "\"1h1ns\""]),
        ("step", ["0", "1"], ["-0.000000001", "1.000000001"]),
        ("hold", ["\"0s\"", "\"3650d\""], ["\"3651d\"", "5"]),
        ("limit_state", ["\"0s\"", "\"3650d\""], ["\"3651d\"", "true"]),
        ("pause", ["\"1ns\"", "\"3650d\""], ["\"0s\"", "\"3651d\""]),
        ("extension", ["\"0s\"", "\"3650d\""], ["\"3651d\"", "\"5\""]),
        ("tick", ["0.000000001", "9000000000"], ["0", "0.0000000001"]),
        ("rounding", ["\"nearest\"", "\"truncate\""], ["\"up\"", "1"]),
        ("no_reopen", ["\"open\"", "\"16:00\""], ["\"close-391m\"", "\"16:01\""]),
    ] {
        for value in good {
            assert_eq!(told(key, value), "", "{key} {value}");
        }
        for value in bad {
            let found = told(key, value);
            let column = key.len() + 4;
            assert!(found.starts_with(&format!("f:13:{column}: breaker \"b\": {key}: ")), "{key} {value}: {found}");
            assert_eq!(found.lines().count(), 1, "{found}");
        }
    }
}

#[test]
fn mistakes_of_rows_are_told_with_their_place() {
    // The rows begin on line 19.
    let told = |rows: &str| mistakes(&file(&format!("{NUMBERS}{rows}"))).join("\n");
    let row = |keys: &str| format!("[[breaker.row]]\n{keys}\n");
    let last = row("share = 0.1");
    for (rows, text) in [
        (row("share = 0"), "20:9: breaker \"b\": row 1: share: found 0, allowed are fractions above 0 and at most 1"),
        (row("share = 1.000000001"), "20:9: breaker \"b\": row 1: share: found 1.000000001, allowed are fractions"),
        (row("most = 1"), "19:1: breaker \"b\": row 1: share is missing, allowed are fractions above 0"),
        (row("share = 0.1\nmost = 0"), "21:8: breaker \"b\": row 1: most: found 0, allowed are prices above 0"),
        (row("share = 0.1\nup_to = 5"), "21:1: breaker \"b\": row 1: up_to is not allowed: the last row holds for all"),
        (last.repeat(2), "19:1: breaker \"b\": row 1: up_to is missing, allowed are prices above 0"),
        (
            row("up_to = 3\nshare = 0.1").repeat(2) + &last,
            "23:9: breaker \"b\": row 2: up_to: found 3, allowed are prices above up_to of the row before (3)",
        ),
        (
            row("up_to = 0\nshare = 0.1") + &last,
            "20:9: breaker \"b\": row 1: up_to: found 0, allowed are prices above 0",
        ),
        (row("shar = 0.1"), "20:1: breaker \"b\": row 1: unknown key \"shar\", allowed are share, most"),
        (row("share = 0.1\nwidens_lower = false"), "21:1: breaker \"b\": row 1: widens_lower is not allowed: only a"),
    ] {
        assert!(told(&rows).contains(text), "{rows}: {}", told(&rows));
    }
    // A billionth above the row before is enough.
    let near = row("up_to = 3\nshare = 0.1") + &row("up_to = 3.000000001\nshare = 0.1") + &last;
    assert_eq!(band(&read(&format!("{NUMBERS}{near}"))).rows.len(), 3);
}

#[test]
fn mistakes_of_wide_windows_are_told_with_their_place() {
    // The windows begin on line 21.
    let told = |wide: &str| mistakes(&file(&format!("{NUMBERS}[[breaker.row]]\nshare = 0.1\n{wide}"))).join("\n");
    let wide = |from: &str, until: &str, more: &str| {
        format!("[[breaker.wide]]\nfrom = {from:?}\nuntil = {until:?}\ntimes = 2\n{more}")
    };
    let late = wide("close-25m", "close", "");
    for (text, found) in [
        (
            wide("open", "open+391m", ""),
            "21:1: breaker \"b\": wide 1: it is empty, or lies outside the session of 2020-",
        ),
        (wide("close-391m", "close", ""), "wide 1: it is empty, or lies outside"),
        (wide("open", "open", ""), "wide 1: it is empty, or lies outside"),
        (wide("close", "open", ""), "wide 1: it is empty, or lies outside"),
        (wide("09:00", "16:00", ""), "22:8: breaker \"b\": wide 1: from: found \"09:00\", allowed are local times"),
        (wide("open", "noon", ""), "23:9: breaker \"b\": wide 1: until: found \"noon\", allowed are \"open\""),
        (
            late.replace("= 2", "= 0"),
            "24:9: breaker \"b\": wide 1: times: found 0, allowed are whole numbers from 1 to 100",
        ),
        (late.replace("= 2", "= 101"), "wide 1: times: found 101, allowed are whole numbers from 1 to 100"),
        (late.replace("times = 2\n", ""), "21:1: breaker \"b\": wide 1: times is missing, allowed are whole numbers"),
        (wide("open", "close", "highest_close = 0\n"), "25:17: breaker \"b\": wide 1: highest_close: found 0, allowed"),
        (
            wide("open", "close", "effective_from = 2020-03-02\neffective_to = 2020-03-01\n"),
            "26:16: breaker \"b\": wide 1: effective_to: found 2020-03-01, allowed are dates not before",
        ),
        (late.clone() + &late, "25:1: breaker \"b\": wide 2: it overlaps wide 1, which counts before it"),
        (late.replace("until", "untl"), "23:1: breaker \"b\": wide 1: unknown key \"untl\""),
        (late.repeat(17), "found 17 windows, allowed are 1 to 16 tables [[breaker.wide]]"),
    ] {
        assert!(told(&text).contains(found), "{text}: {}", told(&text));
    }
}

#[test]
fn windows_meet_in_a_session_that_both_hold_in_and_in_no_other() {
    let wide = |more: &str| format!("[[breaker.wide]]\nfrom = \"open\"\nuntil = \"close\"\ntimes = 2\n{more}\n");
    let meet = |first: &str, second: &str| {
        let text = file(&format!("{NUMBERS}[[breaker.row]]\nshare = 0.1\n{}{}", wide(first), wide(second)));
        parse(&text, "f").is_err()
    };
    // The second of March is a Monday.
    assert!(meet("effective_to = 2020-03-02", "effective_from = 2020-03-02"));
    assert!(!meet("effective_to = 2020-03-01", "effective_from = 2020-03-02"));
    assert!(!meet("effective_to = 2020-03-01", "effective_from = 2020-02-29"), "only a weekend is both's");
    assert!(meet("highest_close = 3", "highest_close = 3"));
    assert!(!meet("highest_close = 3", "highest_close = 3.000000001"));
    assert!(!meet("highest_close = 3", ""));
}

fn decimal(raw: i64) -> String {
    format!("{}.{:09}", raw / 1_000_000_000, raw % 1_000_000_000)
}

/// Any rows, and how they are written.
fn any_rows() -> impl Strategy<Value = (Vec<BandRow>, String)> {
    let row =
        (1..1_000_000_000_000_i64, 1..=Ratio::SCALE, proptest::option::of(1..1_000_000_000_000_i64), any::<bool>());
    proptest::collection::vec(row, 1..5).prop_map(|rows| {
        let (mut end, count, mut list, mut text) = (0, rows.len(), Vec::new(), String::new());
        for (number, (further, share, most, widens_lower)) in (1..).zip(rows) {
            end += further;
            let up_to = (number < count).then_some(end);
            text += &format!("[[breaker.row]]\nshare = {}\nwidens_lower = {widens_lower}\n", decimal(share));
            text += &up_to.map_or(String::new(), |raw| format!("up_to = {}\n", decimal(raw)));
            text += &most.map_or(String::new(), |raw| format!("most = {}\n", decimal(raw)));
            let price = |raw: Option<i64>| raw.map(Price::from_raw);
            list.push(BandRow { up_to: price(up_to), share: Ratio::from_raw(share), most: price(most), widens_lower });
        }
        (list, text)
    })
}

/// A window in minutes of the session, for closes up to a price and sessions from a day of March on.
type Drawn = (u64, u64, u32, Option<i64>, Option<u8>);

fn any_wide() -> impl Strategy<Value = Vec<Drawn>> {
    let window = (0..390_u64, 1..40_u64, 1..=100_u32, proptest::option::of(1..4_i64), proptest::option::of(1..31_u8));
    proptest::collection::vec(window, 1..4)
}

fn written((from, long, times, close, day): &Drawn) -> (WideWindow, String) {
    let until = (from + long).min(390);
    let mut text =
        format!("[[breaker.wide]]\nfrom = \"open+{from}m\"\nuntil = \"close-{}m\"\ntimes = {times}\n", 390 - until);
    text += &close.map_or(String::new(), |close| format!("highest_close = {close}\n"));
    text += &day.map_or(String::new(), |day| format!("effective_from = 2020-03-{day:02}\n"));
    let minutes = |n: u64| Duration::from_secs(60 * n);
    let window = WideWindow {
        from: Bell::AfterOpen(minutes(*from)),
        until: Bell::BeforeClose(minutes(390 - until)),
        times: *times,
        highest_close: close.map(|close| Price::from_raw(close * Price::SCALE)),
        effective_from: day.map(|day| Date::new(2020, 3, day)),
        effective_to: None,
    };
    (window, text)
}

/// Whether a window loses a minute of some session to one before it, whatever the close; minute by minute.
fn is_shadowed(windows: &[Drawn], sessions: &Sessions) -> bool {
    let holds = |(from, long, _, highest, day): &Drawn, minute: u64, close: i64, date: Date| {
        (*from..(from + long).min(390)).contains(&minute)
            && highest.is_none_or(|highest| close <= highest)
            && day.is_none_or(|day| date >= Date::new(2020, 3, day))
    };
    let closes = 1..=4;
    sessions.as_slice().iter().any(|session| {
        (0..390).any(|minute| {
            (1..windows.len()).any(|second| {
                windows[..second].iter().any(|first| {
                    let late = |close: &i64| holds(&windows[second], minute, *close, session.date);
                    closes.clone().any(|close| late(&close))
                        && closes.clone().filter(late).all(|close| holds(first, minute, close, session.date))
                })
            })
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_what_is_read((rows, rows_text) in any_rows(), windows in any_wide()) {
        let (wide, texts): (Vec<_>, Vec<_>) = windows.iter().map(written).unzip();
        let text = file(&format!("{NUMBERS}{rows_text}{}", texts.concat()));
        match parse(&text, "f") {
            Ok(config) => {
                let sessions = config.calendars["us"].sessions.clone();
                prop_assert!(!is_shadowed(&windows, &sessions), "{text}");
                prop_assert_eq!((&band(&config).rows, &band(&config).wide), (&rows, &wide));
                prop_assert!(System::manual(config.plan, Nanos(0)).is_ok());
            }
            Err(mistakes) => {
                let sessions = read("tier = 1\n").calendars["us"].sessions.clone();
                prop_assert!(is_shadowed(&windows, &sessions), "{mistakes}\n{text}");
            }
        }
    }
}
