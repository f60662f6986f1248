//! A thread of a System: named, prepared by the host, waited for no longer than somebody wants to wait.

use core::cell::Cell;
use core::convert::Infallible;
use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};

use crate::model::error::{Error, ErrorKind};

/// What the dispatcher does while there is nothing to hand out.
///
/// ```
/// use haltline::{Idle, Plan, System, Threading};
/// let threading = Threading { idle: Idle::Spin, ..Threading::default() };
/// let system = System::start_with(Plan::default(), threading)?;
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Idle {
    /// It sleeps, and is not woken but by an event: no polling. A thread that publishes one while it sleeps pays for the
    /// wake-up, some microseconds.
    #[default]
    Park,
    /// It looks again and again, and takes a core for that. Nobody ever pays for a wake-up.
    Spin,
}

/// What the host does on a thread before anything else runs there; it is given the name of the thread.
///
/// ```
/// # use std::sync::Arc;
/// use haltline::OnThread;
/// let pin: OnThread = Arc::new(|name| println!("{name}: to core {}", if name.ends_with("monitor") { 1 } else { 0 }));
/// pin("haltline-monitor");
/// ```
pub type OnThread = Arc<dyn Fn(&str) + Send + Sync>;

/// How a System treats its threads.
///
/// ```
/// # use std::sync::{Arc, mpsc};
/// use haltline::{Plan, System, Threading};
/// let (sender, started) = mpsc::channel();
/// // Here a host would pin the thread to a core and give it its priority.
/// let on_thread = Arc::new(move |name: &str| sender.send(name.to_owned()).unwrap_or_default());
/// let system = System::start_with(Plan::default(), Threading { on_thread: Some(on_thread), ..Threading::default() })?;
/// let mut names: Vec<_> = started.iter().take(2).collect();
/// names.sort();
/// assert_eq!(names, ["haltline-dispatch", "haltline-monitor"]);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Threading {
    /// What the dispatcher does while there is nothing to hand out.
    pub idle: Idle,
    /// Called on each thread of the System as the first thing, with the name of the thread: to pin it, to give it a
    /// priority. If it panics the thread goes on without what it was to do.
    pub on_thread: Option<OnThread>,
}

impl fmt::Debug for Threading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on_thread = self.on_thread.is_some();
        f.debug_struct("Threading").field("idle", &self.idle).field("on_thread", &on_thread).finish()
    }
}

thread_local! {
    static IS_OWN: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is a thread of a System: who waits here for one may wait for himself.
pub(crate) fn is_on_own_thread() -> bool {
    IS_OWN.get()
}

/// One thread.
#[derive(Debug)]
pub(crate) struct Worker {
    name: String,
    thread: JoinHandle<()>,
    /// Nothing is ever sent; closed when the body has ended.
    ended: Receiver<Infallible>,
}

impl Worker {
    /// # Errors
    /// [`ErrorKind::Platform`] if the machine gives no thread.
    pub(crate) fn spawn(
        name: String,
        threading: &Threading,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<Self, Error> {
        let (ends, ended) = bounded::<Infallible>(0);
        let (for_thread, on_thread) = (name.clone(), threading.on_thread.clone());
        let body = move || {
            // Dropped last, whatever the body does.
            let _ends = ends;
            IS_OWN.set(true);
            if let Some(on_thread) = on_thread {
                let _ = catch_unwind(AssertUnwindSafe(|| on_thread(&for_thread)));
            }
            body();
        };
        let built = std::thread::Builder::new().name(name.clone()).spawn(body);
        match built {
            Ok(thread) => Ok(Self { name, thread, ended }),
            Err(cause) => Err(Error::new(ErrorKind::Platform, format!("thread {name}: {cause}"))),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Waits for its end, without a deadline for ever. False if the time is up before, or if this is the thread itself: then
    /// it goes on by itself.
    pub(crate) fn join_by(self, deadline: Option<Instant>) -> bool {
        if self.thread.thread().id() == std::thread::current().id() {
            return false;
        }
        let ended = match deadline {
            Some(deadline) => self.ended.recv_deadline(deadline) == Err(RecvTimeoutError::Disconnected),
            None => self.ended.recv().is_err(),
        };
        // Past its body: what is left are a few instructions. Bodies catch their panics.
        ended && self.thread.join().is_ok()
    }
}
