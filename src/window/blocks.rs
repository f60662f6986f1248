//! Anything that can be summed up, over the last `n` values, **without ever taking a value back**.
//!
//! A running sum that adds what comes and subtracts what leaves keeps a rounding error of each, for ever. Here nothing is
//! subtracted. Values are cut into blocks of `b = n / 2`, and the window is always
//!
//! ```text
//!      oldest block        middle block        present block
//!   [ . . . s s s s s ] [ m m m m m m m m ] [ p p p            ]
//!           L of them           b               1 to b               L + b + p = n
//! ```
//!
//! the summary of the youngest `L` of a block, of a whole block, and of the `p` that have come since. The summaries of the
//! youngest 1, 2, .. `b` values of the middle block are made while the present block fills, one a push, from its youngest
//! to its oldest, so they are there when it becomes the oldest.
//!
//! So **an answer depends on the values in the window and on nothing before them**: no drift, and whatever a value may have
//! spoiled is whole again when it has left. Each summary measures its values from one of its own (the least of a block, for
//! the youngest of a block the last), so a great offset that all have in common costs no digits.
//!
//! Cost: O(1), each time, without a longer step now and then: two additions to a summary a push, two joins of summaries a
//! question. Memory, allocated once: `n / 2` values and `n / 2` summaries.

/// What is kept of some values.
pub(crate) trait Summary: Copy + Default {
    type Value: Copy + Default;

    /// A value as it is measured from the reference of a summary.
    fn measure(value: Self::Value, reference: Self::Value) -> Self::Value;

    /// Adds a measured value. `inverse` is one divided by the number of values, this one included.
    fn add(&mut self, measured: Self::Value, inverse: f64);

    /// Of both together, measured from the reference of `self`. `shift` is the other's reference, so measured.
    fn join(self, count: f64, other: Self, other_count: f64, shift: Self::Value) -> Self;
}

/// A summary with all that belongs to it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Part<S: Summary> {
    pub(crate) count: usize,
    pub(crate) reference: S::Value,
    pub(crate) summary: S,
}

impl<S: Summary> Part<S> {
    fn add(&mut self, value: S::Value, inverse: f64) {
        if self.count == 0 {
            self.reference = value;
        }
        self.count += 1;
        self.summary.add(S::measure(value, self.reference), inverse);
    }

    fn join(self, other: Self) -> Self {
        if self.count == 0 {
            return other;
        }
        let shift = S::measure(other.reference, self.reference);
        let summary = self.summary.join(self.count as f64, other.summary, other.count as f64, shift);
        Self { count: self.count + other.count, reference: self.reference, summary }
    }
}

/// The rolling summary.
#[derive(Clone, Debug)]
pub(crate) struct Blocks<S: Summary> {
    n: usize,
    /// The present block's values, and those of the middle block that have not been summed up. One buffer does for both: the
    /// blocks are written forth and back in turn, so each value takes the place of the one that is summed up for it.
    values: Box<[S::Value]>,
    /// Of the youngest values of the middle block, being made, and of the oldest block, being used up, forth and back likewise.
    youngest: Box<[S]>,
    is_forth: bool,
    present: Part<S>,
    middle: Part<S>,
    oldest: Part<S>,
    /// The last of `youngest` made.
    growing: Part<S>,
}

impl<S: Summary> Blocks<S> {
    /// Over the last `n`, at least one.
    pub(crate) fn new(n: usize) -> Self {
        let block = (n / 2).max(1);
        Self {
            n: n.max(1),
            values: vec![S::Value::default(); block].into_boxed_slice(),
            youngest: vec![S::default(); block].into_boxed_slice(),
            is_forth: true,
            present: Part::default(),
            middle: Part::default(),
            oldest: Part::default(),
            growing: Part::default(),
        }
    }

