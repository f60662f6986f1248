//! The order path. What C checks inline stands in `include/haltline_gate.h`; this is what it cannot say by itself.

use core::ffi::{c_char, c_void};
use core::mem::offset_of;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicU64, Ordering};

use haltline::{Gate, GateWords, Qty, Verdict};

use crate::boundary::{Refused, call, place, quietly};
use crate::handle::hl_system;
use crate::status::hl_status;
use crate::system::with;
use crate::{systems, text};

/// A verdict; its bits are in `haltline_gate.h`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct hl_verdict {
    /// Zero: everything may go, nothing warns.
    pub bits: u64,
}

impl hl_verdict {
    const CLEAR: Self = Self { bits: 0 };

    /// Everything is denied, cancels too: who asks has no gate, and nobody knows what he holds.
    pub(crate) const NOTHING_KNOWN: Self = Self { bits: 0b1_0111 };
}

/// What `haltline_gate.h` says of a gate.
#[repr(C, align(64))]
#[derive(Debug)]
pub struct hl_gate {
    near: [*const u64; 2],
    arm: *const u64,
    armed: u64,
    upper: *const u64,
    floor: *const u64,
    /// What is behind it, and its own address, by which a copy is known.
    own: [*const c_void; 2],
}

const _: () = assert!(size_of::<hl_gate>() == 64 && align_of::<hl_gate>() == 64 && size_of::<hl_verdict>() == 8);
const _: () = assert!(offset_of!(hl_gate, arm) == 16 && offset_of!(hl_gate, armed) == 24);
const _: () = assert!(offset_of!(hl_gate, upper) == 32 && offset_of!(hl_gate, floor) == 40);
const _: () = assert!(offset_of!(hl_gate, own) == 48);

/// What is behind a gate.
#[derive(Debug)]
pub(crate) struct Behind {
    pub(crate) gate: Gate,
    /// The handle of its System.
    pub(crate) system: u64,
}

impl hl_gate {
    fn make(gate: Gate, system: u64) -> *mut Self {
        let GateWords { near, arm, armed, upper, floor } = gate.words();
        let behind = Box::into_raw(Box::new(Behind { gate, system }));
        let made = Self { near, arm, armed, upper, floor, own: [behind.cast(), null()] };
        let gate = Box::into_raw(Box::new(made));
        // SAFETY: just made, and nobody else has it.
        unsafe { (*gate).own[1] = gate.cast() };
        gate
    }
}

impl hl_gate {
    /// What `hl_gate_quick` of the header asks: nothing denies, nothing warns, and there is nothing else to look at.
    #[inline]
    fn is_clear(&self) -> bool {
        let [leaf, middle] = self.near;
        // SAFETY: whoever has made this gate took the addresses of words that live as long as it does, and that are only ever used as
        // atomics.
        let load = |word: *const u64| unsafe { AtomicU64::from_ptr(word.cast_mut()) }.load(Ordering::Acquire);
        // In the order of the header: from the leaf to the root, which lies after the arm word, then that.
        let scopes = load(leaf) | load(middle) | load(self.arm.wrapping_add(1));
        scopes | (load(self.arm) ^ self.armed) == 0
    }
}

/// What is behind a gate; `None` for NULL.
///
/// # Safety
/// `gate` is NULL, or of [`hl_gate_open`] and not closed, for as long as the call lasts.
pub(crate) unsafe fn behind<'a>(gate: *const hl_gate) -> Option<&'a Behind> {
    // SAFETY: as the caller says.
    unsafe { gate.as_ref()?.own[0].cast::<Behind>().as_ref() }
}

/// The same for a call that returns a status.
///
/// # Safety
/// As [`behind`].
pub(crate) unsafe fn open<'a>(gate: *const hl_gate, what: &'static str) -> Result<&'a Behind, Refused> {
    // SAFETY: as the caller says.
    unsafe { behind(gate) }.ok_or_else(|| Refused::null(what))
}

/// Checks; a panic inside denies, and disarms.
fn look(gates: [Option<&Behind>; 2], check: impl FnOnce() -> Option<Verdict>) -> hl_verdict {
    let otherwise = || {
        gates.into_iter().flatten().for_each(|gate| systems::disarm(gate.system));
        hl_verdict::NOTHING_KNOWN
    };
    match quietly(None, || Some(check().map_or(hl_verdict::NOTHING_KNOWN, |seen| hl_verdict { bits: seen.bits() }))) {
        Some(verdict) => verdict,
        None => otherwise(),
    }
}

