//! The second form of a scenario: a script of steps, for small cases of one breaker.

mod acts;
mod admits;
mod file;
mod play;
mod ready;
mod values;

use std::io::Write;
use std::process::ExitCode;

use serde_json::json;

use super::scenario::Source;
use super::{json, timeline};
use crate::output::{BAD, Failure, GOOD, HEAD, styled};
use ready::Ready;

/// Runs a script and shows what it did.
pub(crate) fn run(source: &Source, as_json: bool) -> Result<ExitCode, Failure> {
    let ready = Ready::of(source)?;
    let mut out = anstream::stdout().lock();
    let lines = timeline::Lines::new(&ready.zone, &ready.plan);
    if as_json {
        writeln!(out, "{}", header(&ready))?;
    } else {
        let names: Vec<_> = ready.plan.breakers.iter().map(|b| b.name.as_str()).collect();
        writeln!(out, "{}", styled(HEAD, &ready.title))?;
        writeln!(out, "  breakers  {}\n\n{}", names.join(", "), lines.head())?;
    }
    let differences = play::run(source, &ready, |transition| {
        if as_json {
            writeln!(out, "{}", json::transition(transition, &ready.zone))?;
        } else if !transition.is_readiness() {
            writeln!(out, "{}", lines.line(transition))?;
        }
        Ok(())
    })?;
    let steps = ready.steps.len();
    if as_json {
        let good = differences.is_empty();
        writeln!(
            out,
            "{}",
            json!({ "type": "summary", "steps": steps, "as_expected": good, "differences": differences })
        )?;
    } else {
        tell(&mut out, steps, &differences)?;
    }
    out.flush()?;
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn header(ready: &Ready) -> serde_json::Value {
    json!({
        "type": "header",
        "title": ready.title,
        "config": ready.config,
        "start": ready.zone.iso(ready.start),
        "steps": ready.steps.len(),
    })
}

fn tell(out: &mut impl Write, steps: usize, differences: &[String]) -> Result<(), Failure> {
    writeln!(out)?;
    for difference in differences {
        writeln!(out, "{}", styled(BAD, difference))?;
    }
    match differences.len() {
        0 => writeln!(out, "{}", styled(GOOD, format!("{steps} steps, all as expected")))?,
        1 => writeln!(out, "{steps} steps, 1 difference")?,
        n => writeln!(out, "{steps} steps, {n} differences")?,
    }
    Ok(())
}
