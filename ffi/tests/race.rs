//! Handles under fire: Systems come and go while others use whatever handle they have seen.
#![allow(clippy::panic, clippy::unwrap_used, clippy::undocumented_unsafe_blocks)]

mod support;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use haltline_ffi::*;
use support::*;

/// Ends the others, after a failed assertion, too.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_handle_names_its_system_or_is_stale_whoever_closes_it_meanwhile() {
    let (newest, is_over, used) = (AtomicU64::new(0), AtomicBool::new(false), AtomicU64::new(0));
    let handle = || hl_system { bits: newest.load(Ordering::Relaxed) };
    let use_it = || {
        let mut old = handle();
        while !is_over.load(Ordering::Relaxed) {
            // The one of before is mostly closed, the newest mostly not.
            for system in [old, handle()] {
                let statuses = [
                    hl_kill(system),
                    unsafe { hl_status_get(system, &mut zeroed()) },
                    unsafe { hl_drain(system, std::ptr::null_mut()) },
                    unsafe { hl_now(system, &mut 0) },
                ];
                for status in statuses {
                    assert!([HL_OK, HL_ERR_STALE].contains(&status), "{status}: {}", last_error());
                    used.fetch_add(u64::from(status == HL_OK), Ordering::Relaxed);
                }
                old = system;
            }
        }
    };
    std::thread::scope(|scope| {
        (0..3).for_each(|_| drop(scope.spawn(use_it)));
        let _over = Over(&is_over);
        for round in 0..200 {
            let system = manual(CONFIG);
            let mut gate = gate(system, &[]);
            let before = used.load(Ordering::Relaxed);
            newest.store(system.bits, Ordering::Relaxed);
            // Every other one is used before it is closed under somebody's hands, by two at once.
            let begin = Instant::now();
            while round % 2 == 0 && used.load(Ordering::Relaxed) == before {
                assert!(begin.elapsed().as_secs() < 60, "nobody uses it: {}", last_error());
                std::thread::yield_now();
            }
            let close = move || hl_system_close(system, 60 * SECOND);
            let other = scope.spawn(close);
            let both = [close(), other.join().unwrap()];
            assert!(both.contains(&HL_OK) && both.contains(&HL_ERR_STALE), "{both:?}");
            assert_eq!((hl_kill(system), denies(gate)), (HL_ERR_STALE, 3));
            unsafe { hl_gate_close(&mut gate) };
        }
    });
    assert!(used.load(Ordering::Relaxed) > 0);
}