    pub(crate) fn push(&mut self, value: S::Value) {
        let block = self.values.len();
        if self.present.count == block {
            self.turn();
        }
        let at = self.present.count;
        let slot = if self.is_forth { at } else { block - 1 - at };
        let inverse = 1.0 / (at + 1) as f64;
        self.present.add(value, inverse);
        let before = core::mem::replace(&mut self.values[slot], value);
        if self.middle.count == 0 {
            return;
        }
        self.growing.add(before, inverse);
        let youngest = core::mem::replace(&mut self.youngest[slot], self.growing.summary);
        if self.oldest.count == 0 {
            return;
        }
        // With an odd n it lies where the new one has gone, with an even n one further on.
        self.oldest.count = self.n - block - self.present.count;
        self.oldest.summary = match self.oldest.count {
            0 => S::default(),
            left if left + at == block => youngest,
            left if self.is_forth => self.youngest[block - left],
            left => self.youngest[left - 1],
        };
    }

    /// The present block is full and becomes the middle one, the middle one the oldest.
    fn turn(&mut self) {
        if self.n > 1 {
            self.oldest = core::mem::take(&mut self.growing);
            self.middle = self.present;
            self.is_forth = !self.is_forth;
        }
        self.present = Part::default();
    }

    /// Of all values in the window.
    pub(crate) fn whole(&self) -> Part<S> {
        self.oldest.join(self.middle).join(self.present)
    }

    /// How many values are in the window.
    pub(crate) fn len(&self) -> usize {
        self.oldest.count + self.middle.count + self.present.count
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len() == self.n
    }

    pub(crate) fn clear(&mut self) {
        for part in [&mut self.present, &mut self.middle, &mut self.oldest, &mut self.growing] {
            *part = Part::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Enough of small whole numbers to tell one window from another, exactly.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    struct Known {
        least: u64,
        sum: u64,
        squares: u64,
    }

    impl Summary for Known {
        type Value = u64;
        fn measure(value: u64, _: u64) -> u64 {
            value
        }
        fn add(&mut self, value: u64, _: f64) {
            self.least = if self.sum == 0 { value } else { self.least.min(value) };
            self.sum += value;
            self.squares += value * value;
        }
        fn join(self, _: f64, other: Self, _: f64, _: u64) -> Self {
            Self {
                least: self.least.min(other.least),
                sum: self.sum + other.sum,
                squares: self.squares + other.squares,
            }
        }
    }

    fn known(values: &[u64]) -> Known {
        let squares = values.iter().map(|value| value * value).sum();
        Known { least: values.iter().copied().min().unwrap_or(0), sum: values.iter().sum(), squares }
    }

    #[test]
    fn every_window_holds_exactly_the_last_values_whatever_its_length() {
        for n in 1..40usize {
            let mut blocks = Blocks::<Known>::new(n);
            assert_eq!((blocks.len(), blocks.is_full()), (0, false));
            for last in 1..200u64 {
                blocks.push(last);
                let least = (last + 1).saturating_sub(n as u64).max(1);
                let expected: Vec<u64> = (least..=last).collect();
                assert_eq!(blocks.whole().summary, known(&expected), "{n} {last}");
                assert_eq!((blocks.len(), blocks.whole().count), (expected.len(), expected.len()), "{n} {last}");
                assert_eq!(blocks.is_full(), expected.len() == n);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn agrees_with_the_slow_twin(n in 0usize..20, values in prop::collection::vec(prop_oneof![30 => 1u64..1_000, 1 => Just(0)], 0..100)) {
            let (mut blocks, mut all) = (Blocks::<Known>::new(n), Vec::new());
            for value in values {
                if value == 0 {
                    blocks.clear();
                    all.clear();
                } else {
                    blocks.push(value);
                    all.push(value);
                }
                let window = &all[all.len().saturating_sub(n.max(1))..];
                prop_assert_eq!(blocks.whole().summary, known(window));
                prop_assert_eq!(blocks.len(), window.len());
            }
        }
    }
}
