//! Price bands (Limit Up / Limit Down), as data: how far a price may go from its reference, when the bands are wider, how long a
//! limit state and a pause last.
//!
//! The numbers of [`PriceBand::luld`] are those of the *Plan to Address Extraordinary Market Volatility* (the "LULD Plan", under
//! Rule 608 of Regulation NMS), as amended by Amendment 18, in force since 24 February 2020:
//!
//! | number | value | where |
//! |---|---|---|
//! | above $3.00 | 5 % in Tier 1, 10 % in Tier 2 | Appendix A |
//! | $0.75 to $3.00, both included | 20 % | Appendix A |
//! | below $0.75 | the lesser of $0.15 and 75 % | Appendix A |
//! | doubled, last 25 minutes | Tier 1; Tier 2 at or below $3.00; below $0.75 the upper band only | Section V, Amendment 18 |
//! | doubled, first 15 and last 25 minutes | all of them, in sessions before 24 February 2020 | Section V before Amendment 18 |
//! | reference | mean of the trades of 5 minutes; a new one at 1 % and after 30 seconds | Section V |
//! | limit state | 15 seconds | Section VI |
//! | pause | 5 minutes, 5 more if the listing exchange asks for them | Section VII |
//! | no reopening | in the last 10 minutes | Section VII |
//! | rounding | to the nearest cent | Section V |
//!
//! Which row holds depends on the close of the session before, not on the reference.

use core::time::Duration;
use std::sync::Arc;

use super::ladder::Bell;
use super::session::{Date, Session, Sessions};
use super::status::named;
use super::time::Nanos;
use super::units::{Price, Ratio};
use core::fmt;

named! {
    /// Which side of the market an order is on.
    ///
    /// ```
    /// # use haltline::*;
    /// # let system = System::manual(Plan::default(), Nanos::from_secs(0))?;
    /// let gate = system.gate(&[])?;
    /// // Without a price band on its first scope a gate admits every price.
    /// assert!(gate.admits_price(Price::from_f64(189.5)?, Side::Buy));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    Side: "side" {
        /// It buys: a price up to the upper band is admitted.
        Buy = 0, "buy";
        /// It sells: a price from the lower band on.
        Sell = 1, "sell";
    }
}

named! {
    /// How a band comes to lie on a tick.
    ///
    /// ```
    /// # use haltline::*;
    /// # use std::sync::Arc;
    /// # let day = |d, open| Session { date: Date::new(2020, 3, d), open: Nanos(open), close: Nanos(open + 10) };
    /// # let sessions = Arc::new(Sessions::new(vec![day(9, 100), day(10, 200)])?);
    /// let of = |rounding| PriceBand { rounding, wide: vec![], ..PriceBand::luld(Tier::One, sessions.clone()) };
    /// # let (session, at) = (day(10, 200), Nanos(200));
    /// // 5 % of 10.07 are 0.5035: from 9.5665 to 10.5735.
    /// let close = Price::from_f64(10.07)?;
    /// let prices = |rounding| of(rounding).limits(close, close, &session, at).map(|(lower, upper)| format!("{lower:.2} {upper:.2}"));
    /// assert_eq!(prices(Rounding::Nearest).as_deref(), Some("9.57 10.57"));
    /// assert_eq!(prices(Rounding::Outward).as_deref(), Some("9.56 10.58"));
    /// assert_eq!(prices(Rounding::Truncate).as_deref(), Some("9.56 10.57"));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    Rounding: "rounding" {
        /// To the nearest tick, up from half of one.
        Nearest = 0, "nearest";
        /// Away from the reference.
        Outward = 1, "outward";
        /// Down, both of them.
        Truncate = 2, "truncate";
    }
}

/// The tier of a US stock: 1 for those of the S&P 500, the Russell 1000 and some exchange-traded products, 2 for the rest.
///
/// ```
/// use haltline::Tier;
/// assert_ne!(Tier::One, Tier::Two);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tier {
    /// Tier 1.
    One,
    /// Tier 2.
    Two,
}

/// How far the bands lie from the reference, for closes of the session before up to a price.
///
/// ```
/// use haltline::{BandRow, Price, Ratio};
/// // The lesser of 15 cents and 75 %, below 75 cents. A price counts billionths, so that is up to one of them less.
/// let row = BandRow {
///     up_to: Some(Price::from_raw(749_999_999)),
///     share: Ratio::from_f64(0.75)?,
///     most: Some(Price::from_f64(0.15)?),
///     widens_lower: false,
/// };
/// assert!(row.up_to < Some(Price::from_f64(0.75)?));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BandRow {
    /// The highest close that it holds for, included; `None` for all above the rows before.
    pub up_to: Option<Price>,
    /// Share of the reference.
    pub share: Ratio,
    /// No further than this, if that is less.
    pub most: Option<Price>,
    /// Whether a [`WideWindow`] moves the lower band, too.
    pub widens_lower: bool,
}

