//! The Board: the words that say what is denied now. The only thing that the order path reads.
//!
//! # Words
//!
//! Every scope owns one word of four 16-bit counts, and the words lie densely, eight to a cache line (the root's, which
//! every check reads, lies beside the arm word):
//!
//! ```text
//!  63        48 47        32 31        16 15         0
//!  |  warning  |   cancel   |   reduce   |  increase  |   how many breakers of this scope warn / deny that intent
//! ```
//!
//! Every breaker owns a line whose first word is its whole [`State`]. A check adds nothing up: it reads the word of
//! each of its scopes, and a lane that is not zero denies. So it costs the same with one breaker as with 100 000.
//!
//! # The order of a transition
//!
//! *At every instant, in every lane, count >= the number of breakers whose word denies that lane.* So a transition
//!
//! 1. **adds** the lanes that it newly denies, before
//! 2. it **swaps** the breaker's word (and takes the additions back if it loses the swap), and
//! 3. **subtracts** the lanes that it no longer denies, after.
//!
//! The tempting order "swap, then add" opens the gate on a third breaker. B is tripped: lane 1. A trips by its swap
//! and has not added yet. Another thread resets A: its swap sees A tripped, so it subtracts: lane 0, B tripped, gate
//! open. Model: `never_open_while_tripped`, twin `never_open_while_tripped_with_swap_before_add`.
//!
//! # Orderings
//!
//! Each has a name in [`orderings`](super::orderings). Words change only by read-modify-write once they are published,
//! so each word's changes form one release sequence and an acquiring look synchronises with every release before it.
//! `ci/orderings.sh` weakens one after the other and prints the model that then fails. loom keeps the execution order
//! of one word's changes and treats `SeqCst` accesses as `AcqRel`, so where it is silent the case stands here and the
//! ordering stays.
//!
#![doc = include_str!("../../docs/orderings.md")]

use super::arm::Arm;
use super::lines::{BreakerLine, ListenerLine};
use super::orderings::at;
use super::prices::PriceLine;
use super::region::Region;
use super::sync::AtomicU64;
use crate::model::caps::Caps;
use crate::model::error::{Error, ErrorKind};
use crate::model::event::BreakerId;
use crate::model::intent::{Intent, Lanes};
use crate::model::scope::ScopeId;
use crate::model::state::State;
use crate::model::time::{Epoch, Nanos};

/// How many breakers one scope takes: half of a lane, the rest is room for additions in flight.
pub const BREAKERS_A_SCOPE: u32 = 32_767;

const MAGIC: u64 = u64::from_le_bytes(*b"haltline");
const LAYOUT: u64 = 1;

/// The begin of a Board's memory.
#[derive(Debug, Default)]
#[repr(C, align(128))]
pub(crate) struct Header {
    magic: AtomicU64,
    layout: AtomicU64,
    scopes: AtomicU64,
    breakers: AtomicU64,
    listeners: AtomicU64,
    epoch: AtomicU64,
    /// Stands in for the scopes that a gate does not have. Always zero.
    zero: AtomicU64,
    /// Sends a gate of many scopes to its long look. Never zero.
    ones: AtomicU64,
    /// System time, on a line of its own.
    now: AtomicU64,
}

/// Lanes that are counted although no breaker's word denies them yet. More than the words say is allowed at any time; a
/// transition that is made meanwhile has added its own before this is taken back, so who has seen the denial goes on
/// seeing it.
#[derive(Debug)]
#[must_use = "dropped at once it holds nothing"]
pub(crate) struct Hold<'a> {
    word: &'a AtomicU64,
    counts: u64,
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.word.fetch_sub(self.counts, at::lane_subtract());
    }
}

/// The memory of one System, and its arm word. Lives as long as its System, and as the last gate and feed.
#[derive(Debug)]
pub(crate) struct Board {
    region: Region,
    arm: Arm,
    epoch: Epoch,
}

