//! Which events somebody wants to hear of.

use crate::model::event::{BreakerId, Event, EventType};
use crate::model::kind::Kind;
use crate::model::scope::ScopePath;
use crate::snapshot::Snapshot;

/// Which events somebody wants: all of what is given must hold; the default wants everything. Looked at before an event takes
/// a place in a queue.
///
/// What concerns no breaker (a kill, a shutdown, a suspended subscriber) is asked for its type alone, and a
/// [`Gap`](EventType::Gap) goes to everybody: who has lost something must know. The walk that follows a gap tells of the
/// kinds and scopes that are wanted, whatever the types.
///
/// ```
/// use haltline::{EventType, Filter, Kind, ScopePath};
/// let trips_of_nasdaq = Filter {
///     scope: ScopePath::new("XNAS")?,
///     types: vec![EventType::Tripped, EventType::Reset],
///     ..Filter::default()
/// };
/// let pager = Filter { urgent: true, ..Filter::default() };
/// let drawdowns = Filter { kinds: vec![Kind::Drawdown, Kind::LossRate], ..Filter::default() };
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Breakers of these kinds; empty is all.
    pub kinds: Vec<Kind>,
    /// This scope and those below it; the root is all.
    pub scope: ScopePath,
    /// These types; empty is all.
    pub types: Vec<EventType>,
    /// Only what is [urgent](EventType::is_urgent): trips, resets, stops.
    pub urgent: bool,
}

impl Filter {
    /// Whether it wants an event.
    pub(crate) fn wants(&self, event: &Event, snapshot: &Snapshot) -> bool {
        let what = event.event_type();
        if what == EventType::Gap {
            return true;
        }
        let concerns_one = event.breaker != BreakerId::NONE;
        let of_breaker = || event.kind().is_some_and(|kind| self.wants_breaker(kind, snapshot.path(event.scope)));
        (!concerns_one || of_breaker())
            && (self.types.is_empty() || self.types.contains(&what))
            && (!self.urgent || what.is_urgent())
    }

    /// Whether it wants to hear of a breaker of this kind on this scope.
    pub(crate) fn wants_breaker(&self, kind: Kind, scope: &str) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&kind)) && is_within(scope, self.scope.as_str())
    }
}

/// Whether a path is another one or lies below it.
fn is_within(path: &str, other: &str) -> bool {
    other.is_empty() || path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::is_within;

    #[test]
    fn a_scope_holds_itself_and_what_is_below_it_and_no_name_that_only_begins_alike() {
        assert!(is_within("XNAS", "XNAS") && is_within("XNAS/AAPL", "XNAS") && is_within("XNAS", ""));
        assert!(!is_within("XNASDAQ", "XNAS") && !is_within("", "XNAS") && !is_within("XNYS/XNAS", "XNAS"));
    }
}
