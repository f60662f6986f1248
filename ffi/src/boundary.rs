//! What stands between C and Rust: no panic leaves, no NULL comes in, every failure has a number and a text.

use core::fmt;
use std::borrow::Cow;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

use haltline::{Error, FeedError};
use haltline_config::Mistakes;

use crate::status::*;
use crate::{last_error, systems};

/// Why a call fails. Made without an allocation where a feed or a gate makes it.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: hl_status,
    what: What,
}

#[derive(Debug)]
enum What {
    Text(Cow<'static, str>),
    Null(&'static str),
    Number { of: &'static str, found: u64, allowed: &'static str },
    Feed(FeedError),
    Stale(&'static str, u64),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Text(text) => f.write_str(text),
            What::Null(of) => write!(f, "{of}: found NULL, allowed is an address"),
            What::Number { of, found, allowed } => write!(f, "{of}: found {found}, allowed are {allowed}"),
            What::Feed(error) => error.fmt(f),
            What::Stale(of, bits) => {
                write!(f, "{of} {bits:#018x}: it is closed, was never opened, or is of another type")
            }
        }
    }
}

impl Refused {
    pub(crate) fn new(status: hl_status, text: impl Into<Cow<'static, str>>) -> Self {
        Self { status, what: What::Text(text.into()) }
    }

    pub(crate) fn null(of: &'static str) -> Self {
        Self { status: HL_ERR_NULL, what: What::Null(of) }
    }

    /// A handle of nothing.
    pub(crate) fn stale(of: &'static str, bits: u64) -> Self {
        Self { status: HL_ERR_STALE, what: What::Stale(of, bits) }
    }

    /// A number that is none of those that mean something.
    pub(crate) fn number(of: &'static str, found: u64, allowed: &'static str) -> Self {
        Self { status: HL_ERR_ARGUMENT, what: What::Number { of, found, allowed } }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::new(of(error.kind()), error.to_string())
    }
}

impl From<FeedError> for Refused {
    fn from(error: FeedError) -> Self {
        Self { status: of(error.kind()), what: What::Feed(error) }
    }
}

impl From<Mistakes> for Refused {
    fn from(mistakes: Mistakes) -> Self {
        Self::new(HL_ERR_CONFIG, as_many_as_fit(&mistakes))
    }
}

/// One a line; where there is no room for all, whole ones, and how many there are beside them.
fn as_many_as_fit(mistakes: &Mistakes) -> String {
    let whole = mistakes.to_string();
    if whole.len() <= last_error::WHOLE {
        return whole;
    }
    let all = mistakes.as_slice();
    let (mut text, mut more) = (String::new(), all.len());
    for finding in all {
        let line = format!("{finding}\n");
        if text.len() + line.len() + "... and 18446744073709551615 more".len() > last_error::WHOLE {
            break;
        }
        text.push_str(&line);
        more -= 1;
    }
    // One that is longer than the room is cut.
    if text.is_empty() { whole } else { format!("{text}... and {more} more") }
}

/// What a body gives back on success: nothing, or a status of its own.
pub(crate) trait Done {
    fn status(self) -> hl_status;
}

impl Done for () {
    fn status(self) -> hl_status {
        HL_OK
    }
}

impl Done for hl_status {
    fn status(self) -> hl_status {
        self
    }
}

/// Runs the body of a call. A panic inside disarms the System whose handle bits these are, since nobody knows what was left half
/// done; no bits, no System.
pub(crate) fn call<D: Done>(system: u64, body: impl FnOnce() -> Result<D, Refused>) -> hl_status {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(done)) => done.status(),
        Ok(Err(refused)) => {
            last_error::keep(&refused);
            refused.status
        }
        Err(panic) => {
            systems::disarm(system);
            last_error::keep(&Panicked(message(&*panic)));
            // What was thrown may panic when it is dropped; it is left.
            core::mem::forget(panic);
            HL_ERR_PANIC
        }
    }
}

/// The same for what returns no status: a panic gives `otherwise`.
pub(crate) fn quietly<R>(otherwise: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        core::mem::forget(panic);
        otherwise
    })
}

struct Panicked<'a>(&'a str);

