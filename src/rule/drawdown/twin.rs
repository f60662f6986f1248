//! The drawdown's slow twin: all marks in a list, each edge of the grid one by one.

use std::sync::Arc;

use proptest::prelude::*;

use super::super::*;
use crate::model::limits::Limits;
use crate::model::session::Sessions;
use crate::rule::RuleSpec;
use crate::rule::trial::{Said, Trial, rule, sessions};

const NANO: i128 = 1_000_000_000;

struct Twin {
    spec: Spec,
    sessions: Arc<Sessions>,
    last: Option<i64>,
    /// The marks that the peak is the greatest of, and when they were; `None`: by hand, as if with the next mark.
    base: Vec<(Option<u64>, i64)>,
    session: u32,
    held: Vec<i64>,
    off: Option<u64>,
    upto: Option<u64>,
    closes: Vec<f64>,
    said: Said,
}

impl Twin {
    fn new(spec: Spec, sessions: Arc<Sessions>) -> Self {
        let said = (Level::Unready, Step::FIRST, Reason::NotReady, Pending::NONE);
        let (base, held, closes) = (vec![], vec![], vec![]);
        Self { spec, sessions, last: None, base, session: 0, held, off: None, upto: None, closes, said }
    }

    fn peak(&self) -> Option<i64> {
        self.base.iter().map(|(_, value)| *value).max()
    }

    fn near(&self, from: i64, to: i64) -> bool {
        (i128::from(to) - i128::from(from)).abs() * NANO
            <= i128::from(self.spec.max_step.raw().max(0)) * i128::from(from).abs()
    }

    fn accepts(&mut self, value: i64) -> bool {
        let (Some(last), Some(_)) = (self.last, self.peak()) else { return true };
        if self.near(last, value) {
            self.held.clear();
            return true;
        }
        let fall = |value: i64| value < last;
        let agrees = |first: &i64| self.near(*first, value) || (fall(*first) && fall(value));
        if !self.held.first().is_some_and(agrees) {
            self.held.clear();
        }
        self.held.push(value);
        let agree = self.held.len() == 3;
        if agree {
            self.held.clear();
        }
        agree
    }

    fn close(&mut self, to: u64) {
        let (Some(last), Some(peak)) = (self.last, self.peak()) else { return };
        if !self.spec.speed {
            return;
        }
        for at in self.upto.unwrap_or(to) + 1..=to {
            if at.is_multiple_of(self.spec.sample.as_nanos() as u64) {
                self.closes.push((i128::from(peak) - i128::from(last)) as f64 / peak as f64);
            }
        }
        self.upto = Some(self.upto.unwrap_or(to).max(to));
    }

    fn mark(&mut self, value: i64, at: u64) {
        if !self.accepts(value) {
            return;
        }
        self.close(at - 1);
        let date = self.sessions.as_slice().iter().rfind(|s| s.open.0 <= at).map_or(0, |s| s.date.0);
        for (when, _) in &mut self.base {
            when.get_or_insert(at);
        }
        match self.spec.baseline {
            Baseline::Peak => self.base.push((Some(at), value)),
            Baseline::Session | Baseline::SessionOpen => {
                if date != self.session {
                    self.session = date;
                    self.off = None;
                    self.base = self.last.filter(|last| *last > 0).map(|last| (Some(at), last)).into_iter().collect();
                }
                if self.spec.baseline == Baseline::Session || self.base.is_empty() {
                    self.base.push((Some(at), value));
                }
            }
            Baseline::Rolling(window) => {
                self.base.push((Some(at), value));
                let width = (window.as_nanos() as u64).div_ceil(256);
                self.base.retain(|(when, _)| when.unwrap() / width + 256 >= at / width);
            }
        }
        self.last = Some(value);
        self.settle(at);
        if self.peak().is_some() {
            self.upto = self.upto.or(Some(at - 1));
            self.close(at);
        }
        self.say(at);
    }

    fn settle(&mut self, at: u64) {
        if self.peak().is_none_or(|peak| peak <= 0) {
            (self.base, self.held, self.closes) = (vec![], vec![], vec![]);
            (self.off, self.upto) = (None, None);
        }
        if let (Some(peak), Some(last)) = (self.peak(), self.last) {
            self.off = if last >= peak { None } else { self.off.or(Some(at)) };
        }
    }

    fn flow(&mut self, amount: i64, at: u64) {
        self.close(at);
        let base = self.base.iter_mut().map(|(_, value)| value);
        for value in base.chain(&mut self.held).chain(&mut self.last) {
            *value = value.saturating_add(amount);
        }
        self.settle(at);
        self.say(at);
    }

    fn rebase(&mut self, peak: i64, at: u64) {
        self.base = vec![(None, peak)];
        (self.off, self.upto, self.closes) = (None, None, vec![]);
        self.settle(at);
        self.say(at);
    }

