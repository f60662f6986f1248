use super::*;
use crate::model::limits::Limits;
use crate::model::reading::Level;
use crate::model::reason::Reason;
use crate::model::units::Ratio;
use crate::rule::trial::{Trial, rule, sessions};
use crate::rule::{Rule, RuleSpec};

fn ratio(value: f64) -> Ratio {
    Ratio::from_f64(value).unwrap()
}

/// Of volumes, since they are whole numbers.
fn spec(window: usize, min_values: usize) -> Spec {
    Spec { window, min_values, ..Spec::with_source(AnomalySource::Volume) }
}

fn trial(spec: Spec) -> Trial {
    Trial::new(rule(RuleSpec::AnomalyDetection(spec), None), None, true)
}

fn lots(trial: &mut Trial, lots: i64) -> (Level, f64) {
    assert!(trial.hear(Observation::Value(Channel::Size, lots), Nanos(1)));
    (trial.reading.level, trial.reading.value)
}

#[test]
fn the_defaults_are_those_of_the_catalogue() {
    let spec = Spec::with_source(AnomalySource::Return);
    assert_eq!(spec.limits, Limits { limit: ratio(3.0), warn: ratio(2.4), clear: ratio(2.16) });
    assert_eq!((spec.baseline, spec.min_scale), (AnomalyBaseline::Median, ratio(0.0001)));
}

#[test]
fn a_value_is_measured_against_those_before_it_and_is_one_of_them_after_that() {
    let mut trial = trial(spec(5, 3));
    for value in [10, 20, 40] {
        assert_eq!(lots(&mut trial, value), (Level::Unready, 0.0));
    }
    // Median 20, distances 10, 0, 20: a MAD of 10.
    let (level, z) = lots(&mut trial, 50);
    assert_eq!((level, z), (Level::Normal, 30.0 / (1.4826 * 10.0)));
    // Of 10, 20, 40, 50: median 30, distances 20, 10, 10, 20.
    assert_eq!(lots(&mut trial, 30).1, 0.0);
    // Of 10, 20, 40, 50, 30: median 30, distances 20, 10, 10, 20, 0.
    assert_eq!(lots(&mut trial, 0).1, 30.0 / (1.4826 * 10.0));
    // The 10 has left: of 20, 40, 50, 30, 0 the median is 30, distances 10, 10, 20, 0, 30.
    assert_eq!(lots(&mut trial, 80).1, 50.0 / (1.4826 * 10.0));
}

#[test]
fn one_value_less_than_it_needs_is_unready() {
    for least in [2, 30] {
        let mut trial = trial(spec(30, least));
        for _ in 0..least {
            assert_eq!(lots(&mut trial, 7).0, Level::Unready);
        }
        assert_eq!(lots(&mut trial, 7).0, Level::Normal);
    }
}

#[test]
fn levels_are_tested_at_their_boundary_on_both_sides_of_the_middle() {
    for (distance, level) in [
        (0, Level::Normal),
        (2_159, Level::Normal),
        (2_160, Level::Elevated),
        (2_399, Level::Elevated),
        (2_400, Level::Warn),
        (2_999, Level::Warn),
        (3_000, Level::Breach),
        (3_001, Level::Breach),
    ] {
        for sign in [-1, 1] {
            // No deviation at all: the floor of a thousand lots is the scale.
            let mut trial = trial(Spec { min_scale: ratio(1_000.0), ..spec(10, 2) });
            lots(&mut trial, 100_000);
            lots(&mut trial, 100_000);
            let (found, z) = lots(&mut trial, 100_000 + sign * distance);
            assert_eq!((found, z), (level, distance as f64 / 1_000.0));
        }
    }
}

#[test]
fn nonsense_up_to_half_of_the_window_does_not_move_a_median() {
    let mut trial = trial(spec(10, 2));
    for step in 0..10 {
        lots(&mut trial, 100 + step % 3);
    }
    for _ in 0..5 {
        assert_eq!(lots(&mut trial, 1_000_000).0, Level::Breach);
    }
    assert_ne!(lots(&mut trial, 1_000_000).0, Level::Breach, "what lasts is no anomaly any more");
}

#[test]
fn a_fading_baseline_forgets_what_is_long_gone() {
    let mut trial = trial(Spec { baseline: AnomalyBaseline::Ewma, ..spec(3, 2) });
    lots(&mut trial, 0);
    lots(&mut trial, 8);
    // alpha 1/2: mean 4, variance 1/2 * (0 + 1/2 * 64) = 16.
    assert_eq!(lots(&mut trial, 16), (Level::Breach, 3.0));
    // mean 10, variance 1/2 * (16 + 1/2 * 144) = 44.
    let (_, z) = lots(&mut trial, 10);
    assert_eq!(z, 0.0);
    // mean 10, variance 22.
    assert!((lots(&mut trial, 12).1 - 2.0 / 22f64.sqrt()).abs() < 1e-12);
}

#[test]
fn a_return_is_from_trade_to_trade() {
    let mut trial = trial(Spec { min_scale: ratio(0.01), ..Spec { source: AnomalySource::Return, ..spec(10, 2) } });
    let mut trade = |price| {
        assert!(trial.hear(Observation::Value(Channel::Trade, price), Nanos(1)));
        (trial.reading.level, trial.reading.value)
    };
    // Three trades are two returns; the third return is the first that is measured.
    for _ in 0..3 {
        assert_eq!(trade(1_000).0, Level::Unready);
    }
    let (level, z) = trade(1_050);
    assert!(level == Level::Breach && (z - 1.05f64.ln() / 0.01).abs() < 1e-9);
    assert_eq!(trade(1_050).0, Level::Normal);
}

