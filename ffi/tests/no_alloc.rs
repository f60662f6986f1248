//! Gates and feeds allocate nothing once they are open.
#![allow(clippy::unwrap_used, clippy::undocumented_unsafe_blocks)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use haltline_ffi::*;
use support::*;

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: the allocator of the system, counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = COUNT.try_with(|count| count.set(count.get() + 1));
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let _ = COUNT.try_with(|count| count.set(count.get() + 1));
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn gates_and_feeds_allocate_nothing_whether_they_succeed_or_fail() {
    let system = manual(CONFIG);
    let (gate, feed, tally) = (gate(system, &["acct/alpha"]), feed(system, c"acct/alpha"), tally(system, c"gw/fix-1"));
    let size = size_of::<hl_position>() as u32;
    let position = hl_position { struct_size: size, sector: 0, instrument: 1, quantity: 5, value: 7 };
    let rounds = |n: i64| unsafe {
        for i in 0..n {
            let at = SECOND;
            assert_eq!(hl_feed_equity(feed, 1_000_000 - i, at), HL_OK);
            assert_eq!(hl_feed_trade(feed, HL_PRICE_SCALE + i, 1, 0, at), HL_OK);
            assert_eq!(hl_feed_quote(feed, HL_PRICE_SCALE, HL_PRICE_SCALE + i, at), HL_OK);
            assert_eq!(hl_feed_position(feed, &position, at), HL_OK);
            assert_eq!(hl_feed_heartbeat(feed, at), HL_OK);
            assert_eq!(hl_feed_trade(feed, -1, 1, 0, at), HL_ERR_BAD_INPUT);
            assert_eq!(hl_feed_outcome(feed, 9, 1, at), HL_ERR_ARGUMENT);
            assert_eq!(hl_feed_reading(feed, hl_breaker::default(), 1.0, at), HL_ERR_STALE);
            assert_eq!(hl_feed_equity(std::ptr::null_mut(), 1, at), HL_ERR_NULL);
            assert_eq!(hl_gate_slow2(gate, gate), hl_gate_check_call(gate));
            assert_eq!(hl_gate_reduces(gate, 5, 0, -1, &mut false), HL_OK);
            let mut permit = hl_permit::default();
            assert_eq!(hl_gate_try_probe(gate, &mut permit), HL_OK);
            assert_eq!(hl_permit_release(&mut permit), HL_OK);
            assert_eq!(hl_tally_outcome(tally, permit, HL_OUTCOME_SUCCESS, 1, at), HL_OK);
        }
    };
    rounds(1);
    let before = COUNT.get();
    rounds(1_000);
    assert_eq!(COUNT.get() - before, 0);
    // And a trip, which a feed makes by itself.
    assert_eq!(unsafe { hl_feed_equity(feed, 900_000, SECOND) }, HL_OK);
    assert_eq!((COUNT.get() - before, denies(gate)), (0, 1));
}
