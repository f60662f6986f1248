//! The numbers of events, in the order in which they are taken.
//!
//! Whoever looks at which number comes next sees all that was done before the lower ones were taken: the words that those
//! events tell of. So who begins to listen and then looks at the Board can leave out what has a lower number.

use super::orderings::at;
use super::sync::AtomicU64;

#[derive(Debug)]
pub(crate) struct Numbers(AtomicU64);

impl Numbers {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Takes the next one. Wait-free.
    #[inline]
    pub(crate) fn take(&self) -> u64 {
        self.0.fetch_add(1, at::number_take())
    }

    /// The one that comes next, or one that was taken a moment ago.
    pub(crate) fn next(&self) -> u64 {
        self.0.load(at::number_look())
    }
}
