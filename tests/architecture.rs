//! Who may use whom: the `use` lines of the core, read as text, point one way.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// From the top to the bottom; each may use itself and what stands below it.
const LAYERS: &[&[&str]] = &[
    &["system"],
    &["runtime", "registry"],
    &["feed"],
    &["listener", "gate", "status"],
    &["probe"],
    &["circuit", "notes", "plan_check"],
    &["snapshot"],
    &["plan"],
    &["memory"],
    &["rule"],
    &["window"],
    &["model"],
];

/// What looks upwards, and why it may.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("runtime/threads.rs", "system", "a thread holds the inside of the System that it works for"),
    ("model/kind.rs", "rule", "the table of kinds says where each has its parameters; `rule` makes types of that"),
];

fn rust_files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    let name = |path: &Path| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

fn is_test_file(name: &str) -> bool {
    ["tests", "twin", "trial", "loom"].iter().any(|mark| name.contains(mark))
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The top modules that a file names in `crate::...`, above its own tests.
fn used(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let paths = lines.flat_map(|line| line.split("crate::").skip(1).map(str::to_owned).collect::<Vec<_>>());
    paths.map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()).collect()
}

#[test]
fn imports_point_one_way() {
    let mut wrong = Vec::new();
    for (name, text) in sources().iter().filter(|(name, _)| name != "lib.rs" && !is_test_file(name)) {
        let module = name.split(['/', '.']).next().unwrap();
        let own = layer(module).unwrap_or_else(|| panic!("{name}: module {module} has no layer"));
        for other in used(text) {
            let Some(below) = layer(&other) else { continue };
            let allowed = other == module || below > own || EXCEPTIONS.iter().any(|(f, m, _)| f == name && *m == other);
            if !allowed {
                wrong.push(format!("{name} uses {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn orderings_and_unsafe_stay_in_the_memory_row() {
    for (name, text) in sources() {
        let lines = || text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let ordering =
            lines().any(|l| ["Relaxed", "AcqRel", "SeqCst"].iter().any(|o| l.contains(&format!("Ordering::{o}"))));
        let unsafety = lines().any(|l| l.contains("unsafe {") || l.contains("unsafe impl"));
        if !name.starts_with("memory/") {
            assert!(!unsafety, "{name} is unsafe");
            assert!(!ordering, "{name} names an ordering");
        } else if unsafety {
            assert!(
                ["memory/region.rs", "memory/gate.rs", "memory/arm.rs"].contains(&name.as_str()),
                "{name} is unsafe"
            );
        }
    }
}

#[test]
fn the_order_path_uses_the_board_and_nothing_else() {
    let (_, gate) = sources().into_iter().find(|(name, _)| name == "memory/gate.rs").unwrap();
    let uses: Vec<_> = gate.lines().filter(|l| l.starts_with("use super::") || l.starts_with("use crate::")).collect();
    for line in uses {
        let known = ["arm", "board", "orderings", "prices", "sync"]
            .iter()
            .any(|m| line.starts_with(&format!("use super::{m}::")));
        assert!(known || line.starts_with("use crate::model::"), "{line}");
    }
}

#[test]
fn the_core_depends_on_no_serde_no_io_and_no_async() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap().split("\n[dev-").next().unwrap();
    for line in dependencies.lines().filter(|line| !line.starts_with('#')) {
        assert!(!["serde", "tokio", "toml", "jiff"].iter().any(|name| line.starts_with(name)), "{line}");
    }
}
