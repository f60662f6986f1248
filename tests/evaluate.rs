//! The one-call form: everything that is known goes in, how everything stands comes out.
#![allow(clippy::unwrap_used)]

mod support;
use std::sync::Arc;
use std::time::Duration;

use haltline::*;
use proptest::prelude::*;
use support::*;

/// One breaker a metric, each of a kind that it suits and on a scope of its own.
fn polled() -> Vec<BreakerSpec> {
    let kind = |metric| match metric {
        Metric::Drawdown => Kind::Drawdown,
        Metric::LossRate => Kind::LossRate,
        Metric::PositionCount | Metric::MaxPositionSize => Kind::PositionLimit,
        Metric::DataQualityScore | Metric::MarketDataQualityScore | Metric::MissingDataPct => Kind::DataFeedIntegrity,
        Metric::DataFeedLatencyMs => Kind::Technical,
        Metric::ModelAccuracy => Kind::ModelPerformance,
        Metric::MarketStatus | Metric::VenueHalts => Kind::MarketCircuitBreaker,
        Metric::Volatility | Metric::VixLevel => Kind::Volatility,
        Metric::CorrelationBreakdownScore | Metric::MarketRegimeChange => Kind::Correlation,
        _ => Kind::AnomalyDetection,
    };
    let spec = |metric: Metric| {
        let limits = Polled::default_limits(metric).unwrap_or_else(|| Limits::of(ratio(50.0)));
        let rule = RuleSpec::Polled(Polled { kind: kind(metric), metric, limits });
        let policy = Policy { confirm: 1, ..BreakerSpec::new("x", ScopePath::root(), rule.clone()).policy };
        BreakerSpec::new(metric.name(), scope(&format!("m/{}", metric.name())), rule).with_policy(policy)
    };
    Metric::ALL.iter().copied().map(spec).collect()
}

/// A day on which nothing is wrong.
fn calm() -> (Metrics, MarketConditions) {
    let metrics = Metrics {
        portfolio_value: Some(money(1_000_000.0)),
        peak: Some(money(1_000_000.0)),
        loss_rate: Some(0.0),
        position_count: Some(3),
        max_position_size: Some(0.02),
        anomaly_score: Some(0.5),
        data_quality_score: Some(100.0),
        model_accuracy: Some(0.95),
        market_status: Some(VenueStatus::Open),
    };
    let market = MarketConditions {
        volatility: Some(0.01),
        volume_ratio: Some(1.0),
        spread_widening: Some(1.0),
        price_anomaly_score: Some(0.5),
        volume_anomaly_score: Some(0.5),
        correlation_breakdown_score: Some(0.1),
        market_regime_change: Some(false),
        venue_halts: Some(0),
        vix_level: Some(15.0),
        data_feed_latency_ms: Some(3.0),
        missing_data_pct: Some(0.0),
        data_quality_score: Some(99.0),
    };
    (metrics, market)
}

/// The same day with one number at its limit.
fn with(metric: Metric) -> (Metrics, MarketConditions) {
    let (mut own, mut market) = calm();
    match metric {
        Metric::Drawdown => own.portfolio_value = Some(money(920_000.0)),
        Metric::LossRate => own.loss_rate = Some(0.03),
        Metric::PositionCount => own.position_count = Some(21),
        Metric::MaxPositionSize => own.max_position_size = Some(0.1),
        Metric::AnomalyScore => own.anomaly_score = Some(3.0),
        Metric::DataQualityScore => own.data_quality_score = Some(94.999),
        Metric::MarketDataQualityScore => market.data_quality_score = Some(94.999),
        Metric::ModelAccuracy => own.model_accuracy = Some(0.599),
        Metric::MarketStatus => own.market_status = Some(VenueStatus::Unknown),
        Metric::Volatility => market.volatility = Some(0.05),
        Metric::VolumeRatio => market.volume_ratio = Some(50.0),
        Metric::SpreadWidening => market.spread_widening = Some(50.0),
        Metric::PriceAnomalyScore => market.price_anomaly_score = Some(3.0),
        Metric::VolumeAnomalyScore => market.volume_anomaly_score = Some(3.0),
        Metric::CorrelationBreakdownScore => market.correlation_breakdown_score = Some(0.7),
        Metric::MarketRegimeChange => market.market_regime_change = Some(true),
        Metric::VenueHalts => market.venue_halts = Some(1),
        Metric::VixLevel => market.vix_level = Some(40.0),
        Metric::DataFeedLatencyMs => market.data_feed_latency_ms = Some(50.0),
        Metric::MissingDataPct => market.missing_data_pct = Some(50.0),
    }
    (own, market)
}

