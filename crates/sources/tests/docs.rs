//! `docs/sources.md` is complete, and its file is a good one; so is that of the demonstration.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, its helpers too")]

use haltline_sources::{Mode, parse};

const DOCS: &str = include_str!("../../../docs/sources.md");

fn environment(name: &str) -> Option<String> {
    Some(format!("https://{name}.example/").to_lowercase().replace('_', "-"))
}

#[test]
fn the_examples_are_read_without_a_mistake_or_a_warning() {
    let page = DOCS.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let file = parse(page, "docs/sources.md", &environment).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!((file.sources.len(), file.http.connections), (3, 2));
    assert_eq!(file.sources[2].mode, Mode::Stream { event: Some("status".into()) });
    let demo = include_str!("../../../examples/live-demo/sources.toml");
    let file = parse(demo, "examples/live-demo/sources.toml", &environment).unwrap();
    let told: Vec<_> = file.warnings.iter().filter(|w| !w.message.contains("\"venue\": no time")).collect();
    assert_eq!((file.sources.len(), told.len()), (3, 0), "{told:?}");
}

#[test]
fn every_key_is_described() {
    let one = |further: &str| {
        let text = format!("[http]\nzzz = 1\n[[source]]\nname = \"a\"\nscope = \"a\"\nzzz = 1\n{further}");
        parse(&text, "f", &environment).unwrap_err().to_string()
    };
    let mut seen = 0;
    for what in ["venue", "price", "reference", "reading", "check"] {
        for further in ["mode = \"stream\"", "close = \"/c\"", ""] {
            let told = one(&format!("what = {what:?}\nvalue = \"/v\"\n{further}"));
            for line in told.lines().filter(|line| line.contains("unknown key \"zzz\"")) {
                let keys = line.split("allowed are ").nth(1).unwrap().split("; did").next().unwrap();
                for key in keys.split(", ") {
                    assert!(DOCS.contains(&format!("`{key}`")), "{key} is not described");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 300, "{seen}");
}

/// The demonstration and the scenario tell of the same halts.
#[test]
fn the_halts_of_the_demonstration_are_those_of_the_scenario() {
    let scenario = include_str!("../../../scenarios/march-2020.toml");
    let anchors = scenario.split("[[anchor]]\n").skip(1).map(|table| {
        let value = |key: &str| {
            let line = table.lines().find(|line| line.starts_with(key)).unwrap();
            line.split(" = ").nth(1).unwrap().split(" #").next().unwrap().trim_matches('"')
        };
        format!("{},{}", value("date"), value("at"))
    });
    let halts = include_str!("../../../examples/live-demo/halts.csv").lines().skip(1).map(str::to_owned);
    let (anchors, halts): (Vec<_>, Vec<_>) = (anchors.collect(), halts.collect());
    assert_eq!((&halts, halts.len()), (&anchors, 4));
}

#[test]
fn every_preset_is_told_with_all_that_it_says() {
    let presets = [
        ("venue_status", include_str!("../presets/venue_status.toml")),
        ("volatility_index", include_str!("../presets/volatility_index.toml")),
        ("index_level", include_str!("../presets/index_level.toml")),
        ("boolean_check", include_str!("../presets/boolean_check.toml")),
    ];
    for (name, text) in presets {
        let row = DOCS.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (key, value) = line.split_once(" = ").unwrap();
            let words: Vec<_> = value.split('"').skip(1).step_by(2).collect();
            match key {
                "format" => assert_eq!((words[0], row.contains("JSON")), ("json", true)),
                "min" => assert!(row.contains(&format!(" {value} to ")), "{row}"),
                "max" => assert!(row.contains(&format!(" to {value} ")), "{row}"),
                _ => assert!(words.iter().all(|word| row.contains(&format!("`{word}`"))), "{key} {row}"),
            }
        }
    }
}
