//! The policy of a breaker, as a struct of which a part is changed.
//!
//! A part, since not all of a policy is numbers: the rungs of a ladder and the sessions of a calendar stay what the configuration says.
//! A struct and no TOML, since what stands in a configuration depends on the kind, and says a rule as well; who wants to change
//! that reloads.

use core::ffi::c_char;
use core::mem::offset_of;
use core::time::Duration;

use haltline::{CooldownEffect, Halt, MAX_AUTO_RESETS, MAX_PROBES, OnBadInput, OnStale, OnUnready, Policy, Release};

use crate::boundary::{Refused, place};
use crate::handle::{self, hl_breaker, hl_system};
use crate::operator::by;
use crate::status::*;
use crate::structs::{self, Sized32};
use crate::system::with;
use crate::words::{authority, bits, effect, word};

/// `enabled` is given.
pub const HL_POLICY_ENABLED: u32 = 1;
/// `shadow` is given.
pub const HL_POLICY_SHADOW: u32 = 2;
/// `effect` is given.
pub const HL_POLICY_EFFECT: u32 = 4;
/// `release` is given.
pub const HL_POLICY_RELEASE: u32 = 8;
/// `liquidates` is given.
pub const HL_POLICY_LIQUIDATES: u32 = 16;
/// `halt_base_ns`, `halt_max_ns` and `backoff` are given.
pub const HL_POLICY_HALT: u32 = 32;
/// `cooldown_ns`, `cooldown_effect` and `probes` are given.
pub const HL_POLICY_COOLDOWN: u32 = 64;
/// `max_auto_resets` and `auto_reset_window_ns` are given.
pub const HL_POLICY_AUTO_RESETS: u32 = 128;
/// `reset_authority` is given.
pub const HL_POLICY_RESET_AUTHORITY: u32 = 256;
/// `severity` is given.
pub const HL_POLICY_SEVERITY: u32 = 512;
/// `on_unready` is given.
pub const HL_POLICY_ON_UNREADY: u32 = 1024;
/// `confirm` and `confirm_for_ns` are given.
pub const HL_POLICY_CONFIRM: u32 = 2048;
/// `on_stale` and `stale_after_ns` are given.
pub const HL_POLICY_STALE: u32 = 4096;
/// `on_bad_input` is given.
pub const HL_POLICY_ON_BAD_INPUT: u32 = 8192;
const ALL: u32 = 16383;

/// A policy, or the part of one that `fields` names. Times are in nanoseconds.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hl_policy {
    /// `sizeof(hl_policy)`.
    pub struct_size: u32,
    /// `HL_POLICY_...` bits: what is given. `hl_policy_get` gives what this breaker has.
    pub fields: u32,
    /// 0: it takes no part at all.
    pub enabled: u32,
    /// 1: it is seen, and denies nothing.
    pub shadow: u32,
    /// What a trip denies: `HL_NO_NEW`, `HL_HALT`, `HL_CLOSE`.
    pub effect: u32,
    /// `HL_RELEASE_...`.
    pub release: u32,
    /// 1: a breach leads to Liquidating.
    pub liquidates: u32,
    /// What Cooldown denies: 0 what a trip does, or as `effect`.
    pub cooldown_effect: u32,
    /// Probes that a Cooldown admits, 1 to 30; 0 for none. Then `cooldown_effect` is 0.
    pub probes: u32,
    /// After so many automatic resets in the window a trip latches, 1 to 7; 0 for never.
    pub max_auto_resets: u32,
    /// `HL_AUTHORITY_...` that a reset by hand asks at least.
    pub reset_authority: u32,
    /// `HL_ON_UNREADY_...`.
    pub on_unready: u32,
    /// Breaches in a row before a trip, 1 or more.
    pub confirm: u32,
    /// `HL_ON_STALE_...`.
    pub on_stale: u32,
    /// `HL_ON_BAD_INPUT_...`.
    pub on_bad_input: u32,
    /// Zero.
    pub reserved: u32,
    /// How long a trip lasts, the first time.
    pub halt_base_ns: u64,
    /// The longest, after back-off.
    pub halt_max_ns: u64,
    /// The factor of each re-trip out of Cooldown, 1 or more.
    pub backoff: f64,
    /// Time in Cooldown, 0 for none; with probes the time in which each must be back.
    pub cooldown_ns: u64,
    /// The window of the automatic resets.
    pub auto_reset_window_ns: u64,
    /// Weight of the risk score, 0 to 1.
    pub severity: f64,
    /// Time in breach before a trip.
    pub confirm_for_ns: u64,
    /// No good observation for so long in session counts as stale.
    pub stale_after_ns: u64,
}

// SAFETY: `repr(C)`, begins with its size; numbers.
unsafe impl Sized32 for hl_policy {
    const NAME: &'static str = "hl_policy";
    const LEAST: usize = 128;
    const RESERVED: &'static [(usize, &'static str)] = &[(offset_of!(hl_policy, reserved), "hl_policy.reserved")];
}

