//! The pure row: what the words of the field mean, and the state machine.
//!
//! Nothing here knows an atomic, a clock, a thread or a file. Every function is a function of its arguments, so that
//! a replay of the same observations at the same times gives the same answers, for ever.

pub(crate) mod caps;
pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod intent;
pub(crate) mod kind;
pub(crate) mod ladder;
pub(crate) mod legal;
pub(crate) mod limits;
pub mod machine;
pub(crate) mod metrics;
pub(crate) mod observation;
pub(crate) mod policy;
pub(crate) mod price_band;
pub(crate) mod reading;
pub(crate) mod reason;
pub(crate) mod rolling_move;
pub(crate) mod scope;
pub(crate) mod session;
pub(crate) mod state;
pub(crate) mod status;
pub(crate) mod tally;
pub(crate) mod time;
pub(crate) mod units;
