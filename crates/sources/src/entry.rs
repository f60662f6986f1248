//! One `[[source]]`, key by key.

use core::time::Duration;
use std::sync::Arc;

use haltline::{ScopePath, VenueStatus, is_name};
use haltline_config::reader::{Allowed, Item, SOME_TIME, Table};

use crate::address::{headers, url};
use crate::file::Environment;
use crate::moment::TimeFormat;
use crate::payload::{Format, Payload, Unit};
use crate::retry::Backoff;
use crate::spec::{Keeping, Mode, STREAM_SILENCE, SourceSpec, Timeouts, What};

const ANY: Allowed<f64> = Allowed { text: "finite numbers", holds: f64::is_finite };
const LEVEL: Allowed<f64> = Allowed { text: "numbers from 1e-9 to 9000000000", holds: |n| (1e-9..=9e9).contains(&n) };
const TRIES: Allowed<i64> = Allowed { text: "whole numbers from 1 to 10", holds: |n| (1..=10).contains(&n) };
const FAILURES: Allowed<i64> = Allowed { text: "whole numbers from 1 to 1000", holds: |n| (1..=1_000).contains(&n) };
const BYTES: Allowed<i64> =
    Allowed { text: "whole numbers from 1 to 16777216 (16 MiB)", holds: |n| (1..=16 << 20).contains(&n) };
const MINUTES: Allowed<Duration> = Allowed {
    text: "durations above \"0s\" and at most \"10m\", such as \"250ms\", \"30s\" or \"1m30s\"",
    holds: |d| !d.is_zero() && d <= Duration::from_secs(600),
};
const SHORT: Allowed<Duration> = Allowed {
    text: "durations from \"0s\" to \"1d\", such as \"250ms\", \"30s\" or \"1h30m\"",
    holds: |d| d <= Duration::from_secs(86_400),
};
const EVERY: Allowed<Duration> = Allowed {
    text: "durations from \"10ms\" to \"366d\", such as \"250ms\", \"30s\", \"1h30m\" or \"1d\"",
    holds: |d| (Duration::from_millis(10)..=Duration::from_secs(366 * 86_400)).contains(&d),
};
const NAMES: &str = "names of 1 to 64 letters, digits and . _ : -";
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
        timeouts: bounded(table, &mode, timeouts(table, &mode)),
        heartbeat_repeats: heartbeat_repeats(table, &mode, what.as_ref()),
        max_bytes: count(table, "max_bytes", &BYTES, 1 << 20),
        keeping: keeping(table, &mode, every.unwrap_or(Duration::from_secs(1))),
        backoff: backoff(table, &mode),
        failures: u32::try_from(count(table, "failures", &FAILURES, 3)).unwrap_or(3),
        halt: time(table, "halt_for", &SOME_TIME, Duration::from_secs(5)),
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

fn mode(table: &Table<'_>) -> Mode {
    const MODES: [&str; 2] = ["poll", "stream"];
    let mode = table.optional("mode").map_or(Some("poll"), |item| item.word(&MODES, |word| word));
    if mode == Some("poll") {
        table.refuse(&["event"], "only a stream has events");
    }
    let event = table.optional("event").and_then(|item| {
        const ALLOWED: &str = "names of events, and no key for those without a name";
        let name = item.string(ALLOWED)?;
        if name.is_empty() { item.refuse(ALLOWED) } else { Some(name.to_owned()) }
    });
    if mode == Some("stream") { Mode::Stream { event } } else { Mode::Poll }
}

fn every(table: &Table<'_>) -> Option<Duration> {
    table.optional("every").and_then(|item| item.duration(&EVERY))
}

/// Keys that cannot be judged, because what they depend on could not be read, are no unknown ones.
fn known(table: &Table<'_>, keys: &[&'static str]) {
    for key in keys {
        let _ = table.optional(key);
    }
}

fn what(table: &Table<'_>) -> Option<What> {
    const KINDS: [&str; 5] = ["venue", "price", "reference", "reading", "check"];
    let word = table.required("what", "\"venue\", \"price\", \"reference\", \"reading\", \"check\", or a preset");
    let word = word.and_then(|item| item.word(&KINDS, |word| word));
    let Some(word) = word else {
        known(table, &["breaker", "check", "open", "halted", "closed", "pass", "close", "session", "min", "max"]);
        known(table, &["unit", "value", "format", "time", "time_format"]);
        return None;
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
        "reading" => name(table, "breaker").map(|breaker| What::Reading { breaker }),
        _ => name(table, "check").map(|check| What::Check { check }),
    }
}

