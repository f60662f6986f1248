use super::super::drift::{LONG, noise};
use super::super::float::two_sum;
use super::*;
use proptest::prelude::*;

/// Summed up with what rounding loses, so that the twin's own error is out of the way.
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, lost) = values.fold((0.0, 0.0), |(sum, lost), value| {
        let (sum, now) = two_sum(sum, value);
        (sum, lost + now)
    });
    sum + lost
}

/// Mean and variance in two passes over distances from the first value, the second corrected by what the first lost.
fn two_passes(window: &[f64]) -> (f64, f64) {
    let (first, n) = (window[0], window.len() as f64);
    let mean = sum(window.iter().map(|value| value - first)) / n;
    let distances = || window.iter().map(|value| (value - first) - mean);
    let lost = sum(distances());
    (first + mean, (sum(distances().map(|distance| distance * distance)) - lost * lost / n) / (n - 1.0))
}

fn spread(window: &[f64]) -> f64 {
    window.iter().copied().fold(f64::MIN, f64::max) - window.iter().copied().fold(f64::MAX, f64::min)
}

/// What the module promises of a window.
fn holds(moments: &Moments, window: &[f64]) -> Result<(), String> {
    let (mean, variance) = two_passes(window);
    let found = moments.mean().unwrap();
    let allowed = mean.abs() * f64::EPSILON + spread(window) * 1e-13;
    if (found - mean).abs() > allowed {
        return Err(format!("mean {found} for {mean}"));
    }
    match moments.variance() {
        None if window.len() < 2 => Ok(()),
        Some(found) if (found - variance).abs() <= variance * 1e-12 + 1e-300 => Ok(()),
        found => Err(format!("variance {found:?} for {variance}")),
    }
}

#[test]
fn a_mean_needs_one_value_a_variance_two_and_a_score_two_that_differ() {
    let mut moments = Moments::new(3);
    assert_eq!((moments.mean(), moments.variance(), moments.z_score(1.0)), (None, None, None));
    assert!(moments.push(5.0));
    assert_eq!((moments.mean(), moments.variance(), moments.z_score(1.0)), (Some(5.0), None, None));
    assert!(moments.push(5.0));
    assert_eq!((moments.mean(), moments.variance(), moments.z_score(1.0)), (Some(5.0), Some(0.0), None));
    assert!(moments.push(8.0));
    assert!(moments.is_full());
    assert_eq!((moments.mean(), moments.variance()), (Some(6.0), Some(3.0)));
    assert_eq!(moments.z_score(9.0), Some(3.0 / 3f64.sqrt()));
    assert!(moments.push(11.0));
    assert_eq!((moments.mean(), moments.variance(), moments.deviation()), (Some(8.0), Some(9.0), Some(3.0)));
    assert_eq!((moments.z_score(2.0), moments.len()), (Some(-2.0), 3));
}

#[test]
fn a_window_of_one_has_a_mean_and_no_variance() {
    let mut moments = Moments::new(1);
    for value in [3.0, 1e9, -2.0] {
        assert!(moments.push(value));
        assert_eq!((moments.mean(), moments.variance(), moments.len()), (Some(value), None, 1));
    }
}

#[test]
fn equal_values_have_no_deviation_whatever_came_before() {
    for n in 2..40 {
        let mut moments = Moments::new(n);
        (0..100).for_each(|step| assert!(moments.push(noise(step) * 1e100)));
        (0..n).for_each(|_| assert!(moments.push(0.1)));
        assert_eq!((moments.mean(), moments.variance(), moments.z_score(1.0)), (Some(0.1), Some(0.0), None));
    }
}

#[test]
fn a_window_that_was_cleared_is_as_new() {
    for n in [1, 2, 9, 10] {
        let (mut old, mut new) = (Moments::new(n), Moments::new(n));
        (0..25).for_each(|step| assert!(old.push(noise(step) * 1e9)));
        old.clear();
        for step in 0..30 {
            assert_eq!((old.mean(), old.variance(), old.len()), (new.mean(), new.variance(), new.len()));
            assert!(old.push(noise(step)) && new.push(noise(step)));
        }
    }
}

