//! The scalars of the format that TOML itself does not have: durations, exact fractions, times of day, and the nearest
//! allowed word.

use core::time::Duration;

use haltline::{Money, Ratio};
use jiff::civil::Time;

/// The units of a duration, from the longest. A day is 24 hours.
const UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Reads a duration as it is written in a configuration, `"1h30m"`: whole numbers, each with its unit (`d`, `h`, `m`, `s`,
/// `ms`, `us`, `ns`), from the longest unit to the shortest. `None` for any other text.
pub fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut nanos: u64 = 0;
    while !rest.is_empty() || text.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let letters = tail.bytes().take_while(u8::is_ascii_lowercase).count();
        let (unit, tail) = tail.split_at(letters);
        // `units` goes on where it stopped, so that no unit comes twice or after a shorter one.
        let (_, scale) = units.find(|(name, _)| *name == unit)?;
        nanos = nanos.checked_add(number.parse::<u64>().ok()?.checked_mul(*scale)?)?;
        rest = tail;
    }
    Some(Duration::from_nanos(nanos))
}

/// Prints a duration the way it is written in a file.
pub(crate) fn duration_text(d: Duration) -> String {
    let mut nanos = u64::try_from(d.as_nanos()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, scale) in UNITS {
        if nanos >= scale {
            text.push_str(&format!("{}{unit}", nanos / scale));
            nanos %= scale;
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}

/// Reads a decimal number exactly; `None` if it is none, does not fit, or is finer than a billionth.
pub(crate) fn ratio(text: &str) -> Option<Ratio> {
    fixed(text, 9).map(Ratio::from_raw)
}

/// Reads an amount exactly; `None` if it is none, does not fit, or is finer than a ten-thousandth.
pub(crate) fn money(text: &str) -> Option<Money> {
    fixed(text, 4).map(Money::from_raw)
}

/// Reads a decimal number as a count of units of `10^-digits`.
fn fixed(text: &str, digits_of_unit: i64) -> Option<i64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (sign, unsigned) = match mantissa.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_end_matches('0');
    let zeros = whole.len() + fraction.len() - digits.len();
    let scale = digits_of_unit + i64::from(exponent) - fraction.len() as i64 + zeros as i64;
    if whole.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if digits.is_empty() {
        return Some(0);
    }
    let number: i128 = digits.parse().ok()?;
    let scale = 10_i128.checked_pow(u32::try_from(scale).ok()?)?;
    let raw = number.checked_mul(scale)?.checked_mul(sign)?;
    i64::try_from(raw).ok()
}

/// Prints a ratio with the digits that it has and no more.
pub(crate) fn ratio_text(ratio: Ratio) -> String {
    let (whole, fraction) = (ratio.raw() / Ratio::SCALE, (ratio.raw() % Ratio::SCALE).abs());
    let sign = if ratio.raw() < 0 && whole == 0 { "-" } else { "" };
    let text = format!("{sign}{whole}.{fraction:09}");
    text.trim_end_matches('0').trim_end_matches('.').into()
}

/// Reads a time of day: `"09:30"` or `"09:30:00"`.
pub(crate) fn time_of_day(text: &str) -> Option<Time> {
    let two = |part: &str| -> Option<i8> {
        (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok()).flatten()
    };
    let mut parts = text.split(':');
    let (hour, minute) = (two(parts.next()?)?, two(parts.next()?)?);
    let second = parts.next().map_or(Some(0), two)?;
    if parts.next().is_some() {
        return None;
    }
    Time::new(hour, minute, second, 0).ok()
}

/// Text from a file in quotes, on one line and not too long.
pub fn excerpt(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((cut, _)) => format!("{:?}...", text.get(..cut).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// The allowed word that `found` was perhaps meant to be.
pub(crate) fn nearest<'w>(found: &str, allowed: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    // The distance takes time in proportion to both lengths, and no word is that long.
    if found.len() > 64 {
        return None;
    }
    let length = found.chars().count();
    let tolerance = (length / 3).max(1);
    let distance = |word: &&str| strsim::osa_distance(found, word);
    allowed.into_iter().map(|word| (distance(&word), word)).filter(|(d, _)| *d <= tolerance).min().map(|(_, word)| word)
}

/// `; did you mean "..."?`, if there is such a word.
pub fn did_you_mean<'w>(found: &str, allowed: impl IntoIterator<Item = &'w str>) -> String {
    nearest(found, allowed).map_or_else(String::new, |word| format!("; did you mean {word:?}?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_whole_numbers_with_falling_units() {
        let secs = Duration::from_secs;
        for (text, expected) in [
            ("0s", Some(Duration::ZERO)),
            ("30s", Some(secs(30))),
            ("1h30m", Some(secs(5400))),
            ("1d", Some(secs(86_400))),
            ("2d1h1m1s1ms1us1ns", Some(Duration::new(2 * 86_400 + 3_661, 1_001_001))),
            ("250ms", Some(Duration::from_millis(250))),
            ("90m", Some(secs(5400))),
        ] {
            assert_eq!(duration(text), expected, "{text}");
        }
        for text in
            ["", "5", "s", "m5", "5 m", "1.5h", "-5m", "+5m", "5m1h", "5m5m", "5M", "5min", "5mö", "99999999999d"]
        {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn fractions_are_exact_to_a_billionth_and_no_finer() {
        for (text, raw) in [
            ("0", 0),
            ("0.0", 0),
            ("-0.0", 0),
            ("0.07", 70_000_000),
            ("+0.1", 100_000_000),
            ("1", 1_000_000_000),
            ("40", 40_000_000_000),
            ("-0.5", -500_000_000),
            ("0.000000001", 1),
            ("0.0000000010", 1),
            ("1e-9", 1),
            ("7E-2", 70_000_000),
            ("1.5e3", 1_500_000_000_000),
            ("9223372036", 9_223_372_036_000_000_000),
            ("0e99", 0),
        ] {
            assert_eq!(ratio(text), Some(Ratio::from_raw(raw)), "{text}");
        }
        for text in [
            "0.0000000001",
            "1e-10",
            "9223372037",
            "1e400",
            "inf",
            "-inf",
            "nan",
            "+",
            "0x10",
            "1e99999999999",
            "",
            ".",
            ".5",
        ] {
            assert_eq!(ratio(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_are_exact_to_a_ten_thousandth_and_no_finer() {
        for (text, raw) in [
            ("0", 0),
            ("1", 10_000),
            ("0.0001", 1),
            ("-2.5", -25_000),
            ("1e12", 10_000_000_000_000_000),
            ("0.00010", 1),
        ] {
            assert_eq!(money(text), Some(Money::from_raw(raw)), "{text}");
        }
        for text in ["0.00001", "1e15", "inf", "nan", "", "1 000"] {
            assert_eq!(money(text), None, "{text}");
        }
    }

    #[test]
    fn times_of_day_have_two_digits_a_part() {
        assert_eq!(time_of_day("09:30"), Some(jiff::civil::time(9, 30, 0, 0)));
        assert_eq!(time_of_day("23:59:59"), Some(jiff::civil::time(23, 59, 59, 0)));
        for text in ["", "9:30", "24:00", "09:60", "09:30:60", "09:30:00:00", "0930", "-9:30", "09:30 "] {
            assert_eq!(time_of_day(text), None, "{text}");
        }
    }

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let words = ["limit", "warn", "clear"];
        assert_eq!(nearest("limt", words), Some("limit"));
        assert_eq!(nearest("wran", words), Some("warn"));
        assert_eq!(nearest("leverage", words), None);
        assert_eq!(nearest(&"limit".repeat(1000), words), None);
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(raw: i64, nanos: u64) {
            prop_assert_eq!(ratio(&ratio_text(Ratio::from_raw(raw))), Some(Ratio::from_raw(raw)));
            let d = Duration::from_nanos(nanos);
            prop_assert_eq!(duration(&duration_text(d)), Some(d));
        }

        #[test]
        fn no_text_panics(text in ".{0,24}", number in "[-+0-9.eE]{0,24}") {
            let _ = (duration(&text), ratio(&text), ratio(&number), time_of_day(&text), excerpt(&text));
        }
    }
}
