use super::*;
use crate::rule::RuleSpec;
use crate::rule::technical::SlowCalls;
use crate::rule::trial::{Trial, rule};

#[path = "twin.rs"]
mod twin;

const FAST: Duration = Duration::from_millis(1);
const SLOW: Duration = Duration::from_millis(500);

fn ratio(value: f64) -> Ratio {
    Ratio::from_f64(value).unwrap()
}

/// Half of the last 10, at least 10.
fn last_ten() -> Spec {
    Spec { window: CallWindow::Last(10), ..Spec::default() }
}

/// Half of those of 64 s, at least 4; a bucket is a second.
fn a_minute() -> Spec {
    Spec { window: CallWindow::Time(Duration::from_secs(64)), min_calls: 4, ..Spec::default() }
}

fn slow(rate: f64) -> Option<SlowCalls> {
    Some(SlowCalls { rate: Limits::of(ratio(rate)), after: SLOW })
}

fn trial(spec: Spec) -> Trial {
    Trial::new(rule(RuleSpec::Technical(spec), None), None, true)
}

fn second(second: u64) -> Nanos {
    Nanos::from_secs(1_000 + second)
}

fn call(trial: &mut Trial, outcome: Outcome, duration: Duration, at: Nanos) -> Level {
    assert!(trial.hear(Observation::Outcome { outcome, duration, late: Duration::ZERO }, at));
    trial.reading.level
}

/// `S`uccess, `F`ailure, `I`gnored; in lower case slow. The level after the last.
fn calls(trial: &mut Trial, outcomes: &str) -> Level {
    calls_at(trial, outcomes, second(0))
}

fn calls_at(trial: &mut Trial, outcomes: &str, at: Nanos) -> Level {
    for letter in outcomes.chars() {
        let outcome = match letter.to_ascii_uppercase() {
            'S' => Outcome::Success,
            'F' => Outcome::Failure,
            _ => Outcome::Ignored,
        };
        call(trial, outcome, if letter.is_lowercase() { SLOW } else { FAST }, at);
    }
    trial.reading.level
}

fn level_of(spec: Spec, outcomes: &str) -> Level {
    calls(&mut trial(spec), outcomes)
}

fn numbers(trial: &Trial) -> (Reason, f64, f64) {
    (trial.reading.reason, trial.reading.value, trial.reading.limit)
}

#[test]
fn each_level_is_reached_at_its_rate_and_not_a_call_below() {
    let spec = Spec { window: CallWindow::Last(1_000), min_calls: 1_000, ..Spec::default() };
    for (failed, level) in [
        (0, Level::Normal),
        (359, Level::Normal),
        (360, Level::Elevated), // clear 36 %
        (399, Level::Elevated),
        (400, Level::Warn), // warn 40 %
        (499, Level::Warn),
        (500, Level::Breach), // limit 50 %
        (1_000, Level::Breach),
    ] {
        let outcomes = "F".repeat(failed) + &"S".repeat(1_000 - failed);
        let mut trial = trial(spec.clone());
        assert_eq!(calls(&mut trial, &outcomes), level, "{failed}");
        assert_eq!((trial.reading.value, trial.reading.limit), (failed as f64 / 1_000.0, 0.5));
    }
}

#[test]
fn a_rate_that_no_float_holds_is_tested_exactly() {
    // 0.1 and 0.7 have no exact float; the limit is a count of billionths, and 7 of 10 is exactly 0.7.
    for (limit, failed, level) in [(0.7, 7, Level::Breach), (0.7, 6, Level::Warn), (0.1, 1, Level::Breach)] {
        let spec = Spec { failure_rate: Limits::of(ratio(limit)), ..last_ten() };
        let outcomes = "F".repeat(failed) + &"S".repeat(10 - failed);
        assert_eq!(level_of(spec, &outcomes), level, "{failed} of 10 against {limit}");
    }
    // A third is a billionth of a third more than 0.333333333 and less than 0.333333334.
    let third = |raw| Spec {
        failure_rate: Limits::of(Ratio::from_raw(raw)),
        window: CallWindow::Last(3),
        min_calls: 3,
        ..Spec::default()
    };
    assert_eq!(level_of(third(333_333_333), "FSS"), Level::Breach);
    assert_eq!(level_of(third(333_333_334), "FSS"), Level::Warn);
}

#[test]
fn a_window_of_ten_trips_at_the_tenth_call_not_at_the_eleventh() {
    let mut trial = trial(last_ten());
    assert_eq!(calls(&mut trial, "FFFFFFFFF"), Level::Normal, "nine, all failed");
    assert_eq!(trial.reading.value, 0.0, "of too few calls there is no rate");
    assert_eq!(calls(&mut trial, "F"), Level::Breach);
    assert_eq!(numbers(&trial), (Reason::Limit, 1.0, 0.5));
}

