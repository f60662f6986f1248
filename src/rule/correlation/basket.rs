//! The returns of several instruments on one grid, and how much they move together.
//!
//! ```text
//! r[i][t]  = ln(close[i][t] / close[i][t-1])                       the last `returns` of each instrument
//! z[i][t]  = (r[i][t] - mean r[i]) / std r[i]
//! mean     = (Var(sum over i of z[i]) - n) / (n * (n - 1))         the mean of all pairs' Pearson correlations
//! break:     |mean - mean of the `baseline` means before it|
//! ```
//!
//! Variances and deviations are those of the window itself (divided by its length), so the variance of the sum is the sum of all
//! correlations, of which n are those of each with itself. Reckoned anew at each sample, so no error creeps.
//!
//! * An instrument takes part once its window is full: it is left out until it has a price, and `returns + 1` of them on the grid.
//!   With samples under a day and sessions, its prices are those of the present session.
//! * One whose returns are all the same has no correlation with anything, and is left out while that is so.
//! * Fewer than two that are left have no value. While no window is full yet, nothing is said at all, so that the last reading
//!   stands while a new session's windows fill.
//! * `break` has a value once the baseline is full. Samples without a mean are not part of it.
//!
//! Cost of a sample: O(instruments * returns + baseline). Memory: `8 * returns` bytes an instrument, `8 * baseline` bytes for a
//! break. It belongs to the monitor, not to a feed.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Correlation, CorrelationMode};
use crate::model::session::Sessions;
use crate::model::time::Nanos;
use crate::rule::grid::Grid;

/// All instruments of one breaker.
#[derive(Debug)]
pub(crate) struct Basket {
    spec: Correlation,
    grid: Grid,
    /// Edges up to here have been dealt with.
    upto: Nanos,
    instruments: Vec<Instrument>,
    /// The last means, the youngest last.
    means: VecDeque<f64>,
    /// The sum of the standardised returns of each sample; to reckon in.
    sums: Vec<f64>,
}

#[derive(Debug)]
struct Instrument {
    /// The line on which its last price is.
    line: usize,
    close: Option<i64>,
    returns: VecDeque<f64>,
}

/// What a sample says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sampled {
    /// Nothing yet: no window is full.
    Filling,
    /// That there is no value.
    Nothing,
    /// The value.
    Value(f64),
}

impl Basket {
    /// Of the instruments on these lines, from the samples on that end after `now`.
    pub(crate) fn new(spec: &Correlation, sessions: Option<Arc<Sessions>>, lines: &[usize], now: Nanos) -> Self {
        let instrument =
            |line: &usize| Instrument { line: *line, close: None, returns: VecDeque::with_capacity(spec.returns) };
        Self {
            grid: Grid::new(spec.sample, sessions),
            upto: now,
            instruments: lines.iter().map(instrument).collect(),
            means: VecDeque::with_capacity(if spec.mode == CorrelationMode::Break { spec.baseline + 1 } else { 0 }),
            sums: Vec::with_capacity(spec.returns),
            spec: spec.clone(),
        }
    }

    /// When the next sample ends, or a session's first begins.
    pub(crate) fn next(&self) -> Nanos {
        self.grid.next(self.upto, false)
    }

    /// Takes over what means the same from the basket before a reload: the windows of the instruments that have stayed.
    pub(crate) fn inherit(&mut self, old: Self) {
        let shape = |basket: &Self| (basket.spec.sample, basket.spec.returns);
        if shape(self) != shape(&old) || !self.grid.same_kind(&old.grid) {
            return;
        }
        self.upto = old.upto;
        let same_lines = self.lines().eq(old.lines());
        if same_lines && (self.spec.mode, self.spec.baseline) == (old.spec.mode, old.spec.baseline) {
            self.means = old.means;
        }
        for before in old.instruments {
            if let Some(instrument) = self.instruments.iter_mut().find(|new| new.line == before.line) {
                *instrument = before;
            }
        }
    }

