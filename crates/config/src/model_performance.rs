//! `model_performance`: the share of right predictions, counted or measured elsewhere.

use haltline::{Kind, Limits, MAX_OUTCOMES, ModelPerformance, PerformanceSource, Policy, Ratio, RuleSpec};

use crate::item::{Allowed, SHARE};
use crate::limits::limits_below;
use crate::policy::{confirmation, cooldown, doubt, general, release};
use crate::scalar::ratio_text;
use crate::table::Table;

/// All predictions right.
const BEST: Ratio = Ratio::from_raw(Ratio::SCALE);
/// A limit below a half is unusual: a coin is right as often.
const USUAL: Ratio = Ratio::from_raw(Ratio::SCALE / 2);

const OUTCOMES: Allowed<i64> =
    Allowed { text: "whole numbers of outcomes from 1 to 65536", holds: |n| (1..=MAX_OUTCOMES as i64).contains(&n) };

pub(crate) fn model_performance(table: &Table<'_>) -> (Option<RuleSpec>, Policy) {
    let mut policy = general(table, Kind::ModelPerformance);
    confirmation(table, &mut policy);
    let cooldown_for = cooldown(table, &mut policy);
    release(table, &mut policy, cooldown_for);
    doubt(table, &mut policy);
    (rule(table).map(RuleSpec::ModelPerformance), policy)
}

fn rule(table: &Table<'_>) -> Option<ModelPerformance> {
    let default = ModelPerformance::default();
    let limits = limits(table, default.limits.limit);
    let source = table.optional("source");
    let source = source.map_or(Some(default.source), |i| i.word(PerformanceSource::ALL, PerformanceSource::name));
    match source {
        Some(PerformanceSource::Outcomes) => {
            let (window, min_outcomes) = counts(table, &default)?;
            Some(ModelPerformance { limits: limits?, source: source?, window, min_outcomes })
        }
        Some(PerformanceSource::Level) => {
            table.refuse(&["window", "min_outcomes"], "with source = \"level\" the accuracy is measured elsewhere");
            Some(ModelPerformance { limits: limits?, source: source?, ..default })
        }
        None => {
            table.leave(&["window", "min_outcomes"]);
            None
        }
    }
}

fn limits(table: &Table<'_>, default: Ratio) -> Option<Limits> {
    let limits = limits_below(table, &SHARE, default, BEST)?;
    if let Some(item) = table.optional("limit").filter(|_| limits.limit < USUAL) {
        let (found, usual) = (ratio_text(limits.limit), ratio_text(USUAL));
        item.warn(&format!("{found} is below {usual}, what a coin would reach"));
    }
    Some(limits)
}

/// The window, and how much of it must be there before it counts: by default 50, or all of a shorter one.
fn counts(table: &Table<'_>, default: &ModelPerformance) -> Option<(usize, usize)> {
    let read = |key| table.optional(key).map(|item| Some((item, usize::try_from(item.integer(&OUTCOMES)?).ok()?)));
    let (window, least) = (read("window"), read("min_outcomes"));
    let window = window.map_or(Some(default.window), |read| Some(read?.1))?;
    match least {
        None => Some((window, default.min_outcomes.min(window))),
        Some(Some((_, least))) if least <= window => Some((window, least)),
        Some(Some((item, _))) => item.refuse(&format!("whole numbers of outcomes from 1 to the window's {window}")),
        Some(None) => None,
    }
}