#[test]
fn rates_are_tested_from_min_calls_on_and_not_only_when_the_window_is_full() {
    let spec = Spec { window: CallWindow::Last(100), min_calls: 10, ..Spec::default() };
    assert_eq!(level_of(spec.clone(), "SSSSSFFFF"), Level::Normal);
    assert_eq!(level_of(spec.clone(), "SSSSSFFFFF"), Level::Breach);
    assert_eq!(level_of(spec, "SSSSSSFFFFF"), Level::Warn, "5 of 11");
    let one = Spec { window: CallWindow::Last(1), min_calls: 1, ..Spec::default() };
    assert_eq!((level_of(one.clone(), "F"), level_of(one, "FS")), (Level::Breach, Level::Normal));
}

#[test]
fn a_success_can_be_the_call_that_trips() {
    assert_eq!(level_of(last_ten(), "FFFFFSSSS"), Level::Normal);
    assert_eq!(level_of(last_ten(), "FFFFFSSSSS"), Level::Breach, "the success completes the ten");
    let spec = Spec { slow: slow(0.5), ..last_ten() };
    assert_eq!(level_of(spec, "SSSSSsssss"), Level::Breach, "and a slow success is a slow call");
}

#[test]
fn what_has_left_the_window_counts_no_more() {
    let mut trial = trial(last_ten());
    // 4 failures in each ten, for ever: never half of any ten.
    for _ in 0..1_000 {
        assert_ne!(calls(&mut trial, "FFFFSSSSSS"), Level::Breach, "a window of the last calls is not cumulative");
    }
    assert_eq!(trial.reading.value, 0.4);
    assert_eq!(calls(&mut trial, "SSSSSSSSSS"), Level::Normal);
    assert_eq!(trial.reading.value, 0.0, "and nothing is left of what has left");
    assert_eq!(calls(&mut trial, "FFFF"), Level::Warn);
    assert_eq!(calls(&mut trial, "F"), Level::Breach);
}

#[test]
fn a_slow_success_is_no_failure_and_a_slow_failure_is_both() {
    let spec = Spec { slow: slow(0.5), ..last_ten() };
    let mut trial = trial(spec.clone());
    assert_eq!(calls(&mut trial, "SSSSSSssss"), Level::Warn);
    assert_eq!(numbers(&trial), (Reason::WarnLevel, 0.4, 0.5));
    assert_eq!(calls(&mut trial, "Sssssss"), Level::Breach);
    assert_eq!(trial.reading.reason, Reason::SlowRate);
    assert_eq!(level_of(spec.clone(), "ffffSSSSSS"), Level::Warn, "4 failed, 4 slow");
    assert_eq!(level_of(spec.clone(), "fffffSSSSS"), Level::Breach);
    assert_eq!(level_of(spec, "FFFFSSssss"), Level::Warn, "failures and slow calls are not added");
    assert_eq!(level_of(last_ten(), "ssssssssss"), Level::Normal, "nothing is slow where nobody asks");
}

#[test]
fn a_call_is_slow_from_its_limit_on_to_the_nanosecond() {
    let spec = Spec { slow: slow(1.0), window: CallWindow::Last(1), min_calls: 1, ..Spec::default() };
    let mut trial = trial(spec);
    let nano = Duration::from_nanos(1);
    assert_eq!(call(&mut trial, Outcome::Success, SLOW - nano, second(0)), Level::Normal);
    assert_eq!(call(&mut trial, Outcome::Success, SLOW, second(0)), Level::Breach);
    assert_eq!(call(&mut trial, Outcome::Success, SLOW + nano, second(0)), Level::Breach);
}

#[test]
fn min_calls_holds_for_the_slow_rate_too() {
    let spec = Spec { slow: slow(0.1), ..last_ten() };
    assert_eq!(level_of(spec.clone(), "sssssssss"), Level::Normal);
    assert_eq!(level_of(spec, "ssssssssss"), Level::Breach);
}

