//! What people do: trip, reset, stop, kill, and the way back. Signed, and told when it is refused.

use std::sync::Arc;

use super::{System, known_scope};
use crate::memory::sync::lock;
use crate::model::error::{Error, ErrorKind};
use crate::model::event::{BreakerId, EventType};
use crate::model::kind::Kind;
use crate::model::machine::{Input, Refusal};
use crate::model::policy::Policy;
use crate::model::reading::Standing;
use crate::model::reason::Reason;
use crate::model::state::State;
use crate::model::status::{Authority, Signed};
use crate::model::time::Utc;
use crate::model::units::Money;
use crate::notes::{By, Words};
use crate::plan::BreakerSpec;
use crate::rule::RuleSpec;
use crate::rule::operator::EmergencySource;
use crate::snapshot::Entry;

impl System {
    /// Trips a breaker by hand. It stays tripped until somebody resets it, whatever its policy says of time. When this
    /// has returned, every check on any thread denies. One that is tripped already is tripped anew: who has seen only the trip
    /// before does not reset this one. Texts that cannot be are made such as can: a halt is not refused for its words.
    ///
    /// # Errors
    /// [`ErrorKind::Stale`] for a breaker that is no more, [`ErrorKind::Authority`], [`ErrorKind::NotAllowed`] for a
    /// disabled one, [`ErrorKind::WrongStatus`] in an emergency stop or in maintenance.
    pub fn trip(&self, breaker: BreakerId, by: By<'_>) -> Result<(), Error> {
        if self.entry(breaker)?.kind == Kind::KillSwitch {
            let text = "trip: a kill switch is pulled by emergency_stop, which names its source";
            return Err(Error::new(ErrorKind::NotAllowed, text));
        }
        self.act(breaker, Input::Trip(by.authority), Words::of(by).by(by.authority))
    }

    /// Resets the trip that the operator saw: `seen` is the [`stamp`](crate::BreakerStatus::stamp) of its status. Permits
    /// restarting, does not restart; goes to Cooldown where the policy has one.
    ///
    /// # Errors
    /// [`ErrorKind::NewerTrip`], [`ErrorKind::Authority`], [`ErrorKind::CauseStands`], [`ErrorKind::WrongStatus`],
    /// [`ErrorKind::Stale`]. A refused reset is an event, too.
    pub fn reset(&self, breaker: BreakerId, seen: u64, by: By<'_>) -> Result<(), Error> {
        self.act(breaker, Input::Reset { seen, by: by.authority, force: false }, by)
    }

    /// As [`reset`](Self::reset), also on a standing cause; asks one authority more.
    ///
    /// # Errors
    /// As [`reset`](Self::reset), but for [`ErrorKind::CauseStands`].
    pub fn force_reset(&self, breaker: BreakerId, seen: u64, by: By<'_>) -> Result<(), Error> {
        self.act(breaker, Input::Reset { seen, by: by.authority, force: true }, by)
    }

    /// Takes a breaker out of service: it denies like tripped, its readings decide nothing, a reset ends it.
    ///
    /// # Errors
    /// As [`trip`](Self::trip); asks `risk_desk`.
    pub fn maintain(&self, breaker: BreakerId, by: By<'_>) -> Result<(), Error> {
        self.act(breaker, Input::Maintain(by.authority), by)
    }

    /// Has the book reduced: until [`liquidated`](Self::liquidated) orders that reduce it pass, and no others.
    ///
    /// # Errors
    /// As [`trip`](Self::trip); asks `risk_desk`.
    pub fn liquidate(&self, breaker: BreakerId, by: By<'_>) -> Result<(), Error> {
        let entry = self.entry(breaker)?;
        if entry.kind == Kind::KillSwitch {
            let text = "liquidate: a kill switch stops, it reduces nothing";
            return Err(Error::new(ErrorKind::NotAllowed, text));
        }
        self.asks(&entry, Authority::RiskDesk, by)?;
        self.act(breaker, Input::Liquidate, by)
    }

    /// The book has been reduced: the breaker is tripped from now on, and latched, until somebody resets it.
    ///
    /// # Errors
    /// [`ErrorKind::WrongStatus`] unless it is Liquidating, [`ErrorKind::Authority`] below `risk_desk`,
    /// [`ErrorKind::Stale`].
    pub fn liquidated(&self, breaker: BreakerId, by: By<'_>) -> Result<(), Error> {
        self.asks(&*self.entry(breaker)?, Authority::RiskDesk, by)?;
        self.act(breaker, Input::Liquidated, by)
    }

