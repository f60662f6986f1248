//! Models of the memory row: every interleaving, and every value that a weak memory may show, of a few threads.
//!
//! A model can pass without having looked: one execution, or none in which the two sides met. So each says which
//! outcomes it must have seen, and fails if one is missing. It runs four times: in both spawn orders, and with plain as
//! well as with hard looks (see [`peek`](super::sync::peek)). The spawn order matters since loom 0.7 remembers one last
//! access of an atomic: where one thread has looked, and another looks and then stores, the second's own look hides the
//! first's from its store, and the first is never run after it. So outcomes count over both orders.
//!
//! Each model has a twin, the same model on a broken copy, that must fail: it shows that the model sees what it is for.
//! Twins lie in modules called `twins`, which `ci/orderings.sh` leaves out. Models are named by what they promise; how to
//! run them stands in `ci/loom.sh`.

// A model is named by the type of its closure: by the test that it stands in.
#![allow(clippy::redundant_closure, clippy::unwrap_used)]

mod arm;
mod broken;
mod feed;
mod gate;
mod lanes;
mod lines;
mod listener;
mod merge;
mod numbers;
mod permit;
mod prices;
mod ring;
mod tally;
mod wake;
mod word;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::board::Board;
use super::breaker::{Moved, transition};
use super::orderings::{NAMES, weaken};
use super::sync::{lock, look_hard};
use crate::model::caps::Caps;
use crate::model::intent::Lanes;
use crate::model::machine::Decision;
use crate::model::reason::Reason;
use crate::model::scope::ScopeId;
use crate::model::state::{State, Step};
use crate::model::status::Status;
use crate::model::time::{Epoch, Micros, Nanos};

/// Which of two threads is spawned first.
#[derive(Clone, Copy, Debug)]
enum Order {
    Given,
    Turned,
}

/// What a model has seen over its executions. Outside of the model: loom knows nothing of it.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<BTreeMap<&'static str, usize>>>);

const EXECUTIONS: &str = "executions";

impl Seen {
    fn note(&self, outcome: &'static str) {
        *lock(&self.0).entry(outcome).or_default() += 1;
    }

    fn count(&self, outcome: &str) -> usize {
        lock(&self.0).get(outcome).copied().unwrap_or_default()
    }
}

