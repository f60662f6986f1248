//! The sixteenth kind from a plan to the gate: it warns, trips and comes back.

use std::time::Duration;

use haltline::*;

#[test]
fn it_is_in_the_table_and_warns_trips_and_comes_back() -> Result<(), Box<dyn std::error::Error>> {
    let row = KINDS.last().ok_or("no kinds")?;
    assert_eq!((row.kind as u8, row.kind.name(), row.has_readings), (16, "spread_width", true));
    assert_eq!(Kind::from_name("spread_width"), Some(Kind::SpreadWidth));

    let price = |value| Price::from_f64(value);
    let rule = SpreadWidth { limit: price(0.10)?, warn: price(0.08)?, clear: price(0.05)? };
    let spec = BreakerSpec::new("wide", ScopePath::new("XNAS")?, RuleSpec::SpreadWidth(rule));
    let start = Nanos::from_secs(1_700_000_000);
    let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, start)?;
    let (gate, mut book) = (system.gate(&["XNAS"])?, system.feed("XNAS")?);
    let id = system.breaker("wide")?;
    let mut quote = |ask, now| -> Result<Status, Box<dyn std::error::Error>> {
        system.advance(now);
        book.quote(price(100.0)?, price(ask)?, now)?;
        Ok(system.breaker_status(id)?.status)
    };
    assert!(!gate.permits(Intent::Increase), "unready");
    assert_eq!(quote(100.0799, start)?, Status::Active);
    assert_eq!(quote(100.08, start)?, Status::Warning);
    assert!(gate.permits(Intent::Increase));
    assert_eq!(quote(100.10, start)?, Status::Tripped);
    assert!(!gate.permits(Intent::Increase) && gate.permits(Intent::Cancel));
    assert_eq!(quote(100.01, start + Duration::from_secs(899))?, Status::Tripped);
    assert_eq!(quote(100.01, start + Duration::from_secs(900))?, Status::Active);
    Ok(())
}

#[test]
fn what_cannot_be_is_refused() -> Result<(), Box<dyn std::error::Error>> {
    let rule = SpreadWidth { limit: Price::ZERO, warn: Price::ZERO, clear: Price::ZERO };
    let spec = BreakerSpec::new("wide", ScopePath::root(), RuleSpec::SpreadWidth(rule));
    let refused = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos(0));
    assert_eq!(refused.map(drop).map_err(|error| error.kind()), Err(ErrorKind::BadPlan));
    Ok(())
}
