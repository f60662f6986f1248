//! The facade that owns a System: its Board, its registry, its threads if it has any.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::circuit::{Circuit, Clock};
use crate::feed::Feed;
use crate::gate::Gate;
use crate::memory::arm;
use crate::memory::board::Board;
use crate::memory::sync::{lock, try_lock};
use crate::memory::wall::Wall;
use crate::model::error::{Error, ErrorKind, FeedError};
use crate::model::event::{BreakerId, Event};
use crate::model::metrics::{MarketConditions, Metrics};
use crate::model::observation::CheckId;
use crate::model::scope::{GATE_SCOPES, ScopeId, ScopePath};
use crate::model::time::{Epoch, Nanos};
use crate::notes::Notes;
use crate::plan::Plan;
use crate::plan_check;
use crate::registry::{Registry, Reloaded, prices};
use crate::runtime::dispatch::{Dispatcher, Outlets};
use crate::runtime::history::{History, Past};
use crate::runtime::latency::Latencies;
use crate::runtime::monitor::Monitor;
use crate::runtime::sensor::{Sensing, Sensor, SensorStatus, Sensors};
use crate::runtime::statistics::Statistics;
use crate::runtime::subscriber::{Receiver, Subscriber, SubscriberStatus};
use crate::runtime::subscribers::{Subscribers, Subscription};
use crate::runtime::threads::{self, ShutdownReport, Threads};
use crate::runtime::worker::{Threading, is_on_own_thread};
use crate::snapshot::{Entry, Snapshot};
use crate::status::counts::Counts;
use crate::status::details::{Describer, EventDetails};
use crate::status::keeper::Keeper;
use crate::status::{BreakerStatus, SystemStatus};

mod configuration;
mod operator;

/// How long a dropped System waits for its threads.
const PATIENCE: Duration = Duration::from_secs(5);

/// A trading circuit breaker: breakers, gates that ask them, feeds that drive them.
///
/// [`System::manual`] owns no thread: the caller tells time with [`advance`](Self::advance) and takes events with
/// [`drain`](Self::drain). [`System::start`] has two, one that ends what ends by time and one that hands on events, and one more
/// for each [subscriber](Self::subscribe). All sleep while there is nothing to do.
///
/// Dropping it shuts it down: gates that outlive it deny, feeds refuse.
///
/// ```
/// use haltline::{Authority, By, Intent, Nanos, Plan, ScopePath, System};
/// let plan = Plan { scopes: vec![ScopePath::new("XNAS/AAPL")?], ..Plan::default() };
/// let system = System::manual(plan, Nanos::from_secs(1_700_000_000))?;
/// let gate = system.gate(&["XNAS/AAPL"])?;
/// assert!(gate.permits(Intent::Increase));
/// drop(system);
/// assert!(!gate.permits(Intent::Increase));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Debug)]
pub struct System {
    inner: Arc<Inner>,
    life: Mutex<Life>,
    has_threads: bool,
}

/// What is left to end.
#[derive(Debug)]
enum Life {
    Runs(Option<Threads>),
    Ended(ShutdownReport),
}

/// What the threads of a System share with it.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) circuit: Arc<Circuit>,
    pub(crate) monitor: Mutex<Monitor>,
    pub(crate) dispatcher: Mutex<Dispatcher>,
    pub(crate) outlets: Outlets,
    pub(crate) sensors: Sensors,
    pub(crate) threading: Threading,
    /// The feed of what is polled; nobody else can claim it.
    polled: Mutex<Feed>,
    registry: Mutex<Registry>,
    keeper: Mutex<Keeper>,
    notes: Arc<Notes>,
}

impl System {
    /// A System without threads, whose time begins at `now` and moves by [`advance`](Self::advance) alone: the same
    /// calls give the same answers, for ever.
    ///
    /// # Errors
    /// [`ErrorKind::BadPlan`] and [`ErrorKind::Full`] for a plan that cannot be, [`ErrorKind::Platform`] if the machine
    /// refuses memory.
    pub fn manual(plan: Plan, now: Nanos) -> Result<Self, Error> {
        let inner = Arc::new(Inner::new(plan, now, Clock::Manual, Threading::default())?);
        Ok(Self { inner, life: Mutex::new(Life::Runs(None)), has_threads: false })
    }

