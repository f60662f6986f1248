//! The values of a script: one or several, in time, by their words.

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

use haltline::{Authority, EmergencySource, Intent, Nanos, Outcome, Reason, Status, VenueStatus};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A value, or a list of them: one after the other.
#[derive(Debug)]
pub(crate) struct Series<T>(Vec<T>);

impl<T> Series<T> {
    /// What every observation of a step has if nothing else is said.
    pub(crate) fn of(value: T) -> Self {
        Self(vec![value])
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T: Copy> Series<T> {
    /// The value of the observation `i`: lists begin anew at their end, a single value is that of all.
    pub(crate) fn get(&self, i: usize) -> T {
        self.0[i % self.0.len()]
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Series<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMany::<T>(PhantomData)).map(Self)
    }
}

/// A table, or an array of tables: several things in one instant.
#[derive(Debug)]
pub(crate) struct Each<T>(pub(crate) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Each<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMany::<T>(PhantomData)).map(Self)
    }
}

struct OneOrMany<T>(PhantomData<T>);

macro_rules! one {
    ($($visit:ident: $Found:ty),+) => {
        $(fn $visit<E: Error>(self, found: $Found) -> Result<Self::Value, E> {
            T::deserialize(found.into_deserializer()).map(|one| vec![one])
        })+
    };
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrMany<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or an array of values")
    }

    one!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|one| vec![one])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        let all = Vec::deserialize(SeqAccessDeserializer::new(seq))?;
        let empty = || A::Error::custom("found an empty array, allowed are arrays of one or more");
        Some(all).filter(|all| !all.is_empty()).ok_or_else(empty)
    }
}

/// A duration, written as in a configuration: `"90s"`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lasting(pub(crate) Duration);

const DURATIONS: &str = "durations such as \"250ms\", \"30s\", \"1h30m\" or \"1d\"";

impl<'de> Deserialize<'de> for Lasting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = String::deserialize(deserializer)?;
        let wrong = || D::Error::custom(format!("found {found:?}, allowed are {DURATIONS}"));
        haltline_config::duration(&found).map(Self).ok_or_else(wrong)
    }
}

/// A time: since the start of the script, or by the clock with its offset.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    Since(Duration),
    At(Nanos),
}

impl Moment {
    pub(crate) fn from(self, start: Nanos) -> Nanos {
        match self {
            Self::Since(time) => start + time,
            Self::At(at) => at,
        }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = toml::Value::deserialize(deserializer)?;
        let moment = match &found {
            toml::Value::String(text) => haltline_config::duration(text).map(Self::Since),
            toml::Value::Datetime(time) => nanos(time).map(Self::At),
            _ => None,
        };
        moment.ok_or_else(|| {
            let found = match &found {
                toml::Value::String(text) => format!("{text:?}"),
                toml::Value::Datetime(time) => time.to_string(),
                other => format!("a value of type {}", other.type_str()),
            };
            let or = "times with their offset such as 2020-03-09T13:30:00Z";
            D::Error::custom(format!("found {found}, allowed are {DURATIONS}, and {or}"))
        })
    }
}

/// A time by the clock, with its offset: `2020-03-09T13:30:00Z`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instant(pub(crate) Nanos);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = toml::value::Datetime::deserialize(deserializer)?;
        let wrong =
            || D::Error::custom(format!("found {found}, allowed are times with their offset: 2020-03-09T13:30:00Z"));
        nanos(&found).map(Self).ok_or_else(wrong)
    }
}

/// `None` without a date, a time or an offset, and before 1970.
fn nanos(time: &toml::value::Datetime) -> Option<Nanos> {
    let at: jiff::Timestamp = time.offset.and_then(|_| time.to_string().parse().ok())?;
    u64::try_from(at.as_nanosecond()).ok().map(Nanos)
}

/// One of the words that the library has for a thing.
pub(crate) trait Named: Copy + 'static {
    fn all() -> &'static [Self];
    fn word(self) -> &'static str;
}

macro_rules! named {
    ($($Type:ty),+) => {
        $(impl Named for $Type {
            fn all() -> &'static [Self] {
                &Self::ALL
            }
            fn word(self) -> &'static str {
                self.name()
            }
        })+
    };
}
named!(Authority, EmergencySource, Intent, Outcome, Reason, Status, VenueStatus);

/// A thing by its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word<T>(pub(crate) T);

impl<'de, T: Named> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = String::deserialize(deserializer)?;
        let word = T::all().iter().copied().find(|thing| thing.word() == found);
        word.map(Self).ok_or_else(|| {
            let allowed: Vec<_> = T::all().iter().map(|thing| thing.word()).collect();
            D::Error::custom(format!("found {found:?}, allowed are {}", allowed.join(", ")))
        })
    }
}
