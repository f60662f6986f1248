//! How long events take from what they tell of to being handed on.

use core::time::Duration;
use std::sync::Mutex;

use hdrhistogram::Histogram;

use crate::circuit::{Circuit, Clock};
use crate::memory::sync::lock;
use crate::model::event::Event;

/// A minute and more are one.
const MOST: u64 = 60_000_000;
/// Values are exact to so many digits.
const DIGITS: u8 = 2;

/// How long events took from their time to the queues of the subscribers. To the microsecond, exact to two digits; nothing is
/// measured in a manual System, whose time stands still between two calls.
///
/// ```
/// use haltline::{Plan, System};
/// let system = System::start(Plan::default())?;
/// let dispatch = system.statistics().dispatch;
/// assert!(dispatch.p50 <= dispatch.p99 && dispatch.p99 <= dispatch.max);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// How many events.
    pub events: u64,
    /// Half of them took at most this.
    pub p50: Duration,
    /// 90 of a hundred.
    pub p90: Duration,
    /// 99 of a hundred.
    pub p99: Duration,
    /// 999 of a thousand.
    pub p999: Duration,
    /// The slowest.
    pub max: Duration,
}

#[derive(Debug)]
pub(crate) struct Latencies(Option<Mutex<Histogram<u64>>>);

impl Latencies {
    pub(crate) fn new(clock: Clock) -> Self {
        // The bounds are good ones; without a histogram nothing is measured.
        let histogram = || Histogram::new_with_bounds(1, MOST, DIGITS).ok().map(Mutex::new);
        Self(if clock == Clock::Wall { histogram() } else { None })
    }

    /// These are handed on now.
    pub(crate) fn record(&self, circuit: &Circuit, batch: &[Event]) {
        let Some(histogram) = &self.0 else { return };
        let (now, epoch) = (circuit.now(), circuit.epoch());
        let mut histogram = lock(histogram);
        for event in batch {
            histogram.saturating_record((now - event.at(epoch)).as_micros() as u64);
        }
    }

    pub(crate) fn summary(&self) -> Latency {
        let Some(histogram) = &self.0 else { return Latency::default() };
        let histogram = lock(histogram);
        let at = |share| Duration::from_micros(histogram.value_at_quantile(share));
        Latency {
            events: histogram.len(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: Duration::from_micros(histogram.max()),
        }
    }
}
