//! Why a source has no value. No text of these names an address, a header or anything that the other side has sent.

use core::fmt;
use core::time::Duration;

/// What went wrong, for code that must tell it apart.
///
/// ```
/// use haltline_sources::Trouble;
/// assert!(Trouble::Timeout.is_passing() && !Trouble::BadPayload.is_passing());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trouble {
    /// No connection: the name is unknown, or nobody listens.
    Connect,
    /// The certificate, or the protocol of the encryption.
    Tls,
    /// Not in time.
    Timeout,
    /// The connection broke, before the answer or within it.
    Broken,
    /// A status that is no success.
    Status(u16),
    /// Too many redirects, or one that would carry headers elsewhere.
    Redirect,
    /// The answer is longer than `max_bytes`.
    TooLong,
    /// The answer is not what the file says it is.
    BadPayload,
    /// A value that cannot be: out of range, from the future, older than the last.
    Refused,
    /// The breaker of this endpoint has tripped, so nobody called.
    Held,
    /// No connection of those that are allowed became free, so nobody called.
    Busy,
    /// The System has no breaker or feed for it, or its feed refuses the value.
    System,
    /// The sources are being dropped.
    Stopped,
}

impl Trouble {
    /// Whether it may be gone when asked again at once.
    pub fn is_passing(self) -> bool {
        match self {
            Self::Connect | Self::Timeout | Self::Broken => true,
            Self::Status(status) => matches!(status, 408 | 425 | 429 | 500..=599),
            _ => false,
        }
    }
}

/// Why a source has no value.
///
/// ```
/// use haltline_sources::{Failure, Trouble};
/// let failure = Failure::new(Trouble::Status(503), "found status 503, allowed are 200 to 299 and 304");
/// assert_eq!(failure.to_string(), "found status 503, allowed are 200 to 299 and 304");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of trouble it was.
    pub trouble: Trouble,
    /// What was found, and what is allowed.
    pub text: String,
    /// How long the other side asked to wait.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// A failure with these words.
    pub fn new(trouble: Trouble, text: impl Into<String>) -> Self {
        Self { trouble, text: text.into(), retry_after: None }
    }

    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self::new(Trouble::BadPayload, text)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}
