//! Price bands, from a plan to the gate: what is admitted, warned of, paused, and back.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use haltline::*;
use support::*;

const OPEN: u64 = 600;
const MINUTE: u64 = 60;
const LAST_CLOSE: Date = Date::new(2020, 3, 6);

fn rule(band: PriceBand) -> RuleSpec {
    RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Band(Arc::new(band)))
}

fn luld() -> PriceBand {
    PriceBand::luld(Tier::One, sessions())
}

fn bands() -> BreakerSpec {
    BreakerSpec::new("bands", scope("XNAS/AAPL"), rule(luld()))
}

struct Desk {
    system: System,
    gate: Gate,
    tape: Feed,
}

impl Desk {
    fn new(spec: BreakerSpec) -> Self {
        let system = system(vec![spec]);
        let (gate, tape) = (system.gate(&["XNAS/AAPL"]).unwrap(), system.feed("XNAS/AAPL").unwrap());
        Self { system, gate, tape }
    }

    /// It opened at 100 after a close of 100.
    fn open() -> Self {
        let mut desk = Self::new(bands());
        desk.tape.reference(price(100.0), LAST_CLOSE, at(0)).unwrap();
        desk.trade(OPEN, 100.0);
        desk
    }

    fn trade(&mut self, secs: u64, value: f64) {
        self.system.advance(at(secs));
        self.tape.trade(price(value), Qty(100), at(secs)).unwrap();
    }

    fn quote(&mut self, secs: u64, bid: f64, ask: f64) {
        self.system.advance(at(secs));
        self.tape.quote(price(bid), price(ask), at(secs)).unwrap();
    }

    /// The highest price of a purchase and the lowest of a sale, of some.
    fn admitted(&self) -> Option<(f64, f64)> {
        let prices = || (0..=400).map(|half| f64::from(half) * 0.5);
        let buys = prices().rfind(|p| self.gate.admits_price(price(*p), Side::Buy));
        let sells = prices().find(|p| self.gate.admits_price(price(*p), Side::Sell));
        buys.zip(sells)
    }

    /// What is denied or warned of, and why.
    fn why(&self) -> Reason {
        let verdict = self.gate.check();
        if verdict == Verdict::CLEAR { Reason::None } else { self.gate.explain(verdict).reason }
    }
}

const ALL: Option<(f64, f64)> = Some((200.0, 0.0));

#[test]
fn it_denies_until_the_close_is_known_and_admits_prices_only_in_session() {
    let mut desk = Desk::new(bands());
    assert_eq!((desk.why(), desk.admitted()), (Reason::NotReady, None));
    desk.tape.reference(price(100.0), LAST_CLOSE, at(0)).unwrap();
    assert_eq!((desk.why(), desk.admitted()), (Reason::None, None), "before the open");
    desk.trade(OPEN, 110.0);
    assert_eq!((desk.why(), desk.admitted()), (Reason::None, Some((115.5, 104.5))));
    let close = at(OPEN) + Duration::from_secs(6 * 3_600 + 1_800);
    desk.system.advance(close + Duration::from_nanos(1));
    assert_eq!(desk.why(), Reason::Stale, "nobody has heard of it for hours");
    desk.tape.heartbeat(close + Duration::from_nanos(1)).unwrap();
    assert_eq!(desk.admitted(), None);
}

#[test]
fn a_limit_state_warns_and_becomes_a_pause_in_silence() {
    let mut desk = Desk::open();
    desk.quote(OPEN + 1, 94.9, 95.0);
    assert_eq!((desk.why(), desk.admitted()), (Reason::LimitState, Some((105.0, 95.0))));
    assert!(desk.gate.permits(Intent::Increase) && desk.gate.check().warns());
    let due = at(OPEN + 16);
    desk.system.advance(due - Duration::from_nanos(1));
    assert!(desk.gate.permits(Intent::Increase));
    desk.system.advance(due);
    assert_eq!(desk.why(), Reason::TradingPause);
    assert!(!desk.gate.permits(Intent::Reduce) && desk.gate.permits(Intent::Cancel));
    assert_eq!(status(&desk.system, "bands").until, Some(due + Duration::from_secs(5 * MINUTE)));
    desk.tape.heartbeat(due).unwrap();
    assert_eq!(desk.admitted(), None, "no price in a pause");
}

