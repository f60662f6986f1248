//! Mistakes in calendars, and in ladders, which hang on them.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{HOURS, calendar, of_breaker, of_breaker_with_calendar, of_calendar};

#[test]
fn a_ladder_refuses_what_its_rungs_say() {
    let rung = "[[breaker.rung]]\nlimit = 0.07\nwindows = [{ from = \"open\", until = \"close\", halt_for = \"15m\" }]";
    let keys = "limit = 1\nwarn = 1\nclear = 1\nconfirm = 1\nconfirm_for = \"1s\"\ncooldown_for = \"1m\"\n\
        cooldown_effect = \"halt\"\nhalt_for = \"1m\"\nbackoff = 1\nbackoff_max = \"1h\"\nmax_auto_resets = 1\n\
        auto_reset_window = \"1h\"";
    let found = of_breaker_with_calendar("market_circuit_breaker", &format!("{keys}\n{rung}"));
    assert_eq!(found.len(), 12, "{found:#?}");
    for (i, (found, key)) in found.iter().zip(keys.lines()).enumerate() {
        let key = key.split(' ').next().unwrap();
        assert!(found.starts_with(&format!("{}:1: breaker \"b\": {key} is not allowed: ", i + 6)), "{found}");
    }
    assert_eq!(
        of_breaker_with_calendar("market_circuit_breaker", &format!("release = \"level\"\n{rung}")),
        ["6:11: breaker \"b\": release: found \"level\", allowed are \"timed\", \"latched\""]
    );
}

#[test]
fn rungs_are_one_to_six_and_rise() {
    let rung = |limit: &str| {
        format!(
            "[[breaker.rung]]\nlimit = {limit}\nwindows = [{{ from = \"open\", until = \"close\", halt_for = \"15m\" }}]\n"
        )
    };
    let ladder = |rungs: &str| of_breaker_with_calendar("market_circuit_breaker", rungs);
    assert_eq!(ladder(""), ["1:1: breaker \"b\": rung is missing, allowed are 1 to 6 tables [[breaker.rung]]"]);
    let seven: String = (1..=7).map(|n| rung(&format!("0.0{n}"))).collect();
    assert_eq!(ladder(&seven), ["6:1: breaker \"b\": rung: found 7 rungs, allowed are 1 to 6 tables [[breaker.rung]]"]);
    assert_eq!(
        ladder(&(rung("0.07") + &rung("0.07"))),
        ["10:9: breaker \"b\": rung 2: limit: found 0.07, allowed are fractions above the limit of the rung below \
             (0.07)"]
    );
}

#[test]
fn windows_lie_in_order_between_the_bells() {
    let windows = |list: &str| {
        let found = of_breaker_with_calendar(
            "market_circuit_breaker",
            &format!("[[breaker.rung]]\nlimit = 0.07\nwindows = {list}"),
        );
        assert_eq!(found.len(), 1, "{found:#?}");
        found[0].clone()
    };
    let at = "breaker \"b\": rung 1: windows";
    let disorder = |n| {
        format!(
            "8:11: {at}: window {n} begins before the one before it has ended, is empty, or lies outside the session of \
             2020-03-02; allowed are windows in order, without overlap, between open and close"
        )
    };
    let end = "halt_for = \"15m\"";
    for (list, n) in [
        (
            format!(
                "[{{ from = \"open\", until = \"close\", {end} }}, {{ from = \"close-1h\", until = \"close\", {end} }}]"
            ),
            2,
        ),
        (format!("[{{ from = \"close\", until = \"open\", {end} }}]"), 1),
        (format!("[{{ from = \"close-7h\", until = \"close\", {end} }}]"), 1),
        (format!("[{{ from = \"open\", until = \"open+7h\", {end} }}]"), 1),
        (format!("[{{ from = \"open\", until = \"open+0s\", {end} }}]"), 1),
    ] {
        assert_eq!(windows(&list), disorder(n), "{list}");
    }
    assert_eq!(
        windows("[]"),
        format!(
            "8:11: {at}: found 0 windows, allowed are arrays of 1 to 16 tables such as {{ from = \"open\", until = \
             \"close-35m\", halt_for = \"15m\" }}"
        )
    );
    assert_eq!(
        windows("[{ from = \"open\", until = \"close\" }]"),
        format!(
            "8:12: {at} 1: halt_for is missing, allowed are durations, or until_close = true or until_next_session = true in its place"
        )
    );
    assert_eq!(
        windows("[{ from = \"open\", until = \"close\", until_close = false }]"),
        format!("8:60: {at} 1: until_close: found false, allowed are true, or halt_for in its place")
    );
    assert_eq!(
        windows("[{ from = \"open\", until = \"close\", until_close = true, halt_for = \"1m\" }]"),
        format!("8:60: {at} 1: until_close: stands beside halt_for, allowed is one of the two")
    );
    assert_eq!(
        windows("[{ from = \"open\", until = \"close\", until_close = true, until_next_session = true }]"),
        format!("8:87: {at} 1: until_next_session: stands beside until_close, allowed is one of the two")
    );
    assert_eq!(
        windows("[{ from = \"open\", until = \"close\", until_next_session = false }]"),
        format!("8:67: {at} 1: until_next_session: found false, allowed are true, or halt_for in its place")
    );
    assert_eq!(
        windows(&format!("[{{ from = \"open-5m\", until = \"close\", {end} }}]")),
        format!(
            "8:21: {at} 1: from: found \"open-5m\", allowed are \"open\", \"open+30m\", \"close-35m\", \"close\" and \
             local times such as \"13:00\""
        )
    );
    assert_eq!(
        windows(&format!("[{{ from = \"09:00\", until = \"close\", {end} }}]")),
        format!(
            "8:21: {at} 1: from: found \"09:00\", allowed are local times that lie as long after the open in every \
             session (not so on 2020-03-02)"
        )
    );
}

