//! What an engine holds: the order path, and beside it, cold, the explanation of a denial.

use core::fmt;
use std::sync::Arc;

use crate::circuit::{Circuit, reason_of};
use crate::memory::gate::{GateWords, Verdict, Words};
use crate::model::event::BreakerId;
use crate::model::intent::{Intent, Lanes};
use crate::model::kind::Kind;
use crate::model::price_band::Side;
use crate::model::reason::Reason;
use crate::model::scope::ScopeId;
use crate::model::state::State;
use crate::model::status::Status;
use crate::model::time::{Nanos, Utc};
use crate::model::units::{Price, Qty};
use crate::notes::Notes;
use crate::probe::{self, Permit};
use crate::snapshot::Entry;

/// A resolved handle on up to seven scopes, their ancestors included. `Send` and `Sync`; stays valid through every
/// reload, and denies once its System has shut down.
///
/// Every method but [`explain`](Self::explain) is wait-free, allocates nothing and writes nothing. An order that had
/// passed its check when a halt landed may pass; who needs more checks again before the match.
///
/// ```
/// use haltline::{Intent, Nanos, Plan, ScopePath, System};
/// let plan = Plan { scopes: vec![ScopePath::new("XNAS/AAPL")?], ..Plan::default() };
/// let system = System::manual(plan, Nanos::from_secs(0))?;
/// let gate = system.gate(&["XNAS/AAPL"])?;
/// assert!(gate.permits(Intent::Increase));
/// system.kill();
/// let verdict = gate.check();
/// assert!(!verdict.permits(Intent::Increase) && verdict.permits(Intent::Cancel));
/// assert_eq!(gate.explain(verdict).reason, haltline::Reason::Killed);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Debug)]
pub struct Gate {
    words: Words<Explainer>,
}

/// What an explanation needs; the order path does not.
#[derive(Debug)]
struct Explainer {
    circuit: Arc<Circuit>,
    notes: Arc<Notes>,
}

impl Gate {
    pub(crate) fn new(circuit: Arc<Circuit>, notes: Arc<Notes>, scopes: &[ScopeId], priced: ScopeId) -> Self {
        Self { words: Words::with(circuit.board.clone(), scopes, priced, Explainer { circuit, notes }) }
    }

    /// What is denied now. With up to three scopes: four loads, an exclusive or and a branch while nothing denies or
    /// warns; a second, longer look otherwise, and with more scopes.
    #[inline]
    pub fn check(&self) -> Verdict {
        if self.words.quick() == 0 { Verdict::CLEAR } else { self.words.look() }
    }

    /// What this gate and `other` deny together: an instrument and an account, say, so that nobody needs a gate for
    /// every pair.
    #[inline]
    pub fn check_with(&self, other: &Self) -> Verdict {
        if self.words.quick() | other.words.quick() == 0 {
            Verdict::CLEAR
        } else {
            self.words.look().and(other.words.look())
        }
    }

    /// Whether an order of this intent may go now.
    #[inline]
    pub fn permits(&self, intent: Intent) -> bool {
        self.words.quick() == 0 || self.words.look().permits(intent)
    }

    /// Whether an order of this side may name this price, by the price band of the first scope of this gate that had one when it was
    /// made (or of the first, if none had): a purchase up to the upper band, a sale from the lower one on. Without a band in force there, every price is admitted; while
    /// nothing is known of the reference, in a pause, outside of a session and after a shutdown none is.
    ///
    /// Beside [`check`](Self::check), not in its place: what is killed, tripped or forked is told by that. The bands are those of the
    /// feed's last observation, so a pause that begins in silence is told by `check` first. Wait-free: one load and a comparison.
    ///
    /// ```
    /// # use haltline::*;
    /// # use std::sync::Arc;
    /// # let secs = Nanos::from_secs;
    /// # let day = |d, open| Session { date: Date::new(2020, 3, d), open: secs(open), close: secs(open + 23_400) };
    /// # let sessions = Arc::new(Sessions::new(vec![day(9, 100_000), day(10, 186_400)])?);
    /// # let start = secs(186_400 + 3_600);
    /// let rule = MarketCircuitBreaker::Band(Arc::new(PriceBand::luld(Tier::One, sessions)));
    /// let spec = BreakerSpec::new("bands", ScopePath::new("XNAS/AAPL")?, RuleSpec::MarketCircuitBreaker(rule));
    /// let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, start)?;
    /// let (gate, mut tape) = (system.gate(&["XNAS/AAPL"])?, system.feed("XNAS/AAPL")?);
    /// let price = Price::from_f64;
    /// assert!(!gate.admits_price(price(100.0)?, Side::Buy), "nothing is known yet");
    /// // Yesterday's close, and 5 % around it.
    /// tape.reference(price(100.0)?, Date::new(2020, 3, 9), start)?;
    /// assert!(gate.admits_price(price(105.0)?, Side::Buy) && !gate.admits_price(price(105.01)?, Side::Buy));
    /// assert!(gate.admits_price(price(95.0)?, Side::Sell) && !gate.admits_price(price(94.99)?, Side::Sell));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[inline]
    pub fn admits_price(&self, price: Price, side: Side) -> bool {
        self.words.admits_price(price, side)
    }

