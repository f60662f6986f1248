//! What `ffi/build.sh` installs links and runs, from a folder that was moved afterwards, and exports nothing but `hl_*`.
//!
//! One release build for all of them, in a target folder of its own: a minute the first time. What needs a tool that is
//! not there is skipped with a word.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod installed;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use installed::{BUILD, have, prefix, root, run, scratch, target};

/// The archive may not grow beyond this without somebody's thought. What a program grows by is two thirds of it: the rest are
/// relocations.
const MOST: u64 = 3_500_000;

fn symbols() -> BTreeSet<String> {
    fs::read_to_string(root().join("ffi/symbols.txt")).unwrap().lines().map(str::to_owned).collect()
}

/// The defined names that others can see, by `readelf` (GNU nm misreads Rust objects with bitcode). The name of a version
/// is one, too.
fn visible(table: &str, file: &Path) -> BTreeSet<String> {
    let text = run(Command::new("readelf").args(["--wide", table]).arg(file));
    let defined = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [_, _, _, _, bind, _, section, name] = fields[..] else { return None };
        (bind != "LOCAL" && section != "UND" && bind != "Bind").then(|| name.split('@').next().unwrap().to_owned())
    };
    text.lines().filter_map(defined).filter(|name| name != "HALTLINE_0").collect()
}

#[test]
fn the_archive_is_one_small_object_whose_only_global_names_are_ours() {
    if !have(&BUILD) || !have(&["readelf"]) {
        return;
    }
    let archive = prefix().join("lib/libhaltline.a");
    assert_eq!(visible("--syms", &archive), symbols());
    assert_eq!(run(Command::new("ar").arg("t").arg(&archive)).lines().count(), 1);
    let size = fs::metadata(&archive).unwrap().len();
    println!("{size} bytes");
    assert!(size <= MOST, "{size} bytes, at most {MOST} are allowed");
    let sections = run(Command::new("readelf").args(["--wide", "--sections"]).arg(&archive));
    assert!(sections.contains(".eh_frame"), "a panic inside could not be caught");
    assert!(!sections.contains(".debug_info"), "built with debug information");
}

#[test]
fn the_shared_library_has_its_soname_its_version_and_our_names_only() {
    if !have(&BUILD) || !have(&["readelf"]) {
        return;
    }
    let library = prefix().join("lib/libhaltline.so");
    assert_eq!(fs::read_link(&library).unwrap(), Path::new("libhaltline.so.0"));
    assert_eq!(fs::read_link(library.with_extension("so.0")).unwrap(), Path::new("libhaltline.so.0.1.0"));
    assert_eq!(visible("--dyn-syms", &library), symbols());
    let dynamic = run(Command::new("readelf").args(["--wide", "--dynamic"]).arg(&library));
    assert!(dynamic.contains("soname: [libhaltline.so.0]"), "{dynamic}");
    assert!(!dynamic.contains("RPATH") && !dynamic.contains("RUNPATH"), "{dynamic}");
    let names = run(Command::new("readelf").args(["--wide", "--dyn-syms"]).arg(&library));
    for symbol in symbols() {
        assert!(names.contains(&format!(" {symbol}@@HALTLINE_0")), "{symbol} has no version");
    }
}

#[test]
fn nothing_that_is_installed_names_a_folder_of_this_machine() {
    if !have(&BUILD) {
        return;
    }
    let built = prefix().parent().unwrap().to_str().unwrap().to_owned();
    for file in installed_files(prefix()) {
        // Not the libraries, which are no text.
        let Ok(text) = fs::read_to_string(prefix().join(&file)) else { continue };
        assert!(!text.contains(&built), "{file}");
        assert!(!text.contains("@VERSION@") && !text.contains("@SYSTEM"), "{file}");
    }
}

