//! The sum of the last `n` values.
//!
//! * [`ExactSum`]: integers, exact. A push is O(1). Memory: `n` values.
//! * [`Sum`]: floating-point values. What rounding loses is summed beside (error: one rounding of the sum, and
//!   `n * 2^-105` of the sum of the magnitudes in the window), and nothing is ever subtracted, so the sum does not
//!   drift: see [`super::blocks`], also for cost and memory. Values that are not finite or beyond 1e150 are refused.

use super::blocks::{Blocks, Summary};
use super::float::{is_usable, two_sum};
use super::ring::Ring;

/// The rolling sum of integers.
#[derive(Clone, Debug)]
pub(crate) struct ExactSum {
    ring: Ring<i64>,
    sum: i128,
}

impl ExactSum {
    /// Over the last `n`, at least one.
    pub(crate) fn new(n: usize) -> Self {
        Self { ring: Ring::new(n), sum: 0 }
    }

    pub(crate) fn push(&mut self, value: i64) {
        let left = self.ring.push(value).unwrap_or(0);
        self.sum += i128::from(value) - i128::from(left);
    }

    /// Of nothing it is 0.
    pub(crate) fn sum(&self) -> i128 {
        self.sum
    }

    pub(crate) fn len(&self) -> usize {
        self.ring.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.ring.is_full()
    }

    pub(crate) fn clear(&mut self) {
        self.ring.clear();
        self.sum = 0;
    }
}

/// A rounded sum and what rounding has lost.
#[derive(Clone, Copy, Debug, Default)]
struct Compensated {
    sum: f64,
    lost: f64,
}

impl Summary for Compensated {
    type Value = f64;

    fn measure(value: f64, _reference: f64) -> f64 {
        value
    }

    fn add(&mut self, value: f64, _inverse: f64) {
        let (sum, lost) = two_sum(self.sum, value);
        *self = Self { sum, lost: self.lost + lost };
    }

    fn join(self, _count: f64, other: Self, _other_count: f64, _shift: f64) -> Self {
        let (sum, lost) = two_sum(self.sum, other.sum);
        Self { sum, lost: self.lost + other.lost + lost }
    }
}

/// The rolling sum of floating-point values.
#[derive(Clone, Debug)]
pub(crate) struct Sum {
    blocks: Blocks<Compensated>,
}

impl Sum {
    /// Over the last `n`, at least one.
    pub(crate) fn new(n: usize) -> Self {
        Self { blocks: Blocks::new(n) }
    }

    /// Whether the value was taken.
    pub(crate) fn push(&mut self, value: f64) -> bool {
        let usable = is_usable(value);
        if usable {
            self.blocks.push(value);
        }
        usable
    }

    /// Of nothing it is 0.
    pub(crate) fn sum(&self) -> f64 {
        let Compensated { sum, lost } = self.blocks.whole().summary;
        sum + lost
    }

    pub(crate) fn len(&self) -> usize {
        self.blocks.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.blocks.is_full()
    }

    pub(crate) fn clear(&mut self) {
        self.blocks.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::drift::{LONG, noise};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_window_sums_to_nothing_and_the_first_value_leaves_with_the_one_after_the_last() {
        let (mut exact, mut sum) = (ExactSum::new(2), Sum::new(2));
        assert_eq!((exact.sum(), sum.sum()), (0, 0.0));
        for (value, expected) in [(1i64, 1i64), (2, 3), (4, 6), (8, 12)] {
            exact.push(value);
            assert!(sum.push(value as f64));
            assert_eq!((exact.sum(), sum.sum()), (i128::from(expected), expected as f64));
        }
        assert!(exact.is_full() && sum.is_full());
        assert_eq!((exact.len(), sum.len()), (2, 2));
    }

    #[test]
    fn a_window_that_was_cleared_is_as_new() {
        let (mut exact, mut sum) = (ExactSum::new(2), Sum::new(2));
        for value in 0..7 {
            exact.push(value);
            assert!(sum.push(value as f64));
        }
        exact.clear();
        sum.clear();
        assert_eq!((exact.sum(), exact.len(), sum.sum(), sum.len()), (0, 0, 0.0, 0));
        exact.push(3);
        assert!(sum.push(3.0));
        assert_eq!((exact.sum(), sum.sum()), (3, 3.0));
    }

    #[test]
    fn the_greatest_integers_do_not_overflow() {
        let mut exact = ExactSum::new(1_000);
        (0..5_000).for_each(|_| exact.push(i64::MIN));
        assert_eq!(exact.sum(), i128::from(i64::MIN) * 1_000);
    }

    #[test]
    fn a_small_value_beside_a_great_one_is_not_lost_and_a_great_one_leaves_nothing_behind() {
        let mut sum = Sum::new(4);
        [1e16, 1.0, 1.0, -1e16].into_iter().for_each(|value| assert!(sum.push(value)));
        assert_eq!(sum.sum(), 2.0);
        [1e150, 0.1, 0.2, 0.3, 0.4].into_iter().for_each(|value| assert!(sum.push(value)));
        assert_eq!(sum.sum(), 1.0);
    }

    #[test]
    fn what_is_no_number_is_refused_and_changes_nothing() {
        let mut sum = Sum::new(3);
        assert!(sum.push(1.5));
        assert!(![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e151].into_iter().any(|value| sum.push(value)));
        assert_eq!((sum.sum(), sum.len()), (1.5, 1));
    }

    #[test]
    fn a_long_run_drifts_by_nothing() {
        let (mut sum, mut exact) = (Sum::new(1_000), ExactSum::new(1_000));
        // Whole numbers of 51 bits, so that the list can be summed exactly, too.
        let value = |step| (noise(step) * 1e15) as i64;
        for step in 0..LONG {
            sum.push(value(step) as f64);
            exact.push(value(step));
        }
        let expected: i128 = (LONG - 1_000..LONG).map(|step| i128::from(value(step))).sum();
        assert_eq!((sum.sum(), exact.sum()), (expected as f64, expected));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        /// Against the same values as integers, in a list.
        #[test]
        fn agrees_with_the_slow_twin(
            n in 1usize..20,
            values in prop::collection::vec(prop_oneof![any::<i64>(), -5i64..5, (-1_000_000i64..1_000_000).prop_map(|v| v << 40)], 0..100),
        ) {
            let (mut sum, mut exact) = (Sum::new(n), ExactSum::new(n));
            for (index, value) in values.iter().enumerate() {
                // What a float holds exactly.
                let rounded = value >> 11;
                sum.push(rounded as f64);
                exact.push(*value);
                let window = &values[(index + 1).saturating_sub(n)..=index];
                prop_assert_eq!(exact.sum(), window.iter().map(|v| i128::from(*v)).sum::<i128>());
                let expected = window.iter().map(|v| i128::from(*v >> 11)).sum::<i128>() as f64;
                prop_assert_eq!(sum.sum(), expected);
                prop_assert_eq!((sum.len(), exact.len()), (window.len(), window.len()));
            }
        }
    }
}
