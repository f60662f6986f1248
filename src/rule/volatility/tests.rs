use std::sync::Arc;

use super::*;
use crate::model::limits::Limits;
use crate::model::session::Sessions;
use crate::model::units::Ratio;
use crate::rule::RuleSpec;
use crate::rule::trial::{Trial, rule, sessions};

const MINUTE: u64 = 60_000_000_000;

fn ratio(value: f64) -> Ratio {
    Ratio::from_f64(value).unwrap()
}

fn spec(returns: usize, sample: Option<u64>) -> Spec {
    Spec {
        limits: Limits::of(ratio(0.05)),
        source: VolatilitySource::Trade,
        sample: sample.map(Duration::from_nanos),
        returns,
        annualise: None,
        rise: false,
        breakout: false,
    }
}

/// Sessions from minute 100 to 200 and a half, 300 to 400, 500 to 600.
fn calendar() -> Arc<Sessions> {
    let minutes = |day, from, to| (day, from * MINUTE, to * MINUTE);
    sessions(&[(9, 100 * MINUTE, 200 * MINUTE + MINUTE / 2), minutes(10, 300, 400), minutes(11, 500, 600)])
}

fn trial(spec: Spec, sessions: Option<Arc<Sessions>>) -> Trial {
    Trial::new(rule(RuleSpec::Volatility(spec), sessions), None, true)
}

fn levels(limit: f64) -> Trial {
    let all = Spec {
        limits: Limits { limit: ratio(limit), warn: ratio(limit * 0.8), clear: ratio(limit * 0.72) },
        source: VolatilitySource::Level,
        rise: true,
        breakout: true,
        ..spec(0, None)
    };
    trial(all, None)
}

fn trade(trial: &mut Trial, price: i64, at: u64) -> Level {
    assert!(trial.hear(Observation::Value(Channel::Trade, price), Nanos(at)));
    trial.reading.level
}

fn tell(trial: &mut Trial, reading: f64) -> Level {
    assert!(trial.hear(Observation::Level(reading), Nanos(1)));
    trial.reading.level
}

#[test]
fn a_full_window_is_the_deviation_of_its_returns_times_the_root_of_their_number() {
    let mut trial = trial(spec(3, Some(MINUTE)), None);
    for (minute, price) in [(1, 100), (2, 110), (3, 100)] {
        assert_eq!(trade(&mut trial, price, minute * MINUTE), Level::Unready);
    }
    assert_eq!(trade(&mut trial, 110, 4 * MINUTE), Level::Breach);
    let r = 1.1f64.ln();
    let mean = r / 3.0;
    let variance = (2.0 * (r - mean).powi(2) + (-r - mean).powi(2)) / 2.0;
    assert!((trial.reading.value - (variance * 3.0).sqrt()).abs() < 1e-12);
    assert_eq!(trial.reading.reason, Reason::Limit);
}

#[test]
fn annualised_values_are_per_year() {
    let mut trial = trial(Spec { annualise: Some(252.0), ..spec(2, None) }, Some(calendar()));
    for (minute, price) in [(150, 100), (350, 110)] {
        assert_eq!(trade(&mut trial, price, minute * MINUTE), Level::Unready);
    }
    assert_eq!(trade(&mut trial, 110, 600 * MINUTE), Level::Breach, "the closing bell completes the sample");
    let r = 1.1f64.ln();
    assert!((trial.reading.value - (r * r / 2.0 * 252.0).sqrt()).abs() < 1e-12);
}

#[test]
fn a_price_on_the_edge_completes_its_sample_and_a_later_one_does_not_belong_to_it() {
    let mut on = trial(spec(2, Some(MINUTE)), None);
    let mut after = trial(spec(2, Some(MINUTE)), None);
    for minute in 1..4 {
        trade(&mut on, 100, minute * MINUTE);
        trade(&mut after, 100, minute * MINUTE);
    }
    assert_eq!(trade(&mut on, 150, 4 * MINUTE), Level::Breach);
    assert_eq!(trade(&mut after, 150, 4 * MINUTE + 1), Level::Normal, "the sample closed at 100");
    assert_eq!(trade(&mut after, 150, 5 * MINUTE), Level::Breach);
}

#[test]
fn a_long_gap_is_as_many_empty_samples() {
    let mut trial = trial(spec(3, Some(MINUTE)), None);
    for (minute, price) in [(1, 100), (2, 150), (3, 100), (4, 150)] {
        trade(&mut trial, price, minute * MINUTE);
    }
    assert_eq!(trial.reading.level, Level::Breach);
    assert_eq!(trade(&mut trial, 150, u64::MAX), Level::Normal);
    assert_eq!(trial.reading.value, 0.0);
}

