//! `liquidation_required`: a loss since the session opened, or margin in use.

use haltline::{Kind, LiquidationRequired, Policy, Ratio, RuleSpec};

use crate::item::SHARE;
use crate::limits::{default_limits, limits};
use crate::policy::{confirmation, cooldown, doubt, general, release};
use crate::scalar::ratio_text;
use crate::table::Table;

/// 15 %.
const LIMIT: Ratio = Ratio::from_raw(150_000_000);
/// A loss limit above 30 % is unusual.
const USUAL: Ratio = Ratio::from_raw(300_000_000);

pub(crate) fn liquidation(table: &Table<'_>) -> (Option<RuleSpec>, Policy) {
    let mut policy = general(table, Kind::LiquidationRequired);
    confirmation(table, &mut policy);
    let cooldown_for = cooldown(table, &mut policy);
    release(table, &mut policy, cooldown_for);
    doubt(table, &mut policy);
    (rule(table).map(RuleSpec::LiquidationRequired), policy)
}

fn rule(table: &Table<'_>) -> Option<LiquidationRequired> {
    let limits = limits(table, &SHARE, Some(LIMIT));
    if let (Some(limits), Some(item)) = (limits.filter(|l| l.limit > USUAL), table.optional("limit")) {
        item.warn(&format!("{} is above {}, unusual for a liquidation", ratio_text(limits.limit), ratio_text(USUAL)));
    }
    let margin = table.optional("margin_limit").map(|item| item.ratio(&SHARE));
    let margin = margin.map_or(Some(None), |limit| limit.map(default_limits).map(Some));
    Some(LiquidationRequired { limits: limits?, margin: margin? })
}
