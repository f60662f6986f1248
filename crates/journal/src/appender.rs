//! Writes lines down as events come.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use haltline::Event;

use crate::Journal;

/// What an [`Appender`] has written, and what it could not; for who looks from another thread.
///
/// ```
/// use haltline_journal::Written;
/// assert_eq!((Written::default().lines(), Written::default().failures()), (0, 0));
/// ```
#[derive(Debug, Default)]
pub struct Written {
    lines: AtomicU64,
    failures: AtomicU64,
    lost: AtomicU64,
}

impl Written {
    /// Lines that were written and flushed.
    pub fn lines(&self) -> u64 {
        self.lines.load(Relaxed)
    }

    /// Batches that could not be.
    pub fn failures(&self) -> u64 {
        self.failures.load(Relaxed)
    }

    /// The lines of those batches. Some of them may have been written.
    pub fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }
}

/// Appends the line of each event to a file, or whatever takes bytes: one write and one flush a batch. What cannot be written is
/// counted, and the next batch is tried; after a write that has failed it begins on a new line, so that no two events share one.
///
/// For the callback of a subscriber, or what a manual System drains. With
/// [`Overflow::DropNewest`](haltline::Overflow::DropNewest) and a large queue a slow disk makes no hole in the middle; one that
/// is made all the same is a line of the type `gap`.
///
/// ```
/// # let path = std::env::temp_dir().join(format!("haltline-journal-{}.jsonl", std::process::id()));
/// use haltline::*;
/// use haltline_journal::{Appender, Journal};
/// use std::sync::Arc;
/// use std::time::Duration;
/// # let desk = BreakerSpec::new("desk", ScopePath::root(), RuleSpec::Manual);
/// let system = System::start(Plan { breakers: vec![desk], ..Plan::default() })?;
/// let file = std::fs::OpenOptions::new().create(true).append(true).open(&path)?;
/// let mut appender = Appender::new(Arc::new(Journal::new(&system, 1_000)), file);
/// let written = appender.written();
/// let batches = Subscriber { capacity: 65_536, max_overruns: 0, ..Subscriber::new("journal") };
/// system.subscribe(batches, move |events| appender.append(events))?.stay();
/// system.trip(system.breaker("desk")?, By::new("ann", Authority::Trader, "wild router"))?;
/// system.shutdown(Duration::from_secs(10))?;
/// let text = std::fs::read_to_string(&path)?;
/// assert!(text.ends_with("}\n") && text.contains(r#""note":"ann: wild router""#) && text.contains(r#""type":"shutdown""#));
/// assert_eq!((written.lines(), written.failures()), (text.lines().count() as u64, 0));
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Appender<W> {
    journal: Arc<Journal>,
    out: W,
    written: Arc<Written>,
    batch: Vec<u8>,
    /// Whether the last write has failed, perhaps in the midst of a line.
    is_torn: bool,
}

impl<W: Write> Appender<W> {
    /// Writes the lines of a journal, which keeps them for others.
    pub fn new(journal: Arc<Journal>, out: W) -> Self {
        Self { journal, out, written: Arc::default(), batch: Vec::new(), is_torn: false }
    }

    /// What becomes of it.
    pub fn written(&self) -> Arc<Written> {
        self.written.clone()
    }

    /// Appends a batch. Blocks as long as the writer does.
    pub fn append(&mut self, events: &[Event]) {
        if events.is_empty() {
            return;
        }
        self.batch.clear();
        if self.is_torn {
            self.batch.push(b'\n');
        }
        for event in events {
            self.batch.extend_from_slice(self.journal.line(event).as_bytes());
            self.batch.push(b'\n');
        }
        let done = self.out.write_all(&self.batch).and_then(|()| self.out.flush());
        self.is_torn = done.is_err();
        let lines = events.len() as u64;
        if done.is_ok() {
            self.written.lines.fetch_add(lines, Relaxed);
        } else {
            self.written.failures.fetch_add(1, Relaxed);
            self.written.lost.fetch_add(lines, Relaxed);
        }
    }
}
