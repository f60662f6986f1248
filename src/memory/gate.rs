//! The order path: a few loads, nothing else.
//!
//! A gate holds the addresses of the words of its scopes and of all their ancestors, and of the line on which the root's
//! word and the arm word lie. A check is `leaf | middle | root | (arm ^ armed)`, and zero means: trade. Missing scopes
//! point at a word that is always zero, so there is no loop and one branch. A gate of more than three scopes points at a word that never is, so the branch is taken
//! each time and all its words are read there.
//!
//! Wait-free: no loop, no lock, no write, no clock. A check is not a snapshot of several words. They are read from the
//! leaf to the root and then the arm word, so a halt that is raised on an ancestor before it is lowered on a descendant
//! is seen in one of them; moves the other way, and between siblings, are not atomic. So is a halt that is raised before
//! the kill word is armed again: a check that looked at the halt's word before and at the kill word after sees neither.

#![allow(unsafe_code)]

use core::mem::offset_of;
use std::sync::Arc;

use super::arm::ArmLine;
use super::board::Board;
use super::orderings::at;
use super::prices::PriceLine;
use super::sync::AtomicU64;
use crate::model::intent::{Intent, Lanes};
use crate::model::price_band::Side;
use crate::model::scope::{GATE_SCOPES, ScopeId};
use crate::model::units::Price;

/// How many scopes the short path reads beside the root.
const NEAR: usize = 2;

/// The answer of a gate: which intents are denied, and whether there is a warning.
///
/// ```
/// use haltline::{Intent, Verdict};
/// assert!(Verdict::CLEAR.permits(Intent::Increase));
/// assert!(!Verdict::CLEAR.warns());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "a verdict that nobody looks at stops nothing"]
pub struct Verdict {
    lanes: Lanes,
    disarmed: bool,
}

impl Verdict {
    /// Everything may go, nothing warns.
    pub const CLEAR: Self = Self { lanes: Lanes::NONE, disarmed: false };

    /// Whether an order of this intent may go.
    #[inline]
    pub const fn permits(self, intent: Intent) -> bool {
        !self.lanes.denies(intent)
    }

    /// Whether any intent is denied.
    #[inline]
    pub const fn denies_any(self) -> bool {
        self.lanes.denies_any()
    }

    /// Whether a breaker warns. A warning denies nothing.
    #[inline]
    pub const fn warns(self) -> bool {
        self.lanes.warns()
    }

    /// Whether the arm word denies: killed, shut down, not recovered.
    #[inline]
    pub const fn is_disarmed(self) -> bool {
        self.disarmed
    }

    /// The same answer for this intent alone, so that its denial is explained and no other.
    ///
    /// ```
    /// # use haltline::*;
    /// # let system = System::manual(Plan::default(), Nanos::from_secs(0))?;
    /// # let gate = system.gate(&[])?;
    /// let denial = gate.explain(gate.check().only(Intent::Reduce));
    /// # assert_eq!(denial.reason, Reason::Cleared);
    /// # Ok::<(), haltline::Error>(())
    /// ```
    pub const fn only(self, intent: Intent) -> Self {
        Self { lanes: self.lanes.only(intent), disarmed: self.disarmed }
    }

    /// What two gates deny together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { lanes: self.lanes | other.lanes, disarmed: self.disarmed | other.disarmed }
    }

    /// What is denied.
    #[inline]
    pub const fn lanes(self) -> Lanes {
        self.lanes
    }

    /// As one number, for other languages: bits 0 to 2 say that an increase, a reduce, a cancel is denied, bit 3 that a breaker
    /// warns, bit 4 that the arm word denies. Zero is [`CLEAR`](Self::CLEAR).
    ///
    /// ```
    /// # use haltline::*;
    /// # let system = System::manual(Plan::default(), Nanos::from_secs(0))?;
    /// # let gate = system.gate(&[])?;
    /// system.kill();
    /// let seen = gate.check();
    /// assert_eq!((Verdict::CLEAR.bits(), seen.bits()), (0, 0b10011));
    /// assert_eq!(Verdict::from_bits(seen.bits()), seen);
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[inline]
    pub const fn bits(self) -> u64 {
        self.lanes.bits() | (self.disarmed as u64) << 4
    }

    /// From such a number; bits that mean nothing are left out.
    pub const fn from_bits(bits: u64) -> Self {
        Self { lanes: Lanes::from_bits(bits), disarmed: bits & 1 << 4 != 0 }
    }
}