#[test]
fn failures_in_a_row_need_no_min_calls() {
    let spec = Spec { consecutive: Some(3), ..Spec::default() };
    assert_eq!(level_of(spec.clone(), "FF"), Level::Normal);
    let mut trial = trial(spec.clone());
    assert_eq!(calls(&mut trial, "FFF"), Level::Breach);
    assert_eq!(numbers(&trial), (Reason::Consecutive, 3.0, 3.0));
    assert_eq!(calls(&mut trial, "F"), Level::Breach, "more of them, too");
    assert_eq!(level_of(spec.clone(), "FFSFF"), Level::Normal, "a success ends the row");
    assert_eq!(level_of(spec.clone(), "FFsFF"), Level::Normal, "a slow one, too");
    assert_eq!(level_of(spec, "FFIIIIF"), Level::Breach, "what is ignored does not break it");
    let longer_than_the_window = Spec { consecutive: Some(12), failure_rate: Limits::of(ratio(1.0)), ..last_ten() };
    assert_eq!(level_of(longer_than_the_window, "SFFFFFFFFFFF"), Level::Breach, "the rate: the last ten have failed");
}

#[test]
fn ignored_outcomes_count_nowhere() {
    let mut trial = trial(Spec { slow: slow(0.5), ..last_ten() });
    assert_eq!(calls(&mut trial, &"I".repeat(100)), Level::Normal, "but it has been heard: no doubt any more");
    assert_eq!(calls(&mut trial, "FFFFFFFFF"), Level::Normal);
    assert_eq!(calls(&mut trial, &"i".repeat(100)), Level::Normal, "nor do they complete the ten");
    assert_eq!(calls(&mut trial, "F"), Level::Breach);
}

#[test]
fn the_test_that_says_the_worst_is_shown_and_among_equals_the_closest_to_its_limit() {
    let spec = Spec { slow: slow(0.2), consecutive: Some(5), ..last_ten() };
    let shown = |outcomes: &str| {
        let mut trial = trial(spec.clone());
        calls(&mut trial, outcomes);
        numbers(&trial)
    };
    assert_eq!(shown("SSSSSSSSSF"), (Reason::None, 0.1, 0.5), "one of five in a row is as close: the first");
    assert_eq!(shown("SSSSSSSSFS"), (Reason::None, 0.1, 0.5));
    assert_eq!(shown("FSSSSSSSSs").1, 0.1);
    assert_eq!(shown("FSSSSSSSSs").2, 0.2, "a tenth is nearer to a fifth than to a half");
    assert_eq!(shown("FSFSFSFSSs"), (Reason::WarnLevel, 0.4, 0.5), "a warning before what is merely close");
    assert_eq!(shown("FSFSFSFSss"), (Reason::SlowRate, 0.2, 0.2));
    assert_eq!(shown("FFFF"), (Reason::None, 4.0, 5.0));
    assert_eq!(shown("SSSSSFFFFF").0, Reason::Limit, "both at their limits");
}

#[test]
fn a_window_of_time_forgets_by_time_and_not_by_calls() {
    let mut trial = trial(a_minute());
    assert_eq!(calls_at(&mut trial, "SFF", second(0)), Level::Normal, "three of at least four");
    assert_eq!(calls_at(&mut trial, "SSSS", second(30)), Level::Normal);
    assert_eq!(trial.reading.value, 2.0 / 7.0);
    // The bucket of the failures leaves 65 s after it began.
    assert_eq!(calls_at(&mut trial, "F", Nanos(second(65).0 - 1)), Level::Elevated, "3 of 8");
    assert_eq!(calls_at(&mut trial, "F", second(65)), Level::Normal, "2 of 6");
    assert_eq!(trial.reading.value, 2.0 / 6.0);
}

#[test]
fn the_call_that_opens_a_bucket_is_in_its_own_test() {
    let mut trial = trial(a_minute());
    calls_at(&mut trial, "SSFF", second(0));
    assert_eq!(trial.reading.level, Level::Breach);
    let mut again = self::trial(a_minute());
    calls_at(&mut again, "SSF", second(0));
    assert_eq!(calls_at(&mut again, "F", second(1)), Level::Breach);
}

#[test]
fn a_window_idle_for_longer_than_itself_is_empty() {
    let as_long = second(64);
    let longer = Nanos(as_long.0 + 1);
    for (at, level) in [(as_long, Level::Breach), (longer, Level::Normal)] {
        let spec = Spec { consecutive: Some(3), ..a_minute() };
        let mut trial = trial(spec);
        assert_eq!(calls_at(&mut trial, "SFF", second(0)), Level::Normal);
        assert_eq!(calls_at(&mut trial, "F", at), level, "the rate and the row");
    }
    let mut trial = trial(a_minute());
    for call in 0..1_000 {
        assert_eq!(calls_at(&mut trial, "F", second(65 * call)), Level::Normal, "one failure a window is no rate");
    }
}

