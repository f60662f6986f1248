//! One value of the file: taken by type, refused with what was found and what is allowed.

use core::time::Duration;

use haltline::{Date, Money, Price, Ratio, ScopePath};
use jiff::civil;
use toml::Spanned;
use toml::de::{DeInteger, DeValue};

use crate::finding::{Log, Spot};
use crate::scalar::{did_you_mean, duration, excerpt, money, ratio, time_of_day};
use crate::table::{Table, tables};

/// What a value may be: a test, and the words for it in a message.
pub struct Allowed<T> {
    /// Completes "allowed are ...".
    pub text: &'static str,
    /// The test.
    pub holds: fn(T) -> bool,
}

/// No duration is longer: the time of a Board ends after 35 years.
pub const LONGEST: Duration = Duration::from_secs(3_650 * 86_400);

/// Durations, zero included.
pub const ANY_TIME: Allowed<Duration> = Allowed {
    text: "durations from \"0s\" to \"3650d\", such as \"250ms\", \"30s\", \"1h30m\" or \"1d\"",
    holds: |d| d <= LONGEST,
};
/// Durations above zero.
pub const SOME_TIME: Allowed<Duration> = Allowed {
    text: "durations above \"0s\" and at most \"3650d\", such as \"250ms\", \"30s\", \"1h30m\" or \"1d\"",
    holds: |d| !d.is_zero() && d <= LONGEST,
};
/// Parts of a whole, none excluded.
pub(crate) const SHARE: Allowed<Ratio> =
    Allowed { text: "fractions above 0 and at most 1", holds: |r| r.raw() > 0 && r.raw() <= Ratio::SCALE };

/// Prices, in billionths like fractions.
pub(crate) const PRICE: &str = "prices above 0 and at most 9000000000, in steps of 0.000000001";
/// Amounts of money, in the currency of the account.
pub(crate) const AMOUNT: &str = "amounts above 0 and at most 922000000000000, in steps of 0.0001";

/// A value and the key under which it stands.
#[derive(Clone, Copy)]
pub struct Item<'t, 'a> {
    table: &'t Table<'a>,
    /// The file in which the value stands: another one than the table's where a template gives it.
    log: &'a Log<'a>,
    key: &'static str,
    value: &'a Spanned<DeValue<'a>>,
}

impl<'t, 'a> Item<'t, 'a> {
    /// The value under `key` of `table`, which stands in the file of `log`.
    pub fn new(table: &'t Table<'a>, log: &'a Log<'a>, key: &'static str, value: &'a Spanned<DeValue<'a>>) -> Self {
        Self { table, log, key, value }
    }

    /// Where it begins.
    pub fn at(self) -> usize {
        self.value.span().start
    }

