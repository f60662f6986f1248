//! From a trip on one thread to the denial that another one sees, against the time a cache line takes between them.
//!
//! Both are measured the same way: the first thread reads the clock and acts, the second sees it and reads the clock. So
//! what reading clocks costs is in both.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::support::*;
use haltline::*;

const ROUNDS: u64 = 20_000;

#[repr(align(128))]
struct Line(AtomicU64);

impl Line {
    fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    fn wait(&self, value: u64) {
        while self.0.load(Ordering::Acquire) != value {
            spin_loop();
        }
    }
}

/// The median of the nanoseconds from `act` on this thread to `sees` on the other, over many odd rounds; the even ones bring
/// back what the odd ones do. Each thread keeps its own times, so that no other line travels meanwhile.
fn one_way(mut act: impl FnMut(u64), sees: impl Fn(u64) -> bool + Sync) -> f64 {
    let back = Line::new();
    let start = Instant::now();
    let clock = || start.elapsed().as_nanos() as u64;
    std::thread::scope(|threads| {
        let watcher = threads.spawn(|| {
            let mut seen = Vec::with_capacity(ROUNDS as usize);
            for round in 1..=ROUNDS {
                while !sees(round) {
                    spin_loop();
                }
                seen.push(clock());
                back.0.store(round, Ordering::Release);
            }
            seen
        });
        let mut begun = Vec::with_capacity(ROUNDS as usize);
        for round in 1..=ROUNDS {
            begun.push(clock());
            act(round);
            back.wait(round);
        }
        let seen = watcher.join().unwrap_or_default();
        let mut taken: Vec<_> =
            begun.iter().zip(seen).map(|(begun, seen)| seen.saturating_sub(*begun)).step_by(2).collect();
        taken.sort_unstable();
        taken.get(taken.len() / 2).map_or(f64::NAN, |median| *median as f64)
    })
}

/// Nanoseconds a round: here to there and back.
fn ping_pong() -> f64 {
    let (there, back) = (Line::new(), Line::new());
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for round in 1..=ROUNDS {
                there.wait(round);
                back.0.store(round, Ordering::Release);
            }
        });
        let start = Instant::now();
        for round in 1..=ROUNDS {
            there.0.store(round, Ordering::Release);
            back.wait(round);
        }
        start.elapsed().as_nanos() as f64 / ROUNDS as f64
    })
}

/// What a raised lane is: an addition to a word that the other thread reads.
fn add_seen() -> f64 {
    let line = Line::new();
    let add = |_| {
        line.0.fetch_add(1, Ordering::Release);
    };
    one_way(add, |round| line.0.load(Ordering::Acquire) == round)
}

/// A mark that trips in odd rounds and releases in even ones; the other thread asks its gate. Each lies as far from the one
/// before as marks may that are believed at once.
fn trip_seen() -> f64 {
    let mut spec = drawdown("dd", "acct/a", 0.08);
    spec.policy.release = Release::Level;
    let system = system(vec![spec]);
    let gate = system.gate(&["acct/a"]).unwrap();
    let mut feed = system.feed("acct/a").unwrap();
    let (up, down) = (money(1_000_000.0), money(915_000.0));
    feed.equity(up, at(0)).unwrap();
    one_way(
        |round| feed.equity(if round % 2 == 1 { down } else { up }, at(0)).unwrap(),
        |round| gate.permits(Intent::Increase) != (round % 2 == 1),
    )
}

fn median(mut runs: Vec<f64>) -> f64 {
    runs.sort_by(f64::total_cmp);
    runs[runs.len() / 2]
}

pub(crate) fn print_propagation() {
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        println!("trip to denial: skipped, it needs two cores");
        return;
    }
    let runs = |measure: fn() -> f64| median((0..9).map(|_| measure()).collect());
    let (half, add, trip) = (runs(ping_pong) / 2.0, runs(add_seen), runs(trip_seen));
    println!("\nhalf a cache-line ping-pong                              {half:>8.1} ns");
    println!("an addition seen by another thread, clocks included      {add:>8.1} ns");
    println!("a mark that trips -> denial seen, clocks included        {trip:>8.1} ns");
    let more = trip - add;
    println!("more than the addition: the mark's way to its lane       {more:>8.1} ns  {:.2} halves", more / half);
    let goal = if trip <= 1.2 * add { "held" } else { "MISSED" };
    println!("goal: seen within 1.2 times the addition: {goal}");
}
