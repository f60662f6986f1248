//! The way of a price through a day, made from its bar. Pure.
//!
//! Only open, high, low and close of a day are known, and of a halt the second in which it began. Between them the price
//! goes in straight lines:
//!
//! | point | time |
//! |---|---|
//! | the open | the first print |
//! | the high, if it lies above the open | half-way to the next point |
//! | of a day with anchors: each rung's level, exactly | its anchor; at the first print it is the open that is through the level |
//! | the high, if it lies above the open and there was no time for it before the first anchor | between its neighbours |
//! | the low | its time, if that is after the last anchor; else between its neighbours |
//! | the close | the closing bell |
//!
//! "Between its neighbours" means evenly spaced among the points whose times are given, on whole seconds. Nothing is
//! printed in a halt: [`resume`](Path::resume) goes on from the last price, and points whose time fell into the halt are
//! spaced anew between the resumption and the next point.
//!
//! Prices between two points are whole units, rounded towards the earlier point: so no price before the second of an
//! anchor is through its level, and none is below the low or above the high.

use std::collections::VecDeque;

use haltline::{Nanos, Price};

use super::bars::Bar;

const SECOND: u64 = 1_000_000_000;

/// A price at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) at: Nanos,
    pub(crate) price: Price,
}

/// What is known of a day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    pub(crate) bar: &'a Bar,
    /// The first print.
    pub(crate) first: Nanos,
    /// The low, if nothing stands in the way.
    pub(crate) low_at: Nanos,
    /// The closing bell.
    pub(crate) close: Nanos,
    /// When the price first was on which level; in order of time.
    pub(crate) anchors: &'a [Point],
}

/// A way through a day, and how far it has been gone.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    from: Point,
    ahead: VecDeque<Point>,
}

/// A point whose time may be free.
struct Stop {
    price: Price,
    at: Option<Nanos>,
}

impl Path {
    /// Plans a day.
    ///
    /// # Errors
    /// Anchors that the bar contradicts.
    pub(crate) fn plan(day: &Known<'_>) -> Result<Self, String> {
        let Known { bar, first, low_at, close, anchors } = *day;
        let mut stops = Vec::new();
        let high = Stop { price: bar.high, at: None };
        let mut high_ahead = bar.high > bar.open;
        if let Some(anchor) = anchors.first() {
            let at_open = anchor.at == first;
            if at_open != (bar.open <= anchor.price) {
                let (open, level) = (bar.open, anchor.price);
                return Err(format!("the open of {open} contradicts an anchor on {level} at this time"));
            }
            let room = anchor.at.0.saturating_sub(first.0) >= 2 * SECOND;
            if high_ahead && room {
                stops.push(Stop { ..high });
                high_ahead = false;
            }
            // The last print before the low must not lie below it.
            if let Some(never) = anchors.iter().find(|a| a.price < bar.low) {
                return Err(format!("the low of {} never reaches an anchor on {}", bar.low, never.price));
            }
            stops.extend(anchors.iter().skip(usize::from(at_open)).map(|a| Stop { price: a.price, at: Some(a.at) }));
        }
        if high_ahead {
            stops.push(high);
        }
        let after_anchors = anchors.last().is_none_or(|last| low_at > last.at);
        stops.push(Stop { price: bar.low, at: after_anchors.then_some(low_at) });
        stops.push(Stop { price: bar.close, at: Some(close) });
        let from = Point { at: first, price: bar.open };
        Ok(Self { from, ahead: timed(first, stops) })
    }

    /// When the next point is, which is always printed.
    pub(crate) fn next(&self) -> Option<Nanos> {
        self.ahead.front().map(|point| point.at)
    }

    /// The price at `at`; times must rise. `None` before the first print and after the close.
    pub(crate) fn print(&mut self, at: Nanos) -> Option<Price> {
        while let Some(reached) = self.ahead.pop_front_if(|point| point.at <= at) {
            self.from = reached;
        }
        match self.ahead.front() {
            _ if at < self.from.at => None,
            Some(next) => Some(between(self.from, *next, at)),
            None => (at == self.from.at).then_some(self.from.price),
        }
    }

    /// Prints begin again at `at` after a halt, with the last price.
    pub(crate) fn resume(&mut self, at: Nanos, last: Price) {
        self.from = Point { at, price: last };
        let Some(close) = self.ahead.back().map(|close| close.at).filter(|close| *close > at) else {
            self.ahead.clear();
            return;
        };
        let stops = self
            .ahead
            .iter()
            .map(|point| Stop { price: point.price, at: Some(point.at).filter(|t| *t > at || *t == close) });
        self.ahead = timed(at, stops.collect());
    }
}

/// Gives the free stops times: evenly between their neighbours. The last stop has one.
fn timed(begin: Nanos, stops: Vec<Stop>) -> VecDeque<Point> {
    let mut points = VecDeque::with_capacity(stops.len());
    let mut free: Vec<Price> = Vec::new();
    let mut left = begin;
    for stop in stops {
        let Some(right) = stop.at else {
            free.push(stop.price);
            continue;
        };
        let parts = free.len() as u64 + 1;
        for (i, price) in (1..).zip(free.drain(..)) {
            let even = left.0 + (right.0.saturating_sub(left.0)) / parts * i;
            let whole = even - even % SECOND;
            let last = points.back().map_or(left, |point: &Point| point.at);
            points.push_back(Point { at: Nanos(if whole > last.0 { whole } else { even }), price });
        }
        points.push_back(Point { at: right, price: stop.price });
        left = right;
    }
    points
}

/// On the line from `a` to `b`, rounded towards `a`.
fn between(a: Point, b: Point, at: Nanos) -> Price {
    let (run, gone) = (i128::from(b.at.0) - i128::from(a.at.0), i128::from(at.0) - i128::from(a.at.0));
    if run <= 0 {
        return b.price;
    }
    let rise = i128::from(b.price.raw()) - i128::from(a.price.raw());
    // Division truncates towards zero, that is, towards `a`; the result lies between two prices, so it is one.
    let price = i128::from(a.price.raw()) + rise * gone / run;
    i64::try_from(price).map_or(a.price, Price::from_raw)
}

#[cfg(test)]
#[path = "path_tests.rs"]
mod tests;
