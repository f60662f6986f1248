//! What can happen in a step, word by word, and how a System is told of it.

use haltline::{
    Authority, By, EmergencySource, Error, ErrorKind, Feed, FeedError, Intent, Money, Nanos, Price, Qty, System,
    VenueStatus,
};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::file::{Deed, Observation};
use super::values::{Lasting, Named, Series, Word};
use crate::replay::scenario::Day;

/// The tables of the words: their keys and values.
macro_rules! tables {
    ($($(#[$doc:meta])* $Name:ident { $($(#[$on:meta])* $key:ident: $Type:ty,)* })+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub(crate) struct $Name { $($(#[$on])* pub(crate) $key: $Type,)* }
        )+
    };
}

tables! {
    Trade { scope: Spanned<String>, price: Series<f64>, #[serde(default = "one_lot")] qty: Series<i64>, }
    Quote { scope: Spanned<String>, bid: Series<f64>, ask: Series<f64>, }
    /// An amount: a mark, a gain, a flow.
    Equity { scope: Spanned<String>, value: Series<f64>, }
    Margin { scope: Spanned<String>, used: Series<f64>, available: Series<f64>, }
    Position {
        scope: Spanned<String>, instrument: u64, quantity: Series<i64>, value: Series<f64>,
        #[serde(default)] sector: u32,
    }
    Reference { scope: Spanned<String>, price: f64, session: Day, }
    /// How a call ended, and how long it took.
    Call {
        scope: Spanned<String>, outcome: Series<Word<haltline::Outcome>>,
        #[serde(default = "no_time")] took: Series<Lasting>,
    }
    /// A numbered message, and how long it was on its way.
    Sequence {
        scope: Spanned<String>, number: Series<u64>,
        #[serde(default = "no_time")] latency: Series<Lasting>,
    }
    Venue { scope: Spanned<String>, status: Word<VenueStatus>, }
    Prediction { scope: Spanned<String>, right: Series<bool>, }
    Check { scope: Spanned<String>, name: Spanned<String>, passed: bool, }
    Heartbeat { scope: Spanned<String>, }
    /// A value made elsewhere, for one breaker.
    Reading { scope: Spanned<String>, breaker: Spanned<String>, value: Series<f64>, }

    /// What a person does to a breaker.
    OfBreaker {
        breaker: Spanned<String>, by: String, authority: Word<Authority>,
        #[serde(default)] reason: String,
    }
    Rebase {
        breaker: Spanned<String>, value: f64, by: String, authority: Word<Authority>,
        #[serde(default)] reason: String,
    }
    Stop {
        scope: String, source: Word<EmergencySource>, by: String, authority: Word<Authority>,
        #[serde(default)] reason: String,
    }
    OfScope {
        scope: String, by: String, authority: Word<Authority>,
        #[serde(default)] reason: String,
    }
    Kill {}
    Rearm { by: String, authority: Word<Authority>, #[serde(default)] reason: String, }

    /// An order that takes a permit; later steps say by its name what came of it.
    Probe {
        scope: Spanned<String>, order: Spanned<String>,
        #[serde(default = "increase")] intent: Word<Intent>,
    }
    Order { order: Spanned<String>, }
}

fn one_lot() -> Series<i64> {
    Series::of(1)
}

fn no_time() -> Series<Lasting> {
    Series::of(Lasting::default())
}

fn increase() -> Word<Intent> {
    Word(Intent::Increase)
}

/// A price that a feed has heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Told {
    Trade(f64),
    Quote { bid: f64, ask: f64 },
    Reference(f64),
}

impl Observation {
    /// The feed that hears it.
    pub(crate) fn scope(&self) -> &Spanned<String> {
        use Observation as O;
        match self {
            O::Trade(it) => &it.scope,
            O::Quote(it) => &it.scope,
            O::Equity(it) | O::Pnl(it) | O::Flow(it) => &it.scope,
            O::Margin(it) => &it.scope,
            O::Position(it) => &it.scope,
            O::Reference(it) => &it.scope,
            O::Outcome(it) => &it.scope,
            O::Sequence(it) => &it.scope,
            O::Venue(it) => &it.scope,
            O::Prediction(it) => &it.scope,
            O::Check(it) => &it.scope,
            O::Heartbeat(it) => &it.scope,
            O::Reading(it) => &it.scope,
        }
    }

    /// How many values its lists have.
    pub(crate) fn lengths(&self) -> Vec<usize> {
        use Observation as O;
        match self {
            O::Trade(it) => vec![it.price.len(), it.qty.len()],
            O::Quote(it) => vec![it.bid.len(), it.ask.len()],
            O::Equity(it) | O::Pnl(it) | O::Flow(it) => vec![it.value.len()],
            O::Margin(it) => vec![it.used.len(), it.available.len()],
            O::Position(it) => vec![it.quantity.len(), it.value.len()],
            O::Outcome(it) => vec![it.outcome.len(), it.took.len()],
            O::Sequence(it) => vec![it.number.len(), it.latency.len()],
            O::Prediction(it) => vec![it.right.len()],
            O::Reading(it) => vec![it.value.len()],
            O::Reference(_) | O::Venue(_) | O::Check(_) | O::Heartbeat(_) => vec![],
        }
    }

    /// The price that it tells, if it tells one.
    pub(crate) fn told(&self, i: usize) -> Option<Told> {
        match self {
            Self::Trade(it) => Some(Told::Trade(it.price.get(i))),
            Self::Quote(it) => Some(Told::Quote { bid: it.bid.get(i), ask: it.ask.get(i) }),
            Self::Reference(it) => Some(Told::Reference(it.price)),
            _ => None,
        }
    }

    /// Tells its feed; `i` counts the observations of the step.
    pub(crate) fn tell(&self, feed: &mut Feed, system: &System, i: usize, at: Nanos) -> Result<(), Error> {
        use Observation as O;
        let (price, money) = (Price::from_f64, Money::from_f64);
        let told = match self {
            O::Trade(it) => feed.trade(price(it.price.get(i))?, Qty(it.qty.get(i)), at),
            O::Quote(it) => feed.quote(price(it.bid.get(i))?, price(it.ask.get(i))?, at),
            O::Equity(it) => feed.equity(money(it.value.get(i))?, at),
            O::Pnl(it) => feed.pnl(money(it.value.get(i))?, at),
            O::Flow(it) => feed.flow(money(it.value.get(i))?, at),
            O::Margin(it) => feed.margin(money(it.used.get(i))?, money(it.available.get(i))?, at),
            O::Position(it) => {
                let (quantity, value) = (Qty(it.quantity.get(i)), money(it.value.get(i))?);
                feed.position(it.instrument, quantity, value, it.sector, at)
            }
            O::Reference(it) => feed.reference(price(it.price)?, it.session.0, at),
            O::Outcome(it) => feed.outcome(it.outcome.get(i).0, it.took.get(i).0, at),
            O::Sequence(it) => feed.sequence(it.number.get(i), at - it.latency.get(i).0, at),
            O::Venue(it) => feed.venue(it.status.0, at),
            O::Prediction(it) => feed.prediction(it.right.get(i), at),
            O::Check(it) => feed.check(system.check_id(it.name.get_ref())?, it.passed, at),
            O::Heartbeat(_) => feed.heartbeat(at),
            O::Reading(it) => feed.reading(system.breaker(it.breaker.get_ref())?, it.value.get(i), at),
        };
        told.map_err(FeedError::into)
    }
}

impl Deed {
    /// The breaker that it is about, where it names one.
    pub(crate) fn breaker(&self) -> Option<&Spanned<String>> {
        use Deed as D;
        match self {
            D::Trip(it) | D::Reset(it) | D::ForceReset(it) | D::Maintain(it) => Some(&it.breaker),
            D::Liquidate(it) | D::Liquidated(it) => Some(&it.breaker),
            D::Rebase(it) => Some(&it.breaker),
            D::EmergencyStop(_) | D::ClearEmergencyStop(_) | D::Kill(_) | D::Rearm(_) => None,
        }
    }

    /// Does it. A reset names the trip that stands.
    pub(crate) fn done(&self, system: &System) -> Result<(), Error> {
        use Deed as D;
        let id = |it: &OfBreaker| system.breaker(it.breaker.get_ref());
        let seen = |it: &OfBreaker| system.breaker_status(id(it)?).map(|status| status.stamp);
        match self {
            D::Trip(it) => system.trip(id(it)?, it.by()),
            D::Reset(it) => system.reset(id(it)?, seen(it)?, it.by()),
            D::ForceReset(it) => system.force_reset(id(it)?, seen(it)?, it.by()),
            D::Maintain(it) => system.maintain(id(it)?, it.by()),
            D::Liquidate(it) => system.liquidate(id(it)?, it.by()),
            D::Liquidated(it) => system.liquidated(id(it)?, it.by()),
            D::Rebase(it) => system.rebase(system.breaker(it.breaker.get_ref())?, Money::from_f64(it.value)?, it.by()),
            D::EmergencyStop(it) => system.emergency_stop(&it.scope, it.source.0, it.by()),
            D::ClearEmergencyStop(it) => system.clear_emergency_stop(&it.scope, it.by()),
            D::Kill(_) => {
                system.kill();
                Ok(())
            }
            D::Rearm(it) => system.rearm(system.kill_word(), it.by()),
        }
    }
}

macro_rules! signed {
    ($($Name:ident),+) => {
        $(impl $Name {
            fn by(&self) -> By<'_> {
                By::new(&self.by, self.authority.0, &self.reason)
            }
        })+
    };
}
signed!(OfBreaker, Rebase, Stop, OfScope, Rearm);

/// Why something was refused: the kind of an error by its word, or that no permit was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) &'static str);

/// No breaker was half open, or none had a permit left.
pub(crate) const NO_PERMIT: Refusal = Refusal("no_permit");

const REFUSALS: [(&str, ErrorKind); 8] = [
    ("bad_input", ErrorKind::BadInput),
    ("unknown", ErrorKind::Unknown),
    ("full", ErrorKind::Full),
    ("authority", ErrorKind::Authority),
    ("cause_stands", ErrorKind::CauseStands),
    ("wrong_status", ErrorKind::WrongStatus),
    ("not_allowed", ErrorKind::NotAllowed),
    ("bad_scope", ErrorKind::BadScope),
];

impl Refusal {
    /// The word of an error.
    pub(crate) fn of(error: &Error) -> Self {
        let word = REFUSALS.iter().find(|(_, kind)| *kind == error.kind());
        Self(word.map_or("other", |(word, _)| word))
    }
}

impl<'de> Deserialize<'de> for Refusal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = String::deserialize(deserializer)?;
        let words = || REFUSALS.iter().map(|(word, _)| *word).chain([NO_PERMIT.0]);
        words().find(|word| *word == found).map(Self).ok_or_else(|| {
            let allowed = words().collect::<Vec<_>>().join(", ");
            serde::de::Error::custom(format!("found {found:?}, allowed are {allowed}"))
        })
    }
}

/// The word of a thing, for a message.
pub(crate) fn words<T: Named>(all: &[Word<T>]) -> String {
    let words: Vec<_> = all.iter().map(|word| word.0.word()).collect();
    if words.is_empty() { "nothing".into() } else { words.join(", ") }
}
