//! The sources of a file at work beside a System: a sensor each, and one thread that renews what others ask for.

use core::fmt;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use haltline::{Error, Sensing, Sensor, System};

use crate::client::Client;
use crate::clock::{Clock, WallClock, lock};
use crate::error::{Failure, Trouble};
use crate::fetch::{Fetcher, Line, Origin, Renewal};
use crate::file::SourceFile;
use crate::judge::Judge;
use crate::payload::Sample;
use crate::source::{Source, SourceStatus};
use crate::spec::Mode;
use crate::stream::Stream;

/// A sensor may be asked for so long: a stream is one long call.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

/// Why sources do not start.
///
/// ```
/// use haltline_sources::{Failure, StartError, Trouble};
/// let error = StartError::from(Failure::new(Trouble::Tls, "no certificate"));
/// assert_eq!(error.to_string(), "no certificate");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum StartError {
    /// The System refuses: a breaker that is not in its plan, a feed that somebody holds, too many sensors.
    System(Error),
    /// An endpoint cannot be one, or the authorities cannot be read.
    Endpoint(Failure),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => error.fmt(f),
            Self::Endpoint(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for StartError {}

impl From<Error> for StartError {
    fn from(error: Error) -> Self {
        Self::System(error)
    }
}

impl From<Failure> for StartError {
    fn from(failure: Failure) -> Self {
        Self::Endpoint(failure)
    }
}

impl SourceFile {
    /// Claims the feeds of the sources; whoever has threads of his own then [pulls](Source::pull). The plan of the System has
    /// what [`add_to`](Self::add_to) adds. For polls only: a stream blocks for as long as it lasts.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn attach(&self, system: &System, clock: impl Clock) -> Result<Vec<Source>, StartError> {
        self.attached(system, Arc::new(clock)).map(|(_, sources)| sources)
    }

    fn attached(&self, system: &System, clock: Arc<dyn Clock>) -> Result<(Arc<Fetcher>, Vec<Source>), StartError> {
        let fetcher = Arc::new(Fetcher::new(Client::new(&self.http)?, clock));
        let source =
            |spec: &crate::spec::SourceSpec| Ok(Source::attach(system, fetcher.clone(), Line::new(spec.clone())?)?);
        let sources = self.sources.iter().map(source).collect::<Result<_, StartError>>()?;
        Ok((fetcher, sources))
    }

    /// Starts all sources, each on a sensor of its own; they end when what is returned is dropped.
    ///
    /// # Errors
    /// [`StartError`]; also for a manual System, which owns no threads.
    pub fn start(&self, system: &System) -> Result<Sources, StartError> {
        self.start_with(system, WallClock)
    }

    /// The same with another clock for back-off and for what is kept. Times of values are compared with it, so it shows what the
    /// System's does.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(&self, system: &System, clock: impl Clock) -> Result<Sources, StartError> {
        let (fetcher, attached) = self.attached(system, Arc::new(clock))?;
        let mut sources = Sources { fetcher, parts: Vec::new(), sensings: Vec::new(), renewer: None };
        for source in attached {
            sources.parts.push((source.line.clone(), source.status.clone()));
            sources.sensings.push(sense(system, source)?);
        }
        sources.renew()?;
        Ok(sources)
    }
}

fn sense(system: &System, source: Source) -> Result<Sensing, Error> {
    let spec = &source.line.spec;
    let (name, scope) = (spec.name.to_string(), spec.calls_scope());
    if spec.mode == Mode::Poll {
        let sensor = Sensor { name, scope, interval: spec.every, deadline: source.line.longest().min(LONGEST) };
        let mut source = source;
        return system.sense(sensor, move |calls, now| source.pull(calls, now));
    }
    let sensor = Sensor { name, scope, interval: spec.backoff.base, deadline: LONGEST };
    let mut stream = Stream::new(source);
    system.sense(sensor, move |calls, _| stream.run(calls))
}

/// Sources at work. Dropped, they end: calls and waits are broken off, connections closed, threads joined.
///
/// ```
/// use haltline::{Plan, System};
/// # let text = "[[source]]\nname = \"a\"\nscope = \"ext/a\"\npreset = \"index_level\"\nurl = { env = \"A\" }\n";
/// # let file = haltline_sources::parse(text, "sources.toml", &|_| Some("http://127.0.0.1:1/".into()))?;
/// let mut plan = Plan::default();
/// file.add_to(&mut plan);
/// let system = System::start(plan)?;
/// let sources = file.start(&system)?;
/// assert_eq!(&*sources.statuses()[0].name, "a");
/// assert!(sources.ask("a").is_err(), "nobody listens there");
/// drop(sources);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "dropped at once they end at once"]
pub struct Sources {
    fetcher: Arc<Fetcher>,
    parts: Vec<(Arc<Line>, Arc<Mutex<SourceStatus>>)>,
    sensings: Vec<Sensing>,
    renewer: Option<JoinHandle<()>>,
}

impl Sources {
    /// How they do, in the order of the file. Takes a short lock for each.
    pub fn statuses(&self) -> Vec<SourceStatus> {
        self.parts.iter().map(|(_, status)| lock(status).clone()).collect()
    }

    /// How many connections have been opened since they started.
    pub fn connections(&self) -> u64 {
        self.fetcher.client.opened()
    }

    /// What a poll source says, and where that came from: what is kept while it is young; what is kept all the same for
    /// `stale_while`, while one thread renews it; else from the endpoint, asked once for all who wait. Blocks then, so never on
    /// the order path; a failure is remembered for `negative_ttl`.
    ///
    /// # Errors
    /// [`Failure`]: the endpoint's, the payload's, or a value that cannot be.
    pub fn ask(&self, name: &str) -> Result<(Sample, Origin), Failure> {
        let line = self.parts.iter().map(|(line, _)| line).find(|line| &*line.spec.name == name);
        let line = line.filter(|line| line.spec.mode == Mode::Poll).ok_or_else(|| {
            Failure::new(Trouble::Connect, format!("found {name:?}, allowed are the names of poll sources"))
        })?;
        let got = self.fetcher.get(line, Renewal::Elsewhere);
        let Some(document) = got.document else {
            let unknown = || Failure::new(Trouble::Broken, "no document");
            return Err(got.call.found.as_ref().err().cloned().unwrap_or_else(unknown));
        };
        let sample = line.spec.payload.read(&document.body, &line.spec.what)?;
        let (received, now) = (document.received, self.fetcher.clock.now());
        Judge::new(line.spec.range, line.spec.max_ahead).judge(&sample, received, now)?;
        Ok((Sample { at: Some(sample.at.unwrap_or(received)), ..sample }, got.origin))
    }

    /// The thread that renews. It sleeps until somebody was given something old.
    fn renew(&mut self) -> Result<(), StartError> {
        let (sender, receiver) = sync_channel::<Arc<Line>>(self.parts.len().max(1));
        let fetcher = self.fetcher.clone();
        let body = move || {
            while let Ok(line) = receiver.recv() {
                fetcher.renew_now(&line);
            }
        };
        let thread = std::thread::Builder::new().name("haltline-renewer".into()).spawn(body);
        let no_thread = |error: std::io::Error| Failure::new(Trouble::Stopped, format!("no thread: {}", error.kind()));
        self.renewer = Some(thread.map_err(no_thread)?);
        self.fetcher.renew_by(Some(sender));
        Ok(())
    }
}

impl Drop for Sources {
    fn drop(&mut self) {
        self.fetcher.shut_down();
        self.sensings.clear();
        if let Some(renewer) = self.renewer.take() {
            // It has panicked, or ended.
            let _ = renewer.join();
        }
    }
}
