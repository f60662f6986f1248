//! The value that stood at the left edge of a rolling window, and at points inside it, over buckets of time.
//!
//! Time is cut into buckets of `window / 240` (rounded up, at least 1 ns; so a window is at most 239 ns longer than was
//! asked for). An edge lies somewhere in its bucket, so what stood there is one of the values heard in that bucket or the
//! last one before it: **the answer is the greatest of these**. It is never below the value that stood at the edge to the
//! nanosecond, and what it is too great by was heard within a bucket of the edge (1.25 s for 5 minutes). A loss measured
//! from it is never too small.
//!
//! Whether the window is full is exact: from `first + window` on.
//!
//! Kept are the buckets with values, each with its greatest and its last. A push is O(1) amortised, at worst 241 steps
//! after a gap; the value at an edge is a binary search. Memory: 241 entries of 24 bytes, allocated once.

use std::collections::VecDeque;

use core::time::Duration;

use crate::model::time::{Nanos, nanos_of};

/// Buckets of a window. Its thirds are whole buckets.
pub(crate) const BUCKETS: u64 = 240;

/// The last values of each bucket of a window.
#[derive(Debug)]
pub(crate) struct Past {
    /// Nanoseconds of a bucket.
    width: u64,
    /// The present bucket: that of the latest time heard of.
    bucket: u64,
    /// When the first value was heard.
    first: Option<Nanos>,
    full: bool,
    /// The last value before those that are kept.
    before: Option<i64>,
    /// The buckets with values, old to young.
    buckets: VecDeque<Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    number: u64,
    greatest: i64,
    last: i64,
}

impl Past {
    pub(crate) fn new(window: Duration) -> Self {
        Self {
            width: nanos_of(window).div_ceil(BUCKETS).max(1),
            bucket: 0,
            first: None,
            full: false,
            before: None,
            buckets: VecDeque::with_capacity(BUCKETS as usize + 1),
        }
    }

    /// This value has stood for ever: the window is full.
    pub(crate) fn begin_with(&mut self, value: i64) {
        (self.before, self.full) = (Some(value), true);
    }

    /// Time passes. A time before the last counts as the last.
    pub(crate) fn advance(&mut self, at: Nanos) {
        self.bucket = self.bucket.max(at.0 / self.width);
        self.full |= self.first.is_some_and(|first| at >= self.full_at(first));
        while let Some(oldest) = self.buckets.front().copied().filter(|b| self.bucket - b.number > BUCKETS) {
            self.before = Some(oldest.last);
            self.buckets.pop_front();
        }
    }

    /// Adds a value. To add the one that stands once more changes no answer.
    pub(crate) fn push(&mut self, at: Nanos, value: i64) {
        self.first = self.first.or(Some(at));
        self.advance(at);
        match self.buckets.back_mut().filter(|bucket| bucket.number == self.bucket) {
            Some(bucket) => (bucket.greatest, bucket.last) = (bucket.greatest.max(value), value),
            None => self.buckets.push_back(Bucket { number: self.bucket, greatest: value, last: value }),
        }
    }

    /// What stood so many buckets ago, at most [`BUCKETS`]. `None` if nothing had been heard by then.
    pub(crate) fn stood(&self, ago: u64) -> Option<i64> {
        let Some(edge) = self.bucket.checked_sub(ago) else { return self.before };
        let younger = self.buckets.partition_point(|bucket| bucket.number < edge);
        let before = younger.checked_sub(1).and_then(|i| self.buckets.get(i)).map(|bucket| bucket.last).or(self.before);
        let within = self.buckets.get(younger).filter(|bucket| bucket.number == edge).map(|bucket| bucket.greatest);
        before.max(within)
    }

    /// The last value before the present bucket, and when its bucket began.
    pub(crate) fn settled(&self) -> Option<(Nanos, i64)> {
        let settled = self.buckets.iter().rev().find(|bucket| bucket.number < self.bucket)?;
        Some((Nanos(settled.number.saturating_mul(self.width)), settled.last))
    }

    /// The greatest value of the present bucket.
    pub(crate) fn present(&self) -> Option<i64> {
        self.buckets.back().filter(|bucket| bucket.number == self.bucket).map(|bucket| bucket.greatest)
    }

