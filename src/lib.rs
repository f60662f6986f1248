//! A trading circuit breaker that a matching engine can afford to ask about **every order**.
//!
//! Breakers watch prices and equity and trip by themselves; gates are what the order path asks. A check reads the words
//! of at most seven scopes and the kill word: four loads with up to three scopes, no lock, no write, no clock, no thread,
//! and the same with 1 breaker or 100 000.
//!
//! ```
//! use haltline::*;
//!
//! // Limits: 8 % below the peak of equity no new exposure; a switch for the desk; both for the account's scope.
//! let rule = RuleSpec::Drawdown(Drawdown::with_limit(Ratio::from_f64(0.08)?));
//! let account = ScopePath::new("acct/alpha")?;
//! let drawdown = BreakerSpec { name: "drawdown".into(), scope: account.clone(), watch: vec![], rule, policy: Kind::Drawdown.default_policy() };
//! let desk = BreakerSpec { name: "desk".into(), scope: account, watch: vec![], rule: RuleSpec::Manual, policy: Kind::Manual.default_policy() };
//! let plan = Plan { breakers: vec![drawdown, desk], scopes: vec![ScopePath::new("XNAS/AAPL")?], ..Plan::default() };
//! let system = System::start(plan)?;
//! let _log = system.subscribe(Subscriber::new("log"), |events| println!("{} events", events.len()))?;
//!
//! // The order path: a gate for each instrument and each account, asked together.
//! let (instrument, owner) = (system.gate(&["XNAS/AAPL"])?, system.gate(&["acct/alpha"])?);
//! let may_go = |intent| instrument.check_with(&owner).permits(intent);
//!
//! // The feed: one thread's, beside the order path. Before its first mark doubt denies.
//! let mut marks = system.feed("acct/alpha")?;
//! assert!(!may_go(Intent::Increase));
//! marks.equity(Money::from_f64(1_000_000.0)?, system.now())?;
//! assert!(may_go(Intent::Increase));
//! marks.equity(Money::from_f64(915_000.0)?, system.now())?;
//! assert!(!may_go(Intent::Increase) && may_go(Intent::Reduce) && may_go(Intent::Cancel));
//! println!("{}", owner.explain(owner.check())); // tripped by drawdown (drawdown) on acct/alpha: limit, 0.085 against 0.08
//! # Ok::<(), Error>(())
//! ```
//!
//! # Guarantees
//!
//! 1. *Never open while tripped.* At every instant a lane of a scope counts at least the breakers whose word denies it.
//! 2. *Exact at rest.* With no transition in flight every lane equals the recount from the breakers' words.
//! 3. *One transition, one event.* Threads that cross a threshold together make one trip.
//! 4. *No stale revival.* What was decided on one word or policy changes nothing once it is another.
//! 5. *A halt is seen.* A check that happens after the return of [`System::trip`] denies, on any thread.
//! 6. *Nothing trips silently.* Events may be lost, states may not: a loss is counted and told, and the reader is brought
//!    level with what stands.
//! 7. *Doubt denies.* Zeroed memory, an unknown scope, a forked child, a stale feed, a System that has shut down: denied
//!    or refused with an error, never allowed.
//!
//! 1 to 5 have models that explore every interleaving (`ci/loom.sh`), each with a twin in which the order is wrong and
//! which must fail.
//!
//! # When not to use it
//!
//! * It is not an order-rate limiter, not a fat-finger check of a single order, not a margin engine: it stops trading,
//!   it does not judge orders.
//! * It checks before the match. An order that has passed when a halt lands may pass; who needs more checks again.
//! * Linux on 64-bit machines only: a forked child must deny, and only Linux wipes memory on fork.
//!
//! # Where things are
//!
//! [`System`] owns everything. [`Gate`] is the order path, [`Verdict`] its answer, [`Denial`] the explanation. [`Feed`]
//! takes observations, [`SharedFeed`] those of many threads. [`Plan`] says what breakers there are, [`Policy`] how each
//! behaves, [`machine`] what can follow what. [`Event`] is the record of a transition;
//! a [`Subscriber`] hears of them, [`System::history`] holds the last.

#![deny(unsafe_code)]

