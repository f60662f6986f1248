//! For the tests: long runs, and values for them that can be had again.

/// Observations of a long run: 10^6, and 10^8 where it is optimised (`cargo test --release --lib long_run`).
pub(crate) const LONG: u64 = if cfg!(debug_assertions) { 1_000_000 } else { 100_000_000 };

/// The value of a step, from -1 to 1: the same each time, with no pattern that a window could meet (SplitMix64).
pub(crate) fn noise(step: u64) -> f64 {
    let mut mixed = step.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ (mixed >> 31)) as i64) as f64 / 9_223_372_036_854_775_808.0
}
