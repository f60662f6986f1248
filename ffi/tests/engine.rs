//! The examples build against what is installed, and say what they should.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod installed;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use installed::{BUILD, have, prefix, root, run, scratch};

const STRICT: [&str; 8] =
    ["-O1", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror", "-fno-exceptions"];

fn example(name: &str) -> PathBuf {
    root().join("examples").join(name)
}

/// Links a program with the archive.
fn build(compiler: &str, standard: &str, source: &str) -> PathBuf {
    let program = scratch(source.rsplit('/').next().unwrap()).join("program");
    let mut link = Command::new(compiler);
    link.arg(standard)
        .args(STRICT)
        .arg("-I")
        .arg(prefix().join("include"))
        .arg(example(source))
        .arg("-o")
        .arg(&program);
    run(link.arg(prefix().join("lib/libhaltline.a")).args(["-lpthread", "-ldl", "-lm"]));
    program
}

/// The engine, built once.
fn engine(arguments: [&Path; 2]) -> Output {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| build("g++", "-std=c++17", "engine/main.cpp"));
    Command::new(program).args(arguments).output().unwrap()
}

#[test]
fn the_engine_halts_a_flash_crash_lets_cancels_pass_and_resumes_as_expected() {
    if !have(&BUILD) || !have(&["g++"]) {
        return;
    }
    let ran = engine([&example("engine/risk.toml"), &example("engine/orders.csv")]);
    let (found, path) = (String::from_utf8(ran.stdout).unwrap(), example("engine/expected.txt"));
    if std::env::var_os("HALTLINE_BLESS").is_some() {
        fs::write(&path, &found).unwrap();
    }
    let expected = fs::read_to_string(path).unwrap();
    assert!(ran.status.success() && found == expected, "{found}\n{}", String::from_utf8_lossy(&ran.stderr));
    let halted = found.find("tripped, trading_pause").unwrap();
    let resumed = found.find("bands:ACME: tripped -> warning, recovered").unwrap();
    let pause = &found[halted..resumed];
    let fills = pause.lines().filter(|line| line.contains(" fill "));
    assert!(fills.clone().count() > 0 && fills.clone().all(|fill| fill.contains("BOLT")), "{pause}");
    assert!(pause.contains(" DENY ") && pause.contains(" cancel "), "{pause}");
    assert!(found[resumed..].contains("fill") && !found.contains('\u{1b}'), "no colours in a file");
}

#[test]
fn the_book_of_the_engine_fills_as_a_slow_twin_does() {
    if !have(&BUILD) || !have(&["g++"]) {
        return;
    }
    let said = run(&mut Command::new(build("g++", "-std=c++17", "engine/book_test.cpp")));
    assert!(said.starts_with("book: 200000 orders"), "{said}");
}

