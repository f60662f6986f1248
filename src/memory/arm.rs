//! The arm word: de-energise to trip.
//!
//! Every check reads it. It lets orders pass only while it holds exactly the pattern that was set when its System was
//! armed; anything else denies, zeroed memory included. A kill, a caught panic and a shutdown are one atomic add each,
//! so they need no thread, no lock and no breaker, are wait-free, and may come from a signal handler.
//!
//! ```text
//!  63         48 47          28 27      22 21     16 15      0
//!  |  pattern   | incarnation  | shutdown | panics  | kills   |
//! ```
//!
//! The word of the root scope lies on the same line: both are read by every check, so a check needs one address and
//! one line less.
//!
//! A count that overflows carries upwards and spoils the pattern: it can never come round to "armed".
//!
//! The words of all Systems of a process lie in one page that is never freed and that the kernel wipes in a forked
//! child (`MADV_WIPEONFORK`): a child that inherits the gates denies.

#![cfg_attr(not(loom), allow(unsafe_code))]

use super::orderings::at;
use super::sync::AtomicU64;
use crate::model::error::{Error, ErrorKind};
use crate::model::reason::Reason;

const PATTERN: u64 = 0xA93D << 48;
const INCARNATION: u64 = 0xF_FFFF << 28;
const SHUTDOWN: u64 = 1 << 22;
const PANIC: u64 = 1 << 16;
const KILL: u64 = 1;
const COUNTS: u64 = SHUTDOWN * 64 - 1;
/// Where a stamp shows how often the word was armed again: over the pattern, which says nothing to an operator.
const REARMS: u32 = 48;

/// How many Systems can live in a process at once.
#[cfg(not(loom))]
const SYSTEMS: usize = 64;

/// What every check reads.
#[derive(Debug)]
#[cfg_attr(loom, derive(Default))]
#[repr(C, align(64))]
pub(crate) struct ArmLine {
    pub(crate) word: AtomicU64,
    pub(crate) root: AtomicU64,
}

/// The arm word of one System.
#[derive(Debug)]
pub(crate) struct Arm {
    slot: page::Slot,
    armed: u64,
    /// Whether it was ever armed: a zero word then means a forked child, not a start that has not ended.
    recovered: AtomicU64,
    /// Twice how often it has been armed again, and odd while somebody does. The counts in the word begin anew then, so
    /// without this a second kill would look like the first.
    rearms: AtomicU64,
}

impl Arm {
    /// Takes a word and zeroes it: everything is denied until [`arm`](Self::arm).
    ///
    /// # Errors
    /// [`ErrorKind::Full`] beyond 64 Systems a process, [`ErrorKind::Platform`] without a page that is wiped on fork.
    pub(crate) fn open() -> Result<Self, Error> {
        let (slot, incarnation) = page::Slot::take()?;
        slot.line().word.store(0, at::plain());
        slot.line().root.store(0, at::plain());
        let armed = PATTERN | ((incarnation << 28) & INCARNATION);
        Ok(Self { slot, armed, recovered: AtomicU64::new(0), rearms: AtomicU64::new(0) })
    }

    /// The arm word.
    #[inline(always)]
    pub(crate) fn word(&self) -> &AtomicU64 {
        &self.slot.line().word
    }

    /// The word of the root scope.
    #[inline(always)]
    pub(crate) fn root(&self) -> &AtomicU64 {
        &self.slot.line().root
    }

    /// Both, for the order path.
    pub(crate) fn line(&self) -> &ArmLine {
        self.slot.line()
    }

    /// What the word is while orders may pass.
    #[inline(always)]
    pub(crate) fn armed(&self) -> u64 {
        self.armed
    }

    /// Arms for the first time. A kill since [`open`](Self::open) wins: then it stays denied, and false comes back.
    pub(crate) fn arm(&self) -> bool {
        // Before the swap: a child forked in between must not take its zero for a start that has not ended.
        self.recovered.store(1, at::plain());
        let won = self.word().compare_exchange(0, self.armed, at::arm_swap(), at::arm_swap_failed()).is_ok();
        self.recovered.store(u64::from(won), at::plain());
        won
    }

