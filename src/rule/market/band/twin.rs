//! The price band's slow twin: every nanosecond is looked at, every trade is kept, every mean is made anew.

use proptest::prelude::*;

use super::*;
use crate::model::price_band::{BandRow, WideWindow};
use crate::rule::trial::{Said, sessions};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Does {
    Trade,
    Limit(u64),
    Pause(u64),
}

struct Twin {
    spec: Arc<Spec>,
    now: u64,
    date: Date,
    close: Option<(i64, Date)>,
    reference: Option<(i64, u64)>,
    has_traded: bool,
    next_trade_counts: bool,
    does: Does,
    is_extended: bool,
    trades: Vec<(u64, i64)>,
    quote: Option<(i64, i64)>,
}

impl Twin {
    fn new(spec: Arc<Spec>) -> Self {
        Self {
            spec,
            now: 0,
            date: Date::default(),
            close: None,
            reference: None,
            has_traded: false,
            next_trade_counts: false,
            does: Does::Trade,
            is_extended: false,
            trades: vec![],
            quote: None,
        }
    }

    fn session(&self) -> Option<(usize, Session)> {
        let all = self.spec.sessions.as_slice().iter();
        all.enumerate().find(|(_, session)| self.now <= session.close.0).map(|(index, session)| (index, *session))
    }

    /// The official close that this session is measured by.
    fn good_close(&self) -> Option<i64> {
        let before = self.spec.sessions.get(self.session()?.0.checked_sub(1)?)?;
        self.close.filter(|(_, date)| *date == before.date).map(|(price, _)| price)
    }

    fn is_open(&self) -> bool {
        self.session().is_some_and(|(_, session)| session.open.0 <= self.now)
    }

    fn is_paused(&self) -> bool {
        matches!(self.does, Does::Pause(_))
    }

    fn start_anew(&mut self) {
        (self.trades, self.quote, self.is_extended, self.next_trade_counts) = (vec![], None, false, true);
    }

    fn pass(&mut self, until: u64) {
        while self.now < until {
            self.now += 1;
            self.instant();
        }
    }

    fn instant(&mut self) {
        let date = self.session().map_or(Date::default(), |(_, session)| session.date);
        if date != self.date {
            self.start_anew();
            (self.date, self.does, self.has_traded) = (date, Does::Trade, false);
            self.reference = self.good_close().map(|price| (price, 0));
        }
        if let Does::Limit(since) = self.does
            && self.now - since >= nanos(self.spec.limit_state)
        {
            self.start_anew();
            self.does = Does::Pause(self.now);
        }
        self.end_pause();
    }

    fn end_pause(&mut self) {
        let Some((_, session)) = self.session() else { return };
        let Does::Pause(since) = self.does else { return };
        let extension = if self.is_extended { nanos(self.spec.extension) } else { 0 };
        let end = since + nanos(self.spec.pause) + extension;
        if self.now >= end && end <= self.spec.no_reopen.at(&session).0 {
            self.start_anew();
            self.does = Does::Trade;
        }
    }

    fn hear(&mut self, heard: Observation, at: u64) {
        self.pass(at);
        match heard {
            Observation::Reference { price, session } => {
                self.close = Some((price.raw(), session));
                if !self.has_traded && self.session().is_some() {
                    self.reference = self.good_close().map(|price| (price, 0));
                }
            }
            Observation::Value(Channel::Trade, price) if self.is_open() && !self.is_paused() => {
                self.trades.push((self.now, price));
                if self.next_trade_counts && self.does == Does::Trade {
                    self.reference = Some((price, self.now));
                    (self.next_trade_counts, self.has_traded) = (false, true);
                }
            }
            Observation::Quote { bid, ask } if self.is_open() && !self.is_paused() => {
                self.quote = Some((bid.raw(), ask.raw()));
            }
            Observation::Venue(VenueStatus::Halted) if self.is_paused() => self.is_extended = true,
            Observation::Venue(VenueStatus::Open) if self.is_paused() => {
                self.is_extended = false;
                self.end_pause();
            }
            _ => {}
        }
        self.follow();
    }

    fn follow(&mut self) {
        if !self.is_open() || self.good_close().is_none() {
            return;
        }
        if matches!(self.does, Does::Limit(_))
            && self.quote.is_some_and(|(bid, ask)| bid <= ask && !self.stands_at_band())
        {
            self.does = Does::Trade;
        }
        if self.does == Does::Trade {
            self.renew();
            if self.stands_at_band() && self.quote.is_some_and(|(bid, ask)| bid <= ask) {
                self.does = Does::Limit(self.now);
            }
        }
    }

    fn stands_at_band(&self) -> bool {
        let (Some((bid, ask)), Some((lower, upper))) = (self.quote, self.bands()) else { return false };
        ask <= lower || bid >= upper
    }

