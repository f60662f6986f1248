//! Every public type has an example that runs: `src/lib.rs` and the sources, read as text.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

const TYPES: &[&str] = &["pub struct ", "pub enum ", "pub union ", "pub trait ", "pub type "];

fn source(module: &str) -> Option<(PathBuf, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module.replace("::", "/"));
    [path.with_extension("rs"), path.join("mod.rs")]
        .into_iter()
        .find_map(|file| fs::read_to_string(&file).ok().map(|text| (file, text)))
}

/// What `src/lib.rs` re-exports: a module and a name in it, `*` for all of them.
fn exports() -> Vec<(String, String)> {
    let (_, lib) = source("lib").unwrap();
    let code: Vec<_> = lib.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    assert!(!code.contains("pub mod "), "a public module needs a line here");
    let mut all = Vec::new();
    for line in code.split("pub use ").skip(1) {
        let path = line.split(';').next().unwrap();
        let (module, names) = path.rsplit_once("::{").or_else(|| path.rsplit_once("::")).unwrap();
        for name in names.trim_end_matches('}').split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let whole = format!("{module}::{name}");
            match source(&whole) {
                Some(_) => all.push((whole, "*".into())),
                None => all.push((module.to_owned(), name.split(" as ").next().unwrap().to_owned())),
            }
        }
    }
    all
}

fn word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap()
}

/// The type that a line declares, by itself or for a macro: `Status: "status" {`, `Price, NANO, 4, "price"`.
fn declared(line: &str) -> Option<&str> {
    let line = line.trim();
    let name = TYPES.iter().find_map(|start| line.strip_prefix(start)).map_or(line, str::trim_start);
    let (name, rest) = (word(name), &name[word(name).len()..]);
    let by_macro = rest.starts_with(": \"") && rest.ends_with('{') || rest.starts_with(", ") && rest.ends_with('"');
    (is_type(name) && (by_macro || TYPES.iter().any(|start| line.starts_with(start)))).then_some(name)
}

/// `Status`, but neither `KINDS` nor `kill_all`.
fn is_type(name: &str) -> bool {
    name.starts_with(|c: char| c.is_uppercase()) && name.contains(|c: char| c.is_lowercase())
}

/// Whether the doc comment above a line has a block that runs.
fn has_example(above: &[&str]) -> bool {
    let block = above.iter().rev().map(|line| line.trim()).take_while(|l| l.starts_with("///") || l.starts_with("#["));
    let doc = block.filter_map(|line| line.strip_prefix("///")?.trim().strip_prefix("```"));
    // Read from below: each fence that closes, then the one that opens.
    let fences: Vec<_> = doc.collect();
    fences.chunks(2).any(|fence| fence.len() == 2 && ["", "rust"].contains(&fence[1]))
}

#[test]
fn every_public_type_has_an_example_that_runs() {
    let (mut seen, mut wrong) = (Vec::new(), Vec::new());
    for (module, name) in exports() {
        let (file, text) = source(&module).unwrap_or_else(|| panic!("no file of module {module}"));
        let lines: Vec<_> = text.lines().collect();
        let found = lines.iter().enumerate().filter_map(|(i, line)| Some((i, declared(line)?)));
        let found: Vec<_> = found.filter(|(_, declared)| name == "*" || name == *declared).collect();
        if found.is_empty() && (name == "*" || is_type(&name)) {
            wrong.push(format!("{}: {name} is not declared here", file.display()));
        }
        for (i, declared) in found {
            seen.push(declared.to_owned());
            if !has_example(&lines[..i]) {
                wrong.push(format!("{}:{}: {declared} has no example", file.display(), i + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // One by name, by glob, by each macro and by module: the reading itself has not gone blind.
    for name in ["System", "Drawdown", "Status", "Price", "Decision"] {
        assert!(seen.iter().any(|each| each == name), "{name} is not among {seen:?}");
    }
}

#[test]
fn a_block_that_does_not_run_is_no_example() {
    assert!(has_example(&["/// A.", "/// ```", "/// let a = 1;", "/// ```", "#[derive(Debug)]"]));
    assert!(has_example(&["/// ```text", "/// a", "/// ```", "/// ```", "/// a();", "/// ```"]));
    assert!(!has_example(&["/// ```text", "/// a", "/// ```"]));
    assert!(!has_example(&["/// ```", "/// a();", "/// ```", "pub struct Other;", "/// B."]));
    assert!(!has_example(&["/// A."]));
}
