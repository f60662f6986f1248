//! `include`: the texts that a configuration is made of, each once, and the files of its instruments.
//!
//! They are gathered before anything is read, so that all of them stand while names of one mean things of another. What
//! could not be included is remembered, and reported with all other mistakes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
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
    /// The numbers of the files of instruments that it names, by where it names them; or why they could not be read.
    csv: BTreeMap<usize, Result<usize, String>>,
}

/// A file of comma-separated values.
pub(crate) struct Csv {
    pub(crate) file: String,
    pub(crate) text: String,
}

impl<'t> Source<'t> {
    pub(crate) fn new(file: &str, text: impl Into<Cow<'t, str>>) -> Self {
        Self { file: file.into(), text: text.into(), wrong: BTreeMap::new(), csv: BTreeMap::new() }
    }

    /// The number of the file of instruments that is named at a byte.
    ///
    /// # Errors
    /// Why it could not be read.
    pub(crate) fn csv(&self, at: usize) -> Result<usize, &str> {
        match self.csv.get(&at) {
            Some(read) => read.as_ref().copied().map_err(String::as_str),
            None => Err("it was not read"),
        }
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
pub(crate) fn gather<'t>(whole: Source<'t>, path: Option<&Path>, under: Option<&str>) -> Gathered<'t> {
    let mut gatherer = Gatherer {
        sources: Vec::new(),
        known: Vec::new(),
        open: Vec::new(),
        csv: Vec::new(),
        csv_paths: Vec::new(),
        named: Vec::new(),
    };
    let identity = path.and_then(|path| path.canonicalize().ok()).map_or(Identity::Text, Identity::File);
    gatherer.visit(whole, identity, path.and_then(Path::parent), under);
    Gathered { sources: gatherer.sources, csv: gatherer.csv, named: gatherer.named }
}

/// What a configuration is made of.
pub(crate) struct Gathered<'t> {
    /// The texts; what is included comes before what includes it.
    pub(crate) sources: Vec<Source<'t>>,
    /// The files of instruments.
    pub(crate) csv: Vec<Csv>,
    /// The path of each file that is named, also of those that could not be read.
    pub(crate) named: Vec<PathBuf>,
}

struct Gatherer<'t> {
    sources: Vec<Source<'t>>,
    known: Vec<Identity>,
    /// The files that are being gathered, each included by the one before it.
    open: Vec<(Identity, String)>,
    csv: Vec<Csv>,
    /// Their paths without links.
    csv_paths: Vec<PathBuf>,
    named: Vec<PathBuf>,
}

impl<'t> Gatherer<'t> {
    /// Takes in what a text includes, and then the text. `folder` is where its paths begin.
    fn visit(&mut self, mut source: Source<'t>, identity: Identity, folder: Option<&Path>, under: Option<&str>) {
        self.known.push(identity.clone());
        self.open.push((identity, source.file.clone()));
        let named = named(&source.text, under);
        for (at, entry) in named.include {
            if let Err(why) = self.include(&entry, folder) {
                source.wrong.insert(at, why);
            }
        }
        source.csv = named.csv.into_iter().map(|(at, entry)| (at, self.csv(&entry, folder))).collect();
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
        self.named.push(path.clone());
        let unreadable = |error| format!("{} cannot be read: {error}", path.display());
        let identity = Identity::File(path.canonicalize().map_err(unreadable)?);
        self.once(identity, entry, || Ok((Source::new(&path.to_string_lossy(), read(&path)?), path.parent())))
    }

    /// Takes in a file of instruments; says which one it is.
    fn csv(&mut self, entry: &str, folder: Option<&Path>) -> Result<usize, String> {
        let Some(folder) = folder else {
            return Err(format!(
                "found {}, but only a configuration that is a file itself reads files",
                excerpt(entry)
            ));
        };
        let path = folder.join(entry);
        self.named.push(path.clone());
        let identity = path.canonicalize().map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        if let Some(number) = self.csv_paths.iter().position(|known| *known == identity) {
            return Ok(number);
        }
        if self.csv.len() == FILES {
            return Err(format!("found more than {FILES} files of instruments, allowed are {FILES}"));
        }
        self.csv.push(Csv { file: path.to_string_lossy().into(), text: read(&path)? });
        self.csv_paths.push(identity);
        Ok(self.csv.len() - 1)
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

/// What a text names, and where.
#[derive(Default)]
struct Named {
    /// The strings of `include`.
    include: Vec<(usize, String)>,
    /// Each `file` of `[[instruments]]`.
    csv: Vec<(usize, String)>,
}

/// The files that a text names. What else stands in their places is a mistake for later.
fn named(text: &str, under: Option<&str>) -> Named {
    // Most files name none, and need not be parsed twice. A key in quotes may be escaped.
    let may_name = ["include", "instruments", "\\"].iter().any(|word| text.contains(word));
    if !may_name || text.len() as u64 > crate::MAX_BYTES {
        return Named::default();
    }
    let (tree, _) = DeTable::parse_recoverable(text);
    let table = match under {
        Some(key) => tree.get_ref().get(key).and_then(|value| value.get_ref().as_table()),
        None => Some(tree.get_ref()),
    };
    let list = |key| table.and_then(|table| table.get(key)).and_then(|value| value.get_ref().as_array());
    let entry =
        |value: &Spanned<DeValue<'_>>| value.get_ref().as_str().map(|entry| (value.span().start, entry.to_owned()));
    let file = |value: &Spanned<DeValue<'_>>| value.get_ref().as_table()?.get("file").and_then(entry);
    Named {
        include: list("include").into_iter().flat_map(|list| list.iter()).filter_map(entry).collect(),
        csv: list("instruments").into_iter().flat_map(|list| list.iter()).filter_map(file).collect(),
    }
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
