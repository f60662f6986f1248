//! Why an order was denied, in a struct that needs nothing else.

use core::ffi::c_char;

use haltline::{Denial, Nanos, Verdict};

use crate::boundary::{call, place};
use crate::gate::{self, hl_gate, hl_verdict};
use crate::handle::{breaker, hl_breaker};
use crate::reasons::*;
use crate::status::{HL_ERR_PANIC, hl_status};
use crate::systems;
use crate::text::{HL_NAME_BYTES, HL_SENTENCE_BYTES, chars};
use crate::words::bits;

/// Why an order was denied. Self-contained: goes straight into a reject message.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hl_denial {
    /// Which breaker; zero if the System itself denies, or nothing does any more.
    pub breaker: hl_breaker,
    /// `HL_REASON_...`; `HL_REASON_CLEARED` if what denied denies no longer.
    pub reason: u32,
    /// `HL_KIND_...` of the breaker, 0 without one.
    pub kind: u32,
    /// `HL_STATUS_...` of the breaker.
    pub status: u32,
    /// What it denies, `HL_DENY_...` bits.
    pub denies: u32,
    /// Whether `value` and `limit` are known.
    pub has_value: u32,
    /// The value of FIX tag 103 for this reason, as `hl_fix_ord_rej_reason` says.
    pub ord_rej_reason: u32,
    /// The value that tripped it.
    pub value: f64,
    /// The limit that the value was tested against.
    pub limit: f64,
    /// Since when, in nanoseconds since 1970; 0 if it is not known.
    pub since_ns: u64,
    /// Until when, if time ends it; else UINT64_MAX.
    pub until_ns: u64,
    /// The name of the breaker.
    pub name: [c_char; HL_NAME_BYTES],
    /// The scope that it guards; empty for everything.
    pub scope: [c_char; HL_NAME_BYTES],
    /// All of it in a sentence, for FIX tag 58 and logs; the end in UTC, to the second and rounded up.
    pub text: [c_char; HL_SENTENCE_BYTES],
    /// Who did it by hand and what he said, or what the kind has to say beside its reason; may be empty.
    pub note: [c_char; HL_SENTENCE_BYTES],
}

fn denial(system: u64, found: &Denial) -> hl_denial {
    let reason = found.reason as u32;
    hl_denial {
        breaker: found.breaker.map(|id| breaker(system, id)).unwrap_or_default(),
        reason,
        kind: found.kind.map_or(0, |kind| kind as u32),
        status: found.status as u32,
        denies: bits(found.denies),
        has_value: u32::from(found.value.is_some() && found.limit.is_some()),
        ord_rej_reason: hl_fix_ord_rej_reason(reason),
        value: found.value.unwrap_or(0.0),
        limit: found.limit.unwrap_or(0.0),
        since_ns: found.since.unwrap_or(Nanos(0)).0,
        until_ns: found.until.unwrap_or(Nanos::NEVER).0,
        name: chars(&found.name),
        scope: chars(&found.scope),
        text: chars(found),
        note: chars(&found.note.as_deref().unwrap_or_default()),
    }
}

/// `HL_DISARMED`.
const DISARMED: u64 = 1 << 4;

/// Which breaker denies, why and until when, for the verdict that was seen. The worst one first: a person's stop, then the oldest. To
/// explain the denial of one intent give `hl_verdict_only(seen, intent)`.
///
/// `HL_ERR_NULL`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant; not for the order path.
///
/// # Safety
/// `gate` is NULL or not closed; `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_gate_explain(gate: *const hl_gate, seen: hl_verdict, out: *mut hl_denial) -> hl_status {
    // SAFETY: as the caller says.
    let system = unsafe { gate::behind(gate) }.map_or(0, |behind| behind.system);
    call(system, || {
        // SAFETY: as the caller says.
        let (behind, out) = unsafe { (gate::open(gate, "gate")?, place(out, "out")?) };
        let found = behind.gate.explain(or_forked(seen));
        out.write(denial(behind.system, &found));
        Ok(())
    })
}

