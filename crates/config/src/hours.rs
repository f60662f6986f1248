//! The hours of a week: when each day's session opens and closes, on the wall.

use core::fmt;
use core::ops::RangeInclusive;

use jiff::civil::{self, Time};

use crate::item::Item;
use crate::scalar::{did_you_mean, excerpt, time_of_day};
use crate::table::Table;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAYS_ALLOWED: &str = "mon, tue, wed, thu, fri, sat, sun and ranges such as mon-fri";
const HOURS_ALLOWED: &str = "pairs of an open and a close such as [\"09:30\", \"16:00\"]";
/// What an open is written with that is on the day before.
const DAY_BEFORE: &str = "-1d";

/// The day of a bell, seen from the date of its session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Day {
    Before,
    Same,
}

/// A bell on the wall.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bell {
    day: Day,
    time: Time,
}

impl Bell {
    pub(crate) fn same_day(time: Time) -> Self {
        Self { day: Day::Same, time }
    }

    /// When it rings for the session of a date; `None` for a day that is out of range.
    pub(crate) fn on(self, date: civil::Date) -> Option<civil::DateTime> {
        let day = match self.day {
            Day::Before => date.yesterday().ok()?,
            Day::Same => date,
        };
        Some(day.to_datetime(self.time))
    }
}

/// As it is written in a file.
impl fmt::Display for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", short(self.time), if self.day == Day::Before { DAY_BEFORE } else { "" })
    }
}

/// The hours of one weekday, and where they stand in the file.
#[derive(Clone, Copy)]
pub(crate) struct Hours {
    pub(crate) open: Bell,
    pub(crate) close: Bell,
    pub(crate) at: usize,
}

impl Hours {
    /// Whether a time on the session's date lies between its bells.
    pub(crate) fn holds(&self, time: Time) -> bool {
        let bell = Bell::same_day(time);
        self.open < bell && bell < self.close
    }

    /// The bell that a time of day would be: up to the close that of the session's date, later on that of the day on which
    /// it opens.
    pub(crate) fn bell(&self, time: Time) -> Bell {
        let day = if time <= self.close.time { Day::Same } else { self.open.day };
        Bell { day, time }
    }

    /// Whether a session is so long that a time of day comes twice in it.
    pub(crate) fn has_twice(&self, time: Time) -> bool {
        self.open <= Bell { day: Day::Before, time } && time <= self.close.time
    }
}

/// The hours of each day of the week.
#[derive(Clone, Copy, Default)]
pub(crate) struct Week([Option<Hours>; 7]);

impl Week {
    /// Those of a date.
    pub(crate) fn hours(&self, date: civil::Date) -> Option<Hours> {
        // Both count the days of a week from Monday.
        self.0.get(date.weekday().to_monday_zero_offset().unsigned_abs() as usize).copied().flatten()
    }
}

/// Reads `sessions = { mon-thu = [..], fri = [..] }`.
pub(crate) fn week(table: &Table<'_>) -> Option<Week> {
    let item = table.required("sessions", "tables of days such as { mon-fri = [\"09:30\", \"16:00\"] }")?;
    let days = item.table(table.label().into(), "tables of days such as { mon-fri = [\"09:30\", \"16:00\"] }")?;
    let Week(mut week) = Week::default();
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
    sound.then_some(Week(week))
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
    let (open_bell, close_time) = (opening(*open), close.time());
    let hours = Hours { open: open_bell?, close: Bell::same_day(close_time?), at: item.at() };
    if hours.close <= hours.open {
        let open = hours.open;
        let hint = format!(
            "times after the open ({open}), which is written \"{open}{DAY_BEFORE}\" if it is on the day before"
        );
        return close.refuse(&hint);
    }
    Some(hours)
}

/// A time of day, on the day before if it says so.
fn opening(item: Item<'_, '_>) -> Option<Bell> {
    const ALLOWED: &str =
        "times of day in quotes, such as \"09:30\" or \"16:00:00\", and \"17:00-1d\" for 17:00 on the day before";
    let text = item.string(ALLOWED)?;
    let (day, time) = text.strip_suffix(DAY_BEFORE).map_or((Day::Same, text), |time| (Day::Before, time));
    let time = time_of_day(time).or_else(|| item.refuse(ALLOWED));
    time.map(|time| Bell { day, time })
}

/// A time of day as it is written in a file.
pub(crate) fn short(time: Time) -> String {
    if time.second() == 0 { format!("{:02}:{:02}", time.hour(), time.minute()) } else { time.to_string() }
}
