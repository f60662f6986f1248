//! A bounded queue from one thread to one other at a time: entries of three words, no allocation, no waiting.
//!
//! Each side has a count that it alone moves, on cache lines of its own. The producer writes an entry and then raises its
//! count; the taker reads the entry and then raises his, which gives the place back. An entry goes through as atomic
//! words, so there is no `unsafe`.

use super::orderings::at;
use super::sync::AtomicU64;

/// What an entry has: a time, by which queues are merged, and two words more.
pub(crate) type Words = [u64; 3];

#[derive(Debug)]
pub(in crate::memory) struct Queue {
    given: Side,
    taken: Side,
    lines: Box<[Line]>,
    capacity: u64,
}

/// What one side has done so far.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Side {
    entries: AtomicU64,
    /// Entries that there were none of: they were refused.
    refusals: AtomicU64,
}

const A_LINE: u64 = 4;

/// A few entries, so that no two queues share a cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line([Entry; A_LINE as usize]);

#[derive(Debug, Default)]
#[repr(align(32))]
struct Entry([AtomicU64; 3]);

/// What the producer keeps by himself.
#[derive(Debug)]
pub(in crate::memory) struct Place {
    given: u64,
    /// How many had been taken when he looked last.
    taken: u64,
}

impl Queue {
    /// An empty queue for so many entries, rounded up to a power of two.
    pub(in crate::memory) fn new(capacity: u32) -> Self {
        let capacity = u64::from(capacity).next_power_of_two();
        let lines = (0..capacity.div_ceil(A_LINE)).map(|_| Line::default()).collect();
        Self { given: Side::default(), taken: Side::default(), lines, capacity }
    }

    fn entry(&self, position: u64) -> &[AtomicU64; 3] {
        let place = position & (self.capacity - 1);
        &self.lines[(place / A_LINE) as usize].0[(place % A_LINE) as usize].0
    }

    /// Where the next producer goes on. He has acquired what the last one did.
    pub(in crate::memory) fn place(&self) -> Place {
        Place { given: self.given.entries.load(at::plain()), taken: self.taken.entries.load(at::queue_look()) }
    }

    /// Puts an entry in; false if there is no room. The producer.
    #[inline]
    pub(in crate::memory) fn give(&self, place: &mut Place, words: Words) -> bool {
        if place.given - place.taken == self.capacity {
            place.taken = self.taken.entries.load(at::queue_look());
            if place.given - place.taken == self.capacity {
                return false;
            }
        }
        for (word, value) in self.entry(place.given).iter().zip(words) {
            word.store(value, at::plain());
        }
        place.given += 1;
        self.given.entries.store(place.given, at::queue_publish());
        true
    }

    /// Counts one that is not put in. The producer.
    pub(in crate::memory) fn refuse(&self) {
        let refusals = &self.given.refusals;
        refusals.store(refusals.load(at::plain()) + 1, at::queue_publish());
    }

    /// How many have been put in so far: up to there whoever has looked may take.
    #[inline]
    pub(in crate::memory) fn end(&self) -> u64 {
        self.given.entries.load(at::queue_look())
    }

    /// The time of the oldest entry, if it lies before `end`. The taker.
    #[inline]
    pub(in crate::memory) fn time(&self, end: u64) -> Option<u64> {
        let taken = self.taken.entries.load(at::plain());
        (taken != end).then(|| self.entry(taken)[0].load(at::plain()))
    }

    /// Takes the oldest entry, which is there. The taker.
    #[inline]
    pub(in crate::memory) fn take(&self) -> Words {
        let taken = self.taken.entries.load(at::plain());
        let entry = self.entry(taken);
        let words = core::array::from_fn(|i| entry[i].load(at::plain()));
        self.taken.entries.store(taken + 1, at::queue_publish());
        words
    }

    /// Takes all refusals: how many there were since the last time. The taker.
    #[inline]
    pub(in crate::memory) fn take_refusals(&self) -> u64 {
        let taken = self.taken.refusals.load(at::plain());
        let given = self.given.refusals.load(at::queue_look());
        if given != taken {
            self.taken.refusals.store(given, at::queue_publish());
        }
        given - taken
    }

    /// Whether there is something to take; true also if somebody takes it just now. Anybody.
    #[inline]
    pub(in crate::memory) fn has_some(&self) -> bool {
        let (given, taken) = (&self.given, &self.taken);
        given.entries.load(at::queue_look()) != taken.entries.load(at::plain())
            || given.refusals.load(at::queue_look()) != taken.refusals.load(at::plain())
    }
}
