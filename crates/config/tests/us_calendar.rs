//! The pack `us-equities`: its data and the rules of the exchange say the same of every day.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/session.rs"]
mod session;

use haltline::Session;
use haltline_config::{load, pack, parse};
use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday, date, time};
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// Closures that follow no rule.
const MOURNING: [Date; 2] = [date(2018, 12, 5), date(2025, 1, 9)];

fn nth(year: i16, month: i8, weekday: Weekday, n: i8) -> Date {
    date(year, month, 1).nth_weekday_of_month(n, weekday).unwrap()
}

/// By the tables of Gauss, as Meeus and others give them.
fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - b / 4 - g + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    date(year, i8::try_from(n / 31).unwrap(), i8::try_from(n % 31 + 1).unwrap())
}

/// A fixed day as it is kept: a Sunday on Monday, a Saturday on Friday.
fn kept(day: Date) -> Date {
    match day.weekday() {
        Weekday::Sunday => day.tomorrow().unwrap(),
        Weekday::Saturday => day.yesterday().unwrap(),
        _ => day,
    }
}

fn holidays(year: i16) -> Vec<Date> {
    let new_year = date(year, 1, 1);
    let mut days = vec![
        nth(year, 1, Weekday::Monday, 3),
        nth(year, 2, Weekday::Monday, 3),
        easter(year).checked_sub(2.days()).unwrap(),
        nth(year, 5, Weekday::Monday, -1),
        kept(date(year, 7, 4)),
        nth(year, 9, Weekday::Monday, 1),
        nth(year, 11, Weekday::Thursday, 4),
        kept(date(year, 12, 25)),
    ];
    // The Friday before would be in the old year, whose books it ends.
    days.extend(Some(new_year).filter(|day| day.weekday() != Weekday::Saturday).map(kept));
    days.extend((year >= 2022).then(|| kept(date(year, 6, 19))));
    days.extend(MOURNING.into_iter().filter(|day| day.year() == year));
    days
}

fn early_closes(year: i16) -> Vec<Date> {
    let eve = |month, day| {
        let holiday = date(year, month, day);
        let before = holiday.yesterday().unwrap();
        let late = [Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
        late.contains(&holiday.weekday()).then_some(before)
    };
    let after_thanksgiving = nth(year, 11, Weekday::Thursday, 4).tomorrow().unwrap();
    [eve(7, 4), Some(after_thanksgiving), eve(12, 25)].into_iter().flatten().collect()
}

/// All sessions of the years, by the rules: the day, the open, the close.
fn by_the_rules(years: impl Iterator<Item = i16>, open: Time, close: Time, early: Time) -> Vec<(Date, Time, Time)> {
    let mut sessions = Vec::new();
    for year in years {
        let (holidays, early_closes) = (holidays(year), early_closes(year));
        for day in date(year, 1, 1).series(1.day()).take_while(|day| day.year() == year) {
            let weekend = [Weekday::Saturday, Weekday::Sunday].contains(&day.weekday());
            if !weekend && !holidays.contains(&day) {
                sessions.push((day, open, if early_closes.contains(&day) { early } else { close }));
            }
        }
    }
    sessions
}

fn sessions() -> Vec<Session> {
    let text = "include = [\"us-equities\"]\n[[breaker]]\nname = \"b\"\nkind = \"manual\"\nscope = \"\"\n";
    let config = parse(text, "f").unwrap_or_else(|mistakes| panic!("{mistakes}"));
    config.calendars["us-equities"].sessions.as_slice().to_vec()
}

fn on_the_wall(session: &Session, zone: &TimeZone) -> (Date, Time, Time) {
    let local = |at: haltline::Nanos| zone.to_datetime(jiff::Timestamp::from_nanosecond(i128::from(at.0)).unwrap());
    let (open, close) = (local(session.open), local(session.close));
    assert_eq!((session::day(open.date()), session::day(close.date())), (session.date, session.date));
    (open.date(), open.time(), close.time())
}

fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).unwrap()
}

