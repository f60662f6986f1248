use super::*;
use proptest::prelude::*;

const GOOD: Call = Call { failed: false, slow: false };
const BAD: Call = Call { failed: true, slow: false };
const SLOW: Call = Call { failed: false, slow: true };
const BOTH: Call = Call { failed: true, slow: true };

fn counts(calls: u64, failed: u64, slow: u64) -> Counts {
    Counts { calls, failed, slow }
}

fn last(size: usize, calls: &[Call]) -> Counts {
    let mut window = LastCalls::new(size);
    calls.iter().for_each(|call| window.push(*call));
    window.counts()
}

/// One bucket is 10 ns.
fn recent() -> RecentCalls {
    RecentCalls::new(Duration::from_nanos(640))
}

#[test]
fn the_last_calls_count_and_none_before_them() {
    assert_eq!(last(3, &[]), counts(0, 0, 0));
    assert_eq!(last(3, &[BAD, SLOW]), counts(2, 1, 1));
    assert_eq!(last(3, &[BAD, SLOW, BOTH]), counts(3, 2, 2), "full");
    assert_eq!(last(3, &[BAD, SLOW, BOTH, GOOD]), counts(3, 1, 2), "the first has left");
    assert_eq!(last(3, &[BAD, SLOW, BOTH, GOOD, GOOD]), counts(3, 1, 1));
    assert_eq!(last(3, &[BAD, SLOW, BOTH, GOOD, GOOD, GOOD]), counts(3, 0, 0), "not cumulative");
    assert_eq!(last(1, &[BAD, BAD, GOOD]), counts(1, 0, 0));
    assert_eq!(last(0, &[GOOD, BAD]), counts(1, 1, 0), "a window of none is one of one");
}

#[test]
fn a_cleared_window_forgets_also_what_its_bits_still_say() {
    let mut window = LastCalls::new(40);
    (0..100).for_each(|_| window.push(BOTH));
    window.clear();
    assert_eq!(window.counts(), Counts::NONE);
    (0..40).for_each(|_| window.push(GOOD));
    assert_eq!(window.counts(), counts(40, 0, 0));
    window.push(GOOD);
    assert_eq!(window.counts(), counts(40, 0, 0), "what leaves is a call of after the clearing");
}

#[test]
fn a_call_counts_for_the_window_and_at_most_a_64th_longer() {
    for (first, leaves) in [(10, 660), (19, 660), (20, 670)] {
        let mut window = recent();
        window.push(Nanos(first), BAD);
        // Calls between, so that it is never idle.
        window.push(Nanos(400), GOOD);
        window.pass(Nanos(leaves - 1));
        assert_eq!(window.counts(), counts(2, 1, 0), "{first}");
        window.pass(Nanos(leaves));
        assert_eq!(window.counts(), counts(1, 0, 0), "{first}");
        let stays = leaves - first;
        assert!(stays > 640 && stays <= 650, "{stays}");
    }
}

#[test]
fn a_window_idle_for_longer_than_itself_is_empty_to_the_nanosecond() {
    let mut window = recent();
    window.push(Nanos(15), BAD);
    window.pass(Nanos(15 + 640));
    assert_eq!((window.is_idle(Nanos(655)), window.counts()), (false, counts(1, 1, 0)), "for as long as itself");
    window.pass(Nanos(15 + 641));
    assert_eq!((window.is_idle(Nanos(656)), window.counts()), (true, Counts::NONE), "for longer");
}

#[test]
fn a_long_gap_leaves_nothing_behind_in_any_bucket() {
    let mut window = recent();
    for at in 0..700 {
        window.push(Nanos(at), BAD);
    }
    // Whole turns of the ring later, to the same slots.
    window.push(Nanos(650 * 1_000 + 5), GOOD);
    assert_eq!(window.counts(), counts(1, 0, 0));
    for at in 0..650 {
        window.push(Nanos(650 * 1_000 + 5 + at), GOOD);
    }
    assert_eq!(window.counts().failed, 0);
}

#[test]
fn the_end_is_that_of_the_last_bucket() {
    let mut window = recent();
    window.push(Nanos(15), BAD);
    assert_eq!(window.end(), Nanos(660));
    window.push(Nanos(19), BAD);
    assert_eq!(window.end(), Nanos(660), "the same within a bucket");
    window.push(Nanos(20), BAD);
    assert_eq!(window.end(), Nanos(670));
    assert!(window.is_idle(window.end()));
}

#[test]
fn a_time_before_the_last_counts_as_the_last() {
    let mut window = recent();
    window.push(Nanos(1_000), GOOD);
    window.push(Nanos(3), BAD);
    assert_eq!(window.counts(), counts(2, 1, 0));
    window.pass(Nanos(1_640));
    assert_eq!(window.counts(), counts(2, 1, 0));
    window.pass(Nanos(1_650));
    assert_eq!(window.counts(), Counts::NONE);
}

#[test]
fn absurd_windows_and_times_saturate() {
    for window in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
        let mut window = RecentCalls::new(window);
        for at in [0, 1, u64::MAX - 1, u64::MAX, 0] {
            window.push(Nanos(at), BOTH);
            assert!(window.counts().calls >= 1);
            assert!(window.end() >= Nanos(1));
        }
    }
}

#[test]
fn memory_is_what_the_text_says() {
    assert_eq!(LastCalls::new(32).bits.len() * size_of::<u64>(), 8);
    assert_eq!(LastCalls::new(33).bits.len() * size_of::<u64>(), 16);
    assert_eq!(size_of::<Counts>() * RecentCalls::BUCKETS as usize, 1_560);
}

fn call() -> impl Strategy<Value = Call> {
    prop::sample::select(vec![GOOD, GOOD, BAD, SLOW, BOTH])
}

fn sum<'a>(calls: impl Iterator<Item = &'a Call>) -> Counts {
    calls.fold(Counts::NONE, |sum, call| {
        counts(sum.calls + 1, sum.failed + u64::from(call.failed), sum.slow + u64::from(call.slow))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    /// Against a list of all calls, of which the last n count.
    #[test]
    fn the_last_calls_agree_with_a_list(size in 1usize..100, calls in prop::collection::vec((call(), prop::bool::weighted(0.01)), 0..300)) {
        let (mut window, mut all) = (LastCalls::new(size), Vec::new());
        for (call, clear) in calls {
            if clear {
                window.clear();
                all.clear();
            }
            window.push(call);
            all.push(call);
            prop_assert_eq!(window.counts(), sum(all.iter().rev().take(size)));
        }
    }

    /// Against a list of all calls, of which those of the last 65 buckets count, and none before an idle time.
    #[test]
    fn recent_calls_agree_with_a_list(
        window in 1u64..3_000,
        steps in prop::collection::vec((prop_oneof![0u64..3, 0u64..100, 0u64..6_000, Just(1 << 40)], call(), any::<bool>()), 1..80),
    ) {
        let (mut recent, mut all, mut now) = (RecentCalls::new(Duration::from_nanos(window)), Vec::new(), 0u64);
        let width = window.div_ceil(64);
        for (gap, call, is_call) in steps {
            now += gap;
            if all.last().is_some_and(|(at, _)| now > at + window) {
                all.clear();
            }
            if is_call {
                recent.push(Nanos(now), call);
                all.push((now, call));
            } else {
                recent.pass(Nanos(now));
            }
            let within = all.iter().filter(|(at, _)| at / width + 64 >= now / width);
            prop_assert_eq!(recent.counts(), sum(within.map(|(_, call)| call)));
        }
    }
}
