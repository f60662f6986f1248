//! The lines of the Board: one a breaker, one a pair of breaker and feed. Plain words at fixed offsets.

use super::orderings::at;
use super::permit::Permits;
use super::sync::{AtomicU64, fence_unless_relaxed};
use crate::model::reading::{Level, Pending};
use crate::model::reason::Reason;
use crate::model::state::{State, Step};
use crate::model::status::{Authority, Status};
use crate::model::time::{Epoch, Micros, Nanos};
use crate::rule::{Linear, Memory, UsedRungs};

/// A breaker: its word, and what people want to know of it.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub(crate) struct BreakerLine {
    /// The whole state, see [`State`].
    pub(crate) word: AtomicU64,
    /// Whose lanes the word counts in. Written only while the word says Retired.
    pub(crate) scope: AtomicU64,
    /// The highest rung that has fired, and in which session; only ever raised.
    used: AtomicU64,
    /// Transitions into Tripped, EmergencyHalt or Liquidating since the start.
    trips: AtomicU64,
    detail: Detail,
    /// When the last automatic resets were, plus one microsecond; zero is none.
    auto_resets: [AtomicU64; 7],
    /// How many new baselines were asked for, and the last.
    rebases: AtomicU64,
    rebase_to: AtomicU64,
    /// Of a Cooldown that is half open.
    pub(crate) permits: Permits,
    resets: AtomicU64,
    warnings: AtomicU64,
    /// By status: how long it was in it, in microseconds, up to the last transition.
    times: [AtomicU64; Status::COUNT],
}

const _: () = assert!(cfg!(loom) || size_of::<BreakerLine>() == 256);

/// Which word the numbers belong to, and what they are.
#[derive(Debug, Default)]
#[repr(C)]
struct Detail {
    claim: AtomicU64,
    tag: AtomicU64,
    value: AtomicU64,
    limit: AtomicU64,
    /// Reason, authority and actor.
    who: AtomicU64,
}

/// Why a word was entered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cause {
    pub(crate) reason: Reason,
    pub(crate) value: f64,
    pub(crate) limit: f64,
    pub(crate) authority: Authority,
    pub(crate) actor: u32,
    /// When the source says that it was, which may be long before anybody heard of it. Not kept.
    pub(crate) at: Nanos,
    /// Of a warning: when the value would breach if it went on as it came. Not kept.
    pub(crate) expected: Option<Nanos>,
}

impl Cause {
    /// Something the machine did by itself, without numbers.
    pub(crate) const AUTO: Self = Self {
        reason: Reason::None,
        value: 0.0,
        limit: 0.0,
        authority: Authority::Auto,
        actor: 0,
        at: Nanos(0),
        expected: None,
    };
}

impl BreakerLine {
    /// Publishes why `word` was entered. Called by the winner of its swap.
    ///
    /// Two winners may write at once, the later one first. So the numbers are written under a claim; a claim that is
    /// held or newer makes this one give up, and a reader that does not find its word's tag shows no detail rather
    /// than a wrong one. Wait-free.
    pub(crate) fn publish_cause(&self, word: u64, cause: &Cause) {
        let detail = &self.detail;
        let held = detail.tag.load(at::tag_look());
        let newer = State::version_of(held) > State::version_of(word);
        // The claim equals the tag when nobody writes.
        if newer || detail.claim.compare_exchange(held, word, at::claim_swap(), at::claim_swap_failed()).is_err() {
            return;
        }
        detail.tag.store(0, at::plain());
        // A reader that sees one of the new numbers sees at the second look that the tag is gone.
        fence_unless_relaxed(at::numbers_begin_fence());
        detail.value.store(cause.value.to_bits(), at::plain());
        detail.limit.store(cause.limit.to_bits(), at::plain());
        let who = cause.reason as u64 | (cause.authority as u64) << 8 | u64::from(cause.actor) << 32;
        detail.who.store(who, at::plain());
        detail.tag.store(word, at::tag_publish());
    }

    /// Why `word` was entered, if that is what the line holds. Wait-free.
    pub(crate) fn cause(&self, word: u64) -> Option<Cause> {
        let detail = &self.detail;
        if detail.tag.load(at::tag_look()) != word {
            return None;
        }
        let value = f64::from_bits(detail.value.load(at::plain()));
        let limit = f64::from_bits(detail.limit.load(at::plain()));
        let who = detail.who.load(at::plain());
        fence_unless_relaxed(at::numbers_end_fence());
        if detail.tag.load(at::plain()) != word {
            return None;
        }
        Some(Cause {
            reason: Reason::from_raw(who as u8).unwrap_or(Reason::None),
            value,
            limit,
            authority: Authority::from_raw((who >> 8) as u8).unwrap_or(Authority::Auto),
            actor: (who >> 32) as u32,
            at: Nanos(0),
            expected: None,
        })
    }

