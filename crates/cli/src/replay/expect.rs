//! Whether a replay has found what its scenario expects.

use std::collections::BTreeSet;

use haltline::Nanos;

use super::account::Account;
use super::scenario::{Day, Expect};
use crate::output::Zone;

/// What differs; empty if all is as expected.
pub(crate) fn differences(expect: &Expect, account: &Account, zone: &Zone) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(halts) = &expect.halts {
        let wanted: BTreeSet<String> = halts
            .iter()
            .map(|h| format!("rung {} on {} from {} until {}", h.rung, h.date.0, h.from.0, h.until.0))
            .collect();
        let seen: BTreeSet<String> = account.halts.iter().map(|h| told(h.rung, h.from, h.until, zone)).collect();
        found.extend(wanted.difference(&seen).map(|halt| format!("expected a halt: {halt}")));
        found.extend(seen.difference(&wanted).map(|halt| format!("found a halt that is not expected: {halt}")));
    }
    for trips in &expect.trips {
        let name = trips.breaker.get_ref();
        let what = trips.rung.map_or(name.clone(), |rung| format!("{name}, rung {rung},"));
        let wanted: BTreeSet<String> = trips.dates.iter().map(|Day(date)| date.to_string()).collect();
        let seen =
            account.trips.iter().filter(|t| *t.breaker == **name && (trips.rung.is_none() || t.rung == trips.rung));
        let seen: BTreeSet<String> = seen.map(|trip| zone.date(trip.at)).collect();
        found.extend(wanted.difference(&seen).map(|date| format!("expected {what} to trip on {date}")));
        found.extend(seen.difference(&wanted).map(|date| format!("found {what} tripped on {date}, not expected")));
    }
    found
}

fn told(rung: u8, from: Nanos, until: Option<Nanos>, zone: &Zone) -> String {
    let date = zone.date(from);
    let end = match until {
        Some(until) if zone.date(until) == date => zone.clock(until),
        Some(until) => zone.long(until),
        None => "the end".into(),
    };
    format!("rung {rung} on {date} from {} until {end}", zone.clock(from))
}
