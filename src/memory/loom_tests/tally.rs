//! Tallies: exact at rest, nothing twice, nothing of another bucket, and a slot that goes from hand to hand keeps its counts.
//!
//! Windows of one bucket of one nanosecond, so a ring has three places: bucket 3 lies where bucket 0 lay.

use core::time::Duration;
use std::sync::Arc;

use super::super::orderings::at;
use super::super::sync::AtomicU64;
use super::super::tally::line::{BucketLine, RestLine, Tag};
use super::super::tally::{Tally, TallyHandle};
use super::*;
use crate::model::tally::Amounts;
use crate::model::units::Money;

fn tally(handles: u32) -> Arc<Tally> {
    Arc::new(Tally::new(Duration::from_nanos(1), 1, handles).unwrap())
}

/// `n` in three of the numbers.
fn all(n: u64) -> Amounts {
    Amounts { success: n, slow: n, pnl: Money::from_raw(n as i64), ..Amounts::NONE }
}

fn success(n: u64) -> Amounts {
    Amounts { success: n, ..Amounts::NONE }
}

fn records(handle: &mut TallyHandle, bucket: u64, amounts: Amounts) {
    handle.record(Nanos(bucket), amounts);
}

/// Two threads ask for handles and record. No slot has two hands, and nothing is missing.
fn claims(handles: u32, order: Order, seen: &Seen) {
    let tally = tally(handles);
    let counts = |tally: Arc<Tally>| {
        move || {
            let mut handle = tally.handle();
            if let Some(handle) = &mut handle {
                records(handle, 0, success(1));
            }
            // Held to the end.
            handle
        }
    };
    let (a, b) = duel(order, counts(tally.clone()), counts(tally.clone()));
    let held = [&a, &b].into_iter().flatten().count() as u64;
    assert_eq!(held, handles.into(), "a free slot was refused, or one was held twice");
    assert_eq!(tally.totals().amounts.success, held, "a record is missing");
    assert_eq!(tally.sums(Nanos(0)).amounts.success, held, "a record is missing");
    seen.note(if a.is_some() { "the first has one" } else { "the second has it" });
}

#[test]
fn two_claimers_get_two_slots() {
    explore(&["the first has one"], |order, seen| claims(2, order, seen));
}

#[test]
fn two_claimers_never_get_one_slot() {
    explore(&["the first has one", "the second has it"], |order, seen| claims(1, order, seen));
}

/// Two threads record, each by its handle, while somebody adds up.
fn exact_at_rest(order: Order, seen: &Seen) {
    let tally = tally(2);
    let counts = |bucket: u64, amounts: Amounts| {
        let mut handle = tally.handle().unwrap();
        move || records(&mut handle, bucket, amounts)
    };
    let (one, two) = (counts(0, success(1)), counts(1, success(1)));
    let there = tally.clone();
    let asks = move || there.sums(Nanos(1)).amounts.success;
    let ((), found, ()) = race(order, one, asks, two);
    seen.note(["none", "one", "both"][found as usize]);
    assert_eq!(tally.sums(Nanos(1)).amounts.success, 2, "a record is missing");
    assert_eq!(tally.totals().amounts.success, 2, "a record is missing");
}

#[test]
fn sums_are_exact_at_rest() {
    explore(&["none", "one", "both"], |order, seen| exact_at_rest(order, seen));
}

/// One slot for two threads: whoever comes after the other goes on from his counts.
fn inherits(order: Order, seen: &Seen) {
    let tally = tally(1);
    let mut first = tally.handle().unwrap();
    records(&mut first, 0, success(1));
    let hands_over = move || {
        records(&mut first, 0, success(1));
        drop(first);
    };
    let there = tally.clone();
    let takes = move || match there.handle() {
        Some(mut handle) => {
            records(&mut handle, 0, success(1));
            true
        }
        None => false,
    };
    let ((), taken) = duel(order, hands_over, takes);
    assert_eq!(tally.totals().amounts.success, 2 + u64::from(taken), "the counts did not go on");
    seen.note(if taken { "inherited" } else { "refused" });
}

#[test]
fn a_slot_goes_on_where_it_was_left() {
    explore(&["inherited", "refused"], |order, seen| inherits(order, seen));
}

/// A line goes from bucket 0 to bucket 3 while somebody asks for the windows of both.
fn recycled(order: Order, seen: &Seen) {
    let tally = tally(1);
    let mut handle = tally.handle().unwrap();
    records(&mut handle, 0, all(1));
    let goes_on = move || {
        records(&mut handle, 3, all(5));
        // A record in flight is seen from its outcome on.
        records(&mut handle, 3, all(2));
    };
    let there = tally.clone();
    let asks = move || {
        let old = there.sums(Nanos(0)).amounts;
        assert!(old == all(1) || old == Amounts::NONE, "of two buckets: {old:?}");
        let new = there.sums(Nanos(3)).amounts;
        let [success, slow, pnl] = [new.success, new.slow, new.pnl.raw() as u64];
        assert!([success, slow, pnl].iter().all(|n| [0, 5, 7].contains(n)), "of two buckets: {new:?}");
        assert!(pnl <= slow && slow <= success, "money before its call: {new:?}");
        (old.success, success, pnl)
    };
    seen.note(match duel(order, goes_on, asks).1 {
        (1, ..) => "the old bucket",
        (_, 0, _) => "neither",
        (_, 7, 5) => "a record in part",
        _ => "the new bucket",
    });
    assert_eq!(tally.sums(Nanos(3)).amounts, all(7));
    assert_eq!(tally.totals().amounts, all(8));
}