    pub(crate) fn count_trip(&self) {
        self.trips.fetch_add(1, at::plain());
    }

    pub(crate) fn trips(&self) -> u64 {
        self.trips.load(at::plain())
    }

    pub(crate) fn count_reset(&self) {
        self.resets.fetch_add(1, at::plain());
    }

    pub(crate) fn resets(&self) -> u64 {
        self.resets.load(at::plain())
    }

    pub(crate) fn count_warning(&self) {
        self.warnings.fetch_add(1, at::plain());
    }

    pub(crate) fn warnings(&self) -> u64 {
        self.warnings.load(at::plain())
    }

    /// A stretch in a status is over.
    pub(crate) fn count_time(&self, before: State, after: State) {
        if before.status != Status::Retired {
            self.times[before.status as usize].fetch_add(after.since.0.saturating_sub(before.since.0), at::plain());
        }
    }

    /// How long it was in each status, in microseconds, up to the last transition that has been counted.
    pub(crate) fn times(&self) -> [u64; Status::COUNT] {
        core::array::from_fn(|i| self.times[i].load(at::plain()))
    }

    /// Notes that a rung has fired. Only ever raised, so two writers cannot take it back.
    pub(crate) fn use_rung(&self, used: UsedRungs) {
        self.used.fetch_max(used.pack(), at::claim_swap());
    }

    pub(crate) fn used_rungs(&self) -> UsedRungs {
        UsedRungs::unpack(self.used.load(at::tag_look()))
    }

    /// Notes an automatic reset **before** its swap, so that whoever sees the swap counts it; the loser of the swap
    /// takes it back. In between it may be counted once too often, which latches: doubt denies.
    ///
    /// Lock-free: a slot that is lost to another note is looked for anew. To give up would lose the reset if this one's
    /// swap wins and the other's note is taken back.
    pub(crate) fn note_auto_reset(&self, when: Micros) -> Noted {
        let entry = when.0 + 1;
        loop {
            let (mut slot, mut oldest) = (0, u64::MAX);
            for (i, held) in self.auto_resets.iter().enumerate() {
                let held = held.load(at::tag_look());
                if held < oldest {
                    (slot, oldest) = (i, held);
                }
            }
            let word = &self.auto_resets[slot];
            if word.compare_exchange(oldest, entry, at::claim_swap(), at::claim_swap_failed()).is_ok() {
                return Noted { slot, oldest, entry };
            }
        }
    }

    pub(crate) fn take_back(&self, noted: Noted) {
        // If another has taken the slot meanwhile, there is nothing left to take back.
        let slot = &self.auto_resets[noted.slot];
        let _ = slot.compare_exchange(noted.entry, noted.oldest, at::claim_swap(), at::claim_swap_failed());
    }

    /// How many automatic resets lie after `from`.
    pub(crate) fn auto_resets_since(&self, from: Micros) -> u8 {
        self.auto_resets.iter().filter(|slot| slot.load(at::tag_look()) > from.0 + 1).count() as u8
    }

    /// Forgets what belonged to the breaker before; only while the word says Retired.
    pub(crate) fn clear(&self, scope: u64) {
        self.scope.store(scope, at::plain());
        let counts = [&self.used, &self.trips, &self.rebases, &self.rebase_to, &self.resets, &self.warnings];
        for word in counts.into_iter().chain(&self.auto_resets).chain(&self.times) {
            word.store(0, at::plain());
        }
    }

    /// Asks the feeds for a new baseline. The caller holds the control plane's lock.
    pub(crate) fn ask_rebase(&self, to: i64) {
        self.rebase_to.store(to as u64, at::rebase_publish());
        self.rebases.fetch_add(1, at::rebase_publish());
    }

    /// How many new baselines have been asked for, and the last one.
    pub(crate) fn rebase_asked(&self) -> (u64, i64) {
        let count = self.rebases.load(at::rebase_look());
        (count, self.rebase_to.load(at::rebase_look()) as i64)
    }
}

/// A note of an automatic reset that may have to be taken back.
#[must_use]
pub(crate) struct Noted {
    slot: usize,
    oldest: u64,
    entry: u64,
}

/// What a feed's last reading said, without its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) level: Level,
    pub(crate) step: Step,
    pub(crate) reason: Reason,
}

/// The tag of a pending reading that holds whatever the breaker's word is.
pub(crate) const ANY_WORD: u64 = u64::MAX;

