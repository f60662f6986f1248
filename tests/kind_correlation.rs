//! A correlation through its whole life: read on its grid by the monitor, from the last prices of several feeds.
#![allow(clippy::unwrap_used)]

mod support;
use std::time::Duration;

use haltline::*;
use support::*;

const LEGS: [&str; 3] = ["XNAS/A", "XNAS/B", "XNAS/C"];

/// Three returns of ten seconds.
fn rule(mode: CorrelationMode) -> Correlation {
    let sample = Some(Duration::from_secs(10));
    Correlation { sample, returns: 3, baseline: 2, ..Correlation::with_mode(mode) }
}

fn basket(rule: Correlation, legs: &[&str], policy: Policy) -> BreakerSpec {
    let watch = legs.iter().map(|leg| scope(leg)).collect();
    BreakerSpec { watch, ..spec("basket", "acct/a", RuleSpec::Correlation(rule), policy) }
}

fn policy() -> Policy {
    Policy { on_stale: OnStale::Ignore, ..Kind::Correlation.default_policy() }
}

/// A System, and its feeds of the first so many legs.
struct Market {
    system: System,
    feeds: Vec<Feed>,
}

impl Market {
    fn new(spec: BreakerSpec) -> Self {
        let system = system(vec![spec]);
        let feeds = LEGS.iter().filter_map(|leg| system.feed(leg).ok()).collect();
        Self { system, feeds }
    }

    /// A price on each feed just before an edge, then the edge. Zero is no price.
    fn sample(&mut self, edge: u64, prices: &[i64]) -> BreakerStatus {
        let before = at(edge * 10 - 1);
        self.system.advance(before);
        for (feed, price) in self.feeds.iter_mut().zip(prices).filter(|(_, price)| **price > 0) {
            feed.trade(Price::from_raw(*price), Qty(1), before).unwrap();
        }
        self.system.advance(at(edge * 10));
        status(&self.system, "basket")
    }

    fn run(&mut self, from: u64, closes: &[&[i64]]) -> Vec<Status> {
        (from..).zip(closes).map(|(edge, prices)| self.sample(edge, prices).status).collect()
    }
}

/// They move as they like: the pairs' correlations of the last three returns are below the warn level.
const APART: &[&[i64]] = &[&[100, 100], &[101, 100], &[100, 101], &[101, 100]];

#[test]
fn it_denies_until_a_window_is_full_then_trips_as_they_move_as_one() {
    let mut market = Market::new(basket(rule(CorrelationMode::Rise), &LEGS[..2], policy()));
    let gate = market.system.gate(&["acct/a"]).unwrap();
    assert!(!gate.permits(Intent::Increase));
    assert_eq!(gate.explain(gate.check()).reason, Reason::NotReady);
    for (edge, prices) in (1..).zip(&APART[..3]) {
        assert!(market.sample(edge, prices).unready);
        assert!(!gate.permits(Intent::Reduce), "{edge}");
    }
    let calm = market.sample(4, APART[3]);
    assert!(gate.permits(Intent::Increase) && !calm.unready && calm.status == Status::Active);
    assert_eq!(market.run(5, &[&[100, 99], &[102, 101]]), [Status::Active, Status::Tripped]);
    assert!(!gate.permits(Intent::Reduce) && gate.permits(Intent::Cancel));
    let now = status(&market.system, "basket");
    assert_eq!((now.since, now.reason, now.until), (at(60), Reason::Limit, Some(at(60) + Duration::from_secs(900))));
    assert!(now.value.is_some_and(|(value, limit)| (value - 0.7562).abs() < 1e-4 && limit == 0.7), "{now:?}");
}

#[test]
fn the_trip_comes_at_the_edge_to_the_nanosecond_and_to_no_other_time() {
    let mut market = Market::new(basket(rule(CorrelationMode::Rise), &LEGS[..2], policy()));
    market.run(1, &[&[100, 100], &[101, 101], &[100, 100]]);
    for feed in &mut market.feeds {
        feed.trade(Price::from_raw(101), Qty(1), at(31)).unwrap();
    }
    market.system.advance(at(40) - Duration::from_nanos(1));
    assert_eq!(status(&market.system, "basket").status, Status::Active);
    market.system.advance(at(100));
    let now = status(&market.system, "basket");
    assert_eq!((now.status, now.since), (Status::Tripped, at(40)), "a leap sees each edge at its own time");
}

