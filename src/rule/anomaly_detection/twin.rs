//! The anomaly's slow twin: all values are kept, and sorted or weighed anew each time.

use proptest::prelude::*;

use super::super::*;
use super::ratio;
use crate::model::limits::Limits;
use crate::model::reading::Level;
use crate::rule::RuleSpec;
use crate::rule::trial::{Trial, rule, sessions};

struct Twin {
    spec: Spec,
    opens: Vec<u64>,
    last: Option<(u64, i64)>,
    values: Vec<f64>,
    z: Option<f64>,
}

impl Twin {
    fn hear(&mut self, observation: Observation, at: u64) {
        let value = match (self.spec.source, observation) {
            (AnomalySource::Return, Observation::Value(Channel::Trade, price)) if price > 0 => {
                let last = self.last.replace((at, price));
                let night = |from: u64| self.opens.iter().any(|open| from < *open && *open <= at);
                last.filter(|(from, _)| !night(*from)).map(|(_, before)| (price as f64 / before as f64).ln())
            }
            (AnomalySource::Volume, Observation::Value(Channel::Size, lots)) => Some(lots as f64),
            (AnomalySource::Spread, Observation::Value(Channel::Spread, spread)) => Some(spread as f64 / 1e9),
            (AnomalySource::Level, Observation::Level(level)) if level.abs() <= 1e150 => Some(level),
            _ => None,
        };
        let Some(value) = value else { return };
        if self.values.len() >= self.spec.min_values {
            let (middle, scale) = match self.spec.baseline {
                AnomalyBaseline::Median => self.robust(),
                AnomalyBaseline::Ewma => self.fading(),
            };
            self.z = Some((value - middle).abs() / scale.max(self.spec.min_scale.to_f64()));
        }
        self.values.push(value);
    }

    fn robust(&self) -> (f64, f64) {
        let window = &self.values[self.values.len().saturating_sub(self.spec.window)..];
        let middle = median(window.to_vec());
        (middle, 1.4826 * median(window.iter().map(|value| (value - middle).abs()).collect()))
    }

    /// Each value by its weight, from the first on.
    fn fading(&self) -> (f64, f64) {
        let alpha = 2.0 / (self.spec.window as f64 + 1.0);
        let weight = |age: usize| {
            let fresh = if age + 1 == self.values.len() { 1.0 } else { alpha };
            fresh * (1.0 - alpha).powi(age as i32)
        };
        let weighed = || self.values.iter().rev().enumerate().map(|(age, value)| (weight(age), value));
        let mean: f64 = weighed().map(|(weight, value)| weight * value).sum();
        let variance: f64 = weighed().map(|(weight, value)| weight * (value - mean) * (value - mean)).sum();
        (mean, variance.sqrt())
    }

    /// Whether a value is what the twin says, up to the rounding of sums; medians have none.
    fn agrees(&self, found: f64) -> bool {
        let expected = self.z.unwrap_or(0.0);
        match self.spec.baseline {
            AnomalyBaseline::Median => found == expected,
            AnomalyBaseline::Ewma => (found - expected).abs() <= 1e-6 * expected.abs().max(1e-3),
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len().is_multiple_of(2) { f64::midpoint(values[half - 1], values[half]) } else { values[half] }
}

fn observation() -> impl Strategy<Value = Observation> {
    let price = prop_oneof![
        12 => 9_900i64..10_100,
        2 => 5_000i64..20_000,
        1 => prop::sample::select(vec![1, i64::MAX, 0, -1, i64::MIN]),
    ];
    let lots = prop_oneof![6 => 0i64..20, 1 => 0i64..1_000, 1 => Just(i64::MAX)];
    let spread = prop_oneof![6 => 0i64..50_000_000, 1 => -100_000_000i64..1_000_000_000];
    let level = prop_oneof![8 => -5.0f64..5.0, 1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, 1e9, -0.0])];
    prop_oneof![
        4 => price.prop_map(|price| Observation::Value(Channel::Trade, price)),
        4 => lots.prop_map(|lots| Observation::Value(Channel::Size, lots)),
        4 => spread.prop_map(|spread| Observation::Value(Channel::Spread, spread)),
        4 => level.prop_map(Observation::Level),
        1 => Just(Observation::Heartbeat),
    ]
}

fn specs() -> impl Strategy<Value = Spec> {
    let source = prop::sample::select(AnomalySource::ALL.to_vec());
    let baseline = prop::sample::select(AnomalyBaseline::ALL.to_vec());
    let scale = prop::sample::select(vec![0.000_1, 0.01, 1.0, 50.0]);
    (source, baseline, 2usize..30, 0usize..29, prop::sample::select(vec![0.5, 3.0]), scale).prop_map(
        |(source, baseline, window, least, limit, scale)| Spec {
            limits: Limits::of(ratio(limit)),
            source,
            baseline,
            window,
            min_values: 2 + least % (window - 1),
            min_scale: ratio(scale),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    /// Asked each time, asked only outside the band, and the twin: all say the same.
    #[test]
    fn agrees_with_the_slow_twin_with_and_without_the_shortcut(
        spec in specs(),
        in_sessions: bool,
        heard in prop::collection::vec((prop_oneof![4 => 0u64..4, 1 => 0u64..60], observation()), 1..200),
    ) {
        let days: Vec<_> = (1..28).map(|day| (day, u64::from(day) * 100, u64::from(day) * 100 + 50)).collect();
        let calendar = in_sessions.then(|| sessions(&days));
        let opens = if in_sessions { days.iter().map(|day| day.1).collect() } else { vec![] };
        let make = |shortcut| Trial::new(rule(RuleSpec::AnomalyDetection(spec.clone()), calendar.clone()), None, shortcut);
        let (mut each, mut short) = (make(false), make(true));
        let mut twin = Twin { spec: spec.clone(), opens, last: None, values: vec![], z: None };
        let mut at = 50;
        for (gap, observation) in heard {
            at += gap;
            prop_assert_eq!(each.hear(observation, Nanos(at)), short.hear(observation, Nanos(at)));
            twin.hear(observation, at);
            prop_assert_eq!((short.said(), short.reading.value), (each.said(), each.reading.value), "shortcut at {}", at);
            prop_assert!(twin.agrees(each.reading.value), "twin at {}: {} {:?}", at, each.reading.value, twin.z);
            let level = twin.z.map_or(Level::Unready, |_| spec.limits.level(each.reading.value));
            prop_assert_eq!(each.reading.level, level, "twin at {}", at);
        }
    }
}
