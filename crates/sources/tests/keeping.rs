//! What is kept, for how long, and what is asked again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, its helpers too")]

mod common;

use std::time::Duration;

#[cfg(target_os = "linux")]
use common::asleep;
use common::server::{Answer, Server};
use common::{Rig, SECOND, TestClock, file, index, until};
use haltline::{Nanos, Plan, Status, System};
use haltline_sources::{Origin, Sources, Trouble, Value};

fn numbered(n: usize) -> Answer {
    Answer::json(format!("{{\"value\": {}}}", n + 1))
}

/// Sources that poll once an hour: after the first poll only those who ask are heard.
fn asked(server: &Server, further: &str) -> (System, Sources, TestClock) {
    let every = if further.contains("every") { "" } else { "every = \"1h\"\n" };
    let file = file(&index(&format!("tries = 1\n{every}{further}")), &[("URL", &server.url())]);
    let mut plan = Plan::default();
    file.add_to(&mut plan);
    let (system, clock) = (System::start(plan).unwrap(), TestClock::new());
    let sources = file.start_with(&system, clock.clone()).unwrap();
    until("the first poll", || sources.statuses()[0].calls > 0);
    (system, sources, clock)
}

#[test]
fn an_answer_is_used_until_the_instant_when_its_time_is_over() {
    let server = Server::new(|n, _| numbered(n));
    let (_system, sources, clock) = asked(&server, "ttl = \"4s\"\nstale_while = \"0s\"");
    let ask = || sources.ask("spx").map(|(sample, origin)| (sample.value, origin)).unwrap();
    assert_eq!(ask(), (Value::Number(1.0), Origin::Fresh));
    clock.pass(4 * SECOND - Duration::from_nanos(1));
    assert_eq!(ask(), (Value::Number(1.0), Origin::Fresh));
    clock.pass(Duration::from_nanos(1));
    assert_eq!(ask(), (Value::Number(2.0), Origin::Called));
    assert_eq!(server.requests(), 2);
}

#[test]
fn a_failure_is_remembered_and_an_old_answer_stands_in_for_its_time() {
    let server = Server::new(|n, _| numbered(n));
    let (_system, sources, clock) = asked(&server, "ttl = \"1s\"\nstale_while = \"9s\"\nnegative_ttl = \"2s\"");
    server.answer(|_, _| Answer::status(500));
    clock.pass(2 * SECOND);
    let ask = || sources.ask("spx").map(|(sample, origin)| (sample.value, origin));
    // The renewal fails, out of sight.
    assert_eq!(ask(), Ok((Value::Number(1.0), Origin::Stale)));
    until("a renewal", || server.requests() == 2);
    for _ in 0..1_000 {
        assert_eq!(ask(), Ok((Value::Number(1.0), Origin::Stale)), "and is not tried again at once");
    }
    assert_eq!(server.requests(), 2);
    // From then on nothing stands in.
    clock.pass(8 * SECOND);
    assert_eq!(ask().unwrap_err().trouble, Trouble::Status(500));
    assert_eq!(server.requests(), 3);
    assert_eq!(ask().unwrap_err().trouble, Trouble::Status(500));
    clock.pass(2 * SECOND - Duration::from_nanos(1));
    assert!(ask().is_err());
    assert_eq!(server.requests(), 3);
    server.answer(|n, _| numbered(n));
    clock.pass(Duration::from_nanos(1));
    assert_eq!(ask(), Ok((Value::Number(4.0), Origin::Called)));
}

#[test]
fn an_answer_that_has_not_changed_is_not_sent_again_and_is_young_again() {
    let server = Server::new(|_, headers| match headers.get("if-none-match").map(|tag| tag.to_str().unwrap()) {
        None => Answer::json("{\"value\": 7}").with("etag", "\"v7\""),
        Some("\"v7\"") => Answer::status(304),
        Some(other) => panic!("{other}"),
    });
    let (_system, sources, clock) = asked(&server, "ttl = \"1s\"\nstale_while = \"0s\"");
    let first = sources.ask("spx").unwrap().0.at.unwrap();
    for n in 1..=3 {
        clock.pass(SECOND);
        let (sample, origin) = sources.ask("spx").unwrap();
        assert_eq!(
            (sample.value, origin, sample.at),
            (Value::Number(7.0), Origin::Unchanged, Some(first + n * SECOND))
        );
    }
    assert_eq!(server.requests(), 4);
}

