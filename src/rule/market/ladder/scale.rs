//! A reference and a direction: how far a price has moved, and at which prices a move is reached.
//!
//! All tests of a ladder are of one kind, `move >= need`, in whole units of the price: `need` is the least whole move
//! that is a given share of the reference, so `move >= need` is exactly `move * 1e9 >= share * reference`.

use crate::model::ladder::Direction;
use crate::model::units::Ratio;
use crate::rule::Linear;

/// A reference and a direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) direction: Direction,
    pub(super) reference: i64,
}

impl Scale {
    /// How far a price is from the reference in the direction that counts; negative on the other side.
    pub(super) fn moved(self, price: i64) -> i64 {
        let rise = price.saturating_sub(self.reference);
        match self.direction {
            Direction::Down => rise.saturating_neg(),
            Direction::Up => rise,
            Direction::Both => rise.saturating_abs(),
        }
    }

    /// The least move `m` with `m * 1e9 >= ratio * reference`.
    pub(super) fn need(self, ratio: Ratio) -> i64 {
        let product = i128::from(ratio.raw()) * i128::from(self.reference);
        let need = -(-product).div_euclid(i128::from(Ratio::SCALE));
        i64::try_from(need).unwrap_or(if need > 0 { i64::MAX } else { i64::MIN })
    }

    /// Where prices with a smaller move part from those with at least this one, see [`Band::around`](crate::rule::Band::around).
    pub(super) fn edges(self, need: i64) -> [i64; 2] {
        let below = self.reference.saturating_sub(need).saturating_add(1);
        let above = self.reference.saturating_add(need);
        match self.direction {
            Direction::Down => [below; 2],
            Direction::Up => [above; 2],
            Direction::Both => [below, above],
        }
    }

    /// Where the value is no longer the same linear function: at the reference, in both directions.
    pub(super) fn bend(self) -> [i64; 2] {
        [if self.direction == Direction::Both { self.reference } else { i64::MIN }; 2]
    }

    pub(super) fn value(self, price: i64) -> f64 {
        self.moved(price).max(0) as f64 / self.reference as f64
    }

    pub(super) fn linear(self, price: i64) -> Linear {
        let falls = match self.direction {
            Direction::Down => true,
            Direction::Up => false,
            Direction::Both => price < self.reference,
        };
        let slope = 1.0 / self.reference as f64;
        if falls { Linear { offset: 1.0, slope: -slope } } else { Linear { offset: -1.0, slope } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_agree_with_the_exact_test_at_the_unit() {
        for raw in [1, 70_000_000, 130_000_000, 999_999_999] {
            for reference in [1, 7, 99, 2_972_370_000_000, i64::MAX / 2] {
                let ratio = Ratio::from_raw(raw);
                let need = Scale { direction: Direction::Down, reference }.need(ratio);
                assert!(ratio.reached_by_fall(reference, reference - need), "{raw} of {reference}");
                assert!(!ratio.reached_by_fall(reference, reference - need + 1), "{raw} of {reference}");
                assert_eq!(reference - need, ratio.fall_level(reference));
                assert_eq!(reference + need, ratio.rise_level(reference));
            }
        }
    }

    #[test]
    fn edges_part_what_is_reached_from_what_is_not() {
        for &direction in Direction::ALL {
            let scale = Scale { direction, reference: 1_000 };
            let reached = |price, need| scale.moved(price) >= need;
            for need in [1, 70, 999] {
                for edge in scale.edges(need) {
                    assert_ne!(reached(edge - 1, need), reached(edge, need), "{direction:?} {need}");
                }
            }
        }
    }

    #[test]
    fn the_value_is_linear_on_each_side_of_a_bend() {
        for (direction, price) in
            [(Direction::Down, 930), (Direction::Up, 1_070), (Direction::Both, 930), (Direction::Both, 1_070)]
        {
            let scale = Scale { direction, reference: 1_000 };
            assert!((scale.value(price) - 0.07).abs() < 1e-12);
            assert!((scale.linear(price).at(price) - 0.07).abs() < 1e-12);
        }
    }
}
