//! Moves within a rolling window: how far the last price lies from the highest or the lowest of the last hour, say.
//!
//! ```text
//! fall  = (high - last) / high           high, low: of the prices of the window, the last one included
//! rise  = (last - low) / low
//! value = fall (down), rise (up), the greater of both (both)
//! reached   when  move * 1e9 >= limit * extreme          in integers, exactly
//! ```
//!
//! * The window of a time `t` is `t - window` to `t`, both included, and up to one bucket of `window / 256` more at its
//!   far end ([`Maximum`]; 14 s of an hour): an extreme is forgotten late, never early, so a pause may come where the
//!   extreme is a few seconds too old, and none is missed.
//! * Only prices of the present session count, both bells included; with a session the window begins anew. Between
//!   sessions it says nothing (normal), and so it does in session before the first price; after the last session it is
//!   unready.
//! * A price that reaches the limit begins a pause. Prices in it do not count. The first observation from its end on ends it; a
//!   heartbeat is one. Then the window begins anew. A pause has its time also where its session ends before.
//! * Another claimant goes on with a pause, but not with the window: that begins anew.
//! * A time before the latest counts as the latest.
//!
//! Cost of a call: O(1) amortised, a binary search in the calendar where something changes; no allocation after
//! [`Detector::new`]. Memory: 184 bytes and 8 224 for the extremes; the calendar is the plan's.

use core::time::Duration;
use std::sync::Arc;

use crate::model::ladder::Direction;
use crate::model::observation::{Channel, Observation};
use crate::model::policy::Policy;
use crate::model::reading::{Level, Pending, Reading};
use crate::model::reason::Reason;
use crate::model::rolling_move::RollingMove as Spec;
use crate::model::session::{Date, Session};
use crate::model::state::Step;
use crate::model::time::Nanos;
use crate::model::units::Ratio;
use crate::rule::{Answer, BadInput, Band, Context, Detect, Linear, Mark, Memory, positive_price};
use crate::window::extrema::Maximum;

/// The shortest time.
const TICK: Duration = Duration::from_nanos(1);

/// The rule of one feed.
#[derive(Debug)]
pub(crate) struct Detector {
    spec: Arc<Spec>,
    highs: Maximum,
    /// Of the prices below zero: their highest is the lowest.
    lows: Maximum,
    /// The session that the window is of, or the next one.
    session: Date,
    /// The last price of the window, which stands on when it has left it.
    price: Option<i64>,
    now: Reading,
    /// Up to this time prices can be read without a look at the calendar.
    until: Nanos,
    latest: Nanos,
    /// A pause stood when the last observation came: who is halted has nothing to say, so time passing is news.
    was_paused: bool,
}

impl Detect for Detector {
    type Spec = Arc<Spec>;

    fn new(spec: &Arc<Spec>, _policy: &Policy) -> Self {
        Self {
            spec: spec.clone(),
            highs: Maximum::new(spec.window),
            lows: Maximum::new(spec.window),
            session: Date::default(),
            price: None,
            now: Reading::UNREADY,
            until: Nanos(0),
            latest: Nanos(0),
            was_paused: false,
        }
    }

    fn channel(&self) -> Channel {
        Channel::Trade
    }

    fn observe(&mut self, heard: &Observation, at: Nanos, context: Context<'_>) -> Result<Option<Answer>, BadInput> {
        let price = match *heard {
            Observation::Value(Channel::Trade, price) => {
                positive_price(price)?;
                Some(price)
            }
            Observation::Heartbeat => None,
            _ => return Ok(None),
        };
        Ok(Some(self.hear(price, at, context.memory)))
    }

    /// A price that moves little, in a session whose end is known.
    fn read(&mut self, heard: &Observation, at: Nanos, _last: Option<Mark>) -> Option<Reading> {
        let Observation::Value(Channel::Trade, price) = *heard else { return None };
        if price <= 0 || at < self.latest || at >= self.until || self.now.level != Level::Normal {
            return None;
        }
        self.advance(at);
        let reading = self.reading(&self.moves(price));
        if reading.level != Level::Normal {
            return None;
        }
        self.take_in(price);
        self.was_paused = false;
        self.now = Reading { pending: self.now.pending, ..reading };
        Some(self.now)
    }

    fn evaluate(&mut self, at: Nanos, context: Context<'_>) -> Answer {
        self.hear(None, at, context.memory)
    }

    fn is_news(&self, heard: &Observation) -> bool {
        heard.is_news() || self.was_paused
    }

    /// Takes over the window, if it is as long.
    fn inherit(&mut self, old: &mut Self) {
        if self.spec.window == old.spec.window && self.spec.sessions == old.spec.sessions {
            core::mem::swap(&mut self.highs, &mut old.highs);
            core::mem::swap(&mut self.lows, &mut old.lows);
            (self.session, self.price) = (old.session, old.price);
        }
        (self.latest, self.was_paused) = (old.latest, old.was_paused);
    }
}

