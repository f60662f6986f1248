//! From the bytes of an answer to a value and its time. Whatever the bytes are, nothing panics.

use haltline::{Date, Nanos, VenueStatus};
use serde_json::Value as Json;

use crate::error::Failure;
use crate::moment::{TimeFormat, date};
use crate::spec::What;

/// How an answer is written.
///
/// ```
/// use haltline_sources::Format;
/// assert_ne!(Format::Json, Format::Csv);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON document; places in it are JSON pointers, such as `/quotes/0/last`.
    Json,
    /// Comma-separated values under a line of names; the last row counts, places are names of columns.
    Csv,
}

/// What a number of the payload counts.
///
/// ```
/// use haltline_sources::Unit;
/// assert_eq!([Unit::One, Unit::Percent, Unit::BasisPoints].map(Unit::factor), [1.0, 0.01, 0.0001]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Itself.
    #[default]
    One,
    /// Hundredths: 8 is handed on as 0.08.
    Percent,
    /// Ten-thousandths: 800 is handed on as 0.08.
    BasisPoints,
}

impl Unit {
    /// What a number is multiplied with before it is handed on.
    pub fn factor(self) -> f64 {
        match self {
            Self::One => 1.0,
            Self::Percent => 0.01,
            Self::BasisPoints => 0.0001,
        }
    }
}

/// Where the value is in an answer.
///
/// ```
/// use haltline::{Nanos, VenueStatus};
/// use haltline_sources::{Format, Payload, Value, What};
/// let words = [("trading", VenueStatus::Open), ("halt", VenueStatus::Halted)];
/// let payload = Payload {
///     words: words.map(|(word, status)| (word.to_owned(), status)).into(),
///     ..Payload::new(Format::Json, "/state")
/// };
/// let sample = payload.read(br#"{"state": "halt"}"#, &What::Venue)?;
/// assert_eq!((sample.value, sample.at), (Value::Venue(VenueStatus::Halted), None));
/// # Ok::<(), haltline_sources::Failure>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Payload {
    /// How it is written.
    pub format: Format,
    /// The place of the value.
    pub value: String,
    /// The place of its time, and how that is written; without one it is the time of receipt.
    pub time: Option<(String, TimeFormat)>,
    /// The place of the official close before, for a price.
    pub close: Option<String>,
    /// The place of the date of the session whose close it is.
    pub session: Option<String>,
    /// What a number counts.
    pub unit: Unit,
    /// What the words of a venue mean; another word is [`VenueStatus::Unknown`].
    pub words: Vec<(String, VenueStatus)>,
    /// The words that pass a check; any other word is a failed one.
    pub pass: Vec<String>,
}

/// A value as it is handed on.
///
/// ```
/// use haltline_sources::Value;
/// assert_eq!(Value::Number(17.5).to_string(), "17.5");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// What a venue says of itself.
    Venue(VenueStatus),
    /// A price, a level, a reading.
    Number(f64),
    /// The close of a session.
    Close(f64, Date),
    /// Whether a check has passed.
    Check(bool),
}

impl Value {
    /// The number, if it is one.
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Number(number) | Self::Close(number, _) => Some(number),
            Self::Venue(_) | Self::Check(_) => None,
        }
    }
}

impl core::fmt::Display for Value {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Venue(status) => write!(f, "{status}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Close(number, date) => write!(f, "{number} on {date}"),
            Self::Check(true) => f.write_str("passed"),
            Self::Check(false) => f.write_str("failed"),
        }
    }
}

/// A value and when it was so, where the answer says that.
///
/// ```
/// use haltline_sources::{Sample, Value};
/// let sample = Sample { value: Value::Check(true), close: None, at: None };
/// assert_eq!(sample.value.to_string(), "passed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The value, in the unit of the payload.
    pub value: Value,
    /// The official close of the session before, for a price that brings it along.
    pub close: Option<(f64, Date)>,
    /// The time of the source.
    pub at: Option<Nanos>,
}

impl Sample {
    /// The close that it names, as its value or beside it.
    pub(crate) fn closed(&self) -> Option<(f64, Date)> {
        match self.value {
            Value::Close(number, session) => Some((number, session)),
            _ => self.close,
        }
    }
}

