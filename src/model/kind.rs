//! The table of kinds. One row makes a kind: its name in TOML, C and on the command line, its defaults, its parameters and
//! its detector; `docs/adding-a-kind.md` walks through it.

use core::fmt;
use core::time::Duration;

use super::intent::Lanes;
use super::policy::{Halt, OnStale, OnUnready, Policy, Release};
use super::status::{Authority, named};

/// A row: name of the variant, number, name; what it watches for in one line; then the defaults of its policy (effect,
/// release, who may reset, seconds of a halt, weight), the best value if lower is worse, its parameters, its detector.
///
/// The rows are handed to the macro `$then`: here that makes [`Kind`] and [`KINDS`], in [`rule`](crate::rule) the parameters and
/// the detectors of the kinds. A kind without a detector has no readings: people move it, or nobody.
macro_rules! kinds {
    ($then:ident) => {
        $then! {
            /// Realised volatility of an instrument or index.
            Volatility = 1, "volatility": "realised volatility, or a volatility level made elsewhere, is too high",
                HALT, Timed, RiskDesk, 900, 1.0, best(), spec($crate::rule::volatility::Volatility), detector($crate::rule::volatility::Detector);
            /// Fall of equity from a peak.
            Drawdown = 2, "drawdown": "equity has fallen too far from its peak",
                NO_NEW, Latched, RiskDesk, 900, 1.0, best(), spec($crate::rule::drawdown::Drawdown), detector($crate::rule::drawdown::Detector);
            /// Speed of losing.
            LossRate = 3, "loss_rate": "equity is lost too fast",
                NO_NEW, Latched, RiskDesk, 900, 1.0, best(), spec($crate::rule::loss_rate::LossRate), detector($crate::rule::loss_rate::Detector);
            /// Number and size of positions.
            PositionLimit = 4, "position_limit": "there are too many positions, or some are too great for the portfolio",
                NO_NEW, Level, RiskDesk, 900, 1.0, best(), spec($crate::rule::position_limit::PositionLimit), detector($crate::rule::position_limit::Detector);
            /// Instruments that move as one, or no longer together.
            Correlation = 5, "correlation": "instruments move as one, or not as they did",
                HALT, Timed, RiskDesk, 900, 1.0, best(), spec($crate::rule::correlation::Correlation), detector($crate::rule::correlation::Detector);
            /// The classic circuit breaker around a dependency.
            Technical = 6, "technical": "a dependency fails too often, or answers too slowly",
                HALT, Timed, RiskDesk, 30, 1.0, best(), spec($crate::rule::technical::Technical), detector($crate::rule::technical::Detector);
            /// Tripped and reset by people.
            Manual = 7, "manual": "tripped and reset by people",
                HALT, Latched, RiskDesk, 900, 1.0, best(), spec(), detector();
            /// Trading inside sessions only.
            TimeBased = 8, "time_based": "the market is closed, or blacked out",
                HALT, Level, RiskDesk, 900, 0.0, best(), spec($crate::rule::time_based::TimeBased), detector();
            /// The emergency stop of a scope.
            KillSwitch = 9, "kill_switch": "the emergency stop of a scope",
                HALT, Latched, Admin, 900, 1.0, best(), spec($crate::rule::operator::KillSwitch), detector();
            /// A ladder of market-wide halts, the price bands of an instrument, or the halts of a venue.
            MarketCircuitBreaker = 10, "market_circuit_breaker": "the market has moved through a rung of its ladder, an instrument has stood at a price band, or a venue has halted",
                HALT, Timed, Admin, 900, 1.0, best(), spec($crate::rule::market::MarketCircuitBreaker), detector($crate::rule::market::Detector);
            /// A return, volume or spread that is far from those before it.
            AnomalyDetection = 11, "anomaly_detection": "a return, a volume or a spread is far from those before it",
                NO_NEW, Timed, RiskDesk, 900, 1.0, best(), spec($crate::rule::anomaly_detection::AnomalyDetection), detector($crate::rule::anomaly_detection::Detector);
            /// The book must be reduced.
            LiquidationRequired = 12, "liquidation_required": "the book must be reduced: too much is lost, or too much margin is in use",
                NO_NEW, Latched, RiskDesk, 900, 1.0, best(), spec($crate::rule::liquidation::LiquidationRequired), detector($crate::rule::liquidation::Detector);
            /// Checks that must have passed before a session.
            PremarketValidation = 13, "premarket_validation": "a check before the open is missing, has failed or was late",
                HALT, Level, RiskDesk, 900, 1.0, best(), spec($crate::rule::premarket_validation::PremarketValidation), detector($crate::rule::premarket_validation::Detector);
            /// What is heard of a market: all of it, in order, in time, and a book that can be.
            DataFeedIntegrity = 14, "data_feed_integrity": "a data feed loses messages, lags, or shows a book that cannot be",
                HALT, Level, RiskDesk, 900, 1.0, best(100.0), spec($crate::rule::data_feed_integrity::DataFeedIntegrity), detector($crate::rule::data_feed_integrity::Detector);
            /// Share of right predictions of a model.
            ModelPerformance = 15, "model_performance": "a model is right too seldom",
                NO_NEW, Timed, RiskDesk, 900, 1.0, best(1.0), spec($crate::rule::model_performance::ModelPerformance), detector($crate::rule::model_performance::Detector);
        }
    };
}
pub(crate) use kinds;

