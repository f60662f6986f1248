//! The boundaries of every number, just before, at and just after.

use std::sync::Arc;

use super::*;
use crate::model::ladder::Bell;
use crate::model::price_band::{Rounding, Tier};
use crate::model::session::{Date, Sessions};
use crate::rule::RuleSpec;
use crate::rule::market::MarketCircuitBreaker;
use crate::rule::trial::{Trial, rule};

const UNIT: i64 = 1;
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Sessions from 09:30 to 16:00 of a clock that begins at midnight; the last closes at 13:00.
fn calendar() -> Arc<Sessions> {
    let day = |number: u64, date, close: u64| Session {
        date,
        open: Nanos::from_secs(86_400 * number + 9 * 3_600 + 1_800),
        close: Nanos::from_secs(86_400 * number + close * 3_600),
    };
    let list = vec![
        day(0, Date::new(2020, 2, 20), 16),
        day(1, Date::new(2020, 2, 21), 16),
        day(2, Date::new(2020, 2, 24), 16),
        day(3, Date::new(2020, 2, 25), 13),
    ];
    Arc::new(Sessions::new(list).unwrap())
}

/// A time of one of the four days.
fn at(day: u64, hour: u64, minute: u64, second: u64) -> Nanos {
    Nanos::from_secs(86_400 * day + 3_600 * hour + 60 * minute + second)
}

/// A price of so many cents.
fn cents(cents: i64) -> Price {
    Price::from_raw(cents * 10_000_000)
}

fn spec(tier: Tier) -> Spec {
    Spec::luld(tier, calendar())
}

/// The bands in cents, of a close and a reference.
fn limits(spec: &Spec, close: Price, reference: i64, time: Nanos) -> (i64, i64) {
    let session = spec.sessions.get(spec.sessions.current_or_next(time).unwrap()).unwrap();
    let (lower, upper) = spec.limits(close, cents(reference), session, time).unwrap();
    assert_eq!((lower.raw() % 10_000_000, upper.raw() % 10_000_000), (0, 0), "on a cent");
    (lower.raw() / 10_000_000, upper.raw() / 10_000_000)
}

const NOON: u64 = 12;

#[test]
fn the_row_is_that_of_the_close_of_the_session_before() {
    let noon = at(2, NOON, 0, 0);
    let above = |close: Price| Price::from_raw(close.raw() + UNIT);
    let below = |close: Price| Price::from_raw(close.raw() - UNIT);
    for (close, one, two) in [
        (cents(301), (950, 1050), (900, 1100)),
        (above(cents(300)), (950, 1050), (900, 1100)),
        (cents(300), (800, 1200), (800, 1200)),
        (cents(75), (800, 1200), (800, 1200)),
        (below(cents(75)), (985, 1015), (985, 1015)),
        (cents(74), (985, 1015), (985, 1015)),
        (Price::from_raw(UNIT), (985, 1015), (985, 1015)),
    ] {
        assert_eq!(limits(&spec(Tier::One), close, 1_000, noon), one, "{close}");
        assert_eq!(limits(&spec(Tier::Two), close, 1_000, noon), two, "{close}");
    }
    // The lesser of 15 cents and 75 %.
    assert_eq!(limits(&spec(Tier::One), cents(74), 20, noon), (5, 35));
    assert_eq!(limits(&spec(Tier::One), cents(74), 8, noon), (2, 14));
}

