//! Price bands: how far the prices of one instrument may lie from a reference that follows them slowly.
//!
//! ```text
//! mean      = sum / count of the trades of `mean_of`
//! reference = the close of the session before, until the first trade; that trade; then the mean, whenever
//!             |mean - reference| >= step * reference  and  the reference has stood for `hold`
//! bands     = reference -/+ share * reference (at most so much), times the factor of an open window, on a tick
//! limit state:  ask <= lower  or  bid >= upper,  and  bid <= ask
//! straddle:     bid < lower   or  ask > upper,   and  no limit state
//! value     = the last trade's distance from the reference / that of the band on its side
//! ```
//!
//! All tests are exact, in integers: a mean is compared as a fraction; only the reference itself is rounded, down to a billionth.
//! A trade counts for `mean_of` and, with its bucket, up to 0.4 % longer ([`TimeSums`]). No trades: the reference stays.
//!
//! * A limit state freezes reference and bands. A book that is crossed begins none and ends none. `limit_state` after its
//!   begin it becomes a pause, in silence too, at its time and not when somebody looks.
//! * A pause lasts `pause`; `extension` longer if the venue says within it that it has halted, until it says that it is open; and
//!   until the close, if it would last beyond `no_reopen`. The first observation from its end on ends it; a heartbeat is one.
//!   What was traded and quoted before counts no more: the first trade after it is the reference, and until then the old one.
//! * The bands are those of the last observation: at the edge of a window they move with the next one; a heartbeat is enough.
//! * A close is good for one session only, the one after it: without it, or after the last session, the rule is unready. The close of
//!   today is to be told after the bell.
//! * Another claimant goes on with reference, limit state and pause; a restart without its trades, so its first mean is of fewer.
//! * Outside of a session, before anything is known, and in a pause no price is admitted.
//! * A time before the latest counts as the latest.
//!
//! Cost of a call: O(rows + windows), and a binary search in the calendar; of a trade or a quote that changes nothing a few
//! multiplications. No allocation after [`Detector::new`]. Memory: 240 bytes and 12 336 for the mean's buckets; rows, windows and the
//! calendar are the plan's, shared by all that have them.

use core::time::Duration;
use std::sync::Arc;

use super::kept::{Kept, Phase};
use crate::model::observation::{Channel, Observation, VenueStatus};
use crate::model::policy::Policy;
use crate::model::price_band::{PriceBand as Spec, Prices};
use crate::model::reading::{Level, Pending, Reading};
use crate::model::reason::Reason;
use crate::model::session::Session;
use crate::model::state::Step;
use crate::model::time::Nanos;
use crate::model::units::{Price, Ratio};
use crate::rule::{Answer, BadInput, Band, Context, Detect, Linear, Mark, Memory, positive_price};
use crate::window::time_sums::TimeSums;

/// The shortest time.
const TICK: Duration = Duration::from_nanos(1);

/// The rule of one instrument's bands on its feed.
#[derive(Debug)]
pub(crate) struct Detector {
    spec: Arc<Spec>,
    /// Prices and ones.
    trades: TimeSums<2>,
    /// The last bid and ask since the open and the last pause.
    quote: Option<(i64, i64)>,
    now: Now,
    latest: Nanos,
    /// A pause stood when the last observation came: who is halted has nothing to say, so time passing is news.
    was_paused: bool,
}

/// What was said last, and what it was said on.
#[derive(Clone, Copy, Debug)]
struct Now {
    kept: Kept,
    /// Lower and upper, if there are any.
    bands: Option<(i64, i64)>,
    level: Level,
    reason: Reason,
    pending: Pending,
    /// Before this, time alone changes nothing but the mean.
    until: Nanos,
}

impl Now {
    /// Nothing is known, and nothing can be read without a look.
    const fn unready(kept: Kept) -> Self {
        let (level, reason, pending) = (Level::Unready, Reason::NotReady, Pending::NONE);
        Self { kept, bands: None, level, reason, pending, until: Nanos(0) }
    }
}

impl Detect for Detector {
    type Spec = Arc<Spec>;

    fn new(spec: &Arc<Spec>, _policy: &Policy) -> Self {
        Self {
            spec: spec.clone(),
            trades: TimeSums::new(spec.mean_of),
            quote: None,
            now: Now::unready(Kept::default()),
            latest: Nanos(0),
            was_paused: false,
        }
    }

    fn channel(&self) -> Channel {
        Channel::Trade
    }

    fn takes_quotes(&self) -> bool {
        true
    }