#[test]
fn a_heartbeat_closes_samples_up_to_its_own_moment() {
    for (at, level) in [(4 * MINUTE - 1, Level::Normal), (4 * MINUTE, Level::Breach)] {
        let mut trial = trial(spec(2, Some(MINUTE)), None);
        for minute in 1..4 {
            trade(&mut trial, 100, minute * MINUTE);
        }
        trade(&mut trial, 150, 3 * MINUTE + 1);
        assert!(trial.hear(Observation::Heartbeat, Nanos(at)));
        assert_eq!(trial.reading.level, level);
    }
}

#[test]
fn with_samples_under_a_day_the_window_starts_anew_each_session() {
    let mut trial = trial(spec(2, Some(MINUTE)), Some(calendar()));
    for minute in 99..104 {
        let level = trade(&mut trial, 100, minute * MINUTE);
        // The first sample ends a minute after the open.
        assert_eq!(level, if minute < 103 { Level::Unready } else { Level::Normal }, "{minute}");
    }
    trade(&mut trial, 100, 200 * MINUTE);
    assert_eq!(trade(&mut trial, 200, 200 * MINUTE + MINUTE / 2), Level::Normal, "the close cuts off a half sample");
    assert_eq!(trade(&mut trial, 200, 250 * MINUTE), Level::Normal, "no samples outside sessions");
    for minute in 300..304 {
        let level = trade(&mut trial, 200, minute * MINUTE);
        assert_eq!(
            level,
            Level::Normal,
            "{minute}: the night's move is in no return, the last reading stands meanwhile"
        );
    }
}

#[test]
fn a_session_without_a_price_yet_has_no_samples() {
    let mut trial = trial(spec(2, Some(MINUTE)), Some(calendar()));
    for minute in 101..104 {
        trade(&mut trial, 100, minute * MINUTE);
    }
    assert!(trial.hear(Observation::Heartbeat, Nanos(310 * MINUTE)));
    // Were there samples of the old price, the new one would be a return of log 2.
    for minute in 311..314 {
        assert_eq!(trade(&mut trial, 200, minute * MINUTE), Level::Normal);
        assert_eq!(trial.reading.value, 0.0);
    }
}

#[test]
fn a_halted_or_closed_venue_takes_no_samples() {
    for status in [VenueStatus::Halted, VenueStatus::Closed] {
        let mut trial = trial(spec(2, Some(MINUTE)), None);
        for minute in 1..4 {
            trade(&mut trial, 100, minute * MINUTE);
        }
        assert!(trial.hear(Observation::Venue(status), Nanos(4 * MINUTE)));
        assert_eq!(trade(&mut trial, 150, 5 * MINUTE), Level::Normal);
        assert!(trial.hear(Observation::Venue(VenueStatus::Unknown), Nanos(5 * MINUTE + 1)));
        assert_eq!(trade(&mut trial, 150, 6 * MINUTE), Level::Normal);
        assert!(trial.hear(Observation::Venue(VenueStatus::Open), Nanos(7 * MINUTE)));
        assert_eq!(trade(&mut trial, 150, 8 * MINUTE - 1), Level::Normal);
        assert_eq!(trade(&mut trial, 150, 8 * MINUTE), Level::Breach);
    }
}

#[test]
fn readings_made_elsewhere_are_tested_as_they_come() {
    let mut trial = levels(40.0);
    for (reading, level) in [
        (28.7, Level::Normal),
        (28.8, Level::Elevated),
        (31.9, Level::Elevated),
        (32.0, Level::Warn),
        (39.9, Level::Warn),
        (40.0, Level::Breach),
        (82.69, Level::Breach),
    ] {
        assert_eq!(tell(&mut trial, reading), level, "{reading}");
    }
    assert_eq!(trial.reading.reason, Reason::Limit);
}

#[test]
fn what_cannot_be_a_reading_or_a_price_is_refused_and_changes_nothing() {
    let mut given = levels(40.0);
    tell(&mut given, 10.0);
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.1] {
        assert!(!given.hear(Observation::Level(bad), Nanos(1)));
    }
    assert_eq!((given.reading.level, given.reading.value), (Level::Normal, 10.0));
    let mut sampled = trial(spec(2, Some(MINUTE)), None);
    for bad in [0, -1, i64::MIN] {
        assert!(!sampled.hear(Observation::Value(Channel::Trade, bad), Nanos(MINUTE)));
    }
    assert!(sampled.hear(Observation::Level(9.0), Nanos(MINUTE)), "none of its business");
    assert_eq!(sampled.reading.level, Level::Unready);
}

