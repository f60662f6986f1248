//! The ladder of a `market_circuit_breaker`: its rungs, as data.

use core::time::Duration;
use std::sync::Arc;

use haltline::{
    Bell, Date, Direction, Halt, HaltEnd, Kind, Ladder, Policy, Ratio, Release, Reopen, RuleSpec, Rung, Session, Step,
    Window,
};
use jiff::civil;

use crate::calendar::Market;
use crate::item::{ANY_TIME, Allowed, Item, SHARE, SOME_TIME, session_date};
use crate::limits::limits;
use crate::policy::{CONFIRM_KEYS, COOLDOWN_KEYS, LIMIT_KEYS, RELEASE_KEYS, doubt, general};
use crate::scalar::{duration, excerpt, ratio_text, time_of_day};
use crate::table::Table;

const FURTHER: Allowed<Ratio> =
    Allowed { text: "fractions from 0 to 1", holds: |r| r.raw() >= 0 && r.raw() <= Ratio::SCALE };
pub(crate) const BELLS: &str = "\"open\", \"open+30m\", \"close-35m\", \"close\" and local times such as \"13:00\"";
const RUNGS: usize = Step::LAST.number() as usize;
const WINDOWS: usize = 16;

pub(crate) fn ladder(table: &Table<'_>, market: Option<&Market>) -> (Option<RuleSpec>, Policy) {
    let mut policy = general(table, Kind::MarketCircuitBreaker);
    doubt(table, &mut policy);
    refuse_timing(table);
    if let Some(item) = table.optional("release") {
        // Ending with the first good reading would cut the rung's halt short.
        policy.release = item.word(&[Release::Timed, Release::Latched], Release::name).unwrap_or(policy.release);
    }
    let ladder = rule(table, market).map(Arc::new);
    if let Some(ladder) = &ladder {
        policy.halt = Halt::Ladder(ladder.clone());
    }
    (ladder.map(|ladder| RuleSpec::MarketCircuitBreaker(ladder.into())), policy)
}

/// What the rungs say for a ladder.
fn refuse_timing(table: &Table<'_>) {
    table.refuse(&LIMIT_KEYS, "each [[breaker.rung]] has its own");
    table.refuse(&CONFIRM_KEYS, "a ladder has lasting");
    table.refuse(&COOLDOWN_KEYS, "a ladder has none: its halt ends as reopen says");
    let others: Vec<&str> = RELEASE_KEYS.into_iter().filter(|key| *key != "release").collect();
    table.refuse(&others, "the windows of each [[breaker.rung]] say how long it halts");
}

fn rule(table: &Table<'_>, market: Option<&Market>) -> Option<Ladder> {
    let direction = table.optional("direction").and_then(|item| item.word(Direction::ALL, Direction::name));
    let in_turn = table.optional("in_turn").and_then(Item::boolean);
    let cutoff_inclusive = table.optional("cutoff_inclusive").and_then(Item::boolean);
    let reopen = table.optional("reopen").and_then(|item| item.word(Reopen::ALL, Reopen::name));
    let lasting = table.optional("lasting").and_then(|item| item.duration(&ANY_TIME));
    let (effective_from, effective_to) = effective(table);
    let rungs = rungs(table, market);
    Some(Ladder {
        sessions: market?.sessions().clone(),
        direction: direction.unwrap_or(Direction::Down),
        rungs: rungs?,
        in_turn: in_turn.unwrap_or(false),
        cutoff_inclusive: cutoff_inclusive.unwrap_or(true),
        reopen: reopen.unwrap_or(Reopen::Auto),
        lasting: lasting.unwrap_or(Duration::ZERO),
        effective_from,
        effective_to,
    })
}

/// When a rule is in force.
pub(crate) fn effective(table: &Table<'_>) -> (Option<Date>, Option<Date>) {
    let from = table.optional("effective_from").and_then(Item::date);
    let to_item = table.optional("effective_to");
    let to = to_item.and_then(Item::date);
    if let (Some(from), Some(to), Some(item)) = (from, to, to_item)
        && to < from
    {
        item.wrong(&format!("found {to}, allowed are dates not before effective_from ({from})"));
    }
    let date = |date: Option<civil::Date>| date.map(session_date);
    (date(from), date(to))
}

fn rungs(table: &Table<'_>, market: Option<&Market>) -> Option<Vec<Rung>> {
    const ALLOWED: &str = "1 to 6 tables [[breaker.rung]]";
    let item = table.required("rung", ALLOWED)?;
    let tables = item.tables(|n| format!("{}: rung {n}", table.label()), ALLOWED)?;
    if !(1..=RUNGS).contains(&tables.len()) {
        item.wrong(&format!("found {} rungs, allowed are {ALLOWED}", tables.len()));
    }
    let mut below = None;
    let mut rungs = Vec::new();
    let count = tables.len();
    for table in tables {
        let rung = rung(&table, market);
        if let (Some(below), Some(rung), Some(item)) = (below, &rung, table.optional("limit"))
            && rung.limits.limit <= below
        {
            let (found, most) = (ratio_text(rung.limits.limit), ratio_text(below));
            item.wrong(&format!("found {found}, allowed are fractions above the limit of the rung below ({most})"));
        }
        below = rung.as_ref().map(|rung| rung.limits.limit).or(below);
        table.finish();
        rungs.extend(rung);
    }
    Some(rungs).filter(|rungs| rungs.len() == count)
}