#[test]
fn old_successes_that_leave_raise_the_rate_with_the_next_call_and_not_in_silence() {
    let mut trial = trial(Spec { failure_rate: Limits::of(ratio(0.9)), ..a_minute() });
    calls_at(&mut trial, "SSSS", second(0));
    assert_eq!(calls_at(&mut trial, "FFFFFF", second(60)), Level::Normal, "6 of 10");
    trial.evaluate(second(70));
    assert_eq!(trial.reading.level, Level::Normal);
    assert!(trial.hear(Observation::Heartbeat, second(70)));
    assert_eq!(trial.reading.level, Level::Normal, "a heartbeat is no call");
    assert_eq!(calls_at(&mut trial, "F", second(70)), Level::Breach, "7 of 7");
}

#[test]
fn a_warning_over_a_window_of_time_ends_in_silence_when_it_is_empty() {
    let mut trial = trial(a_minute());
    calls_at(&mut trial, "SSSFF", Nanos(second(0).0 + 5));
    assert_eq!((trial.reading.level, trial.reading.pending.due), (Level::Warn, second(65)));
    trial.tick(Nanos(second(65).0 - 1));
    assert_eq!(trial.reading.level, Level::Warn);
    trial.tick(second(65));
    assert_eq!(trial.reading.level, Level::Normal);
    trial.evaluate(second(65));
    assert_eq!((trial.reading.level, trial.reading.pending), (Level::Normal, Pending::NONE));
    let mut trial = self::trial(Spec { window: CallWindow::Last(5), min_calls: 5, ..Spec::default() });
    assert_eq!(calls(&mut trial, "SSSFF"), Level::Warn);
    assert_eq!(trial.reading.pending, Pending::NONE, "the last calls stay the last");
}

#[test]
fn it_begins_anew_with_nothing_and_what_began_before_counts_no_more() {
    for spec in
        [Spec { consecutive: Some(4), ..last_ten() }, Spec { min_calls: 10, consecutive: Some(4), ..a_minute() }]
    {
        let mut trial = trial(spec);
        assert_eq!(calls(&mut trial, "SSSFFFSSSSFFFF"), Level::Breach);
        trial.rule.begin_anew(second(10));
        trial.evaluate(second(10));
        assert_eq!((trial.reading.level, trial.reading.value), (Level::Normal, 0.0));
        // Calls that hung since before it, and now time out all at once.
        let nano = Duration::from_nanos(1);
        for _ in 0..100 {
            let late = call(&mut trial, Outcome::Failure, Duration::from_secs(10) + nano, second(20));
            assert_eq!(late, Level::Normal);
        }
        for _ in 0..3 {
            assert_eq!(call(&mut trial, Outcome::Failure, Duration::from_secs(10), second(20)), Level::Normal);
        }
        let fourth = call(&mut trial, Outcome::Failure, Duration::from_secs(10), second(20));
        assert_eq!(fourth, Level::Breach, "began at that very moment");
    }
}

#[test]
fn while_it_is_tripped_nothing_counts() {
    let mut trial = trial(Spec { consecutive: Some(2), ..last_ten() });
    calls(&mut trial, "FF");
    trial.rule.begin_anew(Nanos::NEVER);
    assert_eq!(calls(&mut trial, &"F".repeat(100)), Level::Normal);
    assert_eq!(trial.reading.value, 0.0);
}

#[test]
fn a_call_from_before_1970_is_refused_and_changes_nothing() {
    let mut trial = trial(Spec { consecutive: Some(1), ..last_ten() });
    let whole = Duration::from_nanos(second(0).0);
    let outcome = |duration| Observation::Outcome { outcome: Outcome::Failure, duration, late: Duration::ZERO };
    assert!(!trial.hear(outcome(whole + Duration::from_nanos(1)), second(0)), "somebody has set no begin");
    assert!(!trial.hear(outcome(Duration::MAX), second(0)));
    assert_eq!(trial.reading, Reading::UNREADY);
    assert!(trial.hear(outcome(whole), second(0)));
    assert_eq!(trial.reading.level, Level::Breach);
}

#[test]
fn other_observations_do_not_concern_it() {
    let mut trial = trial(last_ten());
    calls(&mut trial, "FFFFFFFFF");
    let asked = [Observation::Heartbeat, Observation::Level(1.0), Observation::Value(Channel::Trade, 5)];
    for observation in asked {
        assert!(trial.hear(observation, second(0)));
    }
    assert_eq!(trial.reading.level, Level::Normal);
    assert_eq!(calls(&mut trial, "F"), Level::Breach);
}

