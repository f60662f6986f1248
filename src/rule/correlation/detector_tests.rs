use super::*;
use crate::model::reason::Reason;
use crate::rule::correlation::CorrelationMode;
use crate::rule::trial::{Trial, rule};
use crate::rule::{Rule, RuleSpec};

fn trial() -> Trial {
    Trial::new(rule(RuleSpec::Correlation(Spec::with_mode(CorrelationMode::Rise)), None), None, true)
}

#[test]
fn a_price_is_good_whatever_it_is_and_asks_nobody_a_second_time() {
    let mut trial = trial();
    for price in [1_000, 1, i64::MAX, 5] {
        assert!(trial.hear(Observation::Value(Channel::Trade, price), Nanos(1)));
        assert_eq!((trial.reading.level, trial.reading.limit), (Level::Normal, 0.0));
    }
    assert_eq!(trial.asked, 1);
    for price in [0, -1, i64::MIN] {
        assert!(!trial.hear(Observation::Value(Channel::Trade, price), Nanos(1)));
    }
    trial.evaluate(Nanos(2));
    assert_eq!(trial.reading.level, Level::Normal);
}

#[test]
fn values_of_the_grid_are_tested_at_their_boundaries_and_no_number_is_no_value() {
    let mut trial = trial();
    for (value, level) in [
        (-1.0, Level::Normal),
        (0.503, Level::Normal),
        (0.504, Level::Elevated),
        (0.56, Level::Warn),
        (0.699_999, Level::Warn),
        (0.7, Level::Breach),
        (1.0, Level::Breach),
    ] {
        assert!(trial.hear(Observation::Level(value), Nanos(1)));
        assert_eq!((trial.reading.level, trial.reading.value), (level, value));
    }
    assert_eq!((trial.reading.reason, trial.reading.limit), (Reason::Limit, 0.7));
    assert!(trial.hear(Observation::Level(f64::NAN), Nanos(2)));
    assert_eq!(trial.reading.level, Level::Unready);
    trial.evaluate(Nanos(3));
    assert_eq!(trial.reading.level, Level::Unready);
}

#[test]
fn nobody_may_tell_it_a_level_but_the_grid() {
    assert!(!trial().rule.takes_levels());
}

#[test]
fn another_limit_keeps_the_last_value_and_another_window_does_not() {
    let mut trial = trial();
    assert!(trial.hear(Observation::Level(0.5), Nanos(1)));
    let mut reload = |new: Spec| {
        let mut new = rule(RuleSpec::Correlation(new), None);
        new.inherit(&mut trial.rule);
        trial.rule = new;
        trial.evaluate(Nanos(1));
        trial.reading.level
    };
    let base = Spec::with_mode(CorrelationMode::Rise);
    let strict = Spec { limits: crate::Limits::of(crate::Ratio::from_raw(500_000_000)), ..base };
    assert_eq!(reload(strict.clone()), Level::Breach);
    assert_eq!(reload(Spec { returns: 21, ..strict }), Level::Unready);
}

#[test]
fn memory_is_what_the_documentation_says() {
    assert_eq!(size_of::<Detector>(), 80);
    let Rule::Correlation(_) = trial().rule else { unreachable!() };
}
