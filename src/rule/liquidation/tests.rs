use core::time::Duration;
use std::sync::Arc;

use super::*;
use crate::model::observation::Channel::Equity;
use crate::model::session::Sessions;
use crate::rule::trial::{Trial, sessions};
use crate::rule::{Rule, RuleSpec};

const TICK: Duration = Duration::from_nanos(1);

fn ratio(value: f64) -> Ratio {
    Ratio::from_f64(value).unwrap()
}

fn loss() -> Spec {
    Spec::with_limit(ratio(0.15))
}

fn both() -> Spec {
    loss().with_margin_limit(ratio(0.9))
}

/// Sessions from 100 s to 200 s, 300 s to 400 s.
fn calendar() -> Arc<Sessions> {
    sessions(&[(9, second(100).0, second(200).0), (10, second(300).0, second(400).0)])
}

fn trial_under(spec: Spec, policy: Policy) -> Trial {
    Trial::new(Rule::new(&RuleSpec::LiquidationRequired(spec), &policy).unwrap(), None, true)
}

fn trial(spec: Spec) -> Trial {
    trial_under(spec, Policy::default())
}

fn second(seconds: u64) -> Nanos {
    Nanos::from_secs(seconds)
}

/// The level after a mark.
fn mark(trial: &mut Trial, equity: i64, at: Nanos) -> Level {
    assert!(trial.hear(Observation::Value(Equity, equity), at));
    trial.reading.level
}

/// The level after a report of margin.
fn margin(trial: &mut Trial, used: i64, available: i64, at: Nanos) -> Level {
    let (used, available) = (Money::from_raw(used), Money::from_raw(available));
    assert!(trial.hear(Observation::Margin { used, available }, at));
    trial.reading.level
}

#[test]
fn each_level_of_the_loss_is_reached_at_its_value_and_not_a_unit_above() {
    for (equity, level) in [
        (892_001, Level::Normal),
        (892_000, Level::Elevated), // clear 10.8 %
        (880_001, Level::Elevated),
        (880_000, Level::Warn), // warn 12 %
        (850_001, Level::Warn),
        (850_000, Level::Breach), // limit 15 %
    ] {
        let mut trial = trial(loss());
        mark(&mut trial, 1_000_000, second(1));
        mark(&mut trial, 2_000_000, second(2));
        assert_eq!(mark(&mut trial, equity, second(3)), level, "{equity} of the opening, not of the peak");
        assert!((trial.reading.value - (1e6 - equity as f64) / 1e6).abs() < 1e-12);
    }
}

#[test]
fn margin_use_is_a_breach_above_its_limit_and_warns_at_its_levels() {
    for (used, level) in [
        (647, Level::Normal),
        (648, Level::Elevated), // 0.648
        (719, Level::Elevated),
        (720, Level::Warn),
        (900, Level::Warn), // the limit itself is allowed
        (901, Level::Breach),
        (1_000, Level::Breach),
    ] {
        let mut trial = trial(both());
        mark(&mut trial, 1_000, second(1));
        assert_eq!(margin(&mut trial, used, 1_000 - used, second(1)), level, "{used}");
        if level == Level::Breach {
            assert_eq!((trial.reading.reason, trial.reading.limit), (Reason::Margin, 0.9));
            assert!((trial.reading.value - used as f64 / 1_000.0).abs() < 1e-12);
        }
    }
}

#[test]
fn where_nothing_is_left_any_use_is_a_breach_and_so_is_a_deficit() {
    for (used, available, level, value) in [
        (0, 0, Level::Normal, 0.0),
        (0, 5, Level::Normal, 0.0),
        (1, 0, Level::Breach, 1.0),
        (1, -1, Level::Breach, 1.0),
        (0, -1, Level::Breach, 1.0),
        (9, -1, Level::Breach, 9.0 / 8.0),
        (5, -100, Level::Breach, 1.0),
        (i64::MAX, i64::MAX, Level::Normal, 0.5),
        (i64::MAX, i64::MIN, Level::Breach, 1.0),
    ] {
        let mut trial = trial(both());
        mark(&mut trial, 1_000, second(1));
        assert_eq!(margin(&mut trial, used, available, second(1)), level, "{used} {available}");
        assert!(level != Level::Breach || (trial.reading.value - value).abs() < 1e-12, "{used} {available}");
    }
}

