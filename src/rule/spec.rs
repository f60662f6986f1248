//! What can be asked of a rule's parameters, whatever its kind.

use std::sync::Arc;

use super::market::band::paused_until;
use super::{Memory, RuleSpec, premarket_validation};
use crate::model::ladder::Ladder;
use crate::model::metrics::Metric;
use crate::model::policy::Policy;
use crate::model::price_band::PriceBand;
use crate::model::rolling_move::RollingMove;
use crate::model::time::Nanos;

impl RuleSpec {
    /// The number that it is polled for, if it is.
    pub fn metric(&self) -> Option<Metric> {
        match self {
            Self::Polled(rule) => Some(rule.metric),
            _ => None,
        }
    }

    /// The best value of a rule whose values are worse the lower they are; `None` where higher is worse.
    pub fn best(&self) -> Option<f64> {
        match self {
            Self::Polled(rule) => rule.metric.best(),
            _ => self.kind().row().best,
        }
    }

    /// The limit that its value is tested against; the first rung's of a ladder; `None` for a kind that has none, or several.
    ///
    /// ```
    /// # use haltline::*;
    /// assert_eq!(RuleSpec::Drawdown(Drawdown::with_limit(Ratio::from_f64(0.08)?)).limit(), Some(0.08));
    /// assert_eq!(RuleSpec::Manual.limit(), None);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn limit(&self) -> Option<f64> {
        let limits = match self {
            Self::Volatility(rule) => &rule.limits,
            Self::Drawdown(rule) => &rule.limits,
            Self::LossRate(rule) => &rule.limits,
            Self::Correlation(rule) => &rule.limits,
            Self::AnomalyDetection(rule) => &rule.limits,
            Self::LiquidationRequired(rule) => &rule.limits,
            Self::DataFeedIntegrity(rule) => &rule.limits,
            Self::ModelPerformance(rule) => &rule.limits,
            Self::Polled(rule) => &rule.limits,
            _ => &self.ladder()?.rungs.first()?.limits,
        };
        Some(limits.limit.to_f64())
    }

    /// How much of the way to the limit a value has gone: 0 at the best value, 1 at the limit, more beyond it. What is not a
    /// number shows as such.
    ///
    /// ```
    /// # use haltline::*;
    /// let drawdown = RuleSpec::Drawdown(Drawdown::with_limit(Ratio::from_f64(0.08)?));
    /// assert_eq!(drawdown.share_of_limit(0.06, 0.08), 0.75);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn share_of_limit(&self, value: f64, limit: f64) -> f64 {
        match self.best() {
            Some(best) => (best - value) / (best - limit),
            None => value / limit,
        }
    }

    /// The ladder of a market circuit breaker that has one.
    pub fn ladder(&self) -> Option<&Arc<Ladder>> {
        match self {
            Self::MarketCircuitBreaker(rule) => rule.ladder(),
            _ => None,
        }
    }

    /// The price band of a market circuit breaker that has one.
    pub fn band(&self) -> Option<&Arc<PriceBand>> {
        match self {
            Self::MarketCircuitBreaker(rule) => rule.band(),
            _ => None,
        }
    }

    /// The rolling move of a market circuit breaker that has one.
    pub fn rolling(&self) -> Option<&Arc<RollingMove>> {
        match self {
            Self::MarketCircuitBreaker(rule) => rule.rolling(),
            _ => None,
        }
    }

    /// When the trading pause of a price band is over, if its feed's memory tells of one: later than the time of a pause if the venue
    /// has extended it, or if it lasts until the close.
    pub(crate) fn paused_until(&self, memory: &Memory) -> Option<Nanos> {
        paused_until(self.band()?, memory)
    }

    /// What it has to say to people beside its reason; `memories` are those of its feeds.
    pub(crate) fn remark(
        &self,
        policy: &Policy,
        mut memories: impl Iterator<Item = Memory>,
        now: Nanos,
    ) -> Option<String> {
        match self {
            Self::PremarketValidation(rule) => {
                memories.find_map(|memory| premarket_validation::remark(rule, policy, memory, now))
            }
            Self::TimeBased(rule) => rule.remark(now),
            _ => None,
        }
    }
}
