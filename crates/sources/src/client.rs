//! One client for all sources: connections that are kept, few a host; TLS with verification; a time for everything.
//!
//! A call blocks its thread, for at most its `total`, and ends at once when the client is shut down.

use core::fmt;
use core::time::Duration;
use std::collections::HashMap;
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use ureq::config::RedirectAuthHeaders;
use ureq::http::{HeaderMap, Response, Uri, header};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectionDetails, Connector, DefaultConnector, Transport};
use ureq::{Agent, Body};

use crate::clock::lock;
use crate::error::{Failure, Trouble};
use crate::payload::Format;
use crate::spec::{Mode, SourceSpec};
use crate::trouble::failure;

/// Redirects that are followed, where no header would go along.
const REDIRECTS: u32 = 3;
/// So much of an answer that is none is read, so that its connection can be kept.
const DISCARDED: u64 = 16 << 10;
/// An idle connection is kept so long.
const IDLE: Duration = Duration::from_secs(90);

/// What all sources of a file share.
///
/// ```
/// use haltline_sources::HttpOptions;
/// assert_eq!(HttpOptions::default().connections, 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpOptions {
    /// Connections a host at most for polls, 1 to 16; each stream has one more.
    pub connections: usize,
    /// Authorities in PEM that are trusted instead of those of the web.
    pub authorities: Option<Vec<u8>>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self { connections: 2, authorities: None }
    }
}

/// An endpoint, ready to be asked, and all that its answer depends on. Its parts are secrets.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Endpoint {
    uri: Uri,
    headers: Vec<(String, String)>,
    accept: &'static str,
    max_bytes: u64,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Endpoint(..)")
    }
}

impl Endpoint {
    pub(crate) fn of(spec: &SourceSpec) -> Result<Self, Failure> {
        let headers = spec.headers.iter().map(|(name, value)| (name.clone(), value.value().to_owned())).collect();
        let accept = match (&spec.mode, spec.payload.format) {
            (Mode::Stream { .. }, _) => "text/event-stream",
            (Mode::Poll, Format::Json) => "application/json",
            (Mode::Poll, Format::Csv) => "text/csv",
        };
        Ok(Self { uri: uri(spec.url.value())?, headers, accept, max_bytes: spec.max_bytes })
    }

    /// Connections are counted by it: however it is spelled, and whoever logs in.
    fn host(&self) -> String {
        let port = self.uri.port_u16().unwrap_or(if self.is_https() { 443 } else { 80 });
        format!("{}:{port}", self.name())
    }

    fn name(&self) -> String {
        self.uri.host().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase()
    }

    pub(crate) fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    pub(crate) fn is_loopback(&self) -> bool {
        let name = self.name();
        let host = name.trim_matches(['[', ']']);
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// An absolute address over HTTP or HTTPS; the text never repeats it.
pub(crate) fn uri(text: &str) -> Result<Uri, Failure> {
    let uri = text.parse::<Uri>().ok();
    let known =
        |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|h| !h.is_empty());
    uri.filter(known).ok_or_else(|| Failure::new(Trouble::Connect, "allowed are absolute http and https URLs"))
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    /// `None`: not modified.
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) etag: Option<String>,
    /// How long a cache on the way has had it.
    pub(crate) age: Duration,
}

#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    hosts: Hosts,
    opened: Arc<AtomicU64>,
}

impl Client {
    pub(crate) fn new(options: &HttpOptions) -> Result<Self, Failure> {
        let roots = match &options.authorities {
            None => RootCerts::WebPki,
            Some(pem) => authorities(pem)?,
        };
        let config = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .http_status_as_error(false)
            .max_redirects_will_error(true)
            .redirect_auth_headers(RedirectAuthHeaders::Never)
            .max_idle_connections(64)
            .max_idle_connections_per_host(options.connections)
            .max_idle_age(IDLE)
            .max_response_header_size(64 * 1024)
            .user_agent(concat!("haltline/", env!("CARGO_PKG_VERSION")))
            .build();
        let opened = Arc::new(AtomicU64::new(0));
        let connector = Counting { inner: DefaultConnector::new(), opened: opened.clone() };
        let agent = Agent::with_parts(config, connector, DefaultResolver::default());
        Ok(Self { agent, hosts: Hosts::new(options.connections), opened })
    }

