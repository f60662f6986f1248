//! The real feed against what a control plane does at the same time.

use std::sync::Arc;

use super::*;
use crate::circuit::{Circuit, Clock};
use crate::feed::{Feed, FeedCell, Panel};
use crate::listener::Listener;
use crate::model::caps::Skew;
use crate::model::event::BreakerId;
use crate::model::kind::Kind;
use crate::model::machine::Input;
use crate::model::policy::Policy;
use crate::model::status::{Authority, Signed};
use crate::model::units::{Money, Ratio};
use crate::rule::Rule;
use crate::rule::RuleSpec;
use crate::rule::drawdown::Drawdown;
use crate::snapshot::{Entry, Snapshot, Watch};

const A: usize = 0;

fn id() -> BreakerId {
    BreakerId::new(A as u32, 0)
}

/// A drawdown breaker of eight per cent that hears one feed, not yet in service.
fn circuit() -> (Arc<Circuit>, Arc<Entry>) {
    let caps = Caps { scopes: 1, breakers: 1, listeners: 1, ring: 2, ..Caps::default() };
    let board = Board::new(&caps, Epoch(Nanos(0))).unwrap();
    board.breaker(A).clear(u64::from(SCOPE.0));
    let entry = Arc::new(Entry {
        id: id(),
        name: "drawdown".into(),
        kind: Kind::Drawdown,
        scope: SCOPE,
        rule: RuleSpec::Drawdown(Drawdown::with_limit(Ratio::from_f64(0.08).unwrap())),
        policy: Policy::default(),
        watch: vec![Watch { scope: SCOPE, line: 0 }],
        grid: None,
        revision: 1,
        implicit: false,
        retired: false,
    });
    let snapshot = Snapshot { entries: vec![Some(entry.clone())], ..Snapshot::default() };
    (Arc::new(Circuit::new(board, snapshot, &caps, Skew::default(), Clock::Manual)), entry)
}

fn panel(circuit: &Circuit, entry: &Arc<Entry>) -> Panel {
    let rule = Rule::new(&entry.rule, &entry.policy).unwrap();
    Panel::new(1, vec![Listener::new(circuit, entry.clone(), 0, rule)])
}

fn claim(circuit: &Arc<Circuit>, entry: &Arc<Entry>) -> (Arc<FeedCell>, Feed) {
    let cell = Arc::new(FeedCell::new());
    assert_eq!(cell.hand_over(circuit, panel(circuit, entry)).len(), 1);
    let feed = Feed::claim(circuit.clone(), cell.clone()).unwrap();
    (cell, feed)
}

fn mark(feed: &mut Feed, amount: f64, micros: u64) {
    feed.equity(Money::from_f64(amount).unwrap(), Nanos(micros * 1_000)).unwrap();
}

/// A breaker is put into service and denies until it has a value, while its feed, which has its panel already, hears the
/// first one: too early, nothing comes of it. The next value is the same, and must not stay quiet: the feed has decided
/// nothing on the word that stands now. (It did, when it remembered the word of after its decision.)
fn first_value(order: Order, seen: &Seen) {
    let (circuit, entry) = circuit();
    let (_cell, feed) = claim(&circuit, &entry);
    let there = circuit.clone();
    let installs = move || there.put(id(), Input::Install, Nanos(0), Signed::AUTO).unwrap().is_some();
    let hears = move || {
        let mut feed = feed;
        mark(&mut feed, 100.0, 1);
        feed
    };
    let (installed, mut feed) = duel(order, installs, hears);
    assert!(installed);
    let ready = circuit.board.state(A).denies.is_empty();
    mark(&mut feed, 100.0, 2);
    let now = circuit.board.state(A);
    assert_eq!((now.status, now.denies), (Status::Active, Lanes::NONE), "a good value, and it is not ready");
    assert_eq!(circuit.board.lanes(SCOPE), Lanes::NONE);
    seen.note(if ready { "ready at once" } else { "ready with the next" });
}

#[test]
fn a_new_breaker_is_ready_with_the_next_value() {
    // The whole way of an observation, twice: without a bound this runs for hours.
    explore_bounded(Some(2), &["ready at once", "ready with the next"], |order, seen| first_value(order, seen));
}

