//! The kinds that watch a market and its feed allocate nothing once they are there, whatever they hear.
#![allow(clippy::unwrap_used)]

#[path = "support/counting.rs"]
mod counting;
mod support;
use std::collections::BTreeSet;

use counting::calls_of;
use haltline::*;
use support::*;

/// Back with the first good reading, so that a day has many trips.
fn level(name: &str, rule: RuleSpec) -> BreakerSpec {
    let policy = Policy { release: Release::Level, confirm: 1, ..rule.kind().default_policy() };
    spec(name, "X", rule, policy)
}

fn anomaly(name: &str, source: AnomalySource, baseline: AnomalyBaseline) -> BreakerSpec {
    let rule = AnomalyDetection { baseline, window: 60, ..AnomalyDetection::with_source(source) };
    level(name, RuleSpec::AnomalyDetection(rule))
}

/// Three instruments, a sample a second.
fn basket() -> BreakerSpec {
    let rule = Correlation {
        sample: Some(std::time::Duration::from_secs(1)),
        ..Correlation::with_mode(CorrelationMode::Rise)
    };
    level("basket", RuleSpec::Correlation(rule)).watching(vec![scope("X"), scope("Y"), scope("Z")])
}

/// Bands of a tenth of a per cent, so that the day's prices go through them.
fn bands() -> BreakerSpec {
    let row = BandRow { up_to: None, share: ratio(0.001), most: None, widens_lower: true };
    let band = PriceBand { rows: vec![row], step: ratio(0.0001), ..PriceBand::luld(Tier::One, sessions()) };
    BreakerSpec::new("bands", scope("X"), RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Band(band.into())))
}

/// A move of 5 % within a minute: the jumps.
fn rolling() -> BreakerSpec {
    let rolling = RollingMove {
        sessions: sessions(),
        direction: Direction::Both,
        window: std::time::Duration::from_secs(60),
        limits: Limits::of(ratio(0.05)),
        pause: std::time::Duration::from_secs(2),
    };
    let rule = RuleSpec::MarketCircuitBreaker(std::sync::Arc::new(rolling).into());
    BreakerSpec::new("rolling", scope("X"), rule)
}

/// What it is measured by at first.
fn x_closed(system: &System) {
    system.feed("X").unwrap().reference(price(100.0), Date::new(2020, 3, 6), at(0)).unwrap();
}

#[test]
fn after_they_are_made_they_allocate_nothing() {
    let integrity = DataFeedIntegrity { window: 50, ..DataFeedIntegrity::with_limit(ratio(95.0)) };
    let system = system(vec![
        anomaly("returns", AnomalySource::Return, AnomalyBaseline::Median),
        anomaly("sizes", AnomalySource::Volume, AnomalyBaseline::Ewma),
        anomaly("spreads", AnomalySource::Spread, AnomalyBaseline::Median),
        level("feed", RuleSpec::DataFeedIntegrity(integrity)),
        basket(),
        bands(),
        rolling(),
    ]);
    let gate = system.gate(&["X"]).unwrap();
    x_closed(&system);
    let [mut x, mut y, mut z] = ["X", "Y", "Z"].map(|leg| system.feed(leg).unwrap());
    let mut number = 0;
    let mut a_day = |seconds: core::ops::Range<u64>| {
        for second in seconds {
            let now = at(second);
            system.advance(now);
            // A jump, a great print and a wide spread now and then; half of the time all three move as one.
            let jump = if second % 89 == 0 { 9.0 } else { 0.0 };
            let wave = |leg: u64| (second * (7 + leg * 4) % 13) as f64 * 0.01;
            let others = |leg: u64| if second % 120 < 60 { wave(0) } else { wave(leg) };
            let size = if second % 71 == 0 { 90_000 } else { 100 + (second % 7) as i64 };
            x.trade(price(100.0 + wave(0) + jump), Qty(size), now).unwrap();
            y.trade(price(50.0 + others(1)), Qty(1), now).unwrap();
            z.trade(price(70.0 + others(2)), Qty(1), now).unwrap();
            let _ = gate.admits_price(price(100.0), Side::Buy);
            let wide = if second % 83 == 0 { 5.0 } else { 0.01 + (second % 5) as f64 * 0.001 };
            // The book is crossed once in a while, and a burst of messages is lost.
            let ask = if second % 301 == 0 { 99.0 } else { 100.0 + wide };
            x.quote(price(100.0), price(ask), now).unwrap();
            number += if second % 211 == 0 { 20 } else { 1 };
            x.sequence(number, now, now).unwrap();
        }
    };
    // The monitor's heap finds its size while the windows fill.
    a_day(1..2_000);
    system.drain(|_| {});
    assert_eq!(calls_of(|| a_day(2_000..4_000)), 0);
    let mut tripped = BTreeSet::new();
    system.drain(|event| {
        if event.event_type() == EventType::Tripped || event.reason == Reason::Straddle as u8 {
            tripped.insert(event.breaker);
        }
    });
    let names: Vec<_> = tripped.iter().filter_map(|id| system.breaker_name(*id)).collect();
    assert_eq!(names.len(), 7, "{names:?}: the day was not wild enough to prove anything");
}
