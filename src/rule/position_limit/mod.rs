//! `position_limit`: its parameters. The detector is in [`detector`].

mod book;
mod detector;
mod heap;
mod index;

use crate::model::error::Error;
use crate::model::policy::Policy;
use crate::model::units::{Money, Qty, Ratio};
use crate::rule::check::{Check, bad};

pub(crate) use detector::Detector;

/// The position limit rule: how many positions an account holds, and how great they are beside the value of the portfolio.
///
/// Each limit is still allowed, what exceeds it is not; `None` switches it off. A share is one of the portfolio value, the
/// account's last mark of equity. Push the book before the first mark: until then the breaker is unready.
///
/// ```
/// # use haltline::*;
/// let rule = RuleSpec::PositionLimit(PositionLimit::default());
/// # let policy = Kind::PositionLimit.default_policy();
/// # let spec = BreakerSpec { name: "limits".into(), scope: ScopePath::root(), watch: vec![], rule, policy };
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
/// # let (gate, mut account) = (system.gate(&[])?, system.feed("")?);
/// # let now = system.now();
/// let (apple, technology) = (1, 45);
/// account.equity(Money::from_f64(1_000_000.0)?, now)?;
/// account.position(apple, Qty(500), Money::from_f64(100_000.0)?, technology, now)?;
/// assert!(gate.permits(Intent::Increase), "a tenth is allowed");
/// account.position(apple, Qty(500), Money::from_f64(100_000.01)?, technology, now)?;
/// assert_eq!(gate.explain(gate.check()).reason, Reason::PositionShare);
/// account.position(apple, Qty(400), Money::from_f64(80_000.0)?, technology, now)?;
/// assert!(gate.permits(Intent::Increase), "reduced, and open again");
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PositionLimit {
    /// Open positions. Warns at 0.9 of it; the others warn at 0.8.
    pub max_positions: Option<u32>,
    /// The greatest position.
    pub max_position_share: Option<Ratio>,
    /// The greatest sector, both sides added up. Sector 0 is one of its own for each position.
    pub max_sector_share: Option<Ratio>,
    /// Long positions together.
    pub max_long: Option<Ratio>,
    /// Short positions together.
    pub max_short: Option<Ratio>,
    /// Both together.
    pub max_gross: Option<Ratio>,
    /// The difference of the two, whichever is greater.
    pub max_net: Option<Ratio>,
    /// The quantity of each instrument, whichever side.
    pub max_quantity: Option<Qty>,
    /// The market value of each instrument, whichever side.
    pub max_notional: Option<Money>,
    /// How many positions can be open at a time; one more is refused.
    pub capacity: u32,
}

/// The most positions that a rule has room for.
pub const MAX_POSITIONS: u32 = 1 << 20;
/// The greatest limit on a share: a thousand times the portfolio.
pub(crate) const MAX_SHARE: Ratio = Ratio::from_raw(1_000 * Ratio::SCALE);

impl Default for PositionLimit {
    /// The catalogue's: 20 positions, a tenth in each, 0.3 in a sector, 1.0 long, 0.5 short.
    fn default() -> Self {
        Self {
            max_positions: Some(20),
            max_position_share: Some(Ratio::from_raw(100_000_000)),
            max_sector_share: Some(Ratio::from_raw(300_000_000)),
            max_long: Some(Ratio::from_raw(1_000_000_000)),
            max_short: Some(Ratio::from_raw(500_000_000)),
            max_gross: None,
            max_net: None,
            max_quantity: None,
            max_notional: None,
            capacity: 16_384,
        }
    }
}

impl Check for PositionLimit {
    fn check(&self, _policy: &Policy) -> Result<(), Error> {
        for (name, share) in [
            ("max_position_share", self.max_position_share),
            ("max_sector_share", self.max_sector_share),
            ("max_long", self.max_long),
            ("max_short", self.max_short),
            ("max_gross", self.max_gross),
            ("max_net", self.max_net),
        ] {
            if let Some(share) = share.filter(|share| *share <= Ratio::ZERO || *share > MAX_SHARE) {
                return bad(format!(
                    "{name}: found {share}, allowed are shares above 0 and at most 1000 (10 % is 0.1)"
                ));
            }
        }
        if self.max_quantity.is_some_and(|most| most.0 <= 0)
            || self.max_notional.is_some_and(|most| most <= Money::ZERO)
        {
            return bad("max_quantity, max_notional: must be above 0");
        }
        if !(1..=MAX_POSITIONS).contains(&self.capacity) {
            return bad(format!("capacity: found {}, allowed are 1 to {MAX_POSITIONS}", self.capacity));
        }
        // So a book that is full has tripped it: what is refused then is no news.
        if self.max_positions.is_some_and(|most| most == 0 || most >= self.capacity) {
            return bad("max_positions: must be above 0 and below capacity");
        }
        Ok(())
    }
}
