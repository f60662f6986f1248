//! Readings of several feeds together: what the monitor makes, on a grid, of the last prices that the feeds have left on the
//! Board.
//!
//! The feeds of such a breaker only note prices on their lines, as every feed does. At each edge of its grid the monitor reads
//! them, and hears the value that it makes of them with an ear of its own, on a line of its own: from there on it is a reading like
//! any other. So each line has one writer, and nothing is shared that was not shared before. A price that comes while the monitor
//! looks belongs to this sample or to the next one; the words of a price and of its time are read in the order that finds a price
//! whenever it finds a time.

use std::sync::Arc;

use crate::circuit::Circuit;
use crate::listener::Listener;
use crate::model::observation::Observation;
use crate::model::time::Nanos;
use crate::rule::correlation::basket::{Basket, Sampled};
use crate::rule::{Rule, RuleSpec};
use crate::snapshot::Entry;

/// One breaker on a grid.
#[derive(Debug)]
pub(crate) struct OnGrid {
    entry: Arc<Entry>,
    basket: Basket,
    ear: Listener,
}

impl OnGrid {
    /// Takes over from the one before a reload. `None` for a breaker that is on no grid.
    pub(crate) fn new(circuit: &Circuit, entry: &Arc<Entry>, before: Option<Self>) -> Option<Self> {
        let line = entry.grid?;
        let RuleSpec::Correlation(spec) = &entry.rule else { return None };
        let rule = Rule::new(&entry.rule, &entry.policy)?;
        let lines: Vec<_> = entry.watch.iter().map(|watch| watch.line).collect();
        let basket = Basket::new(spec, entry.policy.sessions.clone(), &lines, circuit.now());
        let ear = Listener::new(circuit, entry.clone(), line, rule);
        let mut new = Self { entry: entry.clone(), basket, ear };
        match before.filter(|before| before.entry.id == entry.id) {
            Some(mut before) => {
                new.basket.inherit(before.basket);
                new.ear.inherit(&mut before.ear);
            }
            // Whoever had the line before has written to it under the same lock, so this is the last word of that.
            None => circuit.board.listener(line).clear(),
        }
        let outdated = || !is_current(circuit, entry);
        new.ear.resume(circuit, &outdated);
        Some(new)
    }

    /// Whether it is of this very entry.
    pub(crate) fn is_of(&self, entry: &Entry) -> bool {
        (self.entry.id, self.entry.revision) == (entry.id, entry.revision)
    }

    /// When its next sample ends.
    pub(crate) fn next(&self) -> Nanos {
        self.basket.next()
    }

    /// Closes the samples that end by `now`.
    pub(crate) fn advance(&mut self, circuit: &Circuit, now: Nanos) {
        let Self { entry, basket, ear } = self;
        let last = |line: usize| {
            let line = circuit.board.listener(line);
            let heard = line.heard();
            (heard > Nanos(0)).then(|| (line.last(), heard))
        };
        let value = match basket.advance(now, last) {
            Sampled::Filling => return,
            Sampled::Nothing => f64::NAN,
            Sampled::Value(value) => value,
        };
        // A reload that has come in between has marked the breaker, so the monitor takes its entry over next.
        let _ = ear.hear(circuit, &|| !is_current(circuit, entry), &Observation::Level(value), now);
    }
}

/// Whether the registry still has this entry: a reload publishes it before it moves the words.
fn is_current(circuit: &Circuit, entry: &Entry) -> bool {
    circuit.snapshot().entry(entry.id).is_some_and(|now| now.revision == entry.revision)
}