#[test]
fn the_last_25_minutes_are_twice_as_wide_where_the_plan_says_so() {
    let (before, after) = (at(2, 15, 35, 0) - TICK, at(2, 15, 35, 0));
    for (tier, close, narrow, wide) in [
        (Tier::One, cents(301), (950, 1050), (900, 1100)),
        (Tier::One, cents(300), (800, 1200), (600, 1400)),
        (Tier::Two, cents(300), (800, 1200), (600, 1400)),
        (Tier::Two, Price::from_raw(cents(300).raw() + UNIT), (900, 1100), (900, 1100)),
        // Below 75 cents the upper band only.
        (Tier::One, cents(74), (985, 1015), (985, 1030)),
        (Tier::Two, cents(74), (985, 1015), (985, 1030)),
    ] {
        let spec = spec(tier);
        assert_eq!(limits(&spec, close, 1_000, before), narrow);
        assert_eq!(limits(&spec, close, 1_000, after), wide);
        assert_eq!(limits(&spec, close, 1_000, at(2, 16, 0, 0)), wide, "the close belongs to it");
        assert_eq!(limits(&spec, close, 1_000, at(2, 9, 30, 0)), narrow);
    }
    // The lesser of 30 cents and 150 %.
    assert_eq!(limits(&spec(Tier::Two), cents(74), 8, after), (2, 20));
    // An early close.
    let spec = spec(Tier::One);
    assert_eq!(limits(&spec, cents(301), 1_000, at(3, 12, 35, 0) - TICK), (950, 1050));
    assert_eq!(limits(&spec, cents(301), 1_000, at(3, 12, 35, 0)), (900, 1100));
}

#[test]
fn before_24_february_2020_the_first_15_minutes_too_and_every_tier() {
    let (old, new) = (1, 2);
    for tier in [Tier::One, Tier::Two] {
        let spec = spec(tier);
        let (narrow, wide) = if tier == Tier::One { ((950, 1050), (900, 1100)) } else { ((900, 1100), (800, 1200)) };
        let found = |day, hour, minute| limits(&spec, cents(301), 1_000, at(day, hour, minute, 0));
        assert_eq!((found(old, 9, 30), found(new, 9, 30)), (wide, narrow));
        assert_eq!(limits(&spec, cents(301), 1_000, at(old, 9, 45, 0) - TICK), wide);
        assert_eq!(found(old, 9, 45), narrow);
        assert_eq!(found(old, 15, 35), wide);
        assert_eq!(found(new, 15, 35), if tier == Tier::One { wide } else { narrow });
    }
}

#[test]
fn bands_lie_on_a_tick_and_one_away_at_least() {
    let of = |rounding| Spec { rounding, ..spec(Tier::One) };
    let noon = at(2, NOON, 0, 0);
    // 5 % of 10.07 are 0.5035.
    for (rounding, bands) in
        [(Rounding::Nearest, (957, 1057)), (Rounding::Outward, (956, 1058)), (Rounding::Truncate, (956, 1057))]
    {
        assert_eq!(limits(&of(rounding), cents(400), 1_007, noon), bands, "{rounding}");
        // Exact, so there is nothing to round.
        assert_eq!(limits(&of(rounding), cents(400), 1_000, noon), (950, 1050));
        // 5 % of 4 cents are a fifth of one.
        assert_eq!(limits(&of(rounding), cents(400), 4, noon), (3, 5));
    }
    // Half a cent, up; one unit less, down.
    assert_eq!(limits(&of(Rounding::Nearest), cents(400), 1_010, noon), (960, 1061), "959.5 and 1060.5");
}

struct Desk(Trial);

impl Desk {
    fn new(spec: Spec) -> Self {
        let sessions = Some(spec.sessions.clone());
        let rule = rule(RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Band(Arc::new(spec))), sessions.clone());
        Self(Trial::new(rule, sessions, true))
    }

    /// On 24 February, after a close of 10.00.
    fn open() -> Self {
        let mut desk = Self::new(spec(Tier::One));
        desk.close(1_000, Date::new(2020, 2, 21), at(2, 8, 0, 0));
        desk
    }

    fn hear(&mut self, heard: Observation, time: Nanos) -> (Level, Reason) {
        assert!(self.0.hear(heard, time));
        (self.0.reading.level, self.0.reading.reason)
    }

    fn close(&mut self, price: i64, session: Date, time: Nanos) -> (Level, Reason) {
        self.hear(Observation::Reference { price: cents(price), session }, time)
    }

    fn trade(&mut self, price: i64, time: Nanos) -> Option<(i64, i64)> {
        self.hear(Observation::Value(Channel::Trade, cents(price).raw()), time);
        self.bands()
    }

    fn quote(&mut self, bid: i64, ask: i64, time: Nanos) -> (Level, Reason) {
        self.hear(Observation::Quote { bid: cents(bid), ask: cents(ask) }, time)
    }

    fn beat(&mut self, time: Nanos) -> (Level, Reason) {
        self.hear(Observation::Heartbeat, time)
    }

    /// In cents.
    fn bands(&self) -> Option<(i64, i64)> {
        match self.0.rule.prices() {
            Some(Prices::Between { lower, upper }) => Some((lower.raw() / 10_000_000, upper.raw() / 10_000_000)),
            other => {
                assert_eq!(other, Some(Prices::None));
                None
            }
        }
    }
}

