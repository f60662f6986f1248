//! What telling costs: those who publish, those who wait for news, those who ask how everything stands.
//!
//! `cargo bench --bench runtime`. Times of a call are those of the fastest slice of many, as in `shared`; where something
//! must happen before each call, the one in the middle. Latencies are from the time of an event to the callback, by the
//! System's clock, to the microsecond.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::fmt;
use std::hint::black_box;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use haltline::*;
use support::*;

const CALLS: u32 = 256;
const SLICES: usize = 400;

fn main() {
    let floor = fastest(
        CALLS,
        || {},
        |word: &mut AtomicU64| {
            black_box(word).fetch_add(1, Ordering::Relaxed);
        },
    );
    row("fetch_add on a word of its own", floor, "");
    publish(floor);
    status(floor);
    latencies();
    shutdown();
}

fn row(what: &str, nanos: f64, note: &str) {
    println!("{what:<60} {nanos:>12.1} ns  {note}");
}

fn goal(found: f64, most: f64, unit: &str) -> String {
    format!("<= {most} {unit}: {}", if found <= most { "held" } else { "MISSED" })
}

/// Nanoseconds a call in the fastest slice; `between` runs before each slice and is not measured.
fn fastest<T: Default>(calls: u32, mut between: impl FnMut(), mut call: impl FnMut(&mut T)) -> f64 {
    let mut subject = T::default();
    let slice = |_| {
        between();
        let start = Instant::now();
        (0..calls).for_each(|_| call(&mut subject));
        start.elapsed().as_nanos() as f64 / f64::from(calls)
    };
    (0..SLICES).map(slice).fold(f64::MAX, f64::min)
}