    fn prices(&self) -> Option<Prices> {
        let paused = matches!(self.now.kept.phase, Phase::Pause(_));
        let bands = self.now.bands.filter(|_| !paused);
        Some(bands.map_or(Prices::None, |(lower, upper)| Prices::Between {
            lower: Price::from_raw(lower),
            upper: Price::from_raw(upper),
        }))
    }

    fn observe(&mut self, heard: &Observation, at: Nanos, context: Context<'_>) -> Result<Option<Answer>, BadInput> {
        match *heard {
            Observation::Value(Channel::Trade, price) => positive_price(price)?,
            Observation::Reference { price, .. } => positive_price(price.raw())?,
            Observation::Quote { bid, ask } => positive_price(bid.raw().min(ask.raw()))?,
            Observation::Venue(_) | Observation::Heartbeat => {}
            _ => return Ok(None),
        }
        let mut kept = Kept::of(context.memory);
        let session = self.catch_up(&mut kept, at);
        self.take_in(&mut kept, heard, session);
        let last = match *heard {
            Observation::Value(_, price) => Some(price),
            _ => context.last.map(|mark| mark.value),
        };
        self.look(&mut kept, session);
        kept.keep(context.memory);
        Ok(Some(self.answer(last)))
    }

    /// A trade or a quote in calm: no window has changed, the instrument trades, the reference stays.
    fn read(&mut self, heard: &Observation, at: Nanos, last: Option<Mark>) -> Option<Reading> {
        if at < self.latest || at >= self.now.until || self.now.level != Level::Normal || self.now.kept.awaits_trade {
            return None;
        }
        let last = match *heard {
            Observation::Value(Channel::Trade, price) if price > 0 => {
                self.stays_with(at, Some(price))?;
                self.trades.push(at, [price, 1]);
                Some(price)
            }
            Observation::Quote { bid, ask } if self.is_within(bid.raw(), ask.raw()) => {
                self.stays_with(at, None)?;
                self.quote = Some((bid.raw(), ask.raw()));
                last.map(|mark| mark.value)
            }
            _ => return None,
        };
        (self.latest, self.was_paused) = (at, false);
        Some(self.reading(last))
    }

    fn evaluate(&mut self, at: Nanos, context: Context<'_>) -> Answer {
        let mut kept = Kept::of(context.memory);
        let session = self.catch_up(&mut kept, at);
        self.look(&mut kept, session);
        kept.keep(context.memory);
        self.answer(context.last.map(|mark| mark.value))
    }

    fn is_new(&self, heard: &Observation) -> bool {
        matches!(heard, Observation::Value(..) | Observation::Quote { .. })
    }

    fn is_news(&self, heard: &Observation) -> bool {
        heard.is_news() || self.was_paused
    }

    /// Takes over the trades, if they are of the same time.
    fn inherit(&mut self, old: &mut Self) {
        if self.spec.mean_of == old.spec.mean_of {
            core::mem::swap(&mut self.trades, &mut old.trades);
        }
        (self.quote, self.latest) = (old.quote, old.latest);
    }
}

impl Detector {
    /// What time has done by `at`: another session, a limit state that has become a pause, a pause that is over. Says which
    /// session it is, or comes next.
    fn catch_up(&mut self, kept: &mut Kept, at: Nanos) -> Option<Session> {
        self.latest = self.latest.max(at);
        self.was_paused = matches!(kept.phase, Phase::Pause(_));
        self.trades.advance(self.latest);
        let index = self.spec.sessions.current_or_next(self.latest);
        let session = index.and_then(|index| self.spec.sessions.get(index)).copied();
        let Some(session) = session else {
            *kept = Kept { close: kept.close, close_of: kept.close_of, ..Kept::default() };
            return None;
        };
        if kept.session != session.date {
            self.forget();
            *kept = Kept {
                close: kept.close,
                close_of: kept.close_of,
                session: session.date,
                is_close: true,
                awaits_trade: true,
                ..Kept::default()
            };
            self.begin_with_close(kept);
        }
        if let Phase::LimitState(since) = kept.phase
            && self.latest >= since + self.spec.limit_state
        {
            self.was_paused = true;
            self.forget();
            kept.phase = Phase::Pause(since + self.spec.limit_state);
            kept.extended = false;
        }
        self.end_pause(kept, &session);
        Some(session)
    }

    /// Trades and quotes before a pause, or of another session, count no more.
    fn forget(&mut self) {
        self.trades.clear();
        self.quote = None;
    }

    fn end_pause(&mut self, kept: &mut Kept, session: &Session) {
        if let Phase::Pause(since) = kept.phase
            && self.latest >= pause_end(&self.spec, since, kept.extended, session)
        {
            self.forget();
            (kept.phase, kept.extended, kept.awaits_trade) = (Phase::Open, false, true);
        }
    }

