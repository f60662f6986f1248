//! The liquidation's slow twin: all marks in a list, the opening looked up anew each time.

use core::time::Duration;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::*;
use crate::model::session::Sessions;
use crate::rule::trial::{Said, Trial, sessions};
use crate::rule::{Rule, RuleSpec};

const NANO: i128 = 1_000_000_000;

struct Twin {
    spec: Spec,
    policy: Policy,
    sessions: Option<Arc<Sessions>>,
    opening: Option<i64>,
    session: u32,
    last: Option<(i64, u64)>,
    margin: Option<(i64, i64, u64)>,
}

impl Twin {
    fn mark(&mut self, value: i64, at: u64) {
        let all = self.sessions.as_deref().map_or(&[][..], Sessions::as_slice);
        let date = all.iter().rfind(|session| session.open.0 <= at).map_or(0, |session| session.date.0);
        if date > self.session {
            self.session = date;
            self.opening = self.last.map(|(value, _)| value);
        }
        self.opening = self.opening.filter(|opening| *opening > 0).or(Some(value));
        self.last = Some((value, at));
    }

    fn flow(&mut self, amount: i64) {
        let last = self.last.iter_mut().map(|(value, _)| value);
        for value in last.chain(self.opening.iter_mut().filter(|opening| **opening > 0)) {
            *value = value.saturating_add(amount);
        }
    }

    fn stale_at(&self) -> Option<u64> {
        let heard = [self.last.map(|l| l.1), self.margin.map(|m| m.2)];
        let each = heard.into_iter().flatten().filter_map(|at| self.policy.stale_at(Nanos(at), Nanos(0)));
        each.map(|due| due.0).min()
    }

    fn loss(&self) -> (Level, Reason) {
        let (Some((now, _)), Some(opening)) = (self.last, self.opening.filter(|o| *o > 0)) else {
            return (Level::Unready, Reason::NotReady);
        };
        let loss = (i128::from(opening) - i128::from(now)) * NANO;
        let reached = |ratio: Ratio| loss >= i128::from(ratio.raw()) * i128::from(opening);
        let Limits { limit, warn, clear } = self.spec.limits;
        say([reached(limit), reached(warn), reached(clear)], Reason::Limit)
    }

    fn margin(&self, limits: Limits) -> (Level, Reason) {
        let Some((used, available, _)) = self.margin else { return (Level::Unready, Reason::NotReady) };
        let all = i128::from(used) + i128::from(available);
        if all <= 0 {
            let nothing = used == 0 && all == 0;
            return say([!nothing, false, false], Reason::Margin);
        }
        let over = |ratio: Ratio| i128::from(used) * NANO - i128::from(ratio.raw()) * all;
        let at = |ratio| used > 0 && over(ratio) >= 0;
        say([over(limits.limit) > 0, at(limits.warn), at(limits.clear)], Reason::Margin)
    }

    fn said(&self, at: u64) -> Said {
        let mut said = self.loss();
        let mut pending = Pending::NONE;
        if let Some(limits) = self.spec.margin {
            let other = self.margin(limits);
            if rank(other.0) > rank(said.0) {
                said = other;
            }
            let comes = match self.policy.on_stale {
                OnStale::Trip => Level::Breach,
                OnStale::Warn => Level::Warn,
                OnStale::Ignore => Level::Normal,
            };
            match self.stale_at() {
                _ if said.0 == Level::Unready => {}
                Some(due) if due <= at && rank(comes) > rank(said.0) => said = (comes, Reason::Stale),
                _ => {}
            }
            let heard = [self.last.map(|l| l.1), self.margin.map(|m| m.2)].into_iter().flatten();
            let next =
                heard.filter_map(|heard| self.policy.stale_at(Nanos(heard), Nanos(0))).filter(|due| due.0 > at).min();
            if let Some(due) = next.filter(|_| said.0 != Level::Unready && rank(comes) > rank(said.0)) {
                pending = Pending { due, level: comes, step: Step::FIRST, reason: Reason::Stale };
            }
        }
        (said.0, Step::FIRST, said.1, pending)
    }
}

fn rank(level: Level) -> usize {
    [Level::Normal, Level::Elevated, Level::Warn, Level::Unready, Level::Breach]
        .iter()
        .position(|l| *l == level)
        .unwrap()
}

fn say(reached: [bool; 3], breach: Reason) -> (Level, Reason) {
    match reached {
        [true, ..] => (Level::Breach, breach),
        [_, true, _] => (Level::Warn, Reason::WarnLevel),
        [.., true] => (Level::Elevated, Reason::None),
        _ => (Level::Normal, Reason::None),
    }
}

#[derive(Clone, Copy, Debug)]
enum Heard {
    Mark(i64),
    Margin(i64, i64),
    Flow(i64),
    Rebase(i64),
    /// Nothing until what is pending is due.
    Silence,
}

