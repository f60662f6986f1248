//! What the tests share: a System in a few words, and the calls of C as C makes them.
#![allow(dead_code, unreachable_pub, clippy::panic, clippy::undocumented_unsafe_blocks, clippy::unwrap_used)]

use std::ffi::{CStr, CString, c_char};
use std::mem::MaybeUninit;

use haltline_ffi::*;

/// A breaker of people, one of marks that asks for a mark first, and a gateway with probes.
pub const CONFIG: &str = r#"
[[breaker]]
name = "desk"
kind = "manual"
scope = "acct/alpha"

[[breaker]]
name = "dd"
kind = "drawdown"
scope = "acct/alpha"
limit = 0.08

[[breaker]]
name = "gateway"
kind = "technical"
scope = "gw/fix-1"
consecutive = 3
halt_for = "1s"
cooldown_for = "5s"
cooldown_effect = { probe = 1 }
"#;

pub const SECOND: u64 = 1_000_000_000;

/// All bytes zero, which is a value of every struct of the header.
pub fn zeroed<T: Copy>() -> T {
    unsafe { MaybeUninit::zeroed().assume_init() }
}

pub fn sizes() -> hl_sizes {
    hl_sizes {
        struct_size: size_of::<hl_sizes>() as u32,
        gate: size_of::<hl_gate>() as u32,
        verdict: size_of::<hl_verdict>() as u32,
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

pub fn options(config: &str, mode: u32) -> hl_options {
    hl_options {
        struct_size: size_of::<hl_options>() as u32,
        mode,
        config: config.as_ptr().cast(),
        config_len: config.len(),
        start_ns: SECOND,
        ..zeroed()
    }
}

pub fn try_open(options: &hl_options) -> Result<hl_system, hl_status> {
    let mut system = hl_system::default();
    match unsafe { hl_system_open_v1(options, HL_ABI_VERSION, &sizes(), &mut system) } {
        HL_OK => Ok(system),
        status => Err(status),
    }
}

/// A manual System at its second 1.
pub fn manual(config: &str) -> hl_system {
    try_open(&options(config, HL_MANUAL)).unwrap_or_else(|status| panic!("{status}: {}", last_error()))
}

pub fn last_error() -> String {
    let mut buf = [0_u8; HL_ERROR_BYTES];
    let len = unsafe { hl_last_error(buf.as_mut_ptr().cast(), buf.len()) };
    String::from_utf8(buf[..len].to_vec()).unwrap()
}

/// The value that a call has given.
pub fn given<T: Copy>(call: impl FnOnce(*mut T) -> hl_status) -> T {
    let mut value = zeroed();
    let status = call(&mut value);
    assert!(status >= HL_OK, "{status}: {}", last_error());
    value
}

pub fn gate(system: hl_system, scopes: &[&str]) -> *mut hl_gate {
    let scopes: Vec<_> = scopes.iter().map(|scope| CString::new(*scope).unwrap()).collect();
    let pointers: Vec<_> = scopes.iter().map(|scope| scope.as_ptr()).collect();
    let mut gate = std::ptr::null_mut();
    let status = unsafe { hl_gate_open(system, pointers.as_ptr(), pointers.len(), &mut gate) };
    assert_eq!(status, HL_OK, "{}", last_error());
    gate
}

pub fn denies(gate: *const hl_gate) -> u64 {
    unsafe { hl_gate_check_call(gate) }.bits & 7
}

pub fn explain(gate: *const hl_gate) -> hl_denial {
    given(|out| unsafe { hl_gate_explain(gate, hl_gate_check_call(gate), out) })
}

pub fn feed(system: hl_system, scope: &CStr) -> *mut hl_feed {
    let mut feed = std::ptr::null_mut();
    assert_eq!(unsafe { hl_feed_open(system, scope.as_ptr(), &mut feed) }, HL_OK, "{}", last_error());
    feed
}

pub fn tally(system: hl_system, scope: &CStr) -> *mut hl_tally {
    let mut tally = std::ptr::null_mut();
    assert_eq!(unsafe { hl_tally_open(system, scope.as_ptr(), &mut tally) }, HL_OK, "{}", last_error());
    tally
}

pub fn find(system: hl_system, name: &CStr) -> hl_breaker {
    given(|out| unsafe { hl_breaker_find(system, name.as_ptr(), out) })
}

pub fn info(system: hl_system, breaker: hl_breaker) -> hl_breaker_info {
    given(|out| unsafe { hl_breaker_status(system, breaker, out) })
}

pub fn text(chars: &[c_char]) -> String {
    unsafe { CStr::from_ptr(chars.as_ptr()) }.to_str().unwrap().to_owned()
}

pub fn subscribe_options() -> hl_subscribe_options {
    hl_subscribe_options { struct_size: size_of::<hl_subscribe_options>() as u32, ..zeroed() }
}

/// Everything that waits for a subscription.
pub fn poll(subscription: hl_subscription) -> Result<Vec<hl_event>, hl_status> {
    let (mut all, mut buf) = (Vec::new(), vec![zeroed::<hl_event>(); 3]);
    loop {
        let mut n = usize::MAX;
        match unsafe { hl_poll_events(subscription, buf.as_mut_ptr(), buf.len(), &mut n) } {
            HL_OK if n == 0 => return Ok(all),
            HL_OK => all.extend(&buf[..n]),
            status if all.is_empty() => return Err(status),
            _ => return Ok(all),
        }
    }
}

pub fn past() -> hl_past {
    hl_past { struct_size: size_of::<hl_past>() as u32, ..zeroed() }
}
