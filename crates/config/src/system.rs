//! The file as a whole: scopes, `[system]`, calendars and breakers make a plan.

use std::collections::BTreeSet;

use haltline::{BreakerSpec, Caps, Plan, ScopePath, Skew, Template};

use crate::breaker::{self, Guards, Placed, paths};
use crate::capacity;
use crate::instruments::Lists;
use crate::item::{ANY_TIME, Allowed};
use crate::pack::Packs;
use crate::table::Table;
use crate::{Config, calendar};

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
    /// The instruments that they list.
    pub(crate) lists: Lists<'a>,
    /// Whether all that is included could be read.
    pub(crate) whole: bool,
}

impl<'a> Files<'a> {
    /// All of them: what is included, as if it stood at the top.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Table<'a>> {
        self.included.iter().chain([&self.main])
    }

    /// Reports every key that nobody has asked for; the lists are left.
    fn finish(self) -> Lists<'a> {
        for file in self.included.into_iter().chain([self.main]) {
            file.finish();
        }
        self.lists
    }
}

/// Reads the root tables. Its warnings are those of the logs.
pub(crate) fn config(files: Files<'_>) -> Config {
    let mut packs = Packs::new(files.whole);
    for file in &files.included {
        packs.read(file);
        file.refuse(&["system"], "only the file that includes this one has it");
    }
    files.main.refuse(&["pack", "template"], "only a file that is included is a pack");
    let scopes = scopes(&files);
    let (caps, skew) = system(&files.main);
    let markets = calendar::read(&files);
    let (placed, once) = breaker::read(&files, &markets, &packs);
    packs.warn_of_idle();
    once.finish(&known(&scopes, &placed));
    capacity::check(&files.main, &scopes, &placed, &caps);
    let (breakers, templates): (Vec<_>, Vec<_>) =
        placed.into_iter().partition(|placed| matches!(placed.guards, Guards::Itself));
    let breakers = breakers.into_iter().map(|placed| placed.spec).collect();
    let templates = templates.into_iter().map(template).collect();
    let plan = Plan { scopes, breakers, templates, caps, skew };
    Config { plan, calendars: markets.compiled(), instruments: files.finish().into_named(), warnings: Vec::new() }
}

/// The scopes that a System knows by the plan, of which the templates make their instances.
fn known(declared: &[ScopePath], placed: &[Placed<'_>]) -> BTreeSet<ScopePath> {
    let breakers = placed.iter().filter(|placed| matches!(placed.guards, Guards::Itself));
    let heard = breakers.flat_map(|placed| placed.spec.watch.iter().chain([&placed.spec.scope]));
    declared.iter().chain(heard).flat_map(ScopePath::with_ancestors).collect()
}

fn template(placed: Placed<'_>) -> Template {
    let BreakerSpec { name, scope: parent, rule, policy, .. } = placed.spec;
    let only = match placed.guards {
        Guards::Listed(scopes) => Some(scopes),
        Guards::Itself | Guards::Each => None,
    };
    Template { name, parent, only, rule, policy }
}

/// Those of all files and of their instruments; only within one file is a scope that stands twice a mistake.
fn scopes(files: &Files<'_>) -> Vec<ScopePath> {
    let (mut scopes, mut known) = (Vec::new(), BTreeSet::new());
    for item in files.all().filter_map(|file| file.optional("scopes")) {
        let items = item.elements("arrays of scope paths such as [\"XNAS/AAPL\"]").unwrap_or_default();
        let new = paths(&items).unwrap_or_default().into_iter();
        scopes.extend(new.filter(|scope| known.insert(scope.clone())));
    }
    scopes.extend(files.lists.scopes().filter(|scope| known.insert((*scope).clone())).cloned());
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
