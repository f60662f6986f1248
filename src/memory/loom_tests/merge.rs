//! Several queues with one ear: nothing lies where nobody looks, nothing torn, nothing lost uncounted, and a queue goes on
//! where its last producer stopped.

use std::sync::Arc;

use loom::thread::ThreadId;

use super::super::merge::{Hand, Hear, Merge};
use super::super::orderings::at;
use super::super::queue::{Queue, Words};
use super::super::sync::{AtomicU64, Turn, fence_unless_relaxed};
use super::*;

/// What was heard, how many were refused, and who has heard.
#[derive(Debug, Default)]
struct Ear(Vec<u64>, usize, Vec<ThreadId>);

impl Hear for Ear {
    fn hear(&mut self, words: Words) {
        assert_eq!(words, [words[0]; 3], "torn");
        self.0.push(words[0]);
        self.2.push(loom::thread::current().id());
    }

    fn refused(&mut self, count: u64) {
        self.1 += count as usize;
    }
}

fn merge(queues: u32, capacity: u32) -> Arc<Merge<Ear>> {
    Arc::new(Merge::new(Ear::default(), queues, capacity))
}

/// What has been heard at the end, when nobody is at it.
fn heard(merge: &Merge<Ear>) -> (Vec<u64>, usize) {
    merge.with_ear(|ear| (ear.0.clone(), ear.1)).unwrap()
}

/// Two threads push once each. Whoever finds the turn taken leaves it to the other, who must not miss it.
fn left(order: Order, seen: &Seen) {
    let merge = merge(2, 1);
    let pushes = |merge: &Arc<Merge<Ear>>, n: u64| {
        let (merge, mut hand) = (merge.clone(), merge.claim().unwrap());
        move || {
            assert!(merge.give(&mut hand, [n; 3]));
            loom::thread::current().id()
        }
    };
    let (a, b) = (pushes(&merge, 1), pushes(&merge, 2));
    let (a, b) = duel(order, a, b);
    let mut all: Vec<_> = merge.with_ear(|ear| ear.0.iter().copied().zip(ear.2.clone()).collect()).unwrap();
    all.sort_unstable_by_key(|(n, _)| *n);
    assert_eq!(all.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [1, 2], "left lying");
    seen.note(match (all[0].1 == a, all[1].1 == b) {
        (true, true) => "each heard his own",
        (false, false) => "each heard the other's",
        _ => "one heard both",
    });
}

#[test]
fn nothing_is_left_lying() {
    explore(&["each heard his own", "one heard both"], |order, seen| left(order, seen));
}

/// One pushes twice into a queue of one place while another pushes, and may be hearing: the second finds its place
/// again, or is refused and counted.
fn counted(order: Order, seen: &Seen) {
    let merge = merge(2, 1);
    let hands = [merge.claim().unwrap(), merge.claim().unwrap()];
    let pushes = |merge: Arc<Merge<Ear>>, mut hand: Hand, times: &'static [u64]| {
        move || times.iter().filter(|n| merge.give(&mut hand, [**n; 3])).count()
    };
    let [first, second] = hands;
    let (a, b) = duel(order, pushes(merge.clone(), first, &[1, 2]), pushes(merge.clone(), second, &[3]));
    let (all, refused) = heard(&merge);
    assert_eq!((all.len(), refused), (a + b, 3 - a - b), "lost uncounted: {all:?}, {refused} refused");
    let own: Vec<_> = all.iter().filter(|n| **n < 3).collect();
    assert!(own.is_sorted(), "not in the order of their thread: {all:?}");
    seen.note(if refused == 0 { "room for all" } else { "one refused" });
}

#[test]
fn nothing_is_lost_uncounted() {
    // Two queues, four rounds of hearing: without a bound this runs for many minutes.
    explore_bounded(Some(3), &["room for all", "one refused"], |order, seen| counted(order, seen));
}

/// Three entries through two places while they are taken.
fn whole(order: Order, seen: &Seen) {
    let queue = Arc::new(Queue::new(2));
    let there = queue.clone();
    let gives = move || {
        let mut place = there.place();
        (1..=3).filter(|n| there.give(&mut place, [*n; 3])).count()
    };
    let here = queue.clone();
    let takes = move || take_all(&here);
    let (given, mut taken) = duel(order, gives, takes);
    seen.note(["none yet", "one while it gave", "two while it gave", "all while it gave"][taken.len()]);
    taken.extend(take_all(&queue));
    assert_eq!(taken, (1..=given as u64).collect::<Vec<_>>(), "lost, or out of order");
    seen.note(if given == 3 { "room for all" } else { "full" });
}

fn take_all(queue: &Queue) -> Vec<u64> {
    let end = queue.end();
    let take = |time| {
        let words = queue.take();
        assert_eq!(words, [time; 3], "torn");
        time
    };
    core::iter::from_fn(|| queue.time(end).map(take)).collect()
}

