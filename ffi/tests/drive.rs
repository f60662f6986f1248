//! A manual System, driven from C's side: what is fed trips, what trips denies, is told, explained and reset.
#![allow(clippy::unwrap_used, clippy::undocumented_unsafe_blocks)]

mod support;

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use haltline_ffi::*;
use support::*;

const ANN: *const std::ffi::c_char = c"ann".as_ptr();
const WHY: *const std::ffi::c_char = c"looked into".as_ptr();

#[test]
fn a_fall_trips_denies_is_explained_and_reset() {
    let system = manual(CONFIG);
    let (mut gate, mut feed) = (gate(system, &["acct/alpha"]), feed(system, c"acct/alpha"));
    assert_eq!(explain(gate).reason, HL_REASON_NOT_READY, "no mark yet: doubt denies");
    let equity = |units: i64| unsafe { hl_feed_equity(feed, units * HL_MONEY_SCALE, SECOND) };
    assert_eq!((equity(100), denies(gate)), (HL_OK, 0));
    assert_eq!((equity(93), denies(gate)), (HL_OK, 0));
    assert_eq!((equity(92), denies(gate)), (HL_OK, 1), "8 % below its peak");

    let denial = explain(gate);
    assert_eq!((denial.reason, denial.kind, denial.status), (HL_REASON_LIMIT, 2, HL_STATUS_TRIPPED));
    assert_eq!((denial.denies, denial.has_value, denial.ord_rej_reason), (1, 1, 3));
    assert_eq!((denial.value, denial.limit, denial.since_ns), (0.08, 0.08, SECOND));
    assert_eq!((text(&denial.name), text(&denial.scope)), ("dd".into(), "acct/alpha".into()));
    assert!(text(&denial.text).starts_with("tripped by dd (drawdown) on acct/alpha: limit"), "{}", text(&denial.text));

    let breaker = find(system, c"dd");
    assert_eq!(denial.breaker, breaker);
    let stamp = info(system, breaker).stamp;
    let reset = |seen, authority| unsafe { hl_reset(system, breaker, seen, WHY, ANN, authority) };
    assert_eq!(reset(stamp, HL_AUTHORITY_ADMIN), HL_ERR_CAUSE_STANDS);
    assert_eq!(equity(100), HL_OK);
    assert_eq!(reset(stamp, HL_AUTHORITY_TRADER), HL_ERR_AUTHORITY);
    assert_eq!(reset(stamp ^ 1, HL_AUTHORITY_ADMIN), HL_ERR_NEWER_TRIP);
    assert_eq!(reset(stamp, 4), HL_ERR_ARGUMENT);
    assert_eq!((reset(stamp, HL_AUTHORITY_ADMIN), denies(gate)), (HL_OK, 0));
    let over: hl_denial = given(|out| unsafe { hl_gate_explain(gate, hl_verdict { bits: 1 }, out) });
    assert_eq!(over.reason, HL_REASON_CLEARED);
    unsafe {
        hl_feed_close(&mut feed);
        hl_gate_close(&mut gate);
    }
    assert_eq!(hl_system_close(system, SECOND), HL_OK);
}

