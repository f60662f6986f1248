//! The state machine of a breaker: a pure function of the state, an input, the policy and what is known at the moment.
//!
//! No atomics, no clock, no I/O. [`LEGAL`] lists every (status, input) pair with the statuses it may lead to; a test
//! walks all pairs and finds each row of the table reached and nothing beside it.
//!
//! What moves where:
//!
//! * Active <-> Warning on the warn level, with hysteresis (`Elevated` keeps a warning and begins none).
//! * -> Tripped on a breach. The feed has counted the confirmations before.
//! * -> Liquidating instead, where the policy `liquidates` and the breach is one of a value: doubt sells nothing. Its trip for
//!   doubt gives way to such a breach, a trip by hand or after a liquidation does not.
//! * Tripped -> Cooldown (or Active, or Warning) when its time is up **and** the cause is gone.
//! * Cooldown -> Active (or Warning) when its time is up, or, half open, when its probes have passed; a breach in it, or a
//!   probe that fails, trips again, one step up the back-off.
//! * A trip by hand, and a trip beyond the last automatic reset, latch: `step` is [`Step::LATCHED`] and only a person
//!   ends it.
//! * EmergencyHalt wins over all and is left only by `ClearEmergency`: not even a plan removes it. Liquidating is not
//!   interrupted by a breach.

use super::intent::Lanes;
pub use super::legal::{InputKind, LEGAL};
use super::policy::{Halt, Policy, Release};
use super::reading::{Level, Standing};
use super::reason::Reason;
use super::state::{State, Step};
use super::status::{Authority, Status};
use super::time::{Epoch, Nanos};

/// What happens to a breaker.
///
/// ```
/// use haltline::machine::{Decision, Input, Moment, step};
/// # use haltline::*;
/// # let (now, epoch, standing) = (Nanos::from_secs(1), Epoch::default(), Standing::NoReadings);
/// # let moment = Moment { now, epoch, standing, auto_resets: 0, in_doubt: false };
/// # let active = State { status: Status::Active, ..State::RETIRED };
/// # let warning = State { status: Status::Warning, denies: Lanes::WARNING, ..State::RETIRED };
/// # let policy = Policy::default();
/// let read = |state, level| step(state, Input::Read(level, Step::FIRST, Reason::WarnLevel), &policy, &moment);
/// assert!(matches!(read(active, Level::Warn), Decision::Move(State { status: Status::Warning, .. }, _)));
/// // Between the clear and the warn level: begins no warning, ends none.
/// assert_eq!(read(active, Level::Elevated), Decision::Stay);
/// assert_eq!(read(warning, Level::Elevated), Decision::Stay);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A reading, its confirmations counted; the rung for a ladder.
    Read(Level, Step, Reason),
    /// Time has passed.
    Elapsed,
    /// Somebody trips it by hand.
    Trip(Authority),
    /// Somebody resets it, naming the word that he saw.
    Reset {
        /// The word that the operator saw.
        seen: u64,
        /// Who asks.
        by: Authority,
        /// Also on a standing cause; asks one authority more.
        force: bool,
    },
    /// An emergency stop.
    Emergency,
    /// The end of an emergency stop.
    ClearEmergency(Authority),
    /// As many probes as the policy asks for have passed.
    ProbePassed {
        /// The word under which they were admitted; another one that stands makes this void.
        seen: u64,
    },
    /// A probe has failed, or was not back in time.
    ProbeFailed {
        /// The word under which it was admitted.
        seen: u64,
        /// [`Reason::ProbeFailed`] or [`Reason::ProbeExpired`].
        why: Reason,
    },
    /// The time of the probes is over and none is out: the next ones get their own time.
    ProbeRound {
        /// The word whose time is over.
        seen: u64,
    },
    /// The book must be reduced.
    Liquidate,
    /// It has been.
    Liquidated,
    /// Out of service by an operator's word.
    Maintain(Authority),
    /// A plan puts the breaker into service, or enables it again.
    Install,
    /// A plan has changed its policy.
    PolicyChanged,
    /// The baseline was set anew by hand: nothing moves, but a decision on the old word is void.
    Rebased,
    /// A plan removes it.
    Retire,
}

