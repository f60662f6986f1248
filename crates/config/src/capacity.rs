//! What fits: a plan that a System could not take in is a mistake of the file.

use std::collections::{BTreeMap, BTreeSet};

use haltline::{BREAKERS_A_SCOPE, BreakerSpec, Caps, RuleSpec, ScopePath, is_name};

use crate::breaker::{Guards, Placed};
use crate::table::Table;

/// Reports the first breaker that does not fit, for each of the capacities.
pub(crate) fn check(root: &Table<'_>, declared: &[ScopePath], breakers: &[Placed<'_>], caps: &Caps) {
    let mut scopes: BTreeSet<ScopePath> = declared.iter().flat_map(ScopePath::with_ancestors).collect();
    scopes.insert(ScopePath::root());
    let mut load = Load { scopes, switches: BTreeSet::new(), breakers: BTreeMap::new(), count: 0, listeners: 0 };
    let mut full = BTreeSet::new();
    for over in load.over(caps) {
        if full.insert(over.what) {
            root.log().wrong(root.at(), root.message(&over.text()));
        }
    }
    // What stands for each scope below another comes last, when all scopes are known.
    let (breakers, templates): (Vec<_>, Vec<_>) =
        breakers.iter().partition(|placed| matches!(placed.guards, Guards::Itself));
    for placed in breakers {
        load.add(&placed.spec, &placed.spec.scope);
        report(placed, load.over(caps).into_iter().chain(load.crowd(&placed.spec.scope)), &mut full);
    }
    for placed in templates {
        let below = load.below(placed);
        below.iter().for_each(|scope| load.add(&placed.spec, scope));
        let crowd = below.iter().find_map(|scope| load.crowd(scope));
        report(placed, load.over(caps).into_iter().chain(crowd), &mut full);
        long_name(placed, &below);
    }
}

/// An instance is named after its scope, and no breaker has a longer name than others may.
fn long_name(placed: &Placed<'_>, scopes: &[ScopePath]) {
    let name =
        |scope: &ScopePath| format!("{}:{}", placed.spec.name, scope.as_str().rsplit('/').next().unwrap_or_default());
    if let Some(long) = scopes.iter().map(name).find(|name| !is_name(name)) {
        let text = format!("breaker {:?}: its instance {long:?} has a name of more than 64 bytes", placed.spec.name);
        placed.spot.log.wrong(placed.spot.at, text);
    }
}

fn report(placed: &Placed<'_>, over: impl Iterator<Item = Over>, full: &mut BTreeSet<&'static str>) {
    for over in over {
        if full.insert(over.what) {
            let text = format!("breaker {:?}: {}", placed.spec.name, over.text());
            placed.spot.log.wrong(placed.spot.at, text);
        }
    }
}

/// What a plan takes up.
struct Load {
    scopes: BTreeSet<ScopePath>,
    /// Scopes that have a kill switch of their own; every other one gets one.
    switches: BTreeSet<ScopePath>,
    breakers: BTreeMap<ScopePath, usize>,
    count: usize,
    listeners: usize,
}

impl Load {
    /// A breaker of this scope.
    fn add(&mut self, spec: &BreakerSpec, scope: &ScopePath) {
        self.scopes.extend(spec.watch.iter().chain([scope]).flat_map(ScopePath::with_ancestors));
        self.count += 1;
        *self.breakers.entry(scope.clone()).or_default() += 1;
        match spec.rule {
            RuleSpec::KillSwitch(_) => {
                self.switches.insert(scope.clone());
            }
            // One more for what the instruments say together.
            RuleSpec::Correlation(_) => self.listeners += spec.watch.len() + 1,
            _ if !spec.rule.kind().row().has_readings => {}
            _ => self.listeners += spec.watch.len().max(1),
        }
    }

    /// The scopes of which a template makes an instance.
    fn below(&self, placed: &Placed<'_>) -> Vec<ScopePath> {
        match &placed.guards {
            Guards::Itself => vec![],
            Guards::Each => {
                let parent = Some(&placed.spec.scope);
                self.scopes.iter().filter(|scope| scope.parent().as_ref() == parent).cloned().collect()
            }
            Guards::Listed(scopes) => scopes.iter().cloned().collect(),
        }
    }

    fn over(&self, caps: &Caps) -> Vec<Over> {
        let breakers = self.count + self.scopes.len() - self.switches.len();
        [
            Over { what: "scopes, ancestors included", key: "max_scopes", found: self.scopes.len(), cap: caps.scopes },
            Over {
                what: "breakers, the kill switches of all scopes included",
                key: "max_breakers",
                found: breakers,
                cap: caps.breakers,
            },
            Over {
                what: "pairs of a breaker and a watched scope",
                key: "max_listeners",
                found: self.listeners,
                cap: caps.listeners,
            },
        ]
        .into_iter()
        .filter(|over| over.found > over.cap as usize)
        .collect()
    }

    fn crowd(&self, scope: &ScopePath) -> Option<Over> {
        let own_switch = usize::from(!self.switches.contains(scope));
        let found = self.breakers.get(scope).copied().unwrap_or_default() + own_switch;
        let over =
            Over { what: "breakers on one scope, its kill switch included", key: "", found, cap: BREAKERS_A_SCOPE };
        Some(over).filter(|over| over.found > BREAKERS_A_SCOPE as usize)
    }
}

/// A capacity that is used up.
struct Over {
    what: &'static str,
    key: &'static str,
    found: usize,
    cap: u32,
}

impl Over {
    fn text(&self) -> String {
        let cap = if self.key.is_empty() { self.cap.to_string() } else { format!("{} ({})", self.cap, self.key) };
        format!("found {} {}, allowed are {cap}", self.found, self.what)
    }
}