const NORMAL: (Level, Reason) = (Level::Normal, Reason::None);
const LIMIT: (Level, Reason) = (Level::Warn, Reason::LimitState);
const STRADDLE: (Level, Reason) = (Level::Warn, Reason::Straddle);
const PAUSE: (Level, Reason) = (Level::Breach, Reason::TradingPause);
const UNREADY: (Level, Reason) = (Level::Unready, Reason::NotReady);

#[test]
fn no_band_without_the_close_before_nor_outside_of_the_session() {
    let mut desk = Desk::new(spec(Tier::One));
    assert_eq!((desk.beat(at(2, 9, 0, 0)), desk.bands()), (UNREADY, None));
    assert_eq!(desk.close(1_000, Date::new(2020, 2, 20), at(2, 9, 1, 0)), UNREADY, "of another session");
    assert_eq!(desk.close(1_000, Date::new(2020, 2, 21), at(2, 9, 2, 0)), NORMAL);
    assert_eq!((desk.beat(at(2, 9, 30, 0) - TICK), desk.bands()), (NORMAL, None));
    assert_eq!((desk.beat(at(2, 9, 30, 0)), desk.bands()), (NORMAL, Some((950, 1050))));
    assert_eq!(desk.0.reading.pending.due, at(2, 16, 0, 0) + TICK, "the close is spent");
    desk.beat(at(2, 16, 0, 0));
    assert_eq!(desk.bands(), Some((900, 1100)));
    assert_eq!((desk.beat(at(2, 16, 0, 0) + TICK), desk.bands()), (UNREADY, None));
    assert_eq!(desk.close(990, Date::new(2020, 2, 24), at(2, 17, 0, 0)), NORMAL);
    assert_eq!((desk.beat(at(3, 13, 0, 0) + TICK), desk.bands()), (UNREADY, None), "the calendar has ended");
}

#[test]
fn the_first_trade_of_the_session_is_the_reference() {
    let mut desk = Desk::open();
    assert_eq!(desk.trade(1_500, at(2, 9, 29, 59)), None, "before the open");
    desk.beat(at(2, 9, 30, 0));
    assert_eq!(desk.bands(), Some((950, 1050)), "the close before");
    assert_eq!(desk.close(1_010, Date::new(2020, 2, 21), at(2, 9, 30, 1)), NORMAL, "put right");
    assert_eq!(desk.bands(), Some((960, 1061)));
    assert_eq!(desk.trade(1_020, at(2, 9, 30, 2)), Some((969, 1071)));
    desk.close(1_000, Date::new(2020, 2, 21), at(2, 9, 30, 3));
    assert_eq!(desk.bands(), Some((969, 1071)), "it has traded");
}

#[test]
fn a_mean_replaces_the_reference_at_one_per_cent_and_after_thirty_seconds() {
    let start = at(2, 10, 0, 0);
    let after = |gap: Duration, price: i64| {
        let mut desk = Desk::open();
        desk.trade(1_000, start);
        desk.hear(Observation::Value(Channel::Trade, price), start + gap);
        desk.bands()
    };
    // The mean of 10.00 and 10.20 is 1 % more.
    let price = cents(1_020).raw();
    assert_eq!(after(30 * SECOND, price), Some((960, 1061)));
    assert_eq!(after(30 * SECOND - TICK, price), Some((950, 1050)), "too early");
    assert_eq!(after(30 * SECOND, price - UNIT), Some((950, 1050)), "half a unit too little");
    assert_eq!(after(30 * SECOND, cents(980).raw()), Some((941, 1040)), "down, too: 9.90");
    assert_eq!(after(30 * SECOND, cents(980).raw() + UNIT), Some((950, 1050)));
}

