//! Lines: every field survives, each is made once, no more are kept than was said, a writer that fails costs its batch alone.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{Error, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use haltline::*;
use haltline_journal::{Appender, Journal, event_json};
use proptest::prelude::*;
use serde_json::Value;

fn number(value: &Value) -> f64 {
    value.as_str().map_or_else(|| value.as_f64().unwrap(), |text| text.parse().unwrap())
}

fn same(a: f64, b: f64) -> bool {
    a == b || a.is_nan() && b.is_nan()
}

fn nanos(text: &Value) -> u64 {
    let at: jiff::Timestamp = text.as_str().unwrap().parse().unwrap();
    at.as_nanosecond().try_into().unwrap()
}

fn name(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn duration(value: &Value) -> Duration {
    Duration::from_nanos(value.as_u64().unwrap())
}

fn lanes(value: &Value, warns: bool) -> Lanes {
    let intents: Vec<_> = value.as_array().unwrap().iter().map(name).collect();
    let denied = |intent: Intent| intents.contains(&intent.name());
    let mut lanes = if warns { Lanes::WARNING } else { Lanes::NONE };
    for (intent, others) in [
        (Intent::Increase, Lanes::NO_NEW),
        (Intent::Reduce, Lanes::HALT & !Lanes::NO_NEW),
        (Intent::Cancel, Lanes::CLOSE & !Lanes::HALT),
    ] {
        if denied(intent) {
            lanes = lanes | others;
        }
    }
    lanes
}

fn any_lanes() -> impl Strategy<Value = Lanes> {
    let part = |lanes: Lanes| any::<bool>().prop_map(move |is_in| if is_in { lanes } else { Lanes::NONE });
    let (reduce, cancel) = (Lanes::HALT & !Lanes::NO_NEW, Lanes::CLOSE & !Lanes::HALT);
    (part(Lanes::NO_NEW), part(reduce), part(cancel), part(Lanes::WARNING)).prop_map(|(a, b, c, d)| a | b | c | d)
}

fn any_event() -> impl Strategy<Value = Event> {
    let state = (prop::sample::select(Status::ALL), any::<u64>());
    let state = state
        .prop_map(|(status, since)| State { status, since: Micros(since & Micros::MAX.0), ..State::RETIRED }.pack());
    let floats =
        prop_oneof![any::<f64>(), 0.0..1e6, Just(0.0), Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY)];
    let numbers = (any::<u64>(), floats.clone(), floats, prop_oneof![Just(u64::MAX), any::<u64>()]);
    let kinds = (prop::sample::select(EventType::ALL), prop::sample::select(Reason::ALL), 0..20_u8);
    let who = (prop::sample::select(Authority::ALL), prop_oneof![Just(u32::MAX), any::<u32>()]);
    (numbers, (state.clone(), state), kinds, who).prop_map(
        |((sequence, value, limit, until), (before, after), (what, reason, kind), (authority, breaker))| Event {
            sequence,
            before,
            after,
            value,
            limit,
            until: Nanos(until),
            breaker: BreakerId::from_raw(breaker),
            scope: ScopeId::ROOT,
            kind,
            event_type: what as u8,
            reason: reason as u8,
            authority: authority as u8,
            actor: 1,
        },
    )
}

fn any_details() -> impl Strategy<Value = EventDetails> {
    let texts =
        (prop::option::of(any::<String>()), any::<String>(), any::<String>(), prop::option::of(any::<String>()));
    let time = || prop::option::of(any::<u64>().prop_map(Duration::from_nanos));
    let rest = (prop::option::of(any::<f64>()), time(), any::<bool>(), time());
    (any_event(), any::<u64>(), texts, any_lanes(), rest).prop_map(
        |(event, at, (breaker, scope, actor, note), effect, (breach_percent, cooldown, resets_by_itself, lasted))| {
            let breaker = breaker.map(Into::into);
            let at = Nanos(at);
            let warns = event.event_type() == EventType::Warning && event.until < Nanos::NEVER;
            EventDetails {
                event,
                at,
                breaker,
                scope,
                actor,
                note,
                effect,
                breach_percent,
                breach_expected: warns.then_some(event.until),
                cooldown,
                resets_by_itself,
                lasted,
            }
        },
    )
}

