//! Which breakers have moved since somebody looked: a bit each, and a bit for each 64 of these.
//!
//! Cannot overflow and never forgets. Marking is wait-free and idempotent; taking reads one word for each 4 096
//! breakers when nothing has moved.
//!
//! The bit is set before its group's bit and taken after it. So a mark that the taker misses leaves its group's bit
//! behind for the next time; what it costs is at most a look at an empty group.

use super::orderings::at;
use super::sync::AtomicU64;

#[derive(Debug)]
pub(crate) struct DirtySet {
    bits: Box<[AtomicU64]>,
    groups: Box<[AtomicU64]>,
}

impl DirtySet {
    pub(crate) fn new(count: usize) -> Self {
        let words = |n: usize| (0..n).map(|_| AtomicU64::new(0)).collect();
        Self { bits: words(count.div_ceil(64)), groups: words(count.div_ceil(4_096)) }
    }

    /// Sets the bit of `index`.
    pub(crate) fn mark(&self, index: usize) {
        let group = index / 64;
        self.bits[group].fetch_or(1 << (index % 64), at::dirty_mark());
        self.groups[group / 64].fetch_or(1 << (group % 64), at::dirty_mark());
    }

    /// The same for what nobody decides on: looks at both bits first, without a fence. A change that comes in the instant at
    /// which they are taken may go unmarked until the next one of `index`.
    #[inline(always)]
    pub(crate) fn touch(&self, index: usize) {
        let set = |word: &AtomicU64, bit: u64| {
            if word.load(at::plain()) & bit == 0 {
                word.fetch_or(bit, at::dirty_mark());
            }
        };
        let group = index / 64;
        set(&self.bits[group], 1 << (index % 64));
        // Also if the first stood: then whoever set it may have missed the taker here.
        set(&self.groups[group / 64], 1 << (group % 64));
    }

    /// What would go wrong with one look, for the models.
    #[cfg(all(test, loom))]
    pub(crate) fn touch_by_its_bit_alone(&self, index: usize) {
        let (group, bit) = (index / 64, 1 << (index % 64));
        if self.bits[group].load(at::plain()) & bit == 0 {
            self.bits[group].fetch_or(bit, at::dirty_mark());
            if self.groups[group / 64].load(at::plain()) & (1 << (group % 64)) == 0 {
                self.groups[group / 64].fetch_or(1 << (group % 64), at::dirty_mark());
            }
        }
    }

    /// Takes all bits and calls `f` for each, in order.
    pub(crate) fn take(&self, mut f: impl FnMut(usize)) {
        self.take_words(|first, bits| for_each_bit(bits, |bit| f(first + bit)));
    }

    /// The same, 64 at a time: `f` is given the first index of a word and its bits, which have been taken when it is called.
    pub(crate) fn take_words(&self, mut f: impl FnMut(usize, u64)) {
        for (i, groups) in self.groups.iter().enumerate() {
            // A look first: a swap would take the line from those who mark.
            if groups.load(at::plain()) == 0 {
                continue;
            }
            for_each_bit(groups.swap(0, at::dirty_take()), |group| {
                let group = i * 64 + group;
                f(group * 64, self.bits[group].swap(0, at::dirty_take()));
            });
        }
    }

    /// Whether nothing is marked.
    pub(crate) fn is_empty(&self) -> bool {
        self.groups.iter().all(|groups| groups.load(at::plain()) == 0)
    }
}

/// Calls `f` for each bit that is set, from the lowest.
pub(crate) fn for_each_bit(mut bits: u64, mut f: impl FnMut(usize)) {
    while bits != 0 {
        f(bits.trailing_zeros() as usize);
        bits &= bits - 1;
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn what_is_marked_is_taken_once_and_in_order(marks in proptest::collection::vec(0usize..10_000, 0..200)) {
            let set = DirtySet::new(10_000);
            marks.iter().for_each(|i| set.mark(*i));
            let mut taken = Vec::new();
            set.take(|i| taken.push(i));
            prop_assert_eq!(taken, marks.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>());
            prop_assert!(set.is_empty());
        }
    }
}
