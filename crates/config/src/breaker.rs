//! `[[breaker]]`: its name, what it guards, whom it hears; the rest is the kind's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use haltline::{BreakerSpec, Kind, Policy, RuleSpec, ScopePath};

use crate::anomaly_detection::anomaly_detection;
use crate::calendar::{Market, Markets};
use crate::correlation::correlation;
use crate::data_feed_integrity::data_feed_integrity;
use crate::drawdown::drawdown;
use crate::finding::Spot;
use crate::item::Item;
use crate::liquidation::liquidation;
use crate::loss_rate::loss_rate;
use crate::market::{hears_venues, market_circuit_breaker};
use crate::model_performance::model_performance;
use crate::names::Names;
use crate::once::Once;
use crate::operator::{kill_switch, manual};
use crate::pack::Packs;
use crate::policy::general;
use crate::polled::{is_polled, polled};
use crate::position_limit::position_limit;
use crate::premarket_validation::premarket_validation;
use crate::scalar::did_you_mean;
use crate::system::Files;
use crate::table::Table;
use crate::technical::technical;
use crate::time_based::time_based;
use crate::volatility::volatility;

const SCOPES: &str = "scope paths, such as \"XNAS/AAPL\", \"XNAS/*\" for each below, \"\" for everything, and \
                      { instruments = \"tier-1\" } for each of a list";

/// A breaker and where its table begins.
pub(crate) struct Placed<'a> {
    pub(crate) spec: BreakerSpec,
    pub(crate) guards: Guards,
    pub(crate) spot: Spot<'a>,
}

/// What the scope of a breaker stands for.
pub(crate) enum Guards {
    /// For itself, and all below.
    Itself,
    /// For each scope directly below it.
    Each,
    /// For these of them.
    Listed(Arc<BTreeSet<ScopePath>>),
}

/// Reads all `[[breaker]]` tables of all files. Those with mistakes are left out, but not of what there is once.
pub(crate) fn read<'a>(files: &Files<'a>, markets: &Markets, packs: &Packs<'a>) -> (Vec<Placed<'a>>, Once<'a>) {
    const NONE: &str = "no breakers: at least one [[breaker]] is needed";
    let items: Vec<_> = files.all().filter_map(|file| file.optional("breaker")).collect();
    if items.is_empty() {
        files.main.missing(NONE);
    }
    let mut names = Names::of("breaker");
    let mut once = Once::default();
    let mut placed = Vec::new();
    for item in items {
        let Some(tables) = item.tables(|n| format!("breaker {n}"), "tables [[breaker]]") else { continue };
        if tables.is_empty() {
            item.wrong(NONE);
        }
        let read = |table| breaker(table, files, markets, packs, &mut names, &mut once);
        placed.extend(tables.into_iter().filter_map(read));
    }
    (placed, once)
}

fn breaker<'a>(
    table: Table<'a>,
    files: &Files<'a>,
    markets: &Markets,
    packs: &Packs<'a>,
    names: &mut Names<'a>,
    once: &mut Once<'a>,
) -> Option<Placed<'a>> {
    let spot = table.spot();
    let (table, name) = names.claim(table);
    let table = packs.fill(table)?;
    let kinds = || Kind::ALL.iter().map(|kind| format!("{:?}", kind.name())).collect::<Vec<_>>().join(", ");
    let kind = table.required("kind", &kinds()).and_then(|item| item.word(Kind::ALL, Kind::name));
    let scope_item = table.required("scope", SCOPES);
    let guarded = scope_item.and_then(|item| guarded(item, files));
    if let (Some(name), Some(guarded), Some(item)) = (&name, &guarded, table.optional("name")) {
        once.name(name, guarded, item);
    }
    let Some(kind) = kind else {
        // Of which kind it is decides what its other keys mean.
        general(&table, Kind::Manual);
        return None;
    };
    if guarded.as_ref().is_some_and(|(_, guards)| !matches!(guards, Guards::Itself)) {
        table.refuse(&["watch"], "each instance of a scope with * or of a list hears its own scope");
    }
    let (watch, (rule, policy)) = parts(&table, kind, markets);
    let what = match &rule {
        // An emergency stop must know which switch to pull.
        _ if kind == Kind::KillSwitch => Some("kill switch"),
        Some(rule) if rule.band().is_some() => Some("price band"),
        _ => None,
    };
    if let (Some(what), Some(guarded), Some(item)) = (what, &guarded, scope_item) {
        once.scope(what, guarded, item);
    }
    if let Some(RuleSpec::PremarketValidation(rule)) = &rule
        && let Some(item) = table.optional("checks")
    {
        let items = item.elements("names").unwrap_or_default();
        rule.checks.iter().zip(items).for_each(|(check, item)| once.check(&check.name, item));
    }
    table.finish();
    let (scope, guards) = guarded?;
    let spec = BreakerSpec { name: name?, scope, watch: watch?, rule: rule?, policy };
    Some(Placed { spec, guards, spot })
}

