//! What works on the System: feeders, a checker, an operator.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::thread;
use std::time::{Duration, Instant};

use haltline::*;

use super::Failure;
use super::plan;
use super::tape::{Stream, Tape};

/// How long a desk stays tripped, so that the checker comes by.
const HELD: Duration = Duration::from_micros(300);
/// How often the plan is changed.
const RELOADS: Duration = Duration::from_millis(20);

/// A breaker that is tripped and reset by hand, alone on its scope.
#[derive(Debug)]
struct Desk {
    breaker: BreakerId,
    gate: Gate,
    /// Odd from after a trip has returned to before its reset.
    trips: AtomicU64,
}

/// What all of them share, and count.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) done: AtomicBool,
    desks: Vec<Desk>,
    /// One for each feeder.
    observations: Vec<AtomicU64>,
    pub(super) checks: AtomicU64,
    /// Events that the flood had to lose.
    flooded: AtomicU64,
    /// Looks at a tripped breaker.
    pub(super) looks: AtomicU64,
    /// Looks that found it open. Must be none.
    pub(super) open: AtomicU64,
    pub(super) drills: AtomicU64,
    pub(super) reloads: AtomicU64,
}

/// A thread that pushes as fast as it can.
#[derive(Debug)]
pub(super) struct Feeder {
    number: usize,
    tapes: Vec<Tape>,
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

fn by(reason: &'static str) -> By<'static> {
    By::new("ann", Authority::RiskDesk, reason)
}

impl Load {
    pub(super) fn new(system: &System) -> Result<Self, Failure> {
        let desk = |path: &ScopePath| -> Result<Desk, Error> {
            let name = format!("desk-{}", path.as_str().replace('/', "-"));
            let gate = system.gate(&[path.as_str()])?;
            Ok(Desk { breaker: system.breaker(&name)?, gate, trips: AtomicU64::new(0) })
        };
        let desks = plan::paths("desk", plan::DESKS)?.iter().map(desk).collect::<Result<_, _>>()?;
        let feeders = thread::available_parallelism().map_or(1, usize::from).min(plan::GATEWAYS);
        let zero = || AtomicU64::new(0);
        let (flooded, checks, looks, open, drills, reloads) = (zero(), zero(), zero(), zero(), zero(), zero());
        let observations = (0..feeders).map(|_| zero()).collect();
        Ok(Self { done: AtomicBool::new(false), desks, observations, flooded, checks, looks, open, drills, reloads })
    }

    /// As many as there are cores, each with a share of every stream.
    pub(super) fn feeders(&self, system: &System) -> Result<Vec<Feeder>, Error> {
        let count = self.observations.len();
        let mut feeders: Vec<_> = (0..count).map(|number| Feeder { number, tapes: Vec::new() }).collect();
        let instruments = plan::instruments(plan::INSTRUMENTS)?.into_iter().map(|path| (Stream::Instrument, path));
        let accounts = plan::paths("acct", plan::ACCOUNTS)?.into_iter().map(|path| (Stream::Account, path));
        let gateways = plan::paths("gw", plan::GATEWAYS)?.into_iter().map(|path| (Stream::Gateway, path));
        for (i, (stream, path)) in instruments.chain(accounts).chain(gateways).enumerate() {
            feeders[i % count].tapes.push(Tape::new(system, stream, &path, i)?);
        }
        Ok(feeders)
    }

    pub(super) fn observations(&self) -> u64 {
        self.observations.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    fn is_done(&self) -> bool {
        self.done.load(Ordering::Relaxed)
    }

    /// Overfills both rings once: what grows with the largest batch has grown then, before anybody measures.
    pub(super) fn flood(&self, system: &System) -> Result<(), Failure> {
        let desk = self.desks[0].breaker;
        let urgent = || system.drill(desk, by("flood"));
        // Refused, which is no news for pagers.
        let routine = || system.liquidated(desk, by("flood")).or(Ok(()));
        flood_until_lost(system, &urgent)?;
        flood_until_lost(system, &routine)?;
        self.flooded.store(system.statistics().lost, Ordering::Relaxed);
        Ok(())
    }

    /// Events that were lost in the rings since the flood.
    pub(super) fn lost(&self, statistics: &Statistics) -> u64 {
        statistics.lost - self.flooded.load(Ordering::Relaxed)
    }

    /// Asks gates, and that of a tripped breaker must deny.
    pub(super) fn check(&self) -> Result<(), Failure> {
        while !self.is_done() {
            for desk in &self.desks {
                let before = desk.trips.load(Ordering::Acquire);
                let permits = desk.gate.permits(Intent::Increase);
                // The check before the second look at the desk.
                fence(Ordering::Acquire);
                if before % 2 == 1 && desk.trips.load(Ordering::Relaxed) == before {
                    add(&self.looks, 1);
                    add(&self.open, permits.into());
                }
            }
            add(&self.checks, self.desks.len() as u64);
            thread::sleep(HELD / 8);
        }
        Ok(())
    }

    /// Trips and resets each desk in turn, holds drills, changes the plan.
    pub(super) fn operate(&self, system: &System) -> Result<(), Failure> {
        let plan = plan::of(plan::INSTRUMENTS)?;
        let mut last_reload = Instant::now();
        while !self.is_done() {
            for desk in &self.desks {
                self.trip_and_reset(system, desk)?;
            }
            system.drill(self.desks[0].breaker, by("test of the pagers"))?;
            add(&self.drills, 1);
            if last_reload.elapsed() >= RELOADS {
                last_reload = Instant::now();
                add(&self.reloads, 1);
                system.reload(&plan::changed(&plan, self.reloads.load(Ordering::Relaxed)))?;
            }
        }
        Ok(())
    }

    fn trip_and_reset(&self, system: &System, desk: &Desk) -> Result<(), Error> {
        system.trip(desk.breaker, by("wild router"))?;
        add(&self.looks, 1);
        add(&self.open, desk.gate.permits(Intent::Increase).into());
        desk.trips.fetch_add(1, Ordering::Release);
        thread::sleep(HELD);
        desk.trips.fetch_add(1, Ordering::SeqCst);
        let stamp = system.breaker_status(desk.breaker)?.stamp;
        system.reset(desk.breaker, stamp, by("router is tame"))
    }
}

/// Publishes events from many threads until one is lost, for two seconds at most.
fn flood_until_lost(system: &System, publish: &(impl Fn() -> Result<(), Error> + Sync)) -> Result<(), Error> {
    let (begin, before) = (Instant::now(), system.statistics().lost);
    let publish = || {
        while system.statistics().lost == before && begin.elapsed() < Duration::from_secs(2) {
            (0..4_096).try_for_each(|_| publish())?;
        }
        Ok(())
    };
    thread::scope(|threads| {
        let threads: Vec<_> = (0..8).map(|_| threads.spawn(publish)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or(Ok(())))
    })
}

impl Feeder {
    pub(super) fn feed(mut self, load: &Load, system: &System) -> Result<(), Failure> {
        while !load.is_done() {
            for tape in &mut self.tapes {
                let turn = tape.play(system.now())?;
                add(&load.observations[self.number], turn.observations);
                add(&load.looks, turn.falls);
                add(&load.open, turn.open);
            }
        }
        Ok(())
    }
}