    /// A System on the machine's clock, with two threads: one that ends what ends by time, one that hands on events to
    /// [subscribers](Self::subscribe).
    ///
    /// # Errors
    /// As [`manual`](Self::manual); [`ErrorKind::Platform`] also without a thread.
    pub fn start(plan: Plan) -> Result<Self, Error> {
        Self::start_with(plan, Threading::default())
    }

    /// The same, with a word of the host on its threads.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(plan: Plan, threading: Threading) -> Result<Self, Error> {
        let inner = Arc::new(Inner::new(plan, Wall::read(), Clock::Wall, threading)?);
        let threads = Threads::start(&inner)?;
        Ok(Self { inner, life: Mutex::new(Life::Runs(Some(threads))), has_threads: true })
    }

    /// Replaces the plan. A breaker whose name, kind and scope stay keeps its state, a tripped one stays tripped; if
    /// its policy is equal its word is not even touched. One that is not in the new plan is retired. Scopes and
    /// capacities stay. Blocks other control calls, never a check or a feed. The report names the breakers that denied
    /// before and deny no longer.
    ///
    /// # Errors
    /// As [`manual`](Self::manual); then nothing has changed.
    pub fn reload(&self, plan: &Plan) -> Result<Reloaded, Error> {
        let inner = &self.inner;
        let done = {
            let mut registry = lock(&inner.registry);
            // Under the lock: a shutdown nudges the feeds under it, and they must not take a later panel for news.
            self.open()?;
            registry.load(&inner.circuit, plan.clone())?
        };
        let snapshot = inner.circuit.snapshot();
        inner.notes.retain(|id| snapshot.entry(id).is_some());
        Ok(done)
    }

    /// Declares further scopes, instruments that are listed during the day, say; each has what the
    /// [`templates`](Plan::templates) of the plan give it, from the first instant. The rest of the plan stays as it is, and so
    /// do all breakers. O(breakers); blocks other control calls, never a check or a feed. A later [`reload`](Self::reload) says
    /// anew which scopes there are: these stay declared, for scopes always do.
    ///
    /// # Errors
    /// [`ErrorKind::Full`] beyond a capacity, [`ErrorKind::BadPlan`] if an instance cannot have its name; then nothing has
    /// changed.
    pub fn declare(&self, scopes: &[ScopePath]) -> Result<Reloaded, Error> {
        let mut registry = lock(&self.inner.registry);
        self.open()?;
        registry.declare(&self.inner.circuit, scopes)
    }

    /// A gate on these scopes and all their ancestors. The prices it admits are those of the first of them that has a price band now;
    /// if none has, of the first, should it be given one.
    ///
    /// # Errors
    /// [`ErrorKind::BadScope`] and [`ErrorKind::Unknown`] for a scope that is none or not declared,
    /// [`ErrorKind::Full`] if they are more than seven with their ancestors.
    pub fn gate(&self, scopes: &[&str]) -> Result<Gate, Error> {
        self.open()?;
        let snapshot = self.inner.circuit.snapshot();
        let mut all: Vec<(ScopePath, ScopeId)> = Vec::new();
        for name in scopes {
            known_scope(&snapshot, name)?;
            all.extend(
                ScopePath::new(name)?.with_ancestors().filter_map(|p| Some((p.clone(), *snapshot.by_path.get(&p)?))),
            );
        }
        // The root is in every gate: a halt of everything is a halt of this, too.
        all.push((ScopePath::root(), ScopeId::ROOT));
        // From the leaves to the root, so that a halt raised on an ancestor before it is lowered below is seen.
        all.sort_by(|(a, _), (b, _)| depth(b).cmp(&depth(a)).then(a.cmp(b)));
        all.dedup();
        if all.len() > GATE_SCOPES {
            let text = format!(
                "gate on {scopes:?}: {} scopes with their ancestors, at most {GATE_SCOPES} are allowed",
                all.len()
            );
            return Err(Error::new(ErrorKind::Full, text));
        }
        let named: Vec<_> = scopes.iter().map(|name| known_scope(&snapshot, name)).collect::<Result<_, _>>()?;
        let priced = named.iter().copied().find(|scope| snapshot.has_band(*scope));
        let priced = priced.or(named.first().copied()).unwrap_or(ScopeId::ROOT);
        let ids: Vec<_> = all.into_iter().map(|(_, id)| id).collect();
        Ok(Gate::new(self.inner.circuit.clone(), self.inner.notes.clone(), &ids, priced))
    }

    /// Claims the feed of a scope.
    ///
    /// # Errors
    /// [`ErrorKind::Claimed`] if somebody holds it, [`ErrorKind::BadScope`] and [`ErrorKind::Unknown`] as for a gate.
    pub fn feed(&self, scope: &str) -> Result<Feed, Error> {
        self.open()?;
        let circuit = &self.inner.circuit;
        let id = known_scope(&circuit.snapshot(), scope)?;
        let cell = lock(&self.inner.registry).feed(id);
        Feed::claim(circuit.clone(), cell).ok_or_else(|| {
            let text = format!("the feed of {scope:?} is claimed; one thread at a time may hold it");
            Error::new(ErrorKind::Claimed, text)
        })
    }

    /// Tells a manual System the time, and lets everything happen that time alone makes happen until then, in order,
    /// each at its own time. A time before the present one changes nothing; one after [`Epoch::last`] is taken for that.
    pub fn advance(&self, now: Nanos) {
        let circuit = &self.inner.circuit;
        let mut monitor = lock(&self.inner.monitor);
        loop {
            let due = monitor.next_due(circuit);
            if due == Nanos::NEVER || due > now {
                break;
            }
            // From event to event: what happens at its time sees that time, not the end of a leap.
            circuit.board.advance(due);
            monitor.run_one(circuit, due);
        }
        circuit.board.advance(now);
    }

    /// Hands all events that have happened to `f`, in order; returns how many. For a manual System: one with threads hands
    /// them to its subscribers, and this does nothing. While another drain runs, on this thread (inside `f`) or another, it
    /// does nothing either, and returns 0. What [`receive`](Self::receive) gives has been drained.
    pub fn drain(&self, f: impl FnMut(&Event)) -> usize {
        if self.has_threads {
            return 0;
        }
        let inner = &self.inner;
        let Some(mut dispatcher) = try_lock(&inner.dispatcher) else { return 0 };
        let told = dispatcher.drain(&inner.circuit, &inner.outlets);
        told.iter().for_each(f);
        told.len()
    }

    /// Calls `callback` with every event that `subscriber` wants, in batches, on a thread of its own: it may be slow, get stuck
    /// or panic, and nobody but itself suffers. What does not fit into its queue is counted, and a
    /// [`Gap`](crate::EventType::Gap) tells it how much; then, as when it comes, it is told where every breaker is that it does
    /// not know of ([`Level`](crate::EventType::Level)). So it may miss events, never states.
    ///
    /// # Errors
    /// [`ErrorKind::NotAllowed`] for a manual System, which owns no thread, [`ErrorKind::Full`] beyond
    /// [`Caps::subscribers`](crate::Caps::subscribers), [`ErrorKind::Unknown`] for a scope of its filter that is not declared,
    /// [`ErrorKind::BadInput`] for numbers that cannot be and a name with control characters, [`ErrorKind::Closed`],
    /// [`ErrorKind::Platform`] without a thread.
    pub fn subscribe(
        &self,
        subscriber: Subscriber,
        callback: impl FnMut(&[Event]) + Send + 'static,
    ) -> Result<Subscription, Error> {
        if !self.has_threads {
            let text = "subscribe: a manual System owns no thread to call on; take its events by drain or receive";
            return Err(Error::new(ErrorKind::NotAllowed, text));
        }
        self.hears(&subscriber)?;
        let inner = &self.inner;
        inner.outlets.subscribers.subscribe(&inner.circuit, &inner.threading, subscriber, callback)
    }

    /// The same queue without a thread: its owner asks for what has come. `budget` and the numbers of overruns and panics
    /// mean nothing to it.
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe), but a manual System has them, too.
    pub fn receive(&self, subscriber: Subscriber) -> Result<Receiver, Error> {
        self.hears(&subscriber)?;
        self.inner.outlets.subscribers.receive(&self.inner.circuit, subscriber)
    }

    /// Whether it has a name for people, and its filter a scope that something can happen in: who misspells one would hear of nothing, and
    /// take that for peace.
    fn hears(&self, subscriber: &Subscriber) -> Result<(), Error> {
        let Subscriber { name, filter, .. } = subscriber;
        if name.chars().any(char::is_control) {
            let text = format!("subscriber {name:?}: found a name with control characters, allowed are names without");
            return Err(Error::new(ErrorKind::BadInput, text));
        }
        known_scope(&self.inner.circuit.snapshot(), filter.scope.as_str()).map(|_| ())
    }

    /// How the subscribers do, in the order in which they came.
    pub fn subscribers(&self) -> Vec<SubscriberStatus> {
        self.inner.outlets.subscribers.statuses()
    }

    /// Has `ask` called at its interval, on a thread of its own, with the feed of the sensor's scope and System time, to push
    /// what it finds. One that hangs delays nobody else: it is told of ([`SensorLate`](crate::EventType::SensorLate)), and the
    /// breakers that hear its feed go stale as their policies say. Errors and panics are counted, and the first of a run is told
    /// ([`SensorFailed`](crate::EventType::SensorFailed)).
    ///
    /// # Errors
    /// As [`feed`](Self::feed), which it claims; [`ErrorKind::NotAllowed`] for a manual System, which owns no thread,
    /// [`ErrorKind::Full`] beyond [`Sensor::MOST`], [`ErrorKind::BadInput`] for times of zero, [`ErrorKind::Platform`] without a
    /// thread.
    pub fn sense(
        &self,
        sensor: Sensor,
        ask: impl FnMut(&mut Feed, Nanos) -> Result<(), FeedError> + Send + 'static,
    ) -> Result<Sensing, Error> {
        if !self.has_threads {
            let text = "sense: a manual System owns no thread to ask on; push into its feeds yourself";
            return Err(Error::new(ErrorKind::NotAllowed, text));
        }
        let feed = self.feed(sensor.scope.as_str())?;
        let inner = &self.inner;
        inner.sensors.start(&inner.circuit, &inner.threading, sensor, feed, ask)
    }

    /// How the sensors do, in the order in which they came.
    pub fn sensors(&self) -> Vec<SensorStatus> {
        self.inner.sensors.statuses()
    }

    /// What is wanted of the last events, the oldest first: at most [`Caps::history`](crate::Caps::history) are held. O(history);
    /// allocates; not for the order path. In a manual System what has been drained.
    pub fn history(&self, past: &Past) -> Vec<Event> {
        self.inner.outlets.history.find(&self.inner.circuit, past)
    }

    /// The number of a breaker.
    ///
    /// # Errors
    /// [`ErrorKind::Unknown`] if there is none of that name.
    pub fn breaker(&self, name: &str) -> Result<BreakerId, Error> {
        let found = self.inner.circuit.snapshot().by_name.get(name).copied();
        found.ok_or_else(|| Error::new(ErrorKind::Unknown, format!("breaker {name:?}: there is none of that name")))
    }

    /// The number of a check before the open, for [`Feed::check`]. It stays the same through reloads.
    ///
    /// # Errors
    /// [`ErrorKind::Unknown`] if no breaker asks for a check of that name.
    pub fn check_id(&self, name: &str) -> Result<CheckId, Error> {
        let snapshot = self.inner.circuit.snapshot();
        let mut checks = snapshot.in_service().flat_map(|entry| entry.rule.checks());
        if checks.any(|check| check.name == name) {
            return Ok(CheckId::of(name));
        }
        Err(Error::new(ErrorKind::Unknown, format!("check {name:?}: no breaker asks for one of that name")))
    }

    /// Everything at a glance. O(1), and the same value again, while no breaker has moved and no value has changed; otherwise
    /// O(what has changed), and a copy of the lists. Blocks while another thread asks; not for the order path.
    pub fn status(&self) -> Arc<SystemStatus> {
        lock(&self.inner.keeper).status(&self.inner.circuit)
    }

    /// What has been counted since the start. O(what has changed since the last time).
    pub fn statistics(&self) -> Statistics {
        let inner = &self.inner;
        Statistics::of(&inner.circuit, &mut lock(&inner.keeper), inner.outlets.latencies.summary())
    }

    /// What one breaker has counted since it was put into service. O(1).
    ///
    /// # Errors
    /// [`ErrorKind::Stale`] for one that is no more.
    pub fn breaker_counts(&self, breaker: BreakerId) -> Result<Counts, Error> {
        Ok(Counts::of(&self.inner.circuit, &*self.entry(breaker)?))
    }

    /// The one-call form, for those who poll everything: tells the breakers that are [`Polled`](crate::Polled) what is
    /// known now, and says how everything stands after it. Gates follow at once, as with every other observation.
    ///
    /// The time is the System's; a manual System is told it before. A number that is none is refused and counted on its
    /// breakers, and the others hear theirs all the same; a value that is not known is not heard of, and its breakers go stale
    /// in the end. After a shutdown nothing is heard, and nobody can trade.
    ///
    /// Blocks while another thread evaluates. O(breakers that are polled), and what [`status`](Self::status) costs; not for the
    /// order path, whose gates say the same in a few loads.
    pub fn evaluate(&self, metrics: &Metrics, market: &MarketConditions) -> Arc<SystemStatus> {
        let circuit = &self.inner.circuit;
        // What was refused is counted, and told by an event.
        let _ = lock(&self.inner.polled).poll(metrics, market, circuit.now());
        self.status()
    }

    /// One breaker.
    ///
    /// # Errors
    /// [`ErrorKind::Stale`] for one that is no more.
    pub fn breaker_status(&self, breaker: BreakerId) -> Result<BreakerStatus, Error> {
        let entry = self.entry(breaker)?;
        Ok(BreakerStatus::of(&self.inner.circuit, &self.inner.circuit.snapshot(), &entry))
    }

    /// All breakers, by number; those that every scope has by itself are [`implicit`](BreakerStatus::implicit).
    pub fn breakers(&self) -> Vec<BreakerStatus> {
        let snapshot = self.inner.circuit.snapshot();
        snapshot.in_service().map(|entry| BreakerStatus::of(&self.inner.circuit, &snapshot, entry)).collect()
    }

    /// The name of a breaker; of a removed one as long as its line is not used again.
    pub fn breaker_name(&self, breaker: BreakerId) -> Option<Arc<str>> {
        self.inner.circuit.snapshot().named(breaker).map(|entry| entry.name.clone())
    }

    /// The path of a scope.
    pub fn scope_path(&self, scope: ScopeId) -> Option<ScopePath> {
        self.inner.circuit.snapshot().scopes.get(scope.0 as usize).cloned()
    }

    /// What an event says, in full. Allocates; not for the order path.
    pub fn details(&self, event: &Event) -> EventDetails {
        EventDetails::of(&self.inner.circuit, &self.inner.notes, event)
    }

    /// Says the same without the System, and after it.
    pub fn describer(&self) -> Describer {
        Describer::new(self.inner.circuit.clone(), self.inner.notes.clone())
    }

    /// The name behind an event's actor number.
    pub fn actor(&self, number: u32) -> String {
        self.inner.notes.actor(number)
    }

    /// What the microseconds of events count from.
    pub fn epoch(&self) -> Epoch {
        self.inner.circuit.epoch()
    }

    /// System time.
    pub fn now(&self) -> Nanos {
        self.inner.circuit.now()
    }

    /// Shuts down: every gate denies from now on, feeds refuse, what has happened is told, and all threads are waited for
    /// until `patience` is over. Who calls again is given the same report, after the first is done.
    ///
    /// Dropping the System does the same with a patience of five seconds; on a thread of a System it waits for nobody.
    ///
    /// # Errors
    /// [`ErrorKind::NotAllowed`] on a thread of a System, in a callback that is: it would wait for itself. Nothing has
    /// changed then.
    pub fn shutdown(&self, patience: Duration) -> Result<ShutdownReport, Error> {
        if is_on_own_thread() {
            let text = "shutdown: found a call on a thread of a System, allowed are the threads of the host";
            return Err(Error::new(ErrorKind::NotAllowed, text));
        }
        Ok(self.end(patience))
    }

    fn end(&self, patience: Duration) -> ShutdownReport {
        self.inner.close();
        let deadline = Instant::now().checked_add(patience);
        let mut life = lock(&self.life);
        if let Life::Runs(threads) = &mut *life {
            *life = Life::Ended(threads::end(&self.inner, threads.take(), deadline));
        }
        match &*life {
            Life::Ended(report) => report.clone(),
            Life::Runs(_) => ShutdownReport::default(),
        }
    }

    #[cfg(all(test, not(loom)))]
    pub(crate) fn circuit(&self) -> &Circuit {
        &self.inner.circuit
    }

    fn open(&self) -> Result<(), Error> {
        if self.inner.circuit.closed.is_raised() {
            return Err(Error::new(ErrorKind::Closed, "the System has shut down"));
        }
        Ok(())
    }

    fn entry(&self, breaker: BreakerId) -> Result<Arc<Entry>, Error> {
        let snapshot = self.inner.circuit.snapshot();
        let entry = snapshot.entry(breaker).cloned();
        entry.ok_or_else(|| Error::new(ErrorKind::Stale, format!("breaker #{}: there is none any more", breaker.raw())))
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.end(if is_on_own_thread() { Duration::ZERO } else { PATIENCE });
    }
}

