//! What an event says. The numbers never change: a new type gets the next one.

/// It denies from now on; also a higher rung.
pub const HL_EVENT_TRIPPED: u32 = 1;
/// Back to Active or Warning.
pub const HL_EVENT_RESET: u32 = 2;
/// The warn level.
pub const HL_EVENT_WARNING: u32 = 3;
/// The warning is over.
pub const HL_EVENT_CALM: u32 = 4;
/// On the way back.
pub const HL_EVENT_COOLDOWN_STARTED: u32 = 5;
/// An emergency stop.
pub const HL_EVENT_EMERGENCY: u32 = 6;
/// The book is being reduced.
pub const HL_EVENT_LIQUIDATING: u32 = 7;
/// Out of service.
pub const HL_EVENT_MAINTENANCE: u32 = 8;
/// It has a usable value.
pub const HL_EVENT_READY: u32 = 9;
/// It has none any more.
pub const HL_EVENT_UNREADY: u32 = 10;
/// Half open still, with a new time for its probes.
pub const HL_EVENT_PROBING: u32 = 14;
/// A plan put it into service.
pub const HL_EVENT_INSTALLED: u32 = 11;
/// A plan removed it.
pub const HL_EVENT_REMOVED: u32 = 12;
/// Another policy, or a new baseline.
pub const HL_EVENT_UPDATED: u32 = 13;
/// A request was refused; nothing moved.
pub const HL_EVENT_REFUSED: u32 = 20;
/// Observations were refused; nothing moved. Sent for the first of a run.
pub const HL_EVENT_BAD_INPUT: u32 = 21;
/// Events were lost: `value` says how many. What follows brings the reader level with the Board.
pub const HL_EVENT_GAP: u32 = 22;
/// After a gap: where a breaker is now.
pub const HL_EVENT_LEVEL: u32 = 23;
/// The kill word was set.
pub const HL_EVENT_KILLED: u32 = 24;
/// It was cleared by an administrator.
pub const HL_EVENT_REARMED: u32 = 25;
/// The System has shut down.
pub const HL_EVENT_SHUTDOWN: u32 = 26;
/// A drill: told like a trip, denies nothing.
pub const HL_EVENT_DRILL: u32 = 27;
/// A subscriber is not called any more, for `reason`; `value` is its number.
pub const HL_EVENT_SUBSCRIBER_SUSPENDED: u32 = 28;
/// A plan or a person put a disabled breaker into force.
pub const HL_EVENT_ENABLED: u32 = 30;
/// A plan or a person took it out of force.
pub const HL_EVENT_DISABLED: u32 = 31;
/// Its limit is another one: `value` was, `limit` is.
pub const HL_EVENT_THRESHOLD_UPDATED: u32 = 32;
/// A configuration has come into force: `value` says how many breakers it has added, changed or removed.
pub const HL_EVENT_CONFIG_RELOADED: u32 = 33;
/// A configuration was refused, and the one before stays in force: `value` says how many mistakes it has.
pub const HL_EVENT_CONFIG_REFUSED: u32 = 34;
/// A sensor is not back by its deadline; `value` is its number.
pub const HL_EVENT_SENSOR_LATE: u32 = 35;
/// A sensor has ended with an error or a panic; `value` is its number. Sent for the first of a run.
pub const HL_EVENT_SENSOR_FAILED: u32 = 36;