/// A name of something in the plan of the System.
fn name(table: &Table<'_>, key: &'static str) -> Option<String> {
    let item = table.required(key, NAMES)?;
    let name = item.string(NAMES)?;
    if is_name(name) { Some(name.to_owned()) } else { item.refuse(NAMES) }
}

/// Every key is looked at, whatever the others say: what is missing or wrong is told at once, and none is called unknown.
fn payload(table: &Table<'_>, what: &What) -> Option<Payload> {
    let format = format(table);
    let value = value(table, format);
    let time = time_of(table, format);
    let words = if *what == What::Venue { venue_words(table) } else { Some(Vec::new()) };
    let is_check = matches!(what, What::Check { .. });
    let pass = if is_check { table.required("pass", WORDS).and_then(self::words) } else { Some(Vec::new()) };
    let close = if *what == What::Price { close(table, format) } else { Some(None) };
    let has_session = *what == What::Reference || matches!(close, Some(Some(_)) | None);
    let session = if has_session { session(table, format).map(Some) } else { Some(None) };
    let unit = if is_check || *what == What::Venue { Some(Unit::One) } else { unit(table) };
    Some(Payload {
        format: format?,
        value: value?,
        time: time?,
        close: close?,
        session: session?,
        unit: unit?,
        words: words?,
        pass: pass?,
    })
}

fn format(table: &Table<'_>) -> Option<Format> {
    const FORMATS: [(&str, Format); 2] = [("json", Format::Json), ("csv", Format::Csv)];
    let Some(item) = table.optional("format") else { return Some(Format::Json) };
    item.word(&FORMATS, |(word, _)| word).map(|(_, format)| format)
}

fn value(table: &Table<'_>, format: Option<Format>) -> Option<String> {
    // A preset's place is one of JSON, its own format.
    if format == Some(Format::Csv) && !table.own().table.contains_key("value") {
        known(table, &["value"]);
        table.missing(&format!("value is missing, allowed are {}", places(Format::Csv)));
        return None;
    }
    place(table.required("value", places(format.unwrap_or(Format::Json)))?, format?)
}

/// Where the time is, if it is said at all, and how it is written.
fn time_of(table: &Table<'_>, format: Option<Format>) -> Option<Option<(String, TimeFormat)>> {
    let item = table.optional("time");
    if item.is_none() {
        let text = "no time: an old value that is served again looks new, and stale_after never comes";
        table.log().warn(table.at(), table.message(text));
        table.refuse(&["time_format"], "without time there is nothing to read");
        table.refuse(&["max_ahead"], "without time no value is from the future");
        return Some(None);
    }
    let written = table.optional("time_format");
    let written = written.map_or(Some(TimeFormat::Rfc3339), |item| item.word(&TimeFormat::ALL, TimeFormat::name));
    let place = item.and_then(|item| place(item, format?));
    Some(Some((place?, written?)))
}

/// Where the official close before a price is, if it comes along.
fn close(table: &Table<'_>, format: Option<Format>) -> Option<Option<String>> {
    match table.optional("close") {
        Some(item) => place(item, format?).map(Some),
        None => {
            table.refuse(&["session"], "without close there is no session that it is of");
            Some(None)
        }
    }
}

fn session(table: &Table<'_>, format: Option<Format>) -> Option<String> {
    place(table.required("session", places(format.unwrap_or(Format::Json)))?, format?)
}

fn unit(table: &Table<'_>) -> Option<Unit> {
    const UNITS: [(&str, Unit); 3] =
        [("one", Unit::One), ("percent", Unit::Percent), ("basis_points", Unit::BasisPoints)];
    let Some(item) = table.optional("unit") else { return Some(Unit::One) };
    item.word(&UNITS, |(word, _)| word).map(|(_, unit)| unit)
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
    let word = |item: Item<'_, '_>| {
        const ALLOWED: &str = "words that are not empty";
        let word = item.string(ALLOWED)?;
        if word.trim().is_empty() { item.refuse(ALLOWED) } else { Some(word.to_owned()) }
    };
    // All of them are looked at, also behind a wrong one.
    let all: Vec<_> = all.into_iter().map(word).collect();
    all.into_iter().collect()
}

