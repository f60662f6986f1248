//! One subscriber: a bounded queue, and a thread of its own that calls it, or a [`Receiver`] that its owner asks.
//!
//! The dispatcher puts events into the queue and never waits: what does not fit is counted, and the subscriber is told of
//! the loss and brought level with the Board by its own side, as after every loss. A callback that is slow, stuck or
//! panicking costs nobody but itself.
//!
//! That no callback starts after `unsubscribe` is held by a lock that is taken at the begin of each call
//! and never during one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::circuit::Circuit;
use crate::memory::orderings::at;
use crate::memory::sync::{AtomicU64, lock};
use crate::model::event::{Event, EventType};
use crate::model::reason::Reason;
use crate::model::status::Signed;
use crate::model::time::nanos_of;
use crate::runtime::filter::Filter;
use crate::runtime::queue::{Nothing, Queue};
use crate::runtime::reader::Reader;
use crate::snapshot::Snapshot;

/// Which event goes when a queue is full.
///
/// ```
/// use haltline::{Overflow, Subscriber};
/// // A pager that wakes late wants what is new; a journal wants no hole in the middle.
/// let pager = Subscriber { overflow: Overflow::DropOldest, ..Subscriber::new("pager") };
/// let journal = Subscriber { overflow: Overflow::DropNewest, capacity: 65_536, ..Subscriber::new("journal") };
/// # let _ = (pager, journal);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The one that has waited longest.
    #[default]
    DropOldest,
    /// The one that comes.
    DropNewest,
}

/// Who hears of events, and what it may cost.
///
/// ```
/// use haltline::{Filter, Plan, Subscriber, System};
/// let system = System::start(Plan::default())?;
/// let pager = Subscriber { filter: Filter { urgent: true, ..Filter::default() }, ..Subscriber::new("pager") };
/// let subscription = system.subscribe(pager, |events| println!("{} to look at", events.len()))?;
/// drop(subscription); // no call runs any more, and none will
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Subscriber {
    /// What it is called in [`SubscriberStatus`] and in reports.
    pub name: String,
    /// What it wants to hear of.
    pub filter: Filter,
    /// How many events wait for it at most, 1 to 1 048 576.
    pub capacity: usize,
    /// Which one goes when they are more.
    pub overflow: Overflow,
    /// How many events one call is given at most, 1 or more. What brings it level after a loss comes in one batch, too.
    pub batch: usize,
    /// How long one call may take.
    pub budget: Duration,
    /// So many calls in a row over the budget suspend it; 0 for never.
    pub max_overruns: u32,
    /// So many panics in a row suspend it; 0 for never.
    pub max_panics: u32,
}

impl Subscriber {
    /// The most that may wait for one.
    pub const MAX_CAPACITY: usize = 1 << 20;

    /// Hears everything: 1 024 events may wait, the oldest goes; 100 ms a call; suspended after 10 overruns or 3 panics in a
    /// row.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            filter: Filter::default(),
            capacity: 1_024,
            overflow: Overflow::default(),
            batch: 256,
            budget: Duration::from_millis(100),
            max_overruns: 10,
            max_panics: 3,
        }
    }
}

/// How a subscriber does.
///
/// ```
/// use haltline::{Plan, Subscriber, System};
/// let system = System::start(Plan::default())?;
/// let _ears = system.receive(Subscriber::new("ears"))?;
/// let ears = &system.subscribers()[0];
/// assert_eq!((ears.name.as_str(), ears.dropped, ears.suspended), ("ears", 0, None));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SubscriberStatus {
    /// Its number: what an event of its suspension carries as `value`.
    pub number: u64,
    /// Its name.
    pub name: String,
    /// How many events it was given.
    pub delivered: u64,
    /// How many did not fit into its queue, or came while it was suspended.
    pub dropped: u64,
    /// How many wait.
    pub queued: usize,
    /// Calls that took longer than their budget.
    pub overruns: u64,
    /// Calls that panicked.
    pub panics: u64,
    /// Why it is not called any more, [`Reason::Overrun`] or [`Reason::Panicked`]. Only another subscription ends that.
    pub suspended: Option<Reason>,
}

/// What happens to a subscriber, seen from all sides.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) number: u64,
    pub(crate) spec: Subscriber,
    /// Events of lower numbers were before it came.
    from: u64,
    pub(crate) queue: Queue,
    delivered: AtomicU64,
    overruns: AtomicU64,
    panics: AtomicU64,
    /// How long the last call took, in nanoseconds.
    pace: AtomicU64,
    call: Mutex<Call>,
}

/// Whether it may be called. Locked for an instant before each call.
#[derive(Debug, Default)]
struct Call {
    is_gone: bool,
    is_running: bool,
    suspended: Option<Reason>,
    overruns_in_a_row: u32,
    panics_in_a_row: u32,
}

