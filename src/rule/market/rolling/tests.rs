//! The boundaries of every number, just before, at and just after.

use super::*;
use crate::model::limits::Limits;
use crate::model::session::Sessions;
use crate::model::units::Price;
use crate::rule::RuleSpec;
use crate::rule::trial::{Trial, rule, sessions};

const MINUTE: Duration = Duration::from_secs(60);
/// A bucket of an hour.
const BUCKET: Duration = Duration::from_nanos(14_062_500_000);

/// A time after the open of the session of the 10th, which is the start of a bucket.
const OPEN: Nanos = Nanos(14_062_500_000 * 10_000);

fn calendar() -> Arc<Sessions> {
    let hours = |hours: u64| OPEN + Duration::from_secs(3_600 * hours);
    sessions(&[(10, OPEN.0, hours(15).0), (11, hours(24).0, hours(39).0)])
}

fn spec(direction: Direction) -> Spec {
    let limits = Limits::of(Ratio::from_f64(0.035).unwrap());
    Spec { sessions: calendar(), direction, window: 60 * MINUTE, limits, pause: 2 * MINUTE }
}

fn price(value: f64) -> i64 {
    Price::from_f64(value).unwrap().raw()
}

fn trial(direction: Direction) -> Trial {
    let rolling = RuleSpec::MarketCircuitBreaker(Arc::new(spec(direction)).into());
    Trial::new(rule(rolling, Some(calendar())), Some(calendar()), true)
}

fn trade(trial: &mut Trial, raw: i64, at: Nanos) -> Level {
    assert!(trial.hear(Observation::Value(Channel::Trade, raw), at));
    trial.reading.level
}

#[test]
fn a_fall_and_a_rise_reach_the_limit_at_the_unit() {
    for (direction, fall, rise) in [
        (Direction::Down, Level::Breach, Level::Normal),
        (Direction::Up, Level::Normal, Level::Breach),
        (Direction::Both, Level::Breach, Level::Breach),
    ] {
        // 3.5 % of 4000 and of an odd number, whose share is no whole unit.
        for (extreme, low, high) in
            [(price(4_000.0), price(3_860.0), price(4_140.0)), (1_000_000_007, 965_000_006, 1_035_000_008)]
        {
            for (inside, beyond, level) in [(low + 1, low, fall), (high - 1, high, rise)] {
                let mut trial = trial(direction);
                trade(&mut trial, extreme, OPEN + MINUTE);
                let not_yet = if level == Level::Breach { Level::Warn } else { Level::Normal };
                assert_eq!(trade(&mut trial, inside, OPEN + 2 * MINUTE), not_yet, "{direction:?} {inside}");
                assert_eq!(trade(&mut trial, beyond, OPEN + 3 * MINUTE), level, "{direction:?} {beyond}");
            }
        }
    }
}

#[test]
fn the_value_is_the_greater_move_as_a_share_of_its_extreme() {
    let mut trial = trial(Direction::Both);
    for (value, level, reason) in [
        (1_000.0, Level::Normal, Reason::None),
        (990.0, Level::Normal, Reason::None),
        (1_015.0, Level::Elevated, Reason::None),
        (983.0, Level::Warn, Reason::WarnLevel),
    ] {
        assert_eq!((trade(&mut trial, price(value), OPEN + MINUTE), trial.reading.reason), (level, reason), "{value}");
    }
    assert!((trial.reading.value - 32.0 / 1_015.0).abs() < 1e-12 && trial.reading.limit == 0.035);
    assert_eq!(trade(&mut trial, price(976.0), OPEN + MINUTE), Level::Breach);
    assert_eq!(trial.reading.reason, Reason::Limit);
    assert!((trial.reading.value - 39.0 / 1_015.0).abs() < 1e-12);
}

