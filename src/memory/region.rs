//! The memory of a Board: one mapping with fixed offsets and no pointers inside, so that the same bytes could lie in
//! a shared file. Pages that nobody touches cost nothing, so capacities may be generous.

#![cfg_attr(not(loom), allow(unsafe_code))]

use super::board::Header;
use super::lines::{BreakerLine, ListenerLine};
use super::prices::PriceLine;
use super::sync::AtomicU64;
use crate::model::caps::Caps;
use crate::model::error::Error;

/// The parts of a Board's memory. All of it is zero at first: no breaker, no denial, no epoch.
#[derive(Debug)]
pub(crate) struct Region {
    #[cfg(not(loom))]
    mapping: mapping::Mapping,
    #[cfg(loom)]
    heap: heap::Heap,
}

#[cfg(not(loom))]
impl Region {
    pub(crate) fn new(caps: &Caps) -> Result<Self, Error> {
        Ok(Self { mapping: mapping::Mapping::new(caps)? })
    }

    #[inline(always)]
    pub(crate) fn header(&self) -> &Header {
        self.mapping.header()
    }

    /// One word a scope, eight to a cache line.
    #[inline(always)]
    pub(crate) fn scopes(&self) -> &[AtomicU64] {
        self.mapping.scopes()
    }

    #[inline(always)]
    pub(crate) fn breakers(&self) -> &[BreakerLine] {
        self.mapping.breakers()
    }

    #[inline(always)]
    pub(crate) fn listeners(&self) -> &[ListenerLine] {
        self.mapping.listeners()
    }

    /// One line a scope.
    #[inline]
    pub(crate) fn prices(&self) -> &[PriceLine] {
        self.mapping.prices()
    }
}

#[cfg(not(loom))]
mod mapping {
    use core::ptr::NonNull;

    use super::{AtomicU64, BreakerLine, Caps, Error, Header, ListenerLine, PriceLine};
    use crate::model::error::ErrorKind;

    /// An anonymous private mapping, zero at first, given back on drop.
    #[derive(Debug)]
    pub(super) struct Mapping {
        base: NonNull<u8>,
        bytes: usize,
        scopes: Part,
        breakers: Part,
        listeners: Part,
        prices: Part,
    }

    #[derive(Clone, Copy, Debug)]
    struct Part {
        offset: usize,
        count: usize,
    }

    // SAFETY: the mapping belongs to this value alone, does not move, and everything in it is atomic.
    unsafe impl Send for Mapping {}
    // SAFETY: as above; shared access to atomics is what they are for.
    unsafe impl Sync for Mapping {}

    impl Mapping {
        pub(super) fn new(caps: &Caps) -> Result<Self, Error> {
            let mut end = size_of::<Header>();
            let mut part = |count: u32, size: usize| {
                let offset = end.next_multiple_of(64);
                end = offset + count as usize * size;
                Part { offset, count: count as usize }
            };
            let scopes = part(caps.scopes, size_of::<AtomicU64>());
            let breakers = part(caps.breakers, size_of::<BreakerLine>());
            let listeners = part(caps.listeners, size_of::<ListenerLine>());
            let prices = part(caps.scopes, size_of::<PriceLine>());
            let bytes = end;
            // SAFETY: an anonymous mapping of a length that is not zero, at an address of the kernel's choice, touches
            // no memory that exists. `MAP_NORESERVE`: capacities are limits, not needs.
            let base = unsafe {
                libc::mmap(
                    core::ptr::null_mut(),
                    bytes,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                    -1,
                    0,
                )
            };
            if base == libc::MAP_FAILED {
                let cause = std::io::Error::last_os_error();
                return Err(Error::new(
                    ErrorKind::Platform,
                    format!("the Board needs {bytes} bytes of address space for {caps:?}: {cause}"),
                ));
            }
            match NonNull::new(base.cast::<u8>()) {
                Some(base) => Ok(Self { base, bytes, scopes, breakers, listeners, prices }),
                None => Err(Error::new(ErrorKind::Platform, "the Board cannot lie at address zero")),
            }
        }

        #[inline(always)]
        pub(super) fn header(&self) -> &Header {
            // SAFETY: the mapping begins with a Header: page-aligned, long enough, all atomics, for which zeroed
            // memory is a value; it lives as long as `self`.
            unsafe { self.base.cast::<Header>().as_ref() }
        }

        #[inline(always)]
        fn slice<T>(&self, part: Part) -> &[T] {
            // SAFETY: `new` has laid `count` values of this type at this offset (a multiple of the 64 bytes that is the
            // largest alignment here) inside the mapping. The four types are made of atomics, for which zeroed
            // memory is a value, and the mapping lives as long as `self`.
            unsafe { core::slice::from_raw_parts(self.base.add(part.offset).cast::<T>().as_ptr(), part.count) }
        }

        #[inline(always)]
        pub(super) fn scopes(&self) -> &[AtomicU64] {
            self.slice(self.scopes)
        }

        #[inline(always)]
        pub(super) fn breakers(&self) -> &[BreakerLine] {
            self.slice(self.breakers)
        }

        #[inline(always)]
        pub(super) fn listeners(&self) -> &[ListenerLine] {
            self.slice(self.listeners)
        }

        pub(super) fn prices(&self) -> &[PriceLine] {
            self.slice(self.prices)
        }
    }

    impl Drop for Mapping {
        fn drop(&mut self) {
            // SAFETY: `base` and `bytes` are those of the mapping, and no reference into it outlives `self`.
            unsafe { libc::munmap(self.base.as_ptr().cast(), self.bytes) };
        }
    }
}

/// Under the model checker the same parts lie on the heap, since its atomics are not plain words.
#[cfg(loom)]
mod heap {
    use super::{AtomicU64, BreakerLine, Header, ListenerLine, PriceLine};

    #[derive(Debug)]
    pub(super) struct Heap {
        pub(super) header: Header,
        pub(super) scopes: Vec<AtomicU64>,
        pub(super) breakers: Vec<BreakerLine>,
        pub(super) listeners: Vec<ListenerLine>,
        pub(super) prices: Vec<PriceLine>,
    }
}

#[cfg(loom)]
impl Region {
    pub(crate) fn new(caps: &Caps) -> Result<Self, Error> {
        fn some<T: Default>(count: u32) -> Vec<T> {
            (0..count).map(|_| T::default()).collect()
        }
        let heap = heap::Heap {
            header: Header::default(),
            scopes: some(caps.scopes),
            breakers: some(caps.breakers),
            listeners: some(caps.listeners),
            prices: some(caps.scopes),
        };
        Ok(Self { heap })
    }

    pub(crate) fn header(&self) -> &Header {
        &self.heap.header
    }

    pub(crate) fn scopes(&self) -> &[AtomicU64] {
        &self.heap.scopes
    }

    pub(crate) fn breakers(&self) -> &[BreakerLine] {
        &self.heap.breakers
    }

    pub(crate) fn listeners(&self) -> &[ListenerLine] {
        &self.heap.listeners
    }

    #[inline]
    pub(crate) fn prices(&self) -> &[PriceLine] {
        &self.heap.prices
    }
}
