//! How Systems are opened and closed, what is refused on the way, and what is left after it.
#![allow(clippy::unwrap_used, clippy::undocumented_unsafe_blocks)]

mod support;

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::null_mut;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use haltline_ffi::*;
use support::*;

const LONG: Duration = Duration::from_secs(60);
const LONG_NS: u64 = 60 * SECOND;

#[test]
fn a_closed_system_is_stale_and_its_gates_deny_and_its_feeds_refuse() {
    let system = manual(CONFIG);
    let (mut gate, mut feed) = (gate(system, &["gw/fix-1"]), feed(system, c"acct/alpha"));
    let polled: hl_subscription = given(|out| unsafe { hl_subscribe(system, &subscribe_options(), out) });
    let desk = find(system, c"desk");
    assert_eq!(hl_system_close(system, 0), HL_OK);
    assert_eq!((hl_system_close(system, 0), hl_advance(system, 5), hl_kill(system)), (-24, -24, -24));
    assert_eq!(unsafe { hl_breaker_status(system, desk, &mut zeroed()) }, HL_ERR_STALE);
    assert_eq!(unsafe { hl_gate_check_call(gate) }.bits & 0b1_0111, 0b1_0011, "cancels pass");
    assert_eq!(explain(gate).reason, HL_REASON_SHUT_DOWN);
    assert_eq!(unsafe { hl_feed_equity(feed, 5, SECOND) }, HL_ERR_CLOSED);
    // Who asks may still take what waits.
    assert_eq!(poll(polled).unwrap().last().unwrap().event_type, HL_EVENT_SHUTDOWN);
    assert_eq!((poll(polled), hl_unsubscribe(polled, 0)), (Err(HL_ERR_CLOSED), HL_OK));
    assert_eq!(poll(polled), Err(HL_ERR_STALE));
    unsafe {
        hl_gate_close(&mut gate);
        hl_gate_close(&mut gate);
        hl_feed_close(&mut feed);
        hl_feed_close(&mut feed);
    }
}

#[test]
fn handles_of_another_type_or_system_are_stale() {
    let (system, other) = (manual(CONFIG), manual(CONFIG));
    let desk = find(system, c"desk");
    let told: hl_subscription = given(|out| unsafe { hl_subscribe(system, &subscribe_options(), out) });
    let ann = c"ann".as_ptr();
    for bits in [0, 1, u64::MAX, system.bits, told.bits, desk.bits ^ 1 << 32, desk.bits ^ 1 << 20] {
        assert_eq!(unsafe { hl_trip(system, hl_breaker { bits }, ann, ann, 3) }, HL_ERR_STALE, "{bits:#x}");
    }
    assert_eq!(unsafe { hl_trip(other, desk, ann, ann, 3) }, HL_ERR_STALE);
    for bits in [0, system.bits, desk.bits, told.bits ^ 1 << 40] {
        assert_eq!(hl_unsubscribe(hl_subscription { bits }, 0), HL_ERR_STALE);
        assert_eq!(unsafe { hl_permit_passed(&mut hl_permit { bits }) }, HL_ERR_STALE);
        let is_ours = bits == system.bits;
        assert_eq!(hl_advance(hl_system { bits }, 0) == HL_OK, is_ours);
    }
    let two = [gate(system, &["gw/fix-1"]), gate(other, &["gw/fix-1"])];
    let mut permit = hl_permit::default();
    assert_eq!(unsafe { hl_gate_try_probe2(two[0], two[1], 0, &mut permit) }, HL_ERR_NOT_ALLOWED);
    assert_eq!(unsafe { hl_gate_try_probe2(two[0], two[0], 3, &mut permit) }, HL_ERR_ARGUMENT);
    assert_eq!((hl_system_close(system, 0), hl_system_close(other, 0)), (HL_OK, HL_OK));
}

