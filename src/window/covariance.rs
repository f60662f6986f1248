//! Covariance and correlation of two series over their last `n` pairs.
//!
//! ```text
//! covariance  = sum((x - mean(x)) * (y - mean(y))) / (n - 1)  at least two pairs
//! correlation = covariance / sqrt(var(x) * var(y))            from -1 to 1; at least two pairs, and neither series constant
//! slope       = covariance / var(x)                           of y on x; likewise, x not constant
//! ```
//!
//! Error: the covariance within `1e-12 * sqrt(var(x) * var(y))`, so the correlation within `1e-12`, whatever the pairs were
//! before and whatever offset a series has: as in [`super::moments`], and held by the same tests. A pair of which either is
//! not finite or beyond 1e150 is refused. Magnitudes whose squares are lost (below 1e-150) have no correlation.
//!
//! Cost and memory: see [`super::blocks`]; a pair is two numbers, the summary of a part five, so `28 * n` bytes. Measured: 13 ns a
//! push, 30 ns with a correlation, for windows of 64; 15 and 29 ns for 65 536.

use super::blocks::{Blocks, Part, Summary};
use super::float::is_usable;

/// Of pairs that are measured from one of them.
#[derive(Clone, Copy, Debug, Default)]
struct Products {
    mean: (f64, f64),
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Summary for Products {
    type Value = (f64, f64);

    fn measure(value: (f64, f64), reference: (f64, f64)) -> (f64, f64) {
        (value.0 - reference.0, value.1 - reference.1)
    }

    fn add(&mut self, measured: (f64, f64), inverse: f64) {
        let (dx, dy) = (measured.0 - self.mean.0, measured.1 - self.mean.1);
        self.mean = (self.mean.0 + dx * inverse, self.mean.1 + dy * inverse);
        let rest = 1.0 - inverse;
        self.xx += dx * dx * rest;
        self.yy += dy * dy * rest;
        self.xy += dx * dy * rest;
    }

    fn join(self, count: f64, other: Self, other_count: f64, shift: (f64, f64)) -> Self {
        let part = other_count / (count + other_count);
        let (dx, dy) = (shift.0 + (other.mean.0 - self.mean.0), shift.1 + (other.mean.1 - self.mean.1));
        let weight = count * part;
        Self {
            mean: (self.mean.0 + dx * part, self.mean.1 + dy * part),
            xx: self.xx + other.xx + dx * dx * weight,
            yy: self.yy + other.yy + dy * dy * weight,
            xy: self.xy + other.xy + dx * dy * weight,
        }
    }
}

/// The rolling covariance.
#[derive(Clone, Debug)]
pub(crate) struct Covariance {
    blocks: Blocks<Products>,
}

impl Covariance {
    /// Over the last `n` pairs, at least one.
    pub(crate) fn new(n: usize) -> Self {
        Self { blocks: Blocks::new(n) }
    }

    /// Whether the pair was taken.
    pub(crate) fn push(&mut self, x: f64, y: f64) -> bool {
        let usable = is_usable(x) && is_usable(y);
        if usable {
            self.blocks.push((x, y));
        }
        usable
    }

    /// With `n - 1`.
    pub(crate) fn covariance(&self) -> Option<f64> {
        let Part { count, summary, .. } = self.blocks.whole();
        (count > 1).then(|| summary.xy / (count - 1) as f64)
    }

    pub(crate) fn correlation(&self) -> Option<f64> {
        let Products { xx, yy, xy, .. } = self.blocks.whole().summary;
        // The root of each: their product could overflow.
        let (x, y) = (xx.sqrt(), yy.sqrt());
        (x > 0.0 && y > 0.0).then(|| (xy / x / y).clamp(-1.0, 1.0))
    }

    /// By how much y rises with x: the beta of y against x.
    pub(crate) fn slope(&self) -> Option<f64> {
        let Products { xx, xy, .. } = self.blocks.whole().summary;
        (xx > 0.0).then(|| xy / xx)
    }

    pub(crate) fn len(&self) -> usize {
        self.blocks.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.blocks.is_full()
    }

