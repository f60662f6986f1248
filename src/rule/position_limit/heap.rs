//! The greatest of many keys that change: a binary heap that knows where each slot's key lies.
//!
//! A change is O(log n), in fact mostly O(1): a key that moves a little moves few places. The greatest is O(1) and exact.
//! No allocation after it is made.

/// A slot that has no key.
const NONE: u32 = u32::MAX;

/// The keys of slots.
#[derive(Debug)]
pub(super) struct Heap<K> {
    nodes: Vec<(K, u32)>,
    /// By slot: where its node is.
    places: Vec<u32>,
}

impl<K: Copy + Ord> Heap<K> {
    /// For slots below `slots`.
    pub(super) fn new(slots: usize) -> Self {
        Self { nodes: Vec::with_capacity(slots), places: vec![NONE; slots] }
    }

    pub(super) fn greatest(&self) -> Option<K> {
        self.nodes.first().map(|(key, _)| *key)
    }

    /// Gives a slot a key, whether it had one or not.
    pub(super) fn set(&mut self, slot: u32, key: K) {
        let mut place = self.places[slot as usize] as usize;
        if place == NONE as usize {
            place = self.nodes.len();
            self.nodes.push((key, slot));
            self.places[slot as usize] = place as u32;
        }
        self.nodes[place].0 = key;
        self.settle(place);
    }

    /// Takes a slot's key away, if it has one.
    pub(super) fn remove(&mut self, slot: u32) {
        let place = core::mem::replace(&mut self.places[slot as usize], NONE);
        if place == NONE {
            return;
        }
        self.nodes.swap_remove(place as usize);
        if let Some((_, moved)) = self.nodes.get(place as usize) {
            self.places[*moved as usize] = place;
            self.settle(place as usize);
        }
    }

    /// Moves a node to where its key belongs.
    fn settle(&mut self, mut place: usize) {
        while place > 0 && self.nodes[(place - 1) / 2].0 < self.nodes[place].0 {
            place = self.swap(place, (place - 1) / 2);
        }
        loop {
            let (left, right) = (2 * place + 1, 2 * place + 2);
            let Some((key, _)) = self.nodes.get(left) else { return };
            let child = if self.nodes.get(right).is_some_and(|(other, _)| other > key) { right } else { left };
            if self.nodes[child].0 <= self.nodes[place].0 {
                return;
            }
            place = self.swap(place, child);
        }
    }

    /// Swaps two nodes and says where the first one is now.
    fn swap(&mut self, from: usize, to: usize) -> usize {
        self.nodes.swap(from, to);
        self.places[self.nodes[from].1 as usize] = from as u32;
        self.places[self.nodes[to].1 as usize] = to as u32;
        to
    }

    #[cfg(test)]
    pub(super) fn reserved_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<(K, u32)>() + self.places.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn the_greatest_is_that_of_a_list(steps in prop::collection::vec((0u32..20, prop::option::of(0u64..50)), 1..200)) {
            let (mut heap, mut all) = (Heap::new(20), BTreeMap::new());
            for (slot, key) in steps {
                match key {
                    Some(key) => {
                        heap.set(slot, key);
                        all.insert(slot, key);
                    }
                    None => {
                        heap.remove(slot);
                        all.remove(&slot);
                    }
                }
                prop_assert_eq!(heap.greatest(), all.values().copied().max());
                prop_assert_eq!(heap.nodes.len(), all.len());
            }
        }
    }
}
