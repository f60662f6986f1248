//! `haltline check`: what a configuration means, or every mistake in it.

mod bands;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use haltline::{
    AnomalyDetection, Bell, BreakerSpec, CallWindow, Correlation, DataFeedIntegrity, Deadline, Direction, Drawdown,
    Halt, HaltEnd, IntegritySource, Intent, Kind, Ladder, Lanes, Limits, LiquidationRequired, LossRate,
    MarketCircuitBreaker, Metric, ModelPerformance, Money, Nanos, PerformanceSource, Policy, Polled, PositionLimit,
    PremarketCheck, Ratio, Release, RollingMove, RuleSpec, Rung, ScopePath, System, Technical, Template, TimeBased,
    Volatility, VolatilitySource,
};
use haltline_config::{Calendar, Config, Finding, Instruments};
use serde_json::{Value, json};

use crate::output::{BAD, Failure, GOOD, HEAD, WARN, grouped, percent, readable, scope_name, short, styled, table};

/// Checks a file.
pub(crate) fn run(file: &Path, as_json: bool) -> Result<ExitCode, Failure> {
    readable(file)?;
    let config = haltline_config::load(file)
        .map_err(|mistakes| mistakes.as_slice().iter().map(Mistake::from).collect::<Vec<_>>())
        .and_then(|config| match System::manual(config.plan.clone(), Nanos(0)) {
            Ok(_) => Ok(config),
            // What only registration sees: capacities, for example.
            Err(error) => Err(vec![Mistake { at: None, text: format!("{}: {error}", file.display()) }]),
        });
    let mut out = anstream::stdout().lock();
    match config {
        Ok(config) => {
            if as_json {
                writeln!(out, "{}", told_as_json(file, &config))?;
            } else {
                tell(&mut out, file, &config)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(mistakes) => {
            for mistake in &mistakes {
                anstream::eprintln!("{}", mistake.text);
            }
            if as_json {
                let list: Vec<_> = mistakes.iter().map(Mistake::as_json).collect();
                writeln!(out, "{}", json!({ "file": file.to_string_lossy(), "ok": false, "mistakes": list }))?;
            } else {
                let many = if mistakes.len() == 1 { "mistake" } else { "mistakes" };
                anstream::eprintln!("{}", styled(BAD, format!("{} {many}", mistakes.len())));
            }
            if has_sources(file) {
                anstream::eprintln!("it has [[source]] tables: haltline sources check {}", file.display());
            }
            Ok(ExitCode::from(1))
        }
    }
}

/// Whether it is the other kind of file, as far as that can be read.
fn has_sources(file: &Path) -> bool {
    let text = haltline_config::text(file).unwrap_or_default();
    let (root, _) = toml::de::DeTable::parse_recoverable(&text);
    root.get_ref().get("source").is_some_and(|source| source.get_ref().is_array())
}

struct Mistake {
    at: Option<Finding>,
    text: String,
}

impl From<&Finding> for Mistake {
    fn from(finding: &Finding) -> Self {
        Self { at: Some(finding.clone()), text: finding.to_string() }
    }
}

impl Mistake {
    fn as_json(&self) -> Value {
        match &self.at {
            Some(finding) => finding_as_json(finding),
            None => json!({ "line": null, "column": null, "message": self.text }),
        }
    }
}

/// Where it is, as it may be in an included file.
pub(crate) fn finding_as_json(finding: &Finding) -> Value {
    let Finding { file, line, column, message } = finding;
    json!({ "file": &**file, "line": line, "column": column, "message": message })
}

fn tell(out: &mut impl Write, file: &Path, config: &Config) -> Result<(), Failure> {
    writeln!(out, "{}", styled(HEAD, file.display()))?;
    describe(out, config)?;
    for warning in config.warnings.iter().chain(&config.ends(today())) {
        writeln!(out, "{} {warning}", styled(WARN, "warning:"))?;
    }
    writeln!(out, "{}", styled(GOOD, "no mistakes"))?;
    Ok(())
}

/// The breakers as a table, then the calendars.
pub(crate) fn describe(out: &mut impl Write, config: &Config) -> Result<(), Failure> {
    let head = ["breaker", "guards", "trips at", "denies", "ends", "reset by"];
    let all = guarded(config);
    let rows = all.iter().map(|(scope, breaker)| {
        let policy = &breaker.policy;
        vec![
            format!("{}\n  {}", breaker.name, breaker.rule.kind()),
            format!("{}\n  {}", scope_name(scope), hears(breaker)),
            limits(&breaker.rule).join("\n"),
            denies(policy),
            ends(breaker.rule.kind(), policy),
            policy.reset_authority.to_string(),
        ]
    });
    write!(out, "{}", table(&head, rows.collect(), &[]))?;
    for (name, calendar) in &config.calendars {
        let sessions = calendar.sessions.as_slice();
        let span = match sessions {
            [first, .., last] => format!(", {} to {}", first.date, last.date),
            _ => String::new(),
        };
        writeln!(out, "calendar {name}: {} sessions{span}, {}", sessions.len(), calendar.time_zone)?;
    }
    for (name, Instruments { file, parent, scopes }) in &config.instruments {
        let below = if parent.is_root() { String::new() } else { format!(" of {parent}") };
        writeln!(out, "instruments {name}: {}{below}, {file}", grouped(scopes.len() as u64))?;
    }
    Ok(())
}

/// What each guards, and how: the breakers, then the templates, whose scope is that of their instances.
fn guarded(config: &Config) -> Vec<(String, BreakerSpec)> {
    let plan = &config.plan;
    let breakers = plan.breakers.iter().map(|breaker| (breaker.scope.as_str().to_owned(), breaker.clone()));
    let templates = plan.templates.iter().map(|template| {
        let Template { name, parent, only, rule, policy } = template.clone();
        let each = if parent.is_root() { "*".to_owned() } else { format!("{parent}/*") };
        let scope = match only {
            None => each,
            Some(only) => format!("{each} of {}", list_name(config, &only)),
        };
        (scope, BreakerSpec { name, scope: parent, watch: vec![], rule, policy })
    });
    breakers.chain(templates).collect()
}

/// Lists may have the same instruments; a breaker shares those of its own.
fn list_name<'c>(config: &'c Config, only: &Arc<BTreeSet<ScopePath>>) -> &'c str {
    let list = config.instruments.iter().find(|(_, list)| Arc::ptr_eq(&list.scopes, only));
    list.map_or("a list", |(name, _)| name)
}

