//! A script through its System: time first, then what happens, then what is seen.

use core::ops::Range;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use haltline::{BreakerStatus, Error, EventType, Feed, Gate, Intent, Lanes, Nanos, Permit, Step as Rung, System};
use toml::Spanned;

use super::acts::{NO_PERMIT, Refusal, words};
use super::admits::Admitted;
use super::file::{Act, Expected, Observation, Trial};
use super::ready::{Ready, Timed};
use super::values::{Named, Word};
use crate::output::Failure;
use crate::replay::scenario::Source;
use crate::replay::timeline::Transition;

/// What a run shows to who looks on.
pub(crate) enum Shown<'a> {
    Transition(&'a Transition),
    /// A feed has taken an observation; `i` counts those of its step.
    Heard {
        observation: &'a Observation,
        i: usize,
        at: Nanos,
    },
    /// All that happens at a time has happened.
    Done(Nanos),
}

/// Runs a script and shows it to `see`. What differs from what the script expects comes back.
pub(crate) fn run(
    source: &Source,
    ready: &Ready,
    mut see: impl FnMut(Shown<'_>) -> Result<(), Failure>,
) -> Result<Vec<String>, Failure> {
    let mut player = Player { source, ready, feeds: BTreeMap::new(), permits: BTreeMap::new(), found: vec![] };
    for step in &ready.steps {
        player.step(step, &mut see)?;
    }
    Ok(player.found)
}

struct Player<'r> {
    source: &'r Source,
    ready: &'r Ready,
    feeds: BTreeMap<&'r str, Feed>,
    /// By the names of their orders.
    permits: BTreeMap<&'r str, Permit>,
    /// What differs from what is expected.
    found: Vec<String>,
}

