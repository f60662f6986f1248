//! A soak: everything that a System does, at once and as fast as it goes, for as long as somebody wants to watch; and
//! what must hold of that at the end.
//!
//! `cargo run --release --example soak -- --minutes 10`; also `--seconds N`, `--observations N` (the first end counts),
//! `--json`. Figures go to the standard error, once a second on a terminal and every ten seconds elsewhere, a summary to
//! the standard output. The exit code is 1 if something does not hold, 2 if it could not run.

mod args;
mod figures;
mod listeners;
mod load;
mod plan;
mod process;
mod tape;
mod verdict;

use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use haltline::System;

use args::Args;
use figures::{Figures, Shower};
use listeners::Listeners;
use load::Load;
use verdict::{Ending, Verdict};

/// Why it could not run.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How long a shutdown waits: the stuck subscriber never comes back by then.
const PATIENCE: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    process::use_one_heap();
    let run = Args::parse(std::env::args().skip(1)).and_then(|args| {
        let verdict = soak(&args)?;
        verdict.print(args.json);
        Ok(verdict.holds())
    });
    match run {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("soak: {failure}");
            ExitCode::from(2)
        }
    }
}

fn soak(args: &Args) -> Result<Verdict, Failure> {
    let system = System::start(plan::of(plan::INSTRUMENTS_AT_START)?)?;
    // Instruments that are listed later.
    system.declare(&plan::instruments(plan::INSTRUMENTS)?)?;
    let load = Load::new(&system)?;
    load.flood(&system)?;
    wait_for_silence(&system);
    let (listeners, receiver) = Listeners::new(&system)?;
    let feeders = load.feeders(&system)?;
    let begin = Instant::now();
    let (warm, end, heard) = thread::scope(|threads| -> Result<_, Failure> {
        let hearing = threads.spawn(|| listeners.poll(receiver));
        let churning = threads.spawn(|| listeners.churn(&system, &load.done));
        let mut working: Vec<_> =
            feeders.into_iter().map(|feeder| threads.spawn(|| feeder.feed(&load, &system))).collect();
        working.push(threads.spawn(|| load.check()));
        working.push(threads.spawn(|| load.operate(&system)));
        let warm = watch(args, begin, &system, &load, || working.iter().any(ScopedJoinHandle::is_finished));
        load.done.store(true, Ordering::Relaxed);
        let ended: Vec<_> = working.into_iter().chain([churning]).map(join).collect();
        wait_for_silence(&system);
        listeners.wait_for_empty_queues(&system);
        let (end, heard) = (Figures::take(&system, &load, begin), listeners.heard());
        listeners.done.store(true, Ordering::Relaxed);
        join(hearing)?;
        ended.into_iter().collect::<Result<(), Failure>>()?;
        Ok((warm, end, heard))
    })?;
    let killed = system.killed();
    let report = system.shutdown(PATIENCE)?;
    listeners.release();
    let left = process::wait_for_end_of_threads("haltline-", Duration::from_secs(5));
    Ok(Verdict::of(&load, &listeners, &Ending { warm, end, heard, killed, report, left }))
}

/// Shows figures until the end that was asked for, or until a thread has ended by itself, which is a failure. Returns
/// those after the warm-up, or the last.
fn watch(args: &Args, begin: Instant, system: &System, load: &Load, has_failed: impl Fn() -> bool) -> Figures {
    let mut shower = Shower::new();
    let mut warm = None;
    while !args.is_over(begin.elapsed(), load.observations()) && !has_failed() {
        thread::sleep(Duration::from_millis(50));
        let figures = || Figures::take(system, load, begin);
        if warm.is_none() && args.is_warm(begin.elapsed(), load.observations()) {
            warm = Some(figures());
        }
        shower.show(figures);
    }
    shower.end();
    warm.unwrap_or_else(|| Figures::take(system, load, begin))
}

fn join(thread: ScopedJoinHandle<'_, Result<(), Failure>>) -> Result<(), Failure> {
    thread.join().unwrap_or_else(|_| Err("a thread of the load has panicked".into()))
}

/// Waits until everything that was published has been handed on, for ten seconds at most.
fn wait_for_silence(system: &System) {
    let handed_on = || system.statistics().dispatch.events;
    let (begin, mut before, mut same) = (Instant::now(), None, 0);
    // One look more is not enough: a busy machine keeps the dispatcher from its core for longer.
    while same < 5 && begin.elapsed() < Duration::from_secs(10) {
        let now = Some(handed_on());
        same = if now == before { same + 1 } else { 0 };
        before = now;
        thread::sleep(Duration::from_millis(100));
    }
}
