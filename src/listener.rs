//! One breaker's ear on one feed: the rule with its windows, the confirmations, and the way from a reading to a
//! transition. Owned by the feed's thread.

mod short_way;
mod streak;
mod stretch;
mod trend;

use std::sync::Arc;

use self::streak::Streak;
use self::stretch::Stretch;
use crate::circuit::{Circuit, DenyOnUnwind, is_unready};
use crate::memory::board::Hold;
use crate::memory::breaker::transition;
use crate::memory::lines::{ANY_WORD, Cause, Said};
use crate::memory::prices::Owner;
use crate::model::error::FeedError;
use crate::model::event::{BreakerId, EventType};
use crate::model::intent::Lanes;
use crate::model::kind::Kind;
use crate::model::machine::{Decision, Input, step};
use crate::model::observation::{Channel, CheckId, Observation};
use crate::model::policy::{OnBadInput, Policy};
use crate::model::reading::{Level, Pending, Reading};
use crate::model::reason::Reason;
use crate::model::state::{State, Step};
use crate::model::status::{Authority, Signed, Status};
use crate::model::time::Nanos;
use crate::rule::{Answer, Band, Context, Linear, Mark, NEAR_MISS, Rule};
use crate::snapshot::Entry;

/// So many refusals in a row count as silence.
const REFUSALS_ARE_SILENCE: u32 = 10;

/// What became of an observation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Heard {
    Good,
    Refused(FeedError),
    /// Heard, but a reload has come in between: what to do about it is decided again under the new policy.
    Outdated,
}

#[derive(Debug)]
pub(crate) struct Listener {
    entry: Arc<Entry>,
    line: usize,
    rule: Rule,
    channel: Channel,
    /// Nothing changes for values inside, while the word is `seen`.
    band: Band,
    seen: u64,
    /// Values inside are sure to trip, under the same word, and what is denied then. Empty where a breach does not trip at
    /// once.
    sure: Band,
    denies: Lanes,
    /// The level that was decided on under it.
    decided: Level,
    last: Option<Mark>,
    reading: Reading,
    /// The value and the limit that whoever asks for the status is shown; `None` if a value has moved since.
    shown: Option<(f64, f64)>,
    /// The value before this observation, and when it was heard.
    before: Option<(f64, Nanos)>,
    streak: Streak,
    /// In the last twentieth before the limit, and not through it.
    near: bool,
    refusals_in_a_row: u32,
    rebases: u64,
    stretch: Stretch,
    /// Something has been published that the monitor must look at.
    news: bool,
}

impl Listener {
    pub(crate) fn new(circuit: &Circuit, entry: Arc<Entry>, line: usize, rule: Rule) -> Self {
        // What was asked of the feeds before this one was there is not for it.
        let (rebases, _) = circuit.board.breaker(entry.id.index()).rebase_asked();
        Self {
            channel: rule.channel(),
            denies: entry.policy.mask(Status::Tripped),
            entry,
            line,
            rule,
            band: Band::EMPTY,
            seen: 0,
            sure: Band::EMPTY,
            decided: Level::Unready,
            last: None,
            reading: Reading::UNREADY,
            shown: None,
            before: None,
            streak: Streak::default(),
            near: false,
            refusals_in_a_row: 0,
            rebases,
            stretch: Stretch::default(),
            news: false,
        }
    }

    pub(crate) fn line(&self) -> usize {
        self.line
    }

    pub(crate) fn name(&self) -> &str {
        &self.entry.name
    }

    pub(crate) fn id(&self) -> BreakerId {
        self.entry.id
    }

    /// Whether its rule wants to hear of every message's number.
    pub(crate) fn takes_sequences(&self) -> bool {
        self.rule.takes_sequences()
    }

    /// Whether its rule wants to hear the bid and the ask together.
    pub(crate) fn takes_quotes(&self) -> bool {
        self.rule.takes_quotes()
    }

    /// Whether its rule takes readings made elsewhere.
    pub(crate) fn takes_levels(&self) -> bool {
        self.rule.takes_levels()
    }

    /// Whether its rule asks for this check.
    pub(crate) fn expects(&self, check: CheckId) -> bool {
        self.rule.expects(check)
    }

    #[inline(always)]
    pub(crate) fn channel(&self) -> Channel {
        self.channel
    }

