//! Small plans for tests.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use haltline::*;

/// The first instant of every test.
pub const T0: u64 = 1_583_760_000;

pub fn at(secs: u64) -> Nanos {
    Nanos::from_secs(T0 + secs)
}

pub fn scope(path: &str) -> ScopePath {
    ScopePath::new(path).unwrap()
}

pub fn money(value: f64) -> Money {
    Money::from_f64(value).unwrap()
}

pub fn price(value: f64) -> Price {
    Price::from_f64(value).unwrap()
}

pub fn ratio(value: f64) -> Ratio {
    Ratio::from_f64(value).unwrap()
}

pub fn spec(name: &str, path: &str, rule: RuleSpec, policy: Policy) -> BreakerSpec {
    BreakerSpec { name: name.into(), scope: scope(path), watch: vec![], rule, policy }
}

pub fn manual(name: &str, path: &str) -> BreakerSpec {
    spec(name, path, RuleSpec::Manual, Kind::Manual.default_policy())
}

/// A drawdown of `limit` on `path`, without speed, without time under water, never stale.
pub fn drawdown(name: &str, path: &str, limit: f64) -> BreakerSpec {
    let rule = Drawdown { speed: false, underwater_for: None, ..Drawdown::with_limit(ratio(limit)) };
    let policy = Policy { on_stale: OnStale::Ignore, ..Kind::Drawdown.default_policy() };
    spec(name, path, RuleSpec::Drawdown(rule), policy)
}

pub fn plan(breakers: Vec<BreakerSpec>) -> Plan {
    Plan { breakers, ..Plan::default() }
}

pub fn system(breakers: Vec<BreakerSpec>) -> System {
    System::manual(plan(breakers), at(0)).unwrap()
}

pub fn desk() -> By<'static> {
    By::new("ann", Authority::RiskDesk, "test")
}

pub fn admin() -> By<'static> {
    By::new("root", Authority::Admin, "test")
}

pub fn stamp(system: &System, name: &str) -> u64 {
    status(system, name).stamp
}

pub fn status(system: &System, name: &str) -> BreakerStatus {
    system.breaker_status(system.breaker(name).unwrap()).unwrap()
}

pub fn events(system: &System) -> Vec<Event> {
    let mut all = Vec::new();
    system.drain(|event| all.push(*event));
    all
}

pub fn event_types(system: &System) -> Vec<EventType> {
    events(system).iter().map(Event::event_type).collect()
}

/// The sessions of 9 and 10 March 2020 at the New York Stock Exchange, 13:30 to 20:00 UTC, and the Friday before.
pub fn sessions() -> Arc<Sessions> {
    let day = |date, midnight: u64| Session {
        date,
        open: Nanos::from_secs(midnight + 48_600),
        close: Nanos::from_secs(midnight + 72_000),
    };
    let list = vec![
        // Winter time: 14:30 to 21:00 UTC.
        Session {
            date: Date::new(2020, 3, 6),
            open: Nanos::from_secs(1_583_452_800 + 52_200),
            close: Nanos::from_secs(1_583_452_800 + 75_600),
        },
        day(Date::new(2020, 3, 9), 1_583_712_000),
        day(Date::new(2020, 3, 10), 1_583_798_400),
    ];
    Arc::new(Sessions::new(list).unwrap())
}

/// The ladder of the US markets.
pub fn us_ladder() -> Ladder {
    let rung = |limit, until, end| Rung {
        limits: Limits::of(ratio(limit)),
        further: Ratio::ZERO,
        windows: vec![Window { from: Bell::AfterOpen(Duration::ZERO), until: Bell::BeforeClose(until), end }],
    };
    let quarter = HaltEnd::After(Duration::from_secs(900));
    let cutoff = Duration::from_secs(35 * 60);
    Ladder {
        sessions: sessions(),
        direction: Direction::Down,
        rungs: vec![
            rung(0.07, cutoff, quarter),
            rung(0.13, cutoff, quarter),
            rung(0.20, Duration::ZERO, HaltEnd::NextSession),
        ],
        in_turn: false,
        cutoff_inclusive: true,
        reopen: Reopen::Auto,
        lasting: Duration::ZERO,
        effective_from: None,
        effective_to: None,
    }
}

pub fn mwcb(ladder: Ladder) -> BreakerSpec {
    let ladder = Arc::new(ladder);
    let policy = Policy {
        halt: Halt::Ladder(ladder.clone()),
        sessions: Some(ladder.sessions.clone()),
        ..Kind::MarketCircuitBreaker.default_policy()
    };
    let watch = vec![scope("index/SPX")];
    BreakerSpec {
        name: "mwcb".into(),
        scope: ScopePath::root(),
        watch,
        rule: RuleSpec::MarketCircuitBreaker(ladder.into()),
        policy,
    }
}

/// All fifteen kinds on a scope, those with readings polled; the twelve hear of five numbers.
pub fn polled_kinds(path: &str) -> Vec<BreakerSpec> {
    let metrics = [Metric::VixLevel, Metric::Drawdown, Metric::LossRate, Metric::PositionCount, Metric::AnomalyScore];
    let polled = |(i, row): (usize, &KindRow)| {
        let metric = metrics[i % metrics.len()];
        let limits = Polled::default_limits(metric).unwrap();
        BreakerSpec::new(row.kind.name(), scope(path), RuleSpec::Polled(Polled { kind: row.kind, metric, limits }))
    };
    let mut specs: Vec<_> = KINDS.iter().filter(|row| row.has_readings).enumerate().map(polled).collect();
    let always = vec![Session { date: Date::new(2020, 3, 9), open: Nanos(0), close: Nanos::NEVER }];
    let hours = TimeBased::within(Arc::new(Sessions::new(always).unwrap()));
    specs.push(BreakerSpec::new("hours", scope(path), RuleSpec::TimeBased(hours)));
    specs.push(BreakerSpec::new("stop", scope(path), RuleSpec::KillSwitch(KillSwitch::default())));
    specs.push(manual("desk", path));
    assert_eq!(specs.len(), KINDS.len());
    specs
}
