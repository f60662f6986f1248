//! Where nothing changes: the interval of values, and the time, in which a rule need not be asked.

use crate::model::time::Nanos;

/// Values `lo..=hi` heard before `until` change nothing but the last value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Band {
    pub(crate) lo: i64,
    pub(crate) hi: i64,
    pub(crate) until: Nanos,
}

impl Band {
    /// No value is inside: the rule is asked each time.
    pub(crate) const EMPTY: Self = Self { lo: i64::MAX, hi: i64::MIN, until: Nanos(0) };

    /// Whether a value heard at `at` is inside.
    #[inline(always)]
    pub(crate) fn holds(&self, value: i64, at: Nanos) -> bool {
        self.lo <= value && value <= self.hi && at < self.until
    }

    /// The widest interval around `value` that contains none of the edges but perhaps its own lower end.
    ///
    /// An edge `e` parts the values below `e` from those at `e` and above.
    pub(crate) fn around(value: i64, edges: &[i64], until: Nanos) -> Self {
        let mut band = Self { lo: i64::MIN, hi: i64::MAX, until };
        for &edge in edges {
            if edge <= value {
                band.lo = band.lo.max(edge);
            } else {
                band.hi = band.hi.min(edge - 1);
            }
        }
        band
    }
}

/// `max(0, offset + slope * last)`: a rule's value as a function of the last number heard.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Linear {
    pub(crate) offset: f64,
    pub(crate) slope: f64,
}

impl Linear {
    /// A value that does not depend on the last number.
    pub(crate) const fn constant(value: f64) -> Self {
        Self { offset: value, slope: 0.0 }
    }

    /// The value at `last`.
    pub(crate) fn at(self, last: i64) -> f64 {
        // A slope of zero and a huge number would still be fine; what is not a number shows as such.
        (self.offset + self.slope * last as f64).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_belongs_to_the_values_above_it() {
        let until = Nanos(10);
        assert_eq!(Band::around(5, &[3, 7], until), Band { lo: 3, hi: 6, until });
        assert_eq!(Band::around(3, &[3, 7], until), Band { lo: 3, hi: 6, until });
        assert_eq!(Band::around(2, &[3, 7], until), Band { lo: i64::MIN, hi: 2, until });
        assert_eq!(Band::around(7, &[3, 7], until), Band { lo: 7, hi: i64::MAX, until });
    }

    #[test]
    fn the_end_of_the_band_is_outside() {
        let band = Band::around(5, &[], Nanos(10));
        assert!(band.holds(5, Nanos(9)) && !band.holds(5, Nanos(10)));
        assert!(!Band::EMPTY.holds(0, Nanos(0)));
    }
}
