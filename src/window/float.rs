//! What windows over floating-point values share: which values they take, and addition without loss.

/// Greater magnitudes are refused: their squares, summed over any window, stay finite up to here.
pub(crate) const GREATEST: f64 = 1e150;

/// Whether a window takes a value. Callers have checked theirs; this keeps a window from poisoning itself if not.
pub(crate) fn is_usable(value: f64) -> bool {
    value.abs() <= GREATEST // false if it is not a number
}

/// The rounded sum, and exactly what rounding has lost of it.
pub(crate) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finite_values_up_to_the_greatest_are_usable() {
        assert!([0.0, -0.0, 5e-324, GREATEST, -GREATEST].into_iter().all(is_usable));
        let refused = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, -GREATEST * 1.000_001];
        assert!(!refused.into_iter().any(is_usable));
    }

    #[test]
    fn a_sum_and_its_loss_are_all_of_both() {
        assert_eq!(two_sum(1e16, 1.0), (1e16, 1.0));
        assert_eq!(two_sum(1.0, -1e16), (-1e16, 1.0));
        assert_eq!(two_sum(0.1, 0.2).0, 0.1 + 0.2);
    }
}
