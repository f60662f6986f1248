//! All subscribers of a System: a bounded list, to which the dispatcher offers every event.
//!
//! The list is locked for as long as a batch is put into the queues, which wait for nobody; never while a callback runs.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;

use crate::circuit::Circuit;
use crate::memory::sync::lock;
use crate::model::error::{Error, ErrorKind};
use crate::model::event::Event;
use crate::runtime::subscriber::{Ear, Receiver, Seat, Subscriber, SubscriberStatus};
use crate::runtime::worker::{Threading, Worker, is_on_own_thread};

/// How long a dropped [`Subscription`] waits for a call that runs.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Subscribers {
    most: usize,
    list: Arc<Mutex<List>>,
}

#[derive(Debug, Default)]
struct List {
    is_closed: bool,
    next: u64,
    chairs: Vec<Chair>,
    /// Events given and not given to those who are gone.
    past: (u64, u64),
}

/// One who is offered events.
#[derive(Debug)]
struct Chair {
    seat: Arc<Seat>,
    /// As it was at the last look: a sort wants numbers that stand still.
    pace: u64,
    /// `None` for one that asks by itself.
    worker: Option<Worker>,
}

impl Subscribers {
    pub(crate) fn new(most: u32) -> Self {
        Self { most: most as usize, list: Arc::default() }
    }

    /// Offers a batch to all: to those first who came back soonest last time. Waits for nobody but a copy.
    pub(crate) fn offer(&self, circuit: &Circuit, batch: &[Event]) {
        let mut list = lock(&self.list);
        if list.chairs.is_empty() {
            return;
        }
        let snapshot = circuit.snapshot();
        list.chairs.iter_mut().for_each(|chair| chair.pace = chair.seat.pace());
        list.chairs.sort_by_key(|chair| chair.pace);
        for Chair { seat, .. } in &list.chairs {
            let wanted = batch.iter().filter(|event| seat.wants(event, &snapshot));
            if seat.is_suspended() {
                seat.queue.refuse(wanted.count() as u64);
            } else {
                seat.queue.offer(wanted);
            }
        }
    }

