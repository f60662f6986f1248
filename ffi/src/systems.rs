//! The Systems of this process that C has opened, found by their handles without a lock.
//!
//! A slot is pinned for the moment of a look. Who closes a System takes its handle out of the slot first and waits until nobody
//! pins it, so what a pinned slot with the right handle points to is there. A pin is two atomic adds, so a kill
//! is wait-free, and may come from a signal handler, also one that runs amid a close.

use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use haltline::{Caps, Nanos, Skew, System};
use haltline_config::Config;

use crate::boundary::Refused;
use crate::handle::{Type, hl_system};
use crate::status::{HL_ERR_FORKED, HL_ERR_FULL};
use crate::tally::Tallies;

/// As many as the core allows.
const SLOTS: usize = 64;
const SLOT: u32 = 48;
/// In a slot that is being filled.
const TAKEN: u64 = 1;

/// A System, and what belongs to it here.
pub(crate) struct Held {
    pub(crate) system: System,
    /// Its handle.
    pub(crate) bits: u64,
    pub(crate) is_manual: bool,
    /// Whether somebody drains it.
    pub(crate) drains: AtomicBool,
    /// What `[system]` was when it was opened: a reload does not change it.
    pub(crate) start: (Caps, Skew),
    pub(crate) remarks: Mutex<Remarks>,
    /// Held while a policy is read, changed and put back.
    pub(crate) policies: Mutex<()>,
    pub(crate) tallies: Arc<Mutex<Tallies>>,
}

/// What is unusual in the configuration in force.
#[derive(Default)]
pub(crate) struct Remarks {
    /// What its reload has done that nobody may have wanted, a line each.
    pub(crate) reload: String,
    /// Without its plan.
    pub(crate) config: Config,
}

impl Remarks {
    /// All of it, a line each; a calendar that ends is told when it is near.
    pub(crate) fn text(&self, now: Nanos) -> String {
        let ends = self.config.ends(now);
        let lines = self.config.warnings.iter().chain(&ends).map(|finding| format!("{finding}\n"));
        self.reload.clone() + &lines.collect::<String>()
    }
}

struct Slot {
    /// The handle; zero while it is free.
    bits: AtomicU64,
    pins: AtomicU64,
    held: AtomicPtr<Held>,
}

static SYSTEMS: [Slot; SLOTS] =
    [const { Slot { bits: AtomicU64::new(0), pins: AtomicU64::new(0), held: AtomicPtr::new(null_mut()) } }; SLOTS];
static NUMBERS: AtomicU64 = AtomicU64::new(0);
/// The process that has opened Systems.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// Undone also by a panic.
struct Pin<'a>(&'a Slot);

impl Drop for Pin<'_> {
    fn drop(&mut self) {
        self.0.pins.fetch_sub(1, Ordering::Release);
    }
}

impl Slot {
    /// Calls `with` if the slot holds the System of this handle. Wait-free if `with` is.
    fn pinned<R>(&self, bits: u64, with: impl FnOnce(*const Held) -> R) -> Option<R> {
        // Sequentially consistent, as in `remove`: of one who pins and looks at the handle, and one who takes the handle out and
        // looks at the pins, at least one sees the other.
        self.pins.fetch_add(1, Ordering::SeqCst);
        let pin = Pin(self);
        let is_ours = bits > TAKEN && self.bits.load(Ordering::SeqCst) == bits;
        let result = is_ours.then(|| with(self.held.load(Ordering::Acquire)));
        drop(pin);
        result
    }
}

fn slot(bits: u64) -> Option<&'static Slot> {
    let number = Type::System.number(bits)?;
    SYSTEMS.get((number >> SLOT) as usize)
}

/// The System of a handle.
pub(crate) fn get(system: hl_system) -> Result<Arc<Held>, Refused> {
    check_process()?;
    let held = slot(system.bits).and_then(|slot| {
        slot.pinned(system.bits, |held| {
            // SAFETY: `held` came from `Arc::into_raw`, and the slot, which is pinned, has a count of it.
            unsafe {
                Arc::increment_strong_count(held);
                Arc::from_raw(held)
            }
        })
    });
    held.ok_or_else(|| Refused::stale("system", system.bits))
}

/// Whether the System of a handle has not been taken out. Who puts something of it where a close looks asks after that: then either the
/// close finds it, or this says no.
pub(crate) fn is_open(bits: u64) -> bool {
    slot(bits).is_some_and(|slot| slot.bits.load(Ordering::SeqCst) == bits)
}

/// Kills a System; false if the handle names none. Wait-free, async-signal-safe.
pub(crate) fn kill(system: hl_system) -> bool {
    pinned(system.bits, |system| system.kill())
}

/// Kills all of them, and wakes those who tell of it. Wait-free, async-signal-safe.
pub(crate) fn kill_all() {
    haltline::kill_all();
    for slot in &SYSTEMS {
        kill(hl_system { bits: slot.bits.load(Ordering::Relaxed) });
    }
}

