//! What a configuration means: scopes, and breakers with the parameters of their kinds. Immutable once built.

use core::time::Duration;
use std::sync::Arc;

use super::kind::Kind;
use super::ladder::Ladder;
use super::policy::{Halt, Policy};
use super::scope::ScopePath;
use super::status::named;
use super::units::Ratio;
use core::fmt;

/// Everything that a System is made from.
///
/// ```
/// use haltline::{BreakerSpec, Plan, Policy, RuleSpec, ScopePath};
/// let plan = Plan {
///     scopes: vec![ScopePath::new("XNAS/AAPL")?],
///     breakers: vec![BreakerSpec {
///         name: "desk".into(),
///         scope: ScopePath::root(),
///         watch: vec![],
///         rule: RuleSpec::Manual,
///         policy: Policy { release: haltline::Release::Latched, ..Policy::default() },
///     }],
///     ..Plan::default()
/// };
/// assert_eq!(plan.breakers.len(), 1);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Scopes that exist even if no breaker guards them. Scopes of breakers and all ancestors exist anyway.
    pub scopes: Vec<ScopePath>,
    /// The breakers. Each scope without a kill switch among them gets one.
    pub breakers: Vec<BreakerSpec>,
    /// Capacities.
    pub caps: Caps,
    /// How far an observation's time may be ahead and behind.
    pub skew: Skew,
}

/// Capacities, fixed when a System is made; all memory of the data plane is reserved then.
///
/// ```
/// # use haltline::*;
/// // Each scope brings its kill switch, the root too: one venue fits, a second does not.
/// let caps = Caps { breakers: 2, ..Caps::default() };
/// let venues = |names: &[&str]| -> Result<Plan, Error> {
///     let scopes = names.iter().map(|name| ScopePath::new(name)).collect::<Result<_, _>>()?;
///     Ok(Plan { scopes, caps, ..Plan::default() })
/// };
/// let system = System::manual(venues(&["XNAS"])?, Nanos::from_secs(0))?;
/// let refused = system.reload(&venues(&["XNAS", "XNYS"])?).map_err(|error| error.kind());
/// assert_eq!(refused, Err(ErrorKind::Full));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Scopes.
    pub scopes: u32,
    /// Breakers, the kill switches of the scopes included; at most 1 048 575.
    pub breakers: u32,
    /// Pairs of a breaker and a feed that it listens to.
    pub listeners: u32,
    /// Events that fit into each of the two rings; a power of two.
    pub ring: u32,
}

impl Default for Caps {
    fn default() -> Self {
        Self { scopes: 65_536, breakers: 262_144, listeners: 262_144, ring: 4_096 }
    }
}

/// How far the time of an observation may differ from what is expected.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// // The venue stamps, so of two lines one may come 50 microseconds late. More is a wrong clock.
/// let skew = Skew { max_backstep: Duration::from_micros(50), ..Skew::default() };
/// let start = Nanos::from_secs(1_700_000_000);
/// let system = System::manual(Plan { skew, ..Plan::default() }, start)?;
/// let (mut tape, price) = (system.feed("")?, Price::from_f64(189.5)?);
/// tape.trade(price, Qty(100), start)?;
/// assert!(tape.trade(price, Qty(100), start - Duration::from_nanos(50_001)).is_err());
/// assert!(tape.trade(price, Qty(100), start - Duration::from_nanos(50_000)).is_ok());
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew {
    /// Ahead of the System's time.
    pub max_ahead: Duration,
    /// Behind the last of the same feed.
    pub max_backstep: Duration,
}

impl Default for Skew {
    fn default() -> Self {
        Self { max_ahead: Duration::from_secs(1), max_backstep: Duration::ZERO }
    }
}

/// One breaker. Its identity is (name, kind, scope): a reload that keeps these keeps its state.
///
/// ```
/// # use haltline::*;
/// # let (scope, rule, policy) = (ScopePath::root(), RuleSpec::Manual, Kind::Manual.default_policy());
/// # let mut desk = BreakerSpec { name: "desk".into(), scope, watch: vec![], rule, policy };
/// # let plan = Plan { breakers: vec![desk.clone()], ..Plan::default() };
/// # let system = System::manual(plan.clone(), Nanos::from_secs(0))?;
/// let id = system.breaker("desk")?;
/// system.trip(id, By::new("ann", Authority::Trader, "wild router"))?;
/// // Another policy, the same breaker: no reload lifts a halt.
/// desk.policy.effect = Lanes::CLOSE;
/// system.reload(&Plan { breakers: vec![desk], ..plan })?;
/// let now = system.breaker_status(id)?;
/// assert_eq!((now.status, now.denies), (Status::Tripped, Lanes::CLOSE));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BreakerSpec {
    /// Its name, unique in a plan.
    pub name: String,
    /// What it guards.
    pub scope: ScopePath,
    /// Whose observations it hears; empty means its own scope.
    pub watch: Vec<ScopePath>,
    /// The kind and its parameters.
    pub rule: RuleSpec,
    /// Everything else.
    pub policy: Policy,
}

