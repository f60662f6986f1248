//! Price bands for people: how far they lie from what, when they are wider, and what becomes of a quote that rests on one.

use haltline::{BandRow, Bell, Price, PriceBand, WideWindow};
use serde_json::{Value, json};

use super::bell;
use crate::output::{percent, short};

/// Line by line.
pub(super) fn told(band: &PriceBand) -> Vec<String> {
    let limit_state = match band.limit_state {
        none if none.is_zero() => "a quote at a band".to_owned(),
        state => format!("a limit state of {}", short(state)),
    };
    let mean = format!("of the mean of {}", short(band.mean_of));
    let reference = match (band.step.raw(), band.hold) {
        (0, hold) if hold.is_zero() => mean,
        (_, hold) => format!("{mean}, a new one at {} and after {}", percent(band.step), short(hold)),
    };
    let rows: Vec<String> = match band.rows.as_slice() {
        [one] => vec![distance(one)],
        rows => rows.iter().map(row).collect(),
    };
    let wide = band.wide.iter().map(window);
    let extension =
        (!band.extension.is_zero()).then(|| format!("{} more if the venue has halted", short(band.extension)));
    let no_reopen = match band.no_reopen {
        Bell::BeforeClose(d) if d.is_zero() => None,
        from => Some(format!("no reopening from {}", bell(from))),
    };
    let ends = extension.into_iter().chain(no_reopen);
    [limit_state].into_iter().chain(rows).chain([reference]).chain(wide).chain(ends).collect()
}

fn row(row: &BandRow) -> String {
    let closes = row.up_to.map_or_else(|| "above".into(), |up_to| format!("closes to {}", exact(up_to)));
    format!("{closes}: {}", distance(row))
}

fn distance(row: &BandRow) -> String {
    let most = row.most.map_or_else(String::new, |most| format!(", at most {}", exact(most)));
    format!("bands at {}{most}", percent(row.share))
}

fn window(window: &WideWindow) -> String {
    let closes = window.highest_close.map_or_else(String::new, |most| format!(", closes to {}", exact(most)));
    let from = window.effective_from.map_or_else(String::new, |date| format!(", from {date}"));
    let to = window.effective_to.map_or_else(String::new, |date| format!(", to {date}"));
    format!("{} times as far {} to {}{closes}{from}{to}", window.times, bell(window.from), bell(window.until))
}

/// A price with all of its digits, two at least.
fn exact(price: Price) -> String {
    let (whole, rest) = (price.raw() / Price::SCALE, price.raw() % Price::SCALE);
    let digits = format!("{rest:09}");
    let cut = digits.trim_end_matches('0').len().max(2);
    format!("{whole}.{}", digits.get(..cut).unwrap_or(&digits))
}

/// A row as one of the levels of its breaker.
pub(super) fn row_as_json(row: &BandRow) -> Value {
    let price = |price: Option<Price>| price.map(Price::to_f64);
    json!({ "close_up_to": price(row.up_to), "limit": row.share.to_f64(), "most": price(row.most) })
}
