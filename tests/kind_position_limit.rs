//! `position_limit` in a whole System: from a plan to what a gate says, with exact times.
#![allow(clippy::unwrap_used)]

mod support;
use std::time::Duration;

use haltline::*;
use support::*;

const TICK: Duration = Duration::from_nanos(1);
const APPLE: u64 = 1;
const BASF: u64 = 2;

fn limits(rule: PositionLimit) -> BreakerSpec {
    spec("limits", "acct/a", RuleSpec::PositionLimit(rule), Kind::PositionLimit.default_policy())
}

struct Desk {
    system: System,
    feed: Feed,
    gate: Gate,
}

impl Desk {
    fn new(spec: BreakerSpec) -> Self {
        let system = system(vec![spec]);
        let (feed, gate) = (system.feed("acct/a").unwrap(), system.gate(&["acct/a"]).unwrap());
        Self { system, feed, gate }
    }

    fn mark(&mut self, equity: f64, at: Nanos) -> Status {
        self.system.advance(at);
        self.feed.equity(money(equity), at).unwrap();
        self.status().status
    }

    fn hold(&mut self, instrument: u64, quantity: i64, value: f64, at: Nanos) -> Status {
        self.system.advance(at);
        self.feed.position(instrument, Qty(quantity), money(value), 0, at).unwrap();
        self.status().status
    }

    fn status(&self) -> BreakerStatus {
        status(&self.system, "limits")
    }
}

#[test]
fn unready_warned_tripped_and_back_by_itself_when_the_position_is_reduced() {
    let mut desk = Desk::new(limits(PositionLimit::default()));
    assert_eq!(desk.hold(APPLE, 100, 50_000.0, at(0)), Status::Active);
    assert!(desk.status().unready && !desk.gate.permits(Intent::Increase), "no portfolio value yet");
    assert_eq!(desk.mark(1_000_000.0, at(0)), Status::Active);
    assert!(desk.gate.permits(Intent::Increase));
    assert_eq!(desk.hold(APPLE, 200, 80_000.0, at(1)), Status::Warning);
    assert_eq!(desk.hold(APPLE, 200, 100_000.0, at(2)), Status::Warning);
    assert!(desk.gate.permits(Intent::Increase), "the limit itself is allowed");
    assert_eq!(desk.hold(APPLE, 200, 100_000.01, at(3)), Status::Tripped);
    assert!(!desk.gate.permits(Intent::Increase) && desk.gate.permits(Intent::Reduce), "reducing is the cure");
    let (value, limit) = desk.status().value.unwrap();
    assert_eq!((desk.status().reason, limit), (Reason::PositionShare, 0.1));
    assert!((value - 0.100_000_01).abs() < 1e-9);
    assert_eq!(desk.hold(APPLE, 199, 99_500.0, at(4)), Status::Warning, "the first good reading");
    assert_eq!(desk.hold(APPLE, 100, 50_000.0, at(5)), Status::Active);
}

#[test]
fn a_smaller_portfolio_makes_the_same_position_too_great() {
    let mut desk = Desk::new(limits(PositionLimit::default()));
    desk.hold(APPLE, 100, 50_000.0, at(0));
    assert_eq!(desk.mark(500_000.0, at(1)), Status::Warning);
    assert_eq!(desk.mark(499_999.99, at(2)), Status::Tripped);
    assert_eq!(desk.mark(1_000_000.0, at(3)), Status::Active);
}

#[test]
fn an_old_portfolio_value_is_no_value_though_positions_come() {
    let mut desk = Desk::new(limits(PositionLimit::default()));
    desk.mark(1_000_000.0, at(0));
    for second in 1..30 {
        assert_eq!(desk.hold(APPLE, 100, 50_000.0, at(second)), Status::Active);
    }
    desk.system.advance(at(30) - TICK);
    assert!(desk.gate.permits(Intent::Increase));
    desk.system.advance(at(30));
    assert!(!desk.gate.permits(Intent::Increase), "by time alone");
    assert_eq!((desk.status().status, desk.status().reason), (Status::Tripped, Reason::Stale));
    desk.mark(1_000_000.0, at(31));
    assert!(desk.gate.permits(Intent::Increase));
}

#[test]
fn who_allows_before_the_first_value_does_not_allow_after_the_last() {
    let mut spec = limits(PositionLimit::default());
    spec.policy.on_unready = OnUnready::Allow;
    let mut desk = Desk::new(spec);
    assert!(desk.gate.permits(Intent::Increase));
    desk.mark(1_000_000.0, at(0));
    for second in 1..60 {
        desk.hold(APPLE, 100, 50_000.0, at(second));
    }
    assert_eq!((desk.status().status, desk.status().reason), (Status::Tripped, Reason::Stale));
}