    /// The close of the session before, if it is that.
    fn good_close(&self, kept: &Kept) -> Option<i64> {
        let sessions = self.spec.sessions.as_slice();
        let index = sessions.partition_point(|session| session.date < kept.session);
        let before = index.checked_sub(1).and_then(|index| sessions.get(index))?;
        (kept.close > 0 && before.date == kept.close_of).then_some(kept.close)
    }

    fn begin_with_close(&self, kept: &mut Kept) {
        if kept.is_close {
            kept.reference = self.good_close(kept).unwrap_or(0);
        }
    }

    fn take_in(&mut self, kept: &mut Kept, heard: &Observation, session: Option<Session>) {
        if let Observation::Reference { price, session } = *heard {
            (kept.close, kept.close_of) = (price.raw(), session);
            self.begin_with_close(kept);
        }
        let paused = matches!(kept.phase, Phase::Pause(_));
        let Some(session) = session.filter(|session| self.trades_in(session)) else { return };
        match *heard {
            Observation::Value(_, price) if !paused => {
                self.trades.push(self.latest, [price, 1]);
                if kept.awaits_trade && kept.phase == Phase::Open {
                    (kept.reference, kept.since) = (price, self.latest);
                    (kept.awaits_trade, kept.is_close) = (false, false);
                }
            }
            Observation::Quote { bid, ask } if !paused => self.quote = Some((bid.raw(), ask.raw())),
            Observation::Venue(VenueStatus::Halted) if paused => kept.extended = true,
            Observation::Venue(VenueStatus::Open) if paused => {
                kept.extended = false;
                self.end_pause(kept, &session);
            }
            _ => {}
        }
    }

    fn trades_in(&self, session: &Session) -> bool {
        session.open <= self.latest && self.latest <= session.close
    }

    /// What is true now: the reference, the bands, and where the quote stands.
    fn look(&mut self, kept: &mut Kept, session: Option<Session>) {
        let Some(session) = session else {
            self.now = Now::unready(*kept);
            return;
        };
        let close = self.good_close(kept);
        let trading = close.filter(|_| self.trades_in(&session));
        let mut bands = None;
        if let Some(close) = trading {
            if let Phase::LimitState(since) = kept.phase {
                bands = self.bands(close, kept, &session, since);
                if !self.may_stand_at(bands) {
                    kept.phase = Phase::Open;
                }
            }
            if kept.phase == Phase::Open {
                self.renew(kept);
                bands = self.bands(close, kept, &session, self.latest);
                if self.begins_limit_state(bands) {
                    kept.phase = Phase::LimitState(self.latest);
                }
            }
        }
        let (level, reason) = self.level(kept, close.is_some(), bands);
        let until = self.spec.next_change(&session, self.latest).min(session.close + TICK);
        let until = if trading.is_some() { until } else { Nanos(0) };
        self.now = Now { kept: *kept, bands, level, reason, pending: self.pending(kept, level, &session), until };
    }

    fn level(&self, kept: &Kept, has_close: bool, bands: Option<(i64, i64)>) -> (Level, Reason) {
        match kept.phase {
            Phase::Pause(_) => (Level::Breach, Reason::TradingPause),
            _ if !has_close => (Level::Unready, Reason::NotReady),
            Phase::LimitState(_) => (Level::Warn, Reason::LimitState),
            Phase::Open if self.straddles(bands) => (Level::Warn, Reason::Straddle),
            Phase::Open => (Level::Normal, Reason::None),
        }
    }

    /// What comes in silence: the pause after a limit state; or, after the bell, that the close is spent.
    fn pending(&self, kept: &Kept, level: Level, session: &Session) -> Pending {
        let comes = |due, level, reason| Pending { due, level, step: Step::FIRST, reason };
        let spent = comes(session.close + TICK, Level::Unready, Reason::NotReady);
        match kept.phase {
            Phase::LimitState(since) => {
                spent.earlier(comes(since + self.spec.limit_state, Level::Breach, Reason::TradingPause))
            }
            _ if level == Level::Unready => Pending::NONE,
            _ => spent,
        }
    }

    fn bands(&self, close: i64, kept: &Kept, session: &Session, at: Nanos) -> Option<(i64, i64)> {
        let (close, reference) = (Price::from_raw(close), Price::from_raw(kept.reference));
        let (lower, upper) = self.spec.limits(close, reference, session, at)?;
        (kept.reference > 0).then_some((lower.raw(), upper.raw()))
    }

