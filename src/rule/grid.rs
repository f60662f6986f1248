//! Where samples end: on multiples of a time from the Unix epoch or from each session's open, or at each close.

use core::time::Duration;
use std::sync::Arc;

use crate::model::session::{Session, Sessions};
use crate::model::time::{Nanos, nanos_of};

/// Where samples end.
#[derive(Debug)]
pub(crate) enum Grid {
    /// Each multiple of so many nanoseconds.
    Epoch(u64),
    /// The same, counted from each open.
    Sessions(u64, Arc<Sessions>),
    /// Each close.
    Closes(Arc<Sessions>),
    /// Never.
    None,
}

impl Grid {
    pub(crate) fn new(sample: Option<Duration>, sessions: Option<Arc<Sessions>>) -> Self {
        let sample = sample.map(|sample| nanos_of(sample).max(1));
        match (sample, sessions) {
            (Some(sample), Some(sessions)) => Self::Sessions(sample, sessions),
            (Some(sample), None) => Self::Epoch(sample),
            (None, Some(sessions)) => Self::Closes(sessions),
            (None, None) => Self::None,
        }
    }

    /// Whether a window on one of them goes on on the other.
    pub(crate) fn same_kind(&self, other: &Self) -> bool {
        core::mem::discriminant(self) == core::mem::discriminant(other)
    }

    /// When the window that belongs to `at` begins: with the last open for samples under a day, else never.
    pub(crate) fn begin(&self, at: Nanos) -> Nanos {
        match self {
            Self::Sessions(_, sessions) => begun(sessions, at).map_or(Nanos(0), |session| session.open),
            _ => Nanos(0),
        }
    }

    /// When the window after that of `at` begins.
    pub(crate) fn next_begin(&self, at: Nanos) -> Nanos {
        match self {
            Self::Sessions(_, sessions) => sessions.next_open(at).unwrap_or(Nanos::NEVER),
            _ => Nanos::NEVER,
        }
    }

    /// How many samples of the window of `from` end after `from` and not after `to`.
    pub(crate) fn edges(&self, from: Nanos, to: Nanos) -> u64 {
        match self {
            Self::Epoch(sample) => to.0 / sample - from.0 / sample,
            Self::Sessions(sample, sessions) => begun(sessions, from).map_or(0, |session| {
                let by = |at: Nanos| at.min(session.close).0.saturating_sub(session.open.0) / sample;
                by(to) - by(from)
            }),
            Self::Closes(sessions) => {
                let by = |at: Nanos| sessions.as_slice().partition_point(|session| session.close <= at) as u64;
                by(to) - by(from)
            }
            Self::None => 0,
        }
    }

    /// The first time after `at` at which a sample ends or a window begins.
    pub(crate) fn next(&self, at: Nanos, suspended: bool) -> Nanos {
        let multiple = |at: u64, sample: u64| (at / sample).saturating_add(1).saturating_mul(sample);
        match self {
            Self::Sessions(sample, sessions) => {
                let open = self.next_begin(at);
                let edge = begun(sessions, at).filter(|_| !suspended).map(|session| {
                    let edge = Nanos(session.open.0.saturating_add(multiple(at.0 - session.open.0, *sample)));
                    if edge <= session.close { edge } else { Nanos::NEVER }
                });
                open.min(edge.unwrap_or(Nanos::NEVER))
            }
            _ if suspended => Nanos::NEVER,
            Self::Epoch(sample) => Nanos(multiple(at.0, *sample)),
            Self::Closes(sessions) => {
                let next = sessions.as_slice().partition_point(|session| session.close <= at);
                sessions.get(next).map_or(Nanos::NEVER, |session| session.close)
            }
            Self::None => Nanos::NEVER,
        }
    }
}

/// The last session that had begun by then.
fn begun(sessions: &Sessions, at: Nanos) -> Option<&Session> {
    let begun = sessions.as_slice().partition_point(|session| session.open <= at);
    sessions.get(begun.checked_sub(1)?)
}