#[test]
fn silence_of_all_denies_and_one_mark_ends_it() {
    let mut spec = limits(PositionLimit::default());
    spec.policy.on_unready = OnUnready::Allow;
    let mut desk = Desk::new(spec);
    desk.mark(1_000_000.0, at(0));
    desk.hold(APPLE, 100, 50_000.0, at(0));
    desk.system.advance(at(30) - TICK);
    assert!(desk.gate.permits(Intent::Increase));
    desk.system.advance(at(30));
    assert_eq!(
        (desk.status().status, desk.status().reason),
        (Status::Tripped, Reason::Stale),
        "who allows unready ones is not silent"
    );
    assert_eq!(desk.mark(1_000_000.0, at(31)), Status::Active);
}

#[test]
fn too_many_positions_are_too_many_without_a_portfolio_value() {
    let mut desk = Desk::new(limits(PositionLimit { max_positions: Some(1), ..PositionLimit::default() }));
    desk.hold(APPLE, 1, 1.0, at(0));
    assert_eq!(desk.hold(BASF, -1, 1.0, at(0)), Status::Tripped);
    assert_eq!(desk.status().reason, Reason::PositionCount);
    assert_eq!(desk.hold(BASF, 0, 0.0, at(1)), Status::Tripped, "doubt ends nothing");
    assert_eq!(desk.mark(100.0, at(1)), Status::Warning);
}

#[test]
fn what_means_nothing_is_refused_named_and_counted() {
    let rule = PositionLimit { max_positions: Some(2), capacity: 3, ..PositionLimit::default() };
    let mut desk = Desk::new(limits(rule));
    desk.mark(1_000_000.0, at(0));
    let refused = desk.feed.position(APPLE, Qty(0), money(5.0), 0, at(0)).unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::BadInput, "value"));
    for instrument in 1..=3 {
        desk.hold(instrument, 1, 1.0, at(0));
    }
    assert_eq!(desk.status().status, Status::Tripped, "a full book has tripped before");
    let refused = desk.feed.position(4, Qty(1), money(1.0), 0, at(0)).unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::BadInput, "open positions"));
    assert!(refused.to_string().contains("found 4"), "{refused}");
    assert_eq!(desk.status().refused, 2);
    assert_eq!(desk.hold(3, 0, 0.0, at(1)), Status::Warning, "the three that are known count as before");
}

#[test]
fn a_reload_keeps_the_book() {
    let mut desk = Desk::new(limits(PositionLimit::default()));
    desk.mark(1_000_000.0, at(0));
    desk.hold(APPLE, 100, 90_000.0, at(0));
    for (share, capacity, status) in
        [(0.08, 16_384, Status::Tripped), (0.1, 100, Status::Warning), (0.08, 30, Status::Tripped)]
    {
        let rule = PositionLimit { max_position_share: Some(ratio(share)), capacity, ..PositionLimit::default() };
        desk.system.reload(&plan(vec![limits(rule)])).unwrap();
        assert_eq!(desk.mark(1_000_000.0, at(0)), status, "{share}");
    }
}

#[test]
fn impossible_limits_are_refused() {
    for rule in [
        PositionLimit { max_positions: Some(16_384), ..PositionLimit::default() },
        PositionLimit { max_positions: Some(0), ..PositionLimit::default() },
        PositionLimit { capacity: 0, max_positions: None, ..PositionLimit::default() },
        PositionLimit { capacity: MAX_POSITIONS + 1, ..PositionLimit::default() },
        PositionLimit { max_long: Some(Ratio::ZERO), ..PositionLimit::default() },
        PositionLimit { max_net: Some(ratio(1000.1)), ..PositionLimit::default() },
        PositionLimit { max_quantity: Some(Qty(0)), ..PositionLimit::default() },
    ] {
        let refused = System::manual(plan(vec![limits(rule)]), at(0)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::BadPlan);
    }
}

#[test]
fn the_good_news_of_one_account_does_not_end_the_doubt_about_another() {
    let system = system(vec![limits(PositionLimit::default()).watching(vec![scope("A"), scope("B")])]);
    let gate = system.gate(&["acct/a"]).unwrap();
    let (mut a, mut b) = (system.feed("A").unwrap(), system.feed("B").unwrap());
    for feed in [&mut a, &mut b] {
        feed.equity(money(1_000_000.0), at(0)).unwrap();
        feed.position(APPLE, Qty(1), money(100.0), 0, at(0)).unwrap();
    }
    assert!(gate.permits(Intent::Increase));
    // B goes on to tell its positions, but what its portfolio is worth nobody has said for half a minute.
    system.advance(at(20));
    b.position(APPLE, Qty(2), money(200.0), 0, at(20)).unwrap();
    system.advance(at(30));
    assert!(!gate.permits(Intent::Increase));
    a.position(APPLE, Qty(2), money(200.0), 0, at(30)).unwrap();
    a.equity(money(1_000_001.0), at(30)).unwrap();
    a.position(APPLE, Qty(3), money(300.0), 0, at(30)).unwrap();
    assert!(!gate.permits(Intent::Increase), "A is well, of B nothing is known");
    b.equity(money(1_000_000.0), at(30)).unwrap();
    assert!(gate.permits(Intent::Increase));
}