/// What is known beside the word when a decision is made.
///
/// ```
/// use haltline::machine::{Decision, Input, Moment, step};
/// # use haltline::*;
/// # let active = State { status: Status::Active, ..State::RETIRED };
/// let (epoch, standing) = (Epoch::default(), Standing::Last(Level::Breach));
/// let policy = Policy { max_auto_resets: Some(2), ..Policy::default() };
/// let breach = Input::Read(Level::Breach, Step::FIRST, Reason::Limit);
/// let latches = |auto_resets| {
///     let moment = Moment { now: Nanos::from_secs(1), epoch, standing, auto_resets, in_doubt: false };
///     matches!(step(active, breach, &policy, &moment), Decision::Move(State { step: Step::LATCHED, .. }, _))
/// };
/// // It came back by itself twice already; the third trip waits for a person.
/// assert!(!latches(1) && latches(2));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// System time.
    pub now: Nanos,
    /// The Board's epoch, for ends that lie in a calendar.
    pub epoch: Epoch,
    /// The cause.
    pub standing: Standing,
    /// Automatic resets within the policy's window.
    pub auto_resets: u8,
    /// Whether the trip that stands is for doubt, silence or bad input, and not for a value.
    pub in_doubt: bool,
}

/// Why an input is refused.
///
/// ```
/// use haltline::machine::{Decision, Input, Moment, Refusal, step};
/// # use haltline::*;
/// # let (now, epoch, standing) = (Nanos::from_secs(1), Epoch::default(), Standing::Last(Level::Breach));
/// # let moment = Moment { now, epoch, standing, auto_resets: 0, in_doubt: false };
/// # let halted = State { status: Status::Tripped, denies: Lanes::HALT, ..State::RETIRED };
/// # let (trader, desk) = (Authority::Trader, Authority::RiskDesk);
/// let ask = |by, seen, force| step(halted, Input::Reset { seen, by, force }, &Policy::default(), &moment);
/// let word = halted.pack();
/// assert_eq!(ask(trader, word, false), Decision::Refuse(Refusal::Authority(desk)));
/// assert_eq!(ask(desk, word - 1, false), Decision::Refuse(Refusal::NewerTrip));
/// // Its last reading still breaches. To force it asks one authority more.
/// assert_eq!(ask(desk, word, false), Decision::Refuse(Refusal::CauseStands));
/// assert_eq!(ask(desk, word, true), Decision::Refuse(Refusal::Authority(Authority::Admin)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It asks at least this authority.
    Authority(Authority),
    /// Another word stands than the one that the operator saw.
    NewerTrip,
    /// The last reading still breaches, the source is silent, or the time of a ladder's rung runs.
    CauseStands,
    /// The input means nothing in this status.
    WrongStatus,
    /// The breaker is disabled, or its emergency stop would deny nothing.
    NotInForce,
}

/// What a decision says.
///
/// ```
/// use haltline::machine::{Decision, Input, Moment, Refusal, step};
/// # use haltline::*;
/// # let (now, epoch, standing) = (Nanos::from_secs(1), Epoch::default(), Standing::NoReadings);
/// # let moment = Moment { now, epoch, standing, auto_resets: 0, in_doubt: false };
/// # let active = State { status: Status::Active, ..State::RETIRED };
/// let decide = |input| step(active, input, &Policy::default(), &moment);
/// // Time passes and nothing is due: no event. A stop moves it. What means nothing here is refused, and told.
/// assert_eq!(decide(Input::Elapsed), Decision::Stay);
/// assert!(matches!(decide(Input::Emergency), Decision::Move(State { status: Status::EmergencyHalt, .. }, _)));
/// assert_eq!(decide(Input::Liquidated), Decision::Refuse(Refusal::WrongStatus));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// Nothing to do.
    Stay,
    /// A transition to this state, for this reason.
    Move(State, Reason),
    /// Not allowed; nothing changes and somebody must be told.
    Refuse(Refusal),
}