impl Inner {
    fn new(plan: Plan, now: Nanos, clock: Clock, threading: Threading) -> Result<Self, Error> {
        plan_check::check(&plan)?;
        let outlets = Outlets {
            history: History::new(plan.caps.history),
            latencies: Latencies::new(clock),
            subscribers: Subscribers::new(plan.caps.subscribers),
        };
        let board = Board::new(&plan.caps, Epoch(now))?;
        let snapshot = Snapshot { system: board.arm().armed(), ..Snapshot::default() };
        let circuit = Arc::new(Circuit::new(board, snapshot, &plan.caps, plan.skew, clock));
        let mut registry = Registry::new(plan.caps);
        registry.load(&circuit, plan)?;
        let polled = Feed::claim(circuit.clone(), registry.feed(ScopeId::POLLED));
        let polled = polled.ok_or_else(|| Error::new(ErrorKind::Claimed, "the feed of what is polled is claimed"))?;
        // Last: until every breaker stands, everything is denied. A kill that came meanwhile wins.
        circuit.board.arm().arm();
        Ok(Self {
            circuit,
            monitor: Mutex::default(),
            dispatcher: Mutex::default(),
            outlets,
            sensors: Sensors::default(),
            threading,
            polled: Mutex::new(polled),
            registry: Mutex::new(registry),
            keeper: Mutex::default(),
            notes: Arc::default(),
        })
    }

    /// Gates deny from here on; feeds find out at their next observation.
    fn close(&self) {
        if self.circuit.closed.raise() {
            self.circuit.board.arm().shut_down();
            let registry = lock(&self.registry);
            registry.feeds().for_each(|cell| cell.nudge());
            prices::deny_all(&self.circuit);
        }
    }
}

/// Kills every System of this process: everything but cancels is denied. Wait-free and async-signal-safe. It wakes
/// nobody, so it is told with the next event or drain; the denial itself is immediate.
pub fn kill_all() {
    arm::kill_all();
}

fn depth(path: &ScopePath) -> usize {
    path.with_ancestors().count()
}

fn known_scope(snapshot: &Snapshot, name: &str) -> Result<ScopeId, Error> {
    let path = ScopePath::new(name)?;
    snapshot.by_path.get(&path).copied().ok_or_else(|| {
        let text = format!("scope {name:?}: not declared; {} scopes are", snapshot.scopes.len());
        Error::new(ErrorKind::Unknown, text)
    })
}