    /// The mean becomes the reference, if it is far enough from it and that has stood long enough.
    fn renew(&self, kept: &mut Kept) {
        let [sum, count] = self.trades.sums();
        if !kept.awaits_trade && self.steps(kept, self.latest, sum, count) {
            kept.reference = i64::try_from(sum / count.max(1)).unwrap_or(i64::MAX);
            kept.since = self.latest;
        }
    }

    fn steps(&self, kept: &Kept, at: Nanos, sum: i128, count: i128) -> bool {
        if count == 0 || at < kept.since + self.spec.hold {
            return false;
        }
        // As fractions: |sum / count - reference| >= step * reference. A price has 63 bits, a count of one hour fewer than 34, a
        // step up to 1 and the scale 30: together they fit. (Checked products would be half of what a trade costs.)
        let all = i128::from(kept.reference).wrapping_mul(count);
        let away = sum.wrapping_sub(all).wrapping_abs();
        away.wrapping_mul(i128::from(Ratio::SCALE)) >= all.wrapping_mul(i128::from(self.spec.step.raw()))
    }

    /// Whether the reference stays, with one more trade or none.
    fn stays_with(&mut self, at: Nanos, price: Option<i64>) -> Option<()> {
        self.trades.advance(at);
        let [sum, count] = self.trades.sums();
        let (sum, count) = price.map_or((sum, count), |price| (sum + i128::from(price), count + 1));
        (!self.steps(&self.now.kept, at, sum, count)).then_some(())
    }

    /// Whether a quote neither stands at a band nor beyond one.
    fn is_within(&self, bid: i64, ask: i64) -> bool {
        self.now.bands.is_some_and(|(lower, upper)| lower <= bid && bid < upper && lower < ask && ask <= upper)
    }

    fn begins_limit_state(&self, bands: Option<(i64, i64)>) -> bool {
        matches!((self.quote, bands), (Some((bid, ask)), Some(bands)) if bid <= ask && stands_at(bid, ask, bands))
    }

    /// Whether the quote has not left the bands: a crossed book says nothing of it, and neither does none.
    fn may_stand_at(&self, bands: Option<(i64, i64)>) -> bool {
        let (Some((bid, ask)), Some(bands)) = (self.quote, bands) else { return true };
        bid > ask || stands_at(bid, ask, bands)
    }

    fn straddles(&self, bands: Option<(i64, i64)>) -> bool {
        let (Some((bid, ask)), Some((lower, upper))) = (self.quote, bands) else { return false };
        bid < lower || ask > upper
    }

    fn answer(&self, last: Option<i64>) -> Answer {
        let reading = self.reading(last);
        Answer { reading, band: Band::EMPTY, linear: Linear::constant(reading.value), moved_last: None, is_new: false }
    }

    fn reading(&self, last: Option<i64>) -> Reading {
        let Now { level, reason, pending, .. } = self.now;
        Reading { level, step: Step::FIRST, reason, value: self.share_of_way(last), limit: 1.0, pending }
    }

    /// How far of the way to its band the last trade has gone.
    fn share_of_way(&self, last: Option<i64>) -> f64 {
        let (Some((lower, upper)), Some(price)) = (self.now.bands, last) else { return 0.0 };
        let reference = self.now.kept.reference;
        let (moved, room) = if price >= reference {
            (price - reference, upper - reference)
        } else {
            (reference - price, reference - lower)
        };
        moved as f64 / room.max(1) as f64
    }
}

fn stands_at(bid: i64, ask: i64, (lower, upper): (i64, i64)) -> bool {
    ask <= lower || bid >= upper
}

/// When a pause is over that has begun at `since`.
fn pause_end(spec: &Spec, since: Nanos, extended: bool, session: &Session) -> Nanos {
    let extension = if extended { spec.extension } else { Duration::ZERO };
    let end = since + spec.pause + extension;
    // The close itself belongs to the session.
    if end > spec.no_reopen.at(session) { end.max(session.close + TICK) } else { end }
}

/// When the pause is over that these words tell of; `None` if they tell of none. A limit state that has become one in silence
/// stands in them as that still.
pub(crate) fn paused_until(spec: &Spec, memory: &Memory) -> Option<Nanos> {
    let kept = Kept::of(memory);
    let since = match kept.phase {
        Phase::Open => return None,
        Phase::LimitState(since) => since + spec.limit_state,
        Phase::Pause(since) => since,
    };
    let session = spec.sessions.as_slice().iter().find(|session| session.date == kept.session)?;
    Some(pause_end(spec, since, kept.extended, session))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
