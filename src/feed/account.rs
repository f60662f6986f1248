//! What an account says: its equity, its gains and losses, its margin, what it holds.

use super::Feed;
use crate::model::error::FeedError;
use crate::model::observation::{Channel, Observation};
use crate::model::time::Nanos;
use crate::model::units::{Money, Qty};

impl Feed {
    /// The equity of the account, marked to market.
    ///
    /// # Errors
    /// As [`trade`](Self::trade).
    #[inline]
    pub fn equity(&mut self, equity: Money, at: Nanos) -> Result<(), FeedError> {
        self.values(at, |channel| (channel == Channel::Equity).then_some(equity.raw()))
    }

    /// A gain (positive) or a loss that has been booked, for rules that add them up. One of zero says that nothing was.
    ///
    /// # Errors
    /// As [`trade`](Self::trade).
    pub fn pnl(&mut self, delta: Money, at: Nanos) -> Result<(), FeedError> {
        self.observe(&Observation::Pnl(delta), at)
    }

    /// The margin of the account: what is used of it, and what is left, which is negative in a deficit.
    ///
    /// # Errors
    /// As [`trade`](Self::trade); also if less than nothing is used.
    pub fn margin(&mut self, used: Money, available: Money, at: Nanos) -> Result<(), FeedError> {
        if used < Money::ZERO {
            return self.refuse(FeedError::bad("used", used.to_f64(), "amounts from zero on"));
        }
        self.observe(&Observation::Margin { used, available }, at)
    }

    /// What is held of an instrument from now on: a positive quantity is long, a negative one short, zero closes it. Of the
    /// market value the magnitude counts. Sector 0 is a sector of its own.
    ///
    /// # Errors
    /// As [`trade`](Self::trade); also if nothing is held and has a value, and if more positions are open than a breaker
    /// has room for.
    pub fn position(
        &mut self,
        instrument: u64,
        quantity: Qty,
        value: Money,
        sector: u32,
        at: Nanos,
    ) -> Result<(), FeedError> {
        if quantity.0 == 0 && value != Money::ZERO {
            return self.refuse(FeedError::bad("value", value.to_f64(), "zero for a position of nothing"));
        }
        self.observe(&Observation::Position { instrument, quantity, value, sector }, at)
    }

    /// A deposit (positive) or a withdrawal: moves the baselines, is no gain and no loss.
    ///
    /// # Errors
    /// As [`trade`](Self::trade).
    pub fn flow(&mut self, amount: Money, at: Nanos) -> Result<(), FeedError> {
        self.observe(&Observation::Flow(amount), at)
    }
}