    /// Whether a value stood at the left edge.
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.buckets.is_empty() && self.before.is_none()
    }

    /// When the bucket of the left edge began.
    pub(crate) fn edge_begin(&self) -> Nanos {
        Nanos(self.bucket.saturating_sub(BUCKETS).saturating_mul(self.width))
    }

    /// The first time at which an answer may differ although no value is heard.
    pub(crate) fn until(&self) -> Nanos {
        let end = Nanos(self.bucket.saturating_add(1).saturating_mul(self.width));
        match self.first {
            Some(first) if !self.full => end.min(self.full_at(first)),
            _ => end,
        }
    }

    /// Moves all values.
    pub(crate) fn shift(&mut self, by: i64) {
        let shift = |value: &mut i64| *value = value.saturating_add(by);
        self.before.iter_mut().for_each(shift);
        for bucket in &mut self.buckets {
            shift(&mut bucket.greatest);
            shift(&mut bucket.last);
        }
    }

    fn full_at(&self, first: Nanos) -> Nanos {
        Nanos(first.0.saturating_add(self.width.saturating_mul(BUCKETS)))
    }

    /// What it has reserved.
    #[cfg(test)]
    pub(crate) fn reserved_bytes(&self) -> usize {
        self.buckets.capacity() * size_of::<Bucket>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Buckets of 10 ns.
    fn past() -> Past {
        Past::new(Duration::from_nanos(2_400))
    }

    #[test]
    fn it_is_full_with_the_first_value_at_the_left_edge_and_not_a_nanosecond_before() {
        let mut past = past();
        past.push(Nanos(15), 9);
        past.push(Nanos(2_414), 8);
        assert!(!past.is_full());
        assert_eq!(past.until(), Nanos(2_415));
        past.advance(Nanos(2_415));
        assert!(past.is_full());
        assert_eq!((past.stood(BUCKETS), past.until()), (Some(9), Nanos(2_420)));
    }

    #[test]
    fn at_an_edge_the_greatest_of_its_bucket_and_the_last_before_it_stands() {
        let mut past = past();
        for (at, value) in [(1, 50), (9, 7), (12, 3), (15, 5), (19, 2)] {
            past.push(Nanos(at), value);
        }
        past.advance(Nanos(2_400));
        assert_eq!(past.stood(BUCKETS), Some(50), "the bucket of 1 and 9");
        past.advance(Nanos(2_419));
        assert_eq!(past.stood(BUCKETS), Some(7), "7 stood until 12");
        past.advance(Nanos(2_420));
        assert_eq!(past.stood(BUCKETS), Some(2));
        assert_eq!(past.stood(BUCKETS - 1), Some(2));
    }

    #[test]
    fn what_stood_for_ever_stands_at_every_edge() {
        let mut past = past();
        past.begin_with(100);
        past.push(Nanos(5), 90);
        assert_eq!((past.is_full(), past.stood(BUCKETS), past.stood(1)), (true, Some(100), Some(100)));
        assert_eq!(past.stood(0), Some(100), "what is heard in a bucket has not stood since its begin");
    }

    #[test]
    fn absurd_windows_and_times_saturate() {
        for window in [Duration::ZERO, Duration::MAX] {
            let mut past = Past::new(window);
            past.push(Nanos::NEVER, i64::MIN);
            past.shift(i64::MIN);
            past.push(Nanos(0), i64::MAX);
            past.shift(i64::MAX);
            assert_eq!(past.stood(0), Some(i64::MAX));
            assert!(past.until() >= Nanos(1));
        }
    }

    #[test]
    fn memory_stays_what_it_was_at_first() {
        let mut past = Past::new(Duration::from_nanos(240));
        assert_eq!(past.reserved_bytes(), 241 * 24);
        for at in 0..10_000u64 {
            past.push(Nanos(at), at as i64);
        }
        assert_eq!((past.buckets.len(), past.reserved_bytes()), (241, 241 * 24));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        /// Against all values in a list; and never below what stood at the edge to the nanosecond.
        #[test]
        fn agrees_with_the_slow_twin(
            window in 1u64..2_000,
            steps in prop::collection::vec(
                (prop_oneof![0u64..3, 0u64..40, 0u64..4_000], prop::option::of(prop_oneof![-5i64..5, any::<i64>()])),
                1..80,
            ),
            ago in 0..=BUCKETS,
        ) {
            let (mut past, mut all, mut now) = (Past::new(Duration::from_nanos(window)), Vec::<(u64, i64)>::new(), 0u64);
            let width = window.div_ceil(240);
            for (gap, value) in steps {
                now += gap;
                match value {
                    Some(value) => {
                        past.push(Nanos(now), value);
                        all.push((now, value));
                    }
                    None => past.advance(Nanos(now)),
                }
                let edge = (now / width) as i64 - ago as i64;
                let before = all.iter().rfind(|(at, _)| ((at / width) as i64) < edge).map(|(_, v)| *v);
                let within = all.iter().filter(|(at, _)| (at / width) as i64 == edge).map(|(_, v)| *v).max();
                prop_assert_eq!(past.stood(ago), before.max(within));
                let exact = now.checked_sub(ago * width).and_then(|edge| all.iter().rfind(|(at, _)| *at <= edge));
                prop_assert!(past.stood(ago) >= exact.map(|(_, v)| *v));
                prop_assert_eq!(past.is_full(), all.first().is_some_and(|(first, _)| now >= first + 240 * width));
            }
        }
    }
}
