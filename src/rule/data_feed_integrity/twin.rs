//! The data feed's slow twin: every message that was expected is kept under its number, and counted anew each time.

use proptest::prelude::*;

use super::super::*;
use super::*;
use crate::model::reading::Pending;
use crate::model::state::Step;
use crate::rule::trial::Said;

#[derive(Clone, Copy, PartialEq)]
enum Came {
    Never,
    Well,
    Badly,
}

struct Twin {
    spec: Spec,
    /// Which count it is of, its number, and what became of it.
    all: Vec<(usize, u64, Came)>,
    count: usize,
    held: Option<(u64, Came)>,
    latency: u64,
    spread: Option<i64>,
    told: Option<f64>,
}

impl Twin {
    fn is_late(&self, latency: u64) -> bool {
        self.spec.max_latency.is_some_and(|most| u128::from(latency) > most.as_nanos())
    }

    fn hear(&mut self, observation: Observation, at: u64) {
        match (self.spec.source, observation) {
            (IntegritySource::Level, Observation::Level(score)) if (0.0..=100.0).contains(&score) => {
                self.told = Some(score);
            }
            (IntegritySource::Heard, Observation::Sequence { number, sent }) => {
                let latency = at.saturating_sub(sent.0);
                if self.message(number, if self.is_late(latency) { Came::Badly } else { Came::Well }) {
                    self.latency = latency;
                }
            }
            (IntegritySource::Heard, Observation::Value(Channel::Spread, spread)) => self.spread = Some(spread),
            _ => {}
        }
    }

    fn window(&self) -> std::ops::Range<usize> {
        self.all.len().saturating_sub(self.spec.window)..self.all.len()
    }

    fn message(&mut self, number: u64, came: Came) -> bool {
        let held = self.held.take();
        match self.all.last().copied() {
            None => self.all.push((self.count, number, came)),
            Some((_, last, _)) if number > last => {
                // Further than anybody looks back they are all the same.
                let from = number.saturating_sub(self.spec.window as u64).max(last + 1);
                self.all.extend((from..number).map(|missing| (self.count, missing, Came::Never)));
                self.all.push((self.count, number, came));
            }
            Some(_) => {
                let (window, count) = (self.window(), self.count);
                let known = self.all[window].iter_mut().find(|(of, known, _)| (*of, *known) == (count, number));
                if let Some((_, _, fate)) = known {
                    *fate = Came::Badly;
                } else if let Some((before, was)) = held.filter(|held| held.0 < number && number - held.0 == 1) {
                    self.count += 1;
                    self.all.extend([(self.count, before, was), (self.count, number, came)]);
                } else {
                    self.held = Some((number, came));
                    return false;
                }
            }
        }
        true
    }

    fn said(&self) -> (Said, f64) {
        let (limits, n) = (self.spec.limits, self.spec.window as i128);
        let said = |level, reason, value| ((level, Step::FIRST, reason, Pending::NONE), value);
        let by_level = |level, value| match level {
            Level::Breach => said(level, Reason::Limit, value),
            Level::Warn => said(level, Reason::WarnLevel, value),
            _ => said(level, Reason::None, value),
        };
        let unready = said(Level::Unready, Reason::NotReady, 0.0);
        if self.spec.source == IntegritySource::Level {
            return self.told.map_or(unready, |score| by_level(limits.level_below(score), score));
        }
        if self.all.is_empty() && self.spread.is_none() {
            return unready;
        }
        let of = |fate: Came| self.all[self.window()].iter().filter(|(_, _, came)| *came == fate).count() as i128;
        let (missing, good) = (of(Came::Never), n - of(Came::Never) - of(Came::Badly));
        let score = 100.0 * good as f64 / n as f64;
        let parts = good * 100 * 1_000_000_000;
        let below = |level: Ratio| parts < i128::from(level.raw()) * n;
        let too_many = |limit: Ratio| missing * 1_000_000_000 >= i128::from(limit.raw()) * n;
        let is_crossed = self.spec.crossed && self.spread.is_some_and(|spread| spread < 0);
        let is_locked = self.spec.locked && self.spread == Some(0);
        match () {
            () if below(limits.limit) => said(Level::Breach, Reason::Limit, score),
            () if self.spec.missing_limit.is_some_and(too_many) => {
                said(Level::Breach, Reason::Missing, 100.0 * (n - missing) as f64 / n as f64)
            }
            () if self.is_late(self.latency) => said(Level::Breach, Reason::Latency, score),
            () if is_crossed => said(Level::Breach, Reason::Crossed, score),
            () if is_locked => said(Level::Breach, Reason::Locked, score),
            () if below(limits.warn) => by_level(Level::Warn, score),
            () if below(limits.clear) => by_level(Level::Elevated, score),
            () => by_level(Level::Normal, score),
        }
    }
}