    fn say(&mut self, at: u64) {
        let (Some(peak), Some(last)) = (self.peak(), self.last) else {
            self.said = (Level::Unready, Step::FIRST, Reason::NotReady, Pending::NONE);
            return;
        };
        let fall = (i128::from(peak) - i128::from(last)) * NANO;
        let of = |ratio: Ratio| i128::from(ratio.raw()) * i128::from(peak);
        let limits = self.spec.limits;
        let fast = self.closes.len() >= 5 && {
            let n = self.closes.len() - 1;
            (self.closes[n] - self.closes[n - 4]) / 4.0 > limits.limit.to_f64() / 20.0
        };
        let due = match (self.spec.underwater_for, self.off) {
            (Some(patience), Some(off)) if fall > of(self.spec.underwater_limit) => Some(Nanos(off) + patience),
            _ => None,
        };
        let (level, reason) = if fall >= of(limits.limit) {
            (Level::Breach, Reason::Limit)
        } else if fast {
            (Level::Breach, Reason::Speed)
        } else if due.is_some_and(|due| due <= Nanos(at)) {
            (Level::Breach, Reason::Underwater)
        } else if fall >= of(limits.warn) {
            (Level::Warn, Reason::WarnLevel)
        } else if fall >= of(limits.clear) {
            (Level::Elevated, Reason::None)
        } else {
            (Level::Normal, Reason::None)
        };
        let comes = |due| Pending { due, level: Level::Breach, step: Step::FIRST, reason: Reason::Underwater };
        let pending = due.filter(|_| level != Level::Breach).map_or(Pending::NONE, comes);
        self.said = (level, Step::FIRST, reason, pending);
    }
}

#[derive(Clone, Copy, Debug)]
enum Heard {
    Mark(i64),
    Flow(i64),
    Rebase(i64),
    Heartbeat,
    /// Nothing until what is pending is due.
    Silence,
}

fn heard() -> impl Strategy<Value = Heard> {
    let extreme = prop::sample::select(vec![i64::MIN, i64::MIN + 1, -1_000, -1, 0, 1, i64::MAX - 1, i64::MAX]);
    let mark = prop_oneof![
        12 => 880i64..1_020,
        4 => prop::sample::select(vec![1_000, 920, 921, 924, 925, 936, 937, 942, 943, 949, 950, 951, 1_001]),
        3 => 300i64..1_500,
        1 => extreme,
    ];
    let amount = prop_oneof![8 => -60i64..60, 1 => -1_200i64..0, 1 => prop::sample::select(vec![i64::MIN, i64::MAX])];
    prop_oneof![
        30 => mark.prop_map(Heard::Mark),
        2 => amount.prop_map(Heard::Flow),
        1 => prop_oneof![6 => 900i64..1_100, 1 => Just(0), 1 => Just(i64::MIN)].prop_map(Heard::Rebase),
        1 => Just(Heard::Heartbeat),
        2 => Just(Heard::Silence),
    ]
}

fn spec() -> impl Strategy<Value = Spec> {
    let baseline = prop_oneof![
        Just(Baseline::Peak),
        Just(Baseline::Session),
        Just(Baseline::SessionOpen),
        (1u64..1_500).prop_map(|window| Baseline::Rolling(Duration::from_nanos(window))),
    ];
    let step = prop::sample::select(vec![200_000_000i64, 200_000_000, 50_000_000, 3_000_000, 0, -1, i64::MAX]);
    let underwater = prop_oneof![Just(None), (0u64..80).prop_map(|d| Some(Duration::from_nanos(d)))];
    (baseline, step, 1u64..30, any::<bool>(), underwater).prop_map(|(baseline, step, sample, speed, underwater_for)| {
        Spec {
            limits: Limits::of(Ratio::from_raw(80_000_000)),
            baseline,
            max_step: Ratio::from_raw(step),
            sample: Duration::from_nanos(sample),
            speed,
            underwater_for,
            underwater_limit: Ratio::from_raw(50_000_000),
        }
    })
}

fn pass(trial: &mut Trial, heard: Heard, at: Nanos) {
    match heard {
        Heard::Mark(value) => assert!(trial.hear(Observation::Value(Channel::Equity, value), at)),
        Heard::Flow(amount) => assert!(trial.hear(Observation::Flow(Money::from_raw(amount)), at)),
        Heard::Heartbeat => assert!(trial.hear(Observation::Heartbeat, at)),
        Heard::Silence => trial.evaluate(at),
        Heard::Rebase(peak) => {
            trial.rule.rebase(Money::from_raw(peak), &mut trial.memory);
            trial.evaluate(at);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    /// Asked each time, asked only outside the band, and the twin: all say the same.
    #[test]
    fn agrees_with_the_slow_twin_with_and_without_the_shortcut(
        spec in spec(),
        begin in 1u64..320,
        list in prop::collection::vec((prop_oneof![4 => 0u64..4, 4 => 0u64..15, 1 => 0u64..400], heard()), 1..80),
    ) {
        let calendar = sessions(&[(9, 100, 200), (10, 300, 400), (11, 500, 600), (12, 700, 760)]);
        let make = |shortcut| Trial::new(rule(RuleSpec::Drawdown(spec.clone()), Some(calendar.clone())), None, shortcut);
        let (mut each, mut short, mut twin) = (make(false), make(true), Twin::new(spec.clone(), calendar.clone()));
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
                Heard::Flow(amount) => twin.flow(amount, at),
                Heard::Rebase(peak) => twin.rebase(peak, at),
                Heard::Heartbeat if spec.speed && twin.last.is_some() && twin.peak().is_some() => {
                    twin.close(at);
                    twin.say(at);
                }
                Heard::Heartbeat => {}
                Heard::Silence => {
                    twin.say(at);
                    let told = pending.due == Nanos::NEVER || (each.reading.level, each.reading.reason) == (pending.level, pending.reason);
                    prop_assert!(told, "what was pending is true at {}", at);
                }
            }
            prop_assert_eq!(short.said(), each.said(), "shortcut at {}", at);
            prop_assert_eq!(each.said(), twin.said, "twin at {}", at);
            prop_assert_eq!((short.last, short.memory), (each.last, each.memory));
            let (one, other) = (short.reading.value, each.reading.value);
            prop_assert!((one - other).abs() <= 1e-9 * other.abs().max(1.0), "{} {}", one, other);
        }
    }
}
