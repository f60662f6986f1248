//! How many breaches in a row, and for how long: what a policy asks for before a trip.

use crate::model::policy::Policy;
use crate::model::reading::Level;
use crate::model::state::State;
use crate::model::time::Nanos;

/// Breaches in a row. Belongs to one status of the breaker: under another it starts anew.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Streak {
    pub(super) word: u64,
    pub(super) count: u32,
    since: Nanos,
}

impl Streak {
    /// The level that counts now, and when a breach that is not confirmed yet will be, by time alone.
    pub(super) fn confirm(
        &mut self,
        level: Level,
        word: u64,
        at: Nanos,
        policy: &Policy,
        is_new: bool,
    ) -> (Level, Option<Nanos>) {
        if level != Level::Breach {
            *self = Self::default();
            return (level, None);
        }
        if self.count == 0 || !State::same_entry(self.word, word) {
            *self = Self { word, count: 1, since: at };
        } else {
            self.word = word;
            self.count = self.count.saturating_add(u32::from(is_new));
        }
        let due = self.since + policy.confirm_for;
        match (self.count >= policy.confirm, at >= due) {
            (true, true) => (Level::Breach, None),
            (true, false) => (Level::Warn, Some(due)),
            (false, _) => (Level::Warn, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    fn policy(confirm: u32, confirm_for: u64) -> Policy {
        Policy { confirm, confirm_for: Duration::from_nanos(confirm_for), ..Policy::default() }
    }

    #[test]
    fn breaches_in_a_row_and_time_in_breach_must_both_hold() {
        let policy = policy(3, 100);
        let mut streak = Streak::default();
        let mut confirm = |level, at| streak.confirm(level, 1, Nanos(at), &policy, true);
        assert_eq!(confirm(Level::Breach, 0), (Level::Warn, None));
        assert_eq!(confirm(Level::Breach, 10), (Level::Warn, None));
        assert_eq!(confirm(Level::Breach, 99), (Level::Warn, Some(Nanos(100))), "the rest comes by time alone");
        assert_eq!(confirm(Level::Breach, 100), (Level::Breach, None));
        assert_eq!(confirm(Level::Warn, 101), (Level::Warn, None));
        assert_eq!(confirm(Level::Breach, 102), (Level::Warn, None), "any other reading starts anew");
    }

    #[test]
    fn a_streak_starts_anew_under_another_word() {
        let policy = policy(2, 0);
        let mut streak = Streak::default();
        assert_eq!(streak.confirm(Level::Breach, 1, Nanos(0), &policy, true).0, Level::Warn);
        assert_eq!(streak.confirm(Level::Breach, 2, Nanos(1), &policy, true).0, Level::Warn);
        assert_eq!(streak.confirm(Level::Breach, 2, Nanos(2), &policy, true).0, Level::Breach);
    }

    #[test]
    fn what_is_no_new_reading_confirms_nothing() {
        let policy = policy(2, 0);
        let mut streak = Streak::default();
        for at in 0..10 {
            assert_eq!(streak.confirm(Level::Breach, 1, Nanos(at), &policy, false).0, Level::Warn);
        }
        assert_eq!(streak.confirm(Level::Breach, 1, Nanos(10), &policy, true).0, Level::Breach);
    }

    #[test]
    fn the_default_trips_at_once() {
        let mut streak = Streak::default();
        assert_eq!(streak.confirm(Level::Breach, 1, Nanos(7), &policy(1, 0), true).0, Level::Breach);
    }
}
