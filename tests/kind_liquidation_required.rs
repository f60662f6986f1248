//! `liquidation_required` in a whole System: Liquidating, the way out of it, doubt that only trips; with exact times.
#![allow(clippy::unwrap_used)]

mod support;
use std::time::Duration;

use haltline::*;
use support::*;

const TICK: Duration = Duration::from_nanos(1);

fn liquidation(margin: Option<f64>) -> BreakerSpec {
    let rule = LiquidationRequired::with_limit(ratio(0.15));
    let rule = match margin {
        Some(limit) => rule.with_margin_limit(ratio(limit)),
        None => rule,
    };
    spec("liq", "acct/a", RuleSpec::LiquidationRequired(rule), Kind::LiquidationRequired.default_policy())
}

struct Desk {
    system: System,
    feed: Feed,
    gate: Gate,
    id: BreakerId,
}

impl Desk {
    fn new(spec: BreakerSpec) -> Self {
        let system = system(vec![spec]);
        let (feed, gate) = (system.feed("acct/a").unwrap(), system.gate(&["acct/a"]).unwrap());
        let id = system.breaker("liq").unwrap();
        system.drain(|_| {});
        Self { system, feed, gate, id }
    }

    fn mark(&mut self, equity: f64, at: Nanos) -> Status {
        self.system.advance(at);
        self.feed.equity(money(equity), at).unwrap();
        self.status()
    }

    fn margin(&mut self, used: f64, available: f64, at: Nanos) -> Status {
        self.system.advance(at);
        self.feed.margin(money(used), money(available), at).unwrap();
        self.status()
    }

    fn status(&self) -> Status {
        status(&self.system, "liq").status
    }

    fn reset(&self, by: By<'_>) -> Result<(), Error> {
        self.system.reset(self.id, stamp(&self.system, "liq"), by)
    }
}

fn trader() -> By<'static> {
    By::new("tom", Authority::Trader, "test")
}

