//! The numbers of the kinds. They never change: a new kind gets the next one.

/// Realised volatility of an instrument or index.
pub const HL_KIND_VOLATILITY: u8 = 1;
/// Fall of equity from a peak.
pub const HL_KIND_DRAWDOWN: u8 = 2;
/// Speed of losing.
pub const HL_KIND_LOSS_RATE: u8 = 3;
/// Number and size of positions.
pub const HL_KIND_POSITION_LIMIT: u8 = 4;
/// Instruments that move as one, or no longer together.
pub const HL_KIND_CORRELATION: u8 = 5;
/// The classic circuit breaker around a dependency.
pub const HL_KIND_TECHNICAL: u8 = 6;
/// Tripped and reset by people.
pub const HL_KIND_MANUAL: u8 = 7;
/// Trading inside sessions only.
pub const HL_KIND_TIME_BASED: u8 = 8;
/// The emergency stop of a scope.
pub const HL_KIND_KILL_SWITCH: u8 = 9;
/// A ladder of market-wide halts, or the halts of a venue.
pub const HL_KIND_MARKET_CIRCUIT_BREAKER: u8 = 10;
/// A return, volume or spread that is far from those before it.
pub const HL_KIND_ANOMALY_DETECTION: u8 = 11;
/// The book must be reduced.
pub const HL_KIND_LIQUIDATION_REQUIRED: u8 = 12;
/// Checks that must have passed before a session.
pub const HL_KIND_PREMARKET_VALIDATION: u8 = 13;
/// What is heard of a market: all of it, in order, in time, and a book that can be.
pub const HL_KIND_DATA_FEED_INTEGRITY: u8 = 14;
/// Share of right predictions of a model.
pub const HL_KIND_MODEL_PERFORMANCE: u8 = 15;
