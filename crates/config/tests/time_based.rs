//! `time_based` in a file: every key, every mistake, and the days on which the clocks change.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{calendar, of_breaker, of_breaker_with_calendar};
use haltline::{
    Authority, Blackout, BreakerSpec, CooldownEffect, Intent, Kind, Lanes, Nanos, Policy, Reason, Release, RuleSpec,
    ScopePath, System, TimeBased,
};
use haltline_config::{Config, parse};

const TICK: Duration = Duration::from_nanos(1);

fn config(keys: &str) -> Config {
    let head = "[[breaker]]\nname = \"b\"\nscope = \"X\"\nkind = \"time_based\"\ncalendar = \"us\"\n";
    parse(&format!("{head}{keys}\n{}", calendar("")), "f").unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn utc(text: &str) -> Nanos {
    let at: jiff::Timestamp = text.parse().unwrap();
    Nanos(u64::try_from(at.as_nanosecond()).unwrap())
}

#[test]
fn without_blackouts_it_is_its_calendar_with_the_defaults_of_the_catalogue() {
    let config = config("");
    let expected = BreakerSpec {
        name: "b".into(),
        scope: ScopePath::new("X").unwrap(),
        watch: vec![],
        rule: RuleSpec::TimeBased(TimeBased::within(config.calendars["us"].sessions.clone())),
        policy: Kind::TimeBased.default_policy(),
    };
    assert_eq!(config.plan.breakers, [expected]);
    let policy = Kind::TimeBased.default_policy();
    assert_eq!((policy.release, policy.effect, policy.severity), (Release::Level, Lanes::HALT, 0.0));
}

#[test]
fn every_key_is_mapped() {
    let keys = "effect = \"close\"\nrelease = \"latched\"\ncooldown_for = \"5m\"\ncooldown_effect = \"no_new\"\n\
        reset_authority = \"admin\"\nseverity = 0.5\nshadow = true\n\
        [[breaker.blackout]]\nfrom = 2020-11-05T14:00:00\nto = 2020-11-05T14:30:00.5\nreason = \"second\"\n\
        [[breaker.blackout]]\nfrom = 2020-03-18T13:55:00\nto = 2020-03-18 14:35:00\nreason = \"\"\n";
    let spec = config(keys).plan.breakers.remove(0);
    let RuleSpec::TimeBased(rule) = spec.rule else { panic!("{:?}", spec.rule) };
    let blackout = |from, to, reason: &str| Blackout { from: utc(from), to: utc(to), reason: reason.into() };
    // In the order of time, in the calendar's zone, in summer and in winter.
    let expected = [
        blackout("2020-03-18T17:55:00Z", "2020-03-18T18:35:00Z", ""),
        blackout("2020-11-05T19:00:00Z", "2020-11-05T19:30:00.5Z", "second"),
    ];
    assert_eq!(rule.blackouts, expected);
    let policy = Policy {
        effect: Lanes::CLOSE,
        release: Release::Latched,
        cooldown_for: Duration::from_secs(300),
        cooldown_effect: CooldownEffect::Denies(Lanes::NO_NEW),
        reset_authority: Authority::Admin,
        severity: 0.5,
        shadow: true,
        ..Kind::TimeBased.default_policy()
    };
    assert_eq!(spec.policy, policy);
}

#[test]
fn mistakes_say_what_was_found_and_what_is_allowed() {
    let local = "local times such as 2020-03-18T13:55:00, without quotes and without an offset";
    let at = "breaker \"b\": blackout 1:";
    let blackout = |from: &str, to: &str| format!("blackout = [{{from={from},to={to},reason=\"x\"}}]");
    for (keys, expected) in [
        (
            "blackout = [{}]".to_owned(),
            format!(
                "6:13: {at} from is missing, allowed are local times such as 2020-03-18T13:55:00\n\
                 6:13: {at} reason is missing, allowed are texts of at most 128 bytes, without control characters\n\
                 6:13: {at} to is missing, allowed are local times such as 2020-03-18T13:55:00"
            ),
        ),
        (
            blackout("\"13:00\"", "2020-03-18T14:00:00"),
            format!("6:19: {at} from: found a string \"13:00\", allowed are {local}"),
        ),
        (
            blackout("2020-03-18", "2020-03-18T14:00:00Z"),
            format!(
                "6:19: {at} from: found 2020-03-18, allowed are {local}\n\
                 6:33: {at} to: found 2020-03-18T14:00:00Z, allowed are {local}"
            ),
        ),
        (
            blackout("2020-03-18T14:00:00", "2020-03-18T14:00:00"),
            format!("6:42: {at} to: is not after from; allowed are local times after that"),
        ),
        (
            blackout("2020-02-29T14:00:00", "2020-12-01T00:00:00"),
            format!(
                "6:19: {at} from: found 2020-02-29, allowed are times of the calendar's days, 2020-03-01 to 2020-11-30\n\
                 6:42: {at} to: found 2020-12-01, allowed are times of the calendar's days, 2020-03-01 to 2020-11-30"
            ),
        ),
        (
            blackout("2020-03-08T02:30:00", "2020-03-08T04:00:00"),
            format!(
                "6:19: {at} from: 02:30 on 2020-03-08 in America/New_York does not exist: the clocks go forward over it"
            ),
        ),
        (
            blackout("2020-10-31T14:00:00", "2020-11-01T01:30:00"),
            format!("6:42: {at} to: 01:30 on 2020-11-01 in America/New_York exists twice: the clocks go back over it"),
        ),
        (
            format!("blackout = [{{from=2020-03-18T14:00:00,to=2020-03-18T14:00:01,reason=\"{}\"}}]", "x".repeat(129)),
            format!(
                "6:69: {at} reason: found \"{}...\", allowed are texts of at most 128 bytes, without control characters",
                "x".repeat(40)
            ),
        ),
        (
            "blackout = 5".into(),
            "6:12: breaker \"b\": blackout: found an integer 5, allowed are tables [[breaker.blackout]]".into(),
        ),
        (
            "release = \"timed\"".into(),
            "6:11: breaker \"b\": release: found \"timed\", allowed are \"level\", \"latched\"".into(),
        ),
        (
            "watch = \"y\"\nlimit = 1\non_stale = \"trip\"\nhalt_for = \"1m\"\nmax_auto_resets = 1".into(),
            "6:1: breaker \"b\": watch is not allowed: it goes by the clock and hears no feed\n\
             7:1: breaker \"b\": limit is not allowed: it goes by the clock and hears no feed\n\
             8:1: breaker \"b\": on_stale is not allowed: it goes by the clock and hears no feed\n\
             9:1: breaker \"b\": halt_for is not allowed: it ends with the bell, or by hand\n\
             10:1: breaker \"b\": max_auto_resets is not allowed: it ends with the bell, or by hand"
                .into(),
        ),
    ] {
        let found = of_breaker_with_calendar("time_based", &keys).join("\n");
        // The length of an excerpt is not this test's business.
        let start = expected.split("...").next().unwrap();
        assert!(found == expected || (expected.contains("...") && found.starts_with(start)), "{keys}\n{found}");
    }
    let found = of_breaker("time_based", "");
    assert_eq!(found, ["1:1: breaker \"b\": calendar is missing, allowed are names of a [[calendar]]"]);
}

#[test]
fn blackouts_that_overlap_are_named_at_the_later_one_in_the_file() {
    let one = |from, to| format!("[[breaker.blackout]]\nfrom = {from}\nto = {to}\nreason = \"x\"\n");
    let (noon, one_o_clock, two) = ("2020-03-18T12:00:00", "2020-03-18T13:00:00", "2020-03-18T14:00:00");
    let half_past = "2020-03-18T12:30:00";
    for (first, second) in [((noon, one_o_clock), (half_past, two)), ((half_past, two), (noon, one_o_clock))] {
        let keys = one(first.0, first.1) + &one(second.0, second.1);
        assert_eq!(
            of_breaker_with_calendar("time_based", &keys),
            [
                "11:8: breaker \"b\": blackout 2: from: overlaps the blackout at line 7, column 8; allowed are blackouts \
                 without overlap"
            ]
        );
    }
    let in_turn = config(&(one(one_o_clock, two) + &one(noon, one_o_clock)));
    assert!(System::manual(in_turn.plan, Nanos(0)).is_ok(), "one may follow upon the other");
}

#[test]
fn a_blackout_where_nothing_is_traded_anyway_is_worth_a_word() {
    let warnings = |from, to| {
        let keys = format!("[[breaker.blackout]]\nfrom = {from}\nto = {to}\nreason = \"x\"\n");
        config(&keys).warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        warnings("2020-03-18T16:30:00", "2020-03-19T09:30:00"),
        [
            "f:7:8: breaker \"b\": blackout 1: from: this blackout lies outside of every session, where nothing is traded \
             anyway"
        ]
    );
    // The bell belongs to the session.
    for (from, to) in
        [("2020-03-18T16:00:00", "2020-03-19T09:30:00"), ("2020-03-18T17:00:00", "2020-03-19T09:30:00.000000001")]
    {
        assert!(warnings(from, to).is_empty(), "{from} {to}");
    }
}

/// A market that is open on Sundays from 00:30 to 23:30 by the clock on the wall, blacked out from `from` to `to`.
fn sundays(zone: &str, from: &str, to: &str) -> Config {
    let text = format!(
        "[[breaker]]\nname = \"b\"\nscope = \"X\"\nkind = \"time_based\"\ncalendar = \"c\"\n\
         [[breaker.blackout]]\nfrom = {from}\nto = {to}\nreason = \"x\"\n\
         [[calendar]]\nname = \"c\"\ntimezone = {zone:?}\nfrom = 2020-01-01\nto = 2020-12-31\n\
         sessions = {{ sun = [\"00:30\", \"23:30\"] }}\n"
    );
    parse(&text, "f").unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

#[test]
fn days_of_23_and_25_hours_are_right_to_the_nanosecond() {
    // The session, the blackout over the change of the clocks, each with its boundaries in UTC.
    for (zone, blackout, boundaries) in [
        // 8 March: at two it is three; the day has 23 hours, the session 22, the blackout 1.
        (
            "America/New_York",
            ("2020-03-08T01:30:00", "2020-03-08T03:30:00"),
            ["2020-03-08T05:30:00Z", "2020-03-08T06:30:00Z", "2020-03-08T07:30:00Z", "2020-03-09T03:30:00Z"],
        ),
        // 1 November: at two it is one again; 25 hours, 24, and 4 for one from half past midnight to half past three.
        (
            "America/New_York",
            ("2020-11-01T00:45:00", "2020-11-01T03:45:00"),
            ["2020-11-01T04:30:00Z", "2020-11-01T04:45:00Z", "2020-11-01T08:45:00Z", "2020-11-02T04:30:00Z"],
        ),
        // 29 March: at one it is two.
        (
            "Europe/London",
            ("2020-03-29T00:45:00", "2020-03-29T02:45:00"),
            ["2020-03-29T00:30:00Z", "2020-03-29T00:45:00Z", "2020-03-29T01:45:00Z", "2020-03-29T22:30:00Z"],
        ),
        // 25 October: at two it is one again.
        (
            "Europe/London",
            ("2020-10-25T00:45:00", "2020-10-25T02:45:00"),
            ["2020-10-24T23:30:00Z", "2020-10-24T23:45:00Z", "2020-10-25T02:45:00Z", "2020-10-25T23:30:00Z"],
        ),
        // 4 October, in the other half of the world: at two it is three.
        (
            "Australia/Sydney",
            ("2020-10-04T01:30:00", "2020-10-04T03:30:00"),
            ["2020-10-03T14:30:00Z", "2020-10-03T15:30:00Z", "2020-10-03T16:30:00Z", "2020-10-04T12:30:00Z"],
        ),
    ] {
        let plan = sundays(zone, blackout.0, blackout.1).plan;
        let [open, from, to, close] = boundaries.map(utc);
        let system = System::manual(plan, open - Duration::from_secs(3_600)).unwrap();
        let gate = system.gate(&["X"]).unwrap();
        let trades = |at| {
            system.advance(at);
            gate.permits(Intent::Increase)
        };
        assert_eq!([open - TICK, open].map(trades), [false, true], "{zone} {blackout:?}");
        assert_eq!([from - TICK, from].map(trades), [true, false], "{zone} {blackout:?}");
        assert_eq!([to - TICK, to].map(trades), [false, true], "{zone} {blackout:?}");
        assert_eq!([close, close + TICK].map(trades), [true, false], "{zone} {blackout:?}");
    }
}

#[test]
fn holidays_early_closes_and_the_calendar_s_end_are_the_clock_s_too() {
    let text = format!(
        "[[breaker]]\nname = \"b\"\nscope = \"\"\nkind = \"time_based\"\ncalendar = \"us\"\n{}",
        calendar("holidays = [2020-11-26]\nearly_closes = [{ date = 2020-11-27, close = \"13:00\" }]")
    );
    let plan = parse(&text, "f").unwrap().plan;
    let system = System::manual(plan.clone(), utc("2020-11-25T20:00:00Z")).unwrap();
    let gate = system.gate(&[]).unwrap();
    let told = |at: &str| {
        system.advance(utc(at));
        let denial = gate.explain(gate.check());
        (gate.permits(Intent::Increase), denial.until)
    };
    assert_eq!(told("2020-11-25T21:00:00.000000001Z"), (false, Some(utc("2020-11-27T14:30:00Z"))));
    assert!(!told("2020-11-26T16:00:00Z").0, "Thanksgiving");
    assert!(told("2020-11-27T18:00:00Z").0);
    assert_eq!(told("2020-11-27T18:00:00.000000001Z"), (false, Some(utc("2020-11-30T14:30:00Z"))));
    assert!(told("2020-11-30T21:00:00Z").0);
    assert_eq!(told("2020-12-01T16:00:00Z"), (false, None));
    assert_eq!(gate.explain(gate.check()).reason, Reason::CalendarEnded);
    for (outside, reason) in
        [("2019-06-03T16:00:00Z", Reason::OutOfSession), ("2021-06-03T16:00:00Z", Reason::CalendarEnded)]
    {
        let system = System::manual(plan.clone(), utc(outside)).unwrap();
        let gate = system.gate(&[]).unwrap();
        assert_eq!(gate.explain(gate.check()).reason, reason, "a year that the calendar does not speak of");
    }
}
