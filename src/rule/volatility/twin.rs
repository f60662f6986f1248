//! The volatility's slow twin: every nanosecond is looked at, all closes and readings are kept.

use std::sync::Arc;

use proptest::prelude::*;

use super::super::*;
use crate::model::limits::Limits;
use crate::model::reading::Pending;
use crate::model::session::Sessions;
use crate::model::state::Step;
use crate::model::units::Ratio;
use crate::rule::RuleSpec;
use crate::rule::trial::{Said, Trial, rule, sessions};

struct Twin {
    spec: Spec,
    sessions: Option<Arc<Sessions>>,
    last: Option<(u64, i64)>,
    suspended: bool,
    now: Option<u64>,
    closes: Vec<i64>,
    readings: Vec<f64>,
    ready: bool,
}

impl Twin {
    fn is_edge(&self, at: u64) -> bool {
        match (self.spec.sample, &self.sessions) {
            (Some(sample), None) => at.is_multiple_of(sample.as_nanos() as u64),
            (Some(sample), Some(sessions)) => sessions
                .as_slice()
                .iter()
                .any(|s| at > s.open.0 && at <= s.close.0 && (at - s.open.0).is_multiple_of(sample.as_nanos() as u64)),
            (None, Some(sessions)) => sessions.as_slice().iter().any(|s| s.close.0 == at),
            (None, None) => false,
        }
    }

    /// When the session of the window began.
    fn begin(&self, at: u64) -> u64 {
        let Some(sessions) = self.sessions.as_ref().filter(|_| self.spec.sample.is_some()) else { return 0 };
        sessions.as_slice().iter().rfind(|s| s.open.0 <= at).map_or(0, |s| s.open.0)
    }

    fn edge(&mut self, at: u64) {
        let Some((heard, price)) = self.last.filter(|_| self.is_edge(at) && !self.suspended) else { return };
        if heard < self.begin(at) {
            return;
        }
        self.closes.push(price);
        let n = self.spec.returns;
        if n < 2 || self.closes.len() < n + 1 {
            return;
        }
        let returns: Vec<f64> = self.closes.windows(2).map(|pair| (pair[1] as f64 / pair[0] as f64).ln()).collect();
        let (_, std) = moments(&returns[returns.len() - n..]);
        self.readings.push(std * self.spec.annualise.unwrap_or(n as f64).sqrt());
        self.ready = true;
    }

    /// Time passes from the last moment to this one, which is `done` if its own edge is.
    fn pass(&mut self, to: u64) {
        for at in self.now.map_or(to, |now| now + 1)..=to {
            if self.begin(at) != self.begin(at - 1) {
                (self.closes, self.suspended) = (vec![], false);
            }
            self.edge(at);
        }
        self.now = Some(self.now.map_or(to, |now| now.max(to)));
    }

    fn hear(&mut self, observation: Observation, at: u64) {
        match observation {
            Observation::Value(Channel::Trade, price) if price > 0 => {
                self.now = self.now.or(Some(at - 1));
                self.pass(at - 1);
                self.last = Some((at, price));
                self.pass(at);
            }
            Observation::Heartbeat => self.pass(at),
            Observation::Venue(status) => {
                self.pass(at);
                self.suspended = match status {
                    VenueStatus::Halted | VenueStatus::Closed => true,
                    VenueStatus::Open => false,
                    VenueStatus::Unknown => self.suspended,
                };
            }
            _ => {}
        }
    }

