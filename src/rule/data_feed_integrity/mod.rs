//! `data_feed_integrity`: its parameters. The detector is in [`detector`], its window in [`arrivals`].

mod arrivals;
mod detector;

use core::fmt;
use core::time::Duration;

use crate::model::error::Error;
use crate::model::limits::Limits;
use crate::model::policy::Policy;
use crate::model::status::named;
use crate::model::units::Ratio;
use crate::rule::check::{Check, bad, check_limits_below};

pub(crate) use detector::Detector;

/// The most messages that a window of a data feed holds.
pub const MAX_MESSAGES: usize = 65_536;

/// The best score.
const BEST: Ratio = Ratio::from_raw(100 * Ratio::SCALE);

/// The data feed rule: whether what is heard is all that was sent, in order, in time, and a book that can be.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// let rule = DataFeedIntegrity {
///     window: 100, max_latency: Some(Duration::from_millis(50)), ..DataFeedIntegrity::with_limit(Ratio::from_f64(95.0)?)
/// };
/// # let (scope, policy) = (ScopePath::root(), Kind::DataFeedIntegrity.default_policy());
/// # let spec = BreakerSpec { name: "tape".into(), scope, watch: vec![], rule: RuleSpec::DataFeedIntegrity(rule), policy };
/// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(1))?;
/// # let (gate, mut tape, now) = (system.gate(&[])?, system.feed("")?, system.now());
/// let sent = now - Duration::from_millis(1);
/// tape.sequence(1, sent, now)?;
/// // Five of the last hundred are lost: a score of 95, not below it. A sixth is one too many.
/// tape.sequence(7, sent, now)?;
/// assert!(gate.permits(Intent::Increase));
/// tape.sequence(9, sent, now)?;
/// assert_eq!(gate.explain(gate.check()).reason, Reason::Limit);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DataFeedIntegrity {
    /// Levels of the score, 0 to 100, lower being worse.
    pub limits: Limits,
    /// Where the score comes from.
    pub source: IntegritySource,
    /// How many expected messages the score is taken over.
    pub window: usize,
    /// This share of the window missing is a breach; `None` leaves it to the score.
    pub missing_limit: Option<Ratio>,
    /// A message that was on its way for longer is late, and a breach by itself; `None`: none is.
    pub max_latency: Option<Duration>,
    /// Whether a bid above the ask is a breach while it stands.
    pub crossed: bool,
    /// Whether a bid at the ask is a breach while it stands.
    pub locked: bool,
}

impl DataFeedIntegrity {
    /// The catalogue's defaults with this limit, below 100: over the last 1000 messages, whatever their latency; a crossed book
    /// is a breach, a locked one is not.
    pub fn with_limit(limit: Ratio) -> Self {
        Self {
            limits: Limits::below(limit, BEST),
            source: IntegritySource::Heard,
            window: 1_000,
            missing_limit: None,
            max_latency: None,
            crossed: true,
            locked: false,
        }
    }
}

named! {
    /// Where the score of a data feed comes from.
    ///
    /// ```
    /// # use haltline::*;
    /// # let base = DataFeedIntegrity::with_limit(Ratio::from_f64(95.0)?);
    /// let rule = DataFeedIntegrity { source: IntegritySource::Level, ..base };
    /// # let (scope, policy) = (ScopePath::root(), Kind::DataFeedIntegrity.default_policy());
    /// # let spec = BreakerSpec { name: "vendor".into(), scope, watch: vec![], rule: RuleSpec::DataFeedIntegrity(rule), policy };
    /// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, Nanos::from_secs(0))?;
    /// # let (gate, mut feed) = (system.gate(&[])?, system.feed("")?);
    /// // The vendor's own monitor scores the feed.
    /// let vendor = system.breaker("vendor")?;
    /// feed.reading(vendor, 95.0, system.now())?;
    /// assert!(gate.permits(Intent::Increase));
    /// feed.reading(vendor, 94.9, system.now())?;
    /// assert!(!gate.permits(Intent::Increase));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    IntegritySource: "source" {
        /// From what is heard: sequence numbers, latencies, quotes.
        Heard = 0, "heard";
        /// Readings made elsewhere.
        Level = 1, "level";
    }
}

impl Check for DataFeedIntegrity {
    fn check(&self, _policy: &Policy) -> Result<(), Error> {
        check_limits_below(&self.limits, BEST)?;
        if self.limits.limit == BEST {
            return bad(format!("limit: found {BEST}, allowed are scores below it: no score is better"));
        }
        if !(1..=MAX_MESSAGES).contains(&self.window) {
            return bad(format!("window: {} messages, allowed are 1 to {MAX_MESSAGES}", self.window));
        }
        let share = |limit: &Ratio| (1..=Ratio::SCALE).contains(&limit.raw());
        if let Some(found) = self.missing_limit.filter(|limit| !share(limit)) {
            return bad(format!("missing_limit: found {found}, allowed are shares above 0 and at most 1"));
        }
        if self.max_latency == Some(Duration::ZERO) {
            return bad("max_latency: must be above 0");
        }
        Ok(())
    }
}
