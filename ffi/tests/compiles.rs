//! The headers compile under every standard that they promise, without a warning; and the inline check is short.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const WARNINGS: [&str; 7] =
    ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror"];

const PROGRAM: &str = r#"
#include "haltline.h"

/* Everything inline is instantiated, in what C and C++ share. */
hl_verdict check(const hl_gate *gate);
hl_verdict check(const hl_gate *gate) { return hl_gate_check(gate); }
bool all(const hl_options *options, hl_system *system, const hl_gate *one, const hl_gate *other);
bool all(const hl_options *options, hl_system *system, const hl_gate *one, const hl_gate *other) {
    hl_verdict seen = hl_verdict_only(hl_gate_check2(one, other), HL_CANCEL);
    if (hl_system_open(options, system) != HL_OK || hl_verdict_is_disarmed(seen) || hl_verdict_warns(seen)) {
        return hl_verdict_denies_any(seen) && hl_verdict_permits(seen, HL_REDUCE);
    }
    return hl_gate_permits(one, HL_INCREASE) && hl_gate_admits_price(one, HL_NO_PRICE, HL_SELL);
}
"#;

fn include() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../include")
}

fn program(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, PROGRAM).unwrap();
    path
}

/// Whether a compiler is there.
fn has(compiler: &str) -> bool {
    let is_there = Command::new(compiler).arg("--version").output().is_ok();
    if !is_there {
        println!("skipped: {compiler} is not there");
    }
    is_there
}

/// Compiles; skips what the compiler does not know.
fn compile(compiler: &str, standard: &str, source: &Path) {
    let output = Command::new(compiler)
        .args([&format!("-std={standard}"), "-O2", "-fsyntax-only", "-I"])
        .arg(include())
        .args(WARNINGS)
        .arg(source)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("invalid value") || said.contains("unrecognized command-line option") {
        println!("skipped: {compiler} does not know {standard}");
        return;
    }
    assert!(output.status.success(), "{compiler} -std={standard}:\n{said}");
}

#[test]
fn the_header_compiles_as_c_of_every_standard() {
    let source = program("header.c");
    for compiler in ["gcc", "clang"].into_iter().filter(|compiler| has(compiler)) {
        ["c99", "c11", "c17", "c2x", "gnu99", "gnu17"].iter().for_each(|standard| compile(compiler, standard, &source));
    }
}

#[test]
fn the_header_compiles_as_cpp_of_every_standard() {
    let source = program("header.cpp");
    for compiler in ["g++", "clang++"].into_iter().filter(|compiler| has(compiler)) {
        ["c++11", "c++14", "c++17", "c++20", "c++2b"].iter().for_each(|standard| compile(compiler, standard, &source));
    }
}

#[test]
fn an_inline_check_that_sees_nothing_is_at_most_twenty_instructions() {
    if !cfg!(target_arch = "x86_64") {
        return println!("skipped: counted on x86-64 alone");
    }
    let source = program("short.c");
    for compiler in ["gcc", "clang"].into_iter().filter(|compiler| has(compiler)) {
        let output = Command::new(compiler)
            .args(["-std=c11", "-O2", "-S", "-fno-asynchronous-unwind-tables", "-o", "-", "-I"])
            .arg(include())
            .arg(&source)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let assembly = String::from_utf8(output.stdout).unwrap();
        let body = assembly.split("\ncheck:").nth(1).unwrap().split(".size\tcheck").next().unwrap();
        let is_code = |line: &&str| line.starts_with('\t') && !line.starts_with("\t.") && !line.starts_with("\t#");
        let code: Vec<_> = body.lines().filter(is_code).collect();
        // Up to the branch that decides; behind it only a return is left, or the call that a denial needs.
        let decides = code.iter().rposition(|line| line.starts_with("\tj") && !line.starts_with("\tjmp")).unwrap();
        assert!(decides < 20, "{compiler}: {} instructions\n{body}", decides + 1);
        assert!(!body.contains("lock") && !body.contains("mfence"), "{body}");
    }
}
