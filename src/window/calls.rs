//! How the last calls went: counts over the last n of them, or over a window of time.
//!
//! Both keep exact counts of what is in them: what leaves is taken off by what it had added, nothing is ever estimated, and
//! nothing is left of a call that has left. Both are allocated once.
//!
//! * [`LastCalls`]: two bits a call in a ring. A push is O(1). Memory: 8 bytes for each 32 calls.
//! * [`RecentCalls`]: time is cut into buckets of `window / 64`, rounded up to whole nanoseconds; the window is the present
//!   bucket and the 64 before it. So **the error is in time only, and to the side of remembering**: a call counts for at least
//!   `window` and at most for a 64th of it longer. But nothing outlasts an idle time: after more than `window` without a call
//!   it is empty, to the nanosecond. A push is O(1) amortised, at worst 65 steps after a gap. Memory: 65 buckets, 1 560 bytes.

use core::time::Duration;

use crate::model::time::{Nanos, nanos_of};

/// How one call went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) failed: bool,
    pub(crate) slow: bool,
}

impl Call {
    const BITS: usize = 2;
    const MASK: u64 = 0b11;

    const fn bits(self) -> u64 {
        self.failed as u64 | (self.slow as u64) << 1
    }

    const fn from_bits(bits: u64) -> Self {
        Self { failed: bits & 1 == 1, slow: bits >> 1 & 1 == 1 }
    }
}

/// How many calls there were, and how many of them failed or were slow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) calls: u64,
    pub(crate) failed: u64,
    pub(crate) slow: u64,
}

impl Counts {
    const NONE: Self = Self { calls: 0, failed: 0, slow: 0 };

    const fn one(call: Call) -> Self {
        Self { calls: 1, failed: call.failed as u64, slow: call.slow as u64 }
    }

    // 2^64 calls are never reached, so what is taken off is always what was added.
    fn add(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.failed = self.failed.saturating_add(other.failed);
        self.slow = self.slow.saturating_add(other.slow);
    }

    fn take_off(&mut self, other: Self) {
        self.calls = self.calls.saturating_sub(other.calls);
        self.failed = self.failed.saturating_sub(other.failed);
        self.slow = self.slow.saturating_sub(other.slow);
    }
}

/// The last n calls.
#[derive(Debug)]
pub(crate) struct LastCalls {
    bits: Box<[u64]>,
    size: usize,
    /// Where the next call goes.
    next: usize,
    counts: Counts,
}

impl LastCalls {
    const A_WORD: usize = u64::BITS as usize / Call::BITS;

    pub(crate) fn new(size: usize) -> Self {
        let size = size.max(1);
        Self { bits: vec![0; size.div_ceil(Self::A_WORD)].into(), size, next: 0, counts: Counts::NONE }
    }

    pub(crate) fn push(&mut self, call: Call) {
        let shift = self.next % Self::A_WORD * Call::BITS;
        // Always there: `next` stays below the size.
        let Some(word) = self.bits.get_mut(self.next / Self::A_WORD) else { return };
        if self.counts.calls == self.size as u64 {
            self.counts.take_off(Counts::one(Call::from_bits(*word >> shift)));
        }
        *word = *word & !(Call::MASK << shift) | call.bits() << shift;
        self.counts.add(Counts::one(call));
        self.next = if self.next + 1 == self.size { 0 } else { self.next + 1 };
    }

    pub(crate) const fn counts(&self) -> Counts {
        self.counts
    }

    /// Old bits stay behind, but each is overwritten before the window is full again and looks at it.
    pub(crate) fn clear(&mut self) {
        (self.next, self.counts) = (0, Counts::NONE);
    }
}

/// The calls of a window of time.
#[derive(Debug)]
pub(crate) struct RecentCalls {
    window: Duration,
    /// Nanoseconds of a bucket.
    width: u64,
    /// The present bucket: that of the last push.
    bucket: u64,
    /// When the last push was.
    last: Nanos,
    /// By the bucket's number, in a ring.
    buckets: Box<[Counts; Self::BUCKETS as usize]>,
    counts: Counts,
}

impl RecentCalls {
    /// Buckets before the present one.
    const BEFORE: u64 = 64;
    const BUCKETS: u64 = Self::BEFORE + 1;

    pub(crate) fn new(window: Duration) -> Self {
        let buckets = Box::new([Counts::NONE; Self::BUCKETS as usize]);
        let width = nanos_of(window).div_ceil(Self::BEFORE).max(1);
        Self { window, width, bucket: 0, last: Nanos(0), buckets, counts: Counts::NONE }
    }

    /// Lets time pass, then adds a call. A time before the last counts as the last.
    pub(crate) fn push(&mut self, at: Nanos, call: Call) {
        self.pass(at);
        self.last = self.last.max(at);
        let slot = self.slot(self.bucket);
        if let Some(bucket) = self.buckets.get_mut(slot) {
            bucket.add(Counts::one(call));
        }
        self.counts.add(Counts::one(call));
    }

    /// Lets what is too old by `at` leave.
    pub(crate) fn pass(&mut self, at: Nanos) {
        if self.is_idle(at) {
            self.clear();
        }
        let bucket = at.0 / self.width;
        // Beyond a whole turn there is nothing left to take off.
        for ahead in 1..=bucket.saturating_sub(self.bucket).min(Self::BUCKETS) {
            let slot = self.slot(self.bucket + ahead);
            if let Some(gone) = self.buckets.get_mut(slot) {
                self.counts.take_off(core::mem::take(gone));
            }
        }
        self.bucket = self.bucket.max(bucket);
    }

    const fn slot(&self, bucket: u64) -> usize {
        (bucket % Self::BUCKETS) as usize
    }

    /// As of the last push or [`pass`](Self::pass).
    pub(crate) const fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether by `at` nothing has come for longer than the window.
    pub(crate) fn is_idle(&self, at: Nanos) -> bool {
        at > self.last + self.window
    }

    /// When the last bucket will have left, if nothing comes: at most a 64th of the window after it is idle.
    pub(crate) fn end(&self) -> Nanos {
        Nanos(self.bucket.saturating_add(Self::BUCKETS).saturating_mul(self.width))
    }

    pub(crate) fn clear(&mut self) {
        self.buckets.fill(Counts::NONE);
        self.counts = Counts::NONE;
    }
}

#[cfg(test)]
#[path = "calls_tests.rs"]
mod tests;
