//! A stream at work: connects, hears events until it breaks, and connects again, later and later.

use core::time::Duration;
use std::io::Read;

use haltline::{Feed, FeedError};

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
    /// Connections in a row that brought nothing.
    in_vain: u32,
}

impl Stream {
    pub(crate) fn new(source: Source) -> Self {
        let parser = Parser::new(source.line.spec.max_bytes);
        Self { source, parser, in_vain: 0 }
    }

    /// One connection until its end, and the wait after it.
    pub(crate) fn run(&mut self, calls: &mut Feed) -> Result<(), FeedError> {
        if self.source.is_held(calls) {
            return Ok(());
        }
        let fetcher = self.source.fetcher.clone();
        let begin = fetcher.clock.now();
        let (heard, ended) = self.hear(calls)?;
        let ended = if fetcher.stop.is_raised() { stopped() } else { ended };
        self.in_vain = if heard > 0 { 0 } else { self.in_vain.saturating_add(1) };
        let asked = ended.retry_after.unwrap_or_default();
        if heard == 0 || ended.trouble != Trouble::Broken {
            let now = fetcher.clock.now();
            self.source.failed(calls, ended, now - begin, now)?;
        }
        let backoff = self.source.line.spec.backoff;
        let wait = backoff.delay(self.in_vain, fastrand::f64());
        let wait =
            wait.max(asked).max(self.parser.retry.map_or(Duration::ZERO, Duration::from_millis).min(backoff.most));
        // Whether it is to go on the sensor asks.
        let _ = fetcher.clock.wait(wait, &fetcher.stop);
        Ok(())
    }

    /// How many events were heard, and why it has ended.
    fn hear(&mut self, calls: &mut Feed) -> Result<(u64, Failure), FeedError> {
        let (fetcher, line) = (self.source.fetcher.clone(), self.source.line.clone());
        self.parser.begin();
        let begin = fetcher.clock.now();
        let mut reader = match fetcher.client.listen(&line.spec, &line.endpoint, self.parser.id.as_deref()) {
            Ok(reader) => reader,
            Err(failure) => return Ok((0, failure)),
        };
        let (mut heard, mut piece) = (0, vec![0; PIECE]);
        loop {
            let read = match reader.read(&mut piece) {
                Ok(0) => return Ok((heard, Failure::new(Trouble::Broken, "the stream has ended"))),
                Ok(read) => read,
                Err(error) => return Ok((heard, broken(&error))),
            };
            let Ok(events) = self.parser.take(piece.get(..read).unwrap_or_default()) else {
                return Ok((heard, crate::client::too_long(line.spec.max_bytes)));
            };
            for event in events.iter().filter(|event| is_wanted(event, &line.spec.mode)) {
                let now = fetcher.clock.now();
                match self.source.value(calls, event.data.as_bytes(), now, now)? {
                    Err(failure) => self.source.failed(calls, failure, Duration::ZERO, now)?,
                    // That it works is one success, however much it says.
                    Ok(()) if heard == 0 => self.source.succeeded(calls, now - begin, now)?,
                    Ok(()) => {}
                }
                heard += 1;
            }
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