/// A step from the last number, or a number of its own.
#[derive(Clone, Copy, Debug)]
enum Number {
    Step(i64),
    Any(u64),
}

#[derive(Clone, Copy, Debug)]
enum Heard {
    Message(Number, u64),
    Other(Observation),
}

fn heard() -> impl Strategy<Value = Heard> {
    let number = prop_oneof![
        12 => Just(Number::Step(1)),
        3 => (-6i64..7).prop_map(Number::Step),
        1 => (-40i64..40).prop_map(Number::Step),
        1 => prop_oneof![Just(0), Just(1), Just(u64::MAX), any::<u64>()].prop_map(Number::Any),
    ];
    let spread = prop_oneof![4 => 1i64..5, 3 => -1i64..2, 1 => any::<i64>()];
    let score = prop_oneof![4 => 90.0..100.0, 1 => any::<f64>()];
    prop_oneof![
        12 => (number, prop_oneof![6 => 0u64..3, 1 => 3u64..9]).prop_map(|(number, latency)| Heard::Message(number, latency)),
        5 => spread.prop_map(|spread| Heard::Other(Observation::Value(Channel::Spread, spread))),
        1 => score.prop_map(|score| Heard::Other(Observation::Level(score))),
        1 => Just(Heard::Other(Observation::Heartbeat)),
        1 => Just(Heard::Other(Observation::Value(Channel::Mid, 7))),
    ]
}

fn specs() -> impl Strategy<Value = Spec> {
    let source = prop_oneof![8 => Just(IntegritySource::Heard), 1 => Just(IntegritySource::Level)];
    let limit = prop::sample::select(vec![50_000_000_000i64, 75_000_000_000, 90_000_000_000, 95_000_000_000]);
    let missing = prop::option::of(prop::sample::select(vec![100_000_000i64, 250_000_000, 1_000_000_000]));
    let latency = prop::option::of((1u64..5).prop_map(Duration::from_nanos));
    (source, 1usize..24, limit, missing, latency, any::<[bool; 2]>()).prop_map(
        |(source, window, limit, missing, max_latency, [crossed, locked])| Spec {
            source,
            window,
            missing_limit: missing.map(Ratio::from_raw),
            max_latency,
            crossed,
            locked,
            ..Spec::with_limit(Ratio::from_raw(limit))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]
    /// Asked each time, asked only outside the band, and the twin: all say the same.
    #[test]
    fn agrees_with_the_slow_twin_with_and_without_the_shortcut(
        spec in specs(),
        begin in prop_oneof![3 => 0u64..100, 1 => any::<u64>()],
        heard in prop::collection::vec(heard(), 1..150),
    ) {
        let make = |shortcut| Trial::new(rule(RuleSpec::DataFeedIntegrity(spec.clone()), None), None, shortcut);
        let (mut each, mut short) = (make(false), make(true));
        let mut twin = Twin { spec: spec.clone(), all: vec![], count: 0, held: None, latency: 0, spread: None, told: None };
        let mut last = begin;
        for (at, heard) in (100u64..).zip(heard) {
            let observation = match heard {
                Heard::Other(observation) => observation,
                Heard::Message(number, latency) => {
                    last = match number {
                        Number::Step(step) => last.saturating_add_signed(step),
                        Number::Any(number) => number,
                    };
                    Observation::Sequence { number: last, sent: Nanos(at - latency) }
                }
            };
            prop_assert_eq!(each.hear(observation, Nanos(at)), short.hear(observation, Nanos(at)));
            twin.hear(observation, at);
            prop_assert_eq!(short.said(), each.said(), "shortcut at {}", at);
            let (said, value) = twin.said();
            prop_assert_eq!(each.said(), said, "twin at {}", at);
            prop_assert!(each.reading.value == value && short.reading.value == value, "{} {}", each.reading.value, value);
        }
    }
}
