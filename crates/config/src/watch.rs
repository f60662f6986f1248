//! A System follows its file: what is to be done is decided in `judge`, where to look in `places`, when in `bell`; here it is
//! done.

mod bell;
mod judge;
mod places;

use core::convert::Infallible;
use core::fmt;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use haltline::{ErrorKind, EventType, Filter, Plan, Reloaded, Subscriber, Subscription, System};
use notify::{INotifyWatcher, RecursiveMode, Watcher as _};

use crate::{Finding, Loaded, Mistakes, load_all};
use bell::{Bell, Ends};
use judge::{Known, Verdict};
use places::Places;

/// How long a dropped [`Watcher`] waits for a reload or a callback that runs.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often the files of one change are read: more often they have not been found to name the same files twice.
const MOST_READS: usize = 12;

/// How a file is watched.
///
/// ```
/// use haltline_config::WatchOptions;
/// use std::time::Duration;
/// let options = WatchOptions { quiet: Duration::from_secs(1), ..WatchOptions::default() };
/// assert_eq!(options.longest, Duration::from_secs(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchOptions {
    /// A change is taken in when nothing has changed for so long: one reload for all that an editor or a copy does. 100 ms by
    /// default.
    pub quiet: Duration,
    /// But no later than so long after its begin, so that who writes all the time hides nothing. 2 s by default.
    pub longest: Duration,
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self { quiet: Duration::from_millis(100), longest: Duration::from_secs(2) }
    }
}

/// What became of a change, for the callback of [`watch`]. Prints as one line, but for the mistakes, which have one each.
///
/// ```
/// use haltline_config::{Change, WatchError, parse};
/// let mistakes = parse("[[breaker]]\nlimit = 1.5", "risk.toml").unwrap_err();
/// let text = Change::Refused(WatchError::Mistakes(mistakes)).to_string();
/// assert!(text.starts_with("refused, the configuration before stays in force:\nrisk.toml:1:1: "));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It is in force. Told by the event [`ConfigReloaded`](EventType::ConfigReloaded), too.
    Reloaded {
        /// What the reload has done.
        done: Reloaded,
        /// What is allowed but unusual, and the calendars that [end](crate::Config::ends), by the System's time.
        warnings: Vec<Finding>,
    },
    /// It is refused, and what was in force stays. Told by the event [`ConfigRefused`](EventType::ConfigRefused), too; once, as
    /// long as the mistakes are the same.
    Refused(WatchError),
    /// After it was refused it is again what is in force; nothing was reloaded.
    Restored,
    /// `[system]` is another one than at the begin: its capacities are those of the System's start, so this part needs a
    /// restart. What else the file says is told by itself.
    NeedsRestart,
    /// Changes of some of the files cannot be noticed any more, for this reason. The rest is as usual.
    Unwatched(String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reloaded { done: Reloaded { added, changed, removed, .. }, .. } => {
                write!(f, "reloaded: {added} breakers added, {changed} changed, {removed} removed")
            }
            Self::Refused(why) => write!(f, "refused, the configuration before stays in force:\n{why}"),
            Self::Restored => f.write_str("restored: the file is again what is in force"),
            Self::NeedsRestart => f.write_str("[system] has changed: that needs a restart"),
            Self::Unwatched(why) => write!(f, "not watched: {why}"),
        }
    }
}

/// Why a file is not watched, or a change of it is refused. Prints in full.
///
/// ```
/// # use std::{path::Path, sync::Arc};
/// use haltline::{Plan, System};
/// use haltline_config::{WatchError, WatchOptions, watch};
/// let system = Arc::new(System::start(Plan::default())?);
/// let refused = watch(Path::new("no/such.toml"), &system, WatchOptions::default(), |_| {}).unwrap_err();
/// assert!(matches!(refused, WatchError::Mistakes(_)));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum WatchError {
    /// The mistakes of the files, each with line and column.
    Mistakes(Mistakes),
    /// What the System says: it does not fit, or would remove a breaker in an emergency stop.
    System(haltline::Error),
    /// What the machine says: a folder that cannot be watched, no thread.
    Machine(String),
}

impl WatchError {
    /// How many mistakes there are.
    fn count(&self) -> usize {
        match self {
            Self::Mistakes(mistakes) => mistakes.as_slice().len(),
            Self::System(_) | Self::Machine(_) => 1,
        }
    }
}

