//! The calendar and the breakers of `scenarios/us-equities.toml`.
//!
//! The oracle of the calendar is the file of daily bars: a day is a session if, and only if, it has a bar.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use haltline::{Date, Halt, HaltEnd, Nanos, Session, Sessions};
use haltline_config::{Config, load};

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

fn us_equities() -> Config {
    load(&scenarios().join("us-equities.toml")).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn session(sessions: &Sessions, year: u16, month: u8, day: u8) -> Session {
    let date = Date::new(year, month, day);
    *sessions.as_slice().iter().find(|s| s.date == date).unwrap()
}

/// Seconds since 1970 of a UTC time, by counting days.
fn utc(year: u16, month: u8, day: u8, hour: u64, minute: u64) -> Nanos {
    // True from 1901 to 2099.
    let leap = |y: u64| y.is_multiple_of(4);
    let lengths = |y: u64| [31, if leap(y) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let year = u64::from(year);
    let years: u64 = (1970..year).map(|y| lengths(y).iter().sum::<u64>()).sum();
    let months: u64 = lengths(year).iter().take(usize::from(month) - 1).sum();
    let days = years + months + u64::from(day) - 1;
    Nanos::from_secs((days * 24 + hour) * 3600 + minute * 60)
}

#[test]
fn sessions_are_exactly_the_days_with_a_bar() {
    let bars = std::fs::read_to_string(scenarios().join("data/sp500-daily-2000-2020.csv")).unwrap();
    let expected: Vec<String> = bars
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap().to_owned())
        .filter(|date| ("2013-04-05"..="2020-04-17").contains(&date.as_str()))
        .collect();
    let config = us_equities();
    let sessions = config.calendars["us-equities"].sessions.as_slice();
    let compiled: Vec<String> = sessions
        .iter()
        .filter(|s| (Date::new(2013, 4, 5)..=Date::new(2020, 4, 17)).contains(&s.date))
        .map(|s| s.date.to_string())
        .collect();
    assert_eq!(compiled.len(), 1_772);
    assert_eq!(compiled, expected);
}

#[test]
fn bells_ring_at_half_past_nine_and_four_in_new_york_in_winter_and_summer() {
    let config = us_equities();
    let calendar = &config.calendars["us-equities"];
    assert_eq!(calendar.time_zone, "America/New_York");
    let friday = session(&calendar.sessions, 2020, 3, 6);
    assert_eq!((friday.open, friday.close), (utc(2020, 3, 6, 14, 30), utc(2020, 3, 6, 21, 0)));
    let monday = session(&calendar.sessions, 2020, 3, 9);
    assert_eq!((monday.open, monday.close), (utc(2020, 3, 9, 13, 30), utc(2020, 3, 9, 20, 0)));
    let back = session(&calendar.sessions, 2020, 11, 2);
    assert_eq!(back.open, utc(2020, 11, 2, 14, 30));
}

#[test]
fn early_closes_are_at_one_and_all_other_sessions_last_six_and_a_half_hours() {
    let config = us_equities();
    let sessions = &config.calendars["us-equities"].sessions;
    let thanksgiving = session(sessions, 2020, 11, 27);
    assert_eq!(thanksgiving.close, utc(2020, 11, 27, 18, 0));
    let early = |s: &&Session| s.close - s.open == Duration::from_secs(3 * 3600 + 1800);
    assert_eq!(sessions.as_slice().iter().filter(early).count(), 19);
    let full = |s: &&Session| s.close - s.open == Duration::from_secs(6 * 3600 + 1800);
    assert_eq!(sessions.as_slice().iter().filter(full).count(), sessions.as_slice().len() - 19);
}

#[test]
fn the_ladder_is_the_one_of_the_rule() {
    let config = us_equities();
    let mwcb = &config.plan.breakers[0];
    let Some(ladder) = mwcb.rule.ladder() else { panic!("{:?}", mwcb.rule) };
    assert_eq!(mwcb.policy.halt, Halt::Ladder(ladder.clone()));
    let limits: Vec<i64> = ladder.rungs.iter().map(|rung| rung.limits.limit.raw()).collect();
    assert_eq!(limits, [70_000_000, 130_000_000, 200_000_000]);
    let full = session(&ladder.sessions, 2020, 3, 9);
    let early = session(&ladder.sessions, 2020, 11, 27);
    let (level_1, level_3) = (ladder.rungs[0].windows[0], ladder.rungs[2].windows[0]);
    assert_eq!(level_1.until.at(&full), utc(2020, 3, 9, 19, 25));
    assert_eq!(level_1.until.at(&early), utc(2020, 11, 27, 17, 25));
    assert_eq!(level_1.end, HaltEnd::After(Duration::from_secs(900)));
    assert_eq!((level_3.until.at(&full), level_3.end), (full.close, HaltEnd::NextSession));
    assert!(!ladder.in_force(Date::new(2013, 4, 5)) && ladder.in_force(Date::new(2013, 4, 8)));
}

#[test]
fn its_warnings_are_the_ones_that_its_comments_explain() {
    let warnings: Vec<String> = us_equities().warnings.into_iter().map(|w| w.message).collect();
    let silent = "on_stale: a source that falls silent is not noticed";
    let mut expected = vec![format!("breaker \"drawdown\": {silent}")];
    for (name, unusual) in
        [("dd-5", None), ("dd-15", None), ("dd-20", None), ("dd-25", Some(0.25)), ("dd-30", Some(0.3))]
    {
        expected.push(format!("breaker \"{name}\": shadow: this breaker denies nothing"));
        let told = |limit| format!("breaker \"{name}\": limit: {limit} is above 0.2, unusual for a drawdown");
        expected.extend(unusual.map(told));
        expected.push(format!("breaker \"{name}\": {silent}"));
    }
    expected.push("breaker \"loss-rate\": limit: 0.1 is above 0.05, unusual for a loss rate".into());
    expected.push(format!("breaker \"loss-rate\": {silent}"));
    expected.push("breaker \"volatility\": on_unready: orders pass before the first usable value".into());
    expected.push(format!("breaker \"volatility\": {silent}"));
    assert_eq!(warnings, expected);
}

#[test]
fn a_system_takes_the_plan() {
    let plan = us_equities().plan;
    let system = haltline::System::manual(plan.clone(), utc(2020, 2, 18, 14, 0)).unwrap();
    for spec in &plan.breakers {
        assert!(system.breaker(&spec.name).is_ok(), "{}", spec.name);
    }
    assert!(system.feed("index/SPX").is_ok() && system.feed("index/SPX/daily").is_ok());
    assert!(system.gate(&["XNYS", "acct/index-fund"]).is_ok());
}
