//! Rungs that fire in turn.

use super::*;

/// The stages of the US ladder in turn, each this much further than the one below.
fn stages(further: f64, lasting: Duration) -> Spec {
    let mut spec = Spec { in_turn: true, lasting, ..mwcb() };
    for rung in &mut spec.rungs {
        rung.further = ratio(further);
    }
    spec
}

#[test]
fn a_fall_through_all_fires_the_lowest_and_the_next_is_measured_from_there() {
    let mut trial = ninth(stages(0.01, Duration::ZERO));
    assert_eq!(trade(&mut trial, 700.0, at(9, 10, 0, 0)).1, 1, "30 %");
    assert_eq!(trial.reading.pending.level, Level::Unready, "the same price fires no more");
    assert_eq!(trade(&mut trial, 690.000000001, at(9, 11, 0, 0)).1, 1);
    assert_eq!(trade(&mut trial, 690.0, at(9, 11, 0, 1)).1, 2, "a further 1 %");
    assert_eq!(trade(&mut trial, 680.000000001, at(9, 12, 0, 0)).1, 2);
    assert_eq!(trade(&mut trial, 680.0, at(9, 12, 0, 1)).1, 3);
    let mut trial = ninth(stages(0.01, Duration::ZERO));
    assert_eq!(trade(&mut trial, 925.0, at(9, 10, 0, 0)).1, 1);
    assert_eq!(trade(&mut trial, 870.000000001, at(9, 11, 0, 0)).1, 1);
    assert_eq!(trade(&mut trial, 870.0, at(9, 11, 0, 1)).1, 2, "13 % are further enough");
}

#[test]
fn without_a_further_move_one_price_fires_all_that_it_is_beyond() {
    let mut trial = ninth(stages(0.0, Duration::ZERO));
    assert_eq!(trade(&mut trial, 860.0, at(9, 10, 0, 0)).1, 2);
    assert_eq!(trade(&mut trial, 800.0, at(9, 10, 0, 1)).1, 3);
}

#[test]
fn the_time_of_a_stage_begins_with_the_firing_of_the_one_below() {
    let (begin, second) = (at(9, 10, 0, 0), at(9, 10, 2, 0));
    let fallen = || {
        let mut trial = ninth(stages(0.0, MINUTE));
        trade(&mut trial, 860.0, begin);
        assert_eq!((trial.reading.pending.due, trial.reading.pending.step), (begin + MINUTE, step(0)));
        trial
    };
    for (when, fired) in [(second - TICK, 1), (second, 2)] {
        let (mut late, mut clocked, mut ticked) = (fallen(), fallen(), fallen());
        assert_eq!(trade(&mut late, 860.0, when).1, fired, "nobody looked in between");
        clocked.clock(begin + MINUTE);
        assert_eq!(trade(&mut clocked, 860.0, when).1, fired);
        ticked.tick(when);
        assert_eq!(ticked.used.rung, fired);
    }
}

#[test]
fn a_stage_whose_turn_has_not_come_does_not_fire_in_a_window_of_its_own() {
    let mut trial = ninth(stages(0.01, Duration::ZERO));
    assert_eq!(trade(&mut trial, 700.0, at(9, 15, 30, 0)), (Level::Warn, 0), "the first two are over for the day");
    assert_eq!(trial.reading.pending.level, Level::Unready);
    assert_eq!(ninth(mwcb()).used.rung, 0);
    assert_eq!(trade(&mut ninth(mwcb()), 700.0, at(9, 15, 30, 0)).1, 3, "where no stage waits for another");
}

#[test]
fn a_reload_to_and_from_turns_counts_from_then_on() {
    let reload = |trial: &mut Trial, in_turn| {
        let spec = Arc::new(Spec { in_turn, ..stages(0.0, 10 * MINUTE) });
        let mut new = rule(RuleSpec::MarketCircuitBreaker(spec.into()), None);
        new.inherit(&mut trial.rule);
        trial.rule = new;
        trial.evaluate(at(9, 10, 5, 0));
        trial.reading.pending
    };
    let fallen = |in_turn| {
        let mut trial = ninth(Spec { in_turn, ..stages(0.0, 10 * MINUTE) });
        trade(&mut trial, 860.0, at(9, 10, 0, 0));
        trial
    };
    let (mut to, mut from) = (fallen(false), fallen(true));
    assert_eq!(to.reading.pending.step, step(1));
    let comes = reload(&mut to, true);
    assert_eq!((comes.due, comes.step), (at(9, 10, 10, 0), step(0)), "its time goes on");
    let comes = reload(&mut from, false);
    assert_eq!((comes.due, comes.step), (at(9, 10, 10, 0), step(0)));
    from.tick(at(9, 10, 15, 0));
    assert_eq!(from.used.rung, 2, "which nobody waited for before the reload");
}
