use core::time::Duration;

use super::*;
use crate::model::ladder::{Bell, Direction, HaltEnd, Rung, Window};
use crate::model::limits::Limits;
use crate::model::observation::Channel::Trade;
use crate::model::session::{Date, Sessions};
use crate::model::units::{Price, Ratio};
use crate::rule::RuleSpec;
use crate::rule::trial::{Trial, rule, sessions};

const MINUTE: Duration = Duration::from_secs(60);

/// Local time of a day of March 2020.
fn at(day: u8, hour: u64, minute: u64, second: u64) -> Nanos {
    Nanos::from_secs(((u64::from(day) * 24 + hour) * 60 + minute) * 60 + second)
}

fn ratio(value: f64) -> Ratio {
    Ratio::from_f64(value).unwrap()
}

fn price(value: f64) -> i64 {
    Price::from_f64(value).unwrap().raw()
}

/// The 6th to the 18th, without weekend; the 17th closes early.
fn calendar() -> Arc<Sessions> {
    let days = [(6, 16), (9, 16), (10, 16), (11, 16), (12, 16), (13, 16), (16, 16), (17, 13), (18, 16)];
    sessions(&days.map(|(day, close)| (day, at(day, 9, 30, 0).0, at(day, close, 0, 0).0)))
}

fn rung(limit: f64, until: Bell, end: HaltEnd) -> Rung {
    let windows = vec![Window { from: Bell::AfterOpen(Duration::ZERO), until, end }];
    Rung { limits: Limits::of(ratio(limit)), further: Ratio::ZERO, windows }
}

fn mwcb() -> Spec {
    let (cutoff, halt) = (Bell::BeforeClose(35 * MINUTE), HaltEnd::After(15 * MINUTE));
    Spec {
        sessions: calendar(),
        direction: Direction::Down,
        rungs: vec![
            rung(0.07, cutoff, halt),
            rung(0.13, cutoff, halt),
            rung(0.20, Bell::BeforeClose(Duration::ZERO), HaltEnd::NextSession),
        ],
        in_turn: false,
        cutoff_inclusive: true,
        reopen: Reopen::Auto,
        lasting: Duration::ZERO,
        effective_from: None,
        effective_to: None,
    }
}

fn trial(spec: Spec) -> Trial {
    let sessions = spec.sessions.clone();
    Trial::new(rule(RuleSpec::MarketCircuitBreaker(Arc::new(spec).into()), None), Some(sessions), true)
}

/// With a reference of 1000, the close of the 6th, on the 9th.
fn ninth(spec: Spec) -> Trial {
    let mut trial = trial(spec);
    reference(&mut trial, 1000.0, 6, at(9, 8, 0, 0));
    trial
}

fn reference(trial: &mut Trial, level: f64, day: u8, at: Nanos) {
    let reference = Observation::Reference { price: Price::from_raw(price(level)), session: Date::new(2020, 3, day) };
    assert!(trial.hear(reference, at));
}

/// The level after a price, and the highest rung that has fired.
fn trade(trial: &mut Trial, value: f64, at: Nanos) -> (Level, u8) {
    assert!(trial.hear(Observation::Value(Trade, price(value)), at));
    (trial.reading.level, trial.used.rung)
}

/// Asks the rule itself, so that a breach is seen before it uses up the rung.
fn ask(trial: &mut Trial, value: i64, at: Nanos) -> Reading {
    let context = Context { last: trial.last, memory: &mut trial.memory, used: trial.used };
    trial.rule.observe(&Observation::Value(Trade, value), at, context).unwrap().unwrap().reading
}

#[test]
fn level_one_of_the_four_halts_of_march_2020_is_exact_at_the_unit() {
    for (day, before, close, level) in [
        (9, 6, 2972.37, 2764.3041),
        (12, 11, 2741.38, 2549.4834),
        (16, 13, 2711.02, 2521.2486),
        (18, 17, 2529.19, 2352.1467),
    ] {
        let mut trial = trial(mwcb());
        reference(&mut trial, close, before, at(day, 8, 0, 0));
        let above = ask(&mut trial, price(level) + 1, at(day, 9, 34, 0));
        assert_eq!((above.level, above.step), (Level::Warn, Step::FIRST), "{day}");
        let reading = ask(&mut trial, price(level), at(day, 9, 34, 0));
        assert_eq!((reading.level, reading.step, reading.reason), (Level::Breach, step(0), Reason::Rung), "{day}");
        assert_eq!(reading.limit, 0.07);
        assert!((reading.value - 0.07).abs() < 1e-12);
    }
}

