//! The price bands of a `market_circuit_breaker`: those of the US markets by tier, or those of any venue number by number.

use core::time::Duration;
use std::sync::Arc;

use haltline::{
    BandRow, Bell, Date, Halt, Kind, MarketCircuitBreaker, Policy, Price, PriceBand, Ratio, Release, Rounding,
    RuleSpec, Session, Tier, WideWindow,
};

use crate::calendar::Market;
use crate::item::{ANY_TIME, Allowed, Item, PRICE, SHARE, SOME_TIME};
use crate::ladder::{BELLS, bell, effective};
use crate::policy::{CONFIRM_KEYS, COOLDOWN_KEYS, LIMIT_KEYS, RELEASE_KEYS, doubt, general};
use crate::scalar::ratio_text;
use crate::table::Table;

/// What a band and a rolling move have.
pub(crate) const PAUSE: [&str; 1] = ["pause"];
/// The keys of a band.
pub(crate) const BAND_KEYS: [&str; 11] =
    ["tier", "rounding", "tick", "row", "wide", "mean_of", "step", "hold", "limit_state", "extension", "no_reopen"];
/// Those that a tier leaves open.
const BESIDE_TIER: [&str; 3] = ["tier", "rounding", "tick"];

const TIERS: Allowed<i64> = Allowed { text: "1 and 2", holds: |n| (1..=2).contains(&n) };
const TIMES: Allowed<i64> = Allowed { text: "whole numbers from 1 to 100", holds: |n| (1..=100).contains(&n) };
const STEP: Allowed<Ratio> =
    Allowed { text: "fractions from 0 to 1", holds: |r| r.raw() >= 0 && r.raw() <= Ratio::SCALE };
const MEANS: Allowed<Duration> = Allowed {
    text: "durations from \"1s\" to \"1h\"",
    holds: |d| (Duration::from_secs(1)..=Duration::from_secs(3_600)).contains(&d),
};
const ROWS: &str = "1 to 16 tables [[breaker.row]]";
const WIDE: &str = "1 to 16 tables [[breaker.wide]]";
const MOST: usize = 16;

pub(crate) fn band(table: &Table<'_>, market: Option<&Market>) -> (Option<RuleSpec>, Policy) {
    let mut policy = general(table, Kind::MarketCircuitBreaker);
    doubt(table, &mut policy);
    if let Some(item) = table.optional("release") {
        policy.release = item.word(&[Release::Timed, Release::Latched], Release::name).unwrap_or(policy.release);
    }
    table.refuse(&LIMIT_KEYS, "the tier of the instrument, or each [[breaker.row]], says how far its bands lie");
    table.refuse(&CONFIRM_KEYS, "a price band has its limit state");
    table.refuse(&COOLDOWN_KEYS, "a price band has none: a pause has its time");
    let others: Vec<&str> = RELEASE_KEYS.into_iter().filter(|key| *key != "release").collect();
    table.refuse(&others, "a pause has its time");
    if let Some(item) = table.optional("watch").filter(|item| item.one_or_more().len() > 1) {
        item.wrong("found more than one feed, but a price band hears one, that of its instrument");
    }
    let rule = rule(table, market).map(Arc::new);
    if let Some(band) = &rule {
        policy.halt = Halt::Timed { base: band.pause, backoff: 1.0, max: band.pause };
    }
    (rule.map(|band| RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Band(band))), policy)
}

fn rule(table: &Table<'_>, market: Option<&Market>) -> Option<PriceBand> {
    let numbers: Vec<&str> = BAND_KEYS.into_iter().chain(PAUSE).filter(|key| !BESIDE_TIER.contains(key)).collect();
    if let Some(tier) = table.optional("tier") {
        table.refuse(&numbers, "the tier says it; without a tier the rows and all numbers are your own");
        return of_tier(table, tier, market);
    }
    if !numbers.iter().any(|key| table.has(key)) {
        table.leave(&BESIDE_TIER);
        table.missing(&format!("tier is missing, allowed are {}, or in its place {ROWS}", TIERS.text));
        return None;
    }
    of_rows(table, market)
}

