//! The three levels of a value.

use super::reading::Level;
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

    /// The catalogue's defaults where lower is worse: warn a fifth of the way from the limit to the best value, clear half
    /// of the way from there. Read the three with [`level_below`](Self::level_below).
    ///
    /// ```
    /// # use haltline::*;
    /// let Limits { warn, clear, .. } = Limits::below(Ratio::from_f64(0.60)?, Ratio::from_f64(1.0)?);
    /// assert_eq!((warn, clear), (Ratio::from_f64(0.68)?, Ratio::from_f64(0.84)?));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    pub fn below(limit: Ratio, best: Ratio) -> Self {
        let way = Ratio::from_raw(best.raw().saturating_sub(limit.raw()));
        let warn = Ratio::from_raw(limit.raw().saturating_add(way.times(Ratio::from_raw(200_000_000)).raw()));
        let rest = best.raw().saturating_sub(warn.raw()) / 2;
        Self { limit, warn, clear: Ratio::from_raw(warn.raw().saturating_add(rest)) }
    }

    /// How bad a value is where higher is worse. What is not a number is a breach.
    ///
    /// ```
    /// # use haltline::*;
    /// let limits = Limits::of(Ratio::from_f64(0.10)?);
    /// assert_eq!((limits.level(0.0999), limits.level(0.10)), (Level::Warn, Level::Breach));
    /// assert_eq!(limits.level(f64::NAN), Level::Breach);
    /// # Ok::<(), haltline::Error>(())
    /// ```
    pub fn level(&self, value: f64) -> Level {
        match value {
            _ if value < self.clear.to_f64() => Level::Normal,
            _ if value < self.warn.to_f64() => Level::Elevated,
            _ if value < self.limit.to_f64() => Level::Warn,
            _ => Level::Breach,
        }
    }

    /// How bad a value is where lower is worse: trip at `value < limit`, warn at `value < warn`, leave at `value >= clear`.
    /// What is not a number is a breach.
    ///
    /// ```
    /// # use haltline::*;
    /// let limits = Limits::below(Ratio::from_f64(0.60)?, Ratio::from_f64(1.0)?);
    /// assert_eq!((limits.level_below(0.5999), limits.level_below(0.60)), (Level::Breach, Level::Warn));
    /// assert_eq!(limits.level_below(f64::NAN), Level::Breach);
    /// # Ok::<(), haltline::Error>(())
    /// ```
    pub fn level_below(&self, value: f64) -> Level {
        match value {
            _ if value >= self.clear.to_f64() => Level::Normal,
            _ if value >= self.warn.to_f64() => Level::Elevated,
            _ if value >= self.limit.to_f64() => Level::Warn,
            _ => Level::Breach,
        }
    }
}