    /// A place for one that asks by itself.
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe).
    pub(crate) fn receive(&self, circuit: &Arc<Circuit>, spec: Subscriber) -> Result<Receiver, Error> {
        let (ear, subscription) = self.place(circuit, spec)?;
        Ok(Receiver::new(ear, subscription))
    }

    /// A place for one that is called on a thread of its own.
    ///
    /// # Errors
    /// [`ErrorKind::Full`] beyond the capacity, [`ErrorKind::BadInput`] for numbers that cannot be,
    /// [`ErrorKind::Closed`] after the end, [`ErrorKind::Platform`] without a thread.
    pub(crate) fn subscribe(
        &self,
        circuit: &Arc<Circuit>,
        threading: &Threading,
        spec: Subscriber,
        callback: impl FnMut(&[Event]) + Send + 'static,
    ) -> Result<Subscription, Error> {
        // Without a thread the subscription is dropped, and its place is free again.
        let (ear, subscription) = self.place(circuit, spec)?;
        self.begin(threading, ear, &subscription, callback)?;
        Ok(subscription)
    }

    /// Gives one that has a place its thread.
    fn begin(
        &self,
        threading: &Threading,
        mut ear: Ear,
        subscription: &Subscription,
        callback: impl FnMut(&[Event]) + Send + 'static,
    ) -> Result<(), Error> {
        let batch = ear.arrive();
        // Begun under the lock, so that a shutdown in between either waits for the thread or finds none. What it is to do is
        // given to it after that: nothing of the host's is dropped under the lock.
        let (give, given) = bounded(1);
        let body = move || {
            if let Ok((ear, batch, callback)) = given.recv() {
                Ear::listen(ear, batch, callback);
            }
        };
        {
            let mut list = lock(&self.list);
            let is_ours = |chair: &&mut Chair| Arc::ptr_eq(&chair.seat, &subscription.seat);
            let Some(chair) = list.chairs.iter_mut().find(is_ours) else {
                return Err(Error::new(ErrorKind::Closed, "the System has shut down"));
            };
            let name = format!("haltline-sub-{}", subscription.number());
            chair.worker = Some(Worker::spawn(name, threading, body)?);
        }
        // There is room for it, and somebody who takes it.
        let _ = give.send((ear, batch, callback));
        Ok(())
    }

    /// A place in the list: from now on events are put into its queue.
    fn place(&self, circuit: &Arc<Circuit>, spec: Subscriber) -> Result<(Ear, Subscription), Error> {
        let wrong = |what: &str, found: usize, allowed: String| {
            let text = format!("subscriber {:?}: {what}: found {found}, allowed are {allowed}", spec.name);
            Err(Error::new(ErrorKind::BadInput, text))
        };
        if !(1..=Subscriber::MAX_CAPACITY).contains(&spec.capacity) {
            return wrong("capacity", spec.capacity, format!("1 to {}", Subscriber::MAX_CAPACITY));
        }
        if spec.batch == 0 {
            return wrong("batch", 0, "1 or more".into());
        }
        let mut list = lock(&self.list);
        if list.is_closed {
            return Err(Error::new(ErrorKind::Closed, "the System has shut down"));
        }
        if list.chairs.len() >= self.most {
            let text =
                format!("subscriber {:?}: {} are there, the most that max_subscribers allows", spec.name, self.most);
            return Err(Error::new(ErrorKind::Full, text));
        }
        list.next += 1;
        let seat = Arc::new(Seat::new(list.next, spec, circuit.numbers.next()));
        let ear = Ear::new(circuit.clone(), seat.clone());
        list.chairs.push(Chair { seat: seat.clone(), pace: 0, worker: None });
        Ok((ear, Subscription { list: self.list.clone(), seat, stays: false }))
    }

    pub(crate) fn statuses(&self) -> Vec<SubscriberStatus> {
        let mut statuses: Vec<_> = lock(&self.list).chairs.iter().map(|chair| chair.seat.status()).collect();
        statuses.sort_by_key(|status| status.number);
        statuses
    }

    /// The last event has been offered: the queues end when they are empty, and nobody comes any more. Gives back the
    /// threads that are still at it.
    pub(crate) fn close(&self) -> Vec<Leaving> {
        let mut chairs = {
            let mut list = lock(&self.list);
            list.is_closed = true;
            core::mem::take(&mut list.chairs)
        };
        chairs.sort_by_key(|chair| chair.seat.number);
        chairs.iter().for_each(|chair| chair.seat.queue.end());
        chairs.into_iter().map(|Chair { seat, worker, .. }| Leaving { seat, worker }).collect()
    }

    /// Events given and not given to those who had gone before the end.
    pub(crate) fn past(&self) -> (u64, u64) {
        lock(&self.list).past
    }
}

/// A subscriber whose queue has ended.
#[derive(Debug)]
pub(crate) struct Leaving {
    pub(crate) seat: Arc<Seat>,
    pub(crate) worker: Option<Worker>,
}

/// What became of an [`unsubscribe`](Subscription::unsubscribe).
///
/// ```
/// use haltline::{Plan, Subscriber, System, Unsubscribed};
/// use std::time::Duration;
/// let system = System::start(Plan::default())?;
/// let subscription = system.subscribe(Subscriber::new("ears"), |_| {})?;
/// assert_eq!(subscription.unsubscribe(Duration::from_secs(10)), Unsubscribed::Done);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a callback may still run"]
pub enum Unsubscribed {
    /// No call runs, and none will.
    Done,
    /// A call that had begun may still run; none will begin.
    Pending,
}

