//! The second form of a scenario: a script of steps, for small cases of one breaker.

mod acts;
mod admits;
mod file;
mod play;
mod ready;
mod values;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::scenario::Source;
use super::{json, timeline};
use crate::output::{BAD, Failure, GOOD, HEAD, styled};
use crate::plot::{self, Tape};

pub(crate) use acts::Told;
pub(crate) use admits::Admitted;
pub(crate) use play::Shown;
pub(crate) use ready::Ready;

/// What every output says of what the feeds of a script hear.
pub(crate) const MADE: &str = "made: times, prices and all else that is heard are the script's own, no market's";

/// Runs a script and shows what it did.
pub(crate) fn run(source: &Source, as_json: bool, picture: Option<&Path>) -> Result<ExitCode, Failure> {
    let ready = Ready::of(source)?;
    let mut tape = picture.map(|_| Tape::new(&ready)).transpose()?;
    let mut out = anstream::stdout().lock();
    let lines = timeline::Lines::new(&ready.zone, &ready.plan);
    if as_json {
        writeln!(out, "{}", header(&ready))?;
    } else {
        let names: Vec<_> = ready.plan.breakers.iter().map(|b| b.name.as_str()).collect();
        writeln!(out, "{}", styled(HEAD, &ready.title))?;
        writeln!(out, "  breakers  {}\n  path      {MADE}\n\n{}", names.join(", "), lines.head())?;
    }
    let differences = play::run(source, &ready, |shown| {
        if let Some(tape) = &mut tape {
            tape.see(&ready, &shown)?;
        }
        match shown {
            Shown::Transition(t) if as_json => writeln!(out, "{}", json::transition(t, &ready.zone))?,
            Shown::Transition(t) if !t.is_readiness() => writeln!(out, "{}", lines.line(t))?,
            _ => {}
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
    if let (Some(file), Some(tape)) = (picture, tape) {
        plot::draw_script(file, &ready, &tape)?;
        anstream::eprintln!("picture: {}", file.display());
    }
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn header(ready: &Ready) -> serde_json::Value {
    json!({
        "type": "header",
        "title": ready.title,
        "path": "made",
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
