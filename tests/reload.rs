//! A reload changes limits, not the past.
#![allow(clippy::unwrap_used)]

mod support;
use haltline::*;
use support::*;

#[test]
fn a_tripped_breaker_stays_tripped_and_an_equal_policy_leaves_its_word_untouched() {
    let before = plan(vec![drawdown("dd", "acct/a", 0.08), manual("desk", "XNAS")]);
    let system = System::manual(before.clone(), at(0)).unwrap();
    let gate = system.gate(&["acct/a"]).unwrap();
    let mut feed = system.feed("acct/a").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    feed.equity(money(90.0), at(1)).unwrap();
    let stood = stamp(&system, "dd");
    system.reload(&before).unwrap();
    assert_eq!(stamp(&system, "dd"), stood);
    let mut after = before;
    after.breakers[0].policy.effect = Lanes::HALT;
    assert!(gate.permits(Intent::Reduce));
    system.reload(&after).unwrap();
    let now = status(&system, "dd");
    assert_eq!((now.status, now.since), (Status::Tripped, at(1)), "no halt is prolonged");
    assert_ne!(now.stamp, stood, "a decision on the old policy cannot land");
    assert_eq!(now.trips, 1, "and a reload is no trip");
    assert!(!gate.permits(Intent::Reduce), "the new effect holds at once");
}

#[test]
fn a_new_limit_does_not_forget_the_peak() {
    let mut plan = plan(vec![drawdown("dd", "acct/a", 0.20)]);
    let system = System::manual(plan.clone(), at(0)).unwrap();
    let mut feed = system.feed("acct/a").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    feed.equity(money(90.0), at(1)).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Active);
    plan.breakers[0] = drawdown("dd", "acct/a", 0.10);
    system.reload(&plan).unwrap();
    system.advance(at(2));
    feed.equity(money(90.0), at(2)).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Tripped, "10 % below the old peak");
}

#[test]
fn a_removed_breaker_denies_nothing_its_number_is_stale_and_its_line_is_used_again() {
    let with = plan(vec![manual("a", "XNAS"), manual("b", "XNAS")]);
    let without = plan(vec![manual("b", "XNAS")]);
    let system = System::manual(with.clone(), at(0)).unwrap();
    let gate = system.gate(&["XNAS"]).unwrap();
    let old = system.breaker("a").unwrap();
    system.trip(old, desk()).unwrap();
    assert!(!gate.permits(Intent::Increase));
    system.reload(&without).unwrap();
    assert!(gate.permits(Intent::Increase));
    assert_eq!(system.trip(old, desk()).unwrap_err().kind(), ErrorKind::Stale);
    assert_eq!(system.breaker_name(old).as_deref(), Some("a"), "events of it can still be read");
    system.reload(&with).unwrap();
    let new = system.breaker("a").unwrap();
    assert_ne!(old, new);
    assert_eq!(system.trip(old, desk()).unwrap_err().kind(), ErrorKind::Stale);
    assert!(gate.permits(Intent::Increase));
    system.trip(new, desk()).unwrap();
    assert!(!gate.permits(Intent::Increase));
}

#[test]
fn a_thousand_reloads_use_no_more_lines_than_one() {
    let caps = Caps { scopes: 8, breakers: 8, listeners: 3, ring: 64, ..Caps::default() };
    let with = Plan { caps, ..plan(vec![drawdown("a", "X", 0.1), manual("m", "X")]) };
    let without = Plan { caps, ..plan(vec![drawdown("b", "X", 0.2)]) };
    let system = System::manual(with.clone(), at(0)).unwrap();
    let mut feed = system.feed("X").unwrap();
    for i in 0..1_000 {
        system.reload(if i % 2 == 0 { &without } else { &with }).unwrap();
        if i % 3 == 0 {
            system.advance(at(i));
            feed.equity(money(100.0), at(i)).unwrap();
        }
    }
    assert_eq!(status(&system, "a").status, Status::Active);
}

