//! Half open: never more probes than permits, and none that decides late.

use std::sync::Arc;

use super::super::breaker::transition;
use super::super::permit::Permits;
use super::*;
use crate::model::machine::{Input, Moment, step};
use crate::model::policy::{CooldownEffect, Policy};
use crate::model::reading::{Level, Standing};

const A: usize = 0;
const PERMITS: u8 = 1;

fn decide(state: State, input: Input) -> Decision {
    let policy = Policy {
        cooldown_for: core::time::Duration::from_micros(10),
        cooldown_effect: CooldownEffect::Probe(PERMITS),
        ..Policy::default()
    };
    let standing = Standing::Last(Level::Normal);
    step(
        state,
        input,
        &policy,
        &Moment { now: Nanos(20_000), epoch: Epoch(Nanos(0)), standing, auto_resets: 0, in_doubt: false },
    )
}

/// A breaker that is half open, with its one permit.
fn half_open() -> (Arc<Board>, u64) {
    let board = board(1, 1, 1);
    install(&board, A, SCOPE, state(Status::Cooldown, 1));
    let word = board.word(A);
    board.breaker(A).permits.open(word, 0);
    (board, word)
}

fn put(board: &Board, input: Input) -> Option<Moved> {
    transition(board, A, |state| decide(state, input)).unwrap()
}

type Reserve = fn(&Permits, u64) -> bool;

fn reserve(permits: &Permits, word: u64) -> bool {
    permits.reserve(word, PERMITS)
}

/// Two threads want the one permit.
fn one_permit(reserve: Reserve, order: Order, seen: &Seen) {
    let (board, word) = half_open();
    let takes = |board: Arc<Board>| move || reserve(&board.breaker(A).permits, word);
    let (a, b) = duel(order, takes(board.clone()), takes(board.clone()));
    assert!(a != b, "one permit, {} admitted", usize::from(a) + usize::from(b));
    seen.note(if a { "a" } else { "b" });
}

#[test]
fn one_permit_admits_one() {
    explore(&["a", "b"], |order, seen| one_permit(reserve, order, seen));
}

type Seal = fn(&Permits, u64) -> bool;

/// The time of a round is over. One thread begins the next round, while another takes the last permit of the old one: if
/// it gets it, the old round has one out and is not over in silence. So never are there two out.
fn next_round(seal: Seal, order: Order, seen: &Seen) {
    let (board, word) = half_open();
    let there = board.clone();
    let renews = move || {
        let permits = &there.breaker(A).permits;
        if !seal(permits, word) {
            return false;
        }
        let moved = put(&there, Input::ProbeRound { seen: word }).unwrap();
        permits.open(moved.after.pack(), 0);
        reserve(permits, moved.after.pack())
    };
    let takes = move || {
        let permits = &board.breaker(A).permits;
        // As an order does: it looks at the first word again after it has one.
        reserve(permits, word) && board.word(A) == word
    };
    let (new, old) = duel(order, renews, takes);
    assert!(!(new && old), "a probe of each round is out");
    seen.note(match (new, old) {
        (true, _) => "the next round",
        (_, true) => "the old one",
        _ => "none",
    });
}

#[test]
fn a_round_ends_with_none_out() {
    explore(&["the next round", "the old one"], |order, seen| next_round(Permits::seal, order, seen));
}

/// A probe passes, the last one asked for, while another thread finds it late and trips the breaker again: one of the two
/// happens, and what the other had to say is void.
fn late_pass(fails: Input, order: Order, seen: &Seen) {
    let (board, word) = half_open();
    assert!(reserve(&board.breaker(A).permits, word));
    let there = board.clone();
    let passes = move || {
        let passed = there.breaker(A).permits.pass(word);
        passed == Some(PERMITS) && put(&there, Input::ProbePassed { seen: word }).is_some()
    };
    let fellow = board.clone();
    let expires = move || put(&fellow, fails).is_some();
    let (passed, failed) = duel(order, passes, expires);
    assert!(passed != failed, "both decided, or none");
    let expected = if passed { Status::Active } else { Status::Tripped };
    assert_eq!(board.state(A).status, expected);
    assert_eq!(board.scope(SCOPE).load(super::super::orderings::at::gate_look()), board.recount(SCOPE, 1));
    seen.note(if passed { "passed" } else { "failed" });
}

const LATE: Reason = Reason::ProbeExpired;

/// The word of [`half_open`].
fn admitted() -> u64 {
    state(Status::Cooldown, 1).pack()
}

#[test]
fn no_stale_revival_by_a_probe() {
    explore(&["passed", "failed"], |order, seen| {
        late_pass(Input::ProbeFailed { seen: admitted(), why: LATE }, order, seen);
    });
}

mod twins {
    use super::*;

    /// Looks, then counts.
    fn looks_first(permits: &Permits, word: u64) -> bool {
        let free = permits.counts(word).0 < PERMITS;
        free && {
            // Counts what it has found free, whatever has come since.
            permits.reserve(word, PERMITS + 1)
        }
    }

    #[test]
    #[should_panic(expected = "one permit, 2 admitted")]
    fn one_permit_admits_two_who_look_first() {
        refute(|order, seen| one_permit(looks_first, order, seen));
    }

    /// Finds none out, and leaves the round open.
    fn only_looks(permits: &Permits, word: u64) -> bool {
        permits.counts(word).0 == 0
    }

    #[test]
    #[should_panic(expected = "a probe of each round is out")]
    fn a_round_that_is_not_sealed_ends_with_one_out() {
        refute(|order, seen| next_round(only_looks, order, seen));
    }

    /// Decided on no word: it trips whatever stands, the breaker that has just closed, too.
    #[test]
    #[should_panic(expected = "both decided, or none")]
    fn a_probe_that_names_no_word_decides_late() {
        let late = Input::Read(Level::Breach, Step::FIRST, LATE);
        refute(move |order, seen| late_pass(late, order, seen));
    }
}
