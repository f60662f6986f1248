//! Texts of C: in, checked; out, cut at a character and always ended.

use core::ffi::c_char;
use core::fmt::{Display, Write};
use std::borrow::Cow;

use crate::boundary::Refused;
use crate::last_error::Room;
use crate::status::{HL_ERR_TOO_LONG, HL_ERR_UTF8, HL_OK, HL_TRUNCATED, hl_status};

/// The longest text that is read up to its NUL, without it: scopes, names, reasons, paths of files.
pub const HL_TEXT_BYTES: usize = 4096;
/// The most texts that are taken in one list.
pub const HL_LIST_LENGTH: usize = 1_048_576;
/// The room for a name or a scope path in a struct, the NUL included. The longest of either fits.
pub const HL_NAME_BYTES: usize = 136;
/// The room for a sentence in a struct, the NUL included.
pub const HL_SENTENCE_BYTES: usize = 256;

/// A text that ends with a NUL.
///
/// # Safety
/// `text` is NULL, or its bytes up to the NUL can be read for as long as the call lasts.
pub(crate) unsafe fn text<'a>(text: *const c_char, what: &'static str) -> Result<&'a str, Refused> {
    if text.is_null() {
        return Err(Refused::null(what));
    }
    // SAFETY: nothing is read behind the first NUL.
    let Some(len) = (0..=HL_TEXT_BYTES).find(|i| unsafe { *text.add(*i) } == 0) else {
        let why = format!("{what}: found more than {HL_TEXT_BYTES} bytes without an end");
        return Err(Refused::new(HL_ERR_TOO_LONG, why));
    };
    // SAFETY: so many bytes were just read.
    utf8(unsafe { core::slice::from_raw_parts(text.cast(), len) }, what)
}

/// What can be read of it: a halt is not refused for its words. What is no UTF-8 becomes U+FFFD.
///
/// # Safety
/// As [`text`].
pub(crate) unsafe fn lossy<'a>(text: *const c_char, what: &'static str) -> Result<Cow<'a, str>, Refused> {
    if text.is_null() {
        return Err(Refused::null(what));
    }
    // SAFETY: nothing is read behind the first NUL.
    let len = (0..HL_TEXT_BYTES).find(|i| unsafe { *text.add(*i) } == 0).unwrap_or(HL_TEXT_BYTES);
    // SAFETY: so many bytes were just read.
    Ok(String::from_utf8_lossy(unsafe { core::slice::from_raw_parts(text.cast(), len) }))
}

/// The same, and NULL is none.
///
/// # Safety
/// As [`text`].
pub(crate) unsafe fn optional<'a>(words: *const c_char, what: &'static str) -> Result<Option<&'a str>, Refused> {
    // SAFETY: as the caller says.
    if words.is_null() { Ok(None) } else { unsafe { text(words, what) }.map(Some) }
}

/// A text with its length.
///
/// # Safety
/// `text` is NULL, or `len` bytes of it can be read for as long as the call lasts.
pub(crate) unsafe fn sized<'a>(text: *const c_char, len: usize, what: &'static str) -> Result<&'a str, Refused> {
    if text.is_null() {
        return if len == 0 { Ok("") } else { Err(Refused::null(what)) };
    }
    if len > isize::MAX as usize {
        return Err(Refused::number(what, len as u64, "lengths of what memory holds"));
    }
    // SAFETY: as the caller says, and no longer than memory.
    utf8(unsafe { core::slice::from_raw_parts(text.cast(), len) }, what)
}

/// Several texts that end with a NUL.
///
/// # Safety
/// `list` is NULL, or `n` pointers of which [`text`] holds for each.
pub(crate) unsafe fn list<'a>(
    list: *const *const c_char,
    n: usize,
    what: &'static str,
) -> Result<Vec<&'a str>, Refused> {
    if n == 0 {
        return Ok(Vec::new());
    }
    if list.is_null() {
        return Err(Refused::null(what));
    }
    if n > HL_LIST_LENGTH {
        return Err(Refused::number(what, n as u64, "0 to HL_LIST_LENGTH"));
    }
    // SAFETY: as the caller says.
    (0..n).map(|i| unsafe { text(*list.add(i), what) }).collect()
}

