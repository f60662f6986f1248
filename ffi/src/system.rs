//! The life of a System.

use core::ffi::c_char;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::time::Instant;

use haltline::{ErrorKind, Nanos, Plan, ScopePath};
use haltline_config::Config;

use crate::boundary::{Done, Refused, call, place};
use crate::handle::hl_system;
use crate::options::{self, hl_options, hl_sizes};
use crate::status::*;
use crate::systems::{self, Held, Remarks};
use crate::{callback, handle, permit, structs, subscribe, text};

/// Runs the body of a call of a System.
pub(crate) fn with<D: Done>(system: hl_system, body: impl FnOnce(&Held) -> Result<D, Refused>) -> hl_status {
    call(system.bits, || body(&*systems::get(system)?))
}

/// Opens a System: reads its configuration, and starts its threads if it is to have any. `hl_system_open` calls it with what the
/// program was compiled with; who loads the library with dlopen calls this, and gives the same. The mistakes of a configuration are in
/// `hl_last_error`, each with its line; of those for which `HL_ERROR_BYTES` have no room it says how many they are.
///
/// `HL_ERR_CONFIG`, `HL_ERR_BAD_PLAN`, `HL_ERR_FULL` (64 Systems a process), `HL_ERR_PLATFORM`, `HL_ERR_ABI`, `HL_ERR_STRUCT_SIZE`,
/// `HL_ERR_ARGUMENT`, `HL_ERR_NULL`, `HL_ERR_UTF8`, `HL_ERR_FORKED`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks.
///
/// # Safety
/// `options` and `sizes` are as long as they say, the texts can be read, `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_system_open_v1(
    options: *const hl_options,
    abi: u32,
    sizes: *const hl_sizes,
    out: *mut hl_system,
) -> hl_status {
    call(0, || {
        // SAFETY: as the caller says.
        let (options, sizes, out) =
            unsafe { (structs::read(options, "options")?, structs::read(sizes, "sizes")?, place(out, "out")?) };
        options::check_layout(abi, &sizes)?;
        systems::enter_process()?;
        // SAFETY: as the caller says.
        let mut config = unsafe { options::config(&options) }?;
        let plan = core::mem::take(&mut config.plan);
        let start = (plan.caps, plan.skew);
        let (system, is_manual) = options::start(&options, plan)?;
        let remarks = Remarks { config, ..Remarks::default() };
        out.write(systems::put(system, is_manual, start, remarks)?);
        Ok(())
    })
}

/// Closes a System: its gates deny from now on, its feeds are `HL_ERR_CLOSED`, what has happened is told, and its threads are
/// waited for, at most `timeout_ns`. Then its handle is stale. `HL_PENDING` if a callback does not come back in that time: it goes on by
/// itself, and none begins any more. A manual System calls its callbacks here, one after the other: the first in any case, and none
/// that would begin after `timeout_ns`; then it is `HL_PENDING`, too, and what was left is told to nobody. Close gates, feeds, tallies and
/// pull subscriptions before or after it, as you like.
///
/// `HL_ERR_DEADLOCK` from a callback: nothing has changed then. `HL_ERR_STALE`.
///
/// Threads: any, at once; one of them closes. Signals: no. Allocates: yes. Progress: blocks for at most `timeout_ns`, and in a manual System
/// until the callback comes back that has begun by then.
#[unsafe(no_mangle)]
pub extern "C" fn hl_system_close(system: hl_system, timeout_ns: u64) -> hl_status {
    call(system.bits, || {
        let held = systems::get(system)?;
        let deadlock =
            || Refused::new(HL_ERR_DEADLOCK, "hl_system_close: found a call in a callback, which it would wait for");
        if callback::is_inside() {
            return Err(deadlock());
        }
        let patience = Duration::from_nanos(timeout_ns);
        let deadline = Instant::now().checked_add(patience);
        let report = match held.system.shutdown(patience) {
            Err(error) if error.kind() == ErrorKind::NotAllowed => return Err(deadlock()),
            report => report?,
        };
        let is_told = subscribe::deliver(&held, deadline);
        let Some(removed) = systems::remove(system) else { return Err(Refused::stale("system", system.bits)) };
        let is_quiet = subscribe::end_all(system.bits, deadline);
        drop((permit::forget(system.bits), held, removed));
        Ok(if report.abandoned.is_empty() && is_told && is_quiet { HL_OK } else { HL_PENDING })
    })
}

