//! The track: every number that the README claims, as a ratio to a floor measured in the same run.
//!
//! `cargo bench --bench track`. Criterion measures batches of a thousand, never a single call; the table at the end
//! divides by the floor, one load of an `AtomicU64` that lies in the first-level cache. Instructions are counted by
//! `ci/instructions.sh`, which repeats exactly.
#![allow(clippy::unwrap_used, missing_docs)]

mod kinds;
#[path = "../tests/support/mod.rs"]
mod support;
mod tallies;
mod threads;

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use criterion::Criterion;
use haltline::*;
use support::*;

/// Calls in a batch.
const BATCH: usize = 1_000;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_200))
        .sample_size(40)
        .configure_from_args();
    floor(&mut criterion);
    checks(&mut criterion);
    crowds(&mut criterion);
    instruments(&mut criterion);
    beside_a_writer(&mut criterion);
    kinds::kinds(&mut criterion);
    operators(&mut criterion);
    tallies::tallies(&mut criterion);
    criterion.final_summary();
    print_table();
}

/// One batch: `call` a thousand times. What is called reads atomics, which no compiler folds.
fn batch(criterion: &mut Criterion, name: &str, mut call: impl FnMut()) {
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| {
            for _ in 0..BATCH {
                call();
            }
        });
    });
}

fn floor(criterion: &mut Criterion) {
    let word = AtomicU64::new(0);
    batch(criterion, "floor", || {
        black_box(black_box(&word).load(Ordering::Acquire));
    });
}

fn check_of(criterion: &mut Criterion, name: &str, gate: &Gate) {
    batch(criterion, name, || {
        let verdict = black_box(gate).check();
        black_box(verdict.denies_any());
    });
}

fn checks(criterion: &mut Criterion) {
    let plan = Plan { scopes: ["a/b", "c/d/e/f", "a/b/c"].map(scope).into(), ..Plan::default() };
    let system = System::manual(plan, at(0)).unwrap();
    check_of(criterion, "check 1 scope", &system.gate(&[]).unwrap());
    let three = system.gate(&["a/b"]).unwrap();
    check_of(criterion, "check 3 scopes", &three);
    check_of(criterion, "check 7 scopes", &system.gate(&["a/b", "c/d/e/f"]).unwrap());
    batch(criterion, "permits 3 scopes", || {
        black_box(black_box(&three).permits(Intent::Increase));
    });
    let account = system.gate(&["c/d"]).unwrap();
    batch(criterion, "check_with 3 + 3 scopes", || {
        let verdict = black_box(&three).check_with(black_box(&account));
        black_box(verdict.denies_any());
    });
    system.trip(system_breaker(&system), desk()).unwrap_or_default();
    system.emergency_stop("a", EmergencySource::Manual, desk()).unwrap();
    check_of(criterion, "check 3 scopes, denied", &three);
}

fn system_breaker(system: &System) -> BreakerId {
    system.breaker("kill:a").unwrap()
}

/// The same check with few and with very many breakers registered.
fn crowds(criterion: &mut Criterion) {
    for count in [1, 1_000, 100_000] {
        let many = (0..count).map(|i| manual(&format!("m{i}"), &format!("S{}/I{}", i % 10, i / 10 % 1_000)));
        let system = System::manual(plan(many.collect()), at(0)).unwrap();
        check_of(criterion, &format!("check 3 scopes, {count} breakers"), &system.gate(&["S0/I0"]).unwrap());
    }
}

/// Cycling over instruments, each with its gate.
fn instruments(criterion: &mut Criterion) {
    for count in [1, 10_000] {
        let scopes = (0..count).map(|i| scope(&format!("X/I{i}"))).collect();
        let system = System::manual(Plan { scopes, ..Plan::default() }, at(0)).unwrap();
        let gates: Vec<_> = (0..count).map(|i| system.gate(&[&format!("X/I{i}")]).unwrap()).collect();
        let mut next = gates.iter().cycle();
        batch(criterion, &format!("check 3 scopes, {count} instruments in turn"), || {
            let gate = next.next().unwrap();
            let verdict = black_box(gate).check();
            black_box(verdict.denies_any());
        });
    }
}

