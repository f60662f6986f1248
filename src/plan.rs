//! What a configuration means: scopes, and breakers with the parameters of their kinds. Immutable once built.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::caps::{Caps, Skew};
use crate::model::policy::{Halt, OnStale, OnUnready, Policy, Release};
use crate::model::scope::ScopePath;
use crate::rule::RuleSpec;
use crate::rule::market::MarketCircuitBreaker;

/// Everything that a System is made from.
///
/// ```
/// use haltline::{BreakerSpec, Plan, Policy, RuleSpec, ScopePath};
/// let plan = Plan {
///     scopes: vec![ScopePath::new("XNAS/AAPL")?],
///     breakers: vec![BreakerSpec {
///         name: "desk".into(),
///         scope: ScopePath::root(),
///         watch: vec![],
///         rule: RuleSpec::Manual,
///         policy: Policy { release: haltline::Release::Latched, ..Policy::default() },
///     }],
///     ..Plan::default()
/// };
/// assert_eq!(plan.breakers.len(), 1);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Scopes that exist even if no breaker guards them. Scopes of breakers and all ancestors exist anyway.
    pub scopes: Vec<ScopePath>,
    /// The breakers. Each scope without a kill switch among them gets one.
    pub breakers: Vec<BreakerSpec>,
    /// Breakers that every instrument of a scope has, each its own.
    pub templates: Vec<Template>,
    /// Capacities.
    pub caps: Caps,
    /// How far an observation's time may be ahead and behind.
    pub skew: Skew,
}

/// A breaker for each scope directly below another one: `XNAS/*`. Its instances are breakers like any other, each with its own
/// state, guarding and hearing its own scope, and named after it: `dd:AAPL`.
///
/// ```
/// # use haltline::*;
/// let rule = RuleSpec::AnomalyDetection(AnomalyDetection::with_source(AnomalySource::Return));
/// let wild = Template::new("wild", ScopePath::new("XNAS")?, rule);
/// let scopes = vec![ScopePath::new("XNAS/AAPL")?, ScopePath::new("XNAS/MSFT")?];
/// let system = System::manual(Plan { templates: vec![wild], scopes, ..Plan::default() }, Nanos::from_secs(0))?;
/// assert!(system.breaker("wild:AAPL").is_ok() && system.breaker("wild:MSFT").is_ok());
/// // An instrument that is listed later has one from the first instant.
/// system.declare(&[ScopePath::new("XNAS/NVDA")?])?;
/// assert_eq!(system.breaker_status(system.breaker("wild:NVDA")?)?.scope, "XNAS/NVDA");
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// What the names of its instances begin with.
    pub name: String,
    /// Each scope directly below this one has an instance.
    pub parent: ScopePath,
    /// Only these of them, each directly below it, once they are declared; `None` for all.
    pub only: Option<Arc<BTreeSet<ScopePath>>>,
    /// The kind and its parameters.
    pub rule: RuleSpec,
    /// Everything else.
    pub policy: Policy,
}

impl Template {
    /// A template of all scopes below another with its kind's default policy, as [`BreakerSpec::new`].
    pub fn new(name: &str, parent: ScopePath, rule: RuleSpec) -> Self {
        let BreakerSpec { name, scope, rule, policy, .. } = BreakerSpec::new(name, parent, rule);
        Self { name, parent: scope, only: None, rule, policy }
    }

    /// The same for these of its scopes alone: instruments of one market whose bands differ, for example.
    ///
    /// ```
    /// # use haltline::*;
    /// let tier_1: std::collections::BTreeSet<_> = [ScopePath::new("XNAS/AAPL")?].into();
    /// let halts = Template::new("halts", ScopePath::new("XNAS")?, RuleSpec::Manual).only(tier_1);
    /// let scopes = vec![ScopePath::new("XNAS/AAPL")?, ScopePath::new("XNAS/TINY")?];
    /// let system = System::manual(Plan { templates: vec![halts], scopes, ..Plan::default() }, Nanos::from_secs(0))?;
    /// assert!(system.breaker("halts:AAPL").is_ok() && system.breaker("halts:TINY").is_err());
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[must_use]
    pub fn only(self, scopes: impl Into<Arc<BTreeSet<ScopePath>>>) -> Self {
        Self { only: Some(scopes.into()), ..self }
    }

