//! What is guarded, named by a path: `` (everything), `XNAS`, `XNAS/AAPL`, `acct/ACME/alpha-1`.
//!
//! A scope implies its ancestors: a halt on `XNAS` denies orders in `XNAS/AAPL`, a halt on the root denies all.

use core::fmt;

use super::error::{Error, ErrorKind};

/// How many scopes a gate holds at most, ancestors and the root included.
pub const GATE_SCOPES: usize = 7;
/// How many segments a path has at most, so that a gate on it, its ancestors and the root is possible.
pub const PATH_SEGMENTS: usize = GATE_SCOPES - 1;
/// How long a path is at most, in bytes.
pub const PATH_BYTES: usize = 128;

/// A well-formed scope path; the empty path is the root and stands for everything.
///
/// Segments are separated by `/`; a segment is one or more of `A-Z a-z 0-9 . _ : -`; at most [`PATH_SEGMENTS`]
/// segments and [`PATH_BYTES`] bytes.
///
/// ```
/// use haltline::ScopePath;
/// let path = ScopePath::new("acct/ACME/alpha-1")?;
/// let up: Vec<_> = path.with_ancestors().map(|p| p.to_string()).collect();
/// assert_eq!(up, ["acct/ACME/alpha-1", "acct/ACME", "acct", ""]);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopePath(Box<str>);

impl ScopePath {
    /// Everything.
    pub fn root() -> Self {
        Self::default()
    }

    /// Parses a path.
    ///
    /// # Errors
    /// [`ErrorKind::BadScope`], naming the segment that is malformed.
    pub fn new(path: &str) -> Result<Self, Error> {
        if path.is_empty() {
            return Ok(Self::root());
        }
        let bad = |why: &str| Err(Error::new(ErrorKind::BadScope, format!("scope path {path:?}: {why}")));
        if path.len() > PATH_BYTES {
            return bad(&format!("{} bytes, at most {PATH_BYTES} are allowed", path.len()));
        }
        let mut segments = 0;
        for segment in path.split('/') {
            segments += 1;
            if segment.is_empty() {
                return bad("an empty segment; paths look like \"XNAS/AAPL\", the root is \"\"");
            }
            if let Some(wrong) = segment.chars().find(|c| !c.is_ascii_alphanumeric() && !"._:-".contains(*c)) {
                return bad(&format!("{wrong:?} in segment {segment:?}; allowed are letters, digits and . _ : -"));
            }
        }
        if segments > PATH_SEGMENTS {
            return bad(&format!("{segments} segments, at most {PATH_SEGMENTS} are allowed"));
        }
        Ok(Self(path.into()))
    }

    /// The path as text; the root is the empty string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the root, which stands for everything.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The scope directly above, `None` above the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(Self(self.0.rfind('/').map_or("", |cut| &self.0[..cut]).into()))
    }

    /// This scope, then each above it, the root last.
    pub fn with_ancestors(&self) -> impl Iterator<Item = Self> {
        core::iter::successors(Some(self.clone()), Self::parent)
    }
}

impl fmt::Display for ScopePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number of a scope; scopes are never removed, so it stays valid as long as its System.
///
/// ```
/// # use haltline::*;
/// let plan = Plan { scopes: vec![ScopePath::new("XNAS")?], ..Plan::default() };
/// let system = System::manual(plan, Nanos::from_secs(0))?;
/// // An event carries the number; the System knows the path.
/// let mut guarded = vec![];
/// system.drain(|event| guarded.push(event.scope));
/// assert_eq!(guarded.first(), Some(&ScopeId::ROOT));
/// assert!(guarded.iter().any(|id| system.scope_path(*id).is_some_and(|path| path.as_str() == "XNAS")));
/// assert_eq!(system.scope_path(ScopeId::from_raw(99)), None);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeId(pub(crate) u32);

impl ScopeId {
    /// The root.
    pub const ROOT: Self = Self(0);
    /// Where what is polled is heard: no scope of any path.
    pub(crate) const POLLED: Self = Self(u32::MAX);

    /// From the number that an event carries.
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// The number itself.
    pub const fn raw(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_paths_are_refused_and_say_why() {
        let long = "a".repeat(PATH_BYTES + 1);
        for (path, why) in [
            ("/", "empty segment"),
            ("XNAS/", "empty segment"),
            ("/XNAS", "empty segment"),
            ("a//b", "empty segment"),
            ("a b", "' '"),
            ("XNAS/ÄÖ", "'Ä'"),
            ("a/b/c/d/e/f/g", "7 segments"),
            (long.as_str(), "129 bytes"),
        ] {
            let error = ScopePath::new(path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BadScope);
            assert!(error.to_string().contains(why), "{error}");
        }
    }

    #[test]
    fn the_deepest_path_still_fits_a_gate() {
        let path = ScopePath::new("a/b/c/d/e/f").unwrap();
        assert_eq!(path.with_ancestors().count(), GATE_SCOPES);
    }
}
