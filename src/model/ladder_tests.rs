use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_nanos(1);

/// Local time of a day of March 2020.
fn at(day: u64, hour: u64, minute: u64) -> Nanos {
    Nanos::from_secs(((day * 24 + hour) * 60 + minute) * 60)
}

/// Monday, a Tuesday that closes early, Wednesday.
fn sessions() -> Arc<Sessions> {
    let day = |day, close| Session {
        date: Date::new(2020, 3, day),
        open: at(day.into(), 9, 30),
        close: at(day.into(), close, 0),
    };
    Arc::new(Sessions::new(vec![day(9, 16), day(10, 13), day(11, 16)]).unwrap())
}

fn rung(limit: i64, until: Bell, end: HaltEnd) -> Rung {
    let windows = vec![Window { from: Bell::AfterOpen(Duration::ZERO), until, end }];
    Rung { limits: Limits::of(Ratio::from_raw(limit)), further: Ratio::ZERO, windows }
}

/// Two rungs that halt for 15 minutes up to 35 minutes before the close, and one until the next session.
fn ladder(cutoff_inclusive: bool) -> Ladder {
    let cutoff = Bell::BeforeClose(35 * MINUTE);
    Ladder {
        sessions: sessions(),
        direction: Direction::Down,
        rungs: vec![
            rung(70_000_000, cutoff, HaltEnd::After(15 * MINUTE)),
            rung(130_000_000, cutoff, HaltEnd::After(15 * MINUTE)),
            rung(200_000_000, Bell::BeforeClose(Duration::ZERO), HaltEnd::NextSession),
        ],
        in_turn: false,
        cutoff_inclusive,
        reopen: Reopen::Auto,
        lasting: Duration::ZERO,
        effective_from: Some(Date::new(2013, 4, 8)),
        effective_to: None,
    }
}

fn step(number: u8) -> Step {
    Step::rung(number).unwrap()
}

#[test]
fn a_window_is_open_after_the_bell_and_up_to_the_cutoff() {
    for (day, cutoff) in [(9, at(9, 15, 25)), (10, at(10, 12, 25))] {
        for inclusive in [true, false] {
            let ladder = ladder(inclusive);
            let session = ladder.sessions.as_slice().iter().find(|s| s.date == Date::new(2020, 3, day)).unwrap();
            let open = |number, at| ladder.open_window(ladder.rung(step(number)).unwrap(), session, at).is_some();
            for number in 1..=3 {
                assert!(!open(number, session.open), "the open itself does not belong to it");
                assert!(open(number, session.open + TICK));
            }
            assert!(open(2, cutoff - TICK));
            assert_eq!(open(2, cutoff), inclusive);
            assert!(!open(2, cutoff + TICK));
            assert!(open(3, session.close), "the close always belongs to it");
            assert!(!open(3, session.close + TICK));
        }
    }
}

#[test]
fn windows_that_begin_after_the_open_contain_their_begin() {
    let mut ladder = ladder(true);
    let (from, until) = (Bell::AfterOpen(30 * MINUTE), Bell::AfterOpen(60 * MINUTE));
    ladder.rungs[0].windows = vec![Window { from, until, end: HaltEnd::NextSession }];
    let session = ladder.sessions.as_slice()[0];
    let open = |at| ladder.open_window(&ladder.rungs[0], &session, at).is_some();
    assert_eq!(
        [at(9, 10, 0) - TICK, at(9, 10, 0), at(9, 10, 30), at(9, 10, 30) + TICK].map(open),
        [false, true, true, false]
    );
}

#[test]
fn a_halt_lasts_its_time_even_if_it_begins_a_microsecond_after_the_cutoff() {
    let ladder = ladder(true);
    for since in [at(9, 9, 30) + TICK, at(9, 12, 0), at(9, 15, 25), at(9, 15, 25) + Duration::from_micros(1)] {
        assert_eq!(ladder.halt_end(step(1), since), Some(since + 15 * MINUTE));
        assert_eq!(ladder.halt_end(step(2), since), Some(since + 15 * MINUTE));
    }
}

#[test]
fn the_highest_rung_halts_until_the_next_session_even_from_the_close() {
    let ladder = ladder(true);
    for since in [at(9, 9, 30) + TICK, at(9, 16, 0), at(9, 16, 0) + Duration::from_micros(1)] {
        assert_eq!(ladder.halt_end(step(3), since), Some(at(10, 9, 30)));
    }
    assert_eq!(ladder.halt_end(step(3), at(11, 12, 0)), None, "no session follows");
}

#[test]
fn a_halt_until_the_close_ends_at_the_close_and_not_a_nanosecond_later() {
    let mut ladder = ladder(true);
    assert!(!ladder.rests_between_sessions());
    ladder.rungs.truncate(1);
    ladder.rungs[0].windows[0].until = Bell::BeforeClose(Duration::ZERO);
    ladder.rungs[0].windows[0].end = HaltEnd::Close;
    assert!(ladder.rests_between_sessions());
    let (close, early) = (at(9, 16, 0), at(10, 13, 0));
    for since in [at(9, 9, 30) + TICK, close - TICK, close, close + Duration::from_micros(1)] {
        assert_eq!(ladder.halt_end(step(1), since), Some(close));
    }
    assert_eq!(ladder.halt_end(step(1), early), Some(early), "a day that closes early");
    assert_eq!(ladder.halt_end(step(1), at(11, 12, 0)), Some(at(11, 16, 0)), "the last session has a close");
}

#[test]
fn no_rung_no_end() {
    let ladder = ladder(true);
    assert_eq!(ladder.halt_end(Step::FIRST, at(9, 12, 0)), None);
    assert_eq!(ladder.halt_end(step(4), at(9, 12, 0)), None);
    assert_eq!(ladder.halt_end(Step::LATCHED, at(9, 12, 0)), None);
    assert_eq!(ladder.halt_end(step(1), at(8, 12, 0)), None, "before the calendar");
}

#[test]
fn of_several_windows_the_one_that_the_halt_began_in_says_how_long() {
    let mut ladder = ladder(true);
    let window = |from, until, minutes| Window {
        from: Bell::AfterOpen(from * MINUTE),
        until: Bell::AfterOpen(until * MINUTE),
        end: HaltEnd::After(minutes * MINUTE),
    };
    ladder.rungs[0].windows = vec![window(0, 60, 45), window(60, 120, 15)];
    for (since, minutes) in [(at(9, 9, 31), 45), (at(9, 10, 29), 45), (at(9, 10, 31), 15), (at(9, 11, 31), 15)] {
        assert_eq!(ladder.halt_end(step(1), since), Some(since + minutes * MINUTE));
    }
}

#[test]
fn a_ladder_is_in_force_from_its_first_to_its_last_date() {
    let day = |day| Date::new(2020, 3, day);
    let ladder = Ladder { effective_from: Some(day(10)), effective_to: Some(day(11)), ..ladder(true) };
    assert_eq!([9, 10, 11, 12].map(|d| ladder.in_force(day(d))), [false, true, true, false]);
}
