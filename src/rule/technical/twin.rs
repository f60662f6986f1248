//! The slow twin: a list of all calls, counted anew each time.

use proptest::prelude::*;

use super::super::*;
use crate::rule::RuleSpec;
use crate::rule::technical::SlowCalls;
use crate::rule::trial::{Said, Trial, rule};

#[derive(Clone, Copy, Debug)]
enum Heard {
    Call(Outcome, u64),
    BeginAnew(Option<u64>),
    Silence,
    Other,
}

/// A call that counts: when it was heard, whether it failed, how long it took.
type Kept = (u64, bool, u64);

struct Twin {
    spec: Spec,
    calls: Vec<Kept>,
    from: Option<u64>,
    said: Said,
    share: f64,
}

impl Twin {
    fn new(spec: Spec) -> Self {
        let Reading { level, step, reason, pending, .. } = Reading::UNREADY;
        Self { spec, calls: vec![], from: Some(0), said: (level, step, reason, pending), share: 0.0 }
    }

    fn hear(&mut self, heard: Heard, at: u64) {
        match heard {
            Heard::Call(outcome, duration) => {
                if duration > at {
                    return;
                }
                self.forget_idle(at);
                let began = at - duration;
                if outcome != Outcome::Ignored && self.from.is_some_and(|from| began >= from) {
                    self.calls.push((at, outcome == Outcome::Failure, duration));
                }
            }
            Heard::BeginAnew(from) => {
                self.calls.clear();
                self.from = from;
            }
            Heard::Silence => {}
            Heard::Other => return,
        }
        self.say(at);
    }

    /// After a time longer than the window nothing of before is left, also of the row.
    fn forget_idle(&mut self, at: u64) {
        if let (CallWindow::Time(window), Some((last, ..))) = (self.spec.window, self.calls.last())
            && at - last > window.as_nanos() as u64
        {
            self.calls.clear();
        }
    }

    /// Those in the window as of the last call, and the row; of nothing if it has been idle for too long.
    fn counted(&self, at: u64) -> (Vec<Kept>, usize) {
        let Some((last, ..)) = self.calls.last() else { return (vec![], 0) };
        let row = self.calls.iter().rev().take_while(|(_, failed, _)| *failed).count();
        match self.spec.window {
            CallWindow::Last(size) => (self.calls.iter().rev().take(size as usize).copied().collect(), row),
            CallWindow::Time(window) if at - last > window.as_nanos() as u64 => (vec![], 0),
            CallWindow::Time(window) => {
                let width = (window.as_nanos() as u64).div_ceil(64);
                let within = |kept: &&Kept| kept.0 / width + 64 >= last / width;
                (self.calls.iter().filter(within).copied().collect(), row)
            }
        }
    }

    fn say(&mut self, at: u64) {
        let (calls, row) = self.counted(at);
        let enough = calls.len() >= self.spec.min_calls as usize;
        let n = if enough { calls.len() } else { 0 };
        let failed = calls.iter().filter(|(_, failed, _)| enough && *failed).count();
        let mut tests = vec![self.rate(failed, n, self.spec.failure_rate, Reason::Limit)];
        if let Some(slow) = self.spec.slow {
            let slow_ones =
                calls.iter().filter(|(.., took)| enough && u128::from(*took) >= slow.after.as_nanos()).count();
            tests.push(self.rate(slow_ones, n, slow.rate, Reason::SlowRate));
        }
        if let Some(most) = self.spec.consecutive {
            let breach = row >= most as usize;
            let said = if breach { (Level::Breach, Reason::Consecutive) } else { (Level::Normal, Reason::None) };
            tests.push((said.0, said.1, row as f64 / f64::from(most)));
        }
        // The first of the worst; of those the first of the closest.
        let worst = tests.iter().map(|test| test.0).reduce(Level::worst).unwrap();
        let closest = tests.iter().filter(|test| test.0 == worst).map(|test| test.2).fold(f64::MIN, f64::max);
        let (level, reason, share) = *tests.iter().find(|test| test.0 == worst && test.2 == closest).unwrap();
        let mut pending = Pending::NONE;
        if let (CallWindow::Time(window), Level::Elevated | Level::Warn) = (self.spec.window, level) {
            let width = (window.as_nanos() as u64).div_ceil(64);
            let last = self.calls.last().unwrap().0;
            pending.due = Nanos((last / width + 65) * width);
            pending.reason = Reason::ClearLevel;
        }
        self.said = (level, Step::FIRST, reason, pending);
        self.share = share;
    }

