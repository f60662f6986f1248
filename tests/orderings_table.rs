//! The table of memory orderings is prose, and prose goes stale: it must name exactly the orderings that there are, with
//! what they are, and only models that exist.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The rows `name = Order;` of the macro's list.
fn in_the_code() -> BTreeSet<(String, String)> {
    let code = read("src/memory/orderings.rs");
    let (_, list) = code.split_once("\norderings! {\n").unwrap();
    let (list, _) = list.split_once("\n}\n").unwrap();
    let rows = list.lines().filter_map(|line| line.trim().strip_suffix(';')?.split_once(" = "));
    rows.map(|(name, order)| (name.to_owned(), order.to_owned())).collect()
}

/// The first two columns of the table, and the models of the last.
fn in_the_table() -> (Vec<(String, String)>, BTreeSet<String>) {
    let table = read("docs/orderings.md");
    let (mut rows, mut models) = (Vec::new(), BTreeSet::new());
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, name, order, .., last, _] = cells[..] else { panic!("not a row: {line}") };
        rows.push((name.trim_matches('`').to_owned(), order.to_owned()));
        models.extend(last.split('`').filter(|word| word.contains("::")).map(str::to_owned));
    }
    (rows, models)
}

#[test]
fn the_table_names_exactly_the_orderings_of_the_code() {
    let (rows, _) = in_the_table();
    let named: BTreeSet<_> = rows.iter().cloned().collect();
    assert_eq!(named, in_the_code());
    assert_eq!(named.len(), rows.len(), "a row stands twice");
}

#[test]
fn every_model_of_the_table_exists() {
    let (_, models) = in_the_table();
    assert!(models.len() > 10);
    for model in models {
        let (file, test) = model.split_once("::").unwrap();
        let code = read(format!("src/memory/loom_tests/{file}.rs"));
        assert!(code.contains(&format!("#[test]\nfn {test}() {{")), "{model}");
    }
}