impl Payload {
    /// A payload with a value and nothing else.
    pub fn new(format: Format, value: &str) -> Self {
        let (time, close, session, unit) = (None, None, None, Unit::One);
        Self { format, value: value.into(), time, close, session, unit, words: Vec::new(), pass: Vec::new() }
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// [`Trouble::BadPayload`](crate::Trouble::BadPayload), naming the place and what is allowed there; never what was found there
    /// beyond its type: an answer may hold secrets.
    pub fn read(&self, body: &[u8], what: &What) -> Result<Sample, Failure> {
        let fields = Fields::of(self.format, body)?;
        let text = fields.at(&self.value)?;
        let value = match what {
            What::Venue => Value::Venue(self.venue(&text)),
            What::Check { .. } => Value::Check(self.pass.contains(&text)),
            What::Price | What::Reading { .. } => Value::Number(number(&text, &self.value)?),
            What::Reference => Value::Close(number(&text, &self.value)?, self.date(&fields)?),
        };
        let close = match &self.close {
            None => None,
            Some(place) => Some((number(&fields.at(place)?, place)?, self.date(&fields)?)),
        };
        let at = match &self.time {
            None => None,
            Some((place, format)) => {
                let at = format.read(&fields.at(place)?);
                Some(at.ok_or_else(|| Failure::bad(format!("{place}: allowed are {}", format.allowed())))?)
            }
        };
        Ok(Sample { value, close, at })
    }

    /// The text at the place of the value.
    pub(crate) fn word(&self, body: &[u8]) -> Option<String> {
        Fields::of(self.format, body).ok()?.at(&self.value).ok()
    }

    fn date(&self, fields: &Fields) -> Result<Date, Failure> {
        let place = self.session.as_deref().unwrap_or_default();
        let found = date(&fields.at(place)?);
        found.ok_or_else(|| Failure::bad(format!("{place}: allowed are dates such as 2020-03-09")))
    }

    fn venue(&self, word: &str) -> VenueStatus {
        let known = self.words.iter().find(|(known, _)| known == word);
        known.map_or(VenueStatus::Unknown, |(_, status)| *status)
    }
}

/// Also a number in quotes: many write prices so.
fn number(text: &str, place: &str) -> Result<f64, Failure> {
    let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| Failure::bad(format!("{place}: found no number, allowed are finite numbers")))
}

/// The fields of an answer.
enum Fields {
    Json(Json),
    Csv { header: csv::StringRecord, last: csv::StringRecord },
}

impl Fields {
    fn of(format: Format, body: &[u8]) -> Result<Self, Failure> {
        match format {
            Format::Json => {
                let document = serde_json::from_slice(body);
                // Its words would repeat what was sent.
                let bad = |e: serde_json::Error| {
                    let text = format!("found no JSON from line {}, column {} on", e.line(), e.column());
                    Failure::bad(format!("{text}, allowed is one JSON document"))
                };
                document.map(Self::Json).map_err(bad)
            }
            Format::Csv => Self::csv(body),
        }
    }

