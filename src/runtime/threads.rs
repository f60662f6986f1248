//! The two threads of a System that has any. Both sleep while there is nothing to do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::circuit::Circuit;
use crate::memory::sync::lock;
use crate::model::error::{Error, ErrorKind};
use crate::model::event::Event;
use crate::model::time::Nanos;
use crate::system::Inner;

#[derive(Debug)]
pub(crate) struct Threads {
    monitor: JoinHandle<()>,
    dispatch: JoinHandle<()>,
}

impl Threads {
    pub(crate) fn start(inner: &Arc<Inner>, subscriber: impl FnMut(&[Event]) + Send + 'static) -> Result<Self, Error> {
        let for_monitor = inner.clone();
        let monitor = spawn("haltline-monitor", move || monitor(&for_monitor))?;
        let for_dispatch = inner.clone();
        match spawn("haltline-dispatch", move || dispatch(&for_dispatch, subscriber)) {
            Ok(dispatch) => Ok(Self { monitor, dispatch }),
            Err(error) => {
                // The first thread must not outlive a System that never was.
                inner.circuit.closed.raise();
                inner.circuit.monitor_bell.ring();
                let _ = monitor.join();
                Err(error)
            }
        }
    }

    /// Waits for both. The System is closed already; on one of its own threads that thread is not waited for.
    pub(crate) fn join(self, circuit: &Circuit) {
        for (bell, thread) in [(&circuit.monitor_bell, self.monitor), (&circuit.dispatch_bell, self.dispatch)] {
            bell.ring();
            if thread.thread().id() != std::thread::current().id() {
                // Neither ends by a panic: both catch it.
                let _ = thread.join();
            }
        }
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    let built = std::thread::Builder::new().name(name.into()).spawn(body);
    built.map_err(|cause| Error::new(ErrorKind::Platform, format!("thread {name}: {cause}")))
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
        let longest = (due != Nanos::NEVER).then(|| due - circuit.now());
        circuit.monitor_bell.sleep(longest, || is_closed() || !circuit.dirty.is_empty());
    }
}

fn dispatch(inner: &Inner, mut subscriber: impl FnMut(&[Event])) {
    let circuit = &inner.circuit;
    circuit.dispatch_bell.adopt();
    let is_closed = || circuit.closed.is_raised();
    loop {
        // Before the last look at the rings, so that what was published before the end is still told.
        let last = is_closed();
        // A subscriber's panic is the subscriber's; the batch is lost to it, the next one is not.
        let drain = || lock(&inner.dispatcher).drain(circuit, &mut subscriber);
        let told = catch_unwind(AssertUnwindSafe(drain)).unwrap_or(1);
        if last {
            return;
        }
        if told == 0 {
            let shown = lock(&inner.dispatcher).arm_seen();
            let killed = || Some(circuit.board.arm().stamp()) != shown;
            let has_work = || is_closed() || killed() || !circuit.urgent.is_empty() || !circuit.routine.is_empty();
            circuit.dispatch_bell.sleep(None, has_work);
        }
    }
}