#[test]
fn two_sources_of_one_document_are_one_request() {
    let server = Server::new(|_, _| Answer::json("{\"spx\": 2746.56, \"ndx\": 7948.03}"));
    let one = |name: &str| {
        index(&format!("value = \"/{name}\""))
            .replace("\"spx\"", &format!("\"{name}\""))
            .replace("ext/spx", &format!("ext/{name}"))
    };
    let file = file(&(one("spx") + &one("ndx")), &[("URL", &server.url())]);
    let mut plan = Plan::default();
    file.add_to(&mut plan);
    let (system, clock) = (System::manual(plan, common::START).unwrap(), TestClock::new());
    let mut sources = file.attach(&system, clock.clone()).unwrap();
    let mut calls = [system.feed("ext/spx/calls").unwrap(), system.feed("ext/ndx/calls").unwrap()];
    for round in 1..=3 {
        let now: Nanos = clock.pass(SECOND);
        system.advance(now);
        for (source, calls) in sources.iter_mut().zip(&mut calls) {
            source.pull(calls, now).unwrap();
        }
        assert_eq!(server.requests(), round);
    }
    let values = [&sources[0], &sources[1]].map(|source| source.status().value.unwrap().0);
    assert_eq!(values, [Value::Number(2746.56), Value::Number(7948.03)]);
    assert_eq!(sources[1].status().calls, 3, "its breaker has heard of each");
}

#[test]
fn a_pull_of_what_is_fresh_tells_nothing_twice() {
    let server = Server::new(|n, _| numbered(n));
    let mut rig = Rig::new(&file(&index("ttl = \"3s\""), &[("URL", &server.url())]));
    let told = [(); 6].map(|()| rig.pull().counts.told);
    assert_eq!((told, server.requests()), ([1, 1, 1, 2, 2, 2], 2));
}

/// Two sources of one address, asked in turn once a second.
#[test]
fn a_source_that_asks_seldom_makes_nothing_old_for_another_of_the_same_document() {
    let server = Server::new(|n, _| numbered(n));
    let seldom = index("every = \"1h\"\ntries = 1").replace("spx", "ndx");
    let file = file(&(seldom + &index("tries = 1")), &[("URL", &server.url())]);
    let mut plan = Plan::default();
    file.add_to(&mut plan);
    let (system, clock) = (System::manual(plan, common::START).unwrap(), TestClock::new());
    let mut sources = file.attach(&system, clock.clone()).unwrap();
    let mut calls = [system.feed("ext/ndx/calls").unwrap(), system.feed("ext/spx/calls").unwrap()];
    for _ in 0..60 {
        let now = clock.pass(SECOND);
        system.advance(now);
        for (source, calls) in sources.iter_mut().zip(&mut calls) {
            source.pull(calls, now).unwrap();
        }
    }
    assert_eq!(sources[1].status().counts.told, 60);
    assert_eq!(server.requests(), 60);
    server.answer(|_, _| Answer::status(404));
    for _ in 0..60 {
        let now = clock.pass(SECOND);
        system.advance(now);
        for (source, calls) in sources.iter_mut().zip(&mut calls) {
            source.pull(calls, now).unwrap();
        }
    }
    assert!(sources[1].status().failures > 2, "one failure of the one is not for half an hour that of the other");
}