#[test]
fn unready_warned_liquidating_liquidated_and_reset() {
    let mut desk = Desk::new(liquidation(None));
    assert!(!desk.gate.permits(Intent::Increase) && desk.gate.permits(Intent::Reduce), "unready");
    assert_eq!(desk.mark(1_000_000.0, at(0)), Status::Active);
    assert_eq!(desk.mark(880_000.0, at(1)), Status::Warning);
    assert_eq!(desk.mark(850_000.01, at(2)), Status::Warning);
    assert!(desk.gate.permits(Intent::Increase));
    assert_eq!(desk.mark(850_000.0, at(3)), Status::Liquidating);
    assert!(!desk.gate.permits(Intent::Increase) && desk.gate.permits(Intent::Reduce));
    let now = status(&desk.system, "liq");
    assert_eq!((now.reason, now.since, now.until, now.trips), (Reason::Limit, at(3), None, 1));

    // No reading, no time and no reset ends it.
    assert_eq!(desk.mark(1_000_000.0, at(4)), Status::Liquidating);
    desk.system.advance(at(10_000));
    assert_eq!(desk.mark(1_000_000.0, at(10_000)), Status::Liquidating);
    assert_eq!(desk.reset(admin()).unwrap_err().kind(), ErrorKind::WrongStatus);

    assert_eq!(desk.system.liquidated(desk.id, trader()).unwrap_err().kind(), ErrorKind::Authority);
    desk.system.liquidated(desk.id, By::new("ann", Authority::RiskDesk, "flat")).unwrap();
    let done = status(&desk.system, "liq");
    assert_eq!((done.status, done.step, done.reason), (Status::Tripped, Step::LATCHED, Reason::Liquidation));
    assert_eq!(done.trips, 1, "the same trip");
    assert_eq!(desk.gate.explain(desk.gate.check()).note.as_deref(), Some("ann: flat"));
    assert_eq!(desk.system.liquidated(desk.id, support::desk()).unwrap_err().kind(), ErrorKind::WrongStatus);
    desk.reset(support::desk()).unwrap();
    assert_eq!(desk.status(), Status::Active);
    assert!(desk.gate.permits(Intent::Increase));
    let told = event_types(&desk.system);
    let expected = [
        EventType::Ready,
        EventType::Warning,
        EventType::Liquidating,
        EventType::Refused,
        EventType::Refused,
        EventType::Tripped,
        EventType::Refused,
        EventType::Reset,
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    assert!(expected.iter().all(|event| told.contains(event)), "{told:?}");
}

#[test]
fn after_the_liquidation_a_standing_loss_keeps_it_tripped_and_does_not_begin_again() {
    let mut desk = Desk::new(liquidation(None));
    desk.mark(1_000_000.0, at(0));
    desk.mark(800_000.0, at(1));
    desk.system.liquidated(desk.id, support::desk()).unwrap();
    assert_eq!(desk.mark(700_000.0, at(2)), Status::Tripped);
    assert_eq!(desk.reset(support::desk()).unwrap_err().kind(), ErrorKind::CauseStands);
    desk.system.rebase(desk.id, money(700_000.0), support::desk()).unwrap();
    assert_eq!(desk.mark(700_000.0, at(3)), Status::Tripped, "a new baseline resets nothing by itself");
    desk.reset(support::desk()).unwrap();
    assert_eq!(desk.mark(595_000.0, at(4)), Status::Liquidating, "15 % of the new opening");
}

#[test]
fn margin_above_its_limit_liquidates_and_at_it_only_warns() {
    let mut desk = Desk::new(liquidation(Some(0.9)));
    desk.mark(1_000_000.0, at(0));
    assert!(!desk.gate.permits(Intent::Increase), "margin has not been reported");
    assert_eq!(desk.margin(900_000.0, 100_000.0, at(1)), Status::Warning);
    assert_eq!(desk.margin(900_000.01, 99_999.99, at(2)), Status::Liquidating);
    let now = status(&desk.system, "liq");
    assert_eq!(now.reason, Reason::Margin);
    let (value, limit) = now.value.unwrap();
    assert!(value > 0.9 && limit == 0.9);
    let refused = desk.feed.margin(money(-0.01), money(1.0), at(3)).unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::BadInput, "used"));
    assert_eq!(status(&desk.system, "liq").refused, 1);
}

#[test]
fn silence_trips_and_sells_nothing_and_a_loss_that_comes_after_it_liquidates() {
    let mut desk = Desk::new(liquidation(None));
    desk.mark(1_000_000.0, at(0));
    desk.system.advance(at(30) - TICK);
    assert_eq!(desk.status(), Status::Active);
    desk.system.advance(at(30));
    assert_eq!((desk.status(), status(&desk.system, "liq").reason), (Status::Tripped, Reason::Stale));
    assert_eq!(desk.mark(1_000_000.0, at(31)), Status::Tripped, "latched");
    assert_eq!(desk.mark(850_000.0, at(32)), Status::Liquidating);
}

#[test]
fn one_silent_source_trips_though_the_other_speaks() {
    let mut desk = Desk::new(liquidation(Some(0.9)));
    desk.margin(1.0, 9.0, at(0));
    for second in 0..30 {
        assert_eq!(desk.mark(1_000_000.0, at(second)), Status::Active);
    }
    desk.system.advance(at(30) - TICK);
    assert_eq!(desk.status(), Status::Active);
    desk.system.advance(at(30));
    assert_eq!((desk.status(), status(&desk.system, "liq").reason), (Status::Tripped, Reason::Stale));
    desk.mark(1_000_000.0, at(30));
    assert_eq!(desk.reset(support::desk()).unwrap_err().kind(), ErrorKind::CauseStands, "margin is still silent");
    desk.margin(1.0, 9.0, at(31));
    desk.reset(support::desk()).unwrap();
    assert_eq!(desk.status(), Status::Active);
}

