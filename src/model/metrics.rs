//! What a poll-everything design knows at one moment, and the numbers that breakers take from it.

use core::fmt;

use super::observation::VenueStatus;
use super::status::named;
use super::units::{Money, Ratio};

/// What a firm knows of itself at one moment, for [`System::evaluate`](crate::System::evaluate). What is `None` is not
/// known: no breaker hears of it, and one that never has is unready.
///
/// ```
/// # use haltline::*;
/// let metrics = Metrics { loss_rate: Some(0.01), position_count: Some(12), ..Metrics::default() };
/// assert_eq!(Metric::LossRate.value(&metrics, &MarketConditions::default()), Some(0.01));
/// assert_eq!(Metric::ModelAccuracy.value(&metrics, &MarketConditions::default()), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metrics {
    /// What the portfolio is worth.
    pub portfolio_value: Option<Money>,
    /// The most that it was worth.
    pub peak: Option<Money>,
    /// The share of it that is lost, over the caller's own window.
    pub loss_rate: Option<f64>,
    /// Open positions.
    pub position_count: Option<u32>,
    /// The greatest position as a share of the portfolio.
    pub max_position_size: Option<f64>,
    /// How far the strategy is from its usual behaviour, in deviations.
    pub anomaly_score: Option<f64>,
    /// Quality of the firm's own data, 0 to 100.
    pub data_quality_score: Option<f64>,
    /// Share of right predictions, 0 to 1.
    pub model_accuracy: Option<f64>,
    /// What the market says of itself.
    pub market_status: Option<VenueStatus>,
}

/// What a firm knows of the market at one moment, for [`System::evaluate`](crate::System::evaluate). What is `None` is
/// not known.
///
/// ```
/// # use haltline::*;
/// let market = MarketConditions { vix_level: Some(82.69), venue_halts: Some(1), ..MarketConditions::default() };
/// assert_eq!(Metric::VenueHalts.value(&Metrics::default(), &market), Some(1.0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MarketConditions {
    /// Realised volatility, as a fraction, over the caller's own window.
    pub volatility: Option<f64>,
    /// Volume against its usual: 1 is usual.
    pub volume_ratio: Option<f64>,
    /// Spread against its usual: 1 is usual.
    pub spread_widening: Option<f64>,
    /// How far the price is from its usual, in deviations.
    pub price_anomaly_score: Option<f64>,
    /// How far the volume is from its usual, in deviations.
    pub volume_anomaly_score: Option<f64>,
    /// How far correlations have gone, 0 to 1.
    pub correlation_breakdown_score: Option<f64>,
    /// Whether the market is in another regime than the strategies were made for.
    pub market_regime_change: Option<bool>,
    /// Venues that are halted, or of which nobody knows.
    pub venue_halts: Option<u32>,
    /// A volatility index, in its points.
    pub vix_level: Option<f64>,
    /// Age of what the data feed says, in milliseconds.
    pub data_feed_latency_ms: Option<f64>,
    /// Share of the data that is missing, in per cent: 0 to 100.
    pub missing_data_pct: Option<f64>,
    /// Quality of the market's data, 0 to 100.
    pub data_quality_score: Option<f64>,
}

