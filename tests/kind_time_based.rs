//! Trading hours, from a plan to the gate, to the nanosecond.
#![allow(clippy::unwrap_used)]

mod support;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use haltline::*;
use support::*;

const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_nanos(1);

/// The sessions of 6, 9 and 10 March 2020, and a blackout on Monday from noon to one o'clock.
fn rule() -> TimeBased {
    let noon = monday().open + 150 * MINUTE;
    let blackout = Blackout { from: noon, to: noon + HOUR, reason: "rate decision".into() };
    TimeBased { blackouts: vec![blackout], ..TimeBased::within(sessions()) }
}

fn hours() -> BreakerSpec {
    BreakerSpec::new("hours", scope("X"), RuleSpec::TimeBased(rule()))
}

fn monday() -> Session {
    sessions().as_slice()[1]
}

struct Desk {
    system: System,
    gate: Gate,
    id: BreakerId,
}

impl Desk {
    fn new(spec: BreakerSpec, now: Nanos) -> Self {
        let system = System::manual(plan(vec![spec]), now).unwrap();
        let (gate, id) = (system.gate(&["X"]).unwrap(), system.breaker("hours").unwrap());
        Self { system, gate, id }
    }

    /// Whether an order may go at `now`.
    fn trades_at(&self, now: Nanos) -> bool {
        self.system.advance(now);
        let [increase, reduce] = [Intent::Increase, Intent::Reduce].map(|intent| self.gate.permits(intent));
        assert!(increase == reduce && self.gate.permits(Intent::Cancel));
        increase
    }

    fn status(&self) -> BreakerStatus {
        self.system.breaker_status(self.id).unwrap()
    }

    fn reset(&self, force: bool) -> Result<(), ErrorKind> {
        let seen = self.status().stamp;
        let done = if force {
            self.system.force_reset(self.id, seen, admin())
        } else {
            self.system.reset(self.id, seen, desk())
        };
        done.map_err(|error| error.kind())
    }
}

#[test]
fn outside_of_a_session_it_denies_from_the_first_instant() {
    let desk = Desk::new(hours(), monday().open - TICK);
    assert!(!desk.trades_at(monday().open - TICK));
    let told = desk.status();
    assert_eq!((told.status, told.reason, told.unready), (Status::Tripped, Reason::OutOfSession, false));
    assert_eq!((told.until, told.value, told.risk_score), (Some(monday().open), None, 0.0));
    let own = events(&desk.system).into_iter().filter(|event| event.breaker == desk.id);
    assert_eq!(own.map(|event| event.event_type()).collect::<Vec<_>>(), [EventType::Installed, EventType::Tripped]);
}

#[test]
fn inside_of_one_it_has_never_denied_anything() {
    let desk = Desk::new(hours(), monday().open);
    assert!(desk.trades_at(monday().open));
    assert_eq!(desk.status().status, Status::Active);
    assert!(events(&desk.system).iter().all(|event| !event.after().denies.denies_any()));
}

#[test]
fn each_bell_is_heard_at_its_nanosecond() {
    let desk = Desk::new(hours(), monday().open - HOUR);
    let (friday, tuesday) = (sessions().as_slice()[0], sessions().as_slice()[2]);
    assert!(friday.close < monday().open - HOUR);
    for (session, next) in [(monday(), Some(tuesday.open)), (tuesday, None)] {
        assert!(!desk.trades_at(session.open - TICK));
        assert!(desk.trades_at(session.open));
        assert_eq!(desk.status().since, session.open);
        assert!(desk.trades_at(session.close), "the bell belongs to the session");
        assert!(!desk.trades_at(session.close + TICK));
        let reason = if next.is_some() { Reason::OutOfSession } else { Reason::CalendarEnded };
        let denial = desk.gate.explain(desk.gate.check());
        assert_eq!((denial.reason, denial.until, denial.note), (reason, next, None));
    }
    assert!(!desk.trades_at(tuesday.close + 1_000_000 * HOUR), "nobody knows of any day after it");
}

#[test]
fn a_system_whose_time_is_no_whole_microsecond_hears_them_as_exactly() {
    let desk = Desk::new(hours(), monday().open - Duration::from_nanos(1_234_567));
    assert!(!desk.trades_at(monday().open - TICK));
    assert!(desk.trades_at(monday().open));
    assert!(desk.trades_at(monday().close));
    assert!(!desk.trades_at(monday().close + TICK));
    assert!(desk.trades_at(sessions().as_slice()[2].open));
}

