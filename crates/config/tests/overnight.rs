//! Sessions that open on the day before their date.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::mistakes;
use haltline::{Bell, Date, Deadline, Intent, Nanos, RuleSpec, Session, System};
use haltline_config::{Config, parse};

const MON_FRI: &str = "mon-fri = [\"17:00-1d\", \"08:30\"]";
const TICK: Duration = Duration::from_nanos(1);

/// A calendar of Chicago in 2024, and a breaker of a kind.
fn text(kind: &str, keys: &str, sessions: &str, calendar: &str) -> String {
    format!(
        "[[breaker]]\nname = \"b\"\nscope = \"x\"\nkind = {kind:?}\ncalendar = \"night\"\n{keys}\n[[calendar]]\n\
         name = \"night\"\ntimezone = \"America/Chicago\"\nfrom = 2024-01-01\nto = 2024-12-31\n\
         sessions = {{ {sessions} }}\n{calendar}\n"
    )
}

fn config(kind: &str, keys: &str, sessions: &str, calendar: &str) -> Config {
    parse(&text(kind, keys, sessions, calendar), "f").unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn session(date: Date, sessions: &str, calendar: &str) -> Option<Session> {
    let config = config("time_based", "", sessions, calendar);
    config.calendars["night"].sessions.as_slice().iter().find(|session| session.date == date).copied()
}

fn utc(text: &str) -> Nanos {
    let at: jiff::Timestamp = text.parse().unwrap();
    Nanos(u64::try_from(at.as_nanosecond()).unwrap())
}

fn hours(hours: u64) -> Duration {
    Duration::from_secs(3_600 * hours)
}

#[test]
fn a_session_bears_the_date_of_its_close() {
    for (date, open, close) in [
        (Date::new(2024, 1, 1), "2023-12-31T23:00:00Z", "2024-01-01T14:30:00Z"), // a Monday: from Sunday, from last year
        (Date::new(2024, 3, 1), "2024-02-29T23:00:00Z", "2024-03-01T14:30:00Z"),
        (Date::new(2024, 7, 1), "2024-06-30T22:00:00Z", "2024-07-01T13:30:00Z"),
        (Date::new(2024, 12, 31), "2024-12-30T23:00:00Z", "2024-12-31T14:30:00Z"),
    ] {
        assert_eq!(session(date, MON_FRI, ""), Some(Session { date, open: utc(open), close: utc(close) }));
    }
    assert_eq!(session(Date::new(2024, 1, 6), MON_FRI, ""), None, "no session of Saturday opens on Friday");
}

#[test]
fn nights_on_which_the_clocks_change_are_an_hour_shorter_or_longer() {
    let week = "sun = [\"17:00-1d\", \"17:00\"]";
    let lasts = |date| session(date, week, "").map(|session| session.close - session.open);
    assert_eq!(lasts(Date::new(2024, 3, 3)), Some(hours(24)));
    assert_eq!(lasts(Date::new(2024, 3, 10)), Some(hours(23)));
    assert_eq!(lasts(Date::new(2024, 11, 3)), Some(hours(25)));
    let spring = session(Date::new(2024, 3, 10), week, "").unwrap();
    assert_eq!((spring.open, spring.close), (utc("2024-03-09T23:00:00Z"), utc("2024-03-10T22:00:00Z")));
    let autumn = session(Date::new(2024, 11, 3), week, "").unwrap();
    assert_eq!((autumn.open, autumn.close), (utc("2024-11-02T22:00:00Z"), utc("2024-11-03T23:00:00Z")));
}

#[test]
fn a_bell_that_does_not_exist_or_exists_twice_is_refused_on_the_day_before_too() {
    let of = |hours: &str| mistakes(&text("time_based", "", &format!("mon = [{hours}]"), ""));
    assert_eq!(
        of("\"02:30-1d\", \"16:00\""),
        ["12:20: calendar \"night\": sessions: 02:30 on 2024-03-10 in America/Chicago does not exist: the clocks go \
          forward over it"]
    );
    assert_eq!(
        of("\"01:30-1d\", \"16:00\""),
        [
            "12:20: calendar \"night\": sessions: 01:30 on 2024-11-03 in America/Chicago exists twice: the clocks go back \
          over it"
        ]
    );
}

#[test]
fn holidays_and_early_closes_are_dates_of_the_close() {
    let keys = "holidays = [2024-07-04]\nearly_closes = [{ date = 2024-07-05, close = \"03:15\" }]";
    assert_eq!(session(Date::new(2024, 7, 4), MON_FRI, keys), None);
    let early = session(Date::new(2024, 7, 5), MON_FRI, keys).unwrap();
    assert_eq!((early.open, early.close), (utc("2024-07-04T22:00:00Z"), utc("2024-07-05T08:15:00Z")));
    for close in ["08:30", "17:30"] {
        let keys = format!("early_closes = [{{ date = 2024-07-05, close = {close:?} }}]");
        assert_eq!(
            mistakes(&text("time_based", "", MON_FRI, &keys)),
            [format!(
                "13:46: calendar \"night\": early_closes: found {close:?}, allowed are times between the open (17:00-1d) \
                 and the close (08:30)"
            )]
        );
    }
}

#[test]
fn dates_of_takes_the_days_of_another_calendar() {
    let text = |own: &str, borrowed: &str| {
        format!(
            "[[breaker]]\nname = \"b\"\nscope = \"x\"\nkind = \"time_based\"\ncalendar = \"night\"\n[[calendar]]\n\
             name = \"night\"\ntimezone = \"America/Chicago\"\nsessions = {{ {MON_FRI} }}\n{borrowed}\n[[calendar]]\n\
             name = \"us\"\ntimezone = \"America/New_York\"\nfrom = 2024-07-01\nto = 2024-07-09\n{own}\n"
        )
    };
    let us = "sessions = { mon-thu = [\"09:30\", \"16:00\"] }\nholidays = [2024-07-04]";
    let config = parse(&text(us, "dates_of = \"us\""), "f").unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let dates =
        |name: &str| config.calendars[name].sessions.as_slice().iter().map(|s| s.date.0 % 100).collect::<Vec<_>>();
    assert_eq!(dates("night"), [1, 2, 3, 8, 9]);
    assert_eq!(dates("us"), dates("night"));
    let mistakes = |own, borrowed| mistakes(&text(own, borrowed)).join("\n");
    assert_eq!(
        mistakes(us, "dates_of = \"uk\""),
        "10:12: calendar \"night\": dates_of: found \"uk\", allowed are names of a [[calendar]] that has from and to, and \
         this file has \"us\"; did you mean \"us\"?"
    );
    assert!(mistakes(us, "dates_of = \"night\"").contains("and this file has \"us\""), "not its own");
    assert_eq!(
        mistakes(us, "dates_of = \"us\"\nholidays = []"),
        "11:1: calendar \"night\": holidays is not allowed: dates_of says on which days there are sessions"
    );
    let broken = "sessions = {}";
    assert_eq!(mistakes(broken, "dates_of = \"us\"").lines().count(), 1, "one mistake, not two");
    assert_eq!(
        mistakes(us, "dates_of = \"us\"\nearly_closes = [{ date = 2024-07-05, close = \"01:00\" }]"),
        "11:26: calendar \"night\": early_closes: 2024-07-05 is a holiday"
    );
}

/// When a window of a ladder begins, as it is written.
fn from(text: &str, sessions: &str, calendar: &str) -> Bell {
    let keys = format!(
        "[[breaker.rung]]\nlimit = 0.07\nwindows = [{{ from = {text:?}, until = \"close\", halt_for = \"1m\" }}]"
    );
    let config = config("market_circuit_breaker", &keys, sessions, calendar);
    config.plan.breakers[0].rule.ladder().unwrap().rungs[0].windows[0].from
}

#[test]
fn a_time_of_day_lies_before_or_after_midnight_as_the_session_does() {
    for (text, after) in [("17:00", 0), ("23:00", 6), ("00:00", 7), ("02:00", 9), ("08:00", 15)] {
        assert_eq!(from(text, MON_FRI, ""), Bell::AfterOpen(hours(after)), "{text}");
        let early = "early_closes = [{ date = 2024-07-05, close = \"01:00\" }]";
        assert_eq!(from(text, MON_FRI, early), Bell::AfterOpen(hours(after)), "{text}, also where it closes before");
    }
}

#[test]
fn a_time_of_day_that_is_not_one_is_refused() {
    let of = |from: &str, sessions: &str| {
        let keys = format!(
            "[[breaker.rung]]\nlimit = 0.07\nwindows = [{{ from = {from:?}, until = \"close\", halt_for = \"1m\" }}]"
        );
        mistakes(&text("market_circuit_breaker", &keys, sessions, "")).join("\n")
    };
    let at = "8:21: breaker \"b\": rung 1: windows 1: from: found";
    let allowed = "allowed are local times that lie as long after the open in every session";
    assert_eq!(of("16:00", MON_FRI), format!("{at} \"16:00\", {allowed} (not so on 2024-01-01)"));
    let night = "sun = [\"17:00-1d\", \"08:30\"]";
    assert_eq!(of("03:00", night), format!("{at} \"03:00\", {allowed} (not so on 2024-03-10)"));
    assert_eq!(of("02:30", night), format!("{at} \"02:30\", {allowed} (not so on 2024-03-10)"));
    let long = "wed = [\"06:00-1d\", \"08:30\"]";
    assert_eq!(of("07:00", long), format!("{at} \"07:00\", {allowed} (twice in the session of 2024-01-03)"));
    for (text, after) in [("05:59", 24 * 60 - 1), ("08:31", 151)] {
        assert_eq!(from(text, long, ""), Bell::AfterOpen(Duration::from_secs(60 * after)), "{text}");
    }
}

#[test]
fn a_deadline_may_be_before_the_open_on_the_day_before() {
    let deadline = |text: &str| {
        let keys = format!("checks = [{{ name = \"a\", deadline = {text:?} }}]");
        match &config("premarket_validation", &keys, MON_FRI, "").plan.breakers[0].rule {
            RuleSpec::PremarketValidation(rule) => rule.checks[0].deadline,
            rule => panic!("{rule:?}"),
        }
    };
    for (text, expected) in [
        ("16:30", Deadline::BeforeOpen(Duration::from_secs(1_800))),
        ("08:31", Deadline::BeforeOpen(Duration::from_secs(8 * 3_600 + 29 * 60))),
        ("08:30", Deadline::AfterOpen(Duration::from_secs(15 * 3_600 + 1_800))),
        ("01:00", Deadline::AfterOpen(hours(8))),
        ("open-30m", Deadline::BeforeOpen(Duration::from_secs(1_800))),
    ] {
        assert_eq!(deadline(text), Some(expected), "{text}");
    }
}

#[test]
fn hours_hold_over_midnight_and_a_blackout_may_lie_in_the_evening_before_the_first_day() {
    let blackout = "blackout = [{ from = 2023-12-31T18:00:00, to = 2023-12-31T18:05:00, reason = \"test\" }]";
    let config = config("time_based", blackout, MON_FRI, "");
    assert_eq!(config.warnings, []);
    let system = System::manual(config.plan, utc("2023-12-31T22:00:00Z")).unwrap();
    let gate = system.gate(&["x"]).unwrap();
    let passes = |at: Nanos| {
        system.advance(at);
        gate.permits(Intent::Increase)
    };
    for (text, before, on) in [
        ("2023-12-31T23:00:00Z", false, true),
        ("2024-01-01T00:00:00Z", true, false),
        ("2024-01-01T00:05:00Z", false, true),
        ("2024-01-01T06:00:00Z", true, true),
    ] {
        assert_eq!((passes(utc(text) - TICK), passes(utc(text))), (before, on), "{text}");
    }
    let close = utc("2024-01-01T14:30:00Z");
    assert!(passes(close) && !passes(close + TICK));
    assert!(
        !passes(utc("2024-01-01T23:00:00Z") - TICK) && passes(utc("2024-01-01T23:00:00Z")),
        "Monday evening: Tuesday's"
    );
}

#[test]
fn a_blackout_before_the_evening_of_the_first_session_is_refused() {
    let blackout = "blackout = [{ from = 2023-12-30T18:00:00, to = 2023-12-31T18:05:00, reason = \"test\" }]";
    assert_eq!(
        mistakes(&text("time_based", blackout, MON_FRI, "")),
        [
            "6:22: breaker \"b\": blackout 1: from: found 2023-12-30, allowed are times of the calendar's days, 2023-12-31 \
          to 2024-12-31"
        ]
    );
}

#[test]
fn the_longest_session_is_the_night() {
    let head = |window: &str| format!("source = \"trade\"\nsample = \"1h\"\nwindow = {window:?}");
    assert!(parse(&text("volatility", &head("14h"), MON_FRI, ""), "f").is_ok());
    assert_eq!(
        mistakes(&text("volatility", &head("15h"), MON_FRI, "")),
        [
            "8:10: breaker \"b\": window: 15 returns on samples of 1h are never full, for the longest session lasts 15h30m; \
          allowed are windows shorter than a session by a sample, or sample = \"1d\""
        ]
    );
}
