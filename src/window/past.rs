//! The value that stood one window of time ago: the last one at or before `now - window`.
//!
//! Time is cut into buckets of `window / 256` (rounded up, at least 1 ns), and of each bucket the last value is kept, with
//! its time. So **the error is in time only, and to the old side**: the answer is the value that stood at some moment from
//! `now - window` back to one bucket before it (1/256 of the window), never one that came later. A change over the window is
//! measured over at least the window. Exact if no two values came in one bucket.
//!
//! Until a value is so old there is none: a window that has just begun does not answer with what it has.
//!
//! Cost: each bucket with a value enters once and leaves once, so a push is O(1) amortised, at worst 258 steps after a
//! silence. Memory: 258 entries of a time and a value, allocated once.

use std::collections::VecDeque;

use core::time::Duration;

use crate::model::time::{Nanos, nanos_of};

/// Buckets of a window.
const BUCKETS: u64 = 256;
/// Those that a window can touch, and the value that stood before them.
const ROOM: usize = BUCKETS as usize + 2;

/// Values as they were one window ago.
#[derive(Clone, Debug)]
pub(crate) struct Past<T> {
    window: Duration,
    /// Nanoseconds of a bucket.
    width: u64,
    now: Nanos,
    /// The last values of their buckets, the oldest first. Only the first can be one window old or older.
    values: VecDeque<(Nanos, T)>,
}

impl<T: Copy> Past<T> {
    pub(crate) fn new(window: Duration) -> Self {
        let width = nanos_of(window).div_ceil(BUCKETS).max(1);
        Self { window, width, now: Nanos(0), values: VecDeque::with_capacity(ROOM) }
    }

    /// Adds a value. A time before the last counts as the last.
    pub(crate) fn push(&mut self, at: Nanos, value: T) {
        self.advance(at);
        let bucket = |at: Nanos| at.0 / self.width;
        if self.values.back().is_some_and(|(last, _)| bucket(*last) == bucket(self.now)) {
            self.values.pop_back();
        }
        self.values.push_back((self.now, value));
        // A window of no length is its own past.
        self.advance(at);
    }

    /// Time passes.
    pub(crate) fn advance(&mut self, at: Nanos) {
        self.now = self.now.max(at);
        while self.values.get(1).is_some_and(|(at, _)| *at + self.window <= self.now) {
            self.values.pop_front();
        }
    }

    /// The value of one window ago and its time, as of the last time heard of.
    pub(crate) fn value(&self) -> Option<(Nanos, T)> {
        self.values.front().copied().filter(|(at, _)| *at + self.window <= self.now)
    }

    /// When that changes by time alone.
    pub(crate) fn until(&self) -> Nanos {
        let next = self.values.get(usize::from(self.value().is_some()));
        next.map_or(Nanos::NEVER, |(at, _)| *at + self.window)
    }