#[test]
fn what_happens_is_told_in_order_and_kept() {
    extern "C-unwind" fn hear(events: *const hl_event, n: usize, user: *mut c_void) {
        let (events, heard) = unsafe { (std::slice::from_raw_parts(events, n), &mut *user.cast::<Vec<hl_event>>()) };
        heard.extend_from_slice(events);
    }
    let system = manual(CONFIG);
    let mut heard: Vec<hl_event> = Vec::new();
    let filter = hl_filter { types: 1 << HL_EVENT_TRIPPED | 1 << HL_EVENT_KILLED, ..zeroed() };
    let (function, user): (hl_events_fn, _) = (Some(hear), (&raw mut heard).cast());
    let options = hl_subscribe_options { filter, function, user, ..subscribe_options() };
    let told: hl_subscription = given(|out| unsafe { hl_subscribe(system, &options, out) });
    let polled: hl_subscription = given(|out| unsafe { hl_subscribe(system, &subscribe_options(), out) });
    assert_eq!(hl_advance(system, 5 * SECOND), HL_OK);
    let desk = find(system, c"desk");
    assert_eq!(unsafe { hl_trip(system, desk, c"wild router".as_ptr(), ANN, HL_AUTHORITY_TRADER) }, HL_OK);
    assert_eq!(hl_kill(system), HL_OK);
    let delivered: usize = given(|out| unsafe { hl_drain(system, out) });
    assert!(delivered >= 2);
    // First where those are that are not simply active: the drawdown has no mark yet.
    let types: Vec<_> = heard.iter().map(|event| event.event_type).collect();
    assert_eq!(types, [HL_EVENT_LEVEL, HL_EVENT_TRIPPED, HL_EVENT_KILLED]);
    let trip = heard[1];
    assert_eq!((trip.at_ns, trip.breaker, trip.until_ns), (5 * SECOND, desk, u64::MAX));
    assert_eq!((trip.before_status, trip.after_status), (HL_STATUS_ACTIVE, HL_STATUS_TRIPPED));
    assert_eq!((trip.before_denies, trip.after_denies, trip.is_urgent), (0, HL_HALT, 1));
    assert_eq!(trip.after, info(system, desk).stamp, "what a reset must name");
    let all = poll(polled).unwrap();
    assert!(all.contains(&trip) && all.windows(2).all(|pair| pair[0].sequence < pair[1].sequence));

    let details: hl_event_text = given(|out| unsafe { hl_event_details(system, &trip, out) });
    let words = [text(&details.breaker), text(&details.scope), text(&details.actor), text(&details.note)];
    assert_eq!(words, ["desk", "acct/alpha", "ann", "ann: wild router"]);

    let mut kept = [zeroed::<hl_event>(); 1];
    let mut n = 0;
    let past = hl_past { breaker: desk, filter, ..past() };
    let status = unsafe { hl_history(system, &past, kept.as_mut_ptr(), 1, &mut n) };
    assert_eq!((status, n, kept[0]), (HL_OK, 1, trip));
    let status = unsafe { hl_history(system, &support::past(), kept.as_mut_ptr(), 1, &mut n) };
    assert_eq!((status, kept[0].event_type), (HL_TRUNCATED, HL_EVENT_KILLED), "the newest");
    assert_eq!(unsafe { hl_history(system, &support::past(), null_mut(), 0, &mut n) }, HL_TRUNCATED);
    assert!(n >= 2);
    assert_eq!(hl_unsubscribe(told, 0), HL_OK);
    assert_eq!((hl_unsubscribe(told, 0), hl_unsubscribe(polled, 0)), (HL_ERR_STALE, HL_OK));
    let before = heard.len();
    let word: u64 = given(|out| unsafe { hl_kill_word(system, out) });
    assert_eq!(unsafe { hl_rearm(system, word, WHY, ANN, HL_AUTHORITY_ADMIN) }, HL_OK);
    hl_kill(system);
    let _: usize = given(|out| unsafe { hl_drain(system, out) });
    assert_eq!(heard.len(), before, "nobody is called after unsubscribe");
    assert_eq!(hl_system_close(system, 0), HL_OK);
}

