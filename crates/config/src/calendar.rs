//! `[[calendar]]`: local hours, holidays and early closes, compiled to UTC.
//!
//! A bell at a local time that does not exist on some day, or exists twice, is a mistake: nobody can say what it
//! means. Everything else about days of 23 and 25 hours is the time-zone library's business.

use core::ops::RangeInclusive;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use haltline::{Date, Deadline, Nanos, Session, Sessions};
use jiff::civil::{self, Time};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use crate::Calendar;
use crate::item::{Item, session_date};
use crate::names::Names;
use crate::scalar::{did_you_mean, excerpt};
use crate::system::Files;
use crate::table::Table;

/// Only what is built in: one file means the same on every machine.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAYS_ALLOWED: &str = "mon, tue, wed, thu, fri, sat, sun and ranges such as mon-fri";
const HOURS_ALLOWED: &str = "pairs of an open and a close such as [\"09:30\", \"16:00\"]";

/// The calendars of all files.
pub(crate) struct Markets {
    /// By name; `None` for one with mistakes, which nobody must report as unknown.
    named: BTreeMap<String, Option<Market>>,
    /// Whether all that is included could be read. Otherwise one that is not known may be in what could not.
    pub(crate) whole: bool,
}

impl Markets {
    pub(crate) fn get(&self, name: &str) -> Option<&Option<Market>> {
        self.named.get(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.named.keys()
    }

    /// Those without mistakes, as others see them.
    pub(crate) fn compiled(self) -> BTreeMap<String, Calendar> {
        self.named.into_iter().filter_map(|(name, market)| Some((name, market?.calendar))).collect()
    }
}

/// A compiled calendar, and what it was made from.
pub(crate) struct Market {
    pub(crate) calendar: Calendar,
    zone: TimeZone,
    dates: RangeInclusive<civil::Date>,
    early: BTreeSet<Date>,
}

impl Market {
    pub(crate) fn sessions(&self) -> &Arc<Sessions> {
        &self.calendar.sessions
    }

    /// The days that it speaks of.
    pub(crate) fn dates(&self) -> &RangeInclusive<civil::Date> {
        &self.dates
    }

    /// A local time in UTC.
    ///
    /// # Errors
    /// Why there is no such time, or more than one.
    pub(crate) fn instant(&self, local: civil::DateTime) -> Result<Nanos, String> {
        instant(&self.zone, local)
    }

    /// How long the longest session is.
    pub(crate) fn longest(&self) -> Duration {
        self.sessions().as_slice().iter().map(|s| s.close - s.open).max().unwrap_or_default()
    }

    /// The sessions that close at their regular time.
    pub(crate) fn regular(&self) -> impl Iterator<Item = &Session> {
        self.sessions().as_slice().iter().filter(|s| !self.early.contains(&s.date))
    }

    /// How long after the open a time of day is, if that is the same in every session.
    ///
    /// # Errors
    /// The first session in which it is not.
    pub(crate) fn after_open(&self, time: Time) -> Result<Duration, Date> {
        match self.by_open(time)? {
            Deadline::AfterOpen(after) => Ok(after),
            Deadline::BeforeOpen(_) => Err(self.sessions().as_slice().first().map_or_else(Date::default, |s| s.date)),
        }
    }

    /// How far from the open a time of day is, if that is the same in every session.
    ///
    /// # Errors
    /// The first session in which it is not.
    pub(crate) fn by_open(&self, time: Time) -> Result<Deadline, Date> {
        let by_open = |session: &Session| {
            let open = self.local(session.open)?;
            let at = self.zone.to_ambiguous_timestamp(open.date().to_datetime(time)).unambiguous().ok()?;
            nanos(at).map(|at| match at < session.open {
                true => Deadline::BeforeOpen(session.open - at),
                false => Deadline::AfterOpen(at - session.open),
            })
        };
        let mut common = None;
        for session in self.sessions().as_slice() {
            match (by_open(session), common) {
                (Some(d), None) => common = Some(d),
                (Some(d), Some(same)) if d == same => {}
                _ => return Err(session.date),
            }
        }
        Ok(common.unwrap_or(Deadline::AfterOpen(Duration::ZERO)))
    }

