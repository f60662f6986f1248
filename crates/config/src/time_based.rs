//! `time_based`: the sessions of a calendar, and blackouts in its time zone.

use haltline::{Blackout, Kind, Nanos, Policy, REASON_BYTES, Release, RuleSpec, TimeBased};

use crate::calendar::Market;
use crate::item::Item;
use crate::policy::{CONFIRM_KEYS, DOUBT_KEYS, LIMIT_KEYS, RELEASE_KEYS, cooldown, general};
use crate::table::Table;

const BLACKOUTS: &str = "tables [[breaker.blackout]]";
const REASON: &str = "texts of at most 128 bytes, without control characters";

pub(crate) fn time_based(table: &Table<'_>, market: Option<&Market>) -> (Option<RuleSpec>, Policy) {
    let mut policy = general(table, Kind::TimeBased);
    let keys = [&["watch"][..], &LIMIT_KEYS, &CONFIRM_KEYS, &DOUBT_KEYS].concat();
    table.refuse(&keys, "it goes by the clock and hears no feed");
    let others: Vec<&str> = RELEASE_KEYS.into_iter().filter(|key| *key != "release").collect();
    table.refuse(&others, "it ends with the bell, or by hand");
    cooldown(table, &mut policy);
    if let Some(item) = table.optional("release") {
        policy.release = item.word(&[Release::Level, Release::Latched], Release::name).unwrap_or(policy.release);
    }
    let blackouts = blackouts(table, market);
    let rule =
        market.zip(blackouts).map(|(market, blackouts)| TimeBased { sessions: market.sessions().clone(), blackouts });
    (rule.map(RuleSpec::TimeBased), policy)
}

/// A blackout, and where its begin stands.
struct Placed<'t, 'a> {
    blackout: Blackout,
    from: Item<'t, 'a>,
}

fn blackouts(table: &Table<'_>, market: Option<&Market>) -> Option<Vec<Blackout>> {
    let Some(item) = table.optional("blackout") else { return Some(Vec::new()) };
    let tables = item.tables(|n| format!("{}: blackout {n}", table.label()), BLACKOUTS)?;
    let mut list: Vec<_> = tables.iter().filter_map(|table| blackout(table, market)).collect();
    list.sort_by_key(|placed| placed.blackout.from);
    let mut sound = list.len() == tables.len();
    for pair in list.windows(2) {
        let [first, second] = pair else { continue };
        if second.blackout.from < first.blackout.to {
            // Named at the one that stands later in the file.
            let (early, late) = if first.from.at() < second.from.at() { (first, second) } else { (second, first) };
            late.from.wrong(&format!(
                "overlaps the blackout at {}; allowed are blackouts without overlap",
                early.from.place()
            ));
            sound = false;
        }
    }
    let list = list.into_iter().map(|placed| placed.blackout).collect();
    tables.into_iter().for_each(Table::finish);
    sound.then_some(list)
}

fn blackout<'t, 'a>(table: &'t Table<'a>, market: Option<&Market>) -> Option<Placed<'t, 'a>> {
    let ends = ["from", "to"].map(|key| table.required(key, "local times such as 2020-03-18T13:55:00"));
    let reason = table.required("reason", REASON).and_then(reason);
    let [from, to] = ends.map(|item| Some((item?, instant(item?, market)?)));
    let ((from_item, from), (to_item, to)) = (from?, to?);
    if to <= from {
        return to_item.complain("is not after from; allowed are local times after that");
    }
    let meets = |market: &Market| {
        let next = market.sessions().as_slice().partition_point(|session| session.close < from);
        market.sessions().get(next).is_some_and(|session| session.open < to)
    };
    if market.is_some_and(|market| !meets(market)) {
        from_item.warn("this blackout lies outside of every session, where nothing is traded anyway");
    }
    Some(Placed { blackout: Blackout { from, to, reason: reason? }, from: from_item })
}

/// A local time of a day that the calendar speaks of, in UTC.
fn instant(item: Item<'_, '_>, market: Option<&Market>) -> Option<Nanos> {
    let local = item.local_time()?;
    let market = market?;
    let (first, last) = (market.dates().start(), market.dates().end());
    if !market.dates().contains(&local.date()) {
        return item
            .complain(&format!("found {}, allowed are times of the calendar's days, {first} to {last}", local.date()));
    }
    market.instant(local).map_err(|why| item.wrong(&why)).ok()
}

fn reason(item: Item<'_, '_>) -> Option<String> {
    let text = item.string(REASON)?;
    let fits = text.len() <= REASON_BYTES && !text.chars().any(char::is_control);
    if fits { Some(text.into()) } else { item.refuse(REASON) }
}