#[test]
fn an_older_program_may_open_and_a_newer_one_only_if_it_asks_for_nothing_new() {
    #[repr(C)]
    struct Newer {
        known: hl_options,
        asked: u64,
    }
    let opened = |size: usize, asked| {
        let mut newer = Newer { known: options(CONFIG, HL_MANUAL), asked };
        newer.known.struct_size = size as u32;
        let mut system = hl_system::default();
        let options = (&raw const newer).cast();
        let status = unsafe { hl_system_open_v1(options, HL_ABI_VERSION, &sizes(), &mut system) };
        assert!(status != HL_OK || hl_system_close(system, 0) == HL_OK);
        status
    };
    let whole = size_of::<hl_options>();
    assert_eq!((opened(whole, 9), opened(whole + 8, 0), opened(40, 9)), (HL_OK, HL_OK, HL_OK));
    for (size, asked) in [(0, 0), (39, 0), (whole + 8, 1), (usize::MAX, 0)] {
        assert_eq!(opened(size, asked), HL_ERR_STRUCT_SIZE, "{size}");
    }
    assert!(last_error().contains("hl_options.struct_size"), "{}", last_error());
}

#[test]
fn a_program_of_another_layout_is_refused() {
    let options = options(CONFIG, HL_MANUAL);
    let opened = |abi, sizes: hl_sizes| unsafe { hl_system_open_v1(&options, abi, &sizes, &mut hl_system::default()) };
    assert_eq!(opened(HL_ABI_VERSION + 1, sizes()), HL_ERR_ABI);
    let one_more: [fn(&mut hl_sizes) -> &mut u32; 11] = [
        |sizes| &mut sizes.gate,
        |sizes| &mut sizes.verdict,
        |sizes| &mut sizes.event,
        |sizes| &mut sizes.denial,
        |sizes| &mut sizes.system_status,
        |sizes| &mut sizes.breaker_info,
        |sizes| &mut sizes.breaker_counts,
        |sizes| &mut sizes.system_statistics,
        |sizes| &mut sizes.event_text,
        |sizes| &mut sizes.subscriber_info,
        |sizes| &mut sizes.policy,
    ];
    for field in one_more {
        let mut wrong = sizes();
        *field(&mut wrong) += 8;
        assert_eq!(opened(HL_ABI_VERSION, wrong), HL_ERR_ABI);
    }
    assert_eq!(opened(HL_ABI_VERSION, hl_sizes { struct_size: 12, ..sizes() }), HL_ERR_STRUCT_SIZE);
}

#[test]
fn options_that_mean_nothing_are_refused_in_words() {
    let good = options(CONFIG, HL_MANUAL);
    let path = c"no/such/file.toml".as_ptr();
    for (options, status, said) in [
        (hl_options { mode: 2, ..good }, HL_ERR_ARGUMENT, "hl_options.mode: found 2"),
        (hl_options { idle: 2, mode: HL_THREADED, ..good }, HL_ERR_ARGUMENT, "hl_options.idle: found 2"),
        (hl_options { path, ..good }, HL_ERR_ARGUMENT, "found both config and path"),
        (hl_options { config: std::ptr::null(), config_len: 0, ..good }, HL_ERR_ARGUMENT, "or neither"),
        (hl_options { config: std::ptr::null(), ..good }, HL_ERR_NULL, "hl_options.config: found NULL"),
        (hl_options { config: std::ptr::null(), config_len: 0, path, ..good }, HL_ERR_CONFIG, "no/such/file.toml"),
        (hl_options { config: c"\xff".as_ptr(), config_len: 1, ..good }, HL_ERR_UTF8, "the byte 0xff at 0"),
    ] {
        assert_eq!(try_open(&options), Err(status), "{said}");
        assert!(last_error().contains(said), "{}", last_error());
    }
}

