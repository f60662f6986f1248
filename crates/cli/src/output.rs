//! What the commands share: how they fail, their colours, their tables, their numbers for people.

use core::fmt;
use core::time::Duration;
use std::fs::File;
use std::io;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use haltline::{Nanos, Ratio, Session, Status};

/// Why a command could not do what it was asked for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody reads the output any more.
    Closed,
    /// What to tell the user.
    Told(String),
}

impl Failure {
    pub(crate) fn new(text: impl fmt::Display) -> Self {
        Self::Told(text.to_string())
    }
}

/// Fails for a file that cannot be read: it has no mistakes, since nobody has looked at it.
pub(crate) fn readable(file: &Path) -> Result<(), Failure> {
    let opened = File::open(file).and_then(|opened| opened.metadata());
    // A folder can be opened, too.
    let read = opened.and_then(|what| if what.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(()) });
    read.map_err(|error| Failure::new(format!("{}: cannot be read: {error}", file.display())))
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Told(format!("the output cannot be written: {error}")),
        }
    }
}

/// For headings.
pub(crate) const HEAD: Style = Style::new().bold();
/// For what matters less.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// For mistakes and halts.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// For warnings.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
/// For what is as it should be.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();

/// The colour of a status.
pub(crate) const fn colour(status: Status) -> Style {
    match status {
        Status::Tripped | Status::EmergencyHalt | Status::Liquidating => BAD,
        Status::Warning | Status::Cooldown | Status::Maintenance => WARN,
        Status::Active | Status::Retired => GOOD,
    }
}

/// Text in a style.
pub(crate) fn styled(style: Style, text: impl fmt::Display) -> impl fmt::Display {
    struct Styled<T>(Style, T);
    impl<T: fmt::Display> fmt::Display for Styled<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}{}{}", self.0.render(), self.1, self.0.render_reset())
        }
    }
    Styled(style, text)
}

