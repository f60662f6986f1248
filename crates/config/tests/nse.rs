//! The pack `nse`: each number of the rule, from both sides, up and down.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/session.rs"]
mod session;

use jiff::civil::{date, time};
use session::{Day, Halt, POINT, halted};

const NEXT: &str = "2024-03-06 09:15:00";

/// What a move of so many points does that is first seen at a time of a Tuesday. Up and down it is the same, and a
/// billionth of a point less does what `less` says.
fn on_tuesday(clock: &str, points: i64, less: Halt) -> Halt {
    let seen = |raw| Day::of("nse", "Asia/Kolkata", date(2024, 3, 5), "on_stale = \"ignore\"\n").price(clock, raw);
    let (down, up) = (seen((1_000 - points) * POINT), seen((1_000 + points) * POINT));
    assert_eq!(down, up, "{clock} {points}");
    assert_eq!(seen((1_000 - points) * POINT + 1), less, "{clock} {points}");
    assert_eq!(seen((1_000 + points) * POINT - 1), less, "{clock} {points}");
    down
}

#[test]
fn ten_percent_by_the_time_of_day() {
    for (clock, halt) in [
        ("09:15:00", None),
        ("09:15:00.000001", halted(1, "10:00:00.000001")),
        ("11:00:00", halted(1, "11:45:00")),
        ("12:59:59.999999", halted(1, "13:44:59.999999")),
        // Halts are counted in whole microseconds. In the one that ends at 13:00:00, that instant included, the longer counts.
        ("12:59:59.999999999", halted(1, "13:45:00")),
        ("13:00:00", halted(1, "13:45:00")),
        ("13:00:00.000001", halted(1, "13:15:00.000001")),
        ("14:29:59.999999", halted(1, "14:44:59.999999")),
        ("14:29:59.999999999", halted(1, "14:45:00")),
        ("14:30:00", None),
        ("15:30:00", None),
    ] {
        assert_eq!(on_tuesday(clock, 100, None), halt, "{clock}");
    }
}

#[test]
fn fifteen_percent_by_the_time_of_day() {
    for (clock, less, halt) in [
        ("09:15:00", None, None),
        ("11:00:00", halted(1, "11:45:00"), halted(2, "12:45:00")),
        ("12:59:59.999999", halted(1, "13:44:59.999999"), halted(2, "14:44:59.999999")),
        ("13:00:00", halted(1, "13:45:00"), halted(2, "14:45:00")),
        ("13:00:00.000001", halted(1, "13:15:00.000001"), halted(2, "13:45:00.000001")),
        ("13:59:59.999999", halted(1, "14:14:59.999999"), halted(2, "14:44:59.999999")),
        // In the microsecond that ends at 14:00 the longer of the two.
        ("13:59:59.999999999", halted(1, "14:15:00"), halted(2, NEXT)),
        ("14:00:00", halted(1, "14:15:00"), halted(2, NEXT)),
        ("14:30:00", None, halted(2, NEXT)),
        ("15:30:00", None, halted(2, NEXT)),
    ] {
        assert_eq!(on_tuesday(clock, 150, less), halt, "{clock}");
    }
}

#[test]
fn twenty_percent_end_the_day_at_any_time() {
    for (clock, less, halt) in [
        ("09:15:00", None, None),
        ("09:15:00.000001", halted(2, "11:00:00.000001"), halted(3, NEXT)),
        ("13:30:00", halted(2, "14:15:00"), halted(3, NEXT)),
        ("15:30:00", halted(2, NEXT), halted(3, NEXT)),
    ] {
        assert_eq!(on_tuesday(clock, 200, less), halt, "{clock}");
    }
}

#[test]
fn each_level_once_a_day_whichever_way() {
    let mut day = Day::of("nse", "Asia/Kolkata", date(2024, 3, 5), "on_stale = \"ignore\"\n");
    assert_eq!(day.price("10:00:00", 900 * POINT), halted(1, "10:45:00"));
    assert_eq!(day.wait("10:44:59.999999999"), halted(1, "10:45:00"));
    assert_eq!(day.wait("10:45:00"), None);
    assert_eq!(day.price("11:00:00", 1_100 * POINT), None);
    assert_eq!(day.price("11:00:01", 1_150 * POINT), halted(2, "12:45:01"));
    assert_eq!(day.price("11:00:02", 1_200 * POINT), halted(3, NEXT), "while it is halted, too");
}

#[test]
fn the_night_begins_after_the_closing_bell() {
    let mut day = Day::of("nse", "Asia/Kolkata", date(2024, 3, 5), "on_stale = \"ignore\"\n");
    assert_eq!(day.price("15:30:00", 800 * POINT + 1), halted(2, NEXT));
    day.next(date(2024, 3, 6), 800 * POINT);
    assert!(day.wait("09:14:59.999999999").is_some());
    assert_eq!(day.wait("09:15:00"), None);
    assert_eq!(day.price("09:15:01", 721 * POINT), None, "under 10 % of the new reference");
}

#[test]
fn a_whole_day_of_a_market_that_moves_two_points_a_minute() {
    for step in [-2, 2] {
        let mut day = Day::of("nse", "Asia/Kolkata", date(2024, 3, 5), "");
        let told = day.run(time(9, 15, 0, 0), time(15, 30, 0, 0), step);
        let halts = [
            // 10 % after 50 minutes.
            ("10:05:00", 1, "10:50:00"),
            // 15 % after 25 more, and 20 % after the next 25, less a second each: the first price comes as the halt ends.
            ("11:14:59", 2, "12:59:59"),
            ("13:24:58", 3, NEXT),
        ];
        assert_eq!(told, halts.map(|(from, rung, until)| (from.to_owned(), rung, until.to_owned())), "{step}");
    }
}