/// A mistake about a value that a preset gives stands where its source begins: nobody has the preset's file at hand.
fn wrong(table: &Table<'_>, item: Item<'_, '_>, key: &str, text: &str) {
    if core::ptr::eq(item.spot().log, table.log()) {
        item.wrong(text);
    } else {
        table.log().wrong(table.at(), table.message(&format!("{key} of the preset: {text}")));
    }
}

/// Each word once: one with two meanings has none.
fn venue_words(table: &Table<'_>) -> Option<Vec<(String, VenueStatus)>> {
    let mut all: Vec<(String, VenueStatus)> = Vec::new();
    let mut sound = true;
    let open = table.required("open", WORDS);
    let others = [("halted", VenueStatus::Halted), ("closed", VenueStatus::Closed)];
    let others = others.map(|(key, status)| (key, table.optional(key), status));
    for (key, item, status) in [("open", open, VenueStatus::Open)].into_iter().chain(others) {
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
                let text = format!("found {word:?}, which stands for another status, too; allowed is one meaning");
                wrong(table, item, key, &text);
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
        if let Some(item) = table.optional("min") {
            wrong(table, item, "min", &found);
        }
        return None;
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

fn heartbeat_repeats(table: &Table<'_>, mode: &Mode, what: Option<&What>) -> bool {
    const KEY: &str = "heartbeat_repeats";
    if *mode == Mode::Poll || what.is_some_and(|what| !matches!(what, What::Venue | What::Check { .. })) {
        table.refuse(&[KEY], "only a stream of what = \"venue\" or \"check\" has it: a number grows old");
    }
    table.optional(KEY).and_then(|item| item.boolean()).unwrap_or(false)
}

fn timeouts(table: &Table<'_>, mode: &Mode) -> Timeouts {
    let default = Timeouts::default();
    let total = time(table, "timeout", &MINUTES, default.total);
    let connect = time(table, "connect_timeout", &MINUTES, default.connect.min(total));
    let silence = if *mode == Mode::Poll { default.read.min(total) } else { STREAM_SILENCE };
    let read = time(table, "read_timeout", &MINUTES, silence);
    Timeouts { connect, read, total }
}

/// No part of a poll takes longer than the whole.
fn bounded(table: &Table<'_>, mode: &Mode, timeouts: Timeouts) -> Timeouts {
    let parts = [("connect_timeout", timeouts.connect), ("read_timeout", timeouts.read)];
    for (key, _) in parts.into_iter().filter(|(_, part)| *mode == Mode::Poll && *part > timeouts.total) {
        if let Some(item) = table.optional(key) {
            item.wrong("found more than timeout, allowed are durations up to it: nothing takes longer than the whole");
        }
    }
    timeouts
}

fn keeping(table: &Table<'_>, mode: &Mode, every: Duration) -> Keeping {
    if *mode != Mode::Poll {
        table.refuse(&["ttl", "stale_while", "negative_ttl"], STREAMED);
        table.refuse(&["tries"], "a stream that breaks is connected again, as often as it takes");
    }
    let default = Keeping::of(every);
    Keeping {
        ttl: time(table, "ttl", &SHORT, default.ttl),
        stale_while: time(table, "stale_while", &SHORT, default.stale_while),
        negative: time(table, "negative_ttl", &SHORT, default.negative),
    }
}

fn backoff(table: &Table<'_>, mode: &Mode) -> Backoff {
    let default = Backoff::default();
    let most = time(table, "backoff_max", &MINUTES, default.most);
    let base = time(table, "backoff", &MINUTES, default.base.min(most));
    if let Some(item) = table.optional("backoff").filter(|_| base > most) {
        item.wrong("found more than backoff_max, allowed are durations up to it");
    }
    let tries = u32::try_from(count(table, "tries", &TRIES, 3)).unwrap_or(default.tries);
    if tries == 1 && *mode == Mode::Poll {
        table.refuse(&["backoff", "backoff_max"], "with tries = 1 nothing is tried again");
    }
    Backoff { tries, base, most }
}
