//! stub
use super::{Answer, BadInput, Context};
use crate::model::plan::Ladder as Spec;
use crate::model::{observation::Observation, time::Nanos};
use std::sync::Arc;
#[derive(Debug)]
pub(crate) struct Ladder;
impl Ladder {
    pub(crate) fn new(_: Arc<Spec>) -> Self {
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
}
