//! The seam to the model checker: every atomic, lock and swapped pointer of the core comes from here.
//!
//! Under `cfg(loom)` these are loom's, and the containers are small locked ones: a real lock-free queue inside a loom
//! model would be invisible to it, and the model would explore one execution and prove nothing.

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicU64, fence};
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU64, fence};
#[cfg(loom)]
pub(crate) use once::OnceLock;
#[cfg(not(loom))]
pub(crate) use std::sync::OnceLock;

use std::sync::Arc;

use super::orderings::at;

/// A fence, or none where the model checker has weakened it away.
#[inline(always)]
pub(crate) fn fence_unless_relaxed(order: core::sync::atomic::Ordering) {
    if order != core::sync::atomic::Ordering::Relaxed {
        fence(order);
    }
}

/// Raised once, never lowered.
#[derive(Debug)]
pub(crate) struct Flag(AtomicU64);

impl Flag {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Raises it; true for whoever did so first. What was written before is seen by all who find it raised.
    pub(crate) fn raise(&self) -> bool {
        self.0.swap(1, at::closed_raise()) == 0
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.0.load(at::closed_look()) == 1
    }
}

/// The first look of a compare-and-swap loop.
///
/// loom forgets that a thread has read an atomic before (its issues 166 and 392), so a model runs twice: with plain
/// loads, and with looks that are failing compare-and-swaps, which always see the newest value.
#[inline(always)]
pub(crate) fn peek(word: &AtomicU64, order: core::sync::atomic::Ordering) -> u64 {
    #[cfg(loom)]
    if loom_looks_hard() {
        // No state of a breaker and no count is this value, so it never swaps.
        return match word.compare_exchange(u64::MAX, u64::MAX, at::word_swap(), order) {
            Ok(value) | Err(value) => value,
        };
    }
    word.load(order)
}

#[cfg(all(test, loom))]
pub(crate) use hard::look_hard;
#[cfg(loom)]
use hard::loom_looks_hard;

#[cfg(loom)]
mod hard {
    use core::cell::Cell;

    thread_local! {
        /// A model runs on one thread; others may run beside it.
        static HARD: Cell<bool> = const { Cell::new(false) };
    }

    pub(super) fn loom_looks_hard() -> bool {
        HARD.get()
    }

    #[cfg(test)]
    pub(crate) fn look_hard(on: bool) {
        HARD.set(on);
    }
}

/// What a look at the real one may see: nothing, until whoever has set it has told of it.
#[cfg(loom)]
mod once {
    use super::AtomicU64;
    use core::sync::atomic::Ordering;

    #[derive(Debug)]
    pub(crate) struct OnceLock<T> {
        value: std::sync::OnceLock<T>,
        is_set: AtomicU64,
    }

    impl<T> OnceLock<T> {
        pub(crate) fn new() -> Self {
            Self { value: std::sync::OnceLock::new(), is_set: AtomicU64::new(0) }
        }

        pub(crate) fn get(&self) -> Option<&T> {
            if self.is_set.load(Ordering::Acquire) == 1 { self.value.get() } else { None }
        }

        pub(crate) fn get_or_init(&self, init: impl FnOnce() -> T) -> &T {
            let value = self.value.get_or_init(init);
            self.is_set.store(1, Ordering::Release);
            value
        }
    }
}

/// An immutable value that is replaced whole. Reading is lock-free and never waits for a writer.
///
/// A thread's first read allocates, so claiming a feed reads once.
#[derive(Debug)]
pub(crate) struct SnapshotCell<T> {
    #[cfg(not(loom))]
    inner: arc_swap::ArcSwap<T>,
    #[cfg(loom)]
    inner: loom::sync::Mutex<Arc<T>>,
}

impl<T> SnapshotCell<T> {
    pub(crate) fn new(value: T) -> Self {
        #[cfg(not(loom))]
        let inner = arc_swap::ArcSwap::from_pointee(value);
        #[cfg(loom)]
        let inner = loom::sync::Mutex::new(Arc::new(value));
        Self { inner }
    }

    /// The value of now, kept alive as long as the caller holds it.
    pub(crate) fn load(&self) -> Arc<T> {
        #[cfg(not(loom))]
        return self.inner.load_full();
        #[cfg(loom)]
        return locked(&self.inner).clone();
    }

    /// Publishes `value`: every later load sees it or a later one.
    pub(crate) fn store(&self, value: T) {
        #[cfg(not(loom))]
        self.inner.store(Arc::new(value));
        #[cfg(loom)]
        {
            *locked(&self.inner) = Arc::new(value);
        }
    }
}