#[test]
fn a_rise_of_half_the_limit_over_ten_readings_is_a_breach() {
    for (count, last, level) in
        [(9, 30.0, Level::Breach), (9, 29.9, Level::Elevated), (8, 30.0, Level::Elevated), (9, 40.0, Level::Breach)]
    {
        let mut trial = levels(40.0);
        for _ in 0..count {
            tell(&mut trial, 10.0);
        }
        assert_eq!(tell(&mut trial, last), level, "{count} {last}");
        let reason = if last == 40.0 { Reason::Limit } else { Reason::Rise };
        assert_eq!(trial.reading.reason, if level == Level::Breach { reason } else { Reason::None });
    }
    let mut trial = levels(40.0);
    tell(&mut trial, 30.0);
    for _ in 0..9 {
        tell(&mut trial, 10.0);
    }
    assert_eq!(tell(&mut trial, 29.0), Level::Elevated, "the reading before those ten does not count");
}

#[test]
fn a_breakout_is_three_deviations_from_at_least_twenty_readings() {
    // 20 readings alternating 18 and 20 have mean 19 and deviation sqrt(20 / 19), about 1.026.
    for (count, last, level) in [(20, 22.07, Level::Normal), (20, 22.08, Level::Breach), (19, 22.08, Level::Normal)] {
        let mut trial = levels(40.0);
        for index in 0..count {
            tell(&mut trial, if index % 2 == 0 { 18.0 } else { 20.0 });
        }
        assert_eq!(tell(&mut trial, last), level, "{count} {last}");
        if level == Level::Breach {
            assert_eq!((trial.reading.reason, trial.reading.limit), (Reason::Breakout, 3.0));
        }
    }
}

#[test]
fn without_deviation_or_below_half_the_limit_there_is_no_breakout() {
    for (usual, last, level) in
        [([15.0, 15.0], 20.0, Level::Normal), ([9.0, 10.0], 19.9, Level::Normal), ([9.0, 10.0], 20.0, Level::Breach)]
    {
        let mut trial = levels(40.0);
        for index in 0..30 {
            tell(&mut trial, usual[index % 2]);
        }
        assert_eq!(tell(&mut trial, last), level, "{last}");
    }
}

#[test]
fn too_few_returns_are_never_ready() {
    for returns in [0, 1] {
        let mut trial = trial(spec(returns, Some(MINUTE)), None);
        for minute in 1..9 {
            assert_eq!(trade(&mut trial, 100, minute * MINUTE), Level::Unready);
        }
    }
}

#[test]
fn what_is_not_a_number_is_a_breach() {
    let mut trial = trial(Spec { annualise: Some(f64::NAN), ..spec(2, Some(MINUTE)) }, None);
    for minute in 1..4 {
        trade(&mut trial, 100, minute * MINUTE);
    }
    assert_eq!(trial.reading.level, Level::Breach);
}

#[test]
fn a_reload_keeps_the_window_under_a_new_limit() {
    let mut trial = trial(spec(2, Some(MINUTE)), None);
    for (minute, price) in [(1, 1_000), (2, 1_010), (3, 1_000)] {
        trade(&mut trial, price, minute * MINUTE);
    }
    assert_eq!(trial.reading.level, Level::Normal);
    let new = Spec { limits: Limits::of(ratio(0.01)), ..spec(2, Some(MINUTE)) };
    let mut new = rule(RuleSpec::Volatility(new), None);
    new.inherit(&mut trial.rule);
    trial.rule = new;
    trial.evaluate(Nanos(3 * MINUTE));
    assert_eq!(trial.reading.level, Level::Breach);
}

#[test]
fn between_two_edges_the_rule_is_not_asked() {
    let mut trial = trial(spec(2, Some(MINUTE)), None);
    trade(&mut trial, 100, MINUTE);
    for second in 0..30 {
        trade(&mut trial, 100 + second as i64, MINUTE + 1 + second * 1_000_000_000);
    }
    assert_eq!(trial.asked, 1);
}

#[test]
fn it_takes_the_memory_that_its_documentation_says() {
    let spec = spec(30, Some(MINUTE));
    let window = Detector::new(&spec, &Policy::default()).window;
    let bytes = |values: &VecDeque<f64>| values.capacity() * size_of::<f64>();
    assert_eq!((size_of::<Detector>(), bytes(&window.returns), bytes(&window.readings)), (208, 240, 808));
}

#[path = "twin.rs"]
mod twin;
