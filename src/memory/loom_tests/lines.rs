//! The lines that people and the monitor look at: never torn, never another word's, never older than what named them.

use std::sync::Arc;

use super::super::lines::{ANY_WORD, BreakerLine, Cause, ListenerLine, Said};
use super::super::orderings::at;
use super::*;
use crate::model::reading::{Level, Pending};
use crate::rule::Linear;

/// The word of version `n`; its cause has `n` in all its numbers.
fn word(n: u64) -> u64 {
    state(Status::Tripped, n).pack()
}

fn cause(n: u64) -> Cause {
    Cause { reason: Reason::Limit, value: n as f64, limit: -(n as f64), actor: n as u32, ..Cause::AUTO }
}

/// Two winners publish why, the older one possibly last, while somebody asks. He is shown the cause of his word or none.
fn cause_of_its_word(order: Order, seen: &Seen) {
    let line = Arc::new(BreakerLine::default());
    line.publish_cause(word(1), &cause(1));
    let publishes = |line: Arc<BreakerLine>, n| move || line.publish_cause(word(n), &cause(n));
    let asks = || {
        for n in [1, 2, 3] {
            match line.cause(word(n)) {
                Some(found) => {
                    assert_eq!(found, cause(n), "torn, or another word's");
                    seen.note(["", "the first", "the second", "the third"][n as usize]);
                }
                None => seen.note("none"),
            }
        }
    };
    let ((), (), ()) = race(order, publishes(line.clone(), 2), publishes(line.clone(), 3), asks);
    // Nobody writes any more: what stands is whole.
    let last = [2, 3].into_iter().filter(|n| line.cause(word(*n)) == Some(cause(*n))).count();
    assert_eq!(last, 1);
}

#[test]
fn a_cause_is_whole_and_of_its_word() {
    // Three threads over six words: without a bound this runs for hours.
    explore_bounded(Some(3), &["the first", "the second", "the third", "none"], |order, seen| {
        cause_of_its_word(order, seen)
    });
}

/// The numbers for people: a reader who gets some gets those of one answer.
fn whole_numbers(order: Order, seen: &Seen) {
    let line = Arc::new(ListenerLine::default());
    let answer = |line: &ListenerLine, n| line.publish_numbers(Linear { offset: n, slope: 0.0 }, n);
    answer(&line, 1.0);
    let there = line.clone();
    let reads = move || {
        let found = line.numbers();
        if let Some((value, limit)) = found {
            assert_eq!(value.to_bits(), limit.to_bits(), "torn");
        }
        found.map(|(value, _)| value as usize)
    };
    seen.note(match duel(order, move || answer(&there, 2.0), reads).1 {
        Some(n) => ["", "the first", "the second"][n],
        None => "in between",
    });
}

#[test]
fn numbers_are_never_torn() {
    explore(&["the first", "the second", "in between"], |order, seen| whole_numbers(order, seen));
}

/// What comes true in silence belongs to a word. A monitor that asks for the one or the other gets its own or none.
fn whole_pending(order: Order, seen: &Seen) {
    let line = Arc::new(ListenerLine::default());
    let of = |n: u64| Pending { due: Nanos(n * 1_000), level: Level::Breach, step: Step::FIRST, reason: Reason::Limit };
    let epoch = Epoch(Nanos(0));
    line.publish_pending(word(1), &of(1), epoch);
    let there = line.clone();
    let publishes = move || {
        there.publish_pending(word(2), &of(2), epoch);
        there.publish_pending(ANY_WORD, &of(3), epoch);
    };
    let asks = move || {
        let found = line.pending(word(1), epoch).map(|p| p.due.0 / 1_000);
        assert!(matches!(found, None | Some(1 | 3)), "pending under another word: {found:?}");
        found
    };
    seen.note(match duel(order, publishes, asks).1 {
        Some(1) => "its own",
        Some(_) => "that of any word",
        None => "none",
    });
}

#[test]
fn a_pending_reading_is_of_its_word() {
    explore(&["its own", "that of any word", "none"], |order, seen| whole_pending(order, seen));
}

/// Level: Release, with the Acquire of the look. A feed hears, then says its level: who sees the level sees when it was
/// heard, and does not take a feed that has just begun for one that has been silent since 1970.
fn level_shows_what_was_heard(order: Order, seen: &Seen) {
    let line = Arc::new(ListenerLine::default());
    let there = line.clone();
    let hears = move || {
        there.hear(7, Nanos(5));
        there.publish_level(Said { level: Level::Normal, step: Step::FIRST, reason: Reason::None })
    };
    let looks = move || {
        let level = line.level().level;
        assert!(level == Level::Unready || line.heard() == Nanos(5), "a level that was never heard");
        level
    };
    let (changed, level) = duel(order, hears, looks);
    assert!(changed);
    seen.note(if level == Level::Unready { "not yet" } else { "said" });
}

