//! `include`: the texts that a configuration is made of, each once.
//!
//! They are gathered before anything is read, so that all of them stand while names of one mean things of another. What
//! could not be included is remembered, and reported with all other mistakes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use crate::finding::{Finding, Mistakes};
use crate::pack::{builtin, unknown};
use crate::scalar::excerpt;
use crate::table::Table;

/// How many files may include each other in a row, and how many files a configuration may have: no file fills the memory.
const DEPTH: usize = 8;
const FILES: usize = 64;

const ALLOWED: &str = "names of packs and paths of files that end in .toml";

/// A text, and what is wrong with its `include`: where, and why.
pub(crate) struct Source<'t> {
    pub(crate) file: String,
    pub(crate) text: Cow<'t, str>,
    wrong: BTreeMap<usize, String>,
}

impl<'t> Source<'t> {
    pub(crate) fn new(file: &str, text: impl Into<Cow<'t, str>>) -> Self {
        Self { file: file.into(), text: text.into(), wrong: BTreeMap::new() }
    }
}

/// What makes two files one: a pack's name, a path without links.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Identity {
    Text,
    Pack(&'static str),
    File(PathBuf),
}

/// All texts in the order in which they are read: what is included comes before what includes it, the whole last.
/// `under` is the table of the whole that is the configuration, if that is not the whole.
pub(crate) fn gather<'t>(whole: Source<'t>, path: Option<&Path>, under: Option<&str>) -> Vec<Source<'t>> {
    let mut gatherer = Gatherer { sources: Vec::new(), known: Vec::new(), open: Vec::new() };
    let identity = path.and_then(|path| path.canonicalize().ok()).map_or(Identity::Text, Identity::File);
    gatherer.visit(whole, identity, path.and_then(Path::parent), under);
    gatherer.sources
}

struct Gatherer<'t> {
    sources: Vec<Source<'t>>,
    known: Vec<Identity>,
    /// The files that are being gathered, each included by the one before it.
    open: Vec<(Identity, String)>,
}

impl<'t> Gatherer<'t> {
    /// Takes in what a text includes, and then the text. `folder` is where its paths begin.
    fn visit(&mut self, mut source: Source<'t>, identity: Identity, folder: Option<&Path>, under: Option<&str>) {
        self.known.push(identity.clone());
        self.open.push((identity, source.file.clone()));
        for (at, entry) in entries(&source.text, under) {
            if let Err(why) = self.include(&entry, folder) {
                source.wrong.insert(at, why);
            }
        }
        self.open.pop();
        self.sources.push(source);
    }

    fn include(&mut self, entry: &str, folder: Option<&Path>) -> Result<(), String> {
        if !entry.ends_with(".toml") {
            let Some(pack) = builtin(entry) else {
                return Err(unknown(entry, " and paths of files that end in .toml"));
            };
            let source = Source::new(&pack.file(), pack.toml);
            return self.once(Identity::Pack(pack.name), entry, || Ok((source, None)));
        }
        let Some(folder) = folder else {
            let why = "names of packs: only a configuration that is a file itself includes files";
            return Err(format!("found {}, allowed are {why}", excerpt(entry)));
        };
        let path = folder.join(entry);
        let unreadable = |error| format!("{} cannot be read: {error}", path.display());
        let identity = Identity::File(path.canonicalize().map_err(unreadable)?);
        self.once(identity, entry, || Ok((Source::new(&path.to_string_lossy(), read(&path)?), path.parent())))
    }

    fn once<'p>(
        &mut self,
        identity: Identity,
        entry: &str,
        source: impl FnOnce() -> Result<(Source<'t>, Option<&'p Path>), String>,
    ) -> Result<(), String> {
        if let Some(first) = self.open.iter().position(|(open, _)| *open == identity) {
            let way: Vec<&str> = self.open.iter().skip(first).map(|(_, file)| file.as_str()).collect();
            return Err(format!("{} includes itself: {} includes {entry}", excerpt(entry), way.join(" includes ")));
        }
        if self.known.contains(&identity) {
            return Ok(());
        }
        if self.open.len() > DEPTH {
            return Err(format!(
                "found files that include each other deeper than {DEPTH}, allowed are {DEPTH} in a row"
            ));
        }
        if self.known.len() > FILES {
            return Err(format!("found more than {FILES} included files, allowed are {FILES}"));
        }
        let (source, folder) = source()?;
        self.visit(source, identity, folder, None);
        Ok(())
    }
}

fn read(path: &Path) -> Result<String, String> {
    let bytes = crate::read(path).map_err(|why| format!("{}: {why}", path.display()))?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let mistakes = Mistakes::not_utf8(&path.to_string_lossy(), error.as_bytes(), valid);
        mistakes.as_slice().iter().map(Finding::to_string).collect()
    })
}

/// The strings of `include` and where they stand. What else stands there is a mistake for later.
fn entries(text: &str, under: Option<&str>) -> Vec<(usize, String)> {
    // Most files include nothing, and need not be parsed twice.
    if !text.contains("include") || text.len() as u64 > crate::MAX_BYTES {
        return Vec::new();
    }
    let (tree, _) = DeTable::parse_recoverable(text);
    let table = match under {
        Some(key) => tree.get_ref().get(key).and_then(|value| value.get_ref().as_table()),
        None => Some(tree.get_ref()),
    };
    let list = table.and_then(|table| table.get("include")).and_then(|value| value.get_ref().as_array());
    let entry = |value: &toml::Spanned<DeValue<'_>>| {
        value.get_ref().as_str().map(|entry| (value.span().start, entry.to_owned()))
    };
    list.into_iter().flat_map(|list| list.iter()).filter_map(entry).collect()
}

/// Reports what is wrong with the `include` of a file; whether all of it could be taken in.
pub(crate) fn check(table: &Table<'_>, source: &Source<'_>) -> bool {
    let Some(item) = table.optional("include") else { return true };
    let Some(items) = item.elements(&format!("arrays of {ALLOWED}")) else { return false };
    let mut seen = BTreeMap::new();
    let mut whole = true;
    for item in items {
        let Some(entry) = item.string(ALLOWED) else {
            whole = false;
            continue;
        };
        if let Some(why) = source.wrong.get(&item.at()) {
            item.wrong(why);
            whole = false;
        } else if let Some(place) = seen.insert(entry, item.place()) {
            item.wrong(&format!("{} is already in the list, at {place}", excerpt(entry)));
        }
    }
    whole
}
