//! Handles of cold objects: 64 bits that say what they name, so that a wrong, old or invented one is refused and never followed.
//!
//! ```text
//!  63   56 55     48 47                             0
//!  | type | slot     | number of the opening          |   hl_system
//!  | type | number of the System (24) | breaker (32)  |   hl_breaker
//!  | type | number of the opening (56)                |   hl_subscription, hl_permit
//! ```
//!
//! Every opening takes the next number of its kind, and no number comes twice: at one a nanosecond 48 bits last three days of nothing
//! but openings of Systems, and then no more are opened. So there is no generation that could wrap around to that of an
//! old handle, which is why this is not a slot map: that packs a key of 32 and 32 bits, leaves no room for the type, and wraps.

use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use haltline::BreakerId;

use crate::boundary::Refused;
use crate::status::HL_ERR_FULL;

/// A System. Zero is none.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct hl_system {
    /// What it names.
    pub bits: u64,
}

/// A breaker of one System. Zero is none.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct hl_breaker {
    /// What it names.
    pub bits: u64,
}

/// A subscription. Zero is none.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct hl_subscription {
    /// What it names.
    pub bits: u64,
}

/// The right to send one order while what denies it is half open. Zero is none.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct hl_permit {
    /// What it names.
    pub bits: u64,
}

/// What a handle names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Type {
    System = 0x53,
    Breaker = 0x42,
    Subscription = 0x55,
    Permit = 0x50,
}

const TYPE: u32 = 56;
/// The bits below the type.
pub(crate) const NUMBER: u64 = (1 << TYPE) - 1;
const SYSTEM: u64 = 0xFF_FFFF;

impl Type {
    pub(crate) const fn bits(self, number: u64) -> u64 {
        (self as u64) << TYPE | (number & NUMBER)
    }

    /// The number in a handle of this type.
    pub(crate) const fn number(self, bits: u64) -> Option<u64> {
        if bits >> TYPE == self as u64 { Some(bits & NUMBER) } else { None }
    }
}

/// The handle of a breaker of the System with these bits; of none, zero.
pub(crate) fn breaker(system: u64, id: BreakerId) -> hl_breaker {
    if id == BreakerId::NONE {
        return hl_breaker::default();
    }
    hl_breaker { bits: Type::Breaker.bits((system & SYSTEM) << 32 | u64::from(id.raw())) }
}

/// The breaker of a handle, if it is one of the System with these bits.
pub(crate) fn breaker_id(system: u64, handle: hl_breaker) -> Result<BreakerId, Refused> {
    let number = Type::Breaker.number(handle.bits).filter(|number| number >> 32 == system & SYSTEM);
    number.map(|number| BreakerId::from_raw(number as u32)).ok_or_else(|| Refused::stale("breaker", handle.bits))
}

/// What handles of one type name.
pub(crate) struct Table<T> {
    names: Type,
    numbers: AtomicU64,
    list: Mutex<BTreeMap<u64, T>>,
}

impl<T> Table<T> {
    pub(crate) const fn new(names: Type) -> Self {
        Self { names, numbers: AtomicU64::new(0), list: Mutex::new(BTreeMap::new()) }
    }

    fn list(&self) -> MutexGuard<'_, BTreeMap<u64, T>> {
        lock(&self.list)
    }

    /// Puts something in; gives the bits of its handle.
    ///
    /// # Errors
    /// `HL_ERR_FULL` when all numbers have been given out.
    pub(crate) fn put(&self, what: T) -> Result<u64, Refused> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed) + 1;
        if number >= NUMBER {
            return Err(Refused::new(HL_ERR_FULL, "all handles have been given out"));
        }
        self.list().insert(number, what);
        Ok(self.names.bits(number))
    }

    /// Takes it out. The second time there is nothing.
    pub(crate) fn take(&self, bits: u64) -> Option<T> {
        self.list().remove(&self.names.number(bits)?)
    }

    /// Takes out what is not to be kept; dropped by the caller, outside of the lock.
    pub(crate) fn take_all(&self, which: impl Fn(&T) -> bool) -> Vec<T> {
        let mut list = self.list();
        let numbers: Vec<_> = list.iter().filter(|(_, what)| which(what)).map(|(number, _)| *number).collect();
        numbers.iter().filter_map(|number| list.remove(number)).collect()
    }
}

impl<T: Clone> Table<T> {
    pub(crate) fn get(&self, bits: u64) -> Option<T> {
        self.list().get(&self.names.number(bits)?).cloned()
    }

    pub(crate) fn all(&self, which: impl Fn(&T) -> bool) -> Vec<T> {
        self.list().values().filter(|what| which(what)).cloned().collect()
    }
}

/// Locks; whoever has panicked with it has left it whole, since each change under a lock here is one call.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_good_once_and_of_one_type() {
        static TABLE: Table<u32> = Table::new(Type::Permit);
        let (one, two) = (TABLE.put(1).unwrap(), TABLE.put(2).unwrap());
        assert_ne!(one, two);
        assert_eq!((TABLE.take(one), TABLE.take(one), TABLE.get(two)), (Some(1), None, Some(2)));
        assert_ne!(TABLE.put(3).unwrap(), one, "no number comes twice");
        assert_eq!(TABLE.take(two ^ 1 << 60), None, "another type");
        assert_eq!(TABLE.take_all(|what| *what == 2), [2]);
        assert_eq!(TABLE.take(two), None);
    }

    #[test]
    fn a_breaker_is_one_of_its_system() {
        let id = BreakerId::from_raw(0xFFF0_0007);
        let handle = breaker(0x5300_0000_0000_0009, id);
        assert_eq!(breaker_id(0x5301_0000_0000_0009, handle).unwrap(), id);
        assert!(breaker_id(0x5300_0000_0000_000A, handle).is_err());
        assert!(breaker_id(0x5300_0000_0000_0009, hl_breaker::default()).is_err());
        assert_eq!(breaker(9, BreakerId::NONE), hl_breaker::default());
    }
}