    pub(crate) fn clear(&mut self) {
        self.values.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_value_is_the_past_from_exactly_one_window_later_on() {
        let mut past = Past::new(Duration::from_nanos(2_560)); // buckets of 10 ns
        assert_eq!((past.value(), past.until()), (None, Nanos::NEVER));
        past.push(Nanos(15), 'a');
        past.push(Nanos(25), 'b');
        past.advance(Nanos(15 + 2_559));
        assert_eq!((past.value(), past.until()), (None, Nanos(15 + 2_560)), "one nanosecond early");
        past.advance(Nanos(15 + 2_560));
        assert_eq!((past.value(), past.until()), (Some((Nanos(15), 'a')), Nanos(25 + 2_560)));
        past.advance(Nanos(25 + 2_560 - 1));
        assert_eq!(past.value(), Some((Nanos(15), 'a')), "it stands until the next one is old enough");
        past.advance(Nanos(25 + 2_560));
        assert_eq!((past.value(), past.until()), (Some((Nanos(25), 'b')), Nanos::NEVER));
        past.advance(Nanos(1_000_000));
        assert_eq!(past.value(), Some((Nanos(25), 'b')), "the last value stands for ever");
    }

    #[test]
    fn of_two_values_in_a_bucket_the_later_is_not_told_early_and_the_one_before_stands_in() {
        let mut past = Past::new(Duration::from_nanos(2_560));
        for (at, value) in [(5, 'a'), (11, 'b'), (19, 'c')] {
            past.push(Nanos(at), value);
        }
        past.advance(Nanos(11 + 2_560));
        assert_eq!(past.value(), Some((Nanos(5), 'a')), "it stood until 11");
        past.advance(Nanos(19 + 2_560));
        assert_eq!(past.value(), Some((Nanos(19), 'c')));
    }

    #[test]
    fn a_time_before_the_last_counts_as_the_last() {
        let mut past = Past::new(Duration::from_nanos(256));
        past.push(Nanos(1_000), 1);
        past.push(Nanos(1), 2);
        past.advance(Nanos(1_255));
        assert_eq!(past.value(), None);
        past.advance(Nanos(1_256));
        assert_eq!(past.value(), Some((Nanos(1_000), 2)));
        past.clear();
        assert_eq!(past.value(), None);
    }

    #[test]
    fn absurd_windows_and_times_saturate() {
        let mut none = Past::new(Duration::ZERO);
        for at in [0, 5, u64::MAX, 7] {
            none.push(Nanos(at), at);
            assert_eq!(none.value().map(|(_, value)| value), Some(at), "a window of no length is now");
        }
        let mut all = Past::new(Duration::MAX);
        all.push(Nanos(0), 1);
        all.push(Nanos(u64::MAX - 1), 2);
        assert_eq!((all.value(), all.until()), (None, Nanos::NEVER));
    }

    #[test]
    fn memory_stays_what_it_was_at_first() {
        for window in [1, 255, 256, 257, 2_560, 2_561] {
            let mut past = Past::new(Duration::from_nanos(window));
            let room = past.values.capacity();
            (0..20_000u64).for_each(|at| past.push(Nanos(at), at));
            assert_eq!(past.values.capacity(), room);
            assert!(past.values.len() <= ROOM, "{}", past.values.len());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        /// Against all values in a list: it is one that stood within a bucket before the edge, and the last if alone in its bucket.
        #[test]
        fn agrees_with_the_slow_twin(
            window in 0u64..2_000,
            steps in prop::collection::vec((prop_oneof![0u64..3, 0u64..40, 0u64..4_000], any::<bool>()), 1..100),
        ) {
            let (mut past, mut all, mut now) = (Past::new(Duration::from_nanos(window)), Vec::<(u64, usize)>::new(), 0u64);
            let width = window.div_ceil(256).max(1);
            for (index, (gap, is_value)) in steps.into_iter().enumerate() {
                let before = past.value();
                prop_assert!(past.until().0 > now);
                let changes = now + gap >= past.until().0;
                now += gap;
                if is_value {
                    past.push(Nanos(now), index);
                    all.push((now, index));
                } else {
                    past.advance(Nanos(now));
                    prop_assert_eq!(past.value() != before, changes);
                }
                // What stood at a moment: the last of its nanosecond.
                let stood = |edge: u64| all.iter().rfind(|(at, _)| *at <= edge).copied();
                let exact = now.checked_sub(window).and_then(stood);
                let found = past.value().map(|(at, value)| (at.0, value));
                let oldest = now.checked_sub(window).map(|edge| edge.saturating_sub(width - 1));
                let allowed = (oldest.unwrap_or(0)..=now.saturating_sub(window)).map(stood);
                prop_assert!(found == exact || exact.is_some() && allowed.into_iter().any(|stood| stood == found), "{found:?} {exact:?}");
                let shares = |at: u64| all.iter().filter(|(other, _)| other / width == at / width).count() > 1;
                prop_assert!(found == exact || exact.is_some_and(|(at, _)| shares(at)));
            }
        }
    }
}
