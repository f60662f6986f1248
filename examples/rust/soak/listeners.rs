//! Who hears of events: one that is fast, one that is slow, one that is stuck, one that panics, one that wants drills
//! alone, one that asks by itself, and one that comes and goes.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver as Held, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use haltline::*;

use super::Failure;

/// Which of these somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    Fast,
    Slow,
    Stuck,
    Panicking,
    Drills,
    Polling,
}

impl Nature {
    const CALLED: [Self; 5] = [Self::Fast, Self::Slow, Self::Stuck, Self::Panicking, Self::Drills];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Slow => "slow",
            Self::Stuck => "stuck",
            Self::Panicking => "panicking",
            Self::Drills => "drills",
            Self::Polling => "polling",
        }
    }

    fn subscriber(self) -> Subscriber {
        let usual = Subscriber::new(self.name());
        match self {
            Self::Fast => Subscriber { capacity: 65_536, batch: 4_096, ..usual },
            Self::Polling => Subscriber { overflow: Overflow::DropNewest, ..usual },
            Self::Drills => {
                Subscriber { filter: Filter { types: vec![EventType::Drill], ..Filter::default() }, ..usual }
            }
            _ => usual,
        }
    }
}

/// What somebody has heard, by his own count.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heard {
    /// All of it.
    pub(super) events: u64,
    pub(super) levels: u64,
    pub(super) gaps: u64,
    /// What the gaps said was lost.
    pub(super) lost: u64,
}

/// The same while it changes.
#[derive(Debug, Default)]
struct Hearing {
    events: AtomicU64,
    levels: AtomicU64,
    gaps: AtomicU64,
    lost: AtomicU64,
}

impl Hearing {
    fn take(&self, batch: &[Event]) {
        let of = |what| batch.iter().filter(move |event| event.event_type() == what);
        let add = |counter: &AtomicU64, count| counter.fetch_add(count, Ordering::Relaxed);
        add(&self.levels, of(EventType::Level).count() as u64);
        add(&self.gaps, of(EventType::Gap).count() as u64);
        add(&self.lost, of(EventType::Gap).map(|gap| gap.value as u64).sum());
        add(&self.events, batch.len() as u64);
    }

    fn look(&self) -> Heard {
        let [events, levels, gaps, lost] =
            [&self.events, &self.levels, &self.gaps, &self.lost].map(|counter| counter.load(Ordering::Relaxed));
        Heard { events, levels, gaps, lost }
    }
}

#[derive(Debug)]
pub(super) struct Listener {
    pub(super) nature: Nature,
    hearing: Arc<Hearing>,
    /// The thread that calls it.
    pub(super) thread: Option<String>,
}

#[derive(Debug)]
pub(super) struct Listeners {
    pub(super) done: AtomicBool,
    pub(super) all: Vec<Listener>,
    /// Events that had been handed on before they came.
    pub(super) before: u64,
    /// How often one has come and gone.
    pub(super) visits: AtomicU64,
    /// Visitors whose callback was not gone when they were. Must be none.
    pub(super) stayed: AtomicU64,
    /// Dropped, the stuck one comes back.
    hold: Mutex<Option<Sender<()>>>,
}

impl Listeners {
    /// To be called while nothing happens.
    pub(super) fn new(system: &System) -> Result<(Self, Receiver), Failure> {
        let before = system.statistics().dispatch.events;
        let (hold, held) = channel();
        let mut held = Some(held);
        let mut all = Vec::new();
        for nature in Nature::CALLED {
            let hearing = Arc::new(Hearing::default());
            let waits = if nature == Nature::Stuck { held.take() } else { None };
            let subscription = system.subscribe(nature.subscriber(), callback(nature, hearing.clone(), waits))?;
            let thread = Some(format!("haltline-sub-{}", subscription.number()));
            subscription.stay();
            all.push(Listener { nature, hearing, thread });
        }
        let receiver = system.receive(Nature::Polling.subscriber())?;
        all.push(Listener { nature: Nature::Polling, hearing: Arc::default(), thread: None });
        let zero = || AtomicU64::new(0);
        let (visits, stayed, hold) = (zero(), zero(), Mutex::new(Some(hold)));
        Ok((Self { done: AtomicBool::new(false), all, before, visits, stayed, hold }, receiver))
    }

    /// What each of them has heard.
    pub(super) fn heard(&self) -> Vec<Heard> {
        self.all.iter().map(|listener| listener.hearing.look()).collect()
    }

    /// Lets the stuck one go on.
    pub(super) fn release(&self) {
        drop(self.hold.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Asks for events until nobody needs any more.
    pub(super) fn poll(&self, mut receiver: Receiver) -> Result<(), Failure> {
        let me = self.all.iter().find(|listener| listener.nature == Nature::Polling).ok_or("nobody polls")?;
        while !self.done.load(Ordering::Relaxed) {
            me.hearing.take(receiver.receive(Duration::from_millis(10))?);
        }
        Ok(())
    }

    /// Comes and goes, and every time looks whether all of it has gone.
    pub(super) fn churn(&self, system: &System, done: &AtomicBool) -> Result<(), Failure> {
        while !done.load(Ordering::Relaxed) {
            let hearing = Arc::new(Hearing::default());
            let here = hearing.clone();
            let subscription = system.subscribe(Subscriber::new("visitor"), move |batch| here.take(batch))?;
            thread::sleep(Duration::from_millis(1));
            let ended = subscription.unsubscribe(Duration::from_secs(10));
            let is_gone = ended == Unsubscribed::Done && Arc::strong_count(&hearing) == 1;
            self.stayed.fetch_add((!is_gone).into(), Ordering::Relaxed);
            self.visits.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Waits until everybody but the stuck one has heard everything, for ten seconds at most.
    pub(super) fn wait_for_empty_queues(&self, system: &System) {
        let begin = Instant::now();
        let is_level = |status: &SubscriberStatus| {
            let of_name = |listener: &&Listener| listener.nature.name() == status.name;
            let listener = self.all.iter().find(of_name).filter(|listener| listener.nature != Nature::Stuck);
            listener.is_none_or(|listener| status.queued == 0 && listener.hearing.look().events == status.delivered)
        };
        while !system.subscribers().iter().all(is_level) && begin.elapsed() < Duration::from_secs(10) {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// How one of them behaves. `waits` ends for the stuck one when it is let go.
fn callback(nature: Nature, hearing: Arc<Hearing>, waits: Option<Held<()>>) -> impl FnMut(&[Event]) + Send + 'static {
    let mut calls = 0_u64;
    move |batch| {
        calls += 1;
        hearing.take(batch);
        match nature {
            Nature::Slow => thread::sleep(Duration::from_millis(2)),
            Nature::Stuck => {
                let _ = waits.as_ref().map(Held::recv);
            }
            // Not so often in a row that it is suspended. (Unlike `panic!` this does not write to the terminal.)
            Nature::Panicking if calls.is_multiple_of(3) => resume_unwind(Box::new("on purpose")),
            _ => {}
        }
    }
}
