//! Whether a plan can be: what a Rust caller could get wrong. (TOML is checked with line and column before it is one.)

use core::time::Duration;
use std::collections::HashSet;

use crate::model::error::{Error, ErrorKind};
use crate::model::intent::Intent;
use crate::model::ladder::{HaltEnd, Ladder, Window};
use crate::model::plan::{
    Baseline, BreakerSpec, Drawdown, KillSwitch, Limits, Plan, RuleSpec, Volatility, VolatilitySource,
};
use crate::model::policy::{Halt, MAX_AUTO_RESETS, Release};
use crate::model::state::Step;
use crate::model::status::Authority;
use crate::model::units::Ratio;

/// What the names of the kill switches begin with that every scope has by itself.
pub const KILL_PREFIX: &str = "kill:";

/// The longest name of a breaker, in bytes.
pub const NAME_BYTES: usize = 64;

/// Whether this can be the name of a breaker: 1 to [`NAME_BYTES`] ASCII letters, digits and `. _ : -`.
///
/// ```
/// assert!(haltline::is_name("us-mwcb") && !haltline::is_name("two words"));
/// ```
pub fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b))
}

/// Checks everything that does not depend on what is loaded already.
pub(crate) fn check(plan: &Plan) -> Result<(), Error> {
    if plan.caps.ring < 2 || !plan.caps.ring.is_power_of_two() {
        return bad(format!("ring: found {}, allowed are powers of two from 2", plan.caps.ring));
    }
    let mut names = HashSet::new();
    let mut kill_switches = HashSet::new();
    for spec in &plan.breakers {
        check_breaker(spec).map_err(|e| Error::new(e.kind(), format!("breaker {:?}: {e}", spec.name)))?;
        if !names.insert(spec.name.as_str()) {
            return bad(format!("breaker {:?}: the name is taken; every breaker needs its own", spec.name));
        }
        if matches!(spec.rule, RuleSpec::KillSwitch(_)) && !kill_switches.insert(&spec.scope) {
            return bad(format!("breaker {:?}: scope {:?} has a kill switch already", spec.name, spec.scope.as_str()));
        }
    }
    Ok(())
}

fn bad<T>(text: String) -> Result<T, Error> {
    Err(Error::new(ErrorKind::BadPlan, text))
}

fn check_breaker(spec: &BreakerSpec) -> Result<(), Error> {
    let name = spec.name.as_str();
    if !is_name(name) || name.starts_with(KILL_PREFIX) {
        return bad(format!(
            "name: allowed are 1 to {NAME_BYTES} letters, digits and . _ : -, not beginning with {KILL_PREFIX:?}"
        ));
    }
    if !spec.rule.kind().row().has_readings && !spec.watch.is_empty() {
        return bad(format!("watch: a {} hears no feed", spec.rule.kind()));
    }
    check_policy(spec)?;
    match &spec.rule {
        RuleSpec::Ladder(ladder) => check_ladder(ladder, spec),
        RuleSpec::Drawdown(drawdown) => check_drawdown(drawdown, spec),
        RuleSpec::Volatility(volatility) => check_volatility(volatility, spec),
        RuleSpec::KillSwitch(switch) => check_kill_switch(switch, spec),
        RuleSpec::Manual => Ok(()),
    }
}

fn check_policy(spec: &BreakerSpec) -> Result<(), Error> {
    let policy = &spec.policy;
    let is_ladder = matches!(spec.rule, RuleSpec::Ladder(_));
    if matches!(policy.halt, Halt::Ladder(_)) != is_ladder {
        return bad("halt: a market_circuit_breaker, and no other kind, halts by its ladder".into());
    }
    if let (RuleSpec::Ladder(rule), Halt::Ladder(halt)) = (&spec.rule, &policy.halt)
        && rule != halt
    {
        return bad("halt: the ladder of the policy is not the ladder of the rule".into());
    }
    if is_ladder && (!policy.cooldown_for.is_zero() || policy.max_auto_resets.is_some()) {
        return bad("cooldown_for, max_auto_resets: a ladder has none".into());
    }
    if is_ladder && (policy.confirm > 1 || !policy.confirm_for.is_zero()) {
        return bad("confirm, confirm_for: a ladder has `lasting` instead".into());
    }
    if let Halt::Timed { base, backoff, max } = policy.halt {
        if !(1.0..=1e3).contains(&backoff) {
            return bad(format!("backoff: found {backoff}, allowed are factors from 1 to 1000"));
        }
        if max < base {
            return bad(format!("halt: found a longest of {max:?}, allowed are times from the first, {base:?}"));
        }
    }
    if !(0.0..=1.0).contains(&policy.severity) {
        return bad(format!("severity: found {}, allowed are 0 to 1", policy.severity));
    }
    if policy.confirm == 0 {
        return bad("confirm: found 0, allowed are numbers from 1".into());
    }
    if let Some(n) = policy.max_auto_resets
        && !(1..=MAX_AUTO_RESETS).contains(&n)
    {
        return bad(format!("max_auto_resets: found {n}, allowed are 1 to {MAX_AUTO_RESETS}"));
    }
    if policy.effect.is_empty() || policy.effect.warns() || policy.cooldown_effect.warns() {
        return bad("effect: it must deny something, and nothing but intents".into());
    }
    if policy.stale_after.is_zero() {
        return bad("stale_after: found 0, allowed are times above it".into());
    }
    Ok(())
}