#[test]
fn everything_that_people_do_goes_through() {
    let system = manual(CONFIG);
    let gate = gate(system, &["acct/alpha"]);
    let desk = find(system, c"desk");
    let admin = HL_AUTHORITY_ADMIN;
    let stamp = || info(system, desk).stamp;
    unsafe {
        assert_eq!(hl_drill(system, desk, WHY, ANN, HL_AUTHORITY_TRADER), HL_OK);
        assert_eq!(hl_maintain(system, desk, WHY, ANN, admin), HL_OK);
        assert_eq!(info(system, desk).status, HL_STATUS_MAINTENANCE);
        assert_eq!(hl_force_reset(system, desk, stamp(), WHY, ANN, admin), HL_OK);
        assert_eq!(hl_liquidate(system, desk, WHY, ANN, admin), HL_OK);
        assert_eq!(info(system, desk).status, HL_STATUS_LIQUIDATING);
        assert_eq!(hl_liquidated(system, desk, WHY, ANN, admin), HL_OK);
        assert_eq!(info(system, desk).status, HL_STATUS_TRIPPED);
        assert_eq!(hl_reset(system, desk, stamp(), WHY, ANN, admin), HL_OK);
        assert_eq!(hl_rebase(system, desk, 5, WHY, ANN, admin), HL_ERR_NOT_ALLOWED);
        assert_eq!(hl_rebase(system, find(system, c"dd"), 1_000_000, WHY, ANN, admin), HL_OK);
        assert_eq!(hl_enable(system, desk, false, WHY, ANN, admin), HL_OK);
        assert_eq!(info(system, desk).is_disabled, 1);
        assert_eq!(hl_trip(system, desk, WHY, ANN, admin), HL_ERR_NOT_ALLOWED);
        assert_eq!(hl_enable(system, desk, true, WHY, ANN, admin), HL_OK);
        let scope = c"acct/alpha".as_ptr();
        assert_eq!(hl_emergency_stop(system, scope, 9, WHY, ANN, admin), HL_ERR_ARGUMENT);
        assert_eq!(hl_emergency_stop(system, scope, HL_SOURCE_ANOMALY, WHY, ANN, 0), HL_OK);
        assert_eq!(explain(gate).reason, HL_REASON_EMERGENCY);
        assert_eq!(hl_clear_emergency_stop(system, scope, WHY, ANN, 2), HL_ERR_AUTHORITY);
        assert_eq!(hl_clear_emergency_stop(system, scope, WHY, ANN, admin), HL_OK);
        assert_eq!(hl_maintain(system, desk, WHY, c"a\nb".as_ptr(), admin), HL_ERR_BAD_INPUT);
        assert_eq!(hl_maintain(system, desk, WHY, c"".as_ptr(), admin), HL_ERR_BAD_INPUT);
    }
    let counts: hl_breaker_counts = given(|out| unsafe { hl_breaker_stats(system, desk, out) });
    assert!(counts.trips >= 1 && counts.resets >= 2);
    let statistics: hl_system_statistics = given(|out| unsafe { hl_statistics(system, out) });
    assert!(statistics.refusals >= 2 && statistics.breakers >= 3, "{}", statistics.refusals);
    assert_eq!(hl_kill(system), HL_OK);
    let status: hl_system_status = given(|out| unsafe { hl_status_get(system, out) });
    assert_eq!((status.can_trade, status.killed), (0, HL_REASON_KILLED));
    assert_eq!(unsafe { hl_gate_check_call(gate) }.bits & 0b1_0111, 0b1_0011, "cancels pass");
    assert_eq!(hl_system_close(system, 0), HL_OK);
}

#[test]
fn a_policy_is_changed_in_the_part_that_is_named() {
    let system = manual(CONFIG);
    let (gate, desk) = (gate(system, &["acct/alpha"]), find(system, c"desk"));
    let whole: hl_policy = given(|out| unsafe { hl_policy_get(system, desk, out) });
    assert_eq!(whole.effect, HL_HALT);
    let part = hl_policy { fields: HL_POLICY_EFFECT, effect: HL_NO_NEW, ..whole };
    let update = |policy: &hl_policy, authority| unsafe { hl_policy_update(system, desk, policy, WHY, ANN, authority) };
    assert_eq!(update(&part, HL_AUTHORITY_TRADER), HL_ERR_AUTHORITY);
    assert_eq!(update(&part, HL_AUTHORITY_ADMIN), HL_OK);
    let now: hl_policy = given(|out| unsafe { hl_policy_get(system, desk, out) });
    assert_eq!((now.effect, now.severity, now.confirm), (HL_NO_NEW, whole.severity, whole.confirm));
    let mad = hl_policy { fields: HL_POLICY_SEVERITY, severity: 2.0, ..whole };
    assert_eq!(update(&mad, HL_AUTHORITY_ADMIN), HL_ERR_BAD_PLAN, "{}", last_error());
    let mut feed = feed(system, c"acct/alpha");
    assert_eq!(unsafe { hl_feed_equity(feed, 1_000_000, SECOND) }, HL_OK);
    assert_eq!(unsafe { hl_trip(system, desk, WHY, ANN, HL_AUTHORITY_ADMIN) }, HL_OK);
    assert_eq!(denies(gate), HL_NO_NEW.into());
    unsafe { hl_feed_close(&mut feed) };
    assert_eq!(hl_system_close(system, 0), HL_OK);
}

