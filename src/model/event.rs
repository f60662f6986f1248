//! The record of one transition: 64 bytes, no strings. Names are resolved when somebody prints.

use core::fmt;

use super::kind::Kind;
use super::reason::Reason;
use super::scope::ScopeId;
use super::state::{State, Step};
use super::status::{Status, named};
use super::time::{Epoch, Micros, Nanos};

/// The number of a breaker. It names one breaker for ever: when a removed breaker's line is used again, the number
/// differs, so an old one is refused as stale rather than taken for the new breaker.
///
/// ```
/// # use haltline::*;
/// # let (scope, rule, policy) = (ScopePath::root(), RuleSpec::Manual, Kind::Manual.default_policy());
/// # let desk = BreakerSpec { name: "desk".into(), scope, watch: vec![], rule, policy };
/// # let plan = Plan { breakers: vec![desk], ..Plan::default() };
/// # let system = System::manual(plan.clone(), Nanos::from_secs(0))?;
/// let old = system.breaker("desk")?;
/// system.reload(&Plan::default())?;
/// system.reload(&plan)?;
/// // Same name, same scope, but it was gone in between: another breaker.
/// assert_ne!(system.breaker("desk")?, old);
/// let refused = system.trip(old, By::new("ann", Authority::Trader, "")).map_err(|error| error.kind());
/// assert_eq!(refused, Err(ErrorKind::Stale));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BreakerId(pub(crate) u32);

impl BreakerId {
    /// No breaker: the number in records that concern none.
    pub const NONE: Self = Self(u32::MAX);
    const INDEX_BITS: u32 = 20;
    /// How many lines a Board has at most.
    pub(crate) const MAX_BREAKERS: u32 = 1 << Self::INDEX_BITS;

    pub(crate) const fn new(index: u32, uses: u32) -> Self {
        Self((uses << Self::INDEX_BITS) | (index & (Self::MAX_BREAKERS - 1)))
    }

    /// The line on the Board.
    pub(crate) const fn index(self) -> usize {
        (self.0 & (Self::MAX_BREAKERS - 1)) as usize
    }

    /// The number itself.
    pub const fn raw(self) -> u32 {
        self.0
    }

    /// From the number that an event carries.
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }
}

named! {
    /// What an event says.
    ///
    /// ```
    /// use haltline::{EventType, State, Status, Step};
    /// let (level_1, level_2) = (Step::FIRST.next(), Step::FIRST.next().next());
    /// let halted = |step| State { status: Status::Tripped, step, ..State::RETIRED };
    /// // A higher rung is a trip of its own, and so is a later one; a new policy under the same halt is not.
    /// assert_eq!(EventType::of(halted(level_1), halted(level_2)), EventType::Tripped);
    /// assert_eq!(EventType::of(halted(level_1), halted(level_1)), EventType::Updated);
    /// // No storm of warnings pushes out a trip.
    /// assert!(EventType::Tripped.is_urgent() && !EventType::Warning.is_urgent());
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    EventType: "event" {
        /// It denies from now on; also a higher rung.
        Tripped = 1, "tripped";
        /// Back to Active or Warning; so also the end of a Cooldown that went well.
        Reset = 2, "reset";
        /// The warn level.
        Warning = 3, "warning";
        /// The warning is over.
        Calm = 4, "calm";
        /// On the way back.
        CooldownStarted = 5, "cooldown_started";
        /// An emergency stop.
        Emergency = 6, "emergency";
        /// The book is being reduced.
        Liquidating = 7, "liquidating";
        /// Out of service.
        Maintenance = 8, "maintenance";
        /// It has a usable value.
        Ready = 9, "ready";
        /// It has none any more.
        Unready = 10, "unready";
        /// Half open still, with a new time for its probes.
        Probing = 14, "probing";
        /// A plan put it into service.
        Installed = 11, "installed";
        /// A plan removed it.
        Removed = 12, "removed";
        /// Another policy, or a new baseline.
        Updated = 13, "updated";
        /// A request was refused; nothing moved.
        Refused = 20, "refused";
        /// Observations were refused; nothing moved. Sent for the first of a run.
        BadInput = 21, "bad_input";
        /// Events were lost: `value` says how many. What follows brings the reader level with the Board.
        Gap = 22, "gap";
        /// After a gap: where a breaker is now.
        Level = 23, "level";
        /// The kill word was set.
        Killed = 24, "killed";
        /// It was cleared by an administrator.
        Rearmed = 25, "rearmed";
        /// The System has shut down.
        Shutdown = 26, "shutdown";
        /// A drill: told like a trip, denies nothing.
        Drill = 27, "drill";
        /// A subscriber is not called any more, for `reason`; `value` is its number.
        SubscriberSuspended = 28, "subscriber_suspended";
        /// A permit was taken: an order goes although the breaker denies, because it is half open. `value` says how many permits
        /// of this round are out, `limit` how many there are.
        Probe = 29, "probe";
        /// A plan or a person put a disabled breaker into force.
        Enabled = 30, "enabled";
        /// A plan or a person took it out of force.
        Disabled = 31, "disabled";
        /// Its limit is another one: `value` was, `limit` is.
        ThresholdUpdated = 32, "threshold_updated";
        /// A configuration has come into force: `value` says how many breakers it has added, changed or removed.
        ConfigReloaded = 33, "config_reloaded";
        /// A configuration was refused, and the one before stays in force: `value` says how many mistakes it has.
        ConfigRefused = 34, "config_refused";
        /// A sensor is not back by its deadline; `value` is its number.
        SensorLate = 35, "sensor_late";
        /// A sensor has ended with an error or a panic; `value` is its number. Sent for the first of a run.
        SensorFailed = 36, "sensor_failed";
    }
}