    /// Denies increase and reduce from now on; cancels pass. Wait-free, async-signal-safe.
    pub(crate) fn kill(&self) {
        self.word().fetch_add(KILL, at::arm_add());
    }

    /// As a kill, after a caught panic.
    pub(crate) fn panicked(&self) {
        self.word().fetch_add(PANIC, at::arm_add());
    }

    /// As a kill, and there is no way back.
    pub(crate) fn shut_down(&self) {
        self.word().fetch_add(SHUTDOWN, at::arm_add());
    }

    /// The word as it is now.
    pub(crate) fn seen(&self) -> u64 {
        self.word().load(at::arm_look())
    }

    /// The word as an operator sees it, for [`rearm`](Self::rearm): never the same for two kills. One that was taken in the
    /// middle of a rearm is odd there, and is refused: the word in it may be that of the kill before or after.
    pub(crate) fn stamp(&self) -> u64 {
        // Before the word: an older number with a newer word fits nothing.
        let rearms = self.rearms.load(at::arm_look());
        self.seen().wrapping_add(rearms << REARMS)
    }

    /// Arms again, if the word is still what the operator saw. Never after a shutdown, never in a forked child.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`] after shutdown or in a forked child, [`ErrorKind::NewerTrip`] if it was killed again.
    pub(crate) fn rearm(&self, stamp: u64) -> Result<(), Error> {
        let rearms = self.rearms.load(at::arm_look());
        let seen = stamp.wrapping_sub(rearms << REARMS);
        let again = |now: u64| {
            let text = format!("rearm: the kill word is {now:#x}, the operator saw {stamp:#x}; look again");
            Err(Error::new(ErrorKind::NewerTrip, text))
        };
        if rearms % 2 == 1 || self.stamp() != stamp {
            return again(self.stamp());
        }
        match self.reason(seen) {
            None | Some(Reason::Killed | Reason::Panicked | Reason::NotRecovered) => {}
            Some(reason) => {
                return Err(Error::new(
                    ErrorKind::Closed,
                    format!("rearm: the System is {reason}, which no rearm ends"),
                ));
            }
        }
        // One of those who saw the same kill goes on; for the others it is another one now.
        if self.rearms.compare_exchange(rearms, rearms + 1, at::arm_swap(), at::arm_swap_failed()).is_err() {
            return again(self.stamp());
        }
        // The number is odd, so nobody else rearms, and the word only grows by kills: if it is the same, it was all along.
        let swapped = self.word().compare_exchange(seen, self.armed, at::arm_swap(), at::arm_swap_failed());
        if swapped.is_ok() {
            self.recovered.store(1, at::plain());
        }
        self.rearms.fetch_add(1, at::arm_add());
        if swapped.is_ok() { Ok(()) } else { again(self.stamp()) }
    }

    /// Why a word denies; `None` if it is armed.
    pub(crate) fn reason(&self, word: u64) -> Option<Reason> {
        if word == self.armed {
            return None;
        }
        if word & !COUNTS != self.armed & !COUNTS {
            if word & !COUNTS == 0 && word & COUNTS >= SHUTDOWN {
                return Some(Reason::ShutDown);
            }
            let starting = word & !COUNTS == 0 && self.recovered.load(at::plain()) == 0;
            return Some(if starting { Reason::NotRecovered } else { Reason::Corrupt });
        }
        Some(if word & COUNTS >= SHUTDOWN {
            Reason::ShutDown
        } else if word & COUNTS >= PANIC {
            Reason::Panicked
        } else {
            Reason::Killed
        })
    }

