use haltline::{Date, Ratio};
use proptest::prelude::*;

use super::*;

const OPEN: u64 = 9 * 3_600 + 30 * 60;
const FIRST: u64 = OPEN + 1;
const CLOSE: u64 = 16 * 3_600;
const NOON: u64 = 12 * 3_600;

fn bar(open: f64, high: f64, low: f64, close: f64) -> Bar {
    let price = |x| Price::from_f64(x).unwrap();
    Bar { date: Date::new(2020, 3, 9), open: price(open), high: price(high), low: price(low), close: price(close) }
}

fn known<'a>(bar: &'a Bar, anchors: &'a [Point]) -> Known<'a> {
    Known {
        bar,
        first: Nanos::from_secs(FIRST),
        low_at: Nanos::from_secs(NOON),
        close: Nanos::from_secs(CLOSE),
        anchors,
    }
}

fn anchor(at: u64, previous_close: f64) -> Point {
    let level = Ratio::from_raw(70_000_000).fall_level(Price::from_f64(previous_close).unwrap().raw());
    Point { at: Nanos::from_secs(at), price: Price::from_raw(level) }
}

/// All prints of a day, one a second, with a halt of 15 minutes at the first price at or below `level`.
fn prints(mut path: Path, level: Option<Price>) -> Vec<(u64, Price)> {
    let mut list: Vec<(u64, Price)> = Vec::new();
    let mut silent_until = None;
    let mut halted = false;
    for t in FIRST..=CLOSE {
        if let Some(end) = silent_until {
            if t < end {
                continue;
            }
            silent_until = None;
            path.resume(Nanos::from_secs(t), list.last().unwrap().1);
        }
        let price = path.print(Nanos::from_secs(t)).unwrap();
        list.push((t, price));
        if !halted && level.is_some_and(|level| price <= level) {
            halted = true;
            silent_until = Some(t + 900);
        }
    }
    list
}

#[test]
fn the_four_days_of_march_2020_fall_to_their_levels_in_their_seconds() {
    let hms = |h: u64, m: u64, s: u64| h * 3_600 + m * 60 + s;
    for (day, previous, at, level) in [
        (bar(2863.89, 2863.89, 2734.43, 2746.56), 2972.37, hms(9, 34, 13), "2764.3041"),
        (bar(2630.86, 2660.95, 2478.86, 2480.64), 2741.38, hms(9, 35, 44), "2549.4834"),
        (bar(2508.59, 2562.98, 2380.94, 2386.13), 2711.02, hms(9, 30, 1), "2521.2486"),
        (bar(2436.50, 2453.57, 2280.52, 2398.10), 2529.19, hms(12, 56, 17), "2352.1467"),
    ] {
        let anchors = [anchor(at, previous)];
        assert_eq!(anchors[0].price.to_string(), level);
        let list = prints(Path::plan(&known(&day, &anchors)).unwrap(), Some(anchors[0].price));
        assert_eq!(list[0], (FIRST, day.open));
        let reached = list.iter().position(|(_, price)| *price <= anchors[0].price).unwrap();
        assert_eq!(list[reached].0, at);
        assert_eq!(list[reached].1, anchors[0].price.min(day.open));
        assert_eq!(list[reached + 1], (at + 900, list[reached].1), "silence, then the same price");
        assert_eq!(list.last(), Some(&(CLOSE, day.close)));
        assert_eq!(list.iter().map(|p| p.1).max(), Some(day.high), "{level}");
        assert_eq!(list.iter().map(|p| p.1).min(), Some(day.low), "{level}");
    }
}

#[test]
fn a_plain_day_goes_by_high_and_low_to_its_close() {
    let day = bar(100.0, 104.0, 90.0, 95.0);
    let list = prints(Path::plan(&known(&day, &[])).unwrap(), None);
    let at = |t: u64| list[(t - FIRST) as usize].1;
    assert_eq!(list.len() as u64, CLOSE - FIRST + 1);
    assert_eq!(at(FIRST + (NOON - FIRST) / 2), day.high);
    assert_eq!(at(NOON), day.low);
    assert_eq!(at(NOON + 2 * 3_600).to_f64(), 92.5);
    assert_eq!(at(CLOSE), day.close);
}

