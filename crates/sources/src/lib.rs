//! Market status, volatility indices, levels and checks from outside, into the feeds of a Haltline [`System`](haltline::System).
//!
//! A [`SourceFile`] (`sources.toml`, all keys in `docs/sources.md`) names endpoints: polled, or heard as server-sent events. All
//! share one client with connections that are kept, few a host, over TLS with verification. A call that fails is made again,
//! later and later; what is known is kept for its time, so that a hundred askers are one request; and each endpoint is guarded by
//! a `technical` breaker of Haltline itself. Values go into feeds with the time of the source, so silence counts from that.
//!
//! **Never on the order path.** A check reads words of memory, and waits for none of this: sources have threads of their own.
//! Addresses, headers and secrets come from the environment, and stand in no error, no `Debug`, no event.
//!
//! Not for what ticks: a source has the overhead of HTTP and a thread. Prices of instruments are pushed by whoever has them.
//!
//! ```
//! use haltline::{Plan, System};
//!
//! let text = r#"
//! [[source]]
//! name = "vix"
//! scope = "ext/vix"
//! preset = "volatility_index"
//! url = { env = "VIX_URL" }
//! value = "/last"
//! time = "/time"
//! breaker = "wild"
//! "#;
//! # let text = &text.replace("breaker = \"wild\"", "").replace("volatility_index", "index_level");
//! # let env = |_: &str| Some("http://127.0.0.1:1/".to_owned());
//! let file = haltline_sources::parse(text, "sources.toml", &env)?;
//! let mut plan = Plan::default(); // with breakers that watch ext/vix
//! file.add_to(&mut plan);
//! let system = System::start(plan)?;
//! let sources = file.start(&system)?; // until it is dropped
//! # drop(sources);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

/// The examples of the page run.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/sources.md")]
struct Page;

mod address;
mod breakers;
mod check;
mod client;
mod clock;
mod entry;
mod error;
mod fetch;
mod file;
mod judge;
mod moment;
mod payload;
mod retry;
mod secret;
mod source;
mod sources;
mod spec;
mod sse;
mod stream;
mod trouble;

pub use check::Report;
pub use client::HttpOptions;
pub use clock::{Clock, Stop, WallClock};
pub use error::{Failure, Trouble};
pub use fetch::Origin;
pub use file::{Environment, SourceFile, load, parse};
pub use judge::Counts;
pub use moment::TimeFormat;
pub use payload::{Format, Payload, Sample, Unit, Value};
pub use retry::Backoff;
pub use secret::Secret;
pub use source::{Source, SourceStatus};
pub use sources::{Sources, StartError};
pub use spec::{Keeping, Mode, SourceSpec, Timeouts, What};
