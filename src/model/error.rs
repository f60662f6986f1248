//! One opaque error with a kind; its text names what was wrong, what was found and what is allowed.

use core::fmt;

/// What kind of mistake it was, for code that must tell them apart.
///
/// ```
/// # use haltline::*;
/// # let (scope, rule, policy) = (ScopePath::root(), RuleSpec::Manual, Kind::Manual.default_policy());
/// # let desk = BreakerSpec { name: "desk".into(), scope, watch: vec![], rule, policy };
/// # let plan = Plan { breakers: vec![desk], ..Plan::default() };
/// # let system = System::manual(plan.clone(), Nanos::from_secs(0))?;
/// let (id, ann) = (system.breaker("desk")?, By::new("ann", Authority::RiskDesk, "wild router"));
/// let seen = system.breaker_status(id)?.stamp;
/// system.trip(id, ann)?;
/// // What she saw is from before the trip: the kind says look again, not force it.
/// let refused = system.reset(id, seen, ann).map_err(|error| error.kind());
/// assert_eq!(refused, Err(ErrorKind::NewerTrip));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value that means nothing: NaN, a price of zero, a time that runs backwards.
    BadInput,
    /// A plan that cannot be: two breakers of one name, an impossible limit.
    BadPlan,
    /// A path that is not a scope path.
    BadScope,
    /// No scope, breaker or feed of that name.
    Unknown,
    /// The breaker behind this id has been removed by a reload.
    Stale,
    /// The feed has a claimant already.
    Claimed,
    /// A configured capacity or a fixed limit is used up.
    Full,
    /// The authority is below what the policy asks.
    Authority,
    /// The last reading still breaches; a reset would open on a standing cause.
    CauseStands,
    /// Another trip stands than the one that the operator saw.
    NewerTrip,
    /// The request means nothing in the present status.
    WrongStatus,
    /// The breaker is disabled, shadow, or does not allow this source.
    NotAllowed,
    /// The System has shut down, or was never armed.
    Closed,
    /// The machine refused: no memory page, no thread.
    Platform,
}

/// An error of this library.
///
/// ```
/// use haltline::{ErrorKind, ScopePath};
/// let error = ScopePath::new("XNAS//AAPL").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::BadScope);
/// assert!(error.to_string().contains("XNAS//AAPL"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    text: Box<str>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into().into_boxed_str() }
    }

    /// The kind of mistake.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

/// An observation that a feed has refused. It changed nothing, was counted, and does not refresh the feed.
///
/// `Copy` and without text, so that refusing allocates nothing on a trading thread.
///
/// ```
/// # use haltline::*;
/// # let system = System::manual(Plan::default(), Nanos::from_secs(0))?;
/// let (mut tape, now) = (system.feed("")?, system.now());
/// let refused = tape.trade(Price::ZERO, Qty(100), now).map_err(|error| (error.kind(), error.field()));
/// assert_eq!(refused, Err((ErrorKind::BadInput, "price")));
/// // Nothing has broken: the next good print is heard.
/// tape.trade(Price::from_f64(189.5)?, Qty(100), now)?;
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeedError {
    kind: ErrorKind,
    field: &'static str,
    found: f64,
    allowed: &'static str,
}

impl FeedError {
    pub(crate) const CLOSED: Self =
        Self { kind: ErrorKind::Closed, field: "feed", found: 0.0, allowed: "nothing: its System has shut down" };

    pub(crate) const fn bad(field: &'static str, found: f64, allowed: &'static str) -> Self {
        Self { kind: ErrorKind::BadInput, field, found, allowed }
    }

    pub(crate) const fn unknown(field: &'static str, found: f64, allowed: &'static str) -> Self {
        Self { kind: ErrorKind::Unknown, field, found, allowed }
    }

    pub(crate) const fn backwards(seconds: f64) -> Self {
        Self::bad("seconds before the last observation", seconds, "at most max_backstep")
    }

    pub(crate) const fn ahead(seconds: f64) -> Self {
        Self::bad("seconds ahead of the System", seconds, "at most max_ahead")
    }

    pub(crate) const fn behind(seconds: f64) -> Self {
        Self::bad("seconds behind the System", seconds, "at most a year; times are nanoseconds since 1970")
    }

    pub(crate) const fn full(field: &'static str, found: f64, allowed: &'static str) -> Self {
        Self { kind: ErrorKind::Full, field, found, allowed }
    }

    /// The kind of mistake.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Which field was wrong.
    pub fn field(&self) -> &'static str {
        self.field
    }
}

impl fmt::Display for FeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            // Nothing was wrong with the observation.
            ErrorKind::Closed => write!(f, "{}: {}", self.field, self.allowed),
            _ => write!(f, "{}: found {}, allowed: {}", self.field, self.found, self.allowed),
        }
    }
}

impl std::error::Error for FeedError {}

impl From<FeedError> for Error {
    fn from(refused: FeedError) -> Self {
        Self::new(refused.kind, refused.to_string())
    }
}
