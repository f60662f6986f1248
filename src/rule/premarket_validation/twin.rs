//! The slow twin: every report in a list, gone through anew each time.

use proptest::prelude::*;

use super::super::*;
use crate::rule::RuleSpec;
use crate::rule::premarket_validation::PremarketCheck;
use crate::rule::trial::{Said, Trial, rule, sessions};

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

struct Twin {
    spec: Spec,
    sessions: Arc<Sessions>,
    reports: Vec<(&'static str, bool, u64)>,
}

impl Twin {
    fn state(&self, check: &PremarketCheck, index: usize) -> Reason {
        let all = self.sessions.as_slice();
        let after = if index == 0 { None } else { Some(all[index - 1].close.0) };
        let of_session = |at: u64| after.is_none_or(|close| at > close) && at <= all[index].close.0;
        let mine: Vec<_> = self.reports.iter().filter(|(name, _, at)| *name == check.name && of_session(*at)).collect();
        let deadline = match check.deadline {
            None => u64::MAX,
            Some(Deadline::BeforeOpen(d)) => all[index].open.0 - d.as_nanos() as u64,
            Some(Deadline::AfterOpen(d)) => all[index].open.0 + d.as_nanos() as u64,
        };
        match mine.last() {
            None => Reason::CheckMissing,
            Some((_, false, _)) => Reason::CheckFailed,
            Some(_) if mine.iter().any(|(_, passed, at)| *passed && *at <= deadline) => Reason::None,
            Some(_) => Reason::CheckLate,
        }
    }

    fn said(&self, at: u64) -> (Said, f64) {
        let breach = |reason, open: usize| ((Level::Breach, Step::FIRST, reason, Pending::NONE), open as f64);
        let all = self.sessions.as_slice();
        let Some(index) = all.iter().position(|session| at <= session.close.0) else {
            return breach(Reason::CalendarEnded, self.spec.checks.len());
        };
        let states: Vec<_> = self.spec.checks.iter().map(|check| self.state(check, index)).collect();
        let open = states.iter().filter(|state| **state != Reason::None).count();
        for reason in [Reason::CheckFailed, Reason::CheckLate, Reason::CheckMissing] {
            if states.contains(&reason) {
                return breach(reason, open);
            }
        }
        let reason = if index + 1 == all.len() { Reason::CalendarEnded } else { Reason::CheckMissing };
        let due = Nanos(all[index].close.0 + 1);
        let pending = Pending { due, level: Level::Breach, step: Step::FIRST, reason };
        ((Level::Normal, Step::FIRST, Reason::None, pending), 0.0)
    }
}

fn spec() -> impl Strategy<Value = Spec> {
    let deadline = prop_oneof![
        2 => Just(None),
        1 => (0u64..60).prop_map(|d| Some(Deadline::BeforeOpen(Duration::from_nanos(d)))),
        1 => (0u64..60).prop_map(|d| Some(Deadline::AfterOpen(Duration::from_nanos(d)))),
    ];
    (prop::sample::subsequence(NAMES.to_vec(), 1..=4).prop_shuffle(), prop::collection::vec(deadline, 4)).prop_map(
        |(names, deadlines)| {
            let check = |(name, deadline): (&str, _)| PremarketCheck { name: name.into(), deadline };
            Spec { checks: names.into_iter().zip(deadlines).map(check).collect() }
        },
    )
}

/// A report, or none: then time passes until what is pending is due, or the rule is asked anew.
fn heard() -> impl Strategy<Value = Option<(&'static str, bool)>> {
    let report = (prop::sample::select(NAMES.to_vec()), prop::bool::weighted(0.85));
    prop_oneof![12 => report.prop_map(Some), 1 => Just(None)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn agrees_with_the_slow_twin_with_and_without_the_shortcut(
        spec in spec(),
        begin in 1u64..320,
        heard in prop::collection::vec((prop_oneof![8 => 0u64..12, 1 => 0u64..200], heard(), any::<bool>()), 1..80),
    ) {
        let calendar = sessions(&[(9, 100, 200), (10, 300, 400), (11, 500, 600), (12, 700, 760)]);
        let make = |shortcut| Trial::new(rule(RuleSpec::PremarketValidation(spec.clone()), Some(calendar.clone())), None, shortcut);
        let (mut each, mut short) = (make(false), make(true));
        let mut twin = Twin { spec: spec.clone(), sessions: calendar.clone(), reports: vec![] };
        let mut at = begin;
        each.evaluate(Nanos(at));
        short.evaluate(Nanos(at));
        for (gap, heard, claimed_anew) in heard {
            let pending = each.reading.pending;
            at = match heard {
                None if pending.due != Nanos::NEVER => pending.due.0.max(at),
                _ => at + gap,
            };
            for trial in [&mut each, &mut short] {
                match heard {
                    Some((name, passed)) => {
                        // What has come true in silence comes first, and a report of another's check wakes nobody.
                        trial.tick(Nanos(at));
                        let check = CheckId::of(name);
                        let good = trial.hear(Observation::Check { check, passed }, Nanos(at));
                        prop_assert!(good);
                        if !trial.rule.expects(check) {
                            trial.evaluate(Nanos(at));
                        }
                    }
                    None => trial.evaluate(Nanos(at)),
                }
                if claimed_anew {
                    trial.rule = rule(RuleSpec::PremarketValidation(spec.clone()), Some(calendar.clone()));
                    trial.evaluate(Nanos(at));
                }
            }
            if let Some((name, passed)) = heard {
                twin.reports.push((name, passed, at));
            }
            let (said, value) = twin.said(at);
            prop_assert_eq!((each.said(), short.said()), (said, said), "at {}", at);
            prop_assert_eq!((each.reading.value, each.memory), (value, short.memory));
            let told = heard.is_some() || pending.due == Nanos::NEVER || (said.0, said.2) == (pending.level, pending.reason);
            prop_assert!(told, "what was pending is true at {}", at);
        }
    }
}
