//! Each kind's observation without a transition.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use haltline::*;

use super::support::*;
use super::{Goal, batch};

pub(crate) fn kinds(criterion: &mut Criterion) {
    feeds(criterion);
    outcomes(criterion);
    prices(criterion);
    bands(criterion);
    windows(criterion);
    evaluate(criterion);
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
        let mut noise = Noise(1);
        batch(criterion, &format!("trade, anomaly by {name} of 120"), || {
            feed.trade(price_of(100_000 + noise.next()), Qty(1), black_box(at(0))).unwrap();
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

/// Prices that change nothing: of a volatility inside of a sample, of a ladder between two rungs; and the word of a venue.
fn prices(criterion: &mut Criterion) {
    let mut ladder = mwcb(us_ladder());
    ladder.watch = vec![];
    let volatility = RuleSpec::Volatility(Volatility {
        limits: Limits::of(ratio(0.05)),
        source: VolatilitySource::Trade,
        sample: Some(Duration::from_secs(60)),
        returns: 30,
        annualise: None,
        rise: true,
        breakout: true,
    });
    let volatility = spec("vol", "", volatility, Kind::Volatility.default_policy());
    let now = sessions().as_slice()[1].open + Duration::from_secs(3_600);
    let mut cents = 0;
    for (name, breaker) in [("trade of a volatility", volatility), ("trade of a ladder", ladder)] {
        let system = System::manual(plan(vec![breaker]), now).unwrap();
        let mut feed = system.feed("").unwrap();
        feed.reference(price_of(100_000), Date::new(2020, 3, 6), now).unwrap();
        batch(criterion, name, || {
            cents = (cents + 1) & 63;
            feed.trade(price_of(99_000 + cents), Qty(1), black_box(now)).unwrap();
        });
    }
    let venue = RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Venue);
    let system = System::manual(plan(vec![BreakerSpec::new("venue", scope("XNYS"), venue)]), now).unwrap();
    let mut feed = system.feed("XNYS").unwrap();
    batch(criterion, "word of a venue", || feed.venue(black_box(VenueStatus::Open), now).unwrap());
}

/// A trade within its bands, and the question of an order to them.
fn bands(criterion: &mut Criterion) {
    let rule = MarketCircuitBreaker::Band(Arc::new(PriceBand::luld(Tier::One, sessions())));
    let spec = BreakerSpec::new("bands", scope("X/A"), RuleSpec::MarketCircuitBreaker(rule));
    let now = sessions().as_slice()[1].open + Duration::from_secs(3_600);
    let system = System::manual(plan(vec![spec]), now).unwrap();
    let (gate, mut feed) = (system.gate(&["X/A"]).unwrap(), system.feed("X/A").unwrap());
    feed.reference(price_of(100_000), Date::new(2020, 3, 6), now).unwrap();
    // The reference has stood for so long that each mean might replace it.
    let times = [0, 15, 31].map(|secs| now + Duration::from_secs(secs));
    for time in times {
        system.advance(time);
        feed.trade(price_of(100_000), Qty(1), time).unwrap();
    }
    let now = times[2];
    let mut cents = 0;
    batch(criterion, "trade into a band", || {
        cents = (cents + 1) & 63;
        feed.trade(price_of(100_000 + cents), Qty(1), black_box(now)).unwrap();
    });
    batch(criterion, "quote into a band", || {
        cents = (cents + 1) & 63;
        feed.quote(price_of(99_000 + cents), price_of(99_100 + cents), black_box(now)).unwrap();
    });
    batch(criterion, "admits_price", || {
        assert!(black_box(&gate).admits_price(black_box(price_of(100_000)), Side::Buy));
    });
}

/// Numbers from 0 to 1023 in no order, none of them far from the others.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> i64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        i64::from(self.0 >> 22)
    }
}

