//! The slow twin: every outcome in a list, counted anew each time.

use proptest::prelude::*;

use super::super::*;
use crate::model::limits::Limits;
use crate::model::reading::Pending;
use crate::model::reason::Reason;
use crate::model::state::Step;
use crate::rule::RuleSpec;
use crate::rule::trial::{Said, Trial, rule};

struct Twin {
    spec: Spec,
    outcomes: Vec<bool>,
    accuracy: Option<f64>,
}

impl Twin {
    fn hear(&mut self, observation: Observation) {
        match observation {
            Observation::Prediction(right) => self.outcomes.push(right),
            Observation::Level(accuracy) if (0.0..=1.0).contains(&accuracy) => self.accuracy = Some(accuracy),
            _ => {}
        }
    }

    /// What it says, and its value.
    fn said(&self) -> (Said, f64) {
        let unready = ((Level::Unready, Step::FIRST, Reason::NotReady, Pending::NONE), 0.0);
        let (value, below): (f64, Box<dyn Fn(Ratio) -> bool>) = match self.spec.source {
            PerformanceSource::Level => {
                let Some(accuracy) = self.accuracy else { return unready };
                (accuracy, Box::new(move |level| accuracy < level.to_f64()))
            }
            PerformanceSource::Outcomes => {
                let last: Vec<_> = self.outcomes.iter().rev().take(self.spec.window).collect();
                if last.len() < self.spec.min_outcomes {
                    return unready;
                }
                let right = last.iter().filter(|right| ***right).count();
                let count = last.len();
                let below = move |level: Ratio| right as i128 * 1_000_000_000 < level.raw() as i128 * count as i128;
                (right as f64 / count as f64, Box::new(below))
            }
        };
        let limits = self.spec.limits;
        let (level, reason) = if below(limits.limit) {
            (Level::Breach, Reason::Limit)
        } else if below(limits.warn) {
            (Level::Warn, Reason::WarnLevel)
        } else if below(limits.clear) {
            (Level::Elevated, Reason::None)
        } else {
            (Level::Normal, Reason::None)
        };
        ((level, Step::FIRST, reason, Pending::NONE), value)
    }
}

fn spec() -> impl Strategy<Value = Spec> {
    let window = prop_oneof![1usize..20, Just(63), Just(64), Just(65), Just(200)];
    let limit = prop::sample::select(vec![1i64, 250_000_000, 500_000_000, 600_000_000, 333_333_333, 1_000_000_000]);
    let source = prop_oneof![4 => Just(PerformanceSource::Outcomes), 1 => Just(PerformanceSource::Level)];
    (window, any::<prop::sample::Index>(), limit, source).prop_map(|(window, least, limit, source)| Spec {
        limits: Limits::below(Ratio::from_raw(limit), Ratio::from_raw(Ratio::SCALE)),
        source,
        window,
        min_outcomes: 1 + least.index(window),
    })
}

fn observation() -> impl Strategy<Value = Observation> {
    let accuracy = prop_oneof![
        6 => 0.0..=1.0,
        1 => prop::sample::select(vec![0.0, 0.5, 0.6, 1.0, -0.0, 1.5, -1.0, f64::NAN, f64::INFINITY]),
    ];
    prop_oneof![
        // Runs of either, so that every level is reached in a window of any length.
        24 => any::<bool>().prop_map(Observation::Prediction),
        8 => accuracy.prop_map(Observation::Level),
        1 => Just(Observation::Heartbeat),
        1 => Just(Observation::Value(Channel::Trade, 7)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]
    #[test]
    fn agrees_with_the_slow_twin_with_and_without_the_shortcut(
        spec in spec(),
        heard in prop::collection::vec((1usize..12, 0u64..5, observation()), 1..60),
    ) {
        let make = |shortcut| Trial::new(rule(RuleSpec::ModelPerformance(spec.clone()), None), None, shortcut);
        let (mut each, mut short) = (make(false), make(true));
        let mut twin = Twin { spec: spec.clone(), outcomes: vec![], accuracy: None };
        let mut at = 0;
        for (repeats, gap, observation) in heard {
            for _ in 0..repeats {
                at += gap;
                prop_assert_eq!(each.hear(observation, Nanos(at)), short.hear(observation, Nanos(at)));
                twin.hear(observation);
                let (said, value) = twin.said();
                prop_assert_eq!((each.said(), short.said()), (said, said));
                prop_assert!(each.reading.value == value && short.reading.value == value);
            }
        }
    }
}
