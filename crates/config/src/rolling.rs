//! The rolling move of a `market_circuit_breaker`: so far within a window is a pause.

use core::time::Duration;
use std::sync::Arc;

use haltline::{Direction, Halt, Kind, MarketCircuitBreaker, Policy, Release, RollingMove, RuleSpec};

use crate::calendar::Market;
use crate::item::{Allowed, SHARE, SOME_TIME};
use crate::limits::limits;
use crate::policy::{CONFIRM_KEYS, COOLDOWN_KEYS, RELEASE_KEYS, doubt, general};
use crate::table::Table;

/// The keys of a rolling move beside its direction and its levels.
pub(crate) const ROLLING_KEYS: [&str; 1] = ["window"];

const WINDOW: Allowed<Duration> = Allowed {
    text: "durations from \"1s\" to \"1d\"",
    holds: |d| (Duration::from_secs(1)..=Duration::from_secs(86_400)).contains(&d),
};

pub(crate) fn rolling(table: &Table<'_>, market: Option<&Market>) -> (Option<RuleSpec>, Policy) {
    let mut policy = general(table, Kind::MarketCircuitBreaker);
    doubt(table, &mut policy);
    if let Some(item) = table.optional("release") {
        policy.release = item.word(&[Release::Timed, Release::Latched], Release::name).unwrap_or(policy.release);
    }
    table.refuse(&CONFIRM_KEYS, "the first price that is far enough pauses");
    table.refuse(&COOLDOWN_KEYS, "a rolling move has none: a pause has its time");
    let others: Vec<&str> = RELEASE_KEYS.into_iter().filter(|key| *key != "release").collect();
    table.refuse(&others, "a pause has its time");
    let rule = rule(table, market).map(Arc::new);
    if let Some(rolling) = &rule {
        policy.halt = Halt::Timed { base: rolling.pause, backoff: 1.0, max: rolling.pause };
    }
    (rule.map(|rolling| RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Rolling(rolling))), policy)
}

fn rule(table: &Table<'_>, market: Option<&Market>) -> Option<RollingMove> {
    let direction = table.optional("direction").map(|item| item.word(Direction::ALL, Direction::name));
    let window = table.required("window", WINDOW.text).and_then(|item| item.duration(&WINDOW));
    let pause = table.required("pause", SOME_TIME.text).and_then(|item| item.duration(&SOME_TIME));
    let limits = limits(table, &SHARE, None);
    Some(RollingMove {
        sessions: market?.sessions().clone(),
        direction: direction.unwrap_or(Some(Direction::Down))?,
        window: window?,
        limits: limits?,
        pause: pause?,
    })
}