#[test]
fn a_ladder_whose_halts_end_with_the_session_needs_no_reference_between_sessions() {
    let night = |trial: &Trial| (trial.reading.level, trial.reading.pending.due);
    let close = |end| Spec { rungs: vec![rung(0.07, Bell::BeforeClose(Duration::ZERO), end)], ..mwcb() };
    let mut trial = ninth(close(HaltEnd::Close));
    assert_eq!(trade(&mut trial, 950.0, at(9, 16, 0, 0)).0, Level::Normal);
    assert_eq!(night(&trial), (Level::Normal, at(10, 9, 30, 0)));
    trade(&mut trial, 800.0, at(9, 16, 0, 0) + TICK);
    assert_eq!((night(&trial), trial.used.rung), ((Level::Normal, at(10, 9, 30, 0)), 0), "whatever is traded");
    trade(&mut trial, 800.0, at(10, 9, 30, 0) - TICK);
    assert_eq!(night(&trial), (Level::Normal, at(10, 9, 30, 0)));
    trade(&mut trial, 1000.0, at(10, 9, 30, 0));
    assert_eq!(night(&trial).0, Level::Unready, "at the bell it does");
    let mut trial = ninth(close(HaltEnd::NextSession));
    trade(&mut trial, 950.0, at(9, 16, 0, 0));
    assert_eq!(night(&trial), (Level::Normal, at(9, 16, 0, 0) + TICK), "others lose it with the close");
}

#[test]
fn a_rise_beyond_all_prices_is_not_taken_for_reached_by_the_highest() {
    let spec = Spec { direction: Direction::Up, ..mwcb() };
    let rule = rule(RuleSpec::MarketCircuitBreaker(Arc::new(spec).into()), None);
    let mut trial = Trial::new(rule, Some(calendar()), false);
    let highest = Observation::Reference { price: Price::from_raw(i64::MAX), session: Date::new(2020, 3, 6) };
    assert!(trial.hear(highest, at(9, 8, 0, 0)));
    // The trial itself holds the rule to what it was sure of after the first.
    for second in [1, 2] {
        assert!(trial.hear(Observation::Value(Trade, i64::MAX), at(9, 9, 40, second)));
        assert_eq!(trial.reading.level, Level::Normal);
    }
}

#[test]
fn the_first_price_of_the_day_may_be_beyond() {
    let mut trial = trial(mwcb());
    reference(&mut trial, 2711.02, 13, at(16, 8, 0, 0));
    assert_eq!(trial.reading.level, Level::Normal);
    assert_eq!(trade(&mut trial, 2508.59, at(16, 9, 30, 1)), (Level::Normal, 1));
}

#[test]
fn nothing_fires_up_to_the_opening_bell() {
    let mut trial = ninth(mwcb());
    assert_eq!(trade(&mut trial, 500.0, at(9, 9, 29, 59)), (Level::Normal, 0));
    assert_eq!(
        trade(&mut trial, 500.0, at(9, 9, 30, 0)),
        (Level::Warn, 0),
        "a price of the session, no window is open"
    );
    trial.evaluate(at(9, 9, 31, 0));
    assert_eq!((trial.reading.level, trial.used.rung), (Level::Normal, 3), "since the first instant after");
}

#[test]
fn one_tick_after_the_open_a_rung_fires() {
    assert_eq!(trade(&mut ninth(mwcb()), 930.0, at(9, 9, 30, 0) + TICK), (Level::Normal, 1));
}

#[test]
fn the_cutoff_is_the_last_instant_or_the_first_beyond() {
    let cutoff = at(9, 15, 25, 0);
    for (inclusive, when, fired) in [
        (true, cutoff - TICK, 1),
        (true, cutoff, 1),
        (true, cutoff + TICK, 0),
        (false, cutoff - TICK, 1),
        (false, cutoff, 0),
        (false, cutoff + TICK, 0),
    ] {
        let mut trial = ninth(Spec { cutoff_inclusive: inclusive, ..mwcb() });
        trade(&mut trial, 990.0, at(9, 10, 0, 0));
        assert_eq!(trade(&mut trial, 930.0, when).1, fired, "{inclusive} {when}");
    }
}

#[test]
fn on_an_early_close_the_cutoff_is_early() {
    for (when, fired) in [(at(17, 12, 25, 0), 1), (at(17, 12, 25, 0) + TICK, 0)] {
        let mut trial = trial(mwcb());
        reference(&mut trial, 1000.0, 16, at(17, 8, 0, 0));
        assert_eq!(trade(&mut trial, 930.0, when).1, fired);
    }
}

