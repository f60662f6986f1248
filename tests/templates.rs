//! A template makes a breaker for each instrument of a scope, those declared later included.
#![allow(clippy::unwrap_used)]

mod support;
use std::collections::BTreeSet;

use haltline::*;
use support::*;

fn template(name: &str, parent: &str) -> Template {
    Template::new(name, scope(parent), RuleSpec::Drawdown(Drawdown::with_limit(ratio(0.08))))
}

fn scopes(paths: &[&str]) -> Vec<ScopePath> {
    paths.iter().map(|path| scope(path)).collect()
}

fn with(templates: Vec<Template>, paths: &[&str]) -> Plan {
    Plan { templates, scopes: scopes(paths), ..plan(vec![]) }
}

fn named(system: &System) -> Vec<String> {
    let all = system.breakers();
    let mut names: Vec<_> = all.iter().filter(|b| !b.implicit).map(|b| format!("{} on {}", b.name, b.scope)).collect();
    names.sort();
    names
}

#[test]
fn each_scope_directly_below_has_an_instance_and_no_other() {
    let paths = ["XNAS/AAPL", "XNAS/MSFT/options", "XNYS/IBM", "acct/a"];
    let system = System::manual(with(vec![template("dd", "XNAS"), template("top", "")], &paths), at(0)).unwrap();
    let wanted = [
        "dd:AAPL on XNAS/AAPL",
        "dd:MSFT on XNAS/MSFT", // declared by what lies below it
        "top:XNAS on XNAS",
        "top:XNYS on XNYS",
        "top:acct on acct",
    ];
    assert_eq!(named(&system), wanted);
}

#[test]
fn instances_have_a_state_and_a_feed_of_their_own() {
    let system = System::manual(with(vec![template("dd", "acct")], &["acct/a", "acct/b"]), at(0)).unwrap();
    let gates = ["acct/a", "acct/b"].map(|path| system.gate(&[path]).unwrap());
    let admits = || gates.each_ref().map(|gate| gate.permits(Intent::Increase));
    assert_eq!(admits(), [false, false], "unready");
    let mut feeds = ["acct/a", "acct/b"].map(|path| system.feed(path).unwrap());
    feeds.iter_mut().for_each(|feed| feed.equity(money(100.0), at(0)).unwrap());
    assert_eq!(admits(), [true, true]);
    feeds[0].equity(money(92.0), at(0)).unwrap();
    assert_eq!(admits(), [false, true]);
}

#[test]
fn what_is_declared_later_is_guarded_from_the_first_instant_and_nothing_else_moves() {
    let system = System::manual(with(vec![template("dd", "acct")], &["acct/a"]), at(0)).unwrap();
    let mut feed = system.feed("acct/a").unwrap();
    feed.equity(money(100.0), at(0)).unwrap();
    feed.equity(money(92.0), at(0)).unwrap();
    let before = status(&system, "dd:a");
    let done = system.declare(&scopes(&["acct/b", "acct/c"])).unwrap();
    assert_eq!((done.added, done.changed, done.removed), (4, 0, 0), "two instances, two kill switches");
    assert_eq!(status(&system, "dd:a"), before);
    let gate = system.gate(&["acct/b"]).unwrap();
    assert!(!gate.permits(Intent::Increase));
    assert_eq!(gate.explain(gate.check()).name, "dd:b");
    assert_eq!(system.declare(&scopes(&["acct/b"])).unwrap(), Reloaded::default(), "known already");
    // The drawdown of the first has its windows and its peak still.
    feed.equity(money(99.0), at(0)).unwrap();
    assert_eq!(status(&system, "dd:a").stamp, before.stamp);
}

#[test]
fn a_reload_changes_all_instances_and_without_the_template_they_are_gone() {
    let system = System::manual(with(vec![template("dd", "acct")], &["acct/a"]), at(0)).unwrap();
    system.declare(&scopes(&["acct/b"])).unwrap();
    let mut wider = template("dd", "acct");
    wider.policy.effect = Lanes::CLOSE;
    let done = system.reload(&with(vec![wider], &["acct/a"])).unwrap();
    assert_eq!((done.added, done.changed, done.removed), (0, 2, 0), "a scope that was declared stays");
    let done = system.reload(&with(vec![], &["acct/a"])).unwrap();
    assert_eq!((done.removed, done.released.len()), (2, 2), "unready, they denied");
    assert_eq!(named(&system), Vec::<String>::new());
}

#[test]
fn a_switch_of_a_template_is_the_switch_of_its_scope() {
    let switch = RuleSpec::KillSwitch(KillSwitch { allows: [true, false, false] });
    let system = System::manual(with(vec![Template::new("stop", scope("acct"), switch)], &["acct/a"]), at(0)).unwrap();
    let refused = system.emergency_stop("acct/a", EmergencySource::Anomaly, desk()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotAllowed);
    system.emergency_stop("acct/a", EmergencySource::Manual, desk()).unwrap();
    assert_eq!(status(&system, "stop:a").status, Status::EmergencyHalt);
}

#[test]
fn one_of_some_scopes_has_an_instance_of_those_that_are_declared_and_of_no_other() {
    let only = |paths: &[&str]| template("dd", "X").only(scopes(paths).into_iter().collect::<BTreeSet<_>>());
    let system = System::manual(with(vec![only(&["X/a", "X/b"])], &["X/a", "X/c", "Y/a"]), at(0)).unwrap();
    assert_eq!(named(&system), ["dd:a on X/a"]);
    system.declare(&scopes(&["X/b", "X/d"])).unwrap();
    assert_eq!(named(&system), ["dd:a on X/a", "dd:b on X/b"]);
    system.reload(&with(vec![only(&["X/b", "X/c"])], &[])).unwrap();
    assert_eq!(named(&system), ["dd:b on X/b", "dd:c on X/c"], "another list, other instances");
    for path in ["Y/a", "X/a/b", "X"] {
        let refused = System::manual(with(vec![only(&[path])], &[]), at(0)).unwrap_err().to_string();
        assert!(refused.contains(&format!("only: found {path}, which is not directly below X")), "{refused}");
    }
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let refused = |plan: Plan| System::manual(plan, at(0)).unwrap_err().to_string();
    let twice = with(vec![template("dd", "A"), template("dd", "B")], &["A/x", "B/x"]);
    assert!(refused(twice).contains("breaker \"dd:x\": the name is taken"));
    let long = "x".repeat(NAME_BYTES);
    assert!(refused(with(vec![template("dd", "A")], &[&format!("A/{long}")])).contains("longer than 64 bytes"));
    let pair = Template::new("pair", scope("A"), RuleSpec::Correlation(Correlation::with_mode(CorrelationMode::Rise)));
    assert!(refused(with(vec![pair], &["A/x"])).contains("template \"pair\": watch: "));
    let mut zero = template("dd", "A");
    zero.policy.confirm = 0;
    assert!(refused(with(vec![zero], &[])).contains("template \"dd\": confirm"), "also without an instrument");

    let system = System::manual(with(vec![template("dd", "A")], &["A/x"]), at(0)).unwrap();
    let before = named(&system);
    let refused = system.declare(&scopes(&["A/y", &format!("A/{long}")])).unwrap_err();
    assert_eq!((refused.kind(), named(&system)), (ErrorKind::BadPlan, before));
    assert!(system.gate(&["A/y"]).is_err(), "none of them is declared");
    assert_eq!(system.declare(&scopes(&["A/z"])).unwrap().added, 2);
    system.shutdown(std::time::Duration::ZERO).unwrap();
    assert_eq!(system.declare(&[]).unwrap_err().kind(), ErrorKind::Closed);
}
