//! What a feed hears.

use super::metrics::Metric;
use super::session::Date;
use super::status::named;
use super::time::Nanos;
use super::units::{Money, Price, Qty};
use core::fmt;
use core::time::Duration;

/// A stream of plain numbers that rules test against levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Channel {
    /// Trade prices, raw [`Price`].
    Trade,
    /// Middle prices, raw [`Price`].
    Mid,
    /// Ask minus bid, raw [`Price`]: zero is a locked book, below it a crossed one.
    Spread,
    /// Quantities of trades, lots.
    Size,
    /// Equity, raw [`Money`].
    Equity,
    /// What is polled, billionths.
    Metric(Metric),
    /// None: the rule takes no plain numbers.
    None,
}

/// The number of a named check before the open, from [`System::check_id`](crate::System::check_id).
///
/// It is made from the name alone, so it means the same check to every breaker that asks for it, and stays valid through
/// reloads. (A plan in which two names had the same number would be refused.)
///
/// ```
/// # use haltline::*;
/// # use std::sync::Arc;
/// # let day = |d, open| Session { date: Date::new(2020, 3, d), open: Nanos(open), close: Nanos(open + 10) };
/// # let sessions = Some(Arc::new(Sessions::new(vec![day(9, 100), day(10, 200)])?));
/// # let rule = |names: &[&str]| RuleSpec::PremarketValidation(PremarketValidation::of(names));
/// # let policy = Policy { sessions, ..Kind::PremarketValidation.default_policy() };
/// # let spec = |names| BreakerSpec::new("ready", ScopePath::root(), rule(names)).with_policy(policy.clone());
/// # let plan = |names| Plan { breakers: vec![spec(names)], ..Plan::default() };
/// # let system = System::manual(plan(&["prices", "limits"]), Nanos(50))?;
/// let prices = system.check_id("prices")?;
/// assert_eq!(system.check_id("price").map_err(|error| error.kind()), Err(ErrorKind::Unknown));
/// system.reload(&plan(&["limits", "prices", "positions"]))?;
/// assert_eq!(system.check_id("prices")?, prices);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckId(u32);

impl CheckId {
    /// The number of a name: FNV-1a. Two names of one number cannot be in one plan.
    pub const fn of(name: &str) -> Self {
        let (bytes, mut hash, mut i) = (name.as_bytes(), 0x811c_9dc5_u32, 0);
        while i < bytes.len() {
            hash = (hash ^ bytes[i] as u32).wrapping_mul(0x0100_0193);
            i += 1;
        }
        Self(hash)
    }

    /// The number itself.
    pub const fn raw(self) -> u32 {
        self.0
    }

    /// From its number.
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }
}

/// One thing heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Observation {
    /// A plain number of a channel.
    Value(Channel, i64),
    /// The best bid and the best ask together, for rules that ask for both.
    Quote {
        /// Above zero.
        bid: Price,
        /// Above zero.
        ask: Price,
    },
    /// The official close of a session, the reference of the next.
    Reference {
        /// The level.
        price: Price,
        /// Of which session.
        session: Date,
    },
    /// A deposit (positive) or withdrawal: shifts baselines, is no gain or loss.
    Flow(Money),
    /// A gain or a loss that has been booked.
    Pnl(Money),
    /// The margin of the account: what is used of it, and what is left.
    Margin {
        /// Not negative.
        used: Money,
        /// Negative in a deficit.
        available: Money,
    },
    /// What is held of an instrument from now on.
    Position {
        /// The caller's number for it.
        instrument: u64,
        /// Positive is long, negative short, zero nothing.
        quantity: Qty,
        /// Its market value; the side is that of the quantity.
        value: Money,
        /// 0: a sector of its own.
        sector: u32,
    },
    /// A value made elsewhere.
    Level(f64),
    /// How a call ended, and how long it took.
    Outcome {
        /// How.
        outcome: Outcome,
        /// From its begin to its end.
        duration: Duration,
        /// From its end to the time that it is heard at, if others were faster.
        late: Duration,
    },
    /// Whether a model's prediction has come true.
    Prediction(bool),
    /// A check before the open has passed or failed.
    Check {
        /// Which.
        check: CheckId,
        /// Whether it has passed.
        passed: bool,
    },
    /// A message of a numbered stream has come.
    Sequence {
        /// Its number; the next one has the next.
        number: u64,
        /// When the source sent it.
        sent: Nanos,
    },
    /// What the venue says of itself.
    Venue(VenueStatus),
    /// Time passes; nothing else is new.
    Heartbeat,
}

