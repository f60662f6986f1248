//! What a price band must not forget: its words on the Board.

use crate::model::session::Date;
use crate::model::time::Nanos;
use crate::rule::Memory;

/// What the instrument does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// It trades.
    #[default]
    Open,
    /// The best bid or offer has stood at a band since then.
    LimitState(Nanos),
    /// It has paused since then.
    Pause(Nanos),
}

/// All of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// The official close told last, raw (0 is none), and of which session.
    pub(super) close: i64,
    pub(super) close_of: Date,
    /// The session that all that follows belongs to.
    pub(super) session: Date,
    /// The reference, raw (0 is none), and since when.
    pub(super) reference: i64,
    pub(super) since: Nanos,
    /// Whether no trade has made it yet: it is the close of the session before, which a later word may correct.
    pub(super) is_close: bool,
    /// Whether the next trade is the reference: the first of the session, or after a pause.
    pub(super) awaits_trade: bool,
    pub(super) phase: Phase,
    /// Within a pause the venue has said that it has halted.
    pub(super) extended: bool,
}

/// Marks the words as those of a price band, so that it does not take those of a ladder of the same name for its own, and
/// so that no ladder takes its dates for one.
const MARK: u64 = 0xb << 60;
const IS_CLOSE: u64 = 1 << 32;
const AWAITS_TRADE: u64 = 1 << 33;
const EXTENDED: u64 = 1 << 34;
const PHASE: u32 = 36;

impl Kept {
    pub(super) fn of(memory: &Memory) -> Self {
        let [close, close_of, reference, since, session, phase_since] = memory.0;
        if close_of >> 60 << 60 != MARK {
            return Self::default();
        }
        let at = Nanos(phase_since);
        Self {
            close: close as i64,
            close_of: Date(close_of as u32),
            session: Date(session as u32),
            reference: reference as i64,
            since: Nanos(since),
            is_close: session & IS_CLOSE != 0,
            awaits_trade: session & AWAITS_TRADE != 0,
            phase: match session >> PHASE & 0b11 {
                1 => Phase::LimitState(at),
                2 => Phase::Pause(at),
                _ => Phase::Open,
            },
            extended: session & EXTENDED != 0,
        }
    }

    pub(super) fn keep(&self, memory: &mut Memory) {
        let (phase, phase_since) = match self.phase {
            Phase::Open => (0, Nanos(0)),
            Phase::LimitState(since) => (1, since),
            Phase::Pause(since) => (2, since),
        };
        let flag = |is: bool, bit: u64| if is { bit } else { 0 };
        let flags = flag(self.is_close, IS_CLOSE)
            | flag(self.awaits_trade, AWAITS_TRADE)
            | flag(self.extended, EXTENDED)
            | phase << PHASE;
        memory.0 = [
            self.close as u64,
            u64::from(self.close_of.0) | MARK,
            self.reference as u64,
            self.since.0,
            u64::from(self.session.0) | flags,
            phase_since.0,
        ];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_comes_back_and_what_is_not_its_own_is_nothing() {
        for phase in [Phase::Open, Phase::LimitState(Nanos(7)), Phase::Pause(Nanos::NEVER)] {
            for bits in 0..8u8 {
                let kept = Kept {
                    close: i64::MAX,
                    close_of: Date::new(2020, 3, 9),
                    session: Date::new(9999, 12, 31),
                    reference: 5,
                    since: Nanos(6),
                    is_close: bits & 1 != 0,
                    awaits_trade: bits & 2 != 0,
                    phase,
                    extended: bits & 4 != 0,
                };
                let mut memory = Memory([u64::MAX; Memory::WORDS]);
                kept.keep(&mut memory);
                assert_eq!(Kept::of(&memory), kept);
            }
        }
        assert_eq!(Kept::of(&Memory::default()), Kept::default());
        assert_eq!(Kept::of(&Memory([5, 20_200_309, 1, 2, 3, 4])), Kept::default());
    }
}