/// A check while another thread trips and resets a breaker of the same scope, flat out.
fn beside_a_writer(criterion: &mut Criterion) {
    let system = system(vec![manual("desk", "a/b")]);
    let gate = system.gate(&["a/b"]).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let id = system.breaker("desk").unwrap();
            while !done.load(Ordering::Relaxed) {
                system.trip(id, desk()).unwrap();
                system.reset(id, system.breaker_status(id).unwrap().stamp, desk()).unwrap();
            }
        });
        check_of(criterion, "check 3 scopes, a writer flat out", &gate);
        done.store(true, Ordering::Relaxed);
    });
}

fn operators(criterion: &mut Criterion) {
    let system = system((0..10).map(|i| manual(&format!("m{i}"), "a/b")).collect());
    let id = system.breaker("m0").unwrap();
    batch(criterion, "trip and reset by hand", || {
        system.trip(id, desk()).unwrap();
        system.reset(id, system.breaker_status(id).unwrap().stamp, desk()).unwrap();
    });
    batch(criterion, "status of 14 breakers", || {
        black_box(system.status());
    });
}

/// What a row of the table promises: at most so many floors or nanoseconds, or so much more than another row.
pub(crate) enum Goal {
    Nanos(f64),
    Floors(f64),
    Times(f64, &'static str),
    None,
}

const ROWS: &[(&str, Goal)] = &[
    ("floor", Goal::None),
    ("check 1 scope", Goal::None),
    ("check 3 scopes", Goal::Floors(3.2)),
    ("permits 3 scopes", Goal::None),
    ("check 7 scopes", Goal::None),
    ("check_with 3 + 3 scopes", Goal::None),
    ("check 3 scopes, denied", Goal::None),
    ("check 3 scopes, 1 breakers", Goal::None),
    ("check 3 scopes, 1000 breakers", Goal::Times(1.10, "check 3 scopes, 1 breakers")),
    ("check 3 scopes, 100000 breakers", Goal::Times(1.10, "check 3 scopes, 1 breakers")),
    ("check 3 scopes, 1 instruments in turn", Goal::None),
    ("check 3 scopes, 10000 instruments in turn", Goal::Times(1.25, "check 3 scopes, 1 instruments in turn")),
    ("check 3 scopes, a writer flat out", Goal::None),
    ("trip and reset by hand", Goal::None),
    ("status of 14 breakers", Goal::None),
];

fn print_table() {
    let floor = estimate("floor");
    let Some(floor) = floor else { return };
    println!("\n{:<44} {:>10} {:>8}  goal", "what", "ns", "floors");
    for (name, goal) in ROWS.iter().chain(kinds::ROWS).chain(tallies::ROWS) {
        let Some(time) = estimate(name) else { continue };
        let verdict = |held: bool| if held { "held" } else { "MISSED" };
        let goal = match goal {
            Goal::Nanos(most) => format!("<= {most} ns: {}", verdict(time <= *most)),
            Goal::Floors(most) => format!("<= {most} floors: {}", verdict(time <= most * floor)),
            Goal::Times(most, other) => match estimate(other) {
                Some(base) => format!("{:.2} x {other:?}, <= {most}: {}", time / base, verdict(time <= most * base)),
                None => String::new(),
            },
            Goal::None => String::new(),
        };
        println!("{name:<44} {time:>10.3} {:>8.2}  {goal}", time / floor);
    }
    tallies::print_ratios();
    threads::print_propagation();
}

/// Nanoseconds a call, as criterion has just measured it.
fn estimate(name: &str) -> Option<f64> {
    let folder = name.replace(['/', '"', '?', '*', '|', '<', '>', '\\', ':'], "_");
    let root =
        std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/target").into());
    let text = std::fs::read_to_string(format!("{root}/criterion/{folder}/new/estimates.json")).ok()?;
    let estimates: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(estimates["median"]["point_estimate"].as_f64()? / BATCH as f64)
}
