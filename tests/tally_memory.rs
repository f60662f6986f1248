//! What a tally takes from the heap is what its documentation says, and recording takes nothing.
//!
//! One test alone in this file: the counters belong to the process.
#![allow(clippy::unwrap_used)]

use std::alloc::{GlobalAlloc, Layout, System as Heap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use haltline::*;

struct Counting;

static CALLS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: passes every call on to the system's allocator, unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { Heap.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        CALLS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { Heap.dealloc(pointer, layout) };
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Calls and bytes that stay, of `what`.
fn taken<T>(what: impl FnOnce() -> T) -> (usize, usize, T) {
    let before = (CALLS.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed));
    let result = what();
    (CALLS.load(Ordering::Relaxed) - before.0, BYTES.load(Ordering::Relaxed) - before.1, result)
}

#[test]
fn memory_is_what_the_documentation_says() {
    for (buckets, handles) in [(1, 1), (20, 64), (256, 1_024)] {
        let (_, bytes, tally) = taken(|| Tally::new(Duration::from_secs(10), buckets, handles).unwrap());
        assert_eq!(bytes, 24 * handles as usize + 48, "the slots");

        let (_, bytes, mut handle) = taken(|| tally.handle().unwrap());
        assert_eq!(bytes, 200 * (buckets as usize + 2) + 384, "a lane");
        handle.record(Nanos(0), Amounts::SUCCESS);
        drop(handle);
        let (calls, _, mut handle) = taken(|| tally.handle().unwrap());
        assert_eq!(calls, 0, "a handle that inherits");

        let (calls, ..) = taken(|| {
            for n in 0..10_000_u64 {
                // On, a little back, and too late.
                let at = Nanos::from_secs(n.saturating_sub([0, 2, 200][n as usize % 3]));
                handle.record(at, Amounts { pnl: Money::from_raw(-1), ..Amounts::FAILURE });
                std::hint::black_box((tally.sums(at), tally.totals()));
            }
        });
        assert_eq!(calls, 0, "recording and asking");
    }
}
