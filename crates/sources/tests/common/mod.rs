//! A server of one's own on loopback, a clock that stands still, and a System with one source.
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod raw;
pub(crate) mod server;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use haltline::{Feed, Nanos, Plan, Skew, Status, System};
use haltline_sources::{Clock, Source, SourceFile, SourceStatus, Stop};

/// 9 March 2020, 13:34:13 UTC.
pub(crate) const START: Nanos = Nanos::from_secs(1_583_760_853);
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A clock that moves when it is told to, or waited for.
#[derive(Clone, Debug)]
pub(crate) struct TestClock(Arc<Mutex<(Nanos, Vec<Duration>)>>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new((START, Vec::new()))))
    }

    /// Somebody has put the clock back.
    pub(crate) fn put_back(&self, time: Duration) -> Nanos {
        let mut state = self.0.lock().unwrap();
        state.0 = state.0 - time;
        state.0
    }

    pub(crate) fn pass(&self, time: Duration) -> Nanos {
        let mut state = self.0.lock().unwrap();
        state.0 = state.0 + time;
        state.0
    }

    /// What was waited for since the last look.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        std::mem::take(&mut self.0.lock().unwrap().1)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Nanos {
        self.0.lock().unwrap().0
    }

    fn wait(&self, time: Duration, stop: &Stop) -> bool {
        self.pass(time);
        self.0.lock().unwrap().1.push(time);
        !stop.is_raised()
    }
}

/// Lets others work until it is so. There is no clock to look at, so it is looked at so often that nothing will come of it.
pub(crate) fn until(what: &str, is_so: impl FnMut() -> bool) {
    let mut is_so = is_so;
    for _ in 0..20_000_000 {
        if is_so() {
            return;
        }
        std::thread::yield_now();
    }
    panic!("never: {what}");
}

/// How many threads of this name wait for something.
#[cfg(target_os = "linux")]
pub(crate) fn asleep(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    // One that ends meanwhile has no file any more.
    let stats = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("stat")).ok());
    stats.filter(|stat| stat.contains(&format!("({name}) S"))).count()
}

/// A file whose variables are `URL` and what else is given.
pub(crate) fn file(text: &str, environment: &[(&str, &str)]) -> SourceFile {
    let value = |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
    haltline_sources::parse(text, "sources.toml", &value).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// One index level, asked each second, with patience: a machine may be busy. `further` are keys of it.
pub(crate) fn index(further: &str) -> String {
    format!(
        "[[source]]\nname = \"spx\"\nscope = \"ext/spx\"\npreset = \"index_level\"\nurl = {{ env = \"URL\" }}\n\
         connect_timeout = \"60s\"\nread_timeout = \"60s\"\ntimeout = \"60s\"\n{further}\n"
    )
}

/// The same for a server that will not answer: silence is noticed soon.
pub(crate) fn impatient(further: &str) -> String {
    index(further).replace("read_timeout = \"60s\"", "read_timeout = \"100ms\"")
}

/// A manual System with the first source of a file.
pub(crate) struct Rig {
    pub(crate) clock: TestClock,
    pub(crate) system: System,
    pub(crate) source: Source,
    pub(crate) calls: Feed,
}

impl Rig {
    pub(crate) fn new(file: &SourceFile) -> Self {
        Self::with(file, Plan::default())
    }

    /// With further breakers.
    pub(crate) fn with(file: &SourceFile, mut plan: Plan) -> Self {
        let clock = TestClock::new();
        file.add_to(&mut plan);
        // Waits move the clock ahead of the System, which moves with the next pull.
        plan.skew = Skew { max_ahead: Duration::from_secs(600), ..Skew::default() };
        let system = System::manual(plan, START).unwrap();
        let source = file.attach(&system, clock.clone()).unwrap().remove(0);
        let calls = system.feed(file.sources[0].calls_scope().as_str()).unwrap();
        Self { clock, system, source, calls }
    }

    /// A second later.
    pub(crate) fn pull(&mut self) -> SourceStatus {
        self.pull_after(SECOND)
    }

    pub(crate) fn pull_after(&mut self, time: Duration) -> SourceStatus {
        let now = self.clock.pass(time);
        self.system.advance(now);
        self.source.pull(&mut self.calls, now).unwrap();
        self.source.status()
    }

    pub(crate) fn status(&self, breaker: &str) -> Status {
        self.system.breaker_status(self.system.breaker(breaker).unwrap()).unwrap().status
    }
}
