use super::*;
use std::sync::Arc;

use crate::model::limits::Limits;
use crate::model::observation::Channel::Equity;
use crate::model::session::Sessions;
use crate::rule::RuleSpec;
use crate::rule::trial::{Trial, rule, sessions};

const MINUTE: Duration = Duration::from_secs(60);
const PER_MINUTE: u64 = 60_000_000_000;

fn ratio(value: f64) -> Ratio {
    Ratio::from_f64(value).unwrap()
}

fn spec(baseline: Baseline) -> Spec {
    Spec {
        limits: Limits::of(ratio(0.08)),
        baseline,
        max_step: ratio(0.20),
        sample: MINUTE,
        speed: false,
        underwater_for: None,
        underwater_limit: ratio(0.05),
    }
}

/// Sessions from minute 100 to 200, 300 to 400, 500 to 600.
fn calendar() -> Arc<Sessions> {
    let minutes = |day, from, to| (day, from * PER_MINUTE, to * PER_MINUTE);
    sessions(&[minutes(9, 100, 200), minutes(10, 300, 400), minutes(11, 500, 600)])
}

fn trial(spec: Spec) -> Trial {
    Trial::new(rule(RuleSpec::Drawdown(spec), Some(calendar())), None, true)
}

fn minute(minutes: u64) -> Nanos {
    Nanos(minutes * PER_MINUTE)
}

/// The level after a mark.
fn mark(trial: &mut Trial, equity: i64, at: Nanos) -> Level {
    assert!(trial.hear(Observation::Value(Equity, equity), at));
    trial.reading.level
}

fn marks(trial: &mut Trial, equities: &[i64], from: u64) {
    for (index, &equity) in equities.iter().enumerate() {
        mark(trial, equity, minute(from + index as u64));
    }
}

#[test]
fn each_level_is_reached_at_its_value_and_not_a_unit_above() {
    for (equity, level) in [
        (1_000_000, Level::Normal),
        (942_401, Level::Normal),
        (942_400, Level::Elevated), // clear 5.76 %
        (936_001, Level::Elevated),
        (936_000, Level::Warn), // warn 6.4 %
        (920_001, Level::Warn),
        (920_000, Level::Breach), // limit 8 %
    ] {
        let mut trial = trial(spec(Baseline::Peak));
        assert_eq!(mark(&mut trial, 1_000_000, minute(1)), Level::Normal);
        assert_eq!(mark(&mut trial, equity, minute(2)), level, "{equity}");
        assert!((trial.reading.value - (1e6 - equity as f64) / 1e6).abs() < 1e-12);
    }
}

#[test]
fn the_fall_of_2020_on_closes_passes_each_depth_on_its_day() {
    let closes = [
        (219, 3386.15),
        (220, 3373.23),
        (221, 3337.75),
        (224, 3225.89),
        (225, 3128.21),
        (226, 3116.39),
        (227, 2978.76),
        (228, 2954.22),
        (302, 3090.23),
        (303, 3003.37),
        (304, 3130.12),
        (305, 3023.94),
        (306, 2972.37),
        (309, 2746.56),
        (310, 2882.23),
        (311, 2741.38),
        (312, 2480.64),
        (313, 2711.02),
        (316, 2386.13),
        (317, 2529.19),
        (318, 2398.10),
        (319, 2409.39),
        (320, 2304.92),
    ];
    for (limit, day) in [(0.05, 225), (0.10, 227), (0.15, 309), (0.20, 312), (0.25, 312), (0.30, 320)] {
        let mut trial = trial(Spec { limits: Limits::of(ratio(limit)), ..spec(Baseline::Peak) });
        let first = closes.iter().find(|(date, close)| {
            let equity = Money::from_f64(*close).unwrap().raw();
            mark(&mut trial, equity, minute(*date)) == Level::Breach
        });
        assert_eq!(first.unwrap().0, day, "{limit}");
    }
}

#[test]
fn what_is_not_positive_at_the_start_is_unready_and_later_a_total_loss() {
    let mut trial = trial(Spec { max_step: ratio(9.0), ..spec(Baseline::Peak) });
    for equity in [0, -5, i64::MIN] {
        assert_eq!(mark(&mut trial, equity, minute(1)), Level::Unready);
    }
    assert_eq!(mark(&mut trial, 100, minute(2)), Level::Normal);
    assert_eq!(mark(&mut trial, 0, minute(3)), Level::Breach);
    assert_eq!(trial.reading.value, 1.0);
    marks(&mut trial, &[-100, -100, -100], 4);
    assert_eq!((trial.reading.level, trial.reading.value), (Level::Breach, 2.0));
}

