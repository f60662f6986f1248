//! A feed that many threads push into: nothing is lost, one trip only, and what is heard in order is what one feed would
//! have heard.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use haltline::Outcome::{Failure, Success};
use haltline::*;
use proptest::prelude::*;
use support::*;

const TOOK: Duration = Duration::from_millis(1);
const EACH: u32 = 5_000;

/// The last `calls` calls; a limit that nothing reaches, so that the window counts on.
fn counting(calls: u32, consecutive: Option<u32>) -> BreakerSpec {
    let limits = Limits { limit: ratio(1.0), ..Limits::of(ratio(0.9)) };
    let rule =
        Technical { failure_rate: limits, window: CallWindow::Last(calls), min_calls: calls, slow: None, consecutive };
    spec("gw", "gw/a", RuleSpec::Technical(rule), Kind::Technical.default_policy())
}

fn share(system: &System, handles: u32, capacity: u32) -> SharedFeed {
    system.feed("gw/a").unwrap().share(handles, capacity).unwrap()
}

/// Pushes until it is taken: what is refused for a full queue has changed nothing.
fn insist(mut push: impl FnMut() -> Result<(), FeedError>) {
    while let Err(refused) = push() {
        assert_eq!(refused.kind(), ErrorKind::Full);
        std::thread::yield_now();
    }
}

/// Runs `push` on so many threads, each with a handle of its own.
fn on_threads(count: usize, feed: &SharedFeed, push: impl Fn(&mut SharedHandle, u32) + Sync) {
    std::thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(|| {
                let mut handle = feed.handle().unwrap();
                (0..EACH).for_each(|n| push(&mut handle, n));
            });
        }
    });
}

#[test]
fn every_call_of_every_thread_counts_once() {
    for threads in [1, 2, 8] {
        let calls = threads as u32 * EACH;
        let system = system(vec![counting(calls, None)]);
        let feed = share(&system, 8, 64);
        on_threads(threads, &feed, |handle, n| {
            let outcome = if n % 5 == 0 { Failure } else { Success };
            insist(|| handle.outcome(outcome, TOOK, at(0)));
        });
        // The window is full with the last of them, and has its rate; one less and it had none, one more and it has lost one.
        let value = status(&system, "gw").value.unwrap().0;
        assert!((value - 0.2).abs() < 1e-12, "{threads} threads: {value}");
        assert_eq!(status(&system, "gw").status, Status::Active);
    }
}

#[test]
fn every_delta_of_every_thread_is_booked_once() {
    for threads in [1, 2, 8] {
        let source = LossSource::Pnl { capital: money(1_000_000.0) };
        let rule = LossRate { source, window: Duration::from_secs(60), ..LossRate::with_limit(ratio(0.5)) };
        let books = spec("books", "gw/a", RuleSpec::LossRate(rule), Kind::LossRate.default_policy());
        let system = system(vec![books]);
        let feed = share(&system, 8, 64);
        feed.handle().unwrap().pnl(Money::ZERO, at(0)).unwrap();
        system.advance(at(60));
        on_threads(threads, &feed, |handle, n| {
            // Gains and losses; the sum of each pair is a loss of 4.
            let delta = if n % 2 == 0 { -7.0 } else { 3.0 };
            insist(|| handle.pnl(money(delta), at(60)));
        });
        let lost = 2.0 * f64::from(EACH) * threads as f64 / 1_000_000.0;
        let value = status(&system, "books").value.unwrap().0;
        assert!((value - lost).abs() < 1e-12, "{threads} threads: {value}, not {lost}");
    }
}

#[test]
fn predictions_and_deposits_of_many_threads_count_too() {
    let rule =
        RuleSpec::ModelPerformance(ModelPerformance { window: 100, min_outcomes: 100, ..ModelPerformance::default() });
    let model = spec("model", "gw/a", rule, Kind::ModelPerformance.default_policy());
    let source = LossSource::Pnl { capital: money(1_000.0) };
    let rule = LossRate { source, window: Duration::from_secs(60), ..LossRate::with_limit(ratio(0.5)) };
    let books = spec("books", "gw/a", RuleSpec::LossRate(rule), Kind::LossRate.default_policy());
    let system = system(vec![model, books]);
    let feed = share(&system, 2, 64);
    let mut handles = [feed.handle().unwrap(), feed.handle().unwrap()];
    handles[0].pnl(Money::ZERO, at(0)).unwrap();
    system.advance(at(60));
    for n in 0..100 {
        handles[n % 2].prediction(n % 4 != 0, at(60)).unwrap();
    }
    handles[1].pnl(money(-100.0), at(60)).unwrap();
    assert_eq!(status(&system, "model").value.unwrap().0, 0.75);
    assert_eq!(status(&system, "books").value.unwrap().0, 0.1);
    // No gain: 100 of 1 500.
    handles[0].flow(money(500.0), at(60)).unwrap();
    assert!((status(&system, "books").value.unwrap().0 - 100.0 / 1_500.0).abs() < 1e-12);
}

