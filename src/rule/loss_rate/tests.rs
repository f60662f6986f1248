use super::*;
use crate::model::limits::Limits;
use crate::model::observation::Channel::Equity;
use crate::model::units::Money;
use crate::rule::RuleSpec;
use crate::rule::trial::{Trial, rule};

/// A window of 240 s: buckets of a second, thirds of 80 s.
const WINDOW: Duration = Duration::from_secs(240);
const PNL: LossSource = LossSource::Pnl { capital: Money::from_raw(1_000_000) };

fn ratio(value: f64) -> Ratio {
    Ratio::from_f64(value).unwrap()
}

/// Three per cent of a window, and nothing else.
fn spec() -> Spec {
    Spec { window: WINDOW, streak: false, acceleration: false, ..Spec::with_limit(ratio(0.03)) }
}

fn trial(spec: Spec) -> Trial {
    Trial::new(rule(RuleSpec::LossRate(spec), None), None, true)
}

fn second(seconds: u64) -> Nanos {
    Nanos::from_secs(seconds)
}

/// The level after a mark.
fn mark(trial: &mut Trial, equity: i64, at: Nanos) -> Level {
    assert!(trial.hear(Observation::Value(Equity, equity), at));
    trial.reading.level
}

/// The level after a delta.
fn book(trial: &mut Trial, delta: i64, at: Nanos) -> Level {
    assert!(trial.hear(Observation::Pnl(Money::from_raw(delta)), at));
    trial.reading.level
}

fn is_certain(trial: &Trial) -> bool {
    trial.rule.is_certain()
}

#[test]
fn each_level_is_reached_at_its_value_and_not_a_unit_above() {
    for (equity, level) in [
        (1_000_000, Level::Normal),
        (979_751, Level::Normal),
        (979_750, Level::Elevated), // clear 2.025 %
        (977_501, Level::Elevated),
        (977_500, Level::Warn), // warn 2.25 %
        (970_001, Level::Warn),
        (970_000, Level::Breach), // limit 3 %
    ] {
        let mut trial = trial(spec());
        mark(&mut trial, 1_000_000, second(1));
        assert_eq!(mark(&mut trial, equity, second(241)), level, "{equity}");
        assert!((trial.reading.value - (1e6 - equity as f64) / 1e6).abs() < 1e-12);
    }
}

#[test]
fn without_a_mark_at_the_left_edge_it_is_unready_to_the_nanosecond() {
    let mut trial = trial(spec());
    assert_eq!(mark(&mut trial, 1_000, second(10)), Level::Unready);
    assert_eq!(mark(&mut trial, 500, second(250) - TICK), Level::Unready);
    assert_eq!(mark(&mut trial, 500, second(250)), Level::Breach);
    let mut trial = self::trial(spec());
    mark(&mut trial, 1_000, second(10));
    assert!(trial.hear(Observation::Heartbeat, second(250)), "time fills it too");
    assert_eq!(trial.reading.level, Level::Normal);
}

#[test]
fn a_start_that_is_not_positive_is_unready_and_a_total_loss_is_a_breach() {
    let mut trial = trial(spec());
    for equity in [0, -5, i64::MIN] {
        mark(&mut trial, equity, second(1));
        assert_eq!(mark(&mut trial, 100, second(300)), Level::Unready, "{equity}");
        trial = self::trial(spec());
    }
    mark(&mut trial, 100, second(1));
    assert_eq!(mark(&mut trial, 0, second(241)), Level::Breach);
    assert_eq!(trial.reading.value, 1.0);
    assert_eq!(mark(&mut trial, -100, second(242)), Level::Breach);
    assert_eq!(trial.reading.value, 2.0);
}

#[test]
fn the_start_leaves_with_its_bucket() {
    let mut trial = trial(spec());
    mark(&mut trial, 1_000, second(0));
    mark(&mut trial, 960, second(10));
    assert_eq!(
        mark(&mut trial, 960, second(251) - TICK),
        Level::Breach,
        "960 is as old as the window, its bucket is not"
    );
    assert_eq!(mark(&mut trial, 960, second(251)), Level::Normal);
    assert_eq!(mark(&mut trial, 931, second(490)), Level::Breach);
}

