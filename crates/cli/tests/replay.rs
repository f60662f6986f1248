//! `haltline replay` on the scenarios of this repository, and on broken ones.

#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

mod common;

use common::{haltline, scenarios, scratch, stderr, stdout};
use serde_json::Value;

fn replayed(name: &str) -> (Option<i32>, Vec<Value>) {
    let file = scenarios().join(name);
    let output = haltline(["replay".as_ref(), "--json".as_ref(), file.as_os_str()]);
    let lines = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code(), lines)
}

fn transitions<'l>(lines: &'l [Value], breaker: &str, to: &str) -> Vec<&'l Value> {
    let moved = lines.iter().filter(|l| l["type"] == "transition" && l["from"] != l["to"]);
    moved.filter(|l| l["breaker"] == breaker && l["to"] == to).collect()
}

#[test]
fn march_2020_has_its_four_halts_to_the_second_and_no_other() {
    let (code, lines) = replayed("march-2020.toml");
    assert_eq!(code, Some(0));
    assert_eq!((&lines[0]["type"], &lines[0]["interpolated"]), (&Value::from("header"), &Value::from(true)));
    let halts: Vec<_> = transitions(&lines, "mwcb", "tripped")
        .into_iter()
        .map(|l| (l["time"].as_str().unwrap(), l["until"].as_str().unwrap(), l["level"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        halts,
        [
            ("2020-03-09T09:34:13-04:00", "2020-03-09T09:49:13-04:00", 1),
            ("2020-03-12T09:35:44-04:00", "2020-03-12T09:50:44-04:00", 1),
            ("2020-03-16T09:30:01-04:00", "2020-03-16T09:45:01-04:00", 1),
            ("2020-03-18T12:56:17-04:00", "2020-03-18T13:11:17-04:00", 1),
        ]
    );
    let ends = lines.iter().filter(|l| l["from"] == "tripped" && l["breaker"] == "mwcb").map(|l| l["time"].clone());
    assert_eq!(ends.collect::<Vec<_>>(), halts.iter().map(|halt| halt.1).collect::<Vec<_>>());

    let drawdown = transitions(&lines, "drawdown", "tripped");
    assert_eq!(drawdown.len(), 1, "latched");
    assert_eq!(drawdown[0]["time"], "2020-02-27T16:00:00-05:00");

    let summary = lines.last().unwrap();
    assert_eq!(summary["type"], "summary");
    assert_eq!((&summary["events_lost"], &summary["as_expected"]), (&Value::from(0), &Value::from(true)));
    let orders = &summary["orders"];
    let sum = |intent: &str| orders["admitted"][intent].as_u64().unwrap() + orders["denied"][intent].as_u64().unwrap();
    assert_eq!(["increase", "reduce", "cancel"].map(sum), [30 * 23_400; 3], "one each second of 30 sessions");
    assert_eq!(orders["denied"]["cancel"], 0, "resting orders can be pulled");
    for breaker in summary["breakers"].as_array().unwrap() {
        let times = breaker["session_seconds"].as_object().unwrap().values();
        let sum: f64 = times.map(|time| time.as_f64().unwrap()).sum();
        assert!((sum - 30.0 * 23_400.0).abs() < 1e-3, "{breaker}");
        if breaker["breaker"] == "mwcb" {
            assert_eq!(breaker["session_seconds"]["tripped"], 3_600.0);
        }
    }
}

/// 19 February 2020 is the peak of the closes.
#[test]
fn the_drawdown_of_the_closes_passes_each_limit_on_its_day() {
    let (code, lines) = replayed("march-2020.toml");
    assert_eq!(code, Some(0));
    for (breaker, date) in [
        ("dd-5", "2020-02-25"),
        ("drawdown", "2020-02-27"),
        ("dd-15", "2020-03-09"),
        ("dd-20", "2020-03-12"),
        ("dd-25", "2020-03-12"),
        ("dd-30", "2020-03-20"),
    ] {
        let trips = transitions(&lines, breaker, "tripped");
        assert_eq!(trips.len(), 1, "latched");
        assert!(trips[0]["time"].as_str().unwrap().starts_with(&format!("{date}T16:00:00-0")), "{}", trips[0]);
    }
}

/// Closes and those of a week before, by hand: 3373.23 to 2978.76, 3090.23 to 2746.56, 3130.12 to 2741.38, 2746.56 to 2386.13,
/// 2711.02 to 2304.92.
#[test]
fn the_loss_of_a_week_passes_a_tenth_five_times() {
    let (_, lines) = replayed("march-2020.toml");
    let trips = transitions(&lines, "loss-rate", "tripped");
    let trips = trips.into_iter().map(|l| (&l["time"].as_str().unwrap()[..10], l["value"].as_f64().unwrap()));
    let expected = [
        ("2020-02-27", 394.47 / 3_373.23),
        ("2020-03-09", 343.67 / 3_090.23),
        ("2020-03-11", 388.74 / 3_130.12),
        ("2020-03-16", 360.43 / 2_746.56),
        ("2020-03-20", 406.10 / 2_711.02),
    ];
    let trips: Vec<_> = trips.collect();
    assert_eq!(trips.len(), expected.len());
    for (found, expected) in trips.iter().zip(expected) {
        assert!(found.0 == expected.0 && (found.1 - expected.1).abs() < 1e-9, "{found:?} {expected:?}");
    }
}

#[test]
fn of_the_years_2013_to_2020_four_days_reach_level_1_and_none_level_2() {
    let (code, lines) = replayed("daily-2013-2020.toml");
    assert_eq!(code, Some(0));
    assert_eq!(lines[0]["sessions"], 1_771);
    let days: Vec<_> = transitions(&lines, "mwcb", "tripped")
        .into_iter()
        .map(|l| (&l["time"].as_str().unwrap()[..10], l["level"].as_u64().unwrap()))
        .collect();
    assert_eq!(days, [("2020-03-09", 1), ("2020-03-12", 1), ("2020-03-16", 1), ("2020-03-18", 1)]);
}

#[test]
fn people_get_a_timeline_a_summary_and_a_picture() {
    let dir = scratch("people");
    let picture = dir.join("march.svg");
    let file = scenarios().join("march-2020.toml");
    let output = haltline(["replay".as_ref(), file.as_os_str(), "--plot".as_ref(), picture.as_os_str()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(!text.contains('\u{1b}'), "no colours into a pipe");
    for part in [
        "interpolated between the daily bars",
        "2020-03-09 09:34:13 -04:00  everything       mwcb            warning → tripped (rung 1)    7.0000 % ≥ 7 %",
        "until 09:49:13",
        "peak risk score 100.0 of 100",
        "as expected by the scenario",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("not ready,"), "readiness is for the summary");
    assert!(stderr(&output).contains("a second"), "{}", stderr(&output));
    let svg = std::fs::read_to_string(picture).unwrap();
    for part in ["</svg>", "interpolated between the daily bars", "2764.30", "rung 1: halted 09:34:13 to 09:49:13"] {
        assert!(svg.contains(part), "{part}");
    }
    assert!(svg.len() < 1_000_000, "about a point a pixel, not one a price: {} bytes", svg.len());
}

#[test]
fn colours_are_asked_for_and_refused() {
    let file = scenarios().join("march-2020.toml");
    let colourful = |refused: Option<&str>| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_haltline"));
        command.args(["replay".as_ref(), file.as_os_str()]).env_remove("NO_COLOR").env("CLICOLOR_FORCE", "1");
        if let Some(value) = refused {
            command.env_remove("CLICOLOR_FORCE").env("NO_COLOR", value);
        }
        stdout(&command.output().unwrap()).contains('\u{1b}')
    };
    assert!(colourful(None));
    assert!(!colourful(Some("1")));
}

/// The scenario of March 2020, made to lie anywhere.
fn march(config: &str) -> String {
    let text = std::fs::read_to_string(scenarios().join("march-2020.toml")).unwrap();
    let data = scenarios().join("data/sp500-daily-2000-2020.csv");
    text.replace("data/sp500-daily-2000-2020.csv", &data.to_string_lossy()).replace("us-equities.toml", config)
}

#[test]
fn a_scenario_that_finds_something_else_than_it_expects_fails() {
    let dir = scratch("expects");
    let config = scenarios().join("us-equities.toml");
    let text = march(&config.to_string_lossy()).replace("until = \"09:50:44\"", "until = \"09:50:45\"");
    std::fs::write(dir.join("s.toml"), text.replace("[2020-02-27]", "[2020-02-28]")).unwrap();
    let output = haltline(["replay".as_ref(), dir.join("s.toml").as_os_str()]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    for part in [
        "expected a halt: rung 1 on 2020-03-12 from 09:35:44 until 09:50:45",
        "found a halt that is not expected: rung 1 on 2020-03-12 from 09:35:44 until 09:50:44",
        "expected drawdown to trip on 2020-02-28",
        "found drawdown tripped on 2020-02-27, not expected",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn what_is_wrong_with_a_scenario_is_told_with_its_place() {
    let dir = scratch("wrong");
    let config = scenarios().join("us-equities.toml");
    let good = march(&config.to_string_lossy());
    std::fs::write(dir.join("bad.toml"), "[[breaker]]\nname = \"dd\"\n").unwrap();
    std::fs::write(dir.join("few.csv"), "date,open,high,low\n2020-03-09,1,1,1\n").unwrap();
    let data = scenarios().join("data/sp500-daily-2000-2020.csv").to_string_lossy().into_owned();
    for (from, to, why) in [
        ("title =", "titel =", "s.toml:6:1: unknown field `titel`"),
        ("print_every = \"1s\"", "print_every = \"0s\"", "allowed are whole seconds"),
        ("calendar = \"us-equities\"", "calendar = \"eu\"", "s.toml:9:12: found calendar \"eu\""),
        (
            "halted_by = \"mwcb\"",
            "halted_by = \"desk\"",
            "is a manual without rungs, allowed is a market_circuit_breaker",
        ),
        ("halted_by = \"mwcb\"", "halted_by = \"nobody\"", "has no breaker \"nobody\""),
        ("price = \"index/SPX\"", "price = \"index/DAX\"", "no breaker of the configuration hears \"index/DAX\""),
        ("breaker = \"drawdown\"", "breaker = \"drowdawn\"", "the configuration has no breaker \"drowdawn\""),
        ("at = \"09:34:13\"", "at = \"16:00:01\"", "found 16:00:01, allowed are times of the session, from 09:30:01"),
        ("at = \"09:34:13\"", "at = \"09:30:01\"", "contradicts an anchor"),
        ("at = \"12:56:17\"\nrung = 1", "at = \"12:56:17\"\nrung = 2", "never reaches an anchor"),
        ("at = \"12:56:17\"\nrung = 1", "at = \"12:56:17\"\nrung = 4", "the ladder has rungs from 1 to 3"),
        ("from = 2020-02-19", "from = 2021-02-19", "no session from 2021-02-19"),
        ("from = 2020-02-19", "from = 2020-02-19T09:30:00", "allowed are dates"),
        ("from = 2020-02-19", "from = 2013-01-03", "sessions before, 21 are needed"),
        ("low_at = \"12:00\"", "low_at = \"17:00\"", "is not inside the session"),
        ("scopes = [\"XNYS/SPY\"", "scopes = [\"XNYS//SPY\"", "empty segment"),
        (&data, "none.csv", "none.csv: cannot be read"),
        (&data, "few.csv", "few.csv:1: no column \"close\""),
        (&config.to_string_lossy(), "bad.toml", "bad.toml:1:1: "),
    ] {
        assert!(good.contains(from), "{from}");
        std::fs::write(dir.join("s.toml"), good.replacen(from, to, 1)).unwrap();
        let output = haltline(["replay".as_ref(), dir.join("s.toml").as_os_str()]);
        assert_eq!(output.status.code(), Some(2), "{to}: {}", stdout(&output));
        assert!(stderr(&output).contains(why), "{to}: {}", stderr(&output));
    }
    assert_eq!(haltline(["replay", "/no/such.toml"]).status.code(), Some(2));
}

#[test]
fn a_picture_that_cannot_be_written_is_told() {
    let file = scenarios().join("march-2020.toml");
    let output = haltline(["replay".as_ref(), file.as_os_str(), "--plot".as_ref(), "/no/such/dir/x.svg".as_ref()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("cannot be written"), "{}", stderr(&output));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let file = scenarios().join("march-2020.toml");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_haltline"))
        .args(["replay".as_ref(), "--json".as_ref(), file.as_os_str()])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

/// Not in the data: a day through all three rungs, the next too, and one that opens below the third.
#[test]
fn a_crash_through_all_rungs_ends_the_day() {
    let dir = scratch("crash");
    let bars = "date,open,high,low,close\n2020-02-18,1000,1010,990,1000\n2020-02-19,990,1005,700,750\n\
                2020-02-20,740,760,600,610\n2020-02-21,480,500,470,490\n2020-02-24,495,495,490,495\n";
    std::fs::write(dir.join("bars.csv"), bars).unwrap();
    let config = scenarios().join("us-equities.toml");
    let mut text = format!(
        "title = 'crash'\nconfig = {:?}\ndata = 'bars.csv'\ncalendar = 'us-equities'\nfrom = 2020-02-19\nto = 2020-02-24\n\
         print_every = '1s'\norders_every = '1s'\nlow_at = '12:00'\nhalted_by = 'mwcb'\n\
         feeds.price = 'index/SPX'\ngate.scopes = ['XNYS']\n",
        config.to_string_lossy()
    );
    for (rung, at) in [(1, "10:00:00"), (2, "11:00:00"), (3, "15:30:00")] {
        text.push_str(&format!("[[anchor]]\ndate = 2020-02-19\nat = '{at}'\nrung = {rung}\n"));
    }
    std::fs::write(dir.join("s.toml"), text).unwrap();
    let (scenario, picture) = (dir.join("s.toml"), dir.join("s.svg"));
    let arguments =
        ["replay".as_ref(), "--json".as_ref(), scenario.as_os_str(), "--plot".as_ref(), picture.as_os_str()];
    let output = haltline(arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let lines: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let halts: Vec<_> = transitions(&lines, "mwcb", "tripped")
        .into_iter()
        .map(|l| {
            (l["level"].as_u64().unwrap(), &l["time"].as_str().unwrap()[..19], &l["until"].as_str().unwrap()[..19])
        })
        .collect();
    assert_eq!(
        halts[..3],
        [
            (1, "2020-02-19T10:00:00", "2020-02-19T10:15:00"),
            (2, "2020-02-19T11:00:00", "2020-02-19T11:15:00"),
            (3, "2020-02-19T15:30:00", "2020-02-20T09:30:00"),
        ]
    );
    assert_eq!(halts[3..].iter().map(|halt| halt.0).collect::<Vec<_>>(), [1, 2, 3, 3]);
    assert_eq!(halts[6], (3, "2020-02-21T09:30:01", "2020-02-24T09:30:00"), "a gap beyond the last rung");
}
