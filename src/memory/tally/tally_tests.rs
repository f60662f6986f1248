#![allow(clippy::unwrap_used)]

use core::time::Duration;

use proptest::prelude::*;

use super::tally_twin::Twin;
use super::*;
use crate::model::units::Money;

/// Windows of 10 buckets of 100 ns.
fn tally(handles: u32) -> Tally {
    Tally::new(Duration::from_nanos(1_000), 10, handles).unwrap()
}

fn pnl(raw: i64) -> Amounts {
    Amounts { pnl: Money::from_raw(raw), ..Amounts::NONE }
}

fn counted(tally: &Tally, now: u64) -> u64 {
    tally.sums(Nanos(now)).amounts.success
}

#[derive(Clone, Debug)]
enum Op {
    Record {
        who: usize,
        time: Time,
        amounts: Amounts,
    },
    /// Drops the handle and takes another, which inherits the slot.
    Inherit {
        who: usize,
    },
    Ask {
        time: Time,
    },
}

/// A time beside the last one, or anywhere.
#[derive(Clone, Copy, Debug)]
enum Time {
    On(u64),
    Back(u64),
    At(u64),
}

impl Time {
    fn after(self, last: u64) -> u64 {
        match self {
            Self::On(by) => last.saturating_add(by),
            Self::Back(by) => last.saturating_sub(by),
            Self::At(time) => time,
        }
    }
}

fn times() -> impl Strategy<Value = Time> {
    prop_oneof![
        8 => (0u64..30).prop_map(Time::On),
        3 => (0u64..400).prop_map(Time::On),
        4 => (0u64..400).prop_map(Time::Back),
        1 => (0u64..2_000).prop_map(Time::At),
        1 => prop_oneof![Just(0), Just(1), Just(u64::MAX - 1), Just(u64::MAX), any::<u64>()].prop_map(Time::At),
    ]
}

