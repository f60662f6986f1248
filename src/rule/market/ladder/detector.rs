//! The market-wide ladder: declines (or rises) of an index against the official close of the session before.
//!
//! ```text
//! move  = reference - price  (down),  price - reference  (up),  |price - reference|  (both)
//! value = max(0, move) / reference
//! a rung is reached   when  move * 1e9 >= limit * reference                       in integers, exactly
//!                     and   move >= move at the firing before + further * reference   (`further`, after a firing)
//!                     and   one of its windows is open
//! it fires            when  it has been reached for `lasting`, the highest first
//! ```
//!
//! Prices are raw `Price` (1e-9), ratios raw `Ratio` (1e-9). All numbers come from the plan; for the US market they are
//! those of NYSE Rule 7.12 (7, 13 and 20 %).
//!
//! A reference is good for one session only, that after the session whose close it is. After the closing bell the next
//! session counts, so the reference is spent and the ladder is unready until the new one is told. Where every halt ends
//! with its session (`HaltEnd::Close`) it rests between sessions, and is unready from the next open on.
//!
//! It is a level, not an edge: the first price of the day may lie beyond any rung. A rung that has fired (`used`,
//! which belongs to the breaker) and those below it say nothing more in that session.
//!
//! Cost of a call: O(rungs * windows), a binary search in the calendar; no allocation. Memory: 168 bytes; the rungs and the
//! calendar are the plan's, shared by all that have them.

use core::time::Duration;
use std::sync::Arc;

use super::scale::Scale;
use crate::model::ladder::{Ladder as Spec, Reopen, Rung, Window};
use crate::model::observation::{Channel, Observation, VenueStatus};
use crate::model::policy::Policy;
use crate::model::reading::{Level, Pending, Reading};
use crate::model::reason::Reason;
use crate::model::session::{Date, Session};
use crate::model::state::Step;
use crate::model::time::Nanos;
use crate::model::units::Ratio;
use crate::rule::{Answer, BadInput, Band, Context, Detect, Linear, Mark, Memory, NEAR_MISS, UsedRungs};

/// The words of its memory: the reference (raw; 0 is none) and the date of its session,
const REFERENCE: usize = 0;
const REFERENCE_DATE: usize = 1;
/// the price at which the last rung fired, and which rung in which session that was,
const FIRED_PRICE: usize = 2;
const FIRED_RUNG: usize = 3;
/// and after which firing the venue said that it trades again.
const REOPENED: usize = 4;

/// The most rungs: what a `Step` can count.
const RUNGS: usize = Step::LAST.number() as usize;
/// The shortest time.
const TICK: Duration = Duration::from_nanos(1);

/// The rule of one ladder on one feed.
#[derive(Debug)]
pub(crate) struct Detector {
    spec: Arc<Spec>,
    reached: Reached,
}

impl Detect for Detector {
    type Spec = Arc<Spec>;

