//! Every mistake of a file, at its place, all at once; and no secret in any of it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, its helpers too")]

use haltline_sources::parse;

const SECRET: &str = "s3cr3t";

fn environment(name: &str) -> Option<String> {
    match name {
        "URL" => Some(format!("https://example.org/{SECRET}")),
        "OPEN" => Some(format!("http://example.org/{SECRET}")),
        "BAD" => Some(format!("{SECRET} and no URL")),
        "FTP" => Some(format!("ftp://example.org/{SECRET}")),
        "LINES" => Some(format!("{SECRET}\n")),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

/// The mistakes of a source with these keys, behind its name, scope and address.
fn mistakes(keys: &str) -> String {
    let text = format!("[[source]]\nname = \"a\"\nscope = \"ext/a\"\nurl = {{ env = \"URL\" }}\n{keys}");
    whole(&text)
}

fn whole(text: &str) -> String {
    let found = parse(text, "s.toml", &environment);
    let text = found.map_or_else(|mistakes| mistakes.to_string(), |file| format!("{:?}", file.sources));
    assert!(!text.contains(SECRET), "{text}");
    text
}

#[test]
fn every_mistake_is_told_with_its_place_and_what_is_allowed() {
    let index = "preset = \"index_level\"\n";
    for (keys, told) in [
        (
            "preset = \"index_levl\"",
            "s.toml:5:10: source \"a\": preset: found \"index_levl\", allowed are \"venue_status\", \"volatility_index\", \"index_level\", \"boolean_check\"; did you mean \"index_level\"?",
        ),
        (&format!("{index}what = \"venue\""), "s.toml:6:1: source \"a\": what is not allowed: the preset says it"),
        (
            &format!("{index}every = \"9ms\""),
            "s.toml:6:9: source \"a\": every: found \"9ms\", allowed are durations from \"10ms\"",
        ),
        (&format!("{index}min = 5\nmax = 5"), "s.toml:6:7: source \"a\": min: found 5 above or at max = 5"),
        (&format!("{index}min = 0"), "min: found 0, allowed are numbers from 0.000000001"),
        (&format!("{index}value = \"last\""), "value: found \"last\", allowed are JSON pointers"),
        (&format!("{index}value = \"/a~2\""), "value: found \"/a~2\", allowed are JSON pointers"),
        (
            &format!("{index}time_format = \"seconds\""),
            "time_format is not allowed: without time there is nothing to read",
        ),
        (&format!("{index}time = \"/t\"\ntime_format = \"second\""), "did you mean \"seconds\"?"),
        (&format!("{index}mode = \"stream\"\nttl = \"1s\""), "ttl is not allowed: a stream says itself"),
        (&format!("{index}event = \"x\""), "event is not allowed: only a stream has events"),
        (&format!("{index}backoff = \"9s\""), "backoff: found more than backoff_max"),
        (&format!("{index}tries = 11"), "tries: found 11, allowed are whole numbers from 1 to 10"),
        (
            &format!("{index}max_bytes = 99999999"),
            "max_bytes: found 99999999, allowed are whole numbers from 1 to 16777216",
        ),
        (&format!("{index}breaker = \"b\""), "breaker is not allowed: only what = \"reading\" has it"),
        (&format!("{index}tll = \"1s\""), "s.toml:6:1: source \"a\": unknown key \"tll\", allowed are"),
        (&format!("{index}headers = {{ \"X Y\" = {{ env = \"URL\" }} }}"), "found no header in \"X Y\" and env URL"),
        (&format!("{index}headers = {{ X = {{ env = \"LINES\" }} }}"), "found no header in \"X\" and env LINES"),
        (
            &format!("{index}headers = {{ X = \"{SECRET}\" }}"),
            "found a string, allowed are tables { env = \"VARIABLE\" }",
        ),
        ("preset = \"volatility_index\"", "breaker is missing, allowed are names of breakers"),
        ("preset = \"boolean_check\"", "check is missing, allowed are names of checks"),
        ("preset = \"boolean_check\"\ncheck = \"c\"\npass = []", "pass: found no word"),
        ("preset = \"venue_status\"\nhalted = [\"open\"]", "halted: found \"open\", which stands for another status"),
        ("preset = \"venue_status\"\nmin = 1", "min is not allowed: only numbers have it"),
        ("what = \"reference\"\nvalue = \"/v\"\nmin = 1\nmax = 2", "session is missing, allowed are JSON pointers"),
        (&format!("{index}close = \"/c\""), "session is missing, allowed are JSON pointers"),
        (&format!("{index}session = \"/c\""), "session is not allowed: without close"),
        ("", "what is missing, allowed are \"venue\""),
        ("what = [", "s.toml:5"),
    ] {
        let found = mistakes(keys);
        assert!(found.contains(told), "{keys}\n{found}\n{told}");
    }
}

#[test]
fn an_address_comes_from_the_environment_and_is_never_shown() {
    let source =
        |url: &str| whole(&format!("[[source]]\nname = \"a\"\nscope = \"a\"\npreset = \"index_level\"\nurl = {url}"));
    for (url, told) in [
        ("{ env = \"BAD\" }", "url: found something else in env BAD, allowed are absolute http and https URLs"),
        ("{ env = \"FTP\" }", "url: found something else in env FTP"),
        ("{ env = \"EMPTY\" }", "the environment variable \"EMPTY\" is not set"),
        ("{ env = \"NONE\" }", "the environment variable \"NONE\" is not set"),
        (&format!("\"https://example.org/{SECRET}\""), "url: found a string, allowed are tables"),
        ("{ env = \"URL\" }", "env URL"),
    ] {
        assert!(source(url).contains(told), "{}", source(url));
    }
}

#[test]
fn a_scope_belongs_to_one_source() {
    let one = |name: &str, scope: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nscope = \"{scope}\"\npreset = \"index_level\"\nurl = {{ env = \"URL\" }}\n"
        )
    };
    for (first, second, told) in [
        ("ext/a", "ext/a", "s.toml:8:9: source \"b\": scope: found \"ext/a\", which belongs to source \"a\""),
        ("ext/a", "ext/a/calls", "found \"ext/a/calls\", which belongs to source \"a\""),
        ("ext/a", "", "scope: found \"\", allowed are scope paths of 1 to 5 segments"),
        ("ext/a", "a/b/c/d/e/f", "allowed are scope paths of 1 to 5 segments"),
        ("ext/a", "ext//a", "an empty segment"),
    ] {
        let found = whole(&(one("a", first) + &one("b", second)));
        assert!(found.contains(told), "{found}");
    }
    assert!(
        whole(&(one("a", "ext/a") + &one("a", "ext/b"))).contains("\"a\" is already the name of the source at line 2")
    );
}