#[test]
fn a_breaker_that_moves_to_another_scope_is_another_one() {
    let system = system(vec![manual("desk", "XNAS")]);
    system.trip(system.breaker("desk").unwrap(), desk()).unwrap();
    let (nasdaq, nyse) = (system.gate(&["XNAS"]).unwrap(), system.gate(&[]).unwrap());
    system.reload(&plan(vec![manual("desk", "")])).unwrap();
    assert!(nasdaq.permits(Intent::Increase) && nyse.permits(Intent::Increase));
    assert_eq!(status(&system, "desk").status, Status::Active);
}

#[test]
fn a_breaker_in_an_emergency_stop_is_not_removed() {
    let switch = spec("stop", "XNAS", RuleSpec::KillSwitch(KillSwitch::default()), Kind::KillSwitch.default_policy());
    let system = system(vec![switch.clone()]);
    let gate = system.gate(&["XNAS"]).unwrap();
    system.emergency_stop("XNAS", EmergencySource::Manual, desk()).unwrap();
    let error = system.reload(&Plan { scopes: vec![scope("XNAS")], ..Plan::default() }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongStatus);
    assert!(!gate.permits(Intent::Increase));
    let mut disabled = switch;
    disabled.policy.enabled = false;
    assert_eq!(system.reload(&plan(vec![disabled])).unwrap_err().kind(), ErrorKind::BadPlan);
    assert!(!gate.permits(Intent::Increase));
}

#[test]
fn a_disabled_breaker_denies_nothing_and_an_enabled_one_begins_unready() {
    let on = plan(vec![drawdown("dd", "acct/a", 0.08)]);
    let mut off = on.clone();
    off.breakers[0].policy.enabled = false;
    let system = System::manual(on.clone(), at(0)).unwrap();
    let gate = system.gate(&["acct/a"]).unwrap();
    let mut feed = system.feed("acct/a").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    feed.equity(money(50.0), at(0)).unwrap();
    system.reload(&off).unwrap();
    assert!(gate.permits(Intent::Increase));
    assert!(status(&system, "dd").disabled);
    feed.equity(money(50.0), at(0)).unwrap();
    assert!(gate.permits(Intent::Increase));
    system.reload(&on).unwrap();
    assert!(!gate.permits(Intent::Increase), "doubt denies until a value comes");
    feed.equity(money(50.0), at(0)).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Tripped, "the cause still stands");
}

#[test]
fn a_new_breaker_on_a_claimed_feed_hears_it() {
    let one = plan(vec![drawdown("a", "X", 0.5)]);
    let two = plan(vec![drawdown("a", "X", 0.5), drawdown("b", "X", 0.1)]);
    let system = System::manual(one, at(0)).unwrap();
    let gate = system.gate(&["X"]).unwrap();
    let mut feed = system.feed("X").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    system.reload(&two).unwrap();
    assert!(!gate.permits(Intent::Increase), "b has no value yet");
    feed.equity(money(100.0), at(0)).unwrap();
    assert!(gate.permits(Intent::Increase));
    feed.equity(money(90.0), at(1)).unwrap();
    assert_eq!(status(&system, "b").status, Status::Tripped);
    assert_eq!(status(&system, "a").status, Status::Active);
}

#[test]
fn gates_survive_every_reload() {
    let system = system(vec![manual("a", "XNAS")]);
    let gate = system.gate(&["XNAS"]).unwrap();
    system.reload(&Plan::default()).unwrap();
    assert!(gate.permits(Intent::Increase));
    system.reload(&plan(vec![manual("z", "XNAS")])).unwrap();
    system.trip(system.breaker("z").unwrap(), desk()).unwrap();
    assert!(!gate.permits(Intent::Increase));
}

