//! When a breaker trips, what that denies, how long, how it comes back, and who may bring it back.

use core::time::Duration;
use std::sync::Arc;

use super::intent::Lanes;
use super::ladder::Ladder;
use super::session::Sessions;
use super::state::{State, Step};
use super::status::{Authority, Status, named};
use super::time::{Epoch, Micros, Nanos};
use core::fmt;

named! {
    /// How a trip ends.
    ///
    /// ```
    /// use haltline::machine::{Decision, Input, Moment, step};
    /// # use haltline::*;
    /// # let (now, epoch, standing) = (Nanos::from_secs(1), Epoch::default(), Standing::Last(Level::Normal));
    /// # let moment = Moment { now, epoch, standing, auto_resets: 0, in_doubt: false };
    /// # let halted = State { status: Status::Tripped, denies: Lanes::HALT, ..State::RETIRED };
    /// let good = Input::Read(Level::Normal, Step::FIRST, Reason::ClearLevel);
    /// let stays = |release| step(halted, good, &Policy { release, ..Policy::default() }, &moment) == Decision::Stay;
    /// // One second into a halt of 15 minutes a good reading comes.
    /// assert!(!stays(Release::Level));
    /// assert!(stays(Release::Timed) && stays(Release::Latched));
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    Release: "release" {
        /// After its time, if the last reading is fresh and no breach; else with the first good reading after it.
        Timed = 0, "timed";
        /// With the first good reading.
        Level = 1, "level";
        /// By hand.
        Latched = 2, "latched";
    }
}

named! {
    /// What a breaker does before its first usable value.
    ///
    /// ```
    /// use haltline::{Lanes, OnUnready, Policy};
    /// // Before the first price: by default an order is denied as if the breaker had tripped.
    /// assert_eq!(Policy::default().unready_mask(), Lanes::HALT);
    /// // Where trading must begin before this feed does:
    /// let policy = Policy { on_unready: OnUnready::Allow, ..Policy::default() };
    /// assert_eq!(policy.unready_mask(), Lanes::NONE);
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    OnUnready: "on_unready" {
        /// Deny, as if tripped.
        Deny = 0, "deny";
        /// Allow.
        Allow = 1, "allow";
    }
}

named! {
    /// What a breaker does when its observations stop.
    ///
    /// ```
    /// # use haltline::*;
    /// # use std::time::Duration;
    /// # let scope = ScopePath::root();
    /// # let rule = RuleSpec::Drawdown(Drawdown::with_limit(Ratio::from_f64(0.08)?));
    /// # let start = Nanos::from_secs(0);
    /// # let default = Kind::Drawdown.default_policy();
    /// let policy = Policy { on_stale: OnStale::Warn, stale_after: Duration::from_secs(5), ..default };
    /// # let spec = BreakerSpec { name: "drawdown".into(), scope, watch: vec![], rule, policy };
    /// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, start)?;
    /// # let (gate, mut marks) = (system.gate(&[])?, system.feed("")?);
    /// marks.equity(Money::from_f64(1_000_000.0)?, start)?;
    /// system.advance(start + Duration::from_nanos(4_999_999_999));
    /// assert!(!gate.check().warns());
    /// system.advance(start + Duration::from_secs(5));
    /// assert!(gate.check().warns() && gate.permits(Intent::Increase));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    OnStale: "on_stale" {
        /// Trip.
        Trip = 0, "trip";
        /// Warn.
        Warn = 1, "warn";
        /// Nothing; the last reading stands for ever.
        Ignore = 2, "ignore";
    }
}

named! {
    /// What a breaker does with an observation that means nothing. It is always refused and counted.
    ///
    /// ```
    /// # use haltline::*;
    /// # use std::time::Duration;
    /// # let scope = ScopePath::root();
    /// # let rule = RuleSpec::Drawdown(Drawdown::with_limit(Ratio::from_f64(0.08)?));
    /// # let start = Nanos::from_secs(1);
    /// let policy = Policy { on_bad_input: OnBadInput::Trip, ..Kind::Drawdown.default_policy() };
    /// # let spec = BreakerSpec { name: "drawdown".into(), scope, watch: vec![], rule, policy };
    /// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, start)?;
    /// # let (gate, mut marks) = (system.gate(&[])?, system.feed("")?);
    /// let equity = Money::from_f64(1_000_000.0)?;
    /// marks.equity(equity, start)?;
    /// // Its clock runs backwards. Refused either way; here it trips, too.
    /// assert!(marks.equity(equity, start - Duration::from_nanos(1)).is_err());
    /// assert_eq!(gate.explain(gate.check()).reason, Reason::BadInput);
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    OnBadInput: "on_bad_input" {
        /// Keep its state.
        Refuse = 0, "refuse";
        /// Trip.
        Trip = 1, "trip";
    }
}