#[test]
fn a_trade_counts_for_five_minutes_and_without_trades_the_reference_stays() {
    let start = at(2, 10, 0, 0);
    let mut desk = Desk::open();
    desk.trade(1_000, start);
    assert_eq!(desk.trade(1_010, start + MINUTE), Some((950, 1050)), "the mean is 10.05");
    desk.beat(start + 5 * MINUTE);
    assert_eq!(desk.bands(), Some((950, 1050)));
    // Within two buckets of 1.2 s it has left: the mean is 10.10.
    desk.beat(start + 5 * MINUTE + 2 * SECOND);
    assert_eq!(desk.bands(), Some((960, 1061)));
    desk.beat(start + 60 * MINUTE);
    assert_eq!(desk.bands(), Some((960, 1061)), "no trades");
}

#[test]
fn a_limit_state_begins_at_a_band_in_a_book_that_is_not_crossed() {
    let start = at(2, 10, 0, 0);
    for (bid, ask, said) in [
        (949, 950, LIMIT),
        (949, 949, LIMIT),
        (1_050, 1_051, LIMIT),
        (1_049, 1_050, NORMAL),
        (950, 951, NORMAL),
        (951, 950, NORMAL),
        (1_050, 1_049, NORMAL),
        (949, 951, STRADDLE),
        (1_049, 1_051, STRADDLE),
        (949, 1_051, STRADDLE),
    ] {
        let mut desk = Desk::open();
        desk.trade(1_000, start);
        assert_eq!(desk.quote(bid, ask, start + SECOND), said, "{bid} {ask}");
        assert_eq!(desk.quote(999, 1_001, start + 2 * SECOND), NORMAL);
    }
}

/// In a limit state since one second past ten.
fn limited() -> (Desk, Nanos) {
    let mut desk = Desk::open();
    let since = at(2, 10, 0, 1);
    desk.trade(1_000, at(2, 10, 0, 0));
    assert_eq!(desk.quote(949, 950, since), LIMIT);
    (desk, since)
}

#[test]
fn a_limit_state_of_fifteen_seconds_is_a_pause_and_one_of_less_is_none() {
    let (mut desk, since) = limited();
    let Pending { due, level, reason, .. } = desk.0.reading.pending;
    assert_eq!((due, level, reason), (since + 15 * SECOND, Level::Breach, Reason::TradingPause));
    assert_eq!(desk.quote(960, 961, since + 15 * SECOND - TICK), NORMAL);
    let (mut desk, since) = limited();
    assert_eq!(desk.quote(950, 949, since + SECOND), LIMIT, "a crossed book does not end it");
    assert_eq!(desk.quote(948, 949, since + 2 * SECOND), LIMIT, "beyond the band, since then");
    assert_eq!(desk.quote(960, 961, since + 15 * SECOND), PAUSE);
    assert_eq!(desk.bands(), None);
}

#[test]
fn reference_and_bands_are_frozen_in_a_limit_state() {
    let (mut desk, since) = limited();
    for second in 1..15 {
        assert_eq!(desk.trade(950, since + second * SECOND), Some((950, 1050)));
    }
    let mut desk = Desk::open();
    desk.trade(1_000, at(2, 15, 0, 0));
    assert_eq!(desk.quote(949, 950, at(2, 15, 34, 50)), LIMIT);
    assert_eq!(desk.beat(at(2, 15, 35, 0)), LIMIT, "the wider bands come after it");
    assert_eq!(desk.quote(949, 951, at(2, 15, 35, 1)), NORMAL);
    assert_eq!(desk.bands(), Some((900, 1100)));
}