#[test]
fn calls_of_many_threads_trip_and_a_probe_finds_out_whether_it_works_again() {
    let system = manual(CONFIG);
    let gate = gate(system, &["gw/fix-1"]);
    let (mut one, mut other) = (tally(system, c"gw/fix-1"), tally(system, c"gw/fix-1"));
    let mut claimed: *mut hl_feed = null_mut();
    assert_eq!(unsafe { hl_feed_open(system, c"gw/fix-1".as_ptr(), &mut claimed) }, HL_ERR_CLAIMED);
    let admit = |tally| {
        let mut permit = hl_permit::default();
        (unsafe { hl_tally_admit(tally, &mut permit) }, permit)
    };
    let ended = |tally, permit, outcome, at| unsafe { hl_tally_outcome(tally, permit, outcome, 1_000, at) };
    assert_eq!(ended(one, hl_permit::default(), HL_OUTCOME_SUCCESS, SECOND), HL_OK);
    for tally in [one, other, one] {
        let (status, permit) = admit(tally);
        assert_eq!((status, ended(tally, permit, HL_OUTCOME_FAILURE, SECOND)), (HL_OK, HL_OK));
    }
    assert_eq!((denies(gate) & 1, explain(gate).reason, admit(one).0), (1, HL_REASON_CONSECUTIVE, HL_ERR_DENIED));
    // A second later it is half open: one probe at a time.
    hl_advance(system, 2 * SECOND);
    assert_eq!(info(system, find(system, c"gateway")).status, HL_STATUS_COOLDOWN);
    let (status, probe) = admit(one);
    assert_eq!((status, admit(other).0), (HL_OK, HL_ERR_DENIED));
    assert_eq!(ended(one, probe, HL_OUTCOME_IGNORED, 2 * SECOND), HL_OK);
    assert_eq!(ended(one, probe, HL_OUTCOME_SUCCESS, 2 * SECOND), HL_ERR_STALE, "it was given back");
    let mut probe: hl_permit = given(|out| unsafe { hl_gate_try_probe(gate, out) });
    assert_eq!(unsafe { hl_permit_release(&mut probe) }, HL_OK);
    assert_eq!((probe, unsafe { hl_permit_release(&mut probe) }), (hl_permit::default(), HL_ERR_STALE));
    // What nobody accepts opens nothing, and the permit is given back.
    let (status, probe) = admit(one);
    assert_eq!((status, ended(one, probe, HL_OUTCOME_SUCCESS, 3_600 * SECOND)), (HL_OK, HL_ERR_BAD_INPUT));
    assert_eq!(info(system, find(system, c"gateway")).status, HL_STATUS_COOLDOWN);
    // Nor does a probe of another System.
    let (elsewhere, (status, probe)) = (manual(CONFIG), admit(one));
    let mut foreign = tally(elsewhere, c"gw/fix-1");
    assert_eq!((status, ended(foreign, probe, HL_OUTCOME_SUCCESS, SECOND)), (HL_OK, HL_ERR_STALE));
    assert_eq!(info(system, find(system, c"gateway")).status, HL_STATUS_COOLDOWN);
    unsafe { hl_tally_close(&mut foreign) };
    assert_eq!(hl_system_close(elsewhere, 0), HL_OK);
    let (status, probe) = admit(other);
    assert_eq!((status, ended(other, probe, HL_OUTCOME_SUCCESS, 2 * SECOND)), (HL_OK, HL_OK));
    assert_eq!((denies(gate), info(system, find(system, c"gateway")).status), (0, HL_STATUS_ACTIVE));
    // Where nothing denies a permit is one of nothing.
    let mut nothing: hl_permit = given(|out| unsafe { hl_gate_try_probe(gate, out) });
    assert_eq!(unsafe { hl_permit_failed(&mut nothing) }, HL_OK);
    assert_eq!(denies(gate), 0);
    unsafe {
        hl_tally_close(&mut one);
        hl_tally_close(&mut one);
        assert_eq!(hl_feed_open(system, c"gw/fix-1".as_ptr(), &mut claimed), HL_ERR_CLAIMED);
        hl_tally_close(&mut other);
        assert_eq!(hl_feed_open(system, c"gw/fix-1".as_ptr(), &mut claimed), HL_OK, "the last one gives it back");
        hl_feed_close(&mut claimed);
    }
    assert_eq!(hl_system_close(system, 0), HL_OK);
}