#[test]
fn it_is_unready_until_every_source_has_spoken() {
    let mut plain = trial(loss());
    assert_eq!(mark(&mut plain, 0, second(1)), Level::Unready, "nothing to lose");
    assert_eq!(mark(&mut plain, 1, second(1)), Level::Normal);
    let mut without = trial(both());
    assert_eq!(mark(&mut without, 1_000, second(1)), Level::Unready);
    assert_eq!(margin(&mut without, 0, 1, second(2)), Level::Normal);
    let mut other = trial(both());
    assert_eq!(margin(&mut other, 0, 1, second(1)), Level::Unready);
    assert_eq!(mark(&mut other, 1_000, second(2)), Level::Normal);
    let mut off = trial(loss());
    assert_eq!(mark(&mut off, 1_000, second(1)), Level::Normal);
    assert_eq!(margin(&mut off, 1_000, 0, second(2)), Level::Normal, "without a limit nobody looks at it");
}

#[test]
fn a_breach_of_one_is_seen_before_the_other_has_spoken() {
    let mut trial = trial(both());
    assert_eq!(margin(&mut trial, 10, 0, second(1)), Level::Breach);
    let mut trial = self::trial(both());
    mark(&mut trial, 1_000, second(1));
    assert_eq!(mark(&mut trial, 850, second(1)), Level::Breach);
}

#[test]
fn the_worse_of_the_two_is_the_reading_and_the_loss_among_equals() {
    let mut trial = trial(both());
    mark(&mut trial, 1_000, second(1));
    margin(&mut trial, 95, 5, second(1));
    mark(&mut trial, 860, second(1));
    assert_eq!((trial.reading.level, trial.reading.reason), (Level::Breach, Reason::Margin));
    mark(&mut trial, 850, second(1));
    assert_eq!((trial.reading.reason, trial.reading.limit), (Reason::Limit, 0.15));
    margin(&mut trial, 80, 20, second(1));
    mark(&mut trial, 880, second(1));
    assert_eq!((trial.reading.level, trial.reading.limit), (Level::Warn, 0.15));
}

#[test]
fn the_last_mark_before_the_open_is_the_opening_so_a_gap_counts() {
    let mut trial = trial_under(loss(), Policy { sessions: Some(calendar()), ..Policy::default() });
    mark(&mut trial, 2_000, second(90));
    mark(&mut trial, 1_000, second(150));
    assert_eq!(trial.reading.level, Level::Breach, "of 2 000");
    assert_eq!(mark(&mut trial, 1_000, second(300) - TICK), Level::Breach, "after the close still its session");
    assert_eq!(mark(&mut trial, 851, second(300)), Level::Warn, "of 1 000");
    assert_eq!(mark(&mut trial, 850, second(301)), Level::Breach);
    assert_eq!(mark(&mut trial, 900, second(299)), Level::Normal, "a late mark does not bring yesterday back");
}

#[test]
fn flows_move_the_opening_and_are_no_loss() {
    let mut trial = trial(loss());
    mark(&mut trial, 1_000, second(1));
    mark(&mut trial, 900, second(2));
    assert!(trial.hear(Observation::Flow(Money::from_raw(-400)), second(3)));
    assert_eq!((trial.last.unwrap().value, trial.reading.level), (500, Level::Breach), "100 of 600");
    assert!(trial.hear(Observation::Flow(Money::from_raw(4_400)), second(3)));
    assert_eq!((trial.reading.level, trial.reading.value), (Level::Normal, 0.02));
    assert!(trial.hear(Observation::Flow(Money::from_raw(-5_000)), second(4)));
    assert_eq!(trial.reading.level, Level::Unready, "nothing is left of the opening");
    assert_eq!(mark(&mut trial, 100, second(5)), Level::Normal, "the next mark is another one");
}

