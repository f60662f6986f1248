//! The file as a whole: scopes, `[system]`, calendars and breakers make a plan.

use std::collections::{BTreeMap, BTreeSet};

use haltline::{BreakerSpec, Caps, Plan, ScopePath, Skew, Template};

use crate::breaker::{self, paths};
use crate::capacity;
use crate::item::{ANY_TIME, Allowed};
use crate::pack::Packs;
use crate::table::Table;
use crate::{Calendar, calendar};

const MILLION: i64 = 1 << 20;
const SCOPES: Allowed<i64> = Allowed { text: "whole numbers from 1 to 1048576", holds: |n| (1..=MILLION).contains(&n) };
const BREAKERS: Allowed<i64> =
    Allowed { text: "whole numbers from 1 to 1048575", holds: |n| (1..MILLION).contains(&n) };
const LISTENERS: Allowed<i64> =
    Allowed { text: "whole numbers from 1 to 16777216", holds: |n| (1..=16 * MILLION).contains(&n) };
const HISTORY: Allowed<i64> =
    Allowed { text: "whole numbers from 0 to 1048576", holds: |n| (0..=MILLION).contains(&n) };
const SUBSCRIBERS: Allowed<i64> = Allowed { text: "whole numbers from 0 to 1024", holds: |n| (0..=1024).contains(&n) };
const RING: Allowed<i64> =
    Allowed { text: "powers of two from 2 to 1048576", holds: |n| (2..=MILLION).contains(&n) && n.count_ones() == 1 };

/// The root tables of a configuration.
pub(crate) struct Files<'a> {
    /// What is included, in the order in which it is read.
    pub(crate) included: Vec<Table<'a>>,
    /// What includes it.
    pub(crate) main: Table<'a>,
    /// Whether all that is included could be read.
    pub(crate) whole: bool,
}

impl<'a> Files<'a> {
    /// All of them: what is included, as if it stood at the top.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Table<'a>> {
        self.included.iter().chain([&self.main])
    }

    /// Reports every key that nobody has asked for.
    fn finish(self) {
        for file in self.included.into_iter().chain([self.main]) {
            file.finish();
        }
    }
}

/// Reads the root tables.
pub(crate) fn plan(files: Files<'_>) -> (Plan, BTreeMap<String, Calendar>) {
    let mut packs = Packs::new(files.whole);
    for file in &files.included {
        packs.read(file);
        file.refuse(&["system"], "only the file that includes this one has it");
    }
    files.main.refuse(&["pack", "template"], "only a file that is included is a pack");
    let scopes = scopes(&files);
    let (caps, skew) = system(&files.main);
    let markets = calendar::read(&files);
    let placed = breaker::read(&files, &markets, &packs);
    packs.warn_of_idle();
    capacity::check(&files.main, &scopes, &placed, &caps);
    let (templates, breakers): (Vec<_>, Vec<_>) = placed.into_iter().partition(|placed| placed.each);
    let breakers = breakers.into_iter().map(|placed| placed.spec).collect();
    let templates = templates.into_iter().map(|placed| template(placed.spec)).collect();
    files.finish();
    (Plan { scopes, breakers, templates, caps, skew }, markets.compiled())
}

fn template(spec: BreakerSpec) -> Template {
    let BreakerSpec { name, scope: parent, rule, policy, .. } = spec;
    Template { name, parent, rule, policy }
}

/// Those of all files; only within one is a scope that stands twice a mistake.
fn scopes(files: &Files<'_>) -> Vec<ScopePath> {
    let (mut scopes, mut known) = (Vec::new(), BTreeSet::new());
    for item in files.all().filter_map(|file| file.optional("scopes")) {
        let items = item.elements("arrays of scope paths such as [\"XNAS/AAPL\"]").unwrap_or_default();
        let new = paths(&items).unwrap_or_default().into_iter();
        scopes.extend(new.filter(|scope| known.insert(scope.clone())));
    }
    scopes
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
        ("history", &mut caps.history, &HISTORY),
        ("max_subscribers", &mut caps.subscribers, &SUBSCRIBERS),
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
