//! `sources.toml`: which sources there are. Every mistake is reported at once, each with its line and column.

use std::collections::BTreeMap;
use std::path::Path;

use haltline::ScopePath;
use haltline_config::reader::{Allowed, Entries, Item, Log, Names, Table};
use haltline_config::{Finding, Mistakes};
use toml::de::DeTable;

use crate::address::{is_open_to_all, secret};
use crate::client::HttpOptions;
use crate::entry;
use crate::spec::SourceSpec;

/// What a source may begin from.
pub(crate) const PRESETS: [(&str, &str); 4] = [
    ("venue_status", include_str!("../presets/venue_status.toml")),
    ("volatility_index", include_str!("../presets/volatility_index.toml")),
    ("index_level", include_str!("../presets/index_level.toml")),
    ("boolean_check", include_str!("../presets/boolean_check.toml")),
];

const CONNECTIONS: Allowed<i64> = Allowed { text: "whole numbers from 1 to 16", holds: |n| (1..=16).contains(&n) };
/// As many as a System has sensors.
const MOST: usize = haltline::Sensor::MOST;

/// The environment: the value of a variable.
pub type Environment<'e> = dyn Fn(&str) -> Option<String> + 'e;

/// A file without mistakes; it has a source at least.
///
/// ```
/// let mistakes = haltline_sources::parse("", "sources.toml", &|_| None).unwrap_err();
/// let told = "sources.toml:1:1: source is missing, allowed are tables [[source]], at least one";
/// assert_eq!(mistakes.to_string(), told);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceFile {
    /// What all of them share.
    pub http: HttpOptions,
    /// The sources, in the order of the file.
    pub sources: Vec<SourceSpec>,
    /// What is allowed but unusual.
    pub warnings: Vec<Finding>,
}

/// Reads a file, with the environment of the process.
///
/// # Errors
/// All its mistakes; also variables that are not set.
pub fn load(path: &Path) -> Result<SourceFile, Mistakes> {
    let text = haltline_config::text(path)?;
    parse(&text, &path.to_string_lossy(), &|name| std::env::var(name).ok())
}

/// Reads the text of a file; `file` is the name that findings carry. Pure but for the file of certificates that `ca` names.
///
/// # Errors
/// All mistakes of the text, in its order.
pub fn parse(text: &str, file: &str, environment: &Environment<'_>) -> Result<SourceFile, Mistakes> {
    let logs = PRESETS.map(|(name, text)| Log::new(text, name));
    let trees = PRESETS.map(|(_, text)| DeTable::parse_recoverable(text).0);
    let presets: Vec<_> = logs.iter().zip(&trees).map(|(log, tree)| Entries { log, table: tree.get_ref() }).collect();
    let log = Log::new(text, file);
    let (tree, syntax) = DeTable::parse_recoverable(text);
    for error in syntax {
        log.syntax(error.span(), error.message());
    }
    let read = read(Table::root(&log, tree.get_ref()), &presets, environment);
    let warnings = log.conclude()?;
    Ok(SourceFile { warnings, ..read })
}

fn read<'a>(root: Table<'a>, presets: &[Entries<'a>], environment: &Environment<'_>) -> SourceFile {
    let http = root.optional("http").and_then(|item| item.table("http".into(), "a table [http]"));
    let http = http.map_or_else(HttpOptions::default, |table| options(table, environment));
    let mut reader = Reader { names: Names::of("source"), scopes: BTreeMap::new(), environment };
    const TABLES: &str = "tables [[source]], at least one";
    let tables = root.required("source", TABLES).and_then(|item| {
        let tables = item.tables(|n| format!("source {n}"), TABLES)?;
        match tables.len() {
            1..=MOST => Some(tables),
            found => item.complain(&format!("found {found} sources, allowed are 1 to {MOST}")),
        }
    });
    let sources = tables.unwrap_or_default().into_iter().filter_map(|table| reader.source(table, presets)).collect();
    root.finish();
    SourceFile { http, sources, warnings: Vec::new() }
}

