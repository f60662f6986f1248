//! `limit`, `warn` and `clear`: the three levels of a value, in their order.

use haltline::{Limits, Ratio};

use crate::item::{Allowed, Item};
use crate::scalar::ratio_text;
use crate::table::Table;

/// Reads the three levels. Without a `default` the limit must be given.
pub(crate) fn limits(table: &Table<'_>, allowed: &Allowed<Ratio>, default: Option<Ratio>) -> Option<Limits> {
    let limit = match default {
        Some(_) => table.optional("limit"),
        None => table.required("limit", allowed.text),
    };
    let limit = limit.map(|item| item.ratio(allowed));
    let warn = table.optional("warn").map(|item| Some((item, item.ratio(allowed)?)));
    let clear = table.optional("clear").map(|item| Some((item, item.ratio(allowed)?)));
    // A level that is there and means nothing ends it here: what is above and below it cannot be told.
    let limit = limit.unwrap_or(default)?;
    let warn = within(warn, "limit", limit, Limits::of(limit).warn)?;
    let clear = within(clear, "warn", warn, warn.times(Ratio::from_raw(900_000_000)))?;
    Some(Limits { limit, warn, clear })
}

type Read<'t, 'a> = Option<Option<(Item<'t, 'a>, Ratio)>>;

/// A level that must not be above another one, which goes by `name`.
fn within(level: Read<'_, '_>, name: &str, most: Ratio, default: Ratio) -> Option<Ratio> {
    match level {
        // A level of zero would never be left again: the tiniest limits round down to it.
        None => Some(default.max(Ratio::from_raw(1))),
        Some(None) => None,
        Some(Some((_, value))) if value <= most => Some(value),
        Some(Some((item, _))) => item.refuse(&format!("numbers above 0 and at most {name} ({})", ratio_text(most))),
    }
}
