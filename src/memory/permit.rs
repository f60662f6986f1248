//! The permits of a half-open breaker: its second word.
//!
//! ```text
//!  63                              10 9     5 4      0
//!  |  version of the breaker's word  |  used  | passed |
//! ```
//!
//! It belongs to the word whose version it carries and means nothing under another. The version only goes forward, so a
//! permit of an earlier word can never be given back into a later one's count. `used` counts the permits that were
//! taken, the passed ones among them; a round that is *sealed* gives none any more, for good.
//!
//! Exactly `permits` of a word are ever out or passed: taking one is a compare-and-swap on both counts. A new round (the
//! same status, another word) is opened only after the old one was sealed with none out. What came of a probe decides by
//! the breaker's first word, which its permit remembers: so a late outcome changes nothing.
//!
//! Lock-free: a lost swap means that another permit was taken or came back. No allocation.

use super::orderings::at;
use super::sync::{AtomicU64, peek};
use crate::model::state::State;

const COUNT: u64 = 0b1_1111;
const USED: u32 = 5;
const VERSION: u32 = 10;
/// More than any policy's permits: nothing can be taken.
const SEALED: u64 = COUNT;

/// The second word of a breaker.
#[derive(Debug, Default)]
pub(crate) struct Permits(AtomicU64);

/// What a look at the second word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    version: u64,
    used: u64,
    passed: u64,
}

impl Counts {
    const fn unpack(word: u64) -> Self {
        Self { version: word >> VERSION, used: word >> USED & COUNT, passed: word & COUNT }
    }

    const fn pack(self) -> u64 {
        self.version << VERSION | self.used << USED | self.passed
    }

    const fn is_out(self) -> bool {
        self.used != SEALED && self.used > self.passed
    }
}

impl Permits {
    /// Opens the round of `word`, `passed` probes of the round before counting. Called by the winner of the swap that made
    /// the word; one that comes late changes nothing.
    pub(crate) fn open(&self, word: u64, passed: u8) {
        let passed = u64::from(passed);
        let counts = Counts { version: State::version_of(word), used: passed, passed };
        self.0.fetch_max(counts.pack(), at::permit_swap());
    }

    /// Takes one of `permits` under `word`.
    pub(crate) fn reserve(&self, word: u64, permits: u8) -> bool {
        self.change(word, |counts| {
            (counts.used < u64::from(permits).min(SEALED)).then_some(Counts { used: counts.used + 1, ..counts })
        })
        .is_some()
    }

    /// Counts a permit of `word` as passed; how many are now. `None` if its round is over.
    pub(crate) fn pass(&self, word: u64) -> Option<u8> {
        let passed =
            self.change(word, |counts| counts.is_out().then_some(Counts { passed: counts.passed + 1, ..counts }));
        passed.map(|counts| counts.passed as u8)
    }

    /// Gives a permit of `word` back unused.
    pub(crate) fn release(&self, word: u64) {
        self.change(word, |counts| counts.is_out().then_some(Counts { used: counts.used - 1, ..counts }));
    }

    /// Ends the round of `word` if none of its permits is out.
    pub(crate) fn seal(&self, word: u64) -> bool {
        self.change(word, |counts| (!counts.is_out()).then_some(Counts { used: SEALED, ..counts })).is_some()
    }

    /// How many permits of `word` are out, and how many have passed.
    pub(crate) fn counts(&self, word: u64) -> (u8, u8) {
        let counts = Counts::unpack(self.0.load(at::permit_look()));
        if counts.version != State::version_of(word) {
            return (0, 0);
        }
        let out = if counts.is_out() { counts.used - counts.passed } else { 0 };
        (out as u8, counts.passed as u8)
    }

    fn change(&self, word: u64, to: impl Fn(Counts) -> Option<Counts>) -> Option<Counts> {
        let mut seen = peek(&self.0, at::permit_look());
        loop {
            let counts = Counts::unpack(seen);
            let next = to(counts).filter(|_| counts.version == State::version_of(word))?;
            match self.0.compare_exchange(seen, next.pack(), at::permit_swap(), at::permit_look()) {
                Ok(_) => return Some(next),
                Err(now) => seen = now,
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::model::policy::MAX_PROBES;

    const fn word(since: u64) -> u64 {
        State { since: crate::model::time::Micros(since), ..State::RETIRED }.pack()
    }

    #[test]
    fn exactly_so_many_are_taken_and_one_given_back_can_be_taken_again() {
        let permits = Permits::default();
        permits.open(word(1), 0);
        assert!(permits.reserve(word(1), 2) && permits.reserve(word(1), 2) && !permits.reserve(word(1), 2));
        permits.release(word(1));
        assert_eq!(permits.counts(word(1)), (1, 0));
        assert!(permits.reserve(word(1), 2) && !permits.reserve(word(1), 2));
        assert_eq!((permits.pass(word(1)), permits.pass(word(1)), permits.pass(word(1))), (Some(1), Some(2), None));
    }

    #[test]
    fn what_is_not_out_can_neither_pass_nor_come_back() {
        let permits = Permits::default();
        permits.open(word(1), 1);
        permits.release(word(1));
        assert_eq!(
            (permits.pass(word(1)), permits.counts(word(1))),
            (None, (0, 1)),
            "the one that passed stays passed"
        );
    }

    #[test]
    fn a_permit_of_another_word_changes_nothing() {
        let permits = Permits::default();
        permits.open(word(2), 0);
        assert!(permits.reserve(word(2), 1));
        for other in [word(1), word(3)] {
            permits.release(other);
            assert_eq!((permits.pass(other), permits.reserve(other, 1), permits.seal(other)), (None, false, false));
        }
        permits.open(word(1), 0);
        assert_eq!(permits.counts(word(2)), (1, 0), "the version only goes forward");
    }

    #[test]
    fn a_sealed_round_gives_none_and_one_with_a_permit_out_is_not_sealed() {
        let permits = Permits::default();
        permits.open(word(1), 0);
        assert!(permits.reserve(word(1), 3) && !permits.seal(word(1)));
        permits.release(word(1));
        assert!(permits.seal(word(1)) && permits.seal(word(1)));
        assert!(!permits.reserve(word(1), MAX_PROBES));
        assert_eq!(permits.counts(word(1)), (0, 0));
        permits.open(word(2), 1);
        assert!(permits.reserve(word(2), 2) && !permits.reserve(word(2), 2), "the one that passed before counts");
    }

    #[test]
    fn the_most_permits_fit_below_the_seal() {
        let permits = Permits::default();
        permits.open(word(1), 0);
        assert_eq!((0..40).filter(|_| permits.reserve(word(1), MAX_PROBES)).count(), 30);
        assert_eq!(permits.counts(word(1)), (30, 0));
    }
}
