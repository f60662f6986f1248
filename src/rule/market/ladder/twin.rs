//! The ladder's slow twin: every nanosecond is looked at, every price asked.

use core::time::Duration;

use proptest::prelude::*;

use super::super::*;
use crate::model::ladder::{Bell, Direction, HaltEnd, Rung, Window};
use crate::model::limits::Limits;
use crate::model::session::{Date, Session};
use crate::model::units::Ratio;
use crate::rule::RuleSpec;
use crate::rule::trial::{Said, Trial, rule, sessions};

struct Twin {
    spec: Arc<Spec>,
    reference: Option<(i64, Date)>,
    used: (Date, u8),
    /// The rung and the price of each firing.
    firings: Vec<((Date, u8), i64)>,
    reopened: Option<(Date, u8)>,
    last: Option<Mark>,
    since: Vec<Option<u64>>,
    now: u64,
}

impl Twin {
    fn new(spec: Arc<Spec>) -> Self {
        let since = vec![None; spec.rungs.len()];
        Self {
            spec,
            reference: None,
            used: Default::default(),
            firings: vec![],
            reopened: None,
            last: None,
            since,
            now: 0,
        }
    }

    fn session(&self, at: u64) -> Option<(usize, Session)> {
        let all = self.spec.sessions.as_slice().iter();
        all.enumerate().find(|(_, s)| at <= s.close.0).map(|(index, s)| (index, *s))
    }

    fn reference_for(&self, index: usize) -> Option<i64> {
        self.spec.sessions.get(index)?;
        let before = self.spec.sessions.get(index.checked_sub(1)?)?;
        self.reference.filter(|(_, date)| *date == before.date).map(|(price, _)| price)
    }

    fn in_force(&self, index: usize) -> bool {
        self.spec.sessions.get(index).is_some_and(|s| self.spec.in_force(s.date))
    }

    fn used(&self, session: &Session) -> u8 {
        if self.used.0 == session.date { self.used.1 } else { 0 }
    }

    fn rests(&self) -> bool {
        self.spec.rungs.iter().all(|rung| rung.windows.iter().all(|window| window.end == HaltEnd::Close))
    }

    fn moved(&self, reference: i64, price: i64) -> i128 {
        let fall = i128::from(reference) - i128::from(price);
        match self.spec.direction {
            Direction::Down => fall,
            Direction::Up => -fall,
            Direction::Both => fall.abs(),
        }
    }

    /// The price, reference and session that count at a time, if there are such.
    fn scene(&self, at: u64) -> Option<(Session, i64, i64)> {
        let (index, session) = self.session(at)?;
        let reference = self.reference_for(index).filter(|_| self.in_force(index) && at >= session.open.0)?;
        let last = self.last.filter(|last| session.open <= last.at && last.at <= session.close)?;
        Some((session, reference, last.value))
    }

    fn reached(&self, number: usize, at: u64) -> bool {
        let Some((session, reference, price)) = self.scene(at) else { return false };
        let (rung, nano) = (&self.spec.rungs[number - 1], i128::from(Ratio::SCALE));
        let of = |ratio: Ratio| i128::from(ratio.raw()) * i128::from(reference);
        let moved = self.moved(reference, price) * nano;
        let fired = self.firings.iter().find(|(what, _)| *what == self.used && self.used.0 == session.date);
        let further = match fired {
            Some((_, price)) if rung.further.raw() > 0 => {
                moved >= self.moved(reference, *price) * nano + of(rung.further)
            }
            _ => true,
        };
        let open = at > session.open.0 && self.spec.open_window(rung, &session, Nanos(at)).is_some();
        let used = usize::from(self.used(&session));
        let comes = if self.spec.in_turn { number == used + 1 } else { number > used };
        comes && open && moved >= of(rung.limits.limit) && further
    }

    /// Rungs begin, go on, or end.
    fn look(&mut self, at: u64) {
        for number in 1..=self.since.len() {
            self.since[number - 1] = self.since[number - 1].or(Some(at)).filter(|_| self.reached(number, at));
        }
    }

    fn complete(&self, at: u64) -> Option<u8> {
        let lasting = self.spec.lasting.as_nanos() as u64;
        self.since.iter().rposition(|since| since.is_some_and(|since| at - since >= lasting)).map(|i| i as u8 + 1)
    }

    fn fire(&mut self, at: u64) {
        while let Some(number) = self.complete(at) {
            let (_, session) = self.session(at).unwrap();
            self.used = (session.date, number);
            self.firings.push((self.used, self.last.unwrap().value));
            self.look(at);
        }
    }

    fn hear(&mut self, observation: Observation, at: u64) {
        for now in self.now + 1..=at {
            self.look(now);
            self.fire(now);
        }
        self.now = at;
        match observation {
            Observation::Value(Channel::Trade, value) if value > 0 => self.last = Some(Mark { value, at: Nanos(at) }),
            Observation::Reference { price, session } if price.raw() > 0 => {
                self.reference = Some((price.raw(), session))
            }
            Observation::Venue(VenueStatus::Open) => self.reopened = Some(self.used),
            Observation::Venue(_) => self.reopened = None,
            _ => return,
        }
        self.look(at);
        self.fire(at);
    }

