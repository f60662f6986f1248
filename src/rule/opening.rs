//! Which session a mark counts to, for baselines that begin with one.

use std::sync::Arc;

use crate::model::session::Sessions;
use crate::model::time::Nanos;

/// The opens of a market. They are named by the number of their date; 0 is before the first, or a market without any.
#[derive(Clone, Debug)]
pub(crate) struct Openings(Option<Arc<Sessions>>);

impl Openings {
    pub(crate) fn new(sessions: Option<Arc<Sessions>>) -> Self {
        Self(sessions)
    }

    /// The date of the last session that had begun by then.
    pub(crate) fn date(&self, at: Nanos) -> u64 {
        let sessions = self.0.as_deref().map_or(&[][..], Sessions::as_slice);
        let begun = sessions.partition_point(|session| session.open <= at);
        begun.checked_sub(1).and_then(|index| sessions.get(index)).map_or(0, |session| u64::from(session.date.0))
    }

    /// When the session after that date opens.
    pub(crate) fn after(&self, date: u64) -> Nanos {
        let sessions = self.0.as_deref().map_or(&[][..], Sessions::as_slice);
        let next = sessions.partition_point(|session| u64::from(session.date.0) <= date);
        sessions.get(next).map_or(Nanos::NEVER, |session| session.open)
    }
}