impl EventType {
    /// What a transition is called.
    pub fn of(before: State, after: State) -> Self {
        use Status as S;
        match (before.status, after.status) {
            (_, S::Retired) => Self::Removed,
            (S::Retired, _) => Self::Installed,
            (S::Tripped, S::Tripped) | (S::EmergencyHalt, S::EmergencyHalt)
                if State::same_entry(before.pack(), after.pack()) =>
            {
                Self::Updated
            }
            (S::EmergencyHalt, S::EmergencyHalt) => Self::Emergency,
            (a, b) if a == b && a == S::Active && before.denies.is_empty() != after.denies.is_empty() => {
                if after.denies.is_empty() { Self::Ready } else { Self::Unready }
            }
            (S::Warning, S::Active) if !after.denies.is_empty() => Self::Unready,
            (S::Cooldown, S::Cooldown) if before.since != after.since => Self::Probing,
            (a, b) if a == b && b != S::Tripped => Self::Updated,
            (_, S::Tripped) => Self::Tripped,
            (_, S::Cooldown) => Self::CooldownStarted,
            (_, S::EmergencyHalt) => Self::Emergency,
            (_, S::Liquidating) => Self::Liquidating,
            (_, S::Maintenance) => Self::Maintenance,
            (S::Active, S::Warning) => Self::Warning,
            (S::Warning, S::Active) => Self::Calm,
            (_, S::Active | S::Warning) => Self::Reset,
        }
    }

    /// Whether it must not be pushed out by a storm of the others.
    pub fn is_urgent(self) -> bool {
        matches!(
            self,
            Self::Tripped
                | Self::Reset
                | Self::CooldownStarted
                | Self::Emergency
                | Self::Liquidating
                | Self::Maintenance
                | Self::Killed
                | Self::Rearmed
                | Self::Shutdown
                | Self::Drill
                | Self::SubscriberSuspended
                | Self::ConfigRefused
        )
    }

    /// Whether `before` and `after` are words of a breaker.
    pub fn has_words(self) -> bool {
        (self as u8) < Self::Refused as u8 || self == Self::Level
    }
}

