//! `include`: what it brings, and its mistakes with their places in the right file.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;

use common::{Folder, mistakes};
use haltline_config::{Config, load, parse, parse_under};

const DESK: &str = "[[breaker]]\nname = \"desk\"\nkind = \"manual\"\nscope = \"XNYS\"\n";
const MWCB: &str = "[[breaker]]\nname = \"mwcb\"\npack = \"us-mwcb\"\nscope = \"\"\nwatch = \"index/SPX\"\n";

fn names(config: &Config) -> Vec<&str> {
    config.plan.breakers.iter().map(|breaker| breaker.name.as_str()).collect()
}

#[test]
fn what_is_included_counts_as_if_it_stood_at_the_top() {
    let folder = Folder::new(
        "include-top",
        &[
            ("main.toml", &format!("include = [\"us-mwcb\", \"desks/all.toml\"]\nscopes = [\"XNYS\"]\n{MWCB}")),
            (
                "desks/all.toml",
                &format!("include = [\"one.toml\", \"us-equities\"]\nscopes = [\"XNYS\", \"XNAS\"]\n{DESK}"),
            ),
            ("desks/one.toml", &DESK.replace("desk", "one")),
        ],
    );
    let config = folder.load();
    assert_eq!(names(&config), ["one", "desk", "mwcb"]);
    assert_eq!(config.plan.scopes.len(), 2);
    assert_eq!(config.calendars.keys().collect::<Vec<_>>(), ["us-equities"]);
    assert_eq!(config.warnings, []);
    assert!(config.plan.breakers[2].rule.ladder().is_some());
}

#[test]
fn a_key_in_quotes_is_the_same_key() {
    for key in ["\"include\"", "'include'", "\"incl\\u0075de\""] {
        assert_eq!(names(&parse(&format!("{key} = [\"us-mwcb\"]\n{MWCB}"), "f").unwrap()), ["mwcb"], "{key}");
    }
}

#[test]
fn the_example_of_the_documentation_is_read() {
    let docs = include_str!("../../../docs/config.md").split("## `include`").nth(1).unwrap();
    let example = docs.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let config = Folder::new("include-docs", &[("main.toml", example), ("desk.toml", DESK)]).load();
    assert_eq!((names(&config), config.warnings.len()), (vec!["desk", "mwcb"], 0));
}

#[test]
fn a_table_of_a_larger_file_includes_packs() {
    let text = format!("[config]\ninclude = [\"us-mwcb\"]\n{}", MWCB.replace("[[", "[[config."));
    assert_eq!(names(&parse_under(&text, "s.toml", "config").unwrap()), ["mwcb"]);
}

#[test]
fn a_name_that_stands_in_two_files_is_told_with_both_places() {
    let calendar = "[[calendar]]\nname = \"us-equities\"\ntimezone = \"America/New_York\"\nfrom = 2020-01-01\n\
                    to = 2020-12-31\nsessions = { mon-fri = [\"09:30\", \"16:00\"] }\n";
    assert_eq!(
        mistakes(&format!("include = [\"us-equities\"]\n{DESK}{calendar}")),
        ["7:8: calendar 1: name: \"us-equities\" is already the name of the calendar at packs/us-equities.toml:16:8"]
    );
    let main = format!("include = [\"one.toml\", \"two.toml\"]\n{}", DESK.replace("desk", "other"));
    let folder =
        Folder::new("include-twice", &[("main.toml", &main), ("one.toml", DESK), ("two.toml", &format!("\n{DESK}"))]);
    let place = folder.0.join("one.toml");
    let found = load(&folder.0.join("main.toml")).unwrap_err().to_string();
    let expected = format!("breaker 1: name: \"desk\" is already the name of the breaker at {}:2:8", place.display());
    assert_eq!(found, format!("{}:3:8: {expected}", folder.0.join("two.toml").display()));
    let switch = "[[breaker]]\nname = \"stop\"\nkind = \"kill_switch\"\nscope = \"\"\n";
    let main = format!("include = [\"one.toml\"]\n{}", switch.replace("\"stop\"", "\"off\""));
    let folder = Folder::new("include-switch", &[("main.toml", &main), ("one.toml", switch)]);
    assert_eq!(
        folder.mistakes(),
        ["main.toml:5:9: breaker \"off\": scope: scope \"\" has a kill switch already, at one.toml:4:9"]
    );
}

