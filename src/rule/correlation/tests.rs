use core::time::Duration;

use super::*;
use crate::model::limits::Limits;
use crate::model::units::Ratio;
use crate::rule::trial::sessions;

fn spec(mode: CorrelationMode, returns: usize) -> Correlation {
    let sample = Some(Duration::from_nanos(10));
    Correlation { sample, returns, baseline: 2, ..Correlation::with_mode(mode) }
}

/// Prices of all instruments at one edge after the other, every 10 ns from 10 on.
fn rise(returns: usize, closes: &[&[i64]]) -> Vec<Sampled> {
    run(&mut of(spec(CorrelationMode::Rise, returns), closes[0].len()), closes)
}

fn of(spec: Correlation, count: usize) -> Basket {
    Basket::new(&spec, None, &(0..count).collect::<Vec<_>>(), Nanos(0))
}

fn run(basket: &mut Basket, closes: &[&[i64]]) -> Vec<Sampled> {
    let edge = |prices: &&[i64]| {
        let to = basket.next();
        basket.advance(to, |line| prices.get(line).map(|price| (*price, to)))
    };
    closes.iter().map(edge).collect()
}

fn value(sampled: Sampled) -> f64 {
    match sampled {
        Sampled::Value(value) => value,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_defaults_are_those_of_the_catalogue() {
    let (rise, broken) =
        (Correlation::with_mode(CorrelationMode::Rise), Correlation::with_mode(CorrelationMode::Break));
    let limits = |limit: f64| Limits::of(Ratio::from_f64(limit).unwrap());
    assert_eq!((rise.limits, broken.limits), (limits(0.7), limits(0.3)));
    assert_eq!((rise.sample, rise.returns), (Some(Duration::from_secs(86_400)), 20));
}

#[test]
fn two_that_move_as_one_have_one_and_two_that_move_against_each_other_minus_one() {
    let same = rise(2, &[&[100, 200], &[110, 220], &[100, 200]]);
    assert_eq!(same[..2], [Sampled::Filling; 2]);
    assert_eq!(value(same[2]), 1.0);
    // Logarithms of inverse prices: exactly opposite returns.
    assert!((value(rise(2, &[&[100, 121], &[110, 110], &[100, 121]])[2]) + 1.0).abs() < 1e-12);
}

/// Three returns each: (1, -1, 0), (1, 0, -1), (0, 1, -1) in some unit; the pairs' correlations are 1/2, -1/2 and 1/2.
#[test]
fn the_mean_is_that_of_all_pairs() {
    let (up, down) = (2.0f64, 0.5);
    let path = |steps: [f64; 3]| {
        let mut price = 1e6;
        let mut closes = vec![1_000_000];
        for step in steps {
            price *= step;
            closes.push(price as i64);
        }
        closes
    };
    let paths = [path([up, down, 1.0]), path([up, 1.0, down]), path([1.0, up, down])];
    let closes: Vec<Vec<i64>> = (0..4).map(|t| paths.iter().map(|path| path[t]).collect()).collect();
    let closes: Vec<&[i64]> = closes.iter().map(Vec::as_slice).collect();
    assert!((value(rise(3, &closes)[3]) - 1.0 / 6.0).abs() < 1e-12);
}

#[test]
fn what_does_not_move_is_left_out_and_one_alone_has_no_value() {
    let with_still = rise(2, &[&[100, 200, 50], &[110, 220, 50], &[100, 200, 50]]);
    assert_eq!(value(with_still[2]), 1.0);
    assert_eq!(rise(2, &[&[100, 50], &[110, 50], &[100, 50]])[2], Sampled::Nothing);
    assert_eq!(rise(2, &[&[100], &[110], &[100]])[2], Sampled::Nothing);
    assert_eq!(rise(2, &[&[100, 50], &[100, 50], &[100, 50]])[2], Sampled::Nothing);
    // The same growth each time is no movement either.
    assert_eq!(rise(2, &[&[1, 1, 4], &[2, 2, 2], &[4, 4, 4]])[2], Sampled::Nothing);
}

#[test]
fn an_instrument_without_a_price_is_left_out_until_its_own_window_is_full() {
    let mut basket = of(spec(CorrelationMode::Rise, 2), 3);
    let mut at = |third: Option<i64>, first: i64| {
        let to = basket.next();
        let prices = [Some(first), Some(2 * first), third];
        basket.advance(to, |line| prices[line].map(|price| (price, to)))
    };
    assert_eq!([at(None, 100), at(None, 110)], [Sampled::Filling; 2]);
    assert_eq!(value(at(Some(100), 100)), 1.0, "two of three");
    assert_eq!(value(at(Some(90), 110)), 1.0, "one return of the third is not enough");
    assert!(
        (value(at(Some(100), 100)) - (1.0 - 2.0) / 3.0).abs() < 0.01,
        "against the others, from its second return on"
    );
    assert!((value(at(Some(0), 110)) - (1.0 - 2.0) / 3.0).abs() < 0.01, "what is no price repeats the last");
}

#[test]
fn a_break_is_the_distance_from_the_mean_of_the_readings_before() {
    let mut basket = of(spec(CorrelationMode::Break, 2), 2);
    let (with, against): (&[i64], &[i64]) = (&[110, 220], &[110, 200]);
    let found = run(&mut basket, &[&[100, 200], with, &[100, 200], with, &[100, 200], against, &[100, 220]]);
    assert_eq!(found[..2], [Sampled::Filling; 2]);
    assert_eq!(found[2..4], [Sampled::Nothing; 2], "readings of 1 that make the baseline");
    assert_eq!(value(found[4]), 0.0);
    // One of them has not moved: (-1, +1) against (-1, 0) in some unit, whose correlation over two returns is 1.
    assert!(value(found[5]).abs() < 1e-9);
    assert!((value(found[6]) - 2.0).abs() < 1e-9, "from 1 to -1");
}

#[test]
fn many_edges_at_once_repeat_the_price_up_to_a_full_window() {
    let mut basket = of(spec(CorrelationMode::Rise, 2), 2);
    run(&mut basket, &[&[100, 200], &[110, 220], &[100, 200]]);
    assert_eq!(basket.advance(Nanos(u64::MAX - 1), |_| Some((120, Nanos(5)))), Sampled::Nothing);
    assert_eq!(basket.advance(Nanos(5), |_| Some((120, Nanos(5)))), Sampled::Filling, "the past is over");
}

#[test]
fn a_session_begins_anew_with_its_own_prices() {
    let calendar = sessions(&[(9, 100, 130), (10, 200, 230)]);
    let spec = spec(CorrelationMode::Rise, 2);
    let mut basket = Basket::new(&spec, Some(calendar), &[0, 1], Nanos(0));
    assert_eq!(basket.next(), Nanos(100));
    let mut at = |to: u64, price: i64, heard: u64| {
        let sampled = basket.advance(Nanos(to), |line| Some((price * (line as i64 + 1), Nanos(heard))));
        (sampled, basket.next())
    };
    assert_eq!(at(100, 100, 99), (Sampled::Filling, Nanos(110)));
    assert_eq!(at(110, 100, 99), (Sampled::Filling, Nanos(120)), "a price from before the open is none");
    assert_eq!(at(120, 100, 115).0, Sampled::Filling);
    assert_eq!(at(130, 110, 125), (Sampled::Filling, Nanos(200)));
    assert_eq!(at(200, 110, 125), (Sampled::Filling, Nanos(210)));
    for (to, price) in [(210, 100), (220, 110)] {
        assert_eq!(at(to, price, to).0, Sampled::Filling);
    }
    assert_eq!(at(230, 100, 230), (Sampled::Value(1.0), Nanos::NEVER));
}

#[test]
fn a_reload_keeps_the_windows_of_what_stays_and_the_means_of_an_equal_basket() {
    let closes: [&[i64]; 4] = [&[100, 200], &[110, 220], &[100, 200], &[110, 220]];
    let before = || {
        let mut basket = of(spec(CorrelationMode::Break, 2), 2);
        run(&mut basket, &closes);
        basket
    };
    let after = |spec: Correlation, lines: &[usize]| {
        let mut basket = Basket::new(&spec, None, lines, Nanos(47));
        basket.inherit(before());
        let prices = [100, 200, 300];
        let next = basket.next();
        (next, basket.advance(next, |line| Some((prices[line], next))))
    };
    let same = spec(CorrelationMode::Break, 2);
    assert_eq!(after(same.clone(), &[0, 1]), (Nanos(50), Sampled::Value(0.0)));
    assert_eq!(after(same.clone(), &[0, 1, 2]).1, Sampled::Nothing, "another basket has another baseline");
    assert_eq!(after(spec(CorrelationMode::Rise, 2), &[1, 0]).1, Sampled::Value(1.0));
    assert_eq!(after(spec(CorrelationMode::Rise, 2), &[0, 2]).1, Sampled::Nothing, "the newcomer has no window yet");
    assert_eq!(after(spec(CorrelationMode::Rise, 3), &[0, 1]).1, Sampled::Filling);
}

#[test]
fn memory_is_what_the_documentation_says() {
    let basket = of(Correlation { baseline: 60, ..spec(CorrelationMode::Break, 20) }, 50);
    for instrument in &basket.instruments {
        assert_eq!(instrument.returns.capacity(), 20);
    }
    assert_eq!(basket.means.capacity(), 61);
    assert_eq!(of(spec(CorrelationMode::Rise, 20), 2).means.capacity(), 0);
}

#[test]
fn it_takes_the_memory_that_its_documentation_says() {
    assert_eq!(size_of::<crate::rule::correlation::Detector>(), 80);
}

#[path = "twin.rs"]
mod twin;
