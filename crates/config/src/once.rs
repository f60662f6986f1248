//! What there is once: the name of a breaker, the kill switch and the price band of a scope, the number of a check.
//!
//! A scope with a star stands for scopes that are known only when all files have been read, so what it claims waits until then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use haltline::{CheckId, ScopePath};

use crate::breaker::Guards;
use crate::finding::Spot;
use crate::item::Item;

/// What a scope has once, in words.
type What = &'static str;

/// What has been claimed so far, and where.
#[derive(Default)]
pub(crate) struct Once<'a> {
    scopes: BTreeMap<(What, ScopePath), Spot<'a>>,
    stars: Vec<Star<'a>>,
    breakers: BTreeMap<String, Spot<'a>>,
    templates: Vec<Named<'a>>,
    checks: BTreeMap<u32, (String, Spot<'a>)>,
}

/// A claim of each scope directly below one.
struct Star<'a> {
    what: What,
    parent: ScopePath,
    at: Place<'a>,
}

/// What names its instances after their scopes.
struct Named<'a> {
    name: String,
    parent: ScopePath,
    only: Option<Arc<BTreeSet<ScopePath>>>,
    at: Place<'a>,
}

/// Where something stands, and how messages name it.
struct Place<'a> {
    spot: Spot<'a>,
    label: String,
}

impl<'a> Place<'a> {
    fn of(item: Item<'_, 'a>) -> Self {
        Self { spot: item.spot(), label: item.label() }
    }

    fn wrong(&self, text: &str) {
        self.spot.log.wrong(self.spot.at, format!("{}: {text}", self.label));
    }
}

impl<'a> Once<'a> {
    /// A breaker or a template has this name, which no other may have: that is known already.
    pub(crate) fn name(&mut self, name: &str, (scope, guards): &(ScopePath, Guards), item: Item<'_, 'a>) {
        let only = match guards {
            Guards::Itself => {
                self.breakers.insert(name.into(), item.spot());
                return;
            }
            Guards::Each => None,
            Guards::Listed(scopes) => Some(scopes.clone()),
        };
        self.templates.push(Named { name: name.into(), parent: scope.clone(), only, at: Place::of(item) });
    }

    /// A scope, or each of several, has this once.
    pub(crate) fn scope(&mut self, what: What, (scope, guards): &(ScopePath, Guards), item: Item<'_, 'a>) {
        let at = Place::of(item);
        match guards {
            Guards::Itself => {
                self.claim(what, scope, &at);
            }
            Guards::Each => self.stars.push(Star { what, parent: scope.clone(), at }),
            // One that is taken is enough of a list.
            Guards::Listed(scopes) => {
                scopes.iter().try_for_each(|scope| self.claim(what, scope, &at));
            }
        }
    }

    /// Checks go by numbers that are made of their names; two names of one number would be one check.
    pub(crate) fn check(&mut self, name: &str, item: Item<'_, 'a>) {
        match self.checks.get(&CheckId::of(name).raw()) {
            Some((other, first)) if other != name => {
                let place = first.seen_from(item.spot().log);
                item.wrong(&format!("{name:?} has the same number as {other:?} at {place}; rename one of them"));
            }
            Some(_) => {}
            None => drop(self.checks.insert(CheckId::of(name).raw(), (name.into(), item.spot()))),
        }
    }

    fn claim(&mut self, what: What, scope: &ScopePath, at: &Place<'a>) -> Option<()> {
        let key = (what, scope.clone());
        if let Some(first) = self.scopes.get(&key) {
            let place = first.seen_from(at.spot.log);
            at.wrong(&format!("scope {:?} has a {what} already, at {place}", scope.as_str()));
            return None;
        }
        self.scopes.insert(key, at.spot);
        Some(())
    }

    /// What the instances of `known` scopes claim, now that these are all.
    pub(crate) fn finish(mut self, known: &BTreeSet<ScopePath>) {
        let stars = core::mem::take(&mut self.stars);
        let mut parents = BTreeMap::new();
        for Star { what, parent, at } in stars {
            // Whatever will be declared below has two.
            if let Some(first) = parents.insert((what, parent.clone()), at.spot) {
                let (each, place) = (each(&parent), first.seen_from(at.spot.log));
                at.wrong(&format!("scope {each:?} has a {what} already, at {place}"));
                continue;
            }
            let mut below = known.iter().filter(|scope| scope.parent().as_ref() == Some(&parent));
            below.try_for_each(|scope| self.claim(what, scope, &at));
        }
        for template in &self.templates {
            for name in known.iter().filter_map(|scope| template.instance(scope)) {
                if let Some(first) = self.breakers.get(&name) {
                    let place = first.seen_from(template.at.spot.log);
                    template.at.wrong(&format!("its instance {name:?} has the name of the breaker at {place}"));
                    break;
                }
                self.breakers.insert(name, template.at.spot);
            }
        }
    }
}

impl Named<'_> {
    /// The name of its instance of a scope, if it has one there.
    fn instance(&self, scope: &ScopePath) -> Option<String> {
        let is_one = self.only.as_ref().is_none_or(|only| only.contains(scope));
        let leaf = scope.as_str().rsplit('/').next().unwrap_or_default();
        (is_one && scope.parent().as_ref() == Some(&self.parent)).then(|| format!("{}:{leaf}", self.name))
    }
}

/// As it is written: each scope below this one.
fn each(parent: &ScopePath) -> String {
    if parent.is_root() { "*".into() } else { format!("{parent}/*") }
}