macro_rules! table {
    ($($(#[$doc:meta])* $kind:ident = $number:literal, $name:literal: $summary:literal, $effect:ident, $release:ident,
        $reset:ident, $halt_for:literal, $severity:literal, best($($best:literal)?), spec($($spec:ty)?), detector($($detector:ty)?);)+) => {
        named! {
            /// What a breaker watches for.
            ///
            /// ```
            /// use haltline::{Intent, Kind, Release};
            /// // A drawdown leaves the way out of the position open, and a person ends it.
            /// let drawdown = Kind::Drawdown.default_policy();
            /// assert!(drawdown.release == Release::Latched && !drawdown.effect.denies(Intent::Reduce));
            /// // A wild market stops both sides, and time ends it.
            /// let volatility = Kind::Volatility.default_policy();
            /// assert!(volatility.release == Release::Timed && volatility.effect.denies(Intent::Reduce));
            /// ```
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            Kind: "kind" {
                $($(#[$doc])* $kind = $number, $name;)+
            }
        }

        /// All kinds, in the order of their numbers.
        ///
        /// ```
        /// use haltline::KINDS;
        /// let driven_by_feeds: Vec<_> = KINDS.iter().filter(|row| row.has_readings).map(|row| row.kind.name()).collect();
        /// assert!(driven_by_feeds.contains(&"drawdown") && !driven_by_feeds.contains(&"manual"));
        /// ```
        pub const KINDS: &[KindRow] = &[$(KindRow {
            kind: Kind::$kind,
            summary: $summary,
            effect: Lanes::$effect,
            release: Release::$release,
            reset_authority: Authority::$reset,
            halt_for: Duration::from_secs($halt_for),
            severity: $severity,
            best: [$(Some($best),)? None][0],
            confirm: [$(<$detector as $crate::rule::Detect>::CONFIRM,)? 1][0],
            has_readings: !stringify!($($detector)?).is_empty(),
            goes_stale: [$(<$detector as $crate::rule::Detect>::GOES_STALE,)? false][0],
            judges_calls: [$(<$detector as $crate::rule::Detect>::JUDGES_CALLS,)? false][0],
        }),+];
    };
}
kinds!(table);

/// One row of the table.
///
/// ```
/// use haltline::{Authority, Kind};
/// let (kill, ladder) = (Kind::KillSwitch.row(), Kind::MarketCircuitBreaker.row());
/// assert_eq!((kill.reset_authority, ladder.reset_authority), (Authority::Admin, Authority::Admin));
/// // No feed drives a kill switch, so silence cannot trip it; a ladder without prices is in doubt.
/// assert!(!kill.has_readings && ladder.has_readings);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct KindRow {
    /// The kind.
    pub kind: Kind,
    /// One line for people.
    pub summary: &'static str,
    /// What Tripped denies unless the policy says otherwise.
    pub effect: Lanes,
    /// How it ends unless the policy says otherwise.
    pub release: Release,
    /// Who may reset unless the policy says otherwise.
    pub reset_authority: Authority,
    /// How long a trip lasts at least unless the policy says otherwise.
    pub halt_for: Duration,
    /// The weight of its risk score unless the policy says otherwise.
    pub severity: f64,
    /// How many breaches in a row make a trip unless the policy says otherwise.
    pub confirm: u32,
    /// The best value of a kind whose values are worse the lower they are; `None` where higher is worse.
    pub best: Option<f64>,
    /// Whether observations drive it; if not, it is never unready and never stale.
    pub has_readings: bool,
    /// Whether it trips when its source falls silent, unless the policy says otherwise.
    pub goes_stale: bool,
    /// Whether it judges the very calls that it admits. Then it must admit the first ones unless the policy says otherwise,
    /// and after a trip it begins anew: a call that is denied has no outcome.
    pub judges_calls: bool,
}

impl Kind {
    /// Its row.
    pub fn row(self) -> &'static KindRow {
        // A test holds that every kind has a row; the first stands in so that this cannot panic.
        KINDS.iter().find(|row| row.kind == self).unwrap_or(&KINDS[0])
    }

    /// The policy of this kind with the catalogue's defaults.
    pub fn default_policy(self) -> Policy {
        let row = self.row();
        Policy {
            effect: row.effect,
            release: row.release,
            reset_authority: row.reset_authority,
            on_stale: if row.goes_stale { OnStale::Trip } else { OnStale::Ignore },
            severity: row.severity,
            confirm: row.confirm,
            liquidates: self == Self::LiquidationRequired,
            // People and the clock have the say from the first instant, and who judges calls must admit the first ones.
            on_unready: if row.has_readings && !row.judges_calls { OnUnready::Deny } else { OnUnready::Allow },
            halt: Halt::Timed { base: row.halt_for, backoff: 1.0, max: Duration::from_secs(24 * 3600) },
            ..Policy::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_exactly_one_row_in_the_order_of_the_numbers() {
        assert_eq!(KINDS.iter().map(|row| row.kind).collect::<Vec<_>>(), Kind::ALL);
    }

    #[test]
    fn names_lead_back_to_their_kinds() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(*kind));
        }
    }
}
