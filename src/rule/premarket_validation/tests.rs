use super::*;
use crate::model::session::Session;
use crate::rule::RuleSpec;
use crate::rule::check::Check;
use crate::rule::premarket_validation::PremarketCheck;
use crate::rule::trial::{Trial, rule, sessions};

fn nanos(n: u64) -> Duration {
    Duration::from_nanos(n)
}

fn check(name: &str, deadline: Option<Deadline>) -> PremarketCheck {
    PremarketCheck { name: name.into(), deadline }
}

/// Without a deadline, by 20 before the open, by 5 after it.
fn spec() -> Spec {
    let (early, late) = (Deadline::BeforeOpen(nanos(20)), Deadline::AfterOpen(nanos(5)));
    Spec { checks: vec![check("a", None), check("b", Some(early)), check("c", Some(late))] }
}

/// Sessions from 100 to 200, 300 to 400, 500 to 600.
fn calendar() -> Arc<Sessions> {
    sessions(&[(9, 100, 200), (10, 300, 400), (11, 500, 600)])
}

/// As the feed does it: asked before it has heard anything.
fn trial(spec: Spec, at: u64) -> Trial {
    let mut trial = Trial::new(rule(RuleSpec::PremarketValidation(spec), Some(calendar())), None, true);
    trial.evaluate(Nanos(at));
    trial
}

fn report(trial: &mut Trial, name: &str, passed: bool, at: u64) -> (Level, Reason, f64) {
    assert!(trial.hear(Observation::Check { check: CheckId::of(name), passed }, Nanos(at)));
    (trial.reading.level, trial.reading.reason, trial.reading.value)
}

const GOOD: (Level, Reason, f64) = (Level::Normal, Reason::None, 0.0);

fn bad(reason: Reason, open: f64) -> (Level, Reason, f64) {
    (Level::Breach, reason, open)
}

#[test]
fn what_nobody_has_reported_is_missing_and_the_last_that_passes_opens() {
    let mut trial = trial(spec(), 10);
    let said = (trial.reading.level, trial.reading.reason, trial.reading.value);
    assert_eq!((said, trial.reading.limit), (bad(Reason::CheckMissing, 3.0), 1.0));
    assert_eq!(report(&mut trial, "a", true, 10), bad(Reason::CheckMissing, 2.0));
    assert_eq!(report(&mut trial, "a", true, 11), bad(Reason::CheckMissing, 2.0), "twice is not two");
    assert_eq!(report(&mut trial, "b", true, 12), bad(Reason::CheckMissing, 1.0));
    assert_eq!(report(&mut trial, "c", true, 13), GOOD);
}

#[test]
fn a_failure_counts_until_the_check_passes_again() {
    let mut trial = trial(spec(), 10);
    assert_eq!(report(&mut trial, "b", false, 10), bad(Reason::CheckFailed, 3.0));
    for name in ["a", "b", "c"] {
        report(&mut trial, name, true, 20);
    }
    assert_eq!(report(&mut trial, "b", true, 21), GOOD);
    assert_eq!(report(&mut trial, "b", false, 150), bad(Reason::CheckFailed, 1.0), "in session, too");
    assert_eq!(report(&mut trial, "b", true, 151), GOOD, "it had met its deadline of the morning");
}

#[test]
fn a_deadline_belongs_to_the_time_before_it_and_counts_from_the_open() {
    for (b, c, said) in [
        (80, 105, GOOD),
        (81, 105, bad(Reason::CheckLate, 1.0)),
        (80, 106, bad(Reason::CheckLate, 1.0)),
        (81, 106, bad(Reason::CheckLate, 2.0)),
    ] {
        let mut trial = trial(spec(), 10);
        report(&mut trial, "a", true, 80);
        report(&mut trial, "b", true, b);
        assert_eq!(report(&mut trial, "c", true, c), said, "{b} {c}");
        assert_eq!(report(&mut trial, "b", true, 150).0, said.0, "late is late");
    }
    let mut trial = trial(spec(), 10);
    report(&mut trial, "b", false, 79);
    assert_eq!(report(&mut trial, "b", true, 81), bad(Reason::CheckLate, 3.0), "a failure meets no deadline");
}