#[test]
fn a_level_shows_what_was_heard() {
    explore(&["not yet", "said"], |order, seen| level_shows_what_was_heard(order, seen));
}

/// Heard: Release, with the Acquire of the look. Who sees when a value was heard sees the value, or a later one.
fn heard_shows_its_value(order: Order, seen: &Seen) {
    let line = Arc::new(ListenerLine::default());
    let there = line.clone();
    let looks = move || {
        let heard = line.heard() == Nanos(5);
        assert!(!heard || line.last() == 7, "heard, and the value is another");
        heard
    };
    let ((), heard) = duel(order, move || there.hear(7, Nanos(5)), looks);
    seen.note(if heard { "heard" } else { "not yet" });
}

#[test]
fn the_time_of_a_value_shows_the_value() {
    explore(&["heard", "not yet"], |order, seen| heard_shows_its_value(order, seen));
}

/// A feed takes back what was pending, then says its level. Whoever sees the level does not take what was pending under the
/// answer before, and is due by now, for something that has come true since: it would stand in for the breach that he has
/// just been told of.
fn level_ends_what_was_pending(level_first: bool, order: Order, seen: &Seen) {
    let line = Arc::new(ListenerLine::default());
    let epoch = Epoch(Nanos(0));
    let spent = Pending { due: Nanos(1_000), level: Level::Unready, step: Step::FIRST, reason: Reason::NotReady };
    line.publish_pending(ANY_WORD, &spent, epoch);
    let there = line.clone();
    let says = move || {
        let level = || there.publish_level(Said { level: Level::Breach, step: Step::FIRST, reason: Reason::Limit });
        let early = level_first && level();
        there.publish_pending(ANY_WORD, &Pending::NONE, epoch);
        early || level()
    };
    let looks = move || {
        let breach = line.level().level == Level::Breach;
        let pending = line.pending(word(1), epoch);
        assert!(!breach || pending.is_none(), "a breach, and what was pending before it stands for it");
        (breach, pending.is_some())
    };
    let (changed, found) = duel(order, says, looks);
    assert!(changed);
    seen.note(match found {
        (false, true) => "before",
        (false, false) => "in between",
        (true, _) => "after",
    });
}

#[test]
fn a_level_ends_what_was_pending() {
    explore(&["before", "in between", "after"], |order, seen| level_ends_what_was_pending(false, order, seen));
}

/// A new baseline is there before its number is.
fn asked_baseline(order: Order, seen: &Seen) {
    let line = Arc::new(BreakerLine::default());
    let there = line.clone();
    let asks = move || there.ask_rebase(7);
    let looks = move || {
        let (count, to) = line.rebase_asked();
        assert!(count == 0 || to == 7, "asked for a baseline that is not there");
        count
    };
    seen.note(if duel(order, asks, looks).1 == 1 { "asked" } else { "not yet" });
}

#[test]
fn a_new_baseline_is_there_when_it_is_asked_for() {
    explore(&["asked", "not yet"], |order, seen| asked_baseline(order, seen));
}

mod twins {
    use super::super::super::sync::AtomicU64;
    use super::*;

    /// The tag first, then the numbers: between the two the tag vouches for another word's.
    #[test]
    #[should_panic(expected = "torn")]
    fn a_cause_is_whole_and_of_its_word_with_the_tag_first() {
        refute(|order, _| {
            let line = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
            let there = line.clone();
            let publishes = move || {
                there[0].store(word(1), at::tag_publish());
                there[1].store(1, at::plain());
            };
            let asks = move || {
                let [tag, number] = &*line;
                let before = tag.load(at::tag_look());
                let found = number.load(at::plain());
                super::super::super::sync::fence_unless_relaxed(at::numbers_end_fence());
                assert!(before == 0 || tag.load(at::plain()) != before || found == 1, "torn");
            };
            duel(order, publishes, asks);
        });
    }

    #[test]
    #[should_panic(expected = "a breach, and what was pending before it stands for it")]
    fn a_level_ends_what_was_pending_with_the_level_first() {
        refute(|order, seen| level_ends_what_was_pending(true, order, seen));
    }

    /// A writer that does not make the count odd: a reader finds the same count before and after, and halves between.
    #[test]
    #[should_panic(expected = "torn")]
    fn numbers_are_never_torn_with_the_count_at_the_end_only() {
        refute(|order, _| {
            let line = Arc::new([AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0)]);
            let there = line.clone();
            let publishes = move || {
                there[1].store(1, at::plain());
                there[2].store(1, at::plain());
                there[0].store(2, at::numbers_end());
            };
            let reads = move || {
                let before = line[0].load(at::numbers_look());
                let found = [line[1].load(at::plain()), line[2].load(at::plain())];
                super::super::super::sync::fence_unless_relaxed(at::numbers_end_fence());
                assert!(line[0].load(at::plain()) != before || found[0] == found[1], "torn");
            };
            duel(order, publishes, reads);
        });
    }
}
