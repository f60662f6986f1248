//! The track: every number that the README claims, as a ratio to a floor measured in the same run.
//!
//! `cargo bench --bench track`. Criterion measures batches of a thousand, never a single call; the table at the end
//! divides by the floor, one load of an `AtomicU64` that lies in the first-level cache. Instructions are counted by
//! `ci/instructions.sh`, which repeats exactly.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;
mod tallies;
mod threads;

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use criterion::Criterion;
use haltline::*;
use support::*;

/// Calls in a batch.
const BATCH: usize = 1_000;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_200))
        .sample_size(40)
        .configure_from_args();
    floor(&mut criterion);
    checks(&mut criterion);
    crowds(&mut criterion);
    instruments(&mut criterion);
    beside_a_writer(&mut criterion);
    feeds(&mut criterion);
    outcomes(&mut criterion);
    operators(&mut criterion);
    evaluate(&mut criterion);
    tallies::tallies(&mut criterion);
    criterion.final_summary();
    print_table();
}

/// One batch: `call` a thousand times. What is called reads atomics, which no compiler folds.
fn batch(criterion: &mut Criterion, name: &str, mut call: impl FnMut()) {
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| {
            for _ in 0..BATCH {
                call();
            }
        });
    });
}

fn floor(criterion: &mut Criterion) {
    let word = AtomicU64::new(0);
    batch(criterion, "floor", || {
        black_box(black_box(&word).load(Ordering::Acquire));
    });
}

fn check_of(criterion: &mut Criterion, name: &str, gate: &Gate) {
    batch(criterion, name, || {
        let verdict = black_box(gate).check();
        black_box(verdict.denies_any());
    });
}

fn checks(criterion: &mut Criterion) {
    let plan = Plan { scopes: ["a/b", "c/d/e/f", "a/b/c"].map(scope).into(), ..Plan::default() };
    let system = System::manual(plan, at(0)).unwrap();
    check_of(criterion, "check 1 scope", &system.gate(&[]).unwrap());
    let three = system.gate(&["a/b"]).unwrap();
    check_of(criterion, "check 3 scopes", &three);
    check_of(criterion, "check 7 scopes", &system.gate(&["a/b", "c/d/e/f"]).unwrap());
    batch(criterion, "permits 3 scopes", || {
        black_box(black_box(&three).permits(Intent::Increase));
    });
    let account = system.gate(&["c/d"]).unwrap();
    batch(criterion, "check_with 3 + 3 scopes", || {
        let verdict = black_box(&three).check_with(black_box(&account));
        black_box(verdict.denies_any());
    });
    system.trip(system_breaker(&system), desk()).unwrap_or_default();
    system.emergency_stop("a", EmergencySource::Manual, desk()).unwrap();
    check_of(criterion, "check 3 scopes, denied", &three);
}

fn system_breaker(system: &System) -> BreakerId {
    system.breaker("kill:a").unwrap()
}

/// The same check with few and with very many breakers registered.
fn crowds(criterion: &mut Criterion) {
    for count in [1, 1_000, 100_000] {
        let many = (0..count).map(|i| manual(&format!("m{i}"), &format!("S{}/I{}", i % 10, i / 10 % 1_000)));
        let system = System::manual(plan(many.collect()), at(0)).unwrap();
        check_of(criterion, &format!("check 3 scopes, {count} breakers"), &system.gate(&["S0/I0"]).unwrap());
    }
}

/// Cycling over instruments, each with its gate.
fn instruments(criterion: &mut Criterion) {
    for count in [1, 10_000] {
        let scopes = (0..count).map(|i| scope(&format!("X/I{i}"))).collect();
        let system = System::manual(Plan { scopes, ..Plan::default() }, at(0)).unwrap();
        let gates: Vec<_> = (0..count).map(|i| system.gate(&[&format!("X/I{i}")]).unwrap()).collect();
        let mut next = gates.iter().cycle();
        batch(criterion, &format!("check 3 scopes, {count} instruments in turn"), || {
            let gate = next.next().unwrap();
            let verdict = black_box(gate).check();
            black_box(verdict.denies_any());
        });
    }
}