    /// Whether a word that denies lets cancels pass: a kill, a panic and a shutdown do, zeroed or corrupt memory does not.
    pub(crate) fn cancels_pass(&self, word: u64) -> bool {
        word & !COUNTS == self.armed & !COUNTS
    }
}

/// Kills every System of the process. Wait-free, async-signal-safe.
pub(crate) fn kill_all() {
    page::for_each(|word| {
        word.fetch_add(KILL, at::arm_add());
    });
}

#[cfg(not(loom))]
mod page {
    use core::ptr::NonNull;
    use std::sync::OnceLock;

    use super::super::orderings::at;
    use super::super::sync::AtomicU64;
    use super::{ArmLine, Error, ErrorKind, SYSTEMS};

    #[derive(Debug)]
    struct Page {
        lines: &'static [ArmLine; SYSTEMS],
    }

    static PAGE: OnceLock<Result<Page, Error>> = OnceLock::new();
    /// One bit a slot that is taken.
    static TAKEN: AtomicU64 = AtomicU64::new(0);
    /// Makes each System's pattern another one.
    static INCARNATIONS: AtomicU64 = AtomicU64::new(0);

    impl Page {
        fn map() -> Result<Self, Error> {
            let bytes = size_of::<[ArmLine; SYSTEMS]>();
            // SAFETY: a fresh anonymous mapping; its address is of the kernel's choice, so nothing that exists is touched.
            let base = unsafe {
                libc::mmap(
                    core::ptr::null_mut(),
                    bytes,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                    -1,
                    0,
                )
            };
            if base == libc::MAP_FAILED {
                return Err(failed("mmap of the arm page"));
            }
            // SAFETY: `base` and `bytes` are those of the mapping just made. The advice makes a child read zeros,
            // which deny; without it a forked child could trade beside its parent, so its absence is an error.
            if unsafe { libc::madvise(base, bytes, libc::MADV_WIPEONFORK) } != 0 {
                return Err(failed("madvise(MADV_WIPEONFORK) of the arm page (Linux 4.14 or later has it)"));
            }
            match NonNull::new(base.cast::<[ArmLine; SYSTEMS]>()) {
                // SAFETY: page-aligned, of that size, zeroed (a value of every atomic), and never unmapped.
                Some(lines) => Ok(Self { lines: unsafe { lines.as_ref() } }),
                None => Err(Error::new(ErrorKind::Platform, "the arm page cannot lie at address zero")),
            }
        }
    }

    fn failed(what: &str) -> Error {
        Error::new(ErrorKind::Platform, format!("{what}: {}", std::io::Error::last_os_error()))
    }

    /// A line of the page, until dropped.
    #[derive(Debug)]
    pub(super) struct Slot {
        line: &'static ArmLine,
        index: usize,
    }

    impl Slot {
        pub(super) fn take() -> Result<(Self, u64), Error> {
            let page = PAGE.get_or_init(Page::map).as_ref().map_err(Clone::clone)?;
            let mut taken = TAKEN.load(at::plain());
            loop {
                let index = taken.trailing_ones() as usize;
                let Some(line) = page.lines.get(index) else {
                    let text = format!("{SYSTEMS} Systems live in this process; no more are allowed");
                    return Err(Error::new(ErrorKind::Full, text));
                };
                match TAKEN.compare_exchange(taken, taken | 1 << index, at::arm_swap(), at::arm_swap_failed()) {
                    Ok(_) => return Ok((Self { line, index }, INCARNATIONS.fetch_add(1, at::plain()))),
                    Err(now) => taken = now,
                }
            }
        }

        #[inline(always)]
        pub(super) fn line(&self) -> &'static ArmLine {
            self.line
        }
    }

    impl Drop for Slot {
        fn drop(&mut self) {
            self.line.word.store(0, at::plain());
            // Release: the zero is there before the slot can be taken again.
            TAKEN.fetch_and(!(1 << self.index), at::arm_add());
        }
    }

    pub(super) fn for_each(f: impl Fn(&AtomicU64)) {
        if let Some(Ok(page)) = PAGE.get() {
            page.lines.iter().for_each(|line| f(&line.word));
        }
    }
}

