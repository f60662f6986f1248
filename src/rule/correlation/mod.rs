//! `correlation`: its parameters. What is reckoned on the grid is in [`basket`], what is said of it in [`detector`].

pub(crate) mod basket;
mod detector;

use core::fmt;
use core::time::Duration;

use crate::model::error::Error;
use crate::model::limits::Limits;
use crate::model::policy::Policy;
use crate::model::status::named;
use crate::model::units::Ratio;
use crate::rule::check::{Check, bad, check_share};

pub(crate) use detector::Detector;

/// The most readings that a correlation's baseline holds.
pub const MAX_BASELINE: usize = 4_096;

/// The correlation rule: the mean pairwise correlation of the returns of several instruments, whose feeds the breaker watches.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// let rule = Correlation { sample: Some(Duration::from_secs(1)), returns: 3, ..Correlation::with_mode(CorrelationMode::Rise) };
/// let legs = ["XNAS/AAPL", "XNAS/MSFT"];
/// # let mut spec = BreakerSpec::new("basket", ScopePath::new("acct/a")?, RuleSpec::Correlation(rule));
/// # spec.watch = legs.iter().map(|leg| ScopePath::new(leg)).collect::<Result<_, _>>()?;
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
/// let gate = system.gate(&["acct/a"])?;
/// let (mut apple, mut microsoft) = (system.feed(legs[0])?, system.feed(legs[1])?);
/// let mut may_go_after = |second, prices: [f64; 2]| -> Result<bool, Error> {
///     apple.trade(Price::from_f64(prices[0])?, Qty(100), Nanos::from_secs(second))?;
///     microsoft.trade(Price::from_f64(prices[1])?, Qty(100), Nanos::from_secs(second))?;
///     system.advance(Nanos::from_secs(second));
///     Ok(gate.permits(Intent::Increase))
/// };
/// // Three returns need four closes. They move as they like; then all move as one.
/// let apart = [[100.0, 50.0], [101.0, 50.1], [100.0, 50.3], [101.0, 50.1]];
/// let together = [[99.0, 49.0], [101.0, 50.1], [98.0, 48.5]];
/// let seconds = (1..).zip(apart.into_iter().chain(together));
/// let permitted = seconds.map(|(second, prices)| may_go_after(second, prices)).collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(permitted, [false, false, false, true, true, false, false]);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Correlation {
    /// Levels of the mean correlation, or of its distance from what it was.
    pub limits: Limits,
    /// Which of the two.
    pub mode: CorrelationMode,
    /// The length of a sample, at most a day; `None` is a session (`"1d"` with a calendar).
    pub sample: Option<Duration>,
    /// How many returns a correlation is taken over.
    pub returns: usize,
    /// How many readings before the present one say what it was; for [`CorrelationMode::Break`].
    pub baseline: usize,
}

impl Correlation {
    /// The catalogue's defaults: over 20 returns of a day; 0.7 for a rise, and 0.3 from the mean of the 60 readings before for
    /// a break.
    pub fn with_mode(mode: CorrelationMode) -> Self {
        let limit = match mode {
            CorrelationMode::Rise => Ratio::from_raw(700_000_000),
            CorrelationMode::Break => Ratio::from_raw(300_000_000),
        };
        Self { limits: Limits::of(limit), mode, sample: Some(DAY), returns: 20, baseline: 60 }
    }
}

const DAY: Duration = Duration::from_secs(86_400);

named! {
    /// What a correlation rule looks at.
    ///
    /// ```
    /// # use haltline::*;
    /// // Diversification gone, and a hedge that no longer hedges.
    /// let (rise, broken) = (Correlation::with_mode(CorrelationMode::Rise), Correlation::with_mode(CorrelationMode::Break));
    /// assert_eq!((rise.limits.limit, broken.limits.limit), (Ratio::from_f64(0.7)?, Ratio::from_f64(0.3)?));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    CorrelationMode: "mode" {
        /// The mean correlation itself.
        Rise = 0, "rise";
        /// How far it has gone from the mean of the readings before, either way.
        Break = 1, "break";
    }
}

impl Check for Correlation {
    fn check(&self, policy: &Policy) -> Result<(), Error> {
        // Two correlations are at most 2 apart.
        check_share(&self.limits, if self.mode == CorrelationMode::Rise { 1.0 } else { 2.0 })?;
        if !(2..=crate::rule::volatility::MAX_RETURNS).contains(&self.returns) {
            let most = crate::rule::volatility::MAX_RETURNS;
            return bad(format!("window: {} returns, allowed are 2 to {most}", self.returns));
        }
        if !(1..=MAX_BASELINE).contains(&self.baseline) {
            return bad(format!("baseline_window: {} readings, allowed are 1 to {MAX_BASELINE}", self.baseline));
        }
        if self.sample.is_some_and(|sample| sample.is_zero() || sample > DAY) {
            return bad(format!("sample: found {:?}, allowed are times above 0 up to a day", self.sample));
        }
        if self.sample.is_none() && policy.sessions.is_none() {
            return bad("sample: one a session, but there is no calendar");
        }
        Ok(())
    }
}