/// After a panic: nobody knows what was left half done.
pub(crate) fn disarm(bits: u64) {
    pinned(bits, System::panicked);
}

fn pinned(bits: u64, with: impl FnOnce(&System)) -> bool {
    let done = slot(bits).and_then(|slot| {
        // SAFETY: the slot has a count of it while it is pinned.
        slot.pinned(bits, |held| with(unsafe { &(*held).system }))
    });
    done.is_some()
}

/// Puts a System in; gives its handle.
pub(crate) fn put(
    system: System,
    is_manual: bool,
    start: (Caps, Skew),
    remarks: Remarks,
) -> Result<hl_system, Refused> {
    let full = |text| Refused::new(HL_ERR_FULL, text);
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed) + 1;
    if number >= 1 << SLOT {
        return Err(full("all handles of Systems have been given out"));
    }
    let free = |slot: &&Slot| slot.bits.compare_exchange(0, TAKEN, Ordering::AcqRel, Ordering::Relaxed).is_ok();
    let Some((index, slot)) = SYSTEMS.iter().enumerate().find(|(_, slot)| free(slot)) else {
        return Err(full("64 Systems are open in this process; no more are allowed"));
    };
    let bits = Type::System.bits((index as u64) << SLOT | number);
    let (drains, policies, tallies) = (AtomicBool::new(false), Mutex::default(), Arc::default());
    let held = Held { system, bits, is_manual, drains, start, remarks: Mutex::new(remarks), policies, tallies };
    slot.held.store(Arc::into_raw(Arc::new(held)).cast_mut(), Ordering::Release);
    slot.bits.store(bits, Ordering::SeqCst);
    Ok(hl_system { bits })
}

/// Takes a System out: from now on its handle is stale. `None` if somebody else has done so.
pub(crate) fn remove(system: hl_system) -> Option<Arc<Held>> {
    let slot = slot(system.bits)?;
    // Taken until it is empty, so that nobody fills it meanwhile.
    slot.bits.compare_exchange(system.bits, TAKEN, Ordering::SeqCst, Ordering::Relaxed).ok()?;
    while slot.pins.load(Ordering::SeqCst) > 0 {
        std::thread::yield_now();
    }
    let held = slot.held.swap(null_mut(), Ordering::AcqRel);
    slot.bits.store(0, Ordering::Release);
    // SAFETY: the count that `put` gave to the slot; whoever pins it from now on does not find the handle.
    Some(unsafe { Arc::from_raw(held) })
}

/// A forked child has the memory of its parent and none of its threads: a lock may be held for ever.
///
/// # Errors
/// `HL_ERR_FORKED` in a child of a process that has opened Systems.
pub(crate) fn check_process() -> Result<(), Refused> {
    let (ours, opened) = (std::process::id(), PROCESS.load(Ordering::Relaxed));
    if opened == 0 || opened == ours {
        return Ok(());
    }
    let text = format!("process {ours} was forked by {opened}, which has opened Systems; open them after the fork");
    Err(Refused::new(HL_ERR_FORKED, text))
}

/// This process opens Systems from now on.
pub(crate) fn enter_process() -> Result<(), Refused> {
    let _ = PROCESS.compare_exchange(0, std::process::id(), Ordering::Relaxed, Ordering::Relaxed);
    check_process()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::HL_ERR_STALE;
    use crate::testing::manual;

    fn is_stale(bits: u64) -> bool {
        matches!(get(hl_system { bits }), Err(refused) if refused.status == HL_ERR_STALE)
    }

    #[test]
    fn no_number_but_that_of_an_open_system_names_one() {
        let system = manual();
        assert!(get(system).is_ok());
        // Each bit of a good handle matters.
        assert!((0..64).all(|bit| is_stale(system.bits ^ 1 << bit)));
        assert!([0, TAKEN, 2, u64::MAX].into_iter().all(is_stale));
        let mut random = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..100_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            assert!(is_stale(random) && is_stale(Type::System.bits(random)) && !kill(hl_system { bits: random }));
        }
    }

    #[test]
    fn a_system_is_taken_out_once_and_its_slot_is_another_ones_then() {
        let first = manual();
        assert!(remove(first).is_some() && remove(first).is_none());
        assert!(is_stale(first.bits) && !kill(first));
        let second = manual();
        assert_ne!(first, second);
        assert!(is_stale(first.bits));
    }

    #[test]
    fn a_close_waits_for_whoever_looks() {
        let system = manual();
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let closer = pinned(system.bits, |found| {
                let closer = scope.spawn(|| {
                    drop(remove(system));
                    done.store(true, Ordering::SeqCst);
                });
                while !is_stale(system.bits) {
                    std::thread::yield_now();
                }
                // Its handle is taken out, and it is here all the same.
                assert!(!done.load(Ordering::SeqCst));
                found.kill();
                drop(closer);
            });
            assert!(closer);
        });
        assert!(done.load(Ordering::SeqCst));
    }
}
