//! Whatever the numbers, no rule panics, and the shortcut says what the rule would.

use core::time::Duration;
use std::sync::Arc;

use proptest::prelude::*;

use super::anomaly_detection::{AnomalyBaseline, AnomalyDetection, AnomalySource};
use super::correlation::basket::{Basket, Sampled};
use super::correlation::{Correlation, CorrelationMode};
use super::data_feed_integrity::{DataFeedIntegrity, IntegritySource};
use super::drawdown::{Baseline, Drawdown};
use super::liquidation::LiquidationRequired;
use super::loss_rate::{LossRate, LossSource};
use super::market::MarketCircuitBreaker;
use super::model_performance::{ModelPerformance, PerformanceSource};
use super::position_limit::PositionLimit;
use super::premarket_validation::{Deadline, PremarketCheck, PremarketValidation};
use super::technical::{CallWindow, SlowCalls, Technical};
use super::trial::{Trial, sessions};
use super::volatility::{Volatility, VolatilitySource};
use super::{Rule, RuleSpec};
use crate::model::ladder::{Bell, Direction, HaltEnd, Ladder, Reopen, Rung, Window};
use crate::model::limits::Limits;
use crate::model::observation::{Channel, CheckId, Observation, Outcome, VenueStatus};
use crate::model::policy::Policy;
use crate::model::price_band::{BandRow, PriceBand, Rounding, WideWindow};
use crate::model::rolling_move::RollingMove;
use crate::model::session::{Date, Sessions};
use crate::model::time::Nanos;
use crate::model::units::{Money, Price, Qty, Ratio};

const ENDS: [i64; 9] = [i64::MIN, i64::MIN + 1, -1_000, -1, 0, 1, 1_000, i64::MAX - 1, i64::MAX];

fn number() -> impl Strategy<Value = i64> {
    prop_oneof![prop::sample::select(ENDS.to_vec()), any::<i64>(), 900i64..1_100]
}

fn ratio() -> impl Strategy<Value = Ratio> {
    prop_oneof![3 => 0i64..1_000_000_000, 1 => number()].prop_map(Ratio::from_raw)
}

fn limits() -> impl Strategy<Value = Limits> {
    (ratio(), ratio(), ratio()).prop_map(|(limit, warn, clear)| Limits { limit, warn, clear })
}

fn time() -> impl Strategy<Value = u64> {
    prop_oneof![prop::sample::select(vec![0, 1, u64::MAX - 1, u64::MAX]), 0u64..700, any::<u64>()]
}

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![3 => (0u64..300).prop_map(Duration::from_nanos), 1 => time().prop_map(Duration::from_nanos), 1 => Just(Duration::MAX)]
}

fn calendar() -> Arc<Sessions> {
    sessions(&[(9, 0, 1), (10, 100, 200), (11, 300, 600), (12, 1 << 60, 1 << 61), (13, u64::MAX - 1, u64::MAX)])
}

fn ladder() -> impl Strategy<Value = RuleSpec> {
    let bell = || prop_oneof![duration().prop_map(Bell::AfterOpen), duration().prop_map(Bell::BeforeClose)];
    let window = (bell(), bell()).prop_map(|(from, until)| Window { from, until, end: HaltEnd::NextSession });
    let rung = (limits(), ratio(), prop::collection::vec(window, 0..4));
    let rungs =
        prop::collection::vec(rung.prop_map(|(limits, further, windows)| Rung { limits, further, windows }), 0..9);
    let direction = prop::sample::select(Direction::ALL.to_vec());
    let reopen = prop::sample::select(Reopen::ALL.to_vec());
    let switches = (any::<bool>(), any::<bool>());
    (rungs, direction, reopen, switches, duration()).prop_map(
        |(rungs, direction, reopen, (in_turn, inclusive), lasting)| {
            RuleSpec::MarketCircuitBreaker(
                Arc::new(Ladder {
                    sessions: calendar(),
                    direction,
                    rungs,
                    in_turn,
                    cutoff_inclusive: inclusive,
                    reopen,
                    lasting,
                    effective_from: None,
                    effective_to: None,
                })
                .into(),
            )
        },
    )
}

