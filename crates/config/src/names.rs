//! Names of breakers and calendars: well-formed, and each given once.

use std::collections::BTreeMap;

use haltline::{KILL_PREFIX, is_name};

use crate::finding::Spot;
use crate::item::Item;
use crate::table::Table;

const ALLOWED: &str = "names of 1 to 64 letters, digits and . _ : -";

/// The names of one kind of thing that are taken, and where.
pub struct Names<'a> {
    what: &'static str,
    taken: BTreeMap<String, Spot<'a>>,
}

impl<'a> Names<'a> {
    /// `what` the names are of, for messages.
    pub fn of(what: &'static str) -> Self {
        Self { what, taken: BTreeMap::new() }
    }

    /// Reads the name of a table and takes it; the table then goes by it in messages.
    pub fn claim(&mut self, table: Table<'a>) -> (Table<'a>, Option<String>) {
        let name = table.required("name", ALLOWED).and_then(|item| self.read(item));
        let label = name.as_ref().map(|name| format!("{} {name:?}", self.what));
        (if let Some(label) = label { table.labelled(label) } else { table }, name)
    }

    fn read(&mut self, item: Item<'_, 'a>) -> Option<String> {
        let name = item.string(ALLOWED)?;
        if !is_name(name) {
            return item.refuse(ALLOWED);
        }
        if name.starts_with(KILL_PREFIX) {
            return item.refuse(&format!("{ALLOWED}, not beginning with {KILL_PREFIX:?}"));
        }
        match self.taken.get(name) {
            Some(first) => {
                let place = first.seen_from(item.spot().log);
                item.complain(&format!("{name:?} is already the name of the {} at {place}", self.what))
            }
            None => {
                self.taken.insert(name.into(), item.spot());
                Some(name.into())
            }
        }
    }
}
