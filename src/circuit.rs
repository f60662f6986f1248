//! What all parts of a System share: the Board, the registry, the rings, and what the winner of a transition owes.
//!
//! A transition is decided on the word, then the policy, then whatever else is known, in this order, and every look is
//! repeated when the swap is lost (see [`transition`]). Once it is won the halt stands; only then its cause is
//! published, its breaker marked for the monitor, and its event put into a ring.

#[cfg(all(test, not(loom)))]
mod clock_tests;
mod pending;

use core::time::Duration;
use std::sync::Arc;

use crate::memory::board::Board;
use crate::memory::breaker::{Moved, transition};
use crate::memory::dirty::DirtySet;
use crate::memory::doorbell::Doorbell;
use crate::memory::lines::{BreakerLine, Cause, ListenerLine, Said};
use crate::memory::numbers::Numbers;
use crate::memory::orderings::at;
use crate::memory::ring::Ring;
use crate::memory::sync::{Flag, SnapshotCell, fence_unless_relaxed};
use crate::memory::totals::Totals;
use crate::memory::wall::Wall;
use crate::model::caps::{Caps, Skew};
use crate::model::error::FeedError;
use crate::model::event::{BreakerId, Event, EventType};
use crate::model::kind::Kind;
use crate::model::machine::{Input, Moment, Refusal, step};
use crate::model::policy::OnStale;
use crate::model::reading::{Level, Standing};
use crate::model::reason::Reason;
use crate::model::scope::ScopeId;
use crate::model::session::Place;
use crate::model::state::{State, Step};
use crate::model::status::{Authority, Signed, Status};
use crate::model::time::{Epoch, Nanos};
use crate::rule::UsedRungs;
use crate::snapshot::{Entry, Snapshot};

/// What is older was not stamped in nanoseconds since 1970, but in milliseconds, say. Days are no mistake: a mark may be the last
/// one before a holiday.
const MOST_BEHIND: Duration = Duration::from_secs(365 * 86_400);

/// Where time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// The caller tells it.
    Manual,
    /// The machine's wall clock, never running backwards nor standing still.
    Wall,
}

/// The shared heart of a System. Gates and feeds hold it, so it outlives the System if they do.
#[derive(Debug)]
pub(crate) struct Circuit {
    pub(crate) board: Arc<Board>,
    pub(crate) snapshot: SnapshotCell<Snapshot>,
    /// For the monitor: whose deadlines may be others.
    pub(crate) dirty: DirtySet,
    /// For who asks how everything stands: whose word or value has changed.
    pub(crate) changed: DirtySet,
    pub(crate) totals: Totals,
    pub(crate) urgent: Ring,
    pub(crate) routine: Ring,
    pub(crate) dispatch_bell: Doorbell,
    pub(crate) monitor_bell: Doorbell,
    pub(crate) skew: Skew,
    pub(crate) closed: Flag,
    pub(crate) numbers: Numbers,
    /// Without one the caller tells the time.
    wall: Option<Wall>,
    id: u64,
}

impl Circuit {
    pub(crate) fn new(board: Board, snapshot: Snapshot, caps: &Caps, skew: Skew, clock: Clock) -> Self {
        Self {
            board: Arc::new(board),
            id: snapshot.system,
            snapshot: SnapshotCell::new(snapshot),
            dirty: DirtySet::new(caps.breakers as usize),
            changed: DirtySet::new(caps.breakers as usize),
            totals: Totals::new(),
            urgent: Ring::new(caps.ring),
            routine: Ring::new(caps.ring),
            dispatch_bell: Doorbell::new(),
            monitor_bell: Doorbell::new(),
            skew,
            closed: Flag::new(),
            numbers: Numbers::new(),
            wall: (clock == Clock::Wall).then(Wall::new),
        }
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.board.epoch()
    }

