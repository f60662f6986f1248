//! A feed and a reload that is amid its work.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::memory::orderings::at;
use crate::rule::Rule;
use crate::{BreakerSpec, Drawdown, Intent, Money, Plan, Ratio, Reason, RuleSpec, ScopePath, Status, System};

/// A drawdown with its first mark, and the panel that a reload will leave for its feed.
fn before_a_reload() -> (System, Feed, Box<Panel>) {
    let rule = RuleSpec::Drawdown(Drawdown::with_limit(Ratio::from_f64(0.08).unwrap()));
    let spec = BreakerSpec::new("b", ScopePath::root(), rule);
    let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(1)).unwrap();
    let mut feed = system.feed("").unwrap();
    feed.equity(Money::from_raw(1_000_000), system.now()).unwrap();
    let entry = feed.circuit.snapshot().entry(system.breaker("b").unwrap()).unwrap().clone();
    let rule = Rule::new(&entry.rule, &entry.policy).unwrap();
    let listeners = vec![Listener::new(&feed.circuit, entry, feed.panel.listeners[0].line(), rule)];
    let panel = Box::new(Panel::new(feed.panel.generation + 1, listeners));
    (system, feed, panel)
}

fn status(system: &System) -> Status {
    system.breaker_status(system.breaker("b").unwrap()).unwrap().status
}

/// A reload leaves its panel, then tells of it. A feed that has just been told of the one before takes both.
#[test]
fn a_panel_that_is_taken_before_it_is_told_of_decides() {
    let (system, mut feed, panel) = before_a_reload();
    assert!(feed.cell.mailbox.leave(panel).is_none());
    feed.adopt_news();
    feed.equity(Money::from_raw(900_000), system.now()).unwrap();
    assert_eq!(status(&system), Status::Tripped, "heard, and nobody has decided");
}

/// One listener has left its decision to a reload's panel, and another refuses the same observation.
#[test]
fn a_refusal_keeps_no_decision_waiting_that_was_left_to_a_new_panel() {
    let (system, mut feed, panel) = before_a_reload();
    let (generation, at) = (panel.generation, system.now());
    assert!(feed.cell.mailbox.leave(panel).is_none());
    // The reload tells of it amid the observation.
    let breach = Observation::Value(Channel::Equity, 900_000);
    let heard = feed.panel.listeners[0].hear(&feed.circuit, &|| true, &breach, at);
    feed.cell.generation.store(generation, at::panel_publish());
    assert!(matches!(heard, Heard::Outdated));
    let refused = Heard::Refused(FeedError::bad("equity", 0.0, "another breaker's"));
    assert!(feed.conclude(heard.and(refused), at).is_err());
    assert_eq!(status(&system), Status::Tripped, "heard, and nobody has decided");
}

/// The question whether it is outdated stands for anything that may panic on the way of an observation.
#[test]
fn a_panic_on_the_way_of_an_observation_denies_everything_but_cancels() {
    let (system, mut feed, _) = before_a_reload();
    let gate = system.gate(&[]).unwrap();
    assert!(gate.permits(Intent::Increase));
    let breach = Observation::Value(Channel::Equity, 900_000);
    let heard = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        feed.panel.listeners[0].hear(&feed.circuit, &|| panic!("on the way"), &breach, system.now())
    }));
    assert!(heard.is_err());
    assert_eq!(system.killed(), Some(Reason::Panicked));
    assert!(!gate.permits(Intent::Reduce) && gate.permits(Intent::Cancel));
}
