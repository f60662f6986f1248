//! Venue halts: what one venue says of itself.
//!
//! ```text
//! value = 0 while the venue is open, else 1;  limit 1
//! ```
//!
//! * Only *open* lets orders pass. *Halted* and *closed* deny because the venue takes none; *unknown* denies because whoever
//!   asked it could not find out.
//! * The last word counts, and it is news each time: a venue that is asked every few seconds and says nothing else is not
//!   silent. One that is no longer asked goes stale, and denies.
//! * Several venues are several feeds; the worst of them counts.
//!
//! Cost of a call: O(1). Memory: nothing beside the word on the Board, which a restart finds again.

use crate::model::error::Error;
use crate::model::observation::{Channel, Observation, VenueStatus};
use crate::model::policy::{Policy, Release};
use crate::model::reading::{Level, Reading};
use crate::model::reason::Reason;
use crate::model::time::Nanos;
use crate::rule::check::bad;
use crate::rule::{Answer, BadInput, Band, Context, Detect, Linear, Memory};

/// The word of its memory: the status and one, so that zero is nothing yet.
const STATUS: usize = 0;

/// A venue's own word ends what its own word began.
pub(super) fn check(policy: &Policy) -> Result<(), Error> {
    if policy.release == Release::Timed {
        return bad(
            "release: found timed, but the venue itself says when it is open again; allowed are level and latched",
        );
    }
    Ok(())
}

/// The rule of one venue.
#[derive(Debug)]
pub(crate) struct Detector;

impl Detect for Detector {
    type Spec = ();

    fn new((): &(), _policy: &Policy) -> Self {
        Self
    }

    fn channel(&self) -> Channel {
        Channel::None
    }

    fn observe(&mut self, heard: &Observation, _: Nanos, context: Context<'_>) -> Result<Option<Answer>, BadInput> {
        let Observation::Venue(status) = *heard else { return Ok(None) };
        context.memory.0[STATUS] = status as u64 + 1;
        Ok(Some(answer(context.memory)))
    }

    fn evaluate(&mut self, _: Nanos, context: Context<'_>) -> Answer {
        answer(context.memory)
    }

    fn is_new(&self, heard: &Observation) -> bool {
        matches!(heard, Observation::Venue(_))
    }

    fn is_news(&self, heard: &Observation) -> bool {
        self.is_new(heard)
    }

    fn inherit(&mut self, _old: &mut Self) {}
}

fn answer(memory: &Memory) -> Answer {
    let told = memory.0[STATUS].checked_sub(1).and_then(|raw| u8::try_from(raw).ok()).and_then(VenueStatus::from_raw);
    let reading = told.map_or(Reading::UNREADY, reading);
    Answer { reading, band: Band::EMPTY, linear: Linear::constant(reading.value), moved_last: None, is_new: false }
}

fn reading(status: VenueStatus) -> Reading {
    let (level, reason, value) = match status {
        VenueStatus::Open => (Level::Normal, Reason::None, 0.0),
        VenueStatus::Halted => (Level::Breach, Reason::VenueHalted, 1.0),
        VenueStatus::Closed => (Level::Breach, Reason::VenueClosed, 1.0),
        VenueStatus::Unknown => (Level::Breach, Reason::VenueUnknown, 1.0),
    };
    Reading { level, reason, value, limit: 1.0, ..Reading::UNREADY }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::state::Step;
    use crate::rule::RuleSpec;
    use crate::rule::market::MarketCircuitBreaker;
    use crate::rule::trial::{Trial, rule};

    fn trial() -> Trial {
        Trial::new(rule(RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Venue), None), None, true)
    }

    #[test]
    fn only_open_passes_and_each_other_word_has_its_reason() {
        let mut trial = trial();
        assert_eq!(trial.reading.level, Level::Unready);
        for (status, level, reason) in [
            (VenueStatus::Open, Level::Normal, Reason::None),
            (VenueStatus::Halted, Level::Breach, Reason::VenueHalted),
            (VenueStatus::Closed, Level::Breach, Reason::VenueClosed),
            (VenueStatus::Unknown, Level::Breach, Reason::VenueUnknown),
            (VenueStatus::Open, Level::Normal, Reason::None),
        ] {
            assert!(trial.hear(Observation::Venue(status), Nanos(1)));
            assert_eq!((trial.reading.level, trial.reading.step, trial.reading.reason), (level, Step::FIRST, reason));
        }
    }

    #[test]
    fn time_ends_no_halt_of_a_venue() {
        let with = |release| check(&Policy { release, ..Policy::default() });
        assert!(with(Release::Timed).is_err() && with(Release::Level).is_ok() && with(Release::Latched).is_ok());
    }

    #[test]
    fn it_takes_the_memory_that_its_documentation_says() {
        assert_eq!(size_of::<Detector>(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        /// The slow twin: all that was said, in a list, of which the last venue's word counts.
        #[test]
        fn agrees_with_the_last_word_in_the_list(heard in prop::collection::vec((0u64..3, prop_oneof![
            prop::sample::select(VenueStatus::ALL.to_vec()).prop_map(Observation::Venue),
            Just(Observation::Heartbeat),
            Just(Observation::Value(Channel::Trade, 1)),
        ]), 0..40)) {
            let (mut trial, mut at, mut said) = (trial(), 0, vec![]);
            for (gap, observation) in heard {
                at += gap;
                prop_assert!(trial.hear(observation, Nanos(at)));
                said.push(observation);
                let last = said.iter().rev().find_map(|o| if let Observation::Venue(s) = o { Some(*s) } else { None });
                let level = match last {
                    None => Level::Unready,
                    Some(VenueStatus::Open) => Level::Normal,
                    Some(_) => Level::Breach,
                };
                prop_assert_eq!(trial.reading.level, level);
            }
        }
    }
}
