//! Marks are not lost, and nobody sleeps on work.

use std::sync::Arc;

use super::super::dirty::DirtySet;
use super::super::doorbell::Doorbell;
use super::super::orderings::at;
use super::super::ring::Ring;
use super::super::sync::{AtomicU64, OnceLock, fence_unless_relaxed};
use super::*;
use crate::model::event::Event;

/// Two breakers of one group move and mark themselves while the monitor takes: each is taken once, now or next time, and
/// with its mark comes what was done before it.
fn marks(order: Order, seen: &Seen) {
    let set = Arc::new(DirtySet::new(128));
    let moved = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
    let marks = |set: Arc<DirtySet>, moved: Arc<[AtomicU64; 2]>, n: usize| {
        move || {
            moved[n].store(1, at::plain());
            set.mark(70 + n);
        }
    };
    let takes = |taken: &mut [u32; 2]| {
        set.take(|index| {
            taken[index - 70] += 1;
            assert_eq!(moved[index - 70].load(at::plain()), 1, "marked, and its move is not seen");
        });
    };
    let mut taken = [0, 0];
    let (a, b) = (marks(set.clone(), moved.clone(), 0), marks(set.clone(), moved.clone(), 1));
    race(order, a, b, || takes(&mut taken));
    seen.note(["none yet", "one", "both"][taken.iter().sum::<u32>() as usize]);
    takes(&mut taken);
    assert_eq!(taken, [1, 1], "a mark was lost");
    assert!(set.is_empty());
}

#[test]
fn a_mark_is_never_lost() {
    explore(&["none yet", "one", "both"], |order, seen| marks(order, seen));
}

/// A value is told while its neighbour's mark is taken, and told again: by then at the latest it is taken, too.
fn touches(touch: fn(&DirtySet, usize), order: Order, seen: &Seen) {
    let set = Arc::new(DirtySet::new(128));
    set.mark(71);
    let there = set.clone();
    let taken = |set: &DirtySet| {
        let mut taken = 0;
        set.take(|index| taken += u32::from(index == 70));
        taken
    };
    let ((), early) = duel(order, move || touch(&there, 70), {
        let set = set.clone();
        move || taken(&set)
    });
    let late = if early == 0 { taken(&set) } else { 0 };
    seen.note(["not yet", "at once"][(early + late) as usize]);
    touch(&set, 70);
    assert_eq!(early + late + taken(&set), if early + late == 0 { 1 } else { 2 }, "it is never taken again");
}

#[test]
fn a_value_that_is_told_again_is_taken() {
    explore(&["not yet", "at once"], |order, seen| touches(DirtySet::touch, order, seen));
}

/// Work is published, then the bell rung; the sleeper puts its flag up, then looks for work. A wake-up that is lost leaves
/// it parked for ever, which loom reports as a deadlock.
fn rings(ring: fn(&Bell, &AtomicU64), sleep: fn(&Bell, &AtomicU64, &Seen), order: Order, seen: &Seen) {
    let bell = Arc::new(Bell::new());
    let work = Arc::new(AtomicU64::new(0));
    let (there, done, sees) = (bell.clone(), work.clone(), seen.clone());
    let sleeps = move || {
        bell.real.adopt();
        bell.sleeper.get_or_init(loom::thread::current);
        while work.load(at::plain()) == 0 {
            sleep(&bell, &work, &sees);
        }
    };
    duel(order, move || ring(&there, &done), sleeps);
    seen.note("awake");
}

/// The real bell, and the parts of a broken one.
struct Bell {
    real: Doorbell,
    asleep: AtomicU64,
    sleeper: OnceLock<loom::thread::Thread>,
}

impl Bell {
    fn new() -> Self {
        Self { real: Doorbell::new(), asleep: AtomicU64::new(0), sleeper: OnceLock::new() }
    }

