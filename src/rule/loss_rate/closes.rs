//! What is counted at the closes of samples: losing ones in a row, and whether the loss accelerates.

use core::time::Duration;

use crate::model::time::{Nanos, nanos_of};

/// The samples of one feed. They lie on the grid of `sample` from the Unix epoch on; one covers `(k * s, (k + 1) * s]`,
/// so what is heard exactly on its right edge completes it. An empty sample repeats the last value, so it loses nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closes {
    sample: u64,
    /// Edges up to here have been dealt with.
    upto: Option<Nanos>,
    /// The equity at the last close.
    last: Option<i64>,
    /// Closes below the one before, in a row.
    pub(super) losing: u32,
    /// At the last close the loss accelerated.
    pub(super) rush: Option<Rush>,
}

/// How much the last third of a window has lost, and what it would have had to exceed; as shares of the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rush {
    pub(super) loss: f64,
    pub(super) limit: f64,
}

impl Closes {
    pub(super) fn new(sample: Duration) -> Self {
        Self { sample: nanos_of(sample).max(1), upto: None, last: None, losing: 0, rush: None }
    }

    /// The first sample is that of the time after `at`, if none has begun.
    pub(super) fn begin(&mut self, at: Nanos) {
        self.upto = self.upto.or(Some(at));
    }

    /// Closes the samples whose edge is at or before `at`; the last of these edges, if there is one.
    pub(super) fn close_until(&mut self, at: Nanos, equity: i64) -> Option<Nanos> {
        let upto = self.upto.unwrap_or(at);
        self.upto = Some(upto.max(at));
        let edges = (at.0 / self.sample).saturating_sub(upto.0 / self.sample);
        if edges == 0 {
            return None;
        }
        // After the first of several the equity stays.
        let loses = edges == 1 && self.last.is_some_and(|last| equity < last);
        self.losing = if loses { self.losing.saturating_add(1) } else { 0 };
        self.last = Some(equity);
        Some(Nanos(at.0 / self.sample * self.sample))
    }

    /// A deposit or withdrawal is no gain or loss.
    pub(super) fn shift(&mut self, by: i64) {
        self.last = self.last.map(|last| last.saturating_add(by));
    }

    pub(super) fn next_edge(&self) -> Nanos {
        let next = |upto: Nanos| Nanos((upto.0 / self.sample).saturating_add(1).saturating_mul(self.sample));
        self.upto.map_or(Nanos::NEVER, next)
    }
}
