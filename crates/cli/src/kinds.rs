//! `haltline kinds`: the table of kinds, from the core's one array.

use std::io::Write;
use std::process::ExitCode;

use haltline::{KINDS, KindRow};

use crate::output::{Failure, table};

/// Prints the kinds.
pub(crate) fn run(json: bool) -> Result<ExitCode, Failure> {
    let mut out = anstream::stdout().lock();
    if json {
        let rows: Vec<_> = KINDS.iter().map(as_json).collect();
        writeln!(out, "{}", serde_json::Value::from(rows))?;
    } else {
        let head = ["kind", "trips when", "denies", "ends", "reset by"];
        let rows = KINDS.iter().map(|row| {
            vec![
                row.kind.to_string(),
                row.summary.to_owned(),
                row.effect.to_string(),
                row.release.to_string(),
                row.reset_authority.to_string(),
            ]
        });
        write!(out, "{}", table(&head, rows.collect(), &[]))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(row: &KindRow) -> serde_json::Value {
    serde_json::json!({
        "kind": row.kind.name(),
        "summary": row.summary,
        "effect": crate::check::intents(row.effect),
        "release": row.release.name(),
        "reset_authority": row.reset_authority.name(),
        "has_readings": row.has_readings,
    })
}