fn amounts() -> impl Strategy<Value = Amounts> {
    let counts = || prop_oneof![6 => 0u64..3, 1 => 0u64..1_000_000, 1 => Just(u64::MAX)];
    let money = prop_oneof![4 => Just(0i64), 6 => -1_000_000i64..1_000_000, 1 => Just(i64::MAX), 1 => Just(i64::MIN)];
    (counts(), 0u64..3, 0u64..3, counts(), money).prop_map(|(success, failure, ignored, slow, pnl)| Amounts {
        success,
        failure,
        ignored,
        slow,
        pnl: Money::from_raw(pnl),
    })
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let record = (0usize..3, times(), amounts()).prop_map(|(who, time, amounts)| Op::Record { who, time, amounts });
    let inherit = (0usize..3).prop_map(|who| Op::Inherit { who });
    let ask = times().prop_map(|time| Op::Ask { time });
    proptest::collection::vec(prop_oneof![10 => record, 1 => inherit, 4 => ask], 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn equals_the_slow_twin(window in 1u64..300, buckets in 1u32..9, ops in ops()) {
        let tally = Tally::new(Duration::from_nanos(window), buckets, 3).unwrap();
        let mut handles: Vec<_> = (0..3).map(|_| tally.handle()).collect();
        let mut twin = Twin::new(window, buckets.into(), 3);
        let mut last = 1_000;
        for op in ops {
            match op {
                Op::Record { who, time, amounts } => {
                    let at = time.after(last);
                    // A wild time is an outlier, not the beginning of another age.
                    last = if matches!(time, Time::At(_)) { last } else { at };
                    handles[who].as_mut().unwrap().record(Nanos(at), amounts);
                    twin.record(who, Nanos(at), amounts);
                }
                Op::Inherit { who } => {
                    handles[who] = None;
                    handles[who] = tally.handle();
                    prop_assert_eq!(handles[who].as_ref().unwrap().slot, who);
                    prop_assert!(tally.handle().is_none());
                }
                Op::Ask { time } => {
                    let now = Nanos(time.after(last));
                    prop_assert_eq!(tally.sums(now), twin.sums(now));
                }
            }
            if let Some(totals) = twin.totals() {
                prop_assert_eq!(tally.totals(), totals);
            }
        }
        prop_assert_eq!(tally.sums(Nanos(last)), twin.sums(Nanos(last)));
    }

    /// What the documentation says, without a word of places: records in the order of time, asked for when they are made.
    #[test]
    fn in_the_order_of_time_only_age_counts(
        window in 1u64..300,
        buckets in 1u32..9,
        steps in proptest::collection::vec((0usize..2, 0u64..150, -9i64..9), 1..80),
    ) {
        let tally = Tally::new(Duration::from_nanos(window), buckets, 2).unwrap();
        let mut handles = [tally.handle().unwrap(), tally.handle().unwrap()];
        let width = window.div_ceil(buckets.into());
        let (mut now, mut kept) = (0, Vec::new());
        for (who, step, money) in steps {
            now += step;
            handles[who].record(Nanos(now), pnl(money));
            kept.push((now, money));
            let of = |stays: &dyn Fn(u64) -> bool| -> i64 { kept.iter().filter(|k| stays(k.0)).map(|k| k.1).sum() };
            let found = tally.sums(Nanos(now));
            prop_assert_eq!(found.amounts.pnl.raw(), of(&|at| now / width - at / width <= buckets.into()));
            prop_assert_eq!(found.late, 0);
            for at in kept.iter().map(|k| k.0) {
                let counts = now / width - at / width <= buckets.into();
                prop_assert!(counts || now - at > window, "gone before the window was over");
                prop_assert!(!counts || now - at < width * u64::from(buckets + 1), "there for more than a bucket longer");
            }
        }
    }
}

#[test]
fn a_record_counts_from_its_first_nanosecond_to_the_last_of_its_window() {
    for at in [5_000, 5_001, 5_099] {
        let tally = tally(1);
        tally.handle().unwrap().record(Nanos(at), Amounts::SUCCESS);
        // Bucket 50 lies in the windows of the buckets 49 (one ahead) to 60.
        assert_eq!([4_899, 4_900, 6_099, 6_100].map(|now| counted(&tally, now)), [0, 1, 1, 0], "{at}");
    }
}

#[test]
fn neighbouring_nanoseconds_lie_in_their_own_buckets() {
    let tally = tally(1);
    let mut handle = tally.handle().unwrap();
    for at in [4_999, 5_000, 5_099, 5_100, 5_000, 4_999] {
        handle.record(Nanos(at), Amounts::SUCCESS);
    }
    // One bucket after the other leaves.
    assert_eq!([5_999, 6_000, 6_100, 6_200].map(|now| counted(&tally, now)), [6, 4, 1, 0]);
}

#[test]
fn the_first_and_the_last_nanosecond_of_all_are_times() {
    for width in [1, 100, 1 << 40, u64::MAX] {
        let tally = Tally::new(Duration::from_nanos(width), 1, 1).unwrap();
        let mut handle = tally.handle().unwrap();
        for at in [0, 1, u64::MAX - 1, u64::MAX, 0, u64::MAX] {
            handle.record(Nanos(at), Amounts::SUCCESS);
        }
        assert_eq!(tally.totals().amounts.success, 6);
        assert!(counted(&tally, u64::MAX) >= 3, "width {width}");
        assert_eq!(counted(&tally, u64::MAX), counted(&tally, u64::MAX - 1));
    }
}

#[test]
fn a_straggler_goes_into_its_own_bucket_while_that_is_there_and_is_counted_when_it_is_not() {
    let tally = tally(1);
    let mut handle = tally.handle().unwrap();
    handle.record(Nanos(5_000), Amounts::SUCCESS);
    // Twelve places: bucket 39 has one of its own still, 38 had the one that 50 has, and that of 37 was never taken.
    handle.record(Nanos(3_900), Amounts::FAILURE);
    assert_eq!((tally.sums(Nanos(4_900)).amounts.failure, tally.totals().late), (1, 0));
    handle.record(Nanos(3_899), Amounts { slow: 1, ..Amounts::FAILURE });
    assert_eq!((tally.sums(Nanos(4_800)).amounts.failure, tally.totals().late), (1, 1));
    handle.record(Nanos(3_799), Amounts::FAILURE);
    assert_eq!((tally.sums(Nanos(4_700)).amounts.failure, tally.totals().late), (2, 1));
    let all = Amounts { success: 1, failure: 3, slow: 1, ..Amounts::NONE };
    assert_eq!(tally.totals(), Sums { amounts: all, late: 1 });
    // After a late record the handle goes on in its present bucket.
    handle.record(Nanos(5_000), Amounts::SUCCESS);
    assert_eq!(counted(&tally, 5_000), 2);
}

#[test]
fn who_is_a_bucket_ahead_counts_at_once_and_pushes_nothing_out() {
    let tally = tally(1);
    let mut handle = tally.handle().unwrap();
    handle.record(Nanos(4_000), Amounts::SUCCESS);
    handle.record(Nanos(5_199), Amounts::SUCCESS);
    assert_eq!(counted(&tally, 5_099), 2);
    // Two ahead, and the oldest bucket of the window goes early.
    handle.record(Nanos(5_200), Amounts::SUCCESS);
    assert_eq!([5_099, 5_100].map(|now| counted(&tally, now)), [1, 2]);
    assert_eq!(tally.totals().amounts.success, 3);
}

#[test]
fn one_wild_time_takes_one_place_and_no_more() {
    let tally = tally(1);
    let mut handle = tally.handle().unwrap();
    handle.record(Nanos(u64::MAX), Amounts::FAILURE);
    for at in (5_000..6_200).step_by(100) {
        handle.record(Nanos(at), Amounts::SUCCESS);
    }
    assert_eq!((counted(&tally, 6_000), tally.totals().late), (11, 1));
    assert_eq!(tally.sums(Nanos(6_000)).amounts.failure, 0);
}

#[test]
fn a_slot_goes_on_with_its_counts_and_never_has_two_hands() {
    let tally = tally(2);
    let (mut a, b) = (tally.handle().unwrap(), tally.clone().handle().unwrap());
    assert!(tally.handle().is_none());
    a.record(Nanos(5_000), pnl(-7));
    drop(a);
    let mut c = tally.handle().unwrap();
    assert_eq!((c.slot, b.slot), (0, 1));
    c.record(Nanos(5_000), pnl(5));
    assert_eq!(tally.sums(Nanos(5_000)).amounts, pnl(-2));
}

#[test]
fn a_handle_outlives_its_tally() {
    let tally = tally(1);
    let (mut handle, clone) = (tally.handle().unwrap(), tally.clone());
    drop(tally);
    handle.record(Nanos(5_000), Amounts::SUCCESS);
    assert_eq!(counted(&clone, 5_000), 1);
    drop(clone);
    handle.record(Nanos(5_000), Amounts::SUCCESS);
}

#[test]
fn what_cannot_be_is_refused() {
    let refused = |window, buckets, handles| {
        let error = Tally::new(Duration::from_nanos(window), buckets, handles).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadPlan, "{error}");
    };
    refused(0, 1, 1);
    refused(1, 0, 1);
    refused(1, 1, 0);
    refused(1, Tally::MAX_BUCKETS + 1, 1);
    refused(1, 1, Tally::MAX_HANDLES + 1);
    assert!(Tally::new(Duration::MAX, Tally::MAX_BUCKETS, Tally::MAX_HANDLES).is_ok());
}