/// What Cooldown denies, and whether orders may try whether it is over.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// let cooldown = |cooldown_effect| Policy { cooldown_for: Duration::from_secs(60), cooldown_effect, ..Policy::default() };
/// let denied = |effect| cooldown(effect).mask(Status::Cooldown);
/// assert_eq!(denied(CooldownEffect::AsTripped), Lanes::HALT);
/// assert_eq!(denied(CooldownEffect::Denies(Lanes::NO_NEW)), Lanes::NO_NEW);
/// // Half open: denied like a trip, but three orders may be let through as probes.
/// assert_eq!(denied(CooldownEffect::Probe(3)), Lanes::HALT);
/// assert_eq!(cooldown(CooldownEffect::Probe(3)).probes(), Some(3));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CooldownEffect {
    /// What Tripped denies; ends by time.
    #[default]
    AsTripped,
    /// These lanes; ends by time.
    Denies(Lanes),
    /// What Tripped denies, but this many orders at a time are admitted as probes, see
    /// [`Gate::try_probe`](crate::Gate::try_probe); 1 to [`MAX_PROBES`]. So many passed probes end it, time alone does not;
    /// one that fails, or is not back after `cooldown_for`, trips again.
    Probe(u8),
}

/// The most probes that a Cooldown admits.
pub const MAX_PROBES: u8 = 30;

/// How long Tripped lasts at least.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// let minutes = |n: u64| Duration::from_secs(60 * n);
/// let halt = Halt::Timed { base: minutes(15), backoff: 2.0, max: minutes(45) };
/// let policy = Policy { halt, ..Policy::default() };
/// let lasts = |step| policy.deadline(State { status: Status::Tripped, step, ..State::RETIRED }, Epoch::default());
/// // Each trip out of Cooldown lasts twice as long, up to the longest.
/// assert_eq!(lasts(Step::FIRST), Some(Micros(15 * 60_000_000)));
/// assert_eq!(lasts(Step::FIRST.next()), Some(Micros(30 * 60_000_000)));
/// assert_eq!(lasts(Step::LAST), Some(Micros(45 * 60_000_000)));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Halt {
    /// `base * backoff^step`, at most `max`.
    Timed {
        /// The first time.
        base: Duration,
        /// The factor of each re-trip out of Cooldown; 1 or more.
        backoff: f64,
        /// The longest.
        max: Duration,
    },
    /// The rung says how long.
    Ladder(Arc<Ladder>),
}

/// The policy of one breaker. [`Policy::default`] is the catalogue's default for a kind that halts.
///
/// ```
/// use haltline::{Lanes, Policy, Release};
/// let policy = Policy { effect: Lanes::NO_NEW, release: Release::Latched, ..Policy::default() };
/// assert!(!policy.effect.denies(haltline::Intent::Reduce));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Takes part at all. A disabled breaker keeps Active and denies nothing.
    pub enabled: bool,
    /// Goes through its statuses with an empty mask: seen, never felt.
    pub shadow: bool,
    /// What Tripped denies.
    pub effect: Lanes,
    /// How a trip ends.
    pub release: Release,
    /// A breach leads to Liquidating instead of Tripped: the book must be reduced. Silence and bad input only trip, and
    /// such a trip gives way to a breach.
    pub liquidates: bool,
    /// How long it lasts at least.
    pub halt: Halt,
    /// Time in Cooldown, zero for none; with probes the time in which each must be back.
    pub cooldown_for: Duration,
    /// What Cooldown denies.
    pub cooldown_effect: CooldownEffect,
    /// After so many automatic resets within the window a trip latches; at most [`MAX_AUTO_RESETS`].
    pub max_auto_resets: Option<u8>,
    /// The window of the automatic resets.
    pub auto_reset_window: Duration,
    /// The least authority that may reset by hand.
    pub reset_authority: Authority,
    /// Weight of the risk score, 0 to 1.
    pub severity: f64,
    /// Before the first usable value.
    pub on_unready: OnUnready,
    /// Breaches in a row before a trip; at least 1.
    pub confirm: u32,
    /// Time in breach before a trip; it runs in silence too.
    pub confirm_for: Duration,
    /// No good observation for so long in session counts as stale, and a first one that is so old opens nothing.
    pub stale_after: Duration,
    /// What stale does.
    pub on_stale: OnStale,
    /// What bad input does.
    pub on_bad_input: OnBadInput,
    /// The market's sessions; `None` is always in session.
    pub sessions: Option<Arc<Sessions>>,
}

