//! The whole state of a breaker, as a value and as the one word that holds it.

use super::intent::Lanes;
use super::status::Status;
use super::time::Micros;

/// The retry of a back-off, the rung of a ladder, or [`Step::LATCHED`].
///
/// ```
/// use haltline::Step;
/// // A ladder has six rungs at most.
/// assert_eq!((Step::rung(6), Step::rung(7)), (Some(Step::LAST), None));
/// // A back-off stops growing; it never turns into the latch, which only a person opens.
/// assert_eq!(Step::LAST.next(), Step::LAST);
/// assert_ne!(Step::LAST, Step::LATCHED);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step(u8);

impl Step {
    /// The first trip; no rung.
    pub const FIRST: Self = Self(0);
    /// The highest that counts; a ladder has at most so many rungs.
    pub const LAST: Self = Self(6);
    /// Held until a person resets it: tripped by hand, or out of automatic resets.
    pub const LATCHED: Self = Self(7);

    /// A rung of a ladder, counted from 1; `None` beyond the sixth.
    pub const fn rung(number: u8) -> Option<Self> {
        if number <= Self::LAST.0 { Some(Self(number)) } else { None }
    }

    /// The number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The next retry; the last stays.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.0 < Self::LAST.0 { Self(self.0 + 1) } else { self }
    }

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self((bits & 0b111) as u8)
    }
}

/// The state of a breaker: what its word says.
///
/// ```text
///  63    61 60    57 56   54 53  50 49                                      0
///  | status | denies |  step | gen |  since: microseconds after the Board's epoch  |
/// ```
///
/// One compare-and-swap moves all of it, so status, mask, step and time can never disagree. (`since`, `gen`) strictly
/// increases from word to word, so a word never repeats: whoever remembers one knows by equality whether it still stands.
///
/// ```
/// # use haltline::*;
/// # let (scope, rule, policy) = (ScopePath::root(), RuleSpec::Manual, Kind::Manual.default_policy());
/// # let desk = BreakerSpec { name: "desk".into(), scope, watch: vec![], rule, policy };
/// # let plan = Plan { breakers: vec![desk], ..Plan::default() };
/// # let system = System::manual(plan.clone(), Nanos::from_secs(0))?;
/// # let word = || Ok::<_, Error>(system.breaker_status(system.breaker("desk")?)?.stamp);
/// # let (id, ann) = (system.breaker("desk")?, By::new("ann", Authority::RiskDesk, "wild router"));
/// let before = word()?;
/// system.trip(id, ann)?;
/// system.reset(id, word()?, ann)?;
/// let after = word()?;
/// // Active and denying nothing, as before; still it is another word, and the later one.
/// assert_eq!((State::unpack(after).status, State::unpack(after).denies), (Status::Active, Lanes::NONE));
/// assert!(after != before && State::version_of(after) > State::version_of(before));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Where the breaker is.
    pub status: Status,
    /// What this word adds to the lanes of its scope.
    pub denies: Lanes,
    /// The retry, the rung, or the latch.
    pub step: Step,
    /// Counts transitions that keep `since`.
    pub generation: u8,
    /// When this status was entered.
    pub since: Micros,
}

const GENERATIONS: u64 = 16;

impl State {
    /// The state of zeroed memory.
    pub const RETIRED: Self =
        Self { status: Status::Retired, denies: Lanes::NONE, step: Step::FIRST, generation: 0, since: Micros(0) };

    /// Reads a word. Every word means something: eight statuses, sixteen masks, eight steps.
    pub const fn unpack(word: u64) -> Self {
        let status = match Status::from_raw((word >> 61) as u8) {
            Some(status) => status,
            None => Status::Retired, // three bits, eight statuses: cannot be
        };
        Self {
            status,
            denies: Lanes::from_bits(word >> 57),
            step: Step::from_bits(word >> 54),
            generation: ((word >> 50) & (GENERATIONS - 1)) as u8,
            since: Micros(word & Micros::MAX.0),
        }
    }

    /// Writes the word.
    pub const fn pack(self) -> u64 {
        (self.status as u64) << 61
            | self.denies.bits() << 57
            | (self.step.number() as u64) << 54
            | (self.generation as u64 & (GENERATIONS - 1)) << 50
            | (self.since.0 & Micros::MAX.0)
    }

    /// What orders the words of one breaker in time: later words have a greater version.
    pub const fn version(self) -> u64 {
        self.since.0 * GENERATIONS + self.generation as u64
    }

    /// Whether two words are versions of one status: entered at the same time, with the same step. A reload or a new
    /// baseline makes a new version; what was counted or said under the old one still counts.
    pub(crate) const fn same_entry(a: u64, b: u64) -> bool {
        const KEPT: u64 = !(0b1111 << 57 | 0b1111 << 50);
        a & KEPT == b & KEPT
    }

    /// The version of a packed word.
    pub const fn version_of(word: u64) -> u64 {
        Self::unpack(word).version()
    }

    /// A new status entered at `now`. Time that runs backwards saturates.
    #[must_use]
    pub(crate) const fn enter(self, status: Status, denies: Lanes, step: Step, now: Micros) -> Self {
        if now.0 > self.since.0 {
            Self { status, denies, step, generation: 0, since: now }
        } else {
            let next = self.keep_since();
            Self { status, denies, step, generation: next.generation, since: next.since }
        }
    }

    /// The same status with another mask: `since` stays, so that no halt is prolonged.
    #[must_use]
    pub(crate) const fn with_mask(self, denies: Lanes) -> Self {
        let next = self.keep_since();
        Self { status: self.status, denies, step: self.step, generation: next.generation, since: next.since }
    }

    /// The next version at the same `since`; the sixteenth carries into it.
    const fn keep_since(self) -> Self {
        let next = self.version() + 1;
        Self { generation: (next % GENERATIONS) as u8, since: Micros(next / GENERATIONS), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_word_survives_unpack_and_pack(word: u64) {
            prop_assert_eq!(State::unpack(word).pack(), word);
        }

        #[test]
        fn every_transition_has_a_greater_version(since in 0..Micros::MAX.0 - 2, generation in 0u8..16, now: u64, keep: bool) {
            let state = State { generation, since: Micros(since), ..State::RETIRED };
            let now = Micros(now.min(Micros::MAX.0 - 1));
            let next = if keep { state.with_mask(Lanes::HALT) } else { state.enter(Status::Tripped, Lanes::HALT, Step::FIRST, now) };
            prop_assert!(next.version() > state.version());
            prop_assert!(next.since >= state.since);
            prop_assert_eq!(State::unpack(next.pack()), next);
        }
    }

    #[test]
    fn the_sixteenth_transition_of_a_microsecond_carries_into_the_time() {
        let mut state = State { since: Micros(9), ..State::RETIRED };
        for _ in 0..16 {
            state = state.with_mask(Lanes::NONE);
        }
        assert_eq!((state.since, state.generation), (Micros(10), 0));
    }

    #[test]
    fn zeroed_memory_is_a_retired_breaker_that_denies_nothing() {
        assert_eq!(State::unpack(0), State::RETIRED);
    }
}
