//! Of the last `n` outcomes, how many had each of a few flags: failed, was slow.
//!
//! Exact: with the `n`th outcome the window is full, and from the next one on the oldest leaves, with its flags. A push is
//! O(1). Memory: `n` bytes.

use super::ring::Ring;

/// The rolling counts of up to eight flags.
#[derive(Clone, Debug)]
pub(crate) struct Outcomes<const FLAGS: usize> {
    /// A bit for each flag.
    ring: Ring<u8>,
    counts: [usize; FLAGS],
}

impl<const FLAGS: usize> Outcomes<FLAGS> {
    /// Of the last `n`, at least one.
    pub(crate) fn new(n: usize) -> Self {
        const { assert!(FLAGS <= 8, "an outcome is a byte") };
        Self { ring: Ring::new(n), counts: [0; FLAGS] }
    }

    pub(crate) fn push(&mut self, flags: [bool; FLAGS]) {
        let bits = flags.iter().rev().fold(0, |bits, flag| bits << 1 | u8::from(*flag));
        let left = self.ring.push(bits).unwrap_or(0);
        for (flag, count) in self.counts.iter_mut().enumerate() {
            *count = *count + usize::from(bits >> flag & 1) - usize::from(left >> flag & 1);
        }
    }

    /// How many outcomes in the window had each flag.
    pub(crate) fn counts(&self) -> [usize; FLAGS] {
        self.counts
    }

    pub(crate) fn len(&self) -> usize {
        self.ring.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.ring.is_full()
    }

    pub(crate) fn clear(&mut self) {
        self.ring.clear();
        self.counts = [0; FLAGS];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_window_of_ten_is_full_at_the_tenth_and_forgets_the_first_at_the_eleventh() {
        let mut outcomes = Outcomes::<2>::new(10);
        outcomes.push([true, true]);
        (0..8).for_each(|_| outcomes.push([false, true]));
        assert_eq!((outcomes.len(), outcomes.is_full(), outcomes.counts()), (9, false, [1, 9]));
        outcomes.push([true, false]);
        assert_eq!((outcomes.len(), outcomes.is_full(), outcomes.counts()), (10, true, [2, 9]));
        outcomes.push([false, false]);
        assert_eq!((outcomes.len(), outcomes.is_full(), outcomes.counts()), (10, true, [1, 8]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn agrees_with_the_slow_twin(
            n in 1usize..12,
            pushed in prop::collection::vec(prop_oneof![20 => any::<[bool; 3]>().prop_map(Some), 1 => Just(None)], 0..80),
        ) {
            let (mut outcomes, mut all) = (Outcomes::<3>::new(n), Vec::new());
            for flags in pushed {
                match flags {
                    Some(flags) => {
                        outcomes.push(flags);
                        all.push(flags);
                    }
                    None => {
                        outcomes.clear();
                        all.clear();
                    }
                }
                let window = &all[all.len().saturating_sub(n)..];
                let counts = [0, 1, 2].map(|flag| window.iter().filter(|flags| flags[flag]).count());
                prop_assert_eq!((outcomes.counts(), outcomes.len()), (counts, window.len()));
            }
        }
    }
}
