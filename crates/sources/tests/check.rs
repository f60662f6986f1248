//! Each source asked once: what is told of it, and that none is waited for without end.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, its helpers too")]

mod common;

use std::sync::Mutex;

use common::server::{Answer, Server};
use common::{START, TestClock, file, index};
use haltline::Nanos;
use haltline_sources::{Report, Trouble};

fn check(text: &str, environment: &[(&str, &str)]) -> Report {
    file(text, environment).check(TestClock::new(), |_, _| {}).unwrap().remove(0)
}

#[test]
fn a_stream_without_an_event_that_is_wanted_is_waited_for_until_its_timeout() {
    let streams = Mutex::new(Vec::new());
    let server = Server::new(move |_, _| {
        let (sender, answer) = Answer::events();
        sender.send(": I am here\n\nevent: other\ndata: {\"value\": 1}\n\n".to_owned()).unwrap();
        // It stays open.
        streams.lock().unwrap().push(sender);
        answer
    });
    let text = index("mode = \"stream\"\nevent = \"level\"").replace("\ntimeout = \"60s\"", "\ntimeout = \"100ms\"");
    let failure = check(&text, &[("URL", &server.url())]).found.unwrap_err();
    // Whether the other event is counted a busy machine decides, and by whose clock it is over.
    assert_eq!(failure.trouble, Trouble::Timeout);
    let texts = ["found no event that is wanted in 100ms (timeout)", "it took longer than timeout"];
    assert!(texts.iter().any(|text| failure.text.contains(text)), "{failure}");
}

#[test]
fn the_first_event_that_is_wanted_is_the_answer_of_a_stream() {
    let server = Server::new(|_, _| {
        let (sender, answer) = Answer::events();
        sender.send("data: {\"value\": 1}\n\nevent: level\ndata: {\"value\": 17.5}\n\n".to_owned()).unwrap();
        answer
    });
    let report = check(&index("mode = \"stream\"\nevent = \"level\""), &[("URL", &server.url())]);
    assert_eq!((report.found.unwrap().value.number(), report.opened), (Some(17.5), 1));
}

#[test]
fn a_value_is_old_when_it_is_of_more_than_a_day_ago() {
    let day = 86_400;
    for (age, is_old) in [(day, false), (day + 1, true)] {
        let at = Nanos(START.0 / 1_000_000_000 - age);
        let server = Server::new(move |_, _| Answer::json(format!("{{\"value\": 5, \"at\": {}}}", at.0)));
        let text = index("time = \"/at\"\ntime_format = \"seconds\"");
        let report = check(&text, &[("URL", &server.url())]);
        assert_eq!((report.is_old(), report.handed_on), (is_old, None), "{report:?}");
    }
}

#[test]
fn a_number_is_told_as_it_is_handed_on() {
    for (unit, handed_on) in [("one", None), ("percent", Some(0.8269)), ("basis_points", Some(0.008_269))] {
        let server = Server::new(|_, _| Answer::json("{\"value\": 82.69}"));
        let report = check(&index(&format!("unit = \"{unit}\"")), &[("URL", &server.url())]);
        assert_eq!((report.found.unwrap().value.number(), report.handed_on), (Some(82.69), handed_on));
    }
}

#[test]
fn a_word_with_a_secret_in_it_is_not_shown() {
    let text = index("headers = { X = { env = \"KEY\" } }").replace("index_level", "venue_status");
    for (word, shown) in [("half s3cr3t", None), ("half open", Some("half open".to_owned()))] {
        let server = Server::new(move |_, _| Answer::json(format!("{{\"status\": \"{word}\"}}")));
        let report = check(&text, &[("URL", &server.url()), ("KEY", "s3cr3t")]);
        let failure = report.found.unwrap_err();
        assert_eq!((failure.trouble, &report.word), (Trouble::BadPayload, &shown));
        assert!(!failure.text.contains("s3cr3t") && failure.text.contains("which denies"), "{failure}");
    }
}
