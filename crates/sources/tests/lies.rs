//! What goes wrong outside: each trouble has its name, the breaker of the endpoint hears of it, and when all is well again it
//! comes back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, its helpers too")]

mod common;

use common::raw::{Manner, RawServer};
use common::server::{Answer, Server};
use common::{Rig, SECOND, file, impatient, index};
use haltline::Status;
use haltline_sources::{Trouble, Value};

fn good() -> Answer {
    Answer::json("{\"value\": 2746.56}")
}

/// Pulls until the breaker trips, which it does with the third failure; then nobody calls for 5 s. In the end calls succeed.
fn trips_and_comes_back(rig: &mut Rig, trouble: Trouble, mut heal: impl FnMut()) {
    for n in 1..=3 {
        assert_eq!(rig.status("calls:spx"), Status::Active, "{trouble:?} {n}");
        let status = rig.pull();
        let failure = status.failure.unwrap();
        assert_eq!((failure.trouble, status.failures), (trouble, n), "{failure}");
        assert!(!failure.text.contains("s3cr3t") && !failure.text.contains("localhost"), "{failure}");
    }
    assert_eq!(rig.status("calls:spx"), Status::Tripped, "{trouble:?}");
    let held = rig.pull();
    assert_eq!((held.failures, held.held, held.failure.unwrap().trouble), (3, 1, Trouble::Held));
    heal();
    assert_eq!(rig.pull_after(4 * SECOND).failure, None);
    assert_eq!(rig.status("calls:spx"), Status::Cooldown);
    for _ in 0..30 {
        assert_eq!(rig.pull().failure, None);
    }
    assert_eq!(rig.status("calls:spx"), Status::Active);
    assert_eq!(rig.source.status().value.unwrap().0, Value::Number(2746.56));
}

#[test]
fn each_lie_of_a_server_has_its_name_and_trips_the_breaker_until_it_is_honest_again() {
    type Lie = (Trouble, fn() -> Answer);
    let lies: [Lie; 10] = [
        (Trouble::Status(500), || Answer::status(500)),
        (Trouble::Status(404), || Answer::status(404)),
        (Trouble::BadPayload, || Answer::json("{\"value\": tru")),
        (Trouble::BadPayload, || Answer::json("{\"value\": \"s3cr3t\"}")),
        (Trouble::BadPayload, || Answer::json("{\"value\": 1}").with("content-type", "text/html")),
        (Trouble::TooLong, || Answer::endless(true)),
        (Trouble::TooLong, || Answer::endless(false)),
        (Trouble::Redirect, || Answer::status(302).with("location", "/level?again")),
        (Trouble::Redirect, || Answer::status(301).with("location", "ftp://localhost/")),
        (Trouble::Status(304), || Answer::status(304)),
    ];
    for (trouble, lie) in lies {
        let server = Server::new(move |_, _| lie());
        let mut rig = Rig::new(&file(&index("tries = 1"), &[("URL", &server.url())]));
        trips_and_comes_back(&mut rig, trouble, || server.answer(|_, _| good()));
    }
}

#[test]
fn a_server_that_is_silent_resets_truncates_or_babbles_is_told_apart() {
    for (manner, trouble) in [
        (Manner::Silent, Trouble::Timeout),
        (Manner::Reset, Trouble::Broken),
        (Manner::Truncated, Trouble::Broken),
        (Manner::Endless, Trouble::Broken),
        (Manner::Babble, Trouble::Broken),
    ] {
        let server = RawServer::new(manner);
        let text = if manner == Manner::Silent { impatient("tries = 1") } else { index("tries = 1") };
        let mut rig = Rig::new(&file(&text, &[("URL", &server.url())]));
        for _ in 0..3 {
            let failure = rig.pull().failure.unwrap();
            assert_eq!(failure.trouble, trouble, "{manner:?}: {failure}");
        }
        assert_eq!(rig.status("calls:spx"), Status::Tripped, "{manner:?}");
    }
}

#[test]
fn a_server_that_is_gone_or_slow_is_told_apart() {
    let server = Server::new(|_, _| good());
    server.hold(true);
    let url = server.url();
    let mut rig = Rig::new(&file(&impatient("tries = 1"), &[("URL", &url)]));
    assert_eq!(rig.pull().failure.unwrap().trouble, Trouble::Timeout);
    server.hold(false);
    let mut rig = Rig::new(&file(&index("tries = 1"), &[("URL", &url)]));
    assert_eq!(rig.pull().failure, None);
    drop(server);
    while rig.pull().failure.is_none() {
        // What was on its way may still come.
    }
    assert!(matches!(rig.pull().failure.unwrap().trouble, Trouble::Connect | Trouble::Broken));
}

#[test]
fn who_asks_to_wait_is_waited_for() {
    let server = Server::new(|n, _| if n == 0 { Answer::status(429).with("retry-after", "3") } else { good() });
    let mut rig = Rig::new(&file(&index(""), &[("URL", &server.url())]));
    assert_eq!(rig.pull().failure, None);
    assert_eq!((rig.clock.waits(), server.requests()), (vec![3 * SECOND], 2));

    // Longer than a call waits: it fails, and nobody asks again before.
    server.answer(|_, _| Answer::status(503).with("retry-after", "10"));
    assert_eq!(rig.pull().failure.unwrap().trouble, Trouble::Status(503));
    assert_eq!((rig.clock.waits().len(), server.requests()), (0, 3));
    server.answer(|_, _| good());
    for _ in 0..9 {
        assert!(rig.pull().failure.is_some());
    }
    assert_eq!(server.requests(), 3);
    assert_eq!(rig.pull().failure, None);
    assert_eq!(server.requests(), 4);
}

#[test]
fn retries_have_a_budget_and_what_cannot_pass_has_none() {
    let server = Server::new(|_, _| Answer::status(500));
    // A breaker that trips late, so that the calls go on.
    let text = index("tries = 3\nfailures = 1000\nnegative_ttl = \"0s\"");
    let mut rig = Rig::new(&file(&text, &[("URL", &server.url())]));
    for _ in 0..9 {
        rig.pull();
    }
    // Nine first calls and ten retries, not eighteen.
    assert_eq!(server.requests(), 9 + 10);
    server.answer(|_, _| Answer::status(401));
    let mut other = Rig::new(&file(&text, &[("URL", &server.url())]));
    let before = server.requests();
    other.pull();
    assert_eq!(server.requests() - before, 1, "who is not allowed in is not let in the next time");
}

#[test]
fn headers_are_sent_and_never_redirected() {
    let server = Server::new(|_, headers| match headers.get("x-key").map(|key| key.to_str().unwrap()) {
        Some("t0p") => Answer::status(302).with("location", "/elsewhere"),
        _ => Answer::status(401),
    });
    let text = index("tries = 1\nheaders = { X-Key = { env = \"KEY\" } }");
    let mut rig = Rig::new(&file(&text, &[("URL", &server.url()), ("KEY", "t0p")]));
    assert_eq!(rig.pull().failure.unwrap().trouble, Trouble::Redirect);
    assert_eq!(server.requests(), 1);
}

#[test]
fn up_to_three_redirects_are_followed() {
    let server = Server::new(|n, _| if n < 3 { Answer::status(307).with("location", "/level") } else { good() });
    let mut rig = Rig::new(&file(&index("tries = 1"), &[("URL", &server.url())]));
    assert_eq!(rig.pull().failure, None);
    assert_eq!(server.requests(), 4);
}
