//! Instruments from a file: each row is a scope, a breaker may guard those of one list, and every mistake has its line.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{Folder, mistakes};
use haltline::{Nanos, PriceBand, ScopePath, System, Tier};
use haltline_config::{Config, load, parse};
use proptest::prelude::*;

/// Line 1 to 5.
const LIST: &str = "[[instruments]]\nname = \"all\"\nfile = \"nasdaq.csv\"\nscope = \"XNAS\"\ncolumn = \"symbol\"\n";
const GUARD: &str = "[[breaker]]\nname = \"dd\"\nkind = \"drawdown\"\nscope = { instruments = \"all\" }\n";
const ROWS: &str = "symbol,tier,name\nAAPL,1,Apple\nMSFT,1,Microsoft\nTINY,2,Tiny Corp.\n";

fn folder(test: &str, main: &str, csv: &str) -> Folder {
    Folder::new(&format!("instruments-{test}"), &[("main.toml", main), ("nasdaq.csv", csv)])
}

fn symbols(config: &Config, list: &str) -> Vec<String> {
    config.instruments[list].scopes.iter().map(ToString::to_string).collect()
}

/// The breakers that a System makes of it, without the kill switches of scopes.
fn breakers(config: Config) -> Vec<String> {
    let system = System::manual(config.plan, Nanos(0)).unwrap();
    let all = system.breakers().into_iter().filter(|breaker| !breaker.implicit);
    all.map(|breaker| format!("{} on {}", breaker.name, breaker.scope)).collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn each_row_is_a_scope_and_a_breaker_of_the_list_guards_each() {
    let config = folder("each", &format!("scopes = [\"XNAS/OLD\", \"XNAS/AAPL\"]\n{LIST}{GUARD}"), ROWS).load();
    assert_eq!(symbols(&config, "all"), ["XNAS/AAPL", "XNAS/MSFT", "XNAS/TINY"]);
    assert_eq!(config.plan.scopes.len(), 4);
    assert_eq!(config.instruments["all"].parent, ScopePath::new("XNAS").unwrap());
    assert_eq!(breakers(config), ["dd:AAPL on XNAS/AAPL", "dd:MSFT on XNAS/MSFT", "dd:TINY on XNAS/TINY"]);
}

#[test]
fn a_row_is_chosen_if_all_of_its_columns_say_so() {
    let csv = "name,symbol,tier,etf\nx,A,1,N\nx,B,1,Y\nx,C,2,N\nx,D,11,N\n";
    let of = |test, condition: &str| {
        symbols(&folder(test, &format!("{LIST}where = {condition}\n{GUARD}"), csv).load(), "all")
    };
    assert_eq!(of("where-1", "{ tier = \"1\" }"), ["XNAS/A", "XNAS/B"]);
    assert_eq!(of("where-2", "{ tier = \"1\", etf = \"N\" }"), ["XNAS/A"]);
    assert_eq!(of("where-3", "{ symbol = \"D\" }"), ["XNAS/D"]);
}

#[test]
fn the_tiers_of_one_market_have_their_own_bands() {
    let list =
        |tier: u8| LIST.replace("\"all\"", &format!("\"tier-{tier}\"")) + &format!("where = {{ tier = \"{tier}\" }}\n");
    let bands = |tier: u8| {
        format!(
            "[[breaker]]\nname = \"bands-{tier}\"\npack = \"us-luld-{tier}\"\nscope = {{ instruments = \"tier-{tier}\" }}\n"
        )
    };
    let include = "include = [\"us-luld-1\", \"us-luld-2\"]\n";
    let config = folder("tiers", &[include, &list(1), &list(2), &bands(1), &bands(2)].concat(), ROWS).load();
    let sessions = &config.calendars["us-equities"].sessions;
    let read: Vec<_> = config.plan.templates.iter().map(|t| (**t.rule.band().unwrap()).clone()).collect();
    assert_eq!(read, [Tier::One, Tier::Two].map(|tier| PriceBand::luld(tier, sessions.clone())));
    assert_eq!(
        breakers(config),
        ["bands-1:AAPL on XNAS/AAPL", "bands-1:MSFT on XNAS/MSFT", "bands-2:TINY on XNAS/TINY"]
    );
    // An instrument of two lists would have two bands.
    let twice =
        [include, &list(1), &list(2).replace("tier = \"2\"", "symbol = \"AAPL\""), &bands(1), &bands(2)].concat();
    let found = folder("tiers-twice", &twice, ROWS).mistakes();
    assert_eq!(
        found,
        [
            "main.toml:21:9: breaker \"bands-2\": scope: scope \"XNAS/AAPL\" has a price band already, at line 17, column 9"
        ]
    );
}

#[test]
fn the_root_may_be_the_parent_and_a_list_may_stand_in_an_included_file() {
    let config = folder("root", &format!("{}{GUARD}", LIST.replace("XNAS", "")), ROWS).load();
    assert_eq!(breakers(config), ["dd:AAPL on AAPL", "dd:MSFT on MSFT", "dd:TINY on TINY"]);
    let files = [
        ("main.toml", &*format!("include = [\"market/list.toml\"]\n{GUARD}")),
        ("market/list.toml", LIST),
        ("market/nasdaq.csv", ROWS),
    ];
    assert_eq!(symbols(&Folder::new("instruments-included", &files).load(), "all").len(), 3);
}

#[test]
fn marks_line_ends_quotes_and_empty_lines_are_the_format_s() {
    let plain = folder("plain", &format!("{LIST}{GUARD}"), ROWS).load();
    for (n, csv) in [
        format!("\u{feff}{ROWS}"),
        ROWS.replace('\n', "\r\n"),
        format!("\u{feff}{}", ROWS.replace('\n', "\r\n")),
        ROWS.replace("symbol", "\"symbol\"").replace("AAPL", "\"AAPL\"").replace("Apple", "\"Apple, \"\"Inc.\"\"\""),
        format!("\u{feff}{}", ROWS.replace("symbol", "\"symbol\"")),
        ROWS.replace("MSFT", "\n\r\nMSFT"),
        ROWS.trim_end().into(),
    ]
    .iter()
    .enumerate()
    {
        let config = folder(&format!("format-{n}"), &format!("{LIST}{GUARD}"), csv).load();
        assert_eq!(config.plan, plain.plan, "{csv:?}");
    }
}

#[test]
fn mistakes_of_rows_are_told_with_the_file_and_the_line() {
    let told = |n: usize, csv: &str| folder(&format!("rows-{n}"), &format!("{LIST}{GUARD}"), csv).mistakes().join("\n");
    for (n, (csv, text)) in [
        ("", "nasdaq.csv:1:1: found no line, allowed are a line with the names of the columns"),
        ("symbol,tier\nA,1\nB\n", "nasdaq.csv:3:1: found 1 fields, allowed are as many as columns (2)"),
        ("symbol,tier\r\n\r\nA,1\r\nB,1,\r\n", "nasdaq.csv:4:1: found 3 fields, allowed are as many as columns (2)"),
        (
            "\u{feff}symbol,tier\r\nA,1\r\n,1\r\n",
            "nasdaq.csv:3:1: instruments \"all\": found the symbol \"\", allowed are",
        ),
        ("symbol\nA\nB/C\n", "nasdaq.csv:3:1: instruments \"all\": found the symbol \"B/C\", allowed are letters"),
        ("symbol\nA\nB C\n", "nasdaq.csv:3:1: instruments \"all\": scope path \"XNAS/B C\": ' ' in segment"),
        ("symbol\nA\n*\n", "nasdaq.csv:3:1: instruments \"all\": scope path \"XNAS/*\": '*' in segment"),
        (
            "symbol\nA\nB\nA\n",
            "nasdaq.csv:4:1: instruments \"all\": \"XNAS/A\" is already in the list, at line 2, column 1",
        ),
        ("symbol,name\nA,\"Alpha\nB,Beta\n", "nasdaq.csv:2:1: found a quote that is not closed before the next comma"),
        ("symbol,name\n\"A\"x,Alpha\n", "nasdaq.csv:2:1: found a quote that is not closed before the next comma"),
        ("symbol,name\nA,\"Alpha\nBeta\"\n", "nasdaq.csv:2:1: found a quote that is not closed before the next comma"),
        ("symbol,\"name\nA,1\n", "nasdaq.csv:1:1: found a quote that is not closed before the next comma"),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(told(n, csv).starts_with(text), "{csv:?}: {}", told(n, csv));
        assert_eq!(told(n, csv).lines().count(), 1, "{}", told(n, csv));
    }
    let all = told(99, "symbol,tier\nA,1\nB\nC D,1\nA,2\n");
    assert_eq!(all.lines().count(), 3, "{all}");
}

#[test]
fn mistakes_of_a_list_are_told_with_their_place() {
    let told =
        |n: usize, list: &str| folder(&format!("list-{n}"), &format!("{list}{GUARD}"), ROWS).mistakes().join("\n");
    let instead = |from: &str, to: &str| LIST.replace(from, to);
    for (n, (list, text)) in [
        (instead("nasdaq.csv", "nyse.csv"), "main.toml:3:8: instruments \"all\": file: nyse.csv cannot be read: "),
        (instead("nasdaq.csv", "."), "main.toml:3:8: instruments \"all\": file: .: cannot be read: "),
        (instead("file = \"nasdaq.csv\"\n", ""), "main.toml:1:1: instruments \"all\": file is missing, allowed are paths"),
        (instead("scope = \"XNAS\"\n", ""), "main.toml:1:1: instruments \"all\": scope is missing, allowed are scope paths"),
        (instead("\"XNAS\"", "\"X Y\""), "main.toml:4:9: instruments \"all\": scope: scope path \"X Y\": ' ' in segment"),
        (instead("\"XNAS\"", "\"a/b/c/d/e/f\""), "main.toml:4:9: instruments \"all\": scope: nothing can lie below it: "),
        (instead("column = \"symbol\"\n", ""), "main.toml:1:1: instruments \"all\": column is missing, allowed are names"),
        (
            instead("\"symbol\"", "\"symbl\""),
            "main.toml:5:10: instruments \"all\": column: found \"symbl\", allowed are the columns of nasdaq.csv: \"symbol\", \
             \"tier\", \"name\"; did you mean \"symbol\"?",
        ),
        (
            format!("{LIST}where = {{ teir = \"1\" }}\n"),
            "main.toml:6:11: instruments \"all\": where: found \"teir\", allowed are the columns of nasdaq.csv: \"symbol\", \
             \"tier\", \"name\"; did you mean \"tier\"?",
        ),
        (format!("{LIST}where = {{ tier = 1 }}\n"), "main.toml:6:18: instruments \"all\": where: found an integer 1, allowed are"),
        (format!("{LIST}where = {{}}\n"), "main.toml:6:9: instruments \"all\": where: found no column, allowed are tables"),
        (
            format!("{LIST}where = {{ tier = \"3\" }}\n"),
            "main.toml:6:9: instruments \"all\": where: nasdaq.csv has no such row, allowed are lists of at least one",
        ),
        (format!("{LIST}wehre = 1\n"), "main.toml:6:1: instruments \"all\": unknown key \"wehre\""),
        (LIST.repeat(2), "main.toml:7:8: instruments 2: name: \"all\" is already the name of the instruments at line 2"),
        (instead("all", "some"), "main.toml:9:25: breaker \"dd\": scope: instruments: found \"all\", allowed are names of"),
        (String::new(), "main.toml:4:25: breaker \"dd\": scope: instruments: found \"all\", allowed are names of [[instruments]], \
                         and there is none"),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(told(n, &list).starts_with(text), "{list}: {}", told(n, &list));
        assert_eq!(told(n, &list).lines().count(), 1, "{}", told(n, &list));
    }
    let twice = folder("twice", &format!("{LIST}{GUARD}"), "symbol,symbol\nA,B\n").mistakes();
    assert!(twice[0].contains("found \"symbol\", a name of 2 columns of nasdaq.csv"), "{twice:?}");
    let empty = folder("empty", &format!("{LIST}{GUARD}"), "symbol\n").mistakes();
    assert_eq!(
        empty,
        ["main.toml:3:8: instruments \"all\": file: nasdaq.csv has no such row, allowed are lists of at least one"]
    );
}

#[test]
fn mistakes_of_a_breaker_of_a_list_are_told_with_their_place() {
    let told = |test, main: &str| folder(test, main, ROWS).mistakes().join("\n");
    let watch = told("watch", &format!("{LIST}{GUARD}watch = \"x\"\n"));
    assert!(watch.starts_with("main.toml:10:1: breaker \"dd\": watch is not allowed: each instance"), "{watch}");
    let key = told("key", &format!("{LIST}{}", GUARD.replace("instruments", "instrument")));
    let label = "breaker \"dd\": scope";
    let lines = [
        format!("main.toml:9:9: {label}: instruments is missing, allowed are names of [[instruments]]"),
        format!(
            "main.toml:9:11: {label}: unknown key \"instrument\", allowed are instruments; did you mean \"instruments\"?"
        ),
    ];
    assert_eq!(key, lines.join("\n"));
    let long = told("long", &format!("{LIST}{}", GUARD.replace("\"dd\"", &format!("\"{}\"", "d".repeat(60)))));
    assert!(long.starts_with("main.toml:6:1: ") && long.contains("a name of more than 64 bytes"), "{long}");
    let most = format!("{LIST}{}", GUARD.replace("\"dd\"", &format!("\"{}\"", "d".repeat(59))));
    assert_eq!(breakers(folder("most", &most, ROWS).load()).len(), 3);
    let room = told("room", &format!("{LIST}{GUARD}[system]\nmax_listeners = 2\n"));
    assert!(
        room.starts_with("main.toml:6:1: breaker \"dd\": found 3 pairs of a breaker and a watched scope"),
        "{room}"
    );
}

#[test]
fn a_text_that_is_no_file_reads_no_files() {
    let found = mistakes(&format!("{LIST}{GUARD}"));
    let why = "found \"nasdaq.csv\", but only a configuration that is a file itself reads files";
    assert_eq!(found, [format!("3:8: instruments \"all\": file: {why}")]);
    assert!(parse("instruments = 1\n", "f").unwrap_err().to_string().contains("allowed are tables [[instruments]]"));
}

#[test]
fn a_file_of_two_lists_is_judged_once() {
    let main = format!("{LIST}{}{GUARD}", LIST.replace("\"all\"", "\"too\"").replace("nasdaq", "./nasdaq"));
    let found = folder("judged", &main, "symbol,tier\nA\nB,1\n").mistakes();
    assert_eq!(found, ["nasdaq.csv:2:1: found 1 fields, allowed are as many as columns (2)"]);
    let bytes = folder("latin", &format!("{LIST}{GUARD}"), "");
    fs::write(bytes.0.join("nasdaq.csv"), b"symbol\nA\nB\xe4\n").unwrap();
    let found = bytes.mistakes();
    let place = "nasdaq.csv:3:2: found the byte 0xe4, allowed is text in UTF-8";
    assert_eq!(found, [format!("main.toml:3:8: instruments \"all\": file: {place}")]);
}

#[test]
fn sixty_four_files_are_enough() {
    let of = |count: usize| {
        let list = |n: usize| LIST.replace("\"all\"", &format!("\"{n}\"")).replace("nasdaq", &format!("{n}"));
        let main = (1..=count).map(list).collect::<String>() + &GUARD.replace("all", "1");
        let folder = folder(&format!("files-{count}"), &main, "");
        (1..=count).for_each(|n| fs::write(folder.0.join(format!("{n}.csv")), ROWS).unwrap());
        folder
    };
    assert_eq!(of(64).load().instruments.len(), 64);
    let why = "found more than 64 files of instruments, allowed are 64";
    assert_eq!(of(65).mistakes(), [format!("main.toml:323:8: instruments \"65\": file: {why}")]);
}

#[test]
fn ten_thousand_rows_are_ten_thousand_instruments() {
    let rows: String = (0..10_000).map(|n| format!("S{n},{},Some \"Company\" & Co.\n", n % 3)).collect();
    let main =
        format!("{LIST}where = {{ tier = \"1\" }}\n{GUARD}[[instruments]]\n{}", &LIST[16..].replace("all", "each"));
    let config = folder("many", &main, &format!("symbol,tier,name\n{rows}")).load();
    assert_eq!((symbols(&config, "all").len(), symbols(&config, "each").len()), (3_333, 10_000));
    assert_eq!(config.plan.scopes.len(), 10_000);
}

#[test]
fn the_example_of_the_documentation_is_read() {
    let docs = include_str!("../../../docs/config.md").split("## `[[instruments]]`").nth(1).unwrap();
    let example = docs.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let csv = docs.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let config = folder("docs", example, csv).load();
    assert_eq!((config.plan.templates.len(), config.warnings.len()), (2, 0));
    for key in ["name", "file", "scope", "column", "where"] {
        assert!(docs.contains(&format!("\n| `{key}` |")), "{key}");
    }
}

/// A field, in quotes or not.
fn field(text: &str, quoted: bool) -> String {
    if quoted { format!("\"{text}\"") } else { text.into() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_list_is_what_the_rows_say(
        rows in proptest::collection::btree_map("[A-Z]{1,4}", (0..3_u8, any::<bool>(), any::<bool>()), 1..20),
        crlf: bool, mark: bool,
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let row = |(symbol, (tier, one, two)): (&String, &(u8, bool, bool))| {
            format!("{},{},\"a \"\"name\"\", with a comma\"{end}", field(symbol, *one), field(&tier.to_string(), *two))
        };
        let mark = if mark { "\u{feff}" } else { "" };
        let csv = format!("{mark}symbol,tier,name{end}{}", rows.iter().map(row).collect::<String>());
        let main = format!("{LIST}where = {{ tier = \"1\" }}\n{GUARD}");
        let folder = folder("rows-any", &main, &csv);
        let expected: Vec<_> = rows.iter().filter(|(_, (tier, ..))| *tier == 1).map(|(s, _)| format!("XNAS/{s}")).collect();
        match load(&folder.0.join("main.toml")) {
            Ok(config) => prop_assert_eq!(symbols(&config, "all"), expected),
            Err(mistakes) => prop_assert!(expected.is_empty(), "{mistakes}\n{csv}"),
        }
    }

    #[test]
    fn no_bytes_panic(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..80),
            "[\"\r\n,;|\u{feff}A-C/ \u{e4}]{0,60}".prop_map(String::into_bytes),
        ],
        whole: bool,
    ) {
        let head: &[u8] = if whole { b"" } else { b"symbol,tier\n" };
        let folder = folder("bytes-any", &format!("{LIST}{GUARD}"), "");
        fs::write(folder.0.join("nasdaq.csv"), [head, &bytes].concat()).unwrap();
        match load(&folder.0.join("main.toml")) {
            Ok(config) => prop_assert!(System::manual(config.plan, Nanos(0)).is_ok()),
            Err(mistakes) => {
                for finding in mistakes.as_slice() {
                    prop_assert!(finding.line >= 1 && !finding.message.contains('\n'), "{finding}");
                }
            }
        }
    }
}
