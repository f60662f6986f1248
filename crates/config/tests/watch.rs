//! A System follows its file: what takes effect, what is refused, what is noticed at all. Waits on channels alone.

#![cfg(feature = "watch")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use common::Folder;
use haltline::{
    BreakerSpec, EventType, Feed, Filter, Gate, Intent, Money, Nanos, Plan, RuleSpec, ScopePath, Subscriber,
    Subscription, System, Unsubscribed,
};
use haltline_config::{Change, WatchError, WatchOptions, Watcher, load, watch, watch_with};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn dd(limit: &str) -> String {
    format!("[[breaker]]\nname = \"dd\"\nkind = \"drawdown\"\nscope = \"acct\"\nlimit = {limit}\n")
}

fn desk(name: &str) -> String {
    format!("[[breaker]]\nname = \"{name}\"\nkind = \"manual\"\nscope = \"acct\"\n")
}

/// A System that follows `main.toml` of a folder.
struct Stage {
    folder: Folder,
    system: Arc<System>,
    gate: Gate,
    feed: Feed,
    changes: Receiver<Change>,
    events: Receiver<(EventType, f64)>,
    watcher: Option<Watcher>,
    _subscription: Subscription,
}

impl Stage {
    fn new(test: &str, files: &[(&str, &str)]) -> Self {
        Self::of(Folder::new(test, files), WatchOptions::default())
    }