#[test]
fn mistakes_and_warnings_of_an_included_file_carry_its_name() {
    let one = "[[breaker]]\nname = \"dd\"\nkind = \"drawdown\"\nscope = \"x\"\nlimit = 1.5\nlimt = 1\n\
               [[breaker]]\nname = \"b\"\nkind = \"volatility\"\nscope = \"x\"\ncalendar = \"none\"\n";
    let main = format!("include = [\"one.toml\"]\n{DESK}limit = 1\n");
    let folder = Folder::new("include-places", &[("main.toml", &main), ("one.toml", one)]);
    let found = folder.mistakes();
    let begins = [
        "one.toml:5:9: breaker \"dd\": limit: found 1.5, allowed are",
        "one.toml:6:1: breaker \"dd\": unknown key \"limt\"",
        "one.toml:11:12: breaker \"b\": calendar: found \"none\"",
        "main.toml:6:1: breaker \"desk\": limit is not allowed",
    ];
    assert_eq!(found.len(), begins.len(), "{found:#?}");
    for (found, begin) in found.iter().zip(begins) {
        assert!(found.starts_with(begin), "{found}");
    }
    let folder = Folder::new(
        "include-shadow",
        &[("main.toml", "include = ['one.toml']"), ("one.toml", &format!("{DESK}shadow = true\n"))],
    );
    let warnings = folder.load().warnings;
    assert_eq!((warnings.len(), warnings[0].line), (1, 5));
    assert!(warnings[0].file.ends_with("one.toml"));
}

#[test]
fn a_file_that_includes_itself_is_a_mistake_however_long_the_way() {
    let folder = Folder::new("include-self", &[("main.toml", &format!("include = [\"main.toml\"]\n{DESK}"))]);
    assert_eq!(
        folder.mistakes(),
        ["main.toml:1:12: include: \"main.toml\" includes itself: main.toml includes main.toml"]
    );
    let folder = Folder::new(
        "include-circle",
        &[
            ("main.toml", &format!("include = [\"a/one.toml\"]\n{DESK}")),
            ("a/one.toml", "include = [\"two.toml\"]"),
            ("a/two.toml", "include = [\"us-equities\", \"../main.toml\"]"),
        ],
    );
    assert_eq!(
        folder.mistakes(),
        [
            "a/two.toml:1:27: include: \"../main.toml\" includes itself: main.toml includes a/one.toml includes a/two.toml \
          includes ../main.toml"
        ]
    );
}

#[test]
fn files_may_include_each_other_eight_deep_and_sixty_four_in_all() {
    let chain = |length: usize| {
        let mut files = vec![("main.toml".to_owned(), format!("include = [\"1.toml\"]\n{DESK}"))];
        files.extend((1..length).map(|n| (format!("{n}.toml"), format!("include = [\"{}.toml\"]", n + 1))));
        files.push((format!("{length}.toml"), String::new()));
        files
    };
    let wide = |count: usize| {
        let list: Vec<String> = (0..count).map(|n| format!("\"{n}.toml\"")).collect();
        let main = ("main.toml".to_owned(), format!("include = [{}]\n{DESK}", list.join(", ")));
        std::iter::once(main).chain((0..count).map(|n| (format!("{n}.toml"), String::new()))).collect()
    };
    let folder = |test: &str, files: Vec<(String, String)>| {
        let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        Folder::new(test, &files)
    };
    assert_eq!(names(&folder("deep", chain(8)).load()), ["desk"]);
    assert_eq!(
        folder("deeper", chain(9)).mistakes(),
        ["8.toml:1:12: include: found files that include each other deeper than 8, allowed are 8 in a row"]
    );
    assert_eq!(names(&folder("many", wide(64)).load()), ["desk"]);
    let found = folder("more", wide(65)).mistakes();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].ends_with("include: found more than 64 included files, allowed are 64"), "{found:?}");
}