#[test]
fn all_mistakes_of_a_configuration_are_told_with_their_lines() {
    let wrong = "[[breaker]]\nname = \"a b\"\nkind = \"manual\"\nscope = \"x//y\"\n";
    assert_eq!(try_open(&options(wrong, HL_MANUAL)), Err(HL_ERR_CONFIG));
    let said = last_error();
    assert!(said.contains("config:2:") && said.contains("config:4:"), "{said}");
    assert_eq!(unsafe { hl_config_check(wrong.as_ptr().cast(), wrong.len()) }, HL_ERR_CONFIG);
    assert_eq!(unsafe { hl_config_check(CONFIG.as_ptr().cast(), CONFIG.len()) }, HL_OK);
    assert_eq!(last_error(), said, "a success leaves the text");
    let many = "[[breaker]]\nname = \"a b\"\nkind = \"manual\"\nscope = \"x//y\"\n".repeat(200);
    assert_eq!(try_open(&options(&many, HL_MANUAL)), Err(HL_ERR_CONFIG));
    assert!(last_error().len() < HL_ERROR_BYTES && last_error().ends_with(" more"));
}

#[test]
fn a_reload_is_whole_or_nothing_and_told() {
    let system = manual(CONFIG);
    let told: hl_subscription = given(|out| unsafe { hl_subscribe(system, &subscribe_options(), out) });
    let ann = c"ann".as_ptr();
    let desk = find(system, c"desk");
    assert_eq!(unsafe { hl_trip(system, desk, ann, ann, 3) }, HL_OK);
    let reload = |text: &str| unsafe { hl_system_reload(system, text.as_ptr().cast(), text.len()) };
    assert_eq!(reload("mistake"), HL_ERR_CONFIG);
    let more = format!("{CONFIG}\n[[breaker]]\nname = \"more\"\nkind = \"manual\"\nscope = \"\"\nshadow = true\n");
    assert_eq!(reload(&more), HL_OK, "{}", last_error());
    assert_eq!(info(system, desk).status, HL_STATUS_TRIPPED, "what is tripped stays tripped");
    let mut warnings = [0 as c_char; 256];
    assert_eq!(unsafe { hl_config_warnings(system, warnings.as_mut_ptr(), 256) }, HL_OK);
    assert!(text(&warnings).contains("shadow"), "{}", text(&warnings));
    let path = CString::new(format!("{}/reload.toml", env!("CARGO_TARGET_TMPDIR"))).unwrap();
    std::fs::write(path.to_str().unwrap(), CONFIG).unwrap();
    assert_eq!(unsafe { hl_system_reload_file(system, path.as_ptr()) }, HL_OK, "{}", last_error());
    assert_eq!(unsafe { hl_breaker_find(system, c"more".as_ptr(), &mut hl_breaker::default()) }, HL_ERR_UNKNOWN);
    let _: usize = given(|out| unsafe { hl_drain(system, out) });
    let types: Vec<_> = poll(told).unwrap().iter().map(|event| event.event_type).collect();
    let count = |event_type| types.iter().filter(|each| **each == event_type).count();
    assert_eq!((count(HL_EVENT_CONFIG_REFUSED), count(HL_EVENT_CONFIG_RELOADED)), (1, 2));
    assert_eq!(hl_system_close(system, 0), HL_OK);
}