fn options(table: Table<'_>, environment: &Environment<'_>) -> HttpOptions {
    let mut options = HttpOptions::default();
    if let Some(most) = table.optional("connections").and_then(|item| item.integer(&CONNECTIONS)) {
        options.connections = usize::try_from(most).unwrap_or(options.connections);
    }
    options.authorities = table.optional("ca").and_then(|item| {
        let path = secret(item, &item.label(), environment)?;
        let pem = std::fs::read(path.value()).map_err(|error| format!("cannot be read: {}", error.kind()));
        let pem = pem.or_else(|why| item.complain(&format!("the file of {path} {why}")).ok_or(())).ok()?;
        match crate::client::authorities(&pem) {
            Ok(_) => Some(pem),
            Err(failure) => item.complain(&failure.text),
        }
    });
    table.finish();
    options
}

pub(crate) struct Reader<'a, 'e> {
    names: Names<'a>,
    /// The scopes that are taken, and by whom.
    scopes: BTreeMap<ScopePath, String>,
    pub(crate) environment: &'e Environment<'e>,
}

impl<'a> Reader<'a, '_> {
    fn source(&mut self, table: Table<'a>, presets: &[Entries<'a>]) -> Option<SourceSpec> {
        let (table, name) = self.names.claim(table);
        let (table, preset_is_sound) = with_preset(table, presets);
        let scope = table.required("scope", SCOPES).and_then(|item| self.scope(item, name.as_deref()));
        let spec = entry::read(&table, name, scope, self.environment);
        if let Some(spec) = spec.as_ref().filter(|spec| is_open_to_all(spec)) {
            const OPEN: &str = "http is not encrypted, and goes to another machine";
            if spec.headers.is_empty() {
                table.log().warn(table.at(), table.message(&format!("url: {OPEN}")));
            } else {
                table.refuse(&["headers"], &format!("{OPEN}; with https it is"));
            }
        }
        let (log, at, lost) = (table.log(), table.at(), table.message(LOST));
        if preset_is_sound {
            table.finish();
        }
        // No source is left out in silence, whatever the readers of its keys forget to say.
        if spec.is_none() && !log.is_marred() {
            log.wrong(at, lost);
        }
        spec
    }

    /// A scope of its own, one of whose children is that of its calls.
    fn scope(&mut self, item: Item<'_, 'a>, name: Option<&str>) -> Option<ScopePath> {
        let scope = item.path()?;
        if scope.is_root() || ScopePath::new(&format!("{scope}/{}", SourceSpec::CALLS)).is_err() {
            return item.refuse(SCOPES);
        }
        let name = name.unwrap_or("?");
        let own = [scope.clone(), ScopePath::new(&format!("{scope}/{}", SourceSpec::CALLS)).unwrap_or_default()];
        for scope in own {
            if let Some(other) = self.scopes.insert(scope.clone(), name.into()) {
                let text = format!("found {:?}, which belongs to source {other:?}", scope.as_str());
                return item.complain(&format!("{text}, allowed are scopes of its own: a feed has one who pushes"));
            }
        }
        Some(scope)
    }
}

const LOST: &str = "could not be read, and no key of it says why: please report this file without its secrets";
const SCOPES: &str = "scope paths of 1 to 5 segments and at most 122 bytes, such as \"ext/vix\"";

/// The table with what its preset says behind it; whether the preset is known.
fn with_preset<'a>(table: Table<'a>, presets: &[Entries<'a>]) -> (Table<'a>, bool) {
    let names = PRESETS.map(|(name, _)| name);
    let Some(item) = table.optional("preset") else { return (table, true) };
    let place: Vec<usize> = (0..names.len()).collect();
    match item.word(&place, |i| names.get(i).copied().unwrap_or_default()) {
        Some(i) => {
            table.refuse(&["what"], "the preset says it");
            match presets.get(i) {
                Some(preset) => (table.on(*preset), true),
                None => (table, true),
            }
        }
        None => (table, false),
    }
}
