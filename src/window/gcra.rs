//! Whether events come faster than a rate: the generic cell rate algorithm (ITU-T I.371).
//!
//! Up to `burst` events may come at once; after that `rate` of them a `period`. Kept is one time, at which all that was let
//! through would have come at an even pace; an event conforms if that time, moved on by it, is at most `burst` paces ahead.
//! An event that does not conform changes nothing.
//!
//! Times are nanoseconds and paces are kept as fractions of them (`period / rate`, not rounded), so there is **no error**:
//! over any span `t` at most `burst + t * rate / period` events conform. A time before the last counts as the last. A rate of
//! 0 is a burst and nothing after it, a burst of 0 nothing at all, a period of 0 no limit.
//!
//! Cost: O(1). Memory: 64 bytes.

use core::time::Duration;

use crate::model::time::{Nanos, nanos_of};

/// A rate and what has been let through.
#[derive(Clone, Debug)]
pub(crate) struct Gcra {
    /// Times are counted in the part of a nanosecond that there are so many of in one.
    rate: u64,
    /// Between two events at an even pace, so counted: the nanoseconds of the period.
    pace: u64,
    /// The longest that `due` may be ahead.
    room: u128,
    last: Nanos,
    /// When all that was let through would have come at an even pace.
    due: u128,
}

impl Gcra {
    pub(crate) fn new(rate: u32, period: Duration, burst: u32) -> Self {
        let pace = nanos_of(period);
        Self { rate: u64::from(rate), pace, room: u128::from(pace) * u128::from(burst), last: Nanos(0), due: 0 }
    }

    /// Whether so many events at once conform. If they do, they are let through; if not, none of them is.
    pub(crate) fn conforms(&mut self, at: Nanos, events: u32) -> bool {
        self.last = self.last.max(at);
        let now = self.scaled(self.last);
        let due = self.due.max(now) + self.cost(events);
        let conforms = due - now <= self.room;
        if conforms {
            self.due = due;
        }
        conforms
    }

    /// The first time at which so many events would conform; never, if they are more than the burst.
    pub(crate) fn next(&self, events: u32) -> Nanos {
        let cost = self.cost(events);
        if cost > self.room {
            return Nanos::NEVER;
        }
        let ahead = (self.due + cost).saturating_sub(self.room);
        match ahead {
            _ if ahead <= self.scaled(self.last) => self.last,
            // Nothing that was let through is ever forgotten.
            _ if self.rate == 0 => Nanos::NEVER,
            _ => Nanos(u64::try_from(ahead.div_ceil(u128::from(self.rate))).unwrap_or(u64::MAX)),
        }
    }

    /// Forgets what was let through.
    pub(crate) fn clear(&mut self) {
        self.due = 0;
    }

    fn scaled(&self, at: Nanos) -> u128 {
        u128::from(at.0) * u128::from(self.rate)
    }

