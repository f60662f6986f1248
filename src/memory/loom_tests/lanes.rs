//! The counts of a scope: never below what the words deny, exact at rest, and what an open gate tells.

use std::sync::Arc;

use super::super::breaker::transition;
use super::super::orderings::at;
use super::super::sync::AtomicU64;
use super::*;
use crate::model::intent::Intent;

const A: usize = 0;
const B: usize = 1;

/// B is tripped throughout; two threads move A, whichever way its word then asks; a third looks at the lanes all the
/// time. The gate never opens, and at rest the lanes are the recount.
fn never_open(run: Run, a: Status, first: fn(State) -> Decision, order: Order, seen: &Seen) {
    let board = board(1, 2, 1);
    install(&board, B, SCOPE, state(Status::Tripped, 1));
    install(&board, A, SCOPE, state(a, 1));
    let (one, two) = (board.clone(), board.clone());
    let checks = || {
        for _ in 0..2 {
            assert!(board.lanes(SCOPE).denies(Intent::Increase), "open while B is tripped");
        }
    };
    let (moved, back, ()) = race(order, move || run(&one, A, &mut { first }), move || run(&two, A, &mut reset), checks);
    assert!(board.lanes(SCOPE).denies(Intent::Increase), "open while B is tripped");
    assert_eq!(board.scope(SCOPE).load(at::gate_look()), board.recount(SCOPE, 2), "the lanes are not the recount");
    seen.note(if moved.is_some() { "first moved" } else { "first stayed" });
    seen.note(if back.is_some() { "second moved" } else { "second stayed" });
}

fn trip_against_reset(run: Run, order: Order, seen: &Seen) {
    never_open(run, Status::Active, trip, order, seen);
}

fn reset_against_reset(run: Run, order: Order, seen: &Seen) {
    never_open(run, Status::Tripped, reset, order, seen);
}

/// Two trips at once: the loser has added and must take it back.
fn exact(run: Run, order: Order, seen: &Seen) {
    let board = board(1, 1, 1);
    install(&board, A, SCOPE, state(Status::Active, 1));
    let (one, two) = (board.clone(), board.clone());
    let (a, b) = duel(order, move || run(&one, A, &mut trip), move || run(&two, A, &mut trip));
    assert_eq!(board.scope(SCOPE).load(at::gate_look()), board.recount(SCOPE, 1), "the lanes are not the recount");
    assert!(board.lanes(SCOPE).denies(Intent::Increase));
    assert_eq!(usize::from(a.is_some()) + usize::from(b.is_some()), 1);
    seen.note(if a.is_some() { "the first won" } else { "the second won" });
}

#[test]
fn never_open_while_tripped() {
    explore(&["first moved", "second moved", "second stayed"], |order, seen| trip_against_reset(real, order, seen));
}

#[test]
fn never_open_while_two_reset() {
    let outcomes = ["first moved", "first stayed", "second moved", "second stayed"];
    explore(&outcomes, |order, seen| reset_against_reset(real, order, seen));
}

#[test]
fn exact_at_rest() {
    explore(&["the first won", "the second won"], |order, seen| exact(real, order, seen));
}

/// So what breaks the twins is their fault, not the copy.
#[test]
fn the_copy_without_a_fault_passes() {
    explore(&["second moved"], |order, seen| trip_against_reset(broken::without_fault, order, seen));
}

/// A check that happens after the return of a trip denies. How the news travels is the callers' business; here it is a
/// flag with a Release and an Acquire. Nothing in the lanes needs more than coherence for that, so no ordering of ours is
/// tested here, but the promise is.
fn halt_is_seen(publish: core::sync::atomic::Ordering, look: core::sync::atomic::Ordering, order: Order, seen: &Seen) {
    let board = board(1, 1, 1);
    install(&board, A, SCOPE, state(Status::Active, 1));
    let returned = Arc::new(AtomicU64::new(0));
    let (there, flag) = (board.clone(), returned.clone());
    let trips = move || {
        let _moved = real(&there, A, &mut trip);
        flag.store(1, publish);
    };
    let checks = move || {
        let after = returned.load(look) == 1;
        let denied = board.lanes(SCOPE).denies(Intent::Increase);
        assert!(denied || !after, "a check after the return of the trip lets pass");
        (after, denied)
    };
    seen.note(match duel(order, trips, checks).1 {
        (true, _) => "after",
        (false, true) => "before its return, denied",
        (false, false) => "before its return, passed",
    });
}

#[test]
fn a_halt_is_seen() {
    use core::sync::atomic::Ordering::{Acquire, Release};
    let outcomes = ["after", "before its return, denied", "before its return, passed"];
    explore(&outcomes, |order, seen| halt_is_seen(Release, Acquire, order, seen));
}

/// Lane subtract: Release, with the Acquire of a check. Who finds a gate open sees the reset that opened it, and what
/// led to it: an engine that acts on the open gate and asks for the status is not told "tripped".
fn open_gate_shows_its_reset(order: Order, seen: &Seen) {
    let board = board(1, 1, 1);
    install(&board, A, SCOPE, state(Status::Tripped, 1));
    let there = board.clone();
    let looks = move || {
        let open = !board.lanes(SCOPE).denies(Intent::Increase);
        // The weakest look there is: what it sees is what the check before has brought.
        let status = State::unpack(board.breaker(A).word.load(at::plain())).status;
        assert!(!open || status == Status::Active, "the gate is open and its breaker still looks tripped");
        open
    };
    let (_, open) = duel(order, move || real(&there, A, &mut reset), looks);
    seen.note(if open { "open" } else { "denied" });
}

