//! A source at work: one call, one value, into the feeds of a System.

use core::time::Duration;
use std::sync::{Arc, Mutex};

use haltline::{BreakerId, CheckId, Error, Feed, FeedError, Nanos, Outcome, Price, Qty, Status, System, VenueStatus};

use crate::clock::lock;
use crate::error::{Failure, Trouble};
use crate::fetch::{Document, Fetcher, Line, Renewal};
use crate::judge::{Counts, Judge, Verdict};
use crate::payload::{Sample, Value};
use crate::spec::What;

/// How a source does.
///
/// ```
/// use haltline_sources::SourceStatus;
/// assert!(SourceStatus::default().value.is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceStatus {
    /// Its name.
    pub name: Arc<str>,
    /// The last value that was handed on, in the unit of the payload, with its time.
    pub value: Option<(Value, Nanos)>,
    /// Why there was none the last time.
    pub failure: Option<Failure>,
    /// What became of its values.
    pub counts: Counts,
    /// Calls of its endpoint that have ended, each with its retries.
    pub calls: u64,
    /// Those that failed.
    pub failures: u64,
    /// Times when nobody called because the breaker of the endpoint had tripped.
    pub held: u64,
    /// How long the last call took.
    pub latency: Duration,
}

/// What a value is handed to. A breaker by its name, since a reload may give it another number.
#[derive(Clone, Debug)]
enum Target {
    Plain,
    Reading(String),
    Check(CheckId),
}

/// A source that has claimed the feed of its values. Whoever has threads of his own pulls; [`Sources`](crate::Sources) does it on
/// a sensor's.
///
/// ```
/// use haltline::{Nanos, Plan, System};
/// # let text = "[[source]]\nname = \"a\"\nscope = \"ext/a\"\npreset = \"index_level\"\nurl = { env = \"A\" }\ntries = 1\n";
/// # let file = haltline_sources::parse(text, "sources.toml", &|_| Some("http://127.0.0.1:1/".into()))?;
/// let mut plan = Plan::default();
/// file.add_to(&mut plan);
/// let system = System::manual(plan, Nanos::from_secs(1_700_000_000))?;
/// let mut sources = file.attach(&system, haltline_sources::WallClock)?;
/// let mut calls = system.feed("ext/a/calls")?;
/// sources[0].pull(&mut calls, system.now())?;
/// assert_eq!(sources[0].status().failures, 1, "nobody listens there");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Source {
    pub(crate) line: Arc<Line>,
    pub(crate) fetcher: Arc<Fetcher>,
    pub(crate) status: Arc<Mutex<SourceStatus>>,
    values: Feed,
    /// The latest time that the feed has heard; it takes none before it.
    heard: Nanos,
    target: Target,
    judge: Judge,
    /// Whether something good was heard over this connection of a stream: what has changed between two nobody may have said.
    has_spoken: bool,
    seen: u64,
}

impl Source {
    pub(crate) fn attach(system: &System, fetcher: Arc<Fetcher>, line: Arc<Line>) -> Result<Self, Error> {
        let spec = &line.spec;
        let target = match &spec.what {
            What::Reading { breaker } => {
                system.breaker(breaker)?;
                Target::Reading(breaker.clone())
            }
            What::Check { check } => Target::Check(system.check_id(check)?),
            What::Venue | What::Price | What::Reference => Target::Plain,
        };
        system.breaker(&spec.calls_breaker())?;
        system.breaker(&spec.data_breaker())?;
        let values = system.feed(spec.scope.as_str())?;
        let judge = Judge::new(spec.range, spec.max_ahead);
        let status = SourceStatus { name: spec.name.clone(), ..SourceStatus::default() };
        let status = Arc::new(Mutex::new(status));
        Ok(Self { line, fetcher, status, values, heard: Nanos(0), target, judge, has_spoken: false, seen: 0 })
    }

    /// How it does.
    pub fn status(&self) -> SourceStatus {
        lock(&self.status).clone()
    }

