//! The lines of a tally: one for each bucket of time, and one for what lies in no bucket. One thread writes them, any reads.
//!
//! Every store here is a release and every look at another's word an acquire, so whoever sees a number sees all that its
//! writer had written before it. That is all that the arguments below use.

use crate::memory::orderings::at;
use crate::memory::sync::AtomicU64;
use crate::model::tally::Amounts;
use crate::model::units::Money;

/// The numbers of some records.
#[derive(Debug, Default)]
#[repr(C)]
struct Numbers {
    success: AtomicU64,
    failure: AtomicU64,
    ignored: AtomicU64,
    slow: AtomicU64,
    pnl: AtomicU64,
}

impl Numbers {
    /// The numbers, for the one thread that writes them.
    fn own(&self) -> Amounts {
        self.load(at::plain())
    }

    /// The numbers, for others: the last one that a record writes first. So whoever finds a record's money finds its slowness,
    /// and whoever finds that finds its outcome.
    fn look(&self) -> Amounts {
        self.load(at::tally_look())
    }

    #[inline(always)]
    fn load(&self, order: core::sync::atomic::Ordering) -> Amounts {
        let pnl = Money::from_raw(self.pnl.load(order) as i64);
        let slow = self.slow.load(order);
        let ignored = self.ignored.load(order);
        let failure = self.failure.load(order);
        Amounts { success: self.success.load(order), failure, ignored, slow, pnl }
    }

    fn store(&self, amounts: Amounts) {
        let Amounts { success, failure, ignored, slow, pnl } = amounts;
        let Self { success: s, failure: f, ignored: i, slow: w, pnl: p } = self;
        for (word, value) in [(s, success), (f, failure), (i, ignored), (w, slow), (p, pnl.raw() as u64)] {
            // A model would branch over words that say the same before and after.
            #[cfg(loom)]
            if word.load(at::plain()) == value {
                continue;
            }
            word.store(value, at::tally_number());
        }
    }

    /// Adds, by the one thread that writes: a load and a store for each number that is not zero, most often one.
    #[inline(always)]
    fn add(&self, amounts: &Amounts) {
        for (word, more) in [
            (&self.success, amounts.success),
            (&self.failure, amounts.failure),
            (&self.ignored, amounts.ignored),
            (&self.slow, amounts.slow),
        ] {
            if more != 0 {
                word.store(word.load(at::plain()).saturating_add(more), at::tally_number());
            }
        }
        if amounts.pnl != Money::ZERO {
            let sum = (self.pnl.load(at::plain()) as i64).saturating_add(amounts.pnl.raw());
            self.pnl.store(sum as u64, at::tally_number());
        }
    }
}

/// Which bucket a line holds: its number and one; zero while there is none or it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::memory) struct Tag(u64);

impl Tag {
    pub(in crate::memory) const NONE: Self = Self(0);

    /// The last two numbers share a tag: nanoseconds 584 years after 1970 in windows of as many nanoseconds as buckets.
    pub(in crate::memory) fn of(bucket: u64) -> Self {
        Self(bucket.saturating_add(1))
    }
}

/// One bucket of one lane: one cache line, and one that nobody uses behind it. (Some processors fetch lines in pairs. The one
/// before it holds the counts of its `Arc`.)
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub(in crate::memory) struct BucketLine {
    tag: AtomicU64,
    numbers: Numbers,
    unused: [u64; 10],
}

const _: () = assert!(cfg!(loom) || size_of::<BucketLine>() == 128 && core::mem::offset_of!(BucketLine, unused) < 64);

impl BucketLine {
    /// Adds to the bucket that lies here. Wait-free, stores alone. One thread.
    #[inline(always)]
    pub(in crate::memory) fn add(&self, amounts: &Amounts) {
        self.numbers.add(amounts);
    }

    /// What lies here, for the one thread that writes.
    pub(in crate::memory) fn own(&self) -> (Tag, Amounts) {
        (Tag(self.tag.load(at::plain())), self.numbers.own())
    }