#[test]
fn at_the_edge_the_greatest_of_its_bucket_counts_also_if_it_stayed_inside_the_band() {
    let mut trial = trial(spec());
    mark(&mut trial, 1_000, second(0));
    mark(&mut trial, 1_030, second(240));
    let asked = trial.asked;
    mark(&mut trial, 1_010, second(240) + TICK);
    mark(&mut trial, 1_020, second(240) + TICK + TICK);
    mark(&mut trial, 1_010, second(240) + TICK + TICK + TICK);
    assert_eq!(trial.asked, asked, "below the greatest of the bucket nothing changes");
    mark(&mut trial, 1_000, second(480));
    assert!((trial.reading.value - 30.0 / 1_030.0).abs() < 1e-12);
    mark(&mut trial, 1_000, second(481));
    assert!((trial.reading.value - 10.0 / 1_010.0).abs() < 1e-12, "the last of that bucket");
}

#[test]
fn heartbeats_move_the_window() {
    let mut trial = trial(spec());
    mark(&mut trial, 1_000, second(0));
    mark(&mut trial, 900, second(100));
    mark(&mut trial, 900, second(240));
    assert_eq!(trial.reading.level, Level::Breach);
    assert!(trial.hear(Observation::Heartbeat, second(341)));
    assert_eq!(trial.reading.level, Level::Normal);
}

#[test]
fn twice_the_limit_is_certain() {
    for (equity, certain) in [(970_000, false), (940_001, false), (940_000, true)] {
        for source in [LossSource::Marks, PNL] {
            let mut trial = trial(Spec { source, ..spec() });
            match source {
                LossSource::Marks => {
                    mark(&mut trial, 1_000_000, second(0));
                    mark(&mut trial, equity, second(240))
                }
                LossSource::Pnl { .. } => book(&mut trial, equity - 1_000_000, second(240)),
            };
            assert_eq!((trial.reading.level, is_certain(&trial)), (Level::Breach, certain), "{equity}");
        }
    }
}

#[test]
fn certainty_is_seen_through_the_band_and_ends_with_the_breach() {
    let mut trial = trial(spec());
    mark(&mut trial, 1_000_000, second(0));
    mark(&mut trial, 960_000, second(240));
    assert!(!is_certain(&trial));
    mark(&mut trial, 940_000, second(240) + TICK);
    assert!(is_certain(&trial));
    mark(&mut trial, 999_999, second(240) + TICK + TICK);
    assert!(!is_certain(&trial));
}

#[test]
fn before_the_first_delta_the_equity_was_the_capital() {
    let mut trial = trial(Spec { source: PNL, ..spec() });
    trial.evaluate(second(0));
    assert_eq!(trial.reading.level, Level::Unready);
    assert_eq!(book(&mut trial, -29_999, second(1)), Level::Warn);
    assert_eq!(book(&mut trial, -1, second(2)), Level::Breach);
    assert_eq!(book(&mut trial, 9_750, second(3)), Level::Elevated);
    assert_eq!(book(&mut trial, 250, second(4)), Level::Normal);
    assert_eq!(book(&mut trial, 0, second(245)), Level::Normal, "the last of it was booked a window ago");
    // From 980 000: 3 % are 29 400.
    assert_eq!(book(&mut trial, -29_399, second(245)), Level::Warn);
    assert_eq!(book(&mut trial, -1, second(245)), Level::Breach);
}

#[test]
fn each_source_hears_its_own() {
    let mut marks = trial(spec());
    assert!(marks.hear(Observation::Pnl(Money::from_raw(5)), second(1)));
    assert!(marks.hear(Observation::Heartbeat, second(1)));
    assert_eq!(marks.reading.level, Level::Unready);
    let mut books = trial(Spec { source: PNL, ..spec() });
    assert!(books.hear(Observation::Value(Equity, 5), second(1)));
    assert_eq!(books.reading.level, Level::Unready);
}

#[test]
fn flows_shift_everything_and_are_no_loss() {
    let mut trial = trial(spec());
    mark(&mut trial, 1_000, second(0));
    mark(&mut trial, 980, second(240));
    assert!(trial.hear(Observation::Flow(Money::from_raw(-500)), second(240)));
    assert_eq!((trial.reading.level, trial.reading.value), (Level::Breach, 0.04), "20 of 500 are more than of 1000");
    assert_eq!(trial.last.unwrap().value, 480);
    assert!(trial.hear(Observation::Flow(Money::from_raw(1_500)), second(241)));
    assert_eq!((trial.reading.level, trial.reading.value), (Level::Normal, 0.01));
    let mut books = self::trial(Spec { source: PNL, ..spec() });
    assert!(books.hear(Observation::Flow(Money::from_raw(1_000_000)), second(1)));
    assert_eq!(books.reading.level, Level::Unready, "a deposit is no delta");
    assert_eq!(book(&mut books, -59_999, second(2)), Level::Warn);
    assert_eq!(book(&mut books, -1, second(3)), Level::Breach);
}

