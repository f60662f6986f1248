//! Asks each source once, without a System, and says how that went.

use core::time::Duration;
use std::io::Read;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};

use haltline::{Nanos, VenueStatus};
use haltline_config::reader::excerpt;

use crate::client::{Client, HttpOptions};
use crate::clock::Clock;
use crate::error::{Failure, Trouble};
use crate::fetch::{Fetcher, Line, Renewal};
use crate::file::SourceFile;
use crate::judge::Judge;
use crate::payload::{Sample, Unit, Value};
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
    /// The value, in the unit of the payload, with the time of the source or that of receipt. A venue's word that the file does
    /// not list is a failure here: handed on it would be unknown, which denies.
    pub found: Result<Sample, Failure>,
    /// That word, unless a secret is in it.
    pub word: Option<String>,
    /// The number that is handed on, to a billionth, where `unit` makes it another one than that of the payload.
    pub handed_on: Option<f64>,
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

impl Report {
    /// Older than a day: of a source that is heard all day that is a mistake, of a close or a date it may be none.
    pub fn is_old(&self) -> bool {
        self.age.is_some_and(|age| age > Duration::from_secs(86_400))
    }
}

impl SourceFile {
    /// Asks each source once, in the order of the file, over shared connections; `progress` hears the number of each before it is
    /// asked, and its name. Blocks, for each poll as long as its tries take, for each stream until an event that is wanted or for
    /// its `timeout`.
    ///
    /// # Errors
    /// [`Failure`] if nothing can be asked at all: authorities that are none.
    pub fn check(&self, clock: impl Clock, mut progress: impl FnMut(usize, &str)) -> Result<Vec<Report>, Failure> {
        let fetcher = Fetcher::new(Client::new(&self.http)?, Arc::new(clock));
        let mut reports = Vec::new();
        for (i, spec) in self.sources.iter().enumerate() {
            progress(i, &spec.name);
            let line = Line::new(spec.clone())?;
            reports.push(if spec.mode == Mode::Poll {
                poll(&fetcher, &line)
            } else {
                stream(&self.http, &fetcher, &line)?
            });
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

/// Until the first event that is wanted, and no longer than `timeout`, whatever else comes meanwhile. Its client is its own, so
/// that one shut down breaks off no other source.
fn stream(http: &HttpOptions, fetcher: &Fetcher, line: &Arc<Line>) -> Result<Report, Failure> {
    let (client, begin, patience) = (Client::new(http)?, fetcher.clock.now(), line.spec.timeouts.total);
    let (done, bell) = channel::<()>();
    let mut others = 0;
    let (event, is_late) = std::thread::scope(|scope| {
        let client = &client;
        let watch = std::thread::Builder::new().spawn_scoped(scope, move || {
            let is_late = bell.recv_timeout(patience) == Err(RecvTimeoutError::Timeout);
            if is_late {
                client.shut_down();
            }
            is_late
        });
        let watch = watch.map_err(|error| Failure::new(Trouble::Stopped, format!("no thread: {}", error.kind())))?;
        let event = first_event(client, line, &mut others);
        drop(done);
        Ok::<_, Failure>((event, watch.join().unwrap_or(true)))
    })?;
    let now = fetcher.clock.now();
    let call = report(fetcher, line, fetcher.client.opened());
    let call = Report { latency: now - begin, tries: 1, opened: client.opened(), ..call };
    Ok(match event {
        Err(_) if is_late => {
            let text =
                format!("found no event that is wanted in {patience:?} (timeout), and {others} of other names (event)");
            Report { found: Err(Failure::new(Trouble::Timeout, text)), ..call }
        }
        Err(failure) => Report { found: Err(failure), ..call },
        Ok(data) => judged(&line.spec, Report { bytes: data.len(), ..call }, data.as_bytes(), now, now),
    })
}

fn first_event(client: &Client, line: &Line, others: &mut u64) -> Result<String, Failure> {
    let mut reader = client.listen(&line.spec, &line.endpoint, None)?;
    let (mut parser, mut piece) = (Parser::new(line.spec.max_bytes), vec![0; 8 << 10]);
    loop {
        let read = reader.read(&mut piece).map_err(|error| broken(&error))?;
        if read == 0 {
            return Err(Failure::new(Trouble::Broken, "the stream ended before an event came"));
        }
        let mut events = Vec::new();
        let taken = parser.take(piece.get(..read).unwrap_or_default(), &mut events);
        for event in events {
            if crate::stream::is_wanted(&event, &line.spec.mode) {
                return Ok(event.data);
            }
            *others += 1;
        }
        taken.map_err(|_| crate::client::too_long(line.spec.max_bytes))?;
    }
}

fn report(fetcher: &Fetcher, line: &Line, before: u64) -> Report {
    Report {
        name: line.spec.name.clone(),
        found: Err(Failure::new(Trouble::Broken, "no document")),
        word: None,
        handed_on: None,
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
    if matches!(&sample, Ok(Sample { value: Value::Venue(VenueStatus::Unknown), .. })) {
        return unlisted(spec, call, body);
    }
    let mut judge = Judge::new(spec.range, spec.max_ahead);
    let found = sample.and_then(|sample| {
        judge.judge(&sample, received, now)?;
        Ok(Sample { at: Some(sample.at.unwrap_or(received)), ..sample })
    });
    let good = found.as_ref().ok();
    let age = good.and_then(|sample| sample.at).map(|at| now - at);
    let number = good.and_then(|sample| sample.value.number()).filter(|_| spec.payload.unit != Unit::One);
    let handed_on = number.map(|number| (number * spec.payload.unit.factor() * 1e9).round() / 1e9);
    Report { found, handed_on, age, ..call }
}

/// A word that the file does not list. It is shown, so that it can be listed, though it is what the other side has sent.
fn unlisted(spec: &SourceSpec, call: Report, body: &[u8]) -> Report {
    let secrets = || spec.headers.iter().map(|(_, secret)| secret).chain([&spec.url]);
    let word = spec.payload.word(body).filter(|word| !secrets().any(|secret| word.contains(secret.value())));
    let shown = word.as_deref().map_or("that is not shown, as a secret is in it".to_owned(), excerpt);
    let text = format!(
        "found the word {shown}, handed on as unknown, which denies; allowed are those of open, halted, closed"
    );
    Report { found: Err(Failure::bad(text)), word, ..call }
}