/// The same for a verdict of `hl_gate_check2`: the gate that denies says why, and if both do, that with the worse denial. Either may be the
/// first, and both may be the same one.
///
/// `HL_ERR_NULL`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: blocks for an instant; not for the order path.
///
/// # Safety
/// Each gate is NULL or not closed; `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_gate_explain2(
    instrument: *const hl_gate,
    account: *const hl_gate,
    seen: hl_verdict,
    out: *mut hl_denial,
) -> hl_status {
    // SAFETY: as the caller says.
    let of = unsafe { [gate::behind(instrument), gate::behind(account)] }.map(|gate| gate.map_or(0, |it| it.system));
    let status = call(of[0], || {
        // SAFETY: as the caller says.
        let (one, other, out) =
            unsafe { (gate::open(instrument, "instrument")?, gate::open(account, "account")?, place(out, "out")?) };
        let seen = or_forked(seen);
        let (own, others) = (one.gate.explain(seen), other.gate.explain(seen));
        // Each with the handles of its own System.
        let found = if others.outranks(&own) { denial(other.system, &others) } else { denial(one.system, &own) };
        out.write(found);
        Ok(())
    });
    if status == HL_ERR_PANIC {
        systems::disarm(of[1]);
    }
    status
}

/// In a child the arm word says why, and no lock is asked that may be held for ever.
fn or_forked(seen: hl_verdict) -> Verdict {
    let forked = if systems::check_process().is_ok() { 0 } else { DISARMED };
    Verdict::from_bits(seen.bits | forked)
}

/// The value of FIX tag 103, OrdRejReason (FIX 4.4), for a reason: 2, exchange closed, while the market does not trade; 3, order exceeds
/// limit, for a limit of risk or of price; 0, broker or exchange option, for what people did; else 99, other, for doubt and defects.
///
/// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
#[unsafe(no_mangle)]
pub extern "C" fn hl_fix_ord_rej_reason(reason: u32) -> u32 {
    const BROKER_OR_EXCHANGE_OPTION: u32 = 0;
    const EXCHANGE_CLOSED: u32 = 2;
    const ORDER_EXCEEDS_LIMIT: u32 = 3;
    const OTHER: u32 = 99;
    match reason {
        HL_REASON_MANUAL
        | HL_REASON_EMERGENCY
        | HL_REASON_MAINTENANCE
        | HL_REASON_LIQUIDATION
        | HL_REASON_BLACKOUT
        | HL_REASON_KILLED
        | HL_REASON_SHUT_DOWN => BROKER_OR_EXCHANGE_OPTION,
        HL_REASON_OUT_OF_SESSION
        | HL_REASON_VENUE_HALTED
        | HL_REASON_VENUE_CLOSED
        | HL_REASON_RUNG
        | HL_REASON_TRADING_PAUSE => EXCHANGE_CLOSED,
        HL_REASON_LIMIT
        | HL_REASON_SPEED
        | HL_REASON_UNDERWATER
        | HL_REASON_RISE
        | HL_REASON_BREAKOUT
        | HL_REASON_STREAK
        | HL_REASON_ACCELERATION
        | HL_REASON_MARGIN
        | HL_REASON_POSITION_COUNT
        | HL_REASON_POSITION_SHARE
        | HL_REASON_SECTOR_SHARE
        | HL_REASON_LONG_EXPOSURE
        | HL_REASON_SHORT_EXPOSURE
        | HL_REASON_GROSS_EXPOSURE
        | HL_REASON_NET_EXPOSURE
        | HL_REASON_POSITION_QUANTITY
        | HL_REASON_POSITION_NOTIONAL
        | HL_REASON_LIMIT_STATE
        | HL_REASON_STRADDLE => ORDER_EXCEEDS_LIMIT,
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use haltline::Reason;

    #[test]
    fn each_reason_has_a_value_of_the_tag() {
        let of = |reason: Reason| hl_fix_ord_rej_reason(reason as u32);
        assert_eq!((of(Reason::Killed), of(Reason::VenueHalted), of(Reason::Limit), of(Reason::Stale)), (0, 2, 3, 99));
        assert!(Reason::ALL.iter().all(|reason| [0, 2, 3, 99].contains(&of(*reason))));
        assert_eq!(hl_fix_ord_rej_reason(u32::MAX), 99);
    }
}
