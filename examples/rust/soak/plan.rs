//! What is watched: instruments, accounts, gateways and desks, some hundred breakers of nine kinds.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use haltline::*;

use super::Failure;

/// Those of the plan, and those that are declared after the start.
pub(super) const INSTRUMENTS_AT_START: usize = 14;
pub(super) const INSTRUMENTS: usize = 16;
pub(super) const ACCOUNTS: usize = 16;
pub(super) const GATEWAYS: usize = 8;
pub(super) const DESKS: usize = 8;

/// Short, so that halts end by time all the while.
const PAUSE: Duration = Duration::from_millis(5);

/// The paths of a group, numbered.
pub(super) fn paths(group: &str, count: usize) -> Result<Vec<ScopePath>, Error> {
    (0..count).map(|i| ScopePath::new(&format!("{group}/{i}"))).collect()
}

pub(super) fn instruments(count: usize) -> Result<Vec<ScopePath>, Error> {
    paths("X", count)
}

/// The plan with so many instruments.
pub(super) fn of(instruments: usize) -> Result<Plan, Failure> {
    let mut breakers = Vec::new();
    for account in paths("acct", ACCOUNTS)? {
        breakers.extend(of_account(&account)?);
    }
    for gateway in paths("gw", GATEWAYS)? {
        breakers.extend(of_gateway(&gateway)?);
    }
    for desk in paths("desk", DESKS)? {
        breakers.push(BreakerSpec::new(&named("desk", &desk), desk, RuleSpec::Manual));
    }
    let caps = Caps { scopes: 256, breakers: 1_024, listeners: 1_024, ..Caps::default() };
    Ok(Plan { scopes: self::instruments(instruments)?, breakers, templates: templates()?, caps, ..Plan::default() })
}

/// Another policy for all that is written out: it denies something else. New exposure is denied either way.
pub(super) fn changed(plan: &Plan, round: u64) -> Plan {
    let mut plan = plan.clone();
    let effect = [Lanes::NO_NEW, Lanes::HALT][round as usize % 2];
    plan.breakers.iter_mut().for_each(|spec| spec.policy.effect = effect);
    plan
}

fn named(what: &str, scope: &ScopePath) -> String {
    format!("{what}-{}", scope.as_str().replace('/', "-"))
}

/// Its fall trips and its recovery releases; the others have seen worse.
fn of_account(account: &ScopePath) -> Result<[BreakerSpec; 3], Error> {
    let fall = Drawdown { speed: false, underwater_for: None, ..Drawdown::with_limit(Ratio::from_f64(0.1)?) };
    let speed = LossRate { streak: false, acceleration: false, ..LossRate::with_limit(Ratio::from_f64(0.5)?) };
    let margin = LiquidationRequired::with_limit(Ratio::from_f64(0.5)?);
    let of = |what, rule| BreakerSpec::new(&named(what, account), account.clone(), rule);
    let mut fall = of("drawdown", RuleSpec::Drawdown(fall));
    fall.policy.release = Release::Level;
    Ok([fall, of("loss", RuleSpec::LossRate(speed)), of("margin", RuleSpec::LiquidationRequired(margin))])
}

fn of_gateway(gateway: &ScopePath) -> Result<[BreakerSpec; 2], Error> {
    let of = |what, rule| BreakerSpec::new(&named(what, gateway), gateway.clone(), rule);
    let calls = paused(of("calls", RuleSpec::Technical(Technical::default())));
    Ok([calls, of("model", RuleSpec::ModelPerformance(ModelPerformance::default()))])
}

/// Each instrument has these.
fn templates() -> Result<Vec<Template>, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let (open, close) = (Nanos::from_secs(now - 3_600), Nanos::from_secs(now + 10 * 365 * 86_400));
    let session = Session { date: Date::new(2020, 1, 2), open, close };
    let fall = RollingMove {
        sessions: Arc::new(Sessions::new(vec![session])?),
        direction: Direction::Down,
        window: Duration::from_secs(1),
        limits: Limits::of(Ratio::from_f64(0.05)?),
        pause: PAUSE,
    };
    let prints = AnomalyDetection::with_source(AnomalySource::Return);
    let prints = AnomalyDetection { baseline: AnomalyBaseline::Ewma, ..prints };
    let tape = DataFeedIntegrity::with_limit(Ratio::from_f64(95.0)?);
    let market = ScopePath::new("X")?;
    let of = |name, rule| -> Template {
        let BreakerSpec { name, scope, rule, policy, .. } = paused(BreakerSpec::new(name, market.clone(), rule));
        Template { name, parent: scope, only: None, rule, policy }
    };
    Ok(vec![
        of("fall", RuleSpec::MarketCircuitBreaker(Arc::new(fall).into())),
        of("prints", RuleSpec::AnomalyDetection(prints)),
        of("tape", RuleSpec::DataFeedIntegrity(tape)),
    ])
}

fn paused(mut spec: BreakerSpec) -> BreakerSpec {
    spec.policy.halt = Halt::Timed { base: PAUSE, backoff: 1.0, max: PAUSE };
    spec
}