    fn new(spec: &Arc<Spec>, _policy: &Policy) -> Self {
        Self { spec: spec.clone(), reached: Reached::default() }
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

    /// Beyond the lowest rung whose window is open, if it need not last.
    fn sure_breach(&self, at: Nanos, Context { last, memory, used }: Context<'_>) -> Band {
        let sure = || {
            let index = self.spec.sessions.current_or_next(at).filter(|_| self.spec.lasting.is_zero())?;
            let session = self.spec.sessions.get(index).filter(|session| trades(session, at))?;
            let price = last.filter(|last| trades(session, last.at))?.value;
            if self.standing(index, memory) != Standing::Reference {
                return None;
            }
            let scene = self.scene(session, at, price, memory, used);
            let rung = scene.measure().filter(|rung| scene.open_until(rung).is_some())?;
            let need = scene.need(rung);
            let [below, _] = scene.scale.edges(need);
            let falls = scene.scale.linear(price).slope < 0.0;
            // A rise beyond all prices is reached by none.
            let (lo, hi) =
                if falls { (1, below.saturating_sub(1)) } else { (scene.scale.reference.checked_add(need)?, i64::MAX) };
            Some(Band { lo, hi, until: scene.until() })
        };
        sure().unwrap_or(Band::EMPTY)
    }

    /// Takes over how long each rung has been reached, where its windows are the same.
    fn inherit(&mut self, old: &mut Self) {
        if self.spec.sessions != old.spec.sessions {
            return;
        }
        core::mem::swap(&mut self.reached, &mut old.reached);
        for (index, run) in self.reached.runs.iter_mut().enumerate() {
            let (new, old) = (self.spec.rungs.get(index), old.spec.rungs.get(index));
            if new.map(|rung| &rung.windows) != old.map(|rung| &rung.windows) {
                *run = None;
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
        if let Some(fired) = self.fired_elsewhere(at, used) {
            self.assess(fired, last, memory, used);
        }
        // Each round uses up a rung at least.
        while let (Some((due, step)), Some(last)) = (self.next_due(at, used), last) {
            used = UsedRungs { session: self.reached.session, rung: step.number() };
            late = Some(Late { step, value: self.scale(memory).value(last.value) });
            self.remember_firing(Some(last), due, memory, used);
            self.assess(due, Some(last), memory, used);
        }
        (used, late)
    }

    /// When a rung that was reached has been used up since it was last asked: at its time, by the clock; or else, by
    /// another feed, nobody knows.
    fn fired_elsewhere(&self, at: Nanos, used: UsedRungs) -> Option<Nanos> {
        let Reached { session, asked, runs } = &self.reached;
        let used = if used.session == *session { usize::from(used.rung).min(RUNGS) } else { 0 };
        let fired = runs[..used].iter().flatten();
        let dues =
            fired.map(|run| run.due(self.spec.lasting).filter(|due| asked < due && *due <= at).unwrap_or(*asked));
        dues.min()
    }

    /// The rung whose time was full first, after it was last asked and by `at`; the highest of those at one time.
    fn next_due(&self, at: Nanos, used: UsedRungs) -> Option<(Nanos, Step)> {
        let Reached { session, asked, runs } = &self.reached;
        let now = self.spec.sessions.get(self.spec.sessions.current_or_next(at)?)?;
        if now.date != *session {
            return None; // what fired in a session that is over halts nothing
        }
        let used = if used.session == *session { usize::from(used.rung) } else { 0 };
        let dues = runs.iter().enumerate().skip(used).rev();
        let dues = dues.filter_map(|(index, run)| Some((run.as_ref()?.due(self.spec.lasting)?, step(index))));
        dues.filter(|(due, _)| *asked < *due && *due <= at).min_by_key(|(due, _)| *due)
    }

    fn scale(&self, memory: &Memory) -> Scale {
        Scale { direction: self.spec.direction, reference: memory.0[REFERENCE] as i64 }
    }

    /// Notes at which price a rung fired, once. The firing itself may have come from the clock or from another feed.
    fn remember_firing(&self, last: Option<Mark>, at: Nanos, memory: &mut Memory, used: UsedRungs) {
        let index = self.spec.sessions.current_or_next(at);
        if let Some(session) = index.and_then(|index| self.spec.sessions.get(index))
            && let Some(last) = last
            && used_in(session, used) > 0
            && used.pack() > memory.0[FIRED_RUNG]
            && trades(session, last.at)
        {
            memory.0[FIRED_RUNG] = used.pack();
            memory.0[FIRED_PRICE] = last.value as u64;
        }
    }

    /// What can be said of the last price alone.
    fn assess(&mut self, at: Nanos, last: Option<Mark>, memory: &Memory, used: UsedRungs) -> Answer {
        // Only a price under a good reference keeps what was reached.
        let reached = core::mem::take(&mut self.reached);
        let Some(index) = self.spec.sessions.current_or_next(at) else { return unready(Nanos::NEVER) };
        let Some(&session) = self.spec.sessions.get(index) else { return unready(Nanos::NEVER) };
        let end = session.close + TICK;
        let mut answer = match self.standing(index, memory) {
            Standing::Doubt if self.rests_until(&session, at) => self.quiet(session.open),
            Standing::Doubt => unready(end),
            Standing::Exempt => self.quiet(end),
            Standing::Reference if at <= session.open => self.quiet((session.open + TICK).min(end)),
            Standing::Reference => match last.filter(|last| trades(&session, last.at)) {
                None => Answer { band: Band::EMPTY, ..self.quiet(end) },
                Some(last) => {
                    let scene = self.scene(&session, at, last.value, memory, used);
                    let reached = scene.reached(&reached);
                    let answer = scene.answer(&reached);
                    self.reached = reached;
                    answer
                }
            },
        };
        if let Some(step) = self.awaits_venue(&session, memory, used)
            && answer.reading.level != Level::Breach
        {
            answer.reading = self.breach(step, answer.reading);
        }
        if answer.reading.level != Level::Unready
            && let Some(due) = self.lacks_reference_from(index, at, memory)
        {
            let spent = Pending { due, level: Level::Unready, step: Step::FIRST, reason: Reason::NotReady };
            answer.reading.pending = answer.reading.pending.earlier(spent);
        }
        answer
    }

    /// Whether it waits for this session, and needs no reference until then.
    fn rests_until(&self, session: &Session, at: Nanos) -> bool {
        at < session.open && self.spec.rests_between_sessions()
    }

    /// From when on it will have no good reference in silence: from the session of this index on, or after it.
    fn lacks_reference_from(&self, index: usize, at: Nanos, memory: &Memory) -> Option<Nanos> {
        let session = self.spec.sessions.get(index)?;
        let doubts = |index| self.standing(index, memory) == Standing::Doubt;
        if doubts(index) && self.rests_until(session, at) {
            return Some(session.open);
        }
        let next = self.spec.sessions.get(index + 1).filter(|_| self.spec.rests_between_sessions());
        doubts(index + 1).then(|| next.map_or(session.close + TICK, |next| next.open))
    }

    fn scene<'a>(&'a self, session: &'a Session, at: Nanos, price: i64, memory: &Memory, used: UsedRungs) -> Scene<'a> {
        Scene {
            spec: &self.spec,
            session,
            scale: self.scale(memory),
            used: used_in(session, used),
            fired: (memory.0[FIRED_RUNG] == used.pack()).then_some(memory.0[FIRED_PRICE] as i64),
            at,
            price,
        }
    }

    /// The rung that fired in this session, if only the venue's word ends its halt and has not been heard since.
    fn awaits_venue(&self, session: &Session, memory: &Memory, used: UsedRungs) -> Option<Step> {
        let awaits = self.spec.reopen == Reopen::OnMessage && memory.0[REOPENED] != used.pack();
        Step::rung(used_in(session, used)).filter(|&step| awaits && step != Step::FIRST)
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

/// Since when each rung has been reached, in one session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Reached {
    session: Date,
    /// When that was looked at last.
    asked: Nanos,
    runs: [Option<Run>; RUNGS],
}

/// A rung is reached from `since` on; its windows leave no gap up to `until`, included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    since: Nanos,
    until: Nanos,
}

impl Run {
    /// When it will have lasted long enough; `None` if its windows end before.
    fn due(self, lasting: Duration) -> Option<Nanos> {
        Some(self.since + lasting).filter(|due| *due <= self.until)
    }
}

/// One price among the rungs of one session.
struct Scene<'a> {
    spec: &'a Spec,
    session: &'a Session,
    scale: Scale,
    used: u8,
    fired: Option<i64>,
    at: Nanos,
    price: i64,
}

impl Scene<'_> {
    fn unused(&self) -> impl Iterator<Item = (usize, &Rung)> {
        self.spec.rungs.iter().enumerate().take(RUNGS).skip(usize::from(self.used))
    }

    /// The least move that reaches a rung.
    fn need(&self, rung: &Rung) -> i64 {
        let own = self.scale.need(rung.limits.limit);
        match self.fired {
            Some(price) if self.used > 0 && rung.further > Ratio::ZERO => {
                own.max(self.scale.moved(price).saturating_add(self.scale.need(rung.further)))
            }
            _ => own,
        }
    }

    /// Since when each rung has been reached: those of `before` go on if they still are.
    fn reached(&self, before: &Reached) -> Reached {
        let mut reached = Reached { session: self.session.date, asked: self.at, ..Reached::default() };
        for (index, rung) in self.unused() {
            if self.scale.moved(self.price) < self.need(rung) {
                continue;
            }
            let going = before.runs[index].filter(|run| before.session == self.session.date && self.at <= run.until);
            let begins = || self.open_until(rung).map(|until| Run { since: self.at, until });
            reached.runs[index] = going.or_else(begins);
        }
        reached
    }

    /// The last instant up to which the windows of a rung leave no gap from now; `None` if none is open now.
    fn open_until(&self, rung: &Rung) -> Option<Nanos> {
        let mut end = None;
        let mut at = self.at;
        // Each round goes on in a later window, so there are no more rounds than windows.
        for _ in &rung.windows {
            let spans = rung.windows.iter().map(|window| span(self.spec, self.session, window));
            match spans.filter(|(first, last)| *first <= at && at <= *last).map(|(_, last)| last).max() {
                Some(last) => end = Some(last.min(self.session.close)),
                None => break,
            }
            at = end.map_or(at, |last| last + TICK);
        }
        end
    }

    /// The rung that the move is measured against: the lowest that can fire now, else the lowest, else the last.
    fn measure(&self) -> Option<&Rung> {
        let rungs = || self.unused().map(|(_, rung)| rung);
        rungs().find(|rung| self.open_until(rung).is_some()).or_else(|| rungs().next())
    }

    fn answer(&self, reached: &Reached) -> Answer {
        let measure = self.measure();
        let limit = measure.or(self.spec.rungs.last()).map_or(0.0, |rung| rung.limits.limit.to_f64());
        let mut reading = Reading {
            level: measure.map_or(Level::Normal, |rung| self.level(rung)),
            value: self.scale.value(self.price),
            limit,
            reason: Reason::None,
            ..Reading::UNREADY
        };
        let due = |index: &usize| reached.runs[*index].and_then(|run| run.due(self.spec.lasting));
        if reached.runs.iter().any(Option::is_some) {
            reading.level = Level::Warn;
        }
        if reading.level == Level::Warn {
            reading.reason = Reason::WarnLevel;
        }
        if let Some(index) = (0..RUNGS).rev().find(|index| due(index).is_some_and(|due| due <= self.at)) {
            let limit = self.spec.rungs.get(index).map_or(0.0, |rung| rung.limits.limit.to_f64());
            reading = Reading { level: Level::Breach, step: step(index), reason: Reason::Rung, limit, ..reading };
        }
        // From the highest rung down, so that of two at the same time the higher one counts.
        for index in (usize::from(reading.step.number())..RUNGS).rev() {
            if let Some(due) = due(&index).filter(|due| *due > self.at) {
                let comes = Pending { due, level: Level::Breach, step: step(index), reason: Reason::Rung };
                reading.pending = reading.pending.earlier(comes);
            }
        }
        let until = self.until().min(reading.pending.due);
        Answer {
            reading,
            band: self.band(measure, until),
            linear: self.scale.linear(self.price),
            moved_last: None,
            is_new: false,
        }
    }

    /// What a move says of a rung that does not fire.
    fn level(&self, rung: &Rung) -> Level {
        let moved = self.scale.moved(self.price);
        if moved >= self.scale.need(rung.limits.warn) {
            Level::Warn
        } else if moved >= self.scale.need(rung.limits.clear) {
            Level::Elevated
        } else {
            Level::Normal
        }
    }

    /// The first time after now at which a window opens, has closed, or the session has.
    fn until(&self) -> Nanos {
        let windows = self.unused().flat_map(|(_, rung)| &rung.windows);
        let edges = windows.flat_map(|window| {
            let (first, last) = span(self.spec, self.session, window);
            [first, last + TICK]
        });
        edges.filter(|edge| *edge > self.at).fold(self.session.close + TICK, Nanos::min)
    }

    /// The prices between the levels that are nearest to this one.
    fn band(&self, measure: Option<&Rung>, until: Nanos) -> Band {
        // Two edges for each need of a rung, for the three levels of the one measured, and where the value bends. An
        // edge at the minimum parts nothing.
        let mut edges = [[i64::MIN; 2]; RUNGS + 4];
        let measured = measure.map(|rung| rung.limits).map(|l| [l.warn, l.clear, l.limit.times(NEAR_MISS)]);
        let needs = self.unused().map(|(_, rung)| self.need(rung));
        let levels = measured.into_iter().flatten().map(|level| self.scale.need(level));
        let pairs = needs.chain(levels).map(|need| self.scale.edges(need));
        for (slot, pair) in edges.iter_mut().zip(pairs.chain([self.scale.bend()])) {
            *slot = pair;
        }
        let band = Band::around(self.price, edges.as_flattened(), until);
        Band { lo: band.lo.max(1), ..band }
    }
}

/// The first and the last instant of a window, both included.
fn span(spec: &Spec, session: &Session, window: &Window) -> (Nanos, Nanos) {
    let (from, until) = (window.from.at(session), window.until.at(session));
    let first = if from == session.open { from + TICK } else { from };
    let last = if spec.cutoff_inclusive || until == session.close { until } else { until - TICK };
    (first, last)
}

/// Whether a price heard then counts: after the open, up to the close.
fn trades(session: &Session, at: Nanos) -> bool {
    at > session.open && at <= session.close
}

/// The highest rung that has fired in this session, 0 for none.
fn used_in(session: &Session, used: UsedRungs) -> u8 {
    if used.session == session.date { used.rung } else { 0 }
}

/// The step of the rung at an index.
fn step(index: usize) -> Step {
    u8::try_from(index + 1).ok().and_then(Step::rung).unwrap_or(Step::LAST)
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