    /// How many connections have been opened.
    pub(crate) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Ends every call, and refuses those to come.
    pub(crate) fn shut_down(&self) {
        self.agent.clone().shutdown();
        self.hosts.close();
    }

    /// Asks once.
    pub(crate) fn ask(&self, spec: &SourceSpec, endpoint: &Endpoint, etag: Option<&str>) -> Result<Reply, Failure> {
        // Held until the connection lies in the pool again.
        let _place = self.hosts.enter(endpoint.host(), spec.timeouts.total)?;
        let condition = etag.map(|etag| (header::IF_NONE_MATCH.as_str(), etag));
        let mut response = self.call(spec, endpoint, condition)?;
        let etag = text(response.headers(), header::ETAG.as_str());
        let age = text(response.headers(), header::AGE.as_str()).and_then(|age| age.trim().parse().ok());
        let age = Duration::from_secs(u64::from(age.unwrap_or(0_u32)));
        if response.status().as_u16() == 304 && condition.is_some() {
            return Ok(Reply { body: None, etag, age });
        }
        if let Err(failure) = check_status(&response) {
            // A connection whose answer has not been read to its end cannot be used again.
            let _ = response.body_mut().with_config().limit(DISCARDED).read_to_vec();
            return Err(failure);
        }
        check_type(&response, spec)?;
        let most = spec.max_bytes;
        let length = response.body().content_length();
        if length.is_some_and(|length| length > most) {
            return Err(too_long(most));
        }
        // Cut off it would look whole, and half a number is one.
        if length.is_none() && !is_chunked(response.headers()) {
            let text = "found an answer that tells no end, allowed are those with Content-Length or in chunks";
            return Err(Failure::new(Trouble::Broken, text));
        }
        // One byte more than is allowed says that it is too long.
        let body = response.body_mut().with_config().limit(most.saturating_add(1)).read_to_vec();
        let body = body.map_err(|error| failure(&error, most))?;
        if body.len() as u64 > most { Err(too_long(most)) } else { Ok(Reply { body: Some(body), etag, age }) }
    }

    /// Opens a stream of events; `last` is the id of the last one that was heard.
    pub(crate) fn listen(
        &self,
        spec: &SourceSpec,
        endpoint: &Endpoint,
        last: Option<&str>,
    ) -> Result<impl Read + Send + 'static, Failure> {
        let response = self.call(spec, endpoint, last.map(|last| ("last-event-id", last)))?;
        check_status(&response)?;
        check_type(&response, spec)?;
        // Each event is bounded where it is put together; the stream as a whole has no end.
        Ok(response.into_body().into_with_config().limit(u64::MAX).reader())
    }

    fn call(
        &self,
        spec: &SourceSpec,
        endpoint: &Endpoint,
        further: Option<(&str, &str)>,
    ) -> Result<Response<Body>, Failure> {
        let is_stream = spec.mode != Mode::Poll;
        let mut request = self.agent.get(&endpoint.uri).header("accept", endpoint.accept);
        for (name, value) in &endpoint.headers {
            request = request.header(name, value);
        }
        if let Some((name, value)) = further {
            request = request.header(name, value);
        }
        let times = spec.timeouts;
        // A header may be a secret, which no redirect may carry to another host; and what is read of a redirect before it is followed has
        // no time of its own in a stream.
        let redirects = if endpoint.headers.is_empty() && !is_stream { REDIRECTS } else { 0 };
        let mut config = request
            .config()
            .https_only(endpoint.is_https())
            .max_redirects(redirects)
            .timeout_resolve(Some(times.connect))
            .timeout_connect(Some(times.connect))
            .timeout_per_read(Some(times.read))
            .timeout_per_write(Some(times.read));
        config = if is_stream {
            config.timeout_recv_response(Some(times.total))
        } else {
            config.timeout_global(Some(times.total))
        };
        if endpoint.is_loopback() {
            config = config.proxy(None);
        }
        let is_proxied = !endpoint.is_loopback() && self.agent.config().proxy().is_some();
        config.build().call().map_err(|error| {
            let mut failure = failure(&error, spec.max_bytes);
            if is_proxied && failure.trouble == Trouble::Connect {
                failure.text.push_str(" (a proxy is set in the environment)");
            }
            failure
        })
    }
}

