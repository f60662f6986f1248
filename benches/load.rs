//! How long it takes to make a System of many breakers, and what memory it takes.
//!
//! `cargo bench --bench load`. Each row is a process of its own, so that its memory is its own.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use haltline::*;
use support::*;

/// What is made, the most seconds, and the most megabytes.
const ROWS: &[(&str, f64, Option<f64>)] =
    &[("10000 instruments x 3 kinds", 1.0, Some(100.0)), ("100000 breakers", 2.0, None)];

fn main() {
    let args: Vec<_> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.as_slice() {
        [row] if ROWS.iter().any(|(name, ..)| name == row) => measure(row),
        _ => ROWS.iter().for_each(tell),
    }
}

fn plan_of(row: &str) -> Plan {
    let caps = Caps { breakers: 200_000, scopes: 32_768, listeners: 200_000, ..Caps::default() };
    match row {
        "100000 breakers" => {
            let each = |i| manual(&format!("m{i}"), &format!("S/I{}", i % 10_000));
            Plan { caps, breakers: (0..100_000).map(each).collect(), ..Plan::default() }
        }
        _ => {
            let scopes = (0..10_000).map(|i| scope(&format!("X/I{i}"))).collect();
            Plan { caps, scopes, templates: templates(), ..Plan::default() }
        }
    }
}

/// An anomaly, the integrity of its feed, and a switch for each instrument.
fn templates() -> Vec<Template> {
    let anomaly = AnomalyDetection::with_source(AnomalySource::Return);
    let anomaly = AnomalyDetection { baseline: AnomalyBaseline::Ewma, ..anomaly };
    let integrity = DataFeedIntegrity { window: 100, ..DataFeedIntegrity::with_limit(ratio(95.0)) };
    let of = |name, rule| Template::new(name, scope("X"), rule);
    vec![
        of("prints", RuleSpec::AnomalyDetection(anomaly)),
        of("tape", RuleSpec::DataFeedIntegrity(integrity)),
        of("desk", RuleSpec::Manual),
    ]
}

/// Kilobytes of this process.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn measure(row: &str) {
    let plan = plan_of(row);
    let (before, begin) = (resident(), Instant::now());
    let system = System::manual(plan, at(0)).unwrap();
    let (took, after) = (begin.elapsed(), resident());
    assert!(system.status().tripped.len() + system.status().active.len() >= 30_000);
    println!("{} {}", took.as_secs_f64(), (after - before) / 1024.0);
}

fn tell((name, most, most_memory): &(&str, f64, Option<f64>)) {
    let run = std::process::Command::new(std::env::current_exe().unwrap()).arg(name).output().unwrap();
    let text = String::from_utf8_lossy(&run.stdout);
    let mut numbers = text.split_whitespace().map(|n| n.parse::<f64>().unwrap());
    let (took, memory) = (numbers.next().unwrap(), numbers.next().unwrap());
    let verdict = |held: bool| if held { "held" } else { "MISSED" };
    let memory_goal = most_memory.map_or(String::new(), |most| format!(", <= {most} MB: {}", verdict(memory <= most)));
    println!("{name:<30} {took:>7.3} s  <= {most} s: {};  {memory:>6.1} MB{memory_goal}", verdict(took <= *most));
}