#[test]
fn a_calendar_that_is_not_there_is_named_beside_those_that_are() {
    assert_eq!(
        of_breaker("volatility", &format!("calendar = \"uk\"\n{}", calendar(""))),
        [
            "5:12: breaker \"b\": calendar: found \"uk\", allowed are names of a [[calendar]], and this file has \"us\"; \
             did you mean \"us\"?"
        ]
    );
    assert_eq!(
        of_breaker("volatility", "calendar = \"us\""),
        ["5:12: breaker \"b\": calendar: found \"us\", allowed are names of a [[calendar]], and this file has none"]
    );
    assert_eq!(
        of_breaker("drawdown", "baseline = \"session\""),
        ["5:12: breaker \"b\": baseline: \"session\" needs a calendar"]
    );
    let broken = calendar("").replace("America/New_York", "Mars/Olympus");
    assert_eq!(
        of_breaker("drawdown", &format!("baseline = \"session\"\ncalendar = \"us\"\n{broken}")),
        [
            "9:12: calendar \"us\": timezone: found \"Mars/Olympus\", allowed are IANA names such as \"America/New_York\""
        ],
        "a calendar with mistakes is not unknown"
    );
}

#[test]
fn dates_of_a_calendar_must_make_sense() {
    let to = "to = 2020-11-30";
    for (keys, expected) in [
        (
            format!("to = 2020-02-28\n{HOURS}"),
            "9:6: calendar \"us\": to: found 2020-02-28, allowed are dates not before from (2020-03-01)",
        ),
        (
            format!("to = \"2020-12-31\"\n{HOURS}"),
            "9:6: calendar \"us\": to: found a string \"2020-12-31\", allowed are dates from 1970-01-02 to 2199-12-31, \
             without quotes and without a time",
        ),
        (
            format!("to = 2020-11-30T00:00:00Z\n{HOURS}"),
            "9:6: calendar \"us\": to: found 2020-11-30T00:00:00Z, allowed are dates from 1970-01-02 to 2199-12-31, \
             without quotes and without a time",
        ),
        (
            format!("to = 2200-01-01\n{HOURS}"),
            "9:6: calendar \"us\": to: found 2200-01-01, allowed are dates from 1970-01-02 to 2199-12-31, without quotes \
             and without a time",
        ),
        (
            format!("{to}\n{HOURS}\nholidays = [2020-03-02, 2020-12-01, 2020-03-02]"),
            "11:25: calendar \"us\": holidays: found 2020-12-01, allowed are dates from 2020-03-01 to 2020-11-30\n\
             11:37: calendar \"us\": holidays: 2020-03-02 is already in the list",
        ),
        (
            format!("to = 2020-03-01\n{HOURS}"),
            "5:1: calendar \"us\": no session between from and to, allowed are calendars with at least one",
        ),
        (HOURS.into(), "5:1: calendar \"us\": to is missing, allowed are dates such as 2020-12-31"),
    ] {
        assert_eq!(of_calendar(&keys).join("\n"), expected);
    }
}

