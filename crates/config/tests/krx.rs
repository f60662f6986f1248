//! The pack `krx`: each number of the rule, from both sides.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/session.rs"]
mod session;

use jiff::civil::{date, time};
use session::{Day, POINT, halted};

/// A Tuesday. Silence between two prices is not what is asked here.
fn tuesday() -> Day {
    Day::of("krx", "Asia/Seoul", date(2024, 3, 5), "on_stale = \"ignore\"\n")
}

#[test]
fn stage_1_takes_8_percent_for_a_minute_and_halts_for_20() {
    let mut day = tuesday();
    assert_eq!(day.price("10:00:00", 920 * POINT + 1), None);
    assert_eq!(day.wait("10:05:00"), None, "a billionth of a point less than 8 %");
    assert_eq!(day.price("10:05:00", 920 * POINT), None);
    assert_eq!(day.wait("10:05:59.999999999"), None);
    assert_eq!(day.wait("10:06:00"), halted(1, "10:26:00"), "in silence, too");
    assert_eq!(day.wait("10:25:59.999999999"), halted(1, "10:26:00"));
    assert_eq!(day.wait("10:26:00"), None);
    // Once a day.
    assert_eq!(day.price("10:26:01", 900 * POINT), None);
    assert_eq!(day.wait("14:00:00"), None);
}

#[test]
fn a_fall_that_does_not_last_a_minute_halts_nothing() {
    let mut day = tuesday();
    day.price("10:00:00", 920 * POINT);
    assert_eq!(day.price("10:00:59.999999999", 920 * POINT + 1), None);
    assert_eq!(day.price("10:01:00", 900 * POINT), None, "the minute begins anew");
    assert_eq!(day.wait("10:01:59.999999999"), None);
    assert_eq!(day.wait("10:02:00"), halted(1, "10:22:00"));
}

/// A day on which stage 1 has fired at `first`, and its halt is over at 10:21.
fn after_stage_1(first: i64) -> Day {
    let mut day = tuesday();
    day.price("10:00:00", first);
    assert_eq!(day.wait("10:01:00"), halted(1, "10:21:00"));
    assert_eq!(day.wait("10:21:00"), None);
    day
}

/// A day on which stages 1 and 2 have fired, the second at `second`, and its halt is over at 10:50.
fn after_stage_2(second: i64) -> Day {
    let mut day = after_stage_1(920 * POINT);
    day.price("10:29:00", second);
    assert_eq!(day.wait("10:30:00"), halted(2, "10:50:00"));
    assert_eq!(day.wait("10:50:00"), None);
    day
}

#[test]
fn stage_2_takes_15_percent_and_a_further_1_percent() {
    // Stage 1 at 8 %, at 14 %: 15 % is further enough. At 14.000000001 %, at 14.5 % it is not.
    for (first, second) in [(920, 850), (860, 850), (855, 845)] {
        let mut day = after_stage_1(first * POINT);
        day.price("11:00:00", second * POINT + 1);
        assert_eq!(day.wait("11:05:00"), None, "{first}");
        day.price("11:05:00", second * POINT);
        assert_eq!(day.wait("11:05:59.999999999"), None, "{first}");
        assert_eq!(day.wait("11:06:00"), halted(2, "11:26:00"), "{first}");
    }
    let mut day = after_stage_1(860 * POINT - 1);
    day.price("11:00:00", 850 * POINT);
    assert_eq!(day.wait("11:05:00"), None, "further by a billionth of a point less than 1 %");
    day.price("11:05:00", 850 * POINT - 1);
    assert_eq!(day.wait("11:06:00"), halted(2, "11:26:00"));
}

#[test]
fn stage_3_takes_20_percent_and_a_further_1_percent_and_ends_the_day() {
    for (second, third) in [(850, 800), (810, 800), (805, 795)] {
        let mut day = after_stage_2(second * POINT);
        day.price("11:00:00", third * POINT + 1);
        assert_eq!(day.wait("11:05:00"), None, "{second}");
        day.price("11:05:00", third * POINT);
        assert_eq!(day.wait("11:05:59.999999999"), None, "{second}");
        assert_eq!(day.wait("11:06:00"), halted(3, "2024-03-06 09:00:00"), "{second}");
        assert!(day.wait("15:30:00").is_some());
        day.next(date(2024, 3, 6), third * POINT);
        assert!(day.wait("08:59:59.999999999").is_some());
        assert_eq!(day.wait("09:00:00"), None);
    }
}

