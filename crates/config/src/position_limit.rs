//! `position_limit`: how many positions, and how great beside the portfolio.

use haltline::{Kind, MAX_POSITIONS, Policy, PositionLimit, Qty, Ratio, RuleSpec};

use crate::item::{Allowed, Item};
use crate::policy::{LIMIT_KEYS, confirmation, cooldown, doubt, general, release};
use crate::scalar::ratio_text;
use crate::table::Table;

/// A position above 20 % of the portfolio is unusual.
const USUAL: Ratio = Ratio::from_raw(200_000_000);

/// Nobody is ten times as deep in on purpose without knowing it.
const LEVERAGE: Ratio = Ratio::from_raw(10 * Ratio::SCALE);

const PART: Allowed<Ratio> =
    Allowed { text: "fractions above 0 and at most 1000", holds: |r| r.raw() > 0 && r.raw() <= 1_000 * Ratio::SCALE };
const ROOM: Allowed<i64> =
    Allowed { text: "whole numbers from 1 to 1048576", holds: |n| (1..=MAX_POSITIONS as i64).contains(&n) };
const LOTS: Allowed<i64> = Allowed { text: "whole numbers from 1 on", holds: |n| n >= 1 };

pub(crate) fn position_limit(table: &Table<'_>) -> (Option<RuleSpec>, Policy) {
    let mut policy = general(table, Kind::PositionLimit);
    confirmation(table, &mut policy);
    let cooldown_for = cooldown(table, &mut policy);
    release(table, &mut policy, cooldown_for);
    doubt(table, &mut policy);
    table.refuse(&LIMIT_KEYS, "a position limit has several, each with a name of its own");
    (rule(table).map(RuleSpec::PositionLimit), policy)
}

fn rule(table: &Table<'_>) -> Option<PositionLimit> {
    let default = PositionLimit::default();
    let share = |key, default| part(table, key, default);
    // Every key is read before one that is wrong ends this: what is not read counts as unknown.
    let room = room(table, &default);
    let max_position_share = share("max_position_share", default.max_position_share);
    let max_sector_share = share("max_sector_share", default.max_sector_share);
    let max_long = share("max_long", default.max_long);
    let max_short = share("max_short", default.max_short);
    let max_gross = share("max_gross", default.max_gross);
    let max_net = share("max_net", default.max_net);
    let max_quantity = or(table.optional("max_quantity").map(|item| item.integer(&LOTS).map(Qty)), None);
    let max_notional = or(table.optional("max_notional").map(Item::amount), None);
    let (most, capacity) = room?;
    let rule = PositionLimit {
        max_positions: Some(most),
        max_position_share: max_position_share?,
        max_sector_share: max_sector_share?,
        max_long: max_long?,
        max_short: max_short?,
        max_gross: max_gross?,
        max_net: max_net?,
        max_quantity: max_quantity?,
        max_notional: max_notional?,
        capacity,
    };
    let unusual = |share: &Ratio| *share > USUAL;
    if let (Some(share), Some(item)) = (rule.max_position_share.filter(unusual), table.optional("max_position_share")) {
        item.warn(&format!("{} is above {}, unusual for one position", ratio_text(share), ratio_text(USUAL)));
    }
    Some(rule)
}

/// What was given, or the default; `None` for something unreadable.
#[expect(clippy::option_option, reason = "not given, unreadable, given")]
fn or<T>(given: Option<Option<T>>, default: Option<T>) -> Option<Option<T>> {
    match given {
        Some(value) => value.map(Some),
        None => Some(default),
    }
}

#[expect(clippy::option_option, reason = "unreadable, switched off, a limit")]
fn part(table: &Table<'_>, key: &'static str, default: Option<Ratio>) -> Option<Option<Ratio>> {
    let given = table.optional(key).map(|item| {
        let share = item.ratio(&PART);
        if let Some(share) = share.filter(|share| *share > LEVERAGE) {
            item.warn(&format!("{0} is {0} times the portfolio; 30 % is 0.3", ratio_text(share)));
        }
        share
    });
    or(given, default)
}

/// The number of positions that are allowed, and of those that there is room for: more, so that too many are seen.
fn room(table: &Table<'_>, default: &PositionLimit) -> Option<(u32, u32)> {
    let read =
        |key, default: Option<u32>| or(table.optional(key).map(|item| item.integer(&ROOM)), default.map(i64::from));
    let most = read("max_positions", default.max_positions);
    let capacity = read("capacity", Some(default.capacity));
    let (most, capacity) = (most??, capacity??);
    if most >= capacity {
        let text = format!("max_positions: found {most}, allowed are numbers below capacity ({capacity})");
        let at = table.optional("max_positions").or(table.optional("capacity"));
        table.wrong(at, &text);
        return None;
    }
    Some((u32::try_from(most).ok()?, u32::try_from(capacity).ok()?))
}