#[test]
fn a_row_over_all_threads_trips_once_and_is_told_once() {
    for threads in [1, 2, 8] {
        let row = threads as u32 * EACH;
        let system = system(vec![counting(65_536, Some(row))]);
        let feed = share(&system, 8, 64);
        let gate = system.gate(&["gw/a"]).unwrap();
        on_threads(threads, &feed, |handle, _| insist(|| handle.outcome(Failure, TOOK, at(0))));
        assert!(!gate.permits(Intent::Increase), "{threads} threads: a failure is missing in the row");
        assert_eq!(status(&system, "gw").trips, 1);
        let tripped = event_types(&system).into_iter().filter(|event| *event == EventType::Tripped).count();
        assert_eq!(tripped, 1);
    }
}

#[test]
fn what_is_pushed_alone_has_been_heard_when_the_push_returns() {
    let system = system(vec![counting(100, Some(2))]);
    let (feed, gate) = (share(&system, 2, 1), system.gate(&["gw/a"]).unwrap());
    let (mut one, mut other) = (feed.handle().unwrap(), feed.handle().unwrap());
    one.outcome(Failure, TOOK, at(0)).unwrap();
    assert!(gate.permits(Intent::Increase));
    other.outcome(Failure, TOOK, at(0)).unwrap();
    assert!(!gate.permits(Intent::Increase));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Two handles of one thread, pushed in any order of times between them: the same as a feed that hears each at its time
    /// or at that of the last, if that is later. (What lies unheard together is merged by time: see the unit tests.)
    #[test]
    fn one_thread_with_two_handles_is_heard_as_one_feed_is(
        calls in prop::collection::vec((0usize..2, 0u64..3, any::<bool>(), 0u64..4), 1..60),
    ) {
        let rule = Technical { window: CallWindow::Time(Duration::from_secs(8)), min_calls: 4, consecutive: Some(4), ..Technical::default() };
        let gateway = || spec("gw", "gw/a", RuleSpec::Technical(rule.clone()), Kind::Technical.default_policy());
        let (shared, twin) = (system(vec![gateway()]), system(vec![gateway()]));
        let feed = share(&shared, 2, 1);
        let mut handles = [feed.handle().unwrap(), feed.handle().unwrap()];
        let mut plain = twin.feed("gw/a").unwrap();
        let (mut own, mut last) = ([1, 1], 0);
        for (who, step, failed, took) in calls {
            own[who] += step;
            last = last.max(own[who]);
            [&shared, &twin].iter().for_each(|system| system.advance(at(last)));
            let outcome = if failed { Failure } else { Success };
            let (took, late) = (Duration::from_secs(took), Duration::from_secs(last - own[who]));
            handles[who].outcome(outcome, took, at(own[who])).unwrap();
            // The same end, and the same begin.
            plain.outcome(outcome, took + late, at(last)).unwrap();
            let seen = |system: &System| {
                let BreakerStatus { status, value, trips, .. } = status(system, "gw");
                (status, value, trips)
            };
            prop_assert_eq!(seen(&shared), seen(&twin));
        }
    }
}

#[test]
fn slow_is_what_took_long_not_what_is_heard_late() {
    let slow = Some(SlowCalls { rate: Limits::of(ratio(0.5)), after: Duration::from_secs(2) });
    let rule = Technical { min_calls: 2, slow, ..Technical::default() };
    let system = system(vec![spec("gw", "gw/a", RuleSpec::Technical(rule), Kind::Technical.default_policy())]);
    system.advance(at(100));
    let feed = share(&system, 2, 4);
    let (mut fast, mut late) = (feed.handle().unwrap(), feed.handle().unwrap());
    fast.outcome(Success, TOOK, at(100)).unwrap();
    late.outcome(Success, Duration::from_secs(1), at(50)).unwrap();
    assert_eq!(status(&system, "gw").status, Status::Active, "a second, heard 50 s later");
    late.outcome(Success, Duration::from_secs(2), at(50)).unwrap();
    late.outcome(Success, Duration::from_secs(2), at(50)).unwrap();
    assert_eq!(status(&system, "gw").reason, Reason::SlowRate);
}

