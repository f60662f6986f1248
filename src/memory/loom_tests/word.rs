//! One word a breaker: one winner, no decision on what is no more, and what the word tells beside itself.

use std::sync::Arc;

use super::super::breaker::transition;
use super::super::orderings::at;
use super::super::sync::AtomicU64;
use super::*;
use crate::model::machine::{Input, Moment, step};
use crate::model::policy::{Halt, Policy};
use crate::model::reading::{Level, Standing};
use crate::model::status::Authority;
use crate::rule::UsedRungs;

const A: usize = 0;

/// Three threads cross a threshold together: one of them has the event, the others have nothing.
fn one_winner(run: Run, order: Order, seen: &Seen) {
    let board = board(1, 1, 1);
    install(&board, A, SCOPE, state(Status::Active, 1));
    let trips = |board: Arc<Board>| move || usize::from(run(&board, A, &mut trip).is_some());
    let (a, b, here) = race(order, trips(board.clone()), trips(board.clone()), trips(board.clone()));
    assert_eq!(a + b + here, 1, "one transition, one event");
    assert_eq!(board.scope(SCOPE).load(at::gate_look()), Lanes::HALT.as_counts());
    seen.note(["a won", "b won", "the third won"][b + 2 * here]);
}

#[test]
fn one_transition_one_event() {
    explore(&["a won", "b won", "the third won"], |order, seen| one_winner(real, order, seen));
}

/// The real machine, under a policy that halts for ten microseconds, at a time when the first halt is over and one that
/// begins now is not.
fn decide(state: State, input: Input) -> Decision {
    let base = core::time::Duration::from_micros(10);
    let halt = Halt::Timed { base, backoff: 1.0, max: base };
    let policy = Policy { halt, ..Policy::default() };
    let standing = Standing::Last(Level::Normal);
    step(
        state,
        input,
        &policy,
        &Moment { now: Nanos(20_000), epoch: Epoch(Nanos(0)), standing, auto_resets: 0, in_doubt: false },
    )
}

/// A timer finds a halt over. Before its swap lands, an operator resets the breaker and a breach trips it anew: the timer
/// was decided on another word, and the new trip stands. (Also if it lands first: then the breach trips after it.)
fn stale_timer(run: Run, order: Order, seen: &Seen) {
    let board = board(1, 1, 1);
    install(&board, A, SCOPE, state(Status::Tripped, 1));
    let (there, word) = (board.clone(), board.word(A));
    let operator = move || {
        let by = Authority::Admin;
        let reset = transition(&there, A, |state| decide(state, Input::Reset { seen: word, by, force: false })).is_ok();
        let breach = Input::Read(Level::Breach, Step::FIRST, Reason::Limit);
        assert!(real(&there, A, &mut |state| decide(state, breach)).is_some());
        reset
    };
    let timed = board.clone();
    let timer = move || run(&timed, A, &mut |state| decide(state, Input::Elapsed)).is_some();
    let (reset, ended) = duel(order, operator, timer);
    assert_eq!(board.state(A).status, Status::Tripped, "a timer of the old trip ended the new one");
    assert_eq!(board.scope(SCOPE).load(at::gate_look()), board.recount(SCOPE, 1));
    seen.note(match (reset, ended) {
        (true, false) => "the timer found another word",
        (false, true) => "the timer came first",
        _ => "both",
    });
}

#[test]
fn no_stale_revival_by_a_timer() {
    let outcomes = ["the timer found another word", "the timer came first"];
    explore(&outcomes, |order, seen| stale_timer(real, order, seen));
}

