//! Forked children: they deny, refuse and do not hang; and an exception that leaves a callback ends the process.
#![allow(clippy::unwrap_used, clippy::undocumented_unsafe_blocks)]

mod support;

use std::ffi::c_void;
use std::ptr::null_mut;

use haltline_ffi::*;
use support::*;

/// What became of a child that runs `body`: its exit code, or the signal that ended it, negative.
fn child(body: impl FnOnce() -> i32) -> i32 {
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0);
    if pid == 0 {
        // Whatever hangs is ended.
        unsafe { libc::alarm(60) };
        let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(99);
        unsafe { libc::_exit(code) };
    }
    let mut status = 0;
    assert_eq!(unsafe { libc::waitpid(pid, &mut status, 0) }, pid);
    if libc::WIFSIGNALED(status) { -libc::WTERMSIG(status) } else { libc::WEXITSTATUS(status) }
}

/// One test: the first half must run before any System is opened.
#[test]
fn a_child_denies_and_refuses_and_an_exception_ends_its_process() {
    extern "C-unwind" fn throw(_: *const hl_event, _: usize, _: *mut c_void) {
        panic!("thrown out of a callback");
    }
    let ended = child(|| {
        let system = manual(CONFIG);
        let options = hl_subscribe_options { function: Some(throw), ..subscribe_options() };
        let _: hl_subscription = given(|out| unsafe { hl_subscribe(system, &options, out) });
        unsafe { hl_drain(system, null_mut()) }
    });
    assert_eq!(ended, -libc::SIGABRT);

    let system = manual(CONFIG);
    let (mut gate, mut feed, mut tally) = (gate(system, &[]), feed(system, c"acct/alpha"), tally(system, c"gw/fix-1"));
    let told: hl_subscription = given(|out| unsafe { hl_subscribe(system, &subscribe_options(), out) });
    assert_eq!(denies(gate), 0);
    let ended = child(|| {
        let is_refused = |status: hl_status| assert_eq!(status, HL_ERR_FORKED);
        assert_eq!(unsafe { hl_gate_check_call(gate) }.bits, 0b1_0111, "cancels too");
        assert_eq!(explain(gate).reason, HL_REASON_CORRUPT);
        is_refused(unsafe { hl_now(system, &mut 0) });
        is_refused(hl_system_close(system, 0));
        is_refused(hl_unsubscribe(told, 0));
        is_refused(poll(told).unwrap_err());
        is_refused(unsafe { hl_permit_passed(&mut hl_permit { bits: 5 }) });
        is_refused(try_open(&options(CONFIG, HL_MANUAL)).unwrap_err());
        assert!(last_error().contains("open them after the fork"), "{}", last_error());
        assert_eq!((hl_kill(system), hl_kill_all()), (HL_OK, HL_OK));
        unsafe {
            hl_feed_close(&mut feed);
            hl_tally_close(&mut tally);
            hl_gate_close(&mut gate);
        }
        7
    });
    assert_eq!(ended, 7);
    assert_eq!((denies(gate), hl_system_close(system, 0)), (0, HL_OK), "the parent goes on");
}
