//! The keys that kinds share: what a trip denies, how it ends, and what doubt does. A key that could have no effect is
//! a mistake, not a comment.

use core::time::Duration;

use haltline::{
    Authority, CooldownEffect, Halt, Kind, Lanes, MAX_AUTO_RESETS, MAX_PROBES, OnBadInput, OnStale, OnUnready, Policy,
    Release,
};

use crate::item::{ANY_TIME, Allowed, Item, SOME_TIME};
use crate::scalar::duration_text;
use crate::table::Table;

type Effect = (&'static str, Lanes);

const EFFECTS: [Effect; 3] = [("halt", Lanes::HALT), ("no_new", Lanes::NO_NEW), ("close", Lanes::CLOSE)];
const AS_TRIPPED: &str = "as_tripped";
/// The machine itself resets nothing by hand.
const STOPS: [Effect; 2] = [("halt", Lanes::HALT), ("close", Lanes::CLOSE)];
const PEOPLE: [Authority; 3] = [Authority::Trader, Authority::RiskDesk, Authority::Admin];

const WEIGHT: Allowed<f64> = Allowed { text: "numbers from 0 to 1", holds: |n| (0.0..=1.0).contains(&n) };
const FACTOR: Allowed<f64> = Allowed { text: "numbers from 1 to 1000", holds: |n| (1.0..=1000.0).contains(&n) };
const COUNT: Allowed<i64> =
    Allowed { text: "whole numbers from 1 to 1000000", holds: |n| (1..=1_000_000).contains(&n) };
const RESETS: Allowed<i64> =
    Allowed { text: "whole numbers from 1 to 7", holds: |n| (1..=MAX_AUTO_RESETS as i64).contains(&n) };

const PROBES: Allowed<i64> =
    Allowed { text: "whole numbers from 1 to 30", holds: |n| (1..=MAX_PROBES as i64).contains(&n) };

/// The keys of [`release`], for kinds that refuse them.
pub(crate) const RELEASE_KEYS: [&str; 6] =
    ["release", "halt_for", "backoff", "backoff_max", "max_auto_resets", "auto_reset_window"];
/// The keys of [`cooldown`].
pub(crate) const COOLDOWN_KEYS: [&str; 2] = ["cooldown_for", "cooldown_effect"];
/// The keys of [`confirmation`].
pub(crate) const CONFIRM_KEYS: [&str; 2] = ["confirm", "confirm_for"];
/// The keys of [`doubt`].
pub(crate) const DOUBT_KEYS: [&str; 4] = ["on_unready", "stale_after", "on_stale", "on_bad_input"];
/// The keys of the three levels.
pub(crate) const LIMIT_KEYS: [&str; 3] = ["limit", "warn", "clear"];

/// Puts a value into its place, if it was given and means something.
fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// What every kind has: its defaults, and the keys that change them.
pub(crate) fn general(table: &Table<'_>, kind: Kind) -> Policy {
    let mut policy = kind.default_policy();
    // An emergency stop stops new orders of either side, and only an administrator ends it.
    let (effects, people) = match kind {
        Kind::KillSwitch => (&STOPS[..], &PEOPLE[2..]),
        _ => (&EFFECTS[..], &PEOPLE[..]),
    };
    let effect = table.optional("effect").and_then(|item| item.word(effects, |effect| effect.0));
    set(&mut policy.effect, effect.map(|effect| effect.1));
    set(&mut policy.reset_authority, table.optional("reset_authority").and_then(|i| i.word(people, Authority::name)));
    let weightless = "it adds nothing to the risk score";
    set(&mut policy.severity, warned(table, "severity", |i| i.number(&WEIGHT), |n| *n == 0.0, weightless));
    if kind == Kind::KillSwitch {
        table.refuse(&["shadow", "enabled"], "an emergency stop that denies nothing is none");
    } else {
        let out = "this breaker takes no part at all";
        set(&mut policy.enabled, warned(table, "enabled", |i| i.boolean(), |on| !on, out));
        set(&mut policy.shadow, warned(table, "shadow", |i| i.boolean(), |on| *on, "this breaker denies nothing"));
    }
    policy
}

/// Reads a key that is allowed but unusual at some values.
fn warned<T>(
    table: &Table<'_>,
    key: &'static str,
    read: impl Fn(Item<'_, '_>) -> Option<T>,
    unusual: impl Fn(&T) -> bool,
    why: &str,
) -> Option<T> {
    let item = table.optional(key)?;
    let value = read(item)?;
    if unusual(&value) {
        item.warn(why);
    }
    Some(value)
}

/// How many breaches and how much time in breach make a trip.
pub(crate) fn confirmation(table: &Table<'_>, policy: &mut Policy) {
    let confirm = table.optional("confirm").and_then(|item| item.integer(&COUNT));
    set(&mut policy.confirm, confirm.and_then(|n| u32::try_from(n).ok()));
    set(&mut policy.confirm_for, table.optional("confirm_for").and_then(|item| item.duration(&ANY_TIME)));
}

/// How a trip ends; for kinds whose trips may end by time. `cooldown_for` is what [`cooldown`] has returned.
///
/// What depends on a value that could not be read is read as if it were allowed, so that one mistake is not two.
pub(crate) fn release(table: &Table<'_>, policy: &mut Policy, cooldown_for: Option<Duration>) {
    let given = table.optional("release").map(|item| item.word(Release::ALL, Release::name));
    let release = given.unwrap_or(Some(policy.release));
    set(&mut policy.release, release);
    match release {
        None | Some(Release::Timed) => halt(table, &mut policy.halt, cooldown_for),
        Some(other) => {
            let why = format!("only release = \"timed\" ends by time, and it is {:?}", other.name());
            table.refuse(&["halt_for", "backoff", "backoff_max"], &why);
        }
    }
    if release == Some(Release::Latched) {
        let why = "release is \"latched\", so nothing resets by itself";
        table.refuse(&["max_auto_resets", "auto_reset_window"], why);
    } else {
        auto_resets(table, policy);
    }
}

fn auto_resets(table: &Table<'_>, policy: &mut Policy) {
    let Some(item) = table.optional("max_auto_resets") else {
        return table.refuse(&["auto_reset_window"], "without max_auto_resets nothing is counted in it");
    };
    policy.max_auto_resets = item.integer(&RESETS).and_then(|n| u8::try_from(n).ok());
    set(&mut policy.auto_reset_window, table.optional("auto_reset_window").and_then(|i| i.duration(&SOME_TIME)));
}

/// `halt` is the default, and what comes out in its place.
fn halt(table: &Table<'_>, halt: &mut Halt, cooldown_for: Option<Duration>) {
    // A ladder's halt is its rungs'; it never comes here.
    let Halt::Timed { base, backoff, max } = halt else { return };
    let given = table.optional("halt_for").map(|item| item.duration(&ANY_TIME));
    let unreadable = given == Some(None);
    set(base, given.flatten());
    // The default maximum must not cut a long halt short.
    *max = (*max).max(*base);
    if cooldown_for == Some(Duration::ZERO) {
        let why = "only a trip out of Cooldown lasts longer, and cooldown_for is not above 0s";
        return table.refuse(&["backoff", "backoff_max"], why);
    }
    set(backoff, table.optional("backoff").and_then(|item| item.number(&FACTOR)));
    let Some(item) = table.optional("backoff_max") else { return };
    match item.duration(&SOME_TIME) {
        Some(given) if given < *base && !unreadable => {
            let (found, least) = (duration_text(given), duration_text(*base));
            item.wrong(&format!("found {found:?}, allowed are durations from halt_for ({least}) on"));
        }
        given => set(max, given),
    }
}

/// The graded way back. Returns how long it takes, `None` if that could not be read.
pub(crate) fn cooldown(table: &Table<'_>, policy: &mut Policy) -> Option<Duration> {
    let given = table.optional("cooldown_for").map(|item| item.duration(&ANY_TIME));
    let time = given.unwrap_or(Some(policy.cooldown_for));
    set(&mut policy.cooldown_for, time);
    if time == Some(Duration::ZERO) {
        table.refuse(&["cooldown_effect"], "there is no Cooldown, for cooldown_for is not above 0s");
        return time;
    }
    set(&mut policy.cooldown_effect, table.optional("cooldown_effect").and_then(|item| cooldown_effect(table, item)));
    time
}

/// A word, or `{ probe = n }`.
fn cooldown_effect(table: &Table<'_>, item: Item<'_, '_>) -> Option<CooldownEffect> {
    if !item.is_table() {
        let denies = EFFECTS.map(|(word, lanes)| (word, CooldownEffect::Denies(lanes)));
        let words: Vec<_> = core::iter::once((AS_TRIPPED, CooldownEffect::AsTripped)).chain(denies).collect();
        return item.word_or(&words, |(word, _)| word, ", { probe = n }").map(|(_, effect)| effect);
    }
    let probes = item.table(table.message("cooldown_effect"), "{ probe = n }")?;
    let permits = probes.required("probe", PROBES.text).and_then(|probe| probe.integer(&PROBES));
    probes.finish();
    permits.and_then(|n| u8::try_from(n).ok()).map(CooldownEffect::Probe)
}

/// What the breaker does without a value, without news, and with nonsense.
pub(crate) fn doubt(table: &Table<'_>, policy: &mut Policy) {
    // What the kind does by itself is nothing unusual.
    let unready = policy.on_unready;
    let allows = |value: &OnUnready| *value == OnUnready::Allow && unready != OnUnready::Allow;
    let why = "orders pass before the first usable value";
    set(&mut policy.on_unready, warned(table, "on_unready", |i| i.word(OnUnready::ALL, OnUnready::name), allows, why));
    silence(table, policy);
}

/// What it does without news, and with nonsense.
pub(crate) fn silence(table: &Table<'_>, policy: &mut Policy) {
    let by_default = policy.on_stale;
    let ignores = |value: &OnStale| *value == OnStale::Ignore && by_default != OnStale::Ignore;
    let why = "a source that falls silent is not noticed";
    set(&mut policy.on_stale, warned(table, "on_stale", |i| i.word(OnStale::ALL, OnStale::name), ignores, why));
    if policy.on_stale == OnStale::Ignore {
        table.refuse(&["stale_after"], "on_stale is \"ignore\", so nothing becomes stale");
    } else {
        set(&mut policy.stale_after, table.optional("stale_after").and_then(|item| item.duration(&SOME_TIME)));
    }
    let nightly = policy.release == Release::Latched && policy.on_stale == OnStale::Trip && !table.has("calendar");
    if nightly {
        table.log().warn(table.at(), table.message("without a calendar it trips for silence every night, and is latched then; give it a calendar or another on_stale"));
    }
    let on_bad_input = table.optional("on_bad_input").and_then(|item| item.word(OnBadInput::ALL, OnBadInput::name));
    set(&mut policy.on_bad_input, on_bad_input);
}
