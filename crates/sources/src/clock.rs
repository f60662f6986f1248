//! Time, and waiting for it. Both are given from outside, so that tests neither wait nor look at a wall clock.

use core::fmt::Debug;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use haltline::Nanos;

/// Tells the time, and waits. [`WallClock`] is the machine's.
///
/// ```
/// use haltline::Nanos;
/// use haltline_sources::{Clock, Stop, WallClock};
/// use std::time::Duration;
/// assert!(WallClock.now() > Nanos::from_secs(1_700_000_000));
/// assert!(WallClock.wait(Duration::from_millis(1), &Stop::default()), "it has waited to the end");
/// ```
pub trait Clock: Debug + Send + Sync + 'static {
    /// Nanoseconds since 1970.
    fn now(&self) -> Nanos;

    /// Waits so long, or until `stop` is raised; whether it waited to the end.
    fn wait(&self, time: Duration, stop: &Stop) -> bool;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Nanos {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Nanos(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }

    fn wait(&self, time: Duration, stop: &Stop) -> bool {
        stop.wait(time)
    }
}

/// Ends what waits; once raised it stays so.
#[derive(Debug, Default)]
pub struct Stop {
    raised: Mutex<bool>,
    bell: Condvar,
}

impl Stop {
    /// Ends every wait, those to come too.
    pub fn raise(&self) {
        *lock(&self.raised) = true;
        self.bell.notify_all();
    }

    /// Whether it has been raised.
    pub fn is_raised(&self) -> bool {
        *lock(&self.raised)
    }

    /// Sleeps so long, or until it is raised; whether it slept to the end.
    fn wait(&self, time: Duration) -> bool {
        // Longer than anybody waits; the machine's time could not hold the sum.
        let end = Instant::now() + time.min(Duration::from_secs(366 * 86_400));
        let mut raised = lock(&self.raised);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if *raised || left.is_zero() {
                return !*raised;
            }
            raised = self.bell.wait_timeout(raised, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// What a panic has left behind is as good as before: nothing here is changed in two steps.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