named! {
    /// A number that a breaker takes from [`Metrics`] and [`MarketConditions`].
    ///
    /// ```
    /// # use haltline::*;
    /// let falls = Metrics {
    ///     portfolio_value: Some(Money::from_f64(920_000.0)?), peak: Some(Money::from_f64(1_000_000.0)?),
    ///     ..Metrics::default()
    /// };
    /// assert_eq!(Metric::Drawdown.value(&falls, &MarketConditions::default()), Some(0.08));
    /// // A score is worse the lower it is.
    /// assert_eq!(Metric::DataQualityScore.best(), Some(100.0));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    Metric: "metric" {
        /// `(peak - portfolio_value) / peak`.
        Drawdown = 1, "drawdown";
        /// [`Metrics::loss_rate`].
        LossRate = 2, "loss_rate";
        /// [`Metrics::position_count`].
        PositionCount = 3, "position_count";
        /// [`Metrics::max_position_size`].
        MaxPositionSize = 4, "max_position_size";
        /// [`Metrics::anomaly_score`], on either side.
        AnomalyScore = 5, "anomaly_score";
        /// [`Metrics::data_quality_score`]. Lower is worse.
        DataQualityScore = 6, "data_quality_score";
        /// [`Metrics::model_accuracy`]. Lower is worse.
        ModelAccuracy = 7, "model_accuracy";
        /// 0 while [`Metrics::market_status`] is open, else 1.
        MarketStatus = 8, "market_status";
        /// [`MarketConditions::volatility`].
        Volatility = 9, "volatility";
        /// [`MarketConditions::volume_ratio`].
        VolumeRatio = 10, "volume_ratio";
        /// [`MarketConditions::spread_widening`].
        SpreadWidening = 11, "spread_widening";
        /// [`MarketConditions::price_anomaly_score`], on either side.
        PriceAnomalyScore = 12, "price_anomaly_score";
        /// [`MarketConditions::volume_anomaly_score`], on either side.
        VolumeAnomalyScore = 13, "volume_anomaly_score";
        /// [`MarketConditions::correlation_breakdown_score`].
        CorrelationBreakdownScore = 14, "correlation_breakdown_score";
        /// 1 while [`MarketConditions::market_regime_change`], else 0.
        MarketRegimeChange = 15, "market_regime_change";
        /// [`MarketConditions::venue_halts`].
        VenueHalts = 16, "venue_halts";
        /// [`MarketConditions::vix_level`].
        VixLevel = 17, "vix_level";
        /// [`MarketConditions::data_feed_latency_ms`].
        DataFeedLatencyMs = 18, "data_feed_latency_ms";
        /// [`MarketConditions::missing_data_pct`].
        MissingDataPct = 19, "missing_data_pct";
        /// [`MarketConditions::data_quality_score`]. Lower is worse.
        MarketDataQualityScore = 20, "market_data_quality_score";
    }
}

impl Metric {
    /// What no number becomes: the rule refuses it.
    pub(crate) const NO_NUMBER: i64 = i64::MIN;

    /// The best value of a metric whose values are worse the lower they are; `None` where higher is worse.
    pub const fn best(self) -> Option<f64> {
        match self {
            Self::DataQualityScore | Self::MarketDataQualityScore => Some(100.0),
            Self::ModelAccuracy => Some(1.0),
            _ => None,
        }
    }

    /// The number, `None` if it is not known.
    pub fn value(self, metrics: &Metrics, market: &MarketConditions) -> Option<f64> {
        let raw = self.raw(metrics, market)?;
        Some(if raw == Self::NO_NUMBER { f64::NAN } else { Ratio::from_raw(raw).to_f64() })
    }

    /// The number in billionths, so that limits are tested exactly. [`NO_NUMBER`](Self::NO_NUMBER) for what is none, or too
    /// great to hold.
    #[inline]
    pub(crate) fn raw(self, metrics: &Metrics, market: &MarketConditions) -> Option<i64> {
        match self {
            Self::Drawdown => Some(drawdown(metrics.portfolio_value?, metrics.peak?)),
            Self::LossRate => metrics.loss_rate.map(billionths),
            Self::PositionCount => metrics.position_count.map(whole),
            Self::MaxPositionSize => metrics.max_position_size.map(billionths),
            Self::AnomalyScore => metrics.anomaly_score.map(billionths),
            Self::DataQualityScore => metrics.data_quality_score.map(billionths),
            Self::ModelAccuracy => metrics.model_accuracy.map(billionths),
            Self::MarketStatus => metrics.market_status.map(|status| whole((status != VenueStatus::Open).into())),
            Self::Volatility => market.volatility.map(billionths),
            Self::VolumeRatio => market.volume_ratio.map(billionths),
            Self::SpreadWidening => market.spread_widening.map(billionths),
            Self::PriceAnomalyScore => market.price_anomaly_score.map(billionths),
            Self::VolumeAnomalyScore => market.volume_anomaly_score.map(billionths),
            Self::CorrelationBreakdownScore => market.correlation_breakdown_score.map(billionths),
            Self::MarketRegimeChange => market.market_regime_change.map(|changed| whole(changed.into())),
            Self::VenueHalts => market.venue_halts.map(whole),
            Self::VixLevel => market.vix_level.map(billionths),
            Self::DataFeedLatencyMs => market.data_feed_latency_ms.map(billionths),
            Self::MissingDataPct => market.missing_data_pct.map(billionths),
            Self::MarketDataQualityScore => market.data_quality_score.map(billionths),
        }
        .map(|raw| self.plausible(raw))
    }

