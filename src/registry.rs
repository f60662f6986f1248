//! Plan -> snapshot, and what a reload does to the words.
//!
//! A reload (1) checks the whole plan and builds everything new beside the old, (2) publishes the snapshot and hands the
//! feeds their new panels, and (3) only then moves the words: of every breaker whose policy differs in any field, of the
//! new and of the removed. So a decision that was made on an old policy meets a word that has moved, and loses.
//!
//! Blocks: one control-plane operation at a time, under the registry's lock. Checks, feeds and the monitor never wait.

mod lines;
pub(crate) mod prices;

use std::collections::HashMap;
use std::sync::Arc;

use self::lines::Lines;
use crate::circuit::{Circuit, session_of};
use crate::feed::{FeedCell, Panel};
use crate::listener::Listener;
use crate::memory::board::{BREAKERS_A_SCOPE, Board};
use crate::model::caps::Caps;
use crate::model::error::{Error, ErrorKind};
use crate::model::event::{BreakerId, Event, EventType};
use crate::model::kind::Kind;
use crate::model::machine::Input;
use crate::model::reason::Reason;
use crate::model::scope::{ScopeId, ScopePath};
use crate::model::status::Signed;
use crate::model::status::Status;
use crate::model::time::Nanos;
use crate::plan::{BreakerSpec, Plan};
use crate::plan_check;
use crate::rule::Rule;
use crate::rule::RuleSpec;
use crate::rule::operator::KillSwitch;
use crate::snapshot::{Entry, Snapshot, Watch};

/// What a reload has done. Equal breakers are not counted; the kill switches of the scopes are.
///
/// ```
/// # use haltline::*;
/// let system = System::manual(Plan::default(), Nanos::from_secs(0))?;
/// let desk = BreakerSpec::new("desk", ScopePath::new("XNAS")?, RuleSpec::Manual);
/// let done = system.reload(&Plan { breakers: vec![desk], ..Plan::default() })?;
/// assert_eq!((done.added, done.removed), (2, 0), "the desk, and the kill switch of its new scope");
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Breakers that are new.
    pub added: usize,
    /// Breakers whose rule or policy has changed.
    pub changed: usize,
    /// Breakers that are gone.
    pub removed: usize,
    /// Breakers that denied something before and deny nothing now: who reloads a plan should know whom he has let go.
    pub released: Vec<Arc<str>>,
}

/// The control plane's own books: what is in use and what is free.
#[derive(Debug)]
pub(crate) struct Registry {
    caps: Caps,
    feeds: HashMap<ScopeId, Arc<FeedCell>>,
    breakers: Lines,
    listeners: Lines,
    /// How many panels hold a listener's line: the present one, and those that a feed has not let go of yet.
    holders: HashMap<usize, u32>,
    generation: u64,
    /// What was loaded last.
    plan: Plan,
}

/// What a plan makes of a snapshot, before anything is published.
struct Draft {
    snapshot: Snapshot,
    added: Vec<BreakerId>,
    changed: Vec<BreakerId>,
    enabled: Vec<BreakerId>,
    removed: Vec<Arc<Entry>>,
}

impl Registry {
    pub(crate) fn new(caps: Caps) -> Self {
        Self {
            caps,
            feeds: HashMap::new(),
            breakers: Lines::new("max_breakers", caps.breakers),
            listeners: Lines::new("max_listeners", caps.listeners),
            holders: HashMap::new(),
            generation: 0,
            plan: Plan::default(),
        }
    }

    /// The feed of a scope. Every declared scope has one, whether or not a breaker watches it yet.
    pub(crate) fn feed(&mut self, scope: ScopeId) -> Arc<FeedCell> {
        self.feeds.entry(scope).or_insert_with(|| Arc::new(FeedCell::new())).clone()
    }

    pub(crate) fn feeds(&self) -> impl Iterator<Item = &Arc<FeedCell>> {
        self.feeds.values()
    }

    /// Makes `plan` the one that counts. Nothing has changed if it fails.
    ///
    /// # Errors
    /// [`ErrorKind::BadPlan`] for a plan that cannot be, [`ErrorKind::Full`] beyond a capacity,
    /// [`ErrorKind::WrongStatus`] if it would remove a breaker in EmergencyHalt.
    pub(crate) fn load(&mut self, circuit: &Circuit, plan: Plan) -> Result<Reloaded, Error> {
        let done = self.install(circuit, &plan, Signed::AUTO)?;
        self.plan = plan;
        Ok(done)
    }