/// Under the model checker each word lies on the heap.
#[cfg(loom)]
mod page {
    use super::super::sync::AtomicU64;
    use super::{ArmLine, Error};

    #[derive(Debug)]
    pub(super) struct Slot(ArmLine);

    impl Slot {
        pub(super) fn take() -> Result<(Self, u64), Error> {
            Ok((Self(ArmLine::default()), 1))
        }

        pub(super) fn line(&self) -> &ArmLine {
            &self.0
        }
    }

    pub(super) fn for_each(_: impl Fn(&AtomicU64)) {}
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn anything_but_armed_denies_and_says_why() {
        let arm = Arm::open().unwrap();
        assert_eq!(arm.reason(arm.seen()), Some(Reason::NotRecovered));
        assert!(!arm.cancels_pass(arm.seen()));
        assert!(arm.arm());
        assert_eq!(arm.reason(arm.seen()), None);
        assert_eq!(arm.reason(0), Some(Reason::Corrupt), "a forked child reads zero");
        assert_eq!(arm.reason(arm.armed() ^ 1 << 60), Some(Reason::Corrupt));
        arm.kill();
        assert_eq!(arm.reason(arm.seen()), Some(Reason::Killed));
        assert!(arm.cancels_pass(arm.seen()));
        arm.panicked();
        assert_eq!(arm.reason(arm.seen()), Some(Reason::Panicked));
        arm.shut_down();
        assert_eq!(arm.reason(arm.seen()), Some(Reason::ShutDown));
        assert!(arm.cancels_pass(arm.seen()));
        assert_eq!(arm.rearm(arm.stamp()).unwrap_err().kind(), ErrorKind::Closed);
    }

    #[test]
    fn a_kill_during_the_start_wins() {
        let arm = Arm::open().unwrap();
        arm.kill();
        assert!(!arm.arm());
        assert_ne!(arm.seen(), arm.armed());
    }

    #[test]
    fn a_rearm_names_the_kill_that_the_operator_saw() {
        let arm = Arm::open().unwrap();
        assert!(arm.arm());
        arm.kill();
        let seen = arm.stamp();
        arm.kill();
        assert_eq!(arm.rearm(seen).unwrap_err().kind(), ErrorKind::NewerTrip);
        assert_eq!(arm.reason(arm.seen()), Some(Reason::Killed));
        arm.rearm(arm.stamp()).unwrap();
        assert_eq!(arm.reason(arm.seen()), None);
    }

    #[test]
    fn a_second_kill_after_a_rearm_is_not_the_first() {
        let arm = Arm::open().unwrap();
        assert!(arm.arm());
        arm.kill();
        let first = arm.stamp();
        arm.rearm(first).unwrap();
        arm.kill();
        assert_eq!(arm.rearm(first).unwrap_err().kind(), ErrorKind::NewerTrip);
        assert_eq!(arm.reason(arm.seen()), Some(Reason::Killed));
        arm.rearm(arm.stamp()).unwrap();
    }

    #[test]
    fn a_shutdown_ends_what_was_never_armed() {
        let arm = Arm::open().unwrap();
        arm.kill();
        assert!(!arm.arm());
        arm.shut_down();
        assert_eq!(arm.rearm(arm.stamp()).unwrap_err().kind(), ErrorKind::Closed);
    }

    #[test]
    fn counts_that_overflow_never_come_round_to_armed() {
        let arm = Arm::open().unwrap();
        assert!(arm.arm());
        for add in [KILL << 15, PANIC << 5, SHUTDOWN << 5] {
            for _ in 0..2 {
                arm.word().fetch_add(add, at::arm_add());
                assert_ne!(arm.seen(), arm.armed());
            }
        }
        assert_eq!(arm.reason(arm.seen()), Some(Reason::Corrupt));
    }
}
