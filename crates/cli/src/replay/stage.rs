//! A scenario with all that it names: read, put together, and checked before anything runs.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use haltline::{BreakerSpec, Date, Direction, Ladder, Nanos, Plan, Price, ScopePath, Session, Sessions};
use haltline_config::Calendar;
use toml::Spanned;

use super::bars::{self, Bar};
use super::path::{Known, Path, Point};
use super::scenario::{Anchor, Scenario, Source};
use crate::output::{Failure, Zone};

/// Everything that a replay needs.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) scenario: Scenario,
    /// The configuration's plan, with the scopes of the gate.
    pub(crate) plan: Plan,
    pub(crate) zone: Zone,
    pub(crate) ladder: Arc<Ladder>,
    /// Sessions before the first: its reference, and what warms windows up. At least one.
    pub(crate) before: Vec<Day>,
    /// The sessions of the replay, at least one.
    pub(crate) days: Vec<Day>,
}

/// A session and its bar.
#[derive(Debug)]
pub(crate) struct Day {
    pub(crate) session: Session,
    pub(crate) bar: Bar,
    /// The close of the session before.
    pub(crate) reference: Price,
    /// The first print.
    pub(crate) first: Nanos,
    low_at: Nanos,
    anchors: Vec<Point>,
}

impl Day {
    /// The way of the price through this day.
    pub(crate) fn path(&self) -> Result<Path, String> {
        let Self { bar, first, low_at, session, anchors, .. } = self;
        Path::plan(&Known { bar, first: *first, low_at: *low_at, close: session.close, anchors })
    }
}

impl Stage {
    /// Reads all that a scenario names.
    pub(crate) fn of(source: &Source) -> Result<Self, Failure> {
        let scenario: Scenario = source.parse()?;
        let config_path = source.beside(scenario.config.get_ref());
        let config = haltline_config::load(&config_path).map_err(|mistakes| {
            source.wrong(scenario.config.span(), format!("the configuration has mistakes:\n{mistakes}"))
        })?;
        let calendar = calendar(source, &config.calendars, &scenario.calendar)?;
        let zone = Zone::new(&calendar.time_zone)?;
        let bars = bars::read(&source.beside(scenario.data.get_ref()))?;
        let mut plan = config.plan;
        let ladder = ladder(source, &scenario, &plan)?;
        names_are_known(source, &scenario, &plan)?;
        let span = scenario.gate.scopes.span();
        for scope in scenario.gate.scopes.get_ref() {
            plan.scopes.push(ScopePath::new(scope).map_err(|error| source.wrong(span.clone(), error))?);
        }
        let week = Week { source, scenario: &scenario, zone: &zone, sessions: &calendar.sessions };
        let (before, mut days) = week.days(&bars)?;
        week.put_anchors(&mut days, &ladder)?;
        Ok(Self { scenario, plan, zone, ladder, before, days })
    }

    /// From the first open to the last close.
    pub(crate) fn sessions(&self) -> impl ExactSizeIterator<Item = &Session> {
        self.days.iter().map(|day| &day.session)
    }
}

/// The calendar of this name; if there is none, that is a mistake.
pub(crate) fn calendar<'c>(
    source: &Source,
    calendars: &'c BTreeMap<String, Calendar>,
    name: &Spanned<String>,
) -> Result<&'c Calendar, Failure> {
    calendars.get(name.get_ref()).ok_or_else(|| {
        let known = calendars.keys().cloned().collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() { "none" } else { &known };
        source.wrong(name.span(), format!("found calendar {:?}, the configuration has {known}", name.get_ref()))
    })
}

/// The ladder that halts the exchange.
fn ladder(source: &Source, scenario: &Scenario, plan: &Plan) -> Result<Arc<Ladder>, Failure> {
    let breaker = is_breaker(source, plan, &scenario.halted_by)?;
    let Some(ladder) = breaker.rule.ladder() else {
        let (name, kind) = (&breaker.name, breaker.rule.kind());
        let what = format!("breaker {name:?} is a {kind} without rungs, allowed is a market_circuit_breaker with some");
        return Err(source.wrong(scenario.halted_by.span(), what));
    };
    Ok(ladder.clone())
}

/// A feed that nobody hears is a mistake, and so is an expectation of nobody: all would look well.
fn names_are_known(source: &Source, scenario: &Scenario, plan: &Plan) -> Result<(), Failure> {
    let feeds = &scenario.feeds;
    let others = [feeds.closes.as_ref().map(|c| &c.scope), feeds.equity.as_ref().map(|e| &e.scope)];
    for feed in others.into_iter().flatten().chain([&feeds.price]) {
        is_heard(source, plan, feed)?;
    }
    // An expectation of nothing would be met by a breaker that does not exist.
    scenario.expect.trips.iter().try_for_each(|expected| is_breaker(source, plan, &expected.breaker).map(drop))
}

/// Refuses a feed that no breaker hears.
pub(crate) fn is_heard(source: &Source, plan: &Plan, feed: &Spanned<String>) -> Result<(), Failure> {
    let hears = |b: &BreakerSpec| {
        let own = b.watch.is_empty() && b.scope.as_str() == feed.get_ref();
        b.rule.kind().row().has_readings && (own || b.watch.iter().any(|w| w.as_str() == feed.get_ref()))
    };
    let heard = plan.breakers.iter().any(hears);
    let wrong = || source.wrong(feed.span(), format!("no breaker of the configuration hears {:?}", feed.get_ref()));
    heard.then_some(()).ok_or_else(wrong)
}

