//! What a picture needs of a replay: prices and readings, and where times lie when closed hours are left out.

use core::time::Duration;

use haltline::{Nanos, Price, Session};

use crate::replay::{Reading, Seen, Stage};

/// All prices of a replay and the readings at the closes.
#[derive(Debug)]
pub(crate) struct Trace {
    sessions: Vec<Session>,
    /// A longer silence breaks the line.
    patience: Duration,
    pub(crate) prices: Vec<(Nanos, Price)>,
    /// Where each day begins in `prices`.
    begins: Vec<usize>,
    /// By day.
    pub(crate) readings: Vec<Vec<Reading>>,
}

impl Trace {
    pub(crate) fn new(stage: &Stage) -> Self {
        Self {
            sessions: stage.sessions().copied().collect(),
            patience: stage.scenario.print_every.get_ref().0,
            prices: Vec::new(),
            begins: Vec::new(),
            readings: Vec::new(),
        }
    }

    /// Notes what happens.
    pub(crate) fn see(&mut self, seen: &Seen<'_>) {
        match seen {
            Seen::Price { day, at, price } => {
                while self.begins.len() <= *day {
                    self.begins.push(self.prices.len());
                }
                self.prices.push((*at, *price));
            }
            Seen::Close { readings } => self.readings.push(readings.to_vec()),
            Seen::Transition(_) => {}
        }
    }

    /// The prices of a day.
    pub(crate) fn day(&self, day: usize) -> &[(Nanos, Price)] {
        let begin = self.begins.get(day).copied().unwrap_or(self.prices.len());
        let end = self.begins.get(day + 1).copied().unwrap_or(self.prices.len());
        self.prices.get(begin..end).unwrap_or_default()
    }

    /// How many sessions there are.
    pub(crate) fn len(&self) -> usize {
        self.sessions.len()
    }

    /// A time as sessions since the begin; closed hours take no place.
    pub(crate) fn place(&self, at: Nanos) -> f64 {
        let begun = self.sessions.partition_point(|session| session.open <= at);
        let Some(index) = begun.checked_sub(1) else { return 0.0 };
        let Some(session) = self.sessions.get(index) else { return 0.0 };
        index as f64 + share(session, at)
    }

    /// Prices as lines, one point of each kind a pixel column: first, lowest, highest, last, in the order of time. A
    /// silence, a night too if `nights`, breaks the line.
    pub(crate) fn lines(
        &self,
        prices: &[(Nanos, Price)],
        nights: bool,
        place: impl Fn(Nanos, Price) -> (i32, i32),
    ) -> Vec<Vec<(i32, i32)>> {
        let mut lines = Vec::new();
        let mut line: Vec<(i32, i32)> = Vec::new();
        let mut column: Vec<(i32, i32)> = Vec::new();
        let mut last: Option<Nanos> = None;
        for (at, price) in prices {
            let silence = last.is_some_and(|last| *at - last > self.patience);
            let night = last.is_some_and(|last| self.session_of(last) != self.session_of(*at));
            if silence && (nights || !night) {
                line.append(&mut thinned(&mut column));
                lines.push(core::mem::take(&mut line));
            }
            let point = place(*at, *price);
            if column.first().is_some_and(|first| first.0 != point.0) {
                line.append(&mut thinned(&mut column));
            }
            column.push(point);
            last = Some(*at);
        }
        line.append(&mut thinned(&mut column));
        lines.push(line);
        lines
    }

    fn session_of(&self, at: Nanos) -> usize {
        self.sessions.partition_point(|session| session.open <= at)
    }
}

/// How much of a session has gone by; 1 after it.
pub(crate) fn share(session: &Session, at: Nanos) -> f64 {
    let whole = (session.close - session.open).as_secs_f64();
    ((at.min(session.close) - session.open).as_secs_f64() / whole.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0)
}

/// First, lowest, highest and last point of a column, in their order; empties it.
pub(crate) fn thinned(column: &mut Vec<(i32, i32)>) -> Vec<(i32, i32)> {
    let all = core::mem::take(column);
    let index_of = |best: fn(&i32, &i32) -> bool| {
        let better = |a: usize, b: usize| if best(&all[b].1, &all[a].1) { b } else { a };
        (0..all.len()).reduce(better)
    };
    let mut kept: Vec<usize> = [Some(0), index_of(|a, b| a < b), index_of(|a, b| a > b), all.len().checked_sub(1)]
        .into_iter()
        .flatten()
        .collect();
    kept.sort_unstable();
    kept.dedup();
    let mut points: Vec<(i32, i32)> = kept.into_iter().filter_map(|i| all.get(i).copied()).collect();
    points.dedup();
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_keeps_its_ends_and_its_extremes() {
        let mut column = vec![(1, 5), (1, 9), (1, 7), (1, 2), (1, 3), (1, 4)];
        assert_eq!(thinned(&mut column), [(1, 5), (1, 9), (1, 2), (1, 4)]);
        assert!(column.is_empty() && thinned(&mut column).is_empty());
    }
}
