//! Walks a table key by key. What is asked for is what is allowed: the rest is reported as unknown at the end.

use core::cell::RefCell;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::finding::{Log, Spot};
use crate::item::Item;
use crate::scalar::{did_you_mean, excerpt};

/// The keys of a table, and the file in which they stand.
#[derive(Clone, Copy)]
pub struct Entries<'a> {
    /// The file.
    pub log: &'a Log<'a>,
    /// The keys.
    pub table: &'a DeTable<'a>,
}

/// A table of the file, and which of its keys have been asked for.
pub struct Table<'a> {
    log: &'a Log<'a>,
    /// How messages name it: `breaker "dd"`; empty for the file itself.
    label: String,
    /// Where it begins.
    at: usize,
    entries: &'a DeTable<'a>,
    /// What a pack says of it, for the keys that it does not have itself.
    template: Option<Entries<'a>>,
    allowed: RefCell<Vec<&'static str>>,
    /// Keys about which enough has been said.
    refused: RefCell<Vec<&'static str>>,
}

impl<'a> Table<'a> {
    /// The whole file.
    pub fn root(log: &'a Log<'a>, entries: &'a DeTable<'a>) -> Self {
        Self::new(log, String::new(), 0, entries)
    }

    /// A table that messages name by `label` and that begins at the byte `at`.
    pub fn new(log: &'a Log<'a>, label: String, at: usize, entries: &'a DeTable<'a>) -> Self {
        Self { log, label, at, entries, template: None, allowed: RefCell::default(), refused: RefCell::default() }
    }

    /// The same table with the keys of a template behind its own.
    pub fn on(self, template: Entries<'a>) -> Self {
        Self { template: Some(template), ..self }
    }

    /// Its own keys, without those of a template.
    pub fn own(&self) -> Entries<'a> {
        Entries { log: self.log, table: self.entries }
    }

    /// Its own keys, and those of its template that it does not have.
    fn find(&self, key: &str) -> Option<(&'a Log<'a>, &'a Spanned<DeString<'a>>, &'a Spanned<DeValue<'a>>)> {
        let found =
            |entries: Entries<'a>| entries.table.get_key_value(key).map(|(name, value)| (entries.log, name, value));
        found(self.own()).or_else(|| self.template.and_then(found))
    }

    /// The same table under another label: its own name, once that has been read.
    pub fn labelled(self, label: String) -> Self {
        Self { label, ..self }
    }

    /// How messages name it.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Where it begins.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The file.
    pub fn log(&self) -> &'a Log<'a> {
        self.log
    }

    /// Where it begins, and in which file.
    pub fn spot(&self) -> Spot<'a> {
        Spot { log: self.log, at: self.at }
    }

    /// A mistake about a value of this table, or about the table where that is not given.
    pub fn wrong(&self, item: Option<Item<'_, 'a>>, text: &str) {
        let Spot { log, at } = item.map_or(self.spot(), Item::spot);
        log.wrong(at, self.message(text));
    }

    /// `label: text`, or the text alone in the file itself.
    pub fn message(&self, text: &str) -> String {
        if self.label.is_empty() { text.into() } else { format!("{}: {text}", self.label) }
    }

    /// The value of a key, if it is there.
    pub fn optional<'t>(&'t self, key: &'static str) -> Option<Item<'t, 'a>> {
        if !self.allowed.borrow().contains(&key) {
            self.allowed.borrow_mut().push(key);
        }
        self.find(key).map(|(log, _, value)| Item::new(self, log, key, value))
    }

    /// The value of a key that must be there; `allowed` says what it would be.
    pub fn required<'t>(&'t self, key: &'static str, allowed: &str) -> Option<Item<'t, 'a>> {
        let item = self.optional(key);
        if item.is_none() {
            self.missing(&format!("{key} is missing, allowed are {allowed}"));
        }
        item
    }

    /// Whether a key is there, without asking for it.
    pub fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Something that must be there is not.
    pub fn missing(&self, text: &str) {
        self.log.missing(self.at, self.message(text));
    }

    /// Reports those of these keys that are there, each with the reason why it means nothing here.
    pub fn refuse(&self, keys: &[&'static str], why: &str) {
        for key in keys {
            self.refused.borrow_mut().push(key);
            if let Some((log, name, _)) = self.find(key) {
                log.wrong(name.span().start, self.message(&format!("{key} is not allowed: {why}")));
            }
        }
    }

    /// Passes over keys that cannot be judged, because what they depend on could not be read.
    pub fn leave(&self, keys: &[&'static str]) {
        self.refused.borrow_mut().extend(keys);
    }

    /// All keys with their positions and values, for a table whose keys are no fixed words.
    pub fn entries<'t>(&'t self, key: &'static str) -> impl Iterator<Item = (&'t str, usize, Item<'t, 'a>)> {
        self.entries.iter().map(move |(name, value)| {
            let item = Item::new(self, self.log, key, value);
            (name.get_ref().as_ref(), name.span().start, item)
        })
    }

    /// Reports every key that nobody has asked for.
    pub fn finish(self) {
        let (allowed, refused) = (self.allowed.take(), self.refused.take());
        for Entries { log, table } in [Some(self.own()), self.template].into_iter().flatten() {
            for key in table.keys() {
                let name: &str = key.get_ref();
                if !allowed.contains(&name) && !refused.contains(&name) {
                    let hint = did_you_mean(name, allowed.iter().copied());
                    let text = format!("unknown key {}, allowed are {}{hint}", excerpt(name), allowed.join(", "));
                    log.wrong(key.span().start, self.message(&text));
                }
            }
        }
    }
}

/// Reads an array of tables: `[[key]]` once or more.
pub(crate) fn tables<'a>(
    log: &'a Log<'a>,
    value: &'a Spanned<DeValue<'a>>,
    label: impl Fn(usize) -> String,
) -> Option<Vec<Table<'a>>> {
    let table = |(i, element): (usize, &'a Spanned<DeValue<'a>>)| {
        let entries = element.get_ref().as_table()?;
        Some(Table::new(log, label(i + 1), element.span().start, entries))
    };
    value.get_ref().as_array()?.iter().enumerate().map(table).collect()
}