/// Where the words lie that a gate reads, for bindings to languages that check inline. Made by
/// [`Gate::words`](crate::Gate::words).
///
/// Orders may pass while `near[0] | near[1] | root | (arm ^ armed)`, loaded in this order with acquire, is zero;
/// anything else is for [`Gate::check`](crate::Gate::check) to say. A purchase is admitted where
/// `(price as u64) ^ 1 << 63 <= *upper`, a sale where the same of `-price` is at most `*floor`, with the price held within
/// `i64::MAX - 1` on either side.
///
/// Every address is that of a 64-bit atomic, is never null, and is valid while the gate lives.
///
/// ```
/// use core::sync::atomic::{AtomicU64, Ordering};
/// # use haltline::*;
/// # let system = System::manual(Plan { scopes: vec![ScopePath::new("XNAS")?], ..Plan::default() }, Nanos::from_secs(1))?;
/// let gate = system.gate(&["XNAS"])?;
/// let words = gate.words();
/// // SAFETY: the gate lives, and its words are atomics.
/// let load = |word: *const u64| unsafe { AtomicU64::from_ptr(word.cast_mut()) }.load(Ordering::Acquire);
/// let denied = || {
///     let scopes = load(words.near[0]) | load(words.near[1]) | load(words.root());
///     scopes | (load(words.arm) ^ words.armed)
/// };
/// assert_eq!(denied(), 0);
/// system.kill();
/// assert_ne!(denied(), 0);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GateWords {
    /// The words of two scopes below the root; one that is missing is always zero. Where there are more than two, both are words that
    /// are never zero.
    pub near: [*const u64; NEAR],
    /// The arm word; the word after it is the root's.
    pub arm: *const u64,
    /// What the arm word is while orders may pass; never zero.
    pub armed: u64,
    /// The upper band of the scope whose prices the gate asks.
    pub upper: *const u64,
    /// Its lower band, counted from above.
    pub floor: *const u64,
}

impl GateWords {
    /// The word of the root.
    pub const fn root(&self) -> *const u64 {
        self.arm.wrapping_add(1)
    }
}

const _: () = assert!(offset_of!(ArmLine, word) == 0 && offset_of!(ArmLine, root) == size_of::<u64>());

/// The addresses that a check reads, and far from them everything else: ten thousand gates in turn stay in the cache.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Words<K = ()> {
    near: [*const AtomicU64; NEAR],
    line: *const ArmLine,
    armed: u64,
    prices: *const PriceLine,
    far: Box<Far<K>>,
}

#[derive(Debug)]
struct Far<K> {
    /// From the leaf to the root, then the word that is always zero.
    all: [*const AtomicU64; GATE_SCOPES],
    /// Keeps the addresses alive.
    board: Arc<Board>,
    scopes: Box<[ScopeId]>,
    /// What the owner wants to have at hand for an explanation.
    kept: K,
}

// SAFETY: the pointers go to atomics inside `far.board` (the arm line's page is never freed), which this value keeps
// alive; it writes nothing. Whether `K` may be sent is `K`'s to say.
unsafe impl<K: Send> Send for Words<K> {}
// SAFETY: as above.
unsafe impl<K: Sync> Sync for Words<K> {}

#[cfg(all(test, loom))]
impl Words {
    pub(crate) fn new(board: Arc<Board>, scopes: &[ScopeId]) -> Self {
        Self::with(board, scopes, ScopeId::ROOT, ())
    }
}

