//! The rolling move's slow twin: all that was heard in a list, gone through anew each time.

use proptest::prelude::*;

use super::*;
use crate::rule::trial::Said;

/// What is said after a list of observations; only the times and the prices that can be.
fn said(spec: &Spec, heard: &[(u64, Option<i64>)]) -> Said {
    let (mut prices, mut date, mut pause, mut now) = (Vec::<(u64, i64)>::new(), None, None::<u64>, 0);
    let mut level = Level::Unready;
    let mut next = None;
    for (at, price) in heard {
        now = now.max(*at);
        let all = spec.sessions.as_slice();
        let session = all.iter().find(|session| now <= session.close.0);
        next = all.iter().find(|later| session.is_some_and(|session| later.date > session.date));
        if pause.is_some_and(|since| now - since >= spec.pause.as_nanos() as u64) {
            pause = None;
        }
        if session.map(|session| session.date) != date {
            prices.clear();
            date = session.map(|session| session.date);
        }
        let trades = session.is_some_and(|session| session.open.0 <= now);
        prices.extend(price.filter(|_| trades && pause.is_none()).map(|price| (now, price)));
        level = prices.last().map_or(Level::Normal, |(_, last)| level_of(spec, &prices, *last, now));
        if level == Level::Breach {
            pause = Some(now);
            prices.clear();
        }
        level = match (pause, session) {
            (Some(_), _) => Level::Breach,
            (None, None) => Level::Unready,
            _ => level,
        };
    }
    let close = spec.sessions.as_slice().iter().find(|session| now <= session.close.0).map(|session| session.close);
    let pending = match (level, next, close) {
        (Level::Breach | Level::Unready, _, _) | (_, Some(_), _) | (_, _, None) => Pending::NONE,
        (_, None, Some(close)) => {
            Pending { due: close + TICK, level: Level::Unready, step: Step::FIRST, reason: Reason::NotReady }
        }
    };
    (level, Step::FIRST, Reading::of(level, 0.0, 0.0).reason, pending)
}

fn level_of(spec: &Spec, prices: &[(u64, i64)], last: i64, now: u64) -> Level {
    let width = (spec.window.as_nanos() as u64).div_ceil(256);
    let window = || {
        let counts = prices.iter().filter(|(at, _)| at / width + 256 >= now / width);
        counts.map(|(_, price)| *price).chain([last])
    };
    // None that is within the window to the nanosecond is left out.
    let exact = prices.iter().filter(|(at, _)| at + spec.window.as_nanos() as u64 >= now);
    assert!(exact.clone().all(|(_, price)| window().any(|counted| counted == *price)));
    let (high, low) = (window().max().unwrap(), window().min().unwrap());
    let reaches = |share: Ratio| {
        let (whole, share) = (i128::from(Ratio::SCALE), i128::from(share.raw()));
        let [last, high, low] = [last, high, low].map(i128::from);
        let falls = last * whole <= high * (whole - share) && spec.direction != Direction::Up;
        falls || last * whole >= low * (whole + share) && spec.direction != Direction::Down
    };
    match spec.limits {
        Limits { limit, .. } if reaches(limit) => Level::Breach,
        Limits { warn, .. } if reaches(warn) => Level::Warn,
        Limits { clear, .. } if reaches(clear) => Level::Elevated,
        _ => Level::Normal,
    }
}

fn spec() -> impl Strategy<Value = Spec> {
    (prop::sample::select(Direction::ALL.to_vec()), 1u64..1_500, 1u64..60).prop_map(|(direction, window, pause)| Spec {
        sessions: sessions(&[(9, 100, 1_000), (10, 1_100, 2_000), (11, 2_200, 3_000)]),
        direction,
        window: Duration::from_nanos(window),
        limits: Limits::of(Ratio::from_f64(0.05).unwrap()),
        pause: Duration::from_nanos(pause),
    })
}

fn price() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![
        12 => (985i64..1_015).prop_map(Some),
        4 => prop::sample::select(vec![949, 950, 951, 1_000, 1_049, 1_050, 1_051]).prop_map(Some),
        1 => prop::sample::select(vec![1, i64::MAX]).prop_map(Some),
        2 => Just(None),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    /// Asked each time, read where it can be, with the clock's help, and the twin: all say the same.
    #[test]
    fn agrees_with_the_slow_twin_with_and_without_the_short_way(
        spec in spec(),
        steps in prop::collection::vec((prop_oneof![6 => 0u64..3, 6 => 0u64..40, 1 => 0u64..900], price()), 1..80),
    ) {
        let spec = Arc::new(spec);
        let make = |short| {
            let rolling = RuleSpec::MarketCircuitBreaker(spec.clone().into());
            Trial::new(rule(rolling, None), Some(spec.sessions.clone()), short)
        };
        let (mut each, mut short, mut ticked) = (make(false), make(true), make(true));
        let (mut heard, mut at) = (Vec::new(), 50);
        for (gap, price) in steps {
            at += gap;
            let observation = price.map_or(Observation::Heartbeat, |price| Observation::Value(Channel::Trade, price));
            heard.push((at, price));
            each.hear(observation, Nanos(at));
            short.hear(observation, Nanos(at));
            ticked.tick(Nanos(at));
            ticked.hear(observation, Nanos(at));
            prop_assert_eq!(each.said(), said(&spec, &heard), "twin at {}", at);
            prop_assert_eq!((short.said(), short.reading.value), (each.said(), each.reading.value), "short way at {}", at);
            prop_assert_eq!(ticked.said(), each.said(), "tick at {}", at);
        }
    }
}
