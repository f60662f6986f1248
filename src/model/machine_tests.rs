//! The table against the function, over every status, input, policy shape and moment that can make a difference.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::*;
use crate::model::intent::Intent;
use crate::model::ladder::{Bell, Direction, HaltEnd, Ladder, Reopen, Rung, Window};
use crate::model::limits::Limits;
use crate::model::policy::{CooldownEffect, OnStale, OnUnready};
use crate::model::session::{Date, Session, Sessions};
use crate::model::time::{Epoch, Micros, Nanos};
use crate::model::units::Ratio;

const T0: Micros = Micros(1_000_000);

fn after(micros: u64) -> Nanos {
    Epoch::default().nanos(Micros(T0.0 + micros))
}

fn ladder() -> Halt {
    let window = Window {
        from: Bell::AfterOpen(Duration::ZERO),
        until: Bell::BeforeClose(Duration::ZERO),
        end: HaltEnd::After(Duration::from_micros(10)),
    };
    let rung = |pct| Rung { limits: Limits::of(Ratio::from_raw(pct)), further: Ratio::ZERO, windows: vec![window] };
    let session = Session { date: Date::new(2020, 3, 9), open: Nanos(0), close: Nanos::from_secs(1_000) };
    Halt::Ladder(Arc::new(Ladder {
        sessions: Arc::new(Sessions::new(vec![session]).unwrap()),
        direction: Direction::Down,
        rungs: vec![rung(70_000_000), rung(130_000_000)],
        in_turn: false,
        cutoff_inclusive: true,
        reopen: Reopen::Auto,
        lasting: Duration::ZERO,
        effective_from: None,
        effective_to: None,
    }))
}

fn cooldowns() -> [(Duration, CooldownEffect); 3] {
    let five = Duration::from_micros(5);
    [
        (Duration::ZERO, CooldownEffect::AsTripped),
        (five, CooldownEffect::Denies(Lanes::NO_NEW)),
        (five, CooldownEffect::Probe(2)),
    ]
}

fn policies() -> Vec<Policy> {
    let timed = Halt::Timed { base: Duration::from_micros(10), backoff: 2.0, max: Duration::from_secs(1) };
    let mut all = Vec::new();
    for release in Release::ALL {
        for halt in [timed.clone(), ladder()] {
            for (cooldown_for, cooldown_effect) in cooldowns() {
                for (enabled, shadow) in [(true, false), (true, true), (false, false)] {
                    for max_auto_resets in [None, Some(1)] {
                        for on_unready in [OnUnready::Deny, OnUnready::Allow] {
                            for on_stale in [OnStale::Trip, OnStale::Ignore] {
                                all.push(Policy {
                                    release: *release,
                                    halt: halt.clone(),
                                    cooldown_for,
                                    cooldown_effect,
                                    enabled,
                                    shadow,
                                    max_auto_resets,
                                    on_unready,
                                    on_stale,
                                    ..Policy::default()
                                });
                            }
                        }
                    }
                }
            }
        }
    }
    let liquidates = |policy: &Policy| Policy { liquidates: true, ..policy.clone() };
    let more: Vec<_> =
        all.iter().filter(|p| p.on_unready == OnUnready::Deny && p.on_stale == OnStale::Trip).map(liquidates).collect();
    all.extend(more);
    all
}

fn states(policy: &Policy) -> Vec<State> {
    let mut all = Vec::new();
    for status in Status::ALL {
        for step in [Step::FIRST, Step::rung(1).unwrap(), Step::LATCHED] {
            let mask = policy.mask(*status);
            let masks = if *status == Status::Active { vec![Lanes::NONE, policy.unready_mask()] } else { vec![mask] };
            for denies in masks {
                all.push(State { status: *status, denies, step, generation: 3, since: T0 });
            }
        }
    }
    all
}

