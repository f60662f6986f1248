//! An engine's hot path in small: orders ask a gate, trades feed a breaker, a fall of the market halts both.
//!
//! `cargo run --example hot_path`

use haltline::*;

/// What an order wants, and where it is from.
struct Order {
    intent: Intent,
    account: usize,
}

fn main() -> Result<(), Error> {
    let drawdown = BreakerSpec {
        name: "drawdown".into(),
        scope: ScopePath::new("acct/alpha")?,
        watch: vec![],
        rule: RuleSpec::Drawdown(Drawdown::with_limit(Ratio::from_f64(0.08)?)),
        policy: Kind::Drawdown.default_policy(),
    };
    let scopes = vec![ScopePath::new("XNAS/AAPL")?, ScopePath::new("acct/beta")?];
    let plan = Plan { scopes, breakers: vec![drawdown], ..Plan::default() };
    let system = System::manual(plan, Nanos::from_secs(0))?;

    let instrument = system.gate(&["XNAS/AAPL"])?;
    let accounts = [system.gate(&["acct/alpha"])?, system.gate(&["acct/beta"])?];
    let mut marks = system.feed("acct/alpha")?;

    for second in 0..10 {
        let now = Nanos::from_secs(second);
        system.advance(now);
        marks.equity(Money::from_f64(1_000_000.0 - 10_000.0 * second as f64)?, now)?;
        for (account, intent) in [(0, Intent::Increase), (0, Intent::Reduce), (1, Intent::Increase)] {
            let order = Order { intent, account };
            let verdict = instrument.check_with(&accounts[order.account]);
            if !verdict.permits(order.intent) {
                let why = instrument.explain_with(&accounts[order.account], verdict);
                println!("{second} s: {} denied: {why}", order.intent.name());
            }
        }
    }
    system.drain(|event| println!("{}: {} -> {}", event.event_type(), event.before().status, event.after().status));
    Ok(())
}