    /// Where the words lie that a check reads, for bindings to other languages that check inline. The addresses are valid
    /// while this gate lives, and not longer.
    pub fn words(&self) -> GateWords {
        self.words.addresses()
    }

    /// A permit to send one order although it is denied, if everything that denies it is half open (Cooldown with
    /// `probe = n`) and has a permit left. The order may go; say with the [`Permit`] what came of it. If nothing denies it
    /// any more, the permit costs nothing.
    ///
    /// Lock-free, not for every order: it looks at each breaker of the gate's scopes. `None` also where transitions are in
    /// flight: doubt denies.
    pub fn try_probe(&self, intent: Intent) -> Option<Permit> {
        probe::admit(&self.words.kept().circuit, &[&self.words], intent)
    }

    /// As [`try_probe`](Self::try_probe), through this gate and `other` together.
    pub fn try_probe_with(&self, other: &Self, intent: Intent) -> Option<Permit> {
        probe::admit(&self.words.kept().circuit, &[&self.words, &other.words], intent)
    }

    /// Whether an order takes exposure away whatever becomes of what is in flight: each lot of it that fills does, whether
    /// nothing of `worst_case_in_flight` has filled before, all of it, or any part. Buys are positive, sells negative.
    ///
    /// `worst_case_in_flight` is the sum of the resting orders on the order's own side: they may take the position away
    /// before this one fills, and what then fills is new exposure. Those on the other side only add to what there is to
    /// reduce; the worst of them is that none fills. An order of nothing reduces nothing.
    ///
    /// Pure; what is asked is the caller's own book. Who asks before several orders counts those that he has sent as in
    /// flight.
    ///
    /// ```
    /// use haltline::{Gate, Qty};
    /// // Long 100, and 60 of them are for sale already: 40 more may be sold, 41 would go short if all fill.
    /// assert!(Gate::reduces(Qty(100), Qty(-60), Qty(-40)));
    /// assert!(!Gate::reduces(Qty(100), Qty(-60), Qty(-41)));
    /// assert!(!Gate::reduces(Qty(100), Qty(0), Qty(1)));
    /// ```
    pub fn reduces(position: Qty, worst_case_in_flight: Qty, order: Qty) -> bool {
        let position = i128::from(position.0);
        let takes_all_of_it_away =
            |held: i128| held.signum() == -i128::from(order.0.signum()) && i128::from(order.0).abs() <= held.abs();
        // Between the two ends of what may be held the position goes through nothing else than what lies between.
        order.0 != 0
            && takes_all_of_it_away(position)
            && takes_all_of_it_away(position + i128::from(worst_case_in_flight.0))
    }