    /// Gives the line to another bucket. One thread.
    ///
    /// The tag is gone before the first number is another's, and there before the next record.
    pub(in crate::memory) fn begin(&self, tag: Tag, amounts: Amounts) {
        self.tag.store(Tag::NONE.0, at::tally_tag());
        self.numbers.store(amounts);
        self.tag.store(tag.0, at::tally_tag());
    }

    /// Which bucket lies here.
    pub(in crate::memory) fn tag(&self) -> Tag {
        Tag(self.tag.load(at::tally_look()))
    }

    /// What lies here if `tag` does; `None` if it does not, or goes while it is read. Wait-free.
    pub(in crate::memory) fn numbers_of(&self, tag: Tag) -> Option<Amounts> {
        if self.tag() != tag {
            return None;
        }
        let found = self.numbers.look();
        // Had one of them been another bucket's, the tag would have been seen to be gone.
        (self.tag() == tag).then_some(found)
    }
}

/// What lies in no bucket of a lane: the buckets that have gone, folded together, and the late records.
///
/// Two copies, of which `count` says by its lowest bit which one stands. The writer fills the other copy and then moves the
/// count on, so at every instant one copy is whole, and a writer that is stopped in the middle stops no reader.
#[derive(Debug, Default)]
#[repr(C, align(128))]
pub(in crate::memory) struct RestLine {
    /// How many contents there have been; never wraps.
    count: AtomicU64,
    copies: [Copy; 2],
    /// How many records came too late for their bucket.
    late: AtomicU64,
}

const _: () = assert!(cfg!(loom) || size_of::<RestLine>() == 128);

#[derive(Debug, Default)]
#[repr(C)]
struct Copy {
    /// The bucket that was folded last.
    folded: AtomicU64,
    numbers: Numbers,
}

/// The contents of a [`RestLine`].
#[derive(Clone, Copy, Debug)]
pub(in crate::memory) struct Rest {
    /// The count that it stood under.
    pub(in crate::memory) count: u64,
    /// The bucket that was folded into it last. It may lie in the ring for a moment longer.
    pub(in crate::memory) folded: Tag,
    pub(in crate::memory) amounts: Amounts,
}

impl RestLine {
    fn copy(&self, count: u64) -> &Copy {
        &self.copies[count as usize & 1]
    }

    /// Folds a bucket in, before its line goes to another. One thread.
    pub(in crate::memory) fn fold(&self, bucket: Tag, amounts: Amounts) {
        let count = self.count.load(at::plain());
        self.replace(count, bucket, self.copy(count).numbers.own().plus(amounts));
    }

    /// Takes a record in whose bucket is gone. One thread.
    pub(in crate::memory) fn add_late(&self, amounts: Amounts) {
        let count = self.count.load(at::plain());
        let copy = self.copy(count);
        self.replace(count, Tag(copy.folded.load(at::plain())), copy.numbers.own().plus(amounts));
        self.late.store(self.late.load(at::plain()).saturating_add(1), at::tally_number());
    }

    fn replace(&self, count: u64, folded: Tag, amounts: Amounts) {
        let count = count.wrapping_add(1);
        let copy = self.copy(count);
        // This copy stood until the count moved last: whoever sees one of its new words sees that the count has moved.
        copy.folded.store(folded.0, at::tally_number());
        copy.numbers.store(amounts);
        self.count.store(count, at::tally_tag());
    }

    /// The contents, whole. Lock-free: begins anew only if they have been replaced meanwhile.
    pub(in crate::memory) fn read(&self) -> Rest {
        let mut count = self.count();
        loop {
            let copy = self.copy(count);
            let amounts = copy.numbers.look();
            let folded = Tag(copy.folded.load(at::tally_look()));
            let again = self.count();
            if again == count {
                return Rest { count, folded, amounts };
            }
            count = again;
        }
    }

    /// How many contents there have been.
    pub(in crate::memory) fn count(&self) -> u64 {
        self.count.load(at::tally_look())
    }

    /// How many records came too late for their bucket.
    pub(in crate::memory) fn late(&self) -> u64 {
        self.late.load(at::tally_look())
    }
}