fn today() -> Nanos {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Nanos::from_secs(now.as_secs())
}

fn told_as_json(file: &Path, config: &Config) -> Value {
    let (breakers, calendars) = (breakers_as_json(config), calendars_as_json(config));
    let warnings: Vec<_> = config.warnings.iter().chain(&config.ends(today())).map(finding_as_json).collect();
    json!({
        "file": file.to_string_lossy(), "ok": true, "breakers": breakers, "calendars": calendars,
        "instruments": instruments_as_json(config), "warnings": warnings,
    })
}

pub(crate) fn breakers_as_json(config: &Config) -> Vec<Value> {
    guarded(config).iter().map(|(scope, b)| breaker_as_json(scope, b)).collect()
}

pub(crate) fn calendars_as_json(config: &Config) -> Vec<Value> {
    let told = |(name, c): (&String, &Calendar)| json!({ "name": name, "timezone": c.time_zone, "sessions": c.sessions.as_slice().len() });
    config.calendars.iter().map(told).collect()
}

fn instruments_as_json(config: &Config) -> Vec<Value> {
    let told = |(name, list): (&String, &Instruments)| json!({ "name": name, "scope": list.parent.as_str(), "file": list.file, "count": list.scopes.len() });
    config.instruments.iter().map(told).collect()
}

