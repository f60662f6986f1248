//! The market-wide ladder: declines (or rises) of an index against the official close of the session before.
//!
//! ```text
//! move  = reference - price  (down),  price - reference  (up),  |price - reference|  (both)
//! value = max(0, move) / reference
//! a rung is reached   when  move * 1e9 >= limit * reference                       in integers, exactly
//!                     and   move >= move at the firing before + further * reference   (`further`, after a firing)
//!                     and   one of its windows is open
//!                     and   the one below has fired                                   (`in_turn`, above the lowest)
//! it fires            when  it has been reached for `lasting`, the highest first
//! ```
//!
//! Prices are raw `Price` (1e-9), ratios raw `Ratio` (1e-9). All numbers come from the plan; for the US market they are
//! those of NYSE Rule 7.12 (7, 13 and 20 %).
//!
//! A reference is good for one session only, that after the session whose close it is. After the closing bell the next
//! session counts, by time alone: the reference is spent and the ladder is unready until the new one is told, or ready if it
//! was told up to the bell.
//! Where every halt ends with its session (`HaltEnd::Close`) it rests between sessions, and is unready from the next open on.
//!
//! It is a level, not an edge: the first price of the day may lie beyond any rung, and a window that opens on a price that
//! stands beyond its rung fires it, in silence too. A price heard at the opening bell is one of the session; its first window
//! opens a nanosecond later. A rung that has fired (`used`, which belongs to the breaker) and those below it say nothing more
//! in that session.
//!
//! Cost of a call: O(rungs * windows) for windows that leave gaps, at most O(rungs * windows^2), a binary search in the
//! calendar; no allocation. Memory: 120 bytes; the rungs and the calendar are the plan's, shared by all that have them.

use std::sync::Arc;

use super::hours::{Hours, TICK};
use super::scale::Scale;
use super::scene::{Beyond, Scene, step};
use crate::model::ladder::{Ladder as Spec, Reopen};
use crate::model::observation::{Channel, Observation, VenueStatus};
use crate::model::policy::Policy;
use crate::model::reading::{Level, Pending, Reading};
use crate::model::reason::Reason;
use crate::model::session::Session;
use crate::model::state::Step;
use crate::model::time::Nanos;
use crate::rule::{Answer, BadInput, Band, Context, Detect, Linear, Mark, Memory, UsedRungs};

/// The words of its memory: the reference (raw; 0 is none) and the date of its session,
const REFERENCE: usize = 0;
const REFERENCE_DATE: usize = 1;
/// the price at which the last rung fired, and which rung in which session that was,
const FIRED_PRICE: usize = 2;
const FIRED_RUNG: usize = 3;
/// and after which firing the venue said that it trades again.
const REOPENED: usize = 4;

/// The rule of one ladder on one feed.
#[derive(Debug)]
pub(crate) struct Detector {
    spec: Arc<Spec>,
    beyond: Beyond,
}

impl Detect for Detector {
    type Spec = Arc<Spec>;

    fn new(spec: &Arc<Spec>, _policy: &Policy) -> Self {
        Self { spec: spec.clone(), beyond: Beyond::default() }
    }

    fn channel(&self) -> Channel {
        Channel::Trade
    }

    fn observe(
        &mut self,
        observation: &Observation,
        at: Nanos,
        context: Context<'_>,
    ) -> Result<Option<Answer>, BadInput> {
        let Context { last, memory, used } = context;
        match *observation {
            Observation::Value(Channel::Trade, price) => {
                positive("price", price)?;
                self.remember_firing(last.or(Some(Mark { value: price, at })), at, memory, used);
                let (used, late) = self.catch_up(at, last, memory, used);
                Ok(Some(self.say(at, Some(Mark { value: price, at }), memory, used, late)))
            }
            Observation::Reference { price, session } => {
                positive("reference", price.raw())?;
                self.remember_firing(last, at, memory, used);
                let (used, late) = self.catch_up(at, last, memory, used);
                memory.0[REFERENCE] = price.raw() as u64;
                memory.0[REFERENCE_DATE] = u64::from(session.0);
                Ok(Some(self.say(at, last, memory, used, late)))
            }
            Observation::Venue(status) => {
                self.remember_firing(last, at, memory, used);
                let (used, late) = self.catch_up(at, last, memory, used);
                // The last word counts: an early "open" is taken back by a "halted".
                memory.0[REOPENED] = if status == VenueStatus::Open { used.pack() } else { 0 };
                Ok(Some(self.say(at, last, memory, used, late)))
            }
            _ => Ok(None),
        }
    }

