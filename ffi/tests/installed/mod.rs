//! What `ffi/build.sh` installs, for the tests that use it.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What a build needs.
pub(crate) const BUILD: [&str; 4] = ["cc", "ld", "objcopy", "ar"];

/// The folder of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// An empty folder.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(env!("CARGO_CRATE_NAME")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Whether these are installed; if not, says so.
pub(crate) fn have(tools: &[&str]) -> bool {
    let missing: Vec<_> = tools.iter().filter(|tool| Command::new(tool).arg("--version").output().is_err()).collect();
    if !missing.is_empty() {
        println!("skipped: {missing:?} is not installed");
    }
    missing.is_empty()
}

/// What it printed; a failure shows all that it said.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}\n{out}\n{}", String::from_utf8_lossy(&output.stderr));
    out
}

/// Where cargo works for the release build; beside that of the tests, which is locked while they are built.
pub(crate) fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("../ffi")
}

/// Installs once and moves what was installed.
pub(crate) fn prefix() -> &'static Path {
    static MOVED: OnceLock<PathBuf> = OnceLock::new();
    MOVED.get_or_init(|| {
        let folder = scratch("prefix");
        let mut build = Command::new(root().join("ffi/build.sh"));
        run(build.arg("--prefix").arg(folder.join("built")).env("CARGO_TARGET_DIR", target()));
        fs::rename(folder.join("built"), folder.join("moved")).unwrap();
        folder.join("moved")
    })
}
