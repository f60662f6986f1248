//! `market_circuit_breaker`: what halts a market. A ladder of rungs against the close before, the price bands of one instrument,
//! a move within a rolling window, or what a venue says of itself.

pub(crate) mod band;
pub(crate) mod ladder;
pub(crate) mod rolling;
pub(crate) mod venue;

use std::sync::Arc;

use crate::model::error::Error;
use crate::model::ladder::Ladder;
use crate::model::observation::{Channel, Observation};
use crate::model::policy::Policy;
use crate::model::price_band::{PriceBand, Prices};
use crate::model::reading::Reading;
use crate::model::rolling_move::RollingMove;
use crate::model::time::Nanos;
use crate::rule::check::Check;
use crate::rule::{Answer, BadInput, Band, Context, Detect, Mark};

/// The market circuit breaker rule: which halts it knows of.
///
/// ```
/// # use haltline::*;
/// # let start = Nanos::from_secs(1_700_000_000);
/// // Two venues, one breaker: it watches the feed of each, and the worst of them counts.
/// let venues = vec![ScopePath::new("XNYS")?, ScopePath::new("XNAS")?];
/// let rule = RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Venue);
/// let halts = BreakerSpec::new("venues", ScopePath::root(), rule).watching(venues);
/// let system = System::manual(Plan { breakers: vec![halts], ..Plan::default() }, start)?;
/// let (gate, mut nyse, mut nasdaq) = (system.gate(&[])?, system.feed("XNYS")?, system.feed("XNAS")?);
/// nyse.venue(VenueStatus::Open, start)?;
/// assert!(!gate.permits(Intent::Increase), "nothing is known of the other");
/// nasdaq.venue(VenueStatus::Open, start)?;
/// assert!(gate.permits(Intent::Increase));
/// nasdaq.venue(VenueStatus::Halted, start)?;
/// assert_eq!(gate.explain(gate.check()).reason, Reason::VenueHalted);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum MarketCircuitBreaker {
    /// The price of an index, against the official close of the session before.
    Ladder(Arc<Ladder>),
    /// The prices of one instrument, within bands around a reference that follows them. Hears one feed: its trades, its quotes and
    /// the official close of the session before.
    Band(Arc<PriceBand>),
    /// Prices, against the highest and the lowest of a rolling window.
    Rolling(Arc<RollingMove>),
    /// The status of one venue or more, one feed each: denies unless each says that it is open.
    Venue,
}

impl MarketCircuitBreaker {
    /// The ladder, if it is one.
    pub fn ladder(&self) -> Option<&Arc<Ladder>> {
        match self {
            Self::Ladder(ladder) => Some(ladder),
            _ => None,
        }
    }

    /// The price band, if it is one.
    pub fn band(&self) -> Option<&Arc<PriceBand>> {
        match self {
            Self::Band(band) => Some(band),
            _ => None,
        }
    }

    /// The rolling move, if it is one.
    pub fn rolling(&self) -> Option<&Arc<RollingMove>> {
        match self {
            Self::Rolling(rolling) => Some(rolling),
            _ => None,
        }
    }
}

impl From<Arc<RollingMove>> for MarketCircuitBreaker {
    fn from(rolling: Arc<RollingMove>) -> Self {
        Self::Rolling(rolling)
    }
}

impl From<Arc<Ladder>> for MarketCircuitBreaker {
    fn from(ladder: Arc<Ladder>) -> Self {
        Self::Ladder(ladder)
    }
}

impl Check for MarketCircuitBreaker {
    fn check(&self, policy: &Policy) -> Result<(), Error> {
        match self {
            Self::Ladder(ladder) => ladder.check(policy),
            Self::Band(band) => band.check(policy),
            Self::Rolling(rolling) => rolling.check(policy),
            Self::Venue => venue::check(policy),
        }
    }
}