/// Paused since sixteen seconds past ten.
fn paused() -> (Desk, Nanos) {
    let (mut desk, since) = limited();
    let since = since + 15 * SECOND;
    assert_eq!(desk.beat(since), PAUSE);
    (desk, since)
}

#[test]
fn a_pause_lasts_five_minutes_and_five_more_if_the_venue_says_so() {
    let venue = |status| Observation::Venue(status);
    let (mut desk, since) = paused();
    assert_eq!(desk.beat(since + 5 * MINUTE - TICK), PAUSE);
    assert_eq!(desk.beat(since + 5 * MINUTE), NORMAL);
    let (mut desk, since) = paused();
    assert_eq!(desk.hear(venue(VenueStatus::Open), since + MINUTE), PAUSE, "it has its time");
    assert_eq!(desk.hear(venue(VenueStatus::Halted), since + 5 * MINUTE - TICK), PAUSE);
    assert_eq!(desk.beat(since + 10 * MINUTE - TICK), PAUSE);
    assert_eq!(desk.beat(since + 10 * MINUTE), NORMAL);
    let (mut desk, since) = paused();
    desk.hear(venue(VenueStatus::Halted), since + MINUTE);
    assert_eq!(desk.beat(since + 6 * MINUTE), PAUSE);
    assert_eq!(desk.hear(venue(VenueStatus::Open), since + 7 * MINUTE), NORMAL, "its word ends the extension");
    let (mut desk, since) = paused();
    assert_eq!(desk.hear(venue(VenueStatus::Halted), since + 5 * MINUTE), NORMAL, "too late");
}

#[test]
fn after_a_pause_nothing_before_it_counts() {
    let (mut desk, since) = paused();
    desk.trade(700, since + MINUTE);
    desk.quote(949, 950, since + 2 * MINUTE);
    assert_eq!(desk.beat(since + 5 * MINUTE), NORMAL, "the quote is of the pause");
    assert_eq!(desk.bands(), Some((950, 1050)), "the reference is that of before");
    assert_eq!(desk.trade(930, since + 6 * MINUTE), Some((884, 977)), "the first trade after it");
    assert_eq!(desk.trade(940, since + 6 * MINUTE + 30 * SECOND), Some((884, 977)), "the mean is 9.35");
}

#[test]
fn a_pause_that_reaches_into_the_last_ten_minutes_lasts_until_the_close() {
    // It begins 15 seconds later, and would end 5 minutes after that.
    let pauses_at = |day, end: Nanos| {
        let mut desk = Desk::new(spec(Tier::One));
        let since = end - 5 * MINUTE - 15 * SECOND;
        let before = if day == 2 { Date::new(2020, 2, 21) } else { Date::new(2020, 2, 24) };
        desk.close(1_000, before, at(day, 9, 0, 0));
        desk.trade(1_000, at(day, 10, 0, 0));
        desk.beat(since - SECOND);
        assert_eq!(desk.quote(800, 801, since), LIMIT);
        desk
    };
    assert_eq!(pauses_at(2, at(2, 15, 50, 0)).beat(at(2, 15, 50, 0)), NORMAL);
    let mut late = pauses_at(2, at(2, 15, 50, 0) + TICK);
    assert_eq!(late.beat(at(2, 15, 50, 0) + TICK), PAUSE);
    assert_eq!(late.beat(at(2, 16, 0, 0)), PAUSE);
    assert_eq!(late.beat(at(2, 16, 0, 0) + TICK), UNREADY);
    assert_eq!(pauses_at(3, at(3, 12, 50, 0)).beat(at(3, 12, 50, 0)), NORMAL, "an early close");
    assert_eq!(pauses_at(3, at(3, 12, 50, 0) + TICK).beat(at(3, 13, 0, 0)), PAUSE);
}