fn check_limits(limits: &Limits) -> Result<(), Error> {
    let Limits { limit, warn, clear } = *limits;
    if clear <= Ratio::ZERO || clear > warn || warn > limit {
        return bad(format!("limit {limit}, warn {warn}, clear {clear}: allowed is 0 < clear <= warn <= limit"));
    }
    Ok(())
}

/// A limit that is a share: above 1 somebody has written per cent.
fn check_share(limits: &Limits, most: f64) -> Result<(), Error> {
    check_limits(limits)?;
    if limits.limit.to_f64() > most {
        return bad(format!("limit: found {}, allowed are shares up to {most} (5 % is 0.05)", limits.limit));
    }
    Ok(())
}

/// An emergency stop must stop, and only an administrator may end it.
fn check_kill_switch(switch: &KillSwitch, spec: &BreakerSpec) -> Result<(), Error> {
    let policy = &spec.policy;
    if policy.shadow {
        return bad("shadow: a kill switch must be felt".into());
    }
    if !switch.allows.contains(&true) {
        return bad("sources: found none, allowed is at least one; nobody could pull it".into());
    }
    if !policy.effect.denies(Intent::Reduce) || !policy.effect.denies(Intent::Increase) {
        return bad(format!("effect: found one that denies {}, allowed are halt and close", policy.effect));
    }
    if policy.reset_authority < Authority::Admin {
        return bad(format!("reset_authority: found {}, allowed is admin", policy.reset_authority));
    }
    Ok(())
}

fn check_ladder(ladder: &Ladder, spec: &BreakerSpec) -> Result<(), Error> {
    if spec.policy.sessions.as_ref() != Some(&ladder.sessions) {
        return bad("sessions: those of the policy must be the ladder's".into());
    }
    if ladder.sessions.as_slice().is_empty() {
        return bad("sessions: found none, a ladder needs its market's".into());
    }
    if spec.policy.release == Release::Level {
        return bad(
            "release: found level, which would end a halt at the next price; allowed are timed and latched".into()
        );
    }
    if let (Some(from), Some(to)) = (ladder.effective_from, ladder.effective_to)
        && from > to
    {
        return bad(format!("effective: found {from} to {to}, which is never"));
    }
    if ladder.rungs.is_empty() || Step::rung(ladder.rungs.len().min(255) as u8).is_none() {
        return bad(format!("rungs: found {}, allowed are 1 to {}", ladder.rungs.len(), Step::LAST.number()));
    }
    for rung in &ladder.rungs {
        check_share(&rung.limits, 1.0)?;
        let opens = |w: &Window| ladder.sessions.as_slice().iter().any(|s| w.from.at(s) < w.until.at(s));
        if rung.windows.is_empty() || !rung.windows.iter().all(opens) {
            return bad(format!("rung at {}: it has no window, or one that is never open", rung.limits.limit));
        }
        if rung.windows.iter().any(|w| w.end == HaltEnd::After(Duration::ZERO)) {
            return bad(format!("rung at {}: its halt has no length", rung.limits.limit));
        }
    }
    if ladder.rungs.windows(2).any(|pair| pair[0].limits.limit >= pair[1].limits.limit) {
        return bad("rungs: their limits must rise".into());
    }
    Ok(())
}

fn check_drawdown(drawdown: &Drawdown, spec: &BreakerSpec) -> Result<(), Error> {
    check_share(&drawdown.limits, 1.0)?;
    if drawdown.sample.is_zero() || drawdown.max_step <= Ratio::ZERO {
        return bad("sample, max_step: must be above 0".into());
    }
    let by_session = matches!(drawdown.baseline, Baseline::Session | Baseline::SessionOpen);
    if by_session && spec.policy.sessions.is_none() {
        return bad("baseline: by session, but there is no calendar".into());
    }
    if drawdown.baseline == Baseline::Rolling(core::time::Duration::ZERO) {
        return bad("window: must be above 0".into());
    }
    Ok(())
}

/// The most returns that a volatility window holds.
pub const MAX_RETURNS: usize = 4_096;

fn check_volatility(volatility: &Volatility, spec: &BreakerSpec) -> Result<(), Error> {
    match (volatility.source, volatility.annualise) {
        (VolatilitySource::Level, _) => check_limits(&volatility.limits)?,
        (_, None) => check_share(&volatility.limits, 1.0)?,
        (_, Some(_)) => check_share(&volatility.limits, 100.0)?,
    }
    if !(2..=MAX_RETURNS).contains(&volatility.returns) {
        return bad(format!("window: {} samples, allowed are 2 to {MAX_RETURNS}", volatility.returns));
    }
    if volatility.sample.is_some_and(|s| s.is_zero()) {
        return bad("sample: must be above 0".into());
    }
    if volatility.sample.is_none() && spec.policy.sessions.is_none() {
        return bad("sample: one a session, but there is no calendar".into());
    }
    if volatility.annualise.is_some_and(|n| !(n > 0.0 && n.is_finite())) {
        return bad("annualise: must be a number above 0".into());
    }
    Ok(())
}