fn evaluate(system: &System, (own, market): (Metrics, MarketConditions)) -> std::sync::Arc<SystemStatus> {
    system.evaluate(&own, &market)
}

#[test]
fn each_number_trips_its_own_breaker_at_its_limit_and_no_other() {
    for &metric in Metric::ALL {
        let system = system(polled());
        let status = evaluate(&system, calm());
        assert_eq!(
            (status.can_trade, status.tripped.len(), status.active.len()),
            (true, 0, Metric::ALL.len()),
            "{metric}"
        );
        assert_eq!(status.message, "trading");
        let status = evaluate(&system, with(metric));
        let id = system.breaker(metric.name()).unwrap();
        assert_eq!(status.tripped, [id], "{metric}");
        assert_eq!(status.overall_risk_score, 100.0);
        let gate = system.gate(&[&format!("m/{}", metric.name())]).unwrap();
        assert!(!gate.permits(Intent::Increase), "the order path hears of it at once: {metric}");
        assert!(status.message.ends_with("limit") && status.message.contains(metric.name()), "{}", status.message);
    }
}

#[test]
fn what_is_not_known_is_doubt_before_the_first_number_and_after_the_last() {
    let system = system(polled());
    let (own, market) = calm();
    let blind = MarketConditions { vix_level: None, ..market };
    let status = system.evaluate(&own, &blind);
    let vix = system.breaker("vix_level").unwrap();
    assert_eq!(status.tripped, [vix], "never heard of: unready, which denies");
    assert!(system.breaker_status(vix).unwrap().unready);
    assert!(system.evaluate(&own, &market).tripped.is_empty());
    // Everything is told every second but the one.
    for second in 1..30 {
        system.advance(at(second));
        assert!(system.evaluate(&own, &blind).tripped.is_empty(), "{second}");
    }
    system.advance(at(30));
    let status = system.evaluate(&own, &blind);
    assert_eq!((status.tripped.as_slice(), system.breaker_status(vix).unwrap().reason), (&[vix][..], Reason::Stale));
    assert_eq!(status.message, "trading elsewhere, but denied by vix_level (volatility on m/vix_level): stale");
}

#[test]
fn whoever_stops_polling_is_in_doubt_whatever_the_kind() {
    let system = system(polled());
    assert!(evaluate(&system, calm()).tripped.is_empty());
    system.advance(at(30));
    let stale = |id: &BreakerId| system.breaker_status(*id).unwrap().reason == Reason::Stale;
    let tripped = system.status().tripped.clone();
    assert!(tripped.len() == Metric::ALL.len() && tripped.iter().all(stale));
}

#[test]
fn a_number_that_is_none_is_refused_and_counted_and_the_others_are_heard() {
    let system = system(polled());
    evaluate(&system, calm());
    let (own, market) = with(Metric::VixLevel);
    let status = system.evaluate(&Metrics { loss_rate: Some(f64::NAN), ..own }, &market);
    assert_eq!(status.tripped, [system.breaker("vix_level").unwrap()], "it stands behind the one that is refused");
    let refused = |name: &str| system.breaker_status(system.breaker(name).unwrap()).unwrap().refused;
    assert_eq!((refused("loss_rate"), refused("vix_level"), refused("drawdown")), (1, 0, 0));
    for _ in 0..9 {
        system.evaluate(&Metrics { loss_rate: Some(f64::INFINITY), ..own }, &market);
    }
    let reason = system.breaker_status(system.breaker("loss_rate").unwrap()).unwrap().reason;
    assert_eq!(reason, Reason::Stale, "ten in a row are silence");
}

