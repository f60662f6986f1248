//! What people pull: `kill_switch` and `manual`. They have no readings, so there is nothing to detect.

use core::fmt;

use crate::model::error::Error;
use crate::model::intent::Intent;
use crate::model::policy::Policy;
use crate::model::status::{Authority, named};
use crate::rule::check::{Check, bad};

/// Which sources may pull a kill switch.
///
/// ```
/// # use haltline::*;
/// # let (scope, policy) = (ScopePath::root(), Kind::KillSwitch.default_policy());
/// let mut switch = KillSwitch::default();
/// switch.allows[EmergencySource::Anomaly as usize] = false;
/// # let spec = BreakerSpec { name: "stop".into(), scope, watch: vec![], rule: RuleSpec::KillSwitch(switch), policy };
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
/// // A detector that is still on trial asks: refused and told, nothing stops. A person still can.
/// let by = By::new("detector", Authority::Auto, "score 0.93");
/// let refused = system.emergency_stop("", EmergencySource::Anomaly, by).map_err(|error| error.kind());
/// assert_eq!(refused, Err(ErrorKind::NotAllowed));
/// system.emergency_stop("", EmergencySource::Manual, By::new("ann", Authority::Trader, "I saw it too"))?;
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KillSwitch {
    /// One flag a source, in the order of [`EmergencySource::ALL`].
    pub allows: [bool; 3],
}

impl Default for KillSwitch {
    fn default() -> Self {
        Self { allows: [true; 3] }
    }
}

named! {
    /// Who pulls a kill switch.
    ///
    /// ```
    /// # use haltline::*;
    /// # let plan = Plan { scopes: vec![ScopePath::new("XNAS")?], ..Plan::default() };
    /// # let system = System::manual(plan, Nanos::from_secs(0))?;
    /// let gate = system.gate(&["XNAS"])?;
    /// let clearing = By::new("clearing", Authority::Auto, "member default");
    /// // Any source may stop, whatever its authority; resting orders can still be pulled.
    /// system.emergency_stop("XNAS", EmergencySource::External, clearing)?;
    /// assert!(!gate.permits(Intent::Reduce) && gate.permits(Intent::Cancel));
    /// // The way back asks an administrator.
    /// let refused = system.clear_emergency_stop("XNAS", clearing).map_err(|error| error.kind());
    /// assert_eq!(refused, Err(ErrorKind::Authority));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    EmergencySource: "source" {
        /// A person.
        Manual = 0, "manual";
        /// A detector.
        Anomaly = 1, "anomaly";
        /// Another system.
        External = 2, "external";
    }
}

impl Check for KillSwitch {
    /// An emergency stop must stop, and only an administrator may end it.
    fn check(&self, policy: &Policy) -> Result<(), Error> {
        if policy.shadow || !policy.enabled {
            return bad("shadow, enabled: a kill switch must be felt; who wants none of his own leaves it out");
        }
        if !self.allows.contains(&true) {
            return bad("sources: found none, allowed is at least one; nobody could pull it");
        }
        if !policy.effect.denies(Intent::Reduce) || !policy.effect.denies(Intent::Increase) {
            return bad(format!("effect: found one that denies {}, allowed are halt and close", policy.effect));
        }
        if policy.reset_authority < Authority::Admin {
            return bad(format!("reset_authority: found {}, allowed is admin", policy.reset_authority));
        }
        Ok(())
    }
}