fn of_tier(table: &Table<'_>, tier: Item<'_, '_>, market: Option<&Market>) -> Option<PriceBand> {
    let tier = tier.integer(&TIERS);
    let rounding = rounding(table);
    let tick = table.optional("tick").map(Item::price);
    let tier = if tier? == 1 { Tier::One } else { Tier::Two };
    let band = PriceBand::luld(tier, market?.sessions().clone());
    Some(PriceBand { rounding: rounding?, tick: tick.unwrap_or(Some(band.tick))?, ..band })
}

fn rounding(table: &Table<'_>) -> Option<Rounding> {
    let item = table.optional("rounding");
    item.map_or(Some(Rounding::Nearest), |item| item.word(Rounding::ALL, Rounding::name))
}

fn of_rows(table: &Table<'_>, market: Option<&Market>) -> Option<PriceBand> {
    let time = |key, allowed: &Allowed<Duration>| table.required(key, allowed.text)?.duration(allowed);
    let (rows, wide) = (rows(table), wide(table, market));
    let (mean_of, hold) = (time("mean_of", &MEANS), time("hold", &ANY_TIME));
    let step = table.required("step", STEP.text).and_then(|item| item.ratio(&STEP));
    let (limit_state, pause) = (time("limit_state", &ANY_TIME), time("pause", &SOME_TIME));
    let extension = table.optional("extension").map_or(Some(Duration::ZERO), |item| item.duration(&ANY_TIME));
    let no_reopen = no_reopen(table, market);
    let rounding = rounding(table);
    let tick = table.required("tick", PRICE).and_then(Item::price);
    Some(PriceBand {
        sessions: market?.sessions().clone(),
        rows: rows?,
        wide: wide?,
        mean_of: mean_of?,
        step: step?,
        hold: hold?,
        limit_state: limit_state?,
        pause: pause?,
        extension: extension?,
        no_reopen: no_reopen?,
        rounding: rounding?,
        tick: tick?,
    })
}

fn no_reopen(table: &Table<'_>, market: Option<&Market>) -> Option<Bell> {
    let Some(item) = table.optional("no_reopen") else { return Some(Bell::BeforeClose(Duration::ZERO)) };
    let bell = bell(item, market)?;
    let outside = market?.regular().find(|session| {
        let at = bell.at(session);
        at < session.open || at > session.close
    });
    match outside {
        Some(session) => {
            let date = session.date;
            item.complain(&format!("it lies outside the session of {date}; allowed are times from open to close"))
        }
        None => Some(bell),
    }
}

/// From the lowest close; the last row has no end.
fn rows(table: &Table<'_>) -> Option<Vec<BandRow>> {
    let widens = table.has("wide");
    let item = table.required("row", ROWS)?;
    let tables = item.tables(|n| format!("{}: row {n}", table.label()), ROWS)?;
    if !(1..=MOST).contains(&tables.len()) {
        return item.complain(&format!("found {} rows, allowed are {ROWS}", tables.len()));
    }
    let count = tables.len();
    let mut below = None;
    let mut rows = Vec::new();
    for (number, table) in (1..).zip(tables) {
        let up_to = if number == count { without_end(&table) } else { up_to(&table, below).map(Some) };
        below = up_to.flatten().or(below);
        let share = table.required("share", SHARE.text).and_then(|item| item.ratio(&SHARE));
        let most = table.optional("most").map_or(Some(None), |item| item.price().map(Some));
        if !widens {
            table.refuse(&["widens_lower"], "only a [[breaker.wide]] widens bands, and there is none");
        }
        let widens_lower = table.optional("widens_lower").map_or(Some(true), Item::boolean);
        table.finish();
        let row = || Some(BandRow { up_to: up_to?, share: share?, most: most?, widens_lower: widens_lower? });
        rows.extend(row());
    }
    Some(rows).filter(|rows| rows.len() == count)
}

