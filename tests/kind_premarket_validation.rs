//! Checks before the open, from a plan to the gate.
#![allow(clippy::unwrap_used)]

mod support;
use std::time::Duration;

use haltline::*;
use support::*;

const MINUTE: Duration = Duration::from_secs(60);
const MICRO: Duration = Duration::from_micros(1);
const TICK: Duration = Duration::from_nanos(1);

/// Prices by 09:00, limits whenever; in the sessions of 6, 9 and 10 March 2020.
fn ready() -> BreakerSpec {
    let prices = PremarketCheck { name: "prices".into(), deadline: Some(Deadline::BeforeOpen(30 * MINUTE)) };
    let limits = PremarketCheck { name: "limits".into(), deadline: None };
    let policy = Policy { sessions: Some(sessions()), ..Kind::PremarketValidation.default_policy() };
    spec("ready", "X", RuleSpec::PremarketValidation(PremarketValidation { checks: vec![prices, limits] }), policy)
}

fn monday() -> Session {
    sessions().as_slice()[1]
}

struct Desk {
    system: System,
    gate: Gate,
}

impl Desk {
    /// On Monday, so long before the open.
    fn new(spec: BreakerSpec, before_open: Duration) -> Self {
        let system = System::manual(plan(vec![spec]), monday().open - before_open).unwrap();
        let gate = system.gate(&["X"]).unwrap();
        Self { system, gate }
    }

    fn report(&self, feed: &mut Feed, name: &str, passed: bool) {
        feed.check(self.system.check_id(name).unwrap(), passed, self.system.now()).unwrap();
    }

    /// Whether an order may go, and if not, why.
    fn denial(&self) -> Option<Reason> {
        (!self.gate.permits(Intent::Reduce)).then(|| self.gate.explain(self.gate.check()).reason)
    }
}

#[test]
fn it_denies_before_any_check_is_reported_though_nobody_claims_the_feed() {
    let desk = Desk::new(ready(), 60 * MINUTE);
    let told = status(&desk.system, "ready");
    assert_eq!((told.status, told.unready, told.trips), (Status::Tripped, false, 1));
    assert_eq!((told.reason, told.value), (Reason::CheckMissing, Some((2.0, 1.0))));
    let denial = desk.gate.explain(desk.gate.check());
    assert_eq!((denial.reason, denial.value), (Reason::CheckMissing, Some(2.0)));
    let text =
        "tripped by ready (premarket_validation) on X: check_missing, 2.000000 against 1, missing: prices, limits";
    assert_eq!(denial.to_string(), text);
    desk.system.advance(monday().open);
    assert_eq!(desk.denial(), Some(Reason::CheckMissing));
}

#[test]
fn the_last_check_opens_and_the_session_s_end_closes() {
    let desk = Desk::new(ready(), 60 * MINUTE);
    let mut feed = desk.system.feed("X").unwrap();
    desk.report(&mut feed, "prices", true);
    assert_eq!(desk.denial(), Some(Reason::CheckMissing));
    desk.report(&mut feed, "limits", true);
    assert_eq!(desk.denial(), None);
    assert_eq!(status(&desk.system, "ready").status, Status::Active);

    desk.system.advance(monday().close);
    assert_eq!(desk.denial(), None, "the bell belongs to the session");
    desk.system.advance(monday().close + MICRO - TICK);
    assert_eq!(desk.denial(), None);
    desk.system.advance(monday().close + MICRO);
    assert_eq!(desk.denial(), Some(Reason::CheckMissing), "a word counts in microseconds");
    assert_eq!(status(&desk.system, "ready").since, monday().close + MICRO);
    let denial = desk.gate.explain(desk.gate.check());
    assert_eq!(
        denial.to_string(),
        "tripped by ready (premarket_validation) on X: check_missing, missing: prices, limits"
    );

    // At night for tomorrow.
    desk.system.advance(monday().close + 60 * MINUTE);
    desk.report(&mut feed, "prices", true);
    desk.report(&mut feed, "limits", true);
    assert_eq!(desk.denial(), None);
    desk.system.advance(sessions().as_slice()[2].close);
    assert_eq!(desk.denial(), None);
    desk.system.advance(sessions().as_slice()[2].close + MICRO);
    assert_eq!(desk.denial(), Some(Reason::CalendarEnded), "the calendar speaks of no day after it");
    desk.report(&mut feed, "prices", true);
    desk.report(&mut feed, "limits", true);
    assert_eq!(desk.denial(), Some(Reason::CalendarEnded));
}