/// The detector of each.
#[derive(Debug)]
pub(crate) enum Detector {
    Ladder(ladder::Detector),
    Band(Box<band::Detector>),
    Rolling(Box<rolling::Detector>),
    Venue(venue::Detector),
}

impl Detect for Detector {
    type Spec = MarketCircuitBreaker;

    fn new(spec: &MarketCircuitBreaker, policy: &Policy) -> Self {
        match spec {
            MarketCircuitBreaker::Ladder(ladder) => Self::Ladder(Detect::new(ladder, policy)),
            MarketCircuitBreaker::Band(band) => Self::Band(Box::new(Detect::new(band, policy))),
            MarketCircuitBreaker::Rolling(rolling) => Self::Rolling(Box::new(Detect::new(rolling, policy))),
            MarketCircuitBreaker::Venue => Self::Venue(Detect::new(&(), policy)),
        }
    }

    fn channel(&self) -> Channel {
        match self {
            Self::Ladder(rule) => rule.channel(),
            Self::Band(rule) => rule.channel(),
            Self::Rolling(rule) => rule.channel(),
            Self::Venue(rule) => rule.channel(),
        }
    }

    fn observe(&mut self, heard: &Observation, at: Nanos, context: Context<'_>) -> Result<Option<Answer>, BadInput> {
        match self {
            Self::Ladder(rule) => rule.observe(heard, at, context),
            Self::Band(rule) => rule.observe(heard, at, context),
            Self::Rolling(rule) => rule.observe(heard, at, context),
            Self::Venue(rule) => rule.observe(heard, at, context),
        }
    }

    fn takes_quotes(&self) -> bool {
        matches!(self, Self::Band(_))
    }

    fn prices(&self) -> Option<Prices> {
        match self {
            Self::Band(rule) => rule.prices(),
            _ => None,
        }
    }

    fn read(&mut self, heard: &Observation, at: Nanos, last: Option<Mark>) -> Option<Reading> {
        match self {
            Self::Band(rule) => rule.read(heard, at, last),
            Self::Rolling(rule) => rule.read(heard, at, last),
            _ => None,
        }
    }

    fn evaluate(&mut self, at: Nanos, context: Context<'_>) -> Answer {
        match self {
            Self::Ladder(rule) => rule.evaluate(at, context),
            Self::Band(rule) => rule.evaluate(at, context),
            Self::Rolling(rule) => rule.evaluate(at, context),
            Self::Venue(rule) => rule.evaluate(at, context),
        }
    }

    fn is_new(&self, heard: &Observation) -> bool {
        match self {
            Self::Ladder(rule) => rule.is_new(heard),
            Self::Band(rule) => rule.is_new(heard),
            Self::Rolling(rule) => rule.is_new(heard),
            Self::Venue(rule) => rule.is_new(heard),
        }
    }

    fn is_news(&self, heard: &Observation) -> bool {
        match self {
            Self::Ladder(rule) => rule.is_news(heard),
            Self::Band(rule) => rule.is_news(heard),
            Self::Rolling(rule) => rule.is_news(heard),
            Self::Venue(rule) => rule.is_news(heard),
        }
    }

    fn sure_breach(&self, at: Nanos, context: Context<'_>) -> Band {
        match self {
            Self::Ladder(rule) => rule.sure_breach(at, context),
            Self::Band(rule) => rule.sure_breach(at, context),
            Self::Rolling(rule) => rule.sure_breach(at, context),
            Self::Venue(rule) => rule.sure_breach(at, context),
        }
    }

    fn inherit(&mut self, old: &mut Self) {
        match (self, old) {
            (Self::Ladder(new), Self::Ladder(old)) => new.inherit(old),
            (Self::Band(new), Self::Band(old)) => new.inherit(old),
            (Self::Rolling(new), Self::Rolling(old)) => new.inherit(old),
            (Self::Venue(new), Self::Venue(old)) => new.inherit(old),
            _ => {}
        }
    }
}