    /// System time: what was told last, or the wall clock; never backwards.
    pub(crate) fn now(&self) -> Nanos {
        if let Some(wall) = &self.wall {
            let now = wall.now();
            self.board.advance(now);
            // Stepped forward, over the end of the monitor's sleep.
            if wall.is_overdue(now) {
                self.monitor_bell.ring();
            }
        }
        self.board.now()
    }

    /// Whether an observation of this time may come in after one of `last`. No time below `horizon` is too far ahead; it moves on.
    pub(crate) fn admit(&self, at: Nanos, last: Nanos, horizon: &mut Nanos) -> Result<(), FeedError> {
        let Skew { max_ahead, max_backstep } = self.skew;
        if at < last - max_backstep {
            return Err(FeedError::backwards((last - at).as_secs_f64()));
        }
        if at < *horizon {
            return Ok(());
        }
        let now = self.now();
        if at > now + max_ahead {
            return Err(FeedError::ahead((at - now).as_secs_f64()));
        }
        if at < now - MOST_BEHIND {
            return Err(FeedError::behind((now - at).as_secs_f64()));
        }
        *horizon = now + max_ahead + Duration::from_nanos(1);
        Ok(())
    }

    /// The monitor goes to sleep; whoever sees that it should be awake wakes it.
    pub(crate) fn sleep_until(&self, due: Nanos, has_work: impl Fn() -> bool) {
        if let Some(wall) = &self.wall {
            wall.await_until(due);
        }
        let longest = (due != Nanos::NEVER).then(|| due - self.now());
        self.monitor_bell.sleep(longest, has_work);
    }