#[test]
fn what_cannot_be_included_is_told_and_its_absence_echoes_nowhere() {
    let text = format!("include = [\"us-mwcp\"]\n{MWCB}");
    assert_eq!(
        mistakes(&text),
        [
            "1:12: include: found \"us-mwcp\", allowed are \"us-equities\", \"us-mwcb\", \"us-luld-1\", \"us-luld-2\", \"cme-equity\", \"cme-equity-overnight\", \
             \"cme-equity-dynamic\", \"krx\", \
             \"nse\" and paths of files that end in .toml; did you mean \"us-mwcb\"?"
        ]
    );
    assert_eq!(
        mistakes(&format!("include = [\"one.toml\"]\n{DESK}")),
        ["1:12: include: found \"one.toml\", allowed are names of packs: only a configuration that is a file itself \
          includes files"]
    );
    assert_eq!(
        mistakes(&format!("include = [5, \"nse\", \"nse\"]\n{}", MWCB.replace("us-mwcb", "nse"))),
        [
            "1:12: include: found an integer 5, allowed are names of packs and paths of files that end in .toml",
            "1:22: include: \"nse\" is already in the list, at line 1, column 15",
        ]
    );
    assert_eq!(
        mistakes(&format!("include = \"nse\"\n{DESK}")),
        [
            "1:11: include: found a string \"nse\", allowed are arrays of names of packs and paths of files that end in .toml"
        ]
    );
    let folder = Folder::new("include-absent", &[("main.toml", &format!("include = [\"one.toml\"]\n{DESK}"))]);
    let found = folder.mistakes();
    assert!(found[0].starts_with("main.toml:1:12: include: one.toml cannot be read: "), "{found:?}");
}

#[test]
fn an_included_file_that_is_broken_is_told_where_it_is() {
    let main = format!("include = [\"one.toml\"]\n{}calendar = \"c\"\n", DESK.replace("manual", "volatility"));
    let folder = Folder::new("include-broken", &[("main.toml", &main), ("one.toml", "[[calendar]\nname = \"c\"\n")]);
    let found = folder.mistakes();
    assert!(found.iter().all(|told| told.starts_with("one.toml:1:")), "{found:#?}");
    fs::write(folder.0.join("one.toml"), b"a = 1\nb = '\xe4'").unwrap();
    assert_eq!(
        folder.mistakes(),
        ["main.toml:1:12: include: one.toml:2:6: found the byte 0xe4, allowed is text in UTF-8"]
    );
}

#[test]
fn a_breaker_names_a_pack_that_is_included_and_says_nothing_anew() {
    let without =
        "breaker \"mwcb\": pack: found \"us-mwcb\", allowed are names of included packs that have a template, and";
    assert_eq!(
        mistakes(MWCB),
        [format!("3:8: {without} there is none; include = [\"us-mwcb\"] at the top includes this one")]
    );
    assert_eq!(
        mistakes(&format!("include = [\"krx\"]\n{MWCB}"))[..1],
        [format!("4:8: {without} these are \"krx\"; include = [\"us-mwcb\"] at the top includes this one")]
    );
    let found = mistakes(&format!(
        "include = [\"us-mwcb\"]\n{MWCB}direction = \"up\"\nlasting = \"1m\"\nreopen = \"auto\"\n\
                                   effective_from = 2020-01-01\nkind = \"market_circuit_breaker\"\n"
    ));
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[0].starts_with("7:1: breaker \"mwcb\": the pack says what direction is, at packs/us-mwcb.toml:"));
    assert!(
        found[1].starts_with("10:1: breaker \"mwcb\": the pack says what effective_from is, at packs/us-mwcb.toml:")
    );
    assert!(found[2].starts_with("11:1: breaker \"mwcb\": the pack says what kind is, at packs/us-mwcb.toml:"));
    assert!(found[0].ends_with("; allowed are keys that it leaves open, and calendar"));
    assert_eq!(
        mistakes(&format!("include = [\"us-equities\"]\n{}", MWCB.replace("us-mwcb", "us-equities"))),
        [format!("4:8: {without} there is none").replace("us-mwcb", "us-equities")]
    );
    let found = mistakes(&format!("include = [\"us-mwcb\"]\n{}", MWCB.replace("scope = \"\"\n", "")));
    assert!(found[0].starts_with("2:1: breaker \"mwcb\": scope is missing"), "{found:#?}");
}

