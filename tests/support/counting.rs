//! Counts what the heap is asked for: by one thread, since the harness asks, too; or, for what may leak, by the process.
#![allow(dead_code, unreachable_pub)]

use std::alloc::{GlobalAlloc, Layout, System as Heap};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

struct Counting;

/// What a thread has asked for so far.
#[derive(Clone, Copy)]
struct Asked {
    calls: u64,
    bytes: u64,
    /// Without what it gave back; less than nothing if it gives back what another has asked for.
    kept: i64,
}

thread_local! {
    static ASKED: Cell<Asked> = const { Cell::new(Asked { calls: 0, bytes: 0, kept: 0 }) };
}

/// Of all threads.
static LIVE: AtomicI64 = AtomicI64::new(0);

// SAFETY: passes every call on to the system's allocator, unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        called(layout.size() as u64, layout.size() as i64);
        // SAFETY: the caller's promise is passed on.
        unsafe { Heap.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        called(0, -(layout.size() as i64));
        // SAFETY: the caller's promise is passed on.
        unsafe { Heap.dealloc(pointer, layout) };
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn called(bytes: u64, kept: i64) {
    let asked = ASKED.get();
    ASKED.set(Asked { calls: asked.calls + 1, bytes: asked.bytes + bytes, kept: asked.kept + kept });
    LIVE.fetch_add(kept, Ordering::Relaxed);
    if STOPS.get() {
        stop();
    }
}

/// How often this thread asked the heap meanwhile.
pub fn calls_of(what: impl FnOnce()) -> u64 {
    let before = ASKED.get();
    what();
    ASKED.get().calls - before.calls
}

/// How many bytes this thread asked for meanwhile, those included that were given back.
pub fn bytes_of(what: impl FnOnce()) -> u64 {
    let before = ASKED.get();
    what();
    ASKED.get().bytes - before.bytes
}

/// How many bytes this thread asked for meanwhile and has not given back.
pub fn kept_by(what: impl FnOnce()) -> i64 {
    let before = ASKED.get();
    what();
    ASKED.get().kept - before.kept
}

/// How many bytes of the heap are in use, of all threads.
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
