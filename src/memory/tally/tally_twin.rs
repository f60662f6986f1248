//! The slow, obvious tally: keeps every record and adds them up when it is asked.

use crate::model::tally::{Amounts, Sums};
use crate::model::time::Nanos;
use crate::model::units::Money;

#[derive(Clone, Copy)]
struct Record {
    bucket: u64,
    amounts: Amounts,
    late: bool,
}

pub(super) struct Twin {
    pub(super) width: u64,
    pub(super) buckets: u64,
    /// The records of each slot, in their order.
    slots: Vec<Vec<Record>>,
}

impl Twin {
    pub(super) fn new(window: u64, buckets: u64, slots: usize) -> Self {
        Self { width: window.div_ceil(buckets), buckets, slots: vec![Vec::new(); slots] }
    }

    /// Whether the place of `bucket` has gone to a later one.
    fn is_gone(&self, slot: usize, bucket: u64) -> bool {
        let places = self.buckets + 2;
        let later = |r: &Record| !r.late && r.bucket > bucket && r.bucket % places == bucket % places;
        self.slots[slot].iter().any(later)
    }

    pub(super) fn record(&mut self, slot: usize, at: Nanos, amounts: Amounts) {
        let bucket = at.0 / self.width;
        let late = self.is_gone(slot, bucket);
        self.slots[slot].push(Record { bucket, amounts, late });
    }

    pub(super) fn sums(&self, now: Nanos) -> Sums {
        let present = i128::from(now.0 / self.width);
        let mut parts = Vec::new();
        for (slot, records) in self.slots.iter().enumerate() {
            for bucket in present - i128::from(self.buckets)..=present + 1 {
                let Ok(bucket) = u64::try_from(bucket) else { continue };
                if !self.is_gone(slot, bucket) {
                    let here = records.iter().filter(|r| !r.late && r.bucket == bucket);
                    parts.push(here.fold(Amounts::NONE, |sum, r| sum.plus(r.amounts)));
                }
            }
        }
        self.added(&parts)
    }

    /// `None` if the sum of profit and loss is at the end of its type, where the order of additions matters.
    pub(super) fn totals(&self) -> Option<Sums> {
        let all: Vec<_> = self.slots.iter().flatten().map(|r| r.amounts).collect();
        let most: u128 = all.iter().map(|a| u128::from(a.pnl.raw().unsigned_abs())).sum();
        (most <= i64::MAX as u128).then(|| self.added(&all))
    }

    fn added(&self, parts: &[Amounts]) -> Sums {
        let count = |of: fn(&Amounts) -> u64| {
            let sum: u128 = parts.iter().map(|part| u128::from(of(part))).sum();
            sum.min(u64::MAX.into()) as u64
        };
        let pnl: i128 = parts.iter().map(|part| i128::from(part.pnl.raw())).sum();
        let amounts = Amounts {
            success: count(|a| a.success),
            failure: count(|a| a.failure),
            ignored: count(|a| a.ignored),
            slow: count(|a| a.slow),
            pnl: Money::from_raw(pnl.clamp(i64::MIN.into(), i64::MAX.into()) as i64),
        };
        Sums { amounts, late: self.slots.iter().flatten().filter(|r| r.late).count() as u64 }
    }
}
