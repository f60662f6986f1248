//! `market_circuit_breaker`: whether a rolling move can be. Its data is [`RollingMove`], the detector is in [`detector`].

mod detector;

use core::time::Duration;

use crate::model::error::Error;
use crate::model::policy::{Halt, Policy, Release};
use crate::model::rolling_move::RollingMove;
use crate::rule::check::{Check, bad, check_share};

pub(crate) use detector::Detector;

/// Windows of less have no buckets, of more no bound in minutes.
const WINDOWS: core::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(86_400);

impl Check for RollingMove {
    fn check(&self, policy: &Policy) -> Result<(), Error> {
        if policy.sessions.as_ref() != Some(&self.sessions) {
            return bad("sessions: those of the policy must be those of the rolling move");
        }
        if self.sessions.as_slice().is_empty() {
            return bad("sessions: found none, a rolling move needs its market's");
        }
        if policy.release == Release::Level {
            return bad("release: found level, but a pause has its time; allowed are timed and latched");
        }
        if policy.confirm > 1 || !policy.confirm_for.is_zero() {
            return bad("confirm, confirm_for: a rolling move pauses with the first price that is far enough");
        }
        if self.pause.is_zero() {
            return bad("pause: found 0, allowed are times above it");
        }
        if !matches!(policy.halt, Halt::Timed { base, backoff: 1.0, .. } if base == self.pause) {
            return bad(format!("halt: allowed is the time of a pause, {:?}, without a backoff", self.pause));
        }
        if !WINDOWS.contains(&self.window) {
            return bad(format!("window: found {:?}, allowed are times from a second to a day", self.window));
        }
        check_share(&self.limits, 1.0)
    }
}
