//! Events as JSON lines: [`event_json`] makes the line of one, a [`Journal`] keeps the last lines so that each is made once
//! and only when somebody asks, an [`Appender`] writes them down as they come.
//!
//! The core knows nothing of JSON; this is an edge. Nothing here is for the order path.
//!
//! | field | what | when |
//! |---|---|---|
//! | `sequence` | the number of the event; numbers rise | always |
//! | `time` | when it happened, ISO 8601 in UTC with nanoseconds | always |
//! | `type` | the name of its [`EventType`](haltline::EventType) | always |
//! | `priority` | `"urgent"` or `"routine"` | always |
//! | `breaker`, `breaker_id` | its name, and its number | of a breaker; the name while it is known |
//! | `kind` | the name of its kind | of a breaker |
//! | `scope` | the path of its scope; `""` is everything | always |
//! | `before`, `after` | names of the statuses | of a transition |
//! | `denies` | the intents that are denied from then on | of a transition |
//! | `warns` | `true` | if it warns from then on |
//! | `rung` | which rung of a ladder | of its trip |
//! | `reason` | the name of its [`Reason`](haltline::Reason) | unless there is none |
//! | `actor`, `authority` | who did it and with what authority; `"auto"` is the machine | always |
//! | `note` | his name and what he said | if he did |
//! | `value`, `limit` | what was tested against what, a share as a fraction; of `threshold_updated` the old and the new limit | unless both are zero |
//! | `breach_percent` | how far beyond its limit | of a trip |
//! | `breach_expected` | when the value would reach its limit if it went on as it came, as `time` | of a warning that goes there |
//! | `until` | when the status ends by time, as `time` | if it does |
//! | `cooldown_ns` | how long the cooldown is that follows, in nanoseconds | of a trip that has one |
//! | `resets_by_itself` | whether it ends without a person | of a trip |
//! | `lasted_ns` | how long what ends has lasted, in nanoseconds | of the end of a trip, a stop, a liquidation |
//! | `lost` | how many events | of a `gap` |
//! | `count` | breakers that have moved, mistakes, permits that are out | of `config_reloaded`, `config_refused`, `probe` |
//! | `subscriber` | its number | of `subscriber_suspended` |
//! | `sensor` | its number | of `sensor_late`, `sensor_failed` |
//!
//! What is absent is not printed: there is no `null`. A number that JSON does not have is a text: `"inf"`, `"-inf"`, `"NaN"`.

mod appender;
mod journal;
mod line;

pub use appender::{Appender, Written};
pub use journal::Journal;
pub use line::event_json;