#[test]
fn an_entry_is_whole() {
    let outcomes = ["none yet", "one while it gave", "two while it gave", "room for all", "full"];
    explore(&outcomes, |order, seen| whole(order, seen));
}

/// A place is given again when what lay in it has been read. No model may show a read what is stored after it, so the
/// taker leaves a word behind where it reads; whoever finds room must find that, too, also one who has the queue anew.
fn given_back(anew: bool, order: Order, seen: &Seen) {
    let (queue, read) = (Arc::new(Queue::new(1)), Arc::new(AtomicU64::new(0)));
    let mut place = queue.place();
    assert!(queue.give(&mut place, [1; 3]));
    let (there, notes) = (queue.clone(), read.clone());
    let takes = move || {
        let end = there.end();
        notes.store(1, at::plain());
        assert_eq!((there.time(end), there.take()), (Some(1), [1; 3]));
    };
    let gives = move || {
        let mut place = if anew { queue.place() } else { place };
        let given = queue.give(&mut place, [2; 3]);
        assert!(!given || read.load(at::plain()) == 1, "given before it was read");
        given
    };
    let ((), given) = duel(order, takes, gives);
    seen.note(if given { "room" } else { "full" });
}

#[test]
fn a_place_is_given_when_it_has_been_read() {
    explore(&["room", "full"], |order, seen| given_back(false, order, seen));
}

#[test]
fn a_place_is_given_when_it_has_been_read_to_a_new_hand() {
    explore(&["room", "full"], |order, seen| given_back(true, order, seen));
}

/// One queue for two threads: whoever comes after the other goes on where he stopped.
fn inherits(order: Order, seen: &Seen) {
    let merge = merge(1, 2);
    let mut first = merge.claim().unwrap();
    let (there, here) = (merge.clone(), merge.clone());
    let hands_over = move || {
        assert!(there.give(&mut first, [1; 3]));
        there.release(&first);
    };
    let takes = move || here.claim().map(|mut hand| here.give(&mut hand, [2; 3]));
    let ((), taken) = duel(order, hands_over, takes);
    let all = heard(&merge).0;
    assert_eq!(all, if taken.is_some() { &[1, 2][..] } else { &[1] }, "it did not go on");
    seen.note(if taken.is_some() { "inherited" } else { "refused" });
}

#[test]
fn a_queue_goes_on_where_it_was_left() {
    explore(&["inherited", "refused"], |order, seen| inherits(order, seen));
}

/// A new producer has the old one's refusals behind it, too.
fn inherits_refusals(order: Order, seen: &Seen) {
    let merge = merge(1, 1);
    let first = merge.claim().unwrap();
    let (there, here) = (merge.clone(), merge.clone());
    let hands_over = move || {
        there.refuse(&first);
        there.release(&first);
    };
    let takes = move || here.claim().map(|hand| here.refuse(&hand)).is_some();
    let ((), taken) = duel(order, hands_over, takes);
    assert_eq!(heard(&merge).1, 1 + usize::from(taken), "a refusal was lost");
    seen.note(if taken { "inherited" } else { "refused" });
}

#[test]
fn refusals_go_on_where_they_were_left() {
    explore(&["inherited", "refused"], |order, seen| inherits_refusals(order, seen));
}

mod twins {
    use super::*;

    /// The protocol of [`Merge`] on words: what was pushed, one each, and what was heard of it.
    struct Parts {
        pushed: [AtomicU64; 2],
        taken: [AtomicU64; 2],
        turn: Turn<u64>,
    }

    #[derive(Clone, Copy, PartialEq)]
    enum Fault {
        None,
        NoFenceBeforeTheTurn,
        NoFenceBehindTheTurn,
        NoSecondLook,
        /// Looks again while he still has the turn.
        LooksWithTheTurn,
    }

    impl Parts {
        fn new() -> Arc<Self> {
            let words = || [AtomicU64::new(0), AtomicU64::new(0)];
            Arc::new(Self { pushed: words(), taken: words(), turn: Turn::new(0) })
        }

        fn push(&self, queue: usize, fault: Fault) {
            self.pushed[queue].store(1, at::queue_publish());
            if fault != Fault::NoFenceBeforeTheTurn {
                fence_unless_relaxed(at::cross_fence());
            }
            while self.try_to_hear(fault) {
                if fault != Fault::NoFenceBehindTheTurn {
                    fence_unless_relaxed(at::cross_fence());
                }
                if matches!(fault, Fault::NoSecondLook | Fault::LooksWithTheTurn) || !self.has_some() {
                    return;
                }
            }
        }

        fn try_to_hear(&self, fault: Fault) -> bool {
            let Some(mut heard) = self.turn.take() else { return false };
            let mut take = || {
                for (pushed, taken) in self.pushed.iter().zip(&self.taken) {
                    if pushed.load(at::queue_look()) != taken.load(at::plain()) {
                        taken.store(1, at::queue_publish());
                        *heard += 1;
                    }
                }
            };
            take();
            if fault == Fault::LooksWithTheTurn && self.has_some() {
                take();
            }
            true
        }