/// A breaker's view of one feed. Written by the feed's thread alone, but for the counts.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub(crate) struct ListenerLine {
    /// The level of the last reading, its rung and its reason.
    level: AtomicU64,
    /// When something good was heard last.
    heard: AtomicU64,
    /// The last number of the rule's channel.
    last: AtomicU64,
    /// Odd while the numbers for people change.
    changing: AtomicU64,
    offset: AtomicU64,
    slope: AtomicU64,
    limit: AtomicU64,
    /// Refused observations (low half) and near misses (high half).
    counts: AtomicU64,
    pending_tag: AtomicU64,
    pending: AtomicU64,
    memory: [AtomicU64; Memory::WORDS],
}

const _: () = assert!(cfg!(loom) || size_of::<ListenerLine>() == 128);

impl ListenerLine {
    /// A value inside the band: two stores.
    #[inline(always)]
    pub(crate) fn hear(&self, last: i64, at: Nanos) {
        self.last.store(last as u64, at::plain());
        self.heard.store(at.0, at::heard_publish());
    }

    /// When something good was heard.
    pub(crate) fn refresh(&self, at: Nanos) {
        self.heard.store(at.0, at::heard_publish());
    }

    /// The last number, moved by something else than hearing it.
    pub(crate) fn note_last(&self, last: i64) {
        self.last.store(last as u64, at::plain());
    }

    #[inline(always)]
    pub(crate) fn heard(&self) -> Nanos {
        Nanos(self.heard.load(at::heard_look()))
    }

    pub(crate) fn last(&self) -> i64 {
        self.last.load(at::plain()) as i64
    }

    /// The last reading: its level, rung and reason.
    pub(crate) fn level(&self) -> Said {
        let word = self.level.load(at::level_look());
        Said {
            level: Level::from_bits(word & 0xff),
            step: Step::from_bits(word >> 8),
            reason: Reason::from_raw((word >> 16) as u8).unwrap_or(Reason::None),
        }
    }

    /// Publishes a level. When it changes, a fence stands between it and the look at the word that follows: a reset
    /// swaps the word and then looks at the levels again, so one of the two sees the other, and no breach slips
    /// between a look and a swap. (While it stays, the fence of its change still stands.)
    ///
    /// Says whether it has changed.
    pub(crate) fn publish_level(&self, said: Said) -> bool {
        let word = said.level as u64 | u64::from(said.step.number()) << 8 | (said.reason as u64) << 16;
        let changes = self.level.load(at::plain()) != word;
        if changes {
            self.level.store(word, at::level_publish());
            fence_unless_relaxed(at::cross_fence());
        }
        changes
    }

    /// Publishes the numbers that people look at.
    pub(crate) fn publish_numbers(&self, linear: Linear, limit: f64) {
        let count = self.changing.load(at::plain());
        self.changing.store(count.wrapping_add(1), at::plain());
        fence_unless_relaxed(at::numbers_begin_fence());
        self.offset.store(linear.offset.to_bits(), at::plain());
        self.slope.store(linear.slope.to_bits(), at::plain());
        self.limit.store(limit.to_bits(), at::plain());
        self.changing.store(count.wrapping_add(2), at::numbers_end());
    }

    /// The value of now and its limit; `None` while they change under the reader's eyes.
    pub(crate) fn numbers(&self) -> Option<(f64, f64)> {
        let before = self.changing.load(at::numbers_look());
        let offset = f64::from_bits(self.offset.load(at::plain()));
        let slope = f64::from_bits(self.slope.load(at::plain()));
        let limit = f64::from_bits(self.limit.load(at::plain()));
        let value = Linear { offset, slope }.at(self.last());
        fence_unless_relaxed(at::numbers_end_fence());
        (before.is_multiple_of(2) && self.changing.load(at::plain()) == before).then_some((value, limit))
    }

    /// Publishes what comes true in silence: for the breaker's word `tag` only, or for [`ANY_WORD`]. Says whether that
    /// has changed.
    pub(crate) fn publish_pending(&self, tag: u64, pending: &Pending, epoch: Epoch) -> bool {
        let packed = if pending.due == Nanos::NEVER { 0 } else { pack_pending(pending, epoch) };
        if self.pending_tag.load(at::plain()) == tag && self.pending.load(at::plain()) == packed {
            return false;
        }
        self.pending_tag.store(0, at::plain());
        fence_unless_relaxed(at::numbers_begin_fence());
        self.pending.store(packed, at::plain());
        self.pending_tag.store(tag, at::tag_publish());
        true
    }

