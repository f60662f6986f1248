//! Why a breaker moved, or why an order is denied. The numbers never change: a new reason gets the next one.

/// Nothing to say.
pub const HL_REASON_NONE: u32 = 0;
/// The value reached its limit.
pub const HL_REASON_LIMIT: u32 = 1;
/// A rung of a ladder was reached.
pub const HL_REASON_RUNG: u32 = 2;
/// The drawdown deepens too fast.
pub const HL_REASON_SPEED: u32 = 3;
/// Too deep under the peak for too long.
pub const HL_REASON_UNDERWATER: u32 = 4;
/// The volatility rose too much over its last readings.
pub const HL_REASON_RISE: u32 = 5;
/// The volatility broke out of its own history.
pub const HL_REASON_BREAKOUT: u32 = 6;
/// No good observation for too long.
pub const HL_REASON_STALE: u32 = 7;
/// Observations that mean nothing.
pub const HL_REASON_BAD_INPUT: u32 = 8;
/// By hand.
pub const HL_REASON_MANUAL: u32 = 9;
/// An emergency stop.
pub const HL_REASON_EMERGENCY: u32 = 10;
/// No usable value yet.
pub const HL_REASON_NOT_READY: u32 = 11;
/// The value passed its warn level.
pub const HL_REASON_WARN_LEVEL: u32 = 12;
/// The value went back below its clear level.
pub const HL_REASON_CLEAR_LEVEL: u32 = 13;
/// The time of the status was up and the cause gone.
pub const HL_REASON_TIME_UP: u32 = 14;
/// The first good reading after the cause.
pub const HL_REASON_RECOVERED: u32 = 15;
/// Reset by hand.
pub const HL_REASON_RESET: u32 = 16;
/// The emergency stop was cleared.
pub const HL_REASON_EMERGENCY_CLEARED: u32 = 17;
/// A reload changed the policy.
pub const HL_REASON_POLICY_CHANGED: u32 = 18;
/// Put into service by a plan.
pub const HL_REASON_INSTALLED: u32 = 19;
/// Taken out of service by a plan.
pub const HL_REASON_REMOVED: u32 = 20;
/// Maintenance by an operator's word.
pub const HL_REASON_MAINTENANCE: u32 = 21;
/// The book is being reduced.
pub const HL_REASON_LIQUIDATION: u32 = 22;
/// The baseline was set anew by hand.
pub const HL_REASON_REBASED: u32 = 23;
/// As many probes as were asked for have passed.
pub const HL_REASON_PROBES_PASSED: u32 = 24;
/// A probe has failed.
pub const HL_REASON_PROBE_FAILED: u32 = 25;
/// A probe was not back in time.
pub const HL_REASON_PROBE_EXPIRED: u32 = 26;
/// No probe was out when their time was over: the next ones get their own.
pub const HL_REASON_PROBE_ROUND: u32 = 27;
/// Too many calls of a dependency are slow.
pub const HL_REASON_SLOW_RATE: u32 = 28;
/// Too many calls of a dependency have failed in a row.
pub const HL_REASON_CONSECUTIVE: u32 = 29;
/// A check has not been reported since the last session's end.
pub const HL_REASON_CHECK_MISSING: u32 = 30;
/// A check was reported as failed.
pub const HL_REASON_CHECK_FAILED: u32 = 31;
/// A check has passed only after its deadline.
pub const HL_REASON_CHECK_LATE: u32 = 32;
/// The calendar has no further session: nobody knows whether the market is open.
pub const HL_REASON_CALENDAR_ENDED: u32 = 33;
/// The last message was on its way for too long.
pub const HL_REASON_LATENCY: u32 = 34;
/// Too many messages are missing.
pub const HL_REASON_MISSING: u32 = 35;
/// The bid is above the ask.
pub const HL_REASON_CROSSED: u32 = 36;
/// The bid is at the ask.
pub const HL_REASON_LOCKED: u32 = 37;
/// Too many losing samples in a row.
pub const HL_REASON_STREAK: u32 = 38;
/// The loss accelerates.
pub const HL_REASON_ACCELERATION: u32 = 39;
/// Too much margin is in use.
pub const HL_REASON_MARGIN: u32 = 40;
/// Too many open positions.
pub const HL_REASON_POSITION_COUNT: u32 = 41;
/// A position is too great for the portfolio.
pub const HL_REASON_POSITION_SHARE: u32 = 42;
/// A sector is too great for the portfolio.
pub const HL_REASON_SECTOR_SHARE: u32 = 43;
/// Long positions together are too great for the portfolio.
pub const HL_REASON_LONG_EXPOSURE: u32 = 44;
/// Short positions together are too great for the portfolio.
pub const HL_REASON_SHORT_EXPOSURE: u32 = 45;
/// Long and short positions together are too great for the portfolio.
pub const HL_REASON_GROSS_EXPOSURE: u32 = 46;
/// Long and short positions differ too much for the portfolio.
pub const HL_REASON_NET_EXPOSURE: u32 = 47;
/// The quantity of a position is too great.
pub const HL_REASON_POSITION_QUANTITY: u32 = 48;
/// The market value of a position is too great.
pub const HL_REASON_POSITION_NOTIONAL: u32 = 49;
/// The market is closed.
pub const HL_REASON_OUT_OF_SESSION: u32 = 50;
/// The market is open, and nobody shall trade.
pub const HL_REASON_BLACKOUT: u32 = 51;
/// The venue has halted.
pub const HL_REASON_VENUE_HALTED: u32 = 52;
/// The venue is closed.
pub const HL_REASON_VENUE_CLOSED: u32 = 53;
/// Nobody knows what the venue does.
pub const HL_REASON_VENUE_UNKNOWN: u32 = 54;
/// The best bid or offer stands at a price band.
pub const HL_REASON_LIMIT_STATE: u32 = 55;
/// The best bid or offer lies beyond a price band, where nothing can trade.
pub const HL_REASON_STRADDLE: u32 = 56;
/// A limit state has lasted too long: the instrument pauses.
pub const HL_REASON_TRADING_PAUSE: u32 = 57;
/// A subscriber took too long, again and again.
pub const HL_REASON_OVERRUN: u32 = 58;
/// What denied an order denies no longer.
pub const HL_REASON_CLEARED: u32 = 200;
/// The kill word is set.
pub const HL_REASON_KILLED: u32 = 201;
/// The System has shut down.
pub const HL_REASON_SHUT_DOWN: u32 = 202;
/// The System has not been armed yet.
pub const HL_REASON_NOT_RECOVERED: u32 = 203;
/// A panic inside was caught.
pub const HL_REASON_PANICKED: u32 = 204;
/// The arm word means nothing: zeroed memory, a forked child.
pub const HL_REASON_CORRUPT: u32 = 205;