    /// The breaker of a scope, if it is directly below the parent, and one of those that have one.
    pub(crate) fn instance(&self, scope: &ScopePath) -> Option<BreakerSpec> {
        if self.only.as_ref().is_some_and(|only| !only.contains(scope)) || scope.parent().as_ref() != Some(&self.parent)
        {
            return None;
        }
        let leaf = scope.as_str().rsplit('/').next().unwrap_or_default();
        let (rule, policy) = (self.rule.clone(), self.policy.clone());
        Some(BreakerSpec { name: format!("{}:{leaf}", self.name), scope: scope.clone(), watch: vec![], rule, policy })
    }
}

/// One breaker. Its identity is (name, kind, scope): a reload that keeps these keeps its state.
///
/// ```
/// # use haltline::*;
/// # let (scope, rule, policy) = (ScopePath::root(), RuleSpec::Manual, Kind::Manual.default_policy());
/// # let mut desk = BreakerSpec { name: "desk".into(), scope, watch: vec![], rule, policy };
/// # let plan = Plan { breakers: vec![desk.clone()], ..Plan::default() };
/// # let system = System::manual(plan.clone(), Nanos::from_secs(0))?;
/// let id = system.breaker("desk")?;
/// system.trip(id, By::new("ann", Authority::Trader, "wild router"))?;
/// // Another policy, the same breaker: no reload lifts a halt.
/// desk.policy.effect = Lanes::CLOSE;
/// system.reload(&Plan { breakers: vec![desk], ..plan })?;
/// let now = system.breaker_status(id)?;
/// assert_eq!((now.status, now.denies), (Status::Tripped, Lanes::CLOSE));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BreakerSpec {
    /// Its name, unique in a plan.
    pub name: String,
    /// What it guards.
    pub scope: ScopePath,
    /// Whose observations it hears; empty means its own scope.
    pub watch: Vec<ScopePath>,
    /// The kind and its parameters.
    pub rule: RuleSpec,
    /// Everything else.
    pub policy: Policy,
}

impl BreakerSpec {
    /// A breaker with its kind's default policy, which hears its own scope. A ladder, a price band and a rolling move bring their halts
    /// and their sessions along; a halt of a venue ends with its word.
    pub fn new(name: &str, scope: ScopePath, rule: RuleSpec) -> Self {
        let mut policy = rule.kind().default_policy();
        match &rule {
            RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Ladder(ladder)) => {
                policy.halt = Halt::Ladder(ladder.clone());
                policy.sessions = Some(ladder.sessions.clone());
            }
            RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Band(band)) => {
                policy.halt = Halt::Timed { base: band.pause, backoff: 1.0, max: band.pause };
                policy.sessions = Some(band.sessions.clone());
            }
            RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Rolling(rolling)) => {
                policy.halt = Halt::Timed { base: rolling.pause, backoff: 1.0, max: rolling.pause };
                policy.sessions = Some(rolling.sessions.clone());
            }
            RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Venue) => policy.release = Release::Level,
            // Who polls everything and stops is in doubt, and nothing has to be admitted before the first number.
            RuleSpec::Polled(_) => (policy.on_unready, policy.on_stale) = (OnUnready::Deny, OnStale::Trip),
            _ => {}
        }
        Self { name: name.into(), scope, watch: Vec::new(), rule, policy }
    }

    /// The same, hearing other feeds.
    #[must_use]
    pub fn watching(self, watch: Vec<ScopePath>) -> Self {
        Self { watch, ..self }
    }

    /// The same, with another policy.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }
}
