//! Mistakes of the file as a whole: all of them, where they stand, and none twice.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::io::Write;
use std::path::Path;

use common::mistakes;
use haltline::Kind;
use haltline_config::{MAX_BYTES, load, parse, parse_under};

#[test]
fn a_file_without_breakers_guards_nothing_and_is_a_mistake() {
    let expected = ["1:1: no breakers: at least one [[breaker]] is needed"];
    assert_eq!(mistakes(""), expected);
    assert_eq!(mistakes("# nothing\n\n"), expected);
    assert_eq!(mistakes("breaker = []"), ["1:11: breaker: no breakers: at least one [[breaker]] is needed"]);
    assert_eq!(mistakes("breaker = 5"), ["1:11: breaker: found an integer 5, allowed are tables [[breaker]]"]);
    assert_eq!(mistakes("[breaker]"), ["1:1: breaker: found a table, allowed are tables [[breaker]]"]);
}

#[test]
fn all_mistakes_are_reported_at_once_in_the_order_of_the_file() {
    let kinds = Kind::ALL.iter().map(|kind| format!("{:?}", kind.name())).collect::<Vec<_>>().join(", ");
    for name in ["everything", "syntax"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
        let text = std::fs::read_to_string(folder.join(name).with_extension("toml")).unwrap();
        let expected = std::fs::read_to_string(folder.join(name).with_extension("txt")).unwrap();
        let expected = expected.replace("{kinds}", &kinds);
        let found = parse(&text, "risk.toml").unwrap_err().to_string();
        for (found, expected) in found.lines().zip(expected.lines()) {
            assert_eq!(found, expected, "{name}");
        }
        assert_eq!(found.lines().count(), expected.lines().count(), "{name}:\n{found}");
    }
}

#[test]
fn findings_carry_file_line_column_and_message() {
    let text = "[[breaker]]\nname = \"ä\"\nkind = \"manual\"\nscope = \"ü/ß\"; x\n";
    let found = parse("[[breaker]]\nname=\"b\"\nkind='manual'\nscope = 'é'\n", "a/risk.toml").unwrap_err();
    let finding = &found.as_slice()[0];
    assert_eq!((&*finding.file, finding.line, finding.column), ("a/risk.toml", 4, 9));
    assert!(finding.message.starts_with("breaker \"b\": scope: scope path \"é\": 'é'"), "{finding}");
    // Columns count characters, not bytes.
    assert_eq!(mistakes(text)[1].split(' ').next(), Some("4:14:"));
}

#[test]
fn a_byte_order_mark_and_carriage_returns_move_no_column() {
    let text =
        "\u{feff}breakr = 1\r\n[[breaker]]\r\nname = \"b\"\r\nkind = \"manual\"\r\nscope = \"\"\r\nlimit = 1\r\n";
    let found = mistakes(text);
    assert_eq!(found.len(), 2);
    assert!(found[0].starts_with("1:1: unknown key \"breakr\""), "{found:?}");
    assert!(found[1].starts_with("6:1: breaker \"b\": limit is not allowed"), "{found:?}");
}

#[test]
fn a_broken_line_echoes_nowhere_else() {
    // The kind is there, and cannot be read: it is not missing, and the scope without quotes is not malformed.
    assert_eq!(
        mistakes(
            "[[breaker]]\nname = \"b\"\nkind = manual\nscope = a b\n\n[[breaker]]\nname = \"c\"\nkind = \"manual\"\n"
        ),
        [
            "3:8: syntax: string values must be quoted, expected literal string; found \"manual\"",
            "4:9: syntax: string values must be quoted, expected literal string; found \"a b\"",
            "6:1: breaker \"c\": scope is missing, allowed are scope paths, such as \"XNAS/AAPL\", \"XNAS/*\" for each below, \"\" for everything, and { instruments = \"tier-1\" } for each of a list",
        ]
    );
    assert_eq!(
        mistakes("[[breaker]]\nname = \"b\"\nname = \"c\"\nkind = \"manual\"\nscope = \"\"\n"),
        ["3:1: syntax: duplicate key; found \"name\""]
    );
}

#[test]
fn a_flood_of_mistakes_is_cut_and_counted() {
    let found = mistakes(&"x = \n".repeat(100_000));
    assert_eq!(found.len(), 1_000);
    assert!(found[999].ends_with("; and 198999 more findings after this one"), "{}", found[999]);
}

fn loaded(bytes: &[u8]) -> String {
    let mut file = tempfile();
    file.1.write_all(bytes).unwrap();
    let found = load(&file.0).unwrap_err().to_string();
    std::fs::remove_file(&file.0).unwrap();
    found.strip_prefix(&format!("{}:", file.0.display())).unwrap().into()
}

fn tempfile() -> (std::path::PathBuf, std::fs::File) {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let n = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("haltline-config-{}-{n}.toml", std::process::id()));
    let file = std::fs::File::create(&path).unwrap();
    (path, file)
}

#[test]
fn files_that_are_no_configuration_are_mistakes() {
    assert_eq!(loaded(b""), "1:1: no breakers: at least one [[breaker]] is needed");
    assert_eq!(loaded(&vec![b'#'; 10_000_000]), "1:1: found 10000000 bytes, allowed are at most 4194304 (4 MiB)");
    assert_eq!(loaded(b"a = 1\nb = '\xe4'"), "2:6: found the byte 0xe4, allowed is text in UTF-8");
    assert_eq!(loaded(b"\xff"), "1:1: found the byte 0xff, allowed is text in UTF-8");
    let folder = load(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap_err().to_string();
    assert!(folder.contains(":1:1: cannot be read: "), "{folder}");
    let nothing = load(Path::new("/nonexistent/risk.toml")).unwrap_err().to_string();
    assert!(nothing.starts_with("/nonexistent/risk.toml:1:1: cannot be read: "), "{nothing}");
}

#[test]
fn the_longest_file_is_read_and_one_byte_more_is_not() {
    let breaker = "[[breaker]]\nname = \"b\"\nkind = \"manual\"\nscope = \"\"\n#";
    let longest = format!("{breaker}{}", "#".repeat(MAX_BYTES as usize - breaker.len()));
    assert!(parse(&longest, "f").is_ok());
    assert_eq!(mistakes(&(longest + "#")), ["1:1: found 4194305 bytes, allowed are at most 4194304 (4 MiB)"]);
}

#[test]
fn a_configuration_may_be_a_table_of_a_larger_file() {
    let text = "title = 'x'\n[config]\nscopes = ['XNAS']\n[[config.breaker]]\nname = 'b'\nkind = 'manual'\nscope = ''\n\
                [other]\nbreaker = 5\n";
    let plan = parse_under(text, "s.toml", "config").unwrap().plan;
    assert_eq!((plan.breakers.len(), plan.scopes.len()), (1, 1));
    let mistakes = |text: &str| parse_under(text, "s.toml", "config").unwrap_err().to_string();
    assert_eq!(
        mistakes(&text.replace("'manual'", "'manul'")).split(", allowed").next(),
        Some("s.toml:6:8: breaker \"b\": kind: found \"manul\"")
    );
    assert!(mistakes(&text.replace("scopes", "scops")).starts_with("s.toml:3:1: unknown key \"scops\", allowed are"));
    assert_eq!(mistakes("[config]\n"), "s.toml:1:1: no breakers: at least one [[breaker]] is needed");
    for text in ["", "config = 5", "[[config]]"] {
        assert_eq!(mistakes(text), "s.toml:1:1: the table [config] is missing");
    }
    assert!(mistakes(&text.replace("[other]", "[other")).starts_with("s.toml:8:7: syntax: "));
}
