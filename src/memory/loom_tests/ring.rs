//! The ring of events: nothing torn, nothing lost uncounted, each producer's events in their order.

use std::sync::Arc;

use super::super::orderings::at;
use super::super::ring::Ring;
use super::super::sync::{AtomicU64, Flag};
use super::*;
use crate::model::event::Event;

fn event(n: u64) -> Event {
    Event::from_words([n; 8])
}

/// Two producers, one consumer, and room for one event more: the second finds it, or is counted.
fn counted(order: Order, seen: &Seen) {
    let ring = Arc::new(Ring::new(2));
    ring.push(&event(1));
    let pushes = |ring: Arc<Ring>, n: u64| move || ring.push(&event(n));
    let mut taken = Vec::new();
    let take = |taken: &mut Vec<u64>| {
        if let Some(found) = ring.pop() {
            assert_eq!(found.to_words(), event(found.sequence).to_words(), "torn");
            taken.push(found.sequence);
        }
    };
    race(order, pushes(ring.clone(), 2), pushes(ring.clone(), 3), || take(&mut taken));
    for _ in 0..3 {
        take(&mut taken);
    }
    assert!(ring.is_empty());
    assert_eq!(taken.len() as u64 + ring.lost(), 3, "taken {taken:?}, lost {}", ring.lost());
    assert_eq!(taken.first(), Some(&1), "the oldest first");
    seen.note(if ring.lost() == 0 { "room for both" } else { "one lost" });
}

#[test]
fn nothing_is_torn_and_nothing_lost_uncounted() {
    explore(&["room for both", "one lost"], |order, seen| counted(order, seen));
}

/// Two events of one producer against a consumer that takes in between, over the end of the ring.
fn in_order(order: Order, seen: &Seen) {
    let ring = Arc::new(Ring::new(2));
    ring.push(&event(1));
    let there = ring.clone();
    let pushes = move || {
        there.push(&event(2));
        there.push(&event(3));
    };
    let here = ring.clone();
    let pops = move || [here.pop(), here.pop()].into_iter().flatten().map(|e| e.to_words()).collect::<Vec<_>>();
    let ((), mut taken) = duel(order, pushes, pops);
    seen.note(["", "one while it pushed", "two while it pushed"][taken.len()]);
    taken.extend(core::iter::from_fn(|| ring.pop()).map(|e| e.to_words()));
    let lost = ring.lost();
    let whole: Vec<_> = [1, 2, 3].into_iter().filter(|n| *n < 3 || lost == 0).map(|n| [n; 8]).collect();
    assert_eq!(taken, whole, "torn, or not in the order of their producer");
    seen.note(if lost == 0 { "room for all" } else { "one lost" });
}

#[test]
fn one_producers_events_stay_in_order() {
    let outcomes = ["one while it pushed", "two while it pushed", "room for all", "one lost"];
    explore(&outcomes, |order, seen| in_order(order, seen));
}

/// Closed raise: Release, with the Acquire of the look. The dispatcher looks whether the System has closed, then drains
/// the rings a last time: what was published before the end is still told.
fn told_before_the_end(look_last: bool, order: Order, seen: &Seen) {
    let ring = Arc::new(Ring::new(2));
    let closed = Arc::new(Flag::new());
    let (there, closes) = (ring.clone(), closed.clone());
    let ends = move || {
        there.push(&event(1));
        assert!(closes.raise(), "nobody else closes");
    };
    let drains = move || {
        let early = look_last.then(|| ring.pop());
        let last = closed.is_raised();
        let told = early.unwrap_or_else(|| ring.pop()).is_some();
        assert!(!last || told, "the last look at the ring missed what came before the end");
        last
    };
    seen.note(if duel(order, ends, drains).1 { "the end" } else { "not yet" });
}

#[test]
fn what_comes_before_the_end_is_told() {
    explore(&["the end", "not yet"], |order, seen| told_before_the_end(false, order, seen));
}

mod twins {
    use super::*;

    /// Drains (nothing), the event, the end, looks: gone.
    #[test]
    #[should_panic(expected = "the last look at the ring missed what came before the end")]
    fn what_comes_before_the_end_is_told_with_the_flag_last() {
        refute(|order, seen| told_before_the_end(true, order, seen));
    }

    /// A slot of two words, with its stamp published before or after them, with this order.
    fn slot(before: bool, publish: core::sync::atomic::Ordering, order: Order) {
        let words = Arc::new([AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0)]);
        let there = words.clone();
        let pushes = move || {
            let [stamp, first, second] = &*there;
            if before {
                stamp.store(1, publish);
            }
            first.store(7, at::plain());
            second.store(7, at::plain());
            if !before {
                stamp.store(1, publish);
            }
        };
        let pops = move || {
            let [stamp, first, second] = &*words;
            if stamp.load(at::slot_look()) == 1 {
                assert_eq!((first.load(at::plain()), second.load(at::plain())), (7, 7), "torn");
            }
        };
        duel(order, pushes, pops);
    }

    #[test]
    #[should_panic(expected = "torn")]
    fn nothing_is_torn_with_the_stamp_first() {
        refute(|order, _| slot(true, at::slot_publish(), order));
    }

    #[test]
    #[should_panic(expected = "torn")]
    fn nothing_is_torn_with_a_relaxed_stamp() {
        refute(|order, _| slot(false, at::plain(), order));
    }
}