#[test]
fn a_score_counts_on_either_side_and_a_number_of_another_unit_counts_nowhere() {
    let system = system(polled());
    let (own, market) = calm();
    system.evaluate(&own, &market);
    let status = system.evaluate(
        &Metrics { model_accuracy: Some(95.0), ..own },
        &MarketConditions { price_anomaly_score: Some(-9.0), ..market },
    );
    assert_eq!(status.tripped, [system.breaker("price_anomaly_score").unwrap()]);
    let accuracy = system.breaker_status(system.breaker("model_accuracy").unwrap()).unwrap();
    assert_eq!((accuracy.refused, accuracy.status, accuracy.unready), (1, Status::Active, false));
}

#[test]
fn a_score_that_is_told_no_more_ends_no_trip() {
    let system = system(polled());
    let (own, market) = with(Metric::MarketDataQualityScore);
    assert_eq!(system.evaluate(&own, &market).tripped.len(), 1);
    let silent = MarketConditions { data_quality_score: None, ..market };
    assert_eq!(system.evaluate(&own, &silent).tripped.len(), 1);
}

#[test]
fn what_stops_everything_is_said_first_and_makes_can_trade_false() {
    let halts = RuleSpec::Polled(Polled {
        kind: Kind::MarketCircuitBreaker,
        metric: Metric::VenueHalts,
        limits: Polled::default_limits(Metric::VenueHalts).unwrap(),
    });
    let mut specs = polled();
    specs.push(BreakerSpec::new("all", ScopePath::root(), halts));
    let system = system(specs);
    assert!(evaluate(&system, calm()).can_trade);
    let status = evaluate(&system, with(Metric::VenueHalts));
    assert!(!status.can_trade && status.tripped.len() == 2);
    assert_eq!(status.message, "denied by all (market_circuit_breaker on everything): limit, and 1 more");
    system.kill();
    let status = system.status();
    assert_eq!((status.killed, status.message.as_ref()), (Some(Reason::Killed), "denied: killed"));
}

#[test]
fn a_latched_kind_stays_tripped_and_a_liquidation_liquidates() {
    let of = |kind, metric| RuleSpec::Polled(Polled { kind, metric, limits: Polled::default_limits(metric).unwrap() });
    let book = BreakerSpec::new("book", scope("acct"), of(Kind::LiquidationRequired, Metric::Drawdown));
    let dd = BreakerSpec::new("dd", scope("acct"), of(Kind::Drawdown, Metric::Drawdown));
    let system = system(vec![book, dd]);
    evaluate(&system, calm());
    evaluate(&system, with(Metric::Drawdown));
    let states = || ["book", "dd"].map(|name| status(&system, name).status);
    assert_eq!(states(), [Status::Liquidating, Status::Tripped]);
    evaluate(&system, calm());
    assert_eq!(states(), [Status::Liquidating, Status::Tripped], "no good number ends either");
    let refused = system.rebase(system.breaker("dd").unwrap(), money(1.0), admin()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotAllowed, "its peak is the caller's");
}

#[test]
fn a_reload_brings_new_breakers_and_keeps_what_the_others_have_heard() {
    let specs = polled();
    let system = system(specs[..5].to_vec());
    evaluate(&system, with(Metric::LossRate));
    system.reload(&plan(specs)).unwrap();
    let status = system.status();
    assert_eq!(status.tripped.len(), 1 + 15, "the tripped one, and those that have heard nothing yet");
    let status = evaluate(&system, calm());
    assert_eq!(status.tripped, [system.breaker("loss_rate").unwrap()], "latched");
    system.reload(&plan(vec![])).unwrap();
    assert_eq!(evaluate(&system, calm()).active, []);
}

