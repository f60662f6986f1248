//! Exponentially weighted mean and variance: the past fades instead of leaving.
//!
//! ```text
//! Ewma         mean     += alpha * (x - mean)                          the first value stands for all before it
//!              variance  = (1 - alpha) * (variance + alpha * (x - mean before)^2)
//! TimedEwma    mean      = sum(w * x) / sum(w)                         w = 2^(-age / half-life) of each value
//!              variance  = sum(w * (x - mean)^2) / sum(w)
//! ```
//!
//! [`Ewma`] counts values, [`TimedEwma`] time, for values that come unevenly: values of one moment all count, and silence
//! changes nothing, since all weights fade alike. A time before the last counts as the last. Both variances are those of the
//! weighted values themselves (no `n - 1`), 0 after the first value.
//!
//! Error: the mean within one rounding of it and `1e-12` of the greatest distance of two values, the variance within `1e-9` of
//! itself; the mean is kept with what its rounding loses, so that an offset of 1e9 does not drown steps of 1e-9. What is
//! wrong fades with the past, so nothing drifts; the weights of [`TimedEwma`] are reckoned from one moment for a whole
//! half-life, so that steps of a nanosecond do not round away. Values that are not finite or beyond 1e150 are refused.
//!
//! Cost: O(1). Memory: 40 and 56 bytes.

use core::time::Duration;

use super::float::{is_usable, two_sum};
use crate::model::time::{Nanos, nanos_of};

/// A mean and what rounding has lost of it.
#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    rounded: f64,
    lost: f64,
}

impl Mean {
    fn value(self) -> f64 {
        self.rounded + self.lost
    }

    fn distance(self, value: f64) -> f64 {
        (value - self.rounded) - self.lost
    }

    /// Goes `part` of the way to a value, of which `rest` is the other part: from the end that is nearer, so that what is
    /// nearly all of a great distance leaves no error of its size.
    fn approach(&mut self, value: f64, part: f64, rest: f64) {
        let distance = self.distance(value);
        let (from, lost, step) =
            if part > rest { (value, 0.0, -distance * rest) } else { (self.rounded, self.lost, distance * part) };
        let (rounded, lost) = two_sum(from, lost + step);
        *self = Self { rounded, lost };
    }
}

/// By count.
#[derive(Clone, Debug)]
pub(crate) struct Ewma {
    alpha: f64,
    count: u64,
    mean: Mean,
    variance: f64,
}

impl Ewma {
    /// Each value has the part `alpha` of the new mean, above 0 and at most 1; anything else counts as 1.
    pub(crate) fn new(alpha: f64) -> Self {
        let alpha = if alpha > 0.0 && alpha <= 1.0 { alpha } else { 1.0 };
        Self { alpha, count: 0, mean: Mean::default(), variance: 0.0 }
    }

    /// A value weighs half after so many others.
    pub(crate) fn with_half_life(values: f64) -> Self {
        Self::new(-(-core::f64::consts::LN_2 / values.max(0.0)).exp_m1())
    }

    /// Whether the value was taken.
    pub(crate) fn push(&mut self, value: f64) -> bool {
        if !is_usable(value) {
            return false;
        }
        if self.count == 0 {
            self.mean = Mean { rounded: value, lost: 0.0 };
        }
        let distance = self.mean.distance(value);
        let rest = 1.0 - self.alpha;
        self.mean.approach(value, self.alpha, rest);
        self.variance = rest * (self.variance + self.alpha * distance * distance);
        self.count = self.count.saturating_add(1);
        true
    }

    pub(crate) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.mean.value())
    }

    pub(crate) fn variance(&self) -> Option<f64> {
        (self.count > 0).then_some(self.variance)
    }

    /// By how many deviations a value that has not been pushed lies above the mean. None if there is no deviation.
    pub(crate) fn z_score(&self, value: f64) -> Option<f64> {
        (self.variance > 0.0).then(|| self.mean.distance(value) / self.variance.sqrt())
    }

    /// How many values it has heard.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.alpha);
    }
}

/// By time.
#[derive(Clone, Debug)]
pub(crate) struct TimedEwma {
    half_life: u64,
    /// Weights are as they were then: later ones count more than 1.
    landmark: Nanos,
    now: Nanos,
    weight: f64,
    mean: Mean,
    /// The weighted sum of the squares of the distances from the mean.
    squares: f64,
}

impl TimedEwma {
    /// A value weighs half after so long, at least a nanosecond.
    pub(crate) fn new(half_life: Duration) -> Self {
        let half_life = nanos_of(half_life).max(1);
        Self { half_life, landmark: Nanos(0), now: Nanos(0), weight: 0.0, mean: Mean::default(), squares: 0.0 }
    }

    /// Whether the value was taken.
    pub(crate) fn push(&mut self, at: Nanos, value: f64) -> bool {
        if !is_usable(value) {
            return false;
        }
        self.now = self.now.max(at);
        let mut half_lives = self.half_lives();
        if half_lives >= 1.0 {
            let fade = (-half_lives).exp2();
            self.weight *= fade;
            self.squares *= fade;
            self.landmark = self.now;
            half_lives = 0.0;
        }
        if self.weight == 0.0 {
            self.mean = Mean { rounded: value, lost: 0.0 };
        }
        let own = half_lives.exp2();
        let weight = self.weight + own;
        let distance = self.mean.distance(value);
        let rest = self.weight / weight;
        self.mean.approach(value, own / weight, rest);
        self.squares += distance * distance * own * rest;
        self.weight = weight;
        true
    }

    pub(crate) fn mean(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.mean.value())
    }

    pub(crate) fn variance(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.squares / self.weight)
    }

    /// By how many deviations a value that has not been pushed lies above the mean. None if there is no deviation.
    pub(crate) fn z_score(&self, value: f64) -> Option<f64> {
        let variance = self.variance().filter(|variance| *variance > 0.0)?;
        Some(self.mean.distance(value) / variance.sqrt())
    }

    /// The sum of the weights as of the last value: of how many fresh values the past is worth.
    pub(crate) fn weight(&self) -> f64 {
        self.weight * (-self.half_lives()).exp2()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new(Duration::from_nanos(self.half_life));
    }

    /// Since the landmark.
    fn half_lives(&self) -> f64 {
        self.now.0.saturating_sub(self.landmark.0) as f64 / self.half_life as f64
    }
}

#[cfg(test)]
#[path = "ewma_tests.rs"]
mod tests;