    /// The registry of now. A snapshot that is not ours means corrupted memory: then nothing is decided any more.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        let snapshot = self.snapshot.load();
        if snapshot.system != self.id {
            self.board.arm().panicked();
        }
        snapshot
    }

    /// Puts `input` to a breaker at `now`, under the policy that stands after the look at its word.
    ///
    /// # Errors
    /// What the machine refuses, and [`Refusal::WrongStatus`] for a breaker that is no more.
    pub(crate) fn put(&self, id: BreakerId, input: Input, now: Nanos, by: Signed) -> Result<Option<Moved>, Refusal> {
        self.put_what(id, |_| input, now, by)
    }

    /// The same for an input that depends on the breaker as it stands after the look at its word.
    fn put_what(
        &self,
        id: BreakerId,
        what: impl Fn(&Entry) -> Input,
        now: Nanos,
        by: Signed,
    ) -> Result<Option<Moved>, Refusal> {
        let (mut entry, mut input) = (None, Input::Elapsed);
        let moved = transition(&self.board, id.index(), |state| {
            let snapshot = self.snapshot();
            let Some(found) = snapshot.entry(id) else {
                return crate::model::machine::Decision::Refuse(Refusal::WrongStatus);
            };
            input = what(found);
            let decision = step(state, input, &found.policy, &self.moment(found, state, now));
            entry = Some(found.clone());
            decision
        })?;
        if let (Some(entry), Some(moved)) = (&entry, &moved) {
            self.tell(entry, moved, self.cause(entry, moved, by, now));
            // Who forces a reset knows that the cause stands; the next reading will say so again.
            if !matches!(input, Input::Reset { force: true, .. }) {
                self.look_again(entry, moved);
            }
            // A plan's new hours hold at once.
            if matches!(input, Input::Install | Input::PolicyChanged) {
                self.keep_time(entry);
            }
        }
        Ok(moved)
    }

    /// Lets a breaker that goes by the clock follow it. The clock is looked at after the word, so that nobody who was slow
    /// undoes what a later look has done.
    pub(crate) fn keep_time(&self, entry: &Entry) {
        if entry.rule.by_clock(Nanos(0)).is_none() {
            return;
        }
        let what = |entry: &Entry| match entry.rule.by_clock(self.now()) {
            Some(hour) => Input::Read(hour.level, Step::FIRST, hour.reason),
            None => Input::Elapsed,
        };
        // A reading is never refused.
        let _ = self.put_what(entry.id, what, self.now(), Signed::AUTO);
    }

    /// After a way back was won: a breach, or doubt, that a feed noted while the breaker was tripped, after our look at it,
    /// would be forgotten. The feed notes, fences, looks at the word; we have swapped the word, fence, and look at its
    /// note.
    pub(crate) fn look_again(&self, entry: &Entry, moved: &Moved) {
        fence_unless_relaxed(at::cross_fence());
        let left =
            !matches!(moved.before.status, Status::Active | Status::Warning) && moved.after.status != Status::Retired;
        if !left || moved.after.status == Status::Tripped {
            return;
        }
        let now = self.now();
        let Some(said) = self.worst(entry, self.board.word(entry.id.index()), now) else { return };
        let counts = match said.level {
            // A breach that asks for confirmations begins to count them with the feed's next observation.
            Level::Breach => entry.policy.confirm <= 1 && entry.policy.confirm_for.is_zero(),
            Level::Unready => true,
            _ => false,
        };
        if counts {
            // Refused only where the machine says that a reading means nothing.
            let _ = self.put(entry.id, Input::Read(said.level, said.step, said.reason), now, Signed::AUTO);
        }
    }

    /// What is known beside the word.
    pub(crate) fn moment(&self, entry: &Entry, state: State, now: Nanos) -> Moment {
        let window = entry.policy.auto_reset_window;
        let counted = entry.policy.max_auto_resets.is_some();
        let line = self.board.breaker(entry.id.index());
        Moment {
            now,
            epoch: self.epoch(),
            standing: self.standing(entry, state.pack(), now),
            in_doubt: state.status == Status::Tripped && line.cause(state.pack()).is_some_and(is_for_doubt),
            auto_resets: if counted { line.auto_resets_since(self.epoch().floor(now - window)) } else { 0 },
        }
    }

    /// The cause of a breaker as its feeds see it.
    pub(crate) fn standing(&self, entry: &Entry, word: u64, now: Nanos) -> Standing {
        let Some(worst) = self.worst(entry, word, now) else { return Standing::NoReadings };
        let silent = |line: &ListenerLine| {
            line.level().level != Level::Unready
                && entry.policy.stale_at(line.heard(), Nanos(0)).is_some_and(|stale| now >= stale)
        };
        if worst.level != Level::Breach && entry.watch.iter().any(|w| silent(self.board.listener(w.line))) {
            return Standing::Silent;
        }
        Standing::Last(worst.level)
    }

    /// The worst of what the feeds said last, what has come true in silence included; or what the clock says. `None`
    /// without either.
    fn worst(&self, entry: &Entry, word: u64, now: Nanos) -> Option<Said> {
        if let Some(hour) = entry.rule.by_clock(now) {
            return Some(Said { level: hour.level, step: Step::FIRST, reason: hour.reason });
        }
        let each = entry.readings().map(|line| self.said(entry, line, word, now));
        each.reduce(|a, b| if a.level.worst(b.level) == a.level { a } else { b })
    }

    /// The numbers that belong to a move: those of the reading if there is one.
    fn cause(&self, entry: &Entry, moved: &Moved, by: Signed, at: Nanos) -> Cause {
        let (value, limit) = self.numbers(entry);
        Cause { reason: moved.reason, value, limit, authority: by.authority, actor: by.actor, at, expected: None }
    }

    /// The value closest to its limit among the feeds.
    pub(crate) fn numbers(&self, entry: &Entry) -> (f64, f64) {
        let numbers = entry.readings().filter_map(|line| self.board.listener(line).numbers());
        let share = |numbers: &(f64, f64)| entry.rule.share_of_limit(numbers.0, numbers.1);
        numbers.max_by(|a, b| share(a).total_cmp(&share(b))).unwrap_or_default()
    }

    /// Why a word was entered, if it is known. A price band that warns tells why it does now; a breaker that waits for checks or for the
    /// clock what it waits for now: since it has tripped, at the last session's end perhaps, some checks have come, or a blackout has begun.
    pub(crate) fn why(&self, entry: &Entry, word: u64) -> Option<Cause> {
        let cause = self.board.breaker(entry.id.index()).cause(word)?;
        let waits = matches!(entry.kind, Kind::PremarketValidation | Kind::TimeBased);
        // A quote beyond a band may have come to stand at it since.
        let warns = entry.rule.band().is_some() && State::unpack(word).status == Status::Warning;
        if !(waits || warns) || cause.authority != Authority::Auto {
            return Some(cause);
        }
        let stands = |said: &Said| said.level == if warns { Level::Warn } else { Level::Breach };
        let Some(said) = self.worst(entry, word, self.now()).filter(stands) else { return Some(cause) };
        // What has come true in silence has no numbers of its own.
        let (value, limit) = Some(self.numbers(entry)).filter(|(value, limit)| value >= limit).unwrap_or_default();
        Some(Cause { reason: said.reason, value, limit, ..cause })
    }

    /// What a breaker has to say to people beside its reason.
    pub(crate) fn remark(&self, entry: &Entry, cause: &Cause) -> Option<String> {
        if cause.authority != Authority::Auto {
            return None;
        }
        let memories = entry.watch.iter().map(|watch| self.board.listener(watch.line).memory());
        entry.rule.remark(&entry.policy, memories, self.now())
    }

    /// When time ends a status, `None` if it does not: its deadline, or when the clock lets go what it has tripped.
    pub(crate) fn until(&self, entry: &Entry, state: State) -> Option<Nanos> {
        let deadline = entry.policy.deadline(state, self.epoch()).map(|due| self.epoch().nanos(due));
        let is_pause = entry.rule.band().is_some() && state.status == Status::Tripped && state.step != Step::LATCHED;
        if is_pause {
            let memories = entry.watch.iter().map(|watch| self.board.listener(watch.line).memory());
            return memories.filter_map(|memory| entry.rule.paused_until(&memory)).chain(deadline).max();
        }
        deadline.or_else(|| {
            let waits = state.status == Status::Tripped && state.step != Step::LATCHED;
            let from = || self.epoch().nanos(state.since).max(self.now());
            if waits && entry.kind == Kind::TimeBased { entry.rule.opens_by_clock(from()) } else { None }
        })
    }

    /// What the winner of a transition owes: the rung is used up, the cause is there for who asks, the monitor knows of
    /// the new deadline, and the event is on its way. Allocates nothing.
    pub(crate) fn tell(&self, entry: &Entry, moved: &Moved, cause: Cause) {
        let line = self.board.breaker(entry.id.index());
        let (before, after) = (moved.before.pack(), moved.after.pack());
        // A warning has no end by time; what it has is a time at which it may become a breach.
        let until = self.until(entry, moved.after).or(cause.expected).unwrap_or(Nanos::NEVER);
        if moved.after.status == Status::Tripped {
            self.use_rung(entry, moved.after.step, cause.at);
        }
        self.open_permits(entry, moved);
        // A new version of the same trip is still that trip: who asks why wants its cause, not the reload's.
        // Half open, another round is still the same way back.
        let again = moved.after.status == Status::Cooldown && moved.before.step == moved.after.step;
        let same = moved.before.status == moved.after.status && (again || State::same_entry(before, after));
        let trips = matches!(moved.after.status, Status::Tripped | Status::EmergencyHalt | Status::Liquidating);
        // A liquidation that is done is the trip that it began with.
        if trips && moved.before.status != Status::Liquidating && !same {
            line.count_trip();
            self.totals.trips.add(1);
        }
        let event_type = EventType::of(moved.before, moved.after);
        self.count(line, moved, event_type);
        let shown = if same { line.cause(before).unwrap_or(cause) } else { cause };
        line.publish_cause(after, &shown);
        self.mark(entry.id);
        self.changed.mark(entry.id.index());
        // An update keeps the time of its word, so it has to carry its own.
        let (value, limit) = match event_type {
            EventType::Updated => (self.epoch().floor(self.now()).0 as f64, 0.0),
            _ => (cause.value, cause.limit),
        };
        self.publish(Event {
            sequence: 0,
            before,
            after,
            value,
            limit,
            until,
            breaker: entry.id,
            scope: entry.scope,
            kind: entry.kind as u8,
            event_type: event_type as u8,
            reason: moved.reason as u8,
            authority: cause.authority as u8,
            actor: cause.actor,
        });
    }

    fn count(&self, line: &BreakerLine, moved: &Moved, event_type: EventType) {
        line.count_time(moved.before, moved.after);
        match event_type {
            EventType::Reset => {
                line.count_reset();
                self.totals.resets.add(1);
            }
            EventType::Warning => {
                line.count_warning();
                self.totals.warnings.add(1);
            }
            _ => {}
        }
    }

    /// Half open: its probes may be asked for, those that have passed in the round before count.
    fn open_permits(&self, entry: &Entry, moved: &Moved) {
        let (Some(permits), Status::Cooldown) = (entry.policy.probes(), moved.after.status) else { return };
        let line = self.board.breaker(entry.id.index());
        let (_, passed) = line.permits.counts(moved.before.pack());
        let carried = if moved.before.status == Status::Cooldown && passed < permits { passed } else { 0 };
        line.permits.open(moved.after.pack(), carried);
    }

    /// In the session of the price, not of the moment at which it was heard: yesterday's late price leaves today's rungs.
    fn use_rung(&self, entry: &Entry, step: Step, at: Nanos) {
        let is_rung = entry.kind == Kind::MarketCircuitBreaker && step > Step::FIRST && step < Step::LATCHED;
        if let (true, Some(session)) = (is_rung, session_of(entry, at)) {
            let used = UsedRungs { session, rung: step.number() };
            self.board.breaker(entry.id.index()).use_rung(used);
        }
    }

    /// Tells the monitor that the deadlines of a breaker may be others now.
    pub(crate) fn mark(&self, id: BreakerId) {
        self.dirty.mark(id.index());
        self.monitor_bell.ring();
    }

    /// Puts an event into its ring, under the next number. Never waits: a full ring counts it as lost.
    pub(crate) fn publish(&self, event: Event) {
        let event = self.numbered(event);
        let ring = if event.event_type().is_urgent() { &self.urgent } else { &self.routine };
        ring.push(&event);
        self.dispatch_bell.ring();
    }

    /// How many events have been lost since the start.
    pub(crate) fn lost(&self) -> u64 {
        self.urgent.lost() + self.routine.lost()
    }

    /// An event under the next number.
    pub(crate) fn numbered(&self, event: Event) -> Event {
        Event { sequence: self.numbers.take(), ..event }
    }

    /// An event that is no transition.
    pub(crate) fn note(&self, entry: Option<&Entry>, event_type: EventType, reason: Reason, by: Signed) -> Event {
        Event {
            sequence: 0,
            before: 0,
            after: self.epoch().floor(self.now()).0,
            value: 0.0,
            limit: 0.0,
            until: Nanos::NEVER,
            breaker: entry.map_or(BreakerId::NONE, |e| e.id),
            scope: entry.map_or(ScopeId::ROOT, |e| e.scope),
            kind: entry.map_or(0, |e| e.kind as u8),
            event_type: event_type as u8,
            reason: reason as u8,
            authority: by.authority as u8,
            actor: by.actor,
        }
    }

    /// What silence, or ten refusals in a row, does to a breaker that had a value.
    pub(crate) fn go_stale(&self, entry: &Entry, now: Nanos) {
        let level = match entry.policy.on_stale {
            OnStale::Trip => Level::Breach,
            OnStale::Warn => Level::Warn,
            OnStale::Ignore => return,
        };
        let state = self.board.state(entry.id.index());
        if matches!(state.status, Status::Active | Status::Warning) && !is_unready(state) {
            // The machine refuses no reading.
            let _ = self.put(entry.id, Input::Read(level, Step::FIRST, Reason::Stale), now, Signed::AUTO);
        }
    }
}

