//! From the number of an instrument or sector to its slot: a table of fixed size with open addressing.
//!
//! At most half full, so a search looks at two entries on average; a removal moves the entries behind it forward, so
//! nothing piles up. Deterministic, O(1), no allocation after it is made. 16 bytes an entry.

/// Names to slots.
#[derive(Debug)]
pub(super) struct Index {
    entries: Vec<Entry>,
    mask: usize,
}

/// `slot` counts from 1; 0 is an empty entry.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    name: u64,
    slot: u32,
}

impl Index {
    /// For so many names, at most `u32::MAX / 2`.
    pub(super) fn new(most: usize) -> Self {
        let size = (2 * most).next_power_of_two().max(2);
        Self { entries: vec![Entry::default(); size], mask: size - 1 }
    }

    pub(super) fn find(&self, name: u64) -> Option<u32> {
        let entry = self.entries[self.place(name)];
        entry.slot.checked_sub(1)
    }

    /// Adds a name that is not there. No more than it was made for.
    pub(super) fn insert(&mut self, name: u64, slot: u32) {
        let place = self.place(name);
        self.entries[place] = Entry { name, slot: slot + 1 };
    }

    pub(super) fn remove(&mut self, name: u64) {
        let mut hole = self.place(name);
        let mut next = hole;
        loop {
            self.entries[hole].slot = 0;
            // The next entry whose way from its home leads over the hole fills it.
            loop {
                next = (next + 1) & self.mask;
                let Entry { name, slot } = self.entries[next];
                if slot == 0 {
                    return;
                }
                let (way, over) = (next.wrapping_sub(home(name)), next.wrapping_sub(hole));
                if way & self.mask >= over & self.mask {
                    break;
                }
            }
            self.entries[hole] = self.entries[next];
            hole = next;
        }
    }

    /// Where a name is, or would be.
    fn place(&self, name: u64) -> usize {
        let mut place = home(name) & self.mask;
        while self.entries[place].slot != 0 && self.entries[place].name != name {
            place = (place + 1) & self.mask;
        }
        place
    }

    #[cfg(test)]
    pub(super) fn reserved_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }
}

/// Where the search begins: all bits of the name spread over those of a place (the end of SplitMix64).
fn home(name: u64) -> usize {
    let mixed = (name ^ (name >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        /// Few names in a small table, so that searches collide and wrap around.
        #[test]
        fn agrees_with_a_map(most in 1usize..12, steps in prop::collection::vec((0u64..24, any::<bool>()), 1..200)) {
            let (mut index, mut map) = (Index::new(most), HashMap::new());
            for (name, add) in steps {
                let name = name.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (name % 3);
                match (add, map.contains_key(&name)) {
                    (true, false) if map.len() < most => {
                        map.insert(name, map.len() as u32 * 7);
                        index.insert(name, map[&name]);
                    }
                    (false, true) => {
                        map.remove(&name);
                        index.remove(name);
                    }
                    _ => {}
                }
                for name in (0..24u64).flat_map(|n| (0..3).map(move |s| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> s)) {
                    prop_assert_eq!(index.find(name), map.get(&name).copied());
                }
            }
        }
    }
}
