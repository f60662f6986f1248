//! `loss_rate` in a whole System: from a plan to what a gate says, with exact times.
#![allow(clippy::unwrap_used)]

mod support;
use std::time::Duration;

use haltline::*;
use support::*;

const TICK: Duration = Duration::from_nanos(1);

fn rate(source: LossSource) -> BreakerSpec {
    let rule = LossRate { source, ..LossRate::with_limit(ratio(0.03)) };
    spec("rate", "acct/a", RuleSpec::LossRate(rule), Kind::LossRate.default_policy())
}

struct Desk {
    system: System,
    feed: Feed,
    gate: Gate,
}

impl Desk {
    fn new(spec: BreakerSpec) -> Self {
        let system = system(vec![spec]);
        let (feed, gate) = (system.feed("acct/a").unwrap(), system.gate(&["acct/a"]).unwrap());
        Self { system, feed, gate }
    }

    /// A mark each 10 s keeps the feed fresh.
    fn mark_until(&mut self, equity: f64, seconds: core::ops::RangeInclusive<u64>) -> Status {
        for second in seconds.step_by(10) {
            self.mark(equity, at(second));
        }
        self.status()
    }

    fn mark(&mut self, equity: f64, at: Nanos) -> Status {
        self.system.advance(at);
        self.feed.equity(money(equity), at).unwrap();
        self.status()
    }

    fn status(&self) -> Status {
        status(&self.system, "rate").status
    }

    fn may_increase(&self) -> bool {
        self.gate.permits(Intent::Increase)
    }
}

#[test]
fn unready_then_ready_warned_tripped_and_latched_until_a_person_resets_it() {
    let mut desk = Desk::new(rate(LossSource::Marks));
    assert!(!desk.may_increase() && desk.gate.permits(Intent::Reduce), "no mark yet: doubt denies");
    desk.mark_until(1_000_000.0, 0..=290);
    desk.mark(1_000_000.0, at(300) - TICK);
    assert!(!desk.may_increase() && status(&desk.system, "rate").unready, "a nanosecond short of a window");
    assert_eq!(desk.mark(1_000_000.0, at(300)), Status::Active);
    assert!(desk.may_increase());
    assert_eq!(desk.mark(977_500.01, at(310)), Status::Active);
    assert_eq!(desk.mark(977_500.0, at(311)), Status::Warning);
    assert_eq!(desk.mark(970_000.01, at(312)), Status::Warning);
    assert!(desk.may_increase());
    assert_eq!(desk.mark(970_000.0, at(313)), Status::Tripped);
    assert!(!desk.may_increase() && desk.gate.permits(Intent::Reduce), "reducing is the cure");
    let tripped = status(&desk.system, "rate");
    assert_eq!((tripped.reason, tripped.step, tripped.since), (Reason::Limit, Step::LATCHED, at(313)));
    let (value, limit) = tripped.value.unwrap();
    assert!((value - 0.03).abs() < 1e-12 && limit == 0.03);

    let id = desk.system.breaker("rate").unwrap();
    let refused = desk.system.reset(id, tripped.stamp, support::desk()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::CauseStands);
    // Five minutes later the loss lies behind the window; the latch holds all the same.
    assert_eq!(desk.mark_until(970_000.0, 320..=620), Status::Tripped);
    desk.system.reset(id, stamp(&desk.system, "rate"), support::desk()).unwrap();
    assert_eq!(desk.status(), Status::Active);
    assert!(desk.may_increase());
}

#[test]
fn silence_trips_it_after_thirty_seconds() {
    let mut desk = Desk::new(rate(LossSource::Marks));
    desk.mark_until(1_000_000.0, 0..=300);
    desk.system.advance(at(330) - TICK);
    assert_eq!(desk.status(), Status::Active);
    desk.feed.heartbeat(at(330) - TICK).unwrap();
    desk.system.advance(at(330));
    assert_eq!(desk.status(), Status::Tripped, "a heartbeat is no mark");
    assert_eq!(status(&desk.system, "rate").reason, Reason::Stale);
}

