//! One `[[source]]`, key by key.

use core::time::Duration;
use std::sync::Arc;

use haltline::{ScopePath, VenueStatus};
use haltline_config::reader::{Allowed, Item, SOME_TIME, Table};

use crate::client::Endpoint;
use crate::file::{Environment, secret};
use crate::moment::TimeFormat;
use crate::payload::{Format, Payload, Unit};
use crate::retry::Backoff;
use crate::secret::Secret;
use crate::spec::{Keeping, Mode, SourceSpec, Timeouts, What};

const ANY: Allowed<f64> = Allowed { text: "finite numbers", holds: f64::is_finite };
const LEVEL: Allowed<f64> =
    Allowed { text: "numbers from 0.000000001 to 9000000000", holds: |n| (1e-9..=9e9).contains(&n) };
const TRIES: Allowed<i64> = Allowed { text: "whole numbers from 1 to 10", holds: |n| (1..=10).contains(&n) };
const FAILURES: Allowed<i64> = Allowed { text: "whole numbers from 1 to 1000", holds: |n| (1..=1_000).contains(&n) };
const BYTES: Allowed<i64> =
    Allowed { text: "whole numbers from 1 to 16777216 (16 MiB)", holds: |n| (1..=16 << 20).contains(&n) };
const MINUTES: Allowed<Duration> = Allowed {
    text: "durations above \"0s\" and at most \"10m\"",
    holds: |d| !d.is_zero() && d <= Duration::from_secs(600),
};
const SHORT: Allowed<Duration> =
    Allowed { text: "durations from \"0s\" to \"1d\"", holds: |d| d <= Duration::from_secs(86_400) };
const EVERY: Allowed<Duration> = Allowed {
    text: "durations from \"10ms\" to \"366d\"",
    holds: |d| (Duration::from_millis(10)..=Duration::from_secs(366 * 86_400)).contains(&d),
};
const WORDS: &str = "arrays of texts, such as [\"open\", \"trading\"]";
const STREAMED: &str = "a stream says itself when there is something new";

pub(crate) fn read(
    table: &Table<'_>,
    name: Option<String>,
    scope: Option<ScopePath>,
    environment: &Environment<'_>,
) -> Option<SourceSpec> {
    let url = table.required("url", "tables { env = \"VARIABLE\" }").and_then(|item| url(item, environment));
    let headers = headers(table, environment);
    let (mode, every) = (mode(table), every(table));
    let what = what(table);
    let payload = what.as_ref().and_then(|what| payload(table, what));
    let range = what.as_ref().and_then(|what| range(table, what));
    let spec = SourceSpec {
        every: every.unwrap_or(Duration::from_secs(1)),
        max_ahead: time(table, "max_ahead", &SHORT, Duration::from_secs(1)),
        timeouts: timeouts(table),
        max_bytes: count(table, "max_bytes", &BYTES, 1 << 20),
        keeping: keeping(table, &mode, every.unwrap_or(Duration::from_secs(1))),
        backoff: backoff(table),
        failures: u32::try_from(count(table, "failures", &FAILURES, 3)).unwrap_or(3),
        halt: time(table, "halt_for", &SOME_TIME, Duration::from_secs(30)),
        // What could not be read is reported; then there is no source.
        name: Arc::from(name?),
        scope: scope?,
        url: url?,
        headers: headers?,
        mode,
        what: what?,
        payload: payload?,
        range: range?,
    };
    Some(spec)
}

fn url(item: Item<'_, '_>, environment: &Environment<'_>) -> Option<Secret> {
    let url = secret(item, environment)?;
    let Err(failure) = crate::client::uri(url.value()) else { return Some(url) };
    item.complain(&format!("found something else in {url}, {}", failure.text))
}

fn headers(table: &Table<'_>, environment: &Environment<'_>) -> Option<Vec<(String, Secret)>> {
    const ALLOWED: &str = "tables such as { Authorization = { env = \"VARIABLE\" } }";
    let Some(item) = table.optional("headers") else { return Some(Vec::new()) };
    let given = item.table(item.label(), ALLOWED)?;
    let mut all = Some(Vec::new());
    for (name, _, item) in given.entries("headers") {
        let value = secret(item, environment).filter(|value| {
            let fits = ureq::http::HeaderName::try_from(name).is_ok()
                && ureq::http::HeaderValue::try_from(value.value()).is_ok();
            if !fits {
                item.wrong(&format!(
                    "found no header in {name:?} and {value}, allowed are names and visible characters"
                ));
            }
            fits
        });
        all = all.zip(value).map(|(mut all, value)| {
            all.push((name.to_owned(), value));
            all
        });
    }
    all
}

