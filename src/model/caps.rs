//! What a System reserves when it is made, and how far times may stray.

use core::time::Duration;

/// Capacities, fixed when a System is made; all memory of the data plane is reserved then.
///
/// ```
/// # use haltline::*;
/// // Each scope brings its kill switch, the root too: one venue fits, a second does not.
/// let caps = Caps { breakers: 2, ..Caps::default() };
/// let venues = |names: &[&str]| -> Result<Plan, Error> {
///     let scopes = names.iter().map(|name| ScopePath::new(name)).collect::<Result<_, _>>()?;
///     Ok(Plan { scopes, caps, ..Plan::default() })
/// };
/// let system = System::manual(venues(&["XNAS"])?, Nanos::from_secs(0))?;
/// let refused = system.reload(&venues(&["XNAS", "XNYS"])?).map_err(|error| error.kind());
/// assert_eq!(refused, Err(ErrorKind::Full));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Scopes.
    pub scopes: u32,
    /// Breakers, the kill switches of the scopes included; at most 1 048 575.
    pub breakers: u32,
    /// Pairs of a breaker and a feed that it listens to.
    pub listeners: u32,
    /// Events that fit into each of the two rings; a power of two.
    pub ring: u32,
    /// Events that [`System::history`](crate::System::history) holds.
    pub history: u32,
    /// Subscribers at once.
    pub subscribers: u32,
}

impl Default for Caps {
    fn default() -> Self {
        Self { scopes: 65_536, breakers: 262_144, listeners: 262_144, ring: 4_096, history: 1_000, subscribers: 64 }
    }
}

/// How far the time of an observation may differ from what is expected.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// // The venue stamps, so of two lines one may come 50 microseconds late. More is a wrong clock.
/// let skew = Skew { max_backstep: Duration::from_micros(50), ..Skew::default() };
/// let start = Nanos::from_secs(1_700_000_000);
/// let system = System::manual(Plan { skew, ..Plan::default() }, start)?;
/// let (mut tape, price) = (system.feed("")?, Price::from_f64(189.5)?);
/// tape.trade(price, Qty(100), start)?;
/// assert!(tape.trade(price, Qty(100), start - Duration::from_nanos(50_001)).is_err());
/// assert!(tape.trade(price, Qty(100), start - Duration::from_nanos(50_000)).is_ok());
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew {
    /// Ahead of the System's time.
    pub max_ahead: Duration,
    /// Behind the last of the same feed.
    pub max_backstep: Duration,
}

impl Default for Skew {
    fn default() -> Self {
        Self { max_ahead: Duration::from_secs(1), max_backstep: Duration::ZERO }
    }
}