    /// The least and the most that it can be, in its unit: what lies outside was sent in another one.
    pub const fn range(self) -> (f64, f64) {
        const MOST: f64 = 9e9;
        match self {
            // More than all may be lost, and something gained.
            Self::Drawdown | Self::LossRate => (-MOST, MOST),
            Self::ModelAccuracy | Self::MarketStatus | Self::MarketRegimeChange => (0.0, 1.0),
            // A correlation may be told as such.
            Self::CorrelationBreakdownScore => (-1.0, 2.0),
            Self::DataQualityScore | Self::MarketDataQualityScore | Self::MissingDataPct => (0.0, 100.0),
            _ => (0.0, MOST),
        }
    }

    /// The least and the greatest limit that makes sense: a share of 8 was meant as 8 %, a quality of 0.95 as 95.
    pub fn limit_range(self) -> (Ratio, Ratio) {
        const MOST: i64 = 9_000_000_000;
        let (least, most) = match self {
            Self::Drawdown | Self::LossRate | Self::MaxPositionSize | Self::Volatility => (0, 1),
            Self::CorrelationBreakdownScore => (0, 2),
            Self::MarketStatus | Self::MarketRegimeChange | Self::ModelAccuracy => (0, 1),
            Self::DataQualityScore | Self::MarketDataQualityScore => (1, 100),
            Self::MissingDataPct => (0, 100),
            _ => (0, MOST),
        };
        (Ratio::from_raw((least * Ratio::SCALE).max(1)), Ratio::from_raw(most * Ratio::SCALE))
    }

    /// A number as the rule is to hear it: how far is told without the side, and what cannot be is no number.
    #[inline]
    fn plausible(self, raw: i64) -> i64 {
        let raw = match self {
            Self::AnomalyScore | Self::PriceAnomalyScore | Self::VolumeAnomalyScore if raw != Self::NO_NUMBER => {
                raw.abs()
            }
            _ => raw,
        };
        let (least, most) = self.range();
        let within = raw as f64 >= least * Ratio::SCALE as f64 && raw as f64 <= most * Ratio::SCALE as f64;
        if within { raw } else { Self::NO_NUMBER }
    }
}

/// Rounded down, which is exact for a limit in billionths: `x >= limit` exactly if `floor(x) >= limit`.
fn drawdown(value: Money, peak: Money) -> i64 {
    if peak <= Money::ZERO {
        return Metric::NO_NUMBER;
    }
    let (value, peak) = (i128::from(value.raw()), i128::from(peak.raw()));
    let share = ((peak - value) * i128::from(Ratio::SCALE)).div_euclid(peak);
    i64::try_from(share).unwrap_or(if share > 0 { i64::MAX } else { Metric::NO_NUMBER + 1 })
}

fn whole(count: u32) -> i64 {
    i64::from(count) * Ratio::SCALE
}