#[test]
fn a_late_check_denies_for_its_session_and_a_failed_one_until_it_passes() {
    let desk = Desk::new(ready(), 30 * MINUTE);
    let mut feed = desk.system.feed("X").unwrap();
    desk.report(&mut feed, "prices", true);
    desk.report(&mut feed, "limits", false);
    assert_eq!(desk.denial(), Some(Reason::CheckFailed));
    let denial = desk.gate.explain(desk.gate.check());
    assert_eq!((denial.value, denial.note.as_deref()), (Some(1.0), Some("failed: limits")), "as it is now");
    desk.system.advance(monday().open + 60 * MINUTE);
    desk.report(&mut feed, "limits", true);
    assert_eq!(desk.denial(), None, "prices have passed at 09:00:00 sharp");
    desk.report(&mut feed, "prices", false);
    assert_eq!(desk.denial(), Some(Reason::CheckFailed), "in session, too");
    desk.report(&mut feed, "prices", true);
    assert_eq!(desk.denial(), None);

    let desk = Desk::new(ready(), 30 * MINUTE - TICK);
    let mut feed = desk.system.feed("X").unwrap();
    desk.report(&mut feed, "limits", true);
    desk.report(&mut feed, "prices", true);
    assert_eq!(status(&desk.system, "ready").value, Some((1.0, 1.0)));
    assert_eq!(desk.gate.explain(desk.gate.check()).note.as_deref(), Some("late: prices"));
    let (id, seen) = (desk.system.breaker("ready").unwrap(), stamp(&desk.system, "ready"));
    let refused = desk.system.reset(id, seen, support::desk()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::CauseStands);
    desk.system.force_reset(id, seen, admin()).unwrap();
    assert_eq!(desk.denial(), None, "an administrator has looked himself");
    desk.report(&mut feed, "limits", true);
    assert_eq!(desk.denial(), Some(Reason::CheckLate), "the next report decides");
}

#[test]
fn another_claimant_and_a_reload_keep_what_has_been_reported() {
    let desk = Desk::new(ready(), 60 * MINUTE);
    let mut feed = desk.system.feed("X").unwrap();
    desk.report(&mut feed, "limits", true);
    drop(feed);
    let mut more = ready();
    let RuleSpec::PremarketValidation(rule) = &mut more.rule else { unreachable!() };
    rule.checks.insert(0, PremarketCheck { name: "positions".into(), deadline: None });
    rule.checks.reverse();
    desk.system.reload(&plan(vec![more])).unwrap();
    let mut feed = desk.system.feed("X").unwrap();
    assert_eq!(status(&desk.system, "ready").value, Some((2.0, 1.0)), "limits are there");
    desk.report(&mut feed, "positions", true);
    drop(feed);
    let mut feed = desk.system.feed("X").unwrap();
    desk.report(&mut feed, "prices", true);
    assert_eq!(desk.denial(), None);
    desk.system.reload(&plan(vec![ready()])).unwrap();
    assert_eq!(desk.denial(), None);
}

#[test]
fn a_breaker_that_comes_by_a_reload_denies_also_before_the_feed_s_thread_has_noticed() {
    let system = System::manual(plan(vec![manual("desk", "X")]), monday().open).unwrap();
    let gate = system.gate(&["X"]).unwrap();
    let mut feed = system.feed("X").unwrap();
    assert!(gate.permits(Intent::Increase));
    system.reload(&plan(vec![ready()])).unwrap();
    assert!(!gate.permits(Intent::Increase));
    feed.heartbeat(monday().open).unwrap();
    assert_eq!(gate.explain(gate.check()).reason, Reason::CheckMissing);
}

#[test]
fn what_no_breaker_asks_for_is_no_check() {
    let mut other = ready();
    (other.name, other.scope) = ("other".into(), scope("Y"));
    other.rule = RuleSpec::PremarketValidation(PremarketValidation::of(&["positions"]));
    let system = System::manual(plan(vec![ready(), other]), monday().open).unwrap();
    let unknown = system.check_id("price").unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Unknown);
    assert!(unknown.to_string().contains("\"price\""));
    let mut feed = system.feed("X").unwrap();
    let refused = feed.check(system.check_id("positions").unwrap(), true, system.now()).unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::Unknown, "check"), "that one is of Y's feed");
    let late = feed.check(system.check_id("prices").unwrap(), true, system.now() + 5 * MINUTE).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::BadInput);
    assert_eq!((status(&system, "ready").refused, status(&system, "ready").value), (1, Some((2.0, 1.0))));
}

#[test]
fn two_breakers_hear_the_same_check_by_its_name() {
    let mut other = ready();
    other.name = "other".into();
    other.rule = RuleSpec::PremarketValidation(PremarketValidation::of(&["limits", "positions"]));
    let system = System::manual(plan(vec![ready(), other]), monday().open).unwrap();
    let mut feed = system.feed("X").unwrap();
    feed.check(system.check_id("limits").unwrap(), true, system.now()).unwrap();
    assert_eq!((status(&system, "ready").value, status(&system, "other").value), (Some((1.0, 1.0)), Some((1.0, 1.0))));
}

#[test]
fn names_that_are_none_or_have_one_number_are_refused_with_the_plan() {
    let check = |names: &[&str]| {
        let spec = BreakerSpec { rule: RuleSpec::PremarketValidation(PremarketValidation::of(names)), ..ready() };
        System::manual(plan(vec![spec]), monday().open).map(drop).map_err(|error| error.to_string())
    };
    assert!(check(&["prices", "limits"]).is_ok());
    for bad in ["", "two words", &"x".repeat(65)] {
        assert!(check(&[bad]).unwrap_err().contains("checks: found the name"), "{bad}");
    }
    // 32 bits are few: among some hundred thousand names two agree.
    let mut numbers = std::collections::HashMap::new();
    let (one, other) = (0_u32..)
        .find_map(|n| {
            let name = format!("check-{n}");
            let number = name.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
            numbers.insert(number, name.clone()).map(|other| (name, other))
        })
        .unwrap();
    let refused = check(&[&one, &other]).unwrap_err();
    assert!(refused.contains("has the same number as"), "{refused}");
}