fn price_band() -> impl Strategy<Value = RuleSpec> {
    let bell = || prop_oneof![duration().prop_map(Bell::AfterOpen), duration().prop_map(Bell::BeforeClose)];
    let price = || prop::option::of(number().prop_map(Price::from_raw));
    let row = (price(), ratio(), price(), any::<bool>());
    let row = row.prop_map(|(up_to, share, most, widens_lower)| BandRow { up_to, share, most, widens_lower });
    let window = (bell(), bell(), any::<u32>(), price()).prop_map(|(from, until, times, highest_close)| WideWindow {
        from,
        until,
        times,
        highest_close,
        effective_from: None,
        effective_to: None,
    });
    let (rows, wide) = (prop::collection::vec(row, 0..4), prop::collection::vec(window, 0..4));
    let durations = (duration(), duration(), duration(), duration(), duration());
    let rounding = prop::sample::select(Rounding::ALL.to_vec());
    (rows, wide, durations, ratio(), bell(), rounding, number()).prop_map(
        |(rows, wide, (mean_of, hold, limit_state, pause, extension), step, no_reopen, rounding, tick)| {
            RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Band(Arc::new(PriceBand {
                sessions: calendar(),
                rows,
                wide,
                mean_of,
                step,
                hold,
                limit_state,
                pause,
                extension,
                no_reopen,
                rounding,
                tick: Price::from_raw(tick),
            })))
        },
    )
}

fn rolling_move() -> impl Strategy<Value = RuleSpec> {
    let direction = prop::sample::select(Direction::ALL.to_vec());
    (limits(), direction, duration(), duration()).prop_map(|(limits, direction, window, pause)| {
        let rolling = RollingMove { sessions: calendar(), direction, window, limits, pause };
        RuleSpec::MarketCircuitBreaker(Arc::new(rolling).into())
    })
}

fn drawdown() -> impl Strategy<Value = RuleSpec> {
    let baseline = prop_oneof![
        Just(Baseline::Peak),
        Just(Baseline::Session),
        Just(Baseline::SessionOpen),
        duration().prop_map(Baseline::Rolling),
    ];
    let underwater = prop::option::of(duration());
    (limits(), baseline, ratio(), duration(), any::<bool>(), underwater, ratio()).prop_map(
        |(limits, baseline, max_step, sample, speed, underwater_for, underwater_limit)| {
            RuleSpec::Drawdown(Drawdown { limits, baseline, max_step, sample, speed, underwater_for, underwater_limit })
        },
    )
}

fn volatility() -> impl Strategy<Value = RuleSpec> {
    let source = prop::sample::select(VolatilitySource::ALL.to_vec());
    let annualise = prop::option::of(any::<f64>());
    (limits(), source, prop::option::of(duration()), 0usize..5, annualise, any::<[bool; 2]>()).prop_map(
        |(limits, source, sample, returns, annualise, [rise, breakout])| {
            RuleSpec::Volatility(Volatility { limits, source, sample, returns, annualise, rise, breakout })
        },
    )
}

fn technical() -> impl Strategy<Value = RuleSpec> {
    let count = || prop_oneof![0u32..5, any::<u32>()];
    let window = prop_oneof![(0u32..70).prop_map(CallWindow::Last), duration().prop_map(CallWindow::Time)];
    let slow = (limits(), duration()).prop_map(|(rate, after)| SlowCalls { rate, after });
    (limits(), window, count(), prop::option::of(slow), prop::option::of(count())).prop_map(
        |(failure_rate, window, min_calls, slow, consecutive)| {
            RuleSpec::Technical(Technical { failure_rate, window, min_calls, slow, consecutive })
        },
    )
}

fn anomaly_detection() -> impl Strategy<Value = RuleSpec> {
    let source = prop::sample::select(AnomalySource::ALL.to_vec());
    let baseline = prop::sample::select(AnomalyBaseline::ALL.to_vec());
    (limits(), source, baseline, 0usize..9, 0usize..9, ratio()).prop_map(
        |(limits, source, baseline, window, min_values, min_scale)| {
            let window = [0, 1, 2, 3, 4, 5, 20, 200, 1_000][window];
            RuleSpec::AnomalyDetection(AnomalyDetection { limits, source, baseline, window, min_values, min_scale })
        },
    )
}

