//! What lies in the queues when somebody begins to hear: merged by time and handle, against a feed that is told in that order.
#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;

use super::*;
use crate::{BreakerSpec, BreakerStatus, CallWindow, Kind, Plan, RuleSpec, ScopePath, Skew, Status, System, Technical};

const START: u64 = 1_000_000_000_000;

fn at(nanos: u64) -> Nanos {
    Nanos(START + nanos)
}

/// Half of the last five, or three failures in a row.
fn system() -> System {
    let rule = Technical { window: CallWindow::Last(5), min_calls: 5, consecutive: Some(3), ..Technical::default() };
    let policy = Kind::Technical.default_policy();
    let spec = BreakerSpec::new("gw", ScopePath::root(), RuleSpec::Technical(rule)).with_policy(policy);
    System::manual(Plan { breakers: vec![spec], ..Plan::default() }, at(0)).unwrap()
}

fn status(system: &System) -> BreakerStatus {
    system.breaker_status(system.breaker("gw").unwrap()).unwrap()
}

/// What decisions and people see of it.
fn seen(system: &System) -> (Status, Option<(f64, f64)>, u64) {
    let status = status(system);
    (status.status, status.value, status.trips)
}

/// Runs `pushes` as if another thread was hearing, and hears it all then.
fn unheard(feed: &SharedFeed, pushes: impl FnOnce()) {
    feed.shared.merge.with_ear(|_| pushes()).unwrap();
    feed.shared.merge.hear();
}

type Call = (usize, u64, bool);

/// Each call is pushed by one of three handles, in the order given.
fn push_all(handles: &mut [SharedHandle], calls: &[Call]) {
    for (who, time, failed) in calls {
        handles[*who].outcome(outcome(*failed), Duration::ZERO, at(*time)).unwrap();
    }
}

fn outcome(failed: bool) -> Outcome {
    if failed { Outcome::Failure } else { Outcome::Success }
}