/// A part of the session in which the bands are wider: from `from`, included, to `until`, excluded unless it is the close.
///
/// ```
/// use haltline::{Bell, Date, Price, WideWindow};
/// use std::time::Duration;
/// let minutes = |n: u64| Duration::from_secs(60 * n);
/// // Twice as wide from 15:35 on, or from 12:35 on a day that closes at 13:00.
/// let window = WideWindow {
///     from: Bell::BeforeClose(minutes(25)), until: Bell::BeforeClose(minutes(0)), times: 2,
///     highest_close: Some(Price::from_f64(3.0)?), effective_from: Some(Date::new(2020, 2, 24)), effective_to: None,
/// };
/// assert_eq!(window.times, 2);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WideWindow {
    /// Its begin.
    pub from: Bell,
    /// Its end.
    pub until: Bell,
    /// How many times as far; 1 to 100.
    pub times: u32,
    /// The highest close of the session before for which it holds, included.
    pub highest_close: Option<Price>,
    /// The first session in which it holds.
    pub effective_from: Option<Date>,
    /// The last.
    pub effective_to: Option<Date>,
}

impl WideWindow {
    fn holds(&self, close: Price, date: Date) -> bool {
        self.highest_close.is_none_or(|highest| close <= highest)
            && self.effective_from.is_none_or(|from| date >= from)
            && self.effective_to.is_none_or(|to| date <= to)
    }

    fn is_open(&self, session: &Session, at: Nanos) -> bool {
        let until = self.until.at(session);
        self.from.at(session) <= at && (at < until || until == session.close && at == until)
    }
}

/// The price bands of one instrument, as data.
///
/// ```
/// # use haltline::*;
/// # use std::sync::Arc;
/// # let secs = Nanos::from_secs;
/// # let day = |d, open| Session { date: Date::new(2020, 3, d), open: secs(open), close: secs(open + 23_400) };
/// # let sessions = Arc::new(Sessions::new(vec![day(9, 100_000), day(10, 186_400)])?);
/// let bands = PriceBand::luld(Tier::One, sessions);
/// # let today = day(10, 186_400);
/// // It closed at 50 yesterday and has gone to 60 since: 5 % of the reference, and 10 % in the last 25 minutes.
/// let (close, reference) = (Price::from_f64(50.0)?, Price::from_f64(60.0)?);
/// let limits = |at| bands.limits(close, reference, &today, at);
/// assert_eq!(limits(today.open), Some((Price::from_f64(57.0)?, Price::from_f64(63.0)?)));
/// assert_eq!(limits(today.close), Some((Price::from_f64(54.0)?, Price::from_f64(66.0)?)));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PriceBand {
    /// The sessions, from which open, close and the previous session follow. Outside of them there is no band.
    pub sessions: Arc<Sessions>,
    /// By the close of the session before, from the lowest; the last holds for all above.
    pub rows: Vec<BandRow>,
    /// When the bands are wider; the first that holds counts.
    pub wide: Vec<WideWindow>,
    /// The reference is the mean of the trades of so long. A second to an hour.
    pub mean_of: Duration,
    /// A new mean counts from this share of the present reference on.
    pub step: Ratio,
    /// A reference stays so long at least.
    pub hold: Duration,
    /// How long a limit state lasts before it becomes a pause.
    pub limit_state: Duration,
    /// How long a pause lasts.
    pub pause: Duration,
    /// How much longer, if the venue says within the pause that it has halted.
    pub extension: Duration,
    /// A pause that would last beyond this lasts until the close.
    pub no_reopen: Bell,
    /// How a band comes to lie on a tick.
    pub rounding: Rounding,
    /// What prices are multiples of; the bands lie one of it away from the reference at least.
    pub tick: Price,
}

const fn cents(cents: i64) -> Price {
    Price::from_raw(cents * (Price::SCALE / 100))
}

