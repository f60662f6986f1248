//! The detectors: observations in, a [`Reading`] out. They know nothing of statuses, words or threads.
//!
//! One file a kind, plain structs in an enum: no `dyn`, and no allocation after they are built. Deterministic: the
//! same observations at the same times give the same readings.
//!
//! What makes an observation cheap is the [`Band`] of an answer: while the values of the rule's channel stay inside
//! it, and time before its end, nothing that anybody could notice changes, so the feed does not even call the rule.

pub(crate) mod band;
mod drawdown;
#[cfg(test)]
mod extremes;
mod ladder;
mod scale;
#[cfg(test)]
mod trial;
mod volatility;

use crate::model::kind::Kind;
use crate::model::observation::{Channel, Observation};
use crate::model::plan::RuleSpec;
use crate::model::policy::Policy;
use crate::model::reading::Reading;
use crate::model::session::Date;
use crate::model::time::Nanos;
use crate::model::units::{Money, Ratio};

pub(crate) use band::{Band, Linear};

/// From this share of the limit on a value that comes no further counts as a near miss.
pub(crate) const NEAR_MISS: Ratio = Ratio::from_raw(950_000_000);

/// A value of a rule's channel and when it was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) value: i64,
    pub(crate) at: Nanos,
}

/// What a rule keeps on the Board, so that a restart or another claimant neither forgives a drawdown nor fires a rung
/// twice. The rule says what each word means; zero everywhere is "nothing yet".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory(pub(crate) [u64; Memory::WORDS]);

impl Memory {
    pub(crate) const WORDS: usize = 6;
}

/// The highest rung of a ladder that has fired, and in which session. It belongs to the breaker, not to one feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct UsedRungs {
    pub(crate) session: Date,
    pub(crate) rung: u8,
}

impl UsedRungs {
    /// Packed so that a later session, then a higher rung, is greater: the Board keeps the maximum.
    pub(crate) const fn pack(self) -> u64 {
        (self.session.0 as u64) << 8 | self.rung as u64
    }

    pub(crate) const fn unpack(word: u64) -> Self {
        Self { session: Date((word >> 8) as u32), rung: word as u8 }
    }
}

/// An observation that means nothing: refused, counted, and no refreshment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BadInput {
    /// Which field.
    pub(crate) field: &'static str,
    /// What was found.
    pub(crate) found: f64,
    /// What is allowed.
    pub(crate) allowed: &'static str,
}

/// What a rule says, and for how long it would say the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) reading: Reading,
    pub(crate) band: Band,
    /// The value as a function of the channel's last number, for those who look between two answers.
    pub(crate) linear: Linear,
    /// The feed's last value, moved by a deposit or withdrawal.
    pub(crate) moved_last: Option<i64>,
    /// Whether it is a reading of something new; only such count as breaches in a row.
    pub(crate) is_new: bool,
}

/// What a rule may look at beside the observation.
pub(crate) struct Context<'a> {
    /// The last good value of the rule's channel, also one that stayed inside the band. Before this observation.
    pub(crate) last: Option<Mark>,
    /// Its words on the Board; what it changes is written back.
    pub(crate) memory: &'a mut Memory,
    /// For a ladder.
    pub(crate) used: UsedRungs,
}

/// The rule of a breaker for one feed.
#[derive(Debug)]
pub(crate) enum Rule {
    Ladder(ladder::Ladder),
    Drawdown(drawdown::Drawdown),
    Volatility(volatility::Volatility),
}

impl Rule {
    /// `None` for a kind that has no readings. Allocates all that it will ever need.
    pub(crate) fn new(spec: &RuleSpec, policy: &Policy) -> Option<Self> {
        match spec {
            RuleSpec::Ladder(ladder) => Some(Self::Ladder(ladder::Ladder::new(ladder.clone()))),
            RuleSpec::Drawdown(drawdown) => {
                Some(Self::Drawdown(drawdown::Drawdown::new(drawdown.clone(), policy.sessions.clone())))
            }
            RuleSpec::Volatility(volatility) => {
                Some(Self::Volatility(volatility::Volatility::new(volatility.clone(), policy.sessions.clone())))
            }
            RuleSpec::KillSwitch(_) | RuleSpec::Manual => None,
        }
    }

    /// Which stream of plain numbers it tests.
    pub(crate) fn channel(&self) -> Channel {
        match self {
            Self::Ladder(_) => Channel::Trade,
            Self::Drawdown(_) => Channel::Equity,
            Self::Volatility(rule) => rule.channel(),
        }
    }

    /// Whether it takes readings made elsewhere, and nothing else.
    pub(crate) fn takes_levels(&self) -> bool {
        matches!(self, Self::Volatility(_)) && self.channel() == Channel::None
    }

    /// Hears one observation. `None`: it does not concern this rule, or is not to be believed yet.
    ///
    /// The feed's part: a value of the channel becomes its last value only if the band held it or the answer is `Some`;
    /// after `None` for such a value it is forgotten, and the band is [`Band::EMPTY`] until the
    /// next answer, since the rule must hear of each value then. A refused observation changes nothing, the band neither.
    /// What is pending and due by `at` has come true before the observation.
    pub(crate) fn observe(
        &mut self,
        observation: &Observation,
        at: Nanos,
        context: Context<'_>,
    ) -> Result<Option<Answer>, BadInput> {
        let is_value = matches!(observation, Observation::Value(..));
        let (answer, is_new) = match self {
            Self::Ladder(rule) => (rule.observe(observation, at, context)?, is_value),
            Self::Drawdown(rule) => (rule.observe(observation, at, context)?, is_value),
            Self::Volatility(rule) => {
                let answer = rule.observe(observation, at, context)?;
                (answer, rule.has_new_reading())
            }
        };
        Ok(answer.map(|answer| Answer { is_new, ..answer }))
    }

    /// What it says of the last value now that something beside the observations has changed: a rung has fired, a
    /// baseline was set anew, a new claimant has the feed. Changes no window.
    pub(crate) fn evaluate(&mut self, at: Nanos, context: Context<'_>) -> Answer {
        match self {
            Self::Ladder(rule) => rule.evaluate(at, context),
            Self::Drawdown(rule) => rule.evaluate(at, context),
            Self::Volatility(rule) => rule.evaluate(at, context),
        }
    }

    /// Sets the baseline anew by hand; false if the kind has none.
    pub(crate) fn rebase(&mut self, baseline: Money, memory: &mut Memory) -> bool {
        match self {
            Self::Drawdown(rule) => {
                rule.rebase(baseline, memory);
                true
            }
            Self::Ladder(_) | Self::Volatility(_) => false,
        }
    }

    /// After a reload that changed the policy: takes over the windows of the rule before it, if they have the same
    /// shape, so that a new limit does not forget the past. Neither allocates nor frees.
    pub(crate) fn inherit(&mut self, old: &mut Self) {
        match (self, old) {
            (Self::Ladder(new), Self::Ladder(old)) => new.inherit(old),
            (Self::Drawdown(new), Self::Drawdown(old)) => new.inherit(old),
            (Self::Volatility(new), Self::Volatility(old)) => new.inherit(old),
            _ => {}
        }
    }
}

/// Whether a kind can be given a new baseline.
pub(crate) fn has_baseline(kind: Kind) -> bool {
    kind == Kind::Drawdown
}
