//! `haltline replay`: a scenario through a System.

mod account;
mod bars;
mod drive;
mod expect;
mod json;
mod path;
mod scenario;
mod script;
mod stage;
mod summary;
mod timeline;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub(crate) use account::{Account, Halt};
pub(crate) use drive::{Reading, Seen};
pub(crate) use script::{Admitted, MADE, Ready, Shown, Told};
pub(crate) use stage::Stage;
pub(crate) use summary::interpolated;
pub(crate) use timeline::Transition;

use scenario::Source;

use crate::output::{Failure, grouped};
use crate::plot;

/// Replays a scenario of either form.
pub(crate) fn run(scenario: &Path, as_json: bool, picture: Option<&Path>) -> Result<ExitCode, Failure> {
    let source = Source::read(scenario)?;
    if source.is_script() { script::run(&source, as_json, picture) } else { run_bars(&source, as_json, picture) }
}

/// Replays daily bars.
fn run_bars(source: &Source, as_json: bool, picture: Option<&Path>) -> Result<ExitCode, Failure> {
    let stage = Stage::of(source)?;
    let mut out = anstream::stdout().lock();
    let lines = timeline::Lines::new(&stage.zone, &stage.plan);
    if as_json {
        writeln!(out, "{}", json::header(&stage))?;
    } else {
        summary::head(&mut out, &stage)?;
        writeln!(out, "{}", lines.head())?;
    }
    let mut account = Account::new(stage.sessions(), stage.scenario.halted_by.get_ref());
    let mut trace = picture.map(|_| plot::Trace::new(&stage));
    let bar = progress(stage.days.len());
    let begin = Instant::now();
    let tally = drive::run(&stage, |seen| {
        if let Some(trace) = &mut trace {
            trace.see(&seen);
        }
        match seen {
            Seen::Transition(t) => {
                account.note(t);
                if as_json {
                    bar.suspend(|| writeln!(out, "{}", json::transition(t, &stage.zone)))?;
                } else if !t.is_readiness() {
                    bar.suspend(|| writeln!(out, "{}", lines.line(t)))?;
                }
            }
            Seen::Close { .. } => bar.inc(1),
            Seen::Price { .. } => {}
        }
        Ok(())
    })?;
    let took = begin.elapsed();
    bar.finish_and_clear();
    account.close();
    let differences = expect::differences(&stage.scenario.expect, &account, &stage.zone);
    if as_json {
        writeln!(out, "{}", json::summary(&stage, &tally, &account, &differences))?;
    } else {
        summary::tell(&mut out, &stage, &tally, &account, &differences)?;
    }
    out.flush()?;
    let rate = tally.prices as f64 / took.as_secs_f64().max(1e-9);
    let (prices, rate) = (grouped(tally.prices), grouped(rate as u64));
    anstream::eprintln!("{prices} prices in {:.2} s, {rate} a second", took.as_secs_f64());
    if let (Some(file), Some(trace)) = (picture, trace) {
        plot::draw(file, &stage, &account, &trace)?;
        anstream::eprintln!("picture: {}", file.display());
    }
    Ok(if differences.is_empty() && tally.lost == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Progress by sessions, on a terminal only.
fn progress(sessions: usize) -> ProgressBar {
    let terminal = std::io::stderr().is_terminal();
    let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(sessions as u64), target);
    match ProgressStyle::with_template("{bar:30} {pos} of {len} sessions") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