/// The one in the middle of single calls; `before` runs before each and is not measured.
fn typical(calls: usize, mut before: impl FnMut(usize), mut call: impl FnMut()) -> f64 {
    let each = |i| {
        before(i);
        let start = Instant::now();
        call();
        start.elapsed().as_nanos() as f64
    };
    let mut times: Vec<_> = (0..calls).map(each).collect();
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

fn trip_and_reset(system: &System, id: BreakerId) {
    system.trip(id, desk()).unwrap();
    system.reset(id, system.breaker_status(id).unwrap().stamp, desk()).unwrap();
}

/// Two events: without a dispatcher, with one that is awake, with one that sleeps before the first of them.
fn publish(floor: f64) {
    let desks = || plan(vec![manual("desk", "a/b")]);
    let alone = System::manual(desks(), at(0)).unwrap();
    let id = alone.breaker("desk").unwrap();
    let empty = || {
        alone.drain(|_| {});
    };
    let base = fastest(CALLS, empty, |(): &mut ()| trip_and_reset(&alone, id));
    row("trip and reset, nobody is to be woken", base, &format!("{:.0} additions", base / floor));

    let spin = Threading { idle: Idle::Spin, ..Threading::default() };
    for (what, threading) in [("awake", spin), ("asleep before the trip", Threading::default())] {
        let system = System::start_with(desks(), threading.clone()).unwrap();
        let time = match threading.idle {
            // The rings are empty again before the next slice.
            Idle::Spin => fastest(CALLS, || sleep(Duration::from_millis(1)), |(): &mut ()| trip_and_reset(&system, id)),
            Idle::Park => typical(2_000, |_| sleep(Duration::from_micros(300)), || trip_and_reset(&system, id)),
        };
        let note = format!("{:.2} of that, {:.0} additions", time / base, time / floor);
        row(&format!("trip and reset, the dispatcher is {what}"), time, &note);
        assert_eq!(system.statistics().lost, 0);
    }
}

/// Of ten thousand breakers; a copy of the list is what a change must cost.
fn status(floor: f64) {
    const BREAKERS: usize = 10_000;
    let mut specs: Vec<_> = (1..BREAKERS).map(|i| manual(&format!("m{i}"), &format!("S/{}", i % 1_000))).collect();
    specs.push(drawdown("dd", "acct/a", 0.1));
    let system = system(specs);
    let mut feed = system.feed("acct/a").unwrap();
    feed.equity(money(1_000_000.0), at(0)).unwrap();
    let (id, mut cents) = (system.breaker("m7").unwrap(), 0);
    let list = system.status().active.clone();
    let copy = fastest(16, || {}, |copy: &mut Vec<BreakerId>| *copy = black_box(&list).clone());
    row("copy of a list of 10000 numbers", copy, "");

    let tell = |what: &str, time: f64, most: f64| {
        let note = format!("{:.1} additions, {:.2} copies; {}", time / floor, time / copy, goal(time, most, "ns"));
        row(&format!("{what}, 10000 breakers"), time, &note);
    };
    system.status();
    let ask = |_: &mut ()| drop(black_box(system.status()));
    tell("status, nothing has changed", fastest(CALLS, || {}, ask), 200.0);
    let ask = |_: &mut ()| {
        black_box(system.statistics());
    };
    tell("statistics, nothing has changed", fastest(CALLS, || {}, ask), 1_000.0);
    let ask = || drop(black_box(system.status()));
    let moved = |i: usize| if i.is_multiple_of(2) { trip(&system, id) } else { reset(&system, id) };
    tell("status, one breaker has moved", typical(2_000, moved, ask), 20_000.0);
    let valued = |_| {
        cents = (cents + 1) & 63;
        feed.equity(Money::from_raw(9_999_990_000 - cents), at(0)).unwrap();
    };
    tell("status, one value has moved", typical(2_000, valued, ask), 20_000.0);
}

fn trip(system: &System, id: BreakerId) {
    system.trip(id, desk()).unwrap();
}

fn reset(system: &System, id: BreakerId) {
    system.reset(id, system.breaker_status(id).unwrap().stamp, desk()).unwrap();
}

/// To the callback of an eleventh subscriber, while ten others sleep 100 ms in theirs.
fn latencies() {
    // A machine that takes longer by itself cannot be better.
    let floor = two_wake_ups(1_500, 1_000..5_000).p99();
    let most = floor.max(100.0);
    quiet("an event each 1 to 5 ms", 1_500, 1_000..5_000, most);
    quiet("an event that wakes all eleven", 200, 110_000..130_000, most);
    flat_out();
}

/// A System with a breaker that each mark moves, ten who sleep, and one who notes how long each event took, in
/// microseconds.
fn observed() -> (Arc<System>, Arc<Mutex<Vec<u64>>>) {
    let mut spec = drawdown("dd", "acct/a", 0.10);
    spec.policy.release = Release::Level;
    let system = Arc::new(System::start(plan(vec![spec])).unwrap());
    for i in 0..10 {
        let sleeper = Subscriber { max_overruns: 0, ..Subscriber::new(&format!("sleeper {i}")) };
        system.subscribe(sleeper, |_| sleep(Duration::from_millis(100))).unwrap().stay();
    }
    let times = Arc::new(Mutex::new(Vec::with_capacity(1 << 22)));
    let (heard, epoch, clock) = (times.clone(), system.epoch(), Arc::downgrade(&system));
    let note = move |batch: &[Event]| {
        let Some(clock) = clock.upgrade() else { return };
        let (now, mut times) = (clock.now(), heard.lock().unwrap());
        let plain = batch.iter().filter(|event| !matches!(event.event_type(), EventType::Gap | EventType::Level));
        times.extend(plain.map(|event| (now - event.at(epoch)).as_micros() as u64));
    };
    let eleventh = Subscriber { capacity: 4_096, ..Subscriber::new("eleventh") };
    system.subscribe(eleventh, note).unwrap().stay();
    sleep(Duration::from_millis(50));
    times.lock().unwrap().clear();
    (system, times)
}

/// Alternately over the limit and back.
fn flip(system: &System, feed: &mut Feed, n: u64) {
    let equity = if n.is_multiple_of(2) { 1_000_000.0 } else { 890_000.0 };
    feed.equity(money(equity), system.now()).unwrap();
}

/// In microseconds.
struct Percentiles([u64; 4]);

impl Percentiles {
    fn of(times: &Mutex<Vec<u64>>) -> Self {
        let mut times = std::mem::take(&mut *times.lock().unwrap());
        times.sort_unstable();
        Self([0.5, 0.99, 0.999, 1.0].map(|share| times[((times.len() - 1) as f64 * share) as usize]))
    }
}

impl Percentiles {
    fn p99(&self) -> f64 {
        self.0[1] as f64
    }
}

impl fmt::Display for Percentiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99, p999, max] = self.0;
        write!(f, "p50 {p50} us, p99 {p99} us, p999 {p999} us, max {max} us")
    }
}

