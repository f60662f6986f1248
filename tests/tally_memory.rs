//! What a tally takes from the heap is what its documentation says, and recording takes nothing.
#![allow(clippy::unwrap_used)]

#[path = "support/counting.rs"]
mod counting;
use std::time::Duration;

use counting::{calls_of, kept_by};
use haltline::*;

/// Calls and bytes that stay, of `what`.
fn taken<T>(what: impl FnOnce() -> T) -> (u64, i64, T) {
    let (mut calls, mut result) = (0, None);
    let bytes = kept_by(|| calls = calls_of(|| result = Some(what())));
    (calls, bytes, result.unwrap())
}

#[test]
fn memory_is_what_the_documentation_says() {
    for (buckets, handles) in [(1, 1), (20, 64), (256, 1_024)] {
        let (_, bytes, tally) = taken(|| Tally::new(Duration::from_secs(10), buckets, handles).unwrap());
        assert_eq!(bytes, 24 * i64::from(handles) + 48, "the slots");

        let (_, bytes, mut handle) = taken(|| tally.handle().unwrap());
        assert_eq!(bytes, 200 * (i64::from(buckets) + 2) + 384, "a lane");
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
