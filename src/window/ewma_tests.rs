use super::super::drift::{LONG, noise};
use super::*;
use proptest::prelude::*;

/// Mean and variance of (weight, value), in two passes, the first over distances from the last value.
fn two_passes(values: &[(f64, f64)]) -> (f64, f64) {
    let last = values.last().unwrap().1;
    let weight: f64 = values.iter().map(|(weight, _)| weight).sum();
    let mean = values.iter().map(|(weight, value)| weight * (value - last)).sum::<f64>() / weight;
    let (mean, lost) = two_sum(last, mean);
    let squares = values.iter().map(|(weight, value)| weight * ((value - mean) - lost).powi(2)).sum::<f64>();
    (mean, squares / weight)
}

/// Of weights by count: the first stands for all before it.
fn by_count(alpha: f64, values: &[f64]) -> Vec<(f64, f64)> {
    let fade = |age: usize| (1.0 - alpha).powi(age as i32);
    let weight = |(index, value): (usize, &f64)| {
        let age = values.len() - 1 - index;
        (if index == 0 { fade(age) } else { alpha * fade(age) }, *value)
    };
    values.iter().enumerate().map(weight).collect()
}

fn by_time(half_life: u64, values: &[(u64, f64)]) -> Vec<(f64, f64)> {
    let now = values.last().unwrap().0;
    values.iter().map(|(at, value)| ((-((now - at) as f64) / half_life as f64).exp2(), *value)).collect()
}

fn spread(values: &[(f64, f64)]) -> f64 {
    let of = |most: fn(f64, f64) -> f64| values.iter().map(|(_, value)| *value).reduce(most).unwrap();
    of(f64::max) - of(f64::min)
}

/// What the module promises.
fn holds(found: (Option<f64>, Option<f64>), values: &[(f64, f64)]) -> Result<(), String> {
    let (mean, variance) = two_passes(values);
    let (found_mean, found_variance) = (found.0.unwrap(), found.1.unwrap());
    // What the twin's own mean loses of the spread spoils its variance by the square.
    let lost = (spread(values) * 1e-15).powi(2);
    if (found_mean - mean).abs() > mean.abs() * f64::EPSILON + spread(values) * 1e-12 {
        return Err(format!("mean {found_mean} for {mean}"));
    }
    if (found_variance - variance).abs() > variance * 1e-9 + lost + 1e-300 {
        return Err(format!("variance {found_variance} for {variance}"));
    }
    Ok(())
}

#[test]
fn the_first_value_is_the_mean_and_the_next_moves_it_by_alpha() {
    let mut ewma = Ewma::new(0.25);
    assert_eq!((ewma.mean(), ewma.variance(), ewma.z_score(1.0), ewma.count()), (None, None, None, 0));
    assert!(ewma.push(8.0));
    assert_eq!((ewma.mean(), ewma.variance(), ewma.z_score(1.0)), (Some(8.0), Some(0.0), None));
    assert!(ewma.push(12.0));
    assert_eq!((ewma.mean(), ewma.variance(), ewma.count()), (Some(9.0), Some(3.0), 2));
    assert_eq!(ewma.z_score(12.0), Some(3.0 / 3f64.sqrt()));
    ewma.clear();
    assert_eq!((ewma.mean(), ewma.count()), (None, 0));
}

#[test]
fn after_a_half_life_the_past_weighs_half() {
    let mut ewma = Ewma::with_half_life(3.0);
    [0.0, 1.0, 1.0, 1.0].into_iter().for_each(|value| assert!(ewma.push(value)));
    assert!((ewma.mean().unwrap() - 0.5).abs() < 1e-15);
    let mut timed = TimedEwma::new(Duration::from_nanos(100));
    assert!(timed.push(Nanos(1_000), 0.0) && timed.push(Nanos(1_100), 3.0));
    assert_eq!((timed.mean(), timed.variance(), timed.weight()), (Some(2.0), Some(2.0), 1.5));
    assert_eq!(timed.z_score(2.0 + 2f64.sqrt()).map(|score| (score * 1e9).round()), Some(1e9));
}

#[test]
fn parts_that_are_none_and_half_lives_of_nothing_remember_nothing() {
    let forgetful = [
        Ewma::new(f64::NAN),
        Ewma::new(0.0),
        Ewma::new(2.0),
        Ewma::with_half_life(0.0),
        Ewma::with_half_life(f64::NAN),
    ];
    for mut ewma in forgetful {
        assert!(ewma.push(5.0) && ewma.push(7.0));
        assert_eq!((ewma.mean(), ewma.variance()), (Some(7.0), Some(0.0)));
    }
    let mut timed = TimedEwma::new(Duration::ZERO);
    assert!(timed.push(Nanos(0), 5.0) && timed.push(Nanos(5_000), 7.0));
    assert_eq!((timed.mean(), timed.variance()), (Some(7.0), Some(0.0)));
}