fn breaker_as_json(scope: &str, breaker: &BreakerSpec) -> Value {
    let policy = &breaker.policy;
    let limits = |l: &Limits| json!({ "limit": l.limit.to_f64(), "warn": l.warn.to_f64(), "clear": l.clear.to_f64() });
    let levels: Vec<Value> = match &breaker.rule {
        RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Ladder(ladder)) => {
            ladder.rungs.iter().map(|rung| limits(&rung.limits)).collect()
        }
        RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Band(band)) => {
            band.rows.iter().map(bands::row_as_json).collect()
        }
        RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Rolling(rolling)) => vec![limits(&rolling.limits)],
        RuleSpec::Drawdown(Drawdown { limits: l, .. })
        | RuleSpec::Volatility(Volatility { limits: l, .. })
        | RuleSpec::Correlation(Correlation { limits: l, .. })
        | RuleSpec::AnomalyDetection(AnomalyDetection { limits: l, .. })
        | RuleSpec::DataFeedIntegrity(DataFeedIntegrity { limits: l, .. }) => {
            vec![limits(l)]
        }
        RuleSpec::Technical(t) => {
            [Some(t.failure_rate), t.slow.map(|slow| slow.rate)].iter().flatten().map(limits).collect()
        }
        RuleSpec::Polled(Polled { limits: l, .. }) => vec![limits(l)],
        RuleSpec::ModelPerformance(ModelPerformance { limits: l, .. }) => vec![limits(l)],
        RuleSpec::LossRate(LossRate { limits: l, .. }) => vec![limits(l)],
        RuleSpec::LiquidationRequired(LiquidationRequired { limits: l, margin }) => {
            [Some(l), margin.as_ref()].into_iter().flatten().map(limits).collect()
        }
        RuleSpec::PositionLimit(rule) => position_levels(rule),
        RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Venue)
        | RuleSpec::PremarketValidation(_)
        | RuleSpec::TimeBased(_)
        | RuleSpec::KillSwitch(_)
        | RuleSpec::Manual => vec![],
    };
    let halt_for = match &policy.halt {
        Halt::Timed { base, .. } => json!(base.as_secs_f64()),
        Halt::Ladder(_) => Value::Null,
    };
    json!({
        "name": breaker.name,
        "kind": breaker.rule.kind().name(),
        "scope": scope,
        "metric": breaker.rule.metric().map(Metric::name),
        "watch": breaker.watch.iter().map(|w| w.as_str()).collect::<Vec<_>>(),
        "levels": levels,
        "effect": intents(policy.effect),
        "release": policy.release.name(),
        "halt_for_s": halt_for,
        "cooldown_for_s": policy.cooldown_for.as_secs_f64(),
        "probes": policy.probes(),
        "reset_authority": policy.reset_authority.name(),
        "enabled": policy.enabled,
        "shadow": policy.shadow,
    })
}

/// The limits on positions that are switched on.
fn position_levels(rule: &PositionLimit) -> Vec<Value> {
    let share = |share: Option<Ratio>| share.map(Ratio::to_f64);
    let each = [
        ("max_positions", rule.max_positions.map(f64::from)),
        ("max_position_share", share(rule.max_position_share)),
        ("max_sector_share", share(rule.max_sector_share)),
        ("max_long", share(rule.max_long)),
        ("max_short", share(rule.max_short)),
        ("max_gross", share(rule.max_gross)),
        ("max_net", share(rule.max_net)),
        ("max_quantity", rule.max_quantity.map(|most| most.0 as f64)),
        ("max_notional", rule.max_notional.map(Money::to_f64)),
    ];
    each.into_iter().filter_map(|(name, limit)| Some(json!({ "name": name, "limit": limit? }))).collect()
}

/// The denied intents by name.
pub(crate) fn intents(lanes: Lanes) -> Vec<&'static str> {
    Intent::ALL.into_iter().filter(|intent| lanes.denies(*intent)).map(Intent::name).collect()
}

fn hears(breaker: &BreakerSpec) -> String {
    let watched: Vec<_> = breaker.watch.iter().map(|w| scope_name(w.as_str())).collect();
    match watched.as_slice() {
        _ if breaker.rule.metric().is_some() => {
            format!("polled for {}", breaker.rule.metric().map_or("nothing", Metric::name))
        }
        _ if breaker.rule.kind() == Kind::TimeBased => "goes by the clock".into(),
        _ if !breaker.rule.kind().row().has_readings => "hears people".into(),
        [] => "hears the same".into(),
        _ => format!("hears {}", watched.join("\n        ")),
    }
}

