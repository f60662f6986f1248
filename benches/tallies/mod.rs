//! Counting: what a record costs its thread, alone and beside another, against one atomic addition to a word that nobody
//! else touches; and what it costs to ask.
//!
//! The three are measured in turn, in slices of ten thousand calls, and the fastest slice of each counts: what the machine does
//! beside it makes a slice slower, never faster.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use criterion::Criterion;
use haltline::*;

use crate::{BATCH, Goal, batch, support::at};

pub(crate) const ROWS: &[(&str, Goal)] = &[
    ("tally record, each in a bucket of its own", Goal::None),
    ("tally sums, 20 buckets, 1 thread", Goal::None),
    ("tally sums, 20 buckets, its thread flat out", Goal::None),
    ("tally totals, 20 buckets, 1 thread", Goal::None),
];

fn tally() -> Tally {
    Tally::new(Duration::from_secs(10), 20, 64).unwrap()
}

/// Runs `measure` while another thread calls `call` flat out.
fn beside<T>(mut call: impl FnMut() + Send, measure: impl FnOnce() -> T) -> T {
    let (begun, done) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                (0..BATCH).for_each(|_| call());
                begun.store(true, Ordering::Relaxed);
            }
        });
        while !begun.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
        let measured = measure();
        done.store(true, Ordering::Relaxed);
        measured
    })
}

pub(crate) fn tallies(criterion: &mut Criterion) {
    let tally = self::tally();
    let mut handle = tally.handle().unwrap();
    let mut now = at(0);
    batch(criterion, "tally record, each in a bucket of its own", || {
        now = now + Duration::from_millis(500);
        handle.record(black_box(now), Amounts::SUCCESS);
    });
    batch(criterion, "tally sums, 20 buckets, 1 thread", || {
        black_box(tally.sums(black_box(now)));
    });
    batch(criterion, "tally totals, 20 buckets, 1 thread", || {
        black_box(tally.totals());
    });
    let flat_out = || handle.record(black_box(now), Amounts::SUCCESS);
    beside(flat_out, || {
        batch(criterion, "tally sums, 20 buckets, its thread flat out", || {
            black_box(tally.sums(black_box(now)));
        });
    });
}

/// Nanoseconds a call, in the fastest of many slices.
struct Fastest(f64);

impl Fastest {
    fn slice(&mut self, mut call: impl FnMut()) {
        let start = Instant::now();
        for _ in 0..10 * BATCH {
            call();
        }
        self.0 = self.0.min(start.elapsed().as_nanos() as f64 / (10 * BATCH) as f64);
    }
}

/// Time goes on by a nanosecond, within one bucket.
fn tick(now: &mut Nanos) -> Nanos {
    now.0 += 1;
    *now
}

const SLICES: usize = 2_000;

pub(crate) fn print_ratios() {
    let (tally, word) = (tally(), AtomicU64::new(0));
    let mut mine = tally.handle().unwrap();
    let mut theirs = tally.handle().unwrap();
    let [mut addition, mut success, mut mixed, mut two] = [(); 4].map(|()| Fastest(f64::MAX));
    // What an engine counts: most go well, some do not, some are slow, some are fills.
    let slow = Amounts { slow: 1, ..Amounts::SUCCESS };
    let fill = Amounts { pnl: Money::from_raw(-7), ..Amounts::SUCCESS };
    let kinds = [Amounts::SUCCESS, fill, Amounts::FAILURE, Amounts::SUCCESS, slow, fill, Amounts::SUCCESS, fill];
    for _ in 0..SLICES {
        addition.slice(|| {
            black_box(&word).fetch_add(1, Ordering::Relaxed);
        });
        let mut now = black_box(at(0));
        success.slice(|| mine.record(tick(&mut now), Amounts::SUCCESS));
        let mut next = 0;
        mixed.slice(|| {
            next = (next + 1) & 7;
            mine.record(tick(&mut now), kinds[next]);
        });
    }
    beside(
        || theirs.record(black_box(at(0)), Amounts::SUCCESS),
        || {
            for _ in 0..SLICES {
                let mut now = black_box(at(0));
                two.slice(|| mine.record(tick(&mut now), Amounts::SUCCESS));
            }
        },
    );
    let row = |what: &str, time: f64, goal: &str| println!("{what:<56} {time:>8.2} ns  {goal}");
    let verdict = |held: bool| if held { "held" } else { "MISSED" };
    println!();
    row("fetch_add on a word of its own", addition.0, "");
    let ratio = success.0 / addition.0;
    row("a record in a tally", success.0, &format!("{ratio:.2} additions, <= 0.5: {}", verdict(ratio <= 0.5)));
    row("a record of several numbers, mixed", mixed.0, &format!("{:.2} additions", mixed.0 / addition.0));
    let ratio = two.0 / success.0;
    row(
        "a record beside another thread's",
        two.0,
        &format!("{ratio:.2} times alone, <= 1.1: {}", verdict(ratio <= 1.1)),
    );
}
