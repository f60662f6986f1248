//! The immutable registry: names, policies, who listens to what. Built by [`registry`](crate::registry), swapped whole.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::event::BreakerId;
use crate::model::kind::Kind;
use crate::model::policy::Policy;
use crate::model::scope::{ScopeId, ScopePath};
use crate::rule::RuleSpec;

/// One breaker, as the plan has it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: BreakerId,
    pub(crate) name: Arc<str>,
    pub(crate) kind: Kind,
    pub(crate) scope: ScopeId,
    pub(crate) rule: RuleSpec,
    pub(crate) policy: Policy,
    /// The feeds that it hears, and the line that it has for each.
    pub(crate) watch: Vec<Watch>,
    /// The line of the readings that are made on a grid, of all feeds together; `None` where each feed makes its own.
    pub(crate) grid: Option<usize>,
    /// Differs whenever the rule or the policy does.
    pub(crate) revision: u64,
    /// Not in the plan: the kill switch that every scope has.
    pub(crate) implicit: bool,
    /// Removed; kept for its name until its line is used again.
    pub(crate) retired: bool,
}

impl Entry {
    /// The lines on which its readings lie.
    pub(crate) fn readings(&self) -> impl Iterator<Item = usize> + '_ {
        let feeds = if self.grid.is_some() { &[][..] } else { &self.watch[..] };
        self.grid.into_iter().chain(feeds.iter().map(|watch| watch.line))
    }

    /// The line of the feed that says which prices of its scope are admitted, for a band that is in force.
    pub(crate) fn price_line(&self) -> Option<usize> {
        let in_force = self.rule.band().is_some() && self.policy.enabled && !self.policy.shadow;
        self.watch.first().filter(|_| in_force).map(|watch| watch.line)
    }

    /// All its lines.
    pub(crate) fn lines(&self) -> impl Iterator<Item = usize> + '_ {
        self.grid.into_iter().chain(self.watch.iter().map(|watch| watch.line))
    }
}

/// A feed that a breaker hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Watch {
    pub(crate) scope: ScopeId,
    pub(crate) line: usize,
}

/// Everything that is looked up by name or number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    /// Which System it belongs to; readers check it.
    pub(crate) system: u64,
    /// By line.
    pub(crate) entries: Vec<Option<Arc<Entry>>>,
    pub(crate) by_name: HashMap<Arc<str>, BreakerId>,
    pub(crate) scopes: Vec<ScopePath>,
    pub(crate) by_path: HashMap<ScopePath, ScopeId>,
    /// By scope: the breakers that guard it.
    pub(crate) guards: Vec<Vec<BreakerId>>,
    /// By scope: its kill switch.
    pub(crate) kill_switches: Vec<BreakerId>,
}

impl Snapshot {
    /// Whether a price band guards this very scope, in force or not.
    pub(crate) fn has_band(&self, scope: ScopeId) -> bool {
        let guards = self.guards.get(scope.0 as usize).into_iter().flatten();
        guards.filter_map(|id| self.entry(*id)).any(|entry| entry.rule.band().is_some())
    }

    /// The breaker of a number; `None` if it is removed or never was.
    pub(crate) fn entry(&self, id: BreakerId) -> Option<&Arc<Entry>> {
        self.named(id).filter(|entry| !entry.retired)
    }

    /// Also a removed one, as long as its line is not used again.
    pub(crate) fn named(&self, id: BreakerId) -> Option<&Arc<Entry>> {
        self.entries.get(id.index())?.as_ref().filter(|entry| entry.id == id)
    }

    /// The breaker on a line.
    pub(crate) fn on_line(&self, index: usize) -> Option<&Arc<Entry>> {
        self.entries.get(index)?.as_ref().filter(|entry| !entry.retired)
    }

    /// All breakers in service, by line.
    pub(crate) fn in_service(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.iter().flatten().filter(|entry| !entry.retired)
    }

    /// The path of a scope.
    pub(crate) fn path(&self, scope: ScopeId) -> &str {
        self.scopes.get(scope.0 as usize).map_or("?", ScopePath::as_str)
    }
}