fn loss_rate() -> impl Strategy<Value = RuleSpec> {
    let pnl = number().prop_map(|capital| LossSource::Pnl { capital: Money::from_raw(capital) });
    let source = prop_oneof![Just(LossSource::Marks), pnl];
    (limits(), source, duration(), duration(), any::<[bool; 2]>()).prop_map(
        |(limits, source, window, sample, [streak, acceleration])| {
            RuleSpec::LossRate(LossRate { limits, source, window, sample, streak, acceleration })
        },
    )
}

fn correlation() -> impl Strategy<Value = RuleSpec> {
    let mode = prop::sample::select(CorrelationMode::ALL.to_vec());
    (limits(), mode, prop::option::of(duration()), 0usize..5, 0usize..5).prop_map(
        |(limits, mode, sample, returns, baseline)| {
            RuleSpec::Correlation(Correlation { limits, mode, sample, returns, baseline })
        },
    )
}

fn data_feed_integrity() -> impl Strategy<Value = RuleSpec> {
    let source = prop::sample::select(IntegritySource::ALL.to_vec());
    let (missing, latency) = (prop::option::of(ratio()), prop::option::of(duration()));
    (limits(), source, 0usize..70, missing, latency, any::<[bool; 2]>()).prop_map(
        |(limits, source, window, missing_limit, max_latency, [crossed, locked])| {
            RuleSpec::DataFeedIntegrity(DataFeedIntegrity {
                limits,
                source,
                window,
                missing_limit,
                max_latency,
                crossed,
                locked,
            })
        },
    )
}

fn model_performance() -> impl Strategy<Value = RuleSpec> {
    let source = prop::sample::select(PerformanceSource::ALL.to_vec());
    let count = || prop_oneof![4 => 0usize..70, 1 => prop::sample::select(vec![usize::MAX - 1, usize::MAX])];
    (limits(), source, count(), count()).prop_map(|(limits, source, window, min_outcomes)| {
        RuleSpec::ModelPerformance(ModelPerformance { limits, source, window, min_outcomes })
    })
}

fn premarket_validation() -> impl Strategy<Value = RuleSpec> {
    let deadline = prop_oneof![duration().prop_map(Deadline::BeforeOpen), duration().prop_map(Deadline::AfterOpen)];
    let check = (prop::sample::select(vec!["a", "b", ""]), prop::option::of(deadline));
    let check = check.prop_map(|(name, deadline)| PremarketCheck { name: name.into(), deadline });
    prop::collection::vec(check, 0..70).prop_map(|checks| RuleSpec::PremarketValidation(PremarketValidation { checks }))
}

fn liquidation() -> impl Strategy<Value = RuleSpec> {
    (limits(), prop::option::of(limits()))
        .prop_map(|(limits, margin)| RuleSpec::LiquidationRequired(LiquidationRequired { limits, margin }))
}

fn position_limit() -> impl Strategy<Value = RuleSpec> {
    let share = || prop::option::of(ratio());
    let each = (prop::option::of(number()), prop::option::of(number()), prop::option::of(any::<u32>()));
    (share(), share(), share(), share(), share(), share(), each, 1u32..9).prop_map(
        |(position, sector, long, short, gross, net, (quantity, notional, max_positions), capacity)| {
            RuleSpec::PositionLimit(PositionLimit {
                max_positions,
                max_position_share: position,
                max_sector_share: sector,
                max_long: long,
                max_short: short,
                max_gross: gross,
                max_net: net,
                max_quantity: quantity.map(Qty),
                max_notional: notional.map(Money::from_raw),
                capacity,
            })
        },
    )
}

