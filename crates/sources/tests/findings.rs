//! The two findings of the review that concern the world outside: `docs/findings.md` has the table.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, its helpers too")]

mod common;

use std::sync::Barrier;
use std::time::Duration;

use common::server::{Answer, Server};
use common::{Rig, SECOND, TestClock, file, index, until};
use haltline::{Intent, Plan, Status, System};
use haltline_sources::{Origin, Value};

fn level(n: usize) -> Answer {
    Answer::json(format!("{{\"value\": {}}}", 2_000 + n % 1_000))
}

#[test]
fn finding_2813_a_thousand_polls_go_over_two_connections_and_a_failed_one_is_tried_again() {
    let server = Server::new(|n, _| level(n));
    let mut rig = Rig::new(&file(&index(""), &[("URL", &server.url())]));
    for n in 0..1_000 {
        let status = rig.pull();
        assert_eq!(status.value.map(|(value, _)| value), Some(Value::Number(f64::from(2_000 + n % 1_000))));
    }
    assert_eq!(server.requests(), 1_000);
    assert!(server.connections() <= 2, "{} connections", server.connections());

    // Two of three calls fail: each poll has its value all the same, at the third try, after a wait and a longer one.
    let before = server.requests();
    server.answer(move |n, _| if (n - before) % 3 < 2 { Answer { status: 503, ..level(n) } } else { level(n) });
    rig.clock.waits();
    let status = rig.pull();
    assert_eq!((server.requests() - before, status.failures, status.failure), (3, 0, None));
    let [first, second] = rig.clock.waits()[..] else { panic!("two waits") };
    let ms = Duration::from_millis;
    assert!(!first.is_zero() && first <= ms(100) && !second.is_zero() && second <= ms(200), "{first:?} {second:?}");
    assert_eq!(rig.status("calls:spx"), Status::Active);
    assert!(server.connections() <= 2);
}

#[test]
fn sixteen_threads_share_two_connections() {
    let server = Server::new(|n, _| level(n));
    let one = |n: usize| index("ttl = \"0s\"").replace("spx", &format!("spx{n}")).replace("URL", &format!("URL{n}"));
    let text: String = (0..16).map(one).collect();
    // Each its own document, all of one host.
    let urls: Vec<_> = (0..16).map(|n| (format!("URL{n}"), format!("{}&n={n}", server.url()))).collect();
    let urls: Vec<_> = urls.iter().map(|(name, url)| (name.as_str(), url.as_str())).collect();
    let file = file(&text, &urls);
    let mut plan = Plan::default();
    file.add_to(&mut plan);
    let system = System::start(plan).unwrap();
    let sources = file.start_with(&system, TestClock::new()).unwrap();
    let all = Barrier::new(16);
    std::thread::scope(|scope| {
        for n in 0..16 {
            let (sources, all) = (&sources, &all);
            scope.spawn(move || {
                all.wait();
                (0..20).for_each(|_| assert!(sources.ask(&format!("spx{n}")).is_ok()));
            });
        }
    });
    assert!(server.requests() >= 16 && server.connections() <= 2, "{} connections", server.connections());
}

#[test]
fn finding_2814_a_hundred_askers_are_one_request_and_checks_ask_nobody() {
    let server = Server::new(|n, _| level(n));
    server.hold(true);
    // Polled once an hour, so that all that is asked is asked by the hundred.
    let text = index("every = \"1h\"\nttl = \"1s\"\nstale_while = \"10s\"");
    let file = file(&text, &[("URL", &server.url())]);
    let mut plan = Plan::default();
    file.add_to(&mut plan);
    let (system, clock) = (System::start(plan).unwrap(), TestClock::new());
    let sources = file.start_with(&system, clock.clone()).unwrap();
    let asked = Barrier::new(101);
    std::thread::scope(|scope| {
        let ask = || {
            asked.wait();
            sources.ask("spx").unwrap().0.value
        };
        let askers: Vec<_> = (0..100).map(|_| scope.spawn(ask)).collect();
        asked.wait();
        server.hold(false);
        for asker in askers {
            assert_eq!(asker.join().unwrap(), Value::Number(2_000.0));
        }
    });
    assert_eq!(server.requests(), 1);

    // Old by now: all have it at once, and one request renews it, although its answer does not come.
    server.hold(true);
    clock.pass(2 * SECOND);
    for _ in 0..100 {
        let (sample, origin) = sources.ask("spx").unwrap();
        assert_eq!((sample.value, origin), (Value::Number(2_000.0), Origin::Stale));
    }
    server.hold(false);
    until("it is renewed", || sources.ask("spx").unwrap().1 == Origin::Fresh);
    assert_eq!(sources.ask("spx").unwrap().0.value, Value::Number(2_001.0));
    assert_eq!(server.requests(), 2);

    // The order path: as many checks as one likes, and no request.
    let gate = system.gate(&["ext/spx"]).unwrap();
    assert!((0..100_000).all(|_| gate.permits(Intent::Increase)));
    assert_eq!(server.requests(), 2);
}