    /// Two passes over all trades that count.
    fn renew(&mut self) {
        let width = nanos(self.spec.mean_of).div_ceil(256).max(1);
        let counts = |(at, _): &&(u64, i64)| at / width + 256 >= self.now / width;
        let count = self.trades.iter().filter(counts).count() as i128;
        let sum: i128 = self.trades.iter().filter(counts).map(|(_, price)| i128::from(*price)).sum();
        let Some((reference, since)) = self.reference.filter(|_| count > 0 && !self.next_trade_counts) else { return };
        let old = i128::from(reference);
        let far =
            (sum - old * count).abs() * i128::from(Ratio::SCALE) >= i128::from(self.spec.step.raw()) * old * count;
        if far && self.now - since >= nanos(self.spec.hold) {
            self.reference = Some(((sum / count) as i64, self.now));
        }
    }

    /// Of now; in a limit state of its begin; by trying the ticks around.
    fn bands(&self) -> Option<(i64, i64)> {
        let (_, session) = self.session().filter(|_| self.is_open() && !self.is_paused())?;
        let (close, (reference, _)) = (self.good_close()?, self.reference?);
        let at = if let Does::Limit(since) = self.does { since } else { self.now };
        let row = self.spec.rows.iter().find(|row| row.up_to.is_none_or(|most| close <= most.raw()))?;
        let times = self.spec.wide.iter().find_map(|window| {
            let begun = window.from.at(&session).0 <= at;
            let over = at >= window.until.at(&session).0
                && !(window.until.at(&session) == session.close && at == session.close.0);
            let low = window.highest_close.is_none_or(|highest| close <= highest.raw());
            let since = window.effective_from.is_none_or(|from| session.date >= from);
            let until = window.effective_to.is_none_or(|to| session.date <= to);
            (begun && !over && low && since && until).then_some(i128::from(window.times))
        });
        let (times, nano) = (times.unwrap_or(1), i128::from(Ratio::SCALE));
        let share = i128::from(row.share.raw()) * i128::from(reference);
        let away = row.most.map_or(share, |most| share.min(i128::from(most.raw()) * nano));
        let down = away * if row.widens_lower { times } else { 1 };
        let (exact, tick) = (i128::from(reference) * nano, i128::from(self.spec.tick.raw()) * nano);
        let lower = self.on_tick(exact - down, tick, false, |n| n <= exact - tick);
        let upper = self.on_tick(exact + away * times, tick, true, |n| n >= exact + tick);
        let raw = |n: i128| (n / nano).clamp(0, i128::from(i64::MAX)) as i64;
        Some((raw(lower), raw(upper)))
    }

    /// The best tick near a number that is allowed; else the nearest that is.
    fn on_tick(&self, exact: i128, tick: i128, is_upper: bool, allowed: impl Fn(i128) -> bool) -> i128 {
        let around = (-3..=3).map(|n| (exact.div_euclid(tick) + n) * tick);
        let fits = |candidate: &i128| match self.spec.rounding {
            Rounding::Nearest => (candidate - exact) * 2 <= tick && (exact - candidate) * 2 < tick,
            Rounding::Outward if is_upper => (0..tick).contains(&(candidate - exact)),
            _ => (0..tick).contains(&(exact - candidate)),
        };
        let rounded = around.clone().find(fits).unwrap();
        let near: Vec<_> = around.filter(|candidate| allowed(*candidate)).collect();
        if allowed(rounded) {
            rounded
        } else if is_upper {
            near.into_iter().min().unwrap()
        } else {
            near.into_iter().max().unwrap()
        }
    }

    fn said(&self) -> Said {
        let step = Step::FIRST;
        let Some((_, session)) = self.session() else {
            return (Level::Unready, step, Reason::NotReady, Pending::NONE);
        };
        let comes = |due, level, reason| Pending { due: Nanos(due), level, step, reason };
        let spent = comes(session.close.0 + 1, Level::Unready, Reason::NotReady);
        let (level, reason) = match (self.does, self.quote, self.bands()) {
            (Does::Pause(_), ..) => (Level::Breach, Reason::TradingPause),
            _ if self.good_close().is_none() => (Level::Unready, Reason::NotReady),
            (Does::Limit(_), ..) => (Level::Warn, Reason::LimitState),
            (_, Some((bid, ask)), Some((lower, upper))) if bid < lower || ask > upper => {
                (Level::Warn, Reason::Straddle)
            }
            _ => (Level::Normal, Reason::None),
        };
        let pending = match self.does {
            Does::Limit(since) => {
                let due = since + nanos(self.spec.limit_state);
                if due <= session.close.0 { comes(due, Level::Breach, Reason::TradingPause) } else { spent }
            }
            _ if level == Level::Unready => Pending::NONE,
            _ => spent,
        };
        (level, step, reason, pending)
    }
}

fn nanos(duration: Duration) -> u64 {
    duration.as_nanos() as u64
}

fn bell() -> impl Strategy<Value = Bell> {
    (any::<bool>(), 0u64..150).prop_map(|(open, gap)| {
        let gap = Duration::from_nanos(gap);
        if open { Bell::AfterOpen(gap) } else { Bell::BeforeClose(gap) }
    })
}

