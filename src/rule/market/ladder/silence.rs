//! What a ladder says by time alone: each firing is pending, comes by the clock, and is found late if nobody looked.

use super::*;

/// A rung at 7 % with these windows, an hour of the morning each.
fn hours(hours: &[(u64, u64)], lasting: Duration) -> Spec {
    let bell = |hour: u64| Bell::AfterOpen((hour * 60 - 570) as u32 * MINUTE);
    let window = |&(from, until)| Window { from: bell(from), until: bell(until), end: HaltEnd::After(MINUTE) };
    let windows = hours.iter().map(window).collect();
    let rungs = vec![Rung { limits: Limits::of(ratio(0.07)), further: Ratio::ZERO, windows }];
    Spec { rungs, lasting, ..mwcb() }
}

fn fires(due: Nanos, number: u8) -> Pending {
    Pending { due, level: Level::Breach, step: Step::rung(number).unwrap(), reason: Reason::Rung }
}

/// Three ways to hear of it: nobody looks before the next price; whoever keeps the time does; the rule is asked then.
fn each_way(trial: impl Fn() -> Trial, due: Nanos, number: u8) {
    let mut clocked = trial();
    assert_eq!(clocked.reading.pending, fires(due, number));
    clocked.clock(due);
    assert_eq!(clocked.used.rung, number, "by the clock");
    let mut ticked = trial();
    ticked.tick(due - TICK);
    assert_eq!(ticked.used.rung, 0);
    ticked.tick(due);
    assert_eq!(ticked.used.rung, number, "asked at its time");
    let mut late = trial();
    assert_eq!(trade(&mut late, 990.0, due + MINUTE).1, number, "found late");
    let mut early = trial();
    assert_eq!(trade(&mut early, 990.0, due - TICK).1, 0, "a price that comes before takes it back");
    assert_ne!(early.reading.pending.level, Level::Breach);
}

#[test]
fn a_window_that_opens_on_a_standing_price_fires_its_rung_at_its_first_instant() {
    for lasting in [Duration::ZERO, MINUTE] {
        let before_it = || {
            let mut trial = ninth(hours(&[(10, 11)], lasting));
            assert_eq!(trade(&mut trial, 925.0, at(9, 9, 50, 0)), (Level::Warn, 0));
            trial
        };
        each_way(before_it, at(9, 10, 0, 0) + lasting, 1);
    }
}

#[test]
fn a_later_window_fires_what_the_one_before_it_was_too_short_for() {
    let between = || {
        let mut trial = ninth(hours(&[(10, 11), (12, 13)], 30 * MINUTE));
        trade(&mut trial, 925.0, at(9, 10, 45, 0));
        trial
    };
    each_way(between, at(9, 12, 30, 0), 1);
    let after_it = || {
        let mut trial = ninth(hours(&[(10, 11), (12, 13)], Duration::ZERO));
        trade(&mut trial, 925.0, at(9, 11, 0, 0) + TICK);
        trial
    };
    each_way(after_it, at(9, 12, 0, 0), 1);
}

#[test]
fn windows_without_a_gap_are_one() {
    let mut trial = ninth(hours(&[(10, 11), (11, 12)], 30 * MINUTE));
    trade(&mut trial, 925.0, at(9, 10, 45, 0));
    assert_eq!(trial.reading.pending, fires(at(9, 11, 15, 0), 1));
}

#[test]
fn a_price_at_the_opening_bell_counts_from_the_next_instant_on() {
    for lasting in [Duration::ZERO, MINUTE] {
        let at_the_bell = || {
            let mut trial = ninth(Spec { lasting, ..mwcb() });
            trade(&mut trial, 990.0, at(9, 9, 29, 59));
            assert_eq!(trade(&mut trial, 925.0, at(9, 9, 30, 0)), (Level::Warn, 0));
            trial
        };
        each_way(at_the_bell, at(9, 9, 30, 0) + TICK + lasting, 1);
    }
    let mut trial = ninth(mwcb());
    for value in [925.0, 990.0, 860.0] {
        trade(&mut trial, value, at(9, 9, 30, 0));
    }
    assert_eq!(trial.reading.pending, fires(at(9, 9, 30, 0) + TICK, 2), "the last price at the bell");
}

#[test]
fn after_a_firing_by_the_clock_nothing_is_sure_that_asks_for_a_further_move() {
    let mut spec = hours(&[(10, 11)], Duration::ZERO);
    let window = Window { from: Bell::AfterOpen(31 * MINUTE), ..spec.rungs[0].windows[0] };
    let limits = Limits::of(ratio(0.13));
    spec.rungs.push(Rung { limits, further: ratio(0.01), windows: vec![window] });
    let mut trial = ninth(spec);
    trade(&mut trial, 860.0, at(9, 9, 50, 0));
    trial.clock(at(9, 10, 2, 0));
    assert!(trial.hear(Observation::Heartbeat, at(9, 10, 2, 0)));
    // The trial itself holds the rule to what it was sure of after the heartbeat.
    assert_eq!(trade(&mut trial, 850.000000001, at(9, 10, 2, 0)).1, 1);
    assert_eq!(trade(&mut trial, 850.0, at(9, 10, 2, 1)).1, 2);
}

#[test]
fn a_price_before_the_opening_bell_counts_for_nothing() {
    let mut trial = ninth(mwcb());
    trade(&mut trial, 500.0, at(9, 9, 30, 0) - TICK);
    assert_eq!(trial.reading.pending.level, Level::Unready, "of the close");
    trial.evaluate(at(9, 9, 31, 0));
    assert_eq!((trial.reading.level, trial.used.rung), (Level::Normal, 0));
}

#[test]
fn a_reference_told_at_the_closing_bell_is_good_for_the_next_session_by_time_alone() {
    let (close, next) = (at(9, 16, 0, 0), at(9, 16, 0, 0) + TICK);
    let comes = Pending { due: next, level: Level::Normal, step: Step::FIRST, reason: Reason::ClearLevel };
    for told in [close - MINUTE, close] {
        let mut trial = ninth(mwcb());
        trade(&mut trial, 940.0, at(9, 15, 0, 0));
        reference(&mut trial, 940.0, 9, told);
        assert_eq!((trial.reading.level, trial.reading.pending), (Level::Unready, comes), "not good for this one");
        trial.tick(close);
        assert_eq!(trial.reading.level, Level::Unready);
        trial.tick(next);
        assert_eq!(trial.reading.level, Level::Normal);
        trial.evaluate(next);
        assert_eq!(trial.reading.level, Level::Normal, "and that is what the rule says then");
    }
    let mut trial = ninth(mwcb());
    reference(&mut trial, 940.0, 6, close);
    assert_eq!(trial.reading.pending.level, Level::Unready, "of the session before: spent");
}

#[test]
fn what_a_session_has_said_ends_with_it_where_the_next_is_out_of_force() {
    let mut trial = ninth(Spec { effective_to: Some(Date::new(2020, 3, 9)), ..mwcb() });
    trade(&mut trial, 940.0, at(9, 15, 0, 0));
    assert_eq!(trial.reading.level, Level::Warn);
    trial.tick(at(9, 16, 0, 0) + TICK);
    assert_eq!(trial.reading.level, Level::Normal);
}
