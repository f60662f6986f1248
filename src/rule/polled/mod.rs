//! A number that somebody else measures and polls: any kind's limits and policy over one [`Metric`]. The detector is in
//! [`detector`].

mod detector;

use crate::model::error::Error;
use crate::model::kind::Kind;
use crate::model::limits::Limits;
use crate::model::metrics::Metric;
use crate::model::policy::Policy;
use crate::model::units::Ratio;
use crate::rule::check::{Check, bad, check_limits, check_limits_below};

pub(crate) use detector::Detector;

/// A breaker of a kind that hears nothing but one number of [`System::evaluate`](crate::System::evaluate), and tests it
/// against its limits.
///
/// ```
/// # use haltline::*;
/// let limits = Limits::of(Ratio::from_f64(40.0)?);
/// let rule = RuleSpec::Polled(Polled { kind: Kind::Volatility, metric: Metric::VixLevel, limits });
/// let vix = BreakerSpec::new("vix", ScopePath::root(), rule);
/// let system = System::manual(Plan { breakers: vec![vix], ..Plan::default() }, Nanos::from_secs(0))?;
///
/// let calm = MarketConditions { vix_level: Some(18.0), ..MarketConditions::default() };
/// assert!(system.evaluate(&Metrics::default(), &calm).can_trade);
/// let wild = MarketConditions { vix_level: Some(40.0), ..calm };
/// let status = system.evaluate(&Metrics::default(), &wild);
/// assert_eq!((status.can_trade, &status.tripped), (false, &vec![system.breaker("vix")?]));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Polled {
    /// Of which kind it is: gives the defaults of its policy.
    pub kind: Kind,
    /// What it hears.
    pub metric: Metric,
    /// When it trips, warns and calms down; lower ends where lower is worse.
    pub limits: Limits,
}

impl Polled {
    /// The levels that the catalogue has for this number, if it has any: tripped at, warned at, left at.
    pub fn default_limits(metric: Metric) -> Option<Limits> {
        let of = |raw: i64| Limits::of(Ratio::from_raw(raw));
        let below = |limit, best| Limits::below(Ratio::from_raw(limit), Ratio::from_raw(best));
        const ONE: i64 = Ratio::SCALE;
        match metric {
            Metric::Drawdown => Some(of(80_000_000)),
            Metric::LossRate => {
                Some(Limits { warn: Ratio::from_raw(22_500_000), clear: Ratio::from_raw(20_250_000), ..of(30_000_000) })
            }
            // Twenty are allowed; a warning from nine tenths of them.
            Metric::PositionCount => {
                Some(Limits { warn: Ratio::from_raw(18 * ONE), clear: Ratio::from_raw(162 * ONE / 10), ..of(21 * ONE) })
            }
            Metric::MaxPositionSize => Some(of(100_000_000)),
            Metric::AnomalyScore | Metric::PriceAnomalyScore | Metric::VolumeAnomalyScore => Some(of(3 * ONE)),
            Metric::DataQualityScore | Metric::MarketDataQualityScore => Some(below(95 * ONE, 100 * ONE)),
            Metric::ModelAccuracy => Some(below(600_000_000, ONE)),
            Metric::MarketStatus | Metric::MarketRegimeChange | Metric::VenueHalts => Some(of(ONE)),
            Metric::Volatility => Some(of(50_000_000)),
            Metric::CorrelationBreakdownScore => Some(of(700_000_000)),
            Metric::VixLevel => Some(of(40 * ONE)),
            Metric::VolumeRatio | Metric::SpreadWidening | Metric::DataFeedLatencyMs | Metric::MissingDataPct => None,
        }
    }
}

impl Check for Polled {
    fn check(&self, _policy: &Policy) -> Result<(), Error> {
        if !self.kind.row().has_readings {
            return bad(format!("metric: a {} has no readings; people move it, or the clock", self.kind));
        }
        match self.metric.best() {
            None => check_limits(&self.limits)?,
            Some(best) => check_limits_below(&self.limits, Ratio::from_f64(best)?)?,
        }
        let (least, most) = self.metric.limit_range();
        if !(least..=most).contains(&self.limits.limit) {
            let (metric, found) = (self.metric, self.limits.limit);
            return bad(format!("limit: found {found}, allowed are {least} to {most}, the unit of {metric}"));
        }
        Ok(())
    }
}
