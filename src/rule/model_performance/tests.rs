use super::*;
use crate::model::limits::Limits;
use crate::model::reason::Reason;
use crate::rule::RuleSpec;
use crate::rule::trial::{Trial, rule};

fn ratio(value: f64) -> Ratio {
    Ratio::from_f64(value).unwrap()
}

fn spec(window: usize, min_outcomes: usize) -> Spec {
    Spec { window, min_outcomes, ..Spec::default() }
}

fn trial(spec: Spec) -> Trial {
    Trial::new(rule(RuleSpec::ModelPerformance(spec), None), None, true)
}

fn tell(trial: &mut Trial, right: bool) -> Level {
    assert!(trial.hear(Observation::Prediction(right), Nanos(1)));
    trial.reading.level
}

/// The level after so many right and so many wrong ones.
fn after(trial: &mut Trial, right: usize, wrong: usize) -> Level {
    for n in 0..right + wrong {
        tell(trial, n < right);
    }
    trial.reading.level
}

#[test]
fn the_defaults_are_the_catalogue_s() {
    let default = Spec::default();
    assert_eq!((default.limits.limit, default.limits.warn), (ratio(0.60), ratio(0.68)));
    assert_eq!((default.window, default.min_outcomes), (200, 50));
}

#[test]
fn each_level_is_left_one_right_outcome_below_it() {
    for (right, level) in [
        (200, Level::Normal),
        (168, Level::Normal), // clear 84 %
        (167, Level::Elevated),
        (136, Level::Elevated), // warn 68 %
        (135, Level::Warn),
        (120, Level::Warn), // limit 60 %
        (119, Level::Breach),
        (0, Level::Breach),
    ] {
        let mut trial = trial(Spec::default());
        assert_eq!(after(&mut trial, right, 200 - right), level, "{right} of 200");
        assert_eq!((trial.reading.value, trial.reading.limit), (right as f64 / 200.0, 0.6));
    }
}

#[test]
fn the_test_is_exact_where_a_float_is_not() {
    // 0.7 of 10 is 7; in floats 7 / 10 and 0.7 happen to agree, 0.57 * 100 and 57 do not.
    let limits = Limits { limit: ratio(0.57), warn: ratio(0.57), clear: ratio(0.57) };
    let mut trial = trial(Spec { limits, ..spec(100, 100) });
    assert_eq!(after(&mut trial, 57, 43), Level::Normal);
    assert_eq!(after(&mut trial, 0, 0), Level::Normal);
    // One unit of a ratio above the share is above it.
    let limits = Limits { limit: Ratio::from_raw(570_000_001), ..limits };
    let limits = Limits { warn: limits.limit, clear: limits.limit, ..limits };
    let mut trial = self::trial(Spec { limits, ..spec(100, 100) });
    assert_eq!(after(&mut trial, 57, 43), Level::Breach);
}

#[test]
fn it_is_unready_until_the_least_number_of_outcomes_and_never_again() {
    let mut trial = trial(Spec::default());
    assert_eq!(after(&mut trial, 0, 49), Level::Unready);
    assert_eq!((trial.reading.limit, trial.reading.reason), (0.0, Reason::NotReady));
    assert_eq!(tell(&mut trial, false), Level::Breach, "the 50th");
    assert_eq!(after(&mut trial, 500, 0), Level::Normal);
}

#[test]
fn a_window_of_ten_is_full_with_the_tenth() {
    let mut trial = trial(spec(10, 10));
    assert_eq!(after(&mut trial, 9, 0), Level::Unready);
    assert_eq!(tell(&mut trial, true), Level::Normal);
    let mut one = self::trial(spec(1, 1));
    assert_eq!((tell(&mut one, true), tell(&mut one, false)), (Level::Normal, Level::Breach));
}

#[test]
fn an_outcome_that_leaves_the_window_counts_no_more() {
    let mut trial = trial(spec(10, 10));
    assert_eq!(after(&mut trial, 4, 6), Level::Breach, "4 of 10");
    assert_eq!(after(&mut trial, 4, 0), Level::Breach, "four right ones for four right ones");
    assert_eq!(after(&mut trial, 1, 0), Level::Breach, "5 of 10");
    assert_eq!(after(&mut trial, 1, 0), Level::Warn, "6 of 10");
    assert_eq!(after(&mut trial, 10, 0), Level::Normal);
}

