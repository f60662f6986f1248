//! Haltline.
#![deny(unsafe_code)]

mod circuit;
mod feed;
mod gate;
mod listener;
mod memory;
mod model;
mod notes;
mod plan_check;
mod registry;
mod rule;
mod runtime;
mod snapshot;
mod status;
mod system;
mod window;

pub use feed::Feed;
pub use gate::{Denial, Gate};
pub use memory::gate::Verdict;
pub use model::error::{Error, ErrorKind, FeedError};
pub use model::event::{BreakerId, Event, EventType};
pub use model::intent::{Intent, Lanes};
pub use model::kind::{KINDS, Kind, KindRow};
pub use model::machine;
pub use model::observation::VenueStatus;
pub use model::plan::*;
pub use model::policy::*;
pub use model::reading::{Level, Standing};
pub use model::reason::Reason;
pub use model::scope::{GATE_SCOPES, PATH_BYTES, PATH_SEGMENTS, ScopeId, ScopePath};
pub use model::session::{Date, Place, Session, Sessions};
pub use model::state::{State, Step};
pub use model::status::{Authority, Status};
pub use model::time::{Epoch, Micros, Nanos};
pub use model::units::{Money, Price, Qty, Ratio};
pub use notes::{ACTOR_BYTES, By, REASON_BYTES};
pub use status::{BreakerStatus, SystemStatus};
pub use system::{System, kill_all};