fn inputs(state: State) -> Vec<Input> {
    let mut all = vec![
        Input::Elapsed,
        Input::Emergency,
        Input::Liquidate,
        Input::Liquidated,
        Input::Install,
        Input::PolicyChanged,
        Input::Rebased,
        Input::Retire,
    ];
    for seen in [state.pack(), state.pack() ^ 1] {
        let why = Reason::ProbeFailed;
        all.extend([Input::ProbePassed { seen }, Input::ProbeFailed { seen, why }, Input::ProbeRound { seen }]);
    }
    for level in [Level::Unready, Level::Normal, Level::Elevated, Level::Warn, Level::Breach] {
        for rung in [Step::FIRST, Step::rung(2).unwrap()] {
            all.push(Input::Read(level, rung, Reason::Limit));
        }
        all.push(Input::Read(level, Step::FIRST, Reason::Stale));
    }
    for by in Authority::ALL {
        all.extend([Input::Trip(*by), Input::ClearEmergency(*by), Input::Maintain(*by)]);
        for seen in [state.pack(), state.pack() ^ 1] {
            for force in [false, true] {
                all.push(Input::Reset { seen, by: *by, force });
            }
        }
    }
    all
}

fn moments() -> Vec<Moment> {
    let standings = [
        Standing::NoReadings,
        Standing::Silent,
        Standing::Last(Level::Unready),
        Standing::Last(Level::Normal),
        Standing::Last(Level::Warn),
        Standing::Last(Level::Breach),
    ];
    let mut all = Vec::new();
    for now in [Nanos(0), after(0), Nanos(after(10).0 - 1), after(10), after(1_000)] {
        for standing in standings {
            for (auto_resets, in_doubt) in [(0, false), (1, false), (0, true), (1, true)] {
                all.push(Moment { now, epoch: Epoch::default(), standing, auto_resets, in_doubt });
            }
        }
    }
    all
}

fn for_every_case(mut f: impl FnMut(State, Input, &Policy, &Moment, Decision)) {
    let moments = moments();
    for policy in policies() {
        for state in states(&policy) {
            for input in inputs(state) {
                for moment in &moments {
                    f(state, input, &policy, moment, step(state, input, &policy, moment));
                }
            }
        }
    }
}

#[test]
fn the_function_reaches_every_row_of_the_table_and_nothing_beside_it() {
    let mut seen: BTreeMap<(Status, String), BTreeSet<Status>> = BTreeMap::new();
    for_every_case(|state, input, _, _, decision| {
        if let Decision::Move(next, _) = decision {
            seen.entry((state.status, format!("{:?}", input.kind()))).or_default().insert(next.status);
        }
    });
    let table: BTreeMap<_, BTreeSet<_>> =
        LEGAL.iter().map(|(s, i, to)| ((*s, format!("{i:?}")), to.iter().copied().collect())).collect();
    assert_eq!(seen, table);
    assert_eq!(table.len(), LEGAL.len(), "a row stands twice");
}

#[test]
fn every_move_makes_a_later_word_and_one_that_denies_what_the_policy_says() {
    for_every_case(|state, input, policy, _, decision| {
        let Decision::Move(next, _) = decision else { return };
        assert!(next.version() > state.version(), "{state:?} {input:?}");
        assert!(next.since >= state.since);
        let allowed = match next.status {
            Status::Active => vec![Lanes::NONE, policy.unready_mask()],
            // A mere change of version, and the stickiness of an emergency stop, keep what stood.
            Status::EmergencyHalt => vec![policy.mask(next.status), state.denies],
            status => vec![policy.mask(status)],
        };
        assert!(input == Input::Rebased || allowed.contains(&next.denies), "{state:?} {input:?} -> {next:?}");
    });
}

#[test]
fn a_latched_trip_is_ended_by_a_person_only() {
    for_every_case(|state, input, policy, _, decision| {
        let Decision::Move(next, _) = decision else { return };
        let by_hand = matches!(
            input,
            Input::Reset { .. } | Input::Maintain(_) | Input::Emergency | Input::Liquidate | Input::Retire
        );
        let disabled = input == Input::PolicyChanged && !policy.enabled;
        if state.status == Status::Tripped && state.step == Step::LATCHED && !by_hand && !disabled {
            assert_eq!((next.status, next.step), (Status::Tripped, Step::LATCHED), "{input:?}");
        }
    });
}

#[test]
fn an_emergency_stop_is_left_by_clear_emergency_only() {
    for_every_case(|state, input, policy, _, decision| {
        let Decision::Move(next, _) = decision else { return };
        if state.status == Status::EmergencyHalt {
            match input {
                Input::ClearEmergency(by) => assert!(by >= policy.reset_authority),
                _ => {
                    assert_eq!(next.status, Status::EmergencyHalt, "{input:?}");
                    assert_eq!(next.denies & state.denies, state.denies);
                }
            }
        }
    });
}