/// Marks at each minute's end; what is lost from one to the next.
fn minutes(trial: &mut Trial, losses: &[i64]) {
    let mut equity = 1_000_000;
    mark(trial, equity, second(60));
    for (minute, loss) in (2..).zip(losses) {
        equity -= loss;
        mark(trial, equity, second(60 * minute));
    }
}

fn streak() -> Spec {
    Spec { streak: true, window: Duration::from_secs(300), ..spec() }
}

#[test]
fn five_losing_closes_are_a_breach_once_half_of_the_limit_is_lost() {
    // 1.5 % is half of the limit.
    for (losses, level, reason) in [
        (&[2_999, 3_000, 3_000, 3_000, 3_000][..], Level::Normal, Reason::None),
        (&[3_000, 3_000, 3_000, 3_000, 3_000], Level::Breach, Reason::Streak),
        (&[14_999, 0, 1, 1, 1], Level::Warn, Reason::WarnLevel), // three after one that lost nothing
        (&[14_999, 1, 0, 1, 1], Level::Normal, Reason::None),
        (&[-1, 14_997, 1, 1, 1], Level::Normal, Reason::None), // a unit short of the half
        (&[-1, 14_998, 1, 1, 1], Level::Warn, Reason::WarnLevel),
        (&[1, 1, 1, 1, 14_995], Level::Normal, Reason::None),
        (&[1, 1, 1, 1, 14_996], Level::Breach, Reason::Streak),
    ] {
        let mut trial = trial(streak());
        minutes(&mut trial, losses);
        assert_eq!((trial.reading.level, trial.reading.reason), (level, reason), "{losses:?}");
    }
    let mut off = trial(Spec { streak: false, ..streak() });
    minutes(&mut off, &[3_000; 5]);
    assert_eq!(off.reading.level, Level::Normal);
}

#[test]
fn a_streak_says_how_long_it_is_and_ends_with_a_close_that_loses_nothing() {
    let mut trial = trial(streak());
    minutes(&mut trial, &[4_000; 6]);
    assert_eq!((trial.reading.value, trial.reading.limit), (6.0, 5.0));
    assert_eq!(mark(&mut trial, 980_000, second(421)), Level::Breach, "until the next close");
    assert!(trial.hear(Observation::Heartbeat, second(480) - TICK));
    assert_eq!(trial.reading.level, Level::Breach);
    assert!(trial.hear(Observation::Heartbeat, second(480)));
    assert_eq!(trial.reading.level, Level::Normal, "1.6 % of the window are no longer a streak");
}

#[test]
fn a_gap_ends_a_streak_for_an_empty_sample_loses_nothing() {
    let mut trial = trial(streak());
    minutes(&mut trial, &[4_000; 5]);
    assert_eq!(trial.reading.reason, Reason::Streak);
    assert_eq!(mark(&mut trial, 970_100, second(480) + TICK), Level::Warn);
    assert_eq!(trial.reading.reason, Reason::WarnLevel);
}

fn acceleration() -> Spec {
    Spec { acceleration: true, sample: Duration::from_secs(80), ..spec() }
}

/// The losses of the thirds of a window. The marks come a bucket before the edges, the last close is at 320 s.
fn thirds(trial: &mut Trial, losses: [i64; 3]) {
    let mut equity = 1_000_000;
    mark(trial, equity, second(79));
    for (third, loss) in (2..).zip(losses) {
        equity -= loss;
        mark(trial, equity, second(80 * third - 1));
    }
    assert!(trial.hear(Observation::Heartbeat, second(320)));
}

#[test]
fn the_loss_accelerates_if_the_last_third_loses_more_than_one_and_a_half_of_the_first() {
    for (losses, level) in [
        ([6_000, 0, 9_000], Level::Normal),
        ([6_000, 0, 9_001], Level::Breach),
        ([6_000, 2_000, 9_001], Level::Breach),
        ([0, 14_999, 1], Level::Breach), // from nothing to something
        ([0, 15_000, 0], Level::Normal),
        ([-1_000, 16_000, -1], Level::Normal),
        ([-5_000, 19_999, 1], Level::Breach), // a gain counts as zero
        ([0, 0, 14_999], Level::Normal),      // less than half of the limit
        ([0, 0, 15_000], Level::Breach),
    ] {
        let mut trial = trial(acceleration());
        thirds(&mut trial, losses);
        assert_eq!(trial.reading.level, level, "{losses:?}");
        if level == Level::Breach {
            assert_eq!(trial.reading.reason, Reason::Acceleration);
            let limit = 1.5 * losses[0].max(0) as f64 / 1e6;
            assert!((trial.reading.value - losses[2] as f64 / 1e6).abs() < 1e-12);
            assert!((trial.reading.limit - limit).abs() < 1e-12);
        }
    }
    let mut off = trial(Spec { acceleration: false, ..acceleration() });
    thirds(&mut off, [0, 0, 15_000]);
    assert_eq!(off.reading.level, Level::Normal);
}

