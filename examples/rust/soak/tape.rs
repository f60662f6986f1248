//! What a feed hears: much that changes nothing, now and then what crosses a limit.

use std::time::Duration;

use haltline::*;

/// Quiet marks between two falls of an account: one transition to some hundred observations, over all.
const MARKS: i64 = 128;
/// Falls in one turn.
const FALLS: u64 = 4;
/// An instrument and a gateway have a bad moment in one of so many turns.
const TURNS: u64 = 64;

/// Whose observations they are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stream {
    Instrument,
    Account,
    Gateway,
}

/// One feed, and the gate that its breakers are asked by.
#[derive(Debug)]
pub(super) struct Tape {
    stream: Stream,
    feed: Feed,
    gate: Gate,
    turn: u64,
    number: u64,
    noise: u32,
}

/// What one turn was.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turn {
    pub(super) observations: u64,
    /// Falls of an account after which its gate was asked.
    pub(super) falls: u64,
    /// Those of them after which it was open. Must be none.
    pub(super) open: u64,
}

impl Tape {
    pub(super) fn new(system: &System, stream: Stream, path: &ScopePath, seed: usize) -> Result<Self, Error> {
        let (feed, gate) = (system.feed(path.as_str())?, system.gate(&[path.as_str()])?);
        // Neither all at once nor all in the same turn.
        Ok(Self { stream, feed, gate, turn: seed as u64 * 5, number: 0, noise: seed as u32 })
    }

    /// Tells some tens to some hundreds of observations, all of one time.
    pub(super) fn play(&mut self, now: Nanos) -> Result<Turn, FeedError> {
        self.turn += 1;
        match self.stream {
            Stream::Instrument => self.trade(now),
            Stream::Account => self.mark(now),
            Stream::Gateway => self.call(now),
        }
    }

    fn is_bad_moment(&self) -> bool {
        self.turn.is_multiple_of(TURNS)
    }

    /// 0 to 63, in no order.
    fn noise(&mut self) -> i64 {
        self.noise = self.noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        i64::from(self.noise >> 26)
    }

    fn trade(&mut self, now: Nanos) -> Result<Turn, FeedError> {
        for _ in 0..64 {
            let price = cents(100_000 + self.noise());
            self.feed.trade(price, Qty(1), now)?;
        }
        for _ in 0..16 {
            self.number += 1;
            self.feed.sequence(self.number, now, now)?;
            let bid = 100_000 + self.noise();
            self.feed.quote(cents(bid), cents(bid + 2), now)?;
        }
        if !self.is_bad_moment() {
            return Ok(Turn { observations: 96, ..Turn::default() });
        }
        // 7 % down within the window, a hole in the stream, and back.
        self.feed.trade(cents(93_000), Qty(1), now)?;
        self.number += 200;
        self.feed.sequence(self.number, now, now)?;
        self.feed.trade(cents(100_000), Qty(1), now)?;
        Ok(Turn { observations: 99, ..Turn::default() })
    }

    fn mark(&mut self, now: Nanos) -> Result<Turn, FeedError> {
        let mut turn = Turn { falls: FALLS, ..Turn::default() };
        for _ in 0..FALLS {
            for mark in 0..MARKS {
                self.feed.equity(Money::from_raw(10_000_000_000 - (mark & 63)), now)?;
            }
            self.feed.equity(Money::from_raw(8_900_000_000), now)?;
            turn.open += u64::from(self.gate.permits(Intent::Increase));
            self.feed.equity(Money::from_raw(10_000_000_000), now)?;
            turn.observations += MARKS as u64 + 2;
        }
        Ok(turn)
    }

    fn call(&mut self, now: Nanos) -> Result<Turn, FeedError> {
        let took = Duration::from_micros(80);
        let every = if self.is_bad_moment() { 1 } else { 4 };
        for call in 0..96_u32 {
            let outcome = if call.is_multiple_of(every) { Outcome::Failure } else { Outcome::Success };
            self.feed.outcome(outcome, took, now)?;
        }
        for prediction in 0..32_u32 {
            self.feed.prediction(!prediction.is_multiple_of(10), now)?;
        }
        Ok(Turn { observations: 128, ..Turn::default() })
    }
}

fn cents(count: i64) -> Price {
    Price::from_raw(count * 10_000_000)
}
