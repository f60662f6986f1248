//! `market_circuit_breaker`: a ladder, the price bands of an instrument, a move within a rolling window, or the word of venues.

use haltline::{Kind, MarketCircuitBreaker, Policy, Release, RuleSpec};

use crate::band::{BAND_KEYS, PAUSE, band};
use crate::calendar::Market;
use crate::item::Item;
use crate::ladder::ladder;
use crate::policy::{CONFIRM_KEYS, COOLDOWN_KEYS, LIMIT_KEYS, RELEASE_KEYS, doubt, general};
use crate::rolling::{ROLLING_KEYS, rolling};
use crate::table::Table;

const SOURCES: [&str; 4] = ["price", "venue", "band", "rolling"];
/// The keys of a ladder.
const LADDER_KEYS: [&str; 7] =
    ["in_turn", "cutoff_inclusive", "reopen", "lasting", "effective_from", "effective_to", "rung"];
/// Of all that measure moves.
const DIRECTION: [&str; 1] = ["direction"];

/// Whether it hears venues. Then it needs no calendar: a ladder's days are sessions.
pub(crate) fn hears_venues(table: &Table<'_>) -> bool {
    table.optional("source").is_some_and(|item| item.says(SOURCES[1]))
}

pub(crate) fn market_circuit_breaker(table: &Table<'_>, market: Option<&Market>) -> (Option<RuleSpec>, Policy) {
    let source = table.optional("source").map_or(Some(SOURCES[0]), |item| item.word(&SOURCES, |word| word));
    match source {
        Some("venue") => venue(table),
        Some("band") => {
            let why = "with source = \"band\" there is no ladder";
            table.refuse(&DIRECTION, why);
            table.refuse(&LADDER_KEYS, why);
            table.refuse(&ROLLING_KEYS, "only source = \"rolling\" has it");
            band(table, market)
        }
        Some("rolling") => {
            table.refuse(&LADDER_KEYS, "with source = \"rolling\" there is no ladder");
            table.refuse(&BAND_KEYS, "only source = \"band\" has it");
            rolling(table, market)
        }
        Some(_) => {
            table.refuse(&PAUSE, "only source = \"band\" and source = \"rolling\" have it");
            table.refuse(&BAND_KEYS, "only source = \"band\" has it");
            table.refuse(&ROLLING_KEYS, "only source = \"rolling\" has it");
            ladder(table, market)
        }
        None => {
            table.leave(&DIRECTION);
            table.leave(&LADDER_KEYS);
            table.leave(&PAUSE);
            table.leave(&BAND_KEYS);
            table.leave(&ROLLING_KEYS);
            table.leave(&LIMIT_KEYS);
            table.leave(&CONFIRM_KEYS);
            table.leave(&COOLDOWN_KEYS);
            table.leave(&RELEASE_KEYS);
            let mut policy = general(table, Kind::MarketCircuitBreaker);
            doubt(table, &mut policy);
            (None, policy)
        }
    }
}

fn venue(table: &Table<'_>) -> (Option<RuleSpec>, Policy) {
    let mut policy = Policy { release: Release::Level, ..general(table, Kind::MarketCircuitBreaker) };
    if let Some(release) = table.optional("release").and_then(|item: Item<'_, '_>| {
        // The venue says when it is open again, not a clock.
        item.word(&[Release::Level, Release::Latched], Release::name)
    }) {
        policy.release = release;
    }
    doubt(table, &mut policy);
    let why = "with source = \"venue\" the venue itself says when it has halted and when it is open again";
    table.refuse(&DIRECTION, why);
    table.refuse(&LADDER_KEYS, why);
    table.refuse(&PAUSE, why);
    table.refuse(&BAND_KEYS, why);
    table.refuse(&ROLLING_KEYS, why);
    table.refuse(&LIMIT_KEYS, why);
    table.refuse(&CONFIRM_KEYS, why);
    table.refuse(&COOLDOWN_KEYS, why);
    let others: Vec<&str> = RELEASE_KEYS.into_iter().filter(|key| *key != "release").collect();
    table.refuse(&others, why);
    (Some(RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Venue)), policy)
}