#[test]
fn it_comes_back_after_its_time_with_a_reading_that_is_none() {
    let policy = Policy {
        halt: Halt::Timed { base: Duration::from_secs(20), backoff: 1.0, max: Duration::from_secs(20) },
        ..policy()
    };
    let mut market = Market::new(basket(rule(CorrelationMode::Rise), &LEGS[..2], policy));
    let together: &[&[i64]] = &[&[100, 100], &[101, 101], &[100, 100], &[101, 101], &[100, 100], &[101, 101]];
    let tripped = market.run(1, together);
    assert_eq!(tripped[3..], [Status::Tripped; 3], "its time is up at the sixth edge, but the cause stands");
    assert_eq!(market.run(7, &[&[102, 100]]), [Status::Active], "0.5 is none");
}

#[test]
fn confirmations_count_samples() {
    let mut market = Market::new(basket(rule(CorrelationMode::Rise), &LEGS[..2], Policy { confirm: 2, ..policy() }));
    let found = market.run(1, &[&[100, 100], &[101, 101], &[100, 100], &[101, 101], &[100, 100]]);
    assert_eq!(found[3..], [Status::Warning, Status::Tripped]);
}

#[test]
fn a_price_alone_decides_nothing_and_stays_quiet() {
    let mut market = Market::new(basket(rule(CorrelationMode::Rise), &LEGS[..2], policy()));
    market.run(1, APART);
    let before = status(&market.system, "basket");
    for price in 1..1_000 {
        market.feeds[0].trade(Price::from_raw(price), Qty(1), at(41)).unwrap();
    }
    assert_eq!(status(&market.system, "basket"), before);
    let error = market.feeds[0].trade(Price::ZERO, Qty(1), at(41)).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::BadInput, "price"));
    assert_eq!(status(&market.system, "basket").refused, 1);
    let id = market.system.breaker("basket").unwrap();
    assert_eq!(market.feeds[0].reading(id, 0.1, at(41)).unwrap_err().kind(), ErrorKind::Unknown);
}

#[test]
fn an_instrument_without_a_price_is_left_out() {
    let mut market = Market::new(basket(rule(CorrelationMode::Rise), &LEGS, policy()));
    let found = market.run(1, &[&[100, 100, 0], &[101, 101, 0], &[100, 100, 0], &[101, 101, 50]]);
    assert_eq!(found, [Status::Active, Status::Active, Status::Active, Status::Tripped]);
}

#[test]
fn instruments_that_have_stopped_moving_leave_no_value_which_denies() {
    let mut market = Market::new(basket(rule(CorrelationMode::Rise), &LEGS[..2], policy()));
    market.run(1, APART);
    let gate = market.system.gate(&["acct/a"]).unwrap();
    assert!(gate.permits(Intent::Increase));
    market.system.advance(at(70) - Duration::from_nanos(1));
    assert!(gate.permits(Intent::Increase));
    market.system.advance(at(70));
    assert!(!gate.permits(Intent::Increase), "three returns of nothing");
    assert_eq!(gate.explain(gate.check()).reason, Reason::NotReady);
}

#[test]
fn a_break_is_told_from_what_the_correlation_was() {
    let mut market = Market::new(basket(rule(CorrelationMode::Break), &LEGS[..2], policy()));
    let together: &[&[i64]] = &[&[100, 200], &[110, 220], &[100, 200], &[110, 220], &[100, 200], &[110, 220]];
    let found = market.run(1, together);
    assert_eq!(found, [Status::Active; 6]);
    let calm = status(&market.system, "basket");
    assert!(
        !calm.unready && calm.value == Some((0.0, 0.3)),
        "two readings before it, and no distance from them: {calm:?}"
    );
    assert_eq!(market.run(7, &[&[100, 240]]), [Status::Tripped], "one falls, the other rises");
}

#[test]
fn silence_of_one_instrument_is_silence() {
    let policy = Policy { stale_after: Duration::from_secs(25), ..Kind::Correlation.default_policy() };
    let mut market = Market::new(basket(rule(CorrelationMode::Rise), &LEGS[..2], policy));
    market.run(1, APART);
    market.sample(5, &[100, 0]);
    market.sample(6, &[101, 0]);
    market.system.advance(at(65) - Duration::from_nanos(1));
    assert_eq!(status(&market.system, "basket").status, Status::Active);
    market.system.advance(at(65));
    let now = status(&market.system, "basket");
    let expected = (Status::Tripped, Reason::Stale, at(65));
    assert_eq!(
        (now.status, now.reason, now.since),
        expected,
        "25 s after it was ready, the other's prices are no help"
    );
}