const fn per_cent(per_cent: i64) -> Ratio {
    Ratio::from_raw(per_cent * (Ratio::SCALE / 100))
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

impl PriceBand {
    /// The bands of a US stock, see the module's numbers: those of today, and those of sessions before 24 February 2020.
    pub fn luld(tier: Tier, sessions: Arc<Sessions>) -> Self {
        let row = |up_to, share, most: Option<Price>| BandRow { up_to, share, most, widens_lower: most.is_none() };
        let (close, open) = (Bell::BeforeClose(Duration::ZERO), Bell::AfterOpen(Duration::ZERO));
        let until_2020 = |from, until| WideWindow {
            from,
            until,
            times: 2,
            highest_close: None,
            effective_from: None,
            effective_to: Some(Date::new(2020, 2, 23)),
        };
        let late = Bell::BeforeClose(minutes(25));
        let now = WideWindow {
            highest_close: (tier == Tier::Two).then_some(cents(300)),
            effective_from: Some(Date::new(2020, 2, 24)),
            effective_to: None,
            ..until_2020(late, close)
        };
        Self {
            sessions,
            rows: vec![
                row(Some(Price::from_raw(cents(75).raw() - 1)), per_cent(75), Some(cents(15))),
                row(Some(cents(300)), per_cent(20), None),
                row(None, if tier == Tier::One { per_cent(5) } else { per_cent(10) }, None),
            ],
            wide: vec![now, until_2020(open, Bell::AfterOpen(minutes(15))), until_2020(late, close)],
            mean_of: minutes(5),
            step: per_cent(1),
            hold: Duration::from_secs(30),
            limit_state: Duration::from_secs(15),
            pause: minutes(5),
            extension: minutes(5),
            no_reopen: Bell::BeforeClose(minutes(10)),
            rounding: Rounding::Nearest,
            tick: cents(1),
        }
    }

    /// The lower and the upper band of a reference at a time of a session, for the close of the session before. `None` if no row
    /// holds for that close. Pure; O(rows + windows).
    pub fn limits(&self, close: Price, reference: Price, session: &Session, at: Nanos) -> Option<(Price, Price)> {
        let row = self.rows.iter().find(|row| row.up_to.is_none_or(|up_to| close <= up_to))?;
        let held = |window: &&WideWindow| window.holds(close, session.date) && window.is_open(session, at);
        let times = self.wide.iter().find(held).map_or(1, |window| window.times);
        let down = distance(row, reference, if row.widens_lower { times } else { 1 });
        let up = distance(row, reference, times);
        let wide = i128::from(reference.raw()) * NANO;
        let (unit, tick) = (i128::from(self.tick.raw().max(1)) * NANO, i128::from(self.tick.raw().max(1)));
        let (lower, upper): (Ticks, Ticks) = match self.rounding {
            Rounding::Nearest => (nearest, nearest),
            Rounding::Outward => (floor, ceil),
            Rounding::Truncate => (floor, floor),
        };
        // A tick away at least, and on a tick.
        let lower = lower(wide - down, unit).min(floor(wide - unit, unit));
        let upper = upper(wide + up, unit).max(ceil(wide + unit, unit));
        let price = |ticks: i128| {
            let raw = ticks.saturating_mul(tick).clamp(0, i128::from(i64::MAX));
            Price::from_raw(i64::try_from(raw).unwrap_or(i64::MAX))
        };
        Some((price(lower), price(upper)))
    }

    /// When the windows of a session begin or end next, after `at`; [`Nanos::NEVER`] if none does.
    pub(crate) fn next_change(&self, session: &Session, at: Nanos) -> Nanos {
        let edges = self.wide.iter().flat_map(|window| [window.from.at(session), window.until.at(session)]);
        edges.filter(|edge| *edge > at).min().unwrap_or(Nanos::NEVER)
    }
}

const NANO: i128 = Ratio::SCALE as i128;

/// How many ticks a number is.
type Ticks = fn(i128, i128) -> i128;

fn floor(number: i128, tick: i128) -> i128 {
    number.div_euclid(tick)
}

fn ceil(number: i128, tick: i128) -> i128 {
    -(-number).div_euclid(tick)
}

fn nearest(number: i128, tick: i128) -> i128 {
    (2 * number + tick).div_euclid(2 * tick)
}

/// In billionths of a price's unit, so that nothing is rounded before the end.
fn distance(row: &BandRow, reference: Price, times: u32) -> i128 {
    let share = i128::from(row.share.raw()) * i128::from(reference.raw());
    let least = row.most.map_or(share, |most| share.min(i128::from(most.raw()) * NANO));
    // What is further than that is beyond all prices anyway.
    least.saturating_mul(times.into()).clamp(0, i128::MAX / 8)
}

/// Which prices of an instrument are admitted now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Prices {
    /// None: nothing is known, or the market is closed.
    #[default]
    None,
    /// Every one: nobody watches them.
    All,
    /// A sale from the lower on, a purchase up to the upper.
    Between { lower: Price, upper: Price },
}