/// Decides what `input` does to `state` under `policy`.
///
/// ```
/// use haltline::machine::{Decision, Input, Moment, step};
/// # use haltline::*;
/// # let (epoch, standing) = (Epoch::default(), Standing::Last(Level::Normal));
/// let halted = State { status: Status::Tripped, denies: Lanes::HALT, ..State::RETIRED };
/// let moment = |now| Moment { now, epoch, standing, auto_resets: 0, in_doubt: false };
/// let elapsed = |now| step(halted, Input::Elapsed, &Policy::default(), &moment(now));
/// // The default halt lasts 15 minutes, and not a nanosecond less.
/// assert_eq!(elapsed(Nanos(899_999_999_999)), Decision::Stay);
/// let Decision::Move(after, why) = elapsed(Nanos(900_000_000_000)) else { panic!("its time is up") };
/// assert_eq!((after.status, after.denies, why), (Status::Active, Lanes::NONE, Reason::TimeUp));
/// ```
pub fn step(state: State, input: Input, policy: &Policy, moment: &Moment) -> Decision {
    let here = Here { state, policy, moment };
    if state.status == Status::Retired {
        return match input {
            Input::Install => here.install(),
            Input::Read(..) | Input::Elapsed | Input::PolicyChanged | Input::Rebased | Input::Retire => Decision::Stay,
            Input::ProbePassed { .. } | Input::ProbeFailed { .. } | Input::ProbeRound { .. } => Decision::Stay,
            _ => Decision::Refuse(Refusal::WrongStatus),
        };
    }
    match input {
        // Enabled again: a disabled breaker rests in Active.
        Input::Install if state.status == Status::Active => here.install(),
        Input::Install => Decision::Stay,
        Input::Retire if state.status == Status::EmergencyHalt => Decision::Refuse(Refusal::WrongStatus),
        Input::Retire => here.to(Status::Retired, Lanes::NONE, Step::FIRST, Reason::Removed),
        Input::PolicyChanged => here.policy_changed(),
        Input::Rebased => Decision::Move(state.with_mask(state.denies), Reason::Rebased),
        Input::Read(..) | Input::Elapsed if !policy.enabled => Decision::Stay,
        Input::Read(level, rung, reason) => here.read(level, rung, reason),
        Input::Elapsed => here.elapsed(),
        Input::ProbePassed { seen } if here.is_probing(seen) => here.probe_passed(),
        Input::ProbeFailed { seen, why } if here.is_probing(seen) => here.trip(here.next_step(Step::FIRST), why),
        // While the last reading breaches nobody is sent to try, and what has been counted of it goes on being counted.
        Input::ProbeRound { seen } if here.is_probing(seen) && !moment.standing.breaches() => {
            here.enter(Status::Cooldown, state.step, Reason::ProbeRound)
        }
        // Late: what was admitted under another word decides nothing.
        Input::ProbePassed { .. } | Input::ProbeFailed { .. } | Input::ProbeRound { .. } => Decision::Stay,
        Input::Reset { seen, by, force } => here.reset(seen, by, force),
        Input::ClearEmergency(by) => here.clear_emergency(by),
        _ if !policy.enabled => Decision::Refuse(Refusal::NotInForce),
        Input::Emergency if policy.mask(Status::EmergencyHalt).is_empty() => Decision::Refuse(Refusal::NotInForce),
        // On top of another: it is told who has pulled it, too, and takes nothing from that one.
        Input::Emergency if state.status == Status::EmergencyHalt => here.to(
            Status::EmergencyHalt,
            state.denies | policy.mask(Status::EmergencyHalt),
            Step::LATCHED,
            Reason::Emergency,
        ),
        Input::Emergency => here.enter(Status::EmergencyHalt, Step::LATCHED, Reason::Emergency),
        Input::Trip(by) => here.trip_by_hand(by),
        Input::Liquidate => here.liquidate(),
        Input::Liquidated if state.status == Status::Liquidating => {
            here.enter(Status::Tripped, Step::LATCHED, Reason::Liquidation)
        }
        Input::Liquidated => Decision::Refuse(Refusal::WrongStatus),
        Input::Maintain(by) => here.maintain(by),
    }
}

/// The arguments of a decision, together.
struct Here<'a> {
    state: State,
    policy: &'a Policy,
    moment: &'a Moment,
}