#[test]
fn an_extreme_counts_for_the_window_and_until_its_bucket_has_left_it() {
    let begin = OPEN + 4 * BUCKET;
    for (told, last) in [
        (begin, begin + 257 * BUCKET - TICK),
        (begin + BUCKET - TICK, begin + 257 * BUCKET - TICK),
        (begin + BUCKET, begin + 258 * BUCKET - TICK),
    ] {
        assert!(last >= told + 60 * MINUTE && last < told + 60 * MINUTE + BUCKET, "a bucket longer at most");
        for (at, level) in [
            (told, Level::Breach),
            (told + 60 * MINUTE, Level::Breach),
            (last, Level::Breach),
            (last + TICK, Level::Normal),
        ] {
            let mut trial = trial(Direction::Both);
            trade(&mut trial, price(1_000.0), told);
            assert_eq!(trade(&mut trial, price(965.0), at), level, "{told} {at}");
        }
    }
}

#[test]
fn by_time_alone_a_move_is_forgotten_with_the_next_heartbeat() {
    let mut trial = trial(Direction::Both);
    trade(&mut trial, price(1_000.0), OPEN);
    assert_eq!(trade(&mut trial, price(970.0), OPEN + MINUTE), Level::Warn);
    trial.hear(Observation::Heartbeat, OPEN + 257 * BUCKET - TICK);
    assert_eq!(trial.reading.level, Level::Warn);
    trial.hear(Observation::Heartbeat, OPEN + 257 * BUCKET);
    assert_eq!((trial.reading.level, trial.reading.value), (Level::Normal, 0.0));
    // The last price stands on, when nothing is left of the window too.
    trial.hear(Observation::Heartbeat, OPEN + 600 * MINUTE);
    assert_eq!(trade(&mut trial, price(900.0), OPEN + 600 * MINUTE), Level::Normal);
}

#[test]
fn a_pause_ends_with_the_first_observation_from_its_end_on_and_the_window_begins_anew() {
    let (begin, end) = (OPEN + MINUTE, OPEN + 3 * MINUTE);
    let paused = || {
        let mut trial = trial(Direction::Both);
        trade(&mut trial, price(1_000.0), OPEN);
        assert_eq!(trade(&mut trial, price(960.0), begin), Level::Breach);
        // Nothing that is traded within counts.
        assert_eq!(trade(&mut trial, price(1_100.0), begin), Level::Breach);
        assert_eq!(trade(&mut trial, price(1_100.0), end - TICK), Level::Breach);
        assert!((trial.reading.value - 0.04).abs() < 1e-12, "what began it");
        trial
    };
    for at in [end, end + 30 * MINUTE] {
        assert_eq!(trade(&mut paused(), price(900.0), at), Level::Normal);
        let mut trial = paused();
        trial.hear(Observation::Heartbeat, at);
        assert_eq!((trial.reading.level, trial.reading.value), (Level::Normal, 0.0));
        assert_eq!(trade(&mut trial, price(500.0), at), Level::Normal, "the first price after it");
        assert_eq!(trade(&mut trial, price(482.5) + 1, at), Level::Warn);
        assert_eq!(trade(&mut trial, price(482.5), at), Level::Breach, "another pause");
    }
}

#[test]
fn only_prices_of_the_session_count_and_between_sessions_it_says_nothing() {
    let (close, next) = (calendar().as_slice()[0].close, calendar().as_slice()[1]);
    let mut trial = trial(Direction::Both);
    assert_eq!(trade(&mut trial, price(2_000.0), OPEN - TICK), Level::Normal, "before the bell");
    assert_eq!(trade(&mut trial, price(1_000.0), OPEN), Level::Normal, "the first price");
    assert_eq!(trade(&mut trial, price(970.0), OPEN), Level::Warn, "both bells belong to it");
    assert_eq!(trade(&mut trial, price(1_000.0), close), Level::Normal);
    assert_eq!(trade(&mut trial, price(970.0), close), Level::Warn);
    assert_eq!(trade(&mut trial, price(500.0), close + TICK), Level::Normal);
    assert_eq!(trade(&mut trial, price(2_000.0), next.open), Level::Normal);
    assert_eq!(trial.reading.pending.due, next.close + TICK, "no session follows");
    trial.hear(Observation::Heartbeat, next.close);
    assert_eq!(trial.reading.level, Level::Normal);
    trial.hear(Observation::Heartbeat, next.close + TICK);
    assert_eq!((trial.reading.level, trial.reading.reason), (Level::Unready, Reason::NotReady));
}

