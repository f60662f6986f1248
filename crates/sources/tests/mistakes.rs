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
        "PORT" => Some(format!("https://example.org:99999/{SECRET}")),
        "NO_PORT" => Some(format!("https://u:{SECRET}@[::1]:0/")),
        "LOCAL" => Some(format!("http://[::1]:65535/{SECRET}")),
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
    if let Ok(file) = &found {
        assert_eq!(file.sources.len(), text.matches("[[source]]").count(), "none is left out in silence\n{text}");
    }
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
        (&format!("{index}min = 0"), "min: found 0, allowed are numbers from 1e-9 to 9000000000"),
        (&format!("{index}value = \"last\""), "value: found \"last\", allowed are JSON pointers"),
        (&format!("{index}value = \"/a~2\""), "value: found \"/a~2\", allowed are JSON pointers"),
        (
            &format!("{index}time_format = \"seconds\""),
            "time_format is not allowed: without time there is nothing to read",
        ),
        (&format!("{index}time = \"/t\"\ntime_format = \"second\""), "did you mean \"seconds\"?"),
        (&format!("{index}mode = \"stream\"\nttl = \"1s\""), "ttl is not allowed: a stream says itself"),
        (&format!("{index}mode = \"stream\"\nevent = \"\""), "event: found \"\", allowed are names of events"),
        (&format!("{index}event = \"x\""), "event is not allowed: only a stream has events"),
        (&format!("{index}backoff = \"9s\""), "backoff: found more than backoff_max"),
        (&format!("{index}tries = 11"), "tries: found 11, allowed are whole numbers from 1 to 10"),
        (
            &format!("{index}max_bytes = 99999999"),
            "max_bytes: found 99999999, allowed are whole numbers from 1 to 16777216",
        ),
        (&format!("{index}breaker = \"b\""), "breaker is not allowed: only what = \"reading\" has it"),
        (&format!("{index}tll = \"1s\""), "s.toml:6:1: source \"a\": unknown key \"tll\", allowed are"),
        (
            &format!("{index}headers = {{ \"X Y\" = {{ env = \"URL\" }} }}"),
            "s.toml:6:21: source \"a\": headers.\"X Y\": found no name of a header, allowed are letters",
        ),
        (
            &format!("{index}headers = {{ X = {{ env = \"LINES\" }} }}"),
            "source \"a\": headers.X: found no value of a header in env LINES, allowed are visible characters",
        ),
        (
            &format!("{index}headers = {{ X-Key = {{ env = \"NONE\" }} }}"),
            "s.toml:6:29: source \"a\": headers.X-Key: env: the environment variable \"NONE\" is not set",
        ),
        (
            &format!("{index}headers = {{ X-Key = {{ evn = \"URL\" }} }}"),
            "source \"a\": headers.X-Key: unknown key \"evn\", allowed are env; did you mean \"env\"?",
        ),
        (
            &format!("{index}headers = {{ X-Key = {{ env = \"URL\" }}, x-kEY = {{ env = \"URL\" }} }}"),
            "s.toml:6:46: source \"a\": headers.x-kEY: is the same as X-Key, allowed is each header once",
        ),
        (
            &format!("{index}headers = {{ HOST = {{ env = \"URL\" }} }}"),
            "source \"a\": headers.HOST: is not allowed: the client says it itself",
        ),
        (
            &format!("{index}headers = {{ Content-Length = {{ env = \"URL\" }} }}"),
            "headers.Content-Length: is not allowed",
        ),
        (&format!("{index}headers = {{ connection = {{ env = \"URL\" }} }}"), "headers.connection: is not allowed"),
        (
            &format!("{index}headers = {{ Transfer-Encoding = {{ env = \"URL\" }} }}"),
            "headers.Transfer-Encoding: is not allowed",
        ),
        (
            &format!("{index}headers = {{ X = 5 }}"),
            "source \"a\": headers.X: found something else, allowed are tables { env = \"VARIABLE\" }",
        ),
        (
            &format!("{index}headers = {{ X = \"{SECRET}\" }}"),
            "found a string, allowed are tables { env = \"VARIABLE\" }",
        ),
        ("preset = \"volatility_index\"", "breaker is missing, allowed are names of 1 to 64 letters"),
        (
            "preset = \"volatility_index\"\nbreaker = \"\"",
            "s.toml:6:11: source \"a\": breaker: found \"\", allowed are names of 1 to 64 letters, digits and . _ : -",
        ),
        ("preset = \"boolean_check\"", "check is missing, allowed are names of 1 to 64 letters"),
        ("preset = \"boolean_check\"\ncheck = \"\"", "s.toml:6:9: source \"a\": check: found \"\", allowed are names"),
        ("preset = \"boolean_check\"\ncheck = \"a b\"", "check: found \"a b\", allowed are names"),
        (
            "preset = \"boolean_check\"\ncheck = \"c\"\npass = [\"\"]",
            "s.toml:7:9: source \"a\": pass: found \"\", allowed are words that are not empty",
        ),
        ("preset = \"venue_status\"\nopen = [\"\"]", "s.toml:6:9: source \"a\": open: found \"\", allowed are words"),
        (
            "preset = \"venue_status\"\nhalted = [\"x\", \" \"]",
            "halted: found \" \", allowed are words that are not empty",
        ),
        ("preset = \"venue_status\"\nclosed = [\"\"]", "closed: found \"\", allowed are words that are not empty"),
        (
            "preset = \"venue_status\"\nopen = [\"H\"]",
            "s.toml:1:1: source \"a\": halted of the preset: found \"H\", which stands for another status, too",
        ),
        (
            &format!("{index}max = 0.5"),
            "s.toml:1:1: source \"a\": min of the preset: found 1 above or at max = 0.5, allowed are numbers below it",
        ),
        (&format!("{index}format = \"csv\""), "source \"a\": value is missing, allowed are names of columns"),
        (
            &format!("{index}every = 1"),
            "every: found an integer 1, allowed are durations from \"10ms\" to \"366d\", such as \"250ms\"",
        ),
        (&format!("{index}timeout = 1"), "allowed are durations above \"0s\" and at most \"10m\", such as \"250ms\""),
        (&format!("{index}ttl = 1"), "allowed are durations from \"0s\" to \"1d\", such as \"250ms\""),
        (
            &format!("{index}mode = \"stream\"\ntries = 2"),
            "s.toml:7:1: source \"a\": tries is not allowed: a stream that breaks is connected again",
        ),
        (
            &format!("{index}tries = 1\nbackoff = \"1s\""),
            "backoff is not allowed: with tries = 1 nothing is tried again",
        ),
        (&format!("{index}max_ahead = \"1m\""), "max_ahead is not allowed: without time no value is from the future"),
        (
            &format!("{index}read_timeout = \"5001ms\""),
            "s.toml:6:16: source \"a\": read_timeout: found more than timeout, allowed are durations up to it",
        ),
        (
            &format!("{index}timeout = \"1s\"\nconnect_timeout = \"1001ms\""),
            "connect_timeout: found more than timeout, allowed are durations up to it",
        ),
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
        ("{ env = \"PORT\" }", "url: found a port that is none in env PORT, allowed are ports from 1 to 65535"),
        ("{ env = \"NO_PORT\" }", "url: found a port that is none in env NO_PORT"),
        ("{ env = \"LOCAL\" }", "env LOCAL"),
        ("{ env = \"EMPTY\" }", "the environment variable \"EMPTY\" is not set"),
        ("{ env = \"NONE\" }", "the environment variable \"NONE\" is not set"),
        (&format!("\"https://example.org/{SECRET}\""), "url: found a string, allowed are tables"),
        ("{ env = \"URL\" }", "env URL"),
    ] {
        assert!(source(url).contains(told), "{}", source(url));
    }
}