/// A reload publishes its policy, then moves the word. A decision that looks at the word, then at the policy, either
/// lands on the old word (and is moved on by the reload), or was made under the new policy. The policy is a plain word
/// here, weaker than any cell: what orders it is the breaker's word alone.
///
/// The old policy trips on this reading, the new one does not.
fn stale_policy(policy_first: bool, order: Order, seen: &Seen) {
    let board = board(1, 1, 1);
    install(&board, A, SCOPE, state(Status::Active, 1));
    let policy = Arc::new(AtomicU64::new(0));
    let (there, new) = (board.clone(), policy.clone());
    let reload = move || {
        new.store(1, at::plain());
        real(&there, A, &mut |state| Decision::Move(state.with_mask(state.denies), Reason::PolicyChanged))
    };
    let reading = move || {
        let early = policy_first.then(|| policy.load(at::plain()));
        let mut under = 0;
        let moved = real(&board, A, &mut |state| {
            under = early.unwrap_or_else(|| policy.load(at::plain()));
            if under == 1 { Decision::Stay } else { trip(state) }
        });
        (moved, under)
    };
    let (reloaded, (moved, under)) = duel(order, reload, reading);
    let reloaded = reloaded.unwrap();
    if let Some(moved) = moved {
        assert!(moved.after.version() < reloaded.after.version(), "an old policy's decision landed on a new word");
    }
    seen.note(if under == 1 { "decided anew" } else { "decided before" });
}

#[test]
fn no_stale_revival_by_a_reload() {
    explore(&["decided anew", "decided before"], |order, seen| stale_policy(false, order, seen));
}

/// A reload retires a breaker and gives its line to one of another scope, while somebody still decides about the old one:
/// the scope belongs to the word, so nobody is left counting in the other's lanes.
fn reused_line(order: Order, seen: &Seen) {
    let board = board(2, 1, 1);
    let other = ScopeId(1);
    install(&board, A, SCOPE, state(Status::Active, 1));
    let (there, late) = (board.clone(), board.clone());
    let reload = move || {
        let retire = |state: State| state.enter(Status::Retired, Lanes::NONE, Step::FIRST, state.since);
        let _retired = real(&there, A, &mut |state| Decision::Move(retire(state), Reason::Removed));
        there.breaker(A).clear(u64::from(other.0));
        let install = |state: State| state.enter(Status::Active, Lanes::HALT, Step::FIRST, state.since);
        let _installed = real(&there, A, &mut |state| Decision::Move(install(state), Reason::Installed));
    };
    let decides = move || {
        real(&late, A, &mut |state| match state.status {
            Status::Retired => Decision::Stay,
            _ => Decision::Move(state.enter(Status::Tripped, Lanes::CLOSE, Step::FIRST, state.since), Reason::Manual),
        })
    };
    let ((), moved) = duel(order, reload, decides);
    for scope in [SCOPE, other] {
        assert_eq!(board.scope(scope).load(at::gate_look()), board.recount(scope, 1), "lanes of {scope:?}");
    }
    seen.note(match moved {
        None => "found it retired",
        Some(moved) if moved.before.denies.is_empty() => "tripped the old one",
        Some(_) => "tripped the new one",
    });
}

#[test]
fn the_scope_belongs_to_the_word() {
    explore(&["found it retired", "tripped the old one", "tripped the new one"], |order, seen| {
        reused_line(order, seen)
    });
}

/// Time ends a trip. Whoever sees the word that it swapped in counts the reset: so no trip after it is decided on one
/// reset too few, and the last one latches.
fn counted_reset(run: Run, order: Order, seen: &Seen) {
    let board = board(1, 1, 1);
    install(&board, A, SCOPE, state(Status::Tripped, 1));
    let there = board.clone();
    let time = move || run(&there, A, &mut |state| decide(state, Input::Elapsed)).is_some();
    let looks = move || {
        let swapped = board.state(A).status == Status::Active;
        let count = board.breaker(A).auto_resets_since(Micros(0));
        assert!(!swapped || count == 1, "a reset that nobody counts");
        (swapped, count)
    };
    let (moved, found) = duel(order, time, looks);
    assert!(moved);
    seen.note(match found {
        (false, 0) => "before",
        (false, _) => "noted, not yet swapped",
        (true, _) => "after",
    });
}

#[test]
fn whoever_sees_an_automatic_reset_counts_it() {
    explore(&["before", "noted, not yet swapped", "after"], |order, seen| counted_reset(real, order, seen));
}