/// A check while another thread trips and resets a breaker of the same scope, flat out.
fn beside_a_writer(criterion: &mut Criterion) {
    let system = system(vec![manual("desk", "a/b")]);
    let gate = system.gate(&["a/b"]).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let id = system.breaker("desk").unwrap();
            while !done.load(Ordering::Relaxed) {
                system.trip(id, desk()).unwrap();
                system.reset(id, system.breaker_status(id).unwrap().stamp, desk()).unwrap();
            }
        });
        check_of(criterion, "check 3 scopes, a writer flat out", &gate);
        done.store(true, Ordering::Relaxed);
    });
}

fn feeds(criterion: &mut Criterion) {
    let quiet = system(vec![drawdown("dd", "acct/a", 0.10)]);
    let mut feed = quiet.feed("acct/a").unwrap();
    feed.equity(money(1_000_000.0), at(0)).unwrap();
    let mut cents = 0;
    batch(criterion, "observation that changes nothing", || {
        cents = (cents + 1) & 63;
        feed.equity(Money::from_raw(9_999_990_000 - cents), black_box(at(0))).unwrap();
    });
    predictions(criterion);
    premarket(criterion);
    flows(criterion);
    let (_alive, mut loss) = quiet_feed(RuleSpec::LossRate(LossRate::with_limit(ratio(0.03))));
    loss.equity(money(1_000_000.0), at(0)).unwrap();
    loss.equity(money(1_000_000.0), at(301)).unwrap();
    batch(criterion, "mark of a loss rate", || {
        cents = (cents + 1) & 63;
        loss.equity(Money::from_raw(9_999_990_000 - cents), black_box(at(301))).unwrap();
    });
    let rule = LiquidationRequired::with_limit(ratio(0.15));
    let (_alive, mut account) = quiet_feed(RuleSpec::LiquidationRequired(rule.clone()));
    batch(criterion, "mark of a liquidation", || {
        cents = (cents + 1) & 63;
        account.equity(Money::from_raw(10_000_000_000 - cents), black_box(at(0))).unwrap();
    });
    let (_alive, mut account) = quiet_feed(RuleSpec::LiquidationRequired(rule.with_margin_limit(ratio(0.9))));
    account.equity(money(1_000_000.0), at(0)).unwrap();
    batch(criterion, "margin of a liquidation", || {
        cents = (cents + 1) & 63;
        account.margin(Money::from_raw(10_000 + cents), money(1_000.0), black_box(at(0))).unwrap();
    });
    positions(criterion);
    let mut spec = drawdown("dd", "acct/a", 0.10);
    spec.policy.release = Release::Level;
    let wild = system(vec![spec]);
    let mut feed = wild.feed("acct/a").unwrap();
    feed.equity(money(1_000_000.0), at(0)).unwrap();
    let mut below = false;
    batch(criterion, "observation that trips or releases", || {
        below = !below;
        feed.equity(money(if below { 890_000.0 } else { 1_000_000.0 }), black_box(at(0))).unwrap();
    });
}

/// Calls of a dependency: half of what would trip fail, over both windows.
fn outcomes(criterion: &mut Criterion) {
    for (name, window) in [
        ("outcome that changes nothing, last 100 calls", CallWindow::Last(100)),
        ("outcome that changes nothing, calls of 1 ms", CallWindow::Time(Duration::from_millis(1))),
    ] {
        let rule = Technical { window, ..Technical::default() };
        let system = system(vec![spec("gw", "gw/a", RuleSpec::Technical(rule), Kind::Technical.default_policy())]);
        let mut feed = system.feed("gw/a").unwrap();
        let mut call = 0u64;
        batch(criterion, name, || {
            call += 1;
            let outcome = if call.is_multiple_of(4) { Outcome::Failure } else { Outcome::Success };
            // A nanosecond apart, up to what the System takes as not yet ahead.
            let now = black_box(at(0)) + Duration::from_nanos(call.min(1_000_000_000));
            feed.outcome(outcome, Duration::from_micros(80), now).unwrap();
        });
        assert_eq!(status(&system, "gw").status, Status::Active);
    }
}

