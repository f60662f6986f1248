//! The sources of a file at work beside a System: a sensor each, and one thread that renews what others ask for.

use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
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

/// Whoever drops sources waits so long at most for a thread that looks a name up or connects, which nothing ends.
const PATIENCE: Duration = Duration::from_secs(1);
/// Nobody looks whether a stream may go on more often.
const LEAST: Duration = Duration::from_millis(100);
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
    /// [`StartError`]; also for a file with a stream.
    pub fn attach(&self, system: &System, clock: impl Clock) -> Result<Vec<Source>, StartError> {
        if let Some(spec) = self.sources.iter().find(|spec| spec.mode != Mode::Poll) {
            let text = format!("source {:?}: found a stream, allowed are polls; start runs both", spec.name);
            return Err(Failure::new(Trouble::System, text).into());
        }
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
    let sensor = Sensor { name, scope, interval: spec.backoff.base.max(LEAST), deadline: LONGEST };
    let mut stream = Stream::new(source);
    system.sense(sensor, move |calls, _| stream.run(calls))
}

/// Sources at work. Dropped, they end: calls and waits are broken off, connections closed, threads joined. A thread that looks a name
/// up or connects is waited for a second and left behind then; it ends after `connect_timeout`.
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
    /// Says, by its end, that the thread that renews has ended.
    renewer: Option<Mutex<Receiver<()>>>,
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
    /// While the breaker of the endpoint is tripped nobody calls, so nobody is given anything.
    ///
    /// # Errors
    /// [`Failure`]: the endpoint's, the payload's, or a value that cannot be.
    pub fn ask(&self, name: &str) -> Result<(Sample, Origin), Failure> {
        let part = self.parts.iter().find(|(line, _)| &*line.spec.name == name && line.spec.mode == Mode::Poll);
        let (line, status) = part.ok_or_else(|| {
            Failure::new(Trouble::System, format!("found {name:?}, allowed are the names of poll sources"))
        })?;
        if let Some(held) = lock(status).failure.clone().filter(|failure| failure.trouble == Trouble::Held) {
            return Err(held);
        }
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
        let (running, ended) = sync_channel(1);
        let fetcher = self.fetcher.clone();
        let body = move || {
            let _running: SyncSender<()> = running;
            while let Ok(line) = receiver.recv() {
                // A panic over one document is no reason to renew no other.
                let _ = catch_unwind(AssertUnwindSafe(|| fetcher.renew_now(&line)));
            }
        };
        let thread = std::thread::Builder::new().name("haltline-renewer".into()).spawn(body);
        let no_thread = |error: std::io::Error| Failure::new(Trouble::Stopped, format!("no thread: {}", error.kind()));
        drop(thread.map_err(no_thread)?);
        self.renewer = Some(Mutex::new(ended));
        self.fetcher.renew_by(Some(sender));
        Ok(())
    }
}

impl Drop for Sources {
    fn drop(&mut self) {
        self.fetcher.shut_down();
        // Side by side: each may wait for its thread.
        std::thread::scope(|scope| {
            for sensing in self.sensings.drain(..) {
                // Where there is no thread for it, it is dropped here.
                let _ = std::thread::Builder::new().spawn_scoped(scope, move || drop(sensing));
            }
        });
        if let Some(ended) = self.renewer.take() {
            // It has ended, or looks a name up and ends after that.
            let _ = lock(&ended).recv_timeout(PATIENCE);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use haltline::{
        BreakerSpec, Intent, MarketCircuitBreaker, Nanos, Plan, Policy, RuleSpec, ScopePath, Status, System,
        VenueStatus,
    };

    use super::*;
    use crate::clock::Stop;
    use crate::payload::Value;

    /// The System's own time is looked at.
    #[derive(Debug)]
    struct NoClock;

    impl Clock for NoClock {
        fn now(&self) -> Nanos {
            Nanos(0)
        }

        fn wait(&self, _: Duration, _: &Stop) -> bool {
            true
        }
    }

    /// A venue that was open at the second 1, and is there each ten seconds, perhaps over another connection; whether orders may go after a
    /// minute.
    fn is_open_after_a_minute(further: &str, connects: bool) -> bool {
        let text = format!(
            "[[source]]\nname = \"nyse\"\nscope = \"ext/nyse\"\npreset = \"venue_status\"\nurl = {{ env = \"URL\" }}\n\
             mode = \"stream\"\n{further}"
        );
        let file = crate::parse(&text, "sources.toml", &|_| Some("http://127.0.0.1:1/".into())).unwrap();
        let rule = RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Venue);
        let venue = BreakerSpec::new("nyse", ScopePath::new("XNYS").unwrap(), rule);
        let policy = Policy { stale_after: Duration::from_secs(30), ..venue.policy.clone() };
        let venue = venue.with_policy(policy).watching(vec![ScopePath::new("ext/nyse").unwrap()]);
        let mut plan = Plan { breakers: vec![venue], ..Plan::default() };
        file.add_to(&mut plan);
        let secs = Nanos::from_secs;
        let system = System::manual(plan, secs(1)).unwrap();
        let (_, mut sources) = file.attached(&system, Arc::new(NoClock)).unwrap();
        let source = &mut sources[0];
        let mut calls = system.feed("ext/nyse/calls").unwrap();
        source.value(&mut calls, b"{\"status\": \"open\"}", secs(1), secs(1)).unwrap().unwrap();
        assert_eq!(source.status().value, Some((Value::Venue(VenueStatus::Open), secs(1))));
        if connects {
            source.connects();
        }
        for now in (10..=60).step_by(10) {
            system.advance(secs(now));
            source.heartbeat(&mut calls, secs(now)).unwrap();
        }
        system.gate(&["XNYS"]).unwrap().permits(Intent::Increase)
    }

    #[test]
    fn who_finds_no_connection_free_has_found_no_fault_in_an_endpoint() {
        let text = "[[source]]\nname = \"a\"\nscope = \"ext/a\"\npreset = \"index_level\"\nurl = { env = \"URL\" }\nfailures = 1\n";
        let file = crate::parse(text, "sources.toml", &|_| Some("http://127.0.0.1:1/".into())).unwrap();
        let mut plan = Plan::default();
        file.add_to(&mut plan);
        let now = Nanos::from_secs(1);
        let system = System::manual(plan, now).unwrap();
        let mut sources = file.attach(&system, NoClock).unwrap();
        let mut calls = system.feed("ext/a/calls").unwrap();
        let guard = system.breaker("calls:a").unwrap();
        for (trouble, failures, status) in [
            (Trouble::Busy, 0, Status::Active),
            (Trouble::Stopped, 0, Status::Active),
            (Trouble::Timeout, 1, Status::Tripped),
        ] {
            sources[0].failed(&mut calls, Failure::new(trouble, ""), Duration::ZERO, now).unwrap();
            assert_eq!((sources[0].status().failures, calls.status(guard)), (failures, Some(status)), "{trouble:?}");
        }
    }

    #[test]
    fn a_heartbeat_repeats_the_last_word_where_the_file_says_so() {
        assert!(is_open_after_a_minute("heartbeat_repeats = true", false));
        assert!(
            !is_open_after_a_minute("heartbeat_repeats = true", true),
            "what has changed in between nobody has said"
        );
        assert!(!is_open_after_a_minute("", false));
    }
}