fn flag(of: &'static str, number: u32) -> Result<bool, Refused> {
    if number > 1 { Err(Refused::number(of, number.into(), "0 and 1")) } else { Ok(number == 1) }
}

fn small(of: &'static str, number: u32, most: u8, allowed: &'static str) -> Result<u8, Refused> {
    u8::try_from(number).ok().filter(|n| *n <= most).ok_or(Refused::number(of, number.into(), allowed))
}

/// A policy with the part that is given.
fn changed(mut policy: Policy, from: &hl_policy) -> Result<Policy, Refused> {
    if from.fields & !ALL != 0 {
        return Err(Refused::number("hl_policy.fields", from.fields.into(), "HL_POLICY_ bits"));
    }
    let has = |field: u32| from.fields & field != 0;
    if has(HL_POLICY_ENABLED) {
        policy.enabled = flag("hl_policy.enabled", from.enabled)?;
    }
    if has(HL_POLICY_SHADOW) {
        policy.shadow = flag("hl_policy.shadow", from.shadow)?;
    }
    if has(HL_POLICY_EFFECT) {
        policy.effect = effect("hl_policy.effect", from.effect)?;
    }
    if has(HL_POLICY_RELEASE) {
        policy.release = word("hl_policy.release", from.release, Release::from_raw, "HL_RELEASE_ numbers 0 to 2")?;
    }
    if has(HL_POLICY_LIQUIDATES) {
        policy.liquidates = flag("hl_policy.liquidates", from.liquidates)?;
    }
    if has(HL_POLICY_HALT) {
        let (base, max) = (Duration::from_nanos(from.halt_base_ns), Duration::from_nanos(from.halt_max_ns));
        policy.halt = Halt::Timed { base, backoff: from.backoff, max };
    }
    if has(HL_POLICY_COOLDOWN) {
        policy.cooldown_for = Duration::from_nanos(from.cooldown_ns);
        policy.cooldown_effect = cooldown_effect(from)?;
    }
    if has(HL_POLICY_AUTO_RESETS) {
        let most = small("hl_policy.max_auto_resets", from.max_auto_resets, MAX_AUTO_RESETS, "0 to 7")?;
        policy.max_auto_resets = (most > 0).then_some(most);
        policy.auto_reset_window = Duration::from_nanos(from.auto_reset_window_ns);
    }
    if has(HL_POLICY_RESET_AUTHORITY) {
        policy.reset_authority = authority(from.reset_authority)?;
    }
    if has(HL_POLICY_SEVERITY) {
        policy.severity = from.severity;
    }
    doubt(&mut policy, from, has)?;
    Ok(policy)
}

fn cooldown_effect(from: &hl_policy) -> Result<CooldownEffect, Refused> {
    let probes = small("hl_policy.probes", from.probes, MAX_PROBES, "0 to 30")?;
    match from.cooldown_effect {
        0 if probes > 0 => Ok(CooldownEffect::Probe(probes)),
        0 => Ok(CooldownEffect::AsTripped),
        given if probes > 0 => Err(Refused::number(
            "hl_policy.cooldown_effect",
            given.into(),
            "0 beside probes, which deny as a trip does",
        )),
        given => Ok(CooldownEffect::Denies(effect("hl_policy.cooldown_effect", given)?)),
    }
}

fn doubt(policy: &mut Policy, from: &hl_policy, has: impl Fn(u32) -> bool) -> Result<(), Refused> {
    if has(HL_POLICY_ON_UNREADY) {
        policy.on_unready =
            word("hl_policy.on_unready", from.on_unready, OnUnready::from_raw, "HL_ON_UNREADY_ numbers 0 and 1")?;
    }
    if has(HL_POLICY_CONFIRM) {
        policy.confirm = from.confirm;
        policy.confirm_for = Duration::from_nanos(from.confirm_for_ns);
    }
    if has(HL_POLICY_STALE) {
        policy.on_stale = word("hl_policy.on_stale", from.on_stale, OnStale::from_raw, "HL_ON_STALE_ numbers 0 to 2")?;
        policy.stale_after = Duration::from_nanos(from.stale_after_ns);
    }
    if has(HL_POLICY_ON_BAD_INPUT) {
        let allowed = "HL_ON_BAD_INPUT_ numbers 0 and 1";
        policy.on_bad_input = word("hl_policy.on_bad_input", from.on_bad_input, OnBadInput::from_raw, allowed)?;
    }
    Ok(())
}