impl Seat {
    pub(crate) fn new(number: u64, spec: Subscriber, from: u64) -> Self {
        let queue = Queue::new(spec.capacity, spec.overflow);
        let zero = || AtomicU64::new(0);
        let (delivered, overruns, panics, pace) = (zero(), zero(), zero(), zero());
        Self { number, spec, from, queue, delivered, overruns, panics, pace, call: Mutex::default() }
    }

    /// Whether an event is for it: a word that it tells of was there before it came, and it was told of that.
    pub(crate) fn wants(&self, event: &Event, snapshot: &Snapshot) -> bool {
        event.sequence >= self.from && self.spec.filter.wants(event, snapshot)
    }

    /// From now on no call starts.
    pub(crate) fn leave(&self) {
        lock(&self.call).is_gone = true;
    }

    pub(crate) fn is_suspended(&self) -> bool {
        lock(&self.call).suspended.is_some()
    }

    pub(crate) fn is_running(&self) -> bool {
        lock(&self.call).is_running
    }

    /// Who comes back soonest is told first: a wake-up costs microseconds, and who sleeps long does not miss them.
    pub(crate) fn pace(&self) -> u64 {
        self.pace.load(at::plain())
    }

    /// Events that it was given and events that it was not.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.delivered.load(at::plain()), self.queue.lost())
    }

    pub(crate) fn status(&self) -> SubscriberStatus {
        let (delivered, dropped) = self.counts();
        SubscriberStatus {
            number: self.number,
            name: self.spec.name.clone(),
            delivered,
            dropped,
            queued: self.queue.len(),
            overruns: self.overruns.load(at::plain()),
            panics: self.panics.load(at::plain()),
            suspended: lock(&self.call).suspended,
        }
    }

    /// Calls it with a batch, of which `waited` lay in the queue. False if it is not to be called any more.
    fn call(&self, circuit: &Circuit, batch: &[Event], waited: usize, callback: &mut dyn FnMut(&[Event])) -> bool {
        if !self.enter() {
            self.queue.refuse(waited as u64);
            return false;
        }
        let begin = Instant::now();
        let panicked = catch_unwind(AssertUnwindSafe(|| callback(batch))).is_err();
        let took = begin.elapsed();
        self.pace.store(nanos_of(took), at::plain());
        self.delivered.fetch_add(batch.len() as u64, at::plain());
        let why = self.judge(panicked, took > self.spec.budget);
        if let Some(reason) = why {
            let note = circuit.note(None, EventType::SubscriberSuspended, reason, Signed::AUTO);
            circuit.publish(Event { value: self.number as f64, ..note });
        }
        why.is_none()
    }

    /// False if it is not to be called any more; else a call runs from now on.
    fn enter(&self) -> bool {
        let mut call = lock(&self.call);
        call.is_running = !call.is_gone && call.suspended.is_none();
        call.is_running
    }

    /// Counts how a call went, and says why it is the last one, if it is.
    fn judge(&self, panicked: bool, overran: bool) -> Option<Reason> {
        let mut call = lock(&self.call);
        call.is_running = false;
        let in_a_row = |count: u32, again: bool| if again { count.saturating_add(1) } else { 0 };
        call.panics_in_a_row = in_a_row(call.panics_in_a_row, panicked);
        call.overruns_in_a_row = in_a_row(call.overruns_in_a_row, overran);
        self.panics.fetch_add(panicked.into(), at::plain());
        self.overruns.fetch_add(overran.into(), at::plain());
        let is_over = |count: u32, most: u32| most > 0 && count >= most;
        if is_over(call.panics_in_a_row, self.spec.max_panics) {
            call.suspended = Some(Reason::Panicked);
        } else if is_over(call.overruns_in_a_row, self.spec.max_overruns) {
            call.suspended = Some(Reason::Overrun);
        }
        call.suspended
    }
}

/// The listening end of a queue: what is in it, and what was lost on the way.
#[derive(Debug)]
pub(crate) struct Ear {
    circuit: Arc<Circuit>,
    seat: Arc<Seat>,
    reader: Reader,
    /// As they came out of the queue.
    raw: Vec<Event>,
}

impl Ear {
    pub(crate) fn new(circuit: Arc<Circuit>, seat: Arc<Seat>) -> Self {
        Self { circuit, seat, reader: Reader::default(), raw: Vec::new() }
    }

    /// What stands when it comes. After its queue has its place: what happens in between is in both, and told once.
    pub(crate) fn arrive(&mut self) -> Vec<Event> {
        let mut batch = Vec::new();
        self.reader.arrive(&self.circuit, &self.seat.spec.filter, &mut batch);
        batch
    }