#[test]
fn an_acceleration_stands_until_the_next_close_while_half_of_the_limit_is_lost() {
    let mut trial = trial(acceleration());
    thirds(&mut trial, [0, 0, 15_000]);
    assert_eq!(mark(&mut trial, 985_001, second(321)), Level::Normal);
    assert_eq!(mark(&mut trial, 985_000, second(322)), Level::Breach);
    assert_eq!(mark(&mut trial, 985_000, second(400) - TICK), Level::Breach);
    assert_eq!(mark(&mut trial, 985_000, second(400)), Level::Normal, "the last third has lost nothing");
}

#[test]
fn the_limit_comes_before_the_streak_and_the_streak_before_the_acceleration() {
    let all = Spec { acceleration: true, ..streak() };
    let mut both = trial(all.clone());
    minutes(&mut both, &[1, 1, 1, 1, 15_000]);
    assert_eq!(both.reading.reason, Reason::Streak);
    let mut limit = trial(all.clone());
    minutes(&mut limit, &[1, 1, 1, 1, 29_996]);
    assert_eq!(limit.reading.reason, Reason::Limit);
    let mut last = trial(all);
    minutes(&mut last, &[0, 0, 0, 0, 15_000]);
    assert_eq!(last.reading.reason, Reason::Acceleration);
}

#[test]
fn a_new_claimant_measures_from_the_old_start_until_his_own_window_is_full() {
    let mut first = trial(spec());
    for (equity, at) in [(1_000, 0), (980, 240), (975, 250), (975, 251)] {
        mark(&mut first, equity, second(at));
    }
    let mut second_one = trial(spec());
    second_one.memory = first.memory;
    second_one.evaluate(second(252));
    assert_eq!(second_one.reading.level, Level::Unready, "no mark yet");
    assert_eq!(mark(&mut second_one, 971, second(253)), Level::Warn);
    assert_eq!(mark(&mut second_one, 970, second(254)), Level::Breach);
    assert_eq!(mark(&mut second_one, 970, second(253 + 240)), Level::Normal, "from 975");
    let mut late = trial(spec());
    late.memory = first.memory;
    assert_eq!(mark(&mut late, 970, second(10_000)), Level::Normal, "what stood last, not what stood first");
}

#[test]
fn a_new_claimant_goes_on_with_the_sum_that_was_booked() {
    let mut first = trial(Spec { source: PNL, ..spec() });
    book(&mut first, -20_000, second(1_000));
    let mut next = trial(Spec { source: PNL, ..spec() });
    next.memory = first.memory;
    assert_eq!(book(&mut next, -9_999, second(1_001)), Level::Warn);
    assert_eq!(book(&mut next, -1, second(1_002)), Level::Breach);
}

#[test]
fn a_reload_keeps_window_closes_and_books() {
    for source in [LossSource::Marks, PNL] {
        let old = || Spec { source, ..streak() };
        let mut trial = trial(old());
        match source {
            LossSource::Marks => minutes(&mut trial, &[3_000; 5]),
            LossSource::Pnl { .. } => {
                (2..=6).for_each(|minute| {
                    book(&mut trial, -3_000, second(60 * minute));
                });
            }
        }
        let new = Spec { limits: Limits::of(ratio(0.012)), ..old() };
        let mut new = rule(RuleSpec::LossRate(new), None);
        new.inherit(&mut trial.rule);
        trial.rule = new;
        trial.evaluate(second(361));
        assert_eq!((trial.reading.level, trial.reading.reason), (Level::Breach, Reason::Limit), "{source:?}");
    }
}

#[test]
fn another_window_goes_on_from_the_memory() {
    let mut trial = trial(spec());
    mark(&mut trial, 1_000, second(0));
    mark(&mut trial, 980, second(240));
    let mut new = rule(RuleSpec::LossRate(Spec { window: Duration::from_secs(120), ..spec() }), None);
    new.inherit(&mut trial.rule);
    trial.rule = new;
    assert_eq!(mark(&mut trial, 970, second(241)), Level::Breach, "from the mark that stood when the old window began");
}

#[test]
fn its_memory_is_what_its_page_says() {
    let spec = Spec::with_limit(ratio(0.03));
    let detector = Detector::new(&spec, &Policy::default());
    assert_eq!((size_of::<Detector>(), detector.past.reserved_bytes()), (280, 5_784));
}

#[path = "twin.rs"]
mod twin;
