//! `data_feed_integrity`: whether what is heard can be trusted, or a score made elsewhere.

use haltline::{DataFeedIntegrity, IntegritySource, Kind, Limits, MAX_MESSAGES, Policy, Ratio, RuleSpec};

use crate::item::{Allowed, Item, SHARE, SOME_TIME};
use crate::limits::limits_below;
use crate::policy::{confirmation, cooldown, doubt, general, release};
use crate::scalar::ratio_text;
use crate::table::Table;

/// The catalogue's score.
const LIMIT: Ratio = Ratio::from_raw(95 * Ratio::SCALE);
const BEST: Ratio = Ratio::from_raw(100 * Ratio::SCALE);
/// A tenth of all messages lost is a lot.
const USUAL: Ratio = Ratio::from_raw(90 * Ratio::SCALE);

const SCORE: Allowed<Ratio> =
    Allowed { text: "scores above 0 and at most 100", holds: |r| r.raw() > 0 && r.raw() <= BEST.raw() };
const MESSAGES: Allowed<i64> =
    Allowed { text: "whole numbers from 1 to 65536", holds: |n| (1..=MAX_MESSAGES as i64).contains(&n) };

pub(crate) fn data_feed_integrity(table: &Table<'_>) -> (Option<RuleSpec>, Policy) {
    let mut policy = general(table, Kind::DataFeedIntegrity);
    confirmation(table, &mut policy);
    let cooldown_for = cooldown(table, &mut policy);
    release(table, &mut policy, cooldown_for);
    doubt(table, &mut policy);
    (rule(table).map(RuleSpec::DataFeedIntegrity), policy)
}

const HEARD_KEYS: [&str; 5] = ["window", "missing_limit", "max_latency", "crossed", "locked"];

fn rule(table: &Table<'_>) -> Option<DataFeedIntegrity> {
    let limits = score(table);
    let source = table.optional("source");
    let source = source.map_or(Some(IntegritySource::Heard), |i| i.word(IntegritySource::ALL, IntegritySource::name));
    let default = DataFeedIntegrity::with_limit(LIMIT);
    match source {
        Some(IntegritySource::Heard) => {
            let rule = heard(table, default);
            Some(DataFeedIntegrity { limits: limits?, ..rule? })
        }
        Some(source) => {
            table.refuse(&HEARD_KEYS, "with source = \"level\" the scores are made elsewhere");
            Some(DataFeedIntegrity { limits: limits?, source, ..default })
        }
        None => {
            table.leave(&HEARD_KEYS);
            None
        }
    }
}

fn score(table: &Table<'_>) -> Option<Limits> {
    let limits = limits_below(table, &SCORE, LIMIT, BEST)?;
    match table.optional("limit") {
        Some(item) if limits.limit == BEST => item.refuse("scores above 0 and below 100"),
        Some(item) if limits.limit < USUAL => {
            let (found, usual) = (ratio_text(limits.limit), ratio_text(USUAL));
            item.warn(&format!("{found} is below {usual}, unusual for the score of a data feed"));
            Some(limits)
        }
        _ => Some(limits),
    }
}

fn heard(table: &Table<'_>, default: DataFeedIntegrity) -> Option<DataFeedIntegrity> {
    let window = table.optional("window").map_or(Some(default.window as i64), |item| item.integer(&MESSAGES));
    let missing_limit = table.optional("missing_limit").map(|item| item.ratio(&SHARE));
    let max_latency = table.optional("max_latency").map(|item| item.duration(&SOME_TIME));
    let flag = |key, default| table.optional(key).and_then(Item::boolean).unwrap_or(default);
    Some(DataFeedIntegrity {
        crossed: flag("crossed", default.crossed),
        locked: flag("locked", default.locked),
        window: usize::try_from(window?).ok()?,
        missing_limit: missing_limit.flatten(),
        max_latency: max_latency.flatten(),
        ..default
    })
}