#[test]
fn what_is_unusual_is_told_beside_the_sources() {
    let text = "[[source]]\nname = \"a\"\nscope = \"a\"\npreset = \"index_level\"\nurl = { env = \"OPEN\" }\n";
    let file = parse(text, "s.toml", &environment).unwrap();
    let told: Vec<_> = file.warnings.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|text| text.contains("http is not encrypted")), "{told:?}");
    assert!(told.iter().any(|text| text.contains("no time: an old value")), "{told:?}");
}

#[test]
fn the_presets_are_sound_and_nothing_panics_on_garbage() {
    for (preset, further) in [
        ("venue_status", ""),
        ("volatility_index", "breaker = \"b\""),
        ("index_level", ""),
        ("boolean_check", "check = \"c\""),
    ] {
        assert!(mistakes(&format!("preset = \"{preset}\"\n{further}")).starts_with("[SourceSpec"), "{preset}");
    }
    let text = "[http]\nconnections = 2\n[[source]]\nname = \"a\"\nscope = \"a\"\npreset = \"index_level\"\n\
                url = { env = \"URL\" }\nheaders = { X = { env = \"URL\" } }\n";
    for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
        whole(&text[..cut]);
        whole(&format!("{}\"{}", &text[..cut], &text[cut..]));
    }
}
