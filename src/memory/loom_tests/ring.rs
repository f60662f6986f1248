//! The ring of events: nothing torn, nothing lost uncounted, each producer's events in their order.

use std::sync::Arc;

use super::super::orderings::at;
use super::super::ring::Ring;
use super::super::sync::AtomicU64;
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
    // Each event is eight words, so without a bound this runs for hours.
    explore_bounded(Some(2), &["room for both", "one lost"], counted);
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
    explore_bounded(Some(3), &outcomes, in_order);
}

mod twins {
    use super::*;

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
