//! What a call returns: zero, a success with a remark above it, a failure below it.

use core::ffi::c_char;

use haltline::ErrorKind;

/// What a call returns: `HL_OK`, a success with a remark (positive), or a failure (negative). Results are written on success only.
///
/// Each function names what it may return. Not named again: `HL_ERR_TOO_LONG` of all that take a text that ends with a NUL, `HL_ERR_FORKED`
/// in a forked child, and `HL_ERR_PANIC`.
pub type hl_status = i32;

/// Done.
pub const HL_OK: hl_status = 0;
/// Done, but a callback that had begun still runs, or had no time to hear everything; none will begin.
pub const HL_PENDING: hl_status = 1;
/// Done, but not everything fitted into the room that was given.
pub const HL_TRUNCATED: hl_status = 2;
/// Done, and `hl_config_warnings` says what of it nobody may have wanted.
pub const HL_WARNED: hl_status = 3;

/// A pointer is NULL that must not be.
pub const HL_ERR_NULL: hl_status = -1;
/// A text is not UTF-8.
pub const HL_ERR_UTF8: hl_status = -2;
/// A text does not end within `HL_TEXT_BYTES`.
pub const HL_ERR_TOO_LONG: hl_status = -3;
/// `struct_size` is too small, or what is behind the known part of a struct is not zero.
pub const HL_ERR_STRUCT_SIZE: hl_status = -4;
/// The program was compiled with the header of another interface.
pub const HL_ERR_ABI: hl_status = -5;
/// A number that this argument cannot have.
pub const HL_ERR_ARGUMENT: hl_status = -6;
/// The configuration has mistakes; `hl_last_error` names them with their lines.
pub const HL_ERR_CONFIG: hl_status = -7;
/// A panic inside was caught: a defect of the library. The System denies from now on.
pub const HL_ERR_PANIC: hl_status = -8;
/// A forked child cannot use the Systems of its parent, nor open one.
pub const HL_ERR_FORKED: hl_status = -9;
/// The call would wait for itself: it came from a callback.
pub const HL_ERR_DEADLOCK: hl_status = -10;
/// The order is denied, and there is no permit to try: not all that denies it is half open, or no permit is left.
pub const HL_ERR_DENIED: hl_status = -11;

/// A number that means nothing: a time that runs backwards, a price that is not positive, a text with control characters.
pub const HL_ERR_BAD_INPUT: hl_status = -20;
/// A plan that cannot be.
pub const HL_ERR_BAD_PLAN: hl_status = -21;
/// A malformed scope path.
pub const HL_ERR_BAD_SCOPE: hl_status = -22;
/// There is nothing of that name or number.
pub const HL_ERR_UNKNOWN: hl_status = -23;
/// The handle is of something that is no more, was never, or is of another type.
pub const HL_ERR_STALE: hl_status = -24;
/// Somebody else holds the feed.
pub const HL_ERR_CLAIMED: hl_status = -25;
/// A capacity is used up.
pub const HL_ERR_FULL: hl_status = -26;
/// The authority is too low.
pub const HL_ERR_AUTHORITY: hl_status = -27;
/// The cause of the trip still stands.
pub const HL_ERR_CAUSE_STANDS: hl_status = -28;
/// Another trip stands than the one that was named.
pub const HL_ERR_NEWER_TRIP: hl_status = -29;
/// The input means nothing in this status.
pub const HL_ERR_WRONG_STATUS: hl_status = -30;
/// Not allowed for this kind, source or System.
pub const HL_ERR_NOT_ALLOWED: hl_status = -31;
/// The System has shut down.
pub const HL_ERR_CLOSED: hl_status = -32;
/// The machine refused memory, a thread, or a mapping.
pub const HL_ERR_PLATFORM: hl_status = -33;
/// A failure of a kind that this interface has no number for.
pub const HL_ERR_OTHER: hl_status = -34;

/// The status of an error of the core.
pub(crate) fn of(kind: ErrorKind) -> hl_status {
    match kind {
        ErrorKind::BadInput => HL_ERR_BAD_INPUT,
        ErrorKind::BadPlan => HL_ERR_BAD_PLAN,
        ErrorKind::BadScope => HL_ERR_BAD_SCOPE,
        ErrorKind::Unknown => HL_ERR_UNKNOWN,
        ErrorKind::Stale => HL_ERR_STALE,
        ErrorKind::Claimed => HL_ERR_CLAIMED,
        ErrorKind::Full => HL_ERR_FULL,
        ErrorKind::Authority => HL_ERR_AUTHORITY,
        ErrorKind::CauseStands => HL_ERR_CAUSE_STANDS,
        ErrorKind::NewerTrip => HL_ERR_NEWER_TRIP,
        ErrorKind::WrongStatus => HL_ERR_WRONG_STATUS,
        ErrorKind::NotAllowed => HL_ERR_NOT_ALLOWED,
        ErrorKind::Closed => HL_ERR_CLOSED,
        ErrorKind::Platform => HL_ERR_PLATFORM,
        _ => HL_ERR_OTHER,
    }
}

/// A status in words: a static text, also for a number that is none.
///
/// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
#[unsafe(no_mangle)]
pub extern "C" fn hl_status_str(status: hl_status) -> *const c_char {
    match status {
        HL_OK => c"done",
        HL_PENDING => c"done, but a callback still runs, or had no time to hear everything; none will begin",
        HL_TRUNCATED => c"done, but not everything fitted into the room that was given",
        HL_WARNED => c"done, and hl_config_warnings says what of it nobody may have wanted",
        HL_ERR_NULL => c"a pointer is NULL that must not be",
        HL_ERR_UTF8 => c"a text is not UTF-8",
        HL_ERR_TOO_LONG => c"a text does not end within HL_TEXT_BYTES",
        HL_ERR_STRUCT_SIZE => c"struct_size is too small, or what is behind the known part is not zero",
        HL_ERR_ABI => c"the program was compiled with the header of another interface",
        HL_ERR_ARGUMENT => c"a number that this argument cannot have",
        HL_ERR_CONFIG => c"the configuration has mistakes",
        HL_ERR_PANIC => c"a panic inside was caught; the System denies from now on",
        HL_ERR_FORKED => c"a forked child cannot use the Systems of its parent, nor open one",
        HL_ERR_DEADLOCK => c"the call would wait for itself: it came from a callback",
        HL_ERR_DENIED => c"the order is denied, and there is no permit to try",
        HL_ERR_BAD_INPUT => c"a number or a text that means nothing",
        HL_ERR_BAD_PLAN => c"a plan that cannot be",
        HL_ERR_BAD_SCOPE => c"a malformed scope path",
        HL_ERR_UNKNOWN => c"there is nothing of that name or number",
        HL_ERR_STALE => c"the handle is of something that is no more, was never, or is of another type",
        HL_ERR_CLAIMED => c"somebody else holds the feed",
        HL_ERR_FULL => c"a capacity is used up",
        HL_ERR_AUTHORITY => c"the authority is too low",
        HL_ERR_CAUSE_STANDS => c"the cause of the trip still stands",
        HL_ERR_NEWER_TRIP => c"another trip stands than the one that was named",
        HL_ERR_WRONG_STATUS => c"the input means nothing in this status",
        HL_ERR_NOT_ALLOWED => c"not allowed for this kind, source or System",
        HL_ERR_CLOSED => c"the System has shut down",
        HL_ERR_PLATFORM => c"the machine refused memory, a thread, or a mapping",
        HL_ERR_OTHER => c"a failure that this interface has no number for",
        _ => c"no status of this interface",
    }
    .as_ptr()
}
