//! The client's errors in our words: theirs may hold an address.

use core::time::Duration;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use rustls::CertificateError;
use ureq::http::HeaderMap;
use ureq::http::header::{DATE, RETRY_AFTER};
use ureq::{Error, Timeout};

use crate::client::too_long;
use crate::error::{Failure, Trouble};

/// Nobody is waited for longer than that, whatever he asks.
const LONGEST: Duration = Duration::from_secs(3_600);

pub(crate) fn failure(error: &Error, max_bytes: u64) -> Failure {
    match error {
        Error::Timeout(what) => Failure::new(Trouble::Timeout, format!("no answer in time: {}", phase(*what))),
        Error::HostNotFound => Failure::new(Trouble::Connect, "the host is unknown"),
        Error::ConnectionFailed => Failure::new(Trouble::Connect, "no connection"),
        Error::ConnectProxyFailed(_) | Error::InvalidProxyUrl => {
            Failure::new(Trouble::Connect, "the proxy of the environment does not connect")
        }
        // The address of the file itself has been looked at.
        Error::TooManyRedirects | Error::RedirectFailed | Error::RequireHttpsOnly(_) | Error::BadUri(_) => {
            Failure::new(
                Trouble::Redirect,
                "found more than 3 redirects, or one away from https, or none that can be followed; allowed are up to 3",
            )
        }
        Error::BodyExceedsLimit(_) => too_long(max_bytes),
        Error::Rustls(error) => tls(error),
        Error::Tls(_) | Error::TlsRequired => Failure::new(Trouble::Tls, "no encryption"),
        Error::Io(error) => broken(error),
        _ => Failure::new(Trouble::Broken, "the answer is no HTTP"),
    }
}

/// Also what a reader of a body says.
pub(crate) fn broken(error: &io::Error) -> Failure {
    let inner = error.get_ref();
    if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return tls(error);
    }
    if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<Error>()) {
        return failure(error, 0);
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::new(Trouble::Connect, "nobody listens there"),
        io::ErrorKind::UnexpectedEof => {
            Failure::new(Trouble::Broken, "the connection was closed within the answer, or before it")
        }
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Failure::new(Trouble::Timeout, "no answer in time"),
        io::ErrorKind::NotConnected => Failure::new(Trouble::Broken, "the connection is closed"),
        // The library of C looks names up, and its errors have no kind of their own.
        _ if error.to_string().starts_with("failed to lookup address information") => {
            Failure::new(Trouble::Connect, "the host is unknown")
        }
        kind => Failure::new(Trouble::Broken, format!("the connection broke: {kind}")),
    }
}

fn tls(error: &rustls::Error) -> Failure {
    let text = match error {
        rustls::Error::InvalidCertificate(why) => match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "the certificate has expired",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the certificate is not valid yet"
            }
            CertificateError::UnknownIssuer => "the authority of the certificate is not trusted",
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the certificate is of another host"
            }
            CertificateError::Revoked => "the certificate has been revoked",
            _ => "the certificate is not valid",
        },
        _ => "the encryption failed",
    };
    Failure::new(Trouble::Tls, text)
}

fn phase(what: Timeout) -> &'static str {
    match what {
        Timeout::Resolve => "its name was looked up for longer than connect_timeout",
        Timeout::Connect => "connecting took longer than connect_timeout",
        Timeout::PerRead | Timeout::PerWrite => "it was silent for longer than read_timeout",
        _ => "it took longer than timeout",
    }
}

/// How long the other side asks to wait: seconds, or a date, which counts from its own clock if it tells that.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds are a long time, too.
        return Some(text.parse().map_or(LONGEST, Duration::from_secs).min(LONGEST));
    }
    let of = |text: &str| {
        let zoned = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
        u64::try_from(zoned.as_second()).ok()
    };
    let until = of(text)?;
    let date = headers.get(DATE).and_then(|date| of(date.to_str().ok()?));
    let now = date.or_else(|| Some(SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs()))?;
    Some(Duration::from_secs(until.saturating_sub(now)).min(LONGEST))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_and_nobody_waits_for_ever() {
        let asked = |after: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(DATE, "Mon, 09 Mar 2020 13:34:13 GMT".parse().unwrap());
            headers.insert(RETRY_AFTER, after.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(asked("7"), Some(Duration::from_secs(7)));
        assert_eq!(asked("Mon, 09 Mar 2020 13:49:13 GMT"), Some(Duration::from_secs(900)));
        assert_eq!(asked("Mon, 09 Mar 2020 13:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(asked("999999999"), Some(LONGEST));
        assert_eq!(asked("99999999999999999999999"), Some(LONGEST));
        assert_eq!(asked("-1"), None);
        assert_eq!(asked("soon"), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