    fn of(folder: Folder, options: WatchOptions) -> Self {
        let system = Arc::new(System::start(folder.load().plan).unwrap());
        let (sender, events) = channel();
        let types = vec![EventType::ConfigReloaded, EventType::ConfigRefused];
        let subscriber =
            Subscriber { filter: Filter { types, ..Filter::default() }, ..Subscriber::new("configurations") };
        let tell = move |told: &[haltline::Event]| {
            // Where every breaker is when it comes.
            let news = told.iter().filter(|event| event.event_type() != EventType::Level);
            news.for_each(|event| sender.send((event.event_type(), event.value)).unwrap_or_default());
        };
        let subscription = system.subscribe(subscriber, tell).unwrap();
        let (gate, feed) = (system.gate(&["acct"]).unwrap(), system.feed("acct").unwrap());
        let (sender, changes) = channel();
        let tell = move |change: &Change| sender.send(change.clone()).unwrap_or_default();
        let watcher = Some(watch(&folder.0.join("main.toml"), &system, options, tell).unwrap());
        Self { folder, system, gate, feed, changes, events, watcher, _subscription: subscription }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.0.join(name), text).unwrap();
    }

    /// As editors do it: beside the file, so that nothing is seen in another folder.
    fn replace(&self, name: &str, text: &str) {
        let new = format!("{name}.new");
        self.write(&new, text);
        fs::rename(self.folder.0.join(new), self.folder.0.join(name)).unwrap();
    }

    fn mark(&mut self, equity: f64) {
        self.feed.equity(Money::from_f64(equity).unwrap(), self.system.now()).unwrap();
    }

    fn permits(&self) -> bool {
        self.gate.permits(Intent::Increase)
    }

    fn change(&self) -> Change {
        self.changes.recv_timeout(PATIENCE).unwrap()
    }

    /// How many breakers the next change has added, changed and removed.
    fn reloaded(&self) -> [usize; 3] {
        match self.change() {
            Change::Reloaded { done, .. } => [done.added, done.changed, done.removed],
            other => panic!("{other}"),
        }
    }

    /// What the next change is refused for, without the folder in the names of files.
    fn refused(&self) -> String {
        match self.change() {
            Change::Refused(why) => why.to_string().replace(&format!("{}/", self.folder.0.display()), ""),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_good_change_takes_effect() {
    let mut stage = Stage::new("watch-good", &[("main.toml", &dd("0.5"))]);
    stage.mark(100.0);
    stage.mark(90.0);
    assert!(stage.permits());
    stage.replace("main.toml", &dd("0.08"));
    assert_eq!(stage.reloaded(), [0, 1, 0]);
    stage.mark(90.0);
    assert!(!stage.permits());
    assert_eq!(stage.events.recv_timeout(PATIENCE), Ok((EventType::ConfigReloaded, 1.0)));
}

#[test]
fn a_broken_file_is_refused_with_its_place_and_the_old_limit_stays() {
    let mut stage = Stage::new("watch-broken", &[("main.toml", &dd("0.08"))]);
    stage.mark(100.0);
    stage.replace("main.toml", &dd("1.5"));
    let allowed = "found 1.5, allowed are fractions above 0 and at most 1";
    assert_eq!(stage.refused(), format!("main.toml:5:9: breaker \"dd\": limit: {allowed}"));
    assert_eq!(stage.events.recv_timeout(PATIENCE), Ok((EventType::ConfigRefused, 1.0)));
    stage.mark(92.5);
    assert!(stage.permits());
    stage.mark(92.0);
    assert!(!stage.permits());
    // The old text again: nothing is reloaded, and who was told of the mistake is told that it is gone.
    stage.replace("main.toml", &dd("0.08"));
    assert_eq!(stage.change(), Change::Restored);
    assert_eq!(stage.events.recv_timeout(PATIENCE), Ok((EventType::ConfigReloaded, 0.0)));
}

#[test]
fn an_absent_file_is_refused_and_seen_when_it_comes_back() {
    let stage = Stage::new("watch-absent", &[("main.toml", &dd("0.08"))]);
    fs::remove_file(stage.folder.0.join("main.toml")).unwrap();
    assert!(stage.refused().starts_with("main.toml:1:1: cannot be read: "));
    stage.replace("main.toml", &dd("0.07"));
    assert_eq!(stage.reloaded(), [0, 1, 0]);
}

#[test]
fn a_file_that_is_replaced_by_renaming_is_seen_each_time() {
    let stage = Stage::new("watch-rename", &[("main.toml", &dd("0.08"))]);
    for limit in ["0.07", "0.06", "0.05"] {
        stage.replace("main.toml", &dd(limit));
        assert_eq!(stage.reloaded(), [0, 1, 0]);
    }
}

#[test]
fn what_is_included_is_watched_also_if_it_was_not_there() {
    let main = |include: &str| format!("include = [{include}]\n{}", dd("0.08"));
    let files = [("main.toml", &*main("\"desks/a.toml\"")), ("desks/a.toml", &desk("a"))];
    let stage = Stage::new("watch-include", &files);
    stage.replace("desks/a.toml", &desk("b"));
    assert_eq!(stage.reloaded(), [1, 0, 1]);
    // One in a folder that does not exist.
    stage.replace("main.toml", &main("\"desks/a.toml\", \"more/c.toml\""));
    assert!(stage.refused().contains("more/c.toml cannot be read"));
    fs::create_dir(stage.folder.0.join("more")).unwrap();
    stage.replace("more/c.toml", &desk("c"));
    assert_eq!(stage.reloaded(), [1, 0, 0]);
    // And one that is included no more.
    stage.replace("main.toml", &main("\"more/c.toml\""));
    assert_eq!(stage.reloaded(), [0, 0, 1]);
    stage.replace("more/c.toml", &desk("d"));
    assert_eq!(stage.reloaded(), [1, 0, 1]);
}

#[test]
fn a_list_of_instruments_is_watched() {
    let list = "[[instruments]]\nname = \"all\"\nfile = \"lists/all.csv\"\nscope = \"X\"\ncolumn = \"symbol\"\n";
    let main = format!("{list}{}{}", dd("0.08"), desk("halts").replace("\"acct\"", "{ instruments = \"all\" }"));
    let stage = Stage::new("watch-list", &[("main.toml", &main), ("lists/all.csv", "symbol\nA\n")]);
    stage.replace("lists/all.csv", "symbol\nA\nB\n");
    // Its own, and the kill switch of its scope.
    assert_eq!(stage.reloaded(), [2, 0, 0]);
    assert!(stage.system.breaker("halts:B").is_ok());
}

#[test]
fn a_folder_that_is_replaced_or_a_link_that_leads_elsewhere_is_seen() {
    let texts = ["0.09", "0.08", "0.07", "0.06"].map(dd);
    let files = [("1/main.toml", &*texts[0]), ("2/main.toml", &*texts[1]), ("3/main.toml", &*texts[2])];
    let folder = Folder::new("watch-link", &files);
    let root = folder.0.clone();
    symlink("1", root.join("current")).unwrap();
    let stage = Stage::of(Folder(root.join("current")), WatchOptions::default());
    symlink("2", root.join("next")).unwrap();
    fs::rename(root.join("next"), root.join("current")).unwrap();
    assert_eq!(stage.reloaded(), [0, 1, 0]);
    fs::rename(root.join("2"), root.join("old")).unwrap();
    fs::rename(root.join("3"), root.join("2")).unwrap();
    // Between the two renames there was no file.
    while !matches!(stage.change(), Change::Reloaded { .. }) {}
    stage.replace("main.toml", &texts[3]);
    assert_eq!(stage.reloaded(), [0, 1, 0]);
}

#[test]
fn a_burst_is_few_reloads_and_the_same_content_none() {
    let stage = Stage::new("watch-burst", &[("main.toml", &dd("0.5"))]);
    for i in 0..200 {
        stage.replace("main.toml", &dd(&format!("0.{}", 100 + i)));
    }
    stage.replace("main.toml", &desk("last"));
    let reloads = (1..).find(|_| matches!(stage.reloaded(), [1, _, 1])).unwrap();
    // One, unless somebody stops this process for longer than the quiet time.
    assert!(reloads <= 20, "{reloads}");
    stage.replace("main.toml", &format!("# the same\n{}", desk("last")));
    stage.replace("main.toml", &desk("other"));
    assert_eq!(stage.reloaded(), [1, 0, 1]);
    drop(stage.watcher);
    assert_eq!(stage.changes.iter().count(), 0);
}

#[test]
fn who_writes_all_the_time_does_not_hide_a_change() {
    let options = WatchOptions { quiet: Duration::from_secs(3_600), longest: Duration::from_millis(50) };
    let stage = Stage::of(Folder::new("watch-longest", &[("main.toml", &dd("0.5"))]), options);
    stage.replace("main.toml", &dd("0.4"));
    assert_eq!(stage.reloaded(), [0, 1, 0]);
}

#[test]
fn another_system_table_needs_a_restart_and_the_rest_takes_effect() {
    let stage = Stage::new("watch-system", &[("main.toml", &dd("0.08"))]);
    stage.replace("main.toml", &format!("[system]\nmax_scopes = 99\n{}", dd("0.07")));
    assert_eq!(stage.change(), Change::NeedsRestart);
    assert_eq!(stage.reloaded(), [0, 1, 0]);
}

#[test]
fn what_the_system_refuses_is_refused() {
    let small = "[system]\nmax_scopes = 2\n";
    let stage = Stage::new("watch-full", &[("main.toml", &format!("{small}{}", dd("0.08")))]);
    // Would fit into the file's own capacities, not into those of the start.
    stage.replace("main.toml", &format!("scopes = [\"a\", \"b\"]\n{}", dd("0.08")));
    assert_eq!(stage.change(), Change::NeedsRestart);
    assert!(matches!(stage.change(), Change::Refused(WatchError::System(_))));
}

#[test]
fn what_has_changed_before_the_watch_is_in_force_after_its_begin() {
    let folder = Folder::new("watch-before", &[("main.toml", &dd("0.08"))]);
    let system = Arc::new(System::start(Plan::default()).unwrap());
    let _watcher = watch(&folder.0.join("main.toml"), &system, WatchOptions::default(), |_| {}).unwrap();
    assert!(system.breaker("dd").is_ok());
}

#[test]
fn a_callback_that_panics_is_called_again() {
    let folder = Folder::new("watch-panic", &[("main.toml", &dd("0.08"))]);
    let system = Arc::new(System::start(folder.load().plan).unwrap());
    let (sender, changes) = channel();
    let tell = move |change: &Change| {
        sender.send(change.clone()).unwrap();
        panic!("on purpose");
    };
    let _watcher = watch(&folder.0.join("main.toml"), &system, WatchOptions::default(), tell).unwrap();
    for limit in ["0.07", "0.06"] {
        fs::write(folder.0.join("main.toml"), dd(limit)).unwrap();
        while !matches!(changes.recv_timeout(PATIENCE).unwrap(), Change::Reloaded { .. }) {}
    }
}

#[test]
fn a_dropped_watcher_ends_its_thread() {
    let mut stage = Stage::new("watch-drop", &[("main.toml", &dd("0.08"))]);
    stage.watcher = None;
    // The callback is gone, and with it the thread that held it.
    assert_eq!(stage.changes.try_recv(), Err(std::sync::mpsc::TryRecvError::Disconnected));
    assert_eq!(stage.system.subscribers().len(), 1, "that of the stage");
    assert_eq!(Arc::strong_count(&stage.system), 1);
}

#[test]
fn a_watcher_that_is_dropped_by_its_own_callback_ends() {
    let folder = Folder::new("watch-own", &[("main.toml", &dd("0.08"))]);
    let system = Arc::new(System::start(folder.load().plan).unwrap());
    let (give, given) = channel::<Watcher>();
    let (ends, ended) = channel::<()>();
    let tell = move |_: &Change| {
        let _ends = &ends;
        drop(given.recv().unwrap());
    };
    give.send(watch(&folder.0.join("main.toml"), &system, WatchOptions::default(), tell).unwrap()).unwrap();
    fs::write(folder.0.join("main.toml"), dd("0.07")).unwrap();
    assert_eq!(ended.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
}

#[test]
fn a_system_that_has_shut_down_or_is_dropped_ends_its_watcher() {
    for is_dropped in [false, true] {
        let name = if is_dropped { "watch-dropped" } else { "watch-shutdown" };
        let Stage { folder: _, system, changes, watcher, _subscription, .. } =
            Stage::new(name, &[("main.toml", &dd("0.08"))]);
        assert_eq!(_subscription.unsubscribe(PATIENCE), Unsubscribed::Done);
        if is_dropped {
            drop(system)
        } else {
            drop(system.shutdown(PATIENCE).unwrap())
        }
        assert_eq!(changes.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
        drop(watcher);
    }
}

#[test]
fn what_cannot_be_watched_is_refused_at_once() {
    let folder = Folder::new("watch-refused", &[("main.toml", &dd("0.08")), ("broken.toml", &dd("1.5"))]);
    let begin = |system: &Arc<System>, name: &str| {
        watch(&folder.0.join(name), system, WatchOptions::default(), |_| {}).map(drop)
    };
    let system = Arc::new(System::start(load(&folder.0.join("main.toml")).unwrap().plan).unwrap());
    for name in ["broken.toml", "none.toml"] {
        assert!(matches!(begin(&system, name), Err(WatchError::Mistakes(_))), "{name}");
    }
    let manual = Arc::new(System::manual(Plan::default(), Nanos::from_secs(0)).unwrap());
    assert!(matches!(begin(&manual, "main.toml"), Err(WatchError::System(_))));
    drop(system.shutdown(PATIENCE).unwrap());
    assert!(matches!(begin(&system, "main.toml"), Err(WatchError::System(_))));
}

#[test]
fn what_a_host_adds_stays_in_every_plan() {
    let folder = Folder::new("watch-host", &[("main.toml", &dd("0.5"))]);
    let desk = BreakerSpec::new("desk", ScopePath::root(), RuleSpec::Manual);
    let mut plan = folder.load().plan;
    plan.breakers.push(desk.clone());
    let system = Arc::new(System::start(plan).unwrap());
    let number = system.breaker("desk").unwrap();
    let (sender, changes) = channel();
    let complete = move |plan: &mut Plan| {
        assert!(plan.breakers.len() < 2, "too many");
        plan.breakers.push(desk.clone());
    };
    let tell = move |change: &Change| sender.send(change.clone()).unwrap_or_default();
    let path = folder.0.join("main.toml");
    let _watcher = watch_with(&path, &system, WatchOptions::default(), complete, tell).unwrap();
    let write = |text: &str| {
        fs::write(folder.0.join("new"), text).unwrap();
        fs::rename(folder.0.join("new"), &path).unwrap();
        changes.recv_timeout(PATIENCE).unwrap()
    };
    let Change::Reloaded { done, .. } = write(&dd("0.4")) else { panic!("no reload") };
    assert_eq!([done.added, done.changed, done.removed], [0, 1, 0], "and at the begin nothing was told");
    assert_eq!(system.breaker("desk"), Ok(number));
    let two = format!("{}{}", dd("0.4"), dd("0.3").replace("\"dd\"", "\"other\""));
    let Change::Refused(why) = write(&two) else { panic!("no refusal") };
    assert!(why.to_string().ends_with("main.toml:1:1: what its host adds to the plan has panicked"), "{why}");
    assert_eq!(system.breaker("desk"), Ok(number));
}