#[test]
fn a_system_with_threads_calls_back_on_its_own_and_refuses_to_be_closed_there() {
    extern "C-unwind" fn begin(name: *const c_char, user: *mut c_void) {
        let names = unsafe { &*user.cast::<Sender<String>>() };
        names.send(unsafe { CStr::from_ptr(name) }.to_str().unwrap().to_owned()).unwrap();
    }
    struct Ears {
        system: hl_system,
        said: Sender<(hl_status, hl_status)>,
        own: Receiver<hl_subscription>,
    }
    extern "C-unwind" fn hear(events: *const hl_event, n: usize, user: *mut c_void) {
        let events = unsafe { std::slice::from_raw_parts(events, n) };
        let ears = unsafe { &*user.cast::<Ears>() };
        if events.iter().any(|event| event.event_type == HL_EVENT_KILLED) {
            let closed = hl_system_close(ears.system, LONG_NS);
            let own = ears.own.recv().unwrap();
            ears.said.send((closed, hl_unsubscribe(own, LONG_NS))).unwrap();
        }
    }
    let (sender, names) = channel::<String>();
    let on_thread_user = (&raw const sender).cast_mut().cast();
    let threaded = hl_options { on_thread: Some(begin), on_thread_user, ..options(CONFIG, HL_THREADED) };
    let system = try_open(&threaded).unwrap();
    assert_eq!((hl_advance(system, 5), unsafe { hl_drain(system, null_mut()) }), (-31, -31));
    let ((said, heard), (give_own, own)) = (channel(), channel());
    let ears = Ears { system, said, own };
    let user = (&raw const ears).cast_mut().cast();
    let options = hl_subscribe_options { function: Some(hear), user, name: c"ears".as_ptr(), ..subscribe_options() };
    let subscription: hl_subscription = given(|out| unsafe { hl_subscribe(system, &options, out) });
    give_own.send(subscription).unwrap();
    assert_eq!(unsafe { hl_poll_events(subscription, &mut zeroed(), 1, &mut 0) }, HL_ERR_NOT_ALLOWED);
    let mut subscribers = [zeroed::<hl_subscriber_info>(); 2];
    let mut n = 0;
    assert_eq!(unsafe { hl_subscribers(system, subscribers.as_mut_ptr(), 2, &mut n) }, HL_OK);
    assert_eq!((n, text(&subscribers[0].name).as_str()), (1, "ears"));
    // A kill wakes the thread that tells of it.
    assert_eq!(hl_kill(system), HL_OK);
    assert_eq!(heard.recv_timeout(LONG).unwrap(), (HL_ERR_DEADLOCK, HL_PENDING));
    assert_eq!(hl_unsubscribe(subscription, LONG_NS), HL_ERR_STALE);
    assert_eq!(hl_system_close(system, LONG_NS), HL_OK);
    drop(sender);
    let mut names: Vec<_> = names.iter().collect();
    names.sort();
    assert_eq!(names, ["haltline-dispatch", "haltline-monitor", "haltline-sub-1"]);
}

#[test]
fn a_callback_that_does_not_come_back_is_not_waited_for_longer_than_asked() {
    struct Gate {
        inside: Sender<()>,
        out: Receiver<()>,
    }
    extern "C-unwind" fn hang(_: *const hl_event, _: usize, user: *mut c_void) {
        let gate = unsafe { &*user.cast::<Gate>() };
        gate.inside.send(()).unwrap();
        gate.out.recv().unwrap_or_default();
    }
    let ((inside, is_inside), (let_out, out)) = (channel(), channel());
    // It may be called after the System has closed, so it is never freed.
    let gate = Box::leak(Box::new(Gate { inside, out }));
    let system = try_open(&options(CONFIG, HL_THREADED)).unwrap();
    let filter = hl_filter { urgent: 1, ..zeroed() };
    let user = (&raw mut *gate).cast();
    let options = hl_subscribe_options { function: Some(hang), user, filter, ..subscribe_options() };
    let subscription: hl_subscription = given(|out| unsafe { hl_subscribe(system, &options, out) });
    is_inside.recv_timeout(LONG).unwrap();
    assert_eq!(hl_unsubscribe(subscription, 0), HL_PENDING);
    let again: hl_subscription = given(|out| unsafe { hl_subscribe(system, &options, out) });
    is_inside.recv_timeout(LONG).unwrap();
    assert_eq!((hl_system_close(system, 0), hl_unsubscribe(again, 0)), (HL_PENDING, HL_ERR_STALE));
    drop(let_out);
}

