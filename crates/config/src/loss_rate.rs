//! `loss_rate`: how much of the equity a window has lost.

use core::time::Duration;

use haltline::{Kind, LossRate, LossSource, Policy, Ratio, RuleSpec};

use crate::drawdown::SAMPLE;
use crate::item::{AMOUNT, Item, SHARE};
use crate::limits::limits_of;
use crate::policy::{confirmation, cooldown, doubt, general, release};
use crate::scalar::ratio_text;
use crate::table::Table;

/// 3 %.
const LIMIT: Ratio = Ratio::from_raw(30_000_000);
/// A limit above 5 % is unusual.
const USUAL: Ratio = Ratio::from_raw(50_000_000);

pub(crate) fn loss_rate(table: &Table<'_>) -> (Option<RuleSpec>, Policy) {
    let mut policy = general(table, Kind::LossRate);
    confirmation(table, &mut policy);
    let cooldown_for = cooldown(table, &mut policy);
    release(table, &mut policy, cooldown_for);
    doubt(table, &mut policy);
    (rule(table).map(RuleSpec::LossRate), policy)
}

fn rule(table: &Table<'_>) -> Option<LossRate> {
    let limits = limits_of(table, &SHARE, Some(LIMIT), |limit| LossRate::with_limit(limit).limits.warn);
    if let (Some(limits), Some(item)) = (limits.filter(|l| l.limit > USUAL), table.optional("limit")) {
        item.warn(&format!("{} is above {}, unusual for a loss rate", ratio_text(limits.limit), ratio_text(USUAL)));
    }
    let default = LossRate::with_limit(LIMIT);
    let source = source(table);
    let window = table.optional("window").map_or(Some(default.window), |item| item.duration(&SAMPLE));
    let test = |key| table.optional(key).and_then(Item::boolean).unwrap_or(true);
    let (streak, acceleration) = (test("streak"), test("acceleration"));
    let sample = sample(table, &default, streak || acceleration);
    Some(LossRate { limits: limits?, source: source?, window: window?, sample, streak, acceleration })
}

/// The words for what is heard.
const SOURCES: [&str; 2] = ["marks", "pnl"];

fn source(table: &Table<'_>) -> Option<LossSource> {
    let word = table.optional("source").map_or(Some(SOURCES[0]), |item| item.word(&SOURCES, |word| word));
    match word {
        Some("pnl") => {
            let capital = table.required("capital", AMOUNT).and_then(Item::amount)?;
            Some(LossSource::Pnl { capital })
        }
        Some(_) => {
            table.refuse(&["capital"], "only source = \"pnl\" has one");
            Some(LossSource::Marks)
        }
        None => {
            table.leave(&["capital"]);
            None
        }
    }
}

fn sample(table: &Table<'_>, default: &LossRate, is_used: bool) -> Duration {
    if !is_used {
        table.refuse(&["sample"], "streak and acceleration are false, so nothing is sampled");
        return default.sample;
    }
    table.optional("sample").and_then(|item| item.duration(&SAMPLE)).unwrap_or(default.sample)
}