#[test]
fn the_risk_desk_begins_one_by_hand_and_takes_it_back_with_a_trip() {
    let system = system(vec![manual("desk", "acct/a")]);
    let (id, gate) = (system.breaker("desk").unwrap(), system.gate(&["acct/a"]).unwrap());
    assert_eq!(system.liquidate(id, trader()).unwrap_err().kind(), ErrorKind::Authority);
    assert!(gate.permits(Intent::Increase));
    system.liquidate(id, By::new("ann", Authority::RiskDesk, "margin call")).unwrap();
    assert!(!gate.permits(Intent::Increase) && gate.permits(Intent::Reduce));
    let denial = gate.explain(gate.check());
    assert_eq!((denial.status, denial.reason), (Status::Liquidating, Reason::Liquidation));
    assert_eq!(denial.note.as_deref(), Some("ann: margin call"));
    assert_eq!(system.trip(id, trader()).unwrap_err().kind(), ErrorKind::Authority);
    system.trip(id, support::desk()).unwrap();
    assert!(!gate.permits(Intent::Reduce), "a manual breaker halts");
    let kill = system.breaker("kill:acct/a").unwrap();
    assert_eq!(system.liquidate(kill, admin()).unwrap_err().kind(), ErrorKind::NotAllowed);
}

#[test]
fn a_shadow_or_disabled_breaker_cannot_be_told_to_liquidate() {
    for (enabled, shadow) in [(false, false), (true, true)] {
        let mut spec = manual("desk", "acct/a");
        (spec.policy.enabled, spec.policy.shadow) = (enabled, shadow);
        let system = system(vec![spec]);
        let refused = system.liquidate(system.breaker("desk").unwrap(), support::desk()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotAllowed);
    }
}

#[test]
fn a_shadow_goes_through_it_and_denies_nothing() {
    let mut spec = liquidation(None);
    spec.policy.shadow = true;
    let mut desk = Desk::new(spec);
    desk.mark(1_000_000.0, at(0));
    assert_eq!(desk.mark(800_000.0, at(1)), Status::Liquidating);
    assert!(desk.gate.permits(Intent::Increase));
}

#[test]
fn a_reload_changes_the_limits_and_neither_the_opening_nor_the_liquidation() {
    let mut desk = Desk::new(liquidation(None));
    desk.mark(1_000_000.0, at(0));
    desk.mark(900_000.0, at(1));
    let tighter = RuleSpec::LiquidationRequired(LiquidationRequired::with_limit(ratio(0.10)));
    let tighter = plan(vec![spec("liq", "acct/a", tighter, Kind::LiquidationRequired.default_policy())]);
    desk.system.reload(&tighter).unwrap();
    assert_eq!(desk.mark(900_000.0, at(2)), Status::Liquidating);
    desk.system.reload(&plan(vec![liquidation(None)])).unwrap();
    assert_eq!(desk.mark(900_000.0, at(3)), Status::Liquidating);
}

#[test]
fn the_opening_is_the_last_mark_before_the_open() {
    let mut spec = liquidation(None);
    spec.policy.sessions = Some(sessions());
    spec.policy.on_stale = OnStale::Ignore;
    let (monday, tuesday) = (sessions().as_slice()[1], sessions().as_slice()[2]);
    let system = System::manual(plan(vec![spec]), monday.open).unwrap();
    let mut feed = system.feed("acct/a").unwrap();
    let mut mark = |equity, at| {
        system.advance(at);
        feed.equity(money(equity), at).unwrap();
        status(&system, "liq").status
    };
    mark(1_000_000.0, monday.open);
    assert_eq!(mark(900_000.0, monday.close), Status::Active);
    assert_eq!(mark(850_000.01, tuesday.open - TICK), Status::Warning, "still Monday's");
    assert_eq!(mark(722_500.01, tuesday.open), Status::Warning, "15 % of the last mark before the open, less a cent");
    assert_eq!(mark(722_500.0, tuesday.open), Status::Liquidating);
}