    /// As [`Doorbell::ring`] and [`Doorbell::sleep`]; with a fence or without.
    fn ring(&self, fenced: bool) {
        if fenced {
            fence_unless_relaxed(at::cross_fence());
        }
        if self.asleep.load(at::plain()) == 1 && self.asleep.swap(0, at::sleep_flag()) == 1 {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(sleeper) = self.sleeper.get() {
            sleeper.unpark();
        }
    }

    fn sleep(&self, fenced: bool, has_work: impl Fn() -> bool) {
        self.asleep.store(1, at::plain());
        if fenced {
            fence_unless_relaxed(at::cross_fence());
        }
        if !has_work() {
            loom::thread::park();
        }
        self.asleep.store(0, at::plain());
    }
}

fn publish_then_ring(bell: &Bell, work: &AtomicU64) {
    work.store(1, at::slot_publish());
    bell.real.ring();
}

fn sleep(bell: &Bell, work: &AtomicU64, seen: &Seen) {
    bell.real.sleep(None, || {
        let some = work.load(at::slot_look()) != 0;
        seen.note(if some { "work after the flag" } else { "slept" });
        some
    });
}

#[test]
fn nobody_sleeps_on_work() {
    explore(&["awake", "slept", "work after the flag"], |order, seen| rings(publish_then_ring, sleep, order, seen));
}

/// The same with the monitor's own work: a breaker that is marked, and the set that says whether one is.
fn mark_wakes(order: Order, seen: &Seen) {
    let (bell, set) = (Arc::new(Doorbell::new()), Arc::new(DirtySet::new(64)));
    let (there, marked) = (bell.clone(), set.clone());
    let marks = move || {
        marked.mark(0);
        there.ring();
    };
    let sees = seen.clone();
    let monitor = move || {
        bell.adopt();
        let mut taken = 0;
        while taken == 0 {
            set.take(|_| taken += 1);
            if taken == 0 {
                bell.sleep(None, || {
                    let some = !set.is_empty();
                    sees.note(if some { "work after the flag" } else { "slept" });
                    some
                });
            }
        }
        taken
    };
    assert_eq!(duel(order, marks, monitor).1, 1);
}

#[test]
fn a_mark_wakes_the_monitor() {
    explore(&["slept", "work after the flag"], |order, seen| mark_wakes(order, seen));
}

/// A producer loses an event at a full ring while the dispatcher empties it: it is told of the loss, then or next time.
fn loses(has_work: fn(&Ring, u64) -> bool, order: Order, seen: &Seen) {
    let (bell, ring) = (Arc::new(Doorbell::new()), Arc::new(Ring::new(2)));
    let event = Event::from_words([0; 8]);
    (0..2).for_each(|_| ring.push(&event));
    let (there, full) = (bell.clone(), ring.clone());
    let produces = move || {
        full.push(&event);
        there.ring();
    };
    let sees = seen.clone();
    let dispatches = move || {
        bell.adopt();
        let (mut taken, mut rounds) = (0, 0);
        loop {
            // As the dispatcher does: the losses first.
            let lost = ring.lost();
            taken += core::iter::from_fn(|| ring.pop()).count() as u64;
            rounds += 1;
            if taken + lost == 3 {
                sees.note(if lost == 0 { "it fitted" } else { "it was lost" });
                sees.note(if rounds == 1 { "at once" } else { "next time" });
                return;
            }
            bell.sleep(None, || has_work(&ring, lost));
        }
    };
    duel(order, produces, dispatches);
}

#[test]
fn a_loss_wakes_the_dispatcher() {
    explore(&["it fitted", "it was lost", "at once", "next time"], |order, seen| {
        loses(|ring, told| ring.lost() != told || !ring.is_empty(), order, seen)
    });
}

mod twins {
    use super::*;

    /// Does not look at the group again where the bit stands: the one who set it has seen the neighbour's mark there, which was
    /// just being taken.
    #[test]
    #[should_panic(expected = "it is never taken again")]
    fn a_value_that_is_told_again_is_taken_but_by_its_bit_alone() {
        refute(|order, seen| touches(DirtySet::touch_by_its_bit_alone, order, seen));
    }

    /// Looks for events alone: the one who lost his rang before the bed was made.
    #[test]
    #[should_panic(expected = "deadlock")]
    fn a_loss_wakes_the_dispatcher_who_looks_at_events_alone() {
        refute(|order, seen| loses(|ring, _| !ring.is_empty(), order, seen));
    }

    /// The group's bit before the breaker's own: the taker clears the group between the two, and the bit that comes then
    /// is in no group.
    #[test]
    #[should_panic(expected = "a mark was lost")]
    fn a_mark_is_never_lost_with_the_group_first() {
        refute(|order, _| {
            let words = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
            let there = words.clone();
            let marks = move || {
                let [bits, groups] = &*there;
                groups.fetch_or(1, at::dirty_mark());
                bits.fetch_or(1, at::dirty_mark());
            };
            let take = |words: &[AtomicU64; 2]| {
                let [bits, groups] = words;
                groups.swap(0, at::dirty_take()) != 0 && bits.swap(0, at::dirty_take()) != 0
            };
            let taker = words.clone();
            let ((), early) = duel(order, marks, move || take(&taker));
            assert!(early || take(&words), "a mark was lost");
        });
    }

    /// Without fences both looks may miss: the work lies in the one's store buffer and the flag in the other's.
    #[test]
    #[should_panic(expected = "deadlock")]
    fn nobody_sleeps_on_work_without_a_fence_at_the_bell() {
        fn ring(bell: &Bell, work: &AtomicU64) {
            work.store(1, at::slot_publish());
            bell.ring(false);
        }
        refute(|order, seen| rings(ring, |b, work, _| b.sleep(true, || work.load(at::slot_look()) != 0), order, seen));
    }

    #[test]
    #[should_panic(expected = "deadlock")]
    fn nobody_sleeps_on_work_without_a_fence_at_the_bed() {
        fn ring(bell: &Bell, work: &AtomicU64) {
            work.store(1, at::slot_publish());
            bell.ring(true);
        }
        refute(|order, seen| rings(ring, |b, work, _| b.sleep(false, || work.load(at::slot_look()) != 0), order, seen));
    }

    /// Asks who sleeps here before the fence: nobody yet, says a look that is older than the work; and the sleeper, who
    /// has just moved in, does not see the work that is on its way.
    #[test]
    #[should_panic(expected = "deadlock")]
    fn nobody_sleeps_on_work_with_a_look_at_the_sleeper_first() {
        fn ring(bell: &Bell, work: &AtomicU64) {
            work.store(1, at::slot_publish());
            if bell.sleeper.get().is_some() {
                bell.ring(true);
            }
        }
        refute(|order, seen| rings(ring, |b, work, _| b.sleep(true, || work.load(at::slot_look()) != 0), order, seen));
    }

    /// Rings first: the flag is not up yet, then the work comes and nobody tells.
    #[test]
    #[should_panic(expected = "deadlock")]
    fn nobody_sleeps_on_work_that_is_published_after_the_ring() {
        fn ring(bell: &Bell, work: &AtomicU64) {
            bell.real.ring();
            work.store(1, at::slot_publish());
        }
        refute(|order, seen| rings(ring, sleep, order, seen));
    }
}
