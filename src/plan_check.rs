//! Whether a plan can be: what a Rust caller could get wrong. (TOML is checked with line and column before it is one.)

use std::collections::{HashMap, HashSet};

use crate::model::error::Error;
use crate::model::observation::CheckId;
use crate::model::policy::{CooldownEffect, Halt, MAX_AUTO_RESETS, MAX_PROBES};
use crate::model::scope::ScopePath;
use crate::plan::{BreakerSpec, Plan};
use crate::rule::RuleSpec;
use crate::rule::check::bad;

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
    for spec in &plan.breakers {
        check_breaker(spec).map_err(|e| Error::new(e.kind(), format!("breaker {:?}: {e}", spec.name)))?;
    }
    for template in &plan.templates {
        // As each of its instances will be.
        let (name, scope) = (template.name.clone(), template.parent.clone());
        let (rule, policy) = (template.rule.clone(), template.policy.clone());
        let spec = BreakerSpec { name, scope, watch: vec![], rule, policy };
        check_breaker(&spec).map_err(|e| Error::new(e.kind(), format!("template {:?}: {e}", template.name)))?;
        let elsewhere = |scope: &&ScopePath| scope.parent().as_ref() != Some(&template.parent);
        if let Some(scope) = template.only.iter().flat_map(|only| only.iter()).find(elsewhere) {
            let (name, parent) = (&template.name, &template.parent);
            return bad(format!("template {name:?}: only: found {scope}, which is not directly below {parent}"));
        }
    }
    check_checks(plan)
}

/// What can be seen once the templates have met the scopes: every breaker has a name of its own, every scope one
/// switch and one band of prices.
pub(crate) fn check_all(specs: &[(BreakerSpec, bool)]) -> Result<(), Error> {
    let (mut names, mut switches, mut bands) = (HashSet::new(), HashSet::new(), HashSet::new());
    for (spec, implicit) in specs {
        let (name, scope) = (spec.name.as_str(), spec.scope.as_str());
        if !implicit && !is_name(name) {
            return bad(format!("breaker {name:?}: its name is longer than {NAME_BYTES} bytes"));
        }
        if !names.insert(name) {
            return bad(format!("breaker {name:?}: the name is taken; every breaker needs its own"));
        }
        if matches!(spec.rule, RuleSpec::KillSwitch(_)) && !switches.insert(scope) {
            return bad(format!("breaker {name:?}: scope {scope:?} has a kill switch already"));
        }
        if spec.rule.band().is_some() && !bands.insert(scope) {
            return bad(format!("breaker {name:?}: scope {scope:?} has a price band already"));
        }
    }
    Ok(())
}

/// The names of the checks before the open, each with a number of its own.
fn check_checks(plan: &Plan) -> Result<(), Error> {
    let mut names = HashMap::new();
    let rules = plan.breakers.iter().map(|spec| (&spec.name, &spec.rule));
    let rules = rules.chain(plan.templates.iter().map(|template| (&template.name, &template.rule)));
    for (of, check) in rules.flat_map(|(of, rule)| rule.checks().iter().map(move |check| (of, check))) {
        let name = check.name.as_str();
        if !is_name(name) {
            let allowed = format!("1 to {NAME_BYTES} letters, digits and . _ : -");
            return bad(format!("breaker {of:?}: checks: found the name {name:?}, allowed are {allowed}"));
        }
        if let Some(other) = names.insert(CheckId::of(name), name).filter(|other| *other != name) {
            return bad(format!(
                "breaker {of:?}: checks: {name:?} has the same number as {other:?}; rename one of them"
            ));
        }
    }
    Ok(())
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
    if spec.rule.metric().is_some() && !spec.watch.is_empty() {
        return bad("watch: what is polled comes from evaluate, not from a feed");
    }
    if spec.rule.is_on_grid() && spec.watch.iter().collect::<HashSet<_>>().len() < 2 {
        return bad(format!("watch: a {} needs the feeds of two instruments or more", spec.rule.kind()));
    }
    if spec.rule.band().is_some() && spec.watch.iter().collect::<HashSet<_>>().len() > 1 {
        return bad("watch: a price band hears one feed, that of its instrument");
    }
    check_policy(spec)?;
    spec.rule.check(&spec.policy)
}

fn check_policy(spec: &BreakerSpec) -> Result<(), Error> {
    let policy = &spec.policy;
    let is_ladder = spec.rule.ladder().is_some();
    if matches!(policy.halt, Halt::Ladder(_)) != is_ladder {
        return bad("halt: a ladder, and nothing else, halts by its rungs");
    }
    if let (Some(rule), Halt::Ladder(halt)) = (spec.rule.ladder(), &policy.halt)
        && rule != halt
    {
        return bad("halt: the ladder of the policy is not the ladder of the rule");
    }
    let of_market = matches!(spec.rule, RuleSpec::MarketCircuitBreaker(_));
    if of_market && (!policy.cooldown_for.is_zero() || policy.max_auto_resets.is_some()) {
        return bad(
            "cooldown_for, max_auto_resets: a market_circuit_breaker has none; the market itself says when it trades",
        );
    }
    if is_ladder && (policy.confirm > 1 || !policy.confirm_for.is_zero()) {
        return bad("confirm, confirm_for: a ladder has `lasting` instead");
    }
    if spec.rule.band().is_some() && (policy.confirm > 1 || !policy.confirm_for.is_zero()) {
        return bad("confirm, confirm_for: a price band has its limit state instead");
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
        return bad("confirm: found 0, allowed are numbers from 1");
    }
    if let Some(n) = policy.max_auto_resets
        && !(1..=MAX_AUTO_RESETS).contains(&n)
    {
        return bad(format!("max_auto_resets: found {n}, allowed are 1 to {MAX_AUTO_RESETS}"));
    }
    if policy.effect.is_empty()
        || policy.effect.warns()
        || matches!(policy.cooldown_effect, CooldownEffect::Denies(lanes) if lanes.warns())
    {
        return bad("effect: it must deny something, and nothing but intents");
    }
    if let CooldownEffect::Probe(n) = policy.cooldown_effect
        && !(1..=MAX_PROBES).contains(&n)
    {
        return bad(format!("cooldown_effect: found {n} probes, allowed are 1 to {MAX_PROBES}"));
    }
    if matches!(policy.cooldown_effect, CooldownEffect::Probe(_)) && policy.cooldown_for.is_zero() {
        return bad("cooldown_for: found 0, but probes need a time in which they must be back");
    }
    if policy.stale_after.is_zero() {
        return bad("stale_after: found 0, allowed are times above it");
    }
    Ok(())
}
