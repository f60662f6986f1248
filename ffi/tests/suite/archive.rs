//! The static library, built once for all programs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// In a folder of its own, so that it waits for no other build.
pub(crate) fn archive() -> &'static Path {
    static ARCHIVE: OnceLock<PathBuf> = OnceLock::new();
    ARCHIVE.get_or_init(|| {
        let target = super::tools::folder().join("archive");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["rustc", "--quiet", "--locked", "--offline", "--lib", "--crate-type", "staticlib"]);
        cargo.arg("--target-dir").arg(&target).current_dir(env!("CARGO_MANIFEST_DIR"));
        // Lines are enough for the tools, and what is smaller is linked and read faster.
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only").env_remove("CARGO_BUILD_TARGET");
        super::tools::succeed(&mut cargo);
        let archive = target.join("debug/libhaltline_ffi.a");
        assert!(archive.exists(), "{} was not made", archive.display());
        archive
    })
}
