//! Who begins to listen leaves out no event whose word he does not see.

use std::sync::Arc;

use super::super::numbers::Numbers;
use super::super::orderings::at;
use super::super::sync::AtomicU64;
use super::*;

/// A word moves and its event takes a number; a newcomer looks at the next number and then at the word.
fn arrives(take: fn(&Numbers, &AtomicU64), order: Order, seen: &Seen) {
    let numbers = Arc::new(Numbers::new());
    let word = Arc::new(AtomicU64::new(0));
    let (n, w) = (numbers.clone(), word.clone());
    let moves = move || take(&n, &w);
    let comes = move || (numbers.next(), word.load(at::word_look()));
    let ((), (next, word)) = duel(order, moves, comes);
    assert!(next == 0 || word == 1, "it has left out an event whose word it has not seen");
    seen.note(if next == 0 { "hears of it" } else { "sees it" });
}

fn move_then_number(numbers: &Numbers, word: &AtomicU64) {
    word.store(1, at::plain());
    numbers.take();
}

#[test]
fn who_comes_sees_what_is_left_out() {
    explore(&["hears of it", "sees it"], |order, seen| arrives(move_then_number, order, seen));
}

mod twins {
    use super::*;

    #[test]
    #[should_panic(expected = "left out")]
    fn who_comes_sees_what_is_left_out_with_the_number_first() {
        fn number_then_move(numbers: &Numbers, word: &AtomicU64) {
            numbers.take();
            word.store(1, at::plain());
        }
        refute(|order, seen| arrives(number_then_move, order, seen));
    }
}
