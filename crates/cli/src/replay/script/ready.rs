//! A script made ready: its configuration read, its times and names checked before anything runs.

use core::ops::Range;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use haltline::{Intent, Nanos, Plan, ScopePath, System};
use haltline_config::Config;
use toml::Spanned;

use super::acts::Refusal;
use super::admits::Admitted;
use super::file::{Act, Acts, Observation, Script, Seen, Step, Trial};
use super::values::{Lasting, Moment, Word};
use crate::output::{Failure, Zone};
use crate::replay::scenario::Source;
use crate::replay::stage::{calendar, is_heard};

/// No script is longer: the time of a Board ends after 35 years.
const LONGEST: Duration = Duration::from_secs(3_650 * 86_400);
/// Nor has a step more observations.
const MOST: usize = 1_000_000;

/// Everything that a run needs.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) title: String,
    /// The file of the configuration; `None` if it stands in the script.
    pub(crate) config: Option<String>,
    pub(crate) plan: Plan,
    pub(crate) system: System,
    pub(crate) zone: Zone,
    pub(crate) start: Nanos,
    pub(crate) steps: Vec<Timed>,
}

/// A step with its times.
#[derive(Debug)]
pub(crate) struct Timed {
    pub(crate) begin: Nanos,
    pub(crate) every: Duration,
    /// How many instants it has, at least one.
    pub(crate) count: usize,
    pub(crate) acts: Option<Acts>,
    pub(crate) refused: Option<Spanned<Refusal>>,
    pub(crate) expect: BTreeMap<Spanned<String>, Spanned<Seen>>,
    pub(crate) permits: BTreeMap<Spanned<String>, Spanned<Vec<Word<Intent>>>>,
    pub(crate) admits: BTreeMap<Spanned<String>, Spanned<Admitted>>,
}

impl Timed {
    /// The time of one of its instants.
    pub(crate) fn at(&self, i: usize) -> Nanos {
        self.begin + self.every.saturating_mul(u32::try_from(i).unwrap_or(u32::MAX))
    }

    fn end(&self) -> Nanos {
        self.at(self.count - 1)
    }
}

impl Ready {
    /// Reads a script and its configuration.
    pub(crate) fn of(source: &Source) -> Result<Self, Failure> {
        let script: Script = source.parse()?;
        let (config, name) = config(source, &script.config)?;
        let zone = match &script.calendar {
            Some(name) => Zone::new(&calendar(source, &config.calendars, name)?.time_zone)?,
            None => Zone::new("UTC")?,
        };
        let mut plan = config.plan;
        let start = script.start.get_ref().0;
        let mut clock = Clock { source, zone: &zone, start, now: start };
        let steps: Vec<Timed> = script.steps.into_iter().map(|step| clock.step(step)).collect::<Result<_, _>>()?;
        for scope in steps.iter().flat_map(gates) {
            plan.scopes.push(ScopePath::new(scope.get_ref()).map_err(|error| source.wrong(scope.span(), error))?);
        }
        let system = System::manual(plan.clone(), start)
            .map_err(|error| source.wrong(script.config.span(), format!("no System can be made of this: {error}")))?;
        let names = Names { source, plan: &plan, system: &system };
        let mut orders = BTreeSet::new();
        steps.iter().try_for_each(|step| names.check(step, &mut orders))?;
        Ok(Self { title: script.title, config: name, plan, system, zone, start, steps })
    }
}

/// The configuration, and the name of its file if it has one of its own.
fn config(source: &Source, found: &Spanned<toml::Value>) -> Result<(Config, Option<String>), Failure> {
    match found.get_ref() {
        toml::Value::String(name) => {
            let read = haltline_config::load(&source.beside(Path::new(name)));
            let wrong = |mistakes| source.wrong(found.span(), format!("the configuration has mistakes:\n{mistakes}"));
            read.map(|config| (config, Some(name.clone()))).map_err(wrong)
        }
        toml::Value::Table(_) => source.config_under("config").map(|config| (config, None)).map_err(Failure::new),
        other => {
            let what = "allowed are the name of a file in quotes and a table [config]";
            let what = format!("config: found a value of type {}, {what}", other.type_str());
            Err(source.wrong(found.span(), what))
        }
    }
}

/// The scopes that are asked what they permit, and which prices.
fn gates(step: &Timed) -> impl Iterator<Item = &Spanned<String>> {
    let probes = step.acts.iter().flat_map(|acts| &acts.each).filter_map(|act| match act {
        Act::Trial(Trial::Probe(probe)) => Some(&probe.scope),
        _ => None,
    });
    step.permits.keys().chain(step.admits.keys()).chain(probes)
}

/// Gives steps their times: none begins before the end of the one before.
struct Clock<'a> {
    source: &'a Source,
    zone: &'a Zone,
    start: Nanos,
    now: Nanos,
}