#[test]
fn a_blackout_holds_from_its_first_instant_to_the_one_before_its_end_and_says_what_it_is_for() {
    let desk = Desk::new(hours(), monday().open);
    let Blackout { from, to, .. } = rule().blackouts[0];
    assert!(desk.trades_at(from - TICK));
    assert!(!desk.trades_at(from));
    let denial = desk.gate.explain(desk.gate.check());
    assert_eq!((denial.reason, denial.until), (Reason::Blackout, Some(to)));
    let text = "tripped by hours (time_based) on X: blackout, until 2020-03-09T17:00:00Z, rate decision";
    assert_eq!(denial.to_string(), text);
    assert!(!desk.trades_at(to - TICK));
    assert!(desk.trades_at(to));
}

#[test]
fn a_blackout_that_outlasts_its_session_gives_way_to_the_night() {
    let mut spec = hours();
    let (close, open) = (monday().close, sessions().as_slice()[2].open);
    let late = Blackout { from: close - MINUTE, to: open + MINUTE, reason: "migration".into() };
    spec.rule = RuleSpec::TimeBased(TimeBased { blackouts: vec![late], ..rule() });
    let desk = Desk::new(spec, monday().open);
    let told = |at| {
        assert!(!desk.trades_at(at));
        let denial = desk.gate.explain(desk.gate.check());
        (denial.reason, denial.until, denial.note)
    };
    let ends = Some(open + MINUTE);
    assert_eq!(told(close), (Reason::Blackout, ends, Some("migration".into())));
    assert_eq!(told(close + TICK), (Reason::OutOfSession, ends, None));
    assert_eq!(told(open), (Reason::Blackout, ends, Some("migration".into())));
    assert_eq!(desk.status().trips, 1, "all of it is one denial");
    assert!(desk.trades_at(open + MINUTE));
}