    fn local(&self, at: Nanos) -> Option<civil::DateTime> {
        let at = jiff::Timestamp::from_nanosecond(i128::from(at.0)).ok()?;
        Some(self.zone.to_datetime(at))
    }
}

/// Reads all `[[calendar]]` tables of all files.
pub(crate) fn read(files: &Files<'_>) -> Markets {
    let mut named = BTreeMap::new();
    let mut names = Names::of("calendar");
    let items = files.all().filter_map(|file| file.optional("calendar"));
    let tables = items.filter_map(|i| i.tables(|n| format!("calendar {n}"), "tables [[calendar]]"));
    for table in tables.flatten() {
        let (table, name) = names.claim(table);
        let market = market(&table);
        table.finish();
        if let Some(name) = name {
            named.insert(name, market);
        }
    }
    Markets { named, whole: files.whole }
}

fn market(table: &Table<'_>) -> Option<Market> {
    let zone = table.required("timezone", "IANA names such as \"America/New_York\"").and_then(zone);
    let dates = dates(table);
    let week = week(table);
    let holidays = holidays(table, dates.as_ref());
    let early = early_closes(table);
    let (zone, dates, week, holidays, early) = (zone?, dates?, week?, holidays?, early?);
    let draft = Draft { table, zone, dates, week, holidays, early };
    if draft.early_closes_fit() { draft.compile() } else { None }
}

fn zone(item: Item<'_, '_>) -> Option<TimeZone> {
    let name = item.string("IANA names such as \"America/New_York\"")?;
    ZONES.get(name).ok().or_else(|| {
        let known: Vec<String> = ZONES.available().map(|zone| zone.to_string()).collect();
        let hint = did_you_mean(name, known.iter().map(String::as_str));
        item.refuse(&format!("IANA names such as \"America/New_York\"{hint}"))
    })
}

fn dates(table: &Table<'_>) -> Option<RangeInclusive<civil::Date>> {
    let date = |key| table.required(key, "dates such as 2020-12-31").and_then(|item| Some((item, item.date()?)));
    let (from, to) = (date("from"), date("to"));
    let ((_, from), (item, to)) = (from?, to?);
    if to < from {
        return item.refuse(&format!("dates not before from ({from})"));
    }
    Some(from..=to)
}

/// The hours of one weekday, and where they stand in the file.
#[derive(Clone, Copy)]
struct Hours {
    open: Time,
    close: Time,
    at: usize,
}

type Week = [Option<Hours>; 7];

/// Reads `sessions = { mon-thu = [..], fri = [..] }`.
fn week(table: &Table<'_>) -> Option<Week> {
    let item = table.required("sessions", "tables of days such as { mon-fri = [\"09:30\", \"16:00\"] }")?;
    let days = item.table(table.label().into(), "tables of days such as { mon-fri = [\"09:30\", \"16:00\"] }")?;
    let mut week = Week::default();
    let mut sound = true;
    for (key, key_at, item) in days.entries("sessions") {
        let Some(range) = day_range(key) else {
            let hint = did_you_mean(key, DAYS);
            let text = format!("sessions: unknown day {}, allowed are {DAYS_ALLOWED}{hint}", excerpt(key));
            days.log().wrong(key_at, days.message(&text));
            sound = false;
            continue;
        };
        let hours = hours(item);
        sound &= hours.is_some();
        for day in range {
            // The key that stands later in the file is the one that is too much; the table is sorted by name.
            if let (Some(first), Some(second)) = (week[day], hours) {
                let place = days.log().place(first.at.min(second.at));
                let text = format!("sessions: {} has its hours already at {place}", DAYS[day]);
                days.log().wrong(first.at.max(second.at), days.message(&text));
                sound = false;
            }
            week[day] = hours.or(week[day]);
        }
    }
    if sound && week.iter().all(Option::is_none) {
        return item.complain(&format!("found no day, allowed are {DAYS_ALLOWED}"));
    }
    sound.then_some(week)
}

/// `mon` or `mon-fri`, as indices of the week.
fn day_range(key: &str) -> Option<RangeInclusive<usize>> {
    let day = |name: &str| DAYS.iter().position(|day| *day == name);
    match key.split_once('-') {
        None => day(key).map(|d| d..=d),
        Some((from, to)) => Some(day(from)?..=day(to)?).filter(|range| range.start() < range.end()),
    }
}

fn hours(item: Item<'_, '_>) -> Option<Hours> {
    let pair = item.elements(HOURS_ALLOWED)?;
    let [open, close] = pair.as_slice() else {
        return item.complain(&format!("found an array of {}, allowed are {HOURS_ALLOWED}", pair.len()));
    };
    let (open_time, close_time) = (open.time(), close.time());
    let hours = Hours { open: open_time?, close: close_time?, at: item.at() };
    if hours.close <= hours.open {
        return close.refuse(&format!("times after the open ({})", short(hours.open)));
    }
    Some(hours)
}

/// A time of day as it is written in a file.
fn short(time: Time) -> String {
    if time.second() == 0 { format!("{:02}:{:02}", time.hour(), time.minute()) } else { time.to_string() }
}

fn holidays(table: &Table<'_>, dates: Option<&RangeInclusive<civil::Date>>) -> Option<BTreeSet<civil::Date>> {
    let Some(item) = table.optional("holidays") else { return Some(BTreeSet::new()) };
    let mut days = BTreeSet::new();
    let mut sound = true;
    for item in item.elements("arrays of dates such as [2020-12-25]")? {
        let Some(day) = item.date() else {
            sound = false;
            continue;
        };
        if let Some(range) = dates.filter(|range| !range.contains(&day)) {
            item.wrong(&format!("found {day}, allowed are dates from {} to {}", range.start(), range.end()));
        }
        if !days.insert(day) {
            item.wrong(&format!("{day} is already in the list"));
        }
    }
    sound.then_some(days)
}

/// An early close, and where its parts stand in the file.
struct EarlyClose {
    time: Time,
    date_at: usize,
    time_at: usize,
}

type EarlyCloses = BTreeMap<civil::Date, EarlyClose>;

fn early_closes(table: &Table<'_>) -> Option<EarlyCloses> {
    let mut closes = EarlyCloses::new();
    let Some(item) = table.optional("early_closes") else { return Some(closes) };
    let label = |n| format!("{}: early_closes {n}", table.label());
    let mut sound = true;
    for entry in item.tables(label, "arrays of tables such as [{ date = 2020-12-24, close = \"13:00\" }]")? {
        let date = entry.required("date", "dates such as 2020-12-24").and_then(|i| Some((i.at(), i.date()?)));
        let close = entry.required("close", "times such as \"13:00\"").and_then(|i| Some((i.at(), i.time()?)));
        if let (Some((date_at, date)), Some((time_at, time))) = (date, close) {
            if closes.insert(date, EarlyClose { time, date_at, time_at }).is_some() {
                entry.log().wrong(date_at, entry.message(&format!("date: {date} is already in the list")));
            }
        } else {
            sound = false;
        }
        entry.finish();
    }
    sound.then_some(closes)
}

/// A calendar whose parts are well-formed.
struct Draft<'t, 'a> {
    table: &'t Table<'a>,
    zone: TimeZone,
    dates: RangeInclusive<civil::Date>,
    week: Week,
    holidays: BTreeSet<civil::Date>,
    early: EarlyCloses,
}

impl Draft<'_, '_> {
    fn hours(&self, date: civil::Date) -> Option<Hours> {
        // Both count the days of a week from Monday.
        self.week.get(date.weekday().to_monday_zero_offset().unsigned_abs() as usize).copied().flatten()
    }