impl Here<'_> {
    fn to(&self, status: Status, denies: Lanes, step: Step, reason: Reason) -> Decision {
        Decision::Move(self.state.enter(status, denies, step, self.moment.epoch.ceil(self.moment.now)), reason)
    }

    fn enter(&self, status: Status, step: Step, reason: Reason) -> Decision {
        self.to(status, self.policy.mask(status), step, reason)
    }

    fn install(&self) -> Decision {
        let denies = match self.moment.standing {
            Standing::NoReadings => Lanes::NONE,
            _ => self.policy.unready_mask(),
        };
        self.to(Status::Active, denies, Step::FIRST, Reason::Installed)
    }

    /// Same status, mask of the new policy, next version: a decision made on the old policy cannot land any more, and
    /// no halt is prolonged. An unready breaker stays unready, and no policy takes anything from an emergency stop.
    fn policy_changed(&self) -> Decision {
        let State { status, denies, .. } = self.state;
        if status == Status::EmergencyHalt {
            return Decision::Move(self.state.with_mask(denies | self.policy.mask(status)), Reason::PolicyChanged);
        }
        if !self.policy.enabled {
            return self.to(Status::Active, Lanes::NONE, Step::FIRST, Reason::PolicyChanged);
        }
        let unready = status == Status::Active && !denies.is_empty();
        let mask = if unready { self.policy.unready_mask() } else { self.policy.mask(status) };
        Decision::Move(self.state.with_mask(mask), Reason::PolicyChanged)
    }

    fn read(&self, level: Level, rung: Step, reason: Reason) -> Decision {
        match (self.state.status, level) {
            // Somebody has spoken, but not every source: doubt ends nothing. (A halt of the market itself is silent.)
            (Status::Warning | Status::Tripped | Status::Cooldown, _) if level.is_good() && self.is_doubtful() => {
                Decision::Stay
            }
            (Status::Active | Status::Warning, Level::Breach) => self.trip(self.first_step(rung), reason),
            (Status::Active | Status::Warning, _) => self.settle(level, reason),
            (Status::Tripped, Level::Breach) if self.liquidates(reason) && self.state.step != Step::LATCHED => {
                self.trip(Step::FIRST, reason)
            }
            // What was feared is true: a trip of its own, which lasts as long as any.
            (Status::Tripped, Level::Breach) if self.was_only_feared(reason) => self.trip(self.state.step, reason),
            (Status::Tripped, Level::Breach) if self.is_higher_rung(rung) => self.enter(Status::Tripped, rung, reason),
            (Status::Tripped, _) if level.is_good() && self.good_reading_ends_it() => {
                self.leave(level, Reason::Recovered)
            }
            (Status::Cooldown, Level::Breach) => self.trip(self.next_step(rung), reason),
            (Status::Cooldown, _) if level.is_good() && self.is_due() => self.rest(level, Reason::TimeUp),
            _ => Decision::Stay,
        }
    }

    /// Active and Warning follow the level.
    fn settle(&self, level: Level, reason: Reason) -> Decision {
        let (status, denies) = match (self.state.status, level) {
            (_, Level::Warn) | (Status::Warning, Level::Elevated) => {
                (Status::Warning, self.policy.mask(Status::Warning))
            }
            (_, Level::Unready) => (Status::Active, self.policy.unready_mask()),
            _ => (Status::Active, Lanes::NONE),
        };
        if (status, denies) == (self.state.status, self.state.denies) {
            Decision::Stay
        } else {
            self.to(status, denies, Step::FIRST, reason)
        }
    }

    /// A trip; it latches if the policy says so, or out of automatic resets.
    fn trip(&self, step: Step, reason: Reason) -> Decision {
        if self.liquidates(reason) {
            return self.enter(Status::Liquidating, Step::FIRST, reason);
        }
        let exhausted = self.policy.max_auto_resets.is_some_and(|most| self.moment.auto_resets >= most);
        // The latch stands in the word, so that a reload to another release does not undo it. (A ladder keeps its rung.)
        // Of a breaker that liquidates only people latch: its trip for doubt must not keep it from a breach that follows.
        let holds = self.policy.release == Release::Latched && !self.is_ladder() && !self.policy.liquidates;
        self.enter(Status::Tripped, if exhausted || holds { Step::LATCHED } else { step }, reason)
    }

    /// Whether a trip for doubt stands, and this breach is of a value. (A liquidation and a rung have their own way.)
    fn was_only_feared(&self, reason: Reason) -> bool {
        self.moment.in_doubt && !is_doubt(reason) && !self.is_ladder() && !self.policy.liquidates
    }

    /// Whether this breach asks for the book to be reduced. Doubt sells nothing.
    fn liquidates(&self, reason: Reason) -> bool {
        self.policy.liquidates && !is_doubt(reason) && !matches!(reason, Reason::ProbeFailed | Reason::ProbeExpired)
    }

    fn is_ladder(&self) -> bool {
        matches!(self.policy.halt, Halt::Ladder(_))
    }

    fn first_step(&self, rung: Step) -> Step {
        if self.is_ladder() { rung } else { Step::FIRST }
    }

    fn next_step(&self, rung: Step) -> Step {
        if self.is_ladder() { rung } else { self.state.step.next() }
    }

    fn is_higher_rung(&self, rung: Step) -> bool {
        self.is_ladder() && self.state.step != Step::LATCHED && rung > self.state.step
    }

    fn is_doubtful(&self) -> bool {
        self.moment.standing == Standing::Silent && !(self.is_ladder() && self.has_rung())
    }

    fn has_rung(&self) -> bool {
        self.state.status == Status::Tripped && self.state.step != Step::FIRST && self.state.step != Step::LATCHED
    }

    fn is_due(&self) -> bool {
        let Moment { now, epoch, .. } = *self.moment;
        self.policy.deadline(self.state, epoch).is_some_and(|end| epoch.floor(now) >= end)
    }

    fn good_reading_ends_it(&self) -> bool {
        match self.policy.release {
            Release::Level => self.state.step != Step::LATCHED,
            // A ladder that tripped without a rung, because its feed went stale, waits for a good reading only.
            Release::Timed if self.state.step == Step::FIRST && self.is_ladder() => true,
            Release::Timed => self.is_due(),
            Release::Latched => false,
        }
    }

    fn elapsed(&self) -> Decision {
        if !self.is_due() {
            return Decision::Stay;
        }
        let cause_holds = match self.moment.standing {
            Standing::Last(Level::Breach) => true,
            // Never had a value, or has none any more: doubt.
            Standing::Last(Level::Unready) | Standing::Silent => self.policy.silence_holds(),
            Standing::Last(_) | Standing::NoReadings => false,
        };
        match self.state.status {
            _ if cause_holds => Decision::Stay,
            Status::Tripped => self.leave(self.last_level(), Reason::TimeUp),
            Status::Cooldown => self.rest(self.last_level(), Reason::TimeUp),
            _ => Decision::Stay,
        }
    }

    fn last_level(&self) -> Level {
        match self.moment.standing {
            Standing::Last(level) => level,
            // No readings, or silent where silence does not matter: nothing speaks against it.
            Standing::NoReadings | Standing::Silent => Level::Normal,
        }
    }

    /// Out of Tripped: to Cooldown if the policy has one.
    fn leave(&self, level: Level, reason: Reason) -> Decision {
        if self.policy.cooldown_for.is_zero() {
            self.rest(level, reason)
        } else {
            // The back-off goes on from here; a latch has done its work.
            let step = if self.state.step == Step::LATCHED { Step::FIRST } else { self.state.step };
            self.enter(Status::Cooldown, step, reason)
        }
    }

    /// To Active or Warning, whichever the last level is; without a usable value, to an Active that denies.
    fn rest(&self, level: Level, reason: Reason) -> Decision {
        match level {
            Level::Unready => self.to(Status::Active, self.policy.unready_mask(), Step::FIRST, reason),
            Level::Normal => self.enter(Status::Active, Step::FIRST, reason),
            Level::Elevated | Level::Warn | Level::Breach => self.enter(Status::Warning, Step::FIRST, reason),
        }
    }

    fn is_probing(&self, seen: u64) -> bool {
        self.state.pack() == seen && self.policy.enabled && self.policy.probe_deadline(self.state).is_some()
    }

    /// The probes say that it works again. A cause that stands, or doubt, says otherwise: then it stays half open.
    fn probe_passed(&self) -> Decision {
        match self.moment.standing {
            Standing::Last(Level::Breach) => Decision::Stay,
            Standing::Last(Level::Unready) | Standing::Silent if self.policy.silence_holds() => Decision::Stay,
            _ => self.rest(self.last_level(), Reason::ProbesPassed),
        }
    }

    fn trip_by_hand(&self, by: Authority) -> Decision {
        match self.state.status {
            _ if by < Authority::Trader => Decision::Refuse(Refusal::Authority(Authority::Trader)),
            // Who trips by hand wants orders denied: a shadow breaker would deny none.
            _ if self.policy.mask(Status::Tripped).is_empty() => Decision::Refuse(Refusal::NotInForce),
            // Also of one that is latched: a halt of his own, which nobody resets who has seen only the one before.
            Status::Active | Status::Warning | Status::Cooldown | Status::Tripped => {
                self.enter(Status::Tripped, Step::LATCHED, Reason::Manual)
            }
            Status::Liquidating if by < Authority::RiskDesk => {
                Decision::Refuse(Refusal::Authority(Authority::RiskDesk))
            }
            Status::Liquidating => self.enter(Status::Tripped, Step::LATCHED, Reason::Manual),
            Status::EmergencyHalt | Status::Maintenance | Status::Retired => Decision::Refuse(Refusal::WrongStatus),
        }
    }

    fn reset(&self, seen: u64, by: Authority, force: bool) -> Decision {
        let needed = if force { self.policy.reset_authority.above() } else { self.policy.reset_authority };
        match self.state.status {
            Status::Tripped | Status::Cooldown | Status::Maintenance => {}
            _ => return Decision::Refuse(Refusal::WrongStatus),
        }
        if by < needed {
            return Decision::Refuse(Refusal::Authority(needed));
        }
        if seen != self.state.pack() {
            return Decision::Refuse(Refusal::NewerTrip);
        }
        if self.cause_stands() && !force {
            return Decision::Refuse(Refusal::CauseStands);
        }
        match self.state.status {
            Status::Tripped => self.leave(self.last_level(), Reason::Reset),
            _ => self.rest(self.last_level(), Reason::Reset),
        }
    }

    /// Whether a reset would open what its cause still closes: the last reading breaches, nobody knows since the source is
    /// silent, or the time of a rung runs, of which the ladder itself speaks no more.
    fn cause_stands(&self) -> bool {
        let rung_runs = self.is_ladder() && self.has_rung() && !self.is_due();
        let silent = self.moment.standing == Standing::Silent && self.policy.silence_holds();
        self.moment.standing.breaches() || silent || rung_runs
    }

    fn clear_emergency(&self, by: Authority) -> Decision {
        if self.state.status != Status::EmergencyHalt {
            Decision::Refuse(Refusal::WrongStatus)
        } else if by < self.policy.reset_authority {
            Decision::Refuse(Refusal::Authority(self.policy.reset_authority))
        } else {
            self.rest(self.last_level(), Reason::EmergencyCleared)
        }
    }

    fn liquidate(&self) -> Decision {
        match self.state.status {
            // As with a trip by hand: a shadow breaker would deny nothing.
            _ if self.policy.mask(Status::Liquidating).is_empty() => Decision::Refuse(Refusal::NotInForce),
            Status::Active | Status::Warning | Status::Tripped | Status::Cooldown => {
                self.enter(Status::Liquidating, Step::FIRST, Reason::Liquidation)
            }
            Status::Liquidating => Decision::Stay,
            _ => Decision::Refuse(Refusal::WrongStatus),
        }
    }

    fn maintain(&self, by: Authority) -> Decision {
        if by < Authority::RiskDesk {
            return Decision::Refuse(Refusal::Authority(Authority::RiskDesk));
        }
        match self.state.status {
            Status::Active | Status::Warning | Status::Tripped | Status::Cooldown => {
                self.enter(Status::Maintenance, Step::LATCHED, Reason::Maintenance)
            }
            Status::Maintenance => Decision::Stay,
            _ => Decision::Refuse(Refusal::WrongStatus),
        }
    }
}

/// Whether a breach is one of what is not known, not of a value.
fn is_doubt(reason: Reason) -> bool {
    matches!(reason, Reason::Stale | Reason::BadInput)
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
