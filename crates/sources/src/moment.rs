//! Times as payloads write them.

use haltline::{Date, Nanos};

/// How a payload writes a time.
///
/// ```
/// use haltline::Nanos;
/// use haltline_sources::TimeFormat;
/// let at = Some(Nanos(1_583_760_853_500_000_000));
/// assert_eq!(TimeFormat::Rfc3339.read("2020-03-09T09:34:13.5-04:00"), at);
/// assert_eq!(TimeFormat::Seconds.read("1583760853.5"), at);
/// assert_eq!(TimeFormat::Milliseconds.read("1583760853500"), at);
/// assert_eq!(TimeFormat::Date.read("1970-01-02"), Some(Nanos::from_secs(86_400)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeFormat {
    /// `2020-03-09T13:34:13.5Z`, with an offset.
    Rfc3339,
    /// Since 1970, with a fraction or without.
    Seconds,
    /// Since 1970.
    Milliseconds,
    /// Since 1970.
    Microseconds,
    /// Since 1970.
    Nanoseconds,
    /// `2020-03-09`: its first instant in UTC.
    Date,
}

impl TimeFormat {
    pub(crate) const ALL: [Self; 6] =
        [Self::Rfc3339, Self::Seconds, Self::Milliseconds, Self::Microseconds, Self::Nanoseconds, Self::Date];

    /// The word of the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rfc3339 => "rfc3339",
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Microseconds => "microseconds",
            Self::Nanoseconds => "nanoseconds",
            Self::Date => "date",
        }
    }

    pub(crate) fn allowed(self) -> &'static str {
        match self {
            Self::Rfc3339 => "times with an offset such as 2020-03-09T13:34:13Z, from 1970 on",
            Self::Date => "dates such as 2020-03-09, from 1970 on",
            _ => "decimal numbers since 1970",
        }
    }

    /// Reads one; `None` for any other text, and for a time before 1970 or after 2554.
    pub fn read(self, text: &str) -> Option<Nanos> {
        let text = text.trim();
        match self {
            Self::Rfc3339 => {
                let at: jiff::Timestamp = text.parse().ok()?;
                u64::try_from(at.as_nanosecond()).ok().map(Nanos)
            }
            Self::Seconds => decimal(text, 9),
            Self::Milliseconds => decimal(text, 6),
            Self::Microseconds => decimal(text, 3),
            Self::Nanoseconds => decimal(text, 0),
            Self::Date => {
                let date: jiff::civil::Date = plain_date(text)?;
                let at = jiff::tz::TimeZone::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).ok()?;
                u64::try_from(at.as_nanosecond()).ok().map(Nanos)
            }
        }
    }
}

/// A decimal number of units of `10^digits` nanoseconds, exactly; what is finer than a nanosecond is cut off.
fn decimal(text: &str, digits: usize) -> Option<Nanos> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let scale = 10u64.checked_pow(u32::try_from(digits).ok()?)?;
    let fine = fraction.get(..digits.min(fraction.len())).unwrap_or_default();
    let rest = format!("{fine:0<digits$}");
    let rest = if rest.is_empty() { 0 } else { rest.parse::<u64>().ok()? };
    whole.parse::<u64>().ok()?.checked_mul(scale)?.checked_add(rest).map(Nanos)
}

/// Only `2020-03-09`: jiff would also take the date of a time.
fn plain_date(text: &str) -> Option<jiff::civil::Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

/// A date as the core names sessions.
pub(crate) fn date(text: &str) -> Option<Date> {
    let date = plain_date(text.trim())?;
    let year = u16::try_from(date.year()).ok()?;
    Some(Date::new(year, date.month().unsigned_abs(), date.day().unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact_to_the_nanosecond_and_nothing_else_is_one() {
        assert_eq!(TimeFormat::Seconds.read("1583760853.123456789"), Some(Nanos(1_583_760_853_123_456_789)));
        assert_eq!(TimeFormat::Seconds.read("1.1234567899"), Some(Nanos(1_123_456_789)));
        assert_eq!(TimeFormat::Milliseconds.read("1.5"), Some(Nanos(1_500_000)));
        assert_eq!(TimeFormat::Nanoseconds.read("18446744073709551615"), Some(Nanos(u64::MAX)));
        for text in ["", ".", ".5", "-1", "1e9", "1,5", "99999999999999999999", "18446744074", "0x10", "nan"] {
            assert_eq!(TimeFormat::Seconds.read(text), None, "{text}");
        }
        for text in ["2020-03-09T09:34:13", "1969-12-31T23:59:59Z", "2020-03-09", "yesterday"] {
            assert_eq!(TimeFormat::Rfc3339.read(text), None, "{text}");
        }
        for text in ["2020-03-09T00:00:00Z", "2020-02-30", "1969-12-31", "20200309"] {
            assert_eq!(TimeFormat::Date.read(text), None, "{text}");
        }
    }
}