impl Board {
    /// Reserves all memory; nothing is armed yet.
    ///
    /// # Errors
    /// [`ErrorKind::BadPlan`] for capacities out of range, [`ErrorKind::Platform`] or [`ErrorKind::Full`] if the
    /// machine refuses.
    pub(crate) fn new(caps: &Caps, epoch: Epoch) -> Result<Self, Error> {
        for (what, found, most) in [
            ("max_scopes", caps.scopes, u32::MAX),
            // One less: the last number of all means none.
            ("max_breakers", caps.breakers, BreakerId::MAX_BREAKERS - 1),
            ("max_listeners", caps.listeners, u32::MAX),
        ] {
            if found == 0 || found > most {
                return Err(Error::new(ErrorKind::BadPlan, format!("{what}: found {found}, allowed are 1 to {most}")));
            }
        }
        let board = Self { region: Region::new(caps)?, arm: Arm::open()?, epoch };
        let header = board.region.header();
        header.ones.store(u64::MAX, at::plain());
        header.magic.store(MAGIC, at::plain());
        header.layout.store(LAYOUT, at::plain());
        header.scopes.store(caps.scopes.into(), at::plain());
        header.breakers.store(caps.breakers.into(), at::plain());
        header.listeners.store(caps.listeners.into(), at::plain());
        header.epoch.store(epoch.0.0, at::plain());
        header.now.store(epoch.0.0, at::plain());
        Ok(board)
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    #[inline(always)]
    pub(crate) fn arm(&self) -> &Arm {
        &self.arm
    }

    /// A word that is always zero.
    pub(crate) fn zero(&self) -> &AtomicU64 {
        &self.region.header().zero
    }

    /// A word that is never zero.
    pub(crate) fn ones(&self) -> &AtomicU64 {
        &self.region.header().ones
    }

    #[inline(always)]
    pub(crate) fn scope(&self, scope: ScopeId) -> &AtomicU64 {
        // The root's word lies beside the arm word: every check reads both.
        if scope == ScopeId::ROOT { self.arm.root() } else { &self.region.scopes()[scope.0 as usize] }
    }

    #[inline(always)]
    pub(crate) fn breaker(&self, index: usize) -> &BreakerLine {
        &self.region.breakers()[index]
    }

    #[inline(always)]
    pub(crate) fn listener(&self, index: usize) -> &ListenerLine {
        &self.region.listeners()[index]
    }

    /// Which prices of a scope are admitted.
    pub(crate) fn prices(&self, scope: ScopeId) -> &PriceLine {
        &self.region.prices()[scope.0 as usize]
    }

    /// The lanes of a scope that are not at zero.
    pub(crate) fn lanes(&self, scope: ScopeId) -> Lanes {
        Lanes::from_counts(self.scope(scope).load(at::gate_look()))
    }

    /// Counts these lanes of a scope once more, until the result is dropped: for what is about to trip.
    #[inline(always)]
    pub(crate) fn hold(&self, scope: ScopeId, lanes: Lanes) -> Hold<'_> {
        let (word, counts) = (self.scope(scope), lanes.as_counts());
        word.fetch_add(counts, at::lane_add());
        Hold { word, counts }
    }

    /// How many breakers of a scope deny this intent; more while transitions are in flight, never fewer.
    pub(crate) fn denials(&self, scope: ScopeId, intent: Intent) -> u16 {
        (self.scope(scope).load(at::gate_look()) >> (16 * intent as u32)) as u16
    }

    /// The state of a breaker. Acquire: what its winner did before the swap is seen.
    #[inline(always)]
    pub(crate) fn state(&self, index: usize) -> State {
        State::unpack(self.word(index))
    }

    /// The word of a breaker.
    #[inline(always)]
    pub(crate) fn word(&self, index: usize) -> u64 {
        self.breaker(index).word.load(at::word_look())
    }

    /// Which scope a breaker counts in.
    pub(crate) fn scope_of(&self, index: usize) -> ScopeId {
        ScopeId(self.breaker(index).scope.load(at::plain()) as u32)
    }

    /// The latest time anybody has told.
    #[inline(always)]
    pub(crate) fn now(&self) -> Nanos {
        Nanos(self.region.header().now.load(at::clock_look()))
    }

    /// Moves time forward; a time before the present one changes nothing.
    pub(crate) fn advance(&self, now: Nanos) {
        self.region.header().now.fetch_max(now.min(self.epoch.last()).0, at::clock_advance());
    }

    /// What the lanes of a scope must be when no transition is in flight: the recount from the breakers' words.
    #[cfg(test)]
    pub(crate) fn recount(&self, scope: ScopeId, breakers: usize) -> u64 {
        (0..breakers).filter(|i| self.scope_of(*i) == scope).map(|i| self.state(i).denies.as_counts()).sum()
    }
}
