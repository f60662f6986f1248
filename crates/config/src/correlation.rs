//! `correlation`: instruments that move as one, or no longer together.

use core::time::Duration;

use haltline::{
    Correlation, CorrelationMode, Kind, Limits, MAX_BASELINE, MAX_RETURNS, Policy, Ratio, RuleSpec, ScopePath,
};

use crate::calendar::Market;
use crate::item::{Allowed, SHARE};
use crate::limits::limits;
use crate::policy::{confirmation, cooldown, doubt, general, release};
use crate::scalar::{duration_text, ratio_text};
use crate::table::Table;

const DAY: Duration = Duration::from_secs(86_400);
/// Instruments of one market are seldom less correlated than this.
const USUAL: Ratio = Ratio::from_raw(300_000_000);

/// Two correlations are at most 2 apart.
const DISTANCE: Allowed<Ratio> =
    Allowed { text: "numbers above 0 and at most 2", holds: |r| r.raw() > 0 && r.raw() <= 2 * Ratio::SCALE };
const SAMPLE: Allowed<Duration> = Allowed {
    text: "durations from \"1ms\" to \"1d\", such as \"1s\", \"1m\" or \"1d\"",
    holds: |d| (Duration::from_millis(1)..=DAY).contains(&d),
};
const RETURNS: Allowed<i64> =
    Allowed { text: "whole numbers from 2 to 4096", holds: |n| (2..=MAX_RETURNS as i64).contains(&n) };
const READINGS: Allowed<i64> =
    Allowed { text: "whole numbers from 1 to 4096", holds: |n| (1..=MAX_BASELINE as i64).contains(&n) };

pub(crate) fn correlation(
    table: &Table<'_>,
    market: Option<&Market>,
    watch: Option<&[ScopePath]>,
) -> (Option<RuleSpec>, Policy) {
    let mut policy = general(table, Kind::Correlation);
    confirmation(table, &mut policy);
    let cooldown_for = cooldown(table, &mut policy);
    release(table, &mut policy, cooldown_for);
    doubt(table, &mut policy);
    let several = "arrays of two scope paths or more: those of the instruments";
    if let (Some([_]), Some(item)) = (watch, table.required("watch", several)) {
        item.wrong(&format!("found one, allowed are {several}"));
    }
    (rule(table, market).map(RuleSpec::Correlation), policy)
}

fn rule(table: &Table<'_>, market: Option<&Market>) -> Option<Correlation> {
    let mode = table.optional("mode");
    let mode = mode.map_or(Some(CorrelationMode::Rise), |i| i.word(CorrelationMode::ALL, CorrelationMode::name));
    let default = Correlation::with_mode(mode.unwrap_or(CorrelationMode::Rise));
    let limits = levels(table, mode, &default);
    let sample = table.optional("sample").map_or(default.sample, |item| item.duration(&SAMPLE));
    let returns = table.optional("window").map_or(Some(default.returns as i64), |item| item.integer(&RETURNS));
    let baseline = match mode {
        Some(CorrelationMode::Break) => {
            let given = table.optional("baseline_window").map(|item| item.integer(&READINGS));
            given.unwrap_or(Some(default.baseline as i64))
        }
        Some(CorrelationMode::Rise) => {
            table.refuse(&["baseline_window"], "only mode = \"break\" looks back");
            Some(default.baseline as i64)
        }
        None => {
            table.leave(&["baseline_window"]);
            None
        }
    };
    let (sample, returns) = (sample?, usize::try_from(returns?).ok()?);
    // A day of a calendar is a session, however long it is.
    let sample = if sample == DAY && market.is_some() { None } else { Some(sample) };
    if let (Some(sample), Some(market)) = (sample, market) {
        fills(table, sample, returns, market);
    }
    Some(Correlation { limits: limits?, mode: mode?, sample, returns, baseline: usize::try_from(baseline?).ok()? })
}

fn levels(table: &Table<'_>, mode: Option<CorrelationMode>, default: &Correlation) -> Option<Limits> {
    let allowed = match mode {
        None => {
            table.leave(&["limit", "warn", "clear"]);
            return None;
        }
        Some(CorrelationMode::Rise) => &SHARE,
        Some(CorrelationMode::Break) => &DISTANCE,
    };
    let limits = limits(table, allowed, Some(default.limits.limit))?;
    let low = mode == Some(CorrelationMode::Rise) && limits.limit < USUAL;
    if let Some(item) = table.optional("limit").filter(|_| low) {
        let (found, usual) = (ratio_text(limits.limit), ratio_text(USUAL));
        item.warn(&format!("{found} is below {usual}, which instruments of one market reach on any day"));
    }
    Some(limits)
}

/// A window of samples under a day starts anew each session. It needs a close more than it has returns.
fn fills(table: &Table<'_>, sample: Duration, returns: usize, market: &Market) {
    let longest = market.longest();
    if returns as u128 >= longest.as_nanos() / sample.as_nanos() {
        let text = format!(
            "window: {returns} returns on samples of {} are never full, for the longest session lasts {}; allowed are \
             windows with fewer returns than a session has samples, or sample = \"1d\"",
            duration_text(sample),
            duration_text(longest)
        );
        let at = table.optional("window").or(table.optional("sample"));
        table.wrong(at, &text);
    }
}