#[test]
fn points_that_fell_into_a_halt_come_after_it() {
    let day = bar(100.0, 100.0, 90.0, 95.0);
    let mut path = Path::plan(&known(&day, &[])).unwrap();
    let halt = path.print(Nanos::from_secs(NOON - 60)).unwrap();
    path.resume(Nanos::from_secs(NOON + 840), halt);
    assert_eq!(path.print(Nanos::from_secs(NOON + 840)), Some(halt));
    let low_at = path.next().unwrap();
    assert_eq!(low_at, Nanos::from_secs((NOON + 840 + CLOSE) / 2));
    assert_eq!(path.print(low_at), Some(day.low));
    assert_eq!(path.print(Nanos::from_secs(CLOSE)), Some(day.close));
}

#[test]
fn a_halt_over_the_close_ends_the_day() {
    let day = bar(100.0, 100.0, 90.0, 95.0);
    let mut path = Path::plan(&known(&day, &[])).unwrap();
    path.resume(Nanos::from_secs(CLOSE), day.low);
    assert_eq!(path.next(), None);
    assert_eq!(path.print(Nanos::from_secs(CLOSE + 1)), None);
}

#[test]
fn anchors_that_the_bar_contradicts_are_refused() {
    let day = bar(2863.89, 2863.89, 2734.43, 2746.56);
    let at_open = Path::plan(&known(&day, &[anchor(FIRST, 2972.37)])).unwrap_err();
    assert!(at_open.contains("contradicts"), "{at_open}");
    let too_deep = Path::plan(&known(&day, &[anchor(FIRST + 60, 2900.0)])).unwrap_err();
    assert!(too_deep.contains("never reaches"), "{too_deep}");
}

/// A bar whose prices are in order, and a level between its low and its open.
fn days() -> impl Strategy<Value = (Bar, Point)> {
    let raw = 1_000_000_i64..4_000_000_000_000;
    (raw.clone(), raw.clone(), raw.clone(), raw, 0.0..1.0, FIRST + 1..CLOSE - 1_000).prop_filter_map(
        "the open is above the low",
        |(a, b, c, d, part, at)| {
            let (low, high) = (a.min(b).min(c).min(d), a.max(b).max(c).max(d));
            let level = low + ((a - low) as f64 * part) as i64;
            let price = Price::from_raw;
            let bar = Bar {
                date: Date::new(2020, 3, 9),
                open: price(a),
                high: price(high),
                low: price(low),
                close: price(d),
            };
            (level >= low && level < a).then_some((bar, Point { at: Nanos::from_secs(at), price: price(level) }))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_price_leaves_the_bar_and_none_before_the_anchor_is_through_its_level((bar, anchor) in days()) {
        let anchors = [anchor];
        let list = prints(Path::plan(&known(&bar, &anchors)).unwrap(), Some(anchor.price));
        for (t, price) in &list {
            prop_assert!((bar.low..=bar.high).contains(price), "{price} at {t}");
            prop_assert!(Nanos::from_secs(*t) >= anchor.at || *price > anchor.price, "{price} at {t}");
        }
        let on_it = list.iter().find(|(t, _)| Nanos::from_secs(*t) == anchor.at);
        prop_assert_eq!(on_it.map(|p| p.1), Some(anchor.price));
        prop_assert_eq!(list.last().map(|p| p.1), Some(bar.close));
        prop_assert!(list.iter().any(|p| p.1 == bar.low));
    }

    #[test]
    fn times_of_points_rise((bar, anchor) in days(), halt in FIRST..CLOSE) {
        let anchors = [anchor];
        let mut path = Path::plan(&known(&bar, &anchors)).unwrap();
        for resumed in [None, Some(halt)] {
            if let Some(at) = resumed {
                path.resume(Nanos::from_secs(at), bar.low);
            }
            let times: Vec<_> = path.ahead.iter().map(|point| point.at).collect();
            prop_assert!(times.is_sorted(), "{times:?}");
            prop_assert!(times.first().is_none_or(|first| *first >= path.from.at));
        }
    }
}