impl fmt::Display for WatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mistakes(mistakes) => mistakes.fmt(f),
            Self::System(error) => error.fmt(f),
            Self::Machine(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for WatchError {}

impl From<haltline::Error> for WatchError {
    fn from(error: haltline::Error) -> Self {
        Self::System(error)
    }
}

fn machine(what: impl fmt::Display, why: impl fmt::Display) -> WatchError {
    WatchError::Machine(format!("{what}: {why}"))
}

/// Has a System follow a configuration file, what it includes and its lists of instruments: each change is loaded and, if it has
/// no mistake, [reloaded](System::reload); otherwise what was in force stays. `on_change` is told of each, on the thread of the
/// watcher; it may be slow (changes wait meanwhile) and may panic. The same content again reloads nothing and is not told.
///
/// The file counts from now on: whatever it says other than the System's plan is in force when this returns. So do later
/// reloads undo what `update_policy` and `update_rule` have changed.
///
/// Folders are watched, not files, since editors replace files by renaming. A file that is being written may be read half; half
/// of it is refused if it has a mistake, but may also be without its last breakers. Who writes beside it and renames is sure.
///
/// One thread that sleeps while nothing changes, the kernel's handle with another, and a place among the
/// [subscribers](System::subscribe) with a third, by which it hears of the shutdown, which ends it. It does not keep the System
/// alive, but for as long as it takes in a change.
///
/// # Errors
/// The file's mistakes; what [`reload`](System::reload) and [`subscribe`](System::subscribe) refuse (a manual System owns no
/// thread: its host calls [`load`](crate::load) and `reload`); what the machine refuses.
///
/// ```
/// # use std::sync::{Arc, mpsc};
/// use haltline_config::{Change, WatchOptions, load, watch};
/// # let folder = std::env::temp_dir().join(format!("haltline-watch-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("risk.toml");
/// # let text = "[[breaker]]\nname = \"dd\"\nkind = \"drawdown\"\nscope = \"acct/main\"\nlimit = 0.08\n";
/// # std::fs::write(&path, text)?;
/// let system = Arc::new(haltline::System::start(load(&path)?.plan)?);
/// let (sender, told) = mpsc::channel();
/// let watcher = watch(&path, &system, WatchOptions::default(), move |change| {
///     sender.send(change.clone()).unwrap_or_default();
/// })?;
/// std::fs::write(folder.join("new"), text.replace("0.08", "0.05"))?;
/// std::fs::rename(folder.join("new"), &path)?;
/// assert!(matches!(told.recv()?, Change::Reloaded { done, .. } if done.changed == 1));
/// drop(watcher);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn watch(
    path: &Path,
    system: &Arc<System>,
    options: WatchOptions,
    on_change: impl FnMut(&Change) + Send + 'static,
) -> Result<Watcher, WatchError> {
    watch_with(path, system, options, |_| {}, on_change)
}

