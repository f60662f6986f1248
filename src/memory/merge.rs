//! What several threads say, heard by one ear in the order of time: each thread puts it into a queue of its own, and one
//! of them at a time empties all queues.
//!
//! Who has put something in tries to become the one that hears. If another is at it he goes away: that one looks again
//! after it has left. So both sides do the same, "publish, fence, look at the other": the producer publishes an entry and
//! looks whether the turn is free; the hearer gives the turn back and looks whether there is an entry. One of the two sees the
//! other, so nothing lies in a queue with nobody at it or about to look.
//!
//! A hearer takes what was there when he began, by (time, queue), and then gives the turn back. So whoever
//! comes meanwhile has his chance to relieve him, and an order among all that was there when it was looked at, no other, is
//! what is promised.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::orderings::at;
use super::queue::{Place, Queue, Words};
use super::sync::{AtomicU64, Turn, fence_unless_relaxed};

/// The most queues.
pub(crate) const QUEUES: u32 = u64::BITS;

/// Who hears it all.
pub(crate) trait Hear {
    /// One entry.
    fn hear(&mut self, words: Words);
    /// So many were refused.
    fn refused(&mut self, count: u64);
}

#[derive(Debug)]
pub(crate) struct Merge<T> {
    queues: Box<[Queue]>,
    /// One bit a queue: those that have a producer, and those that ever had one.
    held: AtomicU64,
    used: AtomicU64,
    turn: Turn<Hearer<T>>,
}

#[derive(Debug)]
struct Hearer<T> {
    ear: T,
    /// How far it looks into each queue.
    ends: Box<[u64]>,
}

/// A producer's hand on its queue. To be given back by [`Merge::release`].
#[derive(Debug)]
pub(crate) struct Hand {
    queue: usize,
    place: Place,
}

impl<T: Hear> Merge<T> {
    /// At most [`QUEUES`] queues of so many entries, rounded up to a power of two.
    pub(crate) fn new(ear: T, queues: u32, capacity: u32) -> Self {
        let queues: Box<[_]> = (0..queues.min(QUEUES)).map(|_| Queue::new(capacity)).collect();
        let turn = Turn::new(Hearer { ear, ends: queues.iter().map(|_| 0).collect() });
        Self { queues, held: AtomicU64::new(0), used: AtomicU64::new(0), turn }
    }

    /// A free queue; `None` if there is none.
    pub(crate) fn claim(&self) -> Option<Hand> {
        let mut held = self.held.load(at::plain());
        loop {
            let queue = held.trailing_ones();
            if queue as usize >= self.queues.len() {
                return None;
            }
            let bit = 1 << queue;
            // Acquire: the new producer goes on where the last one stopped.
            match self.held.compare_exchange_weak(held, held | bit, at::queue_claim(), at::plain()) {
                Ok(_) => {
                    // Before the first entry, and seen by whoever must see that.
                    self.used.fetch_or(bit, at::plain());
                    let queue = queue as usize;
                    return Some(Hand { queue, place: self.queues[queue].place() });
                }
                Err(now) => held = now,
            }
        }
    }

    /// Gives a queue back. What lies in it stays to be heard.
    pub(crate) fn release(&self, hand: &Hand) {
        self.held.fetch_and(!(1 << hand.queue), at::queue_release());
    }

    /// Gives a queue back, perhaps because of a panic amid hearing, which is all that leaves something behind. That is heard
    /// before. A further panic goes no further: it would abort the process if it met the first.
    pub(crate) fn leave(&self, hand: &Hand) {
        // Each has lost the entry that it came from, so this ends.
        while catch_unwind(AssertUnwindSafe(|| self.hear())).is_err() {}
        self.release(hand);
    }

    /// Puts an entry in and hears, if nobody else does. False if there was no room; then it is counted as refused.
    #[inline]
    pub(crate) fn give(&self, hand: &mut Hand, words: Words) -> bool {
        let queue = &self.queues[hand.queue];
        let given = queue.give(&mut hand.place, words) || self.give_again(hand, words);
        self.hear();
        given
    }

    #[cold]
    fn give_again(&self, hand: &mut Hand, words: Words) -> bool {
        // A full queue has somebody who empties it, unless he has panicked.
        self.hear();
        let queue = &self.queues[hand.queue];
        let given = queue.give(&mut hand.place, words);
        if !given {
            queue.refuse();
        }
        given
    }

    /// Counts something as refused that has not been put in.
    #[cold]
    pub(crate) fn refuse(&self, hand: &Hand) {
        self.queues[hand.queue].refuse();
        self.hear();
    }

    /// Hears all that lies in the queues, unless somebody else does.
    #[inline]
    pub(crate) fn hear(&self) {
        // Between what was put in and the look at the turn.
        fence_unless_relaxed(at::cross_fence());
        while self.try_to_hear() {
            // Between the turn and the look at what was put in; also the one from above, if there was something.
            fence_unless_relaxed(at::cross_fence());
            if !self.used().any(|queue| self.queues[queue].has_some()) {
                return;
            }
        }
    }

