//! Sums over a window of time, over buckets: of amounts, or of ones for a count, in lanes that share the buckets.
//!
//! Time is cut into buckets of `window / 256` (rounded up, at least 1 ns). The window is the present bucket and the 256
//! before it, as that of [`super::extrema`], so **the error is in time only**: a value counts for at least `window` and at
//! most for 257 buckets, about 0.4 % longer. Nothing leaves early, so a limit on what was lost or sent in a window is
//! reached early rather than late. Within that the sums are exact.
//!
//! Cost: each bucket with a value enters once and leaves once, so a push is O(1) amortised, at worst 257 steps after a
//! silence. Memory: 257 entries of 8 bytes and 16 a lane, allocated once.

use std::collections::VecDeque;

use core::time::Duration;

use crate::model::time::{Nanos, nanos_of};

/// Buckets before the present one.
const BEFORE: u64 = 256;

/// The rolling sums.
#[derive(Clone, Debug)]
pub(crate) struct TimeSums<const LANES: usize> {
    /// Nanoseconds of a bucket.
    width: u64,
    /// The present bucket.
    bucket: u64,
    /// (bucket, its sums), the oldest first, without the empty ones.
    buckets: VecDeque<(u64, [i128; LANES])>,
    sums: [i128; LANES],
}

impl<const LANES: usize> TimeSums<LANES> {
    pub(crate) fn new(window: Duration) -> Self {
        let width = nanos_of(window).div_ceil(BEFORE).max(1);
        Self { width, bucket: 0, buckets: VecDeque::with_capacity(BEFORE as usize + 1), sums: [0; LANES] }
    }

    /// Adds a value to each lane. A time before the last counts as the last.
    pub(crate) fn push(&mut self, at: Nanos, values: [i64; LANES]) {
        self.advance(at);
        if self.buckets.back().is_none_or(|(bucket, _)| *bucket != self.bucket) {
            self.buckets.push_back((self.bucket, [0; LANES]));
        }
        let Some((_, present)) = self.buckets.back_mut() else { return };
        for ((sum, part), value) in self.sums.iter_mut().zip(present).zip(values) {
            *sum += i128::from(value);
            *part += i128::from(value);
        }
    }

    /// Time passes: what is too old by then leaves.
    pub(crate) fn advance(&mut self, at: Nanos) {
        self.bucket = self.bucket.max(at.0 / self.width);
        while let Some((bucket, parts)) = self.buckets.front()
            && self.bucket - bucket > BEFORE
        {
            for (sum, part) in self.sums.iter_mut().zip(parts) {
                *sum -= part;
            }
            self.buckets.pop_front();
        }
    }

    /// As of the last time heard of. Of nothing they are 0.
    pub(crate) fn sums(&self) -> [i128; LANES] {
        self.sums
    }

    /// When the next value leaves by time alone.
    pub(crate) fn until(&self) -> Nanos {
        let leaves = |(bucket, _): &(u64, _)| Nanos(bucket.saturating_add(BEFORE + 1).saturating_mul(self.width));
        self.buckets.front().map_or(Nanos::NEVER, leaves)
    }

    /// How much of the heap it takes.
    #[cfg(test)]
    pub(crate) const fn bytes() -> usize {
        (BEFORE as usize + 1) * size_of::<(u64, [i128; LANES])>()
    }

    pub(crate) fn clear(&mut self) {
        self.buckets.clear();
        self.sums = [0; LANES];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_value_leaves_with_its_bucket_not_before_the_window_is_over() {
        let mut sums = TimeSums::new(Duration::from_nanos(2_560)); // buckets of 10 ns
        assert_eq!((sums.sums(), sums.until()), ([0, 0], Nanos::NEVER));
        sums.push(Nanos(15), [7, 1]);
        sums.push(Nanos(19), [-2, 1]);
        assert_eq!((sums.sums(), sums.until()), ([5, 2], Nanos(2_580)));
        sums.advance(Nanos(15 + 2_560));
        assert_eq!(sums.sums(), [5, 2], "one window later");
        sums.push(Nanos(2_579), [1, 1]);
        assert_eq!(sums.sums(), [6, 3], "the last nanosecond of the 256th bucket after it");
        sums.advance(Nanos(2_580));
        assert_eq!((sums.sums(), sums.until()), ([1, 1], Nanos(2_570 + 2_570)));
    }

    #[test]
    fn a_time_before_the_last_counts_as_the_last() {
        let mut sums = TimeSums::new(Duration::from_nanos(256));
        sums.push(Nanos(1_000), [1]);
        sums.push(Nanos(0), [2]);
        sums.advance(Nanos(1_256));
        assert_eq!(sums.sums(), [3]);
        sums.advance(Nanos(1_257));
        assert_eq!(sums.sums(), [0]);
    }

    #[test]
    fn absurd_windows_times_and_amounts_saturate_or_are_exact() {
        for window in [Duration::ZERO, Duration::MAX] {
            let mut sums = TimeSums::new(window);
            for amount in [i64::MIN; 1_000] {
                sums.push(Nanos::NEVER, [amount]);
            }
            sums.push(Nanos(0), [0]);
            assert_eq!(sums.sums(), [i128::from(i64::MIN) * 1_000]);
            assert_eq!(sums.until(), Nanos::NEVER);
            sums.clear();
            assert_eq!(sums.sums(), [0]);
        }
    }

    #[test]
    fn memory_stays_what_it_was_at_first() {
        let mut sums = TimeSums::new(Duration::from_nanos(256));
        let room = sums.buckets.capacity();
        (0..10_000).for_each(|at| sums.push(Nanos(at), [1]));
        assert_eq!((sums.buckets.len(), sums.buckets.capacity(), sums.sums()), (257, room, [257]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        /// Against all values in a list, of which those of the last 257 buckets count; and what is promised of the time.
        #[test]
        fn agrees_with_the_slow_twin(
            window in 1u64..2_000,
            steps in prop::collection::vec((prop_oneof![0u64..3, 0u64..40, 0u64..4_000], any::<Option<i64>>()), 1..80),
        ) {
            let (mut sums, mut all, mut now) = (TimeSums::new(Duration::from_nanos(window)), Vec::new(), 0u64);
            let width = window.div_ceil(256);
            for (gap, value) in steps {
                prop_assert!(sums.until().0 > now);
                now += gap;
                match value {
                    Some(value) => {
                        sums.push(Nanos(now), [value, 1]);
                        all.push((now, i128::from(value)));
                    }
                    None => sums.advance(Nanos(now)),
                }
                let held: Vec<_> = all.iter().filter(|(at, _)| at / width + 256 >= now / width).collect();
                prop_assert_eq!(sums.sums(), [held.iter().map(|(_, value)| value).sum(), held.len() as i128]);
                prop_assert!(all.iter().filter(|(at, _)| at + window >= now).count() <= held.len());
                prop_assert!(all.iter().filter(|(at, _)| at + 257 * width > now).count() >= held.len());
                let next = held.first().map_or(u64::MAX, |(at, _)| (at / width + 257) * width);
                prop_assert_eq!(sums.until(), Nanos(next));
            }
        }
    }
}
