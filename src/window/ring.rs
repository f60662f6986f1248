//! The last `n` values, in the order in which they came.
//!
//! Exact. A push is O(1): one store and one load of the value that it pushes out. Memory: `n` values, allocated once.

/// A ring that has room for `n` values and is never asked for more.
#[derive(Clone, Debug)]
pub(crate) struct Ring<T> {
    slots: Box<[T]>,
    /// Where the next value goes: in a full ring the oldest lies there.
    next: usize,
    len: usize,
}

impl<T: Copy + Default> Ring<T> {
    /// Room for `n` values, at least one.
    pub(crate) fn new(n: usize) -> Self {
        Self { slots: vec![T::default(); n.max(1)].into_boxed_slice(), next: 0, len: 0 }
    }

    /// Adds a value. Gives back the one that had to leave for it.
    pub(crate) fn push(&mut self, value: T) -> Option<T> {
        let left = core::mem::replace(&mut self.slots[self.next], value);
        self.next = if self.next + 1 == self.slots.len() { 0 } else { self.next + 1 };
        if self.is_full() {
            return Some(left);
        }
        self.len += 1;
        None
    }

    /// The value that came `age` values before the last one; 0 is the last.
    pub(crate) fn back(&self, age: usize) -> Option<T> {
        let n = self.slots.len();
        (age < self.len)
            .then(|| self.slots[if self.next > age { self.next - age - 1 } else { self.next + n - age - 1 }])
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len == self.slots.len()
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_value_leaves_when_one_more_than_all_have_come() {
        let mut ring = Ring::new(3);
        assert_eq!((ring.back(0), ring.len(), ring.is_full()), (None, 0, false));
        assert_eq!([1, 2, 3].map(|value| ring.push(value)), [None; 3]);
        assert!(ring.is_full());
        assert_eq!([4, 5].map(|value| ring.push(value)), [Some(1), Some(2)]);
        assert_eq!([0, 1, 2, 3].map(|age| ring.back(age)), [Some(5), Some(4), Some(3), None]);
    }

    #[test]
    fn room_for_nothing_is_room_for_one() {
        let mut ring = Ring::new(0);
        assert_eq!((ring.push(1), ring.push(2), ring.back(0), ring.back(1)), (None, Some(1), Some(2), None));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn agrees_with_the_slow_twin(n in 1usize..12, values in prop::collection::vec(prop_oneof![20 => (0i64..100).prop_map(Some), 1 => Just(None)], 0..60)) {
            let (mut ring, mut all) = (Ring::new(n), Vec::new());
            for value in values {
                let Some(value) = value else {
                    ring.clear();
                    all.clear();
                    continue;
                };
                let left = all.len().checked_sub(n).map(|index| all[index]);
                prop_assert_eq!(ring.push(value), left);
                all.push(value);
                prop_assert_eq!(ring.len(), all.len().min(n));
                for age in 0..n + 2 {
                    let expected = all.iter().rev().take(n).nth(age).copied();
                    prop_assert_eq!(ring.back(age), expected);
                }
            }
        }
    }
}