const RULED: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A table without frames: a heading, a line, rows. Columns of `numbers` stand at the right.
pub(crate) fn table(head: &[&str], rows: Vec<Vec<String>>, numbers: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(RULED);
    table.set_header(head.iter().copied());
    table.add_rows(rows);
    for &column in numbers {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// `7 %`, with no more digits than the ratio has.
pub(crate) fn percent(ratio: Ratio) -> String {
    let text = format!("{:.7}", ratio.to_f64() * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// `15m`, `1h 30m`, `2d 3h`: the two largest units that are not zero.
pub(crate) fn short(duration: Duration) -> String {
    let (seconds, millis) = (duration.as_secs(), duration.subsec_millis());
    if seconds < 10 && millis > 0 {
        return format!("{:.3}s", duration.as_secs_f64());
    }
    let units = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let mut left = seconds;
    let mut parts = Vec::new();
    for (size, unit) in units {
        let count = left / size;
        left %= size;
        if count > 0 {
            parts.push(format!("{count}{unit}"));
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "0s".into() } else { parts.join(" ") }
}

/// `30:15:00`, hours and more.
pub(crate) fn hours(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if duration.is_zero() {
        return "-".into();
    }
    if seconds == 0 {
        return "under 1 s".into();
    }
    format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// `1 234 567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// The scope's path; the root by its meaning.
pub(crate) fn scope_name(path: &str) -> &str {
    if path.is_empty() { "everything" } else { path }
}

/// A time zone of the bundled database, so that a replay prints the same times on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Zone(jiff::tz::TimeZone);

impl Zone {
    pub(crate) fn new(name: &str) -> Result<Self, Failure> {
        let database = jiff::tz::TimeZoneDatabase::bundled();
        database.get(name).map(Self).map_err(|error| Failure::new(format!("time zone {name}: {error}")))
    }

    fn format(&self, at: Nanos, pattern: &str) -> String {
        match jiff::Timestamp::from_nanosecond(i128::from(at.0)) {
            Ok(at) => at.to_zoned_datetime(self.0.clone()).strftime(pattern).to_string(),
            Err(_) => format!("{at} after 1970"),
        }
    }

    /// `2020-03-09 09:34:13 -04:00`.
    pub(crate) fn long(&self, at: Nanos) -> String {
        self.format(at, "%Y-%m-%d %H:%M:%S%.f %:z")
    }

    /// `2020-03-09T09:34:13-04:00`.
    pub(crate) fn iso(&self, at: Nanos) -> String {
        self.format(at, "%Y-%m-%dT%H:%M:%S%.f%:z")
    }

    /// `09:34:13`.
    pub(crate) fn clock(&self, at: Nanos) -> String {
        self.format(at, "%H:%M:%S")
    }

    /// `2020-03-09 09:34`.
    pub(crate) fn minute(&self, at: Nanos) -> String {
        self.format(at, "%Y-%m-%d %H:%M")
    }

    /// `2020-03-09`.
    pub(crate) fn date(&self, at: Nanos) -> String {
        self.format(at, "%Y-%m-%d")
    }

    /// `09:34:13`, or `09:34` at its begin.
    pub(crate) fn brief(&self, at: Nanos) -> String {
        let clock = self.clock(at);
        clock.strip_suffix(":00").map_or(clock.clone(), str::to_owned)
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// How far its clocks are ahead of UTC at a time, in nanoseconds.
    pub(crate) fn offset(&self, at: Nanos) -> i64 {
        let at = jiff::Timestamp::from_nanosecond(i128::from(at.0)).unwrap_or_default();
        i64::from(self.0.to_offset(at).seconds()) * 1_000_000_000
    }

    /// The instant of a time of day in a session, which may have opened on the day before its date; `None` if there is
    /// none or two.
    pub(crate) fn within(&self, session: &Session, time: jiff::civil::Time) -> Option<Nanos> {
        let number = session.date.0;
        let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
        let date = jiff::civil::Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()?;
        let on = |date: jiff::civil::Date| {
            let at = self.0.to_ambiguous_timestamp(date.to_datetime(time)).unambiguous().ok()?;
            let at = u64::try_from(at.as_nanosecond()).ok().map(Nanos)?;
            (session.open <= at && at <= session.close).then_some(at)
        };
        match (on(date), date.yesterday().ok().and_then(on)) {
            (Some(at), None) | (None, Some(at)) => Some(at),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1 234 567");
        assert_eq!(percent(Ratio::from_raw(70_000_000)), "7 %");
        assert_eq!(percent(Ratio::from_raw(56_500_000)), "5.65 %");
        assert_eq!(short(Duration::from_secs(900)), "15m");
        assert_eq!(short(Duration::from_secs(93_784)), "1d 2h");
        assert_eq!(hours(Duration::from_secs(23_400)), "6:30:00");
    }

    #[test]
    fn local_times_carry_their_offset() {
        let zone = Zone::new("America/New_York").unwrap();
        let at = zone.within(&SESSION, jiff::civil::time(9, 34, 13, 0)).unwrap();
        assert_eq!(zone.long(at), "2020-03-09 09:34:13 -04:00");
        assert_eq!(zone.iso(at + Duration::from_millis(500)), "2020-03-09T09:34:13.5-04:00");
    }

    /// From 18:00 on Sunday, 8 March 2020, to 17:00 on Monday in New York; clocks had gone forward that morning.
    const SESSION: Session = Session {
        date: haltline::Date::new(2020, 3, 9),
        open: Nanos::from_secs(1_583_704_800),
        close: Nanos::from_secs(1_583_787_600),
    };

    #[test]
    fn a_time_of_day_lies_on_the_day_before_where_the_session_does() {
        let zone = Zone::new("America/New_York").unwrap();
        let within = |session: &Session, hour, minute| {
            let at = zone.within(session, jiff::civil::time(hour, minute, 0, 0));
            at.map(|at| format!("{} {}", zone.date(at), zone.clock(at)))
        };
        for (hour, minute, at) in [
            (18, 0, Some("2020-03-08 18:00:00")),
            (23, 59, Some("2020-03-08 23:59:00")),
            (0, 0, Some("2020-03-09 00:00:00")),
            (17, 0, Some("2020-03-09 17:00:00")),
            (17, 1, None),
        ] {
            assert_eq!(within(&SESSION, hour, minute).as_deref(), at);
        }
        let long = Session { open: SESSION.open - Duration::from_secs(3_600), ..SESSION };
        assert_eq!(within(&long, 17, 0), None, "twice");
        let night = Session {
            date: haltline::Date::new(2020, 3, 8),
            open: SESSION.open - Duration::from_secs(64_800),
            ..SESSION
        };
        assert_eq!(within(&night, 2, 30), None, "never was");
    }
}
