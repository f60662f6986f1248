//! Nothing panics: not on bytes, not on text, not on a good file with bad parts. And what is accepted here, a System
//! accepts.

#![allow(clippy::unwrap_used, clippy::panic)]

use haltline::{Nanos, System};
use haltline_config::parse;
use proptest::prelude::*;

const GOOD: &str = include_str!("../../../scenarios/us-equities.toml");
/// Each kind once, most keys, scopes with a star.
const KINDS: &str = include_str!("robust_kinds.toml");

/// Values of every type, most of them wrong wherever they stand.
const VALUES: [&str; 33] = [
    "0",
    "-1",
    "1",
    "0.5",
    "-0.0",
    "1e400",
    "inf",
    "nan",
    "9223372036854775807",
    "99999999999999999999999",
    "0xff",
    "\"\"",
    "\"open\"",
    "\"1h\"",
    "\"18446744073709551615ns\"",
    "\"\\u0000\\U0001F600\"",
    "true",
    "1970-01-01",
    "9999-12-31",
    "09:30:00",
    "[]",
    "[[[1]]]",
    "{}",
    "0.000000001",
    "99",
    "\"X/*\"",
    "\"X/A\"",
    "\"v\"",
    "\"kill_switch\"",
    "\"drawdown\"",
    "\"band\"",
    "\"latched\"",
    "{ from = \"close-99999d\", until = \"open+3650d\", halt_for = \"0s\" }",
];

/// A finding points into the text and says something; a plan without mistakes is one for a System.
fn check(text: &str) -> Result<(), TestCaseError> {
    let findings = match parse(text, "f") {
        Ok(config) => {
            let system = System::manual(config.plan, Nanos::from_secs(1_584_000_000));
            prop_assert!(system.is_ok(), "{:?}", system.err());
            config.warnings
        }
        Err(mistakes) => {
            prop_assert!(!mistakes.as_slice().is_empty());
            mistakes.as_slice().to_vec()
        }
    };
    for finding in &findings {
        let line = text.split('\n').nth(finding.line - 1);
        prop_assert!(line.is_some_and(|line| finding.column <= line.chars().count() + 1), "{finding}");
        prop_assert!(!finding.message.is_empty() && !finding.message.contains('\n'), "{finding}");
    }
    let places: Vec<_> = findings.iter().map(|finding| (finding.line, finding.column)).collect();
    prop_assert!(places.is_sorted());
    Ok(())
}

proptest! {
    #[test]
    fn no_text_panics(text in "[\\PC\n\t]{0,300}") {
        check(&text)?;
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        check(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn no_text_of_the_format_s_own_signs_panics(text in "[\\[\\]{}=.,\"'#\n a-c0-9:+-]{0,120}") {
        check(&text)?;
    }

    #[test]
    fn no_damage_to_a_good_file_panics(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..8),
    ) {
        let mut bytes = GOOD.as_bytes().to_vec();
        for (place, byte, what) in edits {
            let at = place.index(bytes.len());
            match what {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => {
                    bytes.remove(at);
                }
            }
        }
        check(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn no_value_in_the_place_of_another_panics(
        good in prop::sample::select(&[GOOD, KINDS][..]),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), prop::sample::select(&VALUES[..])), 1..6),
    ) {
        let mut lines: Vec<String> = good.lines().map(Into::into).collect();
        let keys: Vec<usize> = (0..lines.len()).filter(|i| lines[*i].contains(" = ")).collect();
        for (place, value) in edits {
            let line = &mut lines[keys[place.index(keys.len())]];
            // Either what follows the first key of the line, or what follows the last, inside its array.
            let cut = if value.len() % 2 == 0 { line.find(" = ") } else { line.rfind(" = ") };
            line.truncate(cut.unwrap() + 3);
            line.push_str(value);
        }
        check(&lines.join("\n"))?;
    }

    #[test]
    fn no_lines_lost_or_doubled_panic(
        good in prop::sample::select(&[GOOD, KINDS][..]),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<bool>()), 1..6),
    ) {
        let mut lines: Vec<&str> = good.lines().collect();
        for (from, to, keep) in edits {
            let (from, to) = (from.index(lines.len()), to.index(lines.len()));
            let line = if keep { lines[from] } else { lines.remove(from) };
            lines.insert(to.min(lines.len()), line);
        }
        check(&lines.join("\n"))?;
    }
}

#[test]
fn what_is_damaged_here_is_sound_by_itself() {
    for good in [GOOD, KINDS] {
        assert!(parse(good, "f").is_ok(), "{}", parse(good, "f").unwrap_err());
        check(good).unwrap();
    }
}

#[test]
fn nesting_without_end_is_a_mistake_not_a_stack_overflow() {
    for text in [
        "[".repeat(300_000),
        "a=".to_owned() + &"[".repeat(300_000),
        "a={b=".repeat(100_000),
        "a.".repeat(200_000) + "a=1",
    ] {
        assert!(parse(&text, "f").is_err());
    }
}