        fn has_some(&self) -> bool {
            let differ =
                |(pushed, taken): (&AtomicU64, &AtomicU64)| pushed.load(at::queue_look()) != taken.load(at::plain());
            self.pushed.iter().zip(&self.taken).any(differ)
        }
    }

    fn left(fault: Fault, order: Order) {
        let parts = Parts::new();
        let pushes = |parts: Arc<Parts>, queue| move || parts.push(queue, fault);
        duel(order, pushes(parts.clone(), 0), pushes(parts.clone(), 1));
        assert_eq!(*parts.turn.take().unwrap(), 2, "left lying");
    }

    /// The copy itself is right: it is the faults that break it.
    #[test]
    fn nothing_is_left_lying_without_a_fault() {
        refute(|order, _| left(Fault::None, order));
    }

    #[test]
    #[should_panic(expected = "left lying")]
    fn nothing_is_left_lying_without_a_fence_before_the_turn() {
        refute(|order, _| left(Fault::NoFenceBeforeTheTurn, order));
    }

    #[test]
    #[should_panic(expected = "left lying")]
    fn nothing_is_left_lying_without_a_fence_behind_the_turn() {
        refute(|order, _| left(Fault::NoFenceBehindTheTurn, order));
    }

    #[test]
    #[should_panic(expected = "left lying")]
    fn nothing_is_left_lying_without_a_second_look() {
        refute(|order, _| left(Fault::NoSecondLook, order));
    }

    #[test]
    #[should_panic(expected = "left lying")]
    fn nothing_is_left_lying_with_a_second_look_before_the_turn_is_free() {
        refute(|order, _| left(Fault::LooksWithTheTurn, order));
    }

    /// An entry whose count is raised before its words are there, or with no order behind them.
    fn entry(count_first: bool, publish: core::sync::atomic::Ordering, order: Order) {
        let words = Arc::new([AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0)]);
        let there = words.clone();
        let gives = move || {
            let [given, first, second] = &*there;
            if count_first {
                given.store(1, publish);
            }
            first.store(7, at::plain());
            second.store(7, at::plain());
            if !count_first {
                given.store(1, publish);
            }
        };
        let takes = move || {
            let [given, first, second] = &*words;
            if given.load(at::queue_look()) == 1 {
                assert_eq!((first.load(at::plain()), second.load(at::plain())), (7, 7), "torn");
            }
        };
        duel(order, gives, takes);
    }

    #[test]
    #[should_panic(expected = "torn")]
    fn an_entry_is_whole_with_its_count_first() {
        refute(|order, _| entry(true, at::queue_publish(), order));
    }

    #[test]
    #[should_panic(expected = "torn")]
    fn an_entry_is_whole_with_a_relaxed_count() {
        refute(|order, _| entry(false, at::plain(), order));
    }

    /// A place that is given back with no order behind its count.
    #[test]
    #[should_panic(expected = "given before it was read")]
    fn a_place_is_given_with_a_relaxed_count() {
        refute(|order, _| {
            let words = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
            let there = words.clone();
            let takes = move || {
                let [taken, read] = &*there;
                read.store(1, at::plain());
                taken.store(1, at::plain());
            };
            let gives = move || {
                let [taken, read] = &*words;
                assert!(taken.load(at::queue_look()) == 0 || read.load(at::plain()) == 1, "given before it was read");
            };
            duel(order, takes, gives);
        });
    }

    /// Two producers in one queue, as if none had to claim it.
    #[test]
    #[should_panic(expected = "it did not go on")]
    fn a_queue_goes_on_with_two_hands() {
        refute(|order, _| {
            let queue = Arc::new(Queue::new(2));
            let gives = |queue: Arc<Queue>, n: u64| {
                move || {
                    let mut place = queue.place();
                    queue.give(&mut place, [n; 3])
                }
            };
            duel(order, gives(queue.clone(), 1), gives(queue.clone(), 2));
            assert_eq!(queue.end(), 2, "it did not go on");
        });
    }

    /// A claim that does not see what the last hand has done.
    #[test]
    #[should_panic(expected = "it did not go on")]
    fn a_queue_goes_on_with_a_relaxed_claim() {
        refute(|order, _| {
            let words = Arc::new([AtomicU64::new(1), AtomicU64::new(0)]);
            let there = words.clone();
            let hands_over = move || {
                let [held, given] = &*there;
                given.store(1, at::queue_publish());
                held.fetch_and(0, at::queue_release());
            };
            let takes = move || {
                let [held, given] = &*words;
                if held.compare_exchange(0, 1, at::plain(), at::plain()).is_ok() {
                    assert_eq!(given.load(at::plain()), 1, "it did not go on");
                }
            };
            duel(order, hands_over, takes);
        });
    }
}