fn observation() -> impl Strategy<Value = Observation> {
    let channel =
        prop::sample::select(vec![Channel::Trade, Channel::Mid, Channel::Equity, Channel::Spread, Channel::Size]);
    prop_oneof![
        12 => (channel, number()).prop_map(|(channel, value)| Observation::Value(channel, value)),
        4 => (number(), number()).prop_map(|(bid, ask)| Observation::Quote {
            bid: Price::from_raw(bid),
            ask: Price::from_raw(ask),
        }),
        2 => (number(), 8u8..14).prop_map(|(price, day)| Observation::Reference {
            price: Price::from_raw(price),
            session: Date::new(2020, 3, day),
        }),
        1 => number().prop_map(|amount| Observation::Flow(Money::from_raw(amount))),
        4 => (0u64..12, number(), number(), 0u32..4).prop_map(|(instrument, quantity, value, sector)| {
            Observation::Position { instrument, quantity: Qty(quantity), value: Money::from_raw(value), sector }
        }),
        2 => (number(), number()).prop_map(|(used, available)| Observation::Margin {
            used: Money::from_raw(used),
            available: Money::from_raw(available),
        }),
        2 => number().prop_map(|delta| Observation::Pnl(Money::from_raw(delta))),
        2 => any::<f64>().prop_map(Observation::Level),
        6 => (prop::sample::select(Outcome::ALL.to_vec()), duration(), duration())
            .prop_map(|(outcome, duration, late)| Observation::Outcome { outcome, duration, late }),
        2 => any::<bool>().prop_map(Observation::Prediction),
        2 => (prop::sample::select(vec!["a", "b", ""]), any::<bool>())
            .prop_map(|(name, passed)| Observation::Check { check: CheckId::of(name), passed }),
        3 => (time(), time()).prop_map(|(number, sent)| Observation::Sequence { number, sent: Nanos(sent) }),
        1 => prop::sample::select(VenueStatus::ALL.to_vec()).prop_map(Observation::Venue),
        1 => Just(Observation::Heartbeat),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    /// What the monitor reckons on a correlation's grid.
    #[test]
    fn no_number_panics_in_a_basket(
        (sample, returns, baseline) in (prop::option::of(duration()), 0usize..5, 0usize..5),
        mode in prop::sample::select(CorrelationMode::ALL.to_vec()),
        in_sessions: bool,
        begin in time(),
        samples in prop::collection::vec((time(), prop::collection::vec((number(), time()), 3)), 1..20),
    ) {
        let spec = Correlation { sample, returns, baseline, ..Correlation::with_mode(mode) };
        let mut basket = Basket::new(&spec, in_sessions.then(calendar), &[0, 1, 2], Nanos(begin));
        for (to, prices) in samples {
            let sampled = basket.advance(Nanos(to), |line| prices.get(line).map(|(price, at)| (*price, Nanos(*at))));
            prop_assert!(!matches!(sampled, Sampled::Value(value) if !(-1.0..=2.0).contains(&value)), "{sampled:?}");
            prop_assert!(basket.next() >= Nanos(begin));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]
    #[test]
    fn no_number_panics_or_makes_the_shortcut_lie(
        spec in prop_oneof![
            ladder(),
            price_band(),
            rolling_move(),
            drawdown(),
            volatility(),
            technical(),
            model_performance(),
            premarket_validation(),
            data_feed_integrity(),
            anomaly_detection(),
            loss_rate(),
            liquidation(),
            position_limit(),
            correlation(),
        ],
        in_sessions: bool,
        mut times in prop::collection::vec(time(), 1..40),
        heard in prop::collection::vec((observation(), prop::bool::weighted(0.1), number()), 40),
    ) {
        times.sort_unstable();
        let policy = Policy { sessions: in_sessions.then(calendar), ..Policy::default() };
        let make = |shortcut| Trial::new(Rule::new(&spec, &policy).unwrap(), Some(calendar()), shortcut);
        let (mut each, mut short) = (make(false), make(true));
        for (at, (observation, aside, number)) in times.into_iter().zip(heard) {
            for trial in [&mut each, &mut short] {
                trial.hear(observation, Nanos(at));
                if aside {
                    trial.rule.rebase(Money::from_raw(number), &mut trial.memory);
                    trial.rule.begin_anew(Nanos(number as u64));
                    trial.evaluate(Nanos(at));
                }
            }
            prop_assert_eq!((short.said(), short.memory), (each.said(), each.memory), "{:?} at {}", observation, at);
        }
    }
}
