//! `[[instruments]]`: scopes from a column of a file, one for each row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use csv::StringRecord;
use haltline::ScopePath;

use crate::finding::Log;
use crate::include::Source;
use crate::item::Item;
use crate::names::Names;
use crate::scalar::{did_you_mean, excerpt};
use crate::sheet::Sheet;
use crate::table::Table;

const FILES: &str = "paths of files of comma-separated values, such as \"nasdaq.csv\"";
const COLUMNS: &str = "names of columns, such as \"symbol\"";
const PARENTS: &str = "scope paths, such as \"XNAS\", of what the instruments lie directly below";
const SYMBOLS: &str = "letters, digits and . _ : -";
const WHERE: &str = "tables of columns and their values, such as { tier = \"1\" }";
const VALUES: &str = "values in quotes, such as \"1\"";

/// A list of instruments, read from a file.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("haltline-instruments-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// std::fs::write(folder.join("nasdaq.csv"), "symbol,tier\nAAPL,1\nMSFT,1\nTINY,2\n")?;
/// std::fs::write(
///     folder.join("risk.toml"),
///     r#"
///     [[instruments]]
///     name = "tier-1"
///     file = "nasdaq.csv"
///     scope = "XNAS"
///     column = "symbol"
///     where = { tier = "1" }
///
///     [[breaker]]
///     name = "desk"
///     kind = "manual"
///     scope = { instruments = "tier-1" }
///     "#,
/// )?;
/// let config = haltline_config::load(&folder.join("risk.toml"))?;
/// # std::fs::remove_dir_all(&folder)?;
/// let scopes: Vec<_> = config.instruments["tier-1"].scopes.iter().map(|scope| scope.as_str()).collect();
/// assert_eq!(scopes, ["XNAS/AAPL", "XNAS/MSFT"]);
/// let system = haltline::System::manual(config.plan, haltline::Nanos::from_secs(0))?;
/// assert!(system.breaker("desk:MSFT").is_ok() && system.breaker("desk:TINY").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruments {
    /// The file, as it was found.
    pub file: String,
    /// The scope that they lie directly below.
    pub parent: ScopePath,
    /// The scope of each, of the rows that were asked for; at least one. A breaker of the list shares them.
    pub scopes: Arc<BTreeSet<ScopePath>>,
}

/// The lists of all files.
pub(crate) struct Lists<'a> {
    names: Names<'a>,
    /// By name; `None` for one with mistakes, which nobody must report as unknown.
    named: BTreeMap<String, Option<Instruments>>,
}

impl<'a> Lists<'a> {
    pub(crate) fn new() -> Self {
        Self { names: Names::of("instruments"), named: BTreeMap::new() }
    }

    /// Reads all `[[instruments]]` tables of a file; `csv` are the texts that its source has found.
    pub(crate) fn read(&mut self, file: &Table<'a>, source: &Source<'_>, csv: &'a [Log<'a>]) {
        let Some(item) = file.optional("instruments") else { return };
        let tables = item.tables(|n| format!("instruments {n}"), "tables [[instruments]]");
        for table in tables.into_iter().flatten() {
            let (table, name) = self.names.claim(table);
            let list = list(&table, source, csv);
            table.finish();
            if let Some(name) = name {
                self.named.insert(name, list);
            }
        }
    }

    /// The list of a name. `whole` says whether all that is included could be read: otherwise one that is not known may be
    /// in what could not.
    pub(crate) fn get(&self, item: Item<'_, '_>, whole: bool) -> Option<&Instruments> {
        const ALLOWED: &str = "names of [[instruments]]";
        let name = item.string(ALLOWED)?;
        match self.named.get(name) {
            Some(list) => list.as_ref(),
            None if !whole => None,
            None => {
                let names = || self.named.keys().map(String::as_str);
                let known = names().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
                let known = if known.is_empty() { "there is none".into() } else { format!("these are {known}") };
                item.refuse(&format!("{ALLOWED}, and {known}{}", did_you_mean(name, names())))
            }
        }
    }

    /// Those without mistakes.
    pub(crate) fn into_named(self) -> BTreeMap<String, Instruments> {
        self.named.into_iter().filter_map(|(name, list)| Some((name, list?))).collect()
    }

    /// The scopes of all lists.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &ScopePath> {
        self.named.values().flatten().flat_map(|list| list.scopes.iter())
    }
}

fn list<'a>(table: &Table<'a>, source: &Source<'_>, csv: &'a [Log<'a>]) -> Option<Instruments> {
    let parent = table.required("scope", PARENTS).and_then(parent);
    let file = table.required("file", FILES);
    let log = file.and_then(|item| Some((item, text_of(item, source, csv)?)));
    let column = table.required("column", COLUMNS).and_then(|item| Some((item, item.string(COLUMNS)?)));
    let conditions = table.optional("where").map_or(Some(Vec::new()), |item| conditions(table, item));
    let (file, log) = log?;
    let sheet = Sheet::open(log)?;
    let column = column.and_then(|(item, name)| place(&sheet, name, |text| item.wrong(text)));
    let held = conditions.and_then(|conditions| places(table, &sheet, conditions));
    let choice = Choice { label: table.label(), log, parent: parent?, column: column?, held: held? };
    let scopes = choice.scopes(sheet)?;
    if scopes.is_empty() {
        let item = table.optional("where").unwrap_or(file);
        return item.complain(&format!("{} has no such row, allowed are lists of at least one", log.file()));
    }
    Some(Instruments { file: log.file().into(), parent: choice.parent, scopes: Arc::new(scopes) })
}

