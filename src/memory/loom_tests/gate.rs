//! The order in which a check reads: from the leaf to the root.

use super::super::gate::Words;
use super::super::orderings::at;
use super::*;
use crate::model::intent::Intent;

const LEAF: ScopeId = ScopeId(1);
const ROOT: ScopeId = ScopeId(0);

/// The check of a gate that reads the root first.
fn root_first(board: &Board) -> bool {
    let root = board.scope(ROOT).load(at::gate_look());
    root | board.scope(LEAF).load(at::gate_look()) == 0
}

/// A halt moves from a leaf up to the root: it is raised there before it is lowered here. A check may come at any time:
/// if it finds the leaf lowered, that look (Acquire, with the Release of the subtraction) has brought the raise of the
/// root, which it reads after. So it denies throughout.
fn moves_up(passes: fn(&Board, &Words) -> bool, order: Order, seen: &Seen) {
    let board = board(2, 2, 1);
    install(&board, 0, LEAF, state(Status::Tripped, 1));
    install(&board, 1, ROOT, state(Status::Active, 1));
    assert!(board.arm().arm());
    let words = Words::new(board.clone(), &[LEAF, ROOT]);
    let (there, checked) = (board.clone(), board.clone());
    let moves = move || {
        let raised = real(&there, 1, &mut trip);
        let lowered = real(&there, 0, &mut reset);
        assert!(raised.is_some() && lowered.is_some());
    };
    let checks = move || {
        assert!(!passes(&checked, &words), "a halt that moved up was missed on the way");
        checked.lanes(LEAF).denies(Intent::Increase)
    };
    seen.note(if duel(order, moves, checks).1 { "leaf denies" } else { "root denies" });
}

#[test]
fn a_halt_that_moves_up_is_never_missed() {
    let outcomes = ["leaf denies", "root denies"];
    explore(&outcomes, |order, seen| moves_up(|_, words| words.quick() == 0, order, seen));
}

/// The slow path reads in the same order.
#[test]
fn a_halt_that_moves_up_is_never_missed_by_the_slow_path() {
    let outcomes = ["leaf denies", "root denies"];
    explore(&outcomes, |order, seen| moves_up(|_, words| words.look().permits(Intent::Increase), order, seen));
}

mod twins {
    use super::*;

    /// Root (zero), the raise, the lowering, leaf (zero): passed.
    #[test]
    #[should_panic(expected = "a halt that moved up was missed on the way")]
    fn a_halt_that_moves_up_is_never_missed_with_root_first() {
        refute(|order, seen| moves_up(|board, _| root_first(board), order, seen));
    }
}