    /// Whether this value changes nothing: the word is the one that the last answer was given under, and the value is
    /// inside that answer's band. Then it is only noted.
    #[inline(always)]
    pub(crate) fn stays_quiet(&mut self, circuit: &Circuit, value: i64, at: Nanos) -> bool {
        let quiet = self.band.holds(value, at) && circuit.board.word(self.entry.id.index()) == self.seen;
        if quiet {
            let before = self.last.replace(Mark { value, at });
            self.refusals_in_a_row = 0;
            circuit.board.listener(self.line).hear(value, at);
            if before.is_none_or(|mark| mark.value != value) {
                self.shown = None;
                circuit.changed.touch(self.entry.id.index());
            }
        }
        quiet
    }

    /// Denies at once what is denied for certain when this value has been heard: the rule, the machine and what people want
    /// to know of it come after. To be dropped after [`hear`](Self::hear).
    #[inline(always)]
    pub(crate) fn hold<'a>(&self, circuit: &'a Circuit, value: i64, at: Nanos) -> Option<Hold<'a>> {
        let sure = self.sure.holds(value, at) && circuit.board.word(self.entry.id.index()) == self.seen;
        sure.then(|| circuit.board.hold(self.entry.scope, self.denies))
    }

    /// The whole way. `is_taken_in`: the rule has heard it already, with nothing due before it.
    fn hear_all(
        &mut self,
        circuit: &Circuit,
        outdated: &impl Fn() -> bool,
        observation: &Observation,
        at: Nanos,
        is_taken_in: bool,
    ) -> Heard {
        self.take_rebase(circuit, at);
        self.catch_up(circuit, at);
        self.begin_anew(circuit, at);
        let line = circuit.board.listener(self.line);
        self.before = line.numbers().map(|(value, _)| (value, line.heard()));
        let before = line.memory();
        let mut memory = before;
        let used = circuit.board.breaker(self.entry.id.index()).used_rungs();
        let context = Context { last: self.last, memory: &mut memory, used };
        let heard = if is_taken_in {
            // The last value is this one already.
            let last = match *observation {
                Observation::Value(_, value) => Some(Mark { value, at }),
                _ => context.last,
            };
            let answer = self.rule.evaluate(at, Context { last, ..context });
            Ok(Some(Answer { is_new: self.rule.is_new(observation), ..answer }))
        } else {
            self.rule.observe(observation, at, context)
        };
        let is_new = match heard {
            Err(bad) => {
                self.tell_monitor(circuit);
                self.refused(circuit, 1);
                return Heard::Refused(FeedError::bad(bad.field, bad.found, bad.allowed));
            }
            Ok(None) => {
                // A value that is held back: until it is settled no value is one like the last.
                if matches!(observation, Observation::Value(..)) {
                    self.band = Band::EMPTY;
                }
                self.tell_monitor(circuit);
                return Heard::Good;
            }
            Ok(Some(answer)) => {
                self.note_last(observation, &answer, at);
                if memory != before {
                    line.remember(&memory);
                }
                self.refusals_in_a_row = 0;
                line.note_last(self.last.map_or(0, |mark| mark.value));
                if self.rule.is_news(observation) {
                    line.refresh(at);
                }
                self.publish(circuit, &answer);
                answer.is_new
            }
        };
        if self.is_settled(circuit) {
            self.sure = self.sure_trip(circuit, at);
            self.tell_monitor(circuit);
            return Heard::Good;
        }
        self.decide(circuit, outdated, at, is_new)
    }

    fn note_last(&mut self, observation: &Observation, answer: &Answer, at: Nanos) {
        match (*observation, answer.moved_last) {
            (_, Some(value)) => self.last = self.last.map(|mark| Mark { value, ..mark }),
            (Observation::Value(_, value), None) => self.last = Some(Mark { value, at }),
            _ => {}
        }
    }

    /// Puts what the rule says where others can see it.
    fn publish(&mut self, circuit: &Circuit, answer: &Answer) {
        let line = circuit.board.listener(self.line);
        let Reading { level, step, reason, limit, .. } = answer.reading;
        if let Some(prices) = self.rule.prices() {
            circuit.board.prices(self.entry.scope).publish(Owner::line(self.line), prices);
        }
        self.count_near_miss(circuit, &answer.reading);
        self.reading = answer.reading;
        self.band = answer.band;
        line.publish_numbers(answer.linear, limit);
        // After the numbers: whoever takes the mark looks at them.
        self.note_change(circuit, answer.linear, limit);
        // Before the level and the look at the word: what has been said of the future is over with this reading.
        self.news |= line.publish_pending(ANY_WORD, &answer.reading.pending, circuit.epoch());
        self.news |= line.publish_level(Said { level, step, reason });
    }

    /// A reading that says what the last one said changes no status.
    fn note_change(&mut self, circuit: &Circuit, value: Linear, limit: f64) {
        // As whoever asks works it out, to the last bit.
        let shown = Some((value.at(self.last.map_or(0, |mark| mark.value)), limit));
        if core::mem::replace(&mut self.shown, shown) != shown {
            circuit.changed.touch(self.entry.id.index());
        }
    }

    /// A value that came within a twentieth of its limit and went away again.
    fn count_near_miss(&mut self, circuit: &Circuit, reading: &Reading) {
        let share = self.entry.rule.share_of_limit(reading.value, reading.limit);
        let near = reading.limit > 0.0 && share >= NEAR_MISS.to_f64();
        match (self.near, near, reading.level) {
            (_, _, Level::Breach) => self.near = false,
            (false, true, _) => self.near = true,
            (true, false, _) => {
                self.near = false;
                circuit.board.listener(self.line).count_near_miss();
                circuit.totals.near_misses.add(1);
            }
            _ => {}
        }
    }

    /// Runs the machine with the present reading. The level has been published before the word is looked at. What is
    /// no new reading (a heartbeat, a reload) adds nothing to a streak.
    fn decide(&mut self, circuit: &Circuit, outdated: &impl Fn() -> bool, at: Nanos, is_new: bool) -> Heard {
        if self.entry.grid.is_some_and(|grid| grid != self.line) {
            // This feed brings prices; what they mean together is decided on the grid.
            self.seen = circuit.board.word(self.entry.id.index());
            self.tell_monitor(circuit);
            return Heard::Good;
        }
        // Not the observation's time alone: one that lags would shorten the halt.
        let now = circuit.now().max(at);
        let index = self.entry.id.index();
        let mut look = Look::default();
        let moved = transition(&circuit.board, index, |state| {
            look = Look { word: state.pack(), streak: self.streak, due: None, outdated: outdated() };
            // After the word, before the policy: a reload publishes its panels before it moves the words.
            if look.outdated {
                return Decision::Stay;
            }
            let raw = self.reading.level;
            let level;
            (level, look.due) = match look.streak.confirm(raw, look.word, at, &self.entry.policy, is_new) {
                // Counted all the same: what follows it may be less certain.
                _ if raw == Level::Breach && self.rule.is_certain() => (raw, None),
                confirmed => confirmed,
            };
            let is_confirmed = level == Level::Breach;
            let Some(level) = self.level_for(circuit, state, now, level) else { return Decision::Stay };
            // What is silence already is no first value: it would open the gate for a whole patience.
            if is_unready(state) && level != Level::Breach && self.is_silent(circuit, now) {
                return Decision::Stay;
            }
            // Not confirmed yet, it holds what stands and begins nothing.
            if state.status == Status::Tripped && raw == Level::Breach && !is_confirmed {
                return Decision::Stay;
            }
            let input = Input::Read(level, self.reading.step, self.reason_of(level));
            step(state, input, &self.entry.policy, &circuit.moment(&self.entry, state, now))
        });
        if look.outdated {
            // What has been published stays so; the panel that takes over publishes and marks anew.
            circuit.mark(self.entry.id);
            return Heard::Outdated;
        }
        self.streak = look.streak;
        // Not a later word: on that one nothing has been decided, so the next value must not stay quiet under it.
        (self.seen, self.decided) = (look.word, self.reading.level);
        // A reading is never refused.
        if let Ok(Some(moved)) = moved {
            let Reading { value, limit, .. } = self.reading;
            let expected = match (moved.after.status, self.before) {
                (Status::Warning, Some(before)) => trend::breach_at(before, (value, at), limit),
                _ => None,
            };
            let cause =
                Cause { reason: moved.reason, value, limit, authority: Authority::Auto, actor: 0, at, expected };
            circuit.tell(&self.entry, &moved, cause);
            circuit.look_again(&self.entry, &moved);
            self.seen = moved.after.pack();
            self.streak.word = self.seen;
            if self.after_a_rung(circuit, moved.after, at) {
                return self.decide(circuit, outdated, at, is_new);
            }
        }
        self.begin_anew(circuit, at);
        // While tripped, cooling down or unready a reading like the last one may still end it, and a streak counts repeats.
        let state = State::unpack(self.seen);
        let repeats_matter = matches!(state.status, Status::Tripped | Status::Cooldown) || is_unready(state);
        if repeats_matter || self.streak.count > 0 {
            self.band = Band::EMPTY;
        }
        if let Some(due) = look.due.filter(|due| *due < self.reading.pending.due) {
            let line = circuit.board.listener(self.line);
            self.news |= line.publish_pending(self.seen, &self.breach_at(due), circuit.epoch());
        }
        self.sure = self.sure_trip(circuit, at);
        // The monitor last: it has no part in the halt.
        self.tell_monitor(circuit);
        Heard::Good
    }

    /// The values that are sure to trip under the word that was seen.
    fn sure_trip(&self, circuit: &Circuit, at: Nanos) -> Band {
        let Policy { enabled, confirm, confirm_for, liquidates, .. } = &self.entry.policy;
        let trips = matches!(State::unpack(self.seen).status, Status::Active | Status::Warning);
        // Without plain numbers there is no band of them; a liquidation denies something else than a trip.
        if self.channel == Channel::None || !trips || !enabled || *liquidates || *confirm > 1 || !confirm_for.is_zero()
        {
            return Band::EMPTY;
        }
        let mut memory = circuit.board.listener(self.line).memory();
        let used = circuit.board.breaker(self.entry.id.index()).used_rungs();
        self.rule.sure_breach(at, Context { last: self.last, memory: &mut memory, used })
    }

    /// Lets the monitor look again, if something has been published that may be due earlier.
    fn tell_monitor(&mut self, circuit: &Circuit) {
        if core::mem::take(&mut self.news) {
            circuit.mark(self.entry.id);
        }
    }

    fn breach_at(&self, due: Nanos) -> Pending {
        Pending { due, level: Level::Breach, step: self.reading.step, reason: self.reading.reason }
    }

    fn reason_of(&self, level: Level) -> Reason {
        match level {
            Level::Unready => Reason::NotReady,
            Level::Normal | Level::Elevated => Reason::ClearLevel,
            // Of another feed, or of a breach that is not confirmed.
            Level::Warn if self.reading.level != Level::Warn => Reason::WarnLevel,
            Level::Warn => self.reading.reason,
            Level::Breach => self.reading.reason,
        }
    }

    /// The level that the breaker is to follow: this feed's and the others'. `None`: nothing to decide.
    ///
    /// A breach that is not confirmed trips nothing yet, but it is no good reading either. A breach on another feed is
    /// that feed's to trip on; here it warns, and keeps standing what stands.
    fn level_for(&self, circuit: &Circuit, state: State, now: Nanos, confirmed: Level) -> Option<Level> {
        let status = state.status;
        let own = match status {
            Status::Active | Status::Warning => confirmed,
            Status::Cooldown if confirmed != self.reading.level => return None,
            _ => self.reading.level,
        };
        let others = self.entry.readings().filter(|line| *line != self.line);
        // Also what has come true in silence: one feed's good news does not end another one's doubt.
        let said = |line| circuit.said(&self.entry, line, state.pack(), now).level;
        let worst = others.map(said).reduce(Level::worst);
        match (worst, status) {
            (None, _) => Some(own),
            (Some(Level::Breach), Status::Active | Status::Warning) => Some(own.worst(Level::Warn)),
            (Some(Level::Breach), Status::Cooldown) if own != Level::Breach => None,
            (Some(worst), _) => Some(own.worst(worst)),
        }
    }

    /// Whether the last good observation of a feed is so old that it would be stale.
    fn is_silent(&self, circuit: &Circuit, now: Nanos) -> bool {
        let stale = |heard| self.entry.policy.stale_at(heard, Nanos(0)).is_some_and(|stale| now >= stale);
        let heard = self.entry.watch.iter().map(|watch| circuit.board.listener(watch.line).heard());
        heard.filter(|heard| *heard > Nanos(0)).any(stale)
    }

    /// A rung that has fired counts no more: the rule is asked again, so that what stands published is the next one. Whether
    /// that fires at the same price, in its turn.
    fn after_a_rung(&mut self, circuit: &Circuit, after: State, at: Nanos) -> bool {
        if self.entry.kind != Kind::MarketCircuitBreaker || after.status != Status::Tripped {
            return false;
        }
        self.evaluate(circuit, at);
        self.reading.level == Level::Breach && self.reading.step > after.step
    }

    /// Asks the rule for an answer without a new observation.
    fn evaluate(&mut self, circuit: &Circuit, at: Nanos) {
        let line = circuit.board.listener(self.line);
        let mut memory = line.memory();
        let used = circuit.board.breaker(self.entry.id.index()).used_rungs();
        let answer = self.rule.evaluate(at, Context { last: self.last, memory: &mut memory, used });
        line.remember(&memory);
        self.publish(circuit, &answer);
    }

    /// What has come true in silence before this observation comes first, also if the monitor is late.
    fn catch_up(&self, circuit: &Circuit, at: Nanos) {
        let word = circuit.board.word(self.entry.id.index());
        let line = circuit.board.listener(self.line);
        if let Some(p) = circuit.pending(&self.entry, line, word).filter(|p| p.due <= at) {
            circuit.come_true(&self.entry, p, p.due.max(circuit.now()));
        }
    }

    /// A baseline that an operator has set anew since the last time.
    fn take_rebase(&mut self, circuit: &Circuit, at: Nanos) {
        let (asked, to) = circuit.board.breaker(self.entry.id.index()).rebase_asked();
        if asked == self.rebases {
            return;
        }
        self.rebases = asked;
        let line = circuit.board.listener(self.line);
        let mut memory = line.memory();
        self.rule.rebase(crate::Money::from_raw(to), &mut memory);
        line.remember(&memory);
        self.evaluate(circuit, at);
    }

    /// Takes over from the listener of the panel before: everything if nothing has changed, the windows if they fit.
    /// Neither allocates nor frees.
    pub(crate) fn inherit(&mut self, old: &mut Self) {
        if old.entry.id != self.entry.id {
            return;
        }
        if old.entry.revision == self.entry.revision {
            core::mem::swap(self, old);
            core::mem::swap(&mut self.entry, &mut old.entry);
            return;
        }
        self.rule.inherit(&mut old.rule);
        let (new_policy, old_policy) = (&self.entry.policy, &old.entry.policy);
        if (new_policy.confirm, new_policy.confirm_for) == (old_policy.confirm, old_policy.confirm_for) {
            self.streak = old.streak;
        }
        (self.last, self.near, self.rebases, self.stretch) = (old.last, old.near, old.rebases, old.stretch);
    }

    /// Makes what stands published agree with the rule, under a new policy or a new claimant. A reload that has come in
    /// between meanwhile decides anew, with the panel that it has left.
    pub(crate) fn resume(&mut self, circuit: &Circuit, outdated: &impl Fn() -> bool) {
        let now = circuit.now();
        self.take_rebase(circuit, now);
        let heard = circuit.board.listener(self.line).heard();
        // Never heard anything: what stands published, unready, is right, unless that says something, too.
        if heard == Nanos(0) && self.last.is_none() && !self.rule.speaks_first() {
            return;
        }
        let guard = DenyOnUnwind::new(circuit);
        self.begin_anew(circuit, now.max(heard));
        self.evaluate(circuit, now.max(heard));
        self.seen = 0;
        let _ = self.decide(circuit, outdated, now.max(heard), false);
        guard.done();
    }

    /// Counts refused observations; those that are told together are one of a run. The first of a run is told, the tenth
    /// counts as silence.
    #[cold]
    pub(crate) fn refused(&mut self, circuit: &Circuit, count: u32) {
        circuit.board.listener(self.line).count_refusals(count);
        circuit.totals.bad_inputs.add(count.into());
        self.refusals_in_a_row = self.refusals_in_a_row.saturating_add(1);
        let now = circuit.now();
        if self.refusals_in_a_row == 1 {
            let by = Signed::AUTO;
            circuit.publish(circuit.note(Some(&self.entry), EventType::BadInput, Reason::BadInput, by));
        }
        if self.entry.policy.on_bad_input == OnBadInput::Trip {
            let input = Input::Read(Level::Breach, Step::FIRST, Reason::BadInput);
            // A reading is never refused.
            let _ = circuit.put(self.entry.id, input, now, Signed::AUTO);
        } else if self.refusals_in_a_row == REFUSALS_ARE_SILENCE {
            circuit.go_stale(&self.entry, now);
        }
    }
}

/// What a decision was made on.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    word: u64,
    streak: Streak,
    /// When a breach that is not confirmed yet will be, by time alone.
    due: Option<Nanos>,
    outdated: bool,
}