    fn cost(&self, events: u32) -> u128 {
        u128::from(self.pace) * u128::from(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn many(gcra: &mut Gcra, at: u64) -> usize {
        (0..1_000).take_while(|_| gcra.conforms(Nanos(at), 1)).count()
    }

    #[test]
    fn a_burst_may_come_at_once_and_then_one_a_pace() {
        let mut gcra = Gcra::new(1, Duration::from_nanos(100), 3);
        assert_eq!(many(&mut gcra, 1_000), 3);
        assert_eq!(gcra.next(1), Nanos(1_100));
        assert!(!gcra.conforms(Nanos(1_099), 1), "one nanosecond early");
        assert!(gcra.conforms(Nanos(1_100), 1) && !gcra.conforms(Nanos(1_100), 1));
        assert_eq!(many(&mut gcra, 1_000_000), 3, "silence saves up a burst, not more");
    }

    #[test]
    fn a_pace_of_a_part_of_a_nanosecond_is_not_rounded() {
        let mut gcra = Gcra::new(3, Duration::from_nanos(10), 1);
        let conform = (0..10_000).filter(|at| gcra.conforms(Nanos(*at), 1)).count();
        // One each 3 1/3 ns, on the whole nanosecond that follows; the clock has no finer ones.
        assert_eq!(conform, 2_500);
        let mut gcra = Gcra::new(3, Duration::from_nanos(10), 3);
        assert_eq!((0..10_000).map(|at| many(&mut gcra, at)).sum::<usize>(), 3 + 2_999);
    }

    #[test]
    fn events_at_once_are_let_through_together_or_not_at_all() {
        let mut gcra = Gcra::new(1, Duration::from_nanos(100), 3);
        assert!(!gcra.conforms(Nanos(0), 4));
        assert_eq!((gcra.next(4), gcra.next(3)), (Nanos::NEVER, Nanos(0)));
        assert!(gcra.conforms(Nanos(0), 2) && !gcra.conforms(Nanos(0), 2) && gcra.conforms(Nanos(0), 1));
        assert_eq!((gcra.next(2), gcra.next(0)), (Nanos(200), Nanos(0)));
        gcra.clear();
        assert!(gcra.conforms(Nanos(0), 3));
    }

    #[test]
    fn a_time_before_the_last_counts_as_the_last() {
        let mut gcra = Gcra::new(1, Duration::from_nanos(100), 1);
        assert!(gcra.conforms(Nanos(1_000), 1));
        assert!(!gcra.conforms(Nanos(0), 1) && !gcra.conforms(Nanos(1_099), 1) && gcra.conforms(Nanos(1_100), 1));
        let mut late = Gcra::new(1, Duration::from_nanos(100), 1);
        assert!(late.conforms(Nanos(1_000), 1) && !late.conforms(Nanos(1_050), 1));
        assert_eq!(late.next(1), Nanos(1_100));
    }

    #[test]
    fn no_rate_no_burst_and_no_period_mean_what_they_say() {
        let second = Duration::from_secs(1);
        let mut once = Gcra::new(0, second, 2);
        assert_eq!((many(&mut once, 5), once.next(1)), (2, Nanos::NEVER));
        assert!(!once.conforms(Nanos::NEVER, 1));
        let mut nothing = Gcra::new(1, second, 0);
        assert_eq!((many(&mut nothing, 5), nothing.next(1)), (0, Nanos::NEVER));
        let mut free = Gcra::new(1, Duration::ZERO, 1);
        assert_eq!((many(&mut free, 5), free.next(1)), (1_000, Nanos(5)));
    }

    #[test]
    fn absurd_rates_and_times_saturate() {
        for (rate, period, burst) in
            [(u32::MAX, Duration::MAX, u32::MAX), (1, Duration::MAX, 1), (u32::MAX, Duration::ZERO, 0)]
        {
            let mut gcra = Gcra::new(rate, period, burst);
            for at in [Nanos::NEVER, Nanos(0), Nanos::NEVER] {
                gcra.conforms(at, u32::MAX);
                gcra.conforms(at, 1);
                assert!(gcra.next(1) >= Nanos(0));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        /// Against a list of all that conformed: no span, from any of them on, may hold more than its share.
        #[test]
        fn agrees_with_the_slow_twin(
            rate in 1u32..6,
            period in 0u64..40,
            burst in 0u32..5,
            steps in prop::collection::vec((prop_oneof![4 => 0i64..4, 2 => 0i64..60, 1 => -20i64..0], 0u32..4), 1..80),
        ) {
            let mut gcra = Gcra::new(rate, Duration::from_nanos(period), burst);
            let (mut through, mut at, mut now) = (Vec::<(u64, u32)>::new(), 100i64, 0u64);
            for (gap, events) in steps {
                at = (at + gap).max(0);
                now = now.max(at as u64);
                // Since each of them, with these: at most the burst and what the rate brings.
                let fits = |at: u64| {
                    let begins = through.iter().map(|(begin, _)| *begin).chain([at]);
                    events == 0 || begins.into_iter().all(|begin| {
                        let held: u64 = through.iter().filter(|(time, _)| *time >= begin).map(|(_, n)| u64::from(*n)).sum();
                        (held + u64::from(events)) * period <= u64::from(burst) * period + (at - begin) * u64::from(rate)
                    })
                };
                let first = (now..now + 400).find(|at| fits(*at));
                let fitting = fits(now);
                if first.is_some() || u64::from(events) * period > u64::from(burst) * period {
                    gcra.conforms(Nanos(at as u64), 0);
                    prop_assert_eq!(gcra.next(events), first.map_or(Nanos::NEVER, Nanos));
                }
                prop_assert_eq!(gcra.conforms(Nanos(at as u64), events), fitting);
                if fitting {
                    through.push((now, events));
                }
            }
        }
    }
}