#[test]
fn level_three_fires_up_to_the_closing_bell_whatever_the_cutoff() {
    for inclusive in [true, false] {
        let close = at(9, 16, 0, 0);
        for (when, fired) in [(close, 3), (close + TICK, 0)] {
            let mut trial = ninth(Spec { cutoff_inclusive: inclusive, ..mwcb() });
            assert_eq!(trade(&mut trial, 800.0, when).1, fired);
        }
        assert_eq!(trade(&mut ninth(mwcb()), 800.000000001, close).1, 0);
    }
}

#[test]
fn after_the_cutoff_a_fall_is_measured_against_level_three() {
    let mut trial = ninth(mwcb());
    assert_eq!(trade(&mut trial, 920.0, at(9, 15, 25, 1)), (Level::Normal, 0));
    assert_eq!(trial.reading.limit, 0.20);
    assert_eq!(trade(&mut trial, 840.0, at(9, 15, 26, 0)), (Level::Warn, 0), "16 % is 0.8 of 20 %");
}

#[test]
fn a_price_inside_the_band_is_measured_anew_once_the_window_has_closed() {
    let mut trial = ninth(mwcb());
    let cutoff = at(9, 15, 25, 0);
    assert_eq!(trade(&mut trial, 940.0, cutoff), (Level::Warn, 0));
    assert_eq!(trade(&mut trial, 940.0, cutoff + TICK), (Level::Normal, 0), "6 % of 20 %");
}

#[test]
fn a_breach_that_nobody_uses_up_ends_with_the_price() {
    let mut trial = ninth(mwcb());
    let mark = Mark { value: price(920.0), at: at(9, 10, 0, 0) };
    assert_eq!(ask(&mut trial, mark.value, mark.at).level, Level::Breach);
    trial.last = Some(mark);
    assert_eq!(ask(&mut trial, price(990.0), at(9, 10, 0, 1)).level, Level::Normal);
}

#[test]
fn each_rung_fires_once_a_session_and_a_higher_one_uses_up_the_lower() {
    let mut trial = ninth(mwcb());
    assert_eq!(trade(&mut trial, 925.0, at(9, 10, 0, 0)).1, 1);
    assert_eq!(trade(&mut trial, 925.0, at(9, 11, 0, 0)), (Level::Normal, 1));
    assert_eq!(trade(&mut trial, 950.0, at(9, 11, 0, 1)), (Level::Normal, 1));
    assert_eq!(trade(&mut trial, 920.0, at(9, 11, 0, 2)), (Level::Normal, 1), "not twice");
    assert_eq!(trade(&mut trial, 870.0, at(9, 11, 0, 3)).1, 2);
    let mut trial = ninth(mwcb());
    assert_eq!(trade(&mut trial, 860.0, at(9, 10, 0, 0)).1, 2, "a gap over level one");
    assert_eq!(trade(&mut trial, 925.0, at(9, 10, 30, 0)), (Level::Normal, 2), "which is used up");
    let mut trial = ninth(mwcb());
    assert_eq!(trade(&mut trial, 700.0, at(9, 10, 0, 0)), (Level::Normal, 3), "a gap over both; no rung is left");
    assert_eq!((trial.reading.limit, trial.reading.value), (0.20, 0.3));
}

#[test]
fn the_next_session_has_all_rungs_again() {
    let mut trial = ninth(mwcb());
    assert_eq!(trade(&mut trial, 925.0, at(9, 10, 0, 0)).1, 1);
    reference(&mut trial, 925.0, 9, at(9, 17, 0, 0));
    assert_eq!(trial.reading.level, Level::Normal);
    assert_eq!(trade(&mut trial, 860.0, at(10, 10, 0, 0)), (Level::Normal, 1));
    assert_eq!(trial.used.session, Date::new(2020, 3, 10));
}

#[test]
fn a_reference_is_good_for_one_session_and_spent_at_its_close() {
    let mut trial = ninth(mwcb());
    trade(&mut trial, 990.0, at(9, 15, 0, 0));
    let close = at(9, 16, 0, 0);
    let spent = Pending { due: close + TICK, level: Level::Unready, step: Step::FIRST, reason: Reason::NotReady };
    assert_eq!(trial.reading.pending, spent);
    assert_eq!(trade(&mut trial, 990.0, close), (Level::Normal, 0));
    assert_eq!(trade(&mut trial, 990.0, close + TICK), (Level::Unready, 0));
    assert_eq!(trade(&mut trial, 990.0, at(10, 10, 0, 0)), (Level::Unready, 0));
    reference(&mut trial, 990.0, 6, at(10, 10, 0, 1));
    assert_eq!(trial.reading.level, Level::Unready, "of another date");
    reference(&mut trial, 990.0, 9, at(10, 10, 0, 2));
    assert_eq!(trial.reading.level, Level::Normal);
    assert_eq!(trade(&mut trial, 920.7, at(10, 10, 0, 3)).1, 1);
}