/// The most automatic resets that a window can count.
pub const MAX_AUTO_RESETS: u8 = 7;

impl Default for Policy {
    fn default() -> Self {
        Self {
            enabled: true,
            shadow: false,
            effect: Lanes::HALT,
            release: Release::Timed,
            liquidates: false,
            halt: Halt::Timed { base: Duration::from_secs(15 * 60), backoff: 1.0, max: Duration::from_secs(24 * 3600) },
            cooldown_for: Duration::ZERO,
            cooldown_effect: CooldownEffect::AsTripped,
            max_auto_resets: None,
            auto_reset_window: Duration::from_secs(24 * 3600),
            reset_authority: Authority::RiskDesk,
            severity: 1.0,
            on_unready: OnUnready::Deny,
            confirm: 1,
            confirm_for: Duration::ZERO,
            stale_after: Duration::from_secs(30),
            on_stale: OnStale::Trip,
            on_bad_input: OnBadInput::Refuse,
            sessions: None,
        }
    }
}

impl Policy {
    /// What a word of this status adds to the lanes of its scope.
    pub fn mask(&self, status: Status) -> Lanes {
        if self.shadow || !self.enabled {
            return Lanes::NONE;
        }
        match status {
            Status::Retired | Status::Active => Lanes::NONE,
            Status::Warning => Lanes::WARNING,
            Status::Tripped | Status::Maintenance | Status::EmergencyHalt => self.effect,
            Status::Cooldown => match self.cooldown_effect {
                CooldownEffect::AsTripped | CooldownEffect::Probe(_) => self.effect,
                CooldownEffect::Denies(lanes) => lanes,
            },
            Status::Liquidating => Lanes::NO_NEW,
        }
    }

    /// What Active adds before the first usable value.
    pub fn unready_mask(&self) -> Lanes {
        match self.on_unready {
            OnUnready::Deny => self.mask(Status::Tripped),
            OnUnready::Allow => Lanes::NONE,
        }
    }

    /// How many probes a Cooldown admits, if it has any and admits them. A shadow denies nobody, so nobody would ask for
    /// one: its Cooldown ends by time.
    pub fn probes(&self) -> Option<u8> {
        match self.cooldown_effect {
            CooldownEffect::Probe(permits) if !self.cooldown_for.is_zero() && !self.shadow => Some(permits),
            _ => None,
        }
    }

    /// When the probes that are out must be back, in a Cooldown that admits probes. Pure, as [`deadline`](Self::deadline).
    pub fn probe_deadline(&self, state: State) -> Option<Micros> {
        (state.status == Status::Cooldown && self.probes().is_some()).then(|| state.since.after(self.cooldown_for))
    }

    /// When the status of `state` ends by time, `None` if it does not. Pure, so no deadline is ever stored.
    pub fn deadline(&self, state: State, epoch: Epoch) -> Option<Micros> {
        match state.status {
            Status::Cooldown if self.probes().is_some() => None,
            Status::Cooldown => Some(state.since.after(self.cooldown_for)),
            Status::Tripped if state.step == Step::LATCHED || self.release != Release::Timed => None,
            Status::Tripped => match &self.halt {
                Halt::Timed { base, backoff, .. } if *backoff == 1.0 => Some(state.since.after(*base)),
                Halt::Timed { base, backoff, max } => {
                    let scaled = base.as_secs_f64() * backoff.powi(i32::from(state.step.number()));
                    // `min` also takes the other side of a NaN; a product too large for a Duration is the maximum.
                    let time = Duration::try_from_secs_f64(scaled.min(max.as_secs_f64())).unwrap_or(*max);
                    Some(state.since.after(time.min(*max)))
                }
                Halt::Ladder(ladder) => {
                    ladder.halt_end(state.step, epoch.nanos(state.since)).map(|end| epoch.ceil(end))
                }
            },
            _ => None,
        }
    }

