//! `liquidation_required`: its parameters. The detector is in [`detector`].

mod detector;

use crate::model::error::Error;
use crate::model::limits::Limits;
use crate::model::policy::Policy;
use crate::model::units::Ratio;
use crate::rule::check::{Check, check_share};

pub(crate) use detector::Detector;

/// The liquidation rule: the book must be reduced, because the session has lost too much or too much margin is in use.
///
/// ```
/// # use haltline::*;
/// let rule = LiquidationRequired::with_limit(Ratio::from_f64(0.15)?).with_margin_limit(Ratio::from_f64(0.9)?);
/// # let (rule, policy) = (RuleSpec::LiquidationRequired(rule), Kind::LiquidationRequired.default_policy());
/// # let spec = BreakerSpec { name: "margin".into(), scope: ScopePath::root(), watch: vec![], rule, policy };
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
/// # let (id, gate, mut account) = (system.breaker("margin")?, system.gate(&[])?, system.feed("")?);
/// # let now = system.now();
/// account.equity(Money::from_f64(1_000_000.0)?, now)?;
/// account.margin(Money::from_f64(900_000.0)?, Money::from_f64(100_000.0)?, now)?;
/// assert!(gate.permits(Intent::Increase), "nine tenths are used, which is not more than nine tenths");
/// account.margin(Money::from_f64(900_000.01)?, Money::from_f64(99_999.99)?, now)?;
/// assert_eq!(system.breaker_status(id)?.status, Status::Liquidating);
/// assert!(!gate.permits(Intent::Increase) && gate.permits(Intent::Reduce));
/// // Only a person says that the book has been reduced, and then only a person reopens.
/// system.liquidated(id, By::new("ann", Authority::RiskDesk, "flat"))?;
/// assert_eq!(system.breaker_status(id)?.status, Status::Tripped);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LiquidationRequired {
    /// Levels of the loss since the session opened: `(opening - equity) / opening`.
    pub limits: Limits,
    /// Levels of the margin use: `used / (used + available)`. Its limit is still allowed. `None` switches it off.
    pub margin: Option<Limits>,
}

impl LiquidationRequired {
    /// A loss limit, and no limit on margin.
    pub fn with_limit(limit: Ratio) -> Self {
        Self { limits: Limits::of(limit), margin: None }
    }

    /// The same with a limit on the margin in use, which warns at 0.8 of it.
    #[must_use]
    pub fn with_margin_limit(self, limit: Ratio) -> Self {
        Self { margin: Some(Limits::of(limit)), ..self }
    }
}

impl Check for LiquidationRequired {
    fn check(&self, _policy: &Policy) -> Result<(), Error> {
        check_share(&self.limits, 1.0)?;
        self.margin.map_or(Ok(()), |limits| check_share(&limits, 1.0))
    }
}
