//! Clock time from left to right: one scale, with long silences cut out. Pure.

use core::time::Duration;

use haltline::Nanos;

use crate::output::Zone;

/// A cut takes this share of the whole, and all cuts together at most [`CUTS`].
const CUT: f64 = 0.037;
const CUTS: f64 = 0.3;
/// Room after the last instant, so that what holds then is seen.
const AFTER: f64 = 0.03;
/// Between two marks of the scale there is at least this share of the whole, and between one and an edge.
const APART: f64 = 0.05;
const EDGE: f64 = 0.055;

/// Steps of a scale, in seconds.
const STEPS: [u64; 18] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];

/// A time without a cut, and its share of the whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Piece {
    pub(crate) from: Nanos,
    pub(crate) to: Nanos,
    pub(crate) share: (f64, f64),
}

/// The scale.
#[derive(Debug)]
pub(crate) struct Clock {
    pub(crate) pieces: Vec<Piece>,
    step: Duration,
}

/// Which way the words of a mark go from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Middle,
    /// The begin of its piece: to the right.
    First,
    /// Its end: to the left.
    Last,
}

impl Clock {
    /// A scale for what happens at some instants, in the order of time; its edges are round in a zone.
    pub(crate) fn new(instants: &[Nanos], zone: &Zone) -> Self {
        let runs = runs(instants);
        let whole: Duration = runs.iter().map(|(from, to)| *to - *from).sum();
        let cuts = runs.len().saturating_sub(1) as f64;
        let cut = CUT.min(CUTS / cuts.max(1.0));
        let seconds = whole.as_secs_f64().max(1.0) * APART / (1.0 - cut * cuts - AFTER);
        let step = STEPS.into_iter().find(|step| *step as f64 >= seconds);
        let step = Duration::from_secs(step.unwrap_or_else(|| (seconds / 86_400.0).ceil() as u64 * 86_400));
        let fine = STEPS.into_iter().map(Duration::from_secs).rfind(|fine| *fine <= step / 4);
        let runs = widened(&runs, fine.unwrap_or(step / 4), zone);
        let whole: Duration = runs.iter().map(|(from, to)| *to - *from).sum();
        let scale = (1.0 - cut * runs.len().saturating_sub(1) as f64) / whole.as_secs_f64().max(1e-9);
        let mut left = 0.0;
        let pieces = runs.into_iter().map(|(from, to)| {
            let right = left + (to - from).as_secs_f64() * scale;
            let piece = Piece { from, to, share: (left, right) };
            left = right + cut;
            piece
        });
        Self { pieces: pieces.collect(), step }
    }

    /// Where a time lies, 0 to 1; one that is cut out, where the cut begins.
    pub(crate) fn place(&self, at: Nanos) -> f64 {
        let Some(piece) = self.pieces.iter().rfind(|piece| piece.from <= at) else { return 0.0 };
        let gone = (at.min(piece.to) - piece.from).as_secs_f64();
        let all = (piece.to - piece.from).as_secs_f64().max(1e-9);
        piece.share.0 + (piece.share.1 - piece.share.0) * gone / all
    }

    /// The end of the scale.
    pub(crate) fn end(&self) -> Nanos {
        self.pieces.last().map_or(Nanos(0), |piece| piece.to)
    }

    /// Where something is cut out, and how much.
    pub(crate) fn cuts(&self) -> impl Iterator<Item = ((f64, f64), Duration)> {
        let pairs = self.pieces.iter().zip(self.pieces.iter().skip(1));
        pairs.map(|(a, b)| ((a.share.1, b.share.0), b.from - a.to))
    }

    /// The first cut that begins at a time or after it.
    pub(crate) fn cut_after(&self, at: Nanos) -> Nanos {
        self.pieces.iter().map(|piece| piece.to).find(|to| *to >= at).unwrap_or_else(|| self.end())
    }

    /// The edges of the pieces and the round times between them, as their shares of the whole.
    pub(crate) fn marks(&self, zone: &Zone) -> Vec<(f64, String, Mark)> {
        let mut all = Vec::new();
        for Piece { from, to, share } in &self.pieces {
            all.push((share.0, zone.brief(*from), Mark::First));
            let step = self.step.as_nanos() as u64;
            let first = round_up(*from, step, zone.offset(*from));
            let round = (0..).map(|i| first + self.step * i).take_while(|at| at < to);
            let apart = |place: &f64| place - share.0 > EDGE && share.1 - place > EDGE;
            let places = round.map(|at| (self.place(at), at)).filter(|(place, _)| apart(place));
            all.extend(places.map(|(place, at)| (place, zone.brief(at), Mark::Middle)));
            if share.1 - share.0 > 2.0 * EDGE {
                all.push((share.1, zone.brief(*to), Mark::Last));
            }
        }
        all
    }

    /// The pieces with which a day begins, and the day.
    pub(crate) fn dates(&self, zone: &Zone) -> Vec<(f64, String)> {
        let mut dates: Vec<(f64, String)> = self.pieces.iter().map(|p| (p.share.0, zone.date(p.from))).collect();
        dates.dedup_by(|b, a| a.1 == b.1);
        dates
    }
}

