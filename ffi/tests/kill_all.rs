//! Every System of the process: a process of its own.
#![allow(clippy::unwrap_used, clippy::undocumented_unsafe_blocks)]

mod support;

use haltline_ffi::*;
use support::*;

#[test]
fn all_systems_deny_and_tell_also_those_that_were_opened_elsewhere() {
    let elsewhere = haltline::System::manual(haltline::Plan::default(), haltline::Nanos(0)).unwrap();
    let systems = [manual(CONFIG), manual(CONFIG)];
    let told = systems.map(|system| given(|out| unsafe { hl_subscribe(system, &subscribe_options(), out) }));
    assert_eq!(hl_kill_all(), HL_OK);
    assert!(elsewhere.killed().is_some());
    for (system, told) in systems.into_iter().zip(told) {
        let _: usize = given(|out| unsafe { hl_drain(system, out) });
        let last = poll(told).unwrap().pop().unwrap();
        assert_eq!((last.event_type, last.reason), (HL_EVENT_KILLED, HL_REASON_KILLED));
        let status: hl_system_status = given(|out| unsafe { hl_status_get(system, out) });
        assert_eq!((status.can_trade, status.killed), (0, HL_REASON_KILLED));
        assert_eq!((hl_system_close(system, 0), hl_kill(system)), (HL_OK, HL_ERR_STALE));
    }
}
