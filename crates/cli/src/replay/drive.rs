//! The replay itself: time, prices and orders go into a System, and what it does comes out.
//!
//! The order of things in one instant: time, then what time alone has done, then the price, then the orders. At the
//! closing bell come the last price, the close and the equity mark; a second later the close is the official one and
//! becomes the reference of the next session.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use haltline::{
    BreakerStatus, Event, EventType, Feed, FeedError, Gate, Intent, Money, Nanos, Price, Qty, ScopePath, System,
};

use super::stage::{Day, Stage};
use super::timeline::Transition;
use crate::output::Failure;

/// From the closing bell to the official close.
const OFFICIAL: Duration = Duration::from_secs(1);
/// How often the risk score is looked at, beside every change.
const LOOK: Duration = Duration::from_secs(60);

/// What happens, as it happens.
#[derive(Debug)]
pub(crate) enum Seen<'a> {
    /// A breaker has moved.
    Transition(&'a Transition),
    /// A price was printed on a day of the replay.
    Price { day: usize, at: Nanos, price: Price },
    /// A day is over; what the breakers read then.
    Close { readings: &'a [Reading] },
}

/// A breaker's value at a close.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) breaker: String,
    pub(crate) value: f64,
    pub(crate) limit: f64,
}

/// What a replay has counted.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) prices: u64,
    /// By intent.
    pub(crate) admitted: [u64; 3],
    /// By intent.
    pub(crate) denied: [u64; 3],
    /// By breaker, and whether it had no value yet; an order may be denied by several.
    pub(crate) denied_by: BTreeMap<(String, bool), [u64; 3]>,
    /// The highest risk score and when it was reached first.
    pub(crate) peak_risk: (f64, Nanos),
    /// How the breakers of the configuration stood at the end.
    pub(crate) breakers: Vec<BreakerStatus>,
    /// Events that were lost.
    pub(crate) lost: u64,
}

/// Runs a stage; everything that happens goes to `see`.
pub(crate) fn run(stage: &Stage, mut see: impl FnMut(Seen<'_>) -> Result<(), Failure>) -> Result<Tally, Failure> {
    let mut driver = Driver::new(stage)?;
    driver.take_events(&mut see)?;
    for (i, day) in stage.before.iter().enumerate() {
        let left = stage.before.len() - i;
        let feeds = &stage.scenario.feeds;
        let warms = |warm_up: Option<usize>| warm_up.is_some_and(|n| left <= n);
        driver.system.advance(day.session.close);
        driver.closes(
            day,
            warms(feeds.closes.as_ref().map(|c| c.warm_up)),
            warms(feeds.equity.as_ref().map(|e| e.warm_up)),
        )?;
        driver.take_events(&mut see)?;
        // Only the last: a ladder that has its reference waits for prices, and there are none before the first day.
        if left == 1 {
            driver.reference(day, &mut see)?;
        }
    }
    for (index, day) in stage.days.iter().enumerate() {
        driver.day(index, day, &mut see)?;
        driver.closes(day, true, true)?;
        driver.take_events(&mut see)?;
        driver.look(day.session.close);
        let readings = driver.readings()?;
        see(Seen::Close { readings: &readings })?;
        driver.reference(day, &mut see)?;
    }
    driver.tally.breakers = driver.statuses()?;
    Ok(driver.tally)
}

struct Driver<'s> {
    stage: &'s Stage,
    system: System,
    prices: Feed,
    closes: Option<Feed>,
    equity: Option<Feed>,
    gate: Gate,
    /// The scopes of the gate, with all above them.
    guarded: BTreeSet<String>,
    /// Whether the exchange is halted, and whether it has just been.
    halted: bool,
    resumed: bool,
    /// The last price of the day.
    last: Option<Price>,
    fresh: Vec<Event>,
    /// Who denies which intents now; emptied by every event.
    deniers: Option<Vec<(String, bool, [bool; 3])>>,
    tally: Tally,
}

