//! The built-in packs: each is complete, and a System takes the plan that its example makes.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/session.rs"]
mod session;

use haltline::{Nanos, Price, PriceBand, Side, System, Tier};
use haltline_config::{Config, Pack, load, pack, packs, parse};
use jiff::civil::date;
use session::{Day, POINT, halted};

fn example(pack: &Pack) -> Config {
    parse(&pack.example(), "f").unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

#[test]
fn each_makes_a_system_and_has_nothing_that_is_worth_a_warning() {
    for pack in packs() {
        let config = example(pack);
        assert_eq!(config.warnings, [], "{}", pack.name);
        assert!(System::manual(config.plan, Nanos(0)).is_ok(), "{}", pack.name);
        assert!(!config.calendars.is_empty());
    }
}

#[test]
fn each_says_what_it_is_and_its_ladder_is_in_force_from_that_day_on() {
    let names: Vec<&str> = packs().iter().map(|pack| pack.name).collect();
    let us = ["us-equities", "us-mwcb", "us-luld-1", "us-luld-2", "cme-equity"];
    assert_eq!(names, [&us[..], &["cme-equity-overnight", "cme-equity-dynamic", "krx", "nse"]].concat());
    for pack in packs() {
        assert!(pack.toml.contains(&format!("\n[pack]\nname = {:?}\n", pack.name)));
        assert!([&pack.title, &pack.version, &pack.source, &pack.summary].iter().all(|text| !text.is_empty()));
        assert_eq!(pack.effective_to.is_some(), pack.name == "us-equities");
        let rule = &example(pack).plan.breakers[0].rule;
        let ladder = rule.ladder().cloned();
        assert_eq!(ladder.is_some() || rule.band().is_some() || rule.rolling().is_some(), pack.has_breaker);
        if let Some(ladder) = ladder {
            assert_eq!(ladder.effective_from, Some(pack.effective_from), "{}", pack.name);
            assert!(pack.summary.contains("Not covered"), "{}", pack.name);
        }
    }
}

#[test]
fn each_is_described() {
    let docs = include_str!("../../../docs/breakers.md");
    for pack in packs() {
        assert!(docs.contains(&format!("\n| `{}` |", pack.name)), "{}", pack.name);
    }
}

#[test]
fn the_us_ladder_is_the_one_of_the_scenario() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/us-equities.toml");
    let scenario = load(&file).unwrap().plan.breakers[0].rule.ladder().unwrap().clone();
    let pack = pack("us-mwcb").unwrap();
    let ladder = example(pack).plan.breakers[0].rule.ladder().unwrap().clone();
    let same = haltline::Ladder { sessions: scenario.sessions.clone(), ..(*ladder).clone() };
    assert_eq!(same, *scenario);
}

#[test]
fn the_bands_of_each_tier_are_those_of_the_core_and_one_line_guards_a_market() {
    for (name, tier) in [("us-luld-1", Tier::One), ("us-luld-2", Tier::Two)] {
        let text = "include = [NAME]\nscopes = [\"XNAS/AAPL\", \"XNAS/MSFT\"]\n\
                    [[breaker]]\nname = \"luld\"\npack = NAME\nscope = \"XNAS/*\"\n";
        let config = parse(&text.replace("NAME", &format!("{name:?}")), "f").unwrap_or_else(|m| panic!("{m}"));
        let sessions = config.calendars["us-equities"].sessions.clone();
        let band = config.plan.templates[0].rule.band().unwrap();
        assert_eq!(**band, PriceBand::luld(tier, sessions));
        let system = System::manual(config.plan, Nanos(0)).unwrap();
        assert!(system.breaker("luld:AAPL").is_ok() && system.breaker("luld:MSFT").is_ok());
        let gate = system.gate(&["XNAS/AAPL"]).unwrap();
        assert!(!gate.admits_price(Price::from_f64(100.0).unwrap(), Side::Buy), "no band yet");
    }
}

