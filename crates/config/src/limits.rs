//! `limit`, `warn` and `clear`: the three levels of a value, in their order.

use haltline::{Limits, Ratio};

use crate::item::{Allowed, Item};
use crate::scalar::ratio_text;
use crate::table::Table;

/// Reads the three levels. Without a `default` the limit must be given.
pub(crate) fn limits(table: &Table<'_>, allowed: &Allowed<Ratio>, default: Option<Ratio>) -> Option<Limits> {
    levels(table, "limit", allowed, default)
}

/// The same for a kind that warns elsewhere unless it is told.
pub(crate) fn limits_of(
    table: &Table<'_>,
    allowed: &Allowed<Ratio>,
    default: Option<Ratio>,
    warns: impl Fn(Ratio) -> Ratio,
) -> Option<Limits> {
    levels_of(table, "limit", allowed, default, warns)
}

/// The same for a kind that calls its limit by the name of `key`.
pub(crate) fn levels(
    table: &Table<'_>,
    key: &'static str,
    allowed: &Allowed<Ratio>,
    default: Option<Ratio>,
) -> Option<Limits> {
    levels_of(table, key, allowed, default, |limit| Limits::of(limit).warn)
}

fn levels_of(
    table: &Table<'_>,
    key: &'static str,
    allowed: &Allowed<Ratio>,
    default: Option<Ratio>,
    warns: impl Fn(Ratio) -> Ratio,
) -> Option<Limits> {
    let limit = match default {
        Some(_) => table.optional(key),
        None => table.required(key, allowed.text),
    };
    let limit = limit.map(|item| item.ratio(allowed));
    let warn = table.optional("warn").map(|item| Some((item, item.ratio(allowed)?)));
    let clear = table.optional("clear").map(|item| Some((item, item.ratio(allowed)?)));
    // A level that is there and means nothing ends it here: what is above and below it cannot be told.
    let limit = limit.unwrap_or(default)?;
    let warn = within(warn, key, limit, warns(limit))?;
    let clear = within(clear, "warn", warn, warn.times(Ratio::from_raw(900_000_000)))?;
    Some(Limits { limit, warn, clear })
}

/// The levels of a limit that has no keys for the two others.
pub(crate) fn default_limits(limit: Ratio) -> Limits {
    let Limits { warn, clear, .. } = Limits::of(limit);
    Limits { limit, warn: at_least_one(warn), clear: at_least_one(clear) }
}

/// A level of zero would never be left again: the tiniest limits round down to it.
fn at_least_one(level: Ratio) -> Ratio {
    level.max(Ratio::from_raw(1))
}

/// Reads the three levels where lower is worse: `limit` at most `warn` at most `clear` at most `best`. What is left out
/// lies as far on the way to the best value as [`Limits::below`] has it.
pub(crate) fn limits_below(table: &Table<'_>, allowed: &Allowed<Ratio>, default: Ratio, best: Ratio) -> Option<Limits> {
    let limit = table.optional("limit").map(|item| item.ratio(allowed));
    let warn = table.optional("warn").map(|item| Some((item, item.ratio(allowed)?)));
    let clear = table.optional("clear").map(|item| Some((item, item.ratio(allowed)?)));
    let limit = limit.unwrap_or(Some(default))?;
    let warn = from(warn, "limit", limit, Limits::below(limit, best).warn, best)?;
    let half_way = warn.raw() + (best.raw() - warn.raw()) / 2;
    let clear = from(clear, "warn", warn, Ratio::from_raw(half_way), best)?;
    Some(Limits { limit, warn, clear })
}

/// A level that must not be below another one, which goes by `name`.
fn from(level: Read<'_, '_>, name: &str, least: Ratio, default: Ratio, best: Ratio) -> Option<Ratio> {
    match level {
        None => Some(default),
        Some(None) => None,
        Some(Some((_, value))) if least <= value && value <= best => Some(value),
        Some(Some((item, _))) => {
            item.refuse(&format!("numbers from {name} ({}) to {}", ratio_text(least), ratio_text(best)))
        }
    }
}

type Read<'t, 'a> = Option<Option<(Item<'t, 'a>, Ratio)>>;

/// A level that must not be above another one, which goes by `name`.
fn within(level: Read<'_, '_>, name: &str, most: Ratio, default: Ratio) -> Option<Ratio> {
    match level {
        None => Some(at_least_one(default)),
        Some(None) => None,
        Some(Some((_, value))) if value <= most => Some(value),
        Some(Some((item, _))) => item.refuse(&format!("numbers above 0 and at most {name} ({})", ratio_text(most))),
    }
}