impl<'s> Driver<'s> {
    fn new(stage: &'s Stage) -> Result<Self, Failure> {
        let scenario = &stage.scenario;
        let begin = stage.before.first().or(stage.days.first()).map_or(Nanos(0), |day| day.session.open);
        let system = System::manual(stage.plan.clone(), begin).map_err(Failure::new)?;
        let feed = |scope: &str| system.feed(scope).map_err(Failure::new);
        let scopes = scenario.gate.scopes.get_ref();
        let gate = system.gate(&scopes.iter().map(String::as_str).collect::<Vec<_>>()).map_err(Failure::new)?;
        let mut guarded = BTreeSet::from([String::new()]);
        for scope in scopes {
            let path = ScopePath::new(scope).map_err(Failure::new)?;
            guarded.extend(path.with_ancestors().map(|p| p.to_string()));
        }
        Ok(Self {
            prices: feed(scenario.feeds.price.get_ref())?,
            closes: scenario.feeds.closes.as_ref().map(|c| feed(c.scope.get_ref())).transpose()?,
            equity: scenario.feeds.equity.as_ref().map(|e| feed(e.scope.get_ref())).transpose()?,
            stage,
            system,
            gate,
            guarded,
            halted: false,
            resumed: false,
            last: None,
            fresh: Vec::new(),
            deniers: None,
            tally: Tally::default(),
        })
    }

    fn refused(&self, what: &str, at: Nanos, error: FeedError) -> Failure {
        Failure::new(format!("{} of {}: refused: {error}", what, self.stage.zone.long(at)))
    }

