//! The arm word: a kill is never overlooked, and what stands before arming, killing and shutting down is seen behind it.

use std::sync::Arc;

use super::super::arm::Arm;
use super::super::orderings::at;
use super::super::sync::AtomicU64;
use super::*;
use crate::model::intent::Intent;

fn store_armed(arm: &Arm) -> bool {
    let free = arm.word().load(at::arm_look()) == 0;
    if free {
        arm.word().store(arm.armed(), at::lane_add());
    }
    free
}

/// A kill while the System starts wins, whichever comes first.
fn kill_at_start(arms: fn(&Arm) -> bool, order: Order, seen: &Seen) {
    let arm = Arc::new(Arm::open().unwrap());
    let (starts, kills) = (arm.clone(), arm.clone());
    let (armed, ()) = duel(order, move || arms(&starts), move || kills.kill());
    assert_ne!(arm.seen(), arm.armed(), "armed over a kill");
    seen.note(if armed { "armed, then killed" } else { "killed before" });
}

#[test]
fn a_kill_during_the_start_wins() {
    explore(&["armed, then killed", "killed before"], |order, seen| kill_at_start(Arm::arm, order, seen));
}

fn store_rearmed(arm: &Arm, seen: u64) -> bool {
    let same = arm.word().load(at::arm_look()) == seen;
    if same {
        arm.word().store(arm.armed(), at::lane_add());
    }
    same
}

/// An operator has seen one kill and rearms; another comes at the same time: it stands, or came after.
fn second_kill(rearms: fn(&Arm, u64) -> bool, order: Order, seen: &Seen) {
    let arm = Arc::new(Arm::open().unwrap());
    assert!(arm.arm());
    arm.kill();
    let word = arm.stamp();
    let (operator, kills) = (arm.clone(), arm.clone());
    let (rearmed, ()) = duel(order, move || rearms(&operator, word), move || kills.kill());
    assert_ne!(arm.seen(), arm.armed(), "rearmed over a kill that the operator has not seen");
    seen.note(if rearmed { "rearmed, then killed" } else { "refused" });
}

#[test]
fn a_rearm_names_the_kill_that_was_seen() {
    explore(&["rearmed, then killed", "refused"], |order, seen| {
        second_kill(|arm, w| arm.rearm(w).is_ok(), order, seen)
    });
}

/// Two operators rearm what both have seen: one does.
fn two_rearm(rearms: fn(&Arm, u64) -> bool, order: Order, seen: &Seen) {
    let arm = Arc::new(Arm::open().unwrap());
    arm.arm();
    arm.kill();
    let word = arm.stamp();
    let each = |arm: Arc<Arm>| move || rearms(&arm, word);
    let (a, b) = duel(order, each(arm.clone()), each(arm.clone()));
    assert_eq!(usize::from(a) + usize::from(b), 1, "one kill is cleared once");
    seen.note(if a { "a" } else { "b" });
}

#[test]
fn one_of_two_rearms() {
    explore(&["a", "b"], |order, seen| two_rearm(|arm, word| arm.rearm(word).is_ok(), order, seen));
}

/// What an operator does with a kill word.
trait KillWord {
    fn killed() -> Self;
    fn kill(&self);
    fn stamp(&self) -> u64;
    fn rearm(&self, stamp: u64) -> bool;
}

impl KillWord for Arm {
    fn killed() -> Self {
        let arm = Self::open().unwrap();
        arm.arm();
        arm.kill();
        arm
    }

    fn kill(&self) {
        Self::kill(self);
    }

    fn stamp(&self) -> u64 {
        Self::stamp(self)
    }

    fn rearm(&self, stamp: u64) -> bool {
        Self::rearm(self, stamp).is_ok()
    }
}

/// An operator looks while another rearms, and is killed again: what he saw was the first kill, if that, so he cannot clear
/// the second. The counts in the word begin anew with a rearm, so both kills look the same there; the stamp tells them
/// apart, also if he has looked in the middle of the rearm.
fn stamp_of_one_kill<K: KillWord + 'static>(order: Order, seen: &Seen) {
    let arm = Arc::new(K::killed());
    let first = arm.stamp();
    let again = Arc::new(AtomicU64::new(0));
    let (desk, second) = (arm.clone(), again.clone());
    let rearms = move || {
        assert!(desk.rearm(first));
        second.store(1, at::plain());
        desk.kill();
    };
    let looker = arm.clone();
    let looks = move || (looker.stamp(), again.load(at::plain()) == 0);
    let ((), (stamp, before)) = duel(order, rearms, looks);
    let cleared = arm.rearm(stamp);
    assert!(!(before && cleared), "a kill was cleared that the operator had not seen");
    seen.note(match (stamp == first, before, cleared) {
        (true, ..) => "the first kill",
        (_, _, true) => "the second kill",
        _ => "neither",
    });
}

#[test]
fn a_stamp_is_of_one_kill() {
    explore(&["the first kill", "the second kill", "neither"], |order, seen| stamp_of_one_kill::<Arm>(order, seen));
}

/// Arm swap: Release, with the Acquire of the look. What a start recovers, and what an operator trips before he rearms,
/// stands for everyone who finds the System armed.
fn armed_shows_its_halts(order: Order, seen: &Seen) {
    let board = board(1, 1, 1);
    let there = board.clone();
    let starts = move || {
        install(&there, 0, SCOPE, state(Status::Tripped, 1));
        there.arm().arm()
    };
    let looks = move || {
        let armed = board.arm().seen() == board.arm().armed();
        let denied = board.scope(SCOPE).load(at::plain()) != 0;
        assert!(!armed || denied, "armed, and a halt that was recovered before is not seen");
        armed
    };
    seen.note(if duel(order, starts, looks).1 { "armed" } else { "not yet" });
}