pub(crate) fn authorities(pem: &[u8]) -> Result<RootCerts, Failure> {
    let items = ureq::tls::parse_pem(pem).map(|item| match item {
        Ok(ureq::tls::PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let found: Option<Vec<Certificate<'static>>> = items.collect();
    let found = found.filter(|found| !found.is_empty());
    let bad = || Failure::new(Trouble::Tls, "ca: allowed are files of certificates in PEM, and nothing else");
    Ok(RootCerts::from(found.ok_or_else(bad)?))
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn is_chunked(headers: &HeaderMap) -> bool {
    text(headers, header::TRANSFER_ENCODING.as_str())
        .is_some_and(|coding| coding.to_ascii_lowercase().ends_with("chunked"))
}

fn check_status(response: &Response<Body>) -> Result<(), Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    if status.is_redirection() && status.as_u16() != 304 {
        let text = "found a redirect, allowed are none for a stream, and none for a source with headers: they would go elsewhere";
        return Err(Failure::new(Trouble::Redirect, text));
    }
    let text = format!("found status {}, allowed are 200 to 299", status.as_u16());
    let retry_after = crate::trouble::retry_after(response.headers());
    Err(Failure { retry_after, ..Failure::new(Trouble::Status(status.as_u16()), text) })
}

/// A page that asks to log in is no number, though its status is a success.
fn check_type(response: &Response<Body>, spec: &SourceSpec) -> Result<(), Failure> {
    let Some(found) = response.body().mime_type() else { return Ok(()) };
    let (fits, allowed) = match (&spec.mode, spec.payload.format) {
        (Mode::Stream { .. }, _) => (found == "text/event-stream", "text/event-stream"),
        (_, Format::Json) => (
            matches!(found, "application/json" | "text/json" | "text/plain") || found.ends_with("+json"),
            "application/json, text/json, text/plain and those that end with +json",
        ),
        (_, Format::Csv) => (
            matches!(found, "text/csv" | "application/csv" | "text/plain" | "application/octet-stream"),
            "text/csv, application/csv, text/plain and application/octet-stream",
        ),
    };
    let text = || format!("found another content type, allowed are {allowed}");
    if fits { Ok(()) } else { Err(Failure::bad(text())) }
}

pub(crate) fn too_long(most: u64) -> Failure {
    Failure::new(Trouble::TooLong, format!("found more than {most} bytes, allowed are at most so many (max_bytes)"))
}

/// Counts the connections that are opened.
#[derive(Debug)]
struct Counting {
    inner: DefaultConnector,
    opened: Arc<AtomicU64>,
}

impl Connector for Counting {
    type Out = Box<dyn Transport>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<()>) -> Result<Option<Self::Out>, ureq::Error> {
        let connection = self.inner.connect(details, chained)?;
        self.opened.fetch_add(u64::from(connection.is_some()), Ordering::Relaxed);
        Ok(connection)
    }
}

/// How many polls of a host are under way. The client's pool bounds idle connections only.
struct Hosts {
    most: usize,
    state: Mutex<Places>,
    bell: Condvar,
}

/// Its keys are of no log.
impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosts").field("most", &self.most).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Places {
    is_closed: bool,
    taken: HashMap<String, usize>,
}

struct Place<'h> {
    hosts: &'h Hosts,
    host: String,
}

impl Hosts {
    fn new(most: usize) -> Self {
        Self { most: most.max(1), state: Mutex::default(), bell: Condvar::new() }
    }

    fn close(&self) {
        lock(&self.state).is_closed = true;
        self.bell.notify_all();
    }

    fn enter(&self, host: String, patience: Duration) -> Result<Place<'_>, Failure> {
        let full =
            |places: &mut Places| !places.is_closed && places.taken.get(&host).is_some_and(|taken| *taken >= self.most);
        let waited = self.bell.wait_timeout_while(lock(&self.state), patience, full);
        let (mut places, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if places.is_closed {
            return Err(Failure::new(Trouble::Stopped, "the sources have been dropped"));
        }
        if waited.timed_out() {
            let text = format!("no connection has become free in {patience:?}, {} a host are allowed", self.most);
            return Err(Failure::new(Trouble::Busy, text));
        }
        *places.taken.entry(host.clone()).or_default() += 1;
        drop(places);
        Ok(Place { hosts: self, host })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(taken) = lock(&self.hosts.state).taken.get_mut(&self.host) {
            *taken = taken.saturating_sub(1);
        }
        self.hosts.bell.notify_all();
    }
}