#[test]
fn a_reset_needs_the_word_that_stands_the_authority_and_a_cause_that_is_gone() {
    for_every_case(|state, input, policy, moment, decision| {
        let (Input::Reset { seen, by, force }, Decision::Move(..)) = (input, decision) else { return };
        assert_eq!(seen, state.pack());
        assert!(by >= policy.reset_authority);
        let silent = moment.standing == Standing::Silent && policy.silence_holds();
        let runs = matches!(policy.halt, Halt::Ladder(_))
            && (Step::FIRST..Step::LATCHED).contains(&state.step)
            && state.step > Step::FIRST
            && state.status == Status::Tripped
            && policy.deadline(state, moment.epoch).is_none_or(|end| moment.epoch.floor(moment.now) < end);
        if moment.standing.breaches() || silent || runs {
            assert!(force && by >= policy.reset_authority.above());
        }
    });
}

#[test]
fn what_was_only_feared_and_comes_true_begins_a_trip_of_its_own() {
    for_every_case(|state, input, policy, moment, decision| {
        let Input::Read(Level::Breach, _, reason) = input else { return };
        let plain = !matches!(policy.halt, Halt::Ladder(_)) && !policy.liquidates && policy.enabled;
        if state.status != Status::Tripped || !plain {
            return;
        }
        let of_a_value = !matches!(reason, Reason::Stale | Reason::BadInput);
        match decision {
            Decision::Move(next, why) => {
                assert!(moment.in_doubt && of_a_value, "{state:?} {input:?}");
                assert_eq!((next.status, why), (Status::Tripped, reason));
                assert!(state.step != Step::LATCHED || next.step == Step::LATCHED, "a latch holds");
            }
            _ => assert!(!moment.in_doubt || !of_a_value, "{state:?} {input:?}"),
        }
    });
}

#[test]
fn time_alone_ends_nothing_early_and_nothing_whose_cause_stands() {
    for_every_case(|state, input, policy, moment, decision| {
        let (Input::Elapsed, Decision::Move(..)) = (input, decision) else { return };
        assert!(moment.now >= moment.epoch.nanos(policy.deadline(state, moment.epoch).unwrap()));
        assert!(!moment.standing.breaches());
        assert!(moment.standing != Standing::Silent || !policy.silence_holds());
    });
}

#[test]
fn a_shadow_or_disabled_breaker_never_gets_a_mask() {
    for_every_case(|state, input, policy, _, decision| {
        let Decision::Move(next, _) = decision else { return };
        let sticky = state.status == Status::EmergencyHalt || input == Input::Rebased;
        if (policy.shadow || !policy.enabled) && !sticky {
            assert!(next.denies.is_empty(), "{state:?} {input:?} -> {next:?}");
        }
    });
}

#[test]
fn orders_that_reduce_pass_while_liquidating_and_a_breach_does_not_interrupt() {
    let policy = Policy::default();
    let moment = Moment {
        now: after(0),
        epoch: Epoch::default(),
        standing: Standing::NoReadings,
        auto_resets: 0,
        in_doubt: false,
    };
    let active = State { status: Status::Active, denies: Lanes::NONE, step: Step::FIRST, generation: 0, since: T0 };
    let Decision::Move(liquidating, _) = step(active, Input::Liquidate, &policy, &moment) else { panic!() };
    assert!(liquidating.denies.denies(Intent::Increase) && !liquidating.denies.denies(Intent::Reduce));
    let breach = Input::Read(Level::Breach, Step::FIRST, Reason::Limit);
    assert_eq!(step(liquidating, breach, &policy, &moment), Decision::Stay);
}

#[test]
fn a_breach_liquidates_where_the_policy_says_so_and_doubt_only_trips() {
    for_every_case(|state, input, policy, _, decision| {
        let Decision::Move(next, _) = decision else { return };
        let breach = match input {
            Input::Read(Level::Breach, _, reason) => reason == Reason::Limit && policy.liquidates,
            input => input == Input::Liquidate,
        };
        let stays = state.status == Status::Liquidating && matches!(input, Input::PolicyChanged | Input::Rebased);
        assert!(stays || breach == (next.status == Status::Liquidating), "{state:?} {input:?} -> {next:?}");
    });
}