/// `feed::a_breach_that_meets_a_reset_trips`, from the feed's method down.
fn breach_meets_reset(order: Order, seen: &Seen) {
    let (circuit, entry) = circuit();
    let put = |circuit: &Circuit, input| circuit.put(id(), input, Nanos(0), Signed::AUTO);
    assert!(put(&circuit, Input::Install).is_ok());
    let (_cell, mut feed) = claim(&circuit, &entry);
    mark(&mut feed, 100.0, 1);
    assert!(put(&circuit, Input::Trip(Authority::Admin)).is_ok());
    let word = circuit.board.word(A);
    let there = circuit.clone();
    let resets = move || {
        let input = Input::Reset { seen: word, by: Authority::Admin, force: false };
        there.put(id(), input, Nanos(0), Signed::AUTO).is_ok()
    };
    let hears = move || {
        mark(&mut feed, 92.0, 2);
        feed
    };
    let (reset, feed) = duel(order, resets, hears);
    drop(feed);
    assert_eq!(circuit.board.state(A).status, Status::Tripped, "a breach that stands, and nothing tripped");
    assert!(circuit.board.lanes(SCOPE).denies_any());
    seen.note(if reset { "reset" } else { "the cause stood" });
}

#[test]
fn a_breach_that_meets_a_reset_trips_from_the_feed() {
    // As above.
    explore_bounded(Some(2), &["reset", "the cause stood"], |order, seen| breach_meets_reset(order, seen));
}

/// A reload leaves a feed its new panel, then raises the generation: a feed that has seen the new generation finds the
/// panel, and decides under it. (If it found none, it would have heard an observation and decided nothing.)
fn panel_is_there(order: Order, seen: &Seen) {
    let (circuit, _) = circuit();
    let cell = Arc::new(FeedCell::new());
    let feed = Feed::claim(circuit.clone(), cell.clone()).unwrap();
    let there = cell.clone();
    let reload = move || there.hand_over(&circuit, Panel::new(1, Vec::new())).len();
    let hears = move || {
        let mut feed = feed;
        let news = cell.generation() == 1;
        feed.heartbeat(Nanos(0)).unwrap();
        assert!(!news || feed.panel_generation() == 1, "news, and no panel");
        (news, feed)
    };
    let (done, (news, feed)) = duel(order, reload, hears);
    // Parked under the real lock: not while others run.
    drop(feed);
    assert_eq!(done, 0);
    seen.note(if news { "news" } else { "none" });
}

#[test]
fn news_come_with_their_panel() {
    explore(&["news", "none"], |order, seen| panel_is_there(order, seen));
}

/// Reload upon reload while a feed takes over: every panel comes back to the control plane, which frees it and knows that
/// its lines are free. None is freed by the feed, on its thread, with its lines lost.
fn panels_come_back(order: Order, seen: &Seen) {
    let (circuit, _) = circuit();
    let cell = Arc::new(FeedCell::new());
    let feed = Feed::claim(circuit.clone(), cell.clone()).unwrap();
    let hand_over = |cell: &FeedCell, circuit: &Circuit, generation| {
        cell.hand_over(circuit, Panel::new(generation, Vec::new())).len()
    };
    let early = hand_over(&cell, &circuit, 1);
    let (there, reloads) = (cell.clone(), circuit.clone());
    let control = move || hand_over(&there, &reloads, 2) + hand_over(&there, &reloads, 3);
    let hears = move || {
        let mut feed = feed;
        feed.heartbeat(Nanos(0)).unwrap();
        feed
    };
    let (done, feed) = duel(order, control, hears);
    seen.note(["none came back yet", "one", "two", "three"][done]);
    drop(feed);
    let late = hand_over(&cell, &circuit, 4);
    assert_eq!(early + done + late, 4, "a panel was lost");
}

#[test]
fn every_panel_comes_back_to_the_control_plane() {
    explore(&["none came back yet", "one", "two"], |order, seen| panels_come_back(order, seen));
}