fn limits(rule: &RuleSpec) -> Vec<String> {
    let share = |l: &Limits| format!("{} (warns at {})", percent(l.limit), percent(l.warn));
    match rule {
        RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Ladder(ladder)) => {
            let rungs = (1..).zip(&ladder.rungs).flat_map(|(number, spec)| rung(number, spec));
            what_counts(ladder).into_iter().chain(rungs).collect()
        }
        RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Band(band)) => bands::told(band),
        RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Rolling(rolling)) => rolling_move(rolling),
        RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Venue) => vec!["unless each venue is open".into()],
        RuleSpec::Drawdown(drawdown) => vec![share(&drawdown.limits)],
        RuleSpec::Polled(Polled { limits: l, .. }) => match rule.best() {
            None => vec![format!("{} (warns at {})", l.limit, l.warn)],
            Some(_) => vec![format!("below {} (warns below {})", l.limit, l.warn)],
        },
        RuleSpec::LiquidationRequired(rule) => {
            let margin =
                rule.margin.map(|l| format!("margin use above {} (warns at {})", percent(l.limit), percent(l.warn)));
            [Some(share(&rule.limits)), margin].into_iter().flatten().collect()
        }
        RuleSpec::LossRate(rate) => vec![share(&rate.limits), format!("in {}", short(rate.window))],
        RuleSpec::Volatility(volatility) => match volatility.source {
            VolatilitySource::Level => {
                vec![format!("{} (warns at {})", volatility.limits.limit, volatility.limits.warn)]
            }
            VolatilitySource::Trade | VolatilitySource::Mid => vec![share(&volatility.limits)],
        },
        RuleSpec::Technical(rule) => technical(rule),
        RuleSpec::ModelPerformance(model) => model_performance(model),
        RuleSpec::TimeBased(rule) => time_based(rule),
        RuleSpec::PremarketValidation(rule) => rule.checks.iter().map(premarket_check).collect(),
        RuleSpec::Correlation(Correlation { limits, mode, sample, returns, .. }) => vec![
            format!("{} (warns at {}), {mode}", limits.limit, limits.warn),
            format!("{returns} returns of {}", sample.map_or("a session".into(), short)),
        ],
        RuleSpec::AnomalyDetection(AnomalyDetection { limits, source, baseline, window, .. }) => vec![
            format!("{} deviations (warns at {})", limits.limit, limits.warn),
            format!("{source}, {baseline} of {window}"),
        ],
        RuleSpec::DataFeedIntegrity(rule) => integrity(rule),
        RuleSpec::PositionLimit(rule) => position_limits(rule),
        RuleSpec::KillSwitch(_) | RuleSpec::Manual => vec!["-".into()],
    }
}

fn technical(rule: &Technical) -> Vec<String> {
    let of = match rule.window {
        CallWindow::Last(calls) => format!("of the last {calls} calls"),
        CallWindow::Time(window) => format!("of the calls of {}", short(window)),
    };
    let rate = |l: &Limits, what: &str| format!("{} {what} (warns at {})", percent(l.limit), percent(l.warn));
    let slow = rule.slow.map(|slow| rate(&slow.rate, &format!("take {} or more", short(slow.after))));
    let row = rule.consecutive.map(|most| format!("{most} failures in a row"));
    let fewest = format!("{of}, at least {}", rule.min_calls);
    [Some(rate(&rule.failure_rate, "fail")), slow, Some(fewest), row].into_iter().flatten().collect()
}

fn model_performance(model: &ModelPerformance) -> Vec<String> {
    let levels = format!("below {} (warns below {})", percent(model.limits.limit), percent(model.limits.warn));
    match model.source {
        PerformanceSource::Outcomes => vec![levels, format!("of {} to {}", model.min_outcomes, model.window)],
        PerformanceSource::Level => vec![levels],
    }
}

fn time_based(rule: &TimeBased) -> Vec<String> {
    let blackouts = match rule.blackouts.len() {
        0 => None,
        1 => Some("in 1 blackout".to_owned()),
        many => Some(format!("in {many} blackouts")),
    };
    core::iter::once("out of session".to_owned()).chain(blackouts).collect()
}

fn premarket_check(check: &PremarketCheck) -> String {
    match check.deadline {
        None => format!("without {}", check.name),
        Some(Deadline::BeforeOpen(d)) => format!("without {} by open-{}", check.name, short(d)),
        Some(Deadline::AfterOpen(d)) if d.is_zero() => format!("without {} by open", check.name),
        Some(Deadline::AfterOpen(d)) => format!("without {} by open+{}", check.name, short(d)),
    }
}