    /// The same plan with one breaker changed by somebody. Its name and its scope stay, whatever is done to them.
    ///
    /// # Errors
    /// As [`load`](Self::load); [`ErrorKind::NotAllowed`] for one that the plan does not name: an instance of a template, or
    /// the kill switch that a scope has by itself.
    pub(crate) fn change(
        &mut self,
        circuit: &Circuit,
        entry: &Entry,
        change: impl FnOnce(&mut BreakerSpec),
        by: Signed,
    ) -> Result<(), Error> {
        let Some(place) = self.plan.breakers.iter().position(|spec| *spec.name == *entry.name) else {
            let text = format!(
                "breaker {:?}: the plan has no breaker of that name; what a template or a scope has made changes by a reload",
                entry.name
            );
            return Err(Error::new(ErrorKind::NotAllowed, text));
        };
        let mut plan = self.plan.clone();
        let spec = &mut plan.breakers[place];
        change(spec);
        (spec.name, spec.scope) = (entry.name.to_string(), self.plan.breakers[place].scope.clone());
        if spec.rule.kind() != entry.kind {
            let text = format!(
                "breaker {:?}: found a rule of {}, allowed are those of {}",
                entry.name,
                spec.rule.kind(),
                entry.kind
            );
            return Err(Error::new(ErrorKind::NotAllowed, text));
        }
        self.install(circuit, &plan, by)?;
        self.plan = plan;
        Ok(())
    }

