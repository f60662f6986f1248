//! `haltline packs`, and `haltline check` of a file that includes.

#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

mod common;

use common::{haltline, scratch, stderr, stdout};
use haltline_config::packs;
use serde_json::Value;

#[test]
fn all_packs_are_listed() {
    let text = stdout(&haltline(["packs"]));
    let told: Value = serde_json::from_slice(&haltline(["packs", "--json"]).stdout).unwrap();
    assert_eq!(told.as_array().unwrap().len(), packs().len());
    for (pack, told) in packs().iter().zip(told.as_array().unwrap()) {
        assert!(text.contains(pack.name) && text.contains(&pack.title), "{text}");
        assert_eq!((&told["name"], &told["summary"]), (&Value::from(pack.name), &Value::from(&*pack.summary)));
    }
    assert!(text.contains("2013-01-01 to 2027-12-31") && text.contains("from 2013-04-08"), "{text}");
}

#[test]
fn each_is_explained_by_its_source_its_table_and_its_text() {
    for pack in packs() {
        let text = stdout(&haltline(["packs", pack.name]));
        assert!(text.contains(&pack.source) && text.contains(pack.example().trim_end()), "{text}");
        assert_eq!(stdout(&haltline(["packs", pack.name, "--toml"])), pack.toml);
        let told: Value = serde_json::from_slice(&haltline(["packs", pack.name, "--json"]).stdout).unwrap();
        assert_eq!((&told["name"], &told["toml"]), (&Value::from(pack.name), &Value::from(pack.toml)));
        assert_eq!(told["breakers"].as_array().unwrap().len(), 1);
    }
    let krx = stdout(&haltline(["packs", "krx"]));
    for part in [
        "what lasts 1m",
        "each rung after the one below",
        "1: 8 %, open to close-40m, for 20m",
        "3: 20 %, 1 % further, open to close, to next",
    ] {
        assert!(krx.contains(part), "{part}\n{krx}");
    }
    let text = stdout(&haltline(["packs", "nse"]));
    for part in [
        "a move either way",
        "1: 10 %, open to open+3h 45m, for 45m",
        "2: 15 %, open+4h 45m to close, to next session",
        "calendar nse: ",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn a_name_that_no_pack_has_is_told_with_the_nearest() {
    let output = haltline(["packs", "us-mwcp"]);
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    assert!(told.contains("no such pack: found \"us-mwcp\", allowed are \"us-equities\", "), "{told}");
    assert!(told.contains("did you mean \"us-mwcb\"?"), "{told}");
    assert_eq!(haltline(["packs", "--toml"]).status.code(), Some(2));
}

#[test]
fn what_is_printed_for_a_configuration_is_one() {
    let dir = scratch("example");
    for pack in packs() {
        let file = dir.join(pack.name).with_extension("toml");
        std::fs::write(&file, pack.example()).unwrap();
        let output = haltline(["check".as_ref(), file.as_os_str()]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
}

#[test]
fn a_mistake_in_an_included_file_is_told_with_its_file() {
    let dir = scratch("included");
    let file = dir.join("risk.toml");
    std::fs::write(&file, "include = [\"desk.toml\"]\n").unwrap();
    let desk = "[[breaker]]\nname = \"desk\"\nkind = \"manual\"\nscope = \"\"\n";
    let desk_file = dir.join("desk.toml");
    std::fs::write(&desk_file, format!("{desk}limit = 1\n")).unwrap();
    let output = haltline(["check".as_ref(), "--json".as_ref(), file.as_os_str()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with(&format!("{}:5:1: breaker \"desk\": limit", desk_file.display())));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["mistakes"][0]["file"], *desk_file.to_string_lossy());
    std::fs::write(&desk_file, format!("{desk}shadow = true\n")).unwrap();
    let output = haltline(["check".as_ref(), "--json".as_ref(), file.as_os_str()]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["warnings"][0]["file"], *desk_file.to_string_lossy());
}