#[test]
fn without_a_session_before_or_a_calendar_at_all_it_is_unready() {
    let mut trial = trial(mwcb());
    reference(&mut trial, 1000.0, 5, at(6, 8, 0, 0));
    assert_eq!(trade(&mut trial, 700.0, at(6, 10, 0, 0)), (Level::Unready, 0), "the calendar's first session");
    reference(&mut trial, 1000.0, 18, at(18, 17, 0, 0));
    assert_eq!(trade(&mut trial, 700.0, at(19, 10, 0, 0)), (Level::Unready, 0), "beyond it");
}

#[test]
fn what_cannot_be_a_price_is_refused_and_changes_nothing() {
    let mut trial = ninth(mwcb());
    trade(&mut trial, 950.0, at(9, 10, 0, 0));
    let (said, memory) = (trial.said(), trial.memory);
    for bad in [0, -1, i64::MIN] {
        assert!(!trial.hear(Observation::Value(Trade, bad), at(9, 10, 0, 1)));
        let reference = Observation::Reference { price: Price::from_raw(bad), session: Date::new(2020, 3, 6) };
        assert!(!trial.hear(reference, at(9, 10, 0, 1)));
    }
    assert_eq!((trial.said(), trial.memory), (said, memory));
    assert_eq!(trade(&mut trial, 930.0, at(9, 10, 0, 2)).1, 1);
}

#[test]
fn a_rung_must_last_and_its_time_runs_in_silence() {
    let lasting = || ninth(Spec { lasting: MINUTE, ..mwcb() });
    let (begin, end) = (at(9, 10, 0, 0), at(9, 10, 1, 0));
    let mut trial = lasting();
    assert_eq!(trade(&mut trial, 925.0, begin), (Level::Warn, 0));
    assert_eq!(trial.reading.pending, Pending { due: end, level: Level::Breach, step: step(0), reason: Reason::Rung });
    assert_eq!(trade(&mut trial, 929.0, end - TICK), (Level::Warn, 0));
    assert_eq!(trade(&mut trial, 929.0, end).1, 1);

    let mut trial = lasting();
    trade(&mut trial, 925.0, begin);
    trade(&mut trial, 930.000000001, begin + TICK);
    assert_eq!(trial.reading.pending.level, Level::Unready, "one price above ends it");
    trade(&mut trial, 925.0, begin + TICK);
    assert_eq!(trade(&mut trial, 925.0, end), (Level::Warn, 0));
    assert_eq!(trade(&mut trial, 925.0, end + TICK).1, 1);

    let mut trial = lasting();
    trade(&mut trial, 925.0, begin);
    assert_eq!(trade(&mut trial, 990.0, end + MINUTE), (Level::Normal, 1), "it had lasted before the price came back");
}

#[test]
fn a_rung_that_would_be_complete_after_the_cutoff_does_not_fire() {
    let cutoff = at(9, 15, 25, 0);
    for (begin, fired) in [(cutoff - MINUTE, 1), (cutoff - MINUTE + TICK, 0)] {
        let mut trial = ninth(Spec { lasting: MINUTE, ..mwcb() });
        trade(&mut trial, 925.0, begin);
        assert_eq!(trial.reading.pending.level == Level::Breach, fired == 1);
        assert_eq!(trade(&mut trial, 925.0, at(9, 15, 40, 0)).1, fired);
    }
}

#[test]
fn a_higher_rung_must_fall_further_than_the_firing_of_the_lower() {
    let mut spec = mwcb();
    for rung in &mut spec.rungs {
        rung.further = ratio(0.01);
    }
    let mut trial = ninth(spec);
    assert_eq!(trade(&mut trial, 870.5, at(9, 10, 0, 0)).1, 1);
    assert_eq!(trade(&mut trial, 870.0, at(9, 11, 0, 0)), (Level::Warn, 1), "13 % but no further 1 %");
    assert_eq!(trade(&mut trial, 860.500000001, at(9, 11, 0, 1)).1, 1);
    assert_eq!(trade(&mut trial, 860.5, at(9, 11, 0, 2)).1, 2);
}

