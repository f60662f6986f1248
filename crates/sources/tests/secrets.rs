//! Nothing of an address or a header is said: not by errors, not by `Debug`, not by events, not to a logger at the level `debug`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic, its helpers too")]

mod common;

use std::sync::Mutex;

use common::server::{Answer, Server};
use common::{Rig, file, index};
use log::{LevelFilter, Log, Metadata, Record};

struct Kept(Mutex<String>);

impl Log for Kept {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        self.0.lock().unwrap().push_str(&format!("{}\n", record.args()));
    }

    fn flush(&self) {}
}

static KEPT: Kept = Kept(Mutex::new(String::new()));

#[test]
fn no_secret_is_said_to_anybody() {
    log::set_logger(&KEPT).unwrap();
    log::set_max_level(LevelFilter::Debug);
    let server = Server::new(|n, _| if n == 0 { Answer::json("{\"value\": 1}") } else { Answer::status(403) });
    let text = index("tries = 1\nheaders = { X-Key = { env = \"KEY\" }, Authorization = { env = \"KEY\" } }");
    let url = server.url().replace("//", "//us3r:s3cr3t@");
    let file = file(&text, &[("URL", &url), ("KEY", "s3cr3t")]);
    let mut rig = Rig::new(&file);
    let mut said = format!("{file:?}");
    for _ in 0..5 {
        said += &format!("{:?}", rig.pull());
    }
    rig.system.drain(|event| said += &format!("{event:?} {:?}", rig.system.details(event)));
    said += &format!("{:?} {:?} {:?}", rig.source, rig.system, rig.system.breakers());
    assert!(said.contains("calls:spx") && !said.contains("s3cr3t") && !said.contains("level?key"), "{said}");
    assert!(!said.contains("us3r") && !said.contains("localhost"), "{said}");
    let logged = KEPT.0.lock().unwrap().clone();
    assert!(logged.contains("403") && !logged.contains("s3cr3t") && !logged.contains("level?key"), "{logged}");
}
