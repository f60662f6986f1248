//! A System on the machine's clock, when that is set.
#![allow(clippy::unwrap_used)]

use std::sync::mpsc::channel;
use std::time::Instant;

use super::*;

/// Longer than anything here takes; nothing waits so long unless it is broken.
const LONG: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

fn on_the_wall() -> Circuit {
    let caps = Caps { scopes: 4, breakers: 4, listeners: 4, ring: 4, ..Caps::default() };
    let board = Board::new(&caps, Epoch(Wall::read())).unwrap();
    let snapshot = Snapshot { system: board.arm().armed(), ..Snapshot::default() };
    Circuit::new(board, snapshot, &caps, Skew::default(), Clock::Wall)
}

fn soon(is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < LONG, "never");
        std::thread::yield_now();
    }
}

#[test]
fn time_goes_on_although_the_machine_s_clock_was_put_back() {
    let circuit = on_the_wall();
    let told = circuit.wall.as_ref().unwrap().at(Wall::read() + HOUR, Duration::ZERO);
    let first = circuit.now();
    assert!(first >= told, "it never runs backwards");
    soon(|| circuit.now() > first);
}

#[test]
fn whoever_looks_at_the_clock_wakes_a_monitor_that_should_be_awake() {
    let (circuit, (wakes, awake)) = (on_the_wall(), channel());
    std::thread::scope(|threads| {
        threads.spawn(|| {
            circuit.monitor_bell.adopt();
            // Longer than anybody waits here, and not for ever.
            circuit.sleep_until(circuit.now() + 2 * LONG, || false);
            wakes.send(()).unwrap();
        });
        // As if the clock had been put forward over the end of that sleep.
        soon(|| {
            circuit.wall.as_ref().unwrap().await_until(Nanos(1));
            circuit.now();
            awake.try_recv().is_ok()
        });
    });
}