#[test]
fn a_reload_keeps_the_windows_and_a_leg_that_stays_keeps_its_own() {
    let mut market = Market::new(basket(rule(CorrelationMode::Rise), &LEGS[..2], policy()));
    market.run(1, &[&[100, 100], &[101, 101], &[100, 100]]);
    let strict = Correlation { limits: Limits::of(ratio(0.9)), ..rule(CorrelationMode::Rise) };
    market.system.reload(&plan(vec![basket(strict.clone(), &LEGS[..2], policy())])).unwrap();
    assert_eq!(market.sample(4, &[101, 101]).status, Status::Tripped, "the fourth close");
    market.system.reload(&plan(vec![basket(strict, &LEGS, policy())])).unwrap();
    market.feeds.push(market.system.feed(LEGS[2]).unwrap());
    let now = market.sample(5, &[100, 100, 7]);
    assert!(now.status == Status::Tripped && now.value.is_some_and(|(value, _)| value > 0.9), "{now:?}");
}

#[test]
fn the_last_value_stands_when_a_limit_changes() {
    let of = |limit| {
        let rule = Correlation { limits: Limits::of(ratio(limit)), ..rule(CorrelationMode::Rise) };
        basket(rule, &LEGS[..2], policy())
    };
    let mut market = Market::new(of(0.9));
    market.run(1, APART);
    assert_eq!(market.run(5, &[&[100, 99], &[102, 101]]), [Status::Active, Status::Warning], "0.756");
    market.system.reload(&plan(vec![of(0.75)])).unwrap();
    market.system.advance(at(61));
    assert_eq!(status(&market.system, "basket").status, Status::Tripped);
}

#[test]
fn a_breaker_that_is_gone_is_read_no_more_and_its_lines_serve_the_next() {
    let caps = Caps { listeners: 3, ..Caps::default() };
    let of = |breakers| Plan { breakers, caps, ..Plan::default() };
    let system = System::manual(of(vec![basket(rule(CorrelationMode::Rise), &LEGS[..2], policy())]), at(0)).unwrap();
    for round in 0..3 {
        system.advance(at(round * 100 + 50));
        system.reload(&of(vec![manual("desk", "acct/a")])).unwrap();
        system.advance(at(round * 100 + 90));
        let next = basket(rule(CorrelationMode::Rise), &LEGS[..2], policy());
        system.reload(&of(vec![next])).unwrap();
        assert!(status(&system, "basket").unready);
    }
    let four = basket(rule(CorrelationMode::Rise), &LEGS, policy());
    assert_eq!(system.reload(&of(vec![four])).unwrap_err().kind(), ErrorKind::Full);
}

#[test]
fn the_same_calls_give_the_same_events() {
    let run = || {
        let mut market = Market::new(basket(rule(CorrelationMode::Rise), &LEGS, Policy { confirm: 2, ..policy() }));
        let wave = |edge: u64, leg: u64| 1_000 + (edge * (7 + leg) % 11) as i64 * if edge % 20 < 10 { 1 } else { 5 };
        for edge in 1..200 {
            market.sample(edge, &[wave(edge, 0), wave(edge, edge / 40), wave(edge, 2)]);
        }
        events(&market.system)
    };
    let (first, second) = (run(), run());
    assert!(first.len() > 5, "{}: nothing has happened", first.len());
    assert_eq!(first, second);
}

#[test]
fn parameters_that_cannot_be_are_refused_with_what_is_allowed() {
    let base = rule(CorrelationMode::Rise);
    for (bad, legs, field) in [
        (Correlation { returns: 1, ..base.clone() }, 2, "window"),
        (Correlation { returns: MAX_RETURNS + 1, ..base.clone() }, 2, "window"),
        (Correlation { baseline: 0, ..base.clone() }, 2, "baseline_window"),
        (Correlation { sample: Some(Duration::ZERO), ..base.clone() }, 2, "sample"),
        (Correlation { sample: Some(Duration::from_secs(86_401)), ..base.clone() }, 2, "sample"),
        (Correlation { sample: None, ..base.clone() }, 2, "sample"),
        (Correlation { limits: Limits::of(ratio(1.1)), ..base.clone() }, 2, "limit"),
        (base.clone(), 1, "watch"),
        (base, 0, "watch"),
    ] {
        let error = System::manual(plan(vec![basket(bad, &LEGS[..legs], policy())]), at(0)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadPlan);
        assert!(error.to_string().contains(field), "{error}");
    }
}
