//! When a call that failed is made again: later and later, somewhere in between, and not too often altogether.

use core::time::Duration;
use std::sync::Mutex;

use crate::clock::lock;

/// Exponential back-off with full jitter.
///
/// ```
/// use haltline_sources::Backoff;
/// use std::time::Duration;
/// let ms = Duration::from_millis;
/// let backoff = Backoff { tries: 4, base: ms(100), most: ms(300) };
/// // Up to 100, 200, 300, 300 ms: a random part of each.
/// assert_eq!([0, 1, 2, 3].map(|retry| backoff.delay(retry, 0.5)), [ms(50), ms(100), ms(150), ms(150)]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Calls at most, the first one included.
    pub tries: u32,
    /// The longest first wait.
    pub base: Duration,
    /// The longest wait at all.
    pub most: Duration,
}

impl Default for Backoff {
    /// Three calls, up to 100 ms between them at first, never more than 5 s.
    fn default() -> Self {
        Self { tries: 3, base: Duration::from_millis(100), most: Duration::from_secs(5) }
    }
}

impl Backoff {
    /// How long to wait before the retry of this number, counted from 0; `jitter` is a random share from 0 to 1.
    pub fn delay(&self, retry: u32, jitter: f64) -> Duration {
        let doubled = 1u32.checked_shl(retry).and_then(|factor| self.base.checked_mul(factor));
        let jitter = if jitter.is_finite() { jitter.clamp(0.0, 1.0) } else { 1.0 };
        doubled.unwrap_or(self.most).min(self.most).mul_f64(jitter)
    }
}

/// How many retries an endpoint has left: each costs one, each call that succeeds gives back a tenth. So an endpoint that is down
/// for long is not asked three times as often as one that is up.
#[derive(Debug)]
pub(crate) struct Budget(Mutex<u32>);

impl Budget {
    /// In tenths of a retry.
    const FULL: u32 = 100;
    const RETRY: u32 = 10;

    pub(crate) fn new() -> Self {
        Self(Mutex::new(Self::FULL))
    }

    pub(crate) fn take(&self) -> bool {
        let mut left = lock(&self.0);
        let enough = *left >= Self::RETRY;
        *left -= if enough { Self::RETRY } else { 0 };
        enough
    }

    pub(crate) fn give_back(&self) {
        let mut left = lock(&self.0);
        *left = (*left + 1).min(Self::FULL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_lies_between_nothing_and_its_bound_and_never_overflows() {
        let backoff = Backoff { tries: 9, base: Duration::from_millis(100), most: Duration::from_secs(5) };
        assert_eq!(backoff.delay(0, 0.0), Duration::ZERO);
        assert_eq!(backoff.delay(5, 1.0), Duration::from_millis(3_200));
        assert_eq!(backoff.delay(6, 1.0), Duration::from_secs(5));
        for retry in [31, 32, u32::MAX] {
            assert_eq!(backoff.delay(retry, 1.0), Duration::from_secs(5));
        }
        assert_eq!(backoff.delay(0, f64::NAN), Duration::from_millis(100));
    }

    #[test]
    fn ten_retries_are_there_at_first_and_ten_successes_bring_one_back() {
        let budget = Budget::new();
        assert!((0..10).all(|_| budget.take()) && !budget.take());
        (0..9).for_each(|_| budget.give_back());
        assert!(!budget.take());
        budget.give_back();
        assert!(budget.take() && !budget.take());
    }
}