proptest! {
    #[test]
    fn every_field_survives_the_way_through_a_line(told in any_details()) {
        let (line, event) = (event_json(&told), told.event);
        let read: serde_json::Map<String, Value> = serde_json::from_str(&line).unwrap();
        let is_one_line = !line.contains('\n');
        prop_assert!(is_one_line && read.values().all(|value| !value.is_null()));
        let what = event.event_type();
        let has = |field: &str| read.get(field);
        let text = |field: &str| has(field).map(name);
        prop_assert_eq!(read["sequence"].as_u64(), Some(event.sequence));
        prop_assert_eq!(nanos(&read["time"]), told.at.0);
        prop_assert_eq!(EventType::from_name(name(&read["type"])), Some(what));
        prop_assert_eq!(name(&read["priority"]) == "urgent", what.is_urgent());
        prop_assert_eq!(text("breaker"), told.breaker.as_deref());
        let id = has("breaker_id").map_or(BreakerId::NONE, |id| BreakerId::from_raw(id.as_u64().unwrap() as u32));
        prop_assert_eq!(id, event.breaker);
        prop_assert_eq!(text("kind").and_then(Kind::from_name), event.kind());
        prop_assert_eq!(name(&read["scope"]), told.scope);
        let moved = what.has_words();
        let status = |field| text(field).and_then(Status::from_name);
        prop_assert_eq!(status("before"), moved.then(|| event.before().status));
        prop_assert_eq!(status("after"), moved.then(|| event.after().status));
        let denies = has("denies").map(|denies| lanes(denies, has("warns").is_some()));
        prop_assert_eq!(denies, moved.then_some(told.effect));
        prop_assert_eq!(has("rung").map(|rung| rung.as_u64().unwrap() as u8), event.rung());
        prop_assert_eq!(text("reason").and_then(Reason::from_name).unwrap_or(Reason::None), event.reason());
        prop_assert_eq!(name(&read["actor"]), told.actor);
        prop_assert_eq!(name(&read["authority"]), Authority::from_raw(event.authority).unwrap().name());
        prop_assert_eq!(text("note"), told.note.as_deref());
        let of = |field| has(field).map_or(0.0, number);
        match what {
            EventType::Gap => prop_assert_eq!(has("lost").unwrap().as_u64(), Some(event.value as u64)),
            EventType::ConfigReloaded | EventType::ConfigRefused | EventType::Probe => {
                prop_assert_eq!(has("count").unwrap().as_u64(), Some(event.value as u64));
            }
            EventType::SubscriberSuspended => {
                prop_assert_eq!(has("subscriber").unwrap().as_u64(), Some(event.value as u64));
            }
            EventType::SensorLate | EventType::SensorFailed => {
                prop_assert_eq!(has("sensor").unwrap().as_u64(), Some(event.value as u64));
            }
            EventType::Updated => prop_assert!(has("value").is_none()),
            _ => prop_assert!(same(of("value"), event.value) && same(of("limit"), event.limit), "{}", line),
        }
        prop_assert!(same(of("breach_percent"), told.breach_percent.unwrap_or(0.0)));
        prop_assert_eq!(has("breach_percent").is_some(), told.breach_percent.is_some());
        let until = if what == EventType::Warning { "breach_expected" } else { "until" };
        prop_assert_eq!(has(until).map_or(Nanos::NEVER, |until| Nanos(nanos(until))), event.until);
        prop_assert_eq!(has("breach_expected").is_some(), told.breach_expected.is_some());
        prop_assert_eq!(has("cooldown_ns").map(duration), told.cooldown);
        let is_trip = what == EventType::Tripped;
        prop_assert_eq!(has("resets_by_itself").map(|is| is.as_bool().unwrap()), is_trip.then_some(told.resets_by_itself));
        prop_assert_eq!(has("lasted_ns").map(duration), told.lasted);
    }
}

