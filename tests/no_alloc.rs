//! After set-up the data plane allocates nothing: a check, an observation, a transition, an event.
#![allow(clippy::unwrap_used)]

#[path = "support/counting.rs"]
mod counting;
mod support;
use std::time::Duration;

use counting::calls_of;
use haltline::*;
use support::*;

fn volatility() -> BreakerSpec {
    let rule = Volatility {
        limits: Limits::of(ratio(0.05)),
        source: VolatilitySource::Trade,
        sample: Some(Duration::from_secs(60)),
        returns: 30,
        annualise: None,
        rise: true,
        breakout: true,
    };
    let policy = Policy { sessions: Some(sessions()), ..Kind::Volatility.default_policy() };
    let watch = vec![scope("index/SPX")];
    BreakerSpec { name: "vol".into(), scope: scope("X"), watch, rule: RuleSpec::Volatility(rule), policy }
}

fn rolling() -> BreakerSpec {
    let rule = Drawdown { baseline: Baseline::Rolling(Duration::from_secs(3_600)), ..Drawdown::with_limit(ratio(0.1)) };
    spec("rolling", "acct/b", RuleSpec::Drawdown(rule), Kind::Drawdown.default_policy())
}

/// Trips when half of the calls of 5 s fail, and comes back after 3 s.
fn technical() -> BreakerSpec {
    let rule = Technical { window: CallWindow::Time(Duration::from_secs(5)), ..Technical::default() };
    let halt = Halt::Timed { base: Duration::from_secs(3), backoff: 1.0, max: Duration::from_secs(3) };
    let policy = Policy { halt, ..Kind::Technical.default_policy() };
    spec("gw", "gw/a", RuleSpec::Technical(rule), policy)
}

/// Open and blacked out, a hundred seconds each in turn.
fn hours() -> BreakerSpec {
    let open = sessions().as_slice()[1].open;
    let at = |n: u64| open + Duration::from_secs(100 * n);
    let blackout = |n: u64| Blackout { from: at(2 * n + 1), to: at(2 * n + 2), reason: "every other".into() };
    let rule = TimeBased { blackouts: (0..25).map(blackout).collect(), ..TimeBased::within(sessions()) };
    BreakerSpec::new("hours", scope("Y"), RuleSpec::TimeBased(rule))
}

fn ready() -> BreakerSpec {
    let policy = Policy { sessions: Some(sessions()), ..Kind::PremarketValidation.default_policy() };
    let rule = RuleSpec::PremarketValidation(PremarketValidation::of(&["prices", "limits"]));
    spec("ready", "acct/b", rule, policy)
}

fn model() -> BreakerSpec {
    let policy = Policy { release: Release::Level, ..Kind::ModelPerformance.default_policy() };
    spec("model", "acct/b", RuleSpec::ModelPerformance(ModelPerformance::default()), policy)
}

#[test]
fn the_data_plane_allocates_nothing() {
    let session = sessions().as_slice()[1];
    let mut dd = drawdown("dd", "acct/a", 0.10);
    dd.policy.release = Release::Level;
    let first = plan(vec![
        mwcb(us_ladder()),
        volatility(),
        rolling(),
        dd.clone(),
        manual("desk", "X"),
        hours(),
        ready(),
        model(),
        technical(),
    ]);
    let system = System::manual(first.clone(), session.open).unwrap();
    let (gate, other) = (system.gate(&["X"]).unwrap(), system.gate(&["acct/a"]).unwrap());
    let desk_id = system.breaker("desk").unwrap();
    let mut index = system.feed("index/SPX").unwrap();
    let mut marks = system.feed("acct/a").unwrap();
    let mut more = system.feed("acct/b").unwrap();
    let mut calls = system.feed("gw/a").unwrap();
    index.reference(price(2972.37), Date::new(2020, 3, 6), session.open).unwrap();
    let prices = system.check_id("prices").unwrap();
    more.check(system.check_id("limits").unwrap(), true, session.open).unwrap();
    // One operator's name is kept, once.
    system.trip(desk_id, desk()).unwrap();
    system.reset(desk_id, stamp(&system, "desk"), desk()).unwrap();
    system.drain(|_| {});

    assert_eq!(
        calls_of(|| {
            for _ in 0..1_000 {
                let seen = (gate.check(), gate.check_with(&other), gate.permits(Intent::Increase));
                std::hint::black_box(&seen);
            }
        }),
        0,
        "check, permits"
    );

    let mut second = 0;
    let mut a_day = |range: std::ops::Range<u64>| {
        for secs in range {
            second = secs;
            let at = session.open + Duration::from_secs(secs);
            system.advance(at);
            // Through a rung, volatile enough to trip, marks that cross their limit to and fro.
            let wave = (secs % 97) as f64;
            index.trade(price(2900.0 - 2.0 * wave), Qty(1), at).unwrap();
            index.quote(price(2900.0), price(2901.0), at).unwrap();
            marks.equity(money(100_000.0 - 120.0 * wave), at).unwrap();
            more.equity(money(100_000.0 - 90.0 * wave), at).unwrap();
            more.flow(money(if secs % 2 == 0 { 1.0 } else { -1.0 }), at).unwrap();
            more.check(prices, secs % 5 != 0, at).unwrap();
            more.prediction(secs % 500 > 200, at).unwrap();
            index.heartbeat(at).unwrap();
            for _ in 0..4 {
                let outcome = if secs % 20 < 5 { Outcome::Failure } else { Outcome::Success };
                calls.outcome(outcome, Duration::from_millis(2), at).unwrap();
            }
            let seen = (gate.check(), other.check());
            std::hint::black_box(&seen);
        }
    };
    // The monitor's heap finds its size in the first half hour, when the volatility has its first value.
    a_day(1..2_000);
    system.drain(|_| {});
    let during = calls_of(|| a_day(2_000..4_000));
    assert_eq!(during, 0, "observations, transitions and their events");
    let mut trips = 0;
    system.drain(|event| trips += u64::from(event.event_type() == EventType::Tripped));
    assert!(trips > 10, "{trips}: the day was not wild enough to prove anything");

    // A reload prepares; the trading thread takes over without allocating or freeing.
    let mut changed = first;
    dd.policy.severity = 0.5;
    changed.breakers[3] = dd;
    system.reload(&changed).unwrap();
    let at = session.open + Duration::from_secs(4_000);
    system.advance(at);
    assert_eq!(calls_of(|| marks.equity(money(99_000.0), at).unwrap()), 0, "taking a new panel over");

    let refused = calls_of(|| {
        for _ in 0..20 {
            std::hint::black_box(index.trade(Price::ZERO, Qty(1), at).unwrap_err());
        }
    });
    assert_eq!(refused, 0, "refusing");
}