#[test]
fn a_failed_probe_trips_again() {
    let system = manual(CONFIG);
    let (gate, tally) = (gate(system, &["gw/fix-1"]), tally(system, c"gw/fix-1"));
    for outcome in [HL_OUTCOME_SUCCESS, HL_OUTCOME_FAILURE, HL_OUTCOME_FAILURE, HL_OUTCOME_FAILURE] {
        assert_eq!(unsafe { hl_tally_outcome(tally, hl_permit::default(), outcome, 0, SECOND) }, HL_OK);
    }
    hl_advance(system, 2 * SECOND);
    let probe: hl_permit = given(|out| unsafe { hl_tally_admit(tally, out) });
    assert_eq!(unsafe { hl_tally_outcome(tally, probe, HL_OUTCOME_FAILURE, 0, 2 * SECOND) }, HL_OK);
    assert_eq!(info(system, find(system, c"gateway")).status, HL_STATUS_TRIPPED);
    // A permit that is out when its System closes is no more.
    hl_advance(system, 3 * SECOND);
    let mut probe: hl_permit = given(|out| unsafe { hl_gate_try_probe(gate, out) });
    assert_eq!(hl_system_close(system, 0), HL_OK);
    assert_eq!(unsafe { hl_permit_passed(&mut probe) }, HL_ERR_STALE);
}

#[test]
fn a_tally_adds_up_and_so_many_can_be_open() {
    let system = manual(CONFIG);
    let mut tallies: Vec<_> = (0..HL_TALLY_HANDLES).map(|_| tally(system, c"acct/alpha")).collect();
    let mut more: *mut hl_tally = null_mut();
    assert_eq!(unsafe { hl_tally_open(system, c"acct/alpha".as_ptr(), &mut more) }, HL_ERR_FULL);
    assert!(more.is_null());
    for tally in &tallies {
        unsafe {
            assert_eq!(hl_tally_pnl(*tally, 1, SECOND), HL_OK);
            assert_eq!(hl_tally_flow(*tally, 1, SECOND), HL_OK);
            assert_eq!(hl_tally_prediction(*tally, true, SECOND), HL_OK);
        }
    }
    tallies.iter_mut().for_each(|tally| unsafe { hl_tally_close(tally) });
    assert_eq!(unsafe { hl_tally_open(system, c"no/such".as_ptr(), &mut more) }, HL_ERR_UNKNOWN);
    let tally = tally(system, c"acct/alpha");
    assert_eq!(hl_system_close(system, 0), HL_OK);
    assert_eq!(unsafe { hl_tally_pnl(tally, 1, SECOND) }, HL_ERR_CLOSED);
}

