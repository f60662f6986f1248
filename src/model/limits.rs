//! The three levels of a value.

use super::units::Ratio;

/// The three levels of a value: trip at `value >= limit`, warn at `value >= warn`, leave Warning at `value < clear`.
///
/// ```
/// use haltline::{Limits, Money, Ratio};
/// let Limits { limit, warn, clear } = Limits::of(Ratio::from_f64(0.10)?);
/// assert_eq!((warn, clear), (Ratio::from_f64(0.08)?, Ratio::from_f64(0.072)?));
/// // Tested in integers: reached at 10 % below the peak, not a hundredth of a cent above.
/// let (peak, level) = (Money::from_f64(1_000_000.0)?.raw(), Money::from_f64(900_000.0)?.raw());
/// assert!(limit.reached_by_fall(peak, level) && !limit.reached_by_fall(peak, level + 1));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Trip.
    pub limit: Ratio,
    /// Warn.
    pub warn: Ratio,
    /// Leave Warning.
    pub clear: Ratio,
}

impl Limits {
    /// The catalogue's defaults: warn at 0.8 of the limit, clear at 0.9 of warn.
    pub fn of(limit: Ratio) -> Self {
        let warn = limit.times(Ratio::from_raw(800_000_000));
        Self { limit, warn, clear: warn.times(Ratio::from_raw(900_000_000)) }
    }
}
