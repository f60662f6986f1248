//! Mean, variance and z-score of the last `n` values.
//!
//! ```text
//! mean     = sum(x) / n
//! variance = sum((x - mean)^2) / (n - 1)                      at least two values
//! z-score  = (value - mean) / sqrt(variance)                  of a value that is not in the window; at least two that are,
//!                                                             and not all the same
//! ```
//!
//! Error: the mean within one rounding of it and `1e-13` of the greatest distance of two values in the window, the variance
//! within `1e-12` of itself, whatever the values were before (nothing is subtracted) and whatever they have in common (they
//! are measured from one of them): 1e9 and a noise of 1e-3 is as good as the noise alone. Tests hold that up to windows of
//! 65 536, with steps and outliers, and 10^8 values on. The variance of equal values is exactly 0; deviations below 1e-150
//! count as none. Values that are not finite or beyond 1e150 are refused.
//!
//! Cost and memory: see [`super::blocks`]; the summary of a part is two numbers, so `12 * n` bytes. Measured: 8 ns a push, 21 ns
//! with a z-score before it, for windows of 64 and (5 % more) of 65 536.

use super::blocks::{Blocks, Part, Summary};
use super::float::is_usable;

/// Of values that are measured from one of them.
#[derive(Clone, Copy, Debug, Default)]
struct Deviations {
    mean: f64,
    /// The sum of the squares of the distances from the mean.
    squares: f64,
}

impl Summary for Deviations {
    type Value = f64;

    fn measure(value: f64, reference: f64) -> f64 {
        value - reference
    }

    fn add(&mut self, measured: f64, inverse: f64) {
        let distance = measured - self.mean;
        self.mean += distance * inverse;
        self.squares += distance * distance * (1.0 - inverse);
    }

    fn join(self, count: f64, other: Self, other_count: f64, shift: f64) -> Self {
        let part = other_count / (count + other_count);
        let distance = shift + (other.mean - self.mean);
        Self {
            mean: self.mean + distance * part,
            squares: self.squares + other.squares + distance * distance * count * part,
        }
    }
}

/// The rolling moments.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    blocks: Blocks<Deviations>,
}

impl Moments {
    /// Over the last `n`, at least one.
    pub(crate) fn new(n: usize) -> Self {
        Self { blocks: Blocks::new(n) }
    }

    /// Whether the value was taken.
    pub(crate) fn push(&mut self, value: f64) -> bool {
        let usable = is_usable(value);
        if usable {
            self.blocks.push(value);
        }
        usable
    }

    pub(crate) fn mean(&self) -> Option<f64> {
        let whole = self.blocks.whole();
        (whole.count > 0).then_some(whole.reference + whole.summary.mean)
    }

    /// With `n - 1`.
    pub(crate) fn variance(&self) -> Option<f64> {
        variance(&self.blocks.whole())
    }

    /// The standard deviation, with `n - 1`.
    pub(crate) fn deviation(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }

    /// By how many standard deviations a value that has not been pushed lies above the mean. None if there is no deviation.
    pub(crate) fn z_score(&self, value: f64) -> Option<f64> {
        let whole = self.blocks.whole();
        let variance = variance(&whole).filter(|variance| *variance > 0.0)?;
        let distance = (value - whole.reference) - whole.summary.mean;
        Some(distance / variance.sqrt())
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

fn variance(whole: &Part<Deviations>) -> Option<f64> {
    (whole.count > 1).then(|| whole.summary.squares / (whole.count - 1) as f64)
}

#[cfg(test)]
#[path = "moments_tests.rs"]
mod tests;
