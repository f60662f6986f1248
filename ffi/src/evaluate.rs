//! The one-call form, for those who poll everything: all that is known at one moment, in two structs.

use haltline::{MarketConditions, Metrics, Money, VenueStatus};

use crate::boundary::{Refused, place};
use crate::handle::hl_system;
use crate::status::hl_status;
use crate::structs::{self, Sized32};
use crate::system::with;
use crate::views::{hl_system_status, system_status};
use crate::words::word;

/// `portfolio_value` is known.
pub const HL_HAS_PORTFOLIO_VALUE: u32 = 1;
/// `peak` is known.
pub const HL_HAS_PEAK: u32 = 2;
/// `loss_rate` is known.
pub const HL_HAS_LOSS_RATE: u32 = 4;
/// `position_count` is known.
pub const HL_HAS_POSITION_COUNT: u32 = 8;
/// `max_position_size` is known.
pub const HL_HAS_MAX_POSITION_SIZE: u32 = 16;
/// `anomaly_score` is known.
pub const HL_HAS_ANOMALY_SCORE: u32 = 32;
/// `data_quality_score` is known.
pub const HL_HAS_DATA_QUALITY_SCORE: u32 = 64;
/// `model_accuracy` is known.
pub const HL_HAS_MODEL_ACCURACY: u32 = 128;
/// `market_status` is known.
pub const HL_HAS_MARKET_STATUS: u32 = 256;

/// What a firm knows of itself at one moment. Zero it and set `struct_size`; what is not in `known` is heard by nobody.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hl_metrics {
    /// `sizeof(hl_metrics)`.
    pub struct_size: u32,
    /// Bits `HL_HAS_PORTFOLIO_VALUE` to `HL_HAS_MARKET_STATUS`.
    pub known: u32,
    /// What the portfolio is worth, in units of 1e-4.
    pub portfolio_value: i64,
    /// The most that it was worth, in units of 1e-4.
    pub peak: i64,
    /// The share of it that is lost, over the caller's own window.
    pub loss_rate: f64,
    /// The greatest position as a share of the portfolio.
    pub max_position_size: f64,
    /// How far the strategy is from its usual behaviour, in deviations.
    pub anomaly_score: f64,
    /// Quality of the firm's own data, 0 to 100.
    pub data_quality_score: f64,
    /// Share of right predictions, 0 to 1.
    pub model_accuracy: f64,
    /// Open positions.
    pub position_count: u32,
    /// `HL_VENUE_...`: what the market says of itself.
    pub market_status: u32,
}

// SAFETY: `repr(C)`, begins with its size; numbers.
unsafe impl Sized32 for hl_metrics {
    const NAME: &'static str = "hl_metrics";
    const LEAST: usize = 72;
}

/// `volatility` is known.
pub const HL_HAS_VOLATILITY: u32 = 1;
/// `volume_ratio` is known.
pub const HL_HAS_VOLUME_RATIO: u32 = 2;
/// `spread_widening` is known.
pub const HL_HAS_SPREAD_WIDENING: u32 = 4;
/// `price_anomaly_score` is known.
pub const HL_HAS_PRICE_ANOMALY_SCORE: u32 = 8;
/// `volume_anomaly_score` is known.
pub const HL_HAS_VOLUME_ANOMALY_SCORE: u32 = 16;
/// `correlation_breakdown_score` is known.
pub const HL_HAS_CORRELATION_BREAKDOWN_SCORE: u32 = 32;
/// `market_regime_change` is known.
pub const HL_HAS_MARKET_REGIME_CHANGE: u32 = 64;
/// `venue_halts` is known.
pub const HL_HAS_VENUE_HALTS: u32 = 128;
/// `vix_level` is known.
pub const HL_HAS_VIX_LEVEL: u32 = 256;
/// `data_feed_latency_ms` is known.
pub const HL_HAS_DATA_FEED_LATENCY_MS: u32 = 512;
/// `missing_data_pct` is known.
pub const HL_HAS_MISSING_DATA_PCT: u32 = 1024;
/// `data_quality_score` of the market is known.
pub const HL_HAS_MARKET_DATA_QUALITY_SCORE: u32 = 2048;

/// What a firm knows of the market at one moment. Zero it and set `struct_size`; what is not in `known` is heard by nobody.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hl_market_conditions {
    /// `sizeof(hl_market_conditions)`.
    pub struct_size: u32,
    /// Bits `HL_HAS_VOLATILITY` to `HL_HAS_MARKET_DATA_QUALITY_SCORE`.
    pub known: u32,
    /// Realised volatility, as a fraction, over the caller's own window.
    pub volatility: f64,
    /// Volume against its usual: 1 is usual.
    pub volume_ratio: f64,
    /// Spread against its usual: 1 is usual.
    pub spread_widening: f64,
    /// How far the price is from its usual, in deviations.
    pub price_anomaly_score: f64,
    /// How far the volume is from its usual, in deviations.
    pub volume_anomaly_score: f64,
    /// How far correlations have gone, 0 to 1.
    pub correlation_breakdown_score: f64,
    /// A volatility index, in its points.
    pub vix_level: f64,
    /// Age of what the data feed says, in milliseconds.
    pub data_feed_latency_ms: f64,
    /// Share of the data that is missing, in per cent: 0 to 100.
    pub missing_data_pct: f64,
    /// Quality of the market's data, 0 to 100.
    pub data_quality_score: f64,
    /// Venues that are halted, or of which nobody knows.
    pub venue_halts: u32,
    /// 1 if the market is in another regime than the strategies were made for.
    pub market_regime_change: u32,
}