/// The breaker of this name; if there is none, that is a mistake.
fn is_breaker<'p>(source: &Source, plan: &'p Plan, name: &Spanned<String>) -> Result<&'p BreakerSpec, Failure> {
    let found = plan.breakers.iter().find(|b| b.name == *name.get_ref());
    found.ok_or_else(|| source.wrong(name.span(), format!("the configuration has no breaker {:?}", name.get_ref())))
}

/// What the days are made from.
struct Week<'a> {
    source: &'a Source,
    scenario: &'a Scenario,
    zone: &'a Zone,
    sessions: &'a Arc<Sessions>,
}

impl Week<'_> {
    fn wrong<T>(&self, at: &Spanned<T>, what: impl core::fmt::Display) -> Failure {
        self.source.wrong(at.span(), what)
    }

    /// The days before and those of the replay: a bar for each session, a session for each bar.
    fn days(&self, bars: &[Bar]) -> Result<(Vec<Day>, Vec<Day>), Failure> {
        let Scenario { from, to, feeds, data, .. } = self.scenario;
        let (first, last) = (from.get_ref().0, to.get_ref().0);
        let by_date: BTreeMap<Date, &Bar> = bars.iter().map(|bar| (bar.date, bar)).collect();
        let all = self.sessions.as_slice();
        let begin = all.partition_point(|s| s.date < first);
        let end = all.partition_point(|s| s.date <= last);
        if begin >= end {
            return Err(self.wrong(to, format!("the calendar has no session from {first} to {last}")));
        }
        let dates: BTreeSet<Date> = all[begin..end].iter().map(|s| s.date).collect();
        if let Some((date, _)) = by_date.range(first..=last).find(|(date, _)| !dates.contains(date)) {
            return Err(self.wrong(data, format!("there is a bar of {date}, which is no session of the calendar")));
        }
        let warm_up =
            feeds.closes.as_ref().map_or(0, |c| c.warm_up).max(feeds.equity.as_ref().map_or(0, |e| e.warm_up));
        // The session before the first is always there: its close is the first reference.
        let Some(early) = begin.checked_sub(warm_up.max(1)) else {
            return Err(
                self.wrong(from, format!("the calendar has {begin} sessions before, {} are needed", warm_up.max(1)))
            );
        };
        let mut days = Vec::with_capacity(end - early);
        let mut reference = Price::ZERO;
        for session in &all[early..end] {
            let Some(bar) = by_date.get(&session.date) else {
                return Err(self.wrong(data, format!("there is no bar of the session {}", session.date)));
            };
            days.push(self.day(session, bar, reference)?);
            reference = bar.close;
        }
        let replayed = days.split_off(begin - early);
        Ok((days, replayed))
    }

    fn day(&self, session: &Session, bar: &Bar, reference: Price) -> Result<Day, Failure> {
        let Scenario { low_at, .. } = self.scenario;
        let first = session.open + Duration::from_secs(1);
        let low = self.zone.within(session, low_at.get_ref().0).filter(|at| *at > first && *at < session.close);
        let Some(low) = low else {
            return Err(self.wrong(low_at, format!("is not inside the session {}", session.date)));
        };
        Ok(Day { session: *session, bar: *bar, reference, first, low_at: low, anchors: vec![] })
    }

    fn put_anchors(&self, days: &mut [Day], ladder: &Ladder) -> Result<(), Failure> {
        for anchor in &self.scenario.anchors {
            let date = anchor.date.get_ref().0;
            let Some(day) = days.iter_mut().find(|day| day.session.date == date) else {
                return Err(self.wrong(&anchor.date, format!("{date} is no session of this replay")));
            };
            let point = self.anchor(anchor, day, ladder)?;
            if day.anchors.last().is_some_and(|last| last.at >= point.at || last.price <= point.price) {
                return Err(self.wrong(&anchor.at, "anchors of a day must be in the order of their times and rungs"));
            }
            day.anchors.push(point);
            day.path().map_err(|what| self.wrong(&anchor.at, what))?;
        }
        Ok(())
    }

    fn anchor(&self, anchor: &Anchor, day: &Day, ladder: &Ladder) -> Result<Point, Failure> {
        let time = anchor.at.get_ref().0;
        let at = self.zone.within(&day.session, time).filter(|at| *at >= day.first && *at < day.session.close);
        let Some(at) = at else {
            let (first, close) = (self.zone.clock(day.first), self.zone.clock(day.session.close));
            let text = format!("found {time}, allowed are times of the session, from {first} to before {close}");
            return Err(self.wrong(&anchor.at, text));
        };
        let number = *anchor.rung.get_ref();
        let rung = usize::from(number).checked_sub(1).and_then(|index| ladder.rungs.get(index));
        let Some(rung) = rung else {
            let text = format!("found rung {number}, the ladder has rungs from 1 to {}", ladder.rungs.len());
            return Err(self.wrong(&anchor.rung, text));
        };
        if ladder.direction == Direction::Up {
            return Err(self.wrong(&anchor.rung, "the ladder looks at rises only; anchors are made for falls"));
        }
        let level = rung.limits.limit.fall_level(day.reference.raw());
        Ok(Point { at, price: Price::from_raw(level) })
    }
}
