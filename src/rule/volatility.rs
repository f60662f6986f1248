//! stub
use super::{Answer, BadInput, Context};
use crate::model::plan::Volatility as Spec;
use crate::model::{observation::Observation, time::Nanos};
use std::sync::Arc;
#[derive(Debug)]
pub(crate) struct Volatility;
impl Volatility {
    pub(crate) fn new(_: Spec, _: Option<Arc<crate::model::session::Sessions>>) -> Self {
        Self
    }
    pub(crate) fn observe(&mut self, _: &Observation, _: Nanos, _: Context<'_>) -> Result<Option<Answer>, BadInput> {
        Ok(None)
    }
    pub(crate) fn evaluate(&mut self, _: Nanos, _: Context<'_>) -> Answer {
        Answer {
            reading: crate::model::reading::Reading::UNREADY,
            band: super::Band::EMPTY,
            linear: super::Linear::default(),
            moved_last: None,
        }
    }
    pub(crate) fn inherit(&mut self, _: &mut Self) {}
    pub(crate) fn channel(&self) -> crate::model::observation::Channel {
        crate::model::observation::Channel::None
    }
}
