//! The order path: a few loads, nothing else.
//!
//! A gate holds the addresses of the words of its scopes and of all their ancestors, and of the arm word. A check is
//! `w0 | w1 | w2 | (arm ^ armed)`, and zero means: trade. Missing scopes point at a word that is always zero, so there
//! is no loop and one branch. With more than three scopes the branch is taken each time and the rest is read there.
//!
//! Wait-free: no loop, no lock, no write, no clock. A check is not a snapshot of several words. They are read from the
//! leaf to the root and then the arm word, so a halt that is raised on an ancestor before it is lowered on a descendant
//! is seen in one of them; moves the other way, and between siblings, are not atomic.

#![allow(unsafe_code)]

use std::sync::Arc;

use super::board::Board;
use super::orderings::at;
use super::sync::AtomicU64;
use crate::model::intent::{Intent, Lanes};
use crate::model::scope::{GATE_SCOPES, ScopeId};

/// How many scopes the short path reads.
const NEAR: usize = 3;
const FAR: usize = GATE_SCOPES - NEAR;

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

    /// What two gates deny together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { lanes: self.lanes | other.lanes, disarmed: self.disarmed | other.disarmed }
    }

    /// What is denied.
    #[inline]
    pub const fn lanes(self) -> Lanes {
        self.lanes
    }
}

/// The addresses that a check reads.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Words {
    near: [*const AtomicU64; NEAR],
    arm: *const AtomicU64,
    armed: u64,
    /// Not zero if there are more than three scopes.
    more: u64,
    far: [*const AtomicU64; FAR],
    /// Keeps all of these addresses alive.
    board: Arc<Board>,
}

// SAFETY: the pointers go to atomics inside `board` (or, for the arm word, inside its slot), which this value keeps
// alive; it writes nothing.
unsafe impl Send for Words {}
// SAFETY: as above.
unsafe impl Sync for Words {}

impl Words {
    /// The gate of these scopes, which are in the order from leaf to root and at most seven.
    pub(crate) fn new(board: Arc<Board>, scopes: &[ScopeId]) -> Self {
        let word = |i: usize| -> *const AtomicU64 { scopes.get(i).map_or(board.zero(), |scope| board.scope(*scope)) };
        Self {
            near: core::array::from_fn(word),
            arm: board.arm().word(),
            armed: board.arm().armed(),
            more: u64::from(scopes.len() > NEAR),
            far: core::array::from_fn(|i| word(NEAR + i)),
            board,
        }
    }

    /// Zero means: trade. Anything else: [`look`](Self::look).
    #[inline(always)]
    pub(crate) fn quick(&self) -> u64 {
        let [leaf, middle, root] = self.near;
        // Each an acquiring load, in this order.
        let mut denied = self.load(leaf);
        denied |= self.load(middle);
        denied |= self.load(root);
        denied | (self.arm_word() ^ self.armed) | self.more
    }

    #[inline(always)]
    fn load(&self, word: *const AtomicU64) -> u64 {
        // SAFETY: `new` took the address from a word of `self.board`, which is not freed or moved while `self` lives.
        unsafe { &*word }.load(at::gate_look())
    }

    #[inline(always)]
    fn arm_word(&self) -> u64 {
        // SAFETY: the arm word's page is never freed, and its slot is not given to another System while `board` lives.
        unsafe { &*self.arm }.load(at::arm_look())
    }

    /// The whole answer, for a check that did not see zero at once: a denial, a warning, or more than three scopes.
    #[inline(never)]
    pub(crate) fn look(&self) -> Verdict {
        let mut counts = 0;
        for word in self.near.into_iter().chain(self.far) {
            counts |= self.load(word);
        }
        let arm = self.arm_word();
        let lanes = Lanes::from_counts(counts);
        if arm == self.armed {
            return Verdict { lanes, disarmed: false };
        }
        let killed = if self.board.arm().cancels_pass(arm) { Lanes::HALT } else { Lanes::CLOSE };
        Verdict { lanes: lanes | killed, disarmed: true }
    }
}