/// Kills if a panic goes through it: half an observation has been heard, and nobody knows which half. Kept while a rule and the
/// machine are at work.
#[derive(Debug)]
#[must_use = "dropped at once it kills"]
pub(crate) struct DenyOnUnwind<'a>(&'a Circuit);

impl<'a> DenyOnUnwind<'a> {
    #[inline(always)]
    pub(crate) fn new(circuit: &'a Circuit) -> Self {
        Self(circuit)
    }

    /// All has been heard.
    #[inline(always)]
    pub(crate) fn done(self) {
        core::mem::forget(self);
    }
}

impl Drop for DenyOnUnwind<'_> {
    #[cold]
    fn drop(&mut self) {
        self.0.board.arm().panicked();
        self.0.dispatch_bell.ring();
    }
}

/// Whether a trip is for what nobody knows, and by nobody's hand.
fn is_for_doubt(cause: Cause) -> bool {
    cause.authority == Authority::Auto && matches!(cause.reason, Reason::Stale | Reason::BadInput)
}

/// Whether a breaker denies because it has no usable value.
pub(crate) fn is_unready(state: State) -> bool {
    state.status == Status::Active && !state.denies.is_empty()
}

/// Why a state was entered, for people: an unready breaker denies for want of a value, however it came there.
pub(crate) fn reason_of(state: State, cause: Option<Reason>) -> Reason {
    if is_unready(state) { Reason::NotReady } else { cause.unwrap_or(Reason::None) }
}