    fn pending(&self, at: u64, session: &Session, level: Level) -> Pending {
        let mut silent =
            Twin { spec: self.spec.clone(), firings: self.firings.clone(), since: self.since.clone(), ..*self };
        for now in at + 1..=session.close.0 {
            silent.look(now);
            if let Some(number) = silent.complete(now) {
                let step = Step::rung(number).unwrap();
                return Pending { due: Nanos(now), level: Level::Breach, step, reason: Reason::Rung };
            }
        }
        let (index, _) = self.session(at).unwrap();
        let next = self.session(session.close.0 + 1).map(|(_, next)| next);
        let doubt = self.reference_for(index + 1).is_none() && (self.in_force(index + 1) || next.is_none());
        let lacks = at < session.open.0 && self.in_force(index) && self.reference_for(index).is_none();
        let (due, then) = match next {
            _ if self.rests() && lacks => (session.open, Level::Unready),
            Some(next) if self.rests() && doubt => (next.open, Level::Unready),
            _ if doubt => (session.close + TICK, Level::Unready),
            _ => (session.close + TICK, Level::Normal),
        };
        let reason = if then == Level::Unready { Reason::NotReady } else { Reason::ClearLevel };
        if then == level { Pending::NONE } else { Pending { due, level: then, step: Step::FIRST, reason } }
    }

    fn said(&self) -> Said {
        let at = self.now;
        let Some((index, session)) = self.session(at) else {
            return (Level::Unready, Step::FIRST, Reason::NotReady, Pending::NONE);
        };
        let (mut level, mut step, mut reason) = (self.level(at, index), Step::FIRST, Reason::None);
        if level == Level::Warn {
            reason = Reason::WarnLevel;
        }
        if level == Level::Unready {
            reason = Reason::NotReady;
        }
        let used = self.used(&session);
        if self.spec.reopen == Reopen::OnMessage && used > 0 && self.reopened != Some(self.used) {
            (level, step, reason) = (Level::Breach, Step::rung(used).unwrap(), Reason::Rung);
        }
        (level, step, reason, self.pending(at, &session, level))
    }

    fn level(&self, at: u64, index: usize) -> Level {
        if !self.in_force(index) {
            return Level::Normal;
        }
        if self.reference_for(index).is_none() {
            let opens = self.spec.sessions.get(index).map(|session| session.open.0);
            return if self.rests() && opens > Some(at) { Level::Normal } else { Level::Unready };
        }
        let Some((session, reference, price)) = self.scene(at) else { return Level::Normal };
        if self.since.iter().any(Option::is_some) {
            return Level::Warn;
        }
        let mut unused: Vec<_> = self.spec.rungs.iter().skip(usize::from(self.used(&session))).collect();
        if self.spec.in_turn {
            unused.truncate(1);
        }
        let open = unused.iter().find(|rung| self.spec.open_window(rung, &session, Nanos(at)).is_some());
        let Some(rung) = open.or(unused.first()) else { return Level::Normal };
        let beyond = |ratio: Ratio| {
            self.moved(reference, price) * i128::from(Ratio::SCALE) >= i128::from(ratio.raw()) * i128::from(reference)
        };
        if beyond(rung.limits.warn) {
            Level::Warn
        } else if beyond(rung.limits.clear) {
            Level::Elevated
        } else {
            Level::Normal
        }
    }
}

fn bell() -> impl Strategy<Value = Bell> {
    prop_oneof![
        Just(Bell::AfterOpen(Duration::ZERO)),
        Just(Bell::BeforeClose(Duration::ZERO)),
        (0u64..60).prop_map(|d| Bell::AfterOpen(Duration::from_nanos(d))),
        (0u64..60).prop_map(|d| Bell::BeforeClose(Duration::from_nanos(d))),
    ]
}

fn rungs() -> impl Strategy<Value = Vec<Rung>> {
    let window = (bell(), bell()).prop_map(|(from, until)| Window { from, until, end: HaltEnd::NextSession });
    let windows = prop_oneof![
        3 => Just(vec![Window { from: Bell::AfterOpen(Duration::ZERO), until: Bell::BeforeClose(Duration::from_nanos(10)), end: HaltEnd::NextSession }]),
        1 => prop::collection::vec(window, 1..4),
    ];
    let rung = (prop_oneof![Just(0i64), Just(10_000_000)], windows);
    prop::collection::vec(rung, 1..4).prop_map(|list| {
        let levels = [70_000_000, 130_000_000, 200_000_000];
        let rung = |(limit, (further, windows))| Rung {
            limits: Limits::of(Ratio::from_raw(limit)),
            further: Ratio::from_raw(further),
            windows,
        };
        levels.into_iter().zip(list).map(rung).collect()
    })
}

