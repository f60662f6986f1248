//! `premarket_validation`: named checks, each with its deadline.

use core::time::Duration;
use std::collections::BTreeMap;

use haltline::{Deadline, Kind, MAX_CHECKS, Policy, PremarketCheck, PremarketValidation, RuleSpec, is_name};

use crate::calendar::Market;
use crate::item::Item;
use crate::policy::{CONFIRM_KEYS, LIMIT_KEYS, cooldown, general, release, silence};
use crate::scalar::{duration, excerpt, time_of_day};
use crate::table::Table;

const CHECKS: &str = "arrays of 1 to 64 names, or tables such as { name = \"prices\", deadline = \"09:00\" }";
const NAMES: &str = "names of 1 to 64 letters, digits and . _ : -";
const DEADLINES: &str = "\"open\", \"open-30m\", \"open+5m\" and local times such as \"09:00\"";

pub(crate) fn premarket_validation(table: &Table<'_>, market: Option<&Market>) -> (Option<RuleSpec>, Policy) {
    let mut policy = general(table, Kind::PremarketValidation);
    table.refuse(&LIMIT_KEYS, "one check that is missing, has failed or was late is enough");
    table.refuse(&CONFIRM_KEYS, "a check has passed or has not");
    table.refuse(&["on_unready"], "a check that nobody has reported is missing, and denies");
    let cooldown_for = cooldown(table, &mut policy);
    release(table, &mut policy, cooldown_for);
    silence(table, &mut policy);
    (checks(table, market).map(|checks| RuleSpec::PremarketValidation(PremarketValidation { checks })), policy)
}

fn checks(table: &Table<'_>, market: Option<&Market>) -> Option<Vec<PremarketCheck>> {
    let item = table.required("checks", CHECKS)?;
    let items = item.elements(CHECKS)?;
    if !(1..=MAX_CHECKS).contains(&items.len()) {
        return item.complain(&format!("found {} checks, allowed are {CHECKS}", items.len()));
    }
    let mut taken = BTreeMap::new();
    let checks: Vec<_> = (1..).zip(&items).filter_map(|(n, item)| check(table, n, *item, market, &mut taken)).collect();
    Some(checks).filter(|checks| checks.len() == items.len())
}

/// One check: its name alone, or a table. `taken` says where each name stands.
fn check(
    breaker: &Table<'_>,
    number: usize,
    item: Item<'_, '_>,
    market: Option<&Market>,
    taken: &mut BTreeMap<String, String>,
) -> Option<PremarketCheck> {
    if !item.is_table() {
        return Some(PremarketCheck { name: name(item, taken)?, deadline: None });
    }
    let table = item.table(format!("{}: checks {number}", breaker.label()), CHECKS)?;
    let name = table.required("name", NAMES).and_then(|item| name(item, taken));
    let deadline = table.optional("deadline").map(|item| deadline(item, market));
    table.finish();
    Some(PremarketCheck { name: name?, deadline: deadline.map_or(Some(None), |given| given.map(Some))? })
}

fn name(item: Item<'_, '_>, taken: &mut BTreeMap<String, String>) -> Option<String> {
    let name = item.string(CHECKS)?;
    if !is_name(name) {
        return item.refuse(NAMES);
    }
    match taken.insert(name.into(), item.place()) {
        Some(place) => item.complain(&format!("{name:?} is already in the list, at {place}")),
        None => Some(name.into()),
    }
}

/// A time by the open, or by the clock on the wall if that is as far from the open in every session.
fn deadline(item: Item<'_, '_>, market: Option<&Market>) -> Option<Deadline> {
    let text = item.string(DEADLINES)?;
    let offset = text.strip_prefix("open").and_then(|rest| match rest.split_at_checked(1) {
        None => Some(Deadline::AfterOpen(Duration::ZERO)),
        Some(("-", rest)) => duration(rest).map(Deadline::BeforeOpen),
        Some(("+", rest)) => duration(rest).map(Deadline::AfterOpen),
        Some(_) => None,
    });
    let deadline = match (offset, time_of_day(text)) {
        (Some(deadline), _) => deadline,
        (None, Some(time)) => match market?.by_open(time) {
            Ok(deadline) => deadline,
            Err(why) => {
                let allowed = "local times that lie as far from the open in every session";
                return item.complain(&format!("found {}, allowed are {allowed} ({why})", excerpt(text)));
            }
        },
        (None, None) => return item.refuse(DEADLINES),
    };
    within(item, deadline, market?)
}

/// A deadline that no check could meet is a mistake.
fn within(item: Item<'_, '_>, deadline: Deadline, market: &Market) -> Option<Deadline> {
    let sessions = market.sessions().as_slice();
    let early = sessions.windows(2).find(|pair| deadline.at(&pair[1]) <= pair[0].close).map(|pair| pair[1].date);
    let late = sessions.iter().all(|session| deadline.at(session) > session.close);
    match early {
        Some(date) => item.complain(&format!(
            "it lies before the end of the session before, on {date} for one; allowed are times after that"
        )),
        None if late => item.complain("it lies after the close of every session; allowed are times before that"),
        None => Some(deadline),
    }
}
