//! What a configuration means: scopes, and breakers with the parameters of their kinds. Immutable once built.

use core::time::Duration;
use std::sync::Arc;

use super::kind::Kind;
use super::policy::Policy;
use super::scope::ScopePath;
use super::session::{Date, Session, Sessions};
use super::state::Step;
use super::status::named;
use super::time::Nanos;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Scopes.
    pub scopes: u32,
    /// Breakers, the kill switches of the scopes included; at most 1 048 576.
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

/// The parameters of a kind.
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

named! {
    /// Which way a market must move.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    Direction: "direction" {
        /// Below the reference.
        Down = 0, "down";
        /// Above it.
        Up = 1, "up";
        /// Either.
        Both = 2, "both";
    }
}

named! {
    /// What ends a halt whose time is up.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    Reopen: "reopen" {
        /// Time alone.
        Auto = 0, "auto";
        /// The venue's message that it trades again.
        OnMessage = 1, "on_message";
    }
}

/// A ladder of market-wide halts, as data.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    /// The sessions, from which open, close and the previous session follow.
    pub sessions: Arc<Sessions>,
    /// Which way.
    pub direction: Direction,
    /// From the lowest; at most six, rising strictly.
    pub rungs: Vec<Rung>,
    /// Whether the last instant of a window belongs to it.
    pub cutoff_inclusive: bool,
    /// What ends a halt.
    pub reopen: Reopen,
    /// How long a rung must be held before it fires; runs in silence too.
    pub lasting: Duration,
    /// The first session in which the ladder is in force.
    pub effective_from: Option<Date>,
    /// The last.
    pub effective_to: Option<Date>,
}

/// One rung.
#[derive(Clone, Debug, PartialEq)]
pub struct Rung {
    /// Its levels, as shares of the reference.
    pub limits: Limits,
    /// How much further than at the firing of the rung below the move must be.
    pub further: Ratio,
    /// When it can fire and what that means; in order, the first that fits counts.
    pub windows: Vec<Window>,
}

/// A part of the session: from `from` (exclusive at the open, inclusive elsewhere) to `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its begin.
    pub from: Bell,
    /// Its end, see [`Ladder::cutoff_inclusive`].
    pub until: Bell,
    /// How long the halt lasts.
    pub end: HaltEnd,
}

/// A time of the session, by its bells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bell {
    /// So long after the open.
    AfterOpen(Duration),
    /// So long before the close.
    BeforeClose(Duration),
}

impl Bell {
    /// When that is in `session`.
    pub fn at(self, session: &Session) -> Nanos {
        match self {
            Self::AfterOpen(d) => session.open + d,
            Self::BeforeClose(d) => session.close - d,
        }
    }
}

/// When a halt ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HaltEnd {
    /// After this time.
    After(Duration),
    /// At the next session's open.
    NextSession,
}

impl Ladder {
    /// The rung of a step.
    pub fn rung(&self, step: Step) -> Option<&Rung> {
        usize::from(step.number()).checked_sub(1).and_then(|i| self.rungs.get(i))
    }

    /// Whether the ladder is in force in a session.
    pub fn in_force(&self, date: Date) -> bool {
        self.effective_from.is_none_or(|from| date >= from) && self.effective_to.is_none_or(|to| date <= to)
    }

    /// The window of `rung` that is open at `at` in `session`.
    pub fn open_window<'r>(&self, rung: &'r Rung, session: &Session, at: Nanos) -> Option<&'r Window> {
        rung.windows.iter().find(|w| {
            let (from, until) = (w.from.at(session), w.until.at(session));
            let begun = if from == session.open { at > from } else { at >= from };
            begun && if self.cutoff_inclusive || until == session.close { at <= until } else { at < until }
        })
    }

    /// When a halt of this rung that began at `since` ends by time: `None` for none that does.
    ///
    /// The rung fired, so one of its windows was open; `since` may be up to a microsecond later than that, and may so
    /// have passed from one window into the next. Then the later of the two ends counts: no halt is too short.
    pub fn halt_end(&self, step: Step, since: Nanos) -> Option<Nanos> {
        let rung = self.rung(step)?;
        let begun = self.sessions.as_slice().partition_point(|s| s.open <= since);
        let session = self.sessions.get(begun.checked_sub(1)?)?;
        let begun_by = |at| rung.windows.iter().rev().find(|w| w.from.at(session) <= at).or(rung.windows.first());
        let end = |window: &Window| match window.end {
            HaltEnd::After(d) => Some(since + d),
            HaltEnd::NextSession => self.sessions.next_open(since),
        };
        let (fired, now) = (begun_by(since - Duration::from_nanos(999))?, begun_by(since)?);
        // Without a next session the halt has no end by time: the later of the two.
        end(fired).zip(end(now)).map(|(a, b)| a.max(b))
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