/// The end of a row that is not the last, above that of the row before.
fn up_to(table: &Table<'_>, below: Option<Price>) -> Option<Price> {
    let item = table.required("up_to", &format!("{PRICE}; only the last row has none"))?;
    let price = item.price()?;
    match below.filter(|below| price <= *below) {
        Some(below) => {
            item.refuse(&format!("prices above up_to of the row before ({})", ratio_text(Ratio::from_raw(below.raw()))))
        }
        None => Some(price),
    }
}

fn without_end(table: &Table<'_>) -> Option<Option<Price>> {
    table.refuse(&["up_to"], "the last row holds for all closes above the others");
    (!table.has("up_to")).then_some(None)
}

fn wide(table: &Table<'_>, market: Option<&Market>) -> Option<Vec<WideWindow>> {
    let Some(item) = table.optional("wide") else { return Some(Vec::new()) };
    let tables = item.tables(|n| format!("{}: wide {n}", table.label()), WIDE)?;
    if !(1..=MOST).contains(&tables.len()) {
        return item.complain(&format!("found {} windows, allowed are {WIDE}", tables.len()));
    }
    let windows: Vec<Option<WideWindow>> = tables.iter().map(|table| window(table, market)).collect();
    let windows = windows.into_iter().collect::<Option<Vec<_>>>();
    for (second, table) in tables.iter().enumerate() {
        let (Some(windows), Some(market)) = (&windows, market) else { break };
        if let Some(first) = shadow(windows, second, market) {
            let text = format!(
                "it overlaps wide {}, which counts before it for all of its closes; allowed are windows that overlap none \
                 before them, or hold for higher closes",
                first + 1
            );
            table.wrong(None, &text);
        }
    }
    tables.into_iter().for_each(Table::finish);
    windows
}

fn window(table: &Table<'_>, market: Option<&Market>) -> Option<WideWindow> {
    let read = |key| table.required(key, BELLS).and_then(|item| bell(item, market));
    let (from, until) = (read("from"), read("until"));
    let times = table.required("times", TIMES.text).and_then(|item| item.integer(&TIMES));
    let highest_close = table.optional("highest_close").map_or(Some(None), |item| item.price().map(Some));
    let (effective_from, effective_to) = effective(table);
    let times = u32::try_from(times?).ok()?;
    let window =
        WideWindow { from: from?, until: until?, times, highest_close: highest_close?, effective_from, effective_to };
    if let Some(why) = misplaced(&window, market?) {
        table.wrong(None, &why);
    }
    Some(window)
}

/// What is wrong with the ends of a window, if anything. A session that closes early may lose it.
fn misplaced(window: &WideWindow, market: &Market) -> Option<String> {
    const ALLOWED: &str = "allowed are windows between open and close";
    let is_empty = |session: &Session| window.from.at(session) >= window.until.at(session);
    let fits = |session: &&Session| {
        session.open <= window.from.at(session) && !is_empty(session) && window.until.at(session) <= session.close
    };
    match market.regular().find(|session| !fits(session)) {
        Some(Session { date, .. }) => Some(format!("it is empty, or lies outside the session of {date}; {ALLOWED}")),
        None => market
            .sessions()
            .as_slice()
            .iter()
            .all(is_empty)
            .then(|| format!("it is empty in every session; {ALLOWED}")),
    }
}

/// The window before this one that takes from it the time that both have: the first that holds counts.
fn shadow(windows: &[WideWindow], number: usize, market: &Market) -> Option<usize> {
    let window = windows.get(number)?;
    let in_force = |window: &WideWindow, date: Date| {
        window.effective_from.is_none_or(|from| from <= date) && window.effective_to.is_none_or(|to| date <= to)
    };
    windows.iter().take(number).position(|first| {
        let all_closes = first.highest_close.is_none_or(|most| window.highest_close.is_some_and(|close| close <= most));
        let mut both = market.regular().filter(|s| in_force(first, s.date) && in_force(window, s.date));
        all_closes && both.any(|s| first.from.at(s) < window.until.at(s) && window.from.at(s) < first.until.at(s))
    })
}
