//! Sensors: functions of the host that are asked at their interval and push what they find into a feed.
//!
//! Each has a thread of its own, so one that hangs delays no other; the monitor, which sleeps until the earliest of all
//! deadlines, says so when it is late. What its silence means the breakers that hear its feed decide, by `stale_after` and
//! `on_stale` of their policies. A sensor costs a wake-up at its interval, and one of the monitor to set its deadline.

use core::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossbeam_channel as channel;

use crate::circuit::Circuit;
use crate::feed::Feed;
use crate::memory::sync::lock;
use crate::model::error::{Error, ErrorKind, FeedError};
use crate::model::event::{Event, EventType};
use crate::model::reason::Reason;
use crate::model::scope::ScopePath;
use crate::model::status::Signed;
use crate::model::time::Nanos;
use crate::runtime::worker::{Threading, Worker, is_on_own_thread};

/// Nobody waits longer for a sensor.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);
/// How long a dropped [`Sensing`] waits for a call that runs.
const PATIENCE: Duration = Duration::from_secs(1);

/// A function of the host that is asked again and again.
///
/// ```
/// use haltline::{Money, Plan, ScopePath, Sensor, System};
/// use std::time::Duration;
/// let plan = Plan { scopes: vec![ScopePath::new("acct/alpha")?], ..Plan::default() };
/// let system = System::start(plan)?;
/// let books = Sensor { interval: Duration::from_millis(250), ..Sensor::new("books", ScopePath::new("acct/alpha")?) };
/// let equity = || 1_000_000.0; // asked of the books
/// let sensing = system.sense(books, move |feed, now| feed.equity(Money::from_f64(equity()).unwrap_or_default(), now))?;
/// assert_eq!(system.sensors()[0].name, "books");
/// drop(sensing); // it is asked no more, and its feed is free
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sensor {
    /// What it is called in [`SensorStatus`] and in reports.
    pub name: String,
    /// The scope whose feed it pushes into; it claims that feed.
    pub scope: ScopePath,
    /// From one call to the next, above 0, up to 366 days. A call that takes longer is followed by the next at once; none is made up for.
    pub interval: Duration,
    /// How long a call may take before it is told of, above 0, up to 366 days.
    pub deadline: Duration,
}

impl Sensor {
    /// How many a System has at most.
    pub const MOST: usize = 64;

    /// Asked each second, late after one.
    pub fn new(name: &str, scope: ScopePath) -> Self {
        let second = Duration::from_secs(1);
        Self { name: name.into(), scope, interval: second, deadline: second }
    }
}

/// How a sensor does.
///
/// ```
/// # use haltline::{Plan, ScopePath, Sensor, System};
/// let system = System::start(Plan::default())?;
/// let _beat = system.sense(Sensor::new("beat", ScopePath::root()), |feed, now| feed.heartbeat(now))?;
/// assert_eq!(system.sensors()[0].failures, 0);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SensorStatus {
    /// Its number: what an event of it carries as `value`.
    pub number: u64,
    /// Its name.
    pub name: String,
    /// Calls that have ended.
    pub calls: u64,
    /// Calls that ended with an error or a panic.
    pub failures: u64,
    /// Calls that were not back by their deadline.
    pub late: u64,
    /// Since when a call runs, if one does.
    pub running_since: Option<Nanos>,
}

/// A sensor, seen from its thread and from the monitor.
#[derive(Debug)]
struct Post {
    spec: Sensor,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    status: SensorStatus,
    is_gone: bool,
    failures_in_a_row: u32,
    /// When the call that runs, or the next one, will be late.
    late_at: Option<Nanos>,
}

#[derive(Debug, Default)]
pub(crate) struct Sensors(Arc<Mutex<List>>);

#[derive(Debug, Default)]
struct List {
    is_closed: bool,
    next: u64,
    posts: Vec<Placed>,
}

#[derive(Debug)]
struct Placed {
    post: Arc<Post>,
    /// Its thread ends when this does.
    stop: channel::Sender<Infallible>,
    worker: Worker,
}

impl Sensors {
    /// Starts one that pushes into `feed`.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`] for times that cannot be, [`ErrorKind::Full`], [`ErrorKind::Closed`], [`ErrorKind::Platform`].
    pub(crate) fn start(
        &self,
        circuit: &Arc<Circuit>,
        threading: &Threading,
        spec: Sensor,
        feed: Feed,
        ask: impl FnMut(&mut Feed, Nanos) -> Result<(), FeedError> + Send + 'static,
    ) -> Result<Sensing, Error> {
        for (what, time) in [("interval", spec.interval), ("deadline", spec.deadline)] {
            if time.is_zero() || time > LONGEST {
                let text = format!(
                    "sensor {:?}: {what}: found {time:?}, allowed are times above 0, up to 366 days",
                    spec.name
                );
                return Err(Error::new(ErrorKind::BadInput, text));
            }
        }
        let mut list = lock(&self.0);
        if list.is_closed {
            return Err(Error::new(ErrorKind::Closed, "the System has shut down"));
        }
        if list.posts.len() >= Sensor::MOST {
            let text = format!("sensor {:?}: {} are there, the most that a System has", spec.name, Sensor::MOST);
            return Err(Error::new(ErrorKind::Full, text));
        }
        list.next += 1;
        let status = SensorStatus { number: list.next, name: spec.name.clone(), ..SensorStatus::default() };
        // Late also if its thread does not come to its first call.
        let late_at = Some(circuit.now() + spec.deadline);
        let post = Arc::new(Post { spec, state: Mutex::new(State { status, late_at, ..State::default() }) });
        let (stop, stopped) = channel::bounded(0);
        let (for_thread, for_calls) = (post.clone(), circuit.clone());
        let body = move || for_thread.run(&for_calls, &stopped, feed, ask);
        let worker = Worker::spawn(format!("haltline-sensor-{}", list.next), threading, body)?;
        list.posts.push(Placed { post: post.clone(), stop, worker });
        drop(list);
        circuit.monitor_bell.ring();
        Ok(Sensing { list: self.0.clone(), post, stays: false })
    }

