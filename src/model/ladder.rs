//! A ladder of market-wide halts, as data: rungs, windows of the day, how long each halt lasts.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use super::limits::Limits;
use super::session::{Date, Session, Sessions};
use super::state::Step;
use super::status::named;
use super::time::Nanos;
use super::units::Ratio;

named! {
    /// Which way a market must move.
    ///
    /// ```
    /// # use haltline::*;
    /// # use std::sync::Arc;
    /// # use std::time::Duration;
    /// # let minutes = |n: u64| Duration::from_secs(60 * n);
    /// # let secs = Nanos::from_secs;
    /// # let day = |d, open| Session { date: Date::new(2020, 3, d), open: secs(open), close: secs(open + 23_400) };
    /// # let sessions = Arc::new(Sessions::new(vec![day(9, 100_000), day(10, 186_400)])?);
    /// # let end = HaltEnd::After(minutes(15));
    /// # let window = Window { from: Bell::AfterOpen(minutes(0)), until: Bell::BeforeClose(minutes(35)), end };
    /// # let rung = Rung { limits: Limits::of(Ratio::from_f64(0.07)?), further: Ratio::ZERO, windows: vec![window] };
    /// # let halts_at = |direction, price| -> Result<bool, Error> {
    /// #     let ladder = Arc::new(Ladder {
    /// #         sessions: sessions.clone(), direction, rungs: vec![rung.clone()], reopen: Reopen::Auto,
    /// #         cutoff_inclusive: true, in_turn: false, lasting: Duration::ZERO, effective_from: None, effective_to: None,
    /// #     });
    /// #     let halt = Halt::Ladder(ladder.clone());
    /// #     let default = Kind::MarketCircuitBreaker.default_policy();
    /// #     let policy = Policy { halt, sessions: Some(sessions.clone()), ..default };
    /// #     let (scope, rule) = (ScopePath::root(), RuleSpec::MarketCircuitBreaker(ladder.into()));
    /// #     let spec = BreakerSpec { name: "mwcb".into(), scope, watch: vec![], rule, policy };
    /// #     let start = day(10, 186_400).open + minutes(60);
    /// #     let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, start)?;
    /// #     let (gate, mut tape) = (system.gate(&[])?, system.feed("")?);
    /// #     tape.reference(Price::from_f64(100.0)?, Date::new(2020, 3, 9), start)?;
    /// #     tape.trade(Price::from_f64(price)?, Qty(100), start)?;
    /// #     Ok(!gate.permits(Intent::Increase))
    /// # };
    /// // The index closed at 100, the rung is 7 %.
    /// assert!(halts_at(Direction::Down, 93.0)? && !halts_at(Direction::Down, 93.01)?);
    /// assert!(halts_at(Direction::Up, 107.0)? && !halts_at(Direction::Down, 107.0)?);
    /// assert!(halts_at(Direction::Both, 93.0)? && halts_at(Direction::Both, 107.0)?);
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    Direction: "direction" {
        /// Below the reference.
        Down = 0, "down";
        /// Above it.
        Up = 1, "up";
        /// Either.
        Both = 2, "both";
    }
}

