//! What an observation must not lose that changes nothing but a number.
#![allow(clippy::unwrap_used)]

mod support;
use std::time::Duration;

use haltline::*;
use support::*;

#[test]
fn a_value_that_comes_near_its_limit_within_one_level_is_a_near_miss() {
    let rule = ModelPerformance { window: 100, min_outcomes: 100, ..ModelPerformance::default() };
    let model = spec("model", "s", RuleSpec::ModelPerformance(rule), Kind::ModelPerformance.default_policy());
    let system = system(vec![model]);
    let mut feed = system.feed("s").unwrap();
    let mut predict = |right: bool, times: usize| (0..times).for_each(|_| feed.prediction(right, at(0)).unwrap());
    // Right for 65, then wrong for 35: 65 %, which warns. Then rights leave, and wrong ones come for them: down to 61 %.
    predict(true, 65);
    predict(false, 35);
    assert_eq!((status(&system, "model").status, status(&system, "model").near_misses), (Status::Warning, 0));
    predict(false, 4);
    assert_eq!((status(&system, "model").value, status(&system, "model").near_misses), (Some((0.61, 0.6)), 0));
    // Rights leave for rights until the wrong ones begin to leave: back to 65 %, in the same warning.
    predict(true, 61);
    predict(true, 4);
    assert_eq!((status(&system, "model").status, status(&system, "model").near_misses), (Status::Warning, 1));
}

#[test]
fn a_good_observation_ends_a_row_of_refusals_however_little_it_changes() {
    let policy =
        Policy { on_stale: OnStale::Trip, stale_after: Duration::from_secs(3_600), ..Kind::Technical.default_policy() };
    let system = system(vec![spec("gw", "s", RuleSpec::Technical(Technical::default()), policy)]);
    let mut feed = system.feed("s").unwrap();
    let good = |feed: &mut Feed| feed.outcome(Outcome::Success, Duration::ZERO, at(0)).unwrap();
    // A call that began before time did.
    let refused = |feed: &mut Feed, times: usize| {
        for _ in 0..times {
            assert!(feed.outcome(Outcome::Success, Duration::MAX, at(0)).is_err());
        }
    };
    (0..20).for_each(|_| good(&mut feed));
    refused(&mut feed, 9);
    good(&mut feed);
    refused(&mut feed, 9);
    assert_eq!(status(&system, "gw").status, Status::Active);
    refused(&mut feed, 1);
    assert_eq!((status(&system, "gw").status, status(&system, "gw").reason), (Status::Tripped, Reason::Stale));
}
