//! One event, one line.

use core::time::Duration;

use haltline::{Authority, BreakerId, EventDetails, EventType, Intent, Nanos, Reason};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// An event as one JSON object without a line end; the [fields](crate) are described with the crate. Allocates.
///
/// ```
/// # use haltline::*;
/// # let rule = RuleSpec::Drawdown(Drawdown::with_limit(Ratio::from_f64(0.08)?));
/// # let dd = BreakerSpec::new("dd", ScopePath::new("acct/alpha")?, rule);
/// # let system = System::manual(Plan { breakers: vec![dd], ..Plan::default() }, Nanos::from_secs(1_600_000_000))?;
/// # let mut marks = system.feed("acct/alpha")?;
/// marks.equity(Money::from_f64(100.0)?, system.now())?;
/// marks.equity(Money::from_f64(90.0)?, system.now())?;
/// let mut trip = None;
/// system.drain(|event| trip = Some(*event));
/// let line = haltline_journal::event_json(&system.details(&trip.expect("it has tripped")));
/// assert!(line.contains(r#""time":"2020-09-13T12:26:40.000000000Z","type":"tripped","priority":"urgent","breaker":"dd""#));
/// assert!(line.contains(r#""before":"active","after":"tripped","denies":["increase"],"reason":"limit","actor":"auto""#));
/// assert!(line.ends_with(r#""value":0.1,"limit":0.08,"breach_percent":25.0,"resets_by_itself":false}"#), "{line}");
/// # Ok::<(), haltline::Error>(())
/// ```
pub fn event_json(details: &EventDetails) -> String {
    // Texts and numbers under names: there is nothing in it that JSON could refuse.
    serde_json::to_string(&Line::of(details)).unwrap_or_default()
}

#[derive(Serialize)]
struct Line<'d> {
    sequence: u64,
    time: String,
    r#type: &'static str,
    priority: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    breaker: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    breaker_id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    scope: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    denies: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warns: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rung: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    actor: &'d str,
    authority: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    breach_percent: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    breach_expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cooldown_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resets_by_itself: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lasted_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscriber: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sensor: Option<u64>,
}

impl<'d> Line<'d> {
    fn of(details: &'d EventDetails) -> Self {
        let event = &details.event;
        let what = event.event_type();
        let moved = what.has_words();
        let is_tested = has_value(what) && (event.value != 0.0 || event.limit != 0.0);
        // What the value of an event that has none stands for.
        let counts = |types: &[EventType]| types.contains(&what).then_some(event.value as u64);
        Self {
            sequence: event.sequence,
            time: iso(details.at),
            r#type: what.name(),
            priority: if what.is_urgent() { "urgent" } else { "routine" },
            breaker: details.breaker.as_deref(),
            breaker_id: Some(event.breaker).filter(|id| *id != BreakerId::NONE).map(BreakerId::raw),
            kind: event.kind().map(|kind| kind.name()),
            scope: &details.scope,
            before: moved.then(|| event.before().status.name()),
            after: moved.then(|| event.after().status.name()),
            denies: moved.then(|| {
                let denied = Intent::ALL.into_iter().filter(|intent| details.effect.denies(*intent));
                denied.map(Intent::name).collect()
            }),
            warns: Some(true).filter(|_| moved && details.effect.warns()),
            rung: event.rung(),
            reason: Some(event.reason()).filter(|reason| *reason != Reason::None).map(Reason::name),
            actor: &details.actor,
            authority: Authority::from_raw(event.authority).unwrap_or(Authority::Auto).name(),
            note: details.note.as_deref(),
            value: is_tested.then_some(Number(event.value)),
            limit: is_tested.then_some(Number(event.limit)),
            breach_percent: details.breach_percent.map(Number),
            breach_expected: details.breach_expected.map(iso),
            // That of a warning is the time above.
            until: Some(event.until).filter(|until| *until != Nanos::NEVER && what != EventType::Warning).map(iso),
            cooldown_ns: details.cooldown.map(nanos),
            resets_by_itself: Some(details.resets_by_itself).filter(|_| what == EventType::Tripped),
            lasted_ns: details.lasted.map(nanos),
            lost: counts(&[EventType::Gap]),
            count: counts(&[EventType::ConfigReloaded, EventType::ConfigRefused, EventType::Probe]),
            subscriber: counts(&[EventType::SubscriberSuspended]),
            sensor: counts(&[EventType::SensorLate, EventType::SensorFailed]),
        }
    }
}

/// Whether `value` is what was tested.
fn has_value(what: EventType) -> bool {
    !matches!(
        what,
        EventType::Gap
            // It keeps its time there.
            | EventType::Updated
            | EventType::ConfigReloaded
            | EventType::ConfigRefused
            | EventType::Probe
            | EventType::SubscriberSuspended
            | EventType::SensorLate
            | EventType::SensorFailed
    )
}

/// Always with nine digits, so that lines sort by time as texts do.
fn iso(at: Nanos) -> String {
    // Nanoseconds since 1970 in 64 bits end in 2554, which jiff knows.
    Timestamp::from_nanosecond(at.0.into()).map(|at| format!("{at:.9}")).unwrap_or_default()
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// JSON has no infinity; `null` would say that there is no number.
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() { serializer.serialize_f64(self.0) } else { serializer.collect_str(&self.0) }
    }
}
