//! A session under the ladder of a pack, driven by the wall clock of its market.

#![allow(dead_code, reason = "each test file uses its part")]

use haltline::{BreakerId, Date, Feed, Gate, Intent, Nanos, Price, Qty, Sessions, Status, System};
use haltline_config::{pack, parse};
use jiff::civil;
use jiff::tz::TimeZone;

/// A point of an index.
pub(crate) const POINT: i64 = 1_000_000_000;

/// A halt: the rung, and until when on the wall clock.
pub(crate) type Halt = Option<(u8, String)>;

/// One session of a pack's market. The index closed at 1000 points the session before.
pub(crate) struct Day {
    system: System,
    gate: Gate,
    feed: Feed,
    breaker: BreakerId,
    zone: TimeZone,
    date: civil::Date,
}

impl Day {
    /// `keys` are added to the breaker.
    pub(crate) fn of(name: &str, zone: &str, date: civil::Date, keys: &str) -> Self {
        let pack = pack(name).unwrap();
        let config = parse(&(pack.example() + keys), "f").unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let zone = jiff::tz::TimeZoneDatabase::bundled().get(zone).unwrap();
        let sessions = config.plan.breakers[0].rule.ladder().unwrap().sessions.clone();
        let (before, start) = session_before(&sessions, date);
        let system = System::manual(config.plan, start.min(instant(&zone, date, "06:00:00"))).unwrap();
        let (gate, mut feed) = (system.gate(&[]).unwrap(), system.feed(&format!("index/{}", pack.name)).unwrap());
        feed.reference(Price::from_raw(1_000 * POINT), before, system.now()).unwrap();
        let breaker = system.breaker(pack.name).unwrap();
        Self { system, gate, feed, breaker, zone, date }
    }

    /// Time passes up to `clock`; then that holds.
    pub(crate) fn wait(&self, clock: &str) -> Halt {
        self.system.advance(instant(&self.zone, self.date, clock));
        self.halt()
    }

    /// At `clock` the index is at so many billionths of a point.
    pub(crate) fn price(&mut self, clock: &str, raw: i64) -> Halt {
        self.wait(clock);
        self.feed.trade(Price::from_raw(raw), Qty(0), self.system.now()).unwrap();
        self.halt()
    }

    /// The session has closed at `raw`, as is told before the evening; the next one is that of `date`.
    pub(crate) fn next(&mut self, date: civil::Date, raw: i64) {
        self.wait("16:45:00");
        self.feed.reference(Price::from_raw(raw), day(self.date), self.system.now()).unwrap();
        self.date = date;
    }

    /// Whether it denies for want of a reference once time has passed up to `clock`.
    pub(crate) fn lacks_reference(&self, clock: &str) -> bool {
        self.system.advance(instant(&self.zone, self.date, clock));
        !self.gate.permits(Intent::Reduce) && self.system.breaker_status(self.breaker).unwrap().unready
    }

    fn halt(&self) -> Halt {
        let told = self.system.breaker_status(self.breaker).unwrap();
        let halted = told.status == Status::Tripped;
        // After the close the reference is spent; a halt holds all the same.
        assert!((halted || !told.unready) && halted != self.gate.permits(Intent::Reduce), "{told:?}");
        assert!(self.gate.permits(Intent::Cancel));
        halted.then(|| (told.step.number(), told.until.map_or("ever".into(), |until| self.clock(until))))
    }

    /// `10:21:00`, with the date where it is another one.
    fn clock(&self, at: Nanos) -> String {
        let at = jiff::Timestamp::from_nanosecond(i128::from(at.0)).unwrap().to_zoned_datetime(self.zone.clone());
        if at.date() == self.date { at.time().to_string() } else { format!("{} {}", at.date(), at.time()) }
    }

    /// Goes through the session from `open` to `close`, both full minutes: a price each second, but not while halted. Each
    /// is `step` sixtieths of a point above the one before, the first one at 1000. Tells each halt, with its begin.
    pub(crate) fn run(&mut self, open: civil::Time, close: civil::Time, step: i64) -> Vec<(String, u8, String)> {
        let (mut halts, mut trades, mut was) = (Vec::new(), 0, None);
        let mut clock = open;
        while clock <= close {
            let mut halt = self.wait(&clock.to_string());
            if halt.is_none() {
                halt = self.price(&clock.to_string(), 1_000 * POINT + step * POINT * trades / 60);
                trades += 1;
            }
            if let Some((rung, until)) = halt.clone().filter(|_| halt != was) {
                halts.push((clock.to_string(), rung, until));
            }
            was = halt;
            clock = clock.saturating_add(jiff::SignedDuration::from_secs(1));
        }
        halts
    }
}

/// The date of the session before, and the open of this one.
fn session_before(sessions: &Sessions, date: civil::Date) -> (Date, Nanos) {
    let today = sessions.as_slice().iter().position(|session| session.date == day(date)).unwrap();
    (sessions.as_slice()[today - 1].date, sessions.as_slice()[today].open)
}

pub(crate) fn day(date: civil::Date) -> Date {
    Date::new(date.year().unsigned_abs(), date.month().unsigned_abs(), date.day().unsigned_abs())
}

pub(crate) fn instant(zone: &TimeZone, date: civil::Date, clock: &str) -> Nanos {
    // A clock alone is of that date.
    let local = clock.parse().unwrap_or_else(|_| date.to_datetime(clock.parse().unwrap()));
    let at = zone.to_timestamp(local).unwrap();
    Nanos(u64::try_from(at.as_nanosecond()).unwrap())
}

pub(crate) fn halted(rung: u8, until: &str) -> Halt {
    Some((rung, until.into()))
}
