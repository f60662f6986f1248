//! The detectors: observations in, a [`Reading`] out. They know nothing of statuses, words or threads.
//!
//! One file a kind, plain structs in an enum: no `dyn`, and no allocation after they are built. Deterministic: the
//! same observations at the same times give the same readings.
//!
//! What makes an observation cheap is the [`Band`] of an answer: while the values of the rule's channel stay inside
//! it, and time before its end, nothing that anybody could notice changes, so the feed does not even call the rule.

pub(crate) mod anomaly_detection;
pub(crate) mod band;
pub(crate) mod check;
pub(crate) mod correlation;
pub(crate) mod data_feed_integrity;
pub(crate) mod drawdown;
#[cfg(test)]
mod extremes;
pub(crate) mod grid;
pub(crate) mod liquidation;
pub(crate) mod loss_rate;
pub(crate) mod market;
pub(crate) mod model_performance;
pub(crate) mod opening;
pub(crate) mod operator;
pub(crate) mod polled;
pub(crate) mod position_limit;
pub(crate) mod premarket_validation;
mod spec;
pub(crate) mod technical;
pub(crate) mod time_based;
#[cfg(test)]
mod trial;
pub(crate) mod volatility;

use crate::model::error::Error;
use crate::model::kind::{Kind, kinds};
use crate::model::observation::{Channel, CheckId, Observation};
use crate::model::policy::Policy;
use crate::model::price_band::Prices;
use crate::model::reading::Reading;
use crate::model::session::Date;
use crate::model::time::Nanos;
use crate::model::units::{Money, Price, Ratio};

pub(crate) use band::{Band, Linear};
use check::Check;

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