fn spec() -> impl Strategy<Value = Spec> {
    let row = |up_to| {
        (5i64..300, prop::option::of(1i64..90), any::<bool>()).prop_map(move |(share, most, widens_lower)| BandRow {
            up_to,
            share: Ratio::from_raw(share * 1_000_000),
            most: most.map(Price::from_raw),
            widens_lower,
        })
    };
    let rows = (row(Some(Price::from_raw(900))), row(None)).prop_map(|(low, high)| vec![low, high]);
    let date = || prop::option::of(Just(Date::new(2020, 3, 11)));
    let window = (bell(), bell(), 1u32..4, prop::option::of(Just(Price::from_raw(1_000))), date(), date()).prop_map(
        |(from, until, times, highest_close, effective_from, effective_to)| WideWindow {
            from,
            until,
            times,
            highest_close,
            effective_from,
            effective_to,
        },
    );
    let times = (prop_oneof![Just(256u64), Just(512)], 0u64..30, 1u64..20, 1u64..60, 0u64..40);
    let rounding = prop::sample::select(Rounding::ALL.to_vec());
    (rows, prop::collection::vec(window, 0..3), times, 0i64..30, bell(), rounding, 1i64..12).prop_map(
        |(rows, wide, (mean_of, hold, limit_state, pause, extension), step, no_reopen, rounding, tick)| Spec {
            sessions: sessions(&[(9, 100, 200), (10, 300, 700), (11, 800, 1_000), (12, 1_200, 1_260)]),
            rows,
            wide,
            mean_of: Duration::from_nanos(mean_of),
            step: Ratio::from_raw(step * 1_000_000),
            hold: Duration::from_nanos(hold),
            limit_state: Duration::from_nanos(limit_state),
            pause: Duration::from_nanos(pause),
            extension: Duration::from_nanos(extension),
            no_reopen,
            rounding,
            tick: Price::from_raw(tick),
        },
    )
}

fn observation() -> impl Strategy<Value = Observation> {
    let price = || {
        prop_oneof![
            8 => 900i64..1_100,
            4 => 980i64..1_020,
            1 => prop::sample::select(vec![1, 7, i64::MAX / 4]),
        ]
    };
    let reference = (prop_oneof![4 => Just(1_000i64), 1 => price()], 9u8..13).prop_map(|(price, day)| {
        Observation::Reference { price: Price::from_raw(price), session: Date::new(2020, 3, day) }
    });
    prop_oneof![
        20 => price().prop_map(|price| Observation::Value(Channel::Trade, price)),
        12 => (price(), -3i64..60).prop_map(|(bid, spread)| Observation::Quote {
            bid: Price::from_raw(bid),
            ask: Price::from_raw((bid + spread).max(1)),
        }),
        1 => reference,
        3 => prop::sample::select(VenueStatus::ALL.to_vec()).prop_map(Observation::Venue),
        3 => Just(Observation::Heartbeat),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    /// Asked each time, by the short way, with the clock's help, and the twin: all say the same.
    #[test]
    fn agrees_with_the_slow_twin_with_and_without_the_shortcut(
        spec in spec(),
        begin in 250u64..320,
        heard in prop::collection::vec(
            (prop_oneof![6 => 0u64..4, 4 => 0u64..15, 1 => 0u64..200], prop_oneof![9 => Just(0u64), 1 => 0u64..5], observation()),
            1..80,
        ),
    ) {
        let spec = Arc::new(spec);
        let band = || RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Band(spec.clone()));
        let make = |shortcut| Trial::new(rule(band(), None), Some(spec.sessions.clone()), shortcut);
        let (mut each, mut short, mut ticked) = (make(false), make(true), make(true));
        let mut twin = Twin::new(spec.clone());
        let first = Observation::Reference { price: Price::from_raw(1_000), session: Date::new(2020, 3, 9) };
        let mut at = begin;
        for (gap, back, observation) in std::iter::once((0, 0, first)).chain(heard) {
            at += gap;
            ticked.tick(Nanos(at));
            for trial in [&mut each, &mut short, &mut ticked] {
                // What comes late counts as of the latest time.
                let late = if gap == 0 { back } else { 0 };
                prop_assert!(trial.hear(observation, Nanos(at - late)));
            }
            twin.hear(observation, at);
            prop_assert_eq!(each.said(), twin.said(), "twin at {}", at);
            let bands = twin.bands().map_or(Prices::None, |(lower, upper)| Prices::Between {
                lower: Price::from_raw(lower),
                upper: Price::from_raw(upper),
            });
            prop_assert_eq!(each.rule.prices(), Some(bands), "bands at {}", at);
            for trial in [&short, &ticked] {
                prop_assert_eq!(trial.said(), each.said(), "at {}", at);
                prop_assert_eq!(trial.rule.prices(), each.rule.prices(), "at {}", at);
                prop_assert_eq!(trial.memory, each.memory, "at {}", at);
                prop_assert_eq!(trial.reading.value, each.reading.value, "at {}", at);
            }
        }
    }
}
