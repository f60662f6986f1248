//! The file as a whole: scopes, `[system]`, calendars and breakers make a plan.

use std::collections::BTreeMap;

use haltline::{BreakerSpec, Caps, Plan, ScopePath, Skew, Template};

use crate::breaker::{self, paths};
use crate::capacity;
use crate::item::{ANY_TIME, Allowed};
use crate::table::Table;
use crate::{Calendar, calendar};

const MILLION: i64 = 1 << 20;
const SCOPES: Allowed<i64> = Allowed { text: "whole numbers from 1 to 1048576", holds: |n| (1..=MILLION).contains(&n) };
const BREAKERS: Allowed<i64> =
    Allowed { text: "whole numbers from 1 to 1048575", holds: |n| (1..MILLION).contains(&n) };
const LISTENERS: Allowed<i64> =
    Allowed { text: "whole numbers from 1 to 16777216", holds: |n| (1..=16 * MILLION).contains(&n) };
const RING: Allowed<i64> =
    Allowed { text: "powers of two from 2 to 1048576", holds: |n| (2..=MILLION).contains(&n) && n.count_ones() == 1 };

/// Reads the root table.
pub(crate) fn plan(root: &Table<'_>) -> (Plan, BTreeMap<String, Calendar>) {
    let scopes = scopes(root);
    let (caps, skew) = system(root);
    let markets = calendar::read(root);
    let placed = breaker::read(root, &markets);
    capacity::check(root, &scopes, &placed, &caps);
    let (templates, breakers): (Vec<_>, Vec<_>) = placed.into_iter().partition(|placed| placed.each);
    let breakers = breakers.into_iter().map(|placed| placed.spec).collect();
    let templates = templates.into_iter().map(|placed| template(placed.spec)).collect();
    let calendars = markets.into_iter().filter_map(|(name, market)| Some((name, market?.calendar))).collect();
    (Plan { scopes, breakers, templates, caps, skew }, calendars)
}

fn template(spec: BreakerSpec) -> Template {
    let BreakerSpec { name, scope: parent, rule, policy, .. } = spec;
    Template { name, parent, rule, policy }
}

fn scopes(root: &Table<'_>) -> Vec<ScopePath> {
    let items = root.optional("scopes").and_then(|item| item.elements("arrays of scope paths such as [\"XNAS/AAPL\"]"));
    paths(&items.unwrap_or_default()).unwrap_or_default()
}

fn system(root: &Table<'_>) -> (Caps, Skew) {
    let (mut caps, mut skew) = (Caps::default(), Skew::default());
    let Some(table) = root.optional("system").and_then(|item| item.table("system".into(), "a table [system]")) else {
        return (caps, skew);
    };
    for (key, cap, allowed) in [
        ("max_scopes", &mut caps.scopes, &SCOPES),
        ("max_breakers", &mut caps.breakers, &BREAKERS),
        ("max_listeners", &mut caps.listeners, &LISTENERS),
        ("ring", &mut caps.ring, &RING),
    ] {
        let given = table.optional(key).and_then(|item| item.integer(allowed));
        *cap = given.and_then(|n| u32::try_from(n).ok()).unwrap_or(*cap);
    }
    for (key, most) in [("max_ahead", &mut skew.max_ahead), ("max_backstep", &mut skew.max_backstep)] {
        *most = table.optional(key).and_then(|item| item.duration(&ANY_TIME)).unwrap_or(*most);
    }
    table.finish();
    (caps, skew)
}