#[test]
fn a_rebase_sets_the_opening_anew() {
    let mut trial = trial(loss());
    mark(&mut trial, 1_000, second(1));
    mark(&mut trial, 800, second(2));
    trial.rule.rebase(Money::from_raw(900), &mut trial.memory);
    trial.evaluate(second(3));
    assert_eq!(trial.reading.level, Level::Elevated, "11.1 %");
    assert_eq!(mark(&mut trial, 765, second(3)), Level::Breach);
}

#[test]
fn the_silence_of_one_source_is_not_covered_up_by_the_other() {
    for (on_stale, level) in [(OnStale::Trip, Level::Breach), (OnStale::Warn, Level::Warn)] {
        let mut trial = trial_under(both(), Policy { on_stale, ..Policy::default() });
        margin(&mut trial, 1, 9, second(0));
        mark(&mut trial, 1_000, second(10));
        let comes = Pending { due: second(30), level, step: Step::FIRST, reason: Reason::Stale };
        assert_eq!(trial.reading.pending, comes);
        assert_eq!(mark(&mut trial, 1_000, second(30) - TICK), Level::Normal);
        assert_eq!(mark(&mut trial, 1_000, second(30)), level);
        assert_eq!(trial.reading.reason, Reason::Stale);
        assert_eq!(margin(&mut trial, 1, 9, second(31)), Level::Normal);
        assert_eq!(trial.reading.pending.due, second(60), "the mark of 30 s");
        assert_eq!(margin(&mut trial, 1, 9, second(60)), level);
    }
    let mut trial = trial_under(both(), Policy { on_stale: OnStale::Ignore, ..Policy::default() });
    margin(&mut trial, 1, 9, second(0));
    assert_eq!(mark(&mut trial, 1_000, second(1_000)), Level::Normal);
    assert_eq!(trial.reading.pending, Pending::NONE);
}

#[test]
fn silence_hides_no_breach() {
    let mut trial = trial(both());
    margin(&mut trial, 1, 9, second(0));
    mark(&mut trial, 1_000, second(0));
    mark(&mut trial, 850, second(40));
    assert_eq!((trial.reading.level, trial.reading.reason), (Level::Breach, Reason::Limit));
    assert_eq!(trial.reading.pending, Pending::NONE);
}

#[test]
fn a_new_claimant_goes_on_from_the_opening() {
    let mut first = trial(loss());
    mark(&mut first, 1_000, second(1));
    mark(&mut first, 900, second(2));
    let mut next = trial(loss());
    next.memory = first.memory;
    next.evaluate(second(3));
    assert_eq!(next.reading.level, Level::Unready, "no mark yet");
    assert_eq!(mark(&mut next, 850, second(3)), Level::Breach);
}

#[test]
fn a_reload_keeps_the_last_report_of_margin() {
    let mut trial = trial(both());
    mark(&mut trial, 1_000, second(1));
    margin(&mut trial, 85, 15, second(1));
    let tighter = RuleSpec::LiquidationRequired(loss().with_margin_limit(ratio(0.8)));
    let mut new = Rule::new(&tighter, &Policy::default()).unwrap();
    new.inherit(&mut trial.rule);
    trial.rule = new;
    trial.evaluate(second(2));
    assert_eq!((trial.reading.level, trial.reading.reason), (Level::Breach, Reason::Margin));
}

#[test]
fn inside_the_band_the_rule_is_not_asked() {
    let mut trial = trial(loss());
    mark(&mut trial, 1_000_000, second(1));
    let asked = trial.asked;
    for equity in [999_999, 2_000_000, 900_000] {
        mark(&mut trial, equity, second(2));
    }
    assert_eq!(trial.asked, asked);
    assert!((trial.reading.value - 0.1).abs() < 1e-12);
}

#[test]
fn its_memory_is_what_its_page_says() {
    assert_eq!(size_of::<Detector>(), 240);
}

#[path = "twin.rs"]
mod twin;
