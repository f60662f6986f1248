//! `drawdown`: the fall of equity from a peak.

use core::time::Duration;

use haltline::{Baseline, Drawdown, Kind, Policy, Ratio, RuleSpec};

use crate::calendar::Market;
use crate::item::{Allowed, SHARE};
use crate::limits::limits;
use crate::policy::{confirmation, cooldown, doubt, general, release};
use crate::scalar::ratio_text;
use crate::table::Table;

/// Percent as a ratio.
const fn percent(n: i64) -> Ratio {
    Ratio::from_raw(n * Ratio::SCALE / 100)
}

const LIMIT: Ratio = percent(8);
/// A limit above this is unusual.
const USUAL: Ratio = percent(20);

/// A grid finer than this would be all work and no information.
pub(crate) const SAMPLE: Allowed<Duration> = Allowed {
    text: "durations from \"1ms\" to \"366d\", such as \"1s\", \"1m\" or \"1d\"",
    holds: |d| (Duration::from_millis(1)..=Duration::from_secs(366 * 86_400)).contains(&d),
};

pub(crate) fn drawdown(table: &Table<'_>, market: Option<&Market>) -> (Option<RuleSpec>, Policy) {
    let mut policy = general(table, Kind::Drawdown);
    confirmation(table, &mut policy);
    cooldown(table, &mut policy);
    release(table, &mut policy);
    doubt(table, &mut policy);
    (rule(table, market).map(RuleSpec::Drawdown), policy)
}

fn rule(table: &Table<'_>, market: Option<&Market>) -> Option<Drawdown> {
    let limits = limits(table, &SHARE, Some(LIMIT));
    if let (Some(limits), Some(item)) = (limits.filter(|l| l.limit > USUAL), table.optional("limit")) {
        item.warn(&format!("{} is above {}, unusual for a drawdown", ratio_text(limits.limit), ratio_text(USUAL)));
    }
    let baseline = baseline(table, market);
    let max_step = table.optional("max_step").map_or(Some(percent(20)), |item| item.ratio(&SHARE));
    let (speed, sample) = speed(table);
    let (underwater_for, underwater_limit) = underwater(table);
    Some(Drawdown {
        limits: limits?,
        baseline: baseline?,
        max_step: max_step?,
        sample,
        speed,
        underwater_for,
        underwater_limit,
    })
}

/// The words for baselines, and whether each is of a session.
const BASELINES: [(&str, bool); 4] = [("peak", false), ("session", true), ("session_open", true), ("rolling", false)];

fn baseline(table: &Table<'_>, market: Option<&Market>) -> Option<Baseline> {
    let item = table.optional("baseline");
    let (word, of_session) = item.map_or(Some(BASELINES[0]), |i| i.word(&BASELINES, |b| b.0))?;
    if let Some(item) = item.filter(|_| of_session && market.is_none() && !table.has("calendar")) {
        item.wrong(&format!("{word:?} needs a calendar"));
    }
    if word == "rolling" {
        let window = table.required("window", SAMPLE.text).and_then(|item| item.duration(&SAMPLE))?;
        return Some(Baseline::Rolling(window));
    }
    table.refuse(&["window"], "only baseline = \"rolling\" has one");
    Some(match word {
        "session" => Baseline::Session,
        "session_open" => Baseline::SessionOpen,
        _ => Baseline::Peak,
    })
}

fn speed(table: &Table<'_>) -> (bool, Duration) {
    let minute = Duration::from_secs(60);
    let speed = table.optional("speed").and_then(|item| item.boolean()).unwrap_or(true);
    if !speed {
        table.refuse(&["sample"], "speed is false, so nothing is sampled");
        return (false, minute);
    }
    (true, table.optional("sample").and_then(|item| item.duration(&SAMPLE)).unwrap_or(minute))
}

fn underwater(table: &Table<'_>) -> (Option<Duration>, Ratio) {
    let default = percent(5);
    if !table.optional("underwater").and_then(|item| item.boolean()).unwrap_or(true) {
        table.refuse(&["underwater_for", "underwater_limit"], "underwater is false");
        return (None, default);
    }
    let time = table.optional("underwater_for").and_then(|item| item.duration(&crate::item::SOME_TIME));
    let depth = table.optional("underwater_limit").and_then(|item| item.ratio(&SHARE));
    (Some(time.unwrap_or(Duration::from_secs(86_400))), depth.unwrap_or(default))
}
