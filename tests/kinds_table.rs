//! The table of kinds in `docs/breakers.md` is that of `src/model/kind.rs`, and so is every other list of them.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use haltline::*;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn row(row: &KindRow) -> String {
    let KindRow { kind, summary, effect, release, reset_authority, .. } = row;
    let ends = match release {
        Release::Timed => format!("timed, {} s", row.halt_for.as_secs()),
        _ => release.to_string(),
    };
    format!("| {} | [`{kind}`](#{kind}) | {summary} | {effect} | {ends} | {reset_authority} |\n", *kind as u8)
}

fn table() -> String {
    let head = "| | kind | trips when | denies | ends | reset by |\n|---|---|---|---|---|---|\n";
    KINDS.iter().fold(head.to_owned(), |table, each| table + &row(each))
}

#[test]
fn the_page_of_the_kinds_has_the_table_of_the_source() {
    assert!(read("docs/breakers.md").contains(&table()), "docs/breakers.md should have:\n{}", table());
}

#[test]
fn every_kind_has_a_section_on_both_pages_in_the_order_of_the_numbers() {
    for (page, mark) in [("docs/breakers.md", "\n## NAME\n"), ("docs/config.md", "\n### `NAME`\n")] {
        let text = read(page);
        let places: Vec<_> =
            Kind::ALL.iter().map(|kind| (text.find(&mark.replace("NAME", kind.name())), kind.name())).collect();
        assert!(places.iter().all(|(place, _)| place.is_some()), "{page}: {places:?}");
        assert!(places.is_sorted(), "{page}: {places:?}");
    }
}
