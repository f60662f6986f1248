//! What a tally counts, and what it answers: the vocabulary of [`Tally`](crate::Tally).

use super::units::Money;

/// What one record adds to a tally. All numbers are counts of the caller's things (orders, fills, calls); `pnl` is money,
/// in ten-thousandths of the currency. Each saturates at the end of its type.
///
/// ```
/// use haltline::{Amounts, Money};
/// // A call that came back, but slowly; a fill that lost 12.50.
/// let slow = Amounts { slow: 1, ..Amounts::SUCCESS };
/// let fill = Amounts { pnl: Money::from_f64(-12.5)?, ..Amounts::NONE };
/// assert_eq!(slow.plus(fill), Amounts { success: 1, slow: 1, pnl: Money::from_raw(-125_000), ..Amounts::NONE });
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// What went well.
    pub success: u64,
    /// What did not.
    pub failure: u64,
    /// What says nothing either way: a call that the caller himself took back.
    pub ignored: u64,
    /// What took too long, beside being one of the three above.
    pub slow: u64,
    /// Profit (above zero) and loss (below).
    pub pnl: Money,
}

impl Amounts {
    /// Nothing.
    pub const NONE: Self = Self { success: 0, failure: 0, ignored: 0, slow: 0, pnl: Money::ZERO };
    /// One success.
    pub const SUCCESS: Self = Self { success: 1, ..Self::NONE };
    /// One failure.
    pub const FAILURE: Self = Self { failure: 1, ..Self::NONE };
    /// One that says nothing.
    pub const IGNORED: Self = Self { ignored: 1, ..Self::NONE };

    /// Both together.
    #[inline]
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            success: self.success.saturating_add(other.success),
            failure: self.failure.saturating_add(other.failure),
            ignored: self.ignored.saturating_add(other.ignored),
            slow: self.slow.saturating_add(other.slow),
            pnl: Money::from_raw(self.pnl.raw().saturating_add(other.pnl.raw())),
        }
    }
}

/// What a tally answers: the sums of a window, or of all time.
///
/// ```
/// use haltline::{Amounts, Nanos, Tally};
/// use std::time::Duration;
/// let tally = Tally::new(Duration::from_secs(60), 30, 4)?;
/// let mut handle = tally.handle().unwrap();
/// handle.record(Nanos::from_secs(1_000), Amounts::FAILURE);
/// handle.record(Nanos::from_secs(2_000), Amounts::SUCCESS);
/// // A straggler whose place in the ring of buckets has gone to a later one is not in any window, but it is not lost.
/// handle.record(Nanos::from_secs(2_000 - 32 * 2), Amounts::FAILURE);
/// let (window, ever) = (tally.sums(Nanos::from_secs(2_000)), tally.totals());
/// assert_eq!((window.amounts, window.late), (Amounts::SUCCESS, 1));
/// assert_eq!((ever.amounts.success, ever.amounts.failure, ever.late), (1, 2, 1));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// The sums.
    pub amounts: Amounts,
    /// How many records, since the tally was made, came so late that their bucket was gone. They are in no window, and in
    /// the totals.
    pub late: u64,
}
