//! The scenario file: what is replayed, and what must come out.

use core::ops::Range;
use core::time::Duration;
use std::path::{Path, PathBuf};

use haltline::Date;
use haltline_config::Mistakes;
use jiff::civil;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use toml::de::DeTable;

use crate::output::Failure;

/// A scenario, as it stands in its file. Paths are relative to the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// What people call it.
    pub(crate) title: String,
    /// The configuration under test.
    pub(crate) config: Spanned<PathBuf>,
    /// Daily bars: a CSV with the columns date, open, high, low, close.
    pub(crate) data: Spanned<PathBuf>,
    /// Which calendar of the configuration tells the sessions.
    pub(crate) calendar: Spanned<String>,
    /// The first session.
    pub(crate) from: Spanned<Day>,
    /// The last.
    pub(crate) to: Spanned<Day>,
    /// Time between two prices.
    pub(crate) print_every: Spanned<Every>,
    /// Time between two rounds of orders, one of each intent.
    pub(crate) orders_every: Spanned<Every>,
    /// When the low of a day is, unless a halt stands in the way.
    pub(crate) low_at: Spanned<Clock>,
    /// The ladder at whose halts the exchange prints nothing.
    pub(crate) halted_by: Spanned<String>,
    /// Who hears what.
    pub(crate) feeds: Feeds,
    /// Where orders go.
    pub(crate) gate: GateSpec,
    /// What is known of the course of a day.
    #[serde(default, rename = "anchor")]
    pub(crate) anchors: Vec<Anchor>,
    /// What must come out.
    #[serde(default)]
    pub(crate) expect: Expect,
}

/// Who hears what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Feeds {
    /// Every price, and the official close of each session as the reference of the next.
    pub(crate) price: Spanned<String>,
    /// The closes only.
    pub(crate) closes: Option<Closes>,
    /// The equity of a book that holds the index, at each close.
    pub(crate) equity: Option<Equity>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Closes {
    pub(crate) scope: Spanned<String>,
    /// How many closes before the first session are heard.
    #[serde(default)]
    pub(crate) warm_up: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Equity {
    pub(crate) scope: Spanned<String>,
    /// How much of the index the book holds.
    pub(crate) units: Spanned<u32>,
    /// How many marks before the first session are heard.
    #[serde(default)]
    pub(crate) warm_up: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GateSpec {
    /// The scopes that an order belongs to; the configuration need not declare them.
    pub(crate) scopes: Spanned<Vec<String>>,
}

/// The price is on a rung at a known time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Anchor {
    pub(crate) date: Spanned<Day>,
    pub(crate) at: Spanned<Clock>,
    pub(crate) rung: Spanned<u8>,
}

/// What must come out. What is not given is not looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// All halts of the ladder, no other.
    #[serde(rename = "halt")]
    pub(crate) halts: Option<Vec<ExpectedHalt>>,
    /// All days on which a breaker trips, no other.
    #[serde(default, rename = "trips")]
    pub(crate) trips: Vec<ExpectedTrips>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedHalt {
    pub(crate) date: Day,
    pub(crate) rung: u8,
    pub(crate) from: Clock,
    pub(crate) until: Clock,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedTrips {
    pub(crate) breaker: Spanned<String>,
    /// Of a ladder: this rung only.
    pub(crate) rung: Option<u8>,
    pub(crate) dates: Vec<Day>,
}

/// A TOML date: `2020-03-09`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Day(pub(crate) Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = toml::value::Datetime::deserialize(deserializer)?;
        match (found.date, found.time) {
            (Some(d), None) => Ok(Self(Date::new(d.year, d.month, d.day))),
            _ => Err(D::Error::custom(format!("found {found}, allowed are dates such as 2020-03-09"))),
        }
    }
}

/// A time of day: `"09:34:13"`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(pub(crate) civil::Time);

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = String::deserialize(deserializer)?;
        let time = found.parse().ok().filter(|t: &civil::Time| t.subsec_nanosecond() == 0);
        let wrong = || D::Error::custom(format!("found {found:?}, allowed are times such as \"09:34:13\""));
        time.map(Self).ok_or_else(wrong)
    }
}

/// A time between two things: `"1s"`, whole seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Every(pub(crate) Duration);

impl<'de> Deserialize<'de> for Every {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = String::deserialize(deserializer)?;
        let wrong = || {
            D::Error::custom(format!(
                "found {found:?}, allowed are whole seconds of at most a day such as \"1s\" or \"5m\""
            ))
        };
        let every: jiff::SignedDuration = found.parse().map_err(|_| wrong())?;
        let every = Duration::try_from(every).map_err(|_| wrong())?;
        let fits = every.subsec_nanos() == 0 && (1..=86_400).contains(&every.as_secs());
        if fits { Ok(Self(every)) } else { Err(wrong()) }
    }
}

/// The text of a scenario, to say where in it something is wrong.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// Reads the text of a file.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::new(format!("{}: cannot be read: {error}", path.display())))?;
        Ok(Self { path: path.to_owned(), text })
    }

    /// Whether the file has steps: then it is a script. One that is no TOML has those that can be made out.
    pub(crate) fn is_script(&self) -> bool {
        DeTable::parse_recoverable(&self.text).0.get_ref().contains_key("step")
    }

    /// What stands in it: a [`Scenario`], or a script.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        toml::from_str(&self.text).map_err(|error| self.wrong(error.span().unwrap_or_default(), error.message()))
    }

    /// The configuration that stands in the file, under a key.
    pub(crate) fn config_under(&self, key: &str) -> Result<haltline_config::Config, Mistakes> {
        haltline_config::parse_under(&self.text, &self.path.to_string_lossy(), key)
    }

    /// What is wrong at a place of the file.
    pub(crate) fn wrong(&self, span: Range<usize>, what: impl core::fmt::Display) -> Failure {
        Failure::new(format!("{}: {what}", self.place(span)))
    }

    /// A place of the file: its name, line and column.
    pub(crate) fn place(&self, span: Range<usize>) -> String {
        let before = self.text.get(..span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{}:{line}:{column}", self.path.display())
    }

    /// A path that the scenario names, from where the command runs.
    pub(crate) fn beside(&self, path: &Path) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let source = Source { path: "s.toml".into(), text: text.into() };
        match source.parse::<Scenario>() {
            Err(Failure::Told(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn mistakes_have_their_place() {
        assert_eq!(
            told("title = \"x\"\nfrm = 2020-03-09\n").split(',').next(),
            Some("s.toml:2:1: unknown field `frm`")
        );
        let text = told("title = \"x\"\nfrom = 2020-03-09T00:00:00\n");
        assert_eq!(text, "s.toml:2:8: found 2020-03-09T00:00:00, allowed are dates such as 2020-03-09");
        assert!(told("print_every = \"0s\"").starts_with("s.toml:1:15: found \"0s\", allowed are whole seconds"));
        assert!(told("low_at = \"25:00\"").contains("allowed are times such as"));
    }
}
