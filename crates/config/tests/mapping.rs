//! Every key of the format is accepted and lands in the field of the plan that it names; what is left out has the
//! catalogue's default.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;
use std::time::Duration;

use haltline::{
    AnomalyBaseline, AnomalyDetection, AnomalySource, Authority, Baseline, Bell, BreakerSpec, CallWindow, Caps,
    CooldownEffect, Correlation, CorrelationMode, DataFeedIntegrity, Date, Direction, Drawdown, Halt, HaltEnd,
    IntegritySource, KillSwitch, Kind, Ladder, Lanes, Limits, MarketCircuitBreaker, OnBadInput, OnStale, OnUnready,
    Policy, PriceBand, Ratio, Release, Reopen, Rounding, RuleSpec, Rung, ScopePath, Skew, SlowCalls, Status, Technical,
    Tier, Volatility, VolatilitySource, Window,
};
use haltline_config::{Config, parse};

const CALENDAR: &str = r#"
[[calendar]]
name = "us"
timezone = "America/New_York"
from = 2020-03-01
to = 2020-03-31
sessions = { mon-fri = ["09:30", "16:00"] }
"#;

fn config(text: &str) -> Config {
    parse(text, "risk.toml").unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// The one breaker of a file that also has the calendar "us".
fn breaker(kind: &str, keys: &str) -> BreakerSpec {
    let head = format!("[[breaker]]\nname = \"b\"\nscope = \"acct/main\"\nkind = {kind:?}\n");
    config(&format!("{CALENDAR}{head}{keys}")).plan.breakers.remove(0)
}

fn path(text: &str) -> ScopePath {
    ScopePath::new(text).unwrap()
}

fn ratio(value: f64) -> Ratio {
    Ratio::from_f64(value).unwrap()
}

fn limits(limit: f64, warn: f64, clear: f64) -> Limits {
    Limits { limit: ratio(limit), warn: ratio(warn), clear: ratio(clear) }
}

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn us() -> Arc<haltline::Sessions> {
    let any = "[[breaker]]\nname = \"b\"\nscope = \"\"\nkind = \"manual\"\n";
    config(&format!("{CALENDAR}{any}")).calendars["us"].sessions.clone()
}

#[test]
fn scopes_and_system_become_scopes_capacities_and_skew() {
    let plan = config(
        r#"
        scopes = ["XNYS/SPY", "acct/main"]
        [system]
        max_scopes = 10
        max_breakers = 20
        max_listeners = 30
        history = 50
        max_subscribers = 7
        ring = 64
        max_ahead = "2s"
        max_backstep = "5ms"
        [[breaker]]
        name = "b"
        kind = "manual"
        scope = ""
        "#,
    )
    .plan;
    assert_eq!(plan.scopes, [path("XNYS/SPY"), path("acct/main")]);
    assert_eq!(plan.caps, Caps { scopes: 10, breakers: 20, listeners: 30, ring: 64, history: 50, subscribers: 7 });
    assert_eq!(plan.skew, Skew { max_ahead: secs(2), max_backstep: Duration::from_millis(5) });
}

#[test]
fn a_breaker_of_each_kind_with_no_more_than_it_needs_has_the_defaults_of_its_kind() {
    let plain = |kind: Kind, rule| BreakerSpec {
        name: "b".into(),
        scope: path("acct/main"),
        watch: vec![],
        rule,
        policy: kind.default_policy(),
    };
    let drawdown = Drawdown {
        limits: limits(0.08, 0.064, 0.0576),
        baseline: Baseline::Peak,
        max_step: ratio(0.2),
        sample: secs(60),
        speed: true,
        underwater_for: Some(secs(86_400)),
        underwater_limit: ratio(0.05),
    };
    assert_eq!(breaker("drawdown", ""), plain(Kind::Drawdown, RuleSpec::Drawdown(drawdown)));
    let volatility = Volatility {
        limits: limits(0.05, 0.04, 0.036),
        source: VolatilitySource::Trade,
        sample: Some(secs(60)),
        returns: 30,
        annualise: None,
        rise: true,
        breakout: true,
    };
    assert_eq!(breaker("volatility", ""), plain(Kind::Volatility, RuleSpec::Volatility(volatility)));
    let technical = Technical {
        failure_rate: limits(0.5, 0.4, 0.36),
        window: CallWindow::Last(100),
        min_calls: 10,
        slow: None,
        consecutive: None,
    };
    let spec = breaker("technical", "");
    assert_eq!(spec, plain(Kind::Technical, RuleSpec::Technical(technical)));
    assert_eq!((spec.policy.on_unready, spec.policy.on_stale), (OnUnready::Allow, OnStale::Ignore));
    assert_eq!(spec.policy.halt, Halt::Timed { base: secs(30), backoff: 1.0, max: secs(86_400) });
    let pair = Correlation {
        limits: limits(0.7, 0.56, 0.504),
        mode: CorrelationMode::Rise,
        sample: Some(secs(86_400)),
        returns: 20,
        baseline: 60,
    };
    let pair =
        BreakerSpec { watch: vec![path("a"), path("b")], ..plain(Kind::Correlation, RuleSpec::Correlation(pair)) };
    assert_eq!((pair.policy.effect, pair.policy.release), (Lanes::HALT, Release::Timed));
    assert_eq!(breaker("correlation", "watch = [\"a\", \"b\"]\n"), pair);
    let anomaly = AnomalyDetection {
        limits: limits(3.0, 2.4, 2.16),
        source: AnomalySource::Return,
        baseline: AnomalyBaseline::Median,
        window: 120,
        min_values: 30,
        min_scale: ratio(0.0001),
    };
    let anomaly = plain(Kind::AnomalyDetection, RuleSpec::AnomalyDetection(anomaly));
    assert_eq!(
        (anomaly.policy.effect, anomaly.policy.release, anomaly.policy.confirm),
        (Lanes::NO_NEW, Release::Timed, 3)
    );
    assert_eq!(breaker("anomaly_detection", ""), anomaly);
    let integrity = DataFeedIntegrity {
        limits: limits(95.0, 96.0, 98.0),
        source: IntegritySource::Heard,
        window: 1_000,
        missing_limit: None,
        max_latency: None,
        crossed: true,
        locked: false,
    };
    let integrity = plain(Kind::DataFeedIntegrity, RuleSpec::DataFeedIntegrity(integrity));
    assert_eq!((integrity.policy.effect, integrity.policy.release), (Lanes::HALT, Release::Level));
    assert_eq!(breaker("data_feed_integrity", ""), integrity);
    assert_eq!(breaker("manual", ""), plain(Kind::Manual, RuleSpec::Manual));
    assert_eq!(breaker("kill_switch", ""), plain(Kind::KillSwitch, RuleSpec::KillSwitch(KillSwitch::default())));
}

#[test]
fn every_policy_key_of_a_kind_with_readings_is_mapped() {
    let spec = breaker(
        "drawdown",
        r#"
        watch = ["acct/a", "acct/b"]
        calendar = "us"
        effect = "close"
        release = "timed"
        halt_for = "10m"
        backoff = 2
        backoff_max = "1h"
        cooldown_for = "5m"
        cooldown_effect = "halt"
        max_auto_resets = 7
        auto_reset_window = "12h"
        reset_authority = "trader"
        severity = 0.5
        enabled = false
        shadow = true
        confirm = 3
        confirm_for = "10s"
        on_unready = "allow"
        on_stale = "warn"
        stale_after = "1m30s"
        on_bad_input = "trip"
        "#,
    );
    assert_eq!(spec.watch, [path("acct/a"), path("acct/b")]);
    let policy = Policy {
        enabled: false,
        shadow: true,
        effect: Lanes::CLOSE,
        release: Release::Timed,
        liquidates: false,
        halt: Halt::Timed { base: secs(600), backoff: 2.0, max: secs(3_600) },
        cooldown_for: secs(300),
        cooldown_effect: CooldownEffect::Denies(Lanes::HALT),
        max_auto_resets: Some(7),
        auto_reset_window: secs(12 * 3_600),
        reset_authority: Authority::Trader,
        severity: 0.5,
        on_unready: OnUnready::Allow,
        confirm: 3,
        confirm_for: secs(10),
        stale_after: secs(90),
        on_stale: OnStale::Warn,
        on_bad_input: OnBadInput::Trip,
        sessions: Some(us()),
    };
    assert_eq!(spec.policy, policy);
}

#[test]
fn words_of_the_policy_mean_what_they_say() {
    let policy = |keys: &str| breaker("volatility", keys).policy;
    for (word, lanes) in [("halt", Lanes::HALT), ("no_new", Lanes::NO_NEW), ("close", Lanes::CLOSE)] {
        let both = policy(&format!("effect = {word:?}\n"));
        let cooldown = both.mask(Status::Cooldown);
        assert_eq!((both.effect, cooldown), (lanes, lanes), "Cooldown denies what Tripped denies");
        let graded = policy(&format!("cooldown_for = \"1m\"\ncooldown_effect = {word:?}\n"));
        assert_eq!((graded.effect, graded.mask(Status::Cooldown)), (Lanes::HALT, lanes));
    }
    let same = policy("effect = \"no_new\"\ncooldown_for = \"1m\"\ncooldown_effect = \"as_tripped\"\n");
    assert_eq!((same.cooldown_effect, same.mask(Status::Cooldown)), (CooldownEffect::AsTripped, Lanes::NO_NEW));
    let probing = policy("cooldown_for = \"1m\"\ncooldown_effect = { probe = 30 }\n");
    assert_eq!((probing.cooldown_effect, probing.probes()), (CooldownEffect::Probe(30), Some(30)));
    for (word, release) in [("timed", Release::Timed), ("level", Release::Level), ("latched", Release::Latched)] {
        assert_eq!(policy(&format!("release = {word:?}\n")).release, release);
    }
    for (word, who) in [("trader", Authority::Trader), ("risk_desk", Authority::RiskDesk), ("admin", Authority::Admin)]
    {
        assert_eq!(policy(&format!("reset_authority = {word:?}\n")).reset_authority, who);
    }
}

#[test]
fn a_halt_longer_than_a_day_is_not_cut_short_by_the_default_maximum() {
    let policy = breaker("volatility", "halt_for = \"2d\"\n").policy;
    assert_eq!(policy.halt, Halt::Timed { base: secs(2 * 86_400), backoff: 1.0, max: secs(2 * 86_400) });
    let zero = breaker("volatility", "halt_for = \"0s\"\n").policy;
    assert_eq!(zero.halt, Halt::Timed { base: Duration::ZERO, backoff: 1.0, max: secs(86_400) });
}

#[test]
fn levels_that_are_left_out_follow_those_that_are_given() {
    let of = |keys: &str| match breaker("drawdown", keys).rule {
        RuleSpec::Drawdown(drawdown) => drawdown.limits,
        rule => panic!("{rule:?}"),
    };
    assert_eq!(of("limit = 0.1\n"), limits(0.1, 0.08, 0.072));
    assert_eq!(of("limit = 0.1\nwarn = 0.05\n"), limits(0.1, 0.05, 0.045));
    assert_eq!(of("limit = 0.1\nclear = 0.08\n"), limits(0.1, 0.08, 0.08));
    assert_eq!(of("limit = 0.1\nwarn = 0.1\nclear = 0.1\n"), limits(0.1, 0.1, 0.1));
    assert_eq!(of("limit = 1\n").limit, Ratio::from_raw(Ratio::SCALE), "a whole number is a fraction too");
    assert_eq!(of("limit = +0.0_8\n"), limits(0.08, 0.064, 0.0576), "any way in which TOML writes a number");
    let tiny = of("limit = 1e-9\n");
    assert_eq!((tiny.warn, tiny.clear), (Ratio::from_raw(1), Ratio::from_raw(1)), "a level of zero is never left");
}

#[test]
fn every_key_of_a_drawdown_is_mapped() {
    let keys = r#"
        limit = 0.10
        warn = 0.06
        clear = 0.03
        baseline = "rolling"
        window = "20d"
        max_step = 0.5
        sample = "5m"
        underwater_for = "12h"
        underwater_limit = 0.02
    "#;
    let expected = Drawdown {
        limits: limits(0.10, 0.06, 0.03),
        baseline: Baseline::Rolling(secs(20 * 86_400)),
        max_step: ratio(0.5),
        sample: secs(300),
        speed: true,
        underwater_for: Some(secs(12 * 3_600)),
        underwater_limit: ratio(0.02),
    };
    assert_eq!(breaker("drawdown", keys).rule, RuleSpec::Drawdown(expected));
    let of = |keys: &str| match breaker("drawdown", keys).rule {
        RuleSpec::Drawdown(drawdown) => drawdown,
        rule => panic!("{rule:?}"),
    };
    let off = of("speed = false\nunderwater = false\n");
    assert_eq!((off.speed, off.underwater_for), (false, None));
    let baseline = |word: &str| of(&format!("calendar = \"us\"\nbaseline = {word:?}\n")).baseline;
    assert_eq!(baseline("peak"), Baseline::Peak);
    assert_eq!(baseline("session"), Baseline::Session);
    assert_eq!(baseline("session_open"), Baseline::SessionOpen);
}

#[test]
fn every_key_of_a_volatility_is_mapped() {
    let keys = r#"
        calendar = "us"
        source = "mid"
        sample = "1d"
        window = "20d"
        annualise = 252
        limit = 1.2
        warn = 0.8
        clear = 0.5
        rise = false
        breakout = false
    "#;
    let expected = Volatility {
        limits: limits(1.2, 0.8, 0.5),
        source: VolatilitySource::Mid,
        sample: None,
        returns: 20,
        annualise: Some(252.0),
        rise: false,
        breakout: false,
    };
    assert_eq!(breaker("volatility", keys).rule, RuleSpec::Volatility(expected));
}

#[test]
fn a_day_is_a_session_only_with_a_calendar() {
    let sample = |keys: &str| match breaker("volatility", keys).rule {
        RuleSpec::Volatility(volatility) => volatility.sample,
        rule => panic!("{rule:?}"),
    };
    assert_eq!(sample("sample = \"1d\"\nwindow = \"20d\"\n"), Some(secs(86_400)));
    assert_eq!(sample("sample = \"24h\"\nwindow = \"20d\"\ncalendar = \"us\"\n"), None);
    assert_eq!(sample("sample = \"1h\"\nwindow = \"5h\"\ncalendar = \"us\"\n"), Some(secs(3_600)));
}

#[test]
fn a_volatility_level_has_a_limit_in_its_own_unit() {
    let of = |keys: &str| match breaker("volatility", &format!("source = \"level\"\n{keys}")).rule {
        RuleSpec::Volatility(volatility) => volatility,
        rule => panic!("{rule:?}"),
    };
    assert_eq!(of("").limits, limits(40.0, 32.0, 28.8));
    assert_eq!(of("").source, VolatilitySource::Level);
    assert_eq!(of("limit = 35.5\nwarn = 30\n").limits, limits(35.5, 30.0, 27.0));
}

fn technical(keys: &str) -> Technical {
    match breaker("technical", keys).rule {
        RuleSpec::Technical(technical) => technical,
        rule => panic!("{rule:?}"),
    }
}

#[test]
fn every_key_of_a_technical_breaker_is_mapped() {
    let keys = r#"
        window = "30s"
        min_calls = 20
        failure_rate = 0.6
        warn = 0.3
        clear = 0.2
        slow_rate = 0.8
        slow_after = "250ms"
        consecutive = 5
    "#;
    let expected = Technical {
        failure_rate: limits(0.6, 0.3, 0.2),
        window: CallWindow::Time(secs(30)),
        min_calls: 20,
        slow: Some(SlowCalls { rate: limits(0.8, 0.64, 0.576), after: Duration::from_millis(250) }),
        consecutive: Some(5),
    };
    assert_eq!(technical(keys), expected);
    assert_eq!(technical("window = 65536\nmin_calls = 65536\n").window, CallWindow::Last(65_536));
    let one = Ratio::from_raw(1);
    let tiny = technical("slow_rate = 1e-9\nslow_after = \"1ns\"\n").slow.unwrap().rate;
    assert_eq!((tiny.limit, tiny.warn, tiny.clear), (one, one, one), "a level of zero is never left");
}

#[test]
fn a_window_of_fewer_calls_than_the_default_least_is_tested_when_it_is_full() {
    assert_eq!(technical("window = 5\n").min_calls, 5);
    assert_eq!(technical("window = 10\n").min_calls, 10);
    assert_eq!(technical("window = \"1ms\"\n").min_calls, 10, "time holds any number");
}

#[test]
fn silence_of_a_dependency_is_a_fault_where_somebody_says_how_long_it_may_last() {
    let policy = |keys: &str| {
        let policy = breaker("technical", keys).policy;
        (policy.on_stale, policy.stale_after)
    };
    assert_eq!(policy("").0, OnStale::Ignore);
    assert_eq!(policy("stale_after = \"5s\"\n"), (OnStale::Trip, secs(5)));
    assert_eq!(policy("stale_after = \"5s\"\non_stale = \"warn\"\n"), (OnStale::Warn, secs(5)));
    assert_eq!(policy("on_stale = \"trip\"\n"), (OnStale::Trip, secs(30)));
    assert_eq!(breaker("technical", "on_unready = \"deny\"\n").policy.on_unready, OnUnready::Deny);
}

#[test]
fn every_key_of_a_correlation_is_mapped() {
    let of = |keys: &str| match breaker("correlation", &format!("watch = [\"a\", \"b\"]\n{keys}")).rule {
        RuleSpec::Correlation(rule) => rule,
        rule => panic!("{rule:?}"),
    };
    let keys = r#"
        limit = 1.5
        warn = 1
        clear = 0.5
        mode = "break"
        sample = "1m"
        window = 30
        baseline_window = 100
    "#;
    let expected = Correlation {
        limits: limits(1.5, 1.0, 0.5),
        mode: CorrelationMode::Break,
        sample: Some(secs(60)),
        returns: 30,
        baseline: 100,
    };
    assert_eq!(of(keys), expected);
    assert_eq!(of("mode = \"break\"\n").limits, limits(0.3, 0.24, 0.216));
    assert_eq!(of("calendar = \"us\"\n").sample, None, "a day of a calendar is a session");
    assert_eq!(of("calendar = \"us\"\nsample = \"1m\"\nwindow = 389\n").returns, 389, "a session has 390 minutes");
}

#[test]
fn every_key_of_an_anomaly_detection_is_mapped() {
    let of = |keys: &str| match breaker("anomaly_detection", keys).rule {
        RuleSpec::AnomalyDetection(rule) => rule,
        rule => panic!("{rule:?}"),
    };
    let keys = r#"
        limit = 5.5
        warn = 4
        clear = 3.5
        source = "spread"
        baseline = "ewma"
        window = 500
        min_values = 500
        min_scale = 0.005
    "#;
    let expected = AnomalyDetection {
        limits: limits(5.5, 4.0, 3.5),
        source: AnomalySource::Spread,
        baseline: AnomalyBaseline::Ewma,
        window: 500,
        min_values: 500,
        min_scale: ratio(0.005),
    };
    assert_eq!(of(keys), expected);
    assert_eq!(of("window = 20\n").min_values, 20, "no more than the window holds");
    for (source, scale) in [("return", 0.0001), ("volume", 1.0), ("spread", 0.01)] {
        assert_eq!(of(&format!("source = {source:?}\n")).min_scale, ratio(scale), "{source}");
    }
    assert_eq!(of("source = \"level\"\nmin_scale = 2\n").source, AnomalySource::Level);
    assert_eq!(breaker("anomaly_detection", "confirm = 1\n").policy.confirm, 1);
}

#[test]
fn every_key_of_a_data_feed_integrity_is_mapped() {
    let of = |keys: &str| match breaker("data_feed_integrity", keys).rule {
        RuleSpec::DataFeedIntegrity(rule) => rule,
        rule => panic!("{rule:?}"),
    };
    let keys = r#"
        limit = 90
        warn = 92.5
        clear = 100
        source = "heard"
        window = 65536
        missing_limit = 0.01
        max_latency = "250ms"
        crossed = false
        locked = true
    "#;
    let expected = DataFeedIntegrity {
        limits: limits(90.0, 92.5, 100.0),
        source: IntegritySource::Heard,
        window: 65_536,
        missing_limit: Some(ratio(0.01)),
        max_latency: Some(Duration::from_millis(250)),
        crossed: false,
        locked: true,
    };
    assert_eq!(of(keys), expected);
    let level = of("source = \"level\"\nlimit = 60\n");
    assert_eq!((level.source, level.limits), (IntegritySource::Level, limits(60.0, 68.0, 84.0)));
    assert_eq!(of("warn = 97\n").limits, limits(95.0, 97.0, 98.5));
}

#[test]
fn sources_of_a_kill_switch_that_are_not_listed_are_not_allowed() {
    let allows = |keys: &str| match breaker("kill_switch", keys).rule {
        RuleSpec::KillSwitch(switch) => switch.allows,
        rule => panic!("{rule:?}"),
    };
    assert_eq!(allows("sources = [\"manual\", \"anomaly\", \"external\"]\n"), [true; 3]);
    assert_eq!(allows("sources = [\"external\", \"manual\"]\n"), [true, false, true]);
    let close = breaker("kill_switch", "effect = \"close\"\nreset_authority = \"admin\"\n").policy;
    assert_eq!((close.effect, close.reset_authority), (Lanes::CLOSE, Authority::Admin));
}

#[test]
fn a_manual_breaker_may_have_a_cooldown() {
    let policy = breaker("manual", "cooldown_for = \"5m\"\ncooldown_effect = \"no_new\"\n").policy;
    let expected = Policy {
        cooldown_for: secs(300),
        cooldown_effect: CooldownEffect::Denies(Lanes::NO_NEW),
        ..Kind::Manual.default_policy()
    };
    assert_eq!(policy, expected);
}

const LADDER: &str = r#"
    watch = "index/SPX"
    calendar = "us"
    release = "latched"
    direction = "both"
    in_turn = true
    cutoff_inclusive = false
    reopen = "on_message"
    lasting = "1m"
    effective_from = 2020-03-02
    effective_to = 2020-03-30
    [[breaker.rung]]
    limit = 0.08
    warn = 0.05
    clear = 0.04
    windows = [
        { from = "open+1m", until = "13:00", halt_for = "45m" },
        { from = "13:00:00", until = "close-1h30m", halt_for = "20m" },
        { from = "close-1h", until = "close", until_next_session = true },
    ]
    [[breaker.rung]]
    limit = 0.15
    further = 0.01
    windows = [
        { from = "open", until = "close-40m", halt_for = "20m" },
        { from = "close-40m", until = "close", until_close = true },
    ]
"#;

#[test]
fn every_key_of_a_ladder_is_mapped() {
    let spec = breaker("market_circuit_breaker", LADDER);
    let half_past_one = Bell::AfterOpen(secs(3 * 3_600 + 1_800));
    let window = |from, until, end| Window { from, until, end };
    let ladder = Arc::new(Ladder {
        sessions: us(),
        direction: Direction::Both,
        rungs: vec![
            Rung {
                limits: limits(0.08, 0.05, 0.04),
                further: Ratio::ZERO,
                windows: vec![
                    window(Bell::AfterOpen(secs(60)), half_past_one, HaltEnd::After(secs(45 * 60))),
                    window(half_past_one, Bell::BeforeClose(secs(5_400)), HaltEnd::After(secs(20 * 60))),
                    window(Bell::BeforeClose(secs(3_600)), Bell::BeforeClose(Duration::ZERO), HaltEnd::NextSession),
                ],
            },
            Rung {
                limits: limits(0.15, 0.12, 0.108),
                further: ratio(0.01),
                windows: vec![
                    window(
                        Bell::AfterOpen(Duration::ZERO),
                        Bell::BeforeClose(secs(2_400)),
                        HaltEnd::After(secs(1_200)),
                    ),
                    window(Bell::BeforeClose(secs(2_400)), Bell::BeforeClose(Duration::ZERO), HaltEnd::Close),
                ],
            },
        ],
        in_turn: true,
        cutoff_inclusive: false,
        reopen: Reopen::OnMessage,
        lasting: secs(60),
        effective_from: Some(Date::new(2020, 3, 2)),
        effective_to: Some(Date::new(2020, 3, 30)),
    });
    assert_eq!(spec.watch, [path("index/SPX")]);
    assert_eq!(spec.rule, RuleSpec::MarketCircuitBreaker(ladder.clone().into()));
    let expected = Policy {
        halt: Halt::Ladder(ladder),
        release: Release::Latched,
        sessions: Some(us()),
        ..Kind::MarketCircuitBreaker.default_policy()
    };
    assert_eq!(spec.policy, expected);
}

#[test]
fn a_ladder_needs_no_more_than_a_calendar_and_a_rung() {
    let spec = breaker(
        "market_circuit_breaker",
        "calendar = \"us\"\nrung = [{ limit = 0.07, windows = [{ from = \"open\", until = \"close\", halt_for = \"15m\" }] }]",
    );
    let ladder = spec.rule.ladder().unwrap();
    assert_eq!((ladder.direction, ladder.reopen), (Direction::Down, Reopen::Auto));
    assert_eq!((ladder.in_turn, ladder.cutoff_inclusive, ladder.lasting), (false, true, Duration::ZERO));
    assert_eq!((ladder.effective_from, ladder.effective_to), (None, None));
}

#[test]
fn breakers_of_one_calendar_share_its_sessions() {
    let text = format!(
        "{CALENDAR}[[breaker]]\nname = \"b\"\nscope = \"\"\nkind = \"market_circuit_breaker\"{LADDER}
         [[breaker]]\nname = \"c\"\nscope = \"\"\nkind = \"volatility\"\ncalendar = \"us\"\n"
    );
    let config = config(&text);
    let sessions = &config.calendars["us"].sessions;
    let ladder = config.plan.breakers[0].rule.ladder().unwrap();
    assert!(Arc::ptr_eq(&ladder.sessions, sessions));
    for breaker in &config.plan.breakers {
        assert!(Arc::ptr_eq(breaker.policy.sessions.as_ref().unwrap(), sessions));
    }
}

#[test]
fn a_market_circuit_breaker_that_hears_venues_needs_no_calendar_and_no_rung() {
    let spec = breaker("market_circuit_breaker", "source = \"venue\"\nwatch = [\"XNYS\", \"XNAS\"]");
    assert_eq!(spec.rule, RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Venue));
    let expected = Policy { release: Release::Level, ..Kind::MarketCircuitBreaker.default_policy() };
    assert_eq!((spec.policy, spec.watch), (expected, vec![path("XNYS"), path("XNAS")]));
}

#[test]
fn price_bands_are_those_of_the_tier_and_bring_their_pause_along() {
    let read = |tier: i64, more: &str| {
        let text = format!(
            "{CALENDAR}[[breaker]]\nname = \"b\"\nscope = \"XNAS/AAPL\"\nkind = \"market_circuit_breaker\"\n\
             source = \"band\"\ncalendar = \"us\"\ntier = {tier}\n{more}\n"
        );
        let config = config(&text);
        let sessions = config.calendars["us"].sessions.clone();
        (config.plan.breakers[0].clone(), sessions)
    };
    for (number, tier) in [(1, Tier::One), (2, Tier::Two)] {
        let (spec, sessions) = read(number, "");
        let luld = PriceBand::luld(tier, sessions);
        let rule = RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Band(luld.into()));
        assert_eq!(spec, BreakerSpec::new("b", path("XNAS/AAPL"), rule));
    }
    let (spec, _) = read(1, "rounding = \"outward\"\ntick = 0.0001\nrelease = \"latched\"");
    let band = spec.rule.band().unwrap();
    assert_eq!((band.rounding, band.tick.raw()), (Rounding::Outward, 100_000));
    assert_eq!(spec.policy.release, Release::Latched);
}
