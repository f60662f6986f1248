use core::time::Duration;

use super::*;
use crate::model::observation::Channel::Equity;
use crate::model::policy::OnStale;
use crate::model::units::Qty;
use crate::rule::trial::Trial;
use crate::rule::{Rule, RuleSpec};

const TICK: Duration = Duration::from_nanos(1);
/// Of the portfolio.
const VALUE: i64 = 1_000_000;

/// No limit at all.
fn none() -> Spec {
    Spec {
        max_positions: None,
        max_position_share: None,
        max_sector_share: None,
        max_long: None,
        max_short: None,
        capacity: 64,
        ..Spec::default()
    }
}

fn ratio(value: f64) -> Option<Ratio> {
    Some(Ratio::from_f64(value).unwrap())
}

fn rule(spec: Spec) -> Rule {
    Rule::new(&RuleSpec::PositionLimit(spec), &Policy::default()).unwrap()
}

fn trial(spec: Spec) -> Trial {
    Trial::new(rule(spec), None, true)
}

/// With a portfolio value.
fn valued(spec: Spec) -> Trial {
    let mut trial = trial(spec);
    mark(&mut trial, VALUE, second(0));
    trial
}

fn second(seconds: u64) -> Nanos {
    Nanos::from_secs(seconds)
}

fn mark(trial: &mut Trial, equity: i64, at: Nanos) -> Level {
    assert!(trial.hear(Observation::Value(Equity, equity), at));
    trial.reading.level
}

fn position(instrument: u64, quantity: i64, value: i64, sector: u32) -> Observation {
    Observation::Position { instrument, quantity: Qty(quantity), value: Money::from_raw(value), sector }
}

/// The level after a position.
fn hold(trial: &mut Trial, instrument: u64, quantity: i64, value: i64, sector: u32) -> Level {
    assert!(trial.hear(position(instrument, quantity, value, sector), second(1)));
    trial.reading.level
}

#[test]
fn a_share_is_a_breach_above_its_limit_and_warns_from_four_fifths_on() {
    for (value, level) in [
        (71_999, Level::Normal),
        (72_000, Level::Elevated), // 0.9 of where it warns
        (79_999, Level::Elevated),
        (80_000, Level::Warn),
        (100_000, Level::Warn), // the limit itself is allowed
        (100_001, Level::Breach),
    ] {
        for side in [1, -1] {
            let mut trial = valued(Spec { max_position_share: ratio(0.1), ..none() });
            assert_eq!(hold(&mut trial, 7, side, side * value, 0), level, "{value}");
            assert!((trial.reading.value - value as f64 / 1e6).abs() < 1e-12 && trial.reading.limit == 0.1);
        }
    }
}

#[test]
fn a_count_warns_from_nine_tenths_on() {
    let mut trial = valued(Spec { max_positions: Some(20), ..none() });
    for instrument in 1..=21 {
        let level = hold(&mut trial, instrument, 1, 0, 0);
        let expected = match instrument {
            ..=16 => Level::Normal,
            17 => Level::Elevated, // 16.2 is 0.9 of 18
            18..=20 => Level::Warn,
            _ => Level::Breach,
        };
        assert_eq!(level, expected, "{instrument}");
    }
    assert_eq!((trial.reading.reason, trial.reading.value, trial.reading.limit), (Reason::PositionCount, 21.0, 20.0));
    assert_eq!(hold(&mut trial, 3, 0, 0, 0), Level::Warn, "closed");
    assert_eq!(hold(&mut trial, 3, 0, 0, 0), Level::Warn, "and closed again");
    assert_eq!(hold(&mut trial, 4, -5, 0, 0), Level::Warn, "the other side of one that is open");
}

/// What is held: quantity, value, sector.
type Held = (i64, i64, u32);

#[test]
fn each_limit_says_which_it_is_at_one_unit_above_it() {
    let half = ratio(0.5);
    let cases: [(Spec, Reason, &[Held], Held); 9] = [
        (Spec { max_positions: Some(2), ..none() }, Reason::PositionCount, &[(1, 5, 0), (-1, 5, 0)], (1, 0, 0)),
        (Spec { max_position_share: half, ..none() }, Reason::PositionShare, &[(1, 500_000, 0)], (1, 500_001, 0)),
        (
            Spec { max_sector_share: half, ..none() },
            Reason::SectorShare,
            &[(1, 300_000, 4), (-1, -200_000, 4)],
            (1, 1, 4),
        ),
        (Spec { max_long: half, ..none() }, Reason::LongExposure, &[(1, 500_000, 0), (-1, -9, 0)], (1, 1, 0)),
        (Spec { max_short: half, ..none() }, Reason::ShortExposure, &[(-1, -500_000, 0), (1, 9, 0)], (-1, -1, 0)),
        (Spec { max_gross: half, ..none() }, Reason::GrossExposure, &[(1, 300_000, 0), (-1, -200_000, 0)], (-1, -1, 0)),
        (Spec { max_net: half, ..none() }, Reason::NetExposure, &[(1, 100_000, 0), (-1, -600_000, 0)], (-1, -1, 0)),
        (
            Spec { max_quantity: Some(Qty(9)), ..none() },
            Reason::PositionQuantity,
            &[(-9, 0, 0), (9, 0, 0)],
            (-10, 0, 0),
        ),
        (
            Spec { max_notional: Some(Money::from_raw(50_000)), ..none() },
            Reason::PositionNotional,
            &[(1, 50_000, 0), (-1, -50_000, 0)],
            (-1, -50_001, 0),
        ),
    ];
    for (spec, reason, allowed, further) in cases {
        let mut trial = valued(spec);
        let held = allowed.iter().chain([&further]);
        let levels: Vec<_> = (1..)
            .zip(held)
            .map(|(instrument, (quantity, value, sector))| hold(&mut trial, instrument, *quantity, *value, *sector))
            .collect();
        let (last, before) = levels.split_last().unwrap();
        assert_eq!((last, trial.reading.reason), (&Level::Breach, reason));
        assert!(before.iter().all(|level| *level != Level::Breach), "{reason} {levels:?}");
        assert!(trial.reading.value > trial.reading.limit);
    }
}

