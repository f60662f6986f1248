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

#[test]
fn the_names_of_a_policy_in_c_and_in_rust_are_those_of_their_sources() {
    let c = include_str!("../../../ffi/src/policy.rs");
    let rust = include_str!("../../../src/model/policy.rs");
    let field = |of: &str, name: &str| of.contains(&format!("    pub {name}: "));
    let section = DOCS.split("<a id=\"policy-names\"></a>").nth(1).unwrap().split("\n\n").nth(2).unwrap();
    let rows: Vec<Vec<_>> = section.lines().skip(2).map(|row| row.split('|').map(str::trim).collect()).collect();
    assert_eq!(rows.len(), 12);
    let first_name = |cell: &str| cell.split('`').nth(1).map(str::to_owned);
    for row in &rows {
        for (cell, of) in [(row[2], c), (row[3], rust)] {
            let Some(name) = first_name(cell) else { continue };
            assert!(field(of, &name), "{name} of {row:?}");
        }
        // What a field is then: a variant with its fields.
        let variant = row[3].split('`').nth(3).unwrap_or("None");
        let (variant, inside) = variant.split_once(" { ").unwrap_or((variant, ""));
        let variant = variant.rsplit("::").next().unwrap();
        assert!(rust.contains(&format!("    {variant}")) || variant == "None", "{variant}");
        let inside = inside.split(',').next().unwrap();
        assert!(inside.is_empty() || rust.contains(&format!("        {inside}: ")), "{inside}");
    }
    for same in [
        "enabled",
        "shadow",
        "effect",
        "release",
        "reset_authority",
        "severity",
        "confirm",
        "cooldown_effect",
        "max_auto_resets",
        "on_unready",
        "on_stale",
        "on_bad_input",
    ] {
        assert!(field(c, same) && field(rust, same) && DOCS.contains(&format!("| `{same}` |")), "{same}");
    }
    // Nothing is left out: each field of the policy is in the table or has one name.
    let fields = c.split("pub struct hl_policy {").nth(1).unwrap().split("\n}").next().unwrap();
    let fields = fields.lines().filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(": "));
    let own = ["struct_size", "fields", "reserved"];
    for (name, _) in fields.filter(|(name, _)| !own.contains(name)) {
        let in_table = rows.iter().any(|row| first_name(row[2]).as_deref() == Some(name));
        assert!(in_table || field(rust, name), "{name} is neither in the table nor a name of Rust");
    }
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
