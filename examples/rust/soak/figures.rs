//! Figures of a moment, and how they are shown while it runs.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use haltline::*;

use super::load::Load;
use super::process::Process;

/// How often, where a line replaces the one before.
const ON_A_TERMINAL: Duration = Duration::from_secs(1);
/// How often, where lines pile up.
const ELSEWHERE: Duration = Duration::from_secs(10);

/// How everything stands at one moment.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    /// Since the begin.
    pub(super) at: Duration,
    pub(super) observations: u64,
    pub(super) statistics: Statistics,
    /// In the rings.
    pub(super) lost: u64,
    pub(super) subscribers: Vec<SubscriberStatus>,
    pub(super) process: Process,
}

impl Figures {
    pub(super) fn take(system: &System, load: &Load, begin: Instant) -> Self {
        let statistics = system.statistics();
        Self {
            at: begin.elapsed(),
            observations: load.observations(),
            statistics,
            lost: load.lost(&statistics),
            subscribers: system.subscribers(),
            process: Process::look(),
        }
    }

    /// Trips, warnings, and the ways back from trips.
    pub(super) fn transitions(&self) -> u64 {
        let counts = &self.statistics.counts;
        counts.trips + counts.resets + counts.warnings
    }

    /// One line, with rates since `before`.
    fn line(&self, before: Option<&Self>) -> String {
        let (since, observations) = before.map_or((Duration::ZERO, 0), |figures| (figures.at, figures.observations));
        let rate = (self.observations - observations) as f64 / (self.at - since).as_secs_f64();
        let dispatch = self.statistics.dispatch;
        let Process { resident, threads, files, .. } = self.process;
        let dropped = self.subscribers.iter().filter(|one| one.dropped > 0);
        let dropped: Vec<_> = dropped.map(|one| format!("{} {}", one.name, short(one.dropped))).collect();
        format!(
            "{:>5.0} s  {} obs {}/s  {} transitions  lost {}  dispatch {:?}/{:?}/{:?}  \
             {:.1} MB, {threads} threads, {files} files  dropped: {}",
            self.at.as_secs_f64(),
            short(self.observations),
            short(rate as u64),
            short(self.transitions()),
            short(self.lost),
            dispatch.p50,
            dispatch.p99,
            dispatch.max,
            resident as f64 / 1e6,
            dropped.join(", "),
        )
    }
}

/// With three digits and a unit.
fn short(count: u64) -> String {
    match count as f64 {
        n if n >= 1e9 => format!("{:.2} G", n / 1e9),
        n if n >= 1e6 => format!("{:.1} M", n / 1e6),
        n if n >= 1e4 => format!("{:.0} k", n / 1e3),
        n => n.to_string(),
    }
}

/// Writes figures to the standard error.
pub(super) struct Shower {
    rewrites: bool,
    next: Instant,
    before: Option<Figures>,
}

impl Shower {
    pub(super) fn new() -> Self {
        let rewrites = std::io::stderr().is_terminal();
        Self { rewrites, next: Instant::now() + if rewrites { ON_A_TERMINAL } else { ELSEWHERE }, before: None }
    }

    /// If it is time.
    pub(super) fn show(&mut self, figures: impl FnOnce() -> Figures) {
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + if self.rewrites { ON_A_TERMINAL } else { ELSEWHERE };
        let figures = figures();
        let line = figures.line(self.before.as_ref());
        if self.rewrites {
            // To the begin of the line, and clears it.
            eprint!("\r\x1b[2K{line}");
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("{line}");
        }
        self.before = Some(figures);
    }

    pub(super) fn end(&self) {
        if self.rewrites && self.before.is_some() {
            eprintln!();
        }
    }
}