#[test]
fn an_accuracy_made_elsewhere_counts_at_once() {
    let mut trial = trial(Spec { source: PerformanceSource::Level, ..Spec::default() });
    let mut hear = |accuracy| {
        let good = trial.hear(Observation::Level(accuracy), Nanos(1));
        (good, trial.reading.level, trial.reading.value)
    };
    assert_eq!(hear(1.0), (true, Level::Normal, 1.0));
    assert_eq!(hear(0.84), (true, Level::Normal, 0.84));
    assert_eq!(hear(0.6), (true, Level::Warn, 0.6));
    assert_eq!(hear(0.599_999), (true, Level::Breach, 0.599_999));
    assert_eq!(hear(0.0), (true, Level::Breach, 0.0));
    for bad in [f64::NAN, f64::INFINITY, -0.01, 1.000_000_1, 60.0] {
        assert_eq!(hear(bad), (false, Level::Breach, 0.0), "{bad} is refused and changes nothing");
    }
}

#[test]
fn each_source_hears_its_own_observations() {
    let mut outcomes = trial(spec(1, 1));
    assert!(outcomes.hear(Observation::Level(1.0), Nanos(1)));
    let mut levels = trial(Spec { source: PerformanceSource::Level, ..Spec::default() });
    assert!(levels.hear(Observation::Prediction(true), Nanos(1)));
    for trial in [&mut outcomes, &mut levels] {
        assert!(trial.hear(Observation::Value(Channel::Trade, 7), Nanos(1)));
        assert!(trial.hear(Observation::Heartbeat, Nanos(1)));
        assert_eq!(trial.reading.level, Level::Unready);
    }
}

/// What it says after a reload to `new`.
fn reloaded(mut trial: Trial, new: Spec) -> Trial {
    let mut rule = rule(RuleSpec::ModelPerformance(new), None);
    rule.inherit(&mut trial.rule);
    trial.rule = rule;
    trial.evaluate(Nanos(2));
    trial
}

#[test]
fn a_reload_keeps_the_newest_outcomes_that_fit() {
    let heard = || {
        let mut trial = trial(spec(10, 10));
        after(&mut trial, 3, 7);
        trial
    };
    let other = Limits::below(ratio(0.2), ratio(1.0));
    let same = reloaded(heard(), Spec { limits: other, ..spec(10, 10) });
    assert_eq!((same.reading.level, same.reading.value), (Level::Warn, 0.3), "30 % below a warn level of 36 %");
    assert_eq!(reloaded(heard(), spec(8, 8)).reading.value, 1.0 / 8.0);
    let mut longer = reloaded(heard(), spec(20, 10));
    assert_eq!(longer.reading.value, 0.3);
    assert_eq!((after(&mut longer, 10, 0), longer.reading.value), (Level::Warn, 13.0 / 20.0));
    assert_eq!(reloaded(heard(), spec(20, 11)).reading.level, Level::Unready, "more are asked for");
    let other_source = Spec { source: PerformanceSource::Level, ..Spec::default() };
    assert_eq!(reloaded(heard(), other_source).reading.level, Level::Unready);
}

#[test]
fn parameters_that_cannot_be_are_refused() {
    let check = |spec: Spec| crate::rule::check::Check::check(&spec, &Policy::default());
    assert!(check(Spec::default()).is_ok() && check(spec(1, 1)).is_ok() && check(spec(MAX_OUTCOMES, 1)).is_ok());
    for bad in [spec(0, 1), spec(MAX_OUTCOMES + 1, 1), spec(10, 0), spec(10, 11)] {
        assert!(check(bad.clone()).is_err(), "{bad:?}");
    }
    let of = |limit, warn, clear| Limits { limit: ratio(limit), warn: ratio(warn), clear: ratio(clear) };
    assert!(check(Spec::with_limits(of(1.0, 1.0, 1.0))).is_ok());
    for bad in [of(0.0, 0.5, 0.6), of(0.6, 0.5, 0.7), of(0.6, 0.7, 0.65), of(0.6, 0.7, 1.1)] {
        assert!(check(Spec::with_limits(bad)).is_err(), "{bad:?}");
    }
}

#[test]
fn it_takes_the_memory_that_its_documentation_says() {
    let detector = |window| Detector::new(&spec(window, 1), &Policy::default());
    assert_eq!(size_of::<Detector>(), 112);
    assert_eq!((detector(200).outcomes.words(), detector(MAX_OUTCOMES).outcomes.words()), (4, 1_024));
}

#[path = "twin.rs"]
mod twin;