    fn said(&self) -> (Said, f64) {
        let plain = |level, reason, value| ((level, Step::FIRST, reason, Pending::NONE), value);
        let (Some(&value), true) = (self.readings.last(), self.ready) else {
            return plain(Level::Unready, Reason::NotReady, 0.0);
        };
        let (limits, count) = (self.spec.limits, self.readings.len());
        let limit = limits.limit.to_f64();
        if value >= limit {
            return plain(Level::Breach, Reason::Limit, value);
        }
        if self.spec.rise && count >= 10 && value - self.readings[count - 10] >= limit / 2.0 {
            return plain(Level::Breach, Reason::Rise, value - self.readings[count - 10]);
        }
        let before = &self.readings[(count - 1).saturating_sub(100)..count - 1];
        let (mean, std) = moments(before);
        if self.spec.breakout && before.len() >= 20 && std > 0.0 && (value - mean) / std > 3.0 && value >= limit / 2.0 {
            return plain(Level::Breach, Reason::Breakout, (value - mean) / std);
        }
        if value >= limits.warn.to_f64() {
            return plain(Level::Warn, Reason::WarnLevel, value);
        }
        plain(if value >= limits.clear.to_f64() { Level::Elevated } else { Level::Normal }, Reason::None, value)
    }
}

fn moments(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, (squares / (values.len() as f64 - 1.0)).sqrt())
}

fn observation() -> impl Strategy<Value = Observation> {
    let price = prop_oneof![
        12 => 9_900i64..10_100,
        3 => 9_000i64..11_000,
        1 => prop::sample::select(vec![1, i64::MAX, 0, -1, i64::MIN]),
    ];
    prop_oneof![
        20 => price.prop_map(|price| Observation::Value(Channel::Trade, price)),
        1 => prop::sample::select(VenueStatus::ALL.to_vec()).prop_map(Observation::Venue),
        1 => Just(Observation::Venue(VenueStatus::Open)),
        3 => Just(Observation::Heartbeat),
        1 => Just(Observation::Value(Channel::Mid, 7)),
    ]
}

fn spec() -> impl Strategy<Value = Spec> {
    let sample = prop_oneof![8 => (1u64..12).prop_map(Some), 2 => Just(None)];
    let limit = prop::sample::select(vec![1_000_000i64, 10_000_000, 20_000_000, 40_000_000]);
    (sample, 0usize..6, limit, any::<[bool; 2]>(), prop_oneof![Just(None), Just(Some(252.0))]).prop_map(
        |(sample, returns, limit, [rise, breakout], annualise)| Spec {
            limits: Limits::of(Ratio::from_raw(limit)),
            source: VolatilitySource::Trade,
            sample: sample.map(Duration::from_nanos),
            returns,
            annualise,
            rise,
            breakout,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    /// Asked each time, asked only outside the band, and the twin: all say the same.
    #[test]
    fn agrees_with_the_slow_twin_with_and_without_the_shortcut(
        spec in spec(),
        in_sessions: bool,
        begin in 1u64..320,
        heard in prop::collection::vec((prop_oneof![4 => 0u64..4, 4 => 0u64..15, 1 => 0u64..300], observation()), 1..120),
    ) {
        let many: Vec<_> = (1..31).map(|day| (day, u64::from(day) * 100, u64::from(day) * 100 + 40 + u64::from(day))).collect();
        let calendar = in_sessions.then(|| sessions(&many));
        let make = |shortcut| Trial::new(rule(RuleSpec::Volatility(spec.clone()), calendar.clone()), None, shortcut);
        let (mut each, mut short) = (make(false), make(true));
        let (closes, readings) = (vec![], vec![]);
        let mut twin = Twin { spec: spec.clone(), sessions: calendar.clone(), last: None, suspended: false, now: None, closes, readings, ready: false };
        let mut at = begin;
        for (gap, observation) in heard {
            at += gap;
            prop_assert_eq!(each.hear(observation, Nanos(at)), short.hear(observation, Nanos(at)));
            twin.hear(observation, at);
            prop_assert_eq!(short.said(), each.said(), "shortcut at {}", at);
            let (said, value) = twin.said();
            prop_assert_eq!(each.said(), said, "twin at {}", at);
            prop_assert!(each.reading.value == value && short.reading.value == value, "{} {}", each.reading.value, value);
        }
    }
}
