//! How a thread sleeps until somebody has something for it, without polling, and without costing those who have
//! something more than a look while it is awake.
//!
//! The sleeper sets its flag, looks once more whether there is work, and parks; the other side publishes work and then
//! looks at the flag. Both have a sequentially consistent fence between the two, so at least one sees the other: the
//! sleeper its work, or the other the flag. Ringing costs a fence and a load while the sleeper is awake, a wake-up
//! (microseconds) when it is not.

#[cfg(loom)]
use loom::thread::{self, Thread};
#[cfg(not(loom))]
use std::thread::{self, Thread};

use super::orderings::at;
use super::sync::{AtomicU64, OnceLock, fence_unless_relaxed};

#[derive(Debug)]
pub(crate) struct Doorbell {
    asleep: AtomicU64,
    sleeper: OnceLock<Thread>,
}

impl Doorbell {
    pub(crate) fn new() -> Self {
        Self { asleep: AtomicU64::new(0), sleeper: OnceLock::new() }
    }

    /// Says that the calling thread is the one that sleeps here. The first who says so is.
    pub(crate) fn adopt(&self) {
        self.sleeper.get_or_init(thread::current);
    }

    /// Wakes the sleeper if it sleeps. Call after publishing what it shall find.
    pub(crate) fn ring(&self) {
        // First of all: a look at who sleeps here would be a look before the fence, and might miss one who is just
        // moving in. (Whoever takes the flag down and does not see its owner yet has fenced before him, so the owner
        // sees the work.)
        fence_unless_relaxed(at::cross_fence());
        if self.asleep.load(at::plain()) == 1
            && self.asleep.swap(0, at::sleep_flag()) == 1
            && let Some(sleeper) = self.sleeper.get()
        {
            sleeper.unpark();
        }
    }

    /// Sleeps until the next ring, if `has_work` still says no once the flag is up. May return early.
    #[cfg(not(loom))]
    pub(crate) fn sleep(&self, longest: Option<std::time::Duration>, has_work: impl Fn() -> bool) {
        self.asleep.store(1, at::plain());
        fence_unless_relaxed(at::cross_fence());
        if !has_work() {
            match longest {
                Some(time) => thread::park_timeout(time),
                None => thread::park(),
            }
        }
        self.asleep.store(0, at::plain());
    }

    /// As above; a model has no clock.
    #[cfg(loom)]
    pub(crate) fn sleep(&self, _: Option<std::time::Duration>, has_work: impl Fn() -> bool) {
        self.asleep.store(1, at::plain());
        fence_unless_relaxed(at::cross_fence());
        if !has_work() {
            thread::park();
        }
        self.asleep.store(0, at::plain());
    }
}