named! {
    /// What ends a halt whose time is up.
    ///
    /// ```
    /// # use haltline::*;
    /// # use std::sync::Arc;
    /// # use std::time::Duration;
    /// # let minutes = |n: u64| Duration::from_secs(60 * n);
    /// # let secs = Nanos::from_secs;
    /// # let day = |d, open| Session { date: Date::new(2020, 3, d), open: secs(open), close: secs(open + 23_400) };
    /// # let sessions = Arc::new(Sessions::new(vec![day(9, 100_000), day(10, 186_400)])?);
    /// # let end = HaltEnd::After(minutes(15));
    /// # let window = Window { from: Bell::AfterOpen(minutes(0)), until: Bell::BeforeClose(minutes(35)), end };
    /// # let rung = Rung { limits: Limits::of(Ratio::from_f64(0.07)?), further: Ratio::ZERO, windows: vec![window] };
    /// # let ladder = Arc::new(Ladder {
    /// #     sessions: sessions.clone(), direction: Direction::Down, rungs: vec![rung], reopen: Reopen::OnMessage,
    /// #     cutoff_inclusive: true, in_turn: false, lasting: Duration::ZERO, effective_from: None, effective_to: None,
    /// # });
    /// # let halt = Halt::Ladder(ladder.clone());
    /// # let default = Kind::MarketCircuitBreaker.default_policy();
    /// # let policy = Policy { halt, sessions: Some(sessions.clone()), ..default };
    /// # let (scope, rule) = (ScopePath::root(), RuleSpec::MarketCircuitBreaker(ladder.into()));
    /// # let spec = BreakerSpec { name: "mwcb".into(), scope, watch: vec![], rule, policy };
    /// # let start = day(10, 186_400).open + minutes(60);
    /// # let system = System::manual(Plan { breakers: vec![spec], ..Plan::default() }, start)?;
    /// # let (gate, mut tape) = (system.gate(&[])?, system.feed("")?);
    /// # tape.reference(Price::from_f64(100.0)?, Date::new(2020, 3, 9), start)?;
    /// // `Reopen::OnMessage`, and a rung that halts for 15 minutes.
    /// tape.trade(Price::from_f64(93.0)?, Qty(100), start)?;
    /// system.advance(start + minutes(20));
    /// assert!(!gate.permits(Intent::Increase), "the time is up, the venue has not said that it trades");
    /// tape.venue(VenueStatus::Open, system.now())?;
    /// assert!(gate.permits(Intent::Increase));
    /// # Ok::<(), haltline::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    Reopen: "reopen" {
        /// Time alone.
        Auto = 0, "auto";
        /// The venue's message that it trades again.
        OnMessage = 1, "on_message";
    }
}

/// A ladder of market-wide halts, as data.
///
/// ```
/// # use haltline::*;
/// # use std::sync::Arc;
/// # use std::time::Duration;
/// # let minutes = |n: u64| Duration::from_secs(60 * n);
/// # let secs = Nanos::from_secs;
/// # let day = |d, open| Session { date: Date::new(2020, 3, d), open: secs(open), close: secs(open + 23_400) };
/// # let sessions = Arc::new(Sessions::new(vec![day(9, 100_000), day(10, 186_400)])?);
/// # let rung = |limit, end| -> Result<Rung, Error> {
/// #     let window = Window { from: Bell::AfterOpen(minutes(0)), until: Bell::BeforeClose(minutes(0)), end };
/// #     Ok(Rung { limits: Limits::of(Ratio::from_f64(limit)?), further: Ratio::ZERO, windows: vec![window] })
/// # };
/// # let [today, tomorrow] = [day(9, 100_000), day(10, 186_400)];
/// let rungs = vec![rung(0.07, HaltEnd::After(minutes(15)))?, rung(0.20, HaltEnd::NextSession)?];
/// let ladder = Ladder {
///     sessions, direction: Direction::Down, rungs, in_turn: false, cutoff_inclusive: true, reopen: Reopen::Auto,
///     lasting: Duration::ZERO, effective_from: None, effective_to: None,
/// };
/// // The first rung halts for a quarter of an hour, the second for the rest of the day.
/// let (first, since) = (Step::FIRST.next(), today.open + minutes(4));
/// assert_eq!(ladder.halt_end(first, since), Some(since + minutes(15)));
/// assert_eq!(ladder.halt_end(first.next(), since), Some(tomorrow.open));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    /// The sessions, from which open, close and the previous session follow.
    pub sessions: Arc<Sessions>,
    /// Which way.
    pub direction: Direction,
    /// From the lowest; at most six, rising strictly.
    pub rungs: Vec<Rung>,
    /// Whether a rung can fire only after the one below it has fired in that session. Then a move through several fires the
    /// lowest; the next needs [`further`](Rung::further) beyond the price of that firing, so without any it fires at once.
    pub in_turn: bool,
    /// Whether the last instant of a window belongs to it.
    pub cutoff_inclusive: bool,
    /// What ends a halt.
    pub reopen: Reopen,
    /// How long a rung must be held before it fires; runs in silence too.
    pub lasting: Duration,
    /// The first session in which the ladder is in force.
    pub effective_from: Option<Date>,
    /// The last.
    pub effective_to: Option<Date>,
}

