//! `volatility`: realised over a window of samples, or a level made elsewhere.

use core::time::Duration;

use haltline::{Kind, Limits, MAX_RETURNS, Policy, Ratio, RuleSpec, Volatility, VolatilitySource};

use crate::calendar::Market;
use crate::drawdown::SAMPLE;
use crate::item::{Allowed, Item, SHARE};
use crate::limits::limits;
use crate::policy::{confirmation, cooldown, doubt, general, release};
use crate::scalar::{duration_text, ratio_text};
use crate::table::Table;

/// The move that a window expects: 5 %.
const LIMIT: Ratio = Ratio::from_raw(50_000_000);
/// A move of a window above this is unusual.
const USUAL: Ratio = Ratio::from_raw(100_000_000);
/// A volatility index: 40 points.
const LEVEL_LIMIT: Ratio = Ratio::from_raw(40 * Ratio::SCALE);

/// A value in a unit of its own.
pub(crate) const LEVEL: Allowed<Ratio> = Allowed {
    text: "numbers above 0 and at most 9000000000",
    holds: |r| r.raw() > 0 && r.raw() <= 9_000_000_000 * Ratio::SCALE,
};
const PER_YEAR: Allowed<Ratio> =
    Allowed { text: "fractions above 0 and at most 100", holds: |r| r.raw() > 0 && r.raw() <= 100 * Ratio::SCALE };
const SAMPLES_A_YEAR: Allowed<f64> =
    Allowed { text: "numbers above 0 and at most 1000000000", holds: |n| n > 0.0 && n <= 1e9 };
const RETURNS: core::ops::RangeInclusive<u128> = 2..=MAX_RETURNS as u128;
const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn volatility(table: &Table<'_>, market: Option<&Market>) -> (Option<RuleSpec>, Policy) {
    let mut policy = general(table, Kind::Volatility);
    confirmation(table, &mut policy);
    let cooldown_for = cooldown(table, &mut policy);
    release(table, &mut policy, cooldown_for);
    doubt(table, &mut policy);
    (rule(table, market).map(RuleSpec::Volatility), policy)
}

fn rule(table: &Table<'_>, market: Option<&Market>) -> Option<Volatility> {
    let source = table.optional("source");
    let source =
        source.map_or(Some(VolatilitySource::Trade), |i| i.word(VolatilitySource::ALL, VolatilitySource::name));
    let test = |key| table.optional(key).and_then(Item::boolean).unwrap_or(true);
    let (rise, breakout) = (test("rise"), test("breakout"));
    match source {
        Some(VolatilitySource::Level) => level(table, rise, breakout),
        Some(source) => realised(table, source, market, rise, breakout),
        None => {
            table.leave(&["limit", "warn", "clear", "sample", "window", "annualise"]);
            None
        }
    }
}

/// Readings made elsewhere: nothing is sampled, the limit is in the unit of the level.
fn level(table: &Table<'_>, rise: bool, breakout: bool) -> Option<Volatility> {
    table.refuse(&["sample", "window", "annualise"], "with source = \"level\" the readings are made elsewhere");
    let limits = limits(table, &LEVEL, Some(LEVEL_LIMIT))?;
    let source = VolatilitySource::Level;
    let (sample, returns) = (Some(Duration::from_secs(60)), 30);
    Some(Volatility { limits, source, sample, returns, annualise: None, rise, breakout })
}

fn realised(
    table: &Table<'_>,
    source: VolatilitySource,
    market: Option<&Market>,
    rise: bool,
    breakout: bool,
) -> Option<Volatility> {
    let annualise = table.optional("annualise").map(|item| item.number(&SAMPLES_A_YEAR));
    let limits = if annualise.is_some() { limits(table, &PER_YEAR, None) } else { window_limits(table) };
    let (sample, returns) = grid(table)?;
    // A day of a calendar is a session, however long it is.
    let sample = if sample == DAY && market.is_some() { None } else { Some(sample) };
    if let (Some(sample), Some(market)) = (sample, market) {
        fills(table, sample, returns, market);
    }
    Some(Volatility { limits: limits?, source, sample, returns, annualise: annualise.flatten(), rise, breakout })
}

/// A window of samples under a day starts anew each session. It needs a close more than it has returns.
fn fills(table: &Table<'_>, sample: Duration, returns: usize, market: &Market) {
    let longest = market.longest();
    let closes = longest.as_nanos() / sample.as_nanos();
    if returns as u128 >= closes {
        let text = format!(
            "window: {returns} returns on samples of {} are never full, for the longest session lasts {}; allowed are \
             windows shorter than a session by a sample, or sample = \"1d\"",
            duration_text(sample),
            duration_text(longest)
        );
        let at = table.optional("window").or(table.optional("sample"));
        table.wrong(at, &text);
    }
}

fn window_limits(table: &Table<'_>) -> Option<Limits> {
    let limits = limits(table, &SHARE, Some(LIMIT))?;
    if let Some(item) = table.optional("limit").filter(|_| limits.limit > USUAL) {
        item.warn(&format!(
            "{} is above {}, unusual for the move of one window",
            ratio_text(limits.limit),
            ratio_text(USUAL)
        ));
    }
    Some(limits)
}

/// The length of a sample, and how many make a window.
fn grid(table: &Table<'_>) -> Option<(Duration, usize)> {
    let read = |key, default| table.optional(key).map_or(Some(default), |item: Item<'_, '_>| item.duration(&SAMPLE));
    let sample = read("sample", Duration::from_secs(60));
    let window = read("window", Duration::from_secs(30 * 60));
    let (sample, window) = (sample?, window?);
    let returns = window.as_nanos() / sample.as_nanos();
    if window.as_nanos() % sample.as_nanos() == 0 && RETURNS.contains(&returns) {
        return Some((sample, returns as usize));
    }
    let allowed = format!("multiples of sample ({}) from 2 to {MAX_RETURNS} times it", duration_text(sample));
    match table.optional("window") {
        Some(item) => item.refuse(&allowed),
        None => {
            let at = table.optional("sample");
            table.wrong(at, &format!("window: found the default \"30m\", allowed are {allowed}"));
            None
        }
    }
}