impl Detector {
    /// What is true at a time, with the price that is heard then.
    fn hear(&mut self, price: Option<i64>, at: Nanos, memory: &mut Memory) -> Answer {
        self.advance(at);
        let mut pause = Pause::of(memory);
        self.was_paused = pause.is_some();
        if pause.is_some_and(|pause| self.latest >= pause.since + self.spec.pause) {
            pause = None;
        }
        let index = self.spec.sessions.current_or_next(self.latest);
        let session = index.and_then(|index| self.spec.sessions.get(index)).copied();
        let date = session.map_or_else(Date::default, |session| session.date);
        if date != self.session {
            self.forget();
            self.session = date;
        }
        let trades = session.is_some_and(|session| session.open <= self.latest && self.latest <= session.close);
        if let Some(price) = price.filter(|_| trades && pause.is_none()) {
            self.take_in(price);
        }
        let moved =
            self.price.map_or(Reading::of(Level::Normal, 0.0, self.limit()), |price| self.reading(&self.moves(price)));
        if moved.level == Level::Breach {
            pause = Some(Pause { since: self.latest, value: moved.value });
            // What was traded before a pause counts no more after it.
            self.forget();
        }
        Pause::keep(pause, memory);
        self.until = session.filter(|_| trades).map_or(Nanos(0), |session| session.close + TICK);
        self.now = match (pause, session) {
            (Some(pause), _) => Reading::of(Level::Breach, pause.value, self.limit()),
            (None, None) => Reading::UNREADY,
            (None, Some(session)) => Reading { pending: self.ends_with(&session, index), ..moved },
        };
        Answer {
            reading: self.now,
            band: Band::EMPTY,
            linear: Linear::constant(self.now.value),
            moved_last: None,
            is_new: false,
        }
    }

    /// Time passes.
    fn advance(&mut self, at: Nanos) {
        self.latest = self.latest.max(at);
        self.highs.advance(self.latest);
        self.lows.advance(self.latest);
    }

    fn take_in(&mut self, price: i64) {
        self.highs.push(self.latest, price);
        self.lows.push(self.latest, -price);
        self.price = Some(price);
    }

    fn forget(&mut self) {
        self.highs.clear();
        self.lows.clear();
        self.price = None;
    }

    /// How far a price lies from the extremes of the window and itself.
    fn moves(&self, price: i64) -> Moves {
        let greatest = |extremes: &Maximum, own: i64| extremes.greatest().map_or(own, |(_, extreme)| extreme.max(own));
        let (high, low) = (greatest(&self.highs, price), -greatest(&self.lows, -price));
        let counts = |direction, moved: Move| {
            (self.spec.direction == direction || self.spec.direction == Direction::Both).then_some(moved)
        };
        Moves([
            counts(Direction::Down, Move { by: high - price, of: high }),
            counts(Direction::Up, Move { by: price - low, of: low }),
        ])
    }

    fn reading(&self, moves: &Moves) -> Reading {
        let limits = &self.spec.limits;
        let level = match moves {
            _ if moves.reach(limits.limit) => Level::Breach,
            _ if moves.reach(limits.warn) => Level::Warn,
            _ if moves.reach(limits.clear) => Level::Elevated,
            _ => Level::Normal,
        };
        Reading::of(level, moves.greatest(), self.limit())
    }

    fn limit(&self) -> f64 {
        self.spec.limits.limit.to_f64()
    }

    /// After the calendar's last session nothing is known.
    fn ends_with(&self, session: &Session, index: Option<usize>) -> Pending {
        if index.is_some_and(|index| self.spec.sessions.get(index + 1).is_some()) {
            return Pending::NONE;
        }
        Pending { due: session.close + TICK, level: Level::Unready, step: Step::FIRST, reason: Reason::NotReady }
    }
}

/// A move, and the extreme that it is a share of.
#[derive(Clone, Copy, Debug)]
struct Move {
    by: i64,
    of: i64,
}

/// The fall and the rise, where they count.
#[derive(Clone, Copy, Debug)]
struct Moves([Option<Move>; 2]);

impl Moves {
    fn reach(&self, share: Ratio) -> bool {
        let reaches = |moved: &Move| {
            i128::from(moved.by) * i128::from(Ratio::SCALE) >= i128::from(share.raw()) * i128::from(moved.of)
        };
        self.0.iter().flatten().any(reaches)
    }

    fn greatest(&self) -> f64 {
        self.0.iter().flatten().map(|moved| moved.by as f64 / moved.of as f64).fold(0.0, f64::max)
    }
}

/// A pause: what it must not forget, its words on the Board.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pause {
    since: Nanos,
    /// The move that it began with.
    value: f64,
}

/// Marks the words as those of a pause, so that no other rule of the same name takes them for its own.
const MARK: u64 = 0xd << 60;

impl Pause {
    fn of(memory: &Memory) -> Option<Self> {
        let [mark, since, value, ..] = memory.0;
        (mark == MARK).then_some(Self { since: Nanos(since), value: f64::from_bits(value) })
    }

    fn keep(pause: Option<Self>, memory: &mut Memory) {
        memory.0 = pause.map_or([0; Memory::WORDS], |pause| [MARK, pause.since.0, pause.value.to_bits(), 0, 0, 0]);
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