    /// Whether silence keeps a trip standing when its time is up. A halted market has nothing to say, so a ladder's
    /// halt ends by time alone.
    pub fn silence_holds(&self) -> bool {
        matches!(self.halt, Halt::Timed { .. }) && self.on_stale != OnStale::Ignore
    }

    /// When silence that began with the last good observation at `heard` becomes stale, in a status entered at `since`.
    /// Only time in session counts, and after the calendar's last session everything is: a calendar that nobody has
    /// renewed is no reason to trust a number. `None`: never.
    pub fn stale_at(&self, heard: Nanos, since: Nanos) -> Option<Nanos> {
        if self.on_stale == OnStale::Ignore {
            return None;
        }
        let from = heard.max(since);
        let Some(sessions) = &self.sessions else { return Some(from + self.stale_after) };
        // A session shorter than the patience is passed over.
        let first = sessions.as_slice().partition_point(|session| session.close < from);
        let later = sessions.as_slice().get(first..).unwrap_or_default().iter();
        let within = later
            .map(|session| (from.max(session.open) + self.stale_after, session.close))
            .find(|(at, close)| at < close);
        let end = sessions.as_slice().last().map_or(from, |last| last.close.max(from));
        Some(within.map_or(end, |(at, _)| at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::session::{Date, Session};

    fn tripped(step: Step) -> State {
        State { status: Status::Tripped, denies: Lanes::HALT, step, generation: 0, since: Micros(1_000) }
    }

    #[test]
    fn a_trip_lasts_its_time_times_the_back_off_at_most_the_maximum() {
        let policy = Policy {
            halt: Halt::Timed { base: Duration::from_micros(100), backoff: 2.0, max: Duration::from_micros(500) },
            ..Policy::default()
        };
        let end = |n| policy.deadline(tripped(Step::rung(n).unwrap()), Epoch::default());
        assert_eq!(end(0), Some(Micros(1_100)));
        assert_eq!(end(1), Some(Micros(1_200)));
        assert_eq!(end(2), Some(Micros(1_400)));
        assert_eq!(end(3), Some(Micros(1_500)));
        assert_eq!(policy.deadline(tripped(Step::LATCHED), Epoch::default()), None);
    }

    #[test]
    fn an_absurd_back_off_is_the_maximum_not_a_panic() {
        let policy = Policy {
            halt: Halt::Timed { base: Duration::MAX, backoff: 1e300, max: Duration::from_secs(1) },
            ..Policy::default()
        };
        assert_eq!(policy.deadline(tripped(Step::LAST), Epoch::default()), Some(Micros(1_001_000)));
    }

    #[test]
    fn only_time_in_session_makes_stale() {
        let day = |d, open, close| Session { date: Date::new(2020, 3, d), open: Nanos(open), close: Nanos(close) };
        let sessions = Sessions::new(vec![day(9, 1_000, 2_000), day(10, 3_000, 4_000)]).unwrap();
        let policy =
            Policy { stale_after: Duration::from_nanos(100), sessions: Some(Arc::new(sessions)), ..Policy::default() };
        let at = |heard| policy.stale_at(Nanos(heard), Nanos(0));
        assert_eq!(at(1_500), Some(Nanos(1_600)));
        assert_eq!(at(0), Some(Nanos(1_100)));
        assert_eq!(at(1_950), Some(Nanos(3_100)), "the close comes first");
        assert_eq!(at(3_950), Some(Nanos(4_000)), "no session follows");
        assert_eq!(at(9_000), Some(Nanos(9_000)), "beyond the calendar");
        assert_eq!(policy.stale_at(Nanos(1_000), Nanos(1_800)), Some(Nanos(1_900)), "a halt is no silence");
    }
}
