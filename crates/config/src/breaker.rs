//! `[[breaker]]`: its name, what it guards, whom it hears; the rest is the kind's.

use std::collections::BTreeMap;

use haltline::{BreakerSpec, Kind, Policy, RuleSpec, ScopePath};

use crate::anomaly_detection::anomaly_detection;
use crate::calendar::{Market, Markets};
use crate::correlation::correlation;
use crate::data_feed_integrity::data_feed_integrity;
use crate::drawdown::drawdown;
use crate::item::Item;
use crate::liquidation::liquidation;
use crate::loss_rate::loss_rate;
use crate::market::{hears_venues, market_circuit_breaker};
use crate::model_performance::model_performance;
use crate::names::Names;
use crate::operator::{kill_switch, manual};
use crate::policy::general;
use crate::polled::{is_polled, polled};
use crate::position_limit::position_limit;
use crate::premarket_validation::premarket_validation;
use crate::scalar::did_you_mean;
use crate::table::Table;
use crate::technical::technical;
use crate::time_based::time_based;
use crate::volatility::volatility;

const SCOPES: &str = "scope paths, such as \"XNAS/AAPL\" or \"\" for everything";

/// A breaker and where its table begins.
pub(crate) struct Placed {
    pub(crate) spec: BreakerSpec,
    pub(crate) at: usize,
}

/// Reads all `[[breaker]]` tables. Those with mistakes are left out.
pub(crate) fn read(root: &Table<'_>, markets: &Markets) -> Vec<Placed> {
    let Some(item) = root.optional("breaker") else {
        root.missing("no breakers: at least one [[breaker]] is needed");
        return Vec::new();
    };
    let Some(tables) = item.tables(|n| format!("breaker {n}"), "tables [[breaker]]") else { return Vec::new() };
    if tables.is_empty() {
        item.wrong("no breakers: at least one [[breaker]] is needed");
    }
    let mut names = Names::of("breaker");
    let mut taken = Taken::new();
    tables.into_iter().filter_map(|table| breaker(table, markets, &mut names, &mut taken)).collect()
}

/// The scopes that have what a scope has once, and where it stands.
type Taken = BTreeMap<(&'static str, ScopePath), String>;

fn breaker(table: Table<'_>, markets: &Markets, names: &mut Names, taken: &mut Taken) -> Option<Placed> {
    let at = table.at();
    let (table, name) = names.claim(table);
    let kinds = || Kind::ALL.iter().map(|kind| format!("{:?}", kind.name())).collect::<Vec<_>>().join(", ");
    let kind = table.required("kind", &kinds()).and_then(|item| item.word(Kind::ALL, Kind::name));
    let scope_item = table.required("scope", SCOPES);
    let scope = scope_item.and_then(Item::path);
    let Some(kind) = kind else {
        // Of which kind it is decides what its other keys mean.
        general(&table, Kind::Manual);
        return None;
    };
    let (watch, (rule, policy)) = parts(&table, kind, markets);
    let what = match &rule {
        // An emergency stop must know which switch to pull.
        _ if kind == Kind::KillSwitch => Some("kill switch"),
        Some(rule) if rule.band().is_some() => Some("price band"),
        _ => None,
    };
    if let (Some(what), Some(scope), Some(item)) = (what, &scope, scope_item) {
        claim(taken, what, scope, item);
    }
    table.finish();
    let spec = BreakerSpec { name: name?, scope: scope?, watch: watch?, rule: rule?, policy };
    Some(Placed { spec, at })
}

fn claim(taken: &mut Taken, what: &'static str, scope: &ScopePath, item: Item<'_, '_>) {
    let key = (what, scope.clone());
    if let Some(place) = taken.get(&key) {
        item.wrong(&format!("scope {:?} has a {what} already, at {place}", scope.as_str()));
    } else {
        taken.insert(key, item.place());
    }
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
        let names = || markets.keys().map(String::as_str);
        let known = names().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() { "this file has none".into() } else { format!("this file has {known}") };
        return item.refuse(&format!("{allowed}, and {known}{}", did_you_mean(name, names())));
    };
    market.as_ref()
}