/// The session that a time belongs to; after a close, and before the next open, the one that has closed.
pub(crate) fn session_of(entry: &Entry, at: Nanos) -> Option<crate::model::session::Date> {
    let sessions = entry.policy.sessions.as_ref()?;
    match sessions.place(at) {
        // A word's time may be a microsecond after the print that caused it, so also just after the close.
        Place::In(i) => sessions.get(i).map(|s| s.date),
        Place::Before(i) => sessions.get(i.checked_sub(1)?).map(|s| s.date),
        Place::Beyond => sessions.as_slice().last().map(|s| s.date),
    }
}

impl Circuit {
    /// Retires a breaker that the snapshot does not have any more. False if an emergency stop has come in between: then
    /// it goes on denying, under its own number.
    pub(crate) fn retire(&self, entry: &Entry, now: Nanos) -> bool {
        let moved = transition(&self.board, entry.id.index(), |state| {
            step(state, Input::Retire, &entry.policy, &self.moment(entry, state, now))
        });
        if let Ok(Some(moved)) = &moved {
            self.tell(entry, moved, Cause { reason: Reason::Removed, ..Cause::AUTO });
        }
        moved.is_ok()
    }
}

#[cfg(all(test, not(loom)))]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn a_panic_amid_hearing_denies_everything_and_an_end_of_hearing_nothing() {
        let caps = Caps { scopes: 4, breakers: 4, listeners: 4, ring: 4, ..Caps::default() };
        let board = Board::new(&caps, Epoch(Nanos(0))).unwrap();
        let snapshot = Snapshot { system: board.arm().armed(), ..Snapshot::default() };
        let circuit = Circuit::new(board, snapshot, &caps, Skew::default(), Clock::Manual);
        circuit.board.arm().arm();
        let denied = || circuit.board.arm().reason(circuit.board.arm().seen());
        DenyOnUnwind::new(&circuit).done();
        assert_eq!(denied(), None);
        let heard = catch_unwind(AssertUnwindSafe(|| {
            let _guard = DenyOnUnwind::new(&circuit);
            panic!("a rule");
        }));
        assert!(heard.is_err());
        assert_eq!(denied(), Some(Reason::Panicked));
    }
}