/// What a breaker guards; `XNAS/*` is each scope directly below `XNAS`, and a table names some of them.
fn guarded(item: Item<'_, '_>, files: &Files<'_>) -> Option<(ScopePath, Guards)> {
    if item.is_table() {
        let table = item.table(item.label(), SCOPES)?;
        let list = table.required("instruments", "names of [[instruments]]");
        let list = list.and_then(|item| files.lists.get(item, files.whole));
        table.finish();
        return list.map(|list| (list.parent.clone(), Guards::Listed(list.scopes.clone())));
    }
    let text = item.string(SCOPES)?;
    let (path, guards) = match text.strip_suffix('*') {
        Some("") => ("", Guards::Each),
        Some(parent) if parent.ends_with('/') => (parent.trim_end_matches('/'), Guards::Each),
        _ => (text, Guards::Itself),
    };
    ScopePath::new(path).map(|path| (path, guards)).map_err(|error| item.wrong(&error.to_string())).ok()
}

/// What depends on the kind: whom it hears, its rule and its policy.
fn parts(table: &Table<'_>, kind: Kind, markets: &Markets) -> (Option<Vec<ScopePath>>, (Option<RuleSpec>, Policy)) {
    if !kind.row().has_readings {
        let rest = match kind {
            Kind::KillSwitch => kill_switch(table),
            Kind::TimeBased => time_based(table, market(table, kind, markets)),
            _ => manual(table),
        };
        return (Some(Vec::new()), rest);
    }
    if is_polled(table) {
        let market = market(table, kind, markets);
        let (rule, mut policy) = polled(table, kind);
        policy.sessions = market.map(|market| market.sessions().clone());
        return (Some(Vec::new()), (rule, policy));
    }
    let watch = watch(table);
    let market = market(table, kind, markets);
    let (rule, mut policy) = match kind {
        Kind::MarketCircuitBreaker => market_circuit_breaker(table, market),
        Kind::Drawdown => drawdown(table, market),
        Kind::Volatility => volatility(table, market),
        Kind::Technical => technical(table),
        Kind::PremarketValidation => premarket_validation(table, market),
        Kind::ModelPerformance => model_performance(table),
        Kind::Correlation => correlation(table, market, watch.as_deref()),
        Kind::AnomalyDetection => anomaly_detection(table),
        Kind::DataFeedIntegrity => data_feed_integrity(table),
        Kind::LossRate => loss_rate(table),
        Kind::PositionLimit => position_limit(table),
        Kind::LiquidationRequired => liquidation(table),
        Kind::Manual => manual(table),
        Kind::KillSwitch => kill_switch(table),
        Kind::TimeBased => time_based(table, market),
    };
    policy.sessions = market.map(|market| market.sessions().clone());
    (watch, (rule, policy))
}

fn watch(table: &Table<'_>) -> Option<Vec<ScopePath>> {
    let Some(item) = table.optional("watch") else { return Some(Vec::new()) };
    let items = item.one_or_more();
    if items.is_empty() {
        return item.complain("found an empty list, allowed are scope paths and lists of them");
    }
    paths(&items)
}

/// Reads paths, each only once.
pub(crate) fn paths(items: &[Item<'_, '_>]) -> Option<Vec<ScopePath>> {
    let mut seen = BTreeMap::new();
    let mut paths = Vec::new();
    for item in items {
        let Some(path) = item.path() else { continue };
        match seen.get(&path) {
            Some(place) => item.wrong(&format!("{:?} is already in the list, at {place}", path.as_str())),
            None => {
                seen.insert(path.clone(), item.place());
                paths.push(path);
            }
        }
    }
    Some(paths).filter(|paths| paths.len() == items.len())
}

fn market<'m>(table: &Table<'_>, kind: Kind, markets: &'m Markets) -> Option<&'m Market> {
    let allowed = "names of a [[calendar]]";
    let item = match kind {
        _ if is_polled(table) => table.optional("calendar"),
        Kind::MarketCircuitBreaker if hears_venues(table) => table.optional("calendar"),
        Kind::MarketCircuitBreaker | Kind::PremarketValidation | Kind::TimeBased => table.required("calendar", allowed),
        _ => table.optional("calendar"),
    }?;
    let name = item.string(allowed)?;
    let Some(market) = markets.get(name) else {
        if !markets.whole {
            return None;
        }
        let names = || markets.names().map(String::as_str);
        let known = names().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() { "this file has none".into() } else { format!("this file has {known}") };
        return item.refuse(&format!("{allowed}, and {known}{}", did_you_mean(name, names())));
    };
    market.as_ref()
}
