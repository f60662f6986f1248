//! The machine's wall clock as System time: it never runs backwards and never stands still.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::orderings::at;
use super::sync::AtomicU64;
use crate::model::time::{Nanos, nanos_of};

/// Followed at once where it is stepped forward. Where it is stepped back, silence, halts and closes would wait until it has
/// caught up: so System time runs on at seven eighths of the pace of a steady clock, until the wall clock has come up to it. Slower
/// would be sooner in step again, and later with what is due.
#[derive(Debug)]
pub(crate) struct Wall {
    start: Instant,
    /// The greatest time so far, less the slow time that had passed then. System time is never less than this and the slow time of
    /// now: one word, so nothing can be half done.
    floor: AtomicU64,
    /// What the monitor sleeps for: its sleep is a steady one, and knows of no step.
    awaited: AtomicU64,
}

impl Wall {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), floor: AtomicU64::new(0), awaited: AtomicU64::new(Nanos::NEVER.0) }
    }

    /// What the machine says, without any past.
    pub(crate) fn read() -> Nanos {
        Nanos(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, nanos_of))
    }

    /// System time. Wait-free; the two clocks and a swap.
    pub(crate) fn now(&self) -> Nanos {
        // The wall first: a thread that is stopped between the two makes the floor lower, and no time too late.
        let wall = Self::read();
        self.at(wall, self.start.elapsed())
    }

    /// The same when the machine says `wall`, so long after the start.
    pub(crate) fn at(&self, wall: Nanos, steady: Duration) -> Nanos {
        let slow = slow(nanos_of(steady));
        let own = wall.0.saturating_sub(slow);
        let floor = self.floor.fetch_max(own, at::plain()).max(own);
        Nanos(floor.saturating_add(slow))
    }

    /// The monitor goes to sleep until then.
    pub(crate) fn await_until(&self, due: Nanos) {
        self.awaited.store(due.0, at::plain());
    }

    /// Whether the monitor should be awake by now.
    pub(crate) fn is_overdue(&self, now: Nanos) -> bool {
        now.0 >= self.awaited.load(at::plain())
    }
}

/// How much of a steady time passes at the least.
const fn slow(steady: u64) -> u64 {
    steady - steady / 8
}

#[cfg(all(test, not(loom)))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Nanos = Nanos::from_secs(1_583_760_600);
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_follows_the_wall_and_a_step_forward_at_once() {
        let wall = Wall::new();
        assert_eq!(wall.at(START, Duration::ZERO), START);
        assert_eq!(wall.at(START + SECOND, SECOND), START + SECOND);
        assert_eq!(wall.at(START + 3_600 * SECOND, 2 * SECOND), START + 3_600 * SECOND);
    }

    #[test]
    fn after_a_step_back_it_runs_slower_by_an_eighth_until_the_wall_has_caught_up() {
        let wall = Wall::new();
        let told = START + 10 * SECOND;
        assert_eq!(wall.at(told, 10 * SECOND), told);
        // A minute back; it takes eight to meet.
        for passed in [0, 8, 80, 472, 480] {
            let now = told + passed * SECOND;
            let own = wall.at(now - 60 * SECOND, 10 * SECOND + passed * SECOND);
            assert_eq!(own, told + passed * SECOND / 8 * 7, "{passed}");
            assert_eq!(own - (now - 60 * SECOND), 60 * SECOND - passed * SECOND / 8);
        }
        assert_eq!(wall.at(told + 421 * SECOND, 491 * SECOND), told + 421 * SECOND, "and with the wall from there");
    }

    #[test]
    fn the_monitor_is_missed_from_the_instant_that_it_sleeps_for() {
        let wall = Wall::new();
        assert!(!wall.is_overdue(START), "nothing is due");
        wall.await_until(START);
        assert!(!wall.is_overdue(START - Duration::from_nanos(1)) && wall.is_overdue(START));
    }

    proptest! {
        #[test]
        fn it_is_never_behind_the_wall_never_runs_backwards_and_never_slower_than_that(
            steps in prop::collection::vec((-5_000_000_000_i64..5_000_000_000, 0_u64..10_000_000_000), 1..50),
        ) {
            let (wall, mut steady, mut machine) = (Wall::new(), 0, START.0);
            let mut before = wall.at(START, Duration::ZERO);
            for (step, passed) in steps {
                steady += passed;
                machine = (machine + passed).saturating_add_signed(step);
                let now = wall.at(Nanos(machine), Duration::from_nanos(steady));
                prop_assert!(now.0 >= machine && now.0 + 1 >= before.0 + slow(passed));
                before = now;
            }
        }
    }
}