fn heard() -> impl Strategy<Value = Heard> {
    let extreme = || prop::sample::select(vec![i64::MIN, -1_000, -1, 0, 1, i64::MAX]);
    let mark = prop_oneof![
        12 => 820i64..1_100,
        4 => prop::sample::select(vec![850, 851, 849, 880, 881, 892, 893, 1_000]),
        1 => extreme(),
    ];
    let used = prop_oneof![8 => 0i64..100, 1 => Just(0), 1 => Just(i64::MAX)];
    let available = prop_oneof![8 => 0i64..60, 2 => -20i64..5, 1 => extreme()];
    prop_oneof![
        20 => mark.prop_map(Heard::Mark),
        12 => (used, available).prop_map(|(used, available)| Heard::Margin(used, available)),
        1 => prop_oneof![8 => -60i64..60, 1 => extreme()].prop_map(Heard::Flow),
        1 => (900i64..1_100).prop_map(Heard::Rebase),
        3 => Just(Heard::Silence),
    ]
}

fn pass(trial: &mut Trial, heard: Heard, at: Nanos) {
    let money = Money::from_raw;
    match heard {
        Heard::Mark(value) => assert!(trial.hear(Observation::Value(Channel::Equity, value), at)),
        Heard::Margin(used, available) => {
            assert!(trial.hear(Observation::Margin { used: money(used), available: money(available) }, at));
        }
        Heard::Flow(amount) => assert!(trial.hear(Observation::Flow(money(amount)), at)),
        Heard::Rebase(opening) => {
            trial.rule.rebase(money(opening), &mut trial.memory);
            trial.evaluate(at);
        }
        Heard::Silence => trial.evaluate(at),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]
    /// Asked each time, asked only outside the band, and the twin: all say the same.
    #[test]
    fn agrees_with_the_slow_twin_with_and_without_the_shortcut(
        margin in prop::option::of(Just(Ratio::from_raw(900_000_000))),
        in_sessions: bool,
        on_stale in prop::sample::select(OnStale::ALL.to_vec()),
        stale_after in 1u64..200,
        begin in 1u64..320,
        list in prop::collection::vec((prop_oneof![4 => 0u64..4, 8 => 0u64..60, 1 => 0u64..400], heard()), 1..80),
    ) {
        let loss = Spec::with_limit(Ratio::from_raw(150_000_000));
        let spec = margin.map_or(loss.clone(), |limit| loss.with_margin_limit(limit));
        let calendar = in_sessions.then(|| sessions(&[(9, 100, 200), (10, 300, 400), (11, 500, 600), (12, 700, 760)]));
        let policy = Policy {
            on_stale,
            stale_after: Duration::from_nanos(stale_after),
            sessions: calendar.clone(),
            ..Policy::default()
        };
        let rule = || Rule::new(&RuleSpec::LiquidationRequired(spec.clone()), &policy).unwrap();
        let make = |shortcut| Trial::new(rule(), None, shortcut);
        let (mut each, mut short) = (make(false), make(true));
        let mut twin =
            Twin { spec: spec.clone(), policy: policy.clone(), sessions: calendar, opening: None, session: 0, last: None, margin: None };
        let mut at = begin;
        for (gap, heard) in list {
            let pending = each.reading.pending;
            at = match heard {
                Heard::Silence if pending.due != Nanos::NEVER => pending.due.0.max(at),
                _ => at + gap,
            };
            pass(&mut each, heard, Nanos(at));
            pass(&mut short, heard, Nanos(at));
            match heard {
                Heard::Mark(value) => twin.mark(value, at),
                Heard::Margin(used, available) if spec.margin.is_some() => twin.margin = Some((used, available, at)),
                Heard::Flow(amount) => twin.flow(amount),
                Heard::Rebase(opening) => twin.opening = Some(opening),
                Heard::Margin(..) => {}
                Heard::Silence => {
                    let told = pending.due == Nanos::NEVER || (each.reading.level, each.reading.reason) == (pending.level, pending.reason);
                    prop_assert!(told, "what was pending is true at {}", at);
                }
            }
            prop_assert_eq!(short.said(), each.said(), "shortcut at {}", at);
            // Without a margin limit a report of margin is none of its business.
            let asked = !matches!(heard, Heard::Margin(..)) || spec.margin.is_some();
            prop_assert!(!asked || each.said() == twin.said(at), "{:?} is not {:?} at {}", each.said(), twin.said(at), at);
            prop_assert_eq!((short.last, short.memory), (each.last, each.memory));
            let (one, other) = (short.reading.value, each.reading.value);
            prop_assert!((one - other).abs() <= 1e-9 * other.abs().max(1.0), "{} {}", one, other);
        }
    }
}
