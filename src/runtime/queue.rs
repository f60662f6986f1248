//! The queue between the dispatcher and one subscriber: bounded, a batch at a time, counted.
//!
//! Events and the count of those that found no place are under one lock, so whoever takes sees both or neither, and a loss
//! wakes as an event does. The lock is held to copy a batch, never while a callback runs; the side that waits is
//! woken only if it waits.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Instant;

use crate::memory::sync::lock;
use crate::model::event::Event;
use crate::runtime::subscriber::Overflow;

#[derive(Debug)]
pub(crate) struct Queue {
    capacity: usize,
    overflow: Overflow,
    inside: Mutex<Inside>,
    news: Condvar,
}

#[derive(Debug)]
struct Inside {
    events: VecDeque<Event>,
    /// How many have found no place.
    lost: u64,
    /// How many of these the listener knows of.
    told: u64,
    has_ended: bool,
    /// Whether somebody waits for news.
    is_awaited: bool,
}

/// Why there is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nothing {
    /// Not yet.
    InTime,
    /// And there never will be.
    Ended,
}

impl Queue {
    pub(crate) fn new(capacity: usize, overflow: Overflow) -> Self {
        let events = VecDeque::with_capacity(capacity);
        let inside = Inside { events, lost: 0, told: 0, has_ended: false, is_awaited: false };
        Self { capacity, overflow, inside: Mutex::new(inside), news: Condvar::new() }
    }

    /// Puts events in, and counts those that find no place. Waits for nobody but a copy.
    pub(crate) fn offer<'a>(&self, events: impl Iterator<Item = &'a Event>) {
        let mut inside = lock(&self.inside);
        let before = (inside.events.len(), inside.lost);
        events.for_each(|event| inside.put(event, self.capacity, self.overflow));
        if (inside.events.len(), inside.lost) != before {
            self.wake(inside);
        }
    }

    /// Counts events that it was not given at all.
    pub(crate) fn refuse(&self, count: u64) {
        lock(&self.inside).lost += count;
    }

    /// Nothing comes any more; what lies in it can still be taken.
    pub(crate) fn end(&self) {
        let mut inside = lock(&self.inside);
        inside.has_ended = true;
        self.wake(inside);
    }

    /// Takes up to `most` events to the end of `out`, and returns how many have been lost since the last time. Waits for
    /// either until the deadline, without one for ever.
    ///
    /// # Errors
    /// [`Nothing`] if there is neither.
    pub(crate) fn take(&self, most: usize, deadline: Option<Instant>, out: &mut Vec<Event>) -> Result<u64, Nothing> {
        let mut inside = lock(&self.inside);
        while inside.events.is_empty() && inside.lost == inside.told {
            if inside.has_ended {
                return Err(Nothing::Ended);
            }
            inside = self.wait(inside, deadline)?;
        }
        let count = most.min(inside.events.len());
        out.extend(inside.events.drain(..count));
        let lost = inside.lost;
        Ok(lost - core::mem::replace(&mut inside.told, lost))
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.inside).events.len()
    }

    /// How many have found no place.
    pub(crate) fn lost(&self) -> u64 {
        lock(&self.inside).lost
    }

    fn wait<'a>(
        &'a self,
        mut inside: MutexGuard<'a, Inside>,
        deadline: Option<Instant>,
    ) -> Result<MutexGuard<'a, Inside>, Nothing> {
        inside.is_awaited = true;
        // A lock is poisoned by nobody: what runs under it does not panic.
        let mut inside = match deadline {
            None => self.news.wait(inside).unwrap_or_else(|poisoned| poisoned.into_inner()),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    inside.is_awaited = false;
                    return Err(Nothing::InTime);
                }
                self.news.wait_timeout(inside, left).unwrap_or_else(|poisoned| poisoned.into_inner()).0
            }
        };
        inside.is_awaited = false;
        Ok(inside)
    }

    /// After the lock is given back, so that whoever is woken finds it free.
    fn wake(&self, mut inside: MutexGuard<'_, Inside>) {
        let is_awaited = core::mem::take(&mut inside.is_awaited);
        drop(inside);
        if is_awaited {
            self.news.notify_one();
        }
    }
}