#[test]
fn an_update_is_told_with_the_old_the_new_and_who() {
    let system = system(vec![drawdown("dd", "acct/a", 0.08)]);
    let (id, mut feed) = (system.breaker("dd").unwrap(), system.feed("acct/a").unwrap());
    feed.equity(money(100.0), at(0)).unwrap();
    events(&system);
    let rule = RuleSpec::Drawdown(Drawdown { speed: false, underwater_for: None, ..Drawdown::with_limit(ratio(0.1)) });
    system.update_rule(id, rule, desk()).unwrap();
    let told = events(&system);
    let updated = told.iter().find(|e| e.event_type() == EventType::ThresholdUpdated).unwrap();
    assert_eq!((updated.value, updated.limit, updated.breaker), (0.08, 0.1, id));
    assert!(told.iter().all(|event| system.actor(event.actor) == desk().actor));
    feed.equity(money(91.0), at(1)).unwrap();
    assert_ne!(status(&system, "dd").status, Status::Tripped, "9 % is no breach any more");
    feed.equity(money(90.0), at(1)).unwrap();
    assert_eq!(status(&system, "dd").status, Status::Tripped);
    // Out of force and back: it keeps nothing of the trip then.
    let policy = Policy { enabled: false, on_stale: OnStale::Ignore, ..Kind::Drawdown.default_policy() };
    system.update_policy(id, policy.clone(), desk()).unwrap();
    assert!(event_types(&system).contains(&EventType::Disabled));
    system.update_policy(id, Policy { enabled: true, ..policy }, desk()).unwrap();
    assert!(event_types(&system).contains(&EventType::Enabled));
}

#[test]
fn an_update_that_cannot_be_changes_nothing() {
    let mut plan = plan(vec![drawdown("dd", "acct/a", 0.08)]);
    plan.scopes = vec![scope("X/one")];
    plan.templates = vec![Template::new("wild", scope("X"), RuleSpec::Manual)];
    let system = System::manual(plan, at(0)).unwrap();
    let id = |name: &str| system.breaker(name).unwrap();
    let good = Kind::Drawdown.default_policy();
    let refused = |id, policy: Policy, by| system.update_policy(id, policy, by).unwrap_err().kind();
    let trader = By::new("tim", Authority::Trader, "");
    assert_eq!(refused(id("dd"), good.clone(), trader), ErrorKind::Authority);
    assert_eq!(refused(id("dd"), Policy { confirm: 0, ..good.clone() }, desk()), ErrorKind::BadPlan);
    assert_eq!(refused(id("wild:one"), Kind::Manual.default_policy(), desk()), ErrorKind::NotAllowed);
    assert_eq!(refused(id("kill:X"), Kind::KillSwitch.default_policy(), admin()), ErrorKind::NotAllowed);
    assert_eq!(system.update_rule(id("dd"), RuleSpec::Manual, desk()).unwrap_err().kind(), ErrorKind::NotAllowed);
    events(&system);
    assert_eq!(
        system.reload(&Plan { breakers: vec![], ..Plan::default() }).unwrap().removed,
        2,
        "scopes keep their switches"
    );
    assert_eq!(refused(BreakerId::NONE, good, desk()), ErrorKind::Stale);
}

/// A line of the Board is used again and again; its numbers are not. When all are given out it rests.
#[test]
fn a_number_never_names_another_breaker() {
    let of = |names: &[&str]| {
        let mut plan = plan(names.iter().map(|name| manual(name, "a")).collect());
        // Room for the kill switches of the scopes and for two more.
        (plan.caps.scopes, plan.caps.breakers) = (3, 5);
        plan
    };
    let system = System::manual(of(&[]), at(0)).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    let full = loop {
        match system.reload(&of(&["one"])) {
            Ok(_) => assert!(seen.insert(system.breaker("one").unwrap()), "it has named another one"),
            Err(error) => break error,
        }
        system.reload(&of(&[])).unwrap();
    };
    assert_eq!((full.kind(), seen.len() % 4_096), (ErrorKind::Full, 0), "{full}");
    assert!(!seen.is_empty());
}