    /// Asks the endpoint, or what is kept of it, and hands on what it says; `calls` is the feed of
    /// [`calls_scope`](crate::SourceSpec::calls_scope), and `now` the time of its System. While the breaker of the endpoint is
    /// tripped nobody calls. Blocks for as long as the calls take; never for a check.
    ///
    /// # Errors
    /// [`FeedError`] if a feed refuses what it is told. That an endpoint fails is none: the breaker hears of it.
    pub fn pull(&mut self, calls: &mut Feed, now: Nanos) -> Result<(), FeedError> {
        if self.is_held(calls) {
            return Ok(());
        }
        let begin = self.fetcher.clock.now();
        let got = self.fetcher.get(&self.line, Renewal::Here);
        let at = now + (self.fetcher.clock.now() - begin);
        // Somebody else's call for the same document counts once for this source, too.
        let is_news = core::mem::replace(&mut self.seen, got.call.serial) != got.call.serial;
        if !is_news {
            return self.still_waits(calls, &got.call.found, at);
        }
        let found = match (&got.call.found, got.document) {
            (Err(failure), _) => Err(failure.clone()),
            (_, None) => Err(Failure::new(Trouble::Broken, "no document")),
            (Ok(_), Some(document)) => Ok(document),
        };
        match found {
            Err(failure) => self.failed(calls, failure, got.call.took, at),
            Ok(document) => {
                let received = at - (self.fetcher.clock.now() - document.received);
                self.hear(calls, &document.body, received, got.call.took, at)
            }
        }
    }

    /// While the other side has asked to wait nobody calls, and a breaker whose halt is over hears that nothing has become better.
    fn still_waits(
        &self,
        calls: &mut Feed,
        found: &Result<Arc<Document>, Failure>,
        at: Nanos,
    ) -> Result<(), FeedError> {
        let is_over = self.guard(calls) == Some(Status::Cooldown);
        if found.is_err() && is_over { calls.outcome(Outcome::Failure, Duration::ZERO, at) } else { Ok(()) }
    }

    /// The status of the breaker of the endpoint, if the plan has one.
    fn guard(&self, calls: &mut Feed) -> Option<Status> {
        calls.breaker(&self.line.spec.calls_breaker()).and_then(|breaker| calls.status(breaker))
    }

    /// Whether nobody is to call.
    pub(crate) fn is_held(&mut self, calls: &mut Feed) -> bool {
        let status = self.guard(calls);
        let held = matches!(status, Some(Status::Tripped | Status::EmergencyHalt | Status::Maintenance));
        if held {
            let text = format!("the breaker {} is {}", self.line.spec.calls_breaker(), status.map_or("", Status::name));
            let mut status = lock(&self.status);
            status.held += 1;
            status.failure = Some(Failure::new(Trouble::Held, text));
        }
        held
    }

    /// A call that failed.
    pub(crate) fn failed(
        &mut self,
        calls: &mut Feed,
        failure: Failure,
        took: Duration,
        at: Nanos,
    ) -> Result<(), FeedError> {
        // Whoever drops the sources has not found a fault in an endpoint, nor has who found no connection free.
        let is_ours = matches!(failure.trouble, Trouble::Stopped | Trouble::Busy);
        let outcome = if is_ours { Outcome::Ignored } else { Outcome::Failure };
        {
            let mut status = lock(&self.status);
            status.calls += 1;
            status.failures += u64::from(outcome == Outcome::Failure);
            status.latency = took;
            status.failure = Some(failure);
        }
        calls.outcome(outcome, took, at)
    }

    /// An answer that was received at `received`, by a call that took so long.
    fn hear(
        &mut self,
        calls: &mut Feed,
        body: &[u8],
        received: Nanos,
        took: Duration,
        at: Nanos,
    ) -> Result<(), FeedError> {
        match self.value(calls, body, received, at) {
            Ok(Err(failure)) => {
                self.fetcher.distrust(&self.line);
                self.failed(calls, failure, took, at)
            }
            told => {
                // That a feed refuses the value is no fault of the call.
                self.succeeded(calls, took, at)?;
                told.map(drop)
            }
        }
    }

    /// A call that brought what it should.
    pub(crate) fn succeeded(&mut self, calls: &mut Feed, took: Duration, at: Nanos) -> Result<(), FeedError> {
        {
            let mut status = lock(&self.status);
            status.calls += 1;
            status.latency = took;
        }
        calls.outcome(Outcome::Success, took, at)
    }

