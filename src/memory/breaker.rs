//! One transition of one breaker: the state machine run in a compare-and-swap loop on its word.
//!
//! Lock-free: a lost swap means that another transition of the same breaker has won. The order of the three steps is
//! argued in [`board`](super::board). No allocation.

use super::board::Board;
use super::orderings::at;
use super::sync::peek;
use crate::model::machine::{Decision, Refusal};
use crate::model::reason::Reason;
use crate::model::state::State;
use crate::model::status::Status;

/// A transition that was won. Only the winner holds one, so only the winner can tell of it: one transition, one event.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use = "the winner of a transition owes its event"]
pub(crate) struct Moved {
    pub(crate) before: State,
    pub(crate) after: State,
    pub(crate) reason: Reason,
}

impl Moved {
    /// Whether time or a reading, not a person, has ended a trip.
    fn is_auto_reset(before: State, after: State, reason: Reason) -> bool {
        before.status == Status::Tripped
            && after.status != Status::Tripped
            && matches!(reason, Reason::TimeUp | Reason::Recovered)
    }
}

/// Runs `decide` on the word until its decision lands or there is none.
///
/// `decide` is called after each look at the word, and must read whatever else it decides on (the policy first of all)
/// inside that call: a reload publishes its policies before it moves the words, so a decision made on an old policy
/// meets a moved word and loses the swap.
pub(crate) fn transition(
    board: &Board,
    index: usize,
    mut decide: impl FnMut(State) -> Decision,
) -> Result<Option<Moved>, Refusal> {
    let line = board.breaker(index);
    let mut seen = peek(&line.word, at::word_look());
    loop {
        let before = State::unpack(seen);
        let (after, reason) = match decide(before) {
            Decision::Stay => return Ok(None),
            Decision::Refuse(refusal) => return Err(refusal),
            Decision::Move(after, reason) => (after, reason),
        };
        // The scope belongs to the word: it changes only under a Retired one, and no word comes twice, so if the swap
        // below succeeds, this was the scope throughout.
        let lanes = board.scope(board.scope_of(index));
        let added = (after.denies & !before.denies).as_counts();
        let removed = (before.denies & !after.denies).as_counts();
        let noted = Moved::is_auto_reset(before, after, reason).then(|| line.note_auto_reset(after.since));
        if added != 0 {
            lanes.fetch_add(added, at::lane_add());
        }
        match line.word.compare_exchange(seen, after.pack(), at::word_swap(), at::word_swap_failed()) {
            Ok(_) => {
                if removed != 0 {
                    lanes.fetch_sub(removed, at::lane_subtract());
                }
                return Ok(Some(Moved { before, after, reason }));
            }
            Err(now) => {
                if added != 0 {
                    lanes.fetch_sub(added, at::lane_subtract());
                }
                if let Some(noted) = noted {
                    line.take_back(noted);
                }
                seen = now;
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::caps::Caps;
    use crate::model::intent::Lanes;
    use crate::model::scope::ScopeId;
    use crate::model::state::Step;
    use crate::model::time::{Epoch, Micros};
    use proptest::prelude::*;

    fn board(breakers: usize) -> Board {
        let board =
            Board::new(&Caps { scopes: 2, breakers: 8, listeners: 1, ring: 2, ..Caps::default() }, Epoch::default())
                .unwrap();
        (0..breakers).for_each(|i| board.breaker(i).clear((i % 2) as u64));
        board
    }

    fn to(state: State, status: Status, denies: u64, now: u64) -> Decision {
        let next = state.enter(status, Lanes::from_bits(denies), Step::FIRST, Micros(now));
        Decision::Move(next, Reason::Limit)
    }

    proptest! {
        #[test]
        fn exact_at_rest_after_any_sequence(moves in proptest::collection::vec((0usize..8, 0u8..8, 0u64..16), 0..200)) {
            let board = board(8);
            for (now, (index, status, denies)) in moves.into_iter().enumerate() {
                let status = Status::from_raw(status).unwrap();
                let moved = transition(&board, index, |state| to(state, status, denies, now as u64 / 3)).unwrap();
                prop_assert_eq!(board.word(index), moved.unwrap().after.pack());
                for scope in [ScopeId::ROOT, ScopeId(1)] {
                    prop_assert_eq!(board.scope(scope).load(at::gate_look()), board.recount(scope, 8));
                }
            }
        }
    }

    #[test]
    fn a_decision_that_meets_another_word_is_made_again() {
        let board = board(1);
        let mut looks = 0;
        let moved = transition(&board, 0, |state| {
            looks += 1;
            if looks == 1 {
                let _other = transition(&board, 0, |state| to(state, Status::Warning, 0b1000, 5)).unwrap();
            }
            to(state, Status::Tripped, 0b0011, 9)
        });
        assert_eq!((looks, moved.unwrap().unwrap().before.status), (2, Status::Warning));
        assert_eq!(board.lanes(ScopeId::ROOT), Lanes::HALT);
    }

    #[test]
    fn who_stays_or_is_refused_changes_nothing() {
        let board = board(1);
        assert_eq!(transition(&board, 0, |_| Decision::Stay), Ok(None));
        assert_eq!(transition(&board, 0, |_| Decision::Refuse(Refusal::WrongStatus)), Err(Refusal::WrongStatus));
        assert_eq!((board.word(0), board.lanes(ScopeId::ROOT)), (0, Lanes::NONE));
    }
}