/// Explores `model` to the end, and asserts that it has seen all of `outcomes`, in each of the four ways.
fn explore(outcomes: &[&'static str], model: impl Fn(Order, &Seen) + Copy + Send + Sync + 'static) {
    explore_bounded(None, outcomes, model);
}

/// As [`explore`], with at most so many preemptions an execution: for models that would take hours. Most bugs need two
/// (Musuvathi and Qadeer, PLDI 2007); the caller says why the bound is needed.
fn explore_bounded<M: Fn(Order, &Seen) + Copy + Send + Sync + 'static>(
    preemptions: Option<usize>,
    outcomes: &[&'static str],
    model: M,
) {
    let name = core::any::type_name::<M>().trim_start_matches("haltline::memory::loom_tests::");
    let name = name.replace("::{{closure}}", "");
    drop(weaken::take_used());
    let (mut executions, start) = (Vec::new(), std::time::Instant::now());
    for hard in [false, true] {
        let seen = Seen::default();
        for order in [Order::Given, Order::Turned] {
            let before = seen.count(EXECUTIONS);
            run(preemptions, hard, order, &seen, model);
            executions.push(seen.count(EXECUTIONS) - before);
        }
        assert!(seen.count(EXECUTIONS) > 2, "{name}, hard looks {hard}: one execution is no exploration");
        for outcome in outcomes {
            assert!(seen.count(outcome) > 0, "{name}, hard looks {hard}: never seen: {outcome}");
        }
    }
    let used = weaken::take_used().collect::<Vec<_>>().join(" ");
    println!("model {name}: executions {executions:?} in {:.1?}: {used}", start.elapsed());
}

/// For `ci/orderings.sh`.
#[test]
fn names_of_the_orderings() {
    for (name, order) in NAMES {
        println!("ordering {name} {order}");
    }
}

/// Explores a broken twin, which panics in one of the four ways.
fn refute(twin: impl Fn(Order, &Seen) + Copy + Send + Sync + 'static) {
    for (hard, order) in [(false, Order::Given), (false, Order::Turned), (true, Order::Given), (true, Order::Turned)] {
        run(None, hard, order, &Seen::default(), twin);
    }
}

fn run(
    preemptions: Option<usize>,
    hard: bool,
    order: Order,
    seen: &Seen,
    model: impl Fn(Order, &Seen) + Send + Sync + 'static,
) {
    let mut builder = loom::model::Builder::new();
    // Whatever the environment says: these two would stop early and pass.
    (builder.max_duration, builder.max_permutations) = (None, None);
    builder.preemption_bound = preemptions;
    let seen = seen.clone();
    look_hard(hard);
    builder.check(move || {
        seen.note(EXECUTIONS);
        model(order, &seen);
    });
    look_hard(false);
}

/// Runs `a` and `b` on threads of their own and `here` beside them.
fn race<A: 'static, B: 'static, C>(
    order: Order,
    a: impl FnOnce() -> A + 'static,
    b: impl FnOnce() -> B + 'static,
    here: impl FnOnce() -> C,
) -> (A, B, C) {
    let (a, b) = match order {
        Order::Given => {
            let a = loom::thread::spawn(a);
            (a, loom::thread::spawn(b))
        }
        Order::Turned => {
            let b = loom::thread::spawn(b);
            (loom::thread::spawn(a), b)
        }
    };
    let c = here();
    (a.join().unwrap(), b.join().unwrap(), c)
}

/// Runs `a` and `b`, one on a thread of its own and one here: one thread less to explore.
fn duel<A: 'static, B: 'static>(
    order: Order,
    a: impl FnOnce() -> A + 'static,
    b: impl FnOnce() -> B + 'static,
) -> (A, B) {
    match order {
        Order::Given => {
            let a = loom::thread::spawn(a);
            let b = b();
            (a.join().unwrap(), b)
        }
        Order::Turned => {
            let b = loom::thread::spawn(b);
            let a = a();
            (a, b.join().unwrap())
        }
    }
}

/// As small as a Board can be for a model.
fn board(scopes: u32, breakers: u32, listeners: u32) -> Arc<Board> {
    let caps = Caps { scopes, breakers, listeners, ring: 2, ..Caps::default() };
    Arc::new(Board::new(&caps, Epoch(Nanos(0))).unwrap())
}

const SCOPE: ScopeId = ScopeId(0);

/// A state that is entered at `since` and denies what its status usually does.
fn state(status: Status, since: u64) -> State {
    let denies = match status {
        Status::Tripped | Status::Cooldown => Lanes::HALT,
        _ => Lanes::NONE,
    };
    State { status, denies, step: Step::FIRST, generation: 0, since: Micros(since) }
}

/// Puts a breaker into service on a scope, in this state.
fn install(board: &Board, index: usize, scope: ScopeId, state: State) {
    board.breaker(index).clear(u64::from(scope.0));
    let moved = transition(board, index, |_| Decision::Move(state, Reason::Installed));
    assert_eq!(moved.unwrap().unwrap().after, state);
}

/// A function that moves a breaker's word: the real one or a broken one.
type Run = fn(&Board, usize, &mut dyn FnMut(State) -> Decision) -> Option<Moved>;

fn real(board: &Board, index: usize, decide: &mut dyn FnMut(State) -> Decision) -> Option<Moved> {
    transition(board, index, decide).unwrap()
}

/// Tripped unless it is already.
fn trip(state: State) -> Decision {
    match state.status {
        Status::Tripped => Decision::Stay,
        _ => Decision::Move(state.enter(Status::Tripped, Lanes::HALT, Step::FIRST, state.since), Reason::Manual),
    }
}

/// Active if it is tripped.
fn reset(state: State) -> Decision {
    match state.status {
        Status::Tripped => {
            Decision::Move(state.enter(Status::Active, Lanes::NONE, Step::FIRST, state.since), Reason::Reset)
        }
        _ => Decision::Stay,
    }
}