#[test]
fn a_new_claimant_goes_on_from_memory() {
    let carry = |desk: &Desk| {
        let mut next = Desk::new(spec(Tier::One));
        (next.0.memory, next.0.used) = (desk.0.memory, desk.0.used);
        next
    };
    let (desk, since) = limited();
    assert_eq!(carry(&desk).beat(since + 15 * SECOND - TICK), LIMIT);
    assert_eq!(carry(&desk).beat(since + 15 * SECOND), PAUSE);
    let (desk, since) = paused();
    assert_eq!(carry(&desk).beat(since + 5 * MINUTE - TICK), PAUSE);
    let mut desk = Desk::open();
    desk.trade(1_020, at(2, 10, 0, 0));
    let mut next = carry(&desk);
    next.beat(at(2, 10, 0, 1));
    assert_eq!(next.bands(), desk.bands());
}

#[test]
fn a_reload_keeps_the_trades() {
    let mut desk = Desk::open();
    desk.trade(1_000, at(2, 10, 0, 0));
    let tight = Spec { step: Ratio::from_raw(5_000_000), ..spec(Tier::One) };
    let mut new = rule(RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Band(Arc::new(tight))), None);
    new.inherit(&mut desk.0.rule);
    desk.0.rule = new;
    desk.0.evaluate(at(2, 10, 0, 1));
    // The mean of 10.00 and 10.10 is half a per cent more.
    assert_eq!(desk.trade(1_010, at(2, 10, 0, 30)), Some((955, 1055)));
}

#[test]
fn what_means_nothing_is_refused() {
    let mut desk = Desk::open();
    let unit = Price::from_raw(UNIT);
    for heard in [
        Observation::Value(Channel::Trade, 0),
        Observation::Quote { bid: Price::ZERO, ask: unit },
        Observation::Quote { bid: unit, ask: Price::ZERO },
        Observation::Reference { price: Price::ZERO, session: Date::new(2020, 2, 21) },
    ] {
        assert!(!desk.0.hear(heard, at(2, 10, 0, 0)), "{heard:?}");
    }
}

#[test]
fn a_band_that_cannot_be_is_refused() {
    use crate::rule::check::Check;
    let good = || spec(Tier::One);
    let check = |spec: Spec| {
        let halt = crate::model::policy::Halt::Timed { base: 5 * MINUTE, backoff: 1.0, max: 5 * MINUTE };
        spec.check(&Policy { halt, sessions: Some(spec.sessions.clone()), ..Policy::default() })
    };
    assert!(check(good()).is_ok() && check(spec(Tier::Two)).is_ok());
    let row = |share| crate::model::price_band::BandRow { share, ..good().rows[2] };
    let window = |from, until, times| crate::model::price_band::WideWindow { from, until, times, ..good().wide[0] };
    let bell = Bell::BeforeClose;
    for bad in [
        Spec { rows: vec![], ..good() },
        Spec { rows: vec![good().rows[0]], ..good() },
        Spec { rows: vec![good().rows[1], good().rows[0], good().rows[2]], ..good() },
        Spec { rows: vec![row(Ratio::ZERO)], ..good() },
        Spec { rows: vec![row(Ratio::from_raw(Ratio::SCALE + 1))], ..good() },
        Spec { wide: vec![window(bell(MINUTE), bell(MINUTE), 2)], ..good() },
        Spec { wide: vec![window(bell(MINUTE), bell(SECOND), 0)], ..good() },
        Spec { wide: vec![window(bell(MINUTE), bell(SECOND), 101)], ..good() },
        Spec { mean_of: SECOND - TICK, ..good() },
        Spec { mean_of: 60 * MINUTE + TICK, ..good() },
        Spec { step: Ratio::from_raw(-1), ..good() },
        Spec { pause: 6 * MINUTE, ..good() },
        Spec { tick: Price::ZERO, ..good() },
    ] {
        assert!(check(bad.clone()).is_err(), "{bad:?}");
    }
}

#[test]
fn it_takes_the_memory_that_its_documentation_says() {
    assert_eq!((size_of::<Detector>(), TimeSums::<2>::bytes()), (240, 12_336));
}

#[path = "twin.rs"]
mod twin;