/// Every outcome is a reading: nothing is passed over.
fn predictions(criterion: &mut Criterion) {
    let rule = RuleSpec::ModelPerformance(ModelPerformance::default());
    let system = system(vec![spec("model", "s", rule, Kind::ModelPerformance.default_policy())]);
    let mut feed = system.feed("s").unwrap();
    let mut count = 0_u32;
    batch(criterion, "outcome of a prediction, no transition", || {
        count = count.wrapping_add(1);
        // Nine of ten are right.
        feed.prediction(!count.is_multiple_of(10), black_box(at(0))).unwrap();
    });
}

/// Reported a few times a day: it may cost what it costs.
fn premarket(criterion: &mut Criterion) {
    let names = ["prices", "limits", "positions", "clocks", "lines", "accounts", "symbols", "keys"];
    let rule = RuleSpec::PremarketValidation(PremarketValidation::of(&names));
    let policy = Policy { sessions: Some(sessions()), ..Kind::PremarketValidation.default_policy() };
    let system = system(vec![spec("ready", "s", rule, policy)]);
    let mut feed = system.feed("s").unwrap();
    let checks = names.map(|name| system.check_id(name).unwrap());
    for check in checks {
        feed.check(check, true, at(0)).unwrap();
    }
    batch(criterion, "report of a check, no transition", || {
        feed.check(black_box(checks[7]), true, black_box(at(0))).unwrap();
    });
}

/// What flows in, message by message, and makes no transition.
fn flows(criterion: &mut Criterion) {
    let rule = RuleSpec::DataFeedIntegrity(DataFeedIntegrity::with_limit(ratio(95.0)));
    let tape = system(vec![spec("tape", "X", rule, Kind::DataFeedIntegrity.default_policy())]);
    let mut feed = tape.feed("X").unwrap();
    let mut number = 0;
    batch(criterion, "message of a numbered stream", || {
        number += 1;
        feed.sequence(number, at(0), black_box(at(0))).unwrap();
    });
    batch(criterion, "quote of a sound book", || {
        number = (number + 1) & 63;
        feed.quote(price_of(1_000), price_of(1_001 + number as i64), black_box(at(0))).unwrap();
    });
    let rule = RuleSpec::Correlation(Correlation::with_mode(CorrelationMode::Rise));
    let mut pair = spec("pair", "X", rule, Kind::Correlation.default_policy());
    pair.watch = vec![scope("X/A"), scope("X/B")];
    let pair = system(vec![pair]);
    let mut feed = pair.feed("X/A").unwrap();
    batch(criterion, "trade of a correlation", || {
        number = (number + 1) & 63;
        feed.trade(price_of(1_000 + number as i64), Qty(1), black_box(at(0))).unwrap();
    });
    for (name, baseline) in [("median", AnomalyBaseline::Median), ("ewma", AnomalyBaseline::Ewma)] {
        let rule = AnomalyDetection { baseline, ..AnomalyDetection::with_source(AnomalySource::Return) };
        let policy = Kind::AnomalyDetection.default_policy();
        let prints = system(vec![spec("prints", "X", RuleSpec::AnomalyDetection(rule), policy)]);
        let mut feed = prints.feed("X").unwrap();
        batch(criterion, &format!("trade, anomaly by {name} of 120"), || {
            number = (number + 37) & 63;
            feed.trade(price_of(100_000 + number as i64), Qty(1), black_box(at(0))).unwrap();
        });
    }
}