#[test]
fn numbers_are_in_lots_and_in_currency() {
    let mut trial = valued(Spec { max_notional: Some(Money::from_raw(50_000)), ..none() });
    hold(&mut trial, 1, 1, 75_000, 0);
    assert_eq!((trial.reading.value, trial.reading.limit), (7.5, 5.0));
    let mut trial = valued(Spec { max_quantity: Some(Qty(8)), ..none() });
    hold(&mut trial, 1, -12, 0, 0);
    assert_eq!((trial.reading.value, trial.reading.limit), (12.0, 8.0));
}

#[test]
fn without_a_sector_a_position_is_a_sector_of_its_own() {
    let mut trial = valued(Spec { max_sector_share: ratio(0.3), ..none() });
    for instrument in 1..=5 {
        assert_ne!(hold(&mut trial, instrument, 1, 200_000, 0), Level::Breach);
    }
    assert_eq!(hold(&mut trial, 6, 1, 300_001, 0), Level::Breach, "alone");
    assert_eq!(hold(&mut trial, 6, 1, 100_000, 9), Level::Normal);
    assert_eq!(hold(&mut trial, 5, 1, 200_001, 9), Level::Breach, "together with another");
    assert_eq!(hold(&mut trial, 5, 1, 200_001, 8), Level::Normal, "it moves to another sector");
    assert_eq!(hold(&mut trial, 6, 0, 0, 9), Level::Normal);
}

#[test]
fn the_side_is_that_of_the_quantity_whatever_the_sign_of_the_value() {
    for value in [-600_000, 600_000] {
        let mut trial = valued(Spec { max_short: ratio(0.5), ..none() });
        assert_eq!(hold(&mut trial, 1, -3, value, 0), Level::Breach, "{value}");
        assert_eq!(hold(&mut trial, 1, 3, value, 0), Level::Normal, "{value}");
    }
}

#[test]
fn the_furthest_on_its_way_is_reported_and_a_breach_before_all() {
    let mut trial =
        valued(Spec { max_positions: Some(10), max_position_share: ratio(0.1), max_long: ratio(0.2), ..none() });
    hold(&mut trial, 1, 1, 50_000, 0);
    assert_eq!(trial.reading.limit, 0.1, "half of it, a quarter of the long side, a tenth of the count");
    hold(&mut trial, 2, 1, 50_000, 0);
    hold(&mut trial, 3, 1, 50_000, 0);
    assert_eq!((trial.reading.level, trial.reading.limit), (Level::Elevated, 0.2));
    hold(&mut trial, 1, 1, 100_001, 0);
    assert_eq!(
        (trial.reading.level, trial.reading.reason, trial.reading.limit),
        (Level::Breach, Reason::PositionShare, 0.1)
    );
    hold(&mut trial, 2, 1, 950_000, 0);
    assert_eq!(trial.reading.reason, Reason::PositionShare, "9.5 times its limit, the long side 5.5 times");
}

#[test]
fn without_a_positive_portfolio_value_it_is_unready() {
    let mut trial = trial(Spec::default());
    assert_eq!(hold(&mut trial, 1, 1, 5, 0), Level::Unready);
    for value in [0, -1, i64::MIN] {
        assert_eq!(mark(&mut trial, value, second(1)), Level::Unready);
    }
    assert_eq!(mark(&mut trial, 1_000, second(1)), Level::Normal);
    assert_eq!(mark(&mut trial, 49, second(1)), Level::Breach, "5 are more than a tenth of it");
}

#[test]
fn a_limit_that_needs_no_portfolio_value_is_a_breach_without_one() {
    let mut trial = trial(Spec { max_positions: Some(1), max_long: ratio(1.0), ..none() });
    assert_eq!(hold(&mut trial, 1, 1, 5, 0), Level::Unready);
    assert_eq!(hold(&mut trial, 2, 1, 5, 0), Level::Breach);
    assert_eq!(trial.reading.reason, Reason::PositionCount);
    assert_eq!(hold(&mut trial, 2, 0, 0, 0), Level::Unready);
}

