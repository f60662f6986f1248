//! What an engine relies on: who is denied what, and what it is told.
#![allow(clippy::unwrap_used)]

mod support;
use std::time::Duration;

use haltline::*;
use support::*;

#[test]
fn a_scope_implies_its_ancestors_and_not_its_siblings() {
    let system = system(vec![
        manual("all", ""),
        manual("xnas", "XNAS"),
        manual("aapl", "XNAS/AAPL"),
        manual("msft", "XNAS/MSFT"),
    ]);
    let gate = system.gate(&["XNAS/AAPL"]).unwrap();
    for (name, denies) in [("all", true), ("xnas", true), ("aapl", true), ("msft", false)] {
        let breaker = system.breaker(name).unwrap();
        system.trip(breaker, desk()).unwrap();
        assert_eq!(!gate.permits(Intent::Increase), denies, "{name}");
        assert!(gate.permits(Intent::Cancel), "{name}");
        system.reset(breaker, stamp(&system, name), desk()).unwrap();
        assert!(gate.permits(Intent::Increase), "{name}");
    }
}

#[test]
fn two_gates_asked_together_deny_what_either_denies() {
    let system = system(vec![manual("aapl", "XNAS/AAPL"), manual("acme", "acct/ACME")]);
    let (instrument, account) = (system.gate(&["XNAS/AAPL"]).unwrap(), system.gate(&["acct/ACME"]).unwrap());
    assert_eq!(instrument.check_with(&account), Verdict::CLEAR);
    system.trip(system.breaker("acme").unwrap(), desk()).unwrap();
    assert!(instrument.permits(Intent::Increase));
    let verdict = instrument.check_with(&account);
    assert!(!verdict.permits(Intent::Increase) && verdict.permits(Intent::Cancel));
    assert_eq!(account.explain(verdict).name, "acme");
}

#[test]
fn what_two_gates_deny_together_is_explained_by_the_one_that_denies() {
    let system = system(vec![manual("aapl", "XNAS/AAPL"), manual("acme", "acct/ACME")]);
    let (instrument, account) = (system.gate(&["XNAS/AAPL"]).unwrap(), system.gate(&["acct/ACME"]).unwrap());
    let both_ways = || {
        let seen = instrument.check_with(&account);
        let found = [instrument.explain_with(&account, seen), account.explain_with(&instrument, seen)];
        assert_eq!(found[0], found[1]);
        found[0].clone()
    };
    assert_eq!(both_ways().reason, Reason::Cleared);
    system.advance(at(1));
    system.trip(system.breaker("aapl").unwrap(), desk()).unwrap();
    assert_eq!(both_ways().name, "aapl", "the account's gate says Cleared");
    system.advance(at(2));
    system.trip(system.breaker("acme").unwrap(), desk()).unwrap();
    assert_eq!(both_ways().name, "aapl", "the oldest");
    system.reset(system.breaker("aapl").unwrap(), stamp(&system, "aapl"), desk()).unwrap();
    assert_eq!(both_ways().name, "acme");
    system.advance(at(3));
    system.emergency_stop("XNAS/AAPL", EmergencySource::Manual, desk()).unwrap();
    assert_eq!(
        (both_ways().name.as_str(), both_ways().reason),
        ("kill:XNAS/AAPL", Reason::Emergency),
        "a stop, though newer"
    );
    system.kill();
    assert_eq!(both_ways().reason, Reason::Killed);
}

#[test]
fn gates_of_two_systems_are_explained_by_the_one_that_was_killed() {
    let (one, other) = (system(vec![manual("all", "")]), system(vec![manual("all", "")]));
    let (here, there) = (one.gate(&[]).unwrap(), other.gate(&[]).unwrap());
    one.trip(one.breaker("all").unwrap(), desk()).unwrap();
    assert_eq!(there.explain_with(&here, there.check_with(&here)).reason, Reason::Manual);
    other.kill();
    assert_eq!(here.explain_with(&there, here.check_with(&there)).reason, Reason::Killed);
}

#[test]
fn up_to_seven_scopes_fit_a_gate_and_each_of_them_denies() {
    let paths = ["a/b/c", "x/y/z"];
    let on = |path: &str| format!("on:{}", path.replace('/', "."));
    let system = system(["", "a", "a/b", "a/b/c", "x", "x/y", "x/y/z"].map(|path| manual(&on(path), path)).into());
    let gate = system.gate(&paths).unwrap();
    assert_eq!(gate.check(), Verdict::CLEAR);
    for path in ["", "a", "a/b", "a/b/c", "x", "x/y", "x/y/z"] {
        let name = on(path);
        system.trip(system.breaker(&name).unwrap(), desk()).unwrap();
        assert!(!gate.permits(Intent::Increase), "{path}");
        assert_eq!(gate.explain(gate.check()).name, name);
        system.reset(system.breaker(&name).unwrap(), stamp(&system, &name), desk()).unwrap();
        assert_eq!(gate.check(), Verdict::CLEAR);
    }
}

