//! Time and telling: the monitor that ends what ends by time, the dispatcher that hands out events.

pub(crate) mod dispatch;
pub(crate) mod grid;
pub(crate) mod monitor;
pub(crate) mod threads;
