//! A night of a CME equity index future under both of its packs, from the settlement to the next one.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/session.rs"]
mod session;

use haltline::{Date, Feed, Gate, Intent, Price, Qty, Reason, System, Verdict};
use haltline_config::parse;
use jiff::civil;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use session::{POINT, instant};

struct Night {
    system: System,
    gate: Gate,
    tape: Feed,
    zone: TimeZone,
}

/// The night that leads to Tuesday, 5 March 2024.
const TUESDAY: civil::Date = civil::date(2024, 3, 5);

impl Night {
    /// After Monday's settlement at 5000 points.
    fn begin() -> Self {
        let breaker = |pack: &str| {
            format!("\n[[breaker]]\nname = {pack:?}\npack = {pack:?}\nscope = \"XCME/ES\"\non_stale = \"ignore\"\n")
        };
        let include = "include = [\"cme-equity-overnight\", \"cme-equity-dynamic\"]\n";
        let text = format!("{include}{}{}", breaker("cme-equity-overnight"), breaker("cme-equity-dynamic"));
        let config = parse(&text, "f").unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let zone = TimeZoneDatabase::bundled().get("America/Chicago").unwrap();
        let system = System::manual(config.plan, instant(&zone, TUESDAY, "2024-03-04 16:30:00")).unwrap();
        let (gate, tape) = (system.gate(&["XCME/ES"]).unwrap(), system.feed("XCME/ES").unwrap());
        let mut night = Self { system, gate, tape, zone };
        night.settles(5_000 * POINT, Date::new(2024, 3, 4));
        night
    }

    fn settles(&mut self, raw: i64, date: Date) {
        self.tape.reference(Price::from_raw(raw), date, self.system.now()).unwrap();
    }

    /// Why orders are denied once the clock says this.
    fn wait(&self, clock: &str) -> Reason {
        self.system.advance(instant(&self.zone, TUESDAY, clock));
        let verdict = self.gate.check();
        assert!(self.gate.permits(Intent::Cancel));
        if verdict == Verdict::CLEAR || !verdict.denies_any() {
            Reason::None
        } else {
            self.gate.explain(verdict).reason
        }
    }

    fn trade(&mut self, clock: &str, raw: i64) -> Reason {
        self.wait(clock);
        self.tape.trade(Price::from_raw(raw), Qty(1), self.system.now()).unwrap();
        self.wait(clock)
    }
}

#[test]
fn it_pauses_stands_at_its_limit_and_ends_with_the_bell_of_the_stock_market() {
    let mut night = Night::begin();
    assert_eq!(night.wait("2024-03-04 16:30:00"), Reason::NotReady, "of the dynamic one nobody has heard yet");
    night.tape.heartbeat(night.system.now()).unwrap();
    assert_eq!(night.wait("2024-03-04 17:00:00"), Reason::None);
    assert_eq!(night.trade("2024-03-04 17:00:01", 5_000 * POINT), Reason::None);
    // 3.5 % within the hour, at the unit; and over midnight.
    assert_eq!(night.trade("2024-03-04 23:30:00", 5_000 * POINT), Reason::None);
    assert_eq!(night.trade("00:29:59", 4_825 * POINT + 1), Reason::None);
    assert_eq!(night.trade("00:29:59", 4_825 * POINT), Reason::Limit);
    assert_eq!(night.trade("00:31:58.999999", 4_700 * POINT), Reason::Limit);
    assert_eq!(night.trade("00:31:59", 4_800 * POINT), Reason::None, "two minutes later it trades, 4 % down");
    // The limit of the night, by a slow fall.
    assert_eq!(night.trade("01:20:00", 4_720 * POINT), Reason::None);
    assert_eq!(night.trade("02:00:00", 4_650 * POINT + 1), Reason::None);
    assert_eq!(night.trade("02:00:00.5", 4_650 * POINT), Reason::Rung);
    assert_eq!(night.trade("05:00:00", 4_900 * POINT), Reason::Rung, "whatever is told meanwhile");
    assert_eq!(night.wait("08:29:59.999999999"), Reason::Rung);
    // The move from 4650 to 4900 was a pause of its own, long over with the next word.
    night.tape.heartbeat(night.system.now()).unwrap();
    assert_eq!(night.wait("08:30:00"), Reason::None);
    assert_eq!(night.trade("10:00:00", 4_000 * POINT), Reason::None, "by day neither of the two holds");
    assert_eq!(night.wait("15:30:00"), Reason::None);
    night.settles(4_000 * POINT, Date::new(2024, 3, 5));
    assert_eq!(night.wait("17:00:00"), Reason::None);
    assert_eq!(night.trade("17:00:01", 3_800 * POINT), Reason::None, "5 % below, within an hour of nothing");
    assert_eq!(night.trade("18:30:00", 4_280 * POINT - 1), Reason::None);
    assert_eq!(night.trade("18:30:00", 4_280 * POINT), Reason::Rung, "7 % above: the limit is on both sides");
}

#[test]
fn the_afternoon_has_a_dynamic_breaker_of_its_own_by_its_calendar() {
    let text = "include = [\"cme-equity-dynamic\"]\n[[breaker]]\nname = \"dcb\"\npack = \"cme-equity-dynamic\"\n\
                scope = \"XCME/ES\"\ncalendar = \"cme-equity-afternoon\"\n";
    let config = parse(text, "f").unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let zone = TimeZoneDatabase::bundled().get("America/Chicago").unwrap();
    let system = System::manual(config.plan, instant(&zone, TUESDAY, "14:00:00")).unwrap();
    let (gate, tape) = (system.gate(&["XCME/ES"]).unwrap(), system.feed("XCME/ES").unwrap());
    let mut night = Night { system, gate, tape, zone };
    for (clock, points, reason) in [
        ("14:59:59.999999999", 5_000, Reason::None),
        ("15:00:00", 4_000, Reason::None),
        ("15:00:10", 3_861, Reason::None),
        ("15:00:20", 3_860, Reason::Limit),
        ("15:02:20", 3_800, Reason::None),
    ] {
        assert_eq!(night.trade(clock, points * POINT), reason, "{clock}");
    }
    for clock in ["15:02:49", "15:03:18", "15:03:47"] {
        assert_eq!(night.trade(clock, 3_800 * POINT), Reason::None, "{clock}");
    }
    assert_eq!(night.wait("15:04:17"), Reason::Stale, "silence in session trips");
    assert_eq!(night.trade("16:00:01", 3_000 * POINT), Reason::None, "after four it says nothing");
}

#[test]
fn a_night_without_its_reference_is_denied_from_the_bell_on() {
    let mut night = Night::begin();
    night.trade("08:30:01", 5_000 * POINT);
    assert_eq!(night.wait("16:59:59.999999999"), Reason::None);
    assert_eq!(night.wait("17:00:00"), Reason::NotReady);
}
