//! `technical`: how the calls of a dependency go.

use core::time::Duration;

use haltline::{CallWindow, Kind, Limits, MAX_CALLS, OnStale, Policy, Ratio, Release, RuleSpec, SlowCalls, Technical};

use crate::item::{Allowed, Item, SHARE, SOME_TIME};
use crate::limits::{default_limits, levels};
use crate::policy::{CONFIRM_KEYS, cooldown, doubt, general, release};
use crate::table::Table;

const WINDOW: &str =
    "whole numbers of calls from 1 to 65536 and durations from \"1ms\" to \"366d\", such as 100 or \"30s\"";
const CALLS: Allowed<i64> = Allowed { text: WINDOW, holds: |n| (1..=MAX_CALLS as i64).contains(&n) };
const TIME: Allowed<Duration> =
    Allowed { text: WINDOW, holds: |d| (Duration::from_millis(1)..=Duration::from_secs(366 * 86_400)).contains(&d) };
const COUNT: Allowed<i64> =
    Allowed { text: "whole numbers from 1 to 1000000", holds: |n| (1..=1_000_000).contains(&n) };

pub(crate) fn technical(table: &Table<'_>) -> (Option<RuleSpec>, Policy) {
    let mut policy = general(table, Kind::Technical);
    table.refuse(&CONFIRM_KEYS, "min_calls and consecutive say how many calls make a trip");
    let cooldown_for = cooldown(table, &mut policy);
    release(table, &mut policy, cooldown_for);
    if let (Release::Level, Some(item)) = (policy.release, table.optional("release")) {
        item.wrong(
            "found \"level\", allowed are \"timed\", \"latched\": a call that is denied cannot show that all is well",
        );
    }
    // Who says how long silence may last has a source that speaks without being called.
    if table.has("stale_after") && !table.has("on_stale") {
        policy.on_stale = OnStale::Trip;
    }
    doubt(table, &mut policy);
    (rule(table).map(RuleSpec::Technical), policy)
}

fn rule(table: &Table<'_>) -> Option<Technical> {
    let default = Technical::default();
    table.refuse(&["limit"], "a technical breaker has failure_rate and slow_rate");
    let failure_rate = levels(table, "failure_rate", &SHARE, Some(default.failure_rate.limit));
    let window = table.optional("window").map_or(Some(default.window), window);
    let min_calls = min_calls(table, window, default.min_calls);
    let slow = slow(table);
    let consecutive = table.optional("consecutive").map(|item| count(item, &COUNT));
    if let (Some(limits), Some(min_calls)) = (failure_rate, min_calls) {
        warn_of_one(table, limits, min_calls);
    }
    if let (Some(Some(1)), Some(item)) = (consecutive, table.optional("consecutive")) {
        item.warn("a single failure trips it");
    }
    Some(Technical {
        failure_rate: failure_rate?,
        window: window?,
        min_calls: min_calls?,
        slow: slow?,
        consecutive: consecutive.map_or(Some(None), |given| given.map(Some))?,
    })
}

fn window(item: Item<'_, '_>) -> Option<CallWindow> {
    if item.is_string() {
        item.duration(&TIME).map(CallWindow::Time)
    } else {
        count(item, &CALLS).map(CallWindow::Last)
    }
}

fn count(item: Item<'_, '_>, allowed: &Allowed<i64>) -> Option<u32> {
    item.integer(allowed).and_then(|n| u32::try_from(n).ok())
}

/// Not more than the window holds, or no rate would ever be tested.
fn min_calls(table: &Table<'_>, window: Option<CallWindow>, default: u32) -> Option<u32> {
    let most = match window {
        Some(CallWindow::Last(calls)) => calls,
        _ => u32::MAX,
    };
    let Some(item) = table.optional("min_calls") else { return Some(default.min(most)) };
    match count(item, &COUNT) {
        Some(given) if given > most => item.refuse(&format!("whole numbers from 1 to the window ({most})")),
        given => given,
    }
}

/// `None` if it could not be read.
#[expect(clippy::option_option, reason = "off, and unreadable")]
fn slow(table: &Table<'_>) -> Option<Option<SlowCalls>> {
    let Some(item) = table.optional("slow_rate") else {
        table.refuse(&["slow_after"], "without slow_rate nobody asks which calls are slow");
        return Some(None);
    };
    let rate = item.ratio(&SHARE);
    let after = table.required("slow_after", SOME_TIME.text).and_then(|item| item.duration(&SOME_TIME));
    Some(Some(SlowCalls { rate: default_limits(rate?), after: after? }))
}

/// One failure among the fewest calls that make a rate.
fn warn_of_one(table: &Table<'_>, limits: Limits, min_calls: u32) {
    let one_is_enough = i128::from(Ratio::SCALE) >= i128::from(limits.limit.raw()) * i128::from(min_calls);
    if !one_is_enough {
        return;
    }
    let text = format!("one failure among {min_calls} calls trips it");
    match table.optional("min_calls").or(table.optional("failure_rate")) {
        Some(item) => item.warn(&text),
        None => table.log().warn(table.at(), table.message(&text)),
    }
}
