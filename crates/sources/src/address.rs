//! Where a source is, and what goes along with each request: all of it from the environment, none of it in a message.

use haltline_config::reader::{Item, Table, excerpt};
use ureq::http::{HeaderName, HeaderValue, Uri};

use crate::client::{Endpoint, uri};
use crate::file::Environment;
use crate::secret::Secret;
use crate::spec::SourceSpec;

/// What the client says itself: said twice, or otherwise, an answer would not be what it takes it for.
const OF_THE_CLIENT: [&str; 13] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "if-none-match",
    "keep-alive",
    "last-event-id",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// `{ env = "VARIABLE" }`, which messages name by `label`. What stands in the file instead is not repeated: it may be a secret.
pub(crate) fn secret(item: Item<'_, '_>, label: &str, environment: &Environment<'_>) -> Option<Secret> {
    const ALLOWED: &str = "tables { env = \"VARIABLE\" }: nothing secret stands in a file";
    if !item.is_table() {
        let found = if item.is_string() { "a string" } else { "something else" };
        return wrong(item, label, &format!("found {found}, allowed are {ALLOWED}"));
    }
    let table = item.table(label.to_owned(), ALLOWED)?;
    let found = table.required("env", "names of environment variables").and_then(|item| {
        let name = item.string("names of environment variables")?;
        match environment(name) {
            Some(value) if !value.is_empty() => Some(Secret::new(name, &value)),
            _ => item.complain(&format!("the environment variable {name:?} is not set, allowed are those that are")),
        }
    });
    table.finish();
    found
}

fn wrong<T>(item: Item<'_, '_>, label: &str, text: &str) -> Option<T> {
    item.spot().log.wrong(item.at(), format!("{label}: {text}"));
    None
}

pub(crate) fn url(item: Item<'_, '_>, environment: &Environment<'_>) -> Option<Secret> {
    let url = secret(item, &item.label(), environment)?;
    match uri(url.value()) {
        Err(failure) => item.complain(&format!("found something else in {url}, {}", failure.text)),
        Ok(uri) if !has_sound_port(&uri) => {
            item.complain(&format!("found a port that is none in {url}, allowed are ports from 1 to 65535"))
        }
        Ok(_) => Some(url),
    }
}

/// None, or one from 1 to 65535: the parser takes any digits.
fn has_sound_port(uri: &Uri) -> bool {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let place = authority.rsplit('@').next().unwrap_or_default();
    let rest = place.strip_prefix(uri.host().unwrap_or_default()).unwrap_or_default();
    rest.is_empty() || rest.strip_prefix(':').and_then(|port| port.parse::<u16>().ok()).is_some_and(|port| port > 0)
}

pub(crate) fn headers(table: &Table<'_>, environment: &Environment<'_>) -> Option<Vec<(String, Secret)>> {
    const ALLOWED: &str = "tables such as { Authorization = { env = \"VARIABLE\" } }";
    let Some(item) = table.optional("headers") else { return Some(Vec::new()) };
    let given = item.table(item.label(), ALLOWED)?;
    let mut names: Vec<&str> = Vec::new();
    let mut all = Some(Vec::new());
    for (name, _, item) in given.entries("headers") {
        let is_name = HeaderName::try_from(name).is_ok();
        let label = format!("{}.{}", given.label(), if is_name { name.to_owned() } else { excerpt(name) });
        let header = header(name, &names, item, &label).and(value(item, &label, environment));
        names.push(name);
        all = all.zip(header).map(|(mut all, value)| {
            all.push((name.to_owned(), value));
            all
        });
    }
    all
}

/// Whether it is a header that a source may have, and has not had yet.
fn header(name: &str, before: &[&str], item: Item<'_, '_>, label: &str) -> Option<()> {
    if HeaderName::try_from(name).is_err() {
        return wrong(item, label, "found no name of a header, allowed are letters, digits and -");
    }
    if OF_THE_CLIENT.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return wrong(item, label, "is not allowed: the client says it itself");
    }
    match before.iter().find(|other| other.eq_ignore_ascii_case(name)) {
        Some(other) => wrong(item, label, &format!("is the same as {other}, allowed is each header once")),
        None => Some(()),
    }
}

fn value(item: Item<'_, '_>, label: &str, environment: &Environment<'_>) -> Option<Secret> {
    let value = secret(item, label, environment)?;
    if HeaderValue::try_from(value.value()).is_ok() {
        return Some(value);
    }
    wrong(item, label, &format!("found no value of a header in {value}, allowed are visible characters"))
}

/// Whether requests go over the wire as they are, to another machine.
pub(crate) fn is_open_to_all(spec: &SourceSpec) -> bool {
    Endpoint::of(spec).is_ok_and(|endpoint| !endpoint.is_https() && !endpoint.is_loopback())
}
