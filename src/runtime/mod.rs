//! Time and telling: the monitor that ends what ends by time, the dispatcher that hands on events, and those who hear them.

pub(crate) mod dispatch;
pub(crate) mod filter;
pub(crate) mod grid;
pub(crate) mod history;
pub(crate) mod latency;
pub(crate) mod monitor;
pub(crate) mod queue;
pub(crate) mod reader;
pub(crate) mod sensor;
pub(crate) mod statistics;
pub(crate) mod subscriber;
pub(crate) mod subscribers;
pub(crate) mod threads;
pub(crate) mod worker;