#[test]
fn no_sum_is_of_two_buckets() {
    let outcomes = ["the old bucket", "neither", "a record in part", "the new bucket"];
    explore(&outcomes, |order, seen| recycled(order, seen));
}

/// Who sees a record in a bucket sees all that was recorded before it in older ones.
fn in_order(order: Order, seen: &Seen) {
    let tally = tally(1);
    let mut handle = tally.handle().unwrap();
    records(&mut handle, 0, success(1));
    records(&mut handle, 1, success(1));
    let goes_on = move || {
        records(&mut handle, 0, Amounts::FAILURE);
        records(&mut handle, 1, Amounts::IGNORED);
    };
    let asks = move || {
        let found = tally.sums(Nanos(1)).amounts;
        assert!(found.ignored == 0 || found.failure == 1, "a later record without an earlier one");
        (found.failure, found.ignored)
    };
    seen.note(match duel(order, goes_on, asks).1 {
        (0, 0) => "none",
        (1, 0) => "the first",
        _ => "both",
    });
}

#[test]
fn who_sees_a_record_sees_the_earlier_ones_of_older_buckets() {
    explore(&["none", "the first", "both"], |order, seen| in_order(order, seen));
}

/// Somebody adds up everything while bucket 0 goes into the rest and out of the ring, or while a late record comes.
fn counted_once(late: bool, order: Order, seen: &Seen) {
    let tally = tally(1);
    let mut handle = tally.handle().unwrap();
    let (before, then) = if late { (3, 0) } else { (0, 3) };
    records(&mut handle, before, success(1));
    let there = tally.clone();
    let asks = move || there.totals().amounts.success;
    let found = duel(order, move || records(&mut handle, then, success(10)), asks).1;
    seen.note(match found {
        1 => "before",
        11 => "after",
        _ => panic!("missing or twice: {found}"),
    });
    let totals = tally.totals();
    assert_eq!((totals.amounts.success, totals.late), (11, late.into()));
}

#[test]
fn totals_have_every_record_once() {
    explore(&["before", "after"], |order, seen| counted_once(false, order, seen));
}

#[test]
fn totals_have_a_late_record_once() {
    explore(&["before", "after"], |order, seen| counted_once(true, order, seen));
}

/// The rest is replaced twice while it is read: the second time in the copy that stood first.
fn whole_rest(order: Order, seen: &Seen) {
    let rest = Arc::new(RestLine::default());
    rest.fold(Tag::of(0), success(1));
    let there = rest.clone();
    let folds = move || {
        there.fold(Tag::of(1), success(1));
        there.fold(Tag::of(2), success(1));
    };
    let reads = move || {
        let found = rest.read();
        assert_eq!(found.folded, Tag::of(found.amounts.success - 1), "torn");
        found.amounts.success
    };
    seen.note(["", "one", "two", "three"][duel(order, folds, reads).1 as usize]);
}

#[test]
fn the_rest_is_whole() {
    explore(&["one", "two", "three"], |order, seen| whole_rest(order, seen));
}

mod twins {
    use super::*;

    /// A slot and its line, claimed in a faulty way.
    fn claimed(look_and_store: bool, claim: core::sync::atomic::Ordering, order: Order) {
        let slot = Arc::new((AtomicU64::new(0), BucketLine::default()));
        slot.1.begin(Tag::of(0), success(0));
        let counts = |slot: Arc<(AtomicU64, BucketLine)>| {
            move || {
                let (word, line) = &*slot;
                let mine = match look_and_store {
                    true if word.load(claim) == 0 => {
                        word.store(1, at::tally_release());
                        true
                    }
                    true => false,
                    false => word.compare_exchange(0, 1, claim, at::plain()).is_ok(),
                };
                if mine {
                    line.add(&success(1));
                    word.store(0, at::tally_release());
                }
                u64::from(mine)
            }
        };
        let (a, b) = duel(order, counts(slot.clone()), counts(slot.clone()));
        assert_eq!(slot.1.own().1.success, a + b, "the counts did not go on");
    }

    #[test]
    #[should_panic(expected = "the counts did not go on")]
    fn two_claimers_never_get_one_slot_with_a_look_and_a_store() {
        refute(|order, _| claimed(true, at::tally_claim(), order));
    }

    #[test]
    #[should_panic(expected = "the counts did not go on")]
    fn a_slot_goes_on_where_it_was_left_with_a_relaxed_claim() {
        refute(|order, _| claimed(false, at::plain(), order));
    }