/// What instruments can lie below.
fn parent(item: Item<'_, '_>) -> Option<ScopePath> {
    let parent = item.path()?;
    match below(&parent, "x") {
        Ok(_) => Some(parent),
        Err(why) => item.complain(&format!("nothing can lie below it: {why}")),
    }
}

fn below(parent: &ScopePath, symbol: &str) -> Result<ScopePath, String> {
    let path = if parent.is_root() { symbol.into() } else { format!("{parent}/{symbol}") };
    ScopePath::new(&path).map_err(|error| error.to_string())
}

/// The text of a list's file, which has been read before.
fn text_of<'a>(item: Item<'_, '_>, source: &Source<'_>, csv: &'a [Log<'a>]) -> Option<&'a Log<'a>> {
    item.string(FILES)?;
    match source.csv(item.at()) {
        Ok(number) => csv.get(number),
        Err(why) => item.complain(why),
    }
}

/// A column, what it must say, and where that stands.
struct Condition {
    column: String,
    value: String,
    at: usize,
}

fn conditions(table: &Table<'_>, item: Item<'_, '_>) -> Option<Vec<Condition>> {
    let columns = item.table(table.label().into(), WHERE)?;
    let read = |(column, at, item): (&str, usize, Item<'_, '_>)| {
        Some(Condition { column: column.into(), value: item.string(VALUES)?.into(), at })
    };
    // All of them are read, so that each mistake is told.
    let conditions: Vec<_> = columns.entries("where").map(read).collect();
    if conditions.is_empty() {
        return item.complain(&format!("found no column, allowed are {WHERE}"));
    }
    conditions.into_iter().collect()
}

/// The columns of the conditions in the file.
fn places(table: &Table<'_>, sheet: &Sheet<'_>, conditions: Vec<Condition>) -> Option<Vec<(usize, String)>> {
    let find = |Condition { column, value, at }| {
        let wrong = |text: &str| table.log().wrong(at, table.message(&format!("where: {text}")));
        Some((place(sheet, &column, wrong)?, value))
    };
    let places: Vec<_> = conditions.into_iter().map(find).collect();
    places.into_iter().collect()
}

/// Which column of the file has a name.
fn place(sheet: &Sheet<'_>, name: &str, wrong: impl Fn(&str)) -> Option<usize> {
    let columns = || sheet.header.iter();
    let (found, file) = (excerpt(name), sheet.file());
    match columns().filter(|column| *column == name).count() {
        1 => columns().position(|column| column == name),
        0 => {
            let known = columns().map(excerpt).collect::<Vec<_>>().join(", ");
            wrong(&format!(
                "found {found}, allowed are the columns of {file}: {known}{}",
                did_you_mean(name, columns())
            ));
            None
        }
        times => {
            wrong(&format!("found {found}, a name of {times} columns of {file}; allowed are names of one"));
            None
        }
    }
}

/// Which rows of a file are instruments, and of what.
struct Choice<'c> {
    label: &'c str,
    log: &'c Log<'c>,
    parent: ScopePath,
    column: usize,
    held: Vec<(usize, String)>,
}

impl Choice<'_> {
    /// The scope of each row that is chosen; `None` if there is a mistake in any.
    fn scopes(&self, sheet: Sheet<'_>) -> Option<BTreeSet<ScopePath>> {
        let mut places = BTreeMap::new();
        let mut chosen = true;
        let whole = sheet.rows(|at, row| {
            if self.holds(row) {
                let scope = self.scope(row).and_then(|scope| match places.get(&scope) {
                    Some(first) => {
                        Err(format!("{:?} is already in the list, at {}", scope.as_str(), self.log.place(*first)))
                    }
                    None => Ok(scope),
                });
                match scope {
                    Ok(scope) => drop(places.insert(scope, at)),
                    Err(why) => {
                        self.log.wrong(at, format!("{}: {why}", self.label));
                        chosen = false;
                    }
                }
            }
        });
        (whole && chosen).then(|| places.into_keys().collect())
    }

    fn holds(&self, row: &StringRecord) -> bool {
        self.held.iter().all(|(column, value)| row.get(*column) == Some(value.as_str()))
    }

    fn scope(&self, row: &StringRecord) -> Result<ScopePath, String> {
        let symbol = row.get(self.column).unwrap_or_default();
        if symbol.is_empty() || symbol.contains('/') {
            return Err(format!("found the symbol {}, allowed are {SYMBOLS}", excerpt(symbol)));
        }
        below(&self.parent, symbol)
    }
}