// SAFETY: `repr(C)`, begins with its size; numbers.
unsafe impl Sized32 for hl_market_conditions {
    const NAME: &'static str = "hl_market_conditions";
    const LEAST: usize = 96;
}

/// The value of each bit of `known` that is set.
fn known(what: &'static str, bits: u32, most: u32) -> Result<impl Fn(u32) -> Option<()>, Refused> {
    if bits >= most << 1 {
        return Err(Refused::number(what, bits.into(), "HL_HAS_ bits of this struct"));
    }
    Ok(move |bit| (bits & bit != 0).then_some(()))
}

fn metrics(from: &hl_metrics) -> Result<Metrics, Refused> {
    let has = known("hl_metrics.known", from.known, HL_HAS_MARKET_STATUS)?;
    let status =
        |()| word("hl_metrics.market_status", from.market_status, VenueStatus::from_raw, "HL_VENUE_ numbers 0 to 3");
    Ok(Metrics {
        portfolio_value: has(HL_HAS_PORTFOLIO_VALUE).map(|()| Money::from_raw(from.portfolio_value)),
        peak: has(HL_HAS_PEAK).map(|()| Money::from_raw(from.peak)),
        loss_rate: has(HL_HAS_LOSS_RATE).map(|()| from.loss_rate),
        position_count: has(HL_HAS_POSITION_COUNT).map(|()| from.position_count),
        max_position_size: has(HL_HAS_MAX_POSITION_SIZE).map(|()| from.max_position_size),
        anomaly_score: has(HL_HAS_ANOMALY_SCORE).map(|()| from.anomaly_score),
        data_quality_score: has(HL_HAS_DATA_QUALITY_SCORE).map(|()| from.data_quality_score),
        model_accuracy: has(HL_HAS_MODEL_ACCURACY).map(|()| from.model_accuracy),
        market_status: has(HL_HAS_MARKET_STATUS).map(status).transpose()?,
    })
}

fn market(from: &hl_market_conditions) -> Result<MarketConditions, Refused> {
    let has = known("hl_market_conditions.known", from.known, HL_HAS_MARKET_DATA_QUALITY_SCORE)?;
    let regime = match from.market_regime_change {
        0 => false,
        1 => true,
        other => return Err(Refused::number("hl_market_conditions.market_regime_change", other.into(), "0 and 1")),
    };
    Ok(MarketConditions {
        volatility: has(HL_HAS_VOLATILITY).map(|()| from.volatility),
        volume_ratio: has(HL_HAS_VOLUME_RATIO).map(|()| from.volume_ratio),
        spread_widening: has(HL_HAS_SPREAD_WIDENING).map(|()| from.spread_widening),
        price_anomaly_score: has(HL_HAS_PRICE_ANOMALY_SCORE).map(|()| from.price_anomaly_score),
        volume_anomaly_score: has(HL_HAS_VOLUME_ANOMALY_SCORE).map(|()| from.volume_anomaly_score),
        correlation_breakdown_score: has(HL_HAS_CORRELATION_BREAKDOWN_SCORE).map(|()| from.correlation_breakdown_score),
        market_regime_change: has(HL_HAS_MARKET_REGIME_CHANGE).map(|()| regime),
        venue_halts: has(HL_HAS_VENUE_HALTS).map(|()| from.venue_halts),
        vix_level: has(HL_HAS_VIX_LEVEL).map(|()| from.vix_level),
        data_feed_latency_ms: has(HL_HAS_DATA_FEED_LATENCY_MS).map(|()| from.data_feed_latency_ms),
        missing_data_pct: has(HL_HAS_MISSING_DATA_PCT).map(|()| from.missing_data_pct),
        data_quality_score: has(HL_HAS_MARKET_DATA_QUALITY_SCORE).map(|()| from.data_quality_score),
    })
}

/// Tells the breakers that are polled what is known now, at the System's time, and says how everything stands after it. A number that is
/// none is refused and counted on its breakers, the others hear theirs all the same. After a shutdown nothing is heard, and nobody can
/// trade.
///
/// `HL_ERR_STRUCT_SIZE`, `HL_ERR_ARGUMENT`, `HL_ERR_STALE`, `HL_ERR_NULL`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks while another one evaluates; not for the order path.
///
/// # Safety
/// `metrics` and `market` are as long as they say; `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_evaluate(
    system: hl_system,
    metrics: *const hl_metrics,
    market: *const hl_market_conditions,
    out: *mut hl_system_status,
) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let (own, around, out) =
            unsafe { (structs::read(metrics, "metrics")?, structs::read(market, "market")?, place(out, "out")?) };
        let status = held.system.evaluate(&self::metrics(&own)?, &self::market(&around)?);
        out.write(system_status(held, &status));
        Ok(())
    })
}
