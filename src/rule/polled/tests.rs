use super::*;
use crate::model::kind::Kind;
use crate::model::limits::Limits;
use crate::rule::RuleSpec;
use crate::rule::trial::{Trial, rule};

fn ratio(value: f64) -> Ratio {
    Ratio::from_f64(value).unwrap()
}

fn trial(metric: Metric, limits: Limits, shortcut: bool) -> Trial {
    let kind = if metric.best().is_some() { Kind::ModelPerformance } else { Kind::LossRate };
    Trial::new(rule(RuleSpec::Polled(Spec { kind, metric, limits }), None), None, shortcut)
}

fn levels(metric: Metric, limits: Limits, values: &[i64]) -> Vec<Level> {
    let mut trial = trial(metric, limits, true);
    let hear = |value| {
        assert!(trial.hear(Observation::Value(Channel::Metric(metric), value), Nanos(1)));
        trial.reading.level
    };
    values.iter().copied().map(hear).collect()
}

#[test]
fn each_level_begins_exactly_at_its_number() {
    use Level::{Breach, Elevated, Normal, Warn};
    let limits = Limits { limit: ratio(0.05), warn: ratio(0.04), clear: ratio(0.03) };
    let around = [29_999_999, 30_000_000, 39_999_999, 40_000_000, 49_999_999, 50_000_000, 50_000_001, -1, i64::MAX];
    let wanted = [Normal, Elevated, Elevated, Warn, Warn, Breach, Breach, Normal, Breach];
    assert_eq!(levels(Metric::LossRate, limits, &around), wanted);
}

#[test]
fn where_lower_is_worse_each_level_begins_just_below_its_number() {
    use Level::{Breach, Elevated, Normal, Warn};
    let limits = Limits { limit: ratio(0.6), warn: ratio(0.7), clear: ratio(0.8) };
    let around =
        [800_000_000, 799_999_999, 700_000_000, 699_999_999, 600_000_000, 599_999_999, 0, i64::MIN + 1, i64::MAX];
    let wanted = [Normal, Elevated, Elevated, Warn, Warn, Breach, Breach, Breach, Normal];
    assert_eq!(levels(Metric::ModelAccuracy, limits, &around), wanted);
}

#[test]
fn no_number_is_refused_and_changes_nothing() {
    for metric in [Metric::LossRate, Metric::ModelAccuracy] {
        let mut trial = trial(metric, Spec::default_limits(metric).unwrap(), true);
        let no_number = Observation::Value(Channel::Metric(metric), Metric::NO_NUMBER);
        assert!(!trial.hear(no_number, Nanos(1)) && trial.reading.level == Level::Unready);
        assert!(trial.hear(Observation::Value(Channel::Metric(metric), 0), Nanos(1)));
        let before = trial.reading;
        assert!(!trial.hear(no_number, Nanos(2)), "not even by the shortcut");
        assert_eq!(trial.reading, before);
    }
}

#[test]
fn it_hears_its_own_metric_and_nothing_else() {
    let mut trial = trial(Metric::VixLevel, Limits::of(ratio(40.0)), true);
    for other in [
        Observation::Value(Channel::Metric(Metric::Volatility), i64::MAX),
        Observation::Value(Channel::Trade, i64::MAX),
        Observation::Level(100.0),
        Observation::Heartbeat,
    ] {
        assert!(trial.hear(other, Nanos(1)));
        assert_eq!(trial.reading.level, Level::Unready);
    }
}

#[test]
fn the_defaults_are_the_catalogue_s_and_pass_their_own_check() {
    let default = |metric| Spec::default_limits(metric).map(|l| (l.limit.to_f64(), l.warn.to_f64()));
    assert_eq!(default(Metric::Drawdown), Some((0.08, 0.064)));
    assert_eq!(default(Metric::LossRate), Some((0.03, 0.0225)));
    assert_eq!(default(Metric::PositionCount), Some((21.0, 18.0)), "twenty are allowed");
    assert_eq!(default(Metric::DataQualityScore), Some((95.0, 96.0)));
    assert_eq!(default(Metric::ModelAccuracy), Some((0.6, 0.68)));
    assert_eq!(default(Metric::VixLevel), Some((40.0, 32.0)));
    let check =
        |kind, metric, limits| crate::rule::check::Check::check(&Spec { kind, metric, limits }, &Policy::default());
    for &metric in Metric::ALL {
        let limits = Spec::default_limits(metric);
        assert!(limits.is_none_or(|limits| check(Kind::LossRate, metric, limits).is_ok()), "{metric}");
    }
    let upside_down = Limits { limit: ratio(0.1), warn: ratio(0.2), clear: ratio(0.3) };
    assert!(check(Kind::LossRate, Metric::LossRate, upside_down).is_err());
    assert!(check(Kind::LossRate, Metric::ModelAccuracy, upside_down).is_ok());
    let per_cent = Limits::of(ratio(8.0));
    assert!(
        check(Kind::Drawdown, Metric::Drawdown, per_cent).is_err()
            && check(Kind::Drawdown, Metric::VixLevel, per_cent).is_ok()
    );
    assert!(check(Kind::Manual, Metric::LossRate, Limits::of(ratio(0.1))).is_err(), "nobody polls a person");
}

#[test]
fn it_takes_the_memory_that_its_documentation_says() {
    assert_eq!(size_of::<Detector>(), 40);
}

#[path = "twin.rs"]
mod twin;