/// Two automatic resets of one trip, by time and by a good reading: one wins, and one is counted, whoever noted first.
/// (Once, a note that lost its slot to the other's was not made at all: if its swap then won and the other's note was
/// taken back, the reset was in no count.)
fn contended_reset(order: Order, seen: &Seen) {
    let board = board(1, 1, 1);
    install(&board, A, SCOPE, state(Status::Tripped, 1));
    let good = Input::Read(Level::Normal, Step::FIRST, Reason::ClearLevel);
    let ends = |board: Arc<Board>, input| move || real(&board, A, &mut |state| decide(state, input)).is_some();
    let (a, b) = duel(order, ends(board.clone(), Input::Elapsed), ends(board.clone(), good));
    assert_eq!(usize::from(a) + usize::from(b), 1);
    assert_eq!(board.breaker(A).auto_resets_since(Micros(0)), 1, "one automatic reset is one in the count");
    seen.note(if a { "by time" } else { "by a reading" });
}

#[test]
fn two_that_end_one_trip_count_once() {
    explore(&["by time", "by a reading"], |order, seen| contended_reset(order, seen));
}

/// A rung is used up after the trip that fired it. Who finds it used finds the trip, too, and does not take a rung that
/// counts no more for calm.
fn used_rung(order: Order, seen: &Seen) {
    let board = board(1, 1, 1);
    install(&board, A, SCOPE, state(Status::Active, 1));
    let there = board.clone();
    let fires = move || {
        let _moved = real(&there, A, &mut trip);
        there.breaker(A).use_rung(UsedRungs { rung: 1, ..UsedRungs::default() });
    };
    let looks = move || {
        let used = board.breaker(A).used_rungs().rung == 1;
        let status = State::unpack(board.breaker(A).word.load(at::plain())).status;
        assert!(!used || status == Status::Tripped, "used up, and no trip to see");
        used
    };
    seen.note(if duel(order, fires, looks).1 { "used" } else { "not yet" });
}

#[test]
fn a_used_rung_shows_its_trip() {
    explore(&["used", "not yet"], |order, seen| used_rung(order, seen));
}

/// A manual System tells its time after everything that was due has happened: who reads the new time finds it done.
fn time_brings(order: Order, seen: &Seen) {
    let board = board(1, 1, 1);
    install(&board, A, SCOPE, state(Status::Tripped, 1));
    let there = board.clone();
    let advances = move || {
        let _moved = real(&there, A, &mut |state| decide(state, Input::Elapsed));
        there.advance(Nanos(20_000));
    };
    let looks = move || {
        let later = board.now() == Nanos(20_000);
        let status = State::unpack(board.breaker(A).word.load(at::plain())).status;
        assert!(!later || status == Status::Active, "time is past the end, the halt still looks on");
        later
    };
    seen.note(if duel(order, advances, looks).1 { "later" } else { "before" });
}

#[test]
fn the_time_shows_what_it_has_brought() {
    explore(&["later", "before"], |order, seen| time_brings(order, seen));
}

mod twins {
    use super::*;

    #[test]
    #[should_panic(expected = "one transition, one event")]
    fn one_transition_one_event_with_load_then_store() {
        refute(|order, seen| one_winner(broken::stores, order, seen));
    }

    /// The status is Tripped before the reset and after the new trip: only the time and the version tell them apart.
    #[test]
    #[should_panic(expected = "a timer of the old trip ended the new one")]
    fn no_stale_revival_by_a_timer_that_compares_the_status_only() {
        refute(|order, seen| stale_timer(broken::compares_status, order, seen));
    }

    /// Policy (old), reload, word (new), swap: it lands.
    #[test]
    #[should_panic(expected = "an old policy's decision landed on a new word")]
    fn no_stale_revival_by_a_reload_with_policy_before_word() {
        refute(|order, seen| stale_policy(true, order, seen));
    }

    #[test]
    #[should_panic(expected = "a reset that nobody counts")]
    fn whoever_sees_an_automatic_reset_counts_it_with_note_after_swap() {
        refute(|order, seen| counted_reset(broken::notes_after_swap, order, seen));
    }
}
