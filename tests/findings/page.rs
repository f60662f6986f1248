//! The page of the findings names each of them, with a test that exists.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The tests of this target, by name, and those of the sources that are about a finding.
fn tests() -> Vec<String> {
    let files = ["answers", "ends", "lasting", "telling", "threads"];
    let text = files.map(|file| read(&format!("tests/findings/{file}.rs"))).concat();
    let named = |text: &str| -> Vec<String> {
        let marked = text.split("#[test]\nfn ").skip(1);
        marked.map(|rest| rest.split('(').next().unwrap().to_owned()).collect()
    };
    let sources = named(&read("crates/sources/tests/findings.rs"));
    named(&text).into_iter().chain(sources.into_iter().filter(|name| name.starts_with("finding_"))).collect()
}

#[test]
fn the_page_has_a_row_for_each_finding_with_its_test() {
    let (page, tests) = (read("docs/findings.md"), tests());
    let mut named = 0;
    for number in 2800..2825 {
        let rows: Vec<_> = page.lines().filter(|line| line.starts_with(&format!("| {number} |"))).collect();
        let [row] = rows[..] else { panic!("{number} has {} rows", rows.len()) };
        let test = row.split('`').find(|word| word.starts_with(&format!("finding_{number}_")));
        let test = test.unwrap_or_else(|| panic!("{number} names no test of its own"));
        assert!(tests.iter().any(|each| each == test), "{test} is no test");
        named += 1;
    }
    assert_eq!(named, tests.len(), "a test stands in no row");
}