impl BreakerSpec {
    /// A breaker with its kind's default policy, which hears its own scope. A ladder brings its halts and its sessions
    /// along.
    pub fn new(name: &str, scope: ScopePath, rule: RuleSpec) -> Self {
        let mut policy = rule.kind().default_policy();
        if let RuleSpec::Ladder(ladder) = &rule {
            policy.halt = Halt::Ladder(ladder.clone());
            policy.sessions = Some(ladder.sessions.clone());
        }
        Self { name: name.into(), scope, watch: Vec::new(), rule, policy }
    }

    /// The same, hearing other feeds.
    #[must_use]
    pub fn watching(self, watch: Vec<ScopePath>) -> Self {
        Self { watch, ..self }
    }

    /// The same, with another policy.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }
}

/// The parameters of a kind.
///
/// ```
/// use haltline::{Drawdown, OnStale, Ratio, RuleSpec};
/// let drawdown = RuleSpec::Drawdown(Drawdown::with_limit(Ratio::from_f64(0.08)?)).kind();
/// // The rule gives the kind, the kind the defaults: what a feed drives trips when the feed falls silent.
/// assert_eq!(drawdown.default_policy().on_stale, OnStale::Trip);
/// assert_eq!(RuleSpec::Manual.kind().default_policy().on_stale, OnStale::Ignore);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum RuleSpec {
    /// `market_circuit_breaker`.
    Ladder(Arc<Ladder>),
    /// `drawdown`.
    Drawdown(Drawdown),
    /// `volatility`.
    Volatility(Volatility),
    /// `kill_switch`.
    KillSwitch(KillSwitch),
    /// `manual`.
    Manual,
}

impl RuleSpec {
    /// The kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Ladder(_) => Kind::MarketCircuitBreaker,
            Self::Drawdown(_) => Kind::Drawdown,
            Self::Volatility(_) => Kind::Volatility,
            Self::KillSwitch(_) => Kind::KillSwitch,
            Self::Manual => Kind::Manual,
        }
    }
}

/// The three levels of a value: trip at `value >= limit`, warn at `value >= warn`, leave Warning at `value < clear`.
///
/// ```
/// use haltline::{Limits, Money, Ratio};
/// let Limits { limit, warn, clear } = Limits::of(Ratio::from_f64(0.10)?);
/// assert_eq!((warn, clear), (Ratio::from_f64(0.08)?, Ratio::from_f64(0.072)?));
/// // Tested in integers: reached at 10 % below the peak, not a hundredth of a cent above.
/// let (peak, level) = (Money::from_f64(1_000_000.0)?.raw(), Money::from_f64(900_000.0)?.raw());
/// assert!(limit.reached_by_fall(peak, level) && !limit.reached_by_fall(peak, level + 1));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Trip.
    pub limit: Ratio,
    /// Warn.
    pub warn: Ratio,
    /// Leave Warning.
    pub clear: Ratio,
}

impl Limits {
    /// The catalogue's defaults: warn at 0.8 of the limit, clear at 0.9 of warn.
    pub fn of(limit: Ratio) -> Self {
        let warn = limit.times(Ratio::from_raw(800_000_000));
        Self { limit, warn, clear: warn.times(Ratio::from_raw(900_000_000)) }
    }
}