#[test]
fn the_last_mark_before_the_open_is_the_sessions_first_so_a_gap_is_seen() {
    for (baseline, level) in
        [(Baseline::Session, Level::Breach), (Baseline::SessionOpen, Level::Breach), (Baseline::Peak, Level::Breach)]
    {
        let mut trial = trial(spec(baseline));
        mark(&mut trial, 1_000, minute(150));
        assert_eq!(mark(&mut trial, 915, minute(300)), level, "a mark at the open belongs to the session");
    }
    let mut trial = trial(spec(Baseline::Session));
    mark(&mut trial, 1_100, minute(150));
    mark(&mut trial, 1_000, minute(250)); // after the close: still the first session
    assert_eq!(trial.reading.level, Level::Breach);
    assert_eq!(mark(&mut trial, 921, minute(300) - TICK), Level::Breach);
    assert_eq!(mark(&mut trial, 921, minute(300)), Level::Normal, "the peak is now the last mark before");
    assert_eq!(mark(&mut trial, 848, minute(301)), Level::Warn);
    assert_eq!(mark(&mut trial, 847, minute(301)), Level::Breach);
}

#[test]
fn the_first_mark_ever_is_the_baseline_of_its_session() {
    let mut trial = trial(spec(Baseline::SessionOpen));
    assert_eq!(mark(&mut trial, 1_000, minute(150)), Level::Normal);
    assert_eq!(mark(&mut trial, 1_100, minute(151)), Level::Normal);
    assert_eq!(mark(&mut trial, 921, minute(152)), Level::Warn, "from the open, not from the peak");
    assert_eq!(mark(&mut trial, 920, minute(153)), Level::Breach);
}

#[test]
fn without_sessions_their_baselines_are_the_peak() {
    let mut trial = Trial::new(rule(RuleSpec::Drawdown(spec(Baseline::SessionOpen)), None), None, true);
    marks(&mut trial, &[1_000, 1_100, 1_012], 1);
    assert_eq!(trial.reading.level, Level::Breach);
}

#[test]
fn a_rolling_peak_leaves_after_its_window() {
    let mut trial = trial(spec(Baseline::Rolling(256 * MINUTE)));
    mark(&mut trial, 1_000, minute(10));
    assert_eq!(mark(&mut trial, 910, minute(11)), Level::Breach);
    assert_eq!(mark(&mut trial, 910, minute(267) - TICK), Level::Breach);
    assert_eq!(mark(&mut trial, 910, minute(267)), Level::Normal);
}

#[test]
fn a_mark_inside_the_band_may_become_the_peak_of_later() {
    let mut trial = trial(spec(Baseline::Rolling(256 * MINUTE)));
    marks(&mut trial, &[1_000, 960], 10);
    mark(&mut trial, 990, minute(11) + TICK);
    mark(&mut trial, 960, minute(11) + TICK + TICK);
    mark(&mut trial, 960, minute(267));
    assert!((trial.reading.value - 30.0 / 990.0).abs() < 1e-12);
}

#[test]
fn flows_shift_everything_and_are_no_drawdown() {
    for baseline in [Baseline::Peak, Baseline::Session, Baseline::SessionOpen, Baseline::Rolling(256 * MINUTE)] {
        let mut trial = trial(spec(baseline));
        marks(&mut trial, &[1_000, 950], 110);
        assert!(trial.hear(Observation::Flow(Money::from_raw(-500)), minute(112)));
        assert_eq!(trial.last.unwrap().value, 450);
        assert_eq!(
            (trial.reading.level, trial.reading.value),
            (Level::Breach, 0.1),
            "50 of 500 is deeper than of 1000"
        );
        assert!(trial.hear(Observation::Flow(Money::from_raw(9_500)), minute(113)));
        assert_eq!((trial.reading.level, trial.reading.value), (Level::Normal, 0.005));
        assert_eq!(mark(&mut trial, 9_200, minute(114)), Level::Breach);
    }
}

#[test]
fn a_flow_that_takes_the_whole_peak_begins_anew_with_a_positive_mark() {
    let mut trial = trial(spec(Baseline::Peak));
    mark(&mut trial, 1_000, minute(1));
    assert!(trial.hear(Observation::Flow(Money::from_raw(-1_000)), minute(2)));
    assert_eq!(trial.reading.level, Level::Unready);
    assert_eq!(mark(&mut trial, 0, minute(3)), Level::Unready);
    assert_eq!(mark(&mut trial, 50, minute(4)), Level::Normal);
    assert_eq!(mark(&mut trial, 46, minute(5)), Level::Breach);
}