    pub(crate) fn clear(&mut self) {
        self.blocks.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::drift::{LONG, noise};
    use super::super::float::two_sum;
    use super::*;
    use proptest::prelude::*;

    fn sum(values: impl Iterator<Item = f64>) -> f64 {
        let (sum, lost) = values.fold((0.0, 0.0), |(sum, lost), value| {
            let (sum, now) = two_sum(sum, value);
            (sum, lost + now)
        });
        sum + lost
    }

    /// Covariance and both variances, in two passes over distances from the first pair.
    fn two_passes(window: &[(f64, f64)]) -> (f64, f64, f64) {
        let ((x, y), n) = (window[0], window.len() as f64);
        let mean = (sum(window.iter().map(|pair| pair.0 - x)) / n, sum(window.iter().map(|pair| pair.1 - y)) / n);
        let distances = || window.iter().map(|pair| ((pair.0 - x) - mean.0, (pair.1 - y) - mean.1));
        let (lost_x, lost_y) = (sum(distances().map(|d| d.0)), sum(distances().map(|d| d.1)));
        let of = |product: fn((f64, f64)) -> f64, lost: f64| (sum(distances().map(product)) - lost / n) / (n - 1.0);
        (of(|d| d.0 * d.1, lost_x * lost_y), of(|d| d.0 * d.0, lost_x * lost_x), of(|d| d.1 * d.1, lost_y * lost_y))
    }

    /// What the module promises of a window.
    fn holds(rolling: &Covariance, window: &[(f64, f64)]) -> Result<(), String> {
        if window.len() < 2 {
            let found = (rolling.covariance(), rolling.correlation(), rolling.slope());
            return if found == (None, None, None) { Ok(()) } else { Err(format!("{found:?}")) };
        }
        let (covariance, xx, yy) = two_passes(window);
        let both = xx.sqrt() * yy.sqrt();
        let found = rolling.covariance().unwrap();
        if (found - covariance).abs() > both * 1e-12 + 1e-300 {
            return Err(format!("covariance {found} for {covariance}, {both}"));
        }
        match rolling.correlation() {
            None if xx == 0.0 || yy == 0.0 => {}
            Some(found) if (found - covariance / both).abs() <= 1e-12 => {}
            found => return Err(format!("correlation {found:?} for {}", covariance / both)),
        }
        match rolling.slope() {
            None if xx == 0.0 => Ok(()),
            Some(found) if (found - covariance / xx).abs() <= 1e-12 * (yy / xx).sqrt() => Ok(()),
            found => Err(format!("slope {found:?} for {}", covariance / xx)),
        }
    }

    #[test]
    fn a_covariance_needs_two_pairs_and_a_correlation_two_series_that_move() {
        let mut rolling = Covariance::new(3);
        assert_eq!((rolling.covariance(), rolling.correlation(), rolling.slope()), (None, None, None));
        assert!(rolling.push(1.0, 5.0));
        assert_eq!((rolling.covariance(), rolling.correlation()), (None, None));
        assert!(rolling.push(2.0, 5.0));
        assert_eq!((rolling.covariance(), rolling.correlation(), rolling.slope()), (Some(0.0), None, Some(0.0)));
        assert!(rolling.push(3.0, 8.0));
        assert!(rolling.is_full());
        assert_eq!((rolling.covariance(), rolling.slope()), (Some(1.5), Some(1.5)));
        assert!(rolling.push(1.0, 2.0));
        assert_eq!((rolling.covariance(), rolling.correlation(), rolling.len()), (Some(3.0), Some(1.0), 3));
    }

    #[test]
    fn series_that_move_together_correlate_by_one_however_great() {
        for scale in [1e-100, 1.0, 1e150] {
            let mut rolling = Covariance::new(50);
            (0..200).for_each(|step| assert!(rolling.push(noise(step) * scale, noise(step) * -scale)));
            assert!((rolling.correlation().unwrap() + 1.0).abs() < 1e-12, "{scale}");
        }
    }

    #[test]
    fn a_window_that_was_cleared_is_as_new() {
        let mut rolling = Covariance::new(3);
        (0..25).for_each(|step| assert!(rolling.push(noise(step) * 1e9, noise(step + 1))));
        rolling.clear();
        assert_eq!((rolling.covariance(), rolling.len()), (None, 0));
        assert!(rolling.push(1.0, 1.0) && rolling.push(2.0, 3.0));
        assert_eq!((rolling.covariance(), rolling.len()), (Some(1.0), 2));
    }

    #[test]
    fn a_pair_of_which_one_is_no_number_is_refused_and_changes_nothing() {
        let mut rolling = Covariance::new(3);
        assert!(rolling.push(1.0, 1.0) && rolling.push(2.0, 3.0));
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e151] {
            assert!(!rolling.push(bad, 1.0) && !rolling.push(1.0, bad));
        }
        assert_eq!((rolling.covariance(), rolling.len()), (Some(1.0), 2));
    }

    #[test]
    fn windows_up_to_65_536_hold_the_bound_in_every_weather() {
        let weather: [fn(u64) -> (f64, f64); 3] = [
            |step| (1e9 + noise(step) * 1e-3, noise(step) - noise(step + 1)),
            |step| (if (step / 20_000).is_multiple_of(2) { 1e9 } else { -3.0 } + noise(step), noise(step) * 1e-6),
            |step| (if step.is_multiple_of(9_973) { 1e12 } else { noise(step) }, step as f64 * 0.01 + noise(step + 7)),
        ];
        for pair in weather {
            for n in [2, 3, 64, 1_001, 65_536] {
                let (mut rolling, mut all) = (Covariance::new(n), Vec::new());
                for step in 0..200_000 {
                    let (x, y) = pair(step);
                    assert!(rolling.push(x, y));
                    all.push((x, y));
                    if step % 19_999 == 0 {
                        assert_eq!(holds(&rolling, &all[all.len().saturating_sub(n)..]), Ok(()), "{n} at {step}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_long_run_drifts_by_nothing() {
        let pair = |step: u64| (1e9 + noise(step) * 1e-3, 1e6 + noise(step) + noise(step + 3));
        let mut rolling = Covariance::new(1_000);
        for step in 0..LONG {
            let (x, y) = pair(step);
            rolling.push(x, y);
        }
        assert_eq!(holds(&rolling, &(LONG - 1_000..LONG).map(pair).collect::<Vec<_>>()), Ok(()));
    }

    fn values() -> impl Strategy<Value = f64> {
        prop_oneof![
            8 => -1.0f64..1.0,
            4 => (-1.0f64..1.0).prop_map(|noise| 1e9 + noise * 1e-3),
            2 => prop::sample::select(vec![0.0, 0.1, 1e9]),
            1 => -1e100f64..1e100,
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn agrees_with_the_slow_twin(n in 1usize..24, pairs in prop::collection::vec((values(), values()), 1..120)) {
            let mut rolling = Covariance::new(n);
            for (index, (x, y)) in pairs.iter().enumerate() {
                prop_assert!(rolling.push(*x, *y));
                prop_assert_eq!(holds(&rolling, &pairs[(index + 1).saturating_sub(n)..=index]), Ok(()));
            }
        }
    }
}