#[test]
fn a_leap_over_days_goes_through_every_boundary_at_its_own_time() {
    let desk = Desk::new(hours(), monday().open - HOUR);
    events(&desk.system);
    let tuesday = sessions().as_slice()[2];
    desk.system.advance(tuesday.close + HOUR);
    let Blackout { from, to, .. } = rule().blackouts[0];
    let micro = Duration::from_micros(1);
    let told: Vec<_> = events(&desk.system)
        .iter()
        .map(|event| (event.event_type(), desk.system.epoch().nanos(event.after().since)))
        .collect();
    let (trip, active) = (EventType::Tripped, EventType::Reset);
    let expected = [
        (active, monday().open),
        (trip, from),
        (active, to),
        // A word's time is the next whole microsecond.
        (trip, monday().close + micro),
        (active, tuesday.open),
        (trip, tuesday.close + micro),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_trip_by_hand_outlasts_the_bell_and_is_reset_in_session_only() {
    let desk = Desk::new(hours(), monday().open);
    desk.system.trip(desk.id, support::desk()).unwrap();
    assert_eq!((desk.status().reason, desk.status().until), (Reason::Manual, None));
    assert!(!desk.trades_at(monday().close + HOUR));
    assert_eq!(desk.reset(false), Err(ErrorKind::CauseStands));
    assert!(!desk.trades_at(sessions().as_slice()[2].open), "a person has tripped it");
    assert_eq!(desk.reset(false), Ok(()));
    assert!(desk.trades_at(sessions().as_slice()[2].open));
    assert!(!desk.trades_at(sessions().as_slice()[2].close + TICK));
}

#[test]
fn a_reset_at_night_is_refused_and_one_by_force_holds_until_the_next_boundary() {
    let desk = Desk::new(hours(), monday().open - HOUR);
    assert_eq!(desk.reset(false), Err(ErrorKind::CauseStands));
    assert!(!desk.trades_at(monday().open - HOUR));
    assert_eq!(desk.reset(true), Ok(()));
    assert!(desk.trades_at(monday().open - HOUR + MINUTE), "an administrator trades before the bell");
    assert!(desk.trades_at(monday().open));
    assert!(desk.trades_at(monday().close));
    assert!(!desk.trades_at(monday().close + TICK));
    assert_eq!(desk.reset(true), Ok(()));
    assert!(desk.trades_at(monday().close + HOUR));
    assert!(desk.trades_at(sessions().as_slice()[2].close));
    assert!(!desk.trades_at(sessions().as_slice()[2].close + TICK));
}

#[test]
fn a_reload_s_hours_hold_at_once_and_an_equal_one_touches_nothing() {
    let desk = Desk::new(hours(), monday().open + MINUTE);
    let stood = desk.status().stamp;
    desk.system.reload(&plan(vec![hours()])).unwrap();
    assert_eq!(desk.status().stamp, stood);

    let now = Blackout { from: monday().open, to: monday().open + HOUR, reason: "now".into() };
    let mut black = hours();
    black.rule = RuleSpec::TimeBased(TimeBased { blackouts: vec![now], ..rule() });
    desk.system.reload(&plan(vec![black])).unwrap();
    assert!(!desk.gate.permits(Intent::Increase));
    assert_eq!(desk.gate.explain(desk.gate.check()).note.as_deref(), Some("now"));
    desk.system.reload(&plan(vec![hours()])).unwrap();
    assert!(desk.gate.permits(Intent::Increase), "and it goes with it");
    assert!(!desk.trades_at(rule().blackouts[0].from), "the new boundaries are the monitor's");
}

#[test]
fn a_breaker_that_a_reload_adds_or_enables_at_night_denies_when_the_reload_returns() {
    let night = monday().open - HOUR;
    let system = System::manual(plan(vec![manual("desk", "X")]), night).unwrap();
    let gate = system.gate(&["X"]).unwrap();
    let mut disabled = hours();
    disabled.policy.enabled = false;
    system.reload(&plan(vec![disabled])).unwrap();
    assert!(gate.permits(Intent::Increase));
    system.advance(monday().open - MINUTE);
    assert!(gate.permits(Intent::Increase));
    system.reload(&plan(vec![hours()])).unwrap();
    assert!(!gate.permits(Intent::Increase));
    system.advance(monday().open);
    assert!(gate.permits(Intent::Increase));
}

#[test]
fn a_cooldown_after_the_bell_denies_what_it_says() {
    let mut spec = hours();
    (spec.policy.cooldown_for, spec.policy.cooldown_effect) = (5 * MINUTE, CooldownEffect::Denies(Lanes::NO_NEW));
    let desk = Desk::new(spec, monday().open - HOUR);
    desk.system.advance(monday().open);
    assert_eq!((desk.status().status, desk.status().until), (Status::Cooldown, Some(monday().open + 5 * MINUTE)));
    assert!(desk.gate.permits(Intent::Reduce) && !desk.gate.permits(Intent::Increase));
    assert!(desk.trades_at(monday().open + 5 * MINUTE));
}

#[test]
fn a_latched_one_is_opened_by_a_person_each_day() {
    let mut spec = hours();
    spec.policy.release = Release::Latched;
    let desk = Desk::new(spec, monday().open - HOUR);
    assert_eq!((desk.reset(false), desk.status().until), (Err(ErrorKind::CauseStands), None));
    assert!(!desk.trades_at(monday().open));
    assert_eq!(desk.reset(false), Ok(()));
    assert!(desk.trades_at(monday().open));
    assert!(!desk.trades_at(monday().close + TICK));
}

#[test]
fn a_shadow_goes_by_the_clock_and_denies_nothing() {
    let mut spec = hours();
    spec.policy.shadow = true;
    let desk = Desk::new(spec, monday().close);
    assert!(desk.trades_at(monday().close + TICK));
    assert_eq!(desk.status().status, Status::Tripped);
}

#[test]
fn it_hears_no_feed_and_no_release_by_time() {
    for spec in [
        hours().watching(vec![scope("Y")]),
        hours().with_policy(Policy { release: Release::Timed, ..Kind::TimeBased.default_policy() }),
    ] {
        assert_eq!(System::manual(plan(vec![spec]), at(0)).unwrap_err().kind(), ErrorKind::BadPlan);
    }
    let blackout = |reason: String| Blackout { from: at(0), to: at(1), reason };
    let with = |reason| {
        let rule = TimeBased { blackouts: vec![blackout(reason)], ..rule() };
        System::manual(plan(vec![BreakerSpec::new("hours", scope("X"), RuleSpec::TimeBased(rule))]), at(0)).is_ok()
    };
    assert!(with("x".repeat(REASON_BYTES)) && !with("x".repeat(REASON_BYTES + 1)), "as long as a person's note");
}

#[test]
fn on_the_wall_clock_the_monitor_wakes_for_the_bell() {
    let now = Nanos(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64);
    let (open, close) = (now - Duration::from_secs(3_600), now + Duration::from_millis(300));
    let session = Session { date: Date::new(2020, 3, 9), open, close };
    let rule = TimeBased::within(Arc::new(Sessions::new(vec![session]).unwrap()));
    let spec = BreakerSpec::new("hours", scope("X"), RuleSpec::TimeBased(rule));
    let (sender, receiver) = mpsc::channel();
    let system = System::start(plan(vec![spec])).unwrap();
    let tell = move |batch: &[Event]| batch.iter().for_each(|event| sender.send(*event).unwrap());
    let _tell = system.subscribe(Subscriber::new("tell"), tell).unwrap();
    let gate = system.gate(&["X"]).unwrap();
    // Nobody asks and nobody tells: the monitor closes it. Nobody sleeps here, the channel waits.
    // On a slow machine it has done so before anybody listened, and what is told is how things stand.
    let told = std::iter::from_fn(|| receiver.recv_timeout(Duration::from_secs(60)).ok());
    let closed = told.into_iter().find(|event| event.after().status == Status::Tripped).unwrap();
    assert!(closed.at(system.epoch()) >= close);
    assert!(!gate.permits(Intent::Increase));
}