impl fmt::Display for Panicked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a panic inside was caught, and its System denies from now on: {}", self.0)
    }
}

fn message(panic: &(dyn core::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no text")
}

/// The place of a result.
///
/// # Safety
/// `place` is NULL or has room for a `T` for as long as the call lasts.
pub(crate) unsafe fn place<'a, T>(place: *mut T, what: &'static str) -> Result<&'a mut MaybeUninit<T>, Refused> {
    // SAFETY: as the caller says; memory that holds no value yet may be a `MaybeUninit`.
    unsafe { place.cast::<MaybeUninit<T>>().as_mut() }.ok_or(Refused::null(what))
}

/// The places of a list. NULL is one without room.
///
/// # Safety
/// `list` is NULL or has room for `cap` of them for as long as the call lasts.
pub(crate) unsafe fn places<'a, T>(
    list: *mut T,
    cap: usize,
    what: &'static str,
) -> Result<&'a mut [MaybeUninit<T>], Refused> {
    if list.is_null() {
        return if cap == 0 { Ok(&mut []) } else { Err(Refused::null(what)) };
    }
    if cap > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(Refused::number(what, cap as u64, "as many as memory holds"));
    }
    // SAFETY: as the caller says, and no longer than memory.
    Ok(unsafe { core::slice::from_raw_parts_mut(list.cast(), cap) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hl_last_error;
    use crate::testing::{error_text, manual};

    #[test]
    fn a_panic_becomes_a_status_and_disarms_its_system_and_no_other() {
        let (ours, other) = (manual(), manual());
        let status = call(ours.bits, || -> Result<(), Refused> { panic!("a defect, number {}", 7) });
        assert_eq!(status, HL_ERR_PANIC);
        assert!(error_text().ends_with("a defect, number 7"), "{}", error_text());
        let killed = |system| systems::get(system).unwrap().system.killed();
        assert_eq!((killed(ours), killed(other)), (Some(haltline::Reason::Panicked), None));
    }

    #[test]
    fn what_is_thrown_may_be_anything() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        let status = call(0, || -> Result<(), Refused> { std::panic::panic_any(Bomb) });
        assert_eq!((status, error_text().ends_with("no text")), (HL_ERR_PANIC, true));
        assert_eq!(quietly(5, || panic!("quietly")), 5);
    }

    #[test]
    fn mistakes_are_told_whole_and_those_without_room_are_counted() {
        let mut cut = 0;
        for n in 1..200 {
            let toml: String = (0..n).map(|i| format!("unknown_key_{i} = 1\n")).collect();
            let all = haltline_config::parse(&toml, "config").unwrap_err();
            let (whole, count) = (all.to_string(), all.as_slice().len());
            call(0, || -> Result<(), Refused> { Err(all.into()) });
            let text = error_text();
            let (told, more) = text.rsplit_once("\n... and ").unwrap_or((&text, "0 more"));
            let more: usize = more.strip_suffix(" more").unwrap().parse().unwrap();
            assert!(whole.starts_with(told) && told.lines().count() + more == count, "{text}");
            assert_eq!(more == 0, whole.len() <= last_error::WHOLE, "{n}");
            cut += usize::from(more > 0);
        }
        assert!((1..199).contains(&cut), "{cut}");
    }

    #[test]
    fn a_text_is_cut_at_a_character_and_always_ends() {
        let long = "\u{e9}".repeat(HL_ERROR_BYTES);
        call(0, || -> Result<(), Refused> { Err(Refused::new(HL_ERR_CONFIG, long.clone())) });
        let text = error_text();
        assert!(text.len() < HL_ERROR_BYTES && text.starts_with('\u{e9}') && text.ends_with("\u{e9}..."));
        let mut buf = [0x7f_u8; 4];
        // SAFETY: the room is as long as it says.
        let whole = unsafe { hl_last_error(buf.as_mut_ptr().cast(), buf.len()) };
        assert_eq!((whole, buf), (text.len(), [0xc3, 0xa9, 0, 0x7f]));
        // SAFETY: as above.
        assert_eq!(unsafe { hl_last_error(core::ptr::null_mut(), 0) }, text.len());
    }

    use crate::last_error::HL_ERROR_BYTES;
}
