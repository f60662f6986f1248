//! Windows over observations, each with its cost and its error.

#![allow(dead_code, reason = "a small library: not every window, nor every call of one, has a rule yet")]

pub(crate) mod blocks;
pub(crate) mod calls;
pub(crate) mod covariance;
#[cfg(test)]
pub(crate) mod drift;
pub(crate) mod ewma;
pub(crate) mod extrema;
pub(crate) mod float;
pub(crate) mod gcra;
pub(crate) mod hits;
pub(crate) mod median;
pub(crate) mod moments;
pub(crate) mod past;
pub(crate) mod ring;
pub(crate) mod sorted;
pub(crate) mod sum;
pub(crate) mod time_sums;
