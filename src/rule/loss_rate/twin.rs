//! The loss rate's slow twin: all marks in a list, each edge of the grid one by one, every window anew.

use proptest::prelude::*;

use super::super::*;
use crate::model::units::Money;
use crate::rule::RuleSpec;
use crate::rule::trial::{Said, Trial, rule};

const NANO: i128 = 1_000_000_000;

struct Twin {
    spec: Spec,
    /// When, in buckets of time, and what.
    marks: Vec<(u64, i64)>,
    first: Option<u64>,
    /// What stood before all marks.
    ever: Option<i64>,
    last: Option<i64>,
    upto: Option<u64>,
    /// The equity at the last close, and of each close whether it was below the one before. (A deposit afterwards may make
    /// two equities meet at the greatest number; that is no other close.)
    close: Option<i64>,
    closes: Vec<bool>,
    rushes: bool,
    said: Said,
    certain: bool,
}

impl Twin {
    fn new(spec: Spec) -> Self {
        let ever = match spec.source {
            LossSource::Marks => None,
            LossSource::Pnl { capital } => Some(capital.raw()),
        };
        let said = (Level::Unready, Step::FIRST, Reason::NotReady, Pending::NONE);
        let (marks, closes) = (vec![], vec![]);
        Self {
            spec,
            marks,
            first: None,
            ever,
            last: None,
            upto: None,
            close: None,
            closes,
            rushes: false,
            said,
            certain: false,
        }
    }

    fn width(&self) -> u64 {
        (self.spec.window.as_nanos() as u64).div_ceil(240).max(1)
    }

    /// The greatest that may have stood so many buckets before `at`.
    fn stood(&self, at: u64, ago: i64) -> Option<i64> {
        let edge = (at / self.width()) as i64 - ago;
        let before = self.marks.iter().rfind(|(bucket, _)| (*bucket as i64) < edge).map(|(_, value)| *value);
        let within = self.marks.iter().filter(|(bucket, _)| *bucket as i64 == edge).map(|(_, value)| *value).max();
        before.or(self.ever).max(within)
    }

    fn start(&self, at: u64) -> Option<i64> {
        let full = self.ever.is_some() || self.first.is_some_and(|first| at >= first + 240 * self.width());
        self.stood(at, 240).filter(|start| full && *start > 0)
    }

    fn close(&mut self, to: u64, equity: i64) {
        if !self.spec.streak && !self.spec.acceleration {
            return;
        }
        let sample = self.spec.sample.as_nanos() as u64;
        for at in self.upto.unwrap_or(to) + 1..=to {
            if at.is_multiple_of(sample) {
                self.closes.push(self.close.replace(equity).is_some_and(|before| equity < before));
                self.rushes = self.rush(at, equity).unwrap_or(false);
            }
        }
        self.upto = Some(self.upto.unwrap_or(to).max(to));
    }

    fn rush(&self, at: u64, now: i64) -> Option<bool> {
        let (start, a, b) = (self.start(at)?, self.stood(at, 160)?, self.stood(at, 80)?);
        let (first, last) = (i128::from(start) - i128::from(a), i128::from(b) - i128::from(now));
        Some(last > 0 && 2 * last > 3 * first)
    }

    fn losing(&self) -> usize {
        self.closes.iter().rev().take_while(|loses| **loses).count()
    }

    fn mark(&mut self, value: i64, at: u64) {
        if let Some(last) = self.last {
            self.close(at - 1, last);
        }
        self.marks.push((at / self.width(), value));
        self.first = self.first.or(Some(at));
        self.last = Some(value);
        self.upto = self.upto.or(Some(at - 1));
        self.close(at, value);
        self.say(at);
    }

    fn pnl(&mut self, delta: i64, at: u64) {
        let before = self.last.or(self.ever).unwrap();
        self.mark(before.saturating_add(delta), at);
    }

    fn flow(&mut self, amount: i64, at: u64) {
        if let Some(last) = self.last {
            self.close(at, last);
        }
        let marks = self.marks.iter_mut().map(|(_, value)| value);
        for value in marks.chain(&mut self.close).chain(&mut self.last).chain(&mut self.ever) {
            *value = value.saturating_add(amount);
        }
        self.say(at);
    }

    fn heartbeat(&mut self, at: u64) {
        if let Some(last) = self.last {
            self.close(at, last);
            self.say(at);
        }
    }

