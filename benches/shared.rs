//! A shared feed: what a push costs its thread, alone and beside another, against the feed itself and one atomic addition to a
//! word that nobody else touches.
//!
//! `cargo bench --bench shared`. All are measured in turn, in slices of ten thousand calls, and the fastest slice of each
//! counts: what the machine does beside it makes a slice slower, never faster.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use haltline::*;
use support::*;

const CALLS: u64 = 10_000;
const SLICES: usize = 1_000;

/// Nanoseconds a call, in the fastest of many slices.
struct Fastest(f64);

impl Fastest {
    fn new() -> Self {
        Self(f64::MAX)
    }

    fn slice(&mut self, mut call: impl FnMut(Outcome)) {
        let start = Instant::now();
        for n in 0..CALLS {
            call(if n & 3 == 0 { Outcome::Failure } else { Outcome::Success });
        }
        self.0 = self.0.min(start.elapsed().as_nanos() as f64 / CALLS as f64);
    }
}

/// A quarter fails of the last hundred; half would trip.
fn gateway() -> System {
    system(vec![spec("gw", "gw/a", RuleSpec::Technical(Technical::default()), Kind::Technical.default_policy())])
}

const TOOK: Duration = Duration::from_micros(80);

fn alone(handles: u32, addition: &mut Fastest, plain: &mut Fastest) -> Fastest {
    let (word, systems) = (AtomicU64::new(0), [gateway(), gateway()]);
    let mut feed = systems[0].feed("gw/a").unwrap();
    let shared = systems[1].feed("gw/a").unwrap().share(handles, 256).unwrap();
    let all: Vec<_> = (0..handles).map(|_| shared.handle().unwrap()).collect();
    let (mut push, mut mine) = (Fastest::new(), all.into_iter().last().unwrap());
    for _ in 0..SLICES {
        addition.slice(|_| {
            black_box(&word).fetch_add(1, Ordering::Relaxed);
        });
        plain.slice(|outcome| feed.outcome(outcome, TOOK, black_box(at(0))).unwrap());
        push.slice(|outcome| mine.outcome(outcome, TOOK, black_box(at(0))).unwrap());
    }
    push
}

const TYPICAL_SLICES: u64 = 201;

/// Nanoseconds a call, in the slice in the middle: beside another thread the fastest is one in which that did not run.
fn typical(mut call: impl FnMut(Outcome)) -> f64 {
    let mut times: Vec<_> = (0..TYPICAL_SLICES)
        .map(|_| {
            let mut slice = Fastest::new();
            slice.slice(&mut call);
            slice.0
        })
        .collect();
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

/// One thread's push beside another's, both flat out, and the share of them that found its queue full: who pushes without
/// pause is faster than who hears.
fn beside() -> (f64, f64) {
    let system = gateway();
    let shared = system.feed("gw/a").unwrap().share(2, 256).unwrap();
    let (begun, done) = (AtomicBool::new(false), AtomicBool::new(false));
    // Whether it was refused.
    let push = |handle: &mut SharedHandle, outcome| black_box(handle.outcome(outcome, TOOK, black_box(at(0))).is_err());
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let mut handle = shared.handle().unwrap();
            while !done.load(Ordering::Relaxed) {
                push(&mut handle, Outcome::Success);
                begun.store(true, Ordering::Relaxed);
            }
        });
        while !begun.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
        let (mut handle, mut refused) = (shared.handle().unwrap(), 0);
        let time = typical(|outcome| refused += u64::from(push(&mut handle, outcome)));
        done.store(true, Ordering::Relaxed);
        (time, refused as f64 / (CALLS * TYPICAL_SLICES) as f64)
    })
}

fn main() {
    let (mut addition, mut plain) = (Fastest::new(), Fastest::new());
    let [one, eight] = [1, 8].map(|handles| alone(handles, &mut addition, &mut plain));
    let (two, refused) = beside();
    let row = |what: &str, time: f64, note: &str| println!("{what:<56} {time:>8.2} ns  {note}");
    let ratios = |time: f64| format!("{:.2} outcomes of a feed, {:.1} additions", time / plain.0, time / addition.0);
    row("fetch_add on a word of its own", addition.0, "");
    row("an outcome of a feed", plain.0, &format!("{:.1} additions", plain.0 / addition.0));
    row("an outcome of a shared feed, 1 handle", one.0, &ratios(one.0));
    row("an outcome of a shared feed, 8 handles, 1 pushes", eight.0, &ratios(eight.0));
    let note = format!("{}; {refused:.2} of them refused", ratios(two));
    row("a push of one of 2 threads, both flat out", two, &note);
}
