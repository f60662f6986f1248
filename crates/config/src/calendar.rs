//! `[[calendar]]`: local hours, holidays and early closes, compiled to UTC.
//!
//! A session bears the date of its close; its open may be on the day before.
//!
//! A bell at a local time that does not exist on some day, or exists twice, is a mistake: nobody can say what it
//! means. Everything else about days of 23 and 25 hours is the time-zone library's business.

use core::ops::RangeInclusive;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use haltline::{Date, Deadline, Nanos, Session, Sessions};
use jiff::ToSpan;
use jiff::civil::{self, Time};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use crate::Calendar;
use crate::hours::{Bell, Hours, Week, short, week};
use crate::item::{Item, session_date};
use crate::names::Names;
use crate::scalar::did_you_mean;
use crate::system::Files;
use crate::table::Table;

/// Only what is built in: one file means the same on every machine.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

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
    week: Week,
    early: BTreeSet<Date>,
}

impl Market {
    pub(crate) fn sessions(&self) -> &Arc<Sessions> {
        &self.calendar.sessions
    }

    /// The days that it speaks of, with that on which the first session opens.
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
    /// Where it is not, in words.
    pub(crate) fn after_open(&self, time: Time) -> Result<Duration, String> {
        match self.by_open(time)? {
            Deadline::AfterOpen(after) => Ok(after),
            Deadline::BeforeOpen(_) => Err(not_so_on(self.sessions().as_slice().first())),
        }
    }

    /// How far from the open a time of day is, if that is the same in every session. In a session that opens on the day
    /// before, a time up to the regular close is that of its date, a later one that of the day before.
    ///
    /// # Errors
    /// Where it is not, in words.
    pub(crate) fn by_open(&self, time: Time) -> Result<Deadline, String> {
        let mut common = None;
        for session in self.sessions().as_slice() {
            let hours = civil_date(session.date).and_then(|date| Some((date, self.week.hours(date)?)));
            if hours.is_some_and(|(_, hours)| hours.has_twice(time)) {
                return Err(format!("twice in the session of {}", session.date));
            }
            let by_open = || {
                let (date, hours) = hours?;
                let at = instant(&self.zone, hours.bell(time).on(date)?).ok()?;
                Some(match at < session.open {
                    true => Deadline::BeforeOpen(session.open - at),
                    false => Deadline::AfterOpen(at - session.open),
                })
            };
            match (by_open(), common) {
                (Some(d), None) => common = Some(d),
                (Some(d), Some(same)) if d == same => {}
                _ => return Err(not_so_on(Some(session))),
            }
        }
        Ok(common.unwrap_or(Deadline::AfterOpen(Duration::ZERO)))
    }
}

fn not_so_on(session: Option<&Session>) -> String {
    format!("not so on {}", session.map_or_else(Date::default, |session| session.date))
}

fn civil_date(date: Date) -> Option<civil::Date> {
    let part = |part: u32| i8::try_from(part % 100).ok();
    civil::Date::new(i16::try_from(date.0 / 10_000).ok()?, part(date.0 / 100)?, part(date.0)?).ok()
}

/// Reads all `[[calendar]]` tables of all files.
pub(crate) fn read(files: &Files<'_>) -> Markets {
    let mut named = Named::new();
    let mut borrowing = Vec::new();
    let mut names = Names::of("calendar");
    let items = files.all().filter_map(|file| file.optional("calendar"));
    let tables = items.filter_map(|i| i.tables(|n| format!("calendar {n}"), "tables [[calendar]]"));
    for table in tables.flatten() {
        let (table, name) = names.claim(table);
        if table.has(DATES_OF) {
            borrowing.push((table, name));
            continue;
        }
        let market = market(&table, own_days(&table));
        table.finish();
        named.extend(name.map(|name| (name, market)));
    }
    // Only then: the days of each calendar that has its own are known.
    let borrowed = borrowing.into_iter().filter_map(|(table, name)| {
        let market = market(&table, days_of(&table, &named, files.whole));
        table.finish();
        Some((name?, market))
    });
    let borrowed: Vec<_> = borrowed.collect();
    named.extend(borrowed);
    Markets { named, whole: files.whole }
}