    fn evaluate(&mut self, at: Nanos, context: Context<'_>) -> Answer {
        let Context { last, memory, used } = context;
        self.remember_firing(last, at, memory, used);
        let (used, late) = self.catch_up(at, last, memory, used);
        self.say(at, last, memory, used, late)
    }

    fn sure_breach(&self, at: Nanos, Context { last, memory, used }: Context<'_>) -> Band {
        let sure = || {
            let index = self.spec.sessions.current_or_next(at)?;
            let hours = Some(self.hours(index)?).filter(|hours| hours.trades(at))?;
            let price = last.filter(|last| hours.trades(last.at))?.value;
            if self.standing(index, memory) != Standing::Reference {
                return None;
            }
            // A rung may have fired by the clock, and nobody has noted at which price yet.
            let mut memory = *memory;
            self.remember_firing(last, at, &mut memory, used);
            self.scene(hours, at, price, &memory, used).sure_breach()
        };
        sure().unwrap_or(Band::EMPTY)
    }

    /// Takes over how long each rung has been reached, where its windows are the same.
    fn inherit(&mut self, old: &mut Self) {
        if self.spec.sessions != old.spec.sessions {
            return;
        }
        core::mem::swap(&mut self.beyond, &mut old.beyond);
        for (index, since) in self.beyond.since.iter_mut().enumerate() {
            let (new, old) = (self.spec.rungs.get(index), old.spec.rungs.get(index));
            if new.map(|rung| &rung.windows) != old.map(|rung| &rung.windows) {
                *since = None;
            }
        }
    }
}

impl Detector {
    /// What it says of the last price, and of a rung that fired before.
    fn say(&mut self, at: Nanos, last: Option<Mark>, memory: &Memory, used: UsedRungs, late: Option<Late>) -> Answer {
        let answer = self.assess(at, last, memory, used);
        match late {
            Some(Late { step, value }) if answer.reading.level != Level::Breach || answer.reading.step <= step => {
                let reading = Reading { value, ..self.breach(step, answer.reading) };
                Answer { reading, band: Band::EMPTY, linear: Linear::constant(value), moved_last: None, is_new: false }
            }
            _ => answer,
        }
    }

    /// A rung that had been reached long enough before `at` has fired, whatever comes now: what is said does not depend
    /// on whether somebody looked in the meantime. In the order of time, since each firing moves the next rung.
    fn catch_up(
        &mut self,
        at: Nanos,
        last: Option<Mark>,
        memory: &mut Memory,
        mut used: UsedRungs,
    ) -> (UsedRungs, Option<Late>) {
        let mut late = None;
        // What fired in a session that is over halts nothing.
        if self.session(at).map(|hours| hours.session.date) != Some(self.beyond.session) {
            return (used, late);
        }
        let elsewhere = self.fired_elsewhere(at, used);
        let mut next = elsewhere.and_then(|fired| self.next_in_turn(fired, last, memory, used));
        next = next.or_else(|| self.next_due(at, used));
        // Each round uses up a rung at least.
        while let (Some((due, step)), Some(last)) = (next, last) {
            used = UsedRungs { session: self.beyond.session, rung: step.number() };
            late = Some(Late { step, value: self.scale(memory).value(last.value) });
            self.remember_firing(Some(last), due, memory, used);
            next = self.next_in_turn(due, Some(last), memory, used).or_else(|| self.next_due(at, used));
        }
        (used, late)
    }

    /// Looks at the price again when a rung has fired at `at`: the one above it may fire at the same time, in its turn.
    fn next_in_turn(
        &mut self,
        at: Nanos,
        last: Option<Mark>,
        memory: &Memory,
        used: UsedRungs,
    ) -> Option<(Nanos, Step)> {
        let Reading { level, step, .. } = self.assess(at, last, memory, used).reading;
        let fires = self.spec.in_turn && level == Level::Breach && step.number() > used.rung;
        fires.then_some((at, step))
    }

