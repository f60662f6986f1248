//! Nothing wakes up while there is nothing to do. The one test of this folder that waits.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;
use std::sync::Arc;
use std::time::Duration;

use haltline::*;
use support::*;

/// Every context switch of every other thread of this process.
fn switches() -> Vec<(String, u64)> {
    let own = std::fs::read_link("/proc/thread-self").unwrap();
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    let others = tasks.filter(|task| task.file_name() != own.file_name());
    let count = |task: std::path::PathBuf| {
        let status = std::fs::read_to_string(task.join("status")).unwrap();
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
        let number = |name: &str| field(name).parse::<u64>().unwrap();
        (field("Name:"), number("voluntary_ctxt_switches:") + number("nonvoluntary_ctxt_switches:"))
    };
    others.map(count).collect()
}

/// One of each kind that lives without a calendar, and switches: fifteen.
fn fifteen() -> Plan {
    let kinds = [
        RuleSpec::Drawdown(Drawdown::with_limit(ratio(0.08))),
        RuleSpec::LossRate(LossRate::with_limit(ratio(0.03))),
        RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Venue),
        RuleSpec::Technical(Technical::default()),
    ];
    let ruled =
        kinds.into_iter().enumerate().map(|(i, rule)| BreakerSpec::new(&format!("b{i}"), scope("acct/a"), rule));
    let mut breakers: Vec<_> = ruled.collect();
    breakers.extend((breakers.len()..15).map(|i| manual(&format!("m{i}"), "XNAS")));
    plan(breakers)
}

#[test]
fn a_system_with_breakers_and_subscribers_does_not_wake_up_while_nothing_happens() {
    let started = Arc::new(std::sync::Barrier::new(6));
    let there = started.clone();
    let on_thread: OnThread = Arc::new(move |_| {
        there.wait();
    });
    let system =
        System::start_with(fifteen(), Threading { on_thread: Some(on_thread), ..Threading::default() }).unwrap();
    let _three: Vec<_> = (0..3).map(|i| system.subscribe(Subscriber::new(&format!("s{i}")), |_| {}).unwrap()).collect();
    started.wait();
    let mut feed = system.feed("acct/a").unwrap();
    feed.equity(money(100.0), system.now()).unwrap();
    feed.venue(VenueStatus::Open, system.now()).unwrap();
    // They have their last things to do, and go to sleep.
    let mut before = switches();
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let now = switches();
        if std::mem::replace(&mut before, now.clone()) == now {
            break;
        }
    }
    let ours = before.iter().filter(|(name, _)| name.starts_with("haltline-")).count();
    assert_eq!(ours, 5, "{before:?}");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(switches(), before);
    // And it lives: whoever sleeps is woken by an event.
    system.trip(system.breaker("m14").unwrap(), desk()).unwrap();
    let mut ears = system.receive(Subscriber::new("ears")).unwrap();
    assert_eq!(ears.receive(Duration::from_secs(60)).unwrap()[0].event_type(), EventType::Level);
}
