//! NULL in each place that takes an address: a status, never a crash, and nothing is written.
#![allow(clippy::unwrap_used, clippy::undocumented_unsafe_blocks)]

mod support;

use std::collections::BTreeSet;
use std::ffi::c_char;
use std::fs;
use std::path::Path;
use std::ptr::{null, null_mut};

use haltline_ffi::*;
use support::*;

/// How often each argument is NULL, by the name of the function.
struct Calls {
    list: Vec<(&'static str, hl_status)>,
}

impl Calls {
    fn put(&mut self, name: &'static str, statuses: &[hl_status]) {
        self.list.extend(statuses.iter().map(|status| (name, *status)));
    }
}

/// The functions of the header that take an address, with how many they take.
fn with_addresses() -> Vec<(String, usize)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../include/haltline.h");
    let header = fs::read_to_string(path).unwrap();
    let heads = header.lines().filter(|line| line.ends_with(';') && line.contains("(") && line.contains("hl_"));
    let heads = heads.filter(|line| !line.starts_with([' ', '/']) && !line.starts_with("typedef"));
    let found = heads.filter_map(|line| {
        let (head, arguments) = line.split_once('(')?;
        let count = arguments.split(',').filter(|argument| argument.contains('*')).count();
        (count > 0).then(|| (head.rsplit([' ', '*']).next().unwrap().to_owned(), count))
    });
    found.collect()
}

