//! The long text of a thread's last failure.

use core::cell::{Cell, UnsafeCell};
use core::ffi::c_char;
use core::fmt::{self, Display, Write};

use crate::boundary::quietly;

/// The room for the text of a failure, its end included. Longer ones end in `...`, and lists of mistakes in `... and 12 more`.
pub const HL_ERROR_BYTES: usize = 4096;

/// What a text ends in that has no room.
const MARK: &[u8] = b"...";
/// So long is a text that is kept whole.
pub(crate) const WHOLE: usize = HL_ERROR_BYTES - MARK.len() - 1;

/// Plain memory without a destructor: nothing is allocated for it and nothing runs when its thread ends, so a failure may be
/// asked for until the very end of a thread.
struct LastError {
    text: UnsafeCell<[u8; HL_ERROR_BYTES]>,
    length: Cell<usize>,
}

thread_local! {
    static LAST: LastError =
        const { LastError { text: UnsafeCell::new([0; HL_ERROR_BYTES]), length: Cell::new(0) } };
}

/// Writes as much as there is room for, up to a whole character.
pub(crate) struct Room<'a> {
    bytes: &'a mut [u8],
    used: usize,
    is_full: bool,
}

impl<'a> Room<'a> {
    /// The last byte is kept for the end.
    pub(crate) fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, used: 0, is_full: false }
    }

    /// Ends the text; returns its length, and whether all of it fitted.
    pub(crate) fn end(self) -> (usize, bool) {
        if let Some(end) = self.bytes.get_mut(self.used) {
            *end = 0;
        }
        (self.used, !self.is_full)
    }
}

impl Write for Room<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.len().saturating_sub(self.used + 1);
        let fits = if self.is_full { 0 } else { text.floor_char_boundary(room) };
        self.is_full |= fits < text.len();
        if let (Some(to), Some(from)) = (self.bytes.get_mut(self.used..self.used + fits), text.as_bytes().get(..fits)) {
            to.copy_from_slice(from);
        }
        self.used += fits;
        Ok(())
    }
}

/// Keeps the text of a failure. Allocates nothing unless the text does.
pub(crate) fn keep(text: &dyn Display) {
    // Without memory of the thread, at its very end, there is no text.
    let _ = LAST.try_with(|last| {
        // SAFETY: the memory of one thread, and `text` prints numbers and texts, it calls nothing of this crate.
        let bytes = unsafe { &mut *last.text.get() };
        let mut room = Room::new(bytes.split_at_mut(HL_ERROR_BYTES - MARK.len()).0);
        let _ = write!(room, "{text}");
        let (mut length, all) = room.end();
        if !all {
            bytes[length..length + MARK.len()].copy_from_slice(MARK);
            length += MARK.len();
            bytes[length] = 0;
        }
        last.length.set(length);
    });
}

/// What the last failure of this thread was, in full: what was wrong, where, what was found, what is allowed. At most `len`
/// bytes are written, cut at a character, and always ended by a NUL if `len` is not 0. Returns how long the whole text is
/// without its NUL; 0 if no call of this thread has failed yet. A call that succeeds leaves it as it is. `buf` may be NULL with a
/// `len` of 0.
///
/// Threads: any, at once; each has its own. Signals: no. Allocates: no. Progress: wait-free.
///
/// # Safety
/// `buf` has room for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_last_error(buf: *mut c_char, len: usize) -> usize {
    quietly(0, || {
        LAST.try_with(|last| {
            // SAFETY: the memory of one thread, of which nobody else holds a reference.
            let bytes = unsafe { &*last.text.get() };
            let text = core::str::from_utf8(&bytes[..last.length.get()]).unwrap_or_default();
            if !buf.is_null() && len > 0 {
                // SAFETY: not NULL, and the caller says that there is room for `len`.
                let mut room = Room::new(unsafe { core::slice::from_raw_parts_mut(buf.cast(), len) });
                let _ = room.write_str(text);
                room.end();
            }
            text.len()
        })
        .unwrap_or(0)
    })
}
