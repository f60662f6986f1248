//! The greatest of many numbers, kept while they change: a tree in which every node is the greater of its two.
//!
//! A change is O(log n), the maximum O(1). Memory: 16 bytes for each place.

#[derive(Debug, Default)]
pub(crate) struct Maximum {
    /// The root is 1, the places are the last half.
    nodes: Vec<f64>,
}

impl Maximum {
    /// The greatest; 0 if there is none.
    pub(crate) fn get(&self) -> f64 {
        self.nodes.get(1).copied().unwrap_or(0.0)
    }

    /// Puts a number, not below 0, in a place.
    pub(crate) fn put(&mut self, place: usize, number: f64) {
        if place >= self.nodes.len() / 2 {
            self.grow(place);
        }
        let mut node = self.nodes.len() / 2 + place;
        self.nodes[node] = number;
        while node > 1 {
            let greater = self.nodes[node].max(self.nodes[node ^ 1]);
            node /= 2;
            if self.nodes[node] == greater {
                return;
            }
            self.nodes[node] = greater;
        }
    }

    fn grow(&mut self, place: usize) {
        let before = self.nodes.split_off(self.nodes.len() / 2);
        let places = (place + 1).next_power_of_two().max(64);
        self.nodes = vec![0.0; 2 * places];
        self.nodes[places..places + before.len()].copy_from_slice(&before);
        for node in (1..places).rev() {
            self.nodes[node] = self.nodes[2 * node].max(self.nodes[2 * node + 1]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_greatest_of_all_at_every_time(puts in prop::collection::vec((0usize..300, 0u32..50), 1..200)) {
            let (mut kept, mut slow) = (Maximum::default(), vec![0.0_f64; 300]);
            prop_assert_eq!(kept.get(), 0.0);
            for (place, number) in puts {
                kept.put(place, number.into());
                slow[place] = number.into();
                prop_assert_eq!(kept.get(), slow.iter().copied().fold(0.0, f64::max));
            }
        }
    }
}
