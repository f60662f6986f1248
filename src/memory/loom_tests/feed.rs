//! Where feeds, resets and reloads meet.

use std::sync::Arc;

use super::super::lines::{ListenerLine, Said};
use super::super::orderings::at;
use super::super::sync::{AtomicU64, fence_unless_relaxed};
use super::*;
use crate::circuit::{Circuit, Clock};
use crate::feed::FeedCell;
use crate::model::caps::Skew;
use crate::model::event::BreakerId;
use crate::model::kind::Kind;
use crate::model::machine::Input;
use crate::model::policy::Policy;
use crate::model::reading::Level;
use crate::model::status::{Authority, Signed};
use crate::rule::RuleSpec;
use crate::rule::operator::KillSwitch;
use crate::snapshot::{Entry, Snapshot, Watch};

const A: usize = 0;

const BREACH: Said = Said { level: Level::Breach, step: Step::FIRST, reason: Reason::Limit };
const DOUBT: Said = Said { level: Level::Unready, step: Step::FIRST, reason: Reason::NotReady };
const CALM: Said = Said { level: Level::Normal, step: Step::FIRST, reason: Reason::None };

/// What a model of the breach that meets a reset leaves out.
#[derive(Clone, Copy, PartialEq)]
enum Without {
    Nothing,
    SecondLook,
    FenceOfTheFeed,
    FenceOfTheReset,
}

/// A feed's level: the real line, and a bare word for a feed without a fence.
#[derive(Default)]
struct Ear {
    line: ListenerLine,
    bare: AtomicU64,
}

impl Ear {
    fn say(&self, without: Without) {
        if without == Without::FenceOfTheFeed {
            self.bare.store(1, at::level_publish());
        } else {
            self.line.publish_level(BREACH);
        }
    }

    fn breaches(&self) -> bool {
        self.line.level().level == Level::Breach || self.bare.load(at::level_look()) == 1
    }
}

/// The breaker is tripped and its feed calm. A breach comes: the feed notes it, then looks at the word, which is tripped,
/// so there is nothing to do. At the same time somebody resets the breaker: he looks at the note, which is calm, so the
/// cause is gone, and swaps the word. With a fence between note and look on both sides one of them sees the other: the
/// feed a word that is not tripped, or the reset, looking again, the breach. Nothing later would trip this breaker: the
/// feed may be silent for long.
fn breach_meets_reset(without: Without, order: Order, seen: &Seen) {
    let board = board(1, 1, 1);
    install(&board, A, SCOPE, state(Status::Tripped, 1));
    let ear = Arc::new(Ear::default());
    ear.line.publish_level(CALM);
    let (there, heard) = (board.clone(), ear.clone());
    let feed = move || {
        heard.say(without);
        real(&there, A, &mut trip).is_some()
    };
    let resets = board.clone();
    let operator = move || {
        let moved = real(&resets, A, &mut |state| if ear.breaches() { Decision::Stay } else { reset(state) });
        if moved.is_none() || without == Without::SecondLook {
            return (moved.is_some(), false);
        }
        if without != Without::FenceOfTheReset {
            fence_unless_relaxed(at::cross_fence());
        }
        (true, ear.breaches() && real(&resets, A, &mut trip).is_some())
    };
    let (tripped, (reset, again)) = duel(order, feed, operator);
    assert_eq!(board.state(A).status, Status::Tripped, "a breach that stands, and nothing tripped");
    assert_eq!(board.scope(SCOPE).load(at::gate_look()), Lanes::HALT.as_counts());
    seen.note(match (reset, tripped, again) {
        (false, ..) => "the cause stood",
        (true, true, _) => "the feed tripped",
        (true, false, _) => "the second look tripped",
    });
}

#[test]
fn a_breach_that_meets_a_reset_trips() {
    let outcomes = ["the cause stood", "the feed tripped", "the second look tripped"];
    explore(&outcomes, |order, seen| breach_meets_reset(Without::Nothing, order, seen));
}

/// A System's heart with one breaker that hears one feed.
fn circuit() -> Arc<Circuit> {
    let caps = Caps { scopes: 1, breakers: 1, listeners: 1, ring: 2, ..Caps::default() };
    let board = Board::new(&caps, Epoch(Nanos(0))).unwrap();
    install(&board, A, SCOPE, state(Status::Tripped, 1));
    let entry = Entry {
        id: BreakerId::new(0, 0),
        name: "drawdown".into(),
        kind: Kind::KillSwitch,
        scope: SCOPE,
        rule: RuleSpec::KillSwitch(KillSwitch::default()),
        policy: Policy::default(),
        watch: vec![Watch { scope: SCOPE, line: 0 }],
        grid: None,
        revision: 1,
        implicit: false,
        retired: false,
    };
    let snapshot = Snapshot { entries: vec![Some(Arc::new(entry))], ..Snapshot::default() };
    Arc::new(Circuit::new(board, snapshot, &caps, Skew::default(), Clock::Manual))
}

