//! The table of kinds: TOML names, the command's list and the defaults come from this one array.

use core::fmt;
use core::time::Duration;

use super::intent::Lanes;
use super::policy::{Halt, OnStale, Policy, Release};
use super::status::{Authority, named};

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
        /// Realised volatility of an instrument or index.
        Volatility = 1, "volatility";
        /// Fall of equity from a peak.
        Drawdown = 2, "drawdown";
        /// Tripped and reset by people.
        Manual = 7, "manual";
        /// The emergency stop of a scope.
        KillSwitch = 9, "kill_switch";
        /// A ladder of market-wide halts.
        MarketCircuitBreaker = 10, "market_circuit_breaker";
    }
}

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
    /// Whether observations drive it; if not, it is never unready and never stale.
    pub has_readings: bool,
}

/// All kinds, in the order of their numbers.
///
/// ```
/// use haltline::KINDS;
/// let driven_by_feeds: Vec<_> = KINDS.iter().filter(|row| row.has_readings).map(|row| row.kind.name()).collect();
/// assert!(driven_by_feeds.contains(&"drawdown") && !driven_by_feeds.contains(&"manual"));
/// ```
pub const KINDS: &[KindRow] = &[
    KindRow {
        kind: Kind::Volatility,
        summary: "realised volatility, or a volatility level made elsewhere, is too high",
        effect: Lanes::HALT,
        release: Release::Timed,
        reset_authority: Authority::RiskDesk,
        has_readings: true,
    },
    KindRow {
        kind: Kind::Drawdown,
        summary: "equity has fallen too far from its peak",
        effect: Lanes::NO_NEW,
        release: Release::Latched,
        reset_authority: Authority::RiskDesk,
        has_readings: true,
    },
    KindRow {
        kind: Kind::Manual,
        summary: "tripped and reset by people",
        effect: Lanes::HALT,
        release: Release::Latched,
        reset_authority: Authority::RiskDesk,
        has_readings: false,
    },
    KindRow {
        kind: Kind::KillSwitch,
        summary: "the emergency stop of a scope",
        effect: Lanes::HALT,
        release: Release::Latched,
        reset_authority: Authority::Admin,
        has_readings: false,
    },
    KindRow {
        kind: Kind::MarketCircuitBreaker,
        summary: "the market has moved through a rung of its ladder",
        effect: Lanes::HALT,
        release: Release::Timed,
        reset_authority: Authority::Admin,
        has_readings: true,
    },
];

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
            cooldown_effect: row.effect,
            reset_authority: row.reset_authority,
            on_stale: if row.has_readings { OnStale::Trip } else { OnStale::Ignore },
            halt: Halt::Timed { base: Duration::from_secs(15 * 60), backoff: 1.0, max: Duration::from_secs(24 * 3600) },
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