/// What is at the limit is no mistake.
#[test]
fn a_part_of_a_poll_may_take_as_long_as_the_whole_and_the_silence_of_a_stream_longer() {
    for keys in [
        "timeout = \"1s\"\nread_timeout = \"1s\"\nconnect_timeout = \"1s\"",
        "timeout = \"1s\"",
        "mode = \"stream\"\nread_timeout = \"1m\"",
    ] {
        let found = mistakes(&format!("preset = \"index_level\"\n{keys}"));
        assert!(found.starts_with("[SourceSpec"), "{found}");
    }
}

#[test]
fn a_wrong_word_makes_no_other_key_unknown() {
    let all = "value = \"/v\"\ntime = \"/t\"\nclose = \"/c\"\nsession = \"/s\"\nunit = \"one\"\nmin = 1\nmax = 2\n";
    for (wrong, told) in [
        ("what = \"price\"\ntime_format = \"second\"\n", "time_format: found \"second\""),
        ("what = \"price\"\nformat = \"xml\"\n", "format: found \"xml\""),
        ("what = \"prize\"\n", "what: found \"prize\""),
        ("what = \"price\"\nmode = \"pull\"\nevent = \"e\"\n", "mode: found \"pull\""),
    ] {
        let found = mistakes(&format!("{wrong}{all}"));
        assert!(found.contains(told) && found.lines().count() == 1, "{found}");
        let found = mistakes(&format!("{wrong}{all}zzz = 1"));
        for key in ["time_format", "close", "session", "unit", "max"] {
            assert!(found.contains(&format!(" {key},")), "{key}\n{found}");
        }
    }
}

#[test]
fn a_file_without_a_source_is_a_mistake() {
    for (text, told) in [
        ("", "s.toml:1:1: source is missing, allowed are tables [[source]], at least one"),
        ("source = []", "s.toml:1:10: source: found 0 sources, allowed are 1 to 64"),
    ] {
        assert!(whole(text).contains(told), "{}", whole(text));
    }
}

/// It would go through every machine on the way.
#[test]
fn a_header_goes_to_another_machine_over_https_alone() {
    let source = |url: &str| {
        let source = "[[source]]\nname = \"a\"\nscope = \"a\"\npreset = \"index_level\"\n";
        whole(&format!("{source}url = {{ env = \"{url}\" }}\nheaders = {{ X = {{ env = \"URL\" }} }}"))
    };
    let told = "s.toml:6:1: source \"a\": headers is not allowed: http is not encrypted, and goes to another machine";
    assert!(source("OPEN").contains(told), "{}", source("OPEN"));
    for url in ["URL", "LOCAL"] {
        assert!(source(url).starts_with("[SourceSpec"), "{}", source(url));
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
