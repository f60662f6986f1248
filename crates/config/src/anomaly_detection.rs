//! `anomaly_detection`: a return, a volume or a spread far from those before it, or a value made elsewhere.

use haltline::{AnomalyBaseline, AnomalyDetection, AnomalySource, Kind, Limits, MAX_VALUES, Policy, Ratio, RuleSpec};

use crate::item::{Allowed, Item};
use crate::limits::limits;
use crate::policy::{confirmation, cooldown, doubt, general, release};
use crate::scalar::ratio_text;
use crate::table::Table;
use crate::volatility::LEVEL;

/// So many deviations.
const LIMIT: Ratio = Ratio::from_raw(3 * Ratio::SCALE);
/// Below two, one value in twenty is an anomaly.
const USUAL: Ratio = Ratio::from_raw(2 * Ratio::SCALE);

const VALUES: Allowed<i64> =
    Allowed { text: "whole numbers from 2 to 65536", holds: |n| (2..=MAX_VALUES as i64).contains(&n) };

pub(crate) fn anomaly_detection(table: &Table<'_>) -> (Option<RuleSpec>, Policy) {
    let mut policy = general(table, Kind::AnomalyDetection);
    confirmation(table, &mut policy);
    let cooldown_for = cooldown(table, &mut policy);
    release(table, &mut policy, cooldown_for);
    doubt(table, &mut policy);
    (rule(table).map(RuleSpec::AnomalyDetection), policy)
}

fn rule(table: &Table<'_>) -> Option<AnomalyDetection> {
    let limits = deviations(table);
    let source = table.optional("source");
    let source = source.map_or(Some(AnomalySource::Return), |i| i.word(AnomalySource::ALL, AnomalySource::name));
    let baseline = table.optional("baseline");
    let baseline =
        baseline.map_or(Some(AnomalyBaseline::Median), |i| i.word(AnomalyBaseline::ALL, AnomalyBaseline::name));
    let default = AnomalyDetection::with_source(source.unwrap_or(AnomalySource::Return));
    let window = window(table, &default);
    let min_scale = match source {
        None => {
            table.leave(&["min_scale"]);
            None
        }
        Some(AnomalySource::Level) => table.required("min_scale", LEVEL.text).and_then(|item| item.ratio(&LEVEL)),
        Some(_) => table.optional("min_scale").map_or(Some(default.min_scale), |item| item.ratio(&LEVEL)),
    };
    let (window, min_values) = window?;
    Some(AnomalyDetection {
        limits: limits?,
        source: source?,
        baseline: baseline?,
        window,
        min_values,
        min_scale: min_scale?,
    })
}

fn deviations(table: &Table<'_>) -> Option<Limits> {
    let limits = limits(table, &LEVEL, Some(LIMIT))?;
    if let Some(item) = table.optional("limit").filter(|_| limits.limit < USUAL) {
        let (found, usual) = (ratio_text(limits.limit), ratio_text(USUAL));
        item.warn(&format!("{found} is below {usual}, where calm markets have anomalies"));
    }
    Some(limits)
}

/// How many values the baseline is made of, and how many it needs.
fn window(table: &Table<'_>, default: &AnomalyDetection) -> Option<(usize, usize)> {
    let read = |key| table.optional(key).map(|item: Item<'_, '_>| Some((item, item.integer(&VALUES)?)));
    let (window, least) = (read("window"), read("min_values"));
    let window = window.map_or(Some(default.window as i64), |given| given.map(|(_, n)| n))?;
    let least = match least {
        None => (default.min_values as i64).min(window),
        Some(given) => {
            let (item, n) = given?;
            if n > window {
                return item.refuse(&format!("whole numbers from 2 to window ({window})"));
            }
            n
        }
    };
    Some((usize::try_from(window).ok()?, usize::try_from(least).ok()?))
}
