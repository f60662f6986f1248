//! A scenario with all that it names: read, put together, and checked before anything runs.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use haltline::{Date, Direction, Ladder, Nanos, Plan, Price, ScopePath, Session, Sessions};
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
    /// Reads a scenario and all that it names.
    pub(crate) fn read(path: &std::path::Path) -> Result<Self, Failure> {
        let (source, scenario) = Source::read(path)?;
        let config_path = source.beside(scenario.config.get_ref());
        let config = haltline_config::load(&config_path).map_err(|mistakes| {
            source.wrong(scenario.config.span(), format!("the configuration has mistakes:\n{mistakes}"))
        })?;
        let name = scenario.calendar.get_ref();
        let calendar = config.calendars.get(name).ok_or_else(|| {
            let known = config.calendars.keys().cloned().collect::<Vec<_>>().join(", ");
            source.wrong(scenario.calendar.span(), format!("found calendar {name:?}, the configuration has {known}"))
        })?;
        let zone = Zone::new(&calendar.time_zone)?;
        let bars = bars::read(&source.beside(scenario.data.get_ref()))?;
        let mut plan = config.plan;
        let ladder = ladder(&source, &scenario, &plan)?;
        names_are_known(&source, &scenario, &plan)?;
        let span = scenario.gate.scopes.span();
        for scope in scenario.gate.scopes.get_ref() {
            plan.scopes.push(ScopePath::new(scope).map_err(|error| source.wrong(span.clone(), error))?);
        }
        let week = Week { source: &source, scenario: &scenario, zone: &zone, sessions: &calendar.sessions };
        let (before, mut days) = week.days(&bars)?;
        week.put_anchors(&mut days, &ladder)?;
        Ok(Self { scenario, plan, zone, ladder, before, days })
    }

    /// From the first open to the last close.
    pub(crate) fn sessions(&self) -> impl ExactSizeIterator<Item = &Session> {
        self.days.iter().map(|day| &day.session)
    }
}

/// The ladder that halts the exchange.
fn ladder(source: &Source, scenario: &Scenario, plan: &Plan) -> Result<Arc<Ladder>, Failure> {
    let name = scenario.halted_by.get_ref();
    let wrong = |what: String| Err(source.wrong(scenario.halted_by.span(), what));
    let Some(breaker) = plan.breakers.iter().find(|b| b.name == *name) else {
        return wrong(format!("the configuration has no breaker {name:?}"));
    };
    let Some(ladder) = breaker.rule.ladder() else {
        let kind = breaker.rule.kind();
        return wrong(format!(
            "breaker {name:?} is a {kind} without rungs, allowed is a market_circuit_breaker with some"
        ));
    };
    Ok(ladder.clone())
}

/// A feed that nobody hears is a mistake, and so is an expectation of nobody: all would look well.
fn names_are_known(source: &Source, scenario: &Scenario, plan: &Plan) -> Result<(), Failure> {
    let feeds = &scenario.feeds;
    let others = [feeds.closes.as_ref().map(|c| &c.scope), feeds.equity.as_ref().map(|e| &e.scope)];
    for feed in others.into_iter().flatten().chain([&feeds.price]) {
        let hears = |b: &haltline::BreakerSpec| {
            let own = b.watch.is_empty() && b.scope.as_str() == feed.get_ref();
            b.rule.kind().row().has_readings && (own || b.watch.iter().any(|w| w.as_str() == feed.get_ref()))
        };
        if !plan.breakers.iter().any(hears) {
            return Err(
                source.wrong(feed.span(), format!("no breaker of the configuration hears {:?}", feed.get_ref()))
            );
        }
    }
    // An expectation of nothing would be met by a breaker that does not exist.
    for expected in &scenario.expect.trips {
        let name = expected.breaker.get_ref();
        if !plan.breakers.iter().any(|b| b.name == *name) {
            return Err(source.wrong(expected.breaker.span(), format!("the configuration has no breaker {name:?}")));
        }
    }
    Ok(())
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
        let low = self.zone.at(session.date, low_at.get_ref().0).filter(|at| *at > first && *at < session.close);
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
        let at = self.zone.at(day.session.date, time).filter(|at| *at >= day.first && *at < day.session.close);
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
