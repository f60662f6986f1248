//! How a System is opened, and whether the program that opens it was compiled with this header.

use core::ffi::{c_char, c_void};
use core::mem::offset_of;
use std::ffi::CString;
use std::path::Path;
use std::sync::Arc;

use haltline::{Idle, Nanos, Plan, System, Threading};
use haltline_config::Config;

use crate::boundary::Refused;
use crate::callback::{self, User};
use crate::events::{hl_event, hl_event_text};
use crate::explain::hl_denial;
use crate::gate::{hl_gate, hl_verdict};
use crate::policy::hl_policy;
use crate::status::{HL_ERR_ABI, HL_ERR_ARGUMENT, HL_ERR_CONFIG};
use crate::structs::Sized32;
use crate::subscribe::hl_subscriber_info;
use crate::text;
use crate::views::{hl_breaker_counts, hl_breaker_info, hl_system_statistics, hl_system_status};

/// The number of this interface; it changes when a program built against an older header must not be linked.
pub const HL_ABI_VERSION: u32 = 1;

/// The interface that the linked library has: compare it with `HL_ABI_VERSION`.
///
/// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
#[unsafe(no_mangle)]
pub extern "C" fn hl_abi_version() -> u32 {
    HL_ABI_VERSION
}

/// Two threads of its own: one ends what ends by time, one hands on events. Times are the machine's.
pub const HL_THREADED: u32 = 0;
/// No thread: `hl_advance` tells the time, `hl_drain` hands on events. The same calls give the same answers.
pub const HL_MANUAL: u32 = 1;

/// The thread that hands on events sleeps while there are none; whoever wakes it pays some microseconds.
pub const HL_IDLE_PARK: u32 = 0;
/// It looks again and again, and takes a core for that.
pub const HL_IDLE_SPIN: u32 = 1;

/// Called on each thread of a System as the first thing, with the name of the thread, to pin it or give it a priority. Must
/// come back; a C++ exception that leaves it ends the process.
pub type hl_thread_fn = Option<unsafe extern "C-unwind" fn(name: *const c_char, user: *mut c_void)>;

/// How a System is opened. Zero it, set `struct_size`, and one of `config` and `path`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hl_options {
    /// `sizeof(hl_options)`.
    pub struct_size: u32,
    /// `HL_THREADED` or `HL_MANUAL`.
    pub mode: u32,
    /// A configuration in TOML, at most 4 MiB; NULL if `path` is set. It reads no files.
    pub config: *const c_char,
    /// Its length in bytes.
    pub config_len: usize,
    /// The path of a configuration, ended by a NUL; NULL if `config` is set.
    pub path: *const c_char,
    /// With `HL_MANUAL`: the first time, in nanoseconds since 1970.
    pub start_ns: u64,
    /// Called on each thread that the System starts; NULL for nothing.
    pub on_thread: hl_thread_fn,
    /// Given to `on_thread`; in use until `hl_system_close` has returned `HL_OK`.
    pub on_thread_user: *mut c_void,
    /// With `HL_THREADED`: `HL_IDLE_PARK` or `HL_IDLE_SPIN`.
    pub idle: u32,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: `repr(C)`, begins with its size; numbers and pointers may be zero, and so may the optional function.
unsafe impl Sized32 for hl_options {
    const NAME: &'static str = "hl_options";
    const LEAST: usize = 40;
    const RESERVED: &'static [(usize, &'static str)] = &[(offset_of!(hl_options, reserved), "hl_options.reserved")];
}

/// The sizes of the structs that a program was compiled with; `hl_system_open` fills it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hl_sizes {
    /// `sizeof(hl_sizes)`.
    pub struct_size: u32,
    /// `sizeof(hl_gate)`.
    pub gate: u32,
    /// `sizeof(hl_verdict)`.
    pub verdict: u32,
    /// `sizeof(hl_event)`.
    pub event: u32,
    /// `sizeof(hl_denial)`.
    pub denial: u32,
    /// `sizeof(hl_system_status)`.
    pub system_status: u32,
    /// `sizeof(hl_breaker_info)`.
    pub breaker_info: u32,
    /// `sizeof(hl_breaker_counts)`.
    pub breaker_counts: u32,
    /// `sizeof(hl_system_statistics)`.
    pub system_statistics: u32,
    /// `sizeof(hl_event_text)`.
    pub event_text: u32,
    /// `sizeof(hl_subscriber_info)`.
    pub subscriber_info: u32,
    /// `sizeof(hl_policy)`.
    pub policy: u32,
}

