//! A feed that many threads push into: each through a handle of its own, merged in the order of time.
//!
//! What they say goes through [`Merge`], whose ear is the feed itself; so rules, windows and transitions are those of a feed
//! that one thread has.

use core::cell::Cell;
use core::marker::PhantomData;
use core::time::Duration;
use std::sync::Arc;

use super::Feed;
use crate::circuit::Circuit;
use crate::memory::merge::{Hand, Hear, Merge, QUEUES};
use crate::memory::queue::Words;
use crate::model::error::{Error, ErrorKind, FeedError};
use crate::model::observation::{Observation, Outcome};
use crate::model::time::{Nanos, nanos_of};
use crate::model::units::Money;

/// The most observations that a handle's queue is made for.
const MAX_CAPACITY: u32 = 65_536;

/// A [`Feed`] that many threads tell of the same thing: outcomes of the calls of one gateway, gains and losses of the fills of
/// one account, outcomes of a model's predictions.
///
/// Each thread has a [`SharedHandle`], which puts what it says into a queue of its own. One of the threads, whichever comes
/// when nobody is at it, empties all queues in the order of (time, handle) and hears them as one feed does. So a window over
/// the last n calls is that of all threads, and so is a row of failures.
///
/// Only what adds up can be told from many threads: the sum is the same whoever speaks first. A price, an equity, a position
/// is what stands *now*; of two threads that say so, who is right? Those have a source each, and its thread a feed.
///
/// # What is promised
///
/// * *Nothing is lost.* What a handle has accepted is heard, once; nothing waits for the next push. What it refuses is told to
///   the caller and counted on every breaker that listens, as a feed does.
/// * *When.* If no other thread is at it, the observation has been heard when the push returns, and a trip stands, as with a
///   feed. If one is, the push returns at once, and that thread hears the observation, **perhaps only after the push has
///   returned**: after what it is hearing now, which is microseconds unless it is preempted. A thread that is preempted
///   amid it holds up what the others say, not the others; who cannot have that sets
///   [`stale_after`](crate::Policy::stale_after).
/// * *In order.* What lies in the queues when somebody begins to hear is heard by time, of equal times by the number of the
///   handle's place (the lowest that is free is given out first). What comes later with an earlier time is not refused for
///   it: it is heard as of the time of the last that was heard, so nothing leaves a window early. A call's duration and its
///   begin stay what they were, so that one from before a trip does not count after it. The times of each handle by itself
///   may run backwards by at most [`max_backstep`](crate::Skew::max_backstep).
/// * *A panic* amid hearing, which would be a defect of this library, denies everything as a kill does, since half an observation has
///   been heard; the next push hears the others.
///
/// # Cost
///
/// A push is wait-free where another thread is at it: some stores, a fence, one attempt at a swap. Where nobody is, it costs
/// those, the swap back, a second fence, two looks at the queue of each handle that there ever was, and what the feed does.
/// It hears what others push meanwhile, too, a round after the other; after each it offers them the turn. After
/// the handles are made nothing is allocated, but by a thread's first look at the registry: ask for the handle on
/// the thread that uses it.
///
/// Memory: 32 bytes for each observation that a queue has room for, and 256 a handle, reserved at once.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// let rule = Technical { consecutive: Some(40), ..Technical::default() };
/// # let (scope, policy) = (ScopePath::new("gw/fix-1")?, Kind::Technical.default_policy());
/// # let spec = BreakerSpec { name: "gw".into(), scope, watch: vec![], rule: RuleSpec::Technical(rule), policy };
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(1_000))?;
/// let gate = system.gate(&["gw/fix-1"])?;
/// // Four routers call one gateway; at most 256 outcomes of each wait to be heard.
/// let calls = system.feed("gw/fix-1")?.share(4, 256)?;
/// std::thread::scope(|threads| {
///     for _ in 0..4 {
///         threads.spawn(|| {
///             let mut handle = calls.handle().unwrap();
///             (0..10).try_for_each(|_| handle.outcome(Outcome::Failure, Duration::from_millis(2), system.now()))
///         });
///     }
/// });
/// assert!(!gate.permits(Intent::Increase), "ten failures of each are forty in a row");
/// # Ok::<(), haltline::Error>(())
/// ```
///
/// The feed can be claimed again when the shared one, its clones and its handles are dropped.
#[derive(Clone, Debug)]
pub struct SharedFeed {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    merge: Merge<Feed>,
    circuit: Arc<Circuit>,
    capacity: u32,
}