#[test]
fn rules_and_data_agree_on_every_day_from_2013_to_2027() {
    let told: Vec<_> = sessions().iter().map(|session| on_the_wall(session, &zone("America/New_York"))).collect();
    let ruled = by_the_rules(2013..=2027, time(9, 30, 0, 0), time(16, 0, 0, 0), time(13, 0, 0, 0));
    for (told, ruled) in told.iter().zip(&ruled) {
        assert_eq!(told, ruled);
    }
    assert_eq!(told.len(), ruled.len());
}

#[test]
fn each_year_has_as_many_sessions_as_it_had() {
    let sessions = sessions();
    let of_year = |year: u32| sessions.iter().filter(|session| session.date.0 / 10_000 == year).count();
    let had = [252, 252, 252, 252, 251, 251, 252, 253, 252, 251, 250, 252, 250];
    assert_eq!((2013..=2025).map(of_year).collect::<Vec<_>>(), had);
}

#[test]
fn days_that_are_easily_got_wrong() {
    let sessions = sessions();
    let trades = |day| sessions.iter().any(|session| session.date == session::day(day));
    assert!(trades(date(2021, 12, 31)), "New Year 2022 was a Saturday, and not kept");
    assert!(trades(date(2021, 6, 18)), "Juneteenth was not kept before 2022");
    assert!(!trades(date(2022, 6, 20)), "a Sunday, kept on Monday");
    assert!(!trades(date(2027, 6, 18)) && !trades(date(2027, 12, 24)), "Saturdays, kept on Friday");
    assert!(!trades(date(2018, 12, 5)) && !trades(date(2025, 1, 9)), "days of mourning");
    let early = |day| sessions.iter().any(|s| s.date == session::day(day) && (s.close - s.open).as_secs() == 12_600);
    assert!(early(date(2025, 7, 3)) && early(date(2023, 7, 3)) && early(date(2026, 12, 24)));
    assert!(!early(date(2022, 7, 1)) && !early(date(2021, 12, 23)), "the holiday itself is kept on the eve");
    assert!(trades(date(2020, 7, 2)) && !early(date(2020, 7, 2)));
}

#[test]
fn the_scenario_s_own_list_says_the_same_of_its_years() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/us-equities.toml");
    let scenario = load(&file).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let scenario = scenario.calendars["us-equities"].sessions.as_slice();
    assert_eq!(sessions()[..scenario.len()], *scenario);
}

#[test]
fn the_nights_of_chicago_lead_to_the_days_of_new_york() {
    let config =
        parse(&pack("cme-equity-overnight").unwrap().example(), "f").unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let nights = config.calendars["cme-equity-overnight"].sessions.as_slice();
    let dates = |sessions: &[Session]| sessions.iter().map(|session| session.date).collect::<Vec<_>>();
    assert_eq!(dates(nights), dates(&sessions()));
    for night in nights {
        let zone = zone("America/Chicago");
        let local = |at: haltline::Nanos| zone.to_datetime(jiff::Timestamp::from_nanosecond(i128::from(at.0)).unwrap());
        let (open, close) = (local(night.open), local(night.close));
        assert_eq!((open.date().tomorrow().unwrap(), open.time()), (close.date(), time(17, 0, 0, 0)));
        assert_eq!((session::day(close.date()), close.time()), (night.date, time(8, 30, 0, 0)));
    }
}

#[test]
fn the_hours_of_chicago_are_those_of_new_york() {
    let pack = pack("cme-equity").unwrap();
    let config = parse(&pack.example(), "f").unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let sessions = &config.plan.breakers[0].rule.ladder().unwrap().sessions;
    let told: Vec<_> =
        sessions.as_slice().iter().map(|session| on_the_wall(session, &zone("America/Chicago"))).collect();
    let ruled = by_the_rules(2013..=2027, time(8, 30, 0, 0), time(15, 0, 0, 0), time(12, 0, 0, 0));
    assert_eq!(told, ruled);
}