#[test]
fn a_pause_ends_with_the_first_observation_after_its_time() {
    let mut desk = Desk::open();
    desk.quote(OPEN + 1, 94.9, 95.0);
    let end = OPEN + 16 + 5 * MINUTE;
    desk.system.advance(at(end + 1));
    assert_eq!(desk.why(), Reason::TradingPause, "nobody has said anything");
    desk.tape.heartbeat(at(end + 1)).unwrap();
    assert_eq!((desk.why(), desk.admitted()), (Reason::None, Some((105.0, 95.0))));
    desk.trade(end + 2, 90.0);
    assert_eq!(desk.admitted(), Some((94.5, 85.5)), "the reopening price");
}

#[test]
fn the_venue_may_extend_a_pause() {
    let mut desk = Desk::open();
    desk.quote(OPEN + 1, 94.9, 95.0);
    desk.system.advance(at(OPEN + 16));
    let end = OPEN + 16 + 5 * MINUTE;
    assert_eq!(status(&desk.system, "bands").until, Some(at(end)));
    desk.tape.venue(VenueStatus::Halted, at(OPEN + 17)).unwrap();
    assert_eq!(status(&desk.system, "bands").until, Some(at(end + 5 * MINUTE)), "who asks is told of the longer one");
    desk.system.advance(at(end + 1));
    desk.tape.heartbeat(at(end + 1)).unwrap();
    assert_eq!(desk.why(), Reason::TradingPause);
    desk.tape.venue(VenueStatus::Open, at(end + 1)).unwrap();
    assert_eq!(desk.why(), Reason::None);
}

#[test]
fn a_pause_that_would_end_in_the_last_ten_minutes_ends_after_the_close_and_says_so() {
    let mut desk = Desk::open();
    let close = OPEN + 6 * 3_600 + 1_800;
    // Twice as wide, in the last 25 minutes.
    let last = close - 10 * MINUTE - 16 - 5 * MINUTE;
    for (begin, end) in [(last - 1, at(close - 10 * MINUTE - 1)), (last, at(close - 10 * MINUTE))] {
        desk.quote(begin + 1, 89.9, 90.0);
        desk.system.advance(at(begin + 16));
        assert_eq!((desk.why(), status(&desk.system, "bands").until), (Reason::TradingPause, Some(end)));
        desk = Desk::open();
    }
    let mut told = None;
    events(&desk.system);
    desk.quote(last + 2, 89.9, 90.0);
    desk.system.advance(at(last + 17));
    desk.system.drain(|event| told = Some(*event));
    let end = at(close) + Duration::from_nanos(1);
    assert_eq!((told.unwrap().event_type(), told.unwrap().until), (EventType::Tripped, end));
    assert_eq!(desk.gate.explain(desk.gate.check()).until, Some(end));
}

#[test]
fn a_straddle_warns_and_never_pauses() {
    let mut desk = Desk::open();
    for second in 1..40 {
        desk.quote(OPEN + second, 94.0, 100.0);
        assert_eq!(desk.why(), Reason::Straddle);
    }
    desk.quote(OPEN + 40, 99.0, 100.0);
    assert_eq!(desk.why(), Reason::None);
}

#[test]
fn a_straddle_that_becomes_a_limit_state_pauses() {
    let mut desk = Desk::open();
    desk.quote(OPEN + 1, 94.0, 100.0);
    desk.quote(OPEN + 2, 94.0, 95.0);
    assert_eq!(desk.why(), Reason::LimitState, "what is so now, not what it began with");
    desk.system.advance(at(OPEN + 17));
    assert_eq!(desk.why(), Reason::TradingPause);
}