    /// The same plan with further scopes, and what its templates make of them.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub(crate) fn declare(&mut self, circuit: &Circuit, scopes: &[ScopePath]) -> Result<Reloaded, Error> {
        let plan = core::mem::take(&mut self.plan);
        let known = plan.scopes.len();
        let plan = Plan { scopes: plan.scopes.into_iter().chain(scopes.iter().cloned()).collect(), ..plan };
        let done = self.install(circuit, &plan, Signed::AUTO);
        self.plan = plan;
        if done.is_err() {
            self.plan.scopes.truncate(known);
        }
        done
    }

    fn install(&mut self, circuit: &Circuit, plan: &Plan, by: Signed) -> Result<Reloaded, Error> {
        plan_check::check(plan)?;
        let old = circuit.snapshot();
        let mut snapshot = Snapshot { system: old.system, ..Snapshot::default() };
        declare_scopes(&mut snapshot, &old, plan, &self.caps)?;
        let specs = all_breakers(&snapshot, plan);
        plan_check::check_all(&specs)?;
        check_crowding(&specs, &old)?;
        self.check_room(&old, &specs)?;
        let books = (self.breakers.clone(), self.listeners.clone());
        match self.draft(snapshot, &old, specs, circuit) {
            Ok(draft) => Ok(self.publish(circuit, draft, by)),
            Err(error) => {
                (self.breakers, self.listeners) = books;
                Err(error)
            }
        }
    }

    /// Whether there are lines enough, before any is taken.
    fn check_room(&self, old: &Snapshot, specs: &[(BreakerSpec, bool)]) -> Result<(), Error> {
        let fresh: Vec<_> = specs.iter().filter(|(spec, _)| same_breaker(old, spec).is_none()).collect();
        let ears: usize = specs
            .iter()
            .map(|(spec, _)| if spec.rule.kind().row().has_readings { spec.watch.len().max(1) } else { 0 })
            .sum::<usize>()
            + specs.iter().filter(|(spec, _)| spec.rule.is_on_grid()).count();
        let grids = old.in_service().filter(|entry| entry.grid.is_some()).count();
        let full = |what, needed, cap| {
            Err(Error::new(ErrorKind::Full, format!("{what}: {needed} are needed, the capacity is {cap}")))
        };
        if fresh.len() > self.breakers.available() {
            return full("max_breakers", specs.len(), self.caps.breakers);
        }
        if ears > self.listeners.available() + self.holders.len() + grids {
            return full("max_listeners", ears, self.caps.listeners);
        }
        Ok(())
    }

    fn draft(
        &mut self,
        mut snapshot: Snapshot,
        old: &Snapshot,
        specs: Vec<(BreakerSpec, bool)>,
        circuit: &Circuit,
    ) -> Result<Draft, Error> {
        snapshot.entries = old.entries.clone();
        snapshot.guards = vec![Vec::new(); snapshot.scopes.len()];
        snapshot.kill_switches = vec![BreakerId::NONE; snapshot.scopes.len()];
        let mut draft =
            Draft { snapshot, added: vec![], changed: vec![], enabled: vec![], removed: removed(old, &specs) };
        for entry in &draft.removed {
            if circuit.board.state(entry.id.index()).status == Status::EmergencyHalt {
                let text =
                    format!("reload: breaker {:?} is in emergency_halt; clear it before removing it", entry.name);
                return Err(Error::new(ErrorKind::WrongStatus, text));
            }
        }
        let now = circuit.now();
        for (spec, _) in &specs {
            check_standing_ladder(old, spec, circuit, now)?;
        }
        for (spec, implicit) in specs {
            self.draft_breaker(&mut draft, old, spec, implicit, &circuit.board)?;
        }
        for entry in &draft.removed {
            let gone = Entry {
                retired: true,
                watch: vec![],
                grid: None,
                rule: entry.rule.clone(),
                policy: entry.policy.clone(),
                name: entry.name.clone(),
                ..**entry
            };
            draft.snapshot.entries[entry.id.index()] = Some(Arc::new(gone));
        }
        Ok(draft)
    }

    fn draft_breaker(
        &mut self,
        draft: &mut Draft,
        old: &Snapshot,
        spec: BreakerSpec,
        implicit: bool,
        board: &Board,
    ) -> Result<(), Error> {
        let before = same_breaker(old, &spec);
        let kind = spec.rule.kind();
        let Some(scope) = draft.snapshot.by_path.get(&spec.scope).copied() else {
            return Err(Error::new(ErrorKind::Unknown, format!("scope {:?}", spec.scope.as_str())));
        };
        let watch = self.watch(&draft.snapshot, before, &spec, scope)?;
        let grid = self.grid(before, &spec.rule)?;
        let same = before.is_some_and(|e| e.policy == spec.policy && e.rule == spec.rule && e.watch == watch);
        let entry = if let (Some(before), true) = (before, same) {
            before.clone()
        } else {
            self.generation += 1;
            let id = match before {
                Some(before) => before.id,
                None => self.new_id(old, board, scope)?,
            };
            let (name, revision) = (spec.name.into(), self.generation);
            Arc::new(Entry {
                id,
                name,
                kind,
                scope,
                rule: spec.rule,
                policy: spec.policy,
                watch,
                grid,
                revision,
                implicit,
                retired: false,
            })
        };
        match before {
            None => draft.added.push(entry.id),
            Some(before) if !before.policy.enabled && entry.policy.enabled => draft.enabled.push(entry.id),
            Some(_) if !same => draft.changed.push(entry.id),
            Some(_) => {}
        }
        draft.snapshot.by_name.insert(entry.name.clone(), entry.id);
        draft.snapshot.guards[scope.0 as usize].push(entry.id);
        if kind == Kind::KillSwitch {
            draft.snapshot.kill_switches[scope.0 as usize] = entry.id;
        }
        let index = entry.id.index();
        if draft.snapshot.entries.len() <= index {
            draft.snapshot.entries.resize(index + 1, None);
        }
        draft.snapshot.entries[index] = Some(entry);
        Ok(())
    }

    /// The feeds that a breaker hears, with the lines it has for them; those it had before stay the same.
    fn watch(
        &mut self,
        snapshot: &Snapshot,
        before: Option<&Arc<Entry>>,
        spec: &BreakerSpec,
        scope: ScopeId,
    ) -> Result<Vec<Watch>, Error> {
        if !spec.rule.kind().row().has_readings {
            return Ok(Vec::new());
        }
        let mut scopes: Vec<_> = spec.watch.iter().filter_map(|path| snapshot.by_path.get(path).copied()).collect();
        if scopes.is_empty() {
            scopes.push(if spec.rule.metric().is_some() { ScopeId::POLLED } else { scope });
        }
        scopes.sort_unstable();
        scopes.dedup();
        let had = |scope| before.and_then(|e| e.watch.iter().find(|w| w.scope == scope)).map(|w| w.line);
        scopes
            .into_iter()
            .map(|scope| Ok(Watch { scope, line: had(scope).map_or_else(|| self.listeners.take(), Ok)? }))
            .collect()
    }

    /// The line of the readings that a breaker's feeds make together; the one it had before stays the same.
    fn grid(&mut self, before: Option<&Arc<Entry>>, rule: &RuleSpec) -> Result<Option<usize>, Error> {
        match before.and_then(|entry| entry.grid) {
            None if rule.is_on_grid() => Ok(Some(self.listeners.take()?)),
            had => Ok(had),
        }
    }

    fn new_id(&mut self, old: &Snapshot, board: &Board, scope: ScopeId) -> Result<BreakerId, Error> {
        loop {
            let index = self.breakers.take()?;
            let uses = old.entries.get(index).and_then(Option::as_ref).map_or(0, |e| (e.id.raw() >> 20) + 1);
            // A line of which all numbers have been given out is used no more: a number never names another breaker.
            if uses <= 0xfff {
                board.breaker(index).clear(u64::from(scope.0));
                return Ok(BreakerId::new(index as u32, uses));
            }
        }
    }

    /// Publishes a draft; see the module's text for the order.
    fn publish(&mut self, circuit: &Circuit, draft: Draft, by: Signed) -> Reloaded {
        self.generation += 1;
        let changes = changes(circuit, &draft);
        let denied = denying(circuit, &old_entries(circuit));
        let (added, removed) = (draft.added.len(), draft.removed.len());
        let changed = draft.changed.len() + draft.enabled.len();
        let panels = self.panels(&draft.snapshot);
        let scopes = draft.snapshot.scopes.len();
        prices::assign(circuit, &draft.snapshot);
        circuit.snapshot.store(draft.snapshot);
        for scope in (0..scopes).map(|i| ScopeId(i as u32)).chain([ScopeId::POLLED]) {
            let listeners = panels.get(&scope).cloned().unwrap_or_default();
            if !listeners.is_empty() || self.feeds.contains_key(&scope) {
                self.hand_over(circuit, scope, &listeners);
            }
        }
        let now = circuit.now();
        // None of these inputs is refused, but for a breaker whose emergency stop has just come in between: it stays.
        for &id in draft.changed.iter().chain(&draft.enabled) {
            let _ = circuit.put(id, Input::PolicyChanged, now, by);
        }
        for id in draft.enabled.into_iter().chain(draft.added) {
            let _ = circuit.put(id, Input::Install, now, Signed::AUTO);
        }
        let stuck: Vec<_> = draft.removed.into_iter().filter(|entry| !self.retire(circuit, entry, now)).collect();
        if !stuck.is_empty() {
            put_back(circuit, stuck);
        }
        changes.iter().for_each(|change| change.tell(circuit, by));
        let released = denied.into_iter().filter(|entry| !denies(circuit, entry)).map(|entry| entry.name.clone());
        Reloaded { added, changed, removed, released: released.collect() }
    }

    /// Who listens to which feed.
    fn panels(&self, snapshot: &Snapshot) -> HashMap<ScopeId, Vec<(Arc<Entry>, usize)>> {
        let mut panels: HashMap<ScopeId, Vec<_>> = HashMap::new();
        for entry in snapshot.in_service() {
            for watch in &entry.watch {
                panels.entry(watch.scope).or_default().push((entry.clone(), watch.line));
            }
        }
        for listeners in panels.values_mut() {
            listeners.sort_unstable_by_key(|(_, line)| *line);
        }
        panels
    }

    fn hand_over(&mut self, circuit: &Circuit, scope: ScopeId, listeners: &[(Arc<Entry>, usize)]) {
        let build = |(entry, line): &(Arc<Entry>, usize)| {
            let rule = Rule::new(&entry.rule, &entry.policy);
            rule.map(|rule| Listener::new(circuit, entry.clone(), *line, rule))
        };
        let panel = Panel::new(self.generation, listeners.iter().filter_map(build).collect());
        for listener in &panel.listeners {
            *self.holders.entry(listener.line()).or_default() += 1;
        }
        for done in self.feed(scope).hand_over(circuit, panel) {
            self.let_go(circuit, &done);
        }
    }

    /// A panel that nobody uses any more gives its lines back.
    fn let_go(&mut self, circuit: &Circuit, panel: &Panel) {
        for line in panel.listeners.iter().map(Listener::line) {
            let holders = self.holders.entry(line).or_default();
            *holders = holders.saturating_sub(1);
            if *holders == 0 {
                self.holders.remove(&line);
                circuit.board.listener(line).clear();
                self.listeners.free.push_back(line);
            }
        }
    }

    fn retire(&mut self, circuit: &Circuit, entry: &Entry, now: crate::Nanos) -> bool {
        let retired = circuit.retire(entry, now);
        if retired {
            // Its only writer is the monitor, which clears it before the next one's readings.
            if let Some(line) = entry.grid {
                circuit.board.listener(line).clear();
                self.listeners.free.push_back(line);
            }
            self.breakers.free.push_back(entry.id.index());
        }
        retired
    }
}

