//! Structs that callers fill: they begin with their size, so that an older program goes on working with a newer library.

use crate::boundary::Refused;
use crate::status::HL_ERR_STRUCT_SIZE;

/// How much may follow what is known: a greater size is an uninitialised one.
const MOST: usize = 4096;

/// A struct that begins with `uint32_t struct_size`.
///
/// # Safety
/// It is `repr(C)`, begins with a `u32`, and is a value of its type when all its bytes are zero, or any that C can write.
pub(crate) unsafe trait Sized32: Sized + Copy {
    /// Its name in C.
    const NAME: &'static str;
    /// What the first version had: nobody can have less.
    const LEAST: usize;
    /// Where it is kept for later, and what that is called: a `u32` that must be zero, since it may mean something one day.
    const RESERVED: &'static [(usize, &'static str)] = &[];
}

/// Reads one. A shorter one is an older one: what it does not have is zero. What is behind the known part must be zero, since nobody
/// here knows what it asks for.
///
/// # Safety
/// `from` is NULL, or points to a `struct_size` and as many bytes as that says.
pub(crate) unsafe fn read<T: Sized32>(from: *const T, what: &'static str) -> Result<T, Refused> {
    const { assert!(T::LEAST >= size_of::<u32>() && T::LEAST <= size_of::<T>()) };
    if from.is_null() {
        return Err(Refused::null(what));
    }
    // SAFETY: a `Sized32` begins with its size.
    let found = unsafe { from.cast::<u32>().read_unaligned() } as usize;
    if !(T::LEAST..=MOST).contains(&found) {
        let (name, least) = (T::NAME, T::LEAST);
        let text =
            format!("{name}.struct_size: found {found}, allowed are {least} to {MOST}; set it to sizeof({name})");
        return Err(Refused::new(HL_ERR_STRUCT_SIZE, text));
    }
    // SAFETY: the caller has so many bytes.
    let bytes = unsafe { core::slice::from_raw_parts(from.cast::<u8>(), found) };
    let known = size_of::<T>().min(found);
    if let Some(at) = bytes.iter().skip(known).position(|byte| *byte != 0) {
        let text = format!(
            "{}: byte {} is not zero, and this library knows {known} bytes of it; a newer one is needed",
            T::NAME,
            known + at
        );
        return Err(Refused::new(HL_ERR_STRUCT_SIZE, text));
    }
    for (at, what) in T::RESERVED {
        let found = bytes.get(*at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_ne_bytes);
        if found != 0 {
            return Err(Refused::number(what, found.into(), "0: it is kept for later versions"));
        }
    }
    let mut value = core::mem::MaybeUninit::<T>::zeroed();
    // SAFETY: `known` is at most the length of either; all zero is a value, and so is what C wrote over it.
    Ok(unsafe {
        core::ptr::copy_nonoverlapping(bytes.as_ptr(), value.as_mut_ptr().cast(), known);
        value.assume_init()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(C)]
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Pair {
        struct_size: u32,
        first: u32,
        second: u64,
    }

    // SAFETY: `repr(C)`, begins with its size, all of it numbers.
    unsafe impl Sized32 for Pair {
        const NAME: &'static str = "pair";
        const LEAST: usize = 8;
    }

    fn read_words(words: &[u32]) -> Result<Pair, i32> {
        // SAFETY: no case says that it is longer than it is.
        unsafe { read(words.as_ptr().cast::<Pair>(), "pair") }.map_err(|refused| refused.status)
    }

    #[test]
    fn a_shorter_one_is_an_older_one_and_an_unknown_tail_must_be_zero() {
        let pair = |size, first, second| Ok(Pair { struct_size: size, first, second });
        assert_eq!(read_words(&[16, 1, 2, 3]), pair(16, 1, 2 | 3 << 32));
        assert_eq!(read_words(&[8, 1]), pair(8, 1, 0));
        assert_eq!(read_words(&[24, 1, 2, 0, 0, 0]), pair(24, 1, 2));
        assert_eq!(read_words(&[24, 1, 2, 0, 0, 1]), Err(HL_ERR_STRUCT_SIZE));
        for size in [0, 7, 4097, u32::MAX] {
            assert_eq!(read_words(&[size, 0, 0, 0]), Err(HL_ERR_STRUCT_SIZE), "{size}");
        }
    }
}