    /// Two threads with one line: what a tally without slots would be.
    #[test]
    #[should_panic(expected = "a record is missing")]
    fn two_claimers_are_exact_at_rest_in_one_line() {
        refute(|order, _| {
            let line = Arc::new(BucketLine::default());
            line.begin(Tag::of(0), success(0));
            let counts = |line: Arc<BucketLine>| move || line.add(&success(1));
            duel(order, counts(line.clone()), counts(line.clone()));
            assert_eq!(line.own().1.success, 2, "a record is missing");
        });
    }

    /// A line that goes to another bucket with its tag changed once, before or after its number.
    fn tagged(tag_first: bool, order: Order) {
        let line = Arc::new([AtomicU64::new(1), AtomicU64::new(1)]);
        let there = line.clone();
        let begins = move || {
            let [tag, number] = &*there;
            if tag_first {
                tag.store(4, at::tally_tag());
            }
            number.store(5, at::tally_number());
            if !tag_first {
                tag.store(4, at::tally_tag());
            }
        };
        let asks = move || {
            let [tag, number] = &*line;
            let before = tag.load(at::tally_look());
            let found = number.load(at::tally_look());
            let whole = found == if before == 1 { 1 } else { 5 };
            assert!(tag.load(at::tally_look()) != before || whole, "of two buckets");
        };
        duel(order, begins, asks);
    }

    #[test]
    #[should_panic(expected = "of two buckets")]
    fn no_sum_is_of_two_buckets_with_the_tag_first() {
        refute(|order, _| tagged(true, order));
    }

    #[test]
    #[should_panic(expected = "of two buckets")]
    fn no_sum_is_of_two_buckets_with_the_tag_last() {
        refute(|order, _| tagged(false, order));
    }

    /// From the oldest to the newest: the later record comes between the two looks, and the earlier one before it.
    #[test]
    #[should_panic(expected = "a later record without an earlier one")]
    fn who_sees_a_record_sees_the_earlier_ones_from_the_oldest_on() {
        refute(|order, _| {
            let lines = Arc::new([BucketLine::default(), BucketLine::default()]);
            lines.iter().zip(0..).for_each(|(line, bucket)| line.begin(Tag::of(bucket), success(0)));
            let there = lines.clone();
            let goes_on = move || there.iter().for_each(|line| line.add(&success(1)));
            let asks = move || {
                let [older, newer] = [0, 1].map(|b| lines[b].numbers_of(Tag::of(b as u64)).unwrap().success);
                assert!(newer == 0 || older == 1, "a later record without an earlier one");
            };
            duel(order, goes_on, asks);
        });
    }

    /// A bucket that goes into the rest, with one fault.
    fn folded(fold_last: bool, heed_folded: bool, look_again: bool, order: Order) {
        let lane = Arc::new((RestLine::default(), BucketLine::default()));
        let (old, new) = (Tag::of(0), Tag::of(3));
        lane.1.begin(old, success(1));
        let there = lane.clone();
        let goes_on = move || {
            let (rest, line) = &*there;
            if !fold_last {
                rest.fold(old, success(1));
            }
            line.begin(new, success(10));
            if fold_last {
                rest.fold(old, success(1));
            }
        };
        let asks = move || {
            let (rest, line) = &*lane;
            let before = rest.read();
            let tag = line.tag();
            let in_ring = match line.numbers_of(tag) {
                Some(_) if heed_folded && tag == before.folded => 0,
                Some(found) => found.success,
                None => return,
            };
            if !look_again || rest.count() == before.count {
                let found = before.amounts.success + in_ring;
                assert!(found == 1 || found == 11, "missing or twice: {found}");
            }
        };
        duel(order, goes_on, asks);
    }

    #[test]
    #[should_panic(expected = "missing or twice: 0")]
    fn totals_have_every_record_once_with_the_rest_last() {
        refute(|order, _| folded(true, true, true, order));
    }

    #[test]
    #[should_panic(expected = "missing or twice: 2")]
    fn totals_have_every_record_once_without_what_the_rest_says() {
        refute(|order, _| folded(false, false, true, order));
    }

    #[test]
    #[should_panic(expected = "missing or twice: 0")]
    fn totals_have_every_record_once_without_a_second_look_at_the_rest() {
        refute(|order, _| folded(false, true, false, order));
    }

    /// The rest in one copy, whose count is moved at the end.
    #[test]
    #[should_panic(expected = "torn")]
    fn the_rest_is_whole_in_one_copy() {
        refute(|order, _| {
            let words = Arc::new([AtomicU64::new(1), AtomicU64::new(1), AtomicU64::new(1)]);
            let there = words.clone();
            let folds = move || {
                there[1].store(2, at::tally_number());
                there[2].store(2, at::tally_number());
                there[0].store(2, at::tally_tag());
            };
            let reads = move || {
                let before = words[0].load(at::tally_look());
                let found = [words[1].load(at::tally_look()), words[2].load(at::tally_look())];
                assert!(words[0].load(at::tally_look()) != before || found[0] == found[1], "torn");
            };
            duel(order, folds, reads);
        });
    }
}
