//! What became of a configuration, for everybody who hears of events.
//!
//! The core reads no files: whoever does ([`reload`](System::reload) is given a plan) knows alone that a file was refused, and
//! that the limits that somebody believes to be in force are not. Pagers and journals hear of events, so it is one.

use super::System;
use crate::model::error::Error;
use crate::model::event::{Event, EventType};
use crate::model::reason::Reason;
use crate::model::status::Signed;
use crate::registry::Reloaded;

impl System {
    /// Tells that a configuration has come into force by a [`reload`](Self::reload): what each breaker had of it is told by
    /// itself, this says that it was all. Routine. Changes nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) after the shutdown.
    ///
    /// ```
    /// # use haltline::*;
    /// # let system = System::manual(Plan::default(), Nanos::from_secs(0))?;
    /// # let desk = BreakerSpec::new("desk", ScopePath::root(), RuleSpec::Manual);
    /// let done = system.reload(&Plan { breakers: vec![desk], ..Plan::default() })?;
    /// system.config_reloaded(&done)?;
    /// let mut last = None;
    /// system.drain(|event| last = Some((event.event_type(), event.value)));
    /// assert_eq!(last, Some((EventType::ConfigReloaded, 1.0)));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    pub fn config_reloaded(&self, done: &Reloaded) -> Result<(), Error> {
        self.tell_config(EventType::ConfigReloaded, done.added + done.changed + done.removed)
    }

    /// Tells that a configuration was refused for so many mistakes, and that the one before stays in force. Urgent. Changes
    /// nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) after the shutdown.
    ///
    /// ```
    /// # use haltline::*;
    /// # let system = System::manual(Plan::default(), Nanos::from_secs(0))?;
    /// system.config_refused(3)?;
    /// let mut last = None;
    /// system.drain(|event| last = Some((event.event_type(), event.value)));
    /// assert_eq!(last, Some((EventType::ConfigRefused, 3.0)));
    /// assert!(EventType::ConfigRefused.is_urgent());
    /// # Ok::<(), haltline::Error>(())
    /// ```
    pub fn config_refused(&self, mistakes: usize) -> Result<(), Error> {
        self.tell_config(EventType::ConfigRefused, mistakes)
    }

    fn tell_config(&self, event_type: EventType, count: usize) -> Result<(), Error> {
        self.open()?;
        let circuit = &self.inner.circuit;
        let note = circuit.note(None, event_type, Reason::None, Signed::AUTO);
        circuit.publish(Event { value: count as f64, ..note });
        Ok(())
    }
}
