//! Counts what the heap is asked for. A test that uses it stands alone in its file: the counter belongs to the process.
#![allow(dead_code, unreachable_pub)]

use std::alloc::{GlobalAlloc, Layout, System as Heap};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

struct Counting;

static CALLS: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicI64 = AtomicI64::new(0);

// SAFETY: passes every call on to the system's allocator, unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        LIVE.fetch_add(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { Heap.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        CALLS.fetch_add(1, Ordering::Relaxed);
        LIVE.fetch_sub(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { Heap.dealloc(pointer, layout) };
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// How often the heap was asked meanwhile.
pub fn calls_of(what: impl FnOnce()) -> u64 {
    let before = CALLS.load(Ordering::Relaxed);
    what();
    CALLS.load(Ordering::Relaxed) - before
}

/// How many bytes of the heap are in use.
pub fn live_bytes() -> i64 {
    LIVE.load(Ordering::Relaxed)
}
