//! The open positions, with what the limits look at: their number, their sums, and the greatest of them, always up to
//! date and exact.
//!
//! The side of a position is that of its quantity, its amount the magnitude of its market value; so it does not matter
//! whether the values of short positions come with a sign.

use super::heap::Heap;
use super::index::Index;

/// The positions of one account.
#[derive(Debug)]
pub(super) struct Book {
    instruments: Index,
    positions: Vec<Position>,
    free: Vec<u32>,
    sectors: Index,
    sums: Vec<Sector>,
    free_sectors: Vec<u32>,
    by_amount: Heap<u64>,
    by_quantity: Heap<u64>,
    by_sector: Heap<u128>,
    pub(super) long: u128,
    pub(super) short: u128,
}

/// What is held of an instrument; nothing in a slot that is free.
#[derive(Clone, Copy, Debug, Default)]
struct Position {
    instrument: u64,
    quantity: i64,
    amount: u64,
    /// The slot of its sector, counted from 1; 0 for a position that is a sector of its own.
    sector: u32,
}

/// The positions of a sector together.
#[derive(Clone, Copy, Debug, Default)]
struct Sector {
    amount: u128,
    members: u32,
    name: u32,
}

/// All slots are taken.
#[derive(Debug)]
pub(super) struct Full;

impl Book {
    /// Room for so many open positions.
    pub(super) fn new(capacity: u32) -> Self {
        let room = capacity as usize;
        let slots = || (0..capacity).rev().collect();
        Self {
            instruments: Index::new(room),
            positions: vec![Position::default(); room],
            free: slots(),
            // Each has a position, so there are no more of them.
            sectors: Index::new(room),
            sums: vec![Sector::default(); room],
            free_sectors: slots(),
            by_amount: Heap::new(room),
            by_quantity: Heap::new(room),
            by_sector: Heap::new(room),
            long: 0,
            short: 0,
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.positions.len()
    }

    /// How many are open.
    pub(super) fn count(&self) -> usize {
        self.positions.len() - self.free.len()
    }

    /// The greatest amount of a position.
    pub(super) fn greatest(&self) -> u64 {
        self.by_amount.greatest().unwrap_or(0)
    }

    /// The greatest quantity of a position, whichever side.
    pub(super) fn greatest_quantity(&self) -> u64 {
        self.by_quantity.greatest().unwrap_or(0)
    }

    /// The greatest amount of a sector. The greatest position stands for those that are sectors of their own: no other
    /// of them is greater, and the sector of one that is not is at least as great.
    pub(super) fn greatest_sector(&self) -> u128 {
        self.by_sector.greatest().unwrap_or(0).max(u128::from(self.greatest()))
    }

    /// What is held of an instrument from now on; a quantity of zero closes it. Sector 0 is one of its own.
    ///
    /// # Errors
    /// If it is one more than there is room for; then nothing has changed.
    pub(super) fn set(&mut self, instrument: u64, quantity: i64, amount: u64, sector: u32) -> Result<(), Full> {
        let (slot, old) = match self.instruments.find(instrument) {
            Some(slot) => (slot, self.positions[slot as usize]),
            None if quantity == 0 => return Ok(()),
            None => {
                let slot = self.free.pop().ok_or(Full)?;
                self.instruments.insert(instrument, slot);
                (slot, Position::default())
            }
        };
        *self.side(old.quantity) -= u128::from(old.amount);
        *self.side(quantity) += u128::from(amount);
        if quantity == 0 {
            self.leave(old.sector, old.amount);
            self.close(slot, instrument);
        } else {
            let sector = self.change_sector(old, sector, amount);
            self.positions[slot as usize] = Position { instrument, quantity, amount, sector };
            self.by_amount.set(slot, amount);
            self.by_quantity.set(slot, quantity.unsigned_abs());
        }
        Ok(())
    }

    /// Puts all positions into another book, if it has room for them.
    pub(super) fn pour(&self, into: &mut Self) -> Result<(), Full> {
        if self.count() > into.capacity() {
            return Err(Full);
        }
        for position in self.positions.iter().filter(|position| position.quantity != 0) {
            let sector = position.sector.checked_sub(1).map_or(0, |slot| self.sums[slot as usize].name);
            into.set(position.instrument, position.quantity, position.amount, sector)?;
        }
        Ok(())
    }

    fn side(&mut self, quantity: i64) -> &mut u128 {
        if quantity > 0 { &mut self.long } else { &mut self.short }
    }

    fn close(&mut self, slot: u32, instrument: u64) {
        self.instruments.remove(instrument);
        self.positions[slot as usize] = Position::default();
        self.free.push(slot);
        self.by_amount.remove(slot);
        self.by_quantity.remove(slot);
    }

    /// Moves a position to a sector, with its new amount. The slot of that, counted from 1; 0 if it is one of its own.
    fn change_sector(&mut self, old: Position, name: u32, amount: u64) -> u32 {
        match old.sector.checked_sub(1) {
            Some(slot) if self.sums[slot as usize].name == name => {
                let sector = &mut self.sums[slot as usize];
                sector.amount = sector.amount - u128::from(old.amount) + u128::from(amount);
                self.by_sector.set(slot, sector.amount);
                old.sector
            }
            _ => {
                self.leave(old.sector, old.amount);
                self.join(name, amount)
            }
        }
    }

    fn join(&mut self, name: u32, amount: u64) -> u32 {
        if name == 0 {
            return 0;
        }
        let slot = match self.sectors.find(u64::from(name)) {
            Some(slot) => slot,
            None => {
                // A sector has a position, so there is a slot for each.
                let Some(slot) = self.free_sectors.pop() else { return 0 };
                self.sectors.insert(u64::from(name), slot);
                self.sums[slot as usize].name = name;
                slot
            }
        };
        let sector = &mut self.sums[slot as usize];
        sector.amount += u128::from(amount);
        sector.members += 1;
        self.by_sector.set(slot, sector.amount);
        slot + 1
    }

    /// The last one out closes the sector.
    fn leave(&mut self, sector: u32, amount: u64) {
        let Some(slot) = sector.checked_sub(1) else { return };
        let sector = &mut self.sums[slot as usize];
        sector.amount -= u128::from(amount);
        sector.members -= 1;
        if sector.members > 0 {
            self.by_sector.set(slot, sector.amount);
            return;
        }
        let Sector { name, .. } = core::mem::take(sector);
        self.sectors.remove(u64::from(name));
        self.by_sector.remove(slot);
        self.free_sectors.push(slot);
    }

    #[cfg(test)]
    pub(super) fn reserved_bytes(&self) -> usize {
        let slots = self.free.capacity() + self.free_sectors.capacity();
        self.instruments.reserved_bytes()
            + self.sectors.reserved_bytes()
            + self.by_amount.reserved_bytes()
            + self.by_quantity.reserved_bytes()
            + self.by_sector.reserved_bytes()
            + self.positions.capacity() * size_of::<Position>()
            + self.sums.capacity() * size_of::<Sector>()
            + slots * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// All positions in a map, everything added up anew.
    #[derive(Default)]
    struct Twin(BTreeMap<u64, (i64, u64, u32)>);

    impl Twin {
        fn sum(&self, of: impl Fn(i64) -> bool) -> u128 {
            self.0.values().filter(|(quantity, ..)| of(*quantity)).map(|(_, amount, _)| u128::from(*amount)).sum()
        }

        fn greatest_sector(&self) -> u128 {
            let mut sums = BTreeMap::new();
            for (instrument, (_, amount, sector)) in &self.0 {
                let own = if *sector == 0 { Some(instrument) } else { None };
                *sums.entry((sector, own)).or_default() += u128::from(*amount);
            }
            sums.values().copied().max().unwrap_or(0)
        }

        fn agrees(&self, book: &Book) -> bool {
            let all = self.0.values();
            book.count() == self.0.len()
                && book.long == self.sum(|quantity| quantity > 0)
                && book.short == self.sum(|quantity| quantity < 0)
                && book.greatest() == all.clone().map(|(_, amount, _)| *amount).max().unwrap_or(0)
                && book.greatest_quantity() == all.map(|(quantity, ..)| quantity.unsigned_abs()).max().unwrap_or(0)
                && book.greatest_sector() == self.greatest_sector()
        }
    }

    fn amount() -> impl Strategy<Value = u64> {
        prop_oneof![8 => 0u64..100, 1 => prop::sample::select(vec![0, 1, 1 << 63, u64::MAX])]
    }

    fn quantity() -> impl Strategy<Value = i64> {
        prop_oneof![6 => -9i64..=9, 2 => Just(0), 1 => prop::sample::select(vec![i64::MIN, i64::MAX])]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn agrees_with_the_slow_twin(
            capacity in 1u32..8,
            steps in prop::collection::vec((0u64..12, quantity(), amount(), 0u32..4), 1..150),
        ) {
            let (mut book, mut twin) = (Book::new(capacity), Twin::default());
            for (instrument, quantity, amount, sector) in steps {
                let amount = if quantity == 0 { 0 } else { amount };
                let fits = twin.0.contains_key(&instrument) || quantity == 0 || twin.0.len() < capacity as usize;
                prop_assert_eq!(book.set(instrument, quantity, amount, sector).is_ok(), fits);
                match quantity {
                    _ if !fits => {}
                    0 => drop(twin.0.remove(&instrument)),
                    _ => drop(twin.0.insert(instrument, (quantity, amount, sector))),
                }
                prop_assert!(twin.agrees(&book), "{:?}", book);
            }
            let mut other = Book::new(capacity + 3);
            prop_assert!(book.pour(&mut other).is_ok() && twin.agrees(&other));
        }
    }
}
