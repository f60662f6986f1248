//! Calls back into C: on threads of a System, or inside `hl_drain`.

use core::cell::Cell;
use core::ffi::c_void;
use core::sync::atomic::{AtomicU8, Ordering};
use std::sync::Arc;

use crate::events::hl_event;

/// What the host wants to be given back.
#[derive(Clone, Copy)]
pub(crate) struct User(pub(crate) *mut c_void);

// SAFETY: nothing here follows it; the host, who has given it, says that its callback may be called on another thread.
unsafe impl Send for User {}
// SAFETY: as above.
unsafe impl Sync for User {}

/// Told of events, in order, at most as many at once as `batch` says. `events` is valid until it comes back.
///
/// It may call anything of this interface but `hl_system_close` (`HL_ERR_DEADLOCK`). A C++ exception that leaves it, or `pthread_exit`, ends
/// the process.
pub type hl_events_fn = Option<unsafe extern "C-unwind" fn(events: *const hl_event, n: usize, user: *mut c_void)>;

/// Given `user` once a callback has ended for good, on whichever thread that is. A C++ exception that leaves it ends the process.
pub type hl_release_fn = Option<unsafe extern "C-unwind" fn(user: *mut c_void)>;

/// The same as [`hl_events_fn`], and there is one.
type EventsFn = unsafe extern "C-unwind" fn(*const hl_event, usize, *mut c_void);

/// Somebody's callback. When it is dropped nobody calls it any more.
pub(crate) struct Callback {
    function: EventsFn,
    release: Arc<Release>,
}

/// When the host may let go of what belongs to a callback: when it has ended, if it had ever been his.
pub(crate) struct Release {
    function: hl_release_fn,
    user: User,
    /// Whether it has been accepted, and whether it has ended; a subscription may end before whoever asked for it knows that it is.
    state: AtomicU8,
}

const ACCEPTED: u8 = 1;
const ENDED: u8 = 2;

impl Callback {
    /// `None` without a function.
    pub(crate) fn new(function: hl_events_fn, release: hl_release_fn, user: *mut c_void) -> Option<Self> {
        let release = Release { function: release, user: User(user), state: AtomicU8::new(0) };
        function.map(|function| Self { function, release: Arc::new(release) })
    }

    /// To be told that the subscription stands.
    pub(crate) fn release(&self) -> Arc<Release> {
        self.release.clone()
    }

    /// Tells of events. An exception that leaves the callback ends the process here, for certain: nothing unwinds out of a function
    /// with the ABI of C. Behind it, in a thread that others wait for, it would be anybody's guess.
    pub(crate) fn tell(&self, events: &[hl_event]) {
        extern "C" fn shim(function: EventsFn, events: *const hl_event, n: usize, user: *mut c_void) {
            // SAFETY: the host has given both, and says that it may be called on this thread; `events` is valid until it comes back.
            unsafe { function(events, n, user) };
        }
        marked(|| shim(self.function, events.as_ptr(), events.len(), self.release.user.0));
    }
}

impl Drop for Callback {
    fn drop(&mut self) {
        self.release.note(ENDED);
    }
}

impl Release {
    /// The subscription stands: what was given with it is to be released.
    pub(crate) fn accept(&self) {
        self.note(ACCEPTED);
    }

    fn note(&self, what: u8) {
        extern "C" fn shim(release: unsafe extern "C-unwind" fn(*mut c_void), user: *mut c_void) {
            // SAFETY: the host has given both; nobody calls the callback any more.
            unsafe { release(user) };
        }
        // Whoever is the second: each is noted once. What the callback did last is seen by the release.
        if self.state.fetch_or(what, Ordering::AcqRel) == ACCEPTED + ENDED - what
            && let Some(release) = self.function
        {
            marked(|| shim(release, self.user.0));
        }
    }
}

thread_local! {
    /// How many callbacks this thread is in.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// This thread, also while it ends, when `std` no longer says which it is: no other has this address while it lives.
pub(crate) fn here() -> usize {
    DEPTH.with(|depth| (&raw const *depth).addr())
}

/// Whether this thread is in a callback: who waits here for one may wait for himself.
pub(crate) fn is_inside() -> bool {
    DEPTH.try_with(|depth| depth.get() > 0).unwrap_or(false)
}

/// Calls a callback. What it throws does not come back: see [`Callback::tell`].
pub(crate) fn marked(call: impl FnOnce()) {
    DEPTH.set(DEPTH.get() + 1);
    call();
    DEPTH.set(DEPTH.get() - 1);
}
