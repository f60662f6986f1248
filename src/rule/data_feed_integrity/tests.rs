use super::*;
use crate::rule::trial::{Trial, rule};
use crate::rule::{Rule, RuleSpec};

const MILLI: u64 = 1_000_000;

fn ratio(value: f64) -> Ratio {
    Ratio::from_f64(value).unwrap()
}

fn spec(window: usize) -> Spec {
    Spec { window, ..Spec::with_limit(ratio(95.0)) }
}

fn trial(spec: Spec) -> Trial {
    Trial::new(rule(RuleSpec::DataFeedIntegrity(spec), None), None, true)
}

/// A message that was on its way for no time.
fn message(trial: &mut Trial, number: u64) -> (Level, Reason) {
    delayed(trial, number, 0)
}

fn delayed(trial: &mut Trial, number: u64, millis: u64) -> (Level, Reason) {
    let at = Nanos(1_000 * MILLI);
    assert!(trial.hear(Observation::Sequence { number, sent: at - Duration::from_millis(millis) }, at));
    (trial.reading.level, trial.reading.reason)
}

fn quote(trial: &mut Trial, spread: i64) -> (Level, Reason) {
    assert!(trial.hear(Observation::Value(Channel::Spread, spread), Nanos(1)));
    (trial.reading.level, trial.reading.reason)
}

const SOUND: (Level, Reason) = (Level::Normal, Reason::None);

#[test]
fn the_defaults_are_those_of_the_catalogue() {
    let spec = Spec::with_limit(ratio(95.0));
    assert_eq!(spec.limits, Limits { limit: ratio(95.0), warn: ratio(96.0), clear: ratio(98.0) });
    assert!(spec.crossed && !spec.locked && spec.max_latency.is_none() && spec.missing_limit.is_none());
}

#[test]
fn nothing_heard_is_unready_and_the_first_message_or_quote_is_a_reading() {
    let mut by_number = trial(spec(100));
    assert!(by_number.hear(Observation::Heartbeat, Nanos(1)));
    assert_eq!(by_number.reading.level, Level::Unready);
    assert_eq!(message(&mut by_number, 5_000), SOUND);
    assert_eq!(by_number.reading.value, 100.0);
    assert_eq!(quote(&mut trial(spec(100)), 1), SOUND, "a feed without numbers is judged by its book");
}

#[test]
fn each_fault_costs_its_share_and_every_level_is_exact() {
    for (lost, score, expected) in [
        (0, 100.0, SOUND),
        (20, 98.0, SOUND),
        (21, 97.9, (Level::Elevated, Reason::None)),
        (40, 96.0, (Level::Elevated, Reason::None)),
        (41, 95.9, (Level::Warn, Reason::WarnLevel)),
        (50, 95.0, (Level::Warn, Reason::WarnLevel)),
        (51, 94.9, (Level::Breach, Reason::Limit)),
        (999, 0.1, (Level::Breach, Reason::Limit)),
        (1_000, 0.1, (Level::Breach, Reason::Limit)),
    ] {
        let mut trial = trial(spec(1_000));
        message(&mut trial, 1);
        assert_eq!(message(&mut trial, 2 + lost), expected, "{lost}");
        assert!((trial.reading.value - score).abs() < 1e-9 && trial.reading.limit == 95.0, "{lost}");
    }
}

/// 29 of 30 is 96.666..., which no float and no ratio is: the limits on both sides of it are told apart all the same.
#[test]
fn a_score_that_no_decimal_is_is_tested_exactly() {
    for (raw, expected) in [(96_666_666_666, Level::Warn), (96_666_666_667, Level::Breach)] {
        let limits = Limits { limit: Ratio::from_raw(raw), warn: ratio(97.0), clear: ratio(98.0) };
        let mut trial = trial(Spec { limits, ..spec(30) });
        message(&mut trial, 1);
        assert_eq!(message(&mut trial, 3).0, expected, "{raw}");
    }
}

#[test]
fn the_missing_share_trips_at_its_limit_and_not_below() {
    let strict = Spec { missing_limit: Some(ratio(0.02)), ..spec(100) };
    let mut one = trial(strict.clone());
    message(&mut one, 1);
    assert_eq!(message(&mut one, 3), SOUND);
    let mut two = trial(strict);
    message(&mut two, 1);
    assert_eq!(message(&mut two, 4), (Level::Breach, Reason::Missing));
    assert_eq!((two.reading.value, two.reading.limit), (98.0, 98.0), "what came, of what must");
    assert_eq!(message(&mut two, 2), SOUND, "late, but it has come: one is missing, the other a fault");
    assert_eq!(two.reading.value, 98.0);
}

#[test]
fn a_message_is_late_above_the_latency_and_a_breach_until_one_is_in_time() {
    let mut trial = trial(Spec { max_latency: Some(Duration::from_millis(50)), ..spec(100) });
    assert_eq!(delayed(&mut trial, 1, 49), SOUND);
    assert_eq!(delayed(&mut trial, 2, 50), SOUND);
    let at = Nanos(1_000 * MILLI);
    let sent = at - Duration::from_nanos(50 * MILLI + 1);
    assert!(trial.hear(Observation::Sequence { number: 3, sent }, at));
    assert_eq!((trial.reading.level, trial.reading.reason), (Level::Breach, Reason::Latency));
    assert_eq!(quote(&mut trial, 1), (Level::Breach, Reason::Latency), "a quote says nothing of it");
    assert_eq!(delayed(&mut trial, 4, 0), SOUND);
    assert_eq!(trial.reading.value, 99.0, "the late one is a fault of the window");
}