    fn say(&mut self, at: u64) {
        self.certain = false;
        self.said = (Level::Unready, Step::FIRST, Reason::NotReady, Pending::NONE);
        let (Some(start), Some(now)) = (self.start(at), self.last) else { return };
        let loss = (i128::from(start) - i128::from(now)) * NANO;
        let reached = |ratio: i64| loss >= i128::from(ratio) * i128::from(start);
        let limit = self.spec.limits.limit.raw();
        let half = reached(limit / 2);
        let losing = if half && self.spec.streak { self.losing() } else { 0 };
        self.certain = reached(2 * limit);
        let (level, reason) = if reached(limit) {
            (Level::Breach, Reason::Limit)
        } else if losing >= 5 {
            (Level::Breach, Reason::Streak)
        } else if half && self.spec.acceleration && self.rushes {
            (Level::Breach, Reason::Acceleration)
        } else if reached(self.spec.limits.warn.raw()) || losing >= 3 {
            (Level::Warn, Reason::WarnLevel)
        } else if reached(self.spec.limits.clear.raw()) {
            (Level::Elevated, Reason::None)
        } else {
            (Level::Normal, Reason::None)
        };
        self.said = (level, Step::FIRST, reason, Pending::NONE);
    }
}

#[derive(Clone, Copy, Debug)]
enum Heard {
    /// A mark, or a delta to the last equity that makes it one.
    Mark(i64),
    /// A mark so much above the last.
    Step(i64),
    Flow(i64),
    Heartbeat,
}

fn heard() -> impl Strategy<Value = Heard> {
    let extreme = prop::sample::select(vec![i64::MIN, i64::MIN + 1, -1_000, -1, 0, 1, i64::MAX - 1, i64::MAX]);
    let mark = prop_oneof![
        12 => 950i64..1_010,
        4 => prop::sample::select(vec![1_000, 985, 986, 984, 970, 971, 969, 977, 978, 979, 980, 940, 941, 939]),
        1 => extreme,
    ];
    prop_oneof![
        10 => mark.prop_map(Heard::Mark),
        20 => (-8i64..4).prop_map(Heard::Step),
        1 => (-60i64..60).prop_map(Heard::Flow),
        3 => Just(Heard::Heartbeat),
    ]
}

fn spec() -> impl Strategy<Value = Spec> {
    let capital = prop_oneof![4 => Just(1_000), 1 => Just(1), 1 => Just(i64::MAX)];
    let source = prop_oneof![
        2 => Just(LossSource::Marks),
        1 => capital.prop_map(|capital| LossSource::Pnl { capital: Money::from_raw(capital) }),
    ];
    let window = prop_oneof![1u64..400, 400u64..3_000];
    (source, window, 1u64..300, any::<[bool; 2]>()).prop_map(|(source, window, sample, [streak, acceleration])| Spec {
        source,
        window: Duration::from_nanos(window),
        sample: Duration::from_nanos(sample),
        streak,
        acceleration,
        ..Spec::with_limit(Ratio::from_raw(30_000_000))
    })
}

/// What a feed would hear.
fn observation(heard: Heard, source: LossSource, last: Option<i64>) -> Observation {
    let last = last.unwrap_or(1_000);
    match (heard, source) {
        (Heard::Mark(value), LossSource::Marks) => Observation::Value(Channel::Equity, value),
        (Heard::Step(step), LossSource::Marks) => Observation::Value(Channel::Equity, last.saturating_add(step)),
        (Heard::Mark(value), LossSource::Pnl { .. }) => Observation::Pnl(Money::from_raw(value.saturating_sub(last))),
        (Heard::Step(step), LossSource::Pnl { .. }) => Observation::Pnl(Money::from_raw(step)),
        (Heard::Flow(amount), _) => Observation::Flow(Money::from_raw(amount)),
        (Heard::Heartbeat, _) => Observation::Heartbeat,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]
    /// Asked each time, asked only outside the band, and the twin: all say the same.
    #[test]
    fn agrees_with_the_slow_twin_with_and_without_the_shortcut(
        spec in spec(),
        begin in 1u64..320,
        list in prop::collection::vec((prop_oneof![4 => 0u64..4, 8 => 0u64..60, 2 => 0u64..400, 1 => 0u64..4_000], heard()), 1..120),
    ) {
        let make = |shortcut| Trial::new(rule(RuleSpec::LossRate(spec.clone()), None), None, shortcut);
        let (mut each, mut short, mut twin) = (make(false), make(true), Twin::new(spec.clone()));
        let mut at = begin;
        for (gap, heard) in list {
            at += gap;
            let observation = observation(heard, spec.source, twin.last);
            prop_assert!(each.hear(observation, Nanos(at)) && short.hear(observation, Nanos(at)));
            match observation {
                Observation::Value(_, value) => twin.mark(value, at),
                Observation::Pnl(delta) => twin.pnl(delta.raw(), at),
                Observation::Flow(amount) => twin.flow(amount.raw(), at),
                _ => twin.heartbeat(at),
            }
            prop_assert_eq!(short.said(), each.said(), "shortcut at {}", at);
            prop_assert_eq!(each.said(), twin.said, "twin at {}", at);
            prop_assert_eq!((short.rule.is_certain(), each.rule.is_certain()), (twin.certain, twin.certain));
            prop_assert_eq!((short.last, short.memory), (each.last, each.memory));
            let (one, other) = (short.reading.value, each.reading.value);
            prop_assert!((one - other).abs() <= 1e-9 * other.abs().max(1.0), "{} {}", one, other);
        }
    }
}