#[test]
fn an_eighth_scope_is_an_error() {
    let plan = Plan { scopes: vec![scope("a/b/c"), scope("x/y/z"), scope("q")], ..Plan::default() };
    let system = System::manual(plan, at(0)).unwrap();
    let error = system.gate(&["a/b/c", "x/y/z", "q"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full);
    assert!(error.to_string().contains("8 scopes"), "{error}");
}

#[test]
fn a_scope_named_twice_or_implied_counts_once() {
    let plan = Plan { scopes: vec![scope("a/b/c/d/e/f")], ..Plan::default() };
    let system = System::manual(plan, at(0)).unwrap();
    assert!(system.gate(&["a/b/c/d/e/f", "a/b", "", "a/b/c/d/e/f"]).is_ok());
}

#[test]
fn a_gate_of_no_scopes_still_hears_a_halt_of_everything() {
    let system = system(vec![manual("all", "")]);
    let gate = system.gate(&[]).unwrap();
    system.trip(system.breaker("all").unwrap(), desk()).unwrap();
    assert!(!gate.permits(Intent::Increase));
}

#[test]
fn a_denial_says_who_why_and_until_when() {
    let system = system(vec![drawdown("dd", "acct/a", 0.08)]);
    let gate = system.gate(&["acct/a"]).unwrap();
    let mut feed = system.feed("acct/a").unwrap();
    let not_ready = gate.explain(gate.check());
    assert_eq!(not_ready.reason, Reason::NotReady, "{not_ready}");
    feed.equity(money(100.0), at(0)).unwrap();
    feed.equity(money(92.0), at(1)).unwrap();
    let verdict = gate.check();
    let denial = gate.explain(verdict);
    assert_eq!((denial.reason, denial.status, denial.name.as_str()), (Reason::Limit, Status::Tripped, "dd"));
    assert_eq!((denial.limit, denial.since, denial.until), (Some(0.08), Some(at(1)), None));
    assert!((denial.value.unwrap() - 0.08).abs() < 1e-12);
    assert_eq!(denial.denies, Lanes::NO_NEW);
    assert_eq!(denial.to_string(), "tripped by dd (drawdown) on acct/a: limit, 0.080000 against 0.08");
    system.force_reset(denial.breaker.unwrap(), stamp(&system, "dd"), admin()).unwrap();
    assert!(gate.permits(Intent::Increase));
    feed.equity(money(92.0), at(1)).unwrap();
    assert_eq!(gate.explain(verdict).reason, Reason::Limit, "a standing cause trips again");
    system.advance(at(2));
    feed.equity(money(99.0), at(2)).unwrap();
    system.reset(denial.breaker.unwrap(), stamp(&system, "dd"), desk()).unwrap();
    assert_eq!(gate.explain(verdict).reason, Reason::Cleared);
}

#[test]
fn a_denial_that_time_ends_says_when_and_never_too_early() {
    let (mut breaker, time) = (drawdown("dd", "acct/a", 0.08), Duration::from_millis(300_001));
    breaker.policy =
        Policy { release: Release::Timed, halt: Halt::Timed { base: time, backoff: 1.0, max: time }, ..breaker.policy };
    let system = system(vec![breaker]);
    let gate = system.gate(&["acct/a"]).unwrap();
    let mut feed = system.feed("acct/a").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    feed.equity(money(92.0), at(1)).unwrap();
    let denial = gate.explain(gate.check());
    // 2020-03-09T13:20:00Z, a second, and what is not quite five minutes and a second.
    let text = "tripped by dd (drawdown) on acct/a: limit, 0.080000 against 0.08, until 2020-03-09T13:25:02Z";
    assert_eq!((denial.to_string().as_str(), denial.until), (text, Some(at(301) + Duration::from_millis(1))));
}

#[test]
fn a_warning_denies_nothing_and_can_be_explained() {
    let system = system(vec![drawdown("dd", "acct/a", 0.10)]);
    let gate = system.gate(&["acct/a"]).unwrap();
    let mut feed = system.feed("acct/a").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    feed.equity(money(92.0), at(1)).unwrap();
    let verdict = gate.check();
    assert!(verdict.warns() && !verdict.denies_any() && gate.permits(Intent::Increase));
    assert_eq!((gate.explain(verdict).reason, gate.explain(verdict).status), (Reason::WarnLevel, Status::Warning));
}

#[test]
fn a_kill_denies_new_orders_lets_cancels_pass_and_needs_an_admin_who_saw_it() {
    let system = system(vec![manual("all", "")]);
    let gate = system.gate(&[]).unwrap();
    system.kill();
    let verdict = gate.check();
    assert!(verdict.is_disarmed());
    assert!(!gate.permits(Intent::Increase) && !gate.permits(Intent::Reduce) && gate.permits(Intent::Cancel));
    assert_eq!(gate.explain(verdict).reason, Reason::Killed);
    assert_eq!(system.killed(), Some(Reason::Killed));
    let seen = system.kill_word();
    assert_eq!(system.rearm(seen, desk()).unwrap_err().kind(), ErrorKind::Authority);
    system.kill();
    assert_eq!(system.rearm(seen, admin()).unwrap_err().kind(), ErrorKind::NewerTrip);
    assert!(!gate.permits(Intent::Increase));
    system.rearm(system.kill_word(), admin()).unwrap();
    assert!(gate.permits(Intent::Increase));
    assert_eq!(gate.explain(verdict).reason, Reason::Cleared);
}

#[test]
fn an_emergency_stop_of_a_known_scope_needs_no_breaker_and_is_cleared_by_an_admin_only() {
    let plan = Plan { scopes: vec![scope("XNAS/AAPL")], ..Plan::default() };
    let system = System::manual(plan, at(0)).unwrap();
    let gate = system.gate(&["XNAS/AAPL"]).unwrap();
    system.emergency_stop("XNAS", EmergencySource::Manual, By::new("bob", Authority::Trader, "wild")).unwrap();
    assert!(!gate.permits(Intent::Increase) && gate.permits(Intent::Cancel));
    let denial = gate.explain(gate.check());
    assert_eq!(
        (denial.status, denial.reason, denial.note.as_deref()),
        (Status::EmergencyHalt, Reason::Emergency, Some("bob: wild"))
    );
    assert_eq!(system.clear_emergency_stop("XNAS", desk()).unwrap_err().kind(), ErrorKind::Authority);
    assert_eq!(system.clear_emergency_stop("", admin()).unwrap_err().kind(), ErrorKind::WrongStatus);
    system.clear_emergency_stop("XNAS", admin()).unwrap();
    assert!(gate.permits(Intent::Increase));
}

#[test]
fn clearing_an_emergency_stop_shows_the_truth_about_the_others() {
    let system = system(vec![manual("desk", "XNAS")]);
    let gate = system.gate(&["XNAS"]).unwrap();
    system.emergency_stop("XNAS", EmergencySource::External, admin()).unwrap();
    system.trip(system.breaker("desk").unwrap(), desk()).unwrap();
    system.clear_emergency_stop("XNAS", admin()).unwrap();
    assert_eq!(gate.explain(gate.check()).name, "desk");
}

#[test]
fn a_kill_switch_allows_the_sources_of_its_plan() {
    let switch = KillSwitch { allows: [true, false, true] };
    let system = system(vec![spec("stop", "XNAS", RuleSpec::KillSwitch(switch), Kind::KillSwitch.default_policy())]);
    let gate = system.gate(&["XNAS"]).unwrap();
    let error = system.emergency_stop("XNAS", EmergencySource::Anomaly, admin()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotAllowed);
    assert!(gate.permits(Intent::Increase));
    system.emergency_stop("XNAS", EmergencySource::External, admin()).unwrap();
    assert!(!gate.permits(Intent::Increase));
}

#[test]
fn a_kill_switch_that_would_deny_nothing_is_refused_so_that_a_stop_cannot_fail() {
    let standard = || Kind::KillSwitch.default_policy();
    for policy in [Policy { enabled: false, ..standard() }, Policy { shadow: true, ..standard() }] {
        let stop = spec("stop", "XNAS", RuleSpec::KillSwitch(KillSwitch::default()), policy);
        let refused = System::manual(plan(vec![stop]), at(0)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::BadPlan);
    }
}

#[test]
fn a_trip_by_hand_outlives_the_time_of_the_policy() {
    let mut spec = drawdown("dd", "acct/a", 0.5);
    spec.policy.release = Release::Timed;
    let system = system(vec![spec]);
    let gate = system.gate(&["acct/a"]).unwrap();
    let mut feed = system.feed("acct/a").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    system.trip(system.breaker("dd").unwrap(), desk()).unwrap();
    system.advance(at(100_000));
    feed.equity(money(100.0), at(100_000)).unwrap();
    assert!(!gate.permits(Intent::Increase));
    system.reset(system.breaker("dd").unwrap(), stamp(&system, "dd"), desk()).unwrap();
    assert!(gate.permits(Intent::Increase));
}

#[test]
fn the_denial_of_one_intent_is_explained_by_a_breaker_that_denies_it() {
    let (mut no_new, mut halt) = (manual("no_new", "X"), manual("halt", "X"));
    (no_new.policy.effect, halt.policy.effect) = (Lanes::NO_NEW, Lanes::HALT);
    let system = system(vec![no_new, halt]);
    let gate = system.gate(&["X"]).unwrap();
    system.trip(system.breaker("no_new").unwrap(), desk()).unwrap();
    system.advance(at(1));
    system.trip(system.breaker("halt").unwrap(), desk()).unwrap();
    let verdict = gate.check();
    assert_eq!(gate.explain(verdict).name, "no_new", "the older");
    assert_eq!(gate.explain(verdict.only(Intent::Reduce)).name, "halt");
}