#[test]
fn a_failed_check_is_named_before_a_late_one_and_that_before_a_missing_one() {
    let mut trial = trial(spec(), 10);
    assert_eq!(report(&mut trial, "b", true, 90), bad(Reason::CheckLate, 3.0));
    assert_eq!(report(&mut trial, "c", false, 91), bad(Reason::CheckFailed, 3.0));
}

fn all_pass(trial: &mut Trial, at: u64) -> Level {
    for name in ["a", "b", "c"] {
        report(trial, name, true, at);
    }
    trial.reading.level
}

#[test]
fn a_session_s_passes_hold_to_its_last_nanosecond_and_end_by_time_alone() {
    let mut trial = trial(spec(), 10);
    assert_eq!(all_pass(&mut trial, 50), Level::Normal);
    let end = Pending { due: Nanos(201), level: Level::Breach, step: Step::FIRST, reason: Reason::CheckMissing };
    assert_eq!(trial.reading.pending, end);
    assert_eq!(report(&mut trial, "a", true, 200), GOOD, "the bell belongs to the session");
    trial.tick(Nanos(200));
    assert_eq!(trial.reading.level, Level::Normal);
    trial.tick(Nanos(201));
    assert_eq!((trial.reading.level, trial.reading.reason), (Level::Breach, Reason::CheckMissing));
    trial.evaluate(Nanos(201));
    assert_eq!(trial.reading.value, 3.0);
    assert_eq!(all_pass(&mut trial, 201), Level::Normal, "already for the next one");
    assert_eq!(trial.reading.pending.due, Nanos(401));
}

#[test]
fn a_report_from_before_the_close_that_comes_after_it_says_nothing_of_the_next_session() {
    let mut trial = trial(spec(), 10);
    all_pass(&mut trial, 50);
    assert_eq!(report(&mut trial, "a", true, 201), bad(Reason::CheckMissing, 2.0));
    for name in ["b", "c"] {
        assert_eq!(report(&mut trial, name, true, 199), bad(Reason::CheckMissing, 2.0));
    }
}

#[test]
fn after_the_calendar_s_end_nothing_is_good() {
    let mut trial = trial(spec(), 450);
    assert_eq!(all_pass(&mut trial, 450), Level::Normal);
    assert_eq!((trial.reading.pending.due, trial.reading.pending.reason), (Nanos(601), Reason::CalendarEnded));
    assert_eq!(report(&mut trial, "a", true, 601), bad(Reason::CalendarEnded, 3.0));
    assert_eq!(report(&mut trial, "b", true, 700), bad(Reason::CalendarEnded, 3.0));
}

#[test]
fn a_new_claimant_goes_on_from_memory() {
    let mut first = trial(spec(), 10);
    report(&mut first, "a", true, 20);
    report(&mut first, "b", true, 30);
    report(&mut first, "b", false, 40);
    let mut second = Trial::new(rule(RuleSpec::PremarketValidation(spec()), Some(calendar())), None, true);
    second.memory = first.memory;
    second.evaluate(Nanos(90));
    assert_eq!((second.reading.reason, second.reading.value), (Reason::CheckFailed, 2.0));
    report(&mut second, "c", true, 91);
    assert_eq!(report(&mut second, "b", true, 92), GOOD, "its deadline was met by the first");
    let mut late = Trial::new(rule(RuleSpec::PremarketValidation(spec()), Some(calendar())), None, true);
    late.memory = second.memory;
    late.evaluate(Nanos(201));
    assert_eq!((late.reading.reason, late.reading.value), (Reason::CheckMissing, 3.0), "the session is over");
}

/// What a reload to these checks makes of it.
fn reload(trial: &mut Trial, names: &[&str]) {
    let mut new = rule(RuleSpec::PremarketValidation(Spec::of(names)), Some(calendar()));
    new.inherit(&mut trial.rule);
    trial.rule = new;
    trial.evaluate(Nanos(60));
}

#[test]
fn a_reload_keeps_the_reports_of_the_checks_that_stay_in_whatever_order() {
    let mut trial = trial(Spec::of(&["a", "b", "c"]), 10);
    report(&mut trial, "a", true, 50);
    report(&mut trial, "b", false, 50);
    reload(&mut trial, &["c", "a"]);
    assert_eq!((trial.reading.reason, trial.reading.value), (Reason::CheckMissing, 1.0));
    assert_eq!(report(&mut trial, "c", true, 61), GOOD, "a has passed before the reload");
    reload(&mut trial, &["d", "c", "b", "a"]);
    assert_eq!((trial.reading.reason, trial.reading.value), (Reason::CheckMissing, 2.0), "b's failure is forgotten");
    report(&mut trial, "b", true, 62);
    assert_eq!(report(&mut trial, "d", true, 63), GOOD);
    assert_eq!(report(&mut trial, "a", false, 64), bad(Reason::CheckFailed, 1.0));
}