    fn wrong(&self, at: usize, text: &str) {
        self.table.log().wrong(at, self.table.message(text));
    }

    fn early_closes_fit(&self) -> bool {
        let mut fit = true;
        for (date, early) in &self.early {
            let wrong = match self.hours(*date) {
                _ if !self.dates.contains(date) => {
                    let (from, to) = (self.dates.start(), self.dates.end());
                    Some((early.date_at, format!("{date} is not between from ({from}) and to ({to})")))
                }
                _ if self.holidays.contains(date) => Some((early.date_at, format!("{date} is a holiday"))),
                None => Some((early.date_at, format!("{date} has no session on its day of the week"))),
                Some(hours) if early.time <= hours.open || early.time >= hours.close => {
                    let (found, open, close) = (short(early.time), short(hours.open), short(hours.close));
                    let allowed = format!("times between the open ({open}) and the close ({close})");
                    Some((early.time_at, format!("found {found:?}, allowed are {allowed}")))
                }
                Some(_) => None,
            };
            if let Some((at, why)) = wrong {
                self.wrong(at, &format!("early_closes: {why}"));
                fit = false;
            }
        }
        fit
    }

    fn compile(&self) -> Option<Market> {
        let mut list = Vec::new();
        let mut reported = BTreeSet::new();
        let mut next = Some(*self.dates.start());
        while let Some(date) = next.filter(|date| self.dates.contains(date)) {
            next = date.tomorrow().ok();
            let Some(hours) = self.hours(date).filter(|_| !self.holidays.contains(&date)) else { continue };
            let (close, close_at) = self.early.get(&date).map_or((hours.close, hours.at), |e| (e.time, e.time_at));
            let bells = (self.bell(date, hours.open), self.bell(date, close));
            match bells {
                (Ok(open), Ok(close)) => list.push(Session { date: session_date(date), open, close }),
                (open, close) => {
                    for (bell, at) in [(open, hours.at), (close, close_at)] {
                        // One finding a day of the week: the same hour is missing each year.
                        if let Some(why) = bell.err().filter(|_| reported.insert(at)) {
                            self.wrong(at, &format!("sessions: {why}"));
                        }
                    }
                }
            }
        }
        self.finish(list).filter(|_| reported.is_empty())
    }