    fn lines(&self) -> impl Iterator<Item = usize> {
        self.instruments.iter().map(|instrument| instrument.line)
    }

    /// Closes the samples that end up to `to`, with the last price on each line and when it was heard.
    pub(crate) fn advance(&mut self, to: Nanos, last: impl Fn(usize) -> Option<(i64, Nanos)>) -> Sampled {
        let mut sampled = Sampled::Filling;
        while self.upto < to {
            let begin = self.grid.begin(self.upto);
            let until = self.grid.next_begin(self.upto).min(to);
            let edges = self.grid.edges(self.upto, until);
            // More only repeat the same prices, of which no correlation comes.
            for _ in 0..edges.min(self.spec.returns as u64 + 1) {
                sampled = self.sample(begin, &last);
            }
            if self.grid.begin(until) != begin {
                self.instruments.iter_mut().for_each(Instrument::clear);
                sampled = Sampled::Filling;
            }
            self.upto = until;
        }
        sampled
    }

    /// Closes one sample, with prices heard since `begin`. One that has none repeats the price before.
    fn sample(&mut self, begin: Nanos, last: &impl Fn(usize) -> Option<(i64, Nanos)>) -> Sampled {
        let returns = self.spec.returns;
        for instrument in &mut self.instruments {
            let heard = last(instrument.line).filter(|(price, at)| *price > 0 && *at >= begin);
            if let Some(price) = heard.map(|(price, _)| price).or(instrument.close) {
                instrument.close(price, returns);
            }
        }
        if self.instruments.iter().all(|instrument| instrument.returns.len() < returns) {
            return Sampled::Filling;
        }
        let Some(mean) = self.mean() else { return Sampled::Nothing };
        if self.spec.mode == CorrelationMode::Rise {
            return Sampled::Value(mean);
        }
        let before = (self.means.len() >= self.spec.baseline.max(1))
            .then(|| self.means.iter().sum::<f64>() / self.means.len() as f64);
        self.means.push_back(mean);
        if self.means.len() > self.spec.baseline {
            self.means.pop_front();
        }
        before.map_or(Sampled::Nothing, |before| Sampled::Value((mean - before).abs()))
    }

    /// The mean correlation of all pairs of instruments that have one.
    fn mean(&mut self) -> Option<f64> {
        let returns = self.spec.returns;
        self.sums.clear();
        self.sums.resize(returns, 0.0);
        let mut count = 0.0;
        for instrument in self.instruments.iter().filter(|instrument| instrument.returns.len() >= returns) {
            if let Some((mean, deviation)) = instrument.moments() {
                count += 1.0;
                for (sum, value) in self.sums.iter_mut().zip(&instrument.returns) {
                    *sum += (value - mean) / deviation;
                }
            }
        }
        let variance = self.sums.iter().map(|sum| sum * sum).sum::<f64>() / returns as f64;
        // Rounding must not make of a perfect correlation one that is more than that.
        (count >= 2.0).then(|| ((variance - count) / (count * (count - 1.0))).clamp(-1.0, 1.0))
    }
}

impl Instrument {
    fn close(&mut self, price: i64, most: usize) {
        if let Some(before) = self.close.replace(price) {
            if self.returns.len() >= most {
                self.returns.pop_front();
            }
            self.returns.push_back((price as f64 / before as f64).ln());
        }
    }

    fn clear(&mut self) {
        self.close = None;
        self.returns.clear();
    }

    /// Mean and deviation of the returns, in two passes; `None` if they are all the same.
    fn moments(&self) -> Option<(f64, f64)> {
        let first = self.returns.front()?;
        if self.returns.iter().all(|value| value == first) {
            return None;
        }
        let count = self.returns.len() as f64;
        let mean = self.returns.iter().sum::<f64>() / count;
        let variance = self.returns.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
        (variance > 0.0).then(|| (mean, variance.sqrt()))
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
