//! March 2020 in fast motion: a small exchange on loopback, sources that hear it over HTTP, and a System that trips and resumes.
//!
//! `cargo run -p haltline-sources --example live_demo`; `examples/live-demo/README.md` says what one sees. Ends by itself.

mod days;
mod exchange;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use haltline::*;
use haltline_sources::{Clock, SourceFile, Sources, WallClock};

use days::Days;
use exchange::Exchange;

const SOURCES: &str = include_str!("../../../../examples/live-demo/sources.toml");

fn main() -> Result<(), Box<dyn Error>> {
    let days = Days::read(WallClock.now() + Duration::from_millis(300))?;
    let address = Exchange::open(days.clone())?;
    let file = haltline_sources::parse(SOURCES, "sources.toml", &|name| {
        let path = [("PRICES_URL", "prices"), ("STATUS_URL", "status"), ("VOLATILITY_URL", "volatility")];
        path.iter().find(|(known, _)| *known == name).map(|(_, path)| format!("{address}/{path}"))
    })?;
    let system = System::start(plan(&days, &file)?)?;
    let gate = system.gate(&["XNYS/SPY"])?;
    let mut ears = system.receive(Subscriber::new("demo"))?;
    let sources = file.start(&system)?;
    println!("{} days of 2020 in {:.0} s; all times are of then, in New York\n", days.bars.len() - 1, seconds(&days));
    let mut is_closed = true;
    while WallClock.now() < days.end() {
        for event in ears.receive(Duration::from_millis(50))? {
            tell(&system, &days, &gate, &sources, event, &mut is_closed);
        }
    }
    println!();
    for status in sources.statuses() {
        println!(
            "{}: {} calls, {} failed, {} values, {} refused, held back {} times",
            status.name,
            status.calls,
            status.failures,
            status.counts.told,
            status.counts.refused(),
            status.held
        );
    }
    println!("{} connections, and no order has waited for any of it", sources.connections());
    Ok(())
}

fn seconds(days: &Days) -> f64 {
    (days.end() - WallClock.now()).as_secs_f64()
}

/// The market-wide halts of New York, the exchange's own word, a volatility that is too high; all guard `XNYS`.
fn plan(days: &Days, file: &SourceFile) -> Result<Plan, Box<dyn Error>> {
    let (scope, watch) = (ScopePath::new("XNYS")?, |path: &str| ScopePath::new(path).map(|path| vec![path]));
    let sessions = Arc::new(days.sessions()?);
    let rung = |limit: f64, end| -> Result<Rung, haltline::Error> {
        let (from, until) = (Bell::AfterOpen(Duration::ZERO), Bell::BeforeClose(Duration::ZERO));
        let limits = Limits::of(Ratio::from_f64(limit)?);
        Ok(Rung { limits, further: Ratio::ZERO, windows: vec![Window { from, until, end }] })
    };
    let quarter = HaltEnd::After(Days::quarter());
    let ladder = Ladder {
        sessions: sessions.clone(),
        direction: Direction::Down,
        rungs: vec![rung(0.07, quarter)?, rung(0.13, quarter)?, rung(0.20, HaltEnd::NextSession)?],
        in_turn: false,
        cutoff_inclusive: true,
        reopen: Reopen::Auto,
        lasting: Duration::ZERO,
        effective_from: None,
        effective_to: None,
    };
    let market = RuleSpec::MarketCircuitBreaker(Arc::new(ladder).into());
    let venue = RuleSpec::MarketCircuitBreaker(MarketCircuitBreaker::Venue);
    let volatility = RuleSpec::Volatility(Volatility {
        limits: Limits::of(Ratio::from_f64(80.0)?),
        source: VolatilitySource::Level,
        sample: Some(Duration::from_secs(1)),
        returns: 20,
        annualise: None,
        rise: false,
        breakout: false,
    });
    let wild = BreakerSpec::new("wild", scope.clone(), volatility).watching(watch("ext/volatility")?);
    let wild_policy = Policy {
        release: Release::Level,
        stale_after: Duration::from_millis(1_500),
        // Silence is told of, and stops nobody here: the halts of the market are what this is about.
        on_stale: OnStale::Warn,
        ..wild.policy.clone()
    };
    let mut plan = Plan {
        scopes: vec![ScopePath::new("XNYS/SPY")?],
        breakers: vec![
            BreakerSpec::new("mwcb", scope.clone(), market).watching(watch("ext/spx")?),
            BreakerSpec::new("venue", scope, venue).watching(watch("ext/venue")?),
            wild.with_policy(wild_policy),
        ],
        ..Plan::default()
    };
    file.add_to(&mut plan);
    Ok(plan)
}

/// One line for each transition but the bells: that the exchange closes, and opens again, happens each day.
fn tell(system: &System, days: &Days, gate: &Gate, sources: &Sources, event: &Event, is_closed: &mut bool) {
    let said = system.details(event);
    let (before, after) = (event.before().status, event.after().status);
    let name = said.breaker.as_deref().unwrap_or_default();
    if !event.event_type().has_words() || before == after || before == Status::Retired {
        return;
    }
    if name == "venue" {
        let was_closed = std::mem::replace(is_closed, event.reason() == Reason::VenueClosed);
        if *is_closed || was_closed {
            return;
        }
    }
    let orders = if gate.permits(Intent::Increase) { "orders go" } else { "orders are denied" };
    let worse = matches!(after, Status::Tripped | Status::Warning) && event.limit > 0.0;
    let value = if worse { format!(", {:.4} against {}", event.value, event.limit) } else { String::new() };
    // In a halt nothing is printed: the last price is the one that began it.
    let price = sources.statuses().into_iter().find(|status| &*status.name == "spx").and_then(|status| status.value);
    let price = match price {
        Some((_, at)) if name == "mwcb" && after == Status::Tripped => format!(" by the price of {}", days.say(at)),
        _ => String::new(),
    };
    println!("{}  {name:<16} {before} -> {after}: {}{value}{price}; {orders}", days.say(said.at), event.reason());
}
