//! The memory row: words that many threads read and write. The only place that names an `Ordering` or writes `unsafe`.
//!
//! Start with [`board`] (the layout, the order of a transition and the table of orderings), then [`breaker`] (one
//! transition), [`gate`] (the order path) and [`arm`] (the kill word).

pub(crate) mod arm;
pub(crate) mod board;
pub(crate) mod breaker;
pub(crate) mod dirty;
pub(crate) mod doorbell;
pub(crate) mod gate;
pub(crate) mod lines;
pub(crate) mod merge;
pub(crate) mod numbers;
pub(crate) mod orderings;
pub(crate) mod permit;
pub(crate) mod prices;
pub(crate) mod queue;
mod region;
pub(crate) mod ring;
pub(crate) mod sync;
pub(crate) mod tally;
pub(crate) mod totals;
pub(crate) mod wall;

#[cfg(all(test, loom))]
mod loom_tests;
