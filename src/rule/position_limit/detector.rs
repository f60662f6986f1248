//! Position limits: the number of open positions, and their amounts beside the portfolio value.
//!
//! ```text
//! share:   amount * 1e9 > limit * portfolio                    in integers, exactly; warns at >= 0.8 of the limit
//! count:   count > limit                                       warns at >= 0.9 of the limit
//! ```
//!
//! Amounts and the portfolio value are raw `Money` (1e-4), quantities lots, limits raw `Ratio` (1e-9). Limits come from the
//! plan, the parts at which they warn are the catalogue's; a warning ends below 0.9 of where it begins.
//!
//! * **Amounts** are magnitudes of market values, summed up in 128 bits; the side is that of the quantity. `long`, `short`:
//!   the sum of a side; `gross`: of both; `net`: their difference. A sector is the sum of both sides in it; sector 0 is one
//!   of its own for each position.
//! * **Portfolio value**: the last mark of equity. Without one, or with one that is not positive: unready; with one older than `stale_after`: silent,
//!   unless a limit that needs none is exceeded. By time alone, too. Deposits and withdrawals move it until the next mark.
//! * **What is reported**: the worst of the limits, and among equally bad ones that which is furthest on its way. The reason
//!   of a breach says which.
//! * **The book** is what has been pushed; a position stands until it is pushed again, a quantity of zero closes it.
//!   Positions that were never pushed are not known: push the book before the first mark.
//! * One position more than there is room for is refused. `max_positions` lies below that, so it is a breach already.
//!
//! Cost of a call: a position O(log n), mostly O(1); a mark O(1). No allocation. Memory: 632 bytes and 212 for each
//! position that there is room for (rounded up to a power of two for part of it): 3.5 MB for the default of 16 384.
//! The book is not kept on the Board: who starts anew pushes it again.

use super::book::Book;
use super::{MAX_SHARE, PositionLimit as Spec};
use crate::model::observation::{Channel, Observation};
use crate::model::policy::{OnStale, Policy};
use crate::model::reading::{Level, Pending, Reading};
use crate::model::reason::Reason;
use crate::model::state::Step;
use crate::model::time::Nanos;
use crate::model::units::{Money, Ratio};
use crate::rule::{Answer, BadInput, Band, Context, Detect, Linear, Mark};

/// Where limits warn, and where a warning ends: in thousandths of the limit.
const WARN: u64 = 800;
const WARN_COUNT: u64 = 900;
const CLEAR: u64 = 900;

/// The rule of one account's positions.
#[derive(Debug)]
pub(crate) struct Detector {
    limits: [Option<Limit>; 9],
    policy: Policy,
    /// Apart, so that the rules of other kinds are not as large as it is.
    book: Box<Book>,
}

/// One of the limits: a share of the portfolio value in billionths, or a number of units.
#[derive(Clone, Copy, Debug)]
struct Limit {
    what: What,
    most: u64,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Count,
    Position,
    Sector,
    Long,
    Short,
    Gross,
    Net,
    Quantity,
    Notional,
}

impl Detect for Detector {
    type Spec = Spec;

    fn new(spec: &Spec, policy: &Policy) -> Self {
        let share = |most: Ratio| most.clamp(Ratio::ZERO, MAX_SHARE).raw().unsigned_abs();
        let number = |most: i64| most.max(0).unsigned_abs();
        let limits = [
            (What::Count, spec.max_positions.map(u64::from)),
            (What::Position, spec.max_position_share.map(share)),
            (What::Sector, spec.max_sector_share.map(share)),
            (What::Long, spec.max_long.map(share)),
            (What::Short, spec.max_short.map(share)),
            (What::Gross, spec.max_gross.map(share)),
            (What::Net, spec.max_net.map(share)),
            (What::Quantity, spec.max_quantity.map(|most| number(most.0))),
            (What::Notional, spec.max_notional.map(|most| number(most.raw()))),
        ];
        let limits = limits.map(|(what, most)| most.map(|most| Limit { what, most }));
        Self { limits, policy: policy.clone(), book: Box::new(Book::new(spec.capacity)) }
    }

    fn channel(&self) -> Channel {
        Channel::Equity
    }

    fn observe(
        &mut self,
        observation: &Observation,
        at: Nanos,
        context: Context<'_>,
    ) -> Result<Option<Answer>, BadInput> {
        let last = context.last;
        Ok(match *observation {
            Observation::Value(Channel::Equity, value) => Some(self.answer(at, Some(Mark { value, at }))),
            Observation::Position { instrument, quantity, value, sector } => {
                let full = BadInput {
                    field: "open positions",
                    found: self.book.capacity() as f64 + 1.0,
                    allowed: "as many as the capacity of its position limits",
                };
                self.book.set(instrument, quantity.0, value.raw().unsigned_abs(), sector).map_err(|_| full)?;
                Some(self.answer(at, last))
            }
            Observation::Flow(amount) => {
                let moved = last.map(|last| Mark { value: last.value.saturating_add(amount.raw()), ..last });
                Some(Answer { moved_last: moved.map(|moved| moved.value), ..self.answer(at, moved) })
            }
            Observation::Heartbeat => Some(self.answer(at, last)),
            _ => None,
        })
    }

    /// A position that the book has room for.
    fn read(&mut self, observation: &Observation, at: Nanos, last: Option<Mark>) -> Option<Reading> {
        let Observation::Position { instrument, quantity, value, sector } = *observation else { return None };
        self.book.set(instrument, quantity.0, value.raw().unsigned_abs(), sector).ok()?;
        Some(self.answer(at, last).reading)
    }