/// One rung.
///
/// ```
/// # use haltline::*;
/// # use std::time::Duration;
/// # let minutes = |n: u64| Duration::from_secs(60 * n);
/// let window = Window {
///     from: Bell::AfterOpen(minutes(0)), until: Bell::BeforeClose(minutes(35)), end: HaltEnd::After(minutes(15)),
/// };
/// let level_1 = Rung { limits: Limits::of(Ratio::from_f64(0.07)?), further: Ratio::ZERO, windows: vec![window] };
/// // 6 March 2020: the S&P 500 closed at 2972.37. The first price of the next session that halts:
/// let close = Price::from_f64(2972.37)?;
/// let halts_at = Price::from_raw(level_1.limits.limit.fall_level(close.raw()));
/// assert_eq!(halts_at.to_string(), "2764.3041");
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Rung {
    /// Its levels, as shares of the reference.
    pub limits: Limits,
    /// How much further than at the firing of the rung below the move must be.
    pub further: Ratio,
    /// When it can fire and what that means; in order, the first that fits counts.
    pub windows: Vec<Window>,
}

/// A part of the session: from `from` (exclusive at the open, inclusive elsewhere) to `until`.
///
/// ```
/// # use haltline::*;
/// # use std::sync::Arc;
/// # use std::time::Duration;
/// # let minutes = |n: u64| Duration::from_secs(60 * n);
/// # let secs = Nanos::from_secs;
/// # let day = |d, open| Session { date: Date::new(2020, 3, d), open: secs(open), close: secs(open + 23_400) };
/// # let sessions = Arc::new(Sessions::new(vec![day(9, 100_000), day(10, 186_400)])?);
/// let window = Window {
///     from: Bell::AfterOpen(minutes(0)), until: Bell::BeforeClose(minutes(35)), end: HaltEnd::After(minutes(15)),
/// };
/// # let rung = Rung { limits: Limits::of(Ratio::from_f64(0.07)?), further: Ratio::ZERO, windows: vec![window] };
/// # let ladder = Ladder {
/// #     sessions: sessions.clone(), direction: Direction::Down, rungs: vec![rung], reopen: Reopen::Auto,
/// #     cutoff_inclusive: true, in_turn: false, lasting: Duration::ZERO, effective_from: None, effective_to: None,
/// # };
/// # let (today, tick) = (day(9, 100_000), Duration::from_nanos(1));
/// let can_fire = |at| ladder.open_window(&ladder.rungs[0], &today, at).is_some();
/// // Not on the opening bell itself, and, with `cutoff_inclusive`, up to the last nanosecond.
/// assert!(!can_fire(today.open) && can_fire(today.open + tick));
/// let cutoff = today.close - minutes(35);
/// assert!(can_fire(cutoff) && !can_fire(cutoff + tick));
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its begin.
    pub from: Bell,
    /// Its end, see [`Ladder::cutoff_inclusive`].
    pub until: Bell,
    /// How long the halt lasts.
    pub end: HaltEnd,
}

/// A time of the session, by its bells.
///
/// ```
/// use haltline::{Bell, Date, Nanos, Session};
/// use std::time::Duration;
/// let utc = |hour: u64, minute: u64| Nanos::from_secs(1_606_435_200 + 3_600 * hour + 60 * minute);
/// // The day after Thanksgiving 2020 closed at 18:00 UTC: the cutoff 35 minutes before comes earlier, too.
/// let half_day = Session { date: Date::new(2020, 11, 27), open: utc(14, 30), close: utc(18, 0) };
/// assert_eq!(Bell::BeforeClose(Duration::from_secs(35 * 60)).at(&half_day), utc(17, 25));
/// assert_eq!(Bell::AfterOpen(Duration::ZERO).at(&half_day), utc(14, 30));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bell {
    /// So long after the open.
    AfterOpen(Duration),
    /// So long before the close.
    BeforeClose(Duration),
}

impl Bell {
    /// When that is in `session`.
    pub fn at(self, session: &Session) -> Nanos {
        match self {
            Self::AfterOpen(d) => session.open + d,
            Self::BeforeClose(d) => session.close - d,
        }
    }
}