#[test]
fn values_of_one_moment_all_count_and_a_time_before_the_last_is_the_last() {
    let mut timed = TimedEwma::new(Duration::from_secs(1));
    assert_eq!((timed.mean(), timed.variance(), timed.weight()), (None, None, 0.0));
    for (at, value) in [(50, 1.0), (50, 2.0), (0, 3.0)] {
        assert!(timed.push(Nanos(at), value));
    }
    let (mean, variance) = (timed.mean().unwrap(), timed.variance().unwrap());
    assert!((mean - 2.0).abs() < 1e-15 && (variance - 2.0 / 3.0).abs() < 1e-15, "{mean} {variance}");
    assert!((timed.weight() - 3.0).abs() < 1e-12);
    timed.clear();
    assert_eq!((timed.mean(), timed.variance(), timed.weight()), (None, None, 0.0));
}

#[test]
fn what_is_no_number_is_refused_and_changes_nothing() {
    let (mut ewma, mut timed) = (Ewma::new(0.5), TimedEwma::new(Duration::from_secs(1)));
    assert!(ewma.push(1.0) && timed.push(Nanos(5), 1.0));
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e151] {
        assert!(!ewma.push(bad) && !timed.push(Nanos(9), bad));
    }
    assert_eq!((ewma.mean(), ewma.count(), timed.mean(), timed.now), (Some(1.0), 1, Some(1.0), Nanos(5)));
}

#[test]
fn absurd_times_saturate() {
    for half_life in [Duration::ZERO, Duration::MAX] {
        let mut timed = TimedEwma::new(half_life);
        for at in [0, u64::MAX, 3] {
            assert!(timed.push(Nanos(at), 1e150) && timed.push(Nanos(at), -1e150));
            assert!(timed.mean().is_some_and(f64::is_finite) && timed.variance().is_some_and(f64::is_finite));
        }
    }
}

#[test]
fn a_long_run_drifts_by_nothing_and_small_steps_on_a_great_offset_are_not_lost() {
    let value = |step: u64| 1e9 + noise(step) * 1e-3;
    let (mut ewma, mut timed) = (Ewma::new(0.001), TimedEwma::new(Duration::from_secs(1)));
    // One a millisecond, so 1 000 a half-life: before the last 60 000 nothing weighs more than 2^-60.
    for step in 0..LONG {
        ewma.push(value(step));
        timed.push(Nanos(step * 1_000_000), value(step));
    }
    let last: Vec<u64> = (LONG - 60_000..LONG).collect();
    let values: Vec<f64> = last.iter().map(|step| value(*step)).collect();
    assert_eq!(holds((ewma.mean(), ewma.variance()), &by_count(0.001, &values)), Ok(()));
    let times: Vec<_> = last.iter().map(|step| (step * 1_000_000, value(*step))).collect();
    assert_eq!(holds((timed.mean(), timed.variance()), &by_time(1_000_000_000, &times)), Ok(()));
}

#[test]
fn a_half_life_of_a_year_does_not_round_steps_of_a_nanosecond_away() {
    let half_life = 365 * 86_400_000_000_000u64;
    let mut timed = TimedEwma::new(Duration::from_nanos(half_life));
    (0..100_000).for_each(|step| assert!(timed.push(Nanos(step), 0.0)));
    // All of them one half-life back, to within 1e-12 of it.
    assert!(timed.push(Nanos(half_life), 0.0));
    assert!((timed.weight() - 50_001.0).abs() < 1e-6, "{}", timed.weight());
}

fn values() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -1.0f64..1.0,
        4 => (-1.0f64..1.0).prop_map(|noise| 1e9 + noise * 1e-3),
        2 => prop::sample::select(vec![0.0, 0.1, 1e9]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn agree_with_the_slow_twins(
        alpha in prop_oneof![0.001f64..1.0, Just(1.0)],
        half_life in 1u64..1_000,
        heard in prop::collection::vec((prop_oneof![0u64..3, 0u64..100, 0u64..5_000], values()), 1..100),
    ) {
        let (mut ewma, mut timed) = (Ewma::new(alpha), TimedEwma::new(Duration::from_nanos(half_life)));
        let (mut now, mut all, mut times) = (0, Vec::new(), Vec::new());
        for (gap, value) in heard {
            now += gap;
            prop_assert!(ewma.push(value) && timed.push(Nanos(now), value));
            all.push(value);
            times.push((now, value));
            prop_assert_eq!(holds((ewma.mean(), ewma.variance()), &by_count(alpha, &all)), Ok(()));
            prop_assert_eq!(holds((timed.mean(), timed.variance()), &by_time(half_life, &times)), Ok(()));
            let weight: f64 = by_time(half_life, &times).iter().map(|(weight, _)| weight).sum();
            prop_assert!((timed.weight() - weight).abs() <= weight * 1e-12);
        }
    }
}
