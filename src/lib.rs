//! Haltline.
pub mod model;
pub use model::error::{Error, ErrorKind};
pub use model::event::{BreakerId, Event, EventType};
pub use model::intent::{Intent, Lanes};
pub use model::kind::{KINDS, Kind, KindRow};
pub use model::observation::VenueStatus;
pub use model::plan::*;
pub use model::policy::*;
pub use model::reading::Level;
pub use model::reason::Reason;
pub use model::scope::{GATE_SCOPES, PATH_BYTES, PATH_SEGMENTS, ScopeId, ScopePath};
pub use model::session::{Date, Place, Session, Sessions};
pub use model::state::{State, Step};
pub use model::status::{Authority, Status};
pub use model::time::{Epoch, Micros, Nanos};
pub use model::units::{Money, Price, Qty, Ratio};
