//! The lane of one handle: a ring of lines, one a bucket, and a line for the rest.
//!
//! A bucket lies at the place of its number modulo the places, and a place goes from bucket to later bucket.

use std::sync::Arc;

use super::line::{BucketLine, RestLine, Tag};
use crate::model::tally::{Amounts, Sums};
use crate::model::units::Money;

/// A ring has places for the buckets before the present one, for itself, and for one ahead.
pub(in crate::memory) const MORE_PLACES: usize = 2;

/// What a slot keeps and its handle writes.
#[derive(Debug)]
pub(in crate::memory) struct Lane {
    rest: RestLine,
    /// Each line by itself, so that a handle holds the one of its present bucket and finds it without an index.
    ring: Box<[Arc<BucketLine>]>,
}

impl Lane {
    /// A lane for windows of so many buckets, empty.
    pub(in crate::memory) fn new(buckets: u32) -> Self {
        let places = 0..buckets as usize + MORE_PLACES;
        Self { rest: RestLine::default(), ring: places.map(|_| Arc::default()).collect() }
    }

    /// A line for a handle that has no bucket yet.
    pub(in crate::memory) fn any_line(&self) -> Arc<BucketLine> {
        self.ring[0].clone()
    }

    /// Adds to a bucket and says where it lies; `None` if its place has gone to a later one, then the record is late. For the
    /// one thread that records here.
    pub(in crate::memory) fn open_and_add(&self, bucket: u64, amounts: &Amounts) -> Option<&Arc<BucketLine>> {
        let line = &self.ring[(bucket % self.ring.len() as u64) as usize];
        let (held, sums) = line.own();
        let tag = Tag::of(bucket);
        if held > tag {
            self.rest.add_late(*amounts);
            return None;
        }
        if held == tag {
            line.add(amounts);
        } else {
            // First into the rest, then out of the ring. In between it is in both, and the rest says so.
            if held != Tag::NONE {
                self.rest.fold(held, sums);
            }
            line.begin(tag, *amounts);
        }
        Some(line)
    }

    /// Adds up the window whose present bucket this is: as many buckets before it as the ring is made for, itself, and the
    /// one after it. Wait-free.
    ///
    /// From the newest to the oldest: whoever sees a record sees what its thread had recorded before it in all that he looks
    /// at later.
    pub(in crate::memory) fn add_up_window(&self, present: u64, sum: &mut Wide) {
        let ring = &self.ring;
        let newest = present.saturating_add(1);
        let oldest = present.saturating_sub((ring.len() - MORE_PLACES) as u64);
        let mut place = (newest % ring.len() as u64) as usize;
        for bucket in (oldest..=newest).rev() {
            if let Some(found) = ring[place].numbers_of(Tag::of(bucket)) {
                sum.add(found);
            }
            place = if place == 0 { ring.len() - 1 } else { place - 1 };
        }
        sum.late(self.rest.late());
    }

    /// Adds up everything that was ever recorded here. Lock-free: begins anew only if a bucket has gone or a late record has
    /// come meanwhile.
    ///
    /// A bucket goes into the rest, then its line is another's. Whoever reads the rest without it and its line as another's (or
    /// as nobody's) sees at the end that the rest has moved; whoever reads it in both is told so by the rest.
    pub(in crate::memory) fn add_up_all(&self, sum: &mut Wide) {
        while !self.try_to_add_up_all(sum) {}
    }

    fn try_to_add_up_all(&self, sum: &mut Wide) -> bool {
        let rest = self.rest.read();
        let mut all = *sum;
        all.add(rest.amounts);
        all.late(self.rest.late());
        for line in &self.ring {
            let tag = line.tag();
            if tag == Tag::NONE || tag == rest.folded {
                continue;
            }
            match line.numbers_of(tag) {
                Some(found) => all.add(found),
                None => return false,
            }
        }
        let stood = self.rest.count() == rest.count;
        if stood {
            *sum = all;
        }
        stood
    }
}

/// A sum under way. Money is added in `i128`, so that the order of lanes and buckets cannot matter.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::memory) struct Wide {
    counts: Amounts,
    pnl: i128,
    late: u64,
}

impl Wide {
    fn add(&mut self, amounts: Amounts) {
        self.counts = self.counts.plus(Amounts { pnl: Money::ZERO, ..amounts });
        self.pnl += i128::from(amounts.pnl.raw());
    }

    fn late(&mut self, late: u64) {
        self.late = self.late.saturating_add(late);
    }

    pub(in crate::memory) fn sums(self) -> Sums {
        let pnl = self.pnl.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
        Sums { amounts: Amounts { pnl: Money::from_raw(pnl), ..self.counts }, late: self.late }
    }
}
