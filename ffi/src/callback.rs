//! Calls back into C: on threads of a System, or inside `hl_drain`.

use core::cell::Cell;
use core::ffi::c_void;

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
/// It may call anything of this interface but `hl_system_close` (`HL_ERR_DEADLOCK`). A C++ exception that leaves it ends the process.
pub type hl_events_fn = Option<unsafe extern "C-unwind" fn(events: *const hl_event, n: usize, user: *mut c_void)>;

/// The same, and there is one.
pub(crate) type EventsFn = unsafe extern "C-unwind" fn(*const hl_event, usize, *mut c_void);

thread_local! {
    /// How many callbacks this thread is in.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Whether this thread is in a callback: who waits here for one may wait for himself.
pub(crate) fn is_inside() -> bool {
    DEPTH.try_with(|depth| depth.get() > 0).unwrap_or(false)
}

/// Calls a callback. What it throws does not come back: see [`tell`].
pub(crate) fn marked(call: impl FnOnce()) {
    DEPTH.set(DEPTH.get() + 1);
    call();
    DEPTH.set(DEPTH.get() - 1);
}

/// Tells of events. An exception that leaves the callback ends the process here, for certain: nothing unwinds out of a function with
/// the ABI of C. Behind it, in a thread that others wait for, it would be anybody's guess.
pub(crate) fn tell(function: EventsFn, events: &[hl_event], user: User) {
    extern "C" fn shim(function: EventsFn, events: *const hl_event, n: usize, user: *mut c_void) {
        // SAFETY: the host has given both, and says that it may be called on this thread; `events` is valid until it comes back.
        unsafe { function(events, n, user) };
    }
    marked(|| shim(function, events.as_ptr(), events.len(), user.0));
}
