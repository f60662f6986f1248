//! Which prices of a scope are admitted: one line a scope, one word a side.
//!
//! A gate reads one word and compares: a purchase at `price <= upper`, a sale at `price >= lower`. Both words are turned so that
//! zeroed memory admits nothing, and the greatest number everything:
//!
//! ```text
//! upper = place of the upper band among all prices, from 1;   a purchase is admitted if  place(price) <= upper
//! floor = place of the lower band, counted from above;        a sale                 if  place(-price) <= floor
//! ```
//!
//! # Who writes
//!
//! The one feed of the scope's price band, each time that its bands move; and the control plane, when a band breaker comes, goes
//! or is replaced, and at a shutdown. The line has an owner (the listener's line, which no other has while a feed may still
//! use it), so that a feed that is in the midst of an observation does not write after it has been taken out. Owner and words
//! change under a claim. The feed tries it once: if the control plane has it, that has the say, and the next observation finds
//! that the words differ from the bands and says them again. The control plane waits for the feed's two stores.
//!
//! # Orderings
//!
//! The words are read and written plainly. Nothing is read on the strength of one, and no order asks for both: it is on one
//! side. So no gate can see a mixture, and there is no second word that an ordering would have to bring along; who must
//! see a halt and not only a price asks [`check`](crate::Gate::check). Between two writers the claim orders: `claim_swap` acquires
//! what `tag_publish` releases.

use super::orderings::at;
use super::sync::{AtomicU64, wait_a_moment};
use crate::model::price_band::{Prices, Side};
use crate::model::units::Price;

/// Beyond this no price lies that anybody names.
const LAST: i64 = i64::MAX - 1;

/// The prices of one scope.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub(crate) struct PriceLine {
    upper: AtomicU64,
    floor: AtomicU64,
    owner: AtomicU64,
    claim: AtomicU64,
}

const _: () = assert!(cfg!(loom) || size_of::<PriceLine>() == 64);

/// Who may say which prices are admitted: a listener's line, or nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner(u64);

impl Owner {
    pub(crate) const NOBODY: Self = Self(0);

    pub(crate) const fn line(line: usize) -> Self {
        Self(line as u64 + 1)
    }
}

impl PriceLine {
    /// Wait-free: one load and a comparison.
    #[inline(always)]
    pub(crate) fn admits(&self, price: Price, side: Side) -> bool {
        let price = price.raw().clamp(-LAST, LAST);
        match side {
            Side::Buy => place(price) <= self.upper.load(at::plain()),
            Side::Sell => place(-price) <= self.floor.load(at::plain()),
        }
    }

    /// The words that a gate compares with, for a purchase and for a sale.
    pub(crate) fn words_of_sides(&self) -> (&AtomicU64, &AtomicU64) {
        (&self.upper, &self.floor)
    }

    /// The owner's feed says what is admitted now. Wait-free; without effect if another one owns the line by now.
    #[inline]
    pub(crate) fn publish(&self, owner: Owner, prices: Prices) {
        if self.words() != words(prices) && self.claims() {
            if self.owner.load(at::plain()) == owner.0 {
                self.write(prices);
            }
            self.claim.store(0, at::tag_publish());
        }
    }

    /// What would go wrong without the claim, for the models.
    #[cfg(all(test, loom))]
    pub(crate) fn publish_unclaimed(&self, owner: Owner, prices: Prices) {
        if self.owner.load(at::plain()) == owner.0 {
            self.write(prices);
        }
    }

    /// Gives the line to an owner. Waits for a feed that is writing.
    pub(crate) fn assign(&self, owner: Owner, prices: Prices) {
        while !self.claims() {
            wait_a_moment();
        }
        self.owner.store(owner.0, at::plain());
        self.write(prices);
        self.claim.store(0, at::tag_publish());
    }

    fn claims(&self) -> bool {
        self.claim.compare_exchange(0, 1, at::claim_swap(), at::claim_swap_failed()).is_ok()
    }

    fn words(&self) -> (u64, u64) {
        (self.upper.load(at::plain()), self.floor.load(at::plain()))
    }

    fn write(&self, prices: Prices) {
        let (upper, floor) = words(prices);
        self.upper.store(upper, at::plain());
        self.floor.store(floor, at::plain());
    }
}

/// The place of a price among all: it rises with the price, and is never zero.
#[inline(always)]
const fn place(price: i64) -> u64 {
    (price as u64) ^ (1 << 63)
}

fn words(prices: Prices) -> (u64, u64) {
    match prices {
        Prices::None => (0, 0),
        Prices::All => (u64::MAX, u64::MAX),
        Prices::Between { lower, upper } => {
            (place(upper.raw().clamp(-LAST, LAST)), place(-lower.raw().clamp(-LAST, LAST)))
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const PRICES: [i64; 9] = [i64::MIN, i64::MIN + 1, -1, 0, 1, 94, 105, i64::MAX - 1, i64::MAX];

    fn admitted(line: &PriceLine, side: Side) -> Vec<i64> {
        PRICES.into_iter().filter(|price| line.admits(Price::from_raw(*price), side)).collect()
    }

    #[test]
    fn zeroed_memory_admits_no_price_and_a_scope_without_bands_each() {
        let line = PriceLine::default();
        assert!(Side::ALL.iter().all(|side| admitted(&line, *side).is_empty()));
        line.assign(Owner::NOBODY, Prices::All);
        assert!(Side::ALL.iter().all(|side| admitted(&line, *side) == PRICES));
        line.assign(Owner::NOBODY, Prices::None);
        assert!(Side::ALL.iter().all(|side| admitted(&line, *side).is_empty()));
    }

    #[test]
    fn each_side_has_its_own_band_to_the_unit() {
        let line = PriceLine::default();
        let (lower, upper) = (Price::from_raw(95), Price::from_raw(105));
        line.assign(Owner::NOBODY, Prices::Between { lower, upper });
        for (price, side, admits) in [
            (105, Side::Buy, true),
            (106, Side::Buy, false),
            (1, Side::Buy, true),
            (95, Side::Sell, true),
            (94, Side::Sell, false),
            (i64::MAX, Side::Sell, true),
        ] {
            assert_eq!(line.admits(Price::from_raw(price), side), admits, "{side} at {price}");
        }
    }

    #[test]
    fn only_the_owner_says_what_is_admitted() {
        let line = PriceLine::default();
        let ours = Prices::Between { lower: Price::from_raw(1), upper: Price::from_raw(2) };
        line.assign(Owner::line(0), Prices::None);
        line.publish(Owner::line(1), Prices::All);
        assert_eq!(line.words(), (0, 0));
        line.publish(Owner::line(0), ours);
        assert_eq!(line.words(), words(ours));
        line.assign(Owner::NOBODY, Prices::All);
        line.publish(Owner::line(0), ours);
        assert_eq!(line.words(), (u64::MAX, u64::MAX), "taken out, it writes no more");
    }
}