#[test]
fn each_observation_reaches_the_feed_and_what_means_nothing_is_refused() {
    let system = manual(CONFIG);
    let feed = feed(system, c"acct/alpha");
    let at = SECOND;
    let (price, size) = (HL_PRICE_SCALE, size_of::<hl_position>() as u32);
    let position = hl_position { struct_size: size, sector: 0, instrument: 1, quantity: 5, value: 7 };
    unsafe {
        assert_eq!(hl_feed_trade(feed, price, 1, 0, at), HL_OK);
        assert_eq!(hl_feed_trade(feed, -price, 1, HL_TRADE_INELIGIBLE, at), HL_OK, "its price is not looked at");
        assert_eq!(hl_feed_trade(feed, 0, 1, 0, at), HL_ERR_BAD_INPUT);
        assert_eq!(hl_feed_trade(feed, price, -1, 0, at), HL_ERR_BAD_INPUT);
        assert_eq!(hl_feed_trade(feed, price, 1, 2, at), HL_ERR_ARGUMENT);
        assert_eq!(hl_feed_trade(feed, price, 1, 0, at - 1), HL_ERR_BAD_INPUT, "backwards");
        assert_eq!(hl_feed_trade(feed, price, 1, 0, at + 2 * SECOND), HL_ERR_BAD_INPUT, "ahead");
        assert_eq!(hl_feed_quote(feed, price, 2 * price, at), HL_OK);
        assert_eq!(hl_feed_quote(feed, i64::MIN, price, at), HL_OK, "an absent side");
        assert_eq!(hl_feed_quote(feed, price, 0, at), HL_ERR_BAD_INPUT);
        assert_eq!(hl_feed_reference(feed, price, 20_200_309, at), HL_OK);
        assert_eq!(hl_feed_pnl(feed, -5, at), HL_OK);
        assert_eq!(hl_feed_flow(feed, 5, at), HL_OK);
        assert_eq!(hl_feed_position(feed, &position, at), HL_OK);
        assert_eq!(hl_feed_position(feed, &hl_position { quantity: 0, ..position }, at), HL_ERR_BAD_INPUT);
        assert_eq!(hl_feed_position(feed, &hl_position { struct_size: 8, ..position }, at), HL_ERR_STRUCT_SIZE);
        assert_eq!(hl_feed_margin(feed, 1, -1, at), HL_OK);
        assert_eq!(hl_feed_margin(feed, -1, 1, at), HL_ERR_BAD_INPUT);
        assert_eq!(hl_feed_outcome(feed, HL_OUTCOME_SUCCESS, 1, at), HL_OK);
        assert_eq!(hl_feed_outcome(feed, 3, 1, at), HL_ERR_ARGUMENT);
        assert_eq!(hl_feed_heartbeat(feed, at), HL_OK);
        assert_eq!(hl_feed_venue(feed, HL_VENUE_OPEN, at), HL_OK);
        assert_eq!(hl_feed_venue(feed, 256, at), HL_ERR_ARGUMENT);
        assert_eq!(hl_feed_sequence(feed, 1, at, at), HL_OK);
        assert_eq!(hl_feed_check(feed, 1, true, at), HL_ERR_UNKNOWN);
        assert_eq!(hl_feed_prediction(feed, true, at), HL_OK);
        assert_eq!(hl_feed_reading(feed, find(system, c"desk"), 1.0, at), HL_ERR_UNKNOWN);
        assert_eq!(hl_feed_reading(feed, hl_breaker::default(), 1.0, at), HL_ERR_STALE);
        assert_eq!(hl_check_find(system, c"ready".as_ptr(), &mut 0), HL_ERR_UNKNOWN);
    }
    assert!(last_error().contains("ready"), "{}", last_error());
    let calls = support::feed(system, c"gw/fix-1");
    let began = |duration| unsafe { hl_feed_outcome(calls, HL_OUTCOME_SUCCESS, duration, at) };
    assert_eq!((began(at), began(at + 1)), (HL_OK, HL_ERR_BAD_INPUT), "before 1970");
    let other = manual(CONFIG);
    assert_eq!(unsafe { hl_feed_reading(feed, find(other, c"dd"), 1.0, at) }, HL_ERR_STALE, "of another System");
    assert_eq!((hl_system_close(system, 0), hl_system_close(other, 0)), (HL_OK, HL_OK));
    assert_eq!(unsafe { hl_feed_heartbeat(feed, at) }, HL_ERR_CLOSED);
}