#[test]
fn memory_of_an_unknown_list_is_forgotten() {
    let mut trial = trial(Spec::of(&["a", "b"]), 10);
    report(&mut trial, "a", true, 50);
    trial.rule = rule(RuleSpec::PremarketValidation(Spec::of(&["b", "a"])), Some(calendar()));
    trial.evaluate(Nanos(60));
    assert_eq!((trial.reading.reason, trial.reading.value), (Reason::CheckMissing, 2.0));
}

#[test]
fn sixty_four_checks_have_a_bit_each() {
    let names: Vec<String> = (0..MAX_CHECKS).map(|n| format!("check-{n}")).collect();
    let mut trial = trial(Spec::of(&names.iter().map(String::as_str).collect::<Vec<_>>()), 10);
    for (n, name) in names.iter().enumerate() {
        assert_eq!((trial.reading.level, trial.reading.value), (Level::Breach, (MAX_CHECKS - n) as f64));
        report(&mut trial, name, true, 20);
    }
    assert_eq!(trial.reading.level, Level::Normal);
    assert_eq!(report(&mut trial, "check-63", false, 21), bad(Reason::CheckFailed, 1.0));
}

#[test]
fn other_checks_and_other_observations_are_not_for_it() {
    let mut trial = trial(spec(), 10);
    let memory = trial.memory;
    assert!(trial.rule.expects(CheckId::of("a")) && !trial.rule.expects(CheckId::of("d")));
    report(&mut trial, "d", true, 20);
    assert!(trial.hear(Observation::Prediction(true), Nanos(20)));
    assert!(trial.hear(Observation::Value(Channel::Equity, 7), Nanos(20)));
    assert_eq!((trial.memory, trial.reading.value), (memory, 3.0));
}

#[test]
fn parameters_that_cannot_be_are_refused() {
    let policy = || Policy { sessions: Some(calendar()), ..Policy::default() };
    let of = |deadline| Spec { checks: vec![check("a", Some(deadline))] };
    assert!(spec().check(&policy()).is_ok());
    for good in [Deadline::BeforeOpen(nanos(99)), Deadline::AfterOpen(nanos(100)), Deadline::BeforeOpen(nanos(0))] {
        assert!(of(good).check(&policy()).is_ok(), "{good:?}");
    }
    for bad in [Deadline::BeforeOpen(nanos(100)), Deadline::BeforeOpen(Duration::MAX), Deadline::AfterOpen(nanos(101))]
    {
        assert!(of(bad).check(&policy()).is_err(), "{bad:?}");
    }
    let many: Vec<String> = (0..65).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for bad in [&[][..], &many, &["a", "b", "a"]] {
        assert!(Spec::of(bad).check(&policy()).is_err(), "{bad:?}");
    }
    assert!(Spec::of(&many[..64]).check(&policy()).is_ok());
    for bad in [
        Policy { sessions: None, ..policy() },
        Policy { on_unready: crate::OnUnready::Allow, ..policy() },
        Policy { confirm: 2, ..policy() },
        Policy { confirm_for: nanos(1), ..policy() },
    ] {
        assert!(spec().check(&bad).is_err());
    }
}

#[test]
fn a_deadline_by_the_open_moves_with_it() {
    let session = Session { date: crate::Date::new(2020, 3, 9), open: Nanos(100), close: Nanos(200) };
    assert_eq!(Deadline::BeforeOpen(nanos(20)).at(&session), Nanos(80));
    assert_eq!(Deadline::AfterOpen(nanos(20)).at(&session), Nanos(120));
    assert_eq!(Deadline::BeforeOpen(Duration::MAX).at(&session), Nanos(0));
}

#[test]
fn it_takes_the_memory_that_its_documentation_says() {
    assert_eq!((size_of::<Detector>(), size_of::<Expected>()), (48, 32));
}

#[path = "twin.rs"]
mod twin;
