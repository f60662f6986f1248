//! What a source is: where it is, what it says, how it is asked, and what is refused.

use core::time::Duration;
use std::sync::Arc;

use haltline::ScopePath;

use crate::payload::Payload;
use crate::retry::Backoff;
use crate::secret::Secret;

/// What the value of a source means to a System.
///
/// ```
/// use haltline_sources::What;
/// assert_eq!(What::Reading { breaker: "vix".into() }.name(), "reading");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// What a venue says of itself: [`Feed::venue`](haltline::Feed::venue).
    Venue,
    /// A price or the level of an index: [`Feed::trade`](haltline::Feed::trade), with a quantity of zero.
    Price,
    /// The official close of a session: [`Feed::reference`](haltline::Feed::reference).
    Reference,
    /// A value for one breaker that takes such: [`Feed::reading`](haltline::Feed::reading).
    Reading {
        /// Its name.
        breaker: String,
    },
    /// A check before the open: [`Feed::check`](haltline::Feed::check).
    Check {
        /// Its name.
        check: String,
    },
}

impl What {
    /// The word of the file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Venue => "venue",
            Self::Price => "price",
            Self::Reference => "reference",
            Self::Reading { .. } => "reading",
            Self::Check { .. } => "check",
        }
    }
}

/// How a source is heard.
///
/// ```
/// use haltline_sources::Mode;
/// assert_ne!(Mode::Poll, Mode::Stream { event: None });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A request again and again.
    Poll,
    /// Server-sent events over one connection, made again when it breaks.
    Stream {
        /// Only events of this name; `None` for those without one, which are messages.
        event: Option<String>,
    },
}

/// How long a stream may be silent, without its file saying so: three of the usual heartbeats.
pub(crate) const STREAM_SILENCE: Duration = Duration::from_secs(45);

/// How long a request may take.
///
/// ```
/// use haltline_sources::Timeouts;
/// let times = Timeouts::default();
/// assert!(times.connect <= times.total && times.read <= times.total);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Name, connection and TLS.
    pub connect: Duration,
    /// Between two pieces of an answer; for a stream the longest silence.
    pub read: Duration,
    /// One attempt as a whole; for a stream until it begins.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(2), read: Duration::from_secs(3), total: Duration::from_secs(5) }
    }
}

/// How long an answer is used.
///
/// ```
/// use haltline_sources::Keeping;
/// use std::time::Duration;
/// let keeping = Keeping::of(Duration::from_secs(2));
/// assert_eq!((keeping.ttl, keeping.stale_while), (Duration::from_secs(1), Duration::from_secs(2)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// Used without asking again.
    pub ttl: Duration,
    /// After that so long given all the same, while one asks again.
    pub stale_while: Duration,
    /// A failure is not tried again for so long.
    pub negative: Duration,
}

impl Keeping {
    /// For a source that is asked each `every`.
    pub fn of(every: Duration) -> Self {
        Self { ttl: every / 2, stale_while: every, negative: every / 2 }
    }
}

/// A source.
///
/// ```
/// let file = r#"
/// [[source]]
/// name = "vix"
/// scope = "ext/vix"
/// preset = "volatility_index"
/// url = { env = "VIX_URL" }
/// breaker = "vix"
/// "#;
/// let env = |name: &str| (name == "VIX_URL").then(|| "https://example.org/vix?key=s3cr3t".to_owned());
/// let file = haltline_sources::parse(file, "sources.toml", &env)?;
/// let vix = &file.sources[0];
/// assert_eq!((&*vix.name, vix.scope.as_str(), vix.range), ("vix", "ext/vix", (1.0, 300.0)));
/// assert!(!format!("{vix:?}").contains("s3cr3t"));
/// # Ok::<(), haltline_config::Mistakes>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SourceSpec {
    /// Its name, unique in a file.
    pub name: Arc<str>,
    /// The scope that hears its values, no other source's. Its calls are heard in [`calls_scope`](Self::calls_scope).
    pub scope: ScopePath,
    /// The endpoint.
    pub url: Secret,
    /// Headers of each request.
    pub headers: Vec<(String, Secret)>,
    /// Poll or stream.
    pub mode: Mode,
    /// From one poll to the next.
    pub every: Duration,
    /// What the value means.
    pub what: What,
    /// Where the value is in the answer.
    pub payload: Payload,
    /// The plausible range, both ends included.
    pub range: (f64, f64),
    /// A value may be from so far in the future: clocks differ.
    pub max_ahead: Duration,
    /// How long a request may take.
    pub timeouts: Timeouts,
    /// A longer answer is refused.
    pub max_bytes: u64,
    /// How long an answer is used.
    pub keeping: Keeping,
    /// A comment of a stream says that what was said last still stands, for a venue or a check that speaks of changes only.
    pub heartbeat_repeats: bool,
    /// How often it is tried again, and when.
    pub backoff: Backoff,
    /// So many failed calls in a row trip the breaker of the endpoint.
    pub failures: u32,
    /// How long that lasts at first.
    pub halt: Duration,
}

impl SourceSpec {
    /// The last segment of the scope of the calls.
    pub const CALLS: &'static str = "calls";

    /// Where its calls are heard: a call ends now, while a value may be of a quarter of an hour ago, and the times of one feed do
    /// not run backwards.
    ///
    /// ```
    /// # let text = "[[source]]\nname = \"a\"\nscope = \"ext/a\"\npreset = \"index_level\"\nurl = { env = \"A\" }\n";
    /// # let file = haltline_sources::parse(text, "sources.toml", &|_| Some("https://a.example".into()))?;
    /// assert_eq!(file.sources[0].calls_scope().as_str(), "ext/a/calls");
    /// # Ok::<(), haltline_config::Mistakes>(())
    /// ```
    pub fn calls_scope(&self) -> ScopePath {
        // The file refuses a scope that is too deep or too long for it.
        ScopePath::new(&format!("{}/{}", self.scope, Self::CALLS)).unwrap_or_else(|_| self.scope.clone())
    }

    /// The name of the technical breaker that guards its endpoint: `calls:NAME`.
    pub fn calls_breaker(&self) -> String {
        format!("calls:{}", self.name)
    }

    /// The name of the data feed integrity breaker that hears of what is refused: `data:NAME`.
    pub fn data_breaker(&self) -> String {
        format!("data:{}", self.name)
    }
}