#[test]
fn a_trip_for_doubt_gives_way_to_liquidation_and_a_persons_halt_does_not() {
    let policy = Policy { liquidates: true, release: Release::Latched, effect: Lanes::NO_NEW, ..Policy::default() };
    let moment = |level| Moment {
        now: after(0),
        epoch: Epoch::default(),
        standing: Standing::Last(level),
        auto_resets: 0,
        in_doubt: false,
    };
    let active = State { status: Status::Active, denies: Lanes::NONE, step: Step::FIRST, generation: 0, since: T0 };
    let read = |state, level, reason| step(state, Input::Read(level, Step::FIRST, reason), &policy, &moment(level));
    let Decision::Move(doubt, _) = read(active, Level::Breach, Reason::Stale) else { panic!() };
    assert_eq!(doubt.status, Status::Tripped);
    assert_eq!(read(doubt, Level::Normal, Reason::None), Decision::Stay, "latched all the same");
    assert_eq!(step(doubt, Input::Elapsed, &policy, &moment(Level::Normal)), Decision::Stay);
    let Decision::Move(liquidating, why) = read(doubt, Level::Breach, Reason::Margin) else { panic!() };
    assert_eq!((liquidating.status, why), (Status::Liquidating, Reason::Margin));
    let Decision::Move(done, _) = step(liquidating, Input::Liquidated, &policy, &moment(Level::Breach)) else {
        panic!()
    };
    assert_eq!((done.status, done.step), (Status::Tripped, Step::LATCHED));
    assert_eq!(read(done, Level::Breach, Reason::Limit), Decision::Stay, "it has been reduced; a person decides");
    let Decision::Move(held, _) = step(active, Input::Trip(Authority::Trader), &policy, &moment(Level::Normal)) else {
        panic!()
    };
    assert_eq!(read(held, Level::Breach, Reason::Limit), Decision::Stay);
}

#[test]
fn a_policy_change_prolongs_no_halt() {
    for_every_case(|state, input, policy, _, decision| {
        if let (Input::PolicyChanged, Decision::Move(next, _)) = (input, decision)
            && policy.enabled
            && state.generation < 15
        {
            assert_eq!((next.since, next.status, next.step), (state.since, state.status, state.step));
        }
    });
}

#[test]
fn the_back_off_grows_out_of_cooldown_and_is_forgotten_in_active() {
    let policy = Policy { cooldown_for: Duration::from_micros(5), ..Policy::default() };
    let moment = Moment {
        now: after(0),
        epoch: Epoch::default(),
        standing: Standing::Last(Level::Normal),
        auto_resets: 0,
        in_doubt: false,
    };
    let breach = Input::Read(Level::Breach, Step::FIRST, Reason::Limit);
    let cooldown = |n| State {
        status: Status::Cooldown,
        denies: Lanes::HALT,
        step: Step::rung(n).unwrap(),
        generation: 0,
        since: T0,
    };
    for (from, to) in [(0, 1), (1, 2), (5, 6), (6, 6)] {
        let Decision::Move(next, _) = step(cooldown(from), breach, &policy, &moment) else { panic!() };
        assert_eq!(next.step.number(), to);
    }
    let later = Moment { now: after(5), ..moment };
    let Decision::Move(active, _) = step(cooldown(3), Input::Elapsed, &policy, &later) else { panic!() };
    assert_eq!((active.status, active.step), (Status::Active, Step::FIRST));
}

#[test]
fn out_of_automatic_resets_a_trip_latches() {
    let policy = Policy { max_auto_resets: Some(2), ..Policy::default() };
    let active = State { status: Status::Active, denies: Lanes::NONE, step: Step::FIRST, generation: 0, since: T0 };
    let breach = Input::Read(Level::Breach, Step::FIRST, Reason::Limit);
    for (used, latched) in [(0, false), (1, false), (2, true), (7, true)] {
        let moment = Moment {
            now: after(0),
            epoch: Epoch::default(),
            standing: Standing::Last(Level::Breach),
            auto_resets: used,
            in_doubt: false,
        };
        let Decision::Move(next, _) = step(active, breach, &policy, &moment) else { panic!() };
        assert_eq!(next.step == Step::LATCHED, latched, "{used}");
    }
}
