//! `transition` with one fault: what the twins run.

use super::super::board::Board;
use super::super::breaker::Moved;
use super::super::orderings::at;
use super::super::sync::{AtomicU64, peek};
use crate::model::machine::Decision;
use crate::model::reason::Reason;
use crate::model::state::State;
use crate::model::status::Status;

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// Adds its lanes after the swap, as one is tempted to.
    AddAfterSwap,
    /// Subtracts before the swap.
    SubtractBeforeSwap,
    /// Does not take back what it had added when it loses.
    KeepsAddition,
    /// Looks and stores instead of comparing and swapping.
    Stores,
    /// Swaps if the status is still the one it decided on, whatever else the word says.
    ComparesStatus,
    /// Notes an automatic reset after the swap.
    NotesAfterSwap,
}

fn transition(board: &Board, index: usize, fault: Fault, decide: &mut dyn FnMut(State) -> Decision) -> Option<Moved> {
    let line = board.breaker(index);
    let mut seen = peek(&line.word, at::word_look());
    loop {
        let before = State::unpack(seen);
        let Decision::Move(after, reason) = decide(before) else { return None };
        let lanes = board.scope(board.scope_of(index));
        let added = (after.denies & !before.denies).as_counts();
        let removed = (before.denies & !after.denies).as_counts();
        let moved = Moved { before, after, reason };
        let auto = is_auto_reset(&moved);
        let noted = (auto && fault != Fault::NotesAfterSwap).then(|| line.note_auto_reset(after.since));
        if fault != Fault::AddAfterSwap {
            add(lanes, added);
        }
        if fault == Fault::SubtractBeforeSwap {
            subtract(lanes, removed);
        }
        match swap(&line.word, seen, after, fault) {
            Ok(()) => {
                if fault == Fault::AddAfterSwap {
                    add(lanes, added);
                }
                if fault != Fault::SubtractBeforeSwap {
                    subtract(lanes, removed);
                }
                if auto && fault == Fault::NotesAfterSwap {
                    let _kept = line.note_auto_reset(after.since);
                }
                return Some(moved);
            }
            Err(now) => {
                if !matches!(fault, Fault::KeepsAddition | Fault::AddAfterSwap) {
                    subtract(lanes, added);
                }
                if fault == Fault::SubtractBeforeSwap {
                    add(lanes, removed);
                }
                if let Some(noted) = noted {
                    line.take_back(noted);
                }
                seen = now;
            }
        }
    }
}

fn is_auto_reset(moved: &Moved) -> bool {
    moved.before.status == Status::Tripped
        && moved.after.status != Status::Tripped
        && matches!(moved.reason, Reason::TimeUp | Reason::Recovered)
}

fn add(lanes: &AtomicU64, counts: u64) {
    if counts != 0 {
        lanes.fetch_add(counts, at::lane_add());
    }
}

fn subtract(lanes: &AtomicU64, counts: u64) {
    if counts != 0 {
        lanes.fetch_sub(counts, at::lane_subtract());
    }
}

fn swap(word: &AtomicU64, seen: u64, after: State, fault: Fault) -> Result<(), u64> {
    match fault {
        Fault::Stores => {
            let now = peek(word, at::word_look());
            if now != seen {
                return Err(now);
            }
            word.store(after.pack(), at::lane_add());
            Ok(())
        }
        Fault::ComparesStatus => {
            let mut now = seen;
            while State::unpack(now).status == State::unpack(seen).status {
                match word.compare_exchange(now, after.pack(), at::word_swap(), at::word_swap_failed()) {
                    Ok(_) => return Ok(()),
                    Err(other) => now = other,
                }
            }
            Err(now)
        }
        _ => word.compare_exchange(seen, after.pack(), at::word_swap(), at::word_swap_failed()).map(drop),
    }
}

macro_rules! faults {
    ($($name:ident = $fault:ident;)+) => {
        $(
            pub(super) fn $name(board: &Board, index: usize, decide: &mut dyn FnMut(State) -> Decision) -> Option<Moved> {
                transition(board, index, Fault::$fault, decide)
            }
        )+
    };
}

faults! {
    without_fault = None;
    add_after_swap = AddAfterSwap;
    subtract_before_swap = SubtractBeforeSwap;
    keeps_addition = KeepsAddition;
    stores = Stores;
    compares_status = ComparesStatus;
    notes_after_swap = NotesAfterSwap;
}
