//! What comes from the environment and is shown nowhere.

use core::fmt;

/// The value of an environment variable: an address, a header. Shown by the name of its variable, never by itself.
///
/// ```
/// use haltline_sources::Secret;
/// let token = Secret::new("VIX_TOKEN", "s3cr3t");
/// assert_eq!(format!("{token:?} {token}"), "env VIX_TOKEN env VIX_TOKEN");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret {
    variable: Box<str>,
    value: Box<str>,
}

impl Secret {
    /// The value of this variable.
    pub fn new(variable: &str, value: &str) -> Self {
        Self { variable: variable.into(), value: value.into() }
    }

    /// The name of its variable.
    pub fn variable(&self) -> &str {
        &self.variable
    }

    pub(crate) fn value(&self) -> &str {
        &self.value
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "env {}", self.variable)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
