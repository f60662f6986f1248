//! Whether a value can be: in its range, not from the future, not older than the last.

use core::time::Duration;

use haltline::Nanos;

use crate::error::{Failure, Trouble};
use crate::payload::{Sample, Value};

/// Over how many of the last values the share of the good ones is taken.
pub(crate) const WINDOW: u32 = 20;

/// What became of the values of a source.
///
/// ```
/// use haltline_sources::Counts;
/// assert_eq!(Counts::default().refused(), 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Handed on.
    pub told: u64,
    /// The same value with the same time again: nothing to hand on.
    pub repeated: u64,
    /// Out of the plausible range.
    pub implausible: u64,
    /// From the future.
    pub ahead: u64,
    /// Older than the last one.
    pub backwards: u64,
}

impl Counts {
    /// All that were refused.
    pub fn refused(&self) -> u64 {
        self.implausible + self.ahead + self.backwards
    }
}

/// What is to be done with a value that can be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    Tell(Value, Nanos),
    Repeated,
}

#[derive(Debug)]
pub(crate) struct Judge {
    range: (f64, f64),
    max_ahead: Duration,
    last: Option<(Value, Nanos)>,
    counts: Counts,
    /// The last ones, a bit each, the latest lowest: set for a refused one.
    refused: u32,
    judged: u32,
}

impl Judge {
    pub(crate) fn new(range: (f64, f64), max_ahead: Duration) -> Self {
        Self { range, max_ahead, last: None, counts: Counts::default(), refused: 0, judged: 0 }
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    pub(crate) fn last(&self) -> Option<(Value, Nanos)> {
        self.last
    }

    /// The share of good ones among the last, in percent; `None` before the first.
    pub(crate) fn score(&self) -> Option<f64> {
        let all = self.judged.min(WINDOW);
        (all > 0).then(|| 100.0 * f64::from(all - self.refused.count_ones()) / f64::from(all))
    }

    /// Judges a value that was received at `received`, at the time `now`.
    pub(crate) fn judge(&mut self, sample: &Sample, received: Nanos, now: Nanos) -> Result<Verdict, Failure> {
        let verdict = self.look(sample, received, now);
        self.judged = self.judged.saturating_add(1);
        self.refused = (self.refused << 1 | u32::from(verdict.is_err())) & ((1 << WINDOW) - 1);
        verdict
    }

    fn look(&mut self, sample: &Sample, received: Nanos, now: Nanos) -> Result<Verdict, Failure> {
        let refuse = |text: String| Err(Failure::new(Trouble::Refused, text));
        let (least, most) = self.range;
        let numbers = [sample.value.number(), sample.close.map(|(close, _)| close)];
        if let Some(found) = numbers.into_iter().flatten().find(|number| !(least..=most).contains(number)) {
            self.counts.implausible += 1;
            return refuse(format!("found {found}, allowed are values from {least} to {most}"));
        }
        let at = sample.at.unwrap_or(received);
        if at > now + self.max_ahead {
            self.counts.ahead += 1;
            let (found, most) = ((at - now).as_secs_f64(), self.max_ahead.as_secs_f64());
            return refuse(format!("found a time {found} s in the future, allowed are at most {most} s"));
        }
        match self.last {
            Some((_, last)) if at < last => {
                self.counts.backwards += 1;
                let found = (last - at).as_secs_f64();
                refuse(format!("found a time {found} s before that of the last value, allowed are none before it"))
            }
            Some(last) if last == (sample.value, at) => {
                self.counts.repeated += 1;
                Ok(Verdict::Repeated)
            }
            _ => {
                self.counts.told += 1;
                self.last = Some((sample.value, at));
                Ok(Verdict::Tell(sample.value, at))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NOW: Nanos = Nanos::from_secs(1_000);

    fn number(value: f64, at: Nanos) -> Sample {
        Sample { value: Value::Number(value), close: None, at: Some(at) }
    }

    fn judge() -> Judge {
        Judge::new((5.0, 150.0), Duration::from_secs(1))
    }

    #[test]
    fn the_ends_of_the_range_are_in_it() {
        let mut judge = judge();
        for (value, good) in [(5.0, true), (150.0, true), (4.999, false), (150.001, false)] {
            assert_eq!(judge.judge(&number(value, NOW), NOW, NOW).is_ok(), good, "{value}");
        }
        assert_eq!((judge.counts().told, judge.counts().implausible), (2, 2));
        assert_eq!(judge.score(), Some(50.0));
    }

    #[test]
    fn a_value_may_be_ahead_by_as_much_as_clocks_differ_and_no_more() {
        let mut judge = judge();
        let second = Duration::from_secs(1);
        assert!(judge.judge(&number(9.0, NOW + second + Duration::from_nanos(1)), NOW, NOW).is_err());
        assert!(judge.judge(&number(9.0, NOW + second), NOW, NOW).is_ok());
        assert_eq!(judge.counts().ahead, 1);
    }

    #[test]
    fn time_does_not_run_backwards_and_the_same_again_is_no_news() {
        let mut judge = judge();
        assert_eq!(judge.judge(&number(9.0, NOW), NOW, NOW).unwrap(), Verdict::Tell(Value::Number(9.0), NOW));
        assert_eq!(judge.judge(&number(9.0, NOW), NOW, NOW).unwrap(), Verdict::Repeated);
        assert_eq!(judge.judge(&number(9.5, NOW), NOW, NOW).unwrap(), Verdict::Tell(Value::Number(9.5), NOW));
        assert!(judge.judge(&number(9.5, NOW - Duration::from_nanos(1)), NOW, NOW).is_err());
        assert_eq!(judge.last(), Some((Value::Number(9.5), NOW)), "what is refused leaves no trace");
        assert_eq!((judge.counts().repeated, judge.counts().backwards), (1, 1));
    }

    #[test]
    fn without_a_time_of_its_own_it_is_that_of_receipt() {
        let sample = Sample { value: Value::Number(9.0), close: None, at: None };
        assert_eq!(judge().judge(&sample, NOW, NOW).unwrap(), Verdict::Tell(Value::Number(9.0), NOW));
    }

    #[test]
    fn the_score_forgets_what_is_older_than_its_window() {
        let mut judge = judge();
        assert_eq!(judge.score(), None);
        let _ = judge.judge(&number(0.0, NOW), NOW, NOW);
        assert_eq!(judge.score(), Some(0.0));
        for second in 0..20 {
            judge.judge(&number(9.0, NOW + Duration::from_secs(second)), NOW, NOW + Duration::from_secs(60)).unwrap();
            assert!(second == 19 || judge.score() < Some(100.0), "{second}");
        }
        assert_eq!(judge.score(), Some(100.0));
    }
}