#[test]
fn what_is_no_number_is_refused_and_changes_nothing() {
    let mut moments = Moments::new(3);
    [1.0, 3.0].into_iter().for_each(|value| assert!(moments.push(value)));
    assert!(![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e151].into_iter().any(|value| moments.push(value)));
    assert_eq!((moments.mean(), moments.variance(), moments.len()), (Some(2.0), Some(2.0), 2));
}

#[test]
fn the_greatest_values_give_numbers_and_leave_nothing_behind() {
    let mut moments = Moments::new(1_000);
    for step in 0..2_500u64 {
        assert!(moments.push(if step.is_multiple_of(2) { 1e150 } else { -1e150 }));
        assert!(moments.variance().is_none_or(f64::is_finite));
    }
    assert!(moments.variance().unwrap() > 1e299);
    (0..1_000).for_each(|step| assert!(moments.push(f64::from(step))));
    assert_eq!(holds(&moments, &(0..1_000).map(f64::from).collect::<Vec<_>>()), Ok(()));
}

#[test]
fn a_great_offset_costs_no_digits() {
    let mut moments = Moments::new(100);
    let value = |step| 1e9 + (noise(step) * 1e-3);
    (0..10_000).for_each(|step| assert!(moments.push(value(step))));
    let window: Vec<_> = (9_900..10_000).map(value).collect();
    assert_eq!(holds(&moments, &window), Ok(()));
    // The same without the offset: its values are multiples of 2^-23, so the difference is exact.
    let mut alone = Moments::new(100);
    window.iter().for_each(|value| assert!(alone.push(value - 1e9)));
    let (with, without) = (moments.variance().unwrap(), alone.variance().unwrap());
    assert!((with - without).abs() <= without * 1e-12, "{with} {without}");
}

/// Steps, outliers, a trend, and noise on 1e9, in windows of all sizes.
#[test]
fn windows_up_to_65_536_hold_the_bound_in_every_weather() {
    let weather: [fn(u64) -> f64; 5] = [
        noise,
        |step| 1e9 + noise(step) * 1e-3,
        |step| if (step / 20_000).is_multiple_of(2) { 1e9 } else { -3.0 } + noise(step) * 1e-3,
        |step| if step.is_multiple_of(9_973) { 1e12 } else { noise(step) },
        |step| step as f64 * 0.01 + noise(step) * 1e-6,
    ];
    for value in weather {
        for n in [2, 3, 64, 1_001, 65_536] {
            let (mut moments, mut all) = (Moments::new(n), Vec::new());
            for step in 0..200_000 {
                assert!(moments.push(value(step)));
                all.push(value(step));
                if step % 19_999 == 0 {
                    assert_eq!(holds(&moments, &all[all.len().saturating_sub(n)..]), Ok(()), "{n} at {step}");
                }
            }
        }
    }
}

#[test]
fn a_long_run_drifts_by_nothing() {
    let (mut near, mut far) = (Moments::new(1_000), Moments::new(65_536));
    let value = |step: u64| 1e9 + noise(step) * 1e-3;
    for step in 0..LONG {
        near.push(value(step));
        far.push(noise(step));
    }
    assert_eq!(holds(&near, &(LONG - 1_000..LONG).map(value).collect::<Vec<_>>()), Ok(()));
    assert_eq!(holds(&far, &(LONG - 65_536..LONG).map(noise).collect::<Vec<_>>()), Ok(()));
}

fn values() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -1.0f64..1.0,
        4 => (-1.0f64..1.0).prop_map(|noise| 1e9 + noise * 1e-3),
        2 => prop::sample::select(vec![0.0, 0.1, 1e9, -1e9]),
        1 => -1e100f64..1e100,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn agrees_with_the_slow_twin(n in 1usize..24, values in prop::collection::vec(values(), 1..120), asked in -1e9f64..1e9) {
        let mut moments = Moments::new(n);
        for (index, value) in values.iter().enumerate() {
            prop_assert!(moments.push(*value));
            let window = &values[(index + 1).saturating_sub(n)..=index];
            prop_assert_eq!(holds(&moments, window), Ok(()));
            let (mean, variance) = two_passes(window);
            if let Some(score) = moments.z_score(asked) {
                let allowed = 1e-11 * (asked.abs() + mean.abs() + spread(window)) / variance.sqrt();
                prop_assert!((score - (asked - mean) / variance.sqrt()).abs() <= allowed);
            }
        }
    }
}
