//! The slow twin: the last number, compared as a fraction of integers.

use proptest::prelude::*;

use super::super::*;
use super::trial;
use crate::model::limits::Limits;

/// The level of a number, from the words of the catalogue.
fn said(limits: Limits, lower_is_worse: bool, value: i64) -> Level {
    let worse = |than: Ratio| {
        let (value, than) = (i128::from(value), i128::from(than.raw()));
        if lower_is_worse { value < than } else { value >= than }
    };
    let order = [(limits.limit, Level::Breach), (limits.warn, Level::Warn), (limits.clear, Level::Elevated)];
    order.into_iter().find(|(level, _)| worse(*level)).map_or(Level::Normal, |(_, level)| level)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]
    #[test]
    fn agrees_with_the_slow_twin_with_and_without_the_shortcut(
        lower_is_worse: bool,
        levels in prop::array::uniform3(1i64..1_000_000_000),
        heard in prop::collection::vec((0u64..3, prop_oneof![
            8 => 0i64..1_000_000_000,
            4 => any::<prop::sample::Index>().prop_map(|i| -1 - i.index(9) as i64),
            1 => any::<i64>(),
            1 => prop::sample::select(vec![i64::MIN, i64::MIN + 1, i64::MAX, 0]),
        ]), 1..60),
    ) {
        let mut sorted = levels;
        sorted.sort_unstable();
        let [low, middle, high] = sorted.map(Ratio::from_raw);
        let (metric, limits) = if lower_is_worse {
            (Metric::ModelAccuracy, Limits { limit: low, warn: middle, clear: high })
        } else {
            (Metric::LossRate, Limits { limit: high, warn: middle, clear: low })
        };
        let (mut each, mut short) = (trial(metric, limits, false), trial(metric, limits, true));
        let (mut at, mut twin) = (0, Level::Unready);
        for (gap, value) in heard {
            at += gap;
            // Negative picks: a number on a level, or one beside it.
            let value = match value {
                -9..=-1 => sorted[(-value - 1) as usize % 3] + (-value - 1) / 3 - 1,
                value => value,
            };
            let observation = Observation::Value(Channel::Metric(metric), value);
            let good = value != Metric::NO_NUMBER;
            prop_assert_eq!((each.hear(observation, Nanos(at)), short.hear(observation, Nanos(at))), (good, good));
            if good {
                twin = said(limits, lower_is_worse, value);
            }
            prop_assert_eq!((each.reading.level, short.reading.level), (twin, twin));
            prop_assert_eq!(each.reading.value, short.reading.value);
        }
    }
}
