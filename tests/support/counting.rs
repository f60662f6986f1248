//! Counts what the heap is asked for. A test that uses it stands alone in its file: the counter belongs to the process.
#![allow(dead_code, unreachable_pub)]

use std::alloc::{GlobalAlloc, Layout, System as Heap};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

struct Counting;

static CALLS: AtomicU64 = AtomicU64::new(0);
static ASKED_FOR: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicI64 = AtomicI64::new(0);

// SAFETY: passes every call on to the system's allocator, unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        called();
        ASKED_FOR.fetch_add(layout.size() as u64, Ordering::Relaxed);
        LIVE.fetch_add(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { Heap.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        called();
        LIVE.fetch_sub(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { Heap.dealloc(pointer, layout) };
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn called() {
    CALLS.fetch_add(1, Ordering::Relaxed);
    if STOPS.get() {
        stop();
    }
}

/// How often the heap was asked meanwhile.
pub fn calls_of(what: impl FnOnce()) -> u64 {
    let before = CALLS.load(Ordering::Relaxed);
    what();
    CALLS.load(Ordering::Relaxed) - before
}

/// How many bytes the heap was asked for meanwhile, those included that were given back.
pub fn bytes_of(what: impl FnOnce()) -> u64 {
    let before = ASKED_FOR.load(Ordering::Relaxed);
    what();
    ASKED_FOR.load(Ordering::Relaxed) - before
}

/// How many bytes of the heap are in use.
pub fn live_bytes() -> i64 {
    LIVE.load(Ordering::Relaxed)
}

thread_local! {
    /// Whether this thread stops at each of its calls of the heap.
    static STOPS: Cell<bool> = const { Cell::new(false) };
}

/// So many stops there were, and the round that followed the last one that has been answered.
static STOP: AtomicU64 = AtomicU64::new(0);
static ROUND: AtomicU64 = AtomicU64::new(0);
/// A round did not end.
static HANGS: AtomicBool = AtomicBool::new(false);
const OVER: u64 = u64::MAX;

fn stop() {
    let stop = STOP.fetch_add(1, Ordering::AcqRel) + 1;
    let begin = Instant::now();
    while ROUND.load(Ordering::Acquire) < stop && !HANGS.load(Ordering::Relaxed) {
        std::thread::yield_now();
        // Longer than any round takes; nothing waits so long unless it is broken.
        if begin.elapsed() > Duration::from_secs(60) {
            HANGS.store(true, Ordering::Relaxed);
        }
    }
}

/// Stores a number when it is dropped, also by a panic.
struct AtEnd(&'static AtomicU64);

impl Drop for AtEnd {
    fn drop(&mut self) {
        STOPS.set(false);
        self.0.store(OVER, Ordering::Release);
    }
}

/// Does `what`, and at each call of the heap that it makes has it wait, with whatever it holds, until another thread has begun
/// and ended a `round`. So a round sees every state that lies between two such calls, and one that waits for `what` never
/// ends. Returns how often that was; once in a process.
///
/// # Panics
/// If a round does not end.
pub fn at_each_call(what: impl FnOnce(), mut round: impl FnMut() + Send) -> u64 {
    std::thread::scope(|threads| {
        threads.spawn(move || {
            let _end = AtEnd(&ROUND);
            loop {
                match STOP.load(Ordering::Acquire) {
                    OVER => return,
                    stop if stop == ROUND.load(Ordering::Relaxed) => std::thread::yield_now(),
                    stop => {
                        round();
                        ROUND.store(stop, Ordering::Release);
                    }
                }
            }
        });
        let end = AtEnd(&STOP);
        STOPS.set(true);
        what();
        STOPS.set(false);
        let stops = STOP.load(Ordering::Relaxed);
        drop(end);
        assert!(!HANGS.load(Ordering::Relaxed), "what goes on beside it waits for its end");
        stops
    })
}