/// Rounds of calls: of one handle in the order of time, of two in any, also from round to round.
fn rounds() -> impl Strategy<Value = Vec<Vec<Call>>> {
    let call = (0usize..3, 0u64..40, any::<bool>());
    prop::collection::vec(prop::collection::vec(call, 0..12), 1..6).prop_map(|mut rounds| {
        for who in 0..3 {
            let mut times: Vec<_> = rounds.iter().flatten().filter(|call| call.0 == who).map(|call| call.1).collect();
            times.sort_unstable();
            let own = rounds.iter_mut().flatten().filter(|call| call.0 == who);
            own.zip(times).for_each(|(call, time)| call.1 = time);
        }
        rounds
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Times are equal and late as they come: within a round the earliest first, of equal ones the first handle's; a later
    /// round as of the last that was heard.
    #[test]
    fn what_is_there_is_heard_by_time_and_handle(rounds in rounds()) {
        let (merged, twin) = (system(), system());
        let feed = merged.feed("").unwrap().share(3, 16).unwrap();
        let mut handles: Vec<_> = (0..3).map(|_| feed.handle().unwrap()).collect();
        let mut plain = twin.feed("").unwrap();
        let mut last = 0;
        for mut round in rounds {
            unheard(&feed, || push_all(&mut handles, &round));
            round.sort_by_key(|(who, time, _)| (*time, *who));
            for (_, time, failed) in round {
                last = last.max(time);
                plain.outcome(outcome(failed), Duration::ZERO, at(last)).unwrap();
            }
            prop_assert_eq!(seen(&merged), seen(&twin));
        }
    }
}

#[test]
fn one_whom_nobody_hears_is_heard_by_the_next() {
    let system = system();
    let feed = system.feed("").unwrap().share(2, 4).unwrap();
    let (mut a, mut b) = (feed.handle().unwrap(), feed.handle().unwrap());
    feed.shared.merge.with_ear(|_| {
        a.outcome(Outcome::Failure, Duration::ZERO, at(2)).unwrap();
        a.outcome(Outcome::Failure, Duration::ZERO, at(3)).unwrap();
        assert!(status(&system).unready);
    });
    b.outcome(Outcome::Failure, Duration::ZERO, at(1)).unwrap();
    assert_eq!(status(&system).status, Status::Tripped);
}

#[test]
fn a_full_queue_refuses_counts_and_has_room_again() {
    let system = system();
    let feed = system.feed("").unwrap().share(2, 4).unwrap();
    let mut handle = feed.handle().unwrap();
    let mut push = || handle.outcome(Outcome::Success, Duration::ZERO, at(1));
    feed.shared.merge.with_ear(|_| {
        (0..4).for_each(|_| push().unwrap());
        assert_eq!(push().unwrap_err().kind(), ErrorKind::Full);
        assert_eq!(push().unwrap_err().kind(), ErrorKind::Full);
    });
    assert_eq!(status(&system).refused, 0, "not heard yet");
    push().unwrap();
    assert_eq!((status(&system).refused, status(&system).value), (2, Some((0.0, 0.5))));
    let told = || {
        let mut bad = 0;
        system.drain(|event| bad += u32::from(event.event_type() == crate::EventType::BadInput));
        bad
    };
    assert_eq!(told(), 1, "the first of a run is told");
}

#[test]
fn to_push_again_and_again_while_one_thread_is_stopped_is_not_silence() {
    let policy = crate::Policy { on_stale: crate::OnStale::Trip, ..Kind::Technical.default_policy() };
    let spec = BreakerSpec::new("gw", ScopePath::root(), RuleSpec::Technical(Technical::default())).with_policy(policy);
    let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, at(0)).unwrap();
    let feed = system.feed("").unwrap().share(2, 1).unwrap();
    let mut handle = feed.handle().unwrap();
    unheard(&feed, || {
        let refused = (0..100).filter(|_| handle.outcome(Outcome::Success, Duration::ZERO, at(1)).is_err());
        assert_eq!(refused.count(), 99);
    });
    assert_eq!((status(&system).status, status(&system).refused), (Status::Active, 99));
    // Ten that were each heard are.
    for _ in 0..10 {
        handle.outcome(Outcome::Success, Duration::MAX, at(1)).unwrap_err();
    }
    assert_eq!((status(&system).status, status(&system).refused), (Status::Tripped, 109));
}

#[test]
fn what_a_dropped_handle_has_pushed_is_heard_and_its_place_goes_on() {
    let system = system();
    let feed = system.feed("").unwrap().share(1, 4).unwrap();
    feed.shared.merge.with_ear(|_| {
        for n in 1..=2 {
            // The second goes on in the queue of the first.
            let mut handle = feed.handle().unwrap();
            assert!(feed.handle().is_none());
            handle.outcome(Outcome::Failure, Duration::ZERO, at(n)).unwrap();
        }
    });
    let mut third = feed.handle().unwrap();
    third.outcome(Outcome::Failure, Duration::ZERO, at(3)).unwrap();
    assert_eq!(status(&system).status, Status::Tripped, "three in a row");
}

#[test]
fn a_late_call_counts_now_and_has_begun_when_it_has() {
    let system = system();
    let feed = system.feed("").unwrap().share(2, 4).unwrap();
    let (mut fast, mut slow) = (feed.handle().unwrap(), feed.handle().unwrap());
    let second = 1_000_000_000;
    (0..3).for_each(|_| fast.outcome(Outcome::Failure, Duration::ZERO, at(second)).unwrap());
    assert_eq!(status(&system).status, Status::Tripped);
    system.advance(at(31 * second));
    assert_eq!(status(&system).status, Status::Active, "it has begun anew at 31 s");
    system.advance(at(40 * second));
    fast.outcome(Outcome::Success, Duration::ZERO, at(40 * second)).unwrap();
    // Two seconds each, heard as of 40 s; the first three began before the return, though they end at 32 s.
    for _ in 0..3 {
        slow.outcome(Outcome::Failure, Duration::from_secs(2), at(32 * second)).unwrap();
    }
    assert_eq!(status(&system).status, Status::Active, "they say what was");
    for _ in 0..3 {
        slow.outcome(Outcome::Failure, Duration::from_millis(900), at(32 * second)).unwrap();
    }
    assert_eq!(status(&system).status, Status::Tripped, "these began after it");
}

#[test]
fn each_handle_keeps_its_own_time() {
    let system = system();
    let backstep = Skew::default().max_backstep.as_nanos() as u64;
    let feed = system.feed("").unwrap().share(2, 4).unwrap();
    let (mut fast, mut slow) = (feed.handle().unwrap(), feed.handle().unwrap());
    let push = |handle: &mut SharedHandle, nanos| handle.outcome(Outcome::Success, Duration::ZERO, Nanos(nanos));
    push(&mut fast, START).unwrap();
    push(&mut fast, START - backstep).unwrap();
    let refused = push(&mut fast, START - backstep - 1).unwrap_err();
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::BadInput, "seconds before the last observation"));
    push(&mut slow, 1).unwrap();
    assert_eq!(status(&system).refused, 1);
    let ahead = START + Skew::default().max_ahead.as_nanos() as u64;
    push(&mut slow, ahead).unwrap();
    assert_eq!(push(&mut fast, ahead + 1).unwrap_err().field(), "seconds ahead of the System");
    let whole = Duration::from_nanos(START + 1);
    assert_eq!(fast.outcome(Outcome::Failure, whole, Nanos(START)).unwrap_err().field(), "duration");
    assert_eq!(status(&system).refused, 3);
}
