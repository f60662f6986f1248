//! Whether a value can be: in its range, not from the future, not older than the last.

use core::time::Duration;

use haltline::{Date, Nanos};

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
    /// Another close of a session whose close is known.
    pub changed: u64,
    /// Refused by the feed of the System.
    pub unheard: u64,
}

impl Counts {
    /// All that were refused.
    pub fn refused(&self) -> u64 {
        self.implausible + self.ahead + self.backwards + self.changed + self.unheard
    }
}

/// What is to be done with a value that can be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Hand it on, with this time; then it is to be [taken](Judge::take).
    Tell(Nanos),
    /// The same again.
    Repeated,
}

/// Why a value cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    Implausible,
    Ahead,
    Backwards,
    Changed,
}

#[derive(Debug)]
pub(crate) struct Judge {
    range: (f64, f64),
    max_ahead: Duration,
    /// The last one that was handed on.
    last: Option<(Value, Nanos)>,
    close: Option<(f64, Date)>,
    /// Something else has been told since: the last one is news when it comes again.
    is_in_doubt: bool,
    counts: Counts,
    /// The last ones, a bit each, the latest lowest: set for a refused one.
    refused: u32,
    is_begun: bool,
}

impl Judge {
    pub(crate) fn new(range: (f64, f64), max_ahead: Duration) -> Self {
        let counts = Counts::default();
        Self { range, max_ahead, last: None, close: None, is_in_doubt: false, counts, refused: 0, is_begun: false }
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    pub(crate) fn last(&self) -> Option<(Value, Nanos)> {
        self.last
    }

    /// The close that was handed on last.
    pub(crate) fn close(&self) -> Option<(f64, Date)> {
        self.close
    }

    /// The share of those that were not refused among the last 20, in percent; those that have not come yet are none that were. `None`
    /// before the first.
    pub(crate) fn score(&self) -> Option<f64> {
        let good = WINDOW - self.refused.count_ones();
        self.is_begun.then(|| 100.0 * f64::from(good) / f64::from(WINDOW))
    }

    /// Judges a value that was received at `received`, at the time `now`.
    pub(crate) fn judge(&mut self, sample: &Sample, received: Nanos, now: Nanos) -> Result<Verdict, Failure> {
        match self.look(sample, received, now) {
            Ok(Verdict::Repeated) => {
                self.counts.repeated += 1;
                self.note(false);
                Ok(Verdict::Repeated)
            }
            Ok(tell) => Ok(tell),
            Err((doubt, text)) => {
                *match doubt {
                    Doubt::Implausible => &mut self.counts.implausible,
                    Doubt::Ahead => &mut self.counts.ahead,
                    Doubt::Backwards => &mut self.counts.backwards,
                    Doubt::Changed => &mut self.counts.changed,
                } += 1;
                self.note(true);
                Err(Failure::new(Trouble::Refused, text))
            }
        }
    }

    /// The feed has heard it.
    pub(crate) fn take(&mut self, sample: &Sample, at: Nanos) {
        self.counts.told += 1;
        self.last = Some((sample.value, at));
        self.close = sample.closed().or(self.close);
        self.is_in_doubt = false;
        self.note(false);
    }

    /// The feed has refused it: the next one like it is no repetition.
    pub(crate) fn refuse(&mut self) {
        self.counts.unheard += 1;
        self.note(true);
    }

    /// The feed has been told that the last one may not stand.
    pub(crate) fn doubt(&mut self) {
        self.is_in_doubt = true;
    }

    fn note(&mut self, is_refused: bool) {
        self.is_begun = true;
        self.refused = (self.refused << 1 | u32::from(is_refused)) & ((1 << WINDOW) - 1);
    }

    fn look(&self, sample: &Sample, received: Nanos, now: Nanos) -> Result<Verdict, (Doubt, String)> {
        let (least, most) = self.range;
        let numbers = [sample.value.number(), sample.close.map(|(close, _)| close)];
        if let Some(found) = numbers.into_iter().flatten().find(|number| !(least..=most).contains(number)) {
            return Err((Doubt::Implausible, format!("found {found}, allowed are values from {least} to {most}")));
        }
        let at = sample.at.unwrap_or(received);
        if at > now + self.max_ahead {
            let (found, most) = ((at - now).as_secs_f64(), self.max_ahead.as_secs_f64());
            return Err((
                Doubt::Ahead,
                format!("found a time {found} s in the future, allowed are at most {most} s (max_ahead)"),
            ));
        }
        if let Some((_, last)) = self.last.filter(|(_, last)| at < *last) {
            let found = (last - at).as_secs_f64();
            let text = format!("found a time {found} s before that of the last value, allowed are none before it");
            return Err((Doubt::Backwards, text));
        }
        // One of both is wrong, and a ladder that stands on a wrong one halts for nothing, or never.
        if let (Some((found, session)), Some((known, of))) = (sample.closed(), self.close)
            && session == of
            && found != known
        {
            let text = format!("found {found} as the close of {session}, allowed is {known}, which it was before");
            return Err((Doubt::Changed, text));
        }
        let is_known = !self.is_in_doubt && sample.closed().is_none_or(|close| self.close == Some(close));
        Ok(if is_known && self.last == Some((sample.value, at)) { Verdict::Repeated } else { Verdict::Tell(at) })
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

    /// Judges, and takes what is to be told.
    fn hear(judge: &mut Judge, sample: Sample) -> Result<Verdict, Failure> {
        let verdict = judge.judge(&sample, NOW, NOW);
        if let Ok(Verdict::Tell(at)) = verdict {
            judge.take(&sample, at);
        }
        verdict
    }

    #[test]
    fn the_ends_of_the_range_are_in_it() {
        let mut judge = judge();
        for (value, good) in [(5.0, true), (150.0, true), (4.999, false), (150.001, false)] {
            assert_eq!(hear(&mut judge, number(value, NOW)).is_ok(), good, "{value}");
        }
        assert_eq!((judge.counts().told, judge.counts().implausible), (2, 2));
        assert_eq!(judge.score(), Some(90.0), "2 of 20, however few have come");
    }

    #[test]
    fn a_value_may_be_ahead_by_as_much_as_clocks_differ_and_no_more() {
        let mut judge = judge();
        let second = Duration::from_secs(1);
        assert!(hear(&mut judge, number(9.0, NOW + second + Duration::from_nanos(1))).is_err());
        assert!(hear(&mut judge, number(9.0, NOW + second)).is_ok());
        assert_eq!(judge.counts().ahead, 1);
    }

    #[test]
    fn time_does_not_run_backwards_and_the_same_again_is_no_news() {
        let mut judge = judge();
        assert_eq!(hear(&mut judge, number(9.0, NOW)), Ok(Verdict::Tell(NOW)));
        assert_eq!(hear(&mut judge, number(9.0, NOW)), Ok(Verdict::Repeated));
        assert_eq!(hear(&mut judge, number(9.5, NOW)), Ok(Verdict::Tell(NOW)));
        assert!(hear(&mut judge, number(9.5, NOW - Duration::from_nanos(1))).is_err());
        assert_eq!(judge.last(), Some((Value::Number(9.5), NOW)), "what is refused leaves no trace");
        assert_eq!((judge.counts().repeated, judge.counts().backwards), (1, 1));
    }

    #[test]
    fn what_the_feed_has_refused_is_no_repetition_when_it_comes_again() {
        let mut judge = judge();
        let sample = number(9.0, NOW);
        assert_eq!(judge.judge(&sample, NOW, NOW), Ok(Verdict::Tell(NOW)));
        judge.refuse();
        assert_eq!((judge.last(), judge.counts().told, judge.counts().refused()), (None, 0, 1));
        assert_eq!(hear(&mut judge, sample), Ok(Verdict::Tell(NOW)));
    }

    #[test]
    fn a_session_has_one_close() {
        let (friday, monday) = (Date::new(2020, 3, 6), Date::new(2020, 3, 9));
        let with = |close, session| Sample { close: Some((close, session)), ..number(9.0, NOW) };
        let mut judge = judge();
        assert_eq!(hear(&mut judge, number(9.0, NOW)), Ok(Verdict::Tell(NOW)));
        assert_eq!(hear(&mut judge, with(10.0, friday)), Ok(Verdict::Tell(NOW)), "a close that was not known is news");
        assert_eq!(hear(&mut judge, with(10.0, friday)), Ok(Verdict::Repeated));
        assert!(hear(&mut judge, with(10.5, friday)).is_err());
        assert_eq!((judge.counts().changed, judge.close()), (1, Some((10.0, friday))));
        assert_eq!(hear(&mut judge, with(10.5, monday)), Ok(Verdict::Tell(NOW)));
    }

    #[test]
    fn without_a_time_of_its_own_it_is_that_of_receipt() {
        let sample = Sample { value: Value::Number(9.0), close: None, at: None };
        assert_eq!(judge().judge(&sample, NOW, NOW), Ok(Verdict::Tell(NOW)));
    }

    #[test]
    fn the_score_forgets_what_is_older_than_its_window() {
        let mut judge = judge();
        assert_eq!(judge.score(), None);
        let _ = hear(&mut judge, number(0.0, NOW));
        assert_eq!(judge.score(), Some(95.0), "one of twenty");
        for n in 0..20 {
            hear(&mut judge, number(9.0, NOW)).unwrap();
            assert!(n == 19 || judge.score() < Some(100.0), "{n}");
        }
        assert_eq!(judge.score(), Some(100.0));
    }
}
