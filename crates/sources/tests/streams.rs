//! Server-sent events, over a connection that breaks and comes back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, its helpers too")]

mod common;

use std::sync::mpsc::{Receiver, channel};

use common::server::{Answer, Server};
use common::{file, index};
use haltline::{Plan, Status, System};
use haltline_sources::{Sources, Value};
use tokio::sync::mpsc::UnboundedSender;

fn started(url: &str, further: &str) -> (System, Sources) {
    let text = index(&format!("mode = \"stream\"\nevent = \"level\"\nbackoff = \"1ms\"\n{further}"));
    let file = file(&text, &[("URL", url)]);
    let mut plan = Plan::default();
    file.add_to(&mut plan);
    let system = System::start(plan).unwrap();
    let sources = file.start(&system).unwrap();
    (system, sources)
}

type Opened = (UnboundedSender<String>, Option<String>);

/// A server of streams: each that is opened comes with the id after which it is to go on.
fn streaming() -> (Server, Receiver<Opened>) {
    let (opened, streams) = channel();
    let server = Server::new(move |_, headers| {
        let (sender, answer) = Answer::events();
        let last = headers.get("last-event-id").map(|id| id.to_str().unwrap().to_owned());
        opened.send((sender, last)).unwrap();
        answer
    });
    (server, streams)
}

/// The status of the breaker of the endpoint.
fn guard(system: &System) -> Status {
    system.breaker_status(system.breaker("calls:spx").unwrap()).unwrap().status
}

fn until(sources: &Sources, is_so: impl Fn(&haltline_sources::SourceStatus) -> bool) {
    common::until("the stream", || is_so(&sources.statuses()[0]));
}

#[test]
fn events_are_heard_and_a_broken_stream_goes_on_where_it_was() {
    let (server, streams) = streaming();
    let (system, sources) = started(&server.url(), "");
    let (stream, last) = streams.recv().unwrap();
    assert_eq!(last, None);
    stream.send("event: level\nid: 41\ndata: {\"val".into()).unwrap();
    stream.send("ue\": 2746.56}\n\nevent: other\ndata: {\"value\": 1}\n\n".into()).unwrap();
    until(&sources, |status| status.value.map(|(value, _)| value) == Some(Value::Number(2746.56)));
    // It ends in the middle of an event, which does not count.
    stream.send("event: level\ndata: {\"value\": 1}\n".into()).unwrap();
    drop(stream);
    let (stream, last) = streams.recv().unwrap();
    assert_eq!(last.as_deref(), Some("41"));
    stream.send("event: level\ndata: {\"value\": 2882.23}\n\n".into()).unwrap();
    until(&sources, |status| status.value.map(|(value, _)| value) == Some(Value::Number(2882.23)));
    let status = &sources.statuses()[0];
    assert_eq!((status.counts.told, status.failures), (2, 0));
    // It would go on for a minute; dropped, it ends. Who drops it waits for a second at most.
    drop(sources);
    assert!(system.sensors().is_empty());
    common::until("its feeds are free", || system.feed("ext/spx").is_ok() && system.feed("ext/spx/calls").is_ok());
}

#[test]
fn an_endpoint_that_brings_no_stream_trips_its_breaker_and_is_left_alone() {
    let server = Server::new(|_, _| Answer::json("{\"value\": 1}"));
    let (system, sources) = started(&server.url(), "backoff_max = \"1ms\"");
    until(&sources, |status| status.held > 0);
    assert_eq!((server.requests(), sources.statuses()[0].failures), (3, 3));
    assert_eq!(guard(&system), Status::Tripped);
}

#[test]
fn a_bad_event_among_good_ones_is_one_among_many() {
    let (server, streams) = streaming();
    let (system, sources) = started(&server.url(), "");
    let (stream, _) = streams.recv().unwrap();
    for n in 0..200 {
        let value = if n % 50 == 0 { "{}".to_owned() } else { format!("{{\"value\": {}}}", 2_000 + n) };
        stream.send(format!("event: level\ndata: {value}\n\n")).unwrap();
    }
    until(&sources, |status| status.calls == 200);
    let status = &sources.statuses()[0];
    assert_eq!((status.counts.told, status.failures), (196, 4));
    assert_eq!(guard(&system), Status::Active);
}

#[test]
fn a_stream_that_is_there_and_has_nothing_to_say_trips_nothing() {
    let (server, streams) = streaming();
    let (system, sources) = started(&server.url(), "failures = 1\nbackoff_max = \"1ms\"");
    for _ in 0..8 {
        let (stream, _) = streams.recv().unwrap();
        stream.send(": still here\n".into()).unwrap();
    }
    let status = &sources.statuses()[0];
    assert_eq!((status.failures, status.held), (0, 0));
    assert_eq!(guard(&system), Status::Active);
}
