//! What the tests of this crate share.

use core::mem::MaybeUninit;

use crate::*;

/// The layout of this library.
pub(crate) fn sizes() -> hl_sizes {
    hl_sizes {
        struct_size: size_of::<hl_sizes>() as u32,
        gate: size_of::<hl_gate>() as u32,
        verdict: 8,
        event: size_of::<hl_event>() as u32,
        denial: size_of::<hl_denial>() as u32,
        system_status: size_of::<hl_system_status>() as u32,
        breaker_info: size_of::<hl_breaker_info>() as u32,
        breaker_counts: size_of::<hl_breaker_counts>() as u32,
        system_statistics: size_of::<hl_system_statistics>() as u32,
        event_text: size_of::<hl_event_text>() as u32,
        subscriber_info: size_of::<hl_subscriber_info>() as u32,
        policy: size_of::<hl_policy>() as u32,
    }
}

/// A manual System at its second 1, with one breaker.
pub(crate) fn manual() -> hl_system {
    let config = "[[breaker]]\nname = \"desk\"\nkind = \"manual\"\nscope = \"XNAS\"\n";
    // SAFETY: all zero is a value of it.
    let mut options: hl_options = unsafe { MaybeUninit::zeroed().assume_init() };
    options.struct_size = size_of::<hl_options>() as u32;
    options.mode = crate::HL_MANUAL;
    options.config = config.as_ptr().cast();
    options.config_len = config.len();
    options.start_ns = 1_000_000_000;
    let mut system = hl_system::default();
    // SAFETY: everything lives until it comes back.
    let status = unsafe { hl_system_open_v1(&options, HL_ABI_VERSION, &sizes(), &mut system) };
    assert_eq!(status, 0, "{}", error_text());
    system
}

/// The last error of this thread.
pub(crate) fn error_text() -> String {
    let mut buf = [0_u8; crate::HL_ERROR_BYTES];
    // SAFETY: the room is as long as it says.
    let len = unsafe { hl_last_error(buf.as_mut_ptr().cast(), buf.len()) };
    String::from_utf8(buf[..len].to_vec()).unwrap()
}