/// Puts another configuration, in TOML, in the place of the one in force. Breakers whose name, kind and scope stay keep their
/// state: what is tripped stays tripped, unless it is disabled now, or a shadow. Either all of it comes into force or nothing. Told by
/// `HL_EVENT_CONFIG_RELOADED` or `HL_EVENT_CONFIG_REFUSED`. It reads no files. A feed that somebody holds takes the new limits over with
/// its next observation.
///
/// `HL_WARNED` if breakers deny no longer that denied before (disabled, a shadow, removed, or another by name, kind or scope), or if
/// `[system]` has changed, which needs a new System: the rest is in force all the same, and `hl_config_warnings` names what is meant.
///
/// As `hl_system_open`; `HL_ERR_WRONG_STATUS` if it would remove a breaker in an emergency stop, `HL_ERR_CLOSED`, `HL_ERR_STALE`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks other control calls, never a check or a feed.
///
/// # Safety
/// `len` bytes of `toml` can be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_system_reload(system: hl_system, toml: *const c_char, len: usize) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let toml = unsafe { text::sized(toml, len, "toml") }?;
        reload(held, haltline_config::parse(toml, "config"))
    })
}

/// As `hl_system_reload`, from a file, with what it includes.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks other control calls, never a check or a feed.
///
/// # Safety
/// `path` ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_system_reload_file(system: hl_system, path: *const c_char) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let path = unsafe { text::text(path, "path") }?;
        reload(held, haltline_config::load(path.as_ref()))
    })
}

fn reload(held: &Held, config: Result<Config, haltline_config::Mistakes>) -> Result<hl_status, Refused> {
    let mut config = match config {
        Ok(config) => config,
        Err(mistakes) => {
            held.system.config_refused(mistakes.as_slice().len())?;
            return Err(mistakes.into());
        }
    };
    match held.system.reload(&config.plan) {
        Ok(done) => {
            let mut reload: String = done
                .released
                .iter()
                .map(|name| format!("breaker {name:?} denied before this reload and does no longer\n"))
                .collect();
            if (config.plan.caps, config.plan.skew) != held.start {
                reload.push_str("[system] has changed: that needs a new System, and was not put in force\n");
            }
            let status = if reload.is_empty() { HL_OK } else { HL_WARNED };
            config.plan = Plan::default();
            *handle::lock(&held.remarks) = Remarks { reload, config };
            held.system.config_reloaded(&done)?;
            Ok(status)
        }
        Err(error) => {
            if error.kind() != ErrorKind::Closed {
                held.system.config_refused(1)?;
            }
            Err(error.into())
        }
    }
}

/// Whether a configuration in TOML has mistakes: `HL_OK`, or `HL_ERR_CONFIG`, as `hl_system_open` says. Whether it fits a
/// machine, or a System that runs, is only known when it is opened or reloaded.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: lock-free.
///
/// # Safety
/// `len` bytes of `toml` can be read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_config_check(toml: *const c_char, len: usize) -> hl_status {
    call(0, || {
        // SAFETY: as the caller says.
        let toml = unsafe { text::sized(toml, len, "toml") }?;
        haltline_config::parse(toml, "config")?;
        Ok(())
    })
}

/// What is allowed but unusual in the configuration in force, what its reload has done that nobody may have wanted, and which calendars have
/// ended or end within a month, by the System's time: what goes by them denies from then on, so ask each day. One a line; empty if there is
/// nothing. `HL_TRUNCATED` if it does not fit.
///
/// `HL_ERR_NULL`, `HL_ERR_STALE`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant beside a reload.
///
/// # Safety
/// `buf` has room for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_config_warnings(system: hl_system, buf: *mut c_char, len: usize) -> hl_status {
    // SAFETY: as the caller says.
    with(system, |held| unsafe { text::give(buf, len, &handle::lock(&held.remarks).text(held.system.now())) })
}