fn utf8<'a>(bytes: &'a [u8], what: &'static str) -> Result<&'a str, Refused> {
    core::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let found = bytes.get(at).copied().unwrap_or_default();
        Refused::new(HL_ERR_UTF8, format!("{what}: found the byte 0x{found:02x} at {at}, allowed is text in UTF-8"))
    })
}

/// A text in a struct.
pub(crate) fn chars<const N: usize>(text: &dyn Display) -> [c_char; N] {
    let mut bytes = [0_u8; N];
    let mut room = Room::new(&mut bytes);
    let _ = write!(room, "{text}");
    room.end();
    bytes.map(|byte| byte as c_char)
}

/// A text into the room of a caller: all of it, or as much as fits.
///
/// # Safety
/// `buf` is NULL or has room for `len` bytes for as long as the call lasts.
pub(crate) unsafe fn give(buf: *mut c_char, len: usize, text: &str) -> Result<hl_status, Refused> {
    if buf.is_null() || len == 0 {
        return Err(Refused::null("buf"));
    }
    // SAFETY: as the caller says.
    let mut room = Room::new(unsafe { core::slice::from_raw_parts_mut(buf.cast(), len) });
    let _ = room.write_str(text);
    let (_, all) = room.end();
    Ok(if all { HL_OK } else { HL_TRUNCATED })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::HL_ERR_NULL;

    fn read(bytes: &[u8]) -> Result<String, hl_status> {
        // SAFETY: the cases end with a NUL, or are longer than what is read.
        unsafe { text(bytes.as_ptr().cast(), "name") }.map(str::to_owned).map_err(|refused| refused.status)
    }

    #[test]
    fn a_text_is_read_up_to_its_end_and_no_further() {
        assert_eq!(read(b"XNAS\0AAPL\0"), Ok("XNAS".into()));
        assert_eq!(read(b"\0"), Ok(String::new()));
        assert_eq!(read(b"a\xff\0"), Err(HL_ERR_UTF8));
        let mut longest = vec![b'a'; HL_TEXT_BYTES];
        longest.push(0);
        assert_eq!(read(&longest).map(|text| text.len()), Ok(HL_TEXT_BYTES));
        longest.insert(0, b'a');
        assert_eq!(read(&longest), Err(HL_ERR_TOO_LONG));
        // SAFETY: NULL is looked at before it is read.
        let null = unsafe { text(core::ptr::null(), "name") };
        assert_eq!(null.map_err(|refused| refused.status), Err(HL_ERR_NULL));
    }

    #[test]
    fn a_text_with_its_length_may_hold_anything_but_other_bytes() {
        // SAFETY: the bytes are there, and NULL is looked at before it is read.
        let sized = |text: *const u8, len| unsafe { sized(text.cast(), len, "toml") }.map_err(|refused| refused.status);
        assert_eq!(sized(b"a\0b".as_ptr(), 3), Ok("a\0b"));
        assert_eq!(sized(core::ptr::null(), 0), Ok(""));
        assert_eq!(sized(core::ptr::null(), 1), Err(HL_ERR_NULL));
        assert_eq!(sized(b"\xc3".as_ptr(), 1), Err(HL_ERR_UTF8));
    }

    #[test]
    fn a_text_that_does_not_fit_is_cut_at_a_character_and_ended() {
        let text = chars::<4>(&"a\u{e9}\u{e9}").map(|c| c as u8);
        assert_eq!(text, [b'a', 0xc3, 0xa9, 0]);
        assert_eq!(chars::<1>(&"abc"), [0]);
    }
}