    /// Where it begins, and in which file.
    pub fn spot(self) -> Spot<'a> {
        Spot { log: self.log, at: self.at() }
    }

    /// Where it begins, in words.
    pub fn place(self) -> String {
        self.log.place(self.at())
    }

    /// A value of the right type that is not allowed. The result is always `None`.
    pub fn refuse<T>(self, allowed: &str) -> Option<T> {
        let found = match self.value.get_ref() {
            DeValue::String(text) => excerpt(text),
            _ => self.source(),
        };
        self.complain(&format!("found {found}, allowed are {allowed}"))
    }

    /// A value of the wrong type. The result is always `None`.
    fn mistyped<T>(self, allowed: &str) -> Option<T> {
        let found = match self.value.get_ref() {
            DeValue::String(text) => format!("a string {}", excerpt(text)),
            DeValue::Integer(_) => format!("an integer {}", self.source()),
            DeValue::Float(_) => format!("a float {}", self.source()),
            DeValue::Boolean(_) => format!("a boolean {}", self.source()),
            DeValue::Datetime(_) => format!("a date or time {}", self.source()),
            DeValue::Array(_) => "an array".into(),
            DeValue::Table(_) => "a table".into(),
        };
        self.complain(&format!("found {found}, allowed are {allowed}"))
    }

    /// Any other mistake about this value. The result is always `None`.
    pub fn complain<T>(self, text: &str) -> Option<T> {
        self.wrong(text);
        None
    }

    /// A mistake about this value that does not keep it from being read.
    pub fn wrong(self, text: &str) {
        self.log.wrong(self.at(), self.message(text));
    }

    /// Allowed, but worth a look.
    pub fn warn(self, text: &str) {
        self.log.warn(self.at(), self.message(text));
    }

    fn message(self, text: &str) -> String {
        self.table.message(&format!("{}: {text}", self.key))
    }

    /// As it stands in the file, for values that stand on one line.
    fn source(self) -> String {
        self.log.text(self.value.span()).chars().take(60).collect()
    }

    /// Whether it is in quotes, for keys that take values of two types.
    pub fn is_string(self) -> bool {
        matches!(self.value.get_ref(), DeValue::String(_))
    }

    /// Whether it is this word.
    pub fn says(self, word: &str) -> bool {
        matches!(self.value.get_ref(), DeValue::String(text) if text == word)
    }

    /// A text.
    pub fn string(self, allowed: &str) -> Option<&'a str> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(text),
            _ => self.mistyped(allowed),
        }
    }

    /// true or false.
    pub fn boolean(self) -> Option<bool> {
        match self.value.get_ref() {
            DeValue::Boolean(value) => Some(*value),
            _ => self.mistyped("true and false"),
        }
    }

    /// A whole number.
    pub fn integer(self, allowed: &Allowed<i64>) -> Option<i64> {
        match self.value.get_ref() {
            DeValue::Integer(number) => {
                let value = i64::from_str_radix(number.as_str(), number.radix()).ok();
                value.filter(|n| (allowed.holds)(*n)).or_else(|| self.refuse(allowed.text))
            }
            _ => self.mistyped(allowed.text),
        }
    }

    /// A number.
    pub fn number(self, allowed: &Allowed<f64>) -> Option<f64> {
        let text = self.decimal(allowed.text)?;
        text.parse().ok().filter(|n| (allowed.holds)(*n)).or_else(|| self.refuse(allowed.text))
    }

    /// A fraction, exact to a billionth.
    pub fn ratio(self, allowed: &Allowed<Ratio>) -> Option<Ratio> {
        let text = self.decimal(allowed.text)?;
        match ratio(text) {
            Some(value) if (allowed.holds)(value) => Some(value),
            Some(_) => self.refuse(allowed.text),
            None => self.refuse(&format!("{} in steps of 0.000000001", allowed.text)),
        }
    }

    /// An amount above zero.
    pub fn amount(self) -> Option<Money> {
        let text = self.decimal(AMOUNT)?;
        money(text).filter(|amount| *amount > Money::ZERO).or_else(|| self.refuse(AMOUNT))
    }

    /// A price above zero.
    pub fn price(self) -> Option<Price> {
        let price = ratio(self.decimal(PRICE)?).map(|same| Price::from_raw(same.raw()));
        price.filter(|price| *price > Price::ZERO).or_else(|| self.refuse(PRICE))
    }

    /// The digits of an integer or a float.
    fn decimal(self, allowed: &str) -> Option<&'a str> {
        match self.value.get_ref() {
            DeValue::Integer(number) => decimal_digits(number).or_else(|| self.refuse(allowed)),
            DeValue::Float(number) => Some(number.as_str()),
            _ => self.mistyped(allowed),
        }
    }

    /// A duration such as `"1h30m"`.
    pub fn duration(self, allowed: &Allowed<Duration>) -> Option<Duration> {
        let text = self.string(allowed.text)?;
        duration(text).filter(|d| (allowed.holds)(*d)).or_else(|| self.refuse(allowed.text))
    }

    /// A date.
    pub fn date(self) -> Option<civil::Date> {
        const ALLOWED: &str = "dates from 1970-01-02 to 2199-12-31, without quotes and without a time";
        let DeValue::Datetime(value) = self.value.get_ref() else { return self.mistyped(ALLOWED) };
        let date = match (value.date, value.time, value.offset) {
            (Some(d), None, None) if (1970..2200).contains(&d.year) => {
                civil::Date::new(d.year as i16, d.month as i8, d.day as i8).ok()
            }
            _ => None,
        };
        // The first of 1970 is yesterday's evening in half of the world, before the time that a session can hold.
        date.filter(|d| *d > civil::date(1970, 1, 1)).or_else(|| self.refuse(ALLOWED))
    }

    /// A date and a time of day on the wall clock of some place.
    pub fn local_time(self) -> Option<civil::DateTime> {
        const ALLOWED: &str = "local times such as 2020-03-18T13:55:00, without quotes and without an offset";
        let DeValue::Datetime(value) = self.value.get_ref() else { return self.mistyped(ALLOWED) };
        let (Some(d), Some(t), None) = (value.date, value.time, value.offset) else { return self.refuse(ALLOWED) };
        let date = civil::Date::new(d.year as i16, d.month as i8, d.day as i8).ok();
        let (second, nanos) = (t.second.unwrap_or(0) as i8, t.nanosecond.unwrap_or(0) as i32);
        let time = civil::Time::new(t.hour as i8, t.minute as i8, second, nanos).ok();
        date.zip(time).map(|(date, time)| date.to_datetime(time)).or_else(|| self.refuse(ALLOWED))
    }

    /// A time of day.
    pub fn time(self) -> Option<civil::Time> {
        const ALLOWED: &str = "times of day in quotes, such as \"09:30\" or \"16:00:00\"";
        let text = self.string(ALLOWED)?;
        time_of_day(text).or_else(|| self.refuse(ALLOWED))
    }

    /// A scope.
    pub fn path(self) -> Option<ScopePath> {
        let text = self.string("scope paths, such as \"XNAS/AAPL\" or \"\" for everything")?;
        ScopePath::new(text).map_err(|error| self.wrong(&error.to_string())).ok()
    }

    /// One of a few words.
    pub fn word<T: Copy>(self, words: &[T], name: impl Fn(T) -> &'static str) -> Option<T> {
        self.word_or(words, name, "")
    }

    /// One of a few words; what else might have stood here, a table, completes what is allowed.
    pub fn word_or<T: Copy>(self, words: &[T], name: impl Fn(T) -> &'static str, or: &str) -> Option<T> {
        let names = || words.iter().map(|word| name(*word));
        let allowed = names().map(|n| format!("{n:?}")).collect::<Vec<_>>().join(", ") + or;
        let found = self.string(&allowed)?;
        let word = words.iter().copied().find(|word| name(*word) == found);
        word.or_else(|| self.refuse(&format!("{allowed}{}", did_you_mean(found, names()))))
    }

    /// The elements of an array.
    pub fn elements(self, allowed: &str) -> Option<Vec<Self>> {
        match self.value.get_ref() {
            DeValue::Array(array) => Some(array.iter().map(|value| Self { value, ..self }).collect()),
            _ => self.mistyped(allowed),
        }
    }

    /// An array, or a single value that stands for an array of one.
    pub fn one_or_more(self) -> Vec<Self> {
        match self.value.get_ref() {
            DeValue::Array(array) => array.iter().map(|value| Self { value, ..self }).collect(),
            _ => vec![self],
        }
    }

    /// Whether it is a table, where something else is allowed, too.
    pub fn is_table(self) -> bool {
        matches!(self.value.get_ref(), DeValue::Table(_))
    }

    /// How messages name it: `breaker "dd": scope`.
    pub fn label(self) -> String {
        self.table.message(self.key)
    }

    /// A table, which messages will name by `label`.
    pub fn table(self, label: String, allowed: &str) -> Option<Table<'a>> {
        match self.value.get_ref() {
            DeValue::Table(entries) => Some(Table::new(self.log, label, self.at(), entries)),
            _ => self.mistyped(allowed),
        }
    }

    /// An array of tables, which messages will name by `label` and their number, counted from 1.
    pub fn tables(self, label: impl Fn(usize) -> String, allowed: &str) -> Option<Vec<Table<'a>>> {
        tables(self.log, self.value, label).or_else(|| self.mistyped(allowed))
    }
}

/// The digits of an integer, if it is written in decimal.
fn decimal_digits<'a>(number: &'a DeInteger<'_>) -> Option<&'a str> {
    (number.radix() == 10).then_some(number.as_str())
}

/// A date as the core names sessions.
pub(crate) fn session_date(date: civil::Date) -> Date {
    Date::new(date.year().unsigned_abs(), date.month().unsigned_abs(), date.day().unsigned_abs())
}