#[test]
fn who_polls_everything_tells_it_in_one_call() {
    let config =
        "[[breaker]]\nname = \"vix\"\nkind = \"volatility\"\nscope = \"\"\nmetric = \"vix_level\"\nlimit = 40\n";
    let system = match try_open(&options(config, HL_MANUAL)) {
        Ok(system) => system,
        Err(status) => panic!("{status}: {}", last_error()),
    };
    let metrics = hl_metrics { struct_size: size_of::<hl_metrics>() as u32, ..zeroed() };
    let market = hl_market_conditions { struct_size: size_of::<hl_market_conditions>() as u32, ..zeroed() };
    let evaluate = |market: &hl_market_conditions| unsafe {
        given::<hl_system_status>(|out| hl_evaluate(system, &metrics, market, out))
    };
    let calm = hl_market_conditions { known: HL_HAS_VIX_LEVEL, vix_level: 20.0, ..market };
    assert_eq!(evaluate(&market).can_trade, 0, "nothing is known yet");
    assert_eq!(evaluate(&calm).can_trade, 1);
    let storm = hl_market_conditions { vix_level: 40.0, ..calm };
    let status = evaluate(&storm);
    assert_eq!((status.can_trade, status.tripped, status.risk_score), (0, 1, 100.0));
    assert!(text(&status.message).contains("vix"), "{}", text(&status.message));
    let wrong = hl_market_conditions { known: 4096, ..market };
    let status = unsafe { hl_evaluate(system, &metrics, &wrong, &mut zeroed()) };
    assert_eq!((status, hl_system_close(system, 0)), (HL_ERR_ARGUMENT, HL_OK));
}

#[test]
fn names_are_found_by_numbers() {
    let system = manual(CONFIG);
    let name = |system, what, id, len: usize| {
        let mut buf = [1_i8 as std::ffi::c_char; HL_NAME_BYTES];
        let status = unsafe { hl_name(system, what, id, buf.as_mut_ptr(), len) };
        (status, if status >= HL_OK { text(&buf) } else { String::new() })
    };
    let whole = HL_NAME_BYTES;
    let dd = find(system, c"dd");
    assert_eq!(name(system, HL_NAME_BREAKER, dd.bits, whole), (HL_OK, "dd".into()));
    assert_eq!(name(system, HL_NAME_BREAKER, dd.bits, 2), (HL_TRUNCATED, "d".into()));
    assert_eq!(name(system, HL_NAME_BREAKER, dd.bits ^ 1 << 62, whole).0, HL_ERR_STALE);
    assert_eq!(name(system, HL_NAME_ACTOR, 0, whole), (HL_OK, "auto".into()));
    assert_eq!(name(system, HL_NAME_SCOPE, 999, whole).0, HL_ERR_UNKNOWN);
    assert_eq!(name(hl_system::default(), HL_NAME_KIND, 2, whole), (HL_OK, "drawdown".into()));
    assert_eq!(name(hl_system::default(), HL_NAME_REASON, 200, whole), (HL_OK, "cleared".into()));
    assert_eq!(name(hl_system::default(), HL_NAME_STATUS, 256, whole).0, HL_ERR_UNKNOWN);
    assert_eq!(name(hl_system::default(), HL_NAME_SCOPE, 0, whole).0, HL_ERR_STALE);
    assert_eq!(name(system, 9, 0, whole).0, HL_ERR_ARGUMENT);
    let mut all = [zeroed::<hl_breaker_info>(); 2];
    let mut n = 0;
    assert_eq!(unsafe { hl_breakers(system, all.as_mut_ptr(), 2, &mut n) }, HL_TRUNCATED);
    assert!(n > 2 && all.iter().all(|info| !text(&info.name).is_empty()));
    assert_eq!(unsafe { hl_declare(system, [c"acct/beta".as_ptr()].as_ptr(), 1) }, HL_OK);
    assert_eq!(unsafe { hl_declare(system, [c"a//b".as_ptr()].as_ptr(), 1) }, HL_ERR_BAD_SCOPE);
    assert_eq!(unsafe { hl_declare(system, null(), 0) }, HL_OK);
    assert_eq!(denies(gate(system, &["acct/beta"])), 0);
    assert_eq!(hl_system_close(system, 0), HL_OK);
}