    pub(crate) fn statuses(&self) -> Vec<SensorStatus> {
        lock(&self.0).posts.iter().map(|placed| lock(&placed.post.state).status.clone()).collect()
    }

    /// Tells of those that are late by `now`, and says when the next one would be.
    pub(crate) fn watch(&self, circuit: &Circuit, now: Nanos) -> Nanos {
        let list = lock(&self.0);
        list.posts.iter().map(|placed| placed.post.watch(circuit, now)).min().unwrap_or(Nanos::NEVER)
    }

    /// No call begins any more. Gives back the threads that are still at it.
    pub(crate) fn close(&self) -> Vec<Worker> {
        let posts = {
            let mut list = lock(&self.0);
            list.is_closed = true;
            core::mem::take(&mut list.posts)
        };
        posts.iter().for_each(|placed| lock(&placed.post.state).is_gone = true);
        posts.into_iter().map(|placed| placed.worker).collect()
    }
}

impl Post {
    /// Until somebody stops it: asks, and sleeps until the next time.
    fn run(
        &self,
        circuit: &Circuit,
        stopped: &channel::Receiver<Infallible>,
        mut feed: Feed,
        mut ask: impl FnMut(&mut Feed, Nanos) -> Result<(), FeedError>,
    ) {
        let mut next = Instant::now();
        loop {
            let now = circuit.now();
            if !self.begin(now) {
                return;
            }
            let asked = catch_unwind(AssertUnwindSafe(|| ask(&mut feed, now)));
            next = (next + self.spec.interval).max(Instant::now());
            self.end(circuit, asked.map_err(|_| ()), next);
            if stopped.recv_deadline(next) == Err(channel::RecvTimeoutError::Disconnected) {
                return;
            }
        }
    }

    /// False if it is not to be asked any more.
    fn begin(&self, now: Nanos) -> bool {
        let mut state = lock(&self.state);
        if state.is_gone {
            return false;
        }
        state.status.running_since = Some(now);
        true
    }

    fn end(&self, circuit: &Circuit, asked: Result<Result<(), FeedError>, ()>, next: Instant) {
        let mut state = lock(&self.state);
        let reason = match asked {
            Ok(Ok(())) => None,
            Ok(Err(_)) => Some(Reason::BadInput),
            Err(()) => Some(Reason::Panicked),
        };
        state.status.calls += 1;
        state.status.running_since = None;
        let wait = next.saturating_duration_since(Instant::now());
        state.late_at = Some(circuit.now() + wait + self.spec.deadline);
        state.failures_in_a_row = if reason.is_some() { state.failures_in_a_row.saturating_add(1) } else { 0 };
        state.status.failures += u64::from(reason.is_some());
        // The first of a run is told.
        let (told, number) = (reason.filter(|_| state.failures_in_a_row == 1), state.status.number);
        drop(state);
        circuit.monitor_bell.ring();
        if let Some(reason) = told {
            tell(circuit, EventType::SensorFailed, reason, number);
        }
    }

    /// When it will be late; told once a call.
    fn watch(&self, circuit: &Circuit, now: Nanos) -> Nanos {
        let mut state = lock(&self.state);
        let Some(late_at) = state.late_at else { return Nanos::NEVER };
        if now < late_at {
            return late_at;
        }
        // A thread that has not even come to its call is as late as one that hangs in it.
        state.late_at = Some(Nanos::NEVER);
        state.status.late += 1;
        let number = state.status.number;
        drop(state);
        tell(circuit, EventType::SensorLate, Reason::Overrun, number);
        Nanos::NEVER
    }
}

fn tell(circuit: &Circuit, event_type: EventType, reason: Reason, number: u64) {
    let note = circuit.note(None, event_type, reason, Signed::AUTO);
    circuit.publish(Event { value: number as f64, ..note });
}

/// Holds a sensor: dropped, it ends it, waits for a call that runs for at most a second, and frees its feed.
///
/// ```
/// # use haltline::{Plan, ScopePath, Sensor, System};
/// # use std::time::Duration;
/// let system = System::start(Plan::default())?;
/// // As long as the System lives:
/// system.sense(Sensor::new("beat", ScopePath::root()), |feed, now| feed.heartbeat(now))?.stay();
/// assert!(system.shutdown(Duration::from_secs(10))?.joined.contains(&"haltline-sensor-1".to_owned()));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "dropped at once it ends at once; stay() keeps it as long as the System"]
pub struct Sensing {
    list: Arc<Mutex<List>>,
    post: Arc<Post>,
    stays: bool,
}

impl Sensing {
    /// Lets it last as long as the System.
    pub fn stay(mut self) {
        self.stays = true;
    }
}

impl Drop for Sensing {
    fn drop(&mut self) {
        if self.stays {
            return;
        }
        lock(&self.post.state).is_gone = true;
        let placed = {
            let mut list = lock(&self.list);
            let place = list.posts.iter().position(|placed| Arc::ptr_eq(&placed.post, &self.post));
            place.map(|place| list.posts.remove(place))
        };
        if let Some(Placed { stop, worker, .. }) = placed {
            drop(stop);
            let patience = if is_on_own_thread() { Duration::ZERO } else { PATIENCE };
            let _ = worker.join_by(Instant::now().checked_add(patience));
        }
    }
}