    /// Hears what is there now; false if somebody else has the turn.
    fn try_to_hear(&self) -> bool {
        let Some(mut hearer) = self.turn.take() else { return false };
        let Hearer { ear, ends } = &mut *hearer;
        // The queues that have something, as bits.
        let mut full = 0;
        for queue in self.used() {
            ends[queue] = self.queues[queue].end();
            full |= u64::from(self.queues[queue].time(ends[queue]).is_some()) << queue;
        }
        while let Some(queue) = self.earliest(full, ends) {
            // Taken before it is heard: what panics once is not heard again.
            ear.hear(self.queues[queue].take());
            full &= !(u64::from(self.queues[queue].time(ends[queue]).is_none()) << queue);
        }
        let refusals: u64 = self.used().map(|queue| self.queues[queue].take_refusals()).sum();
        if refusals > 0 {
            ear.refused(refusals);
        }
        true
    }

    /// Of the queues that have something the one with the earliest.
    #[inline]
    fn earliest(&self, full: u64, ends: &[u64]) -> Option<usize> {
        if full.is_power_of_two() {
            return Some(full.trailing_zeros() as usize);
        }
        // Of several the first.
        numbers(full).min_by_key(|queue| self.queues[*queue].time(ends[*queue]))
    }

    fn used(&self) -> impl Iterator<Item = usize> {
        numbers(self.used.load(at::plain()))
    }

    /// The ear, for tests: while they hold it nobody hears.
    #[cfg(test)]
    pub(crate) fn with_ear<R>(&self, with: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.turn.take().map(|mut hearer| with(&mut hearer.ear))
    }
}

/// The numbers of the bits that are set.
#[inline]
fn numbers(mut bits: u64) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let number = (bits != 0).then(|| bits.trailing_zeros() as usize)?;
        bits &= bits - 1;
        Some(number)
    })
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// Does not bear to hear seven.
    #[derive(Default)]
    struct Ear(Vec<u64>, u64);

    impl Hear for Ear {
        fn hear(&mut self, words: Words) {
            assert_ne!(words[1], 7, "heard seven");
            self.0.push(words[1]);
        }

        fn refused(&mut self, count: u64) {
            self.1 += count;
        }
    }

    #[test]
    fn a_panic_of_who_hears_keeps_the_turn_from_nobody() {
        let merge = Merge::new(Ear::default(), 2, 4);
        let (mut a, mut b) = (merge.claim().expect("free"), merge.claim().expect("free"));
        merge.with_ear(|_| {
            assert!(merge.give(&mut a, [1, 7, 0]) && merge.give(&mut a, [2, 8, 0]));
        });
        assert!(catch_unwind(AssertUnwindSafe(|| merge.give(&mut b, [3, 9, 0]))).is_err());
        merge.hear();
        let heard = merge.with_ear(|ear| ear.0.clone());
        assert_eq!(heard, Some(vec![8, 9]), "all but the one that it was");
    }

    #[test]
    fn a_hand_that_is_left_amid_a_panic_survives_another() {
        struct Handle<'a>(&'a Merge<Ear>, Hand);
        impl Drop for Handle<'_> {
            fn drop(&mut self) {
                self.0.leave(&self.1);
            }
        }
        let merge = Merge::new(Ear::default(), 2, 4);
        let mut a = merge.claim().expect("free");
        merge.with_ear(|_| {
            for (time, what) in [7, 7, 8].into_iter().enumerate() {
                assert!(merge.give(&mut a, [time as u64, what, 0]));
            }
        });
        let pushes = || {
            let mut b = Handle(&merge, merge.claim().expect("free"));
            merge.give(&mut b.1, [3, 9, 0])
        };
        assert!(catch_unwind(AssertUnwindSafe(pushes)).is_err());
        assert_eq!(merge.with_ear(|ear| ear.0.clone()), Some(vec![8, 9]), "all but those that it was");
        assert_eq!(merge.claim().map(|hand| hand.queue), Some(1), "given back");
    }

    #[test]
    fn there_are_as_many_hands_as_queues_and_the_lowest_is_free_first() {
        let merge = Merge::new(Ear::default(), QUEUES, 1);
        let hands: Vec<_> = core::iter::from_fn(|| merge.claim()).collect();
        assert_eq!(hands.len() as u32, QUEUES);
        merge.release(&hands[63]);
        merge.release(&hands[5]);
        assert_eq!(
            [merge.claim(), merge.claim(), merge.claim()].map(|hand| hand.map(|h| h.queue)),
            [Some(5), Some(63), None]
        );
    }

    #[test]
    fn threads_lose_nothing_and_each_is_heard_in_its_order() {
        const EACH: u64 = 30_000;
        let merge = Merge::new(Ear::default(), 2, 8);
        let pushes = |first: u64| {
            let merge = &merge;
            move || {
                let mut hand = merge.claim().expect("free");
                // Refused ones are counted.
                let given = |n: &u64| merge.give(&mut hand, [*n, first + n, 0]);
                (0..EACH).filter(given).count()
            }
        };
        let given = std::thread::scope(|scope| {
            let threads = [scope.spawn(pushes(1_000_000)), scope.spawn(pushes(2_000_000))];
            threads.map(|thread| thread.join().expect("no panic"))
        });
        assert!(!merge.used().any(|queue| merge.queues[queue].has_some()), "left lying");
        let (heard, refused) = merge.with_ear(|ear| (ear.0.clone(), ear.1)).expect("nobody is at it");
        assert_eq!(heard.len() as u64 + refused, 2 * EACH);
        for (first, given) in [1_000_000, 2_000_000].into_iter().zip(given) {
            let own: Vec<_> = heard.iter().filter(|n| (first..first + EACH).contains(n)).collect();
            assert_eq!(own.len(), given);
            assert!(own.is_sorted_by(|a, b| a < b), "twice, or out of order");
        }
    }
}