impl<'r> Player<'r> {
    fn system(&self) -> &'r System {
        &self.ready.system
    }

    fn step(&mut self, step: &'r Timed, see: &mut impl FnMut(Shown<'_>) -> Result<(), Failure>) -> Result<(), Failure> {
        for i in 0..step.count {
            let at = step.at(i);
            self.system().advance(at);
            self.take_events(see)?;
            for act in step.acts.iter().flat_map(|acts| &acts.each) {
                let refusal = self.act(act, i, at)?;
                if let (Act::Observation(observation), None) = (act, &refusal) {
                    see(Shown::Heard { observation, i, at })?;
                }
                self.judge(step, refusal);
                self.take_events(see)?;
            }
            see(Shown::Done(at))?;
        }
        self.look(step)
    }

    /// What is seen at the end of a step.
    fn look(&mut self, step: &'r Timed) -> Result<(), Failure> {
        for (name, expected) in &step.expect {
            let id = self.system().breaker(name.get_ref()).map_err(Failure::new)?;
            let status = self.system().breaker_status(id).map_err(Failure::new)?;
            for difference in self.differences(&expected.get_ref().0, &status) {
                self.differs(expected.span(), format!("{}: {difference}", name.get_ref()));
            }
        }
        for (scope, expected) in &step.permits {
            let verdict = self.gate(scope.get_ref())?.check();
            let found: Vec<_> = Intent::ALL.into_iter().filter(|i| verdict.permits(*i)).map(Word).collect();
            if !is_same(expected.get_ref(), &found) {
                let (expected_words, found) = (words(expected.get_ref()), words(&found));
                let what = format!("{:?}: expected to permit {expected_words}, permits {found}", scope.get_ref());
                self.differs(expected.span(), what);
            }
        }
        for (scope, expected) in &step.admits {
            let (expected_prices, found) = (expected.get_ref(), Admitted::of(&self.gate(scope.get_ref())?));
            if *expected_prices != found {
                let what = format!("{:?}: expected to admit {expected_prices}, admits {found}", scope.get_ref());
                self.differs(expected.span(), what);
            }
        }
        Ok(())
    }

    /// What happens; the refusal, with its text, if it is refused.
    fn act(&mut self, act: &'r Act, i: usize, at: Nanos) -> Result<Option<(Refusal, String)>, Failure> {
        let system = self.system();
        let done = match act {
            Act::Observation(observation) => {
                let scope = observation.scope().get_ref();
                let feed = match self.feeds.entry(scope) {
                    Entry::Occupied(feed) => feed.into_mut(),
                    Entry::Vacant(place) => place.insert(system.feed(scope).map_err(Failure::new)?),
                };
                observation.tell(feed, system, i, at)
            }
            Act::Deed(deed) => deed.done(system),
            Act::Trial(trial) => return self.trial(trial),
        };
        Ok(done.err().map(|error: Error| (Refusal::of(&error), error.to_string())))
    }

    /// A probe takes a permit; what comes of it takes the permit away.
    fn trial(&mut self, trial: &'r Trial) -> Result<Option<(Refusal, String)>, Failure> {
        let order = match trial {
            Trial::Probe(probe) => {
                let permit = self.gate(probe.scope.get_ref())?.try_probe(probe.intent.0);
                let none = permit.is_none().then(|| (NO_PERMIT, "there is no permit".to_owned()));
                self.permits.extend(permit.map(|permit| (probe.order.get_ref().as_str(), permit)));
                return Ok(none);
            }
            Trial::Passed(it) | Trial::Failed(it) | Trial::GivenBack(it) => it.order.get_ref(),
        };
        let Some(permit) = self.permits.remove(order.as_str()) else {
            return Ok(Some((NO_PERMIT, format!("the order {order:?} holds no permit"))));
        };
        match trial {
            Trial::Passed(_) => permit.passed(),
            Trial::Failed(_) => permit.failed(),
            Trial::Probe(_) | Trial::GivenBack(_) => drop(permit),
        }
        Ok(None)
    }

    fn gate(&self, scope: &str) -> Result<Gate, Failure> {
        self.system().gate(&[scope]).map_err(Failure::new)
    }

    /// Whether a refusal, or that there was none, is what the step expects.
    fn judge(&mut self, step: &'r Timed, refusal: Option<(Refusal, String)>) {
        let Some(acts) = &step.acts else { return };
        let expected = step.refused.as_ref().map(|word| *word.get_ref());
        let found = refusal.as_ref().map(|(word, _)| *word);
        if expected != found {
            let wanted = expected.map_or(String::new(), |word| format!("expected to be refused as {}, ", word.0));
            let got = refusal.map_or("was not".into(), |(word, text)| format!("refused as {}: {text}", word.0));
            let span = step.refused.as_ref().map_or(acts.span.clone(), Spanned::span);
            self.differs(span, format!("{}: {wanted}{got}", acts.word));
        }
    }

    fn differs(&mut self, span: Range<usize>, what: String) {
        let now = self.ready.zone.long(self.system().now());
        self.found.push(format!("{}: at {now}: {what}", self.source.place(span)));
    }

    fn take_events(&mut self, see: &mut impl FnMut(Shown<'_>) -> Result<(), Failure>) -> Result<(), Failure> {
        let mut fresh = Vec::new();
        self.system().drain(|event| fresh.push(*event));
        for event in fresh {
            if event.event_type() == EventType::Gap {
                self.found.push(format!("{} events were lost", event.value));
            }
            Transition::of(self.system(), &event).iter().map(Shown::Transition).try_for_each(&mut *see)?;
        }
        Ok(())
    }

    /// What differs between a breaker and what is expected of it.
    fn differences(&self, expected: &Expected, found: &BreakerStatus) -> Vec<String> {
        let mut all = Vec::new();
        let mut differ = |what: &str, expected: &str, found: &str| {
            if expected != found {
                all.push(format!("expected {what}{expected}, found {found}"));
            }
        };
        if let Some(Word(status)) = expected.status {
            differ("", status.name(), found.status.name());
        }
        if let Some(Word(reason)) = expected.reason {
            differ("the reason ", reason.name(), found.reason.name());
        }
        if let Some(denies) = &expected.denies {
            let denied = denied(found.denies);
            if !is_same(denies, &denied) {
                differ("to deny ", &words(denies), &words(&denied));
            }
        }
        if let Some(until) = expected.until {
            let time = |at: Option<Nanos>| at.map_or("no end".into(), |at| self.ready.zone.long(at));
            differ("until ", &time(Some(until.from(self.ready.start))), &time(found.until));
        }
        if let Some(rung) = expected.rung {
            let stands = if found.step == Rung::LATCHED { "none".into() } else { found.step.number().to_string() };
            differ("rung ", &rung.to_string(), &stands);
        }
        if let Some(unready) = expected.unready {
            let word = |unready| if unready { "not ready" } else { "ready" };
            differ("to be ", word(unready), word(found.unready));
        }
        all
    }
}

fn denied(lanes: Lanes) -> Vec<Word<Intent>> {
    Intent::ALL.into_iter().filter(|intent| lanes.denies(*intent)).map(Word).collect()
}

/// The same words in any order.
fn is_same<T: Named + PartialEq>(a: &[Word<T>], b: &[Word<T>]) -> bool {
    a.iter().all(|word| b.contains(word)) && b.iter().all(|word| a.contains(word))
}
