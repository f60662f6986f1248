//! `haltline sources check`.
#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Output};

use common::{scratch, stderr, stdout};
use serde_json::Value;

/// A proxy that leads everybody to the same answer, and tells where they wanted to go.
fn proxy(body: &'static str) -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let mut first = None;
            while let Some(Ok(line)) = lines.next() {
                if !line.is_empty() {
                    first.get_or_insert(line);
                    continue;
                }
                let request: String = first.take().unwrap_or_default();
                let text = match request.starts_with("CONNECT ") {
                    true => "HTTP/1.1 200 OK\r\n\r\n".to_owned(),
                    false => format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()),
                };
                let _ = (stream.write_all(text.as_bytes()), sender.send(request));
            }
        }
    });
    (url, asked)
}

/// Answers each request with this, over connections that are kept, until the test ends.
fn serve(body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/s3cr3t", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while let Some(Ok(line)) = lines.next() {
                if line.is_empty() {
                    let length = body.len();
                    let _ = write!(stream, "HTTP/1.1 200 OK\r\netag: \"1\"\r\ncontent-length: {length}\r\n\r\n{body}");
                }
            }
        }
    });
    url
}

const TEXT: &str = r#"
[[source]]
name = "spx"
scope = "ext/spx"
preset = "index_level"
url = { env = "SPX_URL" }
tries = 1

[[source]]
name = "nyse"
scope = "ext/nyse"
preset = "venue_status"
url = { env = "SPX_URL" }
ttl = "0s"
"#;

fn check(test: &str, text: &str, url: &str, json: bool) -> Output {
    let file = scratch(test).join("sources.toml");
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_haltline"));
    command.args(["sources", "check"]).args(json.then_some("--json")).arg(file).env("SPX_URL", url);
    command.output().unwrap()
}

#[test]
fn each_source_is_told_with_its_value_and_how_it_came() {
    let url = serve("{\"value\": 2746.56, \"status\": \"halted\"}");
    let output = check("sources-well", TEXT, &url, false);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    for part in ["spx", "2746.56", "halted", "plain, new", "etag", "all sources answer"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("s3cr3t") && stderr(&output).is_empty(), "{text}");

    let told: Value = serde_json::from_slice(&check("sources-json", TEXT, &url, true).stdout).unwrap();
    assert_eq!((&told["ok"], &told["sources"][0]["value"]), (&Value::Bool(true), &serde_json::json!(2746.56)));
    // The same document for both: one connection, one request.
    assert_eq!(told["sources"][0]["connections_opened"], 1);
    assert_eq!(told["sources"][1]["connections_opened"], 0);
    assert_eq!(told["sources"][1]["value"], "halted");
}

#[test]
fn the_proxy_of_the_environment_is_asked() {
    let (url, asked) = proxy("{\"value\": 2746.56, \"status\": \"open\"}");
    let file = scratch("sources-proxy").join("sources.toml");
    std::fs::write(&file, TEXT).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_haltline"));
    command.args(["sources", "check"]).arg(file).env("SPX_URL", "http://quotes.invalid/level");
    for name in ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "http_proxy", "NO_PROXY", "no_proxy"] {
        command.env_remove(name);
    }
    let output = command.env("HTTP_PROXY", url).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let first = asked.try_recv().unwrap();
    assert!(first.contains("quotes.invalid"), "{first}");
}

#[test]
fn one_that_is_not_well_is_an_exit_of_1() {
    let url = serve("{\"value\": \"s3cr3t\", \"status\": \"open\"}");
    let output = check("sources-ill", TEXT, &url, false);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(
        text.contains("/value: found no number") && text.contains("1 of 2 sources do not answer as they should"),
        "{text}"
    );
    assert!(!text.contains("s3cr3t"), "{text}");
}

/// Handed on it would be unknown, and deny; who sees it can list it.
#[test]
fn a_word_of_a_venue_that_is_not_listed_is_an_exit_of_1_and_is_shown() {
    let url = serve("{\"value\": 2746.56, \"status\": \"Cont. Trading\"}");
    let output = check("sources-word", TEXT, &url, false);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}{}", stderr(&output));
    assert!(text.contains("found the word \"Cont. Trading\", handed on as unknown, which denies"), "{text}");
    let listed = TEXT.replace("venue_status\"", "venue_status\"\nopen = [\"Cont. Trading\"]");
    assert_eq!(check("sources-listed", &listed, &url, false).status.code(), Some(0));

    let told: Value = serde_json::from_slice(&check("sources-word-json", TEXT, &url, true).stdout).unwrap();
    assert_eq!((&told["ok"], &told["sources"][1]["word"]), (&Value::Bool(false), &Value::from("Cont. Trading")));
}

#[test]
fn a_reading_is_shown_as_it_is_handed_on_and_an_old_value_is_marked() {
    let text = "[[source]]\nname = \"vix\"\nscope = \"ext/vix\"\npreset = \"volatility_index\"\nbreaker = \"wild\"\n\
                url = { env = \"SPX_URL\" }\ntime = \"/day\"\ntime_format = \"date\"\nunit = \"percent\"\n";
    let url = serve("{\"value\": 82.69, \"day\": \"2020-03-16\"}");
    let shown = stdout(&check("sources-unit", text, &url, false));
    for part in ["82.69 -> 0.8269", "old: ", "warning: source \"vix\": its value is of ", "all sources answer"] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    let told: Value = serde_json::from_slice(&check("sources-unit-json", text, &url, true).stdout).unwrap();
    let vix = &told["sources"][0];
    assert_eq!((&vix["value"], &vix["handed_on"], &vix["old"]), (&82.69.into(), &0.8269.into(), &true.into()));
}

#[test]
fn mistakes_of_the_file_are_an_exit_of_2_with_an_object_of_them_for_json() {
    let output = check("sources-mistake", &TEXT.replace("SPX_URL", "NO_URL"), "", true);
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    assert!(told.contains("sources.toml:6:15: ") && told.contains("sources.toml:13:15: "), "{told}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let (first, second) = (&told["mistakes"][0], &told["mistakes"][1]);
    assert_eq!((&told["ok"], &first["line"], &first["column"]), (&false.into(), &6.into(), &15.into()));
    assert_eq!((&second["line"], told["mistakes"].as_array().unwrap().len()), (&13.into(), 2));

    let output = check("sources-none", "", "", false);
    assert_eq!((output.status.code(), &*stdout(&output)), (Some(2), ""));
    assert!(stderr(&output).contains("sources.toml:1:1: source is missing"), "{}", stderr(&output));
}