#[test]
fn threads_that_evaluate_together_make_one_trip() {
    let system = Arc::new(system(polled()));
    evaluate(&system, calm());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    evaluate(&system, with(Metric::Drawdown));
                }
            });
        }
    });
    assert_eq!(status(&system, "drawdown").trips, 1);
    let told = events(&system).iter().filter(|e| e.event_type() == EventType::Tripped).count();
    assert_eq!(told, 1);
}

#[test]
fn after_a_shutdown_nothing_is_heard_and_nobody_can_trade() {
    let system = system(polled());
    evaluate(&system, calm());
    system.shutdown(Duration::ZERO).unwrap();
    let status = evaluate(&system, with(Metric::LossRate));
    assert!(!status.can_trade && status.killed == Some(Reason::ShutDown));
    assert_eq!(status.tripped, [], "no breaker has heard of it");
}

/// A twin that asks each breaker by itself.
fn gathered(system: &System) -> (bool, Vec<BreakerId>, Vec<BreakerId>, Vec<BreakerId>, f64) {
    let all = system.breakers();
    let ids =
        |which: &dyn Fn(&BreakerStatus) -> bool| all.iter().filter(|b| which(b)).map(|b| b.id).collect::<Vec<_>>();
    let denies = |b: &BreakerStatus| Intent::ALL.into_iter().any(|intent| b.denies.denies(intent));
    let tripped = ids(&denies);
    let warning = ids(&|b| !denies(b) && b.status == Status::Warning);
    let active = ids(&|b| !denies(b) && b.status != Status::Warning && !b.implicit && !b.disabled);
    let root_denies = all.iter().any(|b| b.scope.is_empty() && b.denies.denies(Intent::Increase));
    let score = all.iter().map(|b| b.risk_score).fold(0.0, f64::max);
    (system.killed().is_none() && !root_denies, active, warning, tripped, score)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    /// Whatever is polled, and whatever people do between.
    #[test]
    fn the_lists_are_those_of_the_breakers_asked_one_by_one(
        rounds in prop::collection::vec((prop::sample::select(Metric::ALL.to_vec()), 0u8..8, 0u64..40), 1..20),
    ) {
        let system = system(polled().into_iter().chain([manual("desk", "")]).collect());
        let mut now = 0;
        for (metric, what, gap) in rounds {
            now += gap;
            system.advance(at(now));
            let desk_id = system.breaker("desk").unwrap();
            let status = match what {
                0..=2 => evaluate(&system, with(metric)),
                3..=5 => evaluate(&system, calm()),
                6 => {
                    let _ = system.trip(desk_id, desk());
                    system.status()
                }
                _ => {
                    let _ = system.reset(desk_id, stamp(&system, "desk"), desk());
                    system.status()
                }
            };
            let (can_trade, active, warning, tripped, score) = gathered(&system);
            prop_assert_eq!((status.can_trade, status.active.clone(), status.warning.clone(), status.tripped.clone()), (can_trade, active, warning, tripped));
            prop_assert_eq!(status.overall_risk_score, score);
            prop_assert!(status.last_update <= at(now));
        }
    }
}

#[test]
fn the_same_numbers_again_give_the_same_status_and_other_ones_another() {
    let system = system(polled());
    let (metrics, market) = calm();
    let of = |thousands| Metrics { portfolio_value: Some(money(thousands * 1_000.0)), ..metrics };
    let first = system.evaluate(&of(1_000.0), &market);
    assert!(Arc::ptr_eq(&first, &system.evaluate(&of(1_000.0), &market)));
    let moved = system.evaluate(&of(960.0), &market);
    assert!(!Arc::ptr_eq(&moved, &first));
    let back = system.evaluate(&of(1_000.0), &market);
    assert!(!Arc::ptr_eq(&back, &moved));
    assert_eq!(back.overall_risk_score, first.overall_risk_score);
}