#[test]
fn who_sees_it_armed_sees_what_was_recovered() {
    explore(&["armed", "not yet"], |order, seen| armed_shows_its_halts(order, seen));
}

/// Arm add: Release, with the Acquire of the look. A shutdown closes first, then disarms: who is denied by it is told
/// "closed" and not left to wait for a rearm. (The flag is a plain word here; what orders it is the arm word alone.)
fn shutdown_shows_closed(order: Order, seen: &Seen) {
    let board = board(1, 1, 1);
    assert!(board.arm().arm());
    let closed = Arc::new(AtomicU64::new(0));
    let (there, close) = (board.clone(), closed.clone());
    let closes = move || {
        close.store(1, at::plain());
        there.arm().shut_down();
    };
    let looks = move || {
        let down = board.arm().reason(board.arm().seen()) == Some(Reason::ShutDown);
        assert!(!down || closed.load(at::plain()) == 1, "shut down, and not closed");
        down
    };
    seen.note(if duel(order, closes, looks).1 { "down" } else { "up" });
}

#[test]
fn who_sees_a_shutdown_sees_it_closed() {
    explore(&["down", "up"], |order, seen| shutdown_shows_closed(order, seen));
}

/// Arm swap failed: Acquire, with the Release of the kill. Whoever is refused sees what came before the kill that won: the
/// trip, say, for which somebody pulled it.
fn refused_sees_why(order: Order, seen: &Seen) {
    let arm = Arc::new(Arm::open().unwrap());
    let cause = Arc::new(AtomicU64::new(0));
    let (kills, why) = (arm.clone(), cause.clone());
    let desk = move || {
        why.store(1, at::plain());
        kills.kill();
    };
    let starts = move || {
        let armed = arm.arm();
        assert!(armed || cause.load(at::plain()) == 1, "refused, and what came before the kill is not seen");
        armed
    };
    seen.note(if duel(order, desk, starts).1 { "armed" } else { "refused" });
}

#[test]
fn who_is_refused_sees_what_came_before_the_kill() {
    explore(&["armed", "refused"], |order, seen| refused_sees_why(order, seen));
}

/// A kill whose return has been heard of is seen by every check.
#[test]
fn a_kill_is_seen() {
    explore(&["denied", "passed before"], |order, seen| {
        use core::sync::atomic::Ordering::{Acquire, Release};
        let board = board(1, 1, 1);
        assert!(board.arm().arm());
        let words = super::super::gate::Words::new(board.clone(), &[SCOPE]);
        let returned = Arc::new(AtomicU64::new(0));
        let (there, flag) = (board.clone(), returned.clone());
        let kills = move || {
            there.arm().kill();
            flag.store(1, Release);
        };
        let checks = move || {
            let after = returned.load(Acquire) == 1;
            let denied = words.quick() != 0;
            assert!(denied || !after, "a check after the return of the kill lets pass");
            assert!(!after || !words.look().permits(Intent::Increase));
            denied
        };
        seen.note(if duel(order, kills, checks).1 { "denied" } else { "passed before" });
    });
}

mod twins {
    use super::*;

    /// Looks (zero), the kill, stores: gone.
    #[test]
    #[should_panic(expected = "armed over a kill")]
    fn a_kill_during_the_start_wins_with_load_then_store() {
        refute(|order, seen| kill_at_start(store_armed, order, seen));
    }

    #[test]
    #[should_panic(expected = "rearmed over a kill that the operator has not seen")]
    fn a_rearm_names_the_kill_that_was_seen_with_load_then_store() {
        refute(|order, seen| second_kill(store_rearmed, order, seen));
    }

    #[test]
    #[should_panic(expected = "one kill is cleared once")]
    fn one_of_two_rearms_with_load_then_store() {
        refute(|order, seen| two_rearm(store_rearmed, order, seen));
    }

    /// A kill word whose number of rearms is raised in one step, before the word: who looks between the two is given the
    /// new number with the old kill.
    struct OneStep {
        word: AtomicU64,
        rearms: AtomicU64,
    }

    impl KillWord for OneStep {
        fn killed() -> Self {
            Self { word: AtomicU64::new(1), rearms: AtomicU64::new(0) }
        }

        fn kill(&self) {
            self.word.fetch_add(1, at::arm_add());
        }

        fn stamp(&self) -> u64 {
            let rearms = self.rearms.load(at::arm_look());
            rearms << 48 | self.word.load(at::arm_look())
        }

        fn rearm(&self, stamp: u64) -> bool {
            let (rearms, word) = (stamp >> 48, stamp & 0xffff);
            let one = |cell: &AtomicU64, old, new| {
                cell.compare_exchange(old, new, at::arm_swap(), at::arm_swap_failed()).is_ok()
            };
            self.stamp() == stamp && one(&self.rearms, rearms, rearms + 1) && one(&self.word, word, 0)
        }
    }

    #[test]
    #[should_panic(expected = "a kill was cleared that the operator had not seen")]
    fn a_stamp_is_of_one_kill_with_the_number_raised_in_one_step() {
        refute(|order, seen| stamp_of_one_kill::<OneStep>(order, seen));
    }
}