impl Observation {
    /// Whether the source has said something of its own, so that it is not silent.
    pub(crate) fn is_news(&self) -> bool {
        match self {
            Self::Value(..) | Self::Quote { .. } | Self::Level(_) | Self::Reference { .. } => true,
            Self::Pnl(_) | Self::Margin { .. } | Self::Position { .. } => true,
            Self::Outcome { .. } | Self::Prediction(_) | Self::Check { .. } | Self::Sequence { .. } => true,
            Self::Flow(_) | Self::Venue(_) | Self::Heartbeat => false,
        }
    }
}

named! {
    /// What a venue says of itself.
    ///
    /// ```
    /// # use haltline::*;
    /// # use std::time::Duration;
    /// # let scope = ScopePath::root();
    /// # let rule = RuleSpec::Drawdown(Drawdown::with_limit(Ratio::from_f64(0.08)?));
    /// # let start = Nanos::from_secs(0);
    /// # let policy = Kind::Drawdown.default_policy();
    /// # let spec = BreakerSpec { name: "drawdown".into(), scope, watch: vec![], rule, policy };
    /// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, start)?;
    /// # let (gate, mut marks) = (system.gate(&[])?, system.feed("")?);
    /// marks.equity(Money::from_f64(1_000_000.0)?, start)?;
    /// // "It trades" is no mark: 30 s after the last mark the feed is stale all the same.
    /// system.advance(start + Duration::from_secs(29));
    /// marks.venue(VenueStatus::Open, system.now())?;
    /// system.advance(start + Duration::from_secs(30));
    /// assert_eq!(gate.explain(gate.check()).reason, Reason::Stale);
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    VenueStatus: "venue status" {
        /// Nothing known.
        Unknown = 0, "unknown";
        /// It trades.
        Open = 1, "open";
        /// It has halted.
        Halted = 2, "halted";
        /// It is closed.
        Closed = 3, "closed";
    }
}

named! {
    /// How a call of a dependency ended. Which errors are the dependency's fault is the caller's to say.
    ///
    /// ```
    /// # use haltline::*;
    /// # use std::time::Duration;
    /// let rule = Technical { consecutive: Some(2), ..Technical::default() };
    /// # let (scope, policy) = (ScopePath::root(), Kind::Technical.default_policy());
    /// # let spec = BreakerSpec { name: "gw".into(), scope, watch: vec![], rule: RuleSpec::Technical(rule), policy };
    /// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(1))?;
    /// # let (gate, mut calls, took) = (system.gate(&[])?, system.feed("")?, Duration::from_millis(3));
    /// // A timeout is a failure. A reject for lack of margin is an answer: the gateway works.
    /// calls.outcome(Outcome::Failure, took, system.now())?;
    /// calls.outcome(Outcome::Ignored, took, system.now())?;
    /// assert!(gate.permits(Intent::Increase));
    /// // What is ignored neither counts nor breaks a row of failures.
    /// calls.outcome(Outcome::Failure, took, system.now())?;
    /// assert!(!gate.permits(Intent::Increase));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    Outcome: "outcome" {
        /// It did what it should.
        Success = 0, "success";
        /// It did not, and that is the dependency's fault.
        Failure = 1, "failure";
        /// Says nothing of the dependency but that it is there: a cancelled call, the caller's own mistake, a heartbeat.
        Ignored = 2, "ignored";
    }
}