/// Opens a gate on these scopes and all their ancestors, at most seven together, the root among them; with none, on the root. The prices
/// it admits are those of the first of them that has a price band now; if none has, of the first. It is used by any number of threads, stays valid through every reload, and denies once its
/// System has closed, when cancels still pass.
///
/// `HL_ERR_BAD_SCOPE`, `HL_ERR_UNKNOWN` for a scope that is not declared, `HL_ERR_FULL` for more than seven, `HL_ERR_CLOSED`,
/// `HL_ERR_STALE`, `HL_ERR_NULL`, `HL_ERR_UTF8`.
///
/// Threads: any, at once. Signals: no. Allocates: yes. Progress: lock-free.
///
/// # Safety
/// `scopes` are `n` texts, each ended by a NUL; `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_gate_open(
    system: hl_system,
    scopes: *const *const c_char,
    n: usize,
    out: *mut *mut hl_gate,
) -> hl_status {
    with(system, |held| {
        // SAFETY: as the caller says.
        let (scopes, out) = unsafe { (text::list(scopes, n, "scopes")?, place(out, "out")?) };
        out.write(hl_gate::make(held.system.gate(&scopes)?, held.bits));
        Ok(())
    })
}

/// Closes a gate and sets the pointer to NULL; NULL, a pointer to NULL, and one to a copy of a gate are left as they are. Nobody may be
/// using it, and other copies of the pointer must not be used any more.
///
/// Threads: one. Signals: no. Allocates: no. Progress: lock-free.
///
/// # Safety
/// `*gate` is NULL or a gate that is not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_gate_close(gate: *mut *mut hl_gate) {
    quietly((), || {
        // SAFETY: as the caller says. What was not made by `make` does not hold its own address, and is not freed.
        unsafe {
            let Some(place) = gate.as_mut().filter(|gate| !gate.is_null()) else { return };
            let gate = *place;
            if (*gate).own[1] == gate.cast_const().cast() {
                *place = null_mut();
                let gate = Box::from_raw(gate);
                drop(Box::from_raw(gate.own[0].cast::<Behind>().cast_mut()));
            }
        }
    });
}

/// The long look of a check that has not seen zero at once: what is denied. NULL denies everything.
///
/// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
///
/// # Safety
/// `gate` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_gate_slow(gate: *const hl_gate) -> hl_verdict {
    // SAFETY: as the caller says.
    let behind = unsafe { behind(gate) };
    look([behind, None], || behind.map(|behind| behind.gate.check()))
}

/// The same for two gates together. If either is NULL everything is denied.
///
/// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
///
/// # Safety
/// Each is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_gate_slow2(instrument: *const hl_gate, account: *const hl_gate) -> hl_verdict {
    // SAFETY: as the caller says.
    let (one, other) = unsafe { (behind(instrument), behind(account)) };
    look([one, other], || Some(one?.gate.check_with(&other?.gate)))
}

/// `hl_gate_check` as a function, for languages that cannot inline it.
///
/// Threads: any, at once. Signals: async-signal-safe. Allocates: no. Progress: wait-free.
///
/// # Safety
/// `gate` is NULL or not closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_gate_check_call(gate: *const hl_gate) -> hl_verdict {
    // SAFETY: as the caller says.
    match unsafe { gate.as_ref() } {
        Some(words) if words.is_clear() => hl_verdict::CLEAR,
        // SAFETY: as the caller says.
        _ => unsafe { hl_gate_slow(gate) },
    }
}