/// A breaker before and after.
struct Change {
    before: Arc<Entry>,
    after: Arc<Entry>,
}

/// Those that stay and change.
fn changes(circuit: &Circuit, draft: &Draft) -> Vec<Change> {
    let old = circuit.snapshot();
    let ids = draft.changed.iter().chain(&draft.enabled);
    let change =
        |id: &BreakerId| Some(Change { before: old.entry(*id)?.clone(), after: draft.snapshot.entry(*id)?.clone() });
    ids.filter_map(change).collect()
}

impl Change {
    /// What its words do not say.
    fn tell(&self, circuit: &Circuit, by: Signed) {
        let Self { before, after } = self;
        let note = |event_type| circuit.note(Some(after), event_type, Reason::PolicyChanged, by);
        match (before.policy.enabled, after.policy.enabled) {
            (false, true) => circuit.publish(note(EventType::Enabled)),
            (true, false) => circuit.publish(note(EventType::Disabled)),
            _ => {}
        }
        let (was, is) = (before.rule.limit(), after.rule.limit());
        if let (Some(value), Some(limit)) = (was, is)
            && value != limit
        {
            circuit.publish(Event { value, limit, ..note(EventType::ThresholdUpdated) });
        }
    }
}

fn old_entries(circuit: &Circuit) -> Vec<Arc<Entry>> {
    circuit.snapshot().in_service().cloned().collect()
}

