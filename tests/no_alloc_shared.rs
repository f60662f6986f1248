//! A shared feed allocates nothing once its handles are there: not to push, to be refused, to hear what others have pushed, to
//! trip.
#![allow(clippy::unwrap_used)]

#[path = "support/counting.rs"]
mod counting;
mod support;
use std::sync::Barrier;
use std::time::Duration;

use counting::calls_of;
use haltline::*;
use support::*;

/// Three in a row trip it, for a millisecond.
fn gateway() -> BreakerSpec {
    let short = Duration::from_millis(1);
    let policy =
        Policy { halt: Halt::Timed { base: short, backoff: 1.0, max: short }, ..Kind::Technical.default_policy() };
    let rule = Technical { window: CallWindow::Time(short), consecutive: Some(3), ..Technical::default() };
    spec("gw", "gw/a", RuleSpec::Technical(rule), policy)
}

/// Two threads push beside each other, one of them a little late, with every seventh refused.
fn calls(handle: &mut SharedHandle, late: u64) {
    for n in 0..20_000_u64 {
        let outcome = if n % 50 < 3 { Outcome::Failure } else { Outcome::Success };
        let took = if n % 7 == 0 { Duration::MAX } else { Duration::ZERO };
        // Refused for its duration, or for a queue that is full just now.
        let _ = handle.outcome(outcome, took, at(1) + Duration::from_micros(n) - Duration::from_micros(late));
        let _ = handle.pnl(Money::from_raw(1), at(1) + Duration::from_micros(n));
    }
}

#[test]
fn after_its_handles_are_made_it_allocates_nothing() {
    let rule = LossRate { source: LossSource::Pnl { capital: money(1.0) }, ..LossRate::with_limit(ratio(0.03)) };
    let books = spec("books", "gw/a", RuleSpec::LossRate(rule), Kind::LossRate.default_policy());
    let system = system(vec![gateway(), books]);
    system.advance(at(1));
    let feed = system.feed("gw/a").unwrap().share(2, 16).unwrap();
    let (ready, done) = (Barrier::new(2), Barrier::new(2));
    // What is made once is made in the first round.
    let rounds = |late: u64| {
        let mut handle = feed.handle().unwrap();
        [(), ()].map(|()| {
            ready.wait();
            let asked = calls_of(|| calls(&mut handle, late));
            if done.wait().is_leader() {
                system.advance(at(2));
            }
            asked
        })[1]
    };
    std::thread::scope(|threads| {
        let other = threads.spawn(|| rounds(3));
        assert_eq!((rounds(0), other.join().unwrap()), (0, 0));
    });
    let gateway = status(&system, "gw");
    assert!(gateway.trips >= 1 && gateway.refused > 1_000, "not wild enough to prove anything: {gateway:?}");
}