/// One position after another changes; nothing is near a limit.
fn positions(criterion: &mut Criterion) {
    for count in [10_u64, 10_000] {
        let rule = PositionLimit { max_positions: Some(15_000), max_long: None, ..PositionLimit::default() };
        let (_alive, mut account) = quiet_feed(RuleSpec::PositionLimit(rule));
        account.equity(money(1e9), at(0)).unwrap();
        let mut hold = |i: u64, value: f64| {
            account.position(i, Qty(100), money(value), (i % 11) as u32, black_box(at(0))).unwrap();
        };
        (0..count).for_each(|i| hold(i, 1_000.0));
        let mut turn = 0_u64;
        batch(criterion, &format!("position of {count} changes"), || {
            // A stride through all of them, each time with another value.
            turn += 7_919;
            hold(turn % count, 500.0 + (turn % 1_009) as f64);
        });
    }
}

fn price_of(cents: i64) -> Price {
    Price::from_raw(cents * 10_000_000)
}

/// A breaker that is never stale, and its feed.
fn quiet_feed(rule: RuleSpec) -> (System, Feed) {
    let policy = Policy { on_stale: OnStale::Ignore, ..rule.kind().default_policy() };
    let system = system(vec![spec("b", "acct/a", rule, policy)]);
    system.advance(at(1_000));
    let feed = system.feed("acct/a").unwrap();
    (system, feed)
}

fn operators(criterion: &mut Criterion) {
    let system = system((0..10).map(|i| manual(&format!("m{i}"), "a/b")).collect());
    let id = system.breaker("m0").unwrap();
    batch(criterion, "trip and reset by hand", || {
        system.trip(id, desk()).unwrap();
        system.reset(id, system.breaker_status(id).unwrap().stamp, desk()).unwrap();
    });
    batch(criterion, "status of 14 breakers", || {
        black_box(system.status());
    });
}

/// One breaker of each of the fifteen kinds: those with readings are polled, the others are there.
fn evaluate(criterion: &mut Criterion) {
    let metrics = [Metric::VixLevel, Metric::Drawdown, Metric::LossRate, Metric::PositionCount, Metric::AnomalyScore];
    let polled = |(i, row): (usize, &KindRow)| {
        let metric = metrics[i % metrics.len()];
        let limits = Polled::default_limits(metric).unwrap();
        BreakerSpec::new(row.kind.name(), scope("a"), RuleSpec::Polled(Polled { kind: row.kind, metric, limits }))
    };
    let mut specs: Vec<_> = KINDS.iter().filter(|row| row.has_readings).enumerate().map(polled).collect();
    let always = vec![Session { date: Date::new(2020, 3, 9), open: Nanos(0), close: Nanos::NEVER }];
    let hours = TimeBased::within(std::sync::Arc::new(Sessions::new(always).unwrap()));
    specs.push(BreakerSpec::new("hours", scope("a"), RuleSpec::TimeBased(hours)));
    specs.push(BreakerSpec::new("stop", scope("a"), RuleSpec::KillSwitch(KillSwitch::default())));
    specs.push(manual("desk", "a"));
    assert_eq!(specs.len(), KINDS.len());
    let system = system(specs);
    let market = MarketConditions { vix_level: Some(15.0), ..MarketConditions::default() };
    let mut count = 0;
    batch(criterion, "evaluate all fifteen kinds", || {
        count = (count + 1) & 7;
        let metrics = Metrics {
            portfolio_value: Some(Money::from_raw(10_000_000_000 - count)),
            peak: Some(Money::from_raw(10_000_000_000)),
            loss_rate: Some(0.001 * count as f64),
            position_count: Some(count as u32),
            anomaly_score: Some(0.1 * count as f64),
            ..Metrics::default()
        };
        let status = system.evaluate(black_box(&metrics), black_box(&market));
        assert!(status.tripped.is_empty());
    });
}