#[test]
fn a_pause_has_its_time_also_where_the_session_ends_before() {
    let close = calendar().as_slice()[0].close;
    let mut trial = trial(Direction::Both);
    trade(&mut trial, price(1_000.0), close - MINUTE);
    assert_eq!(trade(&mut trial, price(900.0), close), Level::Breach);
    trial.hear(Observation::Heartbeat, close + 2 * MINUTE - TICK);
    assert_eq!(trial.reading.level, Level::Breach);
    trial.hear(Observation::Heartbeat, close + 2 * MINUTE);
    assert_eq!(trial.reading.level, Level::Normal);
}

#[test]
fn another_claimant_goes_on_with_a_pause_and_not_with_the_window() {
    let mut trial = trial(Direction::Both);
    trade(&mut trial, price(1_000.0), OPEN);
    trade(&mut trial, price(960.0), OPEN + MINUTE);
    let claim = |trial: &mut Trial| {
        trial.rule = rule(RuleSpec::MarketCircuitBreaker(Arc::new(spec(Direction::Both)).into()), None)
    };
    claim(&mut trial);
    trial.evaluate(OPEN + 3 * MINUTE - TICK);
    assert_eq!((trial.reading.level, trial.reading.value), (Level::Breach, 0.04));
    trial.evaluate(OPEN + 3 * MINUTE);
    assert_eq!(trial.reading.level, Level::Normal);
    trade(&mut trial, price(1_000.0), OPEN + 4 * MINUTE);
    claim(&mut trial);
    assert_eq!(trade(&mut trial, price(900.0), OPEN + 5 * MINUTE), Level::Normal);
}

#[test]
fn a_reload_keeps_a_window_of_the_same_length() {
    let with = |window| {
        let spec = Spec { window, limits: Limits::of(Ratio::from_f64(0.02).unwrap()), ..spec(Direction::Both) };
        rule(RuleSpec::MarketCircuitBreaker(Arc::new(spec).into()), None)
    };
    for (window, level) in [(60 * MINUTE, Level::Breach), (30 * MINUTE, Level::Normal)] {
        let mut trial = trial(Direction::Both);
        trade(&mut trial, price(1_000.0), OPEN);
        assert_eq!(trade(&mut trial, price(1_000.0), OPEN + MINUTE), Level::Normal);
        let mut new = with(window);
        new.inherit(&mut trial.rule);
        trial.rule = new;
        assert_eq!(trade(&mut trial, price(980.0), OPEN + MINUTE), level);
    }
}

#[test]
fn what_cannot_be_a_price_is_refused_and_changes_nothing() {
    let mut trial = trial(Direction::Both);
    trade(&mut trial, price(1_000.0), OPEN);
    for bad in [0, -1, i64::MIN] {
        assert!(!trial.hear(Observation::Value(Channel::Trade, bad), OPEN + MINUTE));
    }
    assert_eq!(trade(&mut trial, price(970.0), OPEN + MINUTE), Level::Warn);
    let mut trial = self::trial(Direction::Both);
    trade(&mut trial, i64::MAX, OPEN);
    assert_eq!(trade(&mut trial, 1, OPEN), Level::Breach);
}

#[test]
fn a_time_before_the_latest_counts_as_the_latest() {
    let mut trial = trial(Direction::Both);
    trade(&mut trial, price(1_000.0), OPEN + MINUTE);
    assert_eq!(trade(&mut trial, price(970.0), OPEN), Level::Warn);
    assert_eq!(trade(&mut trial, price(960.0), OPEN), Level::Breach);
    trial.hear(Observation::Heartbeat, OPEN + 3 * MINUTE - TICK);
    assert_eq!(trial.reading.level, Level::Breach, "from then on it is two minutes");
}

#[test]
fn it_takes_the_memory_that_its_documentation_says() {
    let detector = <Detector as Detect>::new(&Arc::new(spec(Direction::Both)), &Policy::default());
    assert_eq!(size_of::<Detector>(), 184);
    assert_eq!(detector.highs.reserved_bytes() + detector.lows.reserved_bytes(), 8_224);
}

#[path = "twin.rs"]
mod twin;
