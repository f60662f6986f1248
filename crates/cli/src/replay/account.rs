//! Who was in which status for how long, and the halts, kept from the transitions.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use haltline::{Nanos, Session, Status};

use super::timeline::Transition;

/// How many kinds of time there are: the statuses, and one for "no usable value".
const PLACES: usize = 9;
/// The place of "no usable value".
pub(crate) const UNREADY: usize = 8;

/// A halt of the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Halt {
    pub(crate) rung: u8,
    pub(crate) from: Nanos,
    /// When it ended; `None` if it had not by the end of the replay.
    pub(crate) until: Option<Nanos>,
}

/// A trip of a breaker; of a ladder each rung.
#[derive(Clone, Debug)]
pub(crate) struct Trip {
    pub(crate) breaker: Arc<str>,
    pub(crate) rung: Option<u8>,
    pub(crate) at: Nanos,
    /// When it left Tripped.
    pub(crate) until: Option<Nanos>,
}

/// Session time by breaker and status.
#[derive(Debug)]
pub(crate) struct Account {
    sessions: Vec<Session>,
    /// Session time before each session.
    before: Vec<Duration>,
    now: BTreeMap<Arc<str>, (usize, Nanos)>,
    spent: BTreeMap<Arc<str>, [Duration; PLACES]>,
    halted_by: String,
    pub(crate) halts: Vec<Halt>,
    pub(crate) trips: Vec<Trip>,
}

impl Account {
    /// An account over these sessions; time outside of them does not count.
    pub(crate) fn new<'s>(sessions: impl Iterator<Item = &'s Session>, halted_by: &str) -> Self {
        let sessions: Vec<Session> = sessions.copied().collect();
        let mut sum = Duration::ZERO;
        let mut before = Vec::with_capacity(sessions.len());
        for session in &sessions {
            before.push(sum);
            sum += session.close - session.open;
        }
        Self {
            sessions,
            before,
            now: BTreeMap::new(),
            spent: BTreeMap::new(),
            halted_by: halted_by.to_owned(),
            halts: Vec::new(),
            trips: Vec::new(),
        }
    }

    /// Notes a transition; they come in the order of time for each breaker.
    pub(crate) fn note(&mut self, t: &Transition) {
        let unready = t.after.status == Status::Active && t.after.denies.denies_any();
        let place = if unready { UNREADY } else { t.after.status as usize };
        if let Some((old, since)) = self.now.insert(t.breaker.clone(), (place, t.at)) {
            self.spend(&t.breaker, old, since, t.at);
        }
        let (was, is) = (t.before.status == Status::Tripped, t.after.status == Status::Tripped);
        if was && (!is || t.before.step != t.after.step) {
            let open = self.trips.iter_mut().rev().find(|trip| trip.breaker == t.breaker);
            open.filter(|trip| trip.until.is_none()).into_iter().for_each(|trip| trip.until = Some(t.at));
        }
        if is && (!was || t.before.step != t.after.step) {
            self.trips.push(Trip { breaker: t.breaker.clone(), rung: t.rung, at: t.at, until: None });
        }
        if *t.breaker == *self.halted_by && (!was || !is || t.before.step != t.after.step) {
            if let Some(last) = self.halts.last_mut().filter(|last| last.until.is_none()) {
                last.until = Some(t.at);
            }
            if let (true, Some(rung)) = (t.halts_exchange(), t.rung) {
                self.halts.push(Halt { rung, from: t.at, until: None });
            }
        }
    }

    /// Closes the account at the end of the last session.
    pub(crate) fn close(&mut self) {
        let Some(end) = self.sessions.last().map(|session| session.close) else { return };
        for (breaker, (place, since)) in core::mem::take(&mut self.now) {
            self.spend(&breaker, place, since, end);
        }
    }

    /// What a breaker spent where.
    pub(crate) fn spent(&self, breaker: &str) -> [Duration; PLACES] {
        self.spent.get(breaker).copied().unwrap_or_default()
    }

    fn spend(&mut self, breaker: &Arc<str>, place: usize, from: Nanos, until: Nanos) {
        let time = self.session_time(until).saturating_sub(self.session_time(from));
        if let Some(spent) = self.spent.entry(breaker.clone()).or_default().get_mut(place) {
            *spent += time;
        }
    }

    /// Session time up to `at`.
    fn session_time(&self, at: Nanos) -> Duration {
        let begun = self.sessions.partition_point(|session| session.open <= at);
        let Some(last) = begun.checked_sub(1) else { return Duration::ZERO };
        match (self.before.get(last), self.sessions.get(last)) {
            (Some(before), Some(session)) => *before + (at.min(session.close) - session.open),
            _ => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use haltline::Date;

    #[test]
    fn only_session_time_counts() {
        let day = |d, open| Session {
            date: Date::new(2020, 3, d),
            open: Nanos::from_secs(open),
            close: Nanos::from_secs(open + 10),
        };
        let sessions = [day(9, 100), day(10, 200)];
        let account = Account::new(sessions.iter(), "");
        for (at, time) in [(0, 0), (100, 0), (104, 4), (110, 10), (150, 10), (203, 13), (900, 20)] {
            assert_eq!(account.session_time(Nanos::from_secs(at)), Duration::from_secs(time), "{at}");
        }
    }
}
