//! A sixteenth kind is one row and one file: here it is added to a copy of the core, which then runs it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

/// Only what has changed, so that a second run compiles nothing.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// All files below a folder, with their texts.
fn files(folder: &str, into: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(Path::new(ROOT).join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            files(&path, into);
        } else {
            into.insert(path.clone(), read(&path));
        }
    }
}

/// The row as the documentation has it.
fn row() -> String {
    let docs = read("docs/adding-a-kind.md");
    docs.split("```text\n").nth(1).unwrap().split("```").next().unwrap().to_owned()
}

/// The core's dependencies, without those of its tests.
fn manifest() -> String {
    let root = read("Cargo.toml");
    let begin = root.find("[dependencies]").unwrap();
    let end = root.find("[target.'cfg(loom)'").unwrap();
    let head = "[package]\nname = \"haltline\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n";
    format!("{head}{}[profile.dev]\ndebug = false\n", &root[begin..end])
}

/// The core with one more row, and the file that it names.
fn core_with_sixteen() -> BTreeMap<String, String> {
    let mut core = BTreeMap::new();
    files("src", &mut core);
    files("docs", &mut core);
    let mut put = |path: &str, before: &str, text: &str| {
        let file = core.get_mut(path).unwrap();
        assert!(file.contains(before), "{path}: {before}");
        *file = file.replacen(before, &format!("{text}{before}"), 1);
    };
    put("src/model/kind.rs", "        }\n    };\n}\npub(crate) use kinds;", &row());
    put("src/rule/mod.rs", "pub(crate) mod technical;\n", "pub(crate) mod spread_width;\n");
    put("src/lib.rs", "pub use rule::technical::", "pub use rule::spread_width::SpreadWidth;\n");
    core.insert("src/rule/spread_width.rs".into(), read("tests/sixteenth/spread_width.rs"));
    core.insert("tests/drive.rs".into(), read("tests/sixteenth/drive.rs"));
    core.insert("Cargo.toml".into(), manifest());
    core
}

#[test]
fn a_row_and_a_file_make_a_kind() {
    let copied = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sixteenth");
    let core = core_with_sixteen();
    core.iter().for_each(|(path, text)| write(&copied.join(path), text));
    write(&copied.join("Cargo.lock"), &read("Cargo.lock"));
    let run = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--quiet", "--test", "drive"])
        .current_dir(&copied)
        .env("CARGO_TARGET_DIR", copied.join("target"))
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success() && told.contains("2 passed"), "{told}");
}