    fn csv(body: &[u8]) -> Result<Self, Failure> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(body);
        let (mut header, mut last, mut rows) = (csv::StringRecord::new(), csv::StringRecord::new(), 0);
        let mut row = csv::StringRecord::new();
        loop {
            let line = reader.position().line();
            let bad = |_| {
                let allowed = "rows of UTF-8 with as many fields as the line of names";
                Failure::bad(format!("found no row from line {line} on, allowed are {allowed}"))
            };
            if !reader.read_record(&mut row).map_err(bad)? {
                break;
            }
            core::mem::swap(if rows == 0 { &mut header } else { &mut last }, &mut row);
            rows += 1;
        }
        if rows < 2 {
            return Err(Failure::bad(format!("found {rows} lines, allowed are a line of names and at least one row")));
        }
        Ok(Self::Csv { header, last })
    }

    /// A field as text.
    fn at(&self, place: &str) -> Result<String, Failure> {
        let missing = || Failure::bad(format!("{place}: found nothing there"));
        match self {
            Self::Json(document) => match document.pointer(place).ok_or_else(missing)? {
                Json::String(text) => Ok(text.clone()),
                Json::Number(number) => Ok(number.to_string()),
                Json::Bool(word) => Ok(word.to_string()),
                other => {
                    let found = match other {
                        Json::Array(_) => "an array",
                        Json::Object(_) => "an object",
                        _ => "null",
                    };
                    Err(Failure::bad(format!("{place}: found {found}, allowed are texts, numbers, true and false")))
                }
            },
            Self::Csv { header, last } => {
                let column = header.iter().position(|name| name.trim_start_matches('\u{feff}').trim() == place);
                let field = column.and_then(|column| last.get(column));
                field.map(|text| text.trim().to_owned()).ok_or_else(missing)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::error::Trouble;

    fn reading() -> What {
        What::Reading { breaker: "vix".into() }
    }

    #[test]
    fn a_number_is_found_by_pointer_and_by_column_of_the_last_row() {
        let json = Payload::new(Format::Json, "/quotes/1/last");
        for text in [r#"{"quotes":[0,{"last":17.25}]}"#, r#"{"quotes":[0,{"last":"17.25"}]}"#] {
            assert_eq!(json.read(text.as_bytes(), &reading()).unwrap().value, Value::Number(17.25));
        }
        let csv = Payload::new(Format::Csv, "close");
        for text in ["date,close\n2020-03-06,41.94\n2020-03-09,54.46\n", "\u{feff}close,date\r\n54.46,x"] {
            assert_eq!(csv.read(text.as_bytes(), &reading()).unwrap().value, Value::Number(54.46));
        }
    }

    #[test]
    fn what_is_not_as_the_file_says_is_a_bad_payload_that_does_not_repeat_it() {
        let json = Payload::new(Format::Json, "/v");
        let csv = Payload::new(Format::Csv, "v");
        for (payload, body) in [
            (&json, &b"{\"v\": s3cr3t"[..]),
            (&json, b"{\"v\": \"s3cr3t\"}"),
            (&json, b"{\"v\": {\"s3cr3t\": 1}}"),
            (&json, b"{\"v\": null}"),
            (&json, b"{\"v\": \"inf\"}"),
            (&json, b"[]"),
            (&json, b"<html>s3cr3t</html>"),
            (&json, b"\xff\xfe"),
            (&csv, b""),
            (&csv, b"v"),
            (&csv, b"a,v\n1,s3cr3t\n"),
            (&csv, b"a,v\n1,2\n3"),
            (&csv, b"a,b\n1,2\n"),
            (&csv, b"v\n\xff\n"),
        ] {
            let failure = payload.read(body, &reading()).unwrap_err();
            assert_eq!(failure.trouble, Trouble::BadPayload);
            assert!(!failure.text.contains("s3cr3t"), "{failure}");
        }
    }

    #[test]
    fn the_close_of_a_session_has_its_date() {
        let payload = Payload { session: Some("/d".into()), ..Payload::new(Format::Json, "/c") };
        let sample = payload.read(br#"{"d":"2020-03-09","c":2746.56}"#, &What::Reference).unwrap();
        assert_eq!(sample.value, Value::Close(2746.56, Date::new(2020, 3, 9)));
        assert!(payload.read(br#"{"d":"2020-02-30","c":1}"#, &What::Reference).is_err());
        assert!(payload.read(br#"{"c":1}"#, &What::Reference).is_err());
    }

    #[test]
    fn a_price_may_bring_the_close_before_along() {
        let (close, session) = (Some("/c".into()), Some("/d".into()));
        let payload = Payload { close, session, ..Payload::new(Format::Json, "/p") };
        let sample = payload.read(br#"{"p":2764.30,"c":2972.37,"d":"2020-03-06"}"#, &What::Price).unwrap();
        assert_eq!((sample.value, sample.close), (Value::Number(2764.30), Some((2972.37, Date::new(2020, 3, 6)))));
        assert!(payload.read(br#"{"p":2764.30,"c":2972.37}"#, &What::Price).is_err());
    }

    #[test]
    fn an_unknown_word_is_doubt_and_no_pass() {
        let payload = Payload { pass: vec!["true".into()], ..Payload::new(Format::Json, "/s") };
        let venue = payload.read(br#"{"s":"open?"}"#, &What::Venue).unwrap();
        assert_eq!(venue.value, Value::Venue(VenueStatus::Unknown));
        let what = What::Check { check: "ready".into() };
        for (body, passed) in [(&br#"{"s":true}"#[..], true), (br#"{"s":false}"#, false), (br#"{"s":1}"#, false)] {
            assert_eq!(payload.read(body, &what).unwrap().value, Value::Check(passed));
        }
    }
}
