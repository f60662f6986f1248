//! `docs/config.md` is complete, and its example is a good file.

#![allow(clippy::unwrap_used, clippy::panic)]

use haltline::Kind;
use haltline_config::parse;

const DOCS: &str = include_str!("../../../docs/config.md");

#[test]
fn the_example_is_read_without_a_mistake_or_a_warning() {
    let example = DOCS.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let config = parse(example, "docs/config.md").unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!(config.warnings, []);
    assert_eq!(config.plan.breakers.len(), 4);
    assert!(config.plan.breakers[0].rule.ladder().is_some());
}

#[test]
fn the_price_bands_of_another_venue_are_read_without_a_mistake_or_a_warning() {
    let section = DOCS.split("### `market_circuit_breaker`").nth(1).unwrap();
    let example = section.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let calendar = "[[calendar]]\nname = \"xetr\"\ntimezone = \"Europe/Berlin\"\nfrom = 2026-01-01\nto = 2026-12-31\n\
                    sessions = { mon-fri = [\"09:00\", \"17:30\"] }\n";
    let config = parse(&format!("{calendar}{example}"), "f").unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!(config.warnings, []);
    let band = config.plan.breakers[0].rule.band().unwrap();
    assert_eq!((band.rows.len(), band.wide.len()), (2, 1));
}

/// The keys that the parser itself lists as allowed when it meets an unknown one.
fn allowed(text: &str) -> Vec<String> {
    let found = parse(text, "f").unwrap_err().to_string();
    let lists = found.lines().filter(|line| line.contains("unknown key"));
    let keys =
        lists.flat_map(|line| line.split("allowed are ").nth(1).unwrap().split("; did").next().unwrap().split(", "));
    keys.map(Into::into).collect()
}

#[test]
fn every_key_is_described() {
    let mut keys = allowed("zzz = 1\n[system]\nzzz = 1\n[[calendar]]\nzzz = 1\nearly_closes = [{ zzz = 1 }]\n");
    for kind in Kind::ALL {
        // All that makes further keys allowed.
        let open = "release = \"timed\"\ncooldown_for = \"1m\"\nmax_auto_resets = 1\nbaseline = \"rolling\"\n\
                    slow_rate = 1\nmode = \"break\"\nchecks = [{ zzz = 1 }]\nzzz = 1\n";
        let rung = "[[breaker.rung]]\nzzz = 1\nwindows = [{ zzz = 1 }]\n[[breaker.blackout]]\nzzz = 1\n";
        keys.extend(allowed(&format!(
            "[[breaker]]\nname = \"b\"\nscope = \"\"\nkind = {:?}\n{open}{rung}",
            kind.name()
        )));
    }
    let band = "kind = \"market_circuit_breaker\"\nsource = \"band\"\nzzz = 1\n";
    keys.extend(allowed(&format!("[[breaker]]\nname = \"b\"\nscope = \"\"\n{band}")));
    let rows = "hold = 1\n[[breaker.row]]\nzzz = 1\nup_to = 1\n[[breaker.row]]\nzzz = 1\n[[breaker.wide]]\nzzz = 1\n";
    keys.extend(allowed(&format!("[[breaker]]\nname = \"b\"\nscope = \"\"\n{band}{rows}")));
    assert!(keys.iter().any(|key| key == "widens_lower") && keys.iter().any(|key| key == "highest_close"));
    assert!(keys.len() > 60, "{keys:?}");
    for key in keys {
        assert!(DOCS.contains(&format!("`{key}`")), "{key} is not described");
    }
}

#[test]
fn every_kind_has_a_section() {
    for kind in Kind::ALL {
        assert!(DOCS.contains(&format!("\n### `{kind}`\n")), "{kind}");
    }
}