#[test]
fn a_reload_keeps_the_bands_and_what_goes_admits_all() {
    let mut desk = Desk::open();
    let (known, bands_of) = (Some((105.0, 95.0)), |spec| plan(vec![spec]));
    let wider = PriceBand { step: ratio(0.02), ..luld() };
    desk.system.reload(&bands_of(BreakerSpec::new("bands", scope("XNAS/AAPL"), rule(wider)))).unwrap();
    assert_eq!(desk.admitted(), known, "the same breaker");
    desk.trade(OPEN + 1, 100.0);
    assert_eq!((desk.why(), desk.admitted()), (Reason::None, known));
    desk.system.reload(&plan(vec![manual("desk", "XNAS/AAPL")])).unwrap();
    assert_eq!(desk.admitted(), ALL, "gone");
    desk.trade(OPEN + 2, 100.0);
    assert_eq!(desk.admitted(), ALL);
    desk.system.reload(&bands_of(bands())).unwrap();
    assert_eq!((desk.why(), desk.admitted()), (Reason::NotReady, None), "a new one knows nothing");
    desk.trade(OPEN + 3, 100.0);
    desk.tape.reference(price(100.0), LAST_CLOSE, at(OPEN + 3)).unwrap();
    assert_eq!((desk.why(), desk.admitted()), (Reason::None, known));
}

#[test]
fn a_shadow_and_one_that_is_disabled_admit_all_and_deny_again_when_they_count() {
    let mut desk = Desk::open();
    let known = Some((105.0, 95.0));
    let (policy, with) = (bands().policy, |policy| plan(vec![bands().with_policy(policy)]));
    for out in [Policy { shadow: true, ..policy.clone() }, Policy { enabled: false, ..policy.clone() }] {
        desk.system.reload(&with(out)).unwrap();
        assert_eq!(desk.admitted(), ALL);
        desk.trade(OPEN + 1, 100.0);
        assert_eq!(desk.admitted(), ALL);
        desk.system.reload(&with(policy.clone())).unwrap();
        assert_eq!(desk.admitted(), None, "until its feed has spoken");
        desk.trade(OPEN + 1, 100.0);
        assert_eq!(desk.admitted(), known);
    }
}

#[test]
fn a_feed_that_nobody_holds_brings_its_bands_along_at_once() {
    let Desk { system, gate, tape } = Desk::open();
    drop(tape);
    system.reload(&plan(vec![bands().with_policy(Policy { shadow: true, ..bands().policy })])).unwrap();
    system.reload(&plan(vec![bands()])).unwrap();
    assert!(gate.admits_price(price(105.0), Side::Buy) && !gate.admits_price(price(105.01), Side::Buy));
    let mut tape = system.feed("XNAS/AAPL").unwrap();
    tape.trade(price(100.0), Qty(1), at(OPEN)).unwrap();
    assert!(!gate.admits_price(price(105.01), Side::Buy));
}

#[test]
fn after_a_shutdown_no_price_is_admitted_of_any_scope() {
    let mut desk = Desk::open();
    let others = desk.system.gate(&["XNAS"]).unwrap();
    assert!(others.admits_price(price(1.0), Side::Sell));
    desk.system.shutdown(Duration::ZERO).unwrap();
    assert_eq!(desk.admitted(), None);
    assert!(!others.admits_price(price(1.0), Side::Sell));
    assert!(desk.tape.trade(price(100.0), Qty(1), at(OPEN)).is_err());
    assert_eq!(desk.admitted(), None);
}

