//! What venues say of themselves, from a plan to the gate. (A ladder's days are in `tests/time.rs` and in the replays.)
#![allow(clippy::unwrap_used)]

mod support;

use haltline::*;
use support::*;

fn venues() -> BreakerSpec {
    let rule = RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Venue);
    BreakerSpec::new("venues", ScopePath::root(), rule).watching(vec![scope("XNYS"), scope("XNAS")])
}

struct Desk {
    system: System,
    gate: Gate,
    nyse: Feed,
    nasdaq: Feed,
}

impl Desk {
    fn new() -> Self {
        let system = system(vec![venues()]);
        let gate = system.gate(&[]).unwrap();
        let (nyse, nasdaq) = (system.feed("XNYS").unwrap(), system.feed("XNAS").unwrap());
        Self { gate, nyse, nasdaq, system }
    }

    /// What is denied, and why, once both have said this.
    fn says(&mut self, secs: u64, nyse: VenueStatus, nasdaq: VenueStatus) -> Reason {
        self.system.advance(at(secs));
        self.nyse.venue(nyse, at(secs)).unwrap();
        self.nasdaq.venue(nasdaq, at(secs)).unwrap();
        self.why()
    }

    fn why(&self) -> Reason {
        let verdict = self.gate.check();
        if verdict.denies_any() { self.gate.explain(verdict).reason } else { Reason::None }
    }
}

#[test]
fn it_denies_until_both_venues_are_heard_and_while_one_of_them_is_not_open() {
    use VenueStatus::{Closed, Halted, Open, Unknown};
    let mut desk = Desk::new();
    assert_eq!(desk.why(), Reason::NotReady);
    desk.nyse.venue(Open, at(1)).unwrap();
    assert_eq!(desk.why(), Reason::NotReady, "nothing is known of the other");
    assert_eq!(desk.says(2, Open, Open), Reason::None);
    assert_eq!(desk.says(3, Open, Halted), Reason::VenueHalted);
    assert_eq!(status(&desk.system, "venues").status, Status::Tripped);
    assert!(!desk.gate.permits(Intent::Reduce) && desk.gate.permits(Intent::Cancel));
    assert_eq!(desk.says(4, Halted, Halted), Reason::VenueHalted);
    assert_eq!(desk.says(5, Halted, Open), Reason::VenueHalted, "one that is open does not open the other");
    assert_eq!(desk.says(6, Open, Open), Reason::None, "its own word ends it, no time");
    assert_eq!(desk.says(7, Closed, Open), Reason::VenueClosed);
    assert_eq!(desk.says(8, Open, Open), Reason::None);
    assert_eq!(desk.says(9, Open, Unknown), Reason::VenueUnknown);
}

#[test]
fn a_venue_that_is_no_longer_heard_of_denies_and_the_same_word_again_is_news() {
    let mut desk = Desk::new();
    let stale = Kind::MarketCircuitBreaker.default_policy().stale_after.as_secs();
    assert_eq!(desk.says(1, VenueStatus::Open, VenueStatus::Open), Reason::None);
    desk.system.advance(at(stale));
    desk.nyse.venue(VenueStatus::Open, at(stale)).unwrap();
    desk.system.advance(at(1 + stale) - std::time::Duration::from_nanos(1));
    assert_eq!(desk.why(), Reason::None);
    desk.system.advance(at(1 + stale));
    assert_eq!(desk.why(), Reason::Stale, "only one of them was heard of");
    assert_eq!(desk.says(2 + stale, VenueStatus::Open, VenueStatus::Open), Reason::None);
}

#[test]
fn another_claimant_finds_the_last_word() {
    let mut desk = Desk::new();
    desk.says(1, VenueStatus::Halted, VenueStatus::Open);
    let Desk { system, gate, nyse, .. } = desk;
    drop(nyse);
    let mut nyse = system.feed("XNYS").unwrap();
    assert_eq!(gate.explain(gate.check()).reason, Reason::VenueHalted);
    system.advance(at(3));
    nyse.heartbeat(at(2)).unwrap();
    assert!(gate.check().denies_any(), "time passes, and says nothing of the venue");
    nyse.venue(VenueStatus::Open, at(3)).unwrap();
    assert!(!gate.check().denies_any());
}

#[test]
fn time_and_cooldown_are_refused_for_it() {
    let refused = |policy: Policy| {
        let plan = Plan { breakers: vec![venues().with_policy(policy)], ..Plan::default() };
        System::manual(plan, at(0)).unwrap_err().to_string()
    };
    let base = || venues().policy;
    assert!(refused(Policy { release: Release::Timed, ..base() }).contains("allowed are level and latched"));
    let cooldown_for = std::time::Duration::from_secs(1);
    assert!(refused(Policy { cooldown_for, ..base() }).contains("cooldown_for"));
}

#[test]
fn no_claimant_takes_back_what_was_said_after_it() {
    let mut desk = Desk::new();
    desk.says(100, VenueStatus::Halted, VenueStatus::Open);
    let Desk { system, gate, nyse, .. } = desk;
    drop(nyse);
    let mut nyse = system.feed("XNYS").unwrap();
    assert!(nyse.venue(VenueStatus::Open, at(99)).is_err(), "from before the halt");
    assert!(gate.check().denies_any());
}
