//! A tally: what many threads count at once, summed by whoever asks, over a window of time or since the start.
//!
//! Each thread records through a handle of its own into a lane of its own, with stores alone; nobody else writes there. So
//! recording costs no locked instruction, and threads that record beside each other do not touch each other's cache lines.
//! Nothing is ever moved from lane to lane: when a handle is dropped, the next one inherits the lane, and its counts go on.
//!
//! [`mod@line`] has the words of a bucket, [`mod@lane`] the ring of them, this file the slots and the types to hold.

pub(in crate::memory) mod lane;
pub(in crate::memory) mod line;
#[cfg(all(test, not(loom)))]
mod tally_tests;
#[cfg(all(test, not(loom)))]
mod tally_twin;

use core::cell::Cell;
use core::marker::PhantomData;
use core::time::Duration;
use std::sync::Arc;

use self::lane::{Lane, Wide};
use self::line::BucketLine;
use super::orderings::at;
use super::sync::{AtomicU64, OnceLock};
use crate::model::error::{Error, ErrorKind};
use crate::model::tally::{Amounts, Sums};
use crate::model::time::{Nanos, nanos_of};

/// Counts that many threads add to at once and anybody sums, over a window of time and since the start.
///
/// Time is the caller's, in [`Nanos`]; nothing here reads a clock. It is cut into buckets of `window / buckets`, rounded up
/// to whole nanoseconds. The window that ends at `now` is the bucket of `now`, so many before it, and the one after it (for
/// threads whose clock is a little ahead). So **the error is in time only**: a record counts for at least `window` after
/// its time and for less than `window` and one bucket more (and what the rounding adds). Within that the sums are exact.
///
/// # What is promised
///
/// [`sums`](Self::sums) and [`totals`](Self::totals), called beside threads that record:
///
/// * *Exact at rest.* Every record that happened before the call is in the sums, once, with all its numbers; with no record
///   in flight the sums are exact.
/// * *Never more.* What is in them has been recorded. Of the records in flight each number has some, from the first on: in
///   each bucket of a handle each number is what it was after so many of its records. A record may be seen in part while
///   it is made: its outcome without its slowness, both without its money, never the other way round. So where nothing is
///   recorded as slow without an outcome, no reader finds more slow ones than outcomes.
/// * *Monotonic.* Who has seen a number of a record sees it again: in the totals for ever, in windows until time has left
///   its bucket (or that is gone, see below).
/// * *In order.* A window that has a number of a record has all of what its handle had recorded before into the older buckets
///   of the window. So a handle that records in the order of time is seen up to somewhere in one bucket, and no further.
/// * *Never another's.* A line that goes from one bucket to a later one is never read as a mixture of the two.
///
/// A record older than the handle's newest goes into its own bucket as long as that is there. A bucket goes when its slot has a
/// record in the one `buckets + 2` later, so none within the window goes while no record is more than a bucket ahead
/// of `now`. A record that finds its bucket gone is counted in [`Sums::late`]: it is in no window, but in the totals. Times far
/// ahead are taken as they are; such a record counts in windows from one bucket before its time on, and it is for the caller
/// to refuse what he does not believe. Numbers saturate, profit and loss in each bucket by itself, in the order of recording.
///
/// # Cost
///
/// [`record`](TallyHandle::record) is wait-free and allocates nothing: less than half of an uncontended `fetch_add`, and the
/// same beside other threads. `sums` is wait-free: one cache line a bucket for each slot that was ever held. `totals` is
/// lock-free, as it begins a slot anew if a bucket of it has gone meanwhile. A thread that is stopped amid a record stops
/// nobody.
///
/// Memory: 24 bytes a slot, and for each slot that was ever held `200 * (buckets + 2) + 384` bytes, allocated when it is held
/// first: 4.8 kB for 20 buckets. A bucket has two cache lines and their reference counts a third, so that nobody else's
/// words are near.
///
/// ```
/// use haltline::{Amounts, Nanos, Tally};
/// use std::time::Duration;
///
/// // Orders and rejects of the last ten seconds, to half a second, from at most 16 threads at a time.
/// let tally = Tally::new(Duration::from_secs(10), 20, 16)?;
/// std::thread::scope(|threads| {
///     for router in 0..4 {
///         let mut handle = tally.handle().unwrap();
///         threads.spawn(move || {
///             for order in 0..1_000 {
///                 let at = Nanos::from_secs(1_700_000_000 + order / 100);
///                 handle.record(at, if order % 50 == router { Amounts::FAILURE } else { Amounts::SUCCESS });
///             }
///         });
///     }
/// });
/// let sums = tally.sums(Nanos::from_secs(1_700_000_010)).amounts;
/// assert_eq!((sums.success, sums.failure), (3_920, 80));
/// // Eleven seconds later none of it lies in the window.
/// assert_eq!(tally.sums(Nanos::from_secs(1_700_000_021)).amounts, Amounts::NONE);
/// assert_eq!(tally.totals().amounts.failure, 80);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tally {
    shared: Arc<Shared>,
}

/// What a tally, its clones and its handles keep alive together.
#[derive(Debug)]
struct Shared {
    /// Nanoseconds of a bucket.
    width: u64,
    buckets: u32,
    slots: Box<[Slot]>,
}

#[derive(Debug)]
struct Slot {
    /// 1 while a handle holds it.
    claim: AtomicU64,
    /// Made by the first handle; from then on it stays.
    lane: OnceLock<Arc<Lane>>,
}

const FREE: u64 = 0;
const HELD: u64 = 1;

impl Tally {
    /// The most buckets that a window is cut into.
    pub const MAX_BUCKETS: u32 = 256;
    /// The most handles at a time.
    pub const MAX_HANDLES: u32 = 1_024;