#[test]
fn a_c_program_links_both_through_pkg_config_after_the_folder_was_moved() {
    if !have(&BUILD) || !have(&["pkg-config"]) {
        return;
    }
    let folder = scratch("pkg-config");
    for package in ["haltline-static", "haltline"] {
        let mut ask = Command::new("pkg-config");
        ask.args(["--cflags", "--libs", package]).env("PKG_CONFIG_PATH", prefix().join("lib/pkgconfig"));
        let flags = run(&mut ask);
        let program = folder.join(package);
        let mut link = Command::new("cc");
        link.arg("-o").arg(&program).arg(root().join("ffi/tests/package/program.c"));
        run(link.args(flags.split_whitespace()));
        let ran = run(Command::new(&program).env("LD_LIBRARY_PATH", prefix().join("lib")));
        assert_eq!(ran, "linked\n");
        let needs =
            run(Command::new("readelf").args(["--wide", "--dynamic"]).arg(&program)).contains("libhaltline.so.0");
        assert_eq!(needs, package == "haltline");
    }
}

#[test]
fn a_c_program_links_both_through_cmake_after_the_folder_was_moved() {
    if !have(&BUILD) || !have(&["cmake"]) {
        return;
    }
    let folder = scratch("cmake");
    let configure = |wanted: &str| {
        let mut cmake = Command::new("cmake");
        cmake.arg("-S").arg(root().join("ffi/tests/package")).arg("-B").arg(folder.join(wanted));
        cmake.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix().display())).arg(format!("-DWANTED={wanted}"));
        cmake
    };
    run(&mut configure("0.1"));
    run(Command::new("cmake").arg("--build").arg(folder.join("0.1")));
    for kind in ["static", "shared"] {
        assert_eq!(run(&mut Command::new(folder.join("0.1").join(kind))), "linked\n");
    }
    for other in ["0.2", "1.0"] {
        assert!(!configure(other).output().unwrap().status.success(), "{other} is not what is installed");
    }
}

/// Files and links below a folder.
fn installed_files(folder: &Path) -> BTreeSet<String> {
    let (mut found, mut folders) = (BTreeSet::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for path in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    found
}

#[test]
fn make_and_cmake_install_the_same_files() {
    if !have(&BUILD) || !have(&["cmake", "make"]) {
        return;
    }
    let (folder, wanted) = (scratch("install"), installed_files(prefix()));
    assert!(wanted.contains("include/haltline.hpp") && wanted.contains("lib/libhaltline.a"), "{wanted:?}");
    let mut make = Command::new("make");
    make.arg("-C").arg(root()).arg("install").arg(format!("PREFIX={}", folder.join("make").display()));
    run(make.env("CARGO_TARGET_DIR", target()));
    let mut configure = Command::new("cmake");
    run(configure.arg("-S").arg(root()).arg("-B").arg(folder.join("build")).env("CARGO_TARGET_DIR", target()));
    let mut install = Command::new("cmake");
    run(install.arg("--install").arg(folder.join("build")).arg("--prefix").arg(folder.join("cmake")));
    for by in ["make", "cmake"] {
        assert_eq!(installed_files(&folder.join(by)), wanted, "{by}");
    }
}

#[test]
fn two_rust_archives_in_one_program_keep_to_themselves() {
    if !have(&BUILD) {
        return;
    }
    let (folder, tests) = (scratch("two"), root().join("ffi/tests/package"));
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let other = folder.join("libother.a");
    run(Command::new(rustc)
        .args(["--crate-type", "staticlib", "--edition", "2024", "-O", "-o"])
        .arg(&other)
        .arg(tests.join("other.rs")));
    for order in [false, true] {
        let mut archives = [prefix().join("lib/libhaltline.a"), other.clone()];
        if order {
            archives.reverse();
        }
        let program = folder.join(format!("program-{order}"));
        let mut link = Command::new("cc");
        link.arg("-I").arg(prefix().join("include")).arg("-o").arg(&program).arg(tests.join("two_archives.c"));
        run(link.args(archives).args(["-lpthread", "-ldl", "-lm"]));
        run(&mut Command::new(&program));
    }
}