#[test]
fn a_gate_asks_the_band_of_the_first_of_its_scopes_that_has_one() {
    let system = System::manual(Plan { scopes: vec![scope("acct")], ..plan(vec![bands()]) }, at(0)).unwrap();
    let asks = |scopes: &[&str]| !system.gate(scopes).unwrap().admits_price(price(100.0), Side::Buy);
    assert!(asks(&["XNAS/AAPL"]) && asks(&["XNAS/AAPL", "acct"]) && asks(&["acct", "XNAS/AAPL"]));
    assert!(!asks(&["acct"]) && !asks(&["XNAS"]) && !asks(&[]));
    // One that is not in force yet will be asked when it is.
    let mut spec = bands();
    spec.policy.shadow = true;
    let system = System::manual(Plan { scopes: vec![scope("acct")], ..plan(vec![spec]) }, at(0)).unwrap();
    let gate = system.gate(&["acct", "XNAS/AAPL"]).unwrap();
    assert!(gate.admits_price(price(100.0), Side::Buy));
    system.reload(&Plan { scopes: vec![scope("acct")], ..plan(vec![bands()]) }).unwrap();
    assert!(!gate.admits_price(price(100.0), Side::Buy));
}

#[test]
fn what_cannot_be_is_refused() {
    let refused = |breakers| System::manual(plan(breakers), at(0)).unwrap_err().to_string();
    let second = BreakerSpec { name: "more".into(), ..bands() };
    assert!(refused(vec![bands(), second]).contains("has a price band already"));
    let two = bands().watching(vec![scope("XNAS/AAPL"), scope("BATS/AAPL")]);
    assert!(refused(vec![two]).contains("one feed"));
    let policy = || bands().policy;
    let with = |policy| vec![bands().with_policy(policy)];
    assert!(refused(with(Policy { confirm: 2, ..policy() })).contains("limit state"));
    assert!(refused(with(Policy { release: Release::Level, ..policy() })).contains("release"));
    assert!(refused(with(Policy { sessions: None, ..policy() })).contains("sessions"));
    let cooldown_for = Duration::from_secs(1);
    assert!(refused(with(Policy { cooldown_for, ..policy() })).contains("cooldown_for"));
}

#[test]
fn quotes_are_told_to_others_as_before() {
    let spread = AnomalyDetection::with_source(AnomalySource::Spread);
    let spreads =
        spec("spreads", "XNAS/AAPL", RuleSpec::AnomalyDetection(spread), Kind::AnomalyDetection.default_policy());
    let system = system(vec![bands(), spreads]);
    let mut tape = system.feed("XNAS/AAPL").unwrap();
    tape.quote(price(99.0), price(100.0), at(1)).unwrap();
    assert!(tape.quote(price(99.0), price(100.0), at(100)).is_err(), "too far ahead");
    assert_eq!(status(&system, "bands").refused, 1);
    assert_eq!(status(&system, "spreads").refused, 1);
}

/// The book of a crash: all bids are gone, and an offer stands at the lower band. No bid is a bid below everything.
#[test]
fn an_offer_at_the_band_is_a_limit_state_whether_anybody_bids_or_not() {
    for bid in [Some(94.9), None] {
        let mut desk = Desk::open();
        for second in 1..=16 {
            desk.system.advance(at(OPEN + second));
            desk.tape.top_of_book(bid.map(price), Some(price(95.0)), at(OPEN + second)).unwrap();
            let status = status(&desk.system, "bands");
            let expected = if second < 16 {
                (Status::Warning, Reason::LimitState)
            } else {
                (Status::Tripped, Reason::TradingPause)
            };
            assert_eq!((status.status, status.reason), expected, "{bid:?}, second {second}");
        }
    }
}

/// Whoever tells every second that there is no book is not silent, and a halt for silence ends with it.
#[test]
fn an_empty_book_is_no_silence() {
    let mut desk = Desk::open();
    for second in 1..=120 {
        desk.system.advance(at(OPEN + second));
        desk.tape.top_of_book(None, None, at(OPEN + second)).unwrap();
        assert_ne!(status(&desk.system, "bands").status, Status::Tripped, "second {second}");
    }
    desk.system.advance(at(OPEN + 600));
    assert_eq!(status(&desk.system, "bands").reason, Reason::Stale);
    desk.system.advance(at(OPEN + 1_000));
    desk.tape.top_of_book(None, None, at(OPEN + 1_000)).unwrap();
    assert_ne!(status(&desk.system, "bands").status, Status::Tripped);
}