    /// When a rung that the price was beyond has been used up since it was last asked: at its time, by the clock; or else,
    /// by another feed, nobody knows.
    fn fired_elsewhere(&self, at: Nanos, used: UsedRungs) -> Option<Nanos> {
        let Beyond { asked, since, .. } = &self.beyond;
        let used = self.used_then(used);
        let known = since.iter().take(used).any(Option::is_some);
        known.then(|| self.dues(at).filter(|(index, _)| *index < used).map(|(_, due)| due).min().unwrap_or(*asked))
    }

    /// The rung whose time was full first, after it was last asked and by `at`; the highest of those at one time.
    fn next_due(&self, at: Nanos, used: UsedRungs) -> Option<(Nanos, Step)> {
        let used = self.used_then(used);
        let unused = self.dues(at).filter(|(index, _)| *index >= used);
        let first = unused.reduce(|first, next| if next.1 <= first.1 { next } else { first });
        first.map(|(index, due)| (due, step(index)))
    }

    /// How many rungs are used up in the session in which it was last asked.
    fn used_then(&self, used: UsedRungs) -> usize {
        if used.session == self.beyond.session { usize::from(used.rung) } else { 0 }
    }

    /// Which rungs' time has become full, after they were last asked and by `at`, and when.
    fn dues(&self, at: Nanos) -> impl Iterator<Item = (usize, Nanos)> {
        let Beyond { asked, since, .. } = &self.beyond;
        let hours = self.session(*asked);
        let standing = self.spec.rungs.iter().zip(since).enumerate();
        standing.filter_map(move |(index, (rung, since))| {
            let due = hours?.due(rung, (*since)?, *asked)?;
            (due <= at).then_some((index, due))
        })
    }

