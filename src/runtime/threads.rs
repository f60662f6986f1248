//! The two threads of a System that has any, and the end of all of them. Both sleep while there is nothing to do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use crate::circuit::Circuit;
use crate::memory::sync::{lock, try_lock};
use crate::model::error::Error;
use crate::runtime::subscribers::Leaving;
use crate::runtime::worker::{Idle, Worker};
use crate::system::Inner;

#[derive(Debug)]
pub(crate) struct Threads {
    monitor: Worker,
    dispatch: Worker,
}

/// What a shutdown has ended, and what it has not.
///
/// ```
/// use haltline::{Plan, Subscriber, System};
/// use std::time::Duration;
/// let system = System::start(Plan::default())?;
/// system.subscribe(Subscriber::new("log"), |_| {})?.stay();
/// let report = system.shutdown(Duration::from_secs(10))?;
/// assert_eq!(report.joined, ["haltline-monitor", "haltline-dispatch", "haltline-sub-1"]);
/// assert!(report.abandoned.is_empty() && report.dropped == 0);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShutdownReport {
    /// Threads that have ended.
    pub joined: Vec<String>,
    /// Threads that had not ended in time: of a callback that does not come back. They end by themselves when it does, and
    /// call nobody any more.
    pub abandoned: Vec<String>,
    /// Events that subscribers were given since the start.
    pub delivered: u64,
    /// Events that they were not: they did not fit, or lie in the queue of an abandoned one.
    pub dropped: u64,
}

impl Threads {
    pub(crate) fn start(inner: &Arc<Inner>) -> Result<Self, Error> {
        let for_monitor = inner.clone();
        let monitor = Worker::spawn("haltline-monitor".into(), &inner.threading, move || monitor(&for_monitor))?;
        let for_dispatch = inner.clone();
        match Worker::spawn("haltline-dispatch".into(), &inner.threading, move || dispatch(&for_dispatch)) {
            Ok(dispatch) => Ok(Self { monitor, dispatch }),
            Err(error) => {
                // The first thread must not outlive a System that never was.
                inner.circuit.closed.raise();
                inner.circuit.monitor_bell.ring();
                let _ = monitor.join_by(None);
                Err(error)
            }
        }
    }

    fn wake(&self, circuit: &Circuit) {
        circuit.monitor_bell.ring();
        circuit.dispatch_bell.ring();
    }
}

/// Ends everything that still runs, waiting until the deadline. The System is closed already.
pub(crate) fn end(inner: &Inner, threads: Option<Threads>, deadline: Option<Instant>) -> ShutdownReport {
    let mut report = ShutdownReport::default();
    let mut end = |worker: Worker| {
        let name = worker.name().to_owned();
        let joined = worker.join_by(deadline);
        if joined { &mut report.joined } else { &mut report.abandoned }.push(name);
        joined
    };
    // All are told before any is waited for: one that hangs takes the time of no other.
    let sensors = inner.sensors.close();
    if let Some(threads) = threads {
        threads.wake(&inner.circuit);
        end(threads.monitor);
        end(threads.dispatch);
        // What was published while it had its last look, or by whom it did not wait for.
        lock(&inner.dispatcher).dispatch(&inner.circuit, &inner.outlets);
    } else if let Some(mut dispatcher) = try_lock(&inner.dispatcher) {
        // Not inside of a drain, which tells it by itself.
        dispatcher.dispatch_last(&inner.circuit, &inner.outlets);
    }
    // After the last event was offered.
    let leaving = inner.outlets.subscribers.close();
    sensors.into_iter().for_each(|sensor| {
        end(sensor);
    });
    let mut lost = 0;
    let mut seats = Vec::with_capacity(leaving.len());
    for Leaving { seat, worker } in leaving {
        if let Some(worker) = worker {
            if !end(worker) {
                seat.leave();
            }
            // Of one that hangs, or that is not called any more.
            lost += seat.queue.len() as u64;
        } else {
            // One whose thread is only just being made is not called; who asks by himself does not look at this.
            seat.leave();
        }
        seats.push(seat);
    }
    (report.delivered, report.dropped) = inner.outlets.subscribers.past();
    for (given, dropped) in seats.iter().map(|seat| seat.counts()) {
        report.delivered += given;
        report.dropped += dropped;
    }
    report.dropped += lost;
    report
}

/// Nobody ends halts any more if this panics, and nobody notices silence: then nothing may be traded, either.
fn monitor(inner: &Inner) {
    if catch_unwind(AssertUnwindSafe(|| watch(inner))).is_err() {
        inner.circuit.board.arm().panicked();
        inner.circuit.dispatch_bell.ring();
    }
}

fn watch(inner: &Inner) {
    let circuit = &inner.circuit;
    circuit.monitor_bell.adopt();
    let is_closed = || circuit.closed.is_raised();
    while !is_closed() {
        let due = {
            let mut monitor = lock(&inner.monitor);
            while monitor.run_one(circuit, circuit.now()) {}
            monitor.next_due(circuit)
        };
        let due = due.min(inner.sensors.watch(circuit, circuit.now()));
        let has_news = || inner.sensors.watch(circuit, circuit.now()) < due;
        circuit.sleep_until(due, || is_closed() || !circuit.dirty.is_empty() || has_news());
    }
}

/// Events go on being handed out whatever happens: a batch that makes it panic is lost, and the next one is not.
fn dispatch(inner: &Inner) {
    let circuit = &inner.circuit;
    circuit.dispatch_bell.adopt();
    let is_closed = || circuit.closed.is_raised();
    loop {
        // Before the last look at the rings, so that what was published before the end is still told.
        let last = is_closed();
        let hand_on = || lock(&inner.dispatcher).dispatch(circuit, &inner.outlets);
        let told = catch_unwind(AssertUnwindSafe(hand_on)).unwrap_or(1);
        if last {
            return;
        }
        if told > 0 {
            continue;
        }
        match inner.threading.idle {
            Idle::Spin => core::hint::spin_loop(),
            Idle::Park => {
                let shown = lock(&inner.dispatcher).shown();
                let untold = || (Some(circuit.board.arm().stamp()), circuit.lost()) != shown;
                let has_work = || is_closed() || untold() || !circuit.urgent.is_empty() || !circuit.routine.is_empty();
                circuit.dispatch_bell.sleep(None, has_work);
            }
        }
    }
}
