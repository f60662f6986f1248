//! One document for all who ask: kept for its time, given while it is renewed, asked for once by a hundred, and again when that
//! failed.

use core::time::Duration;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};

use haltline::Nanos;
use quick_cache::sync::{Cache, EntryAction, EntryResult};

use crate::client::{Client, Endpoint, Reply};
use crate::clock::{Clock, Stop, lock};
use crate::error::{Failure, Trouble};
use crate::retry::Budget;
use crate::spec::SourceSpec;

/// So many documents are kept.
pub(crate) const DOCUMENTS: usize = 256;

/// A source, ready to be asked.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) spec: SourceSpec,
    pub(crate) endpoint: Endpoint,
    pub(crate) budget: Budget,
}

impl Line {
    pub(crate) fn new(spec: SourceSpec) -> Result<Arc<Self>, Failure> {
        let endpoint = Endpoint::of(&spec)?;
        Ok(Arc::new(Self { spec, endpoint, budget: Budget::new() }))
    }

    /// A document may take so long: each attempt a place, an answer and a wait.
    pub(crate) fn longest(&self) -> Duration {
        let SourceSpec { timeouts, backoff, .. } = &self.spec;
        (2 * timeouts.total + backoff.most).saturating_mul(backoff.tries)
    }
}

/// What an endpoint has said.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) body: Vec<u8>,
    pub(crate) etag: Option<String>,
    /// When it was received, or last said to be unchanged.
    pub(crate) received: Nanos,
}

/// How a call ended, its retries included.
#[derive(Debug)]
pub(crate) struct Call {
    /// No other call has it.
    pub(crate) serial: u64,
    pub(crate) found: Result<Arc<Document>, Failure>,
    pub(crate) took: Duration,
    pub(crate) tries: u32,
    pub(crate) unchanged: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    last: Arc<Call>,
    /// The last document, and until when it is given although it is old.
    good: Option<(Arc<Document>, Nanos)>,
    /// Nobody asks again before.
    fresh_until: Nanos,
    /// Somebody is renewing it, and has until then.
    leased_until: Nanos,
}

/// Where an answer came from.
///
/// ```
/// use haltline_sources::Origin;
/// assert_ne!(Origin::Called, Origin::Fresh);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From the endpoint.
    Called,
    /// From the endpoint, which said that nothing has changed.
    Unchanged,
    /// Kept, and young enough.
    Fresh,
    /// Kept; somebody is renewing it.
    Stale,
}

#[derive(Debug)]
pub(crate) struct Got {
    /// The last call for it, whoever made it.
    pub(crate) call: Arc<Call>,
    /// What is to be used; `None` after a failure, unless an old one still counts.
    pub(crate) document: Option<Arc<Document>>,
    pub(crate) origin: Origin,
}

/// Who renews what is old.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// Whoever asks.
    Here,
    /// Somebody else; whoever asks has the old one meanwhile.
    Elsewhere,
}

enum Seen {
    Fresh(Entry),
    Stale(Entry, bool),
}

#[derive(Debug)]
pub(crate) struct Fetcher {
    pub(crate) client: Client,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stop: Stop,
    documents: Cache<Endpoint, Entry>,
    serial: AtomicU64,
    renewer: Mutex<Option<SyncSender<Arc<Line>>>>,
}

impl Fetcher {
    pub(crate) fn new(client: Client, clock: Arc<dyn Clock>) -> Self {
        let documents = Cache::new(DOCUMENTS);
        let (serial, renewer) = (AtomicU64::new(0), Mutex::new(None));
        Self { client, clock, stop: Stop::default(), documents, serial, renewer }
    }

    /// Whoever receives from the other end renews.
    pub(crate) fn renew_by(&self, renewer: Option<SyncSender<Arc<Line>>>) {
        *lock(&self.renewer) = renewer;
    }

    /// Ends every call and every wait.
    pub(crate) fn shut_down(&self) {
        self.stop.raise();
        self.client.shut_down();
        self.renew_by(None);
    }

    /// The document of an endpoint.
    pub(crate) fn get(&self, line: &Arc<Line>, renewal: Renewal) -> Got {
        let (now, longest) = (self.clock.now(), line.longest());
        let seen = self.documents.entry(&line.endpoint, Some(longest), |_, entry: &mut Entry| {
            if now < entry.fresh_until {
                return EntryAction::Retain(Seen::Fresh(entry.clone()));
            }
            if entry.good.as_ref().is_none_or(|(_, until)| now >= *until) {
                return EntryAction::ReplaceWithGuard;
            }
            let is_mine = now >= entry.leased_until;
            if is_mine {
                entry.leased_until = now + longest;
            }
            EntryAction::Retain(Seen::Stale(entry.clone(), is_mine))
        });
        match seen {
            EntryResult::Retained(Seen::Fresh(entry)) => entry.kept(now, Origin::Fresh),
            EntryResult::Retained(Seen::Stale(entry, true)) if renewal == Renewal::Here => self.renew(line, &entry),
            EntryResult::Retained(Seen::Stale(entry, is_mine)) => {
                if is_mine {
                    self.hand_over(line);
                }
                entry.kept(now, Origin::Stale)
            }
            EntryResult::Replaced(guard, old) => {
                let entry = self.call(line, Some(&old));
                // Who shuts down takes the place away; the answer stands all the same.
                let _ = guard.insert(entry.clone());
                entry.called()
            }
            EntryResult::Vacant(guard) => {
                let entry = self.call(line, None);
                let _ = guard.insert(entry.clone());
                entry.called()
            }
            EntryResult::Removed(..) | EntryResult::Timeout => self.not_in_time(longest),
        }
    }