/// The key that takes the days of another calendar.
const DATES_OF: &str = "dates_of";

/// Calendars by name; `None` for one with mistakes.
type Named = BTreeMap<String, Option<Market>>;

/// From when to when, and the days between that have no session.
struct Days {
    dates: RangeInclusive<civil::Date>,
    holidays: BTreeSet<civil::Date>,
    /// Where the last of them is written.
    end_at: usize,
}

fn own_days(table: &Table<'_>) -> Option<Days> {
    let dates = dates(table);
    let holidays = holidays(table, dates.as_ref());
    Some(Days { dates: dates?, holidays: holidays?, end_at: table.optional("to")?.at() })
}

/// Those on which another calendar has a session, which has its own.
fn days_of(table: &Table<'_>, named: &Named, whole: bool) -> Option<Days> {
    const ALLOWED: &str = "names of a [[calendar]] that has from and to";
    table.refuse(&["from", "to", "holidays"], "dates_of says on which days there are sessions");
    let item = table.optional(DATES_OF)?;
    let name = item.string(ALLOWED)?;
    let Some(market) = named.get(name) else {
        if !whole {
            return None;
        }
        let names = || named.keys().map(String::as_str);
        let known = names().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() { "this file has none".into() } else { format!("this file has {known}") };
        return item.refuse(&format!("{ALLOWED}, and {known}{}", did_you_mean(name, names())));
    };
    let market = market.as_ref()?;
    let trades: BTreeSet<Date> = market.sessions().as_slice().iter().map(|session| session.date).collect();
    let days = market.dates.start().series(1.day()).take_while(|day| day <= market.dates.end());
    let holidays = days.filter(|day| !trades.contains(&session_date(*day))).collect();
    Some(Days { dates: market.dates.clone(), holidays, end_at: item.at() })
}

fn market(table: &Table<'_>, days: Option<Days>) -> Option<Market> {
    let zone = table.required("timezone", "IANA names such as \"America/New_York\"").and_then(zone);
    let week = week(table);
    let early = early_closes(table);
    let (zone, Days { dates, holidays, end_at }, week, early) = (zone?, days?, week?, early?);
    let draft = Draft { table, zone, dates, end_at, week, holidays, early };
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
    end_at: usize,
    week: Week,
    holidays: BTreeSet<civil::Date>,
    early: EarlyCloses,
}

impl Draft<'_, '_> {
    fn hours(&self, date: civil::Date) -> Option<Hours> {
        self.week.hours(date)
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
                Some(hours) if !hours.holds(early.time) => {
                    let (found, open, close) = (short(early.time), hours.open, hours.close);
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
            let early = self.early.get(&date);
            let (close, close_at) = early.map_or((hours.close, hours.at), |e| (Bell::same_day(e.time), e.time_at));
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
        let log = self.table.log();
        let (line, column) = log.position(self.end_at);
        let calendar = Calendar { time_zone, sessions: Arc::new(sessions), file: log.file().into(), line, column };
        let early = self.early.keys().copied().map(session_date).collect();
        let dates = self.first_day(&calendar.sessions)..=*self.dates.end();
        Some(Market { calendar, zone: self.zone.clone(), dates, week: self.week, early })
    }

    /// `from`, or the day before if the first session opens then.
    fn first_day(&self, sessions: &Sessions) -> civil::Date {
        let from = *self.dates.start();
        let date = sessions.as_slice().first().filter(|session| session.date == session_date(from));
        let open = date.and_then(|_| self.hours(from)).and_then(|hours| hours.open.on(from));
        open.map_or(from, |open| open.date())
    }

    fn bell(&self, date: civil::Date, bell: Bell) -> Result<Nanos, String> {
        let local = bell.on(date).ok_or_else(|| format!("{bell} on {date} is out of range"))?;
        instant(&self.zone, local)
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
