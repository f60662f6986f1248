//! `drawdown`: the fall of equity from a peak.

use core::time::Duration;

use haltline::{Baseline, Drawdown, Kind, Policy, Ratio, RuleSpec};

use crate::calendar::Market;
use crate::item::{Allowed, Item, SHARE, SOME_TIME};
use crate::limits::limits;
use crate::policy::{confirmation, cooldown, doubt, general, release};
use crate::scalar::ratio_text;
use crate::table::Table;

/// 8 %.
const LIMIT: Ratio = Ratio::from_raw(80_000_000);
/// A limit above 20 % is unusual.
const USUAL: Ratio = Ratio::from_raw(200_000_000);

/// A grid finer than this would be all work and no information.
pub(crate) const SAMPLE: Allowed<Duration> = Allowed {
    text: "durations from \"1ms\" to \"366d\", such as \"1s\", \"1m\" or \"1d\"",
    holds: |d| (Duration::from_millis(1)..=Duration::from_secs(366 * 86_400)).contains(&d),
};

pub(crate) fn drawdown(table: &Table<'_>, market: Option<&Market>) -> (Option<RuleSpec>, Policy) {
    let mut policy = general(table, Kind::Drawdown);
    confirmation(table, &mut policy);
    let cooldown_for = cooldown(table, &mut policy);
    release(table, &mut policy, cooldown_for);
    doubt(table, &mut policy);
    (rule(table, market).map(RuleSpec::Drawdown), policy)
}

fn rule(table: &Table<'_>, market: Option<&Market>) -> Option<Drawdown> {
    let limits = limits(table, &SHARE, Some(LIMIT));
    if let (Some(limits), Some(item)) = (limits.filter(|l| l.limit > USUAL), table.optional("limit")) {
        item.warn(&format!("{} is above {}, unusual for a drawdown", ratio_text(limits.limit), ratio_text(USUAL)));
    }
    let baseline = baseline(table, market);
    let default = Drawdown::with_limit(LIMIT);
    let max_step = table.optional("max_step").map_or(Some(default.max_step), |item| item.ratio(&SHARE));
    let (speed, sample) = speed(table, &default);
    let (underwater_for, underwater_limit) = underwater(table, &default);
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
    let Some((word, of_session)) = item.map_or(Some(BASELINES[0]), |i| i.word(&BASELINES, |b| b.0)) else {
        table.leave(&["window"]);
        return None;
    };
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

fn speed(table: &Table<'_>, default: &Drawdown) -> (bool, Duration) {
    if !table.optional("speed").and_then(Item::boolean).unwrap_or(default.speed) {
        table.refuse(&["sample"], "speed is false, so nothing is sampled");
        return (false, default.sample);
    }
    (true, table.optional("sample").and_then(|item| item.duration(&SAMPLE)).unwrap_or(default.sample))
}

fn underwater(table: &Table<'_>, default: &Drawdown) -> (Option<Duration>, Ratio) {
    if !table.optional("underwater").and_then(Item::boolean).unwrap_or(default.underwater_for.is_some()) {
        table.refuse(&["underwater_for", "underwater_limit"], "underwater is false");
        return (None, default.underwater_limit);
    }
    let time = table.optional("underwater_for").and_then(|item| item.duration(&SOME_TIME));
    let depth = table.optional("underwater_limit").and_then(|item| item.ratio(&SHARE));
    (time.or(default.underwater_for), depth.unwrap_or(default.underwater_limit))
}
