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
use crate::spec::{Keeping, SourceSpec};

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
    /// When it was received, or last said to be unchanged; less the age that a cache on the way has told.
    pub(crate) received: Nanos,
    /// When that was told here.
    asked: Nanos,
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

/// What is known of an endpoint. For how long it is used each source says for itself.
#[derive(Clone, Debug)]
struct Entry {
    last: Arc<Call>,
    /// When that call ended.
    ended: Nanos,
    /// The other side has asked that nobody asks before.
    not_before: Nanos,
    /// The last document that could be used.
    good: Option<Arc<Document>>,
    /// Somebody was asked to renew it, and has until then to begin; and has begun, and has until then.
    queued_until: Nanos,
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
    /// Kept; it is being renewed, or that has failed.
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
    /// As it is.
    Kept(Entry, Origin),
    /// Whoever sees this renews it.
    Mine(Entry),
    /// Whoever sees this has it renewed.
    Queued(Entry),
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
        let (mut now, longest) = (self.clock.now(), line.longest());
        let seen = self.documents.entry(&line.endpoint, Some(longest), |_, entry: &mut Entry| {
            // Perhaps somebody else's call has been waited for.
            now = self.clock.now();
            if entry.is_fresh(line, now) {
                let origin = if entry.last.found.is_ok() { Origin::Fresh } else { Origin::Stale };
                return EntryAction::Retain(Seen::Kept(entry.clone(), origin));
            }
            if entry.usable(line, now).is_none() {
                return EntryAction::ReplaceWithGuard;
            }
            let is_free = now >= entry.leased_until;
            EntryAction::Retain(match renewal {
                Renewal::Here if is_free => {
                    entry.leased_until = now + longest;
                    Seen::Mine(entry.clone())
                }
                Renewal::Elsewhere if is_free && now >= entry.queued_until => {
                    entry.queued_until = now + longest;
                    Seen::Queued(entry.clone())
                }
                _ => Seen::Kept(entry.clone(), Origin::Stale),
            })
        });
        match seen {
            EntryResult::Retained(Seen::Kept(entry, origin)) => entry.kept(line, now, origin),
            EntryResult::Retained(Seen::Mine(entry)) => self.renew(line, &entry),
            EntryResult::Retained(Seen::Queued(entry)) => {
                self.hand_over(line);
                entry.kept(line, now, Origin::Stale)
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

    /// Renews a document now, if nobody else does or has; for whoever renews for others.
    pub(crate) fn renew_now(&self, line: &Arc<Line>) {
        let now = self.clock.now();
        let mine = self.change(line, |entry| {
            entry.queued_until = Nanos(0);
            let is_mine = !entry.is_fresh(line, now) && now >= entry.leased_until;
            if is_mine {
                entry.leased_until = now + line.longest();
            }
            is_mine.then(|| entry.clone())
        });
        if let Some(entry) = mine.flatten() {
            self.renew(line, &entry);
        }
    }

    /// A document that cannot be read is not to be confirmed by the other side's "not modified".
    pub(crate) fn distrust(&self, line: &Line) {
        self.change(line, |entry| entry.good = None);
    }

    fn renew(&self, line: &Arc<Line>, old: &Entry) -> Got {
        let entry = self.call(line, Some(old));
        self.keep(line, &entry);
        entry.called()
    }

    /// Whoever began later knows better.
    fn keep(&self, line: &Line, entry: &Entry) {
        let place = self.documents.entry(&line.endpoint, None, |_, there: &mut Entry| {
            if there.last.serial < entry.last.serial {
                *there = entry.clone();
            }
            EntryAction::Retain(())
        });
        if let EntryResult::Vacant(guard) = place {
            let _ = guard.insert(entry.clone());
        }
    }

    /// Changes what is known of an endpoint, if anything is and nobody is asking it.
    fn change<T>(&self, line: &Line, mut change: impl FnMut(&mut Entry) -> T) -> Option<T> {
        let at_once = Some(Duration::ZERO);
        match self.documents.entry(&line.endpoint, at_once, |_, entry| EntryAction::Retain(change(entry))) {
            EntryResult::Retained(found) => Some(found),
            _ => None,
        }
    }

    fn hand_over(&self, line: &Arc<Line>) {
        let renewer = lock(&self.renewer).clone();
        if renewer.is_none_or(|renewer| renewer.try_send(line.clone()).is_err()) {
            // Where there is no place the next one tries again.
            self.change(line, |entry| entry.queued_until = Nanos(0));
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
        let (begin, serial) = (self.clock.now(), self.next_serial());
        let kept = old.and_then(|old| old.good.as_ref());
        let (found, tries) = self.try_again(line, kept.and_then(|document| document.etag.as_deref()));
        let now = self.clock.now();
        let wait = found.as_ref().err().and_then(|failure| failure.retry_after);
        let unchanged = matches!(&found, Ok(Reply { body: None, .. }));
        let found = found.and_then(|reply| document(reply, kept, now));
        let good = found.as_ref().ok().or(kept).cloned();
        let last = Arc::new(Call { serial, found, took: now - begin, tries, unchanged });
        let not_before = now + wait.unwrap_or_default();
        Entry { last, ended: now, not_before, good, queued_until: Nanos(0), leased_until: Nanos(0) }
    }

    fn try_again(&self, line: &Line, etag: Option<&str>) -> (Result<Reply, Failure>, u32) {
        let Line { spec, endpoint, budget } = line;
        let mut tries = 0;
        loop {
            let found = self.client.ask(spec, endpoint, etag);
            tries += 1;
            // Also where something came: a body may end where its connection was closed.
            if self.stop.is_raised() {
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
    let Reply { body, etag, age } = reply;
    let received = now - age;
    match (body, kept) {
        (Some(body), _) => Ok(Arc::new(Document { body, etag, received, asked: now })),
        (None, Some(kept)) => {
            let etag = etag.or_else(|| kept.etag.clone());
            Ok(Arc::new(Document { body: kept.body.clone(), etag, received, asked: now }))
        }
        (None, None) => Err(Failure::new(Trouble::Status(304), "found status 304, allowed after a first answer only")),
    }
}

impl Entry {
    /// Whether nobody asks again yet. A clock that was put back makes nothing young.
    fn is_fresh(&self, line: &Line, now: Nanos) -> bool {
        let Keeping { ttl, negative, .. } = line.spec.keeping;
        let until =
            if self.last.found.is_ok() { self.ended + ttl } else { (self.ended + negative).max(self.not_before) };
        (self.ended..until).contains(&now)
    }

    /// The document that is given although it is old.
    fn usable(&self, line: &Line, now: Nanos) -> Option<&Arc<Document>> {
        let Keeping { ttl, stale_while, .. } = line.spec.keeping;
        self.good.as_ref().filter(|document| (document.asked..document.asked + ttl + stale_while).contains(&now))
    }

    fn kept(self, line: &Line, now: Nanos, origin: Origin) -> Got {
        let document = self.last.found.as_ref().ok().or_else(|| self.usable(line, now)).cloned();
        Got { call: self.last, document, origin }
    }

    /// Whoever has called is told of a failure, and has no old document in its place.
    fn called(self) -> Got {
        let origin = if self.last.unchanged { Origin::Unchanged } else { Origin::Called };
        Got { document: self.last.found.as_ref().ok().cloned(), call: self.last, origin }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::client::HttpOptions;
    use crate::clock::WallClock;

    #[test]
    fn a_renewal_that_began_earlier_and_ends_later_takes_nothing_back() {
        let text = "[[source]]\nname = \"a\"\nscope = \"a\"\npreset = \"index_level\"\nurl = { env = \"URL\" }\n";
        let file = crate::parse(text, "sources.toml", &|_| Some("http://127.0.0.1:1/".into())).unwrap();
        let line = Line::new(file.sources[0].clone()).unwrap();
        let fetcher = Fetcher::new(Client::new(&HttpOptions::default()).unwrap(), Arc::new(WallClock));
        let entry = |serial| {
            let last = Call { serial, found: Err(stopped()), took: Duration::ZERO, tries: 1, unchanged: false };
            let never = Nanos(0);
            Entry {
                last: Arc::new(last),
                ended: never,
                not_before: never,
                good: None,
                queued_until: never,
                leased_until: never,
            }
        };
        for (serial, stays) in [(2, 2), (1, 2), (3, 3)] {
            fetcher.keep(&line, &entry(serial));
            assert_eq!(fetcher.documents.get(&line.endpoint).unwrap().last.serial, stays);
        }
    }
}