/// All that can be said of a policy in numbers.
fn told(policy: &Policy) -> hl_policy {
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let (fields, (halt_base_ns, halt_max_ns, backoff)) = match &policy.halt {
        Halt::Timed { base, backoff, max } => (ALL, (nanos(*base), nanos(*max), *backoff)),
        Halt::Ladder(_) => (ALL & !HL_POLICY_HALT, (0, 0, 0.0)),
    };
    let (cooldown_effect, probes) = match policy.cooldown_effect {
        CooldownEffect::AsTripped => (0, 0),
        CooldownEffect::Denies(lanes) => (bits(lanes), 0),
        CooldownEffect::Probe(probes) => (0, probes.into()),
    };
    hl_policy {
        struct_size: size_of::<hl_policy>() as u32,
        fields,
        enabled: policy.enabled.into(),
        shadow: policy.shadow.into(),
        effect: bits(policy.effect),
        release: policy.release as u32,
        liquidates: policy.liquidates.into(),
        cooldown_effect,
        probes,
        max_auto_resets: policy.max_auto_resets.map_or(0, u32::from),
        reset_authority: policy.reset_authority as u32,
        on_unready: policy.on_unready as u32,
        confirm: policy.confirm,
        on_stale: policy.on_stale as u32,
        on_bad_input: policy.on_bad_input as u32,
        reserved: 0,
        halt_base_ns,
        halt_max_ns,
        backoff,
        cooldown_ns: nanos(policy.cooldown_for),
        auto_reset_window_ns: nanos(policy.auto_reset_window),
        severity: policy.severity,
        confirm_for_ns: nanos(policy.confirm_for),
        stale_after_ns: nanos(policy.stale_after),
    }
}

/// The policy of a breaker as it stands. `fields` names all that this says of it: not `HL_POLICY_HALT` where a ladder says how long.
///
/// `HL_ERR_STALE`, `HL_ERR_NULL`.
///
/// Threads: any, at once. Signals: no. Allocates: seldom. Progress: lock-free.
///
/// # Safety
/// `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_policy_get(system: hl_system, breaker: hl_breaker, out: *mut hl_policy) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let out = unsafe { place(out, "out") }?;
        out.write(told(&held.system.policy(handle::breaker_id(held.bits, breaker)?)?));
        Ok(())
    })
}

/// Changes the part of a breaker's policy that `fields` names; the rest stays, and so does its state: what is tripped stays tripped. Until
/// the next reload says otherwise. Asks `HL_AUTHORITY_RISK_DESK`, and what the policy asks of a reset.
///
/// `HL_ERR_BAD_PLAN` for a policy that cannot be, `HL_ERR_AUTHORITY`, `HL_ERR_NOT_ALLOWED` for an instance of a template or the kill
/// switch that a scope has by itself, `HL_ERR_ARGUMENT`, `HL_ERR_STRUCT_SIZE`, and as `hl_trip`. Nothing has changed then.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks other control calls, never a check or a feed.
///
/// # Safety
/// `policy` is as long as it says; the texts end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_policy_update(
    system: hl_system,
    breaker: hl_breaker,
    policy: *const hl_policy,
    reason: *const c_char,
    actor: *const c_char,
    authority: u32,
) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let (part, by) = unsafe { (structs::read(policy, "policy")?, by(reason, actor, authority)?) };
        let id = handle::breaker_id(held.bits, breaker)?;
        // Of two who change a part at once each finds the other's.
        let _one_at_a_time = handle::lock(&held.policies);
        let policy = changed(held.system.policy(id)?, &part)?;
        Ok(held.system.update_policy(id, policy, by)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_of_a_policy_and_given_back_changes_nothing() {
        for row in haltline::KINDS {
            let policy = row.kind.default_policy();
            assert_eq!(changed(policy.clone(), &told(&policy)).unwrap(), policy, "{}", row.kind);
        }
        let probing =
            Policy { cooldown_effect: CooldownEffect::Probe(3), max_auto_resets: Some(7), ..Policy::default() };
        assert_eq!(changed(Policy::default(), &told(&probing)).unwrap(), probing);
    }

    #[test]
    fn only_what_is_named_changes_and_what_cannot_be_is_refused() {
        let all = told(&Policy::default());
        let part = hl_policy { fields: HL_POLICY_CONFIRM, confirm: 3, effect: 99, ..all };
        assert_eq!(changed(Policy::default(), &part).unwrap(), Policy { confirm: 3, ..Policy::default() });
        for bad in [
            hl_policy { fields: ALL + 1, ..all },
            hl_policy { effect: 2, ..all },
            hl_policy { enabled: 2, ..all },
            hl_policy { probes: 31, ..all },
            hl_policy { probes: 1, cooldown_effect: HL_HALT, ..all },
            hl_policy { max_auto_resets: 8, ..all },
            hl_policy { release: 256, ..all },
            hl_policy { on_stale: 3, ..all },
        ] {
            let refused = changed(Policy::default(), &bad).unwrap_err();
            assert_eq!(refused.status, HL_ERR_ARGUMENT, "{refused}");
        }
    }

    use crate::words::HL_HALT;
}