/// Whether an order takes exposure away whatever becomes of what is in flight: then it is `HL_REDUCE`. Buys are positive, sells negative,
/// all in lots. `in_flight` is the sum of the resting orders on the order's own side. An order of nothing reduces nothing. Pure.
///
/// `HL_ERR_NULL`.
///
/// Threads: any, at once. Signals: no. Allocates: no. Progress: wait-free.
///
/// # Safety
/// `gate` is NULL or not closed; `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hl_gate_reduces(
    gate: *const hl_gate,
    position: i64,
    in_flight: i64,
    order_qty: i64,
    out: *mut bool,
) -> hl_status {
    call(0, || {
        // SAFETY: as the caller says.
        let out = unsafe {
            open(gate, "gate")?;
            place(out, "out")?
        };
        out.write(Gate::reduces(Qty(position), Qty(in_flight), Qty(order_qty)));
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use haltline::*;

    use super::*;

    /// What `hl_gate_admits_price` of the header computes.
    fn admits(gate: &hl_gate, price: i64, side: Side) -> bool {
        let place = |price: i64| (price as u64) ^ 1 << 63;
        let price = price.clamp(-(i64::MAX - 1), i64::MAX - 1);
        // SAFETY: as above.
        unsafe {
            match side {
                Side::Buy => place(price) <= gate.upper.read_volatile(),
                Side::Sell => place(-price) <= gate.floor.read_volatile(),
            }
        }
    }

    fn close(mut gate: *mut hl_gate) {
        // SAFETY: each test closes what it has made, once.
        unsafe { hl_gate_close(&mut gate) };
        assert!(gate.is_null());
    }

    #[test]
    fn the_words_of_a_gate_say_what_it_says() {
        let scopes = ["a/b/c", "x"].map(|path| ScopePath::new(path).unwrap());
        let breakers = ["a/b/c", "a/b", "a", "x", ""].map(|path| {
            let name = format!("b:{}", path.replace('/', ":"));
            BreakerSpec::new(&name, ScopePath::new(path).unwrap(), RuleSpec::Manual)
        });
        let plan = Plan { scopes: scopes.to_vec(), breakers: breakers.to_vec(), ..Plan::default() };
        let system = System::manual(plan, Nanos::from_secs(1)).unwrap();
        let by = By::new("ann", Authority::Admin, "");
        for (names, short) in [(&["x"][..], true), (&["a", "x"], true), (&["a/b/c"], false), (&["a/b/c", "x"], false)] {
            let gate = hl_gate::make(system.gate(names).unwrap(), 0);
            // SAFETY: it is closed below.
            let (words, behind) = unsafe { (&*gate, behind(gate).unwrap()) };
            let agree = || assert!(!words.is_clear() || behind.gate.check() == Verdict::CLEAR, "{names:?}");
            assert_eq!(words.is_clear(), short);
            for id in system.breakers().iter().filter(|found| !found.implicit).map(|found| found.id) {
                system.trip(id, by).unwrap();
                agree();
                let denies = behind.gate.check().denies_any();
                assert!(!short || denies != words.is_clear(), "{names:?}");
                // SAFETY: not closed yet.
                assert_eq!(unsafe { hl_gate_slow(gate) }.bits, behind.gate.check().bits());
                system.force_reset(id, system.breaker_status(id).unwrap().stamp, by).unwrap();
            }
            system.kill();
            assert!(!words.is_clear());
            // SAFETY: not closed yet.
            assert_eq!(unsafe { hl_gate_slow(gate) }.bits, 0b1_0011, "cancels pass");
            system.rearm(system.kill_word(), by).unwrap();
            assert_eq!(words.is_clear(), short);
            close(gate);
        }
    }

    #[test]
    fn the_price_words_of_a_gate_say_what_it_says() {
        let secs = Nanos::from_secs;
        let day = |d, open| Session { date: Date::new(2020, 3, d), open: secs(open), close: secs(open + 23_400) };
        let sessions = Arc::new(Sessions::new(vec![day(9, 100_000), day(10, 186_400)]).unwrap());
        let rule = MarketCircuitBreaker::Band(Arc::new(PriceBand::luld(Tier::One, sessions)));
        let spec = BreakerSpec::new("bands", ScopePath::new("x").unwrap(), RuleSpec::MarketCircuitBreaker(rule));
        let start = secs(190_000);
        let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, start).unwrap();
        let gates = [&["x"][..], &[]].map(|names| hl_gate::make(system.gate(names).unwrap(), 0));
        let mut tape = system.feed("x").unwrap();
        for known in [false, true] {
            if known {
                tape.reference(Price::from_f64(100.0).unwrap(), Date::new(2020, 3, 9), start).unwrap();
            }
            for gate in gates {
                // SAFETY: it is closed below.
                let (words, behind) = unsafe { (&*gate, behind(gate).unwrap()) };
                let around = [95, 105].into_iter().flat_map(|n| [-1, 0, 1].map(|d| n * Price::SCALE + d));
                let prices: Vec<_> = around.chain([i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX]).collect();
                for (price, side) in prices.iter().flat_map(|price| Side::ALL.iter().map(move |side| (*price, *side))) {
                    let wanted = behind.gate.admits_price(Price::from_raw(price), side);
                    assert_eq!(admits(words, price, side), wanted, "{price} {side} {known}");
                }
                let some = prices.iter().any(|price| admits(words, *price, Side::Buy));
                assert_eq!(some, known || gate == gates[1]);
            }
        }
        gates.into_iter().for_each(close);
    }

    #[test]
    fn what_is_no_gate_denies_everything_and_is_not_freed() {
        let none = null();
        // SAFETY: NULL may be asked.
        unsafe {
            assert_eq!(hl_gate_slow(none), hl_verdict::NOTHING_KNOWN);
            assert_eq!(hl_gate_slow2(none, none), hl_verdict::NOTHING_KNOWN);
            assert_eq!(hl_gate_check_call(none), hl_verdict::NOTHING_KNOWN);
        }
        let system = System::manual(Plan::default(), Nanos::from_secs(1)).unwrap();
        let gate = hl_gate::make(system.gate(&[]).unwrap(), 0);
        // SAFETY: a copy, while what it is of is not closed; it is asked and not freed.
        unsafe {
            let mut copy = gate.read();
            assert_eq!((hl_gate_slow(&copy).bits, hl_gate_slow2(&copy, null())), (0, hl_verdict::NOTHING_KNOWN));
            let mut pointer = &raw mut copy;
            hl_gate_close(&mut pointer);
            assert!(!pointer.is_null());
            hl_gate_close(&mut null_mut());
            hl_gate_close(null_mut());
            assert_eq!(hl_gate_slow(gate).bits, 0);
        }
        close(gate);
    }
}