/// A price, which must be above zero.
pub(crate) fn positive_price(price: i64) -> Result<(), BadInput> {
    if price > 0 {
        return Ok(());
    }
    Err(BadInput { field: "price", found: price as f64 / Price::SCALE as f64, allowed: "prices above zero" })
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

/// What turns one feed's observations into readings. Its module says the formula, the units and the cost.
pub(crate) trait Detect: Sized {
    /// The parameters of its kind.
    type Spec;
    /// Whether it measures from a baseline that a person may set anew.
    const HAS_BASELINE: bool = false;
    /// Whether silence of its source is a fault by default: so it is where prices or marks should come all the time.
    const GOES_STALE: bool = true;
    /// Whether it judges the very calls that the breaker admits, see [`begin_anew`](Self::begin_anew).
    const JUDGES_CALLS: bool = false;
    /// Whether it has something to say before it has heard anything: what nobody reports is missing.
    const SPEAKS_FIRST: bool = false;
    /// Whether its readings are made of several feeds together, on a grid, by the monitor.
    const ON_GRID: bool = false;
    /// How many breaches in a row make a trip by default.
    const CONFIRM: u32 = 1;

    /// Allocates all that it will ever need.
    fn new(spec: &Self::Spec, policy: &Policy) -> Self;

    /// Which stream of plain numbers it tests.
    fn channel(&self) -> Channel;

    /// Whether it takes readings made elsewhere, and nothing else.
    fn takes_levels(&self) -> bool {
        false
    }

    /// Whether it asks for this check.
    fn expects(&self, _check: CheckId) -> bool {
        false
    }

    /// Whether it wants to hear of every message's number.
    fn takes_sequences(&self) -> bool {
        false
    }

    /// Whether it wants to hear the bid and the ask together.
    fn takes_quotes(&self) -> bool {
        false
    }

    /// Which prices are admitted after its last answer, if that is its to say.
    fn prices(&self) -> Option<Prices> {
        None
    }

    /// Hears one observation. `None`: it does not concern this rule, or is not to be believed yet.
    fn observe(
        &mut self,
        observation: &Observation,
        at: Nanos,
        context: Context<'_>,
    ) -> Result<Option<Answer>, BadInput>;

    /// Takes in one of those observations that come in great numbers and rarely change what is said, and says it: what
    /// [`observe`](Self::observe) would read, without a band. `None`: nothing was taken in, and it must be observed. `last` is
    /// the last value of the channel, before this one. Spares most observations of a window the way through everything that
    /// a changed reading needs; so what it takes in may move neither the band of the last answer nor
    /// [`sure_breach`](Self::sure_breach).
    fn read(&mut self, _observation: &Observation, _at: Nanos, _last: Option<Mark>) -> Option<Reading> {
        None
    }

    /// What it says of the last value now that something beside the observations has changed: a rung has fired, a
    /// baseline was set anew, a new claimant has the feed. Changes no window.
    fn evaluate(&mut self, at: Nanos, context: Context<'_>) -> Answer;

    /// Whether the answer to this observation is a reading of something new.
    fn is_new(&self, observation: &Observation) -> bool {
        matches!(observation, Observation::Value(..))
    }

    /// Whether this observation says that the source is there.
    fn is_news(&self, observation: &Observation) -> bool {
        observation.is_news()
    }

    /// The values that are sure to breach if one comes next, and until when; empty if the rule would have to be asked.
    /// A feed denies on such a value at once and asks after.
    fn sure_breach(&self, _at: Nanos, _context: Context<'_>) -> Band {
        Band::EMPTY
    }

    /// Whether the breach of its last answer is so far beyond the limit that it needs no confirmation.
    fn is_certain(&self) -> bool {
        false
    }

    /// Sets the baseline anew by hand.
    fn rebase(&mut self, _baseline: Money, _memory: &mut Memory) {}

    /// Forgets what it has counted; calls that began before `from` count no more. Called at each trip, cooldown and return
    /// of a kind that judges calls; [`Nanos::NEVER`] while none is to be judged.
    fn begin_anew(&mut self, _from: Nanos) {}

    /// After a reload that changed the policy: takes over the windows of the rule before it, if they have the same
    /// shape, so that a new limit does not forget the past. Neither allocates nor frees.
    fn inherit(&mut self, old: &mut Self);
}

macro_rules! rules {
    ($($(#[$doc:meta])* $kind:ident = $number:literal, $name:literal: $summary:literal, $effect:ident, $release:ident,
        $reset:ident, $halt_for:literal, $severity:literal, best($($best:literal)?), spec($($spec:ty)?), detector($($detector:ty)?);)+) => {
        /// The parameters of a kind.
        ///
        /// ```
        /// use haltline::{Drawdown, OnStale, Ratio, RuleSpec};
        /// let drawdown = RuleSpec::Drawdown(Drawdown::with_limit(Ratio::from_f64(0.08)?)).kind();
        /// // The rule gives the kind, the kind the defaults: what a feed drives trips when the feed falls silent.
        /// assert_eq!(drawdown.default_policy().on_stale, OnStale::Trip);
        /// assert_eq!(RuleSpec::Manual.kind().default_policy().on_stale, OnStale::Ignore);
        /// # Ok::<(), haltline::Error>(())
        /// ```
        #[derive(Clone, Debug, PartialEq)]
        pub enum RuleSpec {
            $($(#[$doc])* $kind $(($spec))?,)+
            /// Of any kind: one number that somebody else measures, from [`System::evaluate`](crate::System::evaluate).
            Polled(polled::Polled),
        }

        impl RuleSpec {
            /// The kind.
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind { .. } => Kind::$kind,)+
                    Self::Polled(rule) => rule.kind,
                }
            }

            /// Whether its readings are made on a grid, of several feeds together.
            pub(crate) fn is_on_grid(&self) -> bool {
                match self {
                    $($(Self::$kind { .. } => <$detector as Detect>::ON_GRID,)?)+
                    _ => false,
                }
            }

            /// Whether it can be given a new baseline.
            pub(crate) fn has_baseline(&self) -> bool {
                match self {
                    $($(Self::$kind { .. } => <$detector as Detect>::HAS_BASELINE,)?)+
                    _ => false,
                }
            }

            /// Whether the parameters can be, under this policy.
            pub(crate) fn check(&self, policy: &Policy) -> Result<(), Error> {
                match self {
                    $($(Self::$kind(spec) => <$spec as Check>::check(spec, policy),)?)+
                    Self::Polled(spec) => spec.check(policy),
                    _ => Ok(()),
                }
            }
        }

        /// The rule of a breaker for one feed.
        #[derive(Debug)]
        pub(crate) enum Rule {
            $($($kind($detector),)?)+
            Polled(polled::Detector),
        }

        impl Rule {
            /// `None` for a kind that has no readings. Allocates all that it will ever need.
            pub(crate) fn new(spec: &RuleSpec, policy: &Policy) -> Option<Self> {
                match spec {
                    $($(RuleSpec::$kind(spec) => Some(Self::$kind(<$detector as Detect>::new(spec, policy))),)?)+
                    RuleSpec::Polled(spec) => Some(Self::Polled(Detect::new(spec, policy))),
                    _ => None,
                }
            }

            /// Which stream of plain numbers it tests.
            pub(crate) fn channel(&self) -> Channel {
                match self {
                    $($(Self::$kind(rule) => <$detector as Detect>::channel(rule),)?)+
                    Self::Polled(rule) => <polled::Detector as Detect>::channel(rule),
                }
            }

            /// Whether it takes readings made elsewhere, and nothing else.
            pub(crate) fn takes_levels(&self) -> bool {
                match self {
                    $($(Self::$kind(rule) => <$detector as Detect>::takes_levels(rule),)?)+
                    Self::Polled(rule) => <polled::Detector as Detect>::takes_levels(rule),
                }
            }

            /// Whether it asks for this check.
            pub(crate) fn expects(&self, check: CheckId) -> bool {
                match self {
                    $($(Self::$kind(rule) => <$detector as Detect>::expects(rule, check),)?)+
                    Self::Polled(rule) => <polled::Detector as Detect>::expects(rule, check),
                }
            }

            /// Whether it has something to say before it has heard anything.
            pub(crate) fn speaks_first(&self) -> bool {
                match self {
                    $($(Self::$kind(_) => <$detector as Detect>::SPEAKS_FIRST,)?)+
                    Self::Polled(_) => <polled::Detector as Detect>::SPEAKS_FIRST,
                }
            }

            /// Whether it wants to hear the bid and the ask together.
            pub(crate) fn takes_quotes(&self) -> bool {
                match self {
                    $($(Self::$kind(rule) => <$detector as Detect>::takes_quotes(rule),)?)+
                    Self::Polled(rule) => <polled::Detector as Detect>::takes_quotes(rule),
                }
            }

            /// Which prices are admitted after its last answer, if that is its to say.
            #[inline]
            pub(crate) fn prices(&self) -> Option<Prices> {
                match self {
                    $($(Self::$kind(rule) => <$detector as Detect>::prices(rule),)?)+
                    Self::Polled(rule) => <polled::Detector as Detect>::prices(rule),
                }
            }

            /// Whether it wants to hear of every message's number.
            pub(crate) fn takes_sequences(&self) -> bool {
                match self {
                    $($(Self::$kind(rule) => <$detector as Detect>::takes_sequences(rule),)?)+
                    Self::Polled(rule) => <polled::Detector as Detect>::takes_sequences(rule),
                }
            }

            /// Hears one observation. `None`: it does not concern this rule, or is not to be believed yet.
            ///
            /// The feed's part: a value of the channel becomes its last value only if the band held it or the answer is
            /// `Some`; after `None` for such a value it is forgotten, and the band is [`Band::EMPTY`] until the next answer,
            /// since the rule must hear of each value then. A refused observation changes nothing, the band neither. What is
            /// pending and due by `at` has come true before the observation.
            pub(crate) fn observe(
                &mut self,
                observation: &Observation,
                at: Nanos,
                context: Context<'_>,
            ) -> Result<Option<Answer>, BadInput> {
                match self {
                    $($(Self::$kind(rule) => {
                        let answer = <$detector as Detect>::observe(rule, observation, at, context)?;
                        Ok(answer.map(|answer| Answer { is_new: rule.is_new(observation), ..answer }))
                    })?)+
                    Self::Polled(rule) => {
                        let answer = rule.observe(observation, at, context)?;
                        Ok(answer.map(|answer| Answer { is_new: rule.is_new(observation), ..answer }))
                    }
                }
            }

            /// Whether this observation says that the source is there.
            pub(crate) fn is_news(&self, observation: &Observation) -> bool {
                match self {
                    $($(Self::$kind(rule) => <$detector as Detect>::is_news(rule, observation),)?)+
                    Self::Polled(rule) => <polled::Detector as Detect>::is_news(rule, observation),
                }
            }

            /// Takes in one of many observations, see [`Detect::read`].
            #[inline]
            pub(crate) fn read(&mut self, observation: &Observation, at: Nanos, last: Option<Mark>) -> Option<Reading> {
                match self {
                    $($(Self::$kind(rule) => <$detector as Detect>::read(rule, observation, at, last),)?)+
                    Self::Polled(_) => None,
                }
            }

            /// Whether the answer to this observation is a reading of something new.
            pub(crate) fn is_new(&self, observation: &Observation) -> bool {
                match self {
                    $($(Self::$kind(rule) => <$detector as Detect>::is_new(rule, observation),)?)+
                    Self::Polled(rule) => rule.is_new(observation),
                }
            }

            /// What it says now, see [`Detect::evaluate`].
            pub(crate) fn evaluate(&mut self, at: Nanos, context: Context<'_>) -> Answer {
                match self {
                    $($(Self::$kind(rule) => <$detector as Detect>::evaluate(rule, at, context),)?)+
                    Self::Polled(rule) => <polled::Detector as Detect>::evaluate(rule, at, context),
                }
            }

            /// The values that are sure to breach, see [`Detect::sure_breach`].
            pub(crate) fn sure_breach(&self, at: Nanos, context: Context<'_>) -> Band {
                match self {
                    $($(Self::$kind(rule) => <$detector as Detect>::sure_breach(rule, at, context),)?)+
                    Self::Polled(rule) => <polled::Detector as Detect>::sure_breach(rule, at, context),
                }
            }

            /// Whether its last answer needs no confirmation, see [`Detect::is_certain`].
            pub(crate) fn is_certain(&self) -> bool {
                match self {
                    $($(Self::$kind(rule) => <$detector as Detect>::is_certain(rule),)?)+
                    Self::Polled(rule) => <polled::Detector as Detect>::is_certain(rule),
                }
            }

            /// Sets the baseline anew by hand, for a kind that has one.
            pub(crate) fn rebase(&mut self, baseline: Money, memory: &mut Memory) {
                match self {
                    $($(Self::$kind(rule) => <$detector as Detect>::rebase(rule, baseline, memory),)?)+
                    Self::Polled(rule) => <polled::Detector as Detect>::rebase(rule, baseline, memory),
                }
            }

            /// Whether it judges the very calls that the breaker admits.
            #[inline(always)]
            pub(crate) fn judges_calls(&self) -> bool {
                match self {
                    $($(Self::$kind(_) => <$detector as Detect>::JUDGES_CALLS,)?)+
                    Self::Polled(_) => <polled::Detector as Detect>::JUDGES_CALLS,
                }
            }

            /// Forgets what it has counted, see [`Detect::begin_anew`].
            pub(crate) fn begin_anew(&mut self, from: Nanos) {
                match self {
                    $($(Self::$kind(rule) => <$detector as Detect>::begin_anew(rule, from),)?)+
                    Self::Polled(rule) => <polled::Detector as Detect>::begin_anew(rule, from),
                }
            }

            /// Takes over the windows of the rule before it, see [`Detect::inherit`].
            pub(crate) fn inherit(&mut self, old: &mut Self) {
                match (self, old) {
                    $($((Self::$kind(new), Self::$kind(old)) => <$detector as Detect>::inherit(new, old),)?)+
                    (Self::Polled(new), Self::Polled(old)) => new.inherit(old),
                    _ => {}
                }
            }
        }
    };
}
kinds!(rules);