/// Instants as runs without a long silence: longer than half of all shorter ones together, and than ten usual ones.
fn runs(instants: &[Nanos]) -> Vec<(Nanos, Nanos)> {
    let mut gaps: Vec<Duration> = instants.iter().zip(instants.iter().skip(1)).map(|(a, b)| *b - *a).collect();
    gaps.retain(|gap| *gap > Duration::from_millis(1));
    gaps.sort_unstable();
    let usual = gaps.get(gaps.len() / 2).copied().unwrap_or_default();
    let mut sum = Duration::ZERO;
    let longest = gaps.iter().find(|gap| {
        let is_long = **gap > sum / 2 && **gap > usual * 10;
        sum += **gap;
        is_long
    });
    let longest = longest.copied().unwrap_or(Duration::MAX);
    let mut runs: Vec<(Nanos, Nanos)> = Vec::new();
    for at in instants {
        match runs.last_mut() {
            Some((_, last)) if *at - *last < longest => *last = *at,
            _ => runs.push((*at, *at)),
        }
    }
    runs
}

/// Runs from one round time to another, so that something is seen before the first and after the last instant of each. Those that
/// meet become one.
fn widened(runs: &[(Nanos, Nanos)], step: Duration, zone: &Zone) -> Vec<(Nanos, Nanos)> {
    let (tick, room) = (step.as_nanos() as u64, step.as_nanos() as u64 / 4);
    let mut all: Vec<(Nanos, Nanos)> = Vec::new();
    for (from, to) in runs {
        let offset = zone.offset(*from);
        let from = round_up(Nanos((from.0 + 1).saturating_sub(room + tick)), tick, offset);
        let to = round_up(Nanos(to.0 + room), tick, offset);
        match all.last_mut() {
            Some((_, last)) if from <= *last => *last = to,
            _ => all.push((from, to)),
        }
    }
    all
}

/// The first time from `at` on that is a multiple of a step on clocks that are ahead of UTC by so much.
fn round_up(at: Nanos, step: u64, ahead: i64) -> Nanos {
    let over = (i128::from(at.0) + i128::from(ahead)).rem_euclid(i128::from(step)) as u64;
    Nanos(at.0 + (step - over) % step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: &[u64]) -> Vec<Nanos> {
        seconds.iter().map(|s| Nanos::from_secs(*s)).collect()
    }

    #[test]
    fn a_long_silence_is_cut_and_an_even_pace_is_not() {
        let mut busy: Vec<u64> = (0..60).map(|i| 36_000 + i * 10).collect();
        assert_eq!(runs(&at(&busy)).len(), 1);
        busy.extend([56_000, 56_010]);
        assert_eq!(
            runs(&at(&busy)),
            [
                (Nanos::from_secs(36_000), Nanos::from_secs(36_590)),
                (Nanos::from_secs(56_000), Nanos::from_secs(56_010))
            ]
        );
        assert_eq!(runs(&at(&[0, 600, 1_200, 1_800])).len(), 1);
        assert!(runs(&[]).is_empty());
    }

    #[test]
    fn places_rise_with_time_and_stay_within() {
        let mut busy: Vec<u64> = (0..60).map(|i| 36_000 + i * 10).collect();
        busy.extend([56_000, 56_010]);
        let clock = Clock::new(&at(&busy), &Zone::new("UTC").unwrap());
        let places: Vec<f64> = busy.iter().map(|s| clock.place(Nanos::from_secs(*s))).collect();
        assert!(places.iter().zip(places.iter().skip(1)).all(|(a, b)| a < b), "{places:?}");
        assert!(places.iter().all(|place| (0.0..1.0).contains(place)));
        assert!((clock.place(clock.end()) - 1.0).abs() < 1e-9);
        assert_eq!(clock.place(Nanos(0)), 0.0);
        let [((from, to), _)] = clock.cuts().collect::<Vec<_>>()[..] else { panic!("one cut") };
        assert_eq!(clock.place(Nanos::from_secs(45_000)), from);
        assert!(from < to);
    }

    #[test]
    fn marks_are_round_by_the_clock_of_the_zone() {
        let zone = Zone::new("Asia/Kolkata").unwrap();
        // From 03:45 UTC, 09:15 in Kolkata, for six hours.
        let clock = Clock::new(&at(&[13_500, 20_000, 28_000, 35_100]), &zone);
        let marks = clock.marks(&zone);
        let between = marks.iter().filter(|mark| mark.2 == Mark::Middle);
        assert!(
            between.clone().count() > 5
                && between.clone().all(|mark| mark.1.ends_with(":00") || mark.1.ends_with(":30")),
            "{marks:?}"
        );
        assert_eq!((marks[0].1.as_str(), marks[0].2), ("09:10", Mark::First), "{marks:?}");
        assert!(Clock::new(&at(&[5]), &zone).end() > Nanos::from_secs(5), "one instant has a scale, too");
    }
}
