//! What loosens needs a time that can be; what stops does not. And a plan that has changed is followed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, its helpers too")]

mod common;

use std::time::Duration;

use common::server::{Answer, Server};
use common::{Rig, SECOND, START, TestClock, file, index};
use haltline::{
    BreakerSpec, Intent, Limits, MarketCircuitBreaker, Nanos, Plan, Ratio, Reason, RuleSpec, ScopePath, Status, System,
    Volatility, VolatilitySource,
};
use haltline_sources::{Trouble, Value};

fn scope(path: &str) -> ScopePath {
    ScopePath::new(path).unwrap()
}

/// Trips at this value of the readings of `ext/vix`.
fn wild(guards: &str, limit: f64) -> BreakerSpec {
    let limits = Limits::of(Ratio::from_f64(limit).unwrap());
    let (source, annualise) = (VolatilitySource::Level, None);
    let rule =
        Volatility { limits, source, sample: Some(SECOND), returns: 20, annualise, rise: false, breakout: false };
    BreakerSpec::new("wild", scope(guards), RuleSpec::Volatility(rule)).watching(vec![scope("ext/vix")])
}

fn vix(further: &str) -> String {
    index(&format!("breaker = \"wild\"\n{further}")).replace("index_level", "volatility_index").replace("spx", "vix")
}

fn plan(breaker: BreakerSpec) -> Plan {
    Plan { breakers: vec![breaker], ..Plan::default() }
}

fn word(word: &str, at: Nanos) -> Answer {
    Answer::json(format!("{{\"status\": {word:?}, \"time\": {}}}", at.0 / 1_000_000_000))
}

/// What New York says of itself, with a time, and a breaker that hears it.
fn venue(server: &Server) -> Rig {
    let text = index("time = \"/time\"\ntime_format = \"seconds\"");
    let text = text.replace("index_level", "venue_status").replace("spx", "nyse");
    let rule = RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Venue);
    let breaker = BreakerSpec::new("nyse", scope("XNYS"), rule).watching(vec![scope("ext/nyse")]);
    Rig::with(&file(&text, &[("URL", &server.url())]), plan(breaker))
}

#[test]
fn a_halt_with_a_time_that_cannot_be_is_doubt_until_the_next_word() {
    let server = Server::new(|_, _| word("open", START));
    let mut rig = venue(&server);
    let gate = rig.system.gate(&["XNYS"]).unwrap();
    let reason = || (!gate.permits(Intent::Increase)).then(|| gate.explain(gate.check()).reason);
    for (said, shift, expected) in [
        ("open", 0_i64, None),
        ("halted", -5, Some(Reason::VenueUnknown)),
        ("open", 0, None),
        ("halted", 60, Some(Reason::VenueUnknown)),
        // What loosens needs a time that can be.
        ("open", 60, Some(Reason::VenueUnknown)),
        ("open", -5, Some(Reason::VenueUnknown)),
        ("open", 0, None),
        ("halted", 0, Some(Reason::VenueHalted)),
    ] {
        let now = rig.clock.pass(Duration::ZERO).0.div_euclid(1_000_000_000) as i64 + 1;
        server.answer(move |_, _| word(said, Nanos::from_secs((now + shift) as u64)));
        rig.pull();
        assert_eq!(reason(), expected, "{said} {shift}");
    }
    assert_eq!(rig.source.status().counts.refused(), 4);
}

#[test]
fn after_a_doubt_the_same_word_is_news() {
    let at = START + SECOND;
    let server = Server::new(move |_, _| word("open", at));
    let mut rig = venue(&server);
    let gate = rig.system.gate(&["XNYS"]).unwrap();
    for _ in 0..3 {
        server.answer(move |_, _| word("open", at));
        rig.pull();
        assert!(gate.permits(Intent::Increase));
        server.answer(move |_, _| word("halted", at - SECOND));
        rig.pull();
        assert!(!gate.permits(Intent::Increase));
    }
}

#[test]
fn what_the_feed_has_refused_is_told_when_it_can_be() {
    let server =
        Server::new(|_, _| Answer::json(format!("{{\"value\": 17, \"time\": {}}}", START.0 / 1_000_000_000 + 700)));
    let text = vix("time = \"/time\"\ntime_format = \"seconds\"\nmax_ahead = \"20m\"");
    let mut rig = Rig::with(&file(&text, &[("URL", &server.url())]), plan(wild("XNYS", 40.0)));
    let gate = rig.system.gate(&["XNYS"]).unwrap();
    let pull = |rig: &mut Rig, time| {
        let now = rig.clock.pass(time);
        rig.system.advance(now);
        rig.source.pull(&mut rig.calls, now)
    };
    assert!(pull(&mut rig, SECOND).is_err());
    let status = rig.source.status();
    assert_eq!((status.counts.told, status.counts.unheard, status.value), (0, 1, None));
    assert_eq!(status.failure.unwrap().trouble, Trouble::System);
    pull(&mut rig, Duration::from_secs(700)).unwrap();
    assert_eq!(rig.source.status().counts.told, 1);
    assert!(gate.permits(Intent::Increase));
}