    /// One session, from the opening to the closing bell.
    fn day(
        &mut self,
        index: usize,
        day: &Day,
        see: &mut impl FnMut(Seen<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (open, close) = (day.session.open, day.session.close);
        let print_every = self.stage.scenario.print_every.get_ref().0;
        let orders_every = self.stage.scenario.orders_every.get_ref().0;
        let mut path = day.path().map_err(Failure::new)?;
        self.last = None;
        let (mut print_at, mut grid, mut orders_at, mut look_at) = (day.first, open, open, open);
        loop {
            // Points whose time falls into a halt are spaced anew when it ends.
            let point = path.next().filter(|_| !self.halted).unwrap_or(Nanos::NEVER);
            let at = print_at.min(orders_at).min(point).min(close);
            self.system.advance(at);
            self.take_events(see)?;
            if core::mem::take(&mut self.resumed) && at > day.first {
                path.resume(at, self.last.unwrap_or(day.bar.open));
            }
            let due = at >= print_at || at >= point;
            while print_at <= at {
                grid = grid + print_every;
                print_at = grid;
            }
            if due
                && !self.halted
                && let Some(price) = path.print(at)
            {
                self.price(index, price, at, see)?;
            }
            if at >= close {
                return Ok(());
            }
            if at >= orders_at {
                self.orders()?;
                orders_at = orders_at + orders_every;
            }
            if at >= look_at {
                self.look(at);
                look_at = look_at + LOOK;
            }
        }
    }

    fn price(
        &mut self,
        day: usize,
        price: Price,
        at: Nanos,
        see: &mut impl FnMut(Seen<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.prices.trade(price, Qty(1), at).map_err(|error| self.refused("the price", at, error))?;
        self.last = Some(price);
        self.tally.prices += 1;
        see(Seen::Price { day, at, price })?;
        self.take_events(see)
    }

    /// The close and the equity mark at the closing bell.
    fn closes(&mut self, day: &Day, close: bool, equity: bool) -> Result<(), Failure> {
        let (at, price) = (day.session.close, day.bar.close);
        if let (Some(feed), true) = (&mut self.closes, close) {
            feed.trade(price, Qty(1), at).map_err(|e| Failure::new(format!("close of {}: {e}", day.bar.date)))?;
        }
        let units = self.stage.scenario.feeds.equity.as_ref().map_or(0, |e| *e.units.get_ref());
        if let (Some(feed), true) = (&mut self.equity, equity) {
            feed.equity(worth(price, units), at)
                .map_err(|e| Failure::new(format!("equity of {}: {e}", day.bar.date)))?;
        }
        Ok(())
    }

    /// The official close becomes the reference of the next session.
    fn reference(&mut self, day: &Day, see: &mut impl FnMut(Seen<'_>) -> Result<(), Failure>) -> Result<(), Failure> {
        let at = day.session.close + OFFICIAL;
        self.system.advance(at);
        let told = self.prices.reference(day.bar.close, day.session.date, at);
        told.map_err(|error| self.refused("the reference", at, error))?;
        self.take_events(see)
    }

    /// One order of each intent.
    fn orders(&mut self) -> Result<(), Failure> {
        let verdict = self.gate.check();
        if !verdict.denies_any() {
            self.tally.admitted.iter_mut().for_each(|count| *count += 1);
            return Ok(());
        }
        for (i, intent) in Intent::ALL.into_iter().enumerate() {
            let counts = if verdict.permits(intent) { &mut self.tally.admitted } else { &mut self.tally.denied };
            counts[i] += 1;
        }
        let (system, guarded) = (&self.system, &self.guarded);
        let deniers = self.deniers.get_or_insert_with(|| {
            let status = system.status();
            let denying = status.tripped.iter().filter_map(|id| system.breaker_status(*id).ok());
            let here = denying.filter(|b| guarded.contains(&b.scope));
            here.map(|b| (b.name.to_string(), b.unready, Intent::ALL.map(|intent| b.denies.denies(intent)))).collect()
        });
        for (name, unready, denies) in deniers {
            let counts = match self.tally.denied_by.get_mut(&(name.clone(), *unready)) {
                Some(counts) => counts,
                None => self.tally.denied_by.entry((name.clone(), *unready)).or_default(),
            };
            counts.iter_mut().zip(denies).for_each(|(count, denies)| *count += u64::from(*denies));
        }
        Ok(())
    }

    /// Takes what has happened out of the System.
    fn take_events(&mut self, see: &mut impl FnMut(Seen<'_>) -> Result<(), Failure>) -> Result<(), Failure> {
        let fresh = &mut self.fresh;
        if self.system.drain(|event| fresh.push(*event)) == 0 {
            return Ok(());
        }
        self.deniers = None;
        for event in core::mem::take(&mut self.fresh) {
            if event.event_type() == EventType::Gap {
                self.tally.lost += event.value as u64;
            }
            let Some(transition) = Transition::of(&self.system, &event) else { continue };
            if transition.breaker.as_ref() == self.stage.scenario.halted_by.get_ref() {
                let halted = transition.halts_exchange();
                self.resumed |= self.halted && !halted;
                self.halted = halted;
            }
            see(Seen::Transition(&transition))?;
        }
        self.look(self.system.now());
        Ok(())
    }

    /// Looks at the risk score.
    fn look(&mut self, at: Nanos) {
        if self.stage.days.first().is_none_or(|day| at < day.session.open) {
            return;
        }
        let score = self.system.status().overall_risk_score;
        if score > self.tally.peak_risk.0 {
            self.tally.peak_risk = (score, at);
        }
    }

    fn statuses(&self) -> Result<Vec<BreakerStatus>, Failure> {
        let each = self.stage.plan.breakers.iter().map(|spec| {
            let id = self.system.breaker(&spec.name).map_err(Failure::new)?;
            self.system.breaker_status(id).map_err(Failure::new)
        });
        each.collect()
    }

    fn readings(&self) -> Result<Vec<Reading>, Failure> {
        let ready = self.statuses()?.into_iter().filter(|status| !status.unready);
        let with_value = ready.filter_map(|status| {
            // Without a limit it has had no value yet, and lets pass meanwhile.
            let (value, limit) = status.value.filter(|(_, limit)| *limit > 0.0)?;
            Some(Reading { breaker: status.name.to_string(), value, limit })
        });
        Ok(with_value.collect())
    }
}

/// What so many units of the index are worth. A price is in billionths, money in ten-thousandths.
fn worth(price: Price, units: u32) -> Money {
    let raw = i128::from(price.raw()) * i128::from(units) / i128::from(Price::SCALE / Money::SCALE);
    Money::from_raw(i64::try_from(raw).unwrap_or(i64::MAX))
}