/// The same observation over a window of 64 and one of 65 536, full.
fn windows(criterion: &mut Criterion) {
    for n in [64_usize, 65_536] {
        let rule = Technical { window: CallWindow::Last(n as u32), min_calls: 1, ..Technical::default() };
        let (_alive, mut calls) = quiet_feed(RuleSpec::Technical(rule));
        let mut count = 0_u32;
        let mut call = || {
            count = count.wrapping_add(1);
            let outcome = if count.is_multiple_of(10) { Outcome::Failure } else { Outcome::Success };
            calls.outcome(outcome, Duration::ZERO, black_box(at(0))).unwrap();
        };
        (0..n).for_each(|_| call());
        batch(criterion, &format!("outcome, window of {n}"), call);

        let rule = ModelPerformance { window: n, min_outcomes: 1, ..ModelPerformance::default() };
        let (_alive, mut model) = quiet_feed(RuleSpec::ModelPerformance(rule));
        let mut count = 0_u32;
        let mut predict = || {
            count = count.wrapping_add(1);
            model.prediction(!count.is_multiple_of(10), black_box(at(0))).unwrap();
        };
        (0..n).for_each(|_| predict());
        batch(criterion, &format!("prediction, window of {n}"), predict);

        let rule = DataFeedIntegrity { window: n, ..DataFeedIntegrity::with_limit(ratio(95.0)) };
        let (_alive, mut tape) = quiet_feed(RuleSpec::DataFeedIntegrity(rule));
        let mut number = 0;
        let mut message = || {
            number += 1;
            tape.sequence(number, at(0), black_box(at(0))).unwrap();
        };
        (0..n).for_each(|_| message());
        batch(criterion, &format!("message, window of {n}"), message);

        for (name, baseline) in [("median", AnomalyBaseline::Median), ("ewma", AnomalyBaseline::Ewma)] {
            let anomaly = AnomalyDetection::with_source(AnomalySource::Volume);
            let rule = AnomalyDetection { baseline, window: n, min_values: n, ..anomaly };
            let (_alive, mut prints) = quiet_feed(RuleSpec::AnomalyDetection(rule));
            let mut noise = Noise(1);
            let mut print = || prints.trade(price_of(100), Qty(1_000 + noise.next()), black_box(at(0))).unwrap();
            (0..n).for_each(|_| print());
            batch(criterion, &format!("anomaly by {name}, window of {n}"), print);
        }
    }
}

/// One breaker of each of the fifteen kinds: those with readings are polled, the others are there.
fn evaluate(criterion: &mut Criterion) {
    let system = system(polled_kinds("a"));
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
        let market = MarketConditions { vix_level: Some(15.0 + 0.01 * count as f64), ..MarketConditions::default() };
        let status = system.evaluate(black_box(&metrics), black_box(&market));
        assert!(status.tripped.is_empty());
    });
}

pub(crate) const ROWS: &[(&str, Goal)] = &[
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
    ("evaluate all fifteen kinds", Goal::Nanos(1_000.0)),
    ("trade of a volatility", Goal::Floors(15.0)),
    ("trade of a ladder", Goal::Floors(15.0)),
    ("word of a venue", Goal::None),
    ("trade into a band", Goal::Nanos(60.0)),
    ("quote into a band", Goal::None),
    ("admits_price", Goal::Floors(3.0)),
    ("outcome, window of 64", Goal::Nanos(60.0)),
    ("outcome, window of 65536", Goal::Times(1.2, "outcome, window of 64")),
    ("prediction, window of 64", Goal::Nanos(60.0)),
    ("prediction, window of 65536", Goal::Times(1.2, "prediction, window of 64")),
    ("message, window of 64", Goal::Nanos(60.0)),
    ("message, window of 65536", Goal::Times(1.2, "message, window of 64")),
    ("anomaly by ewma, window of 64", Goal::Nanos(60.0)),
    ("anomaly by ewma, window of 65536", Goal::Times(1.2, "anomaly by ewma, window of 64")),
    // An order cannot be had for what a mean costs: see the median's own page.
    ("anomaly by median, window of 64", Goal::None),
    ("anomaly by median, window of 65536", Goal::Times(1.2, "anomaly by median, window of 64")),
];
