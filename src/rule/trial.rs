//! A feed as a rule sees it, for tests: it keeps the last value, the memory and the used rungs, and, if it takes the
//! shortcut, does not ask the rule while values stay inside the band.

use std::sync::Arc;

use super::{Band, Context, Linear, Mark, Memory, Rule, RuleSpec, UsedRungs};
use crate::model::observation::{Channel, Observation};
use crate::model::policy::Policy;
use crate::model::reading::{Level, Pending, Reading};
use crate::model::reason::Reason;
use crate::model::session::{Date, Session, Sessions};
use crate::model::state::Step;
use crate::model::time::Nanos;

/// The rule of these parameters, under the default policy in these sessions.
pub(super) fn rule(spec: RuleSpec, sessions: Option<Arc<Sessions>>) -> Rule {
    Rule::new(&spec, &Policy { sessions, ..Policy::default() }).unwrap()
}

/// What must be the same with and without the shortcut.
pub(super) type Said = (Level, Step, Reason, Pending);

pub(super) struct Trial {
    pub(super) rule: Rule,
    pub(super) memory: Memory,
    pub(super) used: UsedRungs,
    pub(super) last: Option<Mark>,
    pub(super) reading: Reading,
    pub(super) band: Band,
    linear: Linear,
    /// What the rule says will breach for certain; it is held to its word.
    sure: Band,
    shortcut: bool,
    sessions: Option<Arc<Sessions>>,
    /// How often the rule was asked.
    pub(super) asked: usize,
}

impl Trial {
    pub(super) fn new(rule: Rule, sessions: Option<Arc<Sessions>>, shortcut: bool) -> Self {
        Self {
            rule,
            memory: Memory::default(),
            used: UsedRungs::default(),
            last: None,
            reading: Reading::UNREADY,
            band: Band::EMPTY,
            linear: Linear::default(),
            sure: Band::EMPTY,
            shortcut,
            sessions,
            asked: 0,
        }
    }

    /// Hears one observation; false if it was refused.
    pub(super) fn hear(&mut self, observation: Observation, at: Nanos) -> bool {
        let value = match observation {
            Observation::Value(channel, value) if channel == self.rule.channel() && channel != Channel::None => {
                Some(value)
            }
            _ => None,
        };
        if let Some(value) = value
            && self.shortcut
            && self.band.holds(value, at)
        {
            self.last = Some(Mark { value, at });
            self.reading.value = self.linear.at(value);
            return true;
        }
        if self.shortcut
            && let Some(reading) = self.rule.read(&observation, at, self.last)
        {
            self.last = value.map(|value| Mark { value, at }).or(self.last);
            self.evaluate(at);
            // As text: with limits of zero a value may be no number, which equals nothing.
            let (asked, read) = (format!("{:?}", self.reading), format!("{reading:?}"));
            assert_eq!(asked, read, "what it says at once is what it says when it is asked");
            return true;
        }
        self.asked += 1;
        let sure = value.is_some_and(|value| self.sure.holds(value, at));
        let context = Context { last: self.last, memory: &mut self.memory, used: self.used };
        match self.rule.observe(&observation, at, context) {
            Err(_) => return false,
            Ok(None) if value.is_some() => {
                assert!(!sure, "it was sure, and holds {value:?} back");
                self.band = Band::EMPTY;
            }
            Ok(None) => {}
            Ok(Some(answer)) => {
                assert!(!sure || answer.reading.level == Level::Breach, "it was sure of {value:?}: {answer:?}");
                self.last = value.map(|value| Mark { value, at }).or(self.last);
                if let (Some(moved), Some(last)) = (answer.moved_last, &mut self.last) {
                    last.value = moved;
                }
                (self.reading, self.band, self.linear) = (answer.reading, answer.band, answer.linear);
                self.fire(at);
            }
        }
        self.sure = self.sure_breach(at);
        true
    }

    /// Asks anew, as after a firing or a rebase.
    pub(super) fn evaluate(&mut self, at: Nanos) {
        let context = Context { last: self.last, memory: &mut self.memory, used: self.used };
        let answer = self.rule.evaluate(at, context);
        (self.reading, self.band, self.linear) = (answer.reading, answer.band, answer.linear);
        self.fire(at);
        self.sure = self.sure_breach(at);
    }

    fn sure_breach(&mut self, at: Nanos) -> Band {
        self.rule.sure_breach(at, Context { last: self.last, memory: &mut self.memory, used: self.used })
    }

    /// Lets time pass up to `at` for another thread's clock, which uses up a rung but cannot ask the rule.
    pub(super) fn clock(&mut self, at: Nanos) {
        let Pending { due, level, step, .. } = self.reading.pending;
        if due <= at
            && level == Level::Breach
            && let Some(session) = self.date(due)
        {
            self.used = UsedRungs { session, rung: step.number() };
            self.sure = Band::EMPTY;
            self.reading.pending = Pending::NONE;
        }
    }

    /// Lets time pass up to `at` in silence: what is pending comes true when it is due, and the rule is asked.
    pub(super) fn tick(&mut self, at: Nanos) {
        while self.reading.pending.due <= at {
            let Pending { due, level, step, reason } = self.reading.pending;
            self.reading = Reading { level, step, reason, pending: Pending::NONE, ..self.reading };
            self.fire(due);
        }
    }

    /// A ladder's breach uses up its rung.
    fn fire(&mut self, at: Nanos) {
        let Some(date) = self.date(at) else { return };
        let fired = UsedRungs { session: date, rung: self.reading.step.number() };
        if matches!(self.rule, Rule::MarketCircuitBreaker(_))
            && self.reading.level == Level::Breach
            && fired.pack() > self.used.pack()
        {
            self.used = fired;
            self.evaluate(at);
        }
    }

    fn date(&self, at: Nanos) -> Option<Date> {
        let sessions = self.sessions.as_ref()?;
        sessions.get(sessions.current_or_next(at)?).map(|session| session.date)
    }

    pub(super) fn said(&self) -> Said {
        (self.reading.level, self.reading.step, self.reading.reason, self.reading.pending)
    }

    /// Asks without keeping the answer: the value as a function of the last number.
    pub(super) fn linear_value(&self) -> Option<f64> {
        self.last.map(|last| self.linear.at(last.value))
    }
}

/// Sessions of March 2020 at these times.
pub(super) fn sessions(days: &[(u8, u64, u64)]) -> Arc<Sessions> {
    let day = |&(day, open, close): &(u8, u64, u64)| Session {
        date: Date::new(2020, 3, day),
        open: Nanos(open),
        close: Nanos(close),
    };
    Arc::new(Sessions::new(days.iter().map(day).collect()).unwrap())
}
