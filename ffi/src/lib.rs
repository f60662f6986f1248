//! The C interface of Haltline: prefix `hl_`, headers `include/haltline.h` and `include/haltline_gate.h`.
//!
//! `haltline.h` is generated from this crate and committed; a test holds the two together. `haltline_gate.h`, the inline order path,
//! is written by hand, and both sides assert its layout.
//!
//! * Every call returns a status: zero, a success with a remark above it, a failure below it. `hl_last_error` says more.
//! * Cold objects are handles, of which an old or an invented one is refused. Gates, feeds and tallies are pointers.
//! * Whatever is wrong with a gate denies the order. A panic inside is caught, and its System denies from then on.

#![allow(non_camel_case_types, reason = "the names are those of C")]

mod boundary;
mod callback;
mod evaluate;
mod event_types;
mod events;
mod explain;
mod feed;
mod filter;
mod gate;
mod handle;
mod history;
mod kinds;
mod last_error;
mod names;
mod operator;
mod options;
mod permit;
mod policy;
mod probe;
mod reasons;
mod status;
mod structs;
mod subscribe;
mod system;
mod systems;
mod tally;
#[cfg(test)]
mod testing;
mod text;
mod views;
mod words;

pub use callback::{hl_events_fn, hl_release_fn};
pub use evaluate::*;
pub use event_types::*;
pub use events::*;
pub use explain::*;
pub use feed::*;
pub use filter::hl_filter;
pub use gate::*;
pub use handle::{hl_breaker, hl_permit, hl_subscription, hl_system};
pub use history::*;
pub use kinds::*;
pub use last_error::{HL_ERROR_BYTES, hl_last_error};
pub use names::*;
pub use operator::*;
pub use options::*;
pub use permit::*;
pub use policy::*;
pub use probe::{hl_gate_try_probe, hl_gate_try_probe2};
pub use reasons::*;
pub use status::*;
pub use subscribe::*;
pub use system::*;
pub use tally::*;
pub use text::{HL_LIST_LENGTH, HL_NAME_BYTES, HL_SENTENCE_BYTES, HL_TEXT_BYTES};
pub use views::*;
pub use words::*;
