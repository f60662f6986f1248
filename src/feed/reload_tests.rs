//! A feed and a reload that is amid its work.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::rule::Rule;
use crate::{BreakerSpec, Drawdown, Plan, Ratio, RuleSpec, ScopePath, Status, System};

/// A reload leaves its panel, then tells of it. A feed that has just been told of the one before takes both.
#[test]
fn a_panel_that_is_taken_before_it_is_told_of_decides() {
    let rule = RuleSpec::Drawdown(Drawdown::with_limit(Ratio::from_f64(0.08).unwrap()));
    let spec = BreakerSpec::new("b", ScopePath::root(), rule);
    let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(1)).unwrap();
    let (mut feed, at, id) = (system.feed("").unwrap(), system.now(), system.breaker("b").unwrap());
    feed.equity(Money::from_raw(1_000_000), at).unwrap();
    let entry = feed.circuit.snapshot().entry(id).unwrap().clone();
    let rule = Rule::new(&entry.rule, &entry.policy).unwrap();
    let listeners = vec![Listener::new(&feed.circuit, entry, feed.panel.listeners[0].line(), rule)];
    let panel = Panel::new(feed.panel.generation + 1, listeners);
    assert!(feed.cell.mailbox.leave(Box::new(panel)).is_none());
    feed.adopt_news();
    feed.equity(Money::from_raw(900_000), at).unwrap();
    assert_eq!(system.breaker_status(id).unwrap().status, Status::Tripped, "heard, and nobody has decided");
}

/// One listener has left its decision to a reload's panel, and another refuses the same observation.
#[test]
fn a_refusal_keeps_no_decision_waiting_that_was_left_to_a_new_panel() {
    let rule = RuleSpec::Drawdown(Drawdown::with_limit(Ratio::from_f64(0.08).unwrap()));
    let spec = BreakerSpec::new("b", ScopePath::root(), rule);
    let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(1)).unwrap();
    let (mut feed, at, id) = (system.feed("").unwrap(), system.now(), system.breaker("b").unwrap());
    feed.equity(Money::from_raw(1_000_000), at).unwrap();
    let entry = feed.circuit.snapshot().entry(id).unwrap().clone();
    let rule = Rule::new(&entry.rule, &entry.policy).unwrap();
    let listeners = vec![Listener::new(&feed.circuit, entry, feed.panel.listeners[0].line(), rule)];
    let generation = feed.panel.generation + 1;
    assert!(feed.cell.mailbox.leave(Box::new(Panel::new(generation, listeners))).is_none());
    // The reload tells of it amid the observation.
    let breach = Observation::Value(Channel::Equity, 900_000);
    let heard = feed.panel.listeners[0].hear(&feed.circuit, &|| true, &breach, at);
    feed.cell.generation.store(generation, at::panel_publish());
    assert!(matches!(heard, Heard::Outdated));
    let refused = Heard::Refused(FeedError::bad("equity", 0.0, "another breaker's"));
    assert!(feed.conclude(heard.and(refused), at).is_err());
    assert_eq!(system.breaker_status(id).unwrap().status, Status::Tripped, "heard, and nobody has decided");
}