#[test]
fn pnl_is_ready_with_its_first_delta_and_zero_says_that_nothing_was_lost() {
    let mut desk = Desk::new(rate(LossSource::Pnl { capital: money(100_000.0) }));
    assert!(!desk.may_increase());
    desk.feed.pnl(money(0.0), at(0)).unwrap();
    assert!(desk.may_increase());
    for second in (10..=100).step_by(10) {
        desk.system.advance(at(second));
        desk.feed.pnl(money(0.0), at(second)).unwrap();
    }
    assert_eq!(desk.status(), Status::Active);
    desk.feed.pnl(money(-2_999.99), at(100)).unwrap();
    assert_eq!(desk.status(), Status::Warning);
    desk.feed.pnl(money(-0.01), at(100)).unwrap();
    assert_eq!(desk.status(), Status::Tripped);
}

#[test]
fn a_loss_of_twice_the_limit_needs_no_confirmation() {
    let mut spec = rate(LossSource::Marks);
    (spec.policy.confirm, spec.policy.confirm_for) = (3, Duration::from_secs(60));
    let mut desk = Desk::new(spec);
    desk.mark_until(1_000_000.0, 0..=300);
    assert_eq!(desk.mark(970_000.0, at(301)), Status::Warning);
    assert_eq!(desk.mark(940_000.01, at(302)), Status::Warning);
    assert_eq!(desk.mark(940_000.0, at(303)), Status::Tripped);
}

#[test]
fn a_breach_below_twice_the_limit_is_confirmed_as_the_policy_says() {
    let mut spec = rate(LossSource::Marks);
    spec.policy.confirm = 3;
    let mut desk = Desk::new(spec);
    desk.mark_until(1_000_000.0, 0..=300);
    assert_eq!(desk.mark(960_000.0, at(301)), Status::Warning);
    assert_eq!(desk.mark(960_000.0, at(302)), Status::Warning);
    assert_eq!(desk.mark(960_000.0, at(303)), Status::Tripped);
}

#[test]
fn five_losing_minutes_trip_at_the_close_of_the_fifth() {
    let steady = LossRate { acceleration: false, ..LossRate::with_limit(ratio(0.03)) };
    let mut desk = Desk::new(spec("rate", "acct/a", RuleSpec::LossRate(steady), Kind::LossRate.default_policy()));
    // `at(0)` lies on a minute's edge.
    desk.mark_until(1_000_000.0, 0..=300);
    for minute in 1..=4 {
        let equity = 1_000_000.0 - 4_000.0 * minute as f64;
        desk.mark_until(equity, 250 + 60 * minute..=300 + 60 * minute);
    }
    assert_eq!(desk.status(), Status::Warning, "four in a row, 1.6 % in the window");
    desk.mark_until(980_000.0, 550..=590);
    assert_eq!(desk.mark(980_000.0, at(600) - TICK), Status::Warning);
    assert_eq!(desk.mark(980_000.0, at(600)), Status::Tripped);
    let tripped = status(&desk.system, "rate");
    assert_eq!((tripped.reason, tripped.value), (Reason::Streak, Some((5.0, 5.0))));
}

#[test]
fn a_reload_with_another_limit_keeps_the_window() {
    let mut desk = Desk::new(rate(LossSource::Marks));
    desk.mark_until(1_000_000.0, 0..=300);
    desk.mark(985_000.0, at(301));
    let tighter = LossRate { streak: false, acceleration: false, ..LossRate::with_limit(ratio(0.015)) };
    let spec = spec("rate", "acct/a", RuleSpec::LossRate(tighter), Kind::LossRate.default_policy());
    desk.system.reload(&plan(vec![spec])).unwrap();
    assert_eq!(desk.mark(985_000.0, at(302)), Status::Tripped, "1.5 % below the start of the old window");
}

#[test]
fn an_amount_that_no_number_can_mean_is_refused_before_it_gets_here() {
    assert_eq!(Money::from_f64(f64::NAN).unwrap_err().kind(), ErrorKind::BadInput);
    let mut desk = Desk::new(rate(LossSource::Pnl { capital: money(1.0) }));
    desk.system.advance(at(5));
    desk.feed.pnl(Money::from_raw(i64::MIN), at(5)).unwrap();
    assert_eq!(desk.status(), Status::Tripped, "the greatest loss that can be written is one");
    assert_eq!(desk.feed.pnl(money(0.0), at(4)).unwrap_err().kind(), ErrorKind::BadInput);
    assert_eq!(status(&desk.system, "rate").refused, 1);
}