/// To the nearest.
#[inline]
fn billionths(value: f64) -> i64 {
    let scaled = value * Ratio::SCALE as f64;
    // Written so that NaN fails.
    if scaled.abs() < i64::MAX as f64 { (scaled + 0.5_f64.copysign(scaled)) as i64 } else { Metric::NO_NUMBER }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each field with a number of its own.
    fn known() -> (Metrics, MarketConditions) {
        let metrics = Metrics {
            portfolio_value: Some(Money::from_raw(99)),
            peak: Some(Money::from_raw(100)),
            loss_rate: Some(0.02),
            position_count: Some(3),
            max_position_size: Some(0.04),
            anomaly_score: Some(5.0),
            data_quality_score: Some(6.0),
            model_accuracy: Some(0.07),
            market_status: Some(VenueStatus::Halted),
        };
        let market = MarketConditions {
            volatility: Some(0.09),
            volume_ratio: Some(10.0),
            spread_widening: Some(11.0),
            price_anomaly_score: Some(12.0),
            volume_anomaly_score: Some(13.0),
            correlation_breakdown_score: Some(0.14),
            market_regime_change: Some(true),
            venue_halts: Some(16),
            vix_level: Some(17.0),
            data_feed_latency_ms: Some(18.0),
            missing_data_pct: Some(19.0),
            data_quality_score: Some(20.0),
        };
        (metrics, market)
    }

    #[test]
    fn each_metric_reads_its_own_field_and_is_unknown_without_it() {
        let (metrics, market) = known();
        let values: Vec<_> = Metric::ALL.iter().map(|metric| metric.value(&metrics, &market).unwrap()).collect();
        let wanted = [
            0.01, 0.02, 3.0, 0.04, 5.0, 6.0, 0.07, 1.0, 0.09, 10.0, 11.0, 12.0, 13.0, 0.14, 1.0, 16.0, 17.0, 18.0,
            19.0, 20.0,
        ];
        assert_eq!(values, wanted);
        let (nothing, silence) = (Metrics::default(), MarketConditions::default());
        assert!(Metric::ALL.iter().all(|metric| metric.value(&nothing, &silence).is_none()));
    }

    #[test]
    fn a_number_of_another_unit_is_none_and_a_score_counts_on_either_side() {
        let own = |own: Metrics| move |metric: Metric| metric.raw(&own, &MarketConditions::default());
        let accuracy =
            |value| own(Metrics { model_accuracy: Some(value), ..Metrics::default() })(Metric::ModelAccuracy);
        assert_eq!((accuracy(1.0), accuracy(0.0)), (Some(Ratio::SCALE), Some(0)));
        assert_eq!(
            (accuracy(31.0), accuracy(-0.1), accuracy(1.000_000_001)),
            (Some(i64::MIN), Some(i64::MIN), Some(i64::MIN))
        );
        let quality =
            |value| own(Metrics { data_quality_score: Some(value), ..Metrics::default() })(Metric::DataQualityScore);
        assert_eq!(
            (quality(100.0), quality(100.1), quality(-1.0)),
            (Some(100 * Ratio::SCALE), Some(i64::MIN), Some(i64::MIN))
        );
        let score = |value| own(Metrics { anomaly_score: Some(value), ..Metrics::default() })(Metric::AnomalyScore);
        assert_eq!((score(-9.0), score(9.0)), (Some(9 * Ratio::SCALE), Some(9 * Ratio::SCALE)));
        assert_eq!(score(f64::NAN), Some(Metric::NO_NUMBER));
    }

    #[test]
    fn a_drawdown_is_reached_exactly_where_money_says_so() {
        let limit = Ratio::from_raw(80_000_000);
        for peak in [1, 7, 12_345_678_901, i64::MAX] {
            let level = limit.fall_level(peak);
            for value in [level - 1, level, level + 1] {
                let reached = drawdown(Money::from_raw(value), Money::from_raw(peak)) >= limit.raw();
                assert_eq!(reached, limit.reached_by_fall(peak, value), "{value} below {peak}");
            }
        }
    }

    #[test]
    fn what_is_no_number_is_told_from_all_numbers() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e10, -1e10] {
            assert_eq!(billionths(bad), Metric::NO_NUMBER, "{bad}");
        }
        assert_eq!(
            (billionths(0.05), billionths(-0.05), billionths(9.2e9)),
            (50_000_000, -50_000_000, 9_200_000_000_000_000_000)
        );
        assert_eq!(drawdown(Money::from_raw(5), Money::ZERO), Metric::NO_NUMBER);
        assert_eq!(drawdown(Money::from_raw(i64::MIN), Money::from_raw(1)), i64::MAX);
        assert!(drawdown(Money::from_raw(i64::MAX), Money::from_raw(1)) < 0);
    }
}
