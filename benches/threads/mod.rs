//! From a trip on one thread to the denial that another one sees, against the time a cache line takes between them.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::support::*;
use haltline::*;

const ROUNDS: u64 = 20_000;
const REPEATS: usize = 9;

#[repr(align(128))]
struct Line(AtomicU64);

/// Waits until `line` holds `value`. With fewer cores than threads this would be forever; the caller has checked.
fn wait(line: &Line, value: u64) {
    while line.0.load(Ordering::Acquire) != value {
        spin_loop();
    }
}

/// Nanoseconds a round: here to there and back.
fn ping_pong() -> f64 {
    let (there, back) = (Line(AtomicU64::new(0)), Line(AtomicU64::new(0)));
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for round in 1..=ROUNDS {
                wait(&there, round);
                back.0.store(round, Ordering::Release);
            }
        });
        let start = Instant::now();
        for round in 1..=ROUNDS {
            there.0.store(round, Ordering::Release);
            wait(&back, round);
        }
        start.elapsed().as_nanos() as f64 / ROUNDS as f64
    })
}

/// Nanoseconds a round: a mark that trips (or releases) here, the check that sees it there, and the answer back. And
/// the time of such marks alone, without anybody who looks.
fn trip_seen() -> (f64, f64) {
    let mut spec = drawdown("dd", "acct/a", 0.10);
    spec.policy.release = Release::Level;
    let system = system(vec![spec]);
    let gate = system.gate(&["acct/a"]).unwrap();
    let mut feed = system.feed("acct/a").unwrap();
    let (up, down) = (money(1_000_000.0), money(890_000.0));
    feed.equity(up, at(0)).unwrap();
    let mut mark = |round: u64| feed.equity(if round % 2 == 1 { down } else { up }, at(0)).unwrap();
    let back = Line(AtomicU64::new(0));
    let seen = std::thread::scope(|threads| {
        threads.spawn(|| {
            for round in 1..=ROUNDS {
                while gate.permits(Intent::Increase) == (round % 2 == 1) {
                    spin_loop();
                }
                back.0.store(round, Ordering::Release);
            }
        });
        let start = Instant::now();
        for round in 1..=ROUNDS {
            mark(round);
            wait(&back, round);
        }
        start.elapsed().as_nanos() as f64 / ROUNDS as f64
    });
    let start = Instant::now();
    (1..=ROUNDS).for_each(&mut mark);
    (seen, start.elapsed().as_nanos() as f64 / ROUNDS as f64)
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
    let (mut half, mut seen, mut alone) = (vec![], vec![], vec![]);
    for _ in 0..REPEATS {
        half.push(ping_pong() / 2.0);
        let (round, mark) = trip_seen();
        seen.push(round);
        alone.push(mark);
    }
    let (half, round, alone) = (median(half), median(seen), median(alone));
    println!("\nhalf a cache-line ping-pong                  {half:>10.1} ns");
    println!("a mark that trips, alone                     {alone:>10.1} ns");
    println!("mark -> denial seen by another thread -> back {round:>9.1} ns");
    let one_way = round - half;
    println!("trip to denial seen (less the way back)      {one_way:>10.1} ns  {:.2} halves", one_way / half);
}
