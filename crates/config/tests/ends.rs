//! A calendar that has ended, or ends soon, is named with the time at which it is asked; no clock of the machine is read.

#![allow(clippy::unwrap_used, clippy::panic)]

use haltline::Nanos;
use haltline_config::parse;

/// The last close of 2020 in New York: 2020-12-31T21:00:00Z.
const CLOSE: u64 = 1_609_448_400;
const MONTH: u64 = 31 * 86_400;

fn ends(text: &str, now: Nanos) -> Vec<String> {
    let config = parse(text, "f").unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!(config.warnings, [], "what depends on the day is no warning of the text");
    config.ends(now).iter().map(ToString::to_string).collect()
}

fn text(more: &str) -> String {
    format!(
        "[[breaker]]\nname = \"hours\"\nkind = \"time_based\"\nscope = \"\"\ncalendar = \"us\"\n\
         [[calendar]]\nname = \"us\"\ntimezone = \"America/New_York\"\nfrom = 2020-01-01\nto = 2020-12-31\n\
         sessions = {{ mon-fri = [\"09:30\", \"16:00\"] }}\n{more}"
    )
}

#[test]
fn a_calendar_is_named_from_a_month_before_its_last_close_on() {
    let last =
        |was: &str| [format!("f:10:6: calendar \"us\": its last session {was} what goes by this calendar denies")];
    let (soon, over) = (last("is on 2020-12-31; after it,"), last("was on 2020-12-31;"));
    let close = Nanos::from_secs(CLOSE);
    for (now, told) in [
        (Nanos(0), &[][..]),
        (Nanos(Nanos::from_secs(CLOSE - MONTH).0 - 1), &[]),
        (Nanos::from_secs(CLOSE - MONTH), &soon),
        (close, &soon),
        (Nanos(close.0 + 1), &over),
        (Nanos(u64::MAX), &over),
    ] {
        assert_eq!(ends(&text(""), now), told, "{now:?}");
    }
}

#[test]
fn one_that_takes_its_dates_from_another_is_named_where_it_says_so() {
    let night = "[[calendar]]\nname = \"night\"\ntimezone = \"America/Chicago\"\ndates_of = \"us\"\n\
                 sessions = { mon-fri = [\"17:00-1d\", \"08:30\"] }\n";
    let told = ends(&text(night), Nanos::from_secs(CLOSE));
    // By their names.
    assert!(told[0].starts_with("f:15:12: calendar \"night\": its last session was on 2020-12-31;"), "{told:?}");
    assert!(told[1].starts_with("f:10:6: calendar \"us\": its last session is on 2020-12-31;"), "{told:?}");
}

#[test]
fn one_of_a_pack_is_named_in_the_pack() {
    let text = "include = [\"us-equities\"]\n[[breaker]]\nname = \"hours\"\nkind = \"time_based\"\nscope = \"\"\n\
                calendar = \"us-equities\"\n";
    let told = ends(text, Nanos(u64::MAX));
    assert!(told[0].starts_with("packs/us-equities.toml:") && told.len() == 1, "{told:?}");
}