fn tell_latency(what: &str, times: &Mutex<Vec<u64>>, most: f64) {
    sleep(Duration::from_millis(300));
    let found = Percentiles::of(times);
    println!("to a callback beside ten sleepers, {what}:");
    println!("  {found}; p99 {}", goal(found.p99(), most, "us"));
}

/// The floor of what follows: a thread wakes one that sleeps, which wakes another, and nothing else happens.
fn two_wake_ups(rounds: u64, pause: Range<u64>) -> Percentiles {
    let times = Arc::new(Mutex::new(Vec::new()));
    let heard = times.clone();
    let (to_first, first) = sync_channel::<Instant>(1);
    let (to_second, second) = sync_channel::<Instant>(1);
    let threads = [
        thread::spawn(move || first.iter().for_each(|told| to_second.send(told).unwrap())),
        thread::spawn(move || {
            second.iter().for_each(|told| heard.lock().unwrap().push(told.elapsed().as_micros() as u64));
        }),
    ];
    pauses(pause).take(rounds as usize).for_each(|pause| {
        to_first.send(Instant::now()).unwrap();
        sleep(pause);
    });
    drop(to_first);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    println!("floor, two threads wake each other in a row, once each 1 to 5 ms:");
    let floor = Percentiles::of(&times);
    println!("  {floor}");
    floor
}

/// Drawn: with one that divides 100 ms each event would meet the sleepers as they wake.
fn pauses(range: Range<u64>) -> impl Iterator<Item = Duration> {
    let draw = |seed: &u64| Some(seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    let width = range.end - range.start;
    std::iter::successors(Some(1), draw).map(move |draw| Duration::from_micros(range.start + (draw >> 33) % width))
}

fn quiet(what: &str, events: u64, pause: Range<u64>, most: f64) {
    let (system, times) = observed();
    let mut feed = system.feed("acct/a").unwrap();
    for (n, pause) in (0..events).zip(pauses(pause)) {
        flip(&system, &mut feed, n);
        sleep(pause);
    }
    tell_latency(what, &times, most);
}

fn flat_out() {
    const LASTS: Duration = Duration::from_secs(2);
    let (system, times) = observed();
    let mut feed = system.feed("acct/a").unwrap();
    let (begin, mut n) = (Instant::now(), 0);
    while begin.elapsed() < LASTS {
        (0..100).for_each(|_| {
            flip(&system, &mut feed, n);
            n += 1;
        });
    }
    let lost = system.statistics().lost;
    let rate = n as f64 / LASTS.as_secs_f64() / 1e6;
    let dropped = system.subscribers().last().unwrap().dropped;
    let what = format!("{rate:.2} M events a second, {lost} of {n} lost in the rings, {dropped} dropped by it");
    tell_latency(&what, &times, 10_000.0);
}

/// With 64 subscribers that have all heard something.
fn shutdown() {
    let mut times: Vec<_> = (0..20).map(|_| time_of_a_shutdown()).collect();
    times.sort_unstable_by(f64::total_cmp);
    let time = times[times.len() / 2];
    row("shutdown with 64 subscribers", time, &goal(time, 10e6, "ns"));
}

fn time_of_a_shutdown() -> f64 {
    let system = System::start(plan(vec![manual("desk", "a")])).unwrap();
    for i in 0..64 {
        system.subscribe(Subscriber::new(&format!("s{i}")), |_| {}).unwrap().stay();
    }
    trip(&system, system.breaker("desk").unwrap());
    let begin = Instant::now();
    let report = system.shutdown(Duration::from_secs(10)).unwrap();
    let time = begin.elapsed().as_nanos() as f64;
    assert_eq!((report.joined.len(), report.abandoned.len()), (66, 0));
    time
}
