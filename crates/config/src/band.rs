//! The price bands of a `market_circuit_breaker`: those of the US markets, by tier.

use std::sync::Arc;

use haltline::{Halt, Kind, MarketCircuitBreaker, Policy, PriceBand, Release, Rounding, RuleSpec, Tier};

use crate::calendar::Market;
use crate::item::{Allowed, Item};
use crate::policy::{CONFIRM_KEYS, COOLDOWN_KEYS, LIMIT_KEYS, RELEASE_KEYS, doubt, general};
use crate::table::Table;

/// The keys of a band.
pub(crate) const BAND_KEYS: [&str; 3] = ["tier", "rounding", "tick"];

const TIERS: Allowed<i64> = Allowed { text: "1 and 2", holds: |n| (1..=2).contains(&n) };

pub(crate) fn band(table: &Table<'_>, market: Option<&Market>) -> (Option<RuleSpec>, Policy) {
    let mut policy = general(table, Kind::MarketCircuitBreaker);
    doubt(table, &mut policy);
    if let Some(item) = table.optional("release") {
        policy.release = item.word(&[Release::Timed, Release::Latched], Release::name).unwrap_or(policy.release);
    }
    table.refuse(&LIMIT_KEYS, "the tier of the instrument says how far its bands lie");
    table.refuse(&CONFIRM_KEYS, "a price band has its limit state");
    table.refuse(&COOLDOWN_KEYS, "a price band has none: a pause has its time");
    let others: Vec<&str> = RELEASE_KEYS.into_iter().filter(|key| *key != "release").collect();
    table.refuse(&others, "a pause has its time");
    if let Some(item) = table.optional("watch").filter(|item| item.one_or_more().len() > 1) {
        item.wrong("found more than one feed, but a price band hears one, that of its instrument");
    }
    let rule = rule(table, market).map(Arc::new);
    if let Some(band) = &rule {
        policy.halt = Halt::Timed { base: band.pause, backoff: 1.0, max: band.pause };
    }
    (rule.map(|band| RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Band(band))), policy)
}

fn rule(table: &Table<'_>, market: Option<&Market>) -> Option<PriceBand> {
    let tier = table.required("tier", TIERS.text).and_then(|item| item.integer(&TIERS));
    let rounding = table.optional("rounding").map(|item| item.word(Rounding::ALL, Rounding::name));
    let tick = table.optional("tick").map(Item::price);
    let tier = if tier? == 1 { Tier::One } else { Tier::Two };
    let band = PriceBand::luld(tier, market?.sessions().clone());
    Some(PriceBand {
        rounding: rounding.unwrap_or(Some(band.rounding))?,
        tick: tick.unwrap_or(Some(band.tick))?,
        ..band
    })
}