#[test]
fn a_mark_too_far_away_is_held_until_the_third_that_agrees() {
    let mut trial = trial(spec(Baseline::Peak));
    mark(&mut trial, 1_000, minute(1));
    assert_eq!(mark(&mut trial, 800, minute(2)), Level::Breach, "exactly max_step is taken");
    for (equities, level) in [
        (&[799][..], Level::Normal),
        (&[799, 799], Level::Normal),
        (&[799, 799, 799], Level::Breach),
        (&[500, 400, 600], Level::Breach), // both within 20 % of the first
        (&[500, 399, 399], Level::Breach), // a crash that goes on is a crash
        (&[700, 500, 300], Level::Breach),
        (&[700, 500, 960, 300, 200], Level::Normal),
        (&[700, 1_300, 700, 1_300, 700], Level::Normal), // up and down agree in nothing
        (&[1_300, 1_700, 2_200, 950], Level::Normal),    // a rise that nobody confirms makes no peak
        (&[1_300, 1_300, 1_300, 1_170], Level::Breach),
        (&[500, 500, 1_000, 500, 500], Level::Normal), // a good mark ends the doubt
        (&[1_201, 1_201, 1_201, 1_110], Level::Warn),
    ] {
        let mut trial = self::trial(spec(Baseline::Peak));
        mark(&mut trial, 1_000, minute(1));
        marks(&mut trial, equities, 2);
        assert_eq!(trial.reading.level, level, "{equities:?}");
    }
}

#[test]
fn speed_is_more_than_a_twentieth_of_the_limit_a_sample_over_four() {
    // 4 * 0.08 / 20 is 1.6 %: exactly that is calm.
    for (last, level) in [(984_000, Level::Normal), (983_999, Level::Breach)] {
        let mut trial = trial(Spec { speed: true, ..spec(Baseline::Peak) });
        marks(&mut trial, &[1_000_000, 1_000_000, 1_000_000, 1_000_000], 1);
        mark(&mut trial, last, minute(5) - TICK);
        assert_eq!(trial.reading.level, Level::Normal, "no close yet");
        assert_eq!(mark(&mut trial, last, minute(5)), level, "the mark on the edge completes the sample");
        if level == Level::Breach {
            assert_eq!((trial.reading.reason, trial.reading.limit), (Reason::Speed, 0.004));
            assert_eq!(mark(&mut trial, 1_000_000, minute(5) + TICK), Level::Breach, "until the next close");
            assert_eq!(mark(&mut trial, 1_000_000, minute(6)), Level::Normal);
        }
    }
}

#[test]
fn empty_samples_repeat_and_four_are_too_few() {
    let mut trial = trial(Spec { speed: true, ..spec(Baseline::Peak) });
    marks(&mut trial, &[1_000_000, 990_000, 980_000, 970_000], 1);
    assert_eq!(trial.reading.level, Level::Normal, "four closes");
    assert_eq!(mark(&mut trial, 970_000, minute(5)), Level::Breach);
    assert_eq!(mark(&mut trial, 970_000, minute(6)), Level::Breach, "2 % in four");
    assert!(trial.hear(Observation::Heartbeat, minute(7)));
    assert_eq!(trial.reading.level, Level::Normal, "time closes samples too");
    assert_eq!(mark(&mut trial, 970_000, minute(1_000_000)), Level::Normal);
}

#[test]
fn underwater_comes_by_time_from_the_first_mark_off_the_peak() {
    let mut trial = trial(Spec { underwater_for: Some(60 * MINUTE), ..spec(Baseline::Peak) });
    mark(&mut trial, 1_000, minute(1));
    mark(&mut trial, 999, minute(2));
    assert_eq!(mark(&mut trial, 950, minute(30)), Level::Normal, "exactly the underwater limit is not deeper");
    assert_eq!(trial.reading.pending, Pending::NONE);
    mark(&mut trial, 949, minute(31));
    let comes = Pending { due: minute(62), level: Level::Breach, step: Step::FIRST, reason: Reason::Underwater };
    assert_eq!(trial.reading.pending, comes);
    assert_eq!(mark(&mut trial, 949, minute(62) - TICK), Level::Normal);
    assert_eq!(mark(&mut trial, 949, minute(62)), Level::Breach);
    assert_eq!((trial.reading.reason, trial.reading.limit), (Reason::Underwater, 0.05));
    assert_eq!(mark(&mut trial, 950, minute(63)), Level::Normal);
    assert_eq!(mark(&mut trial, 1_000, minute(64)), Level::Normal);
    assert_eq!(mark(&mut trial, 940, minute(65)), Level::Elevated, "anew");
    assert_eq!(trial.reading.pending.due, minute(125));
}

