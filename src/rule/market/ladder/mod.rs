//! `market_circuit_breaker`: whether a ladder can be. Its data is [`Ladder`], the detector is in [`detector`].

mod detector;
mod hours;
mod scale;
mod scene;

use core::time::Duration;

use crate::model::error::Error;
use crate::model::ladder::{HaltEnd, Ladder, Window};
use crate::model::policy::{Policy, Release};
use crate::model::state::Step;
use crate::rule::check::{Check, bad, check_share};

pub(crate) use detector::Detector;

impl Check for Ladder {
    fn check(&self, policy: &Policy) -> Result<(), Error> {
        if policy.sessions.as_ref() != Some(&self.sessions) {
            return bad("sessions: those of the policy must be the ladder's");
        }
        if self.sessions.as_slice().is_empty() {
            return bad("sessions: found none, a ladder needs its market's");
        }
        if policy.release == Release::Level {
            return bad(
                "release: found level, which would end a halt at the next price; allowed are timed and latched",
            );
        }
        if let (Some(from), Some(to)) = (self.effective_from, self.effective_to)
            && from > to
        {
            return bad(format!("effective: found {from} to {to}, which is never"));
        }
        if self.rungs.is_empty() || Step::rung(self.rungs.len().min(255) as u8).is_none() {
            return bad(format!("rungs: found {}, allowed are 1 to {}", self.rungs.len(), Step::LAST.number()));
        }
        for rung in &self.rungs {
            check_share(&rung.limits, 1.0)?;
            let opens = |w: &Window| self.sessions.as_slice().iter().any(|s| w.from.at(s) < w.until.at(s));
            if rung.windows.is_empty() || !rung.windows.iter().all(opens) {
                return bad(format!("rung at {}: it has no window, or one that is never open", rung.limits.limit));
            }
            if rung.windows.iter().any(|w| w.end == HaltEnd::After(Duration::ZERO)) {
                return bad(format!("rung at {}: its halt has no length", rung.limits.limit));
            }
        }
        if self.rungs.windows(2).any(|pair| pair[0].limits.limit >= pair[1].limits.limit) {
            return bad("rungs: their limits must rise");
        }
        Ok(())
    }
}
