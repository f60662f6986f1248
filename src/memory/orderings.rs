//! Every memory ordering of the core, by name. The table in `board.rs` says which pairs with which and why.
//!
//! In a normal build each name is a constant. Under `cfg(loom)` one of them can be turned into `Relaxed` by the
//! variable `HALTLINE_WEAKEN`, without compiling anew: that is how `ci/orderings.sh` finds the model that defends it.

macro_rules! orderings {
    ($($(#[$doc:meta])* $name:ident = $order:ident;)+) => {
        /// The orderings, one function each.
        pub(crate) mod at {
            use core::sync::atomic::Ordering;
            $(
                $(#[$doc])*
                #[inline(always)]
                pub(crate) fn $name() -> Ordering {
                    #[cfg(loom)]
                    if super::weaken::is_weakened(super::number::Number::$name as u32) {
                        return Ordering::Relaxed;
                    }
                    Ordering::$order
                }
            )+
        }

        /// Their names, and what they are, for the script that weakens them.
        #[cfg(loom)]
        pub(crate) const NAMES: &[(&str, &str)] = &[$((stringify!($name), stringify!($order))),+];

        #[cfg(loom)]
        mod number {
            /// The place of each in [`NAMES`](super::NAMES).
            #[allow(non_camel_case_types)]
            pub(super) enum Number { $($name),+ }
        }
    };
}

orderings! {
    /// The look at a breaker's word before a decision.
    word_look = Acquire;
    /// The swap of a breaker's word.
    word_swap = AcqRel;
    /// The failed swap of a breaker's word.
    word_swap_failed = Acquire;
    /// Adding counts to a scope's lanes.
    lane_add = Release;
    /// Taking counts from a scope's lanes.
    lane_subtract = Release;
    /// The look of a check at a scope's word.
    gate_look = Acquire;
    /// The look of a check at the arm word.
    arm_look = Acquire;
    /// Arming, rearming.
    arm_swap = AcqRel;
    /// A failed arming.
    arm_swap_failed = Acquire;
    /// Kill, shutdown, caught panic.
    arm_add = AcqRel;
    /// A feed's level, before the fence that orders it with the word.
    level_publish = Release;
    /// The look at a feed's level.
    level_look = Acquire;
    /// When a feed last heard something good.
    heard_publish = Release;
    /// The look at it.
    heard_look = Acquire;
    /// The end of a change of the numbers that people look at.
    numbers_end = Release;
    /// The first look of a reader at the count that guards them.
    numbers_look = Acquire;
    /// The fence of their writer behind the odd count.
    numbers_begin_fence = Release;
    /// The fence of their reader before the second look.
    numbers_end_fence = Acquire;
    /// The tag of a pending reading, and of a breaker's detail.
    tag_publish = Release;
    /// The look at a tag.
    tag_look = Acquire;
    /// The claim of a detail.
    claim_swap = AcqRel;
    /// The failed claim.
    claim_swap_failed = Acquire;
    /// A slot of a ring, filled or emptied.
    slot_publish = Release;
    /// The look at a slot.
    slot_look = Acquire;
    /// The bit of a dirty breaker, and of its group.
    dirty_mark = Release;
    /// Taking the bits.
    dirty_take = AcqRel;
    /// Both sides of "publish, then look at the other": the sleeper and who would wake it; a breach and a reset.
    cross_fence = SeqCst;
    /// The flag of a sleeper.
    sleep_flag = AcqRel;
    /// The generation of a feed's rules.
    panel_publish = Release;
    /// The look at it.
    panel_look = Acquire;
    /// The request for a new baseline.
    rebase_publish = Release;
    /// The look at it.
    rebase_look = Acquire;
    /// A permit taken or back, a round opened or sealed.
    permit_swap = AcqRel;
    /// The look at the permits.
    permit_look = Acquire;
    /// The time of a manual System.
    clock_advance = AcqRel;
    /// The look at it.
    clock_look = Acquire;
    /// The System has shut down.
    closed_raise = AcqRel;
    /// The look at it.
    closed_look = Acquire;
    /// The number of an event.
    number_take = Release;
    /// The look of a newcomer at the next one.
    number_look = Acquire;
    /// A number of a tally.
    tally_number = Release;
    /// Which bucket a tally's line holds; which copy of the rest stands.
    tally_tag = Release;
    /// The look of another thread at any of them.
    tally_look = Acquire;
    /// The claim of a tally's slot.
    tally_claim = Acquire;
    /// A tally's slot, given back.
    tally_release = Release;
    /// How many entries of a queue are filled, or emptied.
    queue_publish = Release;
    /// The look of the other side at it.
    queue_look = Acquire;
    /// The claim of a queue.
    queue_claim = Acquire;
    /// A queue, given back.
    queue_release = Release;
    /// Counters and data that an ordering beside them guards.
    plain = Relaxed;
}

/// What the model checker's runs ask: which ordering is turned into `Relaxed`, and which ones a model has used at all.
#[cfg(loom)]
pub(crate) mod weaken {
    use core::cell::Cell;
    use std::sync::OnceLock;

    use super::NAMES;

    thread_local! {
        /// One bit a name. A model runs on one thread.
        static USED: Cell<u64> = const { Cell::new(0) };
    }

    pub(super) fn is_weakened(name: u32) -> bool {
        static WEAKENED: OnceLock<Option<u32>> = OnceLock::new();
        USED.set(USED.get() | 1 << name);
        *WEAKENED.get_or_init(|| number(&std::env::var("HALTLINE_WEAKEN").ok()?)) == Some(name)
    }

    /// A name that is none would weaken nothing, and every model would pass.
    fn number(name: &str) -> Option<u32> {
        let found = NAMES.iter().position(|(each, _)| *each == name);
        assert!(found.is_some(), "HALTLINE_WEAKEN: there is no ordering {name:?}");
        found.map(|index| index as u32)
    }

    /// The names that this thread has used since it was asked last.
    #[cfg(test)]
    pub(crate) fn take_used() -> impl Iterator<Item = &'static str> {
        let used = USED.take();
        NAMES.iter().enumerate().filter(move |(i, _)| used & 1 << i != 0).map(|(_, (name, _))| *name)
    }
}
