//! A bounded ring of events: many producers, one consumer, no allocation, no waiting.
//!
//! Each slot has a stamp. A producer that finds its slot free claims it by moving `tail`, writes, and publishes the stamp. If
//! the slot is not free, the ring is full, or a peer that has claimed it is stalled; the event is not waited for: it is
//! counted as lost, and the count is never reset, so the consumer knows exactly how many. Lock-free for producers (a
//! lost claim means that another has won), wait-free for the consumer, which stops at a slot that is claimed and not
//! yet written.
//!
//! The algorithm is the bounded queue of D. Vyukov. An event goes through as eight atomic words, so there is no
//! `unsafe` and a torn read is impossible: the stamp is looked at before the words and moved after them.

use super::orderings::at;
use super::sync::AtomicU64;
use crate::model::event::Event;

#[derive(Debug)]
pub(crate) struct Ring {
    slots: Box<[Slot]>,
    tail: Padded,
    /// Moved by the consumer alone.
    head: Padded,
    lost: Padded,
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded(AtomicU64);

/// `stamp` is the position that may be written here; one more, when it is written.
#[derive(Debug)]
struct Slot {
    stamp: AtomicU64,
    words: [AtomicU64; 8],
}

impl Ring {
    /// A ring of `capacity` slots, a power of two.
    pub(crate) fn new(capacity: u32) -> Self {
        let slot = |i| Slot { stamp: AtomicU64::new(i), words: core::array::from_fn(|_| AtomicU64::new(0)) };
        let slots = (0..u64::from(capacity.next_power_of_two())).map(slot).collect();
        Self { slots, tail: Padded::default(), head: Padded::default(), lost: Padded::default() }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.slots.len()
    }

    fn slot(&self, position: u64) -> &Slot {
        &self.slots[position as usize & (self.slots.len() - 1)]
    }

    /// Puts an event in, or counts it as lost.
    pub(crate) fn push(&self, event: &Event) {
        let mut tail = self.tail.0.load(at::plain());
        loop {
            let slot = self.slot(tail);
            let stamp = slot.stamp.load(at::slot_look());
            if stamp == tail {
                match self.tail.0.compare_exchange_weak(tail, tail + 1, at::plain(), at::plain()) {
                    Ok(_) => {
                        for (word, value) in slot.words.iter().zip(event.to_words()) {
                            word.store(value, at::plain());
                        }
                        slot.stamp.store(tail + 1, at::slot_publish());
                        return;
                    }
                    Err(now) => tail = now,
                }
            } else if stamp < tail {
                self.lost.0.fetch_add(1, at::plain());
                return;
            } else {
                tail = self.tail.0.load(at::plain());
            }
        }
    }

    /// Takes the oldest event; `None` if there is none, or if the oldest is claimed and not yet written. One thread
    /// at a time.
    pub(crate) fn pop(&self) -> Option<Event> {
        let head = self.head.0.load(at::plain());
        let slot = self.slot(head);
        if slot.stamp.load(at::slot_look()) != head + 1 {
            return None;
        }
        let words = core::array::from_fn(|i| slot.words[i].load(at::plain()));
        self.head.0.store(head + 1, at::plain());
        slot.stamp.store(head + self.slots.len() as u64, at::slot_publish());
        Some(Event::from_words(words))
    }

    /// Whether [`pop`](Self::pop) would find something.
    pub(crate) fn is_empty(&self) -> bool {
        let head = self.head.0.load(at::plain());
        self.slot(head).stamp.load(at::slot_look()) != head + 1
    }

    /// How many events have been lost since the ring was made.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.0.load(at::plain())
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn event(n: u64) -> Event {
        Event::from_words([n, n, n, n, n, n, n, n])
    }

    #[test]
    fn what_does_not_fit_is_counted_and_what_fits_comes_out_in_order() {
        let ring = Ring::new(4);
        for round in 0..3 {
            for n in 0..7 {
                ring.push(&event(n));
            }
            let out: Vec<_> = core::iter::from_fn(|| ring.pop()).map(|e| e.sequence).collect();
            assert_eq!(out, [0, 1, 2, 3]);
            assert_eq!(ring.lost(), 3 * (round + 1));
        }
    }

    #[test]
    fn nothing_is_lost_uncounted_with_many_producers() {
        let ring = Ring::new(64);
        const EACH: u64 = 20_000;
        let mut taken = 0;
        std::thread::scope(|scope| {
            let producers: Vec<_> =
                (0..2).map(|_| scope.spawn(|| (0..EACH).for_each(|n| ring.push(&event(n))))).collect();
            while producers.iter().any(|p| !p.is_finished()) {
                while let Some(e) = ring.pop() {
                    assert_eq!(e, event(e.sequence), "torn");
                    taken += 1;
                }
            }
        });
        taken += core::iter::from_fn(|| ring.pop()).count() as u64;
        assert_eq!(taken + ring.lost(), 2 * EACH);
    }
}