/// The drawdown rule: fall of equity from a peak.
///
/// ```
/// # use haltline::*;
/// # let (scope, policy) = (ScopePath::root(), Kind::Drawdown.default_policy());
/// let rule = RuleSpec::Drawdown(Drawdown::with_limit(Ratio::from_f64(0.08)?));
/// # let spec = BreakerSpec { name: "drawdown".into(), scope, watch: vec![], rule, policy };
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
/// # let (gate, mut marks) = (system.gate(&[])?, system.feed("")?);
/// # let now = system.now();
/// marks.equity(Money::from_f64(1_000_000.0)?, now)?;
/// // A mark of half the book is more than `max_step` away, so it is held: one bad mark trips nothing.
/// marks.equity(Money::from_f64(500_000.0)?, now)?;
/// assert!(gate.permits(Intent::Increase));
/// marks.equity(Money::from_f64(500_000.0)?, now)?;
/// marks.equity(Money::from_f64(500_000.0)?, now)?;
/// assert!(!gate.permits(Intent::Increase), "three that agree are the truth");
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Drawdown {
    /// Levels of `(peak - equity) / peak`.
    pub limits: Limits,
    /// The peak that is meant.
    pub baseline: Baseline,
    /// A mark that moves more than this share is held until three agree.
    pub max_step: Ratio,
    /// Samples for the speed test.
    pub sample: Duration,
    /// Whether a fall of more than `limit / 20` a sample, over four samples, is a breach.
    pub speed: bool,
    /// Under the peak for longer than this with more than `underwater_limit` is a breach; `None` switches it off.
    pub underwater_for: Option<Duration>,
    /// How deep that must be.
    pub underwater_limit: Ratio,
}

impl Drawdown {
    /// The catalogue's defaults with this limit: since the start, with the speed test, and 24 hours under water by more
    /// than 5 %.
    pub fn with_limit(limit: Ratio) -> Self {
        Self {
            limits: Limits::of(limit),
            baseline: Baseline::Peak,
            max_step: Ratio::from_raw(200_000_000),
            sample: Duration::from_secs(60),
            speed: true,
            underwater_for: Some(Duration::from_secs(24 * 3600)),
            underwater_limit: Ratio::from_raw(50_000_000),
        }
    }
}

/// From which peak a drawdown is measured.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// # let bleeds_into = |baseline| -> Result<Status, Error> {
/// #     let rule = Drawdown { baseline, speed: false, ..Drawdown::with_limit(Ratio::from_f64(0.08)?) };
/// #     let policy = Policy { on_stale: OnStale::Ignore, ..Kind::Drawdown.default_policy() };
/// #     let rule = RuleSpec::Drawdown(rule);
/// #     let spec = BreakerSpec { name: "drawdown".into(), scope: ScopePath::root(), watch: vec![], rule, policy };
/// #     let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
/// #     let mut marks = system.feed("")?;
/// #     for hour in 0..=9 {
/// #         let at = Nanos::from_secs(hour * 3_600);
/// #         system.advance(at);
/// #         marks.equity(Money::from_f64(1_000_000.0 - 10_000.0 * hour as f64)?, at)?;
/// #     }
/// #     Ok(system.breaker_status(system.breaker("drawdown")?)?.status)
/// # };
/// // Equity bleeds by 1 % of the start each hour, for nine hours; the limit is 8 %.
/// assert_eq!(bleeds_into(Baseline::Peak)?, Status::Tripped);
/// // A window of three hours forgets the old peak: it sees a crash, not a slow leak.
/// assert_eq!(bleeds_into(Baseline::Rolling(Duration::from_secs(3 * 3_600)))?, Status::Active);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// Since the start.
    Peak,
    /// Since the session's start; its first mark is the last one before it, so that a gap is seen.
    Session,
    /// The session's first mark.
    SessionOpen,
    /// Of a rolling window.
    Rolling(Duration),
}

/// The volatility rule: realised volatility over a window of samples, or a reading made elsewhere.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// let rule = Volatility {
///     limits: Limits::of(Ratio::from_f64(0.02)?), source: VolatilitySource::Trade,
///     sample: Some(Duration::from_secs(1)), returns: 2, annualise: None, rise: false, breakout: false,
/// };
/// # let (scope, policy) = (ScopePath::root(), Kind::Volatility.default_policy());
/// # let spec = BreakerSpec { name: "vol".into(), scope, watch: vec![], rule: RuleSpec::Volatility(rule), policy };
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
/// # let (gate, mut tape) = (system.gate(&[])?, system.feed("")?);
/// let mut may_go_after = |price, second| -> Result<bool, Error> {
///     let at = Nanos::from_secs(second);
/// #   system.advance(at);
///     tape.trade(Price::from_f64(price)?, Qty(100), at)?;
///     Ok(gate.permits(Intent::Increase))
/// };
/// // Two returns need three closes; until then doubt denies. 1 % up and down in 2 s is calm, 2 % more is not.
/// assert!(!may_go_after(100.0, 1)? && !may_go_after(101.0, 2)? && may_go_after(100.0, 3)?);
/// assert!(!may_go_after(102.0, 4)?);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Volatility {
    /// Levels of the value: the move that one window expects, or per year if annualised.
    pub limits: Limits,
    /// What is sampled.
    pub source: VolatilitySource,
    /// The length of a sample; `None` is a session (`"1d"` with a calendar).
    pub sample: Option<Duration>,
    /// How many returns a window holds.
    pub returns: usize,
    /// Samples in a year, if the value shall be per year.
    pub annualise: Option<f64>,
    /// Whether a rise of half the limit over the last ten readings is a breach.
    pub rise: bool,
    /// Whether a z-score above 3 against the hundred readings before is a breach, from half the limit on.
    pub breakout: bool,
}