fn inherits(old: Spec, new: Spec, before: &str, after: &str) -> Level {
    let mut old = trial(old);
    calls(&mut old, before);
    let mut new = trial(new);
    new.rule.inherit(&mut old.rule);
    calls(&mut new, after)
}

#[test]
fn a_reload_keeps_what_was_counted_if_it_means_the_same() {
    let base = last_ten();
    let lower = Spec { failure_rate: Limits::of(ratio(0.3)), ..base.clone() };
    assert_eq!(inherits(base.clone(), lower, "SSSSSSSFF", "F"), Level::Breach);
    let in_a_row = Spec { consecutive: Some(4), ..base.clone() };
    assert_eq!(inherits(base.clone(), in_a_row, "FFF", "F"), Level::Breach, "the row, too");
    let longer = Spec { window: CallWindow::Last(20), ..base.clone() };
    assert_eq!(inherits(base.clone(), longer, "FFFFFFFFF", "F"), Level::Normal, "another window begins empty");
    let other = Spec { slow: slow(0.5), ..base.clone() };
    assert_eq!(inherits(base, other, "FFFFFFFFF", "F"), Level::Normal, "nobody has asked which were slow");
    let higher = Spec { slow: slow(1.0), ..last_ten() };
    assert_eq!(inherits(higher, Spec { slow: slow(0.5), ..last_ten() }, "SSSSSSSSs", "s"), Level::Normal);
    assert_eq!(
        inherits(Spec { slow: slow(1.0), ..last_ten() }, Spec { slow: slow(0.2), ..last_ten() }, "SSSSSSSSs", "s"),
        Level::Breach
    );
}

#[test]
fn a_reload_while_tripped_still_counts_nothing() {
    let mut old = trial(last_ten());
    old.rule.begin_anew(Nanos::NEVER);
    let mut new = trial(Spec { window: CallWindow::Last(5), min_calls: 1, ..last_ten() });
    new.rule.inherit(&mut old.rule);
    assert_eq!(calls(&mut new, "FFFFF"), Level::Normal);
}

#[test]
fn memory_is_what_the_text_says() {
    assert_eq!(size_of::<Detector>(), 184);
}

#[test]
fn parameters_that_cannot_be_are_refused_with_what_is_allowed() {
    use crate::model::policy::Release;
    use crate::rule::check::Check;
    let policy = Policy::default();
    let wrong = |spec: Spec, policy: &Policy| spec.check(policy).unwrap_err().to_string();
    assert!(Spec::default().check(&policy).is_ok());
    let least =
        Spec { window: CallWindow::Last(1), min_calls: 1, consecutive: Some(1), slow: slow(1.0), ..Spec::default() };
    assert!(least.check(&policy).is_ok());
    assert!(Spec { window: CallWindow::Last(65_536), min_calls: 65_536, ..Spec::default() }.check(&policy).is_ok());
    for (spec, text) in [
        (Spec { window: CallWindow::Last(0), ..Spec::default() }, "window: found 0 calls, allowed are 1 to 65536"),
        (
            Spec { window: CallWindow::Last(65_537), ..Spec::default() },
            "window: found 65537 calls, allowed are 1 to 65536",
        ),
        (
            Spec { window: CallWindow::Last(9), ..Spec::default() },
            "min_calls: found 10, allowed are 1 to the window, 9",
        ),
        (Spec { window: CallWindow::Time(Duration::ZERO), ..Spec::default() }, "window: must be above 0"),
        (Spec { min_calls: 0, ..Spec::default() }, "min_calls, consecutive: found 0, allowed are numbers from 1"),
        (
            Spec { consecutive: Some(0), ..Spec::default() },
            "min_calls, consecutive: found 0, allowed are numbers from 1",
        ),
        (
            Spec { failure_rate: Limits::of(ratio(50.0)), ..Spec::default() },
            "limit: found 50.0000, allowed are shares up to 1 (5 % is 0.05)",
        ),
        (
            Spec { slow: Some(SlowCalls { after: Duration::ZERO, ..slow(0.5).unwrap() }), ..Spec::default() },
            "slow_after: must be above 0",
        ),
    ] {
        assert_eq!(wrong(spec, &policy), text);
    }
    let level = Policy { release: Release::Level, ..Policy::default() };
    assert!(wrong(Spec::default(), &level).starts_with("release: found level, allowed are timed and latched"));
    for policy in [
        Policy { confirm: 2, ..Policy::default() },
        Policy { confirm_for: Duration::from_nanos(1), ..Policy::default() },
    ] {
        assert!(wrong(Spec::default(), &policy).starts_with("confirm, confirm_for:"));
    }
}