/// Two threads record beside each other, one of them through many handles, while this one reads: never more than will have
/// been recorded, never less than was seen before, no slowness without its call; and all of it at the end.
#[test]
fn threads_add_up_exactly() {
    const EACH: u64 = 30_000;
    // Each seventh record is a bucket late.
    let time = |n: u64| 10_000 + n - if n.is_multiple_of(7) { 100 } else { 0 };
    let tally = tally(3);
    let slow = Amounts { success: 2, slow: 1, pnl: Money::from_raw(-3), ..Amounts::NONE };
    let records = |every: u64| {
        let tally = &tally;
        move || {
            let mut handle = tally.handle().unwrap();
            for n in 0..EACH {
                if n % every == every - 1 {
                    drop(handle);
                    handle = tally.handle().unwrap();
                }
                // A place is used again all 1 200 records.
                handle.record(Nanos(time(n)), slow);
            }
            // Held to the end: the other's slot must not be inherited by this one, whose time is another.
            handle
        }
    };
    std::thread::scope(|scope| {
        let threads = [scope.spawn(records(u64::MAX)), scope.spawn(records(1_001))];
        let mut before = Sums::default();
        while !threads.iter().all(|t| t.is_finished()) {
            let (totals, window) = (tally.totals(), tally.sums(Nanos(time(EACH))).amounts);
            let found = totals.amounts;
            assert!(
                found.success >= before.amounts.success && found.pnl <= before.amounts.pnl,
                "{before:?} {totals:?}"
            );
            assert!(found.success <= 4 * EACH && found.slow * 2 <= found.success, "{found:?}");
            assert!(found.pnl.raw() >= -3 * found.slow as i64, "{found:?}");
            assert!(window.slow * 2 <= window.success && window.success <= 4 * 1_200, "{window:?}");
            before = totals;
        }
    });
    let whole = |n: u64| Amounts { success: 2 * n, slow: n, pnl: Money::from_raw(-3 * n as i64), ..Amounts::NONE };
    assert_eq!(tally.totals(), Sums { amounts: whole(2 * EACH), late: 0 });
    let last = EACH - 1;
    let stays = |n: &u64| time(last) / 100 - time(*n) / 100 <= 10;
    let kept = (0..EACH).filter(stays).count() as u64;
    assert_eq!(tally.sums(Nanos(time(last))).amounts, whole(2 * kept));
}