#[test]
fn a_reload_that_moves_a_breaker_is_followed() {
    let server = Server::new(|n, _| Answer::json(format!("{{\"value\": {}}}", 17 + n % 2)));
    let file = file(&vix(""), &[("URL", &server.url())]);
    let mut rig = Rig::with(&file, plan(wild("XNYS", 40.0)));
    rig.pull();
    let mut moved = plan(wild("US", 40.0));
    file.add_to(&mut moved);
    rig.system.reload(&moved).unwrap();
    let gate = rig.system.gate(&["US"]).unwrap();
    rig.pull();
    assert!(gate.permits(Intent::Increase) && rig.source.status().failure.is_none());
    server.answer(|_, _| Answer::json("{\"value\": 40}"));
    rig.pull();
    assert!(!gate.permits(Intent::Increase));
}

#[test]
fn a_plan_without_the_breakers_of_the_sources_is_told_and_comes_back() {
    let server = Server::new(|n, _| Answer::json(format!("{{\"value\": {}}}", 17 + n % 2)));
    let file = file(&vix(""), &[("URL", &server.url())]);
    let mut rig = Rig::with(&file, plan(wild("XNYS", 40.0)));
    rig.pull();
    rig.system.reload(&plan(wild("XNYS", 40.0))).unwrap();
    let status = rig.pull();
    assert_eq!((status.counts.told, status.failure.unwrap().trouble), (2, Trouble::System));
    let mut whole = plan(wild("XNYS", 40.0));
    file.add_to(&mut whole);
    rig.system.reload(&whole).unwrap();
    assert_eq!(
        (rig.pull().failure, rig.status("data:vix"), rig.status("calls:vix")),
        (None, Status::Active, Status::Active)
    );
    server.answer(|_, _| Answer::status(500));
    (0..3).for_each(|_| drop(rig.pull()));
    assert_eq!(rig.status("calls:vix"), Status::Tripped, "and is guarded again");
}

#[test]
fn a_number_is_handed_on_in_the_unit_of_the_file() {
    for (unit, limit) in [("one", 40.0), ("percent", 0.40), ("basis_points", 0.004)] {
        let server = Server::new(|_, _| Answer::json("{\"value\": 39.9}"));
        let text = vix(&format!("unit = {unit:?}"));
        let mut rig = Rig::with(&file(&text, &[("URL", &server.url())]), plan(wild("XNYS", limit)));
        rig.pull();
        assert_ne!(rig.status("wild"), Status::Tripped, "{unit}");
        server.answer(|_, _| Answer::json("{\"value\": 40}"));
        rig.pull();
        assert_eq!(rig.status("wild"), Status::Tripped, "{unit}");
    }
}

#[test]
fn a_close_that_comes_with_a_price_is_its_reference() {
    let server = Server::new(|_, _| {
        Answer::json(format!(
            "{{\"value\": 2764.21, \"time\": {}, \"close\": 2972.37, \"session\": \"2020-03-06\"}}",
            START.0 / 1_000_000_000 + 1
        ))
    });
    let text = index("time = \"/time\"\ntime_format = \"seconds\"\nclose = \"/close\"\nsession = \"/session\"");
    let market = "include = [\"us-mwcb\"]\n[[breaker]]\nname = \"mwcb\"\npack = \"us-mwcb\"\nscope = \"\"\nwatch = \"ext/spx\"\n";
    let market = haltline_config::parse(market, "market.toml").unwrap();
    let mut rig = Rig::with(&file(&text, &[("URL", &server.url())]), market.plan);
    let gate = rig.system.gate(&[]).unwrap();
    assert!(!gate.permits(Intent::Increase), "no reference yet");
    // 7 % below 2972.37 are 2764.3041.
    rig.pull();
    assert_eq!(gate.explain(gate.check()).reason, Reason::Rung);
    assert_eq!(rig.source.status().value, Some((Value::Number(2764.21), START + SECOND)));
}

#[test]
fn a_stream_is_started_and_not_pulled() {
    let text = index("mode = \"stream\"");
    let file = file(&text, &[("URL", "http://127.0.0.1:1/")]);
    let mut plan = Plan::default();
    file.add_to(&mut plan);
    let system = System::manual(plan, START).unwrap();
    let refused = file.attach(&system, TestClock::new()).unwrap_err();
    assert!(refused.to_string().contains("allowed are polls"), "{refused}");
    assert!(system.feed("ext/spx").is_ok(), "and nothing is claimed");
}
