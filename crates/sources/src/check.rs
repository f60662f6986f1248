//! Asks each source once, without a System, and says how that went.

use core::time::Duration;
use std::io::Read;
use std::sync::Arc;

use haltline::Nanos;

use crate::client::Client;
use crate::clock::Clock;
use crate::error::{Failure, Trouble};
use crate::fetch::{Fetcher, Line, Renewal};
use crate::file::SourceFile;
use crate::judge::Judge;
use crate::payload::Sample;
use crate::spec::{Mode, SourceSpec};
use crate::sse::Parser;
use crate::trouble::broken;

/// What a source said when it was asked once.
///
/// ```
/// # let text = "[[source]]\nname = \"a\"\nscope = \"ext/a\"\npreset = \"index_level\"\nurl = { env = \"A\" }\ntries = 1\n";
/// # let file = haltline_sources::parse(text, "sources.toml", &|_| Some("http://127.0.0.1:1/".into()))?;
/// let reports = file.check(haltline_sources::WallClock, |_, _| {})?;
/// assert_eq!(reports[0].found.as_ref().unwrap_err().to_string(), "nobody listens there");
/// assert_eq!(reports[0].tries, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Its name.
    pub name: Arc<str>,
    /// The value, in the unit of the payload, with the time of the source or that of receipt.
    pub found: Result<Sample, Failure>,
    /// How old the value is, if there is one.
    pub age: Option<Duration>,
    /// How long the call took, with its retries.
    pub latency: Duration,
    /// How often it was tried.
    pub tries: u32,
    /// How long the answer is, in bytes.
    pub bytes: usize,
    /// Whether the answer has an entity tag, so that the next one may be that nothing has changed.
    pub has_etag: bool,
    /// Connections that were opened for it; none if one was there.
    pub opened: u64,
    /// Whether it goes over TLS.
    pub is_encrypted: bool,
}

impl SourceFile {
    /// Asks each source once, in the order of the file, over shared connections; `progress` hears the number of each before it is
    /// asked, and its name. Blocks.
    ///
    /// # Errors
    /// [`Failure`] if nothing can be asked at all: authorities that are none.
    pub fn check(&self, clock: impl Clock, mut progress: impl FnMut(usize, &str)) -> Result<Vec<Report>, Failure> {
        let fetcher = Fetcher::new(Client::new(&self.http)?, Arc::new(clock));
        let mut reports = Vec::new();
        for (i, spec) in self.sources.iter().enumerate() {
            progress(i, &spec.name);
            let line = Line::new(spec.clone())?;
            reports.push(if spec.mode == Mode::Poll { poll(&fetcher, &line) } else { stream(&fetcher, &line) });
        }
        fetcher.shut_down();
        Ok(reports)
    }
}

fn poll(fetcher: &Fetcher, line: &Arc<Line>) -> Report {
    let before = fetcher.client.opened();
    let got = fetcher.get(line, Renewal::Here);
    let empty = report(fetcher, line, before);
    let call = Report { latency: got.call.took, tries: got.call.tries, ..empty };
    match (&got.call.found, got.document) {
        (Err(failure), _) => Report { found: Err(failure.clone()), ..call },
        (Ok(_), None) => call,
        (Ok(_), Some(document)) => {
            let call = Report { bytes: document.body.len(), has_etag: document.etag.is_some(), ..call };
            judged(&line.spec, call, &document.body, document.received, fetcher.clock.now())
        }
    }
}

/// Until the first event that is wanted.
fn stream(fetcher: &Fetcher, line: &Arc<Line>) -> Report {
    let (before, begin) = (fetcher.client.opened(), fetcher.clock.now());
    let event = first_event(fetcher, line);
    let now = fetcher.clock.now();
    let call = Report { latency: now - begin, tries: 1, ..report(fetcher, line, before) };
    match event {
        Err(failure) => Report { found: Err(failure), ..call },
        Ok(data) => judged(&line.spec, Report { bytes: data.len(), ..call }, data.as_bytes(), now, now),
    }
}

fn first_event(fetcher: &Fetcher, line: &Line) -> Result<String, Failure> {
    let mut reader = fetcher.client.listen(&line.spec, &line.endpoint, None)?;
    let (mut parser, mut piece) = (Parser::new(line.spec.max_bytes), vec![0; 8 << 10]);
    loop {
        let read = reader.read(&mut piece).map_err(|error| broken(&error))?;
        if read == 0 {
            return Err(Failure::new(Trouble::Broken, "the stream ended before an event came"));
        }
        let events = parser.take(piece.get(..read).unwrap_or_default());
        let events = events.map_err(|_| crate::client::too_long(line.spec.max_bytes))?;
        if let Some(event) = events.into_iter().find(|event| crate::stream::is_wanted(event, &line.spec.mode)) {
            return Ok(event.data);
        }
    }
}

fn report(fetcher: &Fetcher, line: &Line, before: u64) -> Report {
    Report {
        name: line.spec.name.clone(),
        found: Err(Failure::new(Trouble::Broken, "no document")),
        age: None,
        latency: Duration::ZERO,
        tries: 0,
        bytes: 0,
        has_etag: false,
        opened: fetcher.client.opened() - before,
        is_encrypted: line.endpoint.is_https(),
    }
}

fn judged(spec: &SourceSpec, call: Report, body: &[u8], received: Nanos, now: Nanos) -> Report {
    let sample = spec.payload.read(body, &spec.what);
    let mut judge = Judge::new(spec.range, spec.max_ahead);
    let found = sample.and_then(|sample| {
        judge.judge(&sample, received, now)?;
        Ok(Sample { at: Some(sample.at.unwrap_or(received)), ..sample })
    });
    let age = found.as_ref().ok().and_then(|sample| sample.at).map(|at| now - at);
    Report { found, age, ..call }
}