#[test]
fn nothing_leaves_a_window_early_for_a_late_call() {
    let rule = Technical { window: CallWindow::Time(Duration::from_secs(64)), min_calls: 2, ..Technical::default() };
    let system = system(vec![spec("gw", "gw/a", RuleSpec::Technical(rule), Kind::Technical.default_policy())]);
    system.advance(at(200));
    let feed = share(&system, 2, 4);
    let (mut fast, mut late) = (feed.handle().unwrap(), feed.handle().unwrap());
    late.outcome(Failure, TOOK, at(150)).unwrap();
    fast.outcome(Success, TOOK, at(200)).unwrap();
    fast.outcome(Success, TOOK, at(200)).unwrap();
    // By its own time it had left at 215 s and nothing were left of the row; it counts as of 200 s.
    late.outcome(Failure, TOOK, at(151)).unwrap();
    assert_eq!(status(&system, "gw").status, Status::Tripped, "2 of 4");
}

#[test]
fn handles_are_as_many_as_asked_for_and_the_feed_is_free_after_the_last() {
    let system = system(vec![counting(10, None)]);
    let refused = |handles, capacity| system.feed("gw/a").unwrap().share(handles, capacity).unwrap_err().kind();
    let all = [refused(0, 1), refused(65, 1), refused(1, 0), refused(1, 65_537)];
    assert_eq!(all, [ErrorKind::BadPlan; 4]);
    let feed = share(&system, SharedFeed::MAX_HANDLES, 1);
    let handles: Vec<_> = core::iter::from_fn(|| feed.handle()).collect();
    assert_eq!(handles.len(), 64);
    assert_eq!(system.feed("gw/a").unwrap_err().kind(), ErrorKind::Claimed);
    drop(feed);
    assert_eq!(system.feed("gw/a").unwrap_err().kind(), ErrorKind::Claimed);
    drop(handles);
    assert!(system.feed("gw/a").is_ok());
}

#[test]
fn the_window_goes_from_the_feed_to_the_shared_one_and_back() {
    let system = system(vec![counting(100, Some(3))]);
    system.feed("gw/a").unwrap().outcome(Failure, TOOK, at(0)).unwrap();
    share(&system, 1, 4).handle().unwrap().outcome(Failure, TOOK, at(0)).unwrap();
    assert_eq!(status(&system, "gw").status, Status::Active);
    system.feed("gw/a").unwrap().outcome(Failure, TOOK, at(0)).unwrap();
    assert_eq!(status(&system, "gw").status, Status::Tripped);
}

#[test]
fn reloads_beside_pushes_forget_and_lose_nothing() {
    const RELOADS: u32 = 50;
    let row = 2 * EACH;
    let system = system(vec![counting(65_536, Some(row))]);
    let (feed, reloaded) = (share(&system, 2, 64), AtomicU32::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0..RELOADS {
                // Another severity, another revision: the window and the row are taken over.
                let mut spec = counting(65_536, Some(row));
                spec.policy.severity = 0.5 * f64::from(turn % 2);
                system.reload(&plan(vec![spec])).unwrap();
                reloaded.fetch_add(1, Ordering::Relaxed);
            }
        });
        on_threads(2, &feed, |handle, n| {
            // In step with the reloads.
            while reloaded.load(Ordering::Relaxed) < n * RELOADS / EACH {
                std::thread::yield_now();
            }
            insist(|| handle.outcome(Failure, TOOK, at(0)));
        });
    });
    assert_eq!((status(&system, "gw").status, status(&system, "gw").trips), (Status::Tripped, 1));
}

#[test]
fn after_a_shutdown_every_push_is_an_error() {
    let system = system(vec![counting(10, None)]);
    let feed = share(&system, 2, 4);
    let mut handle = feed.handle().unwrap();
    handle.outcome(Success, TOOK, at(0)).unwrap();
    system.shutdown(Duration::ZERO).unwrap();
    let kind = |result: Result<(), FeedError>| result.unwrap_err().kind();
    assert_eq!(kind(handle.outcome(Failure, TOOK, at(0))), ErrorKind::Closed);
    assert_eq!(kind(handle.outcome(Failure, Duration::MAX, at(0))), ErrorKind::Closed);
    drop(system);
    assert_eq!(kind(feed.handle().unwrap().pnl(Money::ZERO, at(0))), ErrorKind::Closed);
}

#[test]
fn a_shutdown_beside_pushes_stops_them() {
    let system = system(vec![counting(10, None)]);
    let (feed, pushed) = (share(&system, 2, 64), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut handle = feed.handle().unwrap();
                loop {
                    match handle.outcome(Success, TOOK, at(0)) {
                        Err(refused) if refused.kind() == ErrorKind::Closed => break,
                        _ => {
                            pushed.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
        while pushed.load(Ordering::Relaxed) < 1_000 {
            std::thread::yield_now();
        }
        system.shutdown(Duration::ZERO).unwrap();
    });
}