/// When a halt ends.
///
/// ```
/// # use haltline::*;
/// # use std::sync::Arc;
/// # use std::time::Duration;
/// # let minutes = |n: u64| Duration::from_secs(60 * n);
/// # let secs = Nanos::from_secs;
/// # let day = |d, open| Session { date: Date::new(2020, 3, d), open: secs(open), close: secs(open + 23_400) };
/// # let sessions = Arc::new(Sessions::new(vec![day(9, 100_000), day(10, 186_400)])?);
/// # let ladder = |end| -> Result<Ladder, Error> {
/// #     let window = Window { from: Bell::AfterOpen(minutes(0)), until: Bell::BeforeClose(minutes(0)), end };
/// #     let rung = Rung { limits: Limits::of(Ratio::from_f64(0.20)?), further: Ratio::ZERO, windows: vec![window] };
/// #     Ok(Ladder {
/// #         sessions: sessions.clone(), direction: Direction::Down, rungs: vec![rung], reopen: Reopen::Auto,
/// #         cutoff_inclusive: true, in_turn: false, lasting: Duration::ZERO, effective_from: None, effective_to: None,
/// #     })
/// # };
/// # let (rung, today, last) = (Step::FIRST.next(), day(9, 100_000), day(10, 186_400));
/// let end = |end, since| Ok::<_, Error>(ladder(end)?.halt_end(rung, since));
/// // A quarter of an hour runs on over the close; the other waits for the bell.
/// let late = today.close - minutes(5);
/// assert_eq!(end(HaltEnd::After(minutes(15)), late)?, Some(late + minutes(15)));
/// assert_eq!(end(HaltEnd::NextSession, late)?, Some(last.open));
/// assert_eq!(end(HaltEnd::Close, late)?, Some(today.close));
/// // The calendar ends with the last session: then no time ends it.
/// assert_eq!(end(HaltEnd::NextSession, last.open + minutes(1))?, None);
/// # Ok::<(), haltline::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HaltEnd {
    /// After this time.
    After(Duration),
    /// At the next session's open.
    NextSession,
    /// At the close of its session.
    Close,
}

impl Ladder {
    /// The rung of a step.
    pub fn rung(&self, step: Step) -> Option<&Rung> {
        usize::from(step.number()).checked_sub(1).and_then(|i| self.rungs.get(i))
    }

    /// Whether the ladder is in force in a session.
    pub fn in_force(&self, date: Date) -> bool {
        self.effective_from.is_none_or(|from| date >= from) && self.effective_to.is_none_or(|to| date <= to)
    }

    /// Whether every halt ends at the close of its session, [`HaltEnd::Close`]: then the ladder is about sessions alone,
    /// and says nothing between them, not even that it has no reference.
    pub fn rests_between_sessions(&self) -> bool {
        self.rungs.iter().flat_map(|rung| &rung.windows).all(|window| window.end == HaltEnd::Close)
    }

    /// The window of `rung` that is open at `at` in `session`.
    pub fn open_window<'r>(&self, rung: &'r Rung, session: &Session, at: Nanos) -> Option<&'r Window> {
        rung.windows.iter().find(|w| {
            let (from, until) = (w.from.at(session), w.until.at(session));
            let begun = if from == session.open { at > from } else { at >= from };
            begun && if self.cutoff_inclusive || until == session.close { at <= until } else { at < until }
        })
    }

    /// When a halt of this rung that began at `since` ends by time: `None` for none that does.
    ///
    /// The rung fired, so one of its windows was open; `since` may be up to a microsecond later than that, and may so
    /// have passed from one window into the next. Then the later of the two ends counts: no halt is too short.
    pub fn halt_end(&self, step: Step, since: Nanos) -> Option<Nanos> {
        let rung = self.rung(step)?;
        let begun = self.sessions.as_slice().partition_point(|s| s.open <= since);
        let session = self.sessions.get(begun.checked_sub(1)?)?;
        let begun_by = |at| rung.windows.iter().rev().find(|w| w.from.at(session) <= at).or(rung.windows.first());
        let end = |window: &Window| match window.end {
            HaltEnd::After(d) => Some(since + d),
            HaltEnd::NextSession => self.sessions.next_open(since),
            HaltEnd::Close => Some(session.close),
        };
        let (fired, now) = (begun_by(since - Duration::from_nanos(999))?, begun_by(since)?);
        // Without a next session the halt has no end by time: the later of the two.
        end(fired).zip(end(now)).map(|(a, b)| a.max(b))
    }
}

#[cfg(test)]
#[path = "ladder_tests.rs"]
mod tests;