#[test]
fn the_limit_comes_before_speed_and_speed_before_underwater() {
    let all = Spec { speed: true, underwater_for: Some(MINUTE), ..spec(Baseline::Peak) };
    let mut trial = trial(all);
    marks(&mut trial, &[1_000, 1_000, 1_000, 1_000, 940, 940, 940], 1);
    assert_eq!(trial.reading.reason, Reason::Speed);
    mark(&mut trial, 920, minute(7) + TICK);
    assert_eq!(trial.reading.reason, Reason::Limit);
    marks(&mut trial, &[940, 940, 940, 940], 8);
    assert_eq!(trial.reading.reason, Reason::Underwater);
}

#[test]
fn a_rebase_sets_the_peak_and_the_time_underwater_anew() {
    for baseline in [Baseline::Peak, Baseline::Session, Baseline::SessionOpen, Baseline::Rolling(256 * MINUTE)] {
        let mut trial = trial(Spec { underwater_for: Some(60 * MINUTE), ..spec(baseline) });
        marks(&mut trial, &[1_000, 900], 110);
        assert_eq!(trial.reading.level, Level::Breach);
        trial.rule.rebase(Money::from_raw(956), &mut trial.memory);
        trial.evaluate(minute(120));
        assert_eq!((trial.reading.level, trial.reading.pending.due), (Level::Elevated, minute(180)));
        assert_eq!(mark(&mut trial, 879, minute(121)), Level::Breach, "{baseline:?}");
    }
}

#[test]
fn a_new_claimant_goes_on_from_memory() {
    for baseline in [Baseline::Peak, Baseline::Session, Baseline::SessionOpen, Baseline::Rolling(256 * MINUTE)] {
        let all = Spec { underwater_for: Some(60 * MINUTE), ..spec(baseline) };
        let mut first = trial(all.clone());
        marks(&mut first, &[1_000, 945], 110);
        let mut second = trial(all);
        second.memory = first.memory;
        second.evaluate(minute(112));
        assert_eq!(second.reading.level, Level::Unready, "no mark yet");
        assert_eq!(mark(&mut second, 945, minute(113)), Level::Normal);
        assert_eq!(second.reading.pending.due, minute(171), "{baseline:?}");
        assert_eq!(mark(&mut second, 920, minute(114)), Level::Breach);
    }
}

#[test]
fn a_reload_keeps_window_samples_and_held_marks() {
    let old = || Spec { speed: true, ..spec(Baseline::Rolling(256 * MINUTE)) };
    let mut trial = trial(old());
    marks(&mut trial, &[1_000, 1_000, 990, 980, 980, 500], 1);
    let new = Spec { limits: Limits::of(ratio(0.019)), ..old() };
    let mut new = rule(RuleSpec::Drawdown(new), Some(calendar()));
    new.inherit(&mut trial.rule);
    trial.rule = new;
    trial.evaluate(minute(6));
    assert_eq!((trial.reading.level, trial.reading.reason), (Level::Breach, Reason::Limit));
    marks(&mut trial, &[500, 500], 7);
    assert_eq!(trial.reading.value, 0.5, "the first of the three was heard before the reload");
}

#[test]
fn inside_the_band_the_rule_is_not_asked() {
    let mut trial = trial(Spec { underwater_for: Some(6_000 * MINUTE), ..spec(Baseline::Peak) });
    marks(&mut trial, &[1_000_000, 999_000], 1);
    let asked = trial.asked;
    marks(&mut trial, &[999_999, 960_000, 980_000, 950_000], 3);
    assert_eq!(trial.asked, asked);
    assert!((trial.reading.value - 0.05).abs() < 1e-12);
}

#[test]
fn it_takes_the_memory_that_its_documentation_says() {
    let rolling = Spec { baseline: Baseline::Rolling(Duration::from_secs(60)), ..Spec::with_limit(ratio(0.1)) };
    let detector = Detector::new(&rolling, &Policy::default());
    assert_eq!((size_of::<Detector>(), detector.rolling.unwrap().reserved_bytes()), (248, 4_112));
}

#[path = "twin.rs"]
mod twin;