#[test]
fn hours_of_a_calendar_must_make_sense() {
    let pair = "pairs of an open and a close such as [\"09:30\", \"16:00\"]";
    let times = "times of day in quotes, such as \"09:30\" or \"16:00:00\"";
    let opens = format!("{times}, and \"17:00-1d\" for 17:00 on the day before");
    for (sessions, expected) in [
        (
            "{ mon = [\"16:00\", \"09:30\"] }",
            "10:30: calendar \"us\": sessions: found \"09:30\", allowed are times after the open (16:00), which is \
             written \"16:00-1d\" if it is on the day before"
                .into(),
        ),
        ("{ mon = [\"09:30\"] }", format!("10:20: calendar \"us\": sessions: found an array of 1, allowed are {pair}")),
        ("{ mon = \"09:30\" }", format!("10:20: calendar \"us\": sessions: found a string \"09:30\", allowed are {pair}")),
        ("{ mon = [\"9:30\", \"16:00\"] }", format!("10:21: calendar \"us\": sessions: found \"9:30\", allowed are {opens}")),
        (
            "{ mon = [09:30:00, \"24:00\"] }",
            format!(
                "10:21: calendar \"us\": sessions: found a date or time 09:30:00, allowed are {opens}\n\
                 10:31: calendar \"us\": sessions: found \"24:00\", allowed are {times}"
            ),
        ),
        (
            "{ mon = [\"17:00-1d\", \"08:30-1d\"] }",
            format!("10:33: calendar \"us\": sessions: found \"08:30-1d\", allowed are {times}"),
        ),
        (
            "{ mon = [\"17:00 -1d\", \"08:30\"] }",
            format!("10:21: calendar \"us\": sessions: found \"17:00 -1d\", allowed are {opens}"),
        ),
        (
            "{ mon-tue = [\"17:00-1d\", \"17:00\"] }",
            "5:1: calendar \"us\": session 2020-03-03: opens before the session before it has closed".into(),
        ),
        (
            "{ monday = [\"09:30\", \"16:00\"] }",
            "10:14: calendar \"us\": sessions: unknown day \"monday\", allowed are mon, tue, wed, thu, fri, sat, sun and \
             ranges such as mon-fri"
                .into(),
        ),
        (
            "{ mon-wed = [\"09:30\", \"16:00\"], tue = [\"09:30\", \"13:00\"] }",
            "10:50: calendar \"us\": sessions: tue has its hours already at line 10, column 24".into(),
        ),
        (
            "{}",
            "10:12: calendar \"us\": sessions: found no day, allowed are mon, tue, wed, thu, fri, sat, sun and ranges such \
             as mon-fri"
                .into(),
        ),
    ] {
        assert_eq!(of_calendar(&format!("to = 2020-11-30\nsessions = {sessions}")).join("\n"), expected);
    }
}

#[test]
fn early_closes_fall_into_sessions() {
    let of = |entry: &str| {
        of_calendar(&format!("to = 2020-11-30\n{HOURS}\nholidays = [2020-11-26]\nearly_closes = [{entry}]")).join("\n")
    };
    let at = "12:26: calendar \"us\": early_closes:";
    assert_eq!(of("{ date = 2020-11-26, close = \"13:00\" }"), format!("{at} 2020-11-26 is a holiday"));
    assert_eq!(
        of("{ date = 2020-11-28, close = \"13:00\" }"),
        format!("{at} 2020-11-28 has no session on its day of the week")
    );
    assert_eq!(
        of("{ date = 2020-12-24, close = \"13:00\" }"),
        format!("{at} 2020-12-24 is not between from (2020-03-01) and to (2020-11-30)")
    );
    for close in ["16:00", "09:30"] {
        assert_eq!(
            of(&format!("{{ date = 2020-11-27, close = {close:?} }}")),
            format!(
                "12:46: calendar \"us\": early_closes: found {close:?}, allowed are times between the open (09:30) and the \
                 close (16:00)"
            )
        );
    }
    assert_eq!(
        of("{ date = 2020-11-27, close = \"13:00\" }, { date = 2020-11-27, close = \"13:00\" }"),
        "12:66: calendar \"us\": early_closes 2: date: 2020-11-27 is already in the list"
    );
}

#[test]
fn bells_that_do_not_exist_or_exist_twice_are_refused() {
    let sunday = |hours: &str| of_calendar(&format!("to = 2020-11-30\nsessions = {{ sun = [{hours}] }}")).join("\n");
    assert_eq!(
        sunday("\"02:30\", \"16:00\""),
        "10:20: calendar \"us\": sessions: 02:30 on 2020-03-08 in America/New_York does not exist: the clocks go forward \
         over it"
    );
    assert_eq!(
        sunday("\"00:30\", \"01:30\""),
        "10:20: calendar \"us\": sessions: 01:30 on 2020-11-01 in America/New_York exists twice: the clocks go back over \
         it"
    );
}

#[test]
fn a_window_that_no_session_fills_is_refused() {
    let fits = "sample = \"1h\"\nwindow = \"5h\"";
    let head = "[[breaker]]\nname = \"b\"\nscope = \"x\"\nkind = \"volatility\"\ncalendar = \"us\"\n";
    assert!(haltline_config::parse(&format!("{head}{fits}\n{}", calendar("")), "f").is_ok());
    for (sample, window, returns) in [("1h", "6h", 6), ("30m", "6h30m", 13), ("2d", "20d", 10)] {
        assert_eq!(
            of_breaker_with_calendar("volatility", &format!("sample = {sample:?}\nwindow = {window:?}")),
            [format!(
                "7:10: breaker \"b\": window: {returns} returns on samples of {sample} are never full, for the longest \
                 session lasts 6h30m; allowed are windows shorter than a session by a sample, or sample = \"1d\""
            )]
        );
    }
}