#[test]
fn every_address_may_be_null() {
    let system = manual(CONFIG);
    let (gate, feed, tally) = (gate(system, &["acct/alpha"]), feed(system, c"acct/alpha"), tally(system, c"gw/fix-1"));
    let desk = find(system, c"desk");
    let poll: hl_subscription = given(|out| unsafe { hl_subscribe(system, &subscribe_options(), out) });
    let (text, no): (*const c_char, *const c_char) = (c"acct/alpha".as_ptr(), null());
    let (ann, admin) = (c"ann".as_ptr(), HL_AUTHORITY_ADMIN);
    let mut calls = Calls { list: Vec::new() };
    macro_rules! act {
        ($($name:ident($($before:expr),*);)+) => {
            $(calls.put(stringify!($name), &[
                $name($($before,)* no, ann, admin),
                $name($($before,)* ann, no, admin),
            ]);)+
        };
    }
    macro_rules! one {
        ($($name:ident($($argument:expr),*);)+) => { $(calls.put(stringify!($name), &[$name($($argument),*)]);)+ };
    }
    unsafe {
        act! {
            hl_trip(system, desk);
            hl_reset(system, desk, 0);
            hl_force_reset(system, desk, 0);
            hl_rebase(system, desk, 1);
            hl_liquidate(system, desk);
            hl_liquidated(system, desk);
            hl_maintain(system, desk);
            hl_enable(system, desk, true);
            hl_drill(system, desk);
            hl_rearm(system, 0);
            hl_emergency_stop(system, text, 0);
            hl_clear_emergency_stop(system, text);
        }
        let whole: hl_policy = given(|out| hl_policy_get(system, desk, out));
        act! { hl_policy_update(system, desk, &whole); }
        let options = options(CONFIG, HL_MANUAL);
        one! {
            hl_policy_update(system, desk, null(), ann, ann, admin);
            hl_emergency_stop(system, no, 0, ann, ann, admin);
            hl_clear_emergency_stop(system, no, ann, ann, admin);
            hl_system_open_v1(null(), HL_ABI_VERSION, &sizes(), &mut hl_system::default());
            hl_system_open_v1(&options, HL_ABI_VERSION, null(), &mut hl_system::default());
            hl_system_open_v1(&options, HL_ABI_VERSION, &sizes(), null_mut());
            hl_system_reload(system, no, 1);
            hl_system_reload_file(system, no);
            hl_config_check(no, 1);
            hl_config_warnings(system, null_mut(), 9);
            hl_declare(system, null(), 1);
            hl_declare(system, [no].as_ptr(), 1);
            hl_now(system, null_mut());
            hl_gate_open(system, null(), 1, &mut null_mut());
            hl_gate_open(system, [text].as_ptr(), 1, null_mut());
            hl_gate_reduces(null(), 1, 1, 1, &mut false);
            hl_gate_reduces(gate, 1, 1, 1, null_mut());
            hl_gate_try_probe(null(), &mut hl_permit::default());
            hl_gate_try_probe(gate, null_mut());
            hl_gate_try_probe2(null(), gate, 0, &mut hl_permit::default());
            hl_gate_try_probe2(gate, null(), 0, &mut hl_permit::default());
            hl_gate_try_probe2(gate, gate, 0, null_mut());
            hl_gate_explain(null(), hl_verdict { bits: 1 }, &mut zeroed());
            hl_gate_explain(gate, hl_verdict { bits: 1 }, null_mut());
            hl_gate_explain2(null(), gate, hl_verdict { bits: 1 }, &mut zeroed());
            hl_gate_explain2(gate, null(), hl_verdict { bits: 1 }, &mut zeroed());
            hl_gate_explain2(gate, gate, hl_verdict { bits: 1 }, null_mut());
            hl_permit_passed(null_mut());
            hl_permit_failed(null_mut());
            hl_permit_release(null_mut());
            hl_feed_open(system, no, &mut null_mut());
            hl_feed_open(system, text, null_mut());
            hl_feed_trade(null_mut(), 1, 1, 0, SECOND);
            hl_feed_quote(null_mut(), 1, 1, SECOND);
            hl_feed_reference(null_mut(), 1, 1, SECOND);
            hl_feed_equity(null_mut(), 1, SECOND);
            hl_feed_pnl(null_mut(), 1, SECOND);
            hl_feed_flow(null_mut(), 1, SECOND);
            hl_feed_position(null_mut(), &zeroed(), SECOND);
            hl_feed_position(feed, null(), SECOND);
            hl_feed_margin(null_mut(), 1, 1, SECOND);
            hl_feed_outcome(null_mut(), 0, 1, SECOND);
            hl_feed_heartbeat(null_mut(), SECOND);
            hl_feed_venue(null_mut(), 1, SECOND);
            hl_feed_sequence(null_mut(), 1, SECOND, SECOND);
            hl_feed_check(null_mut(), 1, true, SECOND);
            hl_feed_prediction(null_mut(), true, SECOND);
            hl_feed_reading(null_mut(), desk, 1.0, SECOND);
            hl_check_find(system, no, &mut 0);
            hl_check_find(system, text, null_mut());
            hl_tally_open(system, no, &mut null_mut());
            hl_tally_open(system, text, null_mut());
            hl_tally_admit(null_mut(), &mut hl_permit::default());
            hl_tally_admit(tally, null_mut());
            hl_tally_outcome(null_mut(), hl_permit::default(), 0, 1, SECOND);
            hl_tally_pnl(null_mut(), 1, SECOND);
            hl_tally_flow(null_mut(), 1, SECOND);
            hl_tally_prediction(null_mut(), true, SECOND);
            hl_kill_word(system, null_mut());
            hl_policy_get(system, desk, null_mut());
            hl_subscribe(system, null(), &mut hl_subscription::default());
            hl_subscribe(system, &subscribe_options(), null_mut());
            hl_poll_events(poll, null_mut(), 1, &mut 0);
            hl_poll_events(poll, &mut zeroed(), 1, null_mut());
            hl_wait_events(poll, null_mut(), 1, 0, &mut 0);
            hl_wait_events(poll, &mut zeroed(), 1, 0, null_mut());
            hl_subscribers(system, null_mut(), 1, &mut 0);
            hl_subscribers(system, &mut zeroed(), 1, null_mut());
            hl_event_details(system, null(), &mut zeroed());
            hl_event_details(system, &zeroed(), null_mut());
            hl_status_get(system, null_mut());
            hl_breaker_find(system, no, &mut hl_breaker::default());
            hl_breaker_find(system, text, null_mut());
            hl_breakers(system, null_mut(), 1, &mut 0);
            hl_breakers(system, &mut zeroed(), 1, null_mut());
            hl_breaker_status(system, desk, null_mut());
            hl_breaker_stats(system, desk, null_mut());
            hl_statistics(system, null_mut());
            hl_history(system, null(), &mut zeroed(), 1, &mut 0);
            hl_history(system, &past(), null_mut(), 1, &mut 0);
            hl_history(system, &past(), &mut zeroed(), 1, null_mut());
            hl_name(system, HL_NAME_KIND, 1, null_mut(), 9);
            hl_evaluate(system, null(), &zeroed(), &mut zeroed());
        }
        let metrics = hl_metrics { struct_size: size_of::<hl_metrics>() as u32, ..zeroed() };
        let market = hl_market_conditions { struct_size: size_of::<hl_market_conditions>() as u32, ..zeroed() };
        one! {
            hl_evaluate(system, &metrics, null(), &mut zeroed());
            hl_evaluate(system, &metrics, &market, null_mut());
        }
    }
    for (name, status) in &calls.list {
        // `past` is asked for with room for one; what fails must fail for NULL and nothing else.
        assert_eq!(*status, HL_ERR_NULL, "{name}");
    }
    hold_all_are_called(&calls);
    assert_eq!(hl_system_close(system, 0), HL_OK);
}