/// A System with a desk that is tripped and reset by turns, and all its events.
fn stage(trips: usize) -> (System, Vec<Event>) {
    let desk = BreakerSpec::new("desk", ScopePath::root(), RuleSpec::Manual);
    let plan = Plan { breakers: vec![desk], ..Plan::default() };
    let system = System::manual(plan, Nanos::from_secs(1_600_000_000)).unwrap();
    let id = system.breaker("desk").unwrap();
    let ann = By::new("ann", Authority::RiskDesk, "a \"wild\" router");
    for _ in 0..trips {
        system.trip(id, ann).unwrap();
        system.reset(id, system.breaker_status(id).unwrap().stamp, ann).unwrap();
    }
    let mut events = vec![];
    system.drain(|event| events.push(*event));
    (system, events)
}

#[test]
fn who_asks_again_is_given_the_same_line_and_nothing_is_made() {
    let (system, events) = stage(10);
    let journal = Journal::new(&system, 1_000);
    assert_eq!((journal.made(), journal.kept()), (0, 0), "nobody has asked");
    let first = journal.line(&events[3]);
    assert_eq!(*first, *event_json(&system.details(&events[3])));
    assert!(Arc::ptr_eq(&first, &journal.line(&events[3])));
    assert_eq!((journal.made(), journal.kept()), (1, 1));
}

#[test]
fn no_more_lines_are_kept_than_was_said_and_those_are_the_last() {
    let (system, events) = stage(10);
    for capacity in [0, 1, 5] {
        let journal = Journal::new(&system, capacity);
        events.iter().for_each(|event| drop(journal.line(event)));
        assert_eq!((journal.made(), journal.kept()), (events.len() as u64, capacity));
        events.iter().rev().take(capacity).for_each(|event| drop(journal.line(event)));
        assert_eq!(journal.made(), events.len() as u64, "the last are kept");
        let _ = journal.line(&events[0]);
        assert_eq!((journal.made(), journal.kept()), (events.len() as u64 + 1, capacity));
    }
}

#[test]
fn an_event_is_told_after_its_system_is_gone() {
    let (system, events) = stage(1);
    let journal = Journal::new(&system, 10);
    drop(system);
    assert!(journal.line(events.last().unwrap()).contains(r#""breaker":"desk""#));
}

/// Takes so many bytes of each write, and fails if they are not all.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<(Vec<u8>, Option<usize>)>>);

impl Paper {
    fn allow(&self, bytes: Option<usize>) {
        self.0.lock().unwrap().1 = bytes;
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().0.clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        let (written, left) = &mut *self.0.lock().unwrap();
        let taken = left.unwrap_or(usize::MAX).min(bytes.len());
        written.extend_from_slice(&bytes[..taken]);
        if let Some(left) = left {
            *left -= taken;
        }
        if taken == 0 { Err(Error::other("the disk is full")) } else { Ok(taken) }
    }

    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

#[test]
fn a_batch_that_cannot_be_written_is_counted_and_the_next_one_begins_on_a_line_of_its_own() {
    let (system, events) = stage(3);
    let (journal, paper) = (Arc::new(Journal::new(&system, 100)), Paper::default());
    let mut appender = Appender::new(journal.clone(), paper.clone());
    let written = appender.written();
    appender.append(&events[..2]);
    paper.allow(Some(50));
    appender.append(&events[2..5]);
    assert_eq!((written.lines(), written.failures(), written.lost()), (2, 1, 3));
    paper.allow(None);
    appender.append(&[]);
    appender.append(&events[5..]);
    assert_eq!((written.lines(), written.failures(), written.lost()), (events.len() as u64 - 3, 1, 3));
    let text = paper.text();
    let lines: Vec<_> = text.lines().collect();
    let torn = &journal.line(&events[2])[..50];
    let expected: Vec<_> = events.iter().map(|event| journal.line(event)).collect();
    assert_eq!(lines[..3], [&*expected[0], &*expected[1], torn]);
    assert_eq!(lines[3..], expected[5..].iter().map(|line| &**line).collect::<Vec<_>>());
    assert_eq!(journal.made(), events.len() as u64, "each was made once, for the file and for who asks");
}
