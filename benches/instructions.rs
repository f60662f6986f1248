//! Runs one named thing so many times, for `ci/instructions.sh` to count its instructions under callgrind.
//!
//! `instructions NAME COUNT`. The script runs each name with two counts: the difference, divided, is one call with its
//! loop, and the loop alone is one of the names.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use haltline::*;
use support::*;

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let (Some(name), Some(count)) = (args.next(), args.next().and_then(|n| n.parse::<u64>().ok())) else {
        println!("usage: instructions NAME COUNT, names: {}", NAMES.join(" "));
        return;
    };
    run(&name, count);
}

const NAMES: &[&str] = &[
    "loop",
    "floor",
    "check-1",
    "check-3",
    "check-3-others",
    "permits-3",
    "check-7",
    "check_with",
    "check-3-denied",
    "observe",
    "outcome",
    "outcome-time",
    "trip",
];

fn run(name: &str, count: u64) {
    let plan = Plan {
        scopes: ["a/b", "c/d/e/f", "a/b/c"].map(scope).into(),
        breakers: vec![
            drawdown("dd", "acct/a", 0.10),
            manual("desk", "m"),
            technical("last", "gw/a", CallWindow::Last(100)),
            technical("time", "gw/b", CallWindow::Time(Duration::from_secs(30))),
        ],
        ..Plan::default()
    };
    let system = System::manual(plan, at(0)).unwrap();
    let gate = |scopes: &[&str]| system.gate(scopes).unwrap();
    let (one, three, seven, other) = (gate(&[]), gate(&["a/b"]), gate(&["a/b", "c/d/e/f"]), gate(&["c/d"]));
    let word = AtomicU64::new(0);
    black_box(&word);
    match name {
        "loop" => repeat(count, || false),
        "floor" => repeat(count, || word.load(Ordering::Acquire) != 0),
        "check-1" => repeat(count, || one.check().denies_any()),
        // One gate asked again and again: its addresses stay in registers.
        "check-3" => repeat(count, || three.check().denies_any()),
        // Another gate each time, for all that the compiler knows: its addresses are loaded, too.
        "check-3-others" => repeat(count, || black_box(&three).check().denies_any()),
        "permits-3" => repeat(count, || !three.permits(Intent::Increase)),
        "check-7" => repeat(count, || seven.check().denies_any()),
        "check_with" => repeat(count, || three.check_with(&other).denies_any()),
        "check-3-denied" => {
            system.emergency_stop("a", EmergencySource::Manual, desk()).unwrap();
            repeat(count, || three.check().denies_any());
        }
        "observe" => {
            let mut feed = system.feed("acct/a").unwrap();
            feed.equity(money(1_000.0), at(0)).unwrap();
            repeat(count, || feed.equity(black_box(money(999.0)), black_box(at(0))).is_err());
        }
        "outcome" => outcomes(count, &system, "gw/a"),
        "outcome-time" => outcomes(count, &system, "gw/b"),
        "trip" => {
            let id = system.breaker("desk").unwrap();
            repeat(count, || {
                system.trip(id, desk()).unwrap();
                system.reset(id, system.breaker_status(id).unwrap().stamp, desk()).is_err()
            });
        }
        other => println!("no such name: {other}; names: {}", NAMES.join(" ")),
    }
}

fn technical(name: &str, path: &str, window: CallWindow) -> BreakerSpec {
    let rule = Technical { window, ..Technical::default() };
    spec(name, path, RuleSpec::Technical(rule), Kind::Technical.default_policy())
}

fn outcomes(count: u64, system: &System, path: &str) {
    let mut feed = system.feed(path).unwrap();
    let took = Duration::from_micros(80);
    repeat(count, || feed.outcome(Outcome::Success, black_box(took), black_box(at(0))).is_err());
}

/// As an engine does it: the answer decides a branch.
#[inline(always)]
fn repeat(count: u64, mut denied: impl FnMut() -> bool) {
    for _ in 0..count {
        black_box(());
        if denied() {
            turned_away();
        }
    }
}

#[cold]
#[inline(never)]
fn turned_away() {
    black_box(());
}