    /// A tally with nothing in it, for windows of this length, cut into so many buckets, and for so many handles at a time.
    ///
    /// # Errors
    /// [`ErrorKind::BadPlan`] for a window of no length and for numbers out of range (1 to [`MAX_BUCKETS`](Self::MAX_BUCKETS),
    /// 1 to [`MAX_HANDLES`](Self::MAX_HANDLES)).
    pub fn new(window: Duration, buckets: u32, handles: u32) -> Result<Self, Error> {
        if window.is_zero() {
            return Err(Error::new(ErrorKind::BadPlan, "a tally's window: found 0, allowed is at least 1 ns"));
        }
        for (what, found, most) in [("buckets", buckets, Self::MAX_BUCKETS), ("handles", handles, Self::MAX_HANDLES)] {
            if found == 0 || found > most {
                let text = format!("a tally's {what}: found {found}, allowed are 1 to {most}");
                return Err(Error::new(ErrorKind::BadPlan, text));
            }
        }
        let slot = |_| Slot { claim: AtomicU64::new(FREE), lane: OnceLock::new() };
        let width = nanos_of(window).div_ceil(buckets.into());
        Ok(Self { shared: Arc::new(Shared { width, buckets, slots: (0..handles).map(slot).collect() }) })
    }

    /// A handle for one thread at a time; `None` if every slot was held when it was looked at.
    ///
    /// Wait-free: one attempt a slot. Allocates if the slot was never held before; if it was, its counts go on.
    pub fn handle(&self) -> Option<TallyHandle> {
        let slots = &self.shared.slots;
        // Acquire: the new owner goes on from the counts that the last one left.
        let claimed = |slot: &Slot| slot.claim.compare_exchange(FREE, HELD, at::tally_claim(), at::plain()).is_ok();
        let slot = slots.iter().position(claimed)?;
        let lane = slots[slot].lane.get_or_init(|| Arc::new(Lane::new(self.shared.buckets))).clone();
        // The first record finds its bucket: no time lies in a bucket of no length.
        Some(TallyHandle {
            first: 0,
            length: 0,
            line: lane.any_line(),
            lane,
            slot,
            shared: self.shared.clone(),
            one: PhantomData,
        })
    }

    /// The sums of the window that ends at `now`.
    pub fn sums(&self, now: Nanos) -> Sums {
        let present = now.0 / self.shared.width;
        self.add_up(|lane, sum| lane.add_up_window(present, sum))
    }

    /// The sums since the tally was made, late records included.
    pub fn totals(&self) -> Sums {
        self.add_up(Lane::add_up_all)
    }

    fn add_up(&self, of_lane: impl Fn(&Lane, &mut Wide)) -> Sums {
        let mut sum = Wide::default();
        for slot in &self.shared.slots {
            // None: nobody has recorded there, or he has not told of it yet. A later slot may have its lane all the same.
            if let Some(lane) = slot.lane.get() {
                of_lane(lane, &mut sum);
            }
        }
        sum.sums()
    }
}

/// One thread's hand on a [`Tally`]. Dropped, it leaves its slot, with the counts in it, to the next who asks for a handle;
/// forgotten, it takes the slot with it.
///
/// ```
/// use haltline::{Amounts, Nanos, Tally};
/// use std::time::Duration;
/// let tally = Tally::new(Duration::from_secs(1), 16, 1)?;
/// let (now, mut first) = (Nanos::from_secs(7), tally.handle().unwrap());
/// first.record(now, Amounts::SUCCESS);
/// assert!(tally.handle().is_none(), "one at a time, it was said");
/// drop(first);
/// let mut second = tally.handle().unwrap();
/// std::thread::spawn(move || second.record(now, Amounts::SUCCESS)).join().unwrap();
/// assert_eq!(tally.sums(now).amounts.success, 2);
/// # Ok::<(), haltline::Error>(())
/// ```
///
/// It goes from thread to thread, but is not shared by several:
///
/// ```compile_fail
/// fn shared<T: Sync>() {}
/// shared::<haltline::TallyHandle>();
/// ```
#[derive(Debug)]
pub struct TallyHandle {
    /// The bucket of the last record: its first nanosecond, how many it has, and where it lies.
    first: u64,
    length: u64,
    line: Arc<BucketLine>,
    lane: Arc<Lane>,
    slot: usize,
    shared: Arc<Shared>,
    one: PhantomData<Cell<()>>,
}

impl TallyHandle {
    /// Counts `amounts` at the time `at`.
    ///
    /// Wait-free, no allocation, no read-modify-write: one load and one store in a cache line of its own for each number that is
    /// not zero. The first record of a bucket finds its place by a division and folds what lay there; it costs about ten
    /// times as much.
    #[inline]
    pub fn record(&mut self, at: Nanos, amounts: Amounts) {
        // A time before the bucket wraps to far behind its end.
        if at.0.wrapping_sub(self.first) < self.length {
            self.line.add(&amounts);
        } else {
            self.record_elsewhere(at, amounts);
        }
    }

    #[cold]
    fn record_elsewhere(&mut self, at: Nanos, amounts: Amounts) {
        let width = self.shared.width;
        let bucket = at.0 / width;
        if let Some(line) = self.lane.open_and_add(bucket, &amounts) {
            self.line = line.clone();
            self.first = bucket * width;
            self.length = width.min((u64::MAX - self.first).saturating_add(1));
        }
    }
}

impl Drop for TallyHandle {
    fn drop(&mut self) {
        self.shared.slots[self.slot].claim.store(FREE, at::tally_release());
    }
}
