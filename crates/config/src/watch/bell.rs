//! Rings when something may have changed; who waits for it sleeps until it has been quiet for a while.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use notify::event::{AccessKind, AccessMode, Event, EventKind, ModifyKind};

use super::WatchOptions;

#[derive(Debug, Default)]
pub(super) struct Bell {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_rung: bool,
    is_ended: bool,
    /// The files whose content counts.
    files: BTreeSet<PathBuf>,
}

impl State {
    fn is_still(&mut self) -> bool {
        !self.is_rung && !self.is_ended
    }
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ring(&self) {
        self.lock().is_rung = true;
        self.moved.notify_all();
    }

    /// Nobody waits any more.
    pub(super) fn end(&self) {
        self.lock().is_ended = true;
        self.moved.notify_all();
    }

    pub(super) fn want(&self, files: BTreeSet<PathBuf>) {
        self.lock().files = files;
    }

    /// Whether what the kernel tells of a watched folder may change what is read. Whatever comes, goes or is renamed may be a link
    /// on the way to a file; what is written into counts if it is one of the files.
    pub(super) fn concerns(&self, event: &Event) -> bool {
        match event.kind {
            _ if event.need_rescan() => true,
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => self.names(event),
            EventKind::Access(_) => false,
            EventKind::Modify(ModifyKind::Name(_)) => true,
            EventKind::Modify(_) => self.names(event),
            EventKind::Create(_) | EventKind::Remove(_) | EventKind::Any | EventKind::Other => true,
        }
    }

    fn names(&self, event: &Event) -> bool {
        let state = self.lock();
        event.paths.iter().any(|path| state.files.contains(path))
    }

    /// Sleeps until it rings and has been quiet since; false when it has ended.
    pub(super) fn wait(&self, options: WatchOptions) -> bool {
        let wait = |state| self.moved.wait_while(state, State::is_still).unwrap_or_else(PoisonError::into_inner);
        let mut state = wait(self.lock());
        let begin = Instant::now();
        while state.is_rung && !state.is_ended {
            state.is_rung = false;
            let left = options.longest.saturating_sub(begin.elapsed());
            let quiet = self.moved.wait_timeout_while(state, options.quiet.min(left), State::is_still);
            state = quiet.unwrap_or_else(PoisonError::into_inner).0;
            if left.is_zero() {
                break;
            }
        }
        !state.is_ended
    }
}

/// Ends a bell when it goes.
pub(super) struct Ends(pub(super) Arc<Bell>);

impl Ends {
    pub(super) fn now(&self) {
        self.0.end();
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn many_rings_are_one_until_somebody_has_waited_and_an_end_wins() {
        let (bell, options) = (Bell::default(), WatchOptions { quiet: Duration::ZERO, longest: Duration::ZERO });
        (0..200).for_each(|_| bell.ring());
        assert!(bell.wait(options) && !bell.lock().is_rung);
        bell.ring();
        bell.end();
        assert!(!bell.wait(options));
    }

    #[test]
    fn what_is_written_into_other_files_and_what_is_only_read_rings_nothing() {
        use notify::event::{CreateKind, DataChange, Flag, RenameMode};
        let bell = Bell::default();
        bell.want([PathBuf::from("/a/risk.toml")].into());
        let concerns = |kind, path: &str| bell.concerns(&Event::new(kind).add_path(path.into()));
        let (written, closed) = (
            EventKind::Modify(ModifyKind::Data(DataChange::Any)),
            EventKind::Access(AccessKind::Close(AccessMode::Write)),
        );
        assert!(concerns(written, "/a/risk.toml") && concerns(closed, "/a/risk.toml"));
        assert!(!concerns(written, "/a/log") && !concerns(closed, "/a/log"));
        assert!(!concerns(EventKind::Access(AccessKind::Open(AccessMode::Any)), "/a/risk.toml"));
        // A link may have come.
        assert!(concerns(EventKind::Modify(ModifyKind::Name(RenameMode::To)), "/a/current"));
        assert!(concerns(EventKind::Create(CreateKind::Any), "/a/current"));
        assert!(bell.concerns(&Event::new(EventKind::Other).set_flag(Flag::Rescan)));
    }
}
