//! The constants of the kinds in the header are those of the core's table.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use haltline::KINDS;

#[test]
fn the_header_has_the_number_of_each_kind_and_no_other() {
    let header = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../include/haltline.h")).unwrap();
    let found: Vec<_> = header.lines().filter(|line| line.starts_with("#define HL_KIND_")).collect();
    let name = |row: &haltline::KindRow| row.kind.name().to_uppercase();
    let wanted: Vec<_> = KINDS.iter().map(|row| format!("#define HL_KIND_{} {}", name(row), row.kind as u8)).collect();
    assert_eq!(found, wanted);
}
