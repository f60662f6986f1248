//! The committed header is what the code says.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// In the order in which people read; the rest follows.
const FIRST: [&str; 23] = [
    "status",
    "last_error",
    "text",
    "handle",
    "options",
    "system",
    "gate",
    "explain",
    "probe",
    "permit",
    "feed",
    "tally",
    "operator",
    "policy",
    "callback",
    "filter",
    "subscribe",
    "events",
    "views",
    "history",
    "names",
    "evaluate",
    "words",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// What cbindgen makes of the code.
fn made() -> String {
    let config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
    let names =
        fs::read_dir(root().join("ffi/src")).unwrap().map(|e| e.unwrap().path().file_stem().unwrap().to_owned());
    let rest: BTreeSet<_> = names.map(|name| name.into_string().unwrap()).collect();
    // The root names the others, and they would be read twice.
    let rest = rest.iter().map(String::as_str).filter(|name| *name != "lib" && !FIRST.contains(name));
    let sources = FIRST.into_iter().chain(rest).map(|name| root().join(format!("ffi/src/{name}.rs")));
    let builder = sources.fold(cbindgen::Builder::new(), cbindgen::Builder::with_src);
    let mut made = Vec::new();
    builder.with_config(config).generate().unwrap().write(&mut made);
    // The heading is rustdoc's.
    String::from_utf8(made).unwrap().replace("// # Safety\n// ", "// Asked of the caller: ")
}

/// Compares a committed file, or writes it anew.
fn hold(path: &str, made: &str) {
    let file = root().join(path);
    if std::env::var_os("HALTLINE_BLESS").is_some() {
        fs::write(&file, made).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(made == committed, "{path} is out of date; HALTLINE_BLESS=1 cargo test -p haltline-ffi writes it anew");
}

/// The functions of the header that the library exports, with the comment above each.
fn functions(header: &str) -> Vec<(String, String)> {
    let (mut found, mut comment) = (Vec::new(), String::new());
    let mut lines = header.lines().skip_while(|line| !line.starts_with("extern \"C\""));
    while let Some(line) = lines.next() {
        if let Some(text) = line.strip_prefix("//") {
            comment.push_str(text);
            continue;
        }
        let name = line
            .trim_end()
            .split('(')
            .next()
            .filter(|head| !head.starts_with(' '))
            .and_then(|head| head.rsplit([' ', '*']).next());
        if let Some(name) = name.filter(|name| line.contains('(') && name.starts_with("hl_")) {
            found.push((name.to_owned(), core::mem::take(&mut comment)));
            // Its arguments may go over several lines.
            let mut last = line;
            while !last.ends_with([';', '{']) {
                last = lines.next().unwrap();
            }
        }
        comment.clear();
    }
    found
}

#[test]
fn the_committed_header_is_what_cbindgen_makes_of_the_code() {
    hold("include/haltline.h", &made());
}

#[test]
fn the_list_of_symbols_is_that_of_the_header() {
    let names: BTreeSet<_> = functions(&made()).into_iter().map(|(name, _)| name).collect();
    let exported: String =
        names.iter().filter(|name| *name != "hl_system_open").map(|name| format!("{name}\n")).collect();
    hold("ffi/symbols.txt", &exported);
}

#[test]
fn each_function_of_the_code_is_in_the_header_once_and_says_the_four_things() {
    let all = functions(&made());
    let names: BTreeSet<_> = all.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(names.len(), all.len());
    let mut in_the_code = BTreeSet::from(["hl_system_open".to_owned()]);
    for file in fs::read_dir(root().join("ffi/src")).unwrap() {
        let code = fs::read_to_string(file.unwrap().path()).unwrap();
        let heads = code.split("#[unsafe(no_mangle)]\n").skip(1);
        in_the_code.extend(
            heads.map(|head| head.split(" fn ").nth(1).and_then(|rest| rest.split('(').next()).unwrap().to_owned()),
        );
    }
    assert_eq!(names, in_the_code);
    for (name, comment) in all {
        // In this order, each with something behind it.
        let mut rest = comment.as_str();
        for word in ["Threads: ", "Signals: ", "Allocates: ", "Progress: "] {
            let (_, behind) = rest.split_once(word).unwrap_or_else(|| panic!("{name} says nothing of {word}"));
            assert!(behind.chars().next().is_some_and(char::is_alphabetic), "{name}: {word}");
            rest = behind;
        }
    }
}

#[test]
fn each_inline_function_says_the_four_things_or_looks_at_a_verdict() {
    let header = fs::read_to_string(root().join("include/haltline_gate.h")).unwrap();
    let inline = header.split("\n\n").filter(|part| part.contains("HL_INLINE") && part.contains("(const hl_gate"));
    let said =
        |part: &str| ["Threads: ", "Signals: ", "Allocates: ", "Progress: "].iter().all(|word| part.contains(word));
    let silent: Vec<_> =
        inline.filter(|part| !said(part)).filter(|part| !part.contains("hl_gate_quick(const")).collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn the_number_of_the_interface_is_the_headers() {
    assert_eq!(haltline_ffi::hl_abi_version(), haltline_ffi::HL_ABI_VERSION);
}