impl Feed {
    /// Lets so many threads at a time push into it, with a queue each that has room for `capacity` observations (rounded up to a
    /// power of two): as many as a thread may push while another is preempted amid hearing, which may be some milliseconds where
    /// threads are more than processors. Allocates.
    ///
    /// # Errors
    /// [`ErrorKind::BadPlan`] for numbers out of range: 1 to [`SharedFeed::MAX_HANDLES`], 1 to 65 536. The feed is free then.
    pub fn share(self, handles: u32, capacity: u32) -> Result<SharedFeed, Error> {
        for (what, found, most) in [("handles", handles, QUEUES), ("capacity", capacity, MAX_CAPACITY)] {
            if found == 0 || found > most {
                let text = format!("a shared feed's {what}: found {found}, allowed are 1 to {most}");
                return Err(Error::new(ErrorKind::BadPlan, text));
            }
        }
        let circuit = self.circuit.clone();
        let merge = Merge::new(self, handles, capacity);
        Ok(SharedFeed { shared: Arc::new(Shared { merge, circuit, capacity: capacity.next_power_of_two() }) })
    }
}

impl SharedFeed {
    /// The most handles at a time.
    pub const MAX_HANDLES: u32 = QUEUES;

    /// A handle for one thread at a time; `None` if there are as many as it was made for. Lock-free. Allocates only what the
    /// calling thread's first look at a registry does.
    pub fn handle(&self) -> Option<SharedHandle> {
        let hand = self.shared.merge.claim()?;
        // Now, not on an order's way.
        drop(self.shared.circuit.snapshot());
        let (last_at, horizon) = (Nanos(0), Nanos(0));
        Some(SharedHandle { hand, last_at, horizon, shared: self.shared.clone(), _one_thread: PhantomData })
    }
}

/// One thread's hand on a [`SharedFeed`]. Dropped, it leaves its place to the next who asks; what it has pushed is heard all
/// the same.
///
/// Units, times and errors are those of the methods of [`Feed`] with the same names. Besides, each refuses with
/// [`ErrorKind::Full`] if its queue is full: some other thread is stopped amid hearing, and has been for as many pushes of this
/// one. The observation has changed nothing; it may be pushed again. Each refusal is counted on every breaker that listens
/// (as soon as somebody hears), and treated as its policy treats bad input.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// let rule = LossRate { window: Duration::from_secs(20), source: LossSource::Pnl { capital: Money::from_f64(1e6)? },
///     ..LossRate::with_limit(Ratio::from_f64(0.03)?) };
/// # let (scope, policy) = (ScopePath::new("acct/a")?, Kind::LossRate.default_policy());
/// # let spec = BreakerSpec { name: "loss".into(), scope, watch: vec![], rule: RuleSpec::LossRate(rule), policy };
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(1_000))?;
/// # let gate = system.gate(&["acct/a"])?;
/// let fills = system.feed("acct/a")?.share(2, 64)?;
/// let (mut one, mut other) = (fills.handle().unwrap(), fills.handle().unwrap());
/// one.pnl(Money::ZERO, system.now())?;
/// system.advance(Nanos::from_secs(1_020));
/// one.pnl(Money::from_f64(-10_000.0)?, system.now())?;
/// assert!(gate.permits(Intent::Increase));
/// // A fill of half a second ago, on a slower thread. Together they have lost 3 %.
/// other.pnl(Money::from_f64(-20_000.0)?, system.now() - Duration::from_millis(500))?;
/// assert!(!gate.permits(Intent::Increase));
/// # Ok::<(), haltline::Error>(())
/// ```
///
/// It goes from thread to thread, but is not shared by several:
///
/// ```compile_fail
/// fn shared<T: Sync>() {}
/// shared::<haltline::SharedHandle>();
/// ```
#[derive(Debug)]
pub struct SharedHandle {
    hand: Hand,
    last_at: Nanos,
    /// No time below this is too far ahead.
    horizon: Nanos,
    shared: Arc<Shared>,
    _one_thread: PhantomData<Cell<()>>,
}

impl SharedHandle {
    /// How a call ended, as [`Feed::outcome`].
    ///
    /// # Errors
    /// [`FeedError`] if the call would have begun before 1970, the times of this handle run backwards by more than
    /// `max_backstep` or too far ahead, its queue is full, or the System is closed.
    #[inline]
    pub fn outcome(&mut self, outcome: Outcome, duration: Duration, at: Nanos) -> Result<(), FeedError> {
        let nanos = nanos_of(duration);
        if nanos > at.0 {
            let allowed = "durations of calls that began after 1970";
            return self.refuse(FeedError::bad("duration", duration.as_secs_f64(), allowed));
        }
        self.push(Said::Outcome(outcome), nanos, at)
    }