impl Inside {
    fn put(&mut self, event: &Event, capacity: usize, overflow: Overflow) {
        if self.events.len() == capacity {
            self.lost += 1;
            match overflow {
                Overflow::DropNewest => return,
                Overflow::DropOldest => self.events.pop_front(),
            };
        }
        self.events.push_back(*event);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event(n: u64) -> Event {
        Event::from_words([n, n, n, n, n, n, n, n])
    }

    fn numbers(events: &[Event]) -> Vec<u64> {
        events.iter().map(|event| event.sequence).collect()
    }

    fn now() -> Option<Instant> {
        Some(Instant::now())
    }

    #[test]
    fn what_does_not_fit_goes_from_the_end_that_was_chosen_and_is_counted_once() {
        for (overflow, kept) in [(Overflow::DropOldest, [3, 4]), (Overflow::DropNewest, [1, 2])] {
            let (queue, mut out) = (Queue::new(2, overflow), Vec::new());
            queue.offer([1, 2, 3, 4].map(event).iter());
            assert_eq!(queue.take(8, now(), &mut out), Ok(2));
            assert_eq!(numbers(&out), kept);
            assert_eq!((queue.take(8, now(), &mut out), queue.lost()), (Err(Nothing::InTime), 2));
        }
    }

    #[test]
    fn an_end_lets_out_what_lies_in_it() {
        let (queue, mut out) = (Queue::new(4, Overflow::DropOldest), Vec::new());
        queue.offer([event(1), event(2)].iter());
        queue.end();
        assert_eq!(queue.take(1, None, &mut out), Ok(0));
        assert_eq!(queue.take(1, None, &mut out), Ok(0));
        assert_eq!((queue.take(1, None, &mut out), numbers(&out)), (Err(Nothing::Ended), vec![1, 2]));
    }

    /// Lets everybody go whatever becomes of a test.
    struct LetGo<'a>(&'a Queue);

    impl Drop for LetGo<'_> {
        fn drop(&mut self) {
            lock(&self.0.inside).has_ended = true;
            self.0.news.notify_all();
        }
    }

    /// Whoever waits without a deadline is woken by an event, by one with a loss, and by the end.
    #[test]
    fn news_of_any_sort_wake_who_waits() {
        let queue = &Queue::new(1, Overflow::DropNewest);
        let (said, heard) = std::sync::mpsc::channel();
        // Longer than anything here takes; nothing waits so long unless it is broken.
        let next = || heard.recv_timeout(core::time::Duration::from_secs(60));
        std::thread::scope(|scope| {
            let _let_go = LetGo(queue);
            scope.spawn(move || {
                let mut out = Vec::new();
                while let Ok(lost) = queue.take(1, None, &mut out) {
                    said.send((core::mem::take(&mut out).len(), lost)).unwrap();
                }
            });
            queue.offer([event(1)].iter());
            assert_eq!(next(), Ok((1, 0)));
            let asleep = || lock(&queue.inside).is_awaited;
            while !asleep() {
                std::thread::yield_now();
            }
            queue.offer([event(2), event(3)].iter());
            assert_eq!(next(), Ok((1, 1)));
            while !asleep() {
                std::thread::yield_now();
            }
            queue.end();
            assert_eq!(next(), Err(std::sync::mpsc::RecvTimeoutError::Disconnected));
        });
    }

    proptest! {
        /// Against a list without a bound: what comes out, and what is said to be lost, is all that went in.
        #[test]
        fn nothing_is_lost_uncounted(
            capacity in 1usize..6,
            oldest: bool,
            steps in proptest::collection::vec((any::<bool>(), 0usize..9), 0..60),
        ) {
            let overflow = if oldest { Overflow::DropOldest } else { Overflow::DropNewest };
            let queue = Queue::new(capacity, overflow);
            let (mut next, mut lost, mut model) = (0, 0, Vec::new());
            for (puts, count) in steps {
                if puts {
                    let events: Vec<_> = (next..next + count as u64).map(event).collect();
                    next += count as u64;
                    queue.offer(events.iter());
                    model.extend(numbers(&events));
                    while model.len() > capacity {
                        model.remove(if oldest { 0 } else { model.len() - 1 });
                        lost += 1;
                    }
                } else {
                    let mut out = Vec::new();
                    let told = queue.take(count, now(), &mut out);
                    let expected: Vec<_> = model.drain(..count.min(model.len())).collect();
                    prop_assert_eq!(numbers(&out), expected);
                    if let Ok(told) = told {
                        prop_assert_eq!(told, core::mem::take(&mut lost));
                    }
                }
            }
            prop_assert_eq!(queue.len(), model.len());
        }
    }
}
