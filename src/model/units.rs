//! Prices, money, quantities and ratios as integers, so that a limit test is exact and never needs an epsilon.
//!
//! | type | unit | largest |
//! |---|---|---|
//! | [`Price`] | 1e-9 of the currency or index point (as in DBN) | 9.2e9 |
//! | [`Money`] | 1e-4 of the currency | 9.2e14, enough for a book in won or yen |
//! | [`Qty`] | the caller's lots | 9.2e18 |
//! | [`Ratio`] | 1e-9 (so 7 % is 70 000 000) | 9.2e9 |
//!
//! Products are taken in `i128`, where they cannot overflow.

use core::fmt;

use super::error::{Error, ErrorKind};

/// One unit of `Price` and `Ratio` is a billionth.
const NANO: i64 = 1_000_000_000;
/// One unit of `Money` is a ten-thousandth.
const MONEY: i64 = 10_000;

macro_rules! fixed_point {
    ($(#[$doc:meta])* $name:ident, $scale:expr, $digits:expr, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// How many units make one.
            pub const SCALE: i64 = $scale;
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// From the raw count of units.
            pub const fn from_raw(raw: i64) -> Self {
                Self(raw)
            }

            /// The raw count of units.
            pub const fn raw(self) -> i64 {
                self.0
            }

            /// The nearest value to `value`.
            ///
            /// # Errors
            /// [`ErrorKind::BadInput`] for NaN, an infinity, or a value that the type cannot hold.
            pub fn from_f64(value: f64) -> Result<Self, Error> {
                let scaled = (value * Self::SCALE as f64).round();
                // Written so that NaN fails: every comparison with it is false.
                if scaled.abs() < i64::MAX as f64 {
                    Ok(Self(scaled as i64))
                } else {
                    Err(Error::new(
                        ErrorKind::BadInput,
                        format!(concat!($what, ": found {}, allowed are finite numbers up to {:e}"), value, i64::MAX as f64 / Self::SCALE as f64),
                    ))
                }
            }

            /// As a float, for statistics and for people; never for a limit test.
            pub fn to_f64(self) -> f64 {
                self.0 as f64 / Self::SCALE as f64
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let digits = f.precision().unwrap_or($digits);
                write!(f, "{:.*}", digits, self.to_f64())
            }
        }
    };
}

fixed_point!(
    /// A price or an index level, in billionths.
    ///
    /// ```
    /// use haltline::Price;
    /// let close = Price::from_f64(2972.37)?;
    /// assert_eq!(close.raw(), 2_972_370_000_000);
    /// assert!(Price::from_f64(f64::NAN).is_err());
    /// # Ok::<(), haltline::Error>(())
    /// ```
    Price, NANO, 4, "price"
);
fixed_point!(
    /// Equity, profit and loss, notional or market value, in ten-thousandths of the currency.
    ///
    /// ```
    /// use haltline::Money;
    /// assert_eq!(Money::from_f64(1_000_000.0)?.raw(), 10_000_000_000);
    /// # Ok::<(), haltline::Error>(())
    /// ```
    Money, MONEY, 2, "money"
);
fixed_point!(
    /// A fraction, in billionths: a limit of 7 % is `Ratio::from_f64(0.07)`.
    ///
    /// ```
    /// use haltline::Ratio;
    /// let limit = Ratio::from_f64(0.07)?;
    /// // The exact test of a fall of 7 %: at the level it is reached, one unit above it is not.
    /// assert!(limit.reached_by_fall(100_000, 93_000));
    /// assert!(!limit.reached_by_fall(100_000, 93_001));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    Ratio, NANO, 4, "ratio"
);

impl Ratio {
    /// Whether a fall from `from` to `to` is at least this share of `from`: `(from - to) >= self * from`, exactly.
    #[inline]
    pub const fn reached_by_fall(self, from: i64, to: i64) -> bool {
        (from as i128 - to as i128) * NANO as i128 >= self.0 as i128 * from as i128
    }

    /// The largest `to` at which [`reached_by_fall`](Self::reached_by_fall) holds, for a positive `from`.
    pub fn fall_level(self, from: i64) -> i64 {
        let kept = (NANO as i128 - self.0 as i128) * from as i128;
        clamp_i64(kept.div_euclid(NANO as i128))
    }

    /// The smallest `to` at which a rise from `from` is at least this share of it, for a positive `from`.
    pub fn rise_level(self, from: i64) -> i64 {
        let grown = (NANO as i128 + self.0 as i128) * from as i128;
        clamp_i64(-(-grown).div_euclid(NANO as i128))
    }

    /// This ratio times another, rounded down.
    pub fn times(self, other: Self) -> Self {
        Self(clamp_i64((self.0 as i128 * other.0 as i128).div_euclid(NANO as i128)))
    }
}

const fn clamp_i64(wide: i128) -> i64 {
    if wide > i64::MAX as i128 {
        i64::MAX
    } else if wide < i64::MIN as i128 {
        i64::MIN
    } else {
        wide as i64
    }
}

/// A quantity in the caller's lots.
///
/// ```
/// # use haltline::*;
/// # let plan = Plan { scopes: vec![ScopePath::new("XNAS/AAPL")?], ..Plan::default() };
/// # let system = System::manual(plan, Nanos::from_secs(0))?;
/// # let mut tape = system.feed("XNAS/AAPL")?;
/// // One unit is what the caller counts in: here shares, so an odd lot is no fraction.
/// let (block, odd_lot) = (Qty(10_000), Qty(7));
/// tape.trade(Price::from_f64(189.5)?, block, system.now())?;
/// tape.trade(Price::from_f64(189.52)?, odd_lot, system.now())?;
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Qty(pub i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_agree_with_the_exact_test_at_the_unit() {
        for pct in [1, 70_000_000, 130_000_000, 200_000_000, 999_999_999] {
            let ratio = Ratio::from_raw(pct);
            for from in [1, 7, 99, 2_972_370_000_000, i64::MAX / 2] {
                let level = ratio.fall_level(from);
                assert!(ratio.reached_by_fall(from, level), "{pct} of {from}");
                assert!(!ratio.reached_by_fall(from, level + 1), "{pct} of {from}");
            }
        }
    }

    #[test]
    fn level_one_of_9_march_2020_is_the_published_figure() {
        let level = Ratio::from_raw(70_000_000).fall_level(2_972_370_000_000);
        assert_eq!(Price::from_raw(level).to_string(), "2764.3041");
    }

    #[test]
    fn what_a_float_cannot_mean_is_refused() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
            assert!(Price::from_f64(bad).is_err());
        }
    }

    #[test]
    fn rise_level_is_the_smallest_that_reaches_it() {
        let one = Ratio::from_raw(10_000_000);
        assert_eq!(one.rise_level(1000), 1010);
        assert_eq!(one.rise_level(1001), 1012); // 1011.01
    }
}
