//! `haltline sources check`: asks each source of a file once.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use haltline_sources::{Report, SourceFile, WallClock};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use crate::output::{BAD, Failure, GOOD, WARN, grouped, short, styled, table};

/// Asks, and tells.
pub(crate) fn check(path: &Path, as_json: bool) -> Result<ExitCode, Failure> {
    let file = haltline_sources::load(path).map_err(Failure::new)?;
    let bar = progress(file.sources.len());
    let reports = file.check(WallClock, |number, name| {
        bar.set_position(number as u64);
        bar.set_message(name.to_owned());
    });
    bar.finish_and_clear();
    let reports = reports.map_err(Failure::new)?;
    let mut out = anstream::stdout().lock();
    if as_json {
        writeln!(out, "{}", told_as_json(path, &file, &reports))?;
    } else {
        tell(&mut out, &file, &reports)?;
    }
    let well = reports.iter().all(|report| report.found.is_ok());
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Progress by sources, on a terminal only.
fn progress(sources: usize) -> ProgressBar {
    let terminal = std::io::stderr().is_terminal();
    let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(sources as u64), target);
    match ProgressStyle::with_template("{bar:30} {pos} of {len} sources, asking {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn tell(out: &mut impl Write, file: &SourceFile, reports: &[Report]) -> Result<(), Failure> {
    let head = ["source", "value", "age", "latency", "bytes", "connection", "kept"];
    let rows = reports.iter().zip(&file.sources).map(|(report, spec)| {
        vec![
            format!("{}\n  {}", report.name, spec.scope),
            match &report.found {
                Ok(sample) => sample.value.to_string(),
                Err(failure) => failure.to_string(),
            },
            report.age.map_or_else(|| "-".into(), fine),
            fine(report.latency) + &tries(report.tries),
            grouped(report.bytes as u64),
            connection(report),
            kept(report, spec.keeping.ttl),
        ]
    });
    write!(out, "{}", table(&head, rows.collect(), &[4]))?;
    for warning in &file.warnings {
        writeln!(out, "{} {warning}", styled(WARN, "warning:"))?;
    }
    let ill = reports.iter().filter(|report| report.found.is_err()).count();
    match ill {
        0 => writeln!(out, "{}", styled(GOOD, "all sources are well"))?,
        _ => writeln!(out, "{}", styled(BAD, format!("{ill} of {} sources are not well", reports.len())))?,
    }
    Ok(())
}

/// `1.2 ms`, or as long times are told.
fn fine(time: Duration) -> String {
    if time < Duration::from_secs(1) { format!("{:.1} ms", time.as_secs_f64() * 1_000.0) } else { short(time) }
}

fn tries(tries: u32) -> String {
    if tries > 1 { format!(", {tries} tries") } else { String::new() }
}

fn connection(report: &Report) -> String {
    let encrypted = if report.is_encrypted { "tls" } else { "plain" };
    match report.opened {
        0 => format!("{encrypted}, kept"),
        1 => format!("{encrypted}, new"),
        more => format!("{encrypted}, {more} new"),
    }
}

fn kept(report: &Report, ttl: Duration) -> String {
    let tag = if report.has_etag { ", etag" } else { "" };
    format!("{}{tag}", fine(ttl))
}

fn told_as_json(path: &Path, file: &SourceFile, reports: &[Report]) -> Value {
    let each = reports.iter().zip(&file.sources).map(|(report, spec)| {
        let sample = report.found.as_ref().ok();
        json!({
            "name": &*report.name,
            "scope": spec.scope.as_str(),
            "what": spec.what.name(),
            "ok": sample.is_some(),
            "value": sample.map(|sample| sample.value.number().map_or_else(|| json!(sample.value.to_string()), |n| json!(n))),
            "error": report.found.as_ref().err().map(ToString::to_string),
            "time_ns": sample.and_then(|sample| sample.at).map(|at| at.0),
            "age_s": report.age.map(|age| age.as_secs_f64()),
            "latency_s": report.latency.as_secs_f64(),
            "tries": report.tries,
            "bytes": report.bytes,
            "etag": report.has_etag,
            "ttl_s": spec.keeping.ttl.as_secs_f64(),
            "connections_opened": report.opened,
            "tls": report.is_encrypted,
        })
    });
    let each: Vec<_> = each.collect();
    let warnings: Vec<_> = file.warnings.iter().map(ToString::to_string).collect();
    let ok = reports.iter().all(|report| report.found.is_ok());
    json!({ "file": path.to_string_lossy(), "ok": ok, "sources": each, "warnings": warnings })
}
