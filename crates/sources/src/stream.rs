//! A stream at work: connects, hears events until it breaks, and connects again, later and later.

use core::time::Duration;
use std::io::Read;

use haltline::{Feed, FeedError, Nanos};

use crate::error::{Failure, Trouble};
use crate::fetch::stopped;
use crate::source::Source;
use crate::spec::Mode;
use crate::sse::{Event, Parser};
use crate::trouble::broken;

/// How much is read at once.
const PIECE: usize = 8 << 10;

#[derive(Debug)]
pub(crate) struct Stream {
    source: Source,
    parser: Parser,
    /// Connections in a row that brought nothing, or did not last.
    in_vain: u32,
    /// What a feed has refused since the last connection began.
    refusal: Option<FeedError>,
}

impl Stream {
    pub(crate) fn new(source: Source) -> Self {
        let parser = Parser::new(source.line.spec.max_bytes);
        Self { source, parser, in_vain: 0, refusal: None }
    }

    /// One connection until its end, and the wait after it.
    pub(crate) fn run(&mut self, calls: &mut Feed) -> Result<(), FeedError> {
        if self.source.is_held(calls) {
            return Ok(());
        }
        let fetcher = self.source.fetcher.clone();
        let backoff = self.source.line.spec.backoff;
        let begin = fetcher.clock.now();
        let (was_heard, ended) = self.hear(calls);
        let ended = if fetcher.stop.is_raised() { stopped() } else { ended };
        let now = fetcher.clock.now();
        let has_lasted = was_heard && now - begin >= backoff.most;
        self.in_vain = if has_lasted { 0 } else { self.in_vain.saturating_add(1) };
        let asked = ended.retry_after.unwrap_or_default();
        // That a stream ends, or falls silent, is no fault of an endpoint that was there.
        let is_plain_end = was_heard && matches!(ended.trouble, Trouble::Broken | Trouble::Timeout);
        if !is_plain_end {
            let failed = self.source.failed(calls, ended, now - begin, now);
            self.remember(failed);
        }
        let told = self.parser.retry.map_or(Duration::ZERO, Duration::from_millis).min(backoff.most);
        let wait = backoff.delay(self.in_vain, fastrand::f64()).max(asked).max(told);
        // Whether it is to go on the sensor asks.
        let _ = fetcher.clock.wait(wait, &fetcher.stop);
        self.refusal.take().map_or(Ok(()), Err)
    }

    /// Whether anything was heard, be it that the other side is there; and why it has ended.
    fn hear(&mut self, calls: &mut Feed) -> (bool, Failure) {
        let (fetcher, line) = (self.source.fetcher.clone(), self.source.line.clone());
        self.parser.begin();
        self.source.connects();
        let mut last = fetcher.clock.now();
        let mut reader = match fetcher.client.listen(&line.spec, &line.endpoint, self.parser.id.as_deref()) {
            Ok(reader) => reader,
            Err(failure) => return (false, failure),
        };
        let (mut was_heard, mut piece) = (false, vec![0; PIECE]);
        loop {
            let read = match reader.read(&mut piece) {
                Ok(0) => return (was_heard, Failure::new(Trouble::Broken, "the stream has ended")),
                Ok(read) => read,
                Err(error) => return (was_heard, broken(&error)),
            };
            let comments = self.parser.comments;
            let mut events = Vec::new();
            let taken = self.parser.take(piece.get(..read).unwrap_or_default(), &mut events);
            let now = fetcher.clock.now();
            for event in events.iter().filter(|event| is_wanted(event, &line.spec.mode)) {
                self.event(calls, event, now - last, now);
                (was_heard, last) = (true, now);
            }
            if self.parser.comments > comments {
                let told = self.source.heartbeat(calls, now);
                self.remember(told);
                was_heard = true;
            }
            if taken.is_err() {
                return (was_heard, crate::client::too_long(line.spec.max_bytes));
            }
        }
    }

    /// One event, an outcome of the endpoint each: so that a bad one among good ones is one among many.
    fn event(&mut self, calls: &mut Feed, event: &Event, since: Duration, now: Nanos) {
        let told = match self.source.value(calls, event.data.as_bytes(), now, now) {
            Ok(Err(failure)) => self.source.failed(calls, failure, Duration::ZERO, now),
            told => {
                self.remember(told.map(drop));
                self.source.succeeded(calls, since, now)
            }
        };
        self.remember(told);
    }

    /// That a feed refuses a value ends no stream.
    fn remember(&mut self, told: Result<(), FeedError>) {
        if let Err(error) = told {
            self.refusal.get_or_insert(error);
        }
    }
}

pub(crate) fn is_wanted(event: &Event, mode: &Mode) -> bool {
    match mode {
        Mode::Poll => false,
        Mode::Stream { event: None } => event.name.is_empty() || event.name == "message",
        Mode::Stream { event: Some(name) } => event.name == *name,
    }
}