/// Who waits for another's call has begun to wait before it ended.
#[cfg(target_os = "linux")]
#[test]
fn those_who_wait_for_a_call_that_takes_time_ask_nobody() {
    let server = Server::new(|n, _| numbered(n));
    let (_system, sources, clock) = asked(&server, "ttl = \"4s\"\nstale_while = \"0s\"");
    clock.pass(4 * SECOND);
    let slow = clock.clone();
    server.answer(move |n, _| {
        slow.pass(SECOND);
        numbered(n)
    });
    server.hold(true);
    std::thread::scope(|scope| {
        let asker = || std::thread::Builder::new().name("asks".into());
        let ask = || sources.ask("spx").map(|(sample, _)| sample.value);
        let asks: Vec<_> = (0..16).map(|_| asker().spawn_scoped(scope, ask).unwrap()).collect();
        until("a request", || server.requests() == 2);
        // One waits for the answer, the others for him.
        until("all of them wait", || asleep("asks") == 16);
        server.hold(false);
        asks.into_iter().for_each(|ask| assert_eq!(ask.join().unwrap(), Ok(Value::Number(2.0))));
    });
    assert_eq!(server.requests(), 2);
}

#[test]
fn a_clock_that_was_put_back_makes_nothing_young() {
    let server = Server::new(|n, _| numbered(n));
    let mut rig = Rig::new(&file(&index("ttl = \"5s\""), &[("URL", &server.url())]));
    rig.pull();
    rig.clock.put_back(Duration::from_secs(3_600));
    // The System's time does not go back.
    let now = rig.system.now();
    rig.source.pull(&mut rig.calls, now).unwrap();
    assert_eq!(server.requests(), 2);
}

#[test]
fn what_cannot_be_read_is_not_confirmed_by_not_modified() {
    let server = Server::new(|_, headers| match headers.get("if-none-match") {
        None => Answer::json("{}").with("etag", "\"v1\""),
        Some(_) => Answer::status(304),
    });
    let mut rig = Rig::new(&file(&index("tries = 1"), &[("URL", &server.url())]));
    assert_eq!(rig.pull().failure.unwrap().trouble, Trouble::BadPayload);
    server.answer(|_, headers| match headers.get("if-none-match") {
        None => Answer::json("{\"value\": 7}").with("etag", "\"v1\""),
        Some(_) => Answer::status(304),
    });
    assert_eq!((rig.pull().counts.told, rig.source.status().failure), (1, None));
}

#[test]
fn a_cache_on_the_way_tells_how_old_a_value_without_time_is() {
    let server = Server::new(|n, _| numbered(n).with("age", "25"));
    let mut rig = Rig::new(&file(&index(""), &[("URL", &server.url())]));
    let (_, at) = rig.pull().value.unwrap();
    assert_eq!(at, common::START + SECOND - Duration::from_secs(25));
}

#[test]
fn who_is_asked_to_wait_has_no_better_breaker_when_its_halt_is_over() {
    let server = Server::new(|_, _| Answer::status(429).with("retry-after", "3600"));
    let mut rig = Rig::new(&file(&index("failures = 1\ntries = 1\nhalt_for = \"5s\""), &[("URL", &server.url())]));
    rig.pull();
    for second in 0..3_000 {
        assert_ne!(rig.status("calls:spx"), Status::Active, "{second}");
        rig.pull();
    }
    assert_eq!(server.requests(), 1, "and nobody has called");
}

#[test]
fn while_its_breaker_is_tripped_nobody_asks_for_anybody() {
    let server = Server::new(|_, _| Answer::status(500));
    let (_system, sources, clock) = asked(&server, "failures = 1\nevery = \"1s\"\nnegative_ttl = \"0s\"");
    until("held", || {
        clock.pass(SECOND);
        sources.statuses()[0].held > 0
    });
    let before = server.requests();
    for _ in 0..50 {
        assert_eq!(sources.ask("spx").unwrap_err().trouble, Trouble::Held);
    }
    assert_eq!(server.requests(), before);
}

#[test]
fn what_is_asked_for_is_judged() {
    let server = Server::new(|_, _| Answer::json("{\"value\": -1}"));
    let (_system, sources, _clock) = asked(&server, "");
    assert_eq!(sources.ask("spx").unwrap_err().trouble, Trouble::Refused);
}