    fn evaluate(&mut self, at: Nanos, context: Context<'_>) -> Answer {
        self.answer(at, context.last)
    }

    fn is_new(&self, observation: &Observation) -> bool {
        matches!(observation, Observation::Value(..) | Observation::Position { .. })
    }

    /// Takes over the book. One that has no room for it stays as it was: nothing held is forgotten.
    fn inherit(&mut self, old: &mut Self) {
        if self.book.capacity() == old.book.capacity() || old.book.pour(&mut self.book).is_err() {
            core::mem::swap(&mut self.book, &mut old.book);
        }
    }
}

impl Detector {
    fn answer(&self, at: Nanos, last: Option<Mark>) -> Answer {
        let due = last.and_then(|last| self.policy.stale_at(last.at, Nanos(0)));
        let portfolio = last.map_or(0, |last| last.value.max(0)).unsigned_abs();
        let is_silent = due.is_some_and(|due| due <= at);
        let is_known = portfolio > 0 && !is_silent;
        let mut reading = self.reading(if is_known { portfolio } else { 0 });
        let silent = self.silent_level();
        if reading.level != Level::Breach {
            match due {
                _ if portfolio == 0 => reading = Reading::UNREADY,
                Some(_) if is_silent => {
                    reading = Reading { level: silent, reason: Reason::Stale, ..Reading::of(silent, 0.0, 0.0) };
                }
                Some(due) => {
                    reading.pending = Pending { due, level: silent, step: Step::FIRST, reason: Reason::Stale };
                }
                None => {}
            }
        }
        // Each mark puts off the time at which the portfolio value is too old.
        Answer { reading, band: Band::EMPTY, linear: Linear::constant(reading.value), moved_last: None, is_new: false }
    }

    /// What is said once the portfolio value is too old: shares of it cannot be told.
    fn silent_level(&self) -> Level {
        if self.policy.on_stale == OnStale::Warn { Level::Warn } else { Level::Breach }
    }

    /// The worst of the limits; without a portfolio value, of those that need none.
    fn reading(&self, portfolio: u64) -> Reading {
        let mut worst = Reading { level: Level::Normal, reason: Reason::None, ..Reading::UNREADY };
        let mut furthest = -1.0;
        for limit in self.limits.iter().flatten() {
            let Some((level, value, most)) = limit.test(limit.what.amount(&self.book), portfolio) else { continue };
            let way = if most > 0.0 { value / most } else { f64::MAX };
            let is_worse = worst.level.worst(level) != worst.level;
            if is_worse || (level == worst.level && way > furthest) {
                let reason = match level {
                    Level::Breach => limit.what.reason(),
                    Level::Warn => Reason::WarnLevel,
                    _ => Reason::None,
                };
                worst = Reading { level, step: Step::FIRST, reason, value, limit: most, pending: Pending::NONE };
                furthest = way;
            }
        }
        worst
    }
}

impl Limit {
    /// How bad an amount is, and for people the value and its limit. `None` for a share of nothing.
    fn test(&self, amount: u128, portfolio: u64) -> Option<(Level, f64, f64)> {
        let Self { what, most } = *self;
        if let Some(unit) = what.unit() {
            let level = level(amount, u128::from(most), what.warns());
            return Some((level, float(amount) / unit, most as f64 / unit));
        }
        if portfolio == 0 {
            return None;
        }
        let whole = u128::from(most) * u128::from(portfolio);
        let level = level(amount * Ratio::SCALE as u128, whole, what.warns());
        Some((level, float(amount) / portfolio as f64, most as f64 / Ratio::SCALE as f64))
    }
}

/// Amounts are below 2^84 * 2^30, limits below 2^40 * 2^63: even a thousand times as much fits.
fn level(found: u128, most: u128, warn: u64) -> Level {
    match found * 1_000 {
        _ if found > most => Level::Breach,
        scaled if scaled >= most * u128::from(warn) => Level::Warn,
        scaled if scaled >= most * u128::from(warn * CLEAR / 1_000) => Level::Elevated,
        _ => Level::Normal,
    }
}

impl What {
    fn amount(self, book: &Book) -> u128 {
        match self {
            Self::Count => book.count() as u128,
            Self::Position | Self::Notional => u128::from(book.greatest()),
            Self::Sector => book.greatest_sector(),
            Self::Long => book.long,
            Self::Short => book.short,
            Self::Gross => book.long + book.short,
            Self::Net => book.long.abs_diff(book.short),
            Self::Quantity => u128::from(book.greatest_quantity()),
        }
    }

    /// What one is, for people, of a number; `None` for a share of the portfolio.
    fn unit(self) -> Option<f64> {
        match self {
            Self::Count | Self::Quantity => Some(1.0),
            Self::Notional => Some(Money::SCALE as f64),
            _ => None,
        }
    }

    fn warns(self) -> u64 {
        if matches!(self, Self::Count) { WARN_COUNT } else { WARN }
    }

    fn reason(self) -> Reason {
        match self {
            Self::Count => Reason::PositionCount,
            Self::Position => Reason::PositionShare,
            Self::Sector => Reason::SectorShare,
            Self::Long => Reason::LongExposure,
            Self::Short => Reason::ShortExposure,
            Self::Gross => Reason::GrossExposure,
            Self::Net => Reason::NetExposure,
            Self::Quantity => Reason::PositionQuantity,
            Self::Notional => Reason::PositionNotional,
        }
    }
}

/// Most sums fit into 64 bits, which converts in one instruction.
fn float(amount: u128) -> f64 {
    u64::try_from(amount).map_or_else(|_| amount as f64, |amount| amount as f64)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
