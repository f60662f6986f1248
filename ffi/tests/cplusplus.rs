//! `include/haltline.hpp`: compiles without exceptions and without a warning, has a name for each number, and owns what it owns.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod installed;

use std::fs;
use std::process::Command;

use installed::{BUILD, have, prefix, root, run, scratch};

const STRICT: [&str; 6] = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"];

#[test]
fn the_wrapper_compiles_without_exceptions_and_without_a_warning_in_each_version_of_the_language() {
    let program = root().join("ffi/tests/package/wrapper.cpp");
    for compiler in ["g++", "clang++"] {
        if !have(&[compiler]) {
            continue;
        }
        for version in ["c++17", "c++20", "c++2b"] {
            for sort in [&["-fno-exceptions", "-fno-rtti"][..], &[]] {
                let mut compile = Command::new(compiler);
                compile.arg(format!("-std={version}")).args(STRICT).args(sort).arg("-fsyntax-only");
                run(compile.arg("-I").arg(root().join("include")).arg(&program));
            }
        }
    }
}

#[test]
fn each_number_of_the_header_has_its_name_in_the_wrapper() {
    let read = |name: &str| fs::read_to_string(root().join("include").join(name)).unwrap();
    let (header, wrapper) = (read("haltline.h") + &read("haltline_gate.h"), read("haltline.hpp"));
    let sets = [
        ("HL_KIND_", "Kind"),
        ("HL_EVENT_", "EventType"),
        ("HL_REASON_", "Reason"),
        ("HL_STATUS_", "Status"),
        ("HL_ERR_", "Code"),
        ("HL_AUTHORITY_", "Authority"),
        ("HL_VENUE_", "VenueStatus"),
        ("HL_OUTCOME_", "Outcome"),
        ("HL_SOURCE_", "EmergencySource"),
    ];
    let mut found = 0;
    for define in header.lines().filter_map(|line| line.strip_prefix("#define ")) {
        let name = define.split_whitespace().next().unwrap();
        let Some((_, of)) = sets.iter().find(|(prefix, _)| name.starts_with(prefix)) else { continue };
        let begin = wrapper
            .find(&format!("enum class {of} :"))
            .or(wrapper.find(&format!("enum class [[nodiscard]] {of} :")))
            .unwrap();
        let body = &wrapper[begin..begin + wrapper[begin..].find("};").unwrap()];
        assert!(body.contains(&format!(" = {name},")), "{of} has no {name}");
        found += 1;
    }
    assert!(found > 120, "only {found} numbers were found");
}

#[test]
fn owners_close_what_they_own_and_an_empty_gate_denies() {
    let sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    if !have(&BUILD) || !have(&["g++"]) {
        return;
    }
    let program = scratch("owners").join("wrapper");
    let mut link = Command::new("g++");
    link.args(["-std=c++17", "-O1", "-g", "-fno-exceptions", "-fno-rtti"]).args(sanitize).args(STRICT);
    link.arg("-I").arg(prefix().join("include")).arg("-o").arg(&program);
    link.arg(root().join("ffi/tests/package/wrapper.cpp")).arg(prefix().join("lib/libhaltline.a"));
    run(link.args(["-lpthread", "-ldl", "-lm"]));
    println!("{}", run(&mut Command::new(program)));
}