#[test]
fn an_open_gate_shows_the_reset_that_opened_it() {
    explore(&["open", "denied"], |order, seen| open_gate_shows_its_reset(order, seen));
}

/// Lane add: Release, with the Acquire of a check. A reload publishes the registry, then puts a new breaker into
/// service, which denies until it is ready. Who is denied by it finds it in the registry (here: a plain word, weaker than
/// any cell), so the denial has a name.
fn denial_shows_its_registry(order: Order, seen: &Seen) {
    let board = board(1, 1, 1);
    let registry = Arc::new(AtomicU64::new(0));
    board.breaker(A).clear(u64::from(SCOPE.0));
    let (there, publish) = (board.clone(), registry.clone());
    let loads = move || {
        publish.store(1, at::plain());
        let unready = State { denies: Lanes::HALT, ..state(Status::Active, 1) };
        transition(&there, A, |_| Decision::Move(unready, Reason::Installed)).unwrap()
    };
    let asks = move || {
        let denied = board.lanes(SCOPE).denies(Intent::Increase);
        assert!(!denied || registry.load(at::plain()) == 1, "denied by a breaker that the registry does not have");
        denied
    };
    let (moved, denied) = duel(order, loads, asks);
    assert!(moved.is_some());
    seen.note(if denied { "denied" } else { "open" });
}

#[test]
fn a_denial_finds_its_breaker_in_the_registry() {
    explore(&["denied", "open"], |order, seen| denial_shows_its_registry(order, seen));
}

/// A feed is sure of a trip: it denies, runs the transition, and takes its own denial back. Whoever has seen the gate
/// closed does not see it open again, and at rest the lanes are the recount.
fn no_flicker(keeps: bool, order: Order, seen: &Seen) {
    let board = board(1, 1, 1);
    install(&board, A, SCOPE, state(Status::Active, 1));
    let there = board.clone();
    let trips = move || {
        let hold = board.hold(SCOPE, Lanes::HALT);
        if !keeps {
            drop(hold);
            return real(&board, A, &mut trip).is_some();
        }
        let moved = real(&board, A, &mut trip);
        drop(hold);
        assert_eq!(board.scope(SCOPE).load(at::gate_look()), board.recount(SCOPE, 1), "the lanes are not the recount");
        moved.is_some()
    };
    let checks = move || {
        let denied = || there.lanes(SCOPE).denies(Intent::Increase);
        let first = denied();
        let then = denied();
        assert!(!first || then, "denied, then open, and nobody has reset it");
        first
    };
    let (moved, denied) = duel(order, trips, checks);
    assert!(moved);
    seen.note(if denied { "denied" } else { "open" });
}

#[test]
fn a_denial_ahead_of_its_trip_stays() {
    explore(&["denied", "open"], |order, seen| no_flicker(true, order, seen));
}

mod twins {
    use super::*;

    #[test]
    #[should_panic(expected = "denied, then open")]
    fn a_denial_ahead_of_its_trip_is_taken_back_before_it() {
        refute(|order, seen| no_flicker(false, order, seen));
    }

    /// A trips by its swap and has not added; the other resets A and subtracts: B's count is gone.
    #[test]
    #[should_panic(expected = "open while B is tripped")]
    fn never_open_while_tripped_with_swap_before_add() {
        refute(|order, seen| trip_against_reset(broken::add_after_swap, order, seen));
    }

    /// Both resets of A subtract before either has won: one of them takes B's count.
    #[test]
    #[should_panic(expected = "open while B is tripped")]
    fn never_open_while_two_reset_with_subtract_before_swap() {
        refute(|order, seen| reset_against_reset(broken::subtract_before_swap, order, seen));
    }

    #[test]
    #[should_panic(expected = "the lanes are not the recount")]
    fn exact_at_rest_with_a_loser_that_keeps_its_addition() {
        refute(|order, seen| exact(broken::keeps_addition, order, seen));
    }

    #[test]
    #[should_panic(expected = "a check after the return of the trip lets pass")]
    fn a_halt_is_seen_without_release() {
        use core::sync::atomic::Ordering::{Acquire, Relaxed};
        refute(|order, seen| halt_is_seen(Relaxed, Acquire, order, seen));
    }

    #[test]
    #[should_panic(expected = "a check after the return of the trip lets pass")]
    fn a_halt_is_seen_without_acquire() {
        use core::sync::atomic::Ordering::{Relaxed, Release};
        refute(|order, seen| halt_is_seen(Release, Relaxed, order, seen));
    }

    /// The Board's own orderings are found by `ci/orderings.sh`; this one stands for them.
    #[test]
    #[should_panic(expected = "never seen")]
    fn a_model_that_never_saw_the_reset_fails() {
        explore(&["a reset that nobody makes"], |order, seen| exact(real, order, seen));
    }
}
