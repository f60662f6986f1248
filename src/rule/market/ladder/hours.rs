//! When a rung can fire: its windows in one session, joined where they leave no gap.

use core::time::Duration;

use crate::model::ladder::{Ladder as Spec, Rung, Window};
use crate::model::session::Session;
use crate::model::time::Nanos;

/// The shortest time.
pub(super) const TICK: Duration = Duration::from_nanos(1);

/// The windows of one session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hours<'a> {
    pub(super) spec: &'a Spec,
    pub(super) session: &'a Session,
}

/// A time in which the windows of a rung leave no gap; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    first: Nanos,
    last: Nanos,
}

impl<'a> Hours<'a> {
    /// The first instant at which a rung can be reached.
    pub(super) fn begin(self) -> Nanos {
        self.session.open + TICK
    }

    /// Whether a price heard then is one of this session: both bells included.
    pub(super) fn trades(self, at: Nanos) -> bool {
        self.session.open <= at && at <= self.session.close
    }

    /// Whether a window of the rung is open.
    pub(super) fn is_open(self, rung: &Rung, at: Nanos) -> bool {
        self.spans(rung).any(|span| span.first <= at && at <= span.last)
    }

    /// When a rung that is reached from `since` on, whenever its windows are open, will first after `after` have lasted
    /// long enough; `None` if each of its windows ends before.
    pub(super) fn due(self, rung: &'a Rung, since: Nanos, after: Nanos) -> Option<Nanos> {
        let dues = self.stretches(rung, since).map(|stretch| (stretch.first + self.spec.lasting, stretch.last));
        dues.filter(|(due, last)| due <= last).map(|(due, _)| due).find(|due| *due > after)
    }

    /// Whether it has lasted long enough, in windows that are still open.
    pub(super) fn is_due(self, rung: &'a Rung, since: Nanos, at: Nanos) -> bool {
        self.stretches(rung, since).any(|stretch| stretch.first + self.spec.lasting <= at && at <= stretch.last)
    }

    /// The first time after `at` at which a window of the rung opens or has closed.
    pub(super) fn next_edge(self, rung: &Rung, at: Nanos) -> Option<Nanos> {
        let edges = self.spans(rung).flat_map(|span| [span.first, span.last + TICK]);
        edges.filter(|edge| *edge > at).min()
    }

    /// The stretches of a rung, as far as they lie at `from` or later, in order.
    fn stretches(self, rung: &'a Rung, from: Nanos) -> impl Iterator<Item = Stretch> {
        let later = move |before: &Stretch| self.stretch(rung, before.last + TICK);
        // Each takes up a window at least.
        core::iter::successors(self.stretch(rung, from), later).take(rung.windows.len())
    }

    fn stretch(self, rung: &Rung, from: Nanos) -> Option<Stretch> {
        let first = self.spans(rung).filter(|span| span.last >= from).map(|span| span.first.max(from)).min()?;
        let mut last = first;
        let mut at = first;
        // Each round goes on in a later window, so there are no more rounds than windows.
        for _ in &rung.windows {
            let open = self.spans(rung).filter(|span| span.first <= at && at <= span.last);
            let Some(end) = open.map(|span| span.last).max() else { break };
            (last, at) = (end, end + TICK);
        }
        Some(Stretch { first, last })
    }

    /// The windows of a rung as far as they lie in the session. One that a short session loses is none.
    fn spans(self, rung: &Rung) -> impl Iterator<Item = Stretch> {
        rung.windows.iter().map(move |window| self.span(window)).filter(|span| span.first <= span.last)
    }

    fn span(self, window: &Window) -> Stretch {
        let (from, until) = (window.from.at(self.session), window.until.at(self.session));
        let close = self.session.close;
        let last = if self.spec.cutoff_inclusive || until == close { until } else { until - TICK };
        Stretch { first: from.max(self.begin()), last: last.min(close) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ladder::{Bell, Direction, HaltEnd, Reopen};
    use crate::model::limits::Limits;
    use crate::model::units::Ratio;
    use crate::rule::trial::sessions;

    /// A session from 100 to 200, and a rung with these windows, in nanoseconds after the open.
    fn ladder(windows: &[(u64, u64)], lasting: u64) -> Spec {
        let bell = |after| Bell::AfterOpen(Duration::from_nanos(after));
        let window = |&(from, until)| Window { from: bell(from), until: bell(until), end: HaltEnd::NextSession };
        let windows = windows.iter().map(window).collect();
        Spec {
            sessions: sessions(&[(9, 100, 200)]),
            direction: Direction::Down,
            rungs: vec![Rung { limits: Limits::of(Ratio::from_raw(70_000_000)), further: Ratio::ZERO, windows }],
            in_turn: false,
            cutoff_inclusive: true,
            reopen: Reopen::Auto,
            lasting: Duration::from_nanos(lasting),
            effective_from: None,
            effective_to: None,
        }
    }

    fn due(spec: &Spec, since: u64, after: u64) -> Option<u64> {
        let hours = Hours { spec, session: &spec.sessions.as_slice()[0] };
        hours.due(&spec.rungs[0], Nanos(since), Nanos(after)).map(|due| due.0)
    }

    #[test]
    fn a_rung_is_due_in_the_first_stretch_that_is_long_enough() {
        // Two windows without a gap, one that is too short, one that is just long enough.
        let spec = ladder(&[(10, 20), (21, 30), (40, 44), (50, 55)], 5);
        assert_eq!([0, 110, 125].map(|since| due(&spec, since, 0)), [Some(115), Some(115), Some(130)]);
        assert_eq!([126, 150, 151].map(|since| due(&spec, since, 0)), [Some(155), Some(155), None]);
        assert_eq!([114, 115, 154, 155].map(|after| due(&spec, 0, after)), [Some(115), Some(155), Some(155), None]);
    }

    #[test]
    fn windows_end_with_the_session_and_begin_after_its_open() {
        let spec = ladder(&[(0, 500)], 0);
        assert_eq!([100, 101, 200, 201].map(|since| due(&spec, since, 0)), [Some(101), Some(101), Some(200), None]);
    }
}