#[test]
fn a_halt_on_message_stands_until_the_venue_says_open() {
    let mut trial = ninth(Spec { reopen: Reopen::OnMessage, ..mwcb() });
    assert!(trial.hear(Observation::Venue(VenueStatus::Open), at(9, 9, 31, 0)));
    assert_eq!(trade(&mut trial, 925.0, at(9, 10, 0, 0)), (Level::Breach, 1));
    assert_eq!(trade(&mut trial, 990.0, at(9, 10, 20, 0)), (Level::Breach, 1));
    assert_eq!(trial.reading.step, step(0));
    assert_eq!(trade(&mut trial, 870.0, at(9, 10, 21, 0)), (Level::Breach, 2), "a higher rung fires meanwhile");
    assert!(trial.hear(Observation::Venue(VenueStatus::Unknown), at(9, 10, 40, 0)));
    assert_eq!(trial.reading.level, Level::Breach);
    assert!(trial.hear(Observation::Venue(VenueStatus::Open), at(9, 10, 41, 0)));
    assert_eq!((trial.reading.level, trial.used.rung), (Level::Normal, 2));
}

#[test]
fn rises_count_upwards_and_both_ways_are_symmetric() {
    for (direction, down, up) in [(Direction::Down, 1, 0), (Direction::Up, 0, 1), (Direction::Both, 1, 1)] {
        for (value, fired) in [(930.0, down), (930.000000001, 0), (1070.0, up), (1069.999999999, 0)] {
            let mut trial = ninth(Spec { direction, ..mwcb() });
            assert_eq!(trade(&mut trial, value, at(9, 10, 0, 0)).1, fired, "{direction:?} {value}");
        }
    }
}

#[test]
fn out_of_force_it_says_nothing_and_needs_no_reference() {
    let day = |day| Some(Date::new(2020, 3, day));
    for (from, to, force) in [(day(9), day(9), true), (day(10), None, false), (None, day(6), false)] {
        let mut trial = trial(Spec { effective_from: from, effective_to: to, ..mwcb() });
        assert_eq!(trade(&mut trial, 500.0, at(9, 10, 0, 0)).0, if force { Level::Unready } else { Level::Normal });
        reference(&mut trial, 1000.0, 6, at(9, 10, 0, 1));
        assert_eq!(trade(&mut trial, 500.0, at(9, 10, 0, 2)).1, if force { 3 } else { 0 });
    }
}

#[test]
fn inside_the_band_the_rule_is_not_asked_and_a_near_miss_is() {
    let mut trial = ninth(mwcb());
    trade(&mut trial, 990.0, at(9, 10, 0, 0));
    let asked = trial.asked;
    for (second, value) in [995.0, 1200.0, 949.7, 1000.0].into_iter().enumerate() {
        trade(&mut trial, value, at(9, 10, 1, second as u64));
    }
    assert_eq!(trial.asked, asked, "clear is 5.04 %");
    assert!((trial.linear_value().unwrap() - 0.0).abs() < 1e-12);
    for value in [949.6, 944.0, 933.5] {
        trade(&mut trial, value, at(9, 10, 2, 0));
    }
    assert_eq!(trial.asked, asked + 3, "clear 5.04 %, warn 5.6 %, near 6.65 %");
}

#[test]
fn a_new_claimant_goes_on_from_memory() {
    let mut first = ninth(mwcb());
    trade(&mut first, 925.0, at(9, 10, 0, 0));
    let mut second = trial(mwcb());
    (second.memory, second.used) = (first.memory, first.used);
    second.evaluate(at(9, 10, 5, 0));
    assert_eq!(second.reading.level, Level::Normal);
    assert_eq!(trade(&mut second, 925.0, at(9, 10, 6, 0)).1, 1, "not twice");
    assert_eq!(trade(&mut second, 870.0, at(9, 10, 7, 0)).1, 2);
}

#[test]
fn a_reload_keeps_the_time_that_a_rung_has_been_reached() {
    let spec = |lasting| Arc::new(Spec { lasting, ..mwcb() });
    let mut trial = ninth(Spec { lasting: MINUTE, ..mwcb() });
    trade(&mut trial, 925.0, at(9, 10, 0, 0));
    let mut new = rule(RuleSpec::MarketCircuitBreaker(spec(2 * MINUTE).into()), None);
    new.inherit(&mut trial.rule);
    trial.rule = new;
    trial.evaluate(at(9, 10, 0, 30));
    assert_eq!(trial.reading.pending.due, at(9, 10, 2, 0));
}

#[test]
fn it_takes_the_memory_that_its_documentation_says() {
    assert_eq!(size_of::<Detector>(), 120);
}

#[path = "silence.rs"]
mod silence;
#[path = "stages.rs"]
mod stages;
#[path = "twin.rs"]
mod twin;