fn mode(table: &Table<'_>) -> Mode {
    const MODES: [&str; 2] = ["poll", "stream"];
    let is_stream = table.optional("mode").and_then(|item| item.word(&MODES, |word| word)) == Some("stream");
    if !is_stream {
        table.refuse(&["event"], "only a stream has events");
        return Mode::Poll;
    }
    let event = table.optional("event").and_then(|item| item.string("names of events")).map(str::to_owned);
    Mode::Stream { event }
}

fn every(table: &Table<'_>) -> Option<Duration> {
    table.optional("every").and_then(|item| item.duration(&EVERY))
}

fn what(table: &Table<'_>) -> Option<What> {
    const KINDS: [&str; 5] = ["venue", "price", "reference", "reading", "check"];
    let word = table.required("what", "\"venue\", \"price\", \"reference\", \"reading\", \"check\", or a preset");
    let word = word.and_then(|item| item.word(&KINDS, |word| word));
    let Some(word) = word else {
        table
            .leave(&["breaker", "check", "open", "halted", "closed", "pass", "close", "session", "min", "max", "unit"]);
        table.leave(&["value", "format", "time", "time_format"]);
        return None;
    };
    let name = |key: &'static str, allowed: &str| {
        Some(table.required(key, allowed)?.string(allowed)?.to_owned()).filter(|name| !name.is_empty())
    };
    let only = |keys: &[&'static str], of: &str| table.refuse(keys, &format!("only what = {of} has it"));
    if word != "reading" {
        only(&["breaker"], "\"reading\"");
    }
    if word != "check" {
        only(&["check", "pass"], "\"check\"");
    }
    if word != "venue" {
        only(&["open", "halted", "closed"], "\"venue\"");
    }
    if word != "price" {
        only(&["close"], "\"price\"");
    }
    if !matches!(word, "price" | "reference") {
        only(&["session"], "\"price\" or \"reference\"");
    }
    if matches!(word, "venue" | "check") {
        table.refuse(&["min", "max", "unit"], "only numbers have it");
    }
    match word {
        "venue" => Some(What::Venue),
        "price" => Some(What::Price),
        "reference" => Some(What::Reference),
        "reading" => name("breaker", "names of breakers that take readings").map(|breaker| What::Reading { breaker }),
        _ => name("check", "names of checks that a breaker asks for").map(|check| What::Check { check }),
    }
}

fn payload(table: &Table<'_>, what: &What) -> Option<Payload> {
    const FORMATS: [&str; 2] = ["json", "csv"];
    const UNITS: [(&str, Unit); 3] =
        [("one", Unit::One), ("percent", Unit::Percent), ("basis_points", Unit::BasisPoints)];
    let format = table.optional("format").map_or(Some("json"), |item| item.word(&FORMATS, |word| word))?;
    let format = if format == "csv" { Format::Csv } else { Format::Json };
    let value = table.required("value", places(format)).and_then(|item| place(item, format));
    let time = table.optional("time").map(|item| place(item, format));
    let written = table.optional("time_format").map(|item| item.word(&TimeFormat::ALL, TimeFormat::name));
    if time.is_none() {
        table.refuse(&["time_format"], "without time there is nothing to read");
        let text = "no time: an old value that is served again looks new, and stale_after never comes";
        table.log().warn(table.at(), table.message(text));
    }
    let mut payload = Payload { format, ..Payload::new(format, &value?) };
    payload.time = match time {
        None => None,
        Some(place) => Some((place?, written.unwrap_or(Some(TimeFormat::Rfc3339))?)),
    };
    match what {
        What::Venue => payload.words = venue_words(table)?,
        What::Check { .. } => payload.pass = words(table.required("pass", WORDS)?)?,
        What::Reference => {
            payload.session = Some(table.required("session", places(format)).and_then(|item| place(item, format))?);
        }
        What::Price => match table.optional("close") {
            None => table.refuse(&["session"], "without close there is no session that it is of"),
            Some(item) => {
                payload.close = Some(place(item, format)?);
                payload.session = Some(table.required("session", places(format)).and_then(|item| place(item, format))?);
            }
        },
        What::Reading { .. } => {}
    }
    if let Some(item) = table.optional("unit") {
        let name = item.word(&UNITS.map(|(name, _)| name), |word| word)?;
        payload.unit = UNITS.into_iter().find(|(word, _)| *word == name).map(|(_, unit)| unit)?;
    }
    Some(payload)
}

fn places(format: Format) -> &'static str {
    match format {
        Format::Json => "JSON pointers, such as \"/quotes/0/last\"",
        Format::Csv => "names of columns",
    }
}