#[test]
fn the_first_instant_is_the_one_after_the_open() {
    for first in ["09:00:00", "09:00:00.000001"] {
        let mut day = tuesday();
        day.price(first, 920 * POINT);
        assert_eq!(day.wait("09:01:00"), None);
        // Time alone acts within a microsecond.
        assert_eq!(day.wait("09:01:00.000001"), halted(1, "09:21:00.000001"));
    }
}

#[test]
fn a_stage_comes_only_after_the_one_below() {
    let mut day = tuesday();
    day.price("10:00:00", 700 * POINT);
    assert_eq!(day.wait("10:01:00"), halted(1, "10:21:00"), "30 % is stage 1");
    assert_eq!(day.wait("11:00:00"), None);
    day.price("11:00:00", 690 * POINT + 1);
    assert_eq!(day.wait("11:05:00"), None);
    day.price("11:05:00", 690 * POINT);
    assert_eq!(day.wait("11:06:00"), halted(2, "11:26:00"), "a further 1 % is stage 2");
    assert_eq!(day.wait("11:26:00"), None);
    day.price("11:30:00", 680 * POINT);
    assert_eq!(day.wait("11:31:00"), halted(3, "2024-03-06 09:00:00"));
}

#[test]
fn stages_1_and_2_do_not_fire_in_the_last_40_minutes() {
    for (stage, price) in [(1, 920), (2, 850)] {
        let day = || if stage == 1 { tuesday() } else { after_stage_1(920 * POINT) };
        let mut one = day();
        one.price("14:48:59.999999", price * POINT);
        assert_eq!(one.wait("14:49:59.999999"), halted(stage, "15:09:59.999999"));
        let mut one = day();
        one.price("14:48:59.999999999", price * POINT);
        // The last nanosecond; time alone acts within a microsecond.
        assert_eq!(one.wait("14:50:00"), halted(stage, "15:10:00"));
        let mut one = day();
        one.price("14:49:00", price * POINT);
        assert_eq!(one.wait("15:30:00"), None);
    }
}

#[test]
fn stage_3_fires_up_to_the_close_if_stage_2_has() {
    let mut day = after_stage_2(850 * POINT);
    day.price("15:29:00", 800 * POINT);
    assert_eq!(day.wait("15:29:59.999999999"), None);
    assert_eq!(day.wait("15:30:00"), halted(3, "2024-03-06 09:00:00"));
    let mut day = after_stage_2(850 * POINT);
    day.price("15:29:00.000000001", 800 * POINT);
    assert_eq!(day.wait("15:30:00"), None, "not a minute");
    let mut day = tuesday();
    day.price("15:00:00", 700 * POINT);
    assert_eq!(day.wait("15:30:00"), None, "neither of the stages below");
}

#[test]
fn a_rise_halts_nothing() {
    let mut day = tuesday();
    day.price("10:00:00", 1_300 * POINT);
    assert_eq!(day.wait("15:30:00"), None);
}

#[test]
fn a_whole_day_of_a_market_that_falls_two_points_a_minute() {
    let mut day = Day::of("krx", "Asia/Seoul", date(2024, 3, 5), "");
    let told = day.run(time(9, 0, 0, 0), time(15, 30, 0, 0), -2);
    let halts = [
        // 920 after 40 minutes, and a minute more.
        ("09:41:00", 1, "10:01:00"),
        // 850 after 34 minutes from 918.
        ("10:36:00", 2, "10:56:00"),
        // 800 after 24 minutes from 848.
        ("11:21:00", 3, "2024-03-06 09:00:00"),
    ];
    assert_eq!(told, halts.map(|(from, rung, until)| (from.to_owned(), rung, until.to_owned())));
    day.next(date(2024, 3, 6), 798 * POINT);
    assert_eq!(day.wait("09:00:00"), None);
    assert_eq!(day.price("09:00:01", 735 * POINT), None, "a new day, a new reference: 734.16 would be 8 %");
}