#[test]
fn the_night_is_no_return() {
    let calendar = sessions(&[(9, 100, 200), (10, 300, 400)]);
    let spec = Spec { min_scale: ratio(0.01), source: AnomalySource::Return, ..spec(10, 2) };
    let make = |calendar| Trial::new(rule(RuleSpec::AnomalyDetection(spec.clone()), calendar), None, true);
    let (mut with, mut without) = (make(Some(calendar)), make(None));
    for trial in [&mut with, &mut without] {
        for at in [100, 150, 200, 299] {
            assert!(trial.hear(Observation::Value(Channel::Trade, 1_000), Nanos(at)));
        }
        assert_eq!(trial.reading.level, Level::Normal);
        assert!(trial.hear(Observation::Value(Channel::Trade, 2_000), Nanos(300)));
    }
    assert_eq!((with.reading.level, without.reading.level), (Level::Normal, Level::Breach));
    assert!(with.hear(Observation::Value(Channel::Trade, 1_000), Nanos(301)));
    assert_eq!(with.reading.level, Level::Breach, "from the open on there are returns again");
}

#[test]
fn what_makes_no_reading_is_none_in_a_row() {
    let mut trial = trial(Spec { source: AnomalySource::Return, ..spec(10, 2) });
    let mut is_new = |price, at| {
        let context = Context { last: trial.last, memory: &mut trial.memory, used: trial.used };
        let answer = trial.rule.observe(&Observation::Value(Channel::Trade, price), Nanos(at), context);
        trial.last = Some(Mark { value: price, at: Nanos(at) });
        answer.unwrap().unwrap().is_new
    };
    assert_eq!([1, 2, 3, 4].map(|at| is_new(1_000, at)), [false, false, false, true]);
}

#[test]
fn a_spread_is_in_the_unit_of_prices_and_may_be_negative() {
    let spec = Spec { source: AnomalySource::Spread, min_scale: ratio(0.01), ..spec(10, 2) };
    let mut trial = trial(spec);
    for spread in [10_000_000, 10_000_000, -40_000_000] {
        assert!(trial.hear(Observation::Value(Channel::Spread, spread), Nanos(1)));
    }
    assert!(trial.reading.level == Level::Breach && (trial.reading.value - 5.0).abs() < 1e-9);
}

#[test]
fn levels_made_elsewhere_are_taken_and_what_is_no_number_refused() {
    let mut trial = trial(Spec { source: AnomalySource::Level, ..spec(10, 2) });
    assert!(trial.rule.takes_levels());
    for level in [1.0, 1.0] {
        assert!(trial.hear(Observation::Level(level), Nanos(1)));
    }
    for level in [f64::NAN, f64::INFINITY, -f64::INFINITY, 1.1e150] {
        assert!(!trial.hear(Observation::Level(level), Nanos(1)));
        assert_eq!(trial.reading.level, Level::Unready);
    }
    assert!(trial.hear(Observation::Level(-1.5), Nanos(1)));
    assert_eq!((trial.reading.level, trial.reading.value), (Level::Warn, 2.5));
    assert_eq!(trial.reading.reason, Reason::WarnLevel);
}

#[test]
fn a_price_that_cannot_be_is_refused_and_changes_nothing() {
    let mut trial = trial(Spec { source: AnomalySource::Return, ..spec(10, 2) });
    for price in [1_000, 1_000, 1_000, 1_010] {
        assert!(trial.hear(Observation::Value(Channel::Trade, price), Nanos(1)));
    }
    let before = (trial.said(), trial.reading.value);
    for price in [0, -1, i64::MIN] {
        assert!(!trial.hear(Observation::Value(Channel::Trade, price), Nanos(2)));
        assert_eq!((trial.said(), trial.reading.value), before);
    }
}

#[test]
fn another_limit_keeps_the_baseline_and_another_window_begins_anew() {
    let mut trial = trial(spec(10, 2));
    for value in [100, 100, 102] {
        lots(&mut trial, value);
    }
    assert_eq!(trial.reading.level, Level::Normal);
    let mut reload = |new: Spec| {
        let mut new = rule(RuleSpec::AnomalyDetection(new), None);
        new.inherit(&mut trial.rule);
        trial.rule = new;
        trial.evaluate(Nanos(1));
        trial.reading.level
    };
    let limits = Limits::of(ratio(2.0));
    assert_eq!(reload(Spec { limits, ..spec(10, 2) }), Level::Breach);
    assert_eq!(reload(Spec { limits, ..spec(11, 2) }), Level::Unready);
    assert_eq!(reload(Spec { baseline: AnomalyBaseline::Ewma, ..spec(11, 2) }), Level::Unready);
}

#[test]
fn a_bad_tick_is_two_values_out_of_line_and_the_default_asks_three() {
    assert_eq!(crate::Kind::AnomalyDetection.default_policy().confirm, 3);
    assert_eq!(crate::Kind::Volatility.default_policy().confirm, 1);
    let mut trial = trial(Spec { source: AnomalySource::Return, ..Spec::with_source(AnomalySource::Return) });
    let mut breaches = 0;
    for step in 0..200 {
        let price = if step == 150 { 1_100_000 } else { 1_000_000 + step % 7 * 10 };
        assert!(trial.hear(Observation::Value(Channel::Trade, price), Nanos(1)));
        breaches += usize::from(trial.reading.level == Level::Breach);
    }
    assert_eq!(breaches, 2);
}

#[test]
fn memory_is_what_the_documentation_says() {
    assert_eq!(size_of::<Detector>(), 240);
    let Rule::AnomalyDetection(_) = rule(RuleSpec::AnomalyDetection(spec(120, 30)), None) else { unreachable!() };
}

#[path = "twin.rs"]
mod twin;