    /// Reads, judges and hands on a value. `Ok(Err(..))`: the answer is not what it should be, which is the endpoint's fault; a
    /// value that cannot be is the feed's.
    pub(crate) fn value(
        &mut self,
        calls: &mut Feed,
        body: &[u8],
        received: Nanos,
        at: Nanos,
    ) -> Result<Result<(), Failure>, FeedError> {
        let sample = match self.line.spec.payload.read(body, &self.line.spec.what) {
            Ok(sample) => sample,
            Err(failure) => return Ok(Err(failure)),
        };
        let verdict = self.judge.judge(&sample, received, at);
        let told = match verdict {
            Ok(Verdict::Tell(time)) => self.hand_on(&sample, time),
            Ok(Verdict::Repeated) => Ok(()),
            Err(_) => self.doubt(&sample, received),
        };
        self.has_spoken |= verdict.is_ok() && told.is_ok();
        self.note(verdict.err().or_else(|| told.as_ref().err().map(refused)));
        self.tell_score(calls, at)?;
        told.map(Ok)
    }

    fn note(&self, failure: Option<Failure>) {
        let mut status = lock(&self.status);
        status.counts = self.judge.counts();
        status.value = self.judge.last();
        status.failure = failure;
    }

    fn hand_on(&mut self, sample: &Sample, at: Nanos) -> Result<(), FeedError> {
        // The close before the price that it is the reference of, and once.
        let close = sample.close.filter(|close| self.judge.close() != Some(*close));
        let close = close.map_or(Ok(()), |(number, session)| self.tell(Value::Close(number, session), at));
        let told = close.and_then(|()| self.tell(sample.value, at));
        match told {
            Ok(()) => self.judge.take(sample, at),
            Err(_) => self.judge.refuse(),
        }
        told
    }

    /// What is refused may still say that something is not to be traded: then what stood before it is not known any more.
    fn doubt(&mut self, sample: &Sample, received: Nanos) -> Result<(), FeedError> {
        let at = self.judge.last().map_or(received, |(_, at)| at);
        match sample.value {
            Value::Venue(VenueStatus::Open) | Value::Check(true) | Value::Number(_) | Value::Close(..) => return Ok(()),
            Value::Venue(_) => self.tell(Value::Venue(VenueStatus::Unknown), at)?,
            Value::Check(false) => self.tell(sample.value, at)?,
        }
        self.judge.doubt();
        Ok(())
    }

    /// A stream begins anew.
    pub(crate) fn connects(&mut self) {
        self.has_spoken = false;
    }

    /// The other side has said that it is there; where the file says so, what it has said last over this connection stands then.
    pub(crate) fn heartbeat(&mut self, calls: &mut Feed, now: Nanos) -> Result<(), FeedError> {
        self.tell_score(calls, now)?;
        match self.judge.last() {
            Some((value, _)) if self.line.spec.heartbeat_repeats && self.has_spoken && !self.is_in_doubt() => {
                self.tell(value, now)
            }
            _ => Ok(()),
        }
    }

    fn is_in_doubt(&self) -> bool {
        lock(&self.status).failure.is_some()
    }

    fn tell_score(&self, calls: &mut Feed, at: Nanos) -> Result<(), FeedError> {
        let Some(score) = self.judge.score() else { return Ok(()) };
        let name = self.line.spec.data_breaker();
        if let Some(data) = calls.breaker(&name) {
            return calls.reading(data, score, at);
        }
        let text = format!("found no breaker {name} in the plan; add_to adds it, before each reload, too");
        lock(&self.status).failure.get_or_insert(Failure::new(Trouble::System, text));
        Ok(())
    }

    fn tell(&mut self, value: Value, at: Nanos) -> Result<(), FeedError> {
        // A heartbeat, or a doubt, may have been told with a later one.
        let at = at.max(self.heard);
        let factor = self.line.spec.payload.unit.factor();
        // The range of the file keeps prices representable; what is none the feed refuses.
        let price = |number: f64| Price::from_f64(number * factor).unwrap_or(Price::ZERO);
        match (value, &self.target) {
            (Value::Venue(status), _) => self.values.venue(status, at),
            (Value::Number(number), Target::Reading(name)) => {
                // The feed says what is missing.
                let breaker = self.values.breaker(name).unwrap_or(BreakerId::NONE);
                self.values.reading(breaker, number * factor, at)
            }
            (Value::Number(number), _) => self.values.trade(price(number), Qty(0), at),
            (Value::Close(number, session), _) => self.values.reference(price(number), session, at),
            (Value::Check(passed), Target::Check(check)) => self.values.check(*check, passed, at),
            (Value::Check(_), _) => Ok(()),
        }?;
        self.heard = at;
        Ok(())
    }
}

fn refused(error: &FeedError) -> Failure {
    Failure::new(Trouble::System, format!("the feed has refused it: {error}"))
}
