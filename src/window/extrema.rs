//! The greatest value of a rolling window, over buckets of time.
//!
//! Time is cut into buckets of `window / 256` (rounded up, at least 1 ns). The window is the present bucket and the 256
//! before it, so **the error is in time only, and to the safe side of a peak**: a value stays for at least `window` and
//! at most for `window + 1` buckets, about 0.4 % longer. Within that it is exact.
//!
//! Kept are only buckets whose maximum is greater than that of all later ones, so the values fall strictly from the front
//! to the back, and the front is the answer. Each bucket enters once and leaves once: a push is O(1) amortised, at worst
//! 257 steps when a new peak comes after a long decline. Memory: 257 entries, allocated once.

use std::collections::VecDeque;

use core::time::Duration;

use crate::model::time::{Nanos, nanos_of};

/// Buckets before the present one.
const BEFORE: u64 = 256;

/// The rolling maximum.
#[derive(Debug)]
pub(crate) struct Maximum {
    /// Nanoseconds of a bucket.
    width: u64,
    /// The present bucket: that of the latest time heard of.
    bucket: u64,
    /// (bucket, its maximum), old and great to young and small.
    peaks: VecDeque<(u64, i64)>,
}

impl Maximum {
    pub(crate) fn new(window: Duration) -> Self {
        let width = nanos_of(window).div_ceil(BEFORE).max(1);
        Self { width, bucket: 0, peaks: VecDeque::with_capacity(BEFORE as usize + 1) }
    }

    #[cfg(test)]
    pub(crate) fn reserved_bytes(&self) -> usize {
        self.peaks.capacity() * size_of::<(u64, i64)>()
    }

    /// Time passes: what is too old by then leaves.
    pub(crate) fn advance(&mut self, at: Nanos) {
        self.bucket = self.bucket.max(at.0 / self.width);
        while self.peaks.front().is_some_and(|(bucket, _)| self.bucket - bucket > BEFORE) {
            self.peaks.pop_front();
        }
    }

    /// Adds a value. A time before the last counts as the last.
    pub(crate) fn push(&mut self, at: Nanos, value: i64) {
        self.advance(at);
        while self.peaks.back().is_some_and(|(_, peak)| *peak <= value) {
            self.peaks.pop_back();
        }
        // A greater value of the same bucket says all that this one could.
        if self.peaks.back().is_none_or(|(bucket, _)| *bucket != self.bucket) {
            self.peaks.push_back((self.bucket, value));
        }
    }

    /// The maximum as of the latest time heard of, and when its bucket began.
    pub(crate) fn greatest(&self) -> Option<(Nanos, i64)> {
        self.peaks.front().map(|(bucket, peak)| (Nanos(bucket.saturating_mul(self.width)), *peak))
    }

    /// The maximum of the present bucket.
    pub(crate) fn present(&self) -> Option<i64> {
        self.peaks.back().filter(|(bucket, _)| *bucket == self.bucket).map(|(_, peak)| *peak)
    }

    /// The first time after the present bucket.
    pub(crate) fn bucket_end(&self) -> Nanos {
        Nanos(self.bucket.saturating_add(1).saturating_mul(self.width))
    }

    /// Moves all values. Of those that meet at the greatest number the youngest stays.
    pub(crate) fn shift(&mut self, by: i64) {
        for (_, peak) in &mut self.peaks {
            *peak = peak.saturating_add(by);
        }
        while self.peaks.get(1).is_some_and(|(_, peak)| *peak == i64::MAX) {
            self.peaks.pop_front();
        }
    }

    pub(crate) fn clear(&mut self) {
        self.peaks.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.peaks.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_value_leaves_with_its_bucket_not_before_the_window_is_over() {
        let mut maximum = Maximum::new(Duration::from_nanos(2_560)); // buckets of 10 ns
        maximum.push(Nanos(15), 9);
        maximum.push(Nanos(15 + 2_560), 1);
        assert_eq!(maximum.greatest(), Some((Nanos(10), 9)), "one window later");
        maximum.push(Nanos(10 + 2_570 - 1), 2);
        assert_eq!(maximum.greatest(), Some((Nanos(10), 9)), "the last instant of the 256th bucket after it");
        maximum.push(Nanos(10 + 2_570), 1);
        assert_eq!(maximum.greatest(), Some((Nanos(2_570), 2)));
    }

    #[test]
    fn by_time_alone_it_leaves_when_it_would_by_another_value() {
        let mut maximum = Maximum::new(Duration::from_nanos(2_560));
        maximum.push(Nanos(15), 9);
        maximum.advance(Nanos(2_579));
        assert_eq!(maximum.greatest(), Some((Nanos(10), 9)));
        maximum.advance(Nanos(2_580));
        assert_eq!(maximum.greatest(), None);
    }

    #[test]
    fn the_present_maximum_is_that_of_the_last_bucket() {
        let mut maximum = Maximum::new(Duration::from_nanos(2_560));
        assert_eq!(maximum.present(), None);
        maximum.push(Nanos(5), 7);
        maximum.push(Nanos(6), 3);
        assert_eq!((maximum.present(), maximum.bucket_end()), (Some(7), Nanos(10)));
        maximum.push(Nanos(12), 4);
        assert_eq!((maximum.present(), maximum.bucket_end()), (Some(4), Nanos(20)));
        maximum.push(Nanos(13), 5);
        assert_eq!(maximum.present(), Some(5));
    }

    #[test]
    fn absurd_windows_and_times_saturate() {
        for window in [Duration::ZERO, Duration::MAX] {
            let mut maximum = Maximum::new(window);
            maximum.push(Nanos::NEVER, i64::MIN);
            maximum.shift(i64::MIN);
            maximum.push(Nanos(0), i64::MAX);
            maximum.shift(i64::MAX);
            assert_eq!(maximum.greatest().map(|(_, peak)| peak), Some(i64::MAX));
            assert!(maximum.bucket_end() >= Nanos(1));
        }
    }

    #[test]
    fn memory_stays_what_it_was_at_first() {
        let mut maximum = Maximum::new(Duration::from_nanos(256));
        let room = maximum.peaks.capacity();
        for at in 0..10_000u64 {
            maximum.push(Nanos(at), -(at as i64));
        }
        assert_eq!((maximum.peaks.len(), maximum.peaks.capacity()), (257, room));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        /// Against all values in a list, of which those of the last 257 buckets count.
        #[test]
        fn agrees_with_the_slow_twin(
            window in 1u64..2_000,
            steps in prop::collection::vec((prop_oneof![0u64..3, 0u64..40, 0u64..4_000], prop_oneof![-5i64..5, any::<i64>()]), 1..80),
        ) {
            let (mut maximum, mut all, mut now) = (Maximum::new(Duration::from_nanos(window)), Vec::new(), 0u64);
            let width = window.div_ceil(256);
            for (gap, value) in steps {
                now += gap;
                maximum.push(Nanos(now), value);
                all.push((now / width, value));
                let greatest = all.iter().filter(|(bucket, _)| bucket + 256 >= now / width).map(|(_, v)| *v).max();
                let present = all.iter().filter(|(bucket, _)| *bucket == now / width).map(|(_, v)| *v).max();
                prop_assert_eq!(maximum.greatest().map(|(_, v)| v), greatest);
                prop_assert_eq!(maximum.present(), present);
            }
        }
    }
}