#[test]
fn an_old_portfolio_value_is_silence_by_time_alone_to_the_nanosecond() {
    let mut trial = valued(Spec::default());
    let comes = Pending { due: second(30), level: Level::Breach, step: Step::FIRST, reason: Reason::Stale };
    assert_eq!(trial.reading.pending, comes);
    assert!(trial.hear(position(1, 1, 5, 0), second(30) - TICK));
    assert_eq!((trial.reading.level, trial.reading.pending), (Level::Normal, comes), "a position is no mark");
    assert!(trial.hear(position(1, 1, 5, 0), second(30)));
    assert_eq!((trial.reading.level, trial.reading.reason), (Level::Breach, Reason::Stale));
    assert_eq!(mark(&mut trial, VALUE, second(31)), Level::Normal);
    assert_eq!(trial.reading.pending.due, second(61));
    assert!(trial.hear(Observation::Heartbeat, second(61)));
    assert_eq!(trial.reading.reason, Reason::Stale);
    let policy = Policy { on_stale: OnStale::Ignore, ..Policy::default() };
    let patient = Rule::new(&RuleSpec::PositionLimit(Spec::default()), &policy).unwrap();
    let mut trial = Trial::new(patient, None, true);
    mark(&mut trial, VALUE, second(0));
    assert!(trial.hear(position(1, 1, 5, 0), second(1_000)));
    assert_eq!((trial.reading.level, trial.reading.pending), (Level::Normal, Pending::NONE));
}

#[test]
fn a_deposit_or_withdrawal_moves_the_portfolio_value() {
    let mut trial = valued(Spec { max_position_share: ratio(0.1), ..none() });
    hold(&mut trial, 1, 1, 100_000, 0);
    assert!(trial.hear(Observation::Flow(Money::from_raw(-1)), second(2)));
    assert_eq!((trial.reading.level, trial.last.unwrap().value), (Level::Breach, VALUE - 1));
    assert!(trial.hear(Observation::Flow(Money::from_raw(1_000_001)), second(2)));
    assert_eq!(trial.reading.level, Level::Normal);
}

#[test]
fn one_position_more_than_there_is_room_for_is_refused_and_changes_nothing() {
    let mut trial = valued(Spec { max_long: ratio(1.0), capacity: 3, ..none() });
    for instrument in 1..=3 {
        hold(&mut trial, instrument, 1, 100_000, 0);
    }
    let before = trial.reading;
    assert!(!trial.hear(position(4, 1, 900_000, 0), second(1)));
    trial.evaluate(second(1));
    assert_eq!(trial.reading, before);
    assert_eq!(hold(&mut trial, 2, 1, 200_000, 0), Level::Normal, "one that is open changes as before");
    hold(&mut trial, 3, 0, 0, 0);
    assert_eq!(hold(&mut trial, 4, 1, 900_000, 0), Level::Breach, "a place is free again");
}

#[test]
fn the_greatest_numbers_fit() {
    let all = Spec {
        max_long: ratio(1000.0),
        max_short: ratio(1000.0),
        max_gross: ratio(1000.0),
        max_net: ratio(1000.0),
        max_sector_share: ratio(1000.0),
        ..none()
    };
    let mut trial = trial(all);
    mark(&mut trial, i64::MAX, second(0));
    for instrument in 0..64 {
        let quantity = if instrument % 2 == 0 { i64::MIN } else { i64::MAX };
        assert_eq!(hold(&mut trial, instrument, quantity, i64::MIN, 5), Level::Normal);
    }
    assert_eq!(mark(&mut trial, 1, second(1)), Level::Breach);
}

#[test]
fn a_reload_keeps_the_book_also_into_more_room_and_where_it_does_not_fit() {
    let long = |limit, capacity| Spec { max_long: ratio(limit), capacity, ..none() };
    for capacity in [64, 200, 3, 2, 1] {
        let mut trial = valued(long(1.0, 64));
        for instrument in 1..=3 {
            hold(&mut trial, instrument, 1, 200_000, instrument as u32 % 2);
        }
        let mut new = rule(long(0.5, capacity));
        new.inherit(&mut trial.rule);
        trial.rule = new;
        trial.evaluate(second(2));
        assert_eq!((trial.reading.level, trial.reading.value), (Level::Breach, 0.6), "{capacity}");
        assert_eq!(hold(&mut trial, 3, 0, 0, 0), Level::Warn);
    }
}

#[test]
fn its_memory_is_what_its_page_says() {
    let detector = |capacity| Detector::new(&Spec { capacity, ..Spec::default() }, &Policy::default());
    assert_eq!(size_of::<Detector>() + size_of::<Book>(), 632);
    assert_eq!(detector(16_384).book.reserved_bytes(), 16_384 * 212);
    // A table of names is a power of two, at least twice as large.
    assert!(detector(10_000).book.reserved_bytes() <= 16_384 * 212);
}

#[path = "twin.rs"]
mod twin;