/// One event. Exactly 64 bytes, `Copy`, no pointers: it goes through the rings as eight words.
///
/// ```
/// # use haltline::*;
/// # let (scope, rule, policy) = (ScopePath::root(), RuleSpec::Manual, Kind::Manual.default_policy());
/// # let desk = BreakerSpec { name: "desk".into(), scope, watch: vec![], rule, policy };
/// # let plan = Plan { breakers: vec![desk], ..Plan::default() };
/// # let system = System::manual(plan.clone(), Nanos::from_secs(0))?;
/// # system.advance(Nanos::from_secs(60));
/// # system.drain(|_| {});
/// system.trip(system.breaker("desk")?, By::new("ann", Authority::Trader, "wild router"))?;
/// let told = system.drain(|event| {
///     assert_eq!((event.event_type(), event.reason()), (EventType::Tripped, Reason::Manual));
///     assert_eq!((event.before().status, event.after().status), (Status::Active, Status::Tripped));
///     assert_eq!(system.actor(event.actor), "ann");
///     // By hand, so time does not end it.
///     assert_eq!((event.at(system.epoch()), event.until), (Nanos::from_secs(60), Nanos::NEVER));
/// });
/// assert_eq!(told, 1);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Event {
    /// Its number; numbers rise. A hole is a loss that a [`EventType::Gap`] counts, or an event that the walk over the
    /// Board after a gap has made superfluous.
    pub sequence: u64,
    /// The word before. In an event that is no transition: zero.
    pub before: u64,
    /// The word after. In an event that is no transition: the microsecond after the epoch at which it happened.
    pub after: u64,
    /// The value that was tested; in a gap the number of lost events; in an update, which keeps the time of its word,
    /// the microsecond after the epoch at which it happened.
    pub value: f64,
    /// The limit that it was tested against.
    pub limit: f64,
    /// When the status ends by time; of a warning, when the value would reach its limit if it went on as it came, on the straight
    /// line through it and the value before. [`Nanos::NEVER`] if it does not.
    pub until: Nanos,
    /// Which breaker, [`BreakerId::NONE`] if none.
    pub breaker: BreakerId,
    /// Which scope.
    pub scope: ScopeId,
    /// The number of the kind, 0 if none.
    pub kind: u8,
    /// The number of the [`EventType`].
    pub event_type: u8,
    /// The number of the [`Reason`].
    pub reason: u8,
    /// The number of the authority that acted.
    pub authority: u8,
    /// The number of the actor, 0 for the machine itself.
    pub actor: u32,
}

const _: () = assert!(size_of::<Event>() == 64);

impl Event {
    /// What it says.
    pub fn event_type(&self) -> EventType {
        EventType::from_raw(self.event_type).unwrap_or(EventType::Gap)
    }

    /// Why.
    pub fn reason(&self) -> Reason {
        Reason::from_raw(self.reason).unwrap_or(Reason::None)
    }

    /// The kind of its breaker.
    pub fn kind(&self) -> Option<Kind> {
        Kind::from_raw(self.kind)
    }

    /// The state before.
    pub fn before(&self) -> State {
        State::unpack(self.before)
    }

    /// The state after.
    pub fn after(&self) -> State {
        State::unpack(self.after)
    }

    /// The rung of a ladder's trip.
    pub fn rung(&self) -> Option<u8> {
        let step = self.after().step;
        let is_rung = self.event_type() == EventType::Tripped
            && self.kind() == Some(Kind::MarketCircuitBreaker)
            && step != Step::LATCHED
            && step != Step::FIRST;
        is_rung.then_some(step.number())
    }

    /// When it happened.
    pub fn at(&self, epoch: Epoch) -> Nanos {
        let micros = match self.event_type() {
            EventType::Updated => Micros(self.value as u64),
            moved if moved.has_words() => self.after().since,
            _ => Micros(self.after),
        };
        epoch.nanos(micros)
    }

    pub(crate) fn to_words(self) -> [u64; 8] {
        let low = u64::from(self.breaker.0) | u64::from(self.scope.0) << 32;
        let bytes = [self.kind, self.event_type, self.reason, self.authority];
        let high = u64::from(u32::from_le_bytes(bytes)) | u64::from(self.actor) << 32;
        [self.sequence, self.before, self.after, self.value.to_bits(), self.limit.to_bits(), self.until.0, low, high]
    }

    pub(crate) fn from_words(words: [u64; 8]) -> Self {
        let [kind, event_type, reason, authority] = (words[7] as u32).to_le_bytes();
        Self {
            sequence: words[0],
            before: words[1],
            after: words[2],
            value: f64::from_bits(words[3]),
            limit: f64::from_bits(words[4]),
            until: Nanos(words[5]),
            breaker: BreakerId(words[6] as u32),
            scope: ScopeId((words[6] >> 32) as u32),
            kind,
            event_type,
            reason,
            authority,
            actor: (words[7] >> 32) as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_event_survives_its_words(words: [u64; 8]) {
            prop_assert_eq!(Event::from_words(words).to_words(), words);
        }
    }

    #[test]
    fn an_old_number_of_a_reused_line_differs() {
        let (old, new) = (BreakerId::new(7, 0), BreakerId::new(7, 1));
        assert_ne!(old, new);
        assert_eq!(old.index(), new.index());
    }
}
