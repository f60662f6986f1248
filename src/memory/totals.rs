//! What a System has counted since it was made. Single words that anybody adds to: nothing is read on the strength of one.

use super::orderings::at;
use super::sync::AtomicU64;

/// One count.
#[derive(Debug)]
pub(crate) struct Count(AtomicU64);

impl Count {
    fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, at::plain());
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(at::plain())
    }
}

/// Written at transitions and refusals alone; on lines of their own, so that they disturb nobody else.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Totals {
    pub(crate) trips: Count,
    pub(crate) resets: Count,
    pub(crate) warnings: Count,
    /// Requests of people.
    pub(crate) refusals: Count,
    pub(crate) bad_inputs: Count,
    pub(crate) near_misses: Count,
}

impl Totals {
    pub(crate) fn new() -> Self {
        let zero = Count::new;
        Self {
            trips: zero(),
            resets: zero(),
            warnings: zero(),
            refusals: zero(),
            bad_inputs: zero(),
            near_misses: zero(),
        }
    }
}
