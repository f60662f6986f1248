//! Who says which prices are admitted: a feed that has been taken out says nothing more.

use super::super::prices::{Owner, PriceLine};
use super::*;
use crate::model::price_band::{Prices, Side};
use crate::model::units::Price;

const OLD: Owner = Owner::line(0);
const NEW: Owner = Owner::line(1);

fn up_to(upper: i64) -> Prices {
    Prices::Between { lower: Price::ZERO, upper: Price::from_raw(upper) }
}

fn buys(line: &PriceLine, price: i64) -> bool {
    line.admits(Price::from_raw(price), Side::Buy)
}

/// A line that `OLD` owns, admitting nothing yet.
fn owned(board: &Board) -> &PriceLine {
    let line = board.prices(SCOPE);
    line.assign(OLD, Prices::None);
    line
}

/// The feed of a band that is removed is in the midst of an observation. Whatever comes first: every price is admitted in the end.
fn removed(order: Order, seen: &Seen, publish: fn(&PriceLine, Prices)) {
    let board = board(1, 1, 1);
    owned(&board);
    let (feed, control, gate) = (board.clone(), board.clone(), board.clone());
    let observes = move || publish(feed.prices(SCOPE), up_to(5));
    let removes = move || control.prices(SCOPE).assign(Owner::NOBODY, Prices::All);
    let ((), (), early) = race(order, observes, removes, || buys(gate.prices(SCOPE), 4));
    seen.note(if early { "admitted early" } else { "denied early" });
    assert!(buys(board.prices(SCOPE), 1_000), "a band that is gone denies");
}

#[test]
fn a_band_that_is_gone_denies_no_price() {
    explore(&["admitted early", "denied early"], |order, seen| {
        removed(order, seen, |line, prices| line.publish(OLD, prices));
    });
}

/// Another feed takes the line over and says its bands: those of the old one never come after.
fn replaced(order: Order, seen: &Seen) {
    let board = board(1, 1, 1);
    owned(&board);
    let (feed, control) = (board.clone(), board.clone());
    let observes = move || feed.prices(SCOPE).publish(OLD, up_to(1_000));
    let replaces = move || {
        let line = control.prices(SCOPE);
        line.assign(NEW, Prices::None);
        line.publish(NEW, up_to(5));
    };
    duel(order, observes, replaces);
    let line = board.prices(SCOPE);
    assert!(!buys(line, 6), "the bands of a feed that was taken out");
    // The old feed may have held the claim: then the next observation says it.
    seen.note(if buys(line, 5) { "the new bands" } else { "none yet" });
}

#[test]
fn the_bands_of_a_feed_that_was_taken_out_never_come_after() {
    explore(&["the new bands"], replaced);
}

mod twins {
    use super::*;

    /// The owner is looked at, and then the words are written, without a claim.
    #[test]
    #[should_panic(expected = "a band that is gone denies")]
    fn a_band_that_is_gone_denies_no_price_without_a_claim() {
        refute(|order, seen| removed(order, seen, |line, prices| line.publish_unclaimed(OLD, prices)));
    }
}