/// Declares further scopes, instruments that are listed during the day, say; templates of the configuration make their breakers at
/// once. All or none.
///
/// `HL_ERR_BAD_SCOPE`, `HL_ERR_FULL`, `HL_ERR_BAD_PLAN`, `HL_ERR_CLOSED`, `HL_ERR_STALE`, `HL_ERR_NULL`, `HL_ERR_UTF8`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks other control calls, never a check or a feed.
///
/// # Safety
/// `scopes` are `n` texts, each ended by a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_declare(system: hl_system, scopes: *const *const c_char, n: usize) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let names = unsafe { text::list(scopes, n, "scopes") }?;
        let paths: Vec<_> = names.into_iter().map(ScopePath::new).collect::<Result<_, _>>()?;
        held.system.declare(&paths)?;
        Ok(())
    })
}

/// Tells a manual System the time, in nanoseconds since 1970, and lets everything happen that time alone makes happen until then, in
/// order, each at its own time. An earlier time than the present one changes nothing.
///
/// `HL_ERR_NOT_ALLOWED` for one with threads, whose time is the machine's; `HL_ERR_BAD_INPUT` for a time more than 35 years after its start;
/// `HL_ERR_STALE`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks beside another one.
#[unsafe(no_mangle)]
pub extern "C" fn hl_advance(system: hl_system, now_ns: u64) -> hl_status {
    with(system, |held| {
        if !held.is_manual {
            let text = "hl_advance: found a System with threads, whose time is the machine's; allowed are manual ones";
            return Err(Refused::new(HL_ERR_NOT_ALLOWED, text));
        }
        let last = held.system.epoch().last();
        if now_ns > last.0 {
            let text = format!("now_ns: found {now_ns}, allowed are times up to {}, 35 years after the start", last.0);
            return Err(Refused::new(HL_ERR_BAD_INPUT, text));
        }
        held.system.advance(Nanos(now_ns));
        Ok(())
    })
}

/// Hands out what has happened in a manual System: calls the callbacks of its subscriptions, here, and fills the queues of those that are
/// polled. `delivered`, which may be NULL, is how many events that was. Within itself, or beside another one, it does nothing.
///
/// `HL_ERR_NOT_ALLOWED` for one with threads, which does this by itself; `HL_ERR_STALE`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks as long as the callbacks do.
///
/// # Safety
/// `delivered` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_drain(system: hl_system, delivered: *mut usize) -> hl_status {
    with(system, |held| {
        if !held.is_manual {
            let text = "hl_drain: found a System with threads, which hands out by itself; allowed are manual ones";
            return Err(Refused::new(HL_ERR_NOT_ALLOWED, text));
        }
        let told = match Draining::begin(held) {
            Some(_draining) => {
                let told = held.system.drain(|_| {});
                subscribe::deliver(held, None);
                told
            }
            None => 0,
        };
        if !delivered.is_null() {
            // SAFETY: not NULL, and as the caller says.
            unsafe { delivered.write(told) };
        }
        Ok(())
    })
}

/// Whoever drains; at its end somebody else can, after a panic, too.
struct Draining<'a>(&'a AtomicBool);

impl<'a> Draining<'a> {
    /// `None` within a drain, and beside one.
    fn begin(held: &'a Held) -> Option<Self> {
        (!held.drains.swap(true, Ordering::Acquire)).then_some(Self(&held.drains))
    }
}

impl Drop for Draining<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// System time, in nanoseconds since 1970.
///
/// `HL_ERR_NULL`, `HL_ERR_STALE`.
///
/// Threads: any, at once. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_now(system: hl_system, out: *mut u64) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        unsafe { place(out, "out") }?.write(held.system.now().0);
        Ok(())
    })
}