/// Holds a subscription: dropped, it ends it, and waits for a call that runs for at most a second.
///
/// ```
/// use haltline::{Plan, Subscriber, System};
/// let system = System::start(Plan::default())?;
/// // As long as the System lives:
/// system.subscribe(Subscriber::new("log"), |events| println!("{} events", events.len()))?.stay();
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "dropped at once it ends at once; stay() keeps it as long as the System"]
pub struct Subscription {
    list: Arc<Mutex<List>>,
    seat: Arc<Seat>,
    stays: bool,
}

impl Subscription {
    /// Its number, as in [`SubscriberStatus::number`].
    pub fn number(&self) -> u64 {
        self.seat.number
    }

    /// Ends it. When this returns [`Done`](Unsubscribed::Done), the callback is not running and never will again. It waits for
    /// a call that runs until `patience` is over; on a thread of a System, its own or another's, it does not wait at all, since
    /// that could be for itself; nor beside or after a shutdown, which waits for all. Events that wait for it are not delivered.
    pub fn unsubscribe(mut self, patience: Duration) -> Unsubscribed {
        self.stays = true;
        self.end(patience)
    }

    /// Lets it last as long as the System.
    pub fn stay(mut self) {
        self.stays = true;
    }

    fn end(&self, patience: Duration) -> Unsubscribed {
        self.seat.leave();
        let chair = {
            let mut list = lock(&self.list);
            let place = list.chairs.iter().position(|chair| Arc::ptr_eq(&chair.seat, &self.seat));
            place.map(|place| list.chairs.remove(place))
        };
        // Without one the System has shut down.
        let Some(Chair { worker, .. }) = chair else {
            return if self.seat.is_running() { Unsubscribed::Pending } else { Unsubscribed::Done };
        };
        // Wakes its thread, which finds that it is not to be called.
        self.seat.queue.end();
        let patience = if is_on_own_thread() { Duration::ZERO } else { patience };
        let is_done = worker.is_none_or(|worker| worker.join_by(Instant::now().checked_add(patience)));
        // After the last call, if that is over.
        let ((given, lost), left) = (self.seat.counts(), self.seat.queue.len() as u64);
        let mut list = lock(&self.list);
        list.past = (list.past.0 + given, list.past.1 + lost + left);
        if is_done { Unsubscribed::Done } else { Unsubscribed::Pending }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if !self.stays {
            let _ = self.end(PATIENCE);
        }
    }
}

#[cfg(all(test, not(loom)))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::circuit::Clock;
    use crate::memory::board::Board;
    use crate::model::caps::{Caps, Skew};
    use crate::model::time::{Epoch, Nanos};
    use crate::snapshot::Snapshot;

    #[test]
    fn one_who_comes_while_all_ends_is_refused_and_not_called() {
        let caps = Caps { scopes: 1, breakers: 1, listeners: 1, ring: 2, ..Caps::default() };
        let board = Board::new(&caps, Epoch(Nanos(0))).unwrap();
        let snapshot = Snapshot { system: board.arm().armed(), ..Snapshot::default() };
        let circuit = Arc::new(Circuit::new(board, snapshot, &caps, Skew::default(), Clock::Manual));
        let all = Subscribers::new(1);
        let (ear, subscription) = all.place(&circuit, Subscriber::new("late")).unwrap();
        let stands = Ear::new(circuit.clone(), subscription.seat.clone()).arrive();
        assert!(!stands.is_empty(), "nothing is armed yet: that is something to be called for");
        let _leaving = all.close();
        let (begun, begins) = channel();
        let on_thread = Arc::new(move |_: &str| begun.send(()).unwrap_or_default());
        let threading = Threading { on_thread: Some(on_thread), ..Threading::default() };
        let (called, calls) = channel();
        let callback = move |_: &[Event]| called.send(()).unwrap_or_default();
        let refused = all.begin(&threading, ear, &subscription, callback).unwrap_err();
        drop(threading);
        assert!(begins.recv().is_err(), "no thread of it has begun, nor will");
        assert_eq!(refused.kind(), ErrorKind::Closed);
        assert!(calls.recv().is_err(), "the sender has gone with the callback");
    }
}