fn place(item: Item<'_, '_>, format: Format) -> Option<String> {
    let text = item.string(places(format))?;
    let fits = match format {
        // A tilde begins ~0 or ~1.
        Format::Json => {
            (text.is_empty() || text.starts_with('/'))
                && text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']))
        }
        Format::Csv => !text.trim().is_empty(),
    };
    if fits { Some(text.trim().to_owned()) } else { item.refuse(places(format)) }
}

fn words(item: Item<'_, '_>) -> Option<Vec<String>> {
    let all = item.elements(WORDS)?;
    if all.is_empty() {
        return item.complain(&format!("found no word, allowed are {WORDS}"));
    }
    all.into_iter().map(|item| item.string("texts").map(str::to_owned)).collect()
}

/// Each word once: one with two meanings has none.
fn venue_words(table: &Table<'_>) -> Option<Vec<(String, VenueStatus)>> {
    let mut all: Vec<(String, VenueStatus)> = Vec::new();
    let mut sound = true;
    let open = table.required("open", WORDS);
    let others = [("halted", VenueStatus::Halted), ("closed", VenueStatus::Closed)];
    let others = others.map(|(key, status)| (table.optional(key), status));
    for (item, status) in [(open, VenueStatus::Open)].into_iter().chain(others) {
        let Some(item) = item else {
            sound &= status != VenueStatus::Open;
            continue;
        };
        let Some(words) = words(item) else {
            sound = false;
            continue;
        };
        for word in words {
            if all.iter().any(|(known, other)| *known == word && *other != status) {
                item.wrong(&format!("found {word:?}, which stands for another status, too; allowed is one meaning"));
                sound = false;
            }
            all.push((word, status));
        }
    }
    sound.then_some(all)
}

fn range(table: &Table<'_>, what: &What) -> Option<(f64, f64)> {
    let allowed = match what {
        What::Venue | What::Check { .. } => return Some((f64::NEG_INFINITY, f64::INFINITY)),
        What::Price | What::Reference => &LEVEL,
        What::Reading { .. } => &ANY,
    };
    let [least, most] =
        ["min", "max"].map(|key| table.required(key, allowed.text).and_then(|item| item.number(allowed)));
    let range = (least?, most?);
    if range.0 >= range.1 {
        let found = format!("found {} above or at max = {}, allowed are numbers below it", range.0, range.1);
        return table.optional("min").and_then(|item| item.complain(&found));
    }
    Some(range)
}

fn time(table: &Table<'_>, key: &'static str, allowed: &Allowed<Duration>, default: Duration) -> Duration {
    table.optional(key).and_then(|item| item.duration(allowed)).unwrap_or(default)
}

fn count(table: &Table<'_>, key: &'static str, allowed: &Allowed<i64>, default: u64) -> u64 {
    let given = table.optional(key).and_then(|item| item.integer(allowed));
    given.and_then(|n| u64::try_from(n).ok()).unwrap_or(default)
}

fn timeouts(table: &Table<'_>) -> Timeouts {
    let default = Timeouts::default();
    let total = time(table, "timeout", &MINUTES, default.total);
    let connect = time(table, "connect_timeout", &MINUTES, default.connect.min(total));
    let read = time(table, "read_timeout", &MINUTES, default.read.min(total));
    Timeouts { connect, read, total }
}

fn keeping(table: &Table<'_>, mode: &Mode, every: Duration) -> Keeping {
    if *mode != Mode::Poll {
        table.refuse(&["ttl", "stale_while", "negative_ttl"], STREAMED);
    }
    let default = Keeping::of(every);
    Keeping {
        ttl: time(table, "ttl", &SHORT, default.ttl),
        stale_while: time(table, "stale_while", &SHORT, default.stale_while),
        negative: time(table, "negative_ttl", &SHORT, default.negative),
    }
}

fn backoff(table: &Table<'_>) -> Backoff {
    let default = Backoff::default();
    let most = time(table, "backoff_max", &MINUTES, default.most);
    let base = time(table, "backoff", &MINUTES, default.base.min(most));
    if let Some(item) = table.optional("backoff").filter(|_| base > most) {
        item.wrong("found more than backoff_max, allowed are durations up to it");
    }
    Backoff { tries: u32::try_from(count(table, "tries", &TRIES, 3)).unwrap_or(default.tries), base, most }
}

/// Headers that go over the wire as they are, to another machine.
pub(crate) fn is_open_to_all(spec: &SourceSpec) -> bool {
    Endpoint::of(spec).is_ok_and(|endpoint| !endpoint.is_https() && !endpoint.is_loopback())
}
