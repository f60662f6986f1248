//! The last lines, each made once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use haltline::{Describer, Event, System};

use crate::event_json;

/// Lines of the events of one System: made when somebody asks, once, and kept while they are among the last.
///
/// ```
/// use haltline::{Past, Plan, System, Nanos};
/// use haltline_journal::Journal;
/// let system = System::manual(Plan::default(), Nanos::from_secs(0))?;
/// let journal = Journal::new(&system, 1_000);
/// system.kill();
/// system.drain(|_| {});
/// // Two who look at the same history.
/// for _ in 0..2 {
///     let lines: Vec<_> = system.history(&Past::default()).iter().map(|event| journal.line(event)).collect();
///     assert!(lines.last().is_some_and(|line| line.contains(r#""type":"killed""#)));
///     assert_eq!(journal.made(), lines.len() as u64);
/// }
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Debug)]
pub struct Journal {
    describer: Describer,
    capacity: usize,
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    by_sequence: BTreeMap<u64, Arc<str>>,
    made: u64,
}

impl Journal {
    /// Keeps at most `capacity` lines, those of the highest numbers; with 0 none. A line has some 300 bytes. Does not keep the
    /// System alive, and knows what its last events say when it is gone.
    pub fn new(system: &System, capacity: usize) -> Self {
        Self { describer: system.describer(), capacity, lines: Mutex::default() }
    }

    /// The line of an event of its System, without a line end. O(log capacity) if it is kept, otherwise it is made as by
    /// [`event_json`]. Blocks while another thread asks.
    ///
    /// It says what was known when it was made: of who asks late the breaker may be gone, and the note another one.
    pub fn line(&self, event: &Event) -> Arc<str> {
        let mut lines = self.lock();
        if let Some(line) = lines.by_sequence.get(&event.sequence) {
            return line.clone();
        }
        let line: Arc<str> = event_json(&self.describer.details(event)).into();
        lines.made += 1;
        lines.by_sequence.insert(event.sequence, line.clone());
        while lines.by_sequence.len() > self.capacity {
            lines.by_sequence.pop_first();
        }
        line
    }

    /// How many lines have been made.
    pub fn made(&self) -> u64 {
        self.lock().made
    }

    /// How many are kept.
    pub fn kept(&self) -> usize {
        self.lock().by_sequence.len()
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