#[cfg(not(all(target_os = "linux", target_pointer_width = "64", target_endian = "little")))]
compile_error!("Haltline needs 64-bit little-endian Linux: only there a forked child is known to deny");

/// The README's example runs, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod circuit;
mod feed;
mod gate;
mod listener;
mod memory;
mod model;
mod notes;
mod plan;
mod plan_check;
mod probe;
mod registry;
mod rule;
mod runtime;
mod snapshot;
mod status;
mod system;
mod window;

pub use feed::Feed;
pub use feed::shared::{SharedFeed, SharedHandle};
pub use gate::{Denial, Gate};
pub use memory::board::BREAKERS_A_SCOPE;
pub use memory::gate::{GateWords, Verdict};
pub use memory::tally::{Tally, TallyHandle};
pub use model::caps::{Caps, Skew};
pub use model::error::{Error, ErrorKind, FeedError};
pub use model::event::{BreakerId, Event, EventType};
pub use model::intent::{Intent, Lanes};
pub use model::kind::{KINDS, Kind, KindRow};
pub use model::ladder::*;
pub use model::limits::Limits;
pub use model::machine;
pub use model::metrics::{MarketConditions, Metric, Metrics};
pub use model::observation::{CheckId, Outcome, VenueStatus};
pub use model::policy::*;
pub use model::price_band::{BandRow, PriceBand, Rounding, Side, Tier, WideWindow};
pub use model::reading::{Level, Standing};
pub use model::reason::Reason;
pub use model::rolling_move::RollingMove;
pub use model::scope::{GATE_SCOPES, PATH_BYTES, PATH_SEGMENTS, ScopeId, ScopePath};
pub use model::session::{Date, Place, Session, Sessions};
pub use model::state::{State, Step};
pub use model::status::{Authority, Status};
pub use model::tally::{Amounts, Sums};
pub use model::time::{Epoch, Micros, Nanos};
pub use model::units::{Money, Price, Qty, Ratio};
pub use notes::{ACTOR_BYTES, By, REASON_BYTES};
pub use plan::{BreakerSpec, Plan, Template};
pub use plan_check::{KILL_PREFIX, NAME_BYTES, is_name};
pub use probe::Permit;
pub use registry::Reloaded;
pub use rule::RuleSpec;
pub use rule::anomaly_detection::{AnomalyBaseline, AnomalyDetection, AnomalySource, MAX_VALUES};
pub use rule::correlation::{Correlation, CorrelationMode, MAX_BASELINE};
pub use rule::data_feed_integrity::{DataFeedIntegrity, IntegritySource, MAX_MESSAGES};
pub use rule::drawdown::{Baseline, Drawdown};
pub use rule::liquidation::LiquidationRequired;
pub use rule::loss_rate::{LossRate, LossSource};
pub use rule::market::MarketCircuitBreaker;
pub use rule::model_performance::{MAX_OUTCOMES, ModelPerformance, PerformanceSource};
pub use rule::operator::{EmergencySource, KillSwitch};
pub use rule::polled::Polled;
pub use rule::position_limit::{MAX_POSITIONS, PositionLimit};
pub use rule::premarket_validation::{Deadline, MAX_CHECKS, PremarketCheck, PremarketValidation};
pub use rule::technical::{CallWindow, MAX_CALLS, SlowCalls, Technical};
pub use rule::time_based::{Blackout, TimeBased};
pub use rule::volatility::{MAX_RETURNS, Volatility, VolatilitySource};
pub use runtime::filter::Filter;
pub use runtime::history::Past;
pub use runtime::latency::Latency;
pub use runtime::sensor::{Sensing, Sensor, SensorStatus};
pub use runtime::statistics::Statistics;
pub use runtime::subscriber::{Closer, Overflow, Receiver, Subscriber, SubscriberStatus};
pub use runtime::subscribers::{Subscription, Unsubscribed};
pub use runtime::threads::ShutdownReport;
pub use runtime::worker::{Idle, OnThread, Threading};
pub use status::counts::Counts;
pub use status::details::{Describer, EventDetails};
pub use status::{BreakerStatus, SystemStatus};
pub use system::{System, kill_all};