fn rung(table: &Table<'_>, market: Option<&Market>) -> Option<Rung> {
    let limits = limits(table, &SHARE, None);
    let further = table.optional("further").map_or(Some(Ratio::ZERO), |item| item.ratio(&FURTHER));
    let windows = windows(table, market);
    Some(Rung { limits: limits?, further: further?, windows: windows? })
}

fn windows(table: &Table<'_>, market: Option<&Market>) -> Option<Vec<Window>> {
    const ALLOWED: &str =
        "arrays of 1 to 16 tables such as { from = \"open\", until = \"close-35m\", halt_for = \"15m\" }";
    let item = table.required("windows", ALLOWED)?;
    let tables = item.tables(|n| format!("{}: windows {n}", table.label()), ALLOWED)?;
    if !(1..=WINDOWS).contains(&tables.len()) {
        return item.complain(&format!("found {} windows, allowed are {ALLOWED}", tables.len()));
    }
    let windows: Vec<Option<Window>> = tables
        .into_iter()
        .map(|table| {
            let window = window(&table, market);
            table.finish();
            window
        })
        .collect();
    let windows: Vec<Window> = windows.into_iter().collect::<Option<_>>()?;
    let why = market.and_then(|market| disorder(&windows, market.regular()).or_else(|| never_open(&windows, market)));
    if let Some(why) = why {
        item.wrong(&why);
    }
    Some(windows)
}

fn window(table: &Table<'_>, market: Option<&Market>) -> Option<Window> {
    let read = |key| table.required(key, BELLS).and_then(|item| bell(item, market));
    let (from, until) = (read("from"), read("until"));
    let end = halt_end(table);
    Some(Window { from: from?, until: until?, end: end? })
}

fn halt_end(table: &Table<'_>) -> Option<HaltEnd> {
    let halt_for = table.optional("halt_for");
    let bells = [("until_close", HaltEnd::Close), ("until_next_session", HaltEnd::NextSession)]
        .map(|(key, end)| table.optional(key).map(|item| (item, end)));
    match (halt_for, bells) {
        (Some(item), [None, None]) => item.duration(&SOME_TIME).map(HaltEnd::After),
        (None, [Some((item, end)), None] | [None, Some((item, end))]) => {
            if item.boolean()? {
                Some(end)
            } else {
                item.refuse("true, or halt_for in its place")
            }
        }
        (Some(_), [Some((item, _)), _] | [None, Some((item, _))]) => {
            item.complain("stands beside halt_for, allowed is one of the two")
        }
        (None, [Some(_), Some((item, _))]) => item.complain("stands beside until_close, allowed is one of the two"),
        (None, [None, None]) => {
            table.missing(
                "halt_for is missing, allowed are durations, or until_close = true or until_next_session = true in its \
                 place",
            );
            None
        }
    }
}

/// A time of the session: counted from a bell, or by the clock on the wall.
pub(crate) fn bell(item: Item<'_, '_>, market: Option<&Market>) -> Option<Bell> {
    let text = item.string(BELLS)?;
    let offset = |rest: &str, sign| rest.strip_prefix(sign).and_then(duration);
    let bell = match text {
        "open" => Some(Bell::AfterOpen(Duration::ZERO)),
        "close" => Some(Bell::BeforeClose(Duration::ZERO)),
        _ => text
            .strip_prefix("open")
            .and_then(|rest| offset(rest, '+'))
            .map(Bell::AfterOpen)
            .or_else(|| text.strip_prefix("close").and_then(|rest| offset(rest, '-')).map(Bell::BeforeClose)),
    };
    if bell.is_some() {
        return bell;
    }
    let Some(time) = time_of_day(text) else { return item.refuse(BELLS) };
    match market?.after_open(time) {
        Ok(after) => Some(Bell::AfterOpen(after)),
        Err(why) => item.complain(&format!(
            "found {}, allowed are local times that lie as long after the open in every session ({why})",
            excerpt(text)
        )),
    }
}

/// What is wrong with the order of windows, if anything. A session that closes early may lose windows.
fn disorder<'s>(windows: &[Window], mut sessions: impl Iterator<Item = &'s Session>) -> Option<String> {
    sessions.find_map(|session| {
        let mut end = session.open;
        let wrong = windows.iter().position(|window| {
            let (from, until) = (window.from.at(session), window.until.at(session));
            let fits = end <= from && from < until && until <= session.close;
            end = until;
            !fits
        })?;
        Some(format!(
            "window {} begins before the one before it has ended, is empty, or lies outside the session of {}; \
             allowed are windows in order, without overlap, between open and close",
            wrong + 1,
            session.date
        ))
    })
}

/// The window that no session has, if every one closes early.
fn never_open(windows: &[Window], market: &Market) -> Option<String> {
    let opens = |window: &Window| {
        market.sessions().as_slice().iter().any(|session| window.from.at(session) < window.until.at(session))
    };
    let number = windows.iter().position(|window| !opens(window))?;
    Some(format!("window {} is empty in every session; allowed are windows between open and close", number + 1))
}