    /// What comes true in silence while the breaker's word is `word`.
    pub(crate) fn pending(&self, word: u64, epoch: Epoch) -> Option<Pending> {
        let tag = self.pending_tag.load(at::tag_look());
        if tag != ANY_WORD && (tag == 0 || !State::same_entry(tag, word)) {
            return None;
        }
        let packed = self.pending.load(at::plain());
        fence_unless_relaxed(at::numbers_end_fence());
        (packed != 0 && self.pending_tag.load(at::plain()) == tag).then(|| unpack_pending(packed, epoch))
    }

    pub(crate) fn count_refusals(&self, count: u32) {
        self.counts.fetch_add(count.into(), at::plain());
    }

    pub(crate) fn count_near_miss(&self) {
        self.counts.fetch_add(1 << 32, at::plain());
    }

    /// Refused observations and near misses.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let both = self.counts.load(at::plain());
        (both & 0xffff_ffff, both >> 32)
    }

    pub(crate) fn memory(&self) -> Memory {
        Memory(core::array::from_fn(|i| self.memory[i].load(at::plain())))
    }

    pub(crate) fn remember(&self, memory: &Memory) {
        for (word, value) in self.memory.iter().zip(memory.0) {
            word.store(value, at::plain());
        }
    }

    /// Forgets the feed before; only while no feed holds it.
    pub(crate) fn clear(&self) {
        self.remember(&Memory::default());
        for word in [
            &self.level,
            &self.heard,
            &self.last,
            &self.offset,
            &self.slope,
            &self.limit,
            &self.counts,
            &self.pending_tag,
            &self.pending,
        ] {
            word.store(0, at::plain());
        }
    }
}

/// `due` 50 bits, level 3, step 3, reason 8; never zero, since a pending level is never Unready before time one.
fn pack_pending(pending: &Pending, epoch: Epoch) -> u64 {
    epoch.ceil(pending.due).0
        | (pending.level as u64) << 50
        | u64::from(pending.step.number()) << 53
        | (pending.reason as u64) << 56
}

fn unpack_pending(packed: u64, epoch: Epoch) -> Pending {
    Pending {
        due: epoch.nanos(Micros(packed & Micros::MAX.0)),
        level: Level::from_bits(packed >> 50 & 0b111),
        step: Step::from_bits(packed >> 53),
        reason: Reason::from_raw((packed >> 56) as u8).unwrap_or(Reason::None),
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_shown_for_its_own_word_only() {
        let line = BreakerLine::default();
        let cause = Cause {
            reason: Reason::Limit,
            value: 0.09,
            limit: 0.08,
            authority: Authority::Auto,
            actor: 7,
            at: Nanos(0),
            expected: None,
        };
        line.publish_cause(5, &cause);
        assert_eq!(line.cause(5), Some(cause));
        assert_eq!(line.cause(6), None);
        line.publish_cause(4, &Cause::AUTO);
        assert_eq!(line.cause(5), Some(cause), "an older winner that comes late gives way");
    }

    #[test]
    fn seven_automatic_resets_are_remembered_and_a_lost_one_is_taken_back() {
        let line = BreakerLine::default();
        for t in 1..=9 {
            let _kept = line.note_auto_reset(Micros(t * 10));
        }
        assert_eq!(line.auto_resets_since(Micros(0)), 7);
        assert_eq!(line.auto_resets_since(Micros(80)), 1);
        let noted = line.note_auto_reset(Micros(100));
        assert_eq!(line.auto_resets_since(Micros(80)), 2);
        line.take_back(noted);
        assert_eq!(line.auto_resets_since(Micros(80)), 1);
    }

    #[test]
    fn a_pending_reading_survives_its_word_and_is_void_under_another() {
        let line = ListenerLine::default();
        let pending =
            Pending { due: Nanos(7_000), level: Level::Breach, step: Step::rung(2).unwrap(), reason: Reason::Rung };
        line.publish_pending(9, &pending, Epoch::default());
        assert_eq!(line.pending(9, Epoch::default()), Some(pending));
        assert_eq!(line.pending(8, Epoch::default()), None);
        line.publish_pending(9, &Pending::NONE, Epoch::default());
        assert_eq!(line.pending(9, Epoch::default()), None);
    }

    #[test]
    fn rungs_are_only_ever_raised() {
        let line = BreakerLine::default();
        let used = |day, rung| UsedRungs { session: crate::Date::new(2020, 3, day), rung };
        line.use_rung(used(9, 2));
        line.use_rung(used(9, 1));
        assert_eq!(line.used_rungs(), used(9, 2));
        line.use_rung(used(10, 1));
        assert_eq!(line.used_rungs(), used(10, 1));
    }
}
