//! `haltline sources check`: asks each source of a file once.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use haltline_config::Finding;
use haltline_sources::{Report, SourceFile, WallClock};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use crate::check::finding_as_json;
use crate::output::{BAD, Failure, GOOD, WARN, grouped, readable, short, styled, table};

/// Asks, and tells.
pub(crate) fn check(path: &Path, as_json: bool) -> Result<ExitCode, Failure> {
    readable(path)?;
    let file = match haltline_sources::load(path) {
        Ok(file) => file,
        Err(mistakes) => return tell_mistakes(path, as_json, mistakes.as_slice()),
    };
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

/// No source has been asked.
fn tell_mistakes(path: &Path, as_json: bool, mistakes: &[Finding]) -> Result<ExitCode, Failure> {
    for mistake in mistakes {
        anstream::eprintln!("{mistake}");
    }
    if as_json {
        let list: Vec<_> = mistakes.iter().map(finding_as_json).collect();
        let told = json!({ "file": path.to_string_lossy(), "ok": false, "mistakes": list });
        writeln!(anstream::stdout().lock(), "{told}")?;
    } else {
        let many = if mistakes.len() == 1 { "mistake" } else { "mistakes" };
        anstream::eprintln!("{}", styled(BAD, format!("{} {many}", mistakes.len())));
    }
    Ok(ExitCode::from(2))
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
            value(report),
            age(report),
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
    for report in reports.iter().filter(|report| report.is_old()) {
        let age = report.age.map(short).unwrap_or_default();
        writeln!(out, "{} source {:?}: its value is of {age} ago", styled(WARN, "warning:"), &*report.name)?;
    }
    let ill = reports.iter().filter(|report| report.found.is_err()).count();
    match ill {
        0 => writeln!(out, "{}", styled(GOOD, "all sources answer"))?,
        _ => writeln!(
            out,
            "{}",
            styled(BAD, format!("{ill} of {} sources do not answer as they should", reports.len()))
        )?,
    }
    Ok(())
}

/// As the source says it, and as it is handed on where that is another number.
fn value(report: &Report) -> String {
    match (&report.found, report.handed_on) {
        (Err(failure), _) => failure.to_string(),
        (Ok(sample), None) => sample.value.to_string(),
        (Ok(sample), Some(number)) => format!("{} -> {number}", sample.value),
    }
}

fn age(report: &Report) -> String {
    let mark = if report.is_old() { "old: " } else { "" };
    report.age.map_or_else(|| "-".into(), |age| format!("{mark}{}", fine(age)))
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
        0 if report.bytes == 0 => format!("{encrypted}, none"),
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
            "handed_on": report.handed_on.or_else(|| sample.and_then(|sample| sample.value.number())),
            "word": report.word,
            "error": report.found.as_ref().err().map(ToString::to_string),
            "time_ns": sample.and_then(|sample| sample.at).map(|at| at.0),
            "age_s": report.age.map(|age| age.as_secs_f64()),
            "old": report.is_old(),
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