    /// A drill: everybody who hears of trips hears of this one, and nothing is denied. The breaker's word stays as it is, so
    /// a drill hides no real breach, and a real trip meanwhile is told beside it.
    ///
    /// # Errors
    /// [`ErrorKind::Stale`] for a breaker that is no more, [`ErrorKind::BadInput`] for texts that cannot be.
    ///
    /// ```
    /// # use haltline::*;
    /// # let desk = BreakerSpec::new("desk", ScopePath::root(), RuleSpec::Manual);
    /// # let system = System::manual(Plan { breakers: vec![desk], ..Plan::default() }, Nanos::from_secs(0))?;
    /// # let gate = system.gate(&[])?;
    /// system.drill(system.breaker("desk")?, By::new("ann", Authority::Trader, "monthly test of the pagers"))?;
    /// assert!(gate.permits(Intent::Increase));
    /// let mut told = vec![];
    /// system.drain(|event| told.push(event.event_type()));
    /// assert_eq!(told.last(), Some(&EventType::Drill));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    pub fn drill(&self, breaker: BreakerId, by: By<'_>) -> Result<(), Error> {
        self.open()?;
        let entry = self.entry(breaker)?;
        let signed = self.inner.notes.sign(by)?;
        let circuit = &self.inner.circuit;
        circuit.publish(circuit.note(Some(&entry), EventType::Drill, Reason::Manual, signed));
        Ok(())
    }

    /// Sets the baseline of a drawdown, or the opening of a liquidation, anew. It counts from the feed's next mark on; until then a standing cause stands.
    ///
    /// # Errors
    /// [`ErrorKind::NotAllowed`] for a kind without a baseline, [`ErrorKind::BadInput`] for one that is not positive,
    /// [`ErrorKind::Authority`] below `risk_desk`, [`ErrorKind::Stale`], [`ErrorKind::Closed`] after the shutdown.
    pub fn rebase(&self, breaker: BreakerId, baseline: Money, by: By<'_>) -> Result<(), Error> {
        let entry = self.entry(breaker)?;
        if !entry.rule.has_baseline() {
            return Err(Error::new(ErrorKind::NotAllowed, format!("rebase: a {} has no baseline", entry.kind)));
        }
        if baseline <= Money::ZERO {
            return Err(Error::new(
                ErrorKind::BadInput,
                format!("rebase: found {baseline}, allowed are positive amounts"),
            ));
        }
        self.asks(&entry, Authority::RiskDesk, by)?;
        // Checked before anything is asked of the feed.
        let signed = self.inner.notes.sign(by)?;
        let _one_at_a_time = lock(&self.inner.registry);
        self.open()?;
        let entry = self.entry(breaker)?;
        self.inner.circuit.board.breaker(breaker.index()).ask_rebase(baseline.raw());
        self.put(&entry, Input::Rebased, signed, by)
    }

    /// Gives a breaker another policy, as a reload of a plan that differs in that alone. It keeps its state: one that is
    /// tripped stays tripped. Told by events: `updated`, `enabled`, `disabled`, each with the actor.
    ///
    /// The whole policy is checked once, here; nothing is checked on the order path. O(breakers); blocks other control calls,
    /// never a check or a feed.
    ///
    /// # Errors
    /// [`ErrorKind::Authority`] below `risk_desk` and below what the policy asks of a reset, [`ErrorKind::BadPlan`] for a policy
    /// that cannot be, [`ErrorKind::NotAllowed`] for an instance of a template or the kill switch that a scope has by itself,
    /// [`ErrorKind::Stale`], [`ErrorKind::Closed`]. Nothing has changed then.
    ///
    /// ```
    /// # use haltline::*;
    /// # let desk = BreakerSpec::new("desk", ScopePath::root(), RuleSpec::Manual);
    /// # let system = System::manual(Plan { breakers: vec![desk], ..Plan::default() }, Nanos::from_secs(0))?;
    /// # let (id, gate) = (system.breaker("desk")?, system.gate(&[])?);
    /// let ann = By::new("ann", Authority::RiskDesk, "orders that close positions may go");
    /// system.update_policy(id, Policy { effect: Lanes::NO_NEW, ..Kind::Manual.default_policy() }, ann)?;
    /// system.trip(id, ann)?;
    /// assert!(gate.permits(Intent::Reduce) && !gate.permits(Intent::Increase));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    pub fn update_policy(&self, breaker: BreakerId, policy: Policy, by: By<'_>) -> Result<(), Error> {
        self.update(breaker, |spec| spec.policy = policy, by)
    }

    /// The policy of a breaker as it stands, to change a part of it by [`update_policy`](Self::update_policy).
    ///
    /// # Errors
    /// [`ErrorKind::Stale`] for a breaker that is no more.
    ///
    /// ```
    /// # use haltline::*;
    /// # let desk = BreakerSpec::new("desk", ScopePath::root(), RuleSpec::Manual);
    /// # let system = System::manual(Plan { breakers: vec![desk], ..Plan::default() }, Nanos::from_secs(0))?;
    /// assert_eq!(system.policy(system.breaker("desk")?)?, Kind::Manual.default_policy());
    /// # Ok::<(), haltline::Error>(())
    /// ```
    pub fn policy(&self, breaker: BreakerId) -> Result<Policy, Error> {
        Ok(self.entry(breaker)?.policy.clone())
    }

    /// Gives a breaker other parameters of its kind: another limit, another window. Otherwise as
    /// [`update_policy`](Self::update_policy); another limit is told as `threshold_updated`, with the old and the new one.
    ///
    /// # Errors
    /// As [`update_policy`](Self::update_policy); [`ErrorKind::NotAllowed`] also for a rule of another kind.
    pub fn update_rule(&self, breaker: BreakerId, rule: RuleSpec, by: By<'_>) -> Result<(), Error> {
        self.update(breaker, |spec| spec.rule = rule, by)
    }

    fn update(&self, breaker: BreakerId, change: impl FnOnce(&mut BreakerSpec), by: By<'_>) -> Result<(), Error> {
        let signed = self.inner.notes.sign(by)?;
        let mut registry = lock(&self.inner.registry);
        self.open()?;
        let entry = self.entry(breaker)?;
        self.asks(&entry, entry.policy.reset_authority.max(Authority::RiskDesk), by)?;
        registry.change(&self.inner.circuit, &entry, change, signed)
    }

    /// Pulls the kill switch of a scope: everything in it is denied but cancels, until an administrator clears it. One that is
    /// pulled already is pulled anew, with its event; clearing ends all of them. Asks no authority, and is not refused for its words.
    ///
    /// # Errors
    /// [`ErrorKind::Unknown`] for a scope that is not declared, [`ErrorKind::NotAllowed`] if its kill switch does not
    /// allow this source or is disabled: then nothing was stopped.
    pub fn emergency_stop(&self, scope: &str, source: EmergencySource, by: By<'_>) -> Result<(), Error> {
        let words = Words::of(by);
        let by = words.by(by.authority);
        self.with_kill_switch(scope, |entry| {
            if let RuleSpec::KillSwitch(switch) = &entry.rule
                && !switch.allows[source as usize]
            {
                self.refused(entry, by);
                let text = format!("emergency_stop of {scope:?}: its kill switch does not allow the source {source}");
                return Err(Error::new(ErrorKind::NotAllowed, text));
            }
            self.act(entry.id, Input::Emergency, by)
        })
    }

    /// Ends an emergency stop. The other breakers have kept their own state and show it.
    ///
    /// # Errors
    /// [`ErrorKind::Authority`] below the policy's (`admin` by default), [`ErrorKind::WrongStatus`] if there is none.
    pub fn clear_emergency_stop(&self, scope: &str, by: By<'_>) -> Result<(), Error> {
        self.with_kill_switch(scope, |entry| self.act(entry.id, Input::ClearEmergency(by.authority), by))
    }

    /// Denies everything but cancels, at once: one atomic add. Wait-free and async-signal-safe (beside the add it wakes
    /// the dispatcher, an atomic swap and at most a futex call). Needs no breaker, no thread and no authority; the way
    /// back is [`rearm`](Self::rearm).
    pub fn kill(&self) {
        self.inner.circuit.board.arm().kill();
        self.inner.circuit.dispatch_bell.ring();
    }

    /// Denies as a kill does, with [`Reason::Panicked`]: for a binding that has caught a panic in a call of this System, after
    /// which nobody knows what was left half done. Wait-free. The way back is [`rearm`](Self::rearm).
    ///
    /// ```
    /// # use haltline::*;
    /// # let system = System::manual(Plan::default(), Nanos::from_secs(0))?;
    /// system.panicked();
    /// assert_eq!(system.killed(), Some(Reason::Panicked));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    pub fn panicked(&self) {
        self.inner.circuit.board.arm().panicked();
        self.inner.circuit.dispatch_bell.ring();
    }

    /// The kill word as it is now, for [`rearm`](Self::rearm).
    pub fn kill_word(&self) -> u64 {
        self.inner.circuit.board.arm().stamp()
    }

    /// Why the kill word denies; `None` while it does not.
    pub fn killed(&self) -> Option<Reason> {
        let arm = self.inner.circuit.board.arm();
        arm.reason(arm.seen())
    }

    /// Ends a kill, if the kill word is still the one that the operator saw.
    ///
    /// # Errors
    /// [`ErrorKind::Authority`] below `admin`, [`ErrorKind::NewerTrip`] if it was killed again,
    /// [`ErrorKind::Closed`] after shutdown.
    pub fn rearm(&self, seen: u64, by: By<'_>) -> Result<(), Error> {
        self.open()?;
        let signed = self.inner.notes.sign(by)?;
        if by.authority < Authority::Admin {
            let text = format!("rearm: asks admin, found {}", by.authority);
            return Err(Error::new(ErrorKind::Authority, text));
        }
        let circuit = &self.inner.circuit;
        circuit.board.arm().rearm(seen)?;
        circuit.publish(circuit.note(None, EventType::Rearmed, Reason::Reset, signed));
        Ok(())
    }

    fn kill_switch(&self, scope: &str) -> Result<Arc<Entry>, Error> {
        let id = {
            let snapshot = self.inner.circuit.snapshot();
            let scope = known_scope(&snapshot, scope)?;
            snapshot.kill_switches.get(scope.0 as usize).copied().unwrap_or(BreakerId::NONE)
        };
        self.entry(id)
    }

    /// Acts on the kill switch of a scope. A reload may just be replacing it: then the act waits for it and goes to the
    /// new one, so that a stop is never lost in between.
    fn with_kill_switch(&self, scope: &str, act: impl Fn(&Entry) -> Result<(), Error>) -> Result<(), Error> {
        let once = || self.kill_switch(scope).and_then(|entry| act(&entry));
        match once() {
            Err(error) if matches!(error.kind(), ErrorKind::WrongStatus | ErrorKind::Stale) => {
                drop(lock(&self.inner.registry));
                once()
            }
            done => done,
        }
    }

    /// Refuses who has less authority, and tells of it.
    fn asks(&self, entry: &Entry, least: Authority, by: By<'_>) -> Result<(), Error> {
        if by.authority < least {
            self.refused(entry, by);
            return Err(self.told(entry, Refusal::Authority(least)));
        }
        Ok(())
    }

    /// What a person does to a breaker: signed, and if it is refused, told.
    fn act(&self, breaker: BreakerId, input: Input, by: By<'_>) -> Result<(), Error> {
        self.open()?;
        let entry = self.entry(breaker)?;
        let signed = self.inner.notes.sign(by)?;
        self.put(&entry, input, signed, by)
    }

    fn put(&self, entry: &Entry, input: Input, signed: Signed, by: By<'_>) -> Result<(), Error> {
        let circuit = &self.inner.circuit;
        match circuit.put(entry.id, input, circuit.now(), signed) {
            Ok(Some(moved)) => {
                self.inner.notes.keep(entry.id, moved.after.pack(), by);
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(refusal) => {
                self.refused(entry, by);
                Err(self.told(entry, refusal))
            }
        }
    }

    /// A refusal in words: which breaker, where it is, what would be allowed.
    fn told(&self, entry: &Entry, refusal: Refusal) -> Error {
        let state = self.inner.circuit.board.state(entry.id.index());
        let is = if entry.policy.enabled { "shadow" } else { "disabled" };
        let (kind, text) = match refusal {
            Refusal::Authority(needed) => (ErrorKind::Authority, format!("asks {needed} or above")),
            Refusal::NewerTrip => {
                (ErrorKind::NewerTrip, "another word stands than the one that was seen; look again".to_owned())
            }
            Refusal::CauseStands => {
                let cause = self.cause(entry, state);
                (ErrorKind::CauseStands, format!("{cause}; wait, end the cause, or force the reset"))
            }
            Refusal::WrongStatus => (ErrorKind::WrongStatus, format!("not possible while it is {}", state.status)),
            Refusal::NotInForce => (ErrorKind::NotAllowed, format!("it is {is} and would deny nothing")),
        };
        Error::new(kind, format!("breaker {:?}: {text}", entry.name))
    }

    /// Why a trip may not be reset yet.
    fn cause(&self, entry: &Entry, state: State) -> String {
        let circuit = &self.inner.circuit;
        let standing = circuit.moment(entry, state, circuit.now()).standing;
        match (standing, entry.policy.deadline(state, circuit.epoch())) {
            (standing, _) if standing.breaches() => {
                let (value, limit) = circuit.numbers(entry);
                format!("its last reading still breaches, {value} against {limit}")
            }
            (Standing::Silent, _) => "its source is silent".to_owned(),
            (_, Some(end)) => format!("the time of its rung runs until {}", Utc(circuit.epoch().nanos(end))),
            (_, None) => "the time of its rung runs".to_owned(),
        }
    }

    fn refused(&self, entry: &Entry, by: By<'_>) {
        let circuit = &self.inner.circuit;
        let signed = self.inner.notes.sign(by).unwrap_or(Signed::AUTO);
        circuit.totals.refusals.add(1);
        circuit.publish(circuit.note(Some(entry), EventType::Refused, Reason::None, signed));
    }
}