impl<K> Words<K> {
    /// The gate of these scopes: from leaf to root, the root among them, at most seven; and of the prices of `priced`.
    pub(crate) fn with(board: Arc<Board>, scopes: &[ScopeId], priced: ScopeId, kept: K) -> Self {
        let word = |i: usize| -> *const AtomicU64 { scopes.get(i).map_or(board.zero(), |scope| board.scope(*scope)) };
        let all = core::array::from_fn(word);
        Self {
            near: if scopes.len() > NEAR + 1 { [board.ones(); NEAR] } else { near(&board, scopes) },
            line: board.arm().line(),
            armed: board.arm().armed(),
            prices: board.prices(priced),
            far: Box::new(Far { all, board, scopes: scopes.into(), kept }),
        }
    }

    /// Whether an order of this side may name this price.
    #[inline(always)]
    pub(crate) fn admits_price(&self, price: Price, side: Side) -> bool {
        // SAFETY: `with` took the address from a line of `far.board`, which is not freed or moved while `self` lives.
        unsafe { &*self.prices }.admits(price, side)
    }

    /// Zero means: trade. Anything else: [`look`](Self::look).
    #[inline(always)]
    pub(crate) fn quick(&self) -> u64 {
        let [leaf, middle] = self.near;
        // Each an acquiring load, in this order.
        let mut denied = self.load(leaf);
        denied |= self.load(middle);
        denied |= self.line().root.load(at::gate_look());
        denied | (self.line().word.load(at::arm_look()) ^ self.armed)
    }

    #[inline(always)]
    fn load(&self, word: *const AtomicU64) -> u64 {
        // SAFETY: `with` took the address from a word of `far.board`, which is not freed or moved while `self` lives.
        unsafe { &*word }.load(at::gate_look())
    }

    #[inline(always)]
    fn line(&self) -> &ArmLine {
        // SAFETY: the page of the arm lines is never freed, and this one is no other System's while `far.board` lives.
        unsafe { &*self.line }
    }

    /// The whole answer, for a check that did not see zero at once: a denial, a warning, or more than three scopes.
    /// From leaf to root, then the arm word, like the short look.
    #[inline(never)]
    pub(crate) fn look(&self) -> Verdict {
        let Far { all, board, .. } = &*self.far;
        let counts = all.iter().fold(0, |counts, word| counts | self.load(*word));
        let arm = self.line().word.load(at::arm_look());
        let lanes = Lanes::from_counts(counts);
        if arm == self.armed {
            return Verdict { lanes, disarmed: false };
        }
        let killed = if board.arm().cancels_pass(arm) { Lanes::HALT } else { Lanes::CLOSE };
        Verdict { lanes: lanes | killed, disarmed: true }
    }

    /// Where everything lies that a check reads.
    pub(crate) fn addresses(&self) -> GateWords {
        // SAFETY: as in `admits_price`.
        let (upper, floor) = unsafe { &*self.prices }.words_of_sides();
        GateWords {
            near: self.near.map(<*const AtomicU64>::cast),
            arm: self.line.cast(),
            armed: self.armed,
            upper: address(upper),
            floor: address(floor),
        }
    }

    /// Its scopes, from leaf to root.
    pub(crate) fn scopes(&self) -> &[ScopeId] {
        &self.far.scopes
    }

    pub(crate) fn kept(&self) -> &K {
        &self.far.kept
    }
}

fn address(word: &AtomicU64) -> *const u64 {
    core::ptr::from_ref(word).cast()
}

/// The scopes below the root, then the word that is always zero.
fn near(board: &Board, scopes: &[ScopeId]) -> [*const AtomicU64; NEAR] {
    let mut below = scopes.iter().filter(|scope| **scope != ScopeId::ROOT);
    core::array::from_fn(|_| below.next().map_or(board.zero(), |scope| board.scope(*scope)) as *const AtomicU64)
}
