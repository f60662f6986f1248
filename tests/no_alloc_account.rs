//! The kinds that guard an account allocate nothing once they are there, whatever they hear.
#![allow(clippy::unwrap_used)]

#[path = "support/counting.rs"]
mod counting;
mod support;
use std::time::Duration;

use counting::calls_of;
use haltline::*;
use support::*;

/// Back with the first good reading, so that a day has many trips.
fn level(name: &str, rule: RuleSpec) -> BreakerSpec {
    let policy = Policy { release: Release::Level, liquidates: false, ..rule.kind().default_policy() };
    spec(name, "acct/a", rule, policy)
}

#[test]
fn after_they_are_made_they_allocate_nothing() {
    let rate = LossRate { window: Duration::from_secs(60), ..LossRate::with_limit(ratio(0.03)) };
    let books = LossRate { source: LossSource::Pnl { capital: money(100_000.0) }, ..rate.clone() };
    let liquidation = LiquidationRequired::with_limit(ratio(0.05)).with_margin_limit(ratio(0.9));
    let positions = PositionLimit { max_positions: Some(100), capacity: 256, ..PositionLimit::default() };
    let system = system(vec![
        level("rate", RuleSpec::LossRate(rate)),
        level("books", RuleSpec::LossRate(books)),
        level("margin", RuleSpec::LiquidationRequired(liquidation)),
        level("positions", RuleSpec::PositionLimit(positions)),
    ]);
    let mut account = system.feed("acct/a").unwrap();
    let mut a_day = |seconds: core::ops::Range<u64>| {
        for second in seconds {
            let now = at(second);
            system.advance(now);
            let wave = (second % 97) as f64;
            account.equity(money(100_000.0 - 90.0 * wave), now).unwrap();
            account.pnl(money(if second % 97 < 48 { -80.0 } else { 80.0 }), now).unwrap();
            account.margin(money(wave), money(8.0), now).unwrap();
            account.flow(money(if second % 2 == 0 { 1.0 } else { -1.0 }), now).unwrap();
            for instrument in 0..20 {
                let quantity = ((second * 7 + instrument * 13) % 5) as i64 - 2;
                let value = if quantity == 0 { 0.0 } else { 200.0 * wave };
                let number = instrument * 31 + second % 3 * 1_000;
                account.position(number, Qty(quantity), money(value), (instrument + second) as u32 % 6, now).unwrap();
            }
            account.heartbeat(now).unwrap();
        }
    };
    // The monitor's heap finds its size in the first minutes.
    a_day(1..1_000);
    system.drain(|_| {});
    assert_eq!(calls_of(|| a_day(1_000..3_000)), 0);
    let mut tripped = std::collections::BTreeSet::new();
    system.drain(|event| {
        if event.event_type() == EventType::Tripped {
            tripped.insert(event.breaker);
        }
    });
    assert_eq!(tripped.len(), 4, "the day was not wild enough to prove anything");
}