/// The same with the real machine, events and all; for a breach and for doubt. What the feed says last decides whether
/// the reset leaves the breaker tripped, or at least denying.
fn word_meets_reset_in_the_circuit(said: Said, order: Order, seen: &Seen) {
    let circuit = circuit();
    let id = BreakerId::new(0, 0);
    let line = circuit.board.listener(0);
    line.hear(7, Nanos(1));
    line.publish_level(CALM);
    let word = circuit.board.word(A);
    let (there, here) = (circuit.clone(), circuit.clone());
    let feed = move || {
        there.board.listener(0).publish_level(said);
        let input = Input::Read(said.level, said.step, said.reason);
        there.put(id, input, Nanos(2_000), Signed::AUTO).unwrap().is_some()
    };
    let operator = move || {
        let input = Input::Reset { seen: word, by: Authority::Admin, force: false };
        here.put(id, input, Nanos(2_000), Signed::AUTO).is_ok()
    };
    let (moved, reset) = duel(order, feed, operator);
    let state = circuit.board.state(A);
    assert!(
        said.level != Level::Breach || state.status == Status::Tripped,
        "a breach that stands, and nothing tripped"
    );
    assert_eq!(state.denies, Lanes::HALT, "doubt that stands, and nothing denies");
    assert_eq!(circuit.board.scope(SCOPE).load(at::gate_look()), Lanes::HALT.as_counts());
    seen.note(match (reset, moved) {
        (false, _) => "the cause stood",
        (true, true) => "the feed moved it",
        (true, false) => "the reset or its second look did",
    });
}

#[test]
fn a_breach_that_meets_a_reset_trips_in_the_circuit() {
    let outcomes = ["the cause stood", "the feed moved it", "the reset or its second look did"];
    // Causes, marks, bells and events come with each transition: without a bound this runs for hours.
    explore_bounded(Some(4), &outcomes, |order, seen| word_meets_reset_in_the_circuit(BREACH, order, seen));
}

#[test]
fn doubt_that_meets_a_reset_denies() {
    let outcomes = ["the feed moved it", "the reset or its second look did"];
    // As above.
    explore_bounded(Some(3), &outcomes, |order, seen| word_meets_reset_in_the_circuit(DOUBT, order, seen));
}

/// Panel publish: Release, with the Acquire of the look. The mailbox of a model is a lock, which orders by itself; here
/// the panel is a plain word, weaker than any mailbox, and the generation is the real one.
fn panel_in_the_weakest_box(generation_first: bool, order: Order, seen: &Seen) {
    let cell = Arc::new(FeedCell::new());
    let panel = Arc::new(AtomicU64::new(0));
    let (there, boxed) = (cell.clone(), panel.clone());
    let reload = move || {
        if generation_first {
            there.nudge();
        }
        boxed.store(1, at::plain());
        if !generation_first {
            there.nudge();
        }
    };
    let hears = move || {
        let news = cell.generation() == 1;
        assert!(!news || panel.load(at::plain()) == 1, "news, and no panel");
        news
    };
    seen.note(if duel(order, reload, hears).1 { "news" } else { "none" });
}

#[test]
fn news_come_with_their_panel_even_in_the_weakest_box() {
    explore(&["news", "none"], |order, seen| panel_in_the_weakest_box(false, order, seen));
}

/// A reload hands the panel over, then moves the word; a feed looks at the word, then at the generation. So a decision of
/// the old panel does not land on the new word.
fn old_panel(order: Order, seen: &Seen) {
    let board = board(1, 1, 1);
    install(&board, A, SCOPE, state(Status::Active, 1));
    let cell = Arc::new(FeedCell::new());
    let (there, news) = (board.clone(), cell.clone());
    let reload = move || {
        news.nudge();
        real(&there, A, &mut |state| Decision::Move(state.with_mask(state.denies), Reason::PolicyChanged)).unwrap()
    };
    let feed = move || real(&board, A, &mut |state| if cell.generation() == 0 { trip(state) } else { Decision::Stay });
    let (reloaded, moved) = duel(order, reload, feed);
    if let Some(moved) = moved {
        assert!(moved.after.version() < reloaded.after.version(), "an old panel's decision landed on a new word");
    }
    seen.note(if moved.is_some() { "decided before" } else { "outdated" });
}

#[test]
fn no_stale_revival_by_an_old_panel() {
    explore(&["decided before", "outdated"], |order, seen| old_panel(order, seen));
}

mod twins {
    use super::*;

    #[test]
    #[should_panic(expected = "a breach that stands, and nothing tripped")]
    fn a_breach_that_meets_a_reset_trips_without_the_second_look() {
        refute(|order, seen| breach_meets_reset(Without::SecondLook, order, seen));
    }

    /// The note still lies in the feed's store buffer when it looks at the word.
    #[test]
    #[should_panic(expected = "a breach that stands, and nothing tripped")]
    fn a_breach_that_meets_a_reset_trips_without_the_feeds_fence() {
        refute(|order, seen| breach_meets_reset(Without::FenceOfTheFeed, order, seen));
    }

    #[test]
    #[should_panic(expected = "a breach that stands, and nothing tripped")]
    fn a_breach_that_meets_a_reset_trips_without_the_resets_fence() {
        refute(|order, seen| breach_meets_reset(Without::FenceOfTheReset, order, seen));
    }

    #[test]
    #[should_panic(expected = "news, and no panel")]
    fn news_come_with_their_panel_with_the_generation_first() {
        refute(|order, seen| panel_in_the_weakest_box(true, order, seen));
    }
}