    /// A gain or a loss that has been booked, as [`Feed::pnl`].
    ///
    /// # Errors
    /// As [`outcome`](Self::outcome).
    #[inline]
    pub fn pnl(&mut self, delta: Money, at: Nanos) -> Result<(), FeedError> {
        self.push(Said::Pnl, delta.raw() as u64, at)
    }

    /// A deposit or a withdrawal, as [`Feed::flow`].
    ///
    /// # Errors
    /// As [`outcome`](Self::outcome).
    pub fn flow(&mut self, amount: Money, at: Nanos) -> Result<(), FeedError> {
        self.push(Said::Flow, amount.raw() as u64, at)
    }

    /// Whether a prediction has come true, as [`Feed::prediction`].
    ///
    /// # Errors
    /// As [`outcome`](Self::outcome).
    pub fn prediction(&mut self, right: bool, at: Nanos) -> Result<(), FeedError> {
        self.push(Said::Prediction, right.into(), at)
    }

    #[inline]
    fn push(&mut self, what: Said, value: u64, at: Nanos) -> Result<(), FeedError> {
        if self.shared.circuit.closed.is_raised() {
            return Err(FeedError::CLOSED);
        }
        if at < self.last_at || at >= self.horizon {
            self.admit(at)?;
        }
        if !self.shared.merge.give(&mut self.hand, [at.0, what.pack(), value]) {
            let allowed = "as many observations as its queue has room for, not yet heard";
            return Err(FeedError::full("handle", self.shared.capacity.into(), allowed));
        }
        self.last_at = self.last_at.max(at);
        Ok(())
    }

    /// Whether this time is neither too late for this handle nor too far ahead.
    #[cold]
    fn admit(&mut self, at: Nanos) -> Result<(), FeedError> {
        let admitted = self.shared.circuit.admit(at, self.last_at, &mut self.horizon);
        admitted.or_else(|error| self.refuse(error))
    }

    #[cold]
    fn refuse(&self, error: FeedError) -> Result<(), FeedError> {
        if self.shared.circuit.closed.is_raised() {
            return Err(FeedError::CLOSED);
        }
        self.shared.merge.refuse(&self.hand);
        Err(error)
    }
}

impl Drop for SharedHandle {
    fn drop(&mut self) {
        self.shared.merge.leave(&self.hand);
    }
}

/// What an entry of a queue is, beside its time and one number.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Said {
    Outcome(Outcome),
    Pnl,
    Flow,
    Prediction,
}

impl Said {
    const PNL: u64 = 0x100;
    const FLOW: u64 = 0x101;
    const PREDICTION: u64 = 0x102;

    fn pack(self) -> u64 {
        match self {
            Self::Outcome(outcome) => outcome as u64,
            Self::Pnl => Self::PNL,
            Self::Flow => Self::FLOW,
            Self::Prediction => Self::PREDICTION,
        }
    }

    fn observation(what: u64, value: u64, late: Duration) -> Option<Observation> {
        Some(match what {
            Self::PNL => Observation::Pnl(Money::from_raw(value as i64)),
            Self::FLOW => Observation::Flow(Money::from_raw(value as i64)),
            Self::PREDICTION => Observation::Prediction(value != 0),
            outcome => {
                let outcome = Outcome::ALL.iter().copied().find(|each| *each as u64 == outcome)?;
                Observation::Outcome { outcome, duration: Duration::from_nanos(value), late }
            }
        })
    }
}

impl Hear for Feed {
    /// At its time, or at that of the last one heard, if another thread was faster.
    fn hear(&mut self, [at, what, value]: Words) {
        let at = Nanos(at);
        let now = at.max(self.last_at);
        if let Some(observation) = Said::observation(what, value, now - at) {
            // Times are in order; else only a System that has shut down refuses what a handle has taken.
            let _ = self.observe(&observation, now);
        }
    }

    /// Together they are one in a row, so that to push again and again into a full queue is not taken for silence.
    fn refused(&mut self, count: u64) {
        let Self { panel, circuit, .. } = self;
        let count = count.try_into().unwrap_or(u32::MAX);
        panel.listeners.iter_mut().for_each(|listener| listener.refused(circuit, count));
    }
}

#[cfg(all(test, not(loom)))]
#[path = "shared_tests.rs"]
mod tests;