fn spec() -> impl Strategy<Value = Spec> {
    let direction = prop_oneof![3 => Just(Direction::Down), 1 => Just(Direction::Up), 1 => Just(Direction::Both)];
    let reopen = prop_oneof![3 => Just(Reopen::Auto), 1 => Just(Reopen::OnMessage)];
    let lasting = prop_oneof![2 => Just(0u64), 3 => 1u64..25];
    let from = prop_oneof![4 => Just(None), 1 => Just(Some(Date::new(2020, 3, 11)))];
    let rungs = (rungs(), prop_oneof![2 => Just(HaltEnd::NextSession), 1 => Just(HaltEnd::Close)]);
    let rungs = rungs.prop_map(|(mut rungs, end)| {
        rungs.iter_mut().flat_map(|rung| &mut rung.windows).for_each(|window| window.end = end);
        rungs
    });
    (direction, rungs, any::<bool>(), any::<bool>(), reopen, lasting, from).prop_map(
        |(direction, rungs, in_turn, inclusive, reopen, lasting, from)| Spec {
            sessions: sessions(&[(9, 100, 200), (10, 300, 400), (11, 500, 600), (12, 700, 760)]),
            direction,
            rungs,
            in_turn,
            cutoff_inclusive: inclusive,
            reopen,
            lasting: Duration::from_nanos(lasting),
            effective_from: from,
            effective_to: None,
        },
    )
}

fn observation() -> impl Strategy<Value = Observation> {
    let price = prop_oneof![
        6 => 780i64..960,
        2 => 1_040i64..1_220,
        2 => prop::sample::select(vec![800, 801, 860, 870, 871, 930, 931, 944, 949, 950, 1000, 1070, 1069, 1130, 1200]),
        1 => prop::sample::select(vec![1, i64::MAX, 0, -1, i64::MIN]),
    ];
    let level = prop_oneof![8 => Just(1_000i64), 1 => prop::sample::select(vec![1, 0, 990, i64::MAX])];
    let reference = (level, 9u8..13).prop_map(|(price, day)| Observation::Reference {
        price: crate::model::units::Price::from_raw(price),
        session: Date::new(2020, 3, day),
    });
    prop_oneof![
        20 => price.prop_map(|price| Observation::Value(Channel::Trade, price)),
        2 => reference,
        1 => prop::sample::select(VenueStatus::ALL.to_vec()).prop_map(Observation::Venue),
        1 => Just(Observation::Heartbeat),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    /// Asked each time, asked only outside the band, with the clock's help, and the twin: all say the same.
    #[test]
    fn agrees_with_the_slow_twin_with_and_without_the_shortcut(
        spec in spec(),
        begin in 250u64..320,
        heard in prop::collection::vec((prop_oneof![4 => 0u64..4, 4 => 0u64..15, 1 => 0u64..150], observation()), 1..60),
    ) {
        let spec = Arc::new(spec);
        let make = |shortcut| Trial::new(rule(RuleSpec::MarketCircuitBreaker(spec.clone().into()), None), Some(spec.sessions.clone()), shortcut);
        let (mut each, mut short, mut ticked, mut clocked) = (make(false), make(true), make(true), make(true));
        let mut twin = Twin::new(spec.clone());
        let mut at = begin;
        let first = Observation::Reference { price: crate::model::units::Price::from_raw(1_000), session: Date::new(2020, 3, 9) };
        for (gap, observation) in std::iter::once((0, first)).chain(heard) {
            at += gap;
            let good = each.hear(observation, Nanos(at)) && observation != Observation::Heartbeat;
            short.hear(observation, Nanos(at));
            ticked.tick(Nanos(at));
            ticked.hear(observation, Nanos(at));
            clocked.clock(Nanos(at));
            clocked.hear(observation, Nanos(at));
            twin.hear(observation, at);
            if !good {
                continue; // concerns nobody but the clock
            }
            // What fired in silence in a session that is over concerns nobody any more.
            let date = twin.session(at).map(|(_, session)| session.date);
            let rung = |trial: &Trial| if Some(trial.used.session) == date { trial.used.rung } else { 0 };
            prop_assert_eq!((short.said(), short.used), (each.said(), each.used), "shortcut at {}", at);
            prop_assert_eq!((ticked.said(), rung(&ticked)), (each.said(), rung(&each)), "tick at {}", at);
            prop_assert_eq!((clocked.said(), rung(&clocked)), (each.said(), rung(&each)), "clock at {}", at);
            prop_assert_eq!(rung(&each), twin.session(at).map_or(0, |(_, session)| twin.used(&session)), "rung at {}", at);
            prop_assert_eq!(each.said(), twin.said(), "twin at {}", at);
            prop_assert!((short.reading.value - each.reading.value).abs() <= 1e-9 * each.reading.value.max(1.0));
        }
    }
}
