//! The script as it stands in its file: what happens when, and what must be seen then.

use core::ops::Range;
use std::collections::BTreeMap;

use haltline::{Intent, Reason, Status};
use serde::Deserialize;
use toml::Spanned;

use super::acts::*;
use super::admits::Admitted;
use super::values::{Each, Instant, Lasting, Moment, Word};

/// A script.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    /// What people call it.
    pub(crate) title: String,
    /// The configuration under test: a file beside the script, or the configuration itself.
    pub(crate) config: Spanned<toml::Value>,
    /// The calendar of the configuration in whose zone times are shown.
    pub(crate) calendar: Option<Spanned<String>>,
    /// The System's time at the start.
    pub(crate) start: Spanned<Instant>,
    /// What happens, in the order of time.
    #[serde(rename = "step")]
    pub(crate) steps: Vec<Spanned<Step>>,
}

/// What must be seen of a breaker: its status, or more of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) status: Option<Word<Status>>,
    pub(crate) reason: Option<Word<Reason>>,
    /// All that it denies, no other.
    pub(crate) denies: Option<Vec<Word<Intent>>>,
    pub(crate) until: Option<Moment>,
    /// The rung of a ladder that stands.
    pub(crate) rung: Option<u8>,
    pub(crate) unready: Option<bool>,
}

/// A status alone stands for what must be seen.
#[derive(Debug)]
pub(crate) struct Seen(pub(crate) Expected);

/// What happens in a step.
#[derive(Debug)]
pub(crate) enum Act {
    Observation(Observation),
    Deed(Deed),
    Trial(Trial),
}

/// The things of a step that happen in one instant, and where they stand.
#[derive(Debug)]
pub(crate) struct Acts {
    pub(crate) word: &'static str,
    pub(crate) span: Range<usize>,
    pub(crate) each: Vec<Act>,
}

/// From the words of a step what they mean: a field of [`Step`] and a variant for each.
macro_rules! words {
    ($($Group:ident: $group_doc:literal { $($word:ident: $Variant:ident($Type:ty),)+ })+) => {
        $(
            #[doc = $group_doc]
            #[derive(Debug)]
            pub(crate) enum $Group { $($Variant($Type),)+ }
        )+

        /// A step: what happens, how often, and what is seen then.
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct Step {
            /// When; without it at the time of the step before.
            pub(crate) at: Option<Spanned<Moment>>,
            /// How often the observations come.
            pub(crate) times: Option<Spanned<usize>>,
            /// The time between two of them.
            pub(crate) every: Option<Spanned<Lasting>>,
            /// Why what happens is refused.
            pub(crate) refused: Option<Spanned<Refusal>>,
            /// What must be seen of breakers.
            #[serde(default)]
            pub(crate) expect: BTreeMap<Spanned<String>, Spanned<Seen>>,
            /// All that scopes permit.
            #[serde(default)]
            pub(crate) permits: BTreeMap<Spanned<String>, Spanned<Vec<Word<Intent>>>>,
            /// Which prices scopes admit.
            #[serde(default)]
            pub(crate) admits: BTreeMap<Spanned<String>, Spanned<Admitted>>,
            $($($word: Option<Spanned<Each<$Type>>>,)+)+
        }

        impl Step {
            /// All that happens, by words.
            pub(crate) fn take_acts(&mut self) -> Vec<Acts> {
                let mut all = Vec::new();
                $($(if let Some(found) = self.$word.take() {
                    let (span, word) = (found.span(), stringify!($word));
                    let each = found.into_inner().0.into_iter().map(|act| Act::$Group($Group::$Variant(act))).collect();
                    all.push(Acts { word, span, each });
                })+)+
                all
            }
        }
    };
}

words! {
    Observation: "What a feed hears." {
        trade: Trade(Trade),
        quote: Quote(Quote),
        equity: Equity(Equity),
        pnl: Pnl(Equity),
        flow: Flow(Equity),
        margin: Margin(Margin),
        position: Position(Position),
        reference: Reference(Reference),
        outcome: Outcome(Call),
        sequence: Sequence(Sequence),
        venue: Venue(Venue),
        prediction: Prediction(Prediction),
        check: Check(Check),
        heartbeat: Heartbeat(Heartbeat),
        reading: Reading(Reading),
    }
    Deed: "What a person does." {
        trip: Trip(OfBreaker),
        reset: Reset(OfBreaker),
        force_reset: ForceReset(OfBreaker),
        maintain: Maintain(OfBreaker),
        liquidate: Liquidate(OfBreaker),
        liquidated: Liquidated(OfBreaker),
        rebase: Rebase(Rebase),
        emergency_stop: EmergencyStop(Stop),
        clear_emergency_stop: ClearEmergencyStop(OfScope),
        kill: Kill(Kill),
        rearm: Rearm(Rearm),
    }
    Trial: "An order that tries a breaker which is half open." {
        probe: Probe(Probe),
        passed: Passed(Order),
        failed: Failed(Order),
        given_back: GivenBack(Order),
    }
}

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SeenVisitor)
    }
}

struct SeenVisitor;

impl<'de> serde::de::Visitor<'de> for SeenVisitor {
    type Value = Seen;

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("a status, or a table of what is seen of the breaker")
    }

    fn visit_str<E: serde::de::Error>(self, found: &str) -> Result<Seen, E> {
        let status = Word::deserialize(serde::de::IntoDeserializer::into_deserializer(found))?;
        let nothing = Expected { status: None, reason: None, denies: None, until: None, rung: None, unready: None };
        Ok(Seen(Expected { status: Some(status), ..nothing }))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Seen, A::Error> {
        Expected::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Seen)
    }
}