impl Clock<'_> {
    fn step(&mut self, step: Spanned<Step>) -> Result<Timed, Failure> {
        let span = step.span();
        let mut step = step.into_inner();
        let begin = self.begin(step.at.as_ref())?;
        let mut all = step.take_acts();
        if let [first, second, ..] = all.as_slice() {
            let what = format!("found {} beside {}, allowed is one of them in a step", second.word, first.word);
            return Err(self.source.wrong(second.span.clone(), what));
        }
        let acts = all.pop();
        if let (None, Some(refused)) = (&acts, &step.refused) {
            return Err(self.source.wrong(refused.span(), "refused: nothing happens in this step"));
        }
        let count = self.count(acts.as_ref(), step.times.as_ref(), step.every.as_ref())?;
        let every = step.every.map_or(Duration::ZERO, |every| every.get_ref().0);
        let Step { refused, expect, permits, admits, .. } = step;
        let timed = Timed { begin, every, count, acts, refused, expect, permits, admits };
        if timed.end() > self.start + LONGEST {
            return Err(self.source.wrong(span, "the step ends more than 3650d after the start"));
        }
        self.now = timed.end();
        Ok(timed)
    }

    fn begin(&self, at: Option<&Spanned<Moment>>) -> Result<Nanos, Failure> {
        let Some(at) = at else { return Ok(self.now) };
        let begin = at.get_ref().from(self.start);
        if begin < self.now {
            let (found, now) = (self.zone.iso(begin), self.zone.iso(self.now));
            let what = format!("at: found {found}, allowed are times from {now} on, where the step before ends");
            return Err(self.source.wrong(at.span(), what));
        }
        Ok(begin)
    }

    /// How many instants a step has: as many as its lists have values, so many times.
    fn count(
        &self,
        acts: Option<&Acts>,
        times: Option<&Spanned<usize>>,
        every: Option<&Spanned<Lasting>>,
    ) -> Result<usize, Failure> {
        let wrong = |span: Range<usize>, what: String| Err(self.source.wrong(span, what));
        let observed = acts.into_iter().flat_map(|acts| &acts.each).filter_map(|act| match act {
            Act::Observation(observation) => Some(observation.lengths()),
            Act::Deed(_) | Act::Trial(_) => None,
        });
        let lengths: BTreeSet<usize> = observed.flatten().filter(|length| *length > 1).collect();
        let length = lengths.first().copied().unwrap_or(1);
        if let (Some(acts), Some(other)) = (acts, lengths.last().filter(|last| **last != length)) {
            return wrong(
                acts.span.clone(),
                format!("found lists of {length} and of {other} values, allowed is one length"),
            );
        }
        let is_observed = acts.is_some_and(|acts| acts.each.iter().any(|act| matches!(act, Act::Observation(_))));
        if let Some(times) = times {
            let found = *times.get_ref();
            if !(1..=MOST / length).contains(&found) {
                let most = MOST / length;
                return wrong(times.span(), format!("times: found {found}, allowed are numbers from 1 to {most}"));
            }
            if !is_observed {
                return wrong(times.span(), "times: there is no observation in this step".into());
            }
        }
        let count = length * times.map_or(1, |times| *times.get_ref());
        match every {
            Some(every) if count == 1 => wrong(every.span(), "every: this step has one instant only".into()),
            _ => Ok(count),
        }
    }
}

/// A name that nobody has is a mistake: what is expected of it would mean nothing.
struct Names<'a> {
    source: &'a Source,
    plan: &'a Plan,
    system: &'a System,
}

impl Names<'_> {
    fn check(&self, step: &Timed, orders: &mut BTreeSet<String>) -> Result<(), Failure> {
        for act in step.acts.iter().flat_map(|acts| &acts.each) {
            match act {
                Act::Observation(observation) => self.observation(observation)?,
                Act::Deed(deed) => deed.breaker().into_iter().try_for_each(|name| self.breaker(name))?,
                Act::Trial(trial) => self.trial(trial, orders)?,
            }
        }
        step.expect.keys().try_for_each(|name| self.breaker(name))
    }

    fn breaker(&self, name: &Spanned<String>) -> Result<(), Failure> {
        // The kill switches that scopes have by themselves are no part of the plan.
        let found = self.system.breaker(name.get_ref()).map(drop);
        found.map_err(|_| {
            let what = format!("the configuration has no breaker {:?}", name.get_ref());
            self.source.wrong(name.span(), what)
        })
    }

    fn observation(&self, observation: &Observation) -> Result<(), Failure> {
        is_heard(self.source, self.plan, observation.scope())?;
        match observation {
            Observation::Reading(reading) => self.breaker(&reading.breaker),
            Observation::Check(check) => {
                let known = self.system.check_id(check.name.get_ref()).map(drop);
                known.map_err(|error| self.source.wrong(check.name.span(), error))
            }
            _ => Ok(()),
        }
    }

    fn trial(&self, trial: &Trial, orders: &mut BTreeSet<String>) -> Result<(), Failure> {
        match trial {
            Trial::Probe(probe) => {
                orders.insert(probe.order.get_ref().clone());
                Ok(())
            }
            Trial::Passed(it) | Trial::Failed(it) | Trial::GivenBack(it) if orders.contains(it.order.get_ref()) => {
                Ok(())
            }
            Trial::Passed(it) | Trial::Failed(it) | Trial::GivenBack(it) => {
                let what = format!("no step before has a probe with the order {:?}", it.order.get_ref());
                Err(self.source.wrong(it.order.span(), what))
            }
        }
    }
}