#[test]
fn a_future_at_its_limit_halts_as_the_stock_market_does_and_not_from_14_25_on() {
    let chicago = || Day::of("cme-equity", "America/Chicago", date(2024, 3, 5), "on_stale = \"ignore\"\n");
    assert_eq!(chicago().price("10:00:00", 930 * POINT + 1), None);
    assert_eq!(chicago().price("10:00:00", 1_200 * POINT), None, "no limit is above the market");
    assert_eq!(chicago().price("10:00:00", 930 * POINT), halted(1, "10:15:00"));
    assert_eq!(chicago().price("10:00:00", 870 * POINT), halted(2, "10:15:00"));
    assert_eq!(chicago().price("14:24:59.999999", 930 * POINT), halted(1, "14:39:59.999999"));
    assert_eq!(chicago().price("14:25:00", 870 * POINT), None);
    assert_eq!(chicago().price("15:00:00", 800 * POINT), halted(3, "2024-03-06 08:30:00"));
}

/// The night before Tuesday, 5 March 2024.
fn night() -> Day {
    let mut night = Day::of("cme-equity-overnight", "America/Chicago", date(2024, 3, 5), "on_stale = \"ignore\"\n");
    assert_eq!(night.price("2024-03-04 17:00:00.000000001", 1_000 * POINT), None);
    night
}

#[test]
fn a_future_at_its_limit_of_the_night_halts_until_the_stock_market_opens() {
    for (limit, inside) in [(930 * POINT, 1), (1_070 * POINT, -1)] {
        for clock in ["2024-03-04 17:00:00.000001", "2024-03-04 23:59:59", "02:00:00", "08:29:59.999999"] {
            let mut night = night();
            assert_eq!(night.price(clock, limit + inside), None);
            assert_eq!(night.price(clock, limit), halted(1, "08:30:00"), "{clock}");
            assert_eq!(night.wait("08:29:59.999999999"), halted(1, "08:30:00"));
            assert_eq!(night.wait("08:30:00"), None);
            assert_eq!(night.price("08:30:01", limit), None, "by day another rule holds");
            assert_eq!(night.price("15:00:00", limit), None);
        }
    }
    let mut night = night();
    assert_eq!(night.price("08:30:00", 930 * POINT), halted(1, "08:30:00"), "the bell belongs to the night");
    assert_eq!(night.wait("08:30:00.000001"), None);
}

#[test]
fn each_night_is_measured_from_the_day_before_and_denies_without_that() {
    let mut night = night();
    night.wait("08:30:00");
    night.next(date(2024, 3, 6), 2_000 * POINT);
    assert_eq!(night.price("02:00:00", 1_860 * POINT + 1), None);
    assert_eq!(night.price("02:00:00", 1_860 * POINT), halted(1, "08:30:00"));
    assert!(!night.lacks_reference("08:30:00.000000001"), "by day it needs none");
    assert!(!night.lacks_reference("16:59:59.999999999"));
    assert!(night.lacks_reference("17:00:00"), "in the night it does");
}

#[test]
fn holidays_of_one_s_own_replace_the_calendar_of_a_pack() {
    let krx = pack("krx").unwrap();
    let own = "calendar = \"seoul\"\n\n[[calendar]]\nname = \"seoul\"\ntimezone = \"Asia/Seoul\"\nfrom = 2024-01-01\n\
               to = 2024-12-31\nsessions = { mon-fri = [\"09:00\", \"15:30\"] }\nholidays = [2024-03-01]\n";
    let config = parse(&(krx.example() + own), "f").unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let sessions = &config.plan.breakers[0].rule.ladder().unwrap().sessions;
    assert_eq!(*sessions, config.calendars["seoul"].sessions);
    assert!(!sessions.as_slice().iter().any(|session| session.date == session::day(date(2024, 3, 1))));
}

#[test]
fn two_breakers_of_one_pack_watch_two_indices() {
    let text = "include = [\"nse\"]\n\
                [[breaker]]\nname = \"nifty\"\npack = \"nse\"\nscope = \"IN\"\nwatch = \"index/NIFTY\"\n\
                [[breaker]]\nname = \"sensex\"\npack = \"nse\"\nscope = \"IN\"\nwatch = \"index/SENSEX\"\nshadow = true\n";
    let plan = parse(text, "f").unwrap_or_else(|mistakes| panic!("{mistakes}")).plan;
    let told: Vec<_> = plan.breakers.iter().map(|b| (&*b.name, b.watch[0].as_str(), b.policy.shadow)).collect();
    assert_eq!(told, [("nifty", "index/NIFTY", false), ("sensex", "index/SENSEX", true)]);
    assert_eq!(plan.breakers[0].rule, plan.breakers[1].rule);
}