// SAFETY: `repr(C)`, begins with its size; numbers.
unsafe impl Sized32 for hl_sizes {
    const NAME: &'static str = "hl_sizes";
    const LEAST: usize = 48;
}

/// Whether the program and this library mean the same by their structs.
pub(crate) fn check_layout(abi: u32, sizes: &hl_sizes) -> Result<(), Refused> {
    let of = |what, compiled, linked: usize| (what, u64::from(compiled), linked as u64);
    let pairs = [
        of("HL_ABI_VERSION", abi, HL_ABI_VERSION as usize),
        of("sizeof(hl_gate)", sizes.gate, size_of::<hl_gate>()),
        of("sizeof(hl_verdict)", sizes.verdict, size_of::<hl_verdict>()),
        of("sizeof(hl_event)", sizes.event, size_of::<hl_event>()),
        of("sizeof(hl_denial)", sizes.denial, size_of::<hl_denial>()),
        of("sizeof(hl_system_status)", sizes.system_status, size_of::<hl_system_status>()),
        of("sizeof(hl_breaker_info)", sizes.breaker_info, size_of::<hl_breaker_info>()),
        of("sizeof(hl_breaker_counts)", sizes.breaker_counts, size_of::<hl_breaker_counts>()),
        of("sizeof(hl_system_statistics)", sizes.system_statistics, size_of::<hl_system_statistics>()),
        of("sizeof(hl_event_text)", sizes.event_text, size_of::<hl_event_text>()),
        of("sizeof(hl_subscriber_info)", sizes.subscriber_info, size_of::<hl_subscriber_info>()),
        of("sizeof(hl_policy)", sizes.policy, size_of::<hl_policy>()),
    ];
    match pairs.into_iter().find(|(_, compiled, linked)| compiled != linked) {
        None => Ok(()),
        Some((what, compiled, linked)) => {
            let text = format!("{what}: the program was compiled with {compiled}, this library has {linked}");
            Err(Refused::new(HL_ERR_ABI, text))
        }
    }
}

/// The configuration that the options name.
///
/// # Safety
/// The texts of the options can be read.
pub(crate) unsafe fn config(options: &hl_options) -> Result<Config, Refused> {
    // SAFETY: as the caller says.
    let (config, path) = unsafe {
        (
            text::sized(options.config, options.config_len, "hl_options.config")?,
            text::optional(options.path, "hl_options.path")?,
        )
    };
    match path {
        Some("") if options.config.is_null() => {
            Err(Refused::new(HL_ERR_CONFIG, "hl_options.path: found an empty path, allowed is that of a file"))
        }
        Some(path) if options.config.is_null() => Ok(haltline_config::load(Path::new(path))?),
        None if !options.config.is_null() => Ok(haltline_config::parse(config, "config")?),
        _ => {
            let text = "hl_options: found both config and path, or neither; allowed is one of them";
            Err(Refused::new(HL_ERR_ARGUMENT, text))
        }
    }
}

/// Starts what the options ask for; also says whether it is manual.
pub(crate) fn start(options: &hl_options, plan: Plan) -> Result<(System, bool), Refused> {
    let idle = match options.idle {
        HL_IDLE_PARK => Idle::Park,
        HL_IDLE_SPIN => Idle::Spin,
        other => return Err(Refused::number("hl_options.idle", other.into(), "HL_IDLE_PARK (0) and HL_IDLE_SPIN (1)")),
    };
    match options.mode {
        HL_MANUAL => Ok((System::manual(plan, Nanos(options.start_ns))?, true)),
        HL_THREADED => {
            let user = User(options.on_thread_user);
            let on_thread = options
                .on_thread
                .map(|hook| -> haltline::OnThread { Arc::new(move |name: &str| call_hook(hook, name, &user)) });
            Ok((System::start_with(plan, Threading { idle, on_thread })?, false))
        }
        other => Err(Refused::number("hl_options.mode", other.into(), "HL_THREADED (0) and HL_MANUAL (1)")),
    }
}

fn call_hook(hook: unsafe extern "C-unwind" fn(*const c_char, *mut c_void), name: &str, user: &User) {
    /// What unwinds out of this ends the process.
    extern "C" fn shim(
        hook: unsafe extern "C-unwind" fn(*const c_char, *mut c_void),
        name: *const c_char,
        user: *mut c_void,
    ) {
        // SAFETY: the host has given both, and says that it may be called on this thread; `name` ends with a NUL.
        unsafe { hook(name, user) };
    }
    // Names of threads hold no NUL.
    let name = CString::new(name).unwrap_or_default();
    callback::marked(|| shim(hook, name.as_ptr(), user.0));
}