fn denies(circuit: &Circuit, entry: &Entry) -> bool {
    circuit.board.state(entry.id.index()).denies.denies_any()
}

fn denying(circuit: &Circuit, entries: &[Arc<Entry>]) -> Vec<Arc<Entry>> {
    entries.iter().filter(|entry| denies(circuit, entry)).cloned().collect()
}

/// An emergency stop has come between the check and the removal of these: they stay, so that somebody can clear them.
fn put_back(circuit: &Circuit, stuck: Vec<Arc<Entry>>) {
    let mut snapshot = Snapshot::clone(&circuit.snapshot());
    let mut back = Vec::with_capacity(stuck.len());
    for entry in stuck {
        snapshot.by_name.entry(entry.name.clone()).or_insert(entry.id);
        snapshot.guards[entry.scope.0 as usize].push(entry.id);
        // Only kill switches can be stuck: this one is the one to clear.
        snapshot.kill_switches[entry.scope.0 as usize] = entry.id;
        let index = entry.id.index();
        snapshot.entries[index] = Some(entry);
        back.push(index);
    }
    circuit.snapshot.store(snapshot);
    back.into_iter().for_each(|index| circuit.changed.mark(index));
}

/// All scopes of the plan and their ancestors; those that were there keep their numbers, and none is ever removed.
fn declare_scopes(snapshot: &mut Snapshot, old: &Snapshot, plan: &Plan, caps: &Caps) -> Result<(), Error> {
    snapshot.scopes = old.scopes.clone();
    snapshot.by_path = old.by_path.clone();
    let of_breakers = plan.breakers.iter().flat_map(|b| core::iter::once(&b.scope).chain(&b.watch));
    let root = ScopePath::root();
    for path in core::iter::once(&root).chain(&plan.scopes).chain(of_breakers) {
        for path in path.with_ancestors() {
            if snapshot.by_path.contains_key(&path) {
                break;
            }
            if snapshot.scopes.len() == caps.scopes as usize {
                let text =
                    format!("max_scopes: {} are in use when {:?} comes; none is left", caps.scopes, path.as_str());
                return Err(Error::new(ErrorKind::Full, text));
            }
            snapshot.by_path.insert(path.clone(), ScopeId(snapshot.scopes.len() as u32));
            snapshot.scopes.push(path);
        }
    }
    Ok(())
}

