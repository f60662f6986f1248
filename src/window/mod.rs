//! Windows over observations, each with its cost and its error.

pub(crate) mod extrema;