#[test]
fn a_template_of_which_no_breaker_is_made_is_worth_a_word() {
    let config = parse(&format!("include = [\"us-mwcb\"]\n{DESK}"), "f").unwrap();
    let told: Vec<String> = config.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("packs/us-mwcb.toml:"), "{told:?}");
    assert!(told[0].ends_with("no breaker is made of it; [[breaker]] with pack = \"us-mwcb\" makes one"), "{told:?}");
}

const OWN: &str = "[pack]\nname = \"own\"\ntitle = \"t\"\nversion = \"1\"\neffective_from = 2020-01-01\nsource = \"s\"\n\
                   summary = \"s\"\n[template]\nkind = \"drawdown\"\nlimit = 0.08\n";

#[test]
fn a_pack_of_one_s_own_is_a_file() {
    let main =
        "include = [\"own.toml\"]\n[[breaker]]\nname = \"dd\"\npack = \"own\"\nscope = \"acct\"\nspeed = false\n";
    let folder = Folder::new("include-own", &[("main.toml", main), ("own.toml", OWN)]);
    assert_eq!(names(&folder.load()), ["dd"]);
    for (change, to, expected) in [
        ("0.08", "1.5", "own.toml:10:9: breaker \"dd\": limit: found 1.5, allowed are"),
        ("limit", "limt", "own.toml:10:1: breaker \"dd\": unknown key \"limt\""),
        ("limit = 0.08", "scope = \"x\"", "own.toml:10:1: pack \"own\": template: scope is not allowed: each breaker"),
        ("version = \"1\"\n", "", "own.toml:1:1: pack \"own\": version is missing, allowed are texts"),
        ("effective_from = 2020-01-01\n", "", "own.toml:1:1: pack \"own\": effective_from is missing"),
        ("title", "titel", "own.toml:1:1: pack \"own\": title is missing"),
        ("summary", "system.ring = 8\nsummary", "own.toml:7:1: pack \"own\": unknown key \"system\""),
    ] {
        fs::write(folder.0.join("own.toml"), OWN.replacen(change, to, 1)).unwrap();
        let found = folder.mistakes();
        assert!(found[0].starts_with(expected), "{change}: {found:#?}");
    }
}

#[test]
fn what_stands_in_the_wrong_file_is_a_mistake() {
    let found = mistakes(&format!("{OWN}{DESK}"));
    let why = "is not allowed: only a file that is included is a pack";
    assert_eq!(found, [format!("1:2: pack {why}"), format!("8:2: template {why}")]);
    let main = format!("include = [\"one.toml\"]\n{DESK}");
    let one = "[template]\nkind = \"manual\"\n[system]\nring = 8\n";
    let folder = Folder::new("include-wrong", &[("main.toml", &main), ("one.toml", one)]);
    assert_eq!(
        folder.mistakes(),
        [
            "one.toml:1:1: template: stands in a file without a name, allowed are templates beside a table [pack]",
            "one.toml:3:2: system is not allowed: only the file that includes this one has it",
        ]
    );
    let folder = Folder::new(
        "include-same",
        &[("main.toml", &format!("include = [\"a.toml\", \"b.toml\"]\n{DESK}")), ("a.toml", OWN), ("b.toml", OWN)],
    );
    assert_eq!(folder.mistakes()[0], "b.toml:2:8: pack: name: \"own\" is already the name of the pack at a.toml:2:8");
}

#[test]
fn no_sign_that_is_lost_or_doubled_panics() {
    let text = format!("include = [\"us-mwcb\", \"nse\"]\n{MWCB}calendar = \"nse\"\nshadow = true\n");
    for at in 0..text.len() {
        let (head, tail) = text.split_at(at);
        for damaged in [format!("{head}{}", &tail[1..]), format!("{head}{}{tail}", &tail[..1]), head.to_owned()] {
            let _ = parse(&damaged, "f");
        }
    }
}