#[test]
fn a_wrong_line_is_told_with_its_place_what_was_found_and_what_is_allowed() {
    if !have(&BUILD) || !have(&["g++"]) {
        return;
    }
    const HEADER: &str = "time,action,account,order,instrument,side,quantity,price\n";
    const BEGIN: &str = "2026-03-02T21:00:00Z,instrument,,,ACME,,,100.00\n2026-03-03T14:29:00Z,account,fund,,,,,1000\n";
    let at = "2026-03-03T14:30:00Z";
    let order = |rest: &str| format!("{HEADER}{BEGIN}{at},{rest}\n");
    let cases = [
        (order("limit,fund,1,ACME,byu,5,100"), ":4: side: found \"byu\", allowed are buy, sell"),
        (order("limit,fund,1,ACMF,buy,5,100"), ":4: instrument: found \"ACMF\", allowed are ACME"),
        (order("limit,found,1,ACME,buy,5,100"), ":4: account: found \"found\", allowed are fund"),
        (order("limit,fund,0,ACME,buy,5,100"), ":4: order: found \"0\", allowed are 1 to 18446744073709551615"),
        (order("limit,fund,1,ACME,buy,0,100"), ":4: quantity: found \"0\", allowed are 1 to 100000"),
        (order("limit,fund,1,ACME,buy,100001,100"), ":4: quantity: found \"100001\", allowed are 1 to 100000"),
        (order("limit,fund,1,ACME,buy,5,100.00001"), ":4: price: found \"100.00001\", allowed are 0.0001 to 100000"),
        (order("limit,fund,1,ACME,buy,5,-1"), ":4: price: found \"-1\", allowed are 0.0001 to 100000"),
        (order("market,fund,1,ACME,buy,5,100"), ":4: price: found \"100\", allowed is nothing for \"market\""),
        (order("buy,fund,1,ACME,buy,5,100"), ":4: action: found \"buy\", allowed are instrument, account, limit"),
        (order("limit,fund,1,ACME,buy,5"), ":4: found 7 fields, allowed are 8: time,action"),
        (order("account,fund,,,,,1000"), ":4: account: found \"fund\", allowed is each name once"),
        (order("account,who,,,,,1000"), ":4: scope \"acct/who\": not declared"),
        (
            format!("{HEADER}{BEGIN}2026-02-30T14:30:00Z,cancel,fund,1,,,,\n"),
            ":4: time: found \"2026-02-30T14:30:00Z\", allowed is a UTC time",
        ),
        (
            format!("{HEADER}{BEGIN}2026-03-03T14:28:59Z,cancel,fund,1,,,,\n"),
            ":4: time: found \"2026-03-03T14:28:59Z\", allowed is no time before",
        ),
        ("time,what\n".to_owned(), ":1: found \"time,what\", allowed is the header \"time,action"),
        (HEADER.to_owned(), ": no orders"),
    ];
    let file = scratch("wrong").join("orders.csv");
    for (text, wanted) in cases {
        fs::write(&file, &text).unwrap();
        let ran = engine([&example("engine/risk.toml"), &file]);
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{text}{said}");
        assert!(said.starts_with(&format!("{}{wanted}", file.display())), "{text}found {said}allowed {wanted}");
    }
    let risk = file.with_file_name("risk.toml");
    fs::write(&risk, "scopes = 1\n").unwrap();
    let ran = engine([&risk, &example("engine/orders.csv")]);
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.code() == Some(2) && said.starts_with(&format!("{}:1:", risk.display())), "{said}");
}

/// A rolling move of 3 % halts: a sweep that causes it goes no further, and what is left of it does not rest.
#[test]
fn an_order_is_stopped_by_what_its_own_fills_have_tripped() {
    if !have(&BUILD) || !have(&["g++"]) {
        return;
    }
    let folder = scratch("sweep");
    let (risk, orders) = (folder.join("risk.toml"), folder.join("orders.csv"));
    let config = "scopes = [\"XNAS/ACME\", \"acct/maker\", \"acct/whale\"]\n\
        [[calendar]]\nname = \"cal\"\ntimezone = \"UTC\"\nfrom = 2026-01-01\nto = 2026-12-31\n\
        sessions = { mon-fri = [\"00:30\", \"23:30\"] }\n\
        [[breaker]]\nname = \"dyn\"\nkind = \"market_circuit_breaker\"\nscope = \"XNAS/ACME\"\nsource = \"rolling\"\n\
        calendar = \"cal\"\ndirection = \"both\"\nwindow = \"60m\"\npause = \"2m\"\nlimit = 0.03\nstale_after = \"1d\"\n";
    fs::write(&risk, config).unwrap();
    let day = "2026-03-03T14:";
    let bids =
        [(1, 100), (2, 96), (3, 80)].map(|(id, price)| format!("{day}30:01Z,limit,maker,{id},ACME,buy,100,{price}"));
    let text = format!(
        "time,action,account,order,instrument,side,quantity,price\n2026-03-02T21:00:00Z,instrument,,,ACME,,,100.00\n\
         {day}29:00Z,account,maker,,,,,50000000\n{day}29:00Z,account,whale,,,,,20000000\n{}\n\
         {day}30:04Z,limit,whale,6,ACME,sell,1000,20.00\n{day}30:05Z,cancel,whale,6,,,,\n",
        bids.join("\n")
    );
    fs::write(&orders, text).unwrap();
    let ran = engine([&risk, &orders]);
    let said = String::from_utf8_lossy(&ran.stdout);
    let fills: Vec<_> = said.lines().filter(|line| line.contains(" fill ")).collect();
    assert!(fills.len() == 2 && fills[1].contains("@ 96"), "{said}");
    assert!(said.contains("expire   #6 800 of 1000"), "{said}");
}

#[test]
fn the_smallest_program_says_why_an_order_is_denied() {
    if !have(&BUILD) {
        return;
    }
    let said = run(&mut Command::new(build("cc", "-std=c99", "c/minimal.c")));
    let wanted = "at 1000000: the order may go\nat  915000: denied\na cancel:   may go\n\
                  tag 58: tripped by drawdown (drawdown) on acct/alpha: limit, 0.085000 against 0.08\n";
    assert_eq!(said, wanted);
}