    fn finish(&self, list: Vec<Session>) -> Option<Market> {
        if list.is_empty() {
            self.wrong(self.table.at(), "no session between from and to, allowed are calendars with at least one");
            return None;
        }
        let sessions = Sessions::new(list).map_err(|error| self.wrong(self.table.at(), &error.to_string())).ok()?;
        let time_zone = self.zone.iana_name().unwrap_or("UTC").to_owned();
        let calendar = Calendar { time_zone, sessions: Arc::new(sessions) };
        let early = self.early.keys().copied().map(session_date).collect();
        Some(Market { calendar, zone: self.zone.clone(), dates: self.dates.clone(), early })
    }

    fn bell(&self, date: civil::Date, time: Time) -> Result<Nanos, String> {
        instant(&self.zone, date.to_datetime(time))
    }
}

/// A local time in UTC, or why there is none.
fn instant(zone: &TimeZone, local: civil::DateTime) -> Result<Nanos, String> {
    let at = zone.to_ambiguous_timestamp(local);
    let why = match at.offset() {
        AmbiguousOffset::Unambiguous { .. } => "is out of range",
        AmbiguousOffset::Gap { .. } => "does not exist: the clocks go forward over it",
        AmbiguousOffset::Fold { .. } => "exists twice: the clocks go back over it",
    };
    let at = at.unambiguous().ok().and_then(nanos);
    at.ok_or_else(|| {
        format!("{} on {} in {} {why}", short(local.time()), local.date(), zone.iana_name().unwrap_or("UTC"))
    })
}

fn nanos(at: jiff::Timestamp) -> Option<Nanos> {
    u64::try_from(at.as_nanosecond()).ok().map(Nanos)
}