/// The same for a host whose plan has more than its file says: `complete` adds the rest to each plan that is read, before it is compared
/// with what is in force. It runs on the watcher's thread, and the first time on the caller's; the same file must give the same plan.
/// If it panics the change is refused.
///
/// # Errors
/// As [`watch`].
///
/// ```
/// # use std::{path::Path, sync::Arc};
/// use haltline::{BreakerSpec, RuleSpec, ScopePath, System};
/// use haltline_config::{WatchError, WatchOptions, Watcher, watch_with};
/// fn follow(system: &Arc<System>) -> Result<Watcher, WatchError> {
///     let desk = BreakerSpec::new("desk", ScopePath::root(), RuleSpec::Manual);
///     let complete = move |plan: &mut haltline::Plan| plan.breakers.push(desk.clone());
///     watch_with(Path::new("risk.toml"), system, WatchOptions::default(), complete, |change| eprintln!("{change}"))
/// }
/// # let _ = follow;
/// ```
pub fn watch_with(
    path: &Path,
    system: &Arc<System>,
    options: WatchOptions,
    complete: impl FnMut(&mut Plan) + Send + 'static,
    on_change: impl FnMut(&Change) + Send + 'static,
) -> Result<Watcher, WatchError> {
    let path = std::path::absolute(path).map_err(|why| machine(path.display(), why))?;
    let bell = Arc::new(Bell::default());
    let subscription = end_with(system, &bell)?;
    let (ends, kernel_ended) = sync_channel(0);
    let mut eye = Eye::open(path, Box::new(complete), &bell, ends)?;
    let (loaded, unwatched) = eye.read();
    if let Some(why) = unwatched {
        return Err(WatchError::Machine(why));
    }
    let plan = loaded.config.map_err(WatchError::Mistakes)?.plan;
    let done = system.reload(&plan)?;
    if done != Reloaded::default() {
        system.config_reloaded(&done)?;
    }
    let follower =
        Follower { eye, known: Known::new(plan), unwatched: None, system: Arc::downgrade(system), on_change };
    let (ends, ended) = sync_channel(0);
    let for_thread = bell.clone();
    let body = move || {
        // Dropped last, whatever the body does.
        let _ends = ends;
        follower.follow(&for_thread, options);
        // The kernel's thread has let go of its handle.
        let _ = kernel_ended.recv();
    };
    let thread = std::thread::Builder::new().name("haltline-watch".into()).spawn(body);
    let thread = thread.map_err(|why| machine("thread haltline-watch", why))?;
    Ok(Watcher { bell, ended, thread: Some(thread), _subscription: subscription })
}

/// The bell ends with the System.
fn end_with(system: &System, bell: &Arc<Bell>) -> Result<Subscription, WatchError> {
    let filter = Filter { types: vec![EventType::Shutdown], ..Filter::default() };
    let subscriber = Subscriber { filter, capacity: 1, ..Subscriber::new("configuration") };
    // Also when the callback goes without having been called.
    let ends = Ends(bell.clone());
    Ok(system.subscribe(subscriber, move |events| {
        if events.iter().any(|event| event.event_type() == EventType::Shutdown) {
            ends.now();
        }
    })?)
}

/// Holds the watch of a file: dropped, it ends it, and waits for a reload or a callback that runs for at most five seconds. On
/// its own thread, in the callback, it does not wait.
///
/// ```
/// # use std::{path::Path, sync::Arc};
/// use haltline_config::{WatchError, WatchOptions, Watcher, watch};
/// fn follow(system: &Arc<haltline::System>) -> Result<Watcher, WatchError> {
///     watch(Path::new("risk.toml"), system, WatchOptions::default(), |change| eprintln!("risk.toml: {change}"))
/// }
/// # let _ = follow;
/// ```
#[derive(Debug)]
#[must_use = "dropped at once it ends at once"]
pub struct Watcher {
    bell: Arc<Bell>,
    /// Nothing is ever sent; closed when the thread has ended.
    ended: Receiver<Infallible>,
    thread: Option<JoinHandle<()>>,
    _subscription: Subscription,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.bell.end();
        let Some(thread) = self.thread.take() else { return };
        let is_this = thread.thread().id() == std::thread::current().id();
        if !is_this && self.ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Disconnected) {
            // Past its body: what is left are a few instructions.
            let _ = thread.join();
        }
    }
}

/// Adds to a plan what its file does not say.
type Complete = Box<dyn FnMut(&mut Plan) + Send>;

/// Reads the files, and has their folders watched.
struct Eye {
    path: PathBuf,
    complete: Complete,
    bell: Arc<Bell>,
    kernel: INotifyWatcher,
    places: Places,
}

impl Eye {
    /// `ends` is dropped when the kernel's thread ends.
    fn open(
        path: PathBuf,
        complete: Complete,
        bell: &Arc<Bell>,
        ends: SyncSender<Infallible>,
    ) -> Result<Self, WatchError> {
        let rings = bell.clone();
        let heard = move |event: notify::Result<notify::Event>| {
            let _ends = &ends;
            // What was lost may have been of ours.
            if event.map_or(true, |event| rings.concerns(&event)) {
                rings.ring();
            }
        };
        let kernel = INotifyWatcher::new(heard, notify::Config::default()).map_err(|why| machine("inotify", why))?;
        let places = Places::of([path.as_path()]);
        Ok(Self { path, complete, bell: bell.clone(), kernel, places })
    }

