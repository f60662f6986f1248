//! When a value would reach its limit if it went on as it came.

use core::time::Duration;

use crate::model::time::Nanos;

/// The straight line through two values, as far as the limit. `None` if it does not lead there: two values at one time, a value that
/// stands or goes away from its limit, or a time that nobody would wait for.
pub(super) fn breach_at(before: (f64, Nanos), now: (f64, Nanos), limit: f64) -> Option<Nanos> {
    let (gone, left) = (now.0 - before.0, limit - now.0);
    let took = (now.1 - before.1).as_secs_f64();
    let wait = took * (left / gone);
    let leads_there = took > 0.0 && wait.is_finite() && wait >= 0.0 && gone != 0.0;
    let wait = Duration::try_from_secs_f64(wait).ok().filter(|_| leads_there)?;
    Some(now.1 + wait).filter(|at| *at < Nanos::NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Nanos {
        Nanos::from_secs(secs)
    }

    #[test]
    fn it_is_where_the_line_meets_the_limit_from_either_side() {
        // From 4 % to 6 % in ten seconds, 2 % are left; and the same for a value that is worse the lower it is.
        assert_eq!(breach_at((4.0, secs(100)), (6.0, secs(110)), 8.0), Some(secs(120)));
        assert_eq!(breach_at((100.0, secs(100)), (97.0, secs(103)), 95.0), Some(secs(105)));
        assert_eq!(breach_at((4.0, secs(100)), (8.0, secs(110)), 8.0), Some(secs(110)), "there");
    }

    #[test]
    fn a_value_that_stands_or_goes_away_has_no_such_time() {
        for (before, now) in [
            ((6.0, secs(1)), (6.0, secs(2))),
            ((7.0, secs(1)), (6.0, secs(2))),
            ((4.0, secs(2)), (6.0, secs(2))),
            ((4.0, secs(3)), (6.0, secs(2))),
            ((f64::NAN, secs(1)), (6.0, secs(2))),
            ((6.0, secs(1)), (f64::from_bits(6.0_f64.to_bits() + 1), secs(u64::MAX / 2_000_000_000))),
        ] {
            assert_eq!(breach_at(before, now, 8.0), None, "{before:?} {now:?}");
        }
    }
}
