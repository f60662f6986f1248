//! Windows over observations, each with its cost and its error.

pub(crate) mod blocks;
pub(crate) mod calls;
#[cfg_attr(not(test), expect(dead_code, reason = "no rule uses it yet"))]
pub(crate) mod covariance;
#[cfg(test)]
pub(crate) mod drift;
#[cfg_attr(not(test), expect(dead_code, reason = "no rule uses it yet"))]
pub(crate) mod ewma;
pub(crate) mod extrema;
pub(crate) mod float;
#[cfg_attr(not(test), expect(dead_code, reason = "no rule uses it yet"))]
pub(crate) mod gcra;
pub(crate) mod hits;
#[cfg_attr(not(test), expect(dead_code, reason = "no rule uses it yet"))]
pub(crate) mod moments;
#[cfg_attr(not(test), expect(dead_code, reason = "no rule uses it yet"))]
pub(crate) mod past;
#[cfg_attr(not(test), expect(dead_code, reason = "no rule uses it yet"))]
pub(crate) mod ring;
#[cfg_attr(not(test), expect(dead_code, reason = "no rule uses it yet"))]
pub(crate) mod sum;
#[cfg_attr(not(test), expect(dead_code, reason = "no rule uses it yet"))]
pub(crate) mod time_sums;
#[cfg(test)]
pub(crate) mod drift;
#[expect(dead_code, reason = "no rule uses all of it yet")]
pub(crate) mod ewma;
pub(crate) mod extrema;
pub(crate) mod float;
#[expect(dead_code, reason = "no rule uses all of it yet")]
pub(crate) mod median;
#[cfg_attr(not(test), expect(dead_code, reason = "no rule uses all of it yet"))]
pub(crate) mod ring;
pub(crate) mod sorted;