/// What a row of the table promises: at most so many floors or nanoseconds, or so much more than another row.
enum Goal {
    Nanos(f64),
    Floors(f64),
    Times(f64, &'static str),
    None,
}

const ROWS: &[(&str, Goal)] = &[
    ("floor", Goal::None),
    ("check 1 scope", Goal::None),
    ("check 3 scopes", Goal::Floors(3.2)),
    ("permits 3 scopes", Goal::None),
    ("check 7 scopes", Goal::None),
    ("check_with 3 + 3 scopes", Goal::None),
    ("check 3 scopes, denied", Goal::None),
    ("check 3 scopes, 1 breakers", Goal::None),
    ("check 3 scopes, 1000 breakers", Goal::Times(1.10, "check 3 scopes, 1 breakers")),
    ("check 3 scopes, 100000 breakers", Goal::Times(1.10, "check 3 scopes, 1 breakers")),
    ("check 3 scopes, 1 instruments in turn", Goal::None),
    ("check 3 scopes, 10000 instruments in turn", Goal::Times(1.25, "check 3 scopes, 1 instruments in turn")),
    ("check 3 scopes, a writer flat out", Goal::None),
    ("observation that changes nothing", Goal::Floors(15.0)),
    ("outcome of a prediction, no transition", Goal::Nanos(60.0)),
    ("report of a check, no transition", Goal::None),
    ("message of a numbered stream", Goal::Nanos(60.0)),
    ("quote of a sound book", Goal::Floors(15.0)),
    ("trade of a correlation", Goal::Floors(15.0)),
    ("trade, anomaly by median of 120", Goal::None),
    ("trade, anomaly by ewma of 120", Goal::Nanos(60.0)),
    ("mark of a loss rate", Goal::Floors(15.0)),
    ("mark of a liquidation", Goal::Floors(15.0)),
    ("margin of a liquidation", Goal::None),
    ("position of 10 changes", Goal::None),
    ("position of 10000 changes", Goal::Times(4.0, "position of 10 changes")),
    ("observation that trips or releases", Goal::None),
    ("outcome that changes nothing, last 100 calls", Goal::Nanos(60.0)),
    ("outcome that changes nothing, calls of 1 ms", Goal::Nanos(60.0)),
    ("trip and reset by hand", Goal::None),
    ("status of 14 breakers", Goal::None),
    ("evaluate all fifteen kinds", Goal::Nanos(1_000.0)),
];

fn print_table() {
    let floor = estimate("floor");
    let Some(floor) = floor else { return };
    println!("\n{:<44} {:>10} {:>8}  goal", "what", "ns", "floors");
    for (name, goal) in ROWS.iter().chain(tallies::ROWS) {
        let Some(time) = estimate(name) else { continue };
        let verdict = |held: bool| if held { "held" } else { "MISSED" };
        let goal = match goal {
            Goal::Nanos(most) => format!("<= {most} ns: {}", verdict(time <= *most)),
            Goal::Floors(most) => format!("<= {most} floors: {}", verdict(time <= most * floor)),
            Goal::Times(most, other) => match estimate(other) {
                Some(base) => format!("{:.2} x {other:?}, <= {most}: {}", time / base, verdict(time <= most * base)),
                None => String::new(),
            },
            Goal::None => String::new(),
        };
        println!("{name:<44} {time:>10.3} {:>8.2}  {goal}", time / floor);
    }
    tallies::print_ratios();
    threads::print_propagation();
}

/// Nanoseconds a call, as criterion has just measured it.
fn estimate(name: &str) -> Option<f64> {
    let folder = name.replace(['/', '"', '?', '*', '|', '<', '>', '\\', ':'], "_");
    let root =
        std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/target").into());
    let text = std::fs::read_to_string(format!("{root}/criterion/{folder}/new/estimates.json")).ok()?;
    let estimates: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(estimates["median"]["point_estimate"].as_f64()? / BATCH as f64)
}