    fn rate(&self, part: usize, of: usize, limits: Limits, breach: Reason) -> (Level, Reason, f64) {
        let reaches = |ratio: Ratio| of > 0 && part as i128 * 1_000_000_000 >= ratio.raw() as i128 * of as i128;
        let share = part as f64 / of.max(1) as f64 / limits.limit.to_f64();
        if reaches(limits.limit) {
            (Level::Breach, breach, share)
        } else if reaches(limits.warn) {
            (Level::Warn, Reason::WarnLevel, share)
        } else if reaches(limits.clear) {
            (Level::Elevated, Reason::None, share)
        } else {
            (Level::Normal, Reason::None, share)
        }
    }
}

fn limits() -> impl Strategy<Value = Limits> {
    prop::sample::select(vec![1, 250_000_000, 333_333_333, 500_000_000, 900_000_000, 1_000_000_000])
        .prop_map(|raw| Limits::of(Ratio::from_raw(raw)))
}

fn spec() -> impl Strategy<Value = Spec> {
    let window = prop_oneof![
        (1u32..70).prop_map(CallWindow::Last),
        (1u64..5_000).prop_map(|window| CallWindow::Time(Duration::from_nanos(window))),
    ];
    let slow = (limits(), 1u64..60).prop_map(|(rate, after)| SlowCalls { rate, after: Duration::from_nanos(after) });
    (limits(), window, 1u32..20, prop::option::of(slow), prop::option::of(1u32..15)).prop_map(
        |(failure_rate, window, min_calls, slow, consecutive)| Spec {
            failure_rate,
            window,
            min_calls,
            slow,
            consecutive,
        },
    )
}

/// Runs of the same outcome, so that rows and rates come to their limits.
fn heard() -> impl Strategy<Value = (u64, Heard)> {
    let outcome = prop::sample::select(vec![Outcome::Success, Outcome::Failure, Outcome::Failure, Outcome::Ignored]);
    let took = prop_oneof![8 => 0u64..80, 1 => 0u64..3_000, 1 => prop::sample::select(vec![u64::MAX, 1 << 50])];
    let gap = || prop_oneof![6 => 0u64..20, 2 => 0u64..600, 1 => 0u64..6_000];
    prop_oneof![
        30 => (gap(), outcome, took).prop_map(|(gap, outcome, took)| (gap, Heard::Call(outcome, took))),
        1 => gap().prop_map(|gap| (gap, Heard::BeginAnew(None))),
        2 => gap().prop_map(|gap| (gap, Heard::BeginAnew(Some(0)))),
        2 => gap().prop_map(|gap| (gap, Heard::Silence)),
        1 => gap().prop_map(|gap| (gap, Heard::Other)),
    ]
}

fn pass(trial: &mut Trial, heard: Heard, at: Nanos) {
    match heard {
        Heard::Call(outcome, duration) => {
            let took = Duration::from_nanos(duration);
            let taken = trial.hear(Observation::Outcome { outcome, duration: took, late: Duration::ZERO }, at);
            assert_eq!(taken, duration <= at.0);
        }
        Heard::BeginAnew(from) => {
            trial.rule.begin_anew(from.map_or(Nanos::NEVER, |_| at));
            trial.evaluate(at);
        }
        Heard::Silence => trial.evaluate(at),
        Heard::Other => assert!(trial.hear(Observation::Heartbeat, at)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    /// Asked each time, asked only outside the band, and the twin: all say the same.
    #[test]
    fn agrees_with_the_slow_twin_with_and_without_the_shortcut(
        spec in spec(),
        begin in 1u64..5_000,
        list in prop::collection::vec((heard(), 1usize..6), 1..60),
    ) {
        let make = |shortcut| Trial::new(rule(RuleSpec::Technical(spec.clone()), None), None, shortcut);
        let (mut each, mut short, mut twin) = (make(false), make(true), Twin::new(spec.clone()));
        let mut at = begin;
        for ((gap, heard), times) in list {
            for _ in 0..times {
                at += gap;
                pass(&mut each, heard, Nanos(at));
                pass(&mut short, heard, Nanos(at));
                let heard = match heard {
                    Heard::BeginAnew(Some(_)) => Heard::BeginAnew(Some(at)),
                    other => other,
                };
                twin.hear(heard, at);
                prop_assert_eq!(short.said(), each.said(), "shortcut at {}", at);
                prop_assert_eq!(each.said(), twin.said, "twin at {}", at);
                let share = each.reading.value / each.reading.limit;
                prop_assert!(each.reading.level == Level::Unready || (share - twin.share).abs() < 1e-9, "{} {}", share, twin.share);
                // What was pending is true when it is due.
                let pending = each.reading.pending;
                if pending.due != Nanos::NEVER {
                    let mut later = Twin { spec: spec.clone(), calls: twin.calls.clone(), ..Twin::new(spec.clone()) };
                    later.say(pending.due.0);
                    prop_assert_eq!(later.said.0, pending.level);
                }
            }
        }
    }
}