    /// The session that a time belongs to, or the next one.
    fn session(&self, at: Nanos) -> Option<Hours<'_>> {
        self.hours(self.spec.sessions.current_or_next(at)?)
    }

    fn hours(&self, index: usize) -> Option<Hours<'_>> {
        Some(Hours { spec: &self.spec, session: self.spec.sessions.get(index)? })
    }

    fn scale(&self, memory: &Memory) -> Scale {
        Scale { direction: self.spec.direction, reference: memory.0[REFERENCE] as i64 }
    }

    /// Notes at which price a rung fired, once. The firing itself may have come from the clock or from another feed.
    fn remember_firing(&self, last: Option<Mark>, at: Nanos, memory: &mut Memory, used: UsedRungs) {
        if let Some(hours) = self.session(at)
            && let Some(last) = last
            && used_in(hours, used) > 0
            && used.pack() > memory.0[FIRED_RUNG]
            && hours.trades(last.at)
        {
            memory.0[FIRED_RUNG] = used.pack();
            memory.0[FIRED_PRICE] = last.value as u64;
        }
    }

    /// What can be said of the last price alone.
    fn assess(&mut self, at: Nanos, last: Option<Mark>, memory: &Memory, used: UsedRungs) -> Answer {
        // Only a price under a good reference keeps what it is beyond.
        let before = core::mem::take(&mut self.beyond);
        let Some(index) = self.spec.sessions.current_or_next(at) else { return unready(Nanos::NEVER) };
        let Some(hours) = self.hours(index) else { return unready(Nanos::NEVER) };
        let (open, end) = (hours.session.open, hours.session.close + TICK);
        let mut beyond = Beyond::default();
        let mut answer = match self.standing(index, memory) {
            Standing::Doubt if self.rests_until(hours.session, at) => self.quiet(open),
            Standing::Doubt => unready(end),
            Standing::Exempt => self.quiet(end),
            Standing::Reference if at < open => self.quiet(open),
            Standing::Reference => match last.filter(|last| hours.trades(last.at)) {
                None => Answer { band: Band::EMPTY, ..self.quiet(end) },
                Some(last) => {
                    let scene = self.scene(hours, at, last.value, memory, used);
                    beyond = scene.beyond(&before);
                    scene.answer(&beyond)
                }
            },
        };
        if let Some(step) = self.awaits_venue(hours, memory, used)
            && answer.reading.level != Level::Breach
        {
            answer.reading = self.breach(step, answer.reading);
        }
        let silent = self.in_silence(index, at, answer.reading.level, memory);
        answer.reading.pending = answer.reading.pending.earlier(silent);
        self.beyond = beyond;
        answer
    }

    /// Whether it waits for this session, and needs no reference until then.
    fn rests_until(&self, session: &Session, at: Nanos) -> bool {
        at < session.open && self.spec.rests_between_sessions()
    }

    /// What comes next if nothing more is heard: the session of this index, or what is said after it.
    fn in_silence(&self, index: usize, at: Nanos, level: Level, memory: &Memory) -> Pending {
        let Some(session) = self.spec.sessions.get(index) else { return Pending::NONE };
        let doubts = |index| self.standing(index, memory) == Standing::Doubt;
        let next = self.spec.sessions.get(index + 1).filter(|_| self.spec.rests_between_sessions());
        let (due, then) = match doubts(index + 1) {
            _ if doubts(index) && self.rests_until(session, at) => (session.open, Level::Unready),
            // Up to then it rests. (One that is unready stays so: there is one pending level, and no second after it.)
            true => (next.map_or(session.close + TICK, |next| next.open), Level::Unready),
            false => (session.close + TICK, Level::Normal),
        };
        let reason = if then == Level::Unready { Reason::NotReady } else { Reason::ClearLevel };
        if then == level { Pending::NONE } else { Pending { due, level: then, step: Step::FIRST, reason } }
    }

    fn scene<'a>(&self, hours: Hours<'a>, at: Nanos, price: i64, memory: &Memory, used: UsedRungs) -> Scene<'a> {
        Scene {
            hours,
            scale: self.scale(memory),
            used: used_in(hours, used),
            fired: (memory.0[FIRED_RUNG] == used.pack()).then_some(memory.0[FIRED_PRICE] as i64),
            at,
            price,
        }
    }

    /// The rung that fired in this session, if only the venue's word ends its halt and has not been heard since.
    fn awaits_venue(&self, hours: Hours<'_>, memory: &Memory, used: UsedRungs) -> Option<Step> {
        let awaits = self.spec.reopen == Reopen::OnMessage && memory.0[REOPENED] != used.pack();
        Step::rung(used_in(hours, used)).filter(|&step| awaits && step != Step::FIRST)
    }

    /// Whether the reference is good for the session of this index. Beyond the calendar nothing is.
    fn standing(&self, index: usize, memory: &Memory) -> Standing {
        let date = |index: usize| self.spec.sessions.get(index).map(|session| session.date);
        let before = index.checked_sub(1).and_then(date);
        match date(index) {
            Some(date) if !self.spec.in_force(date) => Standing::Exempt,
            Some(_) if memory.0[REFERENCE] as i64 <= 0 => Standing::Doubt,
            Some(_) if before.is_some_and(|date| u64::from(date.0) == memory.0[REFERENCE_DATE]) => Standing::Reference,
            _ => Standing::Doubt,
        }
    }

    /// Nothing is tested until `until`: out of force, or not open yet.
    fn quiet(&self, until: Nanos) -> Answer {
        let limit = self.spec.rungs.first().map_or(0.0, |rung| rung.limits.limit.to_f64());
        let reading = Reading { level: Level::Normal, reason: Reason::None, limit, ..Reading::UNREADY };
        Answer {
            reading,
            band: Band { lo: 1, hi: i64::MAX, until },
            linear: Linear::constant(0.0),
            moved_last: None,
            is_new: false,
        }
    }

    fn breach(&self, step: Step, reading: Reading) -> Reading {
        let limit = self.spec.rung(step).map_or(0.0, |rung| rung.limits.limit.to_f64());
        Reading { level: Level::Breach, step, reason: Reason::Rung, limit, ..reading }
    }
}

/// What can be said of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Its reference is known.
    Reference,
    /// The ladder is not in force.
    Exempt,
    /// Neither.
    Doubt,
}

/// A firing that was noticed late, and the value that it fired at.
#[derive(Clone, Copy, Debug)]
struct Late {
    step: Step,
    value: f64,
}

/// The highest rung that has fired in this session, 0 for none.
fn used_in(hours: Hours<'_>, used: UsedRungs) -> u8 {
    if used.session == hours.session.date { used.rung } else { 0 }
}

fn unready(until: Nanos) -> Answer {
    let band = Band { lo: 1, hi: i64::MAX, until };
    Answer { reading: Reading::UNREADY, band, linear: Linear::constant(0.0), moved_last: None, is_new: false }
}

fn positive(field: &'static str, found: i64) -> Result<(), BadInput> {
    if found > 0 {
        return Ok(());
    }
    Err(BadInput {
        field,
        found: found as f64 / crate::model::units::Price::SCALE as f64,
        allowed: "prices above zero",
    })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
