//! `metric = "..."`: a breaker of any kind with readings that hears one polled number, and nothing else.

use haltline::{Kind, Limits, Metric, OnStale, OnUnready, Policy, Polled, Ratio, RuleSpec};

use crate::item::Allowed;
use crate::limits::{limits, limits_below, limits_of};
use crate::policy::{COOLDOWN_KEYS, confirmation, cooldown, doubt, general, release};
use crate::scalar::ratio_text;
use crate::table::Table;

const NUMBER: Allowed<Ratio> = Allowed {
    text: "numbers above 0, at most 9000000000",
    holds: |r| r.raw() > 0 && r.raw() <= 9_000_000_000 * Ratio::SCALE,
};

/// Whether a breaker is polled.
pub(crate) fn is_polled(table: &Table<'_>) -> bool {
    table.has("metric")
}

pub(crate) fn polled(table: &Table<'_>, kind: Kind) -> (Option<RuleSpec>, Policy) {
    let metric = table.optional("metric").and_then(|item| item.word(Metric::ALL, Metric::name));
    table.refuse(&["watch"], "a metric comes from evaluate, not from a feed");
    // Who polls everything and stops is in doubt, and nothing has to be admitted before the first number.
    let mut policy = Policy { on_stale: OnStale::Trip, on_unready: OnUnready::Deny, ..general(table, kind) };
    confirmation(table, &mut policy);
    let cooldown_for = if kind == Kind::MarketCircuitBreaker {
        table.refuse(&COOLDOWN_KEYS, "a market_circuit_breaker has none");
        table.refuse(&["max_auto_resets", "auto_reset_window"], "a market_circuit_breaker has none");
        Some(policy.cooldown_for)
    } else {
        cooldown(table, &mut policy)
    };
    release(table, &mut policy, cooldown_for);
    doubt(table, &mut policy);
    let Some(metric) = metric else {
        table.leave(&crate::policy::LIMIT_KEYS);
        return (None, policy);
    };
    let limits = levels(table, metric).filter(|limits| is_of_its_unit(table, metric, limits.limit));
    (limits.map(|limits| RuleSpec::Polled(Polled { kind, metric, limits })), policy)
}

fn levels(table: &Table<'_>, metric: Metric) -> Option<Limits> {
    let Some(default) = Polled::default_limits(metric) else { return limits(table, &NUMBER, None) };
    if let Some(best) = metric.best() {
        return limits_below(table, &NUMBER, default.limit, Ratio::from_f64(best).ok()?);
    }
    // As far below another limit as by default.
    let share =
        |limit: Ratio| i128::from(limit.raw()) * i128::from(default.warn.raw()) / i128::from(default.limit.raw());
    let warns = |limit: Ratio| Ratio::from_raw(i64::try_from(share(limit)).unwrap_or(limit.raw()));
    limits_of(table, &NUMBER, Some(default.limit), warns)
}

/// A share of 8 was meant as 8 %.
fn is_of_its_unit(table: &Table<'_>, metric: Metric, limit: Ratio) -> bool {
    let (least, most) = metric.limit_range();
    let fits = (least..=most).contains(&limit);
    if let (false, Some(item)) = (fits, table.optional("limit")) {
        let (least, most) = (ratio_text(least), ratio_text(most));
        item.refuse::<()>(&format!("numbers from {least} to {most} for {:?}", metric.name()));
    }
    fits
}
