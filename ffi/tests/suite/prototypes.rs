//! The functions of the headers, and the calls of a program: enough of C to hold the two together.

use std::fs;
use std::path::Path;

/// A function as a header declares it.
#[derive(Debug)]
pub(crate) struct Prototype {
    pub(crate) name: String,
    pub(crate) arguments: Vec<String>,
    /// Whether it returns a status.
    pub(crate) tells: bool,
}

/// A call: its arguments as they are written.
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) arguments: Vec<String>,
}

/// All functions of both headers.
pub(crate) fn all() -> Vec<Prototype> {
    let read = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../include").join(name);
        without_comments(&fs::read_to_string(path).unwrap())
    };
    let header = read("haltline.h");
    let (_, exported) = header.split_once("extern \"C\" {").unwrap();
    let mut found = Vec::new();
    // A declaration or a definition begins in the first column, with its type.
    for text in [exported, &read("haltline_gate.h")] {
        let mut starts = text.lines().scan(0, |at, line| {
            let start = *at;
            *at += line.len() + 1;
            Some((start, line))
        });
        found.extend(starts.by_ref().filter_map(|(start, line)| {
            let is_head = line.starts_with(|first: char| first.is_alphabetic()) && !line.starts_with("typedef");
            let name = is_head.then(|| line.split('(').next()).flatten()?.rsplit([' ', '*']).next()?;
            if !name.starts_with("hl_") || !line.contains('(') {
                return None;
            }
            let open = start + line.find('(')?;
            let arguments = arguments(&text[open..])?;
            let tells = line.contains("hl_status hl_");
            Some(Prototype { name: name.to_owned(), arguments, tells })
        }));
    }
    // Those of haltline_gate.h that are exported stand in both.
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found.dedup_by(|one, other| one.name == other.name);
    found
}

/// All calls of a program.
pub(crate) fn calls(program: &str) -> Vec<Call> {
    let program = without_comments(program);
    let mut found = Vec::new();
    for (at, _) in program.match_indices("hl_") {
        let is_begun = program[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        let rest = &program[at..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if is_begun || !rest[end..].starts_with('(') {
            continue;
        }
        if let Some(arguments) = arguments(&rest[end..]) {
            found.push(Call { name: rest[..end].to_owned(), arguments });
        }
    }
    found
}

/// What stands between a parenthesis and its end, by its commas.
fn arguments(text: &str) -> Option<Vec<String>> {
    let (mut depth, mut found, mut in_text) = (0, vec![String::new()], false);
    for c in text.chars() {
        match c {
            '"' => in_text = !in_text,
            '(' | '{' | '[' if !in_text => depth += 1,
            ')' | '}' | ']' if !in_text => depth -= 1,
            ',' if depth == 1 && !in_text => {
                found.push(String::new());
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            return Some(found.iter().map(|each| each.trim().to_owned()).collect());
        }
        if !(depth == 1 && c == '(') {
            found.last_mut()?.push(c);
        }
    }
    None
}

fn without_comments(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("/*") {
        kept.push_str(&rest[..at]);
        rest = rest[at..].split_once("*/").map_or("", |(_, behind)| behind);
    }
    kept.push_str(rest);
    kept.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n").collect()
}

#[test]
fn arguments_are_parted_by_their_own_commas() {
    let calls = calls("OK(hl_one(a, f(b, c), \"d,)\")); hl_two(void); /* hl_three(x) */ xhl_four(x);");
    let found: Vec<_> = calls.iter().map(|call| (call.name.as_str(), call.arguments.join("|"))).collect();
    assert_eq!(found, [("hl_one", "a|f(b, c)|\"d,)\"".to_owned()), ("hl_two", "void".to_owned())]);
}

#[test]
fn the_functions_of_the_headers_are_found() {
    let all = all();
    let of = |name: &str| all.iter().find(|each| each.name == name).map(|each| each.arguments.len());
    assert_eq!(of("hl_system_open"), Some(2), "inline");
    assert_eq!(of("hl_gate_check2"), Some(2), "inline, on the order path");
    assert_eq!(of("hl_tally_outcome"), Some(5), "exported");
    assert_eq!(of("hl_kill_all"), Some(1), "void");
    let tells = |name: &str| all.iter().any(|each| each.name == name && each.tells);
    assert!(tells("hl_system_open") && tells("hl_kill") && !tells("hl_status_str") && !tells("hl_gate_close"));
    let symbols = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("symbols.txt")).unwrap();
    assert!(symbols.lines().all(|name| of(name).is_some()));
}
