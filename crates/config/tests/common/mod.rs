//! What the tests of mistakes share.

#![allow(clippy::unwrap_used, clippy::panic)]
// Each test binary uses its part.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};

use haltline_config::{Config, load, parse};

/// What a text's mistakes say, without the file's name.
pub(crate) fn mistakes(text: &str) -> Vec<String> {
    match parse(text, "f") {
        Ok(config) => panic!("no mistake in {text}\n{:?}", config.plan),
        Err(mistakes) => mistakes.to_string().lines().map(|line| line.strip_prefix("f:").unwrap().into()).collect(),
    }
}

/// The mistakes of one breaker that has `keys`, which begin on line 5.
pub(crate) fn of_breaker(kind: &str, keys: &str) -> Vec<String> {
    mistakes(&format!("[[breaker]]\nname = \"b\"\nscope = \"x\"\nkind = {kind:?}\n{keys}"))
}

/// The same with a calendar behind it.
pub(crate) fn of_breaker_with_calendar(kind: &str, keys: &str) -> Vec<String> {
    of_breaker(kind, &format!("calendar = \"us\"\n{keys}\n{}", calendar("")))
}

pub(crate) const HOURS: &str = "sessions = { mon-fri = [\"09:30\", \"16:00\"] }";

pub(crate) fn calendar(keys: &str) -> String {
    let head = "[[calendar]]\nname = \"us\"\ntimezone = \"America/New_York\"\nfrom = 2020-03-01\nto = 2020-11-30\n";
    format!("{head}{HOURS}\n{keys}\n")
}

/// The mistakes of a calendar with these keys, which begin on line 9.
pub(crate) fn of_calendar(keys: &str) -> Vec<String> {
    let any = "[[breaker]]\nname = \"b\"\nkind = \"manual\"\nscope = \"\"\n";
    let head = "[[calendar]]\nname = \"us\"\ntimezone = \"America/New_York\"\nfrom = 2020-03-01\n";
    mistakes(&format!("{any}{head}{keys}\n"))
}

/// A folder of files, of which `main.toml` is loaded.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// `test` names it; no two tests have the same.
    pub(crate) fn new(test: &str, files: &[(&str, &str)]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = fs::remove_dir_all(&folder);
        for (name, text) in files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    /// What is read without a mistake.
    pub(crate) fn load(&self) -> Config {
        load(&self.0.join("main.toml")).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    /// The mistakes, without the folder in the names of files.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        let found = load(&self.0.join("main.toml")).unwrap_err().to_string();
        found.replace(&format!("{}/", self.0.display()), "").lines().map(Into::into).collect()
    }
}