    /// Folders are watched before the files in them are read, so that what changes in between is told; and again each time, since
    /// a folder may have been replaced by another one of its name. Beside what was read why something is not watched.
    fn read(&mut self) -> (Loaded, Option<String>) {
        let mut reads = 0;
        loop {
            self.bell.want(self.places.files.clone());
            let unwatched = self.watch();
            let loaded = load_all(&self.path);
            let named = loaded.named.iter().map(PathBuf::as_path);
            let places = Places::of([self.path.as_path()].into_iter().chain(named));
            reads += 1;
            if places == self.places || reads == MOST_READS {
                return (self.completed(loaded), unwatched);
            }
            let left: BTreeSet<_> = self.places.folders.difference(&places.folders).cloned().collect();
            for folder in left {
                // It may be gone already.
                let _ = self.kernel.unwatch(&folder);
            }
            self.places = places;
        }
    }

    fn completed(&mut self, mut loaded: Loaded) -> Loaded {
        if let Ok(config) = &mut loaded.config {
            let complete = &mut self.complete;
            if catch_unwind(AssertUnwindSafe(|| complete(&mut config.plan))).is_err() {
                let file = self.path.display().to_string();
                loaded.config = Err(Mistakes::of_host(&file, "what its host adds to the plan has panicked"));
            }
        }
        loaded
    }

    fn watch(&mut self) -> Option<String> {
        let mut unwatched = None;
        for folder in &self.places.folders {
            if let Err(why) = self.kernel.watch(folder, RecursiveMode::NonRecursive) {
                unwatched = Some(format!("{}: {why}", folder.display()));
            }
        }
        unwatched
    }
}

/// What the thread holds.
struct Follower<F> {
    eye: Eye,
    known: Known,
    /// Why some files are not watched, as it was told last.
    unwatched: Option<String>,
    system: Weak<System>,
    on_change: F,
}

impl<F: FnMut(&Change)> Follower<F> {
    fn follow(mut self, bell: &Bell, options: WatchOptions) {
        while bell.wait(options) {
            let (loaded, unwatched) = self.eye.read();
            if unwatched != self.unwatched {
                self.unwatched.clone_from(&unwatched);
                unwatched.into_iter().for_each(|why| self.tell(&Change::Unwatched(why)));
            }
            let Some(now) = self.system.upgrade().map(|system| system.now()) else { return };
            let (verdict, needs_restart) = self.known.judge(loaded.config, now);
            if needs_restart {
                self.tell(&Change::NeedsRestart);
            }
            match self.act(verdict) {
                Ok(change) => change.into_iter().for_each(|change| self.tell(&change)),
                // The System has shut down.
                Err(Gone) => return,
            }
        }
    }

    fn act(&mut self, verdict: Verdict) -> Result<Option<Change>, Gone> {
        let system = self.system.upgrade().ok_or(Gone)?;
        match verdict {
            Verdict::Same => Ok(None),
            Verdict::Restored => {
                self.known.restored();
                system.config_reloaded(&Reloaded::default()).map_err(|_| Gone)?;
                Ok(Some(Change::Restored))
            }
            Verdict::Refuse(mistakes) => self.refuse(&system, WatchError::Mistakes(mistakes)),
            Verdict::Reload { plan, warnings } => self.reload(&system, plan, warnings),
        }
    }

    fn reload(&mut self, system: &System, plan: Plan, warnings: Vec<Finding>) -> Result<Option<Change>, Gone> {
        match system.reload(&plan) {
            Ok(done) => {
                self.known.reloaded(plan);
                system.config_reloaded(&done).map_err(|_| Gone)?;
                Ok(Some(Change::Reloaded { done, warnings }))
            }
            Err(error) if error.kind() == ErrorKind::Closed => Err(Gone),
            Err(error) => self.refuse(system, WatchError::System(error)),
        }
    }

    fn refuse(&mut self, system: &System, why: WatchError) -> Result<Option<Change>, Gone> {
        if !self.known.refused(&why) {
            return Ok(None);
        }
        system.config_refused(why.count()).map_err(|_| Gone)?;
        Ok(Some(Change::Refused(why)))
    }

    /// A callback that panics has heard it; the next one is told all the same.
    fn tell(&mut self, change: &Change) {
        let _ = catch_unwind(AssertUnwindSafe(|| (self.on_change)(change)));
    }
}

/// The System is no more.
struct Gone;