/// So that no function is forgotten: each address of each.
fn hold_all_are_called(calls: &Calls) {
    // These say by another value that there is nothing, or take NULL for "none"; tested below and by others.
    let others = [
        ("hl_last_error", 1),
        ("hl_drain", 1),
        ("hl_gate_close", 1),
        ("hl_feed_close", 1),
        ("hl_tally_close", 1),
        ("hl_gate_slow", 1),
        ("hl_gate_slow2", 2),
        ("hl_gate_check_call", 1),
        ("hl_status_str", 1),
    ];
    let others = others.map(|(name, count)| (name.to_owned(), count));
    for (name, count) in with_addresses() {
        let called = calls.list.iter().filter(|(each, _)| *each == name).count();
        let is_other = others.contains(&(name.clone(), count));
        assert!(is_other || called >= count, "{name} takes {count} addresses, {called} were NULL");
    }
    let known: BTreeSet<_> = with_addresses().into_iter().map(|(name, _)| name).collect();
    assert!(calls.list.iter().all(|(name, _)| known.contains(*name)));
}

#[test]
fn null_denies_closes_nothing_and_is_no_place_for_a_text() {
    unsafe {
        assert_eq!(hl_gate_slow(null()).bits, 0b1_0111);
        assert_eq!(hl_gate_slow2(null(), null()).bits, 0b1_0111);
        assert_eq!(hl_gate_check_call(null()).bits, 0b1_0111);
        hl_gate_close(null_mut());
        hl_feed_close(null_mut());
        hl_tally_close(null_mut());
        hl_gate_close(&mut null_mut());
        hl_feed_close(&mut null_mut());
        hl_tally_close(&mut null_mut());
        assert_eq!(hl_last_error(null_mut(), 0), 0, "no call of this thread has failed yet");
        assert_eq!(hl_feed_heartbeat(null_mut(), 0), HL_ERR_NULL);
        assert_eq!(hl_last_error(null_mut(), 5), "feed: found NULL, allowed is an address".len());
    }
    let system = manual(CONFIG);
    assert_eq!(unsafe { hl_drain(system, null_mut()) }, HL_OK);
    let room = hl_event { sequence: 7, ..zeroed() };
    let mut event = room;
    assert_eq!(unsafe { hl_history(system, null(), &mut event, 1, null_mut()) }, HL_ERR_NULL);
    assert_eq!((event, hl_system_close(system, 0)), (room, HL_OK), "nothing was written");
}