/// The plan's breakers, those that its templates make of the scopes, and a kill switch for each scope that has none, so
/// that an emergency stop of a known scope always finds one.
fn all_breakers(snapshot: &Snapshot, plan: &Plan) -> Vec<(BreakerSpec, bool)> {
    let instances = plan.templates.iter().flat_map(|t| snapshot.scopes.iter().filter_map(|scope| t.instance(scope)));
    let mut specs: Vec<_> = plan.breakers.iter().cloned().chain(instances).map(|spec| (spec, false)).collect();
    let has: std::collections::HashSet<_> = specs
        .iter()
        .filter(|(spec, _)| spec.rule.kind() == Kind::KillSwitch)
        .map(|(spec, _)| spec.scope.clone())
        .collect();
    for scope in snapshot.scopes.iter().filter(|scope| !has.contains(scope)) {
        let spec = BreakerSpec {
            name: format!("{}{scope}", plan_check::KILL_PREFIX),
            scope: scope.clone(),
            watch: Vec::new(),
            rule: RuleSpec::KillSwitch(KillSwitch::default()),
            policy: Kind::KillSwitch.default_policy(),
        };
        specs.push((spec, true));
    }
    specs
}

/// A ladder whose halt stands, or which has fired today, keeps its rungs until that is over: a number in a word would
/// mean another rung, and a halt until tomorrow could become one of fifteen minutes. Nor does it become another rule of its
/// kind, which has none: a venue's "open" would end it.
fn check_standing_ladder(old: &Snapshot, spec: &BreakerSpec, circuit: &Circuit, now: Nanos) -> Result<(), Error> {
    let Some(before) = same_breaker(old, spec) else { return Ok(()) };
    let Some(was) = before.rule.ladder() else { return Ok(()) };
    let keeps = spec.rule.ladder().is_some_and(|will| will.rungs == was.rungs);
    let index = before.id.index();
    let used = circuit.board.breaker(index).used_rungs();
    let fired_today = used.rung > 0 && session_of(before, now) == Some(used.session);
    let halted = circuit.board.state(index).status == Status::Tripped;
    if (halted || fired_today) && !keeps {
        let text = format!(
            "reload: breaker {:?} has a rung that stands or was used today; its rungs can change after that",
            spec.name
        );
        return Err(Error::new(ErrorKind::WrongStatus, text));
    }
    Ok(())
}

/// So many breakers fit a scope; those that a reload removes count with those that replace them, since for a moment both
/// are there.
fn check_crowding(specs: &[(BreakerSpec, bool)], old: &Snapshot) -> Result<(), Error> {
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for entry in removed(old, specs) {
        *counts.entry(old.path(entry.scope)).or_default() += 1;
    }
    for (spec, _) in specs {
        let count = counts.entry(spec.scope.as_str()).or_default();
        *count += 1;
        if *count > BREAKERS_A_SCOPE {
            let scope = spec.scope.as_str();
            let text = format!(
                "breaker {:?}: scope {scope:?} has {BREAKERS_A_SCOPE} breakers already (its kill switch included), the most that one scope takes",
                spec.name
            );
            return Err(Error::new(ErrorKind::Full, text));
        }
    }
    Ok(())
}

/// The breaker of the same name, kind and scope.
fn same_breaker<'a>(old: &'a Snapshot, spec: &BreakerSpec) -> Option<&'a Arc<Entry>> {
    let entry = old.entry(*old.by_name.get(spec.name.as_str())?)?;
    (entry.kind == spec.rule.kind() && old.path(entry.scope) == spec.scope.as_str()).then_some(entry)
}

fn removed(old: &Snapshot, specs: &[(BreakerSpec, bool)]) -> Vec<Arc<Entry>> {
    let kept: std::collections::HashSet<_> =
        specs.iter().filter_map(|(spec, _)| same_breaker(old, spec)).map(|entry| entry.id).collect();
    old.in_service().filter(|entry| !kept.contains(&entry.id)).cloned().collect()
}
