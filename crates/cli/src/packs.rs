//! `haltline packs`: the rules of markets that are built in.

use std::io::Write;
use std::process::ExitCode;

use haltline_config::{Config, Pack, pack, packs};
use serde_json::{Value, json};

use crate::check;
use crate::output::{Failure, HEAD, styled, table};

/// How wide text is set.
const WIDTH: usize = 100;

/// Lists all of them.
pub(crate) fn list(as_json: bool) -> Result<ExitCode, Failure> {
    let mut out = anstream::stdout().lock();
    if as_json {
        let all: Vec<Value> = packs().iter().map(|pack| Value::from_iter(about(pack))).collect();
        writeln!(out, "{}", Value::from(all))?;
    } else {
        let row = |pack: &Pack| vec![pack.name.into(), pack.version.clone(), in_force(pack), pack.title.clone()];
        let rows = packs().iter().map(row).collect();
        write!(out, "{}", table(&["pack", "version", "in force", "what"], rows, &[]))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the text of one.
pub(crate) fn toml(name: &str) -> Result<ExitCode, Failure> {
    write!(anstream::stdout().lock(), "{}", known(name)?.toml)?;
    Ok(ExitCode::SUCCESS)
}

/// Says what one means.
pub(crate) fn explain(name: &str, as_json: bool) -> Result<ExitCode, Failure> {
    let pack = known(name)?;
    let example = pack.example();
    let config = haltline_config::parse(&example, "example").map_err(Failure::new)?;
    let mut out = anstream::stdout().lock();
    if as_json {
        writeln!(out, "{}", told_as_json(pack, &config))?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "{}", styled(HEAD, &pack.title))?;
    writeln!(out, "  pack      {name}, version {}", pack.version)?;
    writeln!(out, "  in force  {}", in_force(pack))?;
    writeln!(out, "  source    {}\n", pack.source)?;
    for line in pack.summary.lines().flat_map(wrapped) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    check::describe(&mut out, &config)?;
    writeln!(out, "\n{}\n\n{}", styled(HEAD, "In a configuration"), example.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn known(name: &str) -> Result<&'static Pack, Failure> {
    pack(name).map_err(|why| Failure::new(format!("no such pack: {why}")))
}

/// `2013-01-01 to 2027-12-31`, `from 2013-04-08`.
fn in_force(pack: &Pack) -> String {
    match pack.effective_to {
        Some(to) => format!("{} to {to}", pack.effective_from),
        None => format!("from {}", pack.effective_from),
    }
}

fn about(pack: &Pack) -> [(&'static str, Value); 8] {
    [
        ("name", json!(pack.name)),
        ("version", json!(pack.version)),
        ("title", json!(pack.title)),
        ("effective_from", json!(pack.effective_from.to_string())),
        ("effective_to", json!(pack.effective_to.map(|date| date.to_string()))),
        ("source", json!(pack.source)),
        ("summary", json!(pack.summary)),
        ("has_breaker", json!(pack.has_breaker)),
    ]
}

fn told_as_json(pack: &Pack, config: &Config) -> Value {
    let more = [
        ("breakers", Value::from(check::breakers_as_json(config))),
        ("calendars", Value::from(check::calendars_as_json(config))),
        ("example", json!(pack.example())),
        ("toml", json!(pack.toml)),
    ];
    about(pack).into_iter().chain(more).collect()
}

/// One paragraph in lines.
fn wrapped(paragraph: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in paragraph.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + word.chars().count() < WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}