    /// Renews a document now; for whoever renews for others.
    pub(crate) fn renew_now(&self, line: &Arc<Line>) {
        if let Some(entry) = self.documents.get(&line.endpoint) {
            self.renew(line, &entry);
        }
    }

    fn renew(&self, line: &Arc<Line>, old: &Entry) -> Got {
        let entry = self.call(line, Some(old));
        self.documents.insert(line.endpoint.clone(), entry.clone());
        entry.called()
    }

    fn hand_over(&self, line: &Arc<Line>) {
        if let Some(renewer) = &*lock(&self.renewer) {
            // Where there is no place the lease runs out, and the next one tries again.
            let _ = renewer.try_send(line.clone());
        }
    }

    fn not_in_time(&self, longest: Duration) -> Got {
        let text = format!("whoever asked first has not come back in {longest:?}");
        let found = Err(Failure::new(Trouble::Timeout, text));
        let call = Call { serial: self.next_serial(), found, took: longest, tries: 0, unchanged: false };
        Got { call: Arc::new(call), document: None, origin: Origin::Called }
    }

    fn next_serial(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Calls until it succeeds or nothing is left to try, and says what is to be kept.
    fn call(&self, line: &Line, old: Option<&Entry>) -> Entry {
        let begin = self.clock.now();
        let kept = old.and_then(|old| old.good.as_ref()).map(|(document, _)| document);
        let (found, tries) = self.try_again(line, kept.and_then(|document| document.etag.as_deref()));
        let now = self.clock.now();
        let keeping = line.spec.keeping;
        let wait = found.as_ref().err().and_then(|failure| failure.retry_after);
        let unchanged = matches!(&found, Ok(Reply { body: None, .. }));
        let found = found.and_then(|reply| document(reply, kept, now));
        let (good, fresh_for) = match &found {
            Ok(document) => (Some((document.clone(), now + keeping.ttl + keeping.stale_while)), keeping.ttl),
            Err(_) => (old.and_then(|old| old.good.clone()), keeping.negative.max(wait.unwrap_or_default())),
        };
        let last = Arc::new(Call { serial: self.next_serial(), found, took: now - begin, tries, unchanged });
        Entry { last, good, fresh_until: now + fresh_for, leased_until: Nanos(0) }
    }

    fn try_again(&self, line: &Line, etag: Option<&str>) -> (Result<Reply, Failure>, u32) {
        let Line { spec, endpoint, budget } = line;
        let mut tries = 0;
        loop {
            let found = self.client.ask(spec, endpoint, etag);
            tries += 1;
            if found.is_err() && self.stop.is_raised() {
                return (Err(stopped()), tries);
            }
            let Err(failure) = &found else {
                budget.give_back();
                return (found, tries);
            };
            let asked = failure.retry_after.unwrap_or_default();
            let wait = spec.backoff.delay(tries - 1, fastrand::f64()).max(asked);
            // Who is asked to wait for longer than one call waits does so between calls.
            let again = failure.trouble.is_passing() && tries < spec.backoff.tries && asked <= spec.backoff.most;
            if !again || !budget.take() {
                return (found, tries);
            }
            if !self.clock.wait(wait, &self.stop) {
                return (Err(stopped()), tries);
            }
        }
    }
}

/// A call that was broken off.
pub(crate) fn stopped() -> Failure {
    Failure::new(Trouble::Stopped, "the sources have been dropped")
}

fn document(reply: Reply, kept: Option<&Arc<Document>>, now: Nanos) -> Result<Arc<Document>, Failure> {
    let Reply { body, etag } = reply;
    match (body, kept) {
        (Some(body), _) => Ok(Arc::new(Document { body, etag, received: now })),
        (None, Some(kept)) => {
            let etag = etag.or_else(|| kept.etag.clone());
            Ok(Arc::new(Document { body: kept.body.clone(), etag, received: now }))
        }
        (None, None) => Err(Failure::new(Trouble::Status(304), "found status 304, allowed after a first answer only")),
    }
}

impl Entry {
    fn kept(self, now: Nanos, origin: Origin) -> Got {
        let document = self.last.found.as_ref().ok().cloned();
        let document = document.or_else(|| self.good.filter(|(_, until)| now < *until).map(|(document, _)| document));
        Got { call: self.last, document, origin }
    }

    /// Whoever has called is told of a failure, and has no old document in its place.
    fn called(self) -> Got {
        let origin = if self.last.unchanged { Origin::Unchanged } else { Origin::Called };
        Got { document: self.last.found.as_ref().ok().cloned(), call: self.last, origin }
    }
}
