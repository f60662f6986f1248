//! The pure row: what the words of the field mean, and the state machine.
//!
//! Nothing here knows an atomic, a clock, a thread or a file. Every function is a function of its arguments, so that
//! a replay of the same observations at the same times gives the same answers, for ever.

pub mod error;
pub mod event;
pub mod intent;
pub mod kind;
pub mod machine;
pub mod observation;
pub mod plan;
pub mod policy;
pub mod reading;
pub mod reason;
pub mod scope;
pub mod session;
pub mod state;
pub mod status;
pub mod time;
pub mod units;