#[test]
fn a_message_sent_in_the_future_has_no_latency() {
    let mut trial = trial(Spec { max_latency: Some(Duration::from_nanos(1)), ..spec(100) });
    for sent in [Nanos(11), Nanos(10), Nanos(9), Nanos::NEVER] {
        assert!(trial.hear(Observation::Sequence { number: sent.0, sent }, Nanos(10)));
        assert_ne!(trial.reading.reason, Reason::Latency, "{sent}");
    }
}

#[test]
fn a_crossed_book_trips_by_default_and_a_locked_one_only_if_asked() {
    for (crossed, locked, below, zero) in [
        (true, false, Some(Reason::Crossed), None),
        (true, true, Some(Reason::Crossed), Some(Reason::Locked)),
        (false, true, None, Some(Reason::Locked)),
        (false, false, None, None),
    ] {
        let mut trial = trial(Spec { crossed, locked, ..spec(100) });
        let expected = |reason: Option<Reason>| reason.map_or(SOUND, |reason| (Level::Breach, reason));
        for _ in 0..2 {
            assert_eq!(quote(&mut trial, 1), SOUND);
            assert_eq!(quote(&mut trial, -1), expected(below));
            assert_eq!(quote(&mut trial, i64::MIN), expected(below));
            assert_eq!(quote(&mut trial, 0), expected(zero));
            assert_eq!(message(&mut trial, 7), expected(zero), "it stands while only messages come");
            assert_eq!(quote(&mut trial, i64::MAX), SOUND);
        }
    }
}

#[test]
fn the_book_is_no_part_of_the_score() {
    let mut trial = trial(spec(100));
    message(&mut trial, 1);
    quote(&mut trial, -1);
    assert_eq!((trial.reading.value, trial.reading.limit), (100.0, 95.0));
}

#[test]
fn quotes_of_a_sound_book_do_not_ask_the_rule() {
    let mut trial = trial(spec(100));
    quote(&mut trial, 5);
    for spread in 0..1_000 {
        quote(&mut trial, spread);
    }
    assert_eq!(trial.asked, 1);
}

#[test]
fn a_message_from_before_the_window_is_held_and_changes_nothing() {
    let mut trial = trial(spec(100));
    message(&mut trial, 1_000);
    let before = trial.said();
    let context = Context { last: None, memory: &mut trial.memory, used: trial.used };
    let old = Observation::Sequence { number: 1, sent: Nanos(0) };
    assert_eq!(trial.rule.observe(&old, Nanos(1), context), Ok(None));
    trial.evaluate(Nanos(1));
    assert_eq!(trial.said(), before);
}

#[test]
fn scores_made_elsewhere_are_taken_from_zero_to_a_hundred_and_others_refused() {
    let mut trial = trial(Spec { source: IntegritySource::Level, ..spec(100) });
    assert!(trial.rule.takes_levels() && !trial.rule.takes_sequences());
    for (score, level) in [
        (98.0, Level::Normal),
        (97.9, Level::Elevated),
        (95.0, Level::Warn),
        (94.9, Level::Breach),
        (0.0, Level::Breach),
    ] {
        assert!(trial.hear(Observation::Level(score), Nanos(1)));
        assert_eq!((trial.reading.level, trial.reading.value), (level, score));
    }
    for score in [-0.001, 100.001, f64::NAN, f64::INFINITY] {
        assert!(!trial.hear(Observation::Level(score), Nanos(1)), "{score}");
        assert_eq!(trial.reading.value, 0.0);
    }
    assert_eq!(message(&mut trial, 1), (Level::Breach, Reason::Limit), "it hears nothing else");
    assert_eq!(quote(&mut trial, -1), (Level::Breach, Reason::Limit));
}

#[test]
fn another_limit_keeps_the_window_and_another_window_begins_anew() {
    let mut trial = trial(spec(100));
    message(&mut trial, 1);
    assert_eq!(message(&mut trial, 5), (Level::Elevated, Reason::None));
    let mut reload = |limit, window| {
        let new = Spec { window, ..Spec::with_limit(ratio(limit)) };
        let mut new = rule(RuleSpec::DataFeedIntegrity(new), None);
        new.inherit(&mut trial.rule);
        trial.rule = new;
        trial.evaluate(Nanos(1));
        trial.reading.level
    };
    assert_eq!(reload(97.5, 100), Level::Breach);
    assert_eq!(reload(97.5, 99), Level::Unready);
}

#[test]
fn memory_is_what_the_documentation_says() {
    assert_eq!(size_of::<Detector>(), 184);
    let Rule::DataFeedIntegrity(detector) = rule(RuleSpec::DataFeedIntegrity(spec(1_000)), None) else {
        unreachable!()
    };
    assert_eq!(detector.arrivals.bytes(), 1_000);
}

#[path = "twin.rs"]
mod twin;
