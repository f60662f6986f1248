//! How many of the last n answers were hits: a ring of bits and two counts.
//!
//! Exact: an answer that falls out leaves the count by the bit that it had put in. A push costs one word, whatever the
//! window; memory is a bit an answer, rounded up to words, allocated once.

/// The last answers of a count window, each a hit or a miss.
#[derive(Debug)]
pub(crate) struct Hits {
    bits: Box<[u64]>,
    window: usize,
    /// Where the next answer goes; once the window is full, that is where the oldest stands.
    next: usize,
    count: usize,
    hits: usize,
}

impl Hits {
    pub(crate) fn new(window: usize) -> Self {
        Self { bits: vec![0; window.div_ceil(64)].into_boxed_slice(), window, next: 0, count: 0, hits: 0 }
    }

    /// How many answers it holds when it is full.
    pub(crate) fn window(&self) -> usize {
        self.window
    }

    /// How many it holds.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// How many of them are hits.
    pub(crate) fn hits(&self) -> usize {
        self.hits
    }

    /// Adds an answer; in a full window the oldest falls out.
    pub(crate) fn push(&mut self, hit: bool) {
        // A window of nothing holds nothing.
        let Some(word) = self.bits.get_mut(self.next / 64) else { return };
        let bit = 1 << (self.next % 64);
        if self.count == self.window {
            self.hits -= usize::from(*word & bit != 0);
        } else {
            self.count += 1;
        }
        *word = if hit { *word | bit } else { *word & !bit };
        self.hits += usize::from(hit);
        self.next = if self.next + 1 == self.window { 0 } else { self.next + 1 };
    }

    /// What it holds, from the oldest.
    pub(crate) fn iter(&self) -> impl Iterator<Item = bool> {
        let oldest = if self.count == self.window { self.next } else { 0 };
        (0..self.count).map(move |i| {
            let at = (oldest + i) % self.window;
            self.bits.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
        })
    }
}

#[cfg(test)]
impl Hits {
    /// The words that it has reserved.
    pub(crate) fn words(&self) -> usize {
        self.bits.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_that_falls_out_leaves_the_count_exactly() {
        for window in [1, 2, 10, 63, 64, 65, 200] {
            let mut hits = Hits::new(window);
            let mut all = Vec::new();
            for n in 0..3 * window + 1 {
                let hit = n % 3 == 0 || n % 7 == 1;
                hits.push(hit);
                all.push(hit);
                let last = &all[all.len().saturating_sub(window)..];
                assert_eq!(hits.iter().collect::<Vec<_>>(), last, "{window} after {n}");
                assert_eq!((hits.count(), hits.hits()), (last.len(), last.iter().filter(|hit| **hit).count()));
            }
        }
    }

    #[test]
    fn it_is_full_with_the_last_answer_that_it_holds_and_not_before() {
        let mut hits = Hits::new(10);
        for n in 1..=12 {
            hits.push(true);
            assert_eq!(hits.count(), n.min(10));
        }
    }

    #[test]
    fn a_window_of_nothing_holds_nothing() {
        let mut hits = Hits::new(0);
        hits.push(true);
        assert_eq!((hits.count(), hits.hits(), hits.iter().count()), (0, 0, 0));
    }
}