fn integrity(rule: &DataFeedIntegrity) -> Vec<String> {
    let mut lines = vec![format!("below {} (warns below {})", rule.limits.limit, rule.limits.warn)];
    if rule.source == IntegritySource::Heard {
        lines.push(format!("over {} messages", rule.window));
        lines.extend(rule.missing_limit.map(|share| format!("{} missing", percent(share))));
        lines.extend(rule.max_latency.map(|most| format!("later than {}", short(most))));
        let books = [(rule.crossed, "crossed book"), (rule.locked, "locked book")];
        lines.extend(books.into_iter().filter(|(on, _)| *on).map(|(_, book)| book.to_owned()));
    }
    lines
}

/// The limits that are switched on, by the names of their keys.
fn position_limits(rule: &PositionLimit) -> Vec<String> {
    let share = |what: &str, share: Option<Ratio>| share.map(|share| format!("{what} above {}", percent(share)));
    let lines = [
        rule.max_positions.map(|most| format!("positions above {most}")),
        share("a position", rule.max_position_share),
        share("a sector", rule.max_sector_share),
        share("long", rule.max_long),
        share("short", rule.max_short),
        share("gross", rule.max_gross),
        share("net", rule.max_net),
        rule.max_quantity.map(|most| format!("a quantity above {}", most.0)),
        rule.max_notional.map(|most| format!("a notional above {most}")),
    ];
    lines.into_iter().flatten().collect()
}

/// Which moves fire its rungs, where it is not any fall.
fn what_counts(ladder: &Ladder) -> Vec<String> {
    let way = match ladder.direction {
        Direction::Down => None,
        way => Some(which_way(way).to_owned()),
    };
    let lasting = (!ladder.lasting.is_zero()).then(|| format!("what lasts {}", short(ladder.lasting)));
    let in_turn = ladder.in_turn.then(|| "each rung after the one below".to_owned());
    way.into_iter().chain(lasting).chain(in_turn).collect()
}

fn which_way(direction: Direction) -> &'static str {
    match direction {
        Direction::Down => "a fall",
        Direction::Up => "a rise",
        Direction::Both => "a move either way",
    }
}

fn rolling_move(rolling: &RollingMove) -> Vec<String> {
    let Limits { limit, warn, .. } = rolling.limits;
    let what = format!("{} within {}", which_way(rolling.direction), short(rolling.window));
    vec![what, format!("{} (warns at {}), a pause of {}", percent(limit), percent(warn), short(rolling.pause))]
}

/// A time of the session, as it is written in a configuration.
fn bell(bell: Bell) -> String {
    match bell {
        Bell::AfterOpen(d) if d.is_zero() => "open".to_owned(),
        Bell::AfterOpen(d) => format!("open+{}", short(d)),
        Bell::BeforeClose(d) if d.is_zero() => "close".to_owned(),
        Bell::BeforeClose(d) => format!("close-{}", short(d)),
    }
}

fn rung(number: usize, rung: &Rung) -> Vec<String> {
    let further = match rung.further {
        Ratio::ZERO => String::new(),
        further => format!(", {} further", percent(further)),
    };
    let windows = rung.windows.iter().map(|window| {
        let end = match window.end {
            HaltEnd::After(d) => format!("for {}", short(d)),
            HaltEnd::NextSession => "to next session".into(),
            HaltEnd::Close => "to the close".into(),
        };
        let limit = percent(rung.limits.limit);
        format!("{number}: {limit}{further}, {} to {}, {end}", bell(window.from), bell(window.until))
    });
    windows.collect()
}

fn denies(policy: &Policy) -> String {
    match (policy.enabled, policy.shadow) {
        (false, _) => "nothing (disabled)".into(),
        (_, true) => "nothing (shadow)".into(),
        _ => policy.effect.to_string(),
    }
}

fn ends(kind: Kind, policy: &Policy) -> String {
    let mut text = match (policy.release, &policy.halt) {
        (Release::Level, _) if kind == Kind::TimeBased => "with the bell".to_owned(),
        (Release::Latched, _) => "by hand".to_owned(),
        (Release::Level, _) => "first good reading".to_owned(),
        (Release::Timed, Halt::Timed { base, .. }) => format!("after {}", short(*base)),
        (Release::Timed, Halt::Ladder(_)) => "by its rung".to_owned(),
    };
    if !policy.cooldown_for.is_zero() {
        text.push_str(&format!("\ncooldown {}", short(policy.cooldown_for)));
        if let Some(permits) = policy.probes() {
            text.push_str(&format!(", {permits} probes"));
        }
    }
    text
}
