//! A move within a rolling window that pauses a market, as data.

use core::time::Duration;
use std::sync::Arc;

use super::ladder::Direction;
use super::limits::Limits;
use super::session::Sessions;

/// A dynamic circuit breaker, as data: who moves so far within a window pauses.
///
/// The move is the distance of the last price from the highest (a fall) or the lowest (a rise) of the window, as a share
/// of that extreme. `pause` is a time above zero, `window` one from a second to a day.
///
/// ```
/// # use haltline::*;
/// # use std::sync::Arc;
/// # use std::time::Duration;
/// # let minutes = |n: u64| Duration::from_secs(60 * n);
/// # let secs = Nanos::from_secs;
/// # let night = Session { date: Date::new(2020, 3, 10), open: secs(100_000), close: secs(155_800) };
/// # let sessions = Arc::new(Sessions::new(vec![night])?);
/// // An equity index future in the night: 3.5 % within an hour, either way, is a pause of two minutes.
/// let rolling = Arc::new(RollingMove {
///     sessions, direction: Direction::Both, window: minutes(60),
///     limits: Limits::of(Ratio::from_f64(0.035)?), pause: minutes(2),
/// });
/// let spec = BreakerSpec::new("dcb", ScopePath::root(), RuleSpec::MarketCircuitBreaker(rolling.into()));
/// # let start = night.open + minutes(60);
/// let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, start)?;
/// let (gate, mut tape) = (system.gate(&[])?, system.feed("")?);
/// tape.trade(Price::from_f64(4_000.0)?, Qty(1), start)?;
/// tape.trade(Price::from_f64(3_860.25)?, Qty(1), start)?;
/// assert!(gate.permits(Intent::Increase));
/// tape.trade(Price::from_f64(3_860.0)?, Qty(1), start)?;
/// assert!(!gate.permits(Intent::Increase));
/// // What was traded before counts no more: from here on the window begins anew.
/// let end = start + minutes(2);
/// system.advance(end);
/// tape.trade(Price::from_f64(3_850.0)?, Qty(1), end)?;
/// assert!(gate.permits(Intent::Increase));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RollingMove {
    /// The sessions in which prices count. Between them it says nothing.
    pub sessions: Arc<Sessions>,
    /// Which moves count.
    pub direction: Direction,
    /// How far back an extreme may lie.
    pub window: Duration,
    /// The levels of the move.
    pub limits: Limits,
    /// How long a pause lasts.
    pub pause: Duration,
}