/// A place for a few boxed values that one thread leaves and another takes, without a lock and without allocating.
#[derive(Debug)]
pub(crate) struct Mailbox<T> {
    #[cfg(not(loom))]
    inner: crossbeam_queue::ArrayQueue<Box<T>>,
    #[cfg(loom)]
    inner: loom::sync::Mutex<std::collections::VecDeque<Box<T>>>,
    #[cfg(loom)]
    capacity: usize,
}

impl<T> Mailbox<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        #[cfg(not(loom))]
        return Self { inner: crossbeam_queue::ArrayQueue::new(capacity) };
        #[cfg(loom)]
        return Self { inner: loom::sync::Mutex::new(std::collections::VecDeque::new()), capacity };
    }

    /// Leaves `value`; if there is no place left, the oldest comes back.
    pub(crate) fn leave(&self, value: Box<T>) -> Option<Box<T>> {
        #[cfg(not(loom))]
        return self.inner.force_push(value);
        #[cfg(loom)]
        {
            let mut queue = locked(&self.inner);
            let oldest = if queue.len() == self.capacity { queue.pop_front() } else { None };
            queue.push_back(value);
            oldest
        }
    }

    /// Takes the oldest.
    pub(crate) fn take(&self) -> Option<Box<T>> {
        #[cfg(not(loom))]
        return self.inner.pop();
        #[cfg(loom)]
        return locked(&self.inner).pop_front();
    }
}

/// A poisoned lock still guards whole values here: each is replaced by one assignment.
#[cfg(loom)]
fn locked<T>(mutex: &loom::sync::Mutex<T>) -> loom::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Lets the thread that is waited for go on. For the control plane alone.
pub(crate) fn wait_a_moment() {
    #[cfg(loom)]
    loom::thread::yield_now();
    #[cfg(not(loom))]
    std::thread::yield_now();
}

/// Locks a mutex of the control plane. A panic while it was held is no reason to stop halting orders: what it guards
/// is replaced by whole assignments.
pub(crate) fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// As [`lock`], but gives up at once if it is held.
pub(crate) fn try_lock<T>(mutex: &std::sync::Mutex<T>) -> Option<std::sync::MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(std::sync::TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(std::sync::TryLockError::WouldBlock) => None,
    }
}

/// What one thread at a time may touch, and nobody waits for: whoever finds it taken goes away.
#[cfg(not(loom))]
#[derive(Debug)]
pub(crate) struct Turn<T>(std::sync::Mutex<T>);

#[cfg(not(loom))]
impl<T> Turn<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::sync::Mutex::new(value))
    }

    /// `None` while another has it. One compare-and-swap. A panic of whoever had it does not keep it from the next.
    #[inline]
    pub(crate) fn take(&self) -> Option<impl core::ops::DerefMut<Target = T>> {
        try_lock(&self.0)
    }
}

#[cfg(loom)]
pub(crate) use turn::Turn;

/// What std's lock is on Linux, a word that is swapped. (loom's own shows everybody its newest state, and would miss a fence.)
#[cfg(loom)]
mod turn {
    use super::AtomicU64;
    use core::ops::{Deref, DerefMut};
    use core::sync::atomic::Ordering;

    #[derive(Debug)]
    pub(crate) struct Turn<T> {
        taken: AtomicU64,
        value: std::sync::Mutex<T>,
    }

    impl<T> Turn<T> {
        pub(crate) fn new(value: T) -> Self {
            Self { taken: AtomicU64::new(0), value: std::sync::Mutex::new(value) }
        }

        pub(crate) fn take(&self) -> Option<impl DerefMut<Target = T>> {
            // A swap that fails is a look, and may be an old one; loom's is not.
            let free = self.taken.load(Ordering::Relaxed) == 0
                && self.taken.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok();
            free.then(|| Taken { taken: &self.taken, value: Some(super::lock(&self.value)) })
        }
    }

    struct Taken<'a, T> {
        taken: &'a AtomicU64,
        value: Option<std::sync::MutexGuard<'a, T>>,
    }

    impl<T> Deref for Taken<'_, T> {
        type Target = T;
        #[expect(clippy::expect_used, reason = "it is there until the drop")]
        fn deref(&self) -> &T {
            self.value.as_deref().expect("taken")
        }
    }

    impl<T> DerefMut for Taken<'_, T> {
        #[expect(clippy::expect_used, reason = "it is there until the drop")]
        fn deref_mut(&mut self) -> &mut T {
            self.value.as_deref_mut().expect("taken")
        }
    }

    impl<T> Drop for Taken<'_, T> {
        fn drop(&mut self) {
            self.value = None;
            self.taken.store(0, Ordering::Release);
        }
    }
}