#[test]
fn in_a_manual_system_a_callback_may_end_itself_and_not_its_system() {
    struct Ears {
        system: hl_system,
        own: hl_subscription,
        said: Vec<hl_status>,
    }
    extern "C-unwind" fn hear(_: *const hl_event, _: usize, user: *mut c_void) {
        let ears = unsafe { &mut *user.cast::<Ears>() };
        let mut told = 9;
        ears.said.extend([
            hl_system_close(ears.system, 0),
            unsafe { hl_drain(ears.system, &mut told) } + told as hl_status,
            hl_unsubscribe(ears.own, LONG_NS),
            hl_unsubscribe(ears.own, LONG_NS),
        ]);
    }
    let system = manual(CONFIG);
    let mut ears = Ears { system, own: hl_subscription::default(), said: vec![] };
    let user = (&raw mut ears).cast();
    let options = hl_subscribe_options { function: Some(hear), user, ..subscribe_options() };
    ears.own = given(|out| unsafe { hl_subscribe(system, &options, out) });
    let drained = unsafe { hl_drain(system, null_mut()) };
    assert_eq!((drained, &ears.said[..]), (HL_OK, &[HL_ERR_DEADLOCK, HL_OK, HL_PENDING, HL_ERR_STALE][..]));
    hl_kill(system);
    assert_eq!((unsafe { hl_drain(system, null_mut()) }, ears.said.len()), (HL_OK, 4), "it is not called again");
    assert_eq!(hl_system_close(system, 0), HL_OK);
}

#[test]
fn what_a_subscriber_may_not_want_is_refused() {
    let system = manual(CONFIG);
    let wants =
        |options: hl_subscribe_options| unsafe { hl_subscribe(system, &options, &mut hl_subscription::default()) };
    let good = subscribe_options();
    let filter = |filter| hl_subscribe_options { filter, ..good };
    assert_eq!(wants(hl_subscribe_options { overflow: 2, ..good }), HL_ERR_ARGUMENT);
    assert_eq!(wants(hl_subscribe_options { capacity: u32::MAX, ..good }), HL_ERR_BAD_INPUT);
    assert_eq!(wants(hl_subscribe_options { struct_size: 80, ..good }), HL_ERR_STRUCT_SIZE);
    assert_eq!(wants(filter(hl_filter { kinds: 1, ..zeroed() })), HL_ERR_ARGUMENT, "there is no kind 0");
    assert_eq!(wants(filter(hl_filter { types: 1 << 63, ..zeroed() })), HL_ERR_ARGUMENT);
    assert_eq!(wants(filter(hl_filter { urgent: 2, ..zeroed() })), HL_ERR_ARGUMENT);
    assert_eq!(wants(filter(hl_filter { scope: c"a//b".as_ptr(), ..zeroed() })), HL_ERR_BAD_SCOPE);
    assert_eq!(wants(good), HL_OK);
    assert_eq!(hl_system_close(system, 0), HL_OK);
}

#[test]
fn a_close_waits_for_a_drain_on_another_thread_as_long_as_asked() {
    struct Gate {
        inside: Sender<()>,
        out: Receiver<()>,
    }
    extern "C-unwind" fn hang(_: *const hl_event, _: usize, user: *mut c_void) {
        let gate = unsafe { &*user.cast::<Gate>() };
        gate.inside.send(()).unwrap();
        gate.out.recv().unwrap_or_default();
    }
    let ((inside, is_inside), (let_out, out)) = (channel(), channel());
    let gate = Gate { inside, out };
    let user = (&raw const gate).cast_mut().cast();
    let system = manual(CONFIG);
    let options = hl_subscribe_options { function: Some(hang), user, ..subscribe_options() };
    let subscription: hl_subscription = given(|out| unsafe { hl_subscribe(system, &options, out) });
    std::thread::scope(|scope| {
        let drain = scope.spawn(|| unsafe { hl_drain(system, null_mut()) });
        is_inside.recv_timeout(LONG).unwrap();
        assert_eq!(hl_system_close(system, 0), HL_PENDING);
        assert_eq!((hl_system_close(system, 0), hl_unsubscribe(subscription, 0)), (HL_ERR_STALE, HL_ERR_STALE));
        drop(let_out);
        assert_eq!(drain.join().unwrap(), HL_OK);
    });
}