named! {
    /// What a volatility rule samples.
    ///
    /// ```
    /// # use haltline::*;
    /// # use std::time::Duration;
    /// # let rule = Volatility {
    /// #     limits: Limits::of(Ratio::from_f64(40.0)?), source: VolatilitySource::Level,
    /// #     sample: Some(Duration::from_secs(1)), returns: 2, annualise: None, rise: false, breakout: false,
    /// # };
    /// # let (scope, policy) = (ScopePath::root(), Kind::Volatility.default_policy());
    /// # let spec = BreakerSpec { name: "vix".into(), scope, watch: vec![], rule: RuleSpec::Volatility(rule), policy };
    /// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
    /// # let (gate, mut index) = (system.gate(&[])?, system.feed("")?);
    /// // `VolatilitySource::Level` with a limit of 40: the limit is in the index's own points, nothing is sampled.
    /// let vix = system.breaker("vix")?;
    /// index.reading(vix, 39.99, system.now())?;
    /// assert!(gate.permits(Intent::Increase));
    /// index.reading(vix, 40.0, system.now())?;
    /// assert!(!gate.permits(Intent::Increase));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    VolatilitySource: "source" {
        /// Trade prices.
        Trade = 0, "trade";
        /// The middle of bid and ask.
        Mid = 1, "mid";
        /// Readings made elsewhere, a volatility index for example.
        Level = 2, "level";
    }
}

/// Which sources may pull a kill switch.
///
/// ```
/// # use haltline::*;
/// # let (scope, policy) = (ScopePath::root(), Kind::KillSwitch.default_policy());
/// let mut switch = KillSwitch::default();
/// switch.allows[EmergencySource::Anomaly as usize] = false;
/// # let spec = BreakerSpec { name: "stop".into(), scope, watch: vec![], rule: RuleSpec::KillSwitch(switch), policy };
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
/// // A detector that is still on trial asks: refused and told, nothing stops. A person still can.
/// let by = By::new("detector", Authority::Auto, "score 0.93");
/// let refused = system.emergency_stop("", EmergencySource::Anomaly, by).map_err(|error| error.kind());
/// assert_eq!(refused, Err(ErrorKind::NotAllowed));
/// system.emergency_stop("", EmergencySource::Manual, By::new("ann", Authority::Trader, "I saw it too"))?;
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KillSwitch {
    /// One flag a source, in the order of [`EmergencySource::ALL`].
    pub allows: [bool; 3],
}

impl Default for KillSwitch {
    fn default() -> Self {
        Self { allows: [true; 3] }
    }
}

named! {
    /// Who pulls a kill switch.
    ///
    /// ```
    /// # use haltline::*;
    /// # let plan = Plan { scopes: vec![ScopePath::new("XNAS")?], ..Plan::default() };
    /// # let system = System::manual(plan, Nanos::from_secs(0))?;
    /// let gate = system.gate(&["XNAS"])?;
    /// let clearing = By::new("clearing", Authority::Auto, "member default");
    /// // Any source may stop, whatever its authority; resting orders can still be pulled.
    /// system.emergency_stop("XNAS", EmergencySource::External, clearing)?;
    /// assert!(!gate.permits(Intent::Reduce) && gate.permits(Intent::Cancel));
    /// // The way back asks an administrator.
    /// let refused = system.clear_emergency_stop("XNAS", clearing).map_err(|error| error.kind());
    /// assert_eq!(refused, Err(ErrorKind::Authority));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    EmergencySource: "source" {
        /// A person.
        Manual = 0, "manual";
        /// A detector.
        Anomaly = 1, "anomaly";
        /// Another system.
        External = 2, "external";
    }
}
