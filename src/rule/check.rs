//! Whether the parameters of a kind can be: what a Rust caller could get wrong.

use std::sync::Arc;

use crate::model::error::{Error, ErrorKind};
use crate::model::limits::Limits;
use crate::model::policy::Policy;
use crate::model::units::Ratio;

/// Parameters of a kind, which must make sense under their policy.
pub(crate) trait Check {
    /// Says what is wrong, what was found and what is allowed.
    fn check(&self, policy: &Policy) -> Result<(), Error>;
}

impl<T: Check> Check for Arc<T> {
    fn check(&self, policy: &Policy) -> Result<(), Error> {
        T::check(self, policy)
    }
}

pub(crate) fn bad<T>(text: impl Into<String>) -> Result<T, Error> {
    Err(Error::new(ErrorKind::BadPlan, text))
}

/// `0 < clear <= warn <= limit`.
pub(crate) fn check_limits(limits: &Limits) -> Result<(), Error> {
    let Limits { limit, warn, clear } = *limits;
    if clear <= Ratio::ZERO || clear > warn || warn > limit {
        return bad(format!("limit {limit}, warn {warn}, clear {clear}: allowed is 0 < clear <= warn <= limit"));
    }
    Ok(())
}

/// `0 < limit <= warn <= clear <= best`, where lower is worse.
pub(crate) fn check_limits_below(limits: &Limits, best: Ratio) -> Result<(), Error> {
    let Limits { limit, warn, clear } = *limits;
    if limit <= Ratio::ZERO || limit > warn || warn > clear || clear > best {
        return bad(format!(
            "limit {limit}, warn {warn}, clear {clear}: allowed is 0 < limit <= warn <= clear <= {best}"
        ));
    }
    Ok(())
}

/// A limit that is a share: above 1 somebody has written per cent.
pub(crate) fn check_share(limits: &Limits, most: f64) -> Result<(), Error> {
    check_limits(limits)?;
    if limits.limit.to_f64() > most {
        return bad(format!("limit: found {}, allowed are shares up to {most} (5 % is 0.05)", limits.limit));
    }
    Ok(())
}