    /// Puts what waits behind `batch`; waits for news until the deadline, without one for ever.
    ///
    /// # Errors
    /// [`Nothing`] if there are none by then, or will be none.
    fn hear(&mut self, deadline: Option<Instant>, batch: &mut Vec<Event>) -> Result<(), Nothing> {
        let Self { circuit, seat, reader, raw } = self;
        raw.clear();
        let lost = seat.queue.take(seat.spec.batch, deadline, raw)?;
        raw.iter().for_each(|event| reader.take(circuit, &seat.spec.filter, event, batch));
        if lost > 0 {
            reader.tell_gap(circuit, &seat.spec.filter, lost, batch);
        }
        Ok(())
    }

    /// The thread of a subscriber: until nobody offers any more, or it is not to be called any more.
    pub(crate) fn listen(mut self, mut batch: Vec<Event>, mut callback: impl FnMut(&[Event])) {
        let usual = self.seat.spec.batch;
        loop {
            if !batch.is_empty() && !self.seat.call(&self.circuit, &batch, self.raw.len(), &mut callback) {
                return;
            }
            batch.clear();
            // A walk may have been long.
            batch.shrink_to(usual);
            if self.hear(None, &mut batch).is_err() {
                return;
            }
        }
    }
}

/// Events for who asks for them: without a thread, bounded as every queue. Made by [`System::receive`](crate::System::receive).
///
/// Dropping it unsubscribes.
///
/// ```
/// use haltline::{EventType, Plan, Subscriber, System};
/// use std::time::Duration;
/// let system = System::start(Plan::default())?;
/// let mut ears = system.receive(Subscriber::new("ears"))?;
/// system.kill();
/// let told = ears.receive(Duration::from_secs(10))?;
/// assert_eq!(told[0].event_type(), EventType::Killed);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Debug)]
pub struct Receiver {
    ear: Ear,
    batch: Vec<Event>,
    /// Whether the batch has been given away.
    is_given: bool,
    /// Takes its place away when it goes.
    _subscription: super::subscribers::Subscription,
}

impl Receiver {
    pub(crate) fn new(mut ear: Ear, subscription: super::subscribers::Subscription) -> Self {
        let batch = ear.arrive();
        Self { ear, is_given: batch.is_empty(), batch, _subscription: subscription }
    }

    /// What ends it from another thread, where its owner may be waiting.
    ///
    /// ```
    /// use haltline::{ErrorKind, Plan, Subscriber, System};
    /// use std::time::Duration;
    /// let system = System::start(Plan::default())?;
    /// let mut ears = system.receive(Subscriber::new("ears"))?;
    /// let closer = ears.closer();
    /// let owner = std::thread::spawn(move || {
    ///     loop {
    ///         if let Err(error) = ears.receive(Duration::MAX) {
    ///             break error;
    ///         }
    ///     }
    /// });
    /// closer.close();
    /// assert_eq!(owner.join().unwrap().kind(), ErrorKind::Closed);
    /// # Ok::<(), haltline::Error>(())
    /// ```
    pub fn closer(&self) -> Closer {
        Closer(self.ear.seat.clone())
    }

    /// What has happened since the last call, at most a batch, in order; waits for something until `patience` is over, and is
    /// empty then. The first call tells what stands already.
    ///
    /// Blocks for at most `patience`; with zero not at all.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) when it was closed, or the System has shut down, and everything was told.
    pub fn receive(&mut self, patience: Duration) -> Result<&[Event], crate::Error> {
        if core::mem::replace(&mut self.is_given, true) {
            self.batch.clear();
            self.batch.shrink_to(self.ear.seat.spec.batch);
            let deadline = Instant::now().checked_add(patience);
            // What a walk has told of already is nothing: then it waits on.
            while self.batch.is_empty() {
                match self.ear.hear(deadline, &mut self.batch) {
                    Ok(()) => {}
                    Err(Nothing::InTime) => break,
                    Err(Nothing::Ended) => {
                        let text = "receive: it was closed, or the System has shut down";
                        return Err(crate::Error::new(crate::ErrorKind::Closed, text));
                    }
                }
            }
        }
        self.ear.seat.delivered.fetch_add(self.batch.len() as u64, at::plain());
        Ok(&self.batch)
    }
}

/// Ends a [`Receiver`] from any thread, see [`Receiver::closer`].
///
/// ```
/// use haltline::{ErrorKind, Plan, Subscriber, System};
/// use std::time::Duration;
/// let system = System::start(Plan::default())?;
/// let mut ears = system.receive(Subscriber::new("ears"))?;
/// ears.closer().close();
/// let ended = loop {
///     if let Err(error) = ears.receive(Duration::from_secs(10)) {
///         break error;
///     }
/// };
/// assert_eq!(ended.kind(), ErrorKind::Closed);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Closer(Arc<Seat>);

impl Closer {
    /// Nothing comes any more; its owner is given what waits, and then [`ErrorKind::Closed`](crate::ErrorKind::Closed).
    pub fn close(&self) {
        self.0.queue.end();
    }
}
