//! What does not grow, however long it runs: trips, ways back, events, what people said.

use std::time::Duration;

use haltline::*;

use crate::alone;
use crate::counting::live_bytes;
use crate::support::*;

const MILLION: u32 = 1_000_000;

fn trip(system: &System, id: BreakerId, by: By<'_>) {
    system.trip(id, by).unwrap();
}

fn reset(system: &System, id: BreakerId, by: By<'_>) {
    system.reset(id, system.breaker_status(id).unwrap().stamp, by).unwrap();
}

/// Bytes that are in use after it and were not before.
fn kept(what: impl FnOnce()) -> i64 {
    let before = live_bytes();
    what();
    live_bytes() - before
}

#[test]
fn finding_2801_a_million_trips_and_resets_leave_nothing_tripped_and_no_byte() {
    alone(|| {
        let system = system((0..100).map(|i| manual(&format!("m{i}"), &format!("X/I{}", i % 10))).collect());
        let ids: Vec<_> = (0..100).map(|i| system.breaker(&format!("m{i}")).unwrap()).collect();
        let round = || {
            ids.iter().for_each(|id| trip(&system, *id, desk()));
            assert_eq!(system.status().tripped.len(), 100);
            ids.iter().for_each(|id| reset(&system, *id, desk()));
            assert!(system.status().tripped.is_empty());
            system.drain(|_| {});
        };
        // Until the room for what people have said is full.
        (0..50).for_each(|_| round());
        let after_reset = kept(|| (0..MILLION / 100).for_each(|_| round()));
        assert_eq!(after_reset, 0);
        assert_eq!(system.statistics().counts.trips, u64::from(MILLION) + 5_000);
    });
}

#[test]
fn finding_2802_a_million_cooldowns_begun_ended_and_cut_short_leave_no_timer() {
    alone(|| {
        let mut spec = drawdown("dd", "acct/a", 0.1);
        let second = Duration::from_secs(1);
        spec.policy = Policy {
            release: Release::Timed,
            halt: Halt::Timed { base: second, backoff: 1.0, max: second },
            cooldown_for: second,
            ..spec.policy
        };
        let system = system(vec![spec]);
        let (id, mut feed) = (system.breaker("dd").unwrap(), system.feed("acct/a").unwrap());
        let mut now = 0;
        let mut round = |cut_short: bool| {
            for equity in [100.0, 90.0, 100.0] {
                feed.equity(money(equity), at(now)).unwrap();
            }
            if cut_short {
                system.force_reset(id, stamp(&system, "dd"), admin()).unwrap();
                assert_eq!(status(&system, "dd").status, Status::Cooldown);
            }
            // The end of the halt and of the cooldown, whether they are still due or not.
            now += 4;
            system.advance(at(now));
            assert!(status(&system, "dd").denies.is_empty());
            system.drain(|_| {});
        };
        (0..10_000).for_each(|n| round(n % 2 == 0));
        assert_eq!(kept(|| (0..MILLION).for_each(|n| round(n % 2 == 0))), 0);
        assert_eq!(status(&system, "dd").trips, u64::from(MILLION) + 10_000);
    });
}

#[test]
fn finding_2803_an_event_is_64_bytes_without_texts_and_what_was_said_is_kept_so_many_times() {
    assert_eq!(size_of::<Event>(), 64);
    fn is_plain<T: Copy + 'static>() {}
    is_plain::<Event>();
    alone(|| {
        let system = system(vec![manual("desk", "X")]);
        let id = system.breaker("desk").unwrap();
        let mut first = None;
        let mut round = |n: u32| {
            system.advance(at(n.into()));
            // Another actor and another reason each time: the first 4 096 names are kept.
            let (name, reason) = (format!("actor{n:07}"), format!("for the {n:07}th time"));
            trip(&system, id, By::new(&name, Authority::RiskDesk, &reason));
            system.drain(|event| first = first.or(Some(*event)));
            // Twice a round somebody says something.
            assert_eq!(system.details(&first.unwrap()).note.is_some(), n <= 2_048, "{n}");
            reset(&system, id, By::new(&name, Authority::RiskDesk, &reason));
            system.drain(|_| {});
        };
        // The first event of all is the installation, which nobody has signed.
        system.drain(|_| {});
        (0..5_000).for_each(&mut round);
        assert_eq!(kept(|| (5_000..20_000).for_each(round)), 0);
    });
}

#[test]
fn finding_2823_the_history_is_a_ring_of_the_last_events() {
    alone(|| {
        let caps = Caps { history: 100, ..Caps::default() };
        let system = System::manual(Plan { caps, ..plan(vec![manual("desk", "X")]) }, at(0)).unwrap();
        let id = system.breaker("desk").unwrap();
        let mut last = 0;
        let mut round = || {
            for _ in 0..500 {
                trip(&system, id, desk());
                reset(&system, id, desk());
            }
            system.drain(|event| last = event.sequence);
        };
        (0..10).for_each(|_| round());
        assert_eq!(kept(|| (0..1_000).for_each(|_| round())), 0, "after a million events");
        let numbers: Vec<_> = system.history(&Past::default()).iter().map(|event| event.sequence).collect();
        assert_eq!(numbers, (last - 99..=last).collect::<Vec<_>>());
    });
}