    /// Which breaker denies, why, until when; for the verdict that the caller saw. The worst one first: the System itself, then a
    /// person's stop, then the oldest. Cold: looks names up and allocates.
    ///
    /// If what denied then denies no longer, the reason is [`Reason::Cleared`].
    pub fn explain(&self, seen: Verdict) -> Denial {
        let Explainer { circuit, notes } = self.words.kept();
        let arm = circuit.board.arm();
        if let (true, Some(reason)) = (seen.is_disarmed(), arm.reason(arm.seen())) {
            return Denial { denies: seen.lanes(), ..Denial::of_the_system(reason) };
        }
        let snapshot = circuit.snapshot();
        let guards = self.words.scopes().iter().filter_map(|scope| snapshot.guards.get(scope.0 as usize)).flatten();
        let denying = guards.filter_map(|id| {
            let entry = snapshot.entry(*id)?;
            let word = circuit.board.word(id.index());
            let denies = State::unpack(word).denies;
            // Without a denial to explain, a warning is explained.
            let asked = if seen.denies_any() { seen.lanes() & Lanes::CLOSE } else { seen.lanes() };
            (!(denies & asked).is_empty()).then_some((entry, word))
        });
        // The worst first: a person's stop, then the oldest.
        let first = denying.min_by_key(|(_, word)| {
            let state = State::unpack(*word);
            (state.status != Status::EmergencyHalt, state.version())
        });
        match first {
            Some((entry, word)) => denial(circuit, notes, entry, word, snapshot.path(entry.scope)),
            None => Denial::of_the_system(Reason::Cleared),
        }
    }

    /// The same for a verdict of [`check_with`](Self::check_with): that of the two gates is asked which denies, and if both do, that with
    /// the worse denial.
    ///
    /// ```
    /// # use haltline::*;
    /// # let desk = BreakerSpec::new("desk", ScopePath::new("XNAS/AAPL")?, RuleSpec::Manual);
    /// # let plan = Plan { scopes: vec![ScopePath::new("acct/alpha")?], breakers: vec![desk], ..Plan::default() };
    /// # let system = System::manual(plan, Nanos::from_secs(0))?;
    /// # let (instrument, account) = (system.gate(&["XNAS/AAPL"])?, system.gate(&["acct/alpha"])?);
    /// # system.trip(system.breaker("desk")?, By::new("ann", Authority::Trader, "wild router"))?;
    /// let seen = account.check_with(&instrument);
    /// assert_eq!(account.explain(seen).reason, Reason::Cleared, "the account denies nothing");
    /// assert_eq!(account.explain_with(&instrument, seen).name, "desk");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn explain_with(&self, other: &Self, seen: Verdict) -> Denial {
        let (own, others) = (self.explain(seen), other.explain(seen));
        if others.outranks(&own) { others } else { own }
    }
}

/// Why an order was denied. Self-contained: goes straight into a reject message. As a text it is one sentence, with the end in UTC if time
/// ends it.
///
/// ```
/// # use haltline::*;
/// # let plan = Plan { scopes: vec![ScopePath::new("XNAS")?], ..Plan::default() };
/// # let system = System::manual(plan, Nanos::from_secs(0))?;
/// # let gate = system.gate(&["XNAS"])?;
/// system.emergency_stop("XNAS", EmergencySource::Manual, By::new("ann", Authority::Trader, "wild router"))?;
/// let denial = gate.explain(gate.check());
/// assert_eq!(denial.to_string(), "emergency_halt by kill:XNAS (kill_switch) on XNAS: emergency, ann: wild router");
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Denial {
    /// Why.
    pub reason: Reason,
    /// Which breaker; `None` if the System itself denies, or nothing does any more.
    pub breaker: Option<BreakerId>,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Option<Kind>,
    /// The scope that it guards.
    pub scope: String,
    /// Its status.
    pub status: Status,
    /// What it denies.
    pub denies: Lanes,
    /// The value that tripped it, if it is known.
    pub value: Option<f64>,
    /// The limit that the value was tested against.
    pub limit: Option<f64>,
    /// Since when.
    pub since: Option<Nanos>,
    /// Until when, if time ends it.
    pub until: Option<Nanos>,
    /// Who did it by hand, and what he said; or what the kind has to say beside its reason, such as which checks are missing.
    pub note: Option<String>,
}

impl Denial {
    /// Whether this one is to be told before `other`: the System itself, then a person's stop, then the oldest; what denies no longer is
    /// the last.
    pub fn outranks(&self, other: &Self) -> bool {
        let rank = |denial: &Self| match denial {
            Self { reason: Reason::Cleared, .. } => 3,
            Self { breaker: None, .. } => 0,
            Self { status: Status::EmergencyHalt, .. } => 1,
            _ => 2,
        };
        (rank(self), self.since) < (rank(other), other.since)
    }

    fn of_the_system(reason: Reason) -> Self {
        Self {
            reason,
            breaker: None,
            name: String::new(),
            kind: None,
            scope: String::new(),
            status: Status::Active,
            denies: Lanes::NONE,
            value: None,
            limit: None,
            since: None,
            until: None,
            note: None,
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(kind) = self.kind else { return write!(f, "{}", self.reason) };
        let scope = if self.scope.is_empty() { "everything" } else { &self.scope };
        let status = if self.reason == Reason::NotReady { "unready" } else { self.status.name() };
        write!(f, "{status} by {} ({kind}) on {scope}: {}", self.name, self.reason)?;
        if let (Some(value), Some(limit), true) = (self.value, self.limit, self.limit.is_some_and(|l| l > 0.0)) {
            write!(f, ", {value:.6} against {limit}")?;
        }
        if let Some(until) = self.until.filter(|until| *until < Nanos::NEVER) {
            write!(f, ", until {}", Utc(until))?;
        }
        match &self.note {
            Some(note) => write!(f, ", {note}"),
            None => Ok(()),
        }
    }
}

fn denial(circuit: &Circuit, notes: &Notes, entry: &Entry, word: u64, scope: &str) -> Denial {
    let state = State::unpack(word);
    let cause = circuit.why(entry, word);
    Denial {
        reason: reason_of(state, cause.map(|c| c.reason)),
        breaker: Some(entry.id),
        name: entry.name.to_string(),
        kind: Some(entry.kind),
        scope: scope.to_owned(),
        status: state.status,
        denies: state.denies,
        value: cause.map(|c| c.value),
        limit: cause.map(|c| c.limit),
        since: Some(circuit.epoch().nanos(state.since)),
        until: circuit.until(entry, state),
        note: notes.of(entry.id, word).or_else(|| circuit.remark(entry, &cause?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Whether each lot of the order that fills takes exposure away, after each part of what is in flight.
    fn by_brute_force(position: i64, in_flight: i64, order: i64) -> bool {
        let filled = |all: i64| (0..=all.abs()).map(move |lots| lots * all.signum());
        let reduces = |held: i64| {
            filled(order).zip(filled(order).skip(1)).all(|(before, after)| (held + after).abs() < (held + before).abs())
        };
        order != 0 && filled(in_flight).all(|before| reduces(position + before))
    }

    #[test]
    fn an_order_reduces_if_it_does_after_every_partial_fill() {
        for position in -9..=9 {
            for in_flight in -12..=12 {
                for order in -12..=12 {
                    let found = Gate::reduces(Qty(position), Qty(in_flight), Qty(order));
                    assert_eq!(found, by_brute_force(position, in_flight, order), "{position} {in_flight} {order}");
                }
            }
        }
    }

    #[test]
    fn what_rests_on_the_other_side_changes_nothing() {
        for (position, other) in [(5, 7), (5, 100), (-5, -7)] {
            for order in -8..=8 {
                let own_side = i64::signum(order) == i64::signum(other);
                let alone = Gate::reduces(Qty(position), Qty(0), Qty(order));
                assert!(own_side || alone == Gate::reduces(Qty(position), Qty(other), Qty(order)), "{order}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_quantity_panics(position: i64, in_flight: i64, order: i64) {
            let reduces = Gate::reduces(Qty(position), Qty(in_flight), Qty(order));
            let opposes = (position > 0) == (order < 0) && position != 0 && order != 0;
            prop_assert!(opposes || !reduces);
        }

        /// The same around the ends of the numbers, where a sum does not fit.
        #[test]
        fn it_is_exact_at_the_ends_of_the_numbers(in_flight in -20i64..=0, order in -20i64..=20) {
            for position in [i64::MAX, i64::MIN] {
                let toward = if position > 0 { order < 0 } else { order > 0 };
                prop_assert_eq!(Gate::reduces(Qty(position), Qty(in_flight), Qty(order)), toward);
            }
            prop_assert!(!Gate::reduces(Qty(1), Qty(i64::MIN), Qty(-1)));
            prop_assert!(Gate::reduces(Qty(i64::MIN), Qty(0), Qty(i64::MAX)));
        }
    }
}
